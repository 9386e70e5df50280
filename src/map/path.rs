//! The path of a field while its value is read: written out only when something is refused.

use std::fmt;

use crate::model::rejection::{Reason, Refusal};

/// One step of a path, with the steps before it.
#[derive(Clone, Copy)]
pub(super) struct Path<'p> {
    before: Option<&'p Path<'p>>,
    step: Step,
}

#[derive(Clone, Copy)]
enum Step {
    Field(&'static str),
    Index(usize),
}

impl<'p> Path<'p> {
    /// A field of the event itself.
    pub(super) fn top(name: &'static str) -> Self {
        Self { before: None, step: Step::Field(name) }
    }

    /// A field of what stands here.
    pub(super) fn field(&'p self, name: &'static str) -> Path<'p> {
        Path { before: Some(self), step: Step::Field(name) }
    }

    /// An element of the list that stands here.
    pub(super) fn index(&'p self, index: usize) -> Path<'p> {
        Path { before: Some(self), step: Step::Index(index) }
    }

    /// A refusal of what stands here.
    pub(super) fn refuse(&self, reason: Reason) -> Refusal {
        Refusal::at(reason, self.to_string())
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(before) = self.before {
            write!(formatter, "{before}")?;
        }
        match self.step {
            Step::Field(name) if self.before.is_none() => formatter.write_str(name),
            Step::Field(name) => write!(formatter, ".{name}"),
            Step::Index(index) => write!(formatter, "[{index}]"),
        }
    }
}
