//! What the naive ledger makes of links, and of identifiers that come back with another name.

use super::*;
use comity::model::bond::Pair;
use comity::model::entry::{Link, LinkRelation};

/// What is said of two identifiers.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Bond {
    pub(super) pair: Pair,
    /// What authorities say, each its last word of a relation, which stands over the rest.
    pub(super) links: Vec<Link>,
    /// The events that named both, each with its origin and case; with more than eight it stays.
    pub(super) events: Vec<Named>,
    /// The identifier by which the first of them knew its organisation.
    pub(super) known_by: String,
    /// Who held the other then, by another identifier.
    pub(super) held_by: Option<String>,
    pub(super) question: bool,
}

/// The origin, the case and the name of an event.
pub(super) type Named = (Jurisdiction, String, String);

/// A change of a pair that is being told.
#[derive(Debug, Clone)]
pub(super) struct Telling {
    pub(super) pair: Pair,
    pub(super) since: Millis,
    changes: usize,
    /// A bond that joined the two at some time since.
    joined: Option<Bond>,
    after: Option<(Jurisdiction, String)>,
    /// All cases were looked at, and others of its organisations are still to be.
    pub(super) done: bool,
    /// Made by the entry that is being read, so that the next one begins with it.
    pub(super) new: bool,
}

impl Bond {
    pub(super) fn of(pair: &Pair) -> Self {
        Self {
            pair: pair.clone(),
            links: Vec::new(),
            events: Vec::new(),
            known_by: String::new(),
            held_by: None,
            question: false,
        }
    }

    pub(super) fn asserted(&self) -> bool {
        !self.question && !self.events.is_empty()
    }

    /// What was said last holds.
    fn link(&self) -> Option<&Link> {
        self.links.last()
    }

    pub(super) fn relation(&self) -> Option<LinkRelation> {
        self.link().map(|link| link.relation).or(self.asserted().then_some(LinkRelation::Same))
    }

    pub(super) fn joins(&self) -> bool {
        matches!(self.relation(), Some(LinkRelation::Same | LinkRelation::SuccessorOf))
    }

    fn first(&self) -> &String {
        self.link().map_or(&self.known_by, |link| &link.first)
    }

    fn second(&self) -> &String {
        if *self.first() == self.pair.low { &self.pair.high } else { &self.pair.low }
    }

    pub(super) fn names(&self, identifier: &str) -> bool {
        self.pair.low == identifier || self.pair.high == identifier
    }

    /// What alerts show of it.
    fn shown(&self) -> (Option<LinkRelation>, String, Option<Option<String>>) {
        (self.relation(), self.first().clone(), self.links.is_empty().then(|| self.held_by.clone()))
    }

    fn ends(&self) -> Vec<Millis> {
        self.links.iter().filter_map(|link| link.to.map(|day| i64::from(day) * DAY_MS)).collect()
    }
}

