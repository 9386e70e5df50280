//! Other files whose columns are put behind the rows of the one that is cut: a violation gets the name of its
//! establishment before anything is sent, so that intake needs no memory.

use std::collections::HashMap;
use std::io::Read;

use super::letters::{self, Letters};
use super::rows::RowReader;
use super::{Delimited, Problem, beginning, input, read_line, utf16};
use crate::platform::definition::{Join, Source};

/// Bytes of the cells and keys that are kept of one file, with what it takes to find them.
const KEPT_BYTES_MAX: usize = 256 * 1024 * 1024;
/// What one cell or key takes besides its bytes.
const CELL_BYTES: usize = 48;
/// Bytes at a file's beginning that tell its encoding.
const PREFIX_BYTES: u64 = 16;

/// The columns that one file gives, by its key.
pub(super) struct Table<'p> {
    join: &'p Join,
    rows: HashMap<Vec<u8>, Vec<Vec<u8>>>,
    /// Rows so far whose key finds none here.
    alone: u64,
}

impl<'p> Table<'p> {
    /// The file, and the rows so far whose key finds none in it.
    pub(super) fn alone(&self) -> (&'p str, u64) {
        (&self.join.file, self.alone)
    }

    /// Reads a file whole. Its layout and encoding are those of the file that is cut.
    pub(super) fn read(
        source: &Source,
        layout: &Delimited,
        join: &'p Join,
        mut reader: impl Read,
    ) -> Result<Self, Problem> {
        let file = &join.file;
        let (prefix, bom) = beginning("CMT-9507", file, &mut reader, PREFIX_BYTES)?;
        let encoding = utf16(&prefix);
        let misread = |sign: &str| match letters::contradiction(source, sign) {
            Some(why) => Err(Problem::new("CMT-9507", file, why, "both files must be in one encoding")),
            None => Ok(()),
        };
        if bom || encoding.is_some() {
            misread("it begins with the byte order mark of UTF-8 or UTF-16")?;
        }
        let mut input = input(prefix, encoding, 0, reader);
        for line in 1..layout.header_line.max(1) {
            read_line(&mut input, file, u64::try_from(line).unwrap_or(u64::MAX))?;
        }
        let mut rows = RowReader::new(layout, input, file.clone(), 1);
        let header = rows.next()?.map(|row| rows.cells(&row)).unwrap_or_default();
        let mut letters = Letters::of(&header.concat());
        let place = |column: &String| {
            let text = |cell: &Vec<u8>| source.encoding.text(cell) == *column;
            header.iter().position(text).ok_or_else(|| missing(file, layout, column, &header))
        };
        if letters == Letters::Utf8 {
            misread(letters::SIGN)?;
        }
        let key = place(&join.other_key)?;
        let columns = join.columns.iter().map(place).collect::<Result<Vec<_>, _>>()?;
        let (mut table, mut kept) = (Self { join, rows: HashMap::new(), alone: 0 }, 0);
        while let Some(row) = rows.next()? {
            let cells = rows.cells(&row);
            if cells.len() != header.len() || !row.is_sound(layout) {
                return Err(unreliable(file, row.line));
            }
            if letters == Letters::None {
                letters = Letters::of(&cells.concat());
                if letters == Letters::Utf8 {
                    misread(letters::SIGN)?;
                }
            }
            let cell = |place: usize| cells.get(place).cloned().unwrap_or_default();
            let (key, values) = (cell(key), columns.iter().map(|place| cell(*place)).collect::<Vec<_>>());
            if key.is_empty() {
                continue;
            }
            kept += key.len() + values.iter().map(Vec::len).sum::<usize>() + CELL_BYTES * (1 + values.len());
            if kept > KEPT_BYTES_MAX {
                let why = format!("line {}: more than {} MiB would have to be kept", row.line, KEPT_BYTES_MAX >> 20);
                return Err(Problem::new("CMT-9507", file, why, "take fewer columns, or join the files beforehand"));
            }
            if table.rows.get(&key).is_some_and(|before| *before != values) {
                let why = format!("line {}: an earlier row has the same key and other values", row.line);
                return Err(Problem::new("CMT-9507", file, why, "the key must find one row; name another column"));
            }
            table.rows.insert(key, values);
        }
        Ok(table)
    }

    /// The cells of the row that has the key among these, by their columns; empty ones where no row has it.
    pub(super) fn row(&mut self, known: &[(&str, Vec<u8>)]) -> Vec<(&'p str, Vec<u8>)> {
        let key = known.iter().find(|(column, _)| *column == self.join.key).map(|(_, cell)| cell);
        let found = key.and_then(|key| self.rows.get(key));
        self.alone += u64::from(found.is_none());
        let cell = |place: usize| found.and_then(|row| row.get(place)).cloned().unwrap_or_default();
        self.join.columns.iter().enumerate().map(|(place, column)| (column.as_str(), cell(place))).collect()
    }
}

/// A row of which nobody can tell which cell is which.
fn unreliable(file: &str, line: u64) -> Problem {
    let why = format!("line {line}: has not the cells of its header, or a quote within one");
    Problem::new("CMT-9507", file, why, "correct the row: nothing of it can be relied on")
}

/// A column that the header lacks, and the delimiter that would have given it.
fn missing(file: &str, layout: &Delimited, column: &str, header: &[Vec<u8>]) -> Problem {
    let whole = header.join(&layout.delimiter);
    let other = [b',', b';', b'\t', b'|'].into_iter().find(|other| {
        let named = |cell: &[u8]| cell.trim_ascii() == column.as_bytes() || cell == format!("\"{column}\"").as_bytes();
        *other != layout.delimiter && whole.contains(other) && whole.split(|byte| byte == other).any(named)
    });
    let why = format!("column {column:?} is missing");
    let Some(other) = other else {
        let help = "the names are those of its header; `key`, `other_key` and `columns` of [[source.join]] name them";
        return Problem::new("CMT-9507", file, why, help);
    };
    let (theirs, ours) = (char::from(other), char::from(layout.delimiter));
    let why = format!("{why}: its delimiter is {theirs:?}, and that of the file that is fed is {ours:?}");
    Problem::new("CMT-9507", file, why, "write it again with the same delimiter: both files are read in one way")
}

/// Appends a cell as its layout writes it; where it has no quotes the cell was kept as it stands.
pub(super) fn write(layout: &Delimited, cell: &[u8], out: &mut Vec<u8>) {
    let special = |byte: &u8| *byte == layout.delimiter || matches!(byte, b'"' | b'\r' | b'\n');
    if layout.backslash_escapes || !cell.iter().any(special) {
        out.extend_from_slice(cell);
        return;
    }
    out.push(b'"');
    for byte in cell {
        if *byte == b'"' {
            out.push(b'"');
        }
        out.push(*byte);
    }
    out.push(b'"');
}
