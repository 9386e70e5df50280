//! Proposals as a function: whatever the bytes, a proposal compiles or the sample is refused; names are names.

use super::{Proposal, Sample, code, propose};
use crate::model::problem::Problem;

fn of(bytes: &[u8], whole: bool) -> Result<Proposal, Vec<Problem>> {
    propose("us-sample", None, &Sample { file: "sample", bytes, whole })
}

fn text(proposal: &Proposal, file: &str) -> String {
    String::from_utf8(proposal.files[file].clone()).unwrap()
}

const CSV: &str =
    "Case No;Firma;Datum;Betrag\n1;Zorblatt GmbH;01.02.2024;1.234,50\n2;\"Quibble; AG\";03.02.2024;7,00\n";
const JSON: &str = r#"{"a":{"b":[{"id":"x1","firm":{"name":"Zorblatt Inc"},"on":"2024-01-02","n":[1,2]},{"id":"x2","firm":null,"on":"2024-01-03","n":[]}]}}"#;
const XML: &str = "<r><c n='1'><f>Zorblatt Ltd</f><d>2024-01-02</d></c><c n='2'><f>Quibble</f><f>b</f><d/></c></r>";

/// Whatever a file calls its columns, the folder compiles.
#[test]
fn any_name_of_a_column_can_be_mapped() {
    let words = "abort as break continue else false fn for if impl in let loop null return self std then this true type \
                 until use while and or not log string float int object array regex timestamp any del exists";
    let header: Vec<&str> = words.split_whitespace().collect();
    let odd = [
        "1st",
        "a.b",
        "a b",
        "번호",
        "№",
        "a\"b",
        "{{x}}",
        "%",
        "#",
        "@type",
        "日付",
        "É",
        "_",
        "-",
        "a\\b",
        "TO DECIDE",
    ];
    let mut names = header;
    names.extend(odd);
    let object = |value: &str| {
        let fields: Vec<String> = names.iter().map(|name| format!("{}:{value}", serde_json::json!(name))).collect();
        format!("{{{}}}", fields.join(","))
    };
    for values in
        [("\"x\"", "\"y\""), ("1", "2"), ("true", "null"), ("[\"x\"]", "[]"), ("1.5", "2"), ("{\"if\":\"x\"}", "null")]
    {
        let sample = format!("{}\n{}\n", object(values.0), object(values.1));
        let problems = of(sample.as_bytes(), true).err().unwrap_or_default();
        assert_eq!(problems, [], "{values:?}");
    }
    let quoted = |texts: &[&str]| {
        texts.iter().map(|text| format!("\"{}\"", text.replace('"', "\"\""))).collect::<Vec<_>>().join(",")
    };
    let row = vec!["x"; names.len()];
    let sample = format!("{}\n{}\n{}\n", quoted(&names), quoted(&row), quoted(&row));
    assert_eq!(of(sample.as_bytes(), true).err().unwrap_or_default(), []);
}

/// One byte changed, taken out or the end cut off: never a proposal that does not compile.
#[test]
fn hostile_bytes_are_refused_or_give_a_folder_that_compiles() {
    let mut state = 0x9e37_79b9_u32;
    let mut next = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        usize::try_from(state).unwrap_or_default() % below
    };
    let marks = b"\"'<>{}[],;\t\n\r\\/=&#\0\xff\xc3 a1.-";
    let (mut proposed, mut refused) = (0, 0);
    for sample in [CSV, JSON, XML] {
        for round in 0..60 {
            let mut bytes = sample.as_bytes().to_vec();
            for _ in 0..=next(3) {
                if bytes.is_empty() {
                    break;
                }
                let place = next(bytes.len());
                match next(3) {
                    0 => bytes[place] = marks[next(marks.len())],
                    1 => {
                        bytes.remove(place);
                    }
                    _ => bytes.truncate(place.max(1)),
                }
            }
            match of(&bytes, round % 2 == 0) {
                Ok(_) => proposed += 1,
                Err(problems) => {
                    assert!(problems.iter().all(|problem| problem.code != code::DEFECT), "{bytes:?}: {problems:#?}");
                    refused += 1;
                }
            }
        }
    }
    assert!(proposed > 20 && refused > 20, "both were seen: {proposed} and {refused}");
}

#[test]
fn a_sample_that_goes_on_may_end_anywhere() {
    let lines = "{\"id\":\"x1\",\"on\":\"2024-01-02\"}\n{\"id\":\"x2\",\"on\":\"2024-01-03\"}\n{\"id\":\"x3\",\"on\":\"2024-01-04\"}\n";
    for sample in [CSV, JSON, XML, lines] {
        let half = sample.len() * 3 / 4;
        let bytes = sample.as_bytes().get(..half).unwrap_or_default();
        assert!(of(bytes, false).is_ok(), "{sample}");
    }
    assert!(of(JSON.as_bytes().get(..JSON.len() - 1).unwrap_or_default(), true).is_err(), "a whole file is closed");
}

