//! Rows with columns of other files behind them.

use super::*;
use crate::platform::definition::Join;

const VIOLATIONS: &str =
    "id,inspection,what\nV1,I1,\"cold, holding\"\nV2,I9,floor\nV3,I2,\"two\nlines\"\r\nV4,I1\nV5,I1,a,b,c,d\n";
const INSPECTIONS: &str = "\u{feff}day,inspection,place\n2026-02-03,I1,E1\n2026-02-04,I2,E2\n,,\n2026-02-04,I2,E2\n";
const PLACES: &str = "place,name\nE1,\"Harbour \"\"Lantern\"\", Inc.\"\nE2,Quillfeather Dairy Ltd.\n";

fn joined(key: &str, columns: &[&str]) -> Definition {
    let join = |file: &str, key: &str, columns: &[&str]| Join {
        file: file.to_owned(),
        key: key.to_owned(),
        other_key: key.to_owned(),
        columns: columns.iter().map(|column| (*column).to_owned()).collect(),
    };
    let mut platform = table(csv(), &["id", "inspection", "what", "place", "day", "name"]);
    platform.sources[0].joins = vec![join("inspections.csv", key, columns), join("places.csv", "place", &["name"])];
    platform
}

fn cut_with(platform: &Definition, inspections: &str) -> Result<Vec<String>, String> {
    let beside = |name: &str| match name {
        "inspections.csv" => Ok(inspections.as_bytes()),
        "places.csv" => Ok(PLACES.as_bytes()),
        other => panic!("nothing is joined from {other}"),
    };
    let cutter = open_beside(platform, None, "violations.csv", VIOLATIONS.as_bytes(), beside);
    let cutter = cutter.map_err(|problem| format!("{}: {}", problem.file, problem.why))?;
    Ok(cutter.map(|cut| String::from_utf8(cut.unwrap().bytes).unwrap()).collect())
}

#[test]
fn a_row_gets_the_columns_of_the_rows_that_its_keys_find() {
    let cuts = cut_with(&joined("inspection", &["place", "day"]), INSPECTIONS).unwrap();
    let expected = [
        "V1,I1,\"cold, holding\",E1,2026-02-03,\"Harbour \"\"Lantern\"\", Inc.\"",
        // No inspection has this key, so no place is known.
        "V2,I9,floor,,,",
        "V3,I2,\"two\nlines\",E2,2026-02-04,Quillfeather Dairy Ltd.",
    ];
    assert_eq!(cuts[..3], expected);
    // What has another number of cells never comes out with the right one.
    for cut in &cuts[3..] {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(cut.as_bytes());
        assert_ne!(reader.records().next().unwrap().unwrap().len(), 6, "{cut}");
    }
    assert_eq!(cuts.len(), 5);
}

#[test]
fn a_file_that_cannot_be_joined_is_told() {
    let platform = joined("inspection", &["place", "day"]);
    let told = |inspections: &str| cut_with(&platform, inspections).unwrap_err();
    assert_eq!(told("day,place\n"), "inspections.csv: column \"inspection\" is missing");
    let twice = format!("{INSPECTIONS}2026-02-05,I1,E1\n");
    assert_eq!(told(&twice), "inspections.csv: line 6: an earlier row has the same key and other values");
    let unreliable = "inspections.csv: line 2: has not the cells of its header, or a quote within one";
    for row in ["1,I1", "1,I1,E1, Ottawa", "1,\"I1\"x,E1", "1,I1,\"E1\n2,I2,\"E2"] {
        assert_eq!(told(&format!("day,inspection,place\n{row}\n")), unreliable, "{row}");
    }
    assert!(told("day,inspection,place\n1,\"I1").contains("a quote is opened here and never closed"));
    let why = open(&platform, "violations.csv", VIOLATIONS.as_bytes()).map(|_| ()).unwrap_err().why;
    assert_eq!(why, "is joined to violations.csv and not at hand");
}

#[test]
fn the_key_may_have_another_name_in_the_other_file_and_rows_without_partner_are_counted() {
    let mut platform = joined("inspection", &["place", "day"]);
    platform.sources[0].joins[0].other_key = "number".to_owned();
    let inspections = INSPECTIONS.replace("inspection", "number");
    assert_eq!(
        cut_with(&platform, &inspections).unwrap(),
        cut_with(&joined("inspection", &["place", "day"]), INSPECTIONS).unwrap()
    );
    let beside = |name: &str| Ok(if name == "places.csv" { PLACES.as_bytes() } else { inspections.as_bytes() });
    let mut cutter = open_beside(&platform, None, "violations.csv", VIOLATIONS.as_bytes(), beside).unwrap();
    assert_eq!(cutter.by_ref().count(), 5);
    assert_eq!(cutter.alone(), [("inspections.csv", 1), ("places.csv", 1)]);
}

#[test]
fn a_joined_file_with_another_delimiter_is_told_so() {
    let platform = joined("inspection", &["place", "day"]);
    let why = cut_with(&platform, &INSPECTIONS.replace(',', ";")).unwrap_err();
    let expected = "column \"inspection\" is missing: its delimiter is ';', and that of the file that is fed is ','";
    assert_eq!(why, format!("inspections.csv: {expected}"));
}
