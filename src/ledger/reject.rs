//! The ledger's own rejections.

use super::Outcome;
use super::draft::Draft;
use crate::model::code::Kind;
use crate::model::code::MemberState;
use crate::model::entry::Acknowledgement;
use crate::model::event::InfractionEvent;
use crate::model::place::Jurisdiction;
use crate::model::record::SourcePosition;
use crate::model::rejection::{Reason, Rejection};
use crate::model::rules::Rules;
use crate::platform::statements;

/// Rejects an event. The ledger never saw the native record, so its size is not known and no payload is kept.
pub(super) fn event(
    draft: &mut Draft<'_, '_>,
    event: &InfractionEvent,
    reason: Reason,
    field: Option<&str>,
) -> Outcome {
    draft.reject(Rejection {
        at: event.provenance.at.clone(),
        platform: event.platform.clone(),
        reason,
        detail: None,
        field: field.map(str::to_owned),
        size_bytes: 0,
        digest: None,
        payload: None,
        reported_at: event.reported_at,
    })
}

/// Before the first `Rules` nothing can be decided, and nothing is dropped in silence.
pub(super) fn before_rules(draft: &mut Draft<'_, '_>, event: &InfractionEvent) -> Outcome {
    let outcome = self::event(draft, event, Reason::NotAccepted, None);
    if let Some((rejection, _)) = &mut draft.effects.rejection {
        rejection.detail = Some("before_rules".to_owned());
    }
    outcome
}

/// Rejects an acknowledgement.
pub(super) fn acknowledgement(
    draft: &mut Draft<'_, '_>,
    said: &Acknowledgement,
    reason: Reason,
    field: Option<&str>,
) -> Outcome {
    draft.reject(Rejection {
        at: said.at.clone(),
        platform: statements::acknowledgements_name(said.recipient),
        reason,
        detail: None,
        field: field.map(str::to_owned),
        size_bytes: 0,
        digest: None,
        payload: None,
        reported_at: said.acknowledged_at,
    })
}

/// Rejects a record of a kind that is not taken.
pub(super) fn not_accepted(draft: &mut Draft<'_, '_>, at: &SourcePosition) -> Outcome {
    statement(draft, at, Reason::NotAccepted, None)
}

/// Rejects a link.
pub(super) fn link(draft: &mut Draft<'_, '_>, at: &SourcePosition, reason: Reason, field: &str) -> Outcome {
    statement(draft, at, reason, Some(field))
}

fn statement(draft: &mut Draft<'_, '_>, at: &SourcePosition, reason: Reason, field: Option<&str>) -> Outcome {
    let reported_at = draft.now();
    draft.reject(Rejection {
        at: at.clone(),
        platform: String::new(),
        reason,
        detail: None,
        field: field.map(str::to_owned),
        size_bytes: 0,
        digest: None,
        payload: None,
        reported_at,
    })
}

/// Whether an origin may speak. A member that left or retired may still correct, close or withdraw what it said
/// (what was said can be unsaid), but says nothing new.
pub(super) fn may_speak(rules: &Rules, origin: Jurisdiction, of_known: bool, kind: Kind) -> bool {
    let member = rules.members.iter().find(|member| member.jurisdiction == origin);
    match member.map(|member| member.state) {
        Some(MemberState::Active) => true,
        Some(MemberState::Left | MemberState::Retired) => of_known && kind != Kind::Supplement,
        None => false,
    }
}
