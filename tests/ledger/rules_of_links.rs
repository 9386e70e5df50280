//! Links of identifiers, one test for each rule.
