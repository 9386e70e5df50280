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

/// Numbers of days and of milliseconds are dates, and parts of texts are no amounts.
#[test]
fn the_recipes_of_the_tutorial_give_what_they_say() {
    let tutorial = include_str!("../../docs/tutorial-platform.md").replace("\\|", "|");
    let bench = Bench::new();
    let run = |recipe: &str, field: &str, value: &str| {
        assert!(tutorial.contains(recipe), "the tutorial says {recipe}");
        let recipe = recipe.replace(".date", ".due").replace(".case_no", ".due");
        let mapping = match field {
            "decided" => MAPPING.replace("date(.decided, [\"%Y-%m-%d\"])", &recipe),
            "event_id" => MAPPING.replace("\"event_id\": .number", &format!("\"event_id\": {recipe}")),
            _ => MAPPING.replace(
                "\"subject\"",
                &format!("\"measures\": [{{ \"type\": \"FINE\", \"penalty\": {recipe} }}],\n  \"subject\""),
            ),
        };
        folder(&bench, "on-a", "", &mapping);
        let row = format!(
            "number,firm,decided,due\nA-1,Harbour Lantern Ltd.,2024-10-30,\"{}\"\n",
            value.replace('"', "\"\"")
        );
        let file = bench.write("one.csv", row.as_bytes());
        let told = bench.good(&["map", file.to_str().unwrap(), "--platform", "on-a", "--format", "json"]);
        let event: serde_json::Value = serde_json::from_str(told.lines().next().unwrap()).unwrap();
        match (event["reason"].as_str(), field) {
            (Some(reason), _) => reason.to_owned(),
            (None, "decided") => event["decided"]["date"].as_str().unwrap().to_owned(),
            (None, "event_id") => event["event_id"].as_str().unwrap().to_owned(),
            (None, _) => event["measures"][0]["penalty"]["amount_minor"].to_string(),
        }
    };
    let estimated = r#"money(capture(.due, r'^(.+) \(est\.\)$') || .due, "USD", qualifier: "ESTIMATED")"#;
    for (recipe, field, value, gives) in [
        ("money(.due, \"USD\")", "penalty", "$1,234.50", "123450"),
        ("money(.due, \"USD\")", "penalty", "USD 900", "90000"),
        ("money(.due, \"USD\")", "penalty", "1,234.50 USD", "123450"),
        ("money(.due, \"USD\")", "penalty", "$1.5 million", "unreadable_money"),
        ("money(.due, \"USD\")", "penalty", "CAD 900", "unreadable_money"),
        ("money(.due, \"EUR\", decimal: \",\")", "penalty", "1.234,50 €", "123450"),
        (estimated, "penalty", "$1,234.50 (est.)", "123450"),
        (estimated, "penalty", "$1.5 million (est.)", "unreadable_money"),
        (estimated, "penalty", "$1.5 million", "unreadable_money"),
        ("capture(.case_no, r'^=\"(.*)\"$') || .case_no", "event_id", "=\"000123\"", "on-a/000123"),
        ("excel_date(.date)", "decided", "46083", "2026-03-02"),
        ("excel_date(.date)", "decided", "46083.75", "2026-03-02"),
        ("excel_date(.date)", "decided", "60", "unreadable_date"),
        ("excel_date(.date)", "decided", "4.6083E+4", "unreadable_date"),
        ("excel_date(.date)", "decided", "soon", "unreadable_date"),
        // Midnight in Greenwich is the evening before in Toronto.
        ("epoch_ms(.date)", "decided", "1772409600000", "2026-03-01"),
        ("epoch_ms(.date)", "decided", "1772454600000", "2026-03-02"),
        ("epoch_ms(.date)", "decided", "1.5", "unreadable_date"),
        // Seconds, and what stands for nothing.
        ("epoch_ms(.date)", "decided", "1772409600", "unreadable_date"),
        ("epoch_ms(.date)", "decided", "0", "unreadable_date"),
    ] {
        assert_eq!(run(recipe, field, value), gives, "{recipe} of {value}");
    }
}

#[test]
fn a_key_of_the_top_that_stands_in_a_source_is_told_where_it_belongs() {
    let bench = Bench::new();
    folder(&bench, "on-a", "export = \"snapshot\"\n", MAPPING);
    let told = bench.bad(&["test"], 78);
    assert!(told.contains("`export` holds for every version: write it at the top"), "{told}");
}

