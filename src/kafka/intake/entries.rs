//! What intake writes: the entry of a record, and the rejection of a range.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;

use rdkafka::message::{BorrowedHeaders, BorrowedMessage, Header, Headers, Message};

use super::IntakeContext;
use crate::fault;
use crate::intake;
use crate::model::entry::Body;
use crate::model::record::{RawRecord, SourcePosition};
use crate::model::rejection::{Reason, Rejection};
use crate::platform::Platform;
use crate::telemetry::clock;

/// The header that names the version of a platform's format.
pub const SOURCE_HEADER: &str = "comity-source";
/// The header that marks a trial of the line, with the value `TEST`.
pub const MODE_HEADER: &str = "comity-mode";
/// The header by which `feed` marks an event that the platform's next snapshot lacks.
pub const MISSING_HEADER: &str = "comity-missing";

/// The entry of a record, counted.
pub(super) fn of_record(
    context: &IntakeContext,
    platform: &Platform,
    message: &BorrowedMessage<'_>,
    at: &SourcePosition,
) -> Body {
    let header = |name: &str| {
        let found = header_of(message.headers()?, name)?;
        // Bytes that are no text are no version that any platform has.
        Some(std::str::from_utf8(found.value.unwrap_or_default()).unwrap_or("\u{fffd}"))
    };
    let record = RawRecord {
        at,
        value: message.payload(),
        source_version: header(SOURCE_HEADER),
        test: header(MODE_HEADER) == Some("TEST"),
        published_at: message.timestamp().to_millis().unwrap_or(0),
    };
    let become_entry = if header(MISSING_HEADER).is_some() { intake::missing } else { intake::handle };
    let body = become_entry(platform, &record, context.digest_key.as_deref());
    let status = &context.status;
    status.records.fetch_add(1, Ordering::Relaxed);
    match &body {
        Body::Rejection(rejection) => {
            fault::step("rejected");
            status.count_rejection(rejection.reason);
        }
        Body::Event(_) | Body::Acknowledgement(_) | Body::Link(_) | Body::Rules(_) | Body::Missing(_) | Body::Tick => {
            fault::step("mapped");
            status.events.fetch_add(1, Ordering::Relaxed);
        }
    }
    body
}

/// The first header of that name.
///
/// The library panics at a name that is no UTF-8 (rdkafka 0.39), and any producer can write one: such a header is none
/// of ours and is passed over, or one record would stop its platform for good.
fn header_of<'m>(headers: &'m BorrowedHeaders, name: &str) -> Option<Header<'m, &'m [u8]>> {
    let readable = |place| catch_unwind(AssertUnwindSafe(|| headers.try_get(place))).ok().flatten();
    (0..headers.count()).filter_map(readable).find(|header| header.key == name)
}

/// A rejection that intake itself gives, counted.
pub(super) fn rejection(
    context: &IntakeContext,
    platform: &Platform,
    at: &SourcePosition,
    reason: Reason,
    size_bytes: i64,
) -> Body {
    context.status.count_rejection(reason);
    Body::Rejection(Box::new(Rejection {
        at: at.clone(),
        platform: platform.definition.name.clone(),
        reason,
        detail: None,
        field: None,
        size_bytes,
        digest: None,
        payload: None,
        reported_at: clock::wall_ms(),
    }))
}
