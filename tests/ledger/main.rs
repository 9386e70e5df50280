//! The ledger against the rules that it was written for: one test for each rule, and histories by chance against a
//! naive model.

#![expect(clippy::expect_used, reason = "a test ends where its input is not what it must be")]

mod answers;
mod chance;
mod histories;
mod index;
mod model;
mod rules;
mod rules_of_acknowledging;
mod rules_of_assertions;
mod rules_of_joining;
mod rules_of_snapshots;
mod rules_of_telling;
mod rules_of_links;
mod rules_of_naming;
mod rules_of_retelling;
mod rules_of_the_desk;
mod rules_of_time;
mod rules_of_withdrawal;
mod ties;
mod told_again;
mod words;
mod world;
