//! By which words sources call what a canonical field holds, in the languages of the federations that are known.
//!
//! A hint is several words that all stand in a column's name, in any order, without accents. A long word also counts
//! within a longer one, as in `CASENUMBER`. Words of scripts without blanks count anywhere.

use super::hints::{HINTS, Hint};
use crate::schema::legal_forms::name::fold;

/// Letters of a word that counts within a longer one.
const WITHIN_LETTERS_MIN: usize = 4;

/// The words of a name: split at marks, blanks and where small letters turn into capitals; `#` is a number.
pub(super) fn split(native: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    let mut before = ' ';
    for letter in native.chars() {
        let turns = before.is_lowercase() && letter.is_uppercase();
        if !letter.is_alphanumeric() || turns {
            words.extend((!word.is_empty()).then(|| std::mem::take(&mut word)));
        }
        match letter {
            '#' | '№' => words.push("number".to_owned()),
            '%' => words.push("percent".to_owned()),
            '&' => words.push("and".to_owned()),
            letter if letter.is_alphanumeric() => word.extend(letter.to_lowercase()),
            _ => {}
        }
        before = letter;
    }
    words.extend((!word.is_empty()).then_some(word));
    words
}

/// How well a column's name fits a canonical field; 0 where it does not.
pub(super) fn score(field: &str, words: &[String], native: &str) -> usize {
    HINTS.iter().find(|hint| hint.field == field).map_or(0, |hint| hint.score(words, native))
}

impl Hint {
    /// How well a name fits: a phrase that says the field counts more than one that may mean it, and longer ones more.
    fn score(&self, words: &[String], native: &str) -> usize {
        let folded: Vec<String> = words.iter().map(|word| fold(word).to_lowercase()).collect();
        let stands = |word: &str| {
            if !word.is_ascii() {
                return native.contains(word);
            }
            folded.iter().any(|own| own == word || (word.len() >= WITHIN_LETTERS_MIN && own.contains(word)))
        };
        let best = |phrases: &str| {
            let fitting =
                phrases.split('|').filter(|phrase| !phrase.is_empty()).filter(|phrase| phrase.split(' ').all(stands));
            fitting.map(|phrase| phrase.split(' ').count()).max().unwrap_or_default()
        };
        if self.not.split('|').filter(|phrase| !phrase.is_empty()).any(|phrase| phrase.split(' ').all(stands)) {
            return 0;
        }
        match (best(self.says), best(self.may)) {
            (0, 0) => 0,
            (0, may) => may,
            (says, _) => 3 + 3 * says,
        }
    }
}

/// True where a column's name says that it holds what tells of a natural person.
pub(super) fn may_name_a_person(words: &[String], native: &str) -> bool {
    let folded: Vec<String> = words.iter().map(|word| fold(word).to_lowercase()).collect();
    PERSONS.split('|').any(|phrase| {
        phrase
            .split(' ')
            .all(|word| if word.is_ascii() { folded.iter().any(|own| own == word) } else { native.contains(word) })
    })
}

/// True where a column's name says that it holds what somebody remarked: free text.
pub(super) fn is_remark(words: &[String], native: &str) -> bool {
    let folded: Vec<String> = words.iter().map(|word| fold(word).to_lowercase()).collect();
    REMARKS.split('|').any(|remark| {
        if remark.is_ascii() { folded.iter().any(|own| own.starts_with(remark)) } else { native.contains(remark) }
    })
}

/// How names of remarks begin.
const REMARKS: &str =
    "remark|comment|narrative|observ|remarque|bemerk|anmerk|opmerk|uwagi|osservaz|nota|notes|비고|備考";

/// Names of what tells of a natural person.
const PERSONS: &str = "\
    contact|phone|telephone|tel|fax|email|mail|address|adresse|direccion|endereco|indirizzo|adres|\
    street|birth|dob|naissance|geburtsdatum|nacimiento|nascimento|first name|last name|given name|\
    surname|prenom|vorname|nachname|apellido|apellidos|cpf|ssn|nif|claimant|complainant|\
    employee name|inspector|officer|agent|individual|person|personne|persona|pessoa|latitude|\
    longitude|owner name|signatory|director|성명|대표자|주소|전화|氏名|住所|電話";
