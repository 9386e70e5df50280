//! `comity test`: every platform's examples through the whole of intake.

use std::path::Path;

use serde_json::json;

use super::map::map_one;
use super::{Common, Exit, Failure, Output, load};
use crate::config::folders::Files;
use crate::config::{self, Platforms};
use crate::model::entry::Body;
use crate::model::problem::Problem;
use crate::platform::Platform;
use crate::platform::examples::{self, PUBLISHED_AT};

/// Run the platforms' examples; with --update show what differs and take it over.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  comity test                      every platform of platforms.dir
  comity test eu-rasff             one of them
  comity test eu-rasff --update    write what the mapping gives now, after showing each field that differs")]
pub(super) struct Arguments {
    /// Platforms by name; all where none is named.
    platforms: Vec<String>,
    /// Write the new expectations; refused where the environment says CI.
    #[arg(long)]
    update: bool,
}

pub(super) fn run(common: &Common, arguments: &Arguments, output: &Output) -> Result<(), Failure> {
    if arguments.update && std::env::var_os("CI").is_some() {
        let help = "run it by hand, read the differences, and commit them";
        let problem = Problem::new("CMT-9610", "comity test --update", "is refused where CI is set", help);
        return Err(Failure::one(Exit::Usage, problem));
    }
    let dir = load::platforms_dir(common)?;
    let chosen = Platforms { dir, enabled: arguments.platforms.clone() };
    // What one folder has against it keeps no other from being tested.
    let (mut unsound, mut differing) = (Vec::new(), Vec::new());
    for name in config::folders::names(&chosen).map_err(Failure::configuration)? {
        let folder = chosen.dir.join(&name);
        let (platform, files) = match config::folders::load_one(&chosen.dir, &name) {
            Ok(loaded) => loaded,
            Err(problems) => {
                unsound.extend(problems);
                continue;
            }
        };
        if arguments.update {
            let updated = update(&platform, &folder, &files, output)?;
            unsound.extend(updated.into_iter().map(|problem| config::folders::of(&chosen.dir, &name, problem)));
            continue;
        }
        differing.extend(load::undecided(&platform));
        match check(&chosen.dir, &platform, &files) {
            Ok(count) => {
                output.line(&format!("{name}: {count} examples"), &json!({"platform": name, "examples": count}))?;
            }
            Err(found) => differing.extend(found),
        }
    }
    match (unsound.is_empty(), differing.is_empty()) {
        (true, true) => Ok(()),
        (true, false) => Err(Failure { exit: Exit::Data, problems: differing }),
        (false, _) => {
            unsound.extend(differing);
            Err(Failure::configuration(unsound))
        }
    }
}

/// Runs the examples of a platform, and says how many there are.
///
/// # Errors
/// What differs and what is missing, with the platform's name before each file.
pub(super) fn check(dir: &Path, platform: &Platform, files: &Files) -> Result<usize, Vec<Problem>> {
    let run = |record: &[u8], version: Option<&str>| example(platform, record, version);
    let checked = examples::check_examples(platform, files, run).and_then(|()| examples::read(files));
    let name = &platform.definition.name;
    checked
        .map(|examples| examples.len())
        .map_err(|found| found.into_iter().map(|problem| config::folders::of(dir, name, problem)).collect())
}

/// One example through intake.
fn example(platform: &Platform, record: &[u8], version: Option<&str>) -> Body {
    map_one(platform, record, version, 0, PUBLISHED_AT, None)
}

/// Shows every field that differs and writes the new expectation; what cannot be updated is told.
fn update(platform: &Platform, folder: &Path, files: &Files, output: &Output) -> Result<Vec<Problem>, Failure> {
    let examples = match examples::read(files) {
        Ok(examples) => examples,
        Err(problems) => return Ok(problems),
    };
    let name = &platform.definition.name;
    let mut problems = Vec::new();
    for one in examples {
        if let Some(problem) = examples::misnamed(platform, &one) {
            problems.push(problem);
            continue;
        }
        let body = example(platform, one.record, one.source_version.as_deref());
        let outcome = match examples::outcome(&one, &body) {
            Ok(outcome) => outcome,
            Err(problem) => {
                problems.push(problem);
                continue;
            }
        };
        let fresh = one.expected.is_none_or(|(path, _)| path != outcome.file);
        if !fresh && outcome.differences.is_empty() {
            continue;
        }
        for difference in &outcome.differences {
            let text = format!("{name}/{}: {difference}", outcome.file);
            output.line(&text, &json!({"platform": name, "file": outcome.file, "difference": difference}))?;
        }
        let written = std::fs::write(folder.join(&outcome.file), &outcome.text);
        written
            .and_then(|()| match one.expected {
                Some((path, _)) if fresh => std::fs::remove_file(folder.join(path)),
                Some(_) | None => Ok(()),
            })
            .map_err(|error| {
                let why = format!("cannot be written: {error}");
                Failure::one(
                    Exit::CannotCreate,
                    Problem::new("CMT-9611", &outcome.file, why, "check the folder's rights"),
                )
            })?;
        let text = format!("{name}/{} written", outcome.file);
        output.line(&text, &json!({"platform": name, "file": outcome.file, "written": true}))?;
    }
    Ok(problems)
}
