//! The wire form of the entries of `comity.log`.

use std::sync::Arc;

use serde::Deserialize;

use super::event::{EVENT_BYTES_USUAL, direct, read as event_read, write as event_write};
use super::read::{Place, Record, Symbol};
use super::{canonical, datum, rejection, rules, wire};
use crate::model::entry::{
    self, Acknowledgement, AcknowledgementLevel, AcknowledgementReason, Body, Link, LinkRelation, LogEntry,
};
use crate::model::event::InfractionEvent;
use crate::model::place::Millis;
use crate::model::record::SourcePosition;

/// A value that is not what its topic promises; on our own topics the ledger stops there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{topic}: {why}")]
pub struct CodecError {
    pub topic: &'static str,
    pub why: String,
}

/// The entries of the log.
const ENTRY: Record = Record { topic: "comity.log", schema: canonical::LOG_ENTRY.name };

/// The framed value of an entry.
pub fn encode_entry(body: &Body) -> Vec<u8> {
    let mut out = Vec::with_capacity(EVENT_BYTES_USUAL);
    wire::frame(canonical::LOG_ENTRY.id, &mut out);
    datum::optional(body.source(), &mut out, source);
    match body {
        Body::Event(event) => {
            datum::branch(0, &mut out);
            event_write::event(event, &mut out);
        }
        Body::Rejection(refused) => {
            datum::branch(1, &mut out);
            rejection::write(refused, 0, &mut out);
        }
        Body::Acknowledgement(said) => {
            datum::branch(2, &mut out);
            acknowledgement(said, &mut out);
        }
        Body::Link(stated) => {
            datum::branch(3, &mut out);
            link(stated, &mut out);
        }
        Body::Rules(in_force) => {
            datum::branch(4, &mut out);
            rules::write(in_force, &mut out);
        }
        Body::Tick => datum::branch(5, &mut out),
        Body::Missing(lacking) => {
            datum::branch(6, &mut out);
            missing(lacking, &mut out);
        }
    }
    out
}

/// Appends a `SourcePosition`.
fn source(at: &SourcePosition, out: &mut Vec<u8>) {
    datum::text(&at.topic, out);
    datum::int(at.partition, out);
    datum::long(at.from, out);
    datum::long(at.offset, out);
}

/// Appends an `Acknowledgement`.
fn acknowledgement(said: &Acknowledgement, out: &mut Vec<u8>) {
    datum::text(&said.alert_id, out);
    datum::place(said.origin, out);
    datum::text(&said.case_id, out);
    datum::place(said.recipient, out);
    datum::code(said.level, out);
    datum::optional(said.reason, out, datum::code);
    datum::long(said.acknowledged_at, out);
}

/// Appends a `Missing`.
fn missing(lacking: &entry::Missing, out: &mut Vec<u8>) {
    datum::place(lacking.origin, out);
    datum::text(&lacking.platform, out);
    datum::text(&lacking.case_id, out);
    datum::text(&lacking.event_id, out);
}

/// Appends a `Link`.
fn link(stated: &Link, out: &mut Vec<u8>) {
    datum::code(stated.relation, out);
    datum::text(&stated.first, out);
    datum::text(&stated.second, out);
    datum::text(&stated.asserted_by, out);
    datum::text(&stated.basis, out);
}

/// Reads a framed entry; trailing bytes are an error.
///
/// # Errors
/// Anything that `encode_entry` cannot have written: another schema, bytes missing or left over, a code outside its
/// list, a body that names another source record than its entry.
pub fn decode_entry(value: &[u8], offset: i64, appended_at: Millis) -> Result<LogEntry, CodecError> {
    let body = match newest_event(value) {
        Some(event) => Body::Event(event),
        None => any_body(value)?,
    };
    Ok(LogEntry { offset, appended_at, body })
}

/// The body of any entry, by the schema under which it was written.
fn any_body(value: &[u8]) -> Result<Body, CodecError> {
    let read: Entry<'_> = ENTRY.read(value)?;
    let at = read.source.map(|source| SourcePosition {
        topic: Arc::from(source.topic),
        partition: source.partition,
        from: source.from,
        offset: source.offset,
    });
    let body = read.body.with_source(at);
    body.ok_or_else(|| ENTRY.error("its source is missing, or not the one that its body names"))
}

