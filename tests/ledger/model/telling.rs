//! Who is told, and what each alert says of open cases.

use super::*;
use comity::model::code::{Domain, Kind, MemberState, Mode, MsgType, Role, Scope, Severity};

/// What is decided of an event apart from the route.
pub(super) struct Alert {
    pub(super) msg_type: MsgType,
    pub(super) standing: Standing,
    pub(super) expires_at: Option<Millis>,
    pub(super) original_unseen: bool,
    pub(super) follows: Vec<String>,
    pub(super) recipients: Vec<To>,
    pub(super) newcomers: bool,
    /// True where clocks of answers begin.
    pub(super) begins: bool,
    /// False where it tells the nation nothing.
    pub(super) to_nation: bool,
}

impl Alert {
    pub(super) fn cancel(recipients: Vec<To>) -> Self {
        Self { msg_type: MsgType::Cancel, ..Self::update(Standing::Withdrawn, None, recipients) }
    }

    /// Where an event stands now, to those told of it.
    pub(super) fn update(standing: Standing, expires_at: Option<Millis>, recipients: Vec<To>) -> Self {
        Self {
            msg_type: MsgType::Update,
            standing,
            expires_at,
            original_unseen: false,
            follows: Vec::new(),
            recipients,
            newcomers: false,
            begins: false,
            to_nation: true,
        }
    }
}

impl Model {
    pub(super) fn on_todays_route(
        &self,
        member: &Member,
        event: &InfractionEvent,
        domain: Domain,
        severity: Severity,
        scope: Scope,
    ) -> bool {
        let named =
            event.for_follow_up.contains(&member.jurisdiction) || event.for_attention.contains(&member.jurisdiction);
        let named = named || self.in_a_group_of(event, member.jurisdiction);
        member.state == MemberState::Active
            && (scope == Scope::Federation || named)
            && (member.domains.is_empty() || member.domains.contains(&domain))
            && (severity == Severity::Unknown || severity >= member.least_severity)
    }

    fn in_a_group_of(&self, event: &InfractionEvent, member: Jurisdiction) -> bool {
        // A closure brings nobody new.
        let groups = self.rules.as_ref().map(|rules| rules.groups.clone()).unwrap_or_default();
        event.kind != Kind::Closure
            && groups.iter().any(|group| event.sharing_groups.contains(&group.name) && group.members.contains(&member))
    }

    pub(super) fn names_no_group(&self, event: &InfractionEvent) -> bool {
        let groups = self.rules.as_ref().map(|rules| rules.groups.clone()).unwrap_or_default();
        event.sharing_groups.iter().any(|name| !groups.iter().any(|group| group.name == *name))
    }

    /// Those told before of what this event is, with the role that they have.
    pub(super) fn told_before(&self, case: usize, place: usize) -> Vec<(Jurisdiction, Role)> {
        let event = &self.cases[case].events[place];
        let may = |to: &Jurisdiction| event.scope == Scope::Federation || event.told.contains(to);
        self.cases[case].told.iter().filter(|told| may(&told.to)).map(|told| (told.to, told.role)).collect()
    }

    pub(super) fn everyone_told(&self, case: usize, place: usize) -> Vec<To> {
        let told = self.told_before(case, place);
        let mut recipients = Vec::new();
        for member in self.members() {
            if let Some((to, role)) = told.iter().find(|(to, _)| *to == member.jurisdiction)
                && member.state != MemberState::Retired
            {
                recipients.push((*to, *role, None, None));
            }
        }
        recipients
    }

