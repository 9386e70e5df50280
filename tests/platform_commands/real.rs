//! `new` and `map --summary` on real files, where the environment variable `COMITY_DATA` names their folder.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use comity::platform::definition::{Format, Rows};
use serde::Deserialize;

use crate::{Bench, repository};

/// Files that no golden numbers count record by record, with their records as those who collected them counted.
const FILES: &[(&str, &str, u64)] = &[
    ("us-wa-r", "us-state-labor/WA-complaints.csv", 13_153),
    ("us-ks-r", "us-state-labor/KS-2011.csv", 170),
    ("us-ne-r", "us-state-labor/NE-citations.csv", 259),
    ("us-ri-r", "us-state-labor/RI-complaints.csv", 630),
    ("us-il-r", "us-state-labor/IL-wage-claims.csv", 6_268),
    ("us-t", "us-fda-warning-letters/warning_letters.csv", 1_632),
    ("us-u", "us-recalls-api/nhtsa_recalls.json", 34),
];

fn data() -> Option<PathBuf> {
    let folder = std::env::var_os("COMITY_DATA").map(PathBuf::from);
    if folder.is_none() {
        println!("COMITY_DATA is not set: no real file is read");
    }
    folder
}

#[test]
fn real_files_become_folders_that_map_them_whole() {
    let Some(data) = data() else { return };
    let bench = Bench::new();
    for (platform, file, records) in FILES {
        let counts = bench.proposed(platform, &data.join(file));
        check_whole(&counts, *records, file);
    }
}

/// Each record is there and ends as something, and hardly any is refused for its form, which would be a wrong guess.
fn check_whole(counts: &serde_json::Value, records: u64, file: &str) {
    assert_eq!(counts["records"].as_u64(), Some(records), "{file}");
    let outcomes = counts["outcomes"].as_object().unwrap();
    let sum = |start: &str| -> u64 {
        let some = outcomes.iter().filter(|(what, _)| what.starts_with(start));
        some.map(|(_, count)| count.as_u64().unwrap()).sum()
    };
    assert_eq!(sum(""), records, "{file}");
    // A row or two beyond what is looked at may be otherwise.
    assert!(sum("CMT-2") <= 1, "{file}: {counts}");
}

#[derive(Deserialize)]
struct Golden {
    file: Vec<Numbers>,
}

#[derive(Deserialize)]
struct Numbers {
    path: String,
    #[serde(default)]
    invented: bool,
    source: String,
    records: u64,
}

/// The records of a proposal are those that the platform's own folder makes, which was counted apart; where a folder puts
/// rows together on purpose a proposal does not.
#[test]
fn a_proposal_cuts_the_records_that_the_golden_numbers_count() {
    let data = data();
    let bench = Bench::new();
    let mut compared = 0;
    for entry in fs::read_dir(repository().join("tests/golden")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let golden: Golden = toml::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        for (place, numbers) in golden.file.iter().enumerate() {
            let folder = if numbers.invented { Some(repository().join("tests/quirks")) } else { data.clone() };
            let Some(folder) = folder else { continue };
            if joins_rows(&repository().join("schemas/platforms").join(&name), &name, &numbers.source) {
                continue;
            }
            let counts = bench.proposed(&format!("{name}-{place}"), &folder.join(&numbers.path));
            match numbers.invented {
                // Invented files hold what no format takes.
                true => assert_eq!(counts["records"].as_u64(), Some(numbers.records), "{}", numbers.path),
                false => check_whole(&counts, numbers.records, &numbers.path),
            }
            compared += 1;
        }
    }
    assert!(compared >= 5, "{compared} files were compared");
}

fn joins_rows(folder: &Path, name: &str, version: &str) -> bool {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            files.insert(path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read(&path).unwrap());
        }
    }
    let platform = comity::platform::load(name, &files).unwrap();
    let source = platform.definition.sources.iter().find(|source| source.version == version).unwrap();
    match &source.format {
        Format::Delimited(layout) => layout.rows != Rows::Single,
        Format::Json { .. } | Format::JsonLines | Format::Xml { .. } | Format::Avro => false,
    }
}
