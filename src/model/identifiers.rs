//! The identifiers of one organisation, packed: a ledger keeps them for every organisation that it ever heard of.

use std::fmt;

/// Bytes of the length before each identifier.
const LENGTH_BYTES: usize = 2;

/// Identifiers (`<scheme>:<value>`) in the order of their first sight, in one piece of memory: of each its length in two
/// bytes, then its text. There is always a first one: that which the organisation is known by.
#[derive(Clone, PartialEq, Eq)]
pub struct Identifiers(Box<[u8]>);

impl Identifiers {
    /// Those of an organisation of which one is known.
    pub fn new(organisation_id: &str) -> Self {
        Self(packed(std::iter::once(organisation_id)))
    }

    /// `None` where there are none.
    pub fn of<T: AsRef<str>>(identifiers: &[T]) -> Option<Self> {
        (!identifiers.is_empty()).then(|| Self(packed(identifiers.iter().map(AsRef::as_ref))))
    }

    /// The one that the organisation is known by.
    pub fn first(&self) -> &str {
        self.iter().next().unwrap_or_default()
    }

    /// All of them, the first one first.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        let mut rest = self.0.as_ref();
        std::iter::from_fn(move || {
            let (length, texts) = rest.split_first_chunk::<LENGTH_BYTES>()?;
            let (text, behind) = texts.split_at_checked(u16::from_le_bytes(*length).into())?;
            rest = behind;
            // Only texts were packed.
            Some(std::str::from_utf8(text).unwrap_or_default())
        })
    }

    /// All but that one.
    pub fn further(&self) -> impl Iterator<Item = &str> {
        self.iter().skip(1)
    }

    /// All of them, each by itself.
    pub fn to_vec(&self) -> Vec<String> {
        self.iter().map(str::to_owned).collect()
    }

    /// Whether it is one of them.
    pub fn contains(&self, identifier: &str) -> bool {
        self.iter().any(|own| own == identifier)
    }

    /// Adds one at the end.
    pub fn push(&mut self, identifier: &str) {
        self.0 = packed(self.iter().chain([identifier]));
    }

    /// Takes one away, but never the one that the organisation is known by.
    pub fn remove(&mut self, identifier: &str) {
        let further = self.further().filter(|own| *own != identifier);
        self.0 = packed([self.first()].into_iter().chain(further));
    }
}

fn packed<'t>(texts: impl Iterator<Item = &'t str>) -> Box<[u8]> {
    let mut bytes = Vec::new();
    for text in texts {
        // An identifier is a tenth of that at most (`limit::ID_BYTES_MAX`), and a scheme and a register less.
        let length = u16::try_from(text.len());
        assert!(length.is_ok(), "an identifier has a bound");
        bytes.extend_from_slice(&length.unwrap_or_default().to_le_bytes());
        bytes.extend_from_slice(text.as_bytes());
    }
    bytes.into_boxed_slice()
}

impl fmt::Debug for Identifiers {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn whatever_is_packed_is_unpacked(texts in prop::collection::vec(".{0,40}", 1..8)) {
            let at_once = Identifiers::of(&texts).unwrap();
            let mut one_by_one = Identifiers::new(&texts[0]);
            texts[1..].iter().for_each(|text| one_by_one.push(text));
            prop_assert_eq!(at_once.iter().collect::<Vec<_>>(), texts.iter().collect::<Vec<_>>());
            prop_assert_eq!(at_once.first(), &texts[0]);
            prop_assert!(texts.iter().all(|text| at_once.contains(text)));
            prop_assert!(!at_once.contains("an identifier longer than any of those that there are"));
            prop_assert_eq!(&at_once, &one_by_one);
            let (mut less, gone) = (at_once.clone(), texts.last().unwrap());
            less.remove(gone);
            let left = texts.iter().skip(1).filter(|text| *text != gone);
            prop_assert_eq!(less.iter().collect::<Vec<_>>(), texts.iter().take(1).chain(left).collect::<Vec<_>>());
        }
    }

    #[test]
    fn there_is_always_one() {
        assert_eq!(Identifiers::of::<&str>(&[]), None);
        assert_eq!(Identifiers::new("lei:1").iter().collect::<Vec<_>>(), ["lei:1"]);
    }
}
