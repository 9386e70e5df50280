//! The cutter on small invented files with the quirks of real ones.

use super::*;
use crate::decode::tests::{csv, list, named, needed, optional, platform, source};
use crate::platform::definition::{Rows, SourceType};

mod encoding;
mod hostile;
mod join;

fn columns(names: &[&str]) -> Vec<SourceField> {
    let field = |(place, name): (usize, &&str)| named(optional(&format!("f{place}"), SourceType::Text), name);
    names.iter().enumerate().map(field).collect()
}

fn table(layout: Delimited, names: &[&str]) -> Definition {
    platform(vec![source("v", Format::Delimited(layout), columns(names))])
}

/// Lines and texts of all records, then why it stopped.
fn cut(platform: &Definition, file: &[u8]) -> (Vec<(u64, String)>, Option<String>) {
    let (cutter, mut stopped) = match open(platform, "file", file) {
        Ok(cutter) => (cutter, None),
        Err(problem) => return (Vec::new(), Some(problem.why)),
    };
    let mut records = Vec::new();
    for next in cutter {
        assert_eq!(stopped, None, "nothing comes after an error");
        match next {
            Ok(record) => records.push((record.line, String::from_utf8_lossy(&record.bytes).into_owned())),
            Err(problem) => stopped = Some(problem.why),
        }
    }
    (records, stopped)
}

fn check(platform: &Definition, file: &str, expected: &[(u64, &str)], stopped: Option<&str>) {
    // A file is cut alike however it comes: at once, or a byte a time.
    let (records, why) = cut(platform, file.as_bytes());
    let records: Vec<(u64, &str)> = records.iter().map(|(line, text)| (*line, text.as_str())).collect();
    assert_eq!(records, expected, "{file:?}");
    assert_eq!(why.as_deref(), stopped, "{file:?}");
    let slowly: Vec<Cut> = match open(platform, "file", Slow(file.as_bytes())) {
        Ok(cutter) => cutter.map_while(Result::ok).collect(),
        Err(_) => Vec::new(),
    };
    assert!(
        slowly.iter().map(|cut| (cut.line, cut.bytes.as_slice())).eq(expected.iter().map(|(l, t)| (*l, t.as_bytes())))
    );
}

/// A reader that gives one byte at a time.
struct Slow<'a>(&'a [u8]);

impl Read for Slow<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let one = buffer.len().min(1);
        self.0.read(&mut buffer[..one])
    }
}

#[test]
fn rows_stand_as_they_are_without_their_line_ends() {
    let two = table(csv(), &["id", "note"]);
    check(&two, "id,note\n1,a\n2,b\n", &[(2, "1,a"), (3, "2,b")], None);
    check(&two, "id,note\r\n1,a\r\n2,b", &[(2, "1,a"), (3, "2,b")], None);
    check(&two, "\u{feff}id,note\r\n\r\n1, \"a\r\n\n\n", &[(3, "1, \"a")], None);
    check(
        &two,
        "\"id\",note\n\"1\",\"two\nlines, \"\"said\"\"\"\n3,\n",
        &[(2, "\"1\",\"two\nlines, \"\"said\"\"\""), (4, "3,")],
        None,
    );
    check(&two, "id,note\n1\n1,2,3\n", &[(2, "1"), (3, "1,2,3")], None);
    check(&two, "id,note\n", &[], None);
}

#[test]
fn the_header_printed_again_and_rows_of_nothing_are_no_records() {
    let two = table(csv(), &["id", "note"]);
    check(
        &two,
        "id,note\n1,a\nid,note\n,\n2,b\n\"id\",\"note\"\n\"\",\nid,x\n",
        &[(2, "1,a"), (5, "2,b"), (8, "id,x")],
        None,
    );
    let mut cutter = open(&two, "file", b"id,note\n1,a\nid,note\n,\n".as_slice()).unwrap();
    assert_eq!((cutter.by_ref().count(), cutter.passed_over()), (1, 2));
    // Without a header nobody can tell, and one empty cell may be all that a column has.
    let bare = table(Delimited { header_line: 0, ..csv() }, &["id", "note"]);
    check(&bare, "1,a\n1,a\n,\n", &[(1, "1,a"), (2, "1,a")], None);
    check(&two, "id,note\n1,a\n,,\n", &[(2, "1,a"), (3, ",,")], None);
    let group = table(Delimited { rows: Rows::Group { field: "f0".to_owned() }, ..csv() }, &["id", "note"]);
    check(&group, "id,note\nA,1\nid,note\nA,2\n", &[(2, "A,1\nA,2")], None);
}

