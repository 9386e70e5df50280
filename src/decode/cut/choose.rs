//! Which version of a platform's format a file is: rows by their header, everything else by the names of its first
//! record.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::{BOM_BYTES, Definition, Delimited, Encoding, Format, Lines, PREFIX_BYTES_MAX, Problem, Source};
use super::{json, letters, reasons, rows, xml};
use crate::platform::columns::{self, Difference};
use crate::platform::nearest;

/// Lines in which a header that moved is looked for.
const HEADER_LINES_LOOKED_AT: usize = 50;
/// Differences that one message tells.
const DIFFERENCES_MAX: usize = 40;

/// The versions that a file may be in: all, or the one that whoever feeds it has named.
pub(super) fn versions<'p>(
    platform: &'p Definition,
    version: Option<&str>,
    file: &str,
) -> Result<Vec<&'p Source>, Problem> {
    let named = |source: &&Source| version.is_none_or(|version| source.version == version);
    let versions: Vec<&Source> = platform.sources.iter().filter(named).collect();
    if versions.is_empty() {
        let why = format!("cannot be of the source version {:?}: the platform has none", version.unwrap_or_default());
        let help = format!("{} has: {}", platform.name, told(platform));
        return Err(Problem::new("CMT-9512", file, why, help));
    }
    Ok(versions)
}

/// The version whose promise the file's beginning keeps; `utf8` says what tells that it is in UTF-8, if anything does.
pub(super) fn source<'p>(
    platform: &'p Definition,
    versions: &[&'p Source],
    file: &str,
    prefix: &[u8],
    utf8: Option<&str>,
) -> Result<&'p Source, Problem> {
    let mut candidates: Vec<Candidate<'p>> = Vec::new();
    for source in versions.iter().copied().rev() {
        let encoding = if utf8.is_some() { Encoding::Utf8 } else { source.encoding };
        let candidate = match &source.format {
            Format::Delimited(layout) => by_header(source, layout, encoding, prefix),
            Format::Avro => prefix.starts_with(b"Obj\x01").then(|| Candidate::fits(source)),
            Format::Json { .. } | Format::JsonLines | Format::Xml { .. } => by_first_record(source, file, prefix),
        };
        candidates.extend(candidate.map(|mut candidate| {
            let wrong = utf8.and_then(|sign| letters::contradiction(source, sign));
            candidate.misread = wrong.is_some();
            candidate.differences.splice(..0, wrong);
            candidate
        }));
    }
    let fitting = candidates.iter().filter(|candidate| candidate.differences.is_empty());
    if let Some(chosen) = fitting.clone().min_by_key(|candidate| candidate.unknown) {
        let mut others = fitting.filter(|other| other.source.version != chosen.source.version);
        let Some(twin) = others.find(|other| are_alike(other.source, chosen.source)) else { return Ok(chosen.source) };
        let (one, other) = (&twin.source.version, &chosen.source.version);
        let why = format!("is in {one} as well as in {other}: both have the same names, and nothing tells which it is");
        return Err(Problem::new("CMT-9511", file, why, "name the one that it is: `--source-version`"));
    }
    let mut help = format!("{} knows: {}", platform.name, told(platform));
    if prefix.len() + BOM_BYTES >= PREFIX_BYTES_MAX {
        let kib = PREFIX_BYTES_MAX / 1024;
        let _ = write!(help, "; only the first {kib} KiB are looked at, and the header or first record must end there");
    }
    // The columns of a nearly right file say more than the names of a record that only has the same shape.
    let Some(nearest) = candidates.iter().min_by_key(|candidate| candidate.differences.len()) else {
        let why = format!("is in none of the platform's formats: {}", reasons::told(platform, file, prefix));
        return Err(Problem::new("CMT-9505", file, why, help));
    };
    if nearest.misread {
        help = letters::help(platform);
    }
    let shown: Vec<&str> = nearest.differences.iter().take(DIFFERENCES_MAX).map(String::as_str).collect();
    let more = nearest.differences.len() - shown.len();
    let rest = if more > 0 { format!("; and {more} more") } else { String::new() };
    let why = format!("is not {}: {}{rest}", nearest.source.version, shown.join("; "));
    Err(Problem::new("CMT-9505", file, why, help))
}

/// A version that the file could be in.
struct Candidate<'p> {
    source: &'p Source,
    /// What the file has otherwise; a version that fits has none.
    differences: Vec<String>,
    /// Names of the first record that the version does not read: of two that fit, the one that reads more is meant.
    unknown: usize,
    /// True where the file is in UTF-8, and the version is not.
    misread: bool,
}

impl<'p> Candidate<'p> {
    fn fits(source: &'p Source) -> Self {
        Self { source, differences: Vec::new(), unknown: 0, misread: false }
    }
}

/// True where whatever is in the one version is in the other too, by all that a file's beginning shows.
fn are_alike(one: &Source, other: &Source) -> bool {
    let names = |source: &Source| -> BTreeSet<(String, bool)> {
        source.own_fields().iter().map(|field| (field.native.clone(), field.nullable)).collect()
    };
    // A container tells by its own schema.
    one.format == other.format && one.format != Format::Avro && names(one) == names(other)
}

fn told(platform: &Definition) -> String {
    platform.sources.iter().map(|source| source.version.as_str()).collect::<Vec<_>>().join(" ")
}

fn by_header<'p>(source: &'p Source, layout: &Delimited, encoding: Encoding, prefix: &[u8]) -> Option<Candidate<'p>> {
    let cells = rows::first_row(layout, from_header(layout, prefix))?;
    if layout.header_line == 0 {
        return (cells.len() == source.own_fields().len()).then(|| Candidate::fits(source));
    }
    let text = |cell: &Vec<u8>| encoding.text(cell).into_owned();
    let columns: Vec<String> = cells.iter().map(text).collect();
    let differences = differences(source, layout, &columns, || elsewhere(source, layout, encoding, prefix));
    Some(Candidate { source, differences, unknown: 0, misread: false })
}

