//! `report` on a platform of the demonstration, against a text that was read line by line; and what it never prints.

use serde_json::Value;

use crate::{Bench, copy, repository};

/// A bench with one platform of the repository.
fn with(platform: &str) -> Bench {
    let bench = Bench::new();
    copy(
        &repository().join("schemas").join(platform),
        &bench.path("platforms").join(platform.rsplit('/').next().unwrap()),
    );
    bench
}

#[test]
fn the_report_of_a_demonstration_platform_is_as_it_was_read() {
    let bench = with("demo/ca-ab-environment");
    let told = bench.good(&["platform", "report", "ca-ab-environment"]);
    let golden = repository().join("tests/platform_commands/ca-ab-environment.txt");
    let expected = std::fs::read_to_string(golden).unwrap();
    assert_eq!(told, expected, "the report is not the one that was read");
}

/// What the folder's author knows of the mapping, as somebody who read it would say it.
#[test]
fn the_report_as_json_says_what_each_field_comes_from() {
    let bench = with("platforms/us-nj-labour");
    let sample = repository().join("tests/quirks/us-nj-labour/cases.csv");
    let sample = sample.to_str().unwrap();
    let told = bench.good(&["platform", "report", "us-nj-labour", "--sample", sample, "--format", "json"]);
    let told: Value = serde_json::from_str(&told).unwrap();
    let source = &told["sources"][0];
    let fields = &source["fields"];
    assert_eq!(fields["event_id"]["reads"], serde_json::json!(["case_number"]));
    assert_eq!(fields["decided"]["reads"], serde_json::json!(["case_entry_date"]));
    assert_eq!(fields["finality"]["tables"], serde_json::json!(["finality"]));
    assert_eq!(fields["kind"]["constants"], serde_json::json!(["\"CLOSURE\"", "\"ORIGINAL\""]));
    assert_eq!(fields["legal_basis"]["constants"][0], "prevailing_wage (N.J.S.A. 34:11-56.25)");
    assert_eq!(source["unread"], serde_json::json!(["row_label", "final_wages", "outstanding_wages"]));
    assert_eq!(source["schemes"], serde_json::json!([{"scheme": "employer-number", "persons": true}]));
    let unfilled = source["unfilled"].as_array().unwrap();
    assert!(unfilled.contains(&Value::from("occurred")) && !unfilled.contains(&Value::from("domain")), "{unfilled:?}");
    let aborts: Vec<&Value> = source["aborts"].as_array().unwrap().iter().map(|abort| &abort["word"]).collect();
    assert_eq!(aborts, ["case_checked_in", "payment_disbursed", "hearing_pending"]);
    // The counts are those of the golden file, which were made apart.
    let golden = std::fs::read_to_string(repository().join("tests/golden/us-nj-labour.toml")).unwrap();
    let golden: toml::Table = golden.parse().unwrap();
    let numbers = golden["file"].as_array().unwrap();
    let numbers = numbers
        .iter()
        .find(|file| file["path"].as_str().unwrap().ends_with("cases.csv") && file.get("invented").is_some());
    let numbers = numbers.unwrap();
    let of = |kind: &str| numbers["events"].get(kind).and_then(toml::Value::as_integer).unwrap_or_default();
    assert_eq!(told["sample"]["records"].as_i64(), numbers["records"].as_integer());
    assert_eq!(told["sample"]["originals"].as_i64(), Some(of("ORIGINAL")));
    assert_eq!(told["sample"]["outcomes"]["CLOSURE"].as_i64().unwrap_or_default(), of("CLOSURE"));
}

#[test]
fn no_value_of_a_record_is_in_a_report() {
    let bench = with("platforms/us-nj-labour");
    let sample = repository().join("tests/quirks/us-nj-labour/cases.csv");
    let told = bench.good(&["platform", "report", "us-nj-labour", "--sample", sample.to_str().unwrap()]);
    let mut reader = csv::Reader::from_path(&sample).unwrap();
    let columns = [reader.headers().unwrap().iter().position(|name| name == "Employer Trade Name").unwrap(), 1, 3];
    let mut looked = 0;
    for row in reader.records().map_while(Result::ok) {
        for cell in columns.iter().filter_map(|column| row.get(*column)).filter(|cell| cell.trim().len() > 4) {
            assert!(!told.contains(cell.trim()), "{cell} stands in the report");
            looked += 1;
        }
    }
    assert!(looked > 20, "{looked} values were looked for");
}

