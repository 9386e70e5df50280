//! The wire form of `comity.state`: keys as text, values as `StateEntry`, the `Checkpoint` under its own key.

use super::log::CodecError;
use crate::model::state::{Checkpoint, Key, Value};

/// The key of the `Checkpoint`.
pub const CHECKPOINT_KEY: &str = "checkpoint";

/// What one record of `comity.state` says.
#[derive(Debug, Clone, PartialEq)]
pub enum StateRecord {
    /// A value, or `None` for a tombstone, with the number of the transaction that wrote it.
    Value {
        key: Key,
        transaction: i64,
        value: Option<Value>,
    },
    Checkpoint(Checkpoint),
}

/// The record key of a state key: `org/…`, `case/<origin>/<case_id>`, `pending/…`, `source/…`, `rules`.
pub fn encode_key(_key: &Key) -> String {
    todo!()
}

/// The datum of a value without frame and transaction number: what the state's digest is made of.
pub fn encode_value(_value: &Value) -> Vec<u8> {
    todo!()
}

/// The framed `StateEntry` of a transaction around the datum of `encode_value`.
pub fn encode_record(_transaction: i64, _datum: &[u8]) -> Vec<u8> {
    todo!()
}

/// The framed `Checkpoint`.
pub fn encode_checkpoint(_checkpoint: &Checkpoint) -> Vec<u8> {
    todo!()
}

/// Reads one record; a tombstone carries its transaction in the header `comity-transaction` (8 bytes, big-endian).
pub fn decode_record(_key: &[u8], _value: Option<&[u8]>, _header: Option<&[u8]>) -> Result<StateRecord, CodecError> {
    todo!()
}
