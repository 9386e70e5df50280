//! The examples of a platform's folder, with a run that is made up here: the reader, the comparer and the rule of kinds.

use std::collections::BTreeMap;
use std::sync::Arc;

use comity::map::map;
use comity::model::entry::Body;
use comity::model::record::{NativeRecord, RawRecord, SourcePosition};
use comity::model::rejection::{Reason, Rejection};
use comity::platform::examples::{self, PUBLISHED_AT, check_examples};
use comity::platform::{Platform, code, load};
use vrl::value::Value;

const TOML: &str = r#"title = "Invented decisions"
origin = "CA-ON"
language = "en"
time_zone = "America/Toronto"
domains = ["LABOUR_STANDARDS"]
decisions_are = "decisions are rows with a finding"
names_subjects = true
authority = { id = "on-test", name = "Test authority" }
[legal_bases]
act = { scheme = "CA-ON", value = "S.O. 2000, c. 41" }
[rejects]
no_finding = "nothing was found"
[never_sends]
CLOSURE = "it never closes"
[[source]]
version = "old"
format = "jsonl"
[[source]]
version = "new"
format = "jsonl"
"#;

const SCHEMA: &str = r#"{"type":"record","name":"Row","fields":[
 {"name":"id","type":["null","string"]},{"name":"kind","type":["null","string"]},
 {"name":"day","type":["null","string"]}]}"#;

const MAPPING: &str = r#"
if .kind == "NONE" { abort "no_finding" }
withdrawal = if .kind == "WITHDRAWAL" { { "reason": "ANNULLED" } }
{ "kind": .kind, "event_id": .id, "case_id": .id, "decided": date(.day, "%Y-%m-%d"), "infraction": { "title": "x" },
  "withdrawal": withdrawal }
"#;

