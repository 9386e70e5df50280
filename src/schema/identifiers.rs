//! The table of identifier schemes (`schemas/identifiers.toml`): the form of a value, its check digits, who can hold it.

use std::collections::HashMap;
use std::sync::LazyLock;

use regex::Regex;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization;

use crate::model::code::Trust;
use check::Rule;

pub mod check;
#[cfg(test)]
mod tests;

const TEXT: &str = include_str!("../../schemas/identifiers.toml");

/// Bytes of an identifier as a source writes it; longer text is no identifier.
pub const IDENTIFIER_BYTES_MAX: usize = 100;

/// One scheme of identifiers.
#[derive(Debug)]
pub struct Scheme {
    /// The name under which events, mappings and `organisation_id` know it.
    pub name: String,
    /// What it registers, in one line.
    pub registers: String,
    /// True where a natural person, a sole trader or a partnership can hold a number: it then never suffices alone.
    pub persons: bool,
    /// 0 to 100; the best identifier of an organisation is the strongest.
    pub strength: u8,
    /// The law, standard or office that the form and the rule are from.
    pub source: String,
    form: Form,
    rules: Vec<Rule>,
    check_is_form: bool,
}

/// How a value is brought to normal form.
#[derive(Debug)]
struct Form {
    pattern: Regex,
    refuse: Option<Regex>,
    prefixes: Vec<String>,
    suffixes: Vec<String>,
    separators: Vec<char>,
}

impl Scheme {
    /// The normal form of a value; `None` where the text has not the form of this scheme. Nothing is padded.
    pub fn normalise(&self, text: &str) -> Option<String> {
        if text.len() > IDENTIFIER_BYTES_MAX {
            return None;
        }
        let clean = clean(text).to_uppercase();
        let clean = clean.trim();
        if self.form.refuse.as_ref().is_some_and(|refuse| refuse.is_match(clean)) {
            return None;
        }
        let bare: String = clean.chars().filter(|c| !c.is_whitespace() && !self.form.separators.contains(c)).collect();
        let value = self.form.read(&bare)?;
        if self.rules.iter().any(|rule| rule.wants_other_form(&value)) {
            return None;
        }
        if self.check_is_form && self.trust(&value) == Trust::CheckFailed {
            return None;
        }
        Some(value)
    }

    /// Whether a text is a value in normal form.
    fn has_form(&self, value: &str) -> bool {
        self.form.pattern.is_match(value)
    }

    /// How far the check digits of a value in normal form speak for it.
    pub fn trust(&self, value: &str) -> Trust {
        let mut trust = Trust::Unchecked;
        for rule in &self.rules {
            match rule.holds(value) {
                Some(true) => trust = Trust::Valid,
                Some(false) => return Trust::CheckFailed,
                None => {}
            }
        }
        trust
    }
}

impl Form {
    /// What the pattern holds of a text without separators, with its prefix or without.
    fn read(&self, bare: &str) -> Option<String> {
        let shortened = self.prefixes.iter().filter_map(|prefix| bare.strip_prefix(prefix.as_str()));
        std::iter::once(bare).chain(shortened).find_map(|text| {
            let cut = self.suffixes.iter().filter_map(|suffix| text.strip_suffix(suffix.as_str()));
            std::iter::once(text).chain(cut).find_map(|text| captured(&self.pattern, text))
        })
    }
}

/// The groups of a match, or the whole where the pattern has none.
fn captured(pattern: &Regex, text: &str) -> Option<String> {
    let captures = pattern.captures(text)?;
    if captures.len() == 1 {
        return Some(text.to_owned());
    }
    Some(captures.iter().skip(1).flatten().map(|group| group.as_str()).collect())
}

/// Bytes of a platform's own number.
const LOCAL_BYTES_MAX: usize = 40;

/// A platform's own number in normal form: blanks at the ends taken off; letters, digits and separators with at least
/// one digit, at most one word of more than three letters, and no two words beside each other, so that neither a name nor
/// an address passes for a number. Case is kept: what it means is the platform's affair.
pub fn local_value(text: &str) -> Option<String> {
    if text.len() > IDENTIFIER_BYTES_MAX {
        return None;
    }
    let value = clean(text).split_whitespace().collect::<Vec<_>>().join(" ");
    let allowed = |c: char| c.is_ascii_alphanumeric() || " ._/#:-".contains(c);
    let words = value.split(|c: char| !c.is_ascii_alphabetic()).filter(|word| word.len() > 3).count();
    let number = value.chars().any(|c| c.is_ascii_digit()) && value.chars().all(allowed) && words <= 1;
    (number && !has_neighbouring_words(&value) && value.len() <= LOCAL_BYTES_MAX).then_some(value)
}

