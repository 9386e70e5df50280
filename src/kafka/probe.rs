//! Looks at one partition alone, since a consumer of many does not say whose batch is damaged.

use std::time::Duration;

use rdkafka::consumer::Consumer;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::{Stop, client, tail};
use crate::config::Kafka;
use crate::telemetry::clock;

/// How long a partition may take to give a record or an error; silence is neither.
const PROBE_TIMEOUT: Duration = Duration::from_secs(5);

/// What reading at an offset gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sight {
    Readable,
    Damaged,
    /// Nothing was said: a slow broker or an open transaction, which proves no damage.
    Silent,
}

/// True for an error that says that bytes of a batch are not what they should be.
pub(super) fn is_damage(code: RDKafkaErrorCode) -> bool {
    matches!(
        code,
        RDKafkaErrorCode::BadCompression
            | RDKafkaErrorCode::BadMessage
            | RDKafkaErrorCode::InvalidMessage
            | RDKafkaErrorCode::NotImplemented
            | RDKafkaErrorCode::MessageSizeTooLarge
            | RDKafkaErrorCode::Underflow
    )
}

/// True where reading the partition alone at this offset gives an explicit error of its batch.
pub(super) fn is_undecodable(kafka: &Kafka, topic: &str, partition: i32, offset: i64) -> Result<bool, Stop> {
    Ok(look(kafka, topic, partition, offset)? == Sight::Damaged)
}

/// The first offset behind a damaged batch: strides that double, then halves between the last two.
pub(super) fn batch_end(kafka: &Kafka, topic: &str, partition: i32, position: i64) -> Result<i64, Stop> {
    let reader = tail::reader(kafka)?;
    let (_, high) = reader
        .fetch_watermarks(topic, partition, tail::ANSWER_TIMEOUT)
        .map_err(|error| client::stop(&format!("the ends of {topic}"), &error))?;
    let damaged = |offset: i64| -> Result<bool, Stop> {
        Ok(offset < high && look(kafka, topic, partition, offset)? != Sight::Readable)
    };
    let (mut inside, mut stride) = (position, 1);
    let mut beyond = loop {
        let next = inside.saturating_add(stride).min(high);
        if !damaged(next)? {
            break next;
        }
        inside = next;
        stride *= 2;
    };
    while beyond - inside > 1 {
        let middle = inside + (beyond - inside) / 2;
        if damaged(middle)? { inside = middle } else { beyond = middle }
    }
    Ok(beyond)
}

fn look(kafka: &Kafka, topic: &str, partition: i32, offset: i64) -> Result<Sight, Stop> {
    let reader = tail::reader(kafka)?;
    let mut list = TopicPartitionList::new();
    list.add_partition_offset(topic, partition, Offset::Offset(offset))
        .and_then(|()| reader.assign(&list))
        .map_err(|error| client::stop(&format!("reading {topic}"), &error))?;
    let deadline = clock::instant() + PROBE_TIMEOUT;
    while clock::instant() < deadline {
        match reader.poll(Duration::from_millis(100)) {
            None => {}
            Some(Ok(_) | Err(KafkaError::PartitionEOF(_))) => return Ok(Sight::Readable),
            Some(Err(error)) if error.rdkafka_error_code().is_some_and(is_damage) => return Ok(Sight::Damaged),
            Some(Err(error)) => tracing::warn!("reading {topic}: {error}"),
        }
    }
    Ok(Sight::Silent)
}
