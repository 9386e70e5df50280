//! The wire form of an event.

use sha2::{Digest, Sha256};

use crate::model::event::InfractionEvent;

pub(crate) mod write;
pub(crate) mod read;
pub(crate) mod direct;

/// Bytes for which a buffer is made ready; most events fit.
pub(crate) const EVENT_BYTES_USUAL: usize = 1_024;

/// SHA-256 of the event's Avro datum without `reported_at` and `provenance`: equal for the same content.
///
/// The datum is that of `InfractionEvent` with `reported_at` 0 and every field of `provenance` empty, zero or null, so
/// whoever has the schema can make it again.
pub fn content_sha256(event: &InfractionEvent) -> [u8; 32] {
    let mut datum = Vec::with_capacity(EVENT_BYTES_USUAL);
    write::content(event, &mut datum);
    write::neutral_origin(&mut datum);
    Sha256::digest(&datum).into()
}
