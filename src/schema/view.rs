//! What a reader sees of the records that leave Comity, for commands that show or count them.
//!
//! Only the fields that are shown are read; the rest of a record is passed over.

use serde::Deserialize;

use super::log::CodecError;
use super::read::{Place, Record, Symbol, codes, each};
use super::rules;
use crate::model::code::{Domain, MsgType, Role, RoleReason, Severity, Standing, WithdrawalReason};
use crate::model::place::{Jurisdiction, Millis, Reader};
use crate::model::rules::Contact;

const ALERT: Record = Record { topic: "comity.alerts", schema: "Alert" };
const STATUS: Record = Record { topic: "comity.status", schema: "Status" };
const REJECTION: Record = Record { topic: "comity.rejects", schema: "Rejection" };

/// One recipient's alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertView {
    pub recipient: Reader,
    pub sequence: i64,
    pub role: Role,
    pub role_before: Option<Role>,
    pub role_reasons: Vec<RoleReason>,
    /// Until when it is to be acknowledged.
    pub ack_due_at: Option<Millis>,
    pub alert_id: String,
    pub version: i32,
    pub msg_type: MsgType,
    /// The `alert_id`s that it follows.
    pub references: Vec<String>,
    pub standing: Standing,
    pub disputed_since: Option<Millis>,
    pub withdrawal_reason: Option<WithdrawalReason>,
    /// Log time of the entry that decided.
    pub issued_at: Millis,
    pub expires_at: Option<Millis>,
    pub event_id: String,
    pub case_id: String,
    pub origin: Jurisdiction,
    pub domain: Domain,
    pub severity: Severity,
    /// The infraction in words; `None` where time decided.
    pub infraction: Option<String>,
    /// `<scheme>:<value>` by which Comity knows the organisation.
    pub organisation_id: Option<String>,
    /// The organisation's name; only who has to act gets it.
    pub legal_name: Option<String>,
    /// Where else the organisation has open cases, and in which domain.
    pub open_cases: Vec<(Jurisdiction, Domain)>,
    /// Whom to ring about it.
    pub contact: Option<Contact>,
}

/// One rejection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectionView {
    pub sequence: i64,
    /// Where the record that was refused stands.
    pub topic: String,
    pub offset: i64,
    pub platform: String,
    /// `CMT-nnnn`.
    pub code: String,
    pub reason: String,
    /// A name that the platform's folder declares.
    pub detail: Option<String>,
    /// The path of the field at fault.
    pub field: Option<String>,
}

/// What a recipient must have by now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct StatusView {
    /// Of the recipient's last alert; 0 before the first.
    pub last_alert_sequence: i64,
    pub log_time: Millis,
}

/// Reads a status.
///
/// # Errors
/// The value is no `Status` of a known version.
pub fn status(value: &[u8]) -> Result<StatusView, CodecError> {
    STATUS.read(value)
}

/// Reads an alert.
///
/// # Errors
/// The value is no `Alert` of a known version.
pub fn alert(value: &[u8]) -> Result<AlertView, CodecError> {
    let read: ReadAlert = ALERT.read(value)?;
    Ok(AlertView {
        recipient: Reader::parse(&read.recipient).ok_or_else(|| CodecError {
            topic: ALERT.topic,
            why: "the recipient is no code of a jurisdiction".to_owned(),
        })?,
        sequence: read.sequence,
        role: read.role.0,
        role_before: read.role_before.map(|role| role.0),
        role_reasons: codes(read.role_reasons),
        ack_due_at: read.ack_due_at,
        alert_id: read.alert_id,
        version: read.version,
        msg_type: read.msg_type.0,
        references: read.references,
        standing: read.standing.0,
        disputed_since: read.disputed_since,
        withdrawal_reason: read.withdrawal_reason.map(|reason| reason.0),
        issued_at: read.issued_at,
        expires_at: read.expires_at,
        event_id: read.event_id,
        case_id: read.case_id,
        origin: read.origin.0,
        domain: read.domain.0,
        severity: read.severity.0,
        infraction: read.infraction.map(|infraction| infraction.title),
        organisation_id: read.organisation.and_then(|organisation| organisation.organisation_id),
        legal_name: read.event.and_then(|event| event.subject).map(|subject| subject.legal_name),
        open_cases: each(read.open_cases),
        contact: read.contact.map(Contact::from),
    })
}

