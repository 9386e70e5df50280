//! The due work of cases, in its order.

use std::cmp::Ordering;
use std::sync::Arc;

use crate::model::code::Domain;
use crate::model::exact::Exact;
use crate::model::place::{Jurisdiction, Millis};
use crate::model::rules::MemberIndex;
use crate::model::state::{Case, EventEnd, Key};
use crate::model::told::ToldList;

/// One piece of due work, in the order in which it is done.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Due {
    /// Log time at which it is due.
    pub at: Millis,
    /// The case, the withdrawal that waits, the member that joins, or the pair of a link.
    pub key: Key,
    pub work: Work,
}

/// What is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Work {
    /// The event at this place of its case expires.
    Expire(u16),
    /// A member's clock for the alerts about the event at this place runs out.
    Overdue(MemberIndex, u16),
    /// The case, or the withdrawal that waits, is forgotten.
    Forget,
    /// A member that joins is told of open cases.
    Join,
    /// The link holds no more.
    End,
    /// A change of a link is told.
    Retell,
}

/// One piece of a case's due work as the index keeps it: 24 bytes, since the case's ids are read from the case itself.
/// All of them are put anew whenever the case changes. In the order of `Due`.
#[derive(Debug, Clone)]
pub(super) struct CaseDue {
    pub(super) at: Millis,
    pub(super) case: Arc<Case>,
    pub(super) work: Work,
}

impl CaseDue {
    /// The place in the order at which an event ends, whether or not there is such an event.
    pub(super) fn end(end: &EventEnd) -> Self {
        let case = Arc::new(nameless(end.origin, &end.case_id));
        Self { at: end.expires_at, case, work: Work::Expire(u16::try_from(end.place).unwrap_or(u16::MAX)) }
    }

    /// What is due, as the ledger does it.
    pub(super) fn due(&self) -> Due {
        Due { at: self.at, key: Key::Case(self.case.origin, self.case.case_id.clone()), work: self.work }
    }

    fn rank(&self) -> (Millis, Jurisdiction, &str, Work) {
        (self.at, self.case.origin, &self.case.case_id, self.work)
    }
}

impl PartialEq for CaseDue {
    fn eq(&self, other: &Self) -> bool {
        self.rank() == other.rank()
    }
}

impl Eq for CaseDue {}

impl PartialOrd for CaseDue {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for CaseDue {
    fn cmp(&self, other: &Self) -> Ordering {
        self.at.cmp(&other.at).then_with(|| self.rank().cmp(&other.rank()))
    }
}

/// All the due work of a case: one piece for each event that can expire, and one for each clock that runs.
pub(super) fn timed(case: &Arc<Case>) -> impl Iterator<Item = CaseDue> {
    let due = |at: Option<Millis>, work| Some(CaseDue { at: at?, case: Arc::clone(case), work });
    let events = case.events.iter().zip(0..);
    let clocks = case.acks.iter().filter_map(move |ack| due(ack.duty?.due_at, Work::Overdue(ack.member, ack.event)));
    events.filter_map(move |(event, place)| due(event.expires_at, Work::Expire(place))).chain(clocks)
}

/// When a case is forgotten; `None` while an event of it has yet to expire, which comes first and puts the case anew.
pub(super) fn forgotten(case: &Arc<Case>) -> Option<CaseDue> {
    let expires = case.events.iter().any(|event| event.expires_at.is_some());
    (!expires).then(|| CaseDue { at: case.keep_until, case: Arc::clone(case), work: Work::Forget })
}

/// A case of which nothing is known but its ids: a place in the order, never a value.
fn nameless(origin: Jurisdiction, case_id: &str) -> Case {
    Case {
        origin,
        case_id: case_id.to_owned(),
        platform: String::new(),
        domain: Domain::ConsumerProtection,
        organisation_id: None,
        name_digest: None,
        told: ToldList::default(),
        events: Exact::default(),
        acks: Exact::default(),
        keep_until: 0,
    }
}
