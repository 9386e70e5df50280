//! Random values of the model, every field of them drawn.

use std::sync::Arc;

use comity::model::bond::{Assertion, Bond, Naming, Pair, Retelling, Step};
use comity::model::decision::{About, AlertOrganisation, Decision, NationalCopy, Output, Recipient, Status};
use comity::model::entry::{Acknowledgement, Body, Link, Missing};
use comity::model::event::{
    Authority, Dated, Identifier, Info, Infraction, InfractionEvent, LegalBasis, Measure, Money, Product, Provenance,
    Resource, Subject, Withdrawal,
};
use comity::model::identifiers::Identifiers;
use comity::model::packed::{PackedBond, PackedCase};
use comity::model::place::{Jurisdiction, Reader};
use comity::model::record::SourcePosition;
use comity::model::rejection::Rejection;
use comity::model::rules::{Clock, ClockStep, Contact, Member, Period, Policy, Rules, SharingGroup, Within};
use comity::model::state::{
    Ack, Case, CaseEvent, Checkpoint, Duty, EventEnd, EventKey, Join, Key, Marks, OpenCase, Organisation, Pending,
    RanOut, Revision, Sent, Sequences, SourceState, Told, Value,
};
use comity::model::told::ToldList;

use super::entropy::Entropy;

pub(crate) fn source(e: &mut Entropy) -> SourcePosition {
    SourcePosition { topic: Arc::from(e.text()), partition: e.int(), from: e.long(), offset: e.long() }
}

pub(crate) fn event(e: &mut Entropy) -> InfractionEvent {
    InfractionEvent {
        event_id: e.text(),
        revision: e.optional(Entropy::long),
        kind: e.code(),
        case_id: e.text(),
        case_status: e.code(),
        references: e.list(Entropy::text),
        mode: e.code(),
        origin: e.place(),
        platform: e.text(),
        authority: Authority { id: e.text(), name: e.text() },
        subject: e.optional(subject),
        products: e.list(product),
        domain: e.code(),
        infraction: Infraction { code: e.optional(Entropy::text), scheme: e.optional(Entropy::text), title: e.text() },
        finality: e.code(),
        measures: e.list(measure),
        severity: e.code(),
        urgency: e.code(),
        certainty: e.code(),
        legal_basis: e.list(|e| LegalBasis { scheme: e.text(), value: e.text() }),
        occurred: e.optional(dated),
        decided: dated(e),
        aware_at: e.optional(Entropy::long),
        expires_at: e.optional(Entropy::long),
        scope: e.code(),
        for_follow_up: e.list(Entropy::place),
        for_attention: e.list(Entropy::place),
        sharing_groups: e.list(Entropy::text),
        handling: e.optional(Entropy::code),
        distribution: e.list(Entropy::place),
        distribution_text: e.optional(Entropy::text),
        withdrawal: e.optional(|e| Withdrawal {
            scope: e.code(),
            reason: e.code(),
            decision_ref: e.optional(Entropy::text),
        }),
        info: e.list(|e| Info { language: e.text(), headline: e.text(), description: e.optional(Entropy::text) }),
        resources: e.list(resource),
        subject_dropped: e.flag(),
        text_dropped: e.flag(),
        reported_at: e.long(),
        provenance: provenance(e),
    }
}

fn provenance(e: &mut Entropy) -> Provenance {
    Provenance {
        at: source(e),
        raw_sha256: e.bytes(),
        content_sha256: e.bytes(),
        mapping_version: e.text(),
        schema_id: e.optional(Entropy::int),
    }
}

fn subject(e: &mut Entropy) -> Subject {
    Subject {
        identifiers: e.list(|e| Identifier {
            scheme: e.text(),
            value: e.text(),
            register: e.optional(Entropy::text),
            trust: e.code(),
            text: e.optional(Entropy::text),
        }),
        legal_name: e.text(),
        legal_form: e.optional(Entropy::text),
        jurisdiction: e.optional(Entropy::place),
        locality: e.optional(Entropy::text),
    }
}

