//! One place where Kafka clients are configured: each purpose has its settings, and the operator's `kafka.properties`
//! may change what breaks no promise.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rdkafka::client::ClientContext;
use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext, RebalanceProtocol};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{DeliveryResult, Message};
use rdkafka::producer::ProducerContext;
use rdkafka::statistics::Statistics;
use rdkafka::topic_partition_list::TopicPartitionList;
use rdkafka::types::RDKafkaRespErr;

use super::{Stop, StopKind, names};
use crate::config::Kafka;
use crate::model::limit::OUTPUT_BYTES_MAX;
use crate::model::problem::Problem;

/// What a client is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose<'a> {
    /// Reads the platforms' topics as a member of intake's group.
    SourceConsumer { group: &'a str, instance_id: Option<&'a str> },
    /// Reads `comity.log` as a member of the ledger's group.
    LedgerConsumer { group: &'a str, instance_id: Option<&'a str> },
    /// Looks at single places of the platforms' topics; what is damage to a source consumer is damage to it.
    SourceProbe,
    /// Reads partitions that it assigns itself, and is told where they end.
    Follower,
    /// The same, and keeps its place in a group of its recipient's.
    Recipient { group: &'a str },
    /// Writes without transactions, in order and once for each call.
    Producer,
    /// Writes in transactions, under an id that fences its forerunner.
    TransactionalProducer { transactional_id: &'a str },
    /// Makes topics, reads metadata.
    Admin,
}

/// Bytes that a consumer holds ready, at most.
const SOURCE_QUEUE_KBYTES_MAX: u32 = 16 * 1024;
const LEDGER_QUEUE_KBYTES_MAX: u32 = 32 * 1024;
/// Bytes of one answer of the broker to a fetch, as it is asked for.
const FETCH_BYTES_MAX: u32 = 8 * 1024 * 1024;
/// Bytes of such an answer that are taken from platforms' topics; a batch that grows beyond it when decompressed is
/// undecodable.
const SOURCE_ANSWER_BYTES_MAX: u32 = FETCH_BYTES_MAX + 1024 * 1024;
/// Bytes of one that are taken from Comity's own topics, which only Comity writes: as many as librdkafka takes by itself.
/// Brokers may give more than they are asked for, and the embedded one gives whatever it has.
const OWN_ANSWER_BYTES_MAX: u32 = 100_000_000;
/// Bytes that a producer holds, at most.
const PRODUCER_QUEUE_KBYTES_MAX: u32 = 64 * 1024;
/// How long a plain producer tries before it calls a delivery failed.
const DELIVERY_TIMEOUT_MS: u32 = 30_000;
/// How long the broker keeps a transaction without a word: a restart after SIGKILL takes it 14 to 20 s.
const TRANSACTION_TIMEOUT_MS: u32 = 30_000;
/// Errors of a client that are kept until they are read.
const ERRORS_KEPT_MAX: usize = 64;

/// Properties that belong to Comity, each with the promise that another value would break.
const RESERVED: &[(&str, &str)] = &[
    ("bootstrap.servers", "it is `kafka.bootstrap_servers`"),
    ("metadata.broker.list", "it is `kafka.bootstrap_servers`"),
    ("group.id", "the group's name follows from `federation.name`"),
    ("group.instance.id", "it is `intake.instance_id` or `ledger.instance_id`"),
    ("session.timeout.ms", "it is `kafka.session_timeout_ms`"),
    ("heartbeat.interval.ms", "it follows from `kafka.session_timeout_ms`"),
    ("group.protocol", "take-over times hold for the classic protocol"),
    ("partition.assignment.strategy", "the ledger's partition would go to a cold newcomer"),
    ("isolation.level", "records of aborted transactions would be read"),
    ("enable.auto.commit", "positions would be committed before delivery"),
    ("enable.auto.offset.store", "positions would be committed before delivery"),
    ("auto.offset.reset", "records would be skipped or repeated in silence"),
    ("check.crcs", "damaged records would be read"),
    ("enable.partition.eof", "a restore would not see its end"),
    ("enable.idempotence", "records would be written twice or out of order"),
    ("enable.gapless.guarantee", "a failed delivery would stop intake for good"),
    ("acks", "records would be lost with a broker"),
    ("request.required.acks", "records would be lost with a broker"),
    ("max.in.flight.requests.per.connection", "records would be written out of order"),
    ("max.in.flight", "records would be written out of order"),
    ("message.max.bytes", "batches would be larger than Comity's topics take, or alerts larger than a batch"),
    ("transactional.id", "an older instance would not be fenced"),
    ("transaction.timeout.ms", "a restart of the broker would fence the ledger, or readers would stall"),
    ("allow.auto.create.topics", "a topic would exist without its settings"),
    ("delivery.report.only.error", "deliveries would not be heard of, and no position ever committed"),
    ("statistics.interval.ms", "where the sources end would not be known: no lag, no alarm of silence, never idle"),
    ("log.queue", "Comity reads the client's log itself"),
];

/// So many heartbeats at least have to get lost before a session runs out.
const HEARTBEATS_A_SESSION: u128 = 6;
/// A member hears of a change by the answer to its next heartbeat.
const HEARTBEAT_MS_MAX: u128 = 1_000;

/// The configuration of a client for one purpose.
pub fn config(kafka: &Kafka, purpose: Purpose<'_>) -> ClientConfig {
    let mut config = ClientConfig::new();
    config
        .set("client.id", client_id(purpose))
        // By its method: rdkafka sets the level that it has so over the property, and the loss of a connection to the
        // coordinator of transactions is said at this level only.
        .set_log_level(RDKafkaLogLevel::Info)
        .set("socket.keepalive.enable", "true")
        .set("reconnect.backoff.ms", "50")
        .set("reconnect.backoff.max.ms", "1000")
        .set("topic.metadata.refresh.interval.ms", "30000")
        .set("enable.metrics.push", "false");
    set_defaults(&mut config, purpose);
    for (name, value) in kafka.properties.iter().filter(|(name, _)| reserved(name).is_none()) {
        config.set(name, value);
    }
    // What must hold is set last, so that nothing above can change it.
    config.set("bootstrap.servers", &kafka.bootstrap_servers);
    set_promises(&mut config, purpose, kafka.session_timeout);
    config
}

/// The problems of `kafka.properties`: reserved names, names and values that librdkafka does not know. No value is
/// shown: it may be secret.
pub fn problems(kafka: &Kafka, file: &str) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (name, value) in &kafka.properties {
        if let Some(why) = reserved(name) {
            let why = format!("kafka.properties.\"{name}\" cannot be set: {why}");
            problems.push(Problem::new("CMT-9041", file, why, "take it out"));
        } else if ClientConfig::new().set(name, value).create_native_config().is_err() {
            let why =
                format!("kafka.properties.\"{name}\": librdkafka does not know the property or takes no such value");
            problems.push(Problem::new(
                "CMT-9042",
                file,
                why,
                "see librdkafka's CONFIGURATION.md for names and values",
            ));
        }
    }
    problems
}

