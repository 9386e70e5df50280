//! CSV, TSV and their like: rows whose fields are known by their position.

use std::cell::RefCell;
use std::mem;

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};
use vrl::prelude::Bytes;
use vrl::value::{KeyString, ObjectMap, Value};

use super::fields::{Slots, value_of};
use super::path::Path;
use crate::model::limit::RECORD_ROWS_MAX;
use crate::model::rejection::{Reason, Refusal};
use crate::platform::definition::{Delimited, Rows, Source, SourceField};

/// Reads the row or rows of one record.
pub(super) fn read(source: &Source, layout: &Delimited, text: &str) -> Result<Value, Refusal> {
    if !are_quotes_sound(layout, text.as_bytes()) {
        return Err(Refusal::new(Reason::Malformed));
    }
    let mut rows = Cells::new(layout, text.as_bytes(), source.fields.len());
    if matches!(layout.rows, Rows::Single) {
        let row = rows.next(&source.fields)?.ok_or(Refusal::new(Reason::Malformed))?;
        let value = read_row(layout, &source.fields, &row, &Path::Root)?;
        return if rows.next(&source.fields)?.is_none() { Ok(value) } else { Err(Refusal::new(Reason::Malformed)) };
    }
    let name = Path::Field(&Path::Root, "rows");
    let path = Path::Element(&name);
    let mut values: Vec<Value> = Vec::new();
    while let Some(row) = rows.next(&source.fields)? {
        if values.len() == RECORD_ROWS_MAX {
            return Err(Refusal::new(Reason::TooManyRows));
        }
        let value = read_row(layout, &source.fields, &row, &path)?;
        if let Some(first) = values.first() {
            belongs(&layout.rows, first, &value, &path)?;
        }
        values.push(value);
    }
    if values.is_empty() {
        return Err(Refusal::new(Reason::Malformed));
    }
    Ok(Value::Object(ObjectMap::from_iter([(KeyString::from("rows"), Value::Array(values))])))
}

/// Whether nothing but a delimiter or a line end stands behind each quote that closes a cell (RFC 4180). The parser takes
/// what else stands there for more of the cell: a quote that was never closed would make one record of two.
pub(super) fn are_quotes_sound(layout: &Delimited, text: &[u8]) -> bool {
    if layout.backslash_escapes || !text.contains(&b'"') {
        return true;
    }
    let mut rest = text;
    while !rest.is_empty() {
        let Some(quoted) = rest.strip_prefix(b"\"") else {
            let ends = |byte: &u8| *byte == layout.delimiter || matches!(byte, b'\r' | b'\n');
            let end = rest.iter().position(ends).map_or(rest.len(), |place| place + 1);
            rest = rest.get(end..).unwrap_or_default();
            continue;
        };
        let Some(behind) = behind_quotes(quoted) else { return true };
        rest = match behind.split_first() {
            None => return true,
            Some((byte, after)) if *byte == layout.delimiter || matches!(byte, b'\r' | b'\n') => after,
            Some(_) => return false,
        };
    }
    true
}

/// What stands behind the quote that closes a cell, and blanks; `None` where none does.
fn behind_quotes(mut quoted: &[u8]) -> Option<&[u8]> {
    loop {
        let place = quoted.iter().position(|byte| *byte == b'"')?;
        quoted = quoted.get(place + 1..)?;
        match quoted.strip_prefix(b"\"") {
            Some(doubled) => quoted = doubled,
            None => {
                let blanks = quoted.iter().take_while(|byte| **byte == b' ').count();
                return quoted.get(blanks..);
            }
        }
    }
}

/// Refuses a row that the cutter would have put into another record.
fn belongs(rows: &Rows, first: &Value, value: &Value, path: &Path<'_>) -> Result<(), Refusal> {
    let field_of = |value: &'_ Value, name: &str| value.as_object().and_then(|object| object.get(name).cloned());
    match rows {
        Rows::Single => Ok(()),
        Rows::Group { field } if field_of(first, field) != field_of(value, field) => {
            Err(Path::Field(path, field).refuse(Reason::Malformed))
        }
        Rows::Group { .. } => Ok(()),
        Rows::Continuation { empty } => {
            match empty.iter().find(|name| field_of(value, name).is_some_and(|value| !value.is_null())) {
                Some(name) => Err(Path::Field(path, name).refuse(Reason::Malformed)),
                None => Ok(()),
            }
        }
    }
}

fn read_row(layout: &Delimited, fields: &[SourceField], row: &Row, path: &Path<'_>) -> Result<Value, Refusal> {
    let mut slots = Slots::new(fields);
    for (index, (field, cell)) in fields.iter().zip(&row.cells).enumerate() {
        let path = Path::Field(path, &field.name);
        let cell = if layout.backslash_escapes { unescape(cell.clone(), &path)? } else { cell.clone() };
        slots.put(index, value_of(cell, field, &path)?, &path)?;
    }
    slots.finish(path, |_| None)
}

