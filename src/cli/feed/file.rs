//! One file into its platform's topic, record by record as they stand.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::super::map::map_one;
use super::super::{Exit, Failure, Output, load};
use super::snapshot;
use crate::config::Settings;
use crate::decode::cut::{Cut, Cutter};
use crate::kafka::feed::{self, Fed, Numbered, Target, Unfinished};
use crate::kafka::feeds::Memory;
use crate::model::entry::Body;
use crate::model::problem::Problem;
use crate::model::rejection::Stage;
use crate::platform::Platform;
use crate::platform::definition::Export;
use crate::telemetry::clock;

/// Where files go, and as what.
pub(super) struct Line<'a> {
    pub(super) settings: &'a Settings,
    pub(super) platform: &'a Platform,
    /// The source version of every file, where whoever feeds them has named it.
    pub(super) version: Option<&'a str>,
    pub(super) topic: &'a str,
    pub(super) backfill: bool,
    /// True where records that the guard would refuse are left out.
    pub(super) guard: bool,
    pub(super) test: bool,
    /// True where a snapshot may lack most of what the former had.
    pub(super) shrunk: bool,
    pub(super) stopping: &'a AtomicBool,
}

/// Which records of which file.
pub(super) struct Job<'a> {
    pub(super) file: &'a Path,
    /// The number of the first record that is wanted.
    pub(super) from: usize,
    pub(super) limit: Option<usize>,
}

/// What came of a file.
pub(super) struct Report {
    pub(super) fed: Fed,
    version: String,
    guarded: u64,
    beside: Beside,
    /// Events of the former snapshot that this one lacks; `None` where it is no snapshot, or not whole.
    missing: Option<usize>,
    /// The bound of records a minute, where it went over it.
    hurried: Option<u32>,
    /// What is wrong with it, or why it ended early.
    pub(super) failure: Option<Failure>,
}

/// Feeds one file; of a snapshot it reports what it lacks, once every record is in the topic.
///
/// # Errors
/// Nothing was sent: the file or its format is not what it must be, or Kafka does not answer.
pub(super) fn feed(line: &Line<'_>, memory: Option<&mut Memory>, job: &Job<'_>) -> Result<Report, Failure> {
    let Line { platform, stopping, .. } = *line;
    let name = job.file.display().to_string();
    let snapshot = match memory {
        Some(memory) if line.is_snapshot(job) => snapshot::begin(line, memory, job.file)?,
        Some(_) | None => None,
    };
    let cutter = load::cutter(platform, line.version, job.file)?;
    let version = cutter.source_version().to_owned();
    let refuse = |bytes: &[u8], number: usize| {
        if !line.guard {
            return false;
        }
        let digest_key = line.settings.guard.digest_key.as_deref();
        let body = map_one(platform, bytes, Some(&version), number, clock::wall_ms(), digest_key);
        matches!(body, Body::Rejection(rejection) if rejection.reason.stage() == Stage::Guard)
    };
    let end = job.limit.map(|limit| job.from.saturating_add(limit));
    let mut records = Records { cutter, refuse, from: job.from, end, last: 0, guarded: 0, broken: None, stopping };
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {pos} records, {per_sec}, {elapsed}") {
        bar.set_style(style);
    }
    let target = Target { topic: line.topic, source_version: &version, test: line.test };
    let begun = clock::instant();
    let fed = feed::feed(&line.settings.kafka, target, &mut records, |sent| bar.set_position(sent), stopping);
    bar.finish_and_clear();
    let fed = fed.map_err(load::stopped)?;
    let hurried = line.hurried(fed.delivered, begun.elapsed());
    let (guarded, beside, last) = (records.guarded, Beside::of(&records.cutter), records.last);
    let broken = records.broken.take();
    let missing = match snapshot {
        Some(snapshot) if fed.unfinished.is_none() && broken.is_none() => Some(snapshot.end(target.topic)?),
        Some(_) | None => None,
    };
    let failures = [
        fed.unfinished.as_ref().map(|unfinished| ended_early(unfinished, job, target.topic)),
        broken.map(|problem| broken_off(problem, last + 1)),
        too_large(&fed, &name),
        beyond_the_file(job.from, last, &name).filter(|_| fed.unfinished.is_none()),
    ];
    let failure = failures.into_iter().flatten().reduce(Failure::and);
    Ok(Report { fed, version, guarded, beside, missing, hurried, failure })
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

