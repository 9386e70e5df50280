//! What the naive ledger makes of events that name several identifiers.

use super::links::{Bond, Named, named};
use super::*;
use comity::model::bond::Pair;

impl Model {
    /// An identifier that has only been named beside others may be an organisation's own, unless that stood for all.
    pub(super) fn may_stand_alone(&self, identifier: &str) -> bool {
        let ids = self.one_with(identifier, &self.bonds);
        self.rank(identifier, &self.bonds) > self.rank(&ids[0], &self.bonds)
    }

    /// An event names an identifier that nobody holds beside that of its organisation.
    pub(super) fn name_beside(
        &mut self,
        event: &InfractionEvent,
        id: &str,
        free: &str,
        said: &mut Said,
    ) -> Option<Pair> {
        let pair = Pair::new(id, free);
        if self.are_two(id, free) || self.is_busy(&pair) {
            return None;
        }
        self.organisations.iter_mut().find(|at| at.identifiers[0] == id)?.identifiers.push(free.to_owned());
        self.assert(event, id, &pair, None, said);
        Some(pair)
    }

    fn assert(&mut self, event: &InfractionEvent, id: &str, pair: &Pair, holder: Option<String>, said: &mut Said) {
        let named = named(event);
        let mut bond = self.bonds.iter().find(|bond| bond.pair == *pair).cloned().unwrap_or(Bond::of(pair));
        if !bond.asserted() {
            let (events, known_by) = (Vec::new(), id.to_owned());
            bond = Bond { question: false, events, known_by, held_by: holder, ..bond };
        }
        if !bond.events.contains(&named) && bond.events.len() <= 8 {
            bond.events.push(named);
            self.put_bond(bond, said);
        }
    }

    /// An event of one organisation names an identifier that somebody holds.
    pub(super) fn meet(
        &mut self,
        event: &InfractionEvent,
        id: &str,
        met: (String, String, bool),
        new: bool,
        said: &mut Said,
    ) -> Option<Pair> {
        let (identifier, other, its_name) = met;
        // A namesake is not the holder of the identifier itself.
        let is_namesake = other.starts_with(&format!("{identifier}~"));
        let second = if is_namesake { other.clone() } else { identifier.clone() };
        if second == id {
            return None;
        }
        let both = Pair::new(id, &second);
        let known = self.bonds.iter().find(|bond| bond.pair == both);
        let secret = event.scope == Scope::Restricted;
        let before = !secret
            && known.is_some_and(|bond| {
                bond.asserted() && (bond.events.contains(&named(event)) || its_name && bond.joins())
            });
        if before {
            self.assert(event, id, &both, None, said);
            return Some(both);
        }
        if self.are_two(id, &other) || its_name && secret {
            return None;
        }
        if its_name {
            if self.is_busy(&both) {
                return None;
            }
            // Who was another before stands behind.
            let was_one = self.reach(id, &self.bonds).contains(&other);
            let holder = Some(other).filter(|other| *other != second && !was_one);
            self.assert(event, id, &both, holder, said);
            return Some(both);
        }
        let pair = Pair::new(id, &other);
        let one = self.reach(id, &self.bonds).contains(&other);
        let about = |bond: &&Bond| bond.relation().is_none() && (bond.pair.low == other || bond.pair.high == other);
        let asked = self.bonds.iter().filter(about).count();
        if one || self.bonds.iter().any(|bond| bond.pair == pair) || asked >= 32 {
            return None;
        }
        let (events, known_by) = (vec![named(event)], id.to_owned());
        self.put_bond(Bond { events, known_by, question: true, ..Bond::of(&pair) }, said);
        let sequence = self.sequence("review", None);
        said.reviews.push((new, id.to_owned(), other, identifier, sequence));
        None
    }

    /// An event is taken back, or names other identifiers now: what it alone said of some holds no more.
    pub(super) fn take_back(&mut self, named: &Named, but_for: &[Pair], said: &mut Said) {
        let mut of_it: Vec<Bond> = self.bonds.iter().filter(|bond| bond.events.contains(named)).cloned().collect();
        of_it.sort_by_key(|bond| bond.pair.clone());
        for mut bond in of_it {
            if bond.question || but_for.contains(&bond.pair) || bond.events.len() > 8 {
                continue;
            }
            bond.events.retain(|known| known != named);
            self.put_bond(bond, said);
        }
    }

    /// Identifiers that events named beside others are held by something that they are one with.
    pub(super) fn house(&mut self) {
        let asserting = |bond: &&Bond| bond.joins() && bond.asserted();
        let mut beside: Vec<String> = Vec::new();
        for bond in self.bonds.iter().filter(asserting) {
            beside.extend([bond.pair.low.clone(), bond.pair.high.clone()]);
        }
        beside.sort();
        beside.dedup();
        for place in 0..self.organisations.len() {
            let id = self.organisations[place].identifiers[0].clone();
            let one = self.reach(&id, &self.bonds);
            self.organisations[place].identifiers.retain(|identifier| one.contains(identifier));
        }
        beside.retain(|identifier| !self.is_organisation(identifier));
        for identifier in beside {
            if self.holder(&identifier).is_some() {
                continue;
            }
            let ids = self.one_with(&identifier, &self.bonds);
            if let Some(first) = self.organisations.iter_mut().find(|at| Some(&at.identifiers[0]) == ids.first()) {
                first.identifiers.push(identifier);
            }
        }
    }

    /// Questions about whoever is forgotten, and what events said of identifiers that nobody holds.
    pub(super) fn drop_bonds(&mut self) {
        let held: Vec<String> = self.organisations.iter().flat_map(|at| at.identifiers.clone()).collect();
        for bond in &mut self.bonds {
            let (low, high) = (held.contains(&bond.pair.low), held.contains(&bond.pair.high));
            if !(low && high || !bond.question && (low || high)) {
                bond.events.clear();
                bond.question = false;
            }
        }
        self.bonds.retain(|bond| !bond.links.is_empty() || !bond.events.is_empty());
    }
}
