//! What most commands need first: the settings, the platforms, proved, and the rules that follow from both.

use std::fs::File;
use std::path::Path;

use super::{Common, Exit, Failure};
use crate::config::{self, Settings};
use crate::kafka::{Stop, StopKind, client};
use crate::ledger::LOGIC_VERSION;
use crate::model::problem::Problem;
use crate::model::rules::Rules;
use crate::platform::Platform;
use crate::schema::{identifiers, legal_forms};

/// The valid configuration.
pub(super) fn settings(common: &Common) -> Result<Settings, Failure> {
    let settings = config::load(&common.config).map_err(Failure::configuration)?;
    let problems = client::problems(&settings.kafka, &common.config.display().to_string());
    if problems.is_empty() { Ok(settings) } else { Err(Failure::configuration(problems)) }
}

/// Every enabled platform.
pub(super) fn platforms(settings: &Settings) -> Result<Vec<Platform>, Failure> {
    let platforms = config::folders::load(&settings.platforms).map_err(Failure::configuration)?;
    let problems = strangers(settings, &platforms);
    if problems.is_empty() { Ok(platforms) } else { Err(Failure::configuration(problems)) }
}

/// Platforms whose jurisdiction is no member: every record of theirs would be rejected.
fn strangers(settings: &Settings, platforms: &[Platform]) -> Vec<Problem> {
    let known = |origin| settings.federation.members.iter().any(|member| member.jurisdiction == origin);
    let mut problems = Vec::new();
    for platform in platforms {
        let crate::platform::definition::Origin::Fixed(origin) = platform.definition.origin else { continue };
        if !known(origin) {
            let why = format!("its origin {origin} is no member of the federation");
            let help = "add it to federation.jurisdictions, or leave the platform out of platforms.enabled";
            let name = &platform.definition.name;
            let problem = Problem::new("CMT-9035", format!("{name}/platform.toml"), why, help);
            let text = std::fs::read_to_string(settings.platforms.dir.join(name).join("platform.toml"));
            let place = text.ok().and_then(|text| Some((config::place::of(&text, "origin")?, text)));
            problems.push(match place {
                Some((place, text)) => problem.at(text.into(), place.start, place.end),
                None => problem,
            });
        }
    }
    problems
}

/// One platform by name, and the key of rejections' digests. Without a configuration file the platform is looked for
/// in `schemas/platforms`, so that its author needs none.
pub(super) fn platform(common: &Common, name: &str) -> Result<(Platform, Option<Vec<u8>>), Failure> {
    let (dir, digest_key) = if common.config.exists() {
        let settings = settings(common)?;
        (settings.platforms.dir, settings.guard.digest_key)
    } else {
        ("schemas/platforms".into(), None)
    };
    let chosen = config::Platforms { dir, enabled: vec![name.to_owned()] };
    let mut loaded = config::folders::load(&chosen).map_err(Failure::configuration)?;
    loaded.pop().map(|platform| (platform, digest_key)).ok_or_else(|| {
        let problem = Problem::new("CMT-9031", name, "there is no such platform", "name a folder of platforms.dir");
        Failure::configuration(vec![problem])
    })
}

/// The rules that this configuration and build would write.
pub(super) fn rules(settings: &Settings, platforms: &[Platform]) -> Rules {
    let mut digests = vec![
        ("identifiers.toml".to_owned(), identifiers::digest()),
        ("legal_forms.toml".to_owned(), legal_forms::digest()),
    ];
    digests.extend(platforms.iter().map(|platform| (platform.definition.name.clone(), platform.digest)));
    Rules {
        federation: settings.federation.name.clone(),
        rules_version: settings.federation.rules_version,
        logic_version: LOGIC_VERSION,
        members: settings.federation.members.clone(),
        policy: settings.policy.clone(),
        digests,
    }
}

/// A file to read.
pub(super) fn open(path: &Path) -> Result<File, Failure> {
    File::open(path).map_err(|error| {
        let why = format!("cannot be read: {error}");
        let problem = Problem::new("CMT-9502", path.display().to_string(), why, "check the path and its rights");
        Failure::one(Exit::NoInput, problem)
    })
}

/// A problem of the data that was given.
pub(super) fn data(problem: Problem) -> Failure {
    let exit = if problem.code == "CMT-9502" { Exit::NoInput } else { Exit::Data };
    Failure::one(exit, problem)
}

/// A stage that stopped by itself.
pub(super) fn stopped(stop: Stop) -> Failure {
    let (exit, code) = match stop.kind {
        StopKind::Unavailable => (Exit::Unavailable, "CMT-9601"),
        StopKind::Configuration => (Exit::Configuration, "CMT-9602"),
        StopKind::Data => (Exit::Data, "CMT-9603"),
        StopKind::CannotCreate => (Exit::CannotCreate, "CMT-9604"),
    };
    Failure::one(exit, Problem::new(code, "kafka", stop.why, stop.help))
}
