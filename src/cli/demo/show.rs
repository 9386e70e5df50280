//! What the demo prints of the topics: one line for each alert with all its recipients, one for each rejection.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::cli::{Failure, Output};
use crate::model::code::{Code, MsgType, Role, RoleReason, Standing};
use crate::schema::view::{AlertView, RejectionView};
use crate::telemetry::clock;

/// How long the copies of one alert are waited for; they are committed together.
const TOGETHER: Duration = Duration::from_millis(150);
/// Records sent of which the alert is still to be seen.
const SENT_MAX: usize = 10_000;

/// Gathers each alert's copies, and remembers when its record was sent.
#[derive(Default)]
pub(super) struct Show {
    sent: BTreeMap<String, Instant>,
    open: VecDeque<Copies>,
}

/// The copies of one alert that were seen so far.
struct Copies {
    first: Instant,
    last: Instant,
    alerts: Vec<AlertView>,
}

impl Show {
    /// A record of this event is about to be sent.
    pub(super) fn sent(&mut self, event_id: &str) {
        if self.sent.len() >= SENT_MAX {
            self.sent.clear();
        }
        self.sent.insert(event_id.to_owned(), clock::instant());
    }

    /// A recipient has its copy.
    pub(super) fn alert(&mut self, alert: AlertView) {
        let now = clock::instant();
        match self.open.iter_mut().find(|copies| copies.alerts.iter().any(|known| known.alert_id == alert.alert_id)) {
            Some(copies) => {
                copies.last = now;
                copies.alerts.push(alert);
            }
            None => self.open.push_back(Copies { first: now, last: now, alerts: vec![alert] }),
        }
    }

    /// Prints the alerts whose copies are together; every one with `all`.
    pub(super) fn print(&mut self, output: &Output, all: bool) -> Result<(), Failure> {
        while self.open.front().is_some_and(|copies| all || copies.first.elapsed() >= TOGETHER) {
            let Some(copies) = self.open.pop_front() else { break };
            let Some(alert) = copies.alerts.first() else { continue };
            let after = self.sent.remove(&alert.event_id).map(|sent| copies.last.saturating_duration_since(sent));
            print(output, &copies.alerts, alert, after)?;
        }
        Ok(())
    }
}

fn print(output: &Output, copies: &[AlertView], alert: &AlertView, after: Option<Duration>) -> Result<(), Failure> {
    let of = |role| -> Vec<&AlertView> {
        let mut of: Vec<&AlertView> = copies.iter().filter(|copy| copy.role == role).collect();
        of.sort_by_key(|copy| copy.recipient.as_str());
        of
    };
    let (act, know) = (of(Role::FollowUp), of(Role::Attention));
    let name = copies.iter().find_map(|copy| copy.legal_name.clone());
    let infraction = alert.infraction.clone().filter(|title| !title.is_empty());
    let reason = alert.withdrawal_reason.map(|reason| format!("taken back, {}", reason.name()));
    let about: Vec<String> = [name, infraction, reason].into_iter().flatten().collect();
    let mut text = format!("  {:<8} {}  {}", headline(alert), alert.event_id, about.join(": "));
    text.truncate(text.trim_end().len());
    text.push_str(&format!("\n           to act: {}; to know: {}", with_reasons(&act), codes(&know)));
    if !alert.open_cases.is_empty() {
        let cases: Vec<String> = alert
            .open_cases
            .iter()
            .map(|(origin, domain)| format!("{} {}", short(origin.as_str()), domain.name()))
            .collect();
        text.push_str(&format!("\n           open cases elsewhere: {}", cases.join(", ")));
    }
    if let Some(after) = after {
        text.push_str(&format!(
            "\n           {} committed after {} ms",
            if copies.len() == 1 { "1 copy".to_owned() } else { format!("{} copies", copies.len()) },
            after.as_millis(),
        ));
    }
    output.line(
        &text,
        &json!({
            "type": "alert", "alert_id": alert.alert_id, "msg_type": alert.msg_type.name(),
            "standing": alert.standing.name(), "event_id": alert.event_id, "origin": alert.origin.as_str(),
            "domain": alert.domain.name(), "severity": alert.severity.name(),
            "follow_up": act.iter().map(|copy| copy.recipient.as_str()).collect::<Vec<_>>(),
            "attention": know.iter().map(|copy| copy.recipient.as_str()).collect::<Vec<_>>(),
            "after_ms": after.and_then(|after| u64::try_from(after.as_millis()).ok()),
        }),
    )
}

/// Prints a rejection.
pub(super) fn rejected(output: &Output, rejection: &RejectionView) -> Result<(), Failure> {
    let detail = rejection.detail.as_deref().or(rejection.field.as_deref()).unwrap_or_default();
    output.line(
        &format!("  REJECTED {}  {} {} {detail}", rejection.platform, rejection.code, rejection.reason),
        &json!({
            "type": "rejection", "platform": rejection.platform, "code": rejection.code, "reason": rejection.reason,
            "detail": rejection.detail, "field": rejection.field,
        }),
    )
}

/// What a recipient reads first: what to do with its copy, and where time ended it, that.
fn headline(alert: &AlertView) -> &'static str {
    match (alert.msg_type, alert.standing) {
        (MsgType::Update, Standing::Expired) => "EXPIRED",
        (MsgType::Update, Standing::Closed) => "CLOSED",
        (msg_type, _) => msg_type.name(),
    }
}

/// `CA-QC` as `QC`: every member of this federation is in Canada.
fn short(code: &str) -> &str {
    code.strip_prefix("CA-").unwrap_or(code)
}

fn codes(copies: &[&AlertView]) -> String {
    let codes: Vec<&str> = copies.iter().map(|copy| short(copy.recipient.as_str())).collect();
    if codes.is_empty() { "nobody".to_owned() } else { codes.join(" ") }
}

fn with_reasons(copies: &[&AlertView]) -> String {
    let each: Vec<String> = copies
        .iter()
        .map(|copy| {
            let mut reasons: Vec<&str> = copy.role_reasons.iter().filter_map(|reason| because(*reason)).collect();
            if copy.role_before == Some(Role::Attention) {
                reasons.push("only knew before");
            }
            let code = short(copy.recipient.as_str());
            if reasons.is_empty() { code.to_owned() } else { format!("{code} ({})", reasons.join(", ")) }
        })
        .collect();
    if each.is_empty() { "nobody".to_owned() } else { each.join(" ") }
}

fn because(reason: RoleReason) -> Option<&'static str> {
    match reason {
        RoleReason::NamedForFollowUp => Some("named"),
        RoleReason::RegisteredThere => Some("registered there"),
        RoleReason::EstablishmentThere => Some("established there"),
        RoleReason::OpenCaseThere => Some("has an open case"),
        RoleReason::SharingGroup => Some("in its group"),
        RoleReason::NamedForAttention | RoleReason::EveryMember | RoleReason::ToldBefore => None,
    }
}
