//! The ledger on one page: an entry of the log in, decisions and changes out; nothing is changed here.

use crate::index::State;
use crate::model::change::Change;
use crate::model::code::{Code, Domain, Kind, Mode};
use crate::model::decision::{Decision, Notice, Status};
use crate::model::entry::{AcknowledgementLevel, Body, LogEntry};
use crate::model::event::InfractionEvent;
use crate::model::limit::{WORK_PER_ENTRY_MAX, WORK_PER_LIVE_ENTRY_MAX};
use crate::model::place::{Jurisdiction, Millis};
use crate::model::rejection::Rejection;
use crate::model::state::Marks;

mod draft;
mod source;
mod rules;
mod term;
mod expiry;
mod join;
mod bonds;
mod group;
mod link;
mod retell;
mod beyond;
mod picture;
mod duty;
mod acknowledge;
mod subject;
mod revision;
mod statement;
mod closure;
mod missing;
mod withdrawal;
mod trial;
mod tell;
mod versions;
mod reject;
mod status;

use draft::Draft;
use source::Admission;

pub use revision::revision_of;

/// What an entry does. `marks` and `changes` are the whole difference that it makes to the state: apply the changes
/// in their order, then `State::advance` by the marks. The digest in `marks` is that before the entry; applying the
/// changes keeps the state's own.
#[must_use]
#[derive(Debug, Clone, PartialEq)]
pub struct Effects<'e> {
    pub outcome: Outcome,
    pub decisions: Vec<Decision<'e>>,
    /// A rejection for `comity.rejects` with its `sequence`: intake's, or the ledger's own.
    pub rejection: Option<(Rejection, i64)>,
    pub statuses: Vec<Status>,
    /// How long a recipient took to acknowledge, where this entry says so.
    pub acknowledged: Option<Acknowledged>,
    /// Records of other outputs, in the order of their `sequence` in each.
    pub notices: Vec<Notice>,
    pub changes: Vec<Change>,
    pub marks: Marks,
    pub alarms: Alarms,
    /// True where due work was left for the next entry, so that ticks follow at once.
    pub work_left: bool,
}

/// How long a recipient took to come to a level, by log time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Acknowledged {
    pub recipient: Jurisdiction,
    pub domain: Domain,
    pub level: AcknowledgementLevel,
    /// True where it is the first word about this version.
    pub first: bool,
    pub after_ms: Millis,
    /// False where a step of its clock had run out; `None` where no clock ran.
    pub in_time: Option<bool>,
}

/// What an operator must look at; each is a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Alarms {
    /// How far the log's clock stepped, where it was more than a day.
    pub clock_step_ms: Option<i64>,
    /// Source partitions whose gap has lasted a minute of log time or longer, as of this entry.
    pub source_gaps: usize,
    /// Rules of a higher version that drop, reorder or repeat members, or hold too many: ignored.
    pub rules_refused: bool,
}

/// What became of an entry, as it is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Decided: alerts, or a reason why nobody is told.
    Taken,
    Rejected,
    /// Same content as one of the last revisions.
    Duplicate,
    /// A lower revision number with unseen content.
    Superseded,
    /// A closure of what nobody was told of.
    NobodyTold,
    /// A snapshot lacks what is not known or stands no more.
    NothingMissing,
    /// A withdrawal that waits for its original.
    Pending,
    /// An original whose withdrawal came first.
    Suppressed,
    /// What a recipient says of an alert that it got.
    Acknowledged,
    /// Its source position was taken before.
    SentTwice,
    /// Its source position is beyond a delivery that failed; intake sends it again.
    BeyondGap,
    /// Rules that are not higher than those in force, or that may not follow them.
    RulesIgnored,
    Rules,
    Tick,
}

impl Code for Outcome {
    const ALL: &'static [(Self, &'static str)] = &[
        (Self::Taken, "taken"),
        (Self::Rejected, "rejected"),
        (Self::Duplicate, "duplicate"),
        (Self::Superseded, "superseded"),
        (Self::NobodyTold, "nobody_told"),
        (Self::NothingMissing, "nothing_missing"),
        (Self::Pending, "pending"),
        (Self::Suppressed, "suppressed"),
        (Self::Acknowledged, "acknowledged"),
        (Self::SentTwice, "sent_twice"),
        (Self::BeyondGap, "beyond_gap"),
        (Self::RulesIgnored, "rules_ignored"),
        (Self::Rules, "rules"),
        (Self::Tick, "tick"),
    ];
}

/// Raised by the developers whenever the same log would give other alerts.
pub const LOGIC_VERSION: i64 = 1;

/// Decides on one entry: first the clock and what is due by it, then the entry, then who must know where they stand.
pub fn handle<'e>(state: &State, entry: &'e LogEntry) -> Effects<'e> {
    handle_up_to(state, entry, work_max(entry))
}

/// Pieces of due work that an entry does, at most; the rest stays due for those that follow.
pub fn work_max(entry: &LogEntry) -> usize {
    if matches!(entry.body, Body::Tick) { WORK_PER_ENTRY_MAX } else { WORK_PER_LIVE_ENTRY_MAX }
}

/// Decides on one entry that does so many pieces of due work at most.
pub fn handle_up_to<'e>(state: &State, entry: &'e LogEntry, most: usize) -> Effects<'e> {
    let mut draft = Draft::new(state, entry);
    expiry::do_due_work(&mut draft, most);
    draft.effects.outcome = match source::admit(&mut draft, entry.body.source()) {
        Admission::SentTwice => Outcome::SentTwice,
        Admission::BeyondGap => Outcome::BeyondGap,
        Admission::Taken => match &entry.body {
            Body::Event(event) => decide(&mut draft, event),
            Body::Rejection(rejection) => draft.reject(Rejection::clone(rejection)),
            Body::Acknowledgement(said) => acknowledge::take(&mut draft, said),
            Body::Link(link) => link::decide(&mut draft, link),
            Body::Missing(missing) => missing::report(&mut draft, missing),
            Body::Rules(rules) => rules::take(&mut draft, rules),
            Body::Tick => Outcome::Tick,
        },
    };
    status::write(&mut draft);
    draft.effects
}

/// Decides on one event, by what its origin says it is.
fn decide<'e>(draft: &mut Draft<'_, 'e>, event: &'e InfractionEvent) -> Outcome {
    let Some(rules) = draft.rules().cloned() else { return reject::before_rules(draft, event) };
    match (event.mode, event.kind) {
        (Mode::Test, _) => trial::decide(draft, &rules, event),
        (Mode::Actual | Mode::Backfill, _) if withdrawal::is_annulled(event) => {
            withdrawal::decide_annulled(draft, &rules, event)
        }
        (Mode::Actual | Mode::Backfill, Kind::Original | Kind::Supplement | Kind::Correction) => {
            statement::decide(draft, &rules, event)
        }
        (Mode::Actual | Mode::Backfill, Kind::Closure) => closure::decide(draft, &rules, event),
        (Mode::Actual | Mode::Backfill, Kind::Withdrawal) => withdrawal::decide(draft, &rules, event),
    }
}
