//! XML: one element a record. Children by name, attributes as `@name`, the element's own text as `#text`.
//!
//! Names are compared as written, prefix included. There is no document type: an entity other than the five of XML
//! itself and the characters that HTML names, or a `<!DOCTYPE`, makes the record malformed: nothing is ever expanded.

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};
use vrl::prelude::Bytes;
use vrl::value::Value;

use super::fields::{Slots, value_of};
use super::path::Path;
use crate::model::limit::RECORD_DEPTH_MAX;
use crate::model::rejection::{Reason, Refusal};
use crate::platform::definition::{Source, SourceField, SourceType};
use crate::platform::entity;

/// Reads the element of this name, which is all that the text holds.
pub(super) fn read(source: &Source, record: &str, text: &str) -> Result<Value, Refusal> {
    let mut xml = Xml { reader: Reader::from_str(text) };
    xml.reader.config_mut().expand_empty_elements = true;
    let start = loop {
        match xml.outside()? {
            Some(Event::Start(start)) => break start,
            Some(_) => {}
            None => return Err(malformed()),
        }
    };
    if start.name().as_ref() != record {
        return Err(malformed());
    }
    let value = xml.read_object(&start, &source.fields, &Path::Root)?;
    while let Some(event) = xml.outside()? {
        if matches!(event, Event::Start(_)) {
            return Err(malformed());
        }
    }
    Ok(value)
}

fn malformed() -> Refusal {
    Refusal::new(Reason::Malformed)
}

struct Xml<'a> {
    reader: Reader<&'a [u8]>,
}

impl<'a> Xml<'a> {
    fn next(&mut self) -> Result<Event<'a>, Refusal> {
        self.reader.read_event().map_err(|_| malformed())
    }

    /// The next thing outside the record's element; `None` at the end.
    fn outside(&mut self) -> Result<Option<Event<'a>>, Refusal> {
        match self.next()? {
            Event::Eof => Ok(None),
            Event::Text(text) if !is_blank(&text) => Err(malformed()),
            Event::CData(_) | Event::DocType(_) | Event::GeneralRef(_) => Err(malformed()),
            event @ (Event::Start(_)
            | Event::Empty(_)
            | Event::End(_)
            | Event::Text(_)
            | Event::Comment(_)
            | Event::Decl(_)
            | Event::PI(_)) => Ok(Some(event)),
        }
    }

    /// The element that `start` opened, as an object.
    fn read_object(
        &mut self,
        start: &BytesStart<'_>,
        fields: &[SourceField],
        path: &Path<'_>,
    ) -> Result<Value, Refusal> {
        let mut slots = Slots::new(fields);
        read_attributes(start, &mut slots, path)?;
        let mut text = Text::default();
        loop {
            match self.next()? {
                Event::Start(child) => match slots.find(child.name().as_ref()) {
                    None => self.skip(path.depth() + 1)?,
                    Some((index, field)) => self.read_child(&child, &mut slots, index, field, path)?,
                },
                Event::End(_) => break,
                event @ (Event::Text(_) | Event::CData(_) | Event::GeneralRef(_)) => text.add(&event)?,
                Event::Comment(_) | Event::PI(_) => {}
                Event::Empty(_) | Event::Decl(_) | Event::DocType(_) | Event::Eof => return Err(malformed()),
            }
        }
        if let Some((index, field)) = slots.find("#text") {
            let path = Path::Field(path, &field.name);
            slots.put(index, value_of(text.finish(field), field, &path)?, &path)?;
        }
        slots.finish(path, |of| matches!(of, SourceType::Array(_)).then(|| Value::Array(Vec::new())))
    }

    /// One child of an object; the elements of an array are its occurrences.
    fn read_child(
        &mut self,
        child: &BytesStart<'_>,
        slots: &mut Slots<'_>,
        index: usize,
        field: &SourceField,
        path: &Path<'_>,
    ) -> Result<(), Refusal> {
        let path = Path::Field(path, &field.name);
        if let SourceType::Array(item) = &field.of {
            let value = self.read_value(child, item, &Path::Element(&path))?;
            slots.push(index, value);
            return Ok(());
        }
        let value = self.read_value(child, field, &path)?;
        slots.put(index, value, &path)
    }

    fn read_value(&mut self, start: &BytesStart<'_>, field: &SourceField, path: &Path<'_>) -> Result<Value, Refusal> {
        if let SourceType::Record(fields) = &field.of {
            return self.read_object(start, fields, path);
        }
        let mut text = Text::default();
        loop {
            match self.next()? {
                Event::End(_) => return value_of(text.finish(field), field, path),
                event @ (Event::Text(_) | Event::CData(_) | Event::GeneralRef(_)) => text.add(&event)?,
                Event::Comment(_) | Event::PI(_) => {}
                Event::Start(_) | Event::Empty(_) => return Err(path.refuse(Reason::WrongType)),
                Event::Decl(_) | Event::DocType(_) | Event::Eof => return Err(malformed()),
            }
        }
    }

    /// Passes over an element that the schema does not list.
    fn skip(&mut self, depth: usize) -> Result<(), Refusal> {
        let mut open = 1;
        while open > 0 {
            match self.next()? {
                Event::Start(_) if depth + open >= RECORD_DEPTH_MAX => return Err(Refusal::new(Reason::TooDeep)),
                Event::Start(_) => open += 1,
                Event::End(_) => open -= 1,
                event @ (Event::Text(_) | Event::CData(_) | Event::GeneralRef(_)) => Text::default().add(&event)?,
                Event::Comment(_) | Event::PI(_) => {}
                Event::Empty(_) | Event::Decl(_) | Event::DocType(_) | Event::Eof => return Err(malformed()),
            }
        }
        Ok(())
    }
}

