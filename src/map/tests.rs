use std::collections::BTreeMap;
use std::sync::Arc;

use vrl::value::Value;

use super::map;
use crate::model::code::{Code, Kind, Mode};
use crate::model::event::InfractionEvent;
use crate::model::limit;
use crate::model::problem::Problem;
use crate::model::record::{NativeRecord, RawRecord, SourcePosition};
use crate::model::rejection::{Reason, Refusal};
use crate::platform::{Platform, load};

const TOML: &str = r#"
title = "Invented decisions"
origin = "CA-ON"
language = "en"
time_zone = "America/Toronto"
domains = ["LABOUR_STANDARDS", "WORKPLACE_SAFETY"]
decisions_are = "decisions are rows with a finding"
names_subjects = true
authority = { id = "on-test", name = "Test authority" }
[legal_bases]
act = { scheme = "CA-ON", value = "S.O. 2000, c. 41" }
other = { scheme = "CA-ON", value = "R.S.O. 1990, c. O.1" }
[rejects]
no_finding = "nothing was found"
[never_sends]
CLOSURE = "it never closes"
[schemes.employer-number]
registers = "employers"
persons = true
[codes.severity]
"Serious" = "SEVERE"
"Not rated" = ""
[codes.places]
"Bonaire, Sint Eustatius and Saba" = "BQ"
"Italy" = "IT"
"Italy (IT)" = "IT"
"INFOSAN" = ""
"Saba" = "XX"
[[source]]
version = "json"
format = "json"
"#;

const SCHEMA: &str = r#"{"type":"record","name":"Row","fields":[
 {"name":"id","type":["null","string"]},
 {"name":"status","type":["null","string"]},
 {"name":"name","native":"Employer Name","type":["null","string"]},
 {"name":"number","type":["null","long"]},
 {"name":"amount","type":["null","string"]},
 {"name":"decided","type":["null","string"]},
 {"name":"severity","type":["null","string"]},
 {"name":"places","type":["null","string"]},
 {"name":"goods","type":{"type":"array","items":{"type":"record","name":"Good","fields":[
   {"name":"label","type":["null","string"]}]}}}]}"#;

const MAPPING: &str = r#"
if .status == "empty" { abort "no_finding" }
kind = if .status == "Vacated" { "WITHDRAWAL" } else { "ORIGINAL" }
withdrawal = if kind == "WITHDRAWAL" { { "reason": "ANNULLED" } }
{
  "kind": kind,
  "event_id": .id,
  "case_id": .id,
  "decided": date(.decided, ["%Y-%m-%d %H:%M:%S%.f", "%m/%d/%Y", "%b %d, %Y"]),
  "subject": { "legal_name": .name, "identifiers": [org_id("employer-number", .number)] },
  "products": each(.goods) -> |good| { { "name": good.label } },
  "infraction": { "title": "Unpaid wages" },
  "severity": code("severity", .severity) || "UNKNOWN",
  "measures": [{ "type": "FINE", "penalty": money(.amount, "CAD", absent: ["undet."]) }],
  "distribution": code_list("places", .places, ","),
  "withdrawal": withdrawal,
}
"#;

fn told(problems: &[Problem]) -> String {
    let shown = problems.iter().map(|problem| {
        let word = problem.place.as_ref().map_or("", |place| &place.text[place.start..place.end]);
        format!("{} {} at `{word}`: {} ({})\n", problem.code, problem.file, problem.why, problem.help)
    });
    shown.collect()
}

fn files(toml: &str, schema: &str, mapping: &str) -> BTreeMap<String, Vec<u8>> {
    let files = [("platform.toml", toml), ("source.avsc", schema), ("mapping.vrl", mapping)];
    files.into_iter().map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec())).collect()
}

fn platform(mapping: &str) -> Platform {
    load("on-test", &files(TOML, SCHEMA, mapping)).unwrap_or_else(|problems| panic!("{}", told(&problems)))
}

fn run(platform: &Platform, json: &str) -> Result<Box<InfractionEvent>, Refusal> {
    let json: serde_json::Value = serde_json::from_str(json).unwrap();
    let at = SourcePosition { topic: Arc::from("comity.in.on-test"), partition: 0, from: 0, offset: 0 };
    let record =
        RawRecord { at: &at, value: Some(b"{}"), source_version: None, test: false, published_at: 1_700_000_000_000 };
    map(platform, NativeRecord { source: 0, schema_id: None, value: Value::from(json) }, &record)
}

