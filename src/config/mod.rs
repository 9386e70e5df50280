//! The configuration: what was written becomes what is valid; the rest of Comity sees only the second.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::model::problem::Problem;
use crate::model::rules::{Clock, Contact, Member, Policy, SharingGroup};

mod written;
mod period;
pub(crate) mod place;
mod valid;
mod sharing;
pub mod folders;

/// Reads and checks a configuration file; `COMITY__SECTION__KEY` in the environment goes over what it says.
///
/// # Errors
/// Every problem found.
pub fn load(file: &Path) -> Result<Settings, Vec<Problem>> {
    let (name, text) = text(file)?;
    parse(&name, file.parent().unwrap_or(Path::new("")), &text)
}

/// Only `[kafka]` of a configuration file: a recipient's need say nothing else.
///
/// # Errors
/// Every problem found; keys of other sections must be known, but none needs to be there.
pub fn load_kafka(file: &Path) -> Result<Kafka, Vec<Problem>> {
    let (name, text) = text(file)?;
    let written = written::read(&name, &text).map_err(|problem| vec![*problem])?;
    valid::kafka(&name, file.parent().unwrap_or(Path::new("")), &text, written)
}

fn text(file: &Path) -> Result<(String, String), Vec<Problem>> {
    let name = file.display().to_string();
    match std::fs::read_to_string(file) {
        Ok(text) => Ok((name, text)),
        Err(error) => {
            let why = format!("cannot be read: {error}");
            Err(vec![Problem::new("CMT-9020", name, why, "name the file with -c FILE")])
        }
    }
}

/// The same for a text; relative paths are looked for in `folder`, then in the working folder.
///
/// # Errors
/// Every problem found.
pub fn parse(name: &str, folder: &Path, text: &str) -> Result<Settings, Vec<Problem>> {
    let written = written::read(name, text).map_err(|problem| vec![*problem])?;
    valid::settings(name, folder, text, written)
}

/// A valid configuration.
#[derive(Debug, Clone)]
pub struct Settings {
    pub kafka: Kafka,
    pub federation: Federation,
    pub platforms: Platforms,
    pub desk: Desk,
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
    /// How long Comity's groups wait for an instance that says nothing before another takes its place.
    pub session_timeout: Duration,
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
    /// Within which times its members acknowledge.
    pub clocks: Vec<Clock>,
    pub groups: Vec<SharingGroup>,
    pub contacts: Vec<Contact>,
}

/// Which platforms are read.
#[derive(Debug, Clone)]
pub struct Platforms {
    /// The folder of the platforms' folders.
    pub dir: PathBuf,
    /// Their names; empty for every folder there.
    pub enabled: Vec<String>,
}

/// The platform through which each member speaks itself, beside its source systems.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Desk {
    /// True where every member that may speak has one.
    pub enabled: bool,
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
    /// A commit that took longer is in doubt: its answer may still be under way.
    pub commit_doubt: Duration,
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
    /// Platforms that send their open cases on a topic of their own when they join, by name.
    pub backfill_platforms: Vec<String>,
    /// Records of all backfills together that one instance reads each second, at most.
    pub backfill_records_per_second_max: u32,
    /// Records of a platform within a minute, at most, by name; `*` stands for whoever is not named.
    pub events_per_minute_max: BTreeMap<String, u32>,
    /// The group's `group.instance.id`; `None` for a member without a fixed name.
    pub instance_id: Option<String>,
}

impl Intake {
    /// How many records a platform may send within a minute; over it, it is paused. `None` for no bound.
    pub fn events_per_minute_max(&self, platform: &str) -> Option<u32> {
        self.events_per_minute_max.get(platform).or_else(|| self.events_per_minute_max.get("*")).copied()
    }

    /// True for a platform that has a topic for its backfill.
    pub fn backfills(&self, platform: &str) -> bool {
        self.backfill_platforms.iter().any(|name| name == platform)
    }
}
