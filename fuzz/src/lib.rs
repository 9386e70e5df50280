//! The six fuzz targets as plain functions. `cargo fuzz run <name>` drives them by coverage; `tests/fuzz.rs` drives the
//! same functions by a seeded loop, which needs no other toolchain.
//!
//! A target panics where something is wrong: whatever bytes come in, what comes out keeps its promises.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use comity::decode::decode as decode_record;
use comity::http::{api, query as parts};
use comity::intake::handle;
use comity::kafka::view::View;
use comity::model::code::{Domain, Role, Scope, Severity, Standing};
use comity::model::entry::{AcknowledgementLevel, Body};
use comity::model::packed::PackedCase;
use comity::model::place::Jurisdiction;
use comity::model::record::{RawRecord, SourcePosition};
use comity::model::rejection::Stage;
use comity::model::state::{Ack, Case, CaseEvent, Duty, RanOut, Revision, Told, Value};
use comity::platform::{Platform, load};
use comity::schema::identifiers::{clean, local_value, schemes};
use comity::schema::log::{decode_entry, encode_entry};
use comity::schema::state::{
    StateEntry, StateRecord, decode_key, decode_record as decode_state, encode_key, encode_record, encode_value,
};

/// A target by its name.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: [Target; 6] = [
    ("decode", decode),
    ("mapping", mapping),
    ("canonical", canonical),
    ("identifiers", identifiers),
    ("query", query),
    ("configuration", configuration),
];

const FOLDERS: [&str; 4] = ["ca-on-food", "ca-bc-safety", "ca-ab-environment", "ca-qc-normes"];

/// The folder of a sample platform, its examples with it.
#[must_use]
pub fn folder(name: &str) -> BTreeMap<String, Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = if root.ends_with("fuzz") { root.join("..") } else { root.to_path_buf() };
    let root = root.join("schemas/demo").join(name);
    let mut files = BTreeMap::new();
    for (folder, before) in [(root.clone(), ""), (root.join("examples"), "examples/")] {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            if let (Ok(bytes), Ok(name)) = (std::fs::read(entry.path()), entry.file_name().into_string()) {
                files.insert(format!("{before}{name}"), bytes);
            }
        }
    }
    files
}

static PLATFORMS: LazyLock<Vec<Platform>> = LazyLock::new(|| {
    let loaded = FOLDERS.iter().map(|name| load(name, &folder(name)));
    loaded.map(|platform| platform.unwrap_or_else(|problems| panic!("{problems:?}"))).collect()
});

/// Inputs that a target understands, to begin from.
#[must_use]
pub fn seeds(target: &str) -> Vec<Vec<u8>> {
    match target {
        "decode" | "mapping" => {
            let examples = |(place, name): (usize, &&str)| {
                let files = folder(name).into_iter().filter(|(name, _)| name.starts_with("examples/"));
                files.map(move |(_, bytes)| [vec![place as u8], bytes].concat()).collect::<Vec<_>>()
            };
            FOLDERS.iter().enumerate().flat_map(examples).collect()
        }
        "canonical" => {
            let entries = seeds("mapping").into_iter().map(|seed| encode_entry(&become_entry(&seed)));
            let entries = entries.chain([encode_entry(&Body::Tick)]).map(|entry| [vec![0], entry].concat());
            let state = encode_record(1, &encode_value(&Value::Case(PackedCase::new(&case()))));
            entries.chain([[vec![1], state].concat()]).collect()
        }
        "identifiers" => {
            ["529900T8BM49AURSDO55", "732 829 320", "HRB 12345 B", "CHE-109.322.551", "602-703-712", "EST-9"]
                .iter()
                .flat_map(|value| (0..64).map(move |scheme| [&[scheme], value.as_bytes()].concat()))
                .collect()
        }
        "query" => [
            "cases/ca-on-food%2FIN-88213",
            "cases/CA-ON/ca-on-food/IN-88213",
            "alerts/a%231",
            "organisations?scheme=lei&value=529900T8BM49AURSDO55",
            "organisations?name=Boreal+Lantern",
            "organisations/lei:529900T8BM49AURSDO55",
        ]
        .map(|text| text.as_bytes().to_vec())
        .to_vec(),
        _ => vec![
            br#"[kafka]
bootstrap_servers = "a:9092"
single_broker = true
[kafka.properties]
"client.id" = "x"
[federation]
name = "f"
jurisdictions = ["CA-ON", "US-MA", { code = "DE", state = "LEFT" }]
rules_version = 2
[platforms]
dir = "p"
enabled = ["ca-on-food"]
[policy]
expires_after = "P3Y"
forget_after = "P2Y6M"
[http]
listen = "127.0.0.1:8080"
"#
            .to_vec(),
        ],
    }
}

/// A case under one of the keys that `canonical` reads values for.
fn case() -> Case {
    let member = |member| Told { member, role: Role::Attention, by_index: member == 3, sequence: 1_000 };
    let event = CaseEvent {
        event_id: "p/e".to_owned(),
        revision: Some(1),
        version: 2,
        issued_at: Some(77),
        standing: Standing::Disputed,
        domain: Domain::FoodSafety,
        scope: Scope::Federation,
        handling: None,
        told: 12,
        severity: Severity::Severe,
        since: 20_000,
        expires_at: Some(88),
        sent: Box::default(),
        revisions: Box::new([Revision { raw: 1, content: 2 }]),
    };
    let ran_out = Some(RanOut { step: 1, level: AcknowledgementLevel::Received, due_at: 80 });
    let ack = Ack {
        member: 2,
        event: 0,
        version: 1,
        level: Some(AcknowledgementLevel::Accepted),
        at: Some(79),
        disputed_since: Some(79),
        duty: Some(Duty { version: 2, issued_at: 77, role: Role::FollowUp, next: 1, due_at: Some(90), ran_out }),
    };
    Case {
        origin: Jurisdiction::parse("DE").unwrap_or_else(|| panic!("a code")),
        case_id: "a".to_owned(),
        platform: "p".to_owned(),
        organisation_id: Some("lei:1".to_owned()),
        name_digest: Some(3),
        told: [2, 3].into_iter().map(member).collect(),
        events: Box::new([event]),
        acks: Box::new([ack]),
        national_sequence: 0,
        keep_until: 99,
    }
}

