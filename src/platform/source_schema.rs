//! A source schema: an Avro record that says what a platform promises, whatever its format.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value as Json;
use vrl::value::Kind;
use vrl::value::kind::{Collection, Field};

use super::code;
use super::definition::{Format, SourceField, SourceType};
use super::written::Text;
use crate::model::limit;
use crate::model::problem::Problem;

/// Fields of one source schema, those of named types counted where they are used.
const FIELDS_MAX: usize = 4_000;

/// Reads the fields of a source schema in a format; what could be read is given along with the problems.
pub(super) fn read(file: &Text, format: &Format, absent: &[String], problems: &mut Vec<Problem>) -> Vec<SourceField> {
    let json: Json = match serde_json::from_str(&file.text) {
        Ok(json) => json,
        Err(error) => {
            let at = offset_of(&file.text, error.line(), error.column());
            let why = "the schema is no JSON".to_owned();
            problems.push(file.problem(code::SCHEMA, at..at + 1, why, "write an Avro record as JSON"));
            return Vec::new();
        }
    };
    // Columns are known by their places, so a file may call several alike, or nothing.
    let by_place = matches!(format, Format::Delimited(_));
    let (named, open, problems_found) = (BTreeMap::new(), Vec::new(), Vec::new());
    let mut reader = Reader { file, by_place, absent: absent.into(), named, open, fields: 0, problems: problems_found };
    let read = reader.type_of(&json, 0);
    let fields = match read {
        Some(Typed { of: SourceType::Record(fields), nullable: false, .. }) => fields,
        Some(_) => {
            reader.refuse(code::SCHEMA, "record", "the schema is no record", "its top must be an Avro record");
            Vec::new()
        }
        None => Vec::new(),
    };
    if reader.problems.is_empty() {
        // The second opinion: names, defaults and namespaces are checked by the library that others read with.
        if let Err(error) = apache_avro::Schema::parse(&json) {
            let why = format!("the schema is no valid Avro: {}", error.to_string().replace('\n', " "));
            problems.push(Problem::new(code::SCHEMA, file.name.clone(), why, "correct it as Avro 1.12 wants it"));
        }
    }
    reader.fill(&fields, format);
    problems.append(&mut reader.problems);
    fields
}

/// The byte of a line and column, both from 1.
fn offset_of(text: &str, line: usize, column: usize) -> usize {
    let start: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    (start + column.saturating_sub(1)).min(text.len().saturating_sub(1))
}

/// What a schema says of a value.
struct Typed {
    of: SourceType,
    /// True for a union with null.
    nullable: bool,
    /// True for a union of several other types.
    several: bool,
}

impl From<SourceType> for Typed {
    fn from(of: SourceType) -> Self {
        Self { of, nullable: false, several: false }
    }
}

