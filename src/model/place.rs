//! Jurisdictions by their ISO codes, and instants of the log.

use std::fmt;

/// A jurisdiction by ISO 3166-1 alpha-2 (`DE`) or ISO 3166-2 (`CA-ON`), upper case; `EU` (exceptionally reserved) too.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Jurisdiction {
    bytes: [u8; 6],
}

impl Jurisdiction {
    /// Reads a code of the form `AA` or `AA-X`, `AA-XX`, `AA-XXX`; `None` for any other text.
    pub fn parse(text: &str) -> Option<Self> {
        let given = text.as_bytes();
        let country = given.len() >= 2 && given[..2].iter().all(u8::is_ascii_uppercase);
        let rest = match given.len() {
            2 => true,
            4..=6 => {
                given[2] == b'-' && given[3..].iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
            }
            _ => false,
        };
        if !(country && rest) {
            return None;
        }
        let mut bytes = [0; 6];
        bytes[..given.len()].copy_from_slice(given);
        Some(Self { bytes })
    }

    /// The same of a code in letters of either case.
    pub fn parse_in_any_case(text: &str) -> Option<Self> {
        let mut letters = [0; 6];
        let upper = letters.get_mut(..text.len())?;
        upper.copy_from_slice(text.as_bytes());
        upper.make_ascii_uppercase();
        Self::parse(std::str::from_utf8(upper).ok()?)
    }

    /// The code as text.
    pub fn as_str(&self) -> &str {
        let length = self.bytes.iter().position(|byte| *byte == 0).unwrap_or(self.bytes.len());
        std::str::from_utf8(&self.bytes[..length]).unwrap_or_default()
    }
}

impl fmt::Debug for Jurisdiction {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl fmt::Display for Jurisdiction {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// Who gets alerts: a jurisdiction, or the national feed, which is a recipient like the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reader {
    Jurisdiction(Jurisdiction),
    National,
}

impl Reader {
    /// Reads a jurisdiction's code or `national`; `None` for any other text.
    pub fn parse(text: &str) -> Option<Self> {
        if text == Self::National.as_str() { Some(Self::National) } else { Jurisdiction::parse(text).map(Self::from) }
    }

    /// As it stands in records and names of topics.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Jurisdiction(jurisdiction) => jurisdiction.as_str(),
            Self::National => "national",
        }
    }

    /// `None` for the national feed.
    pub fn jurisdiction(self) -> Option<Jurisdiction> {
        match self {
            Self::Jurisdiction(jurisdiction) => Some(jurisdiction),
            Self::National => None,
        }
    }
}

impl From<Jurisdiction> for Reader {
    fn from(jurisdiction: Jurisdiction) -> Self {
        Self::Jurisdiction(jurisdiction)
    }
}

impl fmt::Display for Reader {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// Milliseconds since 1970-01-01T00:00Z.
pub type Millis = i64;

/// Days since 1970-01-01.
pub type Days = i32;

/// Milliseconds in a day.
pub const DAY_MS: Millis = 86_400_000;
