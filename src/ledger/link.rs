//! Links: what an authority or the operator says of two identifiers.
//!
//! Nothing moves: each case stays with the organisation that its event named, and organisations that links make one
//! are seen as one (`group`). What links say of a pair is kept until each is ended, and below that what events say. So the
//! end of a link leaves what was there before it.

use super::draft::Draft;
use super::group::{bond, count_at, group, refused, refused_again};
use super::{Outcome, bonds, reject};
use crate::model::bond::{Assertion, Bond, Pair};
use crate::model::code::MemberState;
use crate::model::entry::{Link, LinkRelation, OPERATOR};
use crate::model::limit::{BOND_LINKS_MAX, PARTED_MAX};
use crate::model::place::Jurisdiction;
use crate::model::rejection::Reason;
use crate::model::rules::Rules;

/// Decides on a link.
pub(super) fn decide(draft: &mut Draft<'_, '_>, link: &Link) -> Outcome {
    let Some(rules) = draft.rules().cloned() else { return reject::not_accepted(draft, &link.at) };
    let pair = Pair::new(&link.first, &link.second);
    match judge(draft, &rules, link, &pair) {
        Ok(Some(after)) => {
            bonds::put(draft, after);
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
) -> Result<Option<Bond>, (Reason, &'static str)> {
    if !may_assert(rules, &link.asserted_by) {
        return Err((Reason::OriginNotMember, "asserted_by"));
    }
    if pair.low == pair.high {
        return Err((Reason::EqualIdentifiers, "second"));
    }
    if bonds::is_busy(draft, pair) {
        return Err((Reason::LinkFull, "relation"));
    }
    let (known, said) = (bond(draft, pair), assertion_of(link, pair));
    if said.has_ended(draft.now()) {
        let known = known.ok_or((Reason::UnknownLink, "relation"))?;
        let left = without(&known, link)?;
        return refused_again(draft, &known, &left).map_or(Ok(Some(left)), |reason| Err((reason, "relation")));
    }
    let links = known.as_ref().map_or(&[][..], |known| &known.links);
    let is_said_anew = |known: &Assertion| known.asserted_by == link.asserted_by && known.relation == link.relation;
    if links.last() == Some(&said) {
        return Ok(None);
    }
    if links.len() >= BOND_LINKS_MAX && !links.iter().any(is_said_anew) {
        return Err((Reason::LinkFull, "relation"));
    }
    let _ = draft.holder(&link.first).ok_or((Reason::UnknownOrganisation, "first"))?;
    let _ = draft.holder(&link.second).ok_or((Reason::UnknownOrganisation, "second"))?;
    match link.relation {
        LinkRelation::NotSame => {
            let is_full = |identifier| count_at(draft, identifier, Some(link.relation)) >= PARTED_MAX;
            let is_parted = known.as_ref().and_then(Bond::relation) == Some(link.relation);
            if !is_parted && (is_full(&link.first) || is_full(&link.second)) {
                return Err((Reason::LinkFull, "relation"));
            }
            let without = group(draft, &link.first, &[(pair.clone(), None)]);
            if without.identifiers.contains(&link.second) {
                return Err((Reason::ContradictedLink, "relation"));
            }
        }
        LinkRelation::Same | LinkRelation::SuccessorOf => {
            if let Some(reason) = refused(draft, pair, &[]) {
                return Err((reason, "relation"));
            }
        }
    }
    let mut after = known.unwrap_or_else(|| Bond::new(pair.clone()));
    after.links.retain(|known| !is_said_anew(known));
    after.links.push(said);
    Ok(Some(after))
}

/// What is left of a bond where a link says that this relation has ended: everybody ends what they said, the operator
/// what anybody did. Where events alone say it, anybody may end it.
fn without(known: &Bond, link: &Link) -> Result<Bond, (Reason, &'static str)> {
    let is_said = |said: &Assertion| said.relation == link.relation;
    if known.links.is_empty() && known.relation() == Some(link.relation) {
        return Ok(Bond::new(known.pair.clone()));
    }
    if !known.links.iter().any(is_said) {
        return Err((Reason::UnknownLink, "relation"));
    }
    let ends =
        |said: &Assertion| is_said(said) && (said.asserted_by == link.asserted_by || link.asserted_by == OPERATOR);
    let mut left = known.clone();
    left.links.retain(|said| !ends(said));
    if left == *known { Err((Reason::NotItsLink, "asserted_by")) } else { Ok(left) }
}

fn assertion_of(link: &Link, pair: &Pair) -> Assertion {
    Assertion {
        relation: link.relation,
        high_first: link.first == pair.high,
        asserted_by: link.asserted_by.clone(),
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
