//! The loop of intake: one source record in, one entry of the log out, in order; source positions are committed only
//! after their entries are delivered.
//!
//! It never skips a record in silence: an entry says from which position on it stands for the source, a range that the
//! source itself lost becomes an entry of its own, and after a failed delivery it goes back to the last record that was
//! delivered without a gap. Sending twice is harmless, because the ledger keeps a position for each source.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::model::place::Millis;
use crate::model::record::SourcePosition;

mod admission;
mod commit;
mod source;

use admission::{Admission, Took};
use source::{Flight, Source};

pub use admission::{Lane, Rates};

/// Explicit errors at one offset of one partition before its batch is passed over.
const UNDECODABLE_TIMES: u32 = 3;
/// How long a partition that was taken away waits for deliveries and commits, in milliseconds.
const DRAIN_MS_MAX: i64 = 10_000;
/// How long a source may hold records and give none before that is an alarm, in milliseconds.
const STALLED_MS: i64 = 30_000;

/// A partition of a platform's topic, by its place in the last `Input::Assigned`.
pub type SourceId = usize;

/// What the shell reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// The group gave these partitions; it replaces whatever was assigned before.
    Assigned(Vec<Assigned>),
    /// The group takes all partitions away; `lost`: it has given them to others already.
    Revoked { lost: bool },
    /// The consumer gave a record; it carries this time, by Kafka, and none that is still to come.
    Record { source: SourceId, offset: i64, stamped_at: Millis },
    /// An entry is in the log.
    Delivered { tag: usize },
    /// An entry is not in the log as far as the producer knows, or the producer can write no more.
    NotDelivered,
    /// A commit was answered, after this long: it holds the shell up.
    Committed { accepted: bool, took_ms: i64 },
    /// The source does not hold the position at which it was to be read; it holds `[low, high)`.
    OutOfRange { source: SourceId, low: i64, high: i64 },
    /// Reading the source alone, from this position, gave an explicit decoding error. Silence is none.
    Undecodable { source: SourceId, offset: i64 },
    /// The answer to `FindBatchEnd`: the first offset after it that can be read.
    BatchEnds { source: SourceId, next: i64 },
    /// The source ends here now.
    End { source: SourceId, high: i64 },
    /// `[from, to)` of the source holds no record and never will: markers of transactions, records of aborted ones.
    Empty { source: SourceId, from: i64, to: i64 },
    /// Whether a platform is paused, and since when by the broker's clock: the operator's word or an instance's.
    Platform { platform: Arc<str>, paused: bool, since: Millis },
    /// The process clock, in milliseconds; it comes with every round of the shell.
    Time(i64),
    /// The operator ends the process.
    ShutDown,
}

/// A partition that the group gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assigned {
    pub topic: Arc<str>,
    pub partition: i32,
    pub lane: Lane,
    /// The group's committed position, or the ledger's where the group has none any more; `None` where neither has one.
    pub committed: Option<Position>,
    /// The first offset that the partition still holds.
    pub low: i64,
    /// The offset after its last.
    pub high: i64,
}

/// A position of a source as the group keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Position {
    /// Where it is read next.
    pub offset: i64,
    /// The position after the last record that became an entry. Between the two stand no records, and the next entry
    /// says that it stands from here: the ledger knows nothing of what holds no record.
    pub from: i64,
}

/// What the shell must do, in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Begin to read all assigned sources, each at its position.
    Start(Vec<i64>),
    /// Append the entry for the record just reported to the log.
    AppendRecord { tag: usize, at: SourcePosition },
    /// Append a rejection for the range `[from, offset]`, which the source does not hold or cannot give.
    AppendGap { tag: usize, source: SourceId, at: SourcePosition },
    /// Drop the producer with everything that it still holds, and make another.
    NewProducer,
    /// Read a source from this position on.
    Seek { source: SourceId, position: i64 },
    /// Give no records of a source until it is resumed; the next one is then that at its position.
    Pause { source: SourceId },
    /// Give its records again.
    Resume { source: SourceId },
    /// Write down for every instance, and for the next start, that the platform of a source is paused.
    RecordPause { source: SourceId },
    /// Commit these positions.
    Commit(Vec<(SourceId, Position)>),
    /// Find where the batch ends that cannot be decoded at this position.
    FindBatchEnd { source: SourceId, position: i64 },
    /// Tell the group that its partitions are free.
    Unassign,
    /// Tell the operator.
    Alarm(Alarm),
    /// Nothing can go on: a source went back behind the position that is already committed.
    WentBack { source: SourceId, position: i64, high: i64 },
    /// Everything is drained: leave.
    Done,
}

