//! Tables and schemes: `code`, `code_list`, `org_id`.

use std::sync::Arc;

use vrl::compiler::function::ArgumentList;
use vrl::compiler::state::TypeState;
use vrl::compiler::value::kind;
use vrl::compiler::{Expression, Parameter, Resolved};
use vrl::value::kind::{Collection, Field};
use vrl::value::{Kind, ObjectMap, Value};

use super::lookup::{ENTRIES_MAX, Table};
use super::{Apply, Call, CallError, Knowledge, SCALAR, as_text, literal_text, literal_texts, refuse, stated};
use crate::model::rejection::Reason;
use crate::platform::nearest;
use crate::platform::read::suggestion;
use crate::schema::identifiers;

pub(super) const CALLS: &[Call] = &[
    Call {
        name: "code",
        gives: "The code of a table [codes.…]. A value that the table lacks rejects the record, unless `otherwise` is given.",
        example: "code(\"level\", .level)",
        parameters: &[
            Parameter::required("table", kind::BYTES, "A table of [codes]."),
            Parameter::required("value", SCALAR | kind::BOOLEAN, "What the source says."),
            Parameter::optional("otherwise", kind::BYTES | kind::NULL, "What an unknown value gives."),
        ],
        block: false,
        compile: code,
    },
    Call {
        name: "code_list",
        gives: "The codes of a list, without doubles. One entry that the table lacks rejects the record, or with `otherwise` makes that the whole result.",
        example: "code_list(\"level\", .words, [\",\", \";\"])",
        parameters: &[
            Parameter::required("table", kind::BYTES, "A table of [codes]."),
            Parameter::required("text", SCALAR | kind::ARRAY, "What the source lists."),
            Parameter::required("separators", kind::BYTES | kind::ARRAY, "What stands between two entries."),
            Parameter::optional("otherwise", kind::ARRAY | kind::NULL, "What a list with an unknown entry gives."),
        ],
        block: false,
        compile: code_list,
    },
    Call {
        name: "org_id",
        gives: "An identifier, or null for a blank value. `comity platform schemes` lists the schemes; a platform can declare its own.",
        example: "org_id(\"lei\", .number)",
        parameters: &[
            Parameter::required("scheme", kind::BYTES, "The scheme."),
            Parameter::required("value", SCALAR, "The number."),
            Parameter::optional("register", kind::BYTES, "The register."),
        ],
        block: false,
        compile: org_id,
    },
];

fn table(knowledge: &Knowledge, state: &TypeState, arguments: &ArgumentList) -> Result<Arc<Table>, CallError> {
    let name = literal_text(arguments, "table", state)?.unwrap_or_default();
    knowledge.tables.get(&name).map(Arc::clone).ok_or_else(|| {
        let help = if knowledge.tables.is_empty() {
            format!("write [codes.{name}] into platform.toml")
        } else {
            suggestion(&name, knowledge.tables.keys().map(String::as_str))
        };
        CallError::new(format!("platform.toml has no table [codes.{name}]"), help)
    })
}

fn code(knowledge: &Knowledge, state: &TypeState, arguments: &ArgumentList) -> Result<Box<dyn Expression>, CallError> {
    let table = table(knowledge, state, arguments)?;
    let otherwise = arguments.optional("otherwise");
    let strict = otherwise.is_none();
    let work = move |value: Value, otherwise: Value| {
        let text = if let Value::Boolean(flag) = value { Value::from(flag.to_string()) } else { value };
        let Some(text) = stated(&text) else { return Ok(Value::Null) };
        match table.code(&text) {
            Some("") => Ok(Value::Null),
            Some(code) => Ok(Value::from(code)),
            None if strict => Err(refuse(Reason::UnknownCode)),
            None => Ok(otherwise),
        }
    };
    Ok(Apply::two(arguments.required("value"), otherwise, Kind::bytes().or_null(), work))
}