/// Says of an error of rdkafka what the operator can do; configuration values are never repeated.
pub fn stop(doing: &str, error: &KafkaError) -> Stop {
    if let KafkaError::ClientConfig(_, _, name, _) = error {
        let why = format!("{doing}: the Kafka property \"{name}\" is not valid");
        return Stop::new(StopKind::Configuration, why, "correct it in [kafka.properties]");
    }
    let kind = match error.rdkafka_error_code() {
        Some(
            RDKafkaErrorCode::TopicAuthorizationFailed
            | RDKafkaErrorCode::GroupAuthorizationFailed
            | RDKafkaErrorCode::ClusterAuthorizationFailed
            | RDKafkaErrorCode::TransactionalIdAuthorizationFailed
            | RDKafkaErrorCode::SaslAuthenticationFailed,
        ) => {
            return Stop::new(
                StopKind::Unavailable,
                format!("{doing}: {error}"),
                "give this client the right in Kafka",
            );
        }
        _ => StopKind::Unavailable,
    };
    if let Some(RDKafkaErrorCode::BrokerTransportFailure | RDKafkaErrorCode::AllBrokersDown) =
        error.rdkafka_error_code()
    {
        let help = "check that Kafka runs, and that kafka.bootstrap_servers and [kafka.properties] fit its listener";
        return Stop::new(kind, format!("{doing}: no broker answers"), help);
    }
    Stop::new(kind, format!("{doing}: {error}"), "check that Kafka runs and that kafka.bootstrap_servers names it")
}

