//! A Kafka that one turns by hand: topics are lists, and what becomes of a commit is said beforehand.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use comity::index::State;
use comity::ledger::handle;
use comity::model::decision::Output;
use comity::model::entry::{Body, LogEntry};
use comity::model::event::InfractionEvent;
use comity::model::place::Millis;
use comity::model::record::SourcePosition;
use comity::model::state::{Checkpoint, Key, Value};
use comity::run::ledger::{OutputTails, Transaction};
use comity::schema::state::{CHECKPOINT_KEY, StateEntry, StateRecord, decode_record, encode_checkpoint, encode_header};

use crate::reference::{self, Outputs};
use crate::world::{START, apply, content, digest, rules};

pub(crate) const MEMBERS: &[&str] = &["CA-ON", "CA-QC", "US-MA", "DE"];

/// What becomes of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Committed,
    /// Nothing of it is committed, and nobody says so.
    Lost,
    /// All of it is committed, and nobody says so.
    CommittedUnclear,
    /// An EndTxn that came late commits so many thousandths of each partition, and the rest is lost. The `Checkpoint`
    /// is sent once all the rest is acknowledged, so it is never in the first part.
    Torn(usize),
}

/// A record of `comity.state`: key, value, transaction in the header of a tombstone.
pub(crate) type StateLine = (String, Option<Vec<u8>>, Option<[u8; 8]>);

#[derive(Debug, Default)]
pub(crate) struct Kafka {
    pub(crate) now: Millis,
    pub(crate) log_start: i64,
    pub(crate) log: Vec<LogEntry>,
    pub(crate) state: Vec<StateLine>,
    pub(crate) outputs: Outputs,
    /// The producer that has the transactional id.
    pub(crate) epoch: u64,
    pub(crate) fates: VecDeque<Fate>,
    pub(crate) commits: usize,
    /// The log positions of committed transactions, by their numbers.
    positions: BTreeMap<i64, i64>,
    source_offset: i64,
}

impl Kafka {
    /// A log that begins with rules.
    pub(crate) fn new() -> Self {
        let mut kafka = Self { now: START, ..Self::default() };
        kafka.append(Body::Rules(Box::new(rules(1, MEMBERS))));
        kafka
    }

    pub(crate) fn append(&mut self, body: Body) {
        let offset = i64::try_from(self.log.len()).expect("a short log");
        self.log.push(LogEntry { offset, appended_at: self.now, body });
    }

    /// An event as its source's next record.
    pub(crate) fn event(&mut self, event: &InfractionEvent) {
        let mut event = event.clone();
        event.provenance.at = SourcePosition {
            topic: Arc::from("in"),
            partition: 0,
            from: self.source_offset,
            offset: self.source_offset,
        };
        self.source_offset += 1;
        event.provenance.raw_sha256 = digest(&format!("raw {}", self.source_offset));
        event.provenance.content_sha256 = content(&event);
        self.append(Body::Event(Box::new(event)));
    }

    /// Commits as the next fate says; `None` where the producer is not told how it ended.
    pub(crate) fn commit(&mut self, transaction: &Transaction) -> Option<()> {
        let fate = self.fates.pop_front().unwrap_or(Fate::Committed);
        let share = match fate {
            Fate::Committed | Fate::CommittedUnclear => 1_000,
            Fate::Lost => 0,
            Fate::Torn(share) => share,
        };
        let whole = matches!(fate, Fate::Committed | Fate::CommittedUnclear);
        let mut partitions = Outputs::new();
        for alert in transaction.batch.alerts.iter().flatten() {
            let value = comity::run::ledger::alert_value(alert, &transaction.members, &transaction.batch.tails);
            partitions.entry(alert.output()).or_default().push((alert.own.sequence, value));
        }
        for record in &transaction.batch.records {
            partitions.entry(record.output).or_default().push((record.sequence, record.value.clone()));
        }
        for (place, (output, records)) in partitions.into_iter().enumerate() {
            // Each partition is torn at another place.
            let part = if whole { records.len() } else { records.len() * share.saturating_sub(place * 97) / 1_000 };
            self.outputs.entry(output).or_default().extend(records.into_iter().take(part));
        }
        let number = encode_header(transaction.batch.checkpoint.transaction);
        let values = &transaction.batch.state;
        for (key, value) in values.iter().take(values.len() * share / 1_000) {
            let header = value.is_none().then_some(number);
            self.state.push((key.clone(), value.clone(), header));
        }
        if whole {
            let value = encode_checkpoint(&transaction.batch.checkpoint);
            self.state.push((CHECKPOINT_KEY.to_owned(), Some(value), None));
            self.commits += 1;
            let checkpoint = &transaction.batch.checkpoint;
            self.positions.insert(checkpoint.transaction, checkpoint.marks.log_position);
        }
        (fate == Fate::Committed).then_some(())
    }

