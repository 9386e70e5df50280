//! The wire form of the rules, the same in the log and in the state.

use serde::Deserialize;

use super::datum;
use super::read::{Fixed, Place, Symbol, codes, each};
use crate::model::code::{Domain, MemberState, Role, Severity};
use crate::model::entry::AcknowledgementLevel;
use crate::model::rules;

/// Appends `Rules`.
pub(crate) fn write(rules: &rules::Rules, out: &mut Vec<u8>) {
    datum::text(&rules.federation, out);
    datum::long(rules.rules_version, out);
    datum::long(rules.logic_version, out);
    datum::list(&rules.members, out, member);
    period(rules.policy.expires_after, out);
    period(rules.policy.forget_after, out);
    datum::list(&rules.clocks, out, clock);
    datum::list(&rules.groups, out, |group, out| {
        datum::text(&group.name, out);
        datum::places(&group.members, out);
    });
    datum::list(&rules.contacts, out, write_contact);
    datum::list(&rules.digests, out, |(name, sha256), out| {
        datum::text(name, out);
        datum::fixed(sha256, out);
    });
}

/// Appends a `Member`.
fn member(member: &rules::Member, out: &mut Vec<u8>) {
    datum::place(member.jurisdiction, out);
    datum::code(member.state, out);
    datum::codes(member.domains.iter().copied(), member.domains.len(), out);
    datum::code(member.least_severity, out);
    datum::list(&member.holidays, out, |day, out| datum::int(*day, out));
}

/// Appends a `Contact`.
pub(crate) fn write_contact(contact: &rules::Contact, out: &mut Vec<u8>) {
    datum::text(&contact.authority, out);
    datum::text(&contact.unit, out);
    datum::text(&contact.telephone, out);
    datum::text(&contact.hours, out);
}

/// Appends a `Clock`.
fn clock(clock: &rules::Clock, out: &mut Vec<u8>) {
    datum::text(&clock.name, out);
    datum::code(clock.domain, out);
    datum::code(clock.least_severity, out);
    datum::code(clock.role, out);
    datum::list(&clock.steps, out, |step, out| {
        let (hours, working_days) = match step.within {
            rules::Within::Hours(hours) => (hours, 0),
            rules::Within::WorkingDays(days) => (0, days),
        };
        datum::code(step.level, out);
        datum::int(i32::from(hours), out);
        datum::int(i32::from(working_days), out);
    });
}

/// Appends a `Period`.
fn period(period: rules::Period, out: &mut Vec<u8>) {
    datum::int(period.months, out);
    datum::int(period.days, out);
}

/// `Rules` as read.
#[derive(Debug, Deserialize)]
pub(crate) struct Read {
    federation: String,
    rules_version: i64,
    logic_version: i64,
    members: Vec<Member>,
    policy: Policy,
    clocks: Vec<Clock>,
    groups: Vec<Group>,
    contacts: Vec<Contact>,
    digests: Vec<TableDigest>,
}

impl Read {
    /// The rules; `None` where a clock has a time that none can have.
    pub(crate) fn into_model(self) -> Option<rules::Rules> {
        let read = self;
        Some(rules::Rules {
            federation: read.federation,
            rules_version: read.rules_version,
            logic_version: read.logic_version,
            members: each(read.members),
            policy: rules::Policy {
                expires_after: read.policy.expires_after.into(),
                forget_after: read.policy.forget_after.into(),
            },
            clocks: read.clocks.into_iter().map(Clock::into_model).collect::<Option<_>>()?,
            groups: each(read.groups),
            contacts: each(read.contacts),
            digests: read.digests.into_iter().map(|table| (table.name, table.sha256.0)).collect(),
        })
    }
}

/// `Clock` as read.
#[derive(Debug, Deserialize)]
struct Clock {
    name: String,
    domain: Symbol<Domain>,
    least_severity: Symbol<Severity>,
    role: Symbol<Role>,
    steps: Vec<ClockStep>,
}

impl Clock {
    fn into_model(self) -> Option<rules::Clock> {
        Some(rules::Clock {
            name: self.name,
            domain: self.domain.0,
            least_severity: self.least_severity.0,
            role: self.role.0,
            steps: self.steps.into_iter().map(ClockStep::into_model).collect::<Option<_>>()?,
        })
    }
}

/// `ClockStep` as read.
#[derive(Debug, Deserialize)]
struct ClockStep {
    level: Symbol<AcknowledgementLevel>,
    hours: i32,
    working_days: i32,
}

impl ClockStep {
    fn into_model(self) -> Option<rules::ClockStep> {
        let within = match (u16::try_from(self.hours).ok()?, u16::try_from(self.working_days).ok()?) {
            (hours, 0) => rules::Within::Hours(hours),
            (0, days) => rules::Within::WorkingDays(days),
            _ => return None,
        };
        Some(rules::ClockStep { level: self.level.0, within })
    }
}

/// `SharingGroup` as read.
#[derive(Debug, Deserialize)]
struct Group {
    name: String,
    members: Vec<Place>,
}

impl From<Group> for rules::SharingGroup {
    fn from(read: Group) -> Self {
        Self { name: read.name, members: read.members.into_iter().map(|place| place.0).collect() }
    }
}

/// `Contact` as read.
#[derive(Debug, Deserialize)]
pub(crate) struct Contact {
    authority: String,
    unit: String,
    telephone: String,
    hours: String,
}

impl From<Contact> for rules::Contact {
    fn from(read: Contact) -> Self {
        Self { authority: read.authority, unit: read.unit, telephone: read.telephone, hours: read.hours }
    }
}

/// `Member` as read.
#[derive(Debug, Deserialize)]
struct Member {
    jurisdiction: Place,
    state: Symbol<MemberState>,
    domains: Vec<Symbol<Domain>>,
    least_severity: Symbol<Severity>,
    holidays: Vec<i32>,
}

impl From<Member> for rules::Member {
    fn from(read: Member) -> Self {
        Self {
            jurisdiction: read.jurisdiction.0,
            state: read.state.0,
            domains: codes(read.domains),
            least_severity: read.least_severity.0,
            holidays: read.holidays,
        }
    }
}

/// `Policy` as read.
#[derive(Debug, Deserialize)]
struct Policy {
    expires_after: Period,
    forget_after: Period,
}

/// `Period` as read.
#[derive(Debug, Deserialize)]
struct Period {
    months: i32,
    days: i32,
}

impl From<Period> for rules::Period {
    fn from(read: Period) -> Self {
        Self { months: read.months, days: read.days }
    }
}

/// `TableDigest` as read.
#[derive(Debug, Deserialize)]
struct TableDigest {
    name: String,
    sha256: Fixed<32>,
}
