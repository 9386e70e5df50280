//! Personal patterns in free text: numbers of persons, e-mail, telephone, titles before a name, dates of birth.
//!
//! They run on texts only, never on numbers: 43 to 96 in a hundred valid company numbers look like somebody's personal
//! number. Nor do they run on names of goods, which are called after people (`Dr. …`). A pattern with a checksum counts
//! only if that holds.

use std::sync::LazyLock;

use regex::{Regex, RegexSet, RegexSetBuilder};

use crate::schema::identifiers::clean;

/// What gives itself away by its shape.
const SHAPES: &[&str] = &[
    // E-mail.
    r"[\p{L}\d._%+-]+@[\p{L}\d-]+(?:\.[\p{L}\d-]+)+",
    // Telephone: international, North American, or after a word for it.
    r"(?:^|[^\d+])(?:\+|00)[1-9]\d{0,2}[\s.()/-]{0,3}\d(?:[\s.()/-]{0,2}\d){6,12}(?:\D|$)",
    r"(?:^|\D)\(\d{3}\)[\s.-]?\d{3}[\s.-]\d{4}(?:\D|$)",
    r"(?:^|[^\d-])(?:1[\s.-])?[2-9]\d{2}[.-][2-9]\d{2}[.-]\d{4}(?:[^\d-]|$)",
    r"(?i)(?:^|\W)(?:tel|telephone|phone|fax|mobile|cell|téléphone|tél|telefon|telefoon|teléfono|telefono|tlf|mob)\.?[\s:#]{0,3}\(?\+?\d[\d\s().-]{5,}",
    // Korea: mobile, or after a word for it.
    r"(?:^|[^\d-])01[016-9][.-]\d{3,4}[.-]\d{4}(?:[^\d-]|$)",
    r"(?:전화|휴대폰|핸드폰|연락처|팩스)(?:번호)?[\s:]{0,3}\(?\d[\d\s().-]{5,}",
    // United States and Canada (labelled), United Kingdom, Italy, Mexico.
    r"(?:^|[^\d-])\d{3}-\d{2}-\d{4}(?:[^\d-]|$)",
    r"(?i)(?:^|\W)(?:SSN|S\.S\.N|SIN|social (?:security|insurance) (?:no|number))\W{0,3}\d",
    r"(?:^|\W)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D](?:\W|$)",
    r"(?:^|\W)[A-Z]{6}\d{2}[A-EHLMPRST]\d{2}[A-Z]\d{3}[A-Z](?:\W|$)",
    r"(?:^|\W)[A-Z]{4}\d{6}[HM][A-Z]{5}[A-Z\d]\d(?:\W|$)",
    // Brazil, Belgium, the Nordic countries, Czechia and Slovakia, Korea, China.
    r"(?:^|\D)\d{3}\.\d{3}\.\d{3}-\d{2}(?:\D|$)",
    r"(?:^|\D)\d{2}\.\d{2}\.\d{2}-\d{3}\.\d{2}(?:\D|$)",
    r"(?:^|[^\d-])(?:19|20)?\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])[-+]\d{4}(?:[^\d-]|$)",
    r"(?:^|[^\d-])(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])\d{2}-\d{4}(?:[^\d-]|$)",
    r"(?:^|[^\d\p{L}-])(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])\d{2}[-+A-FU-Y]\d{3}[0-9A-FHJ-NPR-Y](?:[^\d\p{L}-]|$)",
    r"(?:^|\D)\d{2}(?:[05][1-9]|[16][0-2])(?:0[1-9]|[12]\d|3[01])/\d{3,4}(?:\D|$)",
    r"(?:^|[^\d-])\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])-[1-8]\d{6}(?:[^\d-]|$)",
    r"(?:^|[^\d\p{L}])\d{6}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dX](?:[^\d\p{L}]|$)",
    // France: sex, year, month, department, commune, number.
    r"(?:^|\D)[12] \d{2} (?:0[1-9]|1[0-2]) (?:\d{2}|2[AB]) \d{3} \d{3}(?: \d{2})?(?:\D|$)",
    // Dates of birth.
    r"(?i)(?:^|\W)(?:born (?:on|in)|date of birth|d\.?o\.?b\.?:?|née? le|geboren am|geb\. ?am|geb\.|geboren op|nacid[oa] el|nat[oa] il|nascid[oa] em|född|født|syntynyt|ur\. ?\d)[\s:]",
    // Titles before a name.
    r"(?:^|[^\p{L}])(?:Mr|MR|Mrs|MRS|Ms|MS|Dr|DR|Prof|PROF|Hon|Rev)\.? \p{Lu}\p{L}{2,}",
    r"(?:^|[^\p{L}])(?:Mme|Mlle|MM\.|Monsieur|Madame|Mademoiselle|Maître) \p{Lu}",
    r"(?:^|[.!?»] )M\. \p{Lu}\p{Ll}",
    r"(?:^|[^\p{L}])(?:Herr|Herrn|Frau|Fräulein|Dhr\.|Mevr\.|Mevrouw|Meneer) \p{Lu}",
    r"(?:^|[^\p{L}])(?:Sr\.|Sra\.|Srta\.|Señor|Señora|Señorita|Doña|Senhor|Senhora|Signor|Signora|Sig\.|Sig\.ra|Dott\.|Dott\.ssa) \p{Lu}",
    r"(?:^|[^\p{L}])(?:Пан|Пані|господин|госпожа|гражданин|гражданка|г-н|г-жа) \p{Lu}",
    r"(?:^|[^\p{L}])(?:aged|âgée? de|im Alter von) \d{1,3}(?:[^\d\p{L}]|$)",
];

