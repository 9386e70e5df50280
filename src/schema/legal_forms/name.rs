//! A name as words: folded, with the initials of abbreviations put together, and the table's words found in it.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::{Says, TABLE, Token, Where};
use crate::schema::identifiers::clean;

/// A name, and its words.
#[derive(Debug)]
pub struct Name {
    /// NFKC, without what cannot be seen, runs of blanks made one.
    pub text: String,
    pub pieces: Vec<Piece>,
}

/// A word, or initials that belong together (`S.A.`, `L L C`, `A/S`).
#[derive(Debug)]
pub struct Piece {
    /// Upper case, without accents and punctuation.
    pub folded: String,
    /// The place in the name's text, in bytes.
    pub start: usize,
    pub end: usize,
    pub initials: Initials,
}

/// How the letters of a piece were put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Initials {
    /// It is one word.
    No,
    /// Single letters with blanks between them.
    Spaced,
    /// Single letters with dots or strokes between them.
    Marked,
}

/// A token of the table found in a name.
#[derive(Debug, Clone, Copy)]
pub struct Found {
    pub token: &'static Token,
    /// The pieces, from the first to the one after the last; both 0 in scripts without blanks.
    pub first: usize,
    pub after: usize,
}

/// Upper case without accents: letters that differ only in marks or in national shape are one.
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_uppercase();
    }
    let mut folded = String::with_capacity(text.len());
    for c in text.to_uppercase().nfd().filter(|c| !matches!(c, '\u{300}'..='\u{36f}')).nfc() {
        match c {
            'Ø' => folded.push('O'),
            'Ł' => folded.push('L'),
            'Đ' | 'Ð' => folded.push('D'),
            'Æ' => folded.push_str("AE"),
            'Œ' => folded.push_str("OE"),
            'Þ' => folded.push_str("TH"),
            other => folded.push(other),
        }
    }
    folded
}

impl Name {
    /// Reads a name.
    pub fn read(text: &str) -> Self {
        let text = clean_name(text);
        let words = words(&text);
        Self { pieces: pieces(&text, &words), text }
    }

    /// The folded pieces, joined by one blank.
    pub fn key(&self) -> String {
        let folded: Vec<&str> = self.pieces.iter().map(|piece| piece.folded.as_str()).collect();
        folded.join(" ")
    }

    /// The folded text without blanks and dots, brackets kept: for scripts without blanks between words.
    pub fn joined(&self) -> String {
        fold(&self.text).chars().filter(|c| !c.is_whitespace() && !matches!(c, '.' | '・' | ',')).collect()
    }

    /// What stands between a piece and the one before it.
    pub fn gap_before(&self, piece: usize) -> &str {
        let start = piece.checked_sub(1).and_then(|before| self.pieces.get(before)).map_or(0, |before| before.end);
        let end = self.pieces.get(piece).map_or(self.text.len(), |piece| piece.start);
        self.text.get(start..end).unwrap_or_default()
    }

    /// The tokens that count among the first pieces of the name, for a subject of a country (ISO 3166-1): of those that
    /// overlap and say the same kind of thing, the longest.
    pub fn find(&self, country: &str, length: usize) -> Vec<Found> {
        let mut found = Vec::new();
        for first in 0..length {
            let begins = self.pieces.get(first).is_some_and(|piece| TABLE.first_pieces.contains(&piece.folded));
            if begins {
                self.find_from(first, length, country, &mut found);
            }
        }
        let (mut taken, mut last) = (0, (0, 0));
        found.retain(|one| match one.token.says {
            Says::Form(_) => {
                let free = one.first >= taken || (one.first, one.after) == last;
                if free {
                    (taken, last) = (one.after, (one.first, one.after));
                }
                free
            }
            Says::Body(_) | Says::Person { .. } | Says::Cut => true,
        });
        found
    }

    fn find_from(&self, first: usize, length: usize, country: &str, found: &mut Vec<Found>) {
        let mut key = String::new();
        let from = found.len();
        for (last, piece) in self.pieces.iter().enumerate().take(length).skip(first).take(TABLE.pieces_max) {
            if last > first {
                key.push(' ');
            }
            key.push_str(&piece.folded);
            for place in TABLE.by_key.get(&key).into_iter().flatten() {
                let Some(token) = TABLE.tokens.get(*place) else { continue };
                let one = Found { token, first, after: last + 1 };
                if self.counts(&one, length, country) {
                    found.push(one);
                }
            }
        }
        keep_longest(found, from);
    }

