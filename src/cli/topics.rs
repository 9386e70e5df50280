//! `comity topics`: what Kafka must hold for this federation, and making it so.

use std::io::{BufRead, IsTerminal, Write};

use clap::Subcommand;
use serde_json::json;

use super::{Common, Exit, Failure, Output, load};
use crate::kafka::topics::{self, Difference, TopicPlan};
use crate::model::problem::Problem;

/// Plan the topics that the configuration needs, or make them.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  comity topics plan               each topic with its settings, and what differs on the broker
  comity topics plan --offline     the same without asking the broker
  comity topics apply              asks before it changes anything
  comity topics apply --yes        for scripts")]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show each topic with its settings and what differs on the broker.
    Plan {
        /// Do not ask the broker.
        #[arg(long)]
        offline: bool,
    },
    /// Make what is missing, set what differs, and write the first rules into an empty log.
    Apply {
        /// Do not ask.
        #[arg(long)]
        yes: bool,
    },
}

pub(super) fn run(common: &Common, arguments: &Arguments, output: &Output) -> Result<(), Failure> {
    let settings = load::settings(common)?;
    let platforms = load::platforms(&settings)?;
    let plan = topics::plan(&settings, &platforms);
    match arguments.command {
        Command::Plan { offline } => {
            let differences =
                if offline { Vec::new() } else { topics::compare(&settings.kafka, &plan).map_err(load::stopped)? };
            show(&plan, &differences, offline, output)
        }
        Command::Apply { yes } => {
            if !yes && !agreed(plan.len())? {
                return Ok(());
            }
            let rules = load::rules(&settings, &platforms);
            let mut written = Ok(());
            topics::apply(&settings.kafka, &plan, &rules, |line| {
                if written.is_ok() {
                    written = output.line(line, &json!({"done": line}));
                }
            })
            .map_err(load::stopped)?;
            written?;
            output.line("the topics are as planned", &json!({"done": "all"}))
        }
    }
}

fn show(
    plan: &[TopicPlan],
    differences: &[(TopicPlan, Difference)],
    offline: bool,
    output: &Output,
) -> Result<(), Failure> {
    for topic in plan {
        let found: Vec<String> =
            differences.iter().filter(|(other, _)| other == topic).map(|(_, found)| said(topic, found)).collect();
        let settings: Vec<String> = topic.config.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let state = match (offline, found.is_empty()) {
            (true, _) => String::new(),
            (false, true) => "\n    as planned".to_owned(),
            (false, false) => format!("\n    {}", found.join("; ")),
        };
        let text = format!(
            "{}  {}, {} replicas: {}\n    {}{state}",
            topic.name,
            partitions(topic),
            topic.replication,
            topic.purpose,
            settings.join(" "),
        );
        let value = json!({
            "topic": topic.name, "partitions": topic.partitions,
            "any_partitions": topic.any_partitions, "replication": topic.replication,
            "config": topic.config, "purpose": topic.purpose, "differences": found,
        });
        output.line(&text, &value)?;
    }
    Ok(())
}

fn partitions(topic: &TopicPlan) -> String {
    match (topic.any_partitions, topic.partitions) {
        (true, _) => "any number of partitions".to_owned(),
        (false, 1) => "1 partition".to_owned(),
        (false, count) => format!("{count} partitions"),
    }
}

/// A difference in words.
pub(super) fn said(topic: &TopicPlan, difference: &Difference) -> String {
    match difference {
        Difference::Missing => "is missing".to_owned(),
        Difference::Partitions { there } => format!("has {there} partitions, not {}", topic.partitions),
        Difference::Replication { there } => format!("has {there} replicas, not {}", topic.replication),
        Difference::Config(settings) => {
            let each: Vec<String> =
                settings.iter().map(|(name, there, wanted)| format!("{name} is {there:?}, not {wanted:?}")).collect();
            each.join(", ")
        }
    }
}

/// Asks on a terminal; without one the answer must be given on the command line.
fn agreed(count: usize) -> Result<bool, Failure> {
    if !std::io::stdin().is_terminal() {
        let problem = Problem::new("CMT-9613", "comity topics apply", "nobody is there to ask", "add --yes");
        return Err(Failure::one(Exit::Usage, problem));
    }
    let mut err = std::io::stderr().lock();
    // The question is for a person; where it cannot be shown, no answer comes and nothing is done.
    let _shown = write!(err, "Make or change up to {count} topics? [y/N] ").and_then(|()| err.flush());
    let mut answer = String::new();
    let _read = std::io::stdin().lock().read_line(&mut answer);
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}
