//! Originals, supplements and corrections: what an origin states of a matter.

use super::Outcome;
use super::draft::Draft;
use super::revision::{self, Against};
use super::subject::Entered;
use super::tell::{self, Message};
use super::{bonds, duty, picture, reject, subject, term, withdrawal};
use crate::model::code::{CaseStatus, Kind, Mode, MsgType, Scope, Standing, WithdrawalReason};
use crate::model::event::InfractionEvent;
use crate::model::exact::{self, Exact};
use crate::model::limit::ALERT_REFERENCES_MAX;
use crate::model::place::Millis;
use crate::model::rejection::Reason;
use crate::model::rules::Rules;
use crate::model::state::{Case, CaseEvent};
use crate::model::told::ToldList;
use crate::route::{self, Matter, Naming};

/// Decides on a statement.
///
/// After a withdrawal unseen content puts the event in force again, as a new ALERT: the origin says it anew.
pub(super) fn decide<'e>(draft: &mut Draft<'_, 'e>, rules: &Rules, event: &'e InfractionEvent) -> Outcome {
    let before = draft.case(event.origin, &event.case_id);
    let before = before.as_ref();
    let expires_at = term::expires_at(event, &rules.policy);
    let is_over = expires_at <= draft.now();
    let known = before.and_then(|case| place_of(case, &event.event_id));
    let refused = match before.zip(known) {
        Some((case, index)) => refuse_revision(draft, rules, event, &case.events[index], is_over),
        None => refuse_first_sight(draft, rules, event, before, is_over),
    };
    if let Some(outcome) = refused {
        return outcome;
    }
    let current = before.and_then(|case| case.organisation_id.as_deref());
    let found = subject::seek(draft, event.subject.as_ref(), current);
    let is_other = before.is_some_and(|case| subject::is_other(draft, case, &found, event.subject.as_ref()));
    if let Some(case) = before.filter(|case| is_other && !may_rename(case, known, event.kind)) {
        debug_assert_eq!(case.origin, event.origin, "a case has one origin");
        return reject::event(draft, event, Reason::ConflictingSubject, Some("subject"));
    }
    let Some(sharing) = route::shared_with(rules, event) else {
        return reject::event(draft, event, Reason::UnknownGroup, Some("sharing_groups"));
    };
    let mut case = before.map_or_else(|| new_case(event), Case::clone);
    let index = known.unwrap_or(case.events.len());
    let follows = if known.is_none() { follows(&case, event) } else { Vec::new() };
    if known.is_none() {
        exact::push(&mut case.events, new_event(event));
    }
    if is_other {
        cancel_first(draft, rules, &mut case, index);
    }
    let Entered { matched_by, parted } = subject::enter(draft, &mut case, found, event, is_other);
    let msg_type = msg_type(before.is_some(), known.and(case.events.get(index)), event.kind, is_over);
    let standing = state(&mut case, index, event, expires_at, is_over);
    case.keep_until = case.keep_until.max(term::forget_at(expires_at, &rules.policy));
    let places = picture::places_of(draft, &case);
    let matter = Matter {
        origin: event.origin,
        domain: event.domain,
        severity: event.severity,
        scope: event.scope,
        naming: Naming::of(event, &sharing),
        case_told: &case.told,
        places: &places,
        msg_type,
        newcomers: !is_over,
        attention_only: event.mode == Mode::Backfill,
    };
    let recipients = route::recipients(rules, &matter, &tell::audience(&case, index));
    let message = Message {
        expires_at: Some(expires_at),
        original_unseen: before.is_none() && event.kind != Kind::Original,
        event: Some(event),
        matched_by,
        follows,
        newcomers: !is_over,
        ..Message::new(msg_type, standing)
    };
    tell::tell(draft, rules, &mut case, index, recipients, message);
    draft.put_case(before, case);
    parted.iter().for_each(|pair| bonds::settle(draft, pair));
    Outcome::Taken
}

/// The place of an event in its case.
pub(super) fn place_of(case: &Case, event_id: &str) -> Option<usize> {
    case.events.iter().position(|event| event.event_id == event_id)
}

/// Why a revision of a known event goes no further.
fn refuse_revision(
    draft: &mut Draft<'_, '_>,
    rules: &Rules,
    event: &InfractionEvent,
    known: &CaseEvent,
    is_over: bool,
) -> Option<Outcome> {
    match revision::against(known, event) {
        Against::Duplicate => Some(Outcome::Duplicate),
        Against::Superseded => Some(Outcome::Superseded),
        Against::Conflicting => Some(reject::event(draft, event, Reason::ConflictingRevision, Some("revision"))),
        Against::Unseen if !reject::may_speak(rules, event.origin, true, event.kind) => {
            Some(reject::event(draft, event, Reason::OriginNotMember, Some("origin")))
        }
        // What was withdrawn would be said anew, so it is measured like an original.
        Against::Unseen if is_over && known.standing == Standing::Withdrawn => {
            Some(reject::event(draft, event, Reason::ExpiredOnArrival, Some("expires_at")))
        }
        Against::Unseen => None,
    }
}

