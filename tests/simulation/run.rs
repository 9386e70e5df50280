//! A run: instances above one Kafka, taken through a history, and then left alone until everything is worked off.

use std::collections::{BTreeMap, VecDeque};
use std::ops::RangeInclusive;
use std::panic::{self, AssertUnwindSafe};

use comity::model::decision::Output;
use comity::model::entry::Body;
use comity::model::place::{DAY_MS, Jurisdiction};
use comity::run::intake::Position;
use comity::run::ledger::Fault;
use comity::schema::log::encode_entry;
use comity::schema::state::CHECKPOINT_KEY;

use crate::broker::{Broker, Record};
use crate::chance::Chance;
use crate::group::Group;
use crate::inputs::{self, Sources};
use crate::intake;
use crate::ledger;
use crate::planted::{self, Plant};
use crate::story::Story;
use crate::turns::{Half, History, NODES_MAX, Step, Turn, Written};
use crate::verdict;
use crate::world::START;

mod trouble;

pub(crate) const LOG: &str = "comity.log";
pub(crate) const STATE: &str = "comity.state";
/// The ledger's group, and the id of its transactions.
pub(crate) const ID: &str = "comity-test-ledger";
/// Rounds until a run that is left alone must have come to rest.
const ROUNDS_MAX: usize = 60_000;
/// A run has come to rest once nothing was left to do for so many rounds, and a tick must have been sent.
const QUIET_ROUNDS: usize = 40;
const QUIET_MS: i64 = 1_500;
/// Rounds until an instance has come to where it is to stand still.
const ZOMBIE_ROUNDS_MAX: usize = 60;
/// Rounds, about, until an entry of a producer that was given up arrives.
const GHOST_ROUNDS: usize = 16;
/// Transactions after a torn one after each of which a fresh instance is tried.
const WATCHED_TRANSACTIONS: usize = 3;
/// What the clock may go on at once without that being a fault.
const CLOCK_PLAIN_MS: RangeInclusive<i64> = 0..=61_000;
/// Time that a round takes.
const ROUND_MS: i64 = 2;

pub(crate) fn output_topic(output: Output, members: &[Jurisdiction]) -> String {
    let of = |member: u8| members[usize::from(member)];
    match output {
        Output::Alerts(member) => format!("comity.alerts.{}", of(member)),
        Output::Status(member) => format!("comity.status.{}", of(member)),
        Output::Disputes(member) => format!("comity.disputes.{}", of(member)),
        Output::Test(_) => "comity.alerts.test".to_owned(),
        Output::Rejects => "comity.rejects".to_owned(),
        Output::National => "comity.alerts.national".to_owned(),
        Output::NationalStatus => "comity.status.national".to_owned(),
        Output::Archive => "comity.archive".to_owned(),
        Output::Review => "comity.review".to_owned(),
        Output::Overdue => "comity.overdue".to_owned(),
    }
}

/// What a source published, and what of it retention took.
#[derive(Debug, Default)]
pub(crate) struct Published {
    /// Offsets of committed records, with their values.
    pub(crate) records: BTreeMap<i64, Vec<u8>>,
}

pub(crate) struct World<'s> {
    pub(crate) sources: &'s Sources,
    pub(crate) broker: Broker,
    pub(crate) published: Vec<Published>,
    pub(crate) committed: BTreeMap<usize, Position>,
    pub(crate) story: Story,
    plant: Option<Plant>,
    intake_group: Group,
    ledger_group: Group,
    intakes: Vec<Option<intake::Instance>>,
    pub(crate) ledgers: Vec<Option<ledger::Instance>>,
    ghosts: Vec<VecDeque<Vec<u8>>>,
    rules_version: usize,
    batch_entries_max: usize,
    in_flight_max: usize,
    mono_ms: i64,
    /// Since the last look at it an EndTxn has committed half of a transaction.
    pub(crate) torn: bool,
    /// So many of the next transactions leave a state that a fresh instance is tried with.
    watched: usize,
}

