//! What a mapping makes its event of, read from its text alone: for each canonical field the source fields that it comes
//! from, those that decide whether it is given, and the constants that it can be.

use std::collections::{BTreeMap, BTreeSet};

use vrl::parser;
use vrl::parser::ast::{Expr, Node, RootExpr};

mod reader;
mod tree;

use super::Platform;
use super::definition::{Format, SourceField, SourceType};
use super::shape;
use reader::Reader;
use tree::Bindings;

/// Steps from a field to what it comes from, through variables, blocks and conditions.
const STEPS_MAX: usize = 40;
/// Expressions looked at for one mapping.
const NODES_MAX: usize = 200_000;

/// One canonical field and what it is made of. Paths are those of the source schema: `firm.names[]`.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Origin {
    pub reads: BTreeSet<String>,
    /// What decides whether it is given, or which of several values.
    pub when: BTreeSet<String>,
    /// Literal values.
    pub constants: BTreeSet<String>,
    /// Tables of `[codes]` through which it goes.
    pub tables: BTreeSet<String>,
}

/// One version of a platform's format and its mapping.
#[derive(Debug)]
pub struct Lineage {
    pub version: String,
    /// The file of the mapping.
    pub mapping: String,
    /// By canonical path, elements of lists counted as their list, in the order of the canonical schema.
    pub fields: Vec<(String, Origin)>,
    /// The words with which it aborts, and what decides on each.
    pub aborts: Vec<(String, BTreeSet<String>)>,
    /// Schemes of identifiers that it gives.
    pub schemes: BTreeSet<String>,
    /// Fields of the source schema that nothing reads.
    pub unread: Vec<String>,
    /// Canonical fields that nothing fills, those with a default in `platform.toml` left out.
    pub unfilled: Vec<String>,
}

/// Reads the mapping of each source version of a platform, whose texts are among these files.
pub fn read(platform: &Platform, files: &BTreeMap<String, Vec<u8>>) -> Vec<Lineage> {
    let sources = platform.definition.sources.iter().zip(&platform.mappings);
    sources
        .map(|(source, mapping)| {
            let text = files.get(&mapping.file).and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default();
            let rows = super::grouped(&source.format);
            one(
                &source.version,
                &mapping.file,
                text,
                &source.fields,
                rows && matches!(source.format, Format::Delimited(_)),
            )
        })
        .collect()
}

fn one(version: &str, file: &str, text: &str, fields: &[SourceField], rows: bool) -> Lineage {
    let program: Vec<Node<Expr>> = parser::parse(text).map_or_else(
        |_| Vec::new(),
        |program| {
            let root = program.0.into_iter().filter_map(|node| match node.into_inner() {
                RootExpr::Expr(expression) => Some(expression),
                RootExpr::Error(_) => None,
            });
            root.collect()
        },
    );
    let mut bindings = Bindings::default();
    program.iter().for_each(|expression| bindings.collect(expression));
    let mut reader = Reader { bindings: &bindings, nodes: 0, fields: BTreeMap::new() };
    if let Some(last) = program.last() {
        reader.result(last, "", &BTreeSet::new(), STEPS_MAX);
    }
    let results = bindings.returns.clone();
    results.iter().for_each(|result| reader.result(result, "", &BTreeSet::new(), STEPS_MAX));
    let mut all = Origin::default();
    let mut schemes = BTreeSet::new();
    let mut aborts = Vec::new();
    for expression in &program {
        reader.everything(expression, &mut all, &mut schemes, STEPS_MAX);
        reader.aborts(expression, &BTreeSet::new(), &mut aborts, STEPS_MAX);
    }
    let found = reader.fields;
    let seen: BTreeSet<String> = all.reads.union(&all.when).map(|path| plain(path, rows)).collect();
    let mut known = Vec::new();
    leaves(fields, "", &mut known);
    let read = |path: &String| {
        seen.iter()
            .any(|seen| seen == path || path.starts_with(&format!("{seen}.")) || path.starts_with(&format!("{seen}[")))
    };
    let unread = known.into_iter().filter(|path| !read(path)).collect();
    let filled = |path: &String| found.keys().any(|field| field == path || path.starts_with(&format!("{field}.")));
    let unfilled = shape::paths().into_iter().filter(|path| !filled(path)).collect();
    let order = shape::paths();
    let place = |field: &str| order.iter().position(|path| path == field || path.starts_with(&format!("{field}.")));
    let mut fields: Vec<(String, Origin)> =
        found.into_iter().map(|(field, origin)| (field, origin.plain(rows))).collect();
    fields.sort_by_key(|(field, _)| place(field));
    let aborts = aborts.into_iter().map(|(word, when)| (word, plain_all(&when, rows))).collect();
    Lineage { version: version.to_owned(), mapping: file.to_owned(), fields, aborts, schemes, unread, unfilled }
}

impl Origin {
    fn plain(self, rows: bool) -> Self {
        Self { reads: plain_all(&self.reads, rows), when: plain_all(&self.when, rows), ..self }
    }
}

/// The paths without the list of rows around them, and without a list whose items are read.
fn plain_all(paths: &BTreeSet<String>, rows: bool) -> BTreeSet<String> {
    let plain: BTreeSet<String> = paths.iter().map(|path| plain(path, rows)).collect();
    let within = |path: &String| plain.iter().any(|other| other.starts_with(&format!("{path}[]")));
    plain.iter().filter(|path| !within(path)).cloned().collect()
}

/// A path without the list of rows around it.
fn plain(path: &str, rows: bool) -> String {
    let inner = if rows { path.strip_prefix("rows[].") } else { None };
    inner.unwrap_or(path).to_owned()
}

/// The paths of a source schema's values.
fn leaves(fields: &[SourceField], above: &str, paths: &mut Vec<String>) {
    for field in fields {
        leaf(&field.of, format!("{above}{}", field.name), paths);
    }
}

fn leaf(of: &SourceType, path: String, paths: &mut Vec<String>) {
    match of {
        SourceType::Record(inner) => leaves(inner, &format!("{path}."), paths),
        SourceType::Array(item) | SourceType::Map(item) => leaf(&item.of, format!("{path}[]"), paths),
        SourceType::Boolean | SourceType::Integer | SourceType::Double | SourceType::Text | SourceType::Bytes => {
            paths.push(path);
        }
    }
}

impl Origin {
    fn absorb(&mut self, other: Self) {
        self.reads.extend(other.reads);
        self.when.extend(other.when);
        self.constants.extend(other.constants);
        self.tables.extend(other.tables);
    }
}
