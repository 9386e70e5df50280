//! Sends native records into a platform's topic, in order, each confirmed.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};

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
const BATCH_BYTES_MAX: &str = "131072";
/// What the frame of a batch and two headers may take of that bound.
const FRAME_BYTES_MAX: usize = 1_024;
const VALUE_BYTES_MAX: usize = RECORD_BYTES_MAX - FRAME_BYTES_MAX;
/// How long the last confirmations may take.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(60);

/// Where records go, and as what.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    pub topic: &'a str,
    pub source_version: &'a str,
    /// Marks every record as a trial.
    pub test: bool,
}

/// What was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Fed {
    /// Records that the topic has.
    pub delivered: u64,
    /// Records over the bound of the topic, which were not sent.
    pub too_large: u64,
    /// The offset of the last record that the topic has.
    pub last_offset: Option<i64>,
}

/// Sends records until there are none, or `shutdown` is set; all that was sent is confirmed before it returns.
///
/// # Errors
/// The topic is missing or has several partitions, or a record was not delivered: the error says after how many.
pub fn feed(
    kafka: &Kafka,
    target: Target<'_>,
    records: impl Iterator<Item = Vec<u8>>,
    mut progress: impl FnMut(u64),
    shutdown: &AtomicBool,
) -> Result<Fed, Stop> {
    super::present(&tail::reader(kafka)?, target.topic)?;
    let producer: BaseProducer<Context> = client::config(kafka, Purpose::Producer)
        .set("batch.size", BATCH_BYTES_MAX)
        .create_with_context(Context::new(Deliveries::All))
        .map_err(|error| client::stop("feeding", &error))?;
    let mut fed = Fed::default();
    for value in records {
        if shutdown.load(Ordering::Relaxed) {
            break;
        }
        if value.len() > VALUE_BYTES_MAX {
            fed.too_large += 1;
            continue;
        }
        send(&producer, target, &value, fed)?;
        while usize::try_from(producer.in_flight_count()).is_ok_and(|open| open > IN_FLIGHT_MAX) {
            confirmed(&producer, &mut fed)?;
            std::thread::sleep(FULL_PAUSE);
        }
        confirmed(&producer, &mut fed)?;
        progress(fed.delivered);
    }
    let deadline = clock::instant() + DRAIN_TIMEOUT;
    while producer.in_flight_count() > 0 && clock::instant() < deadline {
        confirmed(&producer, &mut fed)?;
        progress(fed.delivered);
        std::thread::sleep(FULL_PAUSE);
    }
    confirmed(&producer, &mut fed)?;
    progress(fed.delivered);
    if producer.in_flight_count() > 0 {
        return Err(undelivered(fed, "Kafka did not confirm in time"));
    }
    Ok(fed)
}

fn send(producer: &BaseProducer<Context>, target: Target<'_>, value: &[u8], fed: Fed) -> Result<(), Stop> {
    let mut headers =
        OwnedHeaders::new().insert(Header { key: SOURCE_HEADER, value: Some(target.source_version.as_bytes()) });
    if target.test {
        headers = headers.insert(Header { key: MODE_HEADER, value: Some(b"TEST".as_slice()) });
    }
    let mut record =
        BaseRecord::<(), [u8], usize>::with_opaque_to(target.topic, 0).partition(0).payload(value).headers(headers);
    loop {
        match producer.send(record) {
            Ok(()) => return Ok(()),
            Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), back)) => {
                producer.poll(Duration::ZERO);
                std::thread::sleep(FULL_PAUSE);
                record = back;
            }
            Err((error, _)) => return Err(undelivered(fed, &error.to_string())),
        }
    }
}

/// Counts the records that were confirmed since the last call.
fn confirmed(producer: &BaseProducer<Context>, fed: &mut Fed) -> Result<(), Stop> {
    producer.poll(Duration::ZERO);
    for event in producer.context().take_events() {
        match event {
            Event::Delivered { offset, .. } => {
                fed.delivered += 1;
                fed.last_offset = fed.last_offset.max(Some(offset));
            }
            Event::NotDelivered { code, .. } => return Err(undelivered(*fed, &code.to_string())),
            Event::Assigned(_)
            | Event::Revoked { .. }
            | Event::Committed(_)
            | Event::Error(_)
            | Event::Ends(_)
            | Event::TransactionCoordinatorLost => {}
        }
    }
    Ok(())
}

fn undelivered(fed: Fed, why: &str) -> Stop {
    let why = format!("{} records are in the topic, the next one is not: {why}", fed.delivered);
    let help = format!("feed the file again with --from {}; what is sent twice does no harm", fed.delivered + 1);
    Stop::new(StopKind::Unavailable, why, help)
}
