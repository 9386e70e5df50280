//! What Comity knows of a platform: its folder, read and proved before a record is seen.

pub mod definition;
