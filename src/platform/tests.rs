//! Each kind of fault that a folder can have, planted once into a folder that is sound: told with its code, its file
//! and the very bytes at fault.

use std::collections::BTreeMap;

use super::code;
use super::definition::Partitions;
use super::{Platform, load};
use crate::model::problem::Problem;

const TOML: &str = r#"title = "Invented decisions"
origin = "CA-ON"
language = "en"
time_zone = "America/Toronto"
domains = ["LABOUR_STANDARDS", "WORKPLACE_SAFETY"]
decisions_are = "decisions are rows with a finding"
names_subjects = true
authority = { id = "on-test", name = "Test authority" }
[legal_bases]
act = { scheme = "CA-ON", value = "S.O. 2000, c. 41" }
[rejects]
no_finding = "nothing was found"
[never_sends]
CLOSURE = "it never closes"
[schemes.employer-number]
registers = "employers"
persons = true
[codes.severity]
"Serious" = "SEVERE"
[[source]]
version = "csv"
format = "csv"
delimiter = ";"
group = "Case No."
"#;

const SCHEMA: &str = r#"{"type":"record","name":"Row","fields":[
 {"name":"case_number","native":"Case No.","type":["null","string"]},
 {"name":"name","native":"Employer","type":["null","string"]},
 {"name":"number","type":["null","string"]},
 {"name":"amount","type":["null","string"]},
 {"name":"severity","type":["null","string"]},
 {"name":"decided","type":["null","string"]}]}"#;

const MAPPING: &str = r#"first = .rows[0]
if first.amount == null { abort "no_finding" }
fines = each(.rows) -> |row| { money(row.amount, "CAD") }
{
  "kind": "ORIGINAL",
  "event_id": first.case_number,
  "case_id": first.case_number,
  "decided": date(first.decided, ["%Y-%m-%d"]),
  "domain": "WORKPLACE_SAFETY",
  "subject": { "legal_name": first.name, "identifiers": [org_id("employer-number", first.number)] },
  "infraction": { "title": upcase("guard missing") },
  "severity": code("severity", first.severity),
  "measures": [{ "type": "FINE", "penalty": sum_money(fines) }]
}
"#;

fn sound() -> BTreeMap<String, Vec<u8>> {
    let files = [("platform.toml", TOML), ("source.avsc", SCHEMA), ("mapping.vrl", MAPPING)];
    files.into_iter().map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec())).collect()
}

/// The folder with one text replaced by another, which must be there.
fn with(file: &str, from: &str, to: &str) -> BTreeMap<String, Vec<u8>> {
    let mut files = sound();
    let text = String::from_utf8(files[file].clone()).unwrap();
    assert_eq!(text.matches(from).count(), 1, "{from} stands once in {file}");
    files.insert(file.to_owned(), text.replacen(from, to, 1).into_bytes());
    files
}

fn problems(files: &BTreeMap<String, Vec<u8>>) -> Vec<Problem> {
    load("on-test", files).err().unwrap_or_default()
}

fn told(problems: &[Problem]) -> String {
    let line = |problem: &Problem| {
        let word = problem.place.as_ref().map_or("", |place| &place.text[place.start..place.end]);
        format!("{} {} `{word}`: {} ({})\n", problem.code, problem.file, problem.why, problem.help)
    };
    problems.iter().map(line).collect()
}

/// One fault: the only problem told has this code and shows these bytes.
#[track_caller]
fn check(file: &str, from: &str, to: &str, code: &str, word: &str) {
    let found = problems(&with(file, from, to));
    let [problem] = found.as_slice() else { panic!("one problem for {to}, not\n{}", told(&found)) };
    let place = problem.place.as_ref().expect("a place");
    assert_eq!((problem.code, &place.text[place.start..place.end]), (code, word), "{}", told(&found));
    assert_eq!(problem.file, file);
    for text in [&problem.why, &problem.help] {
        assert!(!text.is_empty() && !text.contains('\n'), "{text}");
    }
}

#[test]
fn a_sound_folder_has_no_problem() {
    let platform: Platform = load("on-test", &sound()).unwrap_or_else(|problems| panic!("{}", told(&problems)));
    assert_eq!(platform.definition.topic, "comity.in.on-test");
    assert_eq!(platform.definition.sources[0].fields[0].native, "Case No.");
}