struct Reader<'a> {
    file: &'a Text,
    by_place: bool,
    /// What `absent` of the source says.
    absent: Arc<[String]>,
    /// The named types read so far.
    named: BTreeMap<String, SourceType>,
    /// The records that are being read, outermost first: a name among them is a recursion.
    open: Vec<String>,
    fields: usize,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    /// The type of a schema.
    fn type_of(&mut self, json: &Json, depth: usize) -> Option<Typed> {
        if depth > limit::RECORD_DEPTH_MAX {
            let help = format!("at most {} levels are taken", limit::RECORD_DEPTH_MAX);
            self.refuse(code::SCHEMA_TYPE, "", "the schema is nested too deeply", help);
            return None;
        }
        match json {
            Json::String(name) => self.by_name(name).map(Typed::from),
            Json::Array(branches) => self.union(branches, depth),
            Json::Object(object) => match object.get("type") {
                Some(Json::String(_)) if object.get("logicalType").and_then(Json::as_str) == Some("decimal") => {
                    let why = "a decimal is a type that is not read";
                    let help = "write the amount as a string, or as a long of minor units";
                    self.refuse(code::SCHEMA_TYPE, "decimal", why, help);
                    None
                }
                Some(Json::String(name)) => self.complex(name, json, depth).map(Typed::from),
                Some(inner) => self.type_of(inner, depth + 1),
                None => {
                    self.refuse(code::SCHEMA, "", "a schema has no `type`", "give each schema its Avro type");
                    None
                }
            },
            Json::Null | Json::Bool(_) | Json::Number(_) => {
                self.refuse(code::SCHEMA, "", "a type is neither a name, a union nor an object", "write an Avro type");
                None
            }
        }
    }

    fn by_name(&mut self, name: &str) -> Option<SourceType> {
        let simple = match name {
            "boolean" => SourceType::Boolean,
            "int" | "long" => SourceType::Integer,
            "float" | "double" => SourceType::Double,
            "string" => SourceType::Text,
            "bytes" => SourceType::Bytes,
            _ => return self.named_type(name),
        };
        Some(simple)
    }

    fn named_type(&mut self, name: &str) -> Option<SourceType> {
        let short = name.rsplit('.').next().unwrap_or(name);
        if self.open.iter().any(|open| open == short) {
            let why = format!("the record `{short}` contains itself");
            self.refuse(code::RECURSIVE, short, why, "write out the levels that the source really has");
            return None;
        }
        let found = self.named.get(short).cloned();
        if found.is_none() {
            let help = "use boolean, int, long, float, double, string, bytes, enum, array, map, record, or a union of one with null";
            self.refuse(code::SCHEMA_TYPE, name, format!("`{name}` is no type that a source can have"), help);
        }
        if let Some(SourceType::Record(fields)) = &found {
            self.count(fields.len());
        }
        found
    }

    /// A union of one type with null; or of several that are read as one: texts with numbers and booleans, and with
    /// lists of them.
    fn union(&mut self, branches: &[Json], depth: usize) -> Option<Typed> {
        let nullable = branches.iter().any(|branch| branch.as_str() == Some("null"));
        let others = branches.iter().filter(|branch| branch.as_str() != Some("null"));
        let read = others.map(|branch| self.type_of(branch, depth + 1)).collect::<Option<Vec<_>>>()?;
        match <[Typed; 1]>::try_from(read) {
            Ok([only]) => return Some(Typed { nullable: nullable || only.nullable, ..only }),
            Err(several) => {
                if let Some(of) = widest(several) {
                    return Some(Typed { of, nullable, several: true });
                }
            }
        }
        let help = "write a union of one type with null, or of string with numbers, booleans or an array of strings";
        self.refuse(code::SCHEMA_TYPE, "", "a union is neither of one type with null nor of texts", help);
        None
    }

    fn complex(&mut self, kind: &str, json: &Json, depth: usize) -> Option<SourceType> {
        match kind {
            "record" => self.record(json, depth),
            "enum" => {
                self.name_it(json, SourceType::Text);
                Some(SourceType::Text)
            }
            "array" => self.element(json, "items", depth).map(|item| SourceType::Array(Box::new(item))),
            "map" => self.element(json, "values", depth).map(|item| SourceType::Map(Box::new(item))),
            name => self.by_name(name),
        }
    }

    fn element(&mut self, json: &Json, key: &str, depth: usize) -> Option<SourceField> {
        let Some(inner) = json.get(key) else {
            let why = format!("an array or map has no `{key}`");
            self.refuse(code::SCHEMA, "", why, "give it the type of its elements");
            return None;
        };
        let Typed { of, nullable, several } = self.type_of(inner, depth + 1)?;
        let (name, native) = (key.to_owned(), key.to_owned());
        Some(SourceField { name, native, of, nullable, several, absent: self.absent.clone() })
    }

    fn record(&mut self, json: &Json, depth: usize) -> Option<SourceType> {
        let name = json.get("name").and_then(Json::as_str).unwrap_or_default();
        let short = name.rsplit('.').next().unwrap_or(name).to_owned();
        let Some(Json::Array(written)) = json.get("fields") else {
            self.refuse(code::SCHEMA, name, format!("the record `{name}` has no fields"), "give it a list `fields`");
            return None;
        };
        self.count(written.len());
        if self.fields > FIELDS_MAX {
            return None;
        }
        self.open.push(short);
        let fields: Vec<SourceField> = written.iter().filter_map(|field| self.field(field, depth)).collect();
        self.open.pop();
        self.unique(&fields);
        let record = SourceType::Record(fields);
        self.name_it(json, record.clone());
        Some(record)
    }

    fn field(&mut self, json: &Json, depth: usize) -> Option<SourceField> {
        let Some(name) = json.get("name").and_then(Json::as_str) else {
            self.refuse(code::SCHEMA, "", "a field has no name", "give each field its name");
            return None;
        };
        let native = match json.get("native") {
            None => name,
            Some(Json::String(native)) => native,
            Some(_) => {
                self.refuse(
                    code::SCHEMA_FIELD,
                    name,
                    format!("`native` of `{name}` is no text"),
                    "write the source's name",
                );
                name
            }
        };
        let Some(written) = json.get("type") else {
            self.refuse(code::SCHEMA, name, format!("the field `{name}` has no type"), "give each field its type");
            return None;
        };
        let Typed { of, nullable, several } = self.type_of(written, depth + 1)?;
        Some(SourceField {
            name: name.to_owned(),
            native: native.to_owned(),
            of,
            nullable,
            several,
            absent: self.absent.clone(),
        })
    }

    fn unique(&mut self, fields: &[SourceField]) {
        for (place, field) in fields.iter().enumerate() {
            let earlier = fields.get(..place).unwrap_or_default();
            let same =
                |other: &SourceField| other.name == field.name || (other.native == field.native && !self.by_place);
            if earlier.iter().any(same) {
                let why = format!("two fields are called `{}`", field.native);
                self.refuse(code::SCHEMA_FIELD, &field.name, why, "give each field its own name and its own `native`");
            }
        }
    }

    /// Refuses each field whose type the format cannot fill: its records would all be refused.
    fn fill(&mut self, fields: &[SourceField], format: &Format) {
        for field in fields {
            let inner = match &field.of {
                SourceType::Array(item) | SourceType::Map(item) => std::slice::from_ref(&**item),
                SourceType::Record(fields) => fields.as_slice(),
                SourceType::Boolean
                | SourceType::Integer
                | SourceType::Double
                | SourceType::Text
                | SourceType::Bytes => &[],
            };
            match misfit(field, format) {
                Some((why, help)) => {
                    let why = format!("`{}` {why}", field.name);
                    self.refuse(code::SCHEMA_TYPE, &field.name, why, help);
                }
                None => self.fill(inner, format),
            }
        }
    }

    fn name_it(&mut self, json: &Json, of: SourceType) {
        if let Some(name) = json.get("name").and_then(Json::as_str) {
            self.named.insert(name.rsplit('.').next().unwrap_or(name).to_owned(), of);
        }
    }

    fn count(&mut self, fields: usize) {
        let before = self.fields;
        self.fields += fields;
        if before <= FIELDS_MAX && self.fields > FIELDS_MAX {
            let help = format!("at most {FIELDS_MAX} are taken");
            self.refuse(code::SCHEMA_TYPE, "", "the schema has too many fields", help);
        }
    }

    /// Notes a problem at the last place where the word stands in quotes, since JSON values know no places.
    fn refuse(&mut self, code: &'static str, word: &str, why: impl Into<String>, help: impl Into<String>) {
        let quoted = format!("\"{word}\"");
        let at = self.file.text.rfind(&quoted).filter(|_| !word.is_empty());
        let range = at.map_or(0..1, |start| start..start + quoted.len());
        self.problems.push(self.file.problem(code, range, why, help));
    }
}

