//! Intake on a broker: every record of a source stands for exactly one place of the log, whatever fails on the way.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use comity::config;
use comity::kafka::intake::{self, IntakeContext};
use comity::kafka::status::IntakeStatus;
use comity::kafka::{Stop, StopKind};
use comity::model::entry::Body;
use comity::model::rejection::Reason;
use comity::platform::{self, Platform};
use comity::schema::log::decode_entry;
use rdkafka::admin::AdminOptions;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

use crate::support::broker::{Broker, PATIENCE, block_on, needs_own_kafka, wait_until};
use crate::support::proxy::{FETCH, Proxy};
use crate::support::reader::read_committed;

pub(crate) const LOG: &str = "comity.log";
pub(crate) const CONTROL: &str = "comity.control";

/// An invented platform whose records are a number, a company and a day.
fn invented(name: &str) -> Platform {
    let definition = format!(
        "title = \"Invented decisions\"\norigin = \"CA-ON\"\ntopic = \"comity.in.{name}\"\nlanguage = \"en\"\n\
         time_zone = \"America/Toronto\"\ndomains = [\"LABOUR_STANDARDS\"]\n\
         decisions_are = \"every row is a decision\"\nnames_subjects = true\n\
         authority = {{ id = \"{name}\", name = \"Test authority\" }}\n\
         [legal_bases]\nact = {{ scheme = \"CA-ON\", value = \"S.O. 2000, c. 41\" }}\n\
         [never_sends]\nCORRECTION = \"never\"\nSUPPLEMENT = \"never\"\nWITHDRAWAL = \"never\"\nCLOSURE = \"never\"\n\
         [[source]]\nversion = \"csv\"\nformat = \"csv\"\n"
    );
    let source = r#"{ "type": "record", "name": "Row", "fields": [ { "name": "number", "type": "string" },
        { "name": "name", "type": "string" }, { "name": "decided", "type": "string" } ] }"#;
    let mapping = r#"{ "kind": "ORIGINAL", "event_id": .number, "case_id": .number,
        "decided": date(.decided, ["%Y-%m-%d"]), "subject": { "legal_name": .name },
        "infraction": { "title": "Guard missing" } }"#;
    let files = [("platform.toml", definition.as_str()), ("source.avsc", source), ("mapping.vrl", mapping)];
    let files = files.map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec()));
    platform::load(name, &BTreeMap::from(files)).unwrap()
}

pub(crate) fn row(number: usize) -> Vec<u8> {
    format!("N{number},Maple Sample Works Ltd,2024-01-31").into_bytes()
}

/// Intake on a thread.
pub(crate) struct Running {
    shutdown: Arc<AtomicBool>,
    pub(crate) status: Arc<IntakeStatus>,
    thread: Option<JoinHandle<Result<(), Stop>>>,
}

impl Running {
    pub(crate) fn start(broker: &Broker, platforms: &[&str]) -> Self {
        Self::start_with(broker, platforms, &[])
    }

    fn start_with(broker: &Broker, platforms: &[&str], properties: &[(&str, &str)]) -> Self {
        Self::start_paced(broker, platforms, properties, pace())
    }

    pub(crate) fn start_paced(
        broker: &Broker,
        platforms: &[&str],
        properties: &[(&str, &str)],
        pace: config::Intake,
    ) -> Self {
        let mut kafka = broker.settings();
        kafka.properties.extend(properties.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        Self::start_on(broker, kafka, platforms, pace)
    }

    fn start_on(broker: &Broker, kafka: config::Kafka, platforms: &[&str], pace: config::Intake) -> Self {
        let status = Arc::new(IntakeStatus::new(platforms.iter().copied()));
        let context = IntakeContext {
            kafka,
            federation: broker.federation.clone(),
            platforms: Arc::new(platforms.iter().map(|name| invented(name)).collect()),
            pace,
            digest_key: None,
            status: Arc::clone(&status),
        };
        let shutdown = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&shutdown);
        let thread = std::thread::spawn(move || intake::run(&context, &told));
        Self { shutdown, status, thread: Some(thread) }
    }

    pub(crate) fn end(mut self) -> Result<(), Stop> {
        self.shutdown.store(true, Ordering::Relaxed);
        self.thread.take().unwrap().join().unwrap()
    }

    /// What it stopped with by itself.
    pub(crate) fn stopped(mut self) -> Stop {
        let thread = self.thread.take().unwrap();
        wait_until("intake stops by itself", PATIENCE, || thread.is_finished());
        thread.join().unwrap().unwrap_err()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.shutdown.store(true, Ordering::Relaxed);
    }
}

