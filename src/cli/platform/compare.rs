//! `comity platform compare`: what a changed folder would no longer read, or read otherwise.

use std::path::{Path, PathBuf};

use serde_json::json;

use crate::cli::{Exit, Failure, Output};
use crate::config::folders::{self, Files};
use crate::model::problem::Problem;
use crate::platform::{self, Platform, compare};

/// Compare two states of a platform's folder: what breaks for records that were published in the older form.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  comity platform compare before/us-nj-labour schemas/platforms/us-nj-labour
  comity platform compare schemas/platforms/us-nj-labour      its source versions, each with the one before
The state that was committed last, beside the working one:
  git worktree add ../before HEAD
  comity platform compare ../before/schemas/platforms/us-nj-labour schemas/platforms/us-nj-labour
Exit code 65 where something breaks.")]
pub(super) struct Arguments {
    /// The folder as it was.
    old: PathBuf,
    /// The folder as it is to be; without it the versions within the first are compared.
    new: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments, output: &Output) -> Result<(), Failure> {
    let (old, old_files) = load(&arguments.old)?;
    let Some(new) = &arguments.new else {
        let lines = compare::history(&old.definition);
        let text = if lines.is_empty() { "there is one source version only".to_owned() } else { lines.join("\n") };
        return output.line(&text, &json!({"platform": old.definition.name, "versions": lines}));
    };
    let (new, new_files) = load(new)?;
    let found = compare::compare((&old, &old_files), (&new, &new_files));
    let mut text = found.notes.join("\n");
    if found.notes.is_empty() && found.breaks.is_empty() {
        text = "nothing differs".to_owned();
    } else if found.breaks.is_empty() {
        text.push_str("\nnothing breaks");
    }
    let breaks: Vec<_> = found.breaks.iter().map(|one| json!({"code": one.code, "why": one.why})).collect();
    output.line(text.trim(), &json!({"platform": new.definition.name, "notes": found.notes, "breaks": breaks}))?;
    if found.breaks.is_empty() { Ok(()) } else { Err(Failure { exit: Exit::Data, problems: found.breaks }) }
}

/// A folder by its path; the folder's name is the platform's.
fn load(path: &Path) -> Result<(Platform, Files), Failure> {
    let whole = path.canonicalize().ok().filter(|path| path.join("platform.toml").is_file());
    let Some(name) = whole.as_ref().and_then(|path| path.file_name()?.to_str().map(str::to_owned)) else {
        let why = "is no platform's folder: it has no platform.toml";
        let problem = Problem::new("CMT-9664", path.display().to_string(), why, "name the folder itself");
        return Err(Failure::one(Exit::NoInput, problem));
    };
    let files = folders::files(path).map_err(Failure::configuration)?;
    let platform = platform::load(&name, &files).map_err(Failure::configuration)?;
    Ok((platform, files))
}
