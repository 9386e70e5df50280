//! Organisations, and what cases and bonds are made of, read without a library's help: a restore meets millions of them, nearly all
//! under the newest schema. What is not read here is read by the schema that it was written under.

use crate::model::bond::{Assertion, Bond, Naming, Pair};
use crate::model::identifiers::Identifiers;
use crate::model::state::{Ack, CaseEvent, Duty, EventKey, OpenCase, Organisation, RanOut, Revision, Sent, Told};
use crate::schema::datum::Reader;

/// An `Organisation`, known by the first of its identifiers.
pub(super) fn organisation(from: &mut Reader<'_>) -> Option<Organisation> {
    let organisation_id = from.text()?;
    let identifiers = Identifiers::of(&from.list(Reader::text)?).filter(|known| known.first() == organisation_id)?;
    Some(Organisation {
        identifiers,
        registered_in: from.optional(Reader::place)?,
        open_cases: from.list(open_case)?.into(),
        cases: from.int()?,
        name: digest(from)?,
        form: from.long()?.try_into().ok()?,
        is_public: from.boolean()?,
    })
}

fn open_case(from: &mut Reader<'_>) -> Option<OpenCase> {
    Some(OpenCase {
        origin: from.place()?,
        domain: from.code()?,
        case_id: from.owned()?,
        severity: from.code()?,
        since: from.int()?,
        scope: from.code()?,
    })
}

/// Who was told of a case.
pub(super) fn told(from: &mut Reader<'_>) -> Option<Told> {
    Some(Told {
        member: from.int()?.try_into().ok()?,
        role: from.code()?,
        by_index: from.boolean()?,
        sequence: from.long()?,
    })
}

/// The 128 bits of a digest.
pub(super) fn digest(from: &mut Reader<'_>) -> Option<u128> {
    from.fixed().map(u128::from_be_bytes)
}

/// A `CaseEvent`.
pub(super) fn event(from: &mut Reader<'_>) -> Option<CaseEvent> {
    Some(CaseEvent {
        event_id: from.owned()?,
        revision: from.optional(Reader::long)?,
        version: from.int()?,
        issued_at: from.optional(Reader::long)?,
        standing: from.code()?,
        domain: from.code()?,
        scope: from.code()?,
        handling: from.optional(Reader::code)?,
        told: digest(from)?,
        sent: from.list(|from| Some(Sent { from: from.int()?, members: digest(from)? }))?.into(),
        severity: from.code()?,
        since: from.int()?,
        expires_at: from.optional(Reader::long)?,
        revisions: from.list(|from| Some(Revision { raw: digest(from)?, content: digest(from)? }))?.into(),
    })
}

/// A `Bond`.
pub(super) fn bond(from: &mut Reader<'_>) -> Option<Bond> {
    let pair = Pair { low: from.owned()?, high: from.owned()? };
    (pair.low <= pair.high).then(|| said(pair, from))?
}

/// What is said of a pair.
pub(super) fn said(pair: Pair, from: &mut Reader<'_>) -> Option<Bond> {
    Some(Bond { pair, links: from.list(assertion)?, named: from.optional(naming)? })
}

fn assertion(from: &mut Reader<'_>) -> Option<Assertion> {
    Some(Assertion {
        relation: from.code()?,
        high_first: from.boolean()?,
        asserted_by: from.owned()?,
        basis: from.owned()?,
        from: from.optional(Reader::int)?,
        to: from.optional(Reader::int)?,
    })
}

fn naming(from: &mut Reader<'_>) -> Option<Naming> {
    Some(Naming {
        high_first: from.boolean()?,
        behind: from.optional(Reader::owned)?,
        is_question: from.boolean()?,
        events: from
            .list(|from| Some(EventKey { origin: from.place()?, case_id: from.owned()?, event_id: from.owned()? }))?,
    })
}

/// An `Ack`.
pub(super) fn ack(from: &mut Reader<'_>) -> Option<Ack> {
    Some(Ack {
        member: from.int()?.try_into().ok()?,
        event: from.int()?.try_into().ok()?,
        version: from.int()?,
        level: from.optional(Reader::code)?,
        at: from.optional(Reader::long)?,
        disputed_since: from.optional(Reader::long)?,
        duty: from.optional(duty)?,
    })
}

fn duty(from: &mut Reader<'_>) -> Option<Duty> {
    Some(Duty {
        version: from.int()?,
        issued_at: from.long()?,
        role: from.code()?,
        next: from.int()?.try_into().ok()?,
        due_at: from.optional(Reader::long)?,
        ran_out: from.optional(|from| {
            Some(RanOut { step: from.int()?.try_into().ok()?, level: from.code()?, due_at: from.long()? })
        })?,
    })
}
