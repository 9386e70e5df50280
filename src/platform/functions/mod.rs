//! Comity's own VRL functions, and the selection of VRL's.
//!
//! To VRL none of them can fail: what cannot be read ends the program with a refusal, whose reason and line the map
//! reads back (see `refusal`). The values of a record never enter that message.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use jiff::tz::TimeZone;
use vrl::compiler::function::closure;
use vrl::compiler::function::{ArgumentList, Compiled, Example, FunctionCompileContext};
use vrl::compiler::state::TypeState;
use vrl::compiler::value::kind;
use vrl::compiler::{Context, Expression, ExpressionError, Function, FunctionExpression, Parameter, Resolved, TypeDef};
use vrl::diagnostic::{DiagnosticMessage, Label, Note};
use vrl::value::{Kind, Value};

use crate::model::code::Code;
use crate::model::rejection::Reason;

pub(crate) mod amount;
pub(crate) mod day;
pub(crate) mod listed;
pub(crate) mod lookup;
pub(crate) mod members;

mod dates;
mod lists;
mod monies;
mod months;
mod tables;
mod texts;

#[cfg(test)]
mod tests;

pub(super) use dates::date_kind;
pub(super) use monies::money_kind;
pub(super) use tables::identifier_kind;

use lookup::Table;

/// Functions of VRL that are not offered, each with the reason.
pub(super) const NOT_OFFERED: &[(&str, &str)] = &[
    ("assert", "its message says what a record says; use abort \"word\""),
    ("assert_eq", "its message says what a record says; use abort \"word\""),
    ("log", "it writes what a record says into a log"),
    ("now", "what is decided may not depend on a clock"),
    ("random_bool", "what is decided may not depend on chance"),
    ("random_bytes", "what is decided may not depend on chance"),
    ("random_float", "what is decided may not depend on chance"),
    ("random_int", "what is decided may not depend on chance"),
    ("uuid_v4", "what is decided may not depend on chance; use digest([…])"),
    ("uuid_v7", "what is decided may not depend on chance; use digest([…])"),
    ("decode_gzip", "what it gives has no bound"),
    ("decode_lz4", "what it gives has no bound"),
    ("decode_snappy", "what it gives has no bound"),
    ("decode_zlib", "what it gives has no bound"),
    ("decode_zstd", "what it gives has no bound"),
    ("range", "what it gives has no bound"),
    ("for_each", "its result has no exact type; use each(list) -> |item| { … }"),
    ("map_keys", "its result has no exact type; write an object"),
    ("map_values", "its result has no exact type; use each(list) -> |item| { … }"),
];

/// What the functions know of the platform that calls them.
#[derive(Debug)]
pub(super) struct Knowledge {
    pub(super) platform: String,
    pub(super) tables: BTreeMap<String, Arc<Table>>,
    /// The platform's own identifier schemes, without its name.
    pub(super) schemes: Vec<String>,
    pub(super) zone: TimeZone,
    /// Of its texts: months are read in it too.
    pub(super) language: String,
}

/// Every function that a mapping may call.
pub(super) fn offered(knowledge: &Arc<Knowledge>) -> Vec<Box<dyn Function>> {
    let mut offered: Vec<Box<dyn Function>> = vrl::stdlib::all()
        .into_iter()
        .filter(|function| NOT_OFFERED.iter().all(|(name, _)| *name != function.identifier()))
        .collect();
    for call in own() {
        offered.push(Box::new(Own { call, knowledge: Arc::clone(knowledge) }));
    }
    offered
}

/// Comity's own functions.
fn own() -> impl Iterator<Item = &'static Call> {
    [dates::CALLS, monies::CALLS, tables::CALLS, texts::CALLS, lists::CALLS].into_iter().flatten()
}

/// Compiles one call.
type Compile = fn(&Knowledge, &TypeState, &ArgumentList) -> Result<Box<dyn Expression>, CallError>;

/// One function of Comity: its signature and how a call is compiled.
struct Call {
    name: &'static str,
    /// What it gives, in sentences.
    gives: &'static str,
    /// A call of it, with the fields of some record.
    example: &'static str,
    parameters: &'static [Parameter],
    /// True where it takes a block `-> |item| { … }`.
    block: bool,
    compile: Compile,
}

