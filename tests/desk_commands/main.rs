//! The commands of a jurisdiction's desk, with the program itself on a broker: what they show, whom they tell, what
//! they refuse, and that nothing is withdrawn twice.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "tests fail by panic, say what they leave out and wait by the clock"
)]

#[expect(dead_code, reason = "each test binary uses a part of what they share")]
#[path = "../support/mod.rs"]
mod support;

mod federation;
mod recall;
mod statements;
