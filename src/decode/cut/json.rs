//! The elements of a JSON array somewhere in a document, each as its bytes stand, without holding the document.

use std::io::BufRead;

use super::bytes::Bytes;
use super::{CUT_BYTES_MAX, Cut, Problem, broken};

/// Depth of a document that is still followed.
const DEPTH_MAX: usize = 256;

/// The elements of the array at a path.
pub(super) struct Elements<I> {
    /// The keys that lead to the array, through lists that lie around it; none for the top.
    wanted: Vec<String>,
    bytes: Bytes<I>,
    /// The key under which each open object or array stands; `None` in an array.
    open: Vec<Option<Vec<u8>>>,
    inside: bool,
    /// True once a list was found.
    found: bool,
    done: bool,
}

/// Where a search ended.
enum Found {
    /// In the list of records.
    List,
    /// At a document that is a single object, where no path is wanted.
    Object,
    /// At the end of the document, behind the list.
    End,
}

impl<I: BufRead> Elements<I> {
    pub(super) fn new(wanted: Vec<String>, file: String, input: I) -> Self {
        Self { wanted, bytes: Bytes::new(file, input), open: Vec::new(), inside: false, found: false, done: false }
    }

    pub(super) fn next_record(&mut self) -> Result<Option<Cut>, Problem> {
        while !self.done {
            if !self.inside {
                match self.find()? {
                    Found::List => {}
                    // The document is one record.
                    Found::Object => return self.whole(),
                    Found::End => {
                        self.done = true;
                        break;
                    }
                }
            }
            match self.bytes.peek()? {
                None => return Err(broken(&self.bytes.file, self.bytes.line, "the list of records is not closed")),
                Some(b']') => {
                    // What stands behind the list is followed too: a file that was cut off must not look whole.
                    self.bytes.take()?;
                    self.open.pop();
                    self.inside = false;
                }
                Some(byte) if byte == b',' || byte.is_ascii_whitespace() => {
                    self.bytes.take()?;
                }
                Some(_) => return self.element().map(Some),
            }
        }
        Ok(None)
    }

    /// Reads up to the array's first element.
    fn find(&mut self) -> Result<Found, Problem> {
        let mut key: Option<Vec<u8>> = None;
        loop {
            let Some(byte) = self.bytes.peek()? else {
                if !self.open.is_empty() {
                    return Err(broken(&self.bytes.file, self.bytes.line, "the document ends before it is closed"));
                }
                if self.found {
                    return Ok(Found::End);
                }
                let path = self.wanted.join(".");
                return Err(broken(
                    &self.bytes.file,
                    self.bytes.line,
                    &format!("there is no list of records at {path:?}"),
                ));
            };
            if byte == b'{' && self.open.is_empty() && self.wanted.is_empty() && !self.found {
                return Ok(Found::Object);
            }
            if self.is_behind(byte) {
                let what = "something stands behind the document";
                return Err(broken(&self.bytes.file, self.bytes.line, what));
            }
            match byte {
                b'"' => {
                    let text = self.string()?;
                    key = Some(text);
                    continue;
                }
                b'{' | b'[' => {
                    let name = key.take();
                    self.open.push(name);
                    if self.open.len() > DEPTH_MAX {
                        return Err(broken(&self.bytes.file, self.bytes.line, "is nested too deep"));
                    }
                    if byte == b'{' && self.found && self.at_wanted() {
                        let why = format!("a single object stands at {:?}, where lists stood", self.wanted.join("."));
                        return Err(broken(&self.bytes.file, self.bytes.line, &why));
                    }
                    if byte == b'[' && self.at_wanted() {
                        self.bytes.take()?;
                        self.inside = true;
                        self.found = true;
                        return Ok(Found::List);
                    }
                }
                b'}' | b']' => {
                    self.open.pop();
                }
                b',' => key = None,
                _ => {}
            }
            self.bytes.take()?;
        }
    }

    /// Whether a byte behind the document begins neither another document nor a list of records.
    fn is_behind(&self, byte: u8) -> bool {
        let begins = byte == b'[' || (byte == b'{' && !self.wanted.is_empty());
        self.open.is_empty() && self.found && !begins && !byte.is_ascii_whitespace()
    }

    fn at_wanted(&self) -> bool {
        // Lists have no keys: each of their elements is looked into. The list itself stands under the last key.
        let keys = self.open.iter().flatten().map(Vec::as_slice);
        let under_key = self.open.last().is_some_and(|key| key.is_some() != self.wanted.is_empty());
        under_key && keys.eq(self.wanted.iter().map(String::as_bytes))
    }

    /// The text between two quotes, escapes as they stand.
    fn string(&mut self) -> Result<Vec<u8>, Problem> {
        self.bytes.take()?;
        let mut text = Vec::new();
        loop {
            match self.bytes.take()? {
                None => return Err(broken(&self.bytes.file, self.bytes.line, "a text is not closed")),
                Some(b'"') => return Ok(text),
                Some(b'\\') => {
                    text.push(b'\\');
                    text.extend(self.bytes.take()?);
                }
                Some(byte) => text.push(byte),
            }
            if text.len() > CUT_BYTES_MAX {
                return Err(broken(&self.bytes.file, self.bytes.line, "a text is longer than any record may be"));
            }
        }
    }

    /// One element, up to the comma or bracket that ends it.
    fn element(&mut self) -> Result<Cut, Problem> {
        let line = self.bytes.line;
        let (mut bytes, mut depth) = (Vec::new(), 0_usize);
        loop {
            let Some(byte) = self.bytes.peek()? else {
                return Err(broken(&self.bytes.file, line, "the record that begins here is not closed"));
            };
            match byte {
                b',' | b']' if depth == 0 => break,
                b'"' => {
                    let text = self.string()?;
                    bytes.push(b'"');
                    bytes.extend_from_slice(&text);
                    bytes.push(b'"');
                }
                _ => {
                    bytes.push(byte);
                    self.bytes.take()?;
                    match byte {
                        b'{' | b'[' => depth += 1,
                        b'}' | b']' => {
                            depth = depth.saturating_sub(1);
                            if depth == 0 {
                                break;
                            }
                        }
                        _ => {}
                    }
                }
            }
            if bytes.len() > CUT_BYTES_MAX {
                return Err(broken(&self.bytes.file, line, "the record that begins here is longer than any may be"));
            }
        }
        bytes.truncate(bytes.trim_ascii_end().len());
        // Behind broken JSON nobody can tell where the next record begins.
        if serde_json::from_slice::<serde::de::IgnoredAny>(&bytes).is_err() {
            return Err(broken(&self.bytes.file, line, "the record that begins here is no JSON"));
        }
        Ok(Cut { bytes, line })
    }

    fn whole(&mut self) -> Result<Option<Cut>, Problem> {
        self.done = true;
        let line = self.bytes.line;
        let mut bytes = Vec::new();
        while let Some(byte) = self.bytes.take()? {
            bytes.push(byte);
            if bytes.len() > CUT_BYTES_MAX {
                return Err(broken(&self.bytes.file, line, "the document is longer than any record may be"));
            }
        }
        bytes.truncate(bytes.trim_ascii_end().len());
        Ok(Some(Cut { bytes, line }))
    }
}
