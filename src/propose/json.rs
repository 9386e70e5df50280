//! JSON samples: where the list of records is, and the records, read as far as the sample goes.

use std::cell::RefCell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value as Json;

use super::seen::Seen;
use super::{RECORDS_MAX, Sample, code};
use crate::model::problem::Problem;
use crate::platform::definition::Format;

/// Lists told apart in one document.
const LISTS_MAX: usize = 1_000;

/// How the records are found, what was seen in them, how many there were, and what is to be asked of the rest.
pub(super) type Read = (Format, Seen, usize, Option<String>);

/// Reads a document or lines of JSON.
///
/// # Errors
/// A document that holds no objects, or breaks off before its end.
pub(super) fn read(sample: &Sample<'_>, text: &str) -> Result<Read, Problem> {
    if is_lines(sample, text) {
        return lines(sample, text);
    }
    let lists = Lists::default();
    let mut json = serde_json::Deserializer::from_str(text);
    let find = Walk { path: Vec::new(), aim: Aim::Find(&lists) };
    let ended = find.deserialize(&mut json).and_then(|_| json.end());
    if let Err(error) = &ended
        && (sample.whole || !error.is_eof())
    {
        let why = format!("looks like JSON and is none: line {}, column {}", error.line(), error.column());
        return Err(Problem::new(code::FORMAT, sample.file, why, "mend the file, or name another one"));
    }
    let found = lists.0.into_inner();
    // Of two lists the one with more records is meant; of two as long the one further out.
    let best = found.iter().filter(|list| list.objects > 0 && list.objects >= list.others);
    let best = best.max_by_key(|list| (list.objects, std::cmp::Reverse(list.path.len())));
    let Some(best) = best else { return whole(sample, text) };
    if best.path.iter().any(|key| key.contains('.') || key.is_empty()) {
        let why = "its list of records stands under a key with a dot, which `record` cannot name";
        return Err(Problem::new(code::FORMAT, sample.file, why, "write one record a line (JSON lines)"));
    }
    let seen = RefCell::new((Seen::default(), 0));
    let mut json = serde_json::Deserializer::from_str(text);
    // The end of a sample that goes on is an error here, and what was read before it counts.
    let read = Walk { path: Vec::new(), aim: Aim::Read(&best.path, &seen) };
    let _cut_off = read.deserialize(&mut json);
    let (mut seen, records) = seen.into_inner();
    seen.settle();
    Ok((Format::Json { records: best.path.clone() }, seen, records, others(&found, best)))
}

/// The question after the lists of objects that are not read.
fn others(found: &[List], best: &List) -> Option<String> {
    let others: Vec<&List> = found.iter().filter(|list| list.objects > 0 && list.path != best.path).collect();
    let first = others.first()?;
    let path = first.path.join(".");
    let more = if others.len() > 1 { format!(", and so do {} more lists", others.len() - 1) } else { String::new() };
    Some(format!(
        "only the list with the most records is read: `{path}` holds {} objects as well{more}. Are they records too? Then feed them under another `record` as a platform of their own.",
        first.objects
    ))
}

/// True where each line is an object by itself.
fn is_lines(sample: &Sample<'_>, text: &str) -> bool {
    let object = |line: &str| line.starts_with('{') && serde_json::from_str::<IgnoredAny>(line).is_ok();
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let Some(first) = lines.next().filter(|line| object(line)) else { return false };
    let named = sample.file.ends_with(".jsonl") || sample.file.ends_with(".ndjson");
    lines.next().map_or(named && first.len() > 2, |second| second.starts_with('{'))
}

fn lines(sample: &Sample<'_>, text: &str) -> Result<Read, Problem> {
    let (mut seen, mut records) = (Seen::default(), 0);
    for (place, line) in text.lines().enumerate().take(RECORDS_MAX) {
        if line.trim().is_empty() {
            continue;
        }
        match serde_json::from_str::<Json>(line) {
            Ok(value @ Json::Object(_)) => {
                seen.see(&value, 1);
                records += 1;
            }
            // The last line of a sample that goes on may be cut off.
            Ok(_) | Err(_) if !sample.whole && place + 1 == text.lines().count() => {}
            Ok(_) | Err(_) => {
                let why = format!("line {} is no JSON object, as the lines before it are", place + 1);
                return Err(Problem::new(code::FORMAT, sample.file, why, "mend the line, or name another file"));
            }
        }
    }
    seen.settle();
    Ok((Format::JsonLines, seen, records, None))
}

/// A document that is one record.
fn whole(sample: &Sample<'_>, text: &str) -> Result<Read, Problem> {
    let Ok(value @ Json::Object(_)) = serde_json::from_str::<Json>(text) else {
        let why = "holds no list of objects within what is looked at";
        let help = format!("at most {} MiB are looked at; name a file with records", super::SAMPLE_BYTES_MAX >> 20);
        return Err(Problem::new(code::FORMAT, sample.file, why, help));
    };
    let mut seen = Seen::default();
    seen.see(&value, 1);
    seen.settle();
    Ok((Format::Json { records: Vec::new() }, seen, 1, None))
}

/// One list of a document, not within another list.
#[derive(Debug, Default)]
struct List {
    path: Vec<String>,
    objects: usize,
    others: usize,
}

/// The lists found so far; they stand where the document breaks off.
#[derive(Debug, Default)]
struct Lists(RefCell<Vec<List>>);

/// What a walk is for.
#[derive(Clone, Copy)]
enum Aim<'a> {
    /// Finds the lists that are in no other list.
    Find(&'a Lists),
    /// Tells whether one item is an object.
    Item,
    /// Notes the records of the list at this path.
    Read(&'a [String], &'a RefCell<(Seen, usize)>),
}

/// A walk through a document; its answer is whether it met an object.
struct Walk<'a> {
    /// The keys from the top to here.
    path: Vec<String>,
    aim: Aim<'a>,
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = bool;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_bool<E>(self, _: bool) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_i64<E>(self, _: i64) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_u64<E>(self, _: u64) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_f64<E>(self, _: f64) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_str<E>(self, _: &str) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<bool, A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            let mut path = self.path.clone();
            path.push(key);
            let passes = match self.aim {
                Aim::Find(_) => true,
                Aim::Item => false,
                Aim::Read(wanted, _) => wanted.starts_with(&path),
            };
            if passes {
                map.next_value_seed(Walk { path, aim: self.aim })?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(true)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<bool, A::Error> {
        match self.aim {
            Aim::Find(lists) => {
                let index = lists.0.borrow().len();
                if index < LISTS_MAX {
                    lists.0.borrow_mut().push(List { path: self.path, ..List::default() });
                }
                while let Some(is_object) = seq.next_element_seed(Walk { path: Vec::new(), aim: Aim::Item })? {
                    if let Some(list) = lists.0.borrow_mut().get_mut(index) {
                        list.objects += usize::from(is_object);
                        list.others += usize::from(!is_object);
                    }
                }
            }
            Aim::Read(wanted, seen) if *wanted == *self.path => {
                while let Some(value) = seq.next_element::<Json>()? {
                    let mut seen = seen.borrow_mut();
                    // What is no object is no record that could be read.
                    if seen.1 < RECORDS_MAX && value.is_object() {
                        seen.0.see(&value, 1);
                        seen.1 += 1;
                    }
                }
            }
            Aim::Item | Aim::Read(..) => while seq.next_element::<IgnoredAny>()?.is_some() {},
        }
        Ok(false)
    }
}
