//! `comity.control`: which platforms are paused. The last record of a platform counts, and every instance of intake
//! reads all of them before its first source record, so that neither a restart nor another instance lets one go on.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::consumer::BaseConsumer;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Message};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::topic_partition_list::Offset;

use super::client::{self, Context, Deliveries, Event, Purpose};
use super::tail::Places;
use super::{Stop, StopKind, classify, names, present, tail};
use crate::config::Kafka;
use crate::model::place::Millis;
use crate::telemetry::clock;

/// What a record says of the platform that its key names.
const PAUSED: &str = "paused";
const RELEASED: &str = "released";
/// How often a look is taken at what is new.
const LOOK_INTERVAL: Duration = Duration::from_millis(100);
/// How long a record may take until it is there.
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);
const WRITE_POLL: Duration = Duration::from_millis(10);
/// How often it is said that a pause is not written down.
const WARN_INTERVAL: Duration = Duration::from_secs(60);

/// Where a platform stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    pub paused: bool,
    /// Since when, by the broker's clock.
    pub since: Millis,
}

/// Every platform that was ever paused.
///
/// # Errors
/// The topic is missing, or Kafka does not answer.
pub fn read(kafka: &Kafka) -> Result<BTreeMap<String, Standing>, Stop> {
    let reader = tail::reader(kafka)?;
    let (all, _) = read_from(&reader, 0)?;
    Ok(all.into_iter().collect())
}

/// Writes that a platform is paused or released, and waits until that is there.
///
/// # Errors
/// The record could not be written.
pub fn write(kafka: &Kafka, platform: &str, paused: bool) -> Result<(), Stop> {
    let producer = producer(kafka)?;
    send(&producer, platform, paused).map_err(|error| client::stop(names::CONTROL, &error))?;
    let deadline = clock::instant() + WRITE_TIMEOUT;
    while clock::instant() < deadline {
        producer.poll(WRITE_POLL);
        if let Some(written) = written(&producer) {
            return written.map_err(|_| unwritten());
        }
    }
    Err(unwritten())
}

fn unwritten() -> Stop {
    let why = format!("{} was not written", names::CONTROL);
    Stop::new(StopKind::Unavailable, why, "check that the topic is there and that this client may write it")
}

/// What an instance of intake has of the topic.
pub(super) struct Control {
    reader: BaseConsumer<Context>,
    producer: BaseProducer<Context>,
    looked_at: Instant,
    /// Platforms that this instance has paused and that are not yet written down, the first of them under way or not.
    to_write: Vec<Arc<str>>,
    under_way: bool,
    /// When it was said last that one could not be written.
    warned_at: Option<Instant>,
}

impl Control {
    /// Reads the topic to its end; what it says is given with it.
    ///
    /// # Errors
    /// The topic is missing, or Kafka does not answer.
    pub(super) fn open(kafka: &Kafka) -> Result<(Self, Vec<(String, Standing)>), Stop> {
        let reader = tail::reader(kafka)?;
        present(&reader, names::CONTROL)?;
        let (all, next) = read_from(&reader, 0)?;
        tail::start(&reader, names::CONTROL, Offset::Offset(next))?;
        let (producer, looked_at) = (producer(kafka)?, clock::instant());
        Ok((Self { reader, producer, looked_at, to_write: Vec::new(), under_way: false, warned_at: None }, all))
    }

    /// Writes down that a platform is paused, again and again until it is there.
    pub(super) fn pause(&mut self, platform: &Arc<str>) {
        self.to_write.push(Arc::clone(platform));
        self.write();
    }

    /// What is new in the topic; most calls cost nothing.
    pub(super) fn look(&mut self) -> Result<Vec<(String, Standing)>, Stop> {
        let mut new = Vec::new();
        if self.looked_at.elapsed() < LOOK_INTERVAL {
            return Ok(new);
        }
        self.looked_at = clock::instant();
        self.write();
        while let Some(polled) = self.reader.poll(Duration::ZERO) {
            match polled {
                Ok(message) => new.extend(standing(&message)),
                Err(KafkaError::PartitionEOF(_)) => {}
                Err(error) => classify::reading(names::CONTROL, &error)?,
            }
        }
        Ok(new)
    }

    fn write(&mut self) {
        self.producer.poll(Duration::ZERO);
        if let Some(written) = written(&self.producer) {
            self.under_way = false;
            match written {
                Ok(()) => drop(self.to_write.remove(0)),
                Err(code) => self.warn(&code),
            }
        }
        if let Some(platform) = self.to_write.first().filter(|_| !self.under_way) {
            match send(&self.producer, platform, true) {
                Ok(()) => self.under_way = true,
                Err(error) => self.warn(&error),
            }
        }
    }

    /// Another instance, or this one after a restart, would let the platform go on, so somebody must know.
    fn warn(&mut self, why: &dyn Display) {
        if self.warned_at.is_some_and(|warned_at| warned_at.elapsed() < WARN_INTERVAL) {
            return;
        }
        self.warned_at = Some(clock::instant());
        if let Some(platform) = self.to_write.first() {
            tracing::warn!(%platform, "its pause is not written down in {} and holds here alone: {why}", names::CONTROL);
        }
    }
}

/// Reads the topic from an offset to its end, and says where that was.
fn read_from(reader: &BaseConsumer<Context>, from: i64) -> Result<(Vec<(String, Standing)>, i64), Stop> {
    let (low, high) = tail::ends(reader, names::CONTROL)?;
    let mut all = Vec::new();
    if high > low {
        let places = Places::from([(names::CONTROL.to_owned(), from.max(low)..high)]);
        tail::read_to_end(reader, &places, |message| {
            all.extend(standing(message));
            Ok(())
        })?;
    }
    Ok((all, high))
}

/// What a record says; one that says neither word is not Comity's, and means nothing.
fn standing(message: &BorrowedMessage<'_>) -> Option<(String, Standing)> {
    let platform = std::str::from_utf8(message.key()?).ok()?.to_owned();
    let paused = match std::str::from_utf8(message.payload()?).ok()? {
        PAUSED => true,
        RELEASED => false,
        _ => return None,
    };
    Some((platform, Standing { paused, since: message.timestamp().to_millis().unwrap_or(0) }))
}

fn producer(kafka: &Kafka) -> Result<BaseProducer<Context>, Stop> {
    client::config(kafka, Purpose::Producer)
        .create_with_context(Context::new(Deliveries::All))
        .map_err(|error| client::stop(names::CONTROL, &error))
}

fn send(producer: &BaseProducer<Context>, platform: &str, paused: bool) -> Result<(), KafkaError> {
    let value = if paused { PAUSED } else { RELEASED };
    let record = BaseRecord::with_opaque_to(names::CONTROL, 0).partition(0).key(platform).payload(value);
    producer.send(record).map_err(|(error, _)| error)
}

/// What became of the record under way; `None` while nothing is known of it.
fn written(producer: &BaseProducer<Context>) -> Option<Result<(), RDKafkaErrorCode>> {
    producer.context().take_events().into_iter().find_map(|event| match event {
        Event::Delivered { .. } => Some(Ok(())),
        Event::NotDelivered { code, .. } => Some(Err(code)),
        Event::Assigned(_)
        | Event::Revoked { .. }
        | Event::Committed(_)
        | Event::Error { .. }
        | Event::Ends(_)
        | Event::TransactionCoordinatorLost => None,
    })
}
