//! From what is written to what is valid; every problem found is told, not only the first.

use std::collections::BTreeMap;
use std::ops::{Range, RangeInclusive};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::period;
use super::place;
use super::written::{self, Written};
use super::{Desk, Federation, Guard, Intake, Kafka, Ledger, Platforms, Settings};
use crate::model::code::{Code, Domain, MemberState, Severity};
use crate::model::limit::{BATCH_ENTRIES_MAX, MEMBERS_MAX};
use crate::model::place::Jurisdiction;
use crate::model::problem::Problem;
use crate::model::rules::{Member, Period, Policy};

/// The fewest bytes of a key of digests: the output length of its hash (RFC 2104, section 3).
const DIGEST_KEY_BYTES_MIN: usize = 32;
/// The key of the members.
const JURISDICTIONS: &str = "federation.jurisdictions";
/// The longest commit interval that keeps alerts within a second.
const COMMIT_INTERVAL_MS_MAX: u64 = 1_000;
/// The least that brokers take by themselves (`group.min.session.timeout.ms`), and what is possible where they take less:
/// below, a pause of the machine would change the owner.
const SESSION_TIMEOUT_MS: u64 = 6_000;
const SESSION_TIMEOUT_MS_RANGE: RangeInclusive<u64> = 2_000..=60_000;
/// Records of one instance that may wait for their delivery at once.
const IN_FLIGHT_RECORDS_MAX: usize = 100_000;
/// Records of a platform within a minute where nobody wrote a bound: hundreds of times what any is known to decide.
const EVENTS_PER_MINUTE_USUAL: u32 = 600_000;
/// Records of backfills that one instance reads each second where nobody wrote how many, and at most: with more, live
/// events would wait behind a slice of them for over 100 ms.
const BACKFILL_RECORDS_PER_SECOND_USUAL: usize = 500;
const BACKFILL_RECORDS_PER_SECOND_MAX: usize = 5_000;

/// Collects problems of one file.
pub(super) struct Checker<'a> {
    file: &'a str,
    folder: &'a Path,
    text: &'a str,
    problems: Vec<Problem>,
}

/// Makes settings of a written configuration; relative paths are looked for in `folder`, then in the working folder.
pub(super) fn settings(file: &str, folder: &Path, text: &str, written: Written) -> Result<Settings, Vec<Problem>> {
    let single_broker = written.kafka.single_broker;
    let mut checker = Checker { file, folder, text, problems: Vec::new() };
    let settings = Settings {
        kafka: checker.kafka(written.kafka),
        federation: checker.federation(written.federation, written.policy.clocks.as_deref()),
        platforms: Platforms {
            dir: checker.path(written.platforms.dir.as_deref().unwrap_or("schemas/platforms")),
            enabled: written.platforms.enabled,
        },
        desk: Desk { enabled: written.desk.enabled.unwrap_or(true) },
        policy: Policy {
            expires_after: checker.period("policy.expires_after", written.policy.expires_after.as_deref()),
            forget_after: checker.period("policy.forget_after", written.policy.forget_after.as_deref()),
        },
        guard: checker.guard(&written.guard),
        ledger: Ledger {
            commit_interval: checker.interval("ledger.commit_interval_ms", written.ledger.commit_interval_ms, 10),
            batch_entries_max: checker.count(
                "ledger.batch_entries_max",
                written.ledger.batch_entries_max,
                BATCH_ENTRIES_MAX,
            ),
            // One broker answers within a few milliseconds; replicas take a round trip more.
            commit_doubt: Duration::from_millis(written.ledger.commit_doubt_ms.unwrap_or(if single_broker {
                75
            } else {
                300
            })),
            instance_id: written.ledger.instance_id,
        },
        intake: checker.intake(written.intake),
        http_listen: written.http.listen.as_deref().and_then(|text| checker.parsed("http.listen", text)),
    };
    if checker.problems.is_empty() { Ok(settings) } else { Err(checker.problems) }
}

/// Only how Kafka is reached.
pub(super) fn kafka(file: &str, folder: &Path, text: &str, written: Written) -> Result<Kafka, Vec<Problem>> {
    let mut checker = Checker { file, folder, text, problems: Vec::new() };
    let kafka = checker.kafka(written.kafka);
    if checker.problems.is_empty() { Ok(kafka) } else { Err(checker.problems) }
}

