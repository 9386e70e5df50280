//! Arbitrary bytes, and files with a few bytes changed: every one is cut, or told where it cannot be, in every format.

use proptest::prelude::*;

use super::*;

/// Each format with a small file that is cut to its end, and how many records that gives.
fn every_format() -> Vec<(Definition, Vec<u8>, usize)> {
    let names = ["id", "note"];
    let tabs = Delimited { delimiter: b'\t', backslash_escapes: true, ..csv() };
    let titled = Delimited { header_line: 3, ..csv() };
    let bare = Delimited { header_line: 0, ..csv() };
    let group = Delimited { rows: Rows::Group { field: "f0".to_owned() }, ..csv() };
    let continuation = Delimited { rows: Rows::Continuation { empty: vec!["f0".to_owned()] }, ..csv() };
    let rows = b"id,note\r\nA,\"1\n2\"\r\n\r\nA,3\r\n,\"4\"\"\"\n".as_slice();
    let nested = || vec!["list".to_owned(), "of".to_owned()];
    let id = || vec![needed("id", SourceType::Text)];
    let one = |format| platform(vec![source("v", format, id())]);
    let container_fields = vec![needed("id", SourceType::Text), optional("n", SourceType::Integer)];
    let avro = source("v", Format::Avro, container_fields);
    let mut western = table(csv(), &names);
    western.sources[0].encoding = Encoding::Windows1252;
    vec![
        (table(csv(), &names), rows.to_vec(), 3),
        (western, rows.to_vec(), 3),
        (table(tabs, &names), b"id\tnote\nA\t\"1\\n\nB\t2".to_vec(), 2),
        (table(titled, &names), [b"title \"\n,\n", rows].concat(), 3),
        (table(bare, &names), rows.to_vec(), 4),
        (table(group, &names), rows.to_vec(), 2),
        (table(continuation, &names), rows.to_vec(), 2),
        (one(Format::JsonLines), b"{\"id\":\"A\"}\n\n{\"id\":\"B\"}".to_vec(), 2),
        (
            one(Format::Json { records: nested() }),
            br#"{"x":[{}],"list":{"of":[{"id":"A]\""}, {"id":"B","y":[{}]}]},"z":1}"#.to_vec(),
            2,
        ),
        (one(Format::Json { records: Vec::new() }), b"[{\"id\":\"A\"},\n{\"id\":\"B\"}]".to_vec(), 2),
        (
            one(Format::Xml { record: "r".to_owned() }),
            b"<?xml version='1.0'?><all><!-- <r> --><r a='>'><id>A</id></r>\n<r><id><![CDATA[</r>]]></id></r></all>"
                .to_vec(),
            2,
        ),
        (
            platform(vec![crate::decode::tests::avro::with_writer(avro, SCHEMA)]),
            container(SCHEMA, &[("a", Some(1)), ("bc", None)]),
            2,
        ),
    ]
}

#[test]
fn the_file_of_each_format_is_cut_to_its_end() {
    for (platform, file, records) in every_format() {
        let format = &platform.sources[0].format;
        let (cuts, stopped) = cut(&platform, &file);
        assert_eq!((cuts.len(), stopped), (records, None), "{format:?}");
        check_cuts(&platform, &file).unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn arbitrary_bytes_are_cut_or_told(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        for (platform, ..) in every_format() {
            check_cuts(&platform, &bytes)?;
        }
    }

    /// The beginning of each file stays, so that the version is recognised and the cutting itself meets the bytes.
    #[test]
    fn arbitrary_bytes_behind_a_good_beginning_are_cut_or_told(
        bytes in proptest::collection::vec(any::<u8>(), 0..100), place in any::<prop::sample::Index>(),
    ) {
        for (platform, mut file, _) in every_format() {
            file.truncate(place.index(file.len() + 1));
            file.extend_from_slice(&bytes);
            check_cuts(&platform, &file)?;
        }
    }

    #[test]
    fn changed_files_are_cut_or_told(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3_u8), 1..6),
    ) {
        for (platform, mut file, _) in every_format() {
            for (place, byte, how) in &changes {
                if file.is_empty() {
                    break;
                }
                let place = place.index(file.len());
                match how {
                    0 => file[place] = *byte,
                    1 => file.insert(place, *byte),
                    _ => { file.remove(place); }
                }
            }
            check_cuts(&platform, &file)?;
        }
    }
}

