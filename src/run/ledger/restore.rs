//! What is read of `comity.state`: values count once the `Checkpoint` of their transaction is read, never before.
//!
//! A torn transaction leaves values without their `Checkpoint`. They are kept aside and never applied by themselves:
//! whoever takes over writes the true values of their keys again, so that a later restore finds the truth after them.

use std::collections::BTreeSet;

use crate::index::State;
use crate::model::state::{Checkpoint, Key, Value};
use crate::schema::state::StateRecord;

/// Values kept aside of one transaction: every entry of the largest batch may change some.
const ASIDE_VALUES_MAX: usize = 4_000_000;

/// A state that follows `comity.state`.
#[derive(Debug, Default)]
pub(super) struct Restore {
    pub(super) state: State,
    last: Option<Checkpoint>,
    aside: Vec<(Key, Option<Value>)>,
}

impl Restore {
    /// Takes one record. `Err` says what no ledger ever writes.
    pub(super) fn read(&mut self, record: StateRecord) -> Result<(), &'static str> {
        match record {
            StateRecord::Value { key, value, .. } => {
                self.aside.push((key, value));
                if self.aside.len() > ASIDE_VALUES_MAX {
                    return Err("a transaction without a Checkpoint holds more values than any batch may change");
                }
                Ok(())
            }
            StateRecord::Checkpoint(checkpoint) => {
                for (key, value) in self.aside.drain(..) {
                    self.state.restore(key, value);
                }
                self.last = Some(checkpoint);
                Ok(())
            }
        }
    }

    /// The last `Checkpoint` read.
    pub(super) fn last(&self) -> Option<&Checkpoint> {
        self.last.as_ref()
    }

    /// The state as of the last `Checkpoint`, with that and the keys whose values a torn transaction left behind it.
    /// `Err` where the values do not add up to the digest that the `Checkpoint` promises.
    pub(super) fn finish(mut self) -> Result<(State, Option<Checkpoint>, BTreeSet<Key>), &'static str> {
        let torn = self.aside.into_iter().map(|(key, _)| key).collect();
        if let Some(checkpoint) = &self.last
            && !self.state.resume(checkpoint)
        {
            return Err("the values do not add up to the digest of the last Checkpoint");
        }
        if self.last.is_none() {
            self.state = State::default();
        }
        Ok((self.state, self.last, torn))
    }
}
