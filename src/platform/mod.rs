//! What Comity knows of a platform: its folder, read and proved before a record is seen.
//!
//! A platform is one folder, `schemas/platforms/<name>/`, and no Rust. This is what a folder says.
//!
//! # `platform.toml`
//!
//! ```toml
//! title = "Wage and hour decisions of New Jersey"
//! origin = "US-NJ"                   # or "per-record": the mapping then gives `origin`
//! ids = "native"                     # optional; "canonical": its records give ids with the platform's name (a desk)
//! topic = "comity.in.us-nj-labour"   # optional; `comity.in.<folder>` is the default
//! keyed = true                       # its producer keys each record by native id; false by default
//! partitions = 3                     # only with keyed: exactly as many; without it as many as the topic has
//! export = "snapshot"                # each file holds everything that stands: `feed` reports what the next one lacks, for a
//!                                    # person to look at, and withdraws nothing; "delta" by default
//! language = "en"                    # of the texts in its records, BCP 47
//! time_zone = "America/New_York"     # IANA; in it a date without an offset is read
//! domains = ["LABOUR_STANDARDS"]     # the mapping may choose from them; the first is the default
//! decisions_are = "decisions are rows whose status is Assessed or Docketed Judgment"
//! names_subjects = true              # false: its records describe products only, and it may not give a subject
//! authority = { id = "us-nj-dol", name = "New Jersey Department of Labor" }
//!
//! [legal_bases]                      # by name, in the order of preference; the first is the default. Or, above the
//!                                    # tables, `legal_bases = "per-record"`: the mapping gives {scheme, value}
//! wage-payment = { scheme = "US-NJ-STATUTES", value = "N.J.S.A. 34:11" }
//!
//! [rejects]                          # the words with which the mapping may `abort`, each with one line why
//! inspection_without_finding = "The inspector found nothing."
//!
//! [never_sends]                      # kinds that it never sends, each with one line why; others need an example
//! WITHDRAWAL = "The source replaces its file and does not say what was taken back."
//!
//! [schemes.employer-number]          # identifier schemes of its own, valid within the platform only
//! registers = "Employers in the department's case system."
//! persons = true                     # a natural person can hold one
//!
//! [codes.severity]                   # tables for code("severity", x) and code_list("severity", x, ",")
//! "serious" = "SEVERE"
//! "not rated" = ""                   # the empty text: known, and it has no code
//!
//! [[source]]                         # one for each version of its format, oldest first; the last is the default
//! version = "tsv"                    # the value of the header `comity-source`
//! schema = "source.avsc"             # default
//! mapping = "mapping.vrl"            # default
//! format = "tsv"                     # json | jsonl | csv | tsv | xml | avro
//! encoding = "utf-8"                 # default; or "windows-1252", which "iso-8859-1" is too: a file in UTF-8 is then
//!                                    # refused; a file in UTF-16 becomes UTF-8 as it is cut
//! absent = ["N/A", "(blank)"]        # texts that say nothing: a field that is one of them reads as if it were empty
//! decides = true                     # default; false: none of its records is a decision (allegations), its mapping only
//!                                    # aborts, and where no version decides the examples show refusals alone
//! header_line = 1                    # csv, tsv: the line of the header; titles stand before it; 0 for none
//! footer_lines = 2                   # csv, tsv: so many lines end each file, blank ones not counted, and are no records
//! delimiter = ";"                    # csv: one ASCII character, "," by default
//! record = "ROW"                     # xml: the element; json: the path to the array in a file (`a.b`), default top;
//!                                    # it leads through lists, whose other fields are not read
//! group = "Complaint ID"             # csv, tsv: neighbouring rows with the same value are one record
//! continuation = ["Case Number"]     # csv, tsv: rows in which all of these are empty continue the one before
//!
//! [[source.join]]                    # csv, tsv: `feed` and `map` put columns of another file behind each row
//! file = "inspections.csv"           # in the same folder, with the same delimiter, encoding and header line; 256 MiB
//! key = "inspection_id"              # a column of the file that is fed, or of a join before, and of the other file
//! other_key = "id"                   # where that column has another name in the other file
//! columns = ["establishment_id"]     # the last fields of source.avsc, in this order; empty where nothing has the key
//! ```
//!
//! A topic has one partition, since the order of its records decides which revision is the later one. With several, only
//! the records of one key stand in one order: a correction or withdrawal needs the key of what it corrects.
//!
//! `group` and `continuation` name columns as the file does; either makes the mapping's input `{ rows: [ … ] }`.
//! An unknown key is an error, so is a file `source*.avsc` or `mapping*.vrl` that no `[[source]]` names.
//!
//! # `source.avsc`
//!
//! One Avro record, for every format: what a row, an element or an object promises. A field's name is what the
//! mapping calls it (`.case_number`), its property `native` what the source calls it (`Case #`); without one they are
//! the same. A union with null may be empty. In JSON, a union of string with numbers and booleans is read as a text, and
//! one of these with an array of strings as a list of texts, which one text alone is too. Recursive schemas are refused, and so are decimals and types that the format
//! cannot fill: arrays, maps and records in a cell, maps in XML, bytes in JSON.
//!
//! # `mapping.vrl`
//!
//! A VRL program. `.` is the native record and is never assigned; the value of the last expression is the event:
//!
//! ```text
//! if .status == "Hearing" { abort "hearing_without_decision" }
//! {
//!   "kind": "ORIGINAL",
//!   "event_id": .case_number,
//!   "case_id": .case_number,
//!   "decided": date(.case_entry_date, ["%m/%d/%Y"], bound: "NOT_BEFORE"),
//!   "subject": { "legal_name": .employer, "identifiers": [org_id("employer-number", .employer_number)] },
//!   "infraction": { "title": "Unpaid wages" },
//!   "measures": [{ "type": "RESTITUTION", "penalty": money(.final_wages, "USD") }],
//! }
//! ```
//!
//! | field | what it takes |
//! |---|---|
//! | `event_id`, `case_id`, `references[]` | native ids as text; Comity puts `<platform>/` before them, unless `ids = "canonical"` |
//! | `kind` | `ORIGINAL`, `SUPPLEMENT`, `CORRECTION`, `WITHDRAWAL`, `CLOSURE` |
//! | `origin` | an ISO code; only and always where `origin = "per-record"` |
//! | `decided`, `occurred` | what `date` returns |
//! | `infraction` | `{title, code, scheme}`; needed but on a withdrawal or closure |
//! | `subject` | `{legal_name, identifiers: [org_id(…)], jurisdiction, locality, legal_form}` |
//! | `products[]` | `{category, name, brand, model, batch, gtin, customs_code, origin}` |
//! | `measures[]` | `{type, basis, from, to, penalty}`: `type` of the list `MeasureType`, dates, and `money` |
//! | `withdrawal` | `{scope, reason, decision_ref}`, on a withdrawal and only there; `scope` is `EVENT` by default |
//! | `domain`, `authority`, `legal_basis[]` | what `platform.toml` says first, unless given; `legal_basis` takes names of `[legal_bases]` |
//! | `case_status` `OPEN`, `scope` `FEDERATION`, `mode` `ACTUAL` | with these defaults |
//! | `finality`, `severity`, `urgency`, `certainty` | `NOT_STATED` or `UNKNOWN` by default |
//! | `revision` | an integer that grows |
//! | `aware_at`, `expires_at`, `reported_at` | what `instant` or `date` returns, in the years 1 to 9999; a date expires at its end |
//! | `for_follow_up[]`, `for_attention[]`, `distribution[]` | ISO codes; `distribution_text` is prose |
//! | `sharing_groups[]`, `handling` | groups of the federation that share it; `CLEAR`, `GREEN`, `AMBER`, `AMBER_STRICT` or `RED` (TLP 2.0) |
//! | `info[]` | `{headline, description, language}`, the only free text |
//! | `resources[]` | `{uri, mime_type, size_bytes, sha256}` |
//!
//! Null, an absent field and a blank text are the same; elements of lists that are null drop out. A needed field that
//! is null at run time is a rejection `missing_value`. Of a withdrawal or closure only event, case, reason and date
//! pass. A record that is no decision ends in `abort "word"`, with a literal word of `[rejects]`.
//!
//! An `if` inside an object, a list or a call stands in a block: `{ if .x == null { … } else { … } }`.
//!
//! Nothing may fail silently: calls with `!` are refused; handle errors with `??`, nulls with `||`. The functions of
//! Comity do not count as fallible: what they cannot read is a rejection with the line of the mapping as its field.
//!
//! | function | gives |
//! |---|---|
//! | `org_id(scheme, value [, register])` | an identifier, or null for a blank value; `scheme` is a literal |
//! | `money(amount, currency [, decimal: ",", qualifier: "AT_LEAST", absent: ["n/a"], float: true])` | exact minor units (ISO 4217), or null for blank and the texts in `absent`. `float: true` is for spreadsheets whose amounts went through a binary number: `586.8399999999999` is read as 586.84, and nothing else is rounded |
//! | `sum_money([money(…), …])` | the sum in one currency; null where there is none |
//! | `date(text, formats [, bound: "NOT_BEFORE", precision: "MONTH", absent: ["Not Closed"]])` | a date; `formats` are `strptime` formats, tried in order. Months may stand in the platform's language (de, es, fr, it, nl, pl, pt). A text with an offset (`%z`, or a `Z` at the end of the format: UTC) is the day in the platform's time zone |
//! | `epoch_ms(number [, bound, absent])`, `excel_date(number [, …])` | a date: of milliseconds since 1970 UTC, in the platform's time zone; of a serial number of Excel |
//! | `earliest([date(…), …])`, `latest(…)` | one of the dates, or null |
//! | `instant(text, formats [, absent])` | milliseconds since 1970 UTC |
//! | `code(table, value [, otherwise: x])` | the code of a table; an unknown value is a rejection, unless `otherwise` is given |
//! | `code_list(table, text, separators [, otherwise: x])` | codes without doubles; entries may hold a separator themselves. `text` may be a list. With `otherwise` one unknown entry makes it the whole result |
//! | `digest([part, …])` | 32 hexadecimal digits that identify these texts, for sources without an id |
//! | `squeeze(text)` | the text without blanks around it, any run of blanks (no-break ones too) as one space; null for a blank one |
//! | `plain(text)` | what a fragment of HTML shows: no tags, `&eacute;` and `&#39;` as the letters that they name, then as `squeeze` |
//! | `capture(text, r'…(…)…')` | the first group that matched, or null |
//! | `pad_left(text, width, "0")`, `pad_right(…)` | the text at least that wide |
//! | `cut(text, bytes_max)` | the text, ended with `…` where it is longer |
//! | `required(value)` | the value, never null: a blank one is a rejection |
//! | `each(list) -> \|item\| { … }` | a list of what the block gives, nulls dropped, with its exact type |
//!
//! Of VRL's own functions those that look at a clock, at chance or at the machine are missing, those that unpack or
//! decrypt, and `map_values`, `map_keys` and `for_each`, whose result types say too little (use `each`).
//!
//! # `examples/`
//!
//! See [`examples`].

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use jiff::tz::TimeZone;
use sha2::{Digest, Sha256};
use vrl::compiler::Program;

