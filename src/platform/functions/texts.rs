//! Texts: `squeeze`, `plain`, `capture`, `pad_left`, `pad_right`, `cut`, `required`, `digest`.

use std::borrow::Cow;
use std::fmt::Write as _;

use sha2::{Digest, Sha256};
use vrl::compiler::function::{ArgumentList, ConstOrExpr};
use vrl::compiler::state::TypeState;
use vrl::compiler::value::kind;
use vrl::compiler::{Expression, Parameter, Resolved};
use vrl::value::{Kind, Value};

use super::{Apply, Call, CallError, Knowledge, SCALAR, as_text, literal_number, literal_text, refuse, stated};
use crate::model::limit;
use crate::model::rejection::Reason;
use crate::platform::{entity, text};

/// A text, or nothing.
const TEXT: u16 = kind::BYTES | kind::NULL | kind::UNDEFINED;
/// Letters that `pad_left` and `pad_right` may fill up to.
const WIDTH_MAX: i64 = 200;

pub(super) const CALLS: &[Call] = &[
    Call {
        name: "squeeze",
        gives: "The text without blanks at its ends, runs of blanks as one; null for a blank one.",
        example: "squeeze(.name)",
        parameters: &[Parameter::required("text", TEXT, "The text.")],
        block: false,
        compile: squeeze,
    },
    Call {
        name: "plain",
        gives: "What a fragment of HTML shows, then as `squeeze`.",
        example: "plain(.name)",
        parameters: &[Parameter::required("text", TEXT, "A fragment of HTML.")],
        block: false,
        compile: plain,
    },
    Call {
        name: "capture",
        gives: "What the first group of the pattern matched, or null. Without `^` and `$` it may match within something else.",
        example: "capture(.name, r'^No ([0-9]+)$')",
        parameters: &[
            Parameter::required("text", TEXT, "The text."),
            Parameter::required("pattern", kind::REGEX, "A pattern with a group."),
        ],
        block: false,
        compile: capture,
    },
    Call {
        name: "pad_left",
        gives: "The text, filled up at its start.",
        example: "pad_left(.number, 9, \"0\")",
        parameters: PAD,
        block: false,
        compile: pad_left,
    },
    Call {
        name: "pad_right",
        gives: "The text, filled up at its end.",
        example: "pad_right(.number, 9, \"0\")",
        parameters: PAD,
        block: false,
        compile: pad_right,
    },
    Call {
        name: "cut",
        gives: "The text, ended with `…` where it is longer.",
        example: "cut(.name, 300)",
        parameters: &[
            Parameter::required("text", TEXT, "The text."),
            Parameter::required("bytes_max", kind::INTEGER, "Its most bytes."),
        ],
        block: false,
        compile: cut,
    },
    Call {
        name: "required",
        gives: "The value, never null: a blank one rejects the record.",
        example: "required(squeeze(.name))",
        parameters: &[Parameter::required("value", kind::ANY, "What may not be null.")],
        block: false,
        compile: required,
    },
    Call {
        name: "digest",
        gives: "32 hexadecimal digits that identify these texts, for sources without an id.",
        example: "digest([.number, .day])",
        parameters: &[Parameter::required("parts", kind::ARRAY, "The texts that identify.")],
        block: false,
        compile: digest,
    },
];

const PAD: &[Parameter] = &[
    Parameter::required("text", SCALAR, "The text."),
    Parameter::required("width", kind::INTEGER, "Its least letters."),
    Parameter::required("with", kind::BYTES, "The letter that fills up."),
];

/// The kind of a text that is null where the argument is.
fn like(argument: &dyn Expression, state: &TypeState) -> Kind {
    let given = argument.type_info(state).result;
    let nullable = given.kind().contains_null() || given.kind().contains_undefined();
    if nullable { Kind::bytes().or_null() } else { Kind::bytes() }
}

fn squeeze(_: &Knowledge, _: &TypeState, arguments: &ArgumentList) -> Result<Box<dyn Expression>, CallError> {
    Ok(Apply::one(arguments.required("text"), Kind::bytes().or_null(), |value| {
        let Some(text) = as_text(&value) else { return Ok(Value::Null) };
        let squeezed = text::squeeze(text);
        Ok(match squeezed.as_ref() {
            "" => Value::Null,
            same if same.len() == text.len() && matches!(squeezed, Cow::Borrowed(_)) => value,
            other => Value::from(other),
        })
    }))
}

fn plain(_: &Knowledge, _: &TypeState, arguments: &ArgumentList) -> Result<Box<dyn Expression>, CallError> {
    Ok(Apply::one(arguments.required("text"), Kind::bytes().or_null(), |value| {
        let shown = as_text(&value).map(entity::shown);
        let squeezed = shown.as_deref().map(text::squeeze).filter(|text| !text.is_empty());
        Ok(squeezed.map_or(Value::Null, |text| Value::from(text.as_ref())))
    }))
}

