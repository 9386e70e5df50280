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
    let gapless = counts.gapless();
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
    match counts.contradiction(sent) {
        None => Ok(()),
        Some(why) => {
            let problem =
                Problem::new("CMT-9630", "comity demo", why, "this must never be: report it with this output");
            Err(Failure::one(Exit::Data, problem))
        }
    }
}

impl Counts {
    /// Each record ends as one entry, and no recipient's sequence has a gap; says what is not so.
    fn contradiction(&self, sent: u64) -> Option<String> {
        let (records, entries, gapless) = (self.records(), self.events + self.rejected_by_intake, self.gapless());
        (sent != records || records != entries || !gapless).then(|| {
            format!(
                "{sent} records were sent, {records} stand in the inputs and {entries} in the log; gapless: {gapless}"
            )
        })
    }

    fn records(&self) -> u64 {
        self.records.values().sum()
    }

    fn gapless(&self) -> bool {
        self.recipients.values().all(|(_, contiguous)| *contiguous)
    }
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
            Body::Acknowledgement(_) | Body::Link(_) | Body::Rules(_) | Body::Missing(_) | Body::Tick => {}
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

#[cfg(test)]
mod tests {
    use super::Counts;

    fn counts(records: u64, events: u64, rejected_by_intake: u64, contiguous: bool) -> Counts {
        Counts {
            records: [("ca-on-food".to_owned(), records)].into(),
            events,
            rejected_by_intake,
            recipients: [("CA-QC".to_owned(), (3, contiguous))].into(),
            ..Counts::default()
        }
    }

    #[test]
    fn what_was_sent_must_be_found_again() {
        assert_eq!(counts(5, 4, 1, true).contradiction(5), None);
        for (wrong, sent) in [
            (counts(4, 4, 0, true), 5),
            (counts(5, 3, 1, true), 5),
            (counts(5, 5, 1, true), 5),
            (counts(5, 4, 1, false), 5),
        ] {
            assert!(wrong.contradiction(sent).is_some(), "{wrong:?}");
        }
    }
}