/// The text that a cell with backslash escapes stands for.
fn unescape(cell: Bytes, path: &Path<'_>) -> Result<Bytes, Refusal> {
    if !cell.contains(&b'\\') {
        return Ok(cell);
    }
    let mut text = Vec::with_capacity(cell.len());
    let mut bytes = cell.iter();
    while let Some(&byte) = bytes.next() {
        if byte != b'\\' {
            text.push(byte);
            continue;
        }
        text.push(match bytes.next() {
            Some(b't') => b'\t',
            Some(b'n') => b'\n',
            Some(b'r') => b'\r',
            Some(b'\\') => b'\\',
            Some(_) | None => return Err(path.refuse(Reason::Malformed)),
        });
    }
    Ok(Bytes::from(text))
}

/// One row; its cells share one allocation.
struct Row {
    cells: Vec<Bytes>,
}

/// The rows of a text.
struct Cells<'a> {
    parser: Parser,
    rest: &'a [u8],
    ends: Vec<usize>,
}

impl<'a> Cells<'a> {
    fn new(layout: &Delimited, bytes: &'a [u8], fields: usize) -> Self {
        // One place more than fields, so that one cell too many is seen.
        Self { parser: reader_of(layout), rest: bytes, ends: vec![0; fields + 1] }
    }

    /// The next row, `None` at the end.
    fn next(&mut self, fields: &[SourceField]) -> Result<Option<Row>, Refusal> {
        let mut output = vec![0; self.rest.len() + 1];
        let (result, read, mut written, mut ended) =
            self.parser.reader.read_record(self.rest, &mut output, &mut self.ends);
        self.rest = self.rest.get(read..).unwrap_or_default();
        match result {
            ReadRecordResult::Record => {}
            ReadRecordResult::End => return Ok(None),
            ReadRecordResult::OutputFull => return Err(Refusal::new(Reason::Malformed)),
            ReadRecordResult::OutputEndsFull => return Err(Refusal::new(Reason::FieldCount)),
            ReadRecordResult::InputEmpty => {
                // The last line may lack its end. A quote that is still open would take a line end for text.
                let (output, ends) = (output.get_mut(written..), self.ends.get_mut(ended..));
                let (Some(output), Some(ends)) = (output, ends) else { return Err(Refusal::new(Reason::FieldCount)) };
                let (result, _, more, ended_now) = self.parser.reader.read_record(b"\n", output, ends);
                match result {
                    ReadRecordResult::Record => {}
                    ReadRecordResult::OutputEndsFull => return Err(Refusal::new(Reason::FieldCount)),
                    // Nothing but line ends was left, or the quote is open.
                    ReadRecordResult::InputEmpty if written == 0 && ended == 0 && more == 0 => return Ok(None),
                    ReadRecordResult::InputEmpty | ReadRecordResult::OutputFull | ReadRecordResult::End => {
                        return Err(Refusal::new(Reason::Malformed));
                    }
                }
                written += more;
                ended += ended_now;
            }
        }
        if ended != fields.len() {
            return Err(Refusal::new(Reason::FieldCount));
        }
        output.truncate(written);
        let output = Bytes::from(output);
        let mut start = 0;
        let cells = self.ends.iter().take(ended).map(|&end| {
            let cell = output.slice(start..end);
            start = end;
            cell
        });
        Ok(Some(Row { cells: cells.collect() }))
    }
}

/// A parser for this layout, ready for a new text.
///
/// Building one computes its tables, which would cost more than a row, and a copy of one lacks half of them
/// (csv-core 0.1.13): so each thread keeps those that it has built.
pub(super) fn reader_of(layout: &Delimited) -> Parser {
    let kind = (layout.delimiter, layout.backslash_escapes);
    let kept = KEPT.with_borrow_mut(|kept| {
        let place = kept.iter().position(|(other, _)| *other == kind)?;
        Some(kept.swap_remove(place).1)
    });
    let build = || ReaderBuilder::new().delimiter(layout.delimiter).quoting(!layout.backslash_escapes).build();
    Parser { kind, reader: kept.unwrap_or_else(build) }
}

/// Parsers that a thread keeps.
const KEPT_MAX: usize = 16;

/// The delimiter of a parser, and whether it takes backslashes for quotes.
type Kind = (u8, bool);

thread_local! {
    static KEPT: RefCell<Vec<(Kind, Reader)>> = const { RefCell::new(Vec::new()) };
}

/// A parser that goes back to its thread when it is no longer used.
pub(super) struct Parser {
    kind: Kind,
    pub(super) reader: Reader,
}

impl Drop for Parser {
    fn drop(&mut self) {
        let mut reader = mem::take(&mut self.reader);
        reader.reset();
        KEPT.with_borrow_mut(|kept| {
            if kept.len() < KEPT_MAX {
                kept.push((self.kind, reader));
            }
        });
    }
}
