//! The side of intake that reads: its group, the partitions that it gives, their positions and their errors.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::sleep;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Message};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::{IntakeContext, positions, source_of, topics};
use crate::kafka::client::{self, Context, Deliveries, Event, PartitionEnd, Purpose, TopicPartition};
use crate::kafka::probe::{self, Probe};
use crate::kafka::{Stop, StopKind, classify, names, present};
use crate::run::intake::{Assigned, Input, Intake, Lane, Position, SourceId};
use crate::telemetry::clock;

/// How long the broker may take to answer a question; it is asked again after `ASK_INTERVAL`.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);
const ASK_INTERVAL: Duration = Duration::from_secs(1);
/// How often it is asked where paused sources end, and how long the answer may take: of those the client reads nothing,
/// so it does not know, and an operator must see what waits.
const PAUSED_ASK_INTERVAL: Duration = Duration::from_secs(5);
const PAUSED_ANSWER_TIMEOUT: Duration = Duration::from_secs(1);
/// From one start of the sources to the next at least: whoever is started again before it has stopped ends the process
/// (librdkafka 2.12, `rd_kafka_assignment_partition_stopped`).
const START_PAUSE: Duration = Duration::from_secs(1);
/// How often sources are asked which of them is damaged, before the client's next error is waited for.
const ASK_TIMES_MAX: u32 = 3;

/// The partitions of this instance.
pub(super) struct Sources<'c> {
    context: &'c IntakeContext,
    consumer: Arc<BaseConsumer<Context>>,
    known: Vec<Known>,
    /// Partitions that the group gave, while it is not yet known where they stand.
    given: Option<Vec<TopicPartition>>,
    /// True once a position may be out of range, until every source was looked at.
    in_doubt: bool,
    /// True once a source could not be sent back alone, or its reading has stopped.
    restart: bool,
    /// When the sources were started last.
    started: Option<Instant>,
    asked_at: Option<Instant>,
    paused_asked_at: Option<Instant>,
}

/// One of them.
struct Known {
    topic: Arc<str>,
    partition: i32,
    /// The name of its platform.
    platform: Arc<str>,
    /// True while the client is told to give nothing of it.
    paused: bool,
    /// Where it ends as the broker says, while it is paused.
    asked_end: Option<i64>,
    /// Records that are not yet committed, once the client has said where it ends.
    lag: Option<i64>,
    /// At the last report: where it is read next and where it ends, if only what is no record may stand between.
    rest: Option<(i64, i64)>,
}

/// The report of a record.
pub(super) fn record(source: SourceId, message: &BorrowedMessage<'_>) -> Input {
    // A time that is still to come would make everything after it look old.
    let stamped_at = message.timestamp().to_millis().unwrap_or(0).min(clock::wall_ms());
    Input::Record { source, offset: message.offset(), stamped_at }
}

impl<'c> Sources<'c> {
    /// Joins intake's group.
    ///
    /// # Errors
    /// Kafka does not answer, or a topic is missing.
    pub(super) fn join(context: &'c IntakeContext) -> Result<Self, Stop> {
        let group = names::intake_group(&context.federation);
        let purpose = Purpose::SourceConsumer { group: &group, instance_id: context.pace.instance_id.as_deref() };
        let consumer: BaseConsumer<Context> = client::config(&context.kafka, purpose)
            .create_with_context(Context::new(Deliveries::All))
            .map_err(|error| client::stop("intake's consumer", &error))?;
        let sources = Self {
            context,
            consumer: Arc::new(consumer),
            known: Vec::new(),
            given: None,
            in_doubt: false,
            restart: false,
            started: None,
            asked_at: None,
            paused_asked_at: None,
        };
        let topics = topics(&context.platforms, &context.pace);
        let topics: Vec<&str> = topics.iter().map(|(topic, _)| topic.as_str()).collect();
        for topic in topics.iter().copied().chain([names::LOG]) {
            present(&sources.consumer, topic)?;
        }
        sources.consumer.subscribe(&topics).map_err(|error| client::stop("joining intake's group", &error))?;
        Ok(sources)
    }

    pub(super) fn consumer(&self) -> Arc<BaseConsumer<Context>> {
        Arc::clone(&self.consumer)
    }

