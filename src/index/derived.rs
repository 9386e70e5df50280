//! What follows from the values and is kept beside them for speed: never written anywhere, never decided from alone.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::Arc;

use ahash::RandomState;
use hashbrown::HashMap;

use super::cases::{Shown, is_open, listed, open_case, shown};
use super::due::{CaseDue, Due, Work, forgotten, timed};
use super::hash::{Lead, Leads, Table};
use super::key::KeyRef;
use super::values::Values;
use crate::model::bond::{Bond, Pair};
use crate::model::code::Scope;
use crate::model::packed::{PackedBond, PackedCase};
use crate::model::place::{DAY_MS, Jurisdiction, Millis};
use crate::model::rules::MemberIndex;
use crate::model::state::{Ack, Case, EventEnd, EventKey, Key, NAMESAKE, OpenCase, Organisation, Value};

/// The open cases of one organisation that its bounded value has no room for.
#[derive(Debug, Default)]
pub struct Unlisted {
    cases: BTreeMap<(Jurisdiction, String), OpenCase>,
    /// Their ids by origin and scope, in the order in which alerts show them.
    shown: BTreeMap<(Jurisdiction, Scope), BTreeSet<(Shown, String)>>,
}

impl Unlisted {
    /// The cases, by origin and `case_id`.
    pub fn cases(&self) -> impl Iterator<Item = &(Jurisdiction, String)> {
        self.cases.keys()
    }

    /// How the organisation would list a case that it has no room for.
    pub fn get(&self, origin: Jurisdiction, case_id: &str) -> Option<&OpenCase> {
        self.cases.get(&(origin, case_id.to_owned()))
    }

    /// The cases of one scope at one origin, in the order in which alerts show them.
    pub fn newest(&self, origin: Jurisdiction, scope: Scope) -> impl Iterator<Item = &OpenCase> {
        let ids = self.shown.get(&(origin, scope)).into_iter().flatten();
        ids.filter_map(move |(_, case_id)| self.get(origin, case_id))
    }

    /// How many there are of one scope, and of which origin.
    pub fn counts(&self, scope: Scope) -> impl Iterator<Item = (Jurisdiction, usize)> {
        self.shown.iter().filter(move |((_, of), _)| *of == scope).map(|((origin, _), ids)| (*origin, ids.len()))
    }

    fn insert(&mut self, case: &Case) {
        let Some(open) = open_case(case) else { return };
        self.remove(case.origin, &case.case_id);
        self.shown.entry((open.origin, open.scope)).or_default().insert((shown(&open), open.case_id.clone()));
        self.cases.insert((case.origin, case.case_id.clone()), open);
    }

    fn remove(&mut self, origin: Jurisdiction, case_id: &str) {
        let Some(open) = self.cases.remove(&(origin, case_id.to_owned())) else { return };
        let place = (origin, open.scope);
        let Some(ids) = self.shown.get_mut(&place) else { return };
        ids.remove(&(shown(&open), open.case_id));
        if ids.is_empty() {
            self.shown.remove(&place);
        }
    }
}

/// Everything that is derived from the values.
#[derive(Debug, Default)]
pub(super) struct Derived {
    /// From identifiers to their holders' `organisation_id`, but for those that an organisation is keyed by.
    identifiers: Leads,
    /// Cases of which events expire or clocks run out.
    timed: BTreeSet<CaseDue>,
    /// Cases of which nothing is to expire any more, and that are to be forgotten.
    forgets: BTreeSet<CaseDue>,
    /// Withdrawals that wait and are to be given up.
    pending: BTreeSet<Due>,
    joins: BTreeSet<Due>,
    links: BTreeSet<Due>,
    /// Pairs whose retellings are done, and are remembered for others.
    retold: BTreeSet<Pair>,
    /// Bonds by the second identifier of their pair; by the first they stand among the values.
    by_high: Table<PackedBond>,
    /// From events that asserted bonds to the first identifiers of their pairs.
    asserted: Leads,
    /// Further organisations under an identifier that came back with another name.
    namesakes: HashMap<String, BTreeSet<String>, RandomState>,
    pending_by_platform: BTreeMap<String, usize>,
    gaps: BTreeMap<Key, Millis>,
    unlisted: BTreeMap<String, Unlisted>,
    /// How many alerts of each member wait for an acknowledgement that is overdue.
    overdue: BTreeMap<MemberIndex, i32>,
}

