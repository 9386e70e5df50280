//! A consumer group: who holds which partitions, and what each member has not heard of yet.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// What the group tells a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Told {
    Assigned { partitions: Vec<usize>, generation: u64 },
    Revoked { lost: bool },
}

#[derive(Debug)]
pub(crate) struct Group {
    /// Cooperative and sticky: whoever holds a partition keeps it when others come.
    sticky: bool,
    partitions: usize,
    generation: u64,
    members: BTreeMap<usize, Vec<usize>>,
    /// Members that have to give up what they hold before anything is given anew.
    waiting: BTreeSet<usize>,
    changing: bool,
    told: BTreeMap<usize, VecDeque<Told>>,
    /// Members that have heard that they were given up.
    lost: BTreeSet<usize>,
    /// Those that want to leave and owe an answer: their client waits for it first, and then joins again if it is asked
    /// to meanwhile.
    leaving: BTreeMap<usize, bool>,
}

impl Group {
    pub(crate) fn new(sticky: bool, partitions: usize) -> Self {
        Self {
            sticky,
            partitions,
            generation: 0,
            members: BTreeMap::new(),
            waiting: BTreeSet::new(),
            changing: false,
            told: BTreeMap::new(),
            lost: BTreeSet::new(),
            leaving: BTreeMap::new(),
        }
    }

    pub(crate) fn holds(&self, member: usize) -> bool {
        self.members.get(&member).is_some_and(|held| !held.is_empty())
    }

    pub(crate) fn holder(&self) -> Option<usize> {
        self.members.iter().find(|(_, held)| !held.is_empty()).map(|(member, _)| *member)
    }

    pub(crate) fn has(&self, member: usize) -> bool {
        self.members.contains_key(&member)
    }

    pub(crate) fn may_commit(&self, member: usize, generation: u64) -> bool {
        self.has(member) && generation == self.generation
    }

    /// The next thing that a member hears of.
    pub(crate) fn hear(&mut self, member: usize) -> Option<Told> {
        if self.lost.remove(&member) && !self.has(member) {
            // Once it has heard that it was given up, the client joins again by itself.
            self.join(member);
        }
        let told = self.told.get_mut(&member)?.pop_front()?;
        if told == (Told::Revoked { lost: true }) {
            self.lost.insert(member);
        }
        Some(told)
    }

    fn tell(&mut self, member: usize, what: Told) {
        self.told.entry(member).or_default().push_back(what);
    }

    /// The client of a member is told to join.
    pub(crate) fn subscribe(&mut self, member: usize) {
        match self.leaving.get_mut(&member) {
            Some(joins_again) => *joins_again = true,
            None => self.join(member),
        }
    }

    /// The client of a member is told to leave.
    pub(crate) fn unsubscribe(&mut self, member: usize) {
        if self.waiting.contains(&member) {
            self.leaving.insert(member, false);
        } else {
            self.leave(member);
        }
    }

    /// A member joins, or comes back under its old name before anyone has missed it.
    pub(crate) fn join(&mut self, member: usize) {
        self.leaving.remove(&member);
        let held = self.members.insert(member, Vec::new()).unwrap_or_default();
        let owed_answer = self.waiting.remove(&member);
        self.told.remove(&member);
        self.lost.remove(&member);
        if owed_answer && self.sticky {
            // Back between the two phases of a cooperative rebalance, it has nothing to give up: the group counts itself
            // complete, and nobody is given what it had before somebody comes or goes.
            self.changing = false;
        } else if !held.is_empty() && self.sticky {
            self.members.insert(member, held.clone());
            let generation = self.generation;
            self.tell(member, Told::Assigned { partitions: held, generation });
        } else {
            self.change();
        }
    }

    pub(crate) fn leave(&mut self, member: usize) {
        self.leaving.remove(&member);
        self.told.remove(&member);
        self.lost.remove(&member);
        if self.members.remove(&member).is_some() {
            self.waiting.remove(&member);
            self.change();
        }
    }

    /// The session of a member ran out; it hears of that when it looks again.
    pub(crate) fn expire(&mut self, member: usize) {
        self.leaving.remove(&member);
        if self.members.remove(&member).is_some() {
            self.told.remove(&member);
            self.tell(member, Told::Revoked { lost: true });
            self.waiting.remove(&member);
            self.change();
        }
    }

    /// Partitions are given anew, though nobody came or went.
    pub(crate) fn rebalance(&mut self) {
        if let Some(holder) = self.holder().filter(|_| self.sticky) {
            if self.waiting.insert(holder) {
                self.changing = true;
                self.tell(holder, Told::Revoked { lost: false });
            }
        } else {
            self.change();
        }
    }

    /// A member has given up what it held.
    pub(crate) fn released(&mut self, member: usize) {
        if let Some(joins_again) = self.leaving.remove(&member) {
            self.leave(member);
            if joins_again {
                self.join(member);
            }
            return;
        }
        if let Some(held) = self.members.get_mut(&member) {
            held.clear();
        }
        let asked = self.waiting.remove(&member);
        if self.changing || asked || self.sticky {
            self.changing = true;
            self.give(Some(member));
        }
    }

    fn change(&mut self) {
        if self.sticky && self.holder().is_some() {
            return;
        }
        self.changing = true;
        for member in self.members.keys().copied().collect::<Vec<_>>() {
            if self.holds(member) && self.waiting.insert(member) {
                self.tell(member, Told::Revoked { lost: false });
            }
        }
        self.give(None);
    }

    fn give(&mut self, last: Option<usize>) {
        if !self.waiting.is_empty() || !self.changing || self.members.is_empty() || self.holder().is_some() {
            return;
        }
        self.changing = false;
        self.generation += 1;
        let members: Vec<usize> = self.members.keys().copied().collect();
        let turn = usize::try_from(self.generation).expect("few");
        for partition in 0..self.partitions {
            let mut member = members[(partition + turn) % members.len()];
            if self.sticky && Some(member) == last {
                member = members[(partition + turn + 1) % members.len()];
            }
            self.members.get_mut(&member).expect("a member").push(partition);
        }
        let generation = self.generation;
        for (member, partitions) in self.members.clone() {
            if !self.sticky || !partitions.is_empty() {
                self.tell(member, Told::Assigned { partitions, generation });
            }
        }
    }
}
