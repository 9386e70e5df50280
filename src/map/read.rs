//! The object that a mapping gives becomes an event, field by field.

use std::cell::Cell;

use vrl::value::{KeyString, ObjectMap, Value};

use super::path::Path;
use super::value::{
    Read, bounded, code, date, id, identifier, in_bounds, instant, integer, list, money, needed, object,
};
use super::value::{place, sha256, short};
use crate::model::code::{
    CaseStatus, Certainty, Domain, Finality, Kind, MeasureType, Mode, Scope, Severity, Urgency, WithdrawalScope,
};
use crate::model::event::{
    Authority, Info, Infraction, InfractionEvent, LegalBasis, Measure, Product, Provenance, Resource, Subject,
    Withdrawal,
};
use crate::model::limit;
use crate::model::place::Millis;
use crate::model::rejection::{Reason, Refusal};
use crate::platform::definition::Origin;
use crate::platform::read::is_language;
use crate::platform::{Platform, is_name as is_group};

/// The fields of one object; each is taken once, and what nobody took is refused.
struct Fields {
    /// As a list: an object has so few that looking at each is faster than a search.
    object: Vec<(KeyString, Value)>,
    taken: Cell<usize>,
}

impl Fields {
    fn new(object: ObjectMap) -> Self {
        Self { object: object.into_iter().collect(), taken: Cell::new(0) }
    }

    /// The value of a field; null where it is absent.
    fn get(&self, name: &str) -> &Value {
        match self.object.iter().find(|(known, _)| known.as_str() == name) {
            Some((_, value)) => {
                self.taken.set(self.taken.get() + 1);
                value
            }
            None => &Value::Null,
        }
    }

    /// The same, moved out.
    fn take(&mut self, name: &str) -> Value {
        match self.object.iter_mut().find(|(known, _)| known.as_str() == name) {
            Some((_, value)) => {
                self.taken.set(self.taken.get() + 1);
                std::mem::replace(value, Value::Null)
            }
            None => Value::Null,
        }
    }

    /// A field that the canonical schema lacks could name a person. The types were proved; this is the last word.
    fn closed(&self, refuse: impl Fn() -> Refusal) -> Result<(), Refusal> {
        if self.taken.get() == self.object.len() { Ok(()) } else { Err(refuse()) }
    }
}

/// Reads the event.
pub(super) fn event(
    platform: &Platform,
    result: Value,
    published_at: Millis,
    provenance: Provenance,
) -> Result<InfractionEvent, Refusal> {
    let top = Path::top;
    let definition = &platform.definition;
    let Value::Object(object) = result else { return Err(Refusal::new(Reason::MappingFailed)) };
    let mut fields = Fields::new(object);
    let id = |value: &Value, at: Path<'_>| id(value, at, definition);
    let zone = &platform.zone;
    let kind = needed(code::<Kind>(fields.get("kind"), top("kind")), top("kind"))?;
    let references = fields.take("references");
    let decided = fields.take("decided");
    let aware_at = fields.take("aware_at");
    let expires_at = fields.take("expires_at");
    let reported_at = reported_at(&mut fields, zone, published_at)?;
    let mut event = InfractionEvent {
        event_id: needed(id(fields.get("event_id"), top("event_id")), top("event_id"))?,
        revision: integer(fields.get("revision"), top("revision"))?,
        kind,
        case_id: needed(id(fields.get("case_id"), top("case_id")), top("case_id"))?,
        case_status: code(fields.get("case_status"), top("case_status"))?.unwrap_or(CaseStatus::Open),
        references: list(references, top("references"), limit::REFERENCES_MAX, |item, at| id(&item, at))?,
        mode: code(fields.get("mode"), top("mode"))?.unwrap_or(Mode::Actual),
        origin: origin(platform, &fields)?,
        platform: definition.name.clone(),
        authority: authority(platform, &mut fields)?,
        subject: None,
        products: Vec::new(),
        domain: domain(platform, &fields)?,
        infraction: Infraction { code: None, scheme: None, title: String::new() },
        finality: code(fields.get("finality"), top("finality"))?.unwrap_or(Finality::NotStated),
        measures: Vec::new(),
        severity: code(fields.get("severity"), top("severity"))?.unwrap_or(Severity::Unknown),
        urgency: code(fields.get("urgency"), top("urgency"))?.unwrap_or(Urgency::Unknown),
        certainty: code(fields.get("certainty"), top("certainty"))?.unwrap_or(Certainty::Unknown),
        legal_basis: Vec::new(),
        occurred: None,
        decided: needed(date(decided, top("decided")), top("decided"))?,
        aware_at: instant(aware_at, top("aware_at"), zone, false)?,
        expires_at: instant(expires_at, top("expires_at"), zone, true)?,
        scope: code(fields.get("scope"), top("scope"))?.unwrap_or(Scope::Federation),
        for_follow_up: Vec::new(),
        for_attention: Vec::new(),
        sharing_groups: Vec::new(),
        handling: code(fields.get("handling"), top("handling"))?,
        distribution: Vec::new(),
        distribution_text: None,
        withdrawal: withdrawal(&mut fields, kind)?,
        info: Vec::new(),
        resources: Vec::new(),
        subject_dropped: false,
        text_dropped: false,
        reported_at,
        provenance,
    };
    if matches!(kind, Kind::Original | Kind::Supplement) && event.speaks_for_another() {
        // What another platform never stated, only that platform can state.
        return Err(top("event_id").refuse(Reason::InvalidValue));
    }
    // A withdrawal or closure carries event, case, reason and date, codes, and nothing about anybody; what else its
    // mapping gives is not even looked at, so that no fault in it keeps a withdrawal from those who were told.
    if !matches!(kind, Kind::Withdrawal | Kind::Closure) {
        facts(platform, &mut fields, &mut event)?;
        fields.closed(|| Refusal::new(Reason::InvalidValue))?;
    }
    Ok(event)
}

