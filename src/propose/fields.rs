//! The fields of a proposed source schema, and the places of a record that a mapping can read.

use serde_json::{Value as Json, json};

use super::seen::Seen;
use super::{names, words};
use crate::model::limit::RECORD_DEPTH_MAX;

/// A field of the proposed schema.
#[derive(Debug)]
pub(super) struct Field<'s> {
    /// Its name in Avro and in the mapping.
    pub(super) name: String,
    pub(super) of: Of<'s>,
    pub(super) nullable: bool,
    pub(super) seen: &'s Seen,
    /// True where its name says that it tells of a natural person.
    pub(super) person: bool,
}

/// What a field holds.
#[derive(Debug)]
pub(super) enum Of<'s> {
    Boolean,
    Integer,
    Double,
    Text,
    Array(Box<Field<'s>>),
    Record(Vec<Field<'s>>),
}

/// How the fields of a format are proposed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// Every column must be listed, and holds text.
    Rows,
    /// What is not listed is passed over; whatever stands in an element is text.
    Xml,
    Json,
    /// The file's own schema is taken; names are its names.
    Avro,
}

/// What was left out of the schema, one line each.
pub(super) type LeftOut = Vec<String>;

/// The fields of an object.
pub(super) fn of<'s>(seen: &'s Seen, style: Style, left_out: &mut LeftOut) -> Vec<Field<'s>> {
    inside(seen, style, 1, left_out)
}

fn inside<'s>(seen: &'s Seen, style: Style, depth: usize, left_out: &mut LeftOut) -> Vec<Field<'s>> {
    let natives = seen.fields.iter().map(|field| field.native.as_str());
    let names: Vec<String> = match style {
        Style::Avro => natives.map(str::to_owned).collect(),
        Style::Rows | Style::Xml | Style::Json => names::of(natives),
    };
    let mut fields = Vec::new();
    for (field, name) in seen.fields.iter().zip(names) {
        let person = words::may_name_a_person(&words::split(&field.native), &field.native);
        if person && matches!(style, Style::Json | Style::Xml) {
            left_out.push(format!("`{}`: its name says that it tells of a natural person", field.native));
            continue;
        }
        if field.present() == 0 && style == Style::Json {
            left_out.push(format!("`{}`: it has no value in the sample, so nobody knows its type", field.native));
            continue;
        }
        match one(field, name, style, depth, left_out) {
            Some(made) => fields.push(Field { person, ..made }),
            None => {
                let union = r#"["null", "string", "double", {"type": "array", "items": "string"}]"#;
                left_out.push(format!(
                    "`{}`: it is of several types, or holds what no schema can say; a union such as {union} takes texts, \
                     numbers and lists of them",
                    field.native
                ))
            }
        }
    }
    fields
}

fn one<'s>(seen: &'s Seen, name: String, style: Style, depth: usize, left_out: &mut LeftOut) -> Option<Field<'s>> {
    if depth >= RECORD_DEPTH_MAX || seen.large > 0 {
        return None;
    }
    let numbers = seen.integers + seen.doubles;
    let kinds = [seen.texts, numbers, seen.booleans, seen.lists, seen.objects];
    let several = kinds.iter().filter(|count| **count > 0).count() > 1;
    let of = if several {
        return None;
    } else if numbers > 0 {
        if seen.doubles > 0 { Of::Double } else { Of::Integer }
    } else if seen.booleans > 0 {
        Of::Boolean
    } else if seen.lists > 0 {
        let item = seen.item.as_deref();
        match item {
            Some(item) if item.present() > 0 => {
                Of::Array(Box::new(one(item, "items".to_owned(), style, depth + 1, left_out)?))
            }
            // Nobody knows what a list holds of which no item was seen.
            Some(_) | None => return None,
        }
    } else if seen.objects > 0 && seen.keys_are_values() {
        return None;
    } else if seen.objects > 0 {
        let fields = inside(seen, style, depth + 1, left_out);
        if fields.is_empty() {
            return None;
        }
        Of::Record(fields)
    } else {
        Of::Text
    };
    // A list of XML that is absent is an empty one.
    let always = style == Style::Xml && matches!(of, Of::Array(_));
    // Of what is blank throughout nobody knows that it is ever given.
    let nullable = !always && (seen.may_be_absent() || seen.is_empty());
    Some(Field { name, of, nullable, seen, person: false })
}

/// The Avro schema of a record with these fields, as text in the house's layout: one field a line.
pub(super) fn schema(name: &str, doc: &str, fields: &[Field<'_>], docs: &dyn Fn(&Field<'_>) -> String) -> String {
    let mut record_names = Vec::new();
    let lines: Vec<String> = fields
        .iter()
        .map(|field| format!("    {}", spaced(&field_json(field, &[name], docs, &mut record_names))))
        .collect();
    format!(
        "{{\n  \"type\": \"record\",\n  \"name\": {},\n  \"doc\": {},\n  \"fields\": [\n{}\n  ]\n}}\n",
        json!(name),
        json!(doc),
        lines.join(",\n")
    )
}

