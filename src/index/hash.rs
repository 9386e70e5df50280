//! Hashes of texts in 32 bits: tables that lead from one text to another by their hashes hold millions of pairs, and
//! the texts themselves stand where they lead, so a collision only costs a look.

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
