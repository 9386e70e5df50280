//! The wire form of an event.

use crate::model::event::InfractionEvent;

/// SHA-256 of the event's Avro datum without `reported_at` and `provenance`: equal for the same content.
pub fn content_sha256(_event: &InfractionEvent) -> [u8; 32] {
    todo!()
}
