//! Cases, and withdrawals that wait, as Avro.

use serde::Deserialize;

use crate::model::code::{Domain, Handling, Role, Scope, Severity, Standing, WithdrawalReason, WithdrawalScope};
use crate::model::entry::AcknowledgementLevel;
use crate::model::limit::ID_BYTES_MAX;
use crate::model::place::Jurisdiction;
use crate::model::state;
use crate::model::told::ToldList;
use crate::schema::datum;
use crate::schema::read::{Fixed, Place, Symbol, each};

/// Appends what a `Case` begins with.
pub(super) fn write_key(origin: Jurisdiction, case_id: &str, out: &mut Vec<u8>) {
    datum::place(origin, out);
    datum::text(case_id, out);
}

/// Appends what stands between its key and those told.
pub(super) fn write_head(case: &state::Case, out: &mut Vec<u8>) {
    datum::text(&case.platform, out);
    datum::optional_text(case.organisation_id.as_deref(), out);
    datum::optional(case.name_digest, out, datum::digest_128);
}

/// Appends those told.
pub(super) fn write_told(list: &ToldList, out: &mut Vec<u8>) {
    datum::list(&list.to_vec(), out, told);
}

/// Appends what stands behind them.
pub(super) fn write_tail(case: &state::Case, out: &mut Vec<u8>) {
    datum::list(&case.events, out, event);
    datum::list(&case.acks, out, ack);
    datum::long(case.national_sequence, out);
    datum::long(case.keep_until, out);
}

/// Appends a `Told`.
fn told(told: &state::Told, out: &mut Vec<u8>) {
    datum::int(i32::from(told.member), out);
    datum::code(told.role, out);
    datum::boolean(told.by_index, out);
    datum::long(told.sequence, out);
}

/// Appends an `Ack`.
fn ack(ack: &state::Ack, out: &mut Vec<u8>) {
    datum::int(i32::from(ack.member), out);
    datum::int(i32::from(ack.event), out);
    datum::int(ack.version, out);
    datum::optional(ack.level, out, datum::code);
    datum::optional(ack.at, out, datum::long);
    datum::optional(ack.disputed_since, out, datum::long);
    datum::optional(ack.duty, out, |duty, out| {
        datum::int(duty.version, out);
        datum::long(duty.issued_at, out);
        datum::code(duty.role, out);
        datum::int(i32::from(duty.next), out);
        datum::optional(duty.due_at, out, datum::long);
        datum::optional(duty.ran_out, out, |ran_out, out| {
            datum::int(i32::from(ran_out.step), out);
            datum::code(ran_out.level, out);
            datum::long(ran_out.due_at, out);
        });
    });
}

/// Appends a `CaseEvent`.
fn event(event: &state::CaseEvent, out: &mut Vec<u8>) {
    datum::text(&event.event_id, out);
    datum::optional(event.revision, out, datum::long);
    datum::int(event.version, out);
    datum::optional(event.issued_at, out, datum::long);
    datum::code(event.standing, out);
    datum::code(event.domain, out);
    datum::code(event.scope, out);
    datum::optional(event.handling, out, datum::code);
    datum::digest_128(event.told, out);
    datum::list(&event.sent, out, |sent, out| {
        datum::int(sent.from, out);
        datum::digest_128(sent.members, out);
    });
    datum::code(event.severity, out);
    datum::int(event.since, out);
    datum::optional(event.expires_at, out, datum::long);
    datum::list(&event.revisions, out, |revision, out| {
        datum::digest_128(revision.raw, out);
        datum::digest_128(revision.content, out);
    });
}

/// Appends a `Pending`.
pub(super) fn write_pending(pending: &state::Pending, out: &mut Vec<u8>) {
    datum::place(pending.origin, out);
    datum::text(&pending.platform, out);
    datum::text(&pending.target, out);
    datum::code(pending.scope, out);
    datum::code(pending.reason, out);
    datum::int(pending.decided, out);
    datum::long(pending.keep_until, out);
    datum::optional(pending.suppressed_at, out, datum::long);
}

/// `Case` as read.
#[derive(Debug, Deserialize)]
pub(super) struct Read {
    origin: Place,
    case_id: String,
    platform: String,
    organisation_id: Option<String>,
    name_digest: Option<Fixed<16>>,
    told: Vec<Told>,
    events: Vec<CaseEvent>,
    acks: Vec<Ack>,
    national_sequence: i64,
    keep_until: i64,
}

impl Read {
    /// The case; `None` where its id is none, or it names a member beyond any that a federation can have.
    pub(super) fn into_model(self) -> Option<state::Case> {
        if self.case_id.len() > ID_BYTES_MAX {
            return None;
        }
        Some(state::Case {
            origin: self.origin.0,
            case_id: self.case_id,
            platform: self.platform,
            organisation_id: self.organisation_id,
            name_digest: self.name_digest.map(|digest| u128::from_be_bytes(digest.0)),
            told: self.told.into_iter().map(Told::into_model).collect::<Option<_>>()?,
            events: each(self.events).into(),
            acks: self.acks.into_iter().map(Ack::into_model).collect::<Option<_>>()?,
            national_sequence: self.national_sequence,
            keep_until: self.keep_until,
        })
    }
}

