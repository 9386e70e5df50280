//! Intake's shell: it executes what the loop commands, on the thread that calls it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Headers, Message};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::client::{self, Context, Deliveries, Event, Purpose, TopicPartition};
use super::status::IntakeStatus;
use super::{Stop, StopKind, names, probe};
use crate::config;
use crate::intake;
use crate::model::entry::Body;
use crate::model::place::Millis;
use crate::model::record::{RawRecord, SourcePosition};
use crate::model::rejection::{Reason, Rejection};
use crate::platform::Platform;
use crate::run::intake::{Alarm, Assigned, Command, Input, Intake, Limits, SourceId};
use crate::schema::log::encode_entry;
use crate::telemetry::clock;

/// How long the broker may take to answer a question.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a poll waits for a record.
const POLL_WAIT: Duration = Duration::from_millis(5);
/// Records taken in one round of the loop.
const ROUND_RECORDS_MAX: usize = 1_000;
/// Pause before a full producer is tried again.
const FULL_PAUSE: Duration = Duration::from_micros(200);
/// The ends of the sources are asked for this often.
const ENDS_INTERVAL: Duration = Duration::from_secs(1);
/// Bytes of the largest entry: what a batch of the log may hold, less the frame around it.
const ENTRY_BYTES_MAX: usize = 900_000;

/// The header that names the version of a platform's format.
pub const SOURCE_HEADER: &str = "comity-source";
/// The header that marks a trial of the line, with the value `TEST`.
pub const MODE_HEADER: &str = "comity-mode";

/// What the intake of this process needs.
pub struct IntakeContext {
    pub kafka: config::Kafka,
    pub federation: String,
    pub platforms: Arc<Vec<Platform>>,
    pub pace: config::Intake,
    pub digest_key: Option<Vec<u8>>,
    pub status: Arc<IntakeStatus>,
}

/// Runs intake until `shutdown` is set, then drains what is in flight.
///
/// # Errors
/// What no retry mends: a topic that is missing or went back, a right that is missing.
pub fn run(context: &IntakeContext, shutdown: &AtomicBool) -> Result<(), Stop> {
    let mut shell = Shell::connect(context)?;
    let limits = Limits {
        in_flight_max: context.pace.in_flight_records_max,
        commit_interval_ms: i64::try_from(context.pace.commit_interval.as_millis()).unwrap_or(i64::MAX),
    };
    let mut intake = Intake::new(limits);
    let mut told = false;
    loop {
        let mut inputs = vec![Input::Time(shell.now_ms())];
        if !told && shutdown.load(Ordering::Relaxed) {
            told = true;
            inputs.push(Input::ShutDown);
        }
        inputs.extend(shell.events()?);
        for input in inputs {
            if shell.step(&mut intake, input, None)? {
                return Ok(());
            }
        }
        let wait = if told { Duration::ZERO } else { POLL_WAIT };
        if intake.wants_records() && shell.poll(&mut intake, wait)? {
            return Ok(());
        }
        shell.look_at_ends(&mut intake)?;
    }
}

/// A source as the shell knows it.
struct Known {
    topic: Arc<str>,
    partition: i32,
    /// Its place among the platforms.
    platform: usize,
}

struct Shell<'c> {
    context: &'c IntakeContext,
    consumer: Arc<BaseConsumer<Context>>,
    producer: BaseProducer<Context>,
    sources: Vec<Known>,
    started: Instant,
    ends_at: Instant,
}

impl<'c> Shell<'c> {
    fn connect(context: &'c IntakeContext) -> Result<Self, Stop> {
        let group = names::intake_group(&context.federation);
        let purpose = Purpose::SourceConsumer { group: &group, instance_id: context.pace.instance_id.as_deref() };
        let consumer: BaseConsumer<Context> = client::config(&context.kafka, purpose)
            .create_with_context(Context::new(Deliveries::All))
            .map_err(|error| client::stop("intake's consumer", &error))?;
        let topics: Vec<&str> = context.platforms.iter().map(|platform| platform.definition.topic.as_str()).collect();
        for topic in topics.iter().copied().chain([names::LOG]) {
            super::present(&consumer, topic)?;
        }
        consumer.subscribe(&topics).map_err(|error| client::stop("joining intake's group", &error))?;
        let now = clock::instant();
        Ok(Self {
            context,
            consumer: Arc::new(consumer),
            producer: producer(context)?,
            sources: Vec::new(),
            started: now,
            ends_at: now,
        })
    }

    fn now_ms(&self) -> i64 {
        i64::try_from(self.started.elapsed().as_millis()).unwrap_or(i64::MAX)
    }

