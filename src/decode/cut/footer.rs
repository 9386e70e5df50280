//! The lines behind the last record, such as totals or `End of report`, kept back from whoever reads the rows.

use std::io::{self, Read};

use super::CUT_BYTES_MAX;

/// Bytes that are read at once.
const CHUNK_BYTES: usize = 16 * 1024;

/// A reader that ends before the last lines of its input; blank lines do not count.
pub(super) struct Footer<R> {
    input: R,
    lines: usize,
    /// What is read and not given yet; of it the first `ready` bytes are no footer.
    held: Vec<u8>,
    ready: usize,
    ended: bool,
}

impl<R: Read> Footer<R> {
    pub(super) fn new(lines: usize, input: R) -> Self {
        Self { input, lines, held: Vec::new(), ready: 0, ended: false }
    }

    /// Reads until something may be given, or to the end.
    fn refill(&mut self) -> io::Result<()> {
        while self.ready == 0 && !self.ended {
            let before = self.held.len();
            self.held.resize(before + CHUNK_BYTES, 0);
            let read = self.input.read(self.held.get_mut(before..).unwrap_or_default());
            self.held.truncate(before + read.as_ref().map_or(0, |read| *read));
            self.ended = read? == 0;
            self.ready = before_last_lines(&self.held, self.lines);
            if self.held.len() - self.ready > CUT_BYTES_MAX {
                let why = "the lines of its footer are longer than any record may be";
                return Err(io::Error::new(io::ErrorKind::InvalidData, why));
            }
        }
        Ok(())
    }
}

impl<R: Read> Read for Footer<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.lines == 0 {
            return self.input.read(buffer);
        }
        self.refill()?;
        let count = self.ready.min(buffer.len());
        if let (Some(target), Some(source)) = (buffer.get_mut(..count), self.held.get(..count)) {
            target.copy_from_slice(source);
        }
        self.held.drain(..count);
        self.ready -= count;
        Ok(count)
    }
}

/// Where the last lines begin; more read behind them only ever moves it on.
fn before_last_lines(bytes: &[u8], lines: usize) -> usize {
    let (mut start, mut left) = (bytes.len(), lines);
    for line in bytes.split_inclusive(|byte| matches!(byte, b'\n' | b'\r')).rev() {
        if left == 0 {
            break;
        }
        start -= line.len();
        left -= usize::from(!line.iter().all(u8::is_ascii_whitespace));
    }
    if left > 0 { 0 } else { start }
}
