use serde_json::json;

use super::*;

fn notices() -> Definition {
    let party = vec![needed("name", SourceType::Text), optional("town", SourceType::Text)];
    let finding = vec![
        named(optional("section", SourceType::Text), "@section"),
        named(needed("text", SourceType::Text), "#text"),
    ];
    let fields = vec![
        named(needed("number", SourceType::Text), "@number"),
        named(optional("revision", SourceType::Integer), "@rev"),
        optional("status", SourceType::Text),
        optional("amount", SourceType::Double),
        optional("party", SourceType::Record(party)),
        named(
            needed("findings", SourceType::Array(Box::new(needed("finding", SourceType::Record(finding))))),
            "finding",
        ),
        named(optional("notify", list(SourceType::Text)), "to"),
    ];
    platform(vec![source("v", Format::Xml { record: "notice".to_owned() }, fields)])
}

fn read_xml(record: &str) -> Result<Json, (Reason, Option<String>)> {
    read(&notices(), record.as_bytes())
}

#[test]
fn children_attributes_and_repetitions_are_fields() {
    let record = "<?xml version=\"1.0\"?>\r\n<!-- one -->\n<notice rev='2' number=\"A&amp;1\" other='x'>\r\n <status> open </status>\n\
        <amount>\n 12.50 </amount><to>CA-ON</to><finding section=\"3\">a &lt; b &#233;<!-- not this --></finding>\n\
        <party><town/><name><![CDATA[ <X> & Co. ]]></name></party><finding>second</finding><to>CA-QC</to></notice>\n";
    let expected = json!({"number":"A&1","revision":2,"status":" open ","amount":12.5,
        "party":{"name":" <X> & Co. ","town":null},
        "findings":[{"section":"3","text":"a < b é"},{"section":null,"text":"second"}],"notify":["CA-ON","CA-QC"]});
    assert_eq!(read_xml(record), Ok(expected));
}

#[test]
fn absent_and_blank_elements_are_null_and_a_list_of_none_is_empty() {
    let expected =
        json!({"number":"A","revision":null,"status":null,"amount":null,"party":null,"findings":[],"notify":null});
    for record in [
        "<notice number='A'/>",
        "<notice number='A'></notice>",
        "<notice number='A' rev=''><status>\r\n  </status><amount/></notice>",
    ] {
        assert_eq!(read_xml(record), Ok(expected.clone()), "{record}");
    }
    let verbatim = read_xml("<notice number='A'><status>&#32;</status></notice>").unwrap();
    assert_eq!(verbatim["status"], " ", "a blank that was written on purpose stays");
}

/// No document type declares them where a list is written by a program that writes web pages.
#[test]
fn characters_that_html_names_are_read() {
    let read =
        read_xml("<notice number='A'><status>Caf&eacute;&nbsp;&rsquo;s &ndash; 5&#8239;g</status></notice>").unwrap();
    assert_eq!(read["status"], "Café\u{a0}’s – 5\u{202f}g");
}

#[test]
fn lines_end_as_xml_says() {
    let read = read_xml("<notice number='A\r\nB'><status>a\r\nb\rc</status></notice>").unwrap();
    assert_eq!((&read["status"], &read["number"]), (&json!("a\nb\nc"), &json!("A B")));
}

#[test]
fn what_the_schema_does_not_list_is_passed_over() {
    let record = "<notice number='A'><x><status>no</status><x/></x><status>yes</status><name>Jane</name></notice>";
    let read = read_xml(record).unwrap();
    assert_eq!(read["status"], "yes");
    assert_eq!(read.as_object().unwrap().len(), 7);
}

#[test]
fn each_fault_is_refused_where_it_stands() {
    let check = |record: &str, reason, field| assert_eq!(read_xml(record), refused(reason, field), "{record}");
    check("<notice/>", Reason::MissingField, "number");
    check("<notice number=''/>", Reason::MissingField, "number");
    check("<notice number='A' rev='x'/>", Reason::WrongType, "revision");
    check("<notice number='A'><amount>1,5</amount></notice>", Reason::WrongType, "amount");
    check("<notice number='A'><status>a</status><status>a</status></notice>", Reason::DuplicateField, "status");
    check("<notice number='A'><status/><status>a</status></notice>", Reason::DuplicateField, "status");
    check("<notice number='A'><status>a<b/></status></notice>", Reason::WrongType, "status");
    check("<notice number='A'><party/></notice>", Reason::MissingField, "party.name");
    check("<notice number='A'><party><name/></party></notice>", Reason::MissingField, "party.name");
    check("<notice number='A'><finding section='1'/></notice>", Reason::MissingField, "findings[].text");
    check("<notice number='A'><to/></notice>", Reason::MissingField, "notify[]");
    let nested = |depth: usize| format!("<notice number='A'>{}{}</notice>", "<x>".repeat(depth), "</x>".repeat(depth));
    assert!(read_xml(&nested(30)).is_ok());
    check(&nested(31), Reason::TooDeep, "");
    check(&nested(20_000), Reason::TooDeep, "");
}

#[test]
fn nothing_is_expanded_and_nothing_else_stands_beside() {
    for record in [
        "",
        " ",
        "text",
        "<other number='A'/>",
        "<notice number='A'>",
        "<notice number='A'/><notice number='A'/>",
        "<notice number='A'/>text",
        "<notice number='A'></other>",
        "<notice number='A' number='B'/>",
        "<notice number=A/>",
        "<notice number='A'><status>a & b</status></notice>",
        "<notice number='A'><status>&company;</status></notice>",
        "<notice number='&company;'/>",
        "<notice number='A'><x>&company;</x></notice>",
        "<!DOCTYPE notice><notice number='A'/>",
        "<!DOCTYPE notice [<!ENTITY company 'X'>]><notice number='A'><status>&company;</status></notice>",
        "<!DOCTYPE notice SYSTEM 'file:///etc/passwd'><notice number='A'/>",
        "<notice number='A'><!DOCTYPE x></notice>",
        "<notice number='A'><status>&#0;</status></notice>",
        "<notice number='A'><status>&#xD800;</status></notice>",
    ] {
        assert_eq!(read_xml(record), refused(Reason::Malformed, ""), "{record}");
    }
}
