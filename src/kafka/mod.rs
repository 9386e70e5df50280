//! The shell around Kafka: it executes what the loops command.
