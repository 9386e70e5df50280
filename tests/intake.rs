//! Intake as a whole: what a refused record leaves behind, and what it does not.
#![expect(clippy::unwrap_used, reason = "a helper of a test stops it as the test itself would")]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use comity::intake::handle;
use comity::model::code::Mode;
use comity::model::entry::Body;
use comity::model::record::{RawRecord, SourcePosition};
use comity::model::rejection::{Reason, Rejection};
use comity::platform::{Platform, load};

fn folder(path: &str) -> BTreeMap<String, Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas").join(path);
    let files = |folder: &Path, before: &str| -> BTreeMap<String, Vec<u8>> {
        let entries = std::fs::read_dir(folder).unwrap().map(Result::unwrap).filter(|entry| entry.path().is_file());
        entries
            .map(|entry| {
                (format!("{before}{}", entry.file_name().to_str().unwrap()), std::fs::read(entry.path()).unwrap())
            })
            .collect()
    };
    let mut all = files(&root, "");
    all.extend(files(&root.join("examples"), "examples/"));
    all
}

fn platform(path: &str) -> Platform {
    load(path.rsplit('/').next().unwrap(), &folder(path)).unwrap()
}

fn at() -> SourcePosition {
    SourcePosition { topic: Arc::from("comity.in.x"), partition: 2, from: 40, offset: 43 }
}

fn run(platform: &Platform, value: Option<&[u8]>, key: Option<&[u8]>) -> Body {
    let at = at();
    handle(platform, &RawRecord { at: &at, value, source_version: None, test: false, published_at: 77 }, key)
}

fn rejected(platform: &Platform, value: Option<&[u8]>, key: Option<&[u8]>) -> Rejection {
    match run(platform, value, key) {
        Body::Rejection(rejection) => *rejection,
        other => panic!("not rejected: {other:?}"),
    }
}

#[test]
fn a_rejection_says_where_its_record_stands_and_how_long_it_is() {
    let food = platform("demo/ca-on-food");
    let rejection = rejected(&food, Some(b"{\"notice\":7}"), None);
    let expected = Rejection {
        at: at(),
        platform: "ca-on-food".to_owned(),
        reason: Reason::WrongType,
        detail: None,
        field: Some("notice".to_owned()),
        size_bytes: 12,
        digest: None,
        payload: None,
        reported_at: 77,
    };
    assert_eq!(rejection, expected);
    let nothing = rejected(&food, None, Some(b"key"));
    assert_eq!((nothing.reason, nothing.size_bytes, nothing.payload), (Reason::NoValue, 0, None));
}

#[test]
fn the_digest_is_hmac_sha_256() {
    // RFC 4231, test cases 1 and 2.
    let food = platform("demo/ca-on-food");
    let hex = |digest: Option<[u8; 32]>| digest.unwrap().iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let first = rejected(&food, Some(b"Hi There"), Some(&[0x0b; 20]));
    assert_eq!(hex(first.digest), "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    let second = rejected(&food, Some(b"what do ya want for nothing?"), Some(b"Jefe"));
    assert_eq!(hex(second.digest), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

#[test]
fn a_refused_record_leaves_nothing_of_itself_where_it_could_name_somebody() {
    let food = platform("demo/ca-on-food");
    let original = String::from_utf8(folder("demo/ca-on-food")["examples/1-issued.json"].clone()).unwrap();
    let canary = "Zyxwvut Qwertz";
    let named = original.replace("Boreal Lantern Foods Inc.", canary);
    let variants = [
        // Broken, of another type, undecided, not a decision, unreadable.
        named[..named.len() - 9].to_owned(),
        named.replace("\"revision\": 1", &format!("\"revision\": \"{canary}\"")),
        named.replace("\"ISSUED\"", "\"UNDER REVIEW\""),
        named.replace("\"2026-03-02\"", &format!("\"{canary}\"")),
        named.replace("\"Recall\"", &format!("\"{canary}\"")),
        named.replace("\"notice\"", &format!("\"notice\": \"{canary}\", \"notice\"")),
    ];
    for record in variants {
        assert!(record.contains(canary));
        let rejection = rejected(&food, Some(record.as_bytes()), Some(b"key"));
        assert_eq!(rejection.payload, None);
        assert!(!format!("{rejection:?}").contains("Zyxwvut"), "{rejection:?}");
    }
}

/// A network that tells of products only.
fn goods() -> Platform {
    let toml = r#"
title = "Goods"
origin = "CA-ON"
language = "en"
time_zone = "UTC"
domains = ["FOOD_SAFETY"]
decisions_are = "all but notes"
names_subjects = false
authority = { id = "a", name = "A" }
[legal_bases]
act = { scheme = "X", value = "1" }
[rejects]
note = "A note decides nothing."
[never_sends]
SUPPLEMENT = "no"
CORRECTION = "no"
WITHDRAWAL = "no"
CLOSURE = "no"
[codes.risk]
"high" = "SEVERE"
[[source]]
version = "v"
format = "jsonl"
"#;
    let schema = r#"{"type":"record","name":"R","fields":[{"name":"id","type":"string"},{"name":"risk","type":"string"},
        {"name":"goods","type":["null","string"]}]}"#;
    let mapping = r#"
if .risk == "note" { abort "note" }
{
  "kind": "ORIGINAL", "event_id": .id, "case_id": .id, "decided": date("2026-01-02", ["%Y-%m-%d"]),
  "severity": code("risk", .risk), "infraction": { "title": "x" }, "products": [{ "name": .goods }]
}
"#;
    let files = [("platform.toml", toml), ("source.avsc", schema), ("mapping.vrl", mapping)];
    let files = files.into_iter().map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec())).collect();
    load("goods", &files).unwrap()
}

