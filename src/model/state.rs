//! What the ledger remembers: organisations, cases with those told, withdrawals that wait, positions of sources.

use std::sync::Arc;

use super::bond::{Pair, Retelling};
use super::code::{Domain, Handling, Role, Scope, Severity, Standing, WithdrawalReason, WithdrawalScope};
use super::decision::Output;
use super::entry::AcknowledgementLevel;
use super::event::InfractionEvent;
use super::exact::Exact;
use super::identifiers::Identifiers;
use super::packed::{PackedBond, PackedCase};
use super::place::{Days, Jurisdiction, Millis};
use super::rules::{MemberIndex, Rules};
use super::told::ToldList;

/// What stands between an identifier and the number of its further organisation; no identifier has one.
pub const NAMESAKE: char = '~';

/// A registered organisation, under the identifier that was best when it was first seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organisation {
    /// Every identifier known of it, that one first.
    pub identifiers: Identifiers,
    pub registered_in: Option<Jurisdiction>,
    /// Its open cases in every jurisdiction, oldest entry first.
    pub open_cases: Exact<OpenCase>,
    /// The cases that name it, open or not; without any it is forgotten.
    pub cases: i32,
    /// The trigrams of its name at first sight (`index::name::sketch`): what tells a spelling from another name.
    pub name: u128,
    /// The digest of its legal form at first sight; 0 where none was stated.
    pub form: u32,
    /// True once an event that everybody may know named it. Before, alerts about others say nothing of it, though links
    /// make them one.
    pub is_public: bool,
}

impl Organisation {
    /// `<scheme>:<value>` of the identifier that was best when it was first seen; fixed from then on.
    pub fn organisation_id(&self) -> &str {
        self.identifiers.first()
    }
}

/// An open case of an organisation, as the index and alerts list it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenCase {
    pub origin: Jurisdiction,
    pub domain: Domain,
    pub case_id: String,
    pub severity: Severity,
    /// The day of the decision that opened it.
    pub since: Days,
    pub scope: Scope,
}

/// What the events about one matter have in common, and who was told of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    pub origin: Jurisdiction,
    pub case_id: String,
    pub platform: String,
    pub organisation_id: Option<String>,
    /// The 128-bit digest of the subject's normalised name: what a record without identifier is compared with.
    pub name_digest: Option<u128>,
    /// Every recipient that ever got an alert of this case, sorted by member.
    pub told: ToldList,
    pub events: Exact<CaseEvent>,
    /// What recipients said of its alerts, and what they still have to say: sorted by member, then event.
    pub acks: Exact<Ack>,
    /// The `sequence` of its last alert in the national feed; 0 where that had none.
    pub national_sequence: i64,
    /// Log time at which it is forgotten, those told with it: `forget_after` behind the latest term of its events.
    pub keep_until: Millis,
}

impl Case {
    /// The field of regulation of an event; that of the last one where it has none of this name.
    pub fn domain_of(&self, event_id: &str) -> Option<Domain> {
        let named = self.events.iter().find(|event| event.event_id == event_id);
        named.or(self.events.last()).map(|event| event.domain)
    }
}

/// What one recipient got last of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    pub member: MemberIndex,
    pub role: Role,
    /// True where it is FOLLOW_UP only because the index shows the organisation there, so that a link may change it.
    pub by_index: bool,
    pub sequence: i64,
}

/// Where one recipient stands with the alerts about one event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ack {
    pub member: MemberIndex,
    /// The place of the event in its case.
    pub event: u16,
    /// The version of the alert that it acknowledged last, what it said of it, and when by log time; 0 before.
    pub version: i32,
    pub level: Option<AcknowledgementLevel>,
    pub at: Option<Millis>,
    /// Since when it disputes the event.
    pub disputed_since: Option<Millis>,
    pub duty: Option<Duty>,
}

/// A clock that runs for one recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Duty {
    /// The first version of the alert that it did not acknowledge, and when that was issued.
    pub version: i32,
    pub issued_at: Millis,
    /// The role in which it had to be acknowledged.
    pub role: Role,
    /// The step of the clock that falls due next, from 0, and when; `None` after the last.
    pub next: u8,
    pub due_at: Option<Millis>,
    /// The last step that ran out unanswered.
    pub ran_out: Option<RanOut>,
}

