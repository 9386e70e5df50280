//! `comity check`: everything that can be wrong before the first record, found at once.

use serde_json::json;

use super::topics::said;
use super::{Common, Exit, Failure, Output, load};
use crate::config::Settings;
use crate::kafka::rights::{self, Answer, Right};
use crate::kafka::topics::{self, Difference, TopicPlan};
use crate::model::problem::Problem;
use crate::platform::Platform;

/// Check the configuration, every platform with its mapping, what the broker holds and what it allows.
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
        output.line(&text, &json!({"check": "topics", "topics": plan.len()}))?;
        return rights(settings, &plan, output);
    }
    let help = "see `comity topics plan`; make it so with `comity topics apply`";
    let problem = |(topic, found): &(TopicPlan, Difference)| {
        Problem::new("CMT-9605", &topic.name, format!("the topic {}", said(topic, found)), help)
    };
    Err(Failure::configuration(differences.iter().map(problem).collect()))
}

/// Tries what `comity run` will do, without doing it; what cannot be known is told and is no failure.
fn rights(settings: &Settings, plan: &[TopicPlan], output: &Output) -> Result<(), Failure> {
    let names = |input: bool| -> Vec<String> {
        plan.iter().filter(|topic| topic.input == input).map(|topic| topic.name.clone()).collect()
    };
    let found = rights::look(&settings.kafka, &settings.federation.name, &names(true), &names(false));
    let mut refused = Vec::new();
    let mut granted = 0;
    for Right { what, answer } in found.map_err(load::stopped)? {
        match answer {
            Answer::Granted => granted += 1,
            Answer::Refused => {
                let help = "give this client the right in Kafka";
                refused.push(Problem::new("CMT-9607", "kafka", format!("this client may not {what}"), help));
            }
            Answer::Unknown(why) => {
                let value = json!({"check": "rights", "right": what, "known": false, "why": why});
                output.line(&format!("rights         not known: {what}: {why}"), &value)?;
            }
        }
    }
    output.line(&format!("rights         {granted} granted"), &json!({"check": "rights", "granted": granted}))?;
    if refused.is_empty() { Ok(()) } else { Err(Failure { exit: Exit::Unavailable, problems: refused }) }
}
