//! Where a reader stands in a source schema: a list on the stack, made into text only for a refusal.

use crate::model::rejection::{Reason, Refusal};

/// A place in a source schema.
#[derive(Debug, Clone, Copy)]
pub(super) enum Path<'a> {
    /// The record itself.
    Root,
    /// A field, by its Avro name.
    Field(&'a Path<'a>, &'a str),
    /// An element of an array or a value of a map, without its index or key, which would be a value.
    Element(&'a Path<'a>),
}

impl Path<'_> {
    /// How many objects and arrays lie around this place.
    pub(super) fn depth(&self) -> usize {
        match self {
            Self::Root => 1,
            Self::Field(parent, _) | Self::Element(parent) => parent.depth() + 1,
        }
    }

    /// The refusal at this place.
    pub(super) fn refuse(&self, reason: Reason) -> Refusal {
        let mut text = String::new();
        self.write(&mut text);
        Refusal { reason, detail: None, field: (!text.is_empty()).then_some(text) }
    }

    fn write(&self, text: &mut String) {
        match self {
            Self::Root => {}
            Self::Field(parent, name) => {
                parent.write(text);
                if !text.is_empty() {
                    text.push('.');
                }
                text.push_str(name);
            }
            Self::Element(parent) => {
                parent.write(text);
                text.push_str("[]");
            }
        }
    }
}
