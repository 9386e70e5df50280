//! When positions are committed, and when a drain is through.

use super::source::Source;
use super::{Alarm, Command, Intake, Phase, Position, SourceId};

/// The pause after a commit, in times of what the commit took: commits cost a tenth of the loop's time at most.
const COMMIT_SHARE: i64 = 9;
/// That pause at least, in milliseconds.
const COMMIT_PAUSE_MS_MIN: i64 = 1;
/// That pause at most, in milliseconds: a commit may have hung for as long as the broker was away.
const COMMIT_PAUSE_MS_MAX: i64 = 1_000;

impl Intake {
    /// Commits what is due, and ends a drain that is through or has taken too long.
    pub(super) fn commit_or_end(&mut self, commands: &mut Vec<Command>) {
        let (until_ms, end) = match self.phase {
            Phase::Reading => (i64::MAX, None),
            Phase::GivingUp { until_ms } => (until_ms, Some(Command::Unassign)),
            Phase::ShuttingDown { until_ms } => (until_ms, Some(Command::Done)),
            Phase::Done => return,
        };
        self.commit_due(end.is_some(), commands);
        let Some(end) = end else { return };
        let drained = self.flights.is_empty() && self.committing.is_none() && self.uncommitted().is_empty();
        if !drained && self.now_ms < until_ms {
            return;
        }
        if !drained {
            commands.push(Command::Alarm(Alarm::NotDrained));
        }
        self.phase = if end == Command::Done { Phase::Done } else { Phase::Reading };
        self.forget_sources();
        commands.push(end);
    }

    fn commit_due(&mut self, at_once: bool, commands: &mut Vec<Command>) {
        let early = self.now_ms < self.committed_at_ms.saturating_add(self.commit_pause_ms);
        // A drain waits for the last delivery, so that it commits once; and after a refusal for its time, since the answer
        // comes before the loop hears of anything else, even of the time that ends the drain.
        let wait = if at_once { !self.flights.is_empty() || self.refused && early } else { early };
        if wait || self.committing.is_some() {
            return;
        }
        let positions = self.uncommitted();
        if !positions.is_empty() {
            self.committed_at_ms = self.now_ms;
            self.committing = Some(positions.clone());
            commands.push(Command::Commit(positions));
        }
    }

    fn uncommitted(&self) -> Vec<(SourceId, Position)> {
        let open = |known: &Source| known.settled().offset > known.committed.unwrap_or_default().offset;
        let sources = self.sources.iter().enumerate().filter(|(_, known)| open(known));
        sources.map(|(source, known)| (source, known.settled())).collect()
    }

    pub(super) fn commit_answered(&mut self, accepted: bool, took_ms: i64, commands: &mut Vec<Command>) {
        let pause_ms = took_ms.saturating_mul(COMMIT_SHARE).min(COMMIT_PAUSE_MS_MAX);
        self.commit_pause_ms = pause_ms.max(self.limits.commit_interval_ms).max(COMMIT_PAUSE_MS_MIN);
        self.refused = !accepted;
        let Some(sent) = self.committing.take() else { return };
        if !accepted {
            commands.push(Command::Alarm(Alarm::CommitFailed));
            return;
        }
        for (source, position) in sent {
            if let Some(known) = self.sources.get_mut(source) {
                known.committed = Some(position);
            }
        }
    }
}
