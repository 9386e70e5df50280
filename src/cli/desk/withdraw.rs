//! `comity withdraw EVENT`: everyone who was told takes it back.

use serde_json::{Map, Value, json};

use super::{About, Known, Preview, Speaker, Statement, now, refuse, refused};
use crate::cli::{Common, Failure, Output};
use crate::ledger::Outcome;
use crate::model::code::{Code, Domain, Standing, WithdrawalReason, WithdrawalScope};
use crate::model::state::Case;

/// Withdraw an event, through the desk of its jurisdiction: everyone who was told gets a CANCEL.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  comity withdraw ca-on-food/FI-0417 --reason SENT_IN_ERROR
  comity withdraw ca-on-food/FI-0417 --reason ANNULLED --decision-ref 'Tribunal 2026/17' --date 2026-03-01
  comity withdraw ca-on-food/FI-0417 --reason MISTAKEN_IDENTITY --scope case --yes
It shows first who will be told, asks, sends, and waits until every recipient's CANCEL is committed.
Exit codes: 65 no such event, another jurisdiction's, or withdrawn already; 69 no ledger has decided in time.")]
pub(in crate::cli) struct Arguments {
    #[command(flatten)]
    about: About,
    /// UNFOUNDED, SENT_IN_ERROR, MISTAKEN_IDENTITY, ANNULLED, REMEDIED or SUPERSEDED.
    #[arg(long, value_name = "REASON", value_parser = reason)]
    reason: WithdrawalReason,
    /// The decision that takes it back; no name of a person.
    #[arg(long, value_name = "TEXT")]
    decision_ref: Option<String>,
    /// The event alone, or every event of its case.
    #[arg(long, value_name = "event|case", default_value = "event", value_parser = scope)]
    scope: WithdrawalScope,
    /// The day on which it was taken back, 2026-03-01; now where none is given.
    #[arg(long, value_name = "DATE")]
    date: Option<String>,
}

/// A reason on the command line.
pub(super) fn reason(text: &str) -> Result<WithdrawalReason, String> {
    parse(text)
}

fn scope(text: &str) -> Result<WithdrawalScope, String> {
    parse(text)
}

fn parse<C: Code>(text: &str) -> Result<C, String> {
    let names: Vec<&str> = C::ALL.iter().map(|(_, name)| *name).collect();
    C::parse(&text.to_ascii_uppercase().replace('-', "_")).ok_or_else(|| format!("one of {}", names.join(", ")))
}

pub(in crate::cli) fn run(common: &Common, arguments: &Arguments, output: &Output) -> Result<(), Failure> {
    let mut speaker = Speaker::new(common)?;
    let known = speaker.known(&arguments.about)?;
    let desk = speaker.desk(known.case.origin)?;
    let Some(event) = known.event().map(|event| event.event_id.clone()) else { return Ok(()) };
    let given = Given {
        scope: arguments.scope,
        reason: arguments.reason,
        decision_ref: arguments.decision_ref.as_deref(),
        decided: arguments.date.clone().unwrap_or_else(now),
    };
    let record = record(&known.case, &event, &given);
    let preview = speaker.preview(&desk, &record);
    refuse(&event, &preview)?;
    stands(&event, &known, arguments.scope, &preview)?;
    let (command, done) = ("comity withdraw", "withdrawn");
    let statement = Statement { known: &known, desk: &desk, record, preview, command, done };
    speaker.say(statement, &arguments.about, output)
}

/// What a withdrawal says besides its event.
pub(super) struct Given<'a> {
    pub(super) scope: WithdrawalScope,
    pub(super) reason: WithdrawalReason,
    pub(super) decision_ref: Option<&'a str>,
    pub(super) decided: String,
}

/// The desk's record.
pub(super) fn record(case: &Case, event_id: &str, given: &Given<'_>) -> Vec<u8> {
    let mut withdrawal = Map::new();
    withdrawal.insert("scope".to_owned(), json!(given.scope.name()));
    withdrawal.insert("reason".to_owned(), json!(given.reason.name()));
    if let Some(decision_ref) = given.decision_ref {
        withdrawal.insert("decision_ref".to_owned(), json!(decision_ref));
    }
    let record = json!({
        "event_id": event_id,
        "case_id": case.case_id,
        "kind": "WITHDRAWAL",
        "decided": given.decided,
        "domain": case.domain_of(event_id).map(Domain::name),
        "withdrawal": Value::Object(withdrawal),
    });
    record.to_string().into_bytes()
}

/// Stops where nothing would be withdrawn.
fn stands(event: &str, known: &Known, scope: WithdrawalScope, preview: &Preview) -> Result<(), Failure> {
    if preview.outcome == Outcome::Taken {
        return Ok(());
    }
    let withdrawn = match scope {
        WithdrawalScope::Event => known.standing() == Standing::Withdrawn,
        WithdrawalScope::Case => known.case.events.iter().all(|event| event.standing == Standing::Withdrawn),
    };
    if withdrawn {
        let help = "everyone who was told has its CANCEL already; nothing was sent";
        return Err(refused("CMT-9643", event, "it is withdrawn already".to_owned(), help));
    }
    let help = "this very withdrawal was answered before, and the event was stated anew since: leave --date out, or \
        give another --decision-ref";
    Err(refused("CMT-9643", event, "it would be taken for one sent twice".to_owned(), help))
}