#[test]
fn titles_stand_before_the_header_and_it_may_have_empty_cells() {
    let three = table(Delimited { header_line: 3, ..csv() }, &["id", "", " "]);
    check(&three, ",,\nFrom \"1/1\"\"\",,\nid,, \n1,2,3\n", &[(4, "1,2,3")], None);
    let moved = "is not v: line 3 has 0 of its 3 columns, and line 1 has them all: `header_line = 1`";
    check(&three, "id,, \n1,2,3\n4,5,6\n", &[], Some(moved));
    let missing = "column \"id\" is missing; column \"\" is missing; column \" \" is missing";
    let why = format!("is not v: line 3 has 0 of its 3 columns; {missing}");
    check(&three, "i,, \n1,2,3\n4,5,6\n", &[], Some(&why));
    let bare = table(Delimited { header_line: 0, ..csv() }, &["id", "note"]);
    check(&bare, "1,a\n2,b\n", &[(1, "1,a"), (2, "2,b")], None);
    check(&bare, "1,a,x\n", &[], Some("is in none of the platform's formats: v: line 1 has 3 cells instead of 2"));
}

#[test]
fn lines_behind_the_last_record_are_none() {
    let two = table(Delimited { footer_lines: 2, ..csv() }, &["id", "note"]);
    let records = [(2, "1,a"), (3, "2,\"b\nc\"")];
    for end in ["Total,2\nEnd of \"report", "Total,2\n\nEnd of report\n", "\n Total\r\n \r\nEnd\r\n\r\n\n"] {
        check(&two, &format!("id,note\n1,a\n2,\"b\nc\"\n{end}"), &records, None);
    }
    check(&two, "id,note\nTotal,0\nEnd\n", &[], None);
    check(&two, "id,note\r1,a\rTotal\rEnd\r", &[(1, "1,a")], None);
    // A file without its footer must not lose its header to it.
    check(&two, "id,note\n1,a\n", &[], Some("line 1: the header is missing, or among the lines of the footer"));
    // Records from one chunk to the next, and a footer that never ends.
    let rows = 20_000_u64;
    let file: String = (0..rows).map(|row| format!("{row},some text\n")).collect();
    let (cuts, why) = cut(&two, format!("id,note\n{file}Total,1\nEnd").as_bytes());
    assert_eq!((cuts.len() as u64, cuts.last().map(|(line, _)| *line), why), (rows, Some(rows + 1), None));
    let endless = format!("id,note\n1,a\n{}", "x".repeat(CUT_BYTES_MAX + 100_000));
    assert!(cut(&two, endless.as_bytes()).1.is_some_and(|why| why.contains("longer than any record")));
}

#[test]
fn a_quote_that_stays_open_is_told_after_the_records_before_it() {
    let two = table(csv(), &["id", "note"]);
    let open = |line| format!("line {line}: a quote is opened here and never closed");
    check(&two, "id,note\n1,a\n2,\"b\n3,c\n", &[(2, "1,a")], Some(&open(3)));
    check(&two, "id,note\n1,a\n\n2,\"", &[(2, "1,a")], Some(&open(4)));
    let tabs = table(Delimited { delimiter: b'\t', backslash_escapes: true, ..csv() }, &["id", "note"]);
    check(&tabs, "id\tnote\n1\t\"a\\nb\n2\tb\n", &[(2, "1\t\"a\\nb"), (3, "2\tb")], None);
    let long = format!("id,note\n1,a\n2,\"{}", "some text\n".repeat(CUT_BYTES_MAX / 10 + 1));
    let (records, why) = cut(&two, long.as_bytes());
    assert_eq!(records.len(), 1);
    assert_eq!(why.as_deref(), Some("line 3: begins a row longer than any record may be; a quote may be open"));
}

