//! The clocks of acknowledgements: when they begin, what falls due, and when they end.

use super::draft::Draft;
use super::revision;
use super::tell::alert_id;
use super::term;
use crate::model::code::{MemberState, Mode, Role, Standing};
use crate::model::decision::{Dispute, NoticeContent, Output, Overdue, OverdueState};
use crate::model::entry::{AcknowledgementLevel, AcknowledgementReason};
use crate::model::event::InfractionEvent;
use crate::model::exact;
use crate::model::place::Millis;
use crate::model::rules::{Clock, MemberIndex, Rules};
use crate::model::state::{Ack, Case, Duty, RanOut};
use crate::route::Routed;

/// What an alert does to the clocks of its recipients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bearing {
    /// Whoever has no clock running gets one, where the rules have one for it.
    Begins,
    /// It only says where the event stands, or came with a backfill.
    Leaves,
    /// The event stands no longer, so nothing is due and nothing is disputed.
    Ends,
}

/// What an alert about an event with this standing does; `event` is the one that decided, if any did.
pub(super) fn bearing(standing: Standing, event: Option<&InfractionEvent>) -> Bearing {
    match (standing, event) {
        (Standing::Closed | Standing::Expired | Standing::Withdrawn, _) => Bearing::Ends,
        (Standing::InForce | Standing::Disputed, Some(event)) if event.mode != Mode::Backfill => Bearing::Begins,
        (Standing::InForce | Standing::Disputed, _) => Bearing::Leaves,
    }
}

/// Follows one recipient's clock through an alert, and gives when its acknowledgement is due. A clock that runs goes
/// on, since a correction gives nobody more time; but for one who has another role now.
pub(super) fn follow(
    draft: &mut Draft<'_, '_>,
    rules: &Rules,
    case: &mut Case,
    index: usize,
    to: &Routed,
    bearing: Bearing,
) -> Option<Millis> {
    let mut running = find(case, to.member, index).and_then(|place| case.acks[place].duty);
    let is_released = (to.role_before, to.role) == (Some(Role::FollowUp), Role::Attention);
    let has_other = running.is_some_and(|duty| duty.role != to.role);
    if has_other && (bearing == Bearing::Begins || is_released) {
        end(draft, rules, case, to.member, index);
        running = None;
    }
    if bearing == Bearing::Leaves {
        return running.and_then(|duty| duty.due_at);
    }
    let event = case.events.get(index)?;
    let version = event.version;
    let clock = rules.clock(event.domain, event.severity, to.role).filter(|_| bearing == Bearing::Begins);
    match (clock.filter(|_| is_active(rules, to.member)), running) {
        (Some(_), Some(duty)) => duty.due_at,
        (Some(clock), None) => {
            let due_at = due_at(rules, to.member, clock, draft.now(), 0)?;
            let place = entry(case, to.member, index)?;
            case.acks[place].duty = Some(Duty {
                version,
                issued_at: draft.now(),
                role: to.role,
                next: 0,
                due_at: Some(due_at),
                ran_out: None,
            });
            Some(due_at)
        }
        (None, _) => {
            end(draft, rules, case, to.member, index);
            None
        }
    }
}

/// Ends everything that is due or disputed about an event.
pub(super) fn end_all(draft: &mut Draft<'_, '_>, rules: &Rules, case: &mut Case, index: usize) {
    let of_event = |ack: &&Ack| usize::from(ack.event) == index;
    let members: Vec<MemberIndex> = case.acks.iter().filter(of_event).map(|ack| ack.member).collect();
    for member in members {
        end(draft, rules, case, member, index);
        let Some(place) = find(case, member, index) else { continue };
        if let Some(since) = case.acks[place].disputed_since.take() {
            dispute(draft, rules, case, (member, index), None, (since, Some(draft.now())));
        }
    }
}

/// Ends one recipient's clock.
fn end(draft: &mut Draft<'_, '_>, rules: &Rules, case: &mut Case, member: MemberIndex, index: usize) {
    let Some(place) = find(case, member, index) else { return };
    if let Some(duty) = case.acks[place].duty.take() {
        overdue(draft, rules, case, (member, index), duty, OverdueState::Ended);
    }
}

/// Steps of a clock run out, each whether the one before was answered or not: after a pause of the log several at once.
/// `false` where this entry has ended the clock already, which is no piece of work.
pub(super) fn run_out(
    draft: &mut Draft<'_, '_>,
    rules: &Rules,
    before: &Case,
    member: MemberIndex,
    index: usize,
) -> bool {
    let now = draft.now();
    let is_due = |duty: &Duty| duty.due_at.is_some_and(|due| due <= now);
    let Some(place) = find(before, member, index).filter(|place| before.acks[*place].duty.as_ref().is_some_and(is_due))
    else {
        return false;
    };
    let mut case = before.clone();
    while let Some(mut duty) = case.acks[place].duty.filter(is_due) {
        let clock = clock_of(rules, &case, member, index, duty.role);
        let step = clock.and_then(|clock| Some((clock, clock.steps.get(usize::from(duty.next))?, duty.due_at?)));
        let Some((clock, step, ran_out_at)) = step else {
            // The rules have no such clock any more, or the member has left.
            end(draft, rules, &mut case, member, index);
            break;
        };
        duty.next += 1;
        duty.ran_out = Some(RanOut { step: duty.next, level: step.level, due_at: ran_out_at });
        duty.due_at = due_at(rules, member, clock, duty.issued_at, usize::from(duty.next));
        case.acks[place].duty = Some(duty);
        overdue(draft, rules, &case, (member, index), duty, OverdueState::Overdue);
    }
    draft.put_case(Some(before), case);
    true
}

