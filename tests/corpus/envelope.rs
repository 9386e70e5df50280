//! What stands around a record's value: no value, a version that is none, timestamps of no year, the mark of a test.

use comity::model::limit::{INSTANT_MAX_MS, INSTANT_MIN_MS};
use comity::model::rejection::Reason;

use super::case::{Case, FORMATS, Facts};
use super::platform::Record;

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    let plain = |name: String, format: &str| Case::new("envelope", name, format, Record::default().written(format));
    for format in FORMATS {
        cases.push(plain("plain".to_owned(), format));
        cases.push(Case { value: None, ..plain("no value".to_owned(), format) }.refused(Reason::NoValue, ""));
        cases.push(
            Case { value: Some(Vec::new()), ..plain("an empty value".to_owned(), format) }
                .refused(Reason::Malformed, ""),
        );
        cases.push(
            Case { test: true, ..plain("a test".to_owned(), format) }.gives(Facts { mode: "TEST", ..Facts::default() }),
        );
        for published_at in [0, -1, INSTANT_MIN_MS, INSTANT_MAX_MS] {
            cases.push(Case { published_at, ..plain(format!("published at {published_at}"), format) });
        }
        // The years 292 million before and after us, which 64 bits of milliseconds reach.
        for published_at in [INSTANT_MIN_MS - 1, INSTANT_MAX_MS + 1, i64::MIN, i64::MAX] {
            let case = Case { published_at, ..plain(format!("published at {published_at}"), format) };
            cases.push(case.refused(Reason::InvalidValue, "reported_at"));
        }
        for (of, written) in FORMATS.iter().filter(|of| **of != format).map(|of| (of, Record::default().written(of))) {
            if matches!((format, *of), ("json", "jsonl") | ("jsonl", "json")) {
                continue;
            }
            // One column where another delimiter was promised, or no such syntax at all.
            let (reason, field) = match (format, *of) {
                ("csv", _) | ("tsv", _) => (Reason::FieldCount, ""),
                _ => (Reason::Malformed, ""),
            };
            if (format, *of) == ("csv", "jsonl") || (format, *of) == ("csv", "json") || *of == "avro" {
                continue;
            }
            let case = Case { value: Some(written), ..plain(format!("{of} instead"), format) };
            cases.push(case.refused(reason, field));
        }
    }
    cases.push(Case { version: None, ..plain("no version: the last one".to_owned(), "avro") });
    cases.extend(versions());
    cases
}

/// A version is one of the platform's, sign for sign, or none.
fn versions() -> Vec<Case> {
    let mut cases = Vec::new();
    let plain = |name: String, format: &str| Case::new("envelope", name, format, Record::default().written(format));
    let long = ["v".repeat(10_000), "\0".repeat(1_000), "jsonl".repeat(2_000), "\u{202e}".repeat(5_000)];
    let strange = [
        "",
        " ",
        "JSONL",
        "Jsonl",
        "jsonl ",
        " jsonl",
        "jsonl\0",
        "\0jsonl",
        "json l",
        "jsonl\n",
        "jsonl,csv",
        "csv;",
        "../csv",
        "csv/../avro",
        "\u{456}son",
        "js\u{43e}nl",
        "jsonl\u{200b}",
        "\u{202e}lnosj",
        "\u{feff}jsonl",
        "yaml",
        "null",
        "0",
        "-1",
        "1",
        "v1",
        "latest",
        "*",
        "%",
        "${version}",
        "{{version}}",
        "<csv>",
        "csv\r\nx: y",
        "\u{1f4ce}",
    ];
    for version in strange.iter().map(|text| (*text).to_owned()).chain(long) {
        let name = format!("a version of {} bytes: {:?}", version.len(), version.chars().take(20).collect::<String>());
        let case = Case { version: Some(version), ..plain(name, "jsonl") };
        cases.push(case.refused(Reason::UnknownSourceVersion, ""));
    }
    cases
}
