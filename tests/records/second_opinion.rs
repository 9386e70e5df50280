//! Another library's reading of a framed record, by the schema's file.

use std::collections::HashMap;
use std::path::Path;
use std::sync::LazyLock;

use apache_avro::Schema;
use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::types::Value;
use apache_avro::writer::datum::GenericDatumWriter;
use serde_json::{Value as Json, json};

use super::expected::hex;

/// The schemas as their files have them, by name.
static SCHEMAS: LazyLock<HashMap<&'static str, Schema>> = LazyLock::new(|| {
    comity::schema::canonical::VERSIONS
        .iter()
        .map(|version| version.name)
        .map(|name| {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/canonical");
            let text = std::fs::read_to_string(folder.join(format!("{name}.v1.avsc"))).expect("a schema file");
            (name, Schema::parse_str(&text).expect("a valid schema"))
        })
        .collect()
});

/// The datum of an event by another library, from the body of its framed log entry.
pub(crate) fn event_datum(entry: &[u8]) -> Vec<u8> {
    let mut rest = &entry[5..];
    let read =
        GenericDatumReader::builder(&SCHEMAS["LogEntry"]).build().and_then(|reader| reader.read_value(&mut rest));
    let Ok(Value::Record(fields)) = read else { panic!("no log entry") };
    let body = fields.into_iter().find(|(name, _)| name == "body").expect("a body").1;
    let Value::Union(0, event) = body else { panic!("no event") };
    GenericDatumWriter::builder(&SCHEMAS["InfractionEvent"])
        .build()
        .and_then(|writer| writer.write_value_to_vec(*event))
        .expect("a datum")
}

/// Reads a framed value whole: its id must be that one, and nothing may follow it.
pub(crate) fn read(name: &str, id: u8, framed: &[u8]) -> Json {
    assert_eq!(&framed[..5], [0, 0, 0, 0, id], "the frame of {name}");
    let mut rest = &framed[5..];
    let value = GenericDatumReader::builder(&SCHEMAS[name])
        .build()
        .and_then(|reader| reader.read_value(&mut rest))
        .unwrap_or_else(|error| panic!("{name} is unreadable: {error}"));
    assert_eq!(rest, b"", "bytes behind {name}");
    show(value)
}

fn show(value: Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Boolean(flag) => json!(flag),
        Value::Int(number) | Value::Date(number) => json!(number),
        Value::Long(number) | Value::TimestampMillis(number) => json!(number),
        Value::Bytes(bytes) | Value::Fixed(_, bytes) => json!(hex(&bytes)),
        Value::String(text) => json!(text),
        Value::Enum(index, symbol) => {
            assert_ne!(index, 0, "UNRECOGNISED is never written");
            json!(symbol)
        }
        Value::Union(_, value) => show(*value),
        Value::Array(items) => items.into_iter().map(show).collect(),
        Value::Record(fields) => fields.into_iter().map(|(name, value)| (name, show(value))).collect(),
        other => panic!("no canonical schema has such a value: {other:?}"),
    }
}