const ROW: &str = r#"{"id":"A-1","status":"Assessed","name":" Acme Ltd. ","number":17,"amount":"$1,227.5",
  "decided":"Oct 30, 2024","severity":"Serious","goods":[{"label":"x"},{"label":null}],
  "places":"Italy (IT), Bonaire, Sint Eustatius and Saba,INFOSAN,Italy"}"#;

/// The row with one text replaced by another, which must be there once.
fn row(from: &str, to: &str) -> String {
    assert_eq!(ROW.matches(from).count(), 1, "{from}");
    ROW.replace(from, to)
}

#[track_caller]
fn refused(platform: &Platform, json: &str) -> (Reason, Option<String>, Option<String>) {
    match run(platform, json) {
        Ok(event) => panic!("{event:?}"),
        Err(Refusal { reason, detail, field }) => (reason, detail, field),
    }
}

#[track_caller]
fn refused_at(json: &str, reason: Reason, field: &str) {
    assert_eq!(refused(&platform(MAPPING), json), (reason, None, Some(field.to_owned())));
}

/// What stood behind the bound was passed over: two lists had one digest, and an unknown code was no code.
#[test]
fn a_list_over_its_bound_is_refused_and_not_read_in_part() {
    let goods = |count: usize| {
        let labels: Vec<String> = (0..count).map(|_| r#"{"label":"Italy"}"#.to_owned()).collect();
        row(r#"{"label":"x"},{"label":null}"#, &labels.join(","))
    };
    let without_goods = MAPPING.replace("  \"products\": each(.goods) -> |good| { { \"name\": good.label } },\n", "");
    let reason =
        |mapping: &str, count: usize| run(&platform(mapping), &goods(count)).err().map(|refusal| refusal.reason);
    let digest =
        without_goods.replace("\"event_id\": .id", "\"event_id\": digest(each(.goods) -> |good| { good.label })");
    assert_eq!((reason(&digest, 500), reason(&digest, 501)), (None, Some(Reason::OverLimit)));
    let codes = without_goods.replace(
        "code_list(\"places\", .places, \",\")",
        "code_list(\"places\", each(.goods) -> |good| { good.label }, \",\")",
    );
    assert_eq!((reason(&codes, 1_000), reason(&codes, 1_001)), (None, Some(Reason::UnknownCode)));
}

#[test]
fn an_event_has_what_its_record_says_and_its_platform_defaults() {
    let event = run(&platform(MAPPING), ROW).unwrap();
    assert_eq!((event.event_id.as_str(), event.case_id.as_str()), ("on-test/A-1", "on-test/A-1"));
    assert_eq!((event.kind, event.mode, event.origin.as_str()), (Kind::Original, Mode::Actual, "CA-ON"));
    assert_eq!(event.domain.name(), "LABOUR_STANDARDS");
    assert_eq!(event.legal_basis[0].value, "S.O. 2000, c. 41");
    // 2024-10-30 by `date -d 2024-10-30 +%s` / 86400.
    assert_eq!((event.decided.date, event.decided.text.as_deref()), (20_026, Some("Oct 30, 2024")));
    let subject = event.subject.as_ref().unwrap();
    assert_eq!(subject.legal_name, "Acme Ltd.");
    let identifier = &subject.identifiers[0];
    assert_eq!((identifier.scheme.as_str(), identifier.value.as_str()), ("on-test/employer-number", "17"));
    assert_eq!(event.products.iter().map(|product| product.name.as_deref()).collect::<Vec<_>>(), [Some("x")]);
    let penalty = event.measures[0].penalty.as_ref().unwrap();
    assert_eq!((penalty.amount_minor, penalty.currency.as_str()), (122_750, "CAD"));
    assert_eq!(event.distribution.iter().map(|place| place.as_str()).collect::<Vec<_>>(), ["IT", "BQ"]);
    assert_eq!(event.severity.name(), "SEVERE");
    assert_eq!(event.reported_at, 1_700_000_000_000);
    // sha256sum of `{}`.
    assert!(event.provenance.raw_sha256.starts_with(&[0x44, 0x13, 0x6f, 0xa3, 0x55]));
    assert_eq!(event.provenance.content_sha256, [0; 32]);
}

#[test]
fn a_withdrawal_carries_event_case_reason_and_date_only() {
    let event = run(&platform(MAPPING), &row("Assessed", "Vacated")).unwrap();
    assert_eq!(event.kind, Kind::Withdrawal);
    assert_eq!(event.withdrawal.as_ref().unwrap().reason.name(), "ANNULLED");
    assert_eq!((&event.subject, event.products.len(), event.measures.len()), (&None, 0, 0));
    assert_eq!((event.legal_basis.len(), event.distribution.len(), event.infraction.title.as_str()), (0, 0, ""));
    assert_eq!(event.decided.date, 20_026);
}

#[test]
fn a_record_that_is_no_decision_is_refused_by_its_word() {
    let no_finding = (Reason::NotADecision, Some("no_finding".to_owned()), None);
    assert_eq!(refused(&platform(MAPPING), &row("Assessed", "empty")), no_finding);
}

#[test]
fn what_cannot_be_read_is_refused_with_its_line_and_never_with_its_value() {
    let line = |text: &str| 1 + MAPPING[..MAPPING.find(text).unwrap()].matches('\n').count();
    let at = |text: &str| format!("mapping.vrl:{}", line(text));
    refused_at(&row("Oct 30, 2024", "soon"), Reason::UnreadableDate, &at("date(.decided"));
    refused_at(&row("$1,227.5", "undetermined"), Reason::UnreadableMoney, &at("money("));
    refused_at(&row("Serious", "Grave"), Reason::UnknownCode, &at("code(\"severity\""));
    refused_at(&row("INFOSAN", "Atlantis"), Reason::UnknownCode, &at("code_list("));
}

#[test]
fn absent_and_blank_are_the_same() {
    let platform = platform(MAPPING);
    let event = run(&platform, &row("$1,227.5", "undet.")).unwrap();
    assert_eq!(event.measures[0].penalty, None);
    let event = run(&platform, &row("\"Serious\"", "\"Not rated\"")).unwrap();
    assert_eq!(event.severity.name(), "UNKNOWN");
    let event = run(&platform, &row("\" Acme Ltd. \"", "\"\u{a0}\"").replace("17", "null")).unwrap();
    assert_eq!(event.subject, None);
    refused_at(&row("\"A-1\"", "null"), Reason::MissingValue, "event_id");
    refused_at(&row("\"A-1\"", "\"  \""), Reason::MissingValue, "event_id");
    refused_at(&row("\"Oct 30, 2024\"", "\"\""), Reason::MissingValue, "decided");
    refused_at(&row("\" Acme Ltd. \"", "null"), Reason::MissingValue, "subject.legal_name");
}

#[test]
fn every_bound_is_kept_and_none_is_cut() {
    let goods = |count: usize| {
        let list = vec![r#"{"label":"x"}"#; count].join(",");
        row(r#"[{"label":"x"},{"label":null}]"#, &format!("[{list}]"))
    };
    assert_eq!(run(&platform(MAPPING), &goods(limit::PRODUCTS_MAX)).unwrap().products.len(), limit::PRODUCTS_MAX);
    refused_at(&goods(limit::PRODUCTS_MAX + 1), Reason::OverLimit, "products");
    let id = |length: usize| row("A-1", &"7".repeat(length));
    let longest = limit::ID_BYTES_MAX - "on-test/".len();
    assert_eq!(run(&platform(MAPPING), &id(longest)).unwrap().event_id.len(), limit::ID_BYTES_MAX);
    refused_at(&id(longest + 1), Reason::OverLimit, "event_id");
    let name = |length: usize| row(" Acme Ltd. ", &"x".repeat(length));
    assert!(run(&platform(MAPPING), &name(limit::TEXT_BYTES_MAX)).is_ok());
    refused_at(&name(limit::TEXT_BYTES_MAX + 1), Reason::OverLimit, "subject.legal_name");
    refused_at(&row("A-1", "A\\n1"), Reason::InvalidValue, "event_id");
}

#[test]
fn a_header_says_that_the_producer_tries_the_line() {
    let platform = platform(MAPPING);
    let json: serde_json::Value = serde_json::from_str(ROW).unwrap();
    let at = SourcePosition { topic: Arc::from("t"), partition: 0, from: 0, offset: 0 };
    let record = RawRecord { at: &at, value: None, source_version: None, test: true, published_at: 0 };
    let event = map(&platform, NativeRecord { source: 0, schema_id: None, value: Value::from(json) }, &record).unwrap();
    assert_eq!(event.mode, Mode::Test);
}

/// A mapping of which one field of the event is given by an expression.
fn giving(field: &str, expression: &str) -> String {
    format!(
        r#"{{ "kind": "ORIGINAL", "event_id": .id, "case_id": .id, "infraction": {{ "title": "x" }},
  "decided": date(.decided, "%b %d, %Y"), "{field}": {expression} }}"#
    )
}

#[test]
fn codes_that_only_the_record_knows_are_checked_when_it_comes() {
    let at = |field: &str, reason| {
        let platform = platform(&giving(field, ".status"));
        assert_eq!(refused(&platform, ROW), (reason, None, Some(field.to_owned())));
    };
    at("domain", Reason::DomainNotListed);
    at("finality", Reason::UnknownCode);
    let platform = platform(&giving("domain", ".status"));
    let listed = run(&platform, &row("Assessed", "WORKPLACE_SAFETY")).unwrap();
    assert_eq!(listed.domain.name(), "WORKPLACE_SAFETY");
    assert_eq!(refused(&platform, &row("Assessed", "FOOD_SAFETY")).0, Reason::DomainNotListed);
}

#[test]
fn a_network_takes_its_origin_from_the_record() {
    let toml = TOML.replace("origin = \"CA-ON\"", "origin = \"per-record\"");
    let network = load("on-test", &files(&toml, SCHEMA, &giving("origin", ".status"))).unwrap();
    assert_eq!(run(&network, &row("Assessed", "DE")).unwrap().origin.as_str(), "DE");
    assert_eq!(refused(&network, ROW), (Reason::OriginUnknown, None, Some("origin".to_owned())));
}

#[test]
fn a_reason_to_withdraw_beside_another_kind_is_refused() {
    let platform = platform(&giving("withdrawal", "{ \"reason\": \"UNFOUNDED\" }"));
    assert_eq!(refused(&platform, ROW), (Reason::InvalidValue, None, Some("withdrawal".to_owned())));
}

#[test]
fn a_date_expires_at_its_end_in_the_time_zone_of_its_platform() {
    let platform = platform(&giving("expires_at", "date(\"2024-12\", \"%Y-%m\")"));
    // 2025-01-01T00:00 in Toronto is 05:00 UTC: `date -d 2025-01-01T05:00Z +%s`.
    assert_eq!(run(&platform, ROW).unwrap().expires_at, Some(1_735_707_600_000));
}

/// Readers in other languages break on other years, so no event states one.
#[test]
fn no_event_states_a_day_or_instant_outside_the_years_1_to_9999() {
    let invalid = |field: &str| (Reason::InvalidValue, None, Some(field.to_owned()));
    // Seconds of `date -u -d 0001-01-01 +%s` and of the second before 10000-01-01.
    let (first, last) = (-62_135_596_800_000_i64, 253_402_300_799_999_i64);
    for field in ["aware_at", "expires_at", "reported_at"] {
        for (millis, taken) in [(first, true), (first - 1, false), (last, true), (last + 1, false), (i64::MAX, false)] {
            let platform = platform(&giving(field, &millis.to_string()));
            match run(&platform, ROW) {
                Ok(event) => assert!(
                    taken && [event.aware_at, event.expires_at, Some(event.reported_at)].contains(&Some(millis))
                ),
                Err(refusal) => {
                    assert_eq!((refusal.reason, refusal.detail, refusal.field), invalid(field));
                    assert!(!taken, "{field} {millis}");
                }
            }
        }
        let far = giving(field, "from_unix_timestamp(999999999999) ?? null");
        assert_eq!(refused(&platform(&far), ROW), invalid(field));
    }
    let no_end = platform(&giving("expires_at", "date(\"9999-12-31\", \"%Y-%m-%d\")"));
    assert_eq!(run(&no_end, ROW).unwrap().expires_at, Some(last));
    let occurred = platform(&giving("occurred", "date(\"10000-01-01\", \"%Y-%m-%d\")"));
    assert_eq!(refused(&occurred, ROW).0, Reason::UnreadableDate);
}

#[test]
fn a_failure_inside_vrl_says_nothing_of_the_record() {
    // A value of another type than its schema says is a failure that VRL's types exclude.
    let platform = platform(&giving("distribution_text", "upcase(.status || \"\")"));
    let (reason, detail, field) = refused(&platform, &row("\"Assessed\"", "[\"Jane Roe\"]"));
    assert_eq!((reason, detail, field.as_deref()), (Reason::MappingFailed, None, Some("mapping.vrl:2")));
}