    /// The source that a message came from; `None` for a partition that was given up.
    pub(super) fn of(&self, message: &BorrowedMessage<'_>) -> Option<SourceId> {
        self.find(message.topic(), message.partition())
    }

    pub(super) fn topic(&self, source: SourceId) -> &str {
        self.known.get(source).map_or("", |known| &*known.topic)
    }

    pub(super) fn platform(&self, source: SourceId) -> Option<Arc<str>> {
        self.known.get(source).map(|known| Arc::clone(&known.platform))
    }

    fn find(&self, topic: &str, partition: i32) -> Option<SourceId> {
        self.known.iter().position(|known| known.partition == partition && *known.topic == *topic)
    }

    /// What the group and the client's statistics report.
    pub(super) fn events(&mut self, intake: &Intake) -> Result<Vec<Input>, Stop> {
        let mut inputs = Vec::new();
        for event in self.consumer.context().take_events() {
            match event {
                Event::Assigned(partitions) => {
                    self.given = Some(partitions);
                    self.asked_at = None;
                }
                Event::Revoked { lost, .. } => {
                    self.given = None;
                    self.context.status.assigned.store(false, Ordering::Relaxed);
                    inputs.push(Input::Revoked { lost });
                }
                Event::Ends(ends) => {
                    self.ask_paused();
                    for end in &ends {
                        self.end(intake, end, &mut inputs)?;
                    }
                    self.tell_lag();
                }
                Event::Committed(_)
                | Event::Delivered { .. }
                | Event::NotDelivered { .. }
                | Event::Error { .. }
                | Event::TransactionCoordinatorLost => {}
            }
        }
        if (self.given.is_some() || self.in_doubt) && self.may_ask() {
            inputs.extend(self.ask()?);
        }
        Ok(inputs)
    }

    /// Questions that are open are asked once in a while: a broker that is away for a time is no reason to stop.
    fn may_ask(&mut self) -> bool {
        let due = self.asked_at.is_none_or(|asked_at| asked_at.elapsed() >= ASK_INTERVAL);
        if due {
            self.asked_at = Some(clock::instant());
        }
        due
    }

    fn ask(&mut self) -> Result<Vec<Input>, Stop> {
        let answer = match &self.given {
            Some(partitions) => match self.assigned(partitions) {
                Ok((known, given)) => return self.take(known, given),
                Err(error) => Err(error),
            },
            None => self.ranges().inspect(|_| {
                self.in_doubt = false;
                // The client has stopped reading where the offset was, and going to another does not start it again.
                self.restart = true;
            }),
        };
        match answer {
            Ok(inputs) => Ok(inputs),
            Err(error) => {
                refused(&error)?;
                tracing::warn!("asking Kafka where the sources stand: {error}");
                Ok(Vec::new())
            }
        }
    }

    /// Where the group and the broker stand with the partitions that were given.
    fn assigned(&self, partitions: &[TopicPartition]) -> Result<(Vec<Known>, Vec<Assigned>), KafkaError> {
        let mut list = TopicPartitionList::new();
        for (topic, partition) in partitions {
            list.add_partition(topic, *partition);
        }
        let committed = self.consumer.committed_offsets(list, ANSWER_TIMEOUT)?;
        let (mut known, mut given) = (Vec::new(), Vec::new());
        for (name, partition) in partitions {
            let Some((platform, backfill)) = source_of(&self.context.platforms, name) else { continue };
            let committed = match committed.find_partition(name, *partition) {
                Some(element) => {
                    element.error()?;
                    positions::committed(element.offset(), element.metadata())
                }
                None => None,
            };
            let (low, high) = self.consumer.fetch_watermarks(name, *partition, ANSWER_TIMEOUT)?;
            let topic: Arc<str> = Arc::from(name.as_str());
            let platform: Arc<str> = Arc::from(platform.definition.name.as_str());
            let lane = Lane { platform: Arc::clone(&platform), backfill };
            given.push(Assigned { topic: Arc::clone(&topic), partition: *partition, lane, committed, low, high });
            known.push(Known {
                topic,
                partition: *partition,
                platform,
                paused: false,
                asked_end: None,
                lag: None,
                rest: None,
            });
        }
        Ok((known, given))
    }

