//! Intake's shell: it executes what the loop commands, on the thread that calls it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::BorrowedMessage;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};

use super::client::{self, Context, Deliveries, Event, Purpose};
use super::control::{Control, Standing};
use super::status::IntakeStatus;
use super::{Stop, StopKind, names};
use crate::config;
use crate::fault;
use crate::model::entry::Body;
use crate::model::limit::ENTRY_BYTES_MAX;
use crate::model::rejection::Reason;
use crate::platform::Platform;
use crate::run::intake::{Alarm, Command, Input, Intake, Limits, Rates, SourceId};
use crate::schema::log::encode_entry;
use crate::telemetry::clock;

mod entries;
mod positions;
mod sources;

use sources::Sources;

pub use entries::{MISSING_HEADER, MODE_HEADER, SOURCE_HEADER};

/// How long a poll waits for a record.
const POLL_WAIT: Duration = Duration::from_millis(5);
/// How long it waits where entries wait for the producer.
const POLL_READY: Duration = Duration::from_millis(1);
/// Records taken in one round of the loop.
const ROUND_RECORDS_MAX: usize = 100;
/// Answers to requests that one look at the producer takes; a lot takes more than one request only where it is large.
const ANSWERS_AT_ONCE: usize = 2;
/// Pause before a full producer is tried again.
const FULL_PAUSE: Duration = Duration::from_micros(200);
/// Pause before a new producer after the first failure; it doubles with each one that follows without a delivery.
const FAILURE_PAUSE: Duration = Duration::from_millis(50);
const FAILURE_DOUBLINGS_MAX: u32 = 6;

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
    let (mut shell, standings) = Shell::connect(context)?;
    let mut intake = Intake::new(limits(context));
    let mut told = false;
    for standing in standings {
        let input = shell.standing(standing);
        shell.step(&mut intake, input, None)?;
    }
    loop {
        let mut inputs = vec![Input::Time(shell.now_ms())];
        if !told && shutdown.load(Ordering::Relaxed) {
            told = true;
            inputs.push(Input::ShutDown);
        }
        inputs.extend(shell.delivered()?);
        inputs.extend(shell.control()?);
        inputs.extend(shell.sources.events(&intake)?);
        for input in inputs {
            if shell.step(&mut intake, input, None)? {
                return Ok(());
            }
        }
        if intake.wants_records() {
            let wait = if told || !shell.ready.is_empty() { POLL_READY } else { POLL_WAIT };
            if shell.poll(&mut intake, wait)? {
                return Ok(());
            }
        } else {
            // Only deliveries can make room; `BaseProducer::poll` with a time would spin for all of it.
            sleep(FULL_PAUSE);
        }
        if shell.hand_over(&mut intake)? {
            return Ok(());
        }
        shell.sources.settle(&intake)?;
    }
}

fn limits(context: &IntakeContext) -> Limits {
    let pace = &context.pace;
    let bound = |platform: &Platform| {
        let name = platform.definition.name.as_str();
        Some((Arc::from(name), pace.events_per_minute_max(name)?))
    };
    Limits {
        in_flight_max: pace.in_flight_records_max,
        commit_interval_ms: i64::try_from(pace.commit_interval.as_millis()).unwrap_or(i64::MAX),
        rates: Rates {
            backfill_records_per_second_max: pace.backfill_records_per_second_max,
            events_per_minute_max: context.platforms.iter().filter_map(bound).collect(),
        },
    }
}

struct Shell<'c> {
    context: &'c IntakeContext,
    control: Control,
    sources: Sources<'c>,
    producer: BaseProducer<Context>,
    /// Entries for the producer with their tags, in the order of the loop.
    ready: Vec<(usize, Vec<u8>)>,
    /// The last tag of the lot that the producer has. The next lot grows with the time that this one takes, and a lone
    /// entry goes at once. An idempotent producer sends nothing more to a partition while five of its records are under
    /// way; one that has more looks for room without a pause, for a whole core.
    lot: Option<usize>,
    /// Failures since the last delivery.
    failures: u32,
    started: Instant,
}

impl<'c> Shell<'c> {
    /// Connects, and says which platforms are paused.
    fn connect(context: &'c IntakeContext) -> Result<(Self, Vec<(String, Standing)>), Stop> {
        let (control, standings) = Control::open(&context.kafka)?;
        let sources = Sources::join(context)?;
        let producer = producer(context)?;
        context.status.producers.fetch_add(1, Ordering::Relaxed);
        let shell = Self {
            context,
            control,
            sources,
            producer,
            ready: Vec::new(),
            lot: None,
            failures: 0,
            started: clock::instant(),
        };
        Ok((shell, standings))
    }

    /// What is new of paused platforms.
    fn control(&mut self) -> Result<Vec<Input>, Stop> {
        let new = self.control.look()?;
        Ok(new.into_iter().map(|standing| self.standing(standing)).collect())
    }

