//! Bonds of identifiers: how one is put, ended and forgotten, who holds their identifiers, and what must then be told.

use std::sync::Arc;

use super::draft::Draft;
use super::group::{all_at, bond, group, has_bonds, joining_at, refused_again};
use crate::index::identity::established_in;
use crate::model::bond::{Bond, Naming, Pair, Retelling, Step};
use crate::model::decision::Output;
use crate::model::entry::LinkRelation;
use crate::model::limit::{BOND_EVENTS_MAX, ORGANISATION_IDENTIFIERS_MAX, RETELLING_STEPS_MAX};
use crate::model::packed::PackedBond;
use crate::model::state::{EventKey, Key, Value};

/// Gives a pair what is said of it from now on.
pub(super) fn put(draft: &mut Draft<'_, '_>, after: Bond) {
    let pair = after.pair.clone();
    set(draft, after);
    settle(draft, &pair);
}

/// The same, but for its identifiers' holders; true where the two are joined no more. Where that makes or ends one
/// organisation of two, what was told under the picture before becomes due to be told again.
fn set(draft: &mut Draft<'_, '_>, after: Bond) -> bool {
    let pair = after.pair.clone();
    let before = bond(draft, &pair).filter(|bond| bond.joins());
    let (was, is) = (before.as_ref().map(shape), after.joins().then(|| shape(&after)));
    let (changes, joins_no_more) = (was != is, was.is_some() && is.is_none());
    if changes && is_seen(draft, &pair) {
        make_due(draft, &pair, before.as_ref());
    }
    keep(draft, after);
    joins_no_more
}

/// Keeps what is said of a pair, and nothing where nothing is said.
fn keep(draft: &mut Draft<'_, '_>, bond: Bond) {
    let is_said = !bond.links.is_empty() || bond.named.is_some();
    draft.put(Key::Link(bond.pair.clone()), is_said.then(|| Value::Link(PackedBond::new(&bond))));
}

/// True where an alert may have shown, or may come to show, whether two identifiers are one organisation's: not where
/// no case knew either before, nor where one of them has no case of its own and tells of no place. Of what is still to
/// be told again somebody may have seen more.
fn is_seen(draft: &Draft<'_, '_>, pair: &Pair) -> bool {
    let stands_alone = |identifier: &&String| {
        let mut others = joining_at(draft, identifier, &[]);
        others.retain(|bond| !bond.is_of(pair));
        let is_told_again = || retold(draft).iter().any(|other| other.names(identifier));
        others.is_empty() && draft.state.organisation(identifier).is_none() && !is_told_again()
    };
    let is_empty =
        |identifier: &&String| draft.organisation(identifier).is_none() && established_in(identifier).next().is_none();
    let alone: Vec<&String> = [&pair.low, &pair.high].into_iter().filter(stands_alone).collect();
    alone.len() < 2 && !alone.iter().any(is_empty)
}

/// Sees to the two identifiers of a pair after its bond has changed: they have the holders that their bonds give them,
/// and a holder is forgotten where no case names it, nor any that it is one with.
pub(super) fn settle(draft: &mut Draft<'_, '_>, pair: &Pair) {
    for identifier in [&pair.low, &pair.high] {
        house(draft, identifier);
        forget(draft, identifier);
    }
}

/// Identifiers that only events beside others have named are held by an organisation that they are one with, and by
/// none where there is none.
fn house(draft: &mut Draft<'_, '_>, from: &str) {
    let group = group(draft, from, &[]);
    for identifier in &group.identifiers {
        if draft.organisation(identifier).is_some() {
            continue;
        }
        let holder = draft.holder(identifier).map(|holder| holder.organisation_id().to_owned());
        match &holder {
            Some(holder) if group.ids.contains(holder) => continue,
            Some(holder) => give_up(draft, holder, identifier),
            None => {}
        }
        let is_named = joining_at(draft, identifier, &[]).iter().any(|bond| bond.unpack().asserting().is_some());
        if let Some(first) = group.ids.first().filter(|_| is_named) {
            take(draft, first, identifier);
        }
    }
}

/// An organisation holds an identifier beside that which it is known by, while there is room.
pub(super) fn take(draft: &mut Draft<'_, '_>, organisation_id: &str, identifier: &str) -> bool {
    let held = draft.organisation(organisation_id).map(|known| known.identifiers.iter().count());
    let has_room = held.is_some_and(|held| held < ORGANISATION_IDENTIFIERS_MAX);
    if has_room && let Some(known) = draft.organisation_mut(organisation_id) {
        known.identifiers.push(identifier);
    }
    has_room
}

/// An organisation holds an identifier no more.
pub(super) fn give_up(draft: &mut Draft<'_, '_>, organisation_id: &str, identifier: &str) {
    if let Some(known) = draft.organisation_mut(organisation_id) {
        known.identifiers.remove(identifier);
    }
}

/// An event says that two identifiers are one organisation's; `first` is that which it knew its organisation by, and
/// `holder` the organisation that holds the other.
pub(super) fn assert(draft: &mut Draft<'_, '_>, (first, holder): (&str, &str), pair: &Pair, event: EventKey) {
    let mut after = bond(draft, pair).unwrap_or_else(|| Bond::new(pair.clone()));
    let naming = match after.named.take() {
        Some(naming) if !naming.is_question => naming,
        Some(_) | None => {
            let behind = (holder != pair.low && holder != pair.high).then(|| holder.to_owned());
            Naming { high_first: first == pair.high, behind, is_question: false, events: Vec::new() }
        }
    };
    let naming = after.named.insert(naming);
    if naming.events.len() > BOND_EVENTS_MAX || naming.events.contains(&event) {
        return;
    }
    naming.events.push(event);
    set(draft, after);
}

