//! The read view: cases and organisations as of the last committed transaction, for the HTTP port.
//!
//! The writer owns its state; here stand the same values, so each is in memory once. The loop hands over what a
//! transaction changed once it is known to be committed, and a batch goes in under one lock: a reader never sees half
//! of one, nor a case without the organisation that the same entry made. A reader holds the lock for the time of a
//! look-up and takes away what it found. One `RwLock` over tables that hash what the values themselves hold costs some
//! 50 bytes a case; a concurrent map (dashmap was weighed) would need a second copy of every key and would show the
//! keys of a batch one by one.
//!
//! A standby shows what the last `Checkpoint` that it has read covers, and says so with its number; while an instance
//! restores, it shows nothing.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::index::hash::{Hashes, Lead, Leads, Table};
use crate::model::bond::Bond;
use crate::model::identifiers::Identifiers;
use crate::model::packed::{PackedBond, PackedCase};
use crate::model::place::{Jurisdiction, Millis};
use crate::model::rules::{MemberIndex, Rules};
use crate::model::state::{Case, Checkpoint, Key, Organisation, Value};
use crate::run::ledger::Shown;

/// What readers see; one a process.
#[derive(Debug, Default)]
pub struct View {
    /// Whether readers are answered. It changes while the tables are locked, and is read without: whoever asks while a
    /// restored state goes in would wait for seconds to be refused.
    complete: AtomicBool,
    tables: RwLock<Tables>,
}

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
    as_of: Option<AsOf>,
    rules: Option<Arc<Rules>>,
    /// Hashed by `case_id` alone, so that cases of several origins under one id are found together.
    cases: Table<PackedCase>,
    organisations: Table<Arc<Organisation>>,
    /// From the hash of an event's id to that of its case's.
    events: Leads,
    /// From the hash of an identifier to that of its holder's `organisation_id`.
    identifiers: Leads,
    /// What is said of pairs of identifiers, under either of the two.
    bonds: Table<PackedBond>,
    hashes: Hashes,
}

impl View {
    /// Forgets everything: a restore begins, and meets values older than what stands here.
    pub fn restart(&self) {
        let mut tables = self.write();
        self.complete.store(false, Ordering::Release);
        *tables = Tables::default();
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
        let _changing = self.write();
        self.complete.store(true, Ordering::Release);
    }

    /// True where readers are answered.
    pub fn is_complete(&self) -> bool {
        self.complete.load(Ordering::Acquire)
    }

