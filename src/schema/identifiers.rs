//! The table of identifier schemes (`schemas/identifiers.toml`).