/// The type that values of all these are read as: a text, or a list of texts; `None` where no type holds them.
fn widest(several: Vec<Typed>) -> Option<SourceType> {
    let (mut list, mut text, mut other) = (None, false, false);
    for Typed { of, .. } in several {
        match of {
            SourceType::Text => text = true,
            SourceType::Boolean | SourceType::Integer | SourceType::Double => other = true,
            SourceType::Array(item) if item.of == SourceType::Text && list.is_none() => list = Some(item),
            SourceType::Array(_) | SourceType::Map(_) | SourceType::Record(_) | SourceType::Bytes => return None,
        }
    }
    match list {
        Some(item) if text || other => {
            let several = item.several || other;
            Some(SourceType::Array(Box::new(SourceField { several, ..*item })))
        }
        None if text => Some(SourceType::Text),
        Some(_) | None => None,
    }
}

/// Why a format cannot fill a type, and what can be done; `None` where it can.
fn misfit(field: &SourceField, format: &Format) -> Option<(&'static str, &'static str)> {
    match (format, &field.of) {
        (Format::Delimited(_) | Format::Xml { .. } | Format::Avro, _) if field.several => {
            let help = "declare one type: where all is text a string, of elements that stand several times an array";
            Some(("is a union of several types, and only JSON has such values", help))
        }
        (Format::Delimited(_), SourceType::Array(_) | SourceType::Map(_) | SourceType::Record(_)) => {
            Some(("is no single value, and a cell holds one", "declare a string, and take it apart in the mapping"))
        }
        (Format::Xml { .. }, SourceType::Map(_)) => {
            Some(("is a map, and XML knows no keys", "declare a record with the children's names"))
        }
        (Format::Json { .. } | Format::JsonLines, SourceType::Bytes) => {
            Some(("is of bytes, and JSON knows texts only", "declare a string"))
        }
        (Format::Json { .. } | Format::JsonLines | Format::Xml { .. } | Format::Delimited(_) | Format::Avro, _) => None,
    }
}

