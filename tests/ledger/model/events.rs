//! What the naive ledger does with each kind of event.

use super::*;
use comity::model::code::{
    Finality, Kind, MemberState, Mode, MsgType, Role, Scope, Standing, WithdrawalReason, WithdrawalScope,
};

impl Model {
    pub(super) fn event(&mut self, event: &InfractionEvent, said: &mut Said) -> Outcome {
        if self.rules.is_none() {
            return self.reject(Reason::NotAccepted, said);
        }
        if event.mode == Mode::Test {
            return self.test(event, said);
        }
        match event.kind {
            Kind::Withdrawal => self.withdraw(event, event.withdrawal.as_ref().expect("a withdrawal").scope, said),
            Kind::Closure => self.close(event, said),
            // Whoever says that its finding was annulled takes it back.
            _ if event.finality == Finality::Annulled => {
                let mut event = event.clone();
                let case = self.case(event.origin, &event.case_id);
                // Of a finding that is known it says nothing of what that refers to.
                if case.is_some_and(|case| self.place(case, &event.event_id).is_some()) {
                    event.references.clear();
                }
                self.withdraw(&event, WithdrawalScope::Event, said)
            }
            Kind::Original | Kind::Supplement | Kind::Correction => self.state(event, said),
        }
    }

    pub(super) fn test(&mut self, event: &InfractionEvent, said: &mut Said) -> Outcome {
        if self.state_of(event.origin) != Some(MemberState::Active) {
            return self.reject(Reason::OriginNotMember, said);
        }
        let expires_at = self.expires_at(event);
        let annulled = event.finality == Finality::Annulled && !matches!(event.kind, Kind::Withdrawal | Kind::Closure);
        if event.kind == Kind::Original && expires_at <= self.now {
            return self.reject(Reason::ExpiredOnArrival, said);
        }
        if self.names_no_group(event) {
            return self.reject(Reason::UnknownGroup, said);
        }
        let organisation = self.look_up(event.subject.as_ref(), None).and_then(|led| led.id);
        let public = |id: &String| self.organisations.iter().any(|at| at.identifiers[0] == *id && at.public);
        let organisation = organisation.map(|id| self.holder(&id).filter(public).unwrap_or(id));
        let registered = organisation.as_ref().and(event.subject.as_ref()).and_then(|subject| subject.jurisdiction);
        for member in self.members() {
            let to = member.jurisdiction;
            if to == event.origin || !self.on_todays_route(&member, event, event.domain, event.severity, event.scope) {
                continue;
            }
            let numbers = event.subject.as_ref().map(known::identifiers).unwrap_or_default();
            let established = organisation.is_some() && numbers.iter().any(|number| telling::is_of(number, to));
            let follow_up = event.for_follow_up.contains(&to) || registered == Some(to) || established;
            said.sent.push(Sent {
                to,
                sequence: self.sequence("test", Some(to)),
                test: true,
                joining: false,
                alert_id: format!("{}#1", event.event_id),
                version: 1,
                msg_type: match event.kind {
                    _ if annulled => MsgType::Cancel,
                    Kind::Original => MsgType::Alert,
                    Kind::Supplement | Kind::Correction | Kind::Closure => MsgType::Update,
                    Kind::Withdrawal => MsgType::Cancel,
                },
                standing: match event.kind {
                    _ if annulled => Standing::Withdrawn,
                    Kind::Withdrawal => Standing::Withdrawn,
                    Kind::Closure => Standing::Closed,
                    Kind::Original | Kind::Supplement | Kind::Correction => standing_of(event.case_status),
                },
                role: if follow_up { Role::FollowUp } else { Role::Attention },
                role_before: None,
                references: Vec::new(),
                expires_at: Some(expires_at),
                original_unseen: false,
                organisation_id: organisation.clone(),
                formerly: Vec::new(),
                severity: event.severity,
                open_cases: Vec::new(),
                open_cases_more: 0,
                restricted_cases: Vec::new(),
                ack_due_at: None,
                disputed_since: None,
            });
        }
        Outcome::Taken
    }

