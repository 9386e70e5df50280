//! Work that is due over several entries, as Avro.

use serde::Deserialize;

use crate::model::limit::ID_BYTES_MAX;
use crate::model::state::{EventEnd, Join};
use crate::schema::datum;
use crate::schema::read::Place;

/// Appends a `Join`.
pub(super) fn write(join: &Join, out: &mut Vec<u8>) {
    datum::place(join.member, out);
    datum::long(join.since, out);
    datum::boolean(join.again, out);
    datum::optional(join.after.as_ref(), out, |end, out| {
        datum::long(end.expires_at, out);
        datum::place(end.origin, out);
        datum::text(&end.case_id, out);
        datum::int(end.place, out);
    });
}

/// `Join` as read.
#[derive(Debug, Deserialize)]
pub(super) struct Read {
    member: Place,
    since: i64,
    again: bool,
    after: Option<ReadEnd>,
}

/// `EventEnd` as read.
#[derive(Debug, Deserialize)]
struct ReadEnd {
    expires_at: i64,
    origin: Place,
    case_id: String,
    place: i32,
}

impl Read {
    /// The work; `None` where it names a case by what is no id.
    pub(super) fn into_model(self) -> Option<Join> {
        let Self { member, since, again, after } = self;
        if after.as_ref().is_some_and(|end| end.case_id.len() > ID_BYTES_MAX) {
            return None;
        }
        let end = |end: ReadEnd| EventEnd {
            expires_at: end.expires_at,
            origin: end.origin.0,
            case_id: end.case_id,
            place: end.place,
        };
        Some(Join { member: member.0, since, again, after: after.map(end) })
    }
}