impl<'s> World<'s> {
    fn new(sources: &'s Sources, history: &History, plant: Option<Plant>, story: Story) -> Self {
        let mut broker = Broker::default();
        broker.now = START;
        broker.never_fences = plant == Some(Plant::NeverFences);
        broker.append(LOG, Record::plain(encode_entry(&Body::Rules(Box::new(inputs::rules(1))))));
        let mut world = Self {
            sources,
            broker,
            published: (0..sources.count()).map(|_| Published::default()).collect(),
            committed: BTreeMap::new(),
            story,
            plant,
            intake_group: Group::new(false, sources.count()),
            ledger_group: Group::new(true, 1),
            intakes: (0..NODES_MAX).map(|_| None).collect(),
            ledgers: (0..NODES_MAX).map(|_| None).collect(),
            ghosts: Vec::new(),
            rules_version: 1,
            batch_entries_max: history.batch_entries_max,
            in_flight_max: history.in_flight_max,
            mono_ms: 0,
            torn: false,
            watched: 0,
        };
        for node in 0..history.nodes {
            world.start(node, Half::Intake);
            world.start(node, Half::Ledger);
        }
        world
    }

    fn start(&mut self, node: usize, half: Half) {
        match half {
            Half::Intake if self.intakes[node].is_none() => {
                let in_flight_max = self.in_flight_max;
                self.with_intake(|below, intakes| {
                    intakes[node] = Some(intake::Instance::new(node, in_flight_max, below));
                });
            }
            Half::Ledger if self.ledgers[node].is_none() => {
                // No two that follow each other end their batches at the same entries.
                let most = (self.batch_entries_max + node * 3) % 53 + 1;
                let skew_ms = i64::try_from(node).expect("few") * 90_000;
                let rules = inputs::rules(self.rules_version);
                self.ledgers[node] = Some(ledger::Instance::new(node, rules, most, skew_ms));
            }
            Half::Intake | Half::Ledger => return,
        }
        self.story.tell(|| format!("{half:?} {node} starts"));
    }

