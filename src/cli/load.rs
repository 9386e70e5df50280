//! What most commands need first: the settings, the platforms, proved, and the rules that follow from both.

use std::fs::File;
use std::path::{Path, PathBuf};

use super::{Common, Exit, Failure};
use crate::config::{self, Kafka, Settings};
use crate::decode::cut::{self, Cutter};
use crate::kafka::{Stop, StopKind, client};
use crate::ledger::LOGIC_VERSION;
use crate::model::code::MemberState;
use crate::model::place::Jurisdiction;
use crate::model::problem::Problem;
use crate::model::rules::{Member, Rules};
use crate::platform::definition::{Ids, Speaks};
use crate::platform::{Platform, desk, statements};
use crate::propose;
use crate::schema::{identifiers, legal_forms};

/// The valid configuration.
pub(super) fn settings(common: &Common) -> Result<Settings, Failure> {
    let settings = config::load(&common.config).map_err(Failure::configuration)?;
    let problems = client::problems(&settings.kafka, &common.config.display().to_string());
    if problems.is_empty() { Ok(settings) } else { Err(Failure::configuration(problems)) }
}

/// How Kafka is reached, for commands of recipients: their configuration need say nothing else.
pub(super) fn kafka(common: &Common) -> Result<Kafka, Failure> {
    let kafka = config::load_kafka(&common.config).map_err(Failure::configuration)?;
    let problems = client::problems(&kafka, &common.config.display().to_string());
    if problems.is_empty() { Ok(kafka) } else { Err(Failure::configuration(problems)) }
}

/// Every enabled platform, then the members' desks, what they acknowledge, and the links.
pub(super) fn platforms(settings: &Settings) -> Result<Vec<Platform>, Failure> {
    let mut platforms = config::folders::load(&settings.platforms).map_err(Failure::configuration)?;
    let mut problems = strangers(settings, &platforms);
    let mut own = desks(settings)?;
    own.extend(statements::statements(speaking(settings)).map_err(Failure::configuration)?);
    let names: Vec<&str> = own.iter().map(|own| own.definition.name.as_str()).collect();
    for platform in platforms.iter().filter(|platform| names.contains(&platform.definition.name.as_str())) {
        let why = "a source that Comity brings itself has this name";
        let problem = Problem::new("CMT-9036", &platform.definition.name, why, "give the folder another name");
        problems.push(problem);
    }
    problems.extend(platforms.iter().flat_map(undecided));
    platforms.extend(own);
    problems.extend(unknown_names(settings, &platforms));
    if problems.is_empty() { Ok(platforms) } else { Err(Failure::configuration(problems)) }
}

/// Names in `[intake]` that no enabled platform has: a bound that is written for nobody holds nobody up.
fn unknown_names(settings: &Settings, platforms: &[Platform]) -> Vec<Problem> {
    let backfill = settings.intake.backfill_platforms.iter().map(|name| ("intake.backfill_platforms", name));
    let bounds = settings.intake.events_per_minute_max.keys().map(|name| ("intake.events_per_minute_max", name));
    let known = |name: &str| name == "*" || platforms.iter().any(|platform| platform.definition.name == name);
    let unknown = backfill.chain(bounds).filter(|(_, name)| !known(name));
    let help = "name a folder of platforms.dir that is enabled, or a desk such as ca-on-desk";
    let problem =
        |(key, name): (&str, &String)| Problem::new("CMT-9037", key, format!("there is no platform {name}"), help);
    unknown.map(problem).collect()
}

/// The desks of all members that may speak.
pub(super) fn desks(settings: &Settings) -> Result<Vec<Platform>, Failure> {
    desk::desks(speaking(settings).filter(|_| settings.desk.enabled)).map_err(Failure::configuration)
}

/// The members that may speak: one that left may still unsay what it said, and answers for what it was told.
fn speaking(settings: &Settings) -> impl Iterator<Item = Jurisdiction> {
    let speaks = |member: &&Member| member.state != MemberState::Retired;
    settings.federation.members.iter().filter(speaks).map(|member| member.jurisdiction)
}

/// What the author of a platform's folder still has to decide.
pub(super) fn undecided(platform: &Platform) -> Vec<Problem> {
    let file = |problem: &Problem| format!("{}/{}", platform.definition.name, problem.file);
    platform.undecided.iter().map(|problem| Problem { file: file(problem), ..problem.clone() }).collect()
}

