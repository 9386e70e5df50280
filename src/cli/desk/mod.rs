//! What the commands of a jurisdiction's desk share: they look at the ledger's state, ask its own rules whom a
//! statement would reach, ask the person, send it, and wait until everybody's alert is committed.

use std::collections::BTreeSet;
use std::io::{BufRead, IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use serde_json::{Value, json};

use super::{Common, Exit, Failure, Output, load};
use crate::config::Settings;
use crate::intake;
use crate::kafka::desk::{Awaited, Became, Watch};
use crate::kafka::feed::{self, Numbered, Target};
use crate::kafka::mirror::Mirror;
use crate::ledger::{self, Outcome};
use crate::model::code::{Code, MsgType, Role, Standing};
use crate::model::entry::{Body, LogEntry};
use crate::model::event::InfractionEvent;
use crate::model::packed::PackedCase;
use crate::model::place::Jurisdiction;
use crate::model::problem::Problem;
use crate::model::record::{RawRecord, SourcePosition};
use crate::model::rejection::Rejection;
use crate::model::state::{Case, CaseEvent};
use crate::platform::{Platform, desk};
use crate::telemetry::{LogFormat, clock, start_at};

mod record;
pub(super) mod withdraw;
pub(super) mod close;
pub(super) mod correct;
mod range;
pub(super) mod recall;

/// What the commands about one event take.
#[derive(Debug, clap::Args)]
pub(super) struct About {
    /// The event, in full, as its alerts name it: ca-on-food/FI-0417.
    event: String,
    /// The jurisdiction that speaks; that of the event where it is not given.
    #[arg(long = "as", value_name = "CODE")]
    speaker: Option<String>,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
    /// How long the ledger may take, such as 30s or 2m.
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = super::time::parse)]
    timeout: Duration,
}

/// A desk that is about to speak.
pub(super) struct Speaker {
    pub(super) settings: Settings,
    pub(super) mirror: Mirror,
    watch: Watch,
}

/// One event as the ledger knows it.
pub(super) struct Known {
    pub(super) case: Case,
    index: usize,
}

impl Known {
    pub(super) fn event(&self) -> Option<&CaseEvent> {
        self.case.events.get(self.index)
    }

    pub(super) fn standing(&self) -> Standing {
        self.event().map_or(Standing::Withdrawn, |event| event.standing)
    }
}

/// What the ledger's rules say of a statement before it is sent.
pub(super) struct Preview {
    pub(super) outcome: Outcome,
    pub(super) rejection: Option<Rejection>,
    pub(super) alerts: Vec<AlertToCome>,
}

/// One alert to one recipient, as it would be.
pub(super) struct AlertToCome {
    pub(super) event_id: String,
    pub(super) msg_type: MsgType,
    pub(super) to: Jurisdiction,
    pub(super) role: Role,
}

impl Preview {
    pub(super) fn awaited(&self) -> BTreeSet<Awaited> {
        self.alerts.iter().map(|alert| (alert.event_id.clone(), alert.msg_type, alert.to)).collect()
    }

    pub(super) fn recipients(&self) -> BTreeSet<Jurisdiction> {
        self.alerts.iter().map(|alert| alert.to).collect()
    }
}

impl Speaker {
    /// Reads the state; nothing is written.
    pub(super) fn new(common: &Common) -> Result<Self, Failure> {
        start_at(if common.format == super::Format::Json { LogFormat::Json } else { LogFormat::Text }, "warn");
        let settings = load::settings(common)?;
        if !settings.desk.enabled {
            let help = "set desk.enabled = true, raise federation.rules_version, and run comity topics apply";
            let problem = Problem::new("CMT-9640", "desk.enabled", "the members' desks are not enabled", help);
            return Err(Failure::configuration(vec![problem]));
        }
        let members: Vec<Jurisdiction> = settings.federation.members.iter().map(|member| member.jurisdiction).collect();
        let mut watch = Watch::start(&settings.kafka, &members).map_err(load::stopped)?;
        let mirror = Mirror::read(&settings.kafka).map_err(load::stopped)?;
        watch.begin(&mirror);
        Ok(Self { settings, mirror, watch })
    }