/// The pace of a test's intake, without bounds on anybody.
pub(crate) fn pace() -> config::Intake {
    config::Intake {
        commit_interval: Duration::from_millis(5),
        in_flight_records_max: 500,
        instance_id: None,
        backfill_platforms: Vec::new(),
        backfill_records_per_second_max: 100,
        events_per_minute_max: BTreeMap::new(),
    }
}

pub(crate) fn send(broker: &Broker, topic: &str, values: impl IntoIterator<Item = Vec<u8>>) {
    let producer: BaseProducer = broker.plain_config().set("enable.idempotence", "true").create().unwrap();
    for value in values {
        send_one(&producer, topic, &value);
    }
    producer.flush(PATIENCE).unwrap();
}

fn send_one(producer: &BaseProducer, topic: &str, value: &[u8]) {
    while producer.send(BaseRecord::<(), [u8]>::to(topic).partition(0).payload(value)).is_err() {
        producer.poll(Duration::from_millis(1));
    }
}

/// The group's committed position of a source's only partition.
pub(crate) fn committed(broker: &Broker, topic: &str) -> Option<i64> {
    let group = format!("comity-{}-intake", broker.federation);
    let asker: BaseConsumer = broker.plain_config().set("group.id", group).create().unwrap();
    let mut list = TopicPartitionList::new();
    list.add_partition(topic, 0);
    // A coordinator that has just been chosen does not answer yet; whoever waits asks again.
    let Ok(committed) = asker.committed_offsets(list, Duration::from_secs(5)) else { return None };
    match committed.elements()[0].offset() {
        Offset::Offset(offset) => Some(offset),
        _ => None,
    }
}

pub(crate) fn wait_committed(broker: &Broker, topic: &str, position: i64) {
    wait_until(&format!("{topic} committed to {position}"), PATIENCE, || committed(broker, topic) == Some(position));
}

/// Deletes the records before an offset.
fn delete_before(broker: &Broker, topic: &str, offset: i64) {
    let mut list = TopicPartitionList::new();
    list.add_partition_offset(topic, 0, Offset::Offset(offset)).unwrap();
    block_on(broker.admin().delete_records(&list, &AdminOptions::new())).unwrap().elements()[0].error().unwrap();
}

/// What the log says of one source, by the ledger's rule: the entries taken, and how many were not.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    position: i64,
    /// For each entry taken its last offset, and the event's number or the reason of the rejection.
    pub(crate) entries: Vec<(i64, String)>,
    pub(crate) sent_twice: usize,
    pub(crate) beyond_gap: usize,
}

pub(crate) fn taken(broker: &Broker, topic: &str) -> Taken {
    let mut taken = Taken::default();
    for record in read_committed(broker, LOG) {
        let entry = decode_entry(&record.value.unwrap(), record.offset, record.timestamp_ms).unwrap();
        // Rules and ticks have none.
        let Some(at) = entry.body.source().filter(|at| *at.topic == *topic).cloned() else { continue };
        if at.offset < taken.position {
            taken.sent_twice += 1;
        } else if at.from > taken.position {
            taken.beyond_gap += 1;
        } else {
            taken.position = at.offset + 1;
            let what = match &entry.body {
                Body::Event(event) => event.event_id.clone(),
                Body::Rejection(rejection) => format!("{:?} from {}", rejection.reason, at.from),
                other => panic!("intake wrote {other:?}"),
            };
            taken.entries.push((at.offset, what));
        }
    }
    taken
}

/// The events of rows 0 to `count` at offsets 0 to `count`.
pub(crate) fn rows(platform: &str, count: usize) -> Vec<(i64, String)> {
    (0..count).map(|number| (i64::try_from(number).unwrap(), format!("{platform}/N{number}"))).collect()
}

