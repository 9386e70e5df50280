//! Blanks: what a source puts around and into its texts without meaning anything by it.

use std::borrow::Cow;

/// True for a letter that shows nothing: white space of any script, a no-break or zero-width space, a BOM.
fn blank(letter: char) -> bool {
    // Most letters are told by this alone.
    if letter.is_ascii_graphic() {
        return false;
    }
    letter.is_whitespace() || matches!(letter, '\u{feff}' | '\u{200b}' | '\u{2060}')
}

/// The text without blanks at its ends.
pub(crate) fn trim(text: &str) -> &str {
    text.trim_matches(blank)
}

/// The text without blanks at its ends, and each run of blanks within as one space.
pub(crate) fn squeeze(text: &str) -> Cow<'_, str> {
    let text = trim(text);
    let mut before = 'x';
    let squeezed = text.chars().all(|letter| {
        let fine = !blank(letter) || (letter == ' ' && before != ' ');
        before = letter;
        fine
    });
    if squeezed {
        return Cow::Borrowed(text);
    }
    let words: Vec<&str> = text.split(blank).filter(|word| !word.is_empty()).collect();
    Cow::Owned(words.join(" "))
}
