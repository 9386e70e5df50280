//! A federation under faults, on a real Kafka: two instances are killed, paused, cut off and replaced while their
//! platforms publish and their recipients read; what everybody has afterwards is what an oracle says that shares no code
//! with Comity.
//!
//! `COMITY_FAULTS` says how many faults, 16 where it is not set; `COMITY_SEED` repeats their kinds and lengths.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "tests fail by panic, say what they measured and wait by the clock"
)]

#[expect(dead_code, reason = "each test binary uses a part of what they share")]
#[path = "../support/mod.rs"]
mod support;

mod instances;
mod nemesis;
mod oracle;
mod verdict;
mod watch;

use std::sync::atomic::{AtomicBool, Ordering};

use nemesis::Nemesis;
use support::broker::{Broker, needs_own_kafka};
use support::chance::Chance;
use support::federation::Federation;
use support::load::{MEMBERS, PLATFORMS, keep_sending};
use watch::Watch;

fn faults() -> usize {
    std::env::var("COMITY_FAULTS").map_or(16, |text| text.parse().unwrap())
}

#[test]
fn faults_lose_nothing_and_double_nothing() {
    if needs_own_kafka("the broker is killed and paused, too") {
        return;
    }
    let (mut broker, mut chance) = (Broker::for_test(), Chance::new());
    let federation = Federation::new(&broker, &MEMBERS, "schemas/demo", &PLATFORMS);
    federation.must(&["topics", "apply", "--yes"]);
    let (address, settings, stop) = (broker.address(), broker.plain_config(), AtomicBool::new(false));
    let (sent, seen, done) = std::thread::scope(|scope| {
        let load = keep_sending(&settings, &stop, scope);
        let watch = Watch::start(&settings, &stop, scope);
        // Faults that fail must end the load, too.
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let mut nemesis = Nemesis::start(&federation, broker.maven(), &address, &watch);
            for number in 1..=faults() {
                let fault = nemesis.strike(&mut chance);
                println!("{number}: {fault}");
            }
            nemesis.end()
        }));
        stop.store(true, Ordering::Relaxed);
        let (sent, seen) = (load.join().unwrap(), watch.end());
        (sent, seen, outcome.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    });
    federation.work_off("one");
    println!("{} faults, {} records sent, {} restarts by the supervisor", faults(), sent.iter().sum::<usize>(), done);
    verdict::judge(&broker, sent, &seen);
}
