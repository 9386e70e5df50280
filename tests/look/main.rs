//! Ways to look, with the program itself on a broker: what recipients, operators and legal officers are shown is what
//! the topics and the state hold.

#[expect(dead_code, reason = "each test binary uses a part of what they share")]
#[path = "../support/mod.rs"]
mod support;

mod federation;
mod acknowledge;
mod api;
mod links;
mod reach;
mod recipe;
mod tap;
