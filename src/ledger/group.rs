//! Identifiers that a chain of bonds makes one organisation's, and which of the organisations among them stands for all.

use std::collections::BTreeSet;

use ahash::RandomState;
use hashbrown::{HashMap, HashSet};

use super::draft::Draft;
use crate::model::bond::{Bond, Pair};
use crate::model::change::Change;
use crate::model::entry::LinkRelation;
use crate::model::limit::GROUP_ORGANISATIONS_MAX;
use crate::model::packed::PackedBond;
use crate::model::rejection::Reason;
use crate::model::state::{Key, Value};

/// Bonds as they were at another time, each in place of what holds of its pair now.
pub(super) type AtThatTime = [(Pair, Option<PackedBond>)];

/// Identifiers that are one organisation's.
#[derive(Debug, Default)]
pub(super) struct Group {
    /// The `organisation_id`s among them, that which stands for all first, then in their order.
    pub(super) ids: Vec<String>,
    /// All of them, that from which they were found first.
    pub(super) identifiers: Vec<String>,
    /// The bonds that make them one.
    bonds: Vec<PackedBond>,
}

impl Group {
    /// Those of the `organisation_id`s that are named to somebody, that which stands for all of these first.
    pub(super) fn named(&self, is_named: impl Fn(&str) -> bool) -> Vec<String> {
        let mut ids: Vec<String> = self.ids.iter().filter(|id| is_named(id)).cloned().collect();
        if ids.first() != self.ids.first() {
            put_in_order(&mut ids, &self.bonds);
        }
        ids
    }

    /// True where one of the identifiers would stand for all, were it an organisation's own.
    pub(super) fn would_be_led_by(&self, identifier: &str) -> bool {
        let bonds = unpacked(&self.bonds);
        let ranks = Ranks::of(&bonds);
        self.ids.first().is_none_or(|first| ranks.place(identifier) < ranks.place(first))
    }
}

/// All that is one with an identifier.
///
/// An organisation that links say was followed by another never stands for both, nor that which is second in a link,
/// as long as there is any other. For that, what events alone make one is one.
pub(super) fn group(draft: &Draft<'_, '_>, identifier: &str, then: &AtThatTime) -> Group {
    let mut identifiers = vec![identifier.to_owned()];
    let (mut ids, mut bonds): (Vec<String>, Vec<PackedBond>) = (Vec::new(), Vec::new());
    let mut known: HashSet<String, RandomState> = HashSet::default();
    let mut at = 0;
    while let Some(identifier) = identifiers.get(at).cloned() {
        at += 1;
        for bond in joining_at(draft, &identifier, then) {
            let other = bond.other(&identifier);
            if other != identifiers[0] && known.insert(other.to_owned()) {
                identifiers.push(other.to_owned());
            }
            // Each is met at both of its ends.
            if bond.low() == identifier {
                bonds.push(bond);
            }
        }
        if draft.organisation(&identifier).is_some() && ids.len() < 2 * GROUP_ORGANISATIONS_MAX {
            ids.push(identifier);
        }
    }
    put_in_order(&mut ids, &bonds);
    Group { ids, identifiers, bonds }
}

/// Puts that first which stands for all, then the others in their order.
fn put_in_order(ids: &mut [String], bonds: &[PackedBond]) {
    if ids.len() > 1 {
        let bonds = unpacked(bonds);
        let ranks = Ranks::of(&bonds);
        ids.sort_by_cached_key(|id| ranks.place(id));
    }
    if let Some(others) = ids.get_mut(1..) {
        others.sort_unstable();
    }
}

fn unpacked(bonds: &[PackedBond]) -> Vec<Bond> {
    bonds.iter().map(PackedBond::unpack).collect()
}

/// What is said of a pair, whether it holds or is a question.
pub(super) fn bond(draft: &Draft<'_, '_>, pair: &Pair) -> Option<Bond> {
    draft.value(&Key::Link(pair.clone()))?.bond().map(PackedBond::unpack)
}

/// Why two identifiers may not be joined, whatever is said of the two themselves at that time.
pub(super) fn refused(draft: &Draft<'_, '_>, pair: &Pair, then: &AtThatTime) -> Option<Reason> {
    let (ones, others) = (group(draft, &pair.low, then), group(draft, &pair.high, then));
    let is_one = ones.identifiers.contains(&pair.high);
    if is_contradicted(draft, &ones, &others, then) {
        Some(Reason::ContradictedLink)
    } else if !is_one && ones.ids.len() + others.ids.len() > GROUP_ORGANISATIONS_MAX {
        Some(Reason::LinkFull)
    } else {
        None
    }
}

/// Why what is left of a bond may not join the two again: what others said, or events say, was contradicted since.
pub(super) fn refused_again(draft: &Draft<'_, '_>, known: &Bond, left: &Bond) -> Option<Reason> {
    let joins_again = left.joins() && !known.joins();
    if joins_again { refused(draft, &left.pair, &[(left.pair.clone(), None)]) } else { None }
}

