//! The loop of the ledger, pure: what its shell reports comes in, what the shell must do goes out.
//!
//! An instance first follows `comity.state` (hot standby), joins the group once it has caught up, and owns the log's
//! one partition when the group gives it. Taking over goes, in this order: new producer (which fences the forerunner
//! and ends what it left open) → `comity.state` to its end → the published records beyond the last `Checkpoint` →
//! the log from the `Checkpoint`'s position. A commit of which the outcome is not known goes the same way, and the
//! last `Checkpoint` in `comity.state` says what became of it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::mem;

use crate::fault::{self, Planted};
use crate::index::State;
use crate::model::decision::{Batch, Output};
use crate::model::entry::{Body, LogEntry};
use crate::model::place::Jurisdiction;
use crate::model::rules::Rules;
use crate::model::state::{Checkpoint, Key, Value};
use crate::schema::state::StateRecord;

pub(crate) mod restore;
mod open;
mod tally;
mod timing;
mod ownership;

use open::{Open, Sealed};
use restore::Restore;

pub use open::{alert_value, write_alert};
pub use tally::Tally;
pub use timing::{Stretch, Timing};

/// Milliseconds of silence of the log after which its owner writes a `Tick`.
const TICK_AFTER_MS: i64 = 1_000;
/// How long newer rules may take from being sent to being read, before they are sent again.
const RULES_AGAIN_MS: i64 = 5_000;
/// Transactions that fail in a row after which the ledger stops: they would fail for ever.
const FAILURES_MAX: u32 = 10;
/// New beginnings in a row, each with a takeover and without a commit, after which it stops for the same reason.
const STARTS_MAX: u32 = 10;

/// Published records by output and sequence; the last one of an output always, where it has any.
pub type OutputTails = BTreeMap<Output, BTreeMap<i64, Vec<u8>>>;

/// What the shell reports. Times are milliseconds of the shell's monotonic clock.
#[derive(Debug)]
pub enum Input {
    /// The group gives the log's partition.
    Assigned,
    /// The group takes it; `lost`: it is another's already, so nothing can be committed.
    Revoked { lost: bool },
    /// A new producer is initialised: older ones are fenced, and what they left open is ended.
    ProducerReady,
    /// The reading of `comity.state` begins, and this is the number of its last `Checkpoint`, looked for from its end;
    /// 0 where it has none.
    StateBegins { last_transaction: i64 },
    /// Records of `comity.state`, in their order.
    StateRead(Vec<StateRecord>),
    /// `comity.state` is read to the end that it had when the reading was commanded.
    StateEnd { log_start: i64, log_end: i64 },
    /// Nothing was read of `comity.state` for longer than any owner keeps silent.
    Silent,
    /// Every output's published records from the sequence that was asked for, or the last one where that is before.
    OutputsRead(OutputTails),
    /// Entries of the log, in their order; none where it is quiet.
    Polled { entries: Vec<LogEntry>, now_ms: i64 },
    /// The batch is committed.
    Committed { now_ms: i64 },
    /// The batch may be committed, in whole, in part or not at all: a time-out, an abort, a coordinator that went away.
    CommitUnknown,
    /// The last `Checkpoint` of `comity.state` and the keys of the values behind it.
    CheckpointRead { last: Option<Checkpoint>, torn: BTreeSet<Key> },
    /// Another producer has taken over.
    Fenced,
    /// Finish what is open and end.
    ShutDown,
}

/// What the shell must do, in this order; each ends in an `Input` where its text says so.
#[derive(Debug, PartialEq)]
pub enum Command {
    /// Read `comity.state` from its beginning: `StateBegins, StateRead …, StateEnd`, then go on following it.
    Follow,
    /// Join the ledger's group: `Assigned` in time.
    Join,
    /// Leave the group.
    Leave,
    /// Make a new producer under the ledger's transactional id and initialise it: `ProducerReady` or `Fenced`.
    NewProducer,
    /// Read `comity.state` on to the end that it has now: `StateRead …, StateEnd`.
    ReadStateToEnd,
    /// Read each output's records from this sequence on, and its last one in any case: `OutputsRead`.
    ReadOutputs(BTreeMap<Output, i64>),
    /// Read the log from this offset on: `Polled`.
    ReadLog { position: i64 },
    /// Commit in one transaction: `Committed`, `CommitUnknown` or `Fenced`.
    Commit(Box<Transaction>),
    /// Find the last `Checkpoint`: `CheckpointRead`.
    ReadCheckpoint,
    /// The batch that ends with this `Checkpoint` is committed; count it, and show readers what it changed.
    Publish { checkpoint: Box<Checkpoint>, tally: Tally, shown: Vec<Shown> },
    /// Show readers what committed transactions of another instance, or of this one's past, left in `comity.state`, up
    /// to this `Checkpoint`. `complete`: that is all there is, so readers may be answered from then on.
    Show { shown: Vec<Shown>, last: Option<Box<Checkpoint>>, complete: bool },
    /// The commit before was unclear or failed, and its batch was undone.
    CountUndone,
    /// Write a `Tick` into the log.
    SendTick,
    /// Write these rules into the log.
    SendRules(Box<Rules>),
    /// Give the partition back to the group.
    Release,
    /// Everything is finished.
    Done,
    /// Something is wrong that no retry mends.
    Stop(Fault),
}

