//! What the naive ledger makes of links, and of identifiers that come back with another name.

use super::*;
use comity::model::entry::{Link, LinkRelation};
use comity::model::state::Pair;

/// What is said of two identifiers.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Bond {
    /// `None` for a question.
    relation: Option<LinkRelation>,
    first: String,
    second: String,
    by: String,
    /// The events that named both, each with its origin and case; eight at most are remembered.
    events: Vec<Named>,
    basis: String,
    from: Option<i32>,
    to: Option<i32>,
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
    /// Made by the entry that is being read, so that the next one begins with it.
    pub(super) new: bool,
}

impl Bond {
    fn joins(&self) -> bool {
        matches!(self.relation, Some(LinkRelation::Same | LinkRelation::SuccessorOf))
    }

    fn pair(&self) -> Pair {
        Pair::new(&self.first, &self.second)
    }

    fn names(&self, identifier: &str) -> bool {
        self.first == identifier || self.second == identifier
    }

    pub(super) fn ends_at(&self) -> Option<Millis> {
        self.to.map(|day| i64::from(day) * DAY_MS)
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
        if self.tellings.iter().any(|telling| telling.pair == pair && telling.changes >= 8) {
            return self.reject(Reason::LinkFull, said);
        }
        let known = self.bonds.iter().find(|bond| bond.pair() == pair && bond.relation.is_some()).cloned();
        let after = Bond {
            relation: Some(link.relation),
            first: link.first.clone(),
            second: link.second.clone(),
            by: link.asserted_by.clone(),
            events: Vec::new(),
            basis: link.basis.clone(),
            from: link.from,
            to: link.to,
        };
        if after.ends_at().is_some_and(|at| at <= self.now) {
            let Some(known) = known.filter(|known| known.relation == Some(link.relation)) else {
                return self.reject(Reason::UnknownLink, said);
            };
            if known.events.is_empty() && known.by != link.asserted_by && link.asserted_by != "operator" {
                return self.reject(Reason::NotItsLink, said);
            }
            self.put_bond(&pair, None, said);
            return Outcome::Taken;
        }
        if known.as_ref() == Some(&after) {
            return Outcome::Duplicate;
        }
        let (Some(first), Some(second)) = (self.holder(&link.first), self.holder(&link.second)) else {
            return self.reject(Reason::UnknownOrganisation, said);
        };
        let join = after.joins();
        if first == second {
            return if join { Outcome::Duplicate } else { self.reject(Reason::ContradictedLink, said) };
        }
        let others: Vec<Bond> = self.bonds.iter().filter(|bond| bond.pair() != pair).cloned().collect();
        let refused = if join {
            let (ones, twos) = (self.one_with(&first, &self.bonds), self.one_with(&second, &self.bonds));
            known.is_some_and(|known| known.relation == Some(LinkRelation::NotSame)) || self.are_two(&ones, &twos)
        } else {
            self.one_with(&first, &others).contains(&second)
        };
        if refused {
            return self.reject(Reason::ContradictedLink, said);
        }
        self.put_bond(&pair, Some(after), said);
        Outcome::Taken
    }

    /// Gives a pair its bond; where that joins or parts the two, it is to be told.
    pub(super) fn put_bond(&mut self, pair: &Pair, after: Option<Bond>, said: &mut Said) {
        let before = self.bonds.iter().find(|bond| bond.pair() == *pair && bond.joins()).cloned();
        self.bonds.retain(|bond| bond.pair() != *pair);
        let joins = after.clone().filter(Bond::joins);
        self.bonds.extend(after);
        let seen = |bond: &Option<Bond>| bond.as_ref().map(|bond| (bond.relation, bond.first.clone()));
        if seen(&before) != seen(&joins) {
            self.tell_change(pair, before.or(joins), said);
        }
        self.drop_unnamed();
    }

