//! A container's blocks are bounded. The library that reads them takes its bound once for the process, so this stands
//! in a process of its own.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use apache_avro::Codec;
use comity::decode::cut;
use comity::platform::load;

/// A number as Avro writes it.
fn zigzag(number: usize) -> Vec<u8> {
    let mut rest = number * 2;
    let mut bytes = Vec::new();
    while rest > 0x7f {
        bytes.push((rest & 0x7f) as u8 | 0x80);
        rest >>= 7;
    }
    bytes.push(rest as u8);
    bytes
}

/// A container whose one block holds as many copies of this datum as fill so many bytes.
fn container(schema: &[u8], datum: &[u8], bytes: usize) -> Vec<u8> {
    let copies = bytes / datum.len();
    with_block(schema, &Codec::Null, copies, &datum.repeat(copies))
}

/// A container with one block of so many objects, as the codec left it.
fn with_block(schema: &[u8], codec: &Codec, objects: usize, block: &[u8]) -> Vec<u8> {
    let marker = *b"sixteen bytes :)";
    let mut file = b"Obj\x01".to_vec();
    file.extend(zigzag(2));
    for text in [b"avro.schema", schema, b"avro.codec", <&str>::from(*codec).as_bytes()] {
        file.extend(zigzag(text.len()));
        file.extend_from_slice(text);
    }
    file.push(0);
    file.extend_from_slice(&marker);
    file.extend(zigzag(objects));
    file.extend(zigzag(block.len()));
    file.extend_from_slice(block);
    file.extend_from_slice(&marker);
    file
}

#[test]
fn a_block_of_more_than_64_mib_is_refused_and_a_smaller_one_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/demo/ca-bc-safety");
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            files.insert(path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read(&path).unwrap());
        }
    }
    let platform = load("ca-bc-safety", &files).unwrap();
    let framed = fs::read(folder.join("examples/1-ordered.avro")).unwrap();
    let datum = if framed.first() == Some(&0) { &framed[5..] } else { &framed };
    let first = |bytes: usize| {
        let file = container(&files["source.avsc"], datum, bytes);
        cut::open(&platform.definition, "file", file.as_slice()).unwrap().next().unwrap()
    };
    // Small ones last: the larger must not be refused for having come second.
    let problem = first(65 << 20).unwrap_err();
    assert_eq!(
        (problem.code, problem.why.as_str()),
        ("CMT-9503", "record 1: cannot be read, nor can what stands behind it")
    );
    // A few kilobytes that inflate to as much are refused alike.
    for codec in [Codec::Deflate(Default::default()), Codec::Snappy, Codec::Zstandard(Default::default())] {
        let mut block = datum.repeat((65 << 20) / datum.len());
        codec.compress(&mut block).unwrap();
        let file = with_block(&files["source.avsc"], &codec, (65 << 20) / datum.len(), &block);
        let problem = cut::open(&platform.definition, "file", file.as_slice()).unwrap().next().unwrap().unwrap_err();
        assert_eq!(problem.code, "CMT-9503", "{codec:?}");
        let mut block = datum.to_vec();
        codec.compress(&mut block).unwrap();
        let file = with_block(&files["source.avsc"], &codec, 1, &block);
        let first = cut::open(&platform.definition, "file", file.as_slice()).unwrap().next().unwrap();
        assert_eq!(first.unwrap().bytes, datum, "{codec:?}");
    }
    assert_eq!(first(63 << 20).unwrap().bytes, datum);
}
