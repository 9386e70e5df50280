//! Closures: the origin works on the matter no longer; what it found stays found.

use super::Outcome;
use super::draft::Draft;
use super::revision::{self, Against};
use super::statement::place_of;
use super::tell::{self, Message};
use super::{picture, reject};
use crate::index::cases::stands;
use crate::model::code::{Mode, MsgType, Standing};
use crate::model::event::InfractionEvent;
use crate::model::rejection::Reason;
use crate::model::rules::Rules;
use crate::model::state::Case;
use crate::route::{self, Matter, Naming};

/// Closes the event that the closure is about: itself, or those that it refers to. Its case stays open while another
/// event of it stands.
pub(super) fn decide<'e>(draft: &mut Draft<'_, 'e>, rules: &Rules, event: &'e InfractionEvent) -> Outcome {
    let Some(before) = draft.case(event.origin, &event.case_id) else { return unknown(draft, rules, event) };
    let own = place_of(&before, &event.event_id);
    let targets: Vec<usize> =
        own.into_iter().chain(event.references.iter().filter_map(|id| place_of(&before, id))).collect();
    if targets.is_empty() {
        return unknown(draft, rules, event);
    }
    let seen = |index: &usize| revision::is_seen(&before.events[*index], revision::revision_of(event));
    if targets.iter().all(seen) {
        return Outcome::Duplicate;
    }
    if own.is_some_and(|own| revision::against(&before.events[own], event) == Against::Superseded) {
        return Outcome::Superseded;
    }
    let mut case = Case::clone(&before);
    for index in targets {
        close(draft, rules, &mut case, index, event);
    }
    draft.put_case(Some(&before), case);
    Outcome::Taken
}

/// Nobody was told of it, so nobody is told that it is closed. A desk that closes what is not there has mistaken its
/// name, and hears so.
fn unknown(draft: &mut Draft<'_, '_>, rules: &Rules, event: &InfractionEvent) -> Outcome {
    if !reject::may_speak(rules, event.origin, false, event.kind) {
        reject::event(draft, event, Reason::OriginNotMember, Some("origin"))
    } else if event.speaks_for_another() {
        reject::event(draft, event, Reason::UnknownEvent, Some("event_id"))
    } else {
        Outcome::NobodyTold
    }
}

fn close<'e>(draft: &mut Draft<'_, 'e>, rules: &Rules, case: &mut Case, index: usize, event: &'e InfractionEvent) {
    revision::remember(case, index, event);
    let Some(known) = case.events.get_mut(index).filter(|known| stands(known)) else { return };
    known.standing = Standing::Closed;
    let (domain, severity, scope, expires_at) = (known.domain, known.severity, known.scope, known.expires_at);
    let places = picture::places_of(draft, case);
    let names_nobody = event.for_follow_up.is_empty() && event.for_attention.is_empty();
    let matter = Matter {
        origin: case.origin,
        domain,
        severity,
        scope,
        naming: if names_nobody {
            Naming::Silent
        } else {
            // A closure carries no groups: nobody new learns of a matter by its end.
            Naming::of(event, &[])
        },
        case_told: &case.told,
        places: &places,
        msg_type: MsgType::Update,
        newcomers: true,
        attention_only: event.mode == Mode::Backfill,
    };
    let recipients = route::recipients(rules, &matter, &tell::audience(case, index));
    let message =
        Message { expires_at, event: Some(event), newcomers: true, ..Message::new(MsgType::Update, Standing::Closed) };
    tell::tell(draft, rules, case, index, recipients, message);
}