/// Named by their columns they made no record of several rows: the cutter looked for fields of these names.
#[test]
fn rows_are_joined_by_fields_that_have_other_names_than_their_columns() {
    let rows = |files| load("on-test", &files).expect("sound").definition.sources[0].format.clone();
    let cut = |files: BTreeMap<String, Vec<u8>>, file: &str| {
        let platform = load("on-test", &files).expect("sound");
        let cutter = crate::decode::cut::open(&platform.definition, "rows.csv", file.as_bytes()).expect("its format");
        cutter.map(|record| String::from_utf8(record.expect("a record").bytes).expect("text")).collect::<Vec<_>>()
    };
    let header = "Case No.;Employer;number;amount;severity;decided";
    let file = format!("{header}\n1;a;;;;\n1;b;;;;\n2;c;;;;\n");
    assert_eq!(cut(sound(), &file), ["1;a;;;;\n1;b;;;;", "2;c;;;;"], "{:?}", rows(sound()));
    let continued = || with("platform.toml", "group = \"Case No.\"", "continuation = [\"Case No.\", \"Employer\"]");
    let file = format!("{header}\n1;a;;;;\n;;b;;;\n;c;;;;\n");
    assert_eq!(cut(continued(), &file), ["1;a;;;;\n;;b;;;", ";c;;;;"], "{:?}", rows(continued()));
}

#[test]
fn the_columns_of_joins_are_the_last_of_the_schema() {
    let joined = |key: &str, columns: &str| {
        let mut files = sound();
        let toml = format!("{TOML}\n[[source.join]]\nfile = \"cases.csv\"\nkey = \"{key}\"\ncolumns = [{columns}]\n");
        files.insert("platform.toml".to_owned(), toml.into_bytes());
        files
    };
    let platform = load("on-test", &joined("Employer", "\"severity\", \"decided\"")).unwrap();
    assert_eq!(platform.definition.sources[0].own_fields().len(), 4);
    let why = |key: &str, columns: &str| told(&problems(&joined(key, columns)));
    assert!(why("Employer", "\"amount\"").contains("does not end with the columns of the joins"));
    assert!(why("severity", "\"severity\", \"decided\"").contains("no single column before it"));
    assert!(why("Employer", "").contains("takes no columns"));
}

/// A version of which no record is a decision says so, and its mapping keeps to it.
#[test]
fn a_version_that_never_decides_only_aborts() {
    let aborts = "if .rows[0].amount == null { abort \"no_finding\" } else { abort \"no_finding\" }\n";
    let folder = |toml: &str, mapping: &str| {
        let mut files = sound();
        files.insert("platform.toml".to_owned(), format!("{TOML}{toml}").into_bytes());
        files.insert("mapping.vrl".to_owned(), mapping.as_bytes().to_vec());
        files
    };
    let platform =
        load("on-test", &folder("decides = false\n", aborts)).unwrap_or_else(|found| panic!("{}", told(&found)));
    assert!(!platform.definition.sources[0].decides);
    let only = |files: BTreeMap<String, Vec<u8>>, code: &str, word: &str| {
        let found = problems(&files);
        let [problem] = found.as_slice() else { panic!("one problem, not\n{}", told(&found)) };
        assert_eq!(problem.code, code, "{}", told(&found));
        assert!(problem.help.contains(word), "{}", told(&found));
    };
    only(folder("", aborts), code::OUTPUT_MISSING, "decides = false");
    only(folder("decides = false\n", MAPPING), code::OUTPUT_UNKNOWN, "abort");
    only(folder("decides = \"no\"\n", MAPPING), code::WRONG_TYPE, "");
}

#[test]
fn a_topic_has_one_partition_unless_its_records_are_keyed() {
    let read = |lines: &str| {
        let files = with("platform.toml", "names_subjects = true", &format!("names_subjects = true\n{lines}"));
        load("on-test", &files).unwrap_or_else(|problems| panic!("{}", told(&problems))).definition.partitions
    };
    assert_eq!(read(""), Partitions::One);
    assert_eq!(read("keyed = false\npartitions = 1"), Partitions::One);
    assert_eq!(read("keyed = true"), Partitions::Keyed(None));
    assert_eq!(read("keyed = true\npartitions = 3"), Partitions::Keyed(Some(3)));
}

