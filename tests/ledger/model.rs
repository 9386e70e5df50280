//! A naive ledger: plain vectors and scans, written from the rules and not from the program.

use comity::ledger::Outcome;
use comity::model::code::{
    CaseStatus, Domain, Kind, MemberState, Mode, MsgType, Precision, Role, Scope, Severity, Standing, WithdrawalScope,
};
use comity::model::entry::{Body, LogEntry};
use comity::model::event::{Dated, InfractionEvent, Subject};
use comity::model::place::{DAY_MS, Jurisdiction, Millis};
use comity::model::record::SourcePosition;
use comity::model::rejection::Reason;
use comity::model::rules::{Member, Period, Rules};
use comity::model::state::OpenCase;

/// One alert to one recipient.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sent {
    pub(crate) to: Jurisdiction,
    pub(crate) sequence: i64,
    pub(crate) test: bool,
    pub(crate) alert_id: String,
    pub(crate) version: i32,
    pub(crate) msg_type: MsgType,
    pub(crate) standing: Standing,
    pub(crate) role: Role,
    pub(crate) role_before: Option<Role>,
    pub(crate) references: Vec<String>,
    pub(crate) expires_at: Option<Millis>,
    pub(crate) original_unseen: bool,
    pub(crate) organisation_id: Option<String>,
    pub(crate) severity: Severity,
    pub(crate) open_cases: Vec<OpenCase>,
    pub(crate) open_cases_more: i32,
    pub(crate) restricted_cases: Vec<OpenCase>,
}

/// What the naive ledger says of one entry.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Said {
    pub(crate) outcome: Outcome,
    pub(crate) rejected: Option<(Reason, i64)>,
    pub(crate) sent: Vec<Sent>,
    /// Recipient, its last sequence, the status' own sequence.
    pub(crate) statuses: Vec<(Jurisdiction, i64, i64)>,
    pub(crate) gaps: usize,
    pub(crate) clock_stepped: bool,
    pub(crate) rules_refused: bool,
    pub(crate) work_left: bool,
}

#[derive(Debug, Clone)]
struct Organisation {
    /// The first is the `organisation_id`.
    identifiers: Vec<String>,
    registered_in: Option<Jurisdiction>,
}

#[derive(Debug, Clone)]
struct Event {
    id: String,
    number: Option<i64>,
    version: i32,
    standing: Standing,
    scope: Scope,
    severity: Severity,
    since: i32,
    expires_at: Option<Millis>,
    seen: Vec<([u8; 32], [u8; 32])>,
    told: Vec<Jurisdiction>,
}

#[derive(Debug, Clone)]
struct Case {
    origin: Jurisdiction,
    id: String,
    domain: Domain,
    organisation: Option<String>,
    name: Option<String>,
    told: Vec<(Jurisdiction, Role)>,
    events: Vec<Event>,
}

#[derive(Debug, Clone)]
struct Waiting {
    origin: Jurisdiction,
    scope: WithdrawalScope,
    target: String,
    until: Millis,
}

/// The naive ledger.
#[derive(Debug, Default)]
pub(crate) struct Model {
    rules: Option<Rules>,
    read_any: bool,
    now: Millis,
    minute: i64,
    forget_from: Millis,
    sources: Vec<(String, i64, Option<Millis>)>,
    organisations: Vec<Organisation>,
    cases: Vec<Case>,
    waiting: Vec<Waiting>,
    /// Output, recipient, next sequence.
    next: Vec<(&'static str, Option<Jurisdiction>, i64)>,
}

/// What is decided of an event apart from the route.
struct Alert<'a> {
    msg_type: MsgType,
    standing: Standing,
    expires_at: Option<Millis>,
    original_unseen: bool,
    follows: Vec<String>,
    recipients: Vec<(Jurisdiction, Role, Option<Role>)>,
    _of: Option<&'a InfractionEvent>,
}

