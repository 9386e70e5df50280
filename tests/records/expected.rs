//! What each record must read as, by the names of its fields and never by their order: codes as their names, digests
//! and bytes in hexadecimal, dates in days and instants in milliseconds.

use comity::model::bond::Bond;
use comity::model::code::{Code, Mode, Role, RoleReason};
use comity::model::decision::{Decision, Output, Recipient, Status};
use comity::model::entry::Body;
use comity::model::event::{
    Authority, Dated, Identifier, Infraction, InfractionEvent, LegalBasis, Measure, Product, Subject,
};
use comity::model::place::Jurisdiction;
use comity::model::record::SourcePosition;
use comity::model::rejection::Rejection;
use comity::model::rules::{Contact, Period, Rules, Within};
use comity::model::state::{Case, Checkpoint, OpenCase, Value};
use serde_json::{Value as Json, json};

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn digest(digest: u128) -> String {
    format!("{digest:032x}")
}

pub(crate) fn each<T>(items: &[T], show: impl Fn(&T) -> Json) -> Json {
    items.iter().map(show).collect()
}

fn places(places: &[Jurisdiction]) -> Json {
    each(places, |place| json!(place.as_str()))
}

pub(crate) fn event(event: &InfractionEvent) -> Json {
    let parts = [
        json!({
            "event_id": event.event_id, "revision": event.revision, "kind": event.kind.name(),
            "case_id": event.case_id, "case_status": event.case_status.name(), "references": event.references,
            "mode": event.mode.name(), "origin": event.origin.as_str(), "platform": event.platform,
            "authority": authority(&event.authority), "subject": event.subject.as_ref().map(subject),
            "products": each(&event.products, product), "domain": event.domain.name(),
        }),
        json!({
            "infraction": infraction(&event.infraction), "finality": event.finality.name(),
            "measures": each(&event.measures, measure), "severity": event.severity.name(),
            "urgency": event.urgency.name(), "certainty": event.certainty.name(),
            "legal_basis": each(&event.legal_basis, legal_basis), "occurred": event.occurred.as_ref().map(dated),
            "decided": dated(&event.decided), "aware_at": event.aware_at, "expires_at": event.expires_at,
            "scope": event.scope.name(), "for_follow_up": places(&event.for_follow_up),
            "for_attention": places(&event.for_attention), "sharing_groups": event.sharing_groups,
            "handling": event.handling.map(Code::name), "distribution": places(&event.distribution),
        }),
        json!({
            "distribution_text": event.distribution_text,
            "withdrawal": event.withdrawal.as_ref().map(|withdrawal| json!({
                "scope": withdrawal.scope.name(), "reason": withdrawal.reason.name(),
                "decision_ref": withdrawal.decision_ref,
            })),
            "info": each(&event.info, |info| json!({
                "language": info.language, "headline": info.headline, "description": info.description,
            })),
            "resources": each(&event.resources, |resource| json!({
                "uri": resource.uri, "mime_type": resource.mime_type, "size": resource.size_bytes,
                "sha256": resource.sha256.map(|sha256| hex(&sha256)),
            })),
            "subject_dropped": event.subject_dropped, "text_dropped": event.text_dropped,
            "reported_at": event.reported_at,
            "provenance": {
                "topic": &*event.provenance.at.topic, "partition": event.provenance.at.partition,
                "offset": event.provenance.at.offset, "raw_sha256": hex(&event.provenance.raw_sha256),
                "content_sha256": hex(&event.provenance.content_sha256),
                "mapping_version": event.provenance.mapping_version, "schema_id": event.provenance.schema_id,
            },
        }),
    ];
    merge(parts)
}

fn merge<const N: usize>(parts: [Json; N]) -> Json {
    let mut whole = serde_json::Map::new();
    for part in parts {
        let Json::Object(fields) = part else { unreachable!("parts are objects") };
        whole.extend(fields);
    }
    Json::Object(whole)
}

