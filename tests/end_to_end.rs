//! The whole path with the program itself: topics, feeding, intake and ledger, read back by a reader of its own code.

#[expect(dead_code, reason = "each test binary uses a part of what they share")]
mod support;
#[path = "oracle/rasff.rs"]
mod rasff;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use support::avro::{alerts, assert_contiguous, text};
use support::broker::Broker;
use support::federation::Federation;

const REAL: &str = "schemas/platforms";

/// Rows of the repository's own file, its header among them, before those that no reader can read.
const READABLE_LINES: usize = 6;

/// The real file where `COMITY_DATA` names its folder, else the readable rows of the repository's own.
fn notifications(folder: &Path) -> PathBuf {
    match std::env::var_os("COMITY_DATA") {
        Some(data) => PathBuf::from(data).join("eu-rasff/rasff-notifications-2024-2025.tsv"),
        None => {
            println!("COMITY_DATA is not set: the repository's own file stands in for the real one");
            let text = include_str!("quirks/eu-rasff/notifications.tsv");
            let rows: String = text.split_inclusive('\n').take(READABLE_LINES).collect();
            let file = folder.join("notifications.tsv");
            std::fs::write(&file, rows).unwrap();
            file
        }
    }
}

/// The roles of a member's alerts, in their order, by event.
type Told = BTreeMap<String, Vec<String>>;

/// What a member was told, without a gap.
fn read_back(broker: &Broker, member: &str) -> Told {
    let alerts = alerts(broker, member);
    assert_contiguous(member, &alerts);
    let mut told = Told::new();
    for alert in &alerts {
        told.entry(text(alert, "event_id")).or_default().push(text(alert, "role"));
    }
    told
}

#[test]
fn every_notification_reaches_exactly_whom_the_oracle_names_and_a_second_feeding_nobody() {
    let broker = Broker::for_test();
    let members: Vec<&str> =
        rasff::MEMBERS.iter().map(|(_, code)| *code).collect::<BTreeSet<_>>().into_iter().collect();
    let federation = Federation::new(&broker, &members, REAL, &["eu-rasff"]);
    let file = notifications(federation.folder());
    let expected = rasff::expected(&std::fs::read_to_string(&file).unwrap());
    assert!(!expected.is_empty(), "the oracle has read the file");

    federation.must(&["topics", "apply", "--yes"]);
    federation.must(&["feed", file.to_str().unwrap(), "--platform", "eu-rasff"]);
    federation.must(&["run", "--exit-when-idle", "2s"]);
    let told: BTreeMap<&str, Told> = members.iter().map(|member| (*member, read_back(&broker, member))).collect();
    for (reference, expected) in &expected {
        let event_id = format!("eu-rasff/{reference}");
        for (member, alerts) in &told {
            let mine = alerts.get(&event_id).map_or(&[][..], Vec::as_slice);
            let last = mine.last();
            let role = match (expected.follow_up.contains(*member), expected.attention.contains(*member)) {
                (true, _) => Some("FOLLOW_UP"),
                (false, true) => Some("ATTENTION"),
                (false, false) => None,
            };
            assert_eq!(last.map(String::as_str), role, "{reference} to {member}");
            let versions = if role.is_some() { expected.versions } else { 0 };
            assert_eq!(mine.len(), versions, "{reference} to {member}: one alert a version");
        }
    }

    federation.must(&["feed", file.to_str().unwrap(), "--platform", "eu-rasff"]);
    federation.must(&["run", "--exit-when-idle", "2s"]);
    for (member, before) in &told {
        assert!(read_back(&broker, member) == *before, "{member}: fed twice, not one alert more");
    }
}
