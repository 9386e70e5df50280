//! The names of Comity's topics, groups and ids, in one place.

use crate::model::decision::Output;
use crate::model::place::{Jurisdiction, Reader};

/// Everything that decides, in one order.
pub const LOG: &str = "comity.log";
/// The ledger's state, compacted.
pub const STATE: &str = "comity.state";
/// Which platforms are paused, compacted.
pub const CONTROL: &str = "comity.control";
/// Records refused.
pub const REJECTS: &str = "comity.rejects";
/// What everybody may know, once each, for dashboards.
pub const NATIONAL: &str = "comity.alerts.national";
/// What the national feed must have by now, compacted.
pub const NATIONAL_STATUS: &str = "comity.status.national";
/// Who was told of cases that are forgotten.
pub const ARCHIVE: &str = "comity.reach.archive";
/// What a person must look at.
pub const REVIEW: &str = "comity.review";
/// Acknowledgements that are due and did not come, and when they came.
pub const OVERDUE: &str = "comity.overdue";
/// Alerts of mode TEST, for every recipient.
pub const TEST: &str = "comity.alerts.test";

/// What `comity feed` remembers of snapshots and files, compacted; the ledger never sees it.
pub const FEEDS: &str = "comity.feeds";

/// The outputs that are no member's own.
pub const COMMON: [&str; 7] = [REJECTS, TEST, NATIONAL, NATIONAL_STATUS, ARCHIVE, REVIEW, OVERDUE];

/// Alerts of one recipient.
pub fn alerts(recipient: impl Into<Reader>) -> String {
    format!("comity.alerts.{}", recipient.into())
}

/// What one recipient must have by now, compacted.
pub fn status(recipient: impl Into<Reader>) -> String {
    format!("comity.status.{}", recipient.into())
}

/// What one recipient says of its alerts.
pub fn acknowledgements(jurisdiction: Jurisdiction) -> String {
    format!("comity.acks.{jurisdiction}")
}

/// Who disputes what one jurisdiction decided.
pub fn disputes(jurisdiction: Jurisdiction) -> String {
    format!("comity.disputes.{jurisdiction}")
}

/// The outputs that are one member's own.
pub fn outputs(jurisdiction: Jurisdiction) -> [String; 3] {
    [alerts(jurisdiction), status(jurisdiction), disputes(jurisdiction)]
}

/// The topic of an output; `None` for a place that no member has.
pub fn output(output: Output, members: &[Jurisdiction]) -> Option<String> {
    match output {
        Output::Alerts(member) => members.get(usize::from(member)).map(|jurisdiction| alerts(*jurisdiction)),
        Output::Status(member) => members.get(usize::from(member)).map(|jurisdiction| status(*jurisdiction)),
        Output::Disputes(member) => members.get(usize::from(member)).map(|jurisdiction| disputes(*jurisdiction)),
        Output::Test(_) => Some(TEST.to_owned()),
        Output::Rejects => Some(REJECTS.to_owned()),
        Output::National => Some(NATIONAL.to_owned()),
        Output::NationalStatus => Some(NATIONAL_STATUS.to_owned()),
        Output::Archive => Some(ARCHIVE.to_owned()),
        Output::Review => Some(REVIEW.to_owned()),
        Output::Overdue => Some(OVERDUE.to_owned()),
    }
}

/// The group of readers that assign themselves: nothing is ever committed to it, but the client asks for it.
pub const FOLLOWERS_GROUP: &str = "comity-follower";

/// The id of the transactions in which `comity feed` remembers what it did for a platform.
pub fn feed_transactions(platform: &str) -> String {
    format!("comity-feed-{platform}")
}

/// The consumer group of intake.
pub fn intake_group(federation: &str) -> String {
    format!("comity-{federation}-intake")
}

/// The consumer group of the ledger and the id of its transactions.
pub fn ledger_group(federation: &str) -> String {
    format!("comity-{federation}-ledger")
}
