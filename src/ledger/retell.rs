//! After a link began or ended: whoever was told of an open case of the organisation, and sees another picture of it
//! now, is told again.
//!
//! An alert shows the links of its time. So what a recipient saw last follows from the `sequence` of its last alert of
//! the case and from what the links were then (`Step::next`); it is compared with what it would see now.

use std::sync::Arc;

use super::draft::Draft;
use super::group::{AtThatTime, bond, group};
use super::picture::Picture;
use super::{bonds, tell};
use crate::index::cases::{open_case, stands};
use crate::model::bond::{Assertion, Bond, Naming, Pair, Retelling, Step};
use crate::model::code::{MemberState, MsgType, Role, RoleReason, Scope};
use crate::model::decision::Reasons;
use crate::model::limit::NATIONAL_BIT;
use crate::model::packed::PackedBond;
use crate::model::place::Jurisdiction;
use crate::model::rules::{MemberIndex, Rules};
use crate::model::state::{Case, CaseEvent, Key, Told};
use crate::route::Routed;

/// Bonds as they were when an alert was written, where they are others now.
type Then = Vec<(Pair, Option<PackedBond>)>;

/// Pictures of a case, each under bonds as they were.
type Seen = Vec<(Then, Picture)>;

/// Goes on with a retelling for so many cases at most; gives how many pieces of work it did, at least one.
pub(super) fn go_on(draft: &mut Draft<'_, '_>, rules: &Rules, pair: &Pair, left: usize) -> usize {
    let Some(work) = bonds::retelling(draft, pair) else { return 1 };
    let due = together(draft, &work);
    let widest = widest(draft, &due);
    let mut cases = open_cases(draft, &work, &widest);
    cases.retain(|case| work.after.as_ref().is_none_or(|after| case > after));
    cases.sort_unstable();
    let is_last = cases.len() <= left;
    cases.truncate(left);
    for (origin, case_id) in &cases {
        if let Some(case) = draft.case(*origin, case_id) {
            retell(draft, rules, &case, &due);
        }
    }
    let looked_at = cases.len().max(1);
    if is_last {
        finish(draft, &work, due);
    } else {
        draft.effects.work_left = true;
        bonds::keep_retelling(draft, Retelling { after: cases.pop(), ..Retelling::clone(&work) });
    }
    looked_at
}

/// Every case was looked at. The last that is done of what is due to the same organisations takes all of it away.
fn finish(draft: &mut Draft<'_, '_>, work: &Retelling, due: Vec<Arc<Retelling>>) {
    if due.iter().all(|other| other.done || other.pair == work.pair) {
        for other in due {
            draft.put(Key::Retell(other.pair.clone()), None);
        }
    } else {
        bonds::keep_retelling(draft, Retelling { done: true, after: None, ..work.clone() });
    }
}

/// The retellings, this one among them, whose bonds make or made a chain: somebody may have seen one end from the other.
/// No other is of any account for the cases of this one, however many are due.
fn together(draft: &Draft<'_, '_>, work: &Arc<Retelling>) -> Vec<Arc<Retelling>> {
    let (mut found, mut left) = (vec![Arc::clone(work)], bonds::retold(draft));
    left.retain(|pair| **pair != work.pair);
    let mut at = 0;
    while let Some(pair) = found.get(at).map(|work| work.pair.clone()) {
        at += 1;
        let identifiers = [&pair.low, &pair.high].map(|end| group(draft, end, &[]).identifiers).concat();
        let touching = left.extract_if(.., |other| identifiers.iter().any(|identifier| other.names(identifier)));
        found.extend(touching.filter_map(|other| bonds::retelling(draft, other)));
    }
    found
}

/// The bonds of all that is due, each as it joins two or joined them since.
fn widest(draft: &Draft<'_, '_>, due: &[Arc<Retelling>]) -> Then {
    let joined = |work: &Arc<Retelling>| {
        let joining = work.steps.iter().find_map(|step| bond_before(&work.pair, step));
        (work.pair.clone(), joining_now(draft, work).or(joining).as_ref().map(PackedBond::new))
    };
    due.iter().map(joined).collect()
}

/// The bond of a retelling, where it makes the two one now.
fn joining_now(draft: &Draft<'_, '_>, work: &Retelling) -> Option<Bond> {
    bond(draft, &work.pair).filter(|bond| bond.joins())
}

/// The open cases of whatever the two identifiers were or are one with, while changes of links wait to be told.
fn open_cases(draft: &Draft<'_, '_>, work: &Retelling, widest: &AtThatTime) -> Vec<(Jurisdiction, String)> {
    let mut ids: Vec<String> = Vec::new();
    for identifier in [&work.pair.low, &work.pair.high] {
        ids.extend(group(draft, identifier, widest).ids);
    }
    ids.sort_unstable();
    ids.dedup();
    let mut cases = Vec::new();
    for organisation in ids.iter().filter_map(|id| draft.organisation(id)) {
        cases.extend(organisation.open_cases.iter().map(|open| (open.origin, open.case_id.clone())));
        let unlisted = draft.state.unlisted(organisation.organisation_id());
        cases.extend(unlisted.into_iter().flat_map(|unlisted| unlisted.cases()).cloned());
    }
    cases.sort_unstable();
    cases.dedup();
    cases
}

