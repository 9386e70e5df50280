//! The same step for records that need no mapping: their form is Comity's own.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use vrl::value::{ObjectMap, Value};

use super::path::Path;
use super::value::{Read, bounded, code, id, in_bounds, needed, place, short};
use crate::model::entry::{Acknowledgement, Link, Missing, OPERATOR};
use crate::model::limit;
use crate::model::place::{Days, Jurisdiction, Millis};
use crate::model::record::{NativeRecord, RawRecord};
use crate::model::rejection::{Reason, Refusal};
use crate::platform::Platform;
use crate::platform::definition::{Definition, Export, Origin};

/// Reads what a recipient says of an alert.
///
/// # Errors
/// The refusal: a field that is missing or is not what its list takes, or a recipient that is not the topic's.
pub fn acknowledgement(
    platform: &Platform,
    native: NativeRecord,
    record: &RawRecord<'_>,
) -> Result<Acknowledgement, Refusal> {
    let fields = object(native)?;
    let get = |name: &'static str| (fields.get(name).unwrap_or(&Value::Null), Path::top(name));
    let Origin::Fixed(recipient) = platform.definition.origin else { return Err(Refusal::new(Reason::OriginUnknown)) };
    let (origin, case_id, level) = (get("origin"), get("case_id"), get("level"));
    let (reason, named) = (get("reason"), get("recipient"));
    if place(named.0, named.1, Reason::OriginUnknown)?.is_some_and(|named| named != recipient) {
        return Err(named.1.refuse(Reason::WrongRecipient));
    }
    let (at, path) = get("acknowledged_at");
    Ok(Acknowledgement {
        at: record.at.clone(),
        alert_id: alert_id(get("alert_id"), &platform.definition)?,
        origin: needed(place(origin.0, origin.1, Reason::OriginUnknown), origin.1)?,
        case_id: needed(id(case_id.0, case_id.1, &platform.definition), case_id.1)?,
        recipient,
        level: needed(code(level.0, level.1), level.1)?,
        reason: code(reason.0, reason.1)?,
        acknowledged_at: timestamp(at, path)?
            .unwrap_or_else(|| record.published_at.clamp(limit::INSTANT_MIN_MS, limit::INSTANT_MAX_MS)),
    })
}

/// Reads what is said of two identifiers.
///
/// # Errors
/// The refusal: a field that is missing or is not what its list takes.
pub fn link(native: NativeRecord, record: &RawRecord<'_>) -> Result<Link, Refusal> {
    let fields = object(native)?;
    let get = |name: &'static str| (fields.get(name).unwrap_or(&Value::Null), Path::top(name));
    let text = |name| {
        let (value, path) = get(name);
        needed(short(value, path), path)
    };
    let relation = get("relation");
    Ok(Link {
        at: record.at.clone(),
        relation: needed(code(relation.0, relation.1), relation.1)?,
        first: text("first")?,
        second: text("second")?,
        asserted_by: asserted_by(text("asserted_by")?)?,
        basis: text("basis")?,
        from: day(get("from"))?,
        to: day(get("to"))?,
    })
}

/// What `feed` writes of an event that a snapshot lacks, and `missing` reads.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lacking {
    pub event_id: String,
    pub case_id: String,
    pub origin: String,
}

/// Reads what a snapshot of the platform lacks.
///
/// # Errors
/// The refusal: it is not what `feed` writes, or speaks of another platform's event.
pub fn missing(platform: &Platform, record: &RawRecord<'_>) -> Result<Missing, Refusal> {
    let definition = &platform.definition;
    let value = record.value.ok_or(Refusal::new(Reason::NoValue))?;
    let lacking: Lacking = serde_json::from_slice(value).map_err(|_| Refusal::new(Reason::Malformed))?;
    let own = lacking.event_id.strip_prefix(&definition.name).is_some_and(|rest| rest.starts_with('/'));
    let bounded = [&lacking.event_id, &lacking.case_id].iter().all(|id| id.len() <= limit::ID_BYTES_MAX);
    if definition.export != Export::Snapshot || !own || !bounded {
        return Err(Path::top("event_id").refuse(Reason::InvalidValue));
    }
    let origin = Jurisdiction::parse(&lacking.origin).ok_or(Path::top("origin").refuse(Reason::OriginUnknown))?;
    if matches!(definition.origin, Origin::Fixed(fixed) if fixed != origin) {
        return Err(Path::top("origin").refuse(Reason::OriginUnknown));
    }
    let (platform, at) = (definition.name.clone(), record.at.clone());
    Ok(Missing { at, origin, platform, case_id: lacking.case_id, event_id: lacking.event_id })
}

/// A member's code, or the operator: no text in which somebody could be named.
fn asserted_by(text: String) -> Result<String, Refusal> {
    let known = text == OPERATOR || Jurisdiction::parse(&text).is_some();
    if known { Ok(text) } else { Err(Path::top("asserted_by").refuse(Reason::InvalidValue)) }
}