    pub(super) fn state(&mut self, event: &InfractionEvent, said: &mut Said) -> Outcome {
        let case = self.case(event.origin, &event.case_id);
        let known = case.and_then(|case| self.place(case, &event.event_id));
        let expires_at = self.expires_at(event);
        let over = expires_at <= self.now;
        let refused = match (case, known) {
            (Some(case), Some(place)) => self.refuse_revision(case, place, event, over, said),
            _ => self.refuse_first(case, event, over, said),
        };
        if let Some(outcome) = refused {
            return outcome;
        }
        let other = case.is_some_and(|case| self.names_another(case, event));
        if let Some(case) = case.filter(|_| other) {
            for (place, told) in self.cases[case].events.iter().enumerate() {
                let corrected = event.kind == Kind::Correction && known == Some(place);
                if told.standing != Standing::Withdrawn && !corrected {
                    return self.reject(Reason::ConflictingSubject, said);
                }
            }
        }
        if self.names_no_group(event) {
            return self.reject(Reason::UnknownGroup, said);
        }
        let case_known = case.is_some();
        let case = case.unwrap_or_else(|| self.new_case(event));
        let follows = if known.is_none() { self.follows(case, event) } else { Vec::new() };
        let place = known.unwrap_or_else(|| self.new_event(case, event));
        let was = self.cases[case].events[place].clone();
        let mut anew = was.version == 0 || was.standing == Standing::Withdrawn;
        if known.is_none() {
            anew = !case_known || event.kind == Kind::Original;
        }
        if other && was.version > 0 && was.standing != Standing::Withdrawn {
            let recipients = self.everyone_told(case, place);
            let alert = Alert::cancel(recipients);
            self.cases[case].events[place].standing = Standing::Withdrawn;
            self.send(case, place, alert, said);
            anew = true;
        }
        self.settle(case, event, other, said);
        self.drop_unnamed();
        self.keep(case, self.forget_at(expires_at));
        let mut standing = if over { Standing::Expired } else { standing_of(event.case_status) };
        if standing == Standing::InForce && self.disputed_since(case, place).is_some() {
            standing = Standing::Disputed;
        }
        let told = &mut self.cases[case].events[place];
        told.standing = standing;
        (told.scope, told.domain) = (event.scope, event.domain);
        told.severity = event.severity;
        told.since = event.decided.date;
        told.expires_at = if over { None } else { Some(expires_at) };
        self.note_seen(case, place, event);
        let msg_type = if anew && !over { MsgType::Alert } else { MsgType::Update };
        let recipients = self.route(case, place, event, msg_type, !over, false);
        let alert = Alert {
            msg_type,
            standing,
            expires_at: Some(expires_at),
            original_unseen: !case_known && event.kind != Kind::Original,
            follows,
            recipients,
            newcomers: !over,
            begins: event.mode == Mode::Actual,
            to_nation: true,
        };
        self.send(case, place, alert, said);
        Outcome::Taken
    }

    pub(super) fn refuse_revision(
        &mut self,
        case: usize,
        place: usize,
        event: &InfractionEvent,
        over: bool,
        said: &mut Said,
    ) -> Option<Outcome> {
        let origin = self.state_of(event.origin);
        let seen = &self.cases[case].events[place];
        if seen
            .seen
            .iter()
            .any(|(raw, content)| *raw == event.provenance.raw_sha256 || *content == event.provenance.content_sha256)
        {
            return Some(Outcome::Duplicate);
        }
        if let (Some(last), Some(number)) = (seen.number, event.revision) {
            if number < last {
                return Some(Outcome::Superseded);
            }
            if number == last {
                return Some(self.reject(Reason::ConflictingRevision, said));
            }
        }
        let withdrawn = seen.standing == Standing::Withdrawn;
        // Who left may still correct what it said, and add nothing.
        let silent = origin != Some(MemberState::Active) && event.kind == Kind::Supplement;
        if silent || origin.is_none() {
            return Some(self.reject(Reason::OriginNotMember, said));
        }
        if withdrawn && over {
            return Some(self.reject(Reason::ExpiredOnArrival, said));
        }
        None
    }

    pub(super) fn refuse_first(
        &mut self,
        case: Option<usize>,
        event: &InfractionEvent,
        over: bool,
        said: &mut Said,
    ) -> Option<Outcome> {
        let origin = self.state_of(event.origin);
        // A desk only corrects what is there.
        if event.kind == Kind::Correction && by_desk(event) {
            return Some(self.reject(Reason::UnknownEvent, said));
        }
        if let Some(case) = case {
            let same = |event_: &Event| event_.seen.iter().any(|(raw, _)| *raw == event.provenance.raw_sha256);
            if self.cases[case].events.iter().any(same) {
                return Some(Outcome::Duplicate);
            }
        }
        if origin != Some(MemberState::Active) {
            return Some(self.reject(Reason::OriginNotMember, said));
        }
        let before = [(WithdrawalScope::Event, &event.event_id), (WithdrawalScope::Case, &event.case_id)];
        let waits = before.iter().find_map(|(scope, target)| {
            let same = |waiting: &Waiting| {
                waiting.origin == event.origin && waiting.scope == *scope && waiting.target == **target
            };
            self.waiting.iter().position(same)
        });
        if let Some(waiting) = waits {
            // The first that it suppresses is shown to a person.
            if !std::mem::replace(&mut self.waiting[waiting].suppressed, true) {
                said.reviewed.push((event.event_id.clone(), self.sequence("review", None)));
            }
            return Some(Outcome::Suppressed);
        }
        if (case.is_none() || event.kind == Kind::Original) && over {
            return Some(self.reject(Reason::ExpiredOnArrival, said));
        }
        None
    }

    /// The last alerts of the events that a new event of the case names, or of all.
    pub(super) fn follows(&self, case: usize, event: &InfractionEvent) -> Vec<String> {
        let open = |told: &&Event| told.version > 0 && told.scope == Scope::Federation;
        let events: Vec<&Event> = self.cases[case].events.iter().filter(open).collect();
        let named = events.iter().filter(|told| event.references.contains(&told.id));
        let mut follows = named.map(|told| format!("{}#{}", told.id, told.version)).collect::<Vec<_>>();
        if follows.is_empty() && event.kind != Kind::Original {
            follows = events.iter().map(|told| format!("{}#{}", told.id, told.version)).collect();
        }
        follows
    }

