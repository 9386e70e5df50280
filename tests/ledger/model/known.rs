//! What the naive ledger remembers of cases and organisations.

use super::*;
use comity::model::code::{CaseStatus, Precision, Standing};

impl Model {
    pub(super) fn case(&self, origin: Jurisdiction, id: &str) -> Option<usize> {
        self.cases.iter().position(|case| case.origin == origin && case.id == id)
    }

    pub(super) fn place(&self, case: usize, id: &str) -> Option<usize> {
        self.cases[case].events.iter().position(|event| event.id == id)
    }

    /// The events of its case that a withdrawal or closure names: itself and those that it refers to.
    pub(super) fn named_events(&self, event: &InfractionEvent) -> Option<(usize, Vec<usize>)> {
        let case = self.case(event.origin, &event.case_id)?;
        let mut targets = Vec::new();
        for id in std::iter::once(&event.event_id).chain(&event.references) {
            if let Some(place) = self.place(case, id).filter(|place| !targets.contains(place)) {
                targets.push(place);
            }
        }
        Some((case, targets))
    }

    pub(super) fn was_seen(&self, case: usize, place: usize, event: &InfractionEvent) -> bool {
        self.cases[case].events[place]
            .seen
            .iter()
            .any(|(raw, content)| *raw == event.provenance.raw_sha256 || *content == event.provenance.content_sha256)
    }

    /// A withdrawal or closure with a number below that of the event that it names by its own id.
    pub(super) fn is_lower(&self, case: usize, event: &InfractionEvent) -> bool {
        let Some(place) = self.place(case, &event.event_id) else { return false };
        match (self.cases[case].events[place].number, event.revision) {
            (Some(last), Some(number)) => number < last && !self.was_seen(case, place, event),
            _ => false,
        }
    }

    pub(super) fn note_seen(&mut self, case: usize, place: usize, event: &InfractionEvent) {
        let known = &mut self.cases[case].events[place];
        let before = known.seen.len();
        known.seen.push((event.provenance.raw_sha256, event.provenance.content_sha256));
        // Sixteen of the source's own, and as many of its desk's.
        if known.seen.len() > if by_desk(event) { 32 } else { 16.max(before) } {
            known.seen.remove(0);
        }
        if known.id == event.event_id {
            known.number = known.number.max(event.revision);
        }
    }

    pub(super) fn new_case(&mut self, event: &InfractionEvent) -> usize {
        self.cases.push(Case {
            origin: event.origin,
            id: event.case_id.clone(),
            organisation: None,
            name: None,
            told: Vec::new(),
            nation_saw: Vec::new(),
            events: Vec::new(),
            answers: Vec::new(),
            keep_until: Millis::MIN,
        });
        self.cases.len() - 1
    }

    pub(super) fn new_event(&mut self, case: usize, event: &InfractionEvent) -> usize {
        self.cases[case].events.push(Event {
            id: event.event_id.clone(),
            number: event.revision,
            version: 0,
            issued: None,
            standing: Standing::InForce,
            domain: event.domain,
            scope: event.scope,
            severity: event.severity,
            since: event.decided.date,
            expires_at: None,
            seen: Vec::new(),
            told: Vec::new(),
            got: Vec::new(),
            nation_told: false,
        });
        self.cases[case].events.len() - 1
    }

