//! The wire form of a rejection, the same in the log and in `comity.rejects`.

use serde::Deserialize;

use super::datum;
use super::read::{Bytes, Fixed, Symbol};
use crate::model::code::Code;
use crate::model::record::SourcePosition;
use crate::model::rejection::{Reason, Rejection};

/// Appends a `Rejection`; in the log, where it has no `sequence` yet, that is 0.
pub(crate) fn write(rejection: &Rejection, sequence: i64, out: &mut Vec<u8>) {
    datum::long(sequence, out);
    datum::text(&rejection.at.topic, out);
    datum::int(rejection.at.partition, out);
    datum::long(rejection.at.from, out);
    datum::long(rejection.at.offset, out);
    datum::text(&rejection.platform, out);
    datum::code(rejection.reason.stage(), out);
    datum::text(rejection.reason.code(), out);
    datum::text(rejection.reason.name(), out);
    datum::optional_text(rejection.detail.as_deref(), out);
    datum::optional_text(rejection.field.as_deref(), out);
    datum::long(rejection.size_bytes, out);
    datum::optional(rejection.digest.as_ref(), out, |digest, out| datum::fixed(digest, out));
    datum::optional(rejection.payload.as_deref(), out, datum::bytes);
    datum::long(rejection.reported_at, out);
}

/// `Rejection` as read; its stage and code follow from the reason.
#[derive(Debug, Deserialize)]
pub(crate) struct Read<'a> {
    topic: &'a str,
    partition: i32,
    from: i64,
    offset: i64,
    platform: String,
    reason: Symbol<Reason>,
    detail: Option<String>,
    field: Option<String>,
    size_bytes: i64,
    digest: Option<Fixed<32>>,
    payload: Option<Bytes>,
    reported_at: i64,
}

impl Read<'_> {
    /// The rejection with the source position of its log entry; `None` where the two differ.
    pub(crate) fn with_source(self, at: SourcePosition) -> Option<Rejection> {
        let same = *self.topic == *at.topic
            && self.partition == at.partition
            && self.from == at.from
            && self.offset == at.offset;
        same.then(|| Rejection {
            at,
            platform: self.platform,
            reason: self.reason.0,
            detail: self.detail,
            field: self.field,
            size_bytes: self.size_bytes,
            digest: self.digest.map(|digest| digest.0),
            payload: self.payload.map(|payload| payload.0),
            reported_at: self.reported_at,
        })
    }
}
