//! What goes in: platforms, the records that they publish, and rules.

use std::collections::BTreeMap;

use comity::model::code::{Domain, MemberState, Role, Severity};
use comity::model::entry::AcknowledgementLevel;
use comity::model::place::{DAY_MS, Millis};
use comity::model::rules::{Clock, ClockStep, Period, Rules, Within};
use comity::platform::desk::desks;
use comity::platform::statements::statements;
use comity::platform::{Platform, load};
use serde_json::{Value, json};

use crate::broker::Read;
use crate::chance::Chance;
use crate::world::{self, member, place};

pub(crate) const MEMBERS: [&str; 5] = ["CA-ON", "CA-QC", "US-MA", "DE", "FR"];
const TOML: &str = include_str!("platform/platform.toml");
const SCHEMA: &str = include_str!("platform/source.avsc");
const MAPPING: &str = include_str!("platform/mapping.vrl");

/// The sources of the federation, by their place in the list.
pub(crate) struct Sources {
    /// Topic, platform, whether it is the platform's backfill.
    all: Vec<(String, Platform, bool)>,
}

impl Sources {
    pub(crate) fn load() -> Self {
        let mut all = Vec::new();
        for (name, origin) in [("on-food", "CA-ON"), ("qc-food", "CA-QC"), ("network", "per-record")] {
            let platform = simulated(name, origin);
            all.push((platform.definition.topic.clone(), platform, false));
        }
        let backfill = simulated("de-food", "DE");
        all.push((backfill.definition.backfill_topic(), backfill, true));
        for desk in desks([place("CA-ON")]).expect("the desk") {
            all.push((desk.definition.topic.clone(), desk, false));
        }
        for statement in statements([place("CA-QC"), place("DE")]).expect("statements") {
            all.push((statement.definition.topic.clone(), statement, false));
        }
        Self { all }
    }

    pub(crate) fn count(&self) -> usize {
        self.all.len()
    }

    pub(crate) fn topic(&self, source: usize) -> &str {
        &self.all[source].0
    }

    pub(crate) fn platform(&self, source: usize) -> &Platform {
        &self.all[source].1
    }

    pub(crate) fn is_backfill(&self, source: usize) -> bool {
        self.all[source].2
    }

    pub(crate) fn of_topic(&self, topic: &str) -> &Platform {
        self.all.iter().find(|(known, ..)| known == topic).map(|(_, platform, _)| platform).expect("a source")
    }
}

fn simulated(name: &str, origin: &str) -> Platform {
    let own = if origin == "per-record" { ".origin" } else { "null" };
    let files = [
        ("platform.toml", TOML.replace("WHOSE", origin)),
        ("source.avsc", SCHEMA.to_owned()),
        ("mapping.vrl", MAPPING.replace("WHOSE", own)),
    ];
    let files: BTreeMap<_, _> = files.into_iter().map(|(name, text)| (name.to_owned(), text.into_bytes())).collect();
    load(name, &files).unwrap_or_else(|problems| panic!("{problems:?}"))
}

/// The last version of the rules.
pub(crate) const RULES_MAX: usize = 4;

/// Rules of a version, with what it changes since the first.
pub(crate) fn rules(version: usize) -> Rules {
    let known = if version > 1 { MEMBERS.len() } else { MEMBERS.len() - 1 };
    let mut rules = world::rules(i64::try_from(version).expect("few"), &MEMBERS[..known]);
    if version > 2 {
        rules.members[2].state = MemberState::Left;
        rules.members[3].least_severity = Severity::Severe;
    }
    if version > 3 {
        rules.members[2] = member(MEMBERS[2]);
        rules.members[3].domains = vec![Domain::FoodSafety];
        rules.policy.expires_after = Period { months: 6, days: 0 };
    }
    let steps = [(AcknowledgementLevel::Received, 24), (AcknowledgementLevel::Accepted, 72)];
    let steps = steps.map(|(level, hours)| ClockStep { level, within: Within::Hours(hours) });
    rules.clocks = vec![Clock {
        name: "follow-up".to_owned(),
        domain: Domain::FoodSafety,
        least_severity: Severity::Unknown,
        role: Role::FollowUp,
        steps: steps.to_vec(),
    }];
    rules
}

/// A record that a source publishes next; `told` are alerts that somebody got.
pub(crate) fn record(sources: &Sources, source: usize, chance: &mut Chance, now: Millis, told: &[Read]) -> Vec<u8> {
    let platform = sources.platform(source);
    let name = platform.definition.name.as_str();
    let value = if name == "links" {
        link(chance)
    } else if name.ends_with("-acks") {
        acknowledgement(chance, told)
    } else if name.ends_with("-desk") {
        desk(chance, now)
    } else {
        native(chance, now, name == "network")
    };
    if chance.once_in(24) { b"{ no".to_vec() } else { value.to_string().into_bytes() }
}