fn field_json(field: &Field<'_>, path: &[&str], docs: &dyn Fn(&Field<'_>) -> String, taken: &mut Vec<String>) -> Json {
    let of = type_json(field, path, docs, taken);
    let of = if field.nullable { json!(["null", of]) } else { of };
    let mut object = serde_json::Map::new();
    object.insert("name".to_owned(), json!(field.name));
    if field.name != field.seen.native {
        object.insert("native".to_owned(), json!(field.seen.native));
    }
    object.insert("type".to_owned(), of);
    object.insert("doc".to_owned(), json!(docs(field)));
    Json::Object(object)
}

fn type_json(field: &Field<'_>, path: &[&str], docs: &dyn Fn(&Field<'_>) -> String, taken: &mut Vec<String>) -> Json {
    let inner = [path, &[field.name.as_str()]].concat();
    match &field.of {
        Of::Boolean => json!("boolean"),
        Of::Integer => json!("long"),
        Of::Double => json!("double"),
        Of::Text => json!("string"),
        Of::Array(item) => json!({ "type": "array", "items": item_json(item, &inner, docs, taken) }),
        Of::Record(fields) => {
            let mut name = names::record(&inner);
            while taken.contains(&name) {
                name.push('X');
            }
            taken.push(name.clone());
            let fields: Vec<Json> = fields.iter().map(|field| field_json(field, &inner, docs, taken)).collect();
            json!({ "type": "record", "name": name, "fields": fields })
        }
    }
}

fn item_json(item: &Field<'_>, path: &[&str], docs: &dyn Fn(&Field<'_>) -> String, taken: &mut Vec<String>) -> Json {
    let of = type_json(item, path, docs, taken);
    if item.nullable { json!(["null", of]) } else { of }
}

/// JSON on one line, with a blank behind each colon and comma.
fn spaced(json: &Json) -> String {
    match json {
        Json::Array(items) => format!("[{}]", items.iter().map(spaced).collect::<Vec<_>>().join(", ")),
        Json::Object(fields) => {
            let fields: Vec<String> =
                fields.iter().map(|(key, value)| format!("{}: {}", json!(key), spaced(value))).collect();
            format!("{{ {} }}", fields.join(", "))
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => json.to_string(),
    }
}

/// A place that a mapping can read as one value.
#[derive(Debug, Clone)]
pub(super) struct Leaf<'f> {
    /// How the mapping writes it: `.case_number`, `first.firm.name`, `.names[0]`.
    pub(super) path: String,
    /// The words of its name and of those around it.
    pub(super) words: Vec<String>,
    pub(super) native: &'f str,
    pub(super) seen: &'f Seen,
    pub(super) text: bool,
    /// True where it is the first of several.
    pub(super) of_list: bool,
    /// True where it, or what it stands in, may be missing.
    pub(super) absent: bool,
}

/// Every place with values, but for those that tell of persons; `start` is what stands before the first dot.
pub(super) fn leaves<'f>(fields: &'f [Field<'f>], start: &str) -> Vec<Leaf<'f>> {
    let mut leaves = Vec::new();
    let around = Around { path: start.to_owned(), words: Vec::new(), of_list: false, absent: false };
    for field in fields {
        leaf(field, &around, &mut leaves);
    }
    leaves
}

struct Around {
    path: String,
    words: Vec<String>,
    of_list: bool,
    absent: bool,
}

fn leaf<'f>(field: &'f Field<'f>, around: &Around, leaves: &mut Vec<Leaf<'f>>) {
    if field.person || field.seen.is_empty() {
        return;
    }
    let mut words = around.words.clone();
    words.extend(super::words::split(&field.seen.native));
    let path = format!("{}.{}", around.path, field.name);
    let absent = around.absent || field.nullable;
    match &field.of {
        Of::Array(item) => {
            let inner = Around { path: format!("{path}[0]"), words, of_list: true, absent: true };
            value(item, &field.seen.native, inner, leaves);
        }
        Of::Boolean | Of::Integer | Of::Double | Of::Text | Of::Record(_) => {
            value(field, &field.seen.native, Around { path, words, of_list: around.of_list, absent }, leaves);
        }
    }
}

/// A value at its own place: a leaf, or a record of more; an array in an array is passed over.
fn value<'f>(of: &'f Field<'f>, native: &'f str, at: Around, leaves: &mut Vec<Leaf<'f>>) {
    match &of.of {
        Of::Boolean | Of::Integer | Of::Double | Of::Text => {
            let Around { path, words, of_list, absent } = at;
            leaves.push(Leaf { path, words, native, seen: of.seen, text: matches!(of.of, Of::Text), of_list, absent });
        }
        Of::Record(fields) => fields.iter().for_each(|field| leaf(field, &at, leaves)),
        Of::Array(_) => {}
    }
}

impl Leaf<'_> {
    /// The value as a text.
    pub(super) fn as_text(&self) -> String {
        if self.text { format!("squeeze({})", self.path) } else { format!("to_string({})", self.path) }
    }

    /// How well its name fits a canonical field.
    pub(super) fn score(&self, field: &str) -> usize {
        words::score(field, &self.words, self.native)
    }
}
