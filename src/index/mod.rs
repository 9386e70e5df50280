//! What the ledger remembers, by key; it changes only through `Change`s.

use crate::model::change::Change;
use crate::model::state::{Checkpoint, Key, Marks, Value};

/// The state of the ledger: a fold of the log.
#[derive(Debug, Default)]
pub struct State {
    pub marks: Marks,
}

impl State {
    /// The value under a key.
    pub fn get(&self, _key: &Key) -> Option<&Value> {
        todo!()
    }

    /// Makes one change and gives the datum of its new value (`schema::state::encode_value`), `None` for a tombstone.
    pub fn apply(&mut self, _change: &Change) -> Option<Vec<u8>> {
        todo!()
    }

    /// Takes changes back, newest first, and the marks with them.
    pub fn undo(&mut self, _changes: &[Change], _before: Marks) {
        todo!()
    }

    /// Puts a value read from `comity.state` in place, or takes it away.
    pub fn restore(&mut self, _key: Key, _value: Option<Value>) {
        todo!()
    }

    /// The `Checkpoint` of this state.
    pub fn checkpoint(&self, _transaction: i64, _cluster_id: &str) -> Checkpoint {
        todo!()
    }

    /// Every entry as a line of text, sorted: equality of two states is equality of their dumps.
    pub fn dump(&self) -> Vec<String> {
        todo!()
    }
}
