//! The wire form of `comity.state`: keys as text, values as `StateEntry`, the `Checkpoint` under its own key.

use std::sync::Arc;

use serde::Deserialize;
use xxhash_rust::xxh3::xxh3_128;

use super::log::CodecError;
use super::read::Record;
use super::{canonical, datum, rules, wire};
use crate::model::code::{Code, WithdrawalScope};
use crate::model::packed::{PackedBond, PackedCase};
use crate::model::place::Jurisdiction;
use crate::model::state::{Checkpoint, Key, Pending, SourceState, Value};

mod case;
mod checkpoint;
mod direct;
mod link;
mod organisation;
mod packed;
mod work;

pub(crate) use organisation::write_open_case;

/// The key of the `Checkpoint`.
pub const CHECKPOINT_KEY: &str = "checkpoint";

/// The key of the rules in force.
const RULES_KEY: &str = "rules";
/// Bytes for which a value's buffer is made ready; most fit.
const VALUE_BYTES_USUAL: usize = 256;
/// The values of the state.
const ENTRY: Record = Record { topic: "comity.state", schema: canonical::STATE_ENTRY.name };
/// The `Checkpoint`s.
const CHECKPOINT: Record = Record { topic: "comity.state", schema: canonical::CHECKPOINT.name };

/// What one record of `comity.state` says.
#[derive(Debug, Clone, PartialEq)]
pub enum StateRecord {
    /// An entry with the number of the transaction that wrote it.
    Entry {
        transaction: i64,
        entry: StateEntry,
    },
    Checkpoint(Checkpoint),
}

/// A key with the value that it has from then on, or with `None` for a tombstone.
#[derive(Debug, Clone, PartialEq)]
pub struct StateEntry {
    pub key: Key,
    pub value: Option<Value>,
    /// What it adds to the digest of the state; 0 for a tombstone.
    pub digest: u128,
}

impl StateEntry {
    /// The entry of a key that now has this value.
    pub fn new(key: Key, value: Option<Value>) -> Self {
        let digest = value.as_ref().map_or(0, |value| digest_of(&encode_key(&key), &encode_value(value)));
        Self { key, value, digest }
    }
}

fn digest_of(key: &str, datum: &[u8]) -> u128 {
    let mut bytes = Vec::with_capacity(key.len() + 1 + datum.len());
    write_digest_key(key, &mut bytes);
    bytes.extend_from_slice(datum);
    digest(&bytes)
}

/// Begins the bytes of which the digest of an entry is made: the record key and, to keep the two apart, a zero byte. The
/// datum follows.
pub(crate) fn write_digest_key(key: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(key.as_bytes());
    out.push(0);
}

/// The digest of an entry.
pub(crate) fn digest(bytes: &[u8]) -> u128 {
    xxh3_128(bytes)
}

/// The record key of a state key: `org/…`, `case/<origin>/<case_id>`, `pending/<origin>/<scope>/<target>`,
/// `source/<partition>/<topic>`, `rules`, `link/<bytes of the one>/<the one>/<the other>`, and work that is due:
/// `work/join/<member>` and `work/link/…`.
///
/// An id may hold any character, so each one is the last part of its key: all that follows the parts before it, which
/// never hold a `/`. Nothing needs an escape, and two keys never have the same text.
pub fn encode_key(key: &Key) -> String {
    match key {
        // The two of every event.
        Key::Organisation(id) => ["org/", id].concat(),
        Key::Case(origin, case_id) => ["case/", origin.as_str(), "/", case_id].concat(),
        Key::Pending(origin, scope, target) => format!("pending/{origin}/{}/{target}", scope.name()),
        Key::Source(topic, partition) => format!("source/{partition}/{topic}"),
        Key::Rules => RULES_KEY.to_owned(),
        Key::Join(member) => format!("work/join/{member}"),
        Key::Link(pair) => format!("link/{}", link::encode_pair(pair)),
        Key::Retell(pair) => format!("work/link/{}", link::encode_pair(pair)),
    }
}