    pub(super) fn route(
        &self,
        case: usize,
        place: usize,
        event: &InfractionEvent,
        msg_type: MsgType,
        newcomers: bool,
        closing: bool,
    ) -> Vec<To> {
        let told = self.told_before(case, place);
        let known = &self.cases[case];
        let (severity, scope) = (known.events[place].severity, known.events[place].scope);
        let mut recipients = Vec::new();
        for member in self.members() {
            let to = member.jurisdiction;
            if to == event.origin {
                continue;
            }
            let before = told.iter().find(|(at, _)| *at == to).map(|(_, role)| *role);
            // Being told of a case overrides a filter.
            let unfiltered = Member { domains: Vec::new(), least_severity: Severity::Unknown, ..member.clone() };
            let knows = known.told.iter().any(|told| told.to == to);
            let filter = if knows { &unfiltered } else { &member };
            let new = newcomers && self.on_todays_route(filter, event, known.events[place].domain, severity, scope);
            let tell = match member.state {
                MemberState::Active => new || before.is_some(),
                MemberState::Left => before.is_some() && msg_type != MsgType::Alert,
                MemberState::Retired => false,
            };
            if !tell {
                continue;
            }
            let named = event.for_follow_up.contains(&to);
            let shown = self.is_known_in(case, &self.bonds, to);
            let mut role = if named || shown { Role::FollowUp } else { Role::Attention };
            if event.mode == Mode::Backfill {
                role = Role::Attention;
            }
            // A closure that names nobody says nothing about roles.
            let silent = closing && event.for_follow_up.is_empty() && event.for_attention.is_empty();
            let mut by_index = Some(role == Role::FollowUp && !named);
            if let Some(before) = before.filter(|_| silent) {
                role = before;
                by_index = None;
            }
            recipients.push((to, role, before.filter(|before| *before != role), by_index));
        }
        recipients
    }

    pub(super) fn send(&mut self, case: usize, place: usize, alert: Alert, said: &mut Said) {
        if matches!(alert.standing, Standing::Closed | Standing::Expired | Standing::Withdrawn) {
            self.end_answers(case, place, said);
        }
        let (now, disputed_since) = (self.now, self.disputed_since(case, place));
        let event = &mut self.cases[case].events[place];
        let public = event.scope == Scope::Federation;
        let nation = alert.to_nation && (event.nation_told || (public && alert.newcomers));
        if alert.recipients.is_empty() && !nation {
            return;
        }
        event.nation_told |= nation;
        let mut references = alert.follows;
        let before = (1..=event.version).map(|version| format!("{}#{version}", event.id)).collect::<Vec<_>>();
        references.extend(before.into_iter().rev().take(64).rev());
        event.version += 1;
        event.issued = Some(now);
        let event = event.clone();
        if nation {
            let told = if public { alert.recipients.iter().map(|(to, ..)| *to).collect() } else { Vec::new() };
            said.national.push((format!("{}#{}", event.id, event.version), self.sequence("national", None), told));
            self.cases[case].nation_saw = self.bonds.clone();
        }
        let ids = self.ids_of(self.cases[case].organisation.as_ref());
        let mut formerly = self.names(case, &self.bonds);
        let organisation_id = (!formerly.is_empty()).then(|| formerly.remove(0));
        let origin = self.cases[case].origin;
        let mut open = self.open_cases(&ids, origin);
        open.retain(|(open, _)| open.scope == Scope::Federation);
        let more = i32::try_from(open.len().saturating_sub(32)).expect("few");
        let open: Vec<OpenCase> = open.into_iter().map(|(open, _)| open).take(32).collect();
        let everyone: Vec<Jurisdiction> = alert.recipients.iter().map(|(to, ..)| *to).collect();
        self.note_got(case, place, &everyone);
        for (to, role, role_before, by_index) in alert.recipients {
            let sequence = self.sequence("alerts", Some(to));
            let restricted_cases = self.restricted_for(&ids, origin, to);
            said.sent.push(Sent {
                to,
                sequence,
                test: false,
                joining: false,
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
                formerly: formerly.clone(),
                severity: event.severity,
                open_cases: open.clone(),
                open_cases_more: more,
                restricted_cases,
                ack_due_at: None,
                disputed_since,
            });
            let bonds = self.bonds.clone();
            self.note_told(case, Told { to, role, sequence, by_index: false, bonds }, by_index);
            self.cases[case].events[place].told.push(to);
            let begins = alert.begins && matches!(alert.standing, Standing::InForce | Standing::Disputed);
            if known::stands(&self.cases[case].events[place]) {
                let due = self.told_now(case, place, (to, role, role_before), begins, said);
                said.sent.last_mut().expect("an alert").ack_due_at = due;
            }
        }
    }

    /// Who got the last version of an alert. Sixteen times the same recipients in a row are remembered; of what lies
    /// further back only who got any of it.
    pub(super) fn note_got(&mut self, case: usize, place: usize, to: &[Jurisdiction]) {
        let event = &mut self.cases[case].events[place];
        let (version, got) = (usize::try_from(event.version).expect("a version"), &mut event.got);
        got.resize(version, BTreeSet::new());
        got[version - 1].extend(to);
        let changes = |got: &[BTreeSet<Jurisdiction>]| -> Vec<usize> {
            (1..version).filter(|later| got[*later] != got[*later - 1]).collect()
        };
        while changes(got).len() >= 16 {
            let (first, second) = (changes(got)[0], changes(got)[1]);
            let both: BTreeSet<Jurisdiction> = got[0].union(&got[first]).copied().collect();
            got[..second].fill(both);
        }
    }

