//! The ledger's shell on a broker: what it publishes is compared with the log read once, entry by entry.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use comity::index::State;
use comity::kafka::ledger::{LedgerContext, run};
use comity::kafka::status::LedgerStatus;
use comity::kafka::{Stop, StopKind, names};
use comity::model::code::{Kind, Mode};
use comity::model::event::InfractionEvent;
use comity::model::place::Jurisdiction;
use comity::schema::log::{decode_entry, encode_entry};
use comity::schema::state::{StateRecord, decode_record};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};

use crate::reference::Outputs;
use crate::support::broker::{Broker, PATIENCE, needs_own_kafka, needs_real_kafka, wait_until};
use crate::support::proxy::Proxy;
use crate::support::reader::{Read, read_committed, read_uncommitted, stands_open};
use crate::turned::{Kafka, MEMBERS};
use crate::world::{original, place, revised, rules};

/// A broker with the topics of a federation, and a log that is written by hand.
pub(crate) struct Federation {
    pub(crate) broker: Broker,
    producer: BaseProducer,
    /// Entries as they are written; their times are the broker's.
    written: Kafka,
    sent: usize,
}

fn members() -> Vec<Jurisdiction> {
    MEMBERS.iter().copied().map(place).collect()
}

impl Federation {
    pub(crate) fn new() -> Self {
        Self::on(Broker::for_test())
    }

    pub(crate) fn on(broker: Broker) -> Self {
        broker.create_topics(&[names::LOG], &[("message.timestamp.type", "LogAppendTime")]);
        broker.create_topics(&[names::STATE], &[("cleanup.policy", "compact")]);
        let own = members().into_iter().flat_map(names::outputs);
        let topics: Vec<String> = own.chain(names::COMMON.map(str::to_owned)).collect();
        broker.create_topics(&topics.iter().map(String::as_str).collect::<Vec<_>>(), &[]);
        let producer = broker.plain_config().set("enable.idempotence", "true").create().unwrap();
        let mut federation = Self { broker, producer, written: Kafka::new(), sent: 0 };
        federation.send();
        federation
    }

    pub(crate) fn events(&mut self, ids: impl IntoIterator<Item = String>) {
        for id in ids {
            self.written.event(&original(&id));
        }
        self.send();
    }

    fn revisions(&mut self, ids: &[&str], title: &str) {
        for id in ids {
            self.written.event(&revised(&original(id), Kind::Supplement, title));
        }
        self.send();
    }

    fn send(&mut self) {
        for entry in &self.written.log[self.sent..] {
            let value = encode_entry(&entry.body);
            self.producer.send(BaseRecord::<(), [u8]>::to(names::LOG).partition(0).payload(&value)).unwrap();
        }
        self.producer.flush(PATIENCE).unwrap();
        self.sent = self.written.log.len();
    }

    pub(crate) fn start(&self) -> Running {
        self.start_with(self.broker.settings())
    }

    /// A ledger that reaches the broker through a proxy.
    pub(crate) fn start_behind(&self, proxy: &Proxy) -> Running {
        let mut kafka = self.broker.settings();
        kafka.bootstrap_servers = proxy.address();
        self.start_with(kafka)
    }

    pub(crate) fn start_with(&self, kafka: comity::config::Kafka) -> Running {
        comity::telemetry::start(comity::telemetry::LogFormat::Text);
        let status = Arc::new(LedgerStatus::default());
        let context = LedgerContext {
            kafka,
            federation: self.broker.federation.clone(),
            rules: rules(1, MEMBERS),
            pace: comity::config::Ledger {
                commit_interval: Duration::from_millis(5),
                batch_entries_max: 200,
                instance_id: None,
                // The tests that are about slow commits say so; a busy machine is no doubt.
                commit_doubt: Duration::from_secs(5),
            },
            status: status.clone(),
            view: Arc::default(),
        };
        let shutdown = Arc::new(AtomicBool::new(false));
        let told = shutdown.clone();
        let thread = std::thread::spawn(move || run(&context, &told));
        Running { status, shutdown, thread }
    }

    fn log(&self) -> Vec<Read> {
        read_committed(&self.broker, names::LOG)
    }

    /// The last `Checkpoint`, and the state as `comity.state` holds it up to there, read by the test's own code.
    fn state(&self) -> (i64, Vec<String>) {
        let records: Vec<StateRecord> = read_committed(&self.broker, names::STATE)
            .iter()
            .map(|read| {
                let header = read.headers.first().map(|(_, value)| value.as_slice());
                decode_record(read.key.as_deref().unwrap(), read.value.as_deref(), header).unwrap()
            })
            .collect();
        let is_checkpoint = |record: &StateRecord| matches!(record, StateRecord::Checkpoint(_));
        let end = records.iter().rposition(is_checkpoint).unwrap();
        let mut state = State::default();
        let mut position = 0;
        for record in records.into_iter().take(end + 1) {
            match record {
                StateRecord::Entry { entry, .. } => state.restore(entry),
                StateRecord::Checkpoint(checkpoint) => {
                    position = checkpoint.marks.log_position;
                    assert!(state.resume(&checkpoint), "the values add up to the Checkpoint's digest");
                }
            }
        }
        (position, state.dump())
    }

