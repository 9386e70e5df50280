//! `Rules`: what decides besides events, written into the log so that a replay decides alike.

use super::code::{Domain, MemberState, Role, Severity};
use super::entry::AcknowledgementLevel;
use super::place::{Days, Jurisdiction};

/// The rules in force from their offset in the log on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    pub federation: String,
    /// Raised by the operator with every change of a rule; a lower or equal one in the log is ignored.
    pub rules_version: i64,
    /// Raised by the developers whenever the same log would give other alerts.
    pub logic_version: i64,
    /// In the order that gives each its `MemberIndex`; members are never taken out, they become LEFT or RETIRED.
    pub members: Vec<Member>,
    pub policy: Policy,
    /// Within which times recipients acknowledge; the first that fits an alert holds.
    pub clocks: Vec<Clock>,
    pub groups: Vec<SharingGroup>,
    pub contacts: Vec<Contact>,
    /// SHA-256 of each table that decides (`identifiers.toml`, `legal_forms.toml`, each platform's folder), by name.
    pub digests: Vec<(String, [u8; 32])>,
}

/// The place of a member in `Rules::members`; at most `MEMBERS_MAX`.
pub type MemberIndex = u8;

/// One jurisdiction of the federation, as a recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    pub jurisdiction: Jurisdiction,
    pub state: MemberState,
    /// The domains that it wants; empty for all.
    pub domains: Vec<Domain>,
    /// The least severity that it wants; `Unknown` for all. An event of unknown severity passes.
    pub least_severity: Severity,
    /// Days on which it does not work besides Saturdays and Sundays, in their order.
    pub holidays: Vec<Days>,
}

/// Within which times the recipients of one kind of alert acknowledge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clock {
    pub name: String,
    pub domain: Domain,
    /// The least severity of its alerts; `Unknown` for all. An event of unknown severity fits.
    pub least_severity: Severity,
    pub role: Role,
    /// Each lies later and further than the one before.
    pub steps: Vec<ClockStep>,
}

/// One step of a clock: a level and the time within which it is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockStep {
    pub level: AcknowledgementLevel,
    pub within: Within,
}

/// A time from an alert's issue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Within {
    Hours(u16),
    /// Working days of the recipient behind the day of issue; the last of them ends the time (UTC), as Regulation
    /// (EEC, Euratom) 1182/71 counts days.
    WorkingDays(u16),
}

/// Members that share what is RESTRICTED to them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharingGroup {
    pub name: String,
    pub members: Vec<Jurisdiction>,
}

/// Whom to ring: a unit, never a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// The authority's id, or a jurisdiction's code for all of its authorities.
    pub authority: String,
    pub unit: String,
    pub telephone: String,
    pub hours: String,
}

/// Terms that hold where a platform states none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// How long an original stands after the bound of `decided`.
    pub expires_after: Period,
    /// How long `told` is kept after expiry.
    pub forget_after: Period,
}

/// A calendar period (ISO 8601 `PnYnMnD`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// Years count twelve.
    pub months: i32,
    /// Weeks count seven.
    pub days: i32,
}

impl Rules {
    /// The index of a member that is not retired.
    pub fn member(&self, jurisdiction: Jurisdiction) -> Option<MemberIndex> {
        let place = self.members.iter().position(|member| member.jurisdiction == jurisdiction)?;
        let retired = self.members.get(place).is_none_or(|member| member.state == MemberState::Retired);
        if retired { None } else { MemberIndex::try_from(place).ok() }
    }

    /// The members by their places: what an output's place means.
    pub fn jurisdictions(&self) -> Vec<Jurisdiction> {
        self.members.iter().map(|member| member.jurisdiction).collect()
    }

    /// The clock of the recipients in this role of an alert of this kind.
    pub fn clock(&self, domain: Domain, severity: Severity, role: Role) -> Option<&Clock> {
        let fits = |clock: &&Clock| {
            let severe = severity == Severity::Unknown || severity >= clock.least_severity;
            clock.domain == domain && clock.role == role && severe
        };
        self.clocks.iter().find(fits)
    }

    /// Whom to ring about a decision: the authority's own contact, or that of all authorities of its jurisdiction.
    pub fn contact(&self, authority: Option<&str>, origin: Jurisdiction) -> Option<&Contact> {
        let of = |id: &str| self.contacts.iter().find(|contact| contact.authority == id);
        authority.and_then(of).or_else(|| of(origin.as_str()))
    }
}