impl Model {
    pub(super) fn link(&mut self, link: &Link, said: &mut Said) -> Outcome {
        if self.rules.is_none() {
            return self.reject(Reason::NotAccepted, said);
        }
        let pair = Pair::new(&link.first, &link.second);
        let member = self.members().into_iter().find(|member| member.jurisdiction.as_str() == link.asserted_by);
        if link.asserted_by != "operator" && member.is_none_or(|member| member.state == MemberState::Retired) {
            return self.reject(Reason::OriginNotMember, said);
        }
        if link.first == link.second {
            return self.reject(Reason::EqualIdentifiers, said);
        }
        if self.is_busy(&pair) {
            return self.reject(Reason::LinkFull, said);
        }
        let known = self.bonds.iter().find(|bond| bond.pair == pair).cloned();
        if link.to.is_some_and(|to| i64::from(to) * DAY_MS <= self.now) {
            // Under authorities' words lies what events say; where there are none, that is what ends.
            let Some(mut left) = known else { return self.reject(Reason::UnknownLink, said) };
            if left.links.is_empty() {
                if left.relation() != Some(link.relation) {
                    return self.reject(Reason::UnknownLink, said);
                }
                left = Bond::of(&pair);
            } else if !left.links.iter().any(|before| before.relation == link.relation) {
                return self.reject(Reason::UnknownLink, said);
            }
            let own = |before: &Link| before.asserted_by == link.asserted_by || link.asserted_by == "operator";
            let words = left.links.len();
            left.links.retain(|before| before.relation != link.relation || !own(before));
            if words > 0 && left.links.len() == words {
                return self.reject(Reason::NotItsLink, said);
            }
            if self.joins_against(&left) {
                return self.reject(Reason::ContradictedLink, said);
            }
            self.put_bond(left, said);
            self.drop_unnamed();
            return Outcome::Taken;
        }
        let says = |link: &Link| {
            (link.relation, link.first.clone(), link.asserted_by.clone(), link.basis.clone(), link.from, link.to)
        };
        let mut known = known.unwrap_or(Bond::of(&pair));
        if known.links.last().is_some_and(|before| says(before) == says(link)) {
            return Outcome::Duplicate;
        }
        if self.holder(&link.first).is_none() || self.holder(&link.second).is_none() {
            return self.reject(Reason::UnknownOrganisation, said);
        }
        let refused = if link.relation == LinkRelation::NotSame {
            let others: Vec<Bond> = self.bonds.iter().filter(|bond| bond.pair != pair).cloned().collect();
            self.reach(&link.first, &others).contains(&link.second)
        } else {
            self.are_two(&link.first, &link.second)
        };
        if refused {
            return self.reject(Reason::ContradictedLink, said);
        }
        known.links.retain(|before| (&before.asserted_by, before.relation) != (&link.asserted_by, link.relation));
        known.links.push(link.clone());
        self.put_bond(known, said);
        self.drop_unnamed();
        Outcome::Taken
    }

    /// True where what is left of a bond would join two again that somebody has said not to be one since.
    fn joins_against(&self, left: &Bond) -> bool {
        let others: Vec<Bond> = self.bonds.iter().filter(|bond| bond.pair != left.pair).cloned().collect();
        let joined = self.bonds.iter().any(|bond| bond.pair == left.pair && bond.joins());
        left.joins() && !joined && self.are_two_under(&others, &left.pair.low, &left.pair.high)
    }

    /// Gives a pair its bond; where that joins or parts the two, it is to be told.
    pub(super) fn put_bond(&mut self, after: Bond, said: &mut Said) {
        let pair = after.pair.clone();
        let before = self.bonds.iter().find(|bond| bond.pair == pair && bond.joins()).cloned();
        let joins = Some(after.clone()).filter(Bond::joins);
        let seen = self.anybody_sees(&pair);
        self.bonds.retain(|bond| bond.pair != pair);
        self.bonds.extend((!after.links.is_empty() || !after.events.is_empty()).then_some(after));
        if before.as_ref().map(Bond::shown) == joins.as_ref().map(Bond::shown) {
            return;
        }
        if seen {
            self.tell_change(&pair, before.or(joins), said);
        } else {
            self.copies_agree(&pair);
        }
    }

    /// Everybody's copy agrees with what is said of the pair.
    fn copies_agree(&mut self, pair: &Pair) {
        let now: Vec<Bond> = self.bonds.iter().filter(|bond| bond.pair == *pair).cloned().collect();
        for case in &mut self.cases {
            for bonds in case.told.iter_mut().map(|told| &mut told.bonds).chain([&mut case.nation_saw]) {
                bonds.retain(|bond| bond.pair != *pair);
                bonds.extend(now.clone());
            }
        }
    }

