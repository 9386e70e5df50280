//! `comity feed`: files of native records into their platform's topic.

use std::path::PathBuf;

use super::engine::signals;
use super::{Common, Failure, Output, load};
use crate::config::Settings;
use crate::kafka::feeds::Memory;
use crate::model::problem::Problem;
use crate::platform::Platform;
use crate::platform::definition::Speaks;

mod file;
mod snapshot;
mod watch;

use file::{Job, Line};

pub(super) use file::Beside;

/// Send a file of native records into its platform's topic, record by record as they stand.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  comity feed decisions.csv --platform us-nj-labour
  comity feed decisions.csv --platform us-nj-labour --guard   leave out here what the guard would refuse
  comity feed decisions.csv --platform us-nj-labour --test    as a trial: it goes to comity.alerts.test
  comity feed decisions.csv --platform us-nj-labour --from 1200
  comity feed open-cases.csv --platform us-nj-labour --backfill   as it joins: told as ATTENTION, at a bounded rate
  comity feed --watch inbox --platform us-nj-labour           each file that is moved into the folder, once
The version of the format is recognised by the header; where two have the same, --source-version names it. Feeding a file
twice sends no alert twice. A feed that ends early says from which record on the file has to be fed again.
A watched folder holds whole files only: write elsewhere, or under a name that begins with `.` or ends in `.tmp` or
`.part`, and rename. The oldest file goes first. A file is known by its name and content; what became of it stands in
comity.feeds, and a watch that ended goes on there. A file that is wrong is told, set aside and not tried again.
Where platform.toml says `export = \"snapshot\"`, events that the next file lacks are reported on comity.review.")]
pub(super) struct Arguments {
    /// A file in one of the platform's formats.
    #[arg(required_unless_present = "watch", conflicts_with = "watch")]
    file: Option<PathBuf>,
    /// The platform, by the name of its folder.
    #[arg(long, value_name = "NAME")]
    platform: String,
    /// The version of the platform's format that files are in, where their header or first record do not tell.
    #[arg(long, value_name = "VERSION")]
    source_version: Option<String>,
    /// Leave out records that the guard would refuse, before anything of them is written.
    #[arg(long)]
    guard: bool,
    /// Mark every record as a trial of the line.
    #[arg(long, conflicts_with = "watch")]
    test: bool,
    /// Send them as the open cases of a platform that joins: into its backfill topic.
    #[arg(long, conflicts_with_all = ["test", "watch"])]
    backfill: bool,
    /// Begin with the record of this number; the file's first is 1.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = at_least_one, conflicts_with = "watch")]
    from: usize,
    /// Take at most this many records, those that are left out among them.
    #[arg(long, value_name = "N", conflicts_with = "watch")]
    limit: Option<usize>,
    /// Take a snapshot that lacks more than half of what the one before had.
    #[arg(long)]
    shrunk: bool,
    /// Feed each file that appears in this folder.
    #[arg(long, value_name = "DIR")]
    watch: Option<PathBuf>,
    /// End once every file that is there is fed or set aside; 65 where one was set aside.
    #[arg(long, requires = "watch")]
    until_empty: bool,
    /// Try files again that were set aside.
    #[arg(long, requires = "watch")]
    retry_failed: bool,
}

fn at_least_one(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|number| *number > 0).ok_or_else(|| "a record's number, from 1".to_owned())
}

pub(super) fn run(common: &Common, arguments: &Arguments, output: &Output) -> Result<(), Failure> {
    let settings = load::settings(common)?;
    let platform = chosen(load::platforms(&settings)?, &arguments.platform)?;
    let topic = topic(&settings, &platform, arguments.backfill)?;
    let stopping = signals()?;
    let line = Line {
        version: arguments.source_version.as_deref(),
        topic: &topic,
        backfill: arguments.backfill,
        settings: &settings,
        platform: &platform,
        guard: arguments.guard,
        test: arguments.test,
        shrunk: arguments.shrunk,
        stopping: &stopping,
    };
    let open = || Memory::open(&settings.kafka, &platform.definition.name).map_err(load::stopped);
    if let Some(folder) = &arguments.watch {
        let (until_empty, retry_failed) = (arguments.until_empty, arguments.retry_failed);
        return watch::Watch::new(&line, folder, open()?, until_empty, retry_failed).run(output);
    }
    let Some(file) = &arguments.file else { return Ok(()) };
    let job = Job { file, from: arguments.from, limit: arguments.limit };
    let mut memory = if line.is_snapshot(&job) { Some(open()?) } else { None };
    let report = file::feed(&line, memory.as_mut(), &job)?;
    report.tell(&line, &job, "", output)?;
    report.failure.map_or(Ok(()), Err)
}

/// Where the records go.
fn topic(settings: &Settings, platform: &Platform, backfill: bool) -> Result<String, Failure> {
    let definition = &platform.definition;
    if backfill && !settings.intake.backfills(&definition.name) {
        let help =
            "add it to intake.backfill_platforms, make its topic with comity topics apply, and start intake anew";
        let problem = Problem::new("CMT-9038", &definition.name, "nobody reads a backfill of this platform", help);
        return Err(Failure::configuration(vec![problem]));
    }
    Ok(if backfill { definition.backfill_topic() } else { definition.topic.clone() })
}

fn chosen(platforms: Vec<Platform>, name: &str) -> Result<Platform, Failure> {
    let platforms: Vec<Platform> =
        platforms.into_iter().filter(|platform| platform.definition.speaks == Speaks::Events).collect();
    let enabled: Vec<String> = platforms.iter().map(|platform| platform.definition.name.clone()).collect();
    platforms.into_iter().find(|platform| platform.definition.name == name).ok_or_else(|| {
        let help = format!("enabled are: {}", enabled.join(" "));
        let problem = Problem::new("CMT-9031", name, "there is no such platform", help);
        Failure::configuration(vec![problem])
    })
}