/// One case twice, once more when it had become final, another case, and one that is closed.
#[test]
fn the_native_id_of_a_sample_is_counted() {
    let bench = with("platforms/us-nj-labour");
    let header = ",Case #,Case Status,Employer #,Case Entry Date,Employer Trade Name,Final Wages,Outstanding Wages";
    let row = |case: &str, status: &str| format!(",{case},{status},123,2020-01-02 03:04:05,Quibble Bakery Inc,1,1\n");
    let rows = [
        row("A-1", "Cited"),
        row("A-1", "Cited"),
        row("A-1", "Docketed Judgment"),
        row("A-2", "Cited"),
        row("A-3", "Closed"),
    ];
    let sample = bench.write("cases.csv", format!("{header}\n{}", rows.concat()).as_bytes());
    let told =
        bench.good(&["platform", "report", "us-nj-labour", "--sample", sample.to_str().unwrap(), "--format", "json"]);
    let told: Value = serde_json::from_str(&told).unwrap();
    let sample = &told["sample"];
    let of = |name: &str| sample[name].as_u64().unwrap();
    let counted = [of("records"), of("originals"), of("ids"), of("repeated"), of("changed")];
    assert_eq!(counted, [5, 4, 2, 1, 1], "{sample}");
}

/// What the guard leaves out of an event is no outcome of its own, and was counted nowhere.
#[test]
fn what_the_guard_left_out_of_events_is_counted() {
    let bench = with("demo/ca-on-food");
    let mut record: Value = serde_json::from_str(&bench.file("ca-on-food", "examples/1-issued.json")).unwrap();
    record["operator"] = serde_json::json!({"legalName": "Jane Roe"});
    let file = bench.write("record.json", format!(r#"{{"notices":[{record}]}}"#).as_bytes());
    let map = ["map", file.to_str().unwrap(), "--platform", "ca-on-food", "--summary"];
    let told = bench.good(&map);
    assert!(
        told.contains("1  ORIGINAL\n") && told.contains("1  of the events without their subject, by the guard"),
        "{told}"
    );
    let counts: Value = serde_json::from_str(&bench.good(&[&map[..], &["--format", "json"]].concat())).unwrap();
    assert_eq!((&counts["subject_dropped"], &counts["outcomes"]["ORIGINAL"]), (&1.into(), &1.into()));
}

/// Reads behind variables, blocks, rows and lists are followed; a planted read is seen.
#[test]
fn reads_are_followed_and_a_new_one_is_seen() {
    let bench = with("platforms/us-nj-labour");
    let mapping = bench.file("us-nj-labour", "mapping.vrl");
    let planted = mapping.replace("\"legal_name\": squeeze(.employer_trade_name)", "\"legal_name\": name").replace(
        "status = required(",
        "name = { if .row_label == null { squeeze(.employer_trade_name) } else { \"Unnamed\" } }\nstatus = required(",
    );
    assert_ne!(planted, mapping);
    bench.write("platforms/us-nj-labour/mapping.vrl", planted.as_bytes());
    let told = bench.good(&["platform", "report", "us-nj-labour", "--format", "json"]);
    let told: Value = serde_json::from_str(&told).unwrap();
    let name = &told["sources"][0]["fields"]["subject.legal_name"];
    assert_eq!(name["reads"], serde_json::json!(["employer_trade_name"]));
    assert_eq!(name["when"], serde_json::json!(["case_status", "row_label"]));
    assert_eq!(name["constants"], serde_json::json!(["\"Unnamed\""]));
    assert_eq!(told["sources"][0]["unread"], serde_json::json!(["final_wages", "outstanding_wages"]));
    assert!(bench.bad(&["platform", "report", "us-none"], 78).contains("CMT-9031"));
}
