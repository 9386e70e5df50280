//! The subject of a revision against that of its case, and its way into the index.

use std::sync::Arc;

use super::bonds;
use super::draft::Draft;
use super::group::{all_at, bond, count_at, group, is_contradicted, refused};
use crate::index::identity::{self, Found, Held, Sought, name_digest};
use crate::index::name;
use crate::model::bond::Pair;
use crate::model::code::{MatchedBy, Scope};
use crate::model::decision::{NoticeContent, Output, Review, ReviewKind};
use crate::model::event::{InfractionEvent, Subject};
use crate::model::exact::Exact;
use crate::model::identifiers::Identifiers;
use crate::model::limit::{GROUP_ORGANISATIONS_MAX, NAMESAKES_MAX, QUESTIONS_MAX};
use crate::model::state::{Case, EventKey, Key, NAMESAKE, Organisation, Value};

/// Looks a subject up. Whoever holds one of its identifiers under another name is not it, nor is, once it has no open
/// case any more, whoever had another legal form; but what its case has already, it keeps.
pub(super) fn seek(draft: &Draft<'_, '_>, subject: Option<&Subject>, current: Option<&str>) -> Found {
    let (sketch, form) = subject.map_or((0, 0), |subject| (name::sketch(subject), name::form(subject)));
    let is_it = |known: &Organisation| {
        let id = known.organisation_id();
        let other_form = form != 0 && known.form != 0 && form != known.form;
        current == Some(id) || (name::is_alike(known.name, sketch) && !(other_form && has_ended(draft, id)))
    };
    let mut found = identity::seek(subject, |identifier| {
        let holder = draft.holder(identifier);
        let namesakes: Vec<_> = draft.namesakes(identifier).collect();
        let known = || holder.into_iter().chain(namesakes.iter().copied());
        let its_own = known().find(|known| current == Some(known.organisation_id()));
        if let Some(found) = its_own.or_else(|| known().find(|known| is_it(known))) {
            return Held::By(Arc::clone(found));
        }
        let Some(other) = known().next() else { return Held::Free };
        let own = |number: usize| format!("{identifier}{NAMESAKE}{number}");
        // What links say of one that is forgotten is not said of whoever comes now.
        let is_free = |id: &String| draft.organisation(id).is_none() && all_at(draft, id, &[]).is_empty();
        let free = (2..NAMESAKES_MAX + 2).map(own).find(is_free);
        match (holder, free) {
            (None, _) => Held::Other(Arc::clone(other), identifier.to_owned()),
            (Some(_), Some(own)) => Held::Other(Arc::clone(other), own),
            (Some(_), None) => Held::Crowded,
        }
    });
    if let Sought::Beside(holder, identifier, unknown) = &found.sought
        && !may_stand_alone(draft, identifier)
    {
        found.sought = Sought::Known(Arc::clone(holder), unknown.clone());
    }
    found
}

/// True where no case is open of an organisation, nor of any that it is one with.
fn has_ended(draft: &Draft<'_, '_>, organisation_id: &str) -> bool {
    group(draft, organisation_id, &[]).ids.iter().all(|id| {
        let is_listed = draft.organisation(id).is_some_and(|known| !known.open_cases.is_empty());
        !is_listed && draft.state.unlisted(id).is_none()
    })
}

/// An identifier that events have only named beside others has an organisation of its own once a case knows no other,
/// so that the two can be parted: unless it would stand for both then, or there is no room for one more.
fn may_stand_alone(draft: &Draft<'_, '_>, identifier: &str) -> bool {
    let group = group(draft, identifier, &[]);
    group.ids.len() < GROUP_ORGANISATIONS_MAX && !group.would_be_led_by(identifier)
}

/// True where an event names another organisation than its case: another identifier, or another name where the event
/// has no identifier or the case had none. Organisations that links make one are one, and so are those that the event
/// itself says are one, since it names the case's beside a stronger identifier.
pub(super) fn is_other(draft: &Draft<'_, '_>, case: &Case, found: &Found, subject: Option<&Subject>) -> bool {
    let Some(subject) = subject else { return false };
    match (case.organisation_id.as_deref(), found.sought.organisation_id()) {
        (Some(known), Some(named)) if known == named => false,
        (Some(known), Some(named)) => {
            let of_case = group(draft, known, &[]);
            let is_known = |other: &Organisation| of_case.ids.iter().any(|id| id == other.organisation_id());
            let names_both = found.others.iter().any(|(_, other, has_its_name)| *has_its_name && is_known(other));
            let says_one = names_both && !is_contradicted(draft, &group(draft, named, &[]), &of_case, &[]);
            !of_case.identifiers.iter().any(|identifier| identifier == named) && !says_one
        }
        (Some(_) | None, None) | (None, Some(_)) => {
            case.name_digest.is_some_and(|known| known != name_digest(&subject.legal_name))
        }
    }
}

