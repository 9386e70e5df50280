//! Sends native records into a platform's topic, in order, each confirmed.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer, PurgeConfig};

use super::client::{self, Context, Deliveries, Event, Purpose};
use super::intake::{MODE_HEADER, SOURCE_HEADER};
use super::{Stop, StopKind, tail};
use crate::config::Kafka;
use crate::model::limit::RECORD_BYTES_MAX;
use crate::telemetry::clock;

/// Records handed to the producer and not yet confirmed.
const IN_FLIGHT_MAX: usize = 10_000;
const FULL_PAUSE: Duration = Duration::from_millis(1);
/// A platform's topic takes batches up to the bound of one record; the client would fill them to a megabyte.
pub(super) const FEED_BATCH_BYTES_MAX: &str = "131072";
/// What the frame of a batch and two headers may take of that bound.
const FRAME_BYTES_MAX: usize = 1_024;
const VALUE_BYTES_MAX: usize = RECORD_BYTES_MAX - FRAME_BYTES_MAX;
/// How long the last confirmations may take.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(60);
/// Records over the bound whose numbers are told; the others are counted.
const TOO_LARGE_TOLD_MAX: usize = 10;

/// Where records go, and as what.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    pub topic: &'a str,
    pub source_version: &'a str,
    /// Marks every record as a trial.
    pub test: bool,
}

/// One record with its number, by which a feed that ended early is taken up again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Numbered {
    /// From 1; it grows from record to record.
    pub number: usize,
    /// `None` for a record that is left out.
    pub value: Option<Vec<u8>>,
}

/// What came of a feed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fed {
    /// Records that the topic has.
    pub delivered: u64,
    /// Records over the bound of the topic, which were not sent.
    pub too_large: u64,
    /// The numbers of the first of them.
    pub too_large_first: Vec<usize>,
    /// The offset of the last record that the topic has.
    pub last_offset: Option<i64>,
    /// `None` once every record was left out, or sent and confirmed.
    pub unfinished: Option<Unfinished>,
}

/// A feed that ended early.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfinished {
    /// The first record that is not known to be in the topic: all before it are, or were left out.
    pub from: usize,
    /// What went wrong; `None` where `shutdown` was set.
    pub failure: Option<Stop>,
}

/// Sends records until there are none, `shutdown` is set or one is not delivered; what was sent is confirmed first.
///
/// # Errors
/// Nothing was sent: Kafka does not answer, or the topic is missing or has several partitions.
pub fn feed(
    kafka: &Kafka,
    target: Target<'_>,
    records: impl Iterator<Item = Numbered>,
    mut progress: impl FnMut(u64),
    shutdown: &AtomicBool,
) -> Result<Fed, Stop> {
    let partitions = super::partitions(&tail::reader(kafka)?, target.topic)?;
    if partitions > 1 {
        let why = format!("{} has {partitions} partitions, in which the order of a file is lost", target.topic);
        let help = "several are for a platform that writes its records itself, keyed by native id";
        return Err(Stop::new(StopKind::Configuration, why, help));
    }
    let producer = client::config(kafka, Purpose::Producer)
        .set("batch.size", FEED_BATCH_BYTES_MAX)
        .create_with_context(Context::new(Deliveries::All))
        .map_err(|error| client::stop("feeding", &error))?;
    let mut feeder = Feeder { producer, target, open: BTreeSet::new(), fed: Fed::default() };
    let ended = feeder.send_all(records, &mut progress, shutdown);
    if ended.is_err() {
        // What follows a record that is missing is better sent after it.
        feeder.producer.purge(PurgeConfig::default().queue());
    }
    let drained = feeder.drain(&mut progress);
    let Feeder { open, mut fed, .. } = feeder;
    let (interrupted_at, failure) = match ended {
        Ok(number) => (number, drained.err()),
        Err(stop) => (None, Some(stop)),
    };
    // What was sent and is not confirmed has a lower number than whatever was not sent.
    let from = open.first().copied().or(interrupted_at);
    fed.unfinished = from.map(|from| Unfinished { from, failure });
    Ok(fed)
}

struct Feeder<'t> {
    producer: BaseProducer<Context>,
    target: Target<'t>,
    /// The numbers of the records that were sent and are not confirmed.
    open: BTreeSet<usize>,
    fed: Fed,
}

