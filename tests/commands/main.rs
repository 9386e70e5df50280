//! The commands of an operator on a broker: the program itself is run, and Kafka is read by the test's own code.
//! `COMITY_TEST_KAFKA` chooses the broker (see `support::broker`).

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "tests fail by panic, say what they leave out and wait by the clock"
)]

#[expect(dead_code, reason = "each test binary uses a part of what they share")]
#[path = "../support/mod.rs"]
mod support;

mod errors;
mod feed;
mod idle;
mod joining;
mod keyed;
mod rights;
mod setting;
mod snapshots;
mod topics;
mod watch;
