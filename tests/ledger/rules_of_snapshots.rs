//! What a snapshot lacks: a person is told, once for each report, and nothing is taken back.

use comity::ledger::Outcome;
use comity::model::code::WithdrawalScope;
use comity::model::decision::Output;
use comity::model::entry::{Body, Missing};
use comity::model::event::InfractionEvent;
use comity::model::place::DAY_MS;
use comity::model::record::SourcePosition;

use crate::world::{Log, closure, original, place, withdrawal};

fn missing(log: &mut Log, origin: &str, case_id: &str, event_id: &str) -> Outcome {
    let offset = log.source_offset;
    log.source_offset += 1;
    let at = SourcePosition { topic: "in".into(), partition: 0, from: offset, offset };
    let (platform, case_id, event_id) = ("p".to_owned(), case_id.to_owned(), event_id.to_owned());
    let did = log.add(Body::Missing(Box::new(Missing { at, origin: place(origin), platform, case_id, event_id })));
    assert!(did.alerts.is_empty() && did.rejected.is_none(), "nobody is told of it: {did:?}");
    did.outcome
}

/// How many reviews there were.
fn reviews(log: &Log) -> i64 {
    log.state.marks.sequences.get(Output::Review).map_or(0, |next| next - 1)
}

fn told() -> (Log, InfractionEvent) {
    let mut log = Log::new(&["CA-ON", "CA-QC"]);
    let event = original("p/1");
    log.told(&event);
    (log, event)
}

#[test]
fn an_event_that_stands_is_reported_and_stands_on() {
    let (mut log, event) = told();
    let before = log.state.case(event.origin, "p/1").cloned();
    assert_eq!(missing(&mut log, "CA-ON", "p/1", "p/1"), Outcome::Taken);
    assert_eq!(reviews(&log), 1);
    assert_eq!(log.state.case(event.origin, "p/1").cloned(), before, "nothing is taken back");
    // It came back, and went again: that is another report.
    assert_eq!(log.event(&event).outcome, Outcome::Duplicate);
    assert_eq!(reviews(&log), 1, "its coming back says nothing");
    assert_eq!(missing(&mut log, "CA-ON", "p/1", "p/1"), Outcome::Taken);
    assert_eq!(reviews(&log), 2);
}

#[test]
fn what_is_unknown_is_missed_by_nobody() {
    let (mut log, _) = told();
    for (origin, case, event) in [("CA-ON", "p/1", "p/2"), ("CA-ON", "p/2", "p/1"), ("CA-QC", "p/1", "p/1")] {
        assert_eq!(missing(&mut log, origin, case, event), Outcome::NothingMissing, "{origin} {case} {event}");
    }
    assert_eq!(reviews(&log), 0);
}

#[test]
fn what_stands_no_more_is_missed_by_nobody() {
    let (mut log, event) = told();
    assert_eq!(log.event(&withdrawal(&event, WithdrawalScope::Event)).outcome, Outcome::Taken);
    assert_eq!(missing(&mut log, "CA-ON", "p/1", "p/1"), Outcome::NothingMissing, "withdrawn");
    let (mut log, event) = told();
    assert_eq!(log.event(&closure(&event)).outcome, Outcome::Taken);
    assert_eq!(missing(&mut log, "CA-ON", "p/1", "p/1"), Outcome::NothingMissing, "closed");
    let (mut log, _) = told();
    log.later(400 * DAY_MS);
    assert_eq!(missing(&mut log, "CA-ON", "p/1", "p/1"), Outcome::NothingMissing, "expired");
    assert_eq!(reviews(&log), 0);
}

#[test]
fn a_report_that_was_sent_twice_is_one() {
    let (mut log, _) = told();
    assert_eq!(missing(&mut log, "CA-ON", "p/1", "p/1"), Outcome::Taken);
    log.source_offset -= 1;
    assert_eq!(missing(&mut log, "CA-ON", "p/1", "p/1"), Outcome::SentTwice);
    assert_eq!(reviews(&log), 1);
}
