//! Entries of `comity.log`: everything that decides, in one order.

use super::event::InfractionEvent;
use super::place::{Days, Jurisdiction, Millis};
use super::record::SourcePosition;
use super::rejection::Rejection;
use super::rules::Rules;

/// What one entry says. `Event` and `Rejection` know the source record that they came from.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    Event(Box<InfractionEvent>),
    Rejection(Box<Rejection>),
    Acknowledgement(Box<Acknowledgement>),
    Link(Box<Link>),
    Rules(Box<Rules>),
    Missing(Box<Missing>),
    Tick,
}

impl Body {
    /// Where the source record stood that this entry answers; `None` for rules and ticks.
    pub fn source(&self) -> Option<&SourcePosition> {
        match self {
            Self::Event(event) => Some(&event.provenance.at),
            Self::Rejection(rejection) => Some(&rejection.at),
            Self::Acknowledgement(acknowledgement) => Some(&acknowledgement.at),
            Self::Link(link) => Some(&link.at),
            Self::Missing(missing) => Some(&missing.at),
            Self::Rules(_) | Self::Tick => None,
        }
    }
}

/// One entry with its place and time in the log.
#[derive(Debug, Clone, PartialEq)]
pub struct LogEntry {
    pub offset: i64,
    /// `LogAppendTime`.
    pub appended_at: Millis,
    pub body: Body,
}

/// A platform's next snapshot lacks an event that the one before had. That takes nothing back: it may as well be an error
/// of the export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    pub at: SourcePosition,
    pub origin: Jurisdiction,
    pub platform: String,
    pub case_id: String,
    pub event_id: String,
}

/// What a recipient says of an alert that it got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acknowledgement {
    pub at: SourcePosition,
    /// `<event_id>#<version>`.
    pub alert_id: String,
    /// Who decided, and in which case: the alert states both.
    pub origin: Jurisdiction,
    pub case_id: String,
    pub recipient: Jurisdiction,
    pub level: AcknowledgementLevel,
    pub reason: Option<AcknowledgementReason>,
    pub acknowledged_at: Millis,
}

/// How far a recipient has got with an alert; each level lies further than those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AcknowledgementLevel {
    Received,
    Accepted,
    /// The recipient holds the decision to be wrong.
    Disputed,
    NotConcerned,
    NoAction,
    ActionTaken,
}

impl super::code::Code for AcknowledgementLevel {
    const ALL: &'static [(Self, &'static str)] = &[
        (Self::Received, "RECEIVED"),
        (Self::Accepted, "ACCEPTED"),
        (Self::Disputed, "DISPUTED"),
        (Self::NotConcerned, "NOT_CONCERNED"),
        (Self::NoAction, "NO_ACTION"),
        (Self::ActionTaken, "ACTION_TAKEN"),
    ];
}

/// Why a recipient did nothing, or disputes a decision; a closed list, since a text could name a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AcknowledgementReason {
    NotDistributedHere,
    NotEstablishedHere,
    NotCompetent,
    AlreadyDealtWith,
    WrongOrganisation,
    FactsContested,
    LegalBasisContested,
    UnderExamination,
}

impl super::code::Code for AcknowledgementReason {
    const ALL: &'static [(Self, &'static str)] = &[
        (Self::NotDistributedHere, "NOT_DISTRIBUTED_HERE"),
        (Self::NotEstablishedHere, "NOT_ESTABLISHED_HERE"),
        (Self::NotCompetent, "NOT_COMPETENT"),
        (Self::AlreadyDealtWith, "ALREADY_DEALT_WITH"),
        (Self::WrongOrganisation, "WRONG_ORGANISATION"),
        (Self::FactsContested, "FACTS_CONTESTED"),
        (Self::LegalBasisContested, "LEGAL_BASIS_CONTESTED"),
        (Self::UnderExamination, "UNDER_EXAMINATION"),
    ];
}

/// A statement that two identifiers name one organisation, or two, or that one followed the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    pub at: SourcePosition,
    pub relation: LinkRelation,
    /// `<scheme>:<value>`.
    pub first: String,
    /// `<scheme>:<value>`.
    pub second: String,
    /// The code of a member, or `operator`.
    pub asserted_by: String,
    pub basis: String,
    /// Since which day it has been so, as far as that is known; it decides nothing.
    pub from: Option<Days>,
    /// The day from which it holds no more: past or today, the link ends now.
    pub to: Option<Days>,
}

/// Who may say and end every link.
pub const OPERATOR: &str = "operator";

/// How two identifiers of a link relate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LinkRelation {
    Same,
    NotSame,
    SuccessorOf,
}

impl LinkRelation {
    /// True where it makes one organisation of two.
    pub fn joins(self) -> bool {
        match self {
            Self::Same | Self::SuccessorOf => true,
            Self::NotSame => false,
        }
    }
}

impl super::code::Code for LinkRelation {
    const ALL: &'static [(Self, &'static str)] =
        &[(Self::Same, "SAME"), (Self::NotSame, "NOT_SAME"), (Self::SuccessorOf, "SUCCESSOR_OF")];
}