    fn standing(&self, (platform, Standing { paused, since }): (String, Standing)) -> Input {
        if let Some(status) = self.context.status.platform(&platform)
            && status.paused.swap(paused, Ordering::Relaxed) != paused
        {
            tracing::warn!(platform, paused, "a platform was paused or released");
        }
        Input::Platform { platform: Arc::from(platform), paused, since }
    }

    fn now_ms(&self) -> i64 {
        i64::try_from(self.started.elapsed().as_millis()).unwrap_or(i64::MAX)
    }

    /// Reads a round of records; `true` once everything is drained.
    fn poll(&mut self, intake: &mut Intake, wait: Duration) -> Result<bool, Stop> {
        let consumer = self.sources.consumer();
        let mut wait = wait;
        for _ in 0..ROUND_RECORDS_MAX {
            let Some(polled) = consumer.poll(wait) else { break };
            match polled {
                Ok(message) => {
                    fault::step("polled");
                    if let Some(source) = self.sources.of(&message)
                        && self.step(intake, sources::record(source, &message), Some(&message))?
                    {
                        return Ok(true);
                    }
                }
                Err(error) => {
                    for input in self.sources.error(intake, &error)? {
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

    fn execute(&mut self, command: Command, message: Option<&BorrowedMessage<'_>>) -> Result<Option<Input>, Stop> {
        match command {
            Command::Start(positions) => self.sources.start(&positions)?,
            Command::AppendRecord { tag, at } => {
                if let (Some(message), Some(platform)) = (message, self.platform(&at.topic)) {
                    self.append(tag, &entries::of_record(self.context, platform, message, &at));
                }
            }
            Command::AppendGap { tag, at, .. } => {
                if let Some(platform) = self.platform(&at.topic) {
                    self.context.status.source_gaps.fetch_add(1, Ordering::Relaxed);
                    self.append(tag, &entries::rejection(self.context, platform, &at, Reason::SourceGap, 0));
                }
            }
            Command::NewProducer => self.replace_producer()?,
            Command::Seek { source, position } => self.sources.seek(source, position),
            Command::Pause { source } => self.sources.pause(source, true),
            Command::Resume { source } => self.sources.pause(source, false),
            Command::RecordPause { source } => {
                if let Some(platform) = self.sources.platform(source) {
                    self.control.pause(&platform);
                }
            }
            Command::Commit(positions) => return Ok(Some(self.sources.commit(&positions)?)),
            Command::FindBatchEnd { source, position } => return self.sources.batch_end(source, position),
            Command::Unassign => self.sources.give_up()?,
            Command::Alarm(alarm) => self.tell(alarm),
            Command::WentBack { source, position, high } => {
                let why = format!("{} ends at {high}, but was read to {position} before", self.sources.topic(source));
                let help = "the topic was made anew: give the platform a topic of another name, or restore this one";
                return Err(Stop::new(StopKind::Data, why, help));
            }
            Command::Done => {}
        }
        Ok(None)
    }

    fn platform(&self, topic: &str) -> Option<&'c Platform> {
        source_of(&self.context.platforms, topic).map(|(platform, _)| platform)
    }

    /// Makes an entry ready for the producer.
    fn append(&mut self, tag: usize, body: &Body) {
        let mut value = encode_entry(body);
        if value.len() > ENTRY_BYTES_MAX
            && let Some(at) = body.source()
            && let Some(platform) = self.platform(&at.topic)
        {
            let size = i64::try_from(value.len()).unwrap_or(i64::MAX);
            value = encode_entry(&entries::rejection(self.context, platform, at, Reason::TooLarge, size));
        }
        self.ready.push((tag, value));
    }

    /// Gives the producer what is ready, once it has nothing else; an entry that it does not take counts as not
    /// delivered, with all behind it. `true` once everything is drained.
    fn hand_over(&mut self, intake: &mut Intake) -> Result<bool, Stop> {
        if self.lot.is_some() {
            return Ok(false);
        }
        self.lot = self.ready.last().map(|(tag, _)| *tag);
        for (tag, value) in std::mem::take(&mut self.ready) {
            if !self.send(tag, &value) {
                return self.step(intake, Input::NotDelivered, None);
            }
        }
        Ok(false)
    }

    fn send(&self, tag: usize, value: &[u8]) -> bool {
        let mut record = BaseRecord::<(), [u8], usize>::with_opaque_to(names::LOG, tag).partition(0).payload(value);
        loop {
            match self.producer.send(record) {
                Ok(()) => return true,
                // The producer gives each entry up after its time, so it has room again in the end.
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), back)) => {
                    self.producer.poll(Duration::ZERO);
                    sleep(FULL_PAUSE);
                    record = back;
                }
                Err((error, _)) => {
                    tracing::warn!("an entry was not taken by the producer: {error}");
                    return false;
                }
            }
        }
    }

    /// What became of the entries.
    fn delivered(&mut self) -> Result<Vec<Input>, Stop> {
        for _ in 0..ANSWERS_AT_ONCE {
            self.producer.poll(Duration::ZERO);
        }
        let mut inputs = Vec::new();
        for event in self.producer.context().take_events() {
            match event {
                Event::Delivered { tag, .. } => {
                    self.failures = 0;
                    self.lot.take_if(|last| *last <= tag);
                    self.context.status.delivered.fetch_add(1, Ordering::Relaxed);
                    inputs.push(Input::Delivered { tag });
                }
                // The first failure makes a new producer, whose context knows nothing of the others.
                Event::NotDelivered { code, .. } => {
                    undeliverable(code)?;
                    tracing::warn!("an entry was not delivered: {code}");
                    inputs.push(Input::NotDelivered);
                    break;
                }
                Event::Assigned(_)
                | Event::Revoked { .. }
                | Event::Committed(_)
                | Event::Error { .. }
                | Event::Ends(_)
                | Event::TransactionCoordinatorLost => {}
            }
        }
        Ok(inputs)
    }

    /// Failures that follow each other are spaced out, so that a broker that refuses is not flooded.
    fn replace_producer(&mut self) -> Result<(), Stop> {
        sleep(FAILURE_PAUSE * 2_u32.pow(self.failures.min(FAILURE_DOUBLINGS_MAX)));
        self.failures += 1;
        // The loop goes back to before them.
        self.ready.clear();
        self.lot = None;
        self.producer = producer(self.context)?;
        self.context.status.producers.fetch_add(1, Ordering::Relaxed);
        self.context.status.failed_deliveries.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    fn tell(&self, alarm: Alarm) {
        let topic = |source: SourceId| self.sources.topic(source);
        match alarm {
            Alarm::SourceGap { source, from, to } => {
                tracing::error!(topic = topic(source), from, to, "a source lost records; the log says which");
            }
            Alarm::DeliveryFailed => tracing::warn!("a delivery to comity.log failed; intake goes back"),
            Alarm::CommitFailed => tracing::warn!("source positions were not committed; they will be with the next"),
            Alarm::Stalled { source, position } => {
                tracing::error!(topic = topic(source), position, "a source holds records and gives none");
            }
            Alarm::Runaway { source } => {
                let topic = topic(source);
                tracing::error!(topic, "a platform sends more than it may, and is paused: see comity platform list");
            }
            Alarm::NotDrained => tracing::warn!("partitions were given up with deliveries open; they are sent again"),
        }
    }
}

/// Every topic that intake reads, with the name of its platform.
pub fn topics(platforms: &[Platform], pace: &config::Intake) -> Vec<(String, String)> {
    let definitions = || platforms.iter().map(|platform| &platform.definition);
    let live = definitions().map(|definition| (definition.topic.clone(), definition.name.clone()));
    let joining = definitions().filter(|definition| pace.backfills(&definition.name));
    live.chain(joining.map(|definition| (definition.backfill_topic(), definition.name.clone()))).collect()
}

/// Whose topic this is, and whether it is that of the platform's backfill.
fn source_of<'p>(platforms: &'p [Platform], topic: &str) -> Option<(&'p Platform, bool)> {
    let own = platforms.iter().find(|platform| platform.definition.topic == topic);
    let backfill = || platforms.iter().find(|platform| platform.definition.is_backfill(topic));
    own.map(|platform| (platform, false)).or_else(|| backfill().map(|platform| (platform, true)))
}

fn producer(context: &IntakeContext) -> Result<BaseProducer<Context>, Stop> {
    client::config(&context.kafka, Purpose::Producer)
        .create_with_context(Context::new(Deliveries::All))
        .map_err(|error| client::stop("intake's producer", &error))
}

/// Failures that another producer would meet again, each with what is wrong and what helps.
const UNDELIVERABLE: &[(&[RDKafkaErrorCode], &str, &str)] = &[
    (
        &[RDKafkaErrorCode::TopicAuthorizationFailed, RDKafkaErrorCode::ClusterAuthorizationFailed],
        "comity.log cannot be written",
        "give this client the right to write comity.log",
    ),
    (
        &[
            RDKafkaErrorCode::UnknownTopic,
            RDKafkaErrorCode::UnknownPartition,
            RDKafkaErrorCode::UnknownTopicOrPartition,
        ],
        "comity.log is gone",
        "make the topics with: comity topics apply --yes",
    ),
    (
        &[RDKafkaErrorCode::MessageSizeTooLarge],
        "comity.log takes no entry of this size",
        "set its max.message.bytes right with: comity topics apply --yes",
    ),
];

fn undeliverable(code: RDKafkaErrorCode) -> Result<(), Stop> {
    match UNDELIVERABLE.iter().find(|(codes, ..)| codes.contains(&code)) {
        Some((_, why, help)) => Err(Stop::new(StopKind::Unavailable, format!("{why}: {code}"), *help)),
        None => Ok(()),
    }
}
