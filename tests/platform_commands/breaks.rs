//! Breaks are told: a folder whose schema changed (`compare`), and a file whose header did (`map`, and `feed` alike).

use std::fs;

use crate::Bench;

const TOML: &str = r#"title = "Invented decisions"
origin = "CA-ON"
language = "en"
time_zone = "America/Toronto"
domains = ["LABOUR_STANDARDS"]
decisions_are = "decisions are rows with a fine"
names_subjects = true
authority = { id = "on-test", name = "Test authority" }
[legal_bases]
act = { scheme = "CA-ON", value = "S.O. 2000, c. 41" }
[codes.severity]
"Serious" = "SEVERE"
[[source]]
version = "v1"
"#;

const FIELDS: [&str; 4] = [
    r#"{"name":"number","native":"Case No.","type":"string"}"#,
    r#"{"name":"firm","native":"Employer","type":"string"}"#,
    r#"{"name":"decided","native":"Decided","type":"string"}"#,
    r#"{"name":"level","native":"Severity","type":["null","string"]}"#,
];

const MAPPING: &str = r#"{
  "kind": "ORIGINAL",
  "event_id": .number,
  "case_id": .number,
  "decided": date(.decided, ["%Y-%m-%d"]),
  "severity": code("severity", .level),
  "infraction": { "title": "Unpaid wages" },
  "subject": { "legal_name": .firm }
}
"#;

