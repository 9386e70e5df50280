//! An instance of intake: the real loop and the real `intake::handle`, and a shell that executes the loop's commands on
//! the Kafka of the simulation.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use comity::intake::handle;
use comity::model::entry::Body;
use comity::model::record::{RawRecord, SourcePosition};
use comity::model::rejection::{Reason, Rejection};
use comity::run::intake::{Assigned, Command, Input, Intake, Lane, Limits, Position, Rates};
use comity::schema::log::encode_entry;

use crate::broker::{Broker, Record};
use crate::chance::Chance;
use crate::group::{Group, Told};
use crate::inputs::Sources;
use crate::planted::Plant;
use crate::run::LOG;
use crate::story::Story;

/// What intake's instances and the world share.
pub(crate) struct Below<'w> {
    pub(crate) broker: &'w mut Broker,
    pub(crate) group: &'w mut Group,
    /// What the group has committed, by source.
    pub(crate) committed: &'w mut BTreeMap<usize, Position>,
    /// What producers that were given up may still write.
    pub(crate) ghosts: &'w mut Vec<VecDeque<Vec<u8>>>,
    pub(crate) sources: &'w Sources,
    pub(crate) story: &'w mut Story,
    pub(crate) plant: Option<Plant>,
    pub(crate) mono_ms: i64,
}

/// What becomes of the next delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Delivery {
    /// The entry is not in the log, and so many of those behind it still come there.
    Lost { ghosts: usize },
    /// The entry is in the log, but the producer is told that it is not.
    Unheard { ghosts: usize },
}

/// A partition as the consumer has it.
#[derive(Debug)]
struct Tap {
    source: usize,
    position: i64,
    paused: bool,
}

#[derive(Debug)]
pub(crate) struct Instance {
    pub(crate) node: usize,
    intake: Intake,
    taps: Vec<Tap>,
    generation: u64,
    /// Entries that the producer has and the broker has not.
    queue: VecDeque<(usize, Vec<u8>)>,
    /// What the producer has not reported yet.
    reports: VecDeque<Input>,
    pub(crate) next_delivery: Option<Delivery>,
    /// So many entries of a producer that is given up are under way and still arrive.
    ghosts: usize,
    /// The next commit of positions is refused or does not arrive.
    pub(crate) refuse_commit: bool,
    pub(crate) done: bool,
}

impl Instance {
    pub(crate) fn new(node: usize, in_flight_max: usize, below: &mut Below<'_>) -> Self {
        let rates = Rates { backfill_records_per_second_max: 8, events_per_minute_max: BTreeMap::new() };
        let intake = Intake::new(Limits { in_flight_max, commit_interval_ms: 50, rates });
        below.group.join(node);
        Self {
            node,
            intake,
            taps: Vec::new(),
            generation: 0,
            queue: VecDeque::new(),
            reports: VecDeque::new(),
            next_delivery: None,
            ghosts: 0,
            refuse_commit: false,
            done: false,
        }
    }

    fn name(&self) -> String {
        format!("intake {}", self.node)
    }

    pub(crate) fn is_sending(&self) -> bool {
        !self.queue.is_empty()
    }

    /// True where nothing is under way and everything that the sources hold is committed.
    pub(crate) fn is_idle(&self, below: &Below<'_>) -> bool {
        let settled = |(place, tap): (usize, &Tap)| {
            let end = below.broker.end_of(below.sources.topic(tap.source));
            self.intake.position(place) == self.intake.committed(place) && tap.position >= end
        };
        self.queue.is_empty() && self.reports.is_empty() && self.taps.iter().enumerate().all(settled)
    }

    /// One round: time, the group, deliveries, one record, one entry to the broker; not all of it each time.
    pub(crate) fn round(&mut self, chance: &mut Chance, below: &mut Below<'_>) {
        self.hear(Input::Time(below.mono_ms), None, below);
        if let Some(told) = below.group.hear(self.node) {
            below.story.tell(|| format!("intake {}: the group says {told:?}", self.node));
            self.told(told, below);
        }
        if chance.below(4) > 0
            && let Some(report) = self.reports.pop_front()
        {
            self.hear(report, None, below);
        }
        if chance.below(5) > 0 && self.intake.wants_records() {
            self.fetch(chance, below);
        }
        if chance.below(4) > 0 {
            self.send(below);
        }
    }

    fn told(&mut self, told: Told, below: &mut Below<'_>) {
        match told {
            Told::Revoked { lost } => self.hear(Input::Revoked { lost }, None, below),
            Told::Assigned { partitions, generation } => {
                self.generation = generation;
                self.taps =
                    partitions.iter().map(|source| Tap { source: *source, position: 0, paused: false }).collect();
                let given = partitions.iter().map(|source| Assigned {
                    topic: Arc::from(below.sources.topic(*source)),
                    partition: 0,
                    lane: Lane {
                        platform: Arc::from(below.sources.platform(*source).definition.name.as_str()),
                        backfill: below.sources.is_backfill(*source),
                    },
                    committed: below.committed.get(source).copied(),
                    low: below.broker.low(below.sources.topic(*source)),
                    high: below.broker.end_of(below.sources.topic(*source)),
                });
                let given = given.collect();
                self.hear(Input::Assigned(given), None, below);
            }
        }
    }