#[test]
fn every_record_gives_one_entry_in_order_and_a_restart_gives_none_again() {
    let broker = Broker::for_test();
    broker.create_topics(&[LOG, CONTROL, "comity.in.one", "comity.in.two"], &[]);
    send(&broker, "comity.in.one", (0..3_000).map(row));
    send(&broker, "comity.in.two", (0..10).map(|number| if number == 4 { Vec::new() } else { row(number) }));
    let running = Running::start(&broker, &["one", "two"]);
    wait_committed(&broker, "comity.in.one", 3_000);
    wait_committed(&broker, "comity.in.two", 10);
    assert_eq!(running.status.rejections(), [(Reason::Malformed, 1)]);
    wait_until("both are caught up", PATIENCE, || {
        running.status.platforms().all(|(_, platform)| platform.caught_up.load(Ordering::Relaxed))
    });
    running.end().unwrap();

    let running = Running::start(&broker, &["one", "two"]);
    send(&broker, "comity.in.one", (3_000..3_005).map(row));
    wait_committed(&broker, "comity.in.one", 3_005);
    running.end().unwrap();
    let one = taken(&broker, "comity.in.one");
    assert_eq!((one.entries, one.sent_twice, one.beyond_gap), (rows("one", 3_005), 0, 0));
    let two = taken(&broker, "comity.in.two");
    assert_eq!(two.entries.len(), 10);
    assert_eq!(two.entries[4], (4, "Malformed from 4".to_owned()));
    assert_eq!(read_committed(&broker, LOG).len(), 3_015, "one entry a record");
}

#[test]
fn a_source_written_in_transactions_has_holes_that_are_no_gaps() {
    let broker = Broker::for_test();
    broker.create_topics(&[LOG, CONTROL, "comity.in.one"], &[]);
    let producer: BaseProducer = broker.plain_config().set("transactional.id", "platform").create().unwrap();
    producer.init_transactions(PATIENCE).unwrap();
    for number in 0..6 {
        producer.begin_transaction().unwrap();
        send_one(&producer, "comity.in.one", &row(number));
        producer.flush(PATIENCE).unwrap();
        if number % 3 == 1 {
            producer.abort_transaction(PATIENCE).unwrap();
        } else {
            producer.commit_transaction(PATIENCE).unwrap();
        }
    }
    let running = Running::start(&broker, &["one"]);
    wait_until("caught up behind the last marker", PATIENCE, || {
        running.status.platform("one").unwrap().caught_up.load(Ordering::Relaxed)
    });
    running.end().unwrap();
    let taken = taken(&broker, "comity.in.one");
    let events: Vec<&str> = taken.entries.iter().map(|(_, what)| what.as_str()).collect();
    assert_eq!(events, ["one/N0", "one/N2", "one/N3", "one/N5"]);
    assert_eq!((taken.sent_twice, taken.beyond_gap), (0, 0));
}

#[test]
fn a_source_that_lost_its_start_says_so_in_the_log() {
    let broker = Broker::for_test();
    broker.create_topics(&[LOG, CONTROL, "comity.in.one"], &[]);
    send(&broker, "comity.in.one", (0..20).map(row));
    delete_before(&broker, "comity.in.one", 12);
    let running = Running::start(&broker, &["one"]);
    wait_committed(&broker, "comity.in.one", 20);
    running.end().unwrap();
    let taken = taken(&broker, "comity.in.one");
    assert_eq!(taken.entries[0], (11, "SourceGap from 0".to_owned()));
    assert_eq!(taken.entries[1..], rows("one", 20)[12..]);
}

#[test]
fn records_lost_behind_a_committed_position_are_a_gap_in_the_log() {
    let broker = Broker::for_test();
    broker.create_topics(&[LOG, CONTROL, "comity.in.one"], &[]);
    send(&broker, "comity.in.one", (0..5).map(row));
    let running = Running::start(&broker, &["one"]);
    wait_committed(&broker, "comity.in.one", 5);
    running.end().unwrap();
    send(&broker, "comity.in.one", (5..30).map(row));
    delete_before(&broker, "comity.in.one", 25);
    let running = Running::start(&broker, &["one"]);
    wait_committed(&broker, "comity.in.one", 30);
    assert_eq!(running.status.source_gaps.load(Ordering::Relaxed), 1);
    running.end().unwrap();
    let taken = taken(&broker, "comity.in.one");
    assert_eq!(taken.entries[..5], rows("one", 30)[..5]);
    assert_eq!(taken.entries[5], (24, "SourceGap from 5".to_owned()));
    assert_eq!(taken.entries[6..], rows("one", 30)[25..]);
}

