//! Rows of cells: the delimiter, whether quotes count, the line of the header, and which rows make one record.

use std::collections::BTreeMap;

use csv::{ReaderBuilder, StringRecord};

use super::seen::Seen;
use super::values::{Values, share};
use super::{RECORDS_MAX, Sample, code, words};
use crate::model::problem::Problem;
use crate::platform::definition::{Delimited, Format, Rows};

/// Delimiters that are tried, the commonest first.
const DELIMITERS: &[u8] = b",;\t|~^";
/// Bytes and rows in which the delimiter is looked for.
const LOOK_BYTES_MAX: usize = 256 * 1024;
const LOOK_ROWS_MAX: usize = 500;
/// Lines among which the header is looked for.
const TITLE_LINES_MAX: usize = 40;
/// Columns of one row.
const COLUMNS_MAX: usize = 1_000;

/// What was found out about rows.
pub(super) struct Read {
    pub(super) format: Format,
    pub(super) seen: Seen,
    pub(super) rows: usize,
    /// Rows with another number of cells than the header.
    pub(super) uneven: usize,
    /// A column whose neighbouring rows repeat its value, and how many records that would make.
    pub(super) group: Option<(String, usize)>,
}

/// Reads rows of cells.
///
/// # Errors
/// No delimiter makes rows of it.
pub(super) fn read(sample: &Sample<'_>, text: &str) -> Result<Read, Problem> {
    let Some((delimiter, quoting, width)) = layout(text) else {
        let why = "is in no format that Comity reads: rows of cells, JSON, XML, Avro container";
        let help = "save a spreadsheet as CSV in UTF-8; for other formats write one JSON object a line";
        return Err(Problem::new(code::FORMAT, sample.file, why, help));
    };
    let header_line = header_line(text, delimiter, quoting, width);
    let body = text.get(line_start(text, header_line.saturating_sub(1))..).unwrap_or_default();
    let mut rows = rows_of(body, delimiter, quoting);
    if !sample.whole {
        // The last row may be cut off.
        rows.pop();
    }
    let names: Vec<String> = if header_line == 0 || rows.is_empty() {
        (1..=width).map(|place| format!("column {place}")).collect()
    } else {
        rows.remove(0).iter().map(str::to_owned).collect()
    };
    let mut fields: Vec<Seen> = names.iter().map(|name| Seen::named(name)).collect();
    // What is no record when the file is cut: the header printed again, and rows of nothing.
    let again = |row: &StringRecord| names.iter().map(String::as_str).eq(row.iter());
    rows.retain(|row| !again(row) && (row.len() != names.len() || row.iter().any(|cell| !cell.is_empty())));
    let count = rows.len();
    rows.retain(|row| row.len() == names.len());
    for row in &rows {
        for (field, cell) in fields.iter_mut().zip(row) {
            field.see_text(cell);
        }
    }
    let uneven = count - rows.len();
    let continuation = continuation(&fields, &rows);
    let group = group(&fields).filter(|_| continuation.is_empty());
    // Rows that share an id are put together only by their author: they may as well be several decisions.
    let rows_of_record =
        if continuation.is_empty() { Rows::Single } else { Rows::Continuation { empty: continuation } };
    let layout = Delimited {
        delimiter,
        backslash_escapes: delimiter == b'\t' && !quoting,
        header_line,
        footer_lines: 0,
        rows: rows_of_record,
    };
    let seen = Seen { objects: rows.len(), fields, ..Seen::default() };
    Ok(Read { format: Format::Delimited(layout), seen, rows: count, uneven, group })
}

fn reader(text: &str, delimiter: u8, quoting: bool) -> csv::Reader<&[u8]> {
    let mut builder = ReaderBuilder::new();
    builder.delimiter(delimiter).quoting(quoting).has_headers(false).flexible(true).from_reader(text.as_bytes())
}

fn rows_of(text: &str, delimiter: u8, quoting: bool) -> Vec<StringRecord> {
    reader(text, delimiter, quoting).into_records().map_while(Result::ok).take(RECORDS_MAX).collect()
}

/// The delimiter, whether quotes count, and the cells of most rows.
type Layout = (u8, bool, usize);
/// How even the rows are, and how many cells they have.
type Rank = (usize, usize);

/// The layout that makes the evenest rows; `None` where no delimiter makes even rows.
fn layout(text: &str) -> Option<Layout> {
    let end = (0..=LOOK_BYTES_MAX.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap_or_default();
    let look = text.get(..end).unwrap_or_default();
    let mut best: Option<(Rank, Layout)> = None;
    for delimiter in DELIMITERS {
        for quoting in [true, false] {
            if !quoting && (*delimiter != b'\t' || !escapes_are_sound(look)) {
                continue;
            }
            let rows: Vec<usize> = reader(look, *delimiter, quoting)
                .into_records()
                .map_while(Result::ok)
                .take(LOOK_ROWS_MAX)
                .map(|row| row.len())
                .collect();
            let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
            rows.iter().for_each(|width| *counts.entry(*width).or_default() += 1);
            let most = counts
                .iter()
                .filter(|(width, _)| (2..=COLUMNS_MAX).contains(*width))
                .max_by_key(|(width, count)| (**count, **width));
            let Some((width, count)) = most else { continue };
            // In twentieths: a file whose last row is cut off is as even as one whose is not.
            let even = 20 * count / rows.len().max(1);
            if even < 10 {
                continue;
            }
            let quoted = !quoting || !look.contains("\t\"");
            let rank = (2 * even + usize::from(quoted), *width);
            if best.as_ref().is_none_or(|(other, _)| rank > *other || (rank == *other && !quoting)) {
                best = Some((rank, (*delimiter, quoting, *width)));
            }
        }
    }
    best.map(|(_, found)| found)
}

/// True where backslashes stand before what TSV escapes only, and no cell is quoted.
fn escapes_are_sound(text: &str) -> bool {
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        if letter == '\\' && !matches!(letters.next(), Some('t' | 'n' | 'r' | '\\') | None) {
            return false;
        }
    }
    !(text.contains("\t\"") && text.contains("\"\t"))
}

