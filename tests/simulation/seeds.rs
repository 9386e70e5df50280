//! Seeds, one after the other, and what is done with one that fails: its history is shortened and told.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::inputs::Sources;
use crate::planted::{self, Plant};
use crate::run::{Left, run};
use crate::story::{Met, Story};
use crate::turns::History;

/// Seeds that every change is tried with.
const SEEDS: u64 = 1_000;
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

/// The first seeds of which one fails, or what all of them met.
fn try_all(seeds: u64, plant: Option<Plant>) -> Result<Met, (u64, String)> {
    let next = AtomicU64::new(0);
    let failed = AtomicU64::new(u64::MAX);
    let work = || {
        let sources = Sources::load();
        let (mut met, mut first) = (Met::new(), None);
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds || seed > failed.load(Ordering::Relaxed) {
                return (met, first);
            }
            let mut story = Story::default();
            let outcome = outcome(&sources, &History::of(seed, sources.count()), plant, &mut story);
            if let Err(why) = outcome {
                failed.fetch_min(seed, Ordering::Relaxed);
                first = Some((seed, why));
                return (met, first);
            }
            for (what, times) in story.met {
                *met.entry(what).or_default() += times;
            }
        }
    };
    let found = std::thread::scope(|scope| {
        let other = scope.spawn(work);
        [work(), other.join().expect("the other half")]
    });
    let mut met = Met::new();
    for (half, _) in &found {
        for (what, times) in half {
            *met.entry(what.clone()).or_default() += times;
        }
    }
    match found.into_iter().filter_map(|(_, first)| first).min() {
        Some(first) => Err(first),
        None => Ok(met),
    }
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
    let met = try_all(seeds, None).unwrap_or_else(|(seed, why)| panic!("{}", tell(seed, &why, None)));
    for what in TO_MEET.iter().filter(|_| seeds >= SEEDS) {
        let times = met.get(*what).copied().unwrap_or_default();
        assert!(times >= MET_MIN, "{what}: met {times} times: {met:#?}");
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
fn every_planted_fault_is_caught() {
    let mut uncaught = Vec::new();
    for plant in planted::ALL {
        match try_all(SEEDS, Some(plant)) {
            Ok(_) => uncaught.push(plant),
            Err((seed, why)) => println!("{plant:?}: seed {seed}: {why}"),
        }
    }
    assert!(uncaught.is_empty(), "not caught: {uncaught:?}");
}

/// The history of a failing seed loses every turn that does not matter, and what is left still fails and is told.
#[test]
fn a_failing_seed_is_shortened_and_told() {
    let plant = Some(Plant::CommitsBeforeDelivery);
    let (seed, why) = try_all(SEEDS, plant).expect_err("a planted fault");
    let sources = Sources::load();
    let whole = History::of(seed, sources.count());
    let short = shortened(&sources, whole.clone(), plant);
    assert!(short.steps.len() < whole.steps.len() / 2, "{} of {} turns", short.steps.len(), whole.steps.len());
    let told = tell(seed, &why, plant);
    for part in [&format!("seed {seed}: {why}"), "became nothing", "the group says", "no more faults"] {
        assert!(told.contains(part), "{part:?} in {told}");
    }
}