fn authority(authority: &Authority) -> Json {
    json!({ "id": authority.id, "name": authority.name })
}

fn subject(subject: &Subject) -> Json {
    json!({
        "identifiers": each(&subject.identifiers, identifier), "legal_name": subject.legal_name,
        "legal_form": subject.legal_form, "jurisdiction": subject.jurisdiction.map(|place| place.to_string()),
        "locality": subject.locality,
    })
}

fn identifier(identifier: &Identifier) -> Json {
    json!({
        "scheme": identifier.scheme, "value": identifier.value, "register": identifier.register,
        "trust": identifier.trust.name(), "text": identifier.text,
    })
}

fn product(product: &Product) -> Json {
    json!({
        "category": product.category, "name": product.name, "brand": product.brand, "model": product.model,
        "batch": product.batch, "gtin": product.gtin, "customs_code": product.customs_code,
        "origin": product.origin.map(|place| place.to_string()),
    })
}

fn infraction(infraction: &Infraction) -> Json {
    json!({ "code": infraction.code, "scheme": infraction.scheme, "title": infraction.title })
}

fn measure(measure: &Measure) -> Json {
    json!({
        "type": measure.measure_type.name(), "basis": measure.basis, "from": measure.from, "to": measure.to,
        "penalty": measure.penalty.as_ref().map(|money| json!({
            "amount_minor": money.amount_minor, "currency": money.currency, "qualifier": money.qualifier.name(),
        })),
    })
}

fn legal_basis(basis: &LegalBasis) -> Json {
    json!({ "scheme": basis.scheme, "value": basis.value })
}

fn dated(dated: &Dated) -> Json {
    json!({
        "date": dated.date, "precision": dated.precision.name(), "bound": dated.bound.name(), "text": dated.text,
    })
}

fn source(at: &SourcePosition) -> Json {
    json!({ "topic": &*at.topic, "partition": at.partition, "from": at.from, "offset": at.offset })
}

pub(crate) fn rejection(rejection: &Rejection, sequence: i64) -> Json {
    let stage = match rejection.reason.code().as_bytes()[4] {
        b'1' => "SOURCE",
        b'2' => "DECODE",
        b'3' => "MAP",
        b'4' => "GUARD",
        b'5' => "IDENTIFY",
        _ => "LEDGER",
    };
    json!({
        "sequence": sequence, "topic": &*rejection.at.topic, "partition": rejection.at.partition,
        "from": rejection.at.from, "offset": rejection.at.offset, "platform": rejection.platform, "stage": stage,
        "code": rejection.reason.code(), "reason": rejection.reason.name(), "detail": rejection.detail,
        "field": rejection.field, "size_bytes": rejection.size_bytes,
        "digest": rejection.digest.map(|digest| hex(&digest)),
        "payload": rejection.payload.as_deref().map(hex), "reported_at": rejection.reported_at,
    })
}

pub(crate) fn entry(body: &Body) -> Json {
    let (at, content) = match body {
        Body::Event(about) => (Some(&about.provenance.at), event(about)),
        Body::Rejection(refused) => (Some(&refused.at), rejection(refused, 0)),
        Body::Acknowledgement(said) => (
            Some(&said.at),
            json!({
                "alert_id": said.alert_id, "origin": said.origin.as_str(), "case_id": said.case_id,
                "recipient": said.recipient.as_str(), "level": said.level.name(),
                "reason": said.reason.map(Code::name), "acknowledged_at": said.acknowledged_at,
            }),
        ),
        Body::Link(link) => (
            Some(&link.at),
            json!({
                "relation": link.relation.name(), "first": link.first, "second": link.second,
                "asserted_by": link.asserted_by, "basis": link.basis, "from": link.from, "to": link.to,
            }),
        ),
        Body::Rules(in_force) => (None, rules(in_force)),
        Body::Missing(lacking) => (
            Some(&lacking.at),
            json!({
                "origin": lacking.origin.as_str(), "platform": lacking.platform, "case_id": lacking.case_id,
                "event_id": lacking.event_id,
            }),
        ),
        Body::Tick => (None, json!({})),
    };
    json!({ "source": at.map(source), "body": content })
}

