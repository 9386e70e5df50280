//! A platform as its folder describes it (`platform.toml` and the source schemas), valid and ready.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::code::{Domain, Kind};
use crate::model::event::{Authority, LegalBasis};
use crate::model::place::Jurisdiction;

/// What `schemas/platforms/<name>/` says, but for its mapping.
#[derive(Debug, Clone)]
pub struct Definition {
    /// The folder's name; the first part of every `event_id`.
    pub name: String,
    pub title: String,
    pub speaks: Speaks,
    pub origin: Origin,
    pub ids: Ids,
    /// `comity.in.<name>` unless the folder says otherwise.
    pub topic: String,
    pub partitions: Partitions,
    pub export: Export,
    /// BCP 47, of the texts in its records.
    pub language: String,
    /// IANA name; dates without an offset are read in it.
    pub time_zone: String,
    /// The domains that its mapping may choose from; the first is the default.
    pub domains: Vec<Domain>,
    /// The legal bases that its mapping may choose from, by name; the first is the default. Empty where each record
    /// states its own.
    pub legal_bases: Vec<(String, LegalBasis)>,
    pub authority: Authority,
    /// The line "decisions are rows where …".
    pub decisions_are: String,
    /// False where no record names a subject (product-only networks).
    pub names_subjects: bool,
    /// The words that its mapping may give as the detail of `not_a_decision`, each with one line why.
    pub rejects: BTreeMap<String, String>,
    /// The kinds that it never sends, each with one line why.
    pub never_sends: Vec<(Kind, String)>,
    /// The tables of `code(table, value)` and `code_list(table, text)`.
    pub codes: BTreeMap<String, BTreeMap<String, String>>,
    /// Identifier schemes of its own; their identifiers never leave the scope of the platform.
    pub schemes: Vec<LocalScheme>,
    /// The versions of its format, oldest first; the last is the default.
    pub sources: Vec<Source>,
}

/// What follows the name of a platform's topic in that of its backfill.
const BACKFILL_SUFFIX: &str = ".backfill";

impl Definition {
    /// The topic on which the platform sends its open cases when it joins.
    pub fn backfill_topic(&self) -> String {
        format!("{}{BACKFILL_SUFFIX}", self.topic)
    }

    /// True where this is the topic of its backfill.
    pub fn is_backfill(&self, topic: &str) -> bool {
        topic.strip_suffix(BACKFILL_SUFFIX) == Some(&self.topic)
    }
}

/// What the records of a source say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speaks {
    /// Decisions, in a platform's own format.
    Events,
    /// What a recipient says of alerts that it got (`platform::statements`).
    Acknowledgements,
    /// Which identifiers name one organisation (`platform::statements`).
    Links,
}

/// How many partitions a platform's topic has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Partitions {
    /// One, so that all its records stand in one order.
    One,
    /// The platform's own producer keys its records by native id, so the records of one id stand in one order. As many
    /// as are written; `None` where nobody wrote a number: as many as there are.
    Keyed(Option<i32>),
}

/// What a file of a platform holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Export {
    /// What is new or changed: what it lacks says nothing.
    Delta,
    /// Everything that stands: what it lacks is reported.
    Snapshot,
}

/// Whose decisions a platform carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// One jurisdiction's.
    Fixed(Jurisdiction),
    /// Any member's: each record says whose (a network).
    PerRecord,
}

/// How a platform names events and cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ids {
    /// By its own numbers; Comity puts `<platform>/` before them.
    Native,
    /// In full, so that it can speak of any platform's events of its origin. Only its own can be originals.
    Canonical,
}

/// A number that a platform gives to organisations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalScheme {
    /// Without the platform's name, which is put before it: `<platform>/<name>`.
    pub name: String,
    pub registers: String,
    /// True where a natural person can hold one: it then never suffices alone.
    pub persons: bool,
}

