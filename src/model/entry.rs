//! Entries of `comity.log`: everything that decides, in one order.

use super::event::InfractionEvent;
use super::place::{Jurisdiction, Millis};
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

/// What a recipient says of an alert that it got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acknowledgement {
    pub at: SourcePosition,
    pub alert_id: String,
    pub recipient: Jurisdiction,
    pub level: AcknowledgementLevel,
    pub acknowledged_at: Millis,
}

/// How far a recipient has got with an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AcknowledgementLevel {
    Received,
    Accepted,
    ActionTaken,
    NoAction,
    NotConcerned,
    Disputed,
}

impl super::code::Code for AcknowledgementLevel {
    const ALL: &'static [(Self, &'static str)] = &[
        (Self::Received, "RECEIVED"),
        (Self::Accepted, "ACCEPTED"),
        (Self::ActionTaken, "ACTION_TAKEN"),
        (Self::NoAction, "NO_ACTION"),
        (Self::NotConcerned, "NOT_CONCERNED"),
        (Self::Disputed, "DISPUTED"),
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
    pub asserted_by: String,
    pub basis: String,
}

/// How two identifiers of a link relate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LinkRelation {
    Same,
    NotSame,
    SuccessorOf,
}

impl super::code::Code for LinkRelation {
    const ALL: &'static [(Self, &'static str)] =
        &[(Self::Same, "SAME"), (Self::NotSame, "NOT_SAME"), (Self::SuccessorOf, "SUCCESSOR_OF")];
}
