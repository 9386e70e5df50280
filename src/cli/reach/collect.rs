//! Who was told what of one case, gathered from the alerts themselves and held against what the ledger says it told.
//! It reads no topic and no clock.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value;

use crate::kafka::follow::Clock;
use crate::model::code::{Code, MsgType, Role, Standing, WithdrawalReason};
use crate::model::entry::AcknowledgementLevel;
use crate::model::place::{Jurisdiction, Millis};
use crate::schema::view::AlertView;

/// Alerts of one case: 256 events with all their versions to a hundred recipients do not come near it.
const ROWS_MAX: usize = 500_000;

/// One alert of the case to one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) recipient: Jurisdiction,
    pub(super) sequence: i64,
    pub(super) offset: i64,
    /// When its record was published, and by whose clock.
    pub(super) published_at: Option<(Millis, Clock)>,
    pub(super) origin: Jurisdiction,
    pub(super) alert_id: String,
    pub(super) event_id: String,
    pub(super) version: i32,
    pub(super) msg_type: MsgType,
    pub(super) role: Role,
    pub(super) standing: Standing,
    pub(super) withdrawal_reason: Option<WithdrawalReason>,
    /// SHA-256 of the record's value, hexadecimal.
    pub(super) value_sha256: String,
    /// The last alert of the same recipient that this one follows, and the milliseconds since it was published.
    pub(super) follows: Option<(String, Option<i64>)>,
    /// What the recipient said of it, and when its record was published.
    pub(super) acknowledged: Vec<(AcknowledgementLevel, Option<Millis>)>,
}

/// What a record of a recipient's acknowledgements says, as far as it can be read.
#[derive(Debug, Deserialize)]
struct Said {
    alert_id: String,
    level: String,
}

/// What was read of one recipient's topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Topic {
    pub(super) recipient: Jurisdiction,
    pub(super) there: bool,
    pub(super) records: u64,
    /// Of the first and the last retained record; `None` where there is none.
    pub(super) first_sequence: Option<i64>,
    pub(super) last_sequence: Option<i64>,
}

impl Topic {
    /// True where records before the retained ones have left.
    pub(super) fn is_cut(&self) -> bool {
        self.first_sequence.is_some_and(|first| first > 1)
    }
}

/// Gathers the alerts of one case.
#[derive(Debug)]
pub(super) struct Collect<'c> {
    case_id: &'c str,
    origin: Option<Jurisdiction>,
    pub(super) rows: Vec<Row>,
    pub(super) topics: Vec<Topic>,
    /// When each alert of the case came to the recipient whose topic is read, with its sequence.
    came: BTreeMap<String, (i64, Option<Millis>)>,
}

impl<'c> Collect<'c> {
    pub(super) fn new(case_id: &'c str, origin: Option<Jurisdiction>) -> Self {
        Self { case_id, origin, rows: Vec::new(), topics: Vec::new(), came: BTreeMap::new() }
    }

    /// The topic of the next recipient begins.
    pub(super) fn begin(&mut self, recipient: Jurisdiction, there: bool) {
        self.came.clear();
        self.topics.push(Topic { recipient, there, records: 0, first_sequence: None, last_sequence: None });
    }

    /// Takes the next alert of that topic. `false` once there are more than any case has.
    #[must_use]
    pub(super) fn take(
        &mut self,
        alert: AlertView,
        offset: i64,
        published_at: Option<(Millis, Clock)>,
        sha256: impl FnOnce() -> String,
    ) -> bool {
        if let Some(topic) = self.topics.last_mut() {
            topic.records += 1;
            topic.first_sequence.get_or_insert(alert.sequence);
            topic.last_sequence = Some(alert.sequence);
        }
        let Some(recipient) = alert.recipient.jurisdiction() else { return true };
        if alert.case_id != self.case_id || self.origin.is_some_and(|origin| origin != alert.origin) {
            return true;
        }
        if self.rows.len() >= ROWS_MAX {
            return false;
        }
        let before = alert.references.iter().filter_map(|id| Some((id, self.came.get(id)?)));
        let follows = before.max_by_key(|(_, (sequence, _))| *sequence).map(|(id, (_, came))| {
            let delay = published_at.zip(*came).map(|((published_at, _), came)| published_at - came);
            (id.clone(), delay)
        });
        self.came.insert(alert.alert_id.clone(), (alert.sequence, published_at.map(|(at, _)| at)));
        self.rows.push(Row {
            recipient,
            sequence: alert.sequence,
            offset,
            published_at,
            origin: alert.origin,
            alert_id: alert.alert_id,
            event_id: alert.event_id,
            version: alert.version,
            msg_type: alert.msg_type,
            role: alert.role,
            standing: alert.standing,
            withdrawal_reason: alert.withdrawal_reason,
            value_sha256: sha256(),
            follows,
            acknowledged: Vec::new(),
        });
        true
    }