/// Where a line begins, lines counted from 0.
fn line_start(text: &str, line: usize) -> usize {
    text.split_inclusive('\n').take(line).map(str::len).sum()
}

/// The line of the header from 1; 0 where the first full row is a record.
fn header_line(text: &str, delimiter: u8, quoting: bool, width: usize) -> usize {
    let lines = text.split_inclusive('\n').count().min(TITLE_LINES_MAX);
    for line in 0..lines {
        let rest = text.get(line_start(text, line)..).unwrap_or_default();
        let Some(Ok(row)) = reader(rest, delimiter, quoting).into_records().next() else { break };
        let blank_line = rest.starts_with(['\r', '\n']);
        let given = row.iter().filter(|cell| !cell.trim().is_empty());
        if blank_line || row.len() != width || 2 * given.clone().count() < width {
            continue;
        }
        return if is_header(&row, rest, delimiter, quoting) { line + 1 } else { 0 };
    }
    0
}

/// Names differ, are no numbers or dates, and no record has one of them as its value in the same column.
fn is_header(row: &StringRecord, text: &str, delimiter: u8, quoting: bool) -> bool {
    let mut values = 0;
    let mut names: Vec<&str> = Vec::new();
    for cell in row.iter().map(str::trim).filter(|cell| !cell.is_empty()) {
        let mut one = Values::default();
        one.see(cell);
        let year = cell.len() == 4 && (one.whole_numbers == 1);
        values += usize::from(!year && (one.is_date() || one.is_amount()));
        names.push(cell);
    }
    let mut different = names.clone();
    different.sort_unstable();
    different.dedup();
    let again = reader(text, delimiter, quoting).into_records().skip(1).take(LOOK_ROWS_MAX).map_while(Result::ok).any(
        |other| {
            let same = row.iter().zip(&other).filter(|(one, other)| !one.trim().is_empty() && one == other).count();
            // A header that is printed on every page is one again.
            same > 0 && 2 * same < names.len()
        },
    );
    // Two columns of one name are real; several doubles are values.
    let doubles = names.len() - different.len();
    values == 0 && !again && (10 * doubles <= names.len() || (doubles == 1 && names.len() > 3))
}

/// True where each row has another value of its own, and the name of the column is that of a number or reference.
pub(super) fn identifies(field: &Seen) -> bool {
    let values = &field.values;
    values.given > 1
        && !field.may_be_absent()
        && values.uniqueness() >= 0.98
        && !values.is_date()
        && words::score("event_id", &words::split(&field.native), &field.native) > 0
}

/// A column whose neighbouring rows repeat its value, and how many records that makes.
fn group(fields: &[Seen]) -> Option<(String, usize)> {
    let repeats = |field: &&Seen| {
        let values = &field.values;
        let share = values.uniqueness();
        let together = values.runs <= values.distinct() + values.distinct() / 50;
        !field.may_be_absent() && values.given > 3 && (0.02..0.98).contains(&share) && together && !values.is_date()
    };
    let score = |field: &Seen| words::score("event_id", &words::split(&field.native), &field.native);
    let best = fields.iter().filter(repeats).filter(|field| score(field) > 0);
    let best = best.max_by_key(|field| (score(field), field.values.distinct()))?;
    Some((best.native.clone(), best.values.runs))
}

/// The columns that are empty together in rows that go on with the one before; none where no rows do.
fn continuation(fields: &[Seen], rows: &[StringRecord]) -> Vec<String> {
    let empty = |row: &StringRecord, place: usize| row.get(place).is_none_or(|cell| cell.trim().is_empty());
    let score = |field: &Seen| words::score("event_id", &words::split(&field.native), &field.native);
    let key = fields.iter().enumerate().filter(|(place, field)| {
        let absent = rows.len().saturating_sub(field.values.given);
        let some = absent > 0 && share(absent, rows.len()) < 0.6;
        some && score(field) > 0 && rows.first().is_some_and(|row| !empty(row, *place))
    });
    let Some((key, _)) = key.max_by_key(|(_, field)| score(field)) else { return Vec::new() };
    let (first, more): (Vec<&StringRecord>, Vec<&StringRecord>) = rows.iter().partition(|row| !empty(row, key));
    // Every such row lacks these, and hardly any row that begins a record does.
    let lacking = (0..fields.len()).filter(|place| {
        let kept = first.iter().filter(|row| !empty(row, *place)).count();
        more.iter().all(|row| empty(row, *place)) && share(kept, first.len()) >= 0.95
    });
    let columns: Vec<String> =
        lacking.filter_map(|place| fields.get(place)).map(|field| field.native.clone()).collect();
    // One column alone may simply be unknown now and then; the row must also say something.
    let says = more.iter().all(|row| (0..fields.len()).any(|place| !empty(row, place)));
    if columns.len() >= 2 && says { columns } else { Vec::new() }
}
