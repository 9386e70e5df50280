//! Bonds of identifiers, and the work that their changes leave.

use super::entry::LinkRelation;
use super::place::{DAY_MS, Days, Jurisdiction, Millis};
use super::state::EventKey;

/// Two identifiers in their order, whichever of them is first in a link.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pair {
    pub low: String,
    pub high: String,
}

impl Pair {
    /// The pair of two identifiers.
    pub fn new(one: &str, other: &str) -> Self {
        let (low, high) = if one <= other { (one, other) } else { (other, one) };
        Self { low: low.to_owned(), high: high.to_owned() }
    }

    /// True where an identifier is one of the two.
    pub fn names(&self, identifier: &str) -> bool {
        self.low == identifier || self.high == identifier
    }
}

/// Work that is due since a bond began or ended: whoever was told of an open case under the picture before is told
/// again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retelling {
    pub pair: Pair,
    /// Log time of the first step.
    pub since: Millis,
    /// The changes of the bond since then, oldest first.
    pub steps: Vec<Step>,
    /// The last case that was looked at, in the order of origin and `case_id`; `None` before the first.
    pub after: Option<(Jurisdiction, String)>,
    /// True once every case was looked at. What the bond was is remembered still, until all that is due to the same
    /// organisations is done: of those who were not told, since they saw the same, it says what they see.
    pub done: bool,
}

/// One change of a bond.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The relation before it, where that made one organisation of the two.
    pub before: Option<LinkRelation>,
    /// True where `high` was the first of the two then.
    pub high_first: bool,
    /// True where events said so then, and no link.
    pub by_events: bool,
    /// `Naming::behind` then.
    pub behind: Option<String>,
    /// The next `sequence` of each member's alerts at that time: what was told below it shows the bond before.
    pub next: Vec<i64>,
    /// The same of the national feed.
    pub national_next: i64,
}

/// What is said of two identifiers: by `Link`s, which stand over whatever events say, and by events that named both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bond {
    pub pair: Pair,
    /// What was said by `Link`s and has not ended, the latest last; at most `limit::BOND_LINKS_MAX`. Of a speaker's words
    /// of one relation that is the last. None that joins the two is taken after one that parts them.
    pub links: Vec<Assertion>,
    pub named: Option<Naming>,
}

/// What somebody says of a pair by a `Link`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assertion {
    pub relation: LinkRelation,
    /// True where `high` is the first of the two.
    pub high_first: bool,
    pub asserted_by: String,
    pub basis: String,
    pub from: Option<Days>,
    /// The day from which it holds no more.
    pub to: Option<Days>,
}

impl Assertion {
    /// True where it holds no more at a time.
    pub fn has_ended(&self, at: Millis) -> bool {
        self.to.is_some_and(|to| Millis::from(to) * DAY_MS <= at)
    }
}

/// What events say of a pair by naming both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Naming {
    /// True where `high` is the first of the two.
    pub high_first: bool,
    /// The organisation that held the second then, where that was known by another identifier: it stands behind the
    /// first as the second does.
    pub behind: Option<String>,
    /// True while it is a question on `comity.review`; what is none says that the two are one.
    pub is_question: bool,
    /// The events, oldest first, at most one more than `limit::BOND_EVENTS_MAX`: then there may be others.
    pub events: Vec<EventKey>,
}

impl Bond {
    /// One of which nothing is said yet.
    pub fn new(pair: Pair) -> Self {
        Self { pair, links: Vec::new(), named: None }
    }

    /// The link that holds: the last one.
    pub fn link(&self) -> Option<&Assertion> {
        self.links.last()
    }

    /// How the two relate; `None` while that is a question.
    pub fn relation(&self) -> Option<LinkRelation> {
        match self.link() {
            Some(link) => Some(link.relation),
            None => self.asserting().map(|_| LinkRelation::Same),
        }
    }

    /// True where it makes one organisation of two.
    pub fn joins(&self) -> bool {
        self.relation().is_some_and(LinkRelation::joins)
    }

    /// What events say, where it is no question.
    pub fn asserting(&self) -> Option<&Naming> {
        self.named.as_ref().filter(|named| !named.is_question)
    }

    /// The events that named both.
    pub fn events(&self) -> &[EventKey] {
        self.named.as_ref().map_or(&[], |named| &named.events)
    }

    /// Who else stands behind the first, where events alone say that the two are one.
    pub fn behind(&self) -> Option<&str> {
        self.named.as_ref().filter(|_| self.links.is_empty())?.behind.as_deref()
    }

    /// True where `high` is the first of the two: its organisation stands for both where they are one.
    pub fn high_first(&self) -> bool {
        match (self.link(), &self.named) {
            (Some(link), _) => link.high_first,
            (None, Some(named)) => named.high_first,
            (None, None) => false,
        }
    }

    /// The first of the two.
    pub fn first(&self) -> &str {
        if self.high_first() { &self.pair.high } else { &self.pair.low }
    }

    /// The second of the two.
    pub fn second(&self) -> &str {
        if self.high_first() { &self.pair.low } else { &self.pair.high }
    }

    /// That of the two which is not this one.
    pub fn other(&self, identifier: &str) -> &str {
        if self.pair.low == identifier { &self.pair.high } else { &self.pair.low }
    }

    /// Who says it: the code of a member, or the operator.
    pub fn asserted_by(&self) -> &str {
        match self.link() {
            Some(link) => &link.asserted_by,
            None => self.events().first().map_or("", |event| event.origin.as_str()),
        }
    }
}
