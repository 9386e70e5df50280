//! `comity reach`: who was told what of a case, and when, out of the alerts themselves.

use std::path::PathBuf;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::ask::{Answer, Port};
use super::{Common, Exit, Failure, Format, Output, load, plain};
use crate::config::Settings;
use crate::http::query::encode;
use crate::kafka::follow::{Followed, Follower, Record};
use crate::kafka::{Stop, StopKind, names};
use crate::model::code::Code;
use crate::model::place::Jurisdiction;
use crate::model::problem::Problem;
use crate::schema::json::{hexadecimal, instant};
use crate::schema::view;
use crate::telemetry::{self, LogFormat, clock};

mod collect;
mod export;

use collect::{Collect, Comparison, Row};

/// Records after which the progress is shown anew.
const PROGRESS_RECORDS: u64 = 1_000;

/// Tell who was told what of a case, and when: every alert of it in every recipient's topic, with the delay of each
/// correction and withdrawal, held against what the running ledger says it told.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  comity reach ca-on-food/IN-88213
  comity reach ca-on-food/IN-88213 --origin CA-ON --export evidence/
  comity reach ca-on-food/IN-88213 --at http://127.0.0.1:8080
It reads every recipient's topic from its first retained record, committed records only. It ends with 65 where the
ledger says that somebody was told and the topics do not show it, with 66 where no topic holds an alert of the case.")]
pub(super) struct Arguments {
    /// The case_id as it is published.
    case: String,
    /// Only the case of this jurisdiction, where several have one of this id.
    #[arg(long, value_name = "J", value_parser = super::tap::jurisdiction)]
    origin: Option<Jurisdiction>,
    /// Write reach.json and reach.csv into this folder.
    #[arg(long, value_name = "DIR")]
    export: Option<PathBuf>,
    /// The HTTP port of the running ledger; without it http.listen of the configuration.
    #[arg(long, value_name = "URL", value_parser = Port::parse)]
    at: Option<Port>,
}

pub(super) fn run(common: &Common, arguments: &Arguments, output: &Output) -> Result<(), Failure> {
    telemetry::start_at(if common.format == Format::Json { LogFormat::Json } else { LogFormat::Text }, "error");
    let settings = load::settings(common)?;
    // First the ledger, then the topics: whatever it says it told must be there.
    let known = ask(&settings, arguments);
    let mut collected = Collect::new(&arguments.case, arguments.origin);
    read(&settings, &mut collected)?;
    let origins = collected.origins();
    if origins.len() > 1 {
        let codes: Vec<&str> = origins.iter().map(Jurisdiction::as_str).collect();
        let why = format!("{} have a case of this id", codes.join(", "));
        let problem = Problem::new("CMT-9650", "comity reach", why, "choose one with --origin");
        return Err(Failure::one(Exit::Usage, problem));
    }
    let origin = origins.first().copied().or(arguments.origin);
    let ledger = Ledger::of(known, origin, &collected);
    let report = report(arguments, &settings, origin, &collected, &ledger);
    if let Some(folder) = &arguments.export {
        export::write(folder, &report, &collected.rows)?;
    }
    output.line(&text(arguments, origin, &collected, &ledger), &report)?;
    verdict(&collected, &ledger)
}

/// What the running ledger says of the case.
enum Ledger {
    /// Why there is nothing to compare with.
    NotCompared(String),
    Compared {
        comparison: Comparison,
        as_of: Value,
    },
}

impl Ledger {
    fn of(known: Result<Answer, String>, origin: Option<Jurisdiction>, collected: &Collect<'_>) -> Self {
        let answer = match known {
            Ok(answer) if answer.status == 200 => answer,
            Ok(answer) => {
                let reason = answer.body["reason"].as_str().unwrap_or("no reason is given");
                return Self::NotCompared(format!("the ledger answers {}: {}", answer.status, plain(reason)));
            }
            Err(why) => return Self::NotCompared(why),
        };
        let code = origin.map(|origin| origin.as_str().to_owned());
        let cases = answer.body["cases"].as_array().map_or(&[][..], Vec::as_slice);
        let case = cases.iter().find(|case| code.as_deref().is_none_or(|code| case["origin"] == code));
        match case {
            Some(case) => Self::Compared { comparison: collected.compare(case), as_of: answer.body["as_of"].clone() },
            None => Self::NotCompared("the ledger knows no case of this id and origin".to_owned()),
        }
    }
}

