//! The due work of cases, in its order.

use std::cmp::Ordering;

use crate::model::exact::Exact;
use crate::model::packed::PackedCase;
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

impl From<&EventEnd> for Due {
    fn from(end: &EventEnd) -> Self {
        let place = u16::try_from(end.place).unwrap_or(u16::MAX);
        Self { at: end.expires_at, key: Key::Case(end.origin, end.case_id.clone()), work: Work::Expire(place) }
    }
}

/// A case at a moment at which something of it is due: 16 bytes, since its key and what is due are read from the case
/// itself. All of them are put anew whenever the case changes.
#[derive(Debug, Clone)]
pub(super) struct CaseDue {
    pub(super) at: Millis,
    case: PackedCase,
}

impl CaseDue {
    /// The place in the order at which an event ends, whether or not there is such an event.
    pub(super) fn end(end: &EventEnd) -> Self {
        Self { at: end.expires_at, case: PackedCase::new(&nameless(end.origin, &end.case_id)) }
    }

    /// What expires and which clocks run out at this moment, in the order in which the ledger does it.
    pub(super) fn timed(&self) -> impl Iterator<Item = Due> {
        let case = self.case.unpack();
        let at = self.at;
        let works: Vec<Work> = works(&case).filter(|(due, _)| *due == at).map(|(_, work)| work).collect();
        works.into_iter().map(|work| self.due(work))
    }

    /// That the case is forgotten at this moment.
    pub(super) fn forget(&self) -> Due {
        self.due(Work::Forget)
    }

    fn due(&self, work: Work) -> Due {
        let (origin, case_id) = self.case.key();
        Due { at: self.at, key: Key::Case(origin, case_id.to_owned()), work }
    }

    fn rank(&self) -> (Millis, (Jurisdiction, &[u8])) {
        (self.at, self.case.rank())
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
        self.at.cmp(&other.at).then_with(|| self.case.rank().cmp(&other.case.rank()))
    }
}

/// When something of a case is due.
pub(super) fn timed(packed: &PackedCase, case: &Case) -> impl Iterator<Item = CaseDue> {
    works(case).map(|(at, _)| CaseDue { at, case: packed.clone() })
}

/// When a case is forgotten; `None` while an event of it has yet to expire, which comes first and puts the case anew.
pub(super) fn forgotten(packed: &PackedCase, case: &Case) -> Option<CaseDue> {
    let expires = case.events.iter().any(|event| event.expires_at.is_some());
    (!expires).then(|| CaseDue { at: case.keep_until, case: packed.clone() })
}

/// What is due of a case and when, in the order of `Work`: one piece for each event that can expire, and one for each
/// clock that runs.
fn works(case: &Case) -> impl Iterator<Item = (Millis, Work)> {
    let events = case.events.iter().zip(0..);
    let expiries = events.filter_map(|(event, place)| Some((event.expires_at?, Work::Expire(place))));
    // Acknowledgements are sorted by member, then event.
    let clocks = case.acks.iter().filter_map(|ack| Some((ack.duty?.due_at?, Work::Overdue(ack.member, ack.event))));
    expiries.chain(clocks)
}

/// A case of which nothing is known but its ids: a place in the order, never a value.
fn nameless(origin: Jurisdiction, case_id: &str) -> Case {
    Case {
        origin,
        case_id: case_id.to_owned(),
        platform: String::new(),
        organisation_id: None,
        name_digest: None,
        told: ToldList::default(),
        events: Exact::default(),
        acks: Exact::default(),
        national_sequence: 0,
        keep_until: 0,
    }
}