    fn with_intake<T>(
        &mut self,
        act: impl FnOnce(&mut intake::Below<'_>, &mut Vec<Option<intake::Instance>>) -> T,
    ) -> T {
        let mut below = intake::Below {
            broker: &mut self.broker,
            group: &mut self.intake_group,
            committed: &mut self.committed,
            ghosts: &mut self.ghosts,
            sources: self.sources,
            story: &mut self.story,
            plant: self.plant,
            mono_ms: self.mono_ms,
        };
        act(&mut below, &mut self.intakes)
    }

    fn pass(&mut self) {
        self.mono_ms += ROUND_MS;
        self.broker.now += ROUND_MS;
    }

    fn round(&mut self, node: usize, half: Half, chance: &mut Chance) {
        self.pass();
        if !self.ghosts.is_empty() && chance.once_in(GHOST_ROUNDS) {
            self.ghost(1, chance);
        }
        match half {
            Half::Intake => self.with_intake(|below, intakes| {
                if let Some(instance) = &mut intakes[node] {
                    instance.round(chance, below);
                    if instance.done {
                        below.group.leave(node);
                        intakes[node] = None;
                    }
                }
            }),
            Half::Ledger => self.ledger_round(node, chance),
        }
    }

    fn ledger_round(&mut self, node: usize, chance: &mut Chance) {
        let Some(instance) = &mut self.ledgers[node] else { return };
        planted::set_wall_ms(self.broker.now + instance.skew_ms);
        let mut below = ledger::Below {
            broker: &mut self.broker,
            group: &mut self.ledger_group,
            story: &mut self.story,
            plant: self.plant,
            mono_ms: self.mono_ms,
        };
        let before = below.broker.positions.get(ID).copied();
        instance.round(chance, &mut below);
        let tore = std::mem::take(&mut self.broker.tore);
        self.torn |= tore;
        if tore {
            self.watched = WATCHED_TRANSACTIONS;
        } else if self.watched > 0 && self.broker.positions.get(ID).copied() != before {
            self.watched -= 1;
            ledger::restored(&self.broker, inputs::rules(inputs::RULES_MAX));
        }
        if instance.dies && self.broker.is_torn(ID) {
            self.story.meet(&format!("ledger {node}"), "killed with half of its transaction committed");
            return self.kill(node, Half::Ledger, 0, chance);
        }
        if !instance.done {
            return;
        }
        if let Some(Fault::Data(why)) = &instance.fault {
            panic!("a ledger stops for the data's sake: {why}");
        }
        let outdated = matches!(instance.fault, Some(Fault::Configuration(_)));
        if matches!(instance.fault, Some(Fault::Unavailable(_))) {
            self.story.meet(&format!("ledger {node}"), "gives up");
        }
        assert!(!outdated || self.rules_version > 1, "rules are refused: {:?}", instance.fault);
        self.ledger_group.leave(node);
        self.ledgers[node] = None;
        if outdated {
            self.story.meet(&format!("ledger {node}"), "outdated rules");
            // The operator gives it the newest rules.
            self.start(node, Half::Ledger);
        }
    }

    fn take(&mut self, step: &Step) {
        let mut chance = Chance::new(step.salt);
        self.story.tell(|| format!("— {:?}", step.turn));
        match step.turn {
            Turn::Publish { source, count, written } => self.publish(source, count, written, &mut chance),
            Turn::Storm { count } => {
                for number in 0..count {
                    let value = inputs::storm(number, self.broker.now);
                    self.write(0, value, Written::Plainly);
                }
            }
            Turn::Work { node, half, rounds } => (0..rounds).for_each(|_| self.round(node, half, &mut chance)),
            Turn::All { rounds } => (0..rounds).for_each(|_| self.round_of_all(&mut chance)),
            Turn::Clock { ms } => {
                self.broker.now += ms;
                if !CLOCK_PLAIN_MS.contains(&ms) {
                    self.story.fault("a clock steps");
                }
            }
            Turn::Days { count } => {
                for _ in 0..count {
                    self.broker.now += DAY_MS;
                    self.broker.append(LOG, Record::plain(encode_entry(&Body::Tick)));
                }
            }
            Turn::Compact => self.compact(),
            Turn::Rules => self.rules_version = (self.rules_version + 1).min(inputs::RULES_MAX),
            Turn::Retention { source, keep } => {
                let topic = self.sources.topic(source);
                let keep = i64::try_from(keep).expect("few");
                let before = self.broker.end_of(topic) - keep;
                self.broker.drop_before(topic, before);
            }
            Turn::Ghost { count } => self.ghost(count, &mut chance),
            Turn::TimeOut => {
                if self.broker.time_out(ID) {
                    self.story.meet("Kafka", "a transaction takes too long");
                    self.story.fault("a transaction takes too long");
                }
            }
            Turn::LateEnd => self.torn |= self.broker.deliver_late_end(ID),
            Turn::Kill { .. }
            | Turn::Start { .. }
            | Turn::ShutDown { .. }
            | Turn::Expire { .. }
            | Turn::Rebalance { .. }
            | Turn::Zombie { .. }
            | Turn::Cut { .. }
            | Turn::Fate { .. }
            | Turn::Delivery { .. }
            | Turn::CommitRefused { .. } => self.trouble(&step.turn, &mut chance),
        }
    }

    /// `min.compaction.lag.ms` is an hour, and a torn transaction is made whole before that: what its values stand in
    /// for is never taken away while they are not covered.
    pub(crate) fn compact(&mut self) {
        let all = self.broker.all(STATE);
        let last = all.iter().rfind(|read| read.record.key.as_deref() == Some(CHECKPOINT_KEY));
        if let Some(last) = last {
            self.broker.compact(STATE, last.offset + 1);
        }
    }

    fn publish(&mut self, source: usize, count: usize, written: Written, chance: &mut Chance) {
        for _ in 0..count {
            let recipient = self.sources.topic(source).strip_prefix("comity.acks.");
            let told = recipient.map(|code| self.broker.all(&format!("comity.alerts.{code}"))).unwrap_or_default();
            let value = inputs::record(self.sources, source, chance, self.broker.now, &told);
            self.write(source, value, written);
        }
    }

    fn write(&mut self, source: usize, value: Vec<u8>, written: Written) {
        let topic = self.sources.topic(source).to_owned();
        let offset = match written {
            Written::Plainly => self.broker.append(&topic, Record::plain(value.clone())),
            Written::InTransaction | Written::Aborted => {
                let epoch = self.broker.init(&topic);
                let offset = self.broker.end_of(&topic);
                self.broker.produce(&topic, epoch, &topic, Record::plain(value.clone())).expect("its own producer");
                self.broker
                    .end(&topic, epoch, written == Written::InTransaction, (&topic, 0))
                    .expect("its own producer");
                offset
            }
        };
        let text = || String::from_utf8_lossy(&value).into_owned();
        self.story.tell(|| format!("{topic}@{offset} {written:?}: {}", text()));
        if written != Written::Aborted {
            self.published[source].records.insert(offset, value);
        }
    }

    fn round_of_all(&mut self, chance: &mut Chance) {
        let node = chance.below(NODES_MAX);
        let half = if chance.once_in(2) { Half::Intake } else { Half::Ledger };
        self.round(node, half, chance);
    }

    /// Faults have ended: everyone is started, and runs until nothing is left to do.
    fn settle(&mut self) {
        self.story.tell(|| "— no more faults".to_owned());
        let mut chance = Chance::new(7);
        for node in 0..NODES_MAX {
            for half in [Half::Intake, Half::Ledger] {
                self.start(node, half);
            }
            if let Some(instance) = &mut self.ledgers[node] {
                instance.next_fate = None;
            }
            if let Some(instance) = &mut self.intakes[node] {
                instance.next_delivery = None;
                instance.refuse_commit = false;
            }
        }
        let (mut quiet, mut rests_ms) = (0, None);
        for round in 0..ROUNDS_MAX {
            if round % 400 == 0 {
                for node in 0..NODES_MAX {
                    self.start(node, Half::Intake);
                    self.start(node, Half::Ledger);
                }
            }
            self.round_of_all(&mut chance);
            quiet = if self.is_idle() { quiet + 1 } else { 0 };
            let rests = quiet > QUIET_ROUNDS;
            if rests && self.mono_ms > *rests_ms.get_or_insert(self.mono_ms) + QUIET_MS {
                return;
            }
        }
        panic!("nothing comes to rest: {}", self.standing());
    }

    fn is_idle(&mut self) -> bool {
        let log_end = self.broker.end_of(LOG);
        let owner = self.owner().is_some_and(|owner| {
            !owner.is_sending() && !owner.ledger.has_open_batch() && owner.ledger.state().marks.log_position == log_end
        });
        owner
            && self.broker.positions.get(ID) == Some(&log_end)
            && self.with_intake(|below, intakes| intakes.iter().flatten().all(|instance| instance.is_idle(below)))
    }

    fn standing(&self) -> String {
        let positions: Vec<_> = self.ledgers.iter().flatten().map(|at| at.ledger.state().marks.log_position).collect();
        format!(
            "the log ends at {}, ledgers stand at {positions:?}, committed {:?}, sources {:?}",
            self.broker.end_of(LOG),
            self.broker.positions.get(ID),
            self.committed
        )
    }

    pub(crate) fn owner(&self) -> Option<&ledger::Instance> {
        self.ledger_group.holder().and_then(|node| self.ledgers[node].as_ref())
    }
}

/// What a run left in the topics.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Left(pub(crate) String);

/// Takes a run through its history and looks at everything that it left; panics where something is wrong.
pub(crate) fn run(sources: &Sources, history: &History, plant: Option<Plant>, story: &mut Story) -> Left {
    planted::plant(plant);
    let mut world = World::new(sources, history, plant, std::mem::take(story));
    let outcome = panic::catch_unwind(AssertUnwindSafe(|| {
        for step in &history.steps {
            world.take(step);
            verdict::of_now(&mut world);
        }
        world.settle();
        verdict::of_the_end(&mut world);
    }));
    *story = std::mem::take(&mut world.story);
    if let Err(panic) = outcome {
        panic::resume_unwind(panic);
    }
    Left(world.broker.dump())
}