/// What a subject's way into the index did.
#[derive(Debug, Default)]
pub(super) struct Entered {
    /// How its organisation was found; `None` where the event names no subject.
    pub(super) matched_by: Option<MatchedBy>,
    /// Pairs that the event joined before and joins no more, to be settled once the case is in its place.
    pub(super) parted: Vec<Pair>,
}

/// Puts the subject into the index and the case. What the event asserted before of identifiers that it names no more
/// is taken back; where it states no subject, that of its case stays as it is. A RESTRICTED event says nothing of an
/// organisation that others would see: it joins nothing, and leaves its case with the organisation that it has, or with
/// none where others see the case.
pub(super) fn enter(
    draft: &mut Draft<'_, '_>,
    case: &mut Case,
    found: Found,
    event: &InfractionEvent,
    is_other: bool,
) -> Entered {
    let entered = match &event.subject {
        Some(subject) => enter_subject(draft, case, found, (event, subject), is_other),
        None => Entered::default(),
    };
    if event.scope == Scope::Federation
        && let Some(organisation_id) = &case.organisation_id
    {
        publish(draft, organisation_id, event.subject.as_ref());
    }
    entered
}

fn enter_subject(
    draft: &mut Draft<'_, '_>,
    case: &mut Case,
    found: Found,
    (event, subject): (&InfractionEvent, &Subject),
    is_other: bool,
) -> Entered {
    if is_other {
        case.organisation_id = None;
    }
    case.name_digest = Some(name_digest(&subject.legal_name));
    let event_key = EventKey::of(event);
    let is_restricted = event.scope == Scope::Restricted;
    let is_seen = case.organisation_id.is_some() || case.events.iter().any(|event| event.scope == Scope::Federation);
    let stays = is_restricted && !is_other && is_seen;
    let mut asserted = Vec::new();
    let (matched_by, is_new) = (found.sought.matched_by(), matches!(found.sought, Sought::New(_)));
    let organisation = match found.sought {
        _ if stays => None,
        Sought::Nobody | Sought::NameOnly => None,
        Sought::New(identifiers) => identifiers.first().cloned().map(|organisation_id| (organisation_id, identifiers)),
        Sought::Known(organisation, identifiers) => Some((organisation.organisation_id().to_owned(), identifiers)),
        Sought::Beside(holder, identifier, identifiers) => {
            bonds::give_up(draft, holder.organisation_id(), &identifier);
            Some((identifier, identifiers))
        }
    };
    if let Some((organisation_id, unheld)) = organisation {
        if !is_restricted || draft.organisation(&organisation_id).is_none() {
            attach(draft, &organisation_id, subject, !is_restricted);
        }
        let beside = |identifier: &&String| !is_restricted && **identifier != organisation_id;
        for identifier in unheld.iter().filter(beside) {
            asserted.extend(name_beside(draft, event, &organisation_id, identifier));
        }
        for (identifier, other, has_its_name) in found.others {
            asserted.extend(meet(draft, event, (&organisation_id, is_new), (&identifier, &other, has_its_name)));
        }
        case.organisation_id = Some(organisation_id);
    }
    let parted = if draft.state.has_bonds() { bonds::take_back(draft, &event_key, &asserted) } else { Vec::new() };
    Entered { matched_by, parted }
}

/// An event names an identifier that nobody holds: it is its organisation's from now on, unless somebody said that it
/// is not. Gives the pair whose bond the event asserts.
fn name_beside(
    draft: &mut Draft<'_, '_>,
    event: &InfractionEvent,
    organisation_id: &str,
    identifier: &str,
) -> Option<Pair> {
    let pair = Pair::new(organisation_id, identifier);
    if !draft.state.bonds(identifier).is_empty() && refused(draft, &pair, &[]).is_some() {
        return None;
    }
    if bonds::is_busy(draft, &pair) {
        return None;
    }
    if !bonds::take(draft, organisation_id, identifier) {
        ask(draft, event, ReviewKind::IdentifierNotKept, (organisation_id, None), identifier);
        return None;
    }
    bonds::assert(draft, (organisation_id, organisation_id), &pair, EventKey::of(event));
    Some(pair)
}

