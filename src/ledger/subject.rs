//! The subject of a revision against that of its case, and its way into the index.

use std::sync::Arc;

use super::draft::Draft;
use super::group::{bond, group, is_contradicted};
use super::{bonds, picture};
use crate::index::identity::{self, Found, Held, Sought, name_digest};
use crate::index::name;
use crate::model::code::MatchedBy;
use crate::model::decision::{NoticeContent, Output, Review, ReviewKind};
use crate::model::entry::LinkRelation;
use crate::model::event::{InfractionEvent, Subject};
use crate::model::exact::Exact;
use crate::model::identifiers::Identifiers;
use crate::model::limit::{GROUP_ORGANISATIONS_MAX, NAMESAKES_MAX, ORGANISATION_IDENTIFIERS_MAX};
use crate::model::state::{Bond, Case, EventKey, Key, NAMESAKE, Organisation, Pair, Value};
use crate::route::Places;

/// Looks a subject up. Whoever holds one of its identifiers under another name is not it, nor is, once it has no open
/// case any more, whoever had another legal form; but what its case has already, it keeps.
pub(super) fn seek<'s>(draft: &Draft<'s, '_>, subject: Option<&Subject>, current: Option<&str>) -> Found<'s> {
    let (sketch, form) = subject.map_or((0, 0), |subject| (name::sketch(subject), name::form(subject)));
    let is_it = |known: &Organisation| {
        let id = known.organisation_id();
        let listed = draft.organisation(id).is_some_and(|known| !known.open_cases.is_empty());
        let ended = !listed && draft.state.unlisted(id).is_none();
        let other_form = form != 0 && known.form != 0 && form != known.form;
        current == Some(id) || (name::is_alike(known.name, sketch) && !(ended && other_form))
    };
    identity::seek(subject, |identifier| {
        let holder = draft.holder_before(identifier);
        let namesakes: Vec<_> = draft.namesakes(identifier).collect();
        let known = || holder.into_iter().chain(namesakes.iter().copied());
        let its_own = known().find(|known| current == Some(known.organisation_id()));
        if let Some(found) = its_own.or_else(|| known().find(|known| is_it(known))) {
            return Held::By(found);
        }
        let Some(other) = known().next() else { return Held::Free };
        let own = |number: usize| format!("{identifier}{NAMESAKE}{number}");
        let free = (2..NAMESAKES_MAX + 2).map(own).find(|id| draft.organisation(id).is_none());
        match (holder, free) {
            (None, _) => Held::Other(other, identifier.to_owned()),
            (Some(_), Some(own)) => Held::Other(other, own),
            (Some(_), None) => Held::Crowded,
        }
    })
}