impl Feeder<'_> {
    /// Sends every record; the number of the first that was not, where `shutdown` was set.
    fn send_all(
        &mut self,
        records: impl Iterator<Item = Numbered>,
        progress: &mut impl FnMut(u64),
        shutdown: &AtomicBool,
    ) -> Result<Option<usize>, Stop> {
        for Numbered { number, value } in records {
            if shutdown.load(Ordering::Relaxed) {
                return Ok(Some(number));
            }
            let Some(value) = value else { continue };
            if value.len() > VALUE_BYTES_MAX {
                self.fed.too_large += 1;
                if self.fed.too_large_first.len() < TOO_LARGE_TOLD_MAX {
                    self.fed.too_large_first.push(number);
                }
                continue;
            }
            self.send(number, &value)?;
            self.confirm()?;
            while self.open.len() > IN_FLIGHT_MAX {
                std::thread::sleep(FULL_PAUSE);
                self.confirm()?;
            }
            progress(self.fed.delivered);
        }
        Ok(None)
    }

    fn send(&mut self, number: usize, value: &[u8]) -> Result<(), Stop> {
        let version = Some(self.target.source_version.as_bytes());
        let mut headers = OwnedHeaders::new().insert(Header { key: SOURCE_HEADER, value: version });
        if self.target.test {
            headers = headers.insert(Header { key: MODE_HEADER, value: Some(b"TEST".as_slice()) });
        }
        self.open.insert(number);
        let mut record = BaseRecord::<(), [u8], usize>::with_opaque_to(self.target.topic, number)
            .partition(0)
            .payload(value)
            .headers(headers);
        loop {
            match self.producer.send(record) {
                Ok(()) => return Ok(()),
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), back)) => {
                    self.producer.poll(Duration::ZERO);
                    std::thread::sleep(FULL_PAUSE);
                    record = back;
                }
                Err((error, _)) => return Err(self.undelivered(number, &error)),
            }
        }
    }

    /// Takes the confirmations since the last call.
    fn confirm(&mut self) -> Result<(), Stop> {
        self.producer.poll(Duration::ZERO);
        let mut failed = None;
        for event in self.producer.context().take_events() {
            match event {
                Event::Delivered { tag, offset } => {
                    self.fed.last_offset = self.fed.last_offset.max(Some(offset));
                    self.open.remove(&tag);
                    self.fed.delivered += 1;
                }
                Event::NotDelivered { tag, code } => {
                    failed = failed.or_else(|| Some(self.undelivered(tag, &KafkaError::MessageProduction(code))));
                }
                Event::Assigned(_)
                | Event::Revoked { .. }
                | Event::Committed(_)
                | Event::Error { .. }
                | Event::Ends(_)
                | Event::TransactionCoordinatorLost => {}
            }
        }
        failed.map_or(Ok(()), Err)
    }

    /// Waits for the confirmations of all that was sent; after a failure the client still gives a word on each.
    fn drain(&mut self, progress: &mut impl FnMut(u64)) -> Result<(), Stop> {
        let deadline = clock::instant() + DRAIN_TIMEOUT;
        let mut failed = None;
        loop {
            failed = failed.or(self.confirm().err());
            progress(self.fed.delivered);
            if self.producer.in_flight_count() == 0 || clock::instant() > deadline {
                break;
            }
            std::thread::sleep(FULL_PAUSE);
        }
        failed = failed.or(self.confirm().err());
        match (failed, self.open.first()) {
            (Some(stop), _) => Err(stop),
            (None, None) => Ok(()),
            (None, Some(_)) => {
                let why = format!("{} records were not confirmed in time", self.open.len());
                Err(Stop::new(StopKind::Unavailable, why, "check the brokers' logs"))
            }
        }
    }

    fn undelivered(&self, number: usize, error: &KafkaError) -> Stop {
        let topic = self.target.topic;
        let help = match error.rdkafka_error_code() {
            Some(RDKafkaErrorCode::MessageSizeTooLarge) => {
                "set the topic's max.message.bytes right with: comity topics apply --yes"
            }
            Some(RDKafkaErrorCode::TopicAuthorizationFailed | RDKafkaErrorCode::ClusterAuthorizationFailed) => {
                "give this client the right to write the topic"
            }
            _ => "check that Kafka runs and that kafka.bootstrap_servers names it",
        };
        Stop::new(StopKind::Unavailable, format!("record {number} is not in {topic}: {error}"), help)
    }
}
