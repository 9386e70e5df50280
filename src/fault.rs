//! Faults on purpose, for the tests that prove the rest: a process that dies at a named step, and rules that are broken.
//!
//! Without the feature `faults` all of this is nothing, and the compiler leaves nothing of it. With it the environment's
//! FAILPOINTS says what happens, in the words of the crate `fail`: `transaction-begun=3*off->1*return` dies once the fourth
//! transaction has begun, `planted-state-kept-after-abort=return` breaks a rule for good, and
//! `planted-send-error-swallowed=0.05%return` one time in 2,000. A test within the process plants a fault for its own
//! thread alone, which then hears nothing of the environment.

/// The steps at which a process can be told to die, in the order in which a record meets them.
pub const STEPS: [&str; 10] = [
    "polled",
    "mapped",
    "rejected",
    "index-changed",
    "transaction-begun",
    "produce",
    "offsets-sent",
    "before-commit",
    "after-commit",
    "restore-half-done",
];

/// One rule that is broken on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Planted {
    /// The ledger takes an entry whatever its source's position is.
    SourcePositionNotChecked,
    /// Intake commits a source's position once the record is read.
    CommittedBeforeDelivery,
    /// Each of the ledger's producers has a transactional id of its own.
    RandomTransactionalId,
    /// The ledger goes on with the producer whose commit is unclear.
    ProducerKeptAfterUnclearCommit,
    /// What an aborted batch changed stays in the state.
    StateKeptAfterAbort,
    /// Whoever takes over does not look at what is published beyond the last `Checkpoint`.
    OutputsNotCompared,
    /// Values beyond the last `Checkpoint` count in a restore.
    RestoredBeyondCheckpoint,
    /// A correction goes to whom the rules name now, and not to all told.
    CorrectedByTodaysRouting,
    /// A record that the producer does not take counts as sent.
    SendErrorSwallowed,
    /// Due work waits for the end of the batch.
    WorkAtEndOfBatch,
    /// What an instance was configured with counts instead of the rules in the log.
    RuleFromConfiguration,
    /// Cases end by the wall clock of whoever owns the ledger.
    ExpiryByWallClock,
}

impl Planted {
    /// Each fault with the name of its failpoint.
    pub const ALL: [(Self, &str); 12] = [
        (Self::SourcePositionNotChecked, "planted-source-position-not-checked"),
        (Self::CommittedBeforeDelivery, "planted-committed-before-delivery"),
        (Self::RandomTransactionalId, "planted-random-transactional-id"),
        (Self::ProducerKeptAfterUnclearCommit, "planted-producer-kept-after-unclear-commit"),
        (Self::StateKeptAfterAbort, "planted-state-kept-after-abort"),
        (Self::OutputsNotCompared, "planted-outputs-not-compared"),
        (Self::RestoredBeyondCheckpoint, "planted-restored-beyond-checkpoint"),
        (Self::CorrectedByTodaysRouting, "planted-corrected-by-todays-routing"),
        (Self::SendErrorSwallowed, "planted-send-error-swallowed"),
        (Self::WorkAtEndOfBatch, "planted-work-at-end-of-batch"),
        (Self::RuleFromConfiguration, "planted-rule-from-configuration"),
        (Self::ExpiryByWallClock, "planted-expiry-by-wall-clock"),
    ];
}

pub use chosen::{Scenario, begin, planted, step, wall_ms};

#[cfg(feature = "faults")]
pub use chosen::{plant, set_wall_ms, spare};

#[cfg(feature = "faults")]
mod chosen {
    use std::cell::Cell;
    use std::process::abort;
    use std::time::{SystemTime, UNIX_EPOCH};

    use fail::{FailScenario, fail_point};

    use super::{Planted, STEPS};

    thread_local! {
        /// What a test wants of this thread; `None`: what the environment says counts.
        static OF_THREAD: Cell<Option<Option<Planted>>> = const { Cell::new(None) };
        /// The wall clock of this thread, where a test has set one.
        static WALL_MS: Cell<Option<i64>> = const { Cell::new(None) };
    }

    /// What the environment says holds while this lives.
    pub struct Scenario(#[expect(dead_code, reason = "what it holds ends with it")] FailScenario<'static>);

    /// Reads FAILPOINTS. A name that is none is a mistake of whoever wrote it, and would be a test of nothing.
    pub fn begin() -> Scenario {
        let scenario = Scenario(FailScenario::setup());
        let known = |name: &str| STEPS.contains(&name) || Planted::ALL.iter().any(|(_, of)| *of == name);
        for (name, _) in fail::list() {
            assert!(known(&name), "FAILPOINTS names {name:?}, which is no step and no planted fault");
        }
        scenario
    }

    /// Dies here, as by `kill -9`, where this is wanted: no destructor runs, and nothing is flushed.
    pub fn step(name: &'static str) {
        assert!(STEPS.contains(&name), "{name:?} is no step");
        if is_on(name) {
            abort();
        }
    }

    /// True where this rule is to be broken, this time.
    pub fn planted(fault: Planted) -> bool {
        match OF_THREAD.get() {
            Some(of_thread) => of_thread == Some(fault),
            None => Planted::ALL.iter().any(|(of, name)| *of == fault && is_on(name)),
        }
    }

    /// Plants a fault for this thread, or none: the environment's no longer count in it.
    pub fn plant(fault: Option<Planted>) {
        OF_THREAD.set(Some(fault));
    }

    /// What the environment says counts again for this thread.
    pub fn spare() {
        OF_THREAD.set(None);
        WALL_MS.set(None);
    }

    /// Sets the wall clock of this thread.
    pub fn set_wall_ms(now: i64) {
        WALL_MS.set(Some(now));
    }

    /// Wall-clock milliseconds since 1970, for a rule that is broken by them.
    #[expect(clippy::disallowed_methods, reason = "a fault that is planted is this clock")]
    pub fn wall_ms() -> i64 {
        let since = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        WALL_MS.get().unwrap_or_else(|| i64::try_from(since()).unwrap_or(i64::MAX))
    }

    fn is_on(name: &str) -> bool {
        fail_point!(name, |_| true);
        false
    }
}

#[cfg(not(feature = "faults"))]
mod chosen {
    use super::Planted;

    /// Nothing.
    #[derive(Debug)]
    pub struct Scenario;

    /// Nothing is read.
    pub const fn begin() -> Scenario {
        Scenario
    }

    /// Nobody dies.
    #[inline]
    pub const fn step(_name: &'static str) {}

    /// No rule is broken.
    #[inline]
    pub const fn planted(_fault: Planted) -> bool {
        false
    }

    /// Never asked.
    #[inline]
    pub const fn wall_ms() -> i64 {
        0
    }
}