fn rules(rules: &Rules) -> Json {
    let period = |period: Period| json!({ "months": period.months, "days": period.days });
    json!({
        "federation": rules.federation, "rules_version": rules.rules_version, "logic_version": rules.logic_version,
        "members": each(&rules.members, |member| json!({
            "jurisdiction": member.jurisdiction.as_str(), "state": member.state.name(),
            "domains": each(&member.domains, |domain| json!(domain.name())),
            "least_severity": member.least_severity.name(), "holidays": member.holidays,
        })),
        "policy": {
            "expires_after": period(rules.policy.expires_after), "forget_after": period(rules.policy.forget_after),
        },
        "clocks": each(&rules.clocks, |clock| json!({
            "name": clock.name, "domain": clock.domain.name(), "least_severity": clock.least_severity.name(),
            "role": clock.role.name(),
            "steps": each(&clock.steps, |step| {
                let (hours, days) = match step.within {
                    Within::Hours(hours) => (hours, 0),
                    Within::WorkingDays(days) => (0, days),
                };
                json!({ "level": step.level.name(), "hours": hours, "working_days": days })
            }),
        })),
        "groups": each(&rules.groups, |group| json!({
            "name": group.name, "members": each(&group.members, |member| json!(member.as_str())),
        })),
        "contacts": each(&rules.contacts, contact),
        "digests": each(&rules.digests, |(name, sha256)| json!({ "name": name, "sha256": hex(sha256) })),
    })
}

fn contact(contact: &Contact) -> Json {
    json!({
        "authority": contact.authority, "unit": contact.unit, "telephone": contact.telephone, "hours": contact.hours,
    })
}

fn open_case(case: &OpenCase) -> Json {
    json!({
        "origin": case.origin.as_str(), "domain": case.domain.name(), "case_id": case.case_id,
        "severity": case.severity.name(), "since": case.since, "scope": case.scope.name(),
    })
}

fn case(case: &Case) -> Json {
    json!({
        "origin": case.origin.as_str(), "case_id": case.case_id, "platform": case.platform,
        "organisation_id": case.organisation_id,
        "name_digest": case.name_digest.map(digest),
        "told": each(&case.told.to_vec(), |told| json!({
            "member": told.member, "role": told.role.name(), "by_index": told.by_index, "sequence": told.sequence,
        })),
        "events": each(&case.events, |event| json!({
            "event_id": event.event_id, "revision": event.revision, "version": event.version,
            "issued_at": event.issued_at, "standing": event.standing.name(),
            "domain": event.domain.name(), "scope": event.scope.name(),
            "handling": event.handling.map(Code::name), "told": digest(event.told),
            "sent": each(&event.sent, |sent| json!({ "from": sent.from, "members": digest(sent.members) })),
            "severity": event.severity.name(), "since": event.since,
            "expires_at": event.expires_at,
            "revisions": each(&event.revisions, |revision| json!({
                "raw": digest(revision.raw), "content": digest(revision.content),
            })),
        })),
        "acks": each(&case.acks, |ack| json!({
            "member": ack.member, "event": ack.event, "version": ack.version, "level": ack.level.map(Code::name),
            "at": ack.at, "disputed_since": ack.disputed_since,
            "duty": ack.duty.map(|duty| json!({
                "version": duty.version, "issued_at": duty.issued_at, "role": duty.role.name(), "next": duty.next,
                "due_at": duty.due_at,
                "ran_out": duty.ran_out.map(|ran_out| json!({
                    "step": ran_out.step, "level": ran_out.level.name(), "due_at": ran_out.due_at,
                })),
            })),
        })),
        "national_sequence": case.national_sequence, "keep_until": case.keep_until,
    })
}

