//! Acknowledgements and clocks by chance, and what the ledger says of them in the words of the model.

use comity::index::State;
use comity::ledger::handle;
use comity::model::code::{Domain, Role, Severity};
use comity::model::decision::{Decision, Notice, NoticeContent, OverdueState, Recipient};
use comity::model::entry::{Acknowledgement, AcknowledgementLevel, LogEntry};
use comity::model::place::{Jurisdiction, Millis};
use comity::model::record::SourcePosition;
use comity::model::rules::{Clock, ClockStep, Within};

use crate::chance::Chance;
use crate::histories::PLACES;
use crate::model::{Disputed, Late};
use crate::world::{apply, place};

/// An alert that was sent: its name, origin, case and recipient.
pub(crate) type Sent = (String, Jurisdiction, String, Jurisdiction);

/// The alerts that an entry sends, as it is read.
pub(crate) fn sent(state: &mut State, entry: &LogEntry) -> Vec<Sent> {
    let effects = handle(state, entry);
    apply(state, &effects);
    let members = state.rules().map_or(&[][..], |rules| rules.members.as_slice());
    let lasting = effects.decisions.iter().filter(|decision| !decision.test);
    let one = |decision: &Decision<'_>, to: &Recipient| {
        let to = members[usize::from(to.member)].jurisdiction;
        (decision.alert_id.clone(), decision.about.origin, decision.about.case_id.clone(), to)
    };
    lasting.flat_map(|decision| decision.recipients.iter().map(|to| one(decision, to)).collect::<Vec<_>>()).collect()
}

/// Mostly of one of the last alerts that were sent; now and then of one that never was, of an earlier version, or by
/// somebody else.
pub(crate) fn acknowledgement(
    chance: &mut Chance<'_>,
    sent: &[Sent],
    at: SourcePosition,
    now: Millis,
) -> Option<Acknowledgement> {
    let last = sent.iter().rev().nth(usize::from(chance.below(6))).or(sent.first());
    let (alert_id, origin, case_id, recipient) = last?.clone();
    let wrong = chance.below(16);
    Some(Acknowledgement {
        at,
        alert_id: match wrong {
            1 => format!("{alert_id}9"),
            3..5 => earlier(chance, &alert_id),
            _ => alert_id,
        },
        origin,
        case_id,
        recipient: if wrong == 2 { place(chance.pick(&PLACES)) } else { recipient },
        level: chance.pick(&[
            AcknowledgementLevel::Received,
            AcknowledgementLevel::Received,
            AcknowledgementLevel::Accepted,
            AcknowledgementLevel::Disputed,
            AcknowledgementLevel::Disputed,
            AcknowledgementLevel::NotConcerned,
            AcknowledgementLevel::NoAction,
            AcknowledgementLevel::ActionTaken,
        ]),
        reason: None,
        acknowledged_at: now,
    })
}

/// An alert about the same event, of the same version or one before.
fn earlier(chance: &mut Chance<'_>, alert_id: &str) -> String {
    let (event, version) = alert_id.rsplit_once('#').expect("a version");
    let version: i32 = version.parse().expect("a number");
    format!("{event}#{}", (version - i32::from(chance.below(4))).max(1))
}

/// Clocks of hours or of working days, or one of a single step for whoever has only to know.
pub(crate) fn clocks(which: u8) -> Vec<Clock> {
    let clock = |domain, role, steps: &[(AcknowledgementLevel, Within)]| Clock {
        name: format!("{domain:?} {role:?}"),
        domain,
        least_severity: if which == 1 { Severity::Severe } else { Severity::Unknown },
        role,
        steps: steps.iter().map(|(level, within)| ClockStep { level: *level, within: *within }).collect(),
    };
    let (received, accepted, acted) =
        (AcknowledgementLevel::Received, AcknowledgementLevel::Accepted, AcknowledgementLevel::ActionTaken);
    let mut clocks = vec![
        clock(
            Domain::FoodSafety,
            Role::FollowUp,
            &[(received, Within::Hours(24)), (accepted, Within::Hours(48)), (acted, Within::Hours(960))],
        ),
        clock(
            Domain::Environment,
            Role::FollowUp,
            &[(received, Within::WorkingDays(2)), (acted, Within::WorkingDays(4))],
        ),
    ];
    if which != 2 {
        clocks.push(clock(Domain::FoodSafety, Role::Attention, &[(received, Within::Hours(1))]));
    }
    clocks
}

pub(crate) fn late(notice: &Notice) -> Option<Late> {
    let NoticeContent::Overdue(at) = &notice.content else { return None };
    let what = match at.state {
        OverdueState::Overdue => "overdue",
        OverdueState::Acknowledged => "acknowledged",
        OverdueState::Ended => "ended",
    };
    Some((at.recipient, what, at.alert_id.clone(), at.step, at.level, at.due_at, notice.sequence))
}

pub(crate) fn disputed(notice: &Notice) -> Option<Disputed> {
    let NoticeContent::Dispute(at) = &notice.content else { return None };
    Some((at.recipient, at.disputed_by, at.alert_id.clone(), at.disputed_since, at.ended_at, notice.sequence))
}
