//! What recipients say of alerts, and until when they have to.

use super::*;
use comity::model::entry::{Acknowledgement, AcknowledgementLevel as Level};
use comity::model::rules::{Clock, Within};

/// Where one recipient stands with one event.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) who: Jurisdiction,
    pub(super) event: String,
    version: i32,
    level: Option<Level>,
    disputed: Option<Millis>,
    pub(super) clock: Option<Running>,
}

#[derive(Debug, Clone)]
pub(super) struct Running {
    version: i32,
    begun: Millis,
    role: Role,
    next: usize,
    pub(super) due: Option<Millis>,
    pub(super) ran_out: Option<(usize, Level, Millis)>,
}

/// Where an overdue step stands: recipient, in which words, alert, step, level, due, its place in the feed.
pub(crate) type Late = (Jurisdiction, &'static str, String, i32, Level, Millis, i64);
/// A dispute: the origin, who disputes, the alert, since, until, its place in the origin's topic.
pub(crate) type Disputed = (Jurisdiction, Jurisdiction, String, Millis, Option<Millis>, i64);

impl Model {
    /// The clock by which a recipient answers an alert now; only who takes part has any.
    fn clock_for(&self, case: usize, place: usize, who: Jurisdiction, role: Role) -> Option<Clock> {
        if self.state_of(who) != Some(MemberState::Active) {
            return None;
        }
        let event = &self.cases[case].events[place];
        let (domain, severity) = (event.domain, event.severity);
        let rules = self.rules.as_ref()?;
        let fits = |clock: &&Clock| {
            clock.domain == domain
                && clock.role == role
                && (severity == Severity::Unknown || severity >= clock.least_severity)
        };
        rules.clocks.iter().find(fits).cloned()
    }

    fn ends(&self, who: Jurisdiction, clock: &Clock, begun: Millis, step: usize) -> Option<Millis> {
        let off = self.members().into_iter().find(|member| member.jurisdiction == who)?.holidays;
        Some(match clock.steps.get(step)?.within {
            Within::Hours(hours) => begun + i64::from(hours) * 3_600_000,
            Within::WorkingDays(days) => {
                let (mut day, mut left) = (begun.div_euclid(DAY_MS), days);
                while left > 0 {
                    day += 1;
                    // Day 4 after the epoch was a Monday.
                    let works = (day - 4).rem_euclid(7) < 5 && !off.contains(&i32::try_from(day).expect("a day"));
                    left -= u16::from(works);
                }
                (day + 1) * DAY_MS
            }
        })
    }

    /// An answer's place, made where there is none.
    fn answer(&mut self, case: usize, place: usize, who: Jurisdiction) -> usize {
        let event = self.cases[case].events[place].id.clone();
        let answers = &mut self.cases[case].answers;
        if let Some(known) = answers.iter().position(|answer| answer.who == who && answer.event == event) {
            return known;
        }
        answers.push(Answer { who, event, version: 0, level: None, disputed: None, clock: None });
        answers.len() - 1
    }

    /// An alert went to a recipient: its clock begins, goes on or ends. Gives when it has to answer.
    pub(super) fn told_now(
        &mut self,
        case: usize,
        place: usize,
        (who, role, before): (Jurisdiction, Role, Option<Role>),
        begins: bool,
        said: &mut Said,
    ) -> Option<Millis> {
        let answer = self.answer(case, place, who);
        // A clock is of a role: it ends with it.
        let released = before == Some(Role::FollowUp) && role == Role::Attention;
        let clock = self.cases[case].answers[answer].clock.as_ref();
        if clock.is_some_and(|clock| clock.role != role) && (begins || released) {
            self.end_clock(case, place, answer, said);
        }
        let running = self.cases[case].answers[answer].clock.clone();
        if !begins {
            return running.and_then(|clock| clock.due);
        }
        let Some(clock) = self.clock_for(case, place, who, role) else {
            self.end_clock(case, place, answer, said);
            return None;
        };
        if let Some(running) = running {
            return running.due;
        }
        let (begun, version) = (self.now, self.cases[case].events[place].version);
        let due = self.ends(who, &clock, begun, 0);
        self.cases[case].answers[answer].clock = Some(Running { version, begun, role, next: 0, due, ran_out: None });
        due
    }

    /// Nothing stands any more that could be answered or disputed.
    pub(super) fn end_answers(&mut self, case: usize, place: usize, said: &mut Said) {
        let event = self.cases[case].events[place].id.clone();
        for member in self.members() {
            let mine = |answer: &Answer| answer.who == member.jurisdiction && answer.event == event;
            let Some(answer) = self.cases[case].answers.iter().position(mine) else { continue };
            self.end_clock(case, place, answer, said);
            if let Some(since) = self.cases[case].answers[answer].disputed.take() {
                let until = Some(self.now);
                self.tell_origin(case, place, member.jurisdiction, (since, until), said);
            }
        }
    }

    fn end_clock(&mut self, case: usize, place: usize, answer: usize, said: &mut Said) {
        if let Some(clock) = self.cases[case].answers[answer].clock.take() {
            let who = self.cases[case].answers[answer].who;
            self.late(case, place, who, &clock, "ended", said);
        }
    }

    fn late(
        &mut self,
        case: usize,
        place: usize,
        who: Jurisdiction,
        clock: &Running,
        what: &'static str,
        said: &mut Said,
    ) {
        if let Some((step, level, due)) = clock.ran_out {
            let alert = format!("{}#{}", self.cases[case].events[place].id, clock.version);
            let sequence = self.sequence("overdue", None);
            said.late.push((who, what, alert, i32::try_from(step).expect("few"), level, due, sequence));
        }
    }

    fn tell_origin(
        &mut self,
        case: usize,
        place: usize,
        who: Jurisdiction,
        (since, until): (Millis, Option<Millis>),
        said: &mut Said,
    ) {
        let origin = self.cases[case].origin;
        if !matches!(self.state_of(origin), Some(MemberState::Active | MemberState::Left)) {
            return;
        }
        let event = &self.cases[case].events[place];
        let alert = format!("{}#{}", event.id, event.version);
        let sequence = self.sequence("disputes", Some(origin));
        said.disputes.push((origin, who, alert, since, until, sequence));
    }

    pub(super) fn disputed_since(&self, case: usize, place: usize) -> Option<Millis> {
        let event = &self.cases[case].events[place].id;
        let answers = self.cases[case].answers.iter();
        answers.filter(|answer| answer.event == *event).filter_map(|answer| answer.disputed).min()
    }

    /// Steps of a clock have run out.
    pub(super) fn run_out(&mut self, case: usize, place: usize, who: Jurisdiction, said: &mut Said) {
        let answer = self.answer(case, place, who);
        let late = |running: &Running| running.due.is_some_and(|due| due <= self.now);
        let Some(mut running) = self.cases[case].answers[answer].clock.clone().filter(late) else { return };
        let clock = self.clock_for(case, place, who, running.role);
        let step = clock.as_ref().and_then(|clock| clock.steps.get(running.next));
        let Some((clock, step)) = clock.as_ref().zip(step) else { return self.end_clock(case, place, answer, said) };
        running.next += 1;
        running.ran_out = Some((running.next, step.level, running.due.expect("a time")));
        running.due = self.ends(who, clock, running.begun, running.next);
        self.cases[case].answers[answer].clock = Some(running.clone());
        self.late(case, place, who, &running, "overdue", said);
        self.run_out(case, place, who, said);
    }

    /// What a recipient says.
    pub(super) fn acknowledge(&mut self, said_by: &Acknowledgement, said: &mut Said) -> Outcome {
        if self.rules.is_none() {
            return self.reject(Reason::NotAccepted, said);
        }
        let Some((case, place, version)) = self.alert_meant(said_by) else {
            return self.reject(Reason::AlertNotSent, said);
        };
        let answer = self.answer(case, place, said_by.recipient);
        let known = self.cases[case].answers[answer].clone();
        if version < known.version {
            return Outcome::Superseded;
        }
        if version == known.version && known.level == Some(said_by.level) {
            return Outcome::Duplicate;
        }
        if version == known.version && known.level.is_some_and(|level| rank(level) > rank(said_by.level)) {
            return self.reject(Reason::NotForward, said);
        }
        let last = &self.cases[case].events[place];
        if last.version == version && last.scope == Scope::Federation {
            let in_time = known.clock.as_ref().map(|clock| clock.ran_out.is_none());
            said.took = Some((said_by.recipient, said_by.level, self.now - last.issued.expect("sent"), in_time));
        }
        self.cases[case].answers[answer].version = version;
        self.cases[case].answers[answer].level = Some(said_by.level);
        self.answer_clock(case, place, answer, version, said_by.level, said);
        self.follow_dispute(case, place, answer, said_by.level, said);
        Outcome::Acknowledged
    }

    /// Only what was sent can be acknowledged.
    fn alert_meant(&self, said_by: &Acknowledgement) -> Option<(usize, usize, i32)> {
        let case = self.case(said_by.origin, &said_by.case_id)?;
        let (event, version) = said_by.alert_id.rsplit_once('#')?;
        let place = self.place(case, event)?;
        let got = (1..).zip(&self.cases[case].events[place].got).find(|(known, _)| version == i32::to_string(known));
        let member = matches!(self.state_of(said_by.recipient), Some(MemberState::Active | MemberState::Left));
        let (version, got) = got.filter(|_| member)?;
        got.contains(&said_by.recipient).then_some((case, place, version))
    }

    fn answer_clock(&mut self, case: usize, place: usize, answer: usize, version: i32, level: Level, said: &mut Said) {
        let who = self.cases[case].answers[answer].who;
        let Some(mut running) = self.cases[case].answers[answer].clock.clone() else { return };
        if version < running.version {
            return;
        }
        let Some(clock) = self.clock_for(case, place, who, running.role) else {
            return self.end_clock(case, place, answer, said);
        };
        let mut answered = 0;
        while clock.steps.get(answered).is_some_and(|step| rank(step.level) <= rank(level)) {
            answered += 1;
        }
        if running.ran_out.is_some_and(|(step, ..)| step <= answered) {
            self.late(case, place, who, &running, "acknowledged", said);
            running.ran_out = None;
        }
        if answered > running.next {
            running.next = answered;
            running.due = self.ends(who, &clock, running.begun, answered);
        }
        self.cases[case].answers[answer].clock = (answered < clock.steps.len()).then_some(running);
    }

    fn follow_dispute(&mut self, case: usize, place: usize, answer: usize, level: Level, said: &mut Said) {
        let who = self.cases[case].answers[answer].who;
        let before = self.disputed_since(case, place).is_some();
        let since = self.cases[case].answers[answer].disputed;
        if level == Level::Disputed && since.is_none() {
            self.cases[case].answers[answer].disputed = Some(self.now);
            self.tell_origin(case, place, who, (self.now, None), said);
        } else if let (Level::Accepted | Level::NotConcerned | Level::NoAction | Level::ActionTaken, Some(since)) =
            (level, since)
        {
            self.cases[case].answers[answer].disputed = None;
            self.tell_origin(case, place, who, (since, Some(self.now)), said);
        }
        let after = self.disputed_since(case, place).is_some();
        let event = &mut self.cases[case].events[place];
        if before == after || !known::stands(event) {
            return;
        }
        event.standing = if after { Standing::Disputed } else { Standing::InForce };
        let (standing, expires_at) = (event.standing, event.expires_at);
        let alert = Alert::update(standing, expires_at, self.everyone_told(case, place));
        self.send(case, place, alert, said);
    }

    /// How many alerts of a member wait for an answer that is overdue.
    pub(super) fn overdue(&self, who: Jurisdiction) -> i32 {
        let answers = self.cases.iter().flat_map(|case| &case.answers);
        let late =
            |answer: &&Answer| answer.who == who && answer.clock.as_ref().is_some_and(|clock| clock.ran_out.is_some());
        i32::try_from(answers.filter(late).count()).expect("few")
    }
}

/// Each level lies further than those before it.
fn rank(level: Level) -> usize {
    let order =
        [Level::Received, Level::Accepted, Level::Disputed, Level::NotConcerned, Level::NoAction, Level::ActionTaken];
    order.iter().position(|known| *known == level).expect("a level")
}
