//! Fourth step of intake: identifiers in the normal form of their schemes, with the trust that they earn.

use crate::model::event::InfractionEvent;
use crate::model::rejection::Refusal;
use crate::platform::definition::Definition;

/// Normalises and checks every identifier of the subject, best first.
///
/// # Errors
/// The refusal, where a scheme is unknown.
pub fn identify(_event: &mut InfractionEvent, _platform: &Definition) -> Result<(), Refusal> {
    todo!()
}
