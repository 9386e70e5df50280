//! A naive ledger: plain vectors and scans, written from the rules and not from the program.

use std::collections::BTreeSet;

use comity::ledger::Outcome;
use comity::model::code::{Domain, MemberState, MsgType, Role, Scope, Severity, Standing, WithdrawalScope};
use comity::model::entry::{AcknowledgementLevel, Body, LogEntry, Missing};
use comity::model::event::{Dated, InfractionEvent, Subject};
use comity::model::place::{DAY_MS, Jurisdiction, Millis};
use comity::model::record::SourcePosition;
use comity::model::rejection::Reason;
use comity::model::rules::{Member, Period, Rules};
use comity::model::state::OpenCase;

mod duties;
mod events;
mod joining;
mod known;
mod links;
mod naming;
mod telling;

use comity::model::bond::Pair;
use duties::Answer;
pub(crate) use duties::{Disputed, Late};
use known::{by_desk, end, standing_of, stands};
use links::{Bond, Telling};
use telling::Alert;

/// One alert to one recipient.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sent {
    pub(crate) to: Jurisdiction,
    pub(crate) sequence: i64,
    pub(crate) test: bool,
    /// True where it brings a member that joins up to date.
    pub(crate) joining: bool,
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
    pub(crate) formerly: Vec<String>,
    pub(crate) severity: Severity,
    pub(crate) open_cases: Vec<OpenCase>,
    pub(crate) open_cases_more: i32,
    pub(crate) restricted_cases: Vec<OpenCase>,
    pub(crate) ack_due_at: Option<Millis>,
    pub(crate) disputed_since: Option<Millis>,
}

/// A case forgotten: origin, name, sequence in the archive, those told with their last sequence.
pub(crate) type Forgotten = (Jurisdiction, String, i64, Vec<(Jurisdiction, i64)>);

/// A question for a person: whether its organisation is new, that one, the other one, the identifier, sequence.
pub(crate) type Asked = (bool, String, String, String, i64);

/// Who is told, in which role, in which role before, and whether only for what the index shows; `None` leaves that.
type To = (Jurisdiction, Role, Option<Role>, Option<bool>);

/// What the naive ledger says of one entry.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Said {
    pub(crate) outcome: Outcome,
    pub(crate) rejected: Option<(Reason, i64)>,
    pub(crate) sent: Vec<Sent>,
    /// The national feed: alert, sequence, the members told of it.
    pub(crate) national: Vec<(String, i64, Vec<Jurisdiction>)>,
    pub(crate) forgotten: Vec<Forgotten>,
    /// What a person must look at: the event, the sequence of the review.
    pub(crate) reviewed: Vec<(String, i64)>,
    pub(crate) reviews: Vec<Asked>,
    pub(crate) late: Vec<Late>,
    pub(crate) disputes: Vec<Disputed>,
    /// Who acknowledged which level after how long, and whether in time.
    pub(crate) took: Option<(Jurisdiction, AcknowledgementLevel, Millis, Option<bool>)>,
    /// Recipient, its last sequence, its alerts overdue, the status' own sequence.
    pub(crate) statuses: Vec<(String, i64, i32, i64)>,
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
    name: String,
    form: Option<String>,
    /// Named by an event that everybody may know.
    public: bool,
}

#[derive(Debug, Clone)]
struct Event {
    id: String,
    number: Option<i64>,
    version: i32,
    issued: Option<Millis>,
    standing: Standing,
    domain: Domain,
    scope: Scope,
    severity: Severity,
    since: i32,
    expires_at: Option<Millis>,
    seen: Vec<([u8; 32], [u8; 32])>,
    told: Vec<Jurisdiction>,
    /// Who got each version.
    got: Vec<BTreeSet<Jurisdiction>>,
    nation_told: bool,
}

#[derive(Debug, Clone)]
struct Case {
    origin: Jurisdiction,
    id: String,
    organisation: Option<String>,
    name: Option<String>,
    told: Vec<Told>,
    /// The bonds when the national feed got its last alert.
    nation_saw: Vec<Bond>,
    events: Vec<Event>,
    answers: Vec<Answer>,
    keep_until: Millis,
}

