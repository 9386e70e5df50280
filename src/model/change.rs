//! A change of the state: at once the record in `comity.state`, the redo of a restore, the undo of an aborted
//! transaction and the feed of the read view.

use super::state::{Key, Value};

/// One key from one value to another; `None` stands for absence.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    pub key: Key,
    pub before: Option<Value>,
    pub after: Option<Value>,
}