use crate::model::problem::Problem;

pub mod code;
pub(crate) mod columns;
pub mod compare;
pub mod definition;
pub mod desk;
pub mod examples;

pub(crate) mod entity;
pub(crate) mod functions;
pub mod lineage;
mod mapping;
pub(crate) mod nearest;
mod outcome;
pub(crate) mod read;
mod read_source;
pub(crate) mod shape;
mod source_schema;
pub mod statements;
mod syntax;
pub(crate) mod text;
mod undecided;
mod written;
pub(crate) mod zone;

#[cfg(test)]
mod tests;

use definition::{Definition, Delimited, Format, Rows, Source};
use written::Text;

/// The words that mark what the author of a folder still has to decide.
pub const UNDECIDED: &str = "TO DECIDE";

/// A platform that may be used: its definition is valid and its mappings are proved.
#[derive(Clone)]
pub struct Platform {
    pub definition: Definition,
    /// SHA-256 of the folder's files in the order of their names, each as `name NUL length NUL bytes` with the length in
    /// decimal digits; examples excluded.
    pub digest: [u8; 32],
    /// The first 16 hexadecimal digits of `digest`.
    pub mapping_version: String,
    /// What its author still has to decide: with any of it, it serves for trying only.
    pub undecided: Vec<Problem>,
    /// The mapping of each source, in the order of `definition.sources`.
    pub(crate) mappings: Vec<Mapping>,
    /// `definition.time_zone`.
    pub(crate) zone: TimeZone,
    /// The same for VRL's own functions.
    pub(crate) vrl_zone: vrl::compiler::TimeZone,
}

