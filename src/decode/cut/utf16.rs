//! Files in UTF-16: they become UTF-8 as they are read, and everything behind this sees UTF-8 only.

use std::io::{self, Read};

use encoding_rs::{Decoder, DecoderResult, Encoding, UTF_16BE, UTF_16LE};

/// Bytes that are read at once.
const CHUNK_BYTES: usize = 16 * 1024;

/// UTF-16, where a file begins with its byte order mark or with two ASCII letters in it. A zero byte has no place at
/// the beginning of a text in any other encoding.
pub fn utf16(prefix: &[u8]) -> Option<&'static Encoding> {
    match prefix {
        [0xff, 0xfe, ..] => Some(UTF_16LE),
        [0xfe, 0xff, ..] => Some(UTF_16BE),
        [1..=0x7f, 0, 1..=0x7f, 0, ..] => Some(UTF_16LE),
        [0, 1..=0x7f, 0, 1..=0x7f, ..] => Some(UTF_16BE),
        _ => None,
    }
}

/// A file's text in UTF-8, or as it stands where it is in no UTF-16.
pub(super) enum Text<R> {
    Plain(R),
    Utf16(Box<Transcoder<R>>),
}

impl<R: Read> Read for Text<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(input) => input.read(buffer),
            Self::Utf16(input) => input.read(buffer),
        }
    }
}

/// A reader of UTF-16 that gives UTF-8, without the byte order mark.
pub(super) struct Transcoder<R> {
    input: R,
    decoder: Decoder,
    chunk: Vec<u8>,
    /// The part of the chunk that is not decoded yet.
    from: usize,
    until: usize,
    ended: bool,
    output: Vec<u8>,
    given: usize,
}

impl<R: Read> Transcoder<R> {
    pub(super) fn new(encoding: &'static Encoding, input: R) -> Self {
        Self {
            input,
            decoder: encoding.new_decoder_with_bom_removal(),
            chunk: vec![0; CHUNK_BYTES],
            from: 0,
            until: 0,
            ended: false,
            output: Vec::new(),
            given: 0,
        }
    }

    /// Decodes what is there, and reads more where nothing is; false at the end of the file.
    fn refill(&mut self) -> io::Result<bool> {
        while self.given == self.output.len() {
            if self.from == self.until {
                if self.ended {
                    return Ok(false);
                }
                self.until = self.input.read(&mut self.chunk)?;
                self.from = 0;
                self.ended = self.until == 0;
            }
            // Two bytes of UTF-16 are at most three of UTF-8.
            self.output.resize(3 * CHUNK_BYTES, 0);
            let source = self.chunk.get(self.from..self.until).unwrap_or_default();
            let (result, read, written) =
                self.decoder.decode_to_utf8_without_replacement(source, &mut self.output, self.ended);
            if matches!(result, DecoderResult::Malformed(..)) {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "half a letter stands in the UTF-16"));
            }
            self.from += read;
            self.output.truncate(written);
            self.given = 0;
        }
        Ok(true)
    }
}

impl<R: Read> Read for Transcoder<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if !self.refill()? {
            return Ok(0);
        }
        let rest = self.output.get(self.given..).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        if let (Some(target), Some(source)) = (buffer.get_mut(..count), rest.get(..count)) {
            target.copy_from_slice(source);
        }
        self.given += count;
        Ok(count)
    }
}
