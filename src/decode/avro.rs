//! Avro: one datum, bare or behind the Confluent frame, always read with the platform's own writer schema.
//!
//! The id in a frame is kept for provenance and never looked up: a schema from the wire could be anything.

use serde::de::DeserializeSeed;
use serde_avro_fast::Schema;
use serde_avro_fast::de::read::SliceRead;
use serde_avro_fast::de::{DeserializerConfig, DeserializerState};
use std::io::BufRead as _;
use vrl::value::Value;

use super::json::{Object, State};
use super::path::Path;
use crate::model::limit::{RECORD_DEPTH_MAX, RECORD_VALUES_MAX};
use crate::model::rejection::{Reason, Refusal};
use crate::platform::definition::Source;

/// Reads one datum; the id is that of the frame.
///
/// A bare datum too can begin with a zero byte, so such bytes are read both ways; where both fit exactly, nobody can
/// tell which was meant, and the record is refused.
pub(super) fn read(source: &Source, bytes: &[u8]) -> Result<(Value, Option<i32>), Refusal> {
    let schema = source.writer.as_deref().ok_or(Refusal::new(Reason::UnknownSourceVersion))?;
    let [0, first, second, third, fourth, datum @ ..] = bytes else {
        return Ok((read_datum(source, schema, bytes)?, None));
    };
    let framed = read_datum(source, schema, datum);
    match (framed, read_datum(source, schema, bytes)) {
        (Ok(_), Ok(_)) => Err(Refusal::new(Reason::Malformed)),
        (Err(_), Ok(value)) => Ok((value, None)),
        (Ok(value), Err(_)) => Ok((value, Some(i32::from_be_bytes([*first, *second, *third, *fourth])))),
        (Err(refusal), Err(_)) => Err(refusal),
    }
}

fn read_datum(source: &Source, schema: &Schema, bytes: &[u8]) -> Result<Value, Refusal> {
    let mut config = DeserializerConfig::new(schema);
    config.max_seq_size = RECORD_VALUES_MAX;
    // A union and what is in it count as two levels there.
    config.allowed_depth = 2 * RECORD_DEPTH_MAX;
    let state = State::default();
    let mut avro = DeserializerState::with_config(SliceRead::new(bytes), config);
    let value = Object { fields: &source.fields, path: &Path::Root, state: &state }
        .deserialize(avro.deserializer())
        .map_err(|_| state.refusal())?;
    match avro.into_reader().fill_buf() {
        Ok([]) => Ok(value),
        Ok(_) | Err(_) => Err(Refusal::new(Reason::Malformed)),
    }
}