fn product(e: &mut Entropy) -> Product {
    Product {
        category: e.optional(Entropy::text),
        name: e.optional(Entropy::text),
        brand: e.optional(Entropy::text),
        model: e.optional(Entropy::text),
        batch: e.optional(Entropy::text),
        gtin: e.optional(Entropy::text),
        customs_code: e.optional(Entropy::text),
        origin: e.optional(Entropy::place),
    }
}

fn measure(e: &mut Entropy) -> Measure {
    Measure {
        measure_type: e.code(),
        basis: e.optional(Entropy::text),
        from: e.optional(Entropy::int),
        to: e.optional(Entropy::int),
        penalty: e.optional(|e| Money { amount_minor: e.long(), currency: e.text(), qualifier: e.code() }),
    }
}

fn dated(e: &mut Entropy) -> Dated {
    Dated { date: e.int(), precision: e.code(), bound: e.code(), text: e.optional(Entropy::text) }
}

fn resource(e: &mut Entropy) -> Resource {
    Resource {
        uri: e.text(),
        mime_type: e.optional(Entropy::text),
        size_bytes: e.optional(Entropy::long),
        sha256: e.optional(Entropy::bytes),
    }
}

pub(crate) fn rejection(e: &mut Entropy) -> Rejection {
    Rejection {
        at: source(e),
        platform: e.text(),
        reason: e.code(),
        detail: e.optional(Entropy::text),
        field: e.optional(Entropy::text),
        size_bytes: e.long(),
        digest: e.optional(Entropy::bytes),
        payload: e.optional(|e| e.list(Entropy::byte)),
        reported_at: e.long(),
    }
}

pub(crate) fn rules(e: &mut Entropy) -> Rules {
    Rules {
        federation: e.text(),
        rules_version: e.long(),
        logic_version: e.long(),
        members: e.list(|e| Member {
            jurisdiction: e.place(),
            state: e.code(),
            domains: e.list(Entropy::code),
            least_severity: e.code(),
            holidays: e.list(Entropy::int),
        }),
        policy: Policy { expires_after: period(e), forget_after: period(e) },
        clocks: e.list(|e| Clock {
            name: e.text(),
            domain: e.code(),
            least_severity: e.code(),
            role: e.code(),
            steps: e.list(|e| {
                let time = u16::from(e.byte());
                let within = if e.flag() { Within::Hours(time) } else { Within::WorkingDays(time + 1) };
                ClockStep { level: e.code(), within }
            }),
        }),
        groups: e.list(|e| SharingGroup { name: e.text(), members: e.list(Entropy::place) }),
        contacts: e.list(contact),
        digests: e.list(|e| (e.text(), e.bytes())),
    }
}

fn contact(e: &mut Entropy) -> Contact {
    Contact { authority: e.text(), unit: e.text(), telephone: e.text(), hours: e.text() }
}

fn period(e: &mut Entropy) -> Period {
    Period { months: e.int(), days: e.int() }
}

pub(crate) fn body(e: &mut Entropy) -> Body {
    match e.below(7) {
        0 => Body::Tick,
        1 => Body::Event(Box::new(event(e))),
        2 => Body::Rejection(Box::new(rejection(e))),
        3 => Body::Acknowledgement(Box::new(Acknowledgement {
            at: source(e),
            alert_id: e.text(),
            origin: e.place(),
            case_id: e.text(),
            recipient: e.place(),
            level: e.code(),
            reason: e.optional(Entropy::code),
            acknowledged_at: e.long(),
        })),
        4 => Body::Link(Box::new(Link {
            at: source(e),
            relation: e.code(),
            first: e.text(),
            second: e.text(),
            asserted_by: e.text(),
            basis: e.text(),
            from: e.optional(Entropy::int),
            to: e.optional(Entropy::int),
        })),
        5 => Body::Missing(Box::new(Missing {
            at: source(e),
            origin: e.place(),
            platform: e.text(),
            case_id: e.text(),
            event_id: e.text(),
        })),
        _ => Body::Rules(Box::new(rules(e))),
    }
}

fn open_case(e: &mut Entropy) -> OpenCase {
    OpenCase {
        origin: e.place(),
        domain: e.code(),
        case_id: e.text(),
        severity: e.code(),
        since: e.int(),
        scope: e.code(),
    }
}

pub(crate) fn digest(e: &mut Entropy) -> u128 {
    u128::from_le_bytes(e.bytes())
}

