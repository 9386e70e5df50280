//! `comity recall`: one command withdraws everything that a platform sent in a range of its records.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::range::{Found, Range, Target};
use super::withdraw::{self, Given, reason};
use super::{Preview, Speaker, agreed, now, refused};
use crate::cli::engine::signals;
use crate::cli::{Common, Exit, Failure, Output, load};
use crate::kafka::mirror;
use crate::ledger::Outcome;
use crate::model::code::{MsgType, Standing, WithdrawalReason, WithdrawalScope};
use crate::model::place::{Jurisdiction, Millis};
use crate::model::problem::Problem;
use crate::model::state::CaseEvent;
use crate::platform::Platform;
use crate::telemetry::clock;

/// Events that are withdrawn before the ledger is waited for.
const CHUNK_EVENTS: usize = 200;

/// Withdraw everything that a platform sent in a range of its records, through the desks of its jurisdictions.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  comity recall --platform ca-on-food --offsets 1200..1399 --reason SENT_IN_ERROR --dry-run
  comity recall --platform ca-on-food --offsets 1200..1399 --reason SENT_IN_ERROR
  comity recall --platform ca-on-food --since 2026-03-01T09:00:00Z --until 2026-03-01T10:30:00Z --reason SENT_IN_ERROR
Recalled is every event that stands as a record of the range stated it. Left out is what is withdrawn already, what was
stated anew since, and records that changed nothing because they said what was said before, or were refused.
Running it again withdraws nothing twice: after an interruption it goes on where it was.
Exit codes: 69 no ledger has decided in time, or it was interrupted; run it again.")]
pub(in crate::cli) struct Arguments {
    /// The platform that sent them.
    #[arg(long, value_name = "NAME")]
    platform: String,
    /// Offsets of its input topic, FIRST..LAST, both included.
    #[arg(long, value_name = "A..B", value_parser = offsets, required_unless_present = "since", conflicts_with_all = ["since", "until"])]
    offsets: Option<(i64, i64)>,
    /// What the log took from this instant on (2026-03-01T09:00:00Z), by the broker's clock.
    #[arg(long, value_name = "TIME", value_parser = instant, requires = "until")]
    since: Option<Millis>,
    /// And before this one.
    #[arg(long, value_name = "TIME", value_parser = instant, requires = "since")]
    until: Option<Millis>,
    /// UNFOUNDED, SENT_IN_ERROR, MISTAKEN_IDENTITY, ANNULLED, REMEDIED or SUPERSEDED.
    #[arg(long, value_name = "REASON", value_parser = reason)]
    reason: WithdrawalReason,
    /// The decision that takes them back; no name of a person.
    #[arg(long, value_name = "TEXT")]
    decision_ref: Option<String>,
    /// Say what would be withdrawn and whom it reaches, and send nothing.
    #[arg(long)]
    dry_run: bool,
    /// Name at most this many of the events.
    #[arg(long, value_name = "N", default_value_t = 20)]
    list: usize,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
    /// How long the ledger may take for each two hundred events, such as 30s or 2m.
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = crate::cli::time::parse)]
    timeout: Duration,
}

fn offsets(text: &str) -> Result<(i64, i64), String> {
    let (first, last) = text.split_once("..").ok_or("write FIRST..LAST, such as 1200..1399")?;
    match (first.parse(), last.parse()) {
        (Ok(first), Ok(last)) if 0 <= first && first <= last => Ok((first, last)),
        (Ok(_) | Err(_), Ok(_) | Err(_)) => Err("write FIRST..LAST, the first not behind the last".to_owned()),
    }
}

fn instant(text: &str) -> Result<Millis, String> {
    let instant: Result<jiff::Timestamp, _> = text.parse();
    instant.map(|instant| instant.as_millisecond()).map_err(|_| "write it as 2026-03-01T09:00:00Z".to_owned())
}

