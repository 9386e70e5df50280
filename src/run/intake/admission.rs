//! Which sources may be read now: records of a backfill at a bounded rate, a platform that runs away not at all.
//!
//! A source that may not be read is paused after a record that was taken, never before one, so nothing is held back.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::place::Millis;

/// What a source is to admission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lane {
    /// Whose records they are.
    pub platform: Arc<str>,
    /// True for the open cases of a platform that joins.
    pub backfill: bool,
}

/// How much of what is admitted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rates {
    /// Records of all backfills together, at most, each second.
    pub backfill_records_per_second_max: u32,
    /// Records of a platform within a minute, by name; one that is not named has no bound.
    pub events_per_minute_max: BTreeMap<Arc<str>, u32>,
}

/// How long the backfill saves up before it goes on: each pause throws away what the client had fetched ahead.
const SLICE_MS: u64 = 250;
/// One record, in the unit in which the backfill saves up.
const RECORD_MILLI: u64 = 1_000;
const MINUTE_S: i64 = 60;
const MINUTE_SLOTS: usize = 60;

/// What is counted, and what is paused.
#[derive(Debug)]
pub(super) struct Admission {
    rates: Rates,
    /// Thousandths of records that the backfill may still give.
    saved_milli: u64,
    saved_at_ms: i64,
    /// True from the record that used up what was saved until a slice is saved again.
    spent: bool,
    taps: Vec<Tap>,
}

/// A platform, by its place in `Admission::taps`.
pub(super) type TapId = usize;

#[derive(Debug)]
struct Tap {
    platform: Arc<str>,
    events_per_minute_max: Option<u32>,
    paused: bool,
    /// When it was released last: what its topic held by then was let through with the release.
    released_at: Option<Millis>,
    minute: Minute,
}

/// What a record that was taken changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Took {
    /// Everything may be read as before.
    Alike,
    /// The backfill has used up what it had saved.
    Spent,
    /// It is the one too many of its platform, which is paused.
    RunsAway,
}

impl Admission {
    pub(super) fn new(rates: Rates) -> Self {
        let mut admission = Self { rates, saved_milli: 0, saved_at_ms: 0, spent: false, taps: Vec::new() };
        admission.saved_milli = admission.slice_milli();
        admission
    }

    /// The tap of a platform; the first time it makes one.
    pub(super) fn tap(&mut self, platform: &Arc<str>) -> TapId {
        if let Some(tap) = self.taps.iter().position(|tap| tap.platform == *platform) {
            return tap;
        }
        let events_per_minute_max = self.rates.events_per_minute_max.get(platform).copied();
        let platform = Arc::clone(platform);
        self.taps.push(Tap {
            platform,
            events_per_minute_max,
            paused: false,
            released_at: None,
            minute: Minute::default(),
        });
        self.taps.len() - 1
    }

    pub(super) fn may_read(&self, tap: TapId, backfill: bool) -> bool {
        !(self.taps[tap].paused || backfill && self.spent)
    }

    /// Counts a record that was taken.
    pub(super) fn take(&mut self, tap: TapId, backfill: bool, stamped_at: Millis) -> Took {
        if backfill {
            self.saved_milli = self.saved_milli.saturating_sub(RECORD_MILLI);
            self.spent = self.saved_milli < RECORD_MILLI;
            return if self.spent { Took::Spent } else { Took::Alike };
        }
        let tap = &mut self.taps[tap];
        let Some(most) = tap.events_per_minute_max else { return Took::Alike };
        if tap.released_at.is_some_and(|released_at| stamped_at <= released_at) {
            return Took::Alike;
        }
        tap.paused |= tap.minute.count(stamped_at) > most;
        if tap.paused { Took::RunsAway } else { Took::Alike }
    }

    /// The operator's word, or that of another instance.
    pub(super) fn set(&mut self, platform: &Arc<str>, paused: bool, since: Millis) {
        let tap = self.tap(platform);
        let tap = &mut self.taps[tap];
        tap.paused = paused;
        if !paused {
            tap.released_at = Some(since);
            tap.minute = Minute::default();
        }
    }

    /// Saves up for the backfill; `true` where it may go on.
    pub(super) fn time(&mut self, now_ms: i64) -> bool {
        let passed_ms = u64::try_from(now_ms.saturating_sub(self.saved_at_ms)).unwrap_or(0);
        self.saved_at_ms = self.saved_at_ms.max(now_ms);
        let rate = u64::from(self.rates.backfill_records_per_second_max);
        let slice = self.slice_milli();
        self.saved_milli = self.saved_milli.saturating_add(passed_ms.saturating_mul(rate)).min(slice);
        let goes_on = self.spent && self.saved_milli >= slice;
        self.spent &= !goes_on;
        goes_on
    }

    fn slice_milli(&self) -> u64 {
        (u64::from(self.rates.backfill_records_per_second_max) * SLICE_MS).max(RECORD_MILLI)
    }
}

/// The records of the last minute, by the second of their own time.
#[derive(Debug)]
struct Minute {
    newest_s: i64,
    counts: [u32; MINUTE_SLOTS],
    total: u32,
}

impl Default for Minute {
    fn default() -> Self {
        Self { newest_s: i64::MIN / 2, counts: [0; MINUTE_SLOTS], total: 0 }
    }
}

impl Minute {
    /// Counts one and gives how many the minute up to the newest has; what is older than that minute counts in none.
    fn count(&mut self, stamped_at: Millis) -> u32 {
        let second = stamped_at.div_euclid(1_000);
        if second > self.newest_s {
            let passed = second.saturating_sub(self.newest_s).min(MINUTE_S);
            for later in 0..passed {
                self.total -= std::mem::take(&mut self.counts[place(second - later)]);
            }
            self.newest_s = second;
        }
        if second > self.newest_s - MINUTE_S {
            self.counts[place(second)] += 1;
            self.total += 1;
        }
        self.total
    }
}

fn place(second: i64) -> usize {
    usize::try_from(second.rem_euclid(MINUTE_S)).unwrap_or(0)
}
