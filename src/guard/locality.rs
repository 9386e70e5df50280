//! The town of a seat: a name of a place, never a street.

use crate::schema::legal_forms::name::Name;

/// Bytes of the longest town that passes; the longest in use has 58 letters.
const TOWN_BYTES_MAX: usize = 100;

/// Words of streets and boxes, folded, in the languages of the platforms; a town of one such word alone is a town.
const STREETS: [&str; 44] = [
    "STREET",
    "AVENUE",
    "AVE",
    "ROAD",
    "RD",
    "BOULEVARD",
    "BLVD",
    "LANE",
    "DRIVE",
    "HIGHWAY",
    "HWY",
    "SUITE",
    "STE",
    "APT",
    "APARTMENT",
    "UNIT",
    "FLOOR",
    "BOX",
    "POBOX",
    "RUE",
    "CHEMIN",
    "ALLEE",
    "QUAI",
    "STRASSE",
    "STR",
    "WEG",
    "GASSE",
    "POSTFACH",
    "STRAAT",
    "LAAN",
    "POSTBUS",
    "CALLE",
    "AVENIDA",
    "PASEO",
    "RUA",
    "TRAVESSA",
    "VIA",
    "VIALE",
    "CORSO",
    "ULICA",
    "UL",
    "GATAN",
    "VEJ",
    "ATTN",
];

/// Whether a text can be the name of a town: no digit, no sign of a contact, no word of a street, not too long.
pub(super) fn is_town(text: &str) -> bool {
    let name = Name::read(text);
    let plain = !name.text.chars().any(|c| c.is_numeric() || matches!(c, '@' | '#' | ':' | ';' | '\\' | '<' | '>'));
    let street = name.pieces.len() > 1 && name.pieces.iter().any(|piece| STREETS.contains(&piece.folded.as_str()));
    let long_street = name.pieces.iter().any(|piece| {
        ["STRASSE", "STRAAT", "GATAN", "GASSE"]
            .iter()
            .any(|end| piece.folded.len() > end.len() && piece.folded.ends_with(end))
    });
    !name.pieces.is_empty() && text.len() <= TOWN_BYTES_MAX && plain && !street && !long_street
}
