//! Whether a recipient's copy is whole: nothing missing, nothing twice, and nothing known to be published that is not
//! there. It reads no clock and no topic: alerts and the latest `Status` are given to it.

use std::collections::HashMap;

use serde_json::{Value, json};
use xxhash_rust::xxh3::xxh3_128;

use crate::model::place::{Millis, Reader};
use crate::schema::view::{AlertView, StatusView};

/// Findings that are kept; more are counted.
const FINDINGS_MAX: usize = 1_000;

/// One thing that is not as it must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Finding {
    /// These sequences, the first and the last of a range, stand nowhere before the offset at which a later one does.
    Missing { first: i64, last: i64, offset: i64 },
    /// A sequence that came before, or that comes after a later one.
    OutOfOrder { sequence: i64, offset: i64 },
    /// One alert under two sequences.
    AlertTwice { alert_id: String, first: i64, again: i64 },
    /// An alert for somebody else.
    Stranger { recipient: Reader, offset: i64 },
    /// The `Status` knows of these last alerts; the topic does not have them.
    LastMissing { first: i64, last: i64 },
    /// No ledger has ever said what the recipient must have.
    NoStatus,
    /// The latest `Status` is this old, so the ledger or its broker is dead, or the clocks differ.
    OldStatus { age_ms: i64 },
}

/// What was found so far.
#[derive(Debug)]
pub(super) struct Verify {
    recipient: Reader,
    /// Sequences before this one are not judged.
    from: i64,
    first: Option<i64>,
    next: Option<i64>,
    alerts: u64,
    /// Sequence by the digest of the `alert_id`: some 40 bytes an alert.
    known: HashMap<u128, i64>,
    findings: Vec<Finding>,
    findings_more: u64,
}

impl Verify {
    pub(super) fn new(recipient: Reader, from: i64) -> Self {
        Self {
            recipient,
            from,
            first: None,
            next: None,
            alerts: 0,
            known: HashMap::new(),
            findings: Vec::new(),
            findings_more: 0,
        }
    }

    /// The last sequence seen; 0 before the first.
    pub(super) fn last(&self) -> i64 {
        self.next.map_or(0, |next| next - 1)
    }

    /// Takes the next alert of the topic.
    pub(super) fn take(&mut self, offset: i64, alert: &AlertView) {
        if alert.recipient != self.recipient {
            self.find(Finding::Stranger { recipient: alert.recipient, offset });
            return;
        }
        let sequence = alert.sequence;
        if sequence < self.from {
            self.next = self.next.max(Some(sequence + 1));
            return;
        }
        self.alerts += 1;
        self.first.get_or_insert(sequence);
        match self.next {
            Some(next) if sequence < next => {
                self.find(Finding::OutOfOrder { sequence, offset });
                return;
            }
            Some(next) if sequence > next.max(self.from) => {
                self.find(Finding::Missing { first: next.max(self.from), last: sequence - 1, offset });
            }
            // The first retained record may have any sequence: those before it have left by retention.
            Some(_) | None => {}
        }
        self.next = Some(sequence + 1);
        if let Some(first) = self.known.insert(xxh3_128(alert.alert_id.as_bytes()), sequence) {
            let alert_id = alert.alert_id.clone();
            self.find(Finding::AlertTwice { alert_id, first, again: sequence });
        }
    }

    /// Holds what was seen against the latest `Status`. `ends` are the topic's first retained offset and its end: a
    /// topic that retains nothing has lost nothing that retention did not take.
    pub(super) fn close(
        mut self,
        status: Option<StatusView>,
        ends: (i64, i64),
        now: Millis,
        status_age_ms: i64,
    ) -> Verdict {
        let emptied_by_retention = self.next.is_none() && ends.0 > 0 && ends.0 == ends.1;
        match status {
            None => self.find(Finding::NoStatus),
            Some(status) => {
                let last = status.last_alert_sequence;
                if last > self.last() && last >= self.from && !emptied_by_retention {
                    let first = (self.last() + 1).max(self.from);
                    self.find(Finding::LastMissing { first, last });
                }
                let age_ms = now.saturating_sub(status.log_time);
                if age_ms > status_age_ms {
                    self.find(Finding::OldStatus { age_ms });
                }
            }
        }
        Verdict {
            recipient: self.recipient,
            first: self.first,
            last: self.first.map(|_| self.last()),
            alerts: self.alerts,
            status,
            findings: self.findings,
            findings_more: self.findings_more,
        }
    }