fn at() -> SourcePosition {
    SourcePosition { topic: Arc::from("comity.in.fuzz"), partition: 0, from: 1, offset: 2 }
}

/// The platform that the first byte chooses, and the record.
fn chosen(data: &[u8]) -> Option<(&'static Platform, &[u8])> {
    let (first, value) = data.split_first()?;
    Some((PLATFORMS.get(usize::from(*first) % FOLDERS.len())?, value))
}

/// What intake makes of a record.
#[must_use]
pub fn become_entry(data: &[u8]) -> Body {
    let Some((platform, value)) = chosen(data) else { return Body::Tick };
    let at = at();
    let record = RawRecord { at: &at, value: Some(value), source_version: None, test: false, published_at: 77 };
    handle(platform, &record, None)
}

/// Decoding by format: a value, or a refusal of this stage.
pub fn decode(data: &[u8]) {
    let Some((platform, value)) = chosen(data) else { return };
    let at = at();
    let record = RawRecord { at: &at, value: Some(value), source_version: None, test: false, published_at: 77 };
    if let Err(refusal) = decode_record(&platform.definition, &record) {
        assert_eq!(refusal.reason.stage(), Stage::Decode);
        assert_eq!(refusal.detail, None);
    }
}

/// All of intake: what comes out is an entry that the log's reader takes back as it was.
pub fn mapping(data: &[u8]) {
    let body = become_entry(data);
    if let Body::Rejection(rejection) = &body {
        assert_eq!(rejection.payload, None, "the sample platforms name subjects");
    }
    let entry = encode_entry(&body);
    match decode_entry(&entry, 0, 0) {
        Ok(read) => assert_eq!(read.body, body),
        Err(error) => panic!("what intake wrote cannot be read: {error}"),
    }
}

/// Comity's own records: an entry or a value that is read is written back as one that reads alike.
pub fn canonical(data: &[u8]) {
    let Some((how, value)) = data.split_first() else { return };
    if how % 2 == 0 {
        if let Ok(entry) = decode_entry(value, 0, 0) {
            let again = decode_entry(&encode_entry(&entry.body), 0, 0);
            assert_eq!(again.ok().map(|again| again.body), Some(entry.body));
        }
        return;
    }
    for key in ["checkpoint", "rules", "org/a", "case/DE/a", "pending/DE/EVENT/a", "source/0/a"] {
        let read = decode_state(key.as_bytes(), Some(value), None).ok();
        if let Some(StateRecord::Entry { transaction, entry: StateEntry { value: Some(value), .. } }) = &read {
            let written = encode_record(*transaction, &encode_value(value));
            assert_eq!(decode_state(key.as_bytes(), Some(&written), None).ok(), read);
        }
    }
    let _ = decode_state(value, None, Some(&[0; 8]));
    if let Some(key) = std::str::from_utf8(value).ok().and_then(decode_key) {
        assert_eq!(decode_key(&encode_key(&key)), Some(key));
    }
}

/// Identifiers: a normal form is its own normal form, and trust is said of each.
pub fn identifiers(data: &[u8]) {
    let Some((first, value)) = data.split_first() else { return };
    let text = String::from_utf8_lossy(value);
    if let Some(scheme) = schemes().get(usize::from(*first) % schemes().len())
        && let Some(normal) = scheme.normalise(&text)
    {
        let _ = scheme.trust(&normal);
        assert!(normal.is_ascii() || normal == clean(&normal), "{}: {normal:?}", scheme.name);
        assert_eq!(scheme.normalise(&normal).as_ref(), Some(&normal), "{}", scheme.name);
    }
    if let Some(local) = local_value(&text) {
        assert_eq!(local_value(&local).as_ref(), Some(&local));
    }
    let _ = comity::identify::normalise_name(&text);
}

/// A path and query of the read API, over a view that holds nothing: an answer, with nothing of what was asked in it.
pub fn query(data: &[u8]) {
    static VIEW: LazyLock<View> = LazyLock::new(|| {
        let view = View::default();
        view.complete();
        view
    });
    let text = String::from_utf8_lossy(data);
    let (path, query) = text.split_once('?').map_or((text.as_ref(), None), |(path, query)| (path, Some(query)));
    let answer = api::answer(&VIEW, "owner", &format!("{}/{path}", api::ROOT), query);
    assert!(matches!(answer.status, 200 | 400 | 404), "{}", answer.status);
    let encoded = parts::encode(&text, false);
    assert!(encoded.is_ascii());
}

/// A configuration: settings, or problems whose places lie in its text.
pub fn configuration(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Err(problems) = comity::config::parse("comity.toml", Path::new("/nowhere"), &text) {
        assert!(!problems.is_empty());
        for place in problems.iter().filter_map(|problem| problem.place.as_ref()) {
            assert!(place.start <= place.end && place.end <= place.text.len(), "{}..{}", place.start, place.end);
            assert!(place.text.is_char_boundary(place.start) && place.text.is_char_boundary(place.end));
        }
    }
}
