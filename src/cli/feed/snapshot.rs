//! What a snapshot lacks that the one before had.
//!
//! The file is mapped here first, so that nothing is sent of one that cannot be read to its end. Then its events are
//! added to those that are remembered, its records are sent, and in one transaction the missing ones are reported and
//! the others remembered. Wherever that is interrupted, the next snapshot is compared with all that may have been sent.

use std::path::Path;
use std::sync::atomic::Ordering;

use super::super::map::map_one;
use super::super::{Exit, Failure, load};
use super::file::Line;
use crate::kafka::feeds::{Events, Memory, SNAPSHOT_EVENTS_MAX};
use crate::map::statement::Lacking;
use crate::model::code::Mode;
use crate::model::entry::Body;
use crate::model::problem::Problem;
use crate::telemetry::clock;

/// Missing events up to which a snapshot may lack most of the former: a small one changes by chance.
const FEW: usize = 10;

/// A snapshot whose records are being sent.
pub(super) struct Snapshot<'m> {
    memory: &'m mut Memory,
    events: Events,
    missing: Vec<Lacking>,
}

/// Looks at the whole file, and remembers its events beside the former ones; `None` where it was interrupted.
///
/// # Errors
/// The file cannot be read to its end, holds too many events, or lacks more than half of the former ones; Kafka does
/// not answer.
pub(super) fn begin<'m>(line: &Line<'_>, memory: &'m mut Memory, file: &Path) -> Result<Option<Snapshot<'m>>, Failure> {
    let Some(events) = events(line, file)? else { return Ok(None) };
    let former = memory.events();
    let missing: Vec<Lacking> =
        former.iter().filter(|(id, _)| !events.contains_key(*id)).map(|(_, lacking)| lacking.clone()).collect();
    if missing.len() > FEW && 2 * missing.len() > former.len() && !line.shrunk {
        let why = format!("lacks {} of {} events that the snapshot before had", missing.len(), former.len());
        let help = "if the file is whole and that is meant, give --shrunk; nothing of it was sent";
        return Err(Failure::one(Exit::Data, Problem::new("CMT-9508", file.display().to_string(), why, help)));
    }
    if events.keys().any(|id| !former.contains_key(id)) {
        let mut both = former.clone();
        both.extend(events.clone());
        memory.remember(both, &[], &line.platform.definition.topic).map_err(load::stopped)?;
    }
    Ok(Some(Snapshot { memory, events, missing }))
}

impl Snapshot<'_> {
    /// Reports what is missing, now that all records are in the topic before it; how many events that are.
    ///
    /// # Errors
    /// Kafka does not answer.
    pub(super) fn end(self, topic: &str) -> Result<usize, Failure> {
        if self.missing.is_empty() && self.memory.events().len() == self.events.len() {
            return Ok(0);
        }
        self.memory.remember(self.events, &self.missing, topic).map_err(load::stopped)?;
        Ok(self.missing.len())
    }
}

/// The events of a file, as intake will map them; what is no decision, or is refused, is none.
fn events(line: &Line<'_>, file: &Path) -> Result<Option<Events>, Failure> {
    let name = file.display().to_string();
    let cutter = load::cutter(line.platform, line.version, file)?;
    let version = cutter.source_version().to_owned();
    let mut events = Events::new();
    for (number, cut) in cutter.enumerate() {
        if line.stopping.load(Ordering::Relaxed) {
            return Ok(None);
        }
        let bytes = cut.map_err(load::data)?.bytes;
        let body = map_one(line.platform, &bytes, Some(&version), number, clock::wall_ms(), None);
        let Body::Event(event) = body else { continue };
        if event.mode == Mode::Test {
            continue;
        }
        let (event_id, case_id, origin) = (event.event_id, event.case_id, event.origin.to_string());
        events.insert(event_id.clone(), Lacking { event_id, case_id, origin });
        if events.len() > SNAPSHOT_EVENTS_MAX {
            let why = format!("holds more than {SNAPSHOT_EVENTS_MAX} events");
            let help = "write `export = \"delta\"` and publish what changed";
            return Err(Failure::one(Exit::Data, Problem::new("CMT-9509", name, why, help)));
        }
    }
    Ok(Some(events))
}