impl fmt::Debug for Platform {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { definition, mapping_version, .. } = self;
        formatter.debug_struct("Platform").field("name", &definition.name).field("version", mapping_version).finish()
    }
}

/// A mapping that was proved.
#[derive(Clone)]
pub(crate) struct Mapping {
    pub(crate) program: Program,
    /// The name of its file, for the field of a rejection.
    pub(crate) file: String,
    /// The first byte of each line but the first.
    pub(crate) lines: Vec<usize>,
}

impl Mapping {
    /// `mapping.vrl:<line>` of a byte.
    pub(crate) fn place(&self, byte: Option<usize>) -> String {
        match byte {
            None => self.file.clone(),
            Some(byte) => format!("{}:{}", self.file, self.lines.partition_point(|start| *start <= byte) + 1),
        }
    }
}

/// True for what can name a platform and its folder: a-z, 0-9 and `-`, at most 63 letters.
pub fn is_name(name: &str) -> bool {
    read::is_name(name, "-") && name.len() <= read::NAME_BYTES_MAX
}

/// Reads a platform from the files of its folder, by relative path.
///
/// # Errors
/// Every problem found, not only the first.
pub fn load(name: &str, files: &BTreeMap<String, Vec<u8>>) -> Result<Platform, Vec<Problem>> {
    let mut problems = Vec::new();
    let loaded = read_folder(name, files, &mut problems);
    // Two sources may share a schema or a mapping: what is wrong with it is told once.
    let mut told: Vec<Problem> = Vec::new();
    for problem in std::mem::take(&mut problems) {
        if !told.contains(&problem) {
            told.push(problem);
        }
    }
    let problems = told;
    match loaded {
        Some(platform) if problems.is_empty() => Ok(platform),
        _ => Err(problems),
    }
}

