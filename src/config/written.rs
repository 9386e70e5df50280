//! The configuration as it is written: TOML, then `COMITY__SECTION__KEY` from the environment over it.

use std::collections::BTreeMap;
use std::sync::Arc;

use figment::Figment;
use figment::providers::{Env, Format, Toml};
use serde::Deserialize;

use super::place;
use crate::model::problem::Problem;

/// Every key that a configuration may have; an unknown one is an error.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Written {
    pub(super) kafka: Kafka,
    pub(super) federation: Federation,
    pub(super) platforms: Platforms,
    pub(super) desk: Desk,
    pub(super) policy: Policy,
    pub(super) guard: Guard,
    pub(super) ledger: Ledger,
    pub(super) intake: Intake,
    pub(super) http: Http,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Kafka {
    pub(super) bootstrap_servers: Option<String>,
    pub(super) single_broker: bool,
    pub(super) session_timeout_ms: Option<u64>,
    pub(super) properties: toml::Table,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Federation {
    pub(super) name: Option<String>,
    pub(super) jurisdictions: Vec<Jurisdiction>,
    pub(super) rules_version: Option<i64>,
    pub(super) groups: BTreeMap<String, Vec<String>>,
    pub(super) contacts: BTreeMap<String, Contact>,
}

/// Whom to ring, by the id of an authority or the code of a jurisdiction.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Contact {
    pub(super) unit: String,
    pub(super) telephone: String,
    pub(super) hours: String,
}

/// A member: its code alone, or a table with its state and filters.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Jurisdiction {
    Code(String),
    Member(Member),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Member {
    pub(super) code: String,
    pub(super) state: Option<String>,
    #[serde(default)]
    pub(super) domains: Vec<String>,
    pub(super) least_severity: Option<String>,
    #[serde(default)]
    pub(super) holidays: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Platforms {
    pub(super) dir: Option<String>,
    pub(super) enabled: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Desk {
    pub(super) enabled: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Policy {
    pub(super) expires_after: Option<String>,
    pub(super) forget_after: Option<String>,
    pub(super) clocks: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Guard {
    pub(super) digest_key_file: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Ledger {
    pub(super) commit_interval_ms: Option<u64>,
    pub(super) batch_entries_max: Option<usize>,
    pub(super) commit_doubt_ms: Option<u64>,
    pub(super) instance_id: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Intake {
    pub(super) commit_interval_ms: Option<u64>,
    pub(super) in_flight_records_max: Option<usize>,
    pub(super) backfill_platforms: Vec<String>,
    pub(super) backfill_records_per_second_max: Option<usize>,
    pub(super) events_per_minute_max: BTreeMap<String, u32>,
    pub(super) instance_id: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Http {
    pub(super) listen: Option<String>,
}

/// Reads the file's text by itself first, since only then is the place of an error known, then the two together.
pub(super) fn read(file: &str, text: &str) -> Result<Written, Box<Problem>> {
    if let Err(error) = toml::from_str::<Written>(text) {
        let unknown = error.message().starts_with("unknown field");
        let syntax = text.parse::<toml::Table>().is_err();
        let help = match (syntax, unknown) {
            (true, _) => "write it as TOML 1.0 wants it",
            (false, true) => HELP,
            (false, false) => "write what the key takes; the README shows an example",
        };
        let mut problem = Problem::new("CMT-9021", file, first_line(error.message()), help);
        if let Some(span) = error.span() {
            problem = problem.at(Arc::from(place::shown(text)), span.start, span.end);
        }
        return Err(Box::new(problem));
    }
    let merged = Figment::new().merge(Toml::string(text)).merge(Env::prefixed("COMITY__").split("__"));
    merged.extract().map_err(|error| {
        let key = error.path.join("__").to_uppercase();
        let why = format!("COMITY__{key}: {}", reason(&error.kind));
        Box::new(Problem::new("CMT-9022", "environment", why, HELP))
    })
}

const HELP: &str = "the keys are described in the README; an unknown key is always an error";

/// Says what is wrong without the value, which may be a secret.
fn reason(kind: &figment::error::Kind) -> String {
    use figment::error::Kind;
    match kind {
        Kind::UnknownField(..) => "no such key".to_owned(),
        Kind::InvalidType(_, expected) | Kind::InvalidValue(_, expected) => format!("must be {expected}"),
        Kind::MissingField(name) => format!("lacks {name}"),
        Kind::UnknownVariant(..)
        | Kind::InvalidLength(..)
        | Kind::DuplicateField(..)
        | Kind::ISizeOutOfRange(..)
        | Kind::USizeOutOfRange(..)
        | Kind::Unsupported(..)
        | Kind::UnsupportedKey(..)
        | Kind::Message(..) => "not what this key takes".to_owned(),
    }
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}
