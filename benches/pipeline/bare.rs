//! The yardstick: two hops over Kafka and nothing else. The first copies a platform's topic into a log by an idempotent
//! producer and commits its position once all is delivered; the second writes each record of the log once for each
//! recipient, in transactions of up to 1,000 records that end when nothing waits. No record is looked into. The first
//! may work in transactions too, as whoever has no positions of its own must for the same promise.

use std::thread::sleep;
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::message::Message;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

pub(crate) const INPUT: &str = "bare.in";
pub(crate) const LOG: &str = "bare.log";
pub(crate) const INTAKE_GROUP: &str = "bare-intake";
pub(crate) const LEDGER_GROUP: &str = "bare-ledger";

/// Records of one transaction, and of one round of the first hop.
const BATCH: usize = 1_000;
const CALL_TIMEOUT: Duration = Duration::from_secs(45);
/// How long a poll waits for the first record of a batch.
const WAIT: Duration = Duration::from_millis(20);
/// Pause between two looks at what is in flight.
const PAUSE: Duration = Duration::from_micros(200);
/// Pause between two commits of the first hop's position.
const COMMIT_INTERVAL: Duration = Duration::from_millis(100);

/// The topic of one recipient.
pub(crate) fn output(recipient: usize) -> String {
    format!("bare.alerts.{recipient}")
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Bare {
    #[arg(long)]
    bootstrap: String,
    #[arg(long)]
    copies: usize,
    /// One hop alone; both where it is not given.
    #[arg(long, value_enum)]
    hop: Option<Hop>,
    /// Transactions in the first hop too.
    #[arg(long)]
    transactional: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Hop {
    Intake,
    Ledger,
}

pub(crate) fn run(bare: &Bare) {
    std::thread::scope(|scope| {
        if bare.hop != Some(Hop::Ledger) {
            scope.spawn(|| {
                if bare.transactional {
                    fan_out(bare, INTAKE_GROUP, INPUT, &[LOG.to_owned()]);
                } else {
                    copy(bare);
                }
            });
        }
        if bare.hop != Some(Hop::Intake) {
            let outputs: Vec<String> = (0..bare.copies).map(output).collect();
            scope.spawn(move || fan_out(bare, LEDGER_GROUP, LOG, &outputs));
        }
    });
}

fn client(bare: &Bare) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", &bare.bootstrap).set("log_level", "3");
    config
}

fn consumer(bare: &Bare, group: &str, topic: &str) -> BaseConsumer {
    let consumer: BaseConsumer = client(bare)
        .set("group.id", group)
        .set("isolation.level", "read_committed")
        .set("enable.auto.commit", "false")
        .set("auto.offset.reset", "earliest")
        .create()
        .unwrap();
    consumer.subscribe(&[topic]).unwrap();
    consumer
}

fn producer(bare: &Bare, transactional_id: Option<&str>) -> BaseProducer {
    let mut config = client(bare);
    config.set("enable.idempotence", "true").set("linger.ms", "0").set("queue.buffering.max.messages", "200000");
    if let Some(id) = transactional_id {
        config.set("transactional.id", id).set("retry.backoff.ms", "2").set("retry.backoff.max.ms", "2");
    }
    config.create().unwrap()
}

/// What waits, up to a batch: each record is handed to `take`; the position behind the last.
fn round(consumer: &BaseConsumer, mut take: impl FnMut(&[u8])) -> Option<i64> {
    let mut position = None;
    let mut wait = WAIT;
    for _ in 0..BATCH {
        let Some(polled) = consumer.poll(wait) else { break };
        let message = polled.unwrap();
        take(message.payload().unwrap());
        position = Some(message.offset() + 1);
        wait = Duration::ZERO;
    }
    position
}

fn send(producer: &BaseProducer, topic: &str, value: &[u8]) {
    while producer.send(BaseRecord::<(), [u8]>::to(topic).partition(0).payload(value)).is_err() {
        producer.poll(Duration::ZERO);
        sleep(PAUSE);
    }
}

/// Waits until everything is delivered; one poll without waiting takes the reports of one request only.
fn drain(producer: &BaseProducer) {
    loop {
        for _ in 0..64 {
            producer.poll(Duration::ZERO);
        }
        if producer.in_flight_count() == 0 {
            return;
        }
        sleep(PAUSE);
    }
}

fn position(topic: &str, offset: i64) -> TopicPartitionList {
    let mut list = TopicPartitionList::new();
    list.add_partition_offset(topic, 0, Offset::Offset(offset)).unwrap();
    list
}

/// The first hop.
fn copy(bare: &Bare) {
    let consumer = consumer(bare, INTAKE_GROUP, INPUT);
    let producer = producer(bare, None);
    let mut committed_at = Instant::now();
    let mut open = None;
    loop {
        open = round(&consumer, |value| send(&producer, LOG, value)).or(open);
        producer.poll(Duration::ZERO);
        if let Some(offset) = open.filter(|_| committed_at.elapsed() >= COMMIT_INTERVAL) {
            drain(&producer);
            consumer.commit(&position(INPUT, offset), CommitMode::Sync).unwrap();
            committed_at = Instant::now();
            open = None;
        }
    }
}

/// A hop in transactions, under the name of its group.
fn fan_out(bare: &Bare, group: &str, input: &str, outputs: &[String]) {
    let consumer = consumer(bare, group, input);
    let producer = producer(bare, Some(group));
    producer.init_transactions(CALL_TIMEOUT).unwrap();
    loop {
        let mut begun = false;
        let offset = round(&consumer, |value| {
            if !begun {
                producer.begin_transaction().unwrap();
                begun = true;
            }
            for output in outputs {
                send(&producer, output, value);
            }
        });
        if let Some(offset) = offset {
            drain(&producer);
            let group = consumer.group_metadata().unwrap();
            producer.send_offsets_to_transaction(&position(input, offset), &group, CALL_TIMEOUT).unwrap();
            producer.commit_transaction(CALL_TIMEOUT).unwrap();
            producer.poll(Duration::ZERO);
        }
    }
}
