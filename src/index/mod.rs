//! What the ledger remembers, by key; it changes only through `Change`s.
//!
//! Values are the whole truth: what else is kept in memory (`derived`) follows from them, so that a restore, which
//! meets the same values in another order, gives the same state.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::model::bond::{Bond, Pair, Retelling};
use crate::model::change::Change;
use crate::model::packed::{PackedBond, PackedCase};
use crate::model::place::{Jurisdiction, Millis};
use crate::model::rules::{MemberIndex, Rules};
use crate::model::state::{
    Checkpoint, EventEnd, EventKey, Join, Key, Marks, Organisation, Pending, SourceState, Value,
};
use crate::schema::state::{StateEntry, digest, encode_key, write_digest_key, write_value};

pub mod hash;
pub mod key;
pub mod identity;
pub mod name;
pub mod cases;
mod derived;
mod due;
mod values;

use crate::model::code::WithdrawalScope;
use derived::Derived;
use key::KeyRef;
use values::Values;

pub use derived::Unlisted;
pub use due::{Due, Work};

/// The state of the ledger: a fold of the log.
#[derive(Debug, Default)]
pub struct State {
    pub marks: Marks,
    values: Values,
    derived: Derived,
}

impl State {
    /// The value under a key.
    pub fn get(&self, key: &Key) -> Option<Value> {
        self.values.get(key)
    }

    /// Makes one change, and gives it as it is written to `comity.state`.
    ///
    /// A change that does not start from the value in place would be undone to a state that never was, so that stops
    /// the ledger here.
    pub fn apply(&mut self, change: &Change) -> Written {
        assert!(self.values.get(&change.key) == change.before, "a change starts from the value in place");
        self.put(&change.key, change.after.as_ref())
    }

    /// Takes over the marks of `Effects` once its changes are applied; the digest stays the one that they gave.
    pub fn advance(&mut self, marks: &Marks) {
        let digest = self.marks.digest;
        self.marks.clone_from(marks);
        self.marks.digest = digest;
    }

    /// Takes changes back, newest first, and the marks with them: `changes` in the order in which they were applied.
    pub fn undo<'c, C>(&mut self, changes: C, before: Marks)
    where
        C: IntoIterator<Item = &'c Change, IntoIter: DoubleEndedIterator>,
    {
        for change in changes.into_iter().rev() {
            assert!(self.values.get(&change.key) == change.after, "only what was applied is undone");
            self.put(&change.key, change.before.as_ref());
        }
        assert!(self.marks.digest == before.digest, "the digest after an undo is that before the changes");
        self.marks = before;
    }

    /// Puts an entry read from `comity.state` in place; the digest follows.
    pub fn restore(&mut self, StateEntry { key, value, digest }: StateEntry) {
        let before = self.place(&key, value.as_ref());
        let before = StateEntry::new(key, before).digest;
        self.marks.digest = self.marks.digest.wrapping_sub(before).wrapping_add(digest);
    }

    /// Takes over the marks of the last `Checkpoint` once every value up to it is restored; `false` where the digest
    /// of the values is not the one that it promises.
    #[must_use]
    pub fn resume(&mut self, checkpoint: &Checkpoint) -> bool {
        let digest = self.marks.digest;
        self.marks.clone_from(&checkpoint.marks);
        digest == checkpoint.marks.digest
    }

    /// The `Checkpoint` of this state.
    pub fn checkpoint(&self, transaction: i64, cluster_id: &str) -> Checkpoint {
        Checkpoint { transaction, marks: self.marks.clone(), cluster_id: cluster_id.to_owned() }
    }

    /// Every entry as a line of text, sorted: equality of two states is equality of their dumps.
    ///
    /// What is derived is dumped too: a state that remembers the same but would act otherwise is another state.
    pub fn dump(&self) -> Vec<String> {
        let mut lines: Vec<String> =
            self.values.iter().map(|(key, value)| format!("{} {value:?}", encode_key(&key))).collect();
        lines.push(format!("marks {:?}", self.marks));
        self.derived.dump(&self.values, &mut lines);
        lines.sort_unstable();
        lines
    }

    /// Every value, in no order.
    pub fn values(&self) -> impl Iterator<Item = Value> {
        self.values.values()
    }

    /// The number of values.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// True before the first value.
    pub fn is_empty(&self) -> bool {
        self.values.len() == 0
    }

    /// The rules in force; `None` before the first.
    pub fn rules(&self) -> Option<&Arc<Rules>> {
        self.values.other(&KeyRef::Rules)?.rules()
    }

    /// Where a source partition stands.
    pub fn source(&self, topic: &str, partition: i32) -> Option<SourceState> {
        self.values.other(&KeyRef::Source(topic, partition))?.source().copied()
    }

    /// A case by its origin and its `case_id`.
    pub fn case(&self, origin: Jurisdiction, case_id: &str) -> Option<&PackedCase> {
        self.values.case(origin, case_id)
    }

    /// Every case, in no order.
    pub fn cases(&self) -> impl Iterator<Item = &PackedCase> {
        self.values.cases()
    }

    /// An organisation by its `organisation_id`.
    pub fn organisation(&self, organisation_id: &str) -> Option<&Arc<Organisation>> {
        self.values.organisation(organisation_id)
    }

