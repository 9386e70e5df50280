//! Rows of CSV, TSV and their like: a row ends where its line ends, unless a quote is open there.

use std::io::BufRead;

use csv_core::ReadRecordResult;

use super::{CUT_BYTES_MAX, Cut, Delimited, Problem, SourceField, broken, read_line, trim_end};
use crate::decode::delimited::reader_of;
use crate::platform::definition;

/// The records of a file of rows.
pub(super) struct Rows<'p, I> {
    layout: &'p Delimited,
    fields: &'p [SourceField],
    input: I,
    file: String,
    line: u64,
    /// A row that was read and belongs to the next record.
    kept: Option<Cut>,
}

impl<'p, I: BufRead> Rows<'p, I> {
    /// Passes over title lines and the header.
    pub(super) fn new(
        layout: &'p Delimited,
        fields: &'p [SourceField],
        file: String,
        input: I,
    ) -> Result<Self, Problem> {
        let mut rows = Self { layout, fields, input, file, line: 0, kept: None };
        for title in 1..=layout.header_line {
            if title == layout.header_line {
                rows.next_row()?;
            } else {
                rows.line += 1;
                read_line(&mut rows.input, &rows.file, rows.line)?;
            }
        }
        Ok(rows)
    }

    pub(super) fn next_record(&mut self) -> Result<Option<Cut>, Problem> {
        let first = match self.kept.take() {
            Some(row) => Some(row),
            None => self.next_row()?,
        };
        let Some(mut record) = first else { return Ok(None) };
        if self.layout.rows != definition::Rows::Single {
            let mark = self.mark(&record.bytes);
            while let Some(row) = self.next_row()? {
                if !self.belongs(mark.as_deref(), &row.bytes) {
                    self.kept = Some(row);
                    break;
                }
                record.bytes.extend_from_slice(&row.bytes);
                if record.bytes.len() > CUT_BYTES_MAX {
                    return Err(broken(&self.file, record.line, "begins a group longer than any record may be"));
                }
            }
        }
        record.bytes.truncate(trim_end(&record.bytes).len());
        Ok(Some(record))
    }

    /// One row with the bytes that end it; blank lines are none.
    fn next_row(&mut self) -> Result<Option<Cut>, Problem> {
        loop {
            self.line += 1;
            let begins = self.line;
            let Some(mut bytes) = read_line(&mut self.input, &self.file, self.line)? else { return Ok(None) };
            if trim_end(&bytes).is_empty() {
                continue;
            }
            while row_end(self.layout, &bytes).is_none() {
                self.line += 1;
                let Some(more) = read_line(&mut self.input, &self.file, self.line)? else {
                    if bytes.ends_with(b"\n") {
                        return Err(broken(&self.file, begins, "a quote is opened here and never closed"));
                    }
                    break;
                };
                bytes.extend_from_slice(&more);
                if bytes.len() > CUT_BYTES_MAX {
                    return Err(broken(&self.file, begins, "a quote is opened here and not closed for long"));
                }
            }
            return Ok(Some(Cut { bytes, line: begins }));
        }
    }

    /// What the rows of one record have in common.
    fn mark(&self, row: &[u8]) -> Option<Vec<u8>> {
        match &self.layout.rows {
            definition::Rows::Group { field } => self.cell(row, field),
            definition::Rows::Single | definition::Rows::Continuation { .. } => None,
        }
    }

    fn belongs(&self, mark: Option<&[u8]>, row: &[u8]) -> bool {
        match &self.layout.rows {
            definition::Rows::Single => false,
            definition::Rows::Group { field } => mark.is_some() && self.cell(row, field).as_deref() == mark,
            definition::Rows::Continuation { empty } => {
                empty.iter().all(|field| self.cell(row, field).is_some_and(|cell| cell.is_empty()))
            }
        }
    }

    /// The cell of a field, by its Avro name.
    fn cell(&self, row: &[u8], field: &str) -> Option<Vec<u8>> {
        let place = self.fields.iter().position(|known| known.name == field)?;
        cells(self.layout, trim_end(row)).into_iter().nth(place)
    }
}

/// Where the first row of a text ends, behind its line end; `None` where a quote is open or no line ends.
pub(super) fn row_end(layout: &Delimited, text: &[u8]) -> Option<usize> {
    let mut state = Cell::Start;
    let mut bytes = text.iter().enumerate().peekable();
    while let Some((place, &byte)) = bytes.next() {
        state = match (state, byte) {
            (Cell::Start | Cell::Plain, b'\n') => return Some(place + 1),
            (Cell::Start, b'"') if !layout.backslash_escapes => Cell::Quoted,
            (Cell::Quoted, b'"') if bytes.peek().is_some_and(|(_, next)| **next == b'"') => {
                bytes.next();
                Cell::Quoted
            }
            (Cell::Quoted, b'"') => Cell::Plain,
            (Cell::Quoted, _) => Cell::Quoted,
            (Cell::Start | Cell::Plain, byte) if byte == layout.delimiter => Cell::Start,
            (Cell::Start | Cell::Plain, _) => Cell::Plain,
        };
    }
    None
}

/// Where a scan stands within a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cell {
    Start,
    Plain,
    Quoted,
}

/// The cells of one row, whatever their number.
pub(super) fn cells(layout: &Delimited, row: &[u8]) -> Vec<Vec<u8>> {
    let mut parser = reader_of(layout);
    let mut output = vec![0; row.len() + 1];
    let mut ends = vec![0; row.len() + 2];
    let (_, _, written, ended) = parser.reader.read_record(row, &mut output, &mut ends);
    let (result, _, _, more) = match (output.get_mut(written..), ends.get_mut(ended..)) {
        (Some(output), Some(ends)) => parser.reader.read_record(b"\n", output, ends),
        _ => return Vec::new(),
    };
    if result != ReadRecordResult::Record {
        return Vec::new();
    }
    let mut start = 0;
    let taken = ends.iter().take(ended + more);
    taken
        .map(|end| {
            let cell = output.get(start..*end).unwrap_or_default().to_vec();
            start = *end;
            cell
        })
        .collect()
}