fn read_attributes(start: &BytesStart<'_>, slots: &mut Slots<'_>, path: &Path<'_>) -> Result<(), Refusal> {
    if start.attributes_raw().is_empty() {
        return Ok(());
    }
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|_| malformed())?;
        let text = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|_| malformed())?;
        let Some((index, field)) = slots.find(&format!("@{}", attribute.key.as_ref())) else { continue };
        let path = Path::Field(path, &field.name);
        slots.put(index, value_of(Bytes::copy_from_slice(text.as_bytes()), field, &path)?, &path)?;
    }
    Ok(())
}

fn is_blank(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_whitespace())
}

/// The text of one element, piece by piece.
#[derive(Default)]
struct Text {
    text: Vec<u8>,
    /// True where a piece says that blanks are meant.
    verbatim: bool,
}

impl Text {
    fn add(&mut self, event: &Event<'_>) -> Result<(), Refusal> {
        match event {
            Event::Text(text) => self.text.extend_from_slice(text.xml10_content().as_bytes()),
            Event::CData(text) => {
                self.verbatim = true;
                self.text.extend_from_slice(text.xml10_content().as_bytes());
            }
            Event::GeneralRef(reference) => {
                self.verbatim = true;
                let character = match reference.as_ref() {
                    "lt" => '<',
                    "gt" => '>',
                    "amp" => '&',
                    "apos" => '\'',
                    "quot" => '"',
                    name => match reference.resolve_char_ref() {
                        Ok(Some(character)) => character,
                        Ok(None) => entity::character(name).ok_or_else(malformed)?,
                        Err(_) => return Err(malformed()),
                    },
                };
                self.text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            }
            Event::Start(_)
            | Event::End(_)
            | Event::Empty(_)
            | Event::Comment(_)
            | Event::Decl(_)
            | Event::PI(_)
            | Event::DocType(_)
            | Event::Eof => {}
        }
        Ok(())
    }

    /// The text as it stands; blanks alone are how an empty element is laid out, and around a number they are none
    /// of it (XML Schema, whiteSpace = collapse).
    fn finish(self, field: &SourceField) -> Bytes {
        if !self.verbatim && self.text.iter().all(u8::is_ascii_whitespace) {
            return Bytes::new();
        }
        match field.of {
            SourceType::Boolean | SourceType::Integer | SourceType::Double => {
                Bytes::copy_from_slice(self.text.trim_ascii())
            }
            SourceType::Text
            | SourceType::Bytes
            | SourceType::Array(_)
            | SourceType::Map(_)
            | SourceType::Record(_) => Bytes::from(self.text),
        }
    }
}
