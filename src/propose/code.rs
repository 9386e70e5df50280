//! The codes of what can be wrong with a sample. They never change their meaning.

/// The sample is in no format that Comity reads.
pub const FORMAT: &str = "CMT-9670";
/// The sample is in no encoding that Comity reads.
pub const ENCODING: &str = "CMT-9671";
/// The sample holds no record, or none with a field.
pub const EMPTY: &str = "CMT-9672";
/// The proposal does not compile: a defect of Comity.
pub const DEFECT: &str = "CMT-9673";
