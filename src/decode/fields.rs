//! What all formats share: which value a text may become, and how the fields of one object come together.

use vrl::prelude::{Bytes, NotNan};
use vrl::value::{KeyString, ObjectMap, Value};

use super::path::Path;
use crate::model::rejection::{Reason, Refusal};
use crate::platform::definition::{SourceField, SourceType};

/// The fields of one object while it is read: a slot for each, in the order of the schema.
pub(super) struct Slots<'a> {
    fields: &'a [SourceField],
    values: Vec<Option<Value>>,
    /// Where the next name is expected; records mostly keep the order of their schema.
    expected: usize,
}

impl<'a> Slots<'a> {
    pub(super) fn new(fields: &'a [SourceField]) -> Self {
        Self { fields, values: vec![None; fields.len()], expected: 0 }
    }

    /// The position and field of a native name; `None` where the schema does not list it.
    pub(super) fn find(&mut self, native: &str) -> Option<(usize, &'a SourceField)> {
        let (before, after) = self.fields.split_at(self.expected.min(self.fields.len()));
        let found = match after.iter().position(|field| field.native == native) {
            Some(position) => before.len() + position,
            None => before.iter().position(|field| field.native == native)?,
        };
        self.expected = found + 1;
        Some((found, self.fields.get(found)?))
    }

    /// Puts a value where none is yet.
    pub(super) fn put(&mut self, index: usize, value: Value, path: &Path<'_>) -> Result<(), Refusal> {
        match self.values.get_mut(index) {
            Some(slot @ None) => {
                *slot = Some(value);
                Ok(())
            }
            Some(Some(_)) | None => Err(path.refuse(Reason::DuplicateField)),
        }
    }

    /// Adds one occurrence of a repeated element to its array.
    pub(super) fn push(&mut self, index: usize, value: Value) {
        let Some(slot) = self.values.get_mut(index) else { return };
        if let Some(Value::Array(values)) = slot {
            values.push(value);
        } else {
            *slot = Some(Value::Array(vec![value]));
        }
    }

    /// The object. What is absent becomes null, or `absent`'s value, or the refusal where the schema wants one.
    pub(super) fn finish(self, path: &Path<'_>, absent: fn(&SourceType) -> Option<Value>) -> Result<Value, Refusal> {
        let mut object = Vec::with_capacity(self.fields.len());
        for (field, value) in self.fields.iter().zip(self.values) {
            let value = match value {
                Some(value) => value,
                None if field.nullable => Value::Null,
                None => match absent(&field.of) {
                    Some(value) => value,
                    None => return Err(Path::Field(path, &field.name).refuse(Reason::MissingField)),
                },
            };
            object.push((KeyString::from(field.name.as_str()), value));
        }
        Ok(Value::Object(ObjectMap::from_iter(object)))
    }
}

/// A text as the value that the schema says; an empty one is absent, and so is one that stands for nothing.
pub(super) fn value_of(text: Bytes, field: &SourceField, path: &Path<'_>) -> Result<Value, Refusal> {
    if text.is_empty() || stands_for_nothing(&text, field) {
        return null_of(field, path);
    }
    let value = match field.of {
        SourceType::Text | SourceType::Bytes => Some(Value::Bytes(text)),
        SourceType::Boolean => boolean(&text),
        SourceType::Integer => integer(&text),
        SourceType::Double => double(&text),
        SourceType::Array(_) | SourceType::Map(_) | SourceType::Record(_) => None,
    };
    value.ok_or_else(|| path.refuse(Reason::WrongType))
}

/// True for one of the texts by which the source says that it has none; blanks around it do not count.
pub(super) fn stands_for_nothing(text: &[u8], field: &SourceField) -> bool {
    !field.absent.is_empty() && field.absent.iter().any(|word| word.as_bytes() == text.trim_ascii())
}

/// Null where the schema allows it.
pub(super) fn null_of(field: &SourceField, path: &Path<'_>) -> Result<Value, Refusal> {
    if field.nullable { Ok(Value::Null) } else { Err(path.refuse(Reason::MissingField)) }
}

/// An integer as a double, where a double holds every integer up to it exactly.
pub(super) fn exact_double(integer: i64) -> Option<Value> {
    if integer.unsigned_abs() > 1 << f64::MANTISSA_DIGITS {
        return None;
    }
    finite(integer as f64)
}

/// A finite double.
pub(super) fn finite(double: f64) -> Option<Value> {
    if double.is_finite() { NotNan::new(double).ok().map(Value::Float) } else { None }
}

fn boolean(text: &[u8]) -> Option<Value> {
    match text {
        b"true" => Some(Value::Boolean(true)),
        b"false" => Some(Value::Boolean(false)),
        _ => None,
    }
}

/// JSON's grammar, so that a number with leading zeros, which is an identifier, loses none of them.
fn integer(text: &[u8]) -> Option<Value> {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    let plain = digits == b"0" || (!digits.starts_with(b"0") && digits.iter().all(u8::is_ascii_digit));
    let number = std::str::from_utf8(text).ok()?.parse::<i64>().ok()?;
    plain.then_some(Value::Integer(number))
}

fn double(text: &[u8]) -> Option<Value> {
    if text.iter().any(|byte| byte.is_ascii_whitespace()) {
        return None;
    }
    finite(serde_json::from_slice::<f64>(text).ok()?)
}
