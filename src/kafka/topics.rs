//! The topics that a federation needs: planned from its configuration, compared with what is there, made.

use std::collections::BTreeMap;
use std::time::Duration;

use rdkafka::producer::{BaseProducer, BaseRecord, Producer};

use super::client::{self, Context, Deliveries, Event, Purpose};
use super::{Stop, StopKind, names};
use crate::config::{Kafka, Settings};
use crate::model::entry::Body;
use crate::model::limit::{BATCH_BYTES_MAX, RECORD_BYTES_MAX};
use crate::model::rules::{Period, Rules};
use crate::platform::Platform;
use crate::platform::definition::{Definition, Partitions, Speaks};
use crate::schema::log::encode_entry;
use crate::telemetry::clock;

mod cluster;

use cluster::Cluster;

/// Topics made in one request.
const CHUNK: usize = 50;
/// How long the first rules may take.
const WRITE_TIMEOUT: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(100);
/// Days in the longest month: a retention is never shorter than the period that it follows from.
const MONTH_DAYS_MAX: i64 = 31;
const DAY_MS: i64 = 86_400_000;
/// How long it stays known who was told of a case that is forgotten: ten years, as long as limitation periods run.
const ARCHIVE_RETENTION_MS: i64 = 3_653 * DAY_MS;
/// How long a platform's own topic keeps native records, which may name persons.
const INPUT_RETENTION_MS: i64 = 7 * DAY_MS;

/// A topic as it must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicPlan {
    pub name: String,
    /// True for a platform's topic, which Comity only reads.
    pub input: bool,
    /// How many it is made with.
    pub partitions: i32,
    /// True where a topic that is there may have any number: its records are keyed, and nobody wrote how many.
    pub any_partitions: bool,
    pub replication: i32,
    /// Kafka's topic settings.
    pub config: BTreeMap<&'static str, String>,
    /// What it is for, in one line.
    pub purpose: String,
}

/// What one topic lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    Missing,
    /// Comity's order rests on the number of partitions, so this is never changed by itself.
    Partitions {
        there: usize,
    },
    Replication {
        there: usize,
    },
    /// Settings that differ: name, there, wanted.
    Config(Vec<(String, String, String)>),
}

