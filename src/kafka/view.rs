//! The read view: cases and organisations as of the last committed transaction, for the HTTP port.
//!
//! The writer owns its state; here stand the same `Arc`s, so a value is in memory once. The loop hands over what a
//! transaction changed once it is known to be committed, and a batch goes in under one lock: a reader never sees half
//! of one, nor a case without the organisation that the same entry made. A reader holds the lock for the time of a
//! look-up and takes an `Arc` away. One `RwLock` over tables that hash what the values themselves hold costs some 50
//! bytes a case; a concurrent map (dashmap was weighed) would need a second copy of every key and would show the keys
//! of a batch one by one.
//!
//! A standby shows what the last `Checkpoint` that it has read covers, and says so with its number; while an instance
//! restores, it shows nothing.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use ahash::RandomState;
use hashbrown::HashTable;

use crate::model::identifiers::Identifiers;
use crate::model::place::{Jurisdiction, Millis};
use crate::model::rules::{MemberIndex, Rules};
use crate::model::state::{Bond, Case, Checkpoint, Key, Organisation, Value};
use crate::run::ledger::Shown;

/// What readers see; one a process.
#[derive(Debug, Default)]
pub struct View(RwLock<Tables>);

/// Up to where a view is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AsOf {
    /// The number of the last transaction that it shows.
    pub transaction: i64,
    /// The log's clock then.
    pub log_time: Millis,
}

#[derive(Debug, Default)]
struct Tables {
    complete: bool,
    as_of: Option<AsOf>,
    rules: Option<Arc<Rules>>,
    /// Hashed by `case_id` alone, so that cases of several origins under one id are found together.
    cases: HashTable<Hashed<Case>>,
    organisations: HashTable<Hashed<Organisation>>,
    /// From the hash of an event's id to that of its case's.
    events: HashTable<Pair>,
    /// From the hash of an identifier to that of its holder's `organisation_id`.
    identifiers: HashTable<Pair>,
    /// What is said of pairs of identifiers, under either of the two and the other; there are few.
    bonds: BTreeMap<(String, String), Arc<Bond>>,
    /// Keyed, since ids come from outside.
    hasher: RandomState,
}

/// A value with the hash of its id, so that a table that grows need not read every value again.
#[derive(Debug)]
struct Hashed<T> {
    hash: u64,
    value: Arc<T>,
}

/// Two hashes; what they lead to is compared by its text, so a collision only costs a look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Pair {
    from: u64,
    to: u64,
}

impl View {
    /// Forgets everything: a restore begins, and meets values older than what stands here.
    pub fn restart(&self) {
        *self.write() = Tables::default();
    }

    /// Takes what one or more committed transactions changed, in their order, and up to which one that is.
    pub fn publish(&self, shown: Vec<Shown>, last: Option<&Checkpoint>) {
        let mut tables = self.write();
        for change in shown {
            tables.take(change);
        }
        if let Some(last) = last {
            tables.as_of = Some(AsOf { transaction: last.transaction, log_time: last.marks.log_time });
        }
    }

    /// From now on the view is answered from: the restore has come to its end.
    pub fn complete(&self) {
        self.write().complete = true;
    }

    /// A reader, for a few look-ups that belong together; `None` while a restore is under way.
    pub fn look(&self) -> Option<Look<'_>> {
        let tables = self.0.read().unwrap_or_else(PoisonError::into_inner);
        tables.complete.then_some(Look(tables))
    }

    fn write(&self) -> RwLockWriteGuard<'_, Tables> {
        // A panic while it was held has ended the ledger; the tables themselves are only read further.
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A look at one moment; the ledger's next publication waits while it lives, so it is held for look-ups alone.
#[derive(Debug)]
pub struct Look<'v>(RwLockReadGuard<'v, Tables>);

