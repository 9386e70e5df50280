//! Who got which version of the alert about an event. Nearly always all who were told got all of them; it is kept from
//! where that is not so: a member joined later, had retired, or saw nothing change when a link began.

use super::revision;
use crate::index::cases::{member_bit, was_told};
use crate::model::exact::{self, Exact};
use crate::model::limit::{NATIONAL_BIT, SENT_KEPT_MAX};
use crate::model::rules::MemberIndex;
use crate::model::state::{Case, CaseEvent, Sent};
use crate::route::Routed;

/// True where a member got this version.
///
/// Of versions further back than `limit::SENT_KEPT_MAX` changes of who got them, it is known only who got any.
pub(super) fn was_sent(event: &CaseEvent, member: MemberIndex, version: i32) -> bool {
    if !(1..=event.version).contains(&version) {
        return false;
    }
    match event.sent.iter().rfind(|sent| sent.from <= version) {
        Some(sent) => sent.members & member_bit(member) != 0,
        None => was_told(event, member),
    }
}

/// Notes who gets the event's last version; `also` where others got it before them.
pub(super) fn note(case: &mut Case, index: usize, routed: &[Routed], also: bool) {
    let Some(event) = case.events.get_mut(index) else { return };
    let members = routed.iter().fold(0, |set, routed| set | member_bit(routed.member));
    let told = event.told & !NATIONAL_BIT;
    event.told |= members;
    let before = event.sent.last().map_or(told, |last| last.members);
    let members = if also { before | members } else { members };
    if members == before || event.version <= 1 {
        return;
    }
    let has_room = revision::has_room_for_sent(case);
    let Some(event) = case.events.get_mut(index) else { return };
    let kept_max = if has_room { SENT_KEPT_MAX } else { event.sent.len() };
    if event.sent.is_empty() {
        exact::push(&mut event.sent, Sent { from: 1, members: told });
    }
    if let Some(place) = event.sent.iter().position(|sent| sent.from == event.version) {
        exact::remove(&mut event.sent, place);
    }
    if event.sent.last().is_none_or(|last| last.members != members) {
        exact::push(&mut event.sent, Sent { from: event.version, members });
    }
    shorten(&mut event.sent, kept_max);
}

/// Takes the oldest for one until so many are left; a single one says no more than who was told at all.
fn shorten(sent: &mut Exact<Sent>, kept_max: usize) {
    while sent.len() > kept_max.max(1) {
        let second = exact::remove(sent, 1);
        sent[0].members |= second.members;
        if sent.get(1).is_some_and(|next| next.members == sent[0].members) {
            exact::remove(sent, 1);
        }
    }
    if sent.len() == 1 {
        *sent = Exact::default();
    }
}