pub(crate) fn case(e: &mut Entropy) -> Case {
    Case {
        origin: e.place(),
        case_id: e.id(),
        platform: e.text(),
        organisation_id: e.optional(Entropy::text),
        name_digest: e.optional(digest),
        told: e.list(|e| Told { member: e.byte(), role: e.code(), by_index: e.flag(), sequence: e.long() }).into(),
        events: e
            .list(|e| CaseEvent {
                event_id: e.text(),
                revision: e.optional(Entropy::long),
                version: e.int(),
                issued_at: e.optional(Entropy::long),
                standing: e.code(),
                domain: e.code(),
                scope: e.code(),
                handling: e.optional(Entropy::code),
                told: digest(e),
                sent: e.list(|e| Sent { from: e.int(), members: digest(e) }).into(),
                severity: e.code(),
                since: e.int(),
                expires_at: e.optional(Entropy::long),
                revisions: e.list(|e| Revision { raw: digest(e), content: digest(e) }).into(),
            })
            .into(),
        acks: e
            .list(|e| Ack {
                member: e.byte(),
                event: u16::from(e.byte()),
                version: e.int(),
                level: e.optional(Entropy::code),
                at: e.optional(Entropy::long),
                disputed_since: e.optional(Entropy::long),
                duty: e.optional(|e| Duty {
                    version: e.int(),
                    issued_at: e.long(),
                    role: e.code(),
                    next: e.byte(),
                    due_at: e.optional(Entropy::long),
                    ran_out: e.optional(|e| RanOut { step: e.byte(), level: e.code(), due_at: e.long() }),
                }),
            })
            .into(),
        national_sequence: e.long(),
        keep_until: e.long(),
    }
}

fn identifiers(e: &mut Entropy) -> Identifiers {
    let mut identifiers = Identifiers::new(&e.text());
    e.list(Entropy::text).iter().for_each(|identifier| identifiers.push(identifier));
    identifiers
}

fn bond(e: &mut Entropy) -> Bond {
    let link = |e: &mut Entropy| Assertion {
        relation: e.code(),
        high_first: e.flag(),
        asserted_by: e.text(),
        basis: e.text(),
        from: e.optional(Entropy::int),
        to: e.optional(Entropy::int),
    };
    let named = |e: &mut Entropy| Naming {
        high_first: e.flag(),
        behind: e.optional(Entropy::text),
        is_question: e.flag(),
        events: e.list(|e| EventKey { origin: e.place(), case_id: e.text(), event_id: e.text() }),
    };
    Bond { pair: Pair::new(&e.text(), &e.text()), links: e.list(link), named: e.optional(named) }
}

/// A value of the state under its key.
pub(crate) fn value(e: &mut Entropy) -> (Key, Value) {
    match e.below(8) {
        0 => (
            Key::Source(Arc::from(e.text()), e.int()),
            Value::Source(SourceState { position: e.long(), gap_since: e.optional(Entropy::long) }),
        ),
        1 => {
            let known = Organisation {
                identifiers: identifiers(e),
                registered_in: e.optional(Entropy::place),
                open_cases: e.list(open_case).into(),
                cases: e.int(),
                name: digest(e),
                form: e.int().unsigned_abs(),
                is_public: e.flag(),
            };
            (Key::Organisation(known.organisation_id().to_owned()), Value::Organisation(Arc::new(known)))
        }
        2 => {
            let known = case(e);
            (Key::Case(known.origin, known.case_id.clone()), Value::Case(PackedCase::new(&known)))
        }
        3 => {
            let waiting = Pending {
                origin: e.place(),
                platform: e.text(),
                target: e.text(),
                scope: e.code(),
                reason: e.code(),
                decided: e.int(),
                keep_until: e.long(),
                suppressed_at: e.optional(Entropy::long),
            };
            let key = Key::Pending(waiting.origin, waiting.scope, waiting.target.clone());
            (key, Value::Pending(Arc::new(waiting)))
        }
        4 => {
            let after =
                e.optional(|e| EventEnd { expires_at: e.long(), origin: e.place(), case_id: e.id(), place: e.int() });
            let join = Join { member: e.place(), since: e.long(), again: e.flag(), after };
            (Key::Join(join.member), Value::Join(Arc::new(join)))
        }
        5 => {
            let bond = bond(e);
            (Key::Link(bond.pair.clone()), Value::Link(PackedBond::new(&bond)))
        }
        6 => {
            let work = Retelling {
                pair: Pair::new(&e.text(), &e.text()),
                since: e.long(),
                steps: e.list(|e| Step {
                    before: e.optional(Entropy::code),
                    high_first: e.flag(),
                    by_events: e.flag(),
                    behind: e.optional(Entropy::text),
                    next: e.list(Entropy::long),
                    national_next: e.long(),
                }),
                after: e.optional(|e| (e.place(), e.text())),
                done: e.flag(),
            };
            (Key::Retell(work.pair.clone()), Value::Retell(Arc::new(work)))
        }
        _ => (Key::Rules, Value::Rules(Arc::new(rules(e)))),
    }
}

