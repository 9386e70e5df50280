//! Hashes of texts in 32 bits, and tables by them: of millions of values, and of texts that lead to others. The texts
//! themselves stand in the values, so a collision only costs a look.

use std::hash::Hash;

use ahash::RandomState;
use hashbrown::HashTable;

/// Makes hashes. Keys come from outside, so they are keyed: nobody can choose texts that collide.
#[derive(Debug, Clone, Default)]
pub struct Hashes(RandomState);

impl Hashes {
    /// The hash of a text, or of a key.
    pub fn of(&self, hashed: impl Hash) -> ShortHash {
        let [a, b, c, d, ..] = self.0.hash_one(hashed).to_le_bytes();
        ShortHash(u32::from_le_bytes([a, b, c, d]))
    }
}

/// The hash of one text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShortHash(u32);

impl ShortHash {
    /// As wide as tables take them: they look for the place in the lowest bits and for a tag in the highest.
    pub fn wide(self) -> u64 {
        u64::from(self.0) << 32 | u64::from(self.0)
    }
}

/// A text and another that it leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lead {
    pub from: ShortHash,
    pub to: ShortHash,
}

/// Texts that lead to others; one may lead to several, and several times to one.
#[derive(Debug, Default)]
pub struct Leads(HashTable<Lead>);

impl Leads {
    /// Adds one, whether or not there is such a one already.
    pub fn insert(&mut self, lead: Lead) {
        self.0.insert_unique(lead.from.wide(), lead, |lead| lead.from.wide());
    }

    /// Takes one away, where there is any.
    pub fn remove(&mut self, lead: Lead) {
        if let Ok(entry) = self.0.find_entry(lead.from.wide(), |known| *known == lead) {
            entry.remove();
        }
    }

    /// Where a text leads.
    pub fn of(&self, from: ShortHash) -> impl Iterator<Item = ShortHash> {
        self.0.iter_hash(from.wide()).filter(move |lead| lead.from == from).map(|lead| lead.to)
    }

    /// All of them, in no order.
    pub fn iter(&self) -> impl Iterator<Item = Lead> {
        self.0.iter().copied()
    }
}

/// Values by the hashes of what they stand under. One may stand under several hashes, once under each.
#[derive(Debug)]
pub struct Table<T>(HashTable<Hashed<T>>);

/// A value with its hash: a table that grows would have to read each of its values for it otherwise, millions of them in
/// no order, and the ledger would stand still meanwhile.
#[derive(Debug)]
struct Hashed<T> {
    hash: ShortHash,
    value: T,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self(HashTable::default())
    }
}

impl<T> Table<T> {
    /// What stands under a hash. The library shows others too, whose hashes are alike in part.
    pub fn at(&self, hash: ShortHash) -> impl Iterator<Item = &T> {
        self.0.iter_hash(hash.wide()).filter(move |entry| entry.hash == hash).map(|entry| &entry.value)
    }

    /// Puts a value into its place, and gives the one that stood there.
    pub fn put(&mut self, hash: ShortHash, value: T, same: impl Fn(&T) -> bool) -> Option<T> {
        match self.0.find_mut(hash.wide(), |entry| entry.hash == hash && same(&entry.value)) {
            Some(entry) => Some(std::mem::replace(&mut entry.value, value)),
            None => {
                self.0.insert_unique(hash.wide(), Hashed { hash, value }, |entry| entry.hash.wide());
                None
            }
        }
    }

    /// Takes a value away, where it is there.
    pub fn take(&mut self, hash: ShortHash, same: impl Fn(&T) -> bool) -> Option<T> {
        let found = self.0.find_entry(hash.wide(), |entry| entry.hash == hash && same(&entry.value));
        found.ok().map(|entry| entry.remove().0.value)
    }

    /// Every value, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter().map(|entry| &entry.value)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True where there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
