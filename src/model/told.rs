//! Who was told of a case, packed: a ledger keeps this for every case and every recipient, so it is most of its memory.

use std::fmt;

use super::code::Role;
use super::rules::MemberIndex;
use super::state::Told;

/// Set in the first byte of a number where the role is FOLLOW_UP.
const FOLLOW_UP: u8 = 1;
/// Set there where that is by the index.
const BY_INDEX: u8 = 2;
/// Set in every byte of a number but its last.
const MORE: u8 = 0x80;
/// Bits of a number that its first byte holds, above the two flags, and that each later one holds.
const FIRST_BITS: u32 = 5;
const LATER_BITS: u32 = 7;
/// Bytes of a recipient for which room is made ready while packing.
const RECIPIENT_BYTES_USUAL: usize = 4;

/// What recipients got last of a case, in the order in which they were given.
///
/// A recipient is a byte for the member, then a number of 1 to 10 bytes, least significant bits first: two flags, and
/// by how much its sequence differs from that of the one before, the sign in the lowest bit. Sequences of members
/// who are told of much the same lie close together, so most recipients take 2 to 4 bytes.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct ToldList(Box<[u8]>);

impl ToldList {
    /// The recipients, in their order.
    pub fn iter(&self) -> impl Iterator<Item = Told> {
        let (mut rest, mut sequence) = (self.0.iter().copied(), 0_i64);
        std::iter::from_fn(move || {
            let (member, first) = (rest.next()?, rest.next()?);
            let mut number = u64::from(first & !MORE) >> 2;
            let (mut byte, mut shift) = (first, FIRST_BITS);
            while byte & MORE != 0 {
                byte = rest.next()?;
                number |= u64::from(byte & !MORE) << shift;
                shift += LATER_BITS;
            }
            sequence = sequence.wrapping_add((number >> 1).cast_signed() ^ -(number & 1).cast_signed());
            let role = if first & FOLLOW_UP == 0 { Role::Attention } else { Role::FollowUp };
            Some(Told { member, role, by_index: first & BY_INDEX != 0, sequence })
        })
    }

    /// The recipients, ready to be searched and changed.
    pub fn to_vec(&self) -> Vec<Told> {
        let mut told = Vec::with_capacity(self.0.len() / 2);
        told.extend(self.iter());
        told
    }

    /// The bytes that they take.
    pub(crate) fn packed(&self) -> &[u8] {
        &self.0
    }

    /// The recipients that took these bytes.
    pub(crate) fn from_packed(bytes: &[u8]) -> Self {
        Self(bytes.into())
    }

    /// What a member got last.
    pub fn of(&self, member: MemberIndex) -> Option<Told> {
        self.iter().find(|told| told.member == member)
    }
}

impl From<&[Told]> for ToldList {
    fn from(told: &[Told]) -> Self {
        let mut bytes = Vec::with_capacity(told.len() * RECIPIENT_BYTES_USUAL);
        let mut before = 0_i64;
        for told in told {
            let differs = told.sequence.wrapping_sub(before);
            before = told.sequence;
            let mut number = ((differs << 1) ^ (differs >> 63)).cast_unsigned();
            let flags = match told.role {
                Role::FollowUp => FOLLOW_UP,
                Role::Attention => 0,
            };
            let flags = flags | if told.by_index { BY_INDEX } else { 0 };
            let [mut low, ..] = (number << 2).to_le_bytes();
            low = (low & !MORE) | flags;
            number >>= FIRST_BITS;
            bytes.push(told.member);
            while number != 0 {
                bytes.push(low | MORE);
                [low, ..] = number.to_le_bytes();
                low &= !MORE;
                number >>= LATER_BITS;
            }
            bytes.push(low);
        }
        Self(bytes.into_boxed_slice())
    }
}

impl From<Vec<Told>> for ToldList {
    fn from(told: Vec<Told>) -> Self {
        Self::from(told.as_slice())
    }
}

impl FromIterator<Told> for ToldList {
    fn from_iter<I: IntoIterator<Item = Told>>(told: I) -> Self {
        Self::from(told.into_iter().collect::<Vec<_>>())
    }
}

impl fmt::Debug for ToldList {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn recipients_of_one_sequence_take_two_bytes_each_behind_the_first() {
        let told: Vec<Told> = (0..50)
            .map(|member| Told { member, role: Role::Attention, by_index: false, sequence: 1_000_000 })
            .collect();
        assert_eq!(ToldList::from(told).0.len(), 50 * 2 + 3);
    }

    proptest! {
        #[test]
        fn whatever_is_packed_is_unpacked(
            told in prop::collection::vec((any::<u8>(), any::<bool>(), any::<bool>(), any::<i64>(), 0..64_u32), 0..100)
        ) {
            let told: Vec<Told> = told
                .into_iter()
                .map(|(member, follows, by_index, sequence, shift)| {
                    let role = if follows { Role::FollowUp } else { Role::Attention };
                    Told { member, role, by_index, sequence: sequence >> shift }
                })
                .collect();
            let packed = ToldList::from(told.as_slice());
            prop_assert_eq!(packed.to_vec(), told.clone());
            prop_assert!(told.first().is_none_or(|first| packed.of(first.member) == Some(*first)));
        }
    }
}
