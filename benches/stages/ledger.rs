//! The ledger: the decision alone, the bytes of its alerts, and the whole pure loop from entries to transactions.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::Arc;

use comity::encode::{own, tails};
use comity::index::State;
use comity::intake;
use comity::ledger::{LOGIC_VERSION, Outcome, handle};
use comity::model::code::{MemberState, Severity};
use comity::model::entry::{Body, LogEntry};
use comity::model::place::{Jurisdiction, Millis};
use comity::model::record::{RawRecord, SourcePosition};
use comity::model::rules::{Member, Period, Policy, Rules};
use comity::run::ledger::{Command, Input, Ledger, OutputTails, Setting};
use criterion::{BatchSize, Criterion, Throughput};

use crate::cpu::CpuTime;
use crate::records::{self, FOLDER, Turn, native};

const RECIPIENTS: &[usize] = &[11, 50];
/// Notices that the ledger knows before anything is measured.
const KNOWN: usize = 20_000;
/// Entries measured in turn, so that no single one stays in the caches.
const MEASURED: usize = 1_000;
/// Entries of one transaction of the loop.
const BATCH: usize = 1_000;
/// Log time: 2026-04-01.
const NOW: Millis = 1_774_998_000_000;

/// Writes records as entries of a log, behind each other.
struct Writer {
    platform: comity::platform::Platform,
    topic: Arc<str>,
    source_offset: i64,
    offset: i64,
}

impl Writer {
    fn new() -> Self {
        let (platform, _) = records::platform(FOLDER);
        let topic = Arc::from(platform.definition.topic.as_str());
        Self { platform, topic, source_offset: 0, offset: 0 }
    }

    fn body(&self, notice: usize, turn: Turn) -> Body {
        let offset = self.source_offset;
        let at = SourcePosition { topic: Arc::clone(&self.topic), partition: 0, from: offset, offset };
        let value = native(notice, turn);
        let record = RawRecord { at: &at, value: Some(&value), source_version: None, test: false, published_at: NOW };
        let body = intake::handle(&self.platform, &record, None);
        assert!(matches!(body, Body::Event(_)), "{body:?}");
        body
    }

    fn entry(&mut self, body: Body) -> LogEntry {
        self.source_offset += i64::from(body.source().is_some());
        self.offset += 1;
        LogEntry { offset: self.offset - 1, appended_at: NOW, body }
    }

    fn event(&mut self, notice: usize, turn: Turn) -> LogEntry {
        let body = self.body(notice, turn);
        self.entry(body)
    }

    /// Entries that could each be the next one: they stand at the same place.
    fn alternatives(&self, notices: std::ops::Range<usize>, turn: Turn) -> Vec<LogEntry> {
        let entry = |notice| LogEntry { offset: self.offset, appended_at: NOW, body: self.body(notice, turn) };
        notices.map(entry).collect()
    }
}

fn rules(recipients: usize) -> Rules {
    let member = |code: &&str| Member {
        holidays: Vec::new(),
        jurisdiction: Jurisdiction::parse(code).unwrap(),
        state: MemberState::Active,
        domains: Vec::new(),
        least_severity: Severity::Unknown,
    };
    let years = |years: i32| Period { months: 12 * years, days: 0 };
    Rules {
        clocks: Vec::new(),
        groups: Vec::new(),
        contacts: Vec::new(),
        federation: "bench".to_owned(),
        rules_version: 1,
        logic_version: LOGIC_VERSION,
        members: records::members(recipients).iter().map(member).collect(),
        policy: Policy { expires_after: years(3), forget_after: years(3) },
        digests: Vec::new(),
    }
}

/// A state that knows `KNOWN` notices, all of them told to everyone.
fn known(recipients: usize, writer: &mut Writer) -> State {
    let mut state = State::default();
    let first = writer.entry(Body::Rules(Box::new(rules(recipients))));
    let mut entries = vec![first];
    entries.extend((0..KNOWN).map(|notice| writer.event(notice, Turn::Issued)));
    for entry in &entries {
        let effects = handle(&state, entry);
        assert!(matches!(effects.outcome, Outcome::Rules | Outcome::Taken), "{:?}", effects.outcome);
        for change in &effects.changes {
            let _ = state.apply(change);
        }
        state.advance(&effects.marks);
    }
    state
}

