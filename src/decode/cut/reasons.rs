//! Why a file is in none of a platform's formats: what each version looks for, and what the file has instead.

use super::choose::{self, children, first_line, keys};
use super::{Definition, Format, Source, json, quoted, rows, steps, xml};

/// Depth of an XML document down to which its elements are told.
const DEPTH_TOLD: usize = 3;
/// Elements of an XML document that are looked at.
const ELEMENTS_MAX: usize = 1_000;

/// One reason for each version, for the end of a sentence.
pub(super) fn told(platform: &Definition, file: &str, prefix: &[u8]) -> String {
    let reason = |source: &Source| format!("{}: {}", source.version, reason(source, file, prefix));
    platform.sources.iter().rev().map(reason).collect::<Vec<_>>().join("; ")
}

fn reason(source: &Source, file: &str, prefix: &[u8]) -> String {
    match &source.format {
        Format::Avro => "it is no Avro object container file".to_owned(),
        Format::Delimited(layout) => match rows::first_row(layout, choose::from_header(layout, prefix)) {
            Some(cells) => {
                let (line, wanted) = (layout.header_line.max(1), source.own_fields().len());
                format!("line {line} has {} cells instead of {wanted}", cells.len())
            }
            None => format!("it has no line {}, or a quote is open there", layout.header_line.max(1)),
        },
        Format::JsonLines => first_record(source, first_line(file, prefix).and_then(|line| keys(&line))),
        Format::Json { records } => {
            let first = json::Elements::new(records.clone(), file.to_owned(), prefix).next_record();
            match first {
                Ok(first) => first_record(source, first.and_then(|cut| keys(&cut.bytes))),
                Err(_) => format!("no list of records is at {:?}: {}", records.join("."), steps::told(records, prefix)),
            }
        }
        Format::Xml { record } => {
            let first = xml::Elements::new(record.clone(), source.encoding, file.to_owned(), prefix).next_record();
            match first {
                Ok(Some(first)) => first_record(source, Some(children(&first.bytes))),
                Ok(None) | Err(_) => {
                    format!(
                        "no element {record:?} is in it, but {}",
                        quoted(&elements(prefix), &names_of(source, record))
                    )
                }
            }
        }
    }
}

/// What a record has that has none of a version's fields.
fn first_record(source: &Source, names: Option<Vec<String>>) -> String {
    match names {
        Some(names) => {
            let told = quoted(&names, &names_of(source, ""));
            format!("the first record has none of its {} fields, but {told}", source.fields.len())
        }
        None => "what would be the first record is no JSON object".to_owned(),
    }
}

/// What a version calls its records and their fields.
fn names_of<'s>(source: &'s Source, record: &'s str) -> Vec<&'s str> {
    source.fields.iter().map(|field| field.native.as_str()).chain([record]).collect()
}

/// The elements at the top of a document, as far as it can be read.
fn elements(prefix: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(prefix);
    let mut reader = quick_xml::Reader::from_str(&text);
    reader.config_mut().expand_empty_elements = true;
    let (mut names, mut depth) = (Vec::new(), 0_usize);
    while let Ok(event) = reader.read_event() {
        match event {
            quick_xml::events::Event::Start(start) => {
                if depth < DEPTH_TOLD {
                    names.push(start.name().as_ref().to_owned());
                }
                depth += 1;
            }
            quick_xml::events::Event::End(_) => depth = depth.saturating_sub(1),
            quick_xml::events::Event::Eof => break,
            quick_xml::events::Event::Empty(_)
            | quick_xml::events::Event::Text(_)
            | quick_xml::events::Event::CData(_)
            | quick_xml::events::Event::Comment(_)
            | quick_xml::events::Event::Decl(_)
            | quick_xml::events::Event::PI(_)
            | quick_xml::events::Event::DocType(_)
            | quick_xml::events::Event::GeneralRef(_) => {}
        }
        if names.len() == ELEMENTS_MAX {
            break;
        }
    }
    names.dedup();
    names
}
