//! A decision of the ledger, and the batch of alerts and records that one transaction commits.

use std::fmt;

use super::code::{Code, Domain, Handling, MatchedBy, MsgType, Role, RoleReason, Severity, Standing, WithdrawalReason};
use super::entry::{AcknowledgementLevel, AcknowledgementReason};
use super::event::InfractionEvent;
use super::place::{Days, Jurisdiction, Millis, Reader};
use super::rules::{Contact, MemberIndex};
use super::state::{Checkpoint, OpenCase};

/// One alert to several recipients: what they share, and each one's own part.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision<'e> {
    /// `<event_id>#<version>`.
    pub alert_id: String,
    pub version: i32,
    pub msg_type: MsgType,
    /// The `alert_id`s that this one follows.
    pub references: Vec<String>,
    pub standing: Standing,
    /// Since when a recipient disputes the event.
    pub disputed_since: Option<Millis>,
    pub about: About,
    pub organisation: Option<AlertOrganisation>,
    /// Open cases of that organisation elsewhere, FEDERATION scope only.
    pub open_cases: Vec<OpenCase>,
    /// How many more there are than `open_cases` lists.
    pub open_cases_more: i32,
    /// Whom to ring about it.
    pub contact: Option<Contact>,
    /// Log time of the entry that decided.
    pub issued_at: Millis,
    pub expires_at: Option<Millis>,
    pub withdrawal_reason: Option<WithdrawalReason>,
    /// True where a supplement or correction stands in for an original that was never seen.
    pub original_unseen: bool,
    /// The event that decided; `None` where time did (expiry).
    pub event: Option<&'e InfractionEvent>,
    /// True for TEST: goes to `comity.alerts.test` and is remembered nowhere.
    pub test: bool,
    /// True where a member that joins is told of an open case; such an alert is marked BACKFILL.
    pub joining: bool,
    pub recipients: Vec<Recipient>,
    /// The copy of the national feed, where that gets one.
    pub national: Option<NationalCopy>,
}

/// An alert in the national feed: headline facts, and who got it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NationalCopy {
    pub sequence: i64,
    /// The recipients of the alert; of an event that became RESTRICTED they are nobody's to know.
    pub told: Vec<MemberIndex>,
}

/// The headline facts that the state itself knows, so that they stand in every alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    pub event_id: String,
    pub case_id: String,
    pub origin: Jurisdiction,
    pub platform: String,
    pub domain: Domain,
    pub severity: Severity,
    pub since: Days,
    /// How far a recipient may share it.
    pub handling: Option<Handling>,
}

/// The organisation of an alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertOrganisation {
    /// `None` for a subject known by name only.
    pub organisation_id: Option<String>,
    /// Other `organisation_id`s under which it was known before links made it one, in their order.
    pub formerly: Vec<String>,
    pub matched_by: MatchedBy,
}

/// One recipient's own part of an alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient {
    pub member: MemberIndex,
    pub sequence: i64,
    pub role: Role,
    /// The role of the alert before, where it was another.
    pub role_before: Option<Role>,
    pub reasons: Reasons,
    pub ack_due_at: Option<Millis>,
    /// Open cases of RESTRICTED scope that this recipient may know.
    pub restricted_cases: Vec<OpenCase>,
}

/// The reasons of a role, as a set. Every recipient of every alert has one, so it is kept in a byte.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Reasons(u8);

impl Reasons {
    /// The set with one more reason.
    #[must_use]
    pub fn with(self, reason: RoleReason) -> Self {
        Self(self.0 | bit(reason))
    }

    /// The reasons in the order of their list.
    pub fn iter(self) -> impl Iterator<Item = RoleReason> + Clone {
        let held = move |reason: &RoleReason| self.0 & bit(*reason) != 0;
        RoleReason::ALL.iter().map(|(reason, _)| *reason).filter(held)
    }

    /// How many there are.
    pub fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    /// True where there is none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl FromIterator<RoleReason> for Reasons {
    fn from_iter<I: IntoIterator<Item = RoleReason>>(reasons: I) -> Self {
        reasons.into_iter().fold(Self::default(), Self::with)
    }
}

impl From<RoleReason> for Reasons {
    fn from(reason: RoleReason) -> Self {
        Self(bit(reason))
    }
}

