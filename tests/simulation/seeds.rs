//! Seeds, one after the other, and what is done with one that fails: its history is shortened and told.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use crate::inputs::Sources;
use crate::planted::{self, Plant};
use crate::run::{Left, run};
use crate::story::{Met, Story};
use crate::turns::History;

/// Seeds that every change is tried with; with the feature, as many as give the faults that the proof speaks of.
const SEEDS: u64 = if cfg!(feature = "faults") { 2_800 } else { 1_000 };
/// Faults that they must have met, without a false alarm.
const FAULTS_MIN: usize = if cfg!(feature = "faults") { 50_000 } else { 17_000 };
/// Seeds of which some must catch a planted fault, and how many.
const PLANTED_SEEDS: u64 = 1_000;
const CAUGHT_MIN: usize = 5;
/// Runs that shortening a history may take.
const SHORTENING_RUNS_MAX: usize = 400;

/// What the seeds must meet, or they prove nothing about it.
const TO_MEET: [&str; 36] = [
    "Taken",
    "Rejected",
    "Duplicate",
    "Superseded",
    "NobodyTold",
    "Pending",
    "Suppressed",
    "Acknowledged",
    "SentTwice",
    "BeyondGap",
    "Rules",
    "Tick",
    "Alert InForce",
    "Alert Closed",
    "Update InForce",
    "Update Closed",
    "Update Expired",
    "Update Disputed",
    "Cancel Withdrawn",
    "a backfill waits",
    "a batch is undone",
    "a commit of positions is refused",
    "a delivery fails",
    "a delivery is not heard of",
    "a range without records",
    "a source lost records",
    "a transaction takes too long",
    "an entry of a producer that was given up arrives",
    "an unclear commit failed",
    "an unclear commit went through",
    "another went on meanwhile",
    "fenced as it commits",
    "fenced while it sends",
    "half of a transaction is committed",
    "killed with half of its transaction committed",
    "replaced while a commit was unclear",
];
/// How often at least.
const MET_MIN: usize = 5;

thread_local! {
    /// True while a panic is what a run is asked for.
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Why a run is wrong, or what it left.
fn outcome(sources: &Sources, history: &History, plant: Option<Plant>, story: &mut Story) -> Result<Left, String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let loud = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !QUIET.get() {
                loud(info);
            }
        }));
    });
    QUIET.set(true);
    let outcome = panic::catch_unwind(AssertUnwindSafe(|| run(sources, history, plant, story)));
    QUIET.set(false);
    outcome.map_err(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        text.or(panic.downcast_ref::<&str>().copied()).unwrap_or("a panic").to_owned()
    })
}

/// A history that still fails, with no turn that it can do without, as far as that can be found out soon.
fn shortened(sources: &Sources, history: History, plant: Option<Plant>) -> History {
    let mut shortest = history;
    let (mut runs, mut portion) = (0, shortest.steps.len().div_ceil(2));
    while portion > 0 && runs < SHORTENING_RUNS_MAX {
        let mut from = 0;
        let before = shortest.steps.len();
        while from < shortest.steps.len() && runs < SHORTENING_RUNS_MAX {
            let mut shorter = shortest.clone();
            let to = (from + portion).min(shorter.steps.len());
            shorter.steps.drain(from..to);
            runs += 1;
            if outcome(sources, &shorter, plant, &mut Story::default()).is_err() {
                shortest = shorter;
            } else {
                from += portion;
            }
        }
        portion = if portion == 1 && shortest.steps.len() < before { 1 } else { portion / 2 };
    }
    shortest
}

/// What came of a row of seeds.
#[derive(Debug, Default)]
struct Tried {
    seeds: u64,
    met: Met,
    faults: Met,
    /// Those that failed, and why.
    failed: Vec<(u64, String)>,
}

impl Tried {
    fn add(&mut self, other: Self) {
        self.seeds += other.seeds;
        for (all, more) in [(&mut self.met, other.met), (&mut self.faults, other.faults)] {
            for (what, times) in more {
                *all.entry(what).or_default() += times;
            }
        }
        self.failed.extend(other.failed);
        self.failed.sort();
    }
}

