//! The transactional sink: one batch, one transaction, the `Checkpoint` as its last record.
//!
//! Partitions are written side by side, so "last" needs a wait: the `Checkpoint` is sent once all the rest is
//! acknowledged. An EndTxn of the transaction before that comes late commits whatever has arrived by then; a
//! `Checkpoint` among it would cover alerts that came later and are lost.

use std::cell::Cell;
use std::thread::sleep;
use std::time::Duration;

use rdkafka::consumer::ConsumerGroupMetadata;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::classify::{Verdict, verdict};
use super::client::{self, Context, Deliveries, Event, Purpose};
use super::hanging::{Again, Readers};
use super::ledger::LedgerContext;
use super::{Stop, hanging, names};
use crate::fault::{self, Planted};
use crate::model::decision::AlertEntry;
use crate::run::ledger::{Transaction, write_alert};
use crate::schema::state::{CHECKPOINT_KEY, encode_checkpoint, encode_header};
use crate::telemetry::clock;

/// The header of a tombstone: the number of its transaction.
pub(super) const TRANSACTION_HEADER: &str = "comity-transaction";

/// How long one transactional call may take. The first transaction over hundreds of fresh partitions takes 10 s.
const CALL_TIMEOUT: Duration = Duration::from_secs(45);
/// Pause between two looks at what is still in flight: `poll` itself would spin.
const DRAIN_PAUSE: Duration = Duration::from_micros(200);
/// What a record in flight adds to it: thousands take the broker milliseconds, and each look wakes the thread.
const DRAIN_PAUSE_A_RECORD: Duration = Duration::from_nanos(100);
const DRAIN_PAUSE_MAX: Duration = Duration::from_millis(1);
/// Events that one look at the client takes: each partition of a batch answers by itself.
const EVENTS_AT_ONCE: usize = 64;
/// Repetitions of a call that may be repeated.
const AGAIN_MAX: u32 = 20;
const AGAIN_PAUSE: Duration = Duration::from_millis(50);

/// How a call on the producer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Done,
    /// Not known, or known to have failed: the last `Checkpoint` decides.
    Unknown,
    Fenced,
}

/// A producer under the ledger's transactional id.
pub(super) struct Sink {
    producer: BaseProducer<Context>,
    /// A commit that took longer may still have its EndTxn under way, which would end half of the next transaction.
    commit_doubt: Duration,
    /// True once the connection to the coordinator of transactions went away; only another producer mends that.
    lost: Cell<bool>,
}

impl Sink {
    /// Makes the producer and initialises it, which fences its forerunner.
    pub(super) fn open(
        context: &LedgerContext,
        readers: &Readers,
        transactional_id: &str,
    ) -> Result<Result<Self, Outcome>, Stop> {
        let id = transactional_id.to_owned();
        let id = if fault::planted(Planted::RandomTransactionalId) { format!("{id}-{}", clock::wall_ms()) } else { id };
        let config = client::config(&context.kafka, Purpose::TransactionalProducer { transactional_id: &id });
        let producer: BaseProducer<Context> = config
            .create_with_context(Context::new(Deliveries::FailedOnly))
            .map_err(|error| client::stop("the ledger's producer", &error))?;
        let sink = Self { producer, commit_doubt: context.pace.commit_doubt, lost: Cell::new(false) };
        let outcome = match repeat(|| sink.producer.init_transactions(CALL_TIMEOUT)) {
            Outcome::Done => hanging::end_state(readers, &sink)?,
            outcome @ (Outcome::Unknown | Outcome::Fenced) => outcome,
        };
        Ok(match outcome {
            Outcome::Done => Ok(sink),
            outcome @ (Outcome::Unknown | Outcome::Fenced) => Err(outcome),
        })
    }

    /// Aborts what stands open in these topics, by a transaction of a record each that is aborted with it.
    pub(super) fn abort_within(&self, topics: &[String]) -> Outcome {
        // A compacted topic takes no record without a key.
        let send = |topic: &String| self.send_to(topic, Some(CHECKPOINT_KEY.as_bytes()), &[]);
        match self.begin_with(|| topics.iter().try_for_each(send).is_ok()) {
            Outcome::Done => self.unless_lost(repeat(|| self.producer.abort_transaction(CALL_TIMEOUT))),
            outcome @ (Outcome::Unknown | Outcome::Fenced) => outcome,
        }
    }

