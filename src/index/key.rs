//! A key that borrows its text, so that a look-up allocates nothing.

use hashbrown::Equivalent;

use crate::model::bond::Pair;
use crate::model::code::WithdrawalScope;
use crate::model::place::Jurisdiction;
use crate::model::state::Key;

/// `Key` with borrowed text: same variants in the same order, so both derive the same hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyRef<'a> {
    Organisation(&'a str),
    Case(Jurisdiction, &'a str),
    Pending(Jurisdiction, WithdrawalScope, &'a str),
    Source(&'a str, i32),
    Rules,
    Join(Jurisdiction),
    Link(&'a str, &'a str),
    Retell(&'a Pair),
}

impl<'a> From<&'a Key> for KeyRef<'a> {
    fn from(key: &'a Key) -> Self {
        match key {
            Key::Organisation(id) => Self::Organisation(id),
            Key::Case(origin, id) => Self::Case(*origin, id),
            Key::Pending(origin, scope, target) => Self::Pending(*origin, *scope, target),
            Key::Source(topic, partition) => Self::Source(topic, *partition),
            Key::Rules => Self::Rules,
            Key::Join(member) => Self::Join(*member),
            Key::Link(Pair { low, high }) => Self::Link(low, high),
            Key::Retell(pair) => Self::Retell(pair),
        }
    }
}

impl Equivalent<Key> for KeyRef<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        *self == KeyRef::from(key)
    }
}
