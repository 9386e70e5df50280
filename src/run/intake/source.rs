//! What the loop of intake knows of one source, and of an entry that is under way.

use std::sync::Arc;

use super::admission::TapId;
use super::{Lane, Position, SourceId};
use crate::fault::{self, Planted};

/// Where one source stands: `committed.from ≤ delivered ≤ next`.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) topic: Arc<str>,
    pub(super) partition: i32,
    pub(super) lane: Lane,
    pub(super) tap: TapId,
    /// True while the consumer is told to give none of its records.
    pub(super) paused: bool,
    /// The position after the last record that became an entry: `from` of the next one.
    pub(super) next: i64,
    /// `[from, to)` holds no record; the last such range that began at `next`.
    pub(super) empty: (i64, i64),
    /// The position after the last entry that was delivered without a gap.
    pub(super) delivered: i64,
    /// The position that the group has; `None` where it has none.
    pub(super) committed: Option<Position>,
    pub(super) high: i64,
    /// After a step back: the offset of the record that must come first, as it did before.
    pub(super) resume_at: Option<i64>,
    /// Explicit errors at `next`.
    pub(super) undecodable: u32,
    pub(super) progress_ms: i64,
}

impl Source {
    /// Where it is read next.
    pub(super) fn reads_at(&self) -> i64 {
        self.behind(self.next)
    }

    /// What may be committed of it.
    pub(super) fn settled(&self) -> Position {
        let settled = if fault::planted(Planted::CommittedBeforeDelivery) { self.next } else { self.delivered };
        Position { offset: self.behind(settled), from: settled }
    }

    /// A position, or the end of what holds no record behind it.
    fn behind(&self, position: i64) -> i64 {
        let (from, to) = self.empty;
        if from == position { to.max(position) } else { position }
    }
}

#[derive(Debug)]
pub(super) struct Flight {
    pub(super) source: SourceId,
    /// The position of its source after this entry.
    pub(super) to: i64,
    /// True for a range that the source lost.
    pub(super) gap: bool,
    pub(super) delivered: bool,
}