    /// Takes the next record of a recipient's acknowledgements. Only what moves forward counts, as in the ledger.
    pub(super) fn take_acknowledgement(&mut self, recipient: Jurisdiction, value: &[u8], at: Option<Millis>) {
        let Ok(said) = serde_json::from_slice::<Said>(value) else { return };
        let Some(level) = AcknowledgementLevel::parse(&said.level) else { return };
        let meant = |row: &&mut Row| row.recipient == recipient && row.alert_id == said.alert_id;
        if let Some(row) = self.rows.iter_mut().find(meant)
            && row.acknowledged.last().is_none_or(|(before, _)| *before < level)
        {
            row.acknowledged.push((level, at));
        }
    }

    /// The origins that have a case of this id.
    pub(super) fn origins(&self) -> BTreeSet<Jurisdiction> {
        self.rows.iter().map(|row| row.origin).collect()
    }

    /// The topics that retention has cut: who got alerts of the case before cannot be seen there.
    pub(super) fn cut(&self) -> impl Iterator<Item = &Topic> {
        self.topics.iter().filter(|topic| topic.is_cut())
    }

    /// Holds the alerts against the case as the read API gives it: what is amiss, and what retention explains.
    pub(super) fn compare(&self, case: &Value) -> Comparison {
        let mut comparison = Comparison::default();
        let told = case["told"].as_array().map_or(&[][..], Vec::as_slice);
        let mut named = BTreeSet::new();
        for told in told {
            let (code, sequence) = (told["recipient"].as_str().unwrap_or_default(), &told["last_sequence"]);
            let Some(sequence) = sequence.as_i64() else { continue };
            named.insert(code.to_owned());
            let row = self.rows.iter().find(|row| row.recipient.as_str() == code && row.sequence == sequence);
            let topic = self.topics.iter().find(|topic| topic.recipient.as_str() == code);
            match (row, topic) {
                (Some(row), _) if told["role"] == row.role.name() => {}
                (Some(row), _) => comparison.amiss.push(format!(
                    "{code}: sequence {sequence} says {}, the ledger {}",
                    row.role.name(),
                    told["role"].as_str().unwrap_or_default(),
                )),
                (None, Some(topic)) if topic.first_sequence.is_some_and(|first| sequence < first) => {
                    comparison.left.push(format!("{code}: sequence {sequence} has left its topic by retention"));
                }
                (None, Some(topic)) if topic.there && topic.first_sequence.is_none() && topic.records == 0 => {
                    comparison.amiss.push(format!("{code}: its topic is empty; sequence {sequence} was told"));
                }
                (None, _) => comparison.amiss.push(format!("{code}: sequence {sequence} was told and is not there")),
            }
        }
        let unnamed: BTreeSet<&str> = self.rows.iter().map(|row| row.recipient.as_str()).collect();
        for code in unnamed.into_iter().filter(|code| !named.contains(*code)) {
            comparison
                .amiss
                .push(format!("{code}: has alerts of the case, and the ledger does not say that it was told"));
        }
        self.compare_versions(case, &mut comparison);
        comparison.told = named.len();
        comparison
    }

    /// Every version of every event was sent to somebody.
    fn compare_versions(&self, case: &Value, comparison: &mut Comparison) {
        let seen: BTreeSet<(&str, i64)> =
            self.rows.iter().map(|row| (row.event_id.as_str(), i64::from(row.version))).collect();
        for event in case["events"].as_array().map_or(&[][..], Vec::as_slice) {
            let event_id = event["event_id"].as_str().unwrap_or_default();
            for version in 1..=event["versions"].as_i64().unwrap_or_default() {
                comparison.versions += 1;
                if seen.contains(&(event_id, version)) {
                    continue;
                }
                let said = format!("{event_id}#{version}: nobody's topic holds it");
                if self.cut().next().is_some() { comparison.left.push(said) } else { comparison.amiss.push(said) }
            }
        }
    }
}

/// What a comparison with the ledger found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Comparison {
    /// Recipients that the ledger says were told, and versions that it says were sent.
    pub(super) told: usize,
    pub(super) versions: usize,
    pub(super) amiss: Vec<String>,
    /// What is not there and cannot be, since retention has taken it.
    pub(super) left: Vec<String>,
}

#[cfg(test)]
mod tests;
