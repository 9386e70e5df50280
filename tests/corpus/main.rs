//! Bad input: every case of a corpus becomes exactly what it states, within 8 MiB, and a rejection says nothing of its
//! record. The cases are made by the modules here, each from a table of inputs; no case was taken from what the program
//! does.

mod avro;
mod case;
mod envelope;
mod json;
mod json_values;
mod marked;
mod platform;
mod values;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use case::{Case, Expected, says_nothing};
use comity::intake::handle;
use comity::model::entry::Body;
use comity::model::record::{RawRecord, SourcePosition};
use comity::model::rejection::Reason;
use comity::platform::Platform;
use comity::schema::log::encode_entry;
use platform::{Record, platform};

#[global_allocator]
static ALLOCATOR: counting::Counting = counting::Counting;

/// Bytes that any one record may cost on its way to the log's entry.
const RECORD_COST_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Cases that the corpus has at least.
const CASES_MIN: usize = 1_500;

fn corpus() -> Vec<Case> {
    [json::cases(), json_values::cases(), avro::cases(), marked::cases(), values::cases(), envelope::cases()]
        .into_iter()
        .flatten()
        .collect()
}

fn run(platform: &Platform, case: &Case) -> Body {
    let at = SourcePosition { topic: Arc::from("comity.in.corpus"), partition: 0, from: 1, offset: 2 };
    let record = RawRecord {
        at: &at,
        value: case.value.as_deref(),
        source_version: case.version.as_deref(),
        test: case.test,
        published_at: case.published_at,
    };
    handle(platform, &record, Some(b"key"))
}

#[test]
fn every_record_becomes_what_its_case_states() {
    let platform = platform();
    let cases = corpus();
    let mut groups: BTreeMap<&str, usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    for case in &cases {
        *groups.entry(case.group).or_default() += 1;
        let found = Expected::of(&run(&platform, case));
        if found != case.expected {
            wrong.push(format!(
                "{} | {} | {:?}\n    wanted {:?}\n    is     {found:?}",
                case.group, case.name, case.version, case.expected
            ));
        }
    }
    println!("{} cases: {groups:?}", cases.len());
    assert!(cases.len() >= CASES_MIN);
    assert!(wrong.is_empty(), "{} of {} are wrong:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[test]
fn no_case_stands_twice() {
    let mut seen = BTreeSet::new();
    for case in corpus() {
        assert!(seen.insert((case.group, case.name.clone(), case.version)), "{} | {} twice", case.group, case.name);
    }
}

#[test]
fn no_record_costs_more_than_8_mib() {
    let platform = platform();
    // What is built once for the process, tables and automata, is no record's cost.
    for format in case::FORMATS {
        let plain = Case::new("", "", format, Record::default().with("lei", "529900T8BM49AURSDO55").written(format));
        let _ = encode_entry(&run(&platform, &plain));
    }
    let cost = |case: &Case| counting::most_bytes(|| encode_entry(&run(&platform, case))).1;
    let dearest = corpus().into_iter().map(|case| (cost(&case), case.group, case.name)).max().unwrap();
    println!("the dearest: {dearest:?}");
    assert!(dearest.0 <= RECORD_COST_BYTES_MAX, "{dearest:?}");
}

#[test]
fn a_rejection_says_nothing_of_its_record() {
    let platform = platform();
    for case in corpus() {
        if let Body::Rejection(rejection) = run(&platform, &case) {
            assert!(says_nothing(&rejection), "{} | {}: {rejection:?}", case.group, case.name);
        }
    }
}

/// A planted fault: a case that states the wrong thing is seen.
#[test]
fn a_wrong_expectation_is_seen() {
    let case = Case::new("", "", "jsonl", "{").refused(Reason::TooDeep, "");
    assert_ne!(Expected::of(&run(&platform(), &case)), case.expected);
}

/// A schema that contains itself would let few bytes make very deep values: no platform has one.
#[test]
fn a_recursive_schema_is_refused_before_a_record_is_seen() {
    let inside = [
        r#"["null","R"]"#,
        r#"{"type":"array","items":"R"}"#,
        r#"{"type":"map","values":"R"}"#,
        r#"{"type":"record","name":"S","fields":[{"name":"s","type":["null","S"]}]}"#,
        r#"{"type":"record","name":"S","fields":[{"name":"r","type":["null","R"]}]}"#,
    ];
    for of in inside {
        let mut files = platform::files();
        let text = String::from_utf8(files["source-nested.avsc"].clone()).unwrap();
        let recursive = text.replacen("\"fields\":[", &format!("\"fields\":[{{\"name\":\"again\",\"type\":{of}}},"), 1);
        files.insert("source-nested.avsc".to_owned(), recursive.into_bytes());
        let problems = comity::platform::load("corpus", &files).err().unwrap();
        assert!(problems.iter().any(|problem| problem.why.contains("contains itself")), "{of}: {problems:?}");
    }
}