pub(crate) fn state_entry(transaction: i64, value: &Value) -> Json {
    let content = match value {
        Value::Organisation(known) => json!({
            "organisation_id": known.organisation_id(), "identifiers": known.identifiers.to_vec(),
            "registered_in": known.registered_in.map(|place| place.to_string()),
            "open_cases": each(&known.open_cases, open_case), "cases": known.cases,
            "name": digest(known.name), "form": known.form, "is_public": known.is_public,
        }),
        Value::Case(known) => case(&known.unpack()),
        Value::Pending(waiting) => json!({
            "origin": waiting.origin.as_str(), "platform": waiting.platform, "target": waiting.target,
            "scope": waiting.scope.name(), "reason": waiting.reason.name(), "decided": waiting.decided,
            "keep_until": waiting.keep_until, "suppressed_at": waiting.suppressed_at,
        }),
        Value::Source(source) => json!({ "position": source.position, "gap_since": source.gap_since }),
        Value::Rules(in_force) => rules(in_force),
        Value::Join(join) => json!({
            "member": join.member.as_str(), "since": join.since, "again": join.again,
            "after": join.after.as_ref().map(|end| json!({
                "expires_at": end.expires_at, "origin": end.origin.as_str(), "case_id": end.case_id,
                "place": end.place,
            })),
        }),
        Value::Link(bond) => link(&bond.unpack()),
        Value::Retell(work) => json!({
            "low": work.pair.low, "high": work.pair.high, "since": work.since,
            "steps": each(&work.steps, |step| json!({
                "before": step.before.map(Code::name), "high_first": step.high_first,
                "by_events": step.by_events, "behind": step.behind, "next": step.next,
                "national_next": step.national_next,
            })),
            "after": work.after.as_ref().map(|(origin, case_id)| json!({
                "origin": origin.as_str(), "case_id": case_id,
            })),
            "done": work.done,
        }),
    };
    json!({ "transaction": transaction, "value": content })
}

pub(crate) fn checkpoint(checkpoint: &Checkpoint) -> Json {
    let marks = &checkpoint.marks;
    let sequences: Vec<Json> = marks
        .sequences
        .iter()
        .map(|(output, next)| match output {
            Output::Alerts(member) => json!({ "output": "ALERTS", "member": member, "next": next }),
            Output::Test(member) => json!({ "output": "TEST", "member": member, "next": next }),
            Output::Rejects => json!({ "output": "REJECTS", "member": null, "next": next }),
            Output::Status(member) => json!({ "output": "STATUS", "member": member, "next": next }),
            Output::NationalStatus => json!({ "output": "STATUS", "member": null, "next": next }),
            Output::National => json!({ "output": "NATIONAL", "member": null, "next": next }),
            Output::Archive => json!({ "output": "ARCHIVE", "member": null, "next": next }),
            Output::Review => json!({ "output": "REVIEW", "member": null, "next": next }),
            Output::Overdue => json!({ "output": "OVERDUE", "member": null, "next": next }),
            Output::Disputes(member) => json!({ "output": "DISPUTES", "member": member, "next": next }),
        })
        .collect();
    json!({
        "transaction": checkpoint.transaction, "log_position": marks.log_position, "log_time": marks.log_time,
        "status_minute": marks.status_minute, "forget_not_before": marks.forget_not_before, "sequences": sequences,
        "digest": digest(marks.digest), "cluster_id": checkpoint.cluster_id,
    })
}