    /// The event of that name, of the jurisdiction that speaks.
    pub(super) fn known(&self, about: &About) -> Result<Known, Failure> {
        let speaker = about.speaker.as_deref().map(jurisdiction).transpose()?;
        let mut found = self.find(&about.event);
        if found.is_empty()
            && let Some((event, version)) = about.event.rsplit_once('#')
            && version.bytes().all(|byte| byte.is_ascii_digit())
        {
            // The name of an alert is that of its event with the alert's version behind it.
            found = self.find(event);
        }
        let event = about.event.as_str();
        let Some(first) = found.first() else {
            let help = "write it in full, as its alerts name it: <platform>/<number>; events that the ledger has \
                forgotten are gone, and one that was never decided is not there yet";
            return Err(refused("CMT-9641", event, "there is no such event".to_owned(), help));
        };
        let origin = first.case.origin;
        let several = found.len() > 1;
        match speaker {
            Some(speaker) => found.into_iter().find(|known| known.case.origin == speaker).ok_or_else(|| {
                let why = format!("it is an event of {origin}, and {speaker} cannot speak of it");
                refused("CMT-9642", event, why, "only the jurisdiction that said it can unsay it")
            }),
            None if several => {
                let why = "several jurisdictions have an event of this name".to_owned();
                Err(refused("CMT-9642", event, why, "say which one speaks with --as CODE"))
            }
            None => {
                found.into_iter().next().ok_or_else(|| refused("CMT-9641", event, "is gone".to_owned(), "try again"))
            }
        }
    }

    fn find(&self, event_id: &str) -> Vec<Known> {
        let place = |case: &Case| case.events.iter().position(|event| event.event_id == event_id);
        let cases = self.mirror.state().cases().map(PackedCase::unpack);
        let mut found: Vec<Known> = cases.filter_map(|case| Some(Known { index: place(&case)?, case })).collect();
        found.sort_by_key(|known| known.case.origin);
        found
    }

    /// The desk of a jurisdiction.
    pub(super) fn desk(&self, of: Jurisdiction) -> Result<Platform, Failure> {
        let name = desk::name(of);
        let found = load::desks(&self.settings)?.into_iter().find(|desk| desk.definition.name == name);
        found.ok_or_else(|| {
            let why = format!("{of} has no desk here");
            let help = "it is no member of federation.jurisdictions, or RETIRED";
            Failure::configuration(vec![Problem::new("CMT-9640", name, why, help)])
        })
    }

    /// What intake and the ledger would make of a record now.
    pub(super) fn preview(&self, desk: &Platform, record: &[u8]) -> Preview {
        let state = self.mirror.state();
        let topic = desk.definition.topic.as_str();
        let offset = state.source(topic, 0).map_or(0, |source| source.position);
        let at = SourcePosition { topic: Arc::from(topic), partition: 0, from: offset, offset };
        let raw = RawRecord {
            at: &at,
            value: Some(record),
            source_version: Some(source_version(desk)),
            test: false,
            published_at: clock::wall_ms(),
        };
        let body = intake::handle(desk, &raw, None);
        let (offset, appended_at) = (state.marks.log_position, state.marks.log_time);
        let entry = LogEntry { offset, appended_at, body };
        let effects = ledger::handle(state, &entry);
        let members = state.rules().map(|rules| rules.members.as_slice()).unwrap_or_default();
        // What falls due at the same time is not the statement's doing.
        let ours = |about: &crate::model::decision::About| match &entry.body {
            Body::Event(event) => about.origin == event.origin && about.case_id == event.case_id,
            Body::Rejection(_)
            | Body::Acknowledgement(_)
            | Body::Link(_)
            | Body::Rules(_)
            | Body::Missing(_)
            | Body::Tick => false,
        };
        let decisions = effects.decisions.iter().filter(|decision| ours(&decision.about));
        let alerts = decisions.flat_map(|decision| {
            let to = |member: u8| members.get(usize::from(member)).map(|member| member.jurisdiction);
            decision.recipients.iter().filter_map(move |recipient| {
                let event_id = decision.about.event_id.clone();
                Some(AlertToCome {
                    event_id,
                    msg_type: decision.msg_type,
                    to: to(recipient.member)?,
                    role: recipient.role,
                })
            })
        });
        let alerts = alerts.collect();
        Preview { outcome: effects.outcome, rejection: effects.rejection.map(|(rejection, _)| rejection), alerts }
    }