    /// Takes what the group gave, now that it is known where it stands; what could not be read is asked again.
    fn take(&mut self, known: Vec<Known>, mut given: Vec<Assigned>) -> Result<Vec<Input>, Stop> {
        match self.ask_ledger(&mut given) {
            Err(stop) if stop.kind == StopKind::Unavailable => {
                tracing::warn!("asking where the ledger stands with the sources: {}; {}", stop.why, stop.help);
                return Ok(Vec::new());
            }
            answer => answer?,
        }
        self.known = known;
        self.given = None;
        self.in_doubt = false;
        self.context.status.assignments.fetch_add(1, Ordering::Relaxed);
        self.context.status.assigned.store(true, Ordering::Relaxed);
        Ok(vec![Input::Assigned(given)])
    }

    /// Where the group has no position, that of the ledger counts: from the beginning it would drop what it has taken.
    /// The group is told, so that the ledger is asked once for each source.
    fn ask_ledger(&self, given: &mut [Assigned]) -> Result<(), Stop> {
        let unknown = || given.iter().filter(|source| source.committed.is_none());
        let asked: Vec<TopicPartition> = unknown().map(|source| (source.topic.to_string(), source.partition)).collect();
        if asked.is_empty() {
            return Ok(());
        }
        tracing::info!(sources = asked.len(), "comity.state is read for sources of which the group has no position");
        let known = positions::by_ledger(&self.context.kafka, &asked)?;
        let mut list = TopicPartitionList::new();
        for (id, source) in asked.iter().zip(given.iter_mut().filter(|source| source.committed.is_none())) {
            let position = known.get(id).copied().unwrap_or_default();
            let Assigned { topic, low, high, .. } = &*source;
            if (*low + 1..=*high).contains(&position) {
                tracing::error!(
                    %topic, position, high,
                    "the group has forgotten its position, and the ledger's is taken; if the topic was made anew, its \
                     records before that position are not read: give the platform a topic of another name"
                );
            }
            if position <= *high {
                list.add_partition_offset(topic, source.partition, Offset::Offset(position))
                    .map_err(|error| client::stop("committing positions", &error))?;
            }
            source.committed = known.contains_key(id).then_some(Position { offset: position, from: position });
        }
        if let Err(error) = self.consumer.commit(&list, CommitMode::Sync) {
            refused(&error)?;
            tracing::debug!("committing where sources begin: {error}");
        }
        Ok(())
    }

    /// What each source holds; the loop sees for itself which position is outside.
    fn ranges(&self) -> Result<Vec<Input>, KafkaError> {
        let range = |(source, known): (SourceId, &Known)| {
            let (low, high) = self.consumer.fetch_watermarks(&known.topic, known.partition, ANSWER_TIMEOUT)?;
            Ok(Input::OutOfRange { source, low, high })
        };
        self.known.iter().enumerate().map(range).collect()
    }

    /// Takes the end of a source to the loop, which watches for silence. Where the client has read to the end and
    /// nothing came of the rest for two reports, a reader of its own looks whether the rest holds any record.
    fn end(&mut self, intake: &Intake, end: &PartitionEnd, inputs: &mut Vec<Input>) -> Result<(), Stop> {
        let Some(source) = self.find(&end.topic, end.partition) else { return Ok(()) };
        let Some((position, committed)) = intake.position(source).zip(intake.committed(source)) else { return Ok(()) };
        let Some(known) = self.known.get_mut(source) else { return Ok(()) };
        // Behind the last record there may be markers of transactions, which nobody reads.
        let high = if end.read { position } else { end.high };
        let waiting_to = known.asked_end.filter(|asked| *asked > end.high).unwrap_or(high);
        known.lag = Some(waiting_to.saturating_sub(committed).max(0));
        inputs.push(Input::End { source, high });
        let rest = (end.read && end.high > position).then_some((position, end.high));
        if rest.is_some() && known.rest == rest {
            let to = Probe::new(&self.context.kafka)?.empty_to(&known.topic, known.partition, position);
            inputs.extend(to.map(|to| Input::Empty { source, from: position, to }));
        }
        known.rest = rest;
        Ok(())
    }

