//! The shell around Kafka: it executes what the loops command.

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::types::RDKafkaRespErr;

pub mod names;
pub mod client;
mod classify;
mod ends;
mod tail;
mod hanging;
mod sink;
pub mod ledger;
mod probe;
pub mod control;
pub mod intake;
pub mod topics;
pub mod rights;
pub mod feed;
pub mod feeds;
pub mod follow;
pub mod mirror;
pub mod desk;
pub mod idle;
pub mod status;
pub mod stretches;
pub mod view;
mod showing;
mod decoding;
#[cfg(feature = "embedded-broker")]
pub mod embedded;

/// Why a stage ends before it was told to: one line why, one line what helps. Nothing of a record stands in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct Stop {
    pub kind: StopKind,
    pub why: String,
    pub help: String,
}

/// What is at fault, and so with which code the process exits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopKind {
    /// Kafka, a topic or a right is missing: 69.
    Unavailable,
    /// Something that the operator wrote is wrong: 78.
    Configuration,
    /// Our own topics hold what they must not: 65.
    Data,
    /// A topic or a file cannot be made: 73.
    CannotCreate,
}

impl Stop {
    /// A reason to stop.
    pub fn new(kind: StopKind, why: impl Into<String>, help: impl Into<String>) -> Self {
        Self { kind, why: why.into(), help: help.into() }
    }
}

/// A topic that must be there.
fn present(reader: &BaseConsumer<client::Context>, topic: &str) -> Result<(), Stop> {
    partitions(reader, topic).map(|_| ())
}

/// The partitions of a topic that must be there.
fn partitions(reader: &BaseConsumer<client::Context>, topic: &str) -> Result<usize, Stop> {
    seen(reader, topic)?.ok_or_else(|| {
        let help = "make the topics with: comity topics apply --yes";
        Stop::new(StopKind::Unavailable, format!("the topic {topic} is missing"), help)
    })
}

/// The partitions of a topic; `None` where there is no such topic.
fn seen(reader: &BaseConsumer<client::Context>, topic: &str) -> Result<Option<usize>, Stop> {
    let metadata = reader
        .fetch_metadata(Some(topic), tail::ANSWER_TIMEOUT)
        .map_err(|error| client::stop("asking Kafka for its topics", &error))?;
    let known = metadata.topics().iter().find(|known| known.name() == topic);
    if known.and_then(|known| known.error()) == Some(RDKafkaRespErr::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED) {
        let help = "give this client the right to describe it";
        return Err(Stop::new(StopKind::Unavailable, format!("the topic {topic} cannot be seen by this client"), help));
    }
    let count = known.filter(|known| known.error().is_none()).map_or(0, |known| known.partitions().len());
    Ok((count > 0).then_some(count))
}
