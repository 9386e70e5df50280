//! The open cases of an organisation that its list has no room for, as the entry under way has changed them.

use super::draft::Draft;
use crate::index::Unlisted;
use crate::index::cases::{listed, open_case};
use crate::model::code::Scope;
use crate::model::place::Jurisdiction;
use crate::model::state::{Case, OpenCase, Organisation, Value};

/// Those that the state knows, and what the entry made of some.
pub(super) struct Beyond<'d> {
    known: &'d Unlisted,
    /// The cases that the entry has changed, as it found them, where they were unlisted then.
    before: Vec<&'d OpenCase>,
    /// The same as they are now, where they are unlisted still.
    after: Vec<OpenCase>,
}

impl<'d> Beyond<'d> {
    /// Those of an organisation; `None` where its list has all of them, as that of nearly every one has.
    pub(super) fn of(draft: &'d Draft<'_, '_>, organisation: &'d Organisation) -> Option<Self> {
        let id = organisation.organisation_id();
        let known = draft.state.unlisted(id)?;
        let changes = draft.effects.changes.iter();
        let cases = |value: &Option<Value>| value.as_ref().and_then(Value::case).map(|case| case.unpack());
        let is_its = |case: &Case| case.organisation_id.as_deref() == Some(id);
        let (mut before, mut after) = (Vec::new(), Vec::new());
        for change in changes {
            before.extend(cases(&change.before).and_then(|case| known.get(case.origin, &case.case_id)));
            let now = cases(&change.after).filter(is_its).and_then(|case| open_case(&case));
            after.extend(now.filter(|open| listed(organisation, open.origin, &open.case_id).is_none()));
        }
        // Closing a listed case makes room for one that was not.
        let entered = organisation.open_cases.iter().filter_map(|open| known.get(open.origin, &open.case_id));
        before.extend(entered);
        before.sort_unstable_by_key(|open| (open.origin, &open.case_id));
        before.dedup();
        Some(Self { known, before, after })
    }

    /// At most so many of one scope of each origin but one, those first that alerts show first.
    pub(super) fn elsewhere(&self, origin: Jurisdiction, scope: Scope, most: usize) -> Vec<OpenCase> {
        let others = self.known.counts(scope).map(|(place, _)| place).filter(|place| *place != origin);
        let still = |open: &&OpenCase| !self.before.iter().any(|known| known == open);
        let mut open: Vec<OpenCase> =
            others.flat_map(|place| self.known.newest(place, scope).filter(still).take(most)).cloned().collect();
        open.extend(self.after.iter().filter(|open| open.origin != origin && open.scope == scope).cloned());
        open
    }

    /// How many there are of one scope elsewhere than at one origin.
    pub(super) fn count_elsewhere(&self, origin: Jurisdiction, scope: Scope) -> usize {
        let counted = |open: &OpenCase| usize::from(open.origin != origin && open.scope == scope);
        let known: usize = self.known.counts(scope).filter(|(place, _)| *place != origin).map(|(_, count)| count).sum();
        let after: usize = self.after.iter().map(counted).sum();
        (known + after).saturating_sub(self.before.iter().map(|open| counted(open)).sum())
    }

    /// The jurisdictions that have one.
    pub(super) fn origins(&self) -> Vec<Jurisdiction> {
        let left = |origin: Jurisdiction, scope: Scope, count: usize| {
            let gone = self.before.iter().filter(|open| open.origin == origin && open.scope == scope).count();
            count > gone
        };
        let of = |scope: Scope| self.known.counts(scope).filter(move |(origin, count)| left(*origin, scope, *count));
        let known = of(Scope::Federation).chain(of(Scope::Restricted)).map(|(origin, _)| origin);
        known.chain(self.after.iter().map(|open| open.origin)).collect()
    }
}
