//! What Comity knows of records: the Avro schemas, the wire format, and the tables that decide.

pub mod wire;
pub mod canonical;
pub mod compat;
pub mod registry;
pub(crate) mod datum;
mod read;
pub mod event;
pub mod json;
pub mod generic;
pub(crate) mod rejection;
pub(crate) mod rules;
pub mod log;
pub mod view;
pub mod state;
pub mod identifiers;
pub mod clocks;
pub mod legal_forms;
