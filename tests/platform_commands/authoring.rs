//! What an author is told who knows the program only: `comity test`, errors of a mapping, and the lists of what there is.

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
[rejects]
allegation = "It is alleged; nobody has decided."
[never_sends]
SUPPLEMENT = "It is published once."
CORRECTION = "It is published once."
WITHDRAWAL = "It is published once."
CLOSURE = "It is published once."
"#;

const SCHEMA: &str = r#"{"type":"record","name":"Row","fields":[
 {"name":"number","type":"string"},{"name":"firm","type":["null","string"]},{"name":"decided","type":["null","string"]},
 {"name":"due","type":["null","string"]}]}"#;

const MAPPING: &str = r#"{
  "kind": "ORIGINAL",
  "event_id": .number,
  "case_id": .number,
  "decided": date(.decided, ["%Y-%m-%d"]),
  "infraction": { "title": "Unpaid wages" },
  "subject": { "legal_name": .firm }
}
"#;

/// A folder of rows with this mapping, and with one example.
fn folder(bench: &Bench, name: &str, source: &str, mapping: &str) {
    let path = format!("platforms/{name}");
    let toml = format!("{TOML}[[source]]\nversion = \"v1\"\nformat = \"csv\"\n{source}");
    bench.write(&format!("{path}/platform.toml"), toml.as_bytes());
    bench.write(&format!("{path}/source.avsc"), SCHEMA.as_bytes());
    bench.write(&format!("{path}/mapping.vrl"), mapping.as_bytes());
    bench.write(&format!("{path}/examples/1-order.csv"), b"A-1,Harbour Lantern Ltd.,2024-10-30,");
}

/// One folder with a fault kept all behind it in the alphabet from being tested, and its errors named no folder.
#[test]
fn a_folder_that_does_not_compile_keeps_no_other_from_being_tested() {
    let bench = Bench::new();
    folder(&bench, "on-a", "", &MAPPING.replace(".firm", ".frim"));
    folder(&bench, "on-b", "", MAPPING);
    folder(&bench, "on-c", "", MAPPING);
    let told = bench.bad(&["test", "--update"], 78);
    assert!(told.contains("on-a/mapping.vrl"), "{told}");
    bench.write("platforms/on-c/examples/2-late.csv", b"A-2,Harbour Lantern Ltd.,2024-10-31,");
    let output = bench.run(&["test", "--format", "json"]);
    let (said, told) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert_eq!(output.status.code(), Some(78), "{told}");
    assert_eq!(said, "{\"platform\":\"on-b\",\"examples\":1}\n");
    for file in ["on-a/mapping.vrl", "on-c/examples/2-late.csv"] {
        assert!(told.contains(&format!("\"file\":\"{file}\"")), "{file} is not in {told}");
    }
    // What differs alone is data, not a fault of the configuration.
    bench.bad(&["test", "on-c"], 65);
}

#[test]
fn a_file_of_allegations_alone_has_a_folder_that_can_be_tested() {
    let bench = Bench::new();
    folder(&bench, "on-a", "decides = false\n", "abort \"allegation\"");
    bench.good(&["test", "--update"]);
    assert!(bench.file("on-a", "examples/1-order.rejection.json").contains("allegation"));
    assert_eq!(bench.good(&["test"]), "on-a: 1 examples\n");
}

#[test]
fn functions_fields_and_schemes_are_listed_without_the_source_code() {
    let bench = Bench::new();
    let all = bench.good(&["platform", "functions"]);
    for line in ["money(amount, currency [, decimal, qualifier, absent, float])", "each(list) -> |item| { … }"] {
        assert!(all.lines().any(|known| known == line), "{line} is not in {all}");
    }
    assert!(all.lines().any(|line| line.starts_with("upcase(value")), "VRL's own are listed too: {all}");
    assert!(!all.contains("uuid_v4(") && !all.contains("now("), "what is not offered is not listed: {all}");
    let one = bench.good(&["platform", "functions", "date"]);
    assert!(one.contains("such as date(.day") && one.contains("absent       Texts that state no date."), "{one}");
    assert!(bench.bad(&["platform", "functions", "dat"], 64).contains("did you mean `date`?"));
    let fields = bench.good(&["platform", "fields"]);
    for (path, takes) in [
        ("event_id ", "needed  a text"),
        ("measures[].penalty ", "what money(…) returns"),
        ("for_follow_up ", "a list, each an ISO code"),
        ("finality ", "one of "),
        ("subject.legal_name ", "needed  a text"),
    ] {
        assert!(fields.lines().any(|line| line.starts_with(path) && line.contains(takes)), "{path}: {fields}");
    }
    assert!(bench.bad(&["platform", "fields", "birth"], 64).contains("CMT-9667"));
    let schemes = bench.good(&["platform", "schemes"]);
    assert!(schemes.lines().any(|line| line.starts_with("lei ") && line.contains("persons can hold one")), "{schemes}");
    assert!(schemes.lines().any(|line| line.contains("no person ")), "{schemes}");
    let french = bench.good(&["platform", "schemes", "siren", "--format", "json"]);
    assert!(french.lines().all(|line| line.contains("iren")) && french.contains("\"fr-siren\""), "{french}");
    assert!(bench.bad(&["platform", "schemes", "fr-sirne"], 64).contains("did you mean `fr-siren`?"));
}

#[test]
fn an_origin_that_there_is_not_is_told_as_that() {
    let bench = Bench::new();
    folder(&bench, "on-a", "", MAPPING);
    let toml = bench.file("on-a", "platform.toml");
    bench.write("comity.toml", b"[kafka]\nbootstrap_servers = \"127.0.0.1:9\"\nsingle_broker = true\n[federation]\nname = \"trial\"\njurisdictions = [\"US\", \"DE\"]\n[platforms]\ndir = \"platforms\"\n");
    let told = |origin: &str| {
        bench.write("platforms/on-a/platform.toml", toml.replace("\"CA-ON\"", &format!("\"{origin}\"")).as_bytes());
        bench.bad(&["check", "--offline", "--format", "json"], 78)
    };
    assert!(told("US-FDA").contains("by ISO 3166-2 there is no US-FDA"));
    assert!(told("CA-ON").contains("add it to federation.jurisdictions"));
}

#[test]
fn a_record_over_a_limit_is_counted_with_the_limit() {
    let bench = Bench::new();
    folder(&bench, "on-a", "", MAPPING);
    let long = "7".repeat(200);
    let file = bench
        .write("long.csv", format!("number,firm,decided,due\n{long},Harbour Lantern Ltd.,2024-10-30,\n").as_bytes());
    let counts = bench.good(&["map", file.to_str().unwrap(), "--platform", "on-a", "--summary"]);
    assert!(counts.contains("over_limit (event_id: at most 200 bytes with the platform's name"), "{counts}");
}
