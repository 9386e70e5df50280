//! Rows of CSV, TSV and their like, read by the parser that intake reads them with, kept as their bytes stand.

use std::io::BufRead;

use csv_core::ReadRecordResult;

use super::join::{self, Table};
use super::{CUT_BYTES_MAX, Cut, Delimited, Problem, SourceField, broken, line_feeds, read_line, trim_end, unreadable};
use crate::decode::delimited::{Parser, are_quotes_sound, reader_of};
use crate::platform::definition;

/// The records of a file of rows.
pub(super) struct Rows<'p, I> {
    layout: &'p Delimited,
    fields: &'p [SourceField],
    joined: Vec<Table<'p>>,
    rows: RowReader<I>,
    /// The cells of the header; empty where the file has none.
    header: Vec<Vec<u8>>,
    /// Rows that are no records: those without a value, and the header where it stands again.
    pub(super) passed_over: u64,
    /// The record to which the rows read last belong, and what its rows have in common.
    pending: Option<(Cut, Option<Vec<u8>>)>,
    /// What stopped the reading, told after the records before it.
    stopped: Option<Problem>,
}

impl<'p, I: BufRead> Rows<'p, I> {
    /// Passes over title lines and the header.
    pub(super) fn new(
        layout: &'p Delimited,
        fields: &'p [SourceField],
        joined: Vec<Table<'p>>,
        file: String,
        mut input: I,
    ) -> Result<Self, Problem> {
        let titles = u64::try_from(layout.header_line.saturating_sub(1)).unwrap_or(u64::MAX);
        for line in 1..=titles {
            read_line(&mut input, &file, line)?;
        }
        let mut rows = RowReader::new(layout, input, file, titles + 1);
        let mut header = Vec::new();
        if layout.header_line > 0 {
            let Some(row) = rows.next()? else {
                return Err(broken(&rows.file, titles + 1, "the header is missing, or among the lines of the footer"));
            };
            header = rows.cells(&row);
        }
        Ok(Self { layout, fields, joined, rows, header, passed_over: 0, pending: None, stopped: None })
    }

    pub(super) fn next_record(&mut self) -> Result<Option<Cut>, Problem> {
        if let Some(problem) = self.stopped.take() {
            return Err(problem);
        }
        loop {
            let mut row = match self.rows.next() {
                Ok(Some(row)) => row,
                Ok(None) => return Ok(self.pending.take().map(finished)),
                Err(problem) => {
                    let Some(pending) = self.pending.take() else { return Err(problem) };
                    self.stopped = Some(problem);
                    return Ok(Some(finished(pending)));
                }
            };
            if self.says_nothing(&row) {
                self.passed_over += 1;
                continue;
            }
            let mark = self.mark(&row);
            self.join(&mut row);
            match &mut self.pending {
                Some((record, common)) if joins(&self.layout.rows, common.as_deref(), mark.as_deref()) => {
                    record.bytes.extend_from_slice(&row.before);
                    record.bytes.extend_from_slice(&row.bytes);
                    if record.bytes.len() > CUT_BYTES_MAX {
                        let line = record.line;
                        return Err(broken(&self.rows.file, line, "begins a group longer than any record may be"));
                    }
                }
                Some(_) | None => {
                    let record = Cut { bytes: row.bytes, line: row.line };
                    if let Some(before) = self.pending.replace((record, mark)) {
                        return Ok(Some(finished(before)));
                    }
                }
            }
        }
    }

    /// The files that are joined, with the rows so far that have no partner there.
    pub(super) fn alone(&self) -> Vec<(&'p str, u64)> {
        self.joined.iter().map(Table::alone).collect()
    }

    /// True for a row of empty cells, and for the header where it is printed again. What has another number of cells
    /// is for intake to refuse.
    fn says_nothing(&self, row: &Row) -> bool {
        let cell = |place: usize| self.rows.cell(place);
        let whole = row.cells > 1 && row.cells == self.fields.len();
        let blank = (0..row.cells).all(|place| cell(place).is_some_and(<[u8]>::is_empty));
        let again = || self.header.iter().enumerate().all(|(place, name)| cell(place) == Some(name.as_slice()));
        whole && (blank || (self.header.len() == row.cells && again()))
    }

    /// Puts the cells of the joins behind a row's own; a row with another number of cells keeps a wrong number.
    fn join(&mut self, row: &mut Row) {
        if self.joined.is_empty() {
            return;
        }
        let mut known: Vec<(&str, Vec<u8>)> = Vec::new();
        for (place, field) in self.fields.iter().enumerate() {
            known.push((&field.native, self.rows.cell(place).unwrap_or_default().to_vec()));
        }
        let own = trim_end(&row.bytes).len();
        let end = row.bytes.split_off(own);
        for table in &mut self.joined {
            for (column, cell) in table.row(&known) {
                row.bytes.push(self.layout.delimiter);
                join::write(self.layout, &cell, &mut row.bytes);
                known.push((column, cell));
            }
        }
        row.bytes.extend(end);
    }

    /// What tells whether a row belongs to the one before: the value of its group, or what a continuation lacks;
    /// `None` where the number of cells is wrong, so that nobody can tell.
    fn mark(&self, row: &Row) -> Option<Vec<u8>> {
        let alone = matches!(self.layout.rows, definition::Rows::Single);
        if alone || row.cells != self.fields.len() || !row.is_sound(self.layout) {
            return None;
        }
        let cell = |name: &String| {
            let place = self.fields.iter().position(|known| &known.name == name)?;
            self.rows.cell(place)
        };
        match &self.layout.rows {
            definition::Rows::Single => None,
            definition::Rows::Group { field } => cell(field).map(<[u8]>::to_vec),
            definition::Rows::Continuation { empty } => {
                empty.iter().map(cell).collect::<Option<Vec<_>>>().map(|cells| cells.concat())
            }
        }
    }
}