/// What readers are shown of a committed change: the value that a key now has, or the key that has none any more.
#[derive(Debug, Clone, PartialEq)]
pub enum Shown {
    Value(Value),
    /// Few go, and many wait to be shown when a restore ends, so these take no room of theirs.
    Gone(Box<Key>),
}

impl Shown {
    /// `None` for what readers do not look up.
    fn new(key: &Key, after: Option<Value>) -> Option<Self> {
        match (key, after) {
            (_, Some(value)) => Self::of(value),
            (Key::Source(..) | Key::Pending(..) | Key::Join(_) | Key::Retell(_), None) => None,
            (key, None) => Some(Self::Gone(Box::new(key.clone()))),
        }
    }

    /// The same of a value that is there.
    fn of(value: Value) -> Option<Self> {
        match value {
            Value::Source(_) | Value::Pending(_) | Value::Join(_) | Value::Retell(_) => None,
            Value::Organisation(_) | Value::Case(_) | Value::Rules(_) | Value::Link(_) => Some(Self::Value(value)),
        }
    }
}

/// One transaction, and the members that its recipients' places mean.
#[derive(Debug, PartialEq)]
pub struct Transaction {
    pub batch: Batch,
    pub members: Vec<Jurisdiction>,
}

/// Why the ledger stops by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Our own topics hold what they must not, or belong to another cluster.
    Data(String),
    /// What this instance was given may not own the ledger.
    Configuration(String),
    /// Kafka refuses again and again.
    Unavailable(String),
}

/// What this instance brings to the loop.
#[derive(Debug, Clone)]
pub struct Setting {
    pub cluster_id: String,
    pub rules: Rules,
    pub batch_entries_max: usize,
    /// At least this long from one commit to the next.
    pub commit_interval_ms: i64,
}

/// Where an instance stands.
#[derive(Debug)]
enum Phase {
    /// Reads `comity.state` for the first time; not in the group.
    Following(Restore),
    /// In the group, without the partition.
    Standby(Restore),
    /// Owns the partition; a producer is being made.
    Fencing(Restore),
    /// Its producer is ready; `comity.state` is read to its end.
    Restoring(Restore),
    /// The state stands; published records beyond it are read.
    Comparing,
    /// Takes entries.
    Running,
    /// A batch is with the shell.
    Committing(Box<Sealed>),
    /// The batch's outcome is unknown; a new producer is being made, then the last `Checkpoint` read.
    Resolving(Box<Sealed>),
    Ended,
}

/// The ledger's loop.
#[derive(Debug)]
pub struct Ledger {
    setting: Setting,
    phase: Phase,
    state: State,
    last: Option<Checkpoint>,
    open: Option<Open>,
    waiting: VecDeque<LogEntry>,
    torn: BTreeSet<Key>,
    published: OutputTails,
    leaving: Option<Leaving>,
    failures: u32,
    starts: u32,
    now_ms: i64,
    committed_ms: i64,
    heard_ms: i64,
    rules_sent_ms: i64,
    work_left: bool,
}

/// What follows the commit under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Leaving {
    Revoked,
    ShutDown,
}

impl Ledger {
    /// A loop that has seen nothing, and its first command.
    pub fn start(setting: Setting) -> (Self, Vec<Command>) {
        let ledger = Self {
            setting,
            phase: Phase::Following(Restore::default()),
            state: State::default(),
            last: None,
            open: None,
            waiting: VecDeque::new(),
            torn: BTreeSet::new(),
            published: OutputTails::new(),
            leaving: None,
            failures: 0,
            starts: 0,
            now_ms: 0,
            committed_ms: i64::MIN / 2,
            heard_ms: i64::MIN / 2,
            rules_sent_ms: i64::MIN / 2,
            work_left: false,
        };
        (ledger, vec![Command::Follow])
    }

    /// The state, for those who look at it.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// True while entries of the log may be handed in.
    pub fn wants_entries(&self) -> bool {
        matches!(self.phase, Phase::Running) && self.waiting.len() < self.setting.batch_entries_max
    }

    /// True while an open batch waits for its time to be committed.
    pub fn has_open_batch(&self) -> bool {
        self.open.as_ref().is_some_and(|open| !open.is_empty())
    }

