//! The batch that is being filled: what its entries decided, encoded, and how to take all of it back.

use std::collections::{BTreeSet, VecDeque};

use ahash::RandomState;
use hashbrown::HashTable;

use crate::encode;
use crate::fault::{self, Planted};
use crate::index::State;
use crate::ledger::{self, Effects, Outcome};
use crate::model::change::Change;
use crate::model::decision::{AlertEntry, Batch, Decision, Output, OutputRecord, Recipient, gets_event};
use crate::model::entry::{Body, LogEntry};
use crate::model::limit::{BATCH_ALERTS_MAX, BATCH_TAIL_BYTES_MAX};
use crate::model::place::{Jurisdiction, Reader};
use crate::model::state::{Checkpoint, Key, Marks, Sequences};
use crate::schema::state::{encode_key, encode_record, encode_value};

use super::{OutputTails, Shown, Tally, Transaction};

/// The entries of one transaction and all that they did.
#[derive(Debug)]
pub(super) struct Open {
    entries: Vec<LogEntry>,
    changes: Vec<Vec<Change>>,
    before: Marks,
    transaction: i64,
    tails: Vec<Vec<u8>>,
    tail_bytes: usize,
    /// Those of each decision by themselves, like the changes: a list of all would grow anew with every batch, into
    /// memory that the system has to clear first.
    alerts: Vec<Vec<AlertEntry>>,
    records: Vec<OutputRecord>,
    state: Vec<(String, Option<Vec<u8>>)>,
    /// Places in `state`, by the hash of the key that stands there.
    places: HashTable<usize>,
    hasher: RandomState,
    pub(super) tally: Tally,
}

impl Open {
    /// An empty batch on a state; `torn` are keys whose values must be written again.
    pub(super) fn new(state: &State, transaction: i64, torn: &BTreeSet<Key>) -> Self {
        let mut open = Self {
            entries: Vec::new(),
            changes: Vec::new(),
            before: state.marks.clone(),
            transaction,
            tails: Vec::new(),
            tail_bytes: 0,
            alerts: Vec::new(),
            records: Vec::new(),
            state: Vec::new(),
            places: HashTable::new(),
            hasher: RandomState::new(),
            tally: Tally::default(),
        };
        for key in torn {
            open.write_state(&encode_key(key), state.get(key).as_ref().map(encode_value).as_deref());
        }
        open
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// True once the batch has reached a bound.
    pub(super) fn is_full(&self, entries_max: usize) -> bool {
        self.entries.len() >= entries_max
            || self.tally.alerts >= BATCH_ALERTS_MAX
            || self.tail_bytes >= BATCH_TAIL_BYTES_MAX
    }

    /// Decides on one entry and makes its changes.
    pub(super) fn take(&mut self, state: &mut State, entry: LogEntry) -> Outcome {
        let waits = fault::planted(Planted::WorkAtEndOfBatch) && !self.is_empty();
        let effects = ledger::handle_up_to(state, &entry, if waits { 0 } else { ledger::work_max(&entry) });
        let outcome = effects.outcome;
        self.tally.count(&effects, matches!(entry.body, Body::Tick));
        for change in &effects.changes {
            let written = state.apply(change);
            self.write_state(&written.key, written.datum());
        }
        state.advance(&effects.marks);
        // After the changes: rules that this entry brings name the recipients of its own statuses.
        self.write_outputs(&effects, state);
        let changes = effects.changes;
        self.changes.push(changes);
        self.entries.push(entry);
        outcome
    }

    fn write_outputs(&mut self, effects: &Effects<'_>, state: &State) {
        for decision in &effects.decisions {
            self.write_alerts(decision, state);
        }
        if let Some((rejection, sequence)) = &effects.rejection {
            let value = encode::rejection(rejection, *sequence);
            self.records.push(OutputRecord { output: Output::Rejects, sequence: *sequence, key: None, value });
        }
        for notice in &effects.notices {
            let (output, sequence, value) = (notice.output, notice.sequence, encode::notice(notice));
            self.records.push(OutputRecord { output, sequence, key: None, value });
        }
        for status in &effects.statuses {
            let member = |jurisdiction| state.rules().and_then(|rules| rules.member(jurisdiction));
            let output = match status.recipient {
                Reader::Jurisdiction(jurisdiction) => member(jurisdiction).map(Output::Status),
                Reader::National => Some(Output::NationalStatus),
            };
            let Some(output) = output else { continue };
            self.records.push(OutputRecord {
                output,
                sequence: status.sequence,
                key: Some(status.recipient.to_string()),
                value: encode::status(status),
            });
        }
    }

    fn write_alerts(&mut self, decision: &Decision<'_>, state: &State) {
        let tails = encode::tails(decision);
        if let (Some(national), Some(tail)) = (&decision.national, &tails.attention) {
            let member = |index: &u8| Some(state.rules()?.members.get(usize::from(*index))?.jurisdiction);
            let told: Vec<Jurisdiction> = national.told.iter().filter_map(member).collect();
            let mut value = Vec::new();
            encode::national(national.sequence, &told, &mut value);
            value.extend_from_slice(tail);
            self.tail_bytes += tail.len();
            let sequence = national.sequence;
            self.records.push(OutputRecord { output: Output::National, sequence, key: None, value });
        }
        let attention = self.write_tail(tails.attention);
        let follow_up = self.write_tail(tails.follow_up);
        let alert = |recipient: &Recipient| {
            let tail = if gets_event(recipient.role) { follow_up } else { attention };
            // `tails` gives a tail for each role that a recipient has; without one the alert would be half a record.
            assert!(tail.is_some(), "every role of a recipient has a tail");
            AlertEntry { tail: tail.unwrap_or_default(), test: decision.test, own: recipient.clone() }
        };
        self.alerts.push(decision.recipients.iter().map(alert).collect());
        self.tally.alerts += decision.recipients.len() as u64;
    }

    fn write_tail(&mut self, tail: Option<Vec<u8>>) -> Option<u32> {
        let tail = tail?;
        self.tail_bytes += tail.len();
        self.tails.push(tail);
        u32::try_from(self.tails.len() - 1).ok()
    }

    /// A key that changes twice in a batch is written once, with its last value.
    fn write_state(&mut self, name: &str, datum: Option<&[u8]>) {
        let value = datum.map(|datum| encode_record(self.transaction, datum));
        let hash = self.hasher.hash_one(name);
        match self.places.find(hash, |place| self.state[*place].0 == name) {
            Some(place) => self.state[*place].1 = value,
            None => {
                let (state, hasher) = (&self.state, &self.hasher);
                self.places.insert_unique(hash, state.len(), |place| hasher.hash_one(state[*place].0.as_str()));
                self.state.push((name.to_owned(), value));
            }
        }
    }

    /// The finished batch, without the outputs that an earlier, torn transaction has already published, and what takes
    /// it back. `Err` names an output that holds other bytes under a sequence of this batch.
    pub(super) fn seal(
        self,
        state: &State,
        cluster_id: &str,
        published: &OutputTails,
    ) -> Result<(Transaction, Sealed), Output> {
        let members = state.rules().map_or_else(Vec::new, |rules| rules.jurisdictions());
        let (mut alerts, mut records, tails) = (self.alerts, self.records, self.tails);
        if !published.is_empty() {
            let mut differs = None;
            for alerts in &mut alerts {
                alerts.retain(|alert| {
                    let value = alert_value(alert, &members, &tails);
                    keep(published, alert.output(), alert.own.sequence, &value, &mut differs)
                });
            }
            records.retain(|record| keep(published, record.output, record.sequence, &record.value, &mut differs));
            if let Some(output) = differs {
                return Err(output);
            }
        }
        let checkpoint = state.checkpoint(self.transaction, cluster_id);
        let batch = Batch { tails, alerts, records, state: self.state, checkpoint: checkpoint.clone() };
        let sealed =
            Sealed { entries: self.entries, changes: self.changes, before: self.before, checkpoint, tally: self.tally };
        Ok((Transaction { batch, members }, sealed))
    }
}

/// A batch that was handed to the shell: what is needed to take it back, or to count it.
#[derive(Debug)]
pub(super) struct Sealed {
    entries: Vec<LogEntry>,
    changes: Vec<Vec<Change>>,
    before: Marks,
    pub(super) checkpoint: Checkpoint,
    pub(super) tally: Tally,
}

impl Sealed {
    /// Undoes every change and gives the entries back, in their order.
    pub(super) fn undo(self, state: &mut State, waiting: &mut VecDeque<LogEntry>) {
        if fault::planted(Planted::StateKeptAfterAbort) {
            state.advance(&self.before);
        } else {
            state.undo(self.changes.iter().flatten(), self.before);
        }
        for entry in self.entries.into_iter().rev() {
            waiting.push_front(entry);
        }
    }

