//! The read API: what the state knows of a case, an organisation or an alert, as of the last committed transaction.
//!
//! Ids hold `/` and `#`. The id is all that follows the kind, so a `/` stands as it is or as `%2F`; a `#` must be
//! `%23`, since clients cut the rest off before they send. A case is asked for as `/api/v1/cases/{id}`, which lists the
//! cases of every origin under that id, or as `/api/v1/cases/{origin}/{id}`.

use std::sync::Arc;

use serde_json::{Value, json};

use super::query;
use crate::index::cases::{is_open, member_bit, open_case};
use crate::kafka::view::{Look, View, member};
use crate::model::bond::Bond;
use crate::model::code::Code;
use crate::model::limit::{ID_BYTES_MAX, MEMBERS_MAX, ORGANISATION_CASES_MAX};
use crate::model::place::Jurisdiction;
use crate::model::rules::{MemberIndex, Rules};
use crate::model::state::{Ack, Case, CaseEvent, OpenCase, Organisation};
use crate::schema::identifiers::{local_value, scheme};
use crate::schema::json::{day, instant};

/// Where the API begins.
pub const ROOT: &str = "/api/v1";

/// An answer: an HTTP status and what its body says.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    pub status: u16,
    pub body: Value,
}

/// A refusal, with the reason in words; nothing that was asked for stands in it.
pub fn refused(status: u16, error: &str, reason: &str) -> Answer {
    Answer { status, body: json!({ "error": error, "reason": reason }) }
}

/// Answers a GET of a path below `ROOT`. `instance` says whether this process is `owner` or `standby`.
pub fn answer(view: &View, instance: &str, path: &str, raw_query: Option<&str>) -> Answer {
    let Some(look) = view.look() else {
        return refused(503, "restoring", "the state is being restored; /readyz says how far it is");
    };
    let rest = path.strip_prefix(ROOT).unwrap_or_default().trim_start_matches('/');
    let (kind, id) = rest.split_once('/').unwrap_or((rest, ""));
    let Some(id) = query::decode(id, false) else {
        return refused(400, "bad_request", "the path is no text in UTF-8 with valid percent-encoding");
    };
    // An origin of at most six signs may stand before an id.
    if id.len() > ID_BYTES_MAX + "CA-ONT/#2147483647".len() {
        return refused(404, "not_found", "no id is that long");
    }
    let rules = look.rules();
    let rules = rules.as_deref();
    let found = match (kind, id.as_str()) {
        ("cases", "") => Err(refused(404, "not_found", "name a case: /api/v1/cases/{id}")),
        ("cases", id) => cases(&look, rules, id),
        ("alerts", "") => Err(refused(404, "not_found", "name an alert: /api/v1/alerts/{event_id}%23{version}")),
        ("alerts", id) => alerts(&look, rules, id),
        ("organisations", "") => by_identifier(&look, raw_query.unwrap_or_default()),
        ("organisations", id) => match look.organisation(id) {
            Some(known) => Ok(("organisations", vec![organisation(&look, &known)])),
            None => Err(refused(404, "not_found", "no organisation of this organisation_id is known")),
        },
        _ => Err(refused(404, "not_found", "there are cases, organisations and alerts below /api/v1")),
    };
    match found {
        Ok((name, items)) => {
            let as_of = as_of(&look, instance);
            Answer { status: 200, body: json!({ "as_of": as_of, name: items }) }
        }
        Err(refused) => refused,
    }
}

