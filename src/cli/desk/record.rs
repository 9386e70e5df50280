//! A desk's record as JSON: made of the event that is in force, changed field by field, checked for fields that a desk
//! does not know.

use serde_json::{Map, Value};

use crate::model::event::InfractionEvent;
use crate::platform::definition::{SourceField, SourceType};
use crate::schema::json;

/// What Comity adds to an event, and what a desk's record does not state.
const NOT_STATED: [&str; 8] =
    ["revision", "mode", "origin", "platform", "reported_at", "provenance", "subject_dropped", "text_dropped"];

/// The record that states this event again.
pub(super) fn of_event(event: &InfractionEvent) -> Value {
    let mut record = json::event(event);
    tidy(&mut record);
    if let Some(identifiers) = record.pointer_mut("/subject/identifiers").and_then(Value::as_array_mut) {
        // A platform's own numbers are its own; without one the case keeps the organisation that it has.
        identifiers.retain(|identifier| !identifier["scheme"].as_str().is_some_and(|scheme| scheme.contains('/')));
    }
    record
}

/// Takes what Comity adds out, and makes texts of dates, so that what `comity map` prints can be given back.
pub(super) fn tidy(record: &mut Value) {
    let Some(object) = record.as_object_mut() else { return };
    for name in NOT_STATED {
        object.remove(name);
    }
    for name in ["decided", "occurred"] {
        if let Some(text) = object.get(name).and_then(Value::as_object).and_then(date) {
            object.insert(name.to_owned(), Value::String(text));
        }
    }
    let identifiers = object.get_mut("subject").and_then(|subject| subject.get_mut("identifiers"));
    for identifier in identifiers.and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(identifier) = identifier.as_object_mut() {
            identifier.remove("trust");
            identifier.remove("text");
        }
    }
}

/// As much of a date as it states.
fn date(dated: &Map<String, Value>) -> Option<String> {
    let day = dated.get("date")?.as_str()?;
    let length = match dated.get("precision").and_then(Value::as_str) {
        Some("YEAR") => 4,
        Some("MONTH") => 7,
        Some(_) | None => day.len(),
    };
    day.get(..length).map(str::to_owned)
}

/// Puts a value at a path such as `infraction.title` or `products.0.name`.
///
/// A text stays one unless a number stood there before; a list, an object, a text in quotes and null are JSON.
///
/// # Errors
/// One line why it cannot be put there.
pub(super) fn set(record: &mut Value, assignment: &str) -> Result<(), String> {
    let (path, text) = assignment.split_once('=').ok_or("write it as FIELD=VALUE")?;
    let mut place = record;
    for step in path.split('.') {
        place = match place {
            Value::Array(items) => {
                let index: usize = step.parse().map_err(|_| format!("`{step}` is no place in a list"))?;
                let count = items.len();
                items.get_mut(index).ok_or_else(|| format!("the list has {count} elements, from 0"))?
            }
            Value::Object(object) => object.entry(step).or_insert(Value::Null),
            Value::Null => {
                *place = Value::Object(Map::new());
                let Value::Object(object) = place else { return Err("cannot be reached".to_owned()) };
                object.entry(step).or_insert(Value::Null)
            }
            Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                return Err(format!("there is nothing below it at `{step}`"));
            }
        };
    }
    let json = place.is_number() || text == "null" || text.starts_with(['[', '{', '"']);
    *place = if json {
        serde_json::from_str(text).map_err(|_| "the value is no JSON".to_owned())?
    } else {
        Value::String(text.to_owned())
    };
    Ok(())
}

/// The path of a field that the desk's schema lacks.
pub(super) fn unknown_field(record: &Value, fields: &[SourceField]) -> Option<String> {
    record.as_object()?.iter().find_map(|(name, value)| {
        let Some(field) = fields.iter().find(|field| field.native == *name) else { return Some(name.clone()) };
        unknown_below(value, &field.of).map(|below| format!("{name}.{below}"))
    })
}

fn unknown_below(value: &Value, of: &SourceType) -> Option<String> {
    match of {
        SourceType::Record(fields) => unknown_field(value, fields),
        SourceType::Array(item) => {
            let mut items = value.as_array()?.iter().enumerate();
            items.find_map(|(place, value)| Some(format!("{place}.{}", unknown_below(value, &item.of)?)))
        }
        SourceType::Boolean
        | SourceType::Integer
        | SourceType::Double
        | SourceType::Text
        | SourceType::Bytes
        | SourceType::Map(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::set;
    use serde_json::{Value, json};

    #[test]
    fn fields_are_set_by_their_path() {
        let check = |assignment: &str, expect: Result<Value, &str>| {
            let mut record = json!({ "a": { "b": "x", "n": 1 }, "l": [{ "c": "y" }] });
            match expect {
                Ok(expect) => {
                    set(&mut record, assignment).unwrap();
                    assert_eq!(record, expect, "{assignment}");
                }
                Err(why) => assert!(set(&mut record, assignment).unwrap_err().contains(why), "{assignment}"),
            }
        };
        check("a.b=z", Ok(json!({ "a": { "b": "z", "n": 1 }, "l": [{ "c": "y" }] })));
        check("a.b=12", Ok(json!({ "a": { "b": "12", "n": 1 }, "l": [{ "c": "y" }] })));
        check("a.n=12", Ok(json!({ "a": { "b": "x", "n": 12 }, "l": [{ "c": "y" }] })));
        check("l.0.c=x=y", Ok(json!({ "a": { "b": "x", "n": 1 }, "l": [{ "c": "x=y" }] })));
        check("l=[]", Ok(json!({ "a": { "b": "x", "n": 1 }, "l": [] })));
        check("a=null", Ok(json!({ "a": null, "l": [{ "c": "y" }] })));
        check("d.e.f=z", Ok(json!({ "a": { "b": "x", "n": 1 }, "l": [{ "c": "y" }], "d": { "e": { "f": "z" } } })));
        check("a.n=many", Err("no JSON"));
        check("l.1.c=z", Err("1 elements"));
        check("a.b.c=z", Err("nothing below"));
        check("a", Err("FIELD=VALUE"));
    }
}