/// Cuts a file at once and a byte at a time: alike, to an end, each record as it stands in the file and behind the one
/// before but for rows that say nothing, which are left out of a group, and nothing after a problem.
fn check_cuts(platform: &Definition, file: &[u8]) -> Result<(), TestCaseError> {
    let text = !matches!(platform.sources[0].format, Format::Avro);
    let (mut records, mut rest, mut line) = (Vec::new(), file, 1);
    if let Ok(mut cutter) = open(platform, "file", file) {
        let mut stopped = false;
        while let Some(next) = cutter.next() {
            prop_assert!(!stopped, "nothing comes after a problem");
            let Ok(record) = next else {
                stopped = true;
                continue;
            };
            prop_assert!(records.len() <= file.len(), "it never ends");
            prop_assert!(record.line >= line, "{} after {}", record.line, line);
            line = record.line;
            if text && cutter.passed_over() == 0 {
                let place = rest.windows(record.bytes.len().max(1)).position(|window| window == record.bytes);
                prop_assert!(place.is_some(), "{:?} does not stand in {:?}", record.bytes, rest);
                rest = &rest[place.unwrap() + record.bytes.len()..];
            }
            records.push(record);
        }
    }
    let slowly = open(platform, "file", Slow(file)).map(|cutter| cutter.map_while(Result::ok).collect::<Vec<_>>());
    prop_assert_eq!(slowly.unwrap_or_default(), records);
    Ok(())
}

/// A container with one object, then a block of so many that its count takes two bytes.
fn two_blocks() -> Vec<u8> {
    use apache_avro::types::Value;
    let schema = apache_avro::Schema::parse_str(SCHEMA).unwrap();
    let mut writer = apache_avro::Writer::new(&schema, Vec::new()).unwrap();
    for number in 0..71 {
        let n = Value::Union(1, Box::new(Value::Long(number)));
        writer.append_value(Value::Record(vec![("id".into(), Value::String("a".into())), ("n".into(), n)])).unwrap();
        if number == 0 {
            writer.flush().unwrap();
        }
    }
    writer.into_inner().unwrap()
}

/// Cut off within a block, a container never looks whole: not in its records, nor in their count or size.
#[test]
fn a_container_that_was_cut_off_anywhere_is_told() {
    let (platform, ..) = every_format().pop().unwrap();
    let file = two_blocks();
    assert_eq!(cut(&platform, &file).0.len(), 71);
    let marker = &file[file.len() - 16..];
    let ends = file.windows(16).enumerate().filter(|(_, window)| window == &marker).map(|(place, _)| place + 16);
    let ends: Vec<usize> = ends.collect();
    assert_eq!(ends.len(), 3, "the header, and each block");
    for end in ends[0]..=file.len() {
        let (cuts, stopped) = cut(&platform, &file[..end]);
        assert_eq!(stopped.is_none(), ends.contains(&end), "cut off behind byte {end}: {} records", cuts.len());
        assert_eq!(cuts.len(), [0, 1, 71][ends.iter().filter(|known| **known <= end).count() - 1], "{end}");
    }
}

/// A block may hold no object (Avro 1.12, Object Container Files, says nothing against it).
#[test]
fn a_block_without_objects_does_not_end_a_container() {
    let (platform, file, _) = every_format().pop().unwrap();
    let marker = &file[file.len() - 16..];
    let place = file.windows(16).position(|window| window == marker).unwrap() + 16;
    let empty = [&[0, 0], marker].concat();
    for place in [place, file.len()] {
        let mut file = file.clone();
        file.splice(place..place, empty.iter().copied());
        let (cuts, stopped) = cut(&platform, &file);
        assert_eq!((cuts.len(), stopped), (2, None), "behind byte {place}");
    }
}
