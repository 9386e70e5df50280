//! Rules take effect at their offset in the log if their version is higher than that in force.

use std::sync::Arc;

use super::Outcome;
use super::draft::Draft;
use super::join;
use crate::model::code::MemberState;
use crate::model::limit::MEMBERS_MAX;
use crate::model::rules::{Member, Rules};
use crate::model::state::{Key, Value};

/// Takes rules over, or ignores them.
pub(super) fn take(draft: &mut Draft<'_, '_>, rules: &Rules) -> Outcome {
    let in_force = draft.rules();
    if in_force.is_some_and(|in_force| rules.rules_version <= in_force.rules_version) {
        return Outcome::RulesIgnored;
    }
    if !may_follow(in_force.map_or(&[], |in_force| in_force.members.as_slice()), &rules.members) {
        draft.effects.alarms.rules_refused = true;
        return Outcome::RulesIgnored;
    }
    let before = in_force.cloned();
    draft.put(Key::Rules, Some(Value::Rules(Arc::new(rules.clone()))));
    // The first rules of a log find no cases.
    for (place, member) in rules.members.iter().enumerate().filter(|_| before.is_some()) {
        let known = before.as_ref().and_then(|before| before.members.get(place)).map(|known| known.state);
        let was_retired = known == Some(MemberState::Retired);
        let joins = match member.state {
            MemberState::Active => known != Some(MemberState::Active),
            // It gets updates and cancels again, and those that it missed.
            MemberState::Left => was_retired,
            MemberState::Retired => false,
        };
        if joins {
            join::begin(draft, member.jurisdiction, was_retired);
        }
    }
    Outcome::Rules
}

/// Cases name those told by their place among the members, so places never change: members are added at the end and
/// become LEFT or RETIRED, but never go.
fn may_follow(before: &[Member], after: &[Member]) -> bool {
    let kept =
        after.len() >= before.len() && before.iter().zip(after).all(|(old, new)| old.jurisdiction == new.jurisdiction);
    let unique = after
        .iter()
        .enumerate()
        .all(|(place, member)| after.iter().take(place).all(|earlier| earlier.jurisdiction != member.jurisdiction));
    kept && unique && after.len() <= MEMBERS_MAX
}
