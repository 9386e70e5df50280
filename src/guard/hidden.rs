//! The name of a subject that was dropped, in every way in which a text may bring it back.

use std::cmp::Reverse;
use std::ops::Range;

use super::{body, is_unspaced, subject};
use crate::model::place::Jurisdiction;
use crate::model::rejection::Reason;
use crate::schema::legal_forms::Says;
use crate::schema::legal_forms::name::{Found, Initials, Name, Piece};

/// Words of a person's name. A single word is too common to be looked for.
const PERSON_WORDS: std::ops::RangeInclusive<usize> = 2..=4;

/// What may stand before the `s` of an English possessive.
const GENITIVE_MARKS: [char; 4] = ['\'', '’', '`', '´'];

/// The name of a subject that was dropped: no text may bring it back.
pub(super) struct Hidden {
    /// Its folded words, with and without the words that say its form, and those of each name that stands in it; but for
    /// the first only where they are two or more. The longest come first.
    keys: Vec<String>,
    /// The same without blanks, for scripts that set no blank between a name and what belongs to it.
    joined: Vec<String>,
    pub(super) reason: Reason,
    /// What is undecidable may be a person; a name that says what is made or sold is a brand, and stays one.
    pub(super) may_be_person: bool,
}

impl Hidden {
    pub(super) fn of(legal_name: &str, home: Jurisdiction, reason: Reason) -> Self {
        let name = Name::read(&without_genitive(legal_name));
        let country = home.as_str().get(..2).unwrap_or_default();
        let found = name.find(country, name.pieces.len());
        let says_form = |place: &usize| found.iter().any(|one| (one.first..one.after).contains(place));
        let places = (0..name.pieces.len()).filter(|place| !says_form(place));
        let bare: Vec<&Piece> = places.filter_map(|place| name.pieces.get(place)).collect();
        let mut keys = vec![name.key()];
        if bare.len() > 1 {
            keys.push(key_of(&bare));
        }
        keys.extend(person_keys(&bare).into_iter().skip(1));
        let parts = parts(&name, &found);
        let persons: Vec<String> = persons(&name, &parts).iter().flat_map(|words| person_keys(words)).collect();
        let mut joined = vec![name.joined()];
        joined.extend(name.find_joined(country).iter().map(|one| name.joined().replace(&one.token.key, "")));
        joined.extend(parts.iter().filter_map(|part| unspaced_person(&name, part)));
        joined.retain(|key| key.chars().count() > 1 && key.chars().any(is_unspaced));
        let may_be_person =
            reason == Reason::PersonSubject || subject::may_be_person(&name, country) || !persons.is_empty();
        keys.extend(persons);
        keys.retain(|key| !key.is_empty());
        keys.sort_by_key(|key| Reverse(key.len()));
        keys.dedup();
        Self { keys, joined, reason, may_be_person }
    }

    /// Whether a text holds the words of the name, one after the other.
    pub(super) fn is_in(&self, text: &str) -> bool {
        let text = Name::read(&without_genitive(text));
        let words = format!(" {} ", text.key());
        self.keys.iter().any(|key| words.contains(&format!(" {key} ")))
            || (!self.joined.is_empty() && self.joined.iter().any(|key| text.joined().contains(key)))
    }

    /// What a text says besides the name, where that is anything.
    pub(super) fn rest_of(&self, text: &str) -> Option<String> {
        let mut rest = Name::read(text);
        for key in &self.keys {
            let words: Vec<&str> = key.split(' ').collect();
            let named = |rest: &Name| {
                let is = |(piece, word): (&Piece, &&str)| is_word(rest, piece, word);
                let first = rest.pieces.windows(words.len()).position(|pieces| pieces.iter().zip(&words).all(is))?;
                Some((rest.pieces.get(first)?.start, rest.pieces.get(first + words.len() - 1)?.end))
            };
            while let Some((start, end)) = named(&rest) {
                let (before, after) = (rest.text.get(..start)?, rest.text.get(end..)?);
                rest = Name::read(&format!("{before}...{after}"));
            }
        }
        (rest.text.chars().any(char::is_alphanumeric) && !self.is_in(&rest.text)).then_some(rest.text)
    }
}

