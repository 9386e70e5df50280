//! What the two stages tell the rest of the process about themselves: for `/readyz`, `/metrics`, the watchdog and
//! the idle check. Plain atomics, written by the stage's own thread, read by anyone; nothing is decided by them.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};

use super::stretches::Stretches;
use crate::ledger::Outcome;
use crate::model::code::Code;
use crate::model::rejection::Reason;
use crate::model::state::Checkpoint;
use crate::run::ledger::Tally;
use crate::telemetry::clock;

/// What intake has done since it started.
#[derive(Debug)]
pub struct IntakeStatus {
    /// Source records read.
    pub records: AtomicU64,
    /// Those that became an event.
    pub events: AtomicU64,
    rejections: Vec<AtomicU64>,
    /// Entries handed to the producer and not yet delivered.
    pub in_flight: AtomicU64,
    /// Entries that the log has.
    pub delivered: AtomicU64,
    /// Deliveries that failed; each makes intake go back.
    pub failed_deliveries: AtomicU64,
    /// Producers made since the start, the first among them.
    pub producers: AtomicU64,
    /// Ranges of a source that were lost.
    pub source_gaps: AtomicU64,
    /// The assignments that this instance has had.
    pub assignments: AtomicU64,
    /// True while it has one, if only of no partition.
    pub assigned: AtomicBool,
    platforms: BTreeMap<String, PlatformStatus>,
}

/// Where one platform's topic stands, as this instance sees it.
#[derive(Debug, Default)]
pub struct PlatformStatus {
    /// True while this instance reads one of its partitions.
    pub assigned: AtomicBool,
    /// True while everything that its partitions hold is read, delivered and committed.
    pub caught_up: AtomicBool,
    /// True while the platform is paused, for this instance and every other.
    pub paused: AtomicBool,
    /// Records of its assigned partitions that are not yet committed.
    pub lag: AtomicI64,
}

