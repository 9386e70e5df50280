//! The wire form of the entries of `comity.log`.

use crate::model::entry::{Body, LogEntry};
use crate::model::place::Millis;

/// A value that is not what its topic promises; on our own topics the ledger stops there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{topic}: {why}")]
pub struct CodecError {
    pub topic: &'static str,
    pub why: String,
}

/// The framed value of an entry.
pub fn encode_entry(_body: &Body) -> Vec<u8> {
    todo!()
}

/// Reads a framed entry; trailing bytes are an error.
pub fn decode_entry(_value: &[u8], _offset: i64, _appended_at: Millis) -> Result<LogEntry, CodecError> {
    todo!()
}