/// What is found, under the name of its kind.
type Found = Result<(&'static str, Vec<Value>), Answer>;

fn as_of(look: &Look<'_>, instance: &str) -> Value {
    let as_of = look.as_of();
    json!({
        "instance": instance,
        "transaction": as_of.map(|as_of| as_of.transaction),
        "log_time": as_of.map(|as_of| instant(as_of.log_time)),
    })
}

fn cases(look: &Look<'_>, rules: Option<&Rules>, id: &str) -> Found {
    let mut found = look.cases(id);
    let of_origin = id.split_once('/').and_then(|(origin, id)| Some((Jurisdiction::parse(origin)?, id)));
    if let Some((origin, id)) = of_origin {
        found.extend(look.cases(id).into_iter().filter(|case| case.origin == origin));
    }
    found.truncate(MEMBERS_MAX);
    if found.is_empty() {
        return Err(refused(404, "not_found", "no case of this id is known, or it was forgotten when its time came"));
    }
    Ok(("cases", found.iter().map(|case| self::case(rules, case)).collect()))
}

/// The alert of that id, or the last one about an event where no version is given.
fn alerts(look: &Look<'_>, rules: Option<&Rules>, id: &str) -> Found {
    let versioned = id.rsplit_once('#').and_then(|(event_id, version)| Some((event_id, version.parse::<i32>().ok()?)));
    let mut found = Vec::new();
    if let Some((event_id, version)) = versioned {
        found.extend(of_event(look, rules, event_id, Some(version)));
    }
    found.extend(of_event(look, rules, id, None));
    found.truncate(MEMBERS_MAX);
    if found.is_empty() {
        return Err(refused(404, "not_found", "no alert of this id was sent, or its case was forgotten"));
    }
    Ok(("alerts", found))
}

fn of_event(look: &Look<'_>, rules: Option<&Rules>, event_id: &str, version: Option<i32>) -> Vec<Value> {
    let mut found = Vec::new();
    for case in look.cases_of_event(event_id) {
        for event in case.events.iter().filter(|event| event.event_id == event_id) {
            let version = version.unwrap_or(event.version);
            if (1..=event.version).contains(&version) {
                found.push(alert(rules, &case, event, version));
            }
        }
    }
    found
}

fn by_identifier(look: &Look<'_>, raw_query: &str) -> Found {
    let Some(pairs) = query::pairs(raw_query) else {
        return Err(refused(400, "bad_request", "the query is no text in UTF-8 with valid percent-encoding"));
    };
    let value_of = |name: &str| pairs.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    let (Some(name), Some(text)) = (value_of("scheme"), value_of("value")) else {
        return Err(refused(400, "bad_request", "ask for ?scheme=…&value=…, or name an organisation_id in the path"));
    };
    let value = match (scheme(name), name.contains('/')) {
        (Some(scheme), _) => scheme.normalise(text),
        // A platform's own numbers: <platform>/<scheme>.
        (None, true) => local_value(text),
        (None, false) => return Err(refused(400, "unknown_scheme", "Comity's table has no such scheme")),
    };
    let Some(value) = value else {
        return Err(refused(400, "not_of_this_scheme", "the value has not the form of its scheme"));
    };
    let register = value_of("register").map(|register| register.trim().to_uppercase());
    let key = match register.filter(|register| !register.is_empty()) {
        Some(register) => format!("{name}@{register}:{value}"),
        None => format!("{name}:{value}"),
    };
    match look.holder(&key) {
        Some(known) => Ok(("organisations", vec![organisation(look, &known)])),
        None => Err(refused(404, "not_found", "no organisation with this identifier is known")),
    }
}

fn organisation(look: &Look<'_>, known: &Arc<Organisation>) -> Value {
    json!({
        "organisation_id": known.organisation_id(),
        "identifiers": known.identifiers.to_vec(),
        "registered_in": known.registered_in.map(|place| place.as_str().to_owned()),
        "open_cases": known.open_cases.iter().map(open).collect::<Vec<_>>(),
        // A list that is full may leave some out: its cases are all known by themselves.
        "open_cases_full": known.open_cases.len() >= ORGANISATION_CASES_MAX,
        "links": look.bonds(known).iter().map(|(other, bond)| link(look, other, bond)).collect::<Vec<_>>(),
    })
}

/// What is said of one of its identifiers and another; `relation` is null while it is a question on comity.review.
fn link(look: &Look<'_>, other: &str, bond: &Bond) -> Value {
    let link = bond.link();
    json!({
        "relation": bond.relation().map(Code::name),
        "first": bond.first(), "second": bond.second(),
        "other_organisation_id": look.holder(other).map(|holder| holder.organisation_id().to_owned()),
        "asserted_by": bond.asserted_by(),
        "event_ids": bond.events().iter().map(|event| event.event_id.as_str()).collect::<Vec<_>>(),
        "basis": link.map_or("", |link| &link.basis),
        "from": link.and_then(|link| link.from).map(day), "to": link.and_then(|link| link.to).map(day),
    })
}

fn open(case: &OpenCase) -> Value {
    json!({
        "origin": case.origin.as_str(), "case_id": case.case_id, "domain": case.domain.name(),
        "severity": case.severity.name(), "since": day(case.since), "scope": case.scope.name(),
    })
}

fn case(rules: Option<&Rules>, case: &Case) -> Value {
    let told: Vec<Value> = case
        .told
        .iter()
        .map(|told| {
            json!({
                "recipient": code(rules, told.member), "role": told.role.name(), "last_sequence": told.sequence,
            })
        })
        .collect();
    json!({
        "origin": case.origin.as_str(),
        "case_id": case.case_id,
        "platform": case.platform,
        "domain": case.events.last().map(|event| event.domain.name()),
        "open": is_open(case),
        "scope": open_case(case).map(|open| open.scope.name()),
        "organisation_id": case.organisation_id,
        "events": case.events.iter().map(|known| event(rules, known)).collect::<Vec<_>>(),
        "told": told,
        "acknowledgements": acknowledgements(rules, case, None),
        "contact": contact(rules, case),
    })
}

fn event(rules: Option<&Rules>, event: &CaseEvent) -> Value {
    json!({
        "event_id": event.event_id,
        "revision": event.revision,
        "last_alert_id": (event.version > 0).then(|| format!("{}#{}", event.event_id, event.version)),
        "versions": event.version,
        "standing": event.standing.name(),
        "domain": event.domain.name(),
        "scope": event.scope.name(),
        "severity": event.severity.name(),
        "since": day(event.since),
        "expires_at": event.expires_at.map(instant),
        "told": told_of(rules, event),
    })
}

fn alert(rules: Option<&Rules>, case: &Case, event: &CaseEvent, version: i32) -> Value {
    json!({
        "alert_id": format!("{}#{version}", event.event_id),
        "event_id": event.event_id,
        "version": version,
        "versions": event.version,
        "origin": case.origin.as_str(),
        "case_id": case.case_id,
        "platform": case.platform,
        "domain": event.domain.name(),
        "organisation_id": case.organisation_id,
        "standing": event.standing.name(),
        "scope": event.scope.name(),
        "severity": event.severity.name(),
        "since": day(event.since),
        "expires_at": event.expires_at.map(instant),
        // Who got some alert about the event; who got which one, and when, stands in the topics (`comity reach`).
        "told": told_of(rules, event),
        "acknowledgements": acknowledgements(rules, case, Some(&event.event_id)),
        "contact": contact(rules, case),
    })
}

/// What recipients said of the alerts about one event or all of a case, and what is still due.
fn acknowledgements(rules: Option<&Rules>, case: &Case, event_id: Option<&str>) -> Vec<Value> {
    let said = |ack: &Ack| {
        let event = case.events.get(usize::from(ack.event))?;
        let wanted = event_id.is_none_or(|event_id| event.event_id == event_id);
        wanted.then(|| {
            json!({
                "recipient": code(rules, ack.member),
                "event_id": event.event_id,
                "version": (ack.version > 0).then_some(ack.version),
                "level": ack.level.map(Code::name),
                "at": ack.at.map(instant),
                "disputed_since": ack.disputed_since.map(instant),
                "due_at": ack.duty.and_then(|duty| duty.due_at).map(instant),
                "overdue_since": ack.duty.and_then(|duty| duty.ran_out).map(|ran_out| instant(ran_out.due_at)),
            })
        })
    };
    case.acks.iter().filter_map(said).collect()
}

/// Whom to ring about what an origin decided; which of its authorities it was stands in the alert.
fn contact(rules: Option<&Rules>, case: &Case) -> Value {
    let contact = rules.and_then(|rules| rules.contact(None, case.origin));
    contact.map_or(
        Value::Null,
        |contact| json!({ "unit": contact.unit, "telephone": contact.telephone, "hours": contact.hours }),
    )
}

/// The members that got an alert about this very event.
fn told_of(rules: Option<&Rules>, event: &CaseEvent) -> Vec<Value> {
    let members = 0..MemberIndex::try_from(MEMBERS_MAX).unwrap_or(MemberIndex::MAX);
    members.filter(|place| event.told & member_bit(*place) != 0).map(|place| code(rules, place)).collect()
}

/// A member's code; null for one that the rules in force do not name, which the ledger never writes.
fn code(rules: Option<&Rules>, place: MemberIndex) -> Value {
    json!(member(rules, place).map(|jurisdiction| jurisdiction.as_str().to_owned()))
}

#[cfg(test)]
mod tests;
