//! Whatever a record says of anybody stays out of every place that Comity writes to, unless an event carries it:
//! topics, logs at their most talkative, metrics, answers over HTTP, and what the commands print.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "tests fail by panic, say what they did and wait by the clock"
)]

#[expect(dead_code, reason = "each test binary uses a part of what they share")]
#[path = "../support/mod.rs"]
mod support;

mod files;
mod marks;
mod others;
mod records;

use std::collections::BTreeMap;
use std::time::Duration;

use marks::{Canaries, found};
use rdkafka::ClientConfig;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord};
use records::{Becomes, Record};
use support::avro::{alerts, assert_contiguous, number, rejections, text};
use support::broker::Broker;
use support::federation::Federation;
use support::load::{Delivered, flush};
use support::reader::{Read, read_uncommitted};

const MEMBERS: [&str; 8] = ["CA-AB", "CA-BC", "CA-ON", "CA-QC", "DE", "FR", "US", "US-NJ"];
/// A member that is the origin of nothing here, so that it is told of everything.
const TOLD_ALL: &str = "DE";
const DEMO: [&str; 4] = ["ca-ab-environment", "ca-bc-safety", "ca-on-food", "ca-qc-normes"];
const REAL: [&str; 4] = ["ca-on-dinesafe", "eu-rasff", "us-nj-labour", "us-openfda-food"];
/// How often each record is made, with other canaries.
const ROUNDS: usize = 28;
/// Of the records that are too large there are fewer, since they are.
const LARGE_ROUNDS: usize = 2;
/// Alerts to `TOLD_ALL` of the events of one round.
const ALERTS_OF_ROUND: usize = 12;
const REFUSED_MIN: usize = 2_000;

/// A federation of sample platforms and of real ones.
fn federation(broker: &Broker) -> Federation {
    let folders = tempfile::tempdir().unwrap().keep();
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas");
    for (dir, names) in [("demo", DEMO), ("platforms", REAL)] {
        for name in names {
            std::os::unix::fs::symlink(root.join(dir).join(name), folders.join(name)).unwrap();
        }
    }
    let platforms = [DEMO, REAL].concat();
    let federation = Federation::new(broker, &MEMBERS, folders.to_str().unwrap(), &platforms);
    std::fs::write(federation.folder().join("digest.key"), [b'k'; 32]).unwrap();
    federation.configure("[guard]\ndigest_key_file = \"digest.key\"");
    federation.must(&["topics", "apply", "--yes"]);
    federation
}

/// Each kind of record once.
fn round(of: &mut Canaries, round: usize) -> Vec<Record> {
    let mut made = records::food(of);
    made.extend(records::food_that_passes(of, round));
    made.extend(records::environment(of));
    made.extend(records::labour_of_quebec(of));
    made.extend(others::safety(of, round));
    made.extend(others::labour_of_new_jersey(of));
    made.extend(others::dinesafe(of));
    made.extend(others::recalls(of, round));
    made.extend(others::rasff(of));
    made.retain(|record| record.becomes != Becomes::Refused("CMT-2002") || round < LARGE_ROUNDS);
    made
}

/// Sends the records, compressed, since some are larger than a topic's bound otherwise.
fn send(broker: &Broker, records: &[Record]) {
    let mut config: ClientConfig = broker.plain_config();
    config.set("enable.idempotence", "true").set("compression.codec", "zstd").set("batch.size", "131072");
    let producer: BaseProducer<Delivered> = config.create_with_context(Delivered::default()).unwrap();
    for record in records {
        let topic = format!("comity.in.{}", record.platform);
        let mut headers = OwnedHeaders::new();
        for (key, value) in
            [("comity-source", record.version.as_deref()), ("comity-mode", record.test.then_some("TEST"))]
        {
            if let Some(value) = value {
                headers = headers.insert(Header { key, value: Some(value) });
            }
        }
        let mut to = BaseRecord::<str, [u8]>::to(&topic).partition(0).headers(headers);
        to.key = record.key.as_deref();
        to.payload = record.value.as_deref();
        while let Err((_, back)) = producer.send(to) {
            producer.poll(Duration::from_millis(1));
            to = back;
        }
    }
    flush(&producer);
}

