//! `export = "snapshot"`: what the next file lacks is reported once, nothing is taken back, and no interruption reports
//! too much or loses a report.

use apache_avro::types::Value;

use crate::setting::{HEADER, PLATFORM, Setting, TOPIC, interrupt, said};
use crate::support::avro::{alerts, assert_contiguous, rejections, reviews, text};
use crate::support::broker::Broker;
use crate::support::reader::read_committed;

fn snapshots(broker: &Broker) -> Setting {
    let setting = Setting::new(broker);
    setting.change("platforms/works/platform.toml", "language =", "export = \"snapshot\"\nlanguage =");
    setting.must(&["topics", "apply", "--yes"]);
    setting
}

/// Writes a snapshot of these numbers and feeds it.
fn feed(setting: &Setting, numbers: impl IntoIterator<Item = usize>) -> String {
    let file = snapshot(setting, numbers);
    setting.must(&["feed", &file, "--platform", PLATFORM])
}

fn snapshot(setting: &Setting, numbers: impl IntoIterator<Item = usize>) -> String {
    let rows = numbers.into_iter().map(|number| format!("N{number},Maple Sample Works Ltd,2024-01-31\n"));
    let text = format!("{HEADER}\n{}", rows.collect::<String>());
    setting.write("snapshot.csv", &text).to_str().unwrap().to_owned()
}

/// The events that the topic says are missing, in order.
fn missing(broker: &Broker) -> Vec<String> {
    let marked = read_committed(broker, TOPIC)
        .into_iter()
        .filter(|read| read.headers.iter().any(|(name, _)| name == "comity-missing"));
    let id = |value: Vec<u8>| serde_json::from_slice::<serde_json::Value>(&value).unwrap()["event_id"].to_string();
    marked.map(|read| id(read.value.unwrap()).trim_matches('"').to_owned()).collect()
}

fn records(broker: &Broker) -> usize {
    read_committed(broker, TOPIC).len()
}

#[test]
fn what_the_next_snapshot_lacks_is_reported_once_and_nothing_is_taken_back() {
    let broker = Broker::for_test();
    let setting = snapshots(&broker);
    assert!(!feed(&setting, 1..=12).contains("missing"), "the first has none before it");
    let said = feed(&setting, (1..=13).filter(|number| *number != 3));
    assert!(said.contains("1 events of the former snapshot are missing, and reported"), "{said}");
    assert!(!feed(&setting, (1..=13).filter(|number| *number != 3)).contains("missing"), "the same again");
    assert!(!feed(&setting, 1..=13).contains("missing"), "it came back");
    assert_eq!(missing(&broker), ["works/N3"]);
    setting.must(&["run", "--exit-when-idle", "2s"]);
    let noted = reviews(&broker);
    assert_contiguous("comity.review", &noted);
    let told = |name: &str| match &noted[0][name] {
        Value::Union(_, inner) => format!("{inner:?}"),
        _ => text(&noted[0], name),
    };
    assert_eq!(noted.len(), 1);
    assert_eq!(
        (told("kind"), told("origin"), told("platform")),
        ("MISSING_FROM_SNAPSHOT".into(), "CA-ON".into(), "works".into())
    );
    assert!(told("event_id").contains("works/N3") && told("case_id").contains("works/N3"), "{noted:?}");
    let alerts = alerts(&broker, "CA-QC");
    assert_eq!(alerts.len(), 13, "one alert for each event, and no other");
    assert!(alerts.iter().all(|alert| text(alert, "msg_type") == "ALERT"));
    assert!(rejections(&broker).is_empty());
}

#[test]
fn a_file_that_is_not_whole_is_no_snapshot() {
    let broker = Broker::for_test();
    let setting = snapshots(&broker);
    feed(&setting, 1..=30);
    let broken = format!("{HEADER}\nN1,Maple Sample Works Ltd,2024-01-31\nN2,\"open\n");
    let file = setting.write("broken.csv", &broken).to_str().unwrap().to_owned();
    setting.refused(&["feed", &file, "--platform", PLATFORM], 65, "CMT-9503");
    let file = snapshot(&setting, 1..=14);
    let said = setting.refused(&["feed", &file, "--platform", PLATFORM], 65, "CMT-9508");
    assert!(said.contains("lacks 16 of 30 events"), "{said}");
    assert_eq!((records(&broker), missing(&broker).len()), (30, 0), "nothing of either was sent");
    setting.must(&["feed", &file, "--platform", PLATFORM, "--limit", "3"]);
    setting.must(&["feed", &file, "--platform", PLATFORM, "--test"]);
    assert_eq!(missing(&broker).len(), 0, "a part of a file and a trial say nothing of what they lack");
    setting.must(&["feed", &file, "--platform", PLATFORM, "--shrunk"]);
    let expected: Vec<String> = (15..=30).map(|number| format!("works/N{number}")).collect();
    assert_eq!(missing(&broker), expected);
    feed(&setting, 1..=15);
    assert_eq!(missing(&broker).len(), 16, "what was reported is not missed again");
}

/// What an interrupted feed has sent is remembered, and what it would have reported is still missing the next time.
#[test]
fn an_interrupted_snapshot_reports_nothing_and_loses_nothing() {
    let broker = Broker::for_test();
    let setting = snapshots(&broker);
    feed(&setting, 1..=3);
    let rows = 60_000;
    let file = snapshot(&setting, 2..=rows);
    for signal in ["TERM", "KILL"] {
        let (feeding, proxy) = setting.spawn_half_fed(&broker, TOPIC, &["feed", &file, "--platform", PLATFORM]);
        let output = interrupt(feeding, signal, &proxy);
        assert!(!output.status.success(), "{}", said(&output));
        assert_eq!(missing(&broker), Vec::<String>::new(), "{signal}");
    }
    // The second row was sent for the first time in what was interrupted.
    feed(&setting, (2..=rows).filter(|number| *number != 4));
    assert_eq!(missing(&broker), ["works/N1", "works/N4"]);
}

/// Only the platform itself may say that its events are missing, and only where its files are snapshots.
#[test]
fn a_record_marked_as_missing_is_refused_from_a_platform_without_snapshots() {
    let broker = Broker::for_test();
    let setting = snapshots(&broker);
    feed(&setting, 1..=2);
    feed(&setting, [1]);
    setting.change("platforms/works/platform.toml", "export = \"snapshot\"\n", "");
    setting.change("comity.toml", "[federation]\n", "[federation]\nrules_version = 2\n");
    setting.must(&["run", "--exit-when-idle", "2s"]);
    assert_eq!(reviews(&broker).len(), 0);
    assert_eq!(rejections(&broker).iter().map(|one| text(one, "reason")).collect::<Vec<_>>(), ["invalid_value"]);
}
