//! The configuration: what was written becomes what is valid; the rest of Comity sees only the second.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::model::rules::{Member, Policy};

/// A valid configuration.
#[derive(Debug, Clone)]
pub struct Settings {
    pub kafka: Kafka,
    pub federation: Federation,
    pub platforms: Platforms,
    pub policy: Policy,
    pub guard: Guard,
    pub ledger: Ledger,
    pub intake: Intake,
    /// Where `/livez`, `/readyz`, `/metrics` and the schemas are served; `None` for nowhere.
    pub http_listen: Option<SocketAddr>,
}

/// How Kafka is reached.
#[derive(Debug, Clone)]
pub struct Kafka {
    pub bootstrap_servers: String,
    /// True where replication 1 is allowed.
    pub single_broker: bool,
    /// Passed on to librdkafka as they stand; values may be secret and are never printed.
    pub properties: BTreeMap<String, String>,
}

/// Who takes part.
#[derive(Debug, Clone)]
pub struct Federation {
    pub name: String,
    /// At most `MEMBERS_MAX`, in the order that gives each its `MemberIndex`.
    pub members: Vec<Member>,
    pub rules_version: i64,
}

/// Which platforms are read.
#[derive(Debug, Clone)]
pub struct Platforms {
    /// The folder of the platforms' folders.
    pub dir: PathBuf,
    /// Their names; empty for every folder there.
    pub enabled: Vec<String>,
}

/// What the guard needs besides its tables.
#[derive(Clone)]
pub struct Guard {
    /// The key of rejections' digests (HMAC-SHA-256); without one a rejection carries no digest.
    pub digest_key: Option<Vec<u8>>,
}

impl std::fmt::Debug for Guard {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Guard").field("digest_key", &self.digest_key.as_ref().map(|_| "…")).finish()
    }
}

/// The pace of the ledger.
#[derive(Debug, Clone)]
pub struct Ledger {
    /// At least this long from one commit to the next.
    pub commit_interval: Duration,
    pub batch_entries_max: usize,
    /// The group's `group.instance.id`; `None` for a member without a fixed name.
    pub instance_id: Option<String>,
}

/// The pace of intake.
#[derive(Debug, Clone)]
pub struct Intake {
    /// At least this long from one commit of source offsets to the next.
    pub commit_interval: Duration,
    /// Records read but not yet delivered to the log.
    pub in_flight_records_max: usize,
    /// The group's `group.instance.id`; `None` for a member without a fixed name.
    pub instance_id: Option<String>,
}
