//! A case in one piece of memory: there are millions of them, most at rest for years.

use triomphe::ThinArc;

use super::place::Jurisdiction;

/// A case as the state keeps it, its queues of due work and its readers with it: all of them share the one piece.
///
/// The bytes are its `case_id`, then whatever `schema::state` packs a `Case` into and unpacks it from. Two cases that
/// are the same have the same bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct PackedCase(ThinArc<Head, u8>);

/// What makes its key quick to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Head {
    origin: Jurisdiction,
    case_id_bytes: u16,
}

impl PackedCase {
    /// `bytes` begin with the `case_id`.
    pub(crate) fn from_bytes(origin: Jurisdiction, case_id: &str, bytes: &[u8]) -> Self {
        assert!(bytes.starts_with(case_id.as_bytes()), "a case begins with its id");
        let length = u16::try_from(case_id.len());
        assert!(length.is_ok(), "ids are bounded where records are read");
        Self(ThinArc::from_header_and_slice(Head { origin, case_id_bytes: length.unwrap_or_default() }, bytes))
    }

    /// What it stands under: its origin and its `case_id`.
    pub fn key(&self) -> (Jurisdiction, &str) {
        let (origin, case_id) = self.rank();
        // Only a text was packed.
        (origin, std::str::from_utf8(case_id).unwrap_or_default())
    }

    /// Its key as bytes, which have the order of the text.
    pub(crate) fn rank(&self) -> (Jurisdiction, &[u8]) {
        let Head { origin, case_id_bytes } = self.0.header.header;
        (origin, &self.0.slice[..usize::from(case_id_bytes)])
    }

    /// What is behind its key.
    pub(crate) fn body(&self) -> &[u8] {
        &self.0.slice[usize::from(self.0.header.header.case_id_bytes)..]
    }
}
