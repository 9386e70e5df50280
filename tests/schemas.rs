//! The canonical schemas: their files, their ids, their lock, and what may become of them.

#![expect(
    clippy::expect_used,
    clippy::wildcard_enum_match_arm,
    reason = "a test ends where its input is not what it must be, and passes over the JSON that it does not mean"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use apache_avro::Schema;
use apache_avro::schema_compatibility::{Compatibility, SchemaCompatibility};
use comity::model::code::{self, Code};
use comity::model::decision::{OverdueState, ReviewKind};
use comity::model::entry::{AcknowledgementLevel, AcknowledgementReason, LinkRelation};
use comity::model::rejection::Stage;
use comity::schema::canonical::{VERSIONS, Version};
use comity::schema::compat::{can_read, full_transitive};
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};

/// The schemas of the topics that members read: every version reads every other.
const LEAVING: &[&str] =
    &["Alert", "Dispute", "InfractionEvent", "Overdue", "ReachSummary", "Rejection", "Review", "Status"];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas")
}

/// The schema files by `<Name>.v<N>`.
fn files() -> BTreeMap<String, String> {
    let entries = fs::read_dir(folder().join("canonical")).expect("a folder");
    entries
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "avsc"))
        .map(|path| {
            let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
            (name, fs::read_to_string(&path).expect("a text"))
        })
        .collect()
}

fn parsed(text: &str) -> Json {
    serde_json::from_str(text).expect("JSON")
}

fn label(version: &Version) -> String {
    format!("{}.v{}", version.name, version.version)
}

/// Every JSON object of a schema that is a type or a field.
fn objects(of: &Json) -> Vec<&serde_json::Map<String, Json>> {
    match of {
        Json::Object(object) => std::iter::once(object).chain(object.values().flat_map(objects)).collect(),
        Json::Array(items) => items.iter().flat_map(objects).collect(),
        _ => Vec::new(),
    }
}

/// The definitions of named types by name.
fn named(of: &Json) -> Vec<(String, Json)> {
    objects(of)
        .into_iter()
        .filter(|object| object.contains_key("namespace"))
        .map(|object| (object["name"].as_str().expect("a name").to_owned(), Json::Object(object.clone())))
        .collect()
}

#[test]
fn what_is_compiled_in_is_what_the_files_say() {
    let compiled: BTreeMap<_, _> = VERSIONS.iter().map(|version| (label(version), version.text.to_owned())).collect();
    assert_eq!(compiled, files());
    for version in VERSIONS {
        assert_eq!(parsed(version.text)["name"], version.name);
        let read: Result<serde_avro_fast::Schema, _> = version.text.parse();
        assert!(read.is_ok(), "{}: {:?}", label(version), read.err());
        Schema::parse_str(version.text).unwrap_or_else(|error| panic!("{}: {error}", label(version)));
    }
}

#[test]
fn each_version_has_the_id_of_its_table() {
    let text = fs::read_to_string(folder().join("ids.toml")).expect("a text");
    let table: BTreeMap<String, BTreeMap<String, i32>> = toml::from_str(&text).expect("a table of ids");
    let mut listed = BTreeMap::new();
    for (name, versions) in table {
        listed.extend(versions.into_iter().map(|(version, id)| (format!("{name}.v{version}"), id)));
    }
    let compiled: BTreeMap<_, _> = VERSIONS.iter().map(|version| (label(version), version.id)).collect();
    assert_eq!(compiled, listed);
    let ids: BTreeSet<_> = listed.values().collect();
    assert_eq!(ids.len(), listed.len(), "an id is used once");
    assert!(ids.iter().all(|id| (1..1_000).contains(*id)), "ids above are the platforms'");
}

/// What a schema says to a program: its text without what is for people, in one spelling.
fn canonical(of: &Json) -> Json {
    match of {
        Json::Object(object) => {
            let sorted: BTreeMap<_, _> = object.iter().filter(|(key, _)| *key != "doc").collect();
            Json::Object(sorted.into_iter().map(|(key, value)| (key.clone(), canonical(value))).collect())
        }
        Json::Array(items) => items.iter().map(canonical).collect(),
        other => other.clone(),
    }
}

fn digest(text: &str) -> String {
    let bytes = Sha256::digest(canonical(&parsed(text)).to_string());
    bytes.iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("a text");
        hex
    })
}

