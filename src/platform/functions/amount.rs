//! Amounts of money: a text becomes minor units exactly, or is refused. Nothing is rounded, nothing is guessed.

use crate::platform::text;

/// The digits after the point that an amount in this currency can have (ISO 4217); `None` for no currency.
pub(crate) fn exponent(currency: &str) -> Option<u32> {
    match currency {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX" | "UYI" | "VND"
        | "VUV" | "XAF" | "XOF" | "XPF" => Some(0),
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => Some(3),
        "CLF" | "UYW" => Some(4),
        _ if TWO_DIGITS.contains(&currency) => Some(2),
        _ => None,
    }
}

/// Currencies with two digits after the point, the last ones replaced by the euro among them.
const TWO_DIGITS: &[&str] = &[
    "AED", "AFN", "ALL", "AMD", "ANG", "AOA", "ARS", "AUD", "AWG", "AZN", "BAM", "BBD", "BDT", "BGN", "BMD", "BND",
    "BOB", "BRL", "BSD", "BTN", "BWP", "BYN", "BZD", "CAD", "CDF", "CHF", "CNY", "COP", "CRC", "CUP", "CVE", "CZK",
    "DKK", "DOP", "DZD", "EGP", "ERN", "ETB", "EUR", "FJD", "FKP", "GBP", "GEL", "GHS", "GIP", "GMD", "GTQ", "GYD",
    "HKD", "HNL", "HRK", "HTG", "HUF", "IDR", "ILS", "INR", "IRR", "JMD", "KES", "KGS", "KHR", "KPW", "KYD", "KZT",
    "LAK", "LBP", "LKR", "LRD", "LSL", "MAD", "MDL", "MGA", "MKD", "MMK", "MNT", "MOP", "MRU", "MUR", "MVR", "MWK",
    "MXN", "MYR", "MZN", "NAD", "NGN", "NIO", "NOK", "NPR", "NZD", "PAB", "PEN", "PGK", "PHP", "PKR", "PLN", "QAR",
    "RON", "RSD", "RUB", "SAR", "SBD", "SCR", "SDG", "SEK", "SGD", "SHP", "SLE", "SOS", "SRD", "SSP", "STN", "SVC",
    "SYP", "SZL", "THB", "TJS", "TMT", "TOP", "TRY", "TTD", "TWD", "TZS", "UAH", "USD", "UYU", "UZS", "VED", "VES",
    "WST", "XCD", "XCG", "YER", "ZAR", "ZMW", "ZWG",
];

/// Signs that stand for a currency and may stand before or after an amount in it.
const SIGNS: &[(&str, &[&str])] = &[
    ("R$", &["BRL"]),
    ("C$", &["CAD"]),
    ("A$", &["AUD"]),
    ("US$", &["USD"]),
    ("CA$", &["CAD"]),
    ("$", &["USD", "CAD", "AUD", "NZD", "MXN", "ARS", "CLP", "COP", "SGD", "HKD", "BRL", "UYU", "XCD"]),
    ("€", &["EUR"]),
    ("£", &["GBP", "GIP", "FKP", "SHP"]),
    ("¥", &["JPY", "CNY"]),
    ("₩", &["KRW"]),
    ("원", &["KRW"]),
    ("円", &["JPY"]),
    ("元", &["CNY"]),
    ("₹", &["INR"]),
    ("zł", &["PLN"]),
    ("kr", &["SEK", "NOK", "DKK", "ISK"]),
    ("kr.", &["SEK", "NOK", "DKK", "ISK"]),
    ("Kč", &["CZK"]),
    ("Ft", &["HUF"]),
    ("Fr.", &["CHF"]),
    ("SFr.", &["CHF"]),
];

/// The minor units that a text states in a currency, with the mark before its decimals.
///
/// Taken: digits, thousands in groups of three under `,` `.` `'` `’` or a blank (never the decimal mark), the
/// currency's sign or code before or after. Refused: words, marks such as `+`, a minus, more decimals than the
/// currency has, unless they are zeros, and any grouping that could be read in two ways.
pub(crate) fn minor_units(written: &str, currency: &str, decimal: char) -> Option<i64> {
    let exponent = exponent(currency)?;
    let bare = without_currency(text::trim(written), currency);
    let (whole, fraction) = bare.split_once(decimal).unwrap_or((bare, ""));
    let whole = digits_in_groups(whole, decimal)?;
    // `1.500` is one and a half here and fifteen hundred there.
    if fraction.len() == 3 && exponent != 3 {
        return None;
    }
    let fraction = decimals(fraction, bare.contains(decimal), exponent)?;
    let mut units: i64 = 0;
    for digit in whole.chars().chain(fraction.chars()) {
        let digit = i64::from(digit.to_digit(10)?);
        units = units.checked_mul(10)?.checked_add(digit)?;
    }
    Some(units)
}

