//! Every data file of every platform, through the program itself and a broker: each record ends as one event or as one
//! rejection, as often as was counted apart (`tests/golden`), and what was fed before tells nobody anything again.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "tests fail by panic, say what they did not read and wait by the clock"
)]

#[expect(dead_code, reason = "each test binary uses a part of what they share")]
mod support;
#[path = "oracle/rasff.rs"]
mod rasff;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Instant;

use comity::model::code::Code;
use comity::model::entry::Body;
use comity::model::event::InfractionEvent;
use comity::model::rejection::{Rejection, Stage};
use comity::schema::log::decode_entry;
use serde::Deserialize;

use support::avro::{Fields, alerts, assert_contiguous, number, rejections, text};
use support::broker::{Broker, needs_real_kafka};
use support::federation::Federation;
use support::reader::read_committed;

/// The numbers of one platform that matter here.
#[derive(Deserialize)]
struct Golden {
    file: Vec<Numbers>,
}

#[derive(Deserialize)]
struct Numbers {
    path: String,
    #[serde(default)]
    invented: bool,
    records: usize,
    /// Events whose content stood in the file before.
    duplicates: usize,
    events: BTreeMap<String, usize>,
    #[serde(default)]
    rejections: BTreeMap<String, usize>,
}

/// A file that was fed, with the offsets of its records.
struct Fed {
    platform: &'static str,
    offsets: Range<i64>,
    expected: Numbers,
}

fn files(platform: &str) -> Vec<Numbers> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(root.join(format!("tests/golden/{platform}.toml"))).unwrap();
    toml::from_str::<Golden>(&text).unwrap().file
}

/// Where a file lies; `None` where it is a real one, and nobody said where those are or the broker cannot hold it.
fn place(numbers: &Numbers) -> Option<PathBuf> {
    if numbers.invented {
        return Some(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/quirks").join(&numbers.path));
    }
    let folder = std::env::var_os("COMITY_DATA");
    if folder.is_none() {
        println!("COMITY_DATA is not set: {} is not fed", numbers.path);
    }
    let folder = folder.filter(|_| !needs_real_kafka("it answers a fetch with all that it has, however much that is"));
    folder.map(|folder| Path::new(&folder).join(&numbers.path))
}

/// Feeds every file of a platform, in the order of their paths from the last to the first: the portal's export of
/// RASFF, which says less, comes before the list.
fn feed(federation: &Federation, platform: &'static str) -> Vec<Fed> {
    let mut fed = Vec::new();
    let mut next = 0;
    for expected in files(platform).into_iter().rev() {
        let Some(path) = place(&expected) else { continue };
        federation.must(&["feed", path.to_str().unwrap(), "--platform", platform]);
        let end = next + i64::try_from(expected.records).unwrap();
        fed.push(Fed { platform, offsets: next..end, expected });
        next = end;
    }
    fed
}

/// What intake made of each record, by platform and offset.
#[derive(Default)]
struct Entries {
    events: BTreeMap<(String, i64), Box<InfractionEvent>>,
    rejections: BTreeMap<(String, i64), Box<Rejection>>,
}

fn entries(broker: &Broker) -> Entries {
    let mut entries = Entries::default();
    for read in read_committed(broker, "comity.log") {
        let entry = decode_entry(&read.value.unwrap(), read.offset, read.timestamp_ms).unwrap();
        let twice = match entry.body {
            Body::Event(event) => {
                let place = (event.platform.clone(), event.provenance.at.offset);
                entries.events.insert(place, event).is_some()
            }
            Body::Rejection(rejection) => {
                let place = (rejection.platform.clone(), rejection.at.offset);
                entries.rejections.insert(place, rejection).is_some()
            }
            Body::Acknowledgement(_) | Body::Link(_) | Body::Rules(_) | Body::Missing(_) | Body::Tick => false,
        };
        assert!(!twice, "nothing went wrong, so that no record is in the log twice");
    }
    entries
}

fn within<'m, V>(map: &'m BTreeMap<(String, i64), V>, fed: &Fed) -> impl Iterator<Item = &'m V> {
    let at = |offset| (fed.platform.to_owned(), offset);
    map.range(at(fed.offsets.start)..at(fed.offsets.end)).map(|(_, value)| value)
}

fn count<'k>(keys: impl Iterator<Item = &'k str>) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for key in keys {
        *counts.entry(key.to_owned()).or_default() += 1;
    }
    counts
}

