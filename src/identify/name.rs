//! Names for comparing: two spellings of one legal name are the same text here. Names join no organisations; they only
//! tell whether a later revision without an identifier still speaks of the same subject.

use sha2::{Digest, Sha256};

use crate::schema::legal_forms::fold_forms;
use crate::schema::legal_forms::name::Name;

/// A legal name without what spellings differ in: NFKC, upper case, no accents, no punctuation, no blanks, no article
/// in front, `and` and `&` left out, each legal form in the one spelling of `legal_forms.toml`.
pub fn normalise_name(legal_name: &str) -> String {
    let name = Name::read(legal_name);
    let mut words = fold_forms(&name);
    words.retain(|word| !matches!(word.as_str(), "AND" | "THE") || name.pieces.len() == 1);
    words.concat()
}

/// The first 128 bits, big-endian, of the SHA-256 of the normalised name in UTF-8.
pub fn name_digest(legal_name: &str) -> u128 {
    let digest: [u8; 32] = Sha256::digest(normalise_name(legal_name).as_bytes()).into();
    digest.iter().take(16).fold(0, |value, byte| (value << 8) | u128::from(*byte))
}
