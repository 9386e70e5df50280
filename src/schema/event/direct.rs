//! Reads events of the newest schema straight from their bytes, in the order in which `write` lays them down.
//!
//! The general reader (`read`) takes fields by name and so reads older versions too, in three times the time; whatever
//! is not exactly what `write` gives is `None` here and left to it, the error as well.

use crate::model::event::{
    Authority, Dated, Identifier, Info, Infraction, InfractionEvent, LegalBasis, Measure, Money, Product, Provenance,
    Resource, Subject, Withdrawal,
};
use crate::model::record::SourcePosition;
use crate::schema::datum::Reader;

/// Reads the event of the source record at `at`.
pub(crate) fn event(from: &mut Reader<'_>, at: SourcePosition) -> Option<InfractionEvent> {
    Some(InfractionEvent {
        event_id: from.owned()?,
        revision: from.optional(Reader::long)?,
        kind: from.code()?,
        case_id: from.owned()?,
        case_status: from.code()?,
        references: from.list(Reader::owned)?,
        mode: from.code()?,
        origin: from.place()?,
        platform: from.owned()?,
        authority: Authority { id: from.owned()?, name: from.owned()? },
        subject: from.optional(subject)?,
        products: from.list(product)?,
        domain: from.code()?,
        infraction: Infraction {
            code: from.optional(Reader::owned)?,
            scheme: from.optional(Reader::owned)?,
            title: from.owned()?,
        },
        finality: from.code()?,
        measures: from.list(measure)?,
        severity: from.code()?,
        urgency: from.code()?,
        certainty: from.code()?,
        legal_basis: from.list(|from| Some(LegalBasis { scheme: from.owned()?, value: from.owned()? }))?,
        occurred: from.optional(dated)?,
        decided: dated(from)?,
        aware_at: from.optional(Reader::long)?,
        expires_at: from.optional(Reader::long)?,
        scope: from.code()?,
        for_follow_up: from.list(Reader::place)?,
        for_attention: from.list(Reader::place)?,
        sharing_groups: from.list(Reader::owned)?,
        handling: from.optional(Reader::code)?,
        distribution: from.list(Reader::place)?,
        distribution_text: from.optional(Reader::owned)?,
        withdrawal: from.optional(withdrawal)?,
        info: from.list(info)?,
        resources: from.list(resource)?,
        subject_dropped: from.boolean()?,
        text_dropped: from.boolean()?,
        reported_at: from.long()?,
        provenance: provenance(from, at)?,
    })
}

fn provenance(from: &mut Reader<'_>, at: SourcePosition) -> Option<Provenance> {
    let same = from.text()? == &*at.topic && from.int()? == at.partition && from.long()? == at.offset;
    if !same {
        return None;
    }
    Some(Provenance {
        at,
        raw_sha256: from.fixed()?,
        content_sha256: from.fixed()?,
        mapping_version: from.owned()?,
        schema_id: from.optional(Reader::int)?,
    })
}

fn subject(from: &mut Reader<'_>) -> Option<Subject> {
    Some(Subject {
        identifiers: from.list(identifier)?,
        legal_name: from.owned()?,
        legal_form: from.optional(Reader::owned)?,
        jurisdiction: from.optional(Reader::place)?,
        locality: from.optional(Reader::owned)?,
    })
}

fn identifier(from: &mut Reader<'_>) -> Option<Identifier> {
    Some(Identifier {
        scheme: from.owned()?,
        value: from.owned()?,
        register: from.optional(Reader::owned)?,
        trust: from.code()?,
        text: from.optional(Reader::owned)?,
    })
}

fn product(from: &mut Reader<'_>) -> Option<Product> {
    Some(Product {
        category: from.optional(Reader::owned)?,
        name: from.optional(Reader::owned)?,
        brand: from.optional(Reader::owned)?,
        model: from.optional(Reader::owned)?,
        batch: from.optional(Reader::owned)?,
        gtin: from.optional(Reader::owned)?,
        customs_code: from.optional(Reader::owned)?,
        origin: from.optional(Reader::place)?,
    })
}

fn measure(from: &mut Reader<'_>) -> Option<Measure> {
    Some(Measure {
        measure_type: from.code()?,
        basis: from.optional(Reader::owned)?,
        from: from.optional(Reader::int)?,
        to: from.optional(Reader::int)?,
        penalty: from.optional(money)?,
    })
}

fn money(from: &mut Reader<'_>) -> Option<Money> {
    Some(Money { amount_minor: from.long()?, currency: from.owned()?, qualifier: from.code()? })
}

fn dated(from: &mut Reader<'_>) -> Option<Dated> {
    Some(Dated { date: from.int()?, precision: from.code()?, bound: from.code()?, text: from.optional(Reader::owned)? })
}

fn withdrawal(from: &mut Reader<'_>) -> Option<Withdrawal> {
    Some(Withdrawal { scope: from.code()?, reason: from.code()?, decision_ref: from.optional(Reader::owned)? })
}

fn info(from: &mut Reader<'_>) -> Option<Info> {
    Some(Info { language: from.owned()?, headline: from.owned()?, description: from.optional(Reader::owned)? })
}

fn resource(from: &mut Reader<'_>) -> Option<Resource> {
    Some(Resource {
        uri: from.owned()?,
        mime_type: from.optional(Reader::owned)?,
        size_bytes: from.optional(Reader::long)?,
        sha256: from.optional(Reader::fixed)?,
    })
}
