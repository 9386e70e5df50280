//! The codes of what can be wrong with a platform's folder. They never change their meaning.

/// A file that is needed is missing, or is no UTF-8.
pub const FILE: &str = "CMT-9101";
/// `platform.toml` is no TOML.
pub const TOML: &str = "CMT-9102";
/// A key that nobody reads.
pub const UNKNOWN_KEY: &str = "CMT-9103";
/// A key that is needed is missing.
pub const MISSING_KEY: &str = "CMT-9104";
/// A value of another type than its key takes.
pub const WRONG_TYPE: &str = "CMT-9105";
/// A value of the right type that says nothing valid, or is over a bound.
pub const VALUE: &str = "CMT-9106";
/// A domain or kind outside the closed list.
pub const CLOSED_LIST: &str = "CMT-9107";
/// A source schema or mapping in the folder that no `[[source]]` names.
pub const UNUSED_FILE: &str = "CMT-9108";

/// A proposal's question that nobody has answered yet.
pub const UNDECIDED: &str = "CMT-9109";

/// A source schema is no Avro record.
pub const SCHEMA: &str = "CMT-9201";
/// A source schema contains itself.
pub const RECURSIVE: &str = "CMT-9202";
/// A type that is not read, or that the source's format cannot fill.
pub const SCHEMA_TYPE: &str = "CMT-9203";
/// Two fields with one name, or a column that the schema lacks.
pub const SCHEMA_FIELD: &str = "CMT-9204";

/// The mapping does not compile: syntax, types, an unhandled error or null.
pub const VRL: &str = "CMT-9301";
/// The mapping reads a path that the source schema lacks.
pub const PATH: &str = "CMT-9302";
/// The mapping can fail at run time, by a call with `!`.
pub const FALLIBLE: &str = "CMT-9303";
/// An `abort` without a literal word of `[rejects]`.
pub const ABORT: &str = "CMT-9304";
/// The mapping gives a field another type than the canonical schema takes.
pub const OUTPUT_TYPE: &str = "CMT-9305";
/// The mapping never gives a field that every event needs.
pub const OUTPUT_MISSING: &str = "CMT-9306";
/// The mapping gives a field that the canonical schema lacks: the place where a person could be named.
pub const OUTPUT_UNKNOWN: &str = "CMT-9307";
/// The mapping gives a code outside its list: a domain that the platform does not declare, a kind it never sends.
pub const OUTPUT_CODE: &str = "CMT-9308";
/// A call of one of Comity's functions that cannot work: unknown table, scheme, currency, format.
pub const CALL: &str = "CMT-9309";
/// The mapping changes its input, or reads what is no part of the record.
pub const INPUT_CHANGED: &str = "CMT-9310";
/// A function of VRL that is not offered.
pub const NOT_OFFERED: &str = "CMT-9311";

/// A source version that records in the topic may still name is gone.
pub const VERSION_GONE: &str = "CMT-9701";
/// A source version is cut or read in another way under the same name.
pub const FORMAT_CHANGED: &str = "CMT-9702";
/// A field that records of this version have is gone, where its place counts.
pub const FIELD_GONE: &str = "CMT-9703";
/// A field that records of this version lack is needed.
pub const FIELD_NEW: &str = "CMT-9704";
/// A field has another type, or may no longer be absent.
pub const FIELD_TYPE: &str = "CMT-9705";
/// The columns stand in another order.
pub const FIELD_MOVED: &str = "CMT-9706";
/// The source calls a field otherwise.
pub const FIELD_RENAMED: &str = "CMT-9707";
/// The native id or the case is made of other fields: what was told before is not found again.
pub const IDENTITY: &str = "CMT-9708";
/// The mapping so far does not fit the changed source schema.
pub const MAPPING_SO_FAR: &str = "CMT-9709";

/// An example without its expectation, or the other way round.
pub const EXAMPLE_FILE: &str = "CMT-9401";
/// An expectation that cannot be read.
pub const EXAMPLE_UNREADABLE: &str = "CMT-9402";
/// An example that gives something else than it says.
pub const EXAMPLE_DIFFERS: &str = "CMT-9403";
/// No example of an original, a correction or a withdrawal, and no line that it never sends one.
pub const EXAMPLE_KIND: &str = "CMT-9404";