#[test]
fn neighbours_of_a_group_are_one_record() {
    let group = table(Delimited { rows: Rows::Group { field: "f0".to_owned() }, ..csv() }, &["id", "note"]);
    check(
        &group,
        "id,note\r\nA,1\r\n\"A\",2\r\nB,\"3\r\n4\"\r\nA,5\r\n",
        &[(2, "A,1\r\n\"A\",2"), (4, "B,\"3\r\n4\""), (6, "A,5")],
        None,
    );
    check(&group, "id,note\nA,1\nA\nA,3\nA,4", &[(2, "A,1"), (3, "A"), (4, "A,3\nA,4")], None);
    check(&group, "id,note\n,1\n,2\n\"A,1\n\"x,2\n", &[(2, ",1"), (3, ",2"), (4, "\"A,1\n\"x,2")], None);
    // What nobody can read spoils no record beside it.
    check(&group, "id,note\nA,1\nA,\"b\"c\nA,3\n", &[(2, "A,1"), (3, "A,\"b\"c"), (4, "A,3")], None);
    check(
        &group,
        "id,note\nA,1\nA,2\nA,\"3\n",
        &[(2, "A,1\nA,2")],
        Some("line 4: a quote is opened here and never closed"),
    );
}

#[test]
fn rows_without_what_only_a_first_row_has_go_on_with_it() {
    let empty = vec!["f0".to_owned(), "f2".to_owned()];
    let rows = table(Delimited { rows: Rows::Continuation { empty }, ..csv() }, &["id", "sum", "day"]);
    check(
        &rows,
        "id,sum,day\n1,2,3\n,4,\n,5,\"\"\n6,7,\n,8,9\n",
        &[(2, "1,2,3\n,4,\n,5,\"\""), (5, "6,7,"), (6, ",8,9")],
        None,
    );
    check(&rows, "id,sum,day\n,1,\n,2,\n3,4,5\n,\n,6,\n", &[(2, ",1,\n,2,"), (4, "3,4,5"), (5, ","), (6, ",6,")], None);
}

#[test]
fn the_version_is_the_one_whose_columns_the_file_has() {
    let old = source("old", Format::Delimited(csv()), columns(&["id", "note"]));
    let new = source("new", Format::Delimited(Delimited { delimiter: b';', ..csv() }), columns(&["id", "note", "day"]));
    let mut both = platform(vec![old, new]);
    let version = |both: &Definition, file: &str| match open(both, "file", file.as_bytes()) {
        Ok(cutter) => Ok(cutter.source_version().to_owned()),
        Err(problem) => Err(problem.why),
    };
    assert_eq!(version(&both, "id,note\n1,a\n"), Ok("old".to_owned()));
    assert_eq!(version(&both, "id;note;day\n1;a;b"), Ok("new".to_owned()));
    let moved = version(&both, "note;id;day;more\n").unwrap_err();
    assert_eq!(moved, "is not new: column 4 \"more\" is new; column \"note\" stands at 1 instead of 2");
    assert_eq!(
        version(&both, "id,notes\n").unwrap_err(),
        "is not old: column 2 is called \"notes\" instead of \"note\""
    );
    let record = version(&both, "A-17,Jane Roe\n").unwrap_err();
    assert!(record.contains("\"id\" is missing") && !record.contains("Jane"), "{record}");
    let by_chance = version(&both, "note;A-17;Jane Roe\n").unwrap_err();
    assert!(by_chance.contains("1 of its 3") && !by_chance.contains("Jane"), "{by_chance}");
    assert_eq!(version(&both, "").unwrap_err(), "is empty");
    both.sources[0].encoding = Encoding::Windows1252;
    both.sources[0].fields = columns(&["numéro", "note"]);
    let western = open(&both, "file", b"num\xe9ro,note\n1,\xe9\n".as_slice()).unwrap();
    assert_eq!(western.source_version(), "old");
    assert_eq!(western.map(|cut| cut.unwrap().bytes).collect::<Vec<_>>(), [b"1,\xe9".to_vec()]);
}

#[test]
fn of_two_versions_that_nothing_tells_apart_one_has_to_be_named() {
    let version = |version: &str| source(version, Format::Delimited(csv()), columns(&["id", "note"]));
    let twins = platform(vec![version("wages"), version("hours")]);
    let opened = |named: Option<&str>| {
        let cutter =
            open_beside(&twins, named, "file", b"id,note\n1,a\n".as_slice(), |_| unreachable!("nothing is joined"));
        cutter.map(|cutter| cutter.source_version().to_owned()).map_err(|problem| problem.code)
    };
    assert_eq!(opened(None), Err("CMT-9511"));
    assert_eq!((opened(Some("wages")), opened(Some("hours"))), (Ok("wages".to_owned()), Ok("hours".to_owned())));
    assert_eq!(opened(Some("days")), Err("CMT-9512"));
}

