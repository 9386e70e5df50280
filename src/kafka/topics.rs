//! The topics that a federation needs: planned from its configuration, compared with what is there, made.

use std::collections::BTreeMap;
use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions, AlterConfig, NewTopic, ResourceSpecifier, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};

use super::client::{self, Context, Deliveries, Event, Purpose};
use super::{Stop, StopKind, names, tail};
use crate::config::{Kafka, Settings};
use crate::model::entry::Body;
use crate::model::limit::RECORD_BYTES_MAX;
use crate::model::rules::{Period, Rules};
use crate::platform::Platform;
use crate::schema::log::encode_entry;
use crate::telemetry::clock;

/// Topics made in one request.
const CHUNK: usize = 50;
/// How long new topics may take until each has a leader.
const VISIBLE_TIMEOUT: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(100);
/// Days in the longest month: a retention is never shorter than the period that it follows from.
const MONTH_DAYS_MAX: i64 = 31;
const DAY_MS: i64 = 86_400_000;
/// How long a platform's own topic keeps native records, which may name persons.
const INPUT_RETENTION_MS: i64 = 7 * DAY_MS;

/// A topic as it must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicPlan {
    pub name: String,
    pub partitions: i32,
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
    let mut add = |name: String, purpose: String, config: &[(&'static str, String)]| {
        let replicas = if settings.kafka.single_broker { (1, "1") } else { (3, "2") };
        let mut all: BTreeMap<&'static str, String> = config.iter().cloned().collect();
        all.insert("min.insync.replicas", replicas.1.to_owned());
        all.insert("unclean.leader.election.enable", "false".to_owned());
        plan.push(TopicPlan { name, partitions: 1, replication: replicas.0, config: all, purpose });
    };
    let kept = |period: i64| ("retention.ms", period.to_string());
    for platform in platforms {
        let definition = &platform.definition;
        let purpose = format!("native records of {}; at most 7 days, since they may name persons", definition.name);
        let bytes = ("max.message.bytes", RECORD_BYTES_MAX.to_string());
        add(definition.topic.clone(), purpose, &[kept(INPUT_RETENTION_MS), bytes]);
    }
    let log = [
        ("message.timestamp.type", "LogAppendTime".to_owned()),
        kept(-1),
        ("retention.bytes", "-1".to_owned()),
        ("cleanup.policy", "delete".to_owned()),
    ];
    add(names::LOG.to_owned(), "everything that decides, in one order".to_owned(), &log);
    add(names::STATE.to_owned(), "the ledger's state".to_owned(), &compacted(60 * 60 * 1_000));
    let told = retention(settings.policy.expires_after).saturating_add(retention(settings.policy.forget_after));
    for member in &settings.federation.members {
        let jurisdiction = member.jurisdiction;
        add(names::alerts(jurisdiction), format!("alerts for {jurisdiction}"), &[kept(told)]);
        add(names::status(jurisdiction), format!("what {jurisdiction} must have by now"), &compacted(0));
    }
    add(names::TEST.to_owned(), "alerts of mode TEST, for every recipient".to_owned(), &[kept(30 * DAY_MS)]);
    add(names::REJECTS.to_owned(), "records refused, with the reason".to_owned(), &[kept(told)]);
    plan
}

