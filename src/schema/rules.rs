//! The wire form of the rules, the same in the log and in the state.

use serde::Deserialize;

use super::datum;
use super::read::{Fixed, Place, Symbol, codes, each};
use crate::model::code::{Domain, MemberState, Severity};
use crate::model::rules;

/// Appends `Rules`.
pub(crate) fn write(rules: &rules::Rules, out: &mut Vec<u8>) {
    datum::text(&rules.federation, out);
    datum::long(rules.rules_version, out);
    datum::long(rules.logic_version, out);
    datum::list(&rules.members, out, member);
    period(rules.policy.expires_after, out);
    period(rules.policy.forget_after, out);
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
    digests: Vec<TableDigest>,
}

impl From<Read> for rules::Rules {
    fn from(read: Read) -> Self {
        Self {
            federation: read.federation,
            rules_version: read.rules_version,
            logic_version: read.logic_version,
            members: each(read.members),
            policy: rules::Policy {
                expires_after: read.policy.expires_after.into(),
                forget_after: read.policy.forget_after.into(),
            },
            digests: read.digests.into_iter().map(|table| (table.name, table.sha256.0)).collect(),
        }
    }
}

/// `Member` as read.
#[derive(Debug, Deserialize)]
struct Member {
    jurisdiction: Place,
    state: Symbol<MemberState>,
    domains: Vec<Symbol<Domain>>,
    least_severity: Symbol<Severity>,
}

impl From<Member> for rules::Member {
    fn from(read: Member) -> Self {
        Self {
            jurisdiction: read.jurisdiction.0,
            state: read.state.0,
            domains: codes(read.domains),
            least_severity: read.least_severity.0,
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
