//! Avro containers: the file's own schema is the platform's; the values are looked at for what they may mean.

use apache_avro::Reader;
use apache_avro::types::Value;
use serde_json::Value as Json;

use super::seen::Seen;
use super::{RECORDS_MAX, Sample, code};
use crate::model::problem::Problem;

/// Bytes of one block, as the cutter bounds them.
const BLOCK_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Records of a container that are looked at: a few bytes can announce very many.
const OBJECTS_MAX: usize = 10_000;

/// The schema as text, what was seen, and how many records there were.
pub(super) fn read(sample: &Sample<'_>) -> Result<(String, Seen, usize), Problem> {
    let wrong = |why: String| {
        let help = "write it as an object container of records, with null, deflate, snappy or zstandard";
        Problem::new(code::FORMAT, sample.file, why, help)
    };
    apache_avro::util::max_allocation_bytes(BLOCK_BYTES_MAX);
    let reader = Reader::new(sample.bytes).map_err(|_| wrong("is no Avro container that can be read".to_owned()))?;
    let schema = serde_json::to_value(reader.writer_schema()).map_err(|_| wrong("has no schema".to_owned()))?;
    if schema.get("type").and_then(Json::as_str) != Some("record") {
        return Err(wrong("its objects are no records".to_owned()));
    }
    let (mut seen, mut records) = (Seen::default(), 0);
    for value in reader.take(OBJECTS_MAX.min(RECORDS_MAX)) {
        match value {
            Ok(value) => {
                seen.see(&json(value), 1);
                records += 1;
            }
            // The last block of a sample that goes on is cut off.
            Err(_) if !sample.whole || records > 0 => break,
            Err(_) => return Err(wrong("its first block cannot be read".to_owned())),
        }
    }
    seen.settle();
    let text = serde_json::to_string_pretty(&schema).map_err(|_| wrong("has no schema".to_owned()))?;
    Ok((format!("{text}\n"), seen, records))
}

/// A value by its shape; bytes as text, times as the numbers that they are.
fn json(value: Value) -> Json {
    if let Value::Union(_, inner) = value {
        return json(*inner);
    }
    if let Value::Record(fields) = value {
        return Json::Object(fields.into_iter().map(|(name, value)| (name, json(value))).collect());
    }
    if let Value::Map(entries) = value {
        return Json::Object(entries.into_iter().map(|(key, value)| (key, json(value))).collect());
    }
    if let Value::Array(items) = value {
        return Json::Array(items.into_iter().map(json).collect());
    }
    if let Value::Bytes(bytes) | Value::Fixed(_, bytes) = value {
        return Json::String(String::from_utf8_lossy(&bytes).into_owned());
    }
    Json::try_from(value).unwrap_or(Json::Null)
}
