//! Names: what a source calls a field becomes a name that Avro and the mapping take.

use std::collections::HashSet;

use crate::schema::legal_forms::name::fold;

use super::words;

/// Letters of a name.
const NAME_LETTERS_MAX: usize = 60;

/// A name for each of these, all different, in their order.
pub(super) fn of<'n>(natives: impl Iterator<Item = &'n str>) -> Vec<String> {
    let mut taken: HashSet<String> = HashSet::new();
    let mut names = Vec::new();
    for (place, native) in natives.enumerate() {
        let name = one(native, place + 1);
        let mut unique = name.clone();
        let mut number = 2;
        while !taken.insert(unique.clone()) {
            unique = format!("{name}_{number}");
            number += 1;
        }
        names.push(unique);
    }
    names
}

fn one(native: &str, place: usize) -> String {
    let mut name = String::new();
    for word in words::split(native) {
        let word = fold(&word).to_ascii_lowercase();
        let letters: String = word.chars().filter(|letter| letter.is_ascii_alphanumeric()).collect();
        if !letters.is_empty() && name.len() + letters.len() < NAME_LETTERS_MAX {
            if !name.is_empty() {
                name.push('_');
            }
            name.push_str(&letters);
        }
    }
    if name.is_empty() {
        return format!("column_{place}");
    }
    if name.starts_with(|letter: char| letter.is_ascii_digit()) {
        name.insert_str(0, "field_");
    }
    name
}

/// A name for the Avro record at a place, such as `ResultsFirm`.
pub(super) fn record(path: &[&str]) -> String {
    let mut name = String::new();
    for word in path.iter().flat_map(|part| words::split(part)) {
        let word = fold(&word).to_ascii_lowercase();
        let mut letters = word.chars().filter(char::is_ascii_alphanumeric);
        if let Some(first) = letters.next() {
            name.push(first.to_ascii_uppercase());
            name.extend(letters);
        }
    }
    if !name.starts_with(|letter: char| letter.is_ascii_alphabetic()) {
        name.insert_str(0, "Record");
    }
    name
}
