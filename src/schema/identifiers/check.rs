//! Check digits: the rules that `schemas/identifiers.toml` names, over values in normal form.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Scheme, scheme};
use crate::model::code::Trust;

/// A rule as the table writes it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenRule {
    rule: String,
    #[serde(default)]
    weights: Vec<u32>,
    second: Option<Vec<u32>>,
    modulus: Option<u32>,
    offset: Option<u32>,
    #[serde(default)]
    complement: bool,
    zero: Option<String>,
    ten: Option<String>,
    #[serde(default)]
    skip: usize,
    #[serde(default)]
    right: bool,
    letters: Option<String>,
    #[serde(default)]
    schemes: BTreeMap<String, String>,
}

/// A rule over the symbols of a value; `None` where it says nothing about them.
type Named = fn(&[u32]) -> Option<bool>;

/// A rule that a value keeps or breaks.
#[derive(Debug)]
pub(super) enum Rule {
    Weighted(Weighted),
    /// The scheme of each pair of leading letters.
    National(BTreeMap<String, String>),
    Named(Named),
}

/// The sum of symbol × weight, modulo a number, gives the symbol that follows the weighted ones.
#[derive(Debug)]
pub(super) struct Weighted {
    weights: Vec<u32>,
    second: Option<Vec<u32>>,
    modulus: u32,
    offset: u32,
    complement: bool,
    /// The symbols at remainder 0 and 10; `None` where that remainder has none.
    zero: Option<char>,
    ten: Option<char>,
    /// Leading characters that do not count.
    skip: usize,
    right: bool,
    ascii: bool,
}

/// The named rules; values come as numbers, letters from A = 10 on.
const NAMED: [(&str, Named); 17] = [
    ("mod-97-10", mod_97_10),
    ("mod-11-10", mod_11_10),
    ("luhn", luhn),
    ("fr-siret", fr_siret),
    ("fr-tva", fr_tva),
    ("be-enterprise", be_enterprise),
    ("lu-tva", lu_tva),
    ("at-uid", at_uid),
    ("se-vat", se_vat),
    ("es-cif", es_cif),
    ("ua-edrpou", ua_edrpou),
    ("ru-ogrn", ru_ogrn),
    ("au-abn", au_abn),
    ("jp-corporate-number", jp_corporate_number),
    ("kr-business-registration-number", kr_business_registration_number),
    ("cn-uscc", cn_uscc),
    ("mx-rfc", mx_rfc),
];

impl Rule {
    /// A rule as written, made ready.
    pub(super) fn read(written: WrittenRule) -> Result<Self, String> {
        match written.rule.as_str() {
            "weighted" => Weighted::read(written).map(Self::Weighted),
            "national" => Ok(Self::National(written.schemes)),
            name => NAMED
                .iter()
                .find(|(known, _)| *known == name)
                .map(|(_, rule)| Self::Named(*rule))
                .ok_or_else(|| format!("no rule {name}")),
        }
    }

    /// The schemes that it refers to.
    pub(super) fn schemes(&self) -> impl Iterator<Item = &str> {
        match self {
            Self::National(schemes) => Some(schemes.values().map(String::as_str)),
            Self::Weighted(_) | Self::Named(_) => None,
        }
        .into_iter()
        .flatten()
    }

    /// Whether the rule follows a national scheme whose form the value has not.
    pub(super) fn wants_other_form(&self, value: &str) -> bool {
        match self {
            Self::National(schemes) => {
                national_part(schemes, value).is_some_and(|(scheme, rest)| !scheme.has_form(rest))
            }
            Self::Weighted(_) | Self::Named(_) => false,
        }
    }

    /// Whether a value keeps the rule; `None` where the rule says nothing about it.
    pub(super) fn holds(&self, value: &str) -> Option<bool> {
        match self {
            Self::Weighted(weighted) => weighted.holds(value),
            Self::National(schemes) => national(schemes, value),
            Self::Named(rule) => rule(&symbols(value)?),
        }
    }
}

/// The rest after two letters, by the rules of the scheme of that country.
fn national(schemes: &BTreeMap<String, String>, value: &str) -> Option<bool> {
    let (scheme, rest) = national_part(schemes, value)?;
    match scheme.trust(rest) {
        Trust::Valid => Some(true),
        Trust::CheckFailed => Some(false),
        Trust::Unchecked => None,
    }
}

/// The national scheme of a value, and what follows the two letters.
fn national_part<'v>(schemes: &BTreeMap<String, String>, value: &'v str) -> Option<(&'static Scheme, &'v str)> {
    let (country, rest) = value.split_at_checked(2)?;
    Some((scheme(schemes.get(country)?)?, rest))
}

