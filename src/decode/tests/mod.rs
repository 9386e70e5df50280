//! Decoding, format by format: what each record must become was written by hand or by another library.

use std::sync::Arc;

use serde_json::Value as Json;

use super::decode;
use crate::model::code::Domain;
use crate::model::event::Authority;
use crate::model::limit::RECORD_BYTES_MAX;
use crate::model::record::{RawRecord, SourcePosition};
use crate::model::rejection::Reason;
use crate::platform::definition::{
    Definition, Delimited, Encoding, Export, Format, Ids, Origin, Partitions, Rows, Source, SourceField, SourceType,
    Speaks,
};

pub(crate) mod avro;
mod hostile;
mod json;
mod rows;
mod xml;

pub(crate) fn needed(name: &str, of: SourceType) -> SourceField {
    let (name, native) = (name.to_owned(), name.to_owned());
    SourceField { name, native, of, nullable: false, several: false, absent: Arc::default() }
}

pub(crate) fn optional(name: &str, of: SourceType) -> SourceField {
    SourceField { nullable: true, ..needed(name, of) }
}

/// A field whose native name is another than its Avro name.
pub(crate) fn named(field: SourceField, native: &str) -> SourceField {
    SourceField { native: native.to_owned(), ..field }
}

pub(crate) fn list(item: SourceType) -> SourceType {
    SourceType::Array(Box::new(needed("item", item)))
}

pub(crate) fn source(version: &str, format: Format, fields: Vec<SourceField>) -> Source {
    Source {
        version: version.to_owned(),
        format,
        encoding: Encoding::Utf8,
        decides: true,
        fields,
        joins: Vec::new(),
        schema_text: String::new(),
        writer: None,
    }
}

pub(crate) fn csv() -> Delimited {
    Delimited { delimiter: b',', backslash_escapes: false, header_line: 1, footer_lines: 0, rows: Rows::Single }
}

pub(crate) fn platform(sources: Vec<Source>) -> Definition {
    Definition {
        name: "xx-test".to_owned(),
        title: "A test".to_owned(),
        speaks: Speaks::Events,
        origin: Origin::PerRecord,
        ids: Ids::Native,
        topic: "comity.in.xx-test".to_owned(),
        partitions: Partitions::One,
        export: Export::Delta,
        language: "en".to_owned(),
        time_zone: "UTC".to_owned(),
        domains: vec![Domain::FoodSafety],
        legal_bases: Vec::new(),
        authority: Authority { id: "a".to_owned(), name: "A".to_owned() },
        decisions_are: "all".to_owned(),
        names_subjects: true,
        rejects: Default::default(),
        never_sends: Vec::new(),
        codes: Default::default(),
        schemes: Vec::new(),
        sources,
    }
}

/// A refusal's reason and field.
pub(crate) type Refused = (Reason, Option<String>);

/// The record as JSON, or the refusal's reason and field.
pub(crate) fn read(platform: &Definition, value: &[u8]) -> Result<Json, Refused> {
    read_as(platform, Some(value), None).map(|(json, ..)| json)
}

pub(crate) fn read_as(
    platform: &Definition,
    value: Option<&[u8]>,
    source_version: Option<&str>,
) -> Result<(Json, usize, Option<i32>), Refused> {
    let at = SourcePosition { topic: Arc::from("t"), partition: 0, from: 0, offset: 0 };
    let record = RawRecord { at: &at, value, source_version, test: false, published_at: 0 };
    match decode(platform, &record) {
        Ok(native) => Ok((serde_json::to_value(&native.value).unwrap(), native.source, native.schema_id)),
        Err(refusal) => {
            assert_eq!(refusal.detail, None, "a detail is the mapping's word");
            Err((refusal.reason, refusal.field))
        }
    }
}

pub(crate) fn refused<T>(reason: Reason, field: &str) -> Result<T, Refused> {
    Err((reason, (!field.is_empty()).then(|| field.to_owned())))
}

#[test]
fn a_record_is_read_in_the_version_that_it_names() {
    let text = |name: &str| vec![needed(name, SourceType::Text)];
    let two = platform(vec![
        source("first", Format::JsonLines, text("old")),
        source("second", Format::JsonLines, text("new")),
    ]);
    let both = br#"{"old":"a","new":"b"}"#;
    let read = |version| read_as(&two, Some(both), version).map(|(json, source, _)| (json, source));
    assert_eq!(read(None), Ok((serde_json::json!({"new":"b"}), 1)));
    assert_eq!(read(Some("first")), Ok((serde_json::json!({"old":"a"}), 0)));
    assert_eq!(read(Some("third")), refused(Reason::UnknownSourceVersion, ""));
    assert_eq!(read(Some("")), refused(Reason::UnknownSourceVersion, ""));
}

#[test]
fn no_value_and_too_much_of_it_are_refused() {
    let one = platform(vec![source("v", Format::JsonLines, vec![needed("a", SourceType::Text)])]);
    assert_eq!(read_as(&one, None, None), refused(Reason::NoValue, ""));
    let record = |bytes: usize| format!("{{\"a\":\"{}\"}}", "x".repeat(bytes - 8));
    assert!(read(&one, record(RECORD_BYTES_MAX).as_bytes()).is_ok());
    assert_eq!(read(&one, record(RECORD_BYTES_MAX + 1).as_bytes()), refused(Reason::TooLarge, ""));
}

#[test]
fn text_is_in_the_encoding_that_the_platform_says() {
    let mut one = platform(vec![source("v", Format::JsonLines, vec![needed("a", SourceType::Text)])]);
    assert_eq!(read(&one, b"\xef\xbb\xbf{\"a\":\"\xc3\xa9\"}"), Ok(serde_json::json!({"a":"é"})));
    assert_eq!(read(&one, b"{\"a\":\"\xe9\"}"), refused(Reason::BadEncoding, ""));
    one.sources[0].encoding = Encoding::Windows1252;
    assert_eq!(read(&one, b"{\"a\":\"\xe9 \x80 \x96\"}"), Ok(serde_json::json!({"a":"é € –"})));
}
