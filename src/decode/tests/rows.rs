use proptest::prelude::*;
use serde_json::json;

use super::*;

fn table(layout: Delimited) -> Definition {
    let fields = vec![
        named(needed("id", SourceType::Text), "Case #"),
        optional("amount", SourceType::Double),
        optional("count", SourceType::Integer),
        optional("paid", SourceType::Boolean),
        named(optional("note", SourceType::Text), ""),
    ];
    platform(vec![source("v", Format::Delimited(layout), fields)])
}

#[test]
fn cells_are_known_by_their_position() {
    let expected = json!({"id":"A, 1","amount":-2.5,"count":3,"paid":true,"note":"two\nlines \"said\""});
    for end in ["", "\n", "\r\n", "\n\n"] {
        let row = format!("\"A, 1\",-2.5,3,true,\"two\nlines \"\"said\"\"\"{end}");
        assert_eq!(read(&table(csv()), row.as_bytes()), Ok(expected.clone()), "{end:?}");
    }
    let semicolons = Delimited { delimiter: b';', ..csv() };
    let row = b"A;1;2;false;608016,54";
    let expected = json!({"id":"A","amount":1.0,"count":2,"paid":false,"note":"608016,54"});
    assert_eq!(read(&table(semicolons), row), Ok(expected));
}

/// A quote that was never closed made one record of two, and what stood behind one became part of the cell.
#[test]
fn a_quote_closes_a_cell_or_the_record_is_malformed() {
    let malformed = |row: &str| {
        let read = read(&table(csv()), row.as_bytes());
        assert!(matches!(&read, Err((Reason::Malformed, None))), "{row}: {read:?}");
    };
    malformed("A,1,2,true,\"bad egg\nB,3,4,true,\"spoiled milk\"");
    malformed("\"A \"Best\" Inc.\",1,2,true,x");
    malformed("A,1,2,true,\"5\"-second rule");
    let note = |row: &str| read(&table(csv()), row.as_bytes()).unwrap()["note"].clone();
    assert_eq!(note("A,1,2,true,5\" pipe"), "5\" pipe", "a cell that begins without one may hold some");
    assert_eq!(note("\"A\" ,1,2,true,\"x, \"\"y\"\"\"\r\n"), "x, \"y\"");
    let tabs = Delimited { delimiter: b'\t', backslash_escapes: true, ..csv() };
    assert_eq!(read(&table(tabs), b"A\t1\t2\ttrue\t\"5\"-second").unwrap()["note"], "\"5\"-second");
}

#[test]
fn an_empty_cell_is_null_where_the_schema_allows_it() {
    let nothing = json!({"id":"A","amount":null,"count":null,"paid":null,"note":null});
    assert_eq!(read(&table(csv()), b"A,,,,"), Ok(nothing.clone()));
    assert_eq!(read(&table(csv()), b"A,\"\",,,\"\""), Ok(nothing));
    assert_eq!(read(&table(csv()), b",,,,"), refused(Reason::MissingField, "id"));
    assert_eq!(read(&table(csv()), b"A,,,, ").unwrap()["note"], " ", "a blank is a text");
}

#[test]
fn a_text_that_stands_for_nothing_reads_as_an_empty_cell() {
    let absent: Arc<[String]> = ["N/A".to_owned(), "(blank)".to_owned()].into();
    let mut definition = table(csv());
    definition.sources[0].fields.iter_mut().for_each(|field| field.absent = absent.clone());
    let nothing = json!({"id":"A","amount":null,"count":null,"paid":null,"note":null});
    assert_eq!(read(&definition, b"A,N/A, (blank) ,N/A,(blank)"), Ok(nothing));
    assert_eq!(read(&definition, b"N/A,,,,"), refused(Reason::MissingField, "id"));
    assert_eq!(read(&definition, b"A,,,,N/A for now").unwrap()["note"], "N/A for now");
    definition.sources[0].format = Format::JsonLines;
    let object = r#"{"Case #":"A","amount":"N/A","":"(blank)"}"#;
    assert_eq!(read(&definition, object.as_bytes()).unwrap()["note"], Json::Null);
}

#[test]
fn a_number_is_read_as_json_would_write_it_and_never_guessed() {
    let check = |row: &str, reason, field| {
        assert_eq!(read(&table(csv()), row.as_bytes()), refused(reason, field), "{row}");
    };
    for amount in ["1.", ".5", "+1", " 1", "1 ", "1e999", "NaN", "inf", "0x1", "01", "\"1,5\"", "1\u{a0}000", "$1"] {
        check(&format!("A,{amount},,,"), Reason::WrongType, "amount");
    }
    for count in ["1.0", "007", "+1", "1e3", "9223372036854775808", "-", "--1", "١"] {
        check(&format!("A,,{count},,"), Reason::WrongType, "count");
    }
    for paid in ["True", "TRUE", "1", "yes"] {
        check(&format!("A,,,{paid},"), Reason::WrongType, "paid");
    }
    let expected = json!({"id":"A","amount":1e3,"count":-9223372036854775808_i64,"paid":null,"note":null});
    assert_eq!(read(&table(csv()), b"A,1e3,-9223372036854775808,,"), Ok(expected));
}