pub(crate) fn alert(decision: &Decision<'_>, recipient: &Recipient, jurisdiction: Jurisdiction) -> Json {
    let about = &decision.about;
    let known = decision.event;
    let mode = match decision {
        Decision { test: true, .. } => Mode::Test,
        Decision { joining: true, .. } => Mode::Backfill,
        _ => known.map_or(Mode::Actual, |event| event.mode),
    };
    let subject = known.and_then(|event| event.subject.as_ref());
    let in_full = known.filter(|_| recipient.role == Role::FollowUp);
    let parts = [
        json!({
            "recipient": jurisdiction.as_str(), "sequence": recipient.sequence, "role": recipient.role.name(),
            "role_before": recipient.role_before.map(Code::name),
            "role_reasons": recipient.reasons.iter().map(|reason| json!(reason.name())).collect::<Vec<_>>(),
            "ack_due_at": recipient.ack_due_at, "restricted_cases": each(&recipient.restricted_cases, open_case),
            "told": [],
        }),
        json!({
            "alert_id": decision.alert_id, "version": decision.version, "msg_type": decision.msg_type.name(),
            "mode": mode.name(), "references": decision.references, "standing": decision.standing.name(),
            "disputed_since": decision.disputed_since,
            "original_unseen": decision.original_unseen,
            "withdrawal_reason": decision.withdrawal_reason.map(Code::name),
            "issued_at": decision.issued_at, "expires_at": decision.expires_at, "event_id": about.event_id,
            "case_id": about.case_id, "origin": about.origin.as_str(), "platform": about.platform,
            "kind": known.map(|event| event.kind.name()), "scope": known.map(|event| event.scope.name()),
            "handling": about.handling.map(Code::name),
            "domain": about.domain.name(), "severity": about.severity.name(), "since": about.since,
        }),
        json!({
            "organisation": decision.organisation.as_ref().map(|organisation| json!({
                "organisation_id": organisation.organisation_id, "formerly": organisation.formerly, "matched_by": organisation.matched_by.name(),
                "identifiers": subject.map_or(json!([]), |subject| each(&subject.identifiers, identifier)),
                "legal_name": subject.map(|subject| &subject.legal_name),
            })),
            "open_cases": each(&decision.open_cases, open_case), "open_cases_more": decision.open_cases_more,
            "contact": decision.contact.as_ref().map(contact),
            "authority": known.map(|event| authority(&event.authority)),
            "infraction": known.map(|event| infraction(&event.infraction)),
            "products": known.map_or(json!([]), |event| each(&event.products, product)),
            "finality": known.map(|event| event.finality.name()),
            "decided": known.map(|event| dated(&event.decided)),
            "legal_basis": known.map_or(json!([]), |event| each(&event.legal_basis, legal_basis)),
            "measures": known.map_or(json!([]), |event| each(&event.measures, measure)),
            "event": in_full.map(event),
        }),
    ];
    merge(parts)
}

/// The alert of the national feed: what everybody may know of it.
pub(crate) fn national(decision: &Decision<'_>, sequence: i64, told: &[Jurisdiction]) -> Json {
    let nobody = Recipient {
        member: 0,
        sequence,
        role: Role::Attention,
        role_before: None,
        reasons: RoleReason::EveryMember.into(),
        ack_due_at: None,
        restricted_cases: Vec::new(),
    };
    let mut alert = alert(decision, &nobody, told.first().copied().unwrap_or(decision.about.origin));
    alert["recipient"] = json!("national");
    alert["told"] = each(told, |member| json!(member.as_str()));
    alert
}

pub(crate) fn status(status: &Status) -> Json {
    json!({
        "recipient": status.recipient.as_str(), "sequence": status.sequence,
        "last_alert_sequence": status.last_alert_sequence, "log_time": status.log_time, "overdue": status.overdue,
    })
}

fn link(bond: &Bond) -> Json {
    json!({
        "low": bond.pair.low, "high": bond.pair.high,
        "links": each(&bond.links, |link| json!({
            "relation": link.relation.name(), "high_first": link.high_first, "asserted_by": link.asserted_by,
            "basis": link.basis, "from": link.from, "to": link.to,
        })),
        "named": bond.named.as_ref().map(|named| json!({
            "high_first": named.high_first, "behind": named.behind, "is_question": named.is_question,
            "events": each(&named.events, |event| json!({
                "origin": event.origin.as_str(), "case_id": event.case_id, "event_id": event.event_id,
            })),
        })),
    })
}
