//! What a snapshot lacks: whether the origin took it back or lost it no rule can tell, so a person is told.

use super::Outcome;
use super::draft::Draft;
use crate::index::cases::stands;
use crate::model::decision::{NoticeContent, Output, Review, ReviewKind};
use crate::model::entry::Missing;

/// Reports an event that stands; what is unknown, or stands no more, is missed by nobody.
pub(super) fn report(draft: &mut Draft<'_, '_>, missing: &Missing) -> Outcome {
    let Some(case) = draft.case(missing.origin, &missing.case_id) else { return Outcome::NothingMissing };
    if !case.events.iter().any(|event| event.event_id == missing.event_id && stands(event)) {
        return Outcome::NothingMissing;
    }
    let (by, of) = ((missing.origin, missing.platform.as_str()), (missing.case_id.as_str(), missing.event_id.as_str()));
    let review = Review {
        organisation_id: case.organisation_id.clone(),
        ..Review::new(ReviewKind::MissingFromSnapshot, draft.now(), by, of)
    };
    draft.notify(Output::Review, NoticeContent::Review(review));
    Outcome::Taken
}
