//! The canonical schemas, compiled in with their ids.

use std::sync::LazyLock;

/// One version of a canonical schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version {
    /// The record's name, without its namespace.
    pub name: &'static str,
    /// Counted from 1.
    pub version: i32,
    /// The id that frames its records, where no registry gives another: the one in `schemas/ids.toml`.
    pub id: i32,
    /// The schema's text as its file has it.
    pub text: &'static str,
}

/// Every version of every canonical schema, by id; the tests hold it against `schemas/`.
pub const VERSIONS: &[Version] = &[
    INFRACTION_EVENT,
    LOG_ENTRY,
    ALERT,
    REJECTION,
    STATUS,
    STATE_ENTRY,
    CHECKPOINT,
    RULES,
    TICK,
    REACH_SUMMARY,
    REVIEW,
    OVERDUE,
    DISPUTE,
];

/// The version of `InfractionEvent` that is written.
pub const INFRACTION_EVENT: Version = Version {
    name: "InfractionEvent",
    version: 1,
    id: 1,
    text: include_str!("../../schemas/canonical/InfractionEvent.v1.avsc"),
};

/// The version of `LogEntry` that is written.
pub const LOG_ENTRY: Version =
    Version { name: "LogEntry", version: 1, id: 2, text: include_str!("../../schemas/canonical/LogEntry.v1.avsc") };

/// The version of `Alert` that is written.
pub const ALERT: Version =
    Version { name: "Alert", version: 1, id: 3, text: include_str!("../../schemas/canonical/Alert.v1.avsc") };

/// The version of `Rejection` that is written.
pub const REJECTION: Version =
    Version { name: "Rejection", version: 1, id: 4, text: include_str!("../../schemas/canonical/Rejection.v1.avsc") };

/// The version of `Status` that is written.
pub const STATUS: Version =
    Version { name: "Status", version: 1, id: 5, text: include_str!("../../schemas/canonical/Status.v1.avsc") };

/// The version of `StateEntry` that is written.
pub const STATE_ENTRY: Version =
    Version { name: "StateEntry", version: 1, id: 6, text: include_str!("../../schemas/canonical/StateEntry.v1.avsc") };

/// The version of `Checkpoint` that is written.
pub const CHECKPOINT: Version =
    Version { name: "Checkpoint", version: 1, id: 7, text: include_str!("../../schemas/canonical/Checkpoint.v1.avsc") };

/// `Rules` by itself, for readers of the log and tools; the ledger finds it inside `LogEntry` and `StateEntry`.
pub const RULES: Version =
    Version { name: "Rules", version: 1, id: 8, text: include_str!("../../schemas/canonical/Rules.v1.avsc") };

/// `Tick` by itself; the ledger finds it inside `LogEntry`.
pub const TICK: Version =
    Version { name: "Tick", version: 1, id: 9, text: include_str!("../../schemas/canonical/Tick.v1.avsc") };

/// The version of `ReachSummary` that is written.
pub const REACH_SUMMARY: Version = Version {
    name: "ReachSummary",
    version: 1,
    id: 10,
    text: include_str!("../../schemas/canonical/ReachSummary.v1.avsc"),
};

/// The version of `Review` that is written.
pub const REVIEW: Version =
    Version { name: "Review", version: 1, id: 11, text: include_str!("../../schemas/canonical/Review.v1.avsc") };

/// The version of `Overdue` that is written.
pub const OVERDUE: Version =
    Version { name: "Overdue", version: 1, id: 12, text: include_str!("../../schemas/canonical/Overdue.v1.avsc") };

/// The version of `Dispute` that is written.
pub const DISPUTE: Version =
    Version { name: "Dispute", version: 1, id: 13, text: include_str!("../../schemas/canonical/Dispute.v1.avsc") };

/// The version of that id.
pub fn by_id(id: i32) -> Option<&'static Version> {
    VERSIONS.iter().find(|version| version.id == id)
}

/// Every version of a schema, oldest first.
pub fn versions_of(name: &str) -> impl Iterator<Item = &'static Version> {
    VERSIONS.iter().filter(move |version| version.name == name)
}

/// The versions parsed, in the order of `VERSIONS`; a text that does not parse stays `None`, which the tests refuse.
static PARSED: LazyLock<Vec<Option<serde_avro_fast::Schema>>> =
    LazyLock::new(|| VERSIONS.iter().map(|version| version.text.parse().ok()).collect());

/// The parsed schema under which a record of `name` was written; `None` where that id is not a version of it.
pub(crate) fn writer(name: &str, id: i32) -> Option<&'static serde_avro_fast::Schema> {
    let place = VERSIONS.iter().position(|version| version.id == id && version.name == name)?;
    PARSED.get(place)?.as_ref()
}