/// What a file had besides its records.
#[derive(Debug, Default)]
pub(in crate::cli) struct Beside {
    /// Rows that are no records.
    pub(in crate::cli) passed_over: u64,
    footer_lines: usize,
    /// The files that are joined, with the rows that have no partner there.
    pub(in crate::cli) alone: BTreeMap<String, u64>,
}

impl Beside {
    pub(in crate::cli) fn of(cutter: &Cutter<'_, File>) -> Self {
        let alone = cutter.alone().into_iter().map(|(file, rows)| (file.to_owned(), rows));
        Self { passed_over: cutter.passed_over(), footer_lines: cutter.footer_lines(), alone: alone.collect() }
    }

    /// In words, where there was any of it: nothing is left out in silence.
    pub(in crate::cli) fn text(&self) -> String {
        let mut text = match self.passed_over {
            0 => String::new(),
            rows => format!("; {rows} rows with nothing in them, or the header again, are no records"),
        };
        if self.footer_lines > 0 {
            text.push_str(&format!("; its last {} lines are its footer", self.footer_lines));
        }
        for (file, rows) in self.alone.iter().filter(|(_, rows)| **rows > 0) {
            text.push_str(&format!("; {rows} rows have no partner in {file}"));
        }
        text
    }
}

impl Report {
    /// Says what came of it, in one line that begins with `name`.
    pub(super) fn tell(&self, line: &Line<'_>, job: &Job<'_>, name: &str, output: &Output) -> Result<(), Failure> {
        let Self { fed, version, guarded, beside, missing, hurried, .. } = self;
        let topic = line.topic;
        let platform = &line.platform.definition.name;
        let hurried_text = hurried.map(|most| {
            format!("; over {most} within a minute intake pauses it, until: comity platform release {platform}")
        });
        let lacking = missing.filter(|missing| *missing > 0);
        let lacking =
            lacking.map(|missing| format!("; {missing} events of the former snapshot are missing, and reported"));
        output.line(
            &format!(
                "{name}{} records of source version {version} are in {topic}; {guarded} left out by the guard, {} too large{}{}{}",
                fed.delivered,
                fed.too_large,
                beside.text(),
                lacking.unwrap_or_default(),
                hurried_text.unwrap_or_default(),
            ),
            &json!({
                "file": job.file.display().to_string(), "topic": topic, "source_version": version,
                "delivered": fed.delivered, "guarded": guarded,
                "too_large": fed.too_large, "too_large_first": fed.too_large_first,
                "left_out": fed.too_large + guarded, "passed_over": beside.passed_over,
                "without_partner": beside.alone, "missing": missing,
                "over_events_per_minute_max": hurried,
                "resume_from": fed.unfinished.as_ref().map(|unfinished| unfinished.from),
            }),
        )
    }
}

impl Line<'_> {
    /// True where a file that is fed whole is a snapshot; a trial or a part of a file says nothing of what it lacks.
    pub(super) fn is_snapshot(&self, job: &Job<'_>) -> bool {
        let whole = !self.test && !self.backfill && job.limit.is_none();
        self.platform.definition.export == Export::Snapshot && whole
    }

    /// The bound of records a minute, where so many in that time are over it; a backfill has a rate of its own.
    fn hurried(&self, records: u64, took: Duration) -> Option<u32> {
        let most = self.settings.intake.events_per_minute_max(&self.platform.definition.name)?;
        let minutes = took.as_secs().div_ceil(60).max(1);
        (!self.backfill && records > u64::from(most).saturating_mul(minutes)).then_some(most)
    }
}

/// Says from where on the same command has to be given again.
fn ended_early(unfinished: &Unfinished, job: &Job<'_>, topic: &str) -> Failure {
    let from = unfinished.from;
    // The limit counts from the first record, so what is before the new first one counts no more.
    let rest = |limit: usize| limit.saturating_sub(from - job.from);
    let limit = job.limit.map(|limit| format!(" --limit {}", rest(limit))).unwrap_or_default();
    let again = format!("go on with --from {from}{limit}; what is sent twice does no harm");
    let (code, why, help) = match &unfinished.failure {
        Some(stop) => ("CMT-9601", stop.why.clone(), format!("{}, then {again}", stop.help)),
        None => {
            let why = format!("interrupted before record {from}; those before it are in {topic} or were left out");
            ("CMT-9606", why, again)
        }
    };
    let file = job.file.display().to_string();
    Failure::one(Exit::Unavailable, Problem::new(code, file, why, help))
}

fn broken_off(problem: Problem, number: usize) -> Failure {
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