    fn find(&mut self, finding: Finding) {
        if self.findings.len() < FINDINGS_MAX {
            self.findings.push(finding);
        } else {
            self.findings_more += 1;
        }
    }
}

/// The end of a verification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) recipient: Reader,
    /// The first and the last sequence judged; `None` where the topic has none.
    pub(super) first: Option<i64>,
    pub(super) last: Option<i64>,
    pub(super) alerts: u64,
    pub(super) status: Option<StatusView>,
    pub(super) findings: Vec<Finding>,
    pub(super) findings_more: u64,
}

impl Verdict {
    /// True where nothing was found.
    pub(super) fn whole(&self) -> bool {
        self.findings.is_empty()
    }

    /// In words, a line for each finding and one for the whole.
    pub(super) fn text(&self) -> String {
        let mut lines: Vec<String> = self.findings.iter().map(said).collect();
        if self.findings_more > 0 {
            lines.push(format!("and {} more", self.findings_more));
        }
        let span = match (self.first, self.last) {
            (Some(first), Some(last)) => format!("sequence {first} to {last}, {} alerts", self.alerts),
            _ => "no alert".to_owned(),
        };
        let status = self.status.map_or_else(String::new, |status| {
            format!("; the latest Status says {} at {}", status.last_alert_sequence, super::instant(status.log_time))
        });
        let verdict = if self.whole() { "whole" } else { "NOT WHOLE" };
        lines.push(format!("comity.alerts.{}: {verdict}: {span}{status}", self.recipient));
        lines.join("\n")
    }

    /// The same for scripts.
    pub(super) fn json(&self) -> Value {
        json!({
            "type": "verdict", "recipient": self.recipient.as_str(), "whole": self.whole(),
            "first_sequence": self.first, "last_sequence": self.last, "alerts": self.alerts,
            "status": self.status.map(|status| json!({
                "last_alert_sequence": status.last_alert_sequence, "log_time": super::instant(status.log_time),
            })),
            "findings": self.findings.iter().map(written).collect::<Vec<_>>(),
            "findings_more": self.findings_more,
        })
    }
}

/// `41` or `41 to 43`.
fn range(first: i64, last: i64) -> String {
    if first == last { format!("sequence {first} is") } else { format!("sequences {first} to {last} are") }
}

fn said(finding: &Finding) -> String {
    match finding {
        Finding::Missing { first, last, offset } => {
            format!("{} missing before offset {offset}", range(*first, *last))
        }
        Finding::OutOfOrder { sequence, offset } => {
            format!("sequence {sequence} at offset {offset} stands after itself or a later one")
        }
        Finding::AlertTwice { alert_id, first, again } => {
            format!("{} came twice: as sequence {first} and as {again}", super::plain(alert_id))
        }
        Finding::Stranger { recipient, offset } => format!("offset {offset} holds an alert for {recipient}"),
        Finding::LastMissing { first, last } => {
            format!("{} missing at the end: the Status knows of it, the topic does not have it", range(*first, *last))
        }
        Finding::NoStatus => "no Status is there: no ledger has said what must have come".to_owned(),
        Finding::OldStatus { age_ms } => {
            format!("the latest Status is {} s old: what came since then is not known", age_ms / 1_000)
        }
    }
}

fn written(finding: &Finding) -> Value {
    match finding {
        Finding::Missing { first, last, offset } => {
            json!({ "kind": "missing", "first": first, "last": last, "before_offset": offset })
        }
        Finding::OutOfOrder { sequence, offset } => {
            json!({ "kind": "out_of_order", "sequence": sequence, "offset": offset })
        }
        Finding::AlertTwice { alert_id, first, again } => {
            json!({ "kind": "alert_twice", "alert_id": alert_id, "first": first, "again": again })
        }
        Finding::Stranger { recipient, offset } => {
            json!({ "kind": "other_recipient", "recipient": recipient.as_str(), "offset": offset })
        }
        Finding::LastMissing { first, last } => json!({ "kind": "last_missing", "first": first, "last": last }),
        Finding::NoStatus => json!({ "kind": "no_status" }),
        Finding::OldStatus { age_ms } => json!({ "kind": "old_status", "age_ms": age_ms }),
    }
}

#[cfg(test)]
mod tests;
