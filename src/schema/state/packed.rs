//! Cases and bonds at rest: the datum of `Case`, but for its key, which is read more often than all the rest, and for
//! those told, who stay as packed as they are; and that of `Bond`, but for its pair.

use std::fmt;

use super::direct::{ack, digest, event, said, told};
use super::{case, link};
use crate::model::bond::{Bond, Pair};
use crate::model::entry::LinkRelation;
use crate::model::limit::ID_BYTES_MAX;
use crate::model::packed::{PackedBond, PackedCase};
use crate::model::place::Jurisdiction;
use crate::model::state::{Case, CaseEvent};
use crate::model::told::ToldList;
use crate::schema::datum::{self, Reader};

/// Bytes for which memory is made ready; most cases and bonds take less.
const CASE_BYTES_USUAL: usize = 512;
const BOND_BYTES_USUAL: usize = 192;

impl PackedCase {
    /// Packs a case.
    pub fn new(case: &Case) -> Self {
        let mut bytes = Vec::with_capacity(CASE_BYTES_USUAL);
        bytes.extend_from_slice(case.case_id.as_bytes());
        case::write_head(case, &mut bytes);
        datum::bytes(case.told.packed(), &mut bytes);
        case::write_tail(case, &mut bytes);
        Self::from_bytes(case.origin, &case.case_id, &bytes)
    }

    /// Packs a case as it is written, without making one of it; `None` for what is never written.
    pub(super) fn of_datum(from: &mut Reader<'_>) -> Option<Self> {
        let (origin, case_id) = (from.place()?, from.text().filter(|id| id.len() <= ID_BYTES_MAX)?);
        let head = passed(from, pass_head)?;
        let told: ToldList = from.list(told)?.into();
        let tail = passed(from, pass_tail)?;
        let mut bytes = Vec::with_capacity(CASE_BYTES_USUAL);
        bytes.extend_from_slice(case_id.as_bytes());
        bytes.extend_from_slice(head);
        datum::bytes(told.packed(), &mut bytes);
        bytes.extend_from_slice(tail);
        Some(Self::from_bytes(origin, case_id, &bytes))
    }

    /// The case.
    pub fn unpack(&self) -> Case {
        let Some(case) = read(self.key(), &mut Reader(self.body())) else {
            unreachable!("what was packed is unpacked")
        };
        case
    }

    /// Its events, without the rest.
    pub fn events(&self) -> Vec<CaseEvent> {
        let mut from = Reader(self.body());
        let events = pass_head(&mut from).and_then(|()| from.bytes()).and_then(|_| from.list(event));
        let Some(events) = events else { unreachable!("what was packed is unpacked") };
        events
    }

    /// Appends its datum, in which those told are a list.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let (mut from, (origin, case_id)) = (Reader(self.body()), self.key());
        let (Some(head), Some(told)) = (passed(&mut from, pass_head), from.bytes()) else {
            unreachable!("those told are behind its head")
        };
        case::write_key(origin, case_id, out);
        out.extend_from_slice(head);
        case::write_told(&ToldList::from_packed(told), out);
        out.extend_from_slice(from.0);
    }
}

impl fmt::Debug for PackedCase {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.unpack().fmt(formatter)
    }
}

impl PackedBond {
    /// Packs a bond.
    pub fn new(bond: &Bond) -> Self {
        let Pair { low, high } = &bond.pair;
        let mut bytes = Vec::with_capacity(BOND_BYTES_USUAL);
        bytes.extend_from_slice(low.as_bytes());
        bytes.extend_from_slice(high.as_bytes());
        link::write_said(bond, &mut bytes);
        Self::from_bytes(low, high, &bytes)
    }

    /// The bond.
    pub fn unpack(&self) -> Bond {
        let pair = Pair { low: self.low().to_owned(), high: self.high().to_owned() };
        let Some(bond) = said(pair, &mut Reader(self.body())) else { unreachable!("what was packed is unpacked") };
        bond
    }

    /// `Bond::relation`, without the rest.
    pub fn relation(&self) -> Option<LinkRelation> {
        let mut from = Reader(self.body());
        let (Some(links), Some(is_asserted)) = (from.list(relation_of), from.optional(is_asserting)) else {
            unreachable!("what was packed is unpacked")
        };
        links.last().copied().or((is_asserted == Some(true)).then_some(LinkRelation::Same))
    }

    /// Appends its datum.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        link::write_pair(self.low(), self.high(), out);
        out.extend_from_slice(self.body());
    }
}

impl fmt::Debug for PackedBond {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.unpack().fmt(formatter)
    }
}

/// Reads what `PackedCase::new` writes; `None` for anything else.
fn read((origin, case_id): (Jurisdiction, &str), from: &mut Reader<'_>) -> Option<Case> {
    Some(Case {
        origin,
        case_id: case_id.to_owned(),
        platform: from.owned()?,
        organisation_id: from.optional(Reader::owned)?,
        name_digest: from.optional(digest)?,
        told: ToldList::from_packed(from.bytes()?),
        events: from.list(event)?.into(),
        acks: from.list(ack)?.into(),
        national_sequence: from.long()?,
        keep_until: from.long()?,
    })
}

/// The relation of an `Assertion`, without the rest.
fn relation_of(from: &mut Reader<'_>) -> Option<LinkRelation> {
    let relation = from.code()?;
    from.boolean()?;
    from.text()?;
    from.text()?;
    from.optional(Reader::int)?;
    from.optional(Reader::int)?;
    Some(relation)
}

/// Whether a `Naming` is no question; what is behind that is not passed over.
fn is_asserting(from: &mut Reader<'_>) -> Option<bool> {
    from.boolean()?;
    from.optional(Reader::text)?;
    from.boolean().map(|is_question| !is_question)
}

/// The bytes that are passed over.
fn passed<'a>(from: &mut Reader<'a>, pass: impl FnOnce(&mut Reader<'a>) -> Option<()>) -> Option<&'a [u8]> {
    let bytes = from.0;
    pass(from)?;
    bytes.get(..bytes.len() - from.0.len())
}

/// Passes over what stands behind those told.
fn pass_tail(from: &mut Reader<'_>) -> Option<()> {
    from.list(event)?;
    from.list(ack)?;
    from.long()?;
    from.long()?;
    Some(())
}

/// Passes over what stands between its key and those told.
fn pass_head(from: &mut Reader<'_>) -> Option<()> {
    from.text()?;
    from.optional(Reader::text)?;
    from.optional(digest)?;
    Some(())
}
