//! `comity platform list`, `pause` and `release`: which platforms intake reads, and stopping one.

use serde_json::json;

use crate::cli::tap::instant;
use crate::cli::{Common, Exit, Failure, Output, load};
use crate::kafka::control::{self, Standing};
use crate::model::problem::Problem;

/// Show every enabled platform, and which are paused since when.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  comity platform list
  comity platform list --format json")]
pub(super) struct ListArguments {}

/// Stop reading one platform, everywhere, until it is released; every other goes on.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  comity platform pause us-nj-labour
Intake pauses a platform by itself that sends more than intake.events_per_minute_max.")]
pub(super) struct PauseArguments {
    /// The platform, by the name of its folder.
    pub(super) platform: String,
}

/// Read a paused platform again, from where it was paused.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  comity platform release us-nj-labour
What its topic holds by now is read however much it is; only what comes later is counted again. To drop it instead,
delete it from the topic first (kafka-delete-records): the log then says which range was lost.")]
pub(super) struct ReleaseArguments {
    /// The platform, by the name of its folder.
    pub(super) platform: String,
}

pub(super) fn list(common: &Common, output: &Output) -> Result<(), Failure> {
    let settings = load::settings(common)?;
    let platforms = load::platforms(&settings)?;
    let standings = control::read(&settings.kafka).map_err(load::stopped)?;
    for platform in &platforms {
        let definition = &platform.definition;
        let paused = standings.get(&definition.name).filter(|standing| standing.paused);
        let most = settings.intake.events_per_minute_max(&definition.name);
        let state = match paused {
            Some(standing) => format!("PAUSED since {}", instant(standing.since)),
            None => "read".to_owned(),
        };
        output.line(
            &format!("{:24} {state:38} {}", definition.name, definition.topic),
            &json!({
                "platform": definition.name, "topic": definition.topic, "paused": paused.is_some(),
                "paused_since": paused.map(|standing| standing.since), "events_per_minute_max": most,
            }),
        )?;
    }
    Ok(())
}

/// Pauses or releases one.
pub(super) fn set(common: &Common, platform: &str, paused: bool, output: &Output) -> Result<(), Failure> {
    let settings = load::settings(common)?;
    let platforms = load::platforms(&settings)?;
    if !platforms.iter().any(|known| known.definition.name == platform) {
        let help = "comity platform list names every one that is enabled";
        let problem = Problem::new("CMT-9031", platform, "there is no such platform", help);
        return Err(Failure::one(Exit::Usage, problem));
    }
    let standings = control::read(&settings.kafka).map_err(load::stopped)?;
    let is_paused = standings.get(platform).is_some_and(|Standing { paused, .. }| *paused);
    let (word, value) = (if paused { "paused" } else { "released" }, json!({"platform": platform, "paused": paused}));
    if is_paused == paused {
        let text = if paused { "is paused already" } else { "is not paused" };
        return output.line(&format!("{platform} {text}"), &value);
    }
    control::write(&settings.kafka, platform, paused).map_err(load::stopped)?;
    output.line(&format!("{platform} is {word}; every instance of intake knows within a second"), &value)
}
