//! Whether a file that is said to be in a single-byte encoding is in UTF-8 all the same: in such an encoding every
//! byte is some letter, so that nothing else would ever tell that `MÃ¼ller` is not the name.

use super::{Definition, Encoding, Format, Source};

/// So many letters are all valid UTF-8 by no chance, whatever they are.
const CHANCE_MAX: usize = 4;

/// What tells it where no byte order mark does.
pub(super) const SIGN: &str = "its letters beyond ASCII are those of UTF-8";

/// What the letters beyond ASCII were in the bytes looked at so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Letters {
    /// There was none: nothing tells.
    None,
    /// Each was one of UTF-8.
    Utf8,
    /// One was none of UTF-8.
    Other,
}

impl Letters {
    /// The letters of these bytes; one that is cut off at their end is not looked at.
    pub(super) fn of(bytes: &[u8]) -> Self {
        let whole = match std::str::from_utf8(bytes) {
            Ok(_) => bytes,
            Err(error) if error.error_len().is_none() => bytes.get(..error.valid_up_to()).unwrap_or_default(),
            Err(_) => return Self::Other,
        };
        // Two such bytes can be a capital letter and a sign, as in `CAFÉ»`; but what begins the letters of Europe's
        // languages in UTF-8, and its dashes and quotes, stands before a sign in no word of theirs.
        let begins = |byte: &u8| matches!(byte, 0xc2..=0xc5 | 0xce..=0xd1 | 0xe2);
        let letters = String::from_utf8_lossy(whole).chars().filter(|letter| !letter.is_ascii()).count();
        match letters {
            0 => Self::None,
            CHANCE_MAX.. => Self::Utf8,
            _ if whole.iter().any(begins) => Self::Utf8,
            _ => Self::Other,
        }
    }
}

/// What tells that a file is in UTF-8, by its beginning; `None` where nothing does.
pub(super) fn sign(beginning: Letters, bom: bool) -> Option<&'static str> {
    if bom {
        return Some("it begins with the byte order mark of UTF-8");
    }
    (beginning == Letters::Utf8).then_some(SIGN)
}

/// Why a version cannot be that of a file in UTF-8; `None` where it can.
pub(super) fn contradiction(source: &Source, sign: &str) -> Option<String> {
    if source.encoding == Encoding::Utf8 || source.format == Format::Avro {
        return None;
    }
    Some(format!("{sign}, and {} says another encoding, in which `é` would become `Ã©`", source.version))
}

/// What to write instead.
pub(super) fn help(platform: &Definition) -> String {
    format!("write `encoding = \"utf-8\"` in [[source]] of {}, or nothing: it is the default", platform.name)
}
