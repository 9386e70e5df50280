//! Identifiers that a chain of bonds makes one organisation's, and which of the organisations among them stands for all.

use std::sync::Arc;

use super::draft::Draft;
use crate::model::bond::{Bond, Pair};
use crate::model::change::Change;
use crate::model::entry::LinkRelation;
use crate::model::limit::GROUP_ORGANISATIONS_MAX;
use crate::model::rejection::Reason;
use crate::model::state::{Key, Value};

/// Bonds as they were at another time, each in place of what holds of its pair now.
pub(super) type AtThatTime = [(Pair, Option<Arc<Bond>>)];

/// Identifiers that are one organisation's.
#[derive(Debug, Default)]
pub(super) struct Group {
    /// The `organisation_id`s among them, that which stands for all first, then in their order.
    pub(super) ids: Vec<String>,
    /// All of them, that from which they were found first.
    pub(super) identifiers: Vec<String>,
    /// The bonds that make them one.
    bonds: Vec<Arc<Bond>>,
}

impl Group {
    /// True where one of the identifiers would stand for all, were it an organisation's own.
    pub(super) fn would_be_led_by(&self, identifier: &str) -> bool {
        self.ids.first().is_none_or(|first| place(&self.bonds, identifier) < place(&self.bonds, first))
    }
}

/// All that is one with an identifier.
///
/// An organisation that links say was followed by another never stands for both, nor that which is second in a link,
/// as long as there is any other. For that, what events alone make one is one.
pub(super) fn group(draft: &Draft<'_, '_>, identifier: &str, then: &AtThatTime) -> Group {
    let mut identifiers = vec![identifier.to_owned()];
    if then.is_empty() && !has_bonds(draft) {
        let ids = identifiers.iter().filter(|id| draft.organisation(id).is_some()).cloned().collect();
        return Group { ids, identifiers, bonds: Vec::new() };
    }
    let (mut ids, mut bonds): (Vec<String>, Vec<Arc<Bond>>) = (Vec::new(), Vec::new());
    let mut at = 0;
    while let Some(identifier) = identifiers.get(at).cloned() {
        at += 1;
        for bond in joining_at(draft, &identifier, then) {
            let other = bond.other(&identifier);
            if !identifiers.iter().any(|known| known == other) {
                identifiers.push(other.to_owned());
            }
            if !bonds.iter().any(|known| known.pair == bond.pair) {
                bonds.push(bond);
            }
        }
        if draft.organisation(&identifier).is_some() && ids.len() < 2 * GROUP_ORGANISATIONS_MAX {
            ids.push(identifier);
        }
    }
    ids.sort_by_cached_key(|id| place(&bonds, id));
    if let Some(others) = ids.get_mut(1..) {
        others.sort_unstable();
    }
    Group { ids, identifiers, bonds }
}

/// What is said of a pair, whether it holds or is a question.
pub(super) fn bond(draft: &Draft<'_, '_>, pair: &Pair) -> Option<Arc<Bond>> {
    draft.value(&Key::Link(pair.clone()))?.bond().cloned()
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

/// True where anything is said of any identifier, by this entry or before it.
pub(super) fn has_bonds(draft: &Draft<'_, '_>) -> bool {
    draft.state.has_bonds() || draft.effects.changes.iter().any(|change| matches!(change.key, Key::Link(_)))
}

/// The bonds that make an identifier one with others.
pub(super) fn joining_at(draft: &Draft<'_, '_>, identifier: &str, then: &AtThatTime) -> Vec<Arc<Bond>> {
    let mut bonds = all_at(draft, identifier, then);
    bonds.retain(|bond| bond.joins());
    bonds
}

/// All that is said of an identifier, as the entry has changed it, and as it was at that time.
pub(super) fn all_at(draft: &Draft<'_, '_>, identifier: &str, then: &AtThatTime) -> Vec<Arc<Bond>> {
    let mut bonds = draft.state.bonds(identifier).to_vec();
    let touches = |pair: &Pair| pair.names(identifier);
    let mut replace = |pair: &Pair, bond: Option<&Arc<Bond>>| {
        bonds.retain(|known| known.pair != *pair);
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

/// Where an identifier stands among those that are one: who comes first stands for all.
fn place(bonds: &[Arc<Bond>], identifier: &str) -> ((bool, bool, bool), String) {
    (rank(bonds, identifier), identifier.to_owned())
}

/// Whether links say that it was followed by another, whether it is second in one, and whether an event named it
/// beside what it knew its organisation by. What events alone make one is first, second or followed together, so that
/// it makes no difference which of its identifiers a link names, nor which of them have cases of their own.
fn rank(bonds: &[Arc<Bond>], identifier: &str) -> (bool, bool, bool) {
    let by_events = || bonds.iter().filter(|bond| bond.links.is_empty());
    let mut own = vec![identifier];
    let mut at = 0;
    while let Some(identifier) = own.get(at).copied() {
        at += 1;
        let touching = by_events().filter(|bond| bond.pair.names(identifier));
        for other in touching.map(|bond| bond.other(identifier)) {
            if !own.contains(&other) {
                own.push(other);
            }
        }
    }
    let links = bonds.iter().filter(|bond| !bond.links.is_empty());
    let mut seconds = links.filter(|bond| own.contains(&bond.second()) && !own.contains(&bond.first())).peekable();
    let is_second = seconds.peek().is_some();
    let is_followed = seconds.any(|bond| bond.relation() == Some(LinkRelation::SuccessorOf));
    let mut of_own = by_events().filter(|bond| own.contains(&bond.first()));
    let is_beside = of_own.any(|bond| bond.second() == identifier || bond.behind() == Some(identifier));
    (is_followed, is_second, is_beside)
}
