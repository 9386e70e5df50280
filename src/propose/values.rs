//! What the values of one column look like, without the values: how many differ, which dates, amounts, identifiers and
//! names they can be.

use std::collections::{BTreeMap, HashSet};

use jiff::tz::TimeZone;
use xxhash_rust::xxh3::xxh3_64;

use crate::model::code::Trust;
use crate::platform::functions::{amount, day};
use crate::platform::text;
use crate::schema::identifiers;
use crate::schema::legal_forms::name::Name;
use crate::schema::legal_forms::{self, Class, Says};

/// Different values of one column that are told apart; more count as all different.
const DISTINCT_MAX: usize = 100_000;
/// Different values of one column that are compared with every shape of a date, an amount or a name.
const SHAPES_MAX: usize = 2_000;
/// Different values of one column that are compared with every scheme of identifiers.
const SCHEMES_MAX: usize = 200;
/// Bytes of a value that can be a date, an amount or an identifier.
const SHORT_BYTES_MAX: usize = 40;
/// Bytes of a value that can be a name.
const NAME_BYTES_MAX: usize = 200;
/// A currency with four decimals takes whatever another takes.
const WIDEST_CURRENCY: &str = "CLF";

/// The dates that are known, the likelier of two that read the same text first.
pub(super) const DATE_FORMATS: &[&str] = &[
    "%Y-%m-%d",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%dT%H:%M:%SZ",
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y-%m-%dT%H:%M:%S%.fZ",
    "%Y-%m-%dT%H:%M:%S%:z",
    "%Y-%m-%dT%H:%M:%S%.f%:z",
    "%Y%m%d",
    "%m/%d/%Y",
    "%d/%m/%Y",
    "%m/%d/%y",
    "%d/%m/%y",
    "%d.%m.%Y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%b %d, %Y",
    "%B %d, %Y",
    "%d %b %Y",
    "%d %B %Y",
    "%d-%b-%Y",
    "%d-%b-%y",
    "%m/%d/%Y %H:%M",
    "%m/%d/%Y %H:%M:%S",
    "%m/%d/%Y %I:%M:%S %p",
    "%d/%m/%Y %H:%M",
    "%d/%m/%Y %H:%M:%S",
    "%d.%m.%Y %H:%M:%S",
    "%Y년 %m월 %d일",
    "%Y年%m月%d日",
];

/// What was seen of the values at one place.
#[derive(Debug, Default, Clone)]
pub(super) struct Values {
    /// Values that are not blank.
    pub(super) given: usize,
    /// Hashes of the different ones.
    distinct: HashSet<u64>,
    last: Option<u64>,
    /// How often a value differs from the one before.
    pub(super) runs: usize,
    /// How often a whole number is the one before plus one.
    pub(super) rising: usize,
    last_number: Option<i64>,
    pub(super) bytes_max: usize,
    /// Values that hold a line end.
    pub(super) several_lines: usize,
    /// Values with blanks at an end.
    pub(super) padded: usize,
    /// Different values compared with the shapes below.
    pub(super) compared: usize,
    /// Of those: words, so many values for each set of formats that read them, and so on.
    pub(super) words: usize,
    dates: BTreeMap<u64, usize>,
    pub(super) point_amounts: usize,
    pub(super) comma_amounts: usize,
    /// Amounts that only one of the two marks can read.
    pub(super) only_point: usize,
    pub(super) only_comma: usize,
    /// The signs of currencies in them.
    pub(super) signs: BTreeMap<&'static str, usize>,
    pub(super) whole_numbers: usize,
    pub(super) organisations: usize,
    /// Of those that are no organisation everywhere: how many are one in a country whose forms they have.
    organisations_at: BTreeMap<&'static str, usize>,
    pub(super) links: usize,
    pub(super) places: usize,
    /// Values compared with the schemes, and for each scheme those of its form, and those whose check digits fit.
    pub(super) schemed: usize,
    pub(super) schemes: BTreeMap<&'static str, Fit>,
}

/// How the values fit a scheme of identifiers.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fit {
    pub(super) form: usize,
    pub(super) valid: usize,
}

impl Values {
    /// Notes one value; a blank one is none, and the answer is false.
    pub(super) fn see(&mut self, written: &str) -> bool {
        let value = text::trim(written);
        if value.is_empty() {
            return false;
        }
        self.given += 1;
        self.bytes_max = self.bytes_max.max(written.len());
        self.several_lines += usize::from(value.contains('\n'));
        self.padded += usize::from(value.len() != written.len());
        let hash = xxh3_64(value.as_bytes());
        self.runs += usize::from(self.last != Some(hash));
        self.last = Some(hash);
        let number = value.parse::<i64>().ok();
        self.rising += usize::from(number.is_some() && self.last_number.and_then(|last| last.checked_add(1)) == number);
        self.last_number = number;
        if self.distinct.len() < DISTINCT_MAX && self.distinct.insert(hash) {
            self.shape(&text::squeeze(value), number.is_some());
        }
        true
    }