    /// Takes one report through the loop; `true` once everything is drained.
    fn step(&mut self, intake: &mut Intake, input: Input, message: Option<&BorrowedMessage<'_>>) -> Result<bool, Stop> {
        let mut commands = Vec::new();
        intake.step(input, &mut commands);
        let mut done = false;
        while !commands.is_empty() {
            let mut answers = Vec::new();
            for command in commands.drain(..) {
                done |= command == Command::Done;
                answers.extend(self.execute(command, message)?);
            }
            for answer in answers {
                intake.step(answer, &mut commands);
            }
        }
        self.context.status.in_flight.store(intake.in_flight() as u64, Ordering::Relaxed);
        Ok(done)
    }

    fn execute(&mut self, command: Command, message: Option<&BorrowedMessage<'_>>) -> Result<Vec<Input>, Stop> {
        match command {
            Command::Start(positions) => self.assign(&positions)?,
            Command::AppendRecord { tag, at } => {
                if let (Some(message), Some(platform)) = (message, self.platform_of(&at)) {
                    let body = self.handle(platform, message, &at);
                    return Ok(self.append(tag, &body));
                }
            }
            Command::AppendGap { tag, at, .. } => {
                if let Some(platform) = self.platform_of(&at) {
                    self.context.status.source_gaps.fetch_add(1, Ordering::Relaxed);
                    let body = self.rejection(platform, &at, Reason::SourceGap, 0, clock::wall_ms());
                    return Ok(self.append(tag, &body));
                }
            }
            Command::NewProducer => {
                self.producer = producer(self.context)?;
                self.context.status.producers.fetch_add(1, Ordering::Relaxed);
                self.context.status.failed_deliveries.fetch_add(1, Ordering::Relaxed);
            }
            Command::Seek { source, position } => self.seek(source, position)?,
            Command::Commit(positions) => return self.commit(&positions),
            Command::FindBatchEnd { source, position } => {
                let Some(known) = self.sources.get(source) else { return Ok(Vec::new()) };
                let next = probe::batch_end(&self.context.kafka, &known.topic, known.partition, position)?;
                return Ok(vec![Input::BatchEnds { source, next }]);
            }
            Command::Unassign => {
                self.sources.clear();
                self.consumer.unassign().map_err(|error| client::stop("leaving a source", &error))?;
            }
            Command::Alarm(alarm) => self.tell(alarm),
            Command::WentBack { source, position, high } => {
                let topic = self.sources.get(source).map_or_else(String::new, |known| known.topic.to_string());
                let why = format!("{topic} ends at {high}, but was read to {position} before");
                let help = "the topic was made anew: give the platform a topic of another name, or restore this one";
                return Err(Stop::new(StopKind::Data, why, help));
            }
            Command::Done => {}
        }
        Ok(Vec::new())
    }

    fn platform_of(&self, at: &SourcePosition) -> Option<usize> {
        self.context.platforms.iter().position(|platform| *platform.definition.topic == *at.topic)
    }

    fn handle(&self, place: usize, message: &BorrowedMessage<'_>, at: &SourcePosition) -> Body {
        let status = &self.context.status;
        let platform = &self.context.platforms[place];
        let header = |name: &str| {
            let headers = message.headers()?;
            let found = headers.iter().find(|header| header.key == name)?;
            Some(std::str::from_utf8(found.value.unwrap_or_default()).unwrap_or("\u{fffd}"))
        };
        let published_at = message.timestamp().to_millis().unwrap_or(0);
        let record = RawRecord {
            at,
            value: message.payload(),
            source_version: header(SOURCE_HEADER),
            test: header(MODE_HEADER) == Some("TEST"),
            published_at,
        };
        let body = intake::handle(platform, &record, self.context.digest_key.as_deref());
        status.records.fetch_add(1, Ordering::Relaxed);
        match &body {
            Body::Rejection(rejection) => status.count_rejection(rejection.reason),
            Body::Event(_) | Body::Acknowledgement(_) | Body::Link(_) | Body::Rules(_) | Body::Tick => {
                status.events.fetch_add(1, Ordering::Relaxed);
            }
        }
        body
    }

    fn rejection(&self, place: usize, at: &SourcePosition, reason: Reason, size_bytes: i64, when: Millis) -> Body {
        self.context.status.count_rejection(reason);
        Body::Rejection(Box::new(Rejection {
            at: at.clone(),
            platform: self.context.platforms[place].definition.name.clone(),
            reason,
            detail: None,
            field: None,
            size_bytes,
            digest: None,
            payload: None,
            reported_at: when,
        }))
    }

