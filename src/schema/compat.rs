//! Whether versions of a schema can read each other: `FULL_TRANSITIVE`, every version by every other.
//!
//! The rules are those of schema resolution in the Avro 1.12 specification, and three of Comity's own. A logical type
//! never changes, since a reader would take milliseconds for microseconds without noticing. Aliases count for
//! nothing, since not every library knows them. Names are written in full, and no schema holds itself.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// Depth to which types are compared; a schema that goes deeper holds itself.
const DEPTH_MAX: usize = 64;

/// Two versions of which one cannot read the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breach {
    /// The version that a record is written with.
    pub writer: String,
    /// The version that it is then read with.
    pub reader: String,
    /// The field where the two part, such as `Alert.organisation.identifiers[]`.
    pub path: String,
    /// One line: why.
    pub why: String,
}

/// Every breach among the versions of one schema, given as name and text, in any order.
pub fn full_transitive(versions: &[(&str, &str)]) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for (writer, written) in versions {
        for (reader, read) in versions {
            if writer != reader {
                let found = can_read(written, read).into_iter();
                breaches.extend(found.map(|(path, why)| Breach {
                    writer: (*writer).to_owned(),
                    reader: (*reader).to_owned(),
                    path,
                    why,
                }));
            }
        }
    }
    breaches
}

/// Why a reader of the second schema cannot read what was written with the first: paths with reasons, none where it
/// can.
pub fn can_read(writer: &str, reader: &str) -> Vec<(String, String)> {
    let (Ok(writer), Ok(reader)) = (serde_json::from_str(writer), serde_json::from_str(reader)) else {
        return vec![(String::new(), "a schema is no JSON".to_owned())];
    };
    let (writer, reader) = (Schema::new(&writer), Schema::new(&reader));
    let mut walk = Walk { writer: &writer, reader: &reader, path: Vec::new(), breaches: Vec::new() };
    walk.compare(writer.root, reader.root);
    walk.breaches
}

/// A schema with its named types.
struct Schema<'a> {
    root: &'a Value,
    names: BTreeMap<String, &'a Value>,
}

impl<'a> Schema<'a> {
    fn new(root: &'a Value) -> Self {
        let mut names = BTreeMap::new();
        collect(root, &mut names);
        Self { root, names }
    }