impl Derived {
    pub(super) fn overdue(&self, member: MemberIndex) -> i32 {
        self.overdue.get(&member).copied().unwrap_or_default()
    }

    /// The organisation that holds an identifier which it is not keyed by.
    pub(super) fn holder<'v>(&self, values: &'v Values, identifier: &str) -> Option<&'v Arc<Organisation>> {
        let to = self.identifiers.of(values.hashes().of(identifier));
        let mut holders = to.flat_map(|to| values.organisations_at(to));
        holders.find(|known| known.identifiers.contains(identifier))
    }

    pub(super) fn pending_count(&self, platform: &str) -> usize {
        self.pending_by_platform.get(platform).copied().unwrap_or_default()
    }

    pub(super) fn gaps(&self) -> impl Iterator<Item = (&Key, Millis)> {
        self.gaps.iter().map(|(key, since)| (key, *since))
    }

    pub(super) fn unlisted(&self, organisation_id: &str) -> Option<&Unlisted> {
        self.unlisted.get(organisation_id)
    }

    /// What is said of an identifier, in the order of the pairs.
    pub(super) fn bonds(&self, values: &Values, identifier: &str) -> Vec<PackedBond> {
        let hash = values.hashes().of(identifier);
        let first = values.links_at(hash).filter(|bond| bond.low() == identifier);
        let second = self.by_high.at(hash).filter(|bond| bond.high() == identifier);
        let mut bonds: Vec<PackedBond> = first.chain(second).cloned().collect();
        bonds.sort_unstable_by(|one, other| one.key().cmp(&other.key()));
        bonds
    }

    /// The pairs whose bonds an event asserted, in their order.
    pub(super) fn asserted(&self, values: &Values, event: &EventKey) -> BTreeSet<Pair> {
        let to = self.asserted.of(values.hashes().of(event));
        let named = |bond: &Bond| bond.asserting().is_some_and(|naming| naming.events.contains(event));
        let bonds = to.flat_map(|to| values.links_at(to)).map(PackedBond::unpack).filter(named);
        // Several may begin with one identifier, and each leads to all of them.
        bonds.map(|bond| bond.pair).collect()
    }

    pub(super) fn namesakes(&self, identifier: &str) -> impl Iterator<Item = &String> {
        self.namesakes.get(identifier).into_iter().flatten()
    }

    pub(super) fn retellings(&self) -> impl Iterator<Item = &Pair> {
        let due = self.links.iter().filter_map(|due| if let Key::Retell(pair) = &due.key { Some(pair) } else { None });
        due.chain(&self.retold)
    }

    /// All queues merged in the order (due, key); what is to be forgotten only where that is allowed.
    pub(super) fn due(&self, until: Millis, forget: bool) -> impl Iterator<Item = Due> {
        let timed = self.timed.iter().take_while(move |due| due.at <= until).flat_map(CaseDue::timed);
        let forgets = self.forgets.iter().take_while(move |due| forget && due.at <= until).map(CaseDue::forget);
        let pending = self.pending.iter().take_while(move |due| forget && due.at <= until).cloned();
        let joins = self.joins.iter().take_while(move |due| due.at <= until).cloned();
        let links = self.links.iter().take_while(move |due| due.at <= until).cloned();
        in_order(in_order(in_order(timed, joins), links), in_order(forgets, pending))
    }

    /// Every event that has an end, behind the one given, in the order of their ends; none behind a case without.
    pub(super) fn ends_after(&self, after: Option<&EventEnd>) -> impl Iterator<Item = Due> {
        let is_over = after.is_some_and(|after| after.place == EventEnd::NONE);
        let from = after.map(CaseDue::end).map_or(Bound::Unbounded, Bound::Included);
        let timed = self.timed.range((from, Bound::Unbounded)).take_while(move |_| !is_over).flat_map(CaseDue::timed);
        let last = after.map(Due::from);
        timed.filter(|due| matches!(due.work, Work::Expire(_))).skip_while(move |due| last.as_ref() >= Some(due))
    }

    /// Every case of which no event has an end any more, behind the one given, in the order in which they are forgotten.
    pub(super) fn ended_after(&self, after: Option<&EventEnd>) -> impl Iterator<Item = Due> {
        let after = after.filter(|after| after.place == EventEnd::NONE).map(CaseDue::end);
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        self.forgets.range((from, Bound::Unbounded)).map(CaseDue::forget)
    }

    /// Follows one value from `before` to `after`; `values` holds `after` already.
    pub(super) fn update(&mut self, values: &Values, key: &Key, before: Option<&Value>, after: Option<&Value>) {
        match key {
            Key::Organisation(id) => {
                let (before, after) = (before.and_then(as_organisation), after.and_then(as_organisation));
                self.update_identifiers(values, before, after);
                self.update_listed(values, id, before, after);
            }
            Key::Case(..) => {
                self.update_case(values, before.and_then(Value::case), after.and_then(Value::case));
            }
            Key::Pending(..) => {
                if let Some(Value::Pending(pending)) = before {
                    self.pending.remove(&Due { at: pending.keep_until, key: key.clone(), work: Work::Forget });
                    let left = self.pending_count(&pending.platform).saturating_sub(1);
                    if left == 0 {
                        self.pending_by_platform.remove(&pending.platform);
                    } else {
                        self.pending_by_platform.insert(pending.platform.clone(), left);
                    }
                }
                if let Some(Value::Pending(pending)) = after {
                    self.pending.insert(Due { at: pending.keep_until, key: key.clone(), work: Work::Forget });
                    *self.pending_by_platform.entry(pending.platform.clone()).or_default() += 1;
                }
            }
            Key::Source(..) => {
                let since =
                    after.and_then(|value| if let Value::Source(source) = value { source.gap_since } else { None });
                match since {
                    Some(since) => self.gaps.insert(key.clone(), since),
                    None => self.gaps.remove(key),
                };
            }
            Key::Rules => {}
            Key::Join(_) => {
                if let Some(Value::Join(join)) = before {
                    self.joins.remove(&Due { at: join.since, key: key.clone(), work: Work::Join });
                }
                if let Some(Value::Join(join)) = after {
                    self.joins.insert(Due { at: join.since, key: key.clone(), work: Work::Join });
                }
            }
            Key::Link(_) => {
                if let Some(bond) = before.and_then(Value::bond) {
                    let unpacked = bond.unpack();
                    for due in ends_of(key, &unpacked) {
                        self.links.remove(&due);
                    }
                    self.take_bond_away(values, bond, &unpacked);
                }
                if let Some(bond) = after.and_then(Value::bond) {
                    let unpacked = bond.unpack();
                    self.links.extend(ends_of(key, &unpacked));
                    self.put_bond(values, bond, &unpacked);
                }
            }
            Key::Retell(_) => {
                let due = |at| Due { at, key: key.clone(), work: Work::Retell };
                if let Some(Value::Retell(work)) = before {
                    self.links.remove(&due(work.since));
                    self.retold.remove(&work.pair);
                }
                match after {
                    Some(Value::Retell(work)) if work.done => self.retold.insert(work.pair.clone()),
                    Some(Value::Retell(work)) => self.links.insert(due(work.since)),
                    Some(_) | None => false,
                };
            }
        }
    }

    /// An organisation's own key needs no entry: it is found under it.
    fn update_identifiers(&mut self, values: &Values, before: Option<&Organisation>, after: Option<&Organisation>) {
        if before.map(|organisation| &organisation.identifiers) == after.map(|organisation| &organisation.identifiers) {
            return;
        }
        if let Some(organisation) = before {
            for lead in leads_to(values, organisation) {
                self.identifiers.remove(lead);
            }
            if let Some((identifier, _)) = organisation.organisation_id().split_once(NAMESAKE)
                && let Some(namesakes) = self.namesakes.get_mut(identifier)
            {
                namesakes.remove(organisation.organisation_id());
                if namesakes.is_empty() {
                    self.namesakes.remove(identifier);
                }
            }
        }
        if let Some(organisation) = after {
            if let Some((identifier, _)) = organisation.organisation_id().split_once(NAMESAKE) {
                let namesakes = self.namesakes.entry_ref(identifier).or_default();
                namesakes.insert(organisation.organisation_id().to_owned());
            }
            for lead in leads_to(values, organisation) {
                self.identifiers.insert(lead);
            }
        }
    }

    /// Puts a bond at the second of its identifiers, and at the events that asserted it.
    fn put_bond(&mut self, values: &Values, bond: &PackedBond, unpacked: &Bond) {
        self.by_high.put(values.hashes().of(bond.high()), bond.clone(), |known| known.key() == bond.key());
        for lead in assertions(values, unpacked) {
            self.asserted.insert(lead);
        }
    }

    fn take_bond_away(&mut self, values: &Values, bond: &PackedBond, unpacked: &Bond) {
        self.by_high.take(values.hashes().of(bond.high()), |known| known == bond);
        for lead in assertions(values, unpacked) {
            self.asserted.remove(lead);
        }
    }

    fn update_case(&mut self, values: &Values, before: Option<&PackedCase>, after: Option<&PackedCase>) {
        if let Some(packed) = before {
            let case = packed.unpack();
            for due in timed(packed, &case) {
                self.timed.remove(&due);
            }
            if let Some(due) = forgotten(packed, &case) {
                self.forgets.remove(&due);
            }
            self.count_overdue(&case, -1);
            if let Some(id) = &case.organisation_id {
                self.unlist(id, case.origin, &case.case_id);
            }
        }
        let Some(packed) = after else { return };
        let case = packed.unpack();
        self.timed.extend(timed(packed, &case));
        self.forgets.extend(forgotten(packed, &case));
        self.count_overdue(&case, 1);
        let Some(id) = case.organisation_id.as_deref() else { return };
        let has_room = values.organisation(id).is_some_and(|at| listed(at, case.origin, &case.case_id).is_some());
        if is_open(&case) && !has_room {
            self.unlisted.entry(id.to_owned()).or_default().insert(&case);
        }
    }

    fn count_overdue(&mut self, case: &Case, by: i32) {
        let overdue = |ack: &&Ack| ack.duty.is_some_and(|duty| duty.ran_out.is_some());
        for ack in case.acks.iter().filter(overdue) {
            let count = self.overdue.entry(ack.member).or_default();
            *count += by;
            if *count == 0 {
                self.overdue.remove(&ack.member);
            }
        }
    }

    /// Follows the list of an organisation: whatever leaves it while it is open is unlisted, whatever enters is not.
    fn update_listed(
        &mut self,
        values: &Values,
        id: &str,
        before: Option<&Organisation>,
        after: Option<&Organisation>,
    ) {
        let (before, after) = (list(before), list(after));
        // Lists of hundreds change by one entry at a time: only what differs between the equal ends is compared.
        let head = before.iter().zip(after).take_while(|(old, new)| old == new).count();
        let (before, after) = (&before[head..], &after[head..]);
        let tail = before.iter().rev().zip(after.iter().rev()).take_while(|(old, new)| old == new).count();
        let (before, after) = (&before[..before.len() - tail], &after[..after.len() - tail]);
        for open in before {
            let left = !after.iter().any(|kept| kept.origin == open.origin && kept.case_id == open.case_id);
            let case = values.case(open.origin, &open.case_id).filter(|_| left).map(PackedCase::unpack);
            if let Some(case) = case.filter(|case| is_open(case) && case.organisation_id.as_deref() == Some(id)) {
                self.unlisted.entry(id.to_owned()).or_default().insert(&case);
            }
        }
        for open in after {
            self.unlist(id, open.origin, &open.case_id);
        }
    }

    fn unlist(&mut self, organisation_id: &str, origin: Jurisdiction, case_id: &str) {
        let Some(unlisted) = self.unlisted.get_mut(organisation_id) else { return };
        unlisted.remove(origin, case_id);
        if unlisted.cases.is_empty() {
            self.unlisted.remove(organisation_id);
        }
    }

    /// Each derived entry as a line of text.
    pub(super) fn dump(&self, values: &Values, lines: &mut Vec<String>) {
        lines.extend(self.identifiers.iter().flat_map(|lead| dump_lead(values, lead)));
        lines.extend(self.timed.iter().flat_map(CaseDue::timed).map(|due| format!("derived due {due:?}")));
        lines.extend(self.forgets.iter().map(|due| format!("derived forget {:?}", due.forget())));
        lines.extend(self.pending.iter().map(|due| format!("derived forget {due:?}")));
        lines.extend(self.joins.iter().map(|due| format!("derived join {due:?}")));
        lines.extend(self.links.iter().map(|due| format!("derived link {due:?}")));
        lines.extend(self.retold.iter().map(|pair| format!("derived retold {pair:?}")));
        lines.extend(self.by_high.iter().map(|bond| format!("derived bond {bond:?}")));
        lines.extend(self.asserted.iter().flat_map(|lead| dump_assertion(values, lead)));
        lines.extend(self.namesakes.iter().map(|entry| format!("derived namesakes {entry:?}")));
        lines.extend(self.pending_by_platform.iter().map(|entry| format!("derived pendings {entry:?}")));
        lines.extend(self.gaps.iter().map(|gap| format!("derived gap {gap:?}")));
        lines.extend(self.overdue.iter().map(|entry| format!("derived overdue {entry:?}")));
        lines.extend(self.unlisted.iter().map(|entry| format!("derived unlisted {entry:?}")));
    }
}

