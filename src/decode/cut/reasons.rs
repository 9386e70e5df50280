//! Why a file is in none of a platform's formats: what each version looks for, and what the file has instead.

use std::collections::BTreeSet;

use super::choose::{self, children, first_line, keys};
use super::{Definition, Format, Source, json, rows, steps, xml};

/// Depth of an XML document down to which its elements are told.
const DEPTH_TOLD: usize = 3;
/// Elements of an XML document that are looked at.
const ELEMENTS_MAX: usize = 1_000;
/// Names that one message tells; more of them than that are counted.
const NAMES_MAX: usize = 8;
/// What exports call the things around their records.
const STRUCTURE: [&str; 12] = [
    "data", "results", "result", "items", "records", "rows", "groups", "list", "entries", "meta", "response", "content",
];

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
    let mut names = Vec::new();
    xml::each_element(prefix, |depth, start| {
        if depth < DEPTH_TOLD {
            names.push(start.name().as_ref().to_owned());
        }
        names.len() < ELEMENTS_MAX
    });
    names
}

/// Names for a message, each once and in their order: those that are like one that was looked for, or that any export
/// gives its lists. Another may be somebody's, and is counted only.
pub(super) fn quoted(names: &[String], wanted: &[&str]) -> String {
    let is_told = |name: &str| wanted.iter().chain(&STRUCTURE).any(|wanted| is_like(name, wanted));
    let (mut told, mut others): (Vec<&str>, BTreeSet<&str>) = (Vec::new(), BTreeSet::new());
    for name in names.iter().map(String::as_str) {
        if told.contains(&name) {
            continue;
        }
        if told.len() < NAMES_MAX && is_told(name) {
            told.push(name);
        } else {
            others.insert(name);
        }
    }
    let mut words: Vec<String> = told.iter().map(|name| format!("{name:?}")).collect();
    match others.len() {
        0 if words.is_empty() => words.push("nothing".to_owned()),
        0 => {}
        1 => words.push("1 other".to_owned()),
        more => words.push(format!("{more} others")),
    }
    words.join(", ")
}

/// Whether a name is another spelling of one that was looked for: with another prefix, in other letters, in the plural.
fn is_like(name: &str, wanted: &str) -> bool {
    let plain = |name: &str| -> String {
        let local = name.rsplit(':').next().unwrap_or(name);
        let letters = local.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase);
        letters.collect::<String>().trim_end_matches('s').to_owned()
    };
    let (name, wanted) = (plain(name), plain(wanted));
    !name.is_empty() && name == wanted
}