/// The text behind the title lines.
pub(super) fn from_header<'t>(layout: &Delimited, prefix: &'t [u8]) -> &'t [u8] {
    let mut rest = prefix;
    for _ in 1..layout.header_line.max(1) {
        let end = rest.iter().position(|byte| *byte == b'\n').map_or(rest.len(), |place| place + 1);
        rest = rest.get(end..).unwrap_or_default();
    }
    rest
}

/// The line, of the first ones, that has all the columns, where the header does not stand where it should.
fn elsewhere(source: &Source, layout: &Delimited, encoding: Encoding, prefix: &[u8]) -> Option<usize> {
    let has_all = |line: &usize| {
        let layout = Delimited { header_line: *line, ..layout.clone() };
        let Some(cells) = rows::first_line(&layout, from_header(&layout, prefix)) else { return false };
        let mut names = source.own_fields().iter().map(|field| field.native.as_str());
        names.all(|name| cells.iter().any(|cell| encoding.text(cell) == name))
    };
    (1..=HEADER_LINES_LOOKED_AT).find(has_all)
}

/// Column by column, what the header has otherwise than the schema.
fn differences(
    source: &Source,
    layout: &Delimited,
    found: &[String],
    elsewhere: impl FnOnce() -> Option<usize>,
) -> Vec<String> {
    let wanted: Vec<&str> = source.own_fields().iter().map(|field| field.native.as_str()).collect();
    let found: Vec<&str> = found.iter().map(String::as_str).collect();
    let differences = columns::compare(&wanted, &found);
    if differences.is_empty() {
        return Vec::new();
    }
    // A line without most of the names, or names near to them, may be a record that has one of them by chance, and
    // nothing of a record is repeated in a message.
    let is_there = |name: &str| found.contains(&name);
    let known = wanted.iter().filter(|name| !name.trim().is_empty() && is_there(name)).count();
    let near = differences.iter().filter(|one| matches!(one, Difference::Renamed { .. })).count();
    if (known + near) * 2 < wanted.len() {
        let missing = wanted.iter().filter(|name| !is_there(name)).map(|name| format!("column {name:?} is missing"));
        let line = layout.header_line;
        let whole = format!("line {line} has {known} of its {} columns", wanted.len());
        if let Some(other) = elsewhere() {
            return vec![format!("{whole}, and line {other} has them all: `header_line = {other}`")];
        }
        return std::iter::once(whole).chain(missing).collect();
    }
    differences.iter().map(Difference::text).collect()
}

/// The version of a file whose first record can be cut and has what the version always has.
fn by_first_record<'p>(source: &'p Source, file: &str, prefix: &[u8]) -> Option<Candidate<'p>> {
    let names = match &source.format {
        Format::JsonLines => keys(&first_line(file, prefix)?)?,
        Format::Json { records } => {
            let first = json::Elements::new(records.clone(), file.to_owned(), prefix).next_record();
            match first {
                Ok(Some(cut)) => keys(&cut.bytes)?,
                // An empty list is of every version that finds it.
                Ok(None) => return Some(Candidate::fits(source)),
                Err(_) => return None,
            }
        }
        Format::Xml { record } => {
            let mut elements = xml::Elements::new(record.clone(), source.encoding, file.to_owned(), prefix);
            match elements.next_record() {
                Ok(first) => children(&first?.bytes),
                Err(problem) => {
                    return Some(Candidate { source, differences: vec![problem.why], unknown: 0, misread: false });
                }
            }
        }
        Format::Delimited(_) | Format::Avro => return None,
    };
    let known = |name: &String| source.fields.iter().any(|field| &field.native == name);
    if !names.iter().any(known) {
        return None;
    }
    let needed = source.fields.iter().filter(|field| {
        let list = matches!(field.of, crate::platform::definition::SourceType::Array(_));
        let always = !(field.nullable || list && matches!(source.format, Format::Xml { .. }));
        always && field.native != "#text"
    });
    let missing = needed.filter(|field| !names.contains(&field.native));
    let fresh: Vec<&str> = names.iter().filter(|name| !known(name)).map(String::as_str).collect();
    let differences = missing.map(|field| missing_name(&field.native, &fresh)).collect();
    let unknown = names.iter().filter(|name| !known(name)).count();
    Some(Candidate { source, differences, unknown, misread: false })
}

/// A name that the first record lacks, and the one beside it that is most likely meant.
fn missing_name(name: &str, fresh: &[&str]) -> String {
    match nearest::of(name, fresh.iter().copied()) {
        Some(near) => format!("the first record has {near:?} instead of {name:?}"),
        None => format!("{name:?} is missing in the first record"),
    }
}

pub(super) fn first_line(file: &str, prefix: &[u8]) -> Option<Vec<u8>> {
    let mut lines = Lines { input: prefix, line: 0, file: file.to_owned() };
    Some(lines.next_record().ok()??.bytes)
}

/// The keys of an object.
pub(super) fn keys(record: &[u8]) -> Option<Vec<String>> {
    let object = serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(record).ok()?;
    Some(object.keys().cloned().collect())
}

/// The children and attributes of an element, by the names that a source schema gives them.
pub(super) fn children(record: &[u8]) -> Vec<String> {
    let mut names = Vec::new();
    xml::each_element(record, |depth, start| {
        match depth {
            0 => {
                let attributes = start.attributes().flatten();
                names.extend(attributes.map(|attribute| format!("@{}", attribute.key.as_ref())));
            }
            1 => names.push(start.name().as_ref().to_owned()),
            _ => {}
        }
        true
    });
    names
}