fn leads_to(values: &Values, organisation: &Organisation) -> impl Iterator<Item = Lead> {
    let hashes = values.hashes();
    let to = hashes.of(KeyRef::Organisation(organisation.organisation_id()));
    organisation.identifiers.further().map(move |identifier| Lead { from: hashes.of(identifier), to })
}

/// An identifier with its holder; a line without either where nobody holds it, which is no state that may be.
fn dump_lead(values: &Values, lead: Lead) -> Vec<String> {
    let line = |known: &Arc<Organisation>| {
        let own = known.identifiers.further().find(|identifier| values.hashes().of(*identifier) == lead.from);
        own.map(|identifier| format!("derived identifier {identifier} {}", known.organisation_id()))
    };
    let lines: Vec<String> = values.organisations_at(lead.to).filter_map(line).collect();
    if lines.is_empty() { vec!["derived identifier of nobody".to_owned()] } else { lines }
}

/// From the events that asserted a bond to the first identifier of its pair.
fn assertions(values: &Values, bond: &Bond) -> impl Iterator<Item = Lead> {
    let hashes = values.hashes();
    let to = hashes.of(&bond.pair.low);
    let events = bond.asserting().into_iter().flat_map(|naming| &naming.events);
    events.map(move |event| Lead { from: hashes.of(event), to })
}

