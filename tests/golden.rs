//! Every data file of every platform against numbers that were counted apart: what is cut, what becomes an event, what
//! is refused and why.
//!
//! `tests/golden/<platform>.toml` holds the numbers. Files under `tests/quirks/` are invented and always read; the real
//! ones are read where the environment variable `COMITY_DATA` names their folder.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::wildcard_enum_match_arm,
    reason = "a test ends where its input is not what it must be, and says what it did not read"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use comity::config::folders;
use comity::decode::cut;
use comity::intake::handle;
use comity::model::code::Code;
use comity::model::entry::Body;
use comity::model::event::InfractionEvent;
use comity::model::record::{RawRecord, SourcePosition};
use comity::model::rejection::{Rejection, Stage};
use comity::platform::Platform;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// 2024-11-01T00:00:00Z, the Kafka timestamp of every record.
const PUBLISHED_AT: i64 = 1_730_419_200_000;

/// The numbers of one platform.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Golden {
    file: Vec<Numbers>,
}

/// The numbers of one file.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Numbers {
    /// Below `tests/quirks` where it is invented, else below `COMITY_DATA`.
    path: String,
    #[serde(default)]
    invented: bool,
    sha256: String,
    /// The version of the platform's format that the cutter chose.
    source: String,
    records: usize,
    /// Records of which the mapping made an event, those that the guard then refused included; compared where stated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    mapped: Option<usize>,
    /// Different event ids.
    event_ids: usize,
    /// Events whose content was there before under their id and kind.
    duplicates: usize,
    /// Events with another content than the one before under their id and kind.
    revisions: usize,
    /// Events that name an organisation.
    subjects: usize,
    subjects_dropped: usize,
    texts_dropped: usize,
    /// Events that say where goods went by codes, and those that say it in prose.
    distributions: usize,
    distribution_texts: usize,
    /// By kind.
    events: BTreeMap<String, usize>,
    /// Of all but withdrawals and closures.
    #[serde(default)]
    severities: BTreeMap<String, usize>,
    /// By the first legal basis of each.
    #[serde(default)]
    legal_bases: BTreeMap<String, usize>,
    #[serde(default)]
    domains: BTreeMap<String, usize>,
    #[serde(default)]
    finalities: BTreeMap<String, usize>,
    #[serde(default)]
    measures: BTreeMap<String, usize>,
    /// By reason, with the platform's own word or the field behind it.
    #[serde(default)]
    rejections: BTreeMap<String, usize>,
}

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn platform(name: &str) -> Platform {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/platforms");
    folders::load_one(&dir, name).unwrap_or_else(|problems| panic!("{name} does not load: {problems:#?}")).0
}

/// Counts one file by the program's own cutter and intake.
fn count(platform: &Platform, path: &Path) -> Numbers {
    let mut found = Numbers { sha256: sha256(path), ..Numbers::default() };
    let mut last: BTreeMap<(String, String), [u8; 32]> = BTreeMap::new();
    let mut seen: BTreeSet<(String, [u8; 32])> = BTreeSet::new();
    let mut refused_later = 0;
    let cutter = cut::open(&platform.definition, &path.to_string_lossy(), File::open(path).unwrap()).unwrap();
    let version = cutter.source_version().to_owned();
    let topic: Arc<str> = Arc::from(platform.definition.topic.as_str());
    for (place, record) in cutter.enumerate() {
        let record = record.unwrap();
        let offset = i64::try_from(place).unwrap();
        let at = SourcePosition { topic: Arc::clone(&topic), partition: 0, from: offset, offset };
        let (value, source_version) = (Some(record.bytes.as_slice()), Some(version.as_str()));
        let raw = RawRecord { at: &at, value, source_version, test: false, published_at: PUBLISHED_AT };
        found.records += 1;
        match handle(platform, &raw, None) {
            Body::Event(event) => {
                note(&event, &mut found);
                let (kind, content) = (event.kind.name().to_owned(), event.provenance.content_sha256);
                let before = last.insert((event.event_id.clone(), kind), content);
                if !seen.insert((event.event_id, content)) {
                    found.duplicates += 1;
                } else if before.is_some_and(|before| before != content) {
                    found.revisions += 1;
                }
            }
            Body::Rejection(rejection) => {
                refused_later += usize::from(rejection.reason.stage() == Stage::Guard);
                add(&mut found.rejections, &why(&rejection));
            }
            other => panic!("a record became {other:?}"),
        }
    }
    found.source = version;
    found.mapped = Some(found.events.values().sum::<usize>() + refused_later);
    found.event_ids = last.keys().map(|(event, _)| event).collect::<BTreeSet<_>>().len();
    found
}

