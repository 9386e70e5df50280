//! `Rules`: what decides besides events, written into the log so that a replay decides alike.

use super::code::{Domain, MemberState, Severity};
use super::place::Jurisdiction;

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
}
