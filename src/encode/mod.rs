//! The last pure step: a decision becomes the bytes that all recipients share, and each one's own.

use crate::model::decision::{Decision, Recipient, Status};
use crate::model::place::Jurisdiction;
use crate::model::rejection::Rejection;

/// The shared part of an alert, once for each role that gets it; an alert's value is `own` and one of these.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tails {
    /// Headline facts alone.
    pub attention: Option<Vec<u8>>,
    /// With the event in full.
    pub follow_up: Option<Vec<u8>>,
}

/// The shared parts that the recipients of a decision need.
pub fn tails(_decision: &Decision<'_>) -> Tails {
    todo!()
}

/// Appends the frame and the recipient's own part of an alert; one of `Tails` follows it.
pub fn own(_recipient: &Recipient, _jurisdiction: Jurisdiction, _out: &mut Vec<u8>) {
    todo!()
}

/// The framed `Rejection` at its place in `comity.rejects`.
pub fn rejection(_rejection: &Rejection, _sequence: i64) -> Vec<u8> {
    todo!()
}

/// The framed `Status` of one recipient.
pub fn status(_status: &Status) -> Vec<u8> {
    todo!()
}