/// The type of a mapping's input: the record itself, or the rows that make one.
pub(super) fn input_kind(fields: &[SourceField], rows: bool) -> Kind {
    let record = record_kind(fields);
    if !rows {
        return record;
    }
    let list = Kind::array(Collection::from_unknown(record));
    Kind::object(Collection::from(BTreeMap::from([(Field::from("rows"), list)])))
}

/// The fields of a mapping's input: those of the record, or `rows` around them.
pub(super) fn input_fields(fields: &[SourceField], rows: bool) -> Vec<SourceField> {
    if !rows {
        return fields.to_vec();
    }
    let row = SourceField {
        name: "items".to_owned(),
        native: "items".to_owned(),
        of: SourceType::Record(fields.to_vec()),
        nullable: false,
        several: false,
        absent: Arc::default(),
    };
    let list = SourceType::Array(Box::new(row));
    let (name, native) = ("rows".to_owned(), "rows".to_owned());
    vec![SourceField { name, native, of: list, nullable: false, several: false, absent: Arc::default() }]
}

fn record_kind(fields: &[SourceField]) -> Kind {
    let known: BTreeMap<Field, Kind> =
        fields.iter().map(|field| (Field::from(field.name.as_str()), field_kind(field))).collect();
    Kind::object(Collection::from(known))
}

fn field_kind(field: &SourceField) -> Kind {
    let kind = match &field.of {
        SourceType::Boolean => Kind::boolean(),
        SourceType::Integer => Kind::integer(),
        SourceType::Double => Kind::float(),
        SourceType::Text | SourceType::Bytes => Kind::bytes(),
        SourceType::Array(item) => Kind::array(Collection::from_unknown(field_kind(item))),
        SourceType::Map(item) => Kind::object(Collection::from_unknown(field_kind(item))),
        SourceType::Record(fields) => record_kind(fields),
    };
    if field.nullable { kind.or_null() } else { kind }
}