/// A text or number that a source may give, or nothing.
const SCALAR: u16 = kind::BYTES | kind::INTEGER | kind::FLOAT | kind::NULL | kind::UNDEFINED;

struct Own {
    call: &'static Call,
    knowledge: Arc<Knowledge>,
}

impl fmt::Debug for Own {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.call.name)
    }
}

impl Function for Own {
    fn identifier(&self) -> &'static str {
        self.call.name
    }

    fn usage(&self) -> &'static str {
        self.call.gives
    }

    fn category(&self) -> &'static str {
        "Comity"
    }

    fn return_kind(&self) -> u16 {
        kind::ANY
    }

    fn examples(&self) -> &'static [Example] {
        &[]
    }

    fn parameters(&self) -> &'static [Parameter] {
        self.call.parameters
    }

    fn compile(&self, state: &TypeState, _: &mut FunctionCompileContext, arguments: ArgumentList) -> Compiled {
        (self.call.compile)(&self.knowledge, state, &arguments).map_err(|error| Box::new(error) as _)
    }

    fn closure(&self) -> Option<closure::Definition> {
        self.call.block.then(lists::block)
    }
}

/// Why a call cannot work; told when the mapping is compiled.
#[derive(Debug, thiserror::Error)]
#[error("{why}")]
struct CallError {
    why: String,
    help: String,
}

impl CallError {
    fn new(why: impl Into<String>, help: impl Into<String>) -> Self {
        Self { why: why.into(), help: help.into() }
    }
}

impl DiagnosticMessage for CallError {
    fn code(&self) -> usize {
        0
    }

    fn labels(&self) -> Vec<Label> {
        let nowhere = vrl::diagnostic::Span::default();
        vec![Label::primary(self.why.clone(), nowhere), Label::context(self.help.clone(), nowhere)]
    }

    fn notes(&self) -> Vec<Note> {
        Vec::new()
    }
}

/// What a call does with the values of its two arguments; the second is null where there is none.
type Work = Arc<dyn Fn(Value, Value) -> Resolved + Send + Sync>;

/// A compiled call.
#[derive(Clone)]
struct Apply {
    first: Box<dyn Expression>,
    second: Option<Box<dyn Expression>>,
    work: Work,
    kind: Kind,
}

impl Apply {
    /// A call of one argument whose result has this kind.
    fn one(
        first: Box<dyn Expression>,
        kind: Kind,
        work: impl Fn(Value) -> Resolved + Send + Sync + 'static,
    ) -> Box<dyn Expression> {
        Self { first, second: None, work: Arc::new(move |value, _| work(value)), kind }.as_expr()
    }

    /// A call of two arguments whose result has this kind.
    fn two(
        first: Box<dyn Expression>,
        second: Option<Box<dyn Expression>>,
        kind: Kind,
        work: impl Fn(Value, Value) -> Resolved + Send + Sync + 'static,
    ) -> Box<dyn Expression> {
        Self { first, second, work: Arc::new(work), kind }.as_expr()
    }
}

impl fmt::Debug for Apply {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Apply")
            .field("first", &self.first)
            .field("second", &self.second)
            .finish_non_exhaustive()
    }
}

impl FunctionExpression for Apply {
    fn resolve(&self, context: &mut Context) -> Resolved {
        let first = self.first.resolve(context)?;
        let second = match &self.second {
            Some(second) => second.resolve(context)?,
            None => Value::Null,
        };
        (self.work)(first, second)
    }

    fn type_def(&self, _: &TypeState) -> TypeDef {
        TypeDef::from(self.kind.clone()).infallible()
    }
}

/// The start of every message that is a refusal of ours.
const REFUSAL: &str = "comity:";

/// Ends the program with a reason.
fn refuse(reason: Reason) -> ExpressionError {
    ExpressionError::from(format!("{REFUSAL}{}", reason.name()))
}

/// What a failed program says: the reason, where it is one of ours, and the byte of the call that failed.
///
/// A message of VRL itself may hold values of the record; it is looked at and dropped here.
pub(crate) fn refusal(error: &ExpressionError) -> (Reason, Option<usize>) {
    let ExpressionError::Error { message, labels, .. } = error else { return (Reason::MappingFailed, None) };
    // Each enclosing call adds a label with the message that it saw: the first is the innermost.
    let (message, at) = match labels.first() {
        Some(label) => (&label.message, Some(label.span.start())),
        None => (message, None),
    };
    let reason = message.strip_prefix(REFUSAL).and_then(Reason::parse).unwrap_or(Reason::MappingFailed);
    (reason, at)
}

