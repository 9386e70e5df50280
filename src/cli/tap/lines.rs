//! One alert as one line for a person.

use super::{instant, plain};
use crate::model::code::{Code, MsgType, Role, RoleReason, Standing};
use crate::schema::view::AlertView;

/// The line: number, time, what to do with the copy, whether to act, which alert, who decided what, and why it came.
pub(super) fn line(alert: &AlertView) -> String {
    let role = match alert.role {
        Role::FollowUp => "act",
        Role::Attention => "know",
    };
    let mut line = format!(
        "{:>8}  {}  {:<6}  {role:<4}  {}  {} {} {}",
        alert.sequence,
        instant(alert.issued_at),
        alert.msg_type.name(),
        plain(&alert.alert_id),
        alert.origin,
        alert.domain.name(),
        alert.severity.name(),
    );
    let about = alert.legal_name.as_deref().or(alert.organisation_id.as_deref());
    let infraction = alert.infraction.as_deref().filter(|title| !title.is_empty());
    let found: Vec<String> = [about, infraction].into_iter().flatten().map(plain).collect();
    if !found.is_empty() {
        line.push_str(&format!("  {}", found.join(": ")));
    }
    let notes = notes(alert);
    if !notes.is_empty() {
        line.push_str(&format!("  [{}]", notes.join("; ")));
    }
    line
}

fn notes(alert: &AlertView) -> Vec<String> {
    let mut notes = Vec::new();
    match (alert.msg_type, alert.withdrawal_reason) {
        (MsgType::Cancel, Some(reason)) => notes.push(format!("taken back: {}", reason.name())),
        (_, _) if alert.standing != Standing::InForce => notes.push(alert.standing.name().to_owned()),
        (_, _) => {}
    }
    let reasons: Vec<&str> = alert
        .role_reasons
        .iter()
        .filter(|reason| !matches!(reason, RoleReason::EveryMember))
        .map(|reason| reason.name())
        .collect();
    if !reasons.is_empty() {
        notes.push(reasons.join(", "));
    }
    if let Some(before) = alert.role_before {
        notes.push(format!("was {}", before.name()));
    }
    if !alert.open_cases.is_empty() {
        notes.push(format!("{} open cases elsewhere", alert.open_cases.len()));
    }
    if let Some(since) = alert.disputed_since {
        notes.push(format!("disputed since {}", instant(since)));
    }
    if let Some(due_at) = alert.ack_due_at {
        notes.push(format!("acknowledge by {}", instant(due_at)));
    }
    if let Some(contact) = &alert.contact {
        let said = format!("ring {}, {} ({})", contact.unit, contact.telephone, contact.hours);
        notes.push(plain(&said));
    }
    if let Some(expires_at) = alert.expires_at {
        notes.push(format!("until {}", instant(expires_at)));
    }
    notes
}