    /// Sends records again and commits them.
    pub(super) fn publish(&self, records: &[Again]) -> Outcome {
        let send =
            |record: &Again| self.send_to(&record.topic, record.key.as_deref().map(str::as_bytes), &record.value);
        match self.begin_with(|| records.iter().try_for_each(send).is_ok()) {
            Outcome::Done => self.unless_lost(repeat(|| self.producer.commit_transaction(CALL_TIMEOUT))),
            outcome @ (Outcome::Unknown | Outcome::Fenced) => outcome,
        }
    }

    /// Begins a transaction and sends what belongs to it; `Done` once all of that is acknowledged.
    fn begin_with(&self, send: impl FnOnce() -> bool) -> Outcome {
        // The connection may have gone since the last transaction, and its EndTxn with it.
        if self.heard_of_loss() {
            return Outcome::Unknown;
        }
        match repeat(|| self.producer.begin_transaction()) {
            Outcome::Done if send() && self.drained() => Outcome::Done,
            Outcome::Done => self.failed(),
            outcome @ (Outcome::Unknown | Outcome::Fenced) => outcome,
        }
    }

    /// Commits one batch with the group's offset, which only lag tools read.
    pub(super) fn commit(&self, transaction: &Transaction, group: Option<&ConsumerGroupMetadata>) -> Outcome {
        let begun = self.begin_with(|| {
            fault::step("transaction-begun");
            self.send_batch(transaction).is_ok() && self.drained() && self.send_checkpoint(transaction).is_ok()
        });
        if begun != Outcome::Done {
            return begun;
        }
        if let Some(group) = group {
            let mut offsets = TopicPartitionList::new();
            let position = Offset::Offset(transaction.batch.checkpoint.marks.log_position);
            if offsets.add_partition_offset(names::LOG, 0, position).is_err() {
                return Outcome::Unknown;
            }
            match repeat(|| self.producer.send_offsets_to_transaction(&offsets, group, CALL_TIMEOUT)) {
                Outcome::Done => {}
                outcome @ (Outcome::Unknown | Outcome::Fenced) => return outcome,
            }
            fault::step("offsets-sent");
        }
        fault::step("before-commit");
        let started = clock::instant();
        let outcome = repeat(|| self.producer.commit_transaction(CALL_TIMEOUT));
        if outcome == Outcome::Done {
            fault::step("after-commit");
        }
        let slow = started.elapsed() > self.commit_doubt;
        let lost = self.heard_of_loss();
        if outcome == Outcome::Done && (slow || lost) {
            tracing::info!(slow, lost, "a commit is in doubt; a new producer takes over");
            return Outcome::Unknown;
        }
        outcome
    }

    /// Why records could not be sent. A producer that another has fenced must not be followed by a new one: that would
    /// fence the other.
    fn failed(&self) -> Outcome {
        match self.producer.client().fatal_error() {
            Some((code, _)) => {
                tracing::warn!("the ledger's producer is fenced: {code}");
                Outcome::Fenced
            }
            None => Outcome::Unknown,
        }
    }

    /// Hands every record but the `Checkpoint` to the client: outputs, then state.
    fn send_batch(&self, transaction: &Transaction) -> Result<(), KafkaError> {
        self.send_alerts(transaction)?;
        let batch = &transaction.batch;
        for record in &batch.records {
            let topic = names::output(record.output, &transaction.members).unwrap_or_default();
            self.send_to(&topic, record.key.as_deref().map(str::as_bytes), &record.value)?;
        }
        let number = encode_header(batch.checkpoint.transaction);
        for (key, value) in &batch.state {
            match value {
                Some(value) => self.send_to(names::STATE, Some(key.as_bytes()), value)?,
                None => {
                    let header = OwnedHeaders::new().insert(Header { key: TRANSACTION_HEADER, value: Some(&number) });
                    let to = BaseRecord::with_opaque_to(names::STATE, 0).key(key.as_bytes());
                    self.send(to.headers(header))?;
                }
            }
        }
        Ok(())
    }

    /// Topic by topic, each in the order of its sequence. The client sends a request for each partition, with what
    /// waits for it by then, and five at once: in the order of the decisions all topics would grow side by side, and
    /// each would need several requests.
    fn send_alerts(&self, transaction: &Transaction) -> Result<(), KafkaError> {
        let (alerts, members) = (&transaction.batch.alerts, &transaction.members);
        let mut by_member: Vec<Vec<&AlertEntry>> = vec![Vec::new(); members.len()];
        let (mut tests, mut nobody) = (Vec::new(), Vec::new());
        for alert in alerts.iter().flatten() {
            let of_member = by_member.get_mut(usize::from(alert.own.member)).unwrap_or(&mut nobody);
            if alert.test { &mut tests } else { of_member }.push(alert);
        }
        assert!(nobody.is_empty(), "every recipient is a member");
        let topics = members.iter().map(|member| names::alerts(*member));
        // The client copies what it is given, so one buffer serves for all.
        let mut value = Vec::new();
        for (topic, alerts) in topics.zip(&by_member).chain([(names::TEST.to_owned(), &tests)]) {
            for alert in alerts {
                write_alert(alert, members, &transaction.batch.tails, &mut value);
                self.send_to(&topic, None, &value)?;
            }
        }
        Ok(())
    }