pub(crate) fn decisions(criterion: &mut Criterion<CpuTime>) {
    for recipients in RECIPIENTS {
        let mut writer = Writer::new();
        let state = known(*recipients, &mut writer);
        let mut group = criterion.benchmark_group(format!("ledger/{recipients}"));
        group.throughput(Throughput::Elements(1));
        for (name, notices, turn, outcome) in [
            ("original", KNOWN..KNOWN + MEASURED, Turn::Issued, Outcome::Taken),
            ("revision", 0..MEASURED, Turn::Amended, Outcome::Taken),
            ("duplicate", 0..MEASURED, Turn::Issued, Outcome::Duplicate),
            ("withdrawal", 0..MEASURED, Turn::Rescinded, Outcome::Taken),
        ] {
            let entries = writer.alternatives(notices, turn);
            let all = |entry| handle(&state, entry).outcome == outcome;
            assert!(entries.iter().all(all), "{name} is {outcome:?}");
            let mut turn = entries.iter().cycle();
            group.bench_function(format!("handle/{name}"), |bench| {
                bench.iter(|| handle(&state, black_box(turn.next().unwrap())));
            });
        }
        let entries = writer.alternatives(KNOWN..KNOWN + 1, Turn::Issued);
        let effects = handle(&state, &entries[0]);
        let decision = &effects.decisions[0];
        assert_eq!(decision.recipients.len(), *recipients);
        group.bench_function("encode/tails", |bench| bench.iter(|| tails(black_box(decision))));
        let place = Jurisdiction::parse("CA-QC").unwrap();
        group.throughput(Throughput::Elements(*recipients as u64));
        group.bench_function("encode/own", |bench| {
            bench.iter(|| {
                for recipient in &decision.recipients {
                    let mut value = Vec::new();
                    own(black_box(recipient), place, &mut value);
                    black_box(value);
                }
            });
        });
        group.finish();
    }
}

/// A loop that owns the log and has taken the rules.
fn owner(recipients: usize) -> Ledger {
    let setting = Setting {
        cluster_id: "bench".to_owned(),
        rules: rules(recipients),
        batch_entries_max: BATCH,
        commit_interval_ms: 0,
    };
    let (mut ledger, _) = Ledger::start(setting);
    let state_end = || Input::StateEnd { log_start: 0, log_end: 0 };
    let way =
        [Input::StateBegins { last_transaction: 0 }, state_end(), Input::Assigned, Input::ProducerReady, state_end()];
    for input in way {
        let _ = ledger.on(input);
    }
    let _ = ledger.on(Input::OutputsRead(OutputTails::from(BTreeMap::new())));
    assert!(ledger.wants_entries(), "the loop runs");
    ledger
}

/// What the loop makes of entries, with every commit answered at once; the number of alerts.
fn work(ledger: &mut Ledger, entries: Vec<LogEntry>) -> u64 {
    let mut alerts = 0;
    let mut commands = ledger.on(Input::Polled { entries, now_ms: 0 });
    while let Some(command) = commands.pop() {
        match command {
            Command::Commit(transaction) => {
                black_box(transaction);
                commands.extend(ledger.on(Input::Committed { now_ms: 0 }));
            }
            Command::Publish { tally, .. } => alerts += tally.alerts,
            _ => {}
        }
    }
    alerts
}

pub(crate) fn batches(criterion: &mut Criterion<CpuTime>) {
    for recipients in RECIPIENTS {
        let mut writer = Writer::new();
        let first = writer.entry(Body::Rules(Box::new(rules(*recipients))));
        let entries: Vec<LogEntry> = (0..BATCH).map(|notice| writer.event(notice, Turn::Issued)).collect();
        let alerts = (BATCH * recipients) as u64;
        let ready = || {
            let mut ledger = owner(*recipients);
            assert_eq!(work(&mut ledger, vec![first.clone()]), 0);
            (ledger, entries.clone())
        };
        let mut group = criterion.benchmark_group(format!("ledger/{recipients}"));
        group.throughput(Throughput::Elements(BATCH as u64));
        group.bench_function("loop", |bench| {
            let run = |(mut ledger, entries): (Ledger, Vec<LogEntry>)| {
                assert_eq!(work(&mut ledger, entries), alerts);
                ledger
            };
            bench.iter_batched(ready, run, BatchSize::LargeInput);
        });
        group.finish();
    }
}
