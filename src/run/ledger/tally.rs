//! What a batch did, as it is counted once it is committed.

use super::timing::{self, Timing};
use crate::ledger::{Alarms, Effects, Outcome};

/// What a batch did, for metrics and for the idle check.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tally {
    pub entries: u64,
    pub ticks: u64,
    pub alerts: u64,
    pub outcomes: Vec<(Outcome, u64)>,
    pub alarms: Alarms,
    /// True where due work was left.
    pub work_left: bool,
    pub timings: Vec<Timing>,
}

impl Tally {
    pub(super) fn count(&mut self, effects: &Effects<'_>, tick: bool) {
        self.entries += 1;
        self.ticks += u64::from(tick);
        match self.outcomes.iter_mut().find(|(outcome, _)| *outcome == effects.outcome) {
            Some((_, count)) => *count += 1,
            None => self.outcomes.push((effects.outcome, 1)),
        }
        self.alarms.clock_step_ms = self.alarms.clock_step_ms.max(effects.alarms.clock_step_ms);
        self.alarms.source_gaps = effects.alarms.source_gaps;
        self.alarms.rules_refused |= effects.alarms.rules_refused;
        self.work_left = effects.work_left;
        timing::timings(effects, &mut self.timings);
    }
}