    /// Nobody sees a bond of two that were nobody's before this entry and in no other bond, nor one of an identifier in
    /// no other bond that no case is named by and that tells of no place.
    fn anybody_sees(&self, pair: &Pair) -> bool {
        let mut lone = 0;
        for end in [&pair.low, &pair.high] {
            let bound = self.bonds.iter().any(|bond| bond.pair != *pair && bond.joins() && bond.names(end));
            let told_again = self.tellings.iter().any(|telling| [&telling.pair.low, &telling.pair.high].contains(&end));
            if bound || told_again || self.is_organisation(end) && self.new_organisation.as_ref() != Some(end) {
                continue;
            }
            lone += 1;
            if !self.is_organisation(end) && !telling::tells_of_a_place(end) {
                return false;
            }
        }
        lone < 2
    }

    fn tell_change(&mut self, pair: &Pair, joined: Option<Bond>, said: &mut Said) {
        said.work_left = true;
        match self.tellings.iter_mut().find(|telling| telling.pair == *pair) {
            Some(telling) => {
                telling.changes += 1;
                telling.after = None;
                telling.new |= telling.done;
                telling.done = false;
            }
            None => self.tellings.push(Telling {
                pair: pair.clone(),
                since: self.now,
                changes: 1,
                joined,
                after: None,
                done: false,
                new: true,
            }),
        }
    }

    /// The `organisation_id` of whoever holds an identifier.
    pub(super) fn holder(&self, identifier: &str) -> Option<String> {
        let holds = |at: &&Organisation| at.identifiers.iter().any(|known| known == identifier);
        self.organisations.iter().find(holds).map(|at| at.identifiers[0].clone())
    }

    pub(super) fn is_organisation(&self, id: &str) -> bool {
        self.organisations.iter().any(|at| at.identifiers[0] == id)
    }

    /// All identifiers that bonds make one with this one.
    pub(super) fn reach(&self, identifier: &str, bonds: &[Bond]) -> Vec<String> {
        let mut reached = vec![identifier.to_owned()];
        loop {
            let before = reached.len();
            for bond in bonds.iter().filter(|bond| bond.joins()) {
                if reached.contains(&bond.pair.low) != reached.contains(&bond.pair.high) {
                    reached.extend([bond.pair.low.clone(), bond.pair.high.clone()]);
                    reached.sort();
                    reached.dedup();
                }
            }
            if reached.len() == before {
                return reached;
            }
        }
    }

    /// Of what events alone say is one: whether that was followed by another, is second in a link, and whether this
    /// identifier of it is one that was named beside another.
    pub(super) fn rank(&self, identifier: &str, bonds: &[Bond]) -> (bool, bool, bool, String) {
        let (by_link, by_event): (Vec<Bond>, Vec<Bond>) =
            bonds.iter().filter(|bond| bond.joins()).cloned().partition(|bond| !bond.links.is_empty());
        let own = self.reach(identifier, &by_event);
        let behind: Vec<&Bond> =
            by_link.iter().filter(|bond| own.contains(bond.second()) && !own.contains(bond.first())).collect();
        let followed = behind.iter().any(|bond| bond.relation() == Some(LinkRelation::SuccessorOf));
        let behind_first = |bond: &Bond| bond.second() == identifier || bond.held_by.as_deref() == Some(identifier);
        let beside = by_event.iter().filter(|bond| own.contains(&bond.pair.low)).any(behind_first);
        (followed, !behind.is_empty(), beside, identifier.to_owned())
    }

    /// The organisations that are one under these bonds, that which stands for all first.
    pub(super) fn one_with(&self, id: &str, bonds: &[Bond]) -> Vec<String> {
        let mut ids: Vec<String> =
            self.reach(id, bonds).into_iter().filter(|identifier| self.is_organisation(identifier)).collect();
        if ids.len() > 1 {
            ids.sort_by_cached_key(|id| self.rank(id, bonds));
        }
        if let Some(others) = ids.get_mut(1..) {
            others.sort();
        }
        ids
    }