    fn tell_change(&mut self, pair: &Pair, joined: Option<Bond>, said: &mut Said) {
        said.work_left = true;
        match self.tellings.iter_mut().find(|telling| telling.pair == *pair) {
            Some(telling) => {
                telling.changes += 1;
                telling.after = None;
            }
            None => self.tellings.push(Telling {
                pair: pair.clone(),
                since: self.now,
                changes: 1,
                joined,
                after: None,
                new: true,
            }),
        }
    }

    /// The `organisation_id` of whoever holds an identifier.
    pub(super) fn holder(&self, identifier: &str) -> Option<String> {
        let holds = |at: &&Organisation| at.identifiers.iter().any(|known| known == identifier);
        self.organisations.iter().find(holds).map(|at| at.identifiers[0].clone())
    }

    fn identifiers_of(&self, id: &str) -> Vec<String> {
        let known = self.organisations.iter().find(|at| at.identifiers[0] == id);
        known.map(|at| at.identifiers.clone()).unwrap_or_default()
    }

    /// The organisations that are one under these bonds, that which stands for all first: who was followed by another
    /// comes last, then who is second in a link.
    pub(super) fn one_with(&self, id: &str, bonds: &[Bond]) -> Vec<String> {
        let (mut ids, mut identifiers) = (vec![id.to_owned()], self.identifiers_of(id));
        loop {
            let before = identifiers.len();
            for bond in bonds.iter().filter(|bond| bond.joins()) {
                for (one, other) in [(&bond.first, &bond.second), (&bond.second, &bond.first)] {
                    if identifiers.contains(one) && !identifiers.contains(other) {
                        identifiers.push(other.clone());
                    }
                }
            }
            for organisation in &self.organisations {
                if organisation.identifiers.iter().any(|known| identifiers.contains(known)) {
                    let id = &organisation.identifiers[0];
                    ids.extend((!ids.contains(id)).then(|| id.clone()));
                    identifiers.extend(organisation.identifiers.iter().cloned());
                    identifiers.sort();
                    identifiers.dedup();
                }
            }
            if identifiers.len() == before {
                break;
            }
        }
        let rank = |id: &String| {
            let own = self.identifiers_of(id);
            let second = |bond: &&Bond| bond.joins() && own.contains(&bond.second) && !own.contains(&bond.first);
            let seconds: Vec<&Bond> = bonds.iter().filter(second).collect();
            let followed = seconds.iter().any(|bond| bond.relation == Some(LinkRelation::SuccessorOf));
            (followed, !seconds.is_empty(), id.clone())
        };
        ids.sort_by_key(rank);
        ids[1..].sort();
        ids
    }

    /// True where an authority said of any of these and any of those that they are two.
    pub(super) fn are_two(&self, ones: &[String], twos: &[String]) -> bool {
        let held = |ids: &[String], identifier: &str| self.holder(identifier).is_some_and(|id| ids.contains(&id));
        self.bonds.iter().filter(|bond| bond.relation == Some(LinkRelation::NotSame)).any(|bond| {
            held(ones, &bond.first) && held(twos, &bond.second) || held(ones, &bond.second) && held(twos, &bond.first)
        })
    }

    /// What is said of an identifier that gets a holder with cases makes that one with others.
    pub(super) fn take_effect(&mut self, identifier: &str, said: &mut Said) {
        let mut pairs: Vec<(Pair, Bond)> = Vec::new();
        for bond in self.bonds.iter().filter(|bond| bond.joins() && bond.names(identifier)) {
            pairs.push((bond.pair(), bond.clone()));
        }
        for (pair, bond) in pairs {
            self.tell_change(&pair, Some(bond), said);
        }
    }

