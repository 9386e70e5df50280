//! The elements of one name in an XML document, each as its bytes stand.

use std::io::BufRead;

use super::{CUT_BYTES_MAX, Cut, Problem, broken, unreadable};

/// The elements of a name; elements of the same name within one belong to it.
pub(super) struct Elements<I> {
    record: String,
    file: String,
    input: I,
    line: u64,
}

/// A tag, a comment or a text, as it stands.
struct Piece {
    bytes: Vec<u8>,
    line: u64,
}

impl<I: BufRead> Elements<I> {
    pub(super) fn new(record: String, file: String, input: I) -> Self {
        Self { record, file, input, line: 1 }
    }

    pub(super) fn next_record(&mut self) -> Result<Option<Cut>, Problem> {
        let (mut bytes, mut depth, mut line) = (Vec::new(), 0_usize, 0);
        while let Some(piece) = self.piece()? {
            let tag = Tag::of(&piece.bytes, self.record.as_bytes());
            if depth == 0 && !matches!(tag, Tag::Opens | Tag::Empty) {
                continue;
            }
            if depth == 0 {
                line = piece.line;
            }
            bytes.extend_from_slice(&piece.bytes);
            match tag {
                Tag::Opens => depth += 1,
                Tag::Closes => depth -= 1,
                Tag::Empty | Tag::Other => {}
            }
            if depth == 0 {
                return Ok(Some(Cut { bytes, line }));
            }
            if bytes.len() > CUT_BYTES_MAX {
                return Err(broken(&self.file, line, "the element that begins here is longer than any record may be"));
            }
        }
        if depth > 0 {
            return Err(broken(&self.file, line, "the element that begins here is not closed"));
        }
        Ok(None)
    }

    /// The next piece; `None` at the end of the file.
    fn piece(&mut self) -> Result<Option<Piece>, Problem> {
        let line = self.line;
        let Some(first) = self.take()? else { return Ok(None) };
        let mut bytes = vec![first];
        if first != b'<' {
            while self.peek()?.is_some_and(|byte| byte != b'<') && bytes.len() <= CUT_BYTES_MAX {
                bytes.extend(self.take()?);
            }
            return Ok(Some(Piece { bytes, line }));
        }
        let mut quote = None;
        while let Some(byte) = self.take()? {
            bytes.push(byte);
            let end: &[u8] = match &*bytes {
                [b'<', b'!', b'-', b'-', ..] => b"-->",
                [b'<', b'!', b'[', ..] => b"]]>",
                [b'<', b'?', ..] => b"?>",
                _ => b">",
            };
            if end == b">" {
                quote = match (quote, byte) {
                    (None, b'"' | b'\'') => Some(byte),
                    (Some(open), byte) if byte == open => None,
                    (quote, _) => quote,
                };
            }
            if quote.is_none() && bytes.ends_with(end) && bytes.len() > end.len() {
                return Ok(Some(Piece { bytes, line }));
            }
            if bytes.len() > CUT_BYTES_MAX {
                break;
            }
        }
        Err(broken(&self.file, line, "a tag or comment that begins here is not closed"))
    }

    fn peek(&mut self) -> Result<Option<u8>, Problem> {
        let buffer = self.input.fill_buf().map_err(|error| unreadable(&self.file, &error))?;
        Ok(buffer.first().copied())
    }

    fn take(&mut self) -> Result<Option<u8>, Problem> {
        let byte = self.peek()?;
        if let Some(byte) = byte {
            self.input.consume(1);
            self.line += u64::from(byte == b'\n');
        }
        Ok(byte)
    }
}

/// What a piece is to the record's element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tag {
    Opens,
    Closes,
    Empty,
    Other,
}

impl Tag {
    fn of(piece: &[u8], record: &[u8]) -> Self {
        let (inner, closes) = match piece {
            [b'<', b'/', rest @ ..] => (rest, true),
            [b'<', rest @ ..] => (rest, false),
            _ => return Self::Other,
        };
        let Some(after) = inner.strip_prefix(record) else { return Self::Other };
        match after.first() {
            Some(byte) if *byte == b'>' || *byte == b'/' || byte.is_ascii_whitespace() => {}
            Some(_) | None => return Self::Other,
        }
        if closes {
            Self::Closes
        } else if after.ends_with(b"/>") {
            Self::Empty
        } else {
            Self::Opens
        }
    }
}