    /// The organisation that holds an identifier (`<scheme>:<value>`).
    pub fn holder(&self, identifier: &str) -> Option<&Arc<Organisation>> {
        self.organisation(identifier).or_else(|| self.derived.holder(&self.values, identifier))
    }

    /// What is said of an identifier, in the order of the pairs.
    pub fn bonds(&self, identifier: &str) -> Vec<PackedBond> {
        self.derived.bonds(&self.values, identifier)
    }

    /// The pairs whose bonds an event asserted and that hold, in their order.
    pub fn asserted(&self, event: &EventKey) -> BTreeSet<Pair> {
        self.derived.asserted(&self.values, event)
    }

    /// True where anything is said of any identifier.
    pub fn has_bonds(&self) -> bool {
        self.values.has_links()
    }

    /// The further organisations under an identifier that came back with another name, in their order.
    pub fn namesakes(&self, identifier: &str) -> impl Iterator<Item = &Arc<Organisation>> {
        self.derived.namesakes(identifier).filter_map(|id| self.organisation(id))
    }

    /// The pairs whose retellings are due, in the order in which they are done, and those that are remembered for them.
    pub fn retellings(&self) -> impl Iterator<Item = &Pair> {
        self.derived.retellings()
    }

    /// A withdrawal that waits for its original.
    pub fn pending(&self, origin: Jurisdiction, scope: WithdrawalScope, target: &str) -> Option<&Arc<Pending>> {
        self.values.pending(origin, scope, target)
    }

    /// How many withdrawals of a platform wait for their original.
    pub fn pending_count(&self, platform: &str) -> usize {
        self.derived.pending_count(platform)
    }

    /// How many alerts of a member wait for an acknowledgement that is overdue.
    pub fn overdue(&self, member: MemberIndex) -> i32 {
        self.derived.overdue(member)
    }

    /// Due work in its order, (due, key): expiries, clocks, members that join, links that end or are told, and cases and
    /// withdrawals to forget unless nothing may be now.
    pub fn due(&self, until: Millis, forget: bool) -> impl Iterator<Item = Due> {
        self.derived.due(until, forget)
    }

    /// Every event that has an end, behind the one given, in the order of their ends.
    pub fn ends_after(&self, after: Option<&EventEnd>) -> impl Iterator<Item = Due> {
        self.derived.ends_after(after)
    }

    /// Every case of which no event has an end any more, behind the one given, in the order in which they are forgotten.
    pub fn ended_after(&self, after: Option<&EventEnd>) -> impl Iterator<Item = Due> {
        self.derived.ended_after(after)
    }

    /// A member that joins and is not yet told of everything.
    pub fn join(&self, member: Jurisdiction) -> Option<&Arc<Join>> {
        self.values.other(&KeyRef::Join(member))?.join()
    }

    /// What is said of a pair of identifiers, whether it holds or is a question.
    pub fn bond(&self, pair: &Pair) -> Option<Bond> {
        self.values.link(pair).map(PackedBond::unpack)
    }

    /// The retelling of a pair that is due.
    pub fn retelling(&self, pair: &Pair) -> Option<&Arc<Retelling>> {
        self.values.other(&KeyRef::Retell(pair))?.retelling()
    }

    /// Source partitions in a gap, with the log time since when.
    pub fn gaps(&self) -> impl Iterator<Item = (&Key, Millis)> {
        self.derived.gaps()
    }

    /// The open cases of an organisation that its value has no room for.
    pub fn unlisted(&self, organisation_id: &str) -> Option<&Unlisted> {
        self.derived.unlisted(organisation_id)
    }

    /// Puts a value in place or takes it away; the digest follows.
    fn put(&mut self, key: &Key, after: Option<&Value>) -> Written {
        let before = self.place(key, after);
        let mut written = Written::new(encode_key(key));
        if let Some(before) = &before {
            self.marks.digest = self.marks.digest.wrapping_sub(written.digest_of(before));
        }
        if let Some(after) = after {
            self.marks.digest = self.marks.digest.wrapping_add(written.digest_of(after));
            written.is_value = true;
        }
        written
    }

    /// The one place where a value changes: the values and what is derived from them move together. Gives the value
    /// before.
    fn place(&mut self, key: &Key, after: Option<&Value>) -> Option<Value> {
        let before = self.values.put(key, after.cloned());
        self.derived.update(&self.values, key, before.as_ref(), after);
        before
    }
}

/// Bytes for which memory is made ready; most values fit with their keys.
const BYTES_USUAL: usize = 512;

/// A key with its value as both are written to `comity.state`.
#[derive(Debug)]
pub struct Written {
    /// The text of the key.
    pub key: String,
    /// What the digest of the entry is made of.
    bytes: Vec<u8>,
    is_value: bool,
}

impl Written {
    fn new(key: String) -> Self {
        let mut bytes = Vec::with_capacity(BYTES_USUAL);
        write_digest_key(&key, &mut bytes);
        Self { key, bytes, is_value: false }
    }

    /// The datum of the value (`schema::state::encode_value`); `None` for a tombstone.
    pub fn datum(&self) -> Option<&[u8]> {
        self.bytes.get(self.key.len() + 1..).filter(|_| self.is_value)
    }

    /// The digest of the key with one value, which is the datum from then on.
    fn digest_of(&mut self, value: &Value) -> u128 {
        self.bytes.truncate(self.key.len() + 1);
        write_value(value, &mut self.bytes);
        digest(&self.bytes)
    }
}
