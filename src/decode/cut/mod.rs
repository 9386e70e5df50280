//! Cuts a file into records, each as its bytes stand, and finds out which version of the platform's format it is.
//!
//! A file may be larger than memory: only one record is held. What a record says is for intake to judge: a row with
//! too many fields is cut like any other. Only a file that cannot be cut any further ends in a `Problem`.

use std::io::{BufRead, BufReader, Chain, Cursor, Read};

use crate::model::problem::Problem;
use crate::platform::definition::{Definition, Delimited, Encoding, Format, Source, SourceField};

mod avro;
mod choose;
mod bytes;
mod footer;
mod join;
mod json;
mod letters;
mod packed;
mod reasons;
mod rows;
mod steps;
mod utf16;
mod xml;

use footer::Footer;
use letters::Letters;
pub use packed::packed;
pub use utf16::utf16;
use utf16::{Text, Transcoder};

/// Bytes at the file's beginning in which its version is recognised.
const PREFIX_BYTES_MAX: usize = 256 * 1024;
/// The byte order mark of UTF-8, which is taken off.
const BOM: &[u8] = b"\xef\xbb\xbf";
const BOM_BYTES: usize = BOM.len();
/// Bytes of one cut record; intake refuses records far below it.
const CUT_BYTES_MAX: usize = 4 * 1024 * 1024;

/// What a cutter reads: the part already looked at, then the rest, in UTF-8 where the file is in UTF-16.
type Input<R> = BufReader<Footer<Text<Chain<Cursor<Vec<u8>>, R>>>>;

/// One record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cut {
    pub bytes: Vec<u8>,
    /// The line on which it begins, from 1; the record's number where the format has no lines.
    pub line: u64,
}

/// A file being cut.
pub struct Cutter<'p, R: Read> {
    source: &'p Source,
    kind: Kind<'p, R>,
    file: String,
    /// What its beginning and its records have shown so far.
    letters: Letters,
    failed: bool,
}

enum Kind<'p, R: Read> {
    Rows(Box<rows::Rows<'p, Input<R>>>),
    Lines(Lines<Input<R>>),
    Json(json::Elements<Input<R>>),
    Xml(xml::Elements<Input<R>>),
    Avro(avro::Container<Input<R>>),
}

/// Looks at a file's beginning, picks the version of the platform's format that it is, and begins to cut.
///
/// # Errors
/// The file is none of the platform's versions: the problem names the columns that differ. Or nothing tells which of two
/// it is.
pub fn open<'p, R: Read>(platform: &'p Definition, file: &str, reader: R) -> Result<Cutter<'p, R>, Problem> {
    open_beside(platform, None, file, reader, |name| {
        Err(Problem::new("CMT-9507", name, format!("is joined to {file} and not at hand"), "give the file's path"))
    })
}

/// The same of one `version` alone where that is named, with a way to open the files that are joined to it, by their
/// names.
///
/// # Errors
/// Those of `open`; the platform has no such version; a file that is joined cannot be opened, lacks a column, has a row
/// that nobody can read, is too large, or has a key twice with different values.
pub fn open_beside<'p, R: Read>(
    platform: &'p Definition,
    version: Option<&str>,
    file: &str,
    mut reader: R,
    mut beside: impl FnMut(&str) -> Result<R, Problem>,
) -> Result<Cutter<'p, R>, Problem> {
    let (prefix, bom) = beginning("CMT-9505", file, &mut reader, PREFIX_BYTES_MAX as u64)?;
    if prefix.is_empty() && !bom {
        return Err(Problem::new("CMT-9501", file, "is empty", "name a file with at least one record"));
    }
    let (encoding, letters) = (utf16(&prefix), Letters::of(&prefix));
    let versions = choose::versions(platform, version, file)?;
    let source = match encoding {
        None => choose::source(platform, &versions, file, &prefix, letters::sign(letters, bom))?,
        // Where the prefix ends within a letter, its last one is not looked at.
        Some(encoding) => {
            let text = encoding.decode_with_bom_removal(&prefix).0;
            choose::source(platform, &versions, file, text.as_bytes(), None)?
        }
    };
    if encoding.is_some() && source.encoding != Encoding::Utf8 {
        let help = "write `encoding = \"utf-8\"`, or none: records cut from UTF-16 are UTF-8";
        return Err(Problem::new("CMT-9505", file, format!("is in UTF-16, and {} is not", source.version), help));
    }
    let input = input(prefix, encoding, footer_lines(source), reader);
    let name = file.to_owned();
    let kind = match &source.format {
        Format::Delimited(layout) => {
            let mut joined = Vec::new();
            for one in &source.joins {
                joined.push(join::Table::read(source, layout, one, beside(&one.file)?)?);
            }
            Kind::Rows(Box::new(rows::Rows::new(layout, source.own_fields(), joined, name, input)?))
        }
        Format::JsonLines => Kind::Lines(Lines { input, line: 0, file: name }),
        Format::Json { records } => Kind::Json(json::Elements::new(records.clone(), name, input)),
        Format::Xml { record } => Kind::Xml(xml::Elements::new(record.clone(), source.encoding, name, input)),
        Format::Avro => Kind::Avro(avro::Container::new(source, name, input)?),
    };
    Ok(Cutter { source, kind, file: file.to_owned(), letters, failed: false })
}