/// What an operator must know of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alarm {
    /// The source lost the range `[from, to)`: an entry says so.
    SourceGap { source: SourceId, from: i64, to: i64 },
    /// A delivery failed; intake goes back.
    DeliveryFailed,
    /// Positions could not be committed; they will be with the next commit.
    CommitFailed,
    /// The source holds records from this position on and gives none.
    Stalled { source: SourceId, position: i64 },
    /// Its platform sent more than it may within a minute, and is paused until the operator releases it.
    Runaway { source: SourceId },
    /// Deliveries or commits took too long when partitions had to be given up.
    NotDrained,
}

/// Bounds and pace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Entries handed to the producer and not yet delivered, at most.
    pub in_flight_max: usize,
    /// From one commit to the next, at least.
    pub commit_interval_ms: i64,
    pub rates: Rates,
}

/// The state of the loop.
#[derive(Debug)]
pub struct Intake {
    limits: Limits,
    sources: Vec<Source>,
    admission: Admission,
    /// Entries handed to the producer, oldest first; the first has the tag `first_tag`.
    flights: VecDeque<Flight>,
    first_tag: usize,
    phase: Phase,
    now_ms: i64,
    committed_at_ms: i64,
    commit_pause_ms: i64,
    committing: Option<Vec<(SourceId, Position)>>,
    /// True from a commit that was refused to the next answer.
    refused: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Reading,
    /// Partitions were taken away: they are given up once drained.
    GivingUp {
        until_ms: i64,
    },
    ShuttingDown {
        until_ms: i64,
    },
    Done,
}

impl Intake {
    /// A loop without partitions.
    pub fn new(limits: Limits) -> Self {
        Self {
            admission: Admission::new(limits.rates.clone()),
            sources: Vec::new(),
            flights: VecDeque::new(),
            first_tag: 0,
            phase: Phase::Reading,
            now_ms: 0,
            committed_at_ms: i64::MIN,
            commit_pause_ms: limits.commit_interval_ms,
            limits,
            committing: None,
            refused: false,
        }
    }

    /// False while enough is in flight: the shell then polls deliveries only, and the consumer's own queue, which is
    /// bounded in bytes, holds the broker back.
    pub fn wants_records(&self) -> bool {
        self.flights.len() < self.limits.in_flight_max
    }

    /// Entries handed to the producer and not yet delivered.
    pub fn in_flight(&self) -> usize {
        self.flights.len()
    }

    /// The position at which a source is read next.
    pub fn position(&self, source: SourceId) -> Option<i64> {
        self.sources.get(source).map(Source::reads_at)
    }

    /// The position that the group has of a source, 0 where it has none.
    pub fn committed(&self, source: SourceId) -> Option<i64> {
        self.sources.get(source).map(|known| known.committed.unwrap_or_default().offset)
    }

    /// Takes one report and appends what must be done.
    pub fn step(&mut self, input: Input, commands: &mut Vec<Command>) {
        match input {
            Input::Assigned(assigned) => self.assigned(assigned, commands),
            Input::Revoked { lost } => self.revoked(lost, commands),
            Input::Record { source, offset, stamped_at } => self.record(source, offset, stamped_at, commands),
            Input::Delivered { tag } => self.delivered(tag),
            Input::NotDelivered => self.go_back(commands),
            Input::Committed { accepted, took_ms } => self.commit_answered(accepted, took_ms, commands),
            Input::OutOfRange { source, low, high } => self.out_of_range(source, low, high, commands),
            Input::Undecodable { source, offset } => self.undecodable(source, offset, commands),
            Input::BatchEnds { source, next } => self.batch_ends(source, next, commands),
            Input::End { source, high } => {
                if let Some(known) = self.sources.get_mut(source) {
                    known.high = high;
                }
            }
            Input::Empty { source, from, to } => self.empty(source, from, to),
            Input::Platform { platform, paused, since } => {
                self.admission.set(&platform, paused, since);
                self.pause_and_resume(commands);
            }
            Input::Time(now_ms) => self.time(now_ms, commands),
            Input::ShutDown => self.shut_down(),
        }
        self.commit_or_end(commands);
    }