/// The name of a sharing group, which can be no text of any other form.
fn group(value: Value, at: Path<'_>) -> Read<String> {
    let Some(name) = short(&value, at)? else { return Ok(None) };
    if is_group(&name) { Ok(Some(name)) } else { Err(at.refuse(Reason::InvalidValue)) }
}

/// When the origin reported it: what the mapping says, else the record's own timestamp, which its producer can set to
/// anything.
fn reported_at(fields: &mut Fields, zone: &jiff::tz::TimeZone, published_at: Millis) -> Result<Millis, Refusal> {
    let at = Path::top("reported_at");
    let stated = instant(fields.take("reported_at"), at, zone, false)?.unwrap_or(published_at);
    if in_bounds(stated) { Ok(stated) } else { Err(Path::top("reported_at").refuse(Reason::InvalidValue)) }
}

/// What a withdrawal or closure does not carry.
fn facts(platform: &Platform, fields: &mut Fields, event: &mut InfractionEvent) -> Result<(), Refusal> {
    let places = |fields: &mut Fields, name| {
        let value = fields.take(name);
        list(value, Path::top(name), limit::PLACES_MAX, |item, at| place(&item, at, Reason::InvalidValue))
    };
    event.for_follow_up = places(fields, "for_follow_up")?;
    event.for_attention = places(fields, "for_attention")?;
    let groups = fields.take("sharing_groups");
    event.sharing_groups = list(groups, Path::top("sharing_groups"), limit::EVENT_GROUPS_MAX, group)?;
    event.distribution = places(fields, "distribution")?;
    event.distribution_text = short(fields.get("distribution_text"), Path::top("distribution_text"))?;
    event.subject = subject(fields.take("subject"), Path::top("subject"))?;
    event.products = list(fields.take("products"), Path::top("products"), limit::PRODUCTS_MAX, product)?;
    event.measures = list(fields.take("measures"), Path::top("measures"), limit::MEASURES_MAX, measure)?;
    event.occurred = date(fields.take("occurred"), Path::top("occurred"))?;
    event.legal_basis = legal_basis(platform, fields)?;
    let language = platform.definition.language.as_str();
    let info_value = fields.take("info");
    event.info = list(info_value, Path::top("info"), limit::INFO_MAX, |item, at| info(item, at, language))?;
    event.resources = list(fields.take("resources"), Path::top("resources"), limit::RESOURCES_MAX, resource)?;
    let at = Path::top("infraction");
    event.infraction = needed(infraction(fields.take("infraction"), at), at)?;
    Ok(())
}

fn origin(platform: &Platform, fields: &Fields) -> Result<crate::model::place::Jurisdiction, Refusal> {
    let path = Path::top("origin");
    match platform.definition.origin {
        Origin::Fixed(origin) => {
            // The type was proved to be absent or null.
            if fields.get("origin").is_null() { Ok(origin) } else { Err(path.refuse(Reason::InvalidValue)) }
        }
        Origin::PerRecord => needed(place(fields.get("origin"), path, Reason::OriginUnknown), path),
    }
}

