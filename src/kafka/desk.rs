//! What becomes of records that a desk sends: it waits until the ledger has decided on them and everybody's alert is
//! committed.
//!
//! A record is decided once `comity.state` holds a position of its topic behind it; the alerts and rejections of the
//! same transaction are then readable in their own topics, each as soon as its end is marked there.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use super::follow::{Followed, Follower};
use super::mirror::Mirror;
use super::{Stop, names};
use crate::config::Kafka;
use crate::model::code::MsgType;
use crate::model::decision::Output;
use crate::model::place::Jurisdiction;
use crate::schema::view::{self, AlertView, RejectionView};
use crate::telemetry::clock;

/// How long one look for the next record takes.
const LOOK: Duration = Duration::from_millis(2);
/// How long after the state the ends of a transaction's other topics may be marked.
const MARKED_AFTER_MAX: Duration = Duration::from_secs(5);
/// Records of the outputs that are taken before the state is looked at again.
const RECORDS_A_ROUND: usize = 1_000;

/// An alert that is waited for: its event, what the recipient must do, and who it is.
pub type Awaited = (String, MsgType, Jurisdiction);

/// The ends of the outputs, from before anything was sent.
pub struct Watch {
    outputs: Follower,
    /// Those of the rules in force, in their order: outputs are known by a member's place.
    members: Vec<Jurisdiction>,
    /// The last `sequence` seen of each output.
    seen: BTreeMap<Output, i64>,
}

/// What became of the records.
#[derive(Debug, Default)]
pub struct Became {
    /// True once the ledger has decided on the last of them.
    pub decided: bool,
    /// Alerts that were waited for, each with its `sequence` at its recipient.
    pub alerts: BTreeMap<Awaited, i64>,
    /// Their rejections.
    pub rejections: Vec<RejectionView>,
}

impl Watch {
    /// Takes the place at the end of every output; call it before the state is read and anything is sent.
    ///
    /// # Errors
    /// A topic is missing, or Kafka does not answer.
    pub fn start(kafka: &Kafka, members: &[Jurisdiction]) -> Result<Self, Stop> {
        let mut outputs = Follower::connect(kafka, None, &[])?;
        let mut ends = BTreeMap::new();
        for topic in members.iter().map(|member| names::alerts(*member)).chain([names::REJECTS.to_owned()]) {
            let (_, end) = outputs.ends(&topic)?;
            ends.insert(topic, end);
        }
        outputs.start_all(&ends)?;
        Ok(Self { outputs, members: members.to_vec(), seen: BTreeMap::new() })
    }

    /// Leaves out what was decided before the state that was read: the records to come are decided after it.
    pub fn begin(&mut self, mirror: &Mirror) {
        let state = mirror.state();
        if let Some(rules) = state.rules() {
            self.members = rules.jurisdictions();
        }
        let sequences = &state.marks.sequences;
        self.seen = sequences.iter().map(|(output, next)| (output, next - 1)).collect();
    }

    /// Waits until the records of a topic up to an offset are decided and every awaited alert is there, or until the
    /// deadline; `first` is where the records begin. `look` is called now and then with what is there.
    ///
    /// # Errors
    /// A topic cannot be read.
    pub fn wait(
        &mut self,
        mirror: &mut Mirror,
        records: (&str, i64, i64),
        awaited: &BTreeSet<Awaited>,
        deadline: Instant,
        mut look: impl FnMut(&Became),
    ) -> Result<Became, Stop> {
        let (topic, first, last) = records;
        let mut became = Became::default();
        let mut decided_at = None;
        loop {
            mirror.follow(LOOK)?;
            became.decided =
                became.decided || mirror.state().source(topic, 0).is_some_and(|source| source.position > last);
            self.read_outputs(&mut became, awaited, |rejection| {
                rejection.topic == topic && (first..=last).contains(&rejection.offset)
            })?;
            look(&became);
            let now = clock::instant();
            if became.decided {
                let since = *decided_at.get_or_insert(now);
                let all = !awaited.is_empty() && became.alerts.len() == awaited.len();
                if all || self.has_all(mirror) || now.duration_since(since) > MARKED_AFTER_MAX {
                    return Ok(became);
                }
            }
            if now > deadline {
                return Ok(became);
            }
        }
    }

    fn read_outputs(
        &mut self,
        became: &mut Became,
        awaited: &BTreeSet<Awaited>,
        ours: impl Fn(&RejectionView) -> bool,
    ) -> Result<(), Stop> {
        for _ in 0..RECORDS_A_ROUND {
            let record = match self.outputs.next(LOOK)? {
                None => return Ok(()),
                Some(Followed::End) => continue,
                Some(Followed::Record(record)) => record,
            };
            let value = record.value.as_deref().unwrap_or_default();
            if record.topic == names::REJECTS {
                let Ok(rejection) = view::rejection(value) else { continue };
                self.see(Output::Rejects, rejection.sequence);
                if ours(&rejection) {
                    became.rejections.push(rejection);
                }
                continue;
            }
            let Ok(AlertView { recipient, sequence, event_id, msg_type, .. }) = view::alert(value) else { continue };
            let Some(recipient) = recipient.jurisdiction() else { continue };
            if let Some(output) = self.output(recipient) {
                self.see(output, sequence);
            }
            let alert = (event_id, msg_type, recipient);
            if awaited.contains(&alert) {
                became.alerts.insert(alert, sequence);
            }
        }
        Ok(())
    }

    fn see(&mut self, output: Output, sequence: i64) {
        let seen = self.seen.entry(output).or_insert(sequence);
        *seen = sequence.max(*seen);
    }

    /// True once every output is read as far as the last `Checkpoint` says that it goes.
    fn has_all(&self, mirror: &Mirror) -> bool {
        let read = |output: Output, next: i64| self.seen.get(&output).is_some_and(|seen| *seen >= next - 1);
        mirror.state().marks.sequences.iter().all(|(output, next)| match output {
            Output::Alerts(_) | Output::Rejects => read(output, next),
            Output::Test(_)
            | Output::Status(_)
            | Output::NationalStatus
            | Output::National
            | Output::Archive
            | Output::Review
            | Output::Overdue
            | Output::Disputes(_) => true,
        })
    }

    fn output(&self, recipient: Jurisdiction) -> Option<Output> {
        let place = self.members.iter().position(|member| *member == recipient)?;
        u8::try_from(place).ok().map(Output::Alerts)
    }
}
