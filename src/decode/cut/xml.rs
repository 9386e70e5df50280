//! The elements of one name in an XML document, each as its bytes stand.
//!
//! The parser that reads records wants its own encoding and gives no bytes back, so tags are told apart here; whether
//! an element is well formed inside is for intake to judge.

use std::io::BufRead;

use quick_xml::events::{BytesStart, Event};

use super::bytes::Bytes;
use super::{CUT_BYTES_MAX, Cut, Encoding, Problem, broken};

/// The elements of a name; elements of the same name within one belong to it.
pub(super) struct Elements<I> {
    record: String,
    encoding: Encoding,
    bytes: Bytes<I>,
    /// Elements that are open.
    depth: usize,
}

/// A tag, a comment or a text, as it stands.
struct Piece {
    bytes: Vec<u8>,
    line: u64,
}

impl<I: BufRead> Elements<I> {
    pub(super) fn new(record: String, encoding: Encoding, file: String, input: I) -> Self {
        Self { record, encoding, bytes: Bytes::new(file, input), depth: 0 }
    }

    pub(super) fn next_record(&mut self) -> Result<Option<Cut>, Problem> {
        let mut record: Option<(Cut, usize)> = None;
        while let Some(piece) = self.piece()? {
            let tag = Tag::of(&piece.bytes);
            let outside = self.depth;
            match tag {
                Tag::Opens(_) => self.depth += 1,
                Tag::Closes if self.depth == 0 => {
                    return Err(broken(&self.bytes.file, piece.line, "an element is closed that was not opened"));
                }
                Tag::Closes => self.depth -= 1,
                Tag::Declares => self.check_encoding(&piece)?,
                Tag::Empty(_) | Tag::Other => {}
            }
            let begins = match tag {
                Tag::Opens(name) | Tag::Empty(name) => name == self.record.as_bytes(),
                Tag::Closes | Tag::Declares | Tag::Other => false,
            };
            match &mut record {
                Some((cut, _)) => cut.bytes.extend_from_slice(&piece.bytes),
                None if begins => record = Some((Cut { bytes: piece.bytes.clone(), line: piece.line }, outside)),
                None => continue,
            }
            if let Some((cut, within)) = &record {
                if self.depth == *within {
                    return Ok(record.map(|(cut, _)| cut));
                }
                if cut.bytes.len() > CUT_BYTES_MAX {
                    let what = "the element that begins here is longer than any record may be";
                    return Err(broken(&self.bytes.file, cut.line, what));
                }
            }
        }
        match record {
            Some((cut, _)) => Err(broken(&self.bytes.file, cut.line, "the element that begins here is not closed")),
            None if self.depth > 0 => {
                Err(broken(&self.bytes.file, self.bytes.line, "the document ends before it is closed"))
            }
            None => Ok(None),
        }
    }

    /// Refuses a document that says another encoding than the platform's folder: its texts would be misread.
    fn check_encoding(&self, piece: &Piece) -> Result<(), Problem> {
        let text = String::from_utf8_lossy(&piece.bytes);
        let Some(said) = text.split_once("encoding").and_then(|(_, rest)| rest.split(['"', '\'']).nth(1)) else {
            return Ok(());
        };
        let ours = match self.encoding {
            Encoding::Utf8 => encoding_rs::UTF_8,
            Encoding::Windows1252 => encoding_rs::WINDOWS_1252,
        };
        // A document whose declaration can be read here and says UTF-16 was in it, and became UTF-8.
        let was_utf16 =
            self.encoding == Encoding::Utf8 && said.get(..6).is_some_and(|it| it.eq_ignore_ascii_case("utf-16"));
        if was_utf16
            || said.eq_ignore_ascii_case("us-ascii")
            || encoding_rs::Encoding::for_label(said.as_bytes()) == Some(ours)
        {
            return Ok(());
        }
        let what = format!("the document says another encoding than the platform's, which is {}", ours.name());
        Err(broken(&self.bytes.file, piece.line, &what))
    }

