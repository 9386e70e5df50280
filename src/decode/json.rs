//! JSON, driven by the source schema through `serde`: the same visitor reads Avro, whose parser speaks `serde` too.

use std::cell::{Cell, RefCell};
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use vrl::prelude::Bytes;
use vrl::value::{KeyString, ObjectMap, Value};

use super::fields::{Slots, exact_double, finite, null_of, stands_for_nothing};
use super::path::Path;
use crate::model::limit::{RECORD_DEPTH_MAX, RECORD_VALUES_MAX};
use crate::model::rejection::{Reason, Refusal};
use crate::platform::definition::{Source, SourceField, SourceType};

/// Reads one JSON object.
pub(super) fn read(source: &Source, text: &str) -> Result<Value, Refusal> {
    let state = State::default();
    let mut json = serde_json::Deserializer::from_str(text);
    let read = Object { fields: &source.fields, path: &Path::Root, state: &state }
        .deserialize(&mut json)
        .and_then(|value| json.end().map(|()| value));
    read.map_err(|_| state.refusal())
}

/// What one reading has in common: the first refusal, which `serde`'s errors cannot carry, and the count of values.
#[derive(Default)]
pub(super) struct State {
    refusal: RefCell<Option<Refusal>>,
    values: Cell<usize>,
}

impl State {
    /// Why the reading stopped: what a visitor refused, or else the parser, which found no such thing in the bytes.
    pub(super) fn refusal(&self) -> Refusal {
        self.refusal.take().unwrap_or(Refusal::new(Reason::Malformed))
    }

    fn refuse<E: Error>(&self, refusal: Refusal) -> E {
        self.refusal.replace(Some(refusal));
        E::custom("refused")
    }

    /// Counts one value more: a few bytes of Avro can announce very many that take no bytes.
    fn count<E: Error>(&self) -> Result<(), E> {
        let values = self.values.get() + 1;
        self.values.set(values);
        if values > RECORD_VALUES_MAX { Err(self.refuse(Refusal::new(Reason::TooLarge))) } else { Ok(()) }
    }
}

/// An object with these fields.
pub(super) struct Object<'a> {
    pub(super) fields: &'a [SourceField],
    pub(super) path: &'a Path<'a>,
    pub(super) state: &'a State,
}

impl<'de> DeserializeSeed<'de> for Object<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Object<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut slots = Slots::new(self.fields);
        while let Some(found) = map.next_key_seed(Name { slots: &mut slots })? {
            let Some((index, field)) = found else {
                map.next_value_seed(Ignored { depth: self.path.depth() + 1, state: self.state })?;
                continue;
            };
            let path = Path::Field(self.path, &field.name);
            let value = map.next_value_seed(Field { field, path: &path, state: self.state })?;
            slots.put(index, value, &path).map_err(|refusal| self.state.refuse(refusal))?;
        }
        slots.finish(self.path, |_| None).map_err(|refusal| self.state.refuse(refusal))
    }
}

/// A key, as the position of its field.
struct Name<'a, 'b> {
    slots: &'b mut Slots<'a>,
}

impl<'de, 'a> DeserializeSeed<'de> for Name<'a, '_> {
    type Value = Option<(usize, &'a SourceField)>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de, 'a> Visitor<'de> for Name<'a, '_> {
    type Value = Option<(usize, &'a SourceField)>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a key")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
        Ok(self.slots.find(name))
    }
}

/// The value of one field.
#[derive(Clone, Copy)]
pub(super) struct Field<'a> {
    field: &'a SourceField,
    path: &'a Path<'a>,
    state: &'a State,
}

impl Field<'_> {
    /// A value that is no list, where the schema says a list and allows a list of one to stand without brackets.
    fn alone<E: Error>(self, read: impl FnOnce(Field<'_>) -> Result<Value, E>) -> Option<Result<Value, E>> {
        let SourceType::Array(item) = &self.field.of else { return None };
        let path = Path::Element(self.path);
        let item = Field { field: item, path: &path, state: self.state };
        self.field.several.then(|| read(item).map(|value| Value::Array(vec![value])))
    }

    /// A number or boolean as the text that it is, where the schema allows it.
    fn as_text(self, value: impl fmt::Display) -> Option<Value> {
        let text = self.field.several && self.field.of == SourceType::Text;
        text.then(|| Value::Bytes(Bytes::from(value.to_string())))
    }

    /// The value, or the refusal where the schema says another type.
    fn typed<E: Error>(self, value: Option<Value>) -> Result<Value, E> {
        value.ok_or_else(|| self.state.refuse(self.path.refuse(Reason::WrongType)))
    }
}