#[test]
fn the_digest_covers_each_file_but_the_examples() {
    let digest = |files: &BTreeMap<String, Vec<u8>>| load("on-test", files).expect("sound").digest;
    let mut files = sound();
    let first = digest(&files);
    files.insert("examples/one.csv".to_owned(), b"a".to_vec());
    assert_eq!(digest(&files), first);
    files.insert("README.md".to_owned(), b"a".to_vec());
    assert_ne!(digest(&files), first);
}

#[test]
fn platform_toml_says_only_what_is_known_and_valid() {
    let toml = "platform.toml";
    check(toml, "title = ", "titel = \"x\"\ntitle = ", code::UNKNOWN_KEY, "titel");
    check(toml, "persons = true", "persons = true\nnote = \"x\"", code::UNKNOWN_KEY, "note");
    check(toml, "format = \"csv\"", "format = \"csv\"\nrecord = \"ROW\"", code::UNKNOWN_KEY, "record");
    check(toml, "language = \"en\"\n", "", code::MISSING_KEY, "title = \"Invented decisions\"");
    check(toml, "names_subjects = true", "names_subjects = \"yes\"", code::WRONG_TYPE, "\"yes\"");
    check(toml, "names_subjects = true", "names_subjects = true\nkeyed = 3", code::WRONG_TYPE, "3");
    check(toml, "names_subjects = true", "names_subjects = true\npartitions = 3", code::VALUE, "3");
    check(toml, "names_subjects = true", "names_subjects = true\nkeyed = true\npartitions = 0", code::VALUE, "0");
    check(toml, "\"en\"", "\"English, mostly\"", code::VALUE, "\"English, mostly\"");
    check(toml, "\"America/Toronto\"", "\"Toronto\"", code::VALUE, "\"Toronto\"");
    check(toml, "\"CA-ON\"\nlanguage", "\"Ontario\"\nlanguage", code::VALUE, "\"Ontario\"");
    check(toml, "\"LABOUR_STANDARDS\"", "\"RELIGION\"", code::CLOSED_LIST, "\"RELIGION\"");
    check(toml, "CLOSURE = ", "CLOSED = ", code::CLOSED_LIST, "CLOSED");
    check(toml, "delimiter = \";\"", "delimiter = \";;\"", code::VALUE, "\";;\"");
    check(toml, "delimiter = \";\"", "footer_lines = 101", code::VALUE, "101");
    check(toml, "delimiter = \";\"", "encoding = \"cp1252\"", code::VALUE, "\"cp1252\"");
    let help = problems(&with(toml, "delimiter = \";\"", "delimiter = \";\"\nencoding = \"cp1252\""))[0].help.clone();
    assert!(["utf-8", "windows-1252", "iso-8859-1"].iter().all(|name| help.contains(name)), "{help}");
    check(toml, "group = \"Case No.\"", "group = \"Case\"", code::SCHEMA_FIELD, "\"Case\"");
    check(toml, "[rejects]", "[rejects", code::TOML, "\n");
}

#[test]
fn a_file_is_there_and_in_use() {
    let mut files = with("platform.toml", "version = \"csv\"", "version = \"csv\"\nschema = \"source-2.avsc\"");
    let codes =
        |files: &BTreeMap<String, Vec<u8>>| problems(files).iter().map(|problem| problem.code).collect::<Vec<_>>();
    assert_eq!(codes(&files), [code::UNUSED_FILE, code::FILE]);
    files = sound();
    files.insert("mapping.vrl".to_owned(), vec![0xff]);
    assert_eq!(codes(&files), [code::FILE]);
    files.remove("platform.toml");
    assert_eq!(codes(&files), [code::FILE]);
}

#[test]
fn every_problem_is_told_not_only_the_first() {
    let mut files = with("platform.toml", "\"LABOUR_STANDARDS\"", "\"RELIGION\"");
    let mapping = MAPPING.replace("\"ORIGINAL\"", "\"ORIGNAL\"").replace("no_finding", "nothing");
    files.insert("mapping.vrl".to_owned(), mapping.into_bytes());
    files.insert("mapping-old.vrl".to_owned(), Vec::new());
    let codes: Vec<&str> = problems(&files).iter().map(|problem| problem.code).collect();
    assert_eq!(codes, [code::CLOSED_LIST, code::UNUSED_FILE, code::ABORT, code::OUTPUT_CODE]);
}

