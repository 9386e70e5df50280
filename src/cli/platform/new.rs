//! `comity platform new`: a sample becomes a platform's folder that compiles at once and says what is missing.

use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::cli::{Common, Exit, Failure, Output, load};
use crate::model::place::Jurisdiction;
use crate::model::problem::Problem;
use crate::platform;
use crate::propose::{self, Proposal, SAMPLE_BYTES_MAX, Sample};

/// Begin a platform's folder from a sample of what the source publishes.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  comity platform new us-nj-labour --from cases.csv
  comity platform new ca-qc-food --from contrevenants.xml --dir my-platforms
  comity platform new eu-recalls --from recalls.json --origin EU
  comity map cases.csv --platform us-nj-labour --summary      at once, on the folder that was written
  comity test us-nj-labour                                    what is still to be decided, until nothing is left
It reads JSON, JSON lines, CSV, TSV and other delimiters, XML, and Avro containers; UTF-8, UTF-16 and ISO-8859-1
(Windows-1252). Only the first 8 MiB are looked at. No value of the sample is written anywhere; the names of its columns
are. Begin the name with the jurisdiction: it tells origin, time zone and currency.")]
pub(super) struct Arguments {
    /// The name of the folder and of the platform: a-z, 0-9 and `-`, such as us-nj-labour.
    name: String,
    /// A file as the source publishes it, best a whole one.
    #[arg(long, value_name = "FILE")]
    from: PathBuf,
    /// Where the folder is made; platforms.dir of the configuration, or schemas/platforms, where it is not given.
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Whose decisions these are (ISO 3166-1 or 3166-2); guessed from the name where it is not given.
    #[arg(long, value_name = "CODE")]
    origin: Option<String>,
}

pub(super) fn run(common: &Common, arguments: &Arguments, output: &Output) -> Result<(), Failure> {
    let name = &arguments.name;
    if !platform::is_name(name) {
        let why = format!("`{name}` cannot name a platform");
        let help = "use a-z, 0-9 and `-`, at most 63 letters, such as us-nj-labour";
        return Err(Failure::one(Exit::Usage, Problem::new("CMT-9660", "comity platform new", why, help)));
    }
    let origin = arguments.origin.as_deref().map(jurisdiction).transpose()?;
    let dir = match &arguments.dir {
        Some(dir) => dir.clone(),
        None => load::platforms_dir(common)?,
    };
    let folder = dir.join(name);
    // Said before the sample is read, and made sure of when the folder is made.
    if folder.exists() {
        return Err(there(&folder));
    }
    let file = arguments.from.display().to_string();
    let (bytes, whole) = sample(&arguments.from, &file)?;
    let sample = Sample { file: &file, bytes: &bytes, whole };
    let proposal =
        propose::propose(name, origin, &sample).map_err(|problems| Failure { exit: Exit::Data, problems })?;
    write(&folder, &proposal)?;
    tell(name, &folder, &file, whole, &proposal, output)
}

fn jurisdiction(code: &str) -> Result<Jurisdiction, Failure> {
    Jurisdiction::parse(code).ok_or_else(|| {
        let why = format!("`{code}` is no jurisdiction");
        let help = "use ISO 3166-1 or 3166-2 codes such as `DE` or `CA-ON`";
        Failure::one(Exit::Usage, Problem::new("CMT-9661", "comity platform new", why, help))
    })
}

fn there(folder: &Path) -> Failure {
    let help = "nothing was written; take another name, or move the folder away";
    let problem = Problem::new("CMT-9662", folder.display().to_string(), "is there already", help);
    Failure::one(Exit::CannotCreate, problem)
}

/// The beginning of the sample, and whether that is all of it.
fn sample(path: &Path, name: &str) -> Result<(Vec<u8>, bool), Failure> {
    let file: File = load::open(path)?;
    let mut bytes = Vec::new();
    let limit = u64::try_from(SAMPLE_BYTES_MAX).unwrap_or(u64::MAX);
    file.take(limit + 1).read_to_end(&mut bytes).map_err(|error| {
        let why = format!("cannot be read: {error}");
        Failure::one(Exit::NoInput, Problem::new("CMT-9502", name, why, "name a file, and check its rights"))
    })?;
    if bytes.is_empty() {
        let problem = Problem::new("CMT-9501", name, "is empty", "name a file with at least one record");
        return Err(Failure::one(Exit::Data, problem));
    }
    let whole = bytes.len() <= SAMPLE_BYTES_MAX;
    bytes.truncate(SAMPLE_BYTES_MAX);
    Ok((bytes, whole))
}

/// Makes the folder, which must not be there, and writes its files.
fn write(folder: &Path, proposal: &Proposal) -> Result<(), Failure> {
    let cannot = |path: &Path, error: &std::io::Error| {
        let why = format!("cannot be made: {error}");
        let problem = Problem::new("CMT-9663", path.display().to_string(), why, "check the folder's rights");
        Failure::one(Exit::CannotCreate, problem)
    };
    if let Some(parent) = folder.parent() {
        fs::create_dir_all(parent).map_err(|error| cannot(parent, &error))?;
    }
    fs::create_dir(folder).map_err(|error| {
        if error.kind() == ErrorKind::AlreadyExists { there(folder) } else { cannot(folder, &error) }
    })?;
    let examples = folder.join("examples");
    fs::create_dir(&examples).map_err(|error| cannot(&examples, &error))?;
    for (name, bytes) in &proposal.files {
        let path = folder.join(name);
        fs::write(&path, bytes).map_err(|error| cannot(&path, &error))?;
    }
    Ok(())
}

fn tell(
    name: &str,
    folder: &Path,
    file: &str,
    whole: bool,
    proposal: &Proposal,
    output: &Output,
) -> Result<(), Failure> {
    let mut text = proposal.found.join("\n");
    if !whole {
        text.push_str(&format!("\nlooked at the first {} MiB only", SAMPLE_BYTES_MAX >> 20));
    }
    text.push_str(&format!("\nwritten   {}\n\nOnly you can decide:\n", folder.display()));
    for (place, (file, question)) in proposal.questions.iter().enumerate() {
        text.push_str(&format!("  {:>2}. {question} ({file})\n", place + 1));
    }
    text.push_str(&format!(
        "\nNext: `comity map {file} --platform {name} --summary`, answer the questions where their numbers stand in the\n\
         folder, put examples into it, and run `comity test {name}` until it is content."
    ));
    let questions: Vec<_> = proposal
        .questions
        .iter()
        .enumerate()
        .map(|(place, (file, question))| json!({"number": place + 1, "file": file, "question": question}))
        .collect();
    let value = json!({
        "platform": name, "folder": folder.display().to_string(), "found": proposal.found, "whole": whole,
        "questions": questions,
    });
    output.line(&text, &value)
}
