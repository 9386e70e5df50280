//! Every kind of bad input is told in one way: a code, the place where there is one, one line why, one line that helps,
//! and the exit code that goes with its kind.

use std::collections::BTreeMap;
use std::process::Output;

use apache_avro::Schema;
use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::types::Value as Avro;
use serde_json::Value;

use crate::setting::{HEADER, PLATFORM, Setting, TOPIC, said};
use crate::support::broker::Broker;
use crate::support::reader::read_committed;

/// A port on which nobody listens.
const NOBODY: &str = "127.0.0.1:9";
const CONFIG: &str = "comity.toml";
const TOML: &str = "platforms/works/platform.toml";
const MAPPING: &str = "platforms/works/mapping.vrl";
const ROW: &str = "N1,Maple Sample Works Ltd,2024-01-31";

/// What must be told.
struct Told {
    exit: i32,
    code: &'static str,
    /// The file, with line and column where the place is known.
    at: &'static str,
    why: &'static str,
    help: &'static str,
}

fn told(exit: i32, code: &'static str, at: &'static str, why: &'static str, help: &'static str) -> Told {
    Told { exit, code, at, why, help }
}

/// Compares what a command told as JSON with what it must tell.
#[track_caller]
fn compare(output: &Output, expected: &Told) {
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(expected.exit), "{text}");
    let lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let problems: Vec<Value> = lines.filter(|line| line.get("code").is_some()).collect();
    let [problem] = problems.as_slice() else { panic!("one fault is told once: {text}") };
    let word = |key: &str| problem[key].as_str().unwrap_or_default().to_owned();
    let place = match (problem["line"].as_u64(), problem["column"].as_u64()) {
        (Some(line), Some(column)) => format!("{}:{line}:{column}", word("file")),
        _ => word("file"),
    };
    assert_eq!((word("code").as_str(), expected.why), (expected.code, word("why").as_str()));
    assert!(place.ends_with(expected.at), "{place} is not {}", expected.at);
    assert_eq!(word("help"), expected.help);
}

#[track_caller]
fn check(setting: &Setting, arguments: &[&str], expected: &Told) {
    compare(&setting.comity(&[&["--format", "json"], arguments].concat()), expected);
}

/// A federation whose broker is away, with one text of one file replaced by another.
fn with(file: &str, from: &str, to: &str) -> Setting {
    let setting = Setting::at(NOBODY, "test");
    setting.change(file, from, to);
    setting
}

const OFFLINE: [&str; 2] = ["check", "--offline"];

/// What is replaced in the configuration, and what is told of it.
type Case = ((&'static str, &'static str), &'static str, &'static str, &'static str, &'static str);

const CONFIGURATIONS: &[Case] = &[
    (
        ("single_broker = true", "single_borker = true"),
        "comity.toml:3:1",
        "CMT-9021",
        "unknown field `single_borker`, expected one of `bootstrap_servers`, `single_broker`, `session_timeout_ms`, `properties`",
        "the keys are described in the README; an unknown key is always an error",
    ),
    (
        ("single_broker = true", "single_broker = \"yes\""),
        "comity.toml:3:17",
        "CMT-9021",
        "invalid type: string \"yes\", expected a boolean",
        "write what the key takes; the README shows an example",
    ),
    (
        ("single_broker = true", "single_broker = true\nsession_timeout_ms = 500"),
        "comity.toml:4:22",
        "CMT-9023",
        "kafka.session_timeout_ms is not within 2000 to 60000",
        "leave it out for 6000, the least that brokers take by themselves",
    ),
    (
        ("[\"CA-ON\", \"CA-QC\"]", "[\"CA-ON\", "),
        "comity.toml:9:2",
        "CMT-9021",
        "invalid array",
        "write it as TOML 1.0 wants it",
    ),
    (
        ("[\"CA-ON\", \"CA-QC\"]", "[\"CA-ON\", \"CA-QC\", { code = \"CA-ON\" }]"),
        "comity.toml:7:36",
        "CMT-9023",
        "federation.jurisdictions names CA-ON twice",
        "name it once",
    ),
    (
        ("\"CA-QC\"]", "\"Quebec\"]"),
        "comity.toml:7:27",
        "CMT-9023",
        "federation.jurisdictions: \"Quebec\" is no ISO 3166 code",
        "write DE or CA-ON, in capitals",
    ),
    (
        ("P50Y", "50 years"),
        "comity.toml:14:17",
        "CMT-9023",
        "policy.expires_after is no period of years, months, weeks or days",
        "write it by ISO 8601, such as P3Y or P18M",
    ),
    (
        ("[policy]", "[http]\nlisten = \"8080\"\n[policy]"),
        "comity.toml:14:10",
        "CMT-9023",
        "http.listen is no address and port",
        "write it as 127.0.0.1:8080",
    ),
    (
        ("[policy]", "[guard]\ndigest_key_file = \"nowhere.key\"\n[policy]"),
        "comity.toml:14:19",
        "CMT-9023",
        "guard.digest_key_file: nowhere.key cannot be read: No such file or directory (os error 2)",
        "check the path and its rights",
    ),
    (
        ("[policy]", "[guard]\ndigest_key_file = \"/\"\n[policy]"),
        "comity.toml:14:19",
        "CMT-9023",
        "guard.digest_key_file: / cannot be read: Is a directory (os error 21)",
        "check the path and its rights",
    ),
    (
        ("[policy]", "[guard]\ndigest_key_file = \"/dev/null\"\n[policy]"),
        "comity.toml:14:19",
        "CMT-9023",
        "guard.digest_key_file holds fewer than 32 bytes",
        "make one with: head -c 32 /dev/urandom | base64 > digest.key",
    ),
    (
        ("enabled = [\"works\"]", "enabled = [\"nobody\"]"),
        "platforms",
        "CMT-9031",
        "has no platform \"nobody\": it has no such folder",
        "there are: works",
    ),
    (
        ("dir = \"platforms\"", "dir = \"elsewhere\""),
        "elsewhere",
        "CMT-9030",
        "cannot be read: No such file or directory (os error 2)",
        "set platforms.dir to the folder that holds one folder for each platform",
    ),
    (
        ("\"CA-ON\", \"CA-QC\"", "\"CA-BC\", \"CA-QC\""),
        "works/platform.toml:2:10",
        "CMT-9035",
        "its origin CA-ON is no member of the federation",
        "add it to federation.jurisdictions, or leave the platform out of platforms.enabled",
    ),
];