/// A text or number as text; `None` for null and for blanks.
fn stated(value: &Value) -> Option<std::borrow::Cow<'_, str>> {
    use std::borrow::Cow;
    if let Value::Integer(number) = value {
        return Some(Cow::Owned(number.to_string()));
    }
    if let Value::Float(number) = value {
        return Some(Cow::Owned(decimal_text(number.into_inner())));
    }
    let text = super::text::trim(as_text(value)?);
    (!text.is_empty()).then_some(Cow::Borrowed(text))
}

/// The shortest decimal that reads as this number: what a JSON number most likely was in its source.
fn decimal_text(number: f64) -> String {
    format!("{number}")
}

/// A field of an object value.
fn field<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    value.as_object().and_then(|object| object.get(name))
}

/// The text of a text value.
pub(crate) fn as_text(value: &Value) -> Option<&str> {
    match value {
        Value::Bytes(bytes) => std::str::from_utf8(bytes).ok(),
        Value::String(text) => std::str::from_utf8(text.as_bytes()).ok(),
        Value::Regex(_)
        | Value::Integer(_)
        | Value::Float(_)
        | Value::Boolean(_)
        | Value::Timestamp(_)
        | Value::Object(_)
        | Value::Array(_)
        | Value::Null => None,
    }
}

/// A literal text among the arguments; `None` where it is not given.
fn literal_text(arguments: &ArgumentList, name: &'static str, state: &TypeState) -> Result<Option<String>, CallError> {
    let Some(given) = arguments.optional(name) else { return Ok(None) };
    let text = given.resolve_constant(state).and_then(|value| as_text(&value).map(str::to_owned));
    text.map(Some)
        .ok_or_else(|| CallError::new(format!("`{name}` is no literal text"), "write the text itself in quotes"))
}

/// A literal text or list of texts among the arguments; empty where it is not given.
fn literal_texts(arguments: &ArgumentList, name: &'static str, state: &TypeState) -> Result<Vec<String>, CallError> {
    let Some(given) = arguments.optional(name) else { return Ok(Vec::new()) };
    let wrong = || CallError::new(format!("`{name}` is no literal text or list of texts"), "write the texts in quotes");
    let value = given.resolve_constant(state).ok_or_else(wrong)?;
    let items = value.as_array().unwrap_or(std::slice::from_ref(&value));
    let texts: Option<Vec<String>> = items.iter().map(|item| as_text(item).map(str::to_owned)).collect();
    texts.ok_or_else(wrong)
}

/// A literal code of a closed list among the arguments.
fn literal_code<C: Code>(
    arguments: &ArgumentList,
    name: &'static str,
    state: &TypeState,
) -> Result<Option<C>, CallError> {
    let Some(text) = literal_text(arguments, name, state)? else { return Ok(None) };
    C::parse(&text).map(Some).ok_or_else(|| {
        let names: Vec<&str> = C::ALL.iter().map(|(_, name)| *name).collect();
        CallError::new(format!("`{text}` is no `{name}`"), format!("it takes one of {}", names.join(", ")))
    })
}

/// A literal `true` or `false` among the arguments; false where it is not given.
fn literal_flag(arguments: &ArgumentList, name: &'static str, state: &TypeState) -> Result<bool, CallError> {
    let Some(given) = arguments.optional(name) else { return Ok(false) };
    let flag = given.resolve_constant(state).and_then(|value| value.as_boolean());
    flag.ok_or_else(|| CallError::new(format!("`{name}` is no literal flag"), "write `true` or `false`"))
}

/// A literal number of a range among the arguments.
fn literal_number(
    arguments: &ArgumentList,
    name: &'static str,
    state: &TypeState,
    range: std::ops::RangeInclusive<i64>,
) -> Result<usize, CallError> {
    let given = arguments.optional(name).and_then(|given| given.resolve_constant(state));
    let number = given.and_then(|value| value.as_integer()).filter(|number| range.contains(number));
    number.and_then(|number| usize::try_from(number).ok()).ok_or_else(|| {
        let (least, most) = range.into_inner();
        CallError::new(
            format!("`{name}` is no literal number in its range"),
            format!("write a number from {least} to {most}"),
        )
    })
}