    fn assigned(&mut self, assigned: Vec<Assigned>, commands: &mut Vec<Command>) {
        if self.phase != Phase::Reading {
            return;
        }
        self.forget_sources();
        for given in assigned {
            let Position { offset: position, from } = given.committed.unwrap_or_default();
            let tap = self.admission.tap(&given.lane.platform);
            self.sources.push(Source {
                topic: given.topic,
                partition: given.partition,
                lane: given.lane,
                tap,
                paused: false,
                next: from,
                empty: (from, position),
                delivered: from,
                committed: given.committed,
                high: given.high,
                resume_at: None,
                undecodable: 0,
                progress_ms: self.now_ms,
            });
            let source = self.sources.len() - 1;
            if position > given.high {
                commands.push(Command::WentBack { source, position, high: given.high });
            } else if position < given.low {
                self.append_gap(source, given.low, commands);
            }
        }
        commands.push(Command::Start(self.sources.iter().map(Source::reads_at).collect()));
        self.pause_and_resume(commands);
    }

    fn revoked(&mut self, lost: bool, commands: &mut Vec<Command>) {
        if lost {
            self.forget_sources();
            if matches!(self.phase, Phase::GivingUp { .. }) {
                self.phase = Phase::Reading;
            }
            commands.push(Command::Unassign);
        } else if self.phase == Phase::Reading {
            self.phase = Phase::GivingUp { until_ms: self.now_ms.saturating_add(DRAIN_MS_MAX) };
        }
    }

    fn record(&mut self, source: SourceId, offset: i64, stamped_at: Millis, commands: &mut Vec<Command>) {
        if self.phase != Phase::Reading {
            return;
        }
        let now_ms = self.now_ms;
        let Some(known) = self.sources.get_mut(source) else { return };
        if offset < known.next {
            // Read before the last step back; it comes, or came, in its turn.
            return;
        }
        if known.paused {
            // Fetched before the pause, or the client has forgotten that: it comes again once the source is resumed.
            commands.extend([Command::Pause { source }, Command::Seek { source, position: known.reads_at() }]);
            return;
        }
        let passed_over = offset > known.reads_at() && known.undecodable > 0;
        let misses = known.resume_at.is_some_and(|first| offset != first);
        if passed_over || misses {
            // The consumer has passed over a damaged batch by itself, or gives what it had fetched before a step back:
            // neither may look like an empty range.
            commands.push(Command::Seek { source, position: known.reads_at() });
            return;
        }
        let at = position(known, offset);
        known.next = offset + 1;
        known.resume_at = None;
        known.undecodable = 0;
        known.progress_ms = now_ms;
        let took = self.admission.take(known.tap, known.lane.backfill, stamped_at);
        let tag = self.take_off(Flight { source, to: offset + 1, gap: false, delivered: false });
        commands.push(Command::AppendRecord { tag, at });
        if took != Took::Alike {
            self.pause_and_resume(commands);
        }
        if took == Took::RunsAway {
            commands.extend([Command::Alarm(Alarm::Runaway { source }), Command::RecordPause { source }]);
        }
    }

    /// Tells the consumer what may be read and what not, where that has changed.
    fn pause_and_resume(&mut self, commands: &mut Vec<Command>) {
        for (source, known) in self.sources.iter_mut().enumerate() {
            let paused = !self.admission.may_read(known.tap, known.lane.backfill);
            if paused != known.paused {
                known.paused = paused;
                commands.push(if paused { Command::Pause { source } } else { Command::Resume { source } });
            }
        }
    }

    fn delivered(&mut self, tag: usize) {
        let Some(place) = tag.checked_sub(self.first_tag) else { return };
        let Some(flight) = self.flights.get_mut(place) else { return };
        flight.delivered = true;
        while self.flights.front().is_some_and(|first| first.delivered) {
            let Some(first) = self.flights.pop_front() else { return };
            self.first_tag += 1;
            if let Some(known) = self.sources.get_mut(first.source) {
                assert!(known.delivered < first.to, "entries of one source are delivered in order");
                known.delivered = first.to;
            }
        }
    }

