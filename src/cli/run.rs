//! `comity run`: intake and the ledger, until told to stop.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressStyle};

use super::engine::{Engine, Stages, signals};
use super::{Common, Exit, Failure, Format, load};
use crate::kafka;
use crate::kafka::idle::IdleWatch;
use crate::kafka::status::LedgerStatus;
use crate::model::problem::Problem;
use crate::telemetry::{self, LogFormat};

/// How often positions are looked at for `--exit-when-idle`.
const LOOK_INTERVAL: Duration = Duration::from_millis(200);

/// Run intake and the ledger until SIGINT or SIGTERM; what has begun is finished first.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  comity run                           both stages in one process
  comity run --stage intake            intake alone; run as many as there are busy sources
  comity run --stage ledger            the ledger alone; a second one stands by and takes over
  comity run --exit-when-idle 3s       work off what is there, then end with 0")]
pub(super) struct Arguments {
    /// The stage to run; both where it is not given.
    #[arg(long, value_enum)]
    stage: Option<Stage>,
    /// End with 0 once nothing has been left to do for this long, such as 3s or 500ms.
    #[arg(long, value_name = "TIME", value_parser = super::time::parse)]
    exit_when_idle: Option<Duration>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Stage {
    Intake,
    Ledger,
}

pub(super) fn run(common: &Common, arguments: &Arguments) -> Result<(), Failure> {
    telemetry::start(if common.format == Format::Json { LogFormat::Json } else { LogFormat::Text });
    let settings = load::settings(common)?;
    let platforms = Arc::new(load::platforms(&settings)?);
    let rules = load::rules(&settings, &platforms);
    let stages =
        Stages { intake: arguments.stage != Some(Stage::Ledger), ledger: arguments.stage != Some(Stage::Intake) };
    if arguments.exit_when_idle.is_some() && arguments.stage.is_some() {
        let help = "leave --stage out";
        let problem = Problem::new("CMT-9612", "comity run", "--exit-when-idle needs both stages", help);
        return Err(Failure::one(Exit::Usage, problem));
    }
    let asked = signals()?;
    let topics = kafka::intake::topics(&platforms, &settings.intake);
    let engine = Engine::start(&settings, Arc::clone(&platforms), &rules, stages)?;
    let mut watch = match (arguments.exit_when_idle, &engine.intake, &engine.ledger) {
        (Some(wanted), Some(intake), Some(ledger)) => {
            let statuses = (Arc::clone(intake), Arc::clone(ledger));
            let name = &settings.federation.name;
            Some(IdleWatch::new(&settings.kafka, name, topics, statuses, wanted).map_err(load::stopped)?)
        }
        _ => None,
    };
    let restore = RestoreBar::new(engine.ledger.clone());
    let mut ended = Ok(());
    while !asked.load(Ordering::Relaxed) && ended.is_ok() && !watch.as_mut().is_some_and(IdleWatch::look) {
        ended = engine.wait(LOOK_INTERVAL);
        restore.show();
    }
    restore.bar.finish_and_clear();
    ended.and(engine.stop())
}

/// How far the state is restored, for whoever looks at a terminal; the log and `/readyz` say it too.
struct RestoreBar {
    ledger: Option<Arc<LedgerStatus>>,
    bar: ProgressBar,
}

impl RestoreBar {
    fn new(ledger: Option<Arc<LedgerStatus>>) -> Self {
        // It draws on standard error, and nothing where that is no terminal.
        let bar = ProgressBar::no_length();
        if let Ok(style) = ProgressStyle::with_template("restoring the state {wide_bar} {pos}/{len} records, {eta}") {
            bar.set_style(style);
        }
        Self { ledger, bar }
    }

    fn show(&self) {
        let Some(ledger) = self.ledger.as_ref().filter(|_| !self.bar.is_finished()) else { return };
        if ledger.standby.load(Ordering::Relaxed) || ledger.owner.load(Ordering::Relaxed) {
            self.bar.finish_and_clear();
            return;
        }
        let total = ledger.restore_records_total.load(Ordering::Relaxed);
        if total > 0 {
            self.bar.set_length(total);
            self.bar.set_position(ledger.restored_records.load(Ordering::Relaxed));
        }
    }
}