/// Significant digits below which a decimal is nobody's binary number, and those of it that can be trusted.
const FLOAT_DIGITS_MIN: usize = 15;
const FLOAT_DIGITS_SURE: usize = 12;
/// Digits behind the currency's decimals that must agree before they are taken for noise.
const FLOAT_NOISE_MIN: usize = 3;

/// The minor units of an amount that went through a binary floating-point number, as spreadsheets keep them:
/// `586.8399999999999` was 586.84. `None` for every text that is not such a number, to be read as it stands.
///
/// Nothing is rounded that anybody may have written: there must be as many digits as only such a number has, and all
/// of them that can be trusted must be zeros, or nines, behind the currency's decimals.
pub(crate) fn float_units(written: &str, currency: &str, decimal: char) -> Option<i64> {
    let wanted = usize::try_from(exponent(currency)?).ok()?;
    let (whole, fraction) = text::trim(written).split_once(decimal)?;
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let significant = whole.trim_start_matches('0').len() + fraction.len();
    if !digits(whole) || !digits(fraction) || significant < FLOAT_DIGITS_MIN {
        return None;
    }
    let sure = FLOAT_DIGITS_SURE.checked_sub(whole.len() + wanted).filter(|sure| *sure >= FLOAT_NOISE_MIN)?;
    let (kept, noise) = fraction.split_at_checked(wanted)?;
    let noise = noise.get(..sure)?;
    let more = match noise {
        _ if noise.bytes().all(|byte| byte == b'0') => 0,
        _ if noise.bytes().all(|byte| byte == b'9') => 1,
        _ => return None,
    };
    format!("{whole}{kept}").parse::<i64>().ok()?.checked_add(more)
}

/// The text without the currency's sign and code, each at most once, at either end.
fn without_currency<'t>(written: &'t str, currency: &str) -> &'t str {
    let mut signs: Vec<&str> =
        SIGNS.iter().filter(|(_, currencies)| currencies.contains(&currency)).map(|(sign, _)| *sign).collect();
    // The longest first, since `R$` ends with `$`.
    signs.sort_by_key(|sign| std::cmp::Reverse(sign.len()));
    let cut = |text: &'t str, marks: &[&str]| {
        marks.iter().find_map(|mark| text.strip_prefix(mark).or_else(|| text.strip_suffix(mark))).map(text::trim)
    };
    let coded = cut(written, &[currency]);
    let bare = coded.unwrap_or(written);
    let bare = cut(bare, &signs).unwrap_or(bare);
    if coded.is_some() { bare } else { cut(bare, &[currency]).unwrap_or(bare) }
}

/// The digits of a whole number, its groups of three checked.
fn digits_in_groups(whole: &str, decimal: char) -> Option<String> {
    let separator = whole.chars().find(|letter| !letter.is_ascii_digit());
    let Some(separator) = separator else { return (!whole.is_empty()).then(|| whole.to_owned()) };
    let grouping =
        matches!(separator, ',' | '.' | '\'' | '’') || text::trim(separator.encode_utf8(&mut [0; 4])).is_empty();
    if !grouping || separator == decimal {
        return None;
    }
    let mut groups = whole.split(separator);
    // Nobody groups thousands behind a zero: `0,500` is a half.
    let first = groups.next().filter(|first| (1..=3).contains(&first.len()) && !first.starts_with('0'))?;
    let mut digits = first.to_owned();
    for group in groups {
        if group.len() != 3 {
            return None;
        }
        digits.push_str(group);
    }
    digits.chars().all(|letter| letter.is_ascii_digit()).then_some(digits)
}

/// The decimals, filled up with zeros to what the currency has.
fn decimals(fraction: &str, marked: bool, exponent: u32) -> Option<String> {
    if marked && fraction.is_empty() {
        return None;
    }
    let wanted = usize::try_from(exponent).ok()?;
    let (kept, rest) = fraction.split_at_checked(wanted.min(fraction.len()))?;
    let digits = fraction.chars().all(|letter| letter.is_ascii_digit());
    (digits && rest.chars().all(|letter| letter == '0')).then(|| format!("{kept:0<wanted$}"))
}