/// What one recipient got last of a case.
#[derive(Debug, Clone)]
struct Told {
    to: Jurisdiction,
    role: Role,
    sequence: i64,
    by_index: bool,
    /// What was said of identifiers then.
    bonds: Vec<Bond>,
}

#[derive(Debug, Clone)]
struct Waiting {
    origin: Jurisdiction,
    scope: WithdrawalScope,
    target: String,
    until: Millis,
    suppressed: bool,
}

/// A member that joined and is not told of everything yet.
#[derive(Debug, Clone)]
struct Joining {
    member: Jurisdiction,
    since: Millis,
    /// True where it was RETIRED.
    again: bool,
    /// The end, origin, case and place of the event that it was told of last.
    last: Option<(Millis, Jurisdiction, String, usize)>,
}

/// Something due, and when.
type Due = (Millis, What);

/// What is due: cases before withdrawals before members that join before links.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    /// Of a case its expiries by event, then its clocks by member and event, then its end.
    Case(Jurisdiction, String, (u8, usize, usize)),
    /// Scope 1 for a whole case.
    Waiting(Jurisdiction, u8, String),
    Join(Jurisdiction),
    End(Pair),
    Tell(Pair),
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
    joining: Vec<Joining>,
    bonds: Vec<Bond>,
    tellings: Vec<Telling>,
    /// The organisation that the event made which is being read.
    new_organisation: Option<String>,
    /// Output, recipient, next sequence.
    next: Vec<(&'static str, Option<Jurisdiction>, i64)>,
}

