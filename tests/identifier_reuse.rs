//! How often the guard against reused identifiers asks a person, on the real files: most different names under one
//! number are spellings, and a guard that asks about each of them is soon read by nobody.

#![expect(clippy::unwrap_used, reason = "tests fail by panic, and say what they counted or did not read")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use comity::config::folders;
use comity::decode::cut;
use comity::index::State;
use comity::index::identity::{identifier_key, name_digest};
use comity::model::code::{MemberState, Severity};
use comity::model::decision::{NoticeContent, ReviewKind};
use comity::model::entry::{Body, LogEntry};
use comity::model::place::Jurisdiction;
use comity::model::record::{RawRecord, SourcePosition};
use comity::model::rules::{Member, Period, Policy, Rules};
use comity::platform::Platform;
use comity::{intake, ledger};

/// 2023-11-14T22:13:20Z.
const PUBLISHED_AT: i64 = 1_700_000_000_000;

/// The numbers of one platform's files.
#[derive(Debug, Default)]
struct Counted {
    /// The names under each identifier.
    names: BTreeMap<String, BTreeSet<u128>>,
    reused: usize,
    several_holders: usize,
}

fn platform(name: &str) -> Platform {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/platforms");
    folders::load_one(&dir, name).unwrap_or_else(|problems| panic!("{name} does not load: {problems:#?}")).0
}

/// Members for whom nothing of the last century has expired.
fn rules() -> Rules {
    let member = |code: &str| Member {
        jurisdiction: Jurisdiction::parse(code).unwrap(),
        state: MemberState::Active,
        domains: Vec::new(),
        least_severity: Severity::Unknown,
        holidays: Vec::new(),
    };
    Rules {
        federation: "test".to_owned(),
        rules_version: 1,
        logic_version: 1,
        members: ["US-WA", "US-NJ", "CA-QC", "CA-ON", "BR-MG"].map(member).into(),
        policy: Policy { expires_after: Period { months: 600, days: 0 }, forget_after: Period { months: 12, days: 0 } },
        clocks: Vec::new(),
        groups: Vec::new(),
        contacts: Vec::new(),
        digests: Vec::new(),
    }
}

fn entry(state: &mut State, body: Body, counted: &mut Counted) {
    let entry = LogEntry { offset: state.marks.log_position, appended_at: PUBLISHED_AT, body };
    let effects = ledger::handle(state, &entry);
    for notice in &effects.notices {
        if let NoticeContent::Review(review) = &notice.content {
            counted.reused += usize::from(review.kind == ReviewKind::IdentifierReused);
            counted.several_holders += usize::from(review.kind == ReviewKind::SeveralHolders);
        }
    }
    for change in &effects.changes {
        let _ = state.apply(change);
    }
    state.advance(&effects.marks);
}

/// Reads files of a platform, one after the other, through intake and the ledger.
fn count(name: &str, paths: &[&str]) -> Counted {
    let (platform, mut state, mut counted) = (platform(name), State::default(), Counted::default());
    entry(&mut state, Body::Rules(Box::new(rules())), &mut counted);
    let topic: Arc<str> = Arc::from(platform.definition.topic.as_str());
    let mut offset = 0;
    for path in paths {
        let path = Path::new(&std::env::var_os("COMITY_DATA").unwrap()).join(path);
        let cutter = cut::open(&platform.definition, &path.to_string_lossy(), File::open(&path).unwrap()).unwrap();
        let version = cutter.source_version().to_owned();
        for record in cutter {
            let record = record.unwrap();
            let at = SourcePosition { topic: Arc::clone(&topic), partition: 0, from: offset, offset };
            offset += 1;
            let (value, source_version) = (Some(record.bytes.as_slice()), Some(version.as_str()));
            let raw = RawRecord { at: &at, value, source_version, test: false, published_at: PUBLISHED_AT };
            let body = intake::handle(&platform, &raw, None);
            if let Body::Event(event) = &body
                && let Some(subject) = &event.subject
            {
                for identifier in &subject.identifiers {
                    let names = counted.names.entry(identifier_key(identifier)).or_default();
                    names.insert(name_digest(&subject.legal_name));
                }
            }
            entry(&mut state, body, &mut counted);
        }
    }
    counted
}

#[test]
fn a_person_is_asked_about_few_numbers_of_the_real_files() {
    if std::env::var_os("COMITY_DATA").is_none() {
        println!("COMITY_DATA is not set: nothing is counted");
        return;
    }
    let files: [(&str, &[&str]); 5] = [
        ("us-wa-labour", &["us-state-labor/WA-complaints.csv"]),
        ("us-nj-labour", &["us-state-labor/NJ-cases.csv"]),
        ("ca-qc-montreal-food", &["ca-montreal-food/contrevenants.csv"]),
        ("ca-on-dinesafe", &["ca-toronto-dinesafe/dinesafe-2012.csv", "ca-toronto-dinesafe/dinesafe-2020.csv"]),
        ("br-mg-sanctions", &["br-mg-sancionadas/empresas_sancionadas.csv"]),
    ];
    for (name, paths) in files {
        let counted = count(name, paths);
        let several = counted.names.values().filter(|names| names.len() > 1).count();
        let (all, asked) = (counted.names.len(), counted.reused + counted.several_holders);
        println!("{name}: {all} numbers, {several} with several names, {asked} questions");
        assert!(all > 0 && 50 * asked <= all, "{name}: {asked} questions about {all} numbers");
    }
}
