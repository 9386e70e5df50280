//! The cutter on small files with the quirks of real ones.

use super::rows::{cells, row_end};
use crate::platform::definition::{Delimited, Rows};

fn layout() -> Delimited {
    Delimited { delimiter: b',', backslash_escapes: false, header_line: 1, rows: Rows::Single }
}

#[test]
fn cells_of_a_row_are_told_whatever_their_number() {
    let check = |row: &str, expect: &[&str]| {
        let cells: Vec<String> =
            cells(&layout(), row.as_bytes()).into_iter().map(|cell| String::from_utf8(cell).unwrap()).collect();
        assert_eq!(cells, expect, "{row}");
    };
    check("a,b,c", &["a", "b", "c"]);
    check("a,,", &["a", "", ""]);
    check("\"a,b\",\"c \"\"d\"\"\"", &["a,b", "c \"d\""]);
    check("\"a\nb\",c", &["a\nb", "c"]);
}

#[test]
fn a_row_ends_with_its_line_unless_a_quote_is_open() {
    assert_eq!(row_end(&layout(), b"a,b\nc"), Some(4));
    assert_eq!(row_end(&layout(), b"a,\"b\nc\"\nd"), Some(8));
    assert_eq!(row_end(&layout(), b"5\" pipe,x\ny"), Some(10), "a quote inside a bare cell is text");
    assert_eq!(row_end(&layout(), b"a,\"b\n"), None);
    let tsv = Delimited { delimiter: b'\t', backslash_escapes: true, ..layout() };
    assert_eq!(row_end(&tsv, b"\"a\tb\nc"), Some(5), "a format with escapes has no quotes");
}
