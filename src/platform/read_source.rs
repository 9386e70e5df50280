//! The `[[source]]` tables of `platform.toml`: which file says what each version promises, and how it is cut.

use std::ops::Range;

use super::code;
use super::definition::{Delimited, Encoding, Format, Join, Rows};
use super::written::{self, Section, Spanned, Text, Written};
use crate::model::problem::Problem;

/// Versions of one platform's format.
const SOURCES_MAX: usize = 16;
/// Files that are joined to one.
const JOINS_MAX: usize = 8;
/// Lines behind the last record.
const FOOTER_LINES_MAX: i64 = 100;
/// Lines before and with the header.
const HEADER_LINE_MAX: i64 = 1_000;

/// How one source is to be read, before its schema is.
pub(super) struct Plan {
    pub(super) version: String,
    pub(super) format: Format,
    pub(super) encoding: Encoding,
    /// The file of its schema, and where it is named.
    pub(super) schema: (String, Range<usize>),
    /// The file of its mapping, and where it is named.
    pub(super) mapping: (String, Range<usize>),
    /// Texts that stand for nothing.
    pub(super) absent: Vec<String>,
    /// False where no record of this version is a decision.
    pub(super) decides: bool,
    pub(super) joins: Vec<Join>,
    /// The columns that `group` and `continuation` name, and where.
    pub(super) columns: Vec<(String, Range<usize>)>,
}

/// Every `[[source]]` that can be read.
pub(super) fn plans(top: &mut Section<'_>, file: &Text, problems: &mut Vec<Problem>) -> Vec<Plan> {
    let Some(written) = top.take("source") else {
        top.missing("source", problems);
        return Vec::new();
    };
    let Written::List(items) = written.get_ref() else {
        problems.push(written::wrong_type(file, "source", written.span(), "a list of tables `[[source]]`"));
        return Vec::new();
    };
    if items.is_empty() || items.len() > SOURCES_MAX {
        let help = format!("write 1 to {SOURCES_MAX} tables `[[source]]`");
        problems.push(file.problem(code::VALUE, written.span(), format!("there are {} sources", items.len()), help));
    }
    let mut plans: Vec<Plan> = Vec::new();
    for item in items {
        let Some(plan) = plan(item, file, problems) else { continue };
        if plans.iter().any(|other| other.version == plan.version) {
            let why = format!("two sources have the version `{}`", plan.version);
            problems.push(file.problem(code::VALUE, item.span(), why, "give each version its own name"));
        }
        plans.push(plan);
    }
    plans
}

fn plan(item: &Spanned<Written>, file: &Text, problems: &mut Vec<Problem>) -> Option<Plan> {
    let mut section = Section::new(file, "source", item, problems)?;
    let version = section.needed_text("version", problems);
    let schema = file_name(&mut section, "schema", "source.avsc", file, problems);
    let mapping = file_name(&mut section, "mapping", "mapping.vrl", file, problems);
    let encoding = encoding(&mut section, file, problems);
    let absent = section.texts("absent", problems).into_iter().map(|(text, _)| text).collect();
    let decides = section.flag("decides", problems).unwrap_or(true);
    let word = section.needed_text("format", problems);
    let at = section.take("format").map_or(0..0, Spanned::span);
    let mut columns = Vec::new();
    let joins = if matches!(word.as_str(), "csv" | "tsv") { joins(&mut section, file, problems) } else { Vec::new() };
    let format = match word.as_str() {
        "json" => Some(Format::Json { records: json_path(&mut section, problems) }),
        "jsonl" => Some(Format::JsonLines),
        "csv" | "tsv" => Some(Format::Delimited(delimited(&word, &mut section, &mut columns, file, problems))),
        "xml" => Some(Format::Xml { record: section.needed_text("record", problems) }),
        "avro" => Some(Format::Avro),
        "" => None,
        other => {
            let names = ["json", "jsonl", "csv", "tsv", "xml", "avro"];
            let help = super::read::suggestion(other, names.into_iter());
            problems.push(file.problem(code::VALUE, at, format!("`{other}` is no format"), help));
            None
        }
    };
    if format.is_some() {
        // Keys that belong to another format were not taken, so they are reported as unknown here.
        section.finish(problems);
    }
    Some(Plan { version, format: format?, encoding, schema, mapping, absent, decides, joins, columns })
}

/// The tables `[[source.join]]`.
fn joins(section: &mut Section<'_>, file: &Text, problems: &mut Vec<Problem>) -> Vec<Join> {
    let Some(written) = section.take("join") else { return Vec::new() };
    let Written::List(items) = written.get_ref() else {
        problems.push(written::wrong_type(file, "source.join", written.span(), "a list of tables `[[source.join]]`"));
        return Vec::new();
    };
    let mut joins = Vec::new();
    for item in items {
        let Some(mut join) = Section::new(file, "source.join", item, problems) else { continue };
        let (name, key) = (join.needed_text("file", problems), join.needed_text("key", problems));
        let other_key = join.text("other_key", problems).map_or_else(|| key.clone(), |(other, _)| other);
        let columns: Vec<String> = join.texts("columns", problems).into_iter().map(|(column, _)| column).collect();
        if columns.is_empty() || items.len() > JOINS_MAX {
            let why = format!("`source.join` takes no columns, or there are over {JOINS_MAX}");
            let help = "write `columns = [\"…\"]` with those that the mapping needs";
            problems.push(file.problem(code::VALUE, join.start(), why, help));
        }
        if name.contains(['/', '\\']) || name.starts_with('.') {
            let why = format!("`{name}` is no name of a file in the same folder");
            problems.push(file.problem(code::VALUE, join.start(), why, "write its name alone"));
        }
        join.finish(problems);
        joins.push(Join { file: name, key, other_key, columns });
    }
    joins
}

