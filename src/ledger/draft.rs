//! What an entry has done so far: the state as it was, seen through the changes that the entry makes.

use std::sync::Arc;

use super::{Alarms, Effects, Outcome};
use crate::fault::{self, Planted};
use crate::index::cases::{listed, open_case, overdue_of};
use crate::index::{Due, State};
use crate::model::change::Change;
use crate::model::decision::{Notice, NoticeContent, Output};
use crate::model::entry::LogEntry;
use crate::model::exact;
use crate::model::limit::{CLOCK_STEP_ALARM_MS, FORGET_PAUSE_MS, ORGANISATION_CASES_MAX};
use crate::model::packed::PackedCase;
use crate::model::place::{Jurisdiction, Millis};
use crate::model::rejection::Rejection;
use crate::model::rules::{MemberIndex, Rules};
use crate::model::state::{Case, Key, OpenCase, Organisation, Value};

/// The state seen through the effects of one entry.
pub(super) struct Draft<'s, 'e> {
    pub(super) state: &'s State,
    pub(super) effects: Effects<'e>,
}

impl<'s> Draft<'s, '_> {
    /// Starts an entry: the clock moves first, since whatever the entry decides is decided at its time.
    pub(super) fn new(state: &'s State, entry: &LogEntry) -> Self {
        assert!(entry.offset >= state.marks.log_position, "no entry is decided twice");
        let mut marks = state.marks.clone();
        marks.log_position = entry.offset + 1;
        marks.log_time = marks.log_time.max(entry.appended_at);
        let step_ms = marks.log_time - state.marks.log_time;
        // The first entry sets the clock; that is no step.
        let clock_stepped = state.marks.log_position > 0 && step_ms > CLOCK_STEP_ALARM_MS;
        if clock_stepped {
            marks.forget_not_before = marks.log_time.saturating_add(FORGET_PAUSE_MS);
        }
        let alarms = Alarms { clock_step_ms: clock_stepped.then_some(step_ms), ..Alarms::default() };
        let effects = Effects {
            outcome: Outcome::Tick,
            decisions: Vec::new(),
            rejection: None,
            statuses: Vec::new(),
            acknowledged: None,
            notices: Vec::new(),
            changes: Vec::new(),
            marks,
            alarms,
            work_left: false,
        };
        Self { state, effects }
    }

    /// Log time.
    pub(super) fn now(&self) -> Millis {
        self.effects.marks.log_time
    }

    /// What is due by now, in its order.
    pub(super) fn due_work(&self) -> impl Iterator<Item = Due> + use<'s> {
        let state: &'s State = self.state;
        let now = if fault::planted(Planted::ExpiryByWallClock) { fault::wall_ms() } else { self.now() };
        state.due(now, self.now() >= self.effects.marks.forget_not_before)
    }

    pub(super) fn rules(&self) -> Option<&Arc<Rules>> {
        match self.changed(&Key::Rules) {
            Some(Some(Value::Rules(rules))) => Some(rules),
            Some(_) | None => self.state.rules(),
        }
    }

    pub(super) fn case(&self, origin: Jurisdiction, case_id: &str) -> Option<Case> {
        self.packed_case(origin, case_id).map(PackedCase::unpack)
    }

    /// The same as it is kept, for whoever need not look into it.
    pub(super) fn packed_case(&self, origin: Jurisdiction, case_id: &str) -> Option<&PackedCase> {
        let same = |key: &Key| matches!(key, Key::Case(at, id) if *at == origin && id == case_id);
        match self.effects.changes.iter().find(|change| same(&change.key)) {
            Some(Change { after: Some(Value::Case(case)), .. }) => Some(case),
            Some(_) => None,
            None => self.state.case(origin, case_id),
        }
    }

    pub(super) fn organisation(&self, organisation_id: &str) -> Option<&Arc<Organisation>> {
        self.changed_organisation(organisation_id).unwrap_or_else(|| self.state.organisation(organisation_id))
    }

    /// What this entry made of an organisation, where it changed it; the inner `None` where it has forgotten it.
    fn changed_organisation(&self, organisation_id: &str) -> Option<Option<&Arc<Organisation>>> {
        let same = |key: &Key| matches!(key, Key::Organisation(id) if id == organisation_id);
        let change = self.effects.changes.iter().find(|change| same(&change.key))?;
        Some(match &change.after {
            Some(Value::Organisation(organisation)) => Some(organisation),
            Some(_) | None => None,
        })
    }

    /// The organisation that holds an identifier, as this entry has changed it.
    pub(super) fn holder(&self, identifier: &str) -> Option<&Arc<Organisation>> {
        let mut organisations = self.effects.changes.iter().filter_map(|change| change.after.as_ref()?.organisation());
        let changed = organisations.find(|known| known.identifiers.contains(identifier));
        let unchanged = |known: &&Arc<Organisation>| self.changed_organisation(known.organisation_id()).is_none();
        changed.or_else(|| self.state.holder(identifier).filter(unchanged))
    }

    /// The further organisations under an identifier, as this entry has changed them.
    pub(super) fn namesakes(&self, identifier: &str) -> impl Iterator<Item = &Arc<Organisation>> {
        self.state.namesakes(identifier).filter_map(|known| self.organisation(known.organisation_id()))
    }

    /// The value under a key, as this entry has changed it.
    pub(super) fn value(&self, key: &Key) -> Option<Value> {
        match self.changed(key) {
            Some(value) => value.cloned(),
            None => self.state.get(key),
        }
    }

    /// Gives a key its next value; several steps of one entry make one change.
    pub(super) fn put(&mut self, key: Key, after: Option<Value>) {
        match self.effects.changes.iter_mut().find(|change| change.key == key) {
            Some(change) => change.after = after,
            None => {
                let before = self.state.get(&key);
                self.effects.changes.push(Change { key, before, after });
            }
        }
    }

    /// Takes the next `sequence` of an output; the first is 1.
    pub(super) fn next_sequence(&mut self, output: Output) -> i64 {
        self.effects.marks.sequences.take(output)
    }

    /// Puts a notice at its place in its output.
    pub(super) fn notify(&mut self, output: Output, content: NoticeContent) {
        let sequence = self.next_sequence(output);
        self.effects.notices.push(Notice { output, sequence, content });
    }

    /// Puts a rejection at its place in `comity.rejects`; an entry has one, the first.
    pub(super) fn reject(&mut self, rejection: Rejection) -> Outcome {
        if self.effects.rejection.is_some() {
            return Outcome::Rejected;
        }
        let sequence = self.next_sequence(Output::Rejects);
        self.effects.rejection = Some((rejection, sequence));
        Outcome::Rejected
    }

    /// Puts a case into the state and follows it in the lists of open cases.
    pub(super) fn put_case(&mut self, before: Option<&Case>, after: Case) {
        let was = before.filter(|case| open_case(case).is_some()).and_then(|case| case.organisation_id.as_deref());
        let open = open_case(&after);
        let is = open.as_ref().and(after.organisation_id.as_deref());
        let named = before.and_then(|case| case.organisation_id.as_deref());
        let joins = after.organisation_id.clone().filter(|id| named != Some(id));
        let leaves = named.filter(|_| named != after.organisation_id.as_deref());
        let key = Key::Case(after.origin, after.case_id.clone());
        let (origin, case_id) = (after.origin, after.case_id.clone());
        let listed_at = is.map(str::to_owned);
        if let Some(organisation_id) = was.filter(|id| Some(*id) != is) {
            self.take_off_list(organisation_id, origin, &case_id);
        }
        if let (Some(organisation_id), Some(open)) = (listed_at, open) {
            self.put_on_list(&organisation_id, open);
        }
        self.put(key, Some(Value::Case(PackedCase::new(&after))));
        if let Some(organisation) = joins.and_then(|id| self.organisation_mut(&id)) {
            organisation.cases += 1;
        }
        self.leave(leaves);
    }

    /// Forgets a case, and its organisation with the last case that names it.
    pub(super) fn forget_case(&mut self, case: &Case) {
        if let Some(organisation_id) = &case.organisation_id {
            self.take_off_list(organisation_id, case.origin, &case.case_id);
        }
        self.put(Key::Case(case.origin, case.case_id.clone()), None);
        self.leave(case.organisation_id.as_deref());
    }

    /// One case less names an organisation.
    fn leave(&mut self, organisation_id: Option<&str>) {
        let Some(organisation_id) = organisation_id else { return };
        let Some(organisation) = self.organisation_mut(organisation_id) else { return };
        organisation.cases -= 1;
        if organisation.cases <= 0 {
            super::bonds::forget(self, organisation_id);
        }
    }

    /// Puts a case on its organisation's list, or what is new of it; where there is no room it stays unlisted.
    fn put_on_list(&mut self, organisation_id: &str, open: OpenCase) {
        let Some(organisation) = self.organisation(organisation_id) else { return };
        let place = listed(organisation, open.origin, &open.case_id);
        let is_listed = place.and_then(|place| organisation.open_cases.get(place)) == Some(&open);
        let has_room = organisation.open_cases.len() < ORGANISATION_CASES_MAX;
        if is_listed || (place.is_none() && !has_room) {
            return;
        }
        let Some(organisation) = self.organisation_mut(organisation_id) else { return };
        match place.and_then(|place| organisation.open_cases.get_mut(place)) {
            Some(entry) => *entry = open,
            None => exact::push(&mut organisation.open_cases, open),
        }
    }

    /// An organisation to be changed by this entry; it is copied once at most.
    pub(super) fn organisation_mut(&mut self, organisation_id: &str) -> Option<&mut Organisation> {
        let same = |change: &Change| matches!(&change.key, Key::Organisation(id) if id == organisation_id);
        if !self.effects.changes.iter().any(same) {
            let known = self.state.organisation(organisation_id).map(Arc::clone)?;
            self.put(Key::Organisation(organisation_id.to_owned()), Some(Value::Organisation(known)));
        }
        match &mut self.effects.changes.iter_mut().find(|change| same(change))?.after {
            Some(Value::Organisation(organisation)) => Some(Arc::make_mut(organisation)),
            Some(_) | None => None,
        }
    }

    /// Takes a case off its organisation's list, and fills the room with cases that had found none.
    fn take_off_list(&mut self, organisation_id: &str, origin: Jurisdiction, case_id: &str) {
        let Some(organisation) = self.organisation(organisation_id) else { return };
        let Some(place) = listed(organisation, origin, case_id) else { return };
        let mut organisation = Organisation::clone(organisation);
        exact::remove(&mut organisation.open_cases, place);
        for (at, id) in self.state.unlisted(organisation_id).into_iter().flat_map(|unlisted| unlisted.cases()) {
            if organisation.open_cases.len() >= ORGANISATION_CASES_MAX {
                break;
            }
            let case = self.case(*at, id).filter(|case| case.organisation_id.as_deref() == Some(organisation_id));
            let itself = *at == origin && id == case_id;
            if let Some(open) =
                case.filter(|_| !itself && listed(&organisation, *at, id).is_none()).and_then(|case| open_case(&case))
            {
                exact::push(&mut organisation.open_cases, open);
            }
        }
        let key = Key::Organisation(organisation_id.to_owned());
        self.put(key, Some(Value::Organisation(Arc::new(organisation))));
    }

    /// How many withdrawals of a platform wait, as this entry has changed it.
    pub(super) fn pending_count(&self, platform: &str) -> usize {
        let of = |value: &Option<Value>| {
            value.as_ref().and_then(Value::pending).is_some_and(|pending| pending.platform == platform)
        };
        let changes = || self.effects.changes.iter();
        let added = changes().filter(|change| !of(&change.before) && of(&change.after)).count();
        let gone = changes().filter(|change| of(&change.before) && !of(&change.after)).count();
        (self.state.pending_count(platform) + added).saturating_sub(gone)
    }

    /// How many alerts of a member wait for an acknowledgement that is overdue.
    pub(super) fn overdue(&self, member: MemberIndex) -> i32 {
        let of = |value: &Option<Value>| value.as_ref().map_or(0, |value| overdue_of(value, member));
        let changed: i32 = self.effects.changes.iter().map(|change| of(&change.after) - of(&change.before)).sum();
        self.state.overdue(member) + changed
    }

    /// The value that this entry gave to a key, where it gave one.
    pub(super) fn changed(&self, key: &Key) -> Option<Option<&Value>> {
        self.effects.changes.iter().find(|change| change.key == *key).map(|change| change.after.as_ref())
    }
}
