//! Comity carries regulatory enforcement alerts between the jurisdictions of a federation, over Kafka, with proof.
//!
//! The modules stand in the order in which a record meets them: words, knowledge, the pure stages, the two pages
//! that tell the whole flow, the pure loop, and the shell that executes it. Dependence points up this list only. Before
//! all of them stands what tests break on purpose, which is nothing without its feature.

pub mod fault;

pub mod model;

pub mod schema;
pub mod platform;

pub mod decode;
pub mod map;
pub mod guard;
pub mod identify;
pub mod index;
pub mod route;
pub mod encode;

pub mod intake;
pub mod ledger;

pub mod propose;

pub mod run;

pub mod kafka;
pub mod http;
pub mod config;
pub mod metrics;
pub mod telemetry;

pub mod cli;
