//! A federation under faults, on a real Kafka: instances are killed, paused, cut off, starved and replaced while their
//! platforms publish and their recipients read; what everybody has afterwards is what an oracle says that shares no code
//! with Comity. `docs/proof.md` says what each invariant means.
//!
//! `COMITY_FAULTS` says how many faults, 16 where it is not set, in rounds of 60; `COMITY_SEED` is the first round's seed.
//! `COMITY_CAMPAIGN` names a file in which rounds are noted: those of the same commit that stand there are not run again.
//! `COMITY_PROOF` names the file to whose table the campaign's row is added; with `COMITY_FAULTS=0` that of what is noted.
//! `COMITY_OTHER` names another build, `COMITY_KINDS` the only kinds of faults, `KillOwner,DieAt(produce)`.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::wildcard_enum_match_arm,
    reason = "tests fail by panic, say what they measured and wait by the clock"
)]

#[expect(dead_code, reason = "each test binary uses a part of what they share")]
#[path = "../support/mod.rs"]
mod support;

mod campaign;
#[cfg(feature = "faults")]
mod checker;
#[cfg(feature = "faults")]
mod directed;
mod evidence;
mod hanging;
mod instances;
mod kinds;
mod load;
mod nemesis;
mod oracle;
mod round;
mod verdict;
mod watch;

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use campaign::{Done, Notes};
use round::Setting;
use support::broker::needs_own_kafka;

/// Rounds are timed, so one runs after another.
static TURN: Mutex<()> = Mutex::new(());

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap())
}

#[test]
fn faults_lose_nothing_and_double_nothing() {
    if needs_own_kafka("the broker is killed and paused, too") {
        return;
    }
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let notes = Notes::from_environment();
    let faults = usize::try_from(number("COMITY_FAULTS").unwrap_or(16)).unwrap();
    // Without any more faults what is noted last is told.
    let noted = notes.last_commit().filter(|_| faults == 0);
    let commit = noted.clone().unwrap_or_else(campaign::commit);
    // A campaign has the same seeds each time that it is begun.
    let by_chance = || u64::from(std::time::UNIX_EPOCH.elapsed().unwrap().subsec_nanos());
    let first = number("COMITY_SEED").unwrap_or_else(|| if notes.0.is_some() { 1 } else { by_chance() });
    let mut done = notes.done(&commit);
    let rounds = campaign::rounds(faults, first);
    done.retain(|done| noted.is_some() || rounds.contains(&(done.seed, done.faults)));
    for (seed, count) in rounds {
        if done.iter().any(|done| done.seed == seed) {
            println!("seed {seed} is done");
            continue;
        }
        println!("COMITY_SEED={seed} COMITY_FAULTS={count} at {commit}");
        let (round, _) = round::run(&Setting::of_seed(seed), |faults| faults.of_every_kind(count));
        println!("{} faults, {} records sent, {} s", round.faults(), round.records, round.seconds);
        print!("{}", round.verdict);
        if let Some(broken) = &round.broken {
            println!("broken: {broken}");
        }
        notes.note(&Done::of(&round, &commit));
        done.push(Done::of(&round, &commit));
    }
    done.sort_by_key(|done| done.seed);
    let row = campaign::row(&done);
    println!("{row}");
    if let Some(path) = std::env::var_os("COMITY_PROOF") {
        campaign::append(Path::new(&path), &row);
    }
    let failed: Vec<(u64, &Vec<String>)> = done.iter().map(|done| (done.seed, &done.failed)).collect();
    assert!(failed.iter().all(|(_, failed)| failed.is_empty()), "invariants do not hold: {failed:?}");
}