pub(in crate::cli) fn run(common: &Common, arguments: &Arguments, output: &Output) -> Result<(), Failure> {
    let mut speaker = Speaker::new(common)?;
    let topic = topic(&speaker, &arguments.platform)?;
    let range = match (arguments.offsets, arguments.since, arguments.until) {
        (Some((first, last)), _, _) => Range::Offsets(first..=last),
        (None, Some(since), Some(until)) => Range::Times(since, until),
        (None, _, _) => return Err(no_range()),
    };
    let bar = spinner("{spinner} {pos} entries of the log read, {elapsed}");
    let mut found = Found::default();
    mirror::log(&speaker.settings.kafka, |entry| {
        bar.inc(1);
        found.take(speaker.mirror.state(), &topic, &range, entry);
    })
    .map_err(load::stopped)?;
    bar.finish_and_clear();
    let targets = found.targets(speaker.mirror.state());
    let mut recall = Recall::new(arguments, &speaker, &targets)?;
    recall.foresee(&speaker, &targets);
    recall.show(&found, &targets, output)?;
    if arguments.dry_run || targets.is_empty() {
        return Ok(());
    }
    if !agreed(arguments.yes, "comity recall")? {
        return Ok(());
    }
    recall.send(&mut speaker, &targets, output)
}

fn no_range() -> Failure {
    let help = "give --offsets A..B, or --since TIME --until TIME";
    Failure::one(Exit::Usage, Problem::new("CMT-9650", "comity recall", "no range is given", help))
}

/// The topic of a platform; one that is not enabled any more has the topic that follows from its name.
fn topic(speaker: &Speaker, platform: &str) -> Result<String, Failure> {
    let platforms = load::platforms(&speaker.settings)?;
    let known = platforms.into_iter().find(|known| known.definition.name == platform);
    Ok(known.map_or_else(|| format!("comity.in.{platform}"), |known| known.definition.topic))
}

fn spinner(template: &str) -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar
}

/// A recall that is under way.
struct Recall<'a> {
    arguments: &'a Arguments,
    desks: BTreeMap<Jurisdiction, Platform>,
    decided: String,
    alerts: usize,
    recipients: BTreeSet<Jurisdiction>,
}

impl<'a> Recall<'a> {
    fn new(arguments: &'a Arguments, speaker: &Speaker, targets: &[Target]) -> Result<Self, Failure> {
        let mut desks = BTreeMap::new();
        let origins: BTreeSet<Jurisdiction> = targets.iter().map(|target| target.case.origin).collect();
        for origin in origins {
            desks.insert(origin, speaker.desk(origin)?);
        }
        Ok(Self { arguments, desks, decided: now(), alerts: 0, recipients: BTreeSet::new() })
    }

    fn record(&self, target: &Target) -> Vec<u8> {
        let given = Given {
            scope: WithdrawalScope::Event,
            reason: self.arguments.reason,
            decision_ref: self.arguments.decision_ref.as_deref(),
            decided: self.decided.clone(),
        };
        withdraw::record(&target.case, &target.event_id, &given)
    }

    fn preview(&self, speaker: &Speaker, target: &Target) -> Option<(Vec<u8>, Preview)> {
        let record = self.record(target);
        let preview = speaker.preview(self.desks.get(&target.case.origin)?, &record);
        Some((record, preview))
    }

    /// Asks the ledger's rules whom it reaches.
    fn foresee(&mut self, speaker: &Speaker, targets: &[Target]) {
        for target in targets {
            let Some((_, preview)) = self.preview(speaker, target) else { continue };
            self.alerts += preview.alerts.len();
            self.recipients.extend(preview.recipients());
        }
    }

    fn show(&self, found: &Found, targets: &[Target], output: &Output) -> Result<(), Failure> {
        for target in targets.iter().take(self.arguments.list) {
            let (event, case, origin) = (&target.event_id, &target.case.case_id, target.case.origin);
            let before = if target.stated_before { ", stated before the range too" } else { "" };
            let value = json!({
                "type": "event", "event_id": event, "case_id": case, "origin": origin.as_str(),
                "stated_before": target.stated_before,
            });
            output.line(&format!("  {event} in case {case} of {origin}{before}"), &value)?;
        }
        let cases: BTreeSet<(Jurisdiction, &str)> =
            targets.iter().map(|target| (target.case.origin, target.case.case_id.as_str())).collect();
        let before = targets.iter().filter(|target| target.stated_before).count();
        let unlisted = targets.len().saturating_sub(self.arguments.list);
        let more = if unlisted > 0 { format!("  and {unlisted} more: see --list\n") } else { String::new() };
        let recipients: Vec<&str> = self.recipients.iter().map(Jurisdiction::as_str).collect();
        let undecided = match found.undecided {
            0 => String::new(),
            count => format!("\n{count} records are not decided yet: run it again once the ledger has caught up"),
        };
        let text = format!(
            "{more}{} events in {} cases stand as the range stated them; {} alerts will go to {} recipients\n\
             {} records in the range; {} without effect; {} that took back or closed, which stay; {} events stated \
             anew since, {} withdrawn already, {before} stated before the range too and withdrawn whole{undecided}",
            targets.len(),
            cases.len(),
            self.alerts,
            recipients.len(),
            found.records,
            found.without_effect,
            found.not_statements,
            found.restated,
            found.already_withdrawn,
        );
        let value = json!({
            "undecided": found.undecided, "type": "recall", "platform": self.arguments.platform, "dry_run": self.arguments.dry_run,
            "events": targets.len(), "cases": cases.len(), "alerts": self.alerts, "recipients": recipients,
            "records": found.records, "without_effect": found.without_effect, "not_statements": found.not_statements,
            "restated": found.restated, "already_withdrawn": found.already_withdrawn, "stated_before": before,
        });
        output.line(&text, &value)
    }

