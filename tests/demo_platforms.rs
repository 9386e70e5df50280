//! The sample platforms of `comity demo`: each folder holds what it promises, and its companies are invented well.
#![expect(clippy::unwrap_used, reason = "a helper of a test stops it as the test itself would")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use comity::intake::handle;
use comity::model::record::{RawRecord, SourcePosition};
use comity::platform::definition::{Encoding, Format};
use comity::platform::examples::{PUBLISHED_AT, check_examples};
use comity::platform::{Platform, load};
use serde_json::Value;

fn folders() -> BTreeMap<String, BTreeMap<String, Vec<u8>>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/demo");
    let mut folders = BTreeMap::new();
    for folder in std::fs::read_dir(&root).unwrap().map(Result::unwrap) {
        let mut files = BTreeMap::new();
        for (path, before) in [(folder.path(), ""), (folder.path().join("examples"), "examples/")] {
            for file in std::fs::read_dir(path).unwrap().map(Result::unwrap).filter(|file| file.path().is_file()) {
                let name = format!("{before}{}", file.file_name().to_str().unwrap());
                files.insert(name, std::fs::read(file.path()).unwrap());
            }
        }
        folders.insert(folder.file_name().into_string().unwrap(), files);
    }
    folders
}

fn platforms() -> Vec<(Platform, BTreeMap<String, Vec<u8>>)> {
    folders().into_iter().map(|(name, files)| (load(&name, &files).unwrap(), files)).collect()
}

#[test]
fn each_example_becomes_what_stands_beside_it() {
    for (platform, files) in platforms() {
        let run = |record: &[u8], version: Option<&str>| {
            let topic = Arc::from(platform.definition.topic.as_str());
            let at = SourcePosition { topic, partition: 0, from: 0, offset: 0 };
            let raw = RawRecord {
                at: &at,
                value: Some(record),
                source_version: version,
                test: false,
                published_at: PUBLISHED_AT,
            };
            handle(&platform, &raw, None)
        };
        let checked = check_examples(&platform, &files, run);
        assert!(checked.is_ok(), "{}: {checked:#?}", platform.definition.name);
    }
}

#[test]
fn the_four_cover_the_formats_the_languages_and_every_turn_of_a_case() {
    let (mut formats, mut languages, mut origins) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let mut expiring = 0;
    for (platform, files) in platforms() {
        let source = &platform.definition.sources[0];
        let of = match &source.format {
            Format::Json { .. } => "json",
            Format::JsonLines => "jsonl",
            Format::Xml { .. } => "xml",
            Format::Avro => "avro",
            Format::Delimited(layout) => {
                assert_eq!((layout.delimiter, source.encoding), (b';', Encoding::Windows1252));
                "csv"
            }
        };
        formats.insert(of);
        languages.insert(platform.definition.language.clone());
        origins.insert(format!("{:?}", platform.definition.origin));
        let said = |ending: &str| -> Vec<Value> {
            let texts = files.iter().filter(|(name, _)| name.ends_with(ending));
            texts.map(|(_, text)| serde_json::from_slice(text).unwrap()).collect()
        };
        let events = said(".event.json");
        let kinds: BTreeSet<&str> = events.iter().map(|event| event["kind"].as_str().unwrap()).collect();
        assert_eq!(
            kinds,
            BTreeSet::from(["ORIGINAL", "CORRECTION", "WITHDRAWAL", "CLOSURE"]),
            "{}",
            platform.definition.name
        );
        // The story of one event: what was said is corrected, then taken back.
        let of_first = |kind: &str| {
            let first = &events.iter().find(|event| event["kind"] == "ORIGINAL").unwrap()["event_id"];
            events.iter().any(|event| event["kind"] == kind && &event["event_id"] == first)
        };
        assert!(of_first("CORRECTION") && of_first("WITHDRAWAL"), "{}", platform.definition.name);
        assert!(said(".rejection.json").len() >= 2);
        expiring += events.iter().filter(|event| !event["expires_at"].is_null()).count();
    }
    assert_eq!(formats, BTreeSet::from(["avro", "csv", "json", "xml"]));
    assert_eq!(languages, BTreeSet::from(["en".to_owned(), "fr".to_owned()]));
    assert_eq!(origins.len(), 4);
    assert!(expiring > 0);
}

/// Luhn's sum over all digits, written from ISO/IEC 7812-1.
fn luhn_holds(number: &str) -> bool {
    let sum: u32 = number
        .chars()
        .rev()
        .enumerate()
        .map(|(place, digit)| match (place % 2, digit.to_digit(10).unwrap()) {
            (0, digit) => digit,
            (_, digit) if digit > 4 => 2 * digit - 9,
            (_, digit) => 2 * digit,
        })
        .sum();
    sum.is_multiple_of(10)
}

#[test]
fn companies_are_known_by_valid_numbers_that_no_register_gives() {
    let mut holders: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut origins: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (_, files) in platforms() {
        for (_, text) in files.iter().filter(|(name, _)| name.ends_with(".event.json")) {
            let event: Value = serde_json::from_slice(text).unwrap();
            let Some(identifiers) = event["subject"]["identifiers"].as_array() else { continue };
            for identifier in identifiers {
                assert_ne!(identifier["trust"], "CHECK_FAILED", "{event}");
                if identifier["scheme"] != "ca-bn" {
                    continue;
                }
                let number = identifier["value"].as_str().unwrap();
                assert!(number.starts_with("000") && luhn_holds(number), "{number}");
                let name = event["subject"]["legal_name"].as_str().unwrap().to_owned();
                holders.entry(number.to_owned()).or_default().insert(name);
                origins.entry(number.to_owned()).or_default().insert(event["origin"].as_str().unwrap().to_owned());
            }
        }
    }
    assert!(holders.values().all(|names| names.len() == 1), "{holders:?}");
    assert!(
        origins.values().filter(|origins| origins.len() > 1).count() >= 2,
        "two companies are seen in two provinces"
    );
}
