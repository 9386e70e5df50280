//! The loop of the ledger.
