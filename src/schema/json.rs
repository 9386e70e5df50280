//! The canonical JSON of an event or a rejection: what `comity map` prints and what a platform's examples expect.
//!
//! Names and their order are those of the canonical schema. What is absent is left out, so are empty lists. Days are
//! `YYYY-MM-DD`, instants RFC 3339 in UTC with milliseconds, digests hexadecimal, money in integer minor units.

use serde_json::{Map, Value, json};

use crate::model::code::Code;
use crate::model::entry::Body;
use crate::model::event::{
    Dated, Identifier, Info, InfractionEvent, Measure, Money, Product, Provenance, Resource, Subject, Withdrawal,
};
use crate::model::limit;
use crate::model::place::{Days, Jurisdiction, Millis};
use crate::model::record::SourcePosition;
use crate::model::rejection::Rejection;

/// An object in the making; absent values are not put in.
#[derive(Default)]
struct Object(Map<String, Value>);

impl Object {
    fn put(&mut self, name: &str, value: impl Into<Value>) {
        self.0.insert(name.to_owned(), value.into());
    }

    fn maybe(&mut self, name: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.put(name, value);
        }
    }

    fn list<T>(&mut self, name: &str, items: &[T], write: impl Fn(&T) -> Value) {
        if !items.is_empty() {
            self.put(name, Value::Array(items.iter().map(write).collect()));
        }
    }

    fn mark(&mut self, name: &str, flag: bool) {
        if flag {
            self.put(name, true);
        }
    }

    fn done(self) -> Value {
        Value::Object(self.0)
    }
}

/// An event or a rejection of the log; `None` for the other entries.
pub fn body(body: &Body) -> Option<Value> {
    match body {
        Body::Event(event) => Some(self::event(event)),
        Body::Rejection(rejection) => Some(self::rejection(rejection)),
        Body::Acknowledgement(_) | Body::Link(_) | Body::Rules(_) | Body::Missing(_) | Body::Tick => None,
    }
}

/// An event.
pub fn event(event: &InfractionEvent) -> Value {
    let mut object = Object::default();
    object.put("event_id", event.event_id.as_str());
    object.maybe("revision", event.revision);
    object.put("kind", event.kind.name());
    object.put("case_id", event.case_id.as_str());
    object.put("case_status", event.case_status.name());
    object.list("references", &event.references, |reference| json!(reference));
    object.put("mode", event.mode.name());
    object.put("origin", event.origin.as_str());
    object.put("platform", event.platform.as_str());
    object.put("authority", json!({ "id": event.authority.id, "name": event.authority.name }));
    object.maybe("subject", event.subject.as_ref().map(subject));
    object.list("products", &event.products, product);
    object.put("domain", event.domain.name());
    object.maybe("infraction", infraction(event));
    object.put("finality", event.finality.name());
    object.list("measures", &event.measures, measure);
    object.put("severity", event.severity.name());
    object.put("urgency", event.urgency.name());
    object.put("certainty", event.certainty.name());
    object.list("legal_basis", &event.legal_basis, |basis| json!({ "scheme": basis.scheme, "value": basis.value }));
    object.maybe("occurred", event.occurred.as_ref().map(dated));
    object.put("decided", dated(&event.decided));
    object.maybe("aware_at", event.aware_at.map(instant));
    object.put("reported_at", instant(event.reported_at));
    object.maybe("expires_at", event.expires_at.map(instant));
    object.put("scope", event.scope.name());
    object.list("for_follow_up", &event.for_follow_up, place);
    object.list("for_attention", &event.for_attention, place);
    object.list("sharing_groups", &event.sharing_groups, |name| json!(name));
    object.maybe("handling", event.handling.map(Code::name));
    object.list("distribution", &event.distribution, place);
    object.maybe("distribution_text", event.distribution_text.as_deref());
    object.maybe("withdrawal", event.withdrawal.as_ref().map(withdrawal));
    object.list("info", &event.info, info);
    object.list("resources", &event.resources, resource);
    object.mark("subject_dropped", event.subject_dropped);
    object.mark("text_dropped", event.text_dropped);
    object.put("provenance", provenance(&event.provenance));
    object.done()
}

/// A rejection. A payload is counted, not shown.
pub fn rejection(rejection: &Rejection) -> Value {
    let mut object = Object::default();
    object.put("platform", rejection.platform.as_str());
    object.put("stage", rejection.reason.stage().name());
    object.put("code", rejection.reason.code());
    object.put("reason", rejection.reason.name());
    object.maybe("detail", rejection.detail.as_deref());
    object.maybe("field", rejection.field.as_deref());
    object.put("size_bytes", rejection.size_bytes);
    object.maybe("digest", rejection.digest.as_ref().map(|digest| hexadecimal(digest)));
    object.maybe("payload_bytes", rejection.payload.as_ref().map(Vec::len));
    object.put("reported_at", instant(rejection.reported_at));
    object.put("source", position(&rejection.at));
    object.done()
}

