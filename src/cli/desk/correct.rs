//! `comity correct EVENT`: everyone who was told gets the event as it should have been stated.

use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::{About, Known, Speaker, Statement, record, refuse, refused};
use crate::cli::{Common, Exit, Failure, Output, load};
use crate::kafka::mirror;
use crate::ledger::Outcome;
use crate::model::code::{Kind, Mode};
use crate::model::entry::Body;
use crate::model::event::InfractionEvent;
use crate::model::limit::RECORD_BYTES_MAX;
use crate::model::problem::Problem;

/// Correct an event, through the desk of its jurisdiction: everyone who was told gets an UPDATE that replaces it.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  comity correct ca-on-food/FI-0417 --set infraction.title='Undeclared milk' --set severity=MINOR
  comity correct ca-on-food/FI-0417 --show > statement.json      the event as it was stated last, to be edited
  comity correct ca-on-food/FI-0417 --file statement.json
A correction states the whole event; --set changes fields of what was stated last, which is looked for in comity.log.
A correction without a subject leaves the case with the organisation that it has. One that names another organisation
cancels the event for the first one.
Exit codes: 65 no such event, another jurisdiction's, or a statement that is refused; 69 no ledger has decided in time.")]
pub(in crate::cli) struct Arguments {
    #[command(flatten)]
    about: About,
    /// The whole statement as one JSON object, under the names of the canonical JSON; - for standard input.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["set", "show"])]
    file: Option<PathBuf>,
    /// A field by its path and its new value; a list or an object as JSON.
    #[arg(long, value_name = "FIELD=VALUE", conflicts_with = "show")]
    set: Vec<String>,
    /// Write the statement that is in force, and send nothing.
    #[arg(long)]
    show: bool,
}

pub(in crate::cli) fn run(common: &Common, arguments: &Arguments, output: &Output) -> Result<(), Failure> {
    if arguments.file.is_none() && arguments.set.is_empty() && !arguments.show {
        let problem = Problem::new("CMT-9647", "comity correct", "nothing says what is to be corrected", HELP);
        return Err(Failure::one(Exit::Usage, problem));
    }
    let mut speaker = Speaker::new(common)?;
    let known = speaker.known(&arguments.about)?;
    let desk = speaker.desk(known.case.origin)?;
    let Some(event) = known.event().map(|event| event.event_id.clone()) else { return Ok(()) };
    let mut statement = match &arguments.file {
        Some(file) => read(file)?,
        None => stated_last(&speaker, &known, &event)?,
    };
    complete(&mut statement, &known, &event)?;
    if arguments.show {
        return output.raw(format!("{statement:#}\n").as_bytes());
    }
    for assignment in &arguments.set {
        record::set(&mut statement, assignment)
            .map_err(|why| refused("CMT-9647", assignment, why, "see comity correct EVENT --show for the fields"))?;
    }
    if let Some(field) = desk.definition.sources.last().and_then(|of| record::unknown_field(&statement, &of.fields)) {
        let help = "the fields are those of the canonical JSON: see comity correct EVENT --show";
        return Err(refused("CMT-9647", &event, format!("a statement has no field `{field}`"), help));
    }
    let record = statement.to_string().into_bytes();
    let preview = speaker.preview(&desk, &record);
    refuse(&event, &preview)?;
    if preview.outcome != Outcome::Taken {
        let help = "nothing was sent; change what is to be corrected";
        return Err(refused("CMT-9643", &event, "this was stated before, in the same words".to_owned(), help));
    }
    let (command, done) = ("comity correct", "corrected");
    let statement = Statement { known: &known, desk: &desk, record, preview, command, done };
    speaker.say(statement, &arguments.about, output)
}

const HELP: &str = "give --set FIELD=VALUE, or the whole statement with --file";

/// A statement from a file.
fn read(file: &Path) -> Result<Value, Failure> {
    let limit = u64::try_from(RECORD_BYTES_MAX).unwrap_or(u64::MAX);
    let mut text = String::new();
    let reading = if file.as_os_str() == "-" {
        std::io::stdin().lock().take(limit).read_to_string(&mut text)
    } else {
        load::open(file)?.take(limit).read_to_string(&mut text)
    };
    let wrong = |why: String| {
        let help = "write one JSON object: see comity correct EVENT --show";
        refused("CMT-9647", &file.display().to_string(), why, help)
    };
    reading.map_err(|error| wrong(format!("cannot be read: {error}")))?;
    // The message of the library could repeat what the file says.
    let statement: Value = serde_json::from_str(&text)
        .map_err(|error| wrong(format!("is no JSON at line {}, column {}", error.line(), error.column())))?;
    if statement.is_object() { Ok(statement) } else { Err(wrong("is no JSON object".to_owned())) }
}

/// Fills in what the command line says, and refuses what contradicts it.
fn complete(statement: &mut Value, known: &Known, event: &str) -> Result<(), Failure> {
    let origin = known.case.origin;
    for (name, wanted) in [("event_id", event), ("case_id", &known.case.case_id), ("origin", origin.as_str())] {
        if statement.get(name).is_some_and(|given| !given.is_null() && *given != wanted) {
            let why = format!("the statement is of another {name} than {wanted}");
            return Err(refused("CMT-9647", event, why, "leave the field out, or name the right event"));
        }
    }
    record::tidy(statement);
    if let Some(object) = statement.as_object_mut() {
        object.insert("event_id".to_owned(), json!(event));
        object.insert("case_id".to_owned(), json!(known.case.case_id));
        object.insert("kind".to_owned(), json!("CORRECTION"));
    }
    Ok(())
}

/// The last statement of the event that the ledger took, as a record.
///
/// The state keeps the digests of the last revisions, so it knows which of the log's records that is.
fn stated_last(speaker: &Speaker, known: &Known, event_id: &str) -> Result<Value, Failure> {
    let mut last: Option<(usize, Value)> = None;
    mirror::log(&speaker.settings.kafka, |entry| {
        let Body::Event(event) = &entry.body else { return };
        let same = event.event_id == event_id && event.origin == known.case.origin;
        if !same || !is_statement(event) {
            return;
        }
        let place = known.event().and_then(|known| super::place_among(known, event));
        if let Some(place) = place.filter(|place| last.as_ref().is_none_or(|(before, _)| place > before)) {
            last = Some((place, record::of_event(event)));
        }
    })
    .map_err(load::stopped)?;
    last.map(|(_, statement)| statement).ok_or_else(|| {
        let help = "comity.log does not reach back to it: give the whole statement with --file";
        refused("CMT-9647", event_id, "what was stated last is not to be found".to_owned(), help)
    })
}

/// True for what states an event and counts.
pub(super) fn is_statement(event: &InfractionEvent) -> bool {
    event.mode != Mode::Test && matches!(event.kind, Kind::Original | Kind::Supplement | Kind::Correction)
}
