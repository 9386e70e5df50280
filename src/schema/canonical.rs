//! The canonical schemas, compiled in with their ids.