/// The event of an entry that `encode_entry` of this version wrote: of nearly every entry.
fn newest_event(value: &[u8]) -> Option<Box<InfractionEvent>> {
    let (_, datum) = wire::unframe(value).filter(|(id, _)| *id == canonical::LOG_ENTRY.id)?;
    let mut reader = datum::Reader(datum);
    let at = reader.optional(|from| {
        Some(SourcePosition {
            topic: Arc::from(from.text()?),
            partition: from.int()?,
            from: from.long()?,
            offset: from.long()?,
        })
    })??;
    let is_event = reader.long()? == 0;
    let event = if is_event { Box::new(direct::event(&mut reader, at)?) } else { return None };
    reader.0.is_empty().then_some(event)
}

/// `LogEntry` as read.
#[derive(Debug, Deserialize)]
struct Entry<'a> {
    #[serde(borrow)]
    source: Option<Source<'a>>,
    #[serde(borrow)]
    body: Content<'a>,
}

/// `SourcePosition` as read.
#[derive(Debug, Deserialize)]
struct Source<'a> {
    topic: &'a str,
    partition: i32,
    from: i64,
    offset: i64,
}

/// The union of bodies as read.
#[derive(Debug, Deserialize)]
enum Content<'a> {
    #[serde(rename = "comity.InfractionEvent", borrow)]
    Event(Box<event_read::Event<'a>>),
    #[serde(rename = "comity.Rejection", borrow)]
    Rejection(Box<rejection::Read<'a>>),
    #[serde(rename = "comity.Acknowledgement")]
    Acknowledgement(ReadAcknowledgement),
    #[serde(rename = "comity.Link")]
    Link(ReadLink),
    #[serde(rename = "comity.Rules")]
    Rules(rules::Read),
    #[serde(rename = "comity.Tick")]
    Tick,
    #[serde(rename = "comity.Missing")]
    Missing(ReadMissing),
}

impl Content<'_> {
    /// The body with the source position of its entry; `None` where it needs one, or is about another record.
    fn with_source(self, at: Option<SourcePosition>) -> Option<Body> {
        Some(match self {
            Self::Event(event) => Body::Event(Box::new(event.with_source(at?)?)),
            Self::Rejection(refused) => Body::Rejection(Box::new(refused.with_source(at?)?)),
            Self::Acknowledgement(said) => Body::Acknowledgement(Box::new(said.with_source(at?))),
            Self::Link(stated) => Body::Link(Box::new(stated.with_source(at?))),
            Self::Rules(in_force) => Body::Rules(Box::new(in_force.into_model()?)),
            Self::Tick => Body::Tick,
            Self::Missing(lacking) => Body::Missing(Box::new(lacking.with_source(at?))),
        })
    }
}

/// `Acknowledgement` as read.
#[derive(Debug, Deserialize)]
struct ReadAcknowledgement {
    alert_id: String,
    origin: Place,
    case_id: String,
    recipient: Place,
    level: Symbol<AcknowledgementLevel>,
    reason: Option<Symbol<AcknowledgementReason>>,
    acknowledged_at: i64,
}

impl ReadAcknowledgement {
    fn with_source(self, at: SourcePosition) -> entry::Acknowledgement {
        entry::Acknowledgement {
            at,
            alert_id: self.alert_id,
            origin: self.origin.0,
            case_id: self.case_id,
            recipient: self.recipient.0,
            level: self.level.0,
            reason: self.reason.map(|reason| reason.0),
            acknowledged_at: self.acknowledged_at,
        }
    }
}

/// `Missing` as read.
#[derive(Debug, Deserialize)]
struct ReadMissing {
    origin: Place,
    platform: String,
    case_id: String,
    event_id: String,
}

impl ReadMissing {
    fn with_source(self, at: SourcePosition) -> entry::Missing {
        let Self { origin, platform, case_id, event_id } = self;
        entry::Missing { at, origin: origin.0, platform, case_id, event_id }
    }
}

/// `Link` as read.
#[derive(Debug, Deserialize)]
struct ReadLink {
    relation: Symbol<LinkRelation>,
    first: String,
    second: String,
    asserted_by: String,
    basis: String,
}

impl ReadLink {
    fn with_source(self, at: SourcePosition) -> entry::Link {
        entry::Link {
            at,
            relation: self.relation.0,
            first: self.first,
            second: self.second,
            asserted_by: self.asserted_by,
            basis: self.basis,
        }
    }
}

#[cfg(test)]
mod tests;
