//! `comity feed FILE`: a file of native records into its platform's topic.

use std::fs::File;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::engine::signals;
use super::map::map_one;
use super::{Common, Exit, Failure, Output, load};
use crate::decode::cut::{self, Cut, Cutter};
use crate::kafka::feed::{self, Fed, Numbered, Target, Unfinished};
use crate::model::entry::Body;
use crate::model::problem::Problem;
use crate::model::rejection::Stage;
use crate::platform::Platform;
use crate::telemetry::clock;

/// Send a file of native records into its platform's topic, record by record as they stand.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  comity feed decisions.csv --platform us-nj-labour
  comity feed decisions.csv --platform us-nj-labour --guard   leave out here what the guard would refuse
  comity feed decisions.csv --platform us-nj-labour --test    as a trial: it goes to comity.alerts.test
  comity feed decisions.csv --platform us-nj-labour --from 1200
The version of the format is recognised by the header. Feeding a file twice sends no alert twice. A feed that ends early
says from which record on the file has to be fed again.")]
pub(super) struct Arguments {
    /// A file in one of the platform's formats.
    file: PathBuf,
    /// The platform, by the name of its folder.
    #[arg(long, value_name = "NAME")]
    platform: String,
    /// Leave out records that the guard would refuse, before anything of them is written.
    #[arg(long)]
    guard: bool,
    /// Mark every record as a trial of the line.
    #[arg(long)]
    test: bool,
    /// Begin with the record of this number; the file's first is 1.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = at_least_one)]
    from: usize,
    /// Take at most this many records, those that are left out among them.
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
}

fn at_least_one(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|number| *number > 0).ok_or_else(|| "a record's number, from 1".to_owned())
}

pub(super) fn run(common: &Common, arguments: &Arguments, output: &Output) -> Result<(), Failure> {
    let settings = load::settings(common)?;
    let platform = chosen(load::platforms(&settings)?, &arguments.platform)?;
    let name = arguments.file.display().to_string();
    let file = load::open(&arguments.file)?;
    let cutter = cut::open::<File>(&platform.definition, &name, file).map_err(load::data)?;
    let version = cutter.source_version().to_owned();
    let stopping = signals()?;
    let refuse = |bytes: &[u8], number: usize| {
        if !arguments.guard {
            return false;
        }
        let digest_key = settings.guard.digest_key.as_deref();
        let body = map_one(&platform, bytes, Some(&version), number, clock::wall_ms(), digest_key);
        matches!(body, Body::Rejection(rejection) if rejection.reason.stage() == Stage::Guard)
    };
    let mut records = Records {
        cutter,
        refuse,
        from: arguments.from,
        end: arguments.limit.map(|limit| arguments.from.saturating_add(limit)),
        last: 0,
        guarded: 0,
        broken: None,
        stopping: &stopping,
    };
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {pos} records, {per_sec}, {elapsed}") {
        bar.set_style(style);
    }
    let target = Target { topic: &platform.definition.topic, source_version: &version, test: arguments.test };
    let fed = feed::feed(&settings.kafka, target, &mut records, |sent| bar.set_position(sent), &stopping);
    bar.finish_and_clear();
    let fed = fed.map_err(load::stopped)?;
    tell(&fed, records.guarded, records.cutter.passed_over(), target, output)?;
    let failures = [
        fed.unfinished.as_ref().map(|unfinished| ended_early(unfinished, arguments, target.topic)),
        records.broken.take().map(|problem| broken(problem, records.last + 1)),
        too_large(&fed, &name),
        beyond_the_file(arguments.from, records.last, &name).filter(|_| fed.unfinished.is_none()),
    ];
    match failures.into_iter().flatten().reduce(Failure::and) {
        Some(failure) => Err(failure),
        None => Ok(()),
    }
}

fn chosen(platforms: Vec<Platform>, name: &str) -> Result<Platform, Failure> {
    let enabled: Vec<String> = platforms.iter().map(|platform| platform.definition.name.clone()).collect();
    platforms.into_iter().find(|platform| platform.definition.name == name).ok_or_else(|| {
        let help = format!("enabled are: {}", enabled.join(" "));
        let problem = Problem::new("CMT-9031", name, "there is no such platform", help);
        Failure::configuration(vec![problem])
    })
}

