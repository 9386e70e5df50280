//! Bonds of identifiers: how one is put, ended and forgotten, and what must then be told.

use std::sync::Arc;

use super::draft::Draft;
use super::group::{all_at, bond, group, has_bonds};
use crate::model::decision::Output;
use crate::model::limit::RETELLING_STEPS_MAX;
use crate::model::state::{Bond, Key, Pair, Retelling, Step, Value};

/// Gives a pair its bond, or takes it away; where that makes or ends one organisation of two, what was told under the
/// picture before becomes due to be told again.
pub(super) fn put(draft: &mut Draft<'_, '_>, pair: &Pair, after: Option<Bond>) {
    let before = bond(draft, pair).filter(|bond| bond.joins()).cloned();
    let joins = after.as_ref().filter(|bond| bond.joins()).map(shape);
    let (changes, joins_no_more) = (before.as_deref().map(shape) != joins, joins.is_none());
    draft.put(Key::Link(pair.clone()), after.map(|bond| Value::Link(Arc::new(bond))));
    if changes {
        make_due(draft, pair, before.as_deref());
    }
    if before.is_some() && joins_no_more {
        for identifier in [&pair.low, &pair.high] {
            let holder = draft.holder(identifier).map(|holder| holder.organisation_id().to_owned());
            if let Some(id) = holder {
                forget(draft, &id);
            }
        }
    }
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
pub(super) fn retelling<'d>(draft: &'d Draft<'_, '_>, pair: &Pair) -> Option<&'d Arc<Retelling>> {
    match draft.changed(&Key::Retell(pair.clone())) {
        Some(changed) => changed?.retelling(),
        None => draft.state.retelling(pair),
    }
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
        if bond.relation.is_none() || (bond.event_id.is_some() && unheld) {
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
    let known = retelling(draft, pair).map(|work| Retelling::clone(work));
    let mut work =
        known.unwrap_or_else(|| Retelling { pair: pair.clone(), since: draft.now(), steps: Vec::new(), after: None });
    work.steps.push(step);
    // Those who were told since the step before must hear again.
    work.after = None;
    draft.put(key, Some(Value::Retell(Arc::new(work))));
    draft.effects.work_left = true;
}