/// Whether two runs of letters, both longer than an initial, stand with nothing but a blank between them.
fn has_neighbouring_words(value: &str) -> bool {
    let letters = |text: &str, from_end: bool| {
        let is_letter = |c: &char| c.is_ascii_alphabetic();
        if from_end {
            text.chars().rev().take_while(is_letter).count()
        } else {
            text.chars().take_while(is_letter).count()
        }
    };
    let parts: Vec<&str> = value.split(' ').collect();
    parts.iter().zip(parts.iter().skip(1)).any(|(before, after)| letters(before, true) > 1 && letters(after, false) > 1)
}

/// NFKC without what cannot be seen: zero-width and directional marks, soft hyphens, byte order marks.
pub fn clean(text: &str) -> String {
    if text.is_ascii() {
        // NFKC leaves ASCII as it is, and takes longer than all the rest.
        return text.chars().filter(|c| !c.is_ascii_control()).collect();
    }
    text.nfkc().filter(|c| !is_invisible(*c)).collect()
}

/// Format characters that a reader does not see.
pub fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{e0001}'..='\u{e007f}')
        || c.is_control()
}

/// The scheme of that name.
pub fn scheme(name: &str) -> Option<&'static Scheme> {
    TABLE.by_name.get(name).and_then(|place| TABLE.schemes.get(*place))
}

/// Every scheme, in the order of the table.
pub fn schemes() -> &'static [Scheme] {
    &TABLE.schemes
}

/// SHA-256 of the table's text: the same table decides alike.
pub fn digest() -> [u8; 32] {
    Sha256::digest(TEXT.as_bytes()).into()
}

/// The schemes by place and by name.
struct Table {
    schemes: Vec<Scheme>,
    by_name: HashMap<String, usize>,
}

/// The table is part of the program, and a test reads it: it cannot be wrong in a build that was tested.
static TABLE: LazyLock<Table> = LazyLock::new(|| match read(TEXT) {
    Ok(table) => table,
    Err(why) => panic!("schemas/identifiers.toml: {why}"),
});

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    scheme: Vec<WrittenScheme>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenScheme {
    name: String,
    registers: String,
    pattern: String,
    refuse: Option<String>,
    #[serde(default)]
    prefixes: Vec<String>,
    #[serde(default)]
    suffixes: Vec<String>,
    separators: Option<String>,
    #[serde(default)]
    check: Vec<check::WrittenRule>,
    #[serde(default)]
    check_is_form: bool,
    strength: u8,
    persons: bool,
    source: String,
}

/// What most registers put between the digits of a number.
const SEPARATORS: &str = ".-/ –—‐_:";

/// Reads and proves the table: unique names, valid patterns and rules, strength up to 100.
fn read(text: &str) -> Result<Table, String> {
    let written: Written = toml::from_str(text).map_err(|error| error.to_string())?;
    let mut table = Table { schemes: Vec::new(), by_name: HashMap::new() };
    for one in written.scheme {
        let name = one.name.clone();
        let scheme = valid(one).map_err(|why| format!("{name}: {why}"))?;
        if table.by_name.insert(name.clone(), table.schemes.len()).is_some() {
            return Err(format!("{name}: stands twice"));
        }
        table.schemes.push(scheme);
    }
    for scheme in &table.schemes {
        for other in scheme.rules.iter().flat_map(Rule::schemes) {
            if !table.by_name.contains_key(other) {
                return Err(format!("{}: no scheme {other}", scheme.name));
            }
        }
    }
    Ok(table)
}

/// One scheme as written, made ready.
fn valid(written: WrittenScheme) -> Result<Scheme, String> {
    let whole = |pattern: &str| Regex::new(&format!("^(?:{pattern})$")).map_err(|error| error.to_string());
    let separators = written.separators.as_deref().unwrap_or(SEPARATORS).chars().collect();
    let form = Form {
        pattern: whole(&written.pattern)?,
        refuse: written.refuse.as_deref().map(whole).transpose()?,
        prefixes: written.prefixes,
        suffixes: written.suffixes,
        separators,
    };
    if written.strength > 100 {
        return Err("strength is over 100".to_owned());
    }
    let rules = written.check.into_iter().map(Rule::read).collect::<Result<Vec<_>, _>>()?;
    if written.check_is_form && rules.is_empty() {
        return Err("check_is_form without a check".to_owned());
    }
    Ok(Scheme {
        name: written.name,
        registers: written.registers,
        persons: written.persons,
        strength: written.strength,
        source: written.source,
        form,
        rules,
        check_is_form: written.check_is_form,
    })
}
