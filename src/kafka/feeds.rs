//! What `feed` remembers of a platform, in `comity.feeds`: the events of its last snapshot, and the files that it was
//! given. Records are keyed by platform and hold JSON; nothing but `feed` reads them.

use std::collections::BTreeMap;
use std::time::Duration;

use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Header, Message, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use serde::{Deserialize, Serialize};

use super::client::{self, Context, Deliveries, Event, Purpose};
use super::feed::FEED_BATCH_BYTES_MAX;
use super::intake::MISSING_HEADER;
use super::sink::{Outcome, repeat};
use super::tail::Places;
use super::{Stop, StopKind, names, tail};
use crate::config::Kafka;
use crate::map::statement::Lacking;
use crate::telemetry::clock;

/// Events of one snapshot.
pub const SNAPSHOT_EVENTS_MAX: usize = 500_000;
/// Files of one platform that are remembered; the oldest are forgotten first.
const FILES_MAX: usize = 10_000;
/// Events of one record: with ids as long as they may be it stays below what the topic takes.
const CHUNK_EVENTS: usize = 1_000;
const CALL_TIMEOUT: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(1);

/// Events by their ids.
pub type Events = BTreeMap<String, Lacking>;

/// What became of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileState {
    Done,
    /// All before this record are in the topic, or were left out.
    Part {
        from: usize,
    },
    /// It is set aside, and why.
    Failed {
        why: String,
    },
}

/// One file that was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FedFile {
    pub name: String,
    /// Wall clock, milliseconds since 1970 UTC.
    pub at: i64,
    pub state: FileState,
}

/// The memory of one platform. While it is open no other `feed` can write it.
pub struct Memory {
    producer: BaseProducer<Context>,
    platform: String,
    events: Events,
    chunks: usize,
    /// By the digest of name and content.
    files: BTreeMap<String, FedFile>,
}

impl Memory {
    /// Takes the memory over from any other `feed` of the platform, and reads it.
    ///
    /// # Errors
    /// Kafka does not answer, the topic is missing or a right is, or it holds what `feed` did not write.
    pub fn open(kafka: &Kafka, platform: &str) -> Result<Self, Stop> {
        let reader = tail::reader(kafka)?;
        super::present(&reader, names::FEEDS)?;
        let id = names::feed_transactions(platform);
        let producer: BaseProducer<Context> =
            client::config(kafka, Purpose::TransactionalProducer { transactional_id: &id })
                .set("batch.size", FEED_BATCH_BYTES_MAX)
                .create_with_context(Context::new(Deliveries::FailedOnly))
                .map_err(|error| client::stop("feed's memory", &error))?;
        done(repeat(|| producer.init_transactions(CALL_TIMEOUT)))?;
        let platform = platform.to_owned();
        let mut memory = Self { producer, platform, events: Events::new(), chunks: 0, files: BTreeMap::new() };
        let mut chunks: BTreeMap<usize, Vec<Lacking>> = BTreeMap::new();
        let (low, high) = tail::ends(&reader, names::FEEDS)?;
        let places = Places::from([(names::FEEDS.to_owned(), low..high)]);
        tail::read_to_end(&reader, &places, |message| {
            let key = String::from_utf8_lossy(message.key().unwrap_or_default());
            let Some(key) = key.strip_prefix(&memory.platform).and_then(|key| key.strip_prefix('/')) else {
                return Ok(());
            };
            match (key.split_once('/'), message.payload()) {
                (Some(("events", chunk)), Some(value)) => {
                    chunks.insert(chunk.parse().map_err(|_| broken())?, read(value)?);
                }
                (Some(("events", chunk)), None) => {
                    chunks.remove(&chunk.parse().map_err(|_| broken())?);
                }
                (Some(("file", digest)), Some(value)) => {
                    memory.files.insert(digest.to_owned(), read(value)?);
                }
                (Some(("file", digest)), None) => {
                    memory.files.remove(digest);
                }
                _ => return Err(broken()),
            }
            Ok(())
        })?;
        memory.chunks = chunks.len();
        memory.events = chunks.into_values().flatten().map(|event| (event.event_id.clone(), event)).collect();
        Ok(memory)
    }

    /// The events of the last snapshot, and of one that was begun after it.
    pub fn events(&self) -> &Events {
        &self.events
    }

    /// What became of a file, by the digest of name and content.
    pub fn file(&self, digest: &str) -> Option<&FedFile> {
        self.files.get(digest)
    }

