//! Files whose first bytes say that they are no text: packed, or of an office program.

/// Beginnings, what such a file is, and what to do with it.
const BEGINNINGS: &[(&[u8], &str, &str)] = &[
    (b"\x1f\x8b", "is compressed (gzip)", "unpack it first, such as by `gunzip`"),
    (b"BZh", "is compressed (bzip2)", "unpack it first, such as by `bunzip2`"),
    (b"\xfd7zXZ\0", "is compressed (xz)", "unpack it first, such as by `unxz`"),
    (b"\x28\xb5\x2f\xfd", "is compressed (zstd)", "unpack it first, such as by `unzstd`"),
    (b"7z\xbc\xaf\x27\x1c", "is an archive (7z)", "unpack it first, and name the file in it"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "is a spreadsheet or another office file (OLE)", SAVE),
    (b"%PDF-", "is a PDF", "ask for the data that it was made of: it holds how pages look, and no records"),
];
const SAVE: &str = "save it as CSV in UTF-8 (its program's menu: save as)";

/// What such a file is and what to do with it; `None` where its first bytes may be a text or an Avro container.
pub fn packed(prefix: &[u8]) -> Option<(&'static str, &'static str)> {
    if prefix.starts_with(b"PK\x03\x04") {
        // The names of an archive's files stand in it as they are; these are those of office programs.
        let holds = |name: &[u8]| prefix.windows(name.len()).any(|bytes| bytes == name);
        let office = [b"[Content_Types].xml".as_slice(), b"xl/", b"application/vnd.oasis"].into_iter().any(holds);
        return Some(match office {
            true => ("is a spreadsheet", SAVE),
            false => ("is an archive (zip)", "unpack it first, such as by `unzip`, and name the file in it"),
        });
    }
    // `BZh` may begin a text: a digit and a mark follow in what is compressed.
    let begins = |beginning: &[u8]| {
        let is_mark = beginning != b"BZh" || prefix.get(4..10) == Some(b"1AY&SY");
        prefix.starts_with(beginning) && is_mark
    };
    BEGINNINGS.iter().find(|(beginning, ..)| begins(beginning)).map(|(_, what, help)| (*what, *help))
}