/// Why an event that its case does not know goes no further. Who speaks for another platform (a desk) has only what is
/// known of this origin to speak of: its correction never stands in for an original.
fn refuse_first_sight(
    draft: &mut Draft<'_, '_>,
    rules: &Rules,
    event: &InfractionEvent,
    case: Option<&Case>,
    is_over: bool,
) -> Option<Outcome> {
    let is_original = case.is_none() || event.kind == Kind::Original;
    if event.kind == Kind::Correction && event.speaks_for_another() {
        return Some(reject::event(draft, event, Reason::UnknownEvent, Some("event_id")));
    }
    if case.is_some_and(|case| revision::is_same_record(case, event)) {
        return Some(Outcome::Duplicate);
    }
    let reason = if !reject::may_speak(rules, event.origin, false, event.kind) {
        (Reason::OriginNotMember, "origin")
    } else if withdrawal::suppresses(draft, event) {
        return Some(Outcome::Suppressed);
    } else if is_original && is_over {
        (Reason::ExpiredOnArrival, "expires_at")
    } else if case.is_some_and(|case| revision::is_full(case, &event.event_id)) {
        (Reason::CaseFull, "case_id")
    } else {
        return None;
    };
    Some(reject::event(draft, event, reason.0, Some(reason.1)))
}

/// A case may go over to another organisation where nothing of it is told about the first any more, or where its one
/// event in question says so by a correction.
fn may_rename(case: &Case, known: Option<usize>, kind: Kind) -> bool {
    let corrected = known.filter(|_| kind == Kind::Correction);
    let mut events = case.events.iter().enumerate();
    events.all(|(index, event)| event.standing == Standing::Withdrawn || Some(index) == corrected)
}

/// Takes back what was told about the first organisation, where it was not taken back before.
fn cancel_first(draft: &mut Draft<'_, '_>, rules: &Rules, case: &mut Case, index: usize) {
    let Some(event) = case.events.get_mut(index) else { return };
    if event.version == 0 || event.standing == Standing::Withdrawn {
        return;
    }
    event.standing = Standing::Withdrawn;
    let message = Message {
        withdrawal_reason: Some(WithdrawalReason::MistakenIdentity),
        ..Message::new(MsgType::Cancel, Standing::Withdrawn)
    };
    let recipients = route::told_again(rules, &tell::audience(case, index));
    tell::tell(draft, rules, case, index, recipients, message);
}

fn msg_type(case_known: bool, known: Option<&CaseEvent>, kind: Kind, is_over: bool) -> MsgType {
    let anew = match known {
        Some(event) => event.version == 0 || event.standing == Standing::Withdrawn,
        None => !case_known || kind == Kind::Original,
    };
    if anew && !is_over { MsgType::Alert } else { MsgType::Update }
}

/// The last alerts about the events that a new event of a known case names; a supplement or correction that names
/// none follows all of them. An alert about a RESTRICTED event is named to nobody else.
fn follows(case: &Case, event: &InfractionEvent) -> Vec<String> {
    let named = |known: &&CaseEvent| event.references.contains(&known.event_id);
    let told = || case.events.iter().filter(|known| known.version > 0 && known.scope == Scope::Federation);
    let mut follows: Vec<&CaseEvent> = told().filter(named).collect();
    if follows.is_empty() && event.kind != Kind::Original {
        follows = told().collect();
    }
    let surplus = follows.len().saturating_sub(ALERT_REFERENCES_MAX);
    follows.into_iter().skip(surplus).map(|known| tell::alert_id(&known.event_id, known.version)).collect()
}

fn new_case(event: &InfractionEvent) -> Case {
    Case {
        origin: event.origin,
        case_id: event.case_id.clone(),
        platform: event.platform.clone(),
        organisation_id: None,
        name_digest: None,
        told: ToldList::default(),
        events: Exact::default(),
        acks: Exact::default(),
        national_sequence: 0,
        keep_until: Millis::MIN,
    }
}

fn new_event(event: &InfractionEvent) -> CaseEvent {
    CaseEvent {
        event_id: event.event_id.clone(),
        revision: event.revision,
        version: 0,
        issued_at: None,
        standing: Standing::InForce,
        domain: event.domain,
        scope: event.scope,
        handling: event.handling,
        told: 0,
        sent: Exact::default(),
        severity: event.severity,
        since: event.decided.date,
        expires_at: None,
        revisions: Exact::default(),
    }
}

/// Writes what the origin states into the case, and gives where the event stands by it.
fn state(case: &mut Case, index: usize, event: &InfractionEvent, expires_at: Millis, is_over: bool) -> Standing {
    let standing = match event.case_status {
        CaseStatus::Open | CaseStatus::Closed if is_over => Standing::Expired,
        // Whoever disputes it has not said otherwise.
        CaseStatus::Open if duty::disputed_since(case, index).is_some() => Standing::Disputed,
        CaseStatus::Open => Standing::InForce,
        CaseStatus::Closed => Standing::Closed,
    };
    revision::remember(case, index, event);
    if let Some(known) = case.events.get_mut(index) {
        known.standing = standing;
        known.domain = event.domain;
        known.scope = event.scope;
        known.handling = event.handling;
        known.severity = event.severity;
        known.since = event.decided.date;
        known.expires_at = (!is_over).then_some(expires_at);
    }
    standing
}