#[test]
fn a_configuration_that_is_wrong_is_shown_where_it_is() {
    for ((from, to), at, code, why, help) in CONFIGURATIONS {
        check(&with(CONFIG, from, to), &OFFLINE, &told(78, code, at, why, help));
    }
}

#[test]
fn the_environment_is_named_where_it_is_wrong() {
    let setting = Setting::at(NOBODY, "test");
    let help = "the keys are described in the README; an unknown key is always an error";
    let wrong = |variable: (&str, &str), expected: &Told| {
        compare(&setting.comity_with(variable, &["--format", "json", "check", "--offline"]), expected);
    };
    let key = ("COMITY__KAFKA__SINGLE_BORKER", "true");
    wrong(key, &told(78, "CMT-9022", "environment", "COMITY__KAFKA__SINGLE_BORKER: no such key", help));
    let period = ("COMITY__POLICY__EXPIRES_AFTER", "50 years");
    let why = "policy.expires_after is no period of years, months, weeks or days";
    let help = "write it by ISO 8601, such as P3Y or P18M";
    wrong(period, &told(78, "CMT-9023", "COMITY__POLICY__EXPIRES_AFTER", why, help));
}

#[test]
fn a_configuration_that_is_not_there_is_said() {
    let setting = Setting::at(NOBODY, "test");
    let why = "cannot be read: No such file or directory (os error 2)";
    std::fs::remove_file(setting.path(CONFIG)).unwrap();
    check(&setting, &OFFLINE, &told(78, "CMT-9020", "comity.toml", why, "name the file with -c FILE"));
}

#[test]
fn a_secret_beside_a_fault_is_not_shown() {
    let lines = "single_broker = true\n[kafka.properties]\n\"sasl.password\" = \"hush\"\n";
    for (fault, why) in [("[nothing]\n", "unknown field `nothing`"), ("nought\n", "`=`")] {
        let setting = with(CONFIG, "single_broker = true\n\n", &format!("{lines}{fault}"));
        let output = setting.comity(&OFFLINE);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(78), "{said}");
        assert!(said.contains("CMT-9021") && said.contains(why) && said.contains("sasl.password"), "{said}");
        assert!(!said.contains("hush"), "{said}");
    }
}

