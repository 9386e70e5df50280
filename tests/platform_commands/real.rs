//! `new` and `map --summary` on real files, where the environment variable `COMITY_DATA` names their folder.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use comity::platform::definition::{Format, Rows};
use serde::Deserialize;

use crate::{Bench, repository};

/// Files of each format with their records, as those who collected them counted.
const FILES: &[(&str, &str, u64)] = &[
    ("us-nj-r", "us-state-labor/NJ-cases.csv", 7_472),
    ("us-wa-r", "us-state-labor/WA-complaints.csv", 13_153),
    ("us-ne-r", "us-state-labor/NE-citations.csv", 259),
    ("us-ma-r", "us-state-labor/MA-citations.csv", 2_049),
    ("us-ri-r", "us-state-labor/RI-complaints.csv", 630),
    ("us-il-r", "us-state-labor/IL-wage-claims.csv", 6_268),
    ("br-mg-r", "br-mg-sancionadas/empresas_sancionadas.csv", 31),
    ("ca-qc-r", "ca-montreal-food/contrevenants.csv", 4_036),
    ("ca-on-r", "ca-toronto-dinesafe/dinesafe-2011.xml", 13_844),
    ("eu-r", "eu-rasff/rasff-notifications-2024-2025.tsv", 5_635),
    ("eu-s", "eu-rasff/rasff-portal-2020-2024.csv", 14_646),
    ("us-r", "us-openfda-food/enforcement-ongoing.json", 747),
    ("us-s", "us-openfda-food/weekly-report-2012-06-13.jsonl", 63),
    ("us-t", "us-fda-warning-letters/warning_letters.csv", 1_632),
    ("us-u", "us-recalls-api/nhtsa_recalls.json", 34),
    ("kr-r", "kr-vehicle-recalls/recalls.json", 600),
];

fn data() -> Option<PathBuf> {
    let folder = std::env::var_os("COMITY_DATA").map(PathBuf::from);
    if folder.is_none() {
        println!("COMITY_DATA is not set: no real file is read");
    }
    folder
}

#[test]
fn real_files_of_each_format_become_folders_that_map_them_whole() {
    let Some(data) = data() else { return };
    let bench = Bench::new();
    for (platform, file, records) in FILES {
        let counts = bench.proposed(platform, &data.join(file));
        assert_eq!(counts["records"].as_u64(), Some(*records), "{file}");
        let outcomes = counts["outcomes"].as_object().unwrap();
        let sum: u64 = outcomes.values().map(|count| count.as_u64().unwrap()).sum();
        assert_eq!(sum, *records, "{file}: each record ends as something");
        // What the format itself refuses would be a wrong guess, but for a row or two beyond what is looked at.
        let decode = outcomes.iter().filter(|(what, _)| what.starts_with("CMT-2"));
        let refused: u64 = decode.map(|(_, count)| count.as_u64().unwrap()).sum();
        assert!(refused <= 1, "{file}: {counts}");
    }
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
            assert_eq!(counts["records"].as_u64(), Some(numbers.records), "{}", numbers.path);
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
