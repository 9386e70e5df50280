//! The desk of every jurisdiction: whose it is, and of what it can speak. Its records are in `schemas/desk/examples`.

#![expect(clippy::unwrap_used, reason = "a test ends where its input is not what it must be")]

use std::sync::Arc;

use comity::intake::handle;
use comity::model::place::Jurisdiction;
use comity::model::record::{RawRecord, SourcePosition};
use comity::platform::definition::{Ids, Origin};
use comity::platform::{Platform, desk};
use serde_json::{Value, json};

fn place(code: &str) -> Jurisdiction {
    Jurisdiction::parse(code).unwrap()
}

fn desk_of(code: &str) -> Platform {
    desk::desks([place(code)]).unwrap().remove(0)
}

/// What intake makes of a record of this desk, as canonical JSON.
fn map(desk: &Platform, record: &Value) -> Value {
    let topic = Arc::from(desk.definition.topic.as_str());
    let at = SourcePosition { topic, partition: 0, from: 0, offset: 0 };
    let value = record.to_string();
    let raw = RawRecord {
        at: &at,
        value: Some(value.as_bytes()),
        source_version: Some("desk-1"),
        test: false,
        published_at: 0,
    };
    comity::schema::json::body(&handle(desk, &raw, None)).unwrap()
}

fn closure(event_id: &str) -> Value {
    json!({ "event_id": event_id, "case_id": "ca-on-food/1", "kind": "CLOSURE", "decided": "2026-03-01" })
}

fn correction() -> Value {
    json!({
        "event_id": "ca-on-food/FI-1", "case_id": "ca-on-food/1", "kind": "CORRECTION", "decided": "2026-03-01",
        "domain": "FOOD_SAFETY", "infraction": { "title": "Undeclared milk" },
        "legal_basis": [{ "scheme": "S.O. 2001", "value": "c. 20" }],
    })
}

#[test]
fn each_jurisdiction_has_its_own() {
    let desks = desk::desks(["CA-ON", "DE"].map(place)).unwrap();
    let facts: Vec<(&str, &str, &Origin, &str)> = desks
        .iter()
        .map(|desk| &desk.definition)
        .map(|desk| (desk.name.as_str(), desk.topic.as_str(), &desk.origin, desk.authority.id.as_str()))
        .collect();
    let (ontario, germany) = (Origin::Fixed(place("CA-ON")), Origin::Fixed(place("DE")));
    assert_eq!(
        facts,
        [
            ("ca-on-desk", "comity.in.ca-on-desk", &ontario, "ca-on-desk"),
            ("de-desk", "comity.in.de-desk", &germany, "de-desk")
        ]
    );
    assert!(desks.iter().all(|desk| desk.definition.ids == Ids::Canonical));
    assert_eq!(desks[0].digest, desks[1].digest, "they differ by nothing but their member");
    for (name, of) in [("ca-on-desk", Some("CA-ON")), ("de-desk", Some("DE")), ("desk", None), ("ca-on-food", None)] {
        assert_eq!(desk::jurisdiction(name), of.map(place), "{name}");
    }
}

#[test]
fn ids_of_any_platform_pass_as_they_stand_and_the_origin_is_its_own() {
    let desk = desk_of("CA-ON");
    for id in ["ca-on-food/FI-1", "eu-rasff/2024.1234", "us-nj-labour/1", "ca-on-desk/a/b c"] {
        let event = map(&desk, &closure(id));
        assert_eq!(
            (&event["event_id"], &event["origin"], &event["platform"]),
            (&json!(id), &json!("CA-ON"), &json!("ca-on-desk"))
        );
    }
    for id in ["FI-1", "/FI-1", "ca-on-food/", "Ca-On/1", "ca on/1", "ca-on-food/a\nb", ""] {
        let refused = map(&desk, &closure(id));
        let reason = if id.is_empty() { "missing_value" } else { "invalid_value" };
        assert_eq!((&refused["reason"], &refused["field"]), (&json!(reason), &json!("event_id")), "{id:?}");
    }
    let long = format!("ca-on-food/{}", "1".repeat(190));
    assert_eq!(map(&desk, &closure(&long))["reason"], "over_limit");
    // A record cannot name another origin: the field is none of the schema's.
    let mut other = closure("us-nj-labour/1");
    other["origin"] = json!("US-NJ");
    assert_eq!(map(&desk, &other)["origin"], "CA-ON");
}

#[test]
fn a_correction_needs_no_subject_only_where_the_event_is_another_platforms() {
    let desk = desk_of("CA-ON");
    assert_eq!(map(&desk, &correction())["kind"], "CORRECTION");
    let mut own = correction();
    own["event_id"] = json!("ca-on-desk/1");
    assert_eq!(map(&desk, &own)["reason"], "no_subject_no_product");
}

#[test]
fn persons_and_free_text_are_guarded_as_on_any_platform() {
    let desk = desk_of("CA-ON");
    let with = |field: &str, value: Value| {
        let mut record = correction();
        record[field] = value;
        map(&desk, &record)
    };
    let person = with("subject", json!({ "legal_name": "Mr. John Example" }));
    assert_eq!(person["code"].as_str().map(|code| &code[..5]), Some("CMT-4"), "{person}");
    assert!(person["payload_bytes"].is_null(), "nothing of it is kept");
    assert_eq!(with("subject", json!({ "legal_name": "John Example Bakery" }))["reason"], "undecidable_subject");
    let dropped = with("info", json!([{ "headline": "Ask Mr. Example", "description": "or 416-555-0134" }]));
    assert_eq!((&dropped["info"], &dropped["text_dropped"]), (&Value::Null, &json!(true)));
    let long = with("info", json!([{ "headline": "h".repeat(301) }]));
    assert_eq!(long["reason"], "over_limit");
    assert_eq!(with("infraction", json!({ "title": "t".repeat(1_001) }))["reason"], "over_limit");
    // A withdrawal carries event, case, reason and date, whatever else its author wrote.
    let mut withdrawal = correction();
    withdrawal["kind"] = json!("WITHDRAWAL");
    withdrawal["withdrawal"] = json!({ "reason": "UNFOUNDED" });
    withdrawal["subject"] = json!({ "legal_name": "John Example" });
    withdrawal["info"] = json!([{ "headline": "Ask John Example" }]);
    let event = map(&desk, &withdrawal).to_string();
    assert!(event.contains("UNFOUNDED") && !event.contains("John"), "{event}");
    withdrawal["withdrawal"]["decision_ref"] = json!("r".repeat(1_001));
    assert_eq!(map(&desk, &withdrawal)["reason"], "over_limit");
}

#[test]
fn two_withdrawals_of_one_event_on_one_day_are_two() {
    let desk = desk_of("CA-ON");
    let at = |decided: &str| {
        let mut record = closure("ca-on-food/FI-1");
        record["decided"] = json!(decided);
        let event = map(&desk, &record);
        assert_eq!(event["decided"]["date"], "2026-03-01");
        event["provenance"]["content_sha256"].clone()
    };
    assert_ne!(at("2026-03-01T09:30:00.123Z"), at("2026-03-01T09:31:00Z"));
    assert_eq!(at("2026-03-01"), at("2026-03-01"));
}
