//! What happens in a run, turn by turn. A turn holds all its choices, so that a history can be shortened without
//! changing the turns that stay.

use comity::model::place::{DAY_MS, Millis};

use crate::chance::Chance;
use crate::intake::Delivery;
use crate::ledger::Fate;

/// Instances at most; a run has two or three.
pub(crate) const NODES_MAX: usize = 3;

/// Which half of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Half {
    Intake,
    Ledger,
}

/// How a source's producer writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Written {
    Plainly,
    InTransaction,
    Aborted,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// Some records of one source.
    Publish {
        source: usize,
        count: usize,
        written: Written,
    },
    /// Events that all end at the same time.
    Storm {
        count: usize,
    },
    /// Rounds of one half of one instance.
    Work {
        node: usize,
        half: Half,
        rounds: usize,
    },
    /// Rounds of everyone, in turns.
    All {
        rounds: usize,
    },
    /// The broker's clock steps.
    Clock {
        ms: Millis,
    },
    /// Days go by, one tick each.
    Days {
        count: usize,
    },
    Kill {
        node: usize,
        half: Half,
        ghosts: usize,
    },
    /// A process starts, with the newest rules.
    Start {
        node: usize,
        half: Half,
    },
    ShutDown {
        node: usize,
        half: Half,
    },
    /// The group has not heard of a member for too long; it may be alive.
    Expire {
        node: usize,
        half: Half,
    },
    Rebalance {
        half: Half,
    },
    /// It stands still in the middle of something for so long that the group gives it up, others go on, and then it
    /// goes on as if nothing had been.
    Zombie {
        node: usize,
        half: Half,
        rounds: usize,
    },
    /// Both halves of a process are cut off: what they send is lost or not answered, and where it lasts the group gives
    /// them up and others go on.
    Cut {
        node: usize,
        fate: Fate,
        rounds: usize,
        lasts: bool,
    },
    /// What becomes of the next transaction.
    Fate {
        node: usize,
        fate: Fate,
        deaf: bool,
        dies: bool,
    },
    /// The broker gives an open transaction up.
    TimeOut,
    LateEnd,
    Delivery {
        node: usize,
        delivery: Delivery,
    },
    CommitRefused {
        node: usize,
    },
    /// What a producer that was given up had under way arrives.
    Ghost {
        count: usize,
    },
    Compact,
    /// A source forgets its first records.
    Retention {
        source: usize,
        keep: usize,
    },
    /// The operator writes newer rules; whoever starts has them.
    Rules,
}

/// A turn with the seed of its own small choices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) turn: Turn,
    pub(crate) salt: u64,
}

/// What a seed decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct History {
    pub(crate) nodes: usize,
    pub(crate) batch_entries_max: usize,
    pub(crate) in_flight_max: usize,
    pub(crate) steps: Vec<Step>,
}

const STEPS_MS: [Millis; 11] = [1, 999, 1_000, 5_000, 30_000, 60_000, 61_000, 3_600_000, DAY_MS, 40 * DAY_MS, -5_000];

impl History {
    pub(crate) fn of(seed: u64, sources: usize) -> Self {
        let mut chance = Chance::new(seed);
        let nodes = 2 + chance.below(NODES_MAX - 1);
        let length = 10 + chance.below(150);
        // Some runs are quiet and some stormy, so that both long fault-free stretches and crowds of faults are met.
        let trouble = chance.pick(&[1, 3, 6, 9]);
        Self {
            nodes,
            batch_entries_max: chance.pick(&[1, 2, 3, 7, 50]),
            in_flight_max: chance.pick(&[1, 3, 8, 40]),
            steps: (0..length)
                .map(|_| {
                    let turn = if chance.below(10) < trouble {
                        trouble_turn(&mut chance, nodes, sources)
                    } else {
                        plain_turn(&mut chance, nodes, sources)
                    };
                    Step { turn, salt: chance.next() }
                })
                .collect(),
        }
    }
}

fn half(chance: &mut Chance) -> Half {
    chance.pick(&[Half::Intake, Half::Ledger, Half::Ledger])
}

fn plain_turn(chance: &mut Chance, nodes: usize, sources: usize) -> Turn {
    match chance.below(12) {
        0..5 => Turn::Publish {
            source: chance.below(sources),
            count: 1 + chance.below(4),
            written: chance.pick(&[Written::Plainly, Written::Plainly, Written::InTransaction, Written::Aborted]),
        },
        5..8 => Turn::Work { node: chance.below(nodes), half: half(chance), rounds: 1 + chance.below(40) },
        8 | 9 => Turn::All { rounds: 1 + chance.below(60) },
        10 => Turn::Clock { ms: chance.pick(&STEPS_MS) },
        _ => match chance.below(12) {
            0 => Turn::Storm { count: chance.pick(&[10, 20, 20, 70]) },
            1..4 => Turn::Days { count: 1 + chance.below(40) },
            4..7 => Turn::Rules,
            _ => Turn::Compact,
        },
    }
}

fn trouble_turn(chance: &mut Chance, nodes: usize, sources: usize) -> Turn {
    let node = chance.below(nodes);
    match chance.below(25) {
        23 | 24 => {
            let fates = [Fate::Undelivered(chance.below(12)), Fate::EndLost, Fate::AnswerLost];
            let fate = chance.pick(&fates);
            Turn::Cut { node, fate, rounds: 10 + chance.below(60), lasts: chance.once_in(2) }
        }
        20..23 => Turn::Zombie { node, half: half(chance), rounds: 20 + chance.below(80) },
        0 | 1 => Turn::Kill { node, half: half(chance), ghosts: chance.below(4) },
        2 | 3 => Turn::Start { node, half: half(chance) },
        4 => Turn::ShutDown { node, half: half(chance) },
        5 | 6 => Turn::Expire { node, half: half(chance) },
        7 | 8 => Turn::Rebalance { half: half(chance) },
        9..13 => {
            let undelivered = Fate::Undelivered(chance.below(12));
            let fates =
                [Fate::EndLost, Fate::AnswerLost, Fate::EndDelayed, Fate::EndTwice, Fate::EndTwice, Fate::Aborted];
            let fate = if chance.once_in(5) { undelivered } else { chance.pick(&fates) };
            Turn::Fate { node, fate, deaf: chance.once_in(6), dies: chance.once_in(2) }
        }
        13 => Turn::TimeOut,
        14 => Turn::LateEnd,
        15 | 16 => {
            let ghosts = chance.below(4);
            let delivery = chance.pick(&[Delivery::Lost { ghosts }, Delivery::Unheard { ghosts }]);
            Turn::Delivery { node, delivery }
        }
        17 => Turn::CommitRefused { node },
        18 => Turn::Ghost { count: 1 + chance.below(4) },
        _ => Turn::Retention { source: chance.below(sources), keep: chance.below(4) },
    }
}
