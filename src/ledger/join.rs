//! A member that joins is told of the open cases that it may know: as ATTENTION, marked BACKFILL, some by each entry.
//! One that was RETIRED is told again of what it knew, and of what became of it meanwhile.
//!
//! It begins with the entry after the rules, before that decides anything else. What the member gets live meanwhile
//! goes out at once, in the same sequence: to hold it back would take memory without bound. Every event in force has an
//! end, so the order of their ends is a list of them that needs no other; an event that moves in it while the member
//! joins was stated anew, and the member is on that statement's route. Cases of which no event has an end any more come
//! behind, in the order in which they will be forgotten.

use std::sync::Arc;

use super::draft::Draft;
use super::tell::{self, Message};
use super::versions;
use crate::index::cases::{stands, was_told};
use crate::index::{Due, Work};
use crate::model::code::{MemberState, MsgType, Role, RoleReason, Standing};
use crate::model::limit::JOIN_LOOKED_AT_MAX;
use crate::model::place::Jurisdiction;
use crate::model::rules::{Member, MemberIndex, Rules};
use crate::model::state::{Case, CaseEvent, EventEnd, Join, Key, Value};
use crate::route::{self, Routed};

/// Notes that a member joins; `again` where it was RETIRED.
pub(super) fn begin(draft: &mut Draft<'_, '_>, member: Jurisdiction, again: bool) {
    // What it missed while it was RETIRED it may not have been told of by now.
    let unfinished = draft.value(&Key::Join(member));
    let again = again || unfinished.as_ref().and_then(Value::join).is_some_and(|join| join.again);
    let join = Join { member, since: draft.now(), again, after: None };
    draft.put(Key::Join(member), Some(Value::Join(Arc::new(join))));
    draft.effects.work_left = true;
}

/// A member that is being told, and what of.
struct Joining<'r> {
    rules: &'r Rules,
    place: MemberIndex,
    member: &'r Member,
    again: bool,
}

/// What a member was told of one case.
#[derive(Default)]
struct Told {
    /// How many events that have no end any more.
    ended: usize,
    /// True where also the one that has an end.
    ending: bool,
}

/// Tells a member of as many events as are left for this entry. Gives how many that were; all that were left where the
/// member is not yet told of everything, so that one entry looks at no more.
pub(super) fn go_on(draft: &mut Draft<'_, '_>, rules: &Rules, jurisdiction: Jurisdiction, left: usize) -> usize {
    let Some(join) = draft.state.join(jurisdiction).map(Arc::clone) else { return 0 };
    let (state, again) = (draft.state, join.again);
    let member = rules.member(jurisdiction).and_then(|place| Some((place, rules.members.get(usize::from(place))?)));
    let is_told = |member: &Member| match member.state {
        MemberState::Active => true,
        MemberState::Left => again,
        MemberState::Retired => false,
    };
    let Some((place, member)) = member.filter(|(_, member)| is_told(member)) else {
        draft.put(Key::Join(jurisdiction), None);
        return 0;
    };
    let joining = Joining { rules, place, member, again };
    let ending = state.ends_after(join.after.as_ref());
    let ended = state.ended_after(join.after.as_ref()).take_while(|_| again);
    let (mut told, mut after) = (0, join.after.clone());
    for (looked_at, due) in (1..).zip(ending.chain(ended)) {
        let Told { ended, ending } = joining.tell_of(draft, &due, left - told);
        told += ended + usize::from(ending);
        if ending || (told < left && looked_at == JOIN_LOOKED_AT_MAX) {
            after = end(&due);
        }
        if told == left || looked_at == JOIN_LOOKED_AT_MAX {
            let next = Join { after, ..Join::clone(&join) };
            draft.put(Key::Join(jurisdiction), Some(Value::Join(Arc::new(next))));
            draft.effects.work_left = true;
            return left;
        }
    }
    draft.put(Key::Join(jurisdiction), None);
    told
}

impl Joining<'_> {
    /// Tells it of one case: of its events that have no end any more, where it knows them and not what became of them,
    /// and then of the one that has this end. Of so many at most, but those told are not told again.
    fn tell_of(&self, draft: &mut Draft<'_, '_>, due: &Due, most: usize) -> Told {
        let mut told = Told::default();
        let Key::Case(origin, case_id) = &due.key else { return told };
        let Some(mut case) = draft.case(*origin, case_id) else { return told };
        let missed = |event: &CaseEvent| self.again && event.expires_at.is_none() && self.has_missed(event);
        for index in (0..case.events.len()).filter(|index| missed(&case.events[*index])).take(most).collect::<Vec<_>>()
        {
            case = self.tell(draft, case, index);
            told.ended += 1;
        }
        let Work::Expire(index) = due.work else { return told };
        let index = usize::from(index);
        let is_to_be_told = case.events.get(index).is_some_and(|event| self.is_to_be_told(&case, event));
        if is_to_be_told && told.ended < most {
            self.tell(draft, case, index);
            told.ending = true;
        }
        told
    }

    /// True where it was told of an event, and not of its last version.
    fn has_missed(&self, event: &CaseEvent) -> bool {
        was_told(event, self.place) && !versions::was_sent(event, self.place, event.version)
    }

    fn is_to_be_told(&self, case: &Case, event: &CaseEvent) -> bool {
        if was_told(event, self.place) {
            let stands = stands(event) && self.member.state == MemberState::Active;
            return self.again && (stands || self.has_missed(event));
        }
        stands(event) && route::is_entitled(self.member, case.origin, event.domain, event.severity, event.scope)
    }

    /// Tells it of one event as it stands, and gives the case as it is then.
    fn tell(&self, draft: &mut Draft<'_, '_>, case: Case, index: usize) -> Case {
        let event = &case.events[index];
        let before = case.told.of(self.place).map(|told| told.role);
        let (msg_type, role, reason) = match before.filter(|_| was_told(event, self.place)) {
            Some(role) if event.standing == Standing::Withdrawn => (MsgType::Cancel, role, RoleReason::ToldBefore),
            Some(role) => (MsgType::Update, role, RoleReason::ToldBefore),
            None => (MsgType::Alert, Role::Attention, RoleReason::EveryMember),
        };
        let role_before = before.filter(|before| *before != role);
        let routed = Routed { member: self.place, role, role_before, reasons: reason.into() };
        let (joining, to_nation, expires_at) = (true, false, event.expires_at);
        let message = Message { joining, to_nation, expires_at, ..Message::new(msg_type, event.standing) };
        let mut after = case.clone();
        tell::tell(draft, self.rules, &mut after, index, vec![routed], message);
        draft.put_case(Some(&case), after.clone());
        after
    }
}

/// The place of an event in the order of ends, or that of a case without any behind them.
fn end(due: &Due) -> Option<EventEnd> {
    let Key::Case(origin, case_id) = &due.key else { return None };
    let place = if let Work::Expire(place) = due.work { i32::from(place) } else { EventEnd::NONE };
    Some(EventEnd { expires_at: due.at, origin: *origin, case_id: case_id.clone(), place })
}