/// Reads a rejection.
///
/// # Errors
/// The value is no `Rejection` of a known version.
pub fn rejection(value: &[u8]) -> Result<RejectionView, CodecError> {
    let read: ReadRejection = REJECTION.read(value)?;
    let ReadRejection { sequence, topic, offset, platform, code, reason, detail, field } = read;
    Ok(RejectionView { sequence, topic, offset, platform, code, reason, detail, field })
}

#[derive(Debug, Deserialize)]
struct ReadAlert {
    recipient: String,
    sequence: i64,
    role: Symbol<Role>,
    role_before: Option<Symbol<Role>>,
    role_reasons: Vec<Symbol<RoleReason>>,
    ack_due_at: Option<i64>,
    alert_id: String,
    version: i32,
    msg_type: Symbol<MsgType>,
    references: Vec<String>,
    standing: Symbol<Standing>,
    disputed_since: Option<i64>,
    withdrawal_reason: Option<Symbol<WithdrawalReason>>,
    issued_at: i64,
    expires_at: Option<i64>,
    event_id: String,
    case_id: String,
    origin: Place,
    domain: Symbol<Domain>,
    severity: Symbol<Severity>,
    infraction: Option<ReadInfraction>,
    organisation: Option<ReadOrganisation>,
    open_cases: Vec<ReadOpenCase>,
    contact: Option<rules::Contact>,
    event: Option<ReadEvent>,
}

#[derive(Debug, Deserialize)]
struct ReadInfraction {
    title: String,
}

#[derive(Debug, Deserialize)]
struct ReadOrganisation {
    organisation_id: Option<String>,
}

#[derive(Debug, Deserialize)]
struct ReadEvent {
    subject: Option<ReadSubject>,
}

#[derive(Debug, Deserialize)]
struct ReadSubject {
    legal_name: String,
}

#[derive(Debug, Deserialize)]
struct ReadOpenCase {
    origin: Place,
    domain: Symbol<Domain>,
}

impl From<ReadOpenCase> for (Jurisdiction, Domain) {
    fn from(read: ReadOpenCase) -> Self {
        (read.origin.0, read.domain.0)
    }
}

#[derive(Debug, Deserialize)]
struct ReadRejection {
    sequence: i64,
    topic: String,
    offset: i64,
    platform: String,
    code: String,
    reason: String,
    detail: Option<String>,
    field: Option<String>,
}

/// An alert of Ontario's as a reader sees it, for the tests of those that read.
#[cfg(test)]
pub(crate) fn sample(recipient: Jurisdiction, sequence: i64, event_id: &str, version: i32) -> AlertView {
    AlertView {
        recipient: recipient.into(),
        sequence,
        role: Role::Attention,
        role_before: None,
        role_reasons: vec![RoleReason::EveryMember],
        ack_due_at: None,
        alert_id: format!("{event_id}#{version}"),
        version,
        msg_type: if version == 1 { MsgType::Alert } else { MsgType::Update },
        references: (1..version).map(|before| format!("{event_id}#{before}")).collect(),
        standing: Standing::InForce,
        disputed_since: None,
        withdrawal_reason: None,
        issued_at: 0,
        expires_at: None,
        event_id: event_id.to_owned(),
        case_id: "case".to_owned(),
        origin: Jurisdiction::parse("CA-ON").unwrap_or(recipient),
        domain: Domain::FoodSafety,
        severity: Severity::Severe,
        infraction: None,
        organisation_id: None,
        legal_name: None,
        open_cases: Vec::new(),
        contact: None,
    }
}