pub(crate) fn checkpoint(e: &mut Entropy) -> Checkpoint {
    let sequences: Sequences = e
        .list(|e| {
            let output = match e.below(11) {
                0 => Output::Rejects,
                4 => Output::National,
                5 => Output::Archive,
                6 => Output::Review,
                7 => Output::Overdue,
                8 => Output::Disputes(e.byte()),
                9 => Output::NationalStatus,
                1 => Output::Alerts(e.byte()),
                2 => Output::Test(e.byte()),
                _ => Output::Status(e.byte()),
            };
            (output, e.long())
        })
        .into_iter()
        .collect();
    Checkpoint {
        transaction: e.long(),
        marks: Marks {
            log_position: e.long(),
            log_time: e.long(),
            status_minute: e.long(),
            forget_not_before: e.long(),
            sequences,
            digest: digest(e),
        },
        cluster_id: e.text(),
    }
}

pub(crate) fn recipient(e: &mut Entropy) -> Recipient {
    Recipient {
        member: e.byte(),
        sequence: e.long(),
        role: e.code(),
        role_before: e.optional(Entropy::code),
        reasons: e.list(Entropy::code).into_iter().collect(),
        ack_due_at: e.optional(Entropy::long),
        restricted_cases: e.list(open_case),
    }
}

/// A decision about that event, or about none (time decided).
pub(crate) fn decision<'a>(e: &mut Entropy, event: Option<&'a InfractionEvent>) -> Decision<'a> {
    Decision {
        alert_id: e.text(),
        version: e.int(),
        msg_type: e.code(),
        references: e.list(Entropy::text),
        standing: e.code(),
        disputed_since: e.optional(Entropy::long),
        about: About {
            event_id: e.text(),
            case_id: e.text(),
            origin: e.place(),
            platform: e.text(),
            domain: e.code(),
            severity: e.code(),
            since: e.int(),
            handling: e.optional(Entropy::code),
        },
        organisation: e.optional(|e| AlertOrganisation {
            organisation_id: e.optional(Entropy::text),
            formerly: e.list(Entropy::text),
            matched_by: e.code(),
        }),
        open_cases: e.list(open_case),
        open_cases_more: e.int(),
        contact: e.optional(contact),
        issued_at: e.long(),
        expires_at: e.optional(Entropy::long),
        withdrawal_reason: e.optional(Entropy::code),
        original_unseen: e.flag(),
        event,
        test: e.flag(),
        joining: e.flag(),
        recipients: e.list(recipient),
        national: e.optional(|e| NationalCopy { sequence: e.long(), told: e.list(Entropy::byte) }),
    }
}

pub(crate) fn status(e: &mut Entropy) -> Status {
    Status {
        recipient: if e.below(8) == 0 { Reader::National } else { e.place().into() },
        sequence: e.long(),
        last_alert_sequence: e.long(),
        log_time: e.long(),
        overdue: e.int(),
    }
}

/// A case of Germany that says as little as one can.
pub(crate) fn plain_case(case_id: &str) -> Case {
    Case {
        origin: Jurisdiction::parse("DE").expect("a place"),
        case_id: case_id.to_owned(),
        platform: "p".to_owned(),
        organisation_id: None,
        name_digest: None,
        told: ToldList::default(),
        events: Box::default(),
        acks: Box::default(),
        national_sequence: 0,
        keep_until: 0,
    }
}
