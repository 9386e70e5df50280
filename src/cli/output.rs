//! Results on standard output, as text for people or JSON lines for scripts.

use std::io::{ErrorKind, Write};

use serde_json::Value;

use super::{Exit, Failure, Format};
use crate::model::problem::Problem;
use crate::schema::identifiers::is_invisible;

/// Where a command writes its results.
pub(super) struct Output {
    pub(super) format: Format,
}

impl Output {
    pub(super) fn new(format: Format) -> Self {
        Self { format }
    }

    /// One result: the text line, or the value as a JSON line.
    pub(super) fn line(&self, text: &str, value: &Value) -> Result<(), Failure> {
        match self.format {
            Format::Text => self.raw(format!("{text}\n").as_bytes()),
            Format::Json => self.raw(format!("{value}\n").as_bytes()),
        }
    }

    /// Bytes as they are.
    pub(super) fn raw(&self, bytes: &[u8]) -> Result<(), Failure> {
        let mut out = std::io::stdout().lock();
        out.write_all(bytes).and_then(|()| out.flush()).map_err(|error| {
            // Whoever reads only the first lines (`| head`) has what was wanted.
            if error.kind() == ErrorKind::BrokenPipe {
                return Failure { exit: Exit::CannotCreate, problems: Vec::new() };
            }
            let why = format!("cannot be written: {error}");
            let help = "its disk may be full";
            Failure::one(Exit::CannotCreate, Problem::new("CMT-9001", "standard output", why, help))
        })
    }
}

/// A text of a record without what would move a terminal's cursor or hide.
pub(super) fn plain(text: &str) -> String {
    text.chars().map(|sign| if is_invisible(sign) { '\u{fffd}' } else { sign }).collect()
}