/// Whether a piece is a word of a name, with the English ending of a possessive or without.
fn is_word(name: &Name, piece: &Piece, word: &str) -> bool {
    let bare = || {
        let raw = name.text.get(piece.start..piece.end)?.strip_suffix(['s', 'S'])?;
        if raw.ends_with(GENITIVE_MARKS) { piece.folded.strip_suffix('S') } else { None }
    };
    piece.folded == word || bare() == Some(word)
}

fn key_of(words: &[&Piece]) -> String {
    words.iter().map(|piece| piece.folded.as_str()).collect::<Vec<_>>().join(" ")
}

/// The places of each name that stands in a name: between the table's words, joiners, and signs that set off.
///
/// What stands in front of a company's form is a company's name and is none of them.
fn parts(name: &Name, found: &[Found]) -> Vec<Range<usize>> {
    let is_token = |place: usize| found.iter().any(|one| (one.first..one.after).contains(&place));
    let mut parts: Vec<Range<usize>> = Vec::new();
    for place in (0..name.pieces.len()).filter(|place| !is_token(*place) && !subject::is_joining_word(name, *place)) {
        match parts.last_mut() {
            Some(part) if part.end == place && !sets_off(name.gap_before(place)) => part.end = place + 1,
            _ => parts.push(place..place + 1),
        }
    }
    let company = |one: &Found| matches!(one.token.says, Says::Form(class) if class.passes());
    parts.retain(|part| !found.iter().any(|one| one.first == part.end && company(one)));
    parts
}

fn sets_off(gap: &str) -> bool {
    gap.contains(['&', '+']) || body::sets_off(gap)
}

/// The words of what may be persons: each part, a surname in front put last, a surname that two given names share.
fn persons<'n>(name: &'n Name, parts: &[Range<usize>]) -> Vec<Vec<&'n Piece>> {
    let words = |part: &Range<usize>| -> Vec<&Piece> { name.pieces.iter().take(part.end).skip(part.start).collect() };
    let mut persons: Vec<Vec<&Piece>> = parts.iter().map(words).collect();
    let mut surname: Option<&Range<usize>> = None;
    for (before, part) in parts.iter().zip(parts.iter().skip(1)) {
        let listed = before.end == part.start && name.gap_before(part.start).trim_start().starts_with(',');
        if listed && before.len() <= 2 {
            surname = Some(before);
        }
        if let Some(surname) = surname {
            persons.push([words(part), words(surname)].concat());
        }
        if before.len() == 1 && !listed {
            persons.push(words(before).into_iter().chain(words(part).last().copied()).collect());
        }
    }
    persons.retain(|words| {
        PERSON_WORDS.contains(&words.len())
            && words.iter().all(|piece| piece.folded.chars().all(char::is_alphabetic) && !subject::is_trade(piece))
    });
    persons
}

/// The key of a person's words, and that without initials.
fn person_keys(words: &[&Piece]) -> Vec<String> {
    let full: Vec<&Piece> = words.iter().filter(|piece| !is_initial(piece)).copied().collect();
    let mut keys = vec![key_of(words)];
    if full.len() < words.len() && full.len() >= *PERSON_WORDS.start() {
        keys.push(key_of(&full));
    }
    keys
}

fn is_initial(piece: &Piece) -> bool {
    piece.initials != Initials::No || piece.folded.chars().count() == 1
}

/// A part that may be a person in a script without blanks.
fn unspaced_person(name: &Name, part: &Range<usize>) -> Option<String> {
    let words = name.pieces.iter().take(part.end).skip(part.start);
    let joined: String = words.map(|piece| piece.folded.as_str()).collect();
    subject::is_unspaced_person(&joined).then_some(joined)
}

/// A text without the English endings that would make a name another word (`Jane Roe's`, `the Roes'`).
fn without_genitive(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let ends = |place: usize| letters.get(place).is_none_or(|c| !c.is_alphanumeric());
    let is_s = |place: usize| letters.get(place).is_some_and(|c| c.eq_ignore_ascii_case(&'s'));
    let is_mark = |place: usize| letters.get(place).is_some_and(|c| GENITIVE_MARKS.contains(c));
    let belongs = |place: usize| {
        let mark = is_mark(place) && (ends(place + 1) || (is_s(place + 1) && ends(place + 2)));
        mark || (is_s(place) && ends(place + 1) && place.checked_sub(1).is_some_and(is_mark))
    };
    letters.iter().enumerate().filter(|(place, _)| !belongs(*place)).map(|(_, c)| c).collect()
}
