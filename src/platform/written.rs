//! `platform.toml` as it was written: a tree in which each key and value knows where it stands, and a reader of its
//! tables that notes every problem instead of stopping at the first.

use std::ops::Range;
use std::sync::Arc;

use toml_edit::{Item, Key, Value};

use super::nearest;
use crate::model::limit;
use crate::model::problem::Problem;

/// A value of a TOML file.
#[derive(Debug, Clone)]
pub(super) enum Written {
    Text(String),
    Integer(i64),
    Boolean(bool),
    List(Vec<Spanned<Written>>),
    Table(Vec<(Spanned<String>, Spanned<Written>)>),
    /// A float or a date: no key takes one.
    Other,
}

/// A key or value and the bytes where it stands.
#[derive(Debug, Clone)]
pub(super) struct Spanned<T> {
    value: T,
    span: Range<usize>,
}

impl<T> Spanned<T> {
    pub(super) fn get_ref(&self) -> &T {
        &self.value
    }

    pub(super) fn span(&self) -> Range<usize> {
        self.span.clone()
    }
}

fn from_item(item: &Item) -> Written {
    match item {
        Item::None => Written::Other,
        Item::Value(value) => from_value(value),
        Item::Table(table) => Written::Table(entries(table.iter(), |name| table.key(name))),
        Item::ArrayOfTables(tables) => Written::List(
            tables
                .iter()
                .map(|table| Spanned {
                    value: Written::Table(entries(table.iter(), |name| table.key(name))),
                    span: table.span().unwrap_or_default(),
                })
                .collect(),
        ),
    }
}

fn from_value(value: &Value) -> Written {
    match value {
        Value::String(text) => Written::Text(text.value().clone()),
        Value::Integer(number) => Written::Integer(*number.value()),
        Value::Boolean(flag) => Written::Boolean(*flag.value()),
        Value::Float(_) | Value::Datetime(_) => Written::Other,
        Value::Array(items) => Written::List(
            items
                .iter()
                .map(|item| Spanned { value: from_value(item), span: item.span().unwrap_or_default() })
                .collect(),
        ),
        Value::InlineTable(table) => Written::Table(
            table
                .iter()
                .map(|(name, value)| {
                    let at = table.key(name).and_then(Key::span).unwrap_or_default();
                    let value = Spanned { value: from_value(value), span: value.span().unwrap_or(at.clone()) };
                    (Spanned { value: name.to_owned(), span: at }, value)
                })
                .collect(),
        ),
    }
}

/// The entries of a table in the order of the file; a table that only its children name stands where its name does.
fn entries<'t>(
    items: impl Iterator<Item = (&'t str, &'t Item)>,
    key: impl Fn(&str) -> Option<&'t Key>,
) -> Vec<(Spanned<String>, Spanned<Written>)> {
    items
        .map(|(name, item)| {
            let at = key(name).and_then(Key::span).unwrap_or_default();
            let value = Spanned { value: from_item(item), span: item.span().unwrap_or(at.clone()) };
            (Spanned { value: name.to_owned(), span: at }, value)
        })
        .collect()
}

/// One text file of the folder, as problems show it.
#[derive(Debug, Clone)]
pub(super) struct Text {
    /// Its path inside the folder.
    pub(super) name: String,
    pub(super) text: Arc<str>,
}

impl Text {
    /// A problem at a range of its bytes.
    pub(super) fn problem(
        &self,
        code: &'static str,
        at: Range<usize>,
        why: impl Into<String>,
        help: impl Into<String>,
    ) -> Problem {
        let end = at.end.min(self.text.len());
        Problem::new(code, self.name.clone(), why, help).at(Arc::clone(&self.text), at.start.min(end), end)
    }
}

/// Reads the file as a tree.
///
/// # Errors
/// The syntax error with its place.
pub(super) fn parse(file: &Text) -> Result<Spanned<Written>, Problem> {
    match toml_edit::ImDocument::parse(file.text.to_string()) {
        Ok(document) => Ok(Spanned { value: from_item(document.as_item()), span: 0..file.text.len() }),
        Err(error) => {
            let why = error.message().replace('\n', ", ");
            Err(file.problem(super::code::TOML, error.span().unwrap_or(0..0), why, "write it as TOML 1.0 wants it"))
        }
    }
}

/// Keys that stand at the top of `platform.toml` only.
const TOP: &[&str] = &[
    "authority",
    "decisions_are",
    "domains",
    "export",
    "ids",
    "keyed",
    "language",
    "names_subjects",
    "origin",
    "partitions",
    "time_zone",
    "title",
    "topic",
];

/// One table, from which each key is taken at most once; what is left at the end is unknown.
pub(super) struct Section<'a> {
    file: &'a Text,
    /// `legal_bases.wage-payment`; empty for the whole file.
    path: String,
    span: Range<usize>,
    entries: &'a [(Spanned<String>, Spanned<Written>)],
    known: Vec<&'static str>,
}

impl<'a> Section<'a> {
    /// The table at a path, or `None` with a problem where it is none.
    pub(super) fn new(
        file: &'a Text,
        path: &str,
        written: &'a Spanned<Written>,
        problems: &mut Vec<Problem>,
    ) -> Option<Self> {
        let Written::Table(entries) = written.get_ref() else {
            problems.push(wrong_type(file, path, written.span(), "a table"));
            return None;
        };
        // An implicit table spans its keys too widely to point at: its own start is enough.
        Some(Self { file, path: path.to_owned(), span: written.span(), entries, known: Vec::new() })
    }

