//! Acknowledgements: what a recipient says of an alert that it got, which only ever moves forward.

use super::draft::Draft;
use super::statement::place_of;
use super::tell::{self, Message};
use super::{Acknowledged, Outcome, duty, reject, versions};
use crate::model::code::{MsgType, Scope, Standing};
use crate::model::entry::{Acknowledgement, AcknowledgementLevel};
use crate::model::rejection::Reason;
use crate::model::rules::{MemberIndex, Rules};
use crate::model::state::{Case, CaseEvent};
use crate::route;

/// Decides on an acknowledgement.
pub(super) fn take(draft: &mut Draft<'_, '_>, said: &Acknowledgement) -> Outcome {
    let Some(rules) = draft.rules().cloned() else {
        return reject::acknowledgement(draft, said, Reason::NotAccepted, None);
    };
    let Some((before, member, index, version)) = found(draft, &rules, said) else {
        return reject::acknowledgement(draft, said, Reason::AlertNotSent, Some("alert_id"));
    };
    let mut case = before.clone();
    let Some(place) = duty::entry(&mut case, member, index) else {
        return reject::acknowledgement(draft, said, Reason::CaseFull, Some("case_id"));
    };
    let known = case.acks[place];
    if version < known.version {
        return Outcome::Superseded;
    }
    if version == known.version {
        match known.level {
            Some(level) if level == said.level => return Outcome::Duplicate,
            Some(level) if level > said.level => {
                return reject::acknowledgement(draft, said, Reason::NotForward, Some("level"));
            }
            Some(_) | None => {}
        }
    }
    count(draft, &case, member, index, said, version);
    let now = draft.now();
    let ack = &mut case.acks[place];
    (ack.version, ack.level, ack.at) = (version, Some(said.level), Some(now));
    duty::answer(draft, &rules, &mut case, place, (version, said.level));
    follow_dispute(draft, &rules, &mut case, place, said);
    draft.put_case(Some(&before), case);
    Outcome::Acknowledged
}

/// The case, the recipient, the event and the version that are meant; `None` where no such alert was sent to it.
fn found(draft: &Draft<'_, '_>, rules: &Rules, said: &Acknowledgement) -> Option<(Case, MemberIndex, usize, i32)> {
    let member = rules.member(said.recipient)?;
    let case = draft.case(said.origin, &said.case_id)?;
    let (event_id, version) = said.alert_id.rsplit_once('#')?;
    let index = place_of(&case, event_id)?;
    let version: i32 = version.parse().ok()?;
    let is_its_name = tell::alert_id(event_id, version) == said.alert_id;
    let sent = is_its_name && versions::was_sent(case.events.get(index)?, member, version);
    sent.then_some((case, member, index, version))
}

/// Says how long it took, where the alert is the last one: of earlier ones it is no longer known when they were issued.
/// Of a RESTRICTED one nobody learns that it is there.
fn count(
    draft: &mut Draft<'_, '_>,
    case: &Case,
    member: MemberIndex,
    index: usize,
    said: &Acknowledgement,
    version: i32,
) {
    let is_told_of = |event: &&CaseEvent| event.version == version && event.scope == Scope::Federation;
    let Some(event) = case.events.get(index).filter(is_told_of) else { return };
    let Some(issued_at) = event.issued_at else { return };
    let duty = duty::find(case, member, index).and_then(|place| case.acks[place].duty);
    draft.effects.acknowledged = Some(Acknowledged {
        recipient: said.recipient,
        domain: event.domain,
        level: said.level,
        first: duty::find(case, member, index).is_none_or(|place| case.acks[place].version < version),
        after_ms: draft.now() - issued_at,
        in_time: duty.map(|duty| duty.ran_out.is_none()),
    });
}

/// A dispute begins with DISPUTED and ends with the next level that says what became of it; RECEIVED says nothing. All
/// who were told see whether an event is disputed, and not by whom.
fn follow_dispute(draft: &mut Draft<'_, '_>, rules: &Rules, case: &mut Case, place: usize, said: &Acknowledgement) {
    let ack = case.acks[place];
    let index = usize::from(ack.event);
    let was_disputed = duty::disputed_since(case, index).is_some();
    let now = draft.now();
    match (said.level, ack.disputed_since) {
        (AcknowledgementLevel::Disputed, None) => {
            case.acks[place].disputed_since = Some(now);
            duty::dispute(draft, rules, case, (ack.member, index), said.reason, (now, None));
        }
        (AcknowledgementLevel::Disputed | AcknowledgementLevel::Received, _) | (_, None) => return,
        (_, Some(since)) => {
            case.acks[place].disputed_since = None;
            duty::dispute(draft, rules, case, (ack.member, index), said.reason, (since, Some(now)));
        }
    }
    let is_disputed = duty::disputed_since(case, index).is_some();
    if is_disputed != was_disputed {
        show(draft, rules, case, index, if is_disputed { Standing::Disputed } else { Standing::InForce });
    }
}

/// Tells everybody told that an event is disputed, or is so no longer.
fn show(draft: &mut Draft<'_, '_>, rules: &Rules, case: &mut Case, index: usize, standing: Standing) {
    let Some(event) = case.events.get_mut(index) else { return };
    // What is closed, expired or withdrawn stays so; the origin hears of the dispute all the same.
    if !matches!(event.standing, Standing::InForce | Standing::Disputed) {
        return;
    }
    event.standing = standing;
    let message = Message { expires_at: event.expires_at, ..Message::new(MsgType::Update, standing) };
    let recipients = route::told_again(rules, &tell::audience(case, index));
    tell::tell(draft, rules, case, index, recipients, message);
}
