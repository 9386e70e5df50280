//! Records of the outputs that are no alerts, rejections or statuses.

use comity::encode;
use comity::model::code::Code;
use comity::model::decision::{
    Dispute, EventSummary, Notice, NoticeContent, Output, Overdue, ReachSummary, Review, ToldSummary,
};
use proptest::{prop_assert_eq, proptest};
use serde_json::{Value as Json, json};

use super::entropy::{Entropy, entropy};
use super::expected::{digest, each};
use super::{model, second_opinion};

pub(crate) fn notice(e: &mut Entropy) -> Notice {
    let (output, content) = match e.below(4) {
        0 => (Output::Archive, NoticeContent::Reach(reach(e))),
        1 => (Output::Review, NoticeContent::Review(review(e))),
        2 => (Output::Overdue, NoticeContent::Overdue(overdue(e))),
        _ => (Output::Disputes(e.byte()), NoticeContent::Dispute(dispute(e))),
    };
    Notice { output, sequence: e.long(), content }
}

fn reach(e: &mut Entropy) -> ReachSummary {
    ReachSummary {
        origin: e.place(),
        case_id: e.text(),
        platform: e.text(),
        domain: e.code(),
        forgotten_at: e.long(),
        told: e.list(|e| ToldSummary {
            recipient: e.place(),
            role: e.code(),
            sequence: e.long(),
            level: e.optional(Entropy::code),
            acknowledged_at: e.optional(Entropy::long),
        }),
        events: e.list(|e| EventSummary {
            event_id: e.text(),
            version: e.int(),
            standing: e.code(),
            since: e.int(),
            content: e.optional(model::digest),
        }),
    }
}

fn review(e: &mut Entropy) -> Review {
    Review {
        kind: e.code(),
        noted_at: e.long(),
        origin: e.place(),
        platform: e.text(),
        case_id: e.optional(Entropy::text),
        event_id: e.optional(Entropy::text),
        organisation_id: e.optional(Entropy::text),
        other_organisation_id: e.optional(Entropy::text),
        identifier: e.optional(Entropy::text),
        legal_name: e.optional(Entropy::text),
        other_legal_name: e.optional(Entropy::text),
    }
}

fn overdue(e: &mut Entropy) -> Overdue {
    Overdue {
        recipient: e.place(),
        state: e.code(),
        noted_at: e.long(),
        origin: e.place(),
        domain: e.code(),
        case_id: e.text(),
        alert_id: e.text(),
        role: e.code(),
        severity: e.code(),
        step: e.int(),
        level: e.code(),
        issued_at: e.long(),
        due_at: e.long(),
    }
}

fn dispute(e: &mut Entropy) -> Dispute {
    Dispute {
        recipient: e.place(),
        disputed_by: e.place(),
        case_id: e.text(),
        alert_id: e.text(),
        reason: e.optional(Entropy::code),
        disputed_since: e.long(),
        ended_at: e.optional(Entropy::long),
    }
}

/// The name and id of a notice's schema.
pub(crate) fn schema(notice: &Notice) -> (&'static str, u8) {
    match notice.content {
        NoticeContent::Reach(_) => ("ReachSummary", 10),
        NoticeContent::Review(_) => ("Review", 11),
        NoticeContent::Overdue(_) => ("Overdue", 12),
        NoticeContent::Dispute(_) => ("Dispute", 13),
    }
}

pub(crate) fn expected(notice: &Notice) -> Json {
    let mut record = match &notice.content {
        NoticeContent::Reach(summary) => json!({
            "origin": summary.origin.as_str(), "case_id": summary.case_id,
            "platform": summary.platform, "domain": summary.domain.name(), "forgotten_at": summary.forgotten_at,
            "told": each(&summary.told, |told| json!({
                "recipient": told.recipient.as_str(), "role": told.role.name(), "sequence": told.sequence,
                "level": told.level.map(Code::name), "acknowledged_at": told.acknowledged_at,
            })),
            "events": each(&summary.events, |event| json!({
                "event_id": event.event_id, "version": event.version, "standing": event.standing.name(),
                "since": event.since, "content": event.content.map(digest),
            })),
        }),
        NoticeContent::Review(noted) => json!({
            "kind": noted.kind.name(), "noted_at": noted.noted_at, "origin": noted.origin.as_str(),
            "platform": noted.platform, "case_id": noted.case_id, "event_id": noted.event_id,
            "organisation_id": noted.organisation_id, "other_organisation_id": noted.other_organisation_id,
            "identifier": noted.identifier, "legal_name": noted.legal_name, "other_legal_name": noted.other_legal_name,
        }),
        NoticeContent::Overdue(noted) => json!({
            "recipient": noted.recipient.as_str(), "state": noted.state.name(), "noted_at": noted.noted_at,
            "origin": noted.origin.as_str(), "domain": noted.domain.name(), "case_id": noted.case_id,
            "alert_id": noted.alert_id, "role": noted.role.name(), "severity": noted.severity.name(),
            "step": noted.step, "level": noted.level.name(), "issued_at": noted.issued_at, "due_at": noted.due_at,
        }),
        NoticeContent::Dispute(noted) => json!({
            "recipient": noted.recipient.as_str(), "disputed_by": noted.disputed_by.as_str(),
            "case_id": noted.case_id, "alert_id": noted.alert_id, "reason": noted.reason.map(Code::name),
            "disputed_since": noted.disputed_since, "ended_at": noted.ended_at,
        }),
    };
    record["sequence"] = json!(notice.sequence);
    record
}

proptest! {
    #[test]
    fn a_notice(mut e in entropy()) {
        let noted = notice(&mut e);
        let framed = encode::notice(&noted);
        let (name, id) = schema(&noted);
        prop_assert_eq!(second_opinion::read(name, id, &framed), expected(&noted));
        let member = match &noted.content {
            NoticeContent::Dispute(dispute) => Some(dispute.recipient),
            NoticeContent::Reach(_) | NoticeContent::Review(_) | NoticeContent::Overdue(_) => None,
        };
        prop_assert_eq!(encode::place(&framed), Some((member, noted.sequence)));
    }
}
