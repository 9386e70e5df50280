//! The demo's end: everything is read back from the topics, and the counts must add up.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use serde_json::json;

use crate::cli::{Exit, Failure, Output, load};
use crate::config::Kafka;
use crate::kafka::follow::{Followed, Follower};
use crate::kafka::{Stop, StopKind, names};
use crate::model::code::{Code, MsgType, Role};
use crate::model::entry::Body;
use crate::model::place::Jurisdiction;
use crate::model::problem::Problem;
use crate::schema::log::{CodecError, decode_entry};
use crate::schema::view;
use crate::telemetry::clock;

/// How long reading back may take.
const READ_TIMEOUT: Duration = Duration::from_secs(60);

/// What stands in the topics.
#[derive(Debug, Default)]
struct Counts {
    records: BTreeMap<String, u64>,
    events: u64,
    rejected_by_intake: u64,
    rejections: BTreeMap<String, u64>,
    messages: BTreeMap<&'static str, u64>,
    follow_up: u64,
    attention: u64,
    alerts: std::collections::BTreeSet<String>,
    /// Copies of each recipient, and whether their sequence is 1, 2, 3 … so far.
    recipients: BTreeMap<String, (i64, bool)>,
}

/// Reads all topics of the demo back and prints what they hold; `sent` records were confirmed by the broker.
pub(super) fn print(
    kafka: &Kafka,
    inputs: &[String],
    members: &[Jurisdiction],
    sent: u64,
    output: &Output,
) -> Result<(), Failure> {
    let counts = read_back(kafka, inputs, members).map_err(load::stopped)?;
    let records: u64 = counts.records.values().sum();
    let entries = counts.events + counts.rejected_by_intake;
    let gapless = counts.recipients.values().all(|(_, contiguous)| *contiguous);
    let copies: i64 = counts.recipients.values().map(|(copies, _)| copies).sum();
    output.line(
        &text(&counts, members.len(), sent, copies, gapless),
        &json!({
            "type": "summary", "sent": sent, "records": counts.records, "events": counts.events,
            "rejections": counts.rejections, "alerts": counts.alerts.len(), "copies": copies,
            "by_msg_type": counts.messages, "follow_up": counts.follow_up, "attention": counts.attention,
            "copies_by_recipient":
                counts.recipients.iter().map(|(name, (copies, _))| (name.clone(), *copies)).collect::<BTreeMap<_, _>>(),
            "gapless": gapless,
        }),
    )?;
    if sent == records && records == entries && gapless {
        return Ok(());
    }
    let why =
        format!("{sent} records were sent, {records} stand in the inputs and {entries} in the log; gapless: {gapless}");
    let problem = Problem::new("CMT-9630", "comity demo", why, "this must never be: report it with this output");
    Err(Failure::one(Exit::Data, problem))
}

fn text(counts: &Counts, members: usize, sent: u64, copies: i64, gapless: bool) -> String {
    let list = |counts: &BTreeMap<String, u64>| -> String {
        counts.iter().map(|(name, count)| format!("{name} {count}")).collect::<Vec<_>>().join(", ")
    };
    let messages: Vec<String> = counts.messages.iter().map(|(name, count)| format!("{name} {count}")).collect();
    let mut text = String::from("\nSummary, read back from the topics (read_committed)\n");
    let lines = [
        ("sent", format!("{sent} records: {}", list(&counts.records))),
        ("in the log", format!("{} events and {} rejections of intake", counts.events, counts.rejected_by_intake)),
        ("rejections", list(&counts.rejections)),
        ("alerts", format!("{} with {copies} copies: {}", counts.alerts.len(), messages.join(", "))),
        ("roles", format!("{} to act, {} to know", counts.follow_up, counts.attention)),
        (
            "recipients",
            format!(
                "{} of {members}; each sequence is 1, 2, 3 … {}",
                counts.recipients.len(),
                if gapless { "without a gap" } else { "but for GAPS" },
            ),
        ),
    ];
    for (name, line) in lines {
        // Writing to a text cannot fail.
        let _infallible = writeln!(text, "  {name:<12}{line}");
    }
    text.truncate(text.trim_end().len());
    text
}

fn read_back(kafka: &Kafka, inputs: &[String], members: &[Jurisdiction]) -> Result<Counts, Stop> {
    let mut topics: Vec<String> = inputs.to_vec();
    topics.extend(members.iter().map(|member| names::alerts(*member)));
    topics.extend([names::LOG.to_owned(), names::REJECTS.to_owned()]);
    let mut follower = Follower::from_start(kafka, topics.iter().map(String::as_str))?;
    let mut counts = Counts::default();
    let (mut open, deadline) = (topics.len(), clock::instant() + READ_TIMEOUT);
    while open > 0 {
        if clock::instant() > deadline {
            return Err(Stop::new(StopKind::Unavailable, "reading back took too long", "give the machine more time"));
        }
        match follower.next(Duration::from_millis(100))? {
            None => {}
            Some(Followed::End) => open -= 1,
            Some(Followed::Record(record)) => {
                take(&mut counts, inputs, record.topic, &record.value.unwrap_or_default()).map_err(|error| {
                    Stop::new(StopKind::Data, format!("{}: {}", error.topic, error.why), "report it")
                })?;
            }
        }
    }
    Ok(counts)
}

fn take(counts: &mut Counts, inputs: &[String], topic: String, value: &[u8]) -> Result<(), CodecError> {
    if inputs.contains(&topic) {
        *counts.records.entry(topic.trim_start_matches("comity.in.").to_owned()).or_default() += 1;
    } else if topic == names::LOG {
        match decode_entry(value, 0, 0)?.body {
            Body::Event(_) => counts.events += 1,
            Body::Rejection(_) => counts.rejected_by_intake += 1,
            Body::Acknowledgement(_) | Body::Link(_) | Body::Rules(_) | Body::Tick => {}
        }
    } else if topic == names::REJECTS {
        let rejection = view::rejection(value)?;
        *counts.rejections.entry(format!("{} {}", rejection.code, rejection.reason)).or_default() += 1;
    } else {
        let alert = view::alert(value)?;
        let (copies, contiguous) = counts.recipients.entry(alert.recipient.as_str().to_owned()).or_insert((0, true));
        *copies += 1;
        *contiguous &= alert.sequence == *copies;
        *counts.messages.entry(MsgType::name(alert.msg_type)).or_default() += 1;
        match alert.role {
            Role::FollowUp => counts.follow_up += 1,
            Role::Attention => counts.attention += 1,
        }
        counts.alerts.insert(alert.alert_id);
    }
    Ok(())
}
