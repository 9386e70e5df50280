//! Revisions of an event: what was seen before, what is new, what came too late.

use crate::model::code::Kind;
use crate::model::event::InfractionEvent;
use crate::model::exact;
use crate::model::limit::{REVISIONS_KEPT_MAX, STATE_VALUE_BYTES_MAX};
use crate::model::state::{Case, CaseEvent, Revision};

/// How a record relates to the event that it revises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Against {
    Unseen,
    Duplicate,
    Superseded,
    Conflicting,
}

/// Compares a record with what is known of its event: content first, then the origin's number where it has one.
///
/// A withdrawal or closure may carry the number of the revision that it takes back.
pub(super) fn against(known: &CaseEvent, event: &InfractionEvent) -> Against {
    if is_seen(known, revision_of(event)) {
        return Against::Duplicate;
    }
    let (Some(last), Some(given)) = (known.revision, event.revision) else { return Against::Unseen };
    match (given.cmp(&last), event.kind) {
        (std::cmp::Ordering::Less, _) => Against::Superseded,
        (std::cmp::Ordering::Equal, Kind::Original | Kind::Supplement | Kind::Correction) => Against::Conflicting,
        (std::cmp::Ordering::Equal, Kind::Withdrawal | Kind::Closure) | (std::cmp::Ordering::Greater, _) => {
            Against::Unseen
        }
    }
}

/// True where one of the last revisions had the same native record or the same content.
pub(super) fn is_seen(known: &CaseEvent, revision: Revision) -> bool {
    known.revisions.iter().any(|seen| seen.raw == revision.raw || seen.content == revision.content)
}

/// True where any event of the case came from the same native record: under a newer mapping it may have another name.
pub(super) fn is_same_record(case: &Case, event: &InfractionEvent) -> bool {
    let raw = revision_of(event).raw;
    case.events.iter().any(|known| known.revisions.iter().any(|seen| seen.raw == raw))
}

/// The digests of a record.
pub fn revision_of(event: &InfractionEvent) -> Revision {
    let provenance = &event.provenance;
    Revision { raw: first_128_bits(&provenance.raw_sha256), content: first_128_bits(&provenance.content_sha256) }
}

/// Remembers a revision of an event of the case; the oldest goes where there are too many, or no room for more.
///
/// What a desk says takes no place from what the source said, or an old record that the source sends again would be
/// unseen and put in force what the desk withdrew.
pub(super) fn remember(case: &mut Case, index: usize, event: &InfractionEvent) {
    let has_room = encoded_bytes_max(case) + REVISION_BYTES <= STATE_VALUE_BYTES_MAX;
    let Some(known) = case.events.get_mut(index) else { return };
    let kept_max = if event.speaks_for_another() { 2 * REVISIONS_KEPT_MAX } else { REVISIONS_KEPT_MAX };
    let full = known.revisions.len() >= kept_max || !has_room;
    if full && !known.revisions.is_empty() {
        exact::remove(&mut known.revisions, 0);
    }
    exact::push(&mut known.revisions, revision_of(event));
    // A withdrawal or closure of several events carries the number of its own.
    if known.event_id == event.event_id {
        known.revision = known.revision.max(event.revision);
    }
}

/// True where the case has no room for another event of this name, with some left for those told later.
pub(super) fn is_full(case: &Case, event_id: &str) -> bool {
    let event = EVENT_BYTES + event_id.len() + REVISION_BYTES;
    case.events.len() >= crate::model::limit::CASE_EVENTS_MAX
        || encoded_bytes_max(case) + event + REVISION_BYTES > STATE_VALUE_BYTES_MAX
}

/// True where the case has room for another entry of acknowledgements.
pub(super) fn has_room_for_ack(case: &Case) -> bool {
    encoded_bytes_max(case) + ACK_BYTES <= STATE_VALUE_BYTES_MAX
}

/// True where the case has room to note twice more who got which versions of an alert.
pub(super) fn has_room_for_sent(case: &Case) -> bool {
    encoded_bytes_max(case) + 2 * SENT_BYTES <= STATE_VALUE_BYTES_MAX
}

/// An upper bound of the encoded size of an entry of acknowledgements.
const ACK_BYTES: usize = 96;
/// An upper bound of a revision's encoded size: two digests of 16 bytes.
const REVISION_BYTES: usize = 40;
/// An upper bound of the encoded size of who got some versions.
const SENT_BYTES: usize = 24;
/// An upper bound of an event's encoded size without its name, its revisions and who got which versions.
const EVENT_BYTES: usize = 112;
/// An upper bound of a case's encoded size without texts, events and those told.
const CASE_BYTES: usize = 256;
/// An upper bound of the encoded size of everybody told.
const TOLD_BYTES: usize = 24 * crate::model::limit::MEMBERS_MAX;

/// An upper bound of the encoded size of a case, without encoding it.
fn encoded_bytes_max(case: &Case) -> usize {
    let texts = case.case_id.len() + case.platform.len() + case.organisation_id.as_deref().map_or(0, str::len);
    let events = case.events.iter();
    let events = events.map(|event| {
        EVENT_BYTES + event.event_id.len() + REVISION_BYTES * event.revisions.len() + SENT_BYTES * event.sent.len()
    });
    CASE_BYTES + TOLD_BYTES + ACK_BYTES * case.acks.len() + texts + events.sum::<usize>()
}

fn first_128_bits(digest: &[u8; 32]) -> u128 {
    digest.iter().take(16).fold(0, |bits, byte| (bits << 8) | u128::from(*byte))
}
