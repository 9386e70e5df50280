//! The months as other languages call them, so that `date` reads `3 mars 2026` with the format `%d %B %Y`.

/// The months of a language, January first, as they stand in a date.
const LANGUAGES: &[(&str, &str)] = &[
    ("de", "januar februar marz april mai juni juli august september oktober november dezember"),
    ("es", "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre"),
    ("fr", "janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre"),
    ("it", "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre"),
    ("nl", "januari februari maart april mei juni juli augustus september oktober november december"),
    ("pl", "stycznia lutego marca kwietnia maja czerwca lipca sierpnia wrzesnia pazdziernika listopada grudnia"),
    ("pt", "janeiro fevereiro marco abril maio junho julho agosto setembro outubro novembro dezembro"),
];

const ENGLISH: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// Letters of an abbreviated month, in English and at least elsewhere.
const SHORT: usize = 3;

/// The text with the months of its language in English: a whole name as a whole one, the beginning of one name only as
/// three letters. `None` where it names none.
pub(super) fn in_english(text: &str, language: &str) -> Option<String> {
    let code = language.split('-').next().unwrap_or_default().to_ascii_lowercase();
    let (_, months) = LANGUAGES.iter().find(|(known, _)| *known == code)?;
    let mut words: Vec<String> = Vec::new();
    let mut found = false;
    for part in parts(text) {
        let month = english(&part.chars().flat_map(char::to_lowercase).map(plain).collect::<String>(), months);
        found |= month.is_some();
        words.push(month.unwrap_or(part).to_owned());
    }
    found.then(|| words.concat())
}

/// The text in runs of letters and runs of what is none.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let letters = rest.chars().next()?.is_alphabetic();
        let end = rest.find(|letter: char| letter.is_alphabetic() != letters).unwrap_or(rest.len());
        let (part, behind) = rest.split_at(end);
        rest = behind;
        Some(part)
    })
}

fn english(word: &str, months: &str) -> Option<&'static str> {
    if let Some(place) = months.split(' ').position(|month| month == word) {
        return ENGLISH.get(place).copied();
    }
    let mut begun = months.split(' ').enumerate().filter(|(_, month)| word.len() >= SHORT && month.starts_with(word));
    let (Some((place, _)), None) = (begun.next(), begun.next()) else { return None };
    ENGLISH.get(place)?.get(..SHORT)
}

/// The letter without its accent: upper-case texts often lack them.
fn plain(letter: char) -> char {
    match letter {
        'é' | 'è' => 'e',
        'û' => 'u',
        'ä' => 'a',
        'ç' => 'c',
        'ś' => 's',
        'ź' => 'z',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::in_english;

    #[test]
    fn months_are_read_in_the_language_of_the_platform() {
        for (text, language, english) in [
            ("3 mars 2026", "fr-CA", Some("3 March 2026")),
            ("14 AOÛT 2026", "fr", Some("14 August 2026")),
            ("14 aout 2026", "fr", Some("14 August 2026")),
            ("2 févr. 2026", "fr", Some("2 Feb. 2026")),
            ("2 juil. 2026", "fr", Some("2 Jul. 2026")),
            // June or July: nobody can tell.
            ("2 jui 2026", "fr", None),
            ("05. März 2026", "de", Some("05. March 2026")),
            ("3 de marzo de 2026", "es", Some("3 de March de 2026")),
            ("1 września 2026", "pl", Some("1 September 2026")),
            ("3 mars 2026", "en", None),
            ("2026-03-03", "fr", None),
        ] {
            assert_eq!(in_english(text, language).as_deref(), english, "{text} {language}");
        }
        for (language, months) in super::LANGUAGES {
            assert_eq!(months.split(' ').count(), 12, "{language}");
        }
    }
}
