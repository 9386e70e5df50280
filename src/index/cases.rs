//! What a case is to the index: whether it is open, and how an organisation lists it.

use std::sync::Arc;

use super::Values;
use super::key::KeyRef;
use crate::model::code::{Severity, Standing};
use crate::model::place::Jurisdiction;
use crate::model::state::{Case, CaseEvent, OpenCase, Organisation, Value};

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

/// The case as its organisation lists it, `None` once it is not open. It is as severe as the most severe of the
/// events that stand, and as old as the oldest of them.
pub fn open_case(case: &Case) -> Option<OpenCase> {
    let mut standing = case.events.iter().filter(|event| stands(event));
    let first = standing.next()?;
    let (severity, since) = standing.fold((first.severity, first.since), |(severity, since), event| {
        (Severity::max(severity, event.severity), since.min(event.since))
    });
    Some(OpenCase {
        origin: case.origin,
        domain: case.domain,
        case_id: case.case_id.clone(),
        severity,
        since,
        scope: case.scope,
    })
}

/// The place of a case in an organisation's list.
pub fn listed(organisation: &Organisation, origin: Jurisdiction, case_id: &str) -> Option<usize> {
    organisation.open_cases.iter().position(|open| open.origin == origin && open.case_id == case_id)
}

pub(super) fn case_of<'v>(values: &'v Values, origin: Jurisdiction, case_id: &str) -> Option<&'v Arc<Case>> {
    match values.get(&KeyRef::Case(origin, case_id))? {
        Value::Case(case) => Some(case),
        Value::Organisation(_) | Value::Pending(_) | Value::Source(_) | Value::Rules(_) => None,
    }
}

pub(super) fn organisation_of<'v>(values: &'v Values, organisation_id: &str) -> Option<&'v Arc<Organisation>> {
    match values.get(&KeyRef::Organisation(organisation_id))? {
        Value::Organisation(organisation) => Some(organisation),
        Value::Case(_) | Value::Pending(_) | Value::Source(_) | Value::Rules(_) => None,
    }
}
