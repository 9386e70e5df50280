//! The last pure step: a decision becomes the bytes that all recipients share, and each one's own.
//!
//! An `Alert` begins with its recipient's own fields and goes on with those that every recipient shares, so its value
//! is two pieces laid end to end: the first of some forty bytes for each recipient, the second once for all of them.

use crate::model::code::{Mode, Role, RoleReason};
use crate::model::decision::{AlertOrganisation, Decision, Recipient, Status, gets_event};
use crate::model::event::{InfractionEvent, Subject};
use crate::model::place::{Jurisdiction, Reader};
use crate::model::rejection::Rejection;
use crate::model::rules::MemberIndex;
use crate::schema::event::write;
use crate::schema::state::write_open_case;
use crate::schema::{canonical, datum, rejection as rejection_schema, rules, wire};

mod notice;

pub use notice::notice;

/// Bytes for which the buffer of a shared part is made ready; most fit.
const TAIL_BYTES_USUAL: usize = 1_024;
/// Bytes for which the buffer of a rejection or status is made ready; most fit.
const RECORD_BYTES_USUAL: usize = 256;

/// The shared part of an alert, once for each role that gets it; an alert's value is `own` and one of these.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tails {
    /// Headline facts alone.
    pub attention: Option<Vec<u8>>,
    /// With the event in full.
    pub follow_up: Option<Vec<u8>>,
}

/// The shared parts that the recipients of a decision need.
pub fn tails(decision: &Decision<'_>) -> Tails {
    let attention =
        decision.national.is_some() || decision.recipients.iter().any(|recipient| !gets_event(recipient.role));
    let follow_up = decision.recipients.iter().any(|recipient| gets_event(recipient.role));
    if !attention && !follow_up {
        return Tails::default();
    }
    let mut headline = Vec::with_capacity(TAIL_BYTES_USUAL);
    shared(decision, &mut headline);
    Tails {
        follow_up: follow_up.then(|| {
            let mut whole = headline.clone();
            datum::optional(decision.event, &mut whole, write::event);
            whole
        }),
        attention: attention.then(|| {
            datum::optional(None, &mut headline, write::event);
            headline
        }),
    }
}

/// Appends the frame and the recipient's own part of an alert; one of `Tails` follows it.
pub fn own(recipient: &Recipient, jurisdiction: Jurisdiction, out: &mut Vec<u8>) {
    own_part(jurisdiction.as_str(), recipient, &[], out);
}

/// Appends the frame and the own part of an alert in the national feed, with the members that got it; the shared part
/// without the event follows it.
pub fn national(sequence: i64, told: &[Jurisdiction], out: &mut Vec<u8>) {
    let feed = Recipient {
        member: MemberIndex::MAX,
        sequence,
        role: Role::Attention,
        role_before: None,
        reasons: RoleReason::EveryMember.into(),
        ack_due_at: None,
        restricted_cases: Vec::new(),
    };
    own_part(Reader::National.as_str(), &feed, told, out);
}

/// Appends the frame and the fields of an `Alert` up to those that every recipient shares.
fn own_part(name: &str, recipient: &Recipient, told: &[Jurisdiction], out: &mut Vec<u8>) {
    wire::frame(canonical::ALERT.id, out);
    datum::text(name, out);
    datum::long(recipient.sequence, out);
    datum::code(recipient.role, out);
    datum::optional(recipient.role_before, out, datum::code);
    datum::codes(recipient.reasons.iter(), recipient.reasons.len(), out);
    datum::optional(recipient.ack_due_at, out, datum::long);
    datum::list(&recipient.restricted_cases, out, write_open_case);
    datum::places(told, out);
}