/// An event leads to the question whether two organisations are one.
pub(super) fn ask(draft: &mut Draft<'_, '_>, first: &str, pair: &Pair, event: EventKey) {
    let named = Some(Naming { high_first: first == pair.high, behind: None, is_question: true, events: vec![event] });
    set(draft, Bond { named, ..Bond::new(pair.clone()) });
}

/// An event asserts its bonds no more, but for some; gives those pairs. A bond that so many events asserted that not
/// all are remembered stays: only a `Link` ends it.
pub(super) fn take_back(draft: &mut Draft<'_, '_>, event: &EventKey, but_for: &[Pair]) -> Vec<Pair> {
    let mut parted = Vec::new();
    let state = draft.state;
    for pair in state.asserted(event).into_iter().filter(|pair| !but_for.contains(pair)) {
        let Some(known) = bond(draft, &pair) else { continue };
        let Some(naming) = known.asserting() else { continue };
        if !naming.events.contains(event) || naming.events.len() > BOND_EVENTS_MAX {
            continue;
        }
        let mut rest = naming.clone();
        rest.events.retain(|known| known != event);
        let named = Some(rest).filter(|rest| !rest.events.is_empty());
        if set(draft, Bond { named, ..known.clone() }) {
            parted.push(pair);
        }
    }
    parted
}

/// Ends the links of a pair whose day has come; what else is said of it holds again, unless it was contradicted since.
pub(super) fn end(draft: &mut Draft<'_, '_>, pair: &Pair) {
    let Some(known) = bond(draft, pair) else { return };
    let (mut after, now) = (known.clone(), draft.now());
    after.links.retain(|link| !link.has_ended(now));
    if refused_again(draft, &known, &after).is_some() {
        after = Bond::new(pair.clone());
    }
    put(draft, after);
}

/// True where no further change of a pair's bond can wait to be told.
pub(super) fn is_busy(draft: &Draft<'_, '_>, pair: &Pair) -> bool {
    retelling(draft, pair).is_some_and(|work| work.steps.len() >= RETELLING_STEPS_MAX)
}

/// The pair of every retelling that is due or remembered for others, as this entry has left them.
pub(super) fn retold<'d>(draft: &'d Draft<'_, '_>) -> Vec<&'d Pair> {
    let mut pairs: Vec<&Pair> = draft.state.retellings().collect();
    for change in &draft.effects.changes {
        let Key::Retell(pair) = &change.key else { continue };
        pairs.retain(|known| *known != pair);
        pairs.extend(change.after.is_some().then_some(pair));
    }
    pairs
}

/// The retelling of a pair that is due.
pub(super) fn retelling(draft: &Draft<'_, '_>, pair: &Pair) -> Option<Arc<Retelling>> {
    draft.value(&Key::Retell(pair.clone()))?.retelling().cloned()
}

pub(super) fn keep_retelling(draft: &mut Draft<'_, '_>, work: Retelling) {
    draft.put(Key::Retell(work.pair.clone()), Some(Value::Retell(Arc::new(work))));
}

/// Forgets the organisations that are one with an identifier, once no case names any of them: who stands between two
/// others keeps them one. With it go the questions about it, and what events asserted of identifiers that nobody holds any
/// more.
pub(super) fn forget(draft: &mut Draft<'_, '_>, identifier: &str) {
    let group = group(draft, identifier, &[]);
    if group.ids.iter().any(|id| draft.organisation(id).is_some_and(|known| known.cases > 0)) {
        return;
    }
    for id in group.ids {
        draft.put(Key::Organisation(id), None);
    }
    if !has_bonds(draft) {
        return;
    }
    for bond in group.identifiers.iter().flat_map(|identifier| all_at(draft, identifier, &[])).collect::<Vec<_>>() {
        let bond = bond.unpack();
        let Some(named) = &bond.named else { continue };
        let is_unheld = draft.holder(&bond.pair.low).is_none() && draft.holder(&bond.pair.high).is_none();
        if named.is_question || is_unheld {
            keep(draft, Bond { named: None, ..bond });
        }
    }
}

/// What of a bond is seen in alerts.
pub(super) fn shape(bond: &Bond) -> (Option<LinkRelation>, bool, bool, Option<&str>) {
    (bond.relation(), bond.high_first(), bond.links.is_empty(), bond.behind())
}

fn make_due(draft: &mut Draft<'_, '_>, pair: &Pair, before: Option<&Bond>) {
    let members = draft.rules().map_or(0, |rules| rules.members.len());
    let outputs = (0..members).filter_map(|place| Some(Output::Alerts(u8::try_from(place).ok()?)));
    let next = |output| draft.effects.marks.sequences.get(output).unwrap_or(1);
    let step = Step {
        before: before.and_then(Bond::relation),
        high_first: before.is_some_and(Bond::high_first),
        by_events: before.is_some_and(|before| before.links.is_empty()),
        behind: before.and_then(Bond::behind).map(str::to_owned),
        next: outputs.map(next).collect(),
        national_next: next(Output::National),
    };
    let known = retelling(draft, pair).map(|work| Retelling::clone(&work));
    let mut work = known.unwrap_or_else(|| Retelling {
        pair: pair.clone(),
        since: draft.now(),
        steps: Vec::new(),
        after: None,
        done: false,
    });
    work.steps.push(step);
    // Those who were told since the step before must hear again.
    (work.after, work.done) = (None, false);
    keep_retelling(draft, work);
    draft.effects.work_left = true;
}
