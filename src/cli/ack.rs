//! `comity ack`: what a recipient says of an alert that it got.

use std::sync::atomic::AtomicBool;

use serde_json::json;

use super::{Common, Exit, Failure, Format, Output, load};
use crate::config::Kafka;
use crate::encode;
use crate::kafka::feed::{self, Numbered, Target};
use crate::kafka::follow::{Followed, Follower};
use crate::kafka::names;
use crate::model::code::Code;
use crate::model::entry::{AcknowledgementLevel, AcknowledgementReason};
use crate::model::place::Jurisdiction;
use crate::model::problem::Problem;
use crate::platform::statements;
use crate::schema::view::{self, AlertView};
use crate::telemetry::{self, LogFormat};

/// Say how far you have got with an alert: it goes to comity.acks.J, and moves forward only. Needs `[kafka]` of a
/// configuration, nothing else.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  comity ack 'ca-on-food/FI-0417#1' --to CA-QC --level ACCEPTED
  comity ack 41 --to CA-QC --level ACTION_TAKEN               the alert with that sequence
  comity ack 41 --to CA-QC --level NO_ACTION --reason NOT_DISTRIBUTED_HERE
  comity ack 41 --to CA-QC --level DISPUTED --reason WRONG_ORGANISATION
Levels, each further than those before: RECEIVED, ACCEPTED, DISPUTED, NOT_CONCERNED, NO_ACTION, ACTION_TAKEN. A dispute is
shown on all copies of the alert and told to the origin with its reason; it ends with the next level but RECEIVED.
Exit codes: 66 no such alert in comity.alerts.J; 69 Kafka does not answer.")]
pub(super) struct Arguments {
    /// The alert_id, or the sequence of the alert.
    #[arg(value_name = "ALERT")]
    alert: String,
    /// The recipient that says it, by its ISO 3166 code.
    #[arg(long, value_name = "J", value_parser = super::tap::jurisdiction)]
    to: Jurisdiction,
    /// How far it has got.
    #[arg(long, value_name = "LEVEL", value_parser = code::<AcknowledgementLevel>)]
    level: AcknowledgementLevel,
    /// Why it did nothing, or disputes the decision.
    #[arg(long, value_name = "CODE", value_parser = code::<AcknowledgementReason>)]
    reason: Option<AcknowledgementReason>,
}

pub(super) fn run(common: &Common, arguments: &Arguments, output: &Output) -> Result<(), Failure> {
    telemetry::start_at(if common.format == Format::Json { LogFormat::Json } else { LogFormat::Text }, "error");
    let kafka = load::kafka(common)?;
    let alert = find(&kafka, arguments.to, &arguments.alert)?;
    let record = record(&alert, arguments.level, arguments.reason);
    send(&kafka, arguments.to, vec![record])?;
    let level = arguments.level.name();
    output.line(
        &format!("{} of {}: {level}", super::plain(&alert.alert_id), arguments.to),
        &json!({
            "type": "acknowledged", "alert_id": alert.alert_id, "recipient": arguments.to.as_str(), "level": level,
            "reason": arguments.reason.map(Code::name), "sequence": alert.sequence,
        }),
    )
}

/// The alert of that id or sequence, as the recipient's own topic holds it.
fn find(kafka: &Kafka, to: Jurisdiction, wanted: &str) -> Result<AlertView, Failure> {
    let topic = names::alerts(to);
    let mut follower = Follower::connect(kafka, None, &[&topic]).map_err(load::stopped)?;
    let sequence = |value: &[u8]| encode::place(value).map(|(_, sequence)| sequence);
    let number: Option<i64> = wanted.parse().ok();
    let place = match number {
        Some(number) => follower.place_of(&topic, number, sequence),
        None => follower.ends(&topic).map(|(low, _)| low),
    };
    let place = place.map_err(load::stopped)?;
    follower.start(&topic, place).map_err(load::stopped)?;
    while let Followed::Record(record) = follower.next_to_end().map_err(load::stopped)? {
        let Ok(alert) = view::alert(record.value.as_deref().unwrap_or_default()) else { continue };
        let found = number.map_or_else(|| alert.alert_id == wanted, |number| alert.sequence == number);
        if found {
            return Ok(alert);
        }
        if number.is_some_and(|number| alert.sequence > number) {
            break;
        }
    }
    let help = "name it by its alert_id, <event_id>#<version>, or by its sequence; `comity tap` lists both";
    let problem = Problem::new("CMT-9660", topic, format!("{wanted:?} is not among its alerts"), help);
    Err(Failure::one(Exit::NoInput, problem))
}

/// The record that says it.
pub(super) fn record(alert: &AlertView, level: AcknowledgementLevel, reason: Option<AcknowledgementReason>) -> Vec<u8> {
    let record = json!({
        "alert_id": alert.alert_id,
        "origin": alert.origin.as_str(),
        "case_id": alert.case_id,
        "level": level.name(),
        "reason": reason.map(Code::name),
    });
    record.to_string().into_bytes()
}

/// Sends what a recipient says, and waits until Kafka has it.
pub(super) fn send(kafka: &Kafka, to: Jurisdiction, records: Vec<Vec<u8>>) -> Result<(), Failure> {
    let topic = names::acknowledgements(to);
    let target = Target { topic: &topic, source_version: statements::VERSION, test: false };
    let records = (1..).zip(records).map(|(number, value)| Numbered { number, value: Some(value) });
    let fed = feed::feed(kafka, target, records, |_| {}, &AtomicBool::new(false)).map_err(load::stopped)?;
    match fed.unfinished.and_then(|unfinished| unfinished.failure) {
        Some(stop) => Err(load::stopped(stop)),
        None => Ok(()),
    }
}

fn code<C: Code>(text: &str) -> Result<C, String> {
    C::parse(text).ok_or_else(|| {
        let names: Vec<&str> = C::ALL.iter().map(|(_, name)| *name).collect();
        format!("one of {}", names.join(" "))
    })
}