    /// Withdraws chunk by chunk; each is decided before the next is sent.
    fn send(&mut self, speaker: &mut Speaker, targets: &[Target], output: &Output) -> Result<(), Failure> {
        let stopping = signals()?;
        let begun = clock::instant();
        let bar = spinner("{spinner} {pos} events withdrawn, {elapsed}");
        let (mut withdrawn, mut alerts, mut refused_count) = (0_usize, 0_usize, 0_usize);
        for chunk in chunks(targets) {
            if stopping.load(Ordering::Relaxed) {
                bar.finish_and_clear();
                return Err(interrupted(withdrawn, targets.len()));
            }
            let mut records = Vec::with_capacity(chunk.len());
            let mut awaited = BTreeSet::new();
            for target in chunk {
                // What somebody else withdrew since the beginning is left alone.
                let Some((record, preview)) = self.preview(speaker, target) else { continue };
                if preview.outcome == Outcome::Taken {
                    awaited.extend(preview.awaited());
                    records.push(record);
                }
            }
            let Some(desk) = chunk.first().and_then(|first| self.desks.get(&first.case.origin)) else { continue };
            if records.is_empty() {
                continue;
            }
            let sent = speaker
                .send(desk, records, &awaited, self.arguments.timeout)
                .inspect_err(|_| bar.finish_and_clear())?;
            withdrawn += chunk.iter().filter(|target| is_withdrawn(speaker, target)).count();
            alerts += sent.became.alerts.keys().filter(|(_, msg_type, _)| *msg_type == MsgType::Cancel).count();
            refused_count += sent.became.rejections.len();
            bar.set_position(u64::try_from(withdrawn).unwrap_or(u64::MAX));
        }
        bar.finish_and_clear();
        let after_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        output.line(
            &format!("{withdrawn} events withdrawn: {alerts} alerts committed, after {after_ms} ms"),
            &json!({
                "type": "done", "withdrawn": withdrawn, "alerts": alerts, "rejected": refused_count,
                "after_ms": after_ms,
            }),
        )?;
        if refused_count == 0 {
            return Ok(());
        }
        let why = format!("the ledger refused {refused_count} withdrawals");
        Err(refused("CMT-9648", &self.arguments.platform, why, "see comity.rejects for the reasons"))
    }
}

/// Runs of events of one jurisdiction, each of at most so many.
fn chunks(targets: &[Target]) -> impl Iterator<Item = &[Target]> {
    targets.chunk_by(|one, other| one.case.origin == other.case.origin).flat_map(|run| run.chunks(CHUNK_EVENTS))
}

fn is_withdrawn(speaker: &Speaker, target: &Target) -> bool {
    let case = speaker.mirror.state().case(target.case.origin, &target.case.case_id);
    let withdrawn = |event: &CaseEvent| event.event_id == target.event_id && event.standing == Standing::Withdrawn;
    case.is_some_and(|case| case.unpack().events.iter().any(withdrawn))
}

fn interrupted(withdrawn: usize, of: usize) -> Failure {
    let why = format!("interrupted: {withdrawn} of {of} events are withdrawn");
    let help = "run the same command again: it goes on with the rest and withdraws nothing twice";
    Failure::one(Exit::Unavailable, Problem::new("CMT-9651", "comity recall", why, help))
}