/// `Told` as read.
#[derive(Debug, Deserialize)]
struct Told {
    member: i32,
    role: Symbol<Role>,
    by_index: bool,
    sequence: i64,
}

impl Told {
    fn into_model(self) -> Option<state::Told> {
        let member = u8::try_from(self.member).ok()?;
        Some(state::Told { member, role: self.role.0, by_index: self.by_index, sequence: self.sequence })
    }
}

/// `Ack` as read.
#[derive(Debug, Deserialize)]
struct Ack {
    member: i32,
    event: i32,
    version: i32,
    level: Option<Symbol<AcknowledgementLevel>>,
    at: Option<i64>,
    disputed_since: Option<i64>,
    duty: Option<Duty>,
}

/// `Duty` as read.
#[derive(Debug, Deserialize)]
struct Duty {
    version: i32,
    issued_at: i64,
    role: Symbol<Role>,
    next: i32,
    due_at: Option<i64>,
    ran_out: Option<RanOut>,
}

/// `RanOut` as read.
#[derive(Debug, Deserialize)]
struct RanOut {
    step: i32,
    level: Symbol<AcknowledgementLevel>,
    due_at: i64,
}

impl Duty {
    fn into_model(self) -> Option<state::Duty> {
        let ran_out = match self.ran_out {
            None => None,
            Some(RanOut { step, level, due_at }) => {
                Some(state::RanOut { step: u8::try_from(step).ok()?, level: level.0, due_at })
            }
        };
        Some(state::Duty {
            version: self.version,
            issued_at: self.issued_at,
            role: self.role.0,
            next: u8::try_from(self.next).ok()?,
            due_at: self.due_at,
            ran_out,
        })
    }
}

impl Ack {
    fn into_model(self) -> Option<state::Ack> {
        let duty = match self.duty {
            None => None,
            Some(duty) => Some(duty.into_model()?),
        };
        Some(state::Ack {
            member: u8::try_from(self.member).ok()?,
            event: u16::try_from(self.event).ok()?,
            version: self.version,
            level: self.level.map(|level| level.0),
            at: self.at,
            disputed_since: self.disputed_since,
            duty,
        })
    }
}

/// `CaseEvent` as read.
#[derive(Debug, Deserialize)]
struct CaseEvent {
    event_id: String,
    revision: Option<i64>,
    version: i32,
    issued_at: Option<i64>,
    standing: Symbol<Standing>,
    domain: Symbol<Domain>,
    scope: Symbol<Scope>,
    handling: Option<Symbol<Handling>>,
    told: Fixed<16>,
    sent: Vec<Sent>,
    severity: Symbol<Severity>,
    since: i32,
    expires_at: Option<i64>,
    revisions: Vec<Revision>,
}

impl From<CaseEvent> for state::CaseEvent {
    fn from(read: CaseEvent) -> Self {
        Self {
            event_id: read.event_id,
            revision: read.revision,
            version: read.version,
            issued_at: read.issued_at,
            standing: read.standing.0,
            domain: read.domain.0,
            scope: read.scope.0,
            handling: read.handling.map(|handling| handling.0),
            told: u128::from_be_bytes(read.told.0),
            sent: each(read.sent).into(),
            severity: read.severity.0,
            since: read.since,
            expires_at: read.expires_at,
            revisions: each(read.revisions).into(),
        }
    }
}

/// `Sent` as read.
#[derive(Debug, Deserialize)]
struct Sent {
    from: i32,
    members: Fixed<16>,
}

impl From<Sent> for state::Sent {
    fn from(read: Sent) -> Self {
        Self { from: read.from, members: u128::from_be_bytes(read.members.0) }
    }
}

/// `Revision` as read.
#[derive(Debug, Deserialize)]
struct Revision {
    raw: Fixed<16>,
    content: Fixed<16>,
}

impl From<Revision> for state::Revision {
    fn from(read: Revision) -> Self {
        Self { raw: u128::from_be_bytes(read.raw.0), content: u128::from_be_bytes(read.content.0) }
    }
}

/// `Pending` as read.
#[derive(Debug, Deserialize)]
pub(super) struct ReadPending {
    origin: Place,
    platform: String,
    target: String,
    scope: Symbol<WithdrawalScope>,
    reason: Symbol<WithdrawalReason>,
    decided: i32,
    keep_until: i64,
    suppressed_at: Option<i64>,
}

impl From<ReadPending> for state::Pending {
    fn from(read: ReadPending) -> Self {
        Self {
            origin: read.origin.0,
            platform: read.platform,
            target: read.target,
            scope: read.scope.0,
            reason: read.reason.0,
            decided: read.decided,
            keep_until: read.keep_until,
            suppressed_at: read.suppressed_at,
        }
    }
}