/// One event in the counts that need no memory of others.
fn note(event: &InfractionEvent, found: &mut Numbers) {
    add(&mut found.events, event.kind.name());
    found.subjects += usize::from(event.subject.is_some());
    found.subjects_dropped += usize::from(event.subject_dropped);
    found.texts_dropped += usize::from(event.text_dropped);
    found.distributions += usize::from(!event.distribution.is_empty());
    found.distribution_texts += usize::from(event.distribution_text.is_some());
    if event.withdrawal.is_none() && event.kind.name() != "CLOSURE" {
        add(&mut found.severities, event.severity.name());
        add(&mut found.domains, event.domain.name());
        add(&mut found.finalities, event.finality.name());
        add(&mut found.legal_bases, &event.legal_basis[0].value);
    }
    for measure in &event.measures {
        add(&mut found.measures, measure.measure_type.name());
    }
}

fn add(counts: &mut BTreeMap<String, usize>, key: &str) {
    *counts.entry(key.to_owned()).or_default() += 1;
}

/// The reason with the platform's word, else with the field; lines of a mapping change too often to be counted by.
fn why(rejection: &Rejection) -> String {
    let field = rejection.field.as_deref().map(|field| field.split(":").next().unwrap());
    let place = rejection.detail.as_deref().or(field);
    place.map_or_else(|| rejection.reason.name().to_owned(), |place| format!("{} {place}", rejection.reason.name()))
}

fn sha256(path: &Path) -> String {
    Sha256::digest(fs::read(path).unwrap()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Where a file lies; `None` where it is a real one and nobody said where those are.
fn place(numbers: &Numbers) -> Option<PathBuf> {
    if numbers.invented {
        return Some(repository().join("tests/quirks").join(&numbers.path));
    }
    std::env::var_os("COMITY_DATA").map(|folder| Path::new(&folder).join(&numbers.path))
}

/// Compares each file of a platform with its numbers.
fn check(name: &str) {
    let text = fs::read_to_string(repository().join(format!("tests/golden/{name}.toml"))).unwrap();
    let golden: Golden = toml::from_str(&text).unwrap();
    let platform = platform(name);
    let mut differing = String::new();
    let mut quirks = 0;
    for expected in &golden.file {
        let Some(path) = place(expected) else {
            println!(
                "COMITY_DATA is not set: {} is not read, only the repository's own quirk files are",
                expected.path
            );
            continue;
        };
        quirks += usize::from(expected.invented);
        let mut found = Numbers { path: expected.path.clone(), invented: expected.invented, ..count(&platform, &path) };
        found.mapped = found.mapped.filter(|_| expected.mapped.is_some());
        let outcomes: usize = found.events.values().chain(found.rejections.values()).sum();
        assert_eq!(outcomes, found.records, "each record of {} ends as one event or one rejection", found.path);
        if found != *expected {
            differing.push_str(&format!("[[file]]\n{}\n", toml::to_string(&found).unwrap().replace("\n[", "\n[file.")));
        }
    }
    assert!(quirks > 0, "{name} has quirk files of its own");
    assert!(differing.is_empty(), "{name} counts otherwise:\n{differing}");
}

#[test]
fn eu_rasff() {
    check("eu-rasff");
}

#[test]
fn us_nj_labour() {
    check("us-nj-labour");
}

#[test]
fn ca_on_dinesafe() {
    check("ca-on-dinesafe");
}

#[test]
fn us_openfda_food() {
    check("us-openfda-food");
}

#[test]
fn ca_qc_montreal_food() {
    check("ca-qc-montreal-food");
}

#[test]
fn br_mg_sanctions() {
    check("br-mg-sanctions");
}

#[test]
fn kr_vehicle_recalls() {
    check("kr-vehicle-recalls");
}

#[test]
fn us_wa_labour() {
    check("us-wa-labour");
}

#[test]
fn us_ma_labour() {
    check("us-ma-labour");
}

#[test]
fn us_wi_labour() {
    check("us-wi-labour");
}

#[test]
fn us_sc_labour() {
    check("us-sc-labour");
}
