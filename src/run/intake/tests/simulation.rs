//! Intake against a broker made of vectors, through failures drawn from a seed. What the log then means is worked out
//! by the ledger's rule for positions, written here once more: every record of every source counts exactly once.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::{Assigned, Command, Input, Intake, Limits, Position, Rates};
use super::lane;

/// A small generator (SplitMix64): the same seed gives the same run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.roll() % end
    }

    fn one_in(&mut self, chances: u64) -> bool {
        self.below(chances) == 0
    }
}

/// A source partition: which offsets hold a record, and from where on it still has them.
struct Partition {
    holds: Vec<bool>,
    low: i64,
    /// `[from, to)` of a batch that nobody can decode.
    bad: Option<(i64, i64)>,
    committed: Option<Position>,
}

/// What a log entry stands for: its source, and `[from, offset]` of it.
#[derive(Clone, Copy)]
struct Entry {
    source: usize,
    from: i64,
    offset: i64,
    gap: bool,
}

struct World {
    dice: Dice,
    partitions: Vec<Partition>,
    log: Vec<Entry>,
    /// Entries with the producer, by tag, oldest first.
    producer: Vec<(usize, Entry)>,
    /// Where the consumer reads; empty while nothing is assigned.
    reading: Vec<i64>,
    /// Whether it gives records of a source.
    paused: Vec<bool>,
    /// Records of the backfill that were taken, those among them that were taken again.
    backfilled: u32,
    /// Times that a pause was written down, and times that the operator released the platform.
    pauses: [usize; 2],
    commit: Option<Vec<(usize, Position)>>,
    inbox: Vec<Input>,
    now_ms: i64,
    done: bool,
}

/// The last is a backfill; the first platform runs away.
const TOPICS: [&str; 3] = ["t0", "t1", "t2.backfill"];
const BACKFILL_RECORDS_PER_SECOND: u32 = 80;
const EVENTS_PER_MINUTE: u32 = 25;

impl World {
    fn new(seed: u64) -> Self {
        let mut dice = Dice(seed);
        let mut partition = |_| {
            let holds: Vec<bool> = (0..20 + dice.below(40)).map(|_| !dice.one_in(6)).collect();
            let low = if dice.one_in(3) { i64::try_from(dice.below(8)).unwrap() } else { 0 };
            let bad = dice.one_in(2).then(|| {
                let from = 8 + i64::try_from(dice.below(6)).unwrap();
                (from, from + 1 + i64::try_from(dice.below(4)).unwrap())
            });
            Partition { holds, low, bad, committed: None }
        };
        let partitions = (0..3).map(&mut partition).collect();
        let (log, producer, reading, inbox) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let (paused, backfilled, pauses) = (vec![false; 3], 0, [0; 2]);
        let (commit, now_ms, done) = (None, 0, false);
        Self { dice, partitions, log, producer, reading, paused, backfilled, pauses, commit, inbox, now_ms, done }
    }

    fn high(&self, source: usize) -> i64 {
        i64::try_from(self.partitions[source].holds.len()).unwrap()
    }

    fn assign(&self) -> Input {
        let given = |source: usize| Assigned {
            topic: Arc::from(TOPICS[source]),
            partition: 0,
            lane: lane(TOPICS[source]),
            committed: self.partitions[source].committed,
            low: self.partitions[source].low,
            high: self.high(source),
        };
        Input::Assigned((0..self.partitions.len()).map(given).collect())
    }

    /// What the consumer gives next of one source: a record, an error, nothing.
    fn consume(&mut self, source: usize) -> Option<Input> {
        let offset = *self.reading.get(source)?;
        // Now and then the client gives what it had fetched before it was told to pause.
        if self.paused[source] && !self.dice.one_in(4) {
            return None;
        }
        let partition = &self.partitions[source];
        if offset < partition.low {
            return Some(Input::OutOfRange { source, low: partition.low, high: self.high(source) });
        }
        if let Some((from, to)) = partition.bad
            && (from..to).contains(&offset)
        {
            return Some(Input::Undecodable { source, offset });
        }
        let held = *partition.holds.get(usize::try_from(offset).unwrap())?;
        self.reading[source] += 1;
        held.then_some(Input::Record { source, offset, stamped_at: self.now_ms })
    }

