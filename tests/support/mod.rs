//! What tests that need a broker share: the broker itself, a federation on it, and readers with their own code.

pub(crate) mod avro;
pub(crate) mod broker;
pub(crate) mod chance;
pub(crate) mod disk;
pub(crate) mod federation;
pub(crate) mod load;
pub(crate) mod maven;
pub(crate) mod proxy;
pub(crate) mod reader;
