//! Rows and XML: cells too many and too few, quotes that stay open, elements that are none, entities that expand.

use comity::model::rejection::Reason;

use super::case::{Case, Facts};
use super::platform::Record;

const HEAD: &str = "A-1,ORIGINAL,2026-03-02,Boreal Lantern Foods Inc.,,,,";

fn rows() -> Vec<Case> {
    let mut cases = Vec::new();
    let refused =
        |name: String, row: String, reason, field: &str| Case::new("rows", name, "csv", row).refused(reason, field);
    for cells in (0..12).chain([13, 14, 100, 1_000, 60_000]) {
        let case =
            refused(format!("{cells} cells"), format!("x{}\n", ",x".repeat(cells.max(1) - 1)), Reason::FieldCount, "");
        cases.push(if cells == 0 {
            Case { value: Some(b"\n".to_vec()), ..case }.refused(Reason::Malformed, "")
        } else {
            case
        });
    }
    for (name, row) in [
        ("two rows", format!("{HEAD},,,,\n{HEAD},,,,\n")),
        ("an open quote", format!("{HEAD}\"C,,,,\n")),
        ("an open quote at the end", format!("{HEAD},,,,\"")),
        ("line ends alone", "\r\n\r\n".to_owned()),
        ("a byte order mark alone", "\u{feff}".to_owned()),
    ] {
        cases.push(refused(name.to_owned(), row, Reason::Malformed, ""));
    }
    for (name, row, code) in [
        ("no line end", format!("{HEAD}C,,,,"), "C"),
        ("CR LF", format!("{HEAD}C,,,,\r\n"), "C"),
        ("a byte order mark", format!("\u{feff}{HEAD}C,,,,\n"), "C"),
        ("a quoted delimiter", format!("{HEAD}\"C,D\",,,,\n"), "C,D"),
        ("a doubled quote", format!("{HEAD}\"C\"\"D\",,,,\n"), "C\"D"),
        ("a line end in a cell", format!("{HEAD}\"C\nD\",,,,\n"), "C\nD"),
        ("a formula", format!("{HEAD}=cmd|' /C calc'!A0,,,,\n"), "=cmd|' /C calc'!A0"),
        ("NUL", format!("{HEAD}C\0D,,,,\n"), "C\0D"),
        ("empty lines behind", format!("{HEAD}C,,,,\n\n\n"), "C"),
    ] {
        let facts = Facts { code: Some(code.to_owned()), ..Facts::default() };
        cases.push(Case::new("rows", name, "csv", row).gives(facts));
    }
    cases
}

/// Cells that are not of their column's type, and bytes that are no text.
fn cells() -> Vec<Case> {
    let mut cases = Vec::new();
    let refused =
        |name: String, row: String, reason, field: &str| Case::new("rows", name, "csv", row).refused(reason, field);
    let numbers = [
        "01",
        "+1",
        "1.0",
        "1e3",
        " 1",
        "1 ",
        "0x1",
        "1_000",
        "\u{661}",
        "\u{ff11}",
        "NaN",
        "true",
        "-",
        "--1",
        "1,5",
        "9223372036854775808",
        "-9223372036854775809",
        "1\0",
        "null",
        "-01",
    ];
    for text in numbers {
        let row = format!("{HEAD},,\"{text}\",,\n");
        cases.push(refused(format!("{text:?} for an integer"), row, Reason::WrongType, "count"));
    }
    for text in ["0", "1", "-1", "9223372036854775807", "-9223372036854775808", ""] {
        cases.push(Case::new("rows", format!("{text:?} for an integer"), "csv", format!("{HEAD},,\"{text}\",,\n")));
    }
    for text in [
        "01", "+1", ".5", "1.", "NaN", "inf", "Infinity", "1e400", "-1e400", "0x1p3", "1,5", " 1.5", "1.5 ", "true",
        "1e",
    ] {
        let row = format!("{HEAD},,,\"{text}\",\n");
        cases.push(refused(format!("{text:?} for a double"), row, Reason::WrongType, "share"));
    }
    for text in ["TRUE", "True", "yes", "1", "0", "t", " true", "true ", "wahr", "null", "\u{442}rue"] {
        let row = format!("{HEAD},,,,\"{text}\"\n");
        cases.push(refused(format!("{text:?} for a boolean"), row, Reason::WrongType, "flag"));
    }
    for (place, field) in ["id", "kind", "decided"].into_iter().enumerate() {
        let mut cells: Vec<&str> = vec!["A-1", "ORIGINAL", "2026-03-02", "X Inc.", "", "", "", "", "", "", "", ""];
        cells[place] = "";
        cases.push(refused(format!("no {field}"), cells.join(",") + "\n", Reason::MissingField, field));
    }
    for bytes in [b"\xff".as_slice(), b"\xc3", b"\xed\xa0\x80", b"\xe9"] {
        let value = [HEAD.as_bytes(), bytes, b",,,,\n"].concat();
        cases.push(Case::new("rows", format!("{bytes:02x?}"), "csv", value).refused(Reason::BadEncoding, ""));
    }
    cases
}

