//! The ledger on one page: an entry of the log in, decisions and changes out; nothing is changed here.

use crate::index::State;
use crate::model::change::Change;
use crate::model::decision::{Decision, Status};
use crate::model::entry::LogEntry;
use crate::model::rejection::Rejection;
use crate::model::state::Marks;

/// What an entry does. `marks` and `changes` are the whole difference that it makes to the state.
#[must_use]
#[derive(Debug, Clone, PartialEq)]
pub struct Effects<'e> {
    pub outcome: Outcome,
    pub decisions: Vec<Decision<'e>>,
    /// A rejection for `comity.rejects` with its `sequence`: intake's, or the ledger's own.
    pub rejection: Option<(Rejection, i64)>,
    pub statuses: Vec<Status>,
    pub changes: Vec<Change>,
    pub marks: Marks,
}

/// What became of an entry, as it is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Decided: alerts, or a reason why nobody is told.
    Taken,
    Rejected,
    /// Same content as one of the last revisions.
    Duplicate,
    /// A lower revision number with unseen content.
    Superseded,
    /// A closure of what nobody was told of.
    NobodyTold,
    /// A withdrawal that waits for its original.
    Pending,
    /// An original whose withdrawal came first.
    Suppressed,
    /// Its source position was taken before.
    SentTwice,
    /// Its source position is beyond a delivery that failed; intake sends it again.
    BeyondGap,
    /// Rules that are not higher than those in force.
    RulesIgnored,
    Rules,
    Tick,
}

/// Decides on one entry.
pub fn handle<'e>(_state: &State, _entry: &'e LogEntry) -> Effects<'e> {
    todo!()
}
