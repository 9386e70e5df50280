//! The loop, pure: what the shell reports comes in, what the shell must do goes out.

pub mod intake;
pub mod ledger;