    /// How many values differ; an estimate from below where there are very many.
    pub(super) fn distinct(&self) -> usize {
        self.distinct.len()
    }

    /// The share of values that occur once only, at best.
    pub(super) fn uniqueness(&self) -> f64 {
        if self.distinct.len() >= DISTINCT_MAX { 1.0 } else { share(self.distinct.len(), self.given) }
    }

    /// True where each value is the row's number in the file, which starts anew with each file.
    pub(super) fn counts_rows(&self) -> bool {
        self.given > 2 && self.rising + 2 >= self.given
    }

    /// Compares one value that was not there before with every shape.
    fn shape(&mut self, value: &str, number: bool) {
        let digits = value.bytes().any(|byte| byte.is_ascii_digit());
        if value.len() <= SHORT_BYTES_MAX && digits {
            let mask = self.known_dates(value);
            *self.dates.entry(mask).or_default() += 1;
        } else {
            *self.dates.entry(0).or_default() += 1;
        }
        if self.compared >= SHAPES_MAX {
            return;
        }
        self.compared += 1;
        self.words += value.split(' ').count();
        self.whole_numbers += usize::from(number);
        self.links += usize::from(value.starts_with("http://") || value.starts_with("https://"));
        self.places += usize::from(crate::model::place::Jurisdiction::parse(value).is_some());
        if value.len() <= SHORT_BYTES_MAX && digits {
            self.amount(value);
        }
        if value.len() <= NAME_BYTES_MAX && !number {
            self.organisation(value);
        }
        if value.len() <= SHORT_BYTES_MAX && digits && self.schemed < SCHEMES_MAX {
            self.schemed += 1;
            for scheme in identifiers::schemes() {
                let Some(normal) = scheme.normalise(value) else { continue };
                let fit = self.schemes.entry(scheme.name.as_str()).or_default();
                fit.form += 1;
                fit.valid += usize::from(scheme.trust(&normal) == Trust::Valid);
            }
        }
    }

    /// Notes whether a value has the form of an organisation, everywhere or in some countries only.
    fn organisation(&mut self, value: &str) {
        let name = Name::read(value);
        if is_organisation(&name, "") {
            self.organisations += 1;
            return;
        }
        for country in legal_forms::homes().filter(|country| is_organisation(&name, country)) {
            *self.organisations_at.entry(country).or_default() += 1;
        }
    }

    /// Counts what is an organisation in this country as one.
    pub(super) fn at_home(&mut self, country: &str) {
        self.organisations += self.organisations_at.get(country).copied().unwrap_or_default();
        self.organisations_at.clear();
    }

    /// The formats that read a value, as bits; those that read one before are asked first, and alone once there are many.
    fn known_dates(&self, value: &str) -> u64 {
        let known = self.dates.keys().fold(0, |all, mask| all | mask);
        let mask = dates(value, known);
        if mask == 0 && (self.compared < SHAPES_MAX || known != 0) { dates(value, u64::MAX) } else { mask }
    }

    fn amount(&mut self, value: &str) {
        let sign = SIGNS.iter().find(|(sign, _)| value.starts_with(sign) || value.ends_with(sign));
        let bare = sign.map_or(value, |(sign, _)| value.trim_start_matches(sign).trim_end_matches(sign).trim());
        let reads = |mark| amount::minor_units(bare, WIDEST_CURRENCY, mark).is_some();
        let (point, comma) = (reads('.'), reads(','));
        self.point_amounts += usize::from(point);
        self.comma_amounts += usize::from(comma);
        self.only_point += usize::from(point && !comma);
        self.only_comma += usize::from(comma && !point);
        if let Some((_, currency)) = sign {
            *self.signs.entry(currency).or_default() += 1;
        }
    }

    /// The fewest formats that read most of the different values, and how many no format reads.
    pub(super) fn date_formats(&self, prefers_day_first: bool) -> (Vec<&'static str>, usize) {
        let mut rest = self.dates.clone();
        let mut chosen = Vec::new();
        while chosen.len() < FORMATS_MAX {
            let score = |place: usize| -> usize {
                rest.iter().filter(|(mask, _)| *mask & (1 << place) != 0).map(|(_, count)| count).sum()
            };
            let order = |format: &str| usize::from(format.starts_with("%d/%m") != prefers_day_first);
            let best = (0..DATE_FORMATS.len()).filter(|place| score(*place) > 0).min_by_key(|place| {
                (std::cmp::Reverse(score(*place)), order(DATE_FORMATS.get(*place).unwrap_or(&"")), *place)
            });
            let Some(best) = best else { break };
            chosen.extend(DATE_FORMATS.get(best));
            rest.retain(|mask, _| mask & (1 << best) == 0);
        }
        (chosen, rest.values().sum())
    }