fn read_folder(name: &str, files: &BTreeMap<String, Vec<u8>>, problems: &mut Vec<Problem>) -> Option<Platform> {
    let file = text_file("platform.toml", None, files, problems)?;
    let tree = written::parse(&file).map_err(|problem| problems.push(problem)).ok()?;
    let (mut definition, plans) = read::read(name, &file, &tree, problems)?;
    let definition_is_sound = problems.is_empty();
    unused_files(&plans, files, problems);
    let knowledge = mapping::knowledge(&definition);
    let mut mappings = Vec::new();
    for plan in plans {
        let schema = text_file(&plan.schema.0, Some((&file, &plan.schema.1)), files, problems);
        let mapping_file = text_file(&plan.mapping.0, Some((&file, &plan.mapping.1)), files, problems);
        let before = problems.len();
        let fields = schema
            .as_ref()
            .map(|schema| source_schema::read(schema, &plan.format, &plan.absent, problems))
            .unwrap_or_default();
        let sound = schema.is_some() && problems.len() == before;
        for (column, at) in plan.columns.iter().filter(|_| sound) {
            if fields.iter().filter(|field| field.native == *column).count() > 1 {
                let why = format!("the source schema has several columns `{column}`");
                problems.push(file.problem(code::SCHEMA_FIELD, at.clone(), why, "name a column that stands once"));
            }
            if fields.iter().all(|field| field.native != *column) {
                let help = read::suggestion(column, fields.iter().map(|field| field.native.as_str()));
                let why = format!("the source schema has no column `{column}`");
                problems.push(file.problem(code::SCHEMA_FIELD, at.clone(), why, help));
            }
        }
        if sound {
            check_joins(&plan, &fields, &file, problems);
        }
        let rows = grouped(&plan.format);
        if let (true, Some(mapping_file)) = (sound, &mapping_file) {
            let (definition, knowledge, fields) = (&definition, &knowledge, fields.as_slice());
            let (file, decides) = (mapping_file, plan.decides);
            let task = mapping::Task { definition, definition_is_sound, knowledge, file, fields, rows, decides };
            let program = mapping::compile(&task, problems);
            let lines = mapping_file.text.match_indices('\n').map(|(byte, _)| byte + 1).collect();
            mappings.extend(program.map(|program| Mapping { program, file: mapping_file.name.clone(), lines }));
        }
        let schema_text = schema.map(|schema| schema.text.to_string()).unwrap_or_default();
        let (version, format, encoding) = (plan.version, known_by_name(plan.format, &fields), plan.encoding);
        let (decides, joins) = (plan.decides, plan.joins);
        // `source_schema::read` has told whatever is wrong with it.
        let writer = matches!(format, Format::Avro).then(|| schema_text.parse().ok().map(Arc::new)).flatten();
        definition.sources.push(Source { version, format, encoding, decides, fields, joins, schema_text, writer });
    }
    let digest = digest(files);
    let mapping_version = version_of(&digest);
    let zone = zone::find(&definition.time_zone)?;
    let vrl_zone = vrl::compiler::TimeZone::parse(&definition.time_zone)?;
    let undecided = undecided::find(files);
    Some(Platform { definition, undecided, digest, mapping_version, mappings, zone, vrl_zone })
}

