//! `comity tap`: a recipient's own look at its alerts, and the proof that none is missing.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::Value;

use super::engine::signals;
use super::{Common, Exit, Failure, Format, Output, ack, load, plain};
use crate::config::Kafka;
use crate::encode;
use crate::kafka::follow::{Followed, Follower, Record};
use crate::kafka::{Stop, StopKind, names};
use crate::model::entry::AcknowledgementLevel;
use crate::model::place::{Jurisdiction, Millis, Reader};
use crate::model::problem::Problem;
use crate::schema::log::CodecError;
use crate::schema::view::{self, AlertView, StatusView};
use crate::schema::{canonical, generic};
use crate::telemetry::{self, LogFormat, clock};

mod lines;
mod verify;

use verify::Verify;

/// How long one look waits.
const LOOK: Duration = Duration::from_millis(100);
/// Lines after which they are committed.
const COMMIT_AFTER: usize = 500;
/// How long an alert may come after the `Status` that knows of it: the broker ends a transaction topic by topic.
const MARKER_DELAY: Duration = Duration::from_secs(5);

/// Show the alerts of one recipient, or prove that none is missing. Needs `[kafka]` of a configuration, nothing else,
/// reads comity.alerts.J and comity.status.J, and writes
/// comity.acks.J with --commit only.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  comity tap --to CA-QC                       every retained alert, a line each
  comity tap --to CA-QC --from 120 --limit 5  five alerts from that sequence on
  comity tap --to CA-QC --follow              and those that come
  comity tap --to CA-QC --format json         every field of each Alert, a JSON object a line
  comity tap --to national --follow           what everybody may know, once each, for a dashboard
  comity tap --to CA-QC --verify              0 where the copy is whole, else 65 and what is missing
  comity tap --to CA-QC --group desk --commit what came since the last time
  comity tap --to CA-QC --format jsonl --from 120 --commit   into a case system
With --commit each alert that was written out is acknowledged as RECEIVED, then the group's place is kept: after a crash
some lines come again, none is left out.")]
pub(super) struct Arguments {
    /// The recipient, by its ISO 3166 code; `national` for the national feed.
    #[arg(long, value_name = "J", value_parser = reader)]
    to: Reader,
    /// Begin with this sequence.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i64).range(1..))]
    from: Option<i64>,
    /// Go on with what comes, until SIGINT.
    #[arg(long, conflicts_with_all = ["until_end", "verify"])]
    follow: bool,
    /// Stop at the end that the topic has now (what happens without it too).
    #[arg(long)]
    until_end: bool,
    /// Show at most this many alerts.
    #[arg(long, value_name = "N", conflicts_with = "verify")]
    limit: Option<u64>,
    /// Show no alerts; check that their sequence has no gap, that none came twice, and that the last one that the
    /// latest Status knows of is there.
    #[arg(long, conflicts_with_all = ["group", "commit"])]
    verify: bool,
    /// How old the latest Status may be; the ledger writes one a minute.
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = super::time::parse, requires = "verify")]
    status_age: Duration,
    /// Begin at the place that this consumer group has kept; the group must be the recipient's own.
    #[arg(long, value_name = "G", value_parser = group, conflicts_with = "from")]
    group: Option<String>,
    /// Acknowledge what was written out as RECEIVED, and keep the group's place where there is one.
    #[arg(long)]
    commit: bool,
}

pub(super) fn run(common: &Common, arguments: &Arguments, output: &Output) -> Result<(), Failure> {
    telemetry::start_at(if common.format == Format::Json { LogFormat::Json } else { LogFormat::Text }, "error");
    let kafka = load::kafka(common)?;
    let (alerts, status) = (names::alerts(arguments.to), names::status(arguments.to));
    let mut follower =
        Follower::connect(&kafka, arguments.group.as_deref(), &[&alerts, &status]).map_err(load::stopped)?;
    if arguments.verify {
        return prove(arguments, &mut follower, &alerts, &status, output);
    }
    let place = match (&arguments.group, arguments.from) {
        (Some(_), _) => follower.kept_place(&alerts).map_err(load::stopped)?,
        (None, Some(from)) => Some(follower.place_of(&alerts, from, sequence).map_err(load::stopped)?),
        (None, None) => None,
    };
    start(&mut follower, &alerts, place).map_err(load::stopped)?;
    let asked = signals()?;
    let mut tap = Tap { arguments, kafka: &kafka, topic: &alerts, next: None, received: Vec::new() };
    tap.show(&mut follower, &asked, output)
}

/// A tap that is open: what it has written out and not yet committed.
struct Tap<'a> {
    arguments: &'a Arguments,
    kafka: &'a Kafka,
    topic: &'a str,
    /// The place behind the last record read.
    next: Option<i64>,
    /// What is to be said of the alerts written out.
    received: Vec<Vec<u8>>,
}