#[test]
fn a_platform_that_is_wrong_is_shown_where_it_is() {
    let expected = told(78, "CMT-9305", "works/mapping.vrl:3:15", "`event_id` is integer", "it takes a text");
    check(&with(MAPPING, "\"event_id\": .number", "\"event_id\": 7"), &OFFLINE, &expected);
    let why = "the source schema has no `decidde` here";
    let expected = told(78, "CMT-9302", "works/mapping.vrl:5:19", why, "did you mean `decided`?");
    check(&with(MAPPING, ".decided", ".decidde"), &OFFLINE, &expected);
    let (why, help) = ("`names_subjects` is not true or false", "write true or false");
    let expected = told(78, "CMT-9105", "works/platform.toml:7:18", why, help);
    check(&with(TOML, "names_subjects = true", "names_subjects = \"yes\""), &OFFLINE, &expected);
    let (why, help) = ("unknown key `titl`", "did you mean `title`?");
    let expected = told(78, "CMT-9103", "works/platform.toml:1:1", why, help);
    check(&with(TOML, "title = ", "titl = \"x\"\ntitle = "), &OFFLINE, &expected);
    let setting = Setting::at(NOBODY, "test");
    std::fs::remove_file(setting.path(MAPPING)).unwrap();
    let (why, help) = ("`mapping.vrl` is missing", "write the file, or name the right one");
    check(&setting, &OFFLINE, &told(78, "CMT-9101", "works/platform.toml:19:1", why, help));
}

/// A folder without an example of what it sends passed.
#[test]
fn a_platform_whose_examples_do_not_hold_is_refused() {
    let setting = Setting::at(NOBODY, "test");
    let counted = setting.must(&["check", "--offline"]);
    assert!(counted.contains("works: 1 source versions, 1 examples, mapping "), "{counted}");
    setting.change("platforms/works/examples/1.event.json", "Guard missing", "Guard loose");
    let why = "the example gives something else: `infraction.title` should be \"Guard loose\" and is \"Guard missing\"";
    let help = "correct the mapping, or take the new result with `comity test --update`";
    check(&setting, &OFFLINE, &told(78, "CMT-9403", "works/examples/1.event.json:1:1", why, help));
    std::fs::remove_dir_all(setting.path("platforms/works/examples")).unwrap();
    let help = "write one into examples/";
    check(&setting, &OFFLINE, &told(78, "CMT-9404", "works/examples", "no example is an ORIGINAL", help));
}

/// A reader that has gone (`| head`) is told nothing, and is no reason to go on.
#[test]
fn whoever_reads_only_the_first_lines_is_told_of_no_error() {
    let setting = Setting::at(NOBODY, "test");
    let rows: String = (0..5_000).map(|row| format!("{}\n", ROW.replace("N1", &format!("N{row}")))).collect();
    setting.write("rows.csv", &format!("{HEADER}\n{rows}"));
    let mut mapping = setting.spawn(&["map", "rows.csv", "--platform", PLATFORM]);
    drop(mapping.stdout.take());
    let output = mapping.wait_with_output().unwrap();
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(73), ""));
}

#[test]
fn people_see_the_place_and_what_helps() {
    let setting = with(MAPPING, "\"event_id\": .number", "\"event_id\": 7");
    let output = setting.comity(&OFFLINE);
    let text = String::from_utf8_lossy(&output.stderr);
    let expected = "CMT-9305\n\n  × `event_id` is integer\n   ╭─[works/mapping.vrl:3:15]\n 2 │   \"kind\": \"ORIGINAL\",\n \
                    3 │   \"event_id\": 7,\n   ·               ┬\n   ·               ╰── here\n 4 │   \"case_id\": .number,\n   \
                    ╰────\n  help: it takes a text\n\n";
    assert_eq!(text, expected);
}

#[test]
fn a_file_that_cannot_be_fed_is_said_before_anything_is_asked_of_kafka() {
    let setting = Setting::at(NOBODY, "test");
    for command in ["map", "feed"] {
        let run = |file: &str, expected: &Told| check(&setting, &[command, file, "--platform", PLATFORM], expected);
        let why = "cannot be read: No such file or directory (os error 2)";
        run("nowhere.csv", &told(66, "CMT-9502", "nowhere.csv", why, "check the path and its rights"));
        let why = "cannot be read: Is a directory (os error 21)";
        run("platforms", &told(66, "CMT-9502", "platforms", why, "check the path and its rights"));
        setting.write("other.csv", "number,firm,decided\nN1,x,2024-01-31\n");
        let why = "is not csv: column 2 \"name\" is missing; column 2 \"firm\" is new";
        run("other.csv", &told(65, "CMT-9505", "other.csv", why, "works knows: csv"));
        setting.write("empty.csv", "");
        run("empty.csv", &told(65, "CMT-9501", "empty.csv", "is empty", "name a file with at least one record"));
    }
    setting.write("rows.csv", &format!("{HEADER}\n{ROW}\n"));
    let expected =
        told(78, "CMT-9031", "nobody", "there is no such platform", "enabled are: works ca-on-desk ca-qc-desk");
    check(&setting, &["feed", "rows.csv", "--platform", "nobody"], &expected);
}