/// Tries seeds, the first ones first, until so many have failed.
fn try_all(seeds: u64, plant: Option<Plant>, failures_max: usize) -> Tried {
    let (next, failures) = (AtomicU64::new(0), AtomicUsize::new(0));
    let work = || {
        let sources = Sources::load();
        let mut tried = Tried::default();
        while failures.load(Ordering::Relaxed) < failures_max {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds {
                break;
            }
            let mut story = Story::default();
            let outcome = outcome(&sources, &History::of(seed, sources.count()), plant, &mut story);
            let failed = outcome.err().map(|why| (seed, why)).into_iter().collect::<Vec<_>>();
            failures.fetch_add(failed.len(), Ordering::Relaxed);
            tried.add(Tried { seeds: 1, met: story.met, faults: story.faults, failed });
        }
        tried
    };
    let mut all = Tried::default();
    std::thread::scope(|scope| {
        let other = scope.spawn(work);
        all.add(work());
        all.add(other.join().expect("the other half"));
    });
    all
}

/// Shortens the history of a seed that fails, and tells it.
fn tell(seed: u64, why: &str, plant: Option<Plant>) -> String {
    let sources = Sources::load();
    let history = shortened(&sources, History::of(seed, sources.count()), plant);
    let mut story = Story::told();
    let again = outcome(&sources, &history, plant, &mut story).err().unwrap_or_default();
    let lines = story.lines.unwrap_or_default().join("\n");
    let turns = history.steps.len();
    format!("seed {seed}: {why}\n{lines}\n→ {again}\n({turns} turns, {} instances; COMITY_SEED={seed})", history.nodes)
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
fn whatever_happens_everyone_is_told_once_and_in_order() {
    if let Some(seed) = number("COMITY_SEED") {
        let sources = Sources::load();
        let history = History::of(seed, sources.count());
        if let Err(why) = outcome(&sources, &history, None, &mut Story::default()) {
            panic!("{}", tell(seed, &why, None));
        }
        return;
    }
    let seeds = number("COMITY_SEEDS").unwrap_or(SEEDS);
    let tried = try_all(seeds, None, 1);
    if let Some((seed, why)) = tried.failed.first() {
        panic!("{}", tell(*seed, why, None));
    }
    let faults: usize = tried.faults.values().sum();
    println!("{} runs, {faults} faults, no false alarm: {:#?}", tried.seeds, tried.faults);
    if seeds < SEEDS {
        return;
    }
    assert!(faults >= FAULTS_MIN, "{faults} faults");
    for what in TO_MEET {
        let times = tried.met.get(what).copied().unwrap_or_default();
        assert!(times >= MET_MIN, "{what}: met {times} times: {:#?}", tried.met);
    }
}

#[test]
fn the_same_seed_is_the_same_run() {
    let sources = Sources::load();
    for seed in 0..20 {
        let history = History::of(seed, sources.count());
        let runs = [(); 2].map(|()| {
            let mut story = Story::told();
            let left = outcome(&sources, &history, None, &mut story).expect("a sound run");
            (left, story.lines)
        });
        assert!(runs[0] == runs[1], "seed {seed}");
    }
}

#[test]
fn every_fault_planted_into_the_shell_is_caught() {
    all_caught(&planted::OF_THE_SHELL);
}

#[cfg(feature = "faults")]
#[test]
fn every_fault_planted_into_the_source_is_caught() {
    all_caught(&planted::of_the_source());
}

/// Each fault is caught by several seeds: one alone could be luck.
fn all_caught(plants: &[Plant]) {
    let mut uncaught = Vec::new();
    for plant in plants {
        let tried = try_all(PLANTED_SEEDS, Some(*plant), CAUGHT_MIN);
        let (caught, of) = (tried.failed.len(), tried.seeds);
        let first = |(seed, why): &(u64, String)| format!("seed {seed}: {}", why.lines().next().unwrap_or_default());
        let first = tried.failed.first().map(first).unwrap_or_default();
        println!("{plant:?}: caught by {caught} of {of} seeds; {first}");
        if caught < CAUGHT_MIN {
            uncaught.push((plant, caught));
        }
    }
    assert!(uncaught.is_empty(), "caught by too few seeds: {uncaught:?}");
}

/// The history of a failing seed loses every turn that does not matter, and what is left still fails and is told.
#[test]
fn a_failing_seed_is_shortened_and_told() {
    let plant = Some(Plant::CommitsBeforeDelivery);
    let tried = try_all(PLANTED_SEEDS, plant, 1);
    let (seed, why) = tried.failed.first().cloned().expect("a planted fault");
    let sources = Sources::load();
    let whole = History::of(seed, sources.count());
    let short = shortened(&sources, whole.clone(), plant);
    assert!(short.steps.len() < whole.steps.len() / 2, "{} of {} turns", short.steps.len(), whole.steps.len());
    let told = tell(seed, &why, plant);
    for part in [&format!("seed {seed}: {why}"), "became nothing", "the group says", "no more faults"] {
        assert!(told.contains(part), "{part:?} in {told}");
    }
}