    /// The next piece; `None` at the end of the file.
    fn piece(&mut self) -> Result<Option<Piece>, Problem> {
        let line = self.bytes.line;
        let Some(first) = self.bytes.take()? else { return Ok(None) };
        let mut bytes = vec![first];
        if first != b'<' {
            while self.bytes.peek()?.is_some_and(|byte| byte != b'<') && bytes.len() <= CUT_BYTES_MAX {
                bytes.extend(self.bytes.take()?);
            }
            return Ok(Some(Piece { bytes, line }));
        }
        let mut quote = None;
        let mut brackets = 0_usize;
        while let Some(byte) = self.bytes.take()? {
            bytes.push(byte);
            let end = match &*bytes {
                [b'<', b'!', b'-', b'-', ..] => End::Text(b"-->", 7),
                [b'<', b'!', b'[', ..] => End::Text(b"]]>", 12),
                [b'<', b'?', ..] => End::Text(b"?>", 4),
                _ => End::Tag,
            };
            let ends = match end {
                End::Text(end, least) => bytes.len() >= least && bytes.ends_with(end),
                End::Tag => {
                    quote = match (quote, byte) {
                        (None, b'"' | b'\'') => Some(byte),
                        (Some(open), byte) if byte == open => None,
                        (quote, _) => quote,
                    };
                    // The declarations of a document type stand in brackets.
                    match byte {
                        b'[' if quote.is_none() => brackets += 1,
                        b']' if quote.is_none() => brackets = brackets.saturating_sub(1),
                        _ => {}
                    }
                    byte == b'>' && quote.is_none() && brackets == 0
                }
            };
            if ends {
                return Ok(Some(Piece { bytes, line }));
            }
            if bytes.len() > CUT_BYTES_MAX {
                break;
            }
        }
        Err(broken(&self.bytes.file, line, "a tag or comment that begins here is not closed"))
    }
}

/// How a piece that begins with `<` ends.
enum End {
    /// With this text; the whole has at least so many bytes (`<!-->` is not a comment).
    Text(&'static [u8], usize),
    Tag,
}

/// What a piece is to the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tag<'a> {
    Opens(&'a [u8]),
    Closes,
    Empty(&'a [u8]),
    /// `<?xml … ?>`.
    Declares,
    Other,
}

impl<'a> Tag<'a> {
    fn of(piece: &'a [u8]) -> Self {
        match piece {
            [b'<', b'/', ..] => Self::Closes,
            [b'<', b'?', b'x', b'm', b'l', after, ..] if after.is_ascii_whitespace() => Self::Declares,
            [b'<', b'!' | b'?', ..] => Self::Other,
            [b'<', inner @ ..] => {
                let ends = |byte: &u8| matches!(byte, b'>' | b'/') || byte.is_ascii_whitespace();
                let name = inner.split(ends).next().unwrap_or_default();
                if inner.ends_with(b"/>") { Self::Empty(name) } else { Self::Opens(name) }
            }
            _ => Self::Other,
        }
    }
}

/// Hands over each element of a text with its depth, as far as the text can be read and for as long as `take` says.
pub(super) fn each_element(text: &[u8], mut take: impl FnMut(usize, &BytesStart<'_>) -> bool) {
    let text = String::from_utf8_lossy(text);
    let mut reader = quick_xml::Reader::from_str(&text);
    reader.config_mut().expand_empty_elements = true;
    let mut depth = 0_usize;
    while let Ok(event) = reader.read_event() {
        match event {
            Event::Start(start) => {
                if !take(depth, &start) {
                    return;
                }
                depth += 1;
            }
            Event::End(_) => depth = depth.saturating_sub(1),
            Event::Eof => return,
            Event::Empty(_)
            | Event::Text(_)
            | Event::CData(_)
            | Event::Comment(_)
            | Event::Decl(_)
            | Event::PI(_)
            | Event::DocType(_)
            | Event::GeneralRef(_) => {}
        }
    }
}