impl Tap<'_> {
    /// Shows alerts until the end, the limit, or a signal.
    fn show(&mut self, follower: &mut Follower, asked: &AtomicBool, output: &Output) -> Result<(), Failure> {
        let mut shown = 0_u64;
        let limit = self.arguments.limit.unwrap_or(u64::MAX);
        while shown < limit && !asked.load(Ordering::Relaxed) {
            let follow = self.arguments.follow;
            let followed = if follow { follower.next(LOOK) } else { follower.next_to_end().map(Some) };
            match followed.map_err(load::stopped)? {
                Some(Followed::Record(record)) => {
                    let (alert, json) = read(&record)?;
                    self.next = Some(record.offset + 1);
                    if self.arguments.from.is_none_or(|from| alert.sequence >= from) {
                        output.line(&lines::line(&alert), &json)?;
                        self.received.push(ack::record(&alert, AcknowledgementLevel::Received, None));
                        shown += 1;
                    }
                }
                Some(Followed::End) if !follow => break,
                Some(Followed::End) | None => self.commit(follower)?,
            }
            if self.received.len() >= COMMIT_AFTER {
                self.commit(follower)?;
            }
        }
        self.commit(follower)
    }

    /// Acknowledges what was written out, then keeps the group's place.
    fn commit(&mut self, follower: &Follower) -> Result<(), Failure> {
        let received = std::mem::take(&mut self.received);
        if received.is_empty() || !self.arguments.commit {
            return Ok(());
        }
        // Nobody acknowledges the national feed, but its reader keeps a place.
        if let Some(recipient) = self.arguments.to.jurisdiction() {
            ack::send(self.kafka, recipient, received)?;
        }
        match self.next.filter(|_| self.arguments.group.is_some()) {
            Some(next) => follower.keep_place(self.topic, next).map_err(load::stopped),
            None => Ok(()),
        }
    }
}

/// Reads everything retained and says whether it is whole.
fn prove(
    arguments: &Arguments,
    follower: &mut Follower,
    alerts: &str,
    status: &str,
    output: &Output,
) -> Result<(), Failure> {
    // First the Status, then the alerts: whatever it knows of must be there.
    let status = latest_status(follower, status)?;
    let from = arguments.from.unwrap_or(1);
    let place = match arguments.from {
        // The record before it tells whether the first one is missing.
        Some(from) => Some(follower.place_of(alerts, from - 1, sequence).map_err(load::stopped)?),
        None => None,
    };
    start(follower, alerts, place).map_err(load::stopped)?;
    let mut verify = Verify::new(arguments.to, from);
    let known = status.map_or(0, |status| status.last_alert_sequence);
    let mut ended = None;
    loop {
        let followed = match ended {
            None => follower.next_to_end().map(Some),
            Some(_) => follower.next(LOOK),
        };
        match followed.map_err(load::stopped)? {
            Some(Followed::Record(record)) => verify.take(record.offset, &view_of(&record)?),
            Some(Followed::End) => ended = ended.or_else(|| Some(clock::instant())),
            None => {}
        }
        if ended.is_some_and(|ended| verify.last() >= known || ended.elapsed() > MARKER_DELAY) {
            break;
        }
    }
    let ends = follower.ends(alerts).map_err(load::stopped)?;
    let age_ms = i64::try_from(arguments.status_age.as_millis()).unwrap_or(i64::MAX);
    let verdict = verify.close(status, ends, clock::wall_ms(), age_ms);
    output.line(&verdict.text(), &verdict.json())?;
    if verdict.whole() {
        return Ok(());
    }
    let why = format!("the copy of {} is not whole", arguments.to);
    let help = "read the topic again; if it stays so, ask the operator of the federation for the sequences named";
    Err(Failure::one(Exit::Data, Problem::new("CMT-9640", alerts, why, help)))
}

fn latest_status(follower: &mut Follower, topic: &str) -> Result<Option<StatusView>, Failure> {
    start(follower, topic, None).map_err(load::stopped)?;
    let mut latest = None;
    while let Followed::Record(record) = follower.next_to_end().map_err(load::stopped)? {
        if let Some(value) = &record.value {
            latest = Some(view::status(value).map_err(|error| unreadable(&record, &error))?);
        }
    }
    Ok(latest)
}

fn start(follower: &mut Follower, topic: &str, place: Option<i64>) -> Result<(), Stop> {
    let place = match place {
        Some(place) => place,
        None => follower.ends(topic)?.0,
    };
    follower.start(topic, place)
}

/// The sequence of a record of an output.
fn sequence(value: &[u8]) -> Option<i64> {
    encode::place(value).map(|(_, sequence)| sequence)
}

fn read(record: &Record) -> Result<(AlertView, Value), Failure> {
    let alert = view_of(record)?;
    let value = record.value.as_deref().unwrap_or_default();
    let json = generic::json(canonical::ALERT.name, value).map_err(|error| unreadable(record, &error))?;
    Ok((alert, json))
}

fn view_of(record: &Record) -> Result<AlertView, Failure> {
    view::alert(record.value.as_deref().unwrap_or_default()).map_err(|error| unreadable(record, &error))
}

fn unreadable(record: &Record, error: &CodecError) -> Failure {
    let why = format!("{} at offset {}: {}", record.topic, record.offset, error.why);
    let help = "a newer Comity may have written it: take the newest build; else tell the operator of the federation";
    load::stopped(Stop::new(StopKind::Data, why, help))
}

/// An instant in UTC, to the second.
pub(super) fn instant(millis: Millis) -> String {
    jiff::Timestamp::from_millisecond(millis).map_or_else(|_| millis.to_string(), |instant| format!("{instant:.0}"))
}

pub(super) fn jurisdiction(text: &str) -> Result<Jurisdiction, String> {
    Jurisdiction::parse(text).ok_or_else(|| "no ISO 3166 code such as DE or CA-ON, in capitals".to_owned())
}

fn reader(text: &str) -> Result<Reader, String> {
    Reader::parse(text)
        .ok_or_else(|| "neither an ISO 3166 code such as DE or CA-ON, in capitals, nor national".to_owned())
}

fn group(text: &str) -> Result<String, String> {
    if text.starts_with("comity-") {
        return Err("groups that begin with comity- are Comity's own".to_owned());
    }
    if text.is_empty() { Err("a group has a name".to_owned()) } else { Ok(text.to_owned()) }
}