    /// Outputs and state are what the log says up to the last `Checkpoint`: nothing lost, nothing twice, in order.
    pub(crate) fn assert_right(&self) {
        let (position, state) = self.state();
        let mut log = Kafka::default();
        for read in self.log() {
            if read.offset < position {
                log.log.push(decode_entry(read.value.as_deref().unwrap(), read.offset, read.timestamp_ms).unwrap());
            }
        }
        let (outputs, fold) = log.reference();
        assert_eq!(state, fold.dump(), "the state is the fold of the log");
        for (topic, expected) in by_topic(outputs) {
            let values: Vec<Vec<u8>> =
                read_committed(&self.broker, &topic).into_iter().map(|read| read.value.unwrap()).collect();
            assert_eq!(values.len(), expected.len(), "records of {topic}");
            assert!(values == expected, "{topic} holds other bytes than the log gives");
        }
    }

    fn alerts(&self, member: usize) -> usize {
        read_committed(&self.broker, &names::alerts(members()[member])).len()
    }
}

fn by_topic(outputs: Outputs) -> BTreeMap<String, Vec<Vec<u8>>> {
    let mut topics: BTreeMap<String, Vec<Vec<u8>>> = BTreeMap::new();
    for member in members() {
        topics.extend(names::outputs(member).map(|topic| (topic, Vec::new())));
    }
    for (output, records) in outputs {
        let values = records.into_iter().map(|(_, value)| value);
        topics.entry(names::output(output, &members()).unwrap()).or_default().extend(values);
    }
    topics
}

/// A ledger on a thread of its own.
pub(crate) struct Running {
    pub(crate) status: Arc<LedgerStatus>,
    shutdown: Arc<AtomicBool>,
    thread: JoinHandle<Result<(), Stop>>,
}

impl Running {
    pub(crate) fn until_decided(&self, entries: usize) {
        let entries = i64::try_from(entries).unwrap();
        wait_until("the log is decided", PATIENCE, || {
            assert!(!self.thread.is_finished(), "the ledger ended");
            self.status.checkpoint_position.load(Ordering::Relaxed) >= entries
        });
    }

    pub(crate) fn until(&self, what: &str, holds: impl Fn(&LedgerStatus) -> bool) {
        wait_until(what, PATIENCE, || {
            assert!(!self.thread.is_finished(), "the ledger ended before {what}");
            holds(&self.status)
        });
    }

    pub(crate) fn stop(self) {
        let told = Instant::now();
        self.shutdown.store(true, Ordering::Relaxed);
        self.thread.join().unwrap().unwrap();
        println!("told to stop to its end: {:?}", told.elapsed());
    }

    fn ends(self) -> Stop {
        wait_until("the ledger ends", PATIENCE, || self.thread.is_finished());
        self.thread.join().unwrap().unwrap_err()
    }
}

pub(crate) fn owns(status: &LedgerStatus) -> bool {
    status.owner.load(Ordering::Relaxed)
}

pub(crate) fn ids(from: usize, to: usize) -> impl Iterator<Item = String> {
    (from..to).map(|number| format!("case {number}"))
}

#[test]
fn what_is_decided_is_published_and_a_restart_goes_on() {
    let mut federation = Federation::new();
    federation.events(ids(0, 300));
    let first = federation.start();
    first.until_decided(301);
    first.stop();
    federation.assert_right();
    federation.revisions(&["case 1", "case 2"], "second");
    federation.events(ids(300, 320));
    let started = Instant::now();
    let second = federation.start();
    // Ticks take offsets too, so what is left is counted.
    second.until("the rest is decided", |status| status.entries_but_ticks.load(Ordering::Relaxed) == 22);
    println!("restart to the next commit: {:?}", started.elapsed());
    second.stop();
    federation.assert_right();
    assert_eq!(federation.alerts(1), 322);
}

#[test]
fn an_alert_of_a_test_goes_to_the_topic_of_tests_alone() {
    let mut federation = Federation::new();
    federation.events(ids(0, 2));
    federation.written.event(&InfractionEvent { mode: Mode::Test, ..original("a test") });
    federation.send();
    let ledger = federation.start();
    ledger.until_decided(4);
    ledger.stop();
    federation.assert_right();
    let others = members().len() - 1;
    assert_eq!((federation.alerts(1), read_committed(&federation.broker, names::TEST).len()), (2, others));
}

