//! A record as its platform published it: its bytes and where they came from, then its values.

use std::sync::Arc;

use vrl::value::Value;

use super::place::Millis;

/// Where a source record stood, and the position before it: an entry is taken if `from ≤ position ≤ offset`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SourcePosition {
    pub topic: Arc<str>,
    pub partition: i32,
    /// The position after the record before this one.
    pub from: i64,
    /// The record's own offset; the position after it is `offset + 1`.
    pub offset: i64,
}

/// One record of an input topic, undecoded.
#[derive(Debug, Clone, Copy)]
pub struct RawRecord<'a> {
    pub at: &'a SourcePosition,
    /// The record's value; `None` for a null value, which is refused.
    pub value: Option<&'a [u8]>,
    /// The header `comity-source`: the version of the platform's format, where the producer says it.
    pub source_version: Option<&'a str>,
    /// The header `comity-mode: TEST`: the producer tries the line, whatever the record says.
    pub test: bool,
    /// The record's Kafka timestamp.
    pub published_at: Millis,
}

/// A record's values under the names of its source schema.
#[derive(Debug, Clone, PartialEq)]
pub struct NativeRecord {
    /// Which of the platform's source versions it was read with, counted from 0.
    pub source: usize,
    /// The id of the writer schema, where the record was framed with one.
    pub schema_id: Option<i32>,
    /// An object; for grouped rows `{ "rows": [ … ] }`.
    pub value: Value,
}
