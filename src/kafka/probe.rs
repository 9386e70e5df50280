//! Looks at one partition alone, since a consumer of many does not say whose batch is damaged or whose end is reached.

use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::Stop;
use super::client::{self, Context, Deliveries, Purpose};
use crate::config::Kafka;
use crate::telemetry::clock;

/// How long a partition may take to give a record or an error; silence is neither.
const SIGHT_TIMEOUT: Duration = Duration::from_secs(2);
/// How long the end of one batch may be searched, well below the time after which the group gives up a member.
const SEARCH_TIMEOUT: Duration = Duration::from_secs(120);

/// What reading at an offset gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sight {
    /// A record.
    Record,
    /// The end of the partition.
    End,
    /// An explicit error: bytes of the batch are not what they should be.
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

/// A reader of one partition at a time.
pub(super) struct Probe {
    reader: BaseConsumer<Context>,
}

impl Probe {
    /// A reader that asks again at once after an error.
    ///
    /// # Errors
    /// The client cannot be made.
    pub(super) fn new(kafka: &Kafka) -> Result<Self, Stop> {
        let reader = client::config(kafka, Purpose::Follower)
            .set("fetch.error.backoff.ms", "0")
            .create_with_context(Context::new(Deliveries::FailedOnly))
            .map_err(|error| client::stop("a reader of damaged batches", &error))?;
        Ok(Self { reader })
    }

    /// True where reading at this offset gives an explicit error of its batch.
    pub(super) fn is_damaged(&self, topic: &str, partition: i32, offset: i64) -> bool {
        self.sight(topic, partition, offset) == Sight::Damaged
    }

    /// The first offset behind a damaged batch; `None` where it was not found.
    ///
    /// Every offset is tried in turn: a batch says nothing of its length once it cannot be decoded, and a longer
    /// stride could pass over good records that stand between two damaged batches.
    pub(super) fn batch_end(&self, topic: &str, partition: i32, position: i64) -> Option<i64> {
        let deadline = clock::instant() + SEARCH_TIMEOUT;
        let mut offset = position;
        while clock::instant() < deadline {
            offset += 1;
            match self.sight(topic, partition, offset) {
                Sight::Record | Sight::End => return Some(offset),
                Sight::Damaged => {}
                Sight::Silent => break,
            }
        }
        tracing::error!(topic, partition, position, offset, "the end of a damaged batch was not found; it stays");
        None
    }

    /// Where a range without records ends that begins here and reaches to the end of the partition, or to the first
    /// transaction that is open; `None` where there is a record, or nothing was said.
    pub(super) fn empty_to(&self, topic: &str, partition: i32, from: i64) -> Option<i64> {
        // Asked for first: what comes after it may hold records. A reader of committed records is told the end of
        // what is decided.
        let (_, end) = self.reader.fetch_watermarks(topic, partition, SIGHT_TIMEOUT).ok()?;
        (end > from && self.sight(topic, partition, from) == Sight::End).then_some(end)
    }

    fn sight(&self, topic: &str, partition: i32, offset: i64) -> Sight {
        let mut list = TopicPartitionList::new();
        let assigned = list
            .add_partition_offset(topic, partition, Offset::Offset(offset))
            .and_then(|()| self.reader.assign(&list));
        if let Err(error) = assigned {
            tracing::warn!("reading {topic}: {error}");
            return Sight::Silent;
        }
        let deadline = clock::instant() + SIGHT_TIMEOUT;
        while clock::instant() < deadline {
            match self.reader.poll(Duration::from_millis(100)) {
                None => {}
                Some(Ok(_)) => return Sight::Record,
                Some(Err(KafkaError::PartitionEOF(_))) => return Sight::End,
                Some(Err(error)) if error.rdkafka_error_code().is_some_and(is_damage) => return Sight::Damaged,
                Some(Err(error)) => tracing::warn!("reading {topic}: {error}"),
            }
        }
        Sight::Silent
    }
}
