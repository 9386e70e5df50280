//! First step of intake: the bytes of a record become values under the names of its source schema.
//!
//! What the schema lists is read, and nothing else: a JSON key, an XML element or an attribute that it does not
//! list is passed over and never becomes a value. A row has no names, so its fields are counted instead.
//!
//! | native | value |
//! |---|---|
//! | absent key, element or attribute; JSON `null`; empty cell; element without text | null, or `missing_field` where the schema does not allow it |
//! | text where the schema says number or boolean (CSV, TSV, XML) | read as JSON would write it (`12`, `-0.5`, `true`), else `wrong_type` |
//! | JSON string where the schema says number, or a number where it says string | `wrong_type` |
//! | JSON number or boolean where the schema says a union of it with string | the text that it is; `wrong_type` where it has more digits than are kept |
//! | JSON value where the schema says a union of it with an array of strings | an array of one |
//! | repeated XML elements | an array; several of a field that is no array are a `duplicate_field` |
//!
//! The path that a refusal names is made of the Avro names of the source schema: `firm.names[]`, `rows[].amount`.

use std::borrow::Cow;

use crate::model::limit::RECORD_BYTES_MAX;
use crate::model::record::{NativeRecord, RawRecord};
use crate::model::rejection::{Reason, Refusal};
use crate::platform::definition::{Definition, Encoding, Format, Source};

mod avro;
pub mod cut;
mod delimited;
mod fields;
mod json;
mod path;
mod xml;

#[cfg(test)]
pub(crate) mod tests;

/// Reads one record in the format of its source version.
///
/// # Errors
/// The refusal, where the bytes are not what the platform promised.
pub fn decode(platform: &Definition, record: &RawRecord<'_>) -> Result<NativeRecord, Refusal> {
    let bytes = record.value.ok_or(Refusal::new(Reason::NoValue))?;
    if bytes.len() > RECORD_BYTES_MAX {
        return Err(Refusal::new(Reason::TooLarge));
    }
    let (index, source) = source_of(platform, record.source_version)?;
    let (value, schema_id) = match &source.format {
        Format::Avro => avro::read(source, bytes)?,
        Format::Json { .. } | Format::JsonLines => (json::read(source, &text_of(source, bytes)?)?, None),
        Format::Xml { record } => (xml::read(source, record, &text_of(source, bytes)?)?, None),
        Format::Delimited(layout) => (delimited::read(source, layout, &text_of(source, bytes)?)?, None),
    };
    Ok(NativeRecord { source: index, schema_id, value })
}

/// The source version that the record names, or the platform's last.
fn source_of<'a>(platform: &'a Definition, version: Option<&str>) -> Result<(usize, &'a Source), Refusal> {
    let mut sources = platform.sources.iter().enumerate().rev();
    match version {
        None => sources.next(),
        Some(version) => sources.find(|(_, source)| source.version == version),
    }
    .ok_or(Refusal::new(Reason::UnknownSourceVersion))
}

/// The record as text, without a byte order mark.
fn text_of<'a>(source: &Source, bytes: &'a [u8]) -> Result<Cow<'a, str>, Refusal> {
    match source.encoding {
        Encoding::Utf8 => {
            let text = std::str::from_utf8(bytes).map_err(|_| Refusal::new(Reason::BadEncoding))?;
            Ok(Cow::Borrowed(text.strip_prefix('\u{feff}').unwrap_or(text)))
        }
        Encoding::Windows1252 => Ok(encoding_rs::WINDOWS_1252.decode_without_bom_handling(bytes).0),
    }
}