    /// The consumer gives one record, or says what it found instead.
    fn fetch(&mut self, chance: &mut Chance, below: &mut Below<'_>) {
        if self.taps.is_empty() {
            return;
        }
        let place = chance.below(self.taps.len());
        let Tap { source, position, paused } = self.taps[place];
        let topic = below.sources.topic(source).to_owned();
        let (low, end) = (below.broker.low(&topic), below.broker.end_of(&topic));
        if paused {
            return;
        }
        if position < low {
            return self.hear(Input::OutOfRange { source: place, low, high: end }, None, below);
        }
        let Some(read) = below.broker.read(&topic, position, 1).pop() else {
            if position < end {
                self.taps[place].position = end;
                below.story.meet(&self.name(), "a range without records");
                self.hear(Input::Empty { source: place, from: position, to: end }, None, below);
            }
            return;
        };
        self.taps[place].position = read.offset + 1;
        let input = Input::Record { source: place, offset: read.offset, stamped_at: read.stamped_at };
        self.hear(input, Some((read.record.value.clone(), read.stamped_at)), below);
        if below.plant == Some(Plant::CommitsBeforeDelivery) {
            below.committed.insert(source, Position { offset: read.offset + 1, from: read.offset + 1 });
        }
    }

    /// The producer sends one entry.
    fn send(&mut self, below: &mut Below<'_>) {
        let Some((tag, value)) = self.queue.pop_front() else { return };
        let (arrives, ghosts) = match self.next_delivery.take() {
            None => {
                below.broker.append(LOG, Record::plain(value));
                self.reports.push_back(Input::Delivered { tag });
                return;
            }
            Some(Delivery::Lost { ghosts }) => (false, ghosts),
            Some(Delivery::Unheard { ghosts }) => (true, ghosts),
        };
        if arrives {
            below.broker.append(LOG, Record::plain(value));
        }
        let what = if arrives { "a delivery is not heard of" } else { "a delivery fails" };
        below.story.meet(&self.name(), what);
        below.story.fault(what);
        self.ghosts = ghosts;
        if below.plant == Some(Plant::SkipsFailedDelivery) {
            self.reports.push_back(Input::Delivered { tag });
        } else {
            self.reports.push_back(Input::NotDelivered);
        }
    }

    fn hear(&mut self, input: Input, record: Option<(Option<Vec<u8>>, i64)>, below: &mut Below<'_>) {
        let mut commands = Vec::new();
        self.intake.step(input, &mut commands);
        while !commands.is_empty() {
            let mut answers = Vec::new();
            for command in commands.drain(..) {
                answers.extend(self.execute(command, record.as_ref(), below));
            }
            for answer in answers {
                self.intake.step(answer, &mut commands);
            }
        }
    }

    fn execute(
        &mut self,
        command: Command,
        record: Option<&(Option<Vec<u8>>, i64)>,
        below: &mut Below<'_>,
    ) -> Option<Input> {
        match command {
            Command::Start(positions) => {
                for (tap, position) in self.taps.iter_mut().zip(positions) {
                    tap.position = position;
                }
            }
            Command::AppendRecord { tag, at } => {
                let (value, stamped_at) = record.expect("the record just reported");
                let platform = below.sources.of_topic(&at.topic);
                let value = value.as_deref();
                let raw = RawRecord { at: &at, value, source_version: None, test: false, published_at: *stamped_at };
                self.queue.push_back((tag, encode_entry(&handle(platform, &raw, None))));
            }
            Command::AppendGap { tag, at, .. } => {
                below.story.meet(&self.name(), "a source lost records");
                below.story.fault("a source loses records");
                self.queue.push_back((tag, encode_entry(&gap(&at, below))));
            }
            Command::NewProducer => {
                // What the broker had not answered is given up with the producer; it may still arrive.
                let left = std::mem::take(&mut self.queue);
                below.ghosts.push(left.into_iter().take(self.ghosts).map(|(_, value)| value).collect());
                self.reports.clear();
            }
            Command::Seek { source, position } => self.taps[source].position = position,
            Command::Pause { source } => {
                below.story.meet(&self.name(), "a backfill waits");
                self.taps[source].paused = true;
            }
            Command::Resume { source } => {
                self.taps[source].paused = false;
                self.taps[source].position = self.intake.position(source).expect("a source");
            }
            Command::Commit(positions) => return Some(self.commit(&positions, below)),
            Command::Unassign => {
                self.taps.clear();
                below.group.released(self.node);
            }
            Command::Alarm(_) | Command::RecordPause { .. } | Command::FindBatchEnd { .. } => {}
            Command::WentBack { source, position, high } => {
                panic!("source {source} went back from {position} to {high}");
            }
            Command::Done => self.done = true,
        }
        None
    }

    fn commit(&mut self, positions: &[(usize, Position)], below: &mut Below<'_>) -> Input {
        let refused = std::mem::take(&mut self.refuse_commit);
        if refused {
            below.story.fault("a commit of positions is refused");
        }
        let accepted = below.group.may_commit(self.node, self.generation) && !refused;
        if !accepted {
            below.story.meet(&self.name(), "a commit of positions is refused");
        }
        for (place, position) in positions.iter().filter(|_| accepted) {
            below.committed.insert(self.taps[*place].source, *position);
        }
        below.story.tell(|| format!("intake {}: commits {positions:?}: {accepted}", self.node));
        Input::Committed { accepted, took_ms: 1 }
    }

    pub(crate) fn shut_down(&mut self, below: &mut Below<'_>) {
        self.hear(Input::ShutDown, None, below);
    }

    /// What the process leaves in the network when it is killed.
    pub(crate) fn leaves(self, ghosts: usize) -> VecDeque<Vec<u8>> {
        self.queue.into_iter().take(ghosts).map(|(_, value)| value).collect()
    }
}

/// What the shell makes of a range that the source lost.
fn gap(at: &SourcePosition, below: &Below<'_>) -> Body {
    Body::Rejection(Box::new(Rejection {
        at: at.clone(),
        platform: below.sources.of_topic(&at.topic).definition.name.clone(),
        reason: Reason::SourceGap,
        detail: None,
        field: None,
        size_bytes: 0,
        digest: None,
        payload: None,
        reported_at: below.broker.now,
    }))
}