/// Settings that let a quiet topic be compacted too: without them a tombstone in it stays for ever.
fn compacted(min_lag_ms: i64) -> Vec<(&'static str, String)> {
    vec![
        ("cleanup.policy", "compact".to_owned()),
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
                    let help = "its order cannot be mended: delete the topic if it is empty, or name another";
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

/// What is asked of a cluster and done to it.
struct Cluster {
    admin: AdminClient<DefaultClientContext>,
    reader: BaseConsumer<Context>,
    runtime: tokio::runtime::Runtime,
    brokers: usize,
    /// Partitions and replicas of every topic.
    topics: BTreeMap<String, (usize, usize)>,
}

impl Cluster {
    fn connect(kafka: &Kafka) -> Result<Self, Stop> {
        let admin = client::config(kafka, Purpose::Admin)
            .create()
            .map_err(|error| client::stop("Kafka's administration", &error))?;
        let runtime = tokio::runtime::Builder::new_current_thread().build().map_err(|error| {
            let why = format!("no runtime for requests: {error}");
            Stop::new(StopKind::Unavailable, why, "give the process more resources")
        })?;
        let reader = tail::reader(kafka)?;
        let mut cluster = Self { admin, reader, runtime, brokers: 0, topics: BTreeMap::new() };
        cluster.look()?;
        Ok(cluster)
    }

    fn look(&mut self) -> Result<(), Stop> {
        let metadata = self
            .reader
            .fetch_metadata(None, tail::ANSWER_TIMEOUT)
            .map_err(|error| client::stop("asking Kafka for its topics", &error))?;
        self.brokers = metadata.brokers().len();
        self.topics = metadata
            .topics()
            .iter()
            .filter(|topic| topic.error().is_none())
            .map(|topic| {
                let replicas = topic.partitions().iter().map(|partition| partition.replicas().len()).min();
                (topic.name().to_owned(), (topic.partitions().len(), replicas.unwrap_or(0)))
            })
            .collect();
        Ok(())
    }

    fn enough_brokers(&self, plan: &[TopicPlan]) -> Result<(), Stop> {
        let wanted = plan.iter().map(|topic| topic.replication).max().unwrap_or(1);
        if i32::try_from(self.brokers).is_ok_and(|brokers| brokers >= wanted) {
            return Ok(());
        }
        let why = format!("the cluster has {} brokers, the topics want {wanted} replicas", self.brokers);
        let help = "add brokers; where a loss is acceptable, as in a trial, set kafka.single_broker = true";
        Err(Stop::new(StopKind::Configuration, why, help))
    }

    fn differences(&self, topic: &TopicPlan) -> Result<Vec<Difference>, Stop> {
        let Some((partitions, replicas)) = self.topics.get(&topic.name).copied() else {
            return Ok(vec![Difference::Missing]);
        };
        let mut found = Vec::new();
        if i32::try_from(partitions) != Ok(topic.partitions) {
            found.push(Difference::Partitions { there: partitions });
        }
        if i32::try_from(replicas).is_ok_and(|replicas| replicas < topic.replication) {
            found.push(Difference::Replication { there: replicas });
        }
        let config = self.config_differences(topic)?;
        if !config.is_empty() {
            found.push(Difference::Config(config));
        }
        Ok(found)
    }

    fn config_differences(&self, topic: &TopicPlan) -> Result<Vec<(String, String, String)>, Stop> {
        let resource = ResourceSpecifier::Topic(&topic.name);
        let answer = self.runtime.block_on(self.admin.describe_configs([&resource], &options()));
        let resources = match answer {
            Ok(resources) => resources,
            // The embedded broker has no such request; it takes the settings when a topic is made.
            Err(error) if unsupported(&error) => return Ok(Vec::new()),
            Err(error) => return Err(client::stop(&format!("the settings of {}", topic.name), &error)),
        };
        let mut found = Vec::new();
        for resource in resources {
            let Ok(resource) = resource else { continue };
            for (name, wanted) in &topic.config {
                let Some(entry) = resource.get(name) else { continue };
                let there = entry.value.clone().unwrap_or_default();
                if there != *wanted {
                    found.push(((*name).to_owned(), there, wanted.clone()));
                }
            }
        }
        Ok(found)
    }

    fn create(&self, topics: &[&TopicPlan]) -> Result<(), Stop> {
        let new: Vec<NewTopic<'_>> = topics
            .iter()
            .map(|topic| {
                let replication = TopicReplication::Fixed(topic.replication);
                let new = NewTopic::new(&topic.name, topic.partitions, replication);
                topic.config.iter().fold(new, |new, (name, value)| new.set(name, value))
            })
            .collect();
        let made = self.runtime.block_on(self.admin.create_topics(&new, &options()));
        let made = made.map_err(|error| client::stop("making topics", &error))?;
        for result in made {
            match result {
                // Two operators at once: the comparison before the next start tells whether it is as planned.
                Ok(_) | Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
                Err((name, code)) => {
                    let help = "give this client the right to create topics, or make it as `topics plan` says";
                    return Err(Stop::new(StopKind::CannotCreate, format!("{name} cannot be made: {code}"), help));
                }
            }
        }
        Ok(())
    }

    fn wait_for(&self, topics: &[&TopicPlan]) -> Result<(), Stop> {
        let deadline = clock::instant() + VISIBLE_TIMEOUT;
        while let Some(topic) = self.without_leader(topics) {
            if clock::instant() > deadline {
                let why = format!("{topic} was made but has no leader");
                return Err(Stop::new(StopKind::Unavailable, why, "check the brokers' logs"));
            }
            std::thread::sleep(PAUSE);
        }
        Ok(())
    }

    /// The first of these topics that cannot be written yet. The broker is asked for all topics each time: a client
    /// remembers for half a minute that it was told of no such topic.
    fn without_leader(&self, topics: &[&TopicPlan]) -> Option<String> {
        let metadata = self.reader.fetch_metadata(None, tail::ANSWER_TIMEOUT).ok();
        let is_led = |topic: &TopicPlan| {
            let known = metadata.as_ref().and_then(|all| all.topics().iter().find(|known| known.name() == topic.name));
            known.is_some_and(|known| {
                let mut partitions = known.partitions().iter();
                known.error().is_none() && partitions.len() > 0 && partitions.all(|partition| partition.leader() >= 0)
            })
        };
        // A leader may be named before it knows of it.
        let answers = |topic: &TopicPlan| self.reader.fetch_watermarks(&topic.name, 0, tail::ANSWER_TIMEOUT).is_ok();
        topics.iter().find(|topic| !(is_led(topic) && answers(topic))).map(|topic| topic.name.clone())
    }

    /// The request replaces every setting of the topic, so all that is planned is sent.
    fn alter(&self, topic: &TopicPlan) -> Result<(), Stop> {
        let new = AlterConfig::new(ResourceSpecifier::Topic(&topic.name));
        let new = topic.config.iter().fold(new, |new, (name, value)| new.set(name, value));
        let altered = self.runtime.block_on(self.admin.alter_configs([&new], &options()));
        let altered = altered.map_err(|error| client::stop(&format!("setting up {}", topic.name), &error))?;
        for result in altered {
            if let Err((_, code)) = result {
                let why = format!("the settings of {} cannot be changed: {code}", topic.name);
                return Err(Stop::new(StopKind::CannotCreate, why, "give this client the right to alter its topics"));
            }
        }
        Ok(())
    }

    fn log_is_empty(&self) -> Result<bool, Stop> {
        let deadline = clock::instant() + VISIBLE_TIMEOUT;
        loop {
            match tail::ends(&self.reader, names::LOG) {
                Ok((_, end)) => return Ok(end == 0),
                // A new topic's leader may answer once and not again for a moment.
                Err(error) if clock::instant() > deadline => return Err(error),
                Err(_) => std::thread::sleep(PAUSE),
            }
        }
    }
}

fn options() -> AdminOptions {
    AdminOptions::new().request_timeout(Some(tail::ANSWER_TIMEOUT)).operation_timeout(Some(tail::ANSWER_TIMEOUT))
}

fn unsupported(error: &KafkaError) -> bool {
    matches!(
        error.rdkafka_error_code(),
        Some(RDKafkaErrorCode::UnsupportedFeature | RDKafkaErrorCode::UnsupportedVersion)
    )
}

/// Appends rules to the log and waits until they are there.
fn send_rules(kafka: &Kafka, rules: &Rules) -> Result<(), Stop> {
    let producer: BaseProducer<Context> = client::config(kafka, Purpose::Producer)
        .create_with_context(Context::new(Deliveries::All))
        .map_err(|error| client::stop("writing the rules", &error))?;
    let value = encode_entry(&Body::Rules(Box::new(rules.clone())));
    let record = BaseRecord::<(), [u8], usize>::with_opaque_to(names::LOG, 0).partition(0).payload(&value);
    producer.send(record).map_err(|(error, _)| client::stop("writing the rules", &error))?;
    let deadline = clock::instant() + VISIBLE_TIMEOUT;
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
                | Event::Error(_)
                | Event::Ends(_)
                | Event::TransactionCoordinatorLost => {}
            }
        }
    }
    Err(Stop::new(StopKind::Unavailable, "the rules were not written in time", "check that comity.log can be written"))
}
