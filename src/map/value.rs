//! Single values of a mapping's result: each is what its field takes, within its bound, or a refusal with its path.

use vrl::value::{ObjectMap, Value};

use super::path::Path;
use crate::model::code::{Bound, Code, Precision, Qualifier, Trust};
use crate::model::event::{Dated, Identifier, Money};
use crate::model::limit;
use crate::model::place::{Days, Jurisdiction, Millis};
use crate::model::rejection::{Reason, Refusal};
use crate::platform::definition::{Definition, Ids};
use crate::platform::functions::{amount, as_text, day};
use crate::platform::read::is_name;
use crate::platform::text;

/// A value that a mapping gave, or what stands for it: null and blank text count as absent.
pub(super) type Read<T> = Result<Option<T>, Refusal>;

/// A text without blanks at its ends, within a bound of bytes.
pub(super) fn bounded(value: &Value, path: Path<'_>, bytes_max: usize) -> Read<String> {
    if value.is_null() {
        return Ok(None);
    }
    let text = text::trim(as_text(value).ok_or_else(|| path.refuse(Reason::InvalidValue))?);
    if text.len() > bytes_max {
        return Err(path.refuse(Reason::OverLimit));
    }
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

/// A short text.
pub(super) fn short(value: &Value, path: Path<'_>) -> Read<String> {
    bounded(value, path, limit::TEXT_BYTES_MAX)
}

/// A value that may not be absent.
pub(super) fn needed<T>(read: Read<T>, path: Path<'_>) -> Result<T, Refusal> {
    read?.ok_or_else(|| path.refuse(Reason::MissingValue))
}

/// The id of an event or case, as the platform names them.
pub(super) fn id(value: &Value, path: Path<'_>, platform: &Definition) -> Read<String> {
    match platform.ids {
        Ids::Native => native_id(value, path, &platform.name),
        Ids::Canonical => full_id(value, path),
    }
}

/// A native id under its platform's name; no line ends, tabs or other control characters in it.
fn native_id(value: &Value, path: Path<'_>, platform: &str) -> Read<String> {
    let Some(native) = bounded(value, path, limit::ID_BYTES_MAX)? else { return Ok(None) };
    if native.chars().any(char::is_control) {
        return Err(path.refuse(Reason::InvalidValue));
    }
    let id = format!("{platform}/{native}");
    if id.len() > limit::ID_BYTES_MAX {
        return Err(path.refuse(Reason::OverLimit));
    }
    Ok(Some(id))
}

/// An id in full, `<platform>/<native id>`; no control characters in it.
fn full_id(value: &Value, path: Path<'_>) -> Read<String> {
    let Some(id) = bounded(value, path, limit::ID_BYTES_MAX)? else { return Ok(None) };
    let whole = id.split_once('/').is_some_and(|(platform, native)| is_name(platform, "-") && !native.is_empty());
    if !whole || id.chars().any(char::is_control) {
        return Err(path.refuse(Reason::InvalidValue));
    }
    Ok(Some(id))
}

/// A code of a closed list.
pub(super) fn code<C: Code>(value: &Value, path: Path<'_>) -> Read<C> {
    if value.is_null() {
        return Ok(None);
    }
    let name = text::trim(as_text(value).ok_or_else(|| path.refuse(Reason::InvalidValue))?);
    if name.is_empty() {
        return Ok(None);
    }
    C::parse(name).map(Some).ok_or_else(|| path.refuse(Reason::UnknownCode))
}

/// An integer.
pub(super) fn integer(value: &Value, path: Path<'_>) -> Read<i64> {
    if value.is_null() {
        return Ok(None);
    }
    value.as_integer().map(Some).ok_or_else(|| path.refuse(Reason::InvalidValue))
}

/// A jurisdiction by its ISO code.
pub(super) fn place(value: &Value, path: Path<'_>, reason: Reason) -> Read<Jurisdiction> {
    let Some(code) = short(value, path)? else { return Ok(None) };
    Jurisdiction::parse(&code).map(Some).ok_or_else(|| path.refuse(reason))
}

/// Each element of a list that is not absent, with how it is read; absent lists are empty.
pub(super) fn list<T>(
    value: Value,
    path: Path<'_>,
    count_max: usize,
    read: impl Fn(Value, Path<'_>) -> Read<T>,
) -> Result<Vec<T>, Refusal> {
    if value.is_null() {
        return Ok(Vec::new());
    }
    let Value::Array(items) = value else { return Err(path.refuse(Reason::InvalidValue)) };
    let mut list = Vec::new();
    for (index, item) in items.into_iter().enumerate() {
        let Some(item) = read(item, path.index(index))? else { continue };
        if list.len() == count_max {
            return Err(path.refuse(Reason::OverLimit));
        }
        list.push(item);
    }
    Ok(list)
}

/// The fields of an object; `None` for null.
pub(super) fn object(value: Value, path: Path<'_>) -> Read<ObjectMap> {
    if value.is_null() {
        return Ok(None);
    }
    let Value::Object(object) = value else { return Err(path.refuse(Reason::InvalidValue)) };
    Ok(Some(object))
}

/// What `date(…)` returned.
pub(super) fn date(value: Value, path: Path<'_>) -> Read<Dated> {
    let Some(fields) = object(value, path)? else { return Ok(None) };
    let field = |name| fields.get(name).unwrap_or(&Value::Null);
    let invalid = || path.refuse(Reason::InvalidValue);
    let date = field("date").as_integer().and_then(|days| Days::try_from(days).ok()).ok_or_else(invalid)?;
    day::date(date).ok_or_else(invalid)?;
    let precision = code::<Precision>(field("precision"), path)?.ok_or_else(invalid)?;
    let bound = code::<Bound>(field("bound"), path)?.ok_or_else(invalid)?;
    Ok(Some(Dated { date, precision, bound, text: short(field("text"), path)? }))
}

/// An instant: milliseconds, a timestamp, or the start or end of a date.
pub(super) fn instant(value: Value, path: Path<'_>, zone: &jiff::tz::TimeZone, at_end: bool) -> Read<Millis> {
    let millis = if let Value::Integer(millis) = value {
        Some(millis)
    } else if let Value::Timestamp(instant) = value {
        Some(instant.timestamp_millis())
    } else {
        let Some(date) = date(value, path)? else { return Ok(None) };
        // `9999-12-31` stands for no end in many systems; only what lies behind the last of all days has no start.
        let end = || after(&date).and_then(|day| day::start_of(day, zone)).unwrap_or(limit::INSTANT_MAX_MS);
        if at_end { Some(end()) } else { day::start_of(date.date, zone) }
    };
    millis.filter(|millis| in_bounds(*millis)).map(Some).ok_or_else(|| path.refuse(Reason::InvalidValue))
}

/// Whether an instant lies in the years that every reader knows.
pub(super) fn in_bounds(millis: Millis) -> bool {
    (limit::INSTANT_MIN_MS..=limit::INSTANT_MAX_MS).contains(&millis)
}

/// The first day after what a date states: after the day, the month or the year.
fn after(dated: &Dated) -> Option<Days> {
    let date = day::date(dated.date)?;
    let next = match dated.precision {
        Precision::Day => date.tomorrow().ok()?,
        Precision::Month => date.last_of_month().tomorrow().ok()?,
        Precision::Year => date.last_of_year().tomorrow().ok()?,
    };
    day::days(next)
}

/// What `money(…)` returned.
pub(super) fn money(value: Value, path: Path<'_>) -> Read<Money> {
    let Some(fields) = object(value, path)? else { return Ok(None) };
    let field = |name| fields.get(name).unwrap_or(&Value::Null);
    let invalid = || path.refuse(Reason::InvalidValue);
    let amount_minor = field("amount_minor").as_integer().ok_or_else(invalid)?;
    let currency = short(field("currency"), path)?.ok_or_else(invalid)?;
    let qualifier = code::<Qualifier>(field("qualifier"), path)?.ok_or_else(invalid)?;
    // A record that states minor units itself has not been through `money(…)`.
    if amount_minor < 0 || amount::exponent(&currency).is_none() {
        return Err(invalid());
    }
    Ok(Some(Money { amount_minor, currency, qualifier }))
}

/// What `org_id(…)` returned.
pub(super) fn identifier(value: Value, path: Path<'_>) -> Read<Identifier> {
    let Some(fields) = object(value, path)? else { return Ok(None) };
    let field = |name| fields.get(name).unwrap_or(&Value::Null);
    let scheme = needed(bounded(field("scheme"), path, limit::ID_BYTES_MAX), path)?;
    let Some(value) = bounded(field("value"), path, limit::ID_BYTES_MAX)? else { return Ok(None) };
    let register = short(field("register"), path)?;
    Ok(Some(Identifier { scheme, value, register, trust: Trust::Unchecked, text: None }))
}

/// 64 hexadecimal digits as the 32 bytes that they stand for.
pub(super) fn sha256(value: &Value, path: Path<'_>) -> Read<[u8; 32]> {
    let Some(text) = short(value, path)? else { return Ok(None) };
    let invalid = || path.refuse(Reason::InvalidValue);
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return Err(invalid());
    }
    for (place, byte) in bytes.iter_mut().enumerate() {
        let digits = text.get(place * 2..place * 2 + 2).unwrap_or_default();
        *byte = u8::from_str_radix(digits, 16).map_err(|_| invalid())?;
    }
    Ok(Some(bytes))
}