/// Every topic that Comity writes.
fn written(broker: &Broker) -> Vec<String> {
    let metadata = broker.admin().inner().fetch_metadata(None, Duration::from_secs(10)).unwrap();
    let names = metadata.topics().iter().map(|topic| topic.name().to_owned());
    let written: Vec<String> =
        names.filter(|name| name.starts_with("comity.") && !name.starts_with("comity.in.")).collect();
    let fixed = ["comity.log", "comity.state", "comity.rejects", "comity.alerts.test"];
    assert!(fixed.iter().all(|name| written.iter().any(|known| known == name)), "{written:?}");
    assert!(written.len() >= fixed.len() + 2 * MEMBERS.len(), "{written:?}");
    written
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[track_caller]
fn assert_silent(what: &str, bytes: &[u8]) {
    if let Some(canary) = found(bytes) {
        panic!("{what} holds a canary {canary}");
    }
}

/// Key, value and headers of every record, those of aborted transactions among them.
fn assert_topic_silent(topic: &str, records: &[Read]) {
    for record in records {
        let place = format!("{topic} at offset {}", record.offset);
        assert_silent(&place, record.key.as_deref().unwrap_or_default());
        assert_silent(&place, record.value.as_deref().unwrap_or_default());
        for (name, value) in &record.headers {
            assert_silent(&place, name.as_bytes());
            assert_silent(&place, value);
        }
    }
}

/// Each record that must be refused stands in `comity.rejects` once, with its reason, and no other does.
fn assert_refused(broker: &Broker, records: &[Record]) {
    let rejections = rejections(broker);
    assert_contiguous("comity.rejects", &rejections);
    let mut left: BTreeMap<(String, i64), String> = BTreeMap::new();
    for rejection in &rejections {
        let place = (text(rejection, "platform"), number(rejection, "offset"));
        assert!(left.insert(place, text(rejection, "code")).is_none(), "refused twice: {rejection:?}");
    }
    let mut offsets: BTreeMap<&str, i64> = BTreeMap::new();
    for record in records {
        let offset = offsets.entry(record.platform).or_default();
        let found = left.remove(&(record.platform.to_owned(), *offset));
        let expected = match record.becomes {
            Becomes::Refused(code) => Some(code),
            Becomes::Event => None,
        };
        let shown = || String::from_utf8_lossy(record.value.as_deref().unwrap_or_default()).into_owned();
        assert_eq!(found.as_deref(), expected, "{} at offset {offset}: {}", record.platform, shown());
        *offset += 1;
    }
    assert!(left.is_empty(), "rejections of no record: {left:?}");
}

#[test]
fn nothing_of_a_refused_record_comes_out_anywhere() {
    let broker = Broker::for_test();
    let federation = federation(&broker);
    let mut canaries = Canaries::default();
    let records: Vec<Record> = (0..ROUNDS).flat_map(|number| round(&mut canaries, number)).collect();
    let refused = records.iter().filter(|record| record.becomes != Becomes::Event).count();
    println!("{refused} records to be refused, {} to pass", records.len() - refused);
    assert!(refused >= REFUSED_MIN);
    send(&broker, &records);

    let count = i64::try_from(records.len()).unwrap();
    let mut running = federation.start_with("one", &[("COMITY_LOG", "trace")]);
    running.until("everything is decided", |running| {
        ["comity_intake_delivered_total", "comity_ledger_entries_total"]
            .iter()
            .all(|name| running.metric(name) >= count)
    });
    let paths = ["/livez", "/readyz", "/metrics", "/subjects", "/schemas/ids/3", "/schemas/types", "/nothing", "/"];
    let answers: Vec<String> = paths.iter().map(|path| running.get(path).unwrap().1).collect();
    running.stop();
    federation.work_off("one");

    assert_refused(&broker, &records);
    let told = alerts(&broker, TOLD_ALL);
    assert_eq!(told.len(), ROUNDS * ALERTS_OF_ROUND, "what passes is told");
    for (path, answer) in paths.iter().zip(&answers) {
        assert_silent(path, answer.as_bytes());
    }
    let log = std::fs::read(federation.folder().join("one.log")).unwrap();
    assert!(String::from_utf8_lossy(&log).contains("the HTTP port is open"), "the log was written");
    assert_silent("the log", &log);
    let mut bytes = 0;
    for topic in written(&broker) {
        let records = read_uncommitted(&broker, &topic);
        bytes += records.iter().map(|record| record.value.as_ref().map_or(0, Vec::len)).sum::<usize>();
        assert_topic_silent(&topic, &records);
        let harmless = |read: &Read| read.value.as_ref().is_some_and(|value| holds(value, b"ummus"));
        let events = ["comity.log", "comity.alerts.test", "comity.alerts.DE"].contains(&topic.as_str());
        assert!(!events || records.iter().any(harmless), "what passes is found in {topic}");
    }
    println!("searched: {bytes} bytes of records, {} of the log", log.len());
}
