//! Links: what an authority or the operator says of two identifiers.
//!
//! Nothing moves: each case stays with the organisation that its event named, and organisations that links make one
//! are seen as one (`group`). So the end of a link leaves what was there before it.

use super::draft::Draft;
use super::group::{bond, group, is_contradicted};
use super::{Outcome, bonds, reject};
use crate::model::code::MemberState;
use crate::model::entry::{Link, LinkRelation, OPERATOR};
use crate::model::limit::GROUP_ORGANISATIONS_MAX;
use crate::model::place::{DAY_MS, Jurisdiction, Millis};
use crate::model::rejection::Reason;
use crate::model::rules::Rules;
use crate::model::state::{Bond, Pair};

/// Decides on a link.
pub(super) fn decide(draft: &mut Draft<'_, '_>, link: &Link) -> Outcome {
    let Some(rules) = draft.rules().cloned() else { return reject::not_accepted(draft, &link.at) };
    let pair = Pair::new(&link.first, &link.second);
    match judge(draft, &rules, link, &pair) {
        Ok(Some(after)) => {
            bonds::put(draft, &pair, after);
            Outcome::Taken
        }
        Ok(None) => Outcome::Duplicate,
        Err((reason, field)) => reject::link(draft, &link.at, reason, field),
    }
}

/// What the pair's bond is from now on; `Ok(None)` where it is that already.
fn judge(
    draft: &Draft<'_, '_>,
    rules: &Rules,
    link: &Link,
    pair: &Pair,
) -> Result<Option<Option<Bond>>, (Reason, &'static str)> {
    if !may_assert(rules, &link.asserted_by) {
        return Err((Reason::OriginNotMember, "asserted_by"));
    }
    if pair.low == pair.high {
        return Err((Reason::EqualIdentifiers, "second"));
    }
    if bonds::is_busy(draft, pair) {
        return Err((Reason::LinkFull, "relation"));
    }
    let known = bond(draft, pair).filter(|known| known.relation.is_some());
    let ends = link.to.is_some_and(|to| Millis::from(to) * DAY_MS <= draft.now());
    if ends {
        let known = known.filter(|known| known.relation == Some(link.relation));
        let known = known.ok_or((Reason::UnknownLink, "relation"))?;
        let its_own = !known.events.is_empty() || known.asserted_by == link.asserted_by;
        return if its_own || link.asserted_by == OPERATOR {
            Ok(Some(None))
        } else {
            Err((Reason::NotItsLink, "asserted_by"))
        };
    }
    let after = bond_of(link);
    if known.as_ref().is_some_and(|known| **known == after) {
        return Ok(None);
    }
    let first = draft.holder(&link.first).ok_or((Reason::UnknownOrganisation, "first"))?;
    let second = draft.holder(&link.second).ok_or((Reason::UnknownOrganisation, "second"))?;
    let is_one = first.organisation_id() == second.organisation_id();
    match link.relation {
        // One record named both, so they have one case between them at least; a correction of that is its origin's.
        LinkRelation::NotSame if is_one => return Err((Reason::ContradictedLink, "relation")),
        LinkRelation::Same | LinkRelation::SuccessorOf if is_one => return Ok(None),
        LinkRelation::NotSame => {
            if group(draft, first.organisation_id(), &[(pair.clone(), None)])
                .iter()
                .any(|id| id == second.organisation_id())
            {
                return Err((Reason::ContradictedLink, "relation"));
            }
        }
        LinkRelation::Same | LinkRelation::SuccessorOf => {
            let (ones, others) =
                (group(draft, first.organisation_id(), &[]), group(draft, second.organisation_id(), &[]));
            if known.is_some_and(|known| known.relation == Some(LinkRelation::NotSame))
                || is_contradicted(draft, &ones, &others)
            {
                return Err((Reason::ContradictedLink, "relation"));
            }
            if !ones.iter().any(|id| id == second.organisation_id())
                && ones.len() + others.len() > GROUP_ORGANISATIONS_MAX
            {
                return Err((Reason::LinkFull, "relation"));
            }
        }
    }
    Ok(Some(Some(after)))
}

fn bond_of(link: &Link) -> Bond {
    Bond {
        relation: Some(link.relation),
        first: link.first.clone(),
        second: link.second.clone(),
        asserted_by: link.asserted_by.clone(),
        events: Vec::new(),
        basis: link.basis.clone(),
        from: link.from,
        to: link.to,
    }
}

/// The operator, or the authorities of a member.
fn may_assert(rules: &Rules, asserted_by: &str) -> bool {
    let member = |code| rules.members.iter().find(|member| member.jurisdiction == code);
    asserted_by == OPERATOR
        || Jurisdiction::parse(asserted_by).and_then(member).is_some_and(|member| member.state != MemberState::Retired)
}