#[test]
fn a_broker_that_is_away_is_said_by_every_command_that_needs_one() {
    let setting = Setting::at(NOBODY, "test");
    setting.write("rows.csv", &format!("{HEADER}\n{ROW}\n"));
    let commands: [&[&str]; 5] = [
        &["check"],
        &["topics", "plan"],
        &["topics", "apply", "--yes"],
        &["feed", "rows.csv", "--platform", PLATFORM],
        &["run", "--exit-when-idle", "1s"],
    ];
    let help = "check that Kafka runs, and that kafka.bootstrap_servers and [kafka.properties] fit its listener";
    for command in commands {
        let why = "asking Kafka for its topics: no broker answers";
        check(&setting, command, &told(69, "CMT-9601", "kafka", why, help));
    }
}

#[test]
fn a_topic_that_is_missing_is_said_by_every_command_that_needs_it() {
    let broker = Broker::for_test();
    let setting = Setting::new(&broker);
    setting.write("rows.csv", &format!("{HEADER}\n{ROW}\n"));
    let help = "make the topics with: comity topics apply --yes";
    let why = "the topic comity.in.works is missing";
    check(&setting, &["feed", "rows.csv", "--platform", PLATFORM], &told(69, "CMT-9601", "kafka", why, help));
    let why = "the topic comity.control is missing";
    check(&setting, &["run", "--stage", "intake"], &told(69, "CMT-9601", "kafka", why, help));
    let why = "the topic comity.log is missing";
    check(&setting, &["run", "--stage", "ledger"], &told(69, "CMT-9601", "kafka", why, help));
    let said = setting.refused(&["check"], 78, "CMT-9605");
    for topic in [TOPIC, "comity.log", "comity.state", "comity.alerts.CA-QC", "comity.rejects"] {
        assert!(said.contains(&format!("{topic}: the topic is missing")), "{topic}: {said}");
    }
    check(
        &setting,
        &["topics", "apply"],
        &told(64, "CMT-9613", "comity topics apply", "nobody is there to ask", "add --yes"),
    );
    setting.must(&["topics", "apply", "--yes"]);
    setting.must(&["check"]);
}

#[test]
fn a_command_line_that_is_wrong_is_no_failure_of_the_data() {
    let setting = Setting::at(NOBODY, "test");
    for arguments in [&["nonsense"][..], &["check", "--nonsense"], &["feed"], &["run", "--exit-when-idle", "soon"]] {
        let output = setting.comity(arguments);
        assert_eq!(output.status.code(), Some(64), "{arguments:?}: {}", said(&output));
    }
    let (why, help) = ("--exit-when-idle needs both stages", "leave --stage out");
    let both = ["run", "--stage", "intake", "--exit-when-idle", "1s"];
    check(&setting, &both, &told(64, "CMT-9612", "comity run", why, help));
}

#[test]
fn a_record_of_a_stranger_is_rejected_by_name_where_each_record_says_whose_it_is() {
    let broker = Broker::for_test();
    let setting = Setting::new(&broker);
    setting.change(TOML, "origin = \"CA-ON\"", "origin = \"per-record\"");
    setting.change(MAPPING, "\"kind\": \"ORIGINAL\",", "\"kind\": \"ORIGINAL\",\n  \"origin\": .origin,");
    let field = "{ \"name\": \"number\", \"type\": \"string\" }";
    let fields = format!("{{ \"name\": \"origin\", \"type\": \"string\" }}, {field}");
    setting.change("platforms/works/source.avsc", field, &fields);
    setting.take_example(&format!("CA-ON,{ROW}"));
    setting.write("rows.csv", &format!("origin,{HEADER}\nCA-ON,{ROW}\nUS-NJ,{}\n", ROW.replace("N1", "N2")));
    setting.must(&["topics", "apply", "--yes"]);
    setting.must(&["check"]);
    setting.must(&["feed", "rows.csv", "--platform", PLATFORM]);
    setting.must(&["run", "--exit-when-idle", "2s"]);
    assert_eq!(read_committed(&broker, "comity.alerts.CA-QC").len(), 1);
    let schema = Schema::parse_str(include_str!("../../schemas/canonical/Rejection.v1.avsc")).unwrap();
    let reader = GenericDatumReader::builder(&schema).build().unwrap();
    let rejected = read_committed(&broker, "comity.rejects");
    let [rejected] = rejected.as_slice() else { panic!("one record is rejected, not {}", rejected.len()) };
    let value = rejected.value.as_deref().unwrap();
    let Avro::Record(fields) = reader.read_value(&mut &value[5..]).unwrap() else { panic!("a record") };
    let fields: BTreeMap<String, Avro> = fields.into_iter().collect();
    let text = format!("{fields:?}");
    assert!(text.contains("origin_not_member") || text.contains("ORIGIN_NOT_MEMBER"), "{text}");
}
