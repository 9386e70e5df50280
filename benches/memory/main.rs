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
use std::sync::Arc;

use comity::index::State;
use comity::kafka::view::View;
use comity::model::code::{Domain, Role, Scope, Severity, Standing};
use comity::model::identifiers::Identifiers;
use comity::model::place::Jurisdiction;
use comity::model::state::{Case, CaseEvent, Key, OpenCase, Organisation, Revision, Told, Value};
use comity::run::ledger::Shown;

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
        values.extend(with_case.then(|| case(number)));
        for (key, value) in values {
            state.restore(key, Some(value.clone()));
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

fn place(code: &str) -> Jurisdiction {
    Jurisdiction::parse(code).unwrap()
}

fn organisation(number: usize, with_case: bool) -> (Key, Value) {
    let id = format!("ca-bn:{number:08}0RC0001");
    let open = OpenCase {
        origin: place("CA-ON"),
        domain: Domain::FoodSafety,
        case_id: case_id(number),
        severity: Severity::Severe,
        since: 20_000,
        scope: Scope::Federation,
    };
    let organisation = Organisation {
        identifiers: Identifiers::of(&[id.as_str(), &format!("ca-corporation-number:{number:07}-4")]).unwrap(),
        registered_in: Some(place("CA-ON")),
        open_cases: with_case.then_some(open).into_iter().collect(),
        cases: 1,
        name: 1,
        form: 1,
    };
    (Key::Organisation(id), Value::Organisation(Arc::new(organisation)))
}

fn case_id(number: usize) -> String {
    format!("ca-on-food/IN-{number:07}")
}

fn case(number: usize) -> (Key, Value) {
    let sequence = i64::try_from(number).unwrap();
    let event = CaseEvent {
        issued_at: None,
        handling: None,
        event_id: format!("ca-on-food/FI-2026-{number:07}"),
        revision: Some(1),
        version: 1,
        standing: Standing::InForce,
        scope: Scope::Federation,
        told: (1 << RECIPIENTS) - 1,
        severity: Severity::Severe,
        since: 20_000,
        expires_at: Some(1_900_000_000_000 + sequence),
        revisions: Box::new([Revision { raw: 1, content: 2 }]),
    };
    let case = Case {
        acks: Box::default(),
        origin: place("CA-ON"),
        case_id: case_id(number),
        platform: "ca-on-food".to_owned(),
        domain: Domain::FoodSafety,
        organisation_id: Some(format!("ca-bn:{number:08}0RC0001")),
        name_digest: Some(3),
        told: (0..RECIPIENTS).map(|member| Told { member, role: Role::Attention, by_index: false, sequence }).collect(),
        events: Box::new([event]),
        keep_until: 2_000_000_000_000 + sequence,
    };
    (Key::Case(case.origin, case.case_id.clone()), Value::Case(Arc::new(case)))
}
