//! Two instances, one Kafka, and everything that can go wrong by chance; a seed gives the same run again.

use comity::model::code::Kind;
use comity::model::event::InfractionEvent;
use comity::run::ledger::Input;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::instance::{Instance, setting};
use crate::kafka::{Fate, Kafka, MEMBERS};
use crate::world::{original, revised, rules, subject};

#[derive(Debug, Clone)]
enum Turn {
    Event(u8),
    Revision(u8),
    /// The owner reads, decides and commits; its transaction has this fate.
    Work(Fate),
    Second,
    /// The owner is killed and another instance takes over; the dead one starts anew as a standby.
    Kill,
    /// The owner is killed between sending a transaction of this fate and hearing of it.
    KillInCommit(Fate),
    /// The group gives the partition to the other while the owner is paused: it still believes.
    Steal,
    HandOver,
    Compact,
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        4 => Just(Fate::Committed),
        1 => Just(Fate::Lost),
        1 => Just(Fate::CommittedUnclear),
        2 => (0..1_500_usize).prop_map(Fate::Torn),
    ]
}

fn turn() -> impl Strategy<Value = Turn> {
    prop_oneof![
        6 => (0..12_u8).prop_map(Turn::Event),
        3 => (0..12_u8).prop_map(Turn::Revision),
        5 => fate().prop_map(Turn::Work),
        1 => Just(Turn::Second),
        1 => Just(Turn::Kill),
        1 => fate().prop_map(Turn::KillInCommit),
        1 => Just(Turn::Steal),
        1 => Just(Turn::HandOver),
        1 => Just(Turn::Compact),
    ]
}

/// The original of a case; every third names two numbers of its organisation.
fn finding(id: u8) -> InfractionEvent {
    let numbers: &[&str] = if id.is_multiple_of(3) { &["A", "B"] } else { &["A"] };
    InfractionEvent { subject: Some(subject("Acme Ltd", numbers)), ..original(&format!("case {id}")) }
}

struct World {
    kafka: Kafka,
    owner: Instance,
    standby: Instance,
    /// The largest batch of the next instance: no two that follow each other end their batches at the same entries.
    batch_entries_max: usize,
}

impl World {
    fn new(batch_entries_max: usize) -> Self {
        let mut kafka = Kafka::new();
        let fresh = || Instance::with(setting(rules(1, MEMBERS), batch_entries_max));
        let (mut owner, mut standby) = (fresh(), fresh());
        owner.own(&mut kafka);
        standby.settle(&mut kafka);
        Self { kafka, owner, standby, batch_entries_max }
    }

    fn fresh(&mut self) -> Instance {
        self.batch_entries_max = self.batch_entries_max % 7 + 2;
        let mut fresh = Instance::with(setting(rules(1, MEMBERS), self.batch_entries_max));
        fresh.settle(&mut self.kafka);
        fresh
    }

    fn take(&mut self, turn: &Turn) {
        match turn {
            Turn::Event(id) => self.kafka.event(&finding(*id)),
            Turn::Revision(id) => {
                let title = format!("at {}", self.kafka.log.len());
                self.kafka.event(&revised(&finding(*id), Kind::Supplement, &title));
            }
            Turn::Work(fate) => {
                self.kafka.fates.push_back(*fate);
                self.owner.settle(&mut self.kafka);
                self.kafka.fates.clear();
            }
            Turn::Second => {
                self.owner.quiet_second(&mut self.kafka);
                self.owner.settle(&mut self.kafka);
            }
            Turn::Kill => self.kill(),
            Turn::KillInCommit(fate) => {
                self.kafka.fates.push_back(*fate);
                self.owner.hold = Some(if *fate == Fate::Committed { "Publish" } else { "NewProducer" });
                self.owner.settle(&mut self.kafka);
                self.kafka.fates.clear();
                self.kill();
            }
            Turn::Steal => {
                self.standby.own(&mut self.kafka);
                std::mem::swap(&mut self.owner, &mut self.standby);
                // The one that was paused goes on as if nothing had been.
                self.standby.settle(&mut self.kafka);
                if self.standby.joined {
                    self.standby.hear(Input::Revoked { lost: true }, &mut self.kafka);
                    self.standby.settle(&mut self.kafka);
                }
            }
            Turn::HandOver => {
                self.owner.hear(Input::Revoked { lost: false }, &mut self.kafka);
                self.owner.settle(&mut self.kafka);
                self.standby.own(&mut self.kafka);
                std::mem::swap(&mut self.owner, &mut self.standby);
            }
            // Followers have read what compaction takes away: min.compaction.lag.ms is an hour.
            Turn::Compact if self.torn() == 0 => {
                self.kafka.compact();
                self.standby = self.fresh();
            }
            Turn::Compact => {}
        }
    }

    fn torn(&self) -> usize {
        self.kafka.last_checkpoint().1.len()
    }

    fn kill(&mut self) {
        self.standby.own(&mut self.kafka);
        self.owner = self.fresh();
        std::mem::swap(&mut self.owner, &mut self.standby);
    }
}

#[test]
fn whatever_happens_each_alert_is_published_once() {
    let turns = (proptest::collection::vec(turn(), 1..60), 1..6_usize);
    let mut runner = TestRunner::new(Config { cases: 400, failure_persistence: None, ..Config::default() });
    let outcome = runner.run(&turns, |(turns, batch_entries_max)| {
        let mut world = World::new(batch_entries_max);
        for turn in &turns {
            world.take(turn);
            prop_assert!(world.owner.fault.is_none(), "{:?}", world.owner.fault);
            world.owner.assert_view_right(&world.kafka);
            world.standby.assert_view_right(&world.kafka);
        }
        world.owner.settle(&mut world.kafka);
        world.kafka.assert_right();
        prop_assert_eq!(world.owner.dump(), world.kafka.reference().1.dump());
        let last = world.kafka.last_checkpoint().0.map(|last| last.transaction);
        prop_assert_eq!(world.owner.assert_view_right(&world.kafka), last, "the owner shows all that is committed");
        let mut next = Instance::new();
        next.own(&mut world.kafka);
        prop_assert_eq!(next.dump(), world.kafka.reference().1.dump());
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}
