//! What goes wrong, and how often it did: a fault counts where it met somebody.

use comity::run::ledger::Input;

use super::{World, ZOMBIE_ROUNDS_MAX};
use crate::broker::Record;
use crate::chance::Chance;
use crate::intake::{self, Delivery};
use crate::ledger::{self, Fate};
use crate::run::LOG;
use crate::turns::{Half, NODES_MAX, Turn};

impl World<'_> {
    pub(super) fn trouble(&mut self, turn: &Turn, chance: &mut Chance) {
        match *turn {
            Turn::Kill { node, half, ghosts } => self.kill(node, half, ghosts, chance),
            Turn::Start { node, half } => self.start(node, half),
            Turn::ShutDown { node, half: Half::Intake } => self.with_intake(|below, intakes| {
                if let Some(instance) = &mut intakes[node] {
                    instance.shut_down(below);
                }
            }),
            Turn::ShutDown { node, half: Half::Ledger } => {
                if let Some(instance) = self.ledgers[node].as_mut().filter(|instance| !instance.is_sending()) {
                    instance.hear(Input::ShutDown);
                }
            }
            Turn::Expire { node, half } => self.expire(node, half, "a session runs out"),
            Turn::Rebalance { half } => {
                let group = match half {
                    Half::Intake => &mut self.intake_group,
                    Half::Ledger => &mut self.ledger_group,
                };
                group.rebalance();
                if (0..NODES_MAX).any(|node| group.holds(node)) {
                    self.story.fault("a rebalance");
                }
            }
            Turn::Zombie { node, half, rounds } => self.zombie(node, half, rounds, chance),
            Turn::Cut { node, fate, rounds, lasts } => self.cut(node, fate, rounds, lasts, chance),
            Turn::Fate { node, fate, deaf, dies } => {
                // Mostly the owner, since others end no transaction; but a zombie takes itself for one.
                let node = self.ledger_group.holder().filter(|_| !chance.once_in(3)).unwrap_or(node);
                if let Some(instance) = &mut self.ledgers[node] {
                    instance.next_fate = Some(fate);
                    instance.deaf = deaf;
                    instance.dies = dies;
                }
            }
            Turn::Delivery { node, delivery } => {
                if let Some(instance) = &mut self.intakes[node] {
                    instance.next_delivery = Some(delivery);
                }
            }
            Turn::CommitRefused { node } => {
                if let Some(instance) = &mut self.intakes[node] {
                    instance.refuse_commit = true;
                }
            }
            _ => {}
        }
    }

    /// The group gives a member up, where it has it; `what` is the fault.
    fn expire(&mut self, node: usize, half: Half, what: &str) {
        let group = match half {
            Half::Intake => &mut self.intake_group,
            Half::Ledger => &mut self.ledger_group,
        };
        let known = group.has(node);
        group.expire(node);
        if known {
            self.story.fault(what);
        }
    }

    fn zombie(&mut self, node: usize, half: Half, rounds: usize, chance: &mut Chance) {
        let in_doubt = chance.once_in(2);
        let mut met = false;
        if let Some(ledger) = self.ledgers[node].as_mut().filter(|_| in_doubt && half == Half::Ledger) {
            ledger.next_fate.get_or_insert(Fate::AnswerLost);
        }
        for _ in 0..ZOMBIE_ROUNDS_MAX {
            let ledger = self.ledgers[node].as_ref();
            met = match half {
                Half::Intake => self.intakes[node].as_ref().is_some_and(intake::Instance::is_sending),
                Half::Ledger if in_doubt => ledger.is_some_and(ledger::Instance::is_in_doubt),
                Half::Ledger => ledger.is_some_and(ledger::Instance::is_sending),
            };
            if met {
                break;
            }
            self.round(node, half, chance);
        }
        self.expire(node, half, if met { "a zombie in the middle of something" } else { "a zombie" });
        for _ in 0..rounds {
            let other = (node + 1 + chance.below(NODES_MAX - 1)) % NODES_MAX;
            self.round(other, half, chance);
        }
        (0..rounds).for_each(|_| self.round(node, half, chance));
    }

    fn cut(&mut self, node: usize, fate: Fate, rounds: usize, lasts: bool, chance: &mut Chance) {
        if let Some(intake) = &mut self.intakes[node] {
            let ghosts = chance.below(3);
            intake.next_delivery = Some(chance.pick(&[Delivery::Lost { ghosts }, Delivery::Unheard { ghosts }]));
            intake.refuse_commit = true;
        }
        if let Some(ledger) = &mut self.ledgers[node] {
            ledger.next_fate = Some(fate);
        }
        // What of it meets somebody is a fault where it does.
        self.story.meet(&format!("process {node}"), "is cut off");
        for half in [Half::Intake, Half::Ledger].into_iter().filter(|_| lasts) {
            self.expire(node, half, "a session runs out");
            for _ in 0..rounds {
                let other = (node + 1 + chance.below(NODES_MAX - 1)) % NODES_MAX;
                self.round(other, half, chance);
            }
        }
        for _ in 0..rounds {
            self.round(node, if chance.once_in(2) { Half::Intake } else { Half::Ledger }, chance);
        }
    }

    /// A process dies. The group may not notice before it is back.
    pub(super) fn kill(&mut self, node: usize, half: Half, ghosts: usize, chance: &mut Chance) {
        let noticed = chance.once_in(2);
        let lived = match half {
            Half::Intake => {
                let instance = self.intakes[node].take();
                let lived = instance.is_some();
                self.ghosts.extend(instance.map(|instance| instance.leaves(ghosts)));
                if noticed {
                    self.intake_group.leave(node);
                }
                lived
            }
            Half::Ledger => {
                let lived = self.ledgers[node].take().is_some();
                if noticed {
                    self.ledger_group.leave(node);
                }
                lived
            }
        };
        if lived {
            self.story.fault("a process is killed");
        }
    }

    pub(super) fn ghost(&mut self, count: usize, chance: &mut Chance) {
        if self.ghosts.is_empty() {
            return;
        }
        let which = chance.below(self.ghosts.len());
        for _ in 0..count {
            if let Some(value) = self.ghosts[which].pop_front() {
                self.story.meet("Kafka", "an entry of a producer that was given up arrives");
                self.story.fault("an entry of a producer that was given up arrives");
                self.broker.append(LOG, Record::plain(value));
            }
        }
        self.ghosts.retain(|ghost| !ghost.is_empty());
    }
}