    /// Something happens.
    fn turn(&mut self, intake: &Intake) -> Option<Input> {
        if !self.inbox.is_empty() {
            return Some(self.inbox.remove(0));
        }
        match self.dice.below(12) {
            0..=4 if intake.wants_records() => {
                let source = usize::try_from(self.dice.below(3)).unwrap();
                self.consume(source)
            }
            5..=7 => self.deliver(),
            8 if self.commit.is_some() => self.commit.take().map(|positions| {
                let accepted = !self.dice.one_in(5);
                for (source, position) in positions {
                    if accepted {
                        self.partitions[source].committed = Some(position);
                    }
                }
                Input::Committed { accepted, took_ms: 0 }
            }),
            8 => {
                // Where nothing follows, a reader of its own may say so, once the source was read to there or before.
                let source = usize::try_from(self.dice.below(3)).unwrap();
                let partition = &self.partitions[source];
                let from = intake.position(source)?.max(partition.low);
                let none = readable(partition, from).is_empty() && partition.bad.is_none_or(|(_, to)| to <= from);
                none.then(|| Input::Empty { source, from, to: self.high(source) })
            }
            9 if self.dice.one_in(6) && !self.reading.is_empty() => Some(self.fail_delivery()),
            10 if self.dice.one_in(15) && !self.reading.is_empty() => {
                let lost = self.dice.one_in(2);
                if lost {
                    self.commit = None;
                }
                Some(Input::Revoked { lost })
            }
            11 if self.dice.one_in(10) => {
                // Retention moves on, now and then past what was not read.
                let source = usize::try_from(self.dice.below(3)).unwrap();
                let low = (self.partitions[source].low + 2).min(self.high(source));
                self.partitions[source].low = low;
                None
            }
            10 if self.paused.first() == Some(&true) && self.dice.one_in(4) => {
                self.pauses[1] += 1;
                Some(Input::Platform { platform: Arc::from("t0"), paused: false, since: self.now_ms })
            }
            _ => {
                self.now_ms += 3;
                Some(Input::Time(self.now_ms))
            }
        }
    }

    fn deliver(&mut self) -> Option<Input> {
        if self.producer.is_empty() {
            return None;
        }
        let (tag, entry) = self.producer.remove(0);
        self.log.push(entry);
        Some(Input::Delivered { tag })
    }

    /// The first entry is lost; of those behind it some get into the log all the same.
    fn fail_delivery(&mut self) -> Input {
        let rest = std::mem::take(&mut self.producer);
        for (_, entry) in rest.into_iter().skip(1) {
            if self.dice.one_in(2) {
                self.log.push(entry);
            }
        }
        Input::NotDelivered
    }

    fn execute(&mut self, command: Command) {
        let is_gap = matches!(command, Command::AppendGap { .. });
        match command {
            Command::Start(positions) => {
                self.reading = positions;
                // Kafka's client forgets what was paused.
                self.paused = vec![false; 3];
            }
            Command::Pause { source } => self.paused[source] = true,
            Command::Resume { source } => self.paused[source] = false,
            Command::RecordPause { source } => {
                assert_eq!(source, 0, "only the first platform has a bound");
                self.pauses[0] += 1;
            }
            Command::AppendRecord { tag, at } | Command::AppendGap { tag, at, .. } => {
                let source = TOPICS.iter().position(|topic| **topic == *at.topic).unwrap();
                assert!(!self.paused[source] || is_gap, "nothing is read of what is paused");
                if source == 2 && !is_gap {
                    self.backfilled += 1;
                }
                // A gap is told from a record by what the partition holds, not by what intake says of it.
                let held = self.partitions[source].holds[usize::try_from(at.offset).unwrap()];
                let bad = self.partitions[source].bad.is_some_and(|(from, to)| (from..to).contains(&at.offset));
                let gap = !held || bad || at.offset < self.partitions[source].low;
                self.producer.push((tag, Entry { source, from: at.from, offset: at.offset, gap }));
            }
            Command::NewProducer => self.producer.clear(),
            Command::Seek { source, position } => {
                if let Some(reading) = self.reading.get_mut(source) {
                    *reading = position;
                }
            }
            Command::Commit(positions) => self.commit = Some(positions),
            Command::FindBatchEnd { source, .. } => {
                let (_, next) = self.partitions[source].bad.unwrap();
                self.inbox.push(Input::BatchEnds { source, next });
            }
            Command::Unassign => {
                self.reading.clear();
                self.commit = None;
                let assign = self.assign();
                self.inbox.push(assign);
            }
            Command::WentBack { .. } => panic!("no source went back"),
            Command::Done => self.done = true,
            Command::Alarm(_) => {}
        }
    }

    /// The ledger's rule: which offsets of each source were taken, by entries that say so.
    fn taken(&self) -> Vec<(i64, Vec<i64>)> {
        let mut sources = vec![(0_i64, Vec::new()); self.partitions.len()];
        for entry in &self.log {
            let (position, offsets) = &mut sources[entry.source];
            if entry.from <= *position && *position <= entry.offset {
                if !entry.gap {
                    offsets.push(entry.offset);
                }
                *position = entry.offset + 1;
            }
        }
        sources
    }
}