    /// What is left once the batch is known to be committed: how to count it, and what readers are shown.
    pub(super) fn shown(self) -> (Checkpoint, Tally, Vec<Shown>) {
        let changes = self.changes.into_iter().flatten();
        let shown = changes.filter_map(|change| Shown::new(&change.key, change.after)).collect();
        (self.checkpoint, self.tally, shown)
    }

    /// True where this is the `Checkpoint` that stood before the batch.
    pub(super) fn stands_on(&self, checkpoint: Option<&Checkpoint>) -> bool {
        match checkpoint {
            None => self.before == Marks::default(),
            Some(checkpoint) => {
                checkpoint.transaction == self.checkpoint.transaction - 1 && checkpoint.marks == self.before
            }
        }
    }
}

/// The value of one recipient's alert.
pub fn alert_value(alert: &AlertEntry, members: &[Jurisdiction], tails: &[Vec<u8>]) -> Vec<u8> {
    let mut value = Vec::new();
    write_alert(alert, members, tails, &mut value);
    value
}

/// The same in place of what the buffer held: a transaction has thousands of alerts, each of a kilobyte.
pub fn write_alert(alert: &AlertEntry, members: &[Jurisdiction], tails: &[Vec<u8>], value: &mut Vec<u8>) {
    value.clear();
    if let Some(jurisdiction) = members.get(usize::from(alert.own.member)) {
        encode::own(&alert.own, *jurisdiction, value);
    }
    value.extend_from_slice(tails.get(alert.tail as usize).map_or(&[], Vec::as_slice));
}

/// Says whether an output record is still to be sent; one that is there with other bytes is a breach.
fn keep(published: &OutputTails, output: Output, sequence: i64, value: &[u8], differs: &mut Option<Output>) -> bool {
    let Some((tail, (last, _))) = published.get(&output).and_then(|tail| Some((tail, tail.last_key_value()?))) else {
        return true;
    };
    if sequence > *last {
        return true;
    }
    // A transaction is torn at one place of a partition, so nothing before its end is missing; but of a `Status` only
    // the last one is kept.
    let same = match tail.get(&sequence) {
        Some(there) => there.as_slice() == value,
        None => matches!(output, Output::Status(_) | Output::NationalStatus),
    };
    if !same {
        *differs = Some(output);
    }
    false
}

/// Published records beyond the last `Checkpoint`, by output and sequence.
pub(super) fn prune(published: &mut OutputTails, sequences: &Sequences) {
    for (output, tail) in published.iter_mut() {
        let next = sequences.get(*output).unwrap_or(1);
        *tail = tail.split_off(&next);
    }
    published.retain(|_, tail| !tail.is_empty());
}