    /// What a type is; a name stands for the type that it names.
    fn resolve(&self, of: &'a Value) -> Option<Type<'a>> {
        let whole = match of {
            Value::String(name) => match self.names.get(name) {
                Some(named) => named,
                None => return Some(Type::Primitive { name, logical: None }),
            },
            Value::Array(branches) => return Some(Type::Union(branches)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => of,
        };
        let object = whole.as_object()?;
        match object.get("type")?.as_str()? {
            "record" => Some(Type::Record(object)),
            "enum" => Some(Type::Enum(object)),
            "fixed" => Some(Type::Fixed(object)),
            "array" => Some(Type::Array(object.get("items")?)),
            "map" => Some(Type::Map(object.get("values")?)),
            name => Some(Type::Primitive { name, logical: object.get("logicalType").and_then(Value::as_str) }),
        }
    }
}

/// Puts every named type of a schema under its full name.
fn collect<'a>(of: &'a Value, names: &mut BTreeMap<String, &'a Value>) {
    match of {
        Value::Array(branches) => branches.iter().for_each(|branch| collect(branch, names)),
        Value::Object(object) => {
            if let Some(name) = full_name(object) {
                names.insert(name, of);
            }
            let fields = object.get("fields").and_then(Value::as_array).into_iter().flatten();
            fields.filter_map(|field| field.get("type")).for_each(|inner| collect(inner, names));
            for inner in ["items", "values"].iter().filter_map(|key| object.get(*key)) {
                collect(inner, names);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The full name of a named type; `None` for any other.
fn full_name(object: &Map<String, Value>) -> Option<String> {
    let name = object.get("name")?.as_str()?;
    let namespace = object.get("namespace").and_then(Value::as_str).filter(|namespace| !namespace.is_empty());
    Some(namespace.map_or_else(|| name.to_owned(), |namespace| format!("{namespace}.{name}")))
}

/// What a schema says of one value.
#[derive(Clone, Copy)]
enum Type<'a> {
    Primitive { name: &'a str, logical: Option<&'a str> },
    Record(&'a Map<String, Value>),
    Enum(&'a Map<String, Value>),
    Fixed(&'a Map<String, Value>),
    Array(&'a Value),
    Map(&'a Value),
    Union(&'a [Value]),
}

impl Type<'_> {
    /// The word for this type in a reason.
    fn word(self) -> String {
        match self {
            Self::Primitive { name, logical: None } => name.to_owned(),
            Self::Primitive { name, logical: Some(logical) } => format!("{name} ({logical})"),
            Self::Record(object) | Self::Enum(object) | Self::Fixed(object) => full_name(object).unwrap_or_default(),
            Self::Array(_) => "array".to_owned(),
            Self::Map(_) => "map".to_owned(),
            Self::Union(_) => "union".to_owned(),
        }
    }
}

/// A walk through two schemas at once.
struct Walk<'a> {
    writer: &'a Schema<'a>,
    reader: &'a Schema<'a>,
    path: Vec<String>,
    breaches: Vec<(String, String)>,
}

impl<'a> Walk<'a> {
    fn breach(&mut self, why: String) {
        self.breaches.push((self.path.concat(), why));
    }

    /// Goes one step down, and back.
    fn inside(&mut self, step: String, writer: &'a Value, reader: &'a Value) {
        self.path.push(step);
        if self.path.len() > DEPTH_MAX {
            self.breach("the schema holds itself".to_owned());
        } else {
            self.compare(writer, reader);
        }
        self.path.pop();
    }

    fn compare(&mut self, writer: &'a Value, reader: &'a Value) {
        let (Some(written), Some(read)) = (self.writer.resolve(writer), self.reader.resolve(reader)) else {
            return self.breach("not a schema".to_owned());
        };
        match (written, read) {
            (Type::Union(branches), _) => branches.iter().for_each(|branch| self.compare(branch, reader)),
            (_, Type::Union(branches)) => self.find_branch(writer, written, branches),
            (Type::Primitive { .. }, Type::Primitive { .. }) if primitive_reads(written, read) => {}
            (Type::Record(from), Type::Record(to)) if full_name(from) == full_name(to) => self.record(from, to),
            (Type::Enum(from), Type::Enum(to)) if full_name(from) == full_name(to) => self.symbols(from, to),
            (Type::Fixed(from), Type::Fixed(to)) if full_name(from) == full_name(to) && same_fixed(from, to) => {}
            (Type::Array(from), Type::Array(to)) => self.inside("[]".to_owned(), from, to),
            (Type::Map(from), Type::Map(to)) => self.inside("{}".to_owned(), from, to),
            _ => self.breach(format!("{} cannot be read as {}", written.word(), read.word())),
        }
    }

    /// Compares a type with the branch of a union that is meant for it: the one of its name, else the first that can
    /// read it.
    fn find_branch(&mut self, writer: &'a Value, written: Type<'a>, branches: &'a [Value]) {
        let word = written.word();
        let same = branches.iter().find(|branch| self.reader.resolve(branch).is_some_and(|read| read.word() == word));
        if let Some(branch) = same {
            return self.compare(writer, branch);
        }
        let promoted = branches
            .iter()
            .any(|branch| self.reader.resolve(branch).is_some_and(|read| primitive_reads(written, read)));
        if !promoted {
            self.breach(format!("{word} is no branch of the union"));
        }
    }

    fn record(&mut self, writer: &'a Map<String, Value>, reader: &'a Map<String, Value>) {
        let written = fields(writer);
        for (name, field) in fields(reader) {
            let from = written.iter().find(|(known, _)| *known == name).and_then(|(_, field)| field.get("type"));
            match (from, field.get("type")) {
                (Some(from), Some(to)) => {
                    let dot = if self.path.is_empty() { "" } else { "." };
                    self.inside(format!("{dot}{name}"), from, to);
                }
                (None, Some(_)) if field.get("default").is_some() => {}
                (None, Some(_)) => self.breach(format!("{name} is not written and has no default")),
                (_, None) => self.breach(format!("{name} has no type")),
            }
        }
    }

    fn symbols(&mut self, writer: &Map<String, Value>, reader: &Map<String, Value>) {
        let known = texts(reader, "symbols");
        let fallback = reader.get("default").and_then(Value::as_str).is_some_and(|symbol| known.contains(&symbol));
        if !fallback {
            for symbol in texts(writer, "symbols").into_iter().filter(|symbol| !known.contains(symbol)) {
                self.breach(format!("{symbol} is no symbol of the reader, which has no default"));
            }
        }
    }
}

/// Whether a reader takes a primitive, promoted where the specification says so; a logical type must be the same.
fn primitive_reads(writer: Type<'_>, reader: Type<'_>) -> bool {
    let (Type::Primitive { name: from, logical: meant }, Type::Primitive { name: to, logical: taken }) =
        (writer, reader)
    else {
        return false;
    };
    let promoted =
        matches!((from, to), ("int", "long" | "float" | "double") | ("long", "float" | "double") | ("float", "double"))
            || matches!((from, to), ("string", "bytes") | ("bytes", "string"));
    meant == taken && (from == to || promoted)
}

/// Whether two fixed types have the same size and mean the same.
fn same_fixed(writer: &Map<String, Value>, reader: &Map<String, Value>) -> bool {
    ["size", "logicalType", "precision", "scale"].iter().all(|key| writer.get(*key) == reader.get(*key))
}

/// The fields of a record by name.
fn fields(record: &Map<String, Value>) -> Vec<(&str, &Value)> {
    let all = record.get("fields").and_then(Value::as_array).into_iter().flatten();
    all.filter_map(|field| Some((field.get("name")?.as_str()?, field))).collect()
}

/// A list of texts.
fn texts<'a>(object: &'a Map<String, Value>, key: &str) -> Vec<&'a str> {
    object.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
}