impl Model {
    pub(crate) fn read(&mut self, entry: &LogEntry) -> Said {
        let mut said = Said {
            outcome: Outcome::Tick,
            rejected: None,
            sent: Vec::new(),
            statuses: Vec::new(),
            gaps: 0,
            clock_stepped: false,
            rules_refused: false,
            work_left: false,
        };
        if entry.appended_at > self.now {
            if self.read_any && entry.appended_at - self.now > DAY_MS {
                said.clock_stepped = true;
                self.forget_from = entry.appended_at + 7 * DAY_MS;
            }
            self.now = entry.appended_at;
        }
        self.read_any = true;
        // A gap is measured before this entry may open one, and one that it closes is none.
        let open_gaps: Vec<String> = self
            .sources
            .iter()
            .filter(|(_, _, since)| since.is_some_and(|since| self.now - since >= 60_000))
            .map(|(topic, _, _)| topic.clone())
            .collect();
        self.due(&mut said);
        let source = entry.body.source().cloned();
        let (taken, outcome) = match &source {
            Some(at) => self.admit(at),
            None => (true, Outcome::Tick),
        };
        said.outcome = outcome;
        said.gaps = open_gaps
            .iter()
            .filter(|topic| !(taken && source.as_ref().is_some_and(|at| *at.topic == ***topic)))
            .count();
        if taken {
            said.outcome = match &entry.body {
                Body::Event(event) => self.event(event, &mut said),
                Body::Rejection(rejection) => self.reject(rejection.reason, &mut said),
                Body::Acknowledgement(_) | Body::Link(_) => self.reject(Reason::NotAccepted, &mut said),
                Body::Rules(rules) => self.take_rules(rules, &mut said),
                Body::Tick => Outcome::Tick,
            };
        }
        self.status(&mut said);
        said
    }

    fn admit(&mut self, at: &SourcePosition) -> (bool, Outcome) {
        let place = match self.sources.iter().position(|(topic, _, _)| **topic == *at.topic) {
            Some(place) => place,
            None => {
                self.sources.push((at.topic.to_string(), 0, None));
                self.sources.len() - 1
            }
        };
        let now = self.now;
        let (_, position, since) = &mut self.sources[place];
        if at.from <= *position && *position <= at.offset {
            *position = at.offset + 1;
            *since = None;
            return (true, Outcome::Taken);
        }
        if at.offset < *position {
            return (false, Outcome::SentTwice);
        }
        *since = since.or(Some(now));
        (false, Outcome::BeyondGap)
    }

    fn take_rules(&mut self, rules: &Rules, said: &mut Said) -> Outcome {
        if let Some(now) = &self.rules {
            if rules.rules_version <= now.rules_version {
                return Outcome::RulesIgnored;
            }
            for (place, member) in now.members.iter().enumerate() {
                if rules.members.get(place).map(|member| member.jurisdiction) != Some(member.jurisdiction) {
                    said.rules_refused = true;
                    return Outcome::RulesIgnored;
                }
            }
        }
        let mut places: Vec<_> = rules.members.iter().map(|member| member.jurisdiction).collect();
        places.sort();
        places.dedup();
        if places.len() != rules.members.len() || rules.members.len() > 100 {
            said.rules_refused = true;
            return Outcome::RulesIgnored;
        }
        self.rules = Some(rules.clone());
        Outcome::Rules
    }

    fn reject(&mut self, reason: Reason, said: &mut Said) -> Outcome {
        said.rejected = Some((reason, self.sequence("rejects", None)));
        Outcome::Rejected
    }

    fn sequence(&mut self, output: &'static str, to: Option<Jurisdiction>) -> i64 {
        for (known, recipient, next) in &mut self.next {
            if *known == output && *recipient == to {
                *next += 1;
                return *next - 1;
            }
        }
        self.next.push((output, to, 2));
        1
    }

    fn status(&mut self, said: &mut Said) {
        let minute = self.now.div_euclid(60_000);
        if minute <= self.minute || self.rules.is_none() {
            return;
        }
        self.minute = minute;
        for member in self.members() {
            if member.state != MemberState::Retired {
                let to = Some(member.jurisdiction);
                let last = self.next.iter().find(|(output, at, _)| *output == "alerts" && *at == to);
                let last = last.map_or(0, |(_, _, next)| next - 1);
                let own = self.sequence("status", to);
                said.statuses.push((member.jurisdiction, last, own));
            }
        }
    }