/// A schema that is in use never changes: a change is a new file, a new id, and a new line here.
#[test]
fn a_version_never_changes() {
    let text = fs::read_to_string(folder().join("canonical/digests.toml")).expect("a text");
    let locked: BTreeMap<String, String> = toml::from_str(&text).expect("a table of digests");
    let now: BTreeMap<_, _> = files().into_iter().map(|(name, text)| (name, digest(&text))).collect();
    for (name, digest) in &now {
        match locked.get(name) {
            Some(known) => assert_eq!(
                known, digest,
                "{name} has changed. Give it back its text and write the next version; only a version that was never \
                 released may get a new line in digests.toml"
            ),
            None => panic!("{name} is new: add \"{name}\" = \"{digest}\" to digests.toml"),
        }
    }
    assert_eq!(locked.len(), now.len(), "a version that is gone cannot be read any more");
}

#[test]
fn the_lock_sees_every_change_but_of_prose() {
    let text = r#"{"type":"record","name":"A","doc":"x","fields":[{"name":"a","type":["null","int"],"default":null}]}"#;
    let prose =
        r#"{"name":"A","type":"record","fields":[{"type":["null","int"],"name":"a","default":null,"doc":"y"}]}"#;
    assert_eq!(digest(text), digest(prose));
    for changed in [
        text.replace("int", "long"),
        text.replace(r#","default":null"#, ""),
        text.replace(r#""null","int""#, r#""int","null""#),
        text.replace(r#""name":"a""#, r#""name":"b""#),
    ] {
        assert_ne!(digest(text), digest(&changed), "{changed}");
    }
}

#[test]
fn what_leaves_is_fully_compatible() {
    for name in LEAVING {
        let labels: Vec<_> = VERSIONS.iter().filter(|version| version.name == *name).collect();
        assert!(!labels.is_empty(), "{name}");
        let labels: Vec<_> = labels.into_iter().map(|version| (label(version), version.text)).collect();
        let versions: Vec<_> = labels.iter().map(|(label, text)| (label.as_str(), *text)).collect();
        assert_eq!(full_transitive(&versions), []);
    }
}

/// The log and the state are read by later builds only.
#[test]
fn what_stays_is_readable_later() {
    for older in VERSIONS {
        let later = VERSIONS.iter().filter(|later| later.name == older.name && later.version >= older.version);
        for later in later {
            assert_eq!(can_read(older.text, later.text), [], "{} by {}", label(older), label(later));
        }
    }
}

#[test]
fn every_enum_can_grow() {
    for (file, text) in files() {
        for object in objects(&parsed(&text)).into_iter().filter(|object| object.get("type") == Some(&json!("enum"))) {
            assert_eq!(object["default"], "UNRECOGNISED", "{file}: {}", object["name"]);
            assert_eq!(object["symbols"][0], "UNRECOGNISED", "{file}: {}", object["name"]);
        }
    }
}

fn symbols<C: Code>(name: &'static str) -> (String, Json) {
    let known = C::ALL.iter().map(|(_, name)| *name);
    (name.to_owned(), std::iter::once("UNRECOGNISED").chain(known).collect())
}

/// The lists of codes are the model's, in its order.
#[test]
fn every_enum_is_the_models() {
    let expected: BTreeMap<String, Json> = [
        symbols::<code::Domain>("Domain"),
        symbols::<code::Kind>("Kind"),
        symbols::<code::CaseStatus>("CaseStatus"),
        symbols::<code::Mode>("Mode"),
        symbols::<code::Finality>("Finality"),
        symbols::<code::Severity>("Severity"),
        symbols::<code::Urgency>("Urgency"),
        symbols::<code::Certainty>("Certainty"),
        symbols::<code::Scope>("Scope"),
        symbols::<code::WithdrawalScope>("WithdrawalScope"),
        symbols::<code::WithdrawalReason>("WithdrawalReason"),
        symbols::<code::MeasureType>("MeasureType"),
        symbols::<code::Qualifier>("Qualifier"),
        symbols::<code::Precision>("Precision"),
        symbols::<code::Bound>("Bound"),
        symbols::<code::Trust>("Trust"),
        symbols::<code::MsgType>("MsgType"),
        symbols::<code::Role>("Role"),
        symbols::<code::RoleReason>("RoleReason"),
        symbols::<code::Handling>("Handling"),
        symbols::<code::MatchedBy>("MatchedBy"),
        symbols::<code::Standing>("Standing"),
        symbols::<code::MemberState>("MemberState"),
        symbols::<Stage>("Stage"),
        symbols::<AcknowledgementLevel>("AcknowledgementLevel"),
        symbols::<AcknowledgementReason>("AcknowledgementReason"),
        symbols::<LinkRelation>("LinkRelation"),
        symbols::<ReviewKind>("ReviewKind"),
        symbols::<OverdueState>("OverdueState"),
        (
            "OutputKind".to_owned(),
            json!([
                "UNRECOGNISED",
                "ALERTS",
                "TEST",
                "REJECTS",
                "STATUS",
                "NATIONAL",
                "ARCHIVE",
                "REVIEW",
                "OVERDUE",
                "DISPUTES",
            ]),
        ),
    ]
    .into();
    let texts: Vec<_> = files().into_values().map(|text| parsed(&text)).collect();
    let found: BTreeMap<_, _> = texts
        .iter()
        .flat_map(named)
        .filter(|(_, of)| of["type"] == "enum")
        .map(|(name, of)| (name, of["symbols"].clone()))
        .collect();
    assert_eq!(found, expected);
}

/// A type that stands in several files is the same in each, so that readers may share the classes made from it.
#[test]
fn a_name_means_one_thing() {
    let mut known: BTreeMap<String, Json> = BTreeMap::new();
    let newest = VERSIONS
        .iter()
        .filter(|version| !VERSIONS.iter().any(|later| later.name == version.name && later.version > version.version));
    for version in newest {
        let whole = parsed(version.text);
        let own = named(&whole);
        let names: BTreeMap<_, _> = own.iter().cloned().collect();
        assert_eq!(own.len(), names.len(), "{}: a type is defined once", version.name);
        for (name, of) in own {
            let flat = flat(&of, &names);
            let before = known.entry(name.clone()).or_insert_with(|| flat.clone());
            assert_eq!(*before, flat, "{name} in {}", version.name);
        }
    }
    assert!(known.len() > 40);
}

/// A type with every type that it holds as a name only, since the first place of each is where it is defined.
fn flat(of: &Json, names: &BTreeMap<String, Json>) -> Json {
    let inside = |value: &Json| match value.get("name").and_then(Json::as_str) {
        Some(name) if value.get("namespace").is_some() && names.contains_key(name) => json!(format!("comity.{name}")),
        _ => flat(value, names),
    };
    match of {
        Json::Object(object) => Json::Object(object.iter().map(|(key, value)| (key.clone(), inside(value))).collect()),
        Json::Array(items) => items.iter().map(inside).collect(),
        other => other.clone(),
    }
}

#[test]
fn everything_says_what_it_is() {
    for (file, text) in files() {
        let whole = parsed(&text);
        for object in objects(&whole).into_iter().filter(|object| object.contains_key("name")) {
            let doc = object.get("doc").and_then(Json::as_str).unwrap_or_default();
            assert!(doc.len() > 3 && doc.ends_with('.'), "{file}: {} has no sentence", object["name"]);
            let optional = object.get("type").and_then(Json::as_array).is_some_and(|of| of[0] == "null");
            assert_eq!(optional, object.contains_key("default") && object["type"] != "enum", "{file}: {object:?}");
        }
    }
}

/// Nothing about a person can stand in a record, so no field is there for it; only a unit of an authority is rung.
#[test]
fn no_field_is_for_a_person() {
    const PERSONAL: &[&str] = &["person", "birth", "street", "address", "phone", "email", "surname", "first_name"];
    for (file, text) in files() {
        for object in objects(&parsed(&text)) {
            let name = object.get("name").and_then(Json::as_str).unwrap_or_default().to_lowercase();
            let of_unit = name == "telephone" && !file.starts_with("InfractionEvent");
            assert!(of_unit || !PERSONAL.iter().any(|word| name.contains(word)), "{file}: {name}");
        }
    }
}

fn record(fields: &Json) -> String {
    json!({ "type": "record", "name": "A", "namespace": "comity", "fields": fields }).to_string()
}

fn field(of: &Json) -> String {
    record(&json!([{ "name": "a", "type": of }]))
}

/// Pairs of writer and reader without logical types, where another library's answer is right.
#[test]
fn compatibility_agrees_with_another_library() {
    let letters = |symbols: &Json, default: bool| {
        let mut of = json!({ "type": "enum", "name": "E", "namespace": "comity", "symbols": symbols });
        if default {
            of["default"] = symbols[0].clone();
        }
        field(&of)
    };
    let inner = |fields: &Json| {
        field(&json!(["null", { "type": "record", "name": "I", "namespace": "comity", "fields": fields }]))
    };
    let schemas = [
        field(&json!("int")),
        field(&json!("long")),
        field(&json!("string")),
        field(&json!("bytes")),
        field(&json!(["null", "int"])),
        field(&json!(["null", "int", "string"])),
        field(&json!({ "type": "array", "items": "int" })),
        field(&json!({ "type": "map", "values": "long" })),
        field(&json!({ "type": "fixed", "name": "F", "namespace": "comity", "size": 16 })),
        field(&json!({ "type": "fixed", "name": "F", "namespace": "comity", "size": 32 })),
        letters(&json!(["U", "X"]), true),
        letters(&json!(["U", "X", "Y"]), true),
        letters(&json!(["U", "X", "Y"]), false),
        inner(&json!([{ "name": "b", "type": "int" }])),
        inner(&json!([{ "name": "b", "type": "int" }, { "name": "c", "type": ["null", "int"], "default": null }])),
        inner(&json!([{ "name": "b", "type": "int" }, { "name": "c", "type": ["null", "int"] }])),
        record(&json!([])),
        record(&json!([{ "name": "a", "type": "int", "default": 1 }])),
    ];
    let (mut readable, mut not) = (0, 0);
    for writer in &schemas {
        for reader in &schemas {
            let ours = can_read(writer, reader).is_empty();
            let (from, to) = (Schema::parse_str(writer).expect("valid"), Schema::parse_str(reader).expect("valid"));
            let theirs = matches!(SchemaCompatibility::can_read(&from, &to), Ok(Compatibility::Full));
            assert_eq!(ours, theirs, "{writer}\nread by {reader}: {:?}", SchemaCompatibility::can_read(&from, &to));
            if ours { readable += 1 } else { not += 1 }
        }
    }
    assert!(readable > schemas.len() && not > schemas.len(), "{readable} and {not}");
}

#[test]
fn a_logical_type_never_changes() {
    let logical = |of: &str, logical: &str| field(&json!({ "type": of, "logicalType": logical }));
    let millis = logical("long", "timestamp-millis");
    for other in
        [logical("long", "timestamp-micros"), field(&json!("long")), logical("int", "date"), field(&json!("int"))]
    {
        assert_eq!(can_read(&millis, &other).len(), 1, "{other}");
        assert_eq!(can_read(&other, &millis).len(), 1, "{other}");
        let nullable = |text: &str| {
            let of = parsed(text)["fields"][0]["type"].clone();
            field(&json!(["null", of]))
        };
        assert_eq!(can_read(&nullable(&millis), &nullable(&other)).len(), 1, "{other}");
    }
    assert_eq!(can_read(&millis, &millis), []);
}

#[test]
fn a_breach_says_where() {
    let alert = VERSIONS.iter().find(|version| version.name == "Alert").expect("Alert").text;
    let changed = alert.replacen(r#""name": "matched_by""#, r#""name": "found_by""#, 1);
    let breaches = full_transitive(&[("Alert.v1", alert), ("Alert.v2", &changed)]);
    let found: Vec<_> = breaches
        .iter()
        .map(|breach| (breach.writer.as_str(), breach.reader.as_str(), breach.path.as_str(), breach.why.as_str()))
        .collect();
    assert_eq!(
        found,
        [
            ("Alert.v1", "Alert.v2", "organisation", "found_by is not written and has no default"),
            ("Alert.v2", "Alert.v1", "organisation", "matched_by is not written and has no default"),
        ]
    );
}

#[test]
fn a_schema_that_holds_itself() {
    let list = field(&json!(["null", "comity.A"]));
    let found = can_read(&list, &list);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].1, "the schema holds itself");
}