    /// Who was told last what of a case; `None` leaves whether that was only for what the index shows.
    fn note_told(&mut self, case: usize, mut last: Told, by_index: Option<bool>) {
        let told = &mut self.cases[case].told;
        let before = told.iter().any(|told| told.to == last.to && told.by_index);
        told.retain(|told| told.to != last.to);
        last.by_index = last.role == Role::FollowUp && by_index.unwrap_or(before);
        told.push(last);
    }

    /// The organisations that are one with a case's, that which stands for all first.
    pub(super) fn ids_of(&self, organisation: Option<&String>) -> Vec<String> {
        organisation.map(|id| self.one_with(id, &self.bonds)).unwrap_or_default()
    }

    /// Those of them that alerts of a case name, that which stands for all of these first: its own, and what everybody
    /// may know.
    pub(super) fn names(&self, case: usize, bonds: &[Bond]) -> Vec<String> {
        let Some(own) = self.cases[case].organisation.as_ref() else { return Vec::new() };
        let public = |id: &String| self.organisations.iter().any(|at| at.identifiers[0] == *id && at.public);
        let mut names = self.one_with(own, bonds);
        names.retain(|id| id == own || public(id));
        let first = names.iter().min_by_key(|id| self.rank(id, bonds)).expect("its own").clone();
        names.retain(|id| *id != first);
        names.sort();
        names.insert(0, first);
        names
    }

    /// Whether any of what is one with a case's organisation is registered in a place, as far as its alerts name it, or
    /// has an open case or an establishment there.
    pub(super) fn is_known_in(&self, case: usize, bonds: &[Bond], place: Jurisdiction) -> bool {
        let reached = self.cases[case].organisation.as_ref().map(|id| self.reach(id, bonds)).unwrap_or_default();
        let names = self.names(case, bonds);
        let registered = |at: &Organisation| at.registered_in == Some(place) && names.contains(&at.identifiers[0]);
        let open = |case: &Case| {
            case.origin == place
                && case.organisation.as_ref().is_some_and(|id| reached.contains(id))
                && case.events.iter().any(stands)
        };
        let established = reached.iter().any(|number| is_of(number, place));
        established || self.organisations.iter().any(registered) || self.cases.iter().any(open)
    }

    /// Open cases of organisations that are one, at other origins, newest and then most severe first, with their place.
    pub(super) fn open_cases(&self, ids: &[String], origin: Jurisdiction) -> Vec<(OpenCase, usize)> {
        let mut open = Vec::new();
        for (place, case) in self.cases.iter().enumerate() {
            if case.organisation.as_ref().is_some_and(|id| ids.contains(id)) && case.origin != origin {
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

    pub(super) fn restricted_for(&self, ids: &[String], origin: Jurisdiction, to: Jurisdiction) -> Vec<OpenCase> {
        let mut restricted = Vec::new();
        for (open, place) in self.open_cases(ids, origin) {
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
}

/// True where a number is of that jurisdiction's own register: it is named as the register, or its scheme begins with it.
pub(super) fn is_of(number: &str, place: Jurisdiction) -> bool {
    let scheme = number.split(':').next().expect("a scheme");
    let own = format!("{}-", place.as_str().to_lowercase());
    let is_national = scheme.starts_with(&own) && !scheme.contains('/') && place.as_str() != "EU";
    is_national || scheme.ends_with(&format!("@{place}"))
}

/// Whether any member's, or who may become one, by what `is_of` says.
pub(super) fn tells_of_a_place(number: &str) -> bool {
    number.split(':').next().expect("a scheme").contains('@')
}

fn open_case(case: &Case, scope: Scope, events: &[&Event]) -> OpenCase {
    OpenCase {
        origin: case.origin,
        domain: events.last().expect("an event").domain,
        case_id: case.id.clone(),
        severity: events.iter().map(|event| event.severity).max().expect("an event"),
        since: events.iter().map(|event| event.since).min().expect("an event"),
        scope,
    }
}
