//! The dictionary: one type for each stage that a record passes, and the closed lists of codes.
//!
//! `RawRecord → NativeRecord → InfractionEvent → Decision → alerts`. Nothing here does I/O, reads a clock or is
//! serialised by itself: the wire forms live in `schema/`.

pub mod code;
pub mod limit;
pub mod place;
pub mod record;
pub mod event;
pub mod rejection;
pub mod problem;
pub mod rules;
pub mod entry;
pub mod exact;
pub mod identifiers;
pub mod bond;
pub mod state;
pub mod told;
pub mod packed;
pub mod change;
pub mod decision;