fn subject(subject: &Subject) -> Value {
    let mut object = Object::default();
    object.list("identifiers", &subject.identifiers, identifier);
    object.put("legal_name", subject.legal_name.as_str());
    object.maybe("legal_form", subject.legal_form.as_deref());
    object.maybe("jurisdiction", subject.jurisdiction.as_ref().map(place));
    object.maybe("locality", subject.locality.as_deref());
    object.done()
}

fn identifier(identifier: &Identifier) -> Value {
    let mut object = Object::default();
    object.put("scheme", identifier.scheme.as_str());
    object.put("value", identifier.value.as_str());
    object.maybe("register", identifier.register.as_deref());
    object.put("trust", identifier.trust.name());
    object.maybe("text", identifier.text.as_deref());
    object.done()
}

fn product(product: &Product) -> Value {
    let mut object = Object::default();
    object.maybe("category", product.category.as_deref());
    object.maybe("name", product.name.as_deref());
    object.maybe("brand", product.brand.as_deref());
    object.maybe("model", product.model.as_deref());
    object.maybe("batch", product.batch.as_deref());
    object.maybe("gtin", product.gtin.as_deref());
    object.maybe("customs_code", product.customs_code.as_deref());
    object.maybe("origin", product.origin.as_ref().map(place));
    object.done()
}

/// What was found; `None` where nothing is said of it, on a withdrawal or closure.
fn infraction(event: &InfractionEvent) -> Option<Value> {
    let mut object = Object::default();
    object.maybe("code", event.infraction.code.as_deref());
    object.maybe("scheme", event.infraction.scheme.as_deref());
    if !event.infraction.title.is_empty() {
        object.put("title", event.infraction.title.as_str());
    }
    (!object.0.is_empty()).then(|| object.done())
}

fn measure(measure: &Measure) -> Value {
    let mut object = Object::default();
    object.put("type", measure.measure_type.name());
    object.maybe("basis", measure.basis.as_deref());
    object.maybe("from", measure.from.map(day));
    object.maybe("to", measure.to.map(day));
    object.maybe("penalty", measure.penalty.as_ref().map(money));
    object.done()
}

fn money(money: &Money) -> Value {
    json!({
        "amount_minor": money.amount_minor,
        "currency": money.currency,
        "qualifier": money.qualifier.name(),
    })
}

fn dated(dated: &Dated) -> Value {
    let mut object = Object::default();
    object.put("date", day(dated.date));
    object.put("precision", dated.precision.name());
    object.put("bound", dated.bound.name());
    object.maybe("text", dated.text.as_deref());
    object.done()
}

fn withdrawal(withdrawal: &Withdrawal) -> Value {
    let mut object = Object::default();
    object.put("scope", withdrawal.scope.name());
    object.put("reason", withdrawal.reason.name());
    object.maybe("decision_ref", withdrawal.decision_ref.as_deref());
    object.done()
}

fn info(info: &Info) -> Value {
    let mut object = Object::default();
    object.put("language", info.language.as_str());
    object.put("headline", info.headline.as_str());
    object.maybe("description", info.description.as_deref());
    object.done()
}

fn resource(resource: &Resource) -> Value {
    let mut object = Object::default();
    object.put("uri", resource.uri.as_str());
    object.maybe("mime_type", resource.mime_type.as_deref());
    object.maybe("size_bytes", resource.size_bytes);
    object.maybe("sha256", resource.sha256.as_ref().map(|digest| hexadecimal(digest)));
    object.done()
}

fn provenance(provenance: &Provenance) -> Value {
    let mut object = Object::default();
    object.put("source", position(&provenance.at));
    object.put("raw_sha256", hexadecimal(&provenance.raw_sha256));
    object.put("content_sha256", hexadecimal(&provenance.content_sha256));
    object.put("mapping_version", provenance.mapping_version.as_str());
    object.maybe("schema_id", provenance.schema_id);
    object.done()
}

fn position(at: &SourcePosition) -> Value {
    json!({ "topic": &*at.topic, "partition": at.partition, "from": at.from, "offset": at.offset })
}

fn place(place: &Jurisdiction) -> Value {
    json!(place.as_str())
}

/// `YYYY-MM-DD`; the number itself where it is no day of the years 1 to 9999, which no event has.
pub(crate) fn day(days: Days) -> Value {
    let known = Some(days).filter(|days| (limit::DATE_MIN_DAYS..=limit::DATE_MAX_DAYS).contains(days));
    let span = known.and_then(|days| jiff::Span::new().try_days(days).ok());
    let date = span.and_then(|span| jiff::civil::date(1970, 1, 1).checked_add(span).ok());
    date.map_or_else(|| json!(days), |date| json!(date.to_string()))
}

/// RFC 3339 in UTC with milliseconds; the number itself outside the years 1 to 9999, since RFC 3339 writes four digits.
pub(crate) fn instant(millis: Millis) -> Value {
    let known = Some(millis).filter(|millis| (limit::INSTANT_MIN_MS..=limit::INSTANT_MAX_MS).contains(millis));
    let instant = known.and_then(|millis| jiff::Timestamp::from_millisecond(millis).ok());
    instant.map_or_else(|| json!(millis), |instant| json!(format!("{instant:.3}")))
}

pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
