//! Dates and instants: `date`, `earliest`, `latest`, `instant`, `epoch_ms`, `excel_date`.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use vrl::compiler::function::ArgumentList;
use vrl::compiler::state::TypeState;
use vrl::compiler::value::kind;
use vrl::compiler::{Expression, Parameter};
use vrl::value::kind::{Collection, Field};
use vrl::value::{Kind, ObjectMap, Value};

use super::day;
use super::months;
use super::{Apply, Call, CallError, Knowledge, SCALAR, as_text, field, literal_code, literal_texts, refuse, stated};
use crate::model::code::{Bound, Code, Precision};
use crate::model::place::Days;
use crate::model::rejection::Reason;
use crate::platform::text;

pub(super) const CALLS: &[Call] = &[
    Call {
        name: "date",
        gives: "A date, or null for a blank text and those in `absent`. The formats are tried in order; months may stand in the platform's language. `bound` is NOT_BEFORE or NOT_AFTER where the text only bounds it.",
        example: "date(.day, [\"%Y-%m-%d\", \"%d %B %Y\"], absent: [\"open\"])",
        parameters: &[
            Parameter::required("text", SCALAR | kind::TIMESTAMP, "What the source says."),
            Parameter::required("formats", kind::BYTES | kind::ARRAY, "strptime formats."),
            Parameter::optional("bound", kind::BYTES, "Whether it is only a bound."),
            Parameter::optional("precision", kind::BYTES, "How much of it counts."),
            Parameter::optional("absent", kind::BYTES | kind::ARRAY, "Texts that state no date."),
        ],
        block: false,
        compile: date,
    },
    Call {
        name: "instant",
        gives: "Milliseconds since 1970 UTC, or null.",
        example: "instant(.day, [\"%Y-%m-%dT%H:%M:%SZ\"])",
        parameters: &[
            Parameter::required("text", SCALAR, "What the source says."),
            Parameter::required("formats", kind::BYTES | kind::ARRAY, "strptime formats."),
            Parameter::optional("absent", kind::BYTES | kind::ARRAY, "Texts that state no instant."),
        ],
        block: false,
        compile: instant,
    },
    Call {
        name: "epoch_ms",
        gives: "The date of so many milliseconds since 1970 UTC, in the platform's time zone, or null.",
        example: "epoch_ms(.number)",
        parameters: NUMBER,
        block: false,
        compile: epoch_ms,
    },
    Call {
        name: "excel_date",
        gives: "The date of a serial number of Excel (46083 is 2026-03-02), or null; the time of day behind its point is dropped.",
        example: "excel_date(.number)",
        parameters: NUMBER,
        block: false,
        compile: excel_date,
    },
    Call {
        name: "earliest",
        gives: "The first of several dates, or null.",
        example: "earliest([date(.day, [\"%Y-%m-%d\"]), date(.closed, [\"%Y-%m-%d\"])])",
        parameters: DATES,
        block: false,
        compile: earliest,
    },
    Call {
        name: "latest",
        gives: "The last of several dates, or null.",
        example: "latest([date(.day, [\"%Y-%m-%d\"]), date(.closed, [\"%Y-%m-%d\"])])",
        parameters: DATES,
        block: false,
        compile: latest,
    },
];

const NUMBER: &[Parameter] = &[
    Parameter::required("number", SCALAR, "What the source says."),
    Parameter::optional("bound", kind::BYTES, "Whether it is only a bound."),
    Parameter::optional("absent", kind::BYTES | kind::ARRAY, "Texts that state no date."),
];
/// Excel's day 0 is 1899-12-30, so many days before 1970-01-01.
const EXCEL_DAYS: Days = 25_569;
/// Less than so many are seconds, or nothing: in milliseconds it is April 1970.
const EPOCH_MS_MIN: u64 = 10_000_000_000;
/// Excel's day 60 is 1900-02-29, which there was not: what stands before is a day off, and no decision.
const EXCEL_DAY_MIN: f64 = 61.0;
const DATES: &[Parameter] = &[Parameter::required("dates", kind::ARRAY, "What date(…) returned.")];
/// Formats of one call.
const FORMATS_MAX: usize = 16;

