//! `comity check`: everything that can be wrong before the first record, found at once.

use std::collections::BTreeMap;

use serde_json::json;

use super::topics::said;
use super::{Common, Exit, Failure, Output, load, test};
use crate::config::{Settings, folders};
use crate::kafka::rights::{self, Answer, Right};
use crate::kafka::topics::{self, Difference, TopicPlan};
use crate::model::problem::Problem;
use crate::platform::Platform;

/// Check the configuration, every platform with its mapping and examples, what the broker holds and what it allows.
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
    let examples = examples(&settings, &platforms)?;
    for platform in &platforms {
        let (name, version) = (&platform.definition.name, &platform.mapping_version);
        let count = examples.get(name).copied();
        let shown = count.map_or_else(String::new, |count| format!(" {count} examples,"));
        output.line(
            &format!(
                "platform       {name}: {} source versions,{shown} mapping {version}",
                platform.definition.sources.len()
            ),
            &json!({"check": "platform", "platform": name, "mapping_version": version, "examples": count}),
        )?;
    }
    if arguments.offline { Ok(()) } else { broker(&settings, &platforms, output) }
}

/// Runs the examples of every folder, and says how many each has; Comity's own sources have none.
fn examples(settings: &Settings, platforms: &[Platform]) -> Result<BTreeMap<String, usize>, Failure> {
    let (mut counts, mut problems) = (BTreeMap::new(), Vec::new());
    for name in folders::names(&settings.platforms).map_err(Failure::configuration)? {
        let Some(platform) = platforms.iter().find(|platform| platform.definition.name == name) else { continue };
        let dir = &settings.platforms.dir;
        let checked = folders::files(&dir.join(&name)).and_then(|files| test::check(dir, platform, &files));
        match checked {
            Ok(count) => drop(counts.insert(name, count)),
            Err(found) => problems.extend(found),
        }
    }
    if problems.is_empty() { Ok(counts) } else { Err(Failure::configuration(problems)) }
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