fn file_name(
    section: &mut Section<'_>,
    key: &'static str,
    default: &str,
    file: &Text,
    problems: &mut Vec<Problem>,
) -> (String, Range<usize>) {
    let Some((name, at)) = section.text(key, problems) else { return (default.to_owned(), section.start()) };
    let (start, end) = default.split_once('.').unwrap_or((default, ""));
    if !name.starts_with(start) || !name.ends_with(&format!(".{end}")) || name.contains('/') {
        let why = format!("`{name}` is no name for this file");
        problems.push(file.problem(code::VALUE, at.clone(), why, format!("call it `{start}….{end}`")));
    }
    (name, at)
}

fn encoding(section: &mut Section<'_>, file: &Text, problems: &mut Vec<Problem>) -> Encoding {
    let Some((text, at)) = section.text("encoding", problems) else { return Encoding::Utf8 };
    match text.to_ascii_lowercase().as_str() {
        "utf-8" => Encoding::Utf8,
        "iso-8859-1" | "windows-1252" => Encoding::Windows1252,
        _ => {
            let why = format!("`{text}` is no encoding that Comity reads");
            let help = "write `utf-8`, which is the default, `windows-1252` or `iso-8859-1`, which is read as \
                windows-1252; UTF-16 is recognised, and becomes utf-8";
            problems.push(file.problem(code::VALUE, at, why, help));
            Encoding::Utf8
        }
    }
}

fn json_path(section: &mut Section<'_>, problems: &mut Vec<Problem>) -> Vec<String> {
    let path = section.text("record", problems).map(|(path, _)| path).unwrap_or_default();
    path.split('.').filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

fn delimited(
    word: &str,
    section: &mut Section<'_>,
    columns: &mut Vec<(String, Range<usize>)>,
    file: &Text,
    problems: &mut Vec<Problem>,
) -> Delimited {
    let tabs = word == "tsv";
    let delimiter = if tabs { b'\t' } else { delimiter(section, file, problems) };
    let header_line = header_line(section, file, problems);
    let footer_lines = footer_lines(section, file, problems);
    let group = section.text("group", problems);
    let continuation = section.texts("continuation", problems);
    let rows = match (group, continuation) {
        (Some((_, at)), list) if !list.is_empty() => {
            let why = "both `group` and `continuation` are given";
            problems.push(file.problem(code::VALUE, at, why, "rows make a record in one way: keep one of them"));
            Rows::Single
        }
        (Some((field, at)), _) => {
            columns.push((field.clone(), at));
            Rows::Group { field }
        }
        (None, list) if list.is_empty() => Rows::Single,
        (None, list) => {
            columns.extend(list.iter().cloned());
            Rows::Continuation { empty: list.into_iter().map(|(field, _)| field).collect() }
        }
    };
    Delimited { delimiter, backslash_escapes: tabs, header_line, footer_lines, rows }
}

fn delimiter(section: &mut Section<'_>, file: &Text, problems: &mut Vec<Problem>) -> u8 {
    let Some(written) = section.take("delimiter") else { return b',' };
    if let Written::Text(text) = written.get_ref()
        && let [byte] = text.as_bytes()
        && byte.is_ascii()
        && !matches!(byte, b'"' | b'\r' | b'\n')
    {
        return *byte;
    }
    let why = "`delimiter` is no single ASCII character";
    problems.push(file.problem(code::VALUE, written.span(), why, "write one such as `;`; tabs are `format = \"tsv\"`"));
    b','
}

fn header_line(section: &mut Section<'_>, file: &Text, problems: &mut Vec<Problem>) -> usize {
    let Some(written) = section.take("header_line") else { return 1 };
    if let Written::Integer(line) = written.get_ref()
        && (0..=HEADER_LINE_MAX).contains(line)
    {
        return usize::try_from(*line).unwrap_or(1);
    }
    let help = format!("write the line of the header, 1 to {HEADER_LINE_MAX}, or 0 for none");
    problems.push(file.problem(code::VALUE, written.span(), "`header_line` is no line number", help));
    1
}

fn footer_lines(section: &mut Section<'_>, file: &Text, problems: &mut Vec<Problem>) -> usize {
    let Some(written) = section.take("footer_lines") else { return 0 };
    if let Written::Integer(lines) = written.get_ref()
        && (0..=FOOTER_LINES_MAX).contains(lines)
    {
        return usize::try_from(*lines).unwrap_or(0);
    }
    let help = format!("write how many lines stand behind the last record, at most {FOOTER_LINES_MAX}");
    problems.push(file.problem(code::VALUE, written.span(), "`footer_lines` is no number of lines", help));
    0
}