impl IntakeStatus {
    /// Nothing done yet, for these platforms.
    pub fn new<'p>(platforms: impl IntoIterator<Item = &'p str>) -> Self {
        Self {
            records: AtomicU64::new(0),
            events: AtomicU64::new(0),
            rejections: Reason::ALL.iter().map(|_| AtomicU64::new(0)).collect(),
            in_flight: AtomicU64::new(0),
            delivered: AtomicU64::new(0),
            failed_deliveries: AtomicU64::new(0),
            producers: AtomicU64::new(0),
            source_gaps: AtomicU64::new(0),
            assignments: AtomicU64::new(0),
            assigned: AtomicBool::new(false),
            platforms: platforms.into_iter().map(|name| (name.to_owned(), PlatformStatus::default())).collect(),
        }
    }

    /// Counts one rejection.
    pub fn count_rejection(&self, reason: Reason) {
        if let Some(place) = Reason::ALL.iter().position(|(known, _)| *known == reason) {
            self.rejections[place].fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How many records were rejected for each reason that ever occurred.
    pub fn rejections(&self) -> Vec<(Reason, u64)> {
        let counts = Reason::ALL.iter().zip(&self.rejections);
        counts.map(|((reason, _), count)| (*reason, count.load(Ordering::Relaxed))).filter(|(_, n)| *n > 0).collect()
    }

    /// The status of one platform; `None` for one that is not enabled.
    pub fn platform(&self, name: &str) -> Option<&PlatformStatus> {
        self.platforms.get(name)
    }

    /// Every enabled platform, by name.
    pub fn platforms(&self) -> impl Iterator<Item = (&str, &PlatformStatus)> {
        self.platforms.iter().map(|(name, status)| (name.as_str(), status))
    }
}

/// What the ledger has done since it started.
#[derive(Debug, Default)]
pub struct LedgerStatus {
    /// True while this instance owns the log's partition and may write.
    pub owner: AtomicBool,
    /// True while this instance has the state restored and waits for the log.
    pub standby: AtomicBool,
    /// True while it stands by and no instance seems to own the log.
    pub silent: AtomicBool,
    /// True once the state is restored and the log is read to its end.
    pub caught_up: AtomicBool,
    /// The log position of the last `Checkpoint` that is known to be committed.
    pub checkpoint_position: AtomicI64,
    /// When this process heard of that, or began to own the log, in milliseconds by its own clock.
    pub committed_at: AtomicI64,
    /// The number of that `Checkpoint`'s transaction.
    pub transaction: AtomicI64,
    /// Entries other than ticks that committed transactions took; the idle check wants it to stand still.
    pub entries_but_ticks: AtomicU64,
    /// Entries other than ticks that are read and not yet committed.
    pub open_but_ticks: AtomicU64,
    /// The log's offset after the last entry read.
    pub read_position: AtomicI64,
    /// Every entry that committed transactions took, ticks among them.
    pub entries: AtomicU64,
    /// Alerts in committed transactions.
    pub alerts: AtomicU64,
    /// Pieces of work that are due by log time and not yet done.
    pub work_due: AtomicU64,
    /// Records of `comity.state` read by a restore, and how many there are to read.
    pub restored_records: AtomicU64,
    pub restore_records_total: AtomicU64,
    /// Commits whose outcome was unknown for a while.
    pub unclear_commits: AtomicU64,
    /// Transactions taken back.
    pub aborted: AtomicU64,
    /// Source partitions whose gap has lasted a minute of log time.
    pub source_gaps: AtomicU64,
    /// Steps of the log's clock over a day.
    pub clock_steps: AtomicU64,
    /// The log's clock at the last `Checkpoint`.
    pub log_time: AtomicI64,
    /// How long things took.
    pub stretches: Stretches,
    outcomes: OutcomeCounts,
}

/// A counter for each `Outcome`.
#[derive(Debug)]
struct OutcomeCounts(Vec<AtomicU64>);

impl Default for OutcomeCounts {
    fn default() -> Self {
        Self(Outcome::ALL.iter().map(|_| AtomicU64::new(0)).collect())
    }
}

impl LedgerStatus {
    /// Counts a committed batch.
    pub(super) fn count(&self, checkpoint: &Checkpoint, tally: &Tally) {
        self.checkpoint_position.store(checkpoint.marks.log_position, Ordering::Relaxed);
        self.transaction.store(checkpoint.transaction, Ordering::Relaxed);
        self.committed_at.store(clock::wall_ms(), Ordering::Relaxed);
        self.entries.fetch_add(tally.entries, Ordering::Relaxed);
        let taken = tally.entries - tally.ticks;
        self.entries_but_ticks.fetch_add(taken, Ordering::Relaxed);
        let open = self.open_but_ticks.load(Ordering::Relaxed);
        self.open_but_ticks.store(open.saturating_sub(taken), Ordering::Relaxed);
        self.alerts.fetch_add(tally.alerts, Ordering::Relaxed);
        self.work_due.store(u64::from(tally.work_left), Ordering::Relaxed);
        self.count_outcomes(&tally.outcomes);
        self.stretches.take(&tally.timings);
        self.source_gaps.store(tally.alarms.source_gaps as u64, Ordering::Relaxed);
        self.log_time.store(checkpoint.marks.log_time, Ordering::Relaxed);
        if let Some(step_ms) = tally.alarms.clock_step_ms {
            self.clock_steps.fetch_add(1, Ordering::Relaxed);
            tracing::error!(step_ms, "the log's clock stepped by more than a day");
        }
        if tally.alarms.rules_refused {
            tracing::error!("rules in the log drop or reorder members and were ignored");
        }
    }

    /// Counts what became of the entries of a committed batch.
    pub fn count_outcomes(&self, outcomes: &[(Outcome, u64)]) {
        for (outcome, count) in outcomes {
            if let Some(place) = Outcome::ALL.iter().position(|(known, _)| known == outcome) {
                self.outcomes.0[place].fetch_add(*count, Ordering::Relaxed);
            }
        }
    }

    /// How many entries of committed batches became what.
    pub fn outcomes(&self) -> Vec<(Outcome, u64)> {
        let counts = Outcome::ALL.iter().zip(&self.outcomes.0);
        counts.map(|((outcome, _), count)| (*outcome, count.load(Ordering::Relaxed))).collect()
    }
}