    pub(super) fn close(&mut self, event: &InfractionEvent, said: &mut Said) -> Outcome {
        let targets = self.named_events(event);
        let Some((case, targets)) = targets.filter(|(_, targets)| !targets.is_empty()) else {
            if self.state_of(event.origin) != Some(MemberState::Active) {
                return self.reject(Reason::OriginNotMember, said);
            }
            if by_desk(event) {
                return self.reject(Reason::UnknownEvent, said);
            }
            return Outcome::NobodyTold;
        };
        if targets.iter().all(|place| self.was_seen(case, *place, event)) {
            return Outcome::Duplicate;
        }
        if self.is_lower(case, event) {
            return Outcome::Superseded;
        }
        for place in targets {
            self.note_seen(case, place, event);
            if !matches!(self.cases[case].events[place].standing, Standing::InForce | Standing::Disputed) {
                continue;
            }
            self.cases[case].events[place].standing = Standing::Closed;
            let recipients = self.route(case, place, event, MsgType::Update, true, true);
            let alert = Alert {
                msg_type: MsgType::Update,
                standing: Standing::Closed,
                expires_at: self.cases[case].events[place].expires_at,
                original_unseen: false,
                follows: Vec::new(),
                recipients,
                newcomers: true,
                begins: false,
                to_nation: true,
            };
            self.send(case, place, alert, said);
        }
        Outcome::Taken
    }

    pub(super) fn withdraw(&mut self, event: &InfractionEvent, scope: WithdrawalScope, said: &mut Said) -> Outcome {
        let case = self.case(event.origin, &event.case_id);
        let (mut targets, mut missing) = (Vec::new(), Vec::new());
        match (scope, case) {
            (WithdrawalScope::Case, Some(case)) => targets = (0..self.cases[case].events.len()).collect(),
            (WithdrawalScope::Case, None) => missing.push(event.case_id.clone()),
            (WithdrawalScope::Event, _) => {
                targets = self.named_events(event).map(|(_, targets)| targets).unwrap_or_default();
                targets.sort();
                for id in &event.references {
                    if case.and_then(|case| self.place(case, id)).is_none() {
                        missing.push(id.clone());
                    }
                }
                if event.references.is_empty() && targets.is_empty() {
                    missing.push(event.event_id.clone());
                }
            }
        }
        let may = match self.state_of(event.origin) {
            Some(MemberState::Active) => true,
            Some(_) => !targets.is_empty(),
            None => false,
        };
        if !may {
            return self.reject(Reason::OriginNotMember, said);
        }
        if case.is_some_and(|case| self.is_lower(case, event)) {
            return Outcome::Superseded;
        }
        let mut outcomes = Vec::new();
        if let Some(case) = case.filter(|_| !targets.is_empty()) {
            targets.retain(|place| {
                self.cases[case].events[*place].standing != Standing::Withdrawn && !self.was_seen(case, *place, event)
            });
            outcomes.push(if targets.is_empty() { Outcome::Duplicate } else { Outcome::Taken });
            if !targets.is_empty() {
                let policy = &self.rules.as_ref().expect("rules").policy;
                let until = end(&event.decided, &[policy.expires_after, policy.forget_after]);
                self.keep(case, until);
            }
            for place in &targets {
                self.note_seen(case, *place, event);
                self.cases[case].events[*place].standing = Standing::Withdrawn;
                self.cases[case].events[*place].expires_at = None;
                let recipients = self.everyone_told(case, *place);
                if self.cases[case].events[*place].version > 0 {
                    let alert = Alert::cancel(recipients);
                    self.send(case, *place, alert, said);
                }
            }
            let reason = event.withdrawal.as_ref().map(|withdrawal| withdrawal.reason);
            if !matches!(reason, Some(WithdrawalReason::Remedied | WithdrawalReason::Superseded)) {
                for place in targets {
                    let id = self.cases[case].events[place].id.clone();
                    self.take_back(&(event.origin, event.case_id.clone(), id), &[], said);
                }
                self.drop_unnamed();
            }
        }
        for target in missing {
            outcomes.push(self.wait(scope, target, event));
        }
        for outcome in [Outcome::Taken, Outcome::Pending, Outcome::Duplicate] {
            if outcomes.contains(&outcome) {
                return outcome;
            }
        }
        Outcome::NobodyTold
    }

    pub(super) fn wait(&mut self, scope: WithdrawalScope, target: String, event: &InfractionEvent) -> Outcome {
        let policy = self.rules.as_ref().expect("rules").policy.clone();
        let until = end(&event.decided, &[policy.expires_after, policy.forget_after]);
        let same =
            |waiting: &Waiting| waiting.origin == event.origin && waiting.scope == scope && waiting.target == target;
        if self.waiting.iter().any(same) {
            Outcome::Duplicate
        } else if until <= self.now {
            Outcome::NobodyTold
        } else {
            self.waiting.push(Waiting { origin: event.origin, scope, target, until, suppressed: false });
            Outcome::Pending
        }
    }
}
