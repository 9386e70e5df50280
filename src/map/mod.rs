//! Second step of intake: the platform's mapping turns a native record into an event.

use sha2::{Digest, Sha256};
use vrl::compiler::runtime::{Runtime, Terminate};
use vrl::compiler::{ExpressionError, TargetValueRef};
use vrl::value::{ObjectMap, Secrets, Value};

use crate::model::code::Mode;
use crate::model::event::{InfractionEvent, Provenance};
use crate::model::record::{NativeRecord, RawRecord};
use crate::model::rejection::{Reason, Refusal};
use crate::platform::{Mapping, Platform, functions};

mod bound;
mod path;
mod read;
pub mod statement;
mod value;

#[cfg(test)]
mod tests;

pub use bound::bound;

/// Runs the mapping and reads what it gives as an event, within every bound of `model::limit`.
///
/// `provenance.content_sha256` is left at zero: intake fills it in once the event is as it stays.
///
/// # Errors
/// The refusal: no decision, a value that cannot be read, a bound passed.
pub fn map(platform: &Platform, native: NativeRecord, record: &RawRecord<'_>) -> Result<Box<InfractionEvent>, Refusal> {
    let mapping = platform.mappings.get(native.source).ok_or_else(|| Refusal::new(Reason::UnknownSourceVersion))?;
    let schema_id = native.schema_id;
    let result = run(platform, mapping, native.value)?;
    let provenance = Provenance {
        at: record.at.clone(),
        raw_sha256: Sha256::digest(record.value.unwrap_or_default()).into(),
        content_sha256: [0; 32],
        mapping_version: platform.mapping_version.clone(),
        schema_id,
    };
    let mut event = read::event(platform, result, record.published_at, provenance)?;
    if record.test {
        event.mode = Mode::Test;
    } else if event.mode == Mode::Actual && platform.definition.is_backfill(&record.at.topic) {
        event.mode = Mode::Backfill;
    }
    Ok(Box::new(event))
}

/// The value of the program's last expression; its failures become refusals without any value of the record.
fn run(platform: &Platform, mapping: &Mapping, mut native: Value) -> Result<Value, Refusal> {
    let mut metadata = Value::Object(ObjectMap::new());
    let mut secrets = Secrets::default();
    let mut target = TargetValueRef { value: &mut native, metadata: &mut metadata, secrets: &mut secrets };
    let ended = Runtime::default().resolve(&mut target, &mapping.program, &platform.vrl_zone);
    ended.map_err(|terminate| match terminate {
        Terminate::Abort(ExpressionError::Abort { message, span }) => {
            // The message was proved to be a literal word of `[rejects]`; looked up so that nothing else can pass.
            let word = message.filter(|word| platform.definition.rejects.contains_key(word));
            let field = word.is_none().then(|| mapping.place(Some(span.start())));
            Refusal { reason: Reason::NotADecision, detail: word, field }
        }
        Terminate::Error(error) | Terminate::Abort(error) => {
            let (reason, at) = functions::refusal(&error);
            Refusal::at(reason, mapping.place(at))
        }
        Terminate::Interrupted => Refusal::at(Reason::MappingFailed, mapping.place(None)),
    })
}