    /// An event of one organisation names an identifier that another holds.
    pub(super) fn meet(
        &mut self,
        event: &InfractionEvent,
        id: &str,
        met: (String, String, bool),
        new: bool,
        said: &mut Said,
    ) -> Option<Pair> {
        let (identifier, other, its_name) = met;
        let named = named(event);
        let both = Pair::new(id, &identifier);
        let before = |bond: &&mut Bond| {
            let asserted = bond.pair() == both && bond.joins() && !bond.events.is_empty();
            asserted && (its_name || bond.events.contains(&named))
        };
        if let Some(bond) = self.bonds.iter_mut().find(before) {
            if !bond.events.contains(&named) && bond.events.len() < 8 {
                bond.events.push(named);
            }
            return Some(both);
        }
        let (ones, twos) = (self.one_with(id, &self.bonds), self.one_with(&other, &self.bonds));
        let pair = Pair::new(id, if its_name { &identifier } else { &other });
        let known = self.bonds.iter().find(|bond| bond.pair() == pair);
        let is_known = known.is_some_and(|known| known.relation.is_some() || !its_name);
        if ones.contains(&other) || is_known || self.are_two(&ones, &twos) {
            return None;
        }
        if its_name && self.tellings.iter().any(|telling| telling.pair == pair && telling.changes >= 8) {
            return None;
        }
        let bond = Bond {
            relation: its_name.then_some(LinkRelation::Same),
            first: id.to_owned(),
            second: if its_name { identifier.clone() } else { other.clone() },
            by: event.origin.to_string(),
            events: vec![named],
            basis: String::new(),
            from: None,
            to: None,
        };
        self.put_bond_keeping(&pair, bond, said);
        if !its_name {
            let sequence = self.sequence("review", None);
            said.reviews.push((new, id.to_owned(), other, identifier, sequence));
            return None;
        }
        Some(pair)
    }

    /// An event is taken back, or names other identifiers now: what it alone said of some holds no more.
    pub(super) fn take_back(&mut self, named: &Named, but_for: &[Pair], said: &mut Said) {
        for bond in self.bonds.clone() {
            let (pair, full) = (bond.pair(), bond.events.len() >= 8);
            if !bond.joins() || !bond.events.contains(named) || but_for.contains(&pair) || full {
                continue;
            }
            let events: Vec<Named> = bond.events.iter().filter(|known| *known != named).cloned().collect();
            self.bonds.retain(|known| known.pair() != pair);
            match events.first() {
                Some((by, ..)) => self.bonds.push(Bond { by: by.to_string(), events, ..bond }),
                None => self.tell_change(&pair, Some(bond), said),
            }
        }
    }

    /// As `put_bond`, while the case of the event is still on its way.
    fn put_bond_keeping(&mut self, pair: &Pair, bond: Bond, said: &mut Said) {
        self.bonds.retain(|known| known.pair() != *pair);
        let joins = bond.joins().then(|| bond.clone());
        self.bonds.push(bond);
        if joins.is_some() {
            self.tell_change(pair, joins, said);
        }
    }

    /// Questions about whoever is forgotten, and what events said of identifiers that nobody holds.
    pub(super) fn drop_bonds(&mut self) {
        let held: Vec<String> = self.organisations.iter().flat_map(|at| at.identifiers.clone()).collect();
        self.bonds.retain(|bond| {
            let (first, second) = (held.contains(&bond.first), held.contains(&bond.second));
            match bond.relation {
                None => first && second,
                Some(_) => bond.events.is_empty() || first || second,
            }
        });
    }

    /// The day has come on which a link holds no more.
    pub(super) fn end_link(&mut self, pair: &Pair, said: &mut Said) {
        self.put_bond(pair, None, said);
    }

    /// Links that end, with when.
    pub(super) fn link_ends(&self) -> Vec<(Millis, Pair)> {
        self.bonds.iter().filter_map(|bond| Some((bond.ends_at()?, bond.pair()))).collect()
    }

