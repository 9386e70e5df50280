//! What one case's recipients see of its organisation: its name, its other open cases, where it is known.

use std::sync::Arc;

use super::beyond::Beyond;
use super::draft::Draft;
use super::group::{AtThatTime, Group, group};
use crate::index::cases::{restricted_case, shown};
use crate::index::identity::established_in;
use crate::model::code::{RoleReason, Scope};
use crate::model::limit::{ALERT_OPEN_CASES_MAX, ORGANISATION_CASES_MAX};
use crate::model::place::Jurisdiction;
use crate::model::rules::{MemberIndex, Rules};
use crate::model::state::{Case, OpenCase, Organisation};
use crate::route::Places;

/// The picture of a case's organisation.
#[derive(Debug, Default)]
pub(super) struct Picture {
    /// What is one with it; empty where none is known.
    group: Group,
    /// The `organisation_id`s that its alerts name, that which stands for all first.
    pub(super) names: Vec<String>,
    /// Open cases at other origins, FEDERATION scope only, newest and then most severe first, as far as an alert lists
    /// them, and how many more there are.
    pub(super) open_cases: Vec<OpenCase>,
    pub(super) open_cases_more: i32,
    /// Those of RESTRICTED scope.
    pub(super) restricted: Vec<RestrictedCase>,
    /// Where the index shows the organisation, once that was asked for.
    places: Places,
}

/// A RESTRICTED open case with those who may know of it.
#[derive(Debug)]
pub(super) struct RestrictedCase {
    open: OpenCase,
    case: Case,
}

impl Picture {
    /// The picture of an organisation as bonds were at that time, without the cases of one origin.
    pub(super) fn new(
        draft: &Draft<'_, '_>,
        organisation_id: Option<&str>,
        origin: Jurisdiction,
        then: &AtThatTime,
    ) -> Self {
        let Some(organisation_id) = organisation_id else { return Self::default() };
        let group = group(draft, organisation_id, then);
        let names = names(draft, &group, organisation_id);
        let mut picture = Self { group, names, ..Self::default() };
        let organisations: Vec<&Arc<Organisation>> =
            picture.group.ids.iter().filter_map(|id| draft.organisation(id)).collect();
        let (mut unlisted, mut more) = (Vec::new(), 0);
        for beyond in organisations.iter().filter_map(|organisation| Beyond::of(draft, organisation)) {
            let newest = beyond.elsewhere(origin, Scope::Federation, ALERT_OPEN_CASES_MAX);
            more += beyond.count_elsewhere(origin, Scope::Federation).saturating_sub(newest.len());
            unlisted.extend(newest);
            unlisted.extend(beyond.elsewhere(origin, Scope::Restricted, ORGANISATION_CASES_MAX));
        }
        let listed = organisations.iter().flat_map(|organisation| organisation.open_cases.iter());
        let mut open: Vec<&OpenCase> = Vec::new();
        for known in listed.filter(|open| open.origin != origin).chain(&unlisted) {
            match known.scope {
                Scope::Federation => open.push(known),
                Scope::Restricted => {
                    let case = draft.case(known.origin, &known.case_id);
                    picture.restricted.extend(case.map(|case| RestrictedCase { open: known.clone(), case }));
                }
            }
        }
        open.sort_by(|one, other| newest_first(one, other));
        more += open.len().saturating_sub(ALERT_OPEN_CASES_MAX);
        picture.open_cases_more = i32::try_from(more).unwrap_or(i32::MAX);
        picture.open_cases = open.into_iter().take(ALERT_OPEN_CASES_MAX).cloned().collect();
        picture.restricted.sort_by(|one, other| newest_first(&one.open, &other.open));
        picture
    }

    /// The picture of a case as it is now.
    pub(super) fn of(draft: &Draft<'_, '_>, case: &Case) -> Self {
        Self::new(draft, case.organisation_id.as_deref(), case.origin, &[])
    }

    /// With where the index shows the organisation.
    pub(super) fn with_places(self, draft: &Draft<'_, '_>) -> Self {
        Self { places: places(draft, &self.group, &self.names), ..self }
    }

    /// Why a jurisdiction is to follow up, as far as the index shows.
    pub(super) fn reasons(&self, jurisdiction: Jurisdiction) -> impl Iterator<Item = RoleReason> {
        self.places.reasons(jurisdiction)
    }

    /// Where the index shows the organisation.
    pub(super) fn shows(&self, jurisdiction: Jurisdiction) -> bool {
        self.reasons(jurisdiction).next().is_some()
    }

    /// The RESTRICTED cases that a recipient may know: its own, and those that it was told of.
    pub(super) fn entitled(&self, rules: &Rules, member: MemberIndex) -> Vec<OpenCase> {
        if self.restricted.is_empty() {
            return Vec::new();
        }
        let jurisdiction: Option<Jurisdiction> =
            rules.members.get(usize::from(member)).map(|member| member.jurisdiction);
        let known = |at: &RestrictedCase| {
            if Some(at.open.origin) == jurisdiction { Some(at.open.clone()) } else { restricted_case(&at.case, member) }
        };
        self.restricted.iter().filter_map(known).take(ALERT_OPEN_CASES_MAX).collect()
    }
}

/// The `organisation_id`s that the alerts of a case name: its own, and what everybody may know.
fn names(draft: &Draft<'_, '_>, group: &Group, own: &str) -> Vec<String> {
    group.named(|id| id == own || draft.organisation(id).is_some_and(|known| known.is_public))
}

/// Where the index shows the organisation of a case.
pub(super) fn places_of(draft: &Draft<'_, '_>, case: &Case) -> Places {
    let Some(own) = case.organisation_id.as_deref() else { return Places::default() };
    let group = group(draft, own, &[]);
    places(draft, &group, &names(draft, &group, own))
}

/// Where the index shows what is one organisation's, of which alerts name these.
fn places(draft: &Draft<'_, '_>, group: &Group, names: &[String]) -> Places {
    let established_in = group.identifiers.iter().flat_map(|identifier| established_in(identifier)).collect();
    let registered_in = names.iter().filter_map(|id| draft.organisation(id)?.registered_in).collect();
    let mut places = Places { registered_in, established_in, ..Places::default() };
    for organisation in group.ids.iter().filter_map(|id| draft.organisation(id)) {
        let beyond = Beyond::of(draft, organisation).map(|beyond| beyond.origins()).unwrap_or_default();
        for origin in organisation.open_cases.iter().map(|open| open.origin).chain(beyond) {
            if !places.open_in.contains(&origin) {
                places.open_in.push(origin);
            }
        }
    }
    places
}

fn newest_first(one: &OpenCase, other: &OpenCase) -> std::cmp::Ordering {
    shown(one).cmp(&shown(other)).then_with(|| (one.origin, &one.case_id).cmp(&(other.origin, &other.case_id)))
}