#[test]
fn a_quiet_log_is_ticked_and_stays_right() {
    let federation = Federation::new();
    let ledger = federation.start();
    ledger.until("three ticks", |status| {
        let entries = status.entries.load(Ordering::Relaxed);
        entries - status.entries_but_ticks.load(Ordering::Relaxed) >= 3
    });
    ledger.stop();
    federation.assert_right();
}

#[test]
fn a_standby_takes_over_when_the_owner_leaves() {
    let mut federation = Federation::new();
    federation.events(ids(0, 50));
    let first = federation.start();
    first.until_decided(51);
    let second = federation.start();
    second.until("it stands by", |status| status.standby.load(Ordering::Relaxed));
    assert!(!owns(&second.status), "there is one owner");
    federation.events(ids(50, 60));
    first.until("the rest is decided", |status| status.entries_but_ticks.load(Ordering::Relaxed) == 61);
    let left = Instant::now();
    first.stop();
    federation.events(ids(60, 70));
    second.until("the standby decides", |status| status.entries_but_ticks.load(Ordering::Relaxed) == 10);
    println!("owner told to stop to the standby's first alert: {:?}", left.elapsed());
    second.stop();
    federation.assert_right();
}

#[test]
fn an_owner_that_nobody_hears_is_replaced_and_does_not_fence_back() {
    if needs_real_kafka("it never misses a member that says nothing") {
        return;
    }
    let mut federation = Federation::new();
    let proxy = Proxy::before(&federation.broker.address());
    federation.events(ids(0, 50));
    let first = federation.start_behind(&proxy);
    first.until_decided(51);
    let second = federation.start();
    second.until("it stands by", |status| status.standby.load(Ordering::Relaxed));
    // Nothing of the first is heard any more, in the middle of a transaction.
    proxy.stall(Some("comity.alerts.DE"));
    federation.events(ids(50, 60));
    wait_until("the first is in a transaction", PATIENCE, || proxy.stalled() > 0);
    proxy.cut(true);
    let cut = Instant::now();
    second.until("the standby decides", |status| status.entries_but_ticks.load(Ordering::Relaxed) == 10);
    println!("takeover from an owner that vanished: {:?}", cut.elapsed());
    proxy.stall(None);
    proxy.cut(false);
    first.until("the first notices", |status| !owns(status));
    federation.events(ids(60, 70));
    second.until("the standby goes on", |status| status.entries_but_ticks.load(Ordering::Relaxed) == 20);
    first.until("the first stands by", |status| status.standby.load(Ordering::Relaxed));
    assert!(owns(&second.status), "the new owner is not disturbed");
    assert_eq!(second.status.aborted.load(Ordering::Relaxed), 0);
    second.stop();
    federation.events(ids(70, 75));
    first.until("the first decides again", |status| status.entries_but_ticks.load(Ordering::Relaxed) == 56);
    first.stop();
    federation.assert_right();
}

#[test]
fn an_end_of_transaction_that_is_held_up_brings_a_new_producer() {
    let mut federation = Federation::new();
    let proxy = Proxy::before(&federation.broker.address());
    federation.events(ids(0, 20));
    let ledger = federation.start_behind(&proxy);
    ledger.until_decided(21);
    proxy.hold_next_end_txn();
    federation.events(ids(20, 40));
    wait_until("an EndTxn is held up", PATIENCE, || proxy.holds_end_txn());
    ledger.until("the doubt is seen", |status| status.unclear_commits.load(Ordering::Relaxed) > 0);
    federation.events(ids(40, 60));
    ledger.until("the ledger goes on", |status| status.entries_but_ticks.load(Ordering::Relaxed) == 61);
    proxy.release_end_txn();
    federation.events(ids(60, 80));
    ledger.until("it is not disturbed", |status| status.entries_but_ticks.load(Ordering::Relaxed) == 81);
    ledger.stop();
    federation.assert_right();
}

/// Whether more than so many alerts come to stand in each topic, committed or not; once no more come.
fn arrives(federation: &Federation, topics: &[String], more_than: usize) -> bool {
    let began = Instant::now();
    let mut before = Vec::new();
    while began.elapsed() < Duration::from_secs(5) {
        let now: Vec<usize> = topics.iter().map(|topic| read_uncommitted(&federation.broker, topic).len()).collect();
        if now.iter().all(|count| *count > more_than) && now == before {
            return true;
        }
        before = now;
    }
    false
}

