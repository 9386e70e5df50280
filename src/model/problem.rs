//! Something wrong in a file that an operator or a platform's author wrote: where, why, and what helps.

use std::sync::Arc;

/// One error of a configuration, a platform's folder, a schema or a mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// `CMT-9nnn`; it never changes.
    pub code: &'static str,
    /// The file, as its reader knows it.
    pub file: String,
    /// Its whole text and the bytes at fault, where a place can be shown.
    pub place: Option<Place>,
    /// One line: what is wrong.
    pub why: String,
    /// One line: what to do.
    pub help: String,
}

/// A range of bytes in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub text: Arc<str>,
    pub start: usize,
    pub end: usize,
}

impl Problem {
    /// A problem of a file as a whole.
    pub fn new(code: &'static str, file: impl Into<String>, why: impl Into<String>, help: impl Into<String>) -> Self {
        Self { code, file: file.into(), place: None, why: why.into(), help: help.into() }
    }

    /// The same with the bytes at fault.
    #[must_use]
    pub fn at(mut self, text: Arc<str>, start: usize, end: usize) -> Self {
        self.place = Some(Place { text, start, end });
        self
    }
}
