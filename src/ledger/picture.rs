//! What one case's recipients see of its organisation: its name, its other open cases, where it is known.

use super::draft::Draft;
use super::group::{AtThatTime, group};
use crate::index::cases::restricted_case;
use crate::index::identity::established_in;
use crate::model::code::{RoleReason, Scope};
use crate::model::limit::ALERT_OPEN_CASES_MAX;
use crate::model::place::Jurisdiction;
use crate::model::rules::{MemberIndex, Rules};
use crate::model::state::{Case, OpenCase};
use crate::route::Places;

/// The picture of a case's organisation.
#[derive(Debug, Default)]
pub(super) struct Picture {
    /// The `organisation_id`s that are one, that which stands for all first; empty where none is known.
    pub(super) ids: Vec<String>,
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
        let mut picture = Self { ids: group(draft, organisation_id, then), ..Self::default() };
        let mut open: Vec<&OpenCase> = Vec::new();
        for id in &picture.ids {
            let Some(organisation) = draft.organisation(id) else { continue };
            let elsewhere = organisation.open_cases.iter().filter(|open| open.origin != origin);
            for known in elsewhere {
                match known.scope {
                    Scope::Federation => open.push(known),
                    Scope::Restricted => picture.restricted.extend(
                        draft
                            .case(known.origin, &known.case_id)
                            .map(|case| RestrictedCase { open: known.clone(), case }),
                    ),
                }
            }
            let unlisted = draft.state.unlisted(id);
            picture.open_cases_more += unlisted.map_or(0, |unlisted| unlisted.federation_elsewhere(origin));
        }
        open.sort_by(|one, other| newest_first(one, other));
        let beyond = i32::try_from(open.len().saturating_sub(ALERT_OPEN_CASES_MAX)).unwrap_or(i32::MAX);
        picture.open_cases_more = picture.open_cases_more.saturating_add(beyond);
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
        Self { places: places(draft, &self.ids), ..self }
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

/// Where the index shows organisations that are one.
pub(super) fn places(draft: &Draft<'_, '_>, ids: &[String]) -> Places {
    let mut places = Places::default();
    for organisation in ids.iter().filter_map(|id| draft.organisation(id)) {
        places.registered_in.extend(organisation.registered_in);
        places.established_in.extend(organisation.identifiers.iter().flat_map(established_in));
        let unlisted = draft.state.unlisted(organisation.organisation_id());
        let unlisted = unlisted.into_iter().flat_map(|unlisted| unlisted.origins());
        for origin in organisation.open_cases.iter().map(|open| open.origin).chain(unlisted) {
            if !places.open_in.contains(&origin) {
                places.open_in.push(origin);
            }
        }
    }
    places
}

fn newest_first(one: &OpenCase, other: &OpenCase) -> std::cmp::Ordering {
    let rank = |open: &OpenCase| (open.since, open.severity);
    rank(other).cmp(&rank(one)).then_with(|| (one.origin, &one.case_id).cmp(&(other.origin, &other.case_id)))
}
