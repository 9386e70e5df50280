//! The values of the state by key. Those that there are millions of stand under what they hold themselves, so that no
//! key is in memory twice.

use std::sync::Arc;

use ahash::RandomState;
use hashbrown::HashMap;

use super::hash::{Hashes, ShortHash, Table};
use super::key::KeyRef;
use crate::model::bond::Pair;
use crate::model::code::WithdrawalScope;
use crate::model::packed::{PackedBond, PackedCase};
use crate::model::place::Jurisdiction;
use crate::model::state::{Key, Organisation, Pending, Value};

/// The values of the state.
#[derive(Debug, Default)]
pub(crate) struct Values {
    organisations: Table<Arc<Organisation>>,
    cases: Table<PackedCase>,
    pending: Table<Arc<Pending>>,
    /// Hashed by the first identifier of their pair alone, so that those of one identifier are found together.
    links: Table<PackedBond>,
    /// All the others: sources, rules, members that join, links that are to be told.
    others: HashMap<Key, Value, RandomState>,
    hashes: Hashes,
}

impl Values {
    /// The value under a key.
    pub(crate) fn get(&self, key: &Key) -> Option<Value> {
        match key {
            Key::Organisation(id) => self.organisation(id).cloned().map(Value::Organisation),
            Key::Case(origin, case_id) => self.case(*origin, case_id).cloned().map(Value::Case),
            Key::Pending(origin, scope, target) => self.pending(*origin, *scope, target).cloned().map(Value::Pending),
            Key::Link(pair) => self.link(pair).cloned().map(Value::Link),
            Key::Source(..) | Key::Rules | Key::Join(_) | Key::Retell(_) => self.others.get(key).cloned(),
        }
    }

    /// An organisation by its `organisation_id`.
    pub(crate) fn organisation(&self, organisation_id: &str) -> Option<&Arc<Organisation>> {
        self.find(&self.organisations, KeyRef::Organisation(organisation_id))
    }

    /// The organisations whose key has this hash: one, but for those that share it by chance.
    pub(crate) fn organisations_at(&self, hash: ShortHash) -> impl Iterator<Item = &Arc<Organisation>> {
        self.organisations.at(hash)
    }

    /// A case by its origin and its `case_id`.
    pub(crate) fn case(&self, origin: Jurisdiction, case_id: &str) -> Option<&PackedCase> {
        self.find(&self.cases, KeyRef::Case(origin, case_id))
    }

    /// A withdrawal that waits.
    pub(crate) fn pending(&self, origin: Jurisdiction, scope: WithdrawalScope, target: &str) -> Option<&Arc<Pending>> {
        self.find(&self.pending, KeyRef::Pending(origin, scope, target))
    }

    /// What is said of a pair of identifiers.
    pub(crate) fn link(&self, pair: &Pair) -> Option<&PackedBond> {
        self.find(&self.links, KeyRef::Link(&pair.low, &pair.high))
    }

    /// The bonds of pairs whose first identifier has this hash: of one identifier, but for those that share it by chance.
    pub(crate) fn links_at(&self, hash: ShortHash) -> impl Iterator<Item = &PackedBond> {
        self.links.at(hash)
    }

    /// True where anything is said of any pair.
    pub(crate) fn has_links(&self) -> bool {
        !self.links.is_empty()
    }

    fn find<'t, T: Keyed>(&self, table: &'t Table<T>, key: KeyRef<'_>) -> Option<&'t T> {
        table.at(hash_of(&self.hashes, key)).find(|known| known.key() == key)
    }

    /// Any other value, of which there are few.
    pub(crate) fn other(&self, key: &KeyRef<'_>) -> Option<&Value> {
        self.others.get(key)
    }

    /// Every case, in no order.
    pub(crate) fn cases(&self) -> impl Iterator<Item = &PackedCase> {
        self.cases.iter()
    }