/// The kind of a date.
pub(crate) fn date_kind() -> Kind {
    let fields = [
        (Field::from("date"), Kind::integer()),
        (Field::from("precision"), Kind::bytes()),
        (Field::from("bound"), Kind::bytes()),
        (Field::from("text"), Kind::bytes().or_null()),
    ];
    Kind::object(Collection::from(fields.into_iter().collect::<BTreeMap<_, _>>()))
}

fn formats(state: &TypeState, arguments: &ArgumentList) -> Result<Vec<String>, CallError> {
    let formats = literal_texts(arguments, "formats", state)?;
    if formats.is_empty() || formats.len() > FORMATS_MAX {
        return Err(CallError::new(
            "there is no format, or too many",
            format!("write 1 to {FORMATS_MAX} strptime formats"),
        ));
    }
    match formats.iter().find_map(|format| day::fault(format).map(|fault| (format, fault))) {
        None => Ok(formats),
        Some((format, fault)) => {
            let help = "write a strptime format such as \"%m/%d/%Y\" or \"%Y-%m-%d %H:%M:%S%.f\"";
            Err(CallError::new(format!("`{format}` is no format of a date: {fault}"), help))
        }
    }
}

fn date(knowledge: &Knowledge, state: &TypeState, arguments: &ArgumentList) -> Result<Box<dyn Expression>, CallError> {
    let formats = formats(state, arguments)?;
    let formats: Vec<(String, Precision)> = formats.into_iter().map(|f| (f.clone(), day::precision(&f))).collect();
    let bound = literal_code(arguments, "bound", state)?.unwrap_or(Bound::Exact);
    let precision: Option<Precision> = literal_code(arguments, "precision", state)?;
    let absent = literal_texts(arguments, "absent", state)?;
    let (zone, language) = (knowledge.zone.clone(), knowledge.language.clone());
    Ok(Apply::one(arguments.required("text"), date_kind().or_null(), move |value| {
        let unreadable = || refuse(Reason::UnreadableDate);
        if let Value::Timestamp(instant) = &value {
            let days = day_of(instant.timestamp_millis(), &zone).ok_or_else(unreadable)?;
            return Ok(dated(days, precision.unwrap_or(Precision::Day), bound, None));
        }
        let Some(written) = stated(&value) else { return Ok(Value::Null) };
        let squeezed = text::squeeze(&written);
        if absent.iter().any(|word| word.as_str() == squeezed) {
            return Ok(Value::Null);
        }
        let parse = |text: &str| {
            formats.iter().find_map(|(format, of)| day::parse(text, format, &zone).map(|date| (date, *of)))
        };
        let read = parse(&squeezed).or_else(|| parse(&months::in_english(&squeezed, &language)?));
        let (date, of) = read.ok_or_else(unreadable)?;
        let days = day::days(date).ok_or_else(unreadable)?;
        // The text is kept where it says more, or something else, than the date alone.
        let text = (as_text(&value) != Some(date.to_string().as_str())).then_some(written.as_ref());
        Ok(dated(days, precision.unwrap_or(of), bound, text))
    }))
}

/// A number of the source as a date, by what it counts.
fn counted(
    state: &TypeState,
    arguments: &ArgumentList,
    day: impl Fn(&str) -> Option<Days> + Send + Sync + 'static,
) -> Result<Box<dyn Expression>, CallError> {
    let bound = literal_code(arguments, "bound", state)?.unwrap_or(Bound::Exact);
    let absent = literal_texts(arguments, "absent", state)?;
    Ok(Apply::one(arguments.required("number"), date_kind().or_null(), move |value| {
        let Some(written) = stated(&value) else { return Ok(Value::Null) };
        if absent.iter().any(|word| word.as_str() == text::squeeze(&written)) {
            return Ok(Value::Null);
        }
        let days = day(&written).ok_or_else(|| refuse(Reason::UnreadableDate))?;
        Ok(dated(days, Precision::Day, bound, None))
    }))
}

