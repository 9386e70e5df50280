//! From a decision to each recipient's own part: sequence, role, and what it alone may know.

use std::borrow::Cow;
use std::sync::Arc;

use super::draft::Draft;
use super::duty::{self, Bearing};
use crate::index::cases::{member_bit, restricted_case, was_told};
use crate::model::code::{MatchedBy, MsgType, Scope, Standing, WithdrawalReason};
use crate::model::decision::{About, AlertOrganisation, Decision, NationalCopy, Output, Recipient};
use crate::model::event::InfractionEvent;
use crate::model::limit::{ALERT_OPEN_CASES_MAX, ALERT_REFERENCES_MAX, NATIONAL_BIT};
use crate::model::place::{Jurisdiction, Millis};
use crate::model::rules::{MemberIndex, Rules};
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
        }
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
    let bearing = duty::bearing(message.standing, message.event);
    if bearing == Bearing::Ends {
        duty::end_all(draft, rules, case, index);
    }
    let Some(event) = case.events.get_mut(index) else { return };
    let nation_knows = event.told & NATIONAL_BIT != 0;
    let to_nation = !message.joining && (nation_knows || (message.newcomers && event.scope == Scope::Federation));
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
        let public = routed.iter().filter(|_| event.scope == Scope::Federation);
        let told = public.map(|routed| routed.member).collect();
        NationalCopy { sequence: draft.next_sequence(Output::National), told }
    });
    let about = about(case, index);
    case.told.reserve_exact(routed.len().saturating_sub(case.told.len()));
    let (open_cases, open_cases_more, restricted) = open_cases_elsewhere(draft, case);
    let recipients = routed
        .into_iter()
        .map(|routed| {
            let sequence = draft.next_sequence(Output::Alerts(routed.member));
            note(case, index, Told { member: routed.member, role: routed.role, sequence });
            let restricted_cases = entitled(rules, &restricted, routed.member);
            let ack_due_at = duty::follow(draft, rules, case, index, &routed, bearing);
            Recipient { ack_due_at, ..recipient(routed, sequence, restricted_cases) }
        })
        .collect();
    let decision = Decision {
        alert_id,
        version,
        msg_type: message.msg_type,
        references,
        standing: message.standing,
        disputed_since: duty::disputed_since(case, index),
        about,
        organisation: organisation(case, message.matched_by),
        open_cases,
        open_cases_more,
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
pub(super) fn audience(case: &Case, index: usize) -> Cow<'_, [Told]> {
    match case.events.get(index) {
        Some(event) if event.scope == Scope::Restricted => {
            Cow::Owned(case.told.iter().filter(|told| was_told(event, told.member)).copied().collect())
        }
        Some(_) | None => Cow::Borrowed(&case.told),
    }
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
        domain: case.domain,
        severity: event.severity,
        since: event.since,
        handling: event.handling,
    }
}

/// The organisation of an alert; where the entry named none, it is the one that the case has.
fn organisation(case: &Case, matched_by: Option<MatchedBy>) -> Option<AlertOrganisation> {
    let known = match (&case.organisation_id, case.name_digest) {
        (Some(_), _) => Some(MatchedBy::Identifier),
        (None, Some(_)) => Some(MatchedBy::NameOnly),
        (None, None) => None,
    };
    let matched_by = known.map(|known| matched_by.filter(|_| case.organisation_id.is_some()).unwrap_or(known))?;
    Some(AlertOrganisation { organisation_id: case.organisation_id.clone(), matched_by })
}

/// Replaces what a recipient got last; `told` stays sorted by member.
fn note(case: &mut Case, index: usize, last: Told) {
    case.events[index].told |= member_bit(last.member);
    match case.told.binary_search_by_key(&last.member, |told| told.member) {
        Ok(place) => case.told[place] = last,
        Err(place) => case.told.insert(place, last),
    }
}

/// A RESTRICTED open case with those who may know of it.
struct RestrictedCase {
    open: OpenCase,
    case: Arc<Case>,
}

/// The open cases of the case's organisation at other origins: those of FEDERATION scope as far as an alert lists
/// them, newest and then most severe first, how many more there are, and those of RESTRICTED scope.
fn open_cases_elsewhere(draft: &Draft<'_, '_>, case: &Case) -> (Vec<OpenCase>, i32, Vec<RestrictedCase>) {
    let none = (Vec::new(), 0, Vec::new());
    let Some(organisation_id) = case.organisation_id.as_deref() else { return none };
    let Some(organisation) = draft.organisation(organisation_id) else { return none };
    let elsewhere = || organisation.open_cases.iter().filter(|open| open.origin != case.origin);
    let mut open: Vec<&OpenCase> = elsewhere().filter(|open| open.scope == Scope::Federation).collect();
    open.sort_by(|one, other| newest_first(one, other));
    let unlisted =
        draft.state.unlisted(organisation_id).map_or(0, |unlisted| unlisted.federation_elsewhere(case.origin));
    let beyond = i32::try_from(open.len().saturating_sub(ALERT_OPEN_CASES_MAX)).unwrap_or(i32::MAX);
    open.truncate(ALERT_OPEN_CASES_MAX);
    let mut restricted: Vec<RestrictedCase> = elsewhere()
        .filter(|open| open.scope == Scope::Restricted)
        .filter_map(|open| {
            let case = Arc::clone(draft.case(open.origin, &open.case_id)?);
            Some(RestrictedCase { open: open.clone(), case })
        })
        .collect();
    restricted.sort_by(|one, other| newest_first(&one.open, &other.open));
    (open.into_iter().cloned().collect(), beyond.saturating_add(unlisted), restricted)
}

fn newest_first(one: &OpenCase, other: &OpenCase) -> std::cmp::Ordering {
    let rank = |open: &OpenCase| (open.since, open.severity);
    rank(other).cmp(&rank(one)).then_with(|| (one.origin, &one.case_id).cmp(&(other.origin, &other.case_id)))
}

/// The RESTRICTED cases that a recipient may know: its own, and those that it was told of.
fn entitled(rules: &Rules, restricted: &[RestrictedCase], member: MemberIndex) -> Vec<OpenCase> {
    if restricted.is_empty() {
        return Vec::new();
    }
    let jurisdiction: Option<Jurisdiction> = rules.members.get(usize::from(member)).map(|member| member.jurisdiction);
    let known = |at: &RestrictedCase| {
        if Some(at.open.origin) == jurisdiction { Some(at.open.clone()) } else { restricted_case(&at.case, member) }
    };
    restricted.iter().filter_map(known).take(ALERT_OPEN_CASES_MAX).collect()
}