/// A step of a clock that ran out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RanOut {
    /// From 1.
    pub step: u8,
    pub level: AcknowledgementLevel,
    pub due_at: Millis,
}

/// One event of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseEvent {
    pub event_id: String,
    /// The origin's highest revision number, where its platform numbers them.
    pub revision: Option<i64>,
    /// The version of the last alert about this event; 0 where none was sent.
    pub version: i32,
    /// When that alert was issued, by log time.
    pub issued_at: Option<Millis>,
    pub standing: Standing,
    /// Its field of regulation, as its origin stated last.
    pub domain: Domain,
    /// Who may know of it, as its origin stated last.
    pub scope: Scope,
    /// How far a recipient may share it, as its origin stated last.
    pub handling: Option<Handling>,
    /// Bit n is set once member n got an alert about this very event: the only ones that a RESTRICTED one goes on to.
    /// The last bit stands for the national feed (`limit::NATIONAL_BIT`).
    pub told: u128,
    /// Who got which of its versions, oldest first; empty while all who were told got all of them.
    pub sent: Exact<Sent>,
    pub severity: Severity,
    /// The day of its decision.
    pub since: Days,
    /// When it stops counting, by log time; `None` once it does no more.
    pub expires_at: Option<Millis>,
    /// The digests of its last revisions, oldest first.
    pub revisions: Exact<Revision>,
}

/// Versions of an alert that the same members got: from this one up to the next of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sent {
    pub from: i32,
    /// Bit n is set where member n got them.
    pub members: u128,
}

/// What two records must share to be the same content: either of the two digests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Revision {
    /// The first 128 bits of the SHA-256 of the native record, big-endian.
    pub raw: u128,
    /// The first 128 bits of the SHA-256 of the canonical record without `reported_at` and `provenance`.
    pub content: u128,
}

/// A withdrawal that came before its original.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    pub origin: Jurisdiction,
    pub platform: String,
    /// The event that it takes back; for `WithdrawalScope::Case` its case.
    pub target: String,
    pub scope: WithdrawalScope,
    pub reason: WithdrawalReason,
    pub decided: Days,
    /// When it is given up, by log time.
    pub keep_until: Millis,
    /// When an original came that it suppressed, by log time.
    pub suppressed_at: Option<Millis>,
}

/// Where a source partition stands: the position after the last record taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SourceState {
    pub position: i64,
    /// Log time since which entries arrive beyond the position; an alarm once that lasts too long.
    pub gap_since: Option<Millis>,
}

/// A member that joins and is being told of the open cases that it may know: work that is due until all are told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Join {
    pub member: Jurisdiction,
    /// Log time since which it is due: that of the rules by which it joined.
    pub since: Millis,
    /// True where it got nothing for a while (RETIRED), so that what it was told of before may be out of date.
    pub again: bool,
    /// The last event that was looked at, in the order of their ends; `None` before the first.
    pub after: Option<EventEnd>,
}

/// An event in the order in which events end.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct EventEnd {
    pub expires_at: Millis,
    pub origin: Jurisdiction,
    pub case_id: String,
    /// Its place in the case; `NONE` for a case of which no event has an end any more, at the time at which it is
    /// forgotten. Such a case comes behind every event that has one.
    pub place: i32,
}

impl EventEnd {
    /// No event.
    pub const NONE: i32 = -1;
}

/// One event, wherever its case is: two cases may each have one of the same name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EventKey {
    pub origin: Jurisdiction,
    pub case_id: String,
    pub event_id: String,
}

impl EventKey {
    /// That of an event as its origin states it.
    pub fn of(event: &InfractionEvent) -> Self {
        Self { origin: event.origin, case_id: event.case_id.clone(), event_id: event.event_id.clone() }
    }

    /// That of an event of a case.
    pub fn within(case: &Case, event: &CaseEvent) -> Self {
        Self { origin: case.origin, case_id: case.case_id.clone(), event_id: event.event_id.clone() }
    }
}

/// The key of one value of the state; its text is the record key in `comity.state`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Key {
    Organisation(String),
    Case(Jurisdiction, String),
    Pending(Jurisdiction, WithdrawalScope, String),
    Source(Arc<str>, i32),
    Rules,
    /// The member that joins.
    Join(Jurisdiction),
    Link(Pair),
    /// The retelling after a change of that pair's bond.
    Retell(Pair),
}