/// Moves a recipient's clock by what it said of a version of the alert.
pub(super) fn answer(
    draft: &mut Draft<'_, '_>,
    rules: &Rules,
    case: &mut Case,
    place: usize,
    said: (i32, AcknowledgementLevel),
) {
    let Ack { member, event, duty: Some(mut duty), .. } = case.acks[place] else { return };
    let (version, level) = said;
    if version < duty.version {
        return;
    }
    let of = (member, usize::from(event));
    let Some(clock) = clock_of(rules, case, of.0, of.1, duty.role) else { return end(draft, rules, case, of.0, of.1) };
    let answered = clock.steps.iter().take_while(|step| step.level <= level).count();
    if duty.ran_out.is_some_and(|ran_out| answered >= usize::from(ran_out.step)) {
        overdue(draft, rules, case, of, duty, OverdueState::Acknowledged);
        duty.ran_out = None;
    }
    if answered > usize::from(duty.next) {
        duty.next = u8::try_from(answered).unwrap_or(u8::MAX);
        duty.due_at = due_at(rules, member, clock, duty.issued_at, answered);
    }
    case.acks[place].duty = (answered < clock.steps.len()).then_some(duty);
}

/// Tells the origin who disputes its decision, or does so no longer: `lasted` is since when, and until when.
pub(super) fn dispute(
    draft: &mut Draft<'_, '_>,
    rules: &Rules,
    case: &Case,
    (member, index): (MemberIndex, usize),
    reason: Option<AcknowledgementReason>,
    lasted: (Millis, Option<Millis>),
) {
    let (Some(origin), Some(by)) = (rules.member(case.origin), rules.members.get(usize::from(member))) else { return };
    let Some(event) = case.events.get(index) else { return };
    let content = Dispute {
        recipient: case.origin,
        disputed_by: by.jurisdiction,
        case_id: case.case_id.clone(),
        alert_id: alert_id(&event.event_id, event.version),
        reason,
        disputed_since: lasted.0,
        ended_at: lasted.1,
    };
    draft.notify(Output::Disputes(origin), NoticeContent::Dispute(content));
}

/// Since when an event is disputed, by whoever did so first and still does.
pub(super) fn disputed_since(case: &Case, index: usize) -> Option<Millis> {
    case.acks.iter().filter(|ack| usize::from(ack.event) == index).filter_map(|ack| ack.disputed_since).min()
}

/// The place of a recipient's entry about an event.
pub(super) fn find(case: &Case, member: MemberIndex, index: usize) -> Option<usize> {
    search(case, member, index)?.ok()
}

/// The same, made where there is none. A case without room gives up entries that are settled, and `None` where there
/// are none: the state's values are bounded.
pub(super) fn entry(case: &mut Case, member: MemberIndex, index: usize) -> Option<usize> {
    if let Ok(place) = search(case, member, index)? {
        return Some(place);
    }
    if !revision::has_room_for_ack(case) {
        let settled = |ack: &Ack| ack.duty.is_none() && ack.disputed_since.is_none();
        let oldest = case.acks.iter().enumerate().filter(|(_, ack)| settled(ack)).min_by_key(|(_, ack)| ack.at)?.0;
        exact::remove(&mut case.acks, oldest);
    }
    let place = search(case, member, index)?.unwrap_or_else(|place| place);
    let event = u16::try_from(index).ok()?;
    let none = Ack { member, event, version: 0, level: None, at: None, disputed_since: None, duty: None };
    exact::insert(&mut case.acks, place, none);
    Some(place)
}

fn search(case: &Case, member: MemberIndex, index: usize) -> Option<Result<usize, usize>> {
    let event = u16::try_from(index).ok()?;
    Some(case.acks.binary_search_by_key(&(member, event), |ack| (ack.member, ack.event)))
}

/// The clock of one recipient of the alerts about an event, by today's rules.
fn clock_of<'r>(rules: &'r Rules, case: &Case, member: MemberIndex, index: usize, role: Role) -> Option<&'r Clock> {
    let event = case.events.get(index)?;
    rules.clock(event.domain, event.severity, role).filter(|_| is_active(rules, member))
}

fn is_active(rules: &Rules, member: MemberIndex) -> bool {
    rules.members.get(usize::from(member)).is_some_and(|member| member.state == MemberState::Active)
}

/// When a step of a clock that began then is due.
fn due_at(rules: &Rules, member: MemberIndex, clock: &Clock, begun: Millis, step: usize) -> Option<Millis> {
    let holidays = &rules.members.get(usize::from(member))?.holidays;
    clock.steps.get(step).map(|step| term::end_of(step.within, begun, holidays))
}

/// Says what became of the step that ran out, where one did.
fn overdue(
    draft: &mut Draft<'_, '_>,
    rules: &Rules,
    case: &Case,
    (member, index): (MemberIndex, usize),
    duty: Duty,
    state: OverdueState,
) {
    let (Some(ran_out), Some(recipient)) = (duty.ran_out, rules.members.get(usize::from(member))) else { return };
    let Some(event) = case.events.get(index) else { return };
    let content = Overdue {
        recipient: recipient.jurisdiction,
        state,
        noted_at: draft.now(),
        origin: case.origin,
        domain: event.domain,
        case_id: case.case_id.clone(),
        alert_id: alert_id(&event.event_id, duty.version),
        role: duty.role,
        severity: event.severity,
        step: i32::from(ran_out.step),
        level: ran_out.level,
        issued_at: duty.issued_at,
        due_at: ran_out.due_at,
    };
    draft.notify(Output::Overdue, NoticeContent::Overdue(content));
}
