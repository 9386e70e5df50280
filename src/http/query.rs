//! Percent-encoding (RFC 3986, section 2.1) and the pairs of a query, as a browser's form writes them.

/// Pairs of one query, at most.
const PAIRS_MAX: usize = 16;

/// The text that was encoded; in a query a `+` is a blank. `None` where it is no valid encoding of UTF-8.
pub(super) fn decode(text: &str, plus: bool) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => digit(rest.next()?)? * 16 + digit(rest.next()?)?,
            b'+' if plus => b' ',
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// The names and values of a query; `None` where one is no valid encoding.
pub(super) fn pairs(query: &str) -> Option<Vec<(String, String)>> {
    let pair = |text: &str| {
        let (name, value) = text.split_once('=').unwrap_or((text, ""));
        Some((decode(name, true)?, decode(value, true)?))
    };
    query.split('&').filter(|text| !text.is_empty()).take(PAIRS_MAX).map(pair).collect()
}

/// A text as one segment of a path: everything but RFC 3986's unreserved signs is encoded, `/` only where asked.
pub fn encode(text: &str, keep_slash: bool) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        let kept = byte.is_ascii_alphanumeric() || b"-._~:@".contains(&byte) || (keep_slash && byte == b'/');
        if kept { out.push(char::from(byte)) } else { out.push_str(&format!("%{byte:02X}")) }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{decode, encode, pairs};

    #[test]
    fn what_is_encoded_comes_back() {
        for text in ["ca-on-food/IN-88213", "a#1", "100 %", "Zürich/ß", "", "a+b", "a?b=c&d"] {
            assert_eq!(decode(&encode(text, false), false).as_deref(), Some(text));
            assert_eq!(decode(&encode(text, true), false).as_deref(), Some(text));
        }
        assert_eq!(encode("a/b#1", true), "a/b%231");
        assert_eq!(encode("a/b", false), "a%2Fb");
    }

    #[test]
    fn what_is_no_encoding_is_refused() {
        for text in ["%", "%2", "%zz", "%+1", "%ff", "%c3"] {
            assert_eq!(decode(text, false), None, "{text}");
        }
        assert_eq!(pairs("scheme=LEI&value=%zz"), None);
        let expected = vec![("scheme".to_owned(), "ca-bn".to_owned()), ("value".to_owned(), "1 2".to_owned())];
        assert_eq!(pairs("scheme=ca-bn&&value=1+2"), Some(expected));
    }
}