fn epoch_ms(
    knowledge: &Knowledge,
    state: &TypeState,
    arguments: &ArgumentList,
) -> Result<Box<dyn Expression>, CallError> {
    let zone = knowledge.zone.clone();
    let is_plausible = |millis: &i64| millis.unsigned_abs() >= EPOCH_MS_MIN;
    counted(state, arguments, move |written| day_of(written.parse().ok().filter(is_plausible)?, &zone))
}

fn excel_date(_: &Knowledge, state: &TypeState, arguments: &ArgumentList) -> Result<Box<dyn Expression>, CallError> {
    counted(state, arguments, |written| {
        // An exponent would be cut off with what stands behind the point.
        let plain = written.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        let number: f64 = written.parse().ok().filter(|number| plain && *number >= EXCEL_DAY_MIN)?;
        // What stands behind the point is the time of day.
        let whole: Days = written.split('.').next()?.parse().ok()?;
        let days = whole.checked_sub(EXCEL_DAYS)?;
        day::date(days).filter(|_| number.is_finite()).map(|_| days)
    })
}

/// The day of an instant in a time zone.
fn day_of(millis: i64, zone: &TimeZone) -> Option<Days> {
    let instant = jiff::Timestamp::from_millisecond(millis).ok()?;
    day::days(instant.to_zoned_datetime(zone.clone()).date())
}

fn dated(days: Days, precision: Precision, bound: Bound, text: Option<&str>) -> Value {
    let mut date = ObjectMap::new();
    date.insert("date".into(), Value::Integer(days.into()));
    date.insert("precision".into(), Value::from(precision.name()));
    date.insert("bound".into(), Value::from(bound.name()));
    if let Some(text) = text {
        date.insert("text".into(), Value::from(text));
    }
    Value::Object(date)
}

fn instant(
    knowledge: &Knowledge,
    state: &TypeState,
    arguments: &ArgumentList,
) -> Result<Box<dyn Expression>, CallError> {
    let formats = formats(state, arguments)?;
    let absent = literal_texts(arguments, "absent", state)?;
    let zone = knowledge.zone.clone();
    Ok(Apply::one(arguments.required("text"), Kind::integer().or_null(), move |value| {
        let Some(written) = stated(&value) else { return Ok(Value::Null) };
        let squeezed = text::squeeze(&written);
        if absent.iter().any(|word| word.as_str() == squeezed) {
            return Ok(Value::Null);
        }
        let read = formats.iter().find_map(|format| day::parse_instant(&squeezed, format, &zone));
        read.map(Value::Integer).ok_or_else(|| refuse(Reason::UnreadableDate))
    }))
}

fn earliest(_: &Knowledge, _: &TypeState, arguments: &ArgumentList) -> Result<Box<dyn Expression>, CallError> {
    Ok(Apply::one(arguments.required("dates"), date_kind().or_null(), |dates| {
        Ok(given(dates).min_by_key(|(days, _)| *days).map_or(Value::Null, |(_, date)| date))
    }))
}

fn latest(_: &Knowledge, _: &TypeState, arguments: &ArgumentList) -> Result<Box<dyn Expression>, CallError> {
    Ok(Apply::one(arguments.required("dates"), date_kind().or_null(), |dates| {
        Ok(given(dates).max_by_key(|(days, _)| *days).map_or(Value::Null, |(_, date)| date))
    }))
}

/// The dates of a list, nulls dropped.
fn given(dates: Value) -> impl Iterator<Item = (i64, Value)> {
    let dates = if let Value::Array(dates) = dates { dates } else { Vec::new() };
    dates.into_iter().filter_map(|date| field(&date, "date").and_then(Value::as_integer).map(|days| (days, date)))
}
