//! Files that are in another encoding than their version says.

use super::*;
use crate::platform::definition::Join;

fn western(names: &[&str]) -> Definition {
    let mut western = table(csv(), names);
    western.sources[0].encoding = Encoding::Windows1252;
    western
}

#[test]
fn a_file_in_utf8_is_never_read_as_a_single_byte_encoding() {
    let one = western(&["id", "name"]);
    let refused = |file: &[u8], sign: &str| {
        let (records, why) = cut(&one, file);
        let why = why.unwrap_or_default();
        assert!(records.is_empty() && why.contains(sign) && why.contains("`Ã©`"), "{file:?} {records:?} {why}");
        let help = open(&one, "file", file).err().map(|problem| problem.help).unwrap_or_default();
        assert!(help.contains("encoding = \"utf-8\""), "{help}");
    };
    let letters = "its letters beyond ASCII are those of UTF-8";
    refused("id,name\n1,Müller GmbH\n".as_bytes(), letters);
    refused("id,name\n1,“Lantern”\n".as_bytes(), letters);
    refused("id,name\n1,港灯食品\n".as_bytes(), letters);
    // A letter that the file's beginning cuts in two says nothing against it.
    let begin = "id,name\n1,ü\n1,";
    let long = format!("{begin}{}ü\n", "x".repeat(PREFIX_BYTES_MAX - 1 - begin.len()));
    refused(long.as_bytes(), letters);
}

#[test]
fn what_is_in_a_single_byte_encoding_or_could_be_is_cut() {
    let one = western(&["id", "name"]);
    for file in [
        b"id,name\n1,a\n2,b\n".as_slice(),
        b"id,name\n1,M\xfcller\n2,b\n",
        // Both could be UTF-8 by chance.
        b"id,name\n1,CAF\xc9\xbb\n2,b\n",
        b"id,name\n1,Pr\xe9\xa0\xbb\n2,b\n",
        b"id,name\n1,a\n2,Normand\xe9",
        // One letter is none of UTF-8.
        b"id,name\n1,\xc3\xbc\n2,\xfc\n",
    ] {
        let (records, why) = cut(&one, file);
        assert_eq!((records.len(), why), (2, None), "{file:?}");
    }
}

#[test]
fn letters_behind_the_beginning_are_looked_at_too() {
    let one = western(&["id", "name"]);
    let rows = PREFIX_BYTES_MAX / 4;
    let ascii = format!("id,name\n{}", "1,a\n".repeat(rows));
    let (records, why) = cut(&one, format!("{ascii}2,Müller\n3,b\n").as_bytes());
    assert_eq!(records.len(), rows);
    let line = format!("line {}: its letters", rows + 2);
    assert!(why.as_ref().is_some_and(|why| why.starts_with(&line)), "{why:?}");
    let (records, why) = cut(&one, &[ascii.as_bytes(), b"2,M\xfcller\n3,\xc3\xbc\n"].concat());
    assert_eq!((records.len(), why), (rows + 2, None));
}

#[test]
fn a_header_in_utf8_is_told_as_such_and_a_version_in_utf8_is_the_files() {
    let mut both = western(&["numéro", "name"]);
    let file = "numéro,name\n1,é\n";
    let why = cut(&both, file.as_bytes()).1.unwrap_or_default();
    assert!(why.contains("those of UTF-8") && !why.contains("column"), "{why}");
    both.sources.insert(0, source("utf8", Format::Delimited(csv()), columns(&["numéro", "name"])));
    assert_eq!(
        open(&both, "file", file.as_bytes()).map(|cutter| cutter.source_version().to_owned()),
        Ok("utf8".to_owned())
    );
}

#[test]
fn a_joined_file_in_utf8_is_not_misread_either() {
    let mut one = western(&["id", "name"]);
    let (file, key, columns) = ("names.csv".to_owned(), "id".to_owned(), vec!["name".to_owned()]);
    one.sources[0].joins = vec![Join { file, other_key: key.clone(), key, columns }];
    let with = |names: &[u8]| {
        let cutter = open_beside(&one, None, "file", b"id\n1\n".as_slice(), |_| Ok(names));
        cutter.map(Iterator::count).map_err(|problem| format!("{}: {}", problem.file, problem.why))
    };
    assert_eq!(with(b"id,name\n1,M\xfcller\n"), Ok(1));
    assert!(with("id,name\n1,Müller\n".as_bytes()).is_err_and(|why| why.starts_with("names.csv: its letters")));
    assert!(with("id,name,straße\n1,M,\n".as_bytes()).is_err_and(|why| why.starts_with("names.csv: its letters")));
    assert!(with("\u{feff}id,name\n1,M\n".as_bytes()).is_err_and(|why| why.contains("byte order mark")));
    assert!(with(b"\xff\xfei\0d\0").is_err_and(|why| why.contains("byte order mark")));
}

#[test]
fn what_is_packed_is_told_by_its_first_bytes() {
    let one = table(csv(), &["id", "name"]);
    let spreadsheet = [b"PK\x03\x04\x14\0".as_slice(), &[0; 20], b"[Content_Types].xml\xff"].concat();
    for (file, what, help) in [
        (b"\x1f\x8b\x08\0\xff".as_slice(), "compressed (gzip)", "gunzip"),
        (b"BZh91AY&SY\xff", "compressed (bzip2)", "bunzip2"),
        (b"\xfd7zXZ\0\0", "compressed (xz)", "unxz"),
        (b"\x28\xb5\x2f\xfd\0", "compressed (zstd)", "unzstd"),
        (b"PK\x03\x04\x14\0recalls.csv", "archive (zip)", "unzip"),
        (&spreadsheet, "is a spreadsheet", "save it as CSV"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0", "spreadsheet", "save it as CSV"),
        (b"%PDF-1.7\n", "is a PDF", "no records"),
    ] {
        let problem = open(&one, "file", file).err().expect("no records");
        assert!(problem.why.contains(what) && problem.help.contains(help), "{problem:?}");
    }
    check(&table(csv(), &["BZh", "PK"]), "BZh,PK\n1,2\n", &[(2, "1,2")], None);
}