#[test]
fn a_source_schema_is_a_record_that_ends() {
    let avsc = "source.avsc";
    let row = r#"{"name":"number","type":["null","string"]}"#;
    check(avsc, row, r#"{"name":"number","type":"Row"}"#, code::RECURSIVE, "\"Row\"");
    check(avsc, row, r#"{"name":"number","type":["int","string"]}"#, code::SCHEMA_TYPE, "\"number\"");
    check(avsc, row, r#"{"name":"number","type":["int","bytes"]}"#, code::SCHEMA_TYPE, "{");
    check(avsc, row, r#"{"name":"number","type":"decimal"}"#, code::SCHEMA_TYPE, "\"decimal\"");
    check(avsc, "\"name\":\"name\"", "\"name\":\"number\"", code::SCHEMA_FIELD, "\"number\"");
    check(avsc, "\"fields\":[\n", "\"fields\":[,\n", code::SCHEMA, ",");
}

/// Files with two columns of one name, or of none, are real; only the column that makes records must stand once.
#[test]
fn columns_may_be_called_alike_but_not_the_one_that_groups() {
    let avsc = "source.avsc";
    assert_eq!(problems(&with(avsc, "\"native\":\"Employer\"", "\"native\":\"amount\"")), []);
    let found = problems(&with(avsc, "\"native\":\"Employer\"", "\"native\":\"Case No.\""));
    assert_eq!(found.iter().map(|problem| problem.code).collect::<Vec<_>>(), [code::SCHEMA_FIELD], "{}", told(&found));
    let mut json = with(avsc, "\"native\":\"Employer\"", "\"native\":\"amount\"");
    let toml = TOML.replace("format = \"csv\"\ndelimiter = \";\"\ngroup = \"Case No.\"\n", "format = \"json\"\n");
    json.insert("platform.toml".to_owned(), toml.into_bytes());
    assert!(problems(&json).iter().any(|problem| problem.code == code::SCHEMA_FIELD), "keys of an object are names");
}

#[test]
fn a_mark_of_a_proposal_is_undecided() {
    let undecided = |files| load("on-test", &files).expect("sound").undecided;
    assert_eq!(undecided(sound()), []);
    let title = undecided(with("platform.toml", "Invented decisions", "TO DECIDE 1 and TO DECIDE 2"));
    let first = &title[0];
    let place = first.place.clone().unwrap();
    assert_eq!(
        (title.len(), first.code, first.why.as_str()),
        (1, code::UNDECIDED, "question 1 is still to be decided")
    );
    assert_eq!(&place.text[place.start..place.end], "TO DECIDE");
    let mapping = undecided(with("mapping.vrl", "first = .rows[0]", "# TO DECIDE 9: which?\nfirst = .rows[0]"));
    assert_eq!((mapping.len(), mapping[0].file.as_str()), (1, "mapping.vrl"));
}

#[test]
fn a_mapping_reads_only_what_the_schema_has() {
    let vrl = "mapping.vrl";
    check(vrl, ".rows[0]", ".row[0]", code::PATH, ".row[0]");
    check(vrl, "date(first.decided,", "date(first.decide,", code::PATH, "first.decide");
    // Bare, and in a condition: to VRL alone this is null and fine.
    check(vrl, "if first.amount == null", "if first.amuont == null", code::PATH, "first.amuont");
    check(vrl, "money(row.amount,", "money(row.amonut,", code::PATH, "row.amonut");
    check(vrl, "first = .rows[0]", ".x = 1\nfirst = .rows[0]", code::INPUT_CHANGED, ".x = 1");
    check(
        vrl,
        "first = .rows[0]",
        "first = .rows[0]\nx = %source\nif x == 1 { abort \"no_finding\" }",
        code::INPUT_CHANGED,
        "%source",
    );
}

/// To VRL alone a member that a function's result lacks is null: a mapping compiled, and every amount was absent.
#[test]
fn a_mapping_reads_only_what_a_function_gives() {
    let vrl = "mapping.vrl";
    let first = "first = .rows[0]";
    let after = |line: &str| format!("{first}\n{line}\nif x == null {{ abort \"no_finding\" }}");
    for (line, at) in [
        ("x = money(.rows[0].amount, \"CAD\").amount", "money(.rows[0].amount, \"CAD\").amount"),
        ("y = date(first.decided, [\"%Y\"])\nx = y.year", "y.year"),
        ("y = required(org_id(\"lei\", first.number))\nx = y.number", "y.number"),
        ("x = squeeze(first.name).words", "squeeze(first.name).words"),
    ] {
        check(vrl, first, &after(line), code::PATH, at);
    }
    let found = problems(&with(vrl, first, &after("x = money(first.amount, \"CAD\").amount")));
    assert_eq!(found[0].why, "what `money` gives has no `amount`");
    assert_eq!(found[0].help, "it has amount_minor, currency, qualifier");
    let whole = "y = money(first.amount, \"CAD\")\nx = y.amount_minor || date(first.decided, [\"%Y\"]).date";
    assert_eq!(problems(&with(vrl, first, &after(whole))), []);
}

#[test]
fn what_is_wrong_with_a_call_is_told_with_what_to_write() {
    let told = |call: &str| {
        let found = problems(&with("mapping.vrl", "upcase(\"guard missing\")", call));
        let [problem] = found.as_slice() else { panic!("one problem for {call}, not\n{}", told(&found)) };
        format!("{} ({})", problem.why, problem.help)
    };
    let missing = told("date(first.decided)");
    assert!(missing.contains("\"formats\"") && missing.contains("write date(text, formats [, bound,"), "{missing}");
    assert_eq!(
        told("mony(first.amount)"),
        "there is no function `mony` (did you mean `money`? `comity platform functions` lists all)"
    );
    let unknown = told("translate_company_name(first.name)");
    assert!(
        unknown.contains("Comity's are date, instant,") && unknown.contains("`comity platform functions`"),
        "{unknown}"
    );
    let needless = told("squeeze(first.name) ?? \"none\"");
    assert!(needless.contains("never used") && needless.contains("write `||`"), "{needless}");
    let scheme = told("org_id(\"siren\", first.number)");
    assert!(scheme.contains("did you mean `fr-siren`?"), "{scheme}");
}

#[test]
fn a_mapping_may_give_its_own_values_other_names() {
    let own = "own = each(.rows) -> |row| { { \"paid\": row.amount } }\n\
      if own[0].paid == \"0\" { abort \"no_finding\" }\n\
      same = .rows[1]\nsame = { \"left\": 1 }\nif same.left == 2 { abort \"no_finding\" }\nfirst = .rows[0]";
    let found = problems(&with("mapping.vrl", "first = .rows[0]", own));
    assert!(found.is_empty(), "{}", told(&found));
    let found = problems(&with("mapping.vrl", "first = .rows[0]", "gone = del(.rows)\nfirst = .rows[0]"));
    assert!(found.iter().any(|problem| problem.why.contains("read-only")), "{}", told(&found));
}

#[test]
fn a_mapping_cannot_fail_unseen() {
    let vrl = "mapping.vrl";
    check(vrl, "upcase(\"guard missing\")", "string!(first.name)", code::FALLIBLE, "string!(first.name)");
    check(vrl, "upcase(\"guard missing\")", "upcase(first.name)", code::VRL, "first.name");
    check(vrl, "upcase(\"guard missing\")", "parse_json(\"1\")", code::VRL, "parse_json(\"1\")");
    check(vrl, "abort \"no_finding\"", "abort \"nothing\"", code::ABORT, "\"nothing\"");
    check(vrl, "abort \"no_finding\"", "abort to_string(first.name)", code::ABORT, "to_string(first.name)");
    check(vrl, "abort \"no_finding\"", "abort", code::ABORT, "abort");
    check(vrl, "upcase(\"guard missing\")", "uuid_v4()", code::NOT_OFFERED, "uuid_v4");
    for (name, _) in super::functions::NOT_OFFERED {
        let known = vrl::stdlib::all().iter().any(|function| function.identifier() == *name);
        assert!(known, "{name} is no function of VRL");
    }
    let impure: Vec<&str> = vrl::stdlib::all().iter().filter(|f| !f.pure()).map(|f| f.identifier()).collect();
    for name in impure {
        assert!(super::functions::NOT_OFFERED.iter().any(|(known, _)| *known == name) || name == "del", "{name}");
    }
}

#[test]
fn a_result_is_what_the_canonical_schema_takes() {
    let vrl = "mapping.vrl";
    let name = "\"legal_name\": first.name";
    check(vrl, name, "\"legal_name\": 7", code::OUTPUT_TYPE, "7");
    check(vrl, name, "\"legal_name\": first.name, \"director\": first.name", code::OUTPUT_UNKNOWN, "first.name");
    check(
        vrl,
        "\"infraction\": {",
        "\"birth_date\": first.name, \"infraction\": {",
        code::OUTPUT_UNKNOWN,
        "first.name",
    );
    check(
        vrl,
        "\"decided\": date(first.decided, [\"%Y-%m-%d\"])",
        "\"decided\": first.decided",
        code::OUTPUT_TYPE,
        "first.decided",
    );
    check(vrl, "\"penalty\": sum_money(fines)", "\"penalty\": fines", code::OUTPUT_TYPE, "fines");
    check(vrl, "  \"case_id\": first.case_number,\n", "", code::OUTPUT_MISSING, "  \"kind\": \"ORIGINAL\",");
    check(vrl, "{ \"type\": \"FINE\", ", "{ ", code::OUTPUT_MISSING, "[{ \"penalty\": sum_money(fines) }]");
    check(vrl, "\"domain\":", "\"origin\": \"CA-QC\", \"domain\":", code::OUTPUT_UNKNOWN, "\"CA-QC\"");
}

#[test]
fn a_code_is_one_of_its_list() {
    let vrl = "mapping.vrl";
    check(vrl, "\"WORKPLACE_SAFETY\"", "\"FOOD_SAFETY\"", code::OUTPUT_CODE, "\"FOOD_SAFETY\"");
    check(vrl, "\"ORIGINAL\"", "\"CLOSURE\"", code::OUTPUT_CODE, "\"CLOSURE\"");
    check(vrl, "\"type\": \"FINE\"", "\"type\": \"PRISON\"", code::OUTPUT_CODE, "\"PRISON\"");
    check(vrl, "\"domain\":", "\"legal_basis\": [\"law\"], \"domain\":", code::OUTPUT_CODE, "\"law\"");
    let mut files = with("platform.toml", "\"SEVERE\"", "\"SEVEER\"");
    let found = problems(&files);
    assert_eq!(found.len(), 1, "{}", told(&found));
    assert_eq!((found[0].code, found[0].file.as_str()), (code::OUTPUT_CODE, "mapping.vrl"));
    // Through a variable and a condition.
    let text = MAPPING.replace("\"kind\": \"ORIGINAL\"", "\"kind\": kind");
    let text = text.replacen(
        "first =",
        "kind = if .rows[0].name == null { \"ORIGINAL\" } else { \"CORRECTOIN\" }\nfirst =",
        1,
    );
    files = sound();
    files.insert("mapping.vrl".to_owned(), text.into_bytes());
    let found = problems(&files);
    assert_eq!(found.len(), 1, "{}", told(&found));
    assert_eq!((found[0].code, found[0].help.as_str()), (code::OUTPUT_CODE, "did you mean `CORRECTION`?"));
}

/// The folder with one more source: a schema of one field of this type, in this format.
fn with_field(of: &str, format: &str) -> Vec<(&'static str, String)> {
    let mut files = sound();
    let source = "[[source]]\nversion = \"more\"\nschema = \"source-more.avsc\"\nmapping = \"mapping-more.vrl\"\n";
    files.insert("platform.toml".to_owned(), format!("{TOML}{source}{format}\n").into_bytes());
    let schema = format!("{{\"type\":\"record\",\"name\":\"More\",\"fields\":[{{\"name\":\"odd\",\"type\":{of}}}]}}");
    files.insert("source-more.avsc".to_owned(), schema.into_bytes());
    let mapping = "abort \"no_finding\"".to_owned();
    files.insert("mapping-more.vrl".to_owned(), mapping.into_bytes());
    let schemas = |problem: &Problem| problem.file == "source-more.avsc";
    problems(&files).into_iter().filter(schemas).map(|problem| (problem.code, problem.why)).collect()
}

#[test]
fn a_type_that_the_format_cannot_fill_is_refused() {
    let texts = r#"{"type":"array","items":"string"}"#;
    let map = r#"{"type":"map","values":"string"}"#;
    let record = r#"{"type":"record","name":"Inner","fields":[{"name":"a","type":"string"}]}"#;
    let deep =
        r#"["null",{"type":"record","name":"Inner","fields":[{"name":"a","type":{"type":"map","values":"int"}}]}]"#;
    let decimal = r#"{"type":"bytes","logicalType":"decimal","precision":9,"scale":2}"#;
    let [csv, tsv, json, lines, avro] =
        ["csv", "tsv", "json", "jsonl", "avro"].map(|format| format!("format = \"{format}\""));
    let xml = "format = \"xml\"\nrecord = \"ROW\"".to_owned();
    for (of, refused, taken) in [
        (texts, vec![&csv, &tsv], vec![&json, &lines, &xml, &avro]),
        (map, vec![&csv, &tsv, &xml], vec![&json, &lines, &avro]),
        (deep, vec![&csv, &tsv, &xml], vec![&json, &lines, &avro]),
        (record, vec![&csv, &tsv], vec![&json, &lines, &xml, &avro]),
        ("\"bytes\"", vec![&json, &lines], vec![&csv, &tsv, &xml, &avro]),
        (r#"["null","string",{"type":"array","items":"string"}]"#, vec![&csv, &tsv, &xml, &avro], vec![&json, &lines]),
        (r#"["null","double","string","boolean"]"#, vec![&csv, &tsv, &xml, &avro], vec![&json, &lines]),
        (r#"["null","double","boolean"]"#, vec![&csv, &json, &lines], vec![]),
        (r#"["string",{"type":"array","items":"int"}]"#, vec![&csv, &json, &lines], vec![]),
        (decimal, vec![&csv, &tsv, &json, &lines, &xml, &avro], vec![]),
    ] {
        for format in refused {
            let found = with_field(of, format);
            assert_eq!(found.iter().map(|(code, _)| *code).collect::<Vec<_>>(), [code::SCHEMA_TYPE], "{of} {format}");
        }
        for format in taken {
            assert_eq!(with_field(of, format), [], "{of} {format}");
        }
    }
    assert_eq!(with_field(texts, &csv)[0].1, "`odd` is no single value, and a cell holds one");
    assert_eq!(with_field(decimal, &avro)[0].1, "a decimal is a type that is not read");
}

#[test]
fn a_call_that_cannot_work_is_told_before_a_record_is_seen() {
    let vrl = "mapping.vrl";
    let call = "code(\"severity\", first.severity)";
    check(vrl, call, "code(\"gravity\", first.severity)", code::CALL, "code(\"gravity\", first.severity)");
    check(
        vrl,
        "org_id(\"employer-number\",",
        "org_id(\"Employer #\",",
        code::CALL,
        "org_id(\"Employer #\", first.number)",
    );
    let unknown = with(vrl, "org_id(\"employer-number\",", "org_id(\"ca-qc-nek\",");
    let found = problems(&unknown);
    assert_eq!((found[0].code, found[0].help.as_str()), (code::CALL, "did you mean `ca-qc-neq`?"), "{}", told(&found));
    let own = with(vrl, "org_id(\"employer-number\",", "org_id(\"employer-numer\",");
    assert_eq!(problems(&own)[0].help, "did you mean `employer-number`?");
    let none = with(vrl, "org_id(\"employer-number\",", "org_id(\"on-other\",");
    assert_eq!(problems(&none)[0].code, code::CALL);
    assert_eq!(problems(&with(vrl, "org_id(\"employer-number\",", "org_id(\"lei\",")), []);
    check(vrl, "\"CAD\"", "\"CAN\"", code::CALL, "money(row.amount, \"CAN\")");
    check(vrl, "[\"%Y-%m-%d\"]", "[\"%Y-%Q-%d\"]", code::CALL, "date(first.decided, [\"%Y-%Q-%d\"])");
    check(
        vrl,
        "[\"%Y-%m-%d\"]",
        "[\"%Y-%m-%d\"], bound: \"ABOUT\"",
        code::CALL,
        "date(first.decided, [\"%Y-%m-%d\"], bound: \"ABOUT\")",
    );
}
