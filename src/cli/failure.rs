//! What went wrong, for people and for scripts: code, place with caret, one line why, one line help, and an exit code.

use std::fmt;
use std::io::{IsTerminal, Write};

use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, SourceCode};
use serde_json::json;

use super::Format;
use crate::model::problem::Problem;

/// Exit codes after sysexits(3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// The command line is wrong.
    Usage = 64,
    /// The data given is wrong.
    Data = 65,
    /// The data given cannot be read.
    NoInput = 66,
    /// A broker or another service is not there, or refuses.
    Unavailable = 69,
    /// Something cannot be made: a topic, a file, a listening port.
    CannotCreate = 73,
    /// The configuration, a platform's folder or a topic's setting is wrong.
    Configuration = 78,
}

/// A command that failed.
#[derive(Debug)]
pub struct Failure {
    pub exit: Exit,
    pub problems: Vec<Problem>,
}

impl Failure {
    /// A failure with one problem.
    pub fn one(exit: Exit, problem: Problem) -> Self {
        Self { exit, problems: vec![problem] }
    }

    /// Wrong files of the operator's.
    pub fn configuration(problems: Vec<Problem>) -> Self {
        Self { exit: Exit::Configuration, problems }
    }

    /// Both; the exit code is that of the first.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.problems.extend(other.problems);
        self
    }

    /// Writes every problem to standard error.
    pub fn print(&self, format: Format) {
        let mut err = std::io::stderr().lock();
        for problem in &self.problems {
            let text = match format {
                Format::Text => text(problem, err.is_terminal() && std::env::var_os("NO_COLOR").is_none()),
                Format::Json => json_line(problem),
            };
            // Nothing is left to tell it to if standard error is closed.
            let _closed = writeln!(err, "{text}");
        }
    }
}

fn text(problem: &Problem, colour: bool) -> String {
    let theme = if colour { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    let mut out = String::new();
    let shown = Shown { problem, source: source(problem) };
    match GraphicalReportHandler::new_themed(theme).with_width(120).render_report(&mut out, &shown) {
        Ok(()) => out,
        Err(fmt::Error) => format!("{} {}: {} ({})", problem.code, problem.file, problem.why, problem.help),
    }
}

fn json_line(problem: &Problem) -> String {
    let (line, column) = problem.place.as_ref().map_or((None, None), |place| {
        let before = place.text.get(..place.start).unwrap_or_default();
        let last = before.rsplit('\n').next().unwrap_or_default();
        (Some(before.matches('\n').count() + 1), Some(last.chars().count() + 1))
    });
    json!({
        "code": problem.code, "file": problem.file, "line": line, "column": column,
        "why": problem.why, "help": problem.help,
    })
    .to_string()
}

fn source(problem: &Problem) -> Option<NamedSource<String>> {
    problem.place.as_ref().map(|place| NamedSource::new(&problem.file, place.text.to_string()))
}

/// A problem as miette draws it.
struct Shown<'a> {
    problem: &'a Problem,
    source: Option<NamedSource<String>>,
}

impl fmt::Debug for Shown<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.problem.why)
    }
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.source {
            Some(_) => formatter.write_str(&self.problem.why),
            None => write!(formatter, "{}: {}", self.problem.file, self.problem.why),
        }
    }
}

impl std::error::Error for Shown<'_> {}

impl Diagnostic for Shown<'_> {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.problem.code))
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(&self.problem.help))
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.as_ref().map(|source| source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let place = self.problem.place.as_ref()?;
        // What is missing at the end of a file is shown at its last letter: behind it there is nothing to point at.
        let last = place.text.char_indices().next_back().map_or(0, |(at, _)| at);
        let start = place.start.min(last);
        let length = place.end.saturating_sub(start).max(1);
        Some(Box::new(std::iter::once(LabeledSpan::new(Some("here".to_owned()), start, length))))
    }
}
