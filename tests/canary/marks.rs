//! Canaries: invented names, addresses and numbers, each used once, that are known again wherever they come out.

/// What every canary of letters holds, in whatever case, and every canary of digits.
const LETTERS: &str = "xqzvkj";
const DIGITS: &str = "7319046";

/// Gives canaries, never one twice.
#[derive(Default)]
pub(crate) struct Canaries {
    given: u32,
}

impl Canaries {
    /// One word of letters, as a name has them.
    pub(crate) fn word(&mut self) -> String {
        self.given += 1;
        let mut rest = self.given;
        let mut word = String::from("Xqzvkj");
        for _ in 0..4 {
            word.push(char::from(b'a' + u8::try_from(rest % 26).unwrap()));
            rest /= 26;
        }
        word
    }

    /// Twelve digits, as a personal number has them.
    pub(crate) fn digits(&mut self) -> String {
        self.given += 1;
        format!("{DIGITS}{:05}", self.given)
    }

    /// A person as registers list one.
    pub(crate) fn person(&mut self) -> String {
        format!("{}, {}", self.word(), self.word())
    }

    pub(crate) fn email(&mut self) -> String {
        format!("{}@{}.example", self.word(), self.word())
    }

    pub(crate) fn address(&mut self) -> String {
        format!("12 {} Street", self.word())
    }

    /// Free text that names a person in every way that the guard knows.
    pub(crate) fn prose(&mut self) -> String {
        let (name, email, phone, number) = (self.word(), self.email(), self.digits(), self.digits());
        format!("Mr {name} ({email}, tel. {phone}, SIN {number}) lives at {}", self.address())
    }
}

/// The canary in these bytes, if there is one: as it is, or in an encoding that anybody can undo.
pub(crate) fn found(bytes: &[u8]) -> Option<String> {
    let folded = bytes.to_ascii_lowercase();
    let shapes = shapes();
    let (place, _) = (0..folded.len())
        .find_map(|place| shapes.iter().find(|shape| folded[place..].starts_with(shape)).map(|shape| (place, shape)))?;
    let from = place.saturating_sub(80);
    let to = bytes.len().min(place + 80);
    Some(format!("at byte {place}: …{}…", String::from_utf8_lossy(&bytes[from..to])))
}

/// The marks plain, in UTF-16, as hexadecimal digits and in Base64; all in small letters.
fn shapes() -> Vec<Vec<u8>> {
    let mut shapes = Vec::new();
    for mark in [LETTERS, DIGITS] {
        shapes.push(mark.as_bytes().to_vec());
        shapes.push(mark.bytes().flat_map(|byte| [byte, 0]).collect());
        shapes.push(mark.bytes().flat_map(|byte| format!("{byte:02x}").into_bytes()).collect());
        // A word begins with a capital, which Base64 writes otherwise.
        let written = mark.replacen('x', "X", 1);
        shapes.extend((0..3).map(|before| base64(written.as_bytes(), before).to_ascii_lowercase()));
    }
    shapes
}

/// The characters of Base64 that these bytes alone decide, where so many bytes of a group of three stand before them.
fn base64(bytes: &[u8], before: usize) -> Vec<u8> {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bits: Vec<u8> = bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1)).collect();
    let skip = [0, 4, 2][before];
    let groups = bits[skip..].chunks_exact(6);
    groups.map(|group| ALPHABET[usize::from(group.iter().fold(0, |value, bit| value << 1 | bit))]).collect()
}

#[test]
fn canaries_are_found_in_every_shape() {
    let mut canaries = Canaries::default();
    let text = format!("{} {}", canaries.word(), canaries.digits());
    assert!(found(text.as_bytes()).is_some());
    assert!(found(text.to_uppercase().as_bytes()).is_some());
    assert!(found(&text.bytes().flat_map(|byte| [0, byte]).collect::<Vec<_>>()).is_some());
    assert!(found(text.bytes().map(|byte| format!("{byte:02X}")).collect::<String>().as_bytes()).is_some());
    // "Xqzvkjbaaa" behind none, one and two other bytes.
    for encoded in ["WHF6dmtqYmFhYQ==", "LlhxenZramJhYWE=", "Li5YcXp2a2piYWFh"] {
        assert!(found(encoded.as_bytes()).is_some(), "{encoded}");
    }
    assert_eq!(found(b"nothing of the kind: xqzv 731904"), None);
}