    /// Where a subject's identifiers lead. A holder of another name is not the subject, nor is one without an open case
    /// that had another form, unless its case has it already.
    pub(super) fn look_up(&self, subject: Option<&Subject>, current: Option<&String>) -> Option<Led> {
        let subject = subject?;
        let is_it = |known: &Organisation| {
            let id = &known.identifiers[0];
            let one = self.one_with(id, &self.bonds);
            let of_it = |case: &&Case| case.organisation.as_ref().is_some_and(|id| one.contains(id));
            let live = self.cases.iter().filter(of_it).any(|case| case.events.iter().any(stands));
            let other_form = known.form.is_some() && subject.legal_form.is_some() && known.form != subject.legal_form;
            current == Some(id) || is_spelling(&known.name, &subject.legal_name) && (live || !other_form)
        };
        let (mut led, mut own) = (Led::default(), None);
        for identifier in identifiers(subject) {
            // Holders in the order of their numbers: that of the identifier itself, then its namesakes.
            let mut holders: Vec<&Organisation> = Vec::new();
            holders.extend(self.organisations.iter().filter(|at| at.identifiers.contains(&identifier)));
            let base = !holders.is_empty();
            let named: Vec<String> = (2..10).map(|number| format!("{identifier}~{number}")).collect();
            for name in &named {
                holders.extend(self.organisations.iter().filter(|at| at.identifiers[0] == *name));
            }
            let its_own = holders.iter().find(|at| current == Some(&at.identifiers[0]));
            match (its_own.or(holders.iter().find(|at| is_it(at))), holders.first()) {
                (Some(it), _) => {
                    let id = &it.identifiers[0];
                    led.id = led.id.or_else(|| Some(id.clone()));
                    led.others.push((identifier, id.clone(), true));
                }
                (None, Some(other)) => {
                    let is_bound = |name: &str| self.bonds.iter().any(|bond| bond.names(name));
                    let is_free = |name: &str| !is_bound(name) && holders.iter().all(|at| at.identifiers[0] != name);
                    let free = named.iter().find(|name| is_free(name));
                    let free = if base { free.expect("few namesakes").clone() } else { identifier.clone() };
                    own = own.or(Some(free));
                    led.others.push((identifier, other.identifiers[0].clone(), false));
                }
                (None, None) => led.free.push(identifier),
            }
        }
        led.is_new = led.id.is_none();
        if let Some(own) = own.filter(|_| led.is_new) {
            led.free.retain(|identifier| *identifier != own);
            led.free.insert(0, own);
        }
        // Where the holder's own identifier is not among them, the strongest of them is an organisation's by itself.
        if let Some(id) = led.id.clone() {
            let mut through = led.others.iter().filter(|(_, other, its_name)| *its_name && *other == id);
            let holder = self.organisations.iter().find(|at| at.identifiers[0] == id).expect("it is known");
            let strongest = through.clone().next().expect("that it was found by").0.clone();
            let beside = through.all(|(identifier, ..)| holder.identifiers[1..].contains(identifier));
            if beside && self.may_stand_alone(&strongest) {
                led.id = Some(strongest.clone());
                led.stands_alone = true;
            }
        }
        led.id = led.id.or(led.free.first().cloned());
        led.id.is_some().then_some(led)
    }

    pub(super) fn names_another(&self, case: usize, event: &InfractionEvent) -> bool {
        let Some(subject) = &event.subject else { return false };
        let case = &self.cases[case];
        match (&case.organisation, self.look_up(Some(subject), case.organisation.as_ref())) {
            (Some(known), Some(led)) => {
                let (ids, id) = (self.reach(known, &self.bonds), led.id.expect("an id"));
                // It names the case's own beside a stronger number.
                let beside = led.others.iter().any(|(_, other, its_name)| *its_name && ids.contains(other));
                let both = beside && !self.are_two(&id, known);
                !ids.contains(&id) && !both
            }
            _ => case.name.as_ref().is_some_and(|name| *name != normal(&subject.legal_name)),
        }
    }

    pub(super) fn settle(&mut self, case: usize, event: &InfractionEvent, other: bool, said: &mut Said) {
        self.enter(case, event, other, said);
        if event.scope == Scope::Federation {
            self.publish(case, event);
        }
    }

    fn enter(&mut self, case: usize, event: &InfractionEvent, other: bool, said: &mut Said) {
        let Some(subject) = &event.subject else { return };
        let led = self.look_up(Some(subject), self.cases[case].organisation.as_ref());
        if other {
            self.cases[case].organisation = None;
        }
        self.cases[case].name = Some(normal(&subject.legal_name));
        let Some(Led { id: Some(id), free, others, is_new, stands_alone }) = led else {
            return self.take_back(&links::named(event), &[], said);
        };
        // What not everybody may know joins nothing that others see, and moves no case.
        let secret = event.scope == Scope::Restricted;
        let seen = |case: &Case| case.events.iter().any(|event| event.scope == Scope::Federation);
        let others_see = self.cases[case].organisation.is_some() || seen(&self.cases[case]);
        if secret && !other && others_see {
            return self.take_back(&links::named(event), &[], said);
        }
        self.new_organisation = Some(id.clone()).filter(|_| is_new || stands_alone);
        if is_new || stands_alone {
            for at in &mut self.organisations {
                at.identifiers.retain(|identifier| *identifier != id);
            }
            let (name, form) = (subject.legal_name.clone(), subject.legal_form.clone());
            let registered_in = subject.jurisdiction;
            let identifiers = vec![id.clone()];
            self.organisations.push(Organisation { identifiers, registered_in, name, form, public: !secret });
        } else if !secret {
            let known = self.organisations.iter_mut().find(|at| at.identifiers[0] == id).expect("it is known");
            known.registered_in = subject.jurisdiction.or(known.registered_in);
        }
        let mut pairs = Vec::new();
        for free in free.iter().filter(|free| **free != id && !secret) {
            pairs.extend(self.name_beside(event, &id, free, said));
        }
        for met in others {
            pairs.extend(self.meet(event, &id, met, is_new, said));
        }
        self.take_back(&links::named(event), &pairs, said);
        self.new_organisation = None;
        self.cases[case].organisation = Some(id);
    }

