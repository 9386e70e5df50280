//! Which events stand as a platform stated them within a range of its records.
//!
//! The log knows where each of its records stood; the state keeps the digests of each event's last revisions, and so
//! knows which records had an effect: one that said what was said before, or was refused, has none to take back.

use std::collections::{BTreeMap, HashSet};
use std::ops::RangeInclusive;

use xxhash_rust::xxh3::xxh3_128;

use super::place_among;
use crate::index::State;
use crate::model::code::{Mode, Standing};
use crate::model::entry::{Body, LogEntry};
use crate::model::event::InfractionEvent;
use crate::model::place::{Jurisdiction, Millis};
use crate::model::state::Case;

/// The records that are recalled.
#[derive(Debug, Clone)]
pub(super) enum Range {
    /// Offsets of the platform's topic, the first and the last among them.
    Offsets(RangeInclusive<i64>),
    /// When the log took them, from the first instant on and before the second.
    Times(Millis, Millis),
}

/// An event by its origin, its case and its name.
pub(super) type Name = (Jurisdiction, String, String);

/// What a pass over the log found.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Events that stand by a record of the range, with the place of that record among their revisions.
    standing: BTreeMap<Name, usize>,
    /// Of those, the ones that were stated before the range too.
    stated_before: HashSet<Name>,
    /// Statements of the topic before the range: what repeats one of them had no effect.
    seen: HashSet<u128>,
    /// Records of the range.
    pub(super) records: u64,
    /// Those of them without effect: said before, older than what stood, or refused.
    pub(super) without_effect: u64,
    /// Those of them that took something back or closed it; that cannot be recalled.
    pub(super) not_statements: u64,
    /// Events that were stated anew since.
    pub(super) restated: u64,
    pub(super) already_withdrawn: u64,
    /// Records of the range on which the ledger has not decided yet.
    pub(super) undecided: u64,
}

/// One event to be withdrawn.
#[derive(Debug, Clone)]
pub(super) struct Target {
    pub(super) case: Case,
    pub(super) event_id: String,
    pub(super) stated_before: bool,
}

impl Found {
    /// Takes one entry of the log, in their order.
    pub(super) fn take(&mut self, state: &State, topic: &str, range: &Range, entry: &LogEntry) {
        let Some(at) = entry.body.source() else { return };
        let ours = *at.topic == *topic;
        let in_range = ours
            && match range {
                Range::Offsets(offsets) => offsets.contains(&at.offset),
                Range::Times(since, until) => (*since..*until).contains(&entry.appended_at),
            };
        self.records += u64::from(in_range);
        if entry.offset >= state.marks.log_position {
            self.undecided += u64::from(in_range);
            return;
        }
        let Body::Event(event) = &entry.body else {
            self.without_effect += u64::from(in_range);
            return;
        };
        if event.mode == Mode::Test {
            self.without_effect += u64::from(in_range);
            return;
        }
        if !super::correct::is_statement(event) {
            self.not_statements += u64::from(in_range);
            return;
        }
        let name = (event.origin, event.case_id.clone(), event.event_id.clone());
        let place = find(state, &name).and_then(|(case, index)| place_among(&case.events[index], event));
        let digest = digest(event);
        if in_range {
            match place.filter(|_| !self.seen.contains(&digest)) {
                Some(place) => {
                    // An earlier place than the first of the range's is held by what was said before it.
                    if self.standing.insert(name.clone(), place).is_none() && place > 0 {
                        self.stated_before.insert(name);
                    }
                }
                None => self.without_effect += 1,
            }
        } else if let Some(last) = self.standing.get(&name)
            && place.is_some_and(|place| place > *last)
        {
            self.standing.remove(&name);
            self.restated += 1;
        }
        if ours {
            self.seen.insert(digest);
        }
    }

    /// What is to be withdrawn, by jurisdiction and case.
    pub(super) fn targets(&mut self, state: &State) -> Vec<Target> {
        let mut targets = Vec::new();
        for name in self.standing.keys() {
            let Some((case, index)) = find(state, name) else { continue };
            if case.events[index].standing == Standing::Withdrawn {
                self.already_withdrawn += 1;
                continue;
            }
            let stated_before = self.stated_before.contains(name);
            targets.push(Target { case, event_id: name.2.clone(), stated_before });
        }
        targets
    }
}

/// A case as the state knows it, and the place of an event in it.
fn find(state: &State, name: &Name) -> Option<(Case, usize)> {
    let case = state.case(name.0, &name.1)?.unpack();
    let index = case.events.iter().position(|event| event.event_id == name.2)?;
    Some((case, index))
}

/// What two records of one event share that say the same.
fn digest(event: &InfractionEvent) -> u128 {
    let mut bytes = event.event_id.as_bytes().to_vec();
    bytes.push(0);
    bytes.extend_from_slice(&event.provenance.raw_sha256);
    bytes.extend_from_slice(&event.provenance.content_sha256);
    xxh3_128(&bytes)
}