/// True where a NOT_SAME stands between any of some identifiers and any of others.
pub(super) fn is_contradicted(draft: &Draft<'_, '_>, ones: &Group, others: &Group, then: &AtThatTime) -> bool {
    ones.identifiers.iter().any(|identifier| {
        let bonds = all_at(draft, identifier, then);
        let mut parted = bonds.iter().filter(|bond| bond.relation() == Some(LinkRelation::NotSame));
        parted.any(|bond| others.identifiers.iter().any(|other| other == bond.other(identifier)))
    })
}

/// In how many bonds of an identifier the two relate so; `None` counts questions.
pub(super) fn count_at(draft: &Draft<'_, '_>, identifier: &str, relation: Option<LinkRelation>) -> usize {
    all_at(draft, identifier, &[]).iter().filter(|bond| bond.relation() == relation).count()
}

/// True where anything is said of any identifier, by this entry or before it.
pub(super) fn has_bonds(draft: &Draft<'_, '_>) -> bool {
    draft.state.has_bonds() || draft.effects.changes.iter().any(|change| matches!(change.key, Key::Link(_)))
}

/// The bonds that make an identifier one with others.
pub(super) fn joining_at(draft: &Draft<'_, '_>, identifier: &str, then: &AtThatTime) -> Vec<PackedBond> {
    let mut bonds = all_at(draft, identifier, then);
    bonds.retain(|bond| bond.joins());
    bonds
}

/// All that is said of an identifier, as the entry has changed it, and as it was at that time.
pub(super) fn all_at(draft: &Draft<'_, '_>, identifier: &str, then: &AtThatTime) -> Vec<PackedBond> {
    let mut bonds = draft.state.bonds(identifier);
    let touches = |pair: &Pair| pair.names(identifier);
    let mut replace = |pair: &Pair, bond: Option<&PackedBond>| {
        bonds.retain(|known| !known.is_of(pair));
        bonds.extend(bond.cloned());
    };
    for change in &draft.effects.changes {
        match change {
            Change { key: Key::Link(pair), after: Some(Value::Link(bond)), .. } if touches(pair) => {
                replace(pair, Some(bond));
            }
            Change { key: Key::Link(pair), after: None, .. } if touches(pair) => replace(pair, None),
            Change { .. } => {}
        }
    }
    for (pair, bond) in then.iter().filter(|(pair, _)| touches(pair)) {
        replace(pair, bond.as_ref());
    }
    bonds
}

/// Where identifiers that are one stand among each other. What events alone make one is first, second or followed
/// together, so that it makes no difference which of its identifiers a link names, nor which of them have cases of their
/// own.
struct Ranks<'b> {
    /// What events alone make one, as a number for each.
    classes: HashMap<&'b str, usize, RandomState>,
    /// Of what links say that it was followed by another, and that it is second.
    followed: BTreeSet<usize>,
    seconds: BTreeSet<usize>,
    /// What an event named beside what it knew its organisation by.
    beside: HashSet<(usize, &'b str), RandomState>,
}

impl<'b> Ranks<'b> {
    /// Those of the identifiers that some bonds name.
    fn of(bonds: &'b [Bond]) -> Self {
        let (by_events, links): (Vec<&Bond>, Vec<&Bond>) = bonds.iter().partition(|bond| bond.links.is_empty());
        let classes = classes(bonds, &by_events);
        let class = |identifier: &str| classes.get(identifier).copied();
        let (mut followed, mut seconds, mut beside) = (BTreeSet::new(), BTreeSet::new(), HashSet::default());
        for link in links {
            let Some(second) = class(link.second()).filter(|second| Some(*second) != class(link.first())) else {
                continue;
            };
            seconds.insert(second);
            if link.relation() == Some(LinkRelation::SuccessorOf) {
                followed.insert(second);
            }
        }
        for bond in by_events {
            let Some(of) = class(bond.first()) else { continue };
            beside.insert((of, bond.second()));
            beside.extend(bond.behind().map(|behind| (of, behind)));
        }
        Self { classes, followed, seconds, beside }
    }

    /// Who comes first stands for all.
    fn place(&self, identifier: &str) -> ((bool, bool, bool), String) {
        let class = self.classes.get(identifier);
        let is_in = |classes: &BTreeSet<usize>| class.is_some_and(|class| classes.contains(class));
        let is_beside = class.is_some_and(|class| self.beside.contains(&(*class, identifier)));
        ((is_in(&self.followed), is_in(&self.seconds), is_beside), identifier.to_owned())
    }
}

/// What events alone make one of the identifiers that some bonds name, as a number for each.
fn classes<'b>(bonds: &'b [Bond], by_events: &[&'b Bond]) -> HashMap<&'b str, usize, RandomState> {
    let mut beside: HashMap<&str, Vec<&str>, RandomState> = HashMap::default();
    for bond in by_events {
        beside.entry(&bond.pair.low).or_default().push(&bond.pair.high);
        beside.entry(&bond.pair.high).or_default().push(&bond.pair.low);
    }
    let mut classes = HashMap::default();
    for (number, identifier) in bonds.iter().flat_map(|bond| [&bond.pair.low, &bond.pair.high]).enumerate() {
        let mut own = vec![identifier.as_str()];
        while let Some(identifier) = own.pop() {
            if !classes.contains_key(identifier) {
                classes.insert(identifier, number);
                own.extend(beside.get(identifier).into_iter().flatten());
            }
        }
    }
    classes
}