impl Look<'_> {
    /// Up to where it is; `None` before the first transaction.
    pub fn as_of(&self) -> Option<AsOf> {
        self.0.as_of
    }

    /// The rules in force.
    pub fn rules(&self) -> Option<Arc<Rules>> {
        self.0.rules.clone()
    }

    /// The cases with this id, in the order of their origins.
    pub fn cases(&self, case_id: &str) -> Vec<Arc<Case>> {
        let found = self.0.cases.iter_hash(self.0.hash(case_id)).map(|entry| &entry.value);
        let mut cases: Vec<Arc<Case>> = found.filter(|case| case.case_id == case_id).cloned().collect();
        cases.sort_by_key(|case| case.origin);
        cases
    }

    /// An organisation by its `organisation_id`.
    pub fn organisation(&self, organisation_id: &str) -> Option<Arc<Organisation>> {
        let same = |known: &Hashed<Organisation>| known.value.organisation_id() == organisation_id;
        self.0.organisations.find(self.0.hash(organisation_id), same).map(|known| Arc::clone(&known.value))
    }

    /// The organisation that holds an identifier, `<scheme>:<value>`.
    pub fn holder(&self, identifier: &str) -> Option<Arc<Organisation>> {
        self.organisation(identifier).or_else(|| {
            let from = self.0.hash(identifier);
            let pairs = self.0.identifiers.iter_hash(from).filter(|pair| pair.from == from);
            let mut holders = pairs.flat_map(|pair| self.0.organisations.iter_hash(pair.to)).map(|known| &known.value);
            holders.find(|known| known.identifiers.contains(identifier)).cloned()
        })
    }

    /// What is said of the identifiers of an organisation, and of which other one.
    pub fn bonds(&self, organisation: &Organisation) -> Vec<(String, Arc<Bond>)> {
        let of = |identifier: &str| {
            let from = self.0.bonds.range((identifier.to_owned(), String::new())..);
            let same = from.take_while(|((one, _), _)| one == identifier);
            same.map(|((_, other), bond)| (other.clone(), Arc::clone(bond))).collect::<Vec<_>>()
        };
        organisation.identifiers.iter().flat_map(of).collect()
    }

    /// The cases that hold an event of this id: one, but for a platform that states one event in several.
    pub fn cases_of_event(&self, event_id: &str) -> Vec<Arc<Case>> {
        let from = self.0.hash(event_id);
        let mut cases: Vec<Arc<Case>> = Vec::new();
        for pair in self.0.events.iter_hash(from).filter(|pair| pair.from == from) {
            for case in self.0.cases.iter_hash(pair.to).map(|entry| &entry.value) {
                let has = case.events.iter().any(|event| event.event_id == event_id);
                if has && !cases.iter().any(|known| Arc::ptr_eq(known, case)) {
                    cases.push(Arc::clone(case));
                }
            }
        }
        cases.sort_by(|one, other| (one.origin, &one.case_id).cmp(&(other.origin, &other.case_id)));
        cases
    }

    /// How many cases and organisations there are.
    pub fn counts(&self) -> (usize, usize) {
        (self.0.cases.len(), self.0.organisations.len())
    }
}

/// The jurisdiction of a member by its place.
pub fn member(rules: Option<&Rules>, place: MemberIndex) -> Option<Jurisdiction> {
    rules?.members.get(usize::from(place)).map(|member| member.jurisdiction)
}

impl Tables {
    fn hash(&self, text: &str) -> u64 {
        self.hasher.hash_one(text)
    }

    fn take(&mut self, shown: Shown) {
        match shown {
            Shown::Value(Value::Case(case)) => self.put_case(case),
            Shown::Value(Value::Organisation(organisation)) => self.put_organisation(organisation),
            Shown::Value(Value::Rules(rules)) => self.rules = Some(rules),
            Shown::Gone(Key::Case(origin, case_id)) => self.remove_case(origin, &case_id),
            Shown::Gone(Key::Organisation(id)) => self.remove_organisation(&id),
            Shown::Value(Value::Link(bond)) => {
                for (one, other) in [(&bond.first, &bond.second), (&bond.second, &bond.first)] {
                    self.bonds.insert((one.clone(), other.clone()), Arc::clone(&bond));
                }
            }
            Shown::Gone(Key::Link(pair)) => {
                self.bonds.remove(&(pair.low.clone(), pair.high.clone()));
                self.bonds.remove(&(pair.high, pair.low));
            }
            Shown::Value(Value::Pending(_) | Value::Source(_) | Value::Join(_) | Value::Retell(_))
            | Shown::Gone(Key::Pending(..) | Key::Source(..) | Key::Rules | Key::Join(_) | Key::Retell(_)) => {}
        }
    }

