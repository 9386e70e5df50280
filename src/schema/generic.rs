//! Any record that Comity writes as JSON, by the schema under which it was written: for tools, not for the hot path.
//!
//! Every field of the schema is there, in its order, `null` and empty lists among them, so that a script finds the same
//! shape each time. Days are `YYYY-MM-DD`, instants RFC 3339 in UTC with milliseconds, bytes hexadecimal, money in
//! integer minor units, as in `schema::json`.

use std::io::{Error, ErrorKind, Read};
use std::sync::LazyLock;

use apache_avro::Schema;
use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::types::Value as Avro;
use serde_json::{Map, Value, json};

use super::canonical::{self, VERSIONS};
use super::json::{day, hexadecimal, instant};
use super::log::CodecError;
use super::wire;

/// Bytes of one value, at most: no topic of Comity's takes a larger one.
const VALUE_BYTES_MAX: usize = 2 * 1024 * 1024;

/// The versions parsed, in the order of `VERSIONS`.
static SCHEMAS: LazyLock<Vec<Option<Schema>>> =
    LazyLock::new(|| VERSIONS.iter().map(|version| Schema::parse_str(version.text).ok()).collect());

/// A reader for each of them.
static READERS: LazyLock<Vec<Option<GenericDatumReader<'static>>>> = LazyLock::new(|| {
    let reader = |schema: &'static Option<Schema>| GenericDatumReader::builder(schema.as_ref()?).build().ok();
    SCHEMAS.iter().map(reader).collect()
});

/// The JSON of one framed value of a schema: `name` is the record's, without its namespace.
///
/// # Errors
/// No frame, an id that is no version of this schema, a datum that does not follow it, or bytes behind it.
pub fn json(name: &str, value: &[u8]) -> Result<Value, CodecError> {
    let error = |why: &str| CodecError { topic: "a record of Comity", why: format!("{name}: {why}") };
    if value.len() > VALUE_BYTES_MAX {
        return Err(error("larger than any that Comity writes"));
    }
    let (id, datum) = wire::unframe(value).ok_or_else(|| error("not framed"))?;
    let known = canonical::by_id(id).filter(|version| version.name == name);
    let place = known.and_then(|version| VERSIONS.iter().position(|other| other == version));
    let reader = place.and_then(|place| READERS.get(place)?.as_ref());
    let reader = reader.ok_or_else(|| error("its schema id is none of its versions"))?;
    // The library's text may hold a value of the record, so the error says only that it is unreadable.
    let mut whole = Whole(datum);
    let read = reader.read_value(&mut whole).map_err(|_| error("unreadable"))?;
    if whole.0.is_empty() { Ok(of(&read)) } else { Err(error("bytes behind its end")) }
}

/// A datum whose end is an error: the library takes what begins beyond it for zero, or for null where the error is
/// `UnexpectedEof`.
struct Whole<'a>(&'a [u8]);

impl Read for Whole<'_> {
    fn read(&mut self, out: &mut [u8]) -> Result<usize, Error> {
        match self.0.read(out)? {
            0 if !out.is_empty() => Err(Error::from(ErrorKind::InvalidData)),
            read => Ok(read),
        }
    }
}

fn of(value: &Avro) -> Value {
    match value {
        Avro::Boolean(flag) => json!(flag),
        Avro::Int(number) => json!(number),
        Avro::Long(number) => json!(number),
        Avro::Float(number) => json!(number),
        Avro::Double(number) => json!(number),
        Avro::Bytes(bytes) | Avro::Fixed(_, bytes) => json!(hexadecimal(bytes)),
        Avro::String(text) | Avro::Enum(_, text) => json!(text),
        Avro::Union(_, inner) => of(inner),
        Avro::Array(items) => Value::Array(items.iter().map(of).collect()),
        Avro::Map(entries) => {
            // The library's maps have no order; a script's reader wants one.
            let sorted: std::collections::BTreeMap<&String, Value> =
                entries.iter().map(|(name, value)| (name, of(value))).collect();
            Value::Object(sorted.into_iter().map(|(name, value)| (name.clone(), value)).collect())
        }
        Avro::Record(fields) => {
            let fields: Map<String, Value> = fields.iter().map(|(name, value)| (name.clone(), of(value))).collect();
            Value::Object(fields)
        }
        Avro::Date(days) => day(*days),
        Avro::TimestampMillis(millis) => instant(*millis),
        // No canonical schema has another type; `tests` reads all of them.
        Avro::Null
        | Avro::Decimal(_)
        | Avro::BigDecimal(_)
        | Avro::TimeMillis(_)
        | Avro::TimeMicros(_)
        | Avro::TimestampMicros(_)
        | Avro::TimestampNanos(_)
        | Avro::LocalTimestampMillis(_)
        | Avro::LocalTimestampMicros(_)
        | Avro::LocalTimestampNanos(_)
        | Avro::Duration(_)
        | Avro::Uuid(_) => Value::Null,
    }
}