/// Whether symbols keep a checksum.
type Check = fn(&[u32]) -> bool;

/// What only a checksum tells from other numbers, with the check.
const CHECKED: [(&str, Check); 3] = [
    (r"(?:^|\D)(\d{3}[ -]\d{3}[ -]\d{3})(?:\D|$)", is_luhn),
    (r"(?:^|\D)(\d{11})(?:\D|$)", is_pesel),
    (r"(?:^|[^\d\p{L}])([XYZ]?\d{7,8}-?[A-Z])(?:[^\d\p{L}]|$)", is_dni),
];

/// Bytes that the automaton of the patterns may take. With the library's 2 MB there is no room for one over so many, and
/// each text is looked at by a slower engine, which takes four hundred times as long.
const AUTOMATON_BYTES_MAX: usize = 32 * 1024 * 1024;

/// All patterns in one pass, which most texts end: those with a checksum may be nothing all the same.
///
/// The patterns are part of the program, and tests run each: a text is personal where one does not compile.
static EVERY_SET: LazyLock<Option<RegexSet>> = LazyLock::new(|| {
    let every = SHAPES.iter().chain(CHECKED.iter().map(|(pattern, _)| pattern));
    RegexSetBuilder::new(every).dfa_size_limit(AUTOMATON_BYTES_MAX).build().ok()
});

static CHECKED_SET: LazyLock<Option<Vec<(Regex, Check)>>> =
    LazyLock::new(|| CHECKED.iter().map(|(pattern, check)| Some((Regex::new(pattern).ok()?, *check))).collect());

/// Whether a text shows a personal pattern.
pub(super) fn is_personal(text: &str) -> bool {
    let text = clean(text);
    let (Some(every), Some(checked)) = (EVERY_SET.as_ref(), CHECKED_SET.as_ref()) else { return true };
    if !every.is_match(&text) {
        return false;
    }
    every.matches(&text).iter().any(|place| {
        let Some((pattern, check)) = place.checked_sub(SHAPES.len()).and_then(|place| checked.get(place)) else {
            return true;
        };
        pattern.captures_iter(&text).filter_map(|captures| captures.get(1)).any(|hit| {
            let symbols: Vec<u32> = hit.as_str().chars().filter_map(|c| c.to_digit(36)).collect();
            check(&symbols)
        })
    })
}

/// Whether a reference calls a decision by its parties (`Roe v. Example`, `Re Roe`), of whom any may be a person.
pub(super) fn is_case_name(text: &str) -> bool {
    static PARTIES: LazyLock<Option<Regex>> = LazyLock::new(|| {
        let between = r"[\p{L}.)] (?:v|vs|c)\.? \p{Lu}|[\p{L}.)] (?:VS|V\.|VS\.|C\.) \p{Lu}";
        let words = r" (?i:versus|contre|contra|gegen|tegen|mot) \p{Lu}|\./\.";
        let front = r"(?:^|[\s;,(])(?i:in re|re|ex parte|in the matter of|matter of|estate of):? \p{Lu}";
        Regex::new(&format!("{between}|{words}|{front}")).ok()
    });
    PARTIES.as_ref().is_none_or(|parties| parties.is_match(&clean(text)))
}

/// Canada, social insurance number.
fn is_luhn(digits: &[u32]) -> bool {
    let doubled = |(place, digit): (usize, &u32)| if place % 2 == 1 { digit * 2 / 10 + digit * 2 % 10 } else { *digit };
    digits.iter().rev().enumerate().map(doubled).sum::<u32>().is_multiple_of(10)
}

/// Poland, PESEL: a date, weights 1, 3, 7, 9.
fn is_pesel(digits: &[u32]) -> bool {
    let [_, _, m1, m2, d1, d2, ..] = digits else { return false };
    let (month, day) = ((m1 * 10 + m2) % 20, d1 * 10 + d2);
    let sum: u32 = digits.iter().zip([1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]).map(|(digit, weight)| digit * weight).sum();
    (1..=12).contains(&month) && (1..=31).contains(&day) && sum.is_multiple_of(10)
}

/// Spain, DNI and NIE: the letter is the number modulo 23.
fn is_dni(symbols: &[u32]) -> bool {
    const LETTERS: &str = "TRWAGMYFPDXBNJZSQVHLCKE";
    let Some((letter, number)) = symbols.split_last() else { return false };
    let lead = u32::from(b'X') - u32::from(b'A') + 10;
    let digits = number.iter().map(|symbol| if *symbol >= lead { symbol - lead } else { *symbol });
    let value = digits.take(8).fold(0, |value: u32, digit| value * 10 + digit);
    let expected = usize::try_from(value % 23).ok().and_then(|place| LETTERS.chars().nth(place));
    number.len() == 8 && expected.and_then(|expected| expected.to_digit(36)) == Some(*letter)
}
