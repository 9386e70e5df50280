//! What is read of `comity.state`: values count up to its last `Checkpoint`, never beyond.
//!
//! A torn transaction leaves values without their `Checkpoint`. They are kept aside and never applied by themselves:
//! whoever takes over writes the true values of their keys again, so that a later restore finds the truth after them.

use std::collections::BTreeSet;
use std::mem;

use super::Shown;
use crate::fault::{self, Planted};
use crate::index::State;
use crate::model::state::{Checkpoint, Key};
use crate::schema::state::{StateEntry, StateRecord};

/// Values kept aside since the last `Checkpoint`: every entry of the largest batch may change some.
const ASIDE_VALUES_MAX: usize = 4_000_000;

/// A state that follows `comity.state`.
#[derive(Debug, Default)]
pub(crate) struct Restore {
    pub(crate) state: State,
    /// Values of transactions up to this one are applied as they come, since its `Checkpoint` is known to follow.
    covered: i64,
    last: Option<Checkpoint>,
    aside: Vec<(i64, StateEntry)>,
    /// Applied since the last call of `take_shown`, in this order; `None` until readers are shown the whole state. Of a
    /// key that changed often, `comity.state` still holds much of what it had before.
    shown: Option<Vec<Shown>>,
}

impl Restore {
    /// Begins to read a `comity.state` whose last `Checkpoint` is that of this transaction.
    pub(crate) fn until(last_transaction: i64) -> Self {
        Self { covered: last_transaction, ..Self::default() }
    }

    /// Takes one record. `Err` says what no ledger ever writes.
    pub(crate) fn read(&mut self, record: StateRecord) -> Result<(), &'static str> {
        match record {
            StateRecord::Entry { transaction, entry } => {
                if transaction <= self.covered || fault::planted(Planted::RestoredBeyondCheckpoint) {
                    apply(&mut self.state, &mut self.shown, entry);
                    return Ok(());
                }
                self.aside.push((transaction, entry));
                if self.aside.len() > ASIDE_VALUES_MAX {
                    return Err("a transaction without a Checkpoint holds more values than any batch may change");
                }
            }
            // Those before the last one are still there until compaction takes them.
            StateRecord::Checkpoint(earlier) if earlier.transaction < self.covered => {}
            StateRecord::Checkpoint(checkpoint) => {
                let (state, shown, transaction) = (&mut self.state, &mut self.shown, checkpoint.transaction);
                for (_, entry) in self.aside.extract_if(.., |(number, _)| *number <= transaction) {
                    apply(state, shown, entry);
                }
                self.covered = transaction;
                self.last = Some(checkpoint);
            }
        }
        Ok(())
    }

    /// What readers are to be shown since the last call; `None` while they have not been shown the whole state.
    pub(super) fn take_shown(&mut self) -> Option<Vec<Shown>> {
        self.shown.as_mut().map(mem::take)
    }

    /// The same at the end of what is restored: at first the whole state.
    pub(super) fn take_all_shown(&mut self) -> Vec<Shown> {
        self.shown.replace(Vec::new()).unwrap_or_else(|| {
            let mut shown = Vec::with_capacity(self.state.len());
            shown.extend(self.state.values().filter_map(Shown::of));
            shown
        })
    }

    /// The last `Checkpoint` read.
    pub(crate) fn last(&self) -> Option<&Checkpoint> {
        self.last.as_ref()
    }

    /// The state as of the last `Checkpoint`, with that and the keys whose values a torn transaction left behind it.
    /// `Err` where the values do not add up to the digest that the `Checkpoint` promises.
    pub(crate) fn finish(mut self) -> Result<(State, Option<Checkpoint>, BTreeSet<Key>), &'static str> {
        let torn = self.aside.into_iter().map(|(_, entry)| entry.key).collect();
        if self.last.as_ref().map_or(0, |last| last.transaction) != self.covered {
            return Err("the last Checkpoint is not there any more");
        }
        if let Some(checkpoint) = &self.last
            && !self.state.resume(checkpoint)
        {
            return Err("the values do not add up to the digest of the last Checkpoint");
        }
        Ok((self.state, self.last, torn))
    }
}

/// Puts an entry that a `Checkpoint` covers into the state, and notes it for readers.
fn apply(state: &mut State, shown: &mut Option<Vec<Shown>>, entry: StateEntry) {
    if let Some(shown) = shown {
        shown.extend(Shown::new(&entry.key, entry.value.clone()));
    }
    state.restore(entry);
}
