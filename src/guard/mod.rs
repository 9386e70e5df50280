//! Third step of intake: no natural person passes, and no text that could name one.

use crate::model::event::InfractionEvent;
use crate::model::rejection::Refusal;
use crate::platform::definition::Definition;

/// Refuses a subject that is a person or undecidable, drops it where products are described, cuts personal patterns.
///
/// # Errors
/// The refusal, before anything of the record is stored.
pub fn guard(_event: &mut InfractionEvent, _platform: &Definition) -> Result<(), Refusal> {
    todo!()
}
