//! What a case is to the index: whether it is open, and how an organisation lists it.

use std::cmp::Reverse;

use crate::model::code::{Scope, Severity, Standing};
use crate::model::place::{Days, Jurisdiction};
use crate::model::rules::MemberIndex;
use crate::model::state::{Ack, Case, CaseEvent, OpenCase, Organisation, Value};

/// True while an event counts: it keeps its case open.
pub fn stands(event: &CaseEvent) -> bool {
    match event.standing {
        Standing::InForce | Standing::Disputed => true,
        Standing::Closed | Standing::Expired | Standing::Withdrawn => false,
    }
}

/// True while an event of the case stands.
pub fn is_open(case: &Case) -> bool {
    case.events.iter().any(stands)
}

/// The case as its organisation lists it, `None` once it is not open. What everybody may know of it goes first: it is
/// of RESTRICTED scope only where every event that stands is.
pub fn open_case(case: &Case) -> Option<OpenCase> {
    let federation = open_case_of(case, Scope::Federation, |event| event.scope == Scope::Federation);
    federation.or_else(|| open_case_of(case, Scope::Restricted, |_| true))
}

/// The RESTRICTED case as one member may know it: by those events that it was told of.
pub fn restricted_case(case: &Case, member: MemberIndex) -> Option<OpenCase> {
    open_case_of(case, Scope::Restricted, |event| was_told(event, member))
}

/// True once a member got an alert about this very event.
pub fn was_told(event: &CaseEvent, member: MemberIndex) -> bool {
    event.told & member_bit(member) != 0
}

/// How many alerts a value says to wait for an acknowledgement of the member that is overdue.
pub fn overdue_of(value: &Value, member: MemberIndex) -> i32 {
    let overdue = |ack: &&Ack| ack.member == member && ack.duty.is_some_and(|duty| duty.ran_out.is_some());
    let count = value.case().map_or(0, |case| case.unpack().acks.iter().filter(overdue).count());
    i32::try_from(count).unwrap_or(i32::MAX)
}

/// The bit of a member in a set of members.
pub fn member_bit(member: MemberIndex) -> u128 {
    1_u128.checked_shl(u32::from(member)).unwrap_or_default()
}

/// It is as severe as the most severe of the events that stand, as old as the oldest of them, and of the field of the
/// last of them.
fn open_case_of(case: &Case, scope: Scope, counts: impl Fn(&CaseEvent) -> bool) -> Option<OpenCase> {
    let mut standing = case.events.iter().filter(|event| stands(event) && counts(event));
    let first = standing.next()?;
    let seed = (first.severity, first.since, first.domain);
    let (severity, since, domain) = standing.fold(seed, |(severity, since, _), event| {
        (Severity::max(severity, event.severity), since.min(event.since), event.domain)
    });
    Some(OpenCase { origin: case.origin, domain, case_id: case.case_id.clone(), severity, since, scope })
}

/// The order in which alerts show open cases: newest and then most severe first.
pub type Shown = (Reverse<Days>, Reverse<Severity>);

/// The place of a case in that order; those of one place go by origin and `case_id`.
pub fn shown(open: &OpenCase) -> Shown {
    (Reverse(open.since), Reverse(open.severity))
}

/// The place of a case in an organisation's list.
pub fn listed(organisation: &Organisation, origin: Jurisdiction, case_id: &str) -> Option<usize> {
    organisation.open_cases.iter().position(|open| open.origin == origin && open.case_id == case_id)
}
