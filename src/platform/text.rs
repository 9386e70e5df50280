//! Blanks: what a source puts around and into its texts without meaning anything by it.

use std::borrow::Cow;

/// True for a letter that shows nothing: white space of any script, a no-break or zero-width space, a BOM.
fn blank(letter: char) -> bool {
    letter.is_whitespace() || matches!(letter, '\u{feff}' | '\u{200b}' | '\u{2060}')
}

/// The text without blanks at its ends.
pub(crate) fn trim(text: &str) -> &str {
    let bytes = text.as_bytes();
    // Most texts begin and end with letters of which a byte tells enough.
    if [bytes.first(), bytes.last()].into_iter().flatten().all(u8::is_ascii_graphic) {
        return text;
    }
    text.trim_matches(blank)
}

/// The text without blanks at its ends, and each run of blanks within as one space.
pub(crate) fn squeeze(text: &str) -> Cow<'_, str> {
    let text = trim(text);
    if is_squeezed_ascii(text) || is_squeezed(text) {
        return Cow::Borrowed(text);
    }
    let words: Vec<&str> = text.split(blank).filter(|word| !word.is_empty()).collect();
    Cow::Owned(words.join(" "))
}

fn is_squeezed(text: &str) -> bool {
    let mut before = 'x';
    text.chars().all(|letter| {
        let fine = !blank(letter) || (letter == ' ' && before != ' ');
        before = letter;
        fine
    })
}

/// The same for a text of ASCII that shows; of any other it says `false`. Most texts are such, and bytes are read faster.
fn is_squeezed_ascii(text: &str) -> bool {
    let mut before = b'x';
    text.bytes().all(|byte| {
        let fine = byte.is_ascii_graphic() || (byte == b' ' && before != b' ');
        before = byte;
        fine
    })
}