/// The records of one file are in the log and in `comity.rejects` as they were counted.
fn assert_file(fed: &Fed, entries: &Entries, told: &BTreeMap<(String, i64), Fields>) {
    let (expected, path) = (&fed.expected, &fed.expected.path);
    let events: Vec<&Box<InfractionEvent>> = within(&entries.events, fed).collect();
    let rejections: Vec<&Box<Rejection>> = within(&entries.rejections, fed).collect();
    assert_eq!(events.len() + rejections.len(), expected.records, "{path}: each record is one entry");
    assert_eq!(count(events.iter().map(|event| event.kind.name())), expected.events, "{path}: events");
    let mut contents = BTreeSet::new();
    let again = events.iter().filter(|event| !contents.insert((&event.event_id, event.provenance.content_sha256)));
    assert_eq!(again.count(), expected.duplicates, "{path}: duplicates");
    // What stands behind the reason, the platform's word or the field, is the golden test's to compare.
    let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
    for (why, count) in &expected.rejections {
        *reasons.entry(why.split(' ').next().unwrap().to_owned()).or_default() += count;
    }
    let by_intake = within(told, fed).filter(|rejection| text(rejection, "stage") != Stage::Ledger.name());
    let names: Vec<String> = by_intake.map(|rejection| text(rejection, "reason")).collect();
    assert_eq!(count(names.iter().map(String::as_str)), reasons, "{path}: comity.rejects");
}

/// What the ledger itself refused, by code.
fn by_ledger(entries: &Entries, told: &BTreeMap<(String, i64), Fields>) -> BTreeMap<String, usize> {
    let mut codes = Vec::new();
    for (place, rejection) in told {
        if text(rejection, "stage") == Stage::Ledger.name() {
            assert!(entries.events.contains_key(place), "the ledger refuses events only");
            codes.push(text(rejection, "code"));
        } else {
            assert!(entries.rejections.contains_key(place), "every other rejection is intake's");
        }
    }
    count(codes.iter().map(String::as_str))
}

/// Feeds the files of these platforms, twice, and compares everything with what was counted.
fn check(broker: &Broker, members: &[&str], platforms: &[&'static str]) -> BTreeMap<String, Vec<Fields>> {
    let started = Instant::now();
    let federation = Federation::new(broker, members, "schemas/platforms", platforms);
    federation.must(&["topics", "apply", "--yes"]);
    let fed: Vec<Fed> = platforms.iter().flat_map(|platform| feed(&federation, platform)).collect();
    assert!(fed.len() >= platforms.len(), "every platform has a file");
    federation.must(&["run", "--exit-when-idle", "2s"]);

    let entries = entries(broker);
    let rejected = rejections(broker);
    assert_contiguous("comity.rejects", &rejected);
    let count = rejected.len();
    let place = |rejection: &Fields| (text(rejection, "platform"), number(rejection, "offset"));
    let told: BTreeMap<_, Fields> = rejected.into_iter().map(|rejection| (place(&rejection), rejection)).collect();
    assert_eq!(told.len(), count, "no record is refused twice");
    for fed in &fed {
        assert_file(fed, &entries, &told);
    }
    println!("the ledger refused: {:?}", by_ledger(&entries, &told));
    let alerts: BTreeMap<String, Vec<Fields>> =
        members.iter().map(|member| ((*member).to_owned(), alerts(broker, member))).collect();
    for (member, alerts) in &alerts {
        assert_contiguous(member, alerts);
    }
    println!("{} records: {:?}", entries.events.len() + entries.rejections.len(), started.elapsed());

    for platform in platforms {
        feed(&federation, platform);
    }
    federation.must(&["run", "--exit-when-idle", "2s"]);
    for (member, before) in &alerts {
        let now = read_committed(broker, &format!("comity.alerts.{member}")).len();
        assert_eq!(now, before.len(), "{member}: fed twice, not one alert more");
    }
    println!("and again: {:?}", started.elapsed());
    alerts
}

#[test]
fn each_record_of_three_platforms_is_accounted_for() {
    let broker = Broker::for_test();
    let platforms = ["ca-on-dinesafe", "us-nj-labour", "us-openfda-food"];
    let alerts = check(&broker, &["CA-ON", "DE", "US", "US-NJ"], &platforms);
    for platform in platforms {
        assert!(alerts["DE"].iter().any(|alert| text(alert, "platform") == platform), "{platform} tells");
    }
}

#[test]
fn the_list_of_rasff_has_the_last_word_after_the_portals_export() {
    let broker = Broker::for_test();
    let members = ["DE", "FR", "IT", "NL"];
    let alerts = check(&broker, &members, &["eu-rasff"]);
    let real = files("eu-rasff").into_iter().find(|file| !file.invented && file.path.ends_with(".tsv")).unwrap();
    let Some(list) = place(&real) else { return };
    let last: BTreeMap<(&str, String), String> = members
        .iter()
        .flat_map(|member| {
            alerts[*member].iter().map(|alert| ((*member, text(alert, "event_id")), text(alert, "role")))
        })
        .collect();
    for (reference, expected) in rasff::expected(&std::fs::read_to_string(list).unwrap()) {
        for member in members.iter().copied().filter(|member| *member != expected.origin) {
            let found = last.get(&(member, format!("eu-rasff/{reference}")));
            let role = if expected.follow_up.contains(member) { "FOLLOW_UP" } else { "ATTENTION" };
            let role = members.contains(&expected.origin.as_str()).then_some(role);
            assert_eq!(found.map(String::as_str), role, "{reference} to {member}");
        }
    }
}
