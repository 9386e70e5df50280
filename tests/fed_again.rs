//! Every real file of every platform through intake and the ledger: in whatever order platforms come between each other,
//! the same cases are open and the same members told; and what is fed a second time sends not one alert.

#![expect(clippy::unwrap_used, reason = "a test ends where its input is not what it must be")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;

use comity::config::folders;
use comity::decode::cut;
use comity::index::State;
use comity::index::cases::is_open;
use comity::model::code::{MemberState, Severity, Standing};
use comity::model::entry::{Body, LogEntry};
use comity::model::packed::PackedCase;
use comity::model::place::Jurisdiction;
use comity::model::record::{RawRecord, SourcePosition};
use comity::model::rules::{Member, Period, Policy, Rules};
use comity::platform::Platform;
use comity::{intake, ledger};

/// 2024-11-01T00:00:00Z.
const PUBLISHED_AT: i64 = 1_730_419_200_000;
/// Origins of the platforms, and the members of the RASFF.
const MEMBERS: &str = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK IS LI NO CH \
    GB-NIR EU US US-MA US-NJ US-SC US-WA US-WI CA-ON CA-QC KR BR-MG";

/// The real files of a platform, as its golden counts name them.
fn files(name: &str) -> Vec<String> {
    let text = fs::read_to_string(Path::new("tests/golden").join(format!("{name}.toml"))).unwrap();
    let table: toml::Table = text.parse().unwrap();
    let real = |file: &&toml::Value| file.get("invented").is_none();
    table["file"]
        .as_array()
        .unwrap()
        .iter()
        .filter(real)
        .map(|file| file["path"].as_str().unwrap().to_owned())
        .collect()
}

fn platform(name: &str) -> Platform {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/platforms");
    folders::load_one(&dir, name).unwrap_or_else(|problems| panic!("{name} does not load: {problems:#?}")).0
}

/// What intake makes of all files of a platform, in their order.
fn bodies(name: &str, data: &Path) -> Vec<Body> {
    let platform = platform(name);
    let topic: Arc<str> = Arc::from(platform.definition.topic.as_str());
    let mut bodies = Vec::new();
    for path in files(name).iter().map(|path| data.join(path)) {
        let cutter = cut::open(&platform.definition, &path.to_string_lossy(), File::open(&path).unwrap()).unwrap();
        let version = cutter.source_version().to_owned();
        for record in cutter {
            let record = record.unwrap();
            let offset = i64::try_from(bodies.len()).unwrap();
            let at = SourcePosition { topic: Arc::clone(&topic), partition: 0, from: offset, offset };
            let (value, source_version) = (Some(record.bytes.as_slice()), Some(version.as_str()));
            let raw = RawRecord { at: &at, value, source_version, test: false, published_at: PUBLISHED_AT };
            bodies.push(intake::handle(&platform, &raw, None));
        }
    }
    bodies
}

/// The same record, fed again: it stands further on in its topic.
fn again(body: &Body, further: usize) -> Body {
    let move_on = |at: &mut SourcePosition| {
        let further = i64::try_from(further).unwrap();
        (at.from, at.offset) = (at.from + further, at.offset + further);
    };
    let mut body = body.clone();
    match &mut body {
        Body::Event(event) => move_on(&mut event.provenance.at),
        Body::Rejection(rejection) => move_on(&mut rejection.at),
        Body::Acknowledgement(_) | Body::Link(_) | Body::Missing(_) | Body::Rules(_) | Body::Tick => {}
    }
    body
}

fn rules() -> Rules {
    let member = |code: &str| Member {
        jurisdiction: Jurisdiction::parse(code).unwrap(),
        state: MemberState::Active,
        domains: Vec::new(),
        least_severity: Severity::Unknown,
        holidays: Vec::new(),
    };
    let period = |years: i32| Period { months: 12 * years, days: 0 };
    Rules {
        federation: "test".to_owned(),
        rules_version: 1,
        logic_version: 1,
        members: MEMBERS.split_whitespace().map(member).collect(),
        policy: Policy { expires_after: period(50), forget_after: period(3) },
        clocks: Vec::new(),
        groups: Vec::new(),
        contacts: Vec::new(),
        digests: Vec::new(),
    }
}

/// Whether a case is open, where each of its events stands, and which members were told.
type Lasting = (bool, Vec<(String, Standing)>, BTreeSet<u8>);

#[derive(Default)]
struct Ledger {
    state: State,
    alerts: usize,
}

impl Ledger {
    fn read(&mut self, body: Body) {
        let entry = LogEntry { offset: self.state.marks.log_position, appended_at: PUBLISHED_AT, body };
        let effects = ledger::handle(&self.state, &entry);
        self.alerts += effects.decisions.iter().map(|decision| decision.recipients.len()).sum::<usize>();
        for change in &effects.changes {
            let _ = self.state.apply(change);
        }
        self.state.advance(&effects.marks);
    }

    /// What must not depend on the order, by origin and case.
    fn cases(&self) -> BTreeMap<(Jurisdiction, String), Lasting> {
        let told = |case: &comity::model::state::Case| case.told.iter().map(|told| told.member).collect();
        let events = |case: &comity::model::state::Case| {
            case.events.iter().map(|event| (event.event_id.clone(), event.standing)).collect()
        };
        let cases = self.state.cases().map(PackedCase::unpack);
        cases.map(|case| ((case.origin, case.case_id.clone()), (is_open(&case), events(&case), told(&case)))).collect()
    }
}

#[test]
fn the_order_of_platforms_changes_no_case_and_a_second_feed_sends_no_alert() {
    let Some(data) = std::env::var_os("COMITY_DATA") else {
        println!("COMITY_DATA is not set: the real files are left out");
        return;
    };
    let names: Vec<String> = fs::read_dir("tests/golden")
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    let all: Vec<Vec<Body>> = names.iter().map(|name| bodies(name, Path::new(&data))).collect();
    let records = all.iter().map(Vec::len).sum::<usize>();
    assert!(all.len() >= 11 && records > 75_000, "every platform is read: {records}");

    // One platform after the other.
    let mut straight = Ledger::default();
    straight.read(Body::Rules(Box::new(rules())));
    all.iter().flatten().for_each(|body| straight.read(body.clone()));

    // A record of each in turn, until none has any left.
    let mut shuffled = Ledger::default();
    shuffled.read(Body::Rules(Box::new(rules())));
    for turn in 0..all.iter().map(Vec::len).max().unwrap() {
        all.iter().filter_map(|bodies| bodies.get(turn)).for_each(|body| shuffled.read(body.clone()));
    }
    assert!(straight.alerts > 100_000, "{} alerts", straight.alerts);
    assert_eq!(straight.alerts, shuffled.alerts);
    let cases = straight.cases();
    assert!(cases == shuffled.cases(), "a case depends on the order");

    let sent = straight.alerts;
    for turn in 0..all.iter().map(Vec::len).max().unwrap() {
        for bodies in &all {
            bodies.get(turn).into_iter().for_each(|body| straight.read(again(body, bodies.len())));
        }
    }
    assert_eq!(straight.alerts, sent, "what was fed before sends nothing");
    assert!(cases == straight.cases(), "nor does it change a case");
}