fn json_platform() -> Definition {
    let fields = |names: &[&str]| names.iter().map(|name| needed(name, SourceType::Text)).collect::<Vec<_>>();
    platform(vec![
        source("lines", Format::JsonLines, fields(&["case-id"])),
        source("export", Format::Json { records: vec!["success".to_owned(), "results".to_owned()] }, fields(&["id"])),
        source("top", Format::Json { records: Vec::new() }, fields(&["id", "more"])),
    ])
}

#[test]
fn elements_of_a_json_array_stand_as_they_are() {
    let one = json_platform();
    let file = "{\"results\":[1],\n \"success\":{\"total\":2,\"results\":[\n{\"id\":\"a]}\\\"\",\"x\":[{},\"\\\\\"]} ,\n  {\"id\": \"b\"\n}\n]},\"after\":[{}]}\n";
    check(&one, file, &[(3, "{\"id\":\"a]}\\\"\",\"x\":[{},\"\\\\\"]}"), (4, "{\"id\": \"b\"\n}")], None);
    check(&one, "[{\"id\":\"a\",\"more\":\"\"},\n{}]", &[(1, "{\"id\":\"a\",\"more\":\"\"}"), (2, "{}")], None);
    check(&one, "{\"id\":\"a\",\n\"more\":\"\"}", &[(1, "{\"id\":\"a\",\n\"more\":\"\"}")], None);
    // What is no object is a record too, for intake to refuse.
    check(
        &one,
        "[{\"id\":\"a\",\"more\":\"\"}, 3,\"b,]\",4]",
        &[(1, "{\"id\":\"a\",\"more\":\"\"}"), (1, "3"), (1, "\"b,]\""), (1, "4")],
        None,
    );
    check(&one, "{\"success\":{\"results\":[]}}", &[], None);
}

#[test]
fn a_broken_json_document_is_told_after_the_records_before_it() {
    let one = json_platform();
    let first = "{\"success\":{\"results\":[{\"id\":\"a\"}";
    let check = |rest: &str, why: &str| check(&one, &format!("{first}{rest}"), &[(1, "{\"id\":\"a\"}")], Some(why));
    check("", "line 1: the list of records is not closed");
    check(",\n{\"id\":", "line 2: the record that begins here is not closed");
    check(",\n{\"id\":}]}}", "line 2: the record that begins here is no JSON");
    check(",\n{\"id\":\"b\"]]}}", "line 2: the record that begins here is no JSON");
    check(",\n{\"id\":\"b}]}}", "line 2: a text is not closed");
    check("]}\n", "line 2: the document ends before it is closed");
    check("],\"x\":[", "line 1: the document ends before it is closed");
    check("]}}\n<html>", "line 2: something stands behind the document");
    check("],\"results\":{\"id\":\"b\"}}}", "line 1: a single object stands at \"success.results\", where lists stood");
}

#[test]
fn a_second_list_at_the_same_path_is_not_lost() {
    let file = "{\"success\":{\"results\":[{\"id\":\"a\"}],\"results\":[{\"id\":\"b\"}]}}";
    check(&json_platform(), file, &[(1, "{\"id\":\"a\"}"), (1, "{\"id\":\"b\"}")], None);
}

