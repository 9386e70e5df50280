//! The values of the state by key. Those that there are millions of stand under what they hold themselves, so that no
//! key is in memory twice.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hash};
use std::sync::Arc;

use hashbrown::{HashMap, HashTable};

use super::key::KeyRef;
use crate::model::code::WithdrawalScope;
use crate::model::place::Jurisdiction;
use crate::model::state::{Case, Key, Organisation, Pending, Value};

/// The values of the state. Keys come from outside, so their hash is keyed.
#[derive(Debug, Default)]
pub(crate) struct Values {
    organisations: HashTable<Arc<Organisation>>,
    cases: HashTable<Arc<Case>>,
    pending: HashTable<Arc<Pending>>,
    /// All the others: sources, rules, members that join, links and what is to be told of them.
    others: HashMap<Key, Value, RandomState>,
    hasher: RandomState,
}

impl Values {
    /// The value under a key.
    pub(crate) fn get(&self, key: &Key) -> Option<Value> {
        match key {
            Key::Organisation(id) => self.organisation(id).cloned().map(Value::Organisation),
            Key::Case(origin, case_id) => self.case(*origin, case_id).cloned().map(Value::Case),
            Key::Pending(origin, scope, target) => self.pending(*origin, *scope, target).cloned().map(Value::Pending),
            Key::Source(..) | Key::Rules | Key::Join(_) | Key::Link(_) | Key::Retell(_) => {
                self.others.get(key).cloned()
            }
        }
    }

    /// An organisation by its `organisation_id`.
    pub(crate) fn organisation(&self, organisation_id: &str) -> Option<&Arc<Organisation>> {
        let same = |known: &Arc<Organisation>| known.organisation_id == organisation_id;
        self.organisations.find(self.hash(organisation_id), same)
    }

    /// The organisations whose `organisation_id` has this hash: one, but for those that share it by chance.
    pub(crate) fn organisations_at(&self, hash: u64) -> impl Iterator<Item = &Arc<Organisation>> {
        self.organisations.iter_hash(hash).filter(move |known| self.hash(known.organisation_id.as_str()) == hash)
    }

    /// A case by its origin and its `case_id`.
    pub(crate) fn case(&self, origin: Jurisdiction, case_id: &str) -> Option<&Arc<Case>> {
        self.cases.find(self.hash((origin, case_id)), |known| known.origin == origin && known.case_id == case_id)
    }

    /// A withdrawal that waits.
    pub(crate) fn pending(&self, origin: Jurisdiction, scope: WithdrawalScope, target: &str) -> Option<&Arc<Pending>> {
        let same = |known: &Arc<Pending>| known.origin == origin && known.scope == scope && known.target == target;
        self.pending.find(self.hash((origin, scope, target)), same)
    }

    /// Any other value, of which there are few.
    pub(crate) fn other(&self, key: &KeyRef<'_>) -> Option<&Value> {
        self.others.get(key)
    }

    /// Every case, in no order.
    pub(crate) fn cases(&self) -> impl Iterator<Item = &Arc<Case>> {
        self.cases.iter()
    }

    /// Every value with its key, in no order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Key, Value)> {
        let organisation = |known: &Arc<Organisation>| {
            (Key::Organisation(known.organisation_id.clone()), Value::Organisation(Arc::clone(known)))
        };
        let case = |known: &Arc<Case>| (Key::Case(known.origin, known.case_id.clone()), Value::Case(Arc::clone(known)));
        let pending = |known: &Arc<Pending>| {
            (Key::Pending(known.origin, known.scope, known.target.clone()), Value::Pending(Arc::clone(known)))
        };
        let keyed = self.organisations.iter().map(organisation).chain(self.cases.iter().map(case));
        let others = self.others.iter().map(|(key, value)| (key.clone(), value.clone()));
        keyed.chain(self.pending.iter().map(pending)).chain(others)
    }

    /// The number of values.
    pub(crate) fn len(&self) -> usize {
        self.organisations.len() + self.cases.len() + self.pending.len() + self.others.len()
    }

    /// Puts a value under its key, or takes away what stands there; gives what stood there before.
    pub(crate) fn put(&mut self, key: &Key, after: Option<Value>) -> Option<Value> {
        match (key, after) {
            (Key::Organisation(id), None) => {
                let same = |known: &Arc<Organisation>| known.organisation_id == *id;
                remove(&mut self.organisations, self.hasher.hash_one(id.as_str()), same).map(Value::Organisation)
            }
            (Key::Case(origin, id), None) => {
                let same = |known: &Arc<Case>| known.origin == *origin && known.case_id == *id;
                remove(&mut self.cases, self.hasher.hash_one((*origin, id.as_str())), same).map(Value::Case)
            }
            (Key::Pending(origin, scope, target), None) => {
                let same =
                    |known: &Arc<Pending>| known.origin == *origin && known.scope == *scope && known.target == *target;
                let hash = self.hasher.hash_one((*origin, *scope, target.as_str()));
                remove(&mut self.pending, hash, same).map(Value::Pending)
            }
            (key, None) => self.others.remove(key),
            (Key::Organisation(id), Some(Value::Organisation(after))) => {
                assert!(*id == after.organisation_id, "an organisation stands under its own id");
                let hash = |known: &Arc<Organisation>| self.hasher.hash_one(known.organisation_id.as_str());
                let same = |known: &Arc<Organisation>| known.organisation_id == *id;
                insert(&mut self.organisations, after, hash, same).map(Value::Organisation)
            }
            (Key::Case(origin, id), Some(Value::Case(after))) => {
                assert!(*origin == after.origin && *id == after.case_id, "a case stands under its own id");
                let hash = |known: &Arc<Case>| self.hasher.hash_one((known.origin, known.case_id.as_str()));
                let same = |known: &Arc<Case>| known.origin == *origin && known.case_id == *id;
                insert(&mut self.cases, after, hash, same).map(Value::Case)
            }
            (Key::Pending(origin, scope, target), Some(Value::Pending(after))) => {
                let same =
                    |known: &Arc<Pending>| known.origin == *origin && known.scope == *scope && known.target == *target;
                assert!(same(&after), "a withdrawal stands under what it takes back");
                let hash =
                    |known: &Arc<Pending>| self.hasher.hash_one((known.origin, known.scope, known.target.as_str()));
                insert(&mut self.pending, after, hash, same).map(Value::Pending)
            }
            (key, Some(after)) => self.others.insert(key.clone(), after),
        }
    }

    /// The hash of an id, or of the parts of a key.
    pub(crate) fn hash(&self, of: impl Hash) -> u64 {
        self.hasher.hash_one(of)
    }
}

/// Puts a value into its place, and gives the one that stood there.
fn insert<T>(
    table: &mut HashTable<Arc<T>>,
    after: Arc<T>,
    hash: impl Fn(&Arc<T>) -> u64,
    same: impl FnMut(&Arc<T>) -> bool,
) -> Option<Arc<T>> {
    let own = hash(&after);
    match table.find_mut(own, same) {
        Some(known) => Some(std::mem::replace(known, after)),
        None => {
            table.insert_unique(own, after, hash);
            None
        }
    }
}

/// Takes a value away, and gives it.
fn remove<T>(table: &mut HashTable<Arc<T>>, hash: u64, same: impl FnMut(&Arc<T>) -> bool) -> Option<Arc<T>> {
    table.find_entry(hash, same).ok().map(|entry| entry.remove().0)
}