/// An EndTxn that comes again without any sign to the client commits half of the next transaction.
fn torn(stalled: &str) {
    let mut federation = Federation::new();
    let proxy = Proxy::before(&federation.broker.address());
    federation.events(ids(0, 20));
    let ledger = federation.start_behind(&proxy);
    ledger.until_decided(21);
    let topics: Vec<String> =
        (1..4).map(|member| names::alerts(members()[member])).filter(|topic| topic != stalled).collect();
    let decided = |count: usize| {
        let all = |status: &LedgerStatus| status.entries_but_ticks.load(Ordering::Relaxed) == count as u64;
        ledger.until("what was sent is decided", all);
    };
    let mut sent = 20;
    loop {
        proxy.stall(Some(stalled));
        federation.events(ids(sent, sent + 20));
        wait_until("the rest of a transaction waits", PATIENCE, || proxy.stalled() > 0);
        if arrives(&federation, &topics, sent) {
            break;
        }
        // A tick came first: its transaction has nothing to be torn from.
        proxy.stall(None);
        sent += 20;
        decided(sent + 1);
        assert!(sent < 200, "no transaction of events is ever held up");
    }
    let answer = proxy.repeat_end_txn();
    println!("{stalled}: the broker's answer to the late EndTxn: {answer:?}");
    wait_until("the late EndTxn tears the transaction", PATIENCE, || {
        topics.iter().all(|topic| read_committed(&federation.broker, topic).len() > sent)
    });
    proxy.stall(None);
    decided(sent + 21);
    federation.events(ids(sent + 20, sent + 30));
    decided(sent + 31);
    ledger.stop();
    federation.assert_right();
}

#[test]
fn a_transaction_torn_in_its_outputs_is_made_whole() {
    torn("comity.alerts.DE");
}

#[test]
fn a_transaction_torn_before_its_state_is_made_whole() {
    torn("comity.state");
}

#[test]
fn a_foreign_record_in_the_log_stops_the_ledger() {
    let federation = Federation::new();
    let ledger = federation.start();
    ledger.until_decided(1);
    federation.producer.send(BaseRecord::<(), str>::to(names::LOG).partition(0).payload("not ours")).unwrap();
    federation.producer.flush(PATIENCE).unwrap();
    let stop = ledger.ends();
    assert_eq!(stop.kind, StopKind::Data);
    assert!(stop.why.contains("comity.log at offset") && !stop.why.contains("not ours"), "{}", stop.why);
    federation.assert_right();
}

#[test]
fn a_foreign_record_in_the_state_stops_the_ledger() {
    let federation = Federation::new();
    let to = BaseRecord::<str, str>::to(names::STATE).partition(0).key("case/x").payload("not ours");
    federation.producer.send(to).unwrap();
    federation.producer.flush(PATIENCE).unwrap();
    let stop = federation.start().ends();
    assert_eq!(stop.kind, StopKind::Data);
    assert!(stop.why.contains("comity.state at offset 0"), "{}", stop.why);
}

#[test]
fn a_log_without_the_brokers_time_stops_the_ledger() {
    let broker = Broker::for_test();
    broker.create_topics(&[[names::LOG, names::STATE].as_slice(), names::COMMON.as_slice()].concat(), &[]);
    let own = members().into_iter().flat_map(names::outputs);
    let topics: Vec<String> = own.collect();
    broker.create_topics(&topics.iter().map(String::as_str).collect::<Vec<_>>(), &[]);
    let producer = broker.plain_config().create().unwrap();
    let mut federation = Federation { broker, producer, written: Kafka::new(), sent: 0 };
    federation.send();
    let stop = federation.start().ends();
    assert_eq!(stop.kind, StopKind::Configuration);
    assert!(stop.help.contains("LogAppendTime"), "{}", stop.help);
}

/// Its partitions are without a leader for a moment after it has come back, and it ends what was under way in its own time.
#[test]
fn a_broker_that_is_killed_and_comes_back_ends_no_ledger() {
    if needs_own_kafka("the test kills its broker") {
        return;
    }
    let mut federation = Federation::new();
    federation.events(ids(0, 20));
    let ledger = federation.start();
    ledger.until_decided(21);
    for round in 1..=3 {
        federation.broker.maven().kill();
        federation.broker.maven().restart();
        federation.events(ids(round * 20, (round + 1) * 20));
        // What a commit of unknown outcome took may be counted by nobody; where the last `Checkpoint` stands says all.
        let end = federation.log().last().unwrap().offset + 1;
        ledger.until("it goes on", |status| status.checkpoint_position.load(Ordering::Relaxed) >= end);
    }
    ledger.stop();
    let own = members().into_iter().flat_map(names::outputs);
    let topics: Vec<String> = own.chain(names::COMMON.map(str::to_owned)).chain([names::STATE.to_owned()]).collect();
    wait_until("every transaction has its end in every topic", PATIENCE, || {
        topics.iter().all(|topic| !stands_open(&federation.broker, topic))
    });
    federation.assert_right();
}
