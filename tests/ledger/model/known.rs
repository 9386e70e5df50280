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
        known.number = known.number.max(event.revision);
    }

    pub(super) fn new_case(&mut self, event: &InfractionEvent) -> usize {
        self.cases.push(Case {
            origin: event.origin,
            id: event.case_id.clone(),
            domain: event.domain,
            organisation: None,
            name: None,
            told: Vec::new(),
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
            scope: event.scope,
            severity: event.severity,
            since: event.decided.date,
            expires_at: None,
            seen: Vec::new(),
            told: Vec::new(),
            nation_told: false,
        });
        self.cases[case].events.len() - 1
    }

    /// The organisation that a subject's identifiers lead to: the holder of the strongest that is held, else a new one.
    pub(super) fn look_up(&self, subject: Option<&Subject>) -> Option<String> {
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

    pub(super) fn names_another(&self, case: usize, event: &InfractionEvent) -> bool {
        let Some(subject) = &event.subject else { return false };
        let case = &self.cases[case];
        match (&case.organisation, self.look_up(Some(subject))) {
            (Some(known), Some(named)) => *known != named,
            _ => case.name.as_ref().is_some_and(|name| *name != normal(&subject.legal_name)),
        }
    }

    pub(super) fn settle(&mut self, case: usize, event: &InfractionEvent, other: bool) {
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

    /// Organisations that no case names any more.
    pub(super) fn drop_unnamed(&mut self) {
        let cases = &self.cases;
        self.organisations.retain(|at| cases.iter().any(|case| case.organisation.as_ref() == Some(&at.identifiers[0])));
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