    /// Shows whom a statement reaches, asks, sends it, and says what became of it.
    pub(super) fn say(&mut self, statement: Statement<'_>, about: &About, output: &Output) -> Result<(), Failure> {
        let Statement { known, desk, record, preview, command, done } = statement;
        let Some(event) = known.event() else { return Ok(()) };
        show(&preview, known, output)?;
        if !agreed(about.yes, command)? {
            return Ok(());
        }
        let awaited = preview.awaited();
        let sent = self.send(desk, vec![record], &awaited, about.timeout)?;
        became(done, &event.event_id, &sent, awaited.len(), output)
    }

    /// Sends records through a desk and waits until the ledger has decided on them.
    pub(super) fn send(
        &mut self,
        desk: &Platform,
        records: Vec<Vec<u8>>,
        awaited: &BTreeSet<Awaited>,
        timeout: Duration,
    ) -> Result<Sent, Failure> {
        let topic = desk.definition.topic.as_str();
        let target = Target { topic, source_version: source_version(desk), test: false };
        let count = i64::try_from(records.len()).unwrap_or(i64::MAX);
        let begun = clock::instant();
        let records = (1..).zip(records).map(|(number, value)| Numbered { number, value: Some(value) });
        let fed = feed::feed(&self.settings.kafka, target, records, |_| {}, &AtomicBool::new(false))
            .map_err(load::stopped)?;
        if let Some(stop) = fed.unfinished.and_then(|unfinished| unfinished.failure) {
            return Err(load::stopped(stop));
        }
        let Some(last) = fed.last_offset.filter(|_| fed.too_large == 0) else {
            let help = "a platform's topic takes records up to 256 KiB";
            return Err(refused("CMT-9644", topic, "a record is too large".to_owned(), help));
        };
        let first = last.saturating_sub(count.saturating_sub(1));
        let deadline = begun + timeout;
        let became = self
            .watch
            .wait(&mut self.mirror, (topic, first, last), awaited, deadline, |_| {})
            .map_err(load::stopped)?;
        if !became.decided {
            return Err(undecided(topic, last, timeout));
        }
        Ok(Sent { topic: topic.to_owned(), offset: last, after: begun.elapsed(), became })
    }
}

/// A statement about one event that the ledger would take.
pub(super) struct Statement<'a> {
    pub(super) known: &'a Known,
    pub(super) desk: &'a Platform,
    pub(super) record: Vec<u8>,
    pub(super) preview: Preview,
    /// The command that makes it, as it is called.
    pub(super) command: &'static str,
    /// What is done with the event, as it is told.
    pub(super) done: &'static str,
}

/// What was sent and what became of it.
pub(super) struct Sent {
    pub(super) topic: String,
    pub(super) offset: i64,
    pub(super) after: Duration,
    pub(super) became: Became,
}

fn source_version(desk: &Platform) -> &str {
    desk.definition.sources.last().map_or("", |source| source.version.as_str())
}

/// A jurisdiction on the command line.
fn jurisdiction(code: &str) -> Result<Jurisdiction, Failure> {
    Jurisdiction::parse(code).ok_or_else(|| {
        let problem = Problem::new("CMT-9642", code, "is no ISO 3166 code", "write DE or CA-ON, in capitals");
        Failure::one(Exit::Usage, problem)
    })
}

/// What was asked cannot be done to this event.
pub(super) fn refused(code: &'static str, about: &str, why: String, help: &str) -> Failure {
    Failure::one(Exit::Data, Problem::new(code, about, why, help))
}

fn undecided(topic: &str, offset: i64, timeout: Duration) -> Failure {
    let why = format!("no ledger has decided on it within {} s", timeout.as_secs_f64());
    let help = format!(
        "it stands in {topic} at offset {offset} and takes effect as soon as `comity run` reads it: start one, or see \
         its /readyz. Sending it again changes nothing"
    );
    Failure::one(Exit::Unavailable, Problem::new("CMT-9645", topic, why, help))
}

/// Stops where the ledger would refuse.
pub(super) fn refuse(event: &str, preview: &Preview) -> Result<(), Failure> {
    let Some(rejection) = &preview.rejection else { return Ok(()) };
    let field = rejection.field.as_deref().map(|field| format!(" ({field})")).unwrap_or_default();
    let why = format!("it would be refused: {} {}{field}", rejection.reason.code(), rejection.reason.name());
    Err(refused("CMT-9644", event, why, "nothing was sent; mend what the field says, and try again"))
}

