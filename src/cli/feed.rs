//! `comity feed FILE`: a file of native records into its platform's topic.

use std::fs::File;
use std::path::PathBuf;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::engine::signals;
use super::map::map_one;
use super::{Common, Exit, Failure, Output, load};
use crate::decode::cut::{self, Cut};
use crate::kafka::feed::{self, Target};
use crate::model::entry::Body;
use crate::model::problem::Problem;
use crate::model::rejection::Stage;
use crate::telemetry::clock;

/// Send a file of native records into its platform's topic, record by record as they stand.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  comity feed decisions.csv --platform us-nj-labour
  comity feed decisions.csv --platform us-nj-labour --guard   leave out here what the guard would refuse
  comity feed decisions.csv --platform us-nj-labour --test    as a trial: it goes to comity.alerts.test
  comity feed decisions.csv --platform us-nj-labour --from 1200
The version of the format is recognised by the header. Feeding a file twice sends no alert twice.")]
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
    /// Begin with the record of this number, from 1.
    #[arg(long, value_name = "N", default_value_t = 1)]
    from: usize,
    /// Send at most this many records.
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
}

pub(super) fn run(common: &Common, arguments: &Arguments, output: &Output) -> Result<(), Failure> {
    let settings = load::settings(common)?;
    let platform = load::platforms(&settings)?
        .into_iter()
        .find(|platform| platform.definition.name == arguments.platform)
        .ok_or_else(|| {
            let help = "name an enabled platform: see platforms.enabled";
            let problem = Problem::new("CMT-9031", &arguments.platform, "there is no such platform", help);
            Failure::configuration(vec![problem])
        })?;
    let name = arguments.file.display().to_string();
    let file = load::open(&arguments.file)?;
    let mut cutter = cut::open::<File>(&platform.definition, &name, file).map_err(load::data)?;
    let version = cutter.source_version().to_owned();
    let stopping = signals()?;
    let (mut broken, mut guarded) = (None, 0_u64);
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {pos} records, {per_sec}, {elapsed}") {
        bar.set_style(style);
    }
    let digest_key = settings.guard.digest_key.as_deref();
    let records = std::iter::from_fn(|| match cutter.next()? {
        Ok(record) => Some(record),
        Err(problem) => {
            broken = Some(problem);
            None
        }
    })
    .enumerate()
    .skip(arguments.from.saturating_sub(1))
    .take(arguments.limit.unwrap_or(usize::MAX))
    .filter_map(|(number, Cut { bytes, .. })| {
        let refused = arguments.guard
            && matches!(map_one(&platform, &bytes, Some(&version), number, clock::wall_ms(), digest_key),
                Body::Rejection(rejection) if rejection.reason.stage() == Stage::Guard);
        guarded += u64::from(refused);
        (!refused).then_some(bytes)
    });
    let target = Target { topic: &platform.definition.topic, source_version: &version, test: arguments.test };
    let fed = feed::feed(&settings.kafka, target, records, |sent| bar.set_position(sent), &stopping);
    bar.finish_and_clear();
    let fed = fed.map_err(load::stopped)?;
    let left_out = fed.too_large + guarded;
    output.line(
        &format!(
            "{} records of source version {version} are in {}; {guarded} left out by the guard, {} too large",
            fed.delivered, target.topic, fed.too_large,
        ),
        &json!({
            "topic": target.topic, "source_version": version, "delivered": fed.delivered,
            "guarded": guarded, "too_large": fed.too_large, "left_out": left_out,
        }),
    )?;
    if let Some(problem) = broken {
        return Err(load::data(problem));
    }
    if fed.too_large > 0 {
        let why = format!("{} records are larger than a platform's topic takes", fed.too_large);
        let help = "split them; no record may be over 256 KiB";
        return Err(Failure::one(Exit::Data, Problem::new("CMT-9506", name, why, help)));
    }
    Ok(())
}