/// An event with the pairs whose bonds it asserted; a line without where there are none, which is no state that may be.
fn dump_assertion(values: &Values, lead: Lead) -> Vec<String> {
    let of_lead = |bond: &PackedBond| {
        let bond = bond.unpack();
        let events = bond.asserting().map_or(Vec::new(), |naming| naming.events.clone());
        let own = events.into_iter().filter(move |event| values.hashes().of(event) == lead.from);
        own.map(move |event| format!("derived assertion {event:?} {:?}", bond.pair))
    };
    let lines: Vec<String> = values.links_at(lead.to).flat_map(of_lead).collect();
    if lines.is_empty() { vec!["derived assertion of nothing".to_owned()] } else { lines }
}

/// Two queues as one; each is in order by itself, and no piece of work is in both.
fn in_order(one: impl Iterator<Item = Due>, other: impl Iterator<Item = Due>) -> impl Iterator<Item = Due> {
    let (mut one, mut other) = (one.peekable(), other.peekable());
    std::iter::from_fn(move || match (one.peek(), other.peek()) {
        (Some(first), Some(second)) if second < first => other.next(),
        (None, _) => other.next(),
        (Some(_), _) => one.next(),
    })
}

fn list(organisation: Option<&Organisation>) -> &[OpenCase] {
    organisation.map_or(&[], |organisation| organisation.open_cases.as_ref())
}

/// When links end, where that is stated.
fn ends_of(key: &Key, bond: &Bond) -> impl Iterator<Item = Due> {
    let ends = bond.links.iter().filter_map(|link| link.to);
    ends.map(|to| Due { at: Millis::from(to) * DAY_MS, key: key.clone(), work: Work::End })
}

fn as_organisation(value: &Value) -> Option<&Organisation> {
    value.organisation().map(Arc::as_ref)
}