    fn members(&self) -> Vec<Member> {
        self.rules.as_ref().map(|rules| rules.members.clone()).unwrap_or_default()
    }

    fn state_of(&self, jurisdiction: Jurisdiction) -> Option<MemberState> {
        self.members().iter().find(|member| member.jurisdiction == jurisdiction).map(|member| member.state)
    }

    // ---- time

    fn due(&mut self, said: &mut Said) {
        if self.rules.is_none() {
            return;
        }
        for _ in 0..64 {
            let Some(next) = self.next_due() else { return };
            self.do_due(next, said);
        }
        said.work_left = self.next_due().is_some();
    }

    /// The earliest due thing: when, cases before withdrawals, origin, name, place in the case.
    fn next_due(&self) -> Option<(Millis, u8, Jurisdiction, u8, String, usize)> {
        let mut due = Vec::new();
        for case in &self.cases {
            for (place, event) in case.events.iter().enumerate() {
                if let Some(at) = event.expires_at {
                    due.push((at, 0, case.origin, 0, case.id.clone(), place));
                }
            }
        }
        if self.now >= self.forget_from {
            for waiting in &self.waiting {
                let scope = u8::from(waiting.scope == WithdrawalScope::Case);
                due.push((waiting.until, 1, waiting.origin, scope, waiting.target.clone(), 0));
            }
        }
        due.into_iter().filter(|due| due.0 <= self.now).min()
    }

    fn do_due(&mut self, due: (Millis, u8, Jurisdiction, u8, String, usize), said: &mut Said) {
        let (at, what, origin, scope, name, place) = due;
        if what == 1 {
            self.waiting.retain(|waiting| {
                (waiting.origin, u8::from(waiting.scope == WithdrawalScope::Case), &waiting.target)
                    != (origin, scope, &name)
            });
            return;
        }
        let case = self.case(origin, &name).expect("the case");
        self.cases[case].events[place].standing = Standing::Expired;
        self.cases[case].events[place].expires_at = None;
        let recipients = self.everyone_told(case, place);
        let alert = Alert {
            msg_type: MsgType::Update,
            standing: Standing::Expired,
            expires_at: Some(at),
            original_unseen: false,
            follows: Vec::new(),
            recipients,
            _of: None,
        };
        self.send(case, place, alert, said);
    }

    // ---- events

    fn event(&mut self, event: &InfractionEvent, said: &mut Said) -> Outcome {
        if self.rules.is_none() {
            return self.reject(Reason::NotAccepted, said);
        }
        if event.mode == Mode::Test {
            return self.test(event, said);
        }
        match event.kind {
            Kind::Withdrawal => self.withdraw(event, said),
            Kind::Closure => self.close(event, said),
            Kind::Original | Kind::Supplement | Kind::Correction => self.state(event, said),
        }
    }

