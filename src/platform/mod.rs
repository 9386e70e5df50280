//! What Comity knows of a platform: its folder, read and proved before a record is seen.

use std::collections::BTreeMap;

use crate::model::problem::Problem;

pub mod definition;

use definition::Definition;

/// A platform that may be used: its definition is valid and its mappings are proved.
pub struct Platform {
    pub definition: Definition,
    /// SHA-256 of the folder's files in the order of their names, each as `name NUL length NUL bytes`; examples excluded.
    pub digest: [u8; 32],
    /// The first 16 hexadecimal digits of `digest`.
    pub mapping_version: String,
}

/// Reads a platform from the files of its folder, by relative path.
///
/// # Errors
/// Every problem found, not only the first.
pub fn load(_name: &str, _files: &BTreeMap<String, Vec<u8>>) -> Result<Platform, Vec<Problem>> {
    todo!()
}