/// Tells of one case those who see another picture now, by an alert about its last event that stands and that everybody
/// may know; where there is none, about the last that each of them was told of.
fn retell(draft: &mut Draft<'_, '_>, rules: &Rules, before: &Case, due: &[Arc<Retelling>]) {
    if open_case(before).is_none() {
        return;
    }
    let public = told_of(before, Scope::Federation).next();
    let about: Vec<usize> = public.map_or_else(|| told_of(before, Scope::Restricted).collect(), |index| vec![index]);
    let now = Picture::of(draft, before).with_places(draft);
    let joining: Vec<Option<Bond>> = due.iter().map(|work| joining_now(draft, work)).collect();
    let mut case = Case::clone(before);
    let (mut seen, mut heard, mut nation_heard): (Seen, Vec<MemberIndex>, bool) = (Vec::new(), Vec::new(), false);
    for index in about {
        let mut routed = Vec::new();
        for told in &tell::audience(before, index) {
            let Some(member) = rules.members.get(usize::from(told.member)) else { continue };
            // A member that came after the step was told after it.
            let told_before =
                |step: &Step| step.next.get(usize::from(told.member)).is_some_and(|next| told.sequence < *next);
            let then = at_that_time(told_before, due, &joining);
            if member.state == MemberState::Retired || then.is_empty() || heard.contains(&told.member) {
                continue;
            }
            heard.push(told.member);
            let saw = picture_then(draft, before, then, &mut seen);
            if differs(rules, saw, &now, told, member.jurisdiction) {
                routed.push(routed_again(saw, &now, told, member.jurisdiction));
            }
        }
        let is_nations = before.events[index].told & NATIONAL_BIT != 0 && !nation_heard;
        nation_heard |= is_nations;
        let to_nation = is_nations && {
            let then = at_that_time(|step| before.national_sequence < step.national_next, due, &joining);
            !then.is_empty() && differs_for_all(picture_then(draft, before, then, &mut seen), &now)
        };
        if routed.is_empty() && !to_nation {
            continue;
        }
        let (standing, expires_at) = (case.events[index].standing, case.events[index].expires_at);
        let message = tell::Message { expires_at, to_nation, ..tell::Message::new(MsgType::Update, standing) };
        tell::tell(draft, rules, &mut case, index, routed, message);
    }
    if case != *before {
        draft.put_case(Some(before), case);
    }
}

/// The events of a scope that stand and were told, the last first.
fn told_of(case: &Case, scope: Scope) -> impl Iterator<Item = usize> {
    let is_told = move |event: &CaseEvent| stands(event) && event.version > 0 && event.scope == scope;
    (0..case.events.len()).rev().filter(move |index| is_told(&case.events[*index]))
}

/// The picture of a case under bonds as they were; members that were told at the same time share it.
fn picture_then<'s>(draft: &Draft<'_, '_>, case: &Case, then: Then, seen: &'s mut Seen) -> &'s Picture {
    let place = seen.iter().position(|(known, _)| *known == then).unwrap_or_else(|| {
        let picture = Picture::new(draft, case.organisation_id.as_deref(), case.origin, &then);
        seen.push((then, picture.with_places(draft)));
        seen.len() - 1
    });
    &seen[place].1
}

/// The bonds that a recipient's last alert was written under, where they are others now: those before the first step
/// that it was told before. `joining` is what each that is due joins now.
fn at_that_time(told_before: impl Fn(&Step) -> bool, due: &[Arc<Retelling>], joining: &[Option<Bond>]) -> Then {
    let mut then = Vec::new();
    for (work, is) in due.iter().zip(joining) {
        let Some(step) = work.steps.iter().find(|step| told_before(step)) else { continue };
        let was = bond_before(&work.pair, step);
        if was.as_ref().map(bonds::shape) != is.as_ref().map(bonds::shape) {
            then.push((work.pair.clone(), was.as_ref().map(PackedBond::new)));
        }
    }
    then
}

/// As much of a bond as is seen in alerts.
fn bond_before(pair: &Pair, step: &Step) -> Option<Bond> {
    let (relation, high_first) = (step.before?, step.high_first);
    let bond = Bond::new(pair.clone());
    Some(if step.by_events {
        let (behind, events) = (step.behind.clone(), Vec::new());
        Bond { named: Some(Naming { high_first, behind, is_question: false, events }), ..bond }
    } else {
        let (asserted_by, basis) = (String::new(), String::new());
        let link = Assertion { relation, high_first, asserted_by, basis, from: None, to: None };
        Bond { links: vec![link], ..bond }
    })
}

/// True where that differs which everybody may know.
fn differs_for_all(saw: &Picture, now: &Picture) -> bool {
    saw.names != now.names || (&saw.open_cases, saw.open_cases_more) != (&now.open_cases, now.open_cases_more)
}

fn differs(rules: &Rules, saw: &Picture, now: &Picture, told: &Told, jurisdiction: Jurisdiction) -> bool {
    differs_for_all(saw, now)
        || saw.shows(jurisdiction) != now.shows(jurisdiction)
        || saw.entitled(rules, told.member) != now.entitled(rules, told.member)
}

/// Where the index shows the organisation by a link only, the role goes with the link.
fn routed_again(saw: &Picture, now: &Picture, told: &Told, jurisdiction: Jurisdiction) -> Routed {
    let mut reasons = Reasons::from(RoleReason::ToldBefore);
    let role = match (saw.shows(jurisdiction), now.shows(jurisdiction)) {
        (false, true) if told.role == Role::Attention => {
            reasons = now.reasons(jurisdiction).fold(reasons, Reasons::with);
            Role::FollowUp
        }
        (true, false) if told.by_index => Role::Attention,
        _ => told.role,
    };
    let role_before = Some(told.role).filter(|before| *before != role);
    Routed { member: told.member, role, role_before, reasons }
}