    /// Asks where the paused sources end, once in a while.
    fn ask_paused(&mut self) {
        if self.paused_asked_at.is_some_and(|asked_at| asked_at.elapsed() < PAUSED_ASK_INTERVAL) {
            return;
        }
        self.paused_asked_at = Some(clock::instant());
        for known in self.known.iter_mut().filter(|known| known.paused) {
            match self.consumer.fetch_watermarks(&known.topic, known.partition, PAUSED_ANSWER_TIMEOUT) {
                Ok((_, high)) => known.asked_end = Some(high),
                // A broker that does not answer would hold the loop up once for each.
                Err(error) => return tracing::debug!("asking where {} ends: {error}", known.topic),
            }
        }
    }

    /// Says of each platform what all its partitions here add up to.
    fn tell_lag(&self) {
        for (name, status) in self.context.status.platforms() {
            let own: Vec<Option<i64>> =
                self.known.iter().filter(|known| *known.platform == *name).map(|known| known.lag).collect();
            let lag = own.iter().copied().sum::<Option<i64>>();
            status.assigned.store(!own.is_empty(), Ordering::Relaxed);
            status.lag.store(own.into_iter().flatten().sum(), Ordering::Relaxed);
            status.caught_up.store(!self.known.is_empty() && lag == Some(0), Ordering::Relaxed);
        }
    }

    /// An error of the consumer does not say which partition is at fault: each one is asked.
    pub(super) fn error(&mut self, intake: &Intake, error: &KafkaError) -> Result<Vec<Input>, Stop> {
        refused(error)?;
        match error.rdkafka_error_code() {
            Some(RDKafkaErrorCode::AutoOffsetReset | RDKafkaErrorCode::OffsetOutOfRange) => {
                self.in_doubt = true;
                self.asked_at = None;
            }
            Some(RDKafkaErrorCode::UnknownTopic | RDKafkaErrorCode::UnknownTopicOrPartition) => {
                for (topic, _) in topics(&self.context.platforms, &self.context.pace) {
                    present(&self.consumer, &topic)?;
                }
            }
            Some(code) if probe::is_damage(code) => {
                tracing::warn!("a batch cannot be read: {code}");
                return self.damaged(intake);
            }
            // The client's own context has said so already, once for each of its connections.
            Some(RDKafkaErrorCode::AllBrokersDown | RDKafkaErrorCode::BrokerTransportFailure) => {}
            _ => tracing::warn!("reading the sources: {error}"),
        }
        Ok(Vec::new())
    }

    /// Which sources stand before a damaged batch. One is, so where nothing was said of some they are asked again: what
    /// the client gives next of a source may stand behind its damage.
    fn damaged(&self, intake: &Intake) -> Result<Vec<Input>, Stop> {
        let probe = Probe::new(&self.context.kafka)?;
        let mut inputs = Vec::new();
        for _ in 0..ASK_TIMES_MAX {
            let mut silent = false;
            for (source, known) in self.known.iter().enumerate() {
                let Some(offset) = intake.position(source) else { continue };
                match probe.is_damaged(&known.topic, known.partition, offset) {
                    Some(true) => inputs.push(Input::Undecodable { source, offset }),
                    Some(false) => {}
                    None => silent = true,
                }
            }
            if !(silent && inputs.is_empty()) {
                break;
            }
        }
        Ok(inputs)
    }

    pub(super) fn batch_end(&self, source: SourceId, position: i64) -> Result<Option<Input>, Stop> {
        let Some(known) = self.known.get(source) else { return Ok(None) };
        let next = Probe::new(&self.context.kafka)?.batch_end(&known.topic, known.partition, position);
        Ok(next.map(|next| Input::BatchEnds { source, next }))
    }

    /// Reads all sources, each from its position.
    pub(super) fn start(&mut self, positions: &[i64]) -> Result<(), Stop> {
        if let Some(started) = self.started {
            sleep(START_PAUSE.saturating_sub(started.elapsed()));
        }
        self.started = Some(clock::instant());
        let mut list = TopicPartitionList::new();
        for (known, position) in self.known.iter().zip(positions) {
            list.add_partition_offset(&known.topic, known.partition, Offset::Offset(*position))
                .map_err(|error| client::stop("reading a source", &error))?;
        }
        self.consumer.assign(&list).map_err(|error| client::stop("reading the sources", &error))?;
        // Whoever is assigned anew is read, whatever it was told before.
        let paused = self.known.iter().enumerate().filter(|(_, known)| known.paused);
        paused.for_each(|(source, _)| self.set_paused(source, true));
        Ok(())
    }

