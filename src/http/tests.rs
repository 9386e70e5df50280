//! Readiness: it ends where what it stands for ends.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::checks;
use crate::kafka::status::{IntakeStatus, LedgerStatus};
use crate::metrics::Sources;

/// Whether the only check holds, and why.
fn said(sources: &Sources, now_ms: i64) -> (bool, String) {
    let mut checks = checks(sources, now_ms);
    assert_eq!(checks.len(), 1);
    checks.pop().map(|check| (check.holds, check.reason)).unwrap()
}

/// An intake whose partitions were taken away stayed ready.
#[test]
fn an_intake_is_ready_while_it_has_an_assignment() {
    let intake = Arc::new(IntakeStatus::new([]));
    let sources = Sources { intake: Some(intake.clone()), ledger: None };
    assert_eq!(said(&sources, 0), (false, "waits for intake's group".to_owned()));
    intake.assignments.store(1, Ordering::Relaxed);
    intake.assigned.store(true, Ordering::Relaxed);
    assert_eq!(said(&sources, 0), (true, "the group has given its partitions".to_owned()));
    intake.assigned.store(false, Ordering::Relaxed);
    assert_eq!(said(&sources, 0), (false, "waits for intake's group".to_owned()));
}

/// An owner that had once read the log to its end stayed ready, whatever became of its commits.
#[test]
fn an_owner_that_commits_nothing_is_not_ready() {
    let ledger = Arc::new(LedgerStatus::default());
    let sources = Sources { intake: None, ledger: Some(ledger.clone()) };
    ledger.owner.store(true, Ordering::Relaxed);
    ledger.caught_up.store(true, Ordering::Relaxed);
    ledger.committed_at.store(1_000, Ordering::Relaxed);
    for now_ms in [0, 1_000, 15_999] {
        assert_eq!(said(&sources, now_ms), (true, "owns the log and has read it to its end".to_owned()));
    }
    let stuck = (false, "owns the log, but has committed nothing for 15 s".to_owned());
    assert_eq!(said(&sources, 16_000), stuck);
    // A standby has nothing to commit.
    ledger.owner.store(false, Ordering::Relaxed);
    ledger.standby.store(true, Ordering::Relaxed);
    assert_eq!(said(&sources, 16_000), (true, "stands by with the state restored".to_owned()));
}
