//! Organisations that links make one: those that a chain of bonds leads to, and which of them stands for all.

use std::sync::Arc;

use super::draft::Draft;
use crate::model::change::Change;
use crate::model::entry::LinkRelation;
use crate::model::limit::GROUP_ORGANISATIONS_MAX;
use crate::model::state::{Bond, Key, Pair, Value};

/// Bonds as they were at another time, each in place of what holds of its pair now.
pub(super) type AtThatTime = [(Pair, Option<Arc<Bond>>)];

/// The `organisation_id`s of organisations that are one, that which stands for all of them first, then in their order.
///
/// An organisation that links say was followed by another never stands for both, nor that which is second in a link,
/// as long as there is any other.
pub(super) fn group(draft: &Draft<'_, '_>, organisation_id: &str, then: &AtThatTime) -> Vec<String> {
    let mut ids = vec![organisation_id.to_owned()];
    if then.is_empty() && !has_bonds(draft) {
        return ids;
    }
    let mut identifiers: Vec<String> =
        draft.organisation(organisation_id).map(|known| known.identifiers.to_vec()).unwrap_or_default();
    let mut bonds: Vec<Arc<Bond>> = Vec::new();
    let mut at = 0;
    while let Some(identifier) = identifiers.get(at).cloned() {
        at += 1;
        for bond in bonds_at(draft, &identifier, then) {
            let other = if bond.first == identifier { &bond.second } else { &bond.first };
            if !identifiers.contains(other) {
                identifiers.push(other.clone());
            }
            if let Some(holder) =
                draft.holder(other).filter(|holder| ids.iter().all(|id| id != holder.organisation_id()))
                && ids.len() < 2 * GROUP_ORGANISATIONS_MAX
            {
                ids.push(holder.organisation_id().to_owned());
                let mut more = holder.identifiers.to_vec();
                more.retain(|known| !identifiers.contains(known));
                identifiers.extend(more);
            }
            bonds.push(bond);
        }
    }
    ids.sort_by(|one, other| rank(draft, &bonds, one).cmp(&rank(draft, &bonds, other)).then_with(|| one.cmp(other)));
    if let Some(others) = ids.get_mut(1..) {
        others.sort_unstable();
    }
    ids
}

/// What is said of a pair, whether it holds or is a question.
pub(super) fn bond(draft: &Draft<'_, '_>, pair: &Pair) -> Option<Arc<Bond>> {
    draft.value(&Key::Link(pair.clone()))?.bond().cloned()
}

/// True where a NOT_SAME stands between any of some organisations and any of others.
pub(super) fn is_contradicted(draft: &Draft<'_, '_>, ones: &[String], others: &[String]) -> bool {
    let named = |id: &String| draft.organisation(id).map(|known| known.identifiers.to_vec()).unwrap_or_default();
    ones.iter().flat_map(named).any(|identifier| {
        all_at(draft, &identifier, &[]).into_iter().any(|bond| {
            let other = if bond.first == identifier { &bond.second } else { &bond.first };
            bond.relation == Some(LinkRelation::NotSame)
                && draft.holder(other).is_some_and(|holder| others.iter().any(|id| id == holder.organisation_id()))
        })
    })
}

/// True where anything is said of any identifier, by this entry or before it.
pub(super) fn has_bonds(draft: &Draft<'_, '_>) -> bool {
    draft.state.has_bonds() || draft.effects.changes.iter().any(|change| matches!(change.key, Key::Link(_)))
}

/// The bonds that make an identifier's organisation one with others.
fn bonds_at(draft: &Draft<'_, '_>, identifier: &str, then: &AtThatTime) -> Vec<Arc<Bond>> {
    let mut bonds = all_at(draft, identifier, then);
    bonds.retain(|bond| bond.joins());
    bonds
}

/// All that is said of an identifier, as the entry has changed it, and as it was at that time.
pub(super) fn all_at(draft: &Draft<'_, '_>, identifier: &str, then: &AtThatTime) -> Vec<Arc<Bond>> {
    let mut bonds = draft.state.bonds(identifier).to_vec();
    let touches = |pair: &Pair| pair.low == identifier || pair.high == identifier;
    let mut replace = |pair: &Pair, bond: Option<&Arc<Bond>>| {
        bonds.retain(|known| Pair::new(&known.first, &known.second) != *pair);
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

/// Whether an organisation was followed by another of its group, and whether it is second in a link of it.
fn rank(draft: &Draft<'_, '_>, bonds: &[Arc<Bond>], organisation_id: &str) -> (bool, bool) {
    let holds =
        |identifier: &str| draft.holder(identifier).is_some_and(|holder| holder.organisation_id() == organisation_id);
    let second = |bond: &&Arc<Bond>| holds(&bond.second) && !holds(&bond.first);
    let mut seconds = bonds.iter().filter(second).peekable();
    let is_second = seconds.peek().is_some();
    (seconds.any(|bond| bond.relation == Some(LinkRelation::SuccessorOf)), is_second)
}
