//! The loop of intake.