fn escapes() -> Vec<Case> {
    let head = HEAD.replace(',', "\t");
    let refused = ["\\x", "\\", "\\0", "\\\"", "\\u0041", "\\N", "a\\", "\\ ", "\\\\\\"];
    let taken = [
        ("a\\tb", "a\tb"),
        ("a\\nb", "a\nb"),
        ("a\\\\b", "a\\b"),
        ("\\\\n", "\\n"),
        ("\"a\"", "\"a\""),
        ("a,b", "a,b"),
        ("\"", "\""),
    ];
    let mut cases = Vec::new();
    for text in refused {
        let case = Case::new("rows", format!("{text} in TSV"), "tsv", format!("{head}{text}\t\t\t\t\n"));
        cases.push(case.refused(Reason::Malformed, "code"));
    }
    for (text, code) in taken {
        let facts = Facts { code: Some(code.to_owned()), ..Facts::default() };
        cases.push(Case::new("rows", format!("{text} in TSV"), "tsv", format!("{head}{text}\t\t\t\t\n")).gives(facts));
    }
    cases
}

/// The record's element with more children.
fn element(more: &str) -> String {
    let plain = String::from_utf8(Record::default().written("xml")).unwrap();
    plain.replace("</r>", &format!("{more}</r>"))
}

fn elements() -> Vec<Case> {
    let mut cases = Vec::new();
    let plain = element("");
    for (name, text) in [("text behind it", format!("{plain}x")), ("two elements", format!("{plain}{plain}"))] {
        cases.push(Case::new("xml", name, "xml", text).refused(Reason::Malformed, ""));
    }
    for broken in [
        "",
        " ",
        "x",
        "<",
        "<r",
        "<r>",
        "</r>",
        "<R></R>",
        "<x></x>",
        "<r></R>",
        "<r><a></r></a>",
        "<!DOCTYPE r><r></r>",
        "<!DOCTYPE r [<!ENTITY a \"b\">]><r>&a;</r>",
        "<![CDATA[x]]><r></r>",
        "&amp;<r></r>",
        "{}",
        "<r><id>A</r>",
        "<r><id>A</id",
        "<r><!-- </r>",
        "<r><![CDATA[</r>",
        "<r><?x </r>",
        "<r a='1></r>",
        "<r a></r>",
        "<r a=1></r>",
        "<r a='1' a='2'></r>",
    ] {
        cases.push(Case::new("xml", broken, "xml", broken).refused(Reason::Malformed, ""));
    }
    for broken in [
        "<code>&x;</code>",
        "<code>&#0x41;</code>",
        "<code>&#x110000;</code>",
        "<code>&#xD800;</code>",
        "<code>&#;</code>",
        "<code>&;</code>",
        "<code>&xxe;</code>",
        "<code>&lt</code>",
        "<code>a</cod>",
        "<x>&y;</x>",
        "<x><y></x></y>",
        "<!DOCTYPE x>",
        "</x>",
        "<x>",
        "<1>a</2>",
    ] {
        cases.push(Case::new("xml", format!("with {broken}"), "xml", element(broken)).refused(Reason::Malformed, ""));
    }
    for (fine, code) in [
        ("<code>C &amp; D</code>", "C & D"),
        ("<code>&#67;&#x44;</code>", "CD"),
        ("<code><![CDATA[<C>&x;]]></code>", "<C>&x;"),
        ("<code>C<!-- x -->D</code>", "CD"),
        ("<code>C<?x y?>D</code>", "CD"),
        ("<code>&eacute;</code>", "\u{e9}"),
        ("<code a='1'>C</code>", "C"),
        ("<x>y</x><code>C</code>", "C"),
        ("<x><code>D</code></x><code>C</code>", "C"),
    ] {
        let facts = Facts { code: Some(code.to_owned()), ..Facts::default() };
        cases.push(Case::new("xml", format!("with {fine}"), "xml", element(fine)).gives(facts));
    }
    cases
}

/// Elements whole in syntax that the schema does not take, and a record that ends before its end.
fn children() -> Vec<Case> {
    let mut cases = Vec::new();
    let plain = element("");
    for (more, field) in
        [("<id>A</id>", "id"), ("<code>C</code><code>C</code>", "code"), ("<code/><code>C</code>", "code")]
    {
        cases.push(
            Case::new("xml", format!("doubled {more}"), "xml", element(more)).refused(Reason::DuplicateField, field),
        );
    }
    for (more, field) in [
        ("<code><b>C</b></code>", "code"),
        ("<code>C<b/></code>", "code"),
        ("<count>1<b/></count>", "count"),
        ("<count>x</count>", "count"),
        ("<flag>yes</flag>", "flag"),
    ] {
        cases.push(Case::new("xml", format!("wrong {more}"), "xml", element(more)).refused(Reason::WrongType, field));
    }
    for (depth, fits) in [(1, true), (10, true), (29, true), (31, false), (32, false), (1_000, false), (30_000, false)]
    {
        let deep = element(&format!("{}{}", "<x>".repeat(depth), "</x>".repeat(depth)));
        let case = Case::new("xml", format!("{depth} levels"), "xml", deep);
        cases.push(if fits { case } else { case.refused(Reason::TooDeep, "") });
    }
    for (name, text) in [
        ("a declaration", format!("<?xml version=\"1.0\"?>{plain}")),
        ("blanks", format!(" \n{plain}\n ")),
        ("comments", format!("<!-- a -->{plain}<!-- b -->")),
        ("a byte order mark", format!("\u{feff}{plain}")),
        ("60,000 elements", element(&"<x/>".repeat(60_000))),
    ] {
        cases.push(Case::new("xml", name, "xml", text));
    }
    for length in 0..plain.len() {
        let cut = Case::new("xml", format!("cut to {length} bytes"), "xml", &plain.as_bytes()[..length]);
        cases.push(cut.refused(Reason::Malformed, ""));
    }
    cases
}

pub(crate) fn cases() -> Vec<Case> {
    [rows(), cells(), escapes(), elements(), children()].into_iter().flatten().collect()
}