fn native(chance: &mut Chance, now: Millis, network: bool) -> Value {
    let kinds = [
        "ORIGINAL",
        "ORIGINAL",
        "ORIGINAL",
        "ORIGINAL",
        "SUPPLEMENT",
        "CORRECTION",
        "CORRECTION",
        "WITHDRAWAL",
        "WITHDRAWAL",
        "CLOSURE",
        "NOTE",
    ];
    let kind = chance.pick(&kinds);
    let number = chance.below(9);
    let mut record = json!({
        "event": format!("e{number}"), "matter": format!("c{}", number / 2), "kind": kind,
        "title": format!("title {}", chance.below(40)),
        "day": date(now - DAY_MS * i64::try_from(chance.below(3) * 90).expect("few")),
        "closed": chance.once_in(8),
    });
    if network {
        // Two members never number their events alike.
        let origin = chance.pick(&MEMBERS[..4]);
        record["origin"] = json!(origin);
        record["event"] = json!(format!("{origin}-e{number}"));
        record["matter"] = json!(format!("{origin}-c{}", number / 2));
    }
    if kind == "WITHDRAWAL" {
        let scope = chance.pick(&["EVENT", "EVENT", "CASE"]);
        record["taken_back"] = json!({ "scope": scope, "reason": chance.pick(&["UNFOUNDED", "MISTAKEN_IDENTITY"]) });
        return record;
    }
    if chance.once_in(4) {
        record["number"] = json!(chance.below(4));
    }
    if chance.once_in(3) {
        record["until"] = json!(instant(now + chance.pick(&[3_600_000, DAY_MS, 2 * DAY_MS, 30 * DAY_MS])));
    }
    record["severity"] = json!(chance.pick(&["UNKNOWN", "MINOR", "SEVERE"]));
    record["domain"] = json!(chance.pick(&["FOOD_SAFETY", "FOOD_SAFETY", "ENVIRONMENT"]));
    record["scope"] = json!(chance.pick(&["FEDERATION", "FEDERATION", "FEDERATION", "RESTRICTED"]));
    let name = chance.pick(&["Acme Foods Inc.", "Acme Foods Inc.", "Zulu Bakery Ltd.", "Quorum Mining Corp."]);
    record["name"] = json!(name);
    if chance.below(5) > 0 {
        record["company"] = json!(chance.pick(&["1234567", "1234567", "7654321", "1111111"]));
    }
    if chance.once_in(3) {
        record["follow"] = json!([chance.pick(&MEMBERS)]);
    }
    if chance.once_in(3) {
        record["attend"] = json!([chance.pick(&MEMBERS)]);
    }
    record
}

/// A member takes back or closes what one of its platforms said.
fn desk(chance: &mut Chance, now: Millis) -> Value {
    let number = chance.below(9);
    let mut record = json!({
        "event_id": format!("on-food/e{number}"), "case_id": format!("on-food/c{}", number / 2),
        "kind": chance.pick(&["WITHDRAWAL", "WITHDRAWAL", "CLOSURE"]), "decided": instant(now),
        "domain": "FOOD_SAFETY",
    });
    if record["kind"] == "WITHDRAWAL" {
        record["withdrawal"] = json!({ "scope": chance.pick(&["EVENT", "CASE"]), "reason": "SENT_IN_ERROR" });
    }
    record
}

/// What a recipient says of one of its last alerts.
fn acknowledgement(chance: &mut Chance, told: &[Read]) -> Value {
    let levels = ["RECEIVED", "RECEIVED", "ACCEPTED", "DISPUTED", "NO_ACTION", "ACTION_TAKEN"];
    let level = chance.pick(&levels);
    let last = told.iter().rev().nth(chance.below(8)).or(told.last());
    let Some(last) = last else {
        return json!({ "alert_id": "on-food/e0#1", "origin": "CA-ON", "case_id": "on-food/c0", "level": level });
    };
    let value = last.record.value.as_deref().expect("a value");
    let alert = comity::schema::view::alert(value).expect("an alert");
    json!({ "alert_id": alert.alert_id, "origin": alert.origin.as_str(), "case_id": alert.case_id, "level": level })
}

fn link(chance: &mut Chance) -> Value {
    let numbers = ["1234567", "7654321", "1111111"];
    let company = |value: &str| format!("ca-corporation-number:{value}");
    json!({
        "relation": chance.pick(&["SAME", "SAME", "NOT_SAME", "SUCCESSOR_OF"]),
        "first": company(chance.pick(&numbers)), "second": company(chance.pick(&numbers)),
        "asserted_by": "operator", "basis": "register",
    })
}

fn date(at: Millis) -> String {
    jiff::Timestamp::from_millisecond(at).expect("an instant").strftime("%Y-%m-%d").to_string()
}

fn instant(at: Millis) -> String {
    jiff::Timestamp::from_millisecond(at).expect("an instant").strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string()
}

/// One of many that end at the same time.
pub(crate) fn storm(number: usize, now: Millis) -> Vec<u8> {
    let record = json!({
        "event": format!("s{number}"), "matter": format!("s{number}"), "kind": "ORIGINAL",
        "title": format!("storm {number}"), "day": date(now), "closed": false, "until": instant(now + 7_200_000),
        "name": "Storm Foods Inc.",
    });
    record.to_string().into_bytes()
}