fn footer_lines(source: &Source) -> usize {
    if let Format::Delimited(layout) = &source.format { layout.footer_lines } else { 0 }
}

/// A file behind its beginning, in UTF-8 where it is in UTF-16, without its last lines.
fn input<R: Read>(
    prefix: Vec<u8>,
    encoding: Option<&'static encoding_rs::Encoding>,
    footer_lines: usize,
    reader: R,
) -> Input<R> {
    let whole = Cursor::new(prefix).chain(reader);
    let text = match encoding {
        None => Text::Plain(whole),
        Some(encoding) => Text::Utf16(Box::new(Transcoder::new(encoding, whole))),
    };
    BufReader::new(Footer::new(footer_lines, text))
}

impl<R: Read> Cutter<'_, R> {
    /// The version of the platform's format, as the header `comity-source` says it.
    pub fn source_version(&self) -> &str {
        &self.source.version
    }

    /// Rows so far that are no records: without a value in any cell, or the header printed again.
    pub fn passed_over(&self) -> u64 {
        if let Kind::Rows(rows) = &self.kind { rows.passed_over } else { 0 }
    }

    /// Lines at the end of the file that are no records.
    pub fn footer_lines(&self) -> usize {
        footer_lines(self.source)
    }

    /// The files that are joined, with the rows so far whose key finds nothing there.
    pub fn alone(&self) -> Vec<(&str, u64)> {
        if let Kind::Rows(rows) = &self.kind { rows.alone() } else { Vec::new() }
    }

    /// Refuses the first record with a letter beyond ASCII where that is one of UTF-8 and the version says otherwise:
    /// the file's beginning may have none.
    fn not_misread(&mut self, cut: Option<Cut>) -> Result<Option<Cut>, Problem> {
        let Some(record) = &cut else { return Ok(None) };
        if self.letters == Letters::None
            && let Some(why) = letters::contradiction(self.source, letters::SIGN)
        {
            self.letters = Letters::of(&record.bytes);
            if self.letters == Letters::Utf8 {
                let why = format!("line {}: {why}", record.line);
                return Err(Problem::new("CMT-9503", &self.file, why, "write `encoding = \"utf-8\"` in [[source]]"));
            }
        }
        Ok(cut)
    }
}

impl<R: Read> Iterator for Cutter<'_, R> {
    type Item = Result<Cut, Problem>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let cut = match &mut self.kind {
            Kind::Rows(rows) => rows.next_record(),
            Kind::Lines(lines) => lines.next_record(),
            Kind::Json(elements) => elements.next_record(),
            Kind::Xml(elements) => elements.next_record(),
            Kind::Avro(container) => container.next_record(),
        };
        let cut = cut.and_then(|cut| self.not_misread(cut));
        self.failed = cut.is_err();
        cut.transpose()
    }
}

fn unreadable(file: &str, error: &std::io::Error) -> Problem {
    Problem::new("CMT-9502", file, format!("cannot be read: {error}"), "check the path and its rights")
}

/// The file stops making sense at this line; what was cut before stands.
fn broken(file: &str, line: u64, what: &str) -> Problem {
    Problem::new("CMT-9503", file, format!("line {line}: {what}"), "mend the file there and feed it again from there")
}

/// One line without its end; `None` at the end of the file.
fn read_line<R: BufRead>(input: &mut R, file: &str, line: u64) -> Result<Option<Vec<u8>>, Problem> {
    let mut bytes = Vec::new();
    let limit = CUT_BYTES_MAX as u64 + 1;
    let read = input.by_ref().take(limit).read_until(b'\n', &mut bytes).map_err(|error| unreadable(file, &error))?;
    if read > CUT_BYTES_MAX {
        return Err(broken(file, line, "is longer than any record may be"));
    }
    Ok((read > 0).then_some(bytes))
}

/// The first bytes of a file without a byte order mark, and whether it had one; a file that is packed is told under this
/// code.
fn beginning(
    code: &'static str,
    file: &str,
    reader: &mut impl Read,
    bytes_max: u64,
) -> Result<(Vec<u8>, bool), Problem> {
    let mut prefix = Vec::new();
    let read = reader.take(bytes_max).read_to_end(&mut prefix);
    read.map_err(|error| unreadable(file, &error))?;
    if let Some((what, help)) = packed(&prefix) {
        return Err(Problem::new(code, file, what, help));
    }
    let bom = prefix.starts_with(BOM);
    if bom {
        prefix.drain(..BOM_BYTES);
    }
    Ok((prefix, bom))
}

/// A line as it stands, without the bytes that end it.
fn trim_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// How many line feeds the bytes hold.
fn line_feeds(bytes: &[u8]) -> u64 {
    bytes.iter().map(|byte| u64::from(*byte == b'\n')).sum()
}

/// One record a line; blank lines are none.
struct Lines<I> {
    input: I,
    line: u64,
    file: String,
}

impl<I: BufRead> Lines<I> {
    fn next_record(&mut self) -> Result<Option<Cut>, Problem> {
        loop {
            self.line += 1;
            let Some(bytes) = read_line(&mut self.input, &self.file, self.line)? else { return Ok(None) };
            let text = trim_end(&bytes);
            if !text.iter().all(u8::is_ascii_whitespace) {
                return Ok(Some(Cut { bytes: text.to_vec(), line: self.line }));
            }
        }
    }
}

#[cfg(test)]
mod tests;