fn reserved(name: &str) -> Option<&'static str> {
    RESERVED.iter().find(|(reserved, _)| *reserved == name).map(|(_, why)| *why)
}

fn client_id(purpose: Purpose<'_>) -> &'static str {
    match purpose {
        Purpose::SourceConsumer { .. } => "comity-intake-source",
        Purpose::LedgerConsumer { .. } => "comity-ledger-source",
        Purpose::SourceProbe => "comity-source-probe",
        Purpose::Follower => "comity-follower",
        Purpose::Recipient { .. } => "comity-tap",
        Purpose::Producer => "comity-producer",
        Purpose::TransactionalProducer { .. } => "comity-ledger-sink",
        Purpose::Admin => "comity-admin",
    }
}

/// What an operator may tune.
fn set_defaults(config: &mut ClientConfig, purpose: Purpose<'_>) {
    match purpose {
        Purpose::SourceConsumer { .. } => {
            set_consumer_defaults(config, SOURCE_QUEUE_KBYTES_MAX, SOURCE_ANSWER_BYTES_MAX);
            // Where the sources end is told by the client itself: to ask the broker would hold the loop up.
            config.set("statistics.interval.ms", "1000");
        }
        Purpose::SourceProbe => set_consumer_defaults(config, SOURCE_QUEUE_KBYTES_MAX, SOURCE_ANSWER_BYTES_MAX),
        Purpose::LedgerConsumer { .. } | Purpose::Follower | Purpose::Recipient { .. } => {
            set_consumer_defaults(config, LEDGER_QUEUE_KBYTES_MAX, OWN_ANSWER_BYTES_MAX);
        }
        Purpose::Producer => {
            set_producer_defaults(config);
            config
                .set("retry.backoff.ms", "10")
                .set("retry.backoff.max.ms", "200")
                .set("message.timeout.ms", DELIVERY_TIMEOUT_MS.to_string());
        }
        Purpose::TransactionalProducer { .. } => {
            set_producer_defaults(config);
            // Ten milliseconds of each commit are this backoff (CONCURRENT_TRANSACTIONS is answered by a retry).
            config.set("retry.backoff.ms", "2").set("retry.backoff.max.ms", "2");
        }
        Purpose::Admin => {}
    }
}

fn set_consumer_defaults(config: &mut ClientConfig, queue_kbytes_max: u32, answer_bytes_max: u32) {
    config
        .set("queued.max.messages.kbytes", queue_kbytes_max.to_string())
        // The queue is bounded in bytes; without this a full queue pauses fetching for a whole second.
        .set("fetch.queue.backoff.ms", "2")
        .set("fetch.wait.max.ms", "100")
        .set("fetch.error.backoff.ms", "100")
        .set("fetch.max.bytes", FETCH_BYTES_MAX.to_string())
        .set("receive.message.max.bytes", answer_bytes_max.to_string());
}

fn set_producer_defaults(config: &mut ClientConfig) {
    config
        .set("linger.ms", "0")
        .set("sticky.partitioning.linger.ms", "0")
        .set("queue.buffering.max.messages", "200000")
        .set("queue.buffering.max.kbytes", PRODUCER_QUEUE_KBYTES_MAX.to_string());
}

/// What must not change.
fn set_promises(config: &mut ClientConfig, purpose: Purpose<'_>, session: Duration) {
    match purpose {
        // `range` deals each topic out by itself: with one partition a topic, the first member would get them all.
        Purpose::SourceConsumer { group, instance_id } => set_member(config, group, instance_id, "roundrobin", session),
        Purpose::LedgerConsumer { group, instance_id } => {
            set_member(config, group, instance_id, "cooperative-sticky", session);
        }
        Purpose::SourceProbe | Purpose::Follower => {
            set_reader(config);
            // librdkafka wants a group for a consumer that assigns itself; nothing is ever committed to it.
            config.set("group.id", names::FOLLOWERS_GROUP).set("enable.partition.eof", "true");
        }
        Purpose::Recipient { group } => {
            set_reader(config);
            config.set("group.id", group).set("enable.partition.eof", "true");
        }
        Purpose::Producer => set_writer(config),
        Purpose::TransactionalProducer { transactional_id } => {
            set_writer(config);
            config
                .set("transactional.id", transactional_id)
                .set("transaction.timeout.ms", TRANSACTION_TIMEOUT_MS.to_string());
        }
        Purpose::Admin => {}
    }
}

fn set_member(config: &mut ClientConfig, group: &str, instance_id: Option<&str>, strategy: &str, session: Duration) {
    set_reader(config);
    let session_ms = session.as_millis();
    config
        .set("group.id", group)
        .set("group.protocol", "classic")
        .set("partition.assignment.strategy", strategy)
        .set("session.timeout.ms", session_ms.to_string())
        .set("heartbeat.interval.ms", (session_ms / HEARTBEATS_A_SESSION).min(HEARTBEAT_MS_MAX).to_string());
    if let Some(instance_id) = instance_id {
        config.set("group.instance.id", instance_id);
    }
}

fn set_reader(config: &mut ClientConfig) {
    config
        .set("isolation.level", "read_committed")
        .set("check.crcs", "true")
        .set("auto.offset.reset", "error")
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        .set("allow.auto.create.topics", "false");
}

fn set_writer(config: &mut ClientConfig) {
    config
        .set("enable.idempotence", "true")
        .set("acks", "all")
        .set("max.in.flight.requests.per.connection", "5")
        .set("message.max.bytes", OUTPUT_BYTES_MAX.to_string());
}

/// A partition of a topic.
pub type TopicPartition = (String, i32);

/// What a client reports besides records; it is heard while the client is polled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The group gives these partitions: the owner has to call `assign` (or `incremental_assign`).
    Assigned(Vec<TopicPartition>),
    /// The group takes these partitions: the owner has to call `unassign` (or `incremental_unassign`). `lost`: the
    /// group has given them away already, so nothing can be committed any more.
    Revoked { partitions: Vec<TopicPartition>, lost: bool },
    /// A record is in its topic, at this offset. `tag` is what was given to `send`.
    Delivered { tag: usize, offset: i64 },
    /// A record is not in its topic as far as the client knows.
    NotDelivered { tag: usize, code: RDKafkaErrorCode },
    /// A commit of offsets was answered.
    Committed(Result<(), RDKafkaErrorCode>),
    /// An error of the client as a whole; it tries again by itself. `batch` is the first offset of a batch whose bytes
    /// are not what they should be, where that is what it says.
    Error { code: RDKafkaErrorCode, batch: Option<i64> },
    /// Where the partitions that a consumer reads end, by its own statistics.
    Ends(Vec<PartitionEnd>),
    /// The connection to the coordinator of transactions went away: an EndTxn may be under way still.
    TransactionCoordinatorLost,
}