    /// Tells a change to whoever sees another picture of an open case, for so many cases at most.
    pub(super) fn tell_on(&mut self, pair: &Pair, left: usize, said: &mut Said) -> usize {
        let place = self.tellings.iter().position(|telling| telling.pair == *pair).expect("it is told");
        let telling = self.tellings[place].clone();
        // Whatever the two were one with, are, or would be if no link had ended since.
        let mut widest = self.bonds.clone();
        for other in &self.tellings {
            if !widest.iter().any(|bond| bond.pair() == other.pair && bond.joins()) {
                widest.retain(|bond| bond.pair() != other.pair);
                widest.extend(other.joined.clone());
            }
        }
        let mut ids: Vec<String> = Vec::new();
        for id in [&pair.low, &pair.high].into_iter().filter_map(|identifier| self.holder(identifier)) {
            ids.extend(self.one_with(&id, &widest));
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
            self.tellings.remove(place);
            // From now on everybody's copy agrees with what is said of the pair.
            let now: Vec<Bond> = self.bonds.iter().filter(|bond| bond.pair() == *pair).cloned().collect();
            for told in self.cases.iter_mut().flat_map(|case| &mut case.told) {
                told.bonds.retain(|bond| bond.pair() != *pair);
                told.bonds.extend(now.clone());
            }
        } else {
            self.tellings[place].after = Some(cases[now - 1].clone());
            said.work_left = true;
        }
        now.max(1)
    }

    fn tell_case(&mut self, case: usize, said: &mut Said) {
        let events = &self.cases[case].events;
        let last = |scope| events.iter().rposition(|event| stands(event) && event.version > 0 && event.scope == scope);
        let Some(place) = last(Scope::Federation).or_else(|| last(Scope::Restricted)) else { return };
        let (standing, expires_at) = (events[place].standing, events[place].expires_at);
        let (mut recipients, mut to_nation) = (Vec::new(), false);
        for (to, role, ..) in self.everyone_told(case, place) {
            let told = self.cases[case].told.iter().find(|told| told.to == to).expect("it was told").clone();
            let (saw, sees) = (self.picture(case, to, &told.bonds), self.picture(case, to, &self.bonds));
            if saw == sees {
                continue;
            }
            // What all may know: its name, and open cases that all may know.
            to_nation |= (&saw.0, &saw.1) != (&sees.0, &sees.1);
            let (now, by_index) = match (saw.3, sees.3) {
                (false, true) if role == Role::Attention => (Role::FollowUp, Some(true)),
                (true, false) if told.by_index => (Role::Attention, Some(false)),
                _ => (role, None),
            };
            recipients.push((to, now, Some(role).filter(|before| *before != now), by_index));
        }
        if recipients.is_empty() {
            return;
        }
        let alert = Alert {
            msg_type: MsgType::Update,
            standing,
            expires_at,
            original_unseen: false,
            follows: Vec::new(),
            recipients,
            newcomers: false,
            begins: false,
            to_nation,
        };
        self.send(case, place, alert, said);
    }

    /// What a recipient sees of the organisation of a case under some bonds: its name, its other open cases, those of
    /// them that are restricted, and whether it is known there.
    fn picture(
        &self,
        case: usize,
        to: Jurisdiction,
        bonds: &[Bond],
    ) -> (Option<String>, Vec<OpenCase>, Vec<OpenCase>, bool) {
        let (organisation, origin) = (self.cases[case].organisation.clone(), self.cases[case].origin);
        let Some(id) = &organisation else { return (None, Vec::new(), Vec::new(), false) };
        let ids = self.one_with(id, bonds);
        let mut open: Vec<OpenCase> = self.open_cases(&ids, origin).into_iter().map(|(open, _)| open).collect();
        open.retain(|open| open.scope == Scope::Federation);
        (Some(ids[0].clone()), open, self.restricted_for(&ids, origin, to), self.is_known_in(&ids, to))
    }
}

pub(super) fn named(event: &InfractionEvent) -> Named {
    (event.origin, event.case_id.clone(), event.event_id.clone())
}
