//! What is asked of a cluster and done to it. What was done is looked at again: not every refusal is told.

use std::collections::BTreeMap;
use std::time::Duration;

use rdkafka::admin::{
    AdminClient, AdminOptions, AlterConfig, ConfigResource, ConfigSource, NewTopic, ResourceSpecifier, TopicReplication,
};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

use super::{Difference, TopicPlan};
use crate::config::Kafka;
use crate::kafka::client::{self, Context, Purpose};
use crate::kafka::{self, Stop, StopKind, names, tail};
use crate::telemetry::clock;

/// How long new topics may take until each has a leader.
const VISIBLE_TIMEOUT: Duration = Duration::from_secs(60);
/// How long a changed setting may take until the broker that is asked knows of it.
const CHANGE_TIMEOUT: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(100);

/// A connection to a cluster, with what it held when it was made.
pub(super) struct Cluster {
    admin: AdminClient<DefaultClientContext>,
    reader: BaseConsumer<Context>,
    runtime: tokio::runtime::Runtime,
    brokers: usize,
    /// Partitions and replicas of every topic.
    topics: BTreeMap<String, (usize, usize)>,
}

impl Cluster {
    pub(super) fn connect(settings: &Kafka) -> Result<Self, Stop> {
        let admin = client::config(settings, Purpose::Admin)
            .create()
            .map_err(|error| client::stop("Kafka's administration", &error))?;
        let runtime = tokio::runtime::Builder::new_current_thread().build().map_err(|error| {
            let why = format!("no runtime for requests: {error}");
            Stop::new(StopKind::Unavailable, why, "give the process more resources")
        })?;
        let reader = tail::reader(settings)?;
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

    pub(super) fn enough_brokers(&self, plan: &[TopicPlan]) -> Result<(), Stop> {
        let wanted = plan.iter().map(|topic| topic.replication).max().unwrap_or(1);
        if i32::try_from(self.brokers).is_ok_and(|brokers| brokers >= wanted) {
            return Ok(());
        }
        let why = format!("the cluster has {} brokers, the topics want {wanted} replicas", self.brokers);
        let help = "add brokers; where a loss is acceptable, as in a trial, set kafka.single_broker = true";
        Err(Stop::new(StopKind::Configuration, why, help))
    }

    pub(super) fn differences(&self, topic: &TopicPlan) -> Result<Vec<Difference>, Stop> {
        let Some((partitions, replicas)) = self.topics.get(&topic.name).copied() else {
            // A topic that this client may not see is not in the list of all; asked for by name, the broker says so.
            kafka::seen(&self.reader, &topic.name)?;
            return Ok(vec![Difference::Missing]);
        };
        let mut found = Vec::new();
        if !topic.any_partitions && i32::try_from(partitions) != Ok(topic.partitions) {
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
        Ok(self.settings(&topic.name)?.map_or_else(Vec::new, |settings| differing(&settings, &topic.config)))
    }

    /// The settings of a topic; `None` where the broker has no such request: it took them when the topic was made.
    fn settings(&self, name: &str) -> Result<Option<ConfigResource>, Stop> {
        let resource = ResourceSpecifier::Topic(name);
        let answer = self.runtime.block_on(self.admin.describe_configs([&resource], &options()));
        let resources = match answer {
            Ok(resources) => resources,
            Err(error) if unsupported(&error) => return Ok(None),
            Err(error) => return Err(client::stop(&format!("the settings of {name}"), &error)),
        };
        // Every topic has settings: none of them is how the client passes a refusal on.
        let known = resources.into_iter().flatten().find(|resource| !resource.entries.is_empty());
        known.map(Some).ok_or_else(|| {
            let why = format!("the settings of {name} cannot be seen by this client");
            Stop::new(StopKind::Unavailable, why, "give it the right to describe the topic's configs")
        })
    }

    pub(super) fn create(&self, topics: &[&TopicPlan]) -> Result<(), Stop> {
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

    /// Waits until new topics can be read. Metadata is asked for by name each time: a client that was once told that a
    /// topic is unknown, because its broker had not heard of it yet, gives that answer to every other question too.
    pub(super) fn wait_for(&self, topics: &[&TopicPlan]) -> Result<(), Stop> {
        let deadline = clock::instant() + VISIBLE_TIMEOUT;
        for topic in topics {
            while let Err(error) = self.usable(&topic.name) {
                if clock::instant() > deadline {
                    let why = format!("{} was made but cannot be used: {error}", topic.name);
                    return Err(Stop::new(StopKind::Unavailable, why, "check the brokers' logs"));
                }
                std::thread::sleep(PAUSE);
            }
        }
        Ok(())
    }

    fn usable(&self, topic: &str) -> Result<(), KafkaError> {
        self.reader.fetch_metadata(Some(topic), tail::ANSWER_TIMEOUT)?;
        self.reader.fetch_watermarks(topic, 0, tail::ANSWER_TIMEOUT).map(|_| ())
    }

    /// Sets what is planned, and what the operator has set besides once more: the request replaces every setting.
    ///
    /// # Errors
    /// A setting that is not as sent afterwards: the client says that all went well even where the broker refuses.
    pub(super) fn alter(&self, topic: &TopicPlan) -> Result<(), Stop> {
        let Some(before) = self.settings(&topic.name)? else { return Ok(()) };
        let mut wanted: BTreeMap<&str, String> =
            topic.config.iter().map(|(name, value)| (*name, value.clone())).collect();
        for entry in before.entries.iter().filter(|entry| entry.source == ConfigSource::DynamicTopic) {
            let Some(value) = &entry.value else {
                let why = format!("{}: {} is secret, so a change would lose it", topic.name, entry.name);
                return Err(Stop::new(StopKind::CannotCreate, why, "change the settings with kafka-configs"));
            };
            wanted.entry(&entry.name).or_insert_with(|| value.clone());
        }
        let new = AlterConfig::new(ResourceSpecifier::Topic(&topic.name));
        let new = wanted.iter().fold(new, |new, (name, value)| new.set(name, value));
        let altered = self.runtime.block_on(self.admin.alter_configs([&new], &options()));
        altered.map_err(|error| client::stop(&format!("setting up {}", topic.name), &error))?;
        let deadline = clock::instant() + CHANGE_TIMEOUT;
        loop {
            let Some(after) = self.settings(&topic.name)? else { return Ok(()) };
            let left = differing(&after, &wanted);
            if left.is_empty() {
                return Ok(());
            }
            if clock::instant() > deadline {
                let each =
                    left.iter().map(|(name, there, wanted)| format!("{name} is still {there:?}, not {wanted:?}"));
                let why = format!("{}: {}", topic.name, each.collect::<Vec<_>>().join(", "));
                let help = "give this client the right to alter the topic's configs; the broker's log may say more";
                return Err(Stop::new(StopKind::CannotCreate, why, help));
            }
            std::thread::sleep(PAUSE);
        }
    }

    pub(super) fn log_is_empty(&self) -> Result<bool, Stop> {
        Ok(tail::ends(&self.reader, names::LOG)?.1 == 0)
    }
}

/// Settings that are not as wanted: name, there, wanted. What a broker does not know, it cannot have.
fn differing<N: AsRef<str>>(settings: &ConfigResource, wanted: &BTreeMap<N, String>) -> Vec<(String, String, String)> {
    let mut found = Vec::new();
    for (name, wanted) in wanted {
        let name = name.as_ref();
        let Some(entry) = settings.get(name) else { continue };
        let there = entry.value.clone().unwrap_or_default();
        if there != *wanted {
            found.push((name.to_owned(), there, wanted.clone()));
        }
    }
    found
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