    /// Appends an entry to the log; one that cannot be handed over counts as not delivered.
    fn append(&mut self, tag: usize, body: &Body) -> Vec<Input> {
        let mut value = encode_entry(body);
        if value.len() > ENTRY_BYTES_MAX
            && let Some(at) = body.source()
            && let Some(place) = self.platform_of(at)
        {
            let size = i64::try_from(value.len()).unwrap_or(i64::MAX);
            value = encode_entry(&self.rejection(place, at, Reason::TooLarge, size, clock::wall_ms()));
        }
        let mut record = BaseRecord::<(), [u8], usize>::with_opaque_to(names::LOG, tag).partition(0).payload(&value);
        loop {
            match self.producer.send(record) {
                Ok(()) => return Vec::new(),
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), back)) => {
                    self.producer.poll(Duration::ZERO);
                    sleep(FULL_PAUSE);
                    record = back;
                }
                Err((error, _)) => {
                    tracing::warn!("an entry was not taken by the producer: {error}");
                    return vec![Input::NotDelivered];
                }
            }
        }
    }

    /// What the clients report besides records.
    fn events(&mut self) -> Result<Vec<Input>, Stop> {
        self.producer.poll(Duration::ZERO);
        let mut inputs = Vec::new();
        for event in self.producer.context().take_events() {
            match event {
                Event::Delivered { tag, .. } => {
                    self.context.status.delivered.fetch_add(1, Ordering::Relaxed);
                    self.context.status.progress_ms.store(clock::wall_ms(), Ordering::Relaxed);
                    inputs.push(Input::Delivered { tag });
                }
                // The first failure makes a new producer, whose context has none of the others.
                Event::NotDelivered { code, .. } => {
                    tracing::warn!("an entry was not delivered: {code}");
                    inputs.push(Input::NotDelivered);
                    break;
                }
                Event::Assigned(_)
                | Event::Revoked { .. }
                | Event::Committed(_)
                | Event::Error(_)
                | Event::TransactionCoordinatorLost => {}
            }
        }
        for event in self.consumer.context().take_events() {
            match event {
                Event::Assigned(partitions) => inputs.push(self.assigned(partitions)?),
                Event::Revoked { lost, .. } => inputs.push(Input::Revoked { lost }),
                Event::Committed(_)
                | Event::Delivered { .. }
                | Event::NotDelivered { .. }
                | Event::Error(_)
                | Event::TransactionCoordinatorLost => {}
            }
        }
        Ok(inputs)
    }

    /// Where the group and the broker stand with the partitions that were given.
    fn assigned(&mut self, partitions: Vec<TopicPartition>) -> Result<Input, Stop> {
        self.context.status.assignments.fetch_add(1, Ordering::Relaxed);
        let mut list = TopicPartitionList::new();
        for (topic, partition) in &partitions {
            list.add_partition(topic, *partition);
        }
        let committed = self
            .consumer
            .committed_offsets(list, ANSWER_TIMEOUT)
            .map_err(|error| client::stop("intake's committed positions", &error))?;
        self.sources.clear();
        let mut given = Vec::new();
        for (name, partition) in partitions {
            let topic: Arc<str> = Arc::from(name.as_str());
            let Some(platform) = self.context.platforms.iter().position(|known| known.definition.topic == name) else {
                continue;
            };
            let (low, high) = self.ends(&topic, partition)?;
            let committed = match committed.find_partition(&name, partition).map(|element| element.offset()) {
                Some(Offset::Offset(offset)) => Some(offset),
                Some(_) | None => None,
            };
            given.push(Assigned { topic: Arc::clone(&topic), partition, committed, low, high });
            self.sources.push(Known { topic, partition, platform });
        }
        Ok(Input::Assigned(given))
    }

    fn ends(&self, topic: &str, partition: i32) -> Result<(i64, i64), Stop> {
        let ends = self.consumer.fetch_watermarks(topic, partition, ANSWER_TIMEOUT);
        ends.map_err(|error| client::stop(&format!("the ends of {topic}"), &error))
    }

    fn assign(&mut self, positions: &[i64]) -> Result<(), Stop> {
        let mut list = TopicPartitionList::new();
        for (known, position) in self.sources.iter().zip(positions) {
            list.add_partition_offset(&known.topic, known.partition, Offset::Offset(*position))
                .map_err(|error| client::stop("reading a source", &error))?;
        }
        self.consumer.assign(&list).map_err(|error| client::stop("reading the sources", &error))
    }

    fn seek(&self, source: SourceId, position: i64) -> Result<(), Stop> {
        let Some(known) = self.sources.get(source) else { return Ok(()) };
        self.consumer
            .seek(&known.topic, known.partition, Offset::Offset(position), ANSWER_TIMEOUT)
            .map_err(|error| client::stop(&format!("going back in {}", known.topic), &error))
    }

    fn commit(&self, positions: &[(SourceId, i64)]) -> Result<Vec<Input>, Stop> {
        let mut list = TopicPartitionList::new();
        for (source, position) in positions {
            if let Some(known) = self.sources.get(*source) {
                list.add_partition_offset(&known.topic, known.partition, Offset::Offset(*position))
                    .map_err(|error| client::stop("committing positions", &error))?;
            }
        }
        // Asked and answered at once: the answer to an asynchronous commit was seen to stay out.
        let accepted = match self.consumer.commit(&list, CommitMode::Sync) {
            Ok(()) => true,
            Err(error) => {
                tracing::debug!("committing positions: {error}");
                false
            }
        };
        Ok(vec![Input::Committed { accepted }])
    }

    /// Reads a round of records; `true` once everything is drained.
    fn poll(&mut self, intake: &mut Intake, wait: Duration) -> Result<bool, Stop> {
        let consumer = Arc::clone(&self.consumer);
        let mut wait = wait;
        for _ in 0..ROUND_RECORDS_MAX {
            match consumer.poll(wait) {
                None => break,
                Some(Ok(message)) => {
                    let same =
                        |known: &Known| *known.topic == *message.topic() && known.partition == message.partition();
                    if let Some(source) = self.sources.iter().position(same) {
                        let input = Input::Record { source, offset: message.offset() };
                        if self.step(intake, input, Some(&message))? {
                            return Ok(true);
                        }
                    }
                }
                Some(Err(error)) => {
                    for input in self.read_error(intake, &error)? {
                        if self.step(intake, input, None)? {
                            return Ok(true);
                        }
                    }
                }
            }
            if !intake.wants_records() {
                break;
            }
            wait = Duration::ZERO;
        }
        Ok(false)
    }

    /// An error of the consumer does not say which partition is at fault: each one is asked.
    fn read_error(&self, intake: &Intake, error: &KafkaError) -> Result<Vec<Input>, Stop> {
        let mut inputs = Vec::new();
        match error.rdkafka_error_code() {
            Some(RDKafkaErrorCode::AutoOffsetReset | RDKafkaErrorCode::OffsetOutOfRange) => {
                for (source, known) in self.sources.iter().enumerate() {
                    let (low, high) = self.ends(&known.topic, known.partition)?;
                    inputs.push(Input::OutOfRange { source, low, high });
                }
            }
            Some(code) if probe::is_damage(code) => {
                for (source, known) in self.sources.iter().enumerate() {
                    let Some(offset) = intake.position(source) else { continue };
                    if probe::is_undecodable(&self.context.kafka, &known.topic, known.partition, offset)? {
                        inputs.push(Input::Undecodable { source, offset });
                    }
                }
            }
            _ => tracing::warn!("reading the sources: {error}"),
        }
        Ok(inputs)
    }

    /// Asks where the sources end, for lag, for alarms and for the idle check.
    fn look_at_ends(&mut self, intake: &mut Intake) -> Result<(), Stop> {
        if self.ends_at.elapsed() < ENDS_INTERVAL {
            return Ok(());
        }
        self.ends_at = clock::instant();
        for source in 0..self.sources.len() {
            let known = &self.sources[source];
            // A broker that is away for a while is no reason to stop; the next look comes in a second.
            let Ok((_, high)) = self.ends(&known.topic, known.partition) else { continue };
            let name = self.context.platforms[known.platform].definition.name.as_str();
            if let Some(status) = self.context.status.platform(name) {
                let lag = high.saturating_sub(intake.committed(source).unwrap_or(0)).max(0);
                status.assigned.store(true, Ordering::Relaxed);
                status.lag.store(lag, Ordering::Relaxed);
                status.caught_up.store(lag == 0, Ordering::Relaxed);
            }
            self.step(intake, Input::End { source, high }, None)?;
        }
        Ok(())
    }

    fn tell(&self, alarm: Alarm) {
        let topic = |source: SourceId| self.sources.get(source).map_or("", |known| &*known.topic);
        match alarm {
            Alarm::SourceGap { source, from, to } => {
                tracing::error!(topic = topic(source), from, to, "a source lost records; the log says which");
            }
            Alarm::DeliveryFailed => tracing::warn!("a delivery to comity.log failed; intake goes back"),
            Alarm::CommitFailed => tracing::warn!("source positions were not committed; they will be with the next"),
            Alarm::Stalled { source, position } => {
                tracing::error!(topic = topic(source), position, "a source holds records and gives none");
            }
            Alarm::NotDrained => tracing::warn!("partitions were given up with deliveries open; they are sent again"),
        }
    }
}

impl Drop for Shell<'_> {
    fn drop(&mut self) {
        // A consumer that is dropped waits until its revocation is answered.
        self.consumer.context().close();
    }
}

fn producer(context: &IntakeContext) -> Result<BaseProducer<Context>, Stop> {
    client::config(&context.kafka, Purpose::Producer)
        .create_with_context(Context::new(Deliveries::All))
        .map_err(|error| client::stop("intake's producer", &error))
}