/// The state key of a record key; `None` for a text that `encode_key` never gives.
pub fn decode_key(text: &str) -> Option<Key> {
    if text == RULES_KEY {
        return Some(Key::Rules);
    }
    let (kind, rest) = text.split_once('/')?;
    match kind {
        "org" => Some(Key::Organisation(rest.to_owned())),
        "case" => {
            let (origin, case_id) = rest.split_once('/')?;
            Some(Key::Case(Jurisdiction::parse(origin)?, case_id.to_owned()))
        }
        "pending" => {
            let (origin, rest) = rest.split_once('/')?;
            let (scope, target) = rest.split_once('/')?;
            Some(Key::Pending(Jurisdiction::parse(origin)?, WithdrawalScope::parse(scope)?, target.to_owned()))
        }
        "source" => {
            let (partition, topic) = rest.split_once('/')?;
            let number: i32 = partition.parse().ok()?;
            // A number has several spellings (`+1`, `01`), a key has one.
            (number.to_string() == partition).then(|| Key::Source(Arc::from(topic), number))
        }
        "link" => link::decode_pair(rest).map(Key::Link),
        "work" => match rest.split_once('/')? {
            ("join", member) => Some(Key::Join(Jurisdiction::parse(member)?)),
            ("link", pair) => link::decode_pair(pair).map(Key::Retell),
            _ => None,
        },
        _ => None,
    }
}

/// The datum of a value without frame and transaction number: what the state's digest is made of.
pub fn encode_value(value: &Value) -> Vec<u8> {
    let mut out = Vec::with_capacity(VALUE_BYTES_USUAL);
    write_value(value, &mut out);
    out
}

/// Appends the same.
pub(crate) fn write_value(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Organisation(known) => {
            datum::branch(0, out);
            organisation::write(known, out);
        }
        Value::Case(known) => {
            datum::branch(1, out);
            known.write(out);
        }
        Value::Pending(waiting) => {
            datum::branch(2, out);
            case::write_pending(waiting, out);
        }
        Value::Source(source) => {
            datum::branch(3, out);
            datum::long(source.position, out);
            datum::optional(source.gap_since, out, datum::long);
        }
        Value::Rules(in_force) => {
            datum::branch(4, out);
            rules::write(in_force, out);
        }
        Value::Join(join) => {
            datum::branch(5, out);
            work::write(join, out);
        }
        Value::Link(bond) => {
            datum::branch(6, out);
            bond.write(out);
        }
        Value::Retell(work) => {
            datum::branch(7, out);
            link::write_retelling(work, out);
        }
    }
}

/// The framed `StateEntry` of a transaction around the datum of `encode_value`.
pub fn encode_record(transaction: i64, datum: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(wire::FRAME_BYTES + datum::LONG_BYTES_MAX + datum.len());
    wire::frame(canonical::STATE_ENTRY.id, &mut out);
    datum::long(transaction, &mut out);
    out.extend_from_slice(datum);
    out
}

/// The value of the header `comity-transaction` that a tombstone carries.
pub fn encode_header(transaction: i64) -> [u8; 8] {
    transaction.to_be_bytes()
}

/// The framed `Checkpoint`.
pub fn encode_checkpoint(checkpoint: &Checkpoint) -> Vec<u8> {
    let mut out = Vec::with_capacity(VALUE_BYTES_USUAL);
    wire::frame(canonical::CHECKPOINT.id, &mut out);
    checkpoint::write(checkpoint, &mut out);
    out
}

/// Reads one record; a tombstone carries its transaction in the header `comity-transaction` (8 bytes, big-endian).
///
/// # Errors
/// Anything that this module cannot have written: an unknown key, a value of another key or of another schema, bytes
/// missing or left over, a tombstone without its transaction.
pub fn decode_record(key: &[u8], value: Option<&[u8]>, header: Option<&[u8]>) -> Result<StateRecord, CodecError> {
    let text = std::str::from_utf8(key).map_err(|_| ENTRY.error("its key is no text"))?;
    if text == CHECKPOINT_KEY {
        let value = value.ok_or_else(|| CHECKPOINT.error("has no value"))?;
        let read: checkpoint::Read = CHECKPOINT.read(value)?;
        let checkpoint = read.into_model().ok_or_else(|| CHECKPOINT.error("names an output that there is not"))?;
        return Ok(StateRecord::Checkpoint(checkpoint));
    }
    let key = decode_key(text).ok_or_else(|| ENTRY.error("unknown kind of key"))?;
    let Some(value) = value else {
        let number = header.and_then(|bytes| bytes.try_into().ok());
        let number = number.ok_or_else(|| ENTRY.error("a tombstone without its transaction"))?;
        let entry = StateEntry::new(key, None);
        return Ok(StateRecord::Entry { transaction: i64::from_be_bytes(number), entry });
    };
    let (transaction, entry) = match read_directly(value) {
        Some((transaction, datum, value)) => {
            debug_assert_eq!(encode_value(&value), datum, "only what Comity writes is read directly");
            (transaction, StateEntry { key, value: Some(value), digest: digest_of(text, datum) })
        }
        None => {
            let read: Entry = ENTRY.read(value)?;
            let value = read.value.into_model();
            let value = value.ok_or_else(|| ENTRY.error("holds what a value of its kind never does"))?;
            (read.transaction, StateEntry::new(key, Some(value)))
        }
    };
    if !entry.value.as_ref().is_some_and(|value| belongs(&entry.key, value)) {
        return Err(ENTRY.error("its value is another key's"));
    }
    Ok(StateRecord::Entry { transaction, entry })
}