/// How far a consumer has fetched one partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionEnd {
    pub topic: String,
    pub partition: i32,
    /// The offset after its last.
    pub high: i64,
    /// True where everything before `high` was fetched and taken; what is left are markers of transactions.
    pub read: bool,
}

/// Which deliveries become events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deliveries {
    All,
    FailedOnly,
}

/// The context of every client: it turns callbacks into `Event`s and librdkafka's log into ours.
///
/// Callbacks run inside `poll`, on the thread of the client's owner; the mutex is never contended for long.
#[derive(Debug)]
pub struct Context {
    deliveries: Deliveries,
    events: Mutex<Vec<Event>>,
    closing: AtomicBool,
}

impl Context {
    /// A context that reports these deliveries.
    pub fn new(deliveries: Deliveries) -> Self {
        Self { deliveries, events: Mutex::new(Vec::new()), closing: AtomicBool::new(false) }
    }

    /// Takes the events since the last call, oldest first.
    pub fn take_events(&self) -> Vec<Event> {
        std::mem::take(&mut *self.events.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// From now on whatever the group takes or gives is answered here: a consumer that is dropped waits for that answer,
    /// for ever, and of an assignment that came at the last moment nobody else hears any more.
    pub fn close(&self) {
        self.closing.store(true, Ordering::Relaxed);
    }

    fn push(&self, event: Event) {
        let mut events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        // Deliveries are bounded by what is in flight and rebalances by the group; errors only by time.
        let full = events.len() >= ERRORS_KEPT_MAX;
        if full && matches!(event, Event::Error { .. } | Event::Ends(_)) {
            return;
        }
        events.push(event);
    }
}

impl ClientContext for Context {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        if is_coordinator_loss(facility, message) {
            self.push(Event::TransactionCoordinatorLost);
        }
        match level {
            RDKafkaLogLevel::Emerg | RDKafkaLogLevel::Alert | RDKafkaLogLevel::Critical | RDKafkaLogLevel::Error => {
                tracing::error!(target: "librdkafka", facility, "{message}");
            }
            RDKafkaLogLevel::Warning => tracing::warn!(target: "librdkafka", facility, "{message}"),
            // librdkafka is talkative at these two levels: every connection and every rebalance.
            RDKafkaLogLevel::Notice | RDKafkaLogLevel::Info | RDKafkaLogLevel::Debug => {
                tracing::debug!(target: "librdkafka", facility, "{message}");
            }
        }
    }

    fn error(&self, error: KafkaError, reason: &str) {
        let code = error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Fail);
        if code == RDKafkaErrorCode::PartitionEOF {
            // The end of a partition is news for who reads it, and no fault.
            return;
        }
        tracing::warn!(target: "librdkafka", "{code}: {reason}");
        self.push(Event::Error { code, batch: damaged_batch(reason) });
    }

