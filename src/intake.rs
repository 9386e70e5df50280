//! Intake on one page: one source record in, one entry of the log out, an event or a rejection.

use crate::model::entry::Body;
use crate::model::record::RawRecord;
use crate::platform::Platform;

/// What one source record becomes; it always becomes something.
pub fn handle(_platform: &Platform, _record: &RawRecord<'_>, _digest_key: Option<&[u8]>) -> Body {
    todo!()
}
