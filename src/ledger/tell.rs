//! From a decision to each recipient's own part: sequence, role, and what it alone may know.

use super::draft::Draft;
use super::duty::{self, Bearing};
use super::picture::Picture;
use super::versions;
use crate::index::cases::was_told;
use crate::model::code::{MatchedBy, MsgType, Role, RoleReason, Scope, Standing, WithdrawalReason};
use crate::model::decision::{About, AlertOrganisation, Decision, NationalCopy, Output, Recipient};
use crate::model::event::InfractionEvent;
use crate::model::limit::{ALERT_REFERENCES_MAX, NATIONAL_BIT};
use crate::model::place::Millis;
use crate::model::rules::Rules;
use crate::model::state::{Case, CaseEvent, OpenCase, Told};
use crate::route::Routed;

/// What an alert says besides what the case knows.
#[derive(Debug, Clone)]
pub(super) struct Message<'e> {
    pub(super) msg_type: MsgType,
    pub(super) standing: Standing,
    pub(super) expires_at: Option<Millis>,
    pub(super) withdrawal_reason: Option<WithdrawalReason>,
    pub(super) original_unseen: bool,
    pub(super) event: Option<&'e InfractionEvent>,
    pub(super) matched_by: Option<MatchedBy>,
    /// Alerts about other events of the case that this one follows.
    pub(super) follows: Vec<String>,
    /// True where who was not told yet may be told now.
    pub(super) newcomers: bool,
    /// True where a member that joins is told what the others know: it says nothing new of the event.
    pub(super) joining: bool,
    /// False where it tells the nation nothing: only of what some may know.
    pub(super) to_nation: bool,
}

impl Message<'_> {
    /// A message that only says where the event stands.
    pub(super) fn new(msg_type: MsgType, standing: Standing) -> Self {
        Self {
            msg_type,
            standing,
            expires_at: None,
            withdrawal_reason: None,
            original_unseen: false,
            event: None,
            matched_by: None,
            follows: Vec::new(),
            newcomers: false,
            joining: false,
            to_nation: true,
        }
    }

    fn bearing(&self) -> Bearing {
        if self.joining { Bearing::Leaves } else { duty::bearing(self.standing, self.event) }
    }
}

/// Alerts the recipients of one event of a case and the national feed, and notes in the case who was told what.
/// Without anybody to tell nothing happens, not even a version.
pub(super) fn tell<'e>(
    draft: &mut Draft<'_, 'e>,
    rules: &Rules,
    case: &mut Case,
    index: usize,
    routed: Vec<Routed>,
    message: Message<'e>,
) {
    let bearing = message.bearing();
    if bearing == Bearing::Ends {
        duty::end_all(draft, rules, case, index);
    }
    let Some(event) = case.events.get_mut(index) else { return };
    let may_know = event.told & NATIONAL_BIT != 0 || (message.newcomers && event.scope == Scope::Federation);
    let to_nation = message.to_nation && may_know;
    if routed.is_empty() && !to_nation {
        return;
    }
    let references = if message.joining { Vec::new() } else { references(event, message.follows) };
    if !message.joining || event.version == 0 {
        event.version += 1;
        event.issued_at = Some(draft.now());
    }
    let (version, alert_id) = (event.version, alert_id(&event.event_id, event.version));
    let national = to_nation.then(|| {
        event.told |= NATIONAL_BIT;
        case.national_sequence = draft.next_sequence(Output::National);
        let public = routed.iter().filter(|_| event.scope == Scope::Federation);
        NationalCopy { sequence: case.national_sequence, told: public.map(|routed| routed.member).collect() }
    });
    let about = about(case, index);
    let mut told = case.told.to_vec();
    told.reserve_exact(routed.len().saturating_sub(told.len()));
    let picture = Picture::of(draft, case);
    versions::note(case, index, &routed, message.joining);
    let recipients = routed
        .into_iter()
        .map(|routed| {
            let sequence = draft.next_sequence(Output::Alerts(routed.member));
            note(&mut told, &routed, sequence);
            let restricted_cases = picture.entitled(rules, routed.member);
            let ack_due_at = duty::follow(draft, rules, case, index, &routed, bearing);
            Recipient { ack_due_at, ..recipient(routed, sequence, restricted_cases) }
        })
        .collect();
    case.told = told.into();
    let decision = Decision {
        alert_id,
        version,
        msg_type: message.msg_type,
        references,
        standing: message.standing,
        disputed_since: duty::disputed_since(case, index),
        about,
        organisation: organisation(case, message.matched_by, picture.names),
        open_cases: picture.open_cases,
        open_cases_more: picture.open_cases_more,
        contact: rules.contact(message.event.map(|event| event.authority.id.as_str()), case.origin).cloned(),
        issued_at: draft.now(),
        expires_at: message.expires_at,
        withdrawal_reason: message.withdrawal_reason,
        original_unseen: message.original_unseen,
        event: message.event,
        test: false,
        joining: message.joining,
        recipients,
        national,
    };
    draft.effects.decisions.push(decision);
}

