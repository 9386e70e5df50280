//! Arbitrary bytes, and records with a few bytes changed: every one is read or refused, in every format.

use proptest::prelude::*;

use super::*;

fn nested() -> Vec<SourceField> {
    let inner = vec![optional("x", SourceType::Text), optional("y", SourceType::Integer)];
    vec![
        needed("a", SourceType::Text),
        optional("b", SourceType::Integer),
        optional("c", SourceType::Array(Box::new(needed("item", SourceType::Record(inner))))),
    ]
}

fn flat() -> Vec<SourceField> {
    vec![needed("a", SourceType::Text), optional("b", SourceType::Integer), optional("c", SourceType::Double)]
}

const SCHEMA: &str = r#"{"type":"record","name":"R","fields":[{"name":"a","type":"string"},{"name":"b","type":["null","long"]},
    {"name":"c","type":["null",{"type":"array","items":{"type":"record","name":"I","fields":[
        {"name":"x","type":["null","string"]},{"name":"y","type":["null","long"]}]}}]}]}"#;

/// Each format with a record that it reads.
fn every_format() -> Vec<(Definition, Vec<u8>)> {
    let tabs = Delimited { delimiter: b'\t', backslash_escapes: true, ..csv() };
    let group = Delimited { rows: Rows::Group { field: "a".to_owned() }, ..csv() };
    let continuation = Delimited { rows: Rows::Continuation { empty: vec!["b".to_owned()] }, ..csv() };
    let mut formats = vec![
        (source("v", Format::JsonLines, nested()), br#"{"a":"t","b":1,"c":[{"x":"u","y":2},{}]}"#.to_vec()),
        (
            source("v", Format::Xml { record: "r".to_owned() }, nested()),
            b"<r k='1'><a>t &amp; <![CDATA[u]]></a><b> 1 </b><c><x>u</x></c><c><y>2</y></c></r>".to_vec(),
        ),
        (source("v", Format::Delimited(csv()), flat()), b"\"t, \"\"u\"\"\",1,2.5\r\n".to_vec()),
        (source("v", Format::Delimited(tabs), flat()), b"t\\tu\t1\t2.5\n".to_vec()),
        (source("v", Format::Delimited(group), flat()), b"t,1,2.5\nt,2,\"3\"".to_vec()),
        (source("v", Format::Delimited(continuation), flat()), b"t,1,2.5\nt,,3".to_vec()),
        (
            super::avro::with_writer(source("v", Format::Avro, nested()), SCHEMA),
            vec![0, 0, 0, 0, 9, 2, b't', 2, 2, 2, 4, 2, 2, b'u', 2, 4, 0, 0, 0],
        ),
    ];
    let mut western = formats[2].clone();
    western.0.encoding = Encoding::Windows1252;
    formats.push(western);
    formats.into_iter().map(|(source, record)| (platform(vec![source]), record)).collect()
}

#[test]
fn the_record_of_each_format_is_read() {
    for (platform, record) in every_format() {
        let read = read(&platform, &record);
        assert!(read.is_ok(), "{read:?} of {:?}", platform.sources[0].format);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn arbitrary_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        for (platform, _) in every_format() {
            check(&platform, &bytes)?;
        }
    }

    #[test]
    fn changed_records_are_read_or_refused(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3_u8), 1..6),
    ) {
        for (platform, mut record) in every_format() {
            for (place, byte, how) in &changes {
                if record.is_empty() {
                    break;
                }
                let place = place.index(record.len());
                match how {
                    0 => record[place] = *byte,
                    1 => record.insert(place, *byte),
                    _ => { record.remove(place); }
                }
            }
            check(&platform, &record)?;
        }
    }
}

/// A refusal is one of this stage, and its field is a path of the schema, never a text of the record.
fn check(platform: &Definition, record: &[u8]) -> Result<(), TestCaseError> {
    if let Err((reason, field)) = read(platform, record) {
        prop_assert_eq!(reason.stage(), crate::model::rejection::Stage::Decode);
        const PATHS: [&str; 10] = ["a", "b", "c", "c[]", "c[].x", "c[].y", "rows[].a", "rows[].b", "rows[].c", "rows"];
        prop_assert!(field.as_deref().is_none_or(|field| PATHS.contains(&field)), "{:?}", field);
    }
    Ok(())
}
