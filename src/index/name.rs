//! Whether two names may be spellings of one: never to join anything, only to see that a number has another holder.

use unicode_normalization::UnicodeNormalization;
use xxhash_rust::xxh3::xxh3_64;

use crate::model::event::Subject;

/// Tenths of the trigrams of the name with fewer that the other must share. Of 3,793 numbers of one state with such
/// names this takes 16 for reused (182 have several spellings), and less than one of a hundred pairs of names drawn by
/// chance for spellings.
const SHARED_TENTHS: u32 = 6;

/// The trigrams of a name without its legal form, as a set of 128 bits; 0 for a name without letters and digits.
pub fn sketch(subject: &Subject) -> u128 {
    let form = subject.legal_form.as_deref().map(normal).unwrap_or_default();
    let name = normal(&subject.legal_name);
    let is_form = |word: &&str| form.split(' ').any(|part| part == *word);
    let mut bare = String::with_capacity(name.len() + 2);
    bare.push(' ');
    for word in name.split(' ').filter(|word| !is_form(word)) {
        bare.push_str(word);
        bare.push(' ');
    }
    if bare.len() == 1 {
        bare.push_str(&name);
        bare.push(' ');
    }
    trigrams(&bare)
}

/// The trigrams of a text, each as one of 128 bits: part of the state, so they stay what they are.
fn trigrams(text: &str) -> u128 {
    let bit = |trigram: &[u8]| 1_u128 << (xxh3_64(trigram) >> 57);
    if text.is_ascii() {
        return text.as_bytes().windows(3).fold(0, |bits, trigram| bits | bit(trigram));
    }
    let ends: Vec<usize> = text.char_indices().map(|(place, _)| place).chain([text.len()]).collect();
    let trigrams = ends.windows(4).filter_map(|ends| Some(text.get(*ends.first()?..*ends.last()?)?.as_bytes()));
    trigrams.fold(0, |bits, trigram| bits | bit(trigram))
}

/// The digest of a legal form, never 0; 0 where none is stated.
pub fn form(subject: &Subject) -> u32 {
    let Some(form) = subject.legal_form.as_deref() else { return 0 };
    let letters: String = normal(form).split(' ').collect();
    u32::try_from(xxh3_64(letters.as_bytes()) >> 32).unwrap_or(0).max(1)
}

/// True where two names may be spellings of one, by their sketches.
pub fn is_alike(one: u128, other: u128) -> bool {
    let fewer = one.count_ones().min(other.count_ones());
    10 * (one & other).count_ones() >= SHARED_TENTHS * fewer
}

/// NFKC, lower case, words of letters and digits alone with one blank between.
pub(super) fn normal(name: &str) -> String {
    let mut normal = String::with_capacity(name.len());
    let push = |character: char| {
        if character.is_alphanumeric() {
            normal.push(character);
        } else if !normal.is_empty() && !normal.ends_with(' ') {
            normal.push(' ');
        }
    };
    if name.is_ascii() {
        // NFKC leaves ASCII as it is, and takes longer than all the rest.
        name.chars().map(|character| character.to_ascii_lowercase()).for_each(push);
    } else {
        name.nfkc().flat_map(char::to_lowercase).for_each(push);
    }
    normal.truncate(normal.trim_end().len());
    normal
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use xxhash_rust::xxh3::xxh3_64;

    /// Three characters at a time, however long each is.
    fn by_characters(text: &str) -> u128 {
        let characters: Vec<char> = text.chars().collect();
        let trigrams = characters.windows(3).map(|three| three.iter().collect::<String>());
        trigrams.fold(0, |bits, trigram| bits | 1 << (xxh3_64(trigram.as_bytes()) >> 57))
    }

    proptest! {
        #[test]
        fn a_sketch_is_of_three_characters_at_a_time(text in "[ -~]{0,30}|\\PC{0,30}") {
            prop_assert_eq!(super::trigrams(&text), by_characters(&text));
        }
    }
}
