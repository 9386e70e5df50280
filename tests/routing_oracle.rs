//! The oracle that says who must be told of each RASFF notification, held against numbers that were counted apart.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test ends where its input is not what it must be, and says what it did not read"
)]

#[path = "oracle/rasff.rs"]
mod rasff;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::Arc;

use comity::decode::cut;
use comity::intake::handle;
use comity::model::entry::Body;
use comity::model::event::InfractionEvent;
use comity::model::record::{RawRecord, SourcePosition};
use comity::platform::{Platform, load};
use rasff::Expected;

/// A small invented list with the quirks of the real one.
const LIST: &str = "reference\tcategory\tdate\tnotifying_country\tdistribution\tforFollowUp\toperator\thazards\tweek\n\
    2019.12\tfish\t2019-02-14 10:11:12.000000\tItaly\tMalta\tItaly,Malta,Japan,INFOSAN,Northern Ireland,\
    United Kingdom (Northern Ireland),United Kingdom\tNorway\tlead  \t7\n\
    2019.12\tfish\t2019-02-14 10:11:12\tItaly\tMalta\tItaly,Malta,Japan,INFOSAN,Northern Ireland,\
    United Kingdom (Northern Ireland),United Kingdom\tItaly\tlead\t8\n\
    2019.1200\tfish\t2019-02-14 10:11:12\tItaly\tBonaire, Sint Eustatius and Saba\tGreece\tItaly\tlead\t8\n\
    2019.5\tnuts\t2019-02-15 00:00:00\tEuropean Commission\t\t\t\t\t8\n";

fn members(codes: &[&str]) -> BTreeSet<String> {
    codes.iter().map(|code| (*code).to_owned()).collect()
}

#[test]
fn the_last_different_row_says_who_follows_up() {
    let told = rasff::expected(LIST);
    assert_eq!(told.keys().collect::<Vec<_>>(), ["2019.1200", "2019.5000"]);
    let Expected { origin, follow_up, attention, versions, outside } = &told["2019.1200"];
    assert_eq!((origin.as_str(), *versions), ("IT", 2));
    assert_eq!(*follow_up, members(&["GR"]));
    assert!(outside.is_empty());
    assert_eq!(attention.len(), 31);
    assert!(!attention.contains("IT") && !attention.contains("GR") && attention.contains("EU"));
    let silent = &told["2019.5000"];
    assert_eq!((silent.origin.as_str(), silent.follow_up.len(), silent.attention.len()), ("EU", 0, 32));
}

#[test]
fn neither_the_notifier_nor_a_country_outside_follows_up() {
    let first: String = LIST.split_inclusive('\n').take(2).collect();
    let told = &rasff::expected(&first)["2019.1200"];
    assert_eq!(told.follow_up, members(&["GB-NIR", "MT"]));
    assert_eq!(told.outside, members(&["INFOSAN", "Japan", "United Kingdom"]));
}

/// Counted in the list with a script of another language, which shares no code with this reader.
#[test]
fn the_real_list_has_the_numbers_that_were_counted_apart() {
    let Ok(folder) = std::env::var("COMITY_DATA") else {
        println!("COMITY_DATA is not set: only the invented list was read");
        return;
    };
    let path = Path::new(&folder).join("eu-rasff/rasff-notifications-2024-2025.tsv");
    let told = rasff::expected(&std::fs::read_to_string(path).expect("the list"));
    let sum = |count: fn(&Expected) -> usize| told.values().map(count).sum::<usize>();
    assert_eq!(told.len(), 5_617);
    assert_eq!(told.values().filter(|one| one.versions == 2).count(), 11);
    assert_eq!(sum(|one| one.versions), 5_628);
    assert_eq!(sum(|one| one.follow_up.len()), 6_257);
    assert_eq!(sum(|one| one.attention.len()), 173_487);
    assert_eq!(sum(|one| one.outside.len()), 1_568);
    assert_eq!(told["2025.4775"].follow_up, members(&["DE"]));
    assert_eq!(told["2024.9636"].follow_up, BTreeSet::new());
}

fn platform() -> Platform {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/platforms/eu-rasff");
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
    let named = paths.map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read(&path).unwrap()));
    load("eu-rasff", &named.collect()).unwrap()
}

/// The events of a list, and its lines that became one, under its header.
fn read(list: &str) -> (Vec<InfractionEvent>, String) {
    let platform = platform();
    let cutter = cut::open(&platform.definition, "list", list.as_bytes()).unwrap();
    let version = cutter.source_version().to_owned();
    assert_eq!(version, "notifications-tsv");
    let mut events = Vec::new();
    let mut lines = format!("{}\n", list.lines().next().unwrap());
    for (place, record) in cutter.enumerate() {
        let bytes = record.unwrap().bytes;
        let offset = i64::try_from(place).unwrap();
        let at = SourcePosition { topic: Arc::from("t"), partition: 0, from: offset, offset };
        let (value, source_version) = (Some(bytes.as_slice()), Some(version.as_str()));
        let raw = RawRecord { at: &at, value, source_version, test: false, published_at: 1_730_419_200_000 };
        if let Body::Event(event) = handle(&platform, &raw, None) {
            events.push(*event);
            lines.push_str(&format!("{}\n", std::str::from_utf8(&bytes).unwrap()));
        }
    }
    (events, lines)
}

/// Compares whom the last different content of each event names with what the oracle says of it.
fn agree(list: &str) -> usize {
    let (events, lines) = read(list);
    let told = rasff::expected(&lines);
    let members: BTreeSet<&str> = rasff::MEMBERS.iter().map(|(_, code)| *code).collect();
    let mut contents: BTreeMap<&str, BTreeSet<[u8; 32]>> = BTreeMap::new();
    let mut last: BTreeMap<&str, &InfractionEvent> = BTreeMap::new();
    for event in &events {
        if contents.entry(&event.event_id).or_default().insert(event.provenance.content_sha256) {
            last.insert(&event.event_id, event);
        }
    }
    assert_eq!(last.len(), told.len());
    for (reference, expected) in &told {
        let event = last[format!("eu-rasff/{reference}").as_str()];
        let named = event.for_follow_up.iter().map(ToString::to_string);
        let named = named.filter(|code| members.contains(code.as_str()) && *code != expected.origin);
        assert_eq!(event.origin.to_string(), expected.origin, "{reference}");
        assert_eq!(named.collect::<BTreeSet<_>>(), expected.follow_up, "{reference}");
        assert_eq!(contents[event.event_id.as_str()].len(), expected.versions, "{reference}");
    }
    told.len()
}

#[test]
fn the_mapping_names_whom_the_oracle_names() {
    let quirks = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/quirks/eu-rasff/notifications.tsv");
    assert_eq!(agree(&fs::read_to_string(quirks).unwrap()), 5);
    let Ok(folder) = std::env::var("COMITY_DATA") else {
        println!("COMITY_DATA is not set: only the invented list was read");
        return;
    };
    let path = Path::new(&folder).join("eu-rasff/rasff-notifications-2024-2025.tsv");
    assert_eq!(agree(&fs::read_to_string(path).unwrap()), 5_617);
}
