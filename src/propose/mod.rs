//! What a sample of a source suggests for its platform's folder: how it is cut, what its records promise, and a mapping
//! that compiles at once and asks what only its author can decide.
//!
//! A proposal holds no value of the sample: names of columns, keys and elements, shapes and counts only.

use std::collections::BTreeMap;

use crate::model::place::Jurisdiction;
use crate::model::problem::Problem;
use crate::platform::definition::{Encoding, Format, Rows};

mod text;
mod json;
mod rows;
mod xml;
mod avro;
mod values;
mod seen;
mod words;
mod hints;
mod names;
mod fields;
mod places;
mod home;
mod picks;
mod open;
mod docs;
mod definition;
mod mapping;
pub mod code;

#[cfg(test)]
mod tests;

use fields::{Leaf, Style};
use home::Home;
use open::Questions;
use seen::Seen;

/// Bytes of a file that are looked at.
pub const SAMPLE_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Records of a sample that are looked at.
const RECORDS_MAX: usize = 100_000;

/// A file's beginning.
#[derive(Debug, Clone, Copy)]
pub struct Sample<'a> {
    /// Its name, for problems.
    pub file: &'a str,
    pub bytes: &'a [u8],
    /// False where the file goes on behind these bytes.
    pub whole: bool,
}

/// A folder that a sample suggests.
#[derive(Debug)]
pub struct Proposal {
    /// Each file by its name.
    pub files: BTreeMap<String, Vec<u8>>,
    /// What was found out, one line each.
    pub found: Vec<String>,
    /// What its author must decide, in the order of the numbers, each with its file.
    pub questions: Vec<(&'static str, String)>,
}

/// True where a country has this division by ISO 3166-2; `None` for a country itself, and where nobody here knows.
pub fn is_division(of: Jurisdiction) -> Option<bool> {
    places::is_division(of)
}

/// All that a proposal is written from.
struct Material<'s> {
    platform: &'s str,
    home: Home,
    format: Format,
    encoding: Encoding,
    records: usize,
    /// True where a record is several rows.
    rows: bool,
    names_subjects: bool,
    group: Option<(String, usize)>,
    leaves: Vec<Leaf<'s>>,
    /// What speaks against what was found, each a question.
    notes: Vec<String>,
}

impl Material<'_> {
    fn count(&self) -> String {
        format!("{} {}", self.records, if matches!(self.format, Format::Delimited(_)) { "rows" } else { "records" })
    }
}

/// A sample that was read.
struct Reading {
    format: Format,
    encoding: Encoding,
    encoding_name: &'static str,
    seen: Seen,
    records: usize,
    style: Style,
    group: Option<(String, usize)>,
    notes: Vec<String>,
    /// For Avro: the file's own schema.
    schema: Option<String>,
}

/// Proposes a platform's folder.
///
/// # Errors
/// A sample in no known format or encoding, or without records; a proposal that does not compile.
pub fn propose(platform: &str, origin: Option<Jurisdiction>, sample: &Sample<'_>) -> Result<Proposal, Vec<Problem>> {
    let mut reading = read(sample).map_err(|problem| vec![problem])?;
    if reading.records == 0 || reading.seen.fields.is_empty() {
        let why = "holds no record with a field within what is looked at";
        let help = "name a file with at least one record, better a hundred";
        return Err(vec![Problem::new(code::EMPTY, sample.file, why, help)]);
    }
    let natives: Vec<String> = reading.seen.fields.iter().map(|field| field.native.clone()).collect();
    let home = home::guess(platform, origin, &natives);
    reading.seen.at_home(home.country());
    let proposal = write(platform, home, &reading);
    match crate::platform::load(platform, &proposal.files) {
        Ok(_) => Ok(proposal),
        Err(problems) => {
            Err(problems.into_iter().map(|problem| unsound(sample, problem, reading.schema.is_some())).collect())
        }
    }
}

/// A problem of the proposal itself: of the file's own schema, or a defect.
fn unsound(sample: &Sample<'_>, problem: Problem, own_schema: bool) -> Problem {
    if own_schema && problem.file == "source.avsc" {
        return Problem {
            file: sample.file.to_owned(),
            why: format!("its schema cannot be a platform's: {}", problem.why),
            place: None,
            ..problem
        };
    }
    let why = format!("the proposal does not compile: {} ({})", problem.why, problem.code);
    Problem { code: code::DEFECT, why, help: "report this with the names of the columns".to_owned(), ..problem }
}

