//! Who becomes ACTIVE is told of every event that stands and that it may know, once, as ATTENTION; who had been RETIRED
//! is told again of those that it knew, and of what became of those that stand no more. The event that ends first is told
//! first, what has no end any more with the first of its case that has one, or at last; what is due goes on with each
//! entry.

use super::*;

impl Model {
    /// Notes who becomes ACTIVE by these rules; the first rules of a log join nobody.
    pub(super) fn join(&mut self, rules: &Rules, said: &mut Said) {
        if self.rules.is_none() {
            return;
        }
        for member in &rules.members {
            let before = self.state_of(member.jurisdiction);
            let joins = match member.state {
                MemberState::Active => before != Some(MemberState::Active),
                MemberState::Left => before == Some(MemberState::Retired),
                MemberState::Retired => false,
            };
            if joins {
                let unfinished =
                    self.joining.iter().any(|joining| joining.member == member.jurisdiction && joining.again);
                self.joining.retain(|joining| joining.member != member.jurisdiction);
                let again = before == Some(MemberState::Retired) || unfinished;
                let (member, since) = (member.jurisdiction, self.now);
                self.joining.push(Joining { member, since, again, last: None });
                said.work_left = true;
            }
        }
    }

    /// Tells a member of the next event; `false` where there is none, and then it has joined.
    pub(super) fn tell_next(&mut self, to: Jurisdiction, said: &mut Said) -> bool {
        let place = self.joining.iter().position(|joining| joining.member == to).expect("it joins");
        let joining = self.joining[place].clone();
        let (mut open, mut ended) = (Vec::new(), Vec::new());
        for case in &self.cases {
            for (place, event) in case.events.iter().enumerate() {
                if let Some(ends) = event.expires_at {
                    open.push((ends, case.origin, case.id.clone(), place));
                }
            }
            if case.events.iter().all(|event| event.expires_at.is_none()) {
                ended.push((case.keep_until, case.origin, case.id.clone()));
            }
        }
        open.sort();
        ended.sort();
        for end in open {
            let behind = joining.last.as_ref().is_none_or(|last| end > *last);
            let case = self.case(end.1, &end.2).expect("the case");
            if behind && self.tell_missed(case, &joining, said) {
                return true;
            }
            if behind && self.is_to_be_told(case, end.3, &joining) {
                self.tell_one(case, end.3, to, said);
                self.joining[place].last = Some(end);
                return true;
            }
        }
        for (_, origin, id) in ended {
            let case = self.case(origin, &id).expect("the case");
            if self.tell_missed(case, &joining, said) {
                return true;
            }
        }
        self.joining.remove(place);
        false
    }

    /// Tells it of the first event of a case that has no end any more, and whose end it missed.
    fn tell_missed(&mut self, case: usize, joining: &Joining, said: &mut Said) -> bool {
        let takes_part = self.state_of(joining.member) != Some(MemberState::Retired);
        for place in 0..self.cases[case].events.len() {
            let event = &self.cases[case].events[place];
            let missed = event.expires_at.is_none() && has_missed(event, joining.member);
            if joining.again && takes_part && missed {
                self.tell_one(case, place, joining.member, said);
                return true;
            }
        }
        false
    }

    fn is_to_be_told(&self, case: usize, place: usize, joining: &Joining) -> bool {
        let (case, event) = (&self.cases[case], &self.cases[case].events[place]);
        let member = self.members().into_iter().find(|member| member.jurisdiction == joining.member);
        let Some(member) = member else { return false };
        let active = member.state == MemberState::Active;
        if event.told.contains(&joining.member) {
            let missed = member.state != MemberState::Retired && has_missed(event, joining.member);
            return joining.again && (active && stands(event) || missed);
        }
        let wants_domain = member.domains.is_empty() || member.domains.contains(&event.domain);
        let wants_severity = event.severity == Severity::Unknown || event.severity >= member.least_severity;
        let may_know = event.scope == Scope::Federation && case.origin != joining.member;
        active && stands(event) && may_know && wants_domain && wants_severity
    }

    fn tell_one(&mut self, case: usize, place: usize, to: Jurisdiction, said: &mut Said) {
        let sequence = self.sequence("alerts", Some(to));
        let event = self.cases[case].events[place].clone();
        let origin = self.cases[case].origin;
        let ids = self.ids_of(self.cases[case].organisation.as_ref());
        let mut names = self.names(case, &self.bonds).into_iter();
        let mut open = self.open_cases(&ids, origin);
        open.retain(|(open, _)| open.scope == Scope::Federation);
        let before = self.cases[case].told.iter().find(|told| told.to == to).map(|told| told.role);
        let knows = event.told.contains(&to);
        let role = before.filter(|_| knows).unwrap_or(Role::Attention);
        said.sent.push(Sent {
            to,
            sequence,
            test: false,
            joining: true,
            alert_id: format!("{}#{}", event.id, event.version),
            version: event.version,
            msg_type: match event.standing {
                Standing::Withdrawn => MsgType::Cancel,
                _ if knows => MsgType::Update,
                _ => MsgType::Alert,
            },
            standing: event.standing,
            role,
            role_before: before.filter(|before| *before != role),
            references: Vec::new(),
            expires_at: event.expires_at,
            original_unseen: false,
            organisation_id: names.next(),
            formerly: names.collect(),
            severity: event.severity,
            open_cases_more: i32::try_from(open.len().saturating_sub(32)).expect("few"),
            open_cases: open.into_iter().map(|(open, _)| open).take(32).collect(),
            restricted_cases: self.restricted_for(&ids, origin, to),
            ack_due_at: None,
            disputed_since: self.disputed_since(case, place),
        });
        let bonds = self.bonds.clone();
        let told = &mut self.cases[case].told;
        let by_index = knows && told.iter().any(|told| told.to == to && told.by_index);
        told.retain(|told| told.to != to);
        told.push(Told { to, role, sequence, by_index, bonds });
        self.cases[case].events[place].told.push(to);
        self.note_got(case, place, &[to]);
        // It begins no clock; one that runs goes on.
        said.sent.last_mut().expect("an alert").ack_due_at =
            self.told_now(case, place, (to, role, before), false, said);
    }
}

/// True where a member was told of an event, and not of its last version.
fn has_missed(event: &Event, who: Jurisdiction) -> bool {
    event.told.contains(&who) && !event.got.last().expect("a version").contains(&who)
}
