//! The characters that HTML names (HTML 4.01, chapter 24): sources write them into texts that are no HTML.

/// The names of U+00A0 to U+00FF, in their order.
const LATIN: &str = "nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 \
    sup3 acute micro para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde Auml Aring \
    AElig Ccedil Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times \
    Oslash Ugrave Uacute Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde auml aring aelig ccedil egrave eacute \
    ecirc euml igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde ouml divide oslash ugrave uacute ucirc \
    uuml yacute thorn yuml";

/// What else is met in names and notices.
const OTHERS: &[(&str, char)] = &[
    ("amp", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("apos", '\''),
    ("ndash", '–'),
    ("mdash", '—'),
    ("lsquo", '‘'),
    ("rsquo", '’'),
    ("sbquo", '‚'),
    ("ldquo", '“'),
    ("rdquo", '”'),
    ("bdquo", '„'),
    ("hellip", '…'),
    ("bull", '•'),
    ("euro", '€'),
    ("trade", '™'),
    ("oelig", 'œ'),
    ("OElig", 'Œ'),
    ("scaron", 'š'),
    ("Scaron", 'Š'),
    ("ensp", '\u{2002}'),
    ("emsp", '\u{2003}'),
    ("thinsp", '\u{2009}'),
    ("le", '≤'),
    ("ge", '≥'),
];

/// The character of a name such as `eacute`, or of a number such as `#233` and `#xE9`; a control character is none.
pub(crate) fn character(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16),
            None => number.parse(),
        };
        return code.ok().and_then(char::from_u32).filter(|letter| !letter.is_control() || letter.is_whitespace());
    }
    let other = OTHERS.iter().find(|(known, _)| *known == name).map(|(_, letter)| *letter);
    other.or_else(|| {
        LATIN.split(' ').zip('\u{a0}'..='\u{ff}').find(|(known, _)| *known == name).map(|(_, letter)| letter)
    })
}

/// What a fragment of HTML shows: its tags and comments are blanks, its entities the characters that they name.
pub(crate) fn shown(fragment: &str) -> String {
    let mut shown = String::with_capacity(fragment.len());
    let mut rest = fragment;
    while let Some(place) = rest.find(['<', '&']) {
        let (before, from) = rest.split_at(place);
        shown.push_str(before);
        let (text, length) = tag(from).map(|length| (' ', length)).or_else(|| entity(from)).unwrap_or_else(|| {
            let sign = if from.starts_with('<') { '<' } else { '&' };
            (sign, 1)
        });
        shown.push(text);
        rest = from.get(length..).unwrap_or_default();
    }
    shown.push_str(rest);
    shown
}

/// The bytes of the tag or comment with which a text begins; a `<` before anything else is a sign.
fn tag(text: &str) -> Option<usize> {
    let inner = text.strip_prefix('<')?;
    if inner.starts_with("!--") {
        return Some(text.find("-->").map_or(text.len(), |end| end + "-->".len()));
    }
    let named = inner.strip_prefix('/').unwrap_or(inner).starts_with(|letter: char| letter.is_ascii_alphabetic());
    if named { text.find('>').map(|end| end + 1) } else { None }
}

/// Letters of an entity's name.
const NAME_BYTES_MAX: usize = 10;

/// The character of the entity with which a text begins, and its bytes.
fn entity(text: &str) -> Option<(char, usize)> {
    let inner = text.strip_prefix('&')?;
    let end = inner.bytes().take(NAME_BYTES_MAX).position(|byte| byte == b';')?;
    Some((character(inner.get(..end)?)?, end + "&;".len()))
}

#[cfg(test)]
mod tests {
    use super::{character, shown};

    #[test]
    fn a_fragment_of_html_is_what_it_shows() {
        for (fragment, text) in [
            ("Ben &amp; Sons", "Ben & Sons"),
            ("O&#39;Neil &#x2013; Caf&eacute;&nbsp;GmbH", "O'Neil – Café\u{a0}GmbH"),
            ("<p>Undeclared <b class='x'>egg</b></p><!-- draft -->", " Undeclared  egg   "),
            ("5 < 6 & 7 > 4, a <3 b", "5 < 6 & 7 > 4, a <3 b"),
            ("&lt;b&gt; &amp;amp; &nothing; &", "<b> &amp; &nothing; &"),
            ("AT&T; <unfinished", "AT&T; <unfinished"),
            ("", ""),
        ] {
            assert_eq!(shown(fragment), text, "{fragment}");
        }
    }

    #[test]
    fn names_stand_for_the_characters_of_the_standard() {
        // The ends and some of the middle of the table, from the standard's own text.
        for (name, letter) in [("nbsp", '\u{a0}'), ("yuml", 'ÿ'), ("szlig", 'ß'), ("times", '×'), ("Eacute", 'É')] {
            assert_eq!(character(name), Some(letter), "{name}");
        }
        assert_eq!(
            (character("#0"), character("#xD800"), character("eacute "), character("#-1")),
            (None, None, None, None)
        );
        assert_eq!(super::LATIN.split(' ').count(), 96);
    }
}
