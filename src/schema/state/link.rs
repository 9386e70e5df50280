//! Bonds of identifiers, and the work that their changes leave, as Avro.

use serde::Deserialize;

use crate::model::bond::{Assertion, Bond, Naming, Pair, Retelling, Step};
use crate::model::entry::LinkRelation;
use crate::model::state::EventKey;
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

/// Appends what a `Bond` begins with.
pub(super) fn write_pair(low: &str, high: &str, out: &mut Vec<u8>) {
    datum::text(low, out);
    datum::text(high, out);
}

/// Appends what stands behind its pair.
pub(super) fn write_said(bond: &Bond, out: &mut Vec<u8>) {
    datum::list(&bond.links, out, |link, out| {
        datum::code(link.relation, out);
        datum::boolean(link.high_first, out);
        datum::text(&link.asserted_by, out);
        datum::text(&link.basis, out);
        datum::optional(link.from, out, datum::int);
        datum::optional(link.to, out, datum::int);
    });
    datum::optional(bond.named.as_ref(), out, |named, out| {
        datum::boolean(named.high_first, out);
        datum::optional_text(named.behind.as_deref(), out);
        datum::boolean(named.is_question, out);
        datum::list(&named.events, out, |event, out| {
            datum::place(event.origin, out);
            datum::text(&event.case_id, out);
            datum::text(&event.event_id, out);
        });
    });
}

/// Appends a `Retelling`.
pub(super) fn write_retelling(work: &Retelling, out: &mut Vec<u8>) {
    write_pair(&work.pair.low, &work.pair.high, out);
    datum::long(work.since, out);
    datum::list(&work.steps, out, |step, out| {
        datum::optional(step.before, out, datum::code);
        datum::boolean(step.high_first, out);
        datum::boolean(step.by_events, out);
        datum::optional_text(step.behind.as_deref(), out);
        datum::list(&step.next, out, |next, out| datum::long(*next, out));
        datum::long(step.national_next, out);
    });
    datum::optional(work.after.as_ref(), out, |(origin, case_id), out| {
        datum::place(*origin, out);
        datum::text(case_id, out);
    });
    datum::boolean(work.done, out);
}

/// `Bond` as read.
#[derive(Debug, Deserialize)]
pub(super) struct Read {
    low: String,
    high: String,
    links: Vec<ReadAssertion>,
    named: Option<ReadNaming>,
}

impl Read {
    /// The bond; `None` where its pair is not in order.
    pub(super) fn into_model(self) -> Option<Bond> {
        let pair = pair_of(self.low, self.high)?;
        let links = self.links.into_iter().map(Assertion::from).collect();
        Some(Bond { pair, links, named: self.named.map(Naming::from) })
    }
}

/// `BondLink` as read.
#[derive(Debug, Deserialize)]
struct ReadAssertion {
    relation: Symbol<LinkRelation>,
    high_first: bool,
    asserted_by: String,
    basis: String,
    from: Option<i32>,
    to: Option<i32>,
}

impl From<ReadAssertion> for Assertion {
    fn from(read: ReadAssertion) -> Self {
        Self {
            relation: read.relation.0,
            high_first: read.high_first,
            asserted_by: read.asserted_by,
            basis: read.basis,
            from: read.from,
            to: read.to,
        }
    }
}

/// `BondNaming` as read.
#[derive(Debug, Deserialize)]
struct ReadNaming {
    high_first: bool,
    behind: Option<String>,
    is_question: bool,
    events: Vec<ReadEvent>,
}

impl From<ReadNaming> for Naming {
    fn from(read: ReadNaming) -> Self {
        Self {
            high_first: read.high_first,
            behind: read.behind,
            is_question: read.is_question,
            events: read.events.into_iter().map(EventKey::from).collect(),
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

fn pair_of(low: String, high: String) -> Option<Pair> {
    (low <= high).then_some(Pair { low, high })
}

/// `Retelling` as read.
#[derive(Debug, Deserialize)]
pub(super) struct ReadRetelling {
    low: String,
    high: String,
    since: i64,
    steps: Vec<ReadStep>,
    after: Option<ReadCase>,
    done: bool,
}

impl ReadRetelling {
    /// The work; `None` where its pair is not in order.
    pub(super) fn into_model(self) -> Option<Retelling> {
        let pair = pair_of(self.low, self.high)?;
        let step = |step: ReadStep| Step {
            before: step.before.map(|relation| relation.0),
            high_first: step.high_first,
            by_events: step.by_events,
            behind: step.behind,
            next: step.next,
            national_next: step.national_next,
        };
        Some(Retelling {
            pair,
            since: self.since,
            steps: self.steps.into_iter().map(step).collect(),
            after: self.after.map(|case| (case.origin.0, case.case_id)),
            done: self.done,
        })
    }
}

/// `RetellingStep` as read.
#[derive(Debug, Deserialize)]
struct ReadStep {
    before: Option<Symbol<LinkRelation>>,
    high_first: bool,
    by_events: bool,
    behind: Option<String>,
    next: Vec<i64>,
    national_next: i64,
}

/// `RetellingCase` as read.
#[derive(Debug, Deserialize)]
struct ReadCase {
    origin: Place,
    case_id: String,
}
