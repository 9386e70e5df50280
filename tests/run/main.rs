//! The ledger's loop against a Kafka that one turns by hand: what it does when a commit is unclear, when another
//! takes over, when half of a transaction is there. No broker, no clock, no thread.

#![expect(clippy::expect_used, reason = "a test ends where its input is not what it must be")]

mod by_hand;
mod chance;
mod forgetting;
mod instance;
mod kafka;
mod leaving;
mod reference;
mod torn;
mod view;
#[path = "../ledger/world.rs"]
#[expect(dead_code, reason = "the stories of the ledger's own tests need more")]
mod world;