/// The ledger's answer; `Err` says why there is none, which is no failure: the topics tell by themselves.
fn ask(settings: &Settings, arguments: &Arguments) -> Result<Answer, String> {
    let listens = settings.http_listen.and_then(|listen| Port::of(listen).ok());
    let port = arguments.at.clone().or(listens).ok_or("http.listen is not set and --at not given")?;
    let path = format!("/api/v1/cases/{}", encode(&arguments.case, true));
    port.get(&path).map_err(|failure| {
        let why = failure.problems.first().map(|problem| format!("{}: {}", problem.file, problem.why));
        why.unwrap_or_else(|| "the ledger is not reached".to_owned())
    })
}

/// Reads every recipient's topic, one after another, to the end that it has then.
fn read(settings: &Settings, collected: &mut Collect<'_>) -> Result<(), Failure> {
    let mut follower = Follower::connect(&settings.kafka, None, &[]).map_err(load::stopped)?;
    let mut topics = Vec::new();
    let mut total = 0;
    for member in &settings.federation.members {
        let topic = names::alerts(member.jurisdiction);
        let ends = match follower.has(&topic).map_err(load::stopped)? {
            true => Some(follower.ends(&topic).map_err(load::stopped)?),
            false => None,
        };
        total += ends.map_or(0, |(low, high)| high.saturating_sub(low).unsigned_abs());
        topics.push((member.jurisdiction, topic, ends));
    }
    let bar = ProgressBar::new(total);
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {percent}% of {len} offsets, {elapsed}, {msg}") {
        bar.set_style(style);
    }
    for (recipient, topic, ends) in topics {
        collected.begin(recipient, ends.is_some());
        bar.set_message(topic.clone());
        let Some((low, high)) = ends.filter(|(low, high)| low < high) else { continue };
        let begun = bar.position();
        follower.start(&topic, low).map_err(load::stopped)?;
        let mut records = 0_u64;
        while let Followed::Record(record) = follower.next_to_end().map_err(load::stopped)? {
            take(collected, &record)?;
            records += 1;
            if records.is_multiple_of(PROGRESS_RECORDS) {
                bar.set_position(begun + record.offset.saturating_sub(low).unsigned_abs());
            }
        }
        bar.set_position(begun + high.saturating_sub(low).unsigned_abs());
    }
    bar.finish_and_clear();
    answers(settings, collected, &mut follower)
}

/// Reads what each recipient of the case said of its alerts.
fn answers(settings: &Settings, collected: &mut Collect<'_>, follower: &mut Follower) -> Result<(), Failure> {
    for member in &settings.federation.members {
        let (recipient, topic) = (member.jurisdiction, names::acknowledgements(member.jurisdiction));
        let is_recipient = collected.rows.iter().any(|row| row.recipient == recipient);
        if !is_recipient || !follower.has(&topic).map_err(load::stopped)? {
            continue;
        }
        let (low, _) = follower.ends(&topic).map_err(load::stopped)?;
        follower.start(&topic, low).map_err(load::stopped)?;
        while let Followed::Record(record) = follower.next_to_end().map_err(load::stopped)? {
            let value = record.value.as_deref().unwrap_or_default();
            collected.take_acknowledgement(recipient, value, record.time.map(|(at, _)| at));
        }
    }
    Ok(())
}

fn take(collected: &mut Collect<'_>, record: &Record) -> Result<(), Failure> {
    let value = record.value.as_deref().unwrap_or_default();
    let alert = view::alert(value).map_err(|error| {
        let why = format!("{} at offset {}: {}", record.topic, record.offset, error.why);
        let help = "a newer Comity may have written it: take the newest build";
        load::stopped(Stop::new(StopKind::Data, why, help))
    })?;
    let digest = || hexadecimal(&Sha256::digest(value));
    if collected.take(alert, record.offset, record.time, digest) {
        return Ok(());
    }
    let why = "the topics hold more alerts of this case than a case can have";
    Err(Failure::one(Exit::Data, Problem::new("CMT-9651", "comity reach", why, "choose one origin with --origin")))
}

