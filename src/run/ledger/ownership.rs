//! How an instance comes to own the ledger, and how it lets go.

use std::mem;
use std::sync::Arc;

use super::restore::Restore;
use super::{Command, Fault, Leaving, Ledger, Phase, STARTS_MAX};
use crate::fault::{Planted, planted};
use crate::model::rules::Rules;
use crate::model::state::{Key, Value};
use crate::schema::state::{StateEntry, StateRecord};

/// Why an instance with these rules may not own a ledger in which others are in force.
pub(super) fn fault(own: &Rules, in_force: Option<&Arc<Rules>>) -> Option<Fault> {
    let in_force = in_force?;
    let why = if own.federation != in_force.federation {
        format!("these topics belong to the federation {:?}", in_force.federation)
    } else if own.rules_version < in_force.rules_version {
        format!("rules version {} is older than {} in the log", own.rules_version, in_force.rules_version)
    } else if own.logic_version < in_force.logic_version {
        format!("this build decides by logic {}, the log by {}", own.logic_version, in_force.logic_version)
    } else if own.rules_version == in_force.rules_version && !same_rules(own, in_force) {
        format!("rules version {} in the log says something else; raise federation.rules_version", own.rules_version)
    } else if !keeps_places(own, in_force) {
        "federation.jurisdictions drops or moves a member; one that goes becomes LEFT or RETIRED".to_owned()
    } else {
        return None;
    };
    Some(Fault::Configuration(why))
}

/// True where this instance's rules follow those in force.
pub(super) fn is_newer(own: &Rules, in_force: Option<&Arc<Rules>>) -> bool {
    in_force.is_some_and(|in_force| own.rules_version > in_force.rules_version)
}

/// Outputs are known by their member's place, so every member in force keeps it.
fn keeps_places(own: &Rules, in_force: &Rules) -> bool {
    own.jurisdictions().starts_with(&in_force.jurisdictions())
}

/// A newer build may own what an older one wrote, so its number is left out.
fn same_rules(own: &Rules, in_force: &Rules) -> bool {
    let Rules { federation: _, rules_version: _, logic_version: _, members, policy, clocks, groups, contacts, digests } =
        own;
    *members == in_force.members
        && *policy == in_force.policy
        && *clocks == in_force.clocks
        && *groups == in_force.groups
        && *contacts == in_force.contacts
        && *digests == in_force.digests
}

/// What of a restored state readers have not been shown yet; it is all there is.
fn show_all(restore: &mut Restore) -> Command {
    let shown = restore.take_all_shown();
    Command::Show { shown, last: restore.last().cloned().map(Box::new), complete: true }
}

impl Ledger {
    #[expect(clippy::wildcard_enum_match_arm, reason = "in every other phase the report is late and means nothing")]
    pub(super) fn assigned(&mut self) -> Vec<Command> {
        match mem::replace(&mut self.phase, Phase::Ended) {
            Phase::Standby(restore) | Phase::Following(restore) => {
                self.phase = Phase::Fencing(restore);
                vec![Command::NewProducer]
            }
            // The group repeats itself when others come and go.
            other => {
                self.phase = other;
                Vec::new()
            }
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "in every other phase the report is late and means nothing")]
    pub(super) fn producer_ready(&mut self) -> Vec<Command> {
        match mem::replace(&mut self.phase, Phase::Ended) {
            Phase::Fencing(restore) => {
                self.phase = Phase::Restoring(restore);
                vec![Command::ReadStateToEnd]
            }
            Phase::Resolving(sealed) => {
                self.phase = Phase::Resolving(sealed);
                vec![Command::ReadCheckpoint]
            }
            other => {
                self.phase = other;
                Vec::new()
            }
        }
    }

    pub(super) fn state_begins(&mut self, last_transaction: i64) -> Vec<Command> {
        match &mut self.phase {
            Phase::Following(restore)
            | Phase::Standby(restore)
            | Phase::Fencing(restore)
            | Phase::Restoring(restore) => *restore = Restore::until(last_transaction),
            Phase::Comparing | Phase::Running | Phase::Committing(_) | Phase::Resolving(_) | Phase::Ended => {}
        }
        Vec::new()
    }

