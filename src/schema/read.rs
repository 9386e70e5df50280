//! Reads what Comity wrote, by the schema under which it was written, into wire structs of its newest form.
//!
//! The wire structs take values by their Avro names, so a field that an older version lacks may have a default, and
//! one that a newer version dropped is passed over.

use std::fmt;
use std::io::BufRead;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde_avro_fast::de::read::SliceRead;
use serde_avro_fast::de::{DeserializerConfig, DeserializerState};

use super::datum::LIST_ITEMS_MAX;
use super::log::CodecError;
use super::{canonical, wire};
use crate::model::code::Code;
use crate::model::place::Jurisdiction;

/// Depth of one datum; the deepest schema has nine levels.
const DEPTH_MAX: usize = 32;

/// A record type of one of our own topics.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Record {
    /// The topic, for errors.
    pub(crate) topic: &'static str,
    /// The schema's name.
    pub(crate) schema: &'static str,
}

impl Record {
    /// An error about a record of this type. `why` never holds a value of the record.
    pub(crate) fn error(self, why: impl Into<String>) -> CodecError {
        CodecError { topic: self.topic, why: format!("{}: {}", self.schema, why.into()) }
    }

    /// Reads one framed value whole.
    ///
    /// # Errors
    /// No frame, an id that is no version of this schema, a datum that does not follow it, or bytes behind it.
    pub(crate) fn read<'a, T: Deserialize<'a>>(self, value: &'a [u8]) -> Result<T, CodecError> {
        let Some((id, datum)) = wire::unframe(value) else { return Err(self.error("not framed")) };
        let Some(schema) = canonical::writer(self.schema, id) else {
            return Err(self.error(format!("schema id {id} is none of its versions")));
        };
        let mut config = DeserializerConfig::new(schema);
        config.max_seq_size = LIST_ITEMS_MAX;
        config.allowed_depth = DEPTH_MAX;
        let mut state = DeserializerState::with_config(SliceRead::new(datum), config);
        // The library's text may hold a value of the record, so the error says only where.
        let read = T::deserialize(state.deserializer()).ok();
        let left = state.into_reader().fill_buf().map_or(0, <[u8]>::len);
        match read {
            None => Err(self.error(format!("unreadable at byte {} of {}", datum.len() - left, datum.len()))),
            Some(_) if left > 0 => Err(self.error(format!("{left} bytes behind its end"))),
            Some(value) => Ok(value),
        }
    }
}

/// A code read by its name; a name outside its list is an error, `UNRECOGNISED` among them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Symbol<C>(pub(crate) C);

impl<'de, C: Code> Deserialize<'de> for Symbol<C> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(SymbolVisitor(PhantomData)).map(Self)
    }
}

struct SymbolVisitor<C>(PhantomData<C>);

impl<C: Code> Visitor<'_> for SymbolVisitor<C> {
    type Value = C;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a code of a closed list")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<C, E> {
        C::parse(name).ok_or_else(|| E::custom("a code outside its list"))
    }
}

/// A jurisdiction read by its code.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place(pub(crate) Jurisdiction);

impl<'de> Deserialize<'de> for Place {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(PlaceVisitor).map(Self)
    }
}

struct PlaceVisitor;

impl Visitor<'_> for PlaceVisitor {
    type Value = Jurisdiction;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a jurisdiction's code")
    }

    fn visit_str<E: Error>(self, code: &str) -> Result<Jurisdiction, E> {
        Jurisdiction::parse(code).ok_or_else(|| E::custom("no jurisdiction's code"))
    }
}

/// Bytes of a fixed size.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fixed<const N: usize>(pub(crate) [u8; N]);

impl<'de, const N: usize> Deserialize<'de> for Fixed<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_bytes(FixedVisitor).map(Self)
    }
}

struct FixedVisitor<const N: usize>;

impl<const N: usize> Visitor<'_> for FixedVisitor<N> {
    type Value = [u8; N];

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{N} bytes")
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<[u8; N], E> {
        bytes.try_into().map_err(|_| E::custom("bytes of another size"))
    }
}

/// Bytes of any size.
#[derive(Debug, Clone)]
pub(crate) struct Bytes(pub(crate) Vec<u8>);

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_bytes(BytesVisitor).map(Self)
    }
}

struct BytesVisitor;

impl Visitor<'_> for BytesVisitor {
    type Value = Vec<u8>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("bytes")
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
        Ok(bytes.to_vec())
    }
}

/// The codes of a list.
pub(crate) fn codes<C>(symbols: Vec<Symbol<C>>) -> Vec<C> {
    symbols.into_iter().map(|symbol| symbol.0).collect()
}

/// The jurisdictions of a list.
pub(crate) fn places(places: Vec<Place>) -> Vec<Jurisdiction> {
    places.into_iter().map(|place| place.0).collect()
}

/// Every item of a list converted.
pub(crate) fn each<T, U: From<T>>(items: Vec<T>) -> Vec<U> {
    items.into_iter().map(U::from).collect()
}
