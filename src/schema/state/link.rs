//! Bonds of identifiers, and the work that their changes leave, as Avro.

use serde::Deserialize;

use crate::model::entry::LinkRelation;
use crate::model::state::{Bond, EventKey, Pair, Retelling, Step};
use crate::schema::datum;
use crate::schema::read::{Place, Symbol};

/// `<bytes of the one>/<the one>/<the other>`: an identifier may hold any character, so the first one is counted.
pub(super) fn encode_pair(pair: &Pair) -> String {
    format!("{}/{}/{}", pair.low.len(), pair.low, pair.high)
}

/// The pair of a text; `None` for one that `encode_pair` never gives.
pub(super) fn decode_pair(text: &str) -> Option<Pair> {
    let (bytes, rest) = text.split_once('/')?;
    let length: usize = bytes.parse().ok()?;
    let (low, high) = (rest.get(..length)?, rest.get(length..)?.strip_prefix('/')?);
    let plain = length.to_string() == bytes && low <= high;
    plain.then(|| Pair { low: low.to_owned(), high: high.to_owned() })
}

/// Appends a `Bond`.
pub(super) fn write(bond: &Bond, out: &mut Vec<u8>) {
    datum::optional(bond.relation, out, datum::code);
    datum::text(&bond.first, out);
    datum::text(&bond.second, out);
    datum::text(&bond.asserted_by, out);
    datum::list(&bond.events, out, |event, out| {
        datum::place(event.origin, out);
        datum::text(&event.case_id, out);
        datum::text(&event.event_id, out);
    });
    datum::text(&bond.basis, out);
    datum::optional(bond.from, out, datum::int);
    datum::optional(bond.to, out, datum::int);
}

/// Appends a `Retelling`.
pub(super) fn write_retelling(work: &Retelling, out: &mut Vec<u8>) {
    datum::text(&work.pair.low, out);
    datum::text(&work.pair.high, out);
    datum::long(work.since, out);
    datum::list(&work.steps, out, |step, out| {
        datum::optional(step.before, out, datum::code);
        datum::boolean(step.high_first, out);
        datum::list(&step.next, out, |next, out| datum::long(*next, out));
    });
    datum::optional(work.after.as_ref(), out, |(origin, case_id), out| {
        datum::place(*origin, out);
        datum::text(case_id, out);
    });
}

/// `Bond` as read.
#[derive(Debug, Deserialize)]
pub(super) struct Read {
    relation: Option<Symbol<LinkRelation>>,
    first: String,
    second: String,
    asserted_by: String,
    events: Vec<ReadEvent>,
    basis: String,
    from: Option<i32>,
    to: Option<i32>,
}

impl From<Read> for Bond {
    fn from(read: Read) -> Self {
        Self {
            relation: read.relation.map(|relation| relation.0),
            first: read.first,
            second: read.second,
            asserted_by: read.asserted_by,
            events: read.events.into_iter().map(EventKey::from).collect(),
            basis: read.basis,
            from: read.from,
            to: read.to,
        }
    }
}

/// `BondEvent` as read.
#[derive(Debug, Deserialize)]
struct ReadEvent {
    origin: Place,
    case_id: String,
    event_id: String,
}

impl From<ReadEvent> for EventKey {
    fn from(read: ReadEvent) -> Self {
        Self { origin: read.origin.0, case_id: read.case_id, event_id: read.event_id }
    }
}

/// `Retelling` as read.
#[derive(Debug, Deserialize)]
pub(super) struct ReadRetelling {
    low: String,
    high: String,
    since: i64,
    steps: Vec<ReadStep>,
    after: Option<ReadCase>,
}

impl ReadRetelling {
    /// The work; `None` where its pair is not in order.
    pub(super) fn into_model(self) -> Option<Retelling> {
        let pair = (self.low <= self.high).then_some(Pair { low: self.low, high: self.high })?;
        let step = |step: ReadStep| Step {
            before: step.before.map(|relation| relation.0),
            high_first: step.high_first,
            next: step.next,
        };
        Some(Retelling {
            pair,
            since: self.since,
            steps: self.steps.into_iter().map(step).collect(),
            after: self.after.map(|case| (case.origin.0, case.case_id)),
        })
    }
}

/// `RetellingStep` as read.
#[derive(Debug, Deserialize)]
struct ReadStep {
    before: Option<Symbol<LinkRelation>>,
    high_first: bool,
    next: Vec<i64>,
}

/// `RetellingCase` as read.
#[derive(Debug, Deserialize)]
struct ReadCase {
    origin: Place,
    case_id: String,
}
