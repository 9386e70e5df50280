//! Events and their parts as read from Avro: structs under the names of the schema, then the model's.

use serde::Deserialize;

use crate::model::code::{
    Bound, CaseStatus, Certainty, Domain, Finality, Handling, Kind, MeasureType, Mode, Precision, Qualifier, Scope,
    Severity, Trust, Urgency, WithdrawalReason, WithdrawalScope,
};
use crate::model::event;
use crate::model::record::SourcePosition;
use crate::schema::read::{Fixed, Place, Symbol, each, places};

/// `InfractionEvent`.
#[derive(Debug, Deserialize)]
pub(crate) struct Event<'a> {
    event_id: String,
    revision: Option<i64>,
    kind: Symbol<Kind>,
    case_id: String,
    case_status: Symbol<CaseStatus>,
    references: Vec<String>,
    mode: Symbol<Mode>,
    origin: Place,
    platform: String,
    authority: Authority,
    subject: Option<Subject>,
    products: Vec<Product>,
    domain: Symbol<Domain>,
    infraction: Infraction,
    finality: Symbol<Finality>,
    measures: Vec<Measure>,
    severity: Symbol<Severity>,
    urgency: Symbol<Urgency>,
    certainty: Symbol<Certainty>,
    legal_basis: Vec<LegalBasis>,
    occurred: Option<Dated>,
    decided: Dated,
    aware_at: Option<i64>,
    expires_at: Option<i64>,
    scope: Symbol<Scope>,
    for_follow_up: Vec<Place>,
    for_attention: Vec<Place>,
    sharing_groups: Vec<String>,
    handling: Option<Symbol<Handling>>,
    distribution: Vec<Place>,
    distribution_text: Option<String>,
    withdrawal: Option<Withdrawal>,
    info: Vec<Info>,
    resources: Vec<Resource>,
    subject_dropped: bool,
    text_dropped: bool,
    reported_at: i64,
    #[serde(borrow)]
    provenance: Provenance<'a>,
}

impl Event<'_> {
    /// The event with the source position of its log entry; `None` where the two name different records.
    pub(crate) fn with_source(self, at: SourcePosition) -> Option<event::InfractionEvent> {
        let provenance = self.provenance.with_source(at)?;
        Some(event::InfractionEvent {
            event_id: self.event_id,
            revision: self.revision,
            kind: self.kind.0,
            case_id: self.case_id,
            case_status: self.case_status.0,
            references: self.references,
            mode: self.mode.0,
            origin: self.origin.0,
            platform: self.platform,
            authority: self.authority.into(),
            subject: self.subject.map(Into::into),
            products: each(self.products),
            domain: self.domain.0,
            infraction: self.infraction.into(),
            finality: self.finality.0,
            measures: each(self.measures),
            severity: self.severity.0,
            urgency: self.urgency.0,
            certainty: self.certainty.0,
            legal_basis: each(self.legal_basis),
            occurred: self.occurred.map(Into::into),
            decided: self.decided.into(),
            aware_at: self.aware_at,
            expires_at: self.expires_at,
            scope: self.scope.0,
            for_follow_up: places(self.for_follow_up),
            for_attention: places(self.for_attention),
            sharing_groups: self.sharing_groups,
            handling: self.handling.map(|handling| handling.0),
            distribution: places(self.distribution),
            distribution_text: self.distribution_text,
            withdrawal: self.withdrawal.map(Into::into),
            info: each(self.info),
            resources: each(self.resources),
            subject_dropped: self.subject_dropped,
            text_dropped: self.text_dropped,
            reported_at: self.reported_at,
            provenance,
        })
    }
}

/// `Provenance`.
#[derive(Debug, Deserialize)]
struct Provenance<'a> {
    topic: &'a str,
    partition: i32,
    offset: i64,
    raw_sha256: Fixed<32>,
    content_sha256: Fixed<32>,
    mapping_version: String,
    schema_id: Option<i32>,
}

impl Provenance<'_> {
    fn with_source(self, at: SourcePosition) -> Option<event::Provenance> {
        let same = *self.topic == *at.topic && self.partition == at.partition && self.offset == at.offset;
        same.then_some(event::Provenance {
            at,
            raw_sha256: self.raw_sha256.0,
            content_sha256: self.content_sha256.0,
            mapping_version: self.mapping_version,
            schema_id: self.schema_id,
        })
    }
}

/// `Authority`.
#[derive(Debug, Deserialize)]
struct Authority {
    id: String,
    name: String,
}

impl From<Authority> for event::Authority {
    fn from(read: Authority) -> Self {
        Self { id: read.id, name: read.name }
    }
}