#[test]
fn records_lost_under_a_running_intake_are_a_gap_and_it_reads_on() {
    let broker = Broker::for_test();
    broker.create_topics(&[LOG, CONTROL, "comity.in.one", "comity.in.two"], &[]);
    let proxy = Proxy::before(&broker.address());
    send(&broker, "comity.in.one", (0..20).map(row));
    let mut kafka = broker.settings();
    kafka.bootstrap_servers = proxy.address();
    let running = Running::start_on(&broker, kafka, &["one", "two"], pace());
    wait_committed(&broker, "comity.in.one", 20);
    proxy.halt(Some(FETCH));
    wait_until("nothing is fetched", PATIENCE, || proxy.halts() > 0);
    send(&broker, "comity.in.one", (20..50).map(row));
    send(&broker, "comity.in.two", (0..10).map(row));
    delete_before(&broker, "comity.in.one", 45);
    proxy.halt(None);
    wait_committed(&broker, "comity.in.one", 50);
    wait_committed(&broker, "comity.in.two", 10);
    running.end().unwrap();
    let one = taken(&broker, "comity.in.one");
    let mut expected = rows("one", 50);
    expected.splice(20..45, [(44, "SourceGap from 20".to_owned())]);
    assert_eq!((one.entries, one.beyond_gap), (expected, 0));
    assert_eq!(taken(&broker, "comity.in.two").entries, rows("two", 10));
}

#[test]
fn a_topic_that_is_missing_or_made_anew_is_said_in_one_line() {
    let broker = Broker::for_test();
    broker.create_topics(&[LOG, CONTROL, "comity.in.one"], &[]);
    let stop = Running::start(&broker, &["one", "two"]).stopped();
    assert_eq!((stop.kind, stop.why.as_str()), (StopKind::Unavailable, "the topic comity.in.two is missing"));

    send(&broker, "comity.in.one", (0..3).map(row));
    // What the group had read of a topic of the same name before.
    commit_as_group(&broker, "comity.in.one", 5);
    let stop = Running::start(&broker, &["one"]).stopped();
    assert_eq!((stop.kind, stop.why.as_str()), (StopKind::Data, "comity.in.one ends at 3, but was read to 5 before"));
}

fn commit_as_group(broker: &Broker, topic: &str, position: i64) {
    let group = format!("comity-{}-intake", broker.federation);
    let consumer: BaseConsumer = broker.plain_config().set("group.id", group).create().unwrap();
    let mut list = TopicPartitionList::new();
    list.add_partition_offset(topic, 0, Offset::Offset(position)).unwrap();
    consumer.commit(&list, CommitMode::Sync).unwrap();
}

#[test]
fn two_instances_share_the_sources_and_hand_them_over_without_loss() {
    let broker = Broker::for_test();
    let topics = ["comity.in.one", "comity.in.two"];
    broker.create_topics(&[LOG, CONTROL, topics[0], topics[1]], &[]);
    let first = Running::start(&broker, &["one", "two"]);
    for round in 0..4 {
        for topic in topics {
            send(&broker, topic, (round * 500..(round + 1) * 500).map(row));
        }
        if round == 1 {
            // A second one joins while the first is busy, takes one of the two sources, and leaves again.
            let second = Running::start(&broker, &["one", "two"]);
            wait_until("the second has read something", PATIENCE, || {
                topics.iter().for_each(|topic| send(&broker, topic, [Vec::new()]));
                second.status.records.load(Ordering::Relaxed) > 0
            });
            let assigned = |running: &Running| {
                running.status.platforms().filter(|(_, platform)| platform.assigned.load(Ordering::Relaxed)).count()
            };
            wait_until("each has one source", PATIENCE, || (assigned(&first), assigned(&second)) == (1, 1));
            second.end().unwrap();
        }
    }
    let ends = topics.map(|topic| i64::try_from(read_committed(&broker, topic).len()).unwrap());
    topics.iter().zip(ends).for_each(|(topic, end)| wait_committed(&broker, topic, end));
    first.end().unwrap();
    for (topic, end) in topics.iter().zip(ends) {
        let taken = taken(&broker, topic);
        let offsets: Vec<i64> = taken.entries.iter().map(|(offset, _)| *offset).collect();
        assert_eq!(offsets, (0..end).collect::<Vec<_>>(), "{topic}: one entry for each offset");
        let name = topic.strip_prefix("comity.in.").unwrap();
        let events = taken.entries.iter().map(|(_, what)| what).filter(|what| what.contains("/N"));
        assert!(events.eq(rows(name, 2_000).iter().map(|(_, what)| what)), "{topic}: the rows in order");
    }
}

