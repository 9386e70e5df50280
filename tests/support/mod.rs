//! What tests that need a broker share: the broker itself, and a reader with its own code.

pub(crate) mod broker;
pub(crate) mod maven;
pub(crate) mod proxy;
pub(crate) mod reader;