/// Those told before that an update about an event goes to: everyone told of its case, but of a RESTRICTED event only
/// those told of that very event.
pub(super) fn audience(case: &Case, index: usize) -> Vec<Told> {
    let mut told = case.told.to_vec();
    if let Some(event) = case.events.get(index).filter(|event| event.scope == Scope::Restricted) {
        told.retain(|told| was_told(event, told.member));
    }
    told
}

/// The name of one version of the alert about an event.
pub(super) fn alert_id(event_id: &str, version: i32) -> String {
    format!("{event_id}#{version}")
}

/// One recipient's own part.
pub(super) fn recipient(routed: Routed, sequence: i64, restricted_cases: Vec<OpenCase>) -> Recipient {
    let Routed { member, role, role_before, reasons } = routed;
    Recipient { member, sequence, role, role_before, reasons, ack_due_at: None, restricted_cases }
}

/// The versions before, the last of them where there are many, behind those of other events that this one follows.
fn references(event: &CaseEvent, follows: Vec<String>) -> Vec<String> {
    let room = i32::try_from(ALERT_REFERENCES_MAX.saturating_sub(follows.len())).unwrap_or(0);
    let first = (event.version - room).max(0) + 1;
    let mut references = follows;
    references.extend((first..=event.version).map(|version| alert_id(&event.event_id, version)));
    references
}

fn about(case: &Case, index: usize) -> About {
    let event = &case.events[index];
    About {
        event_id: event.event_id.clone(),
        case_id: case.case_id.clone(),
        origin: case.origin,
        platform: case.platform.clone(),
        domain: event.domain,
        severity: event.severity,
        since: event.since,
        handling: event.handling,
    }
}

/// The organisation of an alert; where the entry named none, it is the one that the case has.
fn organisation(case: &Case, matched_by: Option<MatchedBy>, names: Vec<String>) -> Option<AlertOrganisation> {
    let mut formerly = names;
    let organisation_id = (!formerly.is_empty()).then(|| formerly.remove(0));
    let known = match (&organisation_id, case.name_digest) {
        (Some(id), _) if case.organisation_id.as_ref() != Some(id) => Some(MatchedBy::Link),
        (Some(_), _) => matched_by.or(Some(MatchedBy::Identifier)),
        (None, Some(_)) => Some(MatchedBy::NameOnly),
        (None, None) => None,
    };
    Some(AlertOrganisation { organisation_id, formerly, matched_by: known? })
}

/// Replaces what a recipient got last; `told` stays sorted by member.
fn note(told: &mut Vec<Told>, routed: &Routed, sequence: i64) {
    let &Routed { member, role, reasons, .. } = routed;
    let place = told.binary_search_by_key(&member, |told| told.member);
    let holds = |reason: RoleReason| reasons.iter().any(|held| held == reason);
    let of_index = [RoleReason::RegisteredThere, RoleReason::EstablishmentThere, RoleReason::OpenCaseThere];
    let index_says = of_index.into_iter().any(holds);
    let before = place.is_ok_and(|place| told[place].by_index);
    // Whoever only hears again keeps its role for the reason that it had.
    let kept = before && holds(RoleReason::ToldBefore);
    let by_index = role == Role::FollowUp && !holds(RoleReason::NamedForFollowUp) && (index_says || kept);
    let last = Told { member, role, by_index, sequence };
    match place {
        Ok(place) => told[place] = last,
        Err(place) => told.insert(place, last),
    }
}
