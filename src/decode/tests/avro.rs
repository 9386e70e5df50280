use apache_avro::types::Value as Avro;
use proptest::prelude::*;
use serde_json::json;

use super::*;

const SCHEMA: &str = r#"{"type":"record","name":"Order","fields":[
    {"name":"number","type":"string"},
    {"name":"state","type":{"type":"enum","name":"State","symbols":["OPEN","CLOSED"]}},
    {"name":"count","type":["null","long"]},
    {"name":"share","type":"float"},
    {"name":"firm","type":["null",{"type":"record","name":"Firm","fields":[{"name":"legal_name","type":"string"}]}]},
    {"name":"tags","type":{"type":"array","items":"string"}},
    {"name":"sums","type":{"type":"map","values":"int"}},
    {"name":"seal","type":["null","bytes"]}]}"#;

fn orders() -> Definition {
    let fields = vec![
        needed("number", SourceType::Text),
        needed("state", SourceType::Text),
        optional("count", SourceType::Integer),
        needed("share", SourceType::Double),
        optional("firm", SourceType::Record(vec![needed("legal_name", SourceType::Text)])),
        needed("tags", list(SourceType::Text)),
        needed("sums", SourceType::Map(Box::new(needed("sum", SourceType::Integer)))),
        optional("seal", SourceType::Bytes),
    ];
    platform(vec![with_writer(source("v", Format::Avro, fields), SCHEMA)])
}

pub(crate) fn with_writer(source: Source, schema: &str) -> Source {
    Source { writer: Some(Arc::new(schema.parse().unwrap())), schema_text: schema.to_owned(), ..source }
}

/// The datum as the other library writes it.
fn written(number: &str, count: Option<i64>, tags: &[String], firm: Option<&str>) -> Vec<u8> {
    let text = |text: &str| Avro::String(text.to_owned());
    let union = |value: Option<Avro>| match value {
        Some(value) => Avro::Union(1, Box::new(value)),
        None => Avro::Union(0, Box::new(Avro::Null)),
    };
    let record = Avro::Record(vec![
        ("number".to_owned(), text(number)),
        ("state".to_owned(), Avro::Enum(1, "CLOSED".to_owned())),
        ("count".to_owned(), union(count.map(Avro::Long))),
        ("share".to_owned(), Avro::Float(0.5)),
        ("firm".to_owned(), union(firm.map(|name| Avro::Record(vec![("legal_name".to_owned(), text(name))])))),
        ("tags".to_owned(), Avro::Array(tags.iter().map(|tag| text(tag)).collect())),
        ("sums".to_owned(), Avro::Map([("a".to_owned(), Avro::Int(-7))].into())),
        ("seal".to_owned(), union(Some(Avro::Bytes(b"seal".to_vec())))),
    ]);
    let schema = apache_avro::Schema::parse_str(SCHEMA).unwrap();
    apache_avro::writer::datum::GenericDatumWriter::builder(&schema)
        .build()
        .unwrap()
        .write_value_to_vec(record)
        .unwrap()
}

fn framed(id: i32, datum: &[u8]) -> Vec<u8> {
    [&[0], id.to_be_bytes().as_slice(), datum].concat()
}

proptest! {
    #[test]
    fn what_the_avro_library_writes_is_read_back(
        number in "\\PC{1,20}", count in proptest::option::of(any::<i64>()), firm in proptest::option::of("\\PC{0,20}"),
        tags in proptest::collection::vec("\\PC{0,9}", 0..5), id in proptest::option::of(1..i32::MAX),
    ) {
        let datum = written(&number, count, &tags, firm.as_deref());
        let record = id.map_or(datum.clone(), |id| framed(id, &datum));
        let firm = firm.map(|name| json!({"legal_name":name}));
        let expected = json!({"number":number,"state":"CLOSED","count":count,"share":0.5,"firm":firm,"tags":tags,
            "sums":{"a":-7},"seal":"seal"});
        prop_assert_eq!(read_as(&orders(), Some(&record), None), Ok((expected, 0, id)));
    }
}

