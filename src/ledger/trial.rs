//! TEST: the line is tried with an event that is remembered nowhere but in its source's position.

use super::Outcome;
use super::draft::Draft;
use super::tell::{self, Message};
use super::{reject, subject, term, withdrawal};
use crate::index::identity::{self, Sought};
use crate::model::code::{CaseStatus, Kind, MsgType, Standing};
use crate::model::decision::{About, AlertOrganisation, Decision, Output};
use crate::model::event::InfractionEvent;
use crate::model::rejection::Reason;
use crate::model::rules::Rules;
use crate::model::told::ToldList;
use crate::route::{self, Matter, Naming, Places};

/// Alerts today's route on `comity.alerts.test`. The kind decides what the alert is, since no case remembers what came
/// before; the alert lists no open cases, which are nobody's test data.
pub(super) fn decide<'e>(draft: &mut Draft<'_, 'e>, rules: &Rules, event: &'e InfractionEvent) -> Outcome {
    if !reject::may_speak(rules, event.origin, false, event.kind) {
        return reject::event(draft, event, Reason::OriginNotMember, Some("origin"));
    }
    let (msg_type, standing) = match (event.kind, event.case_status) {
        _ if withdrawal::is_annulled(event) => (MsgType::Cancel, Standing::Withdrawn),
        (Kind::Withdrawal, _) => (MsgType::Cancel, Standing::Withdrawn),
        (Kind::Closure, _) => (MsgType::Update, Standing::Closed),
        (Kind::Original, CaseStatus::Open) => (MsgType::Alert, Standing::InForce),
        (Kind::Original, CaseStatus::Closed) => (MsgType::Alert, Standing::Closed),
        (Kind::Supplement | Kind::Correction, CaseStatus::Open) => (MsgType::Update, Standing::InForce),
        (Kind::Supplement | Kind::Correction, CaseStatus::Closed) => (MsgType::Update, Standing::Closed),
    };
    let expires_at = term::expires_at(event, &rules.policy);
    if event.kind == Kind::Original && expires_at <= draft.now() {
        return reject::event(draft, event, Reason::ExpiredOnArrival, Some("expires_at"));
    }
    let Some(sharing) = route::shared_with(rules, event) else {
        return reject::event(draft, event, Reason::UnknownGroup, Some("sharing_groups"));
    };
    let message = Message { expires_at: Some(expires_at), ..Message::new(msg_type, standing) };
    let sought = subject::seek(draft, event.subject.as_ref(), None).sought;
    let named = event.subject.as_ref().filter(|_| sought.organisation_id().is_some());
    let numbers = named.map_or(&[][..], |subject| subject.identifiers.as_slice());
    let places = Places {
        registered_in: named.and_then(|subject| subject.jurisdiction).into_iter().collect(),
        established_in: numbers
            .iter()
            .flat_map(|number| identity::established_in(&identity::identifier_key(number)).collect::<Vec<_>>())
            .collect(),
        open_in: Vec::new(),
    };
    let matter = Matter {
        origin: event.origin,
        domain: event.domain,
        severity: event.severity,
        scope: event.scope,
        naming: Naming::of(event, &sharing),
        case_told: &ToldList::default(),
        places: &places,
        msg_type,
        newcomers: true,
        attention_only: false,
    };
    let mut recipients = Vec::new();
    for routed in route::recipients(rules, &matter, &[]) {
        let sequence = draft.next_sequence(Output::Test(routed.member));
        recipients.push(tell::recipient(routed, sequence, Vec::new()));
    }
    if !recipients.is_empty() {
        let decision = decision(rules, event, message, &sought, draft.now());
        draft.effects.decisions.push(Decision { recipients, ..decision });
    }
    Outcome::Taken
}

fn decision<'e>(
    rules: &Rules,
    event: &'e InfractionEvent,
    message: Message<'e>,
    sought: &Sought,
    now: i64,
) -> Decision<'e> {
    let matched_by = sought.matched_by();
    let holder =
        if let Sought::Beside(holder, ..) = sought { Some(holder).filter(|known| known.is_public) } else { None };
    let organisation_id = holder.map(|holder| holder.organisation_id()).or(sought.organisation_id()).map(str::to_owned);
    Decision {
        alert_id: tell::alert_id(&event.event_id, 1),
        version: 1,
        msg_type: message.msg_type,
        references: Vec::new(),
        standing: message.standing,
        disputed_since: None,
        about: About {
            event_id: event.event_id.clone(),
            case_id: event.case_id.clone(),
            origin: event.origin,
            platform: event.platform.clone(),
            domain: event.domain,
            severity: event.severity,
            since: event.decided.date,
            handling: event.handling,
        },
        organisation: matched_by.map(|matched_by| AlertOrganisation {
            organisation_id,
            formerly: Vec::new(),
            matched_by,
        }),
        open_cases: Vec::new(),
        open_cases_more: 0,
        contact: rules.contact(Some(&event.authority.id), event.origin).cloned(),
        issued_at: now,
        expires_at: message.expires_at,
        withdrawal_reason: event.withdrawal.as_ref().map(|withdrawal| withdrawal.reason),
        original_unseen: false,
        event: Some(event),
        test: true,
        joining: false,
        recipients: Vec::new(),
        national: None,
    }
}