impl fmt::Debug for Reasons {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.iter()).finish()
    }
}

const _: () = assert!(RoleReason::ALL.len() <= 8, "each reason has a bit of its own");

fn bit(reason: RoleReason) -> u8 {
    1 << reason as u8
}

/// What one transaction commits. It stays the same for a retry, an undo and a comparison after a takeover.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    /// The shared bytes of each alert, once.
    pub tails: Vec<Vec<u8>>,
    /// Those of each decision, in the order of the log.
    pub alerts: Vec<Vec<AlertEntry>>,
    /// Rejections and statuses, encoded.
    pub records: Vec<OutputRecord>,
    /// Values of the state by record key; `None` is a tombstone.
    pub state: Vec<(String, Option<Vec<u8>>)>,
    pub checkpoint: Checkpoint,
}

/// One recipient's alert: its own part, and which shared part follows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertEntry {
    /// An index into `Batch::tails`.
    pub tail: u32,
    pub test: bool,
    pub own: Recipient,
}

impl AlertEntry {
    /// The output that it goes to.
    pub fn output(&self) -> Output {
        if self.test { Output::Test(self.own.member) } else { Output::Alerts(self.own.member) }
    }
}

/// A record of another output than alerts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputRecord {
    pub output: Output,
    pub sequence: i64,
    pub key: Option<String>,
    pub value: Vec<u8>,
}

/// Where the ledger writes besides its state; each has a `sequence` of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Output {
    /// `comity.alerts.<J>`.
    Alerts(MemberIndex),
    /// `comity.alerts.test`, a sequence for each recipient.
    Test(MemberIndex),
    /// `comity.rejects`.
    Rejects,
    /// `comity.alerts.national`: what everybody may know, once each.
    National,
    /// `comity.reach.archive`: who was told of cases that are forgotten.
    Archive,
    /// `comity.status.<J>`, compacted.
    Status(MemberIndex),
    /// `comity.status.national`, compacted.
    NationalStatus,
    /// `comity.review`: what a person must look at.
    Review,
    /// `comity.overdue`: acknowledgements that are due and did not come.
    Overdue,
    /// `comity.disputes.<J>`: who disputes what that member decided.
    Disputes(MemberIndex),
}

impl Output {
    /// Every output of a federation of so many members.
    pub fn all(members: usize) -> impl Iterator<Item = Self> {
        let own = |member| [Self::Alerts(member), Self::Test(member), Self::Status(member), Self::Disputes(member)];
        let members = (0..members).filter_map(|place| MemberIndex::try_from(place).ok());
        let common = [Self::Rejects, Self::National, Self::NationalStatus, Self::Archive, Self::Review, Self::Overdue];
        members.flat_map(own).chain(common)
    }
}

/// A record of an output other than alerts, rejections and statuses, with its `sequence` there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    pub output: Output,
    pub sequence: i64,
    pub content: NoticeContent,
}

/// What a notice says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoticeContent {
    /// Whom a case told that is forgotten.
    Reach(ReachSummary),
    Review(Review),
    Overdue(Overdue),
    Dispute(Dispute),
}

/// `Status`: what a recipient must have by now, each minute of log time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    pub recipient: Reader,
    pub sequence: i64,
    /// The `sequence` of the last alert of this recipient; 0 before the first.
    pub last_alert_sequence: i64,
    pub log_time: Millis,
    /// Alerts of this recipient whose acknowledgement is overdue.
    pub overdue: i32,
}

/// `ReachSummary`: whom a case told, kept when the case itself is forgotten. It names no organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReachSummary {
    pub origin: Jurisdiction,
    pub case_id: String,
    pub platform: String,
    pub domain: Domain,
    /// When the case was forgotten, by log time.
    pub forgotten_at: Millis,
    pub told: Vec<ToldSummary>,
    pub events: Vec<EventSummary>,
}

/// What one recipient got last of a case that is forgotten.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToldSummary {
    pub recipient: Jurisdiction,
    pub role: Role,
    /// The `sequence` of its last alert of the case.
    pub sequence: i64,
    /// What it said last of an alert of the case, and when by log time.
    pub level: Option<AcknowledgementLevel>,
    pub acknowledged_at: Option<Millis>,
}