#[test]
fn a_path_leads_through_lists_and_where_it_ends_is_told() {
    let path = |path: &str| {
        let records = path.split('.').map(str::to_owned).collect();
        platform(vec![source("v", Format::Json { records }, vec![needed("id", SourceType::Text)])])
    };
    let file = "{\"meta\":{\"items\":[{}]},\"data\":{\"groups\":[{\"office\":\"North\",\"items\":[{\"id\":\"1\"},\n{\"id\":\"2\"}]},\n\
        {\"items\":[]},{\"items\":[{\"id\":\"3\",\"items\":[{}]}]},[{\"items\":[{\"id\":\"4\"}]}]]}}";
    let last = "{\"id\":\"3\",\"items\":[{}]}";
    let records = [(1, "{\"id\":\"1\"}"), (2, "{\"id\":\"2\"}"), (3, last), (3, "{\"id\":\"4\"}")];
    check(&path("data.groups.items"), file, &records, None);
    check(&path("items"), "[{\"items\":[{\"id\":\"1\"}]}]", &[(1, "{\"id\":\"1\"}")], None);
    let told = |wanted: &str, ends: &str| {
        let why = cut(&path(wanted), file.as_bytes()).1.unwrap_or_default();
        assert!(why.ends_with(&format!("no list of records is at {wanted:?}: {ends}")), "{why}");
    };
    told("data.items", "at \"data\" is no \"items\", but \"groups\"");
    told("results", "at the top is no \"results\", but \"meta\", \"data\"");
    told("data.groups.rows", "at \"data.groups\" is no \"rows\", but \"items\", 1 other");
    told("data.groups.office", "at \"data.groups.office\" is a single value and no list");
    told("meta", "at \"meta\" is an object and no list");
    // A key may be a value, such as a name.
    let why = cut(&path("a"), b"{\"Jane Roe\":[{}]}").1.unwrap_or_default();
    assert!(why.ends_with("at the top is no \"a\", but 1 other"), "{why}");
}

#[test]
fn json_lines_are_cut_at_their_ends_whatever_they_hold() {
    let one = json_platform();
    check(
        &one,
        "{\"case-id\":\"1\"}\r\n\n{broken\n  {\"case-id\":\"2\"}",
        &[(1, "{\"case-id\":\"1\"}"), (3, "{broken"), (4, "  {\"case-id\":\"2\"}")],
        None,
    );
}

#[test]
fn json_that_no_version_promises_is_told_by_its_names() {
    let why = |file: &str| open(&json_platform(), "file", file.as_bytes()).err().map(|problem| problem.why);
    let none = |file: &str| {
        why(file).and_then(|why| Some(why.strip_prefix("is in none of the platform's formats: ")?.to_owned()))
    };
    let expected = "top: the first record has none of its 2 fields, but 1 other; export: no list of records is at \
        \"success.results\": at the top is no \"success\", but 1 other; lines: the first record has none of its 1 fields, but 1 other";
    assert_eq!(none("{\"other\":1}\n").as_deref(), Some(expected));
    assert_eq!(why("[{\"id\":\"a\"}]").as_deref(), Some("is not top: \"more\" is missing in the first record"));
    assert!(none("[3]").is_some_and(|why| why.starts_with("top: what would be the first record is no JSON object")));
}

#[test]
fn of_two_versions_that_fit_the_one_that_reads_more_is_meant_and_the_newer_of_equals() {
    let old = vec![needed("id", SourceType::Text)];
    let new = vec![needed("id", SourceType::Text), optional("more", SourceType::Text)];
    let version = |first: &[SourceField], second: &[SourceField], file: &str| {
        let sources = [("first", first), ("second", second)];
        let sources = sources.map(|(version, fields)| source(version, Format::JsonLines, fields.to_vec()));
        let both = platform(sources.to_vec());
        open(&both, "file", file.as_bytes()).unwrap().source_version().to_owned()
    };
    assert_eq!(version(&old, &new, "{\"id\":\"1\",\"more\":\"2\"}"), "second");
    assert_eq!(version(&new, &old, "{\"id\":\"1\",\"more\":\"2\"}"), "first");
    assert_eq!(version(&new, &old, "{\"id\":\"1\"}"), "second");
}

fn xml_platform() -> Definition {
    let fields = vec![needed("id", SourceType::Text), named(needed("list", list(SourceType::Text)), "to")];
    let old = source("old", Format::Xml { record: "row".to_owned() }, fields);
    let fields = vec![named(needed("id", SourceType::Text), "@id"), optional("id2", SourceType::Text)];
    platform(vec![old, source("new", Format::Xml { record: "row".to_owned() }, fields)])
}

#[test]
fn xml_elements_stand_as_they_are() {
    let one = xml_platform();
    let file = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<!-- <row> -->\n<all>\n <rows/>\n <row a=\">\"><id>1</id><row/>&x;<![CDATA[</row>]]></row>\n\
        text<row  ><id>2<!-- </row> --></id></row >\n<row/></all>\n<!-- end -->";
    let expected = [
        (5, "<row a=\">\"><id>1</id><row/>&x;<![CDATA[</row>]]></row>"),
        (6, "<row  ><id>2<!-- </row> --></id></row >"),
        (7, "<row/>"),
    ];
    check(&one, file, &expected, None);
    check(&one, "<row id='7'/>", &[(1, "<row id='7'/>")], None);
    let declared = "<!DOCTYPE all [<!ENTITY x '<row>'> <!ELEMENT row ANY>]><all><row id='1'>&x;</row></all>";
    check(&one, declared, &[(1, "<row id='1'>&x;</row>")], None);
}