    /// A reader, for a few look-ups that belong together; `None` while a restore is under way.
    pub fn look(&self) -> Option<Look<'_>> {
        if !self.is_complete() {
            return None;
        }
        let tables = self.tables.read().unwrap_or_else(PoisonError::into_inner);
        self.is_complete().then_some(Look(tables))
    }

    fn write(&self) -> RwLockWriteGuard<'_, Tables> {
        // A panic while it was held has ended the ledger; the tables themselves are only read further.
        self.tables.write().unwrap_or_else(PoisonError::into_inner)
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
    pub fn cases(&self, case_id: &str) -> Vec<Case> {
        let found = self.0.cases.at(self.0.hashes.of(case_id));
        let mut cases: Vec<Case> = found.filter(|case| case.key().1 == case_id).map(PackedCase::unpack).collect();
        cases.sort_by_key(|case| case.origin);
        cases
    }

    /// An organisation by its `organisation_id`.
    pub fn organisation(&self, organisation_id: &str) -> Option<Arc<Organisation>> {
        let mut found = self.0.organisations.at(self.0.hashes.of(organisation_id));
        found.find(|known| known.organisation_id() == organisation_id).cloned()
    }

    /// The organisation that holds an identifier, `<scheme>:<value>`.
    pub fn holder(&self, identifier: &str) -> Option<Arc<Organisation>> {
        self.organisation(identifier).or_else(|| {
            let to = self.0.identifiers.of(self.0.hashes.of(identifier));
            let mut holders = to.flat_map(|to| self.0.organisations.at(to));
            holders.find(|known| known.identifiers.contains(identifier)).cloned()
        })
    }

    /// What is said of the identifiers of an organisation, and of which other one; of two of its own, once.
    pub fn bonds(&self, organisation: &Organisation) -> Vec<(String, Bond)> {
        let of = |identifier: &str| {
            let known = self.0.bonds.at(self.0.hashes.of(identifier));
            let is_own = |identifier: &str| organisation.identifiers.contains(identifier);
            let once =
                known.filter(|bond| bond.low() == identifier || (bond.high() == identifier && !is_own(bond.low())));
            let with_other = once.map(PackedBond::unpack).map(|bond| (bond.other(identifier).to_owned(), bond));
            let mut of: Vec<(String, Bond)> = with_other.collect();
            of.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
            of
        };
        organisation.identifiers.iter().flat_map(of).collect()
    }

    /// The cases that hold an event of this id: one, but for a platform that states one event in several.
    pub fn cases_of_event(&self, event_id: &str) -> Vec<Case> {
        let to = self.0.events.of(self.0.hashes.of(event_id));
        let mut found: Vec<&PackedCase> = to.flat_map(|to| self.0.cases.at(to)).collect();
        found.sort_by_key(|case| case.key());
        // Several of its events may have led to one case.
        found.dedup_by_key(|case| case.key());
        let cases = found.into_iter().map(PackedCase::unpack);
        cases.filter(|case| case.events.iter().any(|event| event.event_id == event_id)).collect()
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
    fn take(&mut self, shown: Shown) {
        match shown {
            Shown::Value(Value::Case(case)) => self.put_case(&case),
            Shown::Value(Value::Organisation(organisation)) => self.put_organisation(organisation),
            Shown::Value(Value::Rules(rules)) => self.rules = Some(rules),
            Shown::Value(Value::Link(bond)) => {
                for identifier in [bond.low(), bond.high()] {
                    self.bonds.put(self.hashes.of(identifier), bond.clone(), |known| known.key() == bond.key());
                }
            }
            Shown::Value(Value::Pending(_) | Value::Source(_) | Value::Join(_) | Value::Retell(_)) => {}
            Shown::Gone(key) => self.remove(&key),
        }
    }

    fn remove(&mut self, key: &Key) {
        match key {
            Key::Case(origin, case_id) => self.remove_case(*origin, case_id),
            Key::Organisation(id) => self.remove_organisation(id),
            Key::Link(pair) => {
                for identifier in [&pair.low, &pair.high] {
                    self.bonds.take(self.hashes.of(identifier), |known| known.is_of(pair));
                }
            }
            Key::Pending(..) | Key::Source(..) | Key::Rules | Key::Join(_) | Key::Retell(_) => {}
        }
    }

    fn put_case(&mut self, packed: &PackedCase) {
        let to = self.hashes.of(packed.key().1);
        let before = self.cases.put(to, packed.clone(), |known| known.key() == packed.key());
        let (known, events) = (before.map_or_else(Vec::new, |before| before.events()), packed.events());
        // The events of a case are only ever added to, so those before stand in front.
        let kept = known.iter().zip(&events).take_while(|(one, other)| one.event_id == other.event_id).count();
        for event in known.iter().skip(kept) {
            let from = self.hashes.of(&event.event_id);
            self.events.remove(Lead { from, to });
        }
        for event in events.iter().skip(kept) {
            let from = self.hashes.of(&event.event_id);
            self.events.insert(Lead { from, to });
        }
    }

    fn remove_case(&mut self, origin: Jurisdiction, case_id: &str) {
        let to = self.hashes.of(case_id);
        let Some(case) = self.cases.take(to, |known| known.key() == (origin, case_id)) else { return };
        for event in case.events() {
            let from = self.hashes.of(&event.event_id);
            self.events.remove(Lead { from, to });
        }
    }

    fn put_organisation(&mut self, organisation: Arc<Organisation>) {
        let to = self.hashes.of(organisation.organisation_id());
        let same = |known: &Arc<Organisation>| known.organisation_id() == organisation.organisation_id();
        let before = self.organisations.put(to, Arc::clone(&organisation), same);
        let known = before.as_deref().map(|before| &before.identifiers);
        if known == Some(&organisation.identifiers) {
            return;
        }
        // The one that it is keyed by leads to it without help.
        let is_known = |identifier: &&str| known.is_some_and(|known| known.contains(identifier));
        for identifier in organisation.identifiers.further().filter(|identifier| !is_known(identifier)) {
            let from = self.hashes.of(identifier);
            self.identifiers.insert(Lead { from, to });
        }
        let gone = |identifier: &&str| !organisation.identifiers.contains(identifier);
        for identifier in known.into_iter().flat_map(Identifiers::further).filter(gone) {
            let from = self.hashes.of(identifier);
            self.identifiers.remove(Lead { from, to });
        }
    }

    fn remove_organisation(&mut self, id: &str) {
        let to = self.hashes.of(id);
        let Some(organisation) = self.organisations.take(to, |known| known.organisation_id() == id) else { return };
        for identifier in organisation.identifiers.further() {
            let from = self.hashes.of(identifier);
            self.identifiers.remove(Lead { from, to });
        }
    }
}

#[cfg(test)]
mod tests;
