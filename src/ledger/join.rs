//! A member that joins is told of the open cases that it may know: as ATTENTION, marked BACKFILL, some by each entry.
//!
//! It begins with the entry after the rules, before that decides anything else. What the member gets live meanwhile
//! goes out at once, in the same sequence: to hold it back would take memory without bound. Every event in force has an
//! end, so the order of their ends is a list of them that needs no other; an event that moves in it while the member
//! joins was stated anew, and the member is on that statement's route.

use std::sync::Arc;

use super::draft::Draft;
use super::tell::{self, Message};
use crate::index::cases::{stands, was_told};
use crate::index::{Due, Work};
use crate::model::code::{MemberState, MsgType, Role, RoleReason};
use crate::model::limit::JOIN_LOOKED_AT_MAX;
use crate::model::place::Jurisdiction;
use crate::model::rules::{Member, MemberIndex, Rules};
use crate::model::state::{Case, EventEnd, Join, Key, Value};
use crate::route::{self, Routed};

/// Notes that a member joins; `again` where it was RETIRED.
pub(super) fn begin(draft: &mut Draft<'_, '_>, member: Jurisdiction, again: bool) {
    let join = Join { member, since: draft.now(), again, after: None };
    draft.put(Key::Join(member), Some(Value::Join(Arc::new(join))));
    draft.effects.work_left = true;
}

/// Tells a member of as many events as are left for this entry. Gives how many that were; all that were left where the
/// member is not yet told of everything, so that one entry looks at no more.
pub(super) fn go_on(draft: &mut Draft<'_, '_>, rules: &Rules, jurisdiction: Jurisdiction, left: usize) -> usize {
    let Some(join) = draft.state.join(jurisdiction).map(Arc::clone) else { return 0 };
    let state = draft.state;
    let member = rules.member(jurisdiction).and_then(|place| Some((place, rules.members.get(usize::from(place))?)));
    let Some((place, member)) = member.filter(|(_, member)| member.state == MemberState::Active) else {
        draft.put(Key::Join(jurisdiction), None);
        return 0;
    };
    let mut told = 0;
    for (looked_at, due) in (1..).zip(state.ends_after(join.after.as_ref())) {
        told += usize::from(tell_of(draft, rules, (place, member), &due, join.again));
        if told == left || looked_at == JOIN_LOOKED_AT_MAX {
            let next = Join { after: end(&due), ..Join::clone(&join) };
            draft.put(Key::Join(jurisdiction), Some(Value::Join(Arc::new(next))));
            draft.effects.work_left = true;
            return left;
        }
    }
    draft.put(Key::Join(jurisdiction), None);
    told
}

/// Tells it of one event, where that stands, it may know of it, and was not told.
fn tell_of(
    draft: &mut Draft<'_, '_>,
    rules: &Rules,
    (place, member): (MemberIndex, &Member),
    due: &Due,
    again: bool,
) -> bool {
    let (Key::Case(origin, case_id), Work::Expire(index)) = (&due.key, due.work) else { return false };
    let Some(case) = draft.case(*origin, case_id) else { return false };
    let Some(event) = case.events.get(usize::from(index)).filter(|event| stands(event)) else { return false };
    let knows = was_told(event, place);
    let entitled = route::is_entitled(member, case.origin, case.domain, event.severity, event.scope);
    if if knows { !again } else { !entitled } {
        return false;
    }
    let before = case.told.of(place).map(|told| told.role);
    let (msg_type, role, reason) = match before.filter(|_| knows) {
        Some(role) => (MsgType::Update, role, RoleReason::ToldBefore),
        None => (MsgType::Alert, Role::Attention, RoleReason::EveryMember),
    };
    let role_before = before.filter(|before| *before != role);
    let routed = Routed { member: place, role, role_before, reasons: reason.into() };
    let message = Message { joining: true, expires_at: event.expires_at, ..Message::new(msg_type, event.standing) };
    let mut after = Case::clone(&case);
    tell::tell(draft, rules, &mut after, usize::from(index), vec![routed], message);
    draft.put_case(Some(&case), after);
    true
}

fn end(due: &Due) -> Option<EventEnd> {
    let (Key::Case(origin, case_id), Work::Expire(place)) = (&due.key, due.work) else { return None };
    Some(EventEnd { expires_at: due.at, origin: *origin, case_id: case_id.clone(), place: i32::from(place) })
}