impl Weighted {
    fn read(written: WrittenRule) -> Result<Self, String> {
        let modulus = written.modulus.ok_or("a weighted rule without modulus")?;
        if written.weights.is_empty() || modulus == 0 {
            return Err("a weighted rule without weights".to_owned());
        }
        Ok(Self {
            weights: written.weights,
            second: written.second,
            modulus,
            offset: written.offset.unwrap_or(modulus),
            complement: written.complement,
            zero: written.zero.map_or(Some('0'), |zero| zero.chars().next()),
            ten: written.ten.and_then(|ten| ten.chars().next()),
            skip: written.skip,
            right: written.right,
            ascii: written.letters.as_deref() == Some("ascii"),
        })
    }

    /// A value too short for the rule is not judged by it; one with other symbols breaks it.
    fn holds(&self, value: &str) -> Option<bool> {
        let characters: Vec<char> = value.chars().skip(self.skip).collect();
        let place = if self.right { characters.len().checked_sub(1)? } else { self.weights.len() };
        let given = *characters.get(place)?;
        let leading = characters.get(..place)?;
        let Some(numbers) = leading.iter().map(|c| self.number(*c)).collect::<Option<Vec<u32>>>() else {
            return Some(false);
        };
        let mut remainder = self.remainder(&self.weights, &numbers);
        if let (10, Some(second)) = (remainder, &self.second) {
            remainder = self.remainder(second, &numbers);
        }
        let expected = match remainder {
            0 => self.zero,
            10 => self.ten,
            other => char::from_digit(other, 10),
        };
        Some(expected == Some(given))
    }

    fn number(&self, c: char) -> Option<u32> {
        if self.ascii { u32::from(c).checked_sub(48).filter(|number| *number < 43) } else { c.to_digit(10) }
    }

    fn remainder(&self, weights: &[u32], numbers: &[u32]) -> u32 {
        let unused = if self.right { weights.len().saturating_sub(numbers.len()) } else { 0 };
        let sum = weighted_sum(weights.get(unused..).unwrap_or_default(), numbers) % self.modulus;
        if self.complement { (self.offset + self.modulus - sum) % self.modulus } else { sum }
    }
}

/// Digits as their value, letters from A = 10 on, then `&` and `Ñ`; `None` where anything else stands.
fn symbols(value: &str) -> Option<Vec<u32>> {
    let number = |c: char| match c {
        '&' => Some(AMPERSAND),
        'Ñ' => Some(AMPERSAND + 1),
        other => other.to_digit(36),
    };
    value.chars().map(number).collect()
}

const AMPERSAND: u32 = 36;

fn weighted_sum(weights: &[u32], numbers: &[u32]) -> u32 {
    weights.iter().zip(numbers).map(|(weight, number)| weight * number).sum()
}

/// The number that the symbols write, modulo another; a letter writes two digits.
fn number_modulo(numbers: &[u32], modulus: u32) -> u32 {
    numbers.iter().fold(0, |rest, number| {
        let shift = if *number > 9 { 100 } else { 10 };
        (rest * shift + number) % modulus
    })
}

/// ISO/IEC 7064 mod 97-10.
fn mod_97_10(numbers: &[u32]) -> Option<bool> {
    Some(number_modulo(numbers, 97) == 1)
}

/// ISO/IEC 7064 mod 11,10.
fn mod_11_10(numbers: &[u32]) -> Option<bool> {
    let product = numbers.iter().rev().skip(1).rev().fold(10, |product, number| {
        let sum = (product + number) % 10;
        (if sum == 0 { 10 } else { sum }) * 2 % 11
    });
    Some((product + numbers.last()?) % 10 == 1)
}

/// ISO/IEC 7812-1, annex B.
fn luhn(numbers: &[u32]) -> Option<bool> {
    let sum: u32 = numbers
        .iter()
        .rev()
        .enumerate()
        .map(|(place, number)| if place % 2 == 0 { *number } else { number * 2 / 10 + number * 2 % 10 })
        .sum();
    Some(sum.is_multiple_of(10))
}

/// Luhn over the whole and over the SIREN in front; the establishments of La Poste have a sum of digits instead.
fn fr_siret(numbers: &[u32]) -> Option<bool> {
    const LA_POSTE: [u32; 9] = [3, 5, 6, 0, 0, 0, 0, 0, 0];
    const HEAD_OFFICE: [u32; 5] = [0, 0, 0, 4, 8];
    let (siren, establishment) = numbers.split_at_checked(9)?;
    if siren == LA_POSTE && establishment != HEAD_OFFICE {
        return Some(numbers.iter().sum::<u32>() % 5 == 0);
    }
    Some(luhn(numbers)? && luhn(siren)?)
}

/// The key in digits before the SIREN; keys with letters have no published rule.
fn fr_tva(numbers: &[u32]) -> Option<bool> {
    let (key, siren) = numbers.split_at_checked(2)?;
    if key.iter().any(|number| *number > 9) {
        return None;
    }
    let expected = (12 + 3 * number_modulo(siren, 97)) % 97;
    Some(number_modulo(key, 100) == expected && luhn(siren)?)
}

fn be_enterprise(numbers: &[u32]) -> Option<bool> {
    let (body, check) = numbers.split_at_checked(8)?;
    Some(97 - number_modulo(body, 97) == number_modulo(check, 100))
}