    /// Every value with its key, in no order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Key, Value)> {
        let others = self.others.iter().map(|(key, value)| (key.clone(), value.clone()));
        self.keyed().filter_map(|value| Some((own_key(&value)?, value))).chain(others)
    }

    /// Every value, in no order.
    pub(crate) fn values(&self) -> impl Iterator<Item = Value> {
        self.keyed().chain(self.others.values().cloned())
    }

    /// Those that stand under what they hold themselves.
    fn keyed(&self) -> impl Iterator<Item = Value> {
        let organisations = self.organisations.iter().cloned().map(Value::Organisation);
        let cases = self.cases.iter().cloned().map(Value::Case);
        let links = self.links.iter().cloned().map(Value::Link);
        organisations.chain(cases).chain(links).chain(self.pending.iter().cloned().map(Value::Pending))
    }

    /// The number of values.
    pub(crate) fn len(&self) -> usize {
        let keyed = self.organisations.len() + self.cases.len() + self.pending.len() + self.links.len();
        keyed + self.others.len()
    }

    /// Puts a value under its key, or takes away what stands there; gives what stood there before.
    pub(crate) fn put(&mut self, key: &Key, after: Option<Value>) -> Option<Value> {
        let (own, hashes) = (KeyRef::from(key), &self.hashes);
        match (own, after) {
            (KeyRef::Organisation(_), None) => remove(&mut self.organisations, hashes, own).map(Value::Organisation),
            (KeyRef::Case(..), None) => remove(&mut self.cases, hashes, own).map(Value::Case),
            (KeyRef::Pending(..), None) => remove(&mut self.pending, hashes, own).map(Value::Pending),
            (KeyRef::Link(..), None) => remove(&mut self.links, hashes, own).map(Value::Link),
            (_, None) => self.others.remove(key),
            (KeyRef::Organisation(_), Some(Value::Organisation(after))) => {
                insert(&mut self.organisations, hashes, own, after).map(Value::Organisation)
            }
            (KeyRef::Case(..), Some(Value::Case(after))) => {
                insert(&mut self.cases, hashes, own, after).map(Value::Case)
            }
            (KeyRef::Pending(..), Some(Value::Pending(after))) => {
                insert(&mut self.pending, hashes, own, after).map(Value::Pending)
            }
            (KeyRef::Link(..), Some(Value::Link(after))) => {
                insert(&mut self.links, hashes, own, after).map(Value::Link)
            }
            (_, Some(after)) => self.others.insert(key.clone(), after),
        }
    }

    /// The hashes of keys and identifiers.
    pub(crate) fn hashes(&self) -> &Hashes {
        &self.hashes
    }
}

/// A value that holds what it stands under.
trait Keyed {
    fn key(&self) -> KeyRef<'_>;
}

impl Keyed for Arc<Organisation> {
    fn key(&self) -> KeyRef<'_> {
        KeyRef::Organisation(self.organisation_id())
    }
}

impl Keyed for PackedCase {
    fn key(&self) -> KeyRef<'_> {
        let (origin, case_id) = self.key();
        KeyRef::Case(origin, case_id)
    }
}

impl Keyed for Arc<Pending> {
    fn key(&self) -> KeyRef<'_> {
        KeyRef::Pending(self.origin, self.scope, &self.target)
    }
}

impl Keyed for PackedBond {
    fn key(&self) -> KeyRef<'_> {
        KeyRef::Link(self.low(), self.high())
    }
}

/// The key of a value that holds it.
fn own_key(value: &Value) -> Option<Key> {
    match value {
        Value::Organisation(known) => Some(Key::Organisation(known.organisation_id().to_owned())),
        Value::Case(known) => {
            let (origin, case_id) = known.key();
            Some(Key::Case(origin, case_id.to_owned()))
        }
        Value::Pending(known) => Some(Key::Pending(known.origin, known.scope, known.target.clone())),
        Value::Link(bond) => Some(Key::Link(Pair::new(bond.low(), bond.high()))),
        Value::Source(_) | Value::Rules(_) | Value::Join(_) | Value::Retell(_) => None,
    }
}

/// Where a table looks for a key.
fn hash_of(hashes: &Hashes, key: KeyRef<'_>) -> ShortHash {
    if let KeyRef::Link(low, _) = key { hashes.of(low) } else { hashes.of(key) }
}

/// Puts a value into its place, and gives the one that stood there.
fn insert<T: Keyed>(table: &mut Table<T>, hashes: &Hashes, key: KeyRef<'_>, after: T) -> Option<T> {
    assert!(after.key() == key, "a value stands under its own key");
    table.put(hash_of(hashes, key), after, |known| known.key() == key)
}

/// Takes a value away, and gives it.
fn remove<T: Keyed>(table: &mut Table<T>, hashes: &Hashes, key: KeyRef<'_>) -> Option<T> {
    table.take(hash_of(hashes, key), |known| known.key() == key)
}
