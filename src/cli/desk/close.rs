//! `comity close EVENT`: its jurisdiction works on it no longer; what was found stays found.

use serde_json::json;

use super::{About, Speaker, Statement, now, refuse, refused};
use crate::cli::{Common, Failure, Output};
use crate::index::cases::stands;
use crate::ledger::Outcome;
use crate::model::code::Code;

/// Close an event, through the desk of its jurisdiction: everyone who was told gets an UPDATE that says so.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  comity close ca-on-food/FI-0417
  comity close ca-on-food/FI-0417 --date 2026-03-01 --yes
What was found stays found: to take it back, see comity withdraw.
Exit codes: 65 no such event, another jurisdiction's, or not open any more; 69 no ledger has decided in time.")]
pub(in crate::cli) struct Arguments {
    #[command(flatten)]
    about: About,
    /// The day on which it was closed, 2026-03-01; now where none is given.
    #[arg(long, value_name = "DATE")]
    date: Option<String>,
}

pub(in crate::cli) fn run(common: &Common, arguments: &Arguments, output: &Output) -> Result<(), Failure> {
    let mut speaker = Speaker::new(common)?;
    let known = speaker.known(&arguments.about)?;
    let desk = speaker.desk(known.case.origin)?;
    let Some(event) = known.event().cloned() else { return Ok(()) };
    let event_id = event.event_id.as_str();
    let record = json!({
        "event_id": event_id,
        "case_id": known.case.case_id,
        "kind": "CLOSURE",
        "decided": arguments.date.clone().unwrap_or_else(now),
        "domain": event.domain.name(),
    });
    let record = record.to_string().into_bytes();
    let preview = speaker.preview(&desk, &record);
    refuse(event_id, &preview)?;
    if !stands(&event) {
        let why = format!("it is {} already", event.standing.name());
        return Err(refused("CMT-9643", event_id, why, "only what is in force can be closed; nothing was sent"));
    }
    if preview.outcome != Outcome::Taken {
        let help = "this very closure was answered before, and the event was stated anew since: leave --date out";
        return Err(refused("CMT-9643", event_id, "it would be taken for one sent twice".to_owned(), help));
    }
    let (command, done) = ("comity close", "closed");
    let statement = Statement { known: &known, desk: &desk, record, preview, command, done };
    speaker.say(statement, &arguments.about, output)
}