impl Checker<'_> {
    fn wrong(&mut self, why: impl Into<String>, help: impl Into<String>) {
        self.problems.push(Problem::new("CMT-9023", self.file, why, help));
    }

    /// The same at the value of a key, in the file or in the environment, which goes over it.
    pub(super) fn wrong_at(&mut self, key: &str, why: impl Into<String>, help: impl Into<String>) {
        let place = place::of(self.text, key);
        self.wrong_in(key, place, why, help);
    }

    fn wrong_in(&mut self, key: &str, place: Option<Range<usize>>, why: impl Into<String>, help: impl Into<String>) {
        let variable = format!("COMITY__{}", key.to_uppercase().replace('.', "__"));
        let from_environment = std::env::var_os(&variable).is_some();
        let file = if from_environment { &variable } else { self.file };
        let problem = Problem::new("CMT-9023", file, why, help);
        self.problems.push(match place.filter(|_| !from_environment) {
            Some(place) => problem.at(Arc::from(place::shown(self.text)), place.start, place.end),
            None => problem,
        });
    }

    fn kafka(&mut self, written: written::Kafka) -> Kafka {
        if written.bootstrap_servers.is_none() {
            self.wrong("kafka.bootstrap_servers is missing", "name at least one broker, such as \"broker-1:9092\"");
        }
        let mut flat = BTreeMap::new();
        self.flatten(String::new(), &written.properties, &mut flat);
        let mut properties = BTreeMap::new();
        for (name, text) in flat {
            match name.strip_suffix("_file") {
                Some(secret) => {
                    if let Some(value) = self.secret(&format!("kafka.properties.{name}"), &text) {
                        properties.insert(secret.replace('_', "."), String::from_utf8_lossy(&value).into_owned());
                    }
                }
                None => {
                    properties.insert(name.replace('_', "."), text);
                }
            }
        }
        Kafka {
            bootstrap_servers: written.bootstrap_servers.unwrap_or_default(),
            single_broker: written.single_broker,
            session_timeout: self.session_timeout(written.session_timeout_ms),
            properties,
        }
    }

    fn session_timeout(&mut self, written: Option<u64>) -> Duration {
        let given = written.unwrap_or(SESSION_TIMEOUT_MS);
        if !SESSION_TIMEOUT_MS_RANGE.contains(&given) {
            let (least, most) = (SESSION_TIMEOUT_MS_RANGE.start(), SESSION_TIMEOUT_MS_RANGE.end());
            self.wrong_at(
                "kafka.session_timeout_ms",
                format!("kafka.session_timeout_ms is not within {least} to {most}"),
                format!("leave it out for {SESSION_TIMEOUT_MS}, the least that brokers take by themselves"),
            );
        }
        Duration::from_millis(given)
    }

    /// A bare key such as `security.protocol` makes nested tables in TOML; librdkafka wants the dotted name.
    fn flatten(&mut self, prefix: String, table: &toml::Table, out: &mut BTreeMap<String, String>) {
        for (key, value) in table {
            let name = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
            match value {
                toml::Value::Table(inner) => self.flatten(name, inner, out),
                toml::Value::String(text) => {
                    out.insert(name, text.clone());
                }
                toml::Value::Integer(_) | toml::Value::Boolean(_) | toml::Value::Float(_) => {
                    out.insert(name, value.to_string());
                }
                toml::Value::Array(_) | toml::Value::Datetime(_) => {
                    self.wrong(format!("kafka.properties.{name} must be a text"), "put the value in quotes");
                }
            }
        }
    }

    fn federation(&mut self, written: written::Federation, clocks: Option<&str>) -> Federation {
        let name = written.name.unwrap_or_else(|| "federation".to_owned());
        let named_well = (1..=50).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        if !named_well {
            self.wrong_at(
                "federation.name",
                "federation.name is not of a-z, 0-9 and -, at most 50",
                "it becomes part of Kafka's group names",
            );
        }
        if written.jurisdictions.len() < 2 || written.jurisdictions.len() > MEMBERS_MAX {
            self.wrong_at(
                "federation.jurisdictions",
                format!("federation.jurisdictions has {} members", written.jurisdictions.len()),
                format!("a federation has 2 to {MEMBERS_MAX} members, by ISO 3166 code"),
            );
        }
        let mut members: Vec<Member> = Vec::new();
        for jurisdiction in &written.jurisdictions {
            if let Some(member) = self.member(jurisdiction) {
                if members.iter().any(|other| other.jurisdiction == member.jurisdiction) {
                    let code = member.jurisdiction.to_string();
                    let why = format!("federation.jurisdictions names {code} twice");
                    self.wrong_in(JURISDICTIONS, place::of_last(self.text, JURISDICTIONS, &code), why, "name it once");
                }
                members.push(member);
            }
        }
        let rules_version = written.rules_version.unwrap_or(1);
        if rules_version < 1 {
            self.wrong_at(
                "federation.rules_version",
                "federation.rules_version is below 1",
                "it starts at 1 and is raised with every change of a rule",
            );
        }
        let clocks = self.clocks(clocks);
        let groups = self.groups(&written.groups, &members);
        let contacts = self.contacts(written.contacts);
        Federation { name, members, rules_version, clocks, groups, contacts }
    }

    fn member(&mut self, written: &written::Jurisdiction) -> Option<Member> {
        let (code, of) = match written {
            written::Jurisdiction::Code(code) => (code, None),
            written::Jurisdiction::Member(member) => (&member.code, Some(member)),
        };
        let Some(jurisdiction) = Jurisdiction::parse(code) else {
            let why = format!("federation.jurisdictions: {code:?} is no ISO 3166 code");
            let place = place::of_last(self.text, JURISDICTIONS, code);
            self.wrong_in(JURISDICTIONS, place, why, "write DE or CA-ON, in capitals");
            return None;
        };
        let state = self.code("state", of.and_then(|of| of.state.as_deref()), MemberState::Active);
        let least = of.and_then(|of| of.least_severity.as_deref());
        let least_severity = self.code("least_severity", least, Severity::Unknown);
        let domains = of.map_or(&[][..], |of| of.domains.as_slice());
        let domains = domains.iter().map(|name| self.code("domains", Some(name), Domain::FoodSafety)).collect();
        let holidays = self.holidays(code, of.map_or(&[], |of| of.holidays.as_slice()));
        Some(Member { jurisdiction, state, domains, least_severity, holidays })
    }

    fn code<C: Code>(&mut self, key: &str, text: Option<&str>, default: C) -> C {
        let Some(text) = text else { return default };
        C::parse(text).unwrap_or_else(|| {
            let names: Vec<&str> = C::ALL.iter().map(|(_, name)| *name).collect();
            self.wrong(
                format!("federation.jurisdictions: {key} does not take {text:?}"),
                format!("one of {}", names.join(" ")),
            );
            default
        })
    }

    fn intake(&mut self, written: written::Intake) -> Intake {
        let mut events_per_minute_max = written.events_per_minute_max;
        if let Some((name, _)) = events_per_minute_max.iter().find(|(_, most)| **most == 0) {
            let why = format!("intake.events_per_minute_max: {name} may send nothing");
            self.wrong_at("intake.events_per_minute_max", why, "to stop a platform, use: comity platform pause");
        }
        events_per_minute_max.entry("*".to_owned()).or_insert(EVENTS_PER_MINUTE_USUAL);
        let rate = self.count(
            "intake.backfill_records_per_second_max",
            written.backfill_records_per_second_max.or(Some(BACKFILL_RECORDS_PER_SECOND_USUAL)),
            BACKFILL_RECORDS_PER_SECOND_MAX,
        );
        Intake {
            commit_interval: self.interval("intake.commit_interval_ms", written.commit_interval_ms, 100),
            in_flight_records_max: self.count(
                "intake.in_flight_records_max",
                written.in_flight_records_max.or(Some(10_000)),
                IN_FLIGHT_RECORDS_MAX,
            ),
            instance_id: written.instance_id,
            backfill_platforms: written.backfill_platforms,
            backfill_records_per_second_max: u32::try_from(rate).unwrap_or(u32::MAX),
            events_per_minute_max,
        }
    }

    fn guard(&mut self, written: &written::Guard) -> Guard {
        let digest_key = written.digest_key_file.as_deref().and_then(|file| self.secret("guard.digest_key_file", file));
        if digest_key.as_ref().is_some_and(|key| key.len() < DIGEST_KEY_BYTES_MIN) {
            self.wrong_at(
                "guard.digest_key_file",
                format!("guard.digest_key_file holds fewer than {DIGEST_KEY_BYTES_MIN} bytes"),
                "make one with: head -c 32 /dev/urandom | base64 > digest.key",
            );
        }
        Guard { digest_key }
    }

    /// The content of a secret's file without the newline that editors put at its end; `None` where it is not there.
    fn secret(&mut self, key: &str, file: &str) -> Option<Vec<u8>> {
        let path = self.path(file);
        match std::fs::read(&path) {
            Ok(mut content) => {
                while content.last().is_some_and(|byte| *byte == b'\n' || *byte == b'\r') {
                    content.pop();
                }
                Some(content)
            }
            Err(error) => {
                let why = format!("{key}: {} cannot be read: {error}", path.display());
                self.wrong_at(key, why, "check the path and its rights");
                None
            }
        }
    }

    fn period(&mut self, key: &str, text: Option<&str>) -> Period {
        let three_years = Period { months: 36, days: 0 };
        let Some(text) = text else { return three_years };
        period::parse(text).unwrap_or_else(|| {
            self.wrong_at(
                key,
                format!("{key} is no period of years, months, weeks or days"),
                "write it by ISO 8601, such as P3Y or P18M",
            );
            three_years
        })
    }

    fn interval(&mut self, key: &str, written: Option<u64>, default: u64) -> Duration {
        let given = written.unwrap_or(default);
        if given > COMMIT_INTERVAL_MS_MAX {
            self.wrong_at(
                key,
                format!("{key} is over {COMMIT_INTERVAL_MS_MAX}"),
                "an alert may wait that long; 10 is a good value",
            );
        }
        Duration::from_millis(given)
    }

    fn count(&mut self, key: &str, written: Option<usize>, most: usize) -> usize {
        let given = written.unwrap_or(most);
        if given == 0 || given > most {
            self.wrong_at(key, format!("{key} is not within 1 to {most}"), format!("leave it out for {most}"));
        }
        given
    }

    fn parsed<T: std::str::FromStr>(&mut self, key: &str, text: &str) -> Option<T> {
        let parsed = text.parse().ok();
        if parsed.is_none() {
            self.wrong_at(key, format!("{key} is no address and port"), "write it as 127.0.0.1:8080");
        }
        parsed
    }

    pub(super) fn path(&self, text: &str) -> PathBuf {
        let there = self.folder.join(text);
        if there.exists() { there } else { PathBuf::from(text) }
    }
}