/// True where an event names another organisation than its case: another identifier, or another name where the event
/// has no identifier or the case had none. Organisations that links make one are one, and so are those that the event
/// itself says are one, since it names the case's beside a stronger identifier.
pub(super) fn is_other(draft: &Draft<'_, '_>, case: &Case, found: &Found<'_>, subject: Option<&Subject>) -> bool {
    let Some(subject) = subject else { return false };
    match (case.organisation_id.as_deref(), found.sought.organisation_id()) {
        (Some(known), Some(named)) if known == named => false,
        (Some(known), Some(named)) => {
            let ids = group(draft, known, &[]);
            let is_known = |id: &str| ids.iter().any(|known| known == id);
            let names_both =
                found.others.iter().any(|(_, other, has_its_name)| *has_its_name && is_known(other.organisation_id()));
            let says_one = names_both && !is_contradicted(draft, &group(draft, named, &[]), &ids);
            !is_known(named) && !says_one
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
    /// Pairs that the event joined before and joins no more: their holders may have to be forgotten.
    pub(super) parted: Vec<Pair>,
}

/// Puts the subject into the index and the case. What the event asserted before of identifiers that it names no more
/// is taken back; where it states no subject, that of its case stays as it is.
pub(super) fn enter(
    draft: &mut Draft<'_, '_>,
    case: &mut Case,
    found: Found<'_>,
    event: &InfractionEvent,
    is_other: bool,
) -> Entered {
    let Some(subject) = &event.subject else { return Entered::default() };
    if is_other {
        case.organisation_id = None;
    }
    case.name_digest = Some(name_digest(&subject.legal_name));
    let organisation = match found.sought {
        Sought::Nobody | Sought::NameOnly => None,
        Sought::New(identifiers) => identifiers.first().cloned().map(|organisation_id| {
            attach(draft, &organisation_id, identifiers, subject);
            (organisation_id, MatchedBy::NewIdentifier)
        }),
        Sought::Known(organisation, identifiers) => {
            attach(draft, organisation.organisation_id(), identifiers, subject);
            Some((organisation.organisation_id().to_owned(), MatchedBy::Identifier))
        }
    };
    let mut asserted = Vec::new();
    if let Some((organisation_id, matched_by)) = &organisation {
        for (identifier, other, has_its_name) in found.others {
            asserted.extend(meet(draft, event, (organisation_id, *matched_by), (&identifier, other, has_its_name)));
        }
        case.organisation_id = Some(organisation_id.clone());
    }
    let parted =
        if draft.state.has_bonds() { bonds::take_back(draft, &EventKey::of(event), &asserted) } else { Vec::new() };
    Entered { matched_by: Some(organisation.map_or(MatchedBy::NameOnly, |(_, matched_by)| matched_by)), parted }
}

/// An event names an identifier that another organisation holds. Of the same name it is one with the subject, since
/// one record names both; of another name it is a question for a person. What an authority said of the two stands.
/// Gives the pair whose bond the event asserts.
fn meet(
    draft: &mut Draft<'_, '_>,
    event: &InfractionEvent,
    (organisation_id, matched_by): (&String, MatchedBy),
    (identifier, other, has_its_name): (&str, &Organisation, bool),
) -> Option<Pair> {
    let event_key = EventKey::of(event);
    let named = Pair::new(organisation_id, identifier);
    if bonds::assert_too(draft, &named, &event_key, has_its_name) {
        return Some(named);
    }
    let (ones, others) = (group(draft, organisation_id, &[]), group(draft, other.organisation_id(), &[]));
    let joins = has_its_name && ones.len() + others.len() <= GROUP_ORGANISATIONS_MAX;
    let second = if joins { identifier } else { other.organisation_id() };
    let pair = Pair::new(organisation_id, second);
    let is_known = bond(draft, &pair).is_some_and(|bond| !joins || bond.relation.is_some());
    if ones.iter().any(|id| id == other.organisation_id()) || is_known || is_contradicted(draft, &ones, &others) {
        return None;
    }
    if joins && bonds::is_busy(draft, &pair) {
        return None;
    }
    let bond = Bond {
        relation: joins.then_some(LinkRelation::Same),
        first: organisation_id.clone(),
        second: second.to_owned(),
        asserted_by: event.origin.to_string(),
        events: vec![event_key],
        basis: String::new(),
        from: None,
        to: None,
    };
    bonds::put(draft, &pair, Some(bond));
    if joins {
        return Some(pair);
    }
    let is_reused = matched_by == MatchedBy::NewIdentifier;
    let kind = if is_reused { ReviewKind::IdentifierReused } else { ReviewKind::SeveralHolders };
    let (by, of) = ((event.origin, event.platform.as_str()), (event.case_id.as_str(), event.event_id.as_str()));
    let review = Review {
        organisation_id: Some(organisation_id.clone()),
        other_organisation_id: Some(other.organisation_id().to_owned()),
        identifier: Some(identifier.to_owned()),
        legal_name: event.subject.as_ref().map(|subject| subject.legal_name.clone()),
        ..Review::new(kind, draft.now(), by, of)
    };
    draft.notify(Output::Review, NoticeContent::Review(review));
    None
}

/// Makes the organisation, or adds identifiers that nobody holds and where it is registered: the last statement holds.
fn attach(draft: &mut Draft<'_, '_>, organisation_id: &str, identifiers: Vec<String>, subject: &Subject) {
    let registered_in = subject.jurisdiction;
    let known = draft.organisation(organisation_id);
    let is_news = known
        .is_none_or(|known| !identifiers.is_empty() || registered_in.is_some() && registered_in != known.registered_in);
    if !is_news {
        return;
    }
    let is_known = known.is_some();
    let mut organisation = known.map_or_else(
        || Organisation {
            identifiers: Identifiers::new(organisation_id),
            registered_in: None,
            open_cases: Exact::default(),
            cases: 0,
            name: name::sketch(subject),
            form: name::form(subject),
        },
        |known| Organisation::clone(known),
    );
    let room = ORGANISATION_IDENTIFIERS_MAX.saturating_sub(organisation.identifiers.iter().count());
    let further = identifiers.iter().filter(|identifier| *identifier != organisation_id);
    for identifier in further.take(room) {
        // What was said of a number that nobody held makes its new holder, with all its cases, one with others.
        if is_known {
            bonds::take_effect(draft, identifier);
        }
        organisation.identifiers.push(identifier);
    }
    organisation.registered_in = registered_in.or(organisation.registered_in);
    let key = Key::Organisation(organisation_id.to_owned());
    draft.put(key, Some(Value::Organisation(Arc::new(organisation))));
}

/// Where the index shows the organisation of a case.
pub(super) fn shown(draft: &Draft<'_, '_>, case: &Case) -> Places {
    let ids = case.organisation_id.as_deref().map(|id| group(draft, id, &[]));
    picture::places(draft, &ids.unwrap_or_default())
}
