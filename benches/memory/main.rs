//! What an organisation takes in memory: `cargo bench --bench memory`, or with a number of organisations after `--`.
//!
//! Each figure is of a process of its own, from what Linux counts as resident before and after: what the allocator
//! keeps for itself is in it, as it is when the ledger runs. All organisations are invented.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark stops where something fails and prints a table"
)]

use std::process::Command;

use comity::index::State;
use comity::kafka::view::View;
use comity::run::ledger::Shown;
use comity::schema::state::StateEntry;
use organisations::{case, organisation};

#[path = "../shared/organisations.rs"]
mod organisations;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ORGANISATIONS: usize = 1_000_000;
const RECIPIENTS: u8 = 50;

/// What is held: its name, whether each organisation has a case, whether readers see it.
const HELD: [(&str, bool, bool); 4] = [
    ("organisation", false, false),
    ("organisation, seen", false, true),
    ("with a case", true, false),
    ("with a case, seen", true, true),
];

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let count = arguments.next().map_or(ORGANISATIONS, |count| count.parse().unwrap());
    if let Some(place) = arguments.next() {
        let (_, with_case, seen) = HELD[place.parse::<usize>().unwrap()];
        println!("{}", measure(count, with_case, seen));
        return;
    }
    println!("bytes an organisation, of {count}; its case was told to {RECIPIENTS}");
    for (place, (name, ..)) in HELD.iter().enumerate() {
        let mut command = Command::new(std::env::current_exe().unwrap());
        // A ledger goes on, and the allocator gives back within 10 ms what a table that grew has left; here that is all.
        command.env("MIMALLOC_PURGE_DELAY", "0");
        let output = command.args([count.to_string(), place.to_string()]).output().unwrap();
        println!("{name:>20} {:>7}", String::from_utf8(output.stdout).unwrap().trim());
    }
}

/// Resident bytes for each organisation.
fn measure(count: usize, with_case: bool, seen: bool) -> u64 {
    let mut state = State::default();
    let view = View::default();
    let before = resident();
    for number in 0..count {
        let mut values = vec![organisation(number, with_case)];
        values.extend(with_case.then(|| case(number, RECIPIENTS)));
        for (key, value) in values {
            state.restore(StateEntry::new(key, Some(value.clone())));
            if seen {
                view.publish(vec![Shown::Value(value)], None);
            }
        }
    }
    let after = resident();
    assert_eq!(state.len(), count * (1 + usize::from(with_case)));
    (after - before) / count as u64
}

/// The second field of `statm`, in pages of 4 KiB (proc(5)).
fn resident() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap();
    text.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4_096
}
