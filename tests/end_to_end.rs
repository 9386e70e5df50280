//! The whole path with the program itself: topics, feeding, intake and ledger, read back by a reader of its own code.

#[expect(dead_code, reason = "each test binary uses a part of what they share")]
mod support;
#[path = "oracle/rasff.rs"]
mod rasff;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use apache_avro::Schema;
use apache_avro::types::Value;

use support::broker::Broker;
use support::reader::read_committed;

/// The fields of an alert that the tests look at, read by another Avro library than Comity's.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Alert {
    sequence: i64,
    role: String,
    event_id: String,
    version: i32,
}

fn alerts(broker: &Broker, member: &str) -> Vec<Alert> {
    let schema = Schema::parse_str(include_str!("../schemas/canonical/Alert.v1.avsc")).unwrap();
    let records = read_committed(broker, &format!("comity.alerts.{member}"));
    records.into_iter().map(|record| alert(&schema, &record.value.unwrap())).collect()
}

fn alert(schema: &Schema, value: &[u8]) -> Alert {
    assert_eq!(value[0], 0, "Confluent framing");
    let datum = apache_avro::reader::datum::GenericDatumReader::builder(schema).build().unwrap();
    let Value::Record(fields) = datum.read_value(&mut &value[5..]).unwrap() else { panic!("an alert is a record") };
    let fields: BTreeMap<String, Value> = fields.into_iter().collect();
    let text = |name: &str| match &fields[name] {
        Value::String(text) | Value::Enum(_, text) => text.clone(),
        other => panic!("{name} is {other:?}"),
    };
    let Value::Long(sequence) = fields["sequence"] else { panic!("sequence is a long") };
    let Value::Int(version) = fields["version"] else { panic!("version is an int") };
    Alert { sequence, role: text("role"), event_id: text("event_id"), version }
}

/// A federation's folder with its configuration.
struct Federation {
    folder: tempfile::TempDir,
}

impl Federation {
    fn new(broker: &Broker, members: &[&str], platforms: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let text = format!(
            "[kafka]\nbootstrap_servers = \"{}\"\nsingle_broker = true\n[federation]\nname = \"{}\"\n\
             jurisdictions = {members:?}\n[platforms]\ndir = \"{}\"\nenabled = [{platforms:?}]\n\
             [policy]\nexpires_after = \"P50Y\"\n",
            broker.address(),
            broker.federation,
            root.join("schemas/platforms").display(),
        );
        std::fs::write(folder.path().join("comity.toml"), text).unwrap();
        Self { folder }
    }

    fn comity(&self, arguments: &[&str]) -> Output {
        let config = self.folder.path().join("comity.toml");
        Command::new(env!("CARGO_BIN_EXE_comity")).arg("-c").arg(config).args(arguments).output().unwrap()
    }

    /// Runs a command that must succeed.
    fn must(&self, arguments: &[&str]) {
        let output = self.comity(arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "comity {arguments:?}: {said}");
    }
}

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

#[test]
fn every_notification_reaches_exactly_whom_the_oracle_names_and_a_second_feeding_nobody() {
    let broker = Broker::for_test();
    let members: Vec<&str> =
        rasff::MEMBERS.iter().map(|(_, code)| *code).collect::<BTreeSet<_>>().into_iter().collect();
    let federation = Federation::new(&broker, &members, "eu-rasff");
    let file = notifications(federation.folder.path());
    let expected = rasff::expected(&std::fs::read_to_string(&file).unwrap());
    assert!(!expected.is_empty(), "the oracle has read the file");

    federation.must(&["topics", "apply", "--yes"]);
    federation.must(&["feed", file.to_str().unwrap(), "--platform", "eu-rasff"]);
    federation.must(&["run", "--exit-when-idle", "2s"]);
    let told: BTreeMap<&str, Vec<Alert>> = members.iter().map(|member| (*member, alerts(&broker, member))).collect();
    for (member, alerts) in &told {
        let sequences: Vec<i64> = alerts.iter().map(|alert| alert.sequence).collect();
        assert_eq!(sequences, (1..=sequences.len() as i64).collect::<Vec<_>>(), "{member}: no gap, nothing twice");
    }
    for (reference, expected) in &expected {
        let event_id = format!("eu-rasff/{reference}");
        for (member, alerts) in &told {
            let mine: Vec<&Alert> = alerts.iter().filter(|alert| alert.event_id == event_id).collect();
            let last = mine.last().map(|alert| alert.role.as_str());
            let role = match (expected.follow_up.contains(*member), expected.attention.contains(*member)) {
                (true, _) => Some("FOLLOW_UP"),
                (false, true) => Some("ATTENTION"),
                (false, false) => None,
            };
            assert_eq!(last, role, "{reference} to {member}");
            let versions = if role.is_some() { expected.versions } else { 0 };
            assert_eq!(mine.len(), versions, "{reference} to {member}: one alert a version");
        }
    }

    federation.must(&["feed", file.to_str().unwrap(), "--platform", "eu-rasff"]);
    federation.must(&["run", "--exit-when-idle", "2s"]);
    for (member, before) in &told {
        assert_eq!(alerts(&broker, member).len(), before.len(), "{member}: fed twice, not one alert more");
    }
}