    fn stats(&self, statistics: Statistics) {
        let mut ends = Vec::new();
        for (topic, known) in statistics.topics {
            for (partition, known) in known.partitions {
                if partition >= 0 && known.hi_offset >= 0 {
                    let read = known.next_offset >= known.hi_offset && known.fetchq_cnt == 0;
                    ends.push(PartitionEnd { topic: topic.clone(), partition, high: known.hi_offset, read });
                }
            }
        }
        self.push(Event::Ends(ends));
    }
}

impl ConsumerContext for Context {
    fn rebalance(&self, consumer: &BaseConsumer<Self>, kind: RDKafkaRespErr, partitions: &mut TopicPartitionList) {
        let listed = listed(partitions);
        if self.closing.load(Ordering::Relaxed) {
            // The client takes every answer of one that ends for the giving up of all (librdkafka 2.12,
            // `rd_kafka_cgrp_handle_assign_op`).
            let left = match consumer.rebalance_protocol() {
                RebalanceProtocol::Cooperative => consumer.incremental_unassign(partitions),
                RebalanceProtocol::Eager | RebalanceProtocol::None => consumer.unassign(),
            };
            if let Err(error) = left {
                tracing::warn!("leaving the group: {error}");
            }
        } else if kind == RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS {
            self.push(Event::Assigned(listed));
        } else {
            self.push(Event::Revoked { partitions: listed, lost: consumer.assignment_lost() });
        }
    }

    fn commit_callback(&self, result: Result<(), KafkaError>, _offsets: &TopicPartitionList) {
        let code = |error: KafkaError| error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Fail);
        self.push(Event::Committed(result.map_err(code)));
    }
}

impl ProducerContext for Context {
    type DeliveryOpaque = usize;

    fn delivery(&self, result: &DeliveryResult<'_>, tag: usize) {
        match result {
            Ok(message) => {
                if self.deliveries == Deliveries::All {
                    self.push(Event::Delivered { tag, offset: message.offset() });
                }
            }
            Err((error, _)) => {
                let code = error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Fail);
                self.push(Event::NotDelivered { tag, code });
            }
        }
    }
}

/// Whether a line of librdkafka's log says that the connection to the coordinator of transactions went away (2.12,
/// `rd_kafka_broker_set_error`): it has no other word for that. What fails before there is a connection loses nothing; a
/// name with two addresses, one of them dead, would else end every producer.
fn is_coordinator_loss(facility: &str, message: &str) -> bool {
    let connecting = message.contains("in state CONNECT") || message.contains("in state TRY_CONNECT");
    message.contains("TxnCoordinator") && (message.contains("isconnected") || facility == "FAIL" && !connecting)
}

/// The first offset of a batch that cannot be read: librdkafka says it in its text alone (2.12, `rdkafka_msgset_reader.c`).
fn damaged_batch(reason: &str) -> Option<i64> {
    let (_, rest) = reason.split_once("MessageSet at offset ").or_else(|| reason.split_once(" of message at "))?;
    rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

fn listed(partitions: &TopicPartitionList) -> Vec<TopicPartition> {
    partitions.elements().iter().map(|element| (element.topic().to_owned(), element.partition())).collect()
}

#[cfg(test)]
mod tests;
