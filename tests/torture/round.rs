//! One round: a federation of its own, so many faults, and what comes of it.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};

use crate::evidence::{Evidence, Witnessed};
use crate::hanging::Hanging;
use crate::load::{self, Load, now_ms};
use crate::nemesis::Nemesis;
use crate::support::broker::Broker;
use crate::support::chance::Chance;
use crate::support::federation::Federation;
use crate::support::load::MEMBERS;
use crate::verdict::{Verdict, judge};
use crate::watch::Watch;

/// What a round is for.
pub(crate) struct Setting {
    pub(crate) seed: u64,
    /// Rules that every instance breaks on purpose (`src/fault.rs`).
    pub(crate) planted: String,
    /// How long nothing is published at the end, while the instances run on.
    pub(crate) quiet: Duration,
    /// Who restores and works off what is left in the end, each knowing nothing: the last digests are theirs.
    pub(crate) fresh: &'static [&'static str],
}

impl Setting {
    /// A round of a campaign.
    pub(crate) fn of_seed(seed: u64) -> Self {
        Self { seed, planted: String::new(), quiet: Duration::from_secs(5), fresh: &["one", "two"] }
    }
}

/// What came of a round.
#[derive(Debug)]
pub(crate) struct Round {
    pub(crate) seed: u64,
    /// How often each kind of fault came.
    pub(crate) kinds: BTreeMap<String, usize>,
    pub(crate) records: usize,
    pub(crate) verdict: Verdict,
    /// What the federation must never come to, where it did.
    pub(crate) broken: Option<String>,
    pub(crate) seconds: u64,
}

impl Round {
    pub(crate) fn faults(&self) -> usize {
        self.kinds.values().sum()
    }

    /// What does not hold, in few words; empty where everything does.
    pub(crate) fn failed(&self) -> Vec<&'static str> {
        self.broken.iter().map(|_| "broken").chain(self.verdict.failed()).collect()
    }
}

/// Runs one: `faults` makes them, with what it needs for that.
pub(crate) fn run(setting: &Setting, faults: impl FnOnce(&mut Faults<'_>) -> Result<(), String>) -> (Round, Evidence) {
    let begun = Instant::now();
    let Setting { seed, planted, quiet: at_rest, fresh } = setting;
    let mut broker = Broker::on_own_disk();
    let platforms = tempfile::tempdir().unwrap();
    load::write_platforms(platforms.path());
    let federation = Federation::new(&broker, &MEMBERS, platforms.path().to_str().unwrap(), &load::ALL);
    federation.must(&["topics", "apply", "--yes"]);
    let settings = broker.plain_config();
    let (stop_load, stop_watch) = (AtomicBool::new(false), AtomicBool::new(false));
    let mut kinds = BTreeMap::new();
    let (witnessed, mut broken) = std::thread::scope(|scope| {
        let load = Load::start(&settings, &stop_load, scope);
        let watch = Watch::start(&settings, &stop_watch, scope);
        let mut hung = Vec::new();
        let mut quiet = (0, 0);
        // Faults that fail must end the load, too.
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            let hanging = Hanging::new(&settings);
            let nemesis = Nemesis::start(&federation, broker.maven(), &load, &watch, hanging, planted)?;
            let mut faults_of = Faults { nemesis, chance: Chance::of_seed(*seed), kinds: &mut kinds };
            let outcome = faults(&mut faults_of);
            stop_load.store(true, Ordering::Relaxed);
            let outcome = outcome.and_then(|()| faults_of.nemesis.settle(|| log_end(&settings)));
            quiet.0 = now_ms();
            if outcome.is_ok() {
                sleep(*at_rest);
            }
            quiet.1 = now_ms();
            hung = faults_of.nemesis.hung();
            println!("{} restarts by the supervisor", faults_of.nemesis.restarts);
            faults_of.nemesis.end();
            outcome
        }));
        stop_load.store(true, Ordering::Relaxed);
        stop_watch.store(true, Ordering::Relaxed);
        let (journal, seen) = (load.end(), watch.end());
        let broken = outcome.unwrap_or_else(|panic| Err(said(panic.as_ref()))).err();
        (Witnessed { journal, seen, hanging: hung, quiet }, broken)
    });
    for instance in *fresh {
        if let Err(why) = federation.try_work_off(instance, &[("FAILPOINTS", planted)]) {
            broken.get_or_insert(why);
        }
    }
    let records = witnessed.journal.len();
    let evidence = Evidence::of(&broker, witnessed);
    let verdict = judge(&evidence);
    (Round { seed: *seed, kinds, records, verdict, broken, seconds: begun.elapsed().as_secs() }, evidence)
}

/// The faults of a round.
pub(crate) struct Faults<'a> {
    pub(crate) nemesis: Nemesis<'a>,
    pub(crate) chance: Chance,
    kinds: &'a mut BTreeMap<String, usize>,
}

impl Faults<'_> {
    /// So many faults, of every kind in turn.
    pub(crate) fn of_every_kind(&mut self, count: usize) -> Result<(), String> {
        for number in 1..=count {
            let fault = self.nemesis.strike(&mut self.chance)?;
            println!("{number}: {fault}");
            *self.kinds.entry(fault.kind.to_string()).or_default() += 1;
        }
        Ok(())
    }
}

fn log_end(settings: &rdkafka::ClientConfig) -> i64 {
    let asker: BaseConsumer = settings.create().unwrap();
    asker.fetch_watermarks("comity.log", 0, Duration::from_secs(20)).map_or(0, |(_, end)| end)
}

fn said(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
}
