//! A sample's bytes as text: which encoding it is in, told by its bytes alone.

use crate::decode::cut;
use crate::model::problem::Problem;
use crate::platform::definition::Encoding;

use super::{Sample, code};

/// A sample as text.
pub(super) struct Decoded {
    pub(super) text: String,
    /// What `platform.toml` must say; a file in UTF-16 becomes UTF-8 as it is cut.
    pub(super) encoding: Encoding,
    /// The encoding's name, for people.
    pub(super) name: &'static str,
    /// True where another encoding could look the same.
    pub(super) guessed: bool,
}

/// Reads the sample as text; what is cut off at its end is left out.
///
/// # Errors
/// Bytes that are in none of the encodings that Comity reads.
pub(super) fn decode(sample: &Sample<'_>) -> Result<Decoded, Problem> {
    if let Some((what, help)) = cut::packed(sample.bytes) {
        return Err(Problem::new(code::FORMAT, sample.file, what, help));
    }
    if let Some(encoding) = cut::utf16(sample.bytes) {
        let (text, broken) = encoding.decode_with_bom_removal(sample.bytes);
        // Half a letter at the end of a sample that goes on is no fault of the file.
        if broken && sample.whole {
            return Err(unknown(sample));
        }
        let text = text.trim_end_matches('\u{fffd}').to_owned();
        return Ok(Decoded { text, encoding: Encoding::Utf8, name: encoding.name(), guessed: false });
    }
    let bytes = sample.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(sample.bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) => return Ok(utf8(text)),
        // A letter can be cut in two where the sample ends before the file does.
        Err(error) if !sample.whole && error.error_len().is_none() => {
            let valid = bytes.get(..error.valid_up_to()).unwrap_or_default();
            return Ok(utf8(&String::from_utf8_lossy(valid)));
        }
        Err(_) => {}
    }
    let (text, _) = encoding_rs::WINDOWS_1252.decode_without_bom_handling(bytes);
    let letters = bytes.iter().filter(|byte| **byte >= 0x80).count();
    // What the encoding leaves undefined does not occur in it, and no language writes mostly accented letters.
    let undefined = text.chars().any(|letter| matches!(letter, '\u{80}'..='\u{9f}'));
    if undefined || 5 * letters > bytes.len() {
        return Err(unknown(sample));
    }
    Ok(Decoded { text: text.into_owned(), encoding: Encoding::Windows1252, name: "iso-8859-1", guessed: true })
}

fn utf8(text: &str) -> Decoded {
    Decoded { text: text.to_owned(), encoding: Encoding::Utf8, name: "utf-8", guessed: false }
}

fn unknown(sample: &Sample<'_>) -> Problem {
    let why = "is in none of the encodings that Comity reads: UTF-8, UTF-16, ISO-8859-1 (Windows-1252)";
    let help = "turn it into UTF-8 first, such as by `iconv -f SHIFT_JIS -t UTF-8 file > file.utf8`";
    Problem::new(code::ENCODING, sample.file, why, help)
}