/// Appends the fields of an `Alert` between the recipient's own and `event`.
fn shared(decision: &Decision<'_>, out: &mut Vec<u8>) {
    let event = decision.event;
    datum::text(&decision.alert_id, out);
    datum::int(decision.version, out);
    datum::code(decision.msg_type, out);
    datum::code(mode(decision), out);
    datum::texts(&decision.references, out);
    datum::code(decision.standing, out);
    datum::optional(decision.disputed_since, out, datum::long);
    datum::boolean(decision.original_unseen, out);
    datum::optional(decision.withdrawal_reason, out, datum::code);
    datum::long(decision.issued_at, out);
    datum::optional(decision.expires_at, out, datum::long);
    let about = &decision.about;
    datum::text(&about.event_id, out);
    datum::text(&about.case_id, out);
    datum::place(about.origin, out);
    datum::text(&about.platform, out);
    datum::optional(event.map(|event| event.kind), out, datum::code);
    datum::optional(event.map(|event| event.scope), out, datum::code);
    datum::optional(about.handling, out, datum::code);
    datum::code(about.domain, out);
    datum::code(about.severity, out);
    datum::int(about.since, out);
    let subject = event.and_then(|event| event.subject.as_ref());
    datum::optional(decision.organisation.as_ref(), out, |known, out| organisation(known, subject, out));
    datum::list(&decision.open_cases, out, write_open_case);
    datum::int(decision.open_cases_more, out);
    datum::optional(decision.contact.as_ref(), out, rules::write_contact);
    findings(event, out);
}

/// TEST where the decision tries the line, BACKFILL where a member joins, else what its event says; what time decides
/// always counts.
fn mode(decision: &Decision<'_>) -> Mode {
    match (decision.test, decision.joining) {
        (true, _) => Mode::Test,
        (false, true) => Mode::Backfill,
        (false, false) => decision.event.map_or(Mode::Actual, |event| event.mode),
    }
}

/// Appends an `AlertOrganisation`, with what the event says of it.
fn organisation(known: &AlertOrganisation, subject: Option<&Subject>, out: &mut Vec<u8>) {
    datum::optional_text(known.organisation_id.as_deref(), out);
    datum::texts(&known.formerly, out);
    datum::code(known.matched_by, out);
    datum::list(subject.map_or(&[], |subject| subject.identifiers.as_slice()), out, write::identifier);
    datum::optional_text(subject.map(|subject| subject.legal_name.as_str()), out);
}

/// Appends the headline facts that only an event knows: null or empty where time decided.
fn findings(event: Option<&InfractionEvent>, out: &mut Vec<u8>) {
    datum::optional(event.map(|event| &event.authority), out, write::authority);
    datum::optional(event.map(|event| &event.infraction), out, write::infraction);
    datum::list(event.map_or(&[], |event| event.products.as_slice()), out, write::product);
    datum::optional(event.map(|event| event.finality), out, datum::code);
    datum::optional(event.map(|event| &event.decided), out, write::dated);
    datum::list(event.map_or(&[], |event| event.legal_basis.as_slice()), out, write::legal_basis);
    datum::list(event.map_or(&[], |event| event.measures.as_slice()), out, write::measure);
}

/// The framed `Rejection` at its place in `comity.rejects`.
pub fn rejection(rejection: &Rejection, sequence: i64) -> Vec<u8> {
    let mut out = Vec::with_capacity(RECORD_BYTES_USUAL);
    wire::frame(canonical::REJECTION.id, &mut out);
    rejection_schema::write(rejection, sequence, &mut out);
    out
}

/// The framed `Status` of one recipient.
pub fn status(status: &Status) -> Vec<u8> {
    let mut out = Vec::with_capacity(RECORD_BYTES_USUAL);
    wire::frame(canonical::STATUS.id, &mut out);
    datum::text(status.recipient.as_str(), &mut out);
    datum::long(status.sequence, &mut out);
    datum::long(status.last_alert_sequence, &mut out);
    datum::long(status.log_time, &mut out);
    datum::int(status.overdue, &mut out);
    out
}

/// Where a published record stands in its output: its `sequence`, and the member where the record is one's. `None`
/// where the bytes are none of ours.
pub fn place(value: &[u8]) -> Option<(Option<Jurisdiction>, i64)> {
    let (schema_id, datum) = wire::unframe(value)?;
    let numbered = [canonical::REJECTION, canonical::REACH_SUMMARY, canonical::REVIEW, canonical::OVERDUE];
    if numbered.iter().any(|version| version.id == schema_id) {
        return Some((None, datum::read_long(datum)?.0));
    }
    let named = [canonical::ALERT, canonical::STATUS, canonical::DISPUTE];
    if !named.iter().any(|version| version.id == schema_id) {
        return None;
    }
    let (length, rest) = datum::read_long(datum)?;
    let length = usize::try_from(length).ok()?;
    let recipient = std::str::from_utf8(rest.get(..length)?).ok()?;
    let sequence = datum::read_long(rest.get(length..)?)?.0;
    Some((Reader::parse(recipient)?.jurisdiction(), sequence))
}
