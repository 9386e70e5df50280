//! Keeps a feed within what intake admits of a platform, so that a large file does not have its platform paused.

use std::time::{Duration, Instant};

/// A minute of intake's, which counts by whole seconds, and some room for records that are stamped late.
const PERIOD: Duration = Duration::from_secs(62);

/// How many records of how many were sent in this period.
#[derive(Debug)]
pub(super) struct Pace {
    /// `None` where there is no bound.
    records_max: Option<u32>,
    began: Instant,
    sent: u32,
}

impl Pace {
    pub(super) fn new(records_max: Option<u32>, now: Instant) -> Self {
        Self { records_max, began: now, sent: 0 }
    }

    /// How long the next record has to wait; one that may be sent at once is counted.
    pub(super) fn wait(&mut self, now: Instant) -> Option<Duration> {
        let records_max = self.records_max?;
        let passed = now.saturating_duration_since(self.began);
        if passed >= PERIOD {
            (self.began, self.sent) = (now, 0);
        } else if self.sent >= records_max {
            return Some(PERIOD.saturating_sub(passed));
        }
        self.sent += 1;
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_takes_so_many_and_the_next_one_as_many_again() {
        let began = Instant::now();
        let mut pace = Pace::new(Some(3), began);
        let at = |seconds| began + Duration::from_secs(seconds);
        for second in [0, 1, 2] {
            assert_eq!(pace.wait(at(second)), None);
        }
        assert_eq!(pace.wait(at(3)), Some(PERIOD - Duration::from_secs(3)));
        assert_eq!(pace.wait(at(60)), Some(PERIOD - Duration::from_secs(60)));
        for _ in 0..3 {
            assert_eq!(pace.wait(at(63)), None);
        }
        assert_eq!(pace.wait(at(64)), Some(PERIOD - Duration::from_secs(1)));
    }

    #[test]
    fn without_a_bound_nothing_waits() {
        let now = Instant::now();
        let mut pace = Pace::new(None, now);
        assert!((0..1_000).all(|_| pace.wait(now).is_none()));
    }
}