    /// Takes one report.
    pub fn on(&mut self, input: Input) -> Vec<Command> {
        match input {
            Input::Assigned => self.assigned(),
            Input::Revoked { lost } => self.revoked(lost),
            Input::ProducerReady => self.producer_ready(),
            Input::StateBegins { last_transaction } => self.state_begins(last_transaction),
            Input::StateRead(records) => self.state_read(records),
            Input::StateEnd { log_start, log_end } => self.state_end(log_start, log_end),
            Input::Silent => self.silent(),
            Input::OutputsRead(tails) => self.outputs_read(tails),
            Input::Polled { entries, now_ms } => self.polled(entries, now_ms),
            Input::Committed { now_ms } => self.committed(now_ms),
            Input::CommitUnknown => self.commit_unknown(),
            Input::CheckpointRead { last, torn } => self.checkpoint_read(last, torn),
            Input::Fenced => self.fenced(),
            Input::ShutDown => self.shut_down(),
        }
    }

    fn polled(&mut self, entries: Vec<LogEntry>, now_ms: i64) -> Vec<Command> {
        self.now_ms = now_ms;
        if !matches!(self.phase, Phase::Running) {
            // Read before a takeover began; the log is read again from the Checkpoint.
            return Vec::new();
        }
        if !entries.is_empty() {
            self.heard_ms = now_ms;
        }
        self.waiting.extend(entries);
        let mut commands = self.send_rules();
        commands.extend(self.advance(now_ms));
        commands
    }

    /// Rules of this instance that are newer than those in force are sent, and again where they were lost.
    fn send_rules(&mut self) -> Vec<Command> {
        let newer = ownership::is_newer(&self.setting.rules, self.state.rules());
        if !newer || self.now_ms.saturating_sub(self.rules_sent_ms) < RULES_AGAIN_MS {
            return Vec::new();
        }
        self.rules_sent_ms = self.now_ms;
        vec![Command::SendRules(Box::new(self.setting.rules.clone()))]
    }

    /// Fills the open batch from what waits, and commits it when it is full, or nothing waits and its time has come.
    fn advance(&mut self, now_ms: i64) -> Vec<Command> {
        let mut full = false;
        while !full && let Some(entry) = self.waiting.pop_front() {
            let expected = self.state.marks.log_position;
            if entry.offset != expected {
                let why = format!("comity.log goes from offset {expected} to {}", entry.offset);
                return self.stop(Fault::Data(why));
            }
            let new_rules = matches!(entry.body, Body::Rules(_));
            let transaction = self.last.as_ref().map_or(0, |last| last.transaction) + 1;
            let (state, torn) = (&mut self.state, &self.torn);
            let open = self.open.get_or_insert_with(|| Open::new(state, transaction, torn));
            open.take(state, entry);
            full = open.is_full(self.setting.batch_entries_max);
            if new_rules && let Some(fault) = ownership::fault(&self.setting.rules, self.state.rules()) {
                // What the newer rules decide is for an instance that has them: nothing of this batch is committed.
                return self.stop(fault);
            }
        }
        let due = now_ms.saturating_sub(self.committed_ms) >= self.setting.commit_interval_ms;
        if self.has_open_batch() && (full || due || self.leaving.is_some()) {
            return self.commit();
        }
        if self.has_open_batch() {
            return Vec::new();
        }
        self.tick(now_ms)
    }

    /// A quiet log gets a `Tick`; due work that is left gets one at once.
    fn tick(&mut self, now_ms: i64) -> Vec<Command> {
        let quiet = now_ms.saturating_sub(self.heard_ms) >= TICK_AFTER_MS;
        if !(quiet || self.work_left) {
            return Vec::new();
        }
        self.heard_ms = now_ms;
        self.work_left = false;
        vec![Command::SendTick]
    }

    fn commit(&mut self) -> Vec<Command> {
        let Some(open) = self.open.take() else { return Vec::new() };
        match open.seal(&self.state, &self.setting.cluster_id, &self.published) {
            Ok((transaction, sealed)) => {
                self.phase = Phase::Committing(Box::new(sealed));
                vec![Command::Commit(Box::new(transaction))]
            }
            Err(output) => {
                let why = format!("{output:?} holds another record than the log gives under the same sequence");
                self.stop(Fault::Data(why))
            }
        }
    }

    fn committed(&mut self, now_ms: i64) -> Vec<Command> {
        let Phase::Committing(sealed) = mem::replace(&mut self.phase, Phase::Running) else {
            return self.stop(Fault::Data("a commit was reported that was not commanded".to_owned()));
        };
        let mut commands = self.published_batch(*sealed);
        self.now_ms = now_ms;
        self.committed_ms = now_ms;
        match self.leaving {
            Some(_) => commands.extend(self.leave()),
            None => commands.extend(self.advance(now_ms)),
        }
        commands
    }