impl Model {
    pub(crate) fn read(&mut self, entry: &LogEntry) -> Said {
        let mut said = Said {
            outcome: Outcome::Tick,
            rejected: None,
            sent: Vec::new(),
            national: Vec::new(),
            forgotten: Vec::new(),
            reviewed: Vec::new(),
            reviews: Vec::new(),
            late: Vec::new(),
            disputes: Vec::new(),
            took: None,
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
        self.due(if matches!(entry.body, Body::Tick) { 64 } else { 8 }, &mut said);
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
                Body::Missing(missing) => self.missing(missing, &mut said),
                Body::Acknowledgement(said_by) => self.acknowledge(said_by, &mut said),
                Body::Link(link) => self.link(link, &mut said),
                Body::Rules(rules) => self.take_rules(rules, &mut said),
                Body::Tick => Outcome::Tick,
            };
        }
        self.status(&mut said);
        for telling in &mut self.tellings {
            telling.new = false;
        }
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
        self.join(rules, said);
        self.rules = Some(rules.clone());
        Outcome::Rules
    }

    fn reject(&mut self, reason: Reason, said: &mut Said) -> Outcome {
        said.rejected = Some((reason, self.sequence("rejects", None)));
        Outcome::Rejected
    }

    /// Reported where the case has the event and it was neither withdrawn nor closed and has not expired.
    fn missing(&mut self, missing: &Missing, said: &mut Said) -> Outcome {
        let stands = self.case(missing.origin, &missing.case_id).is_some_and(|case| {
            self.cases[case].events.iter().any(|event| event.id == missing.event_id && stands(event))
        });
        if !stands {
            return Outcome::NothingMissing;
        }
        said.reviewed.push((missing.event_id.clone(), self.sequence("review", None)));
        Outcome::Taken
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
                let (last, own) = (self.last("alerts", to), self.sequence("status", to));
                said.statuses.push((member.jurisdiction.to_string(), last, self.overdue(member.jurisdiction), own));
            }
        }
        let (last, own) = (self.last("national", None), self.sequence("status", None));
        said.statuses.push(("national".to_owned(), last, 0, own));
    }

    /// The last number of an output, 0 before the first.
    fn last(&self, output: &str, to: Option<Jurisdiction>) -> i64 {
        let last = self.next.iter().find(|(known, at, _)| *known == output && *at == to);
        last.map_or(0, |(_, _, next)| next - 1)
    }

    fn members(&self) -> Vec<Member> {
        self.rules.as_ref().map(|rules| rules.members.clone()).unwrap_or_default()
    }

    fn state_of(&self, jurisdiction: Jurisdiction) -> Option<MemberState> {
        self.members().iter().find(|member| member.jurisdiction == jurisdiction).map(|member| member.state)
    }

    /// What is due is done by ticks; what else comes does a little of it, so that it does not wait.
    fn due(&mut self, most: usize, said: &mut Said) {
        if self.rules.is_none() {
            return;
        }
        let mut left = most;
        while let Some(next) = self.next_due() {
            if left == 0 {
                said.work_left = true;
                return;
            }
            left -= self.do_due(next, left, said);
        }
    }

    /// The earliest due thing.
    fn next_due(&self) -> Option<Due> {
        let mut due = Vec::new();
        for case in &self.cases {
            for (place, event) in case.events.iter().enumerate() {
                if let Some(at) = event.expires_at {
                    due.push((at, What::Case(case.origin, case.id.clone(), (0, place, 0))));
                }
                for (member, order) in self.members().into_iter().zip(0..) {
                    let mine = |answer: &&Answer| answer.who == member.jurisdiction && answer.event == event.id;
                    let clock = case.answers.iter().find(mine).and_then(|answer| answer.clock.as_ref());
                    if let Some(at) = clock.and_then(|clock| clock.due) {
                        due.push((at, What::Case(case.origin, case.id.clone(), (1, order, place))));
                    }
                }
            }
        }
        if self.now >= self.forget_from {
            for case in &self.cases {
                due.push((case.keep_until, What::Case(case.origin, case.id.clone(), (2, 0, 0))));
            }
            for waiting in &self.waiting {
                let scope = u8::from(waiting.scope == WithdrawalScope::Case);
                due.push((waiting.until, What::Waiting(waiting.origin, scope, waiting.target.clone())));
            }
        }
        due.extend(self.joining.iter().map(|joining| (joining.since, What::Join(joining.member))));
        due.extend(self.link_ends().into_iter().map(|(at, pair)| (at, What::End(pair))));
        let old = self.tellings.iter().filter(|telling| !telling.new && !telling.done);
        due.extend(old.map(|telling| (telling.since, What::Tell(telling.pair.clone()))));
        due.into_iter().filter(|due| due.0 <= self.now).min()
    }

    /// Does one thing, or as much of it as there is room for; gives how much of that it took: nothing where nothing was
    /// left of it.
    fn do_due(&mut self, (at, what): Due, left: usize, said: &mut Said) -> usize {
        match what {
            What::Case(origin, name, work) => self.do_case(at, (origin, name), work, said),
            What::Waiting(origin, scope, name) => self.waiting.retain(|waiting| {
                (waiting.origin, u8::from(waiting.scope == WithdrawalScope::Case), &waiting.target)
                    != (origin, scope, &name)
            }),
            What::Join(member) => return usize::from(self.tell_next(member, said)),
            What::End(pair) => self.end_link(&pair, said),
            What::Tell(pair) => return self.tell_on(&pair, left, said),
        }
        1
    }

    fn do_case(
        &mut self,
        at: Millis,
        (origin, name): (Jurisdiction, String),
        (work, place, event): (u8, usize, usize),
        said: &mut Said,
    ) {
        let case = self.case(origin, &name).expect("the case");
        if work == 1 {
            let who = self.members()[place].jurisdiction;
            return self.run_out(case, event, who, said);
        }
        if work == 2 {
            let case = self.cases.remove(case);
            let order = self.members();
            let place = |at: Jurisdiction| order.iter().position(|member| member.jurisdiction == at);
            let mut told: Vec<_> = case.told.iter().map(|told| (told.to, told.sequence)).collect();
            told.sort_by_key(|(to, _)| place(*to));
            said.forgotten.push((origin, name, self.sequence("archive", None), told));
            self.drop_unnamed();
            return;
        }
        self.cases[case].events[place].standing = Standing::Expired;
        self.cases[case].events[place].expires_at = None;
        let recipients = self.everyone_told(case, place);
        self.send(case, place, Alert::update(Standing::Expired, Some(at), recipients), said);
    }
}
