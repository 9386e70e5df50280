//! `comity check`: everything that can be wrong before the first record, found at once.

use serde_json::json;

use super::topics::said;
use super::{Common, Failure, Output, load};
use crate::config::Settings;
use crate::kafka::topics::{self, Difference, TopicPlan};
use crate::model::problem::Problem;
use crate::platform::Platform;

/// Check the configuration, every platform with its mapping, and what the broker holds.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  comity check                     with the broker that the configuration names
  comity check --offline           files only
  comity -c prod.toml check --format json")]
pub(super) struct Arguments {
    /// Look at files only, not at the broker.
    #[arg(long)]
    offline: bool,
}

pub(super) fn run(common: &Common, arguments: &Arguments, output: &Output) -> Result<(), Failure> {
    let settings = load::settings(common)?;
    let members = settings.federation.members.len();
    output.line(
        &format!("configuration  {} members, rules version {}", members, settings.federation.rules_version),
        &json!({"check": "configuration", "members": members, "rules_version": settings.federation.rules_version}),
    )?;
    let platforms = load::platforms(&settings)?;
    for platform in &platforms {
        let name = &platform.definition.name;
        output.line(
            &format!(
                "platform       {name}: {} source versions, mapping {}",
                platform.definition.sources.len(),
                platform.mapping_version
            ),
            &json!({"check": "platform", "platform": name, "mapping_version": platform.mapping_version}),
        )?;
    }
    if arguments.offline { Ok(()) } else { broker(&settings, &platforms, output) }
}

/// Compares the broker's topics with the plan; every difference is told, not only the first.
fn broker(settings: &Settings, platforms: &[Platform], output: &Output) -> Result<(), Failure> {
    let plan = topics::plan(settings, platforms);
    let differences = topics::compare(&settings.kafka, &plan).map_err(load::stopped)?;
    if differences.is_empty() {
        let text = format!("topics         all {} are as planned", plan.len());
        return output.line(&text, &json!({"check": "topics", "topics": plan.len()}));
    }
    let help = "see `comity topics plan`; make it so with `comity topics apply`";
    let problem = |(topic, found): &(TopicPlan, Difference)| {
        Problem::new("CMT-9605", &topic.name, format!("the topic {}", said(topic, found)), help)
    };
    Err(Failure::configuration(differences.iter().map(problem).collect()))
}
