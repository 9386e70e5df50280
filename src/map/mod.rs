//! Second step of intake: the platform's mapping turns a native record into an event.

use crate::model::event::InfractionEvent;
use crate::model::record::{NativeRecord, RawRecord};
use crate::model::rejection::Refusal;
use crate::platform::Platform;

/// Runs the mapping and reads what it gives as an event, within every bound of `model::limit`.
///
/// # Errors
/// The refusal: no decision, a value that cannot be read, a bound passed.
pub fn map(
    _platform: &Platform,
    _native: NativeRecord,
    _record: &RawRecord<'_>,
) -> Result<Box<InfractionEvent>, Refusal> {
    todo!()
}
