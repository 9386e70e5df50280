//! Work that is due over several entries, as Avro.

use serde::Deserialize;

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

impl From<Read> for Join {
    fn from(read: Read) -> Self {
        let Read { member, since, again, after } = read;
        let end = |end: ReadEnd| EventEnd {
            expires_at: end.expires_at,
            origin: end.origin.0,
            case_id: end.case_id,
            place: end.place,
        };
        Self { member: member.0, since, again, after: after.map(end) }
    }
}
