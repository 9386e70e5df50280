//! XML samples: which element is a record, and what its children and attributes are.

use std::collections::BTreeMap;

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use super::seen::Seen;
use super::{RECORDS_MAX, Sample, code};
use crate::model::limit::RECORD_DEPTH_MAX;
use crate::model::problem::Problem;
use crate::platform::definition::Format;

/// Depth of a document that is looked at.
const DEPTH_MAX: usize = 256;
/// Elements of different names or depths that are counted.
const NAMES_MAX: usize = 10_000;

/// Reads a document: its records are the elements of the name that repeats furthest out.
///
/// # Errors
/// A web page, a document that is no XML, or one without an element that holds others.
pub(super) fn read(sample: &Sample<'_>, text: &str) -> Result<(Format, Seen, usize), Problem> {
    let wrong = |why: &str, help: &str| Problem::new(code::FORMAT, sample.file, why, help);
    let start = text.trim_start().get(..14).unwrap_or_default().to_ascii_lowercase();
    if start.starts_with("<!doctype html") || start.starts_with("<html") {
        return Err(wrong("is a web page", "name the data file that the page leads to"));
    }
    let counts = count(text, sample.whole).map_err(|line| {
        wrong(&format!("looks like XML and is none, at line {line}"), "mend the file, or name another one")
    })?;
    let Some(record) = record(&counts) else {
        return Err(wrong("no element holds others", "name a file with records"));
    };
    let mut seen = Seen::default();
    let mut reader = reader(text);
    // Where a sample breaks off an event is an error, and what was read before it counts.
    while let Ok(event) = reader.read_event() {
        match event {
            Event::Start(start) if start.name().as_ref() == record && seen.objects < RECORDS_MAX => {
                let mut one =
                    Seen { objects: seen.objects, fields: std::mem::take(&mut seen.fields), ..Seen::default() };
                let whole = element(&mut reader, &start, &mut one, 1);
                seen.fields = one.fields;
                seen.objects += usize::from(whole.is_some());
                if whole.is_none() {
                    break;
                }
            }
            Event::Eof => break,
            Event::Start(_)
            | Event::End(_)
            | Event::Empty(_)
            | Event::Text(_)
            | Event::CData(_)
            | Event::Comment(_)
            | Event::Decl(_)
            | Event::PI(_)
            | Event::DocType(_)
            | Event::GeneralRef(_) => {}
        }
    }
    simplify(&mut seen);
    seen.settle();
    let records = seen.objects;
    Ok((Format::Xml { record }, seen, records))
}

fn reader(text: &str) -> Reader<&[u8]> {
    let mut reader = Reader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    reader
}

/// How often each element stands at its depth, and how often with children or attributes.
type Counts = BTreeMap<(usize, String), (usize, usize)>;

/// Counts the elements; an error is the line where the document is none.
fn count(text: &str, whole: bool) -> Result<Counts, usize> {
    let mut counts = Counts::new();
    let mut open: Vec<(String, bool)> = Vec::new();
    let mut reader = reader(text);
    loop {
        match reader.read_event() {
            Ok(Event::Start(start)) => {
                if let Some((_, holds)) = open.last_mut() {
                    *holds = true;
                }
                let attributes = start.attributes().flatten().any(|one| !one.key.as_ref().starts_with("xmlns"));
                open.push((start.name().as_ref().to_owned(), attributes));
                if open.len() > DEPTH_MAX {
                    return Ok(counts);
                }
            }
            Ok(Event::End(_)) => {
                let Some((name, holds)) = open.pop() else { continue };
                if counts.len() < NAMES_MAX {
                    let count = counts.entry((open.len(), name)).or_default();
                    count.0 += 1;
                    count.1 += usize::from(holds);
                }
            }
            Ok(Event::Eof) if open.is_empty() || !whole => return Ok(counts),
            Err(_) if !whole => return Ok(counts),
            Ok(Event::Eof) | Err(_) => {
                let byte = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX).min(text.len());
                let before = text.as_bytes().get(..byte).unwrap_or_default();
                return Err(before.iter().filter(|byte| **byte == b'\n').count() + 1);
            }
            Ok(
                Event::Empty(_)
                | Event::Text(_)
                | Event::CData(_)
                | Event::Comment(_)
                | Event::Decl(_)
                | Event::PI(_)
                | Event::DocType(_)
                | Event::GeneralRef(_),
            ) => {}
        }
    }
}

/// The name that repeats with children or attributes, furthest out; without one that repeats, the innermost that holds.
fn record(counts: &Counts) -> Option<String> {
    let holding = || counts.iter().filter(|(_, (_, holds))| *holds > 0);
    let depth = holding().filter(|(_, (count, _))| *count > 1).map(|((depth, _), _)| *depth).min();
    let at = depth.or_else(|| holding().map(|((depth, _), _)| *depth).max())?;
    let best = holding().filter(|((depth, _), _)| *depth == at).max_by_key(|(_, (count, _))| *count)?;
    Some(best.0.1.clone())
}

/// Notes an element that was opened, up to its end; `None` where the document breaks off.
///
/// Each child is noted as a list of what is in it, so that whether it repeats is known at the end.
fn element(reader: &mut Reader<&[u8]>, start: &BytesStart<'_>, seen: &mut Seen, depth: usize) -> Option<()> {
    seen.objects += 1;
    for attribute in start.attributes().flatten() {
        let name = attribute.key.as_ref();
        if !name.starts_with("xmlns")
            && let Ok(value) = attribute.normalized_value(XmlVersion::Implicit1_0)
        {
            seen.child(&format!("@{name}")).see_text(&value);
        }
    }
    let mut text = String::new();
    let mut children: BTreeMap<String, usize> = BTreeMap::new();
    loop {
        match reader.read_event().ok()? {
            Event::Start(child) => {
                let name = child.name().as_ref().to_owned();
                *children.entry(name.clone()).or_default() += 1;
                if depth >= RECORD_DEPTH_MAX {
                    reader.read_to_end(child.name()).ok()?;
                    continue;
                }
                let item = seen.child(&name).item.get_or_insert_with(|| Box::new(Seen::named("items")));
                element(reader, &child, item, depth + 1)?;
            }
            Event::End(_) => break,
            Event::Text(piece) => text.push_str(&piece.xml10_content()),
            Event::CData(piece) => text.push_str(&piece.xml10_content()),
            // Which letter an entity stands for makes no difference to the shape of a text.
            Event::GeneralRef(_) => text.push('&'),
            Event::Eof => return None,
            Event::Empty(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
        }
    }
    for (name, count) in children {
        let child = seen.child(&name);
        child.lists += 1;
        child.items_max = child.items_max.max(count);
    }
    if !text.trim().is_empty() {
        seen.child("#text").see_text(&text);
    }
    Some(())
}

/// Makes what never repeats a single value, and an element that holds a text alone that text.
fn simplify(seen: &mut Seen) {
    for field in &mut seen.fields {
        let Some(mut item) = field.item.take() else { continue };
        simplify(&mut item);
        item.settle();
        let elements = item.objects;
        let alone = item.fields.iter().all(|inner| inner.native == "#text");
        if alone {
            let mut text = item.fields.pop().unwrap_or_default();
            text.chances = elements;
            text.native = "items".to_owned();
            *item = text;
        }
        if field.items_max <= 1 {
            *field = Seen { native: std::mem::take(&mut field.native), ..*item };
        } else {
            field.item = Some(item);
        }
    }
}