/// One version of a platform's format.
#[derive(Debug, Clone)]
pub struct Source {
    /// The value of the Kafka header `comity-source`.
    pub version: String,
    pub format: Format,
    pub encoding: Encoding,
    /// False where no record of this version is a decision, so that each one is refused.
    pub decides: bool,
    /// The fields of one row, element or object; of rows with joins those of the file itself first.
    pub fields: Vec<SourceField>,
    /// The files from which `feed` takes the last fields, in their order.
    pub joins: Vec<Join>,
    /// For Avro: the writer schema's text.
    pub schema_text: String,
    /// For Avro: the writer schema, compiled once; `None` for every other format.
    pub writer: Option<Arc<serde_avro_fast::Schema>>,
}

impl Source {
    /// The fields that the file itself has.
    pub fn own_fields(&self) -> &[SourceField] {
        let joined: usize = self.joins.iter().map(|join| join.columns.len()).sum();
        self.fields.get(..self.fields.len().saturating_sub(joined)).unwrap_or_default()
    }
}

/// Columns of another file, put behind those of each row where a column of both has the same value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Join {
    /// The name of a file in the folder of the one that is cut.
    pub file: String,
    /// The column whose value finds the row, by its native name: of the file that is cut, or of a join before.
    pub key: String,
    /// The column of this file that has the same value; mostly it has the same name.
    pub other_key: String,
    /// The columns that are taken, by their native names.
    pub columns: Vec<String>,
}

/// How a file is cut into records and a record is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Format {
    /// One JSON object a record; in a file, the array at this path (`results`, `a.b`), or at the top where empty.
    Json {
        records: Vec<String>,
    },
    /// One JSON object a line.
    JsonLines,
    Delimited(Delimited),
    /// One element of this name a record; its children by name are the fields, attributes as `@name`, its own text as
    /// `#text`.
    Xml {
        record: String,
    },
    /// One Avro datum a record, Confluent-framed or bare; a file is an object container file.
    Avro,
}

/// CSV, TSV and their like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delimited {
    pub delimiter: u8,
    /// TSV without quotes, where `\t`, `\n`, `\r` and `\\` stand for themselves.
    pub backslash_escapes: bool,
    /// The line of the header, from 1; lines before it are titles. 0: the file has none.
    pub header_line: usize,
    /// Lines behind the last record that are none, blank ones not counted.
    pub footer_lines: usize,
    pub rows: Rows,
}

/// Which rows make one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rows {
    /// Each row by itself.
    Single,
    /// Neighbouring rows with the same value in this field; the record is `{ rows: [ … ] }`.
    Group { field: String },
    /// A row and those after it in which all these fields are empty; the record is `{ rows: [ … ] }`.
    Continuation { empty: Vec<String> },
}

/// The text encoding of a file and of each record's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    Utf8,
    /// ISO-8859-1 as the WHATWG reads it.
    Windows1252,
}

impl Encoding {
    /// What bytes in it say; what is none of its letters becomes U+FFFD.
    pub fn text(self, bytes: &[u8]) -> std::borrow::Cow<'_, str> {
        match self {
            Self::Utf8 => String::from_utf8_lossy(bytes),
            Self::Windows1252 => encoding_rs::WINDOWS_1252.decode_without_bom_handling(bytes).0,
        }
    }
}

/// A field of a source schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceField {
    /// Its name in mappings: the Avro name.
    pub name: String,
    /// Its name in the native format: the property `native`, or the Avro name.
    pub native: String,
    pub of: SourceType,
    /// True for a union with null: an empty cell, an absent element or an absent key reads as null.
    pub nullable: bool,
    /// True where the source writes values of several types, a text among them. A mapping sees one all the same: of a
    /// text, numbers and booleans are read as the text that they are; of a list, one value is a list of one.
    pub several: bool,
    /// The texts that stand for nothing, such as `N/A`: they read as an empty cell does.
    pub absent: Arc<[String]>,
}

/// The type of a field; recursive schemas are refused, so a tree holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceType {
    Boolean,
    /// Avro int and long.
    Integer,
    /// Avro float and double.
    Double,
    /// Avro string and enum.
    Text,
    Bytes,
    Array(Box<SourceField>),
    Map(Box<SourceField>),
    Record(Vec<SourceField>),
}