/// An event names an identifier that somebody holds. Of the same name it is one with the subject, since one record
/// names both; of another name it is a question for a person. What an authority said of the two stands. Gives the pair
/// whose bond the event asserts.
fn meet(
    draft: &mut Draft<'_, '_>,
    event: &InfractionEvent,
    (organisation_id, is_new): (&str, bool),
    (identifier, other, has_its_name): (&str, &Organisation, bool),
) -> Option<Pair> {
    let event_key = EventKey::of(event);
    // Under another name it is not the identifier's holder, but one that came back with it.
    let other_id = other.organisation_id();
    let second = if other.identifiers.contains(identifier) { identifier } else { other_id };
    let named = Pair::new(organisation_id, second);
    if organisation_id == second {
        return None;
    }
    let is_restricted = event.scope == Scope::Restricted;
    if let Some(known) = bond(draft, &named)
        && let Some(naming) = known.asserting()
        && !is_restricted
        && (naming.events.contains(&event_key) || (has_its_name && known.joins()))
    {
        bonds::assert(draft, (organisation_id, other_id), &named, event_key);
        return Some(named);
    }
    let (ones, others) = (group(draft, organisation_id, &[]), group(draft, other_id, &[]));
    let is_one = ones.ids.iter().any(|id| id == other_id);
    if is_contradicted(draft, &ones, &others, &[]) || (has_its_name && is_restricted) {
        return None;
    }
    if has_its_name && (is_one || ones.ids.len() + others.ids.len() <= GROUP_ORGANISATIONS_MAX) {
        if bonds::is_busy(draft, &named) {
            return None;
        }
        // Where the two were one before, nothing is said of which of them stands for both.
        let holder = if is_one { organisation_id } else { other_id };
        bonds::assert(draft, (organisation_id, holder), &named, event_key);
        return Some(named);
    }
    let pair = Pair::new(organisation_id, other_id);
    if is_one || bond(draft, &pair).is_some() || is_questioned(draft, other_id) {
        return None;
    }
    bonds::ask(draft, organisation_id, &pair, event_key);
    let kind = if is_new { ReviewKind::IdentifierReused } else { ReviewKind::SeveralHolders };
    ask(draft, event, kind, (organisation_id, Some(other_id)), identifier);
    None
}

/// Asks a person about an identifier that an event names.
fn ask(
    draft: &mut Draft<'_, '_>,
    event: &InfractionEvent,
    kind: ReviewKind,
    (organisation_id, other_id): (&str, Option<&str>),
    identifier: &str,
) {
    let (by, of) = ((event.origin, event.platform.as_str()), (event.case_id.as_str(), event.event_id.as_str()));
    let review = Review {
        organisation_id: Some(organisation_id.to_owned()),
        other_organisation_id: other_id.map(str::to_owned),
        identifier: Some(identifier.to_owned()),
        legal_name: event.subject.as_ref().map(|subject| subject.legal_name.clone()),
        ..Review::new(kind, draft.now(), by, of)
    };
    draft.notify(Output::Review, NoticeContent::Review(review));
}

/// True where so many questions stand about an organisation that one more says nothing to the operator.
fn is_questioned(draft: &Draft<'_, '_>, organisation_id: &str) -> bool {
    count_at(draft, organisation_id, None) >= QUESTIONS_MAX
}

/// Makes the organisation, or states where it is registered: the last statement holds.
fn attach(draft: &mut Draft<'_, '_>, organisation_id: &str, subject: &Subject, is_public: bool) {
    let registered_in = subject.jurisdiction;
    let known = draft.organisation(organisation_id);
    if known.is_some_and(|known| registered_in.is_none() || registered_in == known.registered_in) {
        return;
    }
    let organisation = match known {
        Some(known) => Organisation { registered_in, ..Organisation::clone(known) },
        None => Organisation {
            identifiers: Identifiers::new(organisation_id),
            registered_in,
            open_cases: Exact::default(),
            cases: 0,
            name: name::sketch(subject),
            form: name::form(subject),
            is_public,
        },
    };
    put(draft, organisation);
}

/// Everybody may know an organisation from now on, and of what was stated before them only what is stated now.
fn publish(draft: &mut Draft<'_, '_>, organisation_id: &str, subject: Option<&Subject>) {
    let Some(known) = draft.organisation(organisation_id).filter(|known| !known.is_public) else { return };
    let registered_in = subject.and_then(|subject| subject.jurisdiction);
    put(draft, Organisation { registered_in, is_public: true, ..Organisation::clone(known) });
}

fn put(draft: &mut Draft<'_, '_>, organisation: Organisation) {
    let key = Key::Organisation(organisation.organisation_id().to_owned());
    draft.put(key, Some(Value::Organisation(Arc::new(organisation))));
}
