//! Every test that needs a broker, in one program. `COMITY_TEST_KAFKA` chooses the broker (see `support::broker`).

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "tests fail by panic, say what they leave out and wait by the clock"
)]

#[expect(dead_code, reason = "each test binary uses a part of what they share")]
#[path = "../support/mod.rs"]
mod support;

mod admission;
mod anew;
mod damage;
mod fencing;
mod hanging;
mod harness;
mod headers;
mod intake;
mod ledger;
mod names;
mod ownership;
mod reading;
#[path = "../run/reference.rs"]
mod reference;
#[expect(dead_code, reason = "the loop's own tests turn it by hand; here it holds a log and says what must come of it")]
#[path = "../run/kafka.rs"]
mod turned;
#[expect(dead_code, reason = "the stories of the ledger's own tests need more")]
#[path = "../ledger/world.rs"]
mod world;
