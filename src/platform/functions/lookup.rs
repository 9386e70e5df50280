//! The tables of `platform.toml`, ready to be asked.

use std::collections::HashMap;

use crate::platform::text;

/// Entries that a list may hold.
pub(crate) const ENTRIES_MAX: usize = 1_000;
/// Pieces between separators that one entry may span: `Bonaire, Sint Eustatius and Saba` has two or three.
const ENTRY_PIECES_MAX: usize = 8;

/// One table of codes. Blanks around and within a value make no difference; everything else does.
#[derive(Debug)]
pub(crate) struct Table {
    codes: HashMap<String, String>,
}

impl Table {
    /// The table with squeezed values.
    pub(crate) fn new<'t>(entries: impl Iterator<Item = (&'t String, &'t String)>) -> Self {
        let codes = entries.map(|(value, code)| (text::squeeze(value).into_owned(), code.clone())).collect();
        Self { codes }
    }

    /// The code of a value; the empty text where it is known to have none; `None` where it is unknown.
    pub(crate) fn code(&self, value: &str) -> Option<&str> {
        self.codes.get(text::squeeze(value).as_ref()).map(String::as_str)
    }

    /// The codes of a list in its order and without doubles; `None` where an entry is unknown.
    ///
    /// An entry may itself hold a separator: of all entries that begin at one place the longest known one counts.
    pub(crate) fn list(&self, list: &str, separators: &[String]) -> Option<Vec<&str>> {
        let cuts = cuts(list, separators);
        let mut codes: Vec<&str> = Vec::new();
        let mut place = 0;
        while let Some((start, _)) = cuts.get(place).copied() {
            let longest = (place..cuts.len().min(place + ENTRY_PIECES_MAX)).rev().find_map(|last| {
                let end = cuts.get(last)?.1;
                let code = self.code(list.get(start..end)?)?;
                Some((last, code))
            });
            let blank = cuts.get(place).and_then(|(start, end)| list.get(*start..*end)).map(text::trim) == Some("");
            match longest {
                Some((last, code)) => {
                    if !code.is_empty() && !codes.contains(&code) {
                        codes.push(code);
                    }
                    place = last + 1;
                }
                None if blank => place += 1,
                None => return None,
            }
        }
        Some(codes)
    }
}

/// The pieces of a list between its separators, as ranges of bytes; at most `ENTRIES_MAX`, so that a list cannot
/// cost more than it is worth: the last piece then holds the rest and is unknown.
fn cuts(list: &str, separators: &[String]) -> Vec<(usize, usize)> {
    let mut cuts = Vec::new();
    let (mut start, mut at) = (0, 0);
    while at < list.len() && cuts.len() < ENTRIES_MAX {
        let rest = list.get(at..).unwrap_or_default();
        let separator =
            separators.iter().filter(|separator| rest.starts_with(separator.as_str())).max_by_key(|s| s.len());
        match separator {
            Some(separator) => {
                cuts.push((start, at));
                at += separator.len();
                start = at;
            }
            None => at += rest.chars().next().map_or(1, char::len_utf8),
        }
    }
    cuts.push((start, list.len()));
    cuts
}
