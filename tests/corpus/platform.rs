//! The platform whose records the corpus holds, and one record of it in each format.

use std::collections::BTreeMap;

use comity::platform::{Platform, load};

const DEFINITION: &str = r#"
title = "Corpus"
origin = "CA-ON"
language = "en"
time_zone = "UTC"
domains = ["FOOD_SAFETY"]
decisions_are = "every record"
names_subjects = true
authority = { id = "a", name = "A" }
[legal_bases]
act = { scheme = "X", value = "1" }
[schemes.own]
registers = "Establishments."
persons = true
[codes.kind]
"ORIGINAL" = "ORIGINAL"
"SUPPLEMENT" = "SUPPLEMENT"
"CORRECTION" = "CORRECTION"
"WITHDRAWAL" = "WITHDRAWAL"
"CLOSURE" = "CLOSURE"
"#;

const MAPPING: &str = r#"{
  "kind": code("kind", .kind), "event_id": .id, "case_id": .id,
  "decided": date(.decided, ["%Y-%m-%d"]),
  "subject": { "legal_name": .name, "identifiers": [org_id("lei", .lei), org_id("own", .own)] },
  "products": [{ "name": .goods }],
  "infraction": { "title": "Adulterated goods", "code": .code },
  "measures": [{ "type": "FINE", "penalty": money(.fine, "CAD") }],
  "withdrawal": { if .kind == "WITHDRAWAL" { { "scope": "EVENT", "reason": "UNFOUNDED" } } }
}
"#;

/// The texts of a record, in the order of the schema; the first three must be there.
pub(crate) const TEXTS: [&str; 9] = ["id", "kind", "decided", "name", "lei", "own", "goods", "code", "fine"];
/// How many of them must be there.
pub(crate) const NEEDED: usize = 3;

const NESTED: &str = r#",{"name":"tags","type":["null",{"type":"array","items":"string"}]},
    {"name":"sums","type":["null",{"type":"map","values":"long"}]},
    {"name":"firm","type":["null",{"type":"record","name":"Firm","fields":[
        {"name":"town","type":["null","string"]},{"name":"street","type":["null","string"]}]}]}"#;

fn schema(nested: &str) -> String {
    let text = |(place, name): (usize, &&str)| {
        let of = if place < NEEDED { r#""string""# } else { r#"["null","string"]"# };
        format!(r#"{{"name":"{name}","type":{of}}},"#)
    };
    let texts: String = TEXTS.iter().enumerate().map(text).collect();
    format!(
        r#"{{"type":"record","name":"R","fields":[{texts}{{"name":"count","type":["null","long"]}},
        {{"name":"share","type":["null","double"]}},{{"name":"flag","type":["null","boolean"]}}{nested}]}}"#
    )
}

/// The files of its folder.
pub(crate) fn files() -> BTreeMap<String, Vec<u8>> {
    let mut definition = DEFINITION.to_owned();
    for format in super::case::FORMATS {
        let schema = if matches!(format, "csv" | "tsv" | "xml") { "source-flat.avsc" } else { "source-nested.avsc" };
        definition
            .push_str(&format!("[[source]]\nversion = \"{format}\"\nformat = \"{format}\"\nschema = \"{schema}\"\n"));
        if format == "xml" {
            definition.push_str("record = \"r\"\n");
        }
    }
    let files = [
        ("platform.toml", definition),
        ("source-flat.avsc", schema("")),
        ("source-nested.avsc", schema(NESTED)),
        ("mapping.vrl", MAPPING.to_owned()),
    ];
    files.into_iter().map(|(name, text)| (name.to_owned(), text.into_bytes())).collect()
}

pub(crate) fn platform() -> Platform {
    load("corpus", &files()).unwrap()
}

/// The texts of one record.
#[derive(Clone)]
pub(crate) struct Record(pub(crate) [Option<String>; 9]);

impl Default for Record {
    fn default() -> Self {
        let texts = ["A-1", "ORIGINAL", "2026-03-02", "Boreal Lantern Foods Inc."].map(|text| Some(text.to_owned()));
        let [id, kind, decided, name] = texts;
        Self([id, kind, decided, name, None, None, None, None, None])
    }
}

impl Record {
    /// The same with another text.
    pub(crate) fn with(mut self, name: &str, text: &str) -> Self {
        let place = TEXTS.iter().position(|known| *known == name).unwrap();
        self.0[place] = Some(text.to_owned());
        self
    }

    /// The same without that text.
    pub(crate) fn without(mut self, name: &str) -> Self {
        let place = TEXTS.iter().position(|known| *known == name).unwrap();
        self.0[place] = None;
        self
    }

    /// The record in a format.
    pub(crate) fn written(&self, format: &str) -> Vec<u8> {
        match format {
            "json" | "jsonl" => format!("{{{}}}", self.members().join(",")).into_bytes(),
            "csv" => self.row(",", |text| format!("\"{}\"", text.replace('"', "\"\""))),
            "tsv" => self.row("\t", |text| {
                text.replace('\\', "\\\\").replace('\t', "\\t").replace('\n', "\\n").replace('\r', "\\r")
            }),
            "xml" => self.xml().into_bytes(),
            "avro" => self.avro(),
            other => panic!("no format {other}"),
        }
    }

    /// The members of a JSON object.
    pub(crate) fn members(&self) -> Vec<String> {
        let member = |(name, text): (&&str, &Option<String>)| {
            text.as_ref().map(|text| format!("\"{name}\":{}", serde_json::Value::from(text.as_str())))
        };
        TEXTS.iter().zip(&self.0).filter_map(member).collect()
    }

    fn row(&self, between: &str, cell: impl Fn(&str) -> String) -> Vec<u8> {
        let texts = self.0.iter().map(|text| text.as_deref().map(&cell).unwrap_or_default());
        let cells: Vec<String> = texts.chain([const { String::new() }; 3]).collect();
        (cells.join(between) + "\n").into_bytes()
    }

    fn xml(&self) -> String {
        let escaped = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace(']', "&#93;");
        let element = |(name, text): (&&str, &Option<String>)| {
            text.as_ref().map(|text| format!("<{name}>{}</{name}>", escaped(text)))
        };
        format!("<r>{}</r>", TEXTS.iter().zip(&self.0).filter_map(element).collect::<String>())
    }

    /// The datum, its three last fields and the three nested ones null.
    fn avro(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for (place, text) in self.0.iter().enumerate() {
            match text {
                None => long(0, &mut out),
                Some(text) => {
                    if place >= NEEDED {
                        long(1, &mut out);
                    }
                    long(text.len() as i64, &mut out);
                    out.extend_from_slice(text.as_bytes());
                }
            }
        }
        out.extend([0; 6]);
        out
    }
}

/// Appends a number in Avro's zigzag form.
pub(crate) fn long(number: i64, out: &mut Vec<u8>) {
    let mut rest = ((number << 1) ^ (number >> 63)) as u64;
    while rest > 127 {
        out.push((rest % 128) as u8 + 128);
        rest /= 128;
    }
    out.push(rest as u8);
}
