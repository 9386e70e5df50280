//! A document read byte by byte, with the line on which the next byte stands.

use std::io::BufRead;

use super::{Problem, unreadable};

/// The bytes of a file.
pub(super) struct Bytes<I> {
    input: I,
    pub(super) file: String,
    /// From 1.
    pub(super) line: u64,
}

impl<I: BufRead> Bytes<I> {
    pub(super) fn new(file: String, input: I) -> Self {
        Self { input, file, line: 1 }
    }

    /// The next byte, which stays; `None` at the end of the file.
    pub(super) fn peek(&mut self) -> Result<Option<u8>, Problem> {
        let buffer = self.input.fill_buf().map_err(|error| unreadable(&self.file, &error))?;
        Ok(buffer.first().copied())
    }

    /// The next byte; `None` at the end of the file.
    pub(super) fn take(&mut self) -> Result<Option<u8>, Problem> {
        let byte = self.peek()?;
        if let Some(byte) = byte {
            self.input.consume(1);
            self.line += u64::from(byte == b'\n');
        }
        Ok(byte)
    }
}