    /// Everything after the first entry that is not delivered is sent again by a new producer: the old one may still
    /// write what it holds, which the ledger knows as sent twice or as beyond a gap.
    fn go_back(&mut self, commands: &mut Vec<Command>) {
        for flight in self.flights.iter().rev() {
            if let Some(known) = self.sources.get_mut(flight.source) {
                known.resume_at = (!flight.gap).then_some(flight.to - 1);
            }
        }
        self.forget_flights();
        commands.push(Command::Alarm(Alarm::DeliveryFailed));
        commands.push(Command::NewProducer);
        for (source, known) in self.sources.iter_mut().enumerate() {
            if known.next != known.delivered {
                known.next = known.delivered;
                known.undecodable = 0;
                commands.push(Command::Seek { source, position: known.reads_at() });
            }
        }
    }

    fn out_of_range(&mut self, source: SourceId, low: i64, high: i64, commands: &mut Vec<Command>) {
        let Some(known) = self.sources.get(source) else { return };
        let position = known.reads_at();
        if self.phase != Phase::Reading || (low..=high).contains(&position) {
            return;
        }
        if position > high {
            commands.push(Command::WentBack { source, position, high });
        } else {
            self.append_gap(source, low, commands);
            commands.push(Command::Seek { source, position: low });
        }
    }

    fn undecodable(&mut self, source: SourceId, offset: i64, commands: &mut Vec<Command>) {
        let Some(known) = self.sources.get_mut(source) else { return };
        if self.phase != Phase::Reading || offset != known.reads_at() {
            return;
        }
        known.undecodable = known.undecodable.saturating_add(1);
        if known.undecodable >= UNDECODABLE_TIMES {
            commands.push(Command::FindBatchEnd { source, position: offset });
        }
    }

    fn batch_ends(&mut self, source: SourceId, next: i64, commands: &mut Vec<Command>) {
        let Some(known) = self.sources.get(source) else { return };
        if self.phase != Phase::Reading || known.undecodable < UNDECODABLE_TIMES || next <= known.reads_at() {
            return;
        }
        self.append_gap(source, next, commands);
        commands.push(Command::Seek { source, position: next });
    }

    /// A report that began elsewhere, as before a step back, says nothing of what is read next.
    fn empty(&mut self, source: SourceId, from: i64, to: i64) {
        if let Some(known) = self.sources.get_mut(source)
            && from <= known.reads_at()
        {
            known.empty = (known.next, to.max(known.reads_at()));
        }
    }

    fn time(&mut self, now_ms: i64, commands: &mut Vec<Command>) {
        self.now_ms = now_ms;
        if self.admission.time(now_ms) {
            self.pause_and_resume(commands);
        }
        let busy = !self.wants_records();
        for (source, known) in self.sources.iter_mut().enumerate() {
            if busy || known.paused || known.reads_at() >= known.high {
                known.progress_ms = known.progress_ms.max(now_ms);
            } else if now_ms.saturating_sub(known.progress_ms) >= STALLED_MS {
                known.progress_ms = now_ms;
                commands.push(Command::Alarm(Alarm::Stalled { source, position: known.reads_at() }));
            }
        }
    }

    fn shut_down(&mut self) {
        match self.phase {
            Phase::Reading | Phase::GivingUp { .. } => {
                self.phase = Phase::ShuttingDown { until_ms: self.now_ms.saturating_add(DRAIN_MS_MAX) };
            }
            Phase::ShuttingDown { .. } | Phase::Done => {}
        }
    }

    fn append_gap(&mut self, source: SourceId, to: i64, commands: &mut Vec<Command>) {
        let now_ms = self.now_ms;
        let Some(known) = self.sources.get_mut(source) else { return };
        let from = known.next;
        let at = position(known, to - 1);
        known.next = to;
        known.resume_at = None;
        known.undecodable = 0;
        known.progress_ms = now_ms;
        let tag = self.take_off(Flight { source, to, gap: true, delivered: false });
        commands.push(Command::Alarm(Alarm::SourceGap { source, from, to }));
        commands.push(Command::AppendGap { tag, source, at });
    }

    fn take_off(&mut self, flight: Flight) -> usize {
        self.flights.push_back(flight);
        self.first_tag + self.flights.len() - 1
    }

    fn forget_sources(&mut self) {
        self.forget_flights();
        self.sources.clear();
        self.committing = None;
    }

    /// Tags of forgotten entries are never given again, so a late report of theirs means nothing.
    fn forget_flights(&mut self) {
        self.first_tag += self.flights.len();
        self.flights.clear();
    }
}

fn position(source: &Source, offset: i64) -> SourcePosition {
    SourcePosition { topic: Arc::clone(&source.topic), partition: source.partition, from: source.next, offset }
}

#[cfg(test)]
mod tests;