fn authority(platform: &Platform, fields: &mut Fields) -> Result<Authority, Refusal> {
    let path = Path::top("authority");
    let Some(object) = object(fields.take("authority"), path)? else {
        return Ok(platform.definition.authority.clone());
    };
    let fields = Fields::new(object);
    let id = needed(short(fields.get("id"), path.field("id")), path.field("id"))?;
    let name = needed(short(fields.get("name"), path.field("name")), path.field("name"))?;
    fields.closed(|| path.refuse(Reason::InvalidValue))?;
    Ok(Authority { id, name })
}

fn domain(platform: &Platform, fields: &Fields) -> Result<Domain, Refusal> {
    let path = Path::top("domain");
    let listed = &platform.definition.domains;
    let refuse = || path.refuse(Reason::DomainNotListed);
    match code::<Domain>(fields.get("domain"), path).map_err(|_| refuse())? {
        Some(domain) if listed.contains(&domain) => Ok(domain),
        Some(_) => Err(refuse()),
        None => listed.first().copied().ok_or_else(refuse),
    }
}

fn legal_basis(platform: &Platform, fields: &mut Fields) -> Result<Vec<LegalBasis>, Refusal> {
    let path = Path::top("legal_basis");
    let bases = &platform.definition.legal_bases;
    if bases.is_empty() {
        return stated_legal_basis(fields.take("legal_basis"), path);
    }
    let chosen = list(fields.take("legal_basis"), path, limit::LEGAL_BASES_MAX, |item, at| {
        let Some(name) = short(&item, at)? else { return Ok(None) };
        let basis = bases.iter().find(|(known, _)| *known == name).map(|(_, basis)| basis.clone());
        basis.map(Some).ok_or_else(|| at.refuse(Reason::UnknownCode))
    })?;
    Ok(if chosen.is_empty() { bases.first().map(|(_, basis)| basis.clone()).into_iter().collect() } else { chosen })
}

/// The legal bases of a platform whose records state their own: at least one.
fn stated_legal_basis(value: Value, path: Path<'_>) -> Result<Vec<LegalBasis>, Refusal> {
    let stated = list(value, path, limit::LEGAL_BASES_MAX, |item, at| {
        let Some(object) = object(item, at)? else { return Ok(None) };
        let fields = Fields::new(object);
        let text = |name| needed(short(fields.get(name), at.field(name)), at.field(name));
        let basis = LegalBasis { scheme: text("scheme")?, value: text("value")? };
        fields.closed(|| at.refuse(Reason::InvalidValue))?;
        Ok(Some(basis))
    })?;
    if stated.is_empty() { Err(path.refuse(Reason::MissingValue)) } else { Ok(stated) }
}

fn withdrawal(fields: &mut Fields, kind: Kind) -> Result<Option<Withdrawal>, Refusal> {
    let path = Path::top("withdrawal");
    let object = object(fields.take("withdrawal"), path)?;
    if kind != Kind::Withdrawal {
        // A reason for a withdrawal beside another kind says that one of the two is wrong.
        return if object.is_none() { Ok(None) } else { Err(path.refuse(Reason::InvalidValue)) };
    }
    let fields = Fields::new(object.ok_or_else(|| path.refuse(Reason::MissingValue))?);
    let withdrawal = Withdrawal {
        scope: code(fields.get("scope"), path.field("scope"))?.unwrap_or(WithdrawalScope::Event),
        reason: needed(code(fields.get("reason"), path.field("reason")), path.field("reason"))?,
        decision_ref: short(fields.get("decision_ref"), path.field("decision_ref"))?,
    };
    fields.closed(|| path.refuse(Reason::InvalidValue))?;
    Ok(Some(withdrawal))
}

/// A subject; without a name and identifiers there is none.
fn subject(value: Value, path: Path<'_>) -> Read<Subject> {
    let Some(object) = object(value, path)? else { return Ok(None) };
    let mut fields = Fields::new(object);
    let identifiers = list(fields.take("identifiers"), path.field("identifiers"), limit::IDENTIFIERS_MAX, identifier)?;
    let legal_name = short(fields.get("legal_name"), path.field("legal_name"))?;
    if legal_name.is_none() && identifiers.is_empty() {
        return Ok(None);
    }
    let subject = Subject {
        identifiers,
        legal_name: needed(Ok(legal_name), path.field("legal_name"))?,
        legal_form: short(fields.get("legal_form"), path.field("legal_form"))?,
        jurisdiction: place(fields.get("jurisdiction"), path.field("jurisdiction"), Reason::InvalidValue)?,
        locality: short(fields.get("locality"), path.field("locality"))?,
    };
    fields.closed(|| path.refuse(Reason::InvalidValue))?;
    Ok(Some(subject))
}