/// Of an agency's short name a jurisdiction was made that there is not, and of real divisions of Europe none.
#[test]
fn a_jurisdiction_is_taken_from_the_name_only_where_there_is_one() {
    let home = |name: &str| {
        let sample = Sample { file: "sample", bytes: CSV.as_bytes(), whole: true };
        let toml = text(&propose(name, None, &sample).unwrap(), "platform.toml");
        let value = |key: &str| {
            let line = toml.lines().find_map(|line| line.strip_prefix(&format!("{key} = "))).unwrap();
            line.trim_matches('"').to_owned()
        };
        (value("origin"), value("time_zone"), toml.split_whitespace().collect::<Vec<_>>().join(" ").replace("# ", ""))
    };
    for (name, origin, zone) in [
        ("us-nj-labour", "US-NJ", "America/New_York"),
        ("us-co-labour", "US-CO", "America/Denver"),
        ("ca-qc-food", "CA-QC", "America/Toronto"),
        ("gb-sct-food", "GB-SCT", "Europe/London"),
        ("de-by-food", "DE-BY", "Europe/Berlin"),
        ("es-ct-food", "ES-CT", "Europe/Madrid"),
        ("ch-zh-food", "CH-ZH", "Europe/Zurich"),
        ("cn-sh-food", "CN-SH", "Asia/Shanghai"),
        ("sg-food", "SG", "Asia/Singapore"),
        ("at-9-food", "AT-9", "Europe/Vienna"),
        ("at-x-food", "AT", "Europe/Vienna"),
        ("tr-food", "TR", "Europe/Istanbul"),
        ("eu-rasff", "EU", "Europe/Brussels"),
    ] {
        let (found, found_zone, toml) = home(name);
        assert_eq!((found.as_str(), found_zone.as_str()), (origin, zone), "{name}");
        assert!(!toml.contains("no division") && !toml.contains("not known here"), "{name}");
    }
    for (name, origin, told) in [
        ("us-fda-x", "US", "`fda` is no division of US by ISO 3166-2, so the whole country is taken."),
        ("us-epa", "US", "`epa` is no division of US"),
        ("ie-fsa-x", "IE", "if `fsa` is one, write IE-FSA."),
        ("xx-food", "per-record", "`xx` is no country whose time zone and currency are known here."),
    ] {
        let (found, _, toml) = home(name);
        assert_eq!(found, origin, "{name}");
        assert!(toml.contains(told), "{name}: {toml}");
    }
    for (code, zone, ..) in super::places::PLACES {
        assert!(crate::platform::zone::find(zone).is_some(), "{zone}");
        let place = crate::model::place::Jurisdiction::parse(code).unwrap();
        assert_ne!(super::is_division(place), Some(false), "{code}");
        assert_eq!(super::is_division(place).is_some(), code.contains('-'), "{code}");
    }
}

/// Which of day and month comes first is told by the dates themselves, else by the country, and asked.
#[test]
fn day_and_month_are_told_by_the_dates_or_asked() {
    let dates = |name: &str, days: [&str; 3]| {
        let rows: String =
            days.iter().enumerate().map(|(place, day)| format!("x{place},{day},Zorblatt Inc\n")).collect();
        let sample = format!("id,decision date,company\n{rows}");
        let sample = Sample { file: "sample", bytes: sample.as_bytes(), whole: true };
        text(&propose(name, None, &sample).unwrap(), "mapping.vrl")
    };
    let asks = |text: &str| text.contains("Day and month could be exchanged");
    let clear = dates("us-x", ["02/13/2024", "01/02/2024", "03/04/2024"]);
    assert!(clear.contains("[\"%m/%d/%Y\"]") && !asks(&clear), "{clear}");
    let clear = dates("us-x", ["13/02/2024", "01/02/2024", "03/04/2024"]);
    assert!(clear.contains("[\"%d/%m/%Y\"]") && !asks(&clear), "{clear}");
    let home = dates("us-x", ["02/03/2024", "01/02/2024", "03/04/2024"]);
    assert!(home.contains("[\"%m/%d/%Y\"]") && asks(&home), "{home}");
    let home = dates("fr-x", ["02/03/2024", "01/02/2024", "03/04/2024"]);
    assert!(home.contains("[\"%d/%m/%Y\"]") && asks(&home), "{home}");
}