/// One value of the state.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Organisation(Arc<Organisation>),
    Case(PackedCase),
    Pending(Arc<Pending>),
    Source(SourceState),
    Rules(Arc<Rules>),
    Join(Arc<Join>),
    Link(PackedBond),
    Retell(Arc<Retelling>),
}

/// What a value is, where it is of that kind.
impl Value {
    /// An organisation.
    pub fn organisation(&self) -> Option<&Arc<Organisation>> {
        let Self::Organisation(value) = self else { return None };
        Some(value)
    }

    /// A case.
    pub fn case(&self) -> Option<&PackedCase> {
        let Self::Case(value) = self else { return None };
        Some(value)
    }

    /// A withdrawal that waits.
    pub fn pending(&self) -> Option<&Arc<Pending>> {
        let Self::Pending(value) = self else { return None };
        Some(value)
    }

    /// Where a source stands.
    pub fn source(&self) -> Option<&SourceState> {
        let Self::Source(value) = self else { return None };
        Some(value)
    }

    /// Rules.
    pub fn rules(&self) -> Option<&Arc<Rules>> {
        let Self::Rules(value) = self else { return None };
        Some(value)
    }

    /// A member that joins.
    pub fn join(&self) -> Option<&Arc<Join>> {
        let Self::Join(value) = self else { return None };
        Some(value)
    }

    /// What is said of a pair.
    pub fn bond(&self) -> Option<&PackedBond> {
        let Self::Link(value) = self else { return None };
        Some(value)
    }

    /// A change of a link that is to be told.
    pub fn retelling(&self) -> Option<&Arc<Retelling>> {
        let Self::Retell(value) = self else { return None };
        Some(value)
    }
}

/// What the ledger remembers besides its keyed values; every `Checkpoint` carries it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Marks {
    /// The offset of the next entry of `comity.log`.
    pub log_position: i64,
    /// The largest `LogAppendTime` read.
    pub log_time: Millis,
    /// The minute of log time for which `Status` was last written.
    pub status_minute: i64,
    /// Log time until which nothing is forgotten, after a step of the clock.
    pub forget_not_before: Millis,
    /// The next `sequence` of each output that has had one.
    pub sequences: Sequences,
    /// The wrapping sum of the hashes of the state's entries.
    pub digest: u128,
}

/// The next `sequence` of outputs. Every entry of the log copies all of them, so they lie in one piece of memory.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sequences {
    /// Sorted by output, each at most once.
    next: Vec<(Output, i64)>,
}

impl Sequences {
    /// The next sequence of an output that has had one.
    pub fn get(&self, output: Output) -> Option<i64> {
        self.place(output).ok().map(|place| self.next[place].1)
    }

    /// Takes the next sequence of an output; the first is 1.
    pub fn take(&mut self, output: Output) -> i64 {
        match self.place(output) {
            Ok(place) => {
                let sequence = self.next[place].1;
                self.next[place].1 += 1;
                sequence
            }
            Err(place) => {
                self.next.insert(place, (output, 2));
                1
            }
        }
    }

    /// Sets the next sequence of an output; gives what it was.
    pub fn insert(&mut self, output: Output, next: i64) -> Option<i64> {
        match self.place(output) {
            Ok(place) => Some(std::mem::replace(&mut self.next[place].1, next)),
            Err(place) => {
                self.next.insert(place, (output, next));
                None
            }
        }
    }

    /// Outputs with their next sequence, in the order of the outputs.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (Output, i64)> {
        self.next.iter().copied()
    }

    fn place(&self, output: Output) -> Result<usize, usize> {
        self.next.binary_search_by_key(&output, |(known, _)| *known)
    }
}

impl FromIterator<(Output, i64)> for Sequences {
    fn from_iter<I: IntoIterator<Item = (Output, i64)>>(sequences: I) -> Self {
        let mut all = Self::default();
        for (output, next) in sequences {
            all.insert(output, next);
        }
        all
    }
}

/// `Checkpoint`: the last record of every transaction on `comity.state`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The number of the transaction that it closes, from 1.
    pub transaction: i64,
    pub marks: Marks,
    /// The Kafka cluster that this state belongs to.
    pub cluster_id: String,
}
