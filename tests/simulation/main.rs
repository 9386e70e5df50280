//! Everything that decides, above a Kafka of lists: the real intake, the real ledger and their loops, two or three
//! instances of each, and whatever can go wrong between them. No broker, no clock, no thread below a run: a seed decides
//! all of it, and the same seed gives the same run, byte for byte.
//!
//! `COMITY_SEEDS` says how many seeds are tried, `COMITY_SEED` tries one alone and tells its story.

#![expect(clippy::expect_used, reason = "a test ends where its input is not what it must be")]

mod broker;
mod chance;
mod group;
mod inputs;
mod intake;
mod ledger;
mod planted;
mod run;
mod seeds;
mod story;
mod turns;
mod verdict;
#[path = "../ledger/model/mod.rs"]
mod model;
#[path = "../run/reference.rs"]
mod reference;
#[path = "../ledger/world.rs"]
#[expect(dead_code, reason = "the stories of the ledger's own tests need more")]
mod world;