    /// Whether a token stands where the table wants it, is spelled as it must be, and is at home.
    fn counts(&self, found: &Found, length: usize, country: &str) -> bool {
        let token = found.token;
        let one = if found.after == found.first + 1 { self.pieces.get(found.first) } else { None };
        let marked = one.is_some_and(|piece| piece.initials == Initials::Marked);
        let stroke =
            one.is_some_and(|piece| self.text.get(piece.start..piece.end).is_some_and(|raw| raw.contains('/')));
        let abroad = token.marked_abroad && marked && (stroke || !token.text.contains('/'));
        // Two letters in front, with dots, are somebody's initials (`W.A. Jansen`); and so are Cyrillic ones anywhere.
        let initials = marked && !stroke && one.is_some_and(|piece| is_like_initials(piece, found.first == 0));
        // `N/A` says that nothing is known, and is no `N.A.`.
        let other_sign = stroke && !token.text.contains('/');
        if matches!(token.says, Says::Form(_) | Says::Body(_)) && (initials || other_sign) {
            return false;
        }
        let spaced = one.is_some_and(|piece| piece.initials == Initials::Spaced && piece.folded.len() <= 2);
        if spaced || (token.marked && !marked) || !(token.is_at_home(country) || abroad) {
            return false;
        }
        if !marked && self.is_surname(found) {
            return false;
        }
        let whole = found.first == 0 && found.after == length;
        let at_start = found.first == 0 && !whole;
        let at_end = found.first > 0 && self.ends(found.after, length);
        match (token.place, token.says) {
            (Where::Anywhere, Says::Form(_)) => found.first > 0,
            (Where::Anywhere, Says::Cut) => found.first > 0 && found.after < self.pieces.len(),
            (Where::Anywhere, Says::Body(_) | Says::Person { .. }) | (Where::Throughout, _) => !whole,
            (Where::Start, _) => at_start,
            (Where::End, _) => at_end,
            (Where::Edge, _) => at_start || at_end,
            (Where::Joined | Where::JoinedEnd, _) => false,
        }
    }

    /// Whether a token that can be a surname is one here: an accent stands on it, or a particle in front of it.
    fn is_surname(&self, found: &Found) -> bool {
        let can_be = !found.token.not_behind.is_empty();
        let raw = self.pieces.get(found.first).and_then(|piece| self.text.get(piece.start..piece.end));
        let before = found.first.checked_sub(1).and_then(|place| self.pieces.get(place));
        can_be
            && (raw.is_some_and(|raw| !raw.is_ascii())
                || before.is_some_and(|piece| found.token.not_behind.contains(&piece.folded)))
    }

    /// Whether a name may end before a piece: nothing follows, a bracket, comma or dash does, or only words of the tail.
    fn ends(&self, after: usize, length: usize) -> bool {
        after >= length
            || self.gap_before(after).contains(['(', '[', ',', ';', ':', '/', '|', '–', '—', '-'])
            || self.is_tail(after, length)
    }

    /// Whether all pieces from one on may follow a legal form.
    pub fn is_tail(&self, from: usize, length: usize) -> bool {
        self.pieces
            .iter()
            .take(length)
            .skip(from)
            .all(|piece| TABLE.tail.contains(&piece.folded) || piece.folded.chars().all(|c| c.is_ascii_digit()))
    }

    /// Whether a piece after a legal form makes the name that of something else than the company.
    pub fn is_apart(&self, piece: usize) -> bool {
        self.pieces.get(piece).is_some_and(|piece| TABLE.apart.contains(&piece.folded))
    }

    /// The tokens of scripts without blanks: at either end, those in brackets anywhere.
    pub fn find_joined(&self, country: &str) -> Vec<Found> {
        if self.text.is_ascii() {
            return Vec::new();
        }
        let joined = self.joined();
        let tokens = TABLE.joined.iter().filter_map(|place| TABLE.tokens.get(*place));
        tokens
            .filter(|token| token.is_at_home(country) && joined.len() > token.key.len())
            .filter(|token| {
                let key = token.key.as_str();
                if token.place == Where::JoinedEnd {
                    return joined.ends_with(key);
                }
                joined.starts_with(key) || joined.ends_with(key) || (key.starts_with('(') && joined.contains(key))
            })
            .map(|token| Found { token, first: 0, after: 0 })
            .collect()
    }
}

