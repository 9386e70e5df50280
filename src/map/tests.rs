use std::collections::BTreeMap;
use std::sync::Arc;

use vrl::value::Value;

use super::map;
use crate::model::event::InfractionEvent;
use crate::model::problem::Problem;
use crate::model::record::{NativeRecord, RawRecord, SourcePosition};
use crate::model::rejection::Refusal;
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
    map(platform, NativeRecord { source: 0, value: Value::from(json) }, &record)
}

#[test]
fn first() {
    let platform = platform(MAPPING);
    let event = run(
        &platform,
        r#"{"id":"A-1","status":"x","name":" Acme Ltd. ","number":17,"amount":"$1,227.5",
      "decided":"Oct 30, 2024","severity":"Serious","places":"Italy (IT), Bonaire, Sint Eustatius and Saba,INFOSAN","goods":[{"label":"x"},{"label":null}]}"#,
    );
    println!("{event:#?}");
    panic!();
}