fn capture(_: &Knowledge, state: &TypeState, arguments: &ArgumentList) -> Result<Box<dyn Expression>, CallError> {
    let ConstOrExpr::Const(pattern) = arguments.required_regex("pattern", state) else {
        return Err(CallError::new("`pattern` is no literal pattern", "write it as r'…'"));
    };
    if pattern.captures_len() < 2 {
        return Err(CallError::new("the pattern has no group", "put what is wanted into parentheses"));
    }
    Ok(Apply::one(arguments.required("text"), Kind::bytes().or_null(), move |value| {
        let groups = as_text(&value).and_then(|text| pattern.captures(text));
        let group = groups.as_ref().and_then(|groups| groups.iter().skip(1).flatten().next());
        Ok(group.map_or(Value::Null, |group| Value::from(group.as_str())))
    }))
}

fn pad_left(_: &Knowledge, state: &TypeState, arguments: &ArgumentList) -> Result<Box<dyn Expression>, CallError> {
    pad(state, arguments, |text, filling| format!("{filling}{text}"))
}

fn pad_right(_: &Knowledge, state: &TypeState, arguments: &ArgumentList) -> Result<Box<dyn Expression>, CallError> {
    pad(state, arguments, |text, filling| format!("{text}{filling}"))
}

fn pad(
    state: &TypeState,
    arguments: &ArgumentList,
    join: fn(&str, &str) -> String,
) -> Result<Box<dyn Expression>, CallError> {
    let width = literal_number(arguments, "width", state, 1..=WIDTH_MAX)?;
    let with = literal_text(arguments, "with", state)?.unwrap_or_default();
    if with.chars().count() != 1 {
        return Err(CallError::new("`with` is no single letter", "write one such as \"0\""));
    }
    let given = arguments.required("text");
    let kind = like(given.as_ref(), state);
    Ok(Apply::one(given, kind, move |value| {
        // A blank text stays blank: zeros alone would be an identifier that nobody gave.
        let Some(text) = stated(&value) else { return Ok(if value.is_null() { Value::Null } else { Value::from("") }) };
        let filling = with.repeat(width.saturating_sub(text.chars().count()));
        Ok(Value::from(join(&text, &filling)))
    }))
}

fn cut(_: &Knowledge, state: &TypeState, arguments: &ArgumentList) -> Result<Box<dyn Expression>, CallError> {
    let bytes_max = literal_number(arguments, "bytes_max", state, 10..=4_000)?;
    let given = arguments.required("text");
    let kind = like(given.as_ref(), state);
    Ok(Apply::one(given, kind, move |value| {
        let Some(text) = as_text(&value) else { return Ok(Value::Null) };
        if text.len() <= bytes_max {
            return Ok(value);
        }
        let mut end = bytes_max.saturating_sub('…'.len_utf8());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        Ok(Value::from(format!("{}…", text::trim(text.get(..end).unwrap_or_default()))))
    }))
}

fn required(_: &Knowledge, state: &TypeState, arguments: &ArgumentList) -> Result<Box<dyn Expression>, CallError> {
    let given = arguments.required("value");
    let mut kind = given.type_info(state).result.kind().clone();
    kind.remove_null();
    kind.remove_undefined();
    Ok(Apply::one(given, kind, |value| {
        let blank = value.is_null() || as_text(&value).is_some_and(|text| text::trim(text).is_empty());
        if blank { Err(refuse(Reason::MissingValue)) } else { Ok(value) }
    }))
}

fn digest(_: &Knowledge, _: &TypeState, arguments: &ArgumentList) -> Result<Box<dyn Expression>, CallError> {
    Ok(Apply::one(arguments.required("parts"), Kind::bytes(), |parts| identify(&parts)))
}

/// The first 128 bits of SHA-256 over each part with its length before it, so that no two lists of parts run together.
fn identify(parts: &Value) -> Resolved {
    let Value::Array(parts) = parts else { return Err(refuse(Reason::MappingFailed)) };
    if parts.len() > limit::RECORD_ROWS_MAX {
        // What is behind the last one that counts would tell nothing apart.
        return Err(refuse(Reason::OverLimit));
    }
    let mut hasher = Sha256::new();
    let mut given = false;
    for part in parts {
        let text = stated(part);
        given |= text.is_some();
        match (text, part) {
            (Some(text), _) => {
                hasher.update((text.len() as u64).to_be_bytes());
                hasher.update(text.as_bytes());
            }
            (None, Value::Object(_) | Value::Array(_)) => return Err(refuse(Reason::MappingFailed)),
            (None, _) => hasher.update(u64::MAX.to_be_bytes()),
        }
    }
    if !given {
        return Err(refuse(Reason::MissingValue));
    }
    let mut hexadecimal = String::with_capacity(32);
    for byte in hasher.finalize().iter().take(16) {
        // Writing into a text cannot fail.
        let _ = write!(hexadecimal, "{byte:02x}");
    }
    Ok(Value::from(hexadecimal))
}