    /// Tells the client whether to give records of a source.
    pub(super) fn pause(&mut self, source: SourceId, paused: bool) {
        if let Some(known) = self.known.get_mut(source) {
            known.paused = paused;
            known.asked_end = None;
        }
        self.set_paused(source, paused);
    }

    fn set_paused(&self, source: SourceId, paused: bool) {
        let Some(known) = self.known.get(source) else { return };
        let mut list = TopicPartitionList::new();
        list.add_partition(&known.topic, known.partition);
        let done = if paused { self.consumer.pause(&list) } else { self.consumer.resume(&list) };
        if let Err(error) = done {
            tracing::warn!("{} could not be paused or resumed: {error}", known.topic);
        }
    }

    /// Reads one source from a position on; where the client cannot do that now, all are started again.
    pub(super) fn seek(&mut self, source: SourceId, position: i64) {
        let Some(known) = self.known.get(source) else { return };
        let offset = Offset::Offset(position);
        if let Err(error) = self.consumer.seek(&known.topic, known.partition, offset, Duration::ZERO) {
            tracing::debug!("going back in {}: {error}", known.topic);
            self.restart = true;
        }
    }

    /// Starts again what could not be sent back.
    pub(super) fn settle(&mut self, intake: &Intake) -> Result<(), Stop> {
        if self.restart {
            self.restart = false;
            let positions: Option<Vec<i64>> = (0..self.known.len()).map(|source| intake.position(source)).collect();
            if let Some(positions) = positions {
                return self.start(&positions);
            }
        }
        Ok(())
    }

    /// Commits positions and waits: librdkafka answers an asynchronous commit to nobody.
    pub(super) fn commit(&self, positions: &[(SourceId, Position)]) -> Result<Input, Stop> {
        let mut list = TopicPartitionList::new();
        for (source, position) in positions {
            if let Some(known) = self.known.get(*source) {
                let mut element = list.add_partition(&known.topic, known.partition);
                element
                    .set_offset(Offset::Offset(position.offset))
                    .map_err(|error| client::stop("committing positions", &error))?;
                element.set_metadata(positions::metadata(*position));
            }
        }
        let begun = clock::instant();
        let result = self.consumer.commit(&list, CommitMode::Sync);
        let took_ms = i64::try_from(begun.elapsed().as_millis()).unwrap_or(i64::MAX);
        if let Err(error) = &result {
            refused(error)?;
            tracing::debug!("committing positions: {error}");
        }
        Ok(Input::Committed { accepted: result.is_ok(), took_ms })
    }

    /// Tells the group that its partitions are free.
    pub(super) fn give_up(&mut self) -> Result<(), Stop> {
        for (_, status) in self.context.status.platforms() {
            status.assigned.store(false, Ordering::Relaxed);
            status.caught_up.store(false, Ordering::Relaxed);
            status.lag.store(0, Ordering::Relaxed);
        }
        self.known.clear();
        self.in_doubt = false;
        self.consumer.unassign().map_err(|error| client::stop("giving sources up", &error))
    }
}

impl Drop for Sources<'_> {
    fn drop(&mut self) {
        // A consumer that is dropped waits until its revocation is answered.
        self.consumer.context().close();
        self.context.status.assigned.store(false, Ordering::Relaxed);
    }
}

/// Stops where asking again would be refused again.
fn refused(error: &KafkaError) -> Result<(), Stop> {
    classify::named_twice("the sources", error.rdkafka_error_code(), "intake.instance_id")?;
    classify::session_refused("the sources", error.rdkafka_error_code())?;
    match error.rdkafka_error_code() {
        Some(
            RDKafkaErrorCode::TopicAuthorizationFailed
            | RDKafkaErrorCode::GroupAuthorizationFailed
            | RDKafkaErrorCode::SaslAuthenticationFailed,
        ) => Err(client::stop("reading the sources", error)),
        _ => Ok(()),
    }
}
