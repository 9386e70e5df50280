//! Random values out of random bytes. Once the bytes are used up every value is its simplest, so that a failure which
//! proptest shrinks ends as a small record.

use comity::model::code::Code;
use comity::model::place::Jurisdiction;
use proptest::collection::vec;
use proptest::prelude::{Strategy, any};

/// Bytes that are drawn from, front to back.
#[derive(Debug, Clone)]
pub(crate) struct Entropy {
    bytes: Vec<u8>,
    at: usize,
}

/// What the property tests draw from.
pub(crate) fn entropy() -> impl Strategy<Value = Entropy> {
    vec(any::<u8>(), 0..10_000).prop_map(Entropy::new)
}

/// Places, among them every length that a code may have.
const PLACES: &[&str] = &["DE", "CA-ON", "US-MA", "EU", "GB-NIR", "FR-2A", "BR-MG", "AT-1"];
/// Characters of one to four bytes, and those that mean something in keys, texts and terminals.
const CHARACTERS: &[char] = &['a', '/', 'Z', '0', '-', '\0', '"', '\n', ' ', 'é', 'ß', '中', '𝄞', '\u{feff}', ':', '#'];

impl Entropy {
    pub(crate) fn new(bytes: Vec<u8>) -> Self {
        Self { bytes, at: 0 }
    }

    pub(crate) fn byte(&mut self) -> u8 {
        let byte = self.bytes.get(self.at).copied().unwrap_or(0);
        self.at += 1;
        byte
    }

    pub(crate) fn bytes<const N: usize>(&mut self) -> [u8; N] {
        std::array::from_fn(|_| self.byte())
    }

    pub(crate) fn flag(&mut self) -> bool {
        self.byte() & 1 == 1
    }

    /// A number below `bound`, at most 256.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        usize::from(self.byte()) % bound
    }

    /// Any `i64` of any size, so that instants within the calendar come up; often a small one or one at an end.
    pub(crate) fn long(&mut self) -> i64 {
        match self.byte() % 6 {
            0 | 1 => i64::from(self.byte().cast_signed()),
            2 => i64::MAX,
            3 => i64::MIN,
            _ => i64::from_le_bytes(self.bytes()) >> self.below(64),
        }
    }

    /// Any `i32` of any size; often a small one or one at an end.
    pub(crate) fn int(&mut self) -> i32 {
        match self.byte() % 6 {
            0 | 1 => i32::from(self.byte().cast_signed()),
            2 => i32::MAX,
            3 => i32::MIN,
            _ => i32::from_le_bytes(self.bytes()) >> self.below(32),
        }
    }

    /// A text, seldom a long one.
    pub(crate) fn text(&mut self) -> String {
        let length = self.byte();
        match length {
            250.. => self.characters(usize::from(length) * 5),
            _ => self.characters(usize::from(length) % 20),
        }
    }

    /// A text within `limit::ID_BYTES_MAX`.
    pub(crate) fn id(&mut self) -> String {
        let length = self.below(50);
        self.characters(length)
    }

    fn characters(&mut self, count: usize) -> String {
        (0..count).map(|_| CHARACTERS[self.below(CHARACTERS.len())]).collect()
    }

    pub(crate) fn place(&mut self) -> Jurisdiction {
        let code = PLACES[self.below(PLACES.len())];
        Jurisdiction::parse(code).expect("a jurisdiction's code")
    }

    pub(crate) fn code<C: Code>(&mut self) -> C {
        C::ALL[self.below(C::ALL.len())].0
    }

    pub(crate) fn optional<T>(&mut self, draw: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.flag().then(|| draw(self))
    }

    /// Up to five items.
    pub(crate) fn list<T>(&mut self, draw: impl Fn(&mut Self) -> T) -> Vec<T> {
        (0..self.below(6)).map(|_| draw(self)).collect()
    }
}