#[test]
fn a_broken_xml_document_is_told_after_the_records_before_it() {
    let check = |rest: &str, why: &str| {
        check(&xml_platform(), &format!("<all><row id='1'/>{rest}"), &[(1, "<row id='1'/>")], Some(why));
    };
    check("", "line 1: the document ends before it is closed");
    check("\n", "line 2: the document ends before it is closed");
    check("\n<row id='2'><x>", "line 2: the element that begins here is not closed");
    check("\n<row id='2", "line 2: a tag or comment that begins here is not closed");
    check("\n<!-- </all>", "line 2: a tag or comment that begins here is not closed");
    check("</all></all>", "line 1: an element is closed that was not opened");
}

#[test]
fn the_version_of_an_xml_file_is_told_by_its_first_record() {
    let version = |file: &str| match open(&xml_platform(), "file", file.as_bytes()) {
        Ok(cutter) => cutter.source_version().to_owned(),
        Err(problem) => problem.why,
    };
    assert_eq!(version("<all><row><id>1</id></row></all>"), "old");
    assert_eq!(version("<all><row id='1'><id2/></row></all>"), "new");
    assert_eq!(version("<all><row><id2/></row></all>"), "is not new: \"@id\" is missing in the first record");
    let why = version("<n:all><n:row><n:id>1</n:id></n:row><n:row/></n:all>");
    assert!(why.ends_with("old: no element \"row\" is in it, but \"n:row\", \"n:id\", 1 other"), "{why}");
    let why = version("<all><row><n:id>Jane Roe</n:id></row></all>");
    assert!(why.ends_with("old: the first record has none of its 2 fields, but \"n:id\""), "{why}");
}

#[test]
fn a_document_that_says_another_encoding_is_not_misread() {
    let mut one = xml_platform();
    let why = |one: &Definition, label: &str| {
        let file = format!("<?xml version='1.0' encoding='{label}'?><all><row id='1'/></all>");
        open(one, "file", file.as_bytes()).map(Iterator::count).map_err(|problem| problem.why)
    };
    assert_eq!(why(&one, "utf-8"), Ok(1));
    assert_eq!(why(&one, "US-ASCII"), Ok(1));
    assert!(why(&one, "ISO-8859-1").is_err_and(|why| why.contains("another encoding")));
    for source in &mut one.sources {
        source.encoding = Encoding::Windows1252;
    }
    assert_eq!(why(&one, "ISO-8859-1"), Ok(1));
    assert!(why(&one, "UTF-8").is_err_and(|why| why.contains("another encoding")));
}

const SCHEMA: &str =
    r#"{"type":"record","name":"R","fields":[{"name":"id","type":"string"},{"name":"n","type":["null","long"]}]}"#;

fn container(schema: &str, records: &[(&str, Option<i64>)]) -> Vec<u8> {
    compressed(schema, records, apache_avro::Codec::Null)
}

fn compressed(schema: &str, records: &[(&str, Option<i64>)], codec: apache_avro::Codec) -> Vec<u8> {
    use apache_avro::types::Value;
    let schema = apache_avro::Schema::parse_str(schema).unwrap();
    let mut writer = apache_avro::Writer::with_codec(&schema, Vec::new(), codec).unwrap();
    for (id, number) in records {
        let number = match number {
            Some(number) => Value::Union(1, Box::new(Value::Long(*number))),
            None => Value::Union(0, Box::new(Value::Null)),
        };
        let id = ("id".to_owned(), Value::String((*id).to_owned()));
        writer.append_value(Value::Record(vec![id, ("n".to_owned(), number)])).unwrap();
        writer.flush().unwrap();
    }
    writer.into_inner().unwrap()
}