    fn put_case(&mut self, case: Arc<Case>) {
        let to = self.hash(&case.case_id);
        let same = |known: &Hashed<Case>| known.value.origin == case.origin && known.value.case_id == case.case_id;
        let before = put(&mut self.cases, to, Arc::clone(&case), same);
        // The events of a case are only ever added to, so those before stand in front.
        let known = before.as_deref().map_or(&[][..], |before| before.events.as_ref());
        let kept = known.iter().zip(&case.events).take_while(|(one, other)| one.event_id == other.event_id).count();
        for event in known.iter().skip(kept) {
            let from = self.hash(&event.event_id);
            remove(&mut self.events, Pair { from, to });
        }
        for event in case.events.iter().skip(kept) {
            let from = self.hash(&event.event_id);
            self.events.insert_unique(from, Pair { from, to }, |pair| pair.from);
        }
    }

    fn remove_case(&mut self, origin: Jurisdiction, case_id: &str) {
        let to = self.hash(case_id);
        let same = |known: &Hashed<Case>| known.value.origin == origin && known.value.case_id == case_id;
        let Ok(entry) = self.cases.find_entry(to, same) else { return };
        let (case, _) = entry.remove();
        for event in &case.value.events {
            let from = self.hash(&event.event_id);
            remove(&mut self.events, Pair { from, to });
        }
    }

    fn put_organisation(&mut self, organisation: Arc<Organisation>) {
        let to = self.hash(organisation.organisation_id());
        let same = |known: &Hashed<Organisation>| known.value.organisation_id() == organisation.organisation_id();
        let before = put(&mut self.organisations, to, Arc::clone(&organisation), same);
        let known = before.as_deref().map(|before| &before.identifiers);
        if known == Some(&organisation.identifiers) {
            return;
        }
        // The one that it is keyed by leads to it without help.
        let is_known = |identifier: &&str| known.is_some_and(|known| known.contains(identifier));
        for identifier in organisation.identifiers.further().filter(|identifier| !is_known(identifier)) {
            let from = self.hash(identifier);
            self.identifiers.insert_unique(from, Pair { from, to }, |pair| pair.from);
        }
        let gone = |identifier: &&str| !organisation.identifiers.contains(identifier);
        for identifier in known.into_iter().flat_map(Identifiers::further).filter(gone) {
            let from = self.hash(identifier);
            remove(&mut self.identifiers, Pair { from, to });
        }
    }

    fn remove_organisation(&mut self, id: &str) {
        let to = self.hash(id);
        let Ok(entry) = self.organisations.find_entry(to, |known| known.value.organisation_id() == id) else { return };
        let (organisation, _) = entry.remove();
        for identifier in organisation.value.identifiers.further() {
            let from = self.hash(identifier);
            remove(&mut self.identifiers, Pair { from, to });
        }
    }
}

/// Puts a value into its place, and gives the one that stood there.
fn put<T>(
    table: &mut HashTable<Hashed<T>>,
    hash: u64,
    value: Arc<T>,
    same: impl FnMut(&Hashed<T>) -> bool,
) -> Option<Arc<T>> {
    match table.find_mut(hash, same) {
        Some(entry) => Some(std::mem::replace(&mut entry.value, value)),
        None => {
            table.insert_unique(hash, Hashed { hash, value }, |entry| entry.hash);
            None
        }
    }
}

fn remove(pairs: &mut HashTable<Pair>, pair: Pair) {
    if let Ok(entry) = pairs.find_entry(pair.from, |known| *known == pair) {
        entry.remove();
    }
}

#[cfg(test)]
mod tests;