/// The records of a file, by number.
struct Records<'r, F> {
    cutter: Cutter<'r, File>,
    /// True for what is left out.
    refuse: F,
    from: usize,
    /// The number of the first record that is not wanted any more.
    end: Option<usize>,
    /// The number of the last record that was cut.
    last: usize,
    guarded: u64,
    /// Where the file could not be cut any further.
    broken: Option<Problem>,
    stopping: &'r AtomicBool,
}

impl<F: Fn(&[u8], usize) -> bool> Iterator for Records<'_, F> {
    type Item = Numbered;

    fn next(&mut self) -> Option<Numbered> {
        loop {
            let number = self.last + 1;
            if self.end.is_some_and(|end| number >= end) {
                return None;
            }
            if number < self.from && self.stopping.load(Ordering::Relaxed) {
                return Some(Numbered { number: self.from, value: None });
            }
            let Cut { bytes, .. } = match self.cutter.next()? {
                Ok(cut) => cut,
                Err(problem) => {
                    self.broken = Some(problem);
                    return None;
                }
            };
            self.last = number;
            if number < self.from {
                continue;
            }
            let refused = (self.refuse)(&bytes, number - 1);
            self.guarded += u64::from(refused);
            return Some(Numbered { number, value: (!refused).then_some(bytes) });
        }
    }
}

/// Rows that are no records, where there were any: nothing is left out in silence.
pub(super) fn passed_over(rows: u64) -> String {
    if rows == 0 {
        String::new()
    } else {
        format!("; {rows} rows with nothing in them, or the header again, are no records")
    }
}

fn tell(fed: &Fed, guarded: u64, passed: u64, target: Target<'_>, output: &Output) -> Result<(), Failure> {
    let Target { topic, source_version: version, .. } = target;
    output.line(
        &format!(
            "{} records of source version {version} are in {topic}; {guarded} left out by the guard, {} too large{}",
            fed.delivered,
            fed.too_large,
            passed_over(passed),
        ),
        &json!({
            "topic": topic, "source_version": version, "delivered": fed.delivered, "guarded": guarded,
            "too_large": fed.too_large, "too_large_first": fed.too_large_first,
            "left_out": fed.too_large + guarded, "passed_over": passed,
            "resume_from": fed.unfinished.as_ref().map(|unfinished| unfinished.from),
        }),
    )
}

/// Says from where on the same command has to be given again.
fn ended_early(unfinished: &Unfinished, arguments: &Arguments, topic: &str) -> Failure {
    let from = unfinished.from;
    // The limit counts from the first record, so what is before the new first one counts no more.
    let rest = |limit: usize| limit.saturating_sub(from - arguments.from);
    let limit = arguments.limit.map(|limit| format!(" --limit {}", rest(limit))).unwrap_or_default();
    let again = format!("go on with --from {from}{limit}; what is sent twice does no harm");
    let (code, why, help) = match &unfinished.failure {
        Some(stop) => ("CMT-9601", stop.why.clone(), format!("{}, then {again}", stop.help)),
        None => {
            let why = format!("interrupted before record {from}; those before it are in {topic} or were left out");
            ("CMT-9606", why, again)
        }
    };
    let file = arguments.file.display().to_string();
    Failure::one(Exit::Unavailable, Problem::new(code, file, why, help))
}

fn broken(problem: Problem, number: usize) -> Failure {
    let help = format!("{}; the records before it are sent, the next one is --from {number}", problem.help);
    load::data(Problem { help, ..problem })
}

fn too_large(fed: &Fed, name: &str) -> Option<Failure> {
    let numbers: Vec<String> = fed.too_large_first.iter().map(usize::to_string).collect();
    let told = u64::try_from(numbers.len()).unwrap_or(u64::MAX);
    let more = match fed.too_large.checked_sub(told) {
        Some(more) if more > 0 => format!(" and {more} more"),
        _ => String::new(),
    };
    let why =
        format!("{} records are larger than a platform's topic takes: {}{more}", fed.too_large, numbers.join(", "));
    let help = "split them and feed those again; no record may be over 255 KiB";
    (fed.too_large > 0).then(|| Failure::one(Exit::Data, Problem::new("CMT-9506", name, why, help)))
}

fn beyond_the_file(from: usize, last: usize, name: &str) -> Option<Failure> {
    let why = format!("has {last} records, so none with the number {from}");
    let help = "give --from the number of one of its records";
    (from > 1 && last < from).then(|| Failure::one(Exit::Usage, Problem::new("CMT-9614", name, why, help)))
}
