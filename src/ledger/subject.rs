//! The subject of a revision against that of its case, and its way into the index.

use std::sync::Arc;

use super::draft::Draft;
use crate::index::identity::{Sought, name_digest};
use crate::model::code::MatchedBy;
use crate::model::event::Subject;
use crate::model::limit::ORGANISATION_IDENTIFIERS_MAX;
use crate::model::place::Jurisdiction;
use crate::model::state::{Case, Key, Organisation, Value};

/// True where an event names another organisation than its case: another identifier, or another name where the event
/// has no identifier or the case had none.
pub(super) fn is_other(case: &Case, sought: &Sought<'_>, subject: Option<&Subject>) -> bool {
    let Some(subject) = subject else { return false };
    match (case.organisation_id.as_deref(), sought.organisation_id()) {
        (Some(known), Some(named)) => known != named,
        (Some(_) | None, None) | (None, Some(_)) => {
            case.name_digest.is_some_and(|known| known != name_digest(&subject.legal_name))
        }
    }
}

/// Puts the subject into the index and the case; gives how its organisation was found.
pub(super) fn enter(
    draft: &mut Draft<'_, '_>,
    case: &mut Case,
    sought: Sought<'_>,
    subject: Option<&Subject>,
    is_other: bool,
) -> Option<MatchedBy> {
    let subject = subject?;
    if is_other {
        case.organisation_id = None;
    }
    case.name_digest = Some(name_digest(&subject.legal_name));
    let (organisation_id, matched_by) = match sought {
        Sought::Nobody | Sought::NameOnly => return Some(MatchedBy::NameOnly),
        Sought::New(identifiers) => {
            let organisation_id = identifiers.first()?.clone();
            attach(draft, &organisation_id, identifiers, subject.jurisdiction);
            (organisation_id, MatchedBy::NewIdentifier)
        }
        Sought::Known(organisation, identifiers) => {
            attach(draft, &organisation.organisation_id, identifiers, subject.jurisdiction);
            (organisation.organisation_id.clone(), MatchedBy::Identifier)
        }
    };
    case.organisation_id = Some(organisation_id);
    Some(matched_by)
}

/// Makes the organisation, or adds identifiers that nobody holds and where it is registered: the last statement holds.
fn attach(
    draft: &mut Draft<'_, '_>,
    organisation_id: &str,
    identifiers: Vec<String>,
    registered_in: Option<Jurisdiction>,
) {
    let known = draft.organisation(organisation_id);
    let is_news = known
        .is_none_or(|known| !identifiers.is_empty() || registered_in.is_some() && registered_in != known.registered_in);
    if !is_news {
        return;
    }
    let mut organisation = known.map_or_else(
        || Organisation {
            organisation_id: organisation_id.to_owned(),
            identifiers: Vec::new(),
            registered_in: None,
            open_cases: Vec::new(),
            cases: 0,
        },
        |known| Organisation::clone(known),
    );
    let room = ORGANISATION_IDENTIFIERS_MAX.saturating_sub(organisation.identifiers.len());
    organisation.identifiers.extend(identifiers.into_iter().take(room));
    organisation.registered_in = registered_in.or(organisation.registered_in);
    let key = Key::Organisation(organisation_id.to_owned());
    draft.put(key, Some(Value::Organisation(Arc::new(organisation))));
}

/// Where the index shows the organisation of a case: registered, and with open cases.
pub(super) fn shown(draft: &Draft<'_, '_>, organisation_id: Option<&str>) -> (Option<Jurisdiction>, Vec<Jurisdiction>) {
    let organisation = organisation_id.and_then(|id| draft.organisation(id));
    let Some(organisation) = organisation else { return (None, Vec::new()) };
    let mut open_in: Vec<Jurisdiction> = Vec::new();
    let unlisted = draft.state.unlisted(&organisation.organisation_id);
    let unlisted = unlisted.into_iter().flat_map(|unlisted| unlisted.origins());
    for origin in organisation.open_cases.iter().map(|open| open.origin).chain(unlisted) {
        if !open_in.contains(&origin) {
            open_in.push(origin);
        }
    }
    (organisation.registered_in, open_in)
}
