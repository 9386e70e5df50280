//! Which version of a platform's format a file is: rows by their header, everything else by its shape.

use super::{Definition, Delimited, Encoding, Format, Problem, Source, rows, trim_end};

/// The version whose promise the file's beginning keeps.
pub(super) fn source<'p>(platform: &'p Definition, file: &str, prefix: &[u8]) -> Result<&'p Source, Problem> {
    let first = prefix.iter().copied().find(|byte| !byte.is_ascii_whitespace()).unwrap_or(0);
    let mut nearest: Option<(usize, Vec<String>, &Source)> = None;
    let mut shaped: Vec<(usize, &Source)> = Vec::new();
    for source in platform.sources.iter().rev() {
        match &source.format {
            Format::Delimited(layout) => {
                let Some(columns) = header(layout, source.encoding, prefix) else { return Ok(source) };
                let differences = differences(source, &columns);
                if differences.is_empty() {
                    return Ok(source);
                }
                if nearest.as_ref().is_none_or(|(count, ..)| differences.len() < *count) {
                    nearest = Some((differences.len(), differences, source));
                }
            }
            Format::Json { records } if records.is_empty() && (first == b'[' || first == b'{') => {
                let score = usize::from(first == b'[' || !one_object_a_line(prefix)) * 1_000;
                shaped.push((score + known_names(source, prefix), source));
            }
            Format::Json { records } if !records.is_empty() && first == b'{' => {
                let score = usize::from(!one_object_a_line(prefix)) * 1_000;
                shaped.push((score + known_names(source, prefix), source));
            }
            Format::JsonLines if first == b'{' => {
                let score = usize::from(one_object_a_line(prefix)) * 1_000;
                shaped.push((score + known_names(source, prefix), source));
            }
            Format::Xml { record } if contains(prefix, format!("<{record}").as_bytes()) => {
                shaped.push((known_names(source, prefix), source));
            }
            Format::Avro if prefix.starts_with(b"Obj\x01") => shaped.push((1_000, source)),
            Format::Json { .. } | Format::JsonLines | Format::Xml { .. } | Format::Avro => {}
        }
    }
    if let Some((_, source)) = shaped.into_iter().max_by_key(|(score, _)| *score) {
        return Ok(source);
    }
    let help = format!("{} knows: {}", platform.name, versions(platform));
    Err(match nearest {
        Some((_, differences, source)) => {
            let why = format!("is not {}: {}", source.version, differences.join("; "));
            Problem::new("CMT-9505", file, why, help)
        }
        None => Problem::new("CMT-9505", file, "is in none of the platform's formats", help),
    })
}

fn versions(platform: &Definition) -> String {
    platform.sources.iter().map(|source| source.version.as_str()).collect::<Vec<_>>().join(" ")
}

/// The columns of the header line; `None` where the format has none.
fn header(layout: &Delimited, encoding: Encoding, prefix: &[u8]) -> Option<Vec<String>> {
    let mut rest = prefix;
    for _ in 1..layout.header_line.max(1) {
        let end = rest.iter().position(|byte| *byte == b'\n').map_or(rest.len(), |place| place + 1);
        rest = &rest[end..];
    }
    if layout.header_line == 0 {
        return None;
    }
    let end = rows::row_end(layout, rest).unwrap_or(rest.len());
    let text = |cell: Vec<u8>| match encoding {
        Encoding::Utf8 => String::from_utf8_lossy(&cell).into_owned(),
        Encoding::Windows1252 => encoding_rs::WINDOWS_1252.decode_without_bom_handling(&cell).0.into_owned(),
    };
    Some(rows::cells(layout, trim_end(&rest[..end])).into_iter().map(text).collect())
}

/// Column by column, what the header has otherwise than the schema.
fn differences(source: &Source, columns: &[String]) -> Vec<String> {
    let wanted: Vec<&str> = source.fields.iter().map(|field| field.native.as_str()).collect();
    if columns.iter().map(String::as_str).eq(wanted.iter().copied()) {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (place, name) in wanted.iter().enumerate() {
        match columns.iter().position(|column| column == name) {
            None => found.push(format!("column {} {name:?} is missing", place + 1)),
            Some(other) if columns.get(place).map(String::as_str) != Some(name) => {
                found.push(format!("column {name:?} stands at {} instead of {}", other + 1, place + 1));
            }
            Some(_) => {}
        }
    }
    for (place, column) in columns.iter().enumerate() {
        if !wanted.contains(&column.as_str()) {
            found.push(format!("column {} {column:?} is new", place + 1));
        }
    }
    if found.is_empty() {
        found.push(format!("it has {} columns instead of {}", columns.len(), wanted.len()));
    }
    found
}

/// True where the first line that is not blank is a JSON object by itself.
fn one_object_a_line(prefix: &[u8]) -> bool {
    let mut lines = prefix.split(|byte| *byte == b'\n');
    let first = lines.find(|line| !line.iter().all(u8::is_ascii_whitespace));
    first.is_some_and(|line| serde_json::from_slice::<serde::de::IgnoredAny>(line).is_ok())
}

/// How many of the schema's names stand in the file's beginning.
fn known_names(source: &Source, prefix: &[u8]) -> usize {
    let name = |native: &str| match &source.format {
        Format::Xml { .. } => format!("<{native}"),
        Format::Json { .. } | Format::JsonLines | Format::Delimited(_) | Format::Avro => format!("\"{native}\""),
    };
    source.fields.iter().filter(|field| contains(prefix, name(&field.native).as_bytes())).count()
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}