/// The records that can be read of a source from a position on: the model that knows nothing of intake.
fn readable(partition: &Partition, from: i64) -> Vec<i64> {
    let bad = |offset: i64| partition.bad.is_some_and(|(from, to)| (from..to).contains(&offset));
    let held = partition.holds.iter().enumerate().filter(|(_, held)| **held);
    held.map(|(offset, _)| i64::try_from(offset).unwrap()).filter(|offset| *offset >= from && !bad(*offset)).collect()
}

fn run(seed: u64) -> World {
    let mut world = World::new(seed);
    let events_per_minute_max = BTreeMap::from([(Arc::from("t0"), EVENTS_PER_MINUTE)]);
    let rates = Rates { backfill_records_per_second_max: BACKFILL_RECORDS_PER_SECOND, events_per_minute_max };
    let mut intake = Intake::new(Limits { in_flight_max: 5, commit_interval_ms: 5, rates });
    let first = world.assign();
    world.inbox.push(first);
    let mut commands = Vec::new();
    let (mut rounds, mut ending) = (0, false);
    while !world.done {
        rounds += 1;
        assert!(rounds < 200_000, "seed {seed}: intake does not come to its end");
        let read = (0..3).all(|source| {
            let last = readable(&world.partitions[source], 0).last().map_or(0, |last| last + 1);
            intake.position(source).is_some_and(|position| position >= last)
        });
        if read && !ending && world.producer.is_empty() && intake.in_flight() == 0 && world.inbox.is_empty() {
            // The end comes only now, so that everything readable has to be there; drains have tests of their own.
            world.inbox.push(Input::ShutDown);
            ending = true;
        }
        if let Some(input) = world.turn(&intake) {
            intake.step(input, &mut commands);
            for command in commands.drain(..) {
                world.execute(command);
            }
        }
        // One assignment adds a gap entry for each of three sources on top of what is in flight.
        assert!(intake.in_flight() <= 5 + 3, "seed {seed}: in flight without bound");
        check_committed(&world, seed);
        // A slice is there from the start, and no more than the rate comes to it.
        let saved = BACKFILL_RECORDS_PER_SECOND / 4 + u32::try_from(world.now_ms).unwrap() * 80 / 1_000;
        assert!(world.backfilled <= saved, "seed {seed}: {} of the backfill in {} ms", world.backfilled, world.now_ms);
    }
    world
}

/// Nothing is ever committed that the log does not hold, in order.
fn check_committed(world: &World, seed: u64) {
    for (source, (position, _)) in world.taken().into_iter().enumerate() {
        let Position { offset, from } = world.partitions[source].committed.unwrap_or_default();
        assert!(from <= position, "seed {seed}: source {source} committed {from}, the log has {position}");
        let skipped = readable(&world.partitions[source], position);
        let skipped = skipped.first().is_some_and(|first| *first < offset);
        assert!(!skipped, "seed {seed}: source {source} committed {offset}, the log has {position}");
    }
}

#[test]
fn every_readable_record_is_taken_exactly_once_in_order() {
    let (mut records, mut ends, mut pauses) = (0, 0, [0; 2]);
    for seed in 0..400 {
        let world = run(seed);
        pauses.iter_mut().zip(world.pauses).for_each(|(all, of_one)| *all += of_one);
        for (source, (position, offsets)) in world.taken().into_iter().enumerate() {
            assert!(offsets.is_sorted_by(|before, after| before < after), "seed {seed}: {offsets:?}");
            let partition = &world.partitions[source];
            let sure = readable(partition, partition.low);
            let missing: Vec<_> = sure.iter().filter(|offset| !offsets.contains(offset)).collect();
            assert!(missing.is_empty(), "seed {seed}: source {source} lacks {missing:?}, position {position}");
            let end = partition.committed.unwrap_or_default().offset;
            ends += usize::from(end == world.high(source));
            let every = readable(partition, 0);
            assert!(offsets.iter().all(|offset| every.contains(offset)), "seed {seed}: invented a record");
            assert!(position >= every.last().map_or(0, |last| last + 1), "seed {seed}: stopped at {position}");
            records += offsets.len();
        }
    }
    assert!(ends > 300, "the end of a source was committed {ends} times only");
    assert!(pauses.iter().all(|times| *times > 100), "paused and released too seldom: {pauses:?}");
    assert!(records > 20_000, "the runs were too small to mean anything: {records}");
}