    fn test(&mut self, event: &InfractionEvent, said: &mut Said) -> Outcome {
        if self.state_of(event.origin) != Some(MemberState::Active) {
            return self.reject(Reason::OriginNotMember, said);
        }
        let expires_at = self.expires_at(event);
        if event.kind == Kind::Original && expires_at <= self.now {
            return self.reject(Reason::ExpiredOnArrival, said);
        }
        let organisation = self.look_up(event.subject.as_ref());
        let registered = organisation.as_ref().and(event.subject.as_ref()).and_then(|subject| subject.jurisdiction);
        for member in self.members() {
            let to = member.jurisdiction;
            if to == event.origin || !self.on_todays_route(&member, event, event.domain, event.severity, event.scope) {
                continue;
            }
            let follow_up = event.for_follow_up.contains(&to) || registered == Some(to);
            said.sent.push(Sent {
                to,
                sequence: self.sequence("test", Some(to)),
                test: true,
                alert_id: format!("{}#1", event.event_id),
                version: 1,
                msg_type: match event.kind {
                    Kind::Original => MsgType::Alert,
                    Kind::Supplement | Kind::Correction | Kind::Closure => MsgType::Update,
                    Kind::Withdrawal => MsgType::Cancel,
                },
                standing: match event.kind {
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
                severity: event.severity,
                open_cases: Vec::new(),
                open_cases_more: 0,
                restricted_cases: Vec::new(),
            });
        }
        Outcome::Taken
    }

    fn state(&mut self, event: &InfractionEvent, said: &mut Said) -> Outcome {
        let case = self.case(event.origin, &event.case_id);
        let known = case.and_then(|case| self.place(case, &event.event_id));
        let expires_at = self.expires_at(event);
        let over = expires_at <= self.now;
        let origin = self.state_of(event.origin);
        if let (Some(case), Some(place)) = (case, known) {
            let seen = &self.cases[case].events[place];
            if seen.seen.iter().any(|(raw, content)| {
                *raw == event.provenance.raw_sha256 || *content == event.provenance.content_sha256
            }) {
                return Outcome::Duplicate;
            }
            if let (Some(last), Some(number)) = (seen.number, event.revision) {
                if number < last {
                    return Outcome::Superseded;
                }
                if number == last {
                    return self.reject(Reason::ConflictingRevision, said);
                }
            }
            let withdrawn = seen.standing == Standing::Withdrawn;
            // Who left may still correct what it said, and add nothing.
            let silent = origin != Some(MemberState::Active) && event.kind == Kind::Supplement;
            if silent || origin.is_none() {
                return self.reject(Reason::OriginNotMember, said);
            }
            if withdrawn && over {
                return self.reject(Reason::ExpiredOnArrival, said);
            }
        } else {
            if let Some(case) = case {
                let same = |event_: &Event| event_.seen.iter().any(|(raw, _)| *raw == event.provenance.raw_sha256);
                if self.cases[case].events.iter().any(same) {
                    return Outcome::Duplicate;
                }
            }
            if origin != Some(MemberState::Active) {
                return self.reject(Reason::OriginNotMember, said);
            }
            if self.waiting.iter().any(|waiting| {
                waiting.origin == event.origin
                    && match waiting.scope {
                        WithdrawalScope::Event => waiting.target == event.event_id,
                        WithdrawalScope::Case => waiting.target == event.case_id,
                    }
            }) {
                return Outcome::Suppressed;
            }
            if (case.is_none() || event.kind == Kind::Original) && over {
                return self.reject(Reason::ExpiredOnArrival, said);
            }
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
        let case_known = case.is_some();
        let case = case.unwrap_or_else(|| self.new_case(event));
        let mut follows = Vec::new();
        if known.is_none() {
            let open = |told: &&Event| told.version > 0 && told.scope == Scope::Federation;
            let events: Vec<&Event> = self.cases[case].events.iter().filter(open).collect();
            let named = events.iter().filter(|told| event.references.contains(&told.id));
            follows = named.map(|told| format!("{}#{}", told.id, told.version)).collect::<Vec<_>>();
            if follows.is_empty() && event.kind != Kind::Original {
                follows = events.iter().map(|told| format!("{}#{}", told.id, told.version)).collect();
            }
        }
        let place = known.unwrap_or_else(|| self.new_event(case, event));
        let was = self.cases[case].events[place].clone();
        let mut anew = was.version == 0 || was.standing == Standing::Withdrawn;
        if known.is_none() {
            anew = !case_known || event.kind == Kind::Original;
        }
        if other && was.version > 0 && was.standing != Standing::Withdrawn {
            let recipients = self.everyone_told(case, place);
            let alert = Alert {
                msg_type: MsgType::Cancel,
                standing: Standing::Withdrawn,
                expires_at: None,
                original_unseen: false,
                follows: Vec::new(),
                recipients,
                _of: None,
            };
            self.cases[case].events[place].standing = Standing::Withdrawn;
            self.send(case, place, alert, said);
            anew = true;
        }
        self.settle(case, event, other);
        let standing = if over { Standing::Expired } else { standing_of(event.case_status) };
        let told = &mut self.cases[case].events[place];
        told.standing = standing;
        told.scope = event.scope;
        told.severity = event.severity;
        told.since = event.decided.date;
        told.expires_at = if over { None } else { Some(expires_at) };
        self.note_seen(case, place, event);
        self.cases[case].domain = event.domain;
        let msg_type = if anew && !over { MsgType::Alert } else { MsgType::Update };
        let recipients = self.route(case, place, event, msg_type, !over, false);
        let alert = Alert {
            msg_type,
            standing,
            expires_at: Some(expires_at),
            original_unseen: !case_known && event.kind != Kind::Original,
            follows,
            recipients,
            _of: Some(event),
        };
        self.send(case, place, alert, said);
        Outcome::Taken
    }

    fn close(&mut self, event: &InfractionEvent, said: &mut Said) -> Outcome {
        let targets = self.named_events(event);
        let Some((case, targets)) = targets.filter(|(_, targets)| !targets.is_empty()) else {
            if self.state_of(event.origin) != Some(MemberState::Active) {
                return self.reject(Reason::OriginNotMember, said);
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
                _of: Some(event),
            };
            self.send(case, place, alert, said);
        }
        Outcome::Taken
    }

    fn withdraw(&mut self, event: &InfractionEvent, said: &mut Said) -> Outcome {
        let scope = event.withdrawal.as_ref().expect("a withdrawal").scope;
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
            for place in targets {
                self.note_seen(case, place, event);
                self.cases[case].events[place].standing = Standing::Withdrawn;
                self.cases[case].events[place].expires_at = None;
                let recipients = self.everyone_told(case, place);
                if self.cases[case].events[place].version > 0 {
                    let alert = Alert {
                        msg_type: MsgType::Cancel,
                        standing: Standing::Withdrawn,
                        expires_at: None,
                        original_unseen: false,
                        follows: Vec::new(),
                        recipients,
                        _of: Some(event),
                    };
                    self.send(case, place, alert, said);
                }
            }
        }
        for target in missing {
            let policy = self.rules.as_ref().expect("rules").policy.clone();
            let until = end(&event.decided, &[policy.expires_after, policy.forget_after]);
            let same = |waiting: &Waiting| {
                waiting.origin == event.origin && waiting.scope == scope && waiting.target == target
            };
            if self.waiting.iter().any(same) {
                outcomes.push(Outcome::Duplicate);
            } else if until <= self.now {
                outcomes.push(Outcome::NobodyTold);
            } else {
                self.waiting.push(Waiting { origin: event.origin, scope, target, until });
                outcomes.push(Outcome::Pending);
            }
        }
        for outcome in [Outcome::Taken, Outcome::Pending, Outcome::Duplicate] {
            if outcomes.contains(&outcome) {
                return outcome;
            }
        }
        Outcome::NobodyTold
    }

    // ---- who

    fn on_todays_route(
        &self,
        member: &Member,
        event: &InfractionEvent,
        domain: Domain,
        severity: Severity,
        scope: Scope,
    ) -> bool {
        let named =
            event.for_follow_up.contains(&member.jurisdiction) || event.for_attention.contains(&member.jurisdiction);
        member.state == MemberState::Active
            && (scope == Scope::Federation || named)
            && (member.domains.is_empty() || member.domains.contains(&domain))
            && (severity == Severity::Unknown || severity >= member.least_severity)
    }

    /// Those told before of what this event is, with the role that they have.
    fn told_before(&self, case: usize, place: usize) -> Vec<(Jurisdiction, Role)> {
        let event = &self.cases[case].events[place];
        let may = |to: &Jurisdiction| event.scope == Scope::Federation || event.told.contains(to);
        self.cases[case].told.iter().filter(|(to, _)| may(to)).copied().collect()
    }

    fn everyone_told(&self, case: usize, place: usize) -> Vec<(Jurisdiction, Role, Option<Role>)> {
        let told = self.told_before(case, place);
        let mut recipients = Vec::new();
        for member in self.members() {
            if let Some((to, role)) = told.iter().find(|(to, _)| *to == member.jurisdiction) {
                if member.state != MemberState::Retired {
                    recipients.push((*to, *role, None));
                }
            }
        }
        recipients
    }

    fn route(
        &self,
        case: usize,
        place: usize,
        event: &InfractionEvent,
        msg_type: MsgType,
        newcomers: bool,
        closing: bool,
    ) -> Vec<(Jurisdiction, Role, Option<Role>)> {
        let told = self.told_before(case, place);
        let known = &self.cases[case];
        let (severity, scope) = (known.events[place].severity, known.events[place].scope);
        let organisation = known.organisation.as_ref();
        let organisation = organisation.and_then(|id| self.organisations.iter().find(|at| at.identifiers[0] == *id));
        let mut recipients = Vec::new();
        for member in self.members() {
            let to = member.jurisdiction;
            if to == event.origin {
                continue;
            }
            let before = told.iter().find(|(at, _)| *at == to).map(|(_, role)| *role);
            let new = newcomers && self.on_todays_route(&member, event, known.domain, severity, scope);
            let tell = match member.state {
                MemberState::Active => new || before.is_some(),
                MemberState::Left => before.is_some() && msg_type != MsgType::Alert,
                MemberState::Retired => false,
            };
            if !tell {
                continue;
            }
            let named = event.for_follow_up.contains(&to);
            let registered = organisation.is_some_and(|organisation| organisation.registered_in == Some(to));
            let open_there = organisation.is_some_and(|organisation| {
                self.cases.iter().any(|case| {
                    case.origin == to
                        && case.organisation.as_ref() == Some(&organisation.identifiers[0])
                        && case.events.iter().any(stands)
                })
            });
            let mut role = if named || registered || open_there { Role::FollowUp } else { Role::Attention };
            if event.mode == Mode::Backfill {
                role = Role::Attention;
            }
            // A closure that names nobody says nothing about roles.
            let silent = closing && event.for_follow_up.is_empty() && event.for_attention.is_empty();
            if let Some(before) = before.filter(|_| silent) {
                role = before;
            }
            recipients.push((to, role, before.filter(|before| *before != role)));
        }
        recipients
    }

    fn send(&mut self, case: usize, place: usize, alert: Alert<'_>, said: &mut Said) {
        if alert.recipients.is_empty() {
            return;
        }
        let event = &mut self.cases[case].events[place];
        let mut references = alert.follows;
        let before = (1..=event.version).map(|version| format!("{}#{version}", event.id)).collect::<Vec<_>>();
        references.extend(before.into_iter().rev().take(64).rev());
        event.version += 1;
        let event = event.clone();
        let organisation_id = self.cases[case].organisation.clone();
        let origin = self.cases[case].origin;
        let mut open = self.open_cases(&organisation_id, origin);
        open.retain(|(open, _)| open.scope == Scope::Federation);
        let more = i32::try_from(open.len().saturating_sub(32)).expect("few");
        let open: Vec<OpenCase> = open.into_iter().map(|(open, _)| open).take(32).collect();
        for (to, role, role_before) in alert.recipients {
            let sequence = self.sequence("alerts", Some(to));
            let restricted_cases = self.restricted_for(&organisation_id, origin, to);
            said.sent.push(Sent {
                to,
                sequence,
                test: false,
                alert_id: format!("{}#{}", event.id, event.version),
                version: event.version,
                msg_type: alert.msg_type,
                standing: alert.standing,
                role,
                role_before,
                references: references.clone(),
                expires_at: alert.expires_at,
                original_unseen: alert.original_unseen,
                organisation_id: organisation_id.clone(),
                severity: event.severity,
                open_cases: open.clone(),
                open_cases_more: more,
                restricted_cases,
            });
            let told = &mut self.cases[case].told;
            told.retain(|(at, _)| *at != to);
            told.push((to, role));
            self.cases[case].events[place].told.push(to);
        }
    }

    /// Open cases of an organisation at other origins, newest and then most severe first, with their place.
    fn open_cases(&self, organisation_id: &Option<String>, origin: Jurisdiction) -> Vec<(OpenCase, usize)> {
        let mut open = Vec::new();
        if organisation_id.is_none() {
            return open;
        }
        for (place, case) in self.cases.iter().enumerate() {
            if case.organisation == *organisation_id && case.origin != origin {
                let standing: Vec<&Event> = case.events.iter().filter(|event| stands(event)).collect();
                let public: Vec<&Event> =
                    standing.iter().copied().filter(|event| event.scope == Scope::Federation).collect();
                if !public.is_empty() {
                    open.push((open_case(case, Scope::Federation, &public), place));
                } else if !standing.is_empty() {
                    open.push((open_case(case, Scope::Restricted, &standing), place));
                }
            }
        }
        open.sort_by_key(|(open, _)| {
            (std::cmp::Reverse((open.since, open.severity)), open.origin, open.case_id.clone())
        });
        open
    }

    fn restricted_for(
        &self,
        organisation_id: &Option<String>,
        origin: Jurisdiction,
        to: Jurisdiction,
    ) -> Vec<OpenCase> {
        let mut restricted = Vec::new();
        for (open, place) in self.open_cases(organisation_id, origin) {
            let case = &self.cases[place];
            let may: Vec<&Event> = case
                .events
                .iter()
                .filter(|event| stands(event) && (event.told.contains(&to) || case.origin == to))
                .collect();
            if open.scope == Scope::Restricted && !may.is_empty() {
                restricted.push(open_case(case, Scope::Restricted, &may));
            }
        }
        restricted
    }

    // ---- what is known

    fn case(&self, origin: Jurisdiction, id: &str) -> Option<usize> {
        self.cases.iter().position(|case| case.origin == origin && case.id == id)
    }

    fn place(&self, case: usize, id: &str) -> Option<usize> {
        self.cases[case].events.iter().position(|event| event.id == id)
    }

    /// The events of its case that a withdrawal or closure names: itself and those that it refers to.
    fn named_events(&self, event: &InfractionEvent) -> Option<(usize, Vec<usize>)> {
        let case = self.case(event.origin, &event.case_id)?;
        let mut targets = Vec::new();
        for id in std::iter::once(&event.event_id).chain(&event.references) {
            if let Some(place) = self.place(case, id).filter(|place| !targets.contains(place)) {
                targets.push(place);
            }
        }
        Some((case, targets))
    }

    fn was_seen(&self, case: usize, place: usize, event: &InfractionEvent) -> bool {
        self.cases[case].events[place]
            .seen
            .iter()
            .any(|(raw, content)| *raw == event.provenance.raw_sha256 || *content == event.provenance.content_sha256)
    }

    /// A withdrawal or closure with a number below that of the event that it names by its own id.
    fn is_lower(&self, case: usize, event: &InfractionEvent) -> bool {
        let Some(place) = self.place(case, &event.event_id) else { return false };
        match (self.cases[case].events[place].number, event.revision) {
            (Some(last), Some(number)) => number < last && !self.was_seen(case, place, event),
            _ => false,
        }
    }

    fn note_seen(&mut self, case: usize, place: usize, event: &InfractionEvent) {
        let known = &mut self.cases[case].events[place];
        known.seen.push((event.provenance.raw_sha256, event.provenance.content_sha256));
        if known.seen.len() > 16 {
            known.seen.remove(0);
        }
        known.number = known.number.max(event.revision);
    }

    fn new_case(&mut self, event: &InfractionEvent) -> usize {
        self.cases.push(Case {
            origin: event.origin,
            id: event.case_id.clone(),
            domain: event.domain,
            organisation: None,
            name: None,
            told: Vec::new(),
            events: Vec::new(),
        });
        self.cases.len() - 1
    }

    fn new_event(&mut self, case: usize, event: &InfractionEvent) -> usize {
        self.cases[case].events.push(Event {
            id: event.event_id.clone(),
            number: event.revision,
            version: 0,
            standing: Standing::InForce,
            scope: event.scope,
            severity: event.severity,
            since: event.decided.date,
            expires_at: None,
            seen: Vec::new(),
            told: Vec::new(),
        });
        self.cases[case].events.len() - 1
    }

    // ---- organisations

    /// The organisation that a subject's identifiers lead to: the holder of the strongest that is held, else a new one.
    fn look_up(&self, subject: Option<&Subject>) -> Option<String> {
        let identifiers = identifiers(subject?);
        for identifier in &identifiers {
            for organisation in &self.organisations {
                if organisation.identifiers.contains(identifier) {
                    return Some(organisation.identifiers[0].clone());
                }
            }
        }
        identifiers.first().cloned()
    }

    fn names_another(&self, case: usize, event: &InfractionEvent) -> bool {
        let Some(subject) = &event.subject else { return false };
        let case = &self.cases[case];
        match (&case.organisation, self.look_up(Some(subject))) {
            (Some(known), Some(named)) => *known != named,
            _ => case.name.as_ref().is_some_and(|name| *name != normal(&subject.legal_name)),
        }
    }

    fn settle(&mut self, case: usize, event: &InfractionEvent, other: bool) {
        let Some(subject) = &event.subject else { return };
        if other {
            self.cases[case].organisation = None;
        }
        self.cases[case].name = Some(normal(&subject.legal_name));
        let Some(id) = self.look_up(Some(subject)) else { return };
        let held: Vec<String> = self.organisations.iter().flat_map(|at| at.identifiers.clone()).collect();
        let free = identifiers(subject).into_iter().filter(|identifier| !held.contains(identifier));
        match self.organisations.iter_mut().find(|organisation| organisation.identifiers[0] == id) {
            Some(organisation) => {
                organisation.identifiers.extend(free);
                organisation.registered_in = subject.jurisdiction.or(organisation.registered_in);
            }
            None => self
                .organisations
                .push(Organisation { identifiers: free.collect(), registered_in: subject.jurisdiction }),
        }
        self.cases[case].organisation = Some(id);
    }

    fn expires_at(&self, event: &InfractionEvent) -> Millis {
        let after = self.rules.as_ref().expect("rules").policy.expires_after;
        event.expires_at.unwrap_or_else(|| end(&event.decided, &[after]))
    }
}

fn stands(event: &Event) -> bool {
    matches!(event.standing, Standing::InForce | Standing::Disputed)
}

fn standing_of(status: CaseStatus) -> Standing {
    match status {
        CaseStatus::Open => Standing::InForce,
        CaseStatus::Closed => Standing::Closed,
    }
}

fn open_case(case: &Case, scope: Scope, events: &[&Event]) -> OpenCase {
    OpenCase {
        origin: case.origin,
        domain: case.domain,
        case_id: case.id.clone(),
        severity: events.iter().map(|event| event.severity).max().expect("an event"),
        since: events.iter().map(|event| event.since).min().expect("an event"),
        scope,
    }
}

fn identifiers(subject: &Subject) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for identifier in &subject.identifiers {
        let text = format!("{}:{}", identifier.scheme, identifier.value);
        if !all.contains(&text) {
            all.push(text);
        }
    }
    all
}

fn normal(name: &str) -> String {
    let words = name.to_lowercase();
    let words: Vec<&str> =
        words.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

/// The instant after the last day that a date can mean, some periods later, by another library's calendar.
fn end(decided: &Dated, periods: &[Period]) -> Millis {
    let epoch = jiff::civil::date(1970, 1, 1);
    let day = epoch.checked_add(jiff::Span::new().days(decided.date)).expect("a day");
    let mut last = match decided.precision {
        Precision::Day => day,
        Precision::Month => day.last_of_month(),
        Precision::Year => day.last_of_year(),
    };
    for period in periods {
        last = last.checked_add(jiff::Span::new().months(period.months)).expect("a day");
        last = last.checked_add(jiff::Span::new().days(period.days)).expect("a day");
    }
    let days = i64::from((last - epoch).get_days());
    (days + 1) * DAY_MS
}
