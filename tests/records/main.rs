//! The records of every topic, held against readers and expectations that the program did not make.

#![expect(
    clippy::expect_used,
    clippy::wildcard_enum_match_arm,
    reason = "a test ends where its input is not what it must be"
)]

mod entropy;
mod model;
mod expected;
mod second_opinion;

mod round_trips;
mod alerts;
mod notices;
mod hostile;
mod samples;
