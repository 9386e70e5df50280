//! The bytes of what is no alert, rejection or status.

use super::RECORD_BYTES_USUAL;
use crate::model::decision::{Dispute, Notice, NoticeContent, Overdue, ReachSummary, Review};
use crate::schema::{canonical, datum, wire};

/// The framed record of a notice, at its place in its output.
pub fn notice(notice: &Notice) -> Vec<u8> {
    let mut out = Vec::with_capacity(RECORD_BYTES_USUAL);
    let version = match &notice.content {
        NoticeContent::Reach(_) => canonical::REACH_SUMMARY,
        NoticeContent::Review(_) => canonical::REVIEW,
        NoticeContent::Overdue(_) => canonical::OVERDUE,
        NoticeContent::Dispute(_) => canonical::DISPUTE,
    };
    wire::frame(version.id, &mut out);
    match &notice.content {
        NoticeContent::Reach(summary) => {
            datum::long(notice.sequence, &mut out);
            reach(summary, &mut out);
        }
        NoticeContent::Review(noted) => {
            datum::long(notice.sequence, &mut out);
            review(noted, &mut out);
        }
        NoticeContent::Overdue(noted) => {
            datum::long(notice.sequence, &mut out);
            overdue(noted, &mut out);
        }
        // What is one member's own begins with that member.
        NoticeContent::Dispute(noted) => {
            datum::place(noted.recipient, &mut out);
            datum::long(notice.sequence, &mut out);
            dispute(noted, &mut out);
        }
    }
    out
}

/// Appends a `ReachSummary` behind its `sequence`.
fn reach(summary: &ReachSummary, out: &mut Vec<u8>) {
    datum::place(summary.origin, out);
    datum::text(&summary.case_id, out);
    datum::text(&summary.platform, out);
    datum::code(summary.domain, out);
    datum::long(summary.forgotten_at, out);
    datum::list(&summary.told, out, |told, out| {
        datum::place(told.recipient, out);
        datum::code(told.role, out);
        datum::long(told.sequence, out);
        datum::optional(told.level, out, datum::code);
        datum::optional(told.acknowledged_at, out, datum::long);
    });
    datum::list(&summary.events, out, |event, out| {
        datum::text(&event.event_id, out);
        datum::int(event.version, out);
        datum::code(event.standing, out);
        datum::int(event.since, out);
        datum::optional(event.content, out, datum::digest_128);
    });
}

/// Appends a `Review` behind its `sequence`.
fn review(noted: &Review, out: &mut Vec<u8>) {
    datum::code(noted.kind, out);
    datum::long(noted.noted_at, out);
    datum::place(noted.origin, out);
    datum::text(&noted.platform, out);
    datum::optional_text(noted.case_id.as_deref(), out);
    datum::optional_text(noted.event_id.as_deref(), out);
    datum::optional_text(noted.organisation_id.as_deref(), out);
    datum::optional_text(noted.other_organisation_id.as_deref(), out);
    datum::optional_text(noted.identifier.as_deref(), out);
    datum::optional_text(noted.legal_name.as_deref(), out);
    datum::optional_text(noted.other_legal_name.as_deref(), out);
}

/// Appends an `Overdue` behind its `sequence`.
fn overdue(noted: &Overdue, out: &mut Vec<u8>) {
    datum::place(noted.recipient, out);
    datum::code(noted.state, out);
    datum::long(noted.noted_at, out);
    datum::place(noted.origin, out);
    datum::code(noted.domain, out);
    datum::text(&noted.case_id, out);
    datum::text(&noted.alert_id, out);
    datum::code(noted.role, out);
    datum::code(noted.severity, out);
    datum::int(noted.step, out);
    datum::code(noted.level, out);
    datum::long(noted.issued_at, out);
    datum::long(noted.due_at, out);
}

/// Appends a `Dispute` behind its `sequence`.
fn dispute(noted: &Dispute, out: &mut Vec<u8>) {
    datum::place(noted.disputed_by, out);
    datum::text(&noted.case_id, out);
    datum::text(&noted.alert_id, out);
    datum::optional(noted.reason, out, datum::code);
    datum::long(noted.disputed_since, out);
    datum::optional(noted.ended_at, out, datum::long);
}
