//! Bonds of identifiers: how one is put, ended and forgotten, and what must then be told.

use std::sync::Arc;

use super::draft::Draft;
use super::group::{all_at, bond, group, has_bonds};
use crate::model::decision::Output;
use crate::model::limit::{BOND_EVENTS_MAX, RETELLING_STEPS_MAX};
use crate::model::state::{Bond, EventKey, Key, Pair, Retelling, Step, Value};

/// Gives a pair its bond, or takes it away, and with it the holders that no case names and that nothing joins to one
/// that some case does.
pub(super) fn put(draft: &mut Draft<'_, '_>, pair: &Pair, after: Option<Bond>) {
    if set(draft, pair, after) {
        forget_holders(draft, pair);
    }
}

/// The same, but for forgetting; true where the two are joined no more. Where that makes or ends one organisation of
/// two, what was told under the picture before becomes due to be told again.
fn set(draft: &mut Draft<'_, '_>, pair: &Pair, after: Option<Bond>) -> bool {
    let before = bond(draft, pair).filter(|bond| bond.joins());
    let joins = after.as_ref().filter(|bond| bond.joins()).map(shape);
    let (changes, joins_no_more) = (before.as_deref().map(shape) != joins, joins.is_none());
    draft.put(Key::Link(pair.clone()), after.map(|bond| Value::Link(Arc::new(bond))));
    if changes {
        make_due(draft, pair, before.as_deref());
    }
    before.is_some() && joins_no_more
}

/// Forgets the holders of two identifiers that are joined no more, where no case names them.
pub(super) fn forget_holders(draft: &mut Draft<'_, '_>, pair: &Pair) {
    for identifier in [&pair.low, &pair.high] {
        let holder = draft.holder(identifier).map(|holder| holder.organisation_id().to_owned());
        if let Some(id) = holder {
            forget(draft, &id);
        }
    }
}

/// An event names two identifiers that an event asserted to be of one organisation: it does so too where they have one
/// name, and where it asserted that before, whatever has become of the names since. `false` where it asserts nothing.
pub(super) fn assert_too(draft: &mut Draft<'_, '_>, pair: &Pair, event: &EventKey, of_one_name: bool) -> bool {
    let Some(known) = bond(draft, pair).filter(|known| known.joins() && !known.events.is_empty()) else { return false };
    if known.events.contains(event) {
        return true;
    }
    if of_one_name && known.events.len() < BOND_EVENTS_MAX {
        let mut more = Bond::clone(&known);
        more.events.push(event.clone());
        set(draft, pair, Some(more));
    }
    of_one_name
}

/// An event asserts its bonds no more, but for some; gives the pairs that nothing joins any more, whose holders may
/// have to be forgotten. A bond that so many events asserted that not all are remembered stays: only a `Link` ends it.
pub(super) fn take_back(draft: &mut Draft<'_, '_>, event: &EventKey, but_for: &[Pair]) -> Vec<Pair> {
    let mut parted = Vec::new();
    let state = draft.state;
    for pair in state.asserted(event).filter(|pair| !but_for.contains(pair)) {
        let Some(known) = bond(draft, pair) else { continue };
        if !known.events.contains(event) || known.events.len() >= BOND_EVENTS_MAX {
            continue;
        }
        let mut rest = Bond::clone(&known);
        rest.events.retain(|known| known != event);
        let first = rest.events.first().map(|first| first.origin.to_string());
        let rest = first.map(|asserted_by| Bond { asserted_by, ..rest });
        if set(draft, pair, rest) {
            parted.push(pair.clone());
        }
    }
    parted
}

/// Ends a link on the day that was stated.
pub(super) fn end(draft: &mut Draft<'_, '_>, pair: &Pair) {
    put(draft, pair, None);
}

/// True where no further change of a pair's bond can wait to be told.
pub(super) fn is_busy(draft: &Draft<'_, '_>, pair: &Pair) -> bool {
    retelling(draft, pair).is_some_and(|work| work.steps.len() >= RETELLING_STEPS_MAX)
}

/// The retelling of a pair that is due.
pub(super) fn retelling(draft: &Draft<'_, '_>, pair: &Pair) -> Option<Arc<Retelling>> {
    draft.value(&Key::Retell(pair.clone()))?.retelling().cloned()
}

/// Forgets an organisation that no case names, once none names any that it is one with: who stands between two others
/// keeps them one. With it go the questions about it, and what events asserted of identifiers that nobody holds any
/// more.
pub(super) fn forget(draft: &mut Draft<'_, '_>, organisation_id: &str) {
    let ids = group(draft, organisation_id, &[]);
    if ids.iter().any(|id| draft.organisation(id).is_some_and(|known| known.cases > 0)) {
        return;
    }
    let identifiers = ids.iter().filter_map(|id| draft.organisation(id)).flat_map(|known| known.identifiers.to_vec());
    let identifiers: Vec<String> = identifiers.collect();
    for id in ids {
        draft.put(Key::Organisation(id), None);
    }
    if !has_bonds(draft) {
        return;
    }
    for bond in identifiers.iter().flat_map(|identifier| all_at(draft, identifier, &[])).collect::<Vec<_>>() {
        let unheld = draft.holder(&bond.first).is_none() && draft.holder(&bond.second).is_none();
        if bond.relation.is_none() || (!bond.events.is_empty() && unheld) {
            draft.put(Key::Link(Pair::new(&bond.first, &bond.second)), None);
        }
    }
}

/// An identifier of which something was said has a holder again, who had cases before.
pub(super) fn take_effect(draft: &mut Draft<'_, '_>, identifier: &str) {
    for bond in all_at(draft, identifier, &[]).into_iter().filter(|bond| bond.joins()) {
        make_due(draft, &Pair::new(&bond.first, &bond.second), None);
    }
}

/// What of a bond is seen in alerts.
fn shape(bond: &Bond) -> (Option<crate::model::entry::LinkRelation>, &String) {
    (bond.relation, &bond.first)
}

fn make_due(draft: &mut Draft<'_, '_>, pair: &Pair, before: Option<&Bond>) {
    let members = draft.rules().map_or(0, |rules| rules.members.len());
    let outputs = (0..members).filter_map(|place| Some(Output::Alerts(u8::try_from(place).ok()?)));
    let step = Step {
        before: before.and_then(|bond| bond.relation),
        high_first: before.is_some_and(|bond| bond.first == pair.high),
        next: outputs.map(|output| draft.effects.marks.sequences.get(output).unwrap_or(1)).collect(),
    };
    let key = Key::Retell(pair.clone());
    let known = retelling(draft, pair).map(|work| Retelling::clone(&work));
    let mut work =
        known.unwrap_or_else(|| Retelling { pair: pair.clone(), since: draft.now(), steps: Vec::new(), after: None });
    work.steps.push(step);
    // Those who were told since the step before must hear again.
    work.after = None;
    draft.put(key, Some(Value::Retell(Arc::new(work))));
    draft.effects.work_left = true;
}