    pub(crate) fn state_records(&self, from: usize) -> Vec<StateRecord> {
        let read = |(key, value, header): &StateLine| {
            decode_record(key.as_bytes(), value.as_deref(), header.as_ref().map(<[u8; 8]>::as_slice))
                .expect("a record of the state")
        };
        self.state[from..].iter().map(read).collect()
    }

    pub(crate) fn last_checkpoint(&self) -> (Option<Checkpoint>, BTreeSet<Key>) {
        let (mut last, mut behind) = (None, BTreeSet::new());
        for record in self.state_records(0) {
            match record {
                StateRecord::Checkpoint(checkpoint) => {
                    last = Some(checkpoint);
                    behind.clear();
                }
                StateRecord::Entry { entry: StateEntry { key, .. }, .. } => {
                    behind.insert(key);
                }
            }
        }
        (last, behind)
    }

    pub(crate) fn tails(&self, from: &BTreeMap<Output, i64>) -> OutputTails {
        let mut tails = OutputTails::new();
        for (output, next) in from {
            let records = self.outputs.get(output).map_or(&[][..], Vec::as_slice);
            let first = records.iter().position(|(sequence, _)| sequence >= next).unwrap_or(records.len());
            let first = first.min(records.len().saturating_sub(1));
            if let Some(tail) = records.get(first..).filter(|tail| !tail.is_empty()) {
                tails.insert(*output, tail.iter().cloned().collect());
            }
        }
        tails
    }

    /// Compaction of all but the last records: of each key only its last record stays.
    pub(crate) fn compact(&mut self) {
        let mut seen = BTreeSet::new();
        let mut kept: Vec<StateLine> =
            self.state.drain(..).rev().filter(|(key, ..)| seen.insert(key.clone())).collect();
        kept.reverse();
        self.state = kept;
    }

    /// Compaction of the statuses, each topic of which has one key.
    pub(crate) fn compact_statuses(&mut self) {
        for (output, records) in &mut self.outputs {
            if matches!(output, Output::Status(_) | Output::NationalStatus) {
                records.drain(..records.len() - 1);
            }
        }
    }

    pub(crate) fn reference(&self) -> (Outputs, State) {
        reference::of(&self.log)
    }

    /// The values of the state as of a committed transaction, by the log alone.
    pub(crate) fn values_as_of(&self, transaction: i64) -> BTreeMap<Key, Value> {
        let position = self.positions.get(&transaction).expect("a committed transaction");
        let (mut state, mut values) = (State::default(), BTreeMap::new());
        for entry in self.log.iter().filter(|entry| entry.offset < *position) {
            let effects = handle(&state, entry);
            for change in &effects.changes {
                match &change.after {
                    Some(value) => values.insert(change.key.clone(), value.clone()),
                    None => values.remove(&change.key),
                };
            }
            apply(&mut state, &effects);
        }
        values
    }

    /// The published records are those of the reference: none lost, none twice, in order.
    pub(crate) fn assert_right(&self) {
        let (outputs, _) = self.reference();
        for (output, expected) in &outputs {
            let found = self.outputs.get(output).map_or(&[][..], Vec::as_slice);
            let sequences = |records: &[(i64, Vec<u8>)]| -> Vec<i64> { records.iter().map(|(s, _)| *s).collect() };
            assert_eq!(sequences(found), sequences(expected), "sequences of {output:?}");
            assert!(found == expected.as_slice(), "{output:?} holds other bytes");
        }
        assert_eq!(self.outputs.len(), outputs.len(), "outputs that hold something");
    }
}