fn folder() -> BTreeMap<String, Vec<u8>> {
    let files = [
        ("platform.toml", TOML),
        ("source.avsc", SCHEMA),
        ("mapping.vrl", MAPPING),
        ("examples/1-original.json", r#"{"id":"A","kind":"ORIGINAL","day":"2024-10-30"}"#),
        ("examples/2-correction@old.json", r#"{"id":"A","kind":"CORRECTION","day":"2024-10-31"}"#),
        ("examples/3-withdrawal.json", r#"{"id":"A","kind":"WITHDRAWAL","day":"2024-11-01"}"#),
        ("examples/4-none.json", r#"{"id":"A","kind":"NONE","day":null}"#),
        ("examples/5-soon.json", r#"{"id":"A","kind":"ORIGINAL","day":"soon"}"#),
        ("examples/3-withdrawal.event.json", WITHDRAWAL),
        (
            "examples/4-none.rejection.json",
            r#"{"platform":"on-test","stage":"MAP","code":"CMT-3001","reason":"not_a_decision","detail":"no_finding"}"#,
        ),
        (
            "examples/5-soon.rejection.json",
            r#"{"platform":"on-test","stage":"MAP","code":"CMT-3003","reason":"unreadable_date","field":"mapping.vrl"}"#,
        ),
    ];
    let mut files: BTreeMap<String, Vec<u8>> =
        files.into_iter().map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec())).collect();
    let original = |day: &str, kind: &str| {
        WITHDRAWAL
            .replace("2024-11-01", day)
            .replace("WITHDRAWAL", kind)
            .replace(
                r#","withdrawal":{"scope":"EVENT","reason":"ANNULLED"}"#,
                r#","infraction":{"title":"x"},"legal_basis":[{"scheme":"CA-ON","value":"S.O. 2000, c. 41"}]"#,
            )
            .into_bytes()
    };
    files.insert("examples/1-original.event.json".to_owned(), original("2024-10-30", "ORIGINAL"));
    files.insert("examples/2-correction@old.event.json".to_owned(), original("2024-10-31", "CORRECTION"));
    files
}

/// Written by hand from the schema, field by field.
const WITHDRAWAL: &str = r#"{"event_id":"on-test/A","kind":"WITHDRAWAL","case_id":"on-test/A","case_status":"OPEN",
"mode":"ACTUAL","origin":"CA-ON","platform":"on-test","authority":{"id":"on-test","name":"Test authority"},
"domain":"LABOUR_STANDARDS","finality":"NOT_STATED","severity":"UNKNOWN","urgency":"UNKNOWN","certainty":"UNKNOWN",
"decided":{"date":"2024-11-01","precision":"DAY","bound":"EXACT"},"scope":"FEDERATION","withdrawal":{"scope":"EVENT","reason":"ANNULLED"}}"#;

fn run(platform: &Platform, record: &[u8], version: Option<&str>) -> Body {
    assert!(matches!(version, None | Some("old")));
    let at = SourcePosition { topic: Arc::from("t"), partition: 3, from: 6, offset: 7 };
    let json: serde_json::Value = serde_json::from_slice(record).unwrap();
    let raw =
        RawRecord { at: &at, value: Some(record), source_version: version, test: false, published_at: PUBLISHED_AT };
    match map(platform, NativeRecord { source: 1, schema_id: None, value: Value::from(json) }, &raw) {
        Ok(event) => Body::Event(event),
        Err(refusal) => Body::Rejection(Box::new(Rejection {
            at,
            platform: "on-test".to_owned(),
            reason: refusal.reason,
            detail: refusal.detail,
            field: refusal.field,
            size_bytes: 1,
            digest: Some([7; 32]),
            payload: None,
            reported_at: PUBLISHED_AT,
        })),
    }
}

fn told(files: &BTreeMap<String, Vec<u8>>) -> Vec<(&'static str, String, String)> {
    let platform = load("on-test", files).unwrap();
    let checked = check_examples(&platform, files, |record, version| run(&platform, record, version));
    checked.err().unwrap_or_default().into_iter().map(|problem| (problem.code, problem.file, problem.why)).collect()
}

#[test]
fn a_folder_whose_examples_hold_has_no_problem() {
    assert_eq!(told(&folder()), []);
}

#[test]
fn a_difference_is_told_field_by_field() {
    let mut files = folder();
    let changed = WITHDRAWAL
        .replace("\"EVENT\"", "\"CASE\"")
        .replace("\"mode\":\"ACTUAL\",\n", "")
        .replace("\"mode\":\"ACTUAL\",", "");
    files.insert("examples/3-withdrawal.event.json".to_owned(), changed.into_bytes());
    let found = told(&files);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].0, found[0].1.as_str()), (code::EXAMPLE_DIFFERS, "examples/3-withdrawal.event.json"));
    assert!(found[0].2.contains("`withdrawal.scope` should be \"CASE\" and is \"EVENT\""), "{}", found[0].2);
    assert!(found[0].2.contains("`mode` should be nothing and is \"ACTUAL\""), "{}", found[0].2);
}

#[test]
fn a_record_that_becomes_the_other_thing_is_told() {
    let mut files = folder();
    files.insert("examples/4-none.json".to_owned(), br#"{"id":"B","kind":"ORIGINAL","day":"2024-10-30"}"#.to_vec());
    let found = told(&files);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].2.contains("it is an event"), "{}", found[0].2);
}

#[test]
fn a_missing_or_lonely_expectation_is_told() {
    let mut files = folder();
    files.remove("examples/4-none.rejection.json");
    assert_eq!(told(&files)[0].0, code::EXAMPLE_FILE);
    files.insert("examples/9.event.json".to_owned(), b"{}".to_vec());
    assert_eq!((told(&files)[0].0, told(&files)[0].1.as_str()), (code::EXAMPLE_FILE, "examples/9.event.json"));
    let mut files = folder();
    files.insert("examples/4-none.rejection.json".to_owned(), b"{".to_vec());
    assert_eq!(told(&files)[0].0, code::EXAMPLE_UNREADABLE);
}

/// It passed with the refusal that the name brought about.
#[test]
fn an_example_of_a_version_that_there_is_not_is_told() {
    let mut files = folder();
    files.insert("examples/4-none@odd.json".to_owned(), files["examples/4-none.json"].clone());
    files.insert("examples/4-none@odd.rejection.json".to_owned(), files["examples/4-none.rejection.json"].clone());
    let found = told(&files);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].0, found[0].1.as_str()), (code::EXAMPLE_FILE, "examples/4-none@odd.json"));
    assert!(found[0].2.contains("`odd`"), "{}", found[0].2);
}