    /// A batch is known to be committed.
    fn published_batch(&mut self, sealed: Sealed) -> Vec<Command> {
        self.failures = 0;
        self.starts = 0;
        self.torn.clear();
        open::prune(&mut self.published, &sealed.checkpoint.marks.sequences);
        self.work_left = sealed.tally.work_left;
        self.last = Some(sealed.checkpoint.clone());
        let (checkpoint, tally, shown) = sealed.shown();
        vec![Command::Publish { checkpoint: Box::new(checkpoint), tally, shown }]
    }

    fn commit_unknown(&mut self) -> Vec<Command> {
        let Phase::Committing(sealed) = mem::replace(&mut self.phase, Phase::Ended) else {
            return self.stop(Fault::Data("a commit was reported that was not commanded".to_owned()));
        };
        self.failures += 1;
        if self.failures > FAILURES_MAX {
            let why = format!("a transaction failed {FAILURES_MAX} times in a row");
            return self.stop(Fault::Unavailable(why));
        }
        self.phase = Phase::Resolving(sealed);
        if fault::planted(Planted::ProducerKeptAfterUnclearCommit) {
            return self.producer_ready();
        }
        // The same producer could commit half of what it sends next under the answer to this commit.
        vec![Command::NewProducer]
    }

    /// The last `Checkpoint` decides what became of the batch.
    fn checkpoint_read(&mut self, last: Option<Checkpoint>, torn: BTreeSet<Key>) -> Vec<Command> {
        let Phase::Resolving(sealed) = mem::replace(&mut self.phase, Phase::Comparing) else {
            return self.stop(Fault::Data("a Checkpoint was read that was not asked for".to_owned()));
        };
        let mut commands = Vec::new();
        if last.as_ref() == Some(&sealed.checkpoint) {
            commands.extend(self.published_batch(*sealed));
        } else if sealed.stands_on(last.as_ref()) {
            sealed.undo(&mut self.state, &mut self.waiting);
            self.torn.extend(torn);
            commands.push(Command::CountUndone);
        } else {
            // Another owner was there in between: nothing that this one remembers counts.
            self.forget();
            self.phase = Phase::Restoring(Restore::default());
            return vec![Command::CountUndone, Command::Follow];
        }
        commands.push(Command::ReadOutputs(self.next_sequences()));
        commands
    }

    fn outputs_read(&mut self, tails: OutputTails) -> Vec<Command> {
        if !matches!(self.phase, Phase::Comparing) {
            return Vec::new();
        }
        if let Some(fault) = self.behind(&tails) {
            return self.stop(fault);
        }
        self.phase = Phase::Running;
        self.published = if fault::planted(Planted::OutputsNotCompared) { OutputTails::new() } else { tails };
        open::prune(&mut self.published, &self.state.marks.sequences);
        if self.leaving.is_some() {
            return self.leave();
        }
        // What still waits after an unclear commit was read before: the log goes on behind it.
        let position = self.waiting.back().map_or(self.state.marks.log_position, |entry| entry.offset + 1);
        let mut commands = vec![Command::ReadLog { position }];
        self.rules_sent_ms = i64::MIN / 2;
        commands.extend(self.send_rules());
        // A whole batch may wait, and the shell reads no entries on top of that.
        if !self.waiting.is_empty() {
            commands.extend(self.advance(self.now_ms));
        }
        commands
    }

    /// An output that ends before what the `Checkpoint` says was sent has lost alerts, which no replay brings back.
    fn behind(&self, tails: &OutputTails) -> Option<Fault> {
        let (output, last, sent) = self.next_sequences().into_iter().find_map(|(output, next)| {
            // An output without records tells nothing: retention may have emptied it.
            let (last, _) = tails.get(&output)?.last_key_value()?;
            (*last < next - 1).then_some((output, *last, next - 1))
        })?;
        Some(Fault::Data(format!("{output:?} ends at sequence {last}, the last Checkpoint at {sent}")))
    }

    /// The next sequence of every output that this instance's rules know of: its members are those in force or more,
    /// since an entry that a torn transaction took may have brought some.
    fn next_sequences(&self) -> BTreeMap<Output, i64> {
        let sequences = &self.state.marks.sequences;
        Output::all(self.setting.rules.members.len())
            .map(|output| (output, sequences.get(output).unwrap_or(1)))
            .collect()
    }

    /// Drops all that is remembered.
    fn forget(&mut self) {
        self.state = State::default();
        self.last = None;
        self.open = None;
        self.waiting.clear();
        self.torn.clear();
        self.published.clear();
        self.work_left = false;
    }

    fn stop(&mut self, fault: Fault) -> Vec<Command> {
        self.phase = Phase::Ended;
        vec![Command::Stop(fault)]
    }
}
