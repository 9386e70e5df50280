//! First step of intake: the bytes of a record become values under the names of its source schema.

use crate::model::record::{NativeRecord, RawRecord};
use crate::model::rejection::Refusal;
use crate::platform::definition::Definition;

/// Reads one record in the format of its source version.
///
/// # Errors
/// The refusal, where the bytes are not what the platform promised.
pub fn decode(_platform: &Definition, _record: &RawRecord<'_>) -> Result<NativeRecord, Refusal> {
    todo!()
}