#[test]
fn each_kind_that_is_sent_has_an_example() {
    let without = |stem: &str| {
        let mut files = folder();
        files.retain(|name, _| !name.starts_with(&format!("examples/{stem}")));
        told(&files).into_iter().map(|(code, _, why)| (code, why)).collect::<Vec<_>>()
    };
    let lacks = |kind: &str| vec![(code::EXAMPLE_KIND, format!("no example is a {kind}"))];
    assert_eq!(without("1"), vec![(code::EXAMPLE_KIND, "no example is an ORIGINAL".to_owned())]);
    assert_eq!(without("2"), lacks("correction: a SUPPLEMENT, a CORRECTION, or another revision of an original"));
    assert_eq!(without("3"), lacks("WITHDRAWAL"));
    let mut files = folder();
    let toml = TOML.replace("CLOSURE = \"it never closes\"", "");
    files.insert("platform.toml".to_owned(), toml.into_bytes());
    assert_eq!(told(&files).into_iter().map(|(code, _, why)| (code, why)).collect::<Vec<_>>(), lacks("CLOSURE"));
}

/// It named the kind that stood in `[never_sends]` already, and not the one that was missing there.
#[test]
fn of_the_kinds_of_a_correction_those_are_told_that_nothing_is_said_of() {
    let help = |never: &str| {
        let mut files = folder();
        files.retain(|name, _| !name.starts_with("examples/2"));
        let toml = TOML.replace("[never_sends]\n", &format!("[never_sends]\n{never}"));
        files.insert("platform.toml".to_owned(), toml.into_bytes());
        let platform = load("on-test", &files).unwrap();
        let checked = check_examples(&platform, &files, |record, version| run(&platform, record, version));
        checked.err().unwrap_or_default().into_iter().map(|problem| problem.help).collect::<Vec<_>>()
    };
    let one = |words: &str| vec![format!("write one into examples/, or {words} into [never_sends]")];
    assert_eq!(help(""), one("`SUPPLEMENT = \"why\"` and `CORRECTION = \"why\"`"));
    assert_eq!(help("CORRECTION = \"it corrects nothing\"\n"), one("`SUPPLEMENT = \"why\"`"));
    assert_eq!(help("SUPPLEMENT = \"it adds nothing\"\n"), one("`CORRECTION = \"why\"`"));
    assert_eq!(help("SUPPLEMENT = \"no\"\nCORRECTION = \"no\"\n"), Vec::<String>::new());
}

#[test]
fn a_platform_that_decides_nothing_shows_that_it_refuses() {
    let toml = TOML.replace("format = \"jsonl\"\n", "format = \"jsonl\"\ndecides = false\n");
    let mut files = folder();
    files.retain(|name, _| !name.starts_with("examples/") || name.starts_with("examples/4"));
    files.insert("platform.toml".to_owned(), toml.into_bytes());
    files.insert("mapping.vrl".to_owned(), b"abort \"no_finding\"".to_vec());
    assert_eq!(told(&files), []);
    files.retain(|name, _| !name.starts_with("examples/"));
    assert_eq!(told(&files)[0].0, code::EXAMPLE_KIND);
}

#[test]
fn two_originals_of_one_event_are_a_correction() {
    let mut files = folder();
    files.insert(
        "examples/2-correction@old.json".to_owned(),
        br#"{"id":"A","kind":"ORIGINAL","day":"2024-10-31"}"#.to_vec(),
    );
    let expectation = String::from_utf8(files["examples/2-correction@old.event.json"].clone()).unwrap();
    files.insert(
        "examples/2-correction@old.event.json".to_owned(),
        expectation.replace("CORRECTION", "ORIGINAL").into_bytes(),
    );
    assert_eq!(told(&files), []);
}

#[test]
fn what_an_update_writes_is_what_a_check_accepts() {
    let mut files = folder();
    let platform = load("on-test", &files).unwrap();
    let mut written = Vec::new();
    for example in examples::read(&files).unwrap() {
        let outcome = examples::outcome(&example, &run(&platform, example.record, None)).unwrap();
        written.push((outcome.file, outcome.text.into_bytes()));
    }
    assert_eq!(written.len(), 5);
    files.extend(written);
    assert_eq!(told(&files), []);
    assert_eq!(Reason::NotADecision.code(), "CMT-3001");
}