    /// True where an authority said that two are not one, of what is one with either.
    pub(super) fn are_two(&self, one: &str, other: &str) -> bool {
        self.are_two_under(&self.bonds, one, other)
    }

    fn are_two_under(&self, bonds: &[Bond], one: &str, other: &str) -> bool {
        let (ones, others) = (self.reach(one, bonds), self.reach(other, bonds));
        bonds.iter().filter(|bond| bond.relation() == Some(LinkRelation::NotSame)).any(|bond| {
            let (low, high) = (&bond.pair.low, &bond.pair.high);
            ones.contains(low) && others.contains(high) || ones.contains(high) && others.contains(low)
        })
    }

    pub(super) fn is_busy(&self, pair: &Pair) -> bool {
        self.tellings.iter().any(|telling| telling.pair == *pair && telling.changes >= 8)
    }

    /// The day has come on which a link holds no more.
    pub(super) fn end_link(&mut self, pair: &Pair, said: &mut Said) {
        let mut bond = self.bonds.iter().find(|bond| bond.pair == *pair).cloned().expect("a link");
        let now = self.now;
        bond.links.retain(|link| link.to.is_none_or(|to| i64::from(to) * DAY_MS > now));
        if self.joins_against(&bond) {
            bond = Bond::of(pair);
        }
        self.put_bond(bond, said);
        self.drop_unnamed();
    }

    /// Links that end, with when.
    pub(super) fn link_ends(&self) -> Vec<(Millis, Pair)> {
        self.bonds.iter().flat_map(|bond| bond.ends().into_iter().map(|at| (at, bond.pair.clone()))).collect()
    }

    /// Tells a change to whoever sees another picture of an open case, for so many cases at most.
    pub(super) fn tell_on(&mut self, pair: &Pair, left: usize, said: &mut Said) -> usize {
        let place = self.tellings.iter().position(|telling| telling.pair == *pair).expect("it is told");
        let telling = self.tellings[place].clone();
        // Whatever the two were one with, are, or would be if no link had ended since.
        let mut widest = self.bonds.clone();
        for other in &self.tellings {
            if !widest.iter().any(|bond| bond.pair == other.pair && bond.joins()) {
                widest.retain(|bond| bond.pair != other.pair);
                widest.extend(other.joined.clone());
            }
        }
        let mut ids: Vec<String> = Vec::new();
        for identifier in [&pair.low, &pair.high] {
            ids.extend(self.one_with(identifier, &widest));
        }
        let mut cases: Vec<(Jurisdiction, String)> = Vec::new();
        for case in &self.cases {
            let is_open = case.events.iter().any(stands);
            if is_open && case.organisation.as_ref().is_some_and(|id| ids.contains(id)) {
                cases.push((case.origin, case.id.clone()));
            }
        }
        cases.sort();
        cases.retain(|case| telling.after.as_ref().is_none_or(|after| case > after));
        let (all, now) = (cases.len(), cases.len().min(left));
        for (origin, id) in &cases[..now] {
            let case = self.case(*origin, id).expect("the case");
            self.tell_case(case, said);
        }
        if all <= left {
            self.tellings[place].done = true;
            let together = self.told_together(pair, &widest);
            if self.tellings.iter().all(|telling| telling.done || !together.contains(&telling.pair)) {
                self.tellings.retain(|telling| !together.contains(&telling.pair));
                together.iter().for_each(|pair| self.copies_agree(pair));
            }
        } else {
            self.tellings[place].after = Some(cases[now - 1].clone());
            said.work_left = true;
        }
        now.max(1)
    }