#[test]
fn the_records_of_an_avro_container_are_bare_datums() {
    let fields = vec![needed("id", SourceType::Text), optional("n", SourceType::Integer)];
    let one = platform(vec![crate::decode::tests::avro::with_writer(source("v", Format::Avro, fields), SCHEMA)]);
    let file = container(SCHEMA, &[("a", Some(1)), ("bc", None)]);
    let cuts: Vec<Cut> = open(&one, "file", file.as_slice()).unwrap().map(Result::unwrap).collect();
    // By hand, after the specification: length and text, index of the branch, zigzag number.
    let expected: [(&[u8], u64); 2] = [(&[2, b'a', 2, 2], 1), (&[4, b'b', b'c', 0], 2)];
    assert!(cuts.iter().map(|cut| (cut.bytes.as_slice(), cut.line)).eq(expected), "{cuts:?}");
    let mut next = open(&one, "file", &file[..file.len() - 3]).unwrap();
    assert!(next.next().unwrap().is_ok());
    assert!(next.next().unwrap().is_err(), "a container that was cut off");
    assert!(next.next().is_none());
    let other = container(&SCHEMA.replace("\"id\"", "\"id2\""), &[]);
    assert!(open(&one, "file", other.as_slice()).is_err());
}

#[test]
fn a_compressed_container_is_read_or_its_codec_named() {
    use apache_avro::Codec;
    let fields = vec![needed("id", SourceType::Text), optional("n", SourceType::Integer)];
    let one = platform(vec![crate::decode::tests::avro::with_writer(source("v", Format::Avro, fields), SCHEMA)]);
    let records = [("a", Some(1)), ("bc", None)];
    let plain = container(SCHEMA, &records);
    let bytes =
        |file: &[u8]| -> Vec<Vec<u8>> { open(&one, "file", file).unwrap().map(|cut| cut.unwrap().bytes).collect() };
    for codec in [Codec::Deflate(Default::default()), Codec::Snappy, Codec::Zstandard(Default::default())] {
        assert_eq!(bytes(&compressed(SCHEMA, &records, codec)), bytes(&plain), "{codec:?}");
    }
    let renamed = |name: &[u8; 6]| {
        let mut file = compressed(SCHEMA, &records, Codec::Snappy);
        let place = file.windows(6).position(|window| window == b"snappy").unwrap();
        file[place..place + 6].copy_from_slice(name);
        open(&one, "file", file.as_slice()).err().map(|problem| (problem.code, problem.why))
    };
    let why = |what: &str| Some(("CMT-9504", format!("is compressed with {what}, which is not read")));
    assert_eq!(renamed(b"brotli"), why("brotli"));
    assert_eq!(renamed(b"a\x1b[2J "), why("something without a name"));
}

#[test]
fn a_version_that_shows_too_late_is_told_so() {
    let one = platform(vec![source(
        "api",
        Format::Json { records: vec!["results".to_owned()] },
        vec![needed("id", SourceType::Text)],
    )]);
    let help = |before: usize, bom: &str| {
        let file = format!("{bom}{{\"about\":\"{}\",\"results\":[{{\"id\":\"1\"}}]}}", "x".repeat(before));
        open(&one, "file", file.as_bytes()).err().map(|problem| (problem.code, problem.help))
    };
    let bound = "only the first 256 KiB are looked at";
    for bom in ["", "\u{feff}"] {
        assert_eq!(help(PREFIX_BYTES_MAX / 2, bom), None);
        let (code, help) = help(PREFIX_BYTES_MAX, bom).unwrap();
        assert!(code == "CMT-9505" && help.contains(bound), "{code} {help}");
    }
    let small = open(&one, "file", b"{}".as_slice()).err().unwrap();
    assert!(small.code == "CMT-9505" && !small.help.contains(bound), "{}", small.help);
}

#[test]
fn a_file_larger_than_its_beginning_is_cut_to_its_end() {
    let two = table(csv(), &["id", "note"]);
    let rows = 60_000_u64;
    let file = std::iter::once("id,note\n".to_owned()).chain((0..rows).map(|row| format!("{row},some text\n")));
    let file: String = file.collect();
    assert!(file.len() > 3 * PREFIX_BYTES_MAX);
    let cuts: Vec<Cut> = open(&two, "file", file.as_bytes()).unwrap().map(Result::unwrap).collect();
    assert_eq!(cuts.len() as u64, rows);
    let last = cuts.last().unwrap();
    assert_eq!((last.line, last.bytes.as_slice()), (rows + 1, b"59999,some text".as_slice()));
}
