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
use organisations::{bond, case, organisation};

#[path = "../shared/organisations.rs"]
mod organisations;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ORGANISATIONS: usize = 1_000_000;
const RECIPIENTS: u8 = 50;

/// What is held of each organisation.
#[derive(Debug, Clone, Copy)]
struct Held {
    name: &'static str,
    /// A second number, which an event named beside its first.
    has_second: bool,
    with_case: bool,
    /// Readers see it.
    is_seen: bool,
}

const HELD: [Held; 8] = [
    Held { name: "organisation", has_second: false, with_case: false, is_seen: false },
    Held { name: "of two numbers", has_second: true, with_case: false, is_seen: false },
    Held { name: "organisation, seen", has_second: false, with_case: false, is_seen: true },
    Held { name: "of two numbers, seen", has_second: true, with_case: false, is_seen: true },
    Held { name: "with a case", has_second: false, with_case: true, is_seen: false },
    Held { name: "of two numbers", has_second: true, with_case: true, is_seen: false },
    Held { name: "with a case, seen", has_second: false, with_case: true, is_seen: true },
    Held { name: "of two numbers, seen", has_second: true, with_case: true, is_seen: true },
];

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let count = arguments.next().map_or(ORGANISATIONS, |count| count.parse().unwrap());
    if let Some(place) = arguments.next() {
        println!("{}", measure(count, HELD[place.parse::<usize>().unwrap()]));
        return;
    }
    println!("bytes an organisation, of {count}; its case was told to {RECIPIENTS}");
    for (place, Held { name, .. }) in HELD.iter().enumerate() {
        let mut command = Command::new(std::env::current_exe().unwrap());
        // A ledger goes on, and the allocator gives back within 10 ms what a table that grew has left; here that is all.
        command.env("MIMALLOC_PURGE_DELAY", "0");
        let output = command.args([count.to_string(), place.to_string()]).output().unwrap();
        println!("{name:>20} {:>7}", String::from_utf8(output.stdout).unwrap().trim());
    }
}

/// Resident bytes for each organisation.
fn measure(count: usize, Held { has_second, with_case, is_seen, .. }: Held) -> u64 {
    let mut state = State::default();
    let view = View::default();
    let before = resident();
    for number in 0..count {
        let mut values = vec![organisation(number, has_second, with_case)];
        values.extend(has_second.then(|| bond(number)));
        values.extend(with_case.then(|| case(number, RECIPIENTS)));
        for (key, value) in values {
            state.restore(StateEntry::new(key, Some(value.clone())));
            if is_seen {
                view.publish(vec![Shown::Value(value)], None);
            }
        }
    }
    let after = resident();
    assert_eq!(state.len(), count * (1 + usize::from(has_second) + usize::from(with_case)));
    (after - before) / count as u64
}

/// The second field of `statm`, in pages of 4 KiB (proc(5)).
fn resident() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap();
    text.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4_096
}
