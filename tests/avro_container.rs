//! A container's blocks are bounded. The library that reads them takes its bound once for the process, so this stands
//! in a process of its own.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

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
    let marker = *b"sixteen bytes :)";
    let mut file = b"Obj\x01".to_vec();
    file.extend(zigzag(1));
    for text in [b"avro.schema", schema] {
        file.extend(zigzag(text.len()));
        file.extend_from_slice(text);
    }
    file.push(0);
    file.extend_from_slice(&marker);
    file.extend(zigzag(copies));
    file.extend(zigzag(copies * datum.len()));
    file.extend(datum.repeat(copies));
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
    assert_eq!(first(63 << 20).unwrap().bytes, datum);
}
