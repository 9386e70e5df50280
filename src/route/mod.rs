//! Who is told, in which role, by which rule.
