//! What the guard says of names that regulators and registers published: its false refusals, counted and looked at.
//!
//! GLEIF lists registered entities only, so there every refusal is a false one or a rule's: 3,456 partnerships, and of the
//! 3,187 undecidable ones nearly all are trusts, pension schemes, a bare `Company`, or show no form at all. In the labour
//! file 78 of 1,653 findings show no form and 8 name a partnership.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use comity::guard::guard;
use comity::model::code::{
    Bound, CaseStatus, Certainty, Domain, Finality, Kind, Mode, Precision, Scope, Severity, Urgency,
};
use comity::model::event::{Authority, Dated, Infraction, InfractionEvent, Provenance, Subject};
use comity::model::place::Jurisdiction;
use comity::model::record::SourcePosition;
use comity::platform::definition::{Definition, Ids, Origin, Partitions};

fn platform() -> Definition {
    Definition {
        speaks: comity::platform::definition::Speaks::Events,
        export: comity::platform::definition::Export::Delta,
        name: "sample".into(),
        title: String::new(),
        origin: Origin::PerRecord,
        ids: Ids::Native,
        topic: String::new(),
        partitions: Partitions::One,
        language: "en".into(),
        time_zone: "UTC".into(),
        domains: vec![Domain::LabourStandards],
        legal_bases: Vec::new(),
        authority: Authority { id: "a".into(), name: "A".into() },
        decisions_are: String::new(),
        names_subjects: true,
        rejects: BTreeMap::new(),
        never_sends: Vec::new(),
        codes: BTreeMap::new(),
        schemes: Vec::new(),
        sources: Vec::new(),
    }
}

fn event(origin: Jurisdiction, name: &str) -> InfractionEvent {
    InfractionEvent {
        event_id: "sample/1".into(),
        revision: None,
        kind: Kind::Original,
        case_id: "1".into(),
        case_status: CaseStatus::Open,
        references: Vec::new(),
        mode: Mode::Actual,
        origin,
        platform: "sample".into(),
        authority: Authority { id: "a".into(), name: "A".into() },
        subject: Some(Subject {
            identifiers: Vec::new(),
            legal_name: name.into(),
            legal_form: None,
            jurisdiction: None,
            locality: None,
        }),
        products: Vec::new(),
        domain: Domain::LabourStandards,
        infraction: Infraction { code: None, scheme: None, title: "t".into() },
        finality: Finality::Final,
        measures: Vec::new(),
        severity: Severity::Unknown,
        urgency: Urgency::Unknown,
        certainty: Certainty::Unknown,
        legal_basis: Vec::new(),
        occurred: None,
        decided: Dated { date: 0, precision: Precision::Day, bound: Bound::Exact, text: None },
        aware_at: None,
        expires_at: None,
        scope: Scope::Federation,
        for_follow_up: Vec::new(),
        for_attention: Vec::new(),
        sharing_groups: Vec::new(),
        handling: None,
        distribution: Vec::new(),
        distribution_text: None,
        withdrawal: None,
        info: Vec::new(),
        resources: Vec::new(),
        subject_dropped: false,
        text_dropped: false,
        reported_at: 0,
        provenance: Provenance {
            at: SourcePosition { topic: "t".into(), partition: 0, from: 0, offset: 0 },
            raw_sha256: [0; 32],
            content_sha256: [0; 32],
            mapping_version: String::new(),
            schema_id: None,
        },
    }
}

/// How many of some names pass, and how many are refused for which reason.
fn count<'n>(names: impl IntoIterator<Item = (&'n str, &'n str)>) -> BTreeMap<&'static str, usize> {
    let platform = platform();
    let mut counts = BTreeMap::new();
    for (country, name) in names {
        let Some(origin) = Jurisdiction::parse(country) else { continue };
        let verdict = guard(&mut event(origin, name), &platform);
        *counts.entry(verdict.map_or_else(|refusal| refusal.reason.code(), |()| "passes")).or_default() += 1;
    }
    counts
}

/// The rows of a CSV file of the folder of real data; `None` where there is no folder.
fn rows(file: &str) -> Option<Vec<csv::StringRecord>> {
    let Some(data) = std::env::var_os("COMITY_DATA").map(PathBuf::from) else {
        eprintln!("skipped: COMITY_DATA is not set");
        return None;
    };
    let mut reader = csv::Reader::from_path(Path::new(&data).join(file)).unwrap();
    Some(reader.records().map(Result::unwrap).collect())
}

fn expect(counts: &BTreeMap<&'static str, usize>, expected: &[(&str, usize)]) {
    let found: Vec<(&str, usize)> = counts.iter().map(|(reason, count)| (*reason, *count)).collect();
    assert_eq!(found, expected);
}

#[test]
fn registered_entities() {
    let Some(rows) = rows("reference/gleif-lei-sample.csv") else { return };
    let counts = count(rows.iter().map(|row| (&row[2], &row[1])));
    expect(&counts, &[("CMT-4001", 3_454), ("CMT-4002", 3_183), ("CMT-4003", 17), ("passes", 54_899)]);
}

#[test]
fn labour_findings() {
    let Some(rows) = rows("us-state-labor/NJ-cases.csv") else { return };
    let findings = ["Docketed Judgment", "Collection", "Assessed", "Decision", "Cited"];
    let counts = count(rows.iter().filter(|row| findings.contains(&row[2].trim())).map(|row| ("US-NJ", &row[5])));
    expect(&counts, &[("CMT-4001", 8), ("CMT-4002", 78), ("CMT-4003", 1), ("passes", 1_566)]);
}

#[test]
fn food_law_convictions() {
    let Some(rows) = rows("ca-montreal-food/contrevenants.csv") else { return };
    let counts = count(rows.iter().map(|row| ("CA-QC", &row[8])));
    expect(&counts, &[("CMT-4001", 26), ("CMT-4002", 11), ("passes", 3_999)]);
}