/// `Subject`.
#[derive(Debug, Deserialize)]
struct Subject {
    identifiers: Vec<Identifier>,
    legal_name: String,
    legal_form: Option<String>,
    jurisdiction: Option<Place>,
    locality: Option<String>,
}

impl From<Subject> for event::Subject {
    fn from(read: Subject) -> Self {
        Self {
            identifiers: each(read.identifiers),
            legal_name: read.legal_name,
            legal_form: read.legal_form,
            jurisdiction: read.jurisdiction.map(|place| place.0),
            locality: read.locality,
        }
    }
}

/// `Identifier`.
#[derive(Debug, Deserialize)]
struct Identifier {
    scheme: String,
    value: String,
    register: Option<String>,
    trust: Symbol<Trust>,
    text: Option<String>,
}

impl From<Identifier> for event::Identifier {
    fn from(read: Identifier) -> Self {
        Self { scheme: read.scheme, value: read.value, register: read.register, trust: read.trust.0, text: read.text }
    }
}

/// `Product`.
#[derive(Debug, Deserialize)]
struct Product {
    category: Option<String>,
    name: Option<String>,
    brand: Option<String>,
    model: Option<String>,
    batch: Option<String>,
    gtin: Option<String>,
    customs_code: Option<String>,
    origin: Option<Place>,
}

impl From<Product> for event::Product {
    fn from(read: Product) -> Self {
        Self {
            category: read.category,
            name: read.name,
            brand: read.brand,
            model: read.model,
            batch: read.batch,
            gtin: read.gtin,
            customs_code: read.customs_code,
            origin: read.origin.map(|place| place.0),
        }
    }
}

/// `Infraction`.
#[derive(Debug, Deserialize)]
struct Infraction {
    code: Option<String>,
    scheme: Option<String>,
    title: String,
}

impl From<Infraction> for event::Infraction {
    fn from(read: Infraction) -> Self {
        Self { code: read.code, scheme: read.scheme, title: read.title }
    }
}

/// `Measure`.
#[derive(Debug, Deserialize)]
struct Measure {
    #[serde(rename = "type")]
    measure_type: Symbol<MeasureType>,
    basis: Option<String>,
    from: Option<i32>,
    to: Option<i32>,
    penalty: Option<Money>,
}

impl From<Measure> for event::Measure {
    fn from(read: Measure) -> Self {
        Self {
            measure_type: read.measure_type.0,
            basis: read.basis,
            from: read.from,
            to: read.to,
            penalty: read.penalty.map(Into::into),
        }
    }
}

/// `Money`.
#[derive(Debug, Deserialize)]
struct Money {
    amount_minor: i64,
    currency: String,
    qualifier: Symbol<Qualifier>,
}

impl From<Money> for event::Money {
    fn from(read: Money) -> Self {
        Self { amount_minor: read.amount_minor, currency: read.currency, qualifier: read.qualifier.0 }
    }
}

/// `LegalBasis`.
#[derive(Debug, Deserialize)]
struct LegalBasis {
    scheme: String,
    value: String,
}

impl From<LegalBasis> for event::LegalBasis {
    fn from(read: LegalBasis) -> Self {
        Self { scheme: read.scheme, value: read.value }
    }
}

/// `Dated`.
#[derive(Debug, Deserialize)]
struct Dated {
    date: i32,
    precision: Symbol<Precision>,
    bound: Symbol<Bound>,
    text: Option<String>,
}

impl From<Dated> for event::Dated {
    fn from(read: Dated) -> Self {
        Self { date: read.date, precision: read.precision.0, bound: read.bound.0, text: read.text }
    }
}

/// `Withdrawal`.
#[derive(Debug, Deserialize)]
struct Withdrawal {
    scope: Symbol<WithdrawalScope>,
    reason: Symbol<WithdrawalReason>,
    decision_ref: Option<String>,
}

impl From<Withdrawal> for event::Withdrawal {
    fn from(read: Withdrawal) -> Self {
        Self { scope: read.scope.0, reason: read.reason.0, decision_ref: read.decision_ref }
    }
}

/// `Info`.
#[derive(Debug, Deserialize)]
struct Info {
    language: String,
    headline: String,
    description: Option<String>,
}

impl From<Info> for event::Info {
    fn from(read: Info) -> Self {
        Self { language: read.language, headline: read.headline, description: read.description }
    }
}

/// `Resource`.
#[derive(Debug, Deserialize)]
struct Resource {
    uri: String,
    mime_type: Option<String>,
    size: Option<i64>,
    sha256: Option<Fixed<32>>,
}

impl From<Resource> for event::Resource {
    fn from(read: Resource) -> Self {
        Self {
            uri: read.uri,
            mime_type: read.mime_type,
            size_bytes: read.size,
            sha256: read.sha256.map(|digest| digest.0),
        }
    }
}