fn verdict(collected: &Collect<'_>, ledger: &Ledger) -> Result<(), Failure> {
    if let Ledger::Compared { comparison, .. } = ledger
        && !comparison.amiss.is_empty()
    {
        let why = "the topics do not show what the ledger says it told";
        let help = "run it again; if it stays so, keep the export and compare the topics with a backup";
        return Err(Failure::one(Exit::Data, Problem::new("CMT-9653", "comity reach", why, help)));
    }
    if collected.rows.is_empty() {
        let why = "no topic holds an alert of this case";
        let help = "check the id as it is published; `comity show case` says what the ledger knows";
        return Err(Failure::one(Exit::NoInput, Problem::new("CMT-9654", "comity reach", why, help)));
    }
    Ok(())
}

fn report(
    arguments: &Arguments,
    settings: &Settings,
    origin: Option<Jurisdiction>,
    collected: &Collect<'_>,
    ledger: &Ledger,
) -> Value {
    let topics: Vec<Value> = collected
        .topics
        .iter()
        .map(|topic| {
            json!({
                "recipient": topic.recipient.as_str(), "topic": names::alerts(topic.recipient), "there": topic.there,
                "records": topic.records, "first_sequence": topic.first_sequence,
                "last_sequence": topic.last_sequence, "cut_by_retention": topic.is_cut(),
            })
        })
        .collect();
    let compared = match ledger {
        Ledger::NotCompared(why) => json!({ "compared": false, "why": why }),
        Ledger::Compared { comparison, as_of } => json!({
            "compared": true, "as_of": as_of, "complete": comparison.amiss.is_empty() && comparison.left.is_empty(),
            "told": comparison.told, "versions": comparison.versions,
            "amiss": comparison.amiss, "left_by_retention": comparison.left,
        }),
    };
    json!({
        "type": "reach",
        "federation": settings.federation.name,
        "case_id": arguments.case,
        "origin": origin.map(|origin| origin.as_str().to_owned()),
        "made_at": instant(clock::wall_ms()),
        "alerts": collected.rows.iter().map(export::row).collect::<Vec<_>>(),
        "topics": topics,
        "ledger": compared,
    })
}

fn text(arguments: &Arguments, origin: Option<Jurisdiction>, collected: &Collect<'_>, ledger: &Ledger) -> String {
    let recipients: std::collections::BTreeSet<Jurisdiction> = collected.rows.iter().map(|row| row.recipient).collect();
    let of = origin.map_or_else(String::new, |origin| format!(" of {origin}"));
    let (rows, count) = (collected.rows.len(), recipients.len());
    let mut lines = vec![format!("case {}{of}: {rows} alerts to {count} recipients", plain(&arguments.case))];
    lines.extend(collected.rows.iter().map(line));
    for topic in collected.topics.iter().filter(|topic| !topic.there) {
        lines.push(format!("{}: its topic is missing", topic.recipient));
    }
    for topic in collected.cut() {
        let first = topic.first_sequence.unwrap_or_default();
        lines.push(format!("{}: records before sequence {first} have left by retention", topic.recipient));
    }
    match ledger {
        Ledger::NotCompared(why) => lines.push(format!("not compared with the ledger: {}", plain(why))),
        Ledger::Compared { comparison, as_of } => {
            lines.extend(comparison.left.iter().map(|left| plain(left)));
            lines.extend(comparison.amiss.iter().map(|amiss| format!("AMISS: {}", plain(amiss))));
            let verdict = match (comparison.amiss.is_empty(), comparison.left.is_empty()) {
                (true, true) => "complete",
                (true, false) => "complete but for what retention took",
                (false, _) => "NOT COMPLETE",
            };
            lines.push(format!(
                "{verdict}: the ledger says {} recipients and {} versions (as of transaction {})",
                comparison.told, comparison.versions, as_of["transaction"],
            ));
        }
    }
    lines.join("\n")
}

fn line(row: &Row) -> String {
    let published = row.published_at.map_or_else(|| "no time".to_owned(), |(at, _)| super::tap::instant(at));
    let mut line = format!(
        "  {:<6}  {:>8}  {published}  {:<6}  {:<9}  {}",
        row.recipient.as_str(),
        row.sequence,
        row.msg_type.name(),
        row.role.name(),
        plain(&row.alert_id),
    );
    if let Some((follows, delay)) = &row.follows {
        let after = delay.map_or_else(String::new, |delay| format!("{}.{:03} s after ", delay / 1_000, delay % 1_000));
        line.push_str(&format!("  {after}{}", plain(follows)));
    }
    if let Some((level, at)) = row.acknowledged.last() {
        let at = at.map_or_else(|| "no time".to_owned(), super::tap::instant);
        line.push_str(&format!("  {} at {at}", level.name()));
    }
    line
}