/// What the tutorial shows of the kinds, of older formats and of rows that belong together, in a folder that is tested.
#[test]
fn the_further_parts_of_the_tutorial_hold() {
    let tutorial = include_str!("../../docs/tutorial-platform.md");
    let blocks = |language: &str| -> Vec<&str> {
        let fence = format!("```{language}\n");
        tutorial.split(&*fence).skip(1).map(|rest| rest.split("\n```").next().unwrap()).collect()
    };
    let (tables, mappings) = (blocks("toml"), blocks("vrl"));
    let [kinds_toml, older, grouped_toml] = tables.as_slice() else { panic!("three tables: {tables:?}") };
    let [kinds, grouped] = mappings.as_slice() else { panic!("two mappings: {mappings:?}") };
    let top = TOML.split("[never_sends]").next().unwrap();
    let bench = Bench::new();
    let write = |toml: &str, fields: &[&str], mapping: &str| {
        let fields: Vec<String> =
            fields.iter().map(|name| format!("{{\"name\":\"{name}\",\"type\":[\"null\",\"string\"]}}")).collect();
        let schema = format!("{{\"type\":\"record\",\"name\":\"Row\",\"fields\":[{}]}}", fields.join(","));
        bench.write("platforms/on-a/platform.toml", toml.as_bytes());
        bench.write("platforms/on-a/source.avsc", schema.as_bytes());
        bench.write("platforms/on-a/mapping.vrl", mapping.as_bytes());
    };
    let kind_of = |file: &str| {
        let event: serde_json::Value = serde_json::from_str(&bench.file("on-a", file)).unwrap();
        event["kind"].as_str().unwrap().to_owned()
    };
    write(&format!("{top}{kinds_toml}\n{older}"), &["notice_no", "status", "notice_date", "company", "reason"], kinds);
    bench.write("platforms/on-a/source-2010.avsc", bench.file("on-a", "source.avsc").as_bytes());
    bench.write("platforms/on-a/mapping-2010.vrl", kinds.as_bytes());
    for (name, row) in [
        ("1-order@2010", "R-1;Recall;2010-03-02;Harbour Lantern Ltd.;Listeria"),
        ("2-corrected", "R-1,Corrected,2026-03-03,Harbour Lantern Ltd.,Listeria"),
        ("3-closed", "R-1,Closed,2026-03-04,Harbour Lantern Ltd.,"),
        ("4-withdrawn", "R-1,Withdrawn,2026-03-05,Harbour Lantern Ltd.,"),
    ] {
        bench.write(&format!("platforms/on-a/examples/{name}.csv"), row.as_bytes());
    }
    bench.write("platforms/on-a/examples/5-unknown-word.csv", b"R-2,Postponed,2026-03-05,Harbour Lantern Ltd.,x");
    bench.good(&["test", "--update"]);
    bench.good(&["test"]);
    assert_eq!(kind_of("examples/1-order@2010.event.json"), "ORIGINAL");
    assert_eq!(kind_of("examples/2-corrected.event.json"), "CORRECTION");
    assert_eq!(kind_of("examples/3-closed.event.json"), "CLOSURE");
    assert_eq!(kind_of("examples/4-withdrawn.event.json"), "WITHDRAWAL");
    assert!(bench.file("on-a", "examples/5-unknown-word.rejection.json").contains("unknown_code"));

    let bench_rows = Bench::new();
    bench_rows.write("platforms/on-a/platform.toml", format!("{top}{grouped_toml}").as_bytes());
    bench_rows.write(
        "platforms/on-a/source.avsc",
        br#"{"type":"record","name":"Row","fields":[{"name":"case_no","native":"Case No","type":["null","string"]},
            {"name":"company","type":["null","string"]},{"name":"date","type":["null","string"]},
            {"name":"violation","type":["null","string"]},{"name":"due","type":["null","string"]}]}"#,
    );
    bench_rows.write("platforms/on-a/mapping.vrl", grouped.as_bytes());
    let file = bench_rows.write(
        "rows.csv",
        b"Case No,company,date,violation,due\nA-1,Harbour Lantern Ltd.,2026-03-02,Overtime,10\nA-1,,,Minimum wage,20\nA-2,Quill Ltd.,2026-03-02,Overtime,\n",
    );
    let told = bench_rows.good(&["map", file.to_str().unwrap(), "--platform", "on-a"]);
    assert!(told.contains("\"title\":\"Overtime; Minimum wage\"") && told.contains("\"amount_minor\":3000"), "{told}");
    assert!(told.contains("2  ORIGINAL"), "{told}");
}