/// An organisation, a case or a bond under the newest schema, with its transaction and its datum; `None` for any other value.
fn read_directly(value: &[u8]) -> Option<(i64, &[u8], Value)> {
    let (_, rest) = wire::unframe(value).filter(|(id, _)| *id == canonical::STATE_ENTRY.id)?;
    let mut from = datum::Reader(rest);
    let transaction = from.long()?;
    let datum = from.0;
    let value = match from.long()? {
        0 => Value::Organisation(Arc::new(direct::organisation(&mut from)?)),
        1 => Value::Case(PackedCase::of_datum(&mut from)?),
        6 => Value::Link(PackedBond::new(&direct::bond(&mut from)?)),
        _ => return None,
    };
    from.0.is_empty().then_some((transaction, datum, value))
}

/// Whether a value may stand under a key.
fn belongs(key: &Key, value: &Value) -> bool {
    match (key, value) {
        (Key::Organisation(id), Value::Organisation(known)) => *id == known.organisation_id(),
        (Key::Case(origin, case_id), Value::Case(known)) => (*origin, case_id.as_str()) == known.key(),
        (Key::Pending(origin, scope, target), Value::Pending(waiting)) => {
            *origin == waiting.origin && *scope == waiting.scope && *target == waiting.target
        }
        (Key::Join(member), Value::Join(join)) => *member == join.member,
        (Key::Link(pair), Value::Link(bond)) => bond.is_of(pair),
        (Key::Retell(pair), Value::Retell(work)) => *pair == work.pair,
        (Key::Source(..), Value::Source(_)) | (Key::Rules, Value::Rules(_)) => true,
        (Key::Organisation(_) | Key::Case(..) | Key::Pending(..) | Key::Source(..) | Key::Rules, _)
        | (Key::Join(_) | Key::Link(_) | Key::Retell(_), _) => false,
    }
}

/// `StateEntry` as read.
#[derive(Debug, Deserialize)]
struct Entry {
    transaction: i64,
    value: Content,
}

/// The union of values as read.
#[derive(Debug, Deserialize)]
enum Content {
    #[serde(rename = "comity.Organisation")]
    Organisation(organisation::Read),
    #[serde(rename = "comity.Case")]
    Case(Box<case::Read>),
    #[serde(rename = "comity.Pending")]
    Pending(case::ReadPending),
    #[serde(rename = "comity.SourceState")]
    Source(ReadSource),
    #[serde(rename = "comity.Rules")]
    Rules(rules::Read),
    #[serde(rename = "comity.Join")]
    Join(work::Read),
    #[serde(rename = "comity.Bond")]
    Link(link::Read),
    #[serde(rename = "comity.Retelling")]
    Retell(link::ReadRetelling),
}

impl Content {
    /// The value; `None` where it holds what no ledger writes.
    fn into_model(self) -> Option<Value> {
        Some(match self {
            Self::Organisation(known) => Value::Organisation(Arc::new(known.into_model()?)),
            Self::Case(known) => Value::Case(PackedCase::new(&known.into_model()?)),
            Self::Pending(waiting) => Value::Pending(Arc::new(Pending::from(waiting))),
            Self::Source(source) => {
                Value::Source(SourceState { position: source.position, gap_since: source.gap_since })
            }
            Self::Rules(in_force) => Value::Rules(Arc::new(in_force.into_model()?)),
            Self::Join(join) => Value::Join(Arc::new(join.into_model()?)),
            Self::Link(bond) => Value::Link(PackedBond::new(&bond.into_model()?)),
            Self::Retell(work) => Value::Retell(Arc::new(work.into_model()?)),
        })
    }
}

/// `SourceState` as read.
#[derive(Debug, Deserialize)]
struct ReadSource {
    position: i64,
    gap_since: Option<i64>,
}
