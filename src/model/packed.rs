//! Cases and bonds, each in one piece of memory: there are millions of them, most at rest for years.

use triomphe::ThinArc;

use super::bond::Pair;
use super::entry::LinkRelation;
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

/// A bond as the state keeps it, under either of its identifiers and for its readers: all of them share the one piece.
///
/// The bytes are its pair, then whatever `schema::state` packs a `Bond` into and unpacks it from. Two bonds that are the
/// same have the same bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct PackedBond(ThinArc<PairBytes, u8>);

/// Where the two identifiers of a pair end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct PairBytes {
    low: u32,
    both: u32,
}

impl PackedBond {
    /// `bytes` begin with the pair, one identifier behind the other.
    pub(crate) fn from_bytes(low: &str, high: &str, bytes: &[u8]) -> Self {
        assert!(bytes.starts_with(low.as_bytes()), "a bond begins with its pair");
        let ends = (u32::try_from(low.len()), u32::try_from(low.len() + high.len()));
        let (Ok(low), Ok(both)) = ends else { unreachable!("identifiers are bounded where records are read") };
        Self(ThinArc::from_header_and_slice(PairBytes { low, both }, bytes))
    }

    /// The first identifier of its pair.
    pub fn low(&self) -> &str {
        self.text(0, self.0.header.header.low)
    }

    /// The second.
    pub fn high(&self) -> &str {
        let PairBytes { low, both } = self.0.header.header;
        self.text(low, both)
    }

    /// What it stands under: its pair.
    pub fn key(&self) -> (&str, &str) {
        (self.low(), self.high())
    }

    /// True where it is that of a pair.
    pub fn is_of(&self, pair: &Pair) -> bool {
        self.key() == (&pair.low, &pair.high)
    }

    /// That of the two which is not this one.
    pub fn other(&self, identifier: &str) -> &str {
        if self.low() == identifier { self.high() } else { self.low() }
    }

    /// True where it makes one organisation of two.
    pub fn joins(&self) -> bool {
        self.relation().is_some_and(LinkRelation::joins)
    }

    /// What is behind its pair.
    pub(crate) fn body(&self) -> &[u8] {
        &self.0.slice[self.0.header.header.both as usize..]
    }

    fn text(&self, from: u32, to: u32) -> &str {
        // Only texts were packed.
        std::str::from_utf8(&self.0.slice[from as usize..to as usize]).unwrap_or_default()
    }
}