    /// The pairs of this kind that a chain of bonds leads to.
    fn told_together(&self, pair: &Pair, widest: &[Bond]) -> Vec<Pair> {
        let mut pairs = vec![pair.clone()];
        loop {
            let before = pairs.len();
            let ends = pairs.iter().flat_map(|pair| [&pair.low, &pair.high]);
            let reached: Vec<String> = ends.flat_map(|end| self.reach(end, widest)).collect();
            let touches = |pair: &Pair| reached.contains(&pair.low) || reached.contains(&pair.high);
            let met = self.tellings.iter().map(|telling| telling.pair.clone()).filter(touches);
            pairs.extend(met);
            pairs.sort();
            pairs.dedup();
            if pairs.len() == before {
                return pairs;
            }
        }
    }

    fn tell_case(&mut self, case: usize, said: &mut Said) {
        let events = &self.cases[case].events;
        let told_of = |scope| {
            let is_told = move |event: &Event| stands(event) && event.version > 0 && event.scope == scope;
            (0..events.len()).rev().filter(|place| is_told(&events[*place])).collect::<Vec<_>>()
        };
        let mut places = told_of(Scope::Federation);
        places.truncate(1);
        if places.is_empty() {
            places = told_of(Scope::Restricted);
        }
        let (mut heard, mut nation_heard) = (Vec::new(), false);
        for place in places {
            let nation = self.cases[case].events[place].nation_told && !nation_heard;
            nation_heard |= nation;
            let told = self.everyone_told(case, place);
            let others = told.iter().filter(|(to, ..)| !heard.contains(to)).copied().collect();
            heard.extend(told.iter().map(|(to, ..)| *to));
            self.tell_of(case, place, others, nation, said);
        }
    }

    fn tell_of(&mut self, case: usize, place: usize, told: Vec<To>, nation: bool, said: &mut Said) {
        let event = &self.cases[case].events[place];
        let (standing, expires_at) = (event.standing, event.expires_at);
        let mut recipients = Vec::new();
        for (to, role, ..) in told {
            let told = self.cases[case].told.iter().find(|told| told.to == to).expect("it was told").clone();
            let (saw, sees) = (self.picture(case, to, &told.bonds), self.picture(case, to, &self.bonds));
            if saw == sees {
                continue;
            }
            let (now, by_index) = match (saw.3, sees.3) {
                (false, true) if role == Role::Attention => (Role::FollowUp, Some(true)),
                (true, false) if told.by_index => (Role::Attention, Some(false)),
                _ => (role, None),
            };
            recipients.push((to, now, Some(role).filter(|before| *before != now), by_index));
        }
        // What all may know: its names, and open cases that all may know.
        let for_all = |bonds: &[Bond]| {
            let (names, open, ..) = self.picture(case, self.cases[case].origin, bonds);
            (names, open)
        };
        let to_nation = nation && for_all(&self.cases[case].nation_saw) != for_all(&self.bonds);
        if recipients.is_empty() && !to_nation {
            return;
        }
        let alert = Alert { to_nation, ..Alert::update(standing, expires_at, recipients) };
        self.send(case, place, alert, said);
    }

    /// What a recipient sees of the organisation of a case under some bonds: its names, that which stands for all first,
    /// its other open cases, those of them that are restricted, and whether it is known there.
    fn picture(
        &self,
        case: usize,
        to: Jurisdiction,
        bonds: &[Bond],
    ) -> (Vec<String>, Vec<OpenCase>, Vec<OpenCase>, bool) {
        let (organisation, origin) = (self.cases[case].organisation.clone(), self.cases[case].origin);
        let Some(id) = &organisation else { return (Vec::new(), Vec::new(), Vec::new(), false) };
        let ids = self.one_with(id, bonds);
        let mut open: Vec<OpenCase> = self.open_cases(&ids, origin).into_iter().map(|(open, _)| open).collect();
        open.retain(|open| open.scope == Scope::Federation);
        let restricted = self.restricted_for(&ids, origin, to);
        (self.names(case, bonds), open, restricted, self.is_known_in(case, bonds, to))
    }
}

pub(super) fn named(event: &InfractionEvent) -> Named {
    (event.origin, event.case_id.clone(), event.event_id.clone())
}