    /// The value of a key, if it is there.
    pub(super) fn take(&mut self, key: &'static str) -> Option<&'a Spanned<Written>> {
        if !self.known.contains(&key) {
            self.known.push(key);
        }
        self.entries.iter().find(|(name, _)| name.get_ref() == key).map(|(_, value)| value)
    }

    /// Notes that a needed key is missing.
    pub(super) fn missing(&self, key: &str, problems: &mut Vec<Problem>) {
        let place = if self.path.is_empty() { "the file".to_owned() } else { format!("[{}]", self.path) };
        let help = format!("add `{key} = …`");
        problems.push(self.file.problem(
            super::code::MISSING_KEY,
            self.start(),
            format!("{place} lacks the key `{key}`"),
            help,
        ));
    }

    /// An optional text, not blank and within its bound.
    pub(super) fn text(&mut self, key: &'static str, problems: &mut Vec<Problem>) -> Option<(String, Range<usize>)> {
        let written = self.take(key)?;
        text(self.file, &self.path_of(key), written, problems)
    }

    /// A needed text; empty with a problem where there is none.
    pub(super) fn needed_text(&mut self, key: &'static str, problems: &mut Vec<Problem>) -> String {
        if self.take(key).is_none() {
            self.missing(key, problems);
            return String::new();
        }
        self.text(key, problems).map(|(text, _)| text).unwrap_or_default()
    }

    /// An optional flag.
    pub(super) fn flag(&mut self, key: &'static str, problems: &mut Vec<Problem>) -> Option<bool> {
        let written = self.take(key)?;
        let Written::Boolean(flag) = written.get_ref() else {
            problems.push(wrong_type(self.file, &self.path_of(key), written.span(), "true or false"));
            return None;
        };
        Some(*flag)
    }

    /// A needed flag; true with a problem where there is none, since that forbids less.
    pub(super) fn needed_flag(&mut self, key: &'static str, problems: &mut Vec<Problem>) -> bool {
        if self.take(key).is_none() {
            self.missing(key, problems);
        }
        self.flag(key, problems).unwrap_or(true)
    }

    /// A list of texts with the place of each; empty where the key is absent.
    pub(super) fn texts(&mut self, key: &'static str, problems: &mut Vec<Problem>) -> Vec<(String, Range<usize>)> {
        let Some(written) = self.take(key) else { return Vec::new() };
        let path = self.path_of(key);
        let Written::List(items) = written.get_ref() else {
            problems.push(wrong_type(self.file, &path, written.span(), "a list of texts"));
            return Vec::new();
        };
        items.iter().filter_map(|item| text(self.file, &path, item, problems)).collect()
    }

    /// The entries of a table whose keys the author chooses; empty where the key is absent.
    pub(super) fn named(
        &mut self,
        key: &'static str,
        problems: &mut Vec<Problem>,
    ) -> &'a [(Spanned<String>, Spanned<Written>)] {
        let Some(written) = self.take(key) else { return &[] };
        let path = self.path_of(key);
        Section::new(self.file, &path, written, problems).map_or(&[], |section| section.entries)
    }

    /// Notes every key that nobody took.
    pub(super) fn finish(self, problems: &mut Vec<Problem>) {
        for (key, _) in self.entries {
            if self.known.iter().all(|known| known != key.get_ref()) {
                let near = nearest::of(key.get_ref(), self.known.iter().copied());
                let help = match near {
                    _ if !self.path.is_empty() && TOP.contains(&key.get_ref().as_str()) => {
                        format!(
                            "`{0}` holds for every version: write it at the top, above the first `[`",
                            key.get_ref()
                        )
                    }
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("the keys are {}", self.known.join(", ")),
                };
                let why = format!("unknown key `{}`", self.path_of(key.get_ref()));
                problems.push(self.file.problem(super::code::UNKNOWN_KEY, key.span(), why, help));
            }
        }
    }

    /// The path of one of its keys.
    pub(super) fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// A place that stands for the table as a whole: its first byte or line head.
    pub(super) fn start(&self) -> Range<usize> {
        let line = self.file.text.get(self.span.start..).and_then(|rest| rest.find('\n'));
        self.span.start..line.map_or(self.span.end, |length| self.span.start + length)
    }
}

/// One text, not blank and within its bound.
pub(super) fn text(
    file: &Text,
    path: &str,
    written: &Spanned<Written>,
    problems: &mut Vec<Problem>,
) -> Option<(String, Range<usize>)> {
    let Written::Text(text) = written.get_ref() else {
        problems.push(wrong_type(file, path, written.span(), "a text"));
        return None;
    };
    if text.trim().is_empty() {
        let why = format!("`{path}` is blank");
        problems.push(file.problem(super::code::VALUE, written.span(), why, "write a text or leave the key out"));
        return None;
    }
    if text.len() > limit::TEXT_BYTES_MAX {
        let why = format!("`{path}` has {} bytes", text.len());
        let help = format!("at most {} are taken", limit::TEXT_BYTES_MAX);
        problems.push(file.problem(super::code::VALUE, written.span(), why, help));
        return None;
    }
    Some((text.clone(), written.span()))
}

/// The problem of a value of another type than the key takes.
pub(super) fn wrong_type(file: &Text, path: &str, at: Range<usize>, wanted: &str) -> Problem {
    let path = if path.is_empty() { "the file" } else { path };
    file.problem(super::code::WRONG_TYPE, at, format!("`{path}` is not {wanted}"), format!("write {wanted}"))
}