/// Platforms whose jurisdiction is no member: every record of theirs would be rejected.
fn strangers(settings: &Settings, platforms: &[Platform]) -> Vec<Problem> {
    let known = |origin| settings.federation.members.iter().any(|member| member.jurisdiction == origin);
    let mut problems = Vec::new();
    for platform in platforms {
        let crate::platform::definition::Origin::Fixed(origin) = platform.definition.origin else { continue };
        if !known(origin) {
            let why = format!("its origin {origin} is no member of the federation");
            let add = "add it to federation.jurisdictions, or leave the platform out of platforms.enabled";
            let help = match propose::is_division(origin) {
                Some(false) => {
                    format!("by ISO 3166-2 there is no {origin}: write the country or its division, not an agency")
                }
                None if origin.as_str().contains('-') => format!("{add}; an agency's short name is no jurisdiction"),
                Some(true) | None => add.to_owned(),
            };
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

/// The folder of the platforms' folders: `platforms.dir`, or `schemas/platforms` where there is no configuration.
pub(super) fn platforms_dir(common: &Common) -> Result<PathBuf, Failure> {
    if common.config.exists() {
        return Ok(settings(common)?.platforms.dir);
    }
    Ok(std::env::var_os("COMITY__PLATFORMS__DIR").map_or_else(|| "schemas/platforms".into(), PathBuf::from))
}

/// One platform by name, and the key of rejections' digests. Without a configuration file the platform is looked for
/// in `schemas/platforms`, so that its author needs none.
pub(super) fn platform(common: &Common, name: &str) -> Result<(Platform, Option<Vec<u8>>), Failure> {
    let (dir, digest_key) = if common.config.exists() {
        let settings = settings(common)?;
        (settings.platforms.dir, settings.guard.digest_key)
    } else {
        (platforms_dir(common)?, None)
    };
    if let Some(jurisdiction) = desk::jurisdiction(name)
        && !dir.join(name).exists()
    {
        let desk = desk::desks([jurisdiction]).map_err(Failure::configuration)?;
        return desk.into_iter().next().map(|desk| (desk, digest_key)).ok_or_else(|| no_such_platform(name));
    }
    let chosen = config::Platforms { dir, enabled: vec![name.to_owned()] };
    let mut loaded = config::folders::load(&chosen).map_err(Failure::configuration)?;
    loaded.pop().map(|platform| (platform, digest_key)).ok_or_else(|| no_such_platform(name))
}

fn no_such_platform(name: &str) -> Failure {
    let help = "name a folder of platforms.dir, or a desk such as ca-on-desk";
    Failure::configuration(vec![Problem::new("CMT-9031", name, "there is no such platform", help)])
}

/// The rules that this configuration and build would write.
pub(super) fn rules(settings: &Settings, platforms: &[Platform]) -> Rules {
    let mut digests = vec![
        ("identifiers.toml".to_owned(), identifiers::digest()),
        ("legal_forms.toml".to_owned(), legal_forms::digest()),
    ];
    for platform in platforms {
        // The members' desks differ by nothing but their member, so that one digest stands for all; likewise the
        // sources of acknowledgements.
        let name = match platform.definition.speaks {
            Speaks::Events if is_desk(platform) => "desk",
            Speaks::Events | Speaks::Links => platform.definition.name.as_str(),
            Speaks::Acknowledgements => "acknowledgements",
        };
        if !digests.iter().any(|(known, _)| known == name) {
            digests.push((name.to_owned(), platform.digest));
        }
    }
    Rules {
        federation: settings.federation.name.clone(),
        rules_version: settings.federation.rules_version,
        logic_version: LOGIC_VERSION,
        members: settings.federation.members.clone(),
        policy: settings.policy.clone(),
        clocks: settings.federation.clocks.clone(),
        groups: settings.federation.groups.clone(),
        contacts: settings.federation.contacts.clone(),
        digests,
    }
}

/// True for the compiled-in desk of a member.
fn is_desk(platform: &Platform) -> bool {
    platform.definition.ids == Ids::Canonical && desk::jurisdiction(&platform.definition.name).is_some()
}

/// A file to read.
pub(super) fn open(path: &Path) -> Result<File, Failure> {
    File::open(path).map_err(|error| {
        let why = format!("cannot be read: {error}");
        let problem = Problem::new("CMT-9502", path.display().to_string(), why, "check the path and its rights");
        Failure::one(Exit::NoInput, problem)
    })
}

/// Begins to cut a file, of the source version that is named, or of that which it is recognised by; those that are joined
/// to it stand in its folder.
pub(super) fn cutter<'p>(
    platform: &'p Platform,
    version: Option<&str>,
    path: &Path,
) -> Result<Cutter<'p, File>, Failure> {
    let beside = |name: &str| {
        let other = path.with_file_name(name);
        File::open(&other).map_err(|error| {
            let why = format!("is joined to {} and cannot be read: {error}", path.display());
            Problem::new("CMT-9507", other.display().to_string(), why, "put it beside the file that is fed")
        })
    };
    let name = path.display().to_string();
    cut::open_beside(&platform.definition, version, &name, open(path)?, beside).map_err(data)
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