    /// Remembers these events for the next snapshot, and reports those that this one lacks: both or neither.
    ///
    /// # Errors
    /// Kafka does not answer, or it is not known whether it was done: what is read the next time is right either way.
    pub fn remember(&mut self, events: Events, missing: &[Lacking], topic: &str) -> Result<(), Stop> {
        let list: Vec<&Lacking> = events.values().collect();
        let chunks = list.chunks(CHUNK_EVENTS).count();
        self.transaction(|memory| {
            for lacking in missing {
                let headers = OwnedHeaders::new().insert(Header { key: MISSING_HEADER, value: Some("snapshot") });
                let value = write(lacking)?;
                memory
                    .send(BaseRecord::<str, [u8], usize>::with_opaque_to(topic, 0).payload(&value).headers(headers))?;
            }
            for (chunk, events) in list.chunks(CHUNK_EVENTS).enumerate() {
                memory.put(&format!("events/{chunk}"), Some(&write(events)?))?;
            }
            (chunks..memory.chunks).try_for_each(|gone| memory.put(&format!("events/{gone}"), None))
        })?;
        (self.events, self.chunks) = (events, chunks);
        Ok(())
    }

    /// Remembers what became of a file.
    ///
    /// # Errors
    /// As of `remember`.
    pub fn note(&mut self, digest: &str, file: FedFile) -> Result<(), Stop> {
        let value = write(&file)?;
        let full = self.files.len() >= FILES_MAX && !self.files.contains_key(digest);
        let oldest =
            self.files.iter().filter(|_| full).min_by_key(|(_, file)| file.at).map(|(digest, _)| digest.clone());
        self.transaction(|memory| {
            memory.put(&format!("file/{digest}"), Some(&value))?;
            oldest.iter().try_for_each(|oldest| memory.put(&format!("file/{oldest}"), None))
        })?;
        self.files.insert(digest.to_owned(), file);
        if let Some(oldest) = oldest {
            self.files.remove(&oldest);
        }
        Ok(())
    }

    fn put(&self, key: &str, value: Option<&[u8]>) -> Result<(), Stop> {
        let key = format!("{}/{key}", self.platform);
        let record = BaseRecord::<str, [u8], usize>::with_opaque_to(names::FEEDS, 0).key(&key);
        self.send(match value {
            Some(value) => record.payload(value),
            None => record,
        })
    }

    fn transaction(&self, send: impl FnOnce(&Self) -> Result<(), Stop>) -> Result<(), Stop> {
        done(repeat(|| self.producer.begin_transaction()))?;
        send(self)?;
        // A commit waits for what is under way, and fails where one record did.
        done(repeat(|| self.producer.commit_transaction(CALL_TIMEOUT)))?;
        let lost =
            self.producer.context().take_events().iter().any(|event| matches!(event, Event::NotDelivered { .. }));
        if lost { Err(unknown()) } else { Ok(()) }
    }

    fn send(&self, record: BaseRecord<'_, str, [u8], usize>) -> Result<(), Stop> {
        let mut record = record.partition(0);
        let deadline = clock::instant() + CALL_TIMEOUT;
        loop {
            match self.producer.send(record) {
                Ok(()) => return Ok(()),
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), back))
                    if clock::instant() < deadline =>
                {
                    self.producer.poll(PAUSE);
                    record = back;
                }
                Err((error, _)) => return Err(client::stop("feed's memory", &error)),
            }
        }
    }
}

fn done(outcome: Outcome) -> Result<(), Stop> {
    match outcome {
        Outcome::Done => Ok(()),
        Outcome::Unknown => Err(unknown()),
        Outcome::Fenced => {
            let help = "feed a platform's files by one command at a time";
            Err(Stop::new(StopKind::Unavailable, "another feed of this platform has taken over", help))
        }
    }
}

fn unknown() -> Stop {
    let help = "check the brokers, then give the same command again: nothing is reported twice and nothing is lost";
    Stop::new(StopKind::Unavailable, format!("it is not known whether {} was written", names::FEEDS), help)
}

fn broken() -> Stop {
    let help =
        "this topic holds only what `comity feed` wrote; delete its records, and the next snapshot is a first one";
    Stop::new(StopKind::Data, format!("{} holds what cannot be read", names::FEEDS), help)
}

fn read<'v, T: Deserialize<'v>>(value: &'v [u8]) -> Result<T, Stop> {
    serde_json::from_slice(value).map_err(|_| broken())
}

fn write<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, Stop> {
    serde_json::to_vec(value).map_err(|_| broken())
}