#[test]
fn an_intake_whose_group_does_not_hear_of_it_has_no_assignment_until_it_comes_back() {
    let broker = Broker::for_test();
    broker.create_topics(&[LOG, CONTROL, "comity.in.one"], &[]);
    let proxy = Proxy::before(&broker.address());
    let mut kafka = broker.settings();
    kafka.bootstrap_servers = proxy.address();
    let running = Running::start_on(&broker, kafka, &["one"], pace());
    let assigned = || running.status.assigned.load(Ordering::Relaxed);
    wait_until("the group gives it the source", PATIENCE, assigned);
    proxy.cut(true);
    wait_until("its session is over", PATIENCE, || !assigned());
    proxy.cut(false);
    wait_until("the group gives it the source again", PATIENCE, assigned);
    running.end().unwrap();
}

#[test]
fn deliveries_that_fail_while_the_broker_stands_still_are_made_good_in_order() {
    if needs_own_kafka("the test stops its broker") {
        return;
    }
    let mut broker = Broker::for_test();
    broker.create_topics(&[LOG, CONTROL, "comity.in.one"], &[]);
    let running = Running::start_with(&broker, &["one"], &[("message.timeout.ms", "1500")]);
    let address = broker.address();
    let sender = std::thread::spawn(move || {
        let mut config = ClientConfig::new();
        let producer: BaseProducer =
            config.set("bootstrap.servers", &address).set("enable.idempotence", "true").create().unwrap();
        for number in 0..12_000 {
            send_one(&producer, "comity.in.one", &row(number));
            if number % 20 == 0 {
                producer.poll(Duration::ZERO);
                std::thread::sleep(Duration::from_millis(5));
            }
        }
        producer.flush(PATIENCE).unwrap();
    });
    let mut stops = 0;
    while running.status.failed_deliveries.load(Ordering::Relaxed) < 2 {
        stops += 1;
        assert!(stops <= 10, "no delivery failed");
        std::thread::sleep(Duration::from_millis(150));
        broker.maven().signal("STOP");
        std::thread::sleep(Duration::from_millis(3_000));
        broker.maven().signal("CONT");
    }
    sender.join().unwrap();
    wait_committed(&broker, "comity.in.one", 12_000);
    running.end().unwrap();
    let taken = taken(&broker, "comity.in.one");
    assert_eq!(taken.entries, rows("one", 12_000));
    println!("sent twice {}, beyond a gap {}, stops {stops}", taken.sent_twice, taken.beyond_gap);
}

#[test]
fn a_broker_killed_under_load_costs_no_record() {
    if needs_own_kafka("the test kills its broker") {
        return;
    }
    let mut broker = Broker::for_test();
    broker.create_topics(&[LOG, CONTROL, "comity.in.one"], &[]);
    send(&broker, "comity.in.one", (0..20_000).map(row));
    let running = Running::start(&broker, &["one"]);
    wait_until("something is delivered", PATIENCE, || running.status.delivered.load(Ordering::Relaxed) > 2_000);
    broker.maven().kill();
    broker.maven().restart();
    wait_committed(&broker, "comity.in.one", 20_000);
    running.end().unwrap();
    let taken = taken(&broker, "comity.in.one");
    assert_eq!(taken.entries, rows("one", 20_000));
    println!("sent twice {}, beyond a gap {}", taken.sent_twice, taken.beyond_gap);
}

/// What the process holds in memory, in MiB.
fn resident_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}

/// Takes minutes, and measures the whole process, so it runs alone and when asked for: the README names the command.
#[test]
fn a_backlog_of_a_million_records_is_worked_off_within_512_mib() {
    if std::env::var_os("COMITY_TEST_BACKLOG").is_none() {
        println!("only with COMITY_TEST_BACKLOG=1: it takes minutes and measures the whole process");
        return;
    }
    let broker = Broker::for_test();
    broker.create_topics(&[LOG, CONTROL, "comity.in.one"], &[]);
    let count = 1_000_000;
    let producer: BaseProducer = broker.plain_config().set("queue.buffering.max.messages", "10000").create().unwrap();
    (0..count).for_each(|number| send_one(&producer, "comity.in.one", &row(number)));
    producer.flush(PATIENCE).unwrap();
    drop(producer);
    let before = resident_mib();
    let running = Running::start(&broker, &["one"]);
    wait_until("everything is delivered", Duration::from_secs(550), || {
        running.status.delivered.load(Ordering::Relaxed) >= count as u64
    });
    running.end().unwrap();
    let peak = resident_mib();
    println!("peak {peak} MiB, {before} before intake began");
    assert!(peak <= 512, "{peak} MiB");
}