fn code_list(
    knowledge: &Knowledge,
    state: &TypeState,
    arguments: &ArgumentList,
) -> Result<Box<dyn Expression>, CallError> {
    let table = table(knowledge, state, arguments)?;
    let separators = literal_texts(arguments, "separators", state)?;
    if separators.is_empty() || separators.iter().any(String::is_empty) {
        return Err(CallError::new("a separator is empty", "write what stands between two entries, such as \",\""));
    }
    let otherwise = arguments.optional("otherwise");
    let strict = otherwise.is_none();
    let mut kind = Kind::array(Collection::from_unknown(Kind::bytes()));
    if let Some(otherwise) = &otherwise {
        kind = kind.union(otherwise.type_info(state).result.kind().clone());
    }
    let work = move |value: Value, otherwise: Value| match listed(&table, &value, &separators) {
        Some(codes) => Ok(Value::Array(codes.into_iter().map(Value::from).collect())),
        None if strict => Err(refuse(Reason::UnknownCode)),
        None => Ok(otherwise),
    };
    Ok(Apply::two(arguments.required("text"), otherwise, kind, work))
}

/// The codes of a text or of a list of texts.
fn listed<'t>(table: &'t Table, value: &Value, separators: &[String]) -> Option<Vec<&'t str>> {
    let Value::Array(items) = value else {
        return stated(value).map_or(Some(Vec::new()), |text| table.list(&text, separators));
    };
    if items.len() > ENTRIES_MAX {
        return None;
    }
    let mut codes: Vec<&str> = Vec::new();
    for item in items {
        let Some(text) = stated(item) else { continue };
        let code = table.code(&text)?;
        if !code.is_empty() && !codes.contains(&code) {
            codes.push(code);
        }
    }
    Some(codes)
}

/// The scheme that a wrong name most likely meant: one that is written alike, or holds it as a part as `fr-siren` does.
fn near<'s>(name: &str, own: &'s [String]) -> Option<&'s str> {
    let table = || identifiers::schemes().iter().map(|known| known.name.as_str());
    let part = |known: &&str| name.len() > 2 && known.split('-').any(|part| part.eq_ignore_ascii_case(name));
    table().find(part).or_else(|| nearest::of(name, own.iter().map(String::as_str).chain(table())))
}

/// The kind of an identifier.
pub(crate) fn identifier_kind() -> Kind {
    let fields = [
        (Field::from("scheme"), Kind::bytes()),
        (Field::from("value"), Kind::bytes()),
        (Field::from("register"), Kind::bytes().or_null()),
    ];
    Kind::object(Collection::from(fields.into_iter().collect::<std::collections::BTreeMap<_, _>>()))
}

fn org_id(
    knowledge: &Knowledge,
    state: &TypeState,
    arguments: &ArgumentList,
) -> Result<Box<dyn Expression>, CallError> {
    let scheme = literal_text(arguments, "scheme", state)?.unwrap_or_default();
    let scheme = if knowledge.schemes.contains(&scheme) {
        format!("{}/{scheme}", knowledge.platform)
    } else if identifiers::scheme(&scheme).is_some() {
        scheme
    } else {
        let help = match near(&scheme, &knowledge.schemes) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "take one of `comity platform schemes`, or declare [schemes.…] in platform.toml".to_owned(),
        };
        return Err(CallError::new(format!("`{scheme}` is no identifier scheme"), help));
    };
    let work = move |value: Value, register: Value| -> Resolved {
        let Some(number) = stated(&value) else { return Ok(Value::Null) };
        let mut identifier = ObjectMap::new();
        identifier.insert("scheme".into(), Value::from(scheme.as_str()));
        identifier.insert("value".into(), Value::from(number.as_ref()));
        if as_text(&register).is_some() {
            identifier.insert("register".into(), register);
        }
        Ok(Value::Object(identifier))
    };
    let kind = identifier_kind().or_null();
    Ok(Apply::two(arguments.required("value"), arguments.optional("register"), kind, work))
}
