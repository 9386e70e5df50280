//! How long each stretch took of the way from an authority's knowledge to a recipient's action, by the log's clock.

use crate::ledger::{Acknowledged, Effects};
use crate::model::code::{Bound, Code, Domain, Mode, MsgType, Precision, Scope};
use crate::model::decision::Decision;
use crate::model::entry::AcknowledgementLevel;
use crate::model::place::{DAY_MS, Jurisdiction, Millis};

/// One stretch of that way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stretch {
    /// From `aware_at` to the day of the decision.
    Decided,
    /// From the day of the decision to `reported_at`.
    Reported,
    /// From `reported_at` to the alert's issue.
    Alerted,
    /// From the alert's issue to the first word of a recipient.
    Acknowledged,
    /// From the alert's issue to ACTION_TAKEN.
    Acted,
}

impl Code for Stretch {
    const ALL: &'static [(Self, &'static str)] = &[
        (Self::Decided, "decided"),
        (Self::Reported, "reported"),
        (Self::Alerted, "alerted"),
        (Self::Acknowledged, "acknowledged"),
        (Self::Acted, "acted"),
    ];
}

/// How long one stretch took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    pub stretch: Stretch,
    /// The origin; of what a recipient does, the recipient.
    pub of: Jurisdiction,
    pub domain: Domain,
    pub took_ms: i64,
    /// Whether it was within the limit; `None` where there is none.
    pub in_time: Option<bool>,
}

/// What an entry tells of the time that things took.
pub(super) fn timings(effects: &Effects<'_>, out: &mut Vec<Timing>) {
    for decision in &effects.decisions {
        of_decision(decision, out);
    }
    if let Some(acknowledged) = &effects.acknowledged {
        of_acknowledgement(acknowledged, out);
    }
}

/// A correction is no new way, a backfill came its way long ago, and of a RESTRICTED case nobody learns by a metric.
fn of_decision(decision: &Decision<'_>, out: &mut Vec<Timing>) {
    let Some(event) = decision.event.filter(|_| decision.msg_type == MsgType::Alert) else { return };
    if event.mode != Mode::Actual || event.scope == Scope::Restricted {
        return;
    }
    let mut push = |stretch, took_ms: Millis| {
        let took_ms = took_ms.max(0);
        out.push(Timing { stretch, of: event.origin, domain: event.domain, took_ms, in_time: None });
    };
    let decided = &event.decided;
    if decided.precision == Precision::Day && decided.bound == Bound::Exact {
        let day = i64::from(decided.date) * DAY_MS;
        if let Some(aware_at) = event.aware_at {
            push(Stretch::Decided, day - aware_at);
        }
        push(Stretch::Reported, event.reported_at - day);
    }
    push(Stretch::Alerted, decision.issued_at - event.reported_at);
}

fn of_acknowledgement(said: &Acknowledged, out: &mut Vec<Timing>) {
    let Acknowledged { recipient: of, domain, level, first, after_ms: took_ms, in_time } = *said;
    let mut push = |stretch| out.push(Timing { stretch, of, domain, took_ms, in_time });
    if first {
        push(Stretch::Acknowledged);
    }
    if level == AcknowledgementLevel::ActionTaken {
        push(Stretch::Acted);
    }
}