fn read(sample: &Sample<'_>) -> Result<Reading, Problem> {
    if sample.bytes.starts_with(b"Obj\x01") {
        let (schema, seen, records) = avro::read(sample)?;
        let (format, encoding) = (Format::Avro, Encoding::Utf8);
        let schema = Some(schema);
        let (style, group, notes) = (Style::Avro, None, Vec::new());
        return Ok(Reading { format, encoding, encoding_name: "binary", seen, records, style, group, notes, schema });
    }
    let decoded = text::decode(sample)?;
    let text = decoded.text.as_str();
    let mut notes = Vec::new();
    if decoded.guessed {
        notes.push("the encoding: the file is no UTF-8, so it is read as ISO-8859-1. Do names with accents come out right in `comity map`?".to_owned());
    }
    let (format, seen, records, style, group) = if text.trim_start().starts_with(['{', '[']) {
        let (format, seen, records, others) = json::read(sample, text)?;
        notes.extend(others);
        (format, seen, records, Style::Json, None)
    } else if text.trim_start().starts_with('<') {
        let (format, seen, records) = xml::read(sample, text)?;
        (format, seen, records, Style::Xml, None)
    } else {
        let read = rows::read(sample, text)?;
        if read.uneven > 0 {
            notes.push(format!("{} of {} rows have another number of cells than the header, and are refused. Is the file cut off, or a quote not closed?", read.uneven, read.rows));
        }
        (read.format, read.seen, read.rows, Style::Rows, read.group)
    };
    notes.extend(of_rows(&format));
    let (encoding, encoding_name) = (decoded.encoding, decoded.name);
    Ok(Reading { format, encoding, encoding_name, seen, records, style, group, notes, schema: None })
}

/// What the author must know of rows that make one record, and of a file without a header.
fn of_rows(format: &Format) -> Vec<String> {
    let Format::Delimited(layout) = format else { return Vec::new() };
    let mut notes = Vec::new();
    match &layout.rows {
        Rows::Single | Rows::Group { .. } => {}
        Rows::Continuation { .. } => notes.push(
            "rows in which the columns of `continuation` are empty are taken as going on with the one before. Do they?"
                .to_owned(),
        ),
    }
    if layout.header_line == 0 {
        notes.push("the file seems to have no header: its columns are called by their places. Give them names in source.avsc, and check that its first line is a record.".to_owned());
    }
    notes
}

fn write(platform: &str, home: Home, reading: &Reading) -> Proposal {
    let mut left_out = Vec::new();
    let fields = fields::of(&reading.seen, reading.style, &mut left_out);
    let day_first = home.day_first();
    let layout = if let Format::Delimited(layout) = &reading.format { Some(layout) } else { None };
    let rows = layout.is_some_and(|layout| !matches!(layout.rows, Rows::Single));
    let key = layout.and_then(|layout| match &layout.rows {
        Rows::Single | Rows::Group { .. } => None,
        Rows::Continuation { empty } => {
            let score = |native: &String| words::score("event_id", &words::split(native), native);
            empty.iter().max_by_key(|native| score(native)).map(String::as_str)
        }
    });
    let leaves = fields::leaves(&fields, if rows { "first" } else { "" });
    let picks = picks::pick(&leaves, key, reading.group.as_ref().map(|(column, _)| column.as_str()), &home);
    let mut notes = reading.notes.clone();
    notes.extend(
        left_out.iter().map(|left| format!("left out of source.avsc, and so never read: {left}. Is that right?")),
    );
    let material = Material {
        platform,
        format: reading.format.clone(),
        encoding: reading.encoding,
        records: reading.records,
        rows,
        names_subjects: picks.legal_name.is_some(),
        group: reading.group.clone(),
        leaves: leaves.clone(),
        notes,
        home,
    };
    let mut questions = Questions::default();
    let toml = definition::write(&material, &picks, &mut questions);
    let vrl = mapping::write(&material, &picks, &mut questions);
    let schema = reading.schema.clone().unwrap_or_else(|| {
        let name = names::record(&[platform]);
        let doc = format!("What was seen in {} of a sample. Say here what one record is.", material.count());
        fields::schema(&name, &doc, &fields, &|field| docs::of(field, day_first))
    });
    let files = [("platform.toml", toml), ("source.avsc", schema), ("mapping.vrl", vrl)];
    let files = files.into_iter().map(|(name, text)| (name.to_owned(), text.into_bytes())).collect();
    Proposal { files, found: found(reading, &picks), questions: questions.asked }
}

/// What was found out, for people.
fn found(reading: &Reading, picks: &picks::Picks<'_>) -> Vec<String> {
    let mut found = Vec::new();
    let shape = match &reading.format {
        Format::Json { records } if records.is_empty() => "JSON, one list or one record at its top".to_owned(),
        Format::Json { records } => format!("JSON, its records under `{}`", records.join(".")),
        Format::JsonLines => "JSON lines".to_owned(),
        Format::Xml { record } => format!("XML, one `{record}` a record"),
        Format::Avro => "Avro object container".to_owned(),
        Format::Delimited(layout) => {
            let mark = match layout.delimiter {
                b'\t' => "tabs".to_owned(),
                mark => format!("`{}`", char::from(mark)),
            };
            match layout.header_line {
                0 => format!("rows of cells between {mark}, without a header"),
                line => format!("rows of cells between {mark}, header in line {line}"),
            }
        }
    };
    found.push(format!("format    {shape}; {}", reading.encoding_name));
    let what = if reading.style == Style::Rows { "rows" } else { "records" };
    found.push(format!("looked at {} {what} with {} fields", reading.records, reading.seen.fields.len()));
    let id = match &picks.event_id {
        picks::EventId::Unique(leaf) => leaf.path.clone(),
        picks::EventId::Named(leaf) => {
            let values = &leaf.seen.values;
            format!("{}, {} different ones in {}", leaf.path, values.distinct(), values.given)
        }
        picks::EventId::Digest(_) => "none; a digest of several fields stands for it".to_owned(),
    };
    found.push(format!("native id {id}"));
    found
}