    /// Everybody may know the organisation of a case from now on; of where it is registered, what an event states now.
    fn publish(&mut self, case: usize, event: &InfractionEvent) {
        let id = self.cases[case].organisation.as_ref();
        for known in self.organisations.iter_mut().filter(|known| Some(&known.identifiers[0]) == id && !known.public) {
            known.public = true;
            known.registered_in = event.subject.as_ref().and_then(|subject| subject.jurisdiction);
        }
    }

    /// Organisations that no case names any more, nor any that they are one with.
    pub(super) fn drop_unnamed(&mut self) {
        let named = |id: &String| self.cases.iter().any(|case| case.organisation.as_ref() == Some(id));
        let ids: Vec<String> = self.organisations.iter().map(|at| at.identifiers[0].clone()).collect();
        let gone: Vec<String> =
            ids.into_iter().filter(|id| !named(id) && !self.one_with(id, &self.bonds).iter().any(named)).collect();
        self.organisations.retain(|at| !gone.contains(&at.identifiers[0]));
        self.house();
        self.drop_bonds();
    }

    /// A case remembers whom it told until the end of the day that lies `forget_after` behind its latest term.
    pub(super) fn keep(&mut self, case: usize, until: Millis) {
        self.cases[case].keep_until = self.cases[case].keep_until.max(until);
    }

    pub(super) fn forget_at(&self, expires_at: Millis) -> Millis {
        let date = i32::try_from((expires_at - 1).div_euclid(DAY_MS)).expect("a day");
        let last = Dated { date, precision: Precision::Day, bound: comity::model::code::Bound::Exact, text: None };
        end(&last, &[self.rules.as_ref().expect("rules").policy.forget_after])
    }

    pub(super) fn expires_at(&self, event: &InfractionEvent) -> Millis {
        let after = self.rules.as_ref().expect("rules").policy.expires_after;
        event.expires_at.unwrap_or_else(|| end(&event.decided, &[after]))
    }
}

/// Where a subject's identifiers lead.
#[derive(Debug, Default)]
pub(super) struct Led {
    pub(super) id: Option<String>,
    /// Those that are its own from now on.
    free: Vec<String>,
    /// Identifiers that somebody holds: the identifier, the holder, whether it has the subject's name.
    others: Vec<(String, String, bool)>,
    is_new: bool,
    /// Its id was only named beside others before.
    stands_alone: bool,
}

/// The names of these histories are two, each in some spellings.
fn is_spelling(one: &str, other: &str) -> bool {
    normal(one).chars().next() == normal(other).chars().next()
}

pub(super) fn stands(event: &Event) -> bool {
    matches!(event.standing, Standing::InForce | Standing::Disputed)
}

pub(super) fn standing_of(status: CaseStatus) -> Standing {
    match status {
        CaseStatus::Open => Standing::InForce,
        CaseStatus::Closed => Standing::Closed,
    }
}

/// The instant after the last day that a date can mean, some periods later, by another library's calendar.
pub(super) fn end(decided: &Dated, periods: &[Period]) -> Millis {
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

/// True where the id begins with another platform's name than that of the record.
pub(super) fn by_desk(event: &InfractionEvent) -> bool {
    event.event_id.contains('/') && !event.event_id.starts_with(&format!("{}/", event.platform))
}

pub(super) fn identifiers(subject: &Subject) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for identifier in &subject.identifiers {
        let register = identifier.register.as_ref().map_or_else(String::new, |register| format!("@{register}"));
        let text = format!("{}{register}:{}", identifier.scheme, identifier.value);
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
