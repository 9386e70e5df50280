//! An event: one native record in canonical form.
//!
//! Terms: CAP 1.2 (`references`, `severity`, `urgency`, `certainty`, `expires`), RASFF (`for_follow_up`,
//! `for_attention`, `distribution`), ELI/ECLI (legal basis), ISO 4217 (currency), ISO 20275 (legal form).

use super::code::{
    Bound, CaseStatus, Certainty, Domain, Finality, Handling, Kind, MeasureType, Mode, Precision, Qualifier, Scope,
    Severity, Trust, Urgency, WithdrawalReason, WithdrawalScope,
};
use super::place::{Days, Jurisdiction, Millis};
use super::record::SourcePosition;

/// `InfractionEvent`: what an authority decided about an organisation or a product.
#[derive(Debug, Clone, PartialEq)]
pub struct InfractionEvent {
    /// `<platform>/<native id>`.
    pub event_id: String,
    /// The origin's number of this revision, where its platform numbers them.
    pub revision: Option<i64>,
    pub kind: Kind,
    /// What the events about one matter have in common; unique within its origin.
    pub case_id: String,
    pub case_status: CaseStatus,
    /// The `event_id`s that this event is about, other than its own.
    pub references: Vec<String>,
    pub mode: Mode,
    /// The jurisdiction whose authority decided.
    pub origin: Jurisdiction,
    pub platform: String,
    pub authority: Authority,
    /// Absent where a product is described, and always on a withdrawal or closure.
    pub subject: Option<Subject>,
    pub products: Vec<Product>,
    pub domain: Domain,
    pub infraction: Infraction,
    pub finality: Finality,
    pub measures: Vec<Measure>,
    pub severity: Severity,
    pub urgency: Urgency,
    pub certainty: Certainty,
    /// At least one, but on a withdrawal or closure.
    pub legal_basis: Vec<LegalBasis>,
    pub occurred: Option<Dated>,
    /// When the authority decided; on a withdrawal or closure, when it was taken back or closed.
    pub decided: Dated,
    pub aware_at: Option<Millis>,
    pub expires_at: Option<Millis>,
    pub scope: Scope,
    pub for_follow_up: Vec<Jurisdiction>,
    pub for_attention: Vec<Jurisdiction>,
    /// Sharing groups whose members may know of it too.
    pub sharing_groups: Vec<String>,
    pub handling: Option<Handling>,
    /// Where goods went; it never routes by itself.
    pub distribution: Vec<Jurisdiction>,
    pub distribution_text: Option<String>,
    /// On a WITHDRAWAL only.
    pub withdrawal: Option<Withdrawal>,
    pub info: Vec<Info>,
    pub resources: Vec<Resource>,
    /// True where the guard dropped a subject that could be a person and kept the product.
    pub subject_dropped: bool,
    /// True where the guard cut a text or left it out: it held a personal pattern, or the name of a subject that was dropped.
    pub text_dropped: bool,
    /// When the platform reported it: the source record's Kafka timestamp unless the platform says otherwise.
    pub reported_at: Millis,
    pub provenance: Provenance,
}

impl InfractionEvent {
    /// True where a platform speaks of an event of another one: its own ids begin with its name.
    pub fn speaks_for_another(&self) -> bool {
        self.event_id.split_once('/').is_some_and(|(owner, _)| owner != self.platform)
    }
}

/// The authority that decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authority {
    pub id: String,
    pub name: String,
}

/// A registered organisation, never a natural person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    pub identifiers: Vec<Identifier>,
    pub legal_name: String,
    /// The legal form as the guard recognised it: an ISO 20275 code or a token of `legal_forms.toml`.
    pub legal_form: Option<String>,
    /// Where it is registered.
    pub jurisdiction: Option<Jurisdiction>,
    /// The town of its seat, no street.
    pub locality: Option<String>,
}

/// One identifier in the normal form of its scheme.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Identifier {
    /// A name of `schemas/identifiers.toml`; a platform's own numbers are `<platform>/<scheme>`.
    pub scheme: String,
    pub value: String,
    /// The register that gave it, where the scheme has several.
    pub register: Option<String>,
    pub trust: Trust,
    /// The source's own text, where normalising changed it.
    pub text: Option<String>,
}

/// Goods that a decision is about.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Product {
    pub category: Option<String>,
    pub name: Option<String>,
    pub brand: Option<String>,
    pub model: Option<String>,
    pub batch: Option<String>,
    pub gtin: Option<String>,
    pub customs_code: Option<String>,
    /// The country or subdivision that it came from.
    pub origin: Option<Jurisdiction>,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Infraction {
    pub code: Option<String>,
    pub scheme: Option<String>,
    pub title: String,
}

/// What the authority ordered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measure {
    pub measure_type: MeasureType,
    pub basis: Option<String>,
    pub from: Option<Days>,
    pub to: Option<Days>,
    pub penalty: Option<Money>,
}

/// An amount in the minor unit of its currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Money {
    pub amount_minor: i64,
    /// ISO 4217.
    pub currency: String,
    pub qualifier: Qualifier,
}

/// A legal citation under its scheme (`ELI`, `ECLI`, `CELEX`, or the name of a national collection).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegalBasis {
    pub scheme: String,
    pub value: String,
}

/// A date, how much of it is stated, and whether it is only a bound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dated {
    pub date: Days,
    pub precision: Precision,
    pub bound: Bound,
    /// The source's own text, where reading it changed it.
    pub text: Option<String>,
}

/// What is taken back, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withdrawal {
    pub scope: WithdrawalScope,
    pub reason: WithdrawalReason,
    pub decision_ref: Option<String>,
}

/// Text for people, bounded and searched for personal patterns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Info {
    /// BCP 47.
    pub language: String,
    pub headline: String,
    pub description: Option<String>,
}

/// A document elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    pub uri: String,
    pub mime_type: Option<String>,
    pub size_bytes: Option<i64>,
    pub sha256: Option<[u8; 32]>,
}

/// Where an event came from, and by which mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provenance {
    pub at: SourcePosition,
    /// SHA-256 of the native record's bytes.
    pub raw_sha256: [u8; 32],
    /// SHA-256 of the canonical record without `reported_at` and `provenance`: equal for the same content.
    pub content_sha256: [u8; 32],
    /// The first 16 hexadecimal digits of the SHA-256 of the platform's folder.
    pub mapping_version: String,
    /// The id of the source schema, where the record carried one.
    pub schema_id: Option<i32>,
}