impl<'de> DeserializeSeed<'de> for Field<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        self.state.count()?;
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Field<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        null_of(self.field, self.path).map_err(|refusal| self.state.refuse(refusal))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        if let Some(list) = self.alone(|item| item.visit_bool(value)) {
            return list;
        }
        let boolean = matches!(self.field.of, SourceType::Boolean).then_some(Value::Boolean(value));
        self.typed(boolean.or_else(|| self.as_text(value)))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        if let Some(list) = self.alone(|item| item.visit_i64(value)) {
            return list;
        }
        self.typed(match self.field.of {
            SourceType::Text => self.as_text(value),
            SourceType::Integer => Some(Value::Integer(value)),
            SourceType::Double => exact_double(value),
            SourceType::Boolean
            | SourceType::Bytes
            | SourceType::Array(_)
            | SourceType::Map(_)
            | SourceType::Record(_) => None,
        })
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        match i64::try_from(value) {
            Ok(value) => self.visit_i64(value),
            Err(_) => match self.alone(|item| item.visit_u64(value)) {
                Some(list) => list,
                None => self.typed(self.as_text(value)),
            },
        }
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        if let Some(list) = self.alone(|item| item.visit_f64(value)) {
            return list;
        }
        // What a double cannot hold to its last digit would be another number, and may be an identifier.
        let exact = value.abs() < (1_u64 << f64::MANTISSA_DIGITS) as f64;
        self.typed(if matches!(self.field.of, SourceType::Double) {
            finite(value)
        } else if exact {
            self.as_text(value)
        } else {
            None
        })
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        if stands_for_nothing(value.as_bytes(), self.field) {
            return self.visit_unit();
        }
        if let Some(list) = self.alone(|item| item.visit_str(value)) {
            return list;
        }
        let text = matches!(self.field.of, SourceType::Text);
        self.typed(text.then(|| Value::Bytes(Bytes::copy_from_slice(value.as_bytes()))))
    }

    fn visit_bytes<E: Error>(self, value: &[u8]) -> Result<Value, E> {
        let bytes = matches!(self.field.of, SourceType::Bytes);
        self.typed(bytes.then(|| Value::Bytes(Bytes::copy_from_slice(value))))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let SourceType::Array(item) = &self.field.of else { return self.typed(None) };
        let path = Path::Element(self.path);
        let mut values = Vec::new();
        while let Some(value) = seq.next_element_seed(Field { field: item, path: &path, state: self.state })? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let item = match &self.field.of {
            SourceType::Record(fields) => {
                return Object { fields, path: self.path, state: self.state }.visit_map(map);
            }
            SourceType::Map(item) => item,
            SourceType::Boolean
            | SourceType::Integer
            | SourceType::Double
            | SourceType::Text
            | SourceType::Bytes
            | SourceType::Array(_) => return self.typed(None),
        };
        let path = Path::Element(self.path);
        let mut object = ObjectMap::new();
        while let Some(key) = map.next_key::<String>()? {
            let value = map.next_value_seed(Field { field: item, path: &path, state: self.state })?;
            if object.insert(KeyString::from(key), value).is_some() {
                return Err(self.state.refuse(self.path.refuse(Reason::DuplicateField)));
            }
        }
        Ok(Value::Object(object))
    }
}

/// A value that the schema does not list: passed over, but not deeper than any other.
#[derive(Clone, Copy)]
struct Ignored<'a> {
    depth: usize,
    state: &'a State,
}

impl Ignored<'_> {
    fn inside<E: Error>(self) -> Result<Self, E> {
        if self.depth >= RECORD_DEPTH_MAX {
            return Err(self.state.refuse(Refusal::new(Reason::TooDeep)));
        }
        Ok(Self { depth: self.depth + 1, state: self.state })
    }
}

impl<'de> DeserializeSeed<'de> for Ignored<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        self.state.count()?;
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Ignored<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_bytes<E: Error>(self, _: &[u8]) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let inside = self.inside()?;
        while seq.next_element_seed(inside)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let inside = self.inside()?;
        while map.next_key::<IgnoredAny>()?.is_some() {
            map.next_value_seed(inside)?;
        }
        Ok(())
    }
}