    /// True where most different values are dates.
    pub(super) fn is_date(&self) -> bool {
        let all: usize = self.dates.values().sum();
        let none = self.dates.get(&0).copied().unwrap_or_default();
        all > 0 && 2 * none <= all
    }

    /// True where day and month could be exchanged in every date.
    pub(super) fn day_or_month(&self) -> bool {
        let both = |one: &str, other: &str| {
            let bit =
                |format: &str| DATE_FORMATS.iter().position(|known| *known == format).map_or(0, |place| 1 << place);
            let (one, other) = (bit(one), bit(other));
            self.dates.keys().any(|mask| mask & one != 0)
                && self.dates.keys().all(|mask| (mask & one != 0) == (mask & other != 0))
        };
        both("%m/%d/%Y", "%d/%m/%Y") || both("%m/%d/%y", "%d/%m/%y") || both("%m-%d-%Y", "%d-%m-%Y")
    }

    /// True where most different values are amounts or whole numbers.
    pub(super) fn is_amount(&self) -> bool {
        2 * self.point_amounts.max(self.comma_amounts) > self.compared
    }

    /// The scheme whose form and check digits nearly all values have. `words` are those of the column's name: a scheme
    /// without check digits is believed only where its own name stands there.
    pub(super) fn scheme(&self, words: &[String], country: &str) -> Option<&'static str> {
        let home = |name: &str| name.split('-').next().is_some_and(|first| first.eq_ignore_ascii_case(country));
        let fits = self.schemes.iter().filter(|(name, fit)| {
            let nearly_all = |count: usize| count > 0 && 10 * count >= 9 * self.schemed;
            let most = |count: usize| count >= 3 && nearly_all(count);
            let part = |part: &str| part.len() > 2 && words.iter().any(|word| word == part);
            let named = name.split('-').skip(1).any(part) || words.iter().any(|word| word == *name);
            // The name of the scheme itself, such as SIREN, tells more than three numbers of its form do.
            let own = home(name) && name.split('-').skip(1).any(|word| part(word) && !GENERAL.contains(&word));
            (most(fit.form) && (most(fit.valid) || named)) || (own && nearly_all(fit.form))
        });
        let strength = |name: &str| identifiers::scheme(name).map_or(0, |scheme| scheme.strength);
        let general = |name: &str| !name.get(..3).is_some_and(|start| start.ends_with('-'));
        // Check digits that fit in so many are no accident, wherever the scheme is from.
        let proved = |fit: &Fit| fit.valid >= 20;
        fits.filter(|(name, fit)| home(name) || general(name) || country.is_empty() || proved(fit))
            .max_by_key(|(name, fit)| (home(name), fit.valid, strength(name)))
            .map(|(name, _)| *name)
    }

    /// The mean of words in a value.
    pub(super) fn words_mean(&self) -> usize {
        self.words.checked_div(self.compared).unwrap_or_default()
    }
}

/// Words of schemes' names that other numbers are called by too.
const GENERAL: &[&str] =
    &["access", "business", "code", "company", "corporate", "corporation", "incorporation", "number", "registration"];

/// Formats of one date.
const FORMATS_MAX: usize = 4;

/// Signs that name a currency by themselves; `$` stands for whatever the country has.
const SIGNS: &[(&str, &str)] = &[
    ("R$", "BRL"),
    ("US$", "USD"),
    ("CA$", "CAD"),
    ("C$", "CAD"),
    ("A$", "AUD"),
    ("$", "$"),
    ("€", "EUR"),
    ("£", "GBP"),
    ("₩", "KRW"),
    ("¥", "JPY"),
    ("円", "JPY"),
    ("₹", "INR"),
    ("zł", "PLN"),
    ("Kč", "CZK"),
];

/// The formats among `asked` that read a text as a day of these centuries.
fn dates(value: &str, asked: u64) -> u64 {
    let mut mask = 0;
    for (place, format) in DATE_FORMATS.iter().enumerate() {
        let bit = 1 << place;
        let plausible = |date: jiff::civil::Date| (1900..2100).contains(&date.year());
        if asked & bit != 0 && day::parse(value, format, &TimeZone::UTC).is_some_and(plausible) {
            mask |= bit;
        }
    }
    mask
}

/// True where a name holds the form of an incorporated or public body of a country, or of all where none is given.
fn is_organisation(name: &Name, country: &str) -> bool {
    let passes = |says: Says| match says {
        Says::Form(class) | Says::Body(class) => matches!(class, Class::Incorporated | Class::PublicBody),
        Says::Person { .. } | Says::Cut => false,
    };
    name.find(country, name.pieces.len()).iter().chain(&name.find_joined(country)).any(|found| passes(found.token.says))
}

/// A part of a whole, 0 where there is no whole.
pub(super) fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { f64::from(narrow(part)) / f64::from(narrow(whole)) }
}

fn narrow(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
