//! Events and their parts as Avro, in the order of `InfractionEvent.v1.avsc`.

use crate::model::event::{
    Authority, Dated, Identifier, Info, Infraction, InfractionEvent, LegalBasis, Measure, Money, Product, Provenance,
    Resource, Subject, Withdrawal,
};
use crate::schema::datum;

/// Appends an `InfractionEvent`.
pub(crate) fn event(event: &InfractionEvent, out: &mut Vec<u8>) {
    content(event, out);
    datum::long(event.reported_at, out);
    provenance(&event.provenance, out);
}

/// Appends the fields of an event before `reported_at` and `provenance`: what makes its content.
pub(crate) fn content(event: &InfractionEvent, out: &mut Vec<u8>) {
    datum::text(&event.event_id, out);
    datum::optional(event.revision, out, datum::long);
    datum::code(event.kind, out);
    datum::text(&event.case_id, out);
    datum::code(event.case_status, out);
    datum::texts(&event.references, out);
    datum::code(event.mode, out);
    datum::place(event.origin, out);
    datum::text(&event.platform, out);
    authority(&event.authority, out);
    datum::optional(event.subject.as_ref(), out, subject);
    datum::list(&event.products, out, product);
    datum::code(event.domain, out);
    infraction(&event.infraction, out);
    datum::code(event.finality, out);
    datum::list(&event.measures, out, measure);
    datum::code(event.severity, out);
    datum::code(event.urgency, out);
    datum::code(event.certainty, out);
    datum::list(&event.legal_basis, out, legal_basis);
    datum::optional(event.occurred.as_ref(), out, dated);
    dated(&event.decided, out);
    datum::optional(event.aware_at, out, datum::long);
    datum::optional(event.expires_at, out, datum::long);
    datum::code(event.scope, out);
    datum::places(&event.for_follow_up, out);
    datum::places(&event.for_attention, out);
    datum::texts(&event.sharing_groups, out);
    datum::optional(event.handling, out, datum::code);
    datum::places(&event.distribution, out);
    datum::optional_text(event.distribution_text.as_deref(), out);
    datum::optional(event.withdrawal.as_ref(), out, withdrawal);
    datum::list(&event.info, out, info);
    datum::list(&event.resources, out, resource);
    datum::boolean(event.subject_dropped, out);
    datum::boolean(event.text_dropped, out);
}

/// Appends a `reported_at` of 0 and a `Provenance` that says nothing.
pub(crate) fn neutral_origin(out: &mut Vec<u8>) {
    datum::long(0, out);
    datum::text("", out);
    datum::int(0, out);
    datum::long(0, out);
    datum::fixed(&[0; 32], out);
    datum::fixed(&[0; 32], out);
    datum::text("", out);
    datum::optional(None, out, datum::int);
}

/// Appends a `Provenance`; the position before the record stands in the log entry's source.
fn provenance(provenance: &Provenance, out: &mut Vec<u8>) {
    datum::text(&provenance.at.topic, out);
    datum::int(provenance.at.partition, out);
    datum::long(provenance.at.offset, out);
    datum::fixed(&provenance.raw_sha256, out);
    datum::fixed(&provenance.content_sha256, out);
    datum::text(&provenance.mapping_version, out);
    datum::optional(provenance.schema_id, out, datum::int);
}

/// Appends an `Authority`.
pub(crate) fn authority(authority: &Authority, out: &mut Vec<u8>) {
    datum::text(&authority.id, out);
    datum::text(&authority.name, out);
}

/// Appends a `Subject`.
fn subject(subject: &Subject, out: &mut Vec<u8>) {
    datum::list(&subject.identifiers, out, identifier);
    datum::text(&subject.legal_name, out);
    datum::optional_text(subject.legal_form.as_deref(), out);
    datum::optional(subject.jurisdiction, out, datum::place);
    datum::optional_text(subject.locality.as_deref(), out);
}

/// Appends an `Identifier`.
pub(crate) fn identifier(identifier: &Identifier, out: &mut Vec<u8>) {
    datum::text(&identifier.scheme, out);
    datum::text(&identifier.value, out);
    datum::optional_text(identifier.register.as_deref(), out);
    datum::code(identifier.trust, out);
    datum::optional_text(identifier.text.as_deref(), out);
}

/// Appends a `Product`.
pub(crate) fn product(product: &Product, out: &mut Vec<u8>) {
    datum::optional_text(product.category.as_deref(), out);
    datum::optional_text(product.name.as_deref(), out);
    datum::optional_text(product.brand.as_deref(), out);
    datum::optional_text(product.model.as_deref(), out);
    datum::optional_text(product.batch.as_deref(), out);
    datum::optional_text(product.gtin.as_deref(), out);
    datum::optional_text(product.customs_code.as_deref(), out);
    datum::optional(product.origin, out, datum::place);
}

/// Appends an `Infraction`.
pub(crate) fn infraction(infraction: &Infraction, out: &mut Vec<u8>) {
    datum::optional_text(infraction.code.as_deref(), out);
    datum::optional_text(infraction.scheme.as_deref(), out);
    datum::text(&infraction.title, out);
}

/// Appends a `Measure`.
pub(crate) fn measure(measure: &Measure, out: &mut Vec<u8>) {
    datum::code(measure.measure_type, out);
    datum::optional_text(measure.basis.as_deref(), out);
    datum::optional(measure.from, out, datum::int);
    datum::optional(measure.to, out, datum::int);
    datum::optional(measure.penalty.as_ref(), out, money);
}

/// Appends a `Money`.
fn money(money: &Money, out: &mut Vec<u8>) {
    datum::long(money.amount_minor, out);
    datum::text(&money.currency, out);
    datum::code(money.qualifier, out);
}

/// Appends a `LegalBasis`.
pub(crate) fn legal_basis(basis: &LegalBasis, out: &mut Vec<u8>) {
    datum::text(&basis.scheme, out);
    datum::text(&basis.value, out);
}

/// Appends a `Dated`.
pub(crate) fn dated(dated: &Dated, out: &mut Vec<u8>) {
    datum::int(dated.date, out);
    datum::code(dated.precision, out);
    datum::code(dated.bound, out);
    datum::optional_text(dated.text.as_deref(), out);
}

/// Appends a `Withdrawal`.
fn withdrawal(withdrawal: &Withdrawal, out: &mut Vec<u8>) {
    datum::code(withdrawal.scope, out);
    datum::code(withdrawal.reason, out);
    datum::optional_text(withdrawal.decision_ref.as_deref(), out);
}

/// Appends an `Info`.
fn info(info: &Info, out: &mut Vec<u8>) {
    datum::text(&info.language, out);
    datum::text(&info.headline, out);
    datum::optional_text(info.description.as_deref(), out);
}

/// Appends a `Resource`.
fn resource(resource: &Resource, out: &mut Vec<u8>) {
    datum::text(&resource.uri, out);
    datum::optional_text(resource.mime_type.as_deref(), out);
    datum::optional(resource.size_bytes, out, datum::long);
    datum::optional(resource.sha256.as_ref(), out, |sha256, out| datum::fixed(sha256, out));
}