/// The topics of a federation, in the order in which a record meets them.
pub fn plan(settings: &Settings, platforms: &[Platform]) -> Vec<TopicPlan> {
    let mut plan = Vec::new();
    let mut add = |name: String, partitions: Partitions, purpose: String, config: &[(&'static str, String)]| {
        let replicas = if settings.kafka.single_broker { (1, "1") } else { (3, "2") };
        let mut all: BTreeMap<&'static str, String> = config.iter().cloned().collect();
        all.insert("min.insync.replicas", replicas.1.to_owned());
        all.insert("unclean.leader.election.enable", "false".to_owned());
        let (partitions, any_partitions) = match partitions {
            Partitions::One => (1, false),
            Partitions::Keyed(count) => (count.unwrap_or(1), count.is_none()),
        };
        let input = platforms.iter().map(|platform| &platform.definition);
        let input = input.into_iter().any(|definition| definition.topic == name || definition.is_backfill(&name));
        plan.push(TopicPlan { name, input, partitions, any_partitions, replication: replicas.0, config: all, purpose });
    };
    // Written out, so that what a broker takes by default cannot stop a batch.
    let bytes = || ("max.message.bytes", BATCH_BYTES_MAX.to_string());
    let told = retention(settings.policy.expires_after).saturating_add(retention(settings.policy.forget_after));
    for platform in platforms {
        let definition = &platform.definition;
        let (purpose, config) = source(definition, told);
        add(definition.topic.clone(), definition.partitions, purpose, &config);
        if settings.intake.backfills(&definition.name) {
            let purpose = format!("open cases of {} as it joins; kept like the others", definition.name);
            add(definition.backfill_topic(), Partitions::One, purpose, &config);
        }
    }
    // A pause must not be forgotten because nobody has written for a while; its time is the broker's word.
    let mut control = compacted(0);
    control.push(("message.timestamp.type", "LogAppendTime".to_owned()));
    add(names::CONTROL.to_owned(), Partitions::One, "which platforms are paused".to_owned(), &control);
    let log = [
        ("message.timestamp.type", "LogAppendTime".to_owned()),
        kept(-1),
        ("retention.bytes", "-1".to_owned()),
        ("cleanup.policy", "delete".to_owned()),
        bytes(),
    ];
    add(names::LOG.to_owned(), Partitions::One, "everything that decides, in one order".to_owned(), &log);
    add(names::FEEDS.to_owned(), Partitions::One, "what feed remembers of files".to_owned(), &compacted(0));
    add(names::STATE.to_owned(), Partitions::One, "the ledger's state".to_owned(), &compacted(60 * 60 * 1_000));
    for member in &settings.federation.members {
        let jurisdiction = member.jurisdiction;
        let settings = [kept(told), bytes(), broker_time()];
        add(names::alerts(jurisdiction), Partitions::One, format!("alerts for {jurisdiction}"), &settings);
        let purpose = format!("what {jurisdiction} must have by now");
        add(names::status(jurisdiction), Partitions::One, purpose, &compacted(0));
        let purpose = format!("who disputes what {jurisdiction} decided");
        add(names::disputes(jurisdiction), Partitions::One, purpose, &[kept(told), bytes()]);
    }
    let purpose = "what the national feed must have by now".to_owned();
    add(names::NATIONAL_STATUS.to_owned(), Partitions::One, purpose, &compacted(0));
    let common = [
        (names::NATIONAL, "what everybody may know, once each", told),
        (names::ARCHIVE, "who was told of cases that are forgotten", ARCHIVE_RETENTION_MS),
        (names::REVIEW, "what a person must look at", told),
        (names::OVERDUE, "acknowledgements that are due and did not come, and when they came", told),
        (names::TEST, "alerts of mode TEST, for every recipient", 30 * DAY_MS),
        (names::REJECTS, "records refused, with the reason", told),
    ];
    for (name, purpose, retention_ms) in common {
        add(name.to_owned(), Partitions::One, purpose.to_owned(), &[kept(retention_ms), bytes()]);
    }
    plan
}

/// What a source's topic is for, and its settings.
fn source(definition: &Definition, told_ms: i64) -> (String, Vec<(&'static str, String)>) {
    let record_bytes = ("max.message.bytes", RECORD_BYTES_MAX.to_string());
    match definition.speaks {
        Speaks::Events => {
            let name = &definition.name;
            let purpose = format!("native records of {name}; at most 7 days, since they may name persons");
            (purpose, vec![kept(INPUT_RETENTION_MS), record_bytes])
        }
        Speaks::Acknowledgements => (definition.title.clone(), vec![kept(told_ms), record_bytes, broker_time()]),
        Speaks::Links => {
            let purpose = "which identifiers name one organisation, and who says so".to_owned();
            (purpose, vec![kept(-1), record_bytes, broker_time()])
        }
    }
}

fn kept(period_ms: i64) -> (&'static str, String) {
    ("retention.ms", period_ms.to_string())
}

/// When something was said is the broker's word, not the speaker's.
fn broker_time() -> (&'static str, String) {
    ("message.timestamp.type", "LogAppendTime".to_owned())
}

/// Settings that let a quiet topic be compacted too: without them a tombstone in it stays for ever.
fn compacted(min_lag_ms: i64) -> Vec<(&'static str, String)> {
    vec![
        ("cleanup.policy", "compact".to_owned()),
        ("max.message.bytes", BATCH_BYTES_MAX.to_string()),
        // A restore may need what a torn transaction has written over, for this long.
        ("min.compaction.lag.ms", min_lag_ms.to_string()),
        ("max.compaction.lag.ms", DAY_MS.to_string()),
        ("segment.ms", (DAY_MS / 4).to_string()),
        ("delete.retention.ms", DAY_MS.to_string()),
        ("min.cleanable.dirty.ratio", "0.1".to_owned()),
    ]
}

/// The longest time that a period can mean.
fn retention(period: Period) -> i64 {
    (i64::from(period.months) * MONTH_DAYS_MAX + i64::from(period.days)).saturating_mul(DAY_MS)
}

/// Compares the plan with the cluster.
///
/// # Errors
/// Kafka does not answer, or refuses.
pub fn compare(kafka: &Kafka, plan: &[TopicPlan]) -> Result<Vec<(TopicPlan, Difference)>, Stop> {
    let cluster = Cluster::connect(kafka)?;
    let mut found = Vec::new();
    for topic in plan {
        for difference in cluster.differences(topic)? {
            found.push((topic.clone(), difference));
        }
    }
    Ok(found)
}

/// Makes what is missing, sets what differs, and writes the first `Rules` into an empty log.
///
/// # Errors
/// Fewer brokers than replicas, a wrong number of partitions, a right that is missing, or no answer.
pub fn apply(kafka: &Kafka, plan: &[TopicPlan], rules: &Rules, mut progress: impl FnMut(&str)) -> Result<(), Stop> {
    let cluster = Cluster::connect(kafka)?;
    cluster.enough_brokers(plan)?;
    let mut missing = Vec::new();
    let mut differing = Vec::new();
    for topic in plan {
        for difference in cluster.differences(topic)? {
            match difference {
                Difference::Missing => missing.push(topic),
                Difference::Config(_) => differing.push(topic),
                Difference::Partitions { there } => {
                    let why = format!("{} has {there} partitions instead of {}", topic.name, topic.partitions);
                    let help = "its order cannot be mended: delete the topic only if nothing was ever read from it, or name another";
                    return Err(Stop::new(StopKind::CannotCreate, why, help));
                }
                Difference::Replication { there } => {
                    let why = format!("{} has {there} replicas instead of {}", topic.name, topic.replication);
                    let help = "add replicas with kafka-reassign-partitions";
                    return Err(Stop::new(StopKind::CannotCreate, why, help));
                }
            }
        }
    }
    for chunk in missing.chunks(CHUNK) {
        cluster.create(chunk)?;
        chunk.iter().for_each(|topic| progress(&format!("created {}", topic.name)));
    }
    cluster.wait_for(&missing)?;
    for topic in differing {
        cluster.alter(topic)?;
        progress(&format!("changed {}", topic.name));
    }
    if cluster.log_is_empty()? {
        send_rules(kafka, rules)?;
        progress(&format!("wrote the first rules, version {}", rules.rules_version));
    }
    Ok(())
}

/// Appends rules to the log and waits until they are there.
fn send_rules(kafka: &Kafka, rules: &Rules) -> Result<(), Stop> {
    let producer: BaseProducer<Context> = client::config(kafka, Purpose::Producer)
        .create_with_context(Context::new(Deliveries::All))
        .map_err(|error| client::stop("writing the rules", &error))?;
    let value = encode_entry(&Body::Rules(Box::new(rules.clone())));
    let record = BaseRecord::<(), [u8], usize>::with_opaque_to(names::LOG, 0).partition(0).payload(&value);
    producer.send(record).map_err(|(error, _)| client::stop("writing the rules", &error))?;
    let deadline = clock::instant() + WRITE_TIMEOUT;
    while clock::instant() < deadline {
        producer.poll(PAUSE);
        for event in producer.context().take_events() {
            match event {
                Event::Delivered { .. } => return Ok(()),
                Event::NotDelivered { code, .. } => {
                    let why = format!("the rules were not written: {code}");
                    return Err(Stop::new(StopKind::Unavailable, why, "check that comity.log can be written"));
                }
                Event::Assigned(_)
                | Event::Revoked { .. }
                | Event::Committed(_)
                | Event::Error { .. }
                | Event::Ends(_)
                | Event::TransactionCoordinatorLost => {}
            }
        }
    }
    Err(Stop::new(StopKind::Unavailable, "the rules were not written in time", "check that comity.log can be written"))
}
