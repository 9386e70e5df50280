//! Looks at one partition alone, since a consumer of many does not say whose batch is damaged or whose end is reached.

use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::Stop;
use super::client::{self, Context, Deliveries, Event, Purpose};
use crate::config::Kafka;
use crate::telemetry::clock;

/// How long a partition may take to give a record or an error; silence is neither.
const SIGHT_TIMEOUT: Duration = Duration::from_secs(2);
/// How long one look waits.
const LOOK: Duration = Duration::from_millis(100);
/// How long the end of one batch may be searched, well below the time after which the group gives up a member.
const SEARCH_TIMEOUT: Duration = Duration::from_secs(120);

/// What reading at an offset gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sight {
    /// A record.
    Record,
    /// The end of the partition.
    End,
    /// An explicit error: bytes of the batch are not what they should be. The batch is known by its first offset.
    Damaged { batch: Option<i64> },
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

/// Looks at single places of partitions.
pub(super) struct Probe<'k> {
    kafka: &'k Kafka,
    asker: BaseConsumer<Context>,
}

/// A reader that asks again at once after an error.
fn reader(kafka: &Kafka) -> Result<BaseConsumer<Context>, KafkaError> {
    client::config(kafka, Purpose::SourceProbe)
        .set("fetch.error.backoff.ms", "0")
        .create_with_context(Context::new(Deliveries::FailedOnly))
}

impl<'k> Probe<'k> {
    /// # Errors
    /// A client cannot be made.
    pub(super) fn new(kafka: &'k Kafka) -> Result<Self, Stop> {
        let asker = reader(kafka).map_err(|error| client::stop("a reader of damaged batches", &error))?;
        Ok(Self { kafka, asker })
    }

    /// True where reading at this offset gives an explicit error of its batch; `None` where nothing was said.
    pub(super) fn is_damaged(&self, topic: &str, partition: i32, offset: i64) -> Option<bool> {
        match self.sight(topic, partition, offset) {
            Sight::Damaged { .. } => Some(true),
            Sight::Record | Sight::End => Some(false),
            Sight::Silent => None,
        }
    }

    /// The first offset behind a damaged batch, and those damaged ones that follow it without anything between; `None`
    /// where it was not found.
    ///
    /// A batch says nothing of its length once it cannot be decoded, but every offset of it gives its first one. Where
    /// the client says none, every offset is tried in turn: a longer stride could pass over good records that stand
    /// between two damaged batches.
    pub(super) fn batch_end(&self, topic: &str, partition: i32, position: i64) -> Option<i64> {
        let deadline = clock::instant() + SEARCH_TIMEOUT;
        let (_, high) = self.asker.fetch_watermarks(topic, partition, SIGHT_TIMEOUT).ok()?;
        let sight = |offset: i64| match offset < high {
            true => self.sight(topic, partition, offset),
            false => Sight::End,
        };
        let mut offset = position;
        while clock::instant() < deadline {
            match sight(offset) {
                Sight::Record | Sight::End if offset > position => return Some(offset),
                Sight::Record | Sight::End | Sight::Silent => break,
                Sight::Damaged { batch: None } => offset += 1,
                Sight::Damaged { batch } => match behind(offset, sight, batch) {
                    Some(next) => offset = next,
                    None => break,
                },
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
        let (_, end) = self.asker.fetch_watermarks(topic, partition, SIGHT_TIMEOUT).ok()?;
        (end > from && self.sight(topic, partition, from) == Sight::End).then_some(end)
    }

    fn sight(&self, topic: &str, partition: i32, offset: i64) -> Sight {
        let Some(mut reader) = self.stand(topic, partition, offset) else { return Sight::Silent };
        let deadline = clock::instant() + SIGHT_TIMEOUT;
        while clock::instant() < deadline {
            match reader.poll(LOOK) {
                None => {}
                Some(Ok(_)) => return Sight::Record,
                Some(Err(KafkaError::PartitionEOF(_))) => return Sight::End,
                Some(Err(error)) => match error.rdkafka_error_code() {
                    Some(code) if is_damage(code) => {
                        let events = reader.context().take_events();
                        let batch = events.iter().find_map(damaged_batch);
                        return Sight::Damaged { batch };
                    }
                    // Behind a batch whose sum is wrong the client reads what it takes for a batch, and goes to an
                    // offset that it takes from there.
                    Some(RDKafkaErrorCode::AutoOffsetReset | RDKafkaErrorCode::OffsetOutOfRange) => {
                        let Some(another) = self.stand(topic, partition, offset) else { break };
                        reader = another;
                    }
                    _ => tracing::warn!("reading {topic}: {error}"),
                },
            }
        }
        Sight::Silent
    }

    /// A reader of its own at an offset: one that is sent elsewhere before it has stopped where it was ends the process
    /// (librdkafka 2.12, `rd_kafka_assignment_partition_stopped`).
    fn stand(&self, topic: &str, partition: i32, offset: i64) -> Option<BaseConsumer<Context>> {
        let stand = || {
            let (reader, mut list) = (reader(self.kafka)?, TopicPartitionList::new());
            list.add_partition_offset(topic, partition, Offset::Offset(offset))?;
            reader.assign(&list)?;
            Ok::<_, KafkaError>(reader)
        };
        stand().inspect_err(|error| tracing::warn!("reading {topic}: {error}")).ok()
    }
}

fn damaged_batch(event: &Event) -> Option<i64> {
    if let Event::Error { batch, .. } = event { *batch } else { None }
}

/// The first offset that is not of the damaged batch in which this one lies: in steps that double until one is beyond
/// it, then halving what is between. `None` where nothing was said at one of them.
fn behind(within: i64, sight: impl Fn(i64) -> Sight, batch: Option<i64>) -> Option<i64> {
    let is_within = |offset: i64| match sight(offset) {
        Sight::Silent => None,
        Sight::Damaged { batch: found } => Some(found == batch),
        Sight::Record | Sight::End => Some(false),
    };
    let (mut within, mut step) = (within, 1);
    while is_within(within + step)? {
        within += step;
        step *= 2;
    }
    let mut beyond = within + step;
    while beyond - within > 1 {
        let middle = within + (beyond - within) / 2;
        if is_within(middle)? {
            within = middle;
        } else {
            beyond = middle;
        }
    }
    Some(beyond)
}

#[cfg(test)]
mod tests {
    use super::{Sight, behind};

    /// Damaged batches at 10 to 20 and 22 to 40, records elsewhere.
    fn sight(offset: i64) -> Sight {
        match offset {
            10..20 => Sight::Damaged { batch: Some(10) },
            22..40 => Sight::Damaged { batch: Some(22) },
            _ => Sight::Record,
        }
    }

    #[test]
    fn the_end_of_a_damaged_batch_is_found_before_the_next_one() {
        for within in 10..20 {
            assert_eq!(behind(within, sight, Some(10)), Some(20));
        }
        assert_eq!(behind(22, sight, Some(22)), Some(40));
    }

    #[test]
    fn silence_finds_no_end() {
        assert_eq!(behind(10, |_| Sight::Silent, Some(10)), None);
    }
}