#[test]
fn only_what_can_be_mended_is_kept_and_only_of_a_platform_that_names_nobody() {
    let goods = goods();
    let check = |value: &[u8], reason, kept: bool| {
        let rejection = rejected(&goods, Some(value), None);
        assert_eq!((rejection.reason, rejection.payload), (reason, kept.then(|| value.to_vec())));
    };
    check(br#"{"id":"A""#, Reason::Malformed, true);
    check(br#"{"id":"A","risk":1}"#, Reason::WrongType, true);
    check(br#"{"id":"A","risk":"low","goods":"B"}"#, Reason::UnknownCode, true);
    // What nobody foresaw may stand in a record of any platform.
    check(br#"{"id":"A","risk":"low","goods":"B, ask jane@roe.example"}"#, Reason::UnknownCode, false);
    check(br#"{"id":"A","call":"+1 416 555 0123""#, Reason::Malformed, false);
    check(b"{\"id\":\"J\xe9r\xf4me\"", Reason::BadEncoding, false);
    check(br#"{"id":"A","risk":"note"}"#, Reason::NotADecision, false);
    check(br#"{"id":"A","risk":"high"}"#, Reason::NoSubjectNoProduct, false);
    check(b"", Reason::Malformed, false);
    check(&vec![b'x'; 256 * 1024 + 1], Reason::TooLarge, false);
    assert!(matches!(run(&goods, Some(br#"{"id":"A","risk":"high","goods":"B"}"#), None), Body::Event(_)));
}

#[test]
fn an_event_carries_its_digests_and_the_producers_mode() {
    let food = platform("demo/ca-on-food");
    let record = &folder("demo/ca-on-food")["examples/1-issued.json"];
    let event = |value: &[u8], test: bool| {
        let at = at();
        let raw = RawRecord { at: &at, value: Some(value), source_version: None, test, published_at: 77 };
        match handle(&food, &raw, None) {
            Body::Event(event) => *event,
            other => panic!("no event: {other:?}"),
        }
    };
    let plain = event(record, false);
    assert_eq!((plain.mode, plain.provenance.at.clone(), plain.reported_at), (Mode::Actual, at(), 77));
    assert_eq!(event(record, true).mode, Mode::Test);
    // Another layout of the same content has other bytes and the same content.
    let compact: serde_json::Value = serde_json::from_slice(record).unwrap();
    let compact = event(compact.to_string().as_bytes(), false);
    assert_ne!(plain.provenance.raw_sha256, compact.provenance.raw_sha256);
    assert_eq!(plain.provenance.content_sha256, compact.provenance.content_sha256);
    let changed = String::from_utf8(record.clone()).unwrap().replace("L26049", "L26048");
    assert_ne!(plain.provenance.content_sha256, event(changed.as_bytes(), false).provenance.content_sha256);
}

/// A producer can give its record any timestamp, and readers in other languages know the years 1 to 9999 only.
#[test]
fn a_record_from_no_year_that_readers_know_is_refused() {
    let food = platform("demo/ca-on-food");
    let example = folder("demo/ca-on-food");
    let record = example.iter().find(|(name, _)| name.ends_with(".event.json")).unwrap().0.replace(".event.json", "");
    let record =
        example.iter().find(|(name, _)| name.starts_with(&record) && !name.ends_with(".event.json")).unwrap().1;
    let at = at();
    for (published_at, bounded) in [(i64::MAX, 253_402_300_799_999), (i64::MIN, -62_135_596_800_000)] {
        let raw = RawRecord { at: &at, value: Some(record), source_version: None, test: false, published_at };
        let Body::Rejection(rejection) = handle(&food, &raw, None) else { panic!("it is no event") };
        assert_eq!((rejection.reason, rejection.field.as_deref()), (Reason::InvalidValue, Some("reported_at")));
        assert_eq!(rejection.reported_at, bounded);
    }
}