#[test]
fn a_datum_is_read_to_its_last_byte_and_no_further() {
    let datum = written("A-1", Some(1), &["x".to_owned()], None);
    for length in 0..datum.len() {
        assert_eq!(read(&orders(), &datum[..length]), refused(Reason::Malformed, ""), "{length} bytes");
        let cut = framed(9, &datum[..length]);
        assert_eq!(read(&orders(), &cut), refused(Reason::Malformed, ""), "{length} bytes in a frame");
    }
    let longer = [datum.as_slice(), &[0]].concat();
    assert_eq!(read(&orders(), &longer), refused(Reason::Malformed, ""));
    assert_eq!(read(&orders(), &framed(9, &longer)), refused(Reason::Malformed, ""));
}

#[test]
fn a_text_that_is_no_utf8_or_a_symbol_beyond_the_enum_is_refused() {
    let datum = written("A-1", None, &[], None);
    let mut broken = datum.clone();
    broken[2] = 0xff;
    assert_eq!(read(&orders(), &broken), refused(Reason::Malformed, ""));
    let mut beyond = datum.clone();
    beyond[4] = 4;
    assert_eq!(read(&orders(), &beyond), refused(Reason::Malformed, ""));
}

#[test]
fn a_record_that_reads_both_bare_and_framed_is_refused() {
    let schema = r#"{"type":"record","name":"R","fields":[{"name":"a","type":"string"},{"name":"b","type":"string"},
        {"name":"c","type":{"type":"array","items":"string"}}]}"#;
    let fields =
        vec![needed("a", SourceType::Text), needed("b", SourceType::Text), needed("c", list(SourceType::Text))];
    let both = platform(vec![with_writer(source("v", Format::Avro, fields), schema)]);
    // Framed: an id, "", "", no texts. Bare: "", "", and four empty texts.
    assert_eq!(read(&both, &[0, 0, 8, 0, 0, 0, 0, 0]), refused(Reason::Malformed, ""));
    let bare = json!({"a":"","b":"","c":["",""]});
    assert_eq!(read_as(&both, Some(&[0, 0, 4, 0, 0, 0]), None), Ok((bare, 0, None)));
    let framed = json!({"a":"","b":"","c":[]});
    assert_eq!(read_as(&both, Some(&[0, 0, 4, 0, 0, 0, 0, 0]), None), Ok((framed, 0, Some(0x0004_0000))));
}

#[test]
fn a_few_bytes_that_announce_very_many_values_are_refused_at_once() {
    let long = |value: i64| {
        let mut bytes = Vec::new();
        let mut zigzag = u64::from_ne_bytes(((value << 1) ^ (value >> 63)).to_ne_bytes());
        while zigzag > 0x7f {
            bytes.push(u8::try_from(zigzag & 0x7f).unwrap() | 0x80);
            zigzag >>= 7;
        }
        bytes.push(u8::try_from(zigzag).unwrap());
        bytes
    };
    let schema = r#"{"type":"record","name":"R","fields":[{"name":"a","type":{"type":"array","items":
        {"type":"array","items":{"type":"record","name":"E","fields":[]}}}}]}"#;
    let inner = SourceType::Array(Box::new(needed("item", SourceType::Record(Vec::new()))));
    let empty = platform(vec![with_writer(source("v", Format::Avro, vec![needed("a", list(inner))]), schema)]);
    let rows = |count: i64, of: i64| {
        let row = [long(of), vec![0]].concat();
        [long(count), row.repeat(usize::try_from(count).unwrap()), vec![0]].concat()
    };
    assert!(read(&empty, &rows(2, 30_000)).is_ok());
    assert_eq!(read(&empty, &rows(20, 65_536)), refused(Reason::TooLarge, ""));
    assert_eq!(read(&empty, &[long(1), long(i64::MAX), vec![0, 0]].concat()), refused(Reason::Malformed, ""));
    let huge = [long(i64::MAX), b"x".to_vec()].concat();
    assert_eq!(read(&orders(), &huge), refused(Reason::Malformed, ""), "a text longer than the record");
}