    fn send_checkpoint(&self, transaction: &Transaction) -> Result<(), KafkaError> {
        let checkpoint = encode_checkpoint(&transaction.batch.checkpoint);
        self.send_to(names::STATE, Some(CHECKPOINT_KEY.as_bytes()), &checkpoint)
    }

    fn send_to(&self, topic: &str, key: Option<&[u8]>, value: &[u8]) -> Result<(), KafkaError> {
        let to = BaseRecord::with_opaque_to(topic, 0).payload(value);
        self.send(match key {
            Some(key) => to.key(key),
            None => to,
        })
    }

    fn send(&self, record: BaseRecord<'_, [u8], [u8], usize>) -> Result<(), KafkaError> {
        if fault::planted(Planted::SendErrorSwallowed) {
            return Ok(());
        }
        let mut record = record.partition(0);
        let mut full_since = None;
        loop {
            match self.producer.send(record) {
                Ok(()) => {
                    fault::step("produce");
                    return Ok(());
                }
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), back))
                    if full_since.get_or_insert_with(clock::instant).elapsed() < CALL_TIMEOUT =>
                {
                    self.producer.poll(Duration::ZERO);
                    sleep(DRAIN_PAUSE);
                    record = back;
                }
                Err((error, _)) => return Err(error),
            }
        }
    }

    /// Waits until every record is answered; `false` where one was not delivered.
    fn drained(&self) -> bool {
        let deadline = clock::instant() + CALL_TIMEOUT;
        loop {
            self.hear_deliveries();
            let in_flight = u32::try_from(self.producer.in_flight_count()).unwrap_or(0);
            if in_flight == 0 {
                break;
            }
            if clock::instant() > deadline {
                return false;
            }
            sleep((DRAIN_PAUSE + DRAIN_PAUSE_A_RECORD.saturating_mul(in_flight)).min(DRAIN_PAUSE_MAX));
        }
        !self.take_events().iter().any(|event| matches!(event, Event::NotDelivered { .. }))
    }

    /// Takes events as long as they are deliveries. What else there is to hear stops it early; it is called again.
    fn hear_deliveries(&self) {
        let mut open = self.producer.in_flight_count();
        for _ in 0..EVENTS_AT_ONCE {
            self.producer.poll(Duration::ZERO);
            let left = self.producer.in_flight_count();
            if left == open || left == 0 {
                break;
            }
            open = left;
        }
    }

    /// One call of `poll` without waiting takes one event only, and does not say whether it was the last.
    fn hear(&self) {
        for _ in 0..EVENTS_AT_ONCE {
            self.producer.poll(Duration::ZERO);
        }
    }

    /// True where the connection to the coordinator of transactions went away since the producer was made.
    fn heard_of_loss(&self) -> bool {
        self.hear();
        self.take_events();
        self.lost.get()
    }

    /// Whoever looks for something else takes the news of a loss too, so it is kept.
    fn take_events(&self) -> Vec<Event> {
        let events = self.producer.context().take_events();
        if events.contains(&Event::TransactionCoordinatorLost) {
            self.lost.set(true);
        }
        events
    }

    /// The end of a transaction may be under way still where the connection went away, whatever was answered.
    fn unless_lost(&self, outcome: Outcome) -> Outcome {
        if outcome == Outcome::Done && self.heard_of_loss() { Outcome::Unknown } else { outcome }
    }
}

/// Makes a call, and again while its error says that this may help.
pub(super) fn repeat(mut call: impl FnMut() -> Result<(), KafkaError>) -> Outcome {
    for _ in 0..AGAIN_MAX {
        let Err(error) = call() else { return Outcome::Done };
        match verdict(&error) {
            Verdict::Again => sleep(AGAIN_PAUSE),
            Verdict::Unknown => {
                tracing::warn!("a transaction failed: {error}");
                return Outcome::Unknown;
            }
            Verdict::Fenced => {
                tracing::warn!("the ledger's producer is fenced: {error}");
                return Outcome::Fenced;
            }
        }
    }
    Outcome::Unknown
}

#[cfg(all(test, feature = "embedded-broker"))]
mod tests;