/// A product; one of which nothing is said is none.
fn product(value: Value, path: Path<'_>) -> Read<Product> {
    let Some(object) = object(value, path)? else { return Ok(None) };
    let fields = Fields::new(object);
    let text = |name| short(fields.get(name), path.field(name));
    let product = Product {
        category: text("category")?,
        name: text("name")?,
        brand: text("brand")?,
        model: text("model")?,
        batch: text("batch")?,
        gtin: text("gtin")?,
        customs_code: text("customs_code")?,
        origin: place(fields.get("origin"), path.field("origin"), Reason::InvalidValue)?,
    };
    fields.closed(|| path.refuse(Reason::InvalidValue))?;
    Ok((product != Product::default()).then_some(product))
}

fn infraction(value: Value, path: Path<'_>) -> Read<Infraction> {
    let Some(object) = object(value, path)? else { return Ok(None) };
    let fields = Fields::new(object);
    let infraction = Infraction {
        code: short(fields.get("code"), path.field("code"))?,
        scheme: short(fields.get("scheme"), path.field("scheme"))?,
        title: needed(short(fields.get("title"), path.field("title")), path.field("title"))?,
    };
    fields.closed(|| path.refuse(Reason::InvalidValue))?;
    Ok(Some(infraction))
}

fn measure(value: Value, path: Path<'_>) -> Read<Measure> {
    let Some(object) = object(value, path)? else { return Ok(None) };
    let mut fields = Fields::new(object);
    let (from, to, penalty) = (fields.take("from"), fields.take("to"), fields.take("penalty"));
    let measure = Measure {
        measure_type: code(fields.get("type"), path.field("type"))?.unwrap_or(MeasureType::NotStated),
        basis: short(fields.get("basis"), path.field("basis"))?,
        from: date(from, path.field("from"))?.map(|dated| dated.date),
        to: date(to, path.field("to"))?.map(|dated| dated.date),
        penalty: money(penalty, path.field("penalty"))?,
    };
    fields.closed(|| path.refuse(Reason::InvalidValue))?;
    Ok(Some(measure))
}

/// Text for people; without a headline there is none.
fn info(value: Value, path: Path<'_>, language: &str) -> Read<Info> {
    let Some(object) = object(value, path)? else { return Ok(None) };
    let fields = Fields::new(object);
    let headline = bounded(fields.get("headline"), path.field("headline"), limit::HEADLINE_BYTES_MAX)?;
    let description_at = path.field("description");
    let description = bounded(fields.get("description"), description_at, limit::DESCRIPTION_BYTES_MAX)?;
    let given = short(fields.get("language"), path.field("language"))?;
    fields.closed(|| path.refuse(Reason::InvalidValue))?;
    let language = given.unwrap_or_else(|| language.to_owned());
    if !is_language(&language) {
        return Err(path.field("language").refuse(Reason::InvalidValue));
    }
    match headline {
        Some(headline) => Ok(Some(Info { language, headline, description })),
        None if description.is_none() => Ok(None),
        None => Err(path.field("headline").refuse(Reason::MissingValue)),
    }
}

fn resource(value: Value, path: Path<'_>) -> Read<Resource> {
    let Some(object) = object(value, path)? else { return Ok(None) };
    let fields = Fields::new(object);
    let Some(uri) = short(fields.get("uri"), path.field("uri"))? else { return Ok(None) };
    let size_bytes = integer(fields.get("size_bytes"), path.field("size_bytes"))?;
    if size_bytes.is_some_and(|size| size < 0) {
        return Err(path.field("size_bytes").refuse(Reason::InvalidValue));
    }
    let resource = Resource {
        uri,
        mime_type: short(fields.get("mime_type"), path.field("mime_type"))?,
        size_bytes,
        sha256: sha256(fields.get("sha256"), path.field("sha256"))?,
    };
    fields.closed(|| path.refuse(Reason::InvalidValue))?;
    Ok(Some(resource))
}