/// The last fields of the schema are the columns of the joins, and rows are made records by columns of the file itself.
fn check_joins(plan: &read_source::Plan, fields: &[definition::SourceField], file: &Text, problems: &mut Vec<Problem>) {
    let joined: Vec<&String> = plan.joins.iter().flat_map(|join| &join.columns).collect();
    let (own, last) = fields.split_at(fields.len().saturating_sub(joined.len()));
    if !last.iter().map(|field| &field.native).eq(joined.iter().copied()) {
        let why = format!("the source schema does not end with the columns of the joins: {joined:?}");
        problems.push(file.problem(code::SCHEMA_FIELD, 0..0, why, "list them last, in the order of the joins"));
        return;
    }
    let mut before = own.len();
    for join in &plan.joins {
        let known = fields.get(..before).unwrap_or_default();
        if known.iter().filter(|field| field.native == join.key).count() != 1 {
            let why = format!("`{}` is joined by `{}`, which is no single column before it", join.file, join.key);
            problems.push(file.problem(
                code::SCHEMA_FIELD,
                0..0,
                why,
                "name a column of the file, or of a join before",
            ));
        }
        before += join.columns.len();
    }
    for (column, at) in plan.columns.iter().filter(|(column, _)| last.iter().any(|field| field.native == *column)) {
        let why = format!("`{column}` is a column of a join");
        problems.push(file.problem(code::SCHEMA_FIELD, at.clone(), why, "name a column of the file itself"));
    }
}

/// True where the mapping's input is `{ rows: [ … ] }`.
fn grouped(format: &Format) -> bool {
    match format {
        Format::Delimited(Delimited { rows, .. }) => match rows {
            Rows::Single => false,
            Rows::Group { .. } | Rows::Continuation { .. } => true,
        },
        Format::Json { .. } | Format::JsonLines | Format::Xml { .. } | Format::Avro => false,
    }
}

/// The format with its `group` or `continuation` by the names of the fields: `platform.toml` names columns as the file
/// does, the cutter and intake know fields by their names.
fn known_by_name(mut format: Format, fields: &[definition::SourceField]) -> Format {
    let rename = |column: &mut String| {
        if let Some(field) = fields.iter().find(|field| field.native == *column) {
            column.clone_from(&field.name);
        }
    };
    if let Format::Delimited(layout) = &mut format {
        match &mut layout.rows {
            Rows::Single => {}
            Rows::Group { field } => rename(field),
            Rows::Continuation { empty } => empty.iter_mut().for_each(rename),
        }
    }
    format
}

/// A file of the folder as text; `None` with a problem, at the place that names it where there is one.
fn text_file(
    name: &str,
    named_at: Option<(&Text, &std::ops::Range<usize>)>,
    files: &BTreeMap<String, Vec<u8>>,
    problems: &mut Vec<Problem>,
) -> Option<Text> {
    let fault = match files.get(name).map(|bytes| std::str::from_utf8(bytes)) {
        Some(Ok(text)) => return Some(Text { name: name.to_owned(), text: Arc::from(text) }),
        Some(Err(_)) => (format!("`{name}` is no UTF-8"), "save it as UTF-8"),
        None => (format!("`{name}` is missing"), "write the file, or name the right one"),
    };
    problems.push(match named_at {
        Some((file, at)) => file.problem(code::FILE, at.clone(), fault.0, fault.1),
        None => Problem::new(code::FILE, name, fault.0, fault.1),
    });
    None
}

/// A source schema or mapping that no source names is most likely one that somebody believes to be in use.
fn unused_files(plans: &[read_source::Plan], files: &BTreeMap<String, Vec<u8>>, problems: &mut Vec<Problem>) {
    if plans.is_empty() {
        return;
    }
    for name in files.keys().filter(|name| !name.contains('/')) {
        let ours = (name.starts_with("source") && name.ends_with(".avsc"))
            || (name.starts_with("mapping") && name.ends_with(".vrl"));
        let named = plans.iter().any(|plan| plan.schema.0 == *name || plan.mapping.0 == *name);
        if ours && !named {
            let why = format!("no [[source]] names `{name}`");
            problems.push(Problem::new(code::UNUSED_FILE, name.clone(), why, "name it in platform.toml or delete it"));
        }
    }
}

/// The first 16 hexadecimal digits of a digest.
fn version_of(digest: &[u8; 32]) -> String {
    digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

fn digest(files: &BTreeMap<String, Vec<u8>>) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for (name, bytes) in files.iter().filter(|(name, _)| !name.starts_with("examples/")) {
        hasher.update(name.as_bytes());
        hasher.update([0]);
        hasher.update(bytes.len().to_string().as_bytes());
        hasher.update([0]);
        hasher.update(bytes);
    }
    hasher.finalize().into()
}