fn object(native: NativeRecord) -> Result<ObjectMap, Refusal> {
    let Value::Object(object) = native.value else { return Err(Refusal::new(Reason::Malformed)) };
    Ok(object)
}

/// `<event_id>#<version>`; a text of any other form is written nowhere.
fn alert_id((value, path): (&Value, Path<'_>), platform: &Definition) -> Result<String, Refusal> {
    let whole = needed(bounded(value, path, limit::ID_BYTES_MAX + limit::VERSION_BYTES_MAX), path)?;
    let (event_id, version) = whole.rsplit_once('#').ok_or(path.refuse(Reason::InvalidValue))?;
    let numbered = !version.is_empty() && version.bytes().all(|sign| sign.is_ascii_digit());
    match id(&Value::from(event_id), path, platform)? {
        Some(event_id) if numbered => Ok(format!("{event_id}#{version}")),
        Some(_) | None => Err(path.refuse(Reason::InvalidValue)),
    }
}

/// A day, as ISO 8601 writes it.
fn day((value, path): (&Value, Path<'_>)) -> Read<Days> {
    let Some(text) = short(value, path)? else { return Ok(None) };
    let day: jiff::civil::Date = text.parse().map_err(|_| path.refuse(Reason::UnreadableDate))?;
    let since = (day - jiff::civil::date(1970, 1, 1)).get_days();
    Some(since)
        .filter(|days| (limit::DATE_MIN_DAYS..=limit::DATE_MAX_DAYS).contains(days))
        .map(Some)
        .ok_or(path.refuse(Reason::InvalidValue))
}

/// An instant with its offset.
fn timestamp(value: &Value, path: Path<'_>) -> Read<Millis> {
    let Some(text) = short(value, path)? else { return Ok(None) };
    let instant: Timestamp = text.parse().map_err(|_| path.refuse(Reason::UnreadableDate))?;
    Some(instant.as_millisecond())
        .filter(|millis| in_bounds(*millis))
        .map(Some)
        .ok_or(path.refuse(Reason::InvalidValue))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use crate::intake;
    use crate::model::entry::{AcknowledgementLevel, Body};
    use crate::model::place::Jurisdiction;
    use crate::model::record::{RawRecord, SourcePosition};
    use crate::model::rejection::Reason;
    use crate::platform::statements::statements;

    /// What intake makes of a record of `comity.acks.CA-QC`.
    fn said(record: &Json) -> Body {
        let sources = statements(Jurisdiction::parse("CA-QC")).expect("compiled in");
        let at = SourcePosition { topic: "comity.acks.CA-QC".into(), partition: 0, from: 0, offset: 0 };
        let value = record.to_string().into_bytes();
        let raw = RawRecord { at: &at, value: Some(&value), source_version: None, test: false, published_at: 77 };
        intake::handle(&sources[0], &raw, None)
    }

    fn whole() -> Json {
        json!({"alert_id": "ca-on-food/FI-1#2", "origin": "CA-ON", "case_id": "ca-on-food/IN-1", "level": "ACCEPTED"})
    }

    #[test]
    fn an_acknowledgement_is_read_with_the_topics_own_recipient_and_the_records_time() {
        let Body::Acknowledgement(said) = said(&whole()) else { panic!("an acknowledgement") };
        assert_eq!((said.alert_id.as_str(), said.level), ("ca-on-food/FI-1#2", AcknowledgementLevel::Accepted));
        assert_eq!((said.recipient.as_str(), said.origin.as_str(), said.acknowledged_at), ("CA-QC", "CA-ON", 77));
    }

    #[test]
    fn what_has_not_its_form_is_refused_by_field_and_kept_nowhere() {
        for (field, value, reason) in [
            ("alert_id", json!("Jane Roe"), Reason::InvalidValue),
            ("alert_id", json!("ca-on-food/FI-1"), Reason::InvalidValue),
            ("alert_id", json!("ca-on-food/FI-1#x"), Reason::InvalidValue),
            ("alert_id", json!("Jane Roe#1"), Reason::InvalidValue),
            ("alert_id", json!(7), Reason::WrongType),
            ("case_id", json!("Jane Roe"), Reason::InvalidValue),
            ("case_id", Json::Null, Reason::MissingField),
            ("origin", json!("Ontario"), Reason::OriginUnknown),
            ("level", json!("SEEN"), Reason::UnknownCode),
            ("reason", json!("Jane Roe said so"), Reason::UnknownCode),
            ("recipient", json!("CA-ON"), Reason::WrongRecipient),
            ("acknowledged_at", json!("yesterday"), Reason::UnreadableDate),
        ] {
            let mut record = whole();
            record[field] = value;
            let Body::Rejection(refused) = said(&record) else { panic!("{field}: {record}") };
            assert_eq!((refused.reason, refused.field.as_deref()), (reason, Some(field)), "{record}");
            assert_eq!(refused.payload, None);
        }
    }
}
