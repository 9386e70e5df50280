//! The checker tested: rules of Comity that are broken on purpose, and evidence that is falsified, are both found.

use std::sync::PoisonError;
use std::time::Duration;

use comity::fault::Planted;

use crate::TURN;
use crate::directed::Aim;
use crate::evidence::Evidence;
use crate::oracle::Entry;
use crate::round::{self, Setting};
use crate::support::broker::needs_own_kafka;
use crate::verdict::judge;

/// A rule that is broken, when, the faults that bring it to light, and the invariants of which one must fail.
struct Broken {
    rule: Planted,
    when: &'static str,
    aim: Aim,
    fails: &'static [&'static str],
}

/// The others are for the simulation. A producer that is kept after an unclear commit does no harm here: the `Checkpoint`
/// comes last, outputs are compared all the same, and a broker of this version refuses what it sends into a transaction
/// that was ended under its hands. Nor does a transactional id of chance: whoever takes over waits for whatever is open in
/// the outputs, and compares what comes of it (`src/kafka/hanging.rs`).
const BROKEN: [Broken; 8] = [
    Broken { rule: Planted::CommittedBeforeDelivery, when: "return", aim: Aim::LoseEntries, fails: &["I1", "I7"] },
    Broken { rule: Planted::SourcePositionNotChecked, when: "return", aim: Aim::SendTwice, fails: &["I1", "I7"] },
    Broken { rule: Planted::OutputsNotCompared, when: "return", aim: Aim::Tear, fails: &["I2", "I4"] },
    Broken { rule: Planted::StateKeptAfterAbort, when: "return", aim: Aim::Tear, fails: &["I1", "I6"] },
    Broken { rule: Planted::RestoredBeyondCheckpoint, when: "return", aim: Aim::TearState, fails: &["I1", "I6"] },
    // One record of a few thousand, in two of them.
    Broken {
        rule: Planted::SendErrorSwallowed,
        when: "1500*off->1*return->1500*off->1*return",
        aim: Aim::Nothing,
        fails: &["I1", "I4", "I6"],
    },
    Broken { rule: Planted::WorkAtEndOfBatch, when: "return", aim: Aim::Nothing, fails: &["I6", "I9", "I10"] },
    Broken { rule: Planted::ExpiryByWallClock, when: "return", aim: Aim::WrongClock, fails: &["I6", "I10"] },
];

fn name(rule: Planted) -> &'static str {
    Planted::ALL.iter().find(|(of, _)| *of == rule).map(|(_, name)| *name).unwrap()
}

fn run(planted: String, aims: &[Aim]) -> (round::Round, Evidence) {
    let setting = Setting { seed: 1, planted, quiet: Duration::from_secs(1), fresh: &["one"] };
    round::run(&setting, |faults| {
        aims.iter().try_for_each(|aim| {
            println!("  {aim:?}");
            faults.nemesis.aim(*aim)
        })
    })
}

#[test]
fn rules_that_are_broken_on_purpose_are_found() {
    if needs_own_kafka("rules are broken in processes of their own") {
        return;
    }
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let only = std::env::var("COMITY_PLANTED").ok();
    let mut missed = Vec::new();
    for broken in BROKEN.iter().filter(|broken| only.as_deref().is_none_or(|only| name(broken.rule).contains(only))) {
        let planted = format!("{}={}", name(broken.rule), broken.when);
        let (round, _) = run(planted, &[broken.aim]);
        let failed = round.verdict.failed();
        println!("{:?} for {} s: {failed:?}, {:?}\n{}", broken.rule, round.seconds, round.broken, round.verdict);
        if !broken.fails.iter().any(|name| failed.contains(name)) {
            missed.push((broken.rule, failed, round.broken));
        }
    }
    assert!(missed.is_empty(), "broken rules that no invariant told: {missed:?}");
}

/// A way to falsify evidence; the name is that of the invariant that must tell.
type Falsify = (&'static str, fn(&mut Evidence));

const FALSIFIED: [Falsify; 15] = [
    ("I1", |found| drop(found.told.get_mut("CA-QC").unwrap().remove(17))),
    ("I1", |found| {
        let role = &mut found.told.get_mut("CA-QC").unwrap()[17].role;
        *role = if role == "FOLLOW_UP" { "ATTENTION" } else { "FOLLOW_UP" }.to_owned();
    }),
    ("I1", |found| drop(found.refused.remove(5))),
    ("I1", |found| found.refused.push(found.refused[5].clone())),
    ("I2", |found| {
        let twice = found.told["CA-ON"][3].clone();
        found.told.get_mut("CA-ON").unwrap().push(twice);
    }),
    ("I3", |found| found.told.get_mut("CA-ON").unwrap()[3].id.push('x')),
    ("I3", |found| "CA-ON".clone_into(&mut found.told.get_mut("CA-ON").unwrap()[3].origin)),
    ("I4", |found| found.told.get_mut("national").unwrap()[9].sequence += 1),
    ("I4", |found| {
        let alerts = found.told.get_mut("CA-MB").unwrap();
        alerts.swap(20, 40);
        (alerts[20].sequence, alerts[40].sequence) = (21, 41);
    }),
    ("I5", |found| {
        let alerts = found.told.get_mut("CA-MB").unwrap();
        alerts.remove(alerts.iter().rposition(|alert| alert.message == "CANCEL").unwrap());
    }),
    ("I6", |found| found.checkpoints.last_mut().unwrap().digest ^= 1),
    ("I6", |found| {
        found.cases.values_mut().for_each(|case| case.versions.values_mut().for_each(|version| *version += 1))
    }),
    ("I7", |found| {
        // A tick is missed by nobody, nor is one of two entries of the same record.
        let place = |entry: &Entry| entry.source.as_ref().map(|(topic, _, offset)| (topic.clone(), *offset));
        let record = found.log.iter().skip(found.log.len() / 2).find_map(place);
        found.log.retain(|entry| place(entry) != record);
    }),
    ("I9", |found| found.committed = found.committed.map(|position| position - 1)),
    ("I10", |found| {
        let mut alerts = found.told.get_mut("national").unwrap().iter_mut();
        alerts.find(|alert| alert.standing == "EXPIRED").unwrap().issued_at -= 60_000;
    }),
];

#[test]
fn sound_rules_pass_and_falsified_evidence_is_found() {
    if needs_own_kafka("what breaks a broken rule must not break a sound one") {
        return;
    }
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let (round, evidence) = run(String::new(), &Aim::ALL);
    println!("sound for {} s\n{}", round.seconds, round.verdict);
    assert_eq!((round.failed(), round.broken), (Vec::new(), None));
    for (place, (invariant, falsify)) in FALSIFIED.iter().enumerate() {
        let mut falsified = evidence.clone();
        falsify(&mut falsified);
        let failed = judge(&falsified).failed();
        assert!(failed.contains(invariant), "evidence falsified in way {place} fails {failed:?}, not {invariant}");
    }
}