/// Writes a folder in a format with these fields and this mapping.
fn folder(bench: &Bench, state: &str, format: &str, fields: &[&str], mapping: &str) -> String {
    let path = format!("{state}/on-test");
    bench.write(&format!("{path}/platform.toml"), format!("{TOML}{format}\n").as_bytes());
    let schema = format!(r#"{{"type":"record","name":"Row","fields":[{}]}}"#, fields.join(","));
    bench.write(&format!("{path}/source.avsc"), schema.as_bytes());
    bench.write(&format!("{path}/mapping.vrl"), mapping.as_bytes());
    bench.path(&path).to_str().unwrap().to_owned()
}

/// The codes of what breaks between the sound folder and another one, in their order.
fn codes(format: &str, fields: &[&str], mapping: &str) -> Vec<String> {
    let bench = Bench::new();
    let old = folder(&bench, "before", format, &FIELDS, MAPPING);
    let new = folder(&bench, "after", format, fields, mapping);
    let output = bench.run(&["platform", "compare", &old, &new, "--format", "json"]);
    let told = String::from_utf8(output.stderr).unwrap();
    let code =
        |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap()["code"].as_str().unwrap().to_owned();
    let codes: Vec<String> = told.lines().map(code).collect();
    let expected = if codes.is_empty() { 0 } else { 65 };
    assert_eq!(output.status.code(), Some(expected), "{told}");
    codes
}

fn fields(change: impl Fn(&mut Vec<String>)) -> Vec<String> {
    let mut fields: Vec<String> = FIELDS.map(str::to_owned).to_vec();
    change(&mut fields);
    fields
}

fn texts(fields: &[String]) -> Vec<&str> {
    fields.iter().map(String::as_str).collect()
}

const CSV: &str = "format = \"csv\"";
const JSON: &str = "format = \"json\"";

/// Of two versions with the same columns the last was taken for every file.
#[test]
fn a_file_that_two_versions_fit_is_of_the_one_that_is_named() {
    let bench = Bench::new();
    folder(&bench, "platforms", "format = \"csv\"\n[[source]]\nversion = \"v2\"\nformat = \"csv\"", &FIELDS, MAPPING);
    let file =
        bench.write("cases.csv", b"Case No.,Employer,Decided,Severity\nA-1,Quibble Bakery Inc,2020-01-02,Serious\n");
    let map = ["map", file.to_str().unwrap(), "--platform", "on-test", "--summary", "--format", "json"];
    let told = bench.bad(&map, 65);
    assert!(told.contains("CMT-9511") && told.contains("--source-version"), "{told}");
    for version in ["v1", "v2"] {
        let named = bench.good(&[&map[..], &["--source-version", version]].concat());
        let counts: serde_json::Value = serde_json::from_str(&named).unwrap();
        assert_eq!((&counts["source_version"], &counts["outcomes"]["ORIGINAL"]), (&version.into(), &1.into()));
    }
    assert!(bench.bad(&[&map[..], &["--source-version", "v3"]].concat(), 65).contains("CMT-9512"));
}

/// Two columns without a name were taken for one that had changed.
#[test]
fn a_folder_differs_in_nothing_from_itself() {
    let bench = Bench::new();
    let nameless = |name: &str| format!(r#"{{"name":"{name}","native":"","type":["null","string"]}}"#);
    let (first, second) = (nameless("blank_1"), nameless("blank_2"));
    let fields = [&FIELDS[..], &[&first, &second]].concat();
    let path = folder(&bench, "before", "format = \"csv\"", &fields, MAPPING);
    assert_eq!(bench.good(&["platform", "compare", &path, &path]), "nothing differs\n");
}

#[test]
fn nothing_breaks_where_nothing_changes_or_more_is_allowed() {
    assert_eq!(codes(CSV, &FIELDS, MAPPING), Vec::<String>::new());
    assert_eq!(codes(JSON, &FIELDS, MAPPING), Vec::<String>::new());
    let wider = fields(|fields| {
        fields[1] = fields[1].replace("\"string\"}", "[\"null\",\"string\"]}");
        fields.push(r#"{"name":"note","type":["null","string"]}"#.to_owned());
    });
    assert_eq!(codes(JSON, &texts(&wider), MAPPING), Vec::<String>::new());
}

#[test]
fn each_change_of_a_schema_that_breaks_is_told() {
    let with = |place: usize, from: &str, to: &str| {
        let changed = FIELDS[place].replace(from, to);
        assert_ne!(changed, FIELDS[place]);
        fields(move |fields| fields[place] = changed.clone())
    };
    let renamed = with(1, "\"native\":\"Employer\"", "\"native\":\"Employers\"");
    assert_eq!(codes(CSV, &texts(&renamed), MAPPING), ["CMT-9707"]);
    assert_eq!(codes(JSON, &texts(&renamed), MAPPING), ["CMT-9707"]);
    let needed = with(3, "[\"null\",\"string\"]", "\"string\"");
    assert_eq!(codes(JSON, &texts(&needed), MAPPING), ["CMT-9705"]);
    let typed = with(0, "\"type\":\"string\"", "\"type\":\"long\"");
    let mapping = MAPPING.replace("_id\": .number", "_id\": to_string(.number)");
    // The mapping so far gave the number as it stands, which is no text any more; the new one does not.
    assert_eq!(codes(JSON, &texts(&typed), &mapping), ["CMT-9705"]);
    let more = fields(|fields| fields.push(r#"{"name":"note","type":"string"}"#.to_owned()));
    assert_eq!(codes(CSV, &texts(&more), MAPPING), ["CMT-9704"]);
    assert_eq!(codes(JSON, &texts(&more), MAPPING), ["CMT-9704"]);
    let moved = fields(|fields| fields.swap(2, 3));
    assert_eq!(codes(CSV, &texts(&moved), MAPPING), ["CMT-9706"]);
    assert_eq!(codes(JSON, &texts(&moved), MAPPING), Vec::<String>::new());
    let fewer = fields(|fields| {
        fields.pop();
    });
    let mapping = MAPPING.replace("  \"severity\": code(\"severity\", .level),\n", "");
    assert_eq!(codes(CSV, &texts(&fewer), &mapping), ["CMT-9703"]);
    // What is no longer read of an object is passed over.
    assert_eq!(codes(JSON, &texts(&fewer), &mapping), Vec::<String>::new());
}

#[test]
fn a_changed_format_version_or_id_is_told() {
    let bench = Bench::new();
    let old = folder(&bench, "before", CSV, &FIELDS, MAPPING);
    let new = folder(&bench, "after", "format = \"csv\"\ndelimiter = \";\"", &FIELDS, MAPPING);
    assert!(bench.bad(&["platform", "compare", &old, &new], 65).contains("CMT-9702"));
    let toml = TOML.replace("version = \"v1\"", "version = \"v2\"");
    bench.write("after/on-test/platform.toml", format!("{toml}{CSV}\n").as_bytes());
    assert!(bench.bad(&["platform", "compare", &old, &new], 65).contains("CMT-9701"));
    let other = MAPPING.replace("\"event_id\": .number", "\"event_id\": digest([.number, .firm])");
    let told = {
        let new = folder(&bench, "after", CSV, &FIELDS, &other);
        bench.bad(&["platform", "compare", &old, &new], 65)
    };
    assert!(told.contains("CMT-9708") && told.contains("firm, number instead of number"), "{told}");
    assert!(bench.bad(&["platform", "compare", &old, "nowhere"], 66).contains("CMT-9664"));
}

#[test]
fn what_feed_does_otherwise_is_told() {
    let bench = Bench::new();
    let old = folder(&bench, "before", CSV, &FIELDS, MAPPING);
    let joined = format!(
        "{CSV}\nabsent = [\"N/A\"]\n[[source.join]]\nfile = \"levels.csv\"\nkey = \"Case No.\"\ncolumns = [\"Severity\"]"
    );
    let new = folder(&bench, "after", &joined, &FIELDS, MAPPING);
    let path = "after/on-test/platform.toml";
    let toml = fs::read_to_string(bench.path(path)).unwrap();
    bench.write(path, toml.replacen("language", "export = \"snapshot\"\nlanguage", 1).as_bytes());
    let told = bench.good(&["platform", "compare", &old, &new]);
    for note in [
        "its rows are joined with levels.csv by \"Case No.\" instead of no file",
        "\"Severity\" stands for nothing at \"N/A\" instead of no text",
        "a file is a snapshot, and what it lacks is reported, instead of a delta",
    ] {
        assert!(told.contains(note), "{note} is not in: {told}");
    }
}

/// A schema that changes under a mapping that stays does not load at all; one whose mapping went along is compared, and
/// what the mapping so far would have said is told as a note.
#[test]
fn a_changed_schema_is_held_against_the_mapping() {
    let bench = Bench::new();
    let old = folder(&bench, "before", JSON, &FIELDS, MAPPING);
    let other = fields(|fields| fields[1] = fields[1].replace("\"name\":\"firm\"", "\"name\":\"employer\""));
    let new = folder(&bench, "after", JSON, &texts(&other), MAPPING);
    let told = bench.bad(&["platform", "compare", &old, &new], 78);
    assert!(told.contains("CMT-9302") && told.contains("`firm`"), "{told}");
    let new = folder(&bench, "after", JSON, &texts(&other), &MAPPING.replace(".firm", ".employer"));
    let told = bench.good(&["platform", "compare", &old, &new]);
    assert!(told.contains("the mapping so far has") && told.contains("nothing breaks"), "{told}");
}

#[test]
fn an_avro_schema_is_compared_as_avro_resolves_it() {
    let bench = Bench::new();
    let avro = "format = \"avro\"";
    let old = folder(&bench, "before", avro, &FIELDS, MAPPING);
    let other = fields(|fields| fields.push(r#"{"name":"note","type":"string"}"#.to_owned()));
    let new = folder(&bench, "after", avro, &texts(&other), MAPPING);
    let told = bench.bad(&["platform", "compare", &old, &new], 65);
    assert!(told.contains("note is not written and has no default") && told.contains("CMT-9702"), "{told}");
}

#[test]
fn the_versions_of_one_folder_are_compared_with_the_one_before() {
    let bench = Bench::new();
    let path = folder(&bench, "platforms", CSV, &FIELDS, MAPPING);
    let more = "[[source]]\nversion = \"v2\"\nschema = \"source-v2.avsc\"\nformat = \"csv\"\n";
    bench.write("platforms/on-test/platform.toml", format!("{TOML}{CSV}\n{more}").as_bytes());
    let other = fields(|fields| fields[2] = fields[2].replace("\"Decided\"", "\"Decided On\""));
    let schema = format!(r#"{{"type":"record","name":"Row","fields":[{}]}}"#, other.join(","));
    bench.write("platforms/on-test/source-v2.avsc", schema.as_bytes());
    let told = bench.good(&["platform", "compare", &path]);
    assert!(told == "v1 -> v2, differences: 1\n  column 3 is called \"Decided On\" instead of \"Decided\"\n", "{told}");
}

#[test]
fn a_header_that_changed_is_told_column_by_column() {
    let bench = Bench::new();
    folder(&bench, "platforms", CSV, &FIELDS, MAPPING);
    let row = "Zorblatt,Quibble Inc,2024-01-02,Serious,x,y\n";
    let told = |header: &str| {
        let file = bench.write("file.csv", format!("{header}\n{row}").as_bytes());
        let file = file.to_str().unwrap().to_owned();
        let told = bench.bad(&["map", &file, "--platform", "on-test", "--format", "json"], 65);
        assert!(!told.contains("Zorblatt") && !told.contains("Quibble"), "no value is told: {told}");
        let problem: serde_json::Value = serde_json::from_str(told.trim()).unwrap();
        assert_eq!(problem["code"], "CMT-9505");
        problem["why"].as_str().unwrap().to_owned()
    };
    assert_eq!(told("Case No.,Employer,Decided"), "is not v1: column 4 \"Severity\" is missing");
    assert_eq!(told("Case No.,Employer,Town,Decided,Severity"), "is not v1: column 3 \"Town\" is new");
    assert_eq!(
        told("CASE NO,Employer,Decided,Severty"),
        "is not v1: column 1 is called \"CASE NO\" instead of \"Case No.\"; column 4 is called \"Severty\" instead of \"Severity\""
    );
    assert_eq!(told("Case No.,Decided,Severity,Employer"), "is not v1: column \"Employer\" stands at 4 instead of 2");
    let header = told("Zorblatt,Quibble Inc,2024-01-02,Serious");
    assert!(header.starts_with("is not v1: line 1 has 0 of its 4 columns"), "{header}");
    // `feed` reads the file in the same way, before it asks for a broker.
    bench.write("comity.toml", b"[kafka]\nbootstrap_servers = \"127.0.0.1:9\"\nsingle_broker = true\n[federation]\nname = \"trial\"\njurisdictions = [\"CA-ON\", \"CA-QC\"]\n[platforms]\ndir = \"platforms\"\n");
    let file = bench.write("file.csv", format!("Case No.,Employer,Decided\n{row}").as_bytes());
    let fed = bench.bad(&["feed", file.to_str().unwrap(), "--platform", "on-test"], 65);
    assert!(fed.contains("column 4 \"Severity\" is missing"), "{fed}");
    fs::remove_file(bench.path("comity.toml")).unwrap();
}

#[test]
fn a_key_that_is_called_otherwise_is_told() {
    let bench = Bench::new();
    folder(&bench, "platforms", JSON, &FIELDS, MAPPING);
    let file = bench.write("file.json", br#"[{"Case No.":"Zorblatt","Employr":"Quibble Inc","Decided":"2024-01-02"}]"#);
    let told = bench.bad(&["map", file.to_str().unwrap(), "--platform", "on-test", "--format", "json"], 65);
    assert!(told.contains("the first record has \\\"Employr\\\" instead of \\\"Employer\\\""), "{told}");
    assert!(!told.contains("Zorblatt") && !told.contains("Quibble"), "{told}");
}