/// Of the tokens found from one piece on, keeps the longest of each kind.
fn keep_longest(found: &mut Vec<Found>, from: usize) {
    let longest = |says: &dyn Fn(Says) -> bool| {
        found.iter().skip(from).filter(|one| says(one.token.says)).map(|one| one.after).max()
    };
    let form = longest(&|says| matches!(says, Says::Form(_)));
    let body = longest(&|says| matches!(says, Says::Body(_)));
    let mut place = 0;
    found.retain(|one| {
        place += 1;
        if place <= from {
            return true;
        }
        match one.token.says {
            Says::Form(_) => Some(one.after) == form,
            Says::Body(_) => Some(one.after) == body,
            Says::Person { .. } | Says::Cut => true,
        }
    });
}

/// NFKC without what cannot be seen, runs of blanks made one, none at the ends.
pub fn clean_name(text: &str) -> String {
    if is_clean(text) {
        return text.to_owned();
    }
    let squeezed: Vec<&str> = text.split_whitespace().collect();
    let cleaned = clean(&squeezed.join(" "));
    let again: Vec<&str> = cleaned.split_whitespace().collect();
    again.join(" ")
}

/// True for a text that cleaning would leave as it is, as it does most.
fn is_clean(text: &str) -> bool {
    let mut before = b' ';
    text.bytes().all(|byte| {
        let stays = matches!(byte, b'!'..=b'~') || (byte == b' ' && before != b' ');
        before = byte;
        stays
    }) && before != b' '
}

/// The words of a text, by place: letters, digits and their marks; apostrophes and quotes inside a word belong to it.
fn words(text: &str) -> Vec<(usize, usize)> {
    let mut words: Vec<(usize, usize)> = Vec::new();
    let mut open: Option<(usize, usize)> = None;
    let mut quote = false;
    for (place, c) in text.char_indices() {
        let end = place + c.len_utf8();
        if c.is_alphanumeric() || is_combining_mark(c) {
            open = Some((open.map_or(place, |(start, _)| start), end));
            quote = false;
        } else if matches!(c, '\'' | '’' | '‘' | 'ʼ' | '`' | '´' | '"' | '״' | '׳') && open.is_some() && !quote
        {
            quote = true;
        } else if let Some(word) = open.take() {
            words.push(word);
            quote = false;
        }
    }
    words.extend(open);
    words
}

/// Puts single letters together that are set off from each other in the same way; the closest first, so that
/// `C. S.R.L.` and `I B.V.` keep their form.
fn pieces(text: &str, words: &[(usize, usize)]) -> Vec<Piece> {
    let word = |place: usize| words.get(place).and_then(|(start, end)| text.get(*start..*end)).unwrap_or_default();
    let single = |place: usize| word(place).chars().count() == 1 && word(place).chars().all(char::is_alphabetic);
    let closeness = |place: usize| {
        let gap = words.get(place).zip(words.get(place + 1)).and_then(|((_, end), (start, _))| text.get(*end..*start));
        if single(place) && single(place + 1) { closeness_of(gap.unwrap_or_default()) } else { 0 }
    };
    let mut pieces = Vec::new();
    let mut first = 0;
    while first < words.len() {
        let close = closeness(first);
        let mut last = first;
        while close > 0 && closeness(last) == close && closeness(last + 1) <= close {
            last += 1;
        }
        let initials = match (last - first, close) {
            (0, _) => Initials::No,
            (_, 1) => Initials::Spaced,
            (_, _) => Initials::Marked,
        };
        let mut folded = String::new();
        for place in first..=last {
            folded.extend(fold(word(place)).chars().filter(|c| c.is_alphanumeric() || is_combining_mark(*c)));
        }
        let start = words.get(first).map_or(0, |(start, _)| *start);
        let end = words.get(last).map_or(0, |(_, end)| *end);
        pieces.push(Piece { folded, start, end, initials });
        first = last + 1;
    }
    pieces
}

/// Two letters with dots that companies are called by in front: the Netherlands', Romania's and Indonesia's.
const NO_INITIALS: [&str; 4] = ["BV", "NV", "SC", "PT"];

/// Whether a piece of two letters with dots is rather what a person's given names begin with.
fn is_like_initials(piece: &Piece, is_first: bool) -> bool {
    let is_cyrillic = piece.folded.chars().all(|c| matches!(c, '\u{400}'..='\u{52f}'));
    piece.folded.chars().count() == 2 && (is_cyrillic || (is_first && !NO_INITIALS.contains(&piece.folded.as_str())))
}

/// How close two letters are: 3 with a dot or stroke between them, 2 with a blank besides, 1 with a blank, else 0.
fn closeness_of(gap: &str) -> u8 {
    match gap {
        "." | "/" | "./" => 3,
        ". " | " ." | "/ " | " /" | " / " => 2,
        " " => 1,
        _ => 0,
    }
}