fn lu_tva(numbers: &[u32]) -> Option<bool> {
    let (body, check) = numbers.split_at_checked(6)?;
    Some(number_modulo(body, 89) == number_modulo(check, 100))
}

/// After the letter U: every second digit doubled, and 4 more.
fn at_uid(numbers: &[u32]) -> Option<bool> {
    let digits = numbers.get(1..9)?;
    let (check, body) = digits.split_last()?;
    let sum: u32 = body
        .iter()
        .enumerate()
        .map(|(place, digit)| if place % 2 == 0 { *digit } else { digit * 2 / 10 + digit * 2 % 10 })
        .sum();
    Some((10 - (sum + 4) % 10) % 10 == *check)
}

fn se_vat(numbers: &[u32]) -> Option<bool> {
    luhn(numbers.get(..10)?)
}

/// Luhn over seven digits; the check is a digit, a letter, or either, by the first letter.
fn es_cif(numbers: &[u32]) -> Option<bool> {
    let kind = char::from_digit(*numbers.first()?, 36)?;
    let sum: u32 = numbers
        .get(1..8)?
        .iter()
        .enumerate()
        .map(|(place, digit)| if place % 2 == 1 { *digit } else { digit * 2 / 10 + digit * 2 % 10 })
        .sum();
    let expected = (10 - sum % 10) % 10;
    let given = *numbers.get(8)?;
    // The letters run from J at 0 over A at 1 to I at 9; numbers from A = 10.
    let letter = if expected == 0 { 19 } else { expected + 9 };
    let (digit_fits, letter_fits) = (given == expected, given == letter);
    Some(match kind {
        'N' | 'P' | 'Q' | 'R' | 'S' | 'W' => letter_fits,
        'A' | 'B' | 'E' | 'H' => digit_fits,
        _ => digit_fits || letter_fits,
    })
}

fn ua_edrpou(numbers: &[u32]) -> Option<bool> {
    let (check, body) = numbers.split_last()?;
    let weights: [u32; 7] =
        if matches!(numbers.first()?, 3..=5) { [7, 1, 2, 3, 4, 5, 6] } else { [1, 2, 3, 4, 5, 6, 7] };
    let first = weighted_sum(&weights, body) % 11;
    let expected = if first < 10 { first } else { weighted_sum(&weights.map(|weight| weight + 2), body) % 11 % 10 };
    Some(expected == *check)
}

fn ru_ogrn(numbers: &[u32]) -> Option<bool> {
    let (check, body) = numbers.split_last()?;
    Some(number_modulo(body, 11) % 10 == *check)
}

/// The first digit less one, weights 10, 1, 3 … 19, modulo 89.
fn au_abn(numbers: &[u32]) -> Option<bool> {
    let sum = weighted_sum(&[10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19], numbers);
    Some((sum + 89 - 10).is_multiple_of(89))
}

/// The first digit is 9 less the weighted rest modulo 9; weights 1 and 2 from the right.
fn jp_corporate_number(numbers: &[u32]) -> Option<bool> {
    let (check, body) = numbers.split_first()?;
    let sum: u32 =
        body.iter().rev().enumerate().map(|(place, digit)| if place % 2 == 0 { *digit } else { digit * 2 }).sum();
    Some(9 - sum % 9 == *check)
}

fn kr_business_registration_number(numbers: &[u32]) -> Option<bool> {
    let sum = weighted_sum(&[1, 3, 7, 1, 3, 7, 1, 3, 5], numbers) + numbers.get(8)? * 5 / 10;
    Some((10 - sum % 10) % 10 == *numbers.get(9)?)
}

/// Powers of three modulo 31 over an alphabet without I, O, S, V, Z.
fn cn_uscc(numbers: &[u32]) -> Option<bool> {
    const ALPHABET: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";
    let place = |number: &u32| {
        let letter = char::from_digit(*number, 36)?.to_ascii_uppercase();
        ALPHABET.find(letter).and_then(|place| u32::try_from(place).ok())
    };
    let places = numbers.iter().map(place).collect::<Option<Vec<u32>>>()?;
    let (check, body) = places.split_last()?;
    let (sum, _) = body.iter().fold((0, 1), |(sum, weight), place| ((sum + place * weight) % 31, weight * 3 % 31));
    Some((31 - sum) % 31 == *check)
}

/// Weights 12 to 2 over an alphabet in which `&` follows N and a blank precedes Ñ, for a body's eleven characters and
/// the blank in front of them.
fn mx_rfc(numbers: &[u32]) -> Option<bool> {
    let place = |number: u32| match number {
        0..=23 => number,
        AMPERSAND => 24,
        24..=35 => number + 1,
        _ => 38,
    };
    const BLANK: u32 = 37;
    let (check, body) = numbers.split_last()?;
    let weights: Vec<u32> = (2..=12).rev().collect();
    let places: Vec<u32> = body.iter().map(|number| place(*number)).collect();
    let sum = BLANK * 13 + weighted_sum(&weights, &places);
    Some((11 - sum % 11) % 11 == *check)
}