/// One event of a case that is forgotten.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventSummary {
    pub event_id: String,
    /// The version of its last alert; 0 where none was sent.
    pub version: i32,
    pub standing: Standing,
    /// The day of its decision.
    pub since: Days,
    /// The digest of its last revision: the first 128 bits of the SHA-256 of the canonical record.
    pub content: Option<u128>,
}

/// `Review`: what no rule can decide, for a person to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review {
    pub kind: ReviewKind,
    /// Log time of the entry that gave rise to it.
    pub noted_at: Millis,
    pub origin: Jurisdiction,
    pub platform: String,
    pub case_id: Option<String>,
    pub event_id: Option<String>,
    /// The organisation that the case has, or would have had.
    pub organisation_id: Option<String>,
    /// The other one in question.
    pub other_organisation_id: Option<String>,
    /// `<scheme>:<value>`, where the question is about one identifier.
    pub identifier: Option<String>,
    pub legal_name: Option<String>,
    pub other_legal_name: Option<String>,
}

impl Review {
    /// What is asked of one event of a platform, without an organisation.
    pub fn new(
        kind: ReviewKind,
        noted_at: Millis,
        (origin, platform): (Jurisdiction, &str),
        (case_id, event_id): (&str, &str),
    ) -> Self {
        Self {
            kind,
            noted_at,
            origin,
            platform: platform.to_owned(),
            case_id: Some(case_id.to_owned()),
            event_id: Some(event_id.to_owned()),
            organisation_id: None,
            other_organisation_id: None,
            identifier: None,
            legal_name: None,
            other_legal_name: None,
        }
    }
}

/// Why a person must look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReviewKind {
    /// An event that stands is missing from its platform's next snapshot.
    MissingFromSnapshot,
    /// An identifier came back with another name than its holder's.
    IdentifierReused,
    /// Identifiers of one subject have different holders.
    SeveralHolders,
    /// An original was told to nobody, since its withdrawal had come before it.
    Suppressed,
    /// An organisation has as many identifiers as the index keeps, and an event names one more.
    IdentifierNotKept,
}

impl Code for ReviewKind {
    const ALL: &'static [(Self, &'static str)] = &[
        (Self::MissingFromSnapshot, "MISSING_FROM_SNAPSHOT"),
        (Self::IdentifierReused, "IDENTIFIER_REUSED"),
        (Self::SeveralHolders, "SEVERAL_HOLDERS"),
        (Self::Suppressed, "SUPPRESSED"),
        (Self::IdentifierNotKept, "IDENTIFIER_NOT_KEPT"),
    ];
}

/// `Overdue`: a step of a recipient's clock that ran out, or the end of one that had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overdue {
    pub recipient: Jurisdiction,
    pub state: OverdueState,
    /// Log time of the entry that gave rise to it.
    pub noted_at: Millis,
    pub origin: Jurisdiction,
    pub domain: Domain,
    pub case_id: String,
    pub alert_id: String,
    pub role: Role,
    pub severity: Severity,
    /// The step of the ladder, from 1.
    pub step: i32,
    /// The level that is due.
    pub level: AcknowledgementLevel,
    /// When the alert was issued that began the clock, by log time.
    pub issued_at: Millis,
    pub due_at: Millis,
}

/// What became of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OverdueState {
    Overdue,
    /// The acknowledgement came after all.
    Acknowledged,
    /// Nothing is due any more: the alert was withdrawn or closed, or is for attention only.
    Ended,
}

impl Code for OverdueState {
    const ALL: &'static [(Self, &'static str)] =
        &[(Self::Overdue, "OVERDUE"), (Self::Acknowledged, "ACKNOWLEDGED"), (Self::Ended, "ENDED")];
}

/// `Dispute`: a member disputes what another decided, or does so no longer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dispute {
    /// The member that decided.
    pub recipient: Jurisdiction,
    pub disputed_by: Jurisdiction,
    pub case_id: String,
    pub alert_id: String,
    pub reason: Option<AcknowledgementReason>,
    pub disputed_since: Millis,
    /// When it ended, by log time; `None` while it lasts.
    pub ended_at: Option<Millis>,
}

/// Which of an alert's two shared parts a role gets: only FOLLOW_UP gets the event in full.
pub fn gets_event(role: Role) -> bool {
    role == Role::FollowUp
}