#[test]
fn the_number_of_cells_is_what_the_schema_says() {
    for row in ["A", "A,,,", "A,,,,,", "A,,,,,,,,,,,,,,,,,,,,,,,,", "A;1;2;true;x"] {
        assert_eq!(read(&table(csv()), row.as_bytes()), refused(Reason::FieldCount, ""), "{row}");
    }
    for row in ["", "\n\n", "A,,,,\nB,,,,", "A,,,,\"open", "A,,,,\"", "\"A,,,,\n"] {
        assert_eq!(read(&table(csv()), row.as_bytes()), refused(Reason::Malformed, ""), "{row}");
    }
}

#[test]
fn a_parser_that_was_used_before_reads_like_a_new_one() {
    assert_eq!(read(&table(csv()), b"A,,,,\"open"), refused(Reason::Malformed, ""));
    assert_eq!(read(&table(csv()), b"B,,,,").unwrap()["id"], "B");
    assert_eq!(read(&table(csv()), b"A,,,,,,,"), refused(Reason::FieldCount, ""));
    assert_eq!(read(&table(csv()), b"C,,,,").unwrap()["id"], "C");
    let semicolons = Delimited { delimiter: b';', ..csv() };
    assert_eq!(read(&table(semicolons), b"a,b;;;;").unwrap()["id"], "a,b");
}

#[test]
fn backslashes_stand_for_what_a_cell_of_tabs_cannot_hold() {
    let tabs = Delimited { delimiter: b'\t', backslash_escapes: true, ..csv() };
    let row = b"a\\tb\\nc\\rd\\\\e\t\t\t\t\"quoted\"";
    let expected = json!({"id":"a\tb\nc\rd\\e","amount":null,"count":null,"paid":null,"note":"\"quoted\""});
    assert_eq!(read(&table(tabs.clone()), row), Ok(expected));
    for row in ["a\\x\t\t\t\t", "a\\\t\t\t\t", "a\\N\t\t\t\t"] {
        assert_eq!(read(&table(tabs.clone()), row.as_bytes()), refused(Reason::Malformed, "id"), "{row}");
    }
}

#[test]
fn rows_of_a_group_are_one_record() {
    let group = table(Delimited { rows: Rows::Group { field: "id".to_owned() }, ..csv() });
    let row = |id: &str, count| json!({"id":id,"amount":null,"count":count,"paid":null,"note":null});
    assert_eq!(read(&group, b"A,,1,,\r\nA,,2,,\r\n"), Ok(json!({"rows":[row("A",1),row("A",2)]})));
    assert_eq!(read(&group, b"A,,1,,"), Ok(json!({"rows":[row("A",1)]})));
    assert_eq!(read(&group, b"A,,1,,\nB,,2,,"), refused(Reason::Malformed, "rows[].id"));
    assert_eq!(read(&group, b"A,,1,,\nA,,x,,"), refused(Reason::WrongType, "rows[].count"));
    assert_eq!(read(&group, b"A,,1,,\nA,,,"), refused(Reason::FieldCount, ""));
    assert_eq!(read(&group, b"\n"), refused(Reason::Malformed, ""));
    let rows = |count: usize| "A,,,,\n".repeat(count);
    assert_eq!(read(&group, rows(500).as_bytes()).unwrap()["rows"].as_array().unwrap().len(), 500);
    assert_eq!(read(&group, rows(501).as_bytes()), refused(Reason::TooManyRows, ""));
}

#[test]
fn a_continuation_lacks_what_its_first_row_has() {
    let empty = vec!["amount".to_owned(), "note".to_owned()];
    let rows = table(Delimited { rows: Rows::Continuation { empty }, ..csv() });
    let read = |record: &[u8]| read(&rows, record);
    assert_eq!(read(b"A,1,,,x\nA,,2,,").unwrap()["rows"][1]["count"], 2);
    assert_eq!(read(b"A,1,,,x\nA,,2,,y"), refused(Reason::Malformed, "rows[].note"));
    assert_eq!(read(b"A,1,,,x\nA,1,2,,"), refused(Reason::Malformed, "rows[].amount"));
}

proptest! {
    /// Another library writes the row.
    #[test]
    fn what_the_csv_library_writes_is_read_back(
        id in "(?s).{1,20}", note in "(?s).{0,20}", delimiter in proptest::sample::select(vec![b',', b';', b'|', b'\t']),
        crlf in any::<bool>(), always in any::<bool>(),
    ) {
        let layout = Delimited { delimiter, ..csv() };
        let style = if always { csv::QuoteStyle::Always } else { csv::QuoteStyle::Necessary };
        let end = if crlf { csv::Terminator::CRLF } else { csv::Terminator::Any(b'\n') };
        let mut writer =
            csv::WriterBuilder::new().delimiter(delimiter).quote_style(style).terminator(end).from_writer(Vec::new());
        writer.write_record([&id, "", "", "", &note]).unwrap();
        let row = writer.into_inner().unwrap();
        // A text that begins like a byte order mark is taken for one.
        prop_assume!(!row.starts_with(b"\xef\xbb\xbf"));
        let note = (!note.is_empty()).then_some(note);
        let expected = json!({"id":id,"amount":null,"count":null,"paid":null,"note":note});
        prop_assert_eq!(read(&table(layout), &row), Ok(expected));
    }
}