/// Whether a row with this mark goes on with a record whose first row had the other.
fn joins(rows: &definition::Rows, first: Option<&[u8]>, mark: Option<&[u8]>) -> bool {
    match rows {
        definition::Rows::Single => false,
        // Rows without the value of their group have nothing in common.
        definition::Rows::Group { .. } => first == mark && mark.is_some_and(|mark| !mark.is_empty()),
        definition::Rows::Continuation { .. } => first.is_some() && mark.is_some_and(<[u8]>::is_empty),
    }
}

fn finished((mut record, _): (Cut, Option<Vec<u8>>)) -> Cut {
    record.bytes.truncate(trim_end(&record.bytes).len());
    record
}

/// One row with the bytes that end it.
pub(super) struct Row {
    /// Line ends and blank lines before it; after a CR the LF stands here.
    before: Vec<u8>,
    bytes: Vec<u8>,
    pub(super) line: u64,
    cells: usize,
}

impl Row {
    /// Whether its quotes stand where they may.
    pub(super) fn is_sound(&self, layout: &Delimited) -> bool {
        are_quotes_sound(layout, &self.bytes)
    }
}

/// Bytes of cells for which there is room at first.
const CELLS_BYTES: usize = 64 * 1024;
/// Cells of one row whose ends are kept; more are counted.
const CELLS_KEPT_MAX: usize = 4_096;

pub(super) struct RowReader<I> {
    input: I,
    parser: Parser,
    file: String,
    line: u64,
    output: Vec<u8>,
    ends: Vec<usize>,
    ended: usize,
}

impl<I: BufRead> RowReader<I> {
    pub(super) fn new(layout: &Delimited, input: I, file: String, line: u64) -> Self {
        let (output, ends) = (vec![0; CELLS_BYTES], vec![0; CELLS_KEPT_MAX]);
        Self { input, parser: reader_of(layout), file, line, output, ends, ended: 0 }
    }

    /// A cell of the row read last.
    fn cell(&self, place: usize) -> Option<&[u8]> {
        let ends = self.ends.get(..self.ended)?;
        let start = if place == 0 { 0 } else { *ends.get(place - 1)? };
        self.output.get(start..*ends.get(place)?)
    }

    /// The cells of the row read last.
    pub(super) fn cells(&self, row: &Row) -> Vec<Vec<u8>> {
        (0..row.cells).map_while(|place| self.cell(place).map(<[u8]>::to_vec)).collect()
    }

    /// The next row; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Row>, Problem> {
        let (mut raw, mut written, mut cells) = (Vec::new(), 0, 0);
        self.ended = 0;
        loop {
            let buffer = self.input.fill_buf().map_err(|error| unreadable(&self.file, &error))?;
            let last = buffer.is_empty();
            // At the end of the file a line end is added: an open quote takes it for text.
            let bytes = if last { b"\n" } else { buffer };
            let (output, ends) = (self.output.get_mut(written..), self.ends.get_mut(self.ended..));
            let (output, ends) = (output.unwrap_or_default(), ends.unwrap_or_default());
            let (result, read, more, ended) = self.parser.reader.read_record(bytes, output, ends);
            if !last {
                raw.extend_from_slice(bytes.get(..read).unwrap_or_default());
                self.input.consume(read);
            }
            written += more;
            cells += ended;
            self.ended += ended;
            match result {
                ReadRecordResult::Record => break,
                ReadRecordResult::OutputFull => self.output.resize(2 * self.output.len(), 0),
                ReadRecordResult::OutputEndsFull => self.ended = 0,
                ReadRecordResult::InputEmpty if !last => {}
                ReadRecordResult::InputEmpty | ReadRecordResult::End => return self.end(&raw),
            }
            if raw.len() > CUT_BYTES_MAX {
                let line = self.line + line_feeds(blank_lines(&raw));
                let what = "begins a row longer than any record may be; a quote may be open";
                return Err(broken(&self.file, line, what));
            }
        }
        Ok(Some(self.row(raw, cells)))
    }

    /// The end of the file: nothing but line ends was left, or a quote is open.
    fn end(&self, raw: &[u8]) -> Result<Option<Row>, Problem> {
        let blank = blank_lines(raw);
        if blank.len() == raw.len() {
            return Ok(None);
        }
        Err(broken(&self.file, self.line + line_feeds(blank), "a quote is opened here and never closed"))
    }

    fn row(&mut self, raw: Vec<u8>, cells: usize) -> Row {
        let blank = blank_lines(&raw).len();
        let (before, bytes) = raw.split_at(blank);
        let line = self.line + line_feeds(before);
        self.line += line_feeds(&raw);
        Row { before: before.to_vec(), bytes: bytes.to_vec(), line, cells }
    }
}

/// The line ends at the beginning.
fn blank_lines(raw: &[u8]) -> &[u8] {
    let blank = raw.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    raw.get(..blank).unwrap_or_default()
}

/// The cells of the first line of a text; `None` where it is blank, or goes on behind its end.
pub(super) fn first_line(layout: &Delimited, text: &[u8]) -> Option<Vec<Vec<u8>>> {
    first_row(layout, text.split_inclusive(|byte| *byte == b'\n').next()?)
}

/// The cells of the first row of a text, which may be cut off behind it; `None` where a quote is open.
pub(super) fn first_row(layout: &Delimited, text: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut rows = RowReader::new(layout, text, String::new(), 1);
    let row = rows.next().ok()??;
    Some(rows.cells(&row)).filter(|cells| cells.len() == row.cells)
}