    pub(super) fn state_read(&mut self, records: Vec<StateRecord>) -> Vec<Command> {
        let restore = match &mut self.phase {
            Phase::Following(restore)
            | Phase::Standby(restore)
            | Phase::Fencing(restore)
            | Phase::Restoring(restore) => restore,
            Phase::Comparing | Phase::Running | Phase::Committing(_) | Phase::Resolving(_) | Phase::Ended => {
                return Vec::new();
            }
        };
        for record in records {
            if let Err(why) = restore.read(record) {
                return self.stop(Fault::Data(format!("comity.state: {why}")));
            }
        }
        let Some(shown) = restore.take_shown() else { return Vec::new() };
        let last = restore.last().cloned().map(Box::new);
        vec![Command::Show { shown, last, complete: false }]
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "in every other phase the report is late and means nothing")]
    pub(super) fn state_end(&mut self, log_start: i64, log_end: i64) -> Vec<Command> {
        match mem::replace(&mut self.phase, Phase::Ended) {
            Phase::Following(mut restore) => {
                if let Some(fault) = self.misplaced(&restore, log_start, log_end) {
                    return self.stop(fault);
                }
                let show = show_all(&mut restore);
                self.phase = Phase::Standby(restore);
                vec![show, Command::Join]
            }
            Phase::Restoring(restore) => self.restored(restore, log_start, log_end),
            other => {
                self.phase = other;
                Vec::new()
            }
        }
    }

    /// A group may count itself complete while nobody has the log: whoever comes back under its old name between the two
    /// phases of a cooperative rebalance has nothing to give up, so the second one, in which it would be given, is never
    /// begun. A member that leaves begins it.
    pub(super) fn silent(&self) -> Vec<Command> {
        if matches!(self.phase, Phase::Standby(_)) { vec![Command::Leave, Command::Join] } else { Vec::new() }
    }

    /// The state of a `Checkpoint` counts only for the log that it was folded from.
    fn misplaced(&self, restore: &Restore, log_start: i64, log_end: i64) -> Option<Fault> {
        let position = restore.last().map_or(0, |last| last.marks.log_position);
        let cluster = restore.last().map(|last| last.cluster_id.as_str());
        if let Some(other) = cluster.filter(|id| *id != self.setting.cluster_id) {
            return Some(Fault::Data(format!("comity.state was written on the cluster {other}")));
        }
        if position > log_end {
            return Some(Fault::Data(format!("the Checkpoint stands at {position}, comity.log ends at {log_end}")));
        }
        (position < log_start).then(|| {
            Fault::Data(format!("comity.log begins at {log_start}; entries from {position} on were never decided"))
        })
    }

    fn restored(&mut self, mut restore: Restore, log_start: i64, log_end: i64) -> Vec<Command> {
        if let Some(fault) = self.misplaced(&restore, log_start, log_end) {
            return self.stop(fault);
        }
        let show = show_all(&mut restore);
        match restore.finish() {
            Ok((state, last, torn)) => {
                self.state = state;
                self.last = last;
                self.torn = torn;
            }
            Err(why) => return self.stop(Fault::Data(format!("comity.state: {why}"))),
        }
        if let Some(fault) = fault(&self.setting.rules, self.state.rules()) {
            return self.stop(fault);
        }
        if planted(Planted::RuleFromConfiguration) && is_newer(&self.setting.rules, self.state.rules()) {
            let rules = Value::Rules(Arc::new(self.setting.rules.clone()));
            self.state.restore(StateEntry::new(Key::Rules, Some(rules)));
            self.torn.insert(Key::Rules);
        }
        self.phase = Phase::Comparing;
        vec![show, Command::ReadOutputs(self.next_sequences())]
    }

    pub(super) fn revoked(&mut self, lost: bool) -> Vec<Command> {
        match &self.phase {
            Phase::Following(_) | Phase::Standby(_) | Phase::Ended => vec![Command::Release],
            Phase::Running if !lost => {
                self.leaving = Some(Leaving::Revoked);
                if self.has_open_batch() || !self.waiting.is_empty() { self.close_batch() } else { self.leave() }
            }
            Phase::Committing(_) | Phase::Resolving(_) if !lost => {
                // Whoever was ending already ends, and so gives the partition back.
                self.leaving.get_or_insert(Leaving::Revoked);
                Vec::new()
            }
            Phase::Fencing(_)
            | Phase::Restoring(_)
            | Phase::Comparing
            | Phase::Running
            | Phase::Committing(_)
            | Phase::Resolving(_) => self.start_again(vec![Command::Release]),
        }
    }

    /// Commits what is decided; what only waits is for the next owner.
    fn close_batch(&mut self) -> Vec<Command> {
        self.waiting.clear();
        if self.has_open_batch() { self.commit() } else { self.leave() }
    }

    /// Lets go after the last commit.
    pub(super) fn leave(&mut self) -> Vec<Command> {
        match self.leaving.take() {
            Some(Leaving::ShutDown) => {
                self.phase = Phase::Ended;
                vec![Command::Done]
            }
            Some(Leaving::Revoked) | None => self.start_again(vec![Command::Release]),
        }
    }

    /// Another owns the ledger: leave the group, follow, and join again. A paused owner that only made a new producer
    /// would fence the real one.
    pub(super) fn fenced(&mut self) -> Vec<Command> {
        if matches!(self.leaving, Some(Leaving::ShutDown)) {
            self.phase = Phase::Ended;
            return vec![Command::Done];
        }
        // A member that still owes the group an answer cannot leave it, and would be waited for by all others.
        let owes_answer = matches!(self.leaving, Some(Leaving::Revoked));
        self.start_again(if owes_answer { vec![Command::Release, Command::Leave] } else { vec![Command::Leave] })
    }

    fn start_again(&mut self, mut commands: Vec<Command>) -> Vec<Command> {
        self.forget();
        self.leaving = None;
        self.failures = 0;
        self.starts += 1;
        if self.starts > STARTS_MAX {
            return self.stop(Fault::Unavailable(format!("the ledger began {STARTS_MAX} times without a commit")));
        }
        self.phase = Phase::Following(Restore::default());
        commands.push(Command::Follow);
        commands
    }

    pub(super) fn shut_down(&mut self) -> Vec<Command> {
        match &self.phase {
            Phase::Running => {
                self.leaving = Some(Leaving::ShutDown);
                self.close_batch()
            }
            Phase::Committing(_) | Phase::Resolving(_) | Phase::Comparing => {
                self.leaving = Some(Leaving::ShutDown);
                Vec::new()
            }
            Phase::Following(_) | Phase::Standby(_) | Phase::Fencing(_) | Phase::Restoring(_) | Phase::Ended => {
                self.phase = Phase::Ended;
                vec![Command::Done]
            }
        }
    }
}