/// Shows who would be told what, before anything is sent.
fn show(preview: &Preview, known: &Known, output: &Output) -> Result<(), Failure> {
    let Some(event) = known.event() else { return Ok(()) };
    let count = preview.recipients().len();
    let mut text = format!(
        "{} in case {} of {}, {}\n{}",
        event.event_id,
        known.case.case_id,
        known.case.origin,
        event.standing.name(),
        match count {
            0 => "nobody was told of it, and nobody will be".to_owned(),
            1 => "1 recipient will be told:".to_owned(),
            count => format!("{count} recipients will be told:"),
        },
    );
    for alert in &preview.alerts {
        let of = if alert.event_id == event.event_id { "" } else { alert.event_id.as_str() };
        text.push_str(&format!("\n  {:<7} {:<7} {:<10} {of}", alert.to, alert.msg_type.name(), alert.role.name()));
        text.truncate(text.trim_end().len());
    }
    let alerts: Vec<Value> = preview
        .alerts
        .iter()
        .map(|alert| {
            json!({"event_id": alert.event_id, "msg_type": alert.msg_type.name(), "to": alert.to.as_str(),
                "role": alert.role.name()})
        })
        .collect();
    output.line(
        &text,
        &json!({
            "type": "preview", "event_id": event.event_id, "case_id": known.case.case_id,
            "origin": known.case.origin.as_str(), "standing": event.standing.name(), "recipients": count,
            "alerts": alerts,
        }),
    )
}

/// Asks on a terminal; without one the answer must be given on the command line.
pub(super) fn agreed(yes: bool, command: &str) -> Result<bool, Failure> {
    if yes {
        return Ok(true);
    }
    if !std::io::stdin().is_terminal() {
        let problem = Problem::new("CMT-9646", command, "nobody is there to ask", "add --yes");
        return Err(Failure::one(Exit::Usage, problem));
    }
    let mut err = std::io::stderr().lock();
    // The question is for a person; where it cannot be shown, no answer comes and nothing is done.
    let _shown = write!(err, "Send it? [y/N] ").and_then(|()| err.flush());
    let mut answer = String::new();
    let _read = std::io::stdin().lock().read_line(&mut answer);
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

/// Says what became of one statement; a rejection is a failure.
fn became(done: &str, event: &str, sent: &Sent, awaited: usize, output: &Output) -> Result<(), Failure> {
    if let Some(rejection) = sent.became.rejections.first() {
        let field = rejection.field.as_deref().map(|field| format!(" ({field})")).unwrap_or_default();
        let why = format!("the ledger refused it: {} {}{field}", rejection.code, rejection.reason);
        return Err(refused("CMT-9648", event, why, "nobody was told; see what changed since, and try again"));
    }
    let told: BTreeSet<Jurisdiction> = sent.became.alerts.keys().map(|(_, _, to)| *to).collect();
    let after_ms = u64::try_from(sent.after.as_millis()).unwrap_or(u64::MAX);
    let missing = awaited.saturating_sub(sent.became.alerts.len());
    let others = if missing == 0 {
        String::new()
    } else {
        format!("; {missing} alerts that were foreseen were not needed any more, or were not seen")
    };
    let alerts: Vec<Value> = sent
        .became
        .alerts
        .iter()
        .map(|((event_id, msg_type, to), sequence)| {
            json!({"event_id": event_id, "msg_type": msg_type.name(), "to": to.as_str(), "sequence": sequence})
        })
        .collect();
    output.line(
        &format!("{event} {done}: {} recipients told, after {after_ms} ms{others}", told.len()),
        &json!({
            "type": "done", "done": done, "event_id": event, "recipients": told.len(), "after_ms": after_ms,
            "missing": missing, "alerts": alerts, "topic": sent.topic, "offset": sent.offset,
        }),
    )
}

/// The place of a record among the revisions that the state keeps of its event; `None` where it had no effect, or was
/// pushed out by later ones.
fn place_among(known: &CaseEvent, event: &InfractionEvent) -> Option<usize> {
    let revision = ledger::revision_of(event);
    known.revisions.iter().rposition(|seen| *seen == revision)
}

/// `decided` where no date is given: this instant, so that two statements of one day are two.
fn now() -> String {
    let instant = jiff::Timestamp::from_millisecond(clock::wall_ms()).unwrap_or_default();
    format!("{instant:.3}")
}
