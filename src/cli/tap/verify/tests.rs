use super::{Finding, Verdict, Verify};
use crate::model::place::Jurisdiction;
use crate::schema::view::{self, AlertView, StatusView};

const NOW: i64 = 1_800_000_000_000;

fn place(code: &str) -> Jurisdiction {
    Jurisdiction::parse(code).unwrap()
}

fn alert(sequence: i64, event_id: &str) -> AlertView {
    view::sample(place("CA-QC"), sequence, event_id, 1)
}

/// What is found in a topic of these sequences, each an alert of its own, at offsets from 100 on, with this `Status`.
fn found(from: i64, sequences: &[i64], status: Option<i64>) -> Verdict {
    let mut verify = Verify::new(place("CA-QC").into(), from);
    for (offset, sequence) in (100..).zip(sequences) {
        verify.take(offset, &alert(*sequence, &format!("event {offset}")));
    }
    let status = status.map(|last_alert_sequence| StatusView { last_alert_sequence, log_time: NOW });
    verify.close(status, (100, 100 + sequences.len() as i64), NOW, 60_000)
}

#[test]
fn a_whole_topic_and_one_that_retention_has_cut_are_whole() {
    for (sequences, status) in [(vec![1, 2, 3], 3), (vec![7, 8], 8), (vec![1, 2, 3], 2), (vec![], 0)] {
        assert_eq!(found(1, &sequences, Some(status)).findings, [], "{sequences:?} {status}");
    }
    let emptied = Verify::new(place("CA-QC").into(), 1);
    let status = StatusView { last_alert_sequence: 9, log_time: NOW };
    assert_eq!(emptied.close(Some(status), (50, 50), NOW, 60_000).findings, [], "retention took all nine");
}

#[test]
fn what_is_missing_is_named() {
    let verdict = found(1, &[1, 2, 5, 6, 8], Some(9));
    assert_eq!(
        verdict.findings,
        [
            Finding::Missing { first: 3, last: 4, offset: 102 },
            Finding::Missing { first: 7, last: 7, offset: 104 },
            Finding::LastMissing { first: 9, last: 9 },
        ]
    );
    assert!(verdict.text().starts_with("sequences 3 to 4 are missing before offset 102\nsequence 7 is missing"));
    assert_eq!(verdict.json()["findings"][0]["first"], 3);
    let never = Verify::new(place("CA-QC").into(), 1);
    let status = StatusView { last_alert_sequence: 2, log_time: NOW };
    let verdict = never.close(Some(status), (0, 0), NOW, 60_000);
    assert_eq!(verdict.findings, [Finding::LastMissing { first: 1, last: 2 }], "a topic that was made anew");
}

#[test]
fn from_a_sequence_on_only_what_follows_is_judged() {
    assert_eq!(found(4, &[1, 3, 4, 5], Some(5)).findings, [], "the gap is before it");
    assert_eq!(found(4, &[1, 3, 5], Some(5)).findings, [Finding::Missing { first: 4, last: 4, offset: 102 }]);
    assert_eq!(found(4, &[1, 2], Some(5)).findings, [Finding::LastMissing { first: 4, last: 5 }]);
    assert_eq!(found(4, &[1, 2], Some(2)).findings, []);
    assert_eq!(found(4, &[1, 2, 6], Some(6)).findings, [Finding::Missing { first: 4, last: 5, offset: 102 }]);
}

#[test]
fn what_came_twice_is_named() {
    assert_eq!(found(1, &[1, 2, 2, 3], Some(3)).findings, [Finding::OutOfOrder { sequence: 2, offset: 102 }]);
    let mut verify = Verify::new(place("CA-QC").into(), 1);
    for (sequence, event_id) in [(1, "a"), (2, "b"), (3, "a")] {
        verify.take(sequence, &alert(sequence, event_id));
    }
    let status = StatusView { last_alert_sequence: 3, log_time: NOW };
    let verdict = verify.close(Some(status), (0, 3), NOW, 60_000);
    assert_eq!(verdict.findings, [Finding::AlertTwice { alert_id: "a#1".to_owned(), first: 1, again: 3 }]);
}

#[test]
fn a_dead_ledger_and_a_stranger_are_named() {
    let mut verify = Verify::new(place("CA-MB").into(), 1);
    verify.take(7, &alert(1, "a"));
    let status = StatusView { last_alert_sequence: 0, log_time: NOW - 60_001 };
    let verdict = verify.close(Some(status), (7, 8), NOW, 60_000);
    let stranger = Finding::Stranger { recipient: place("CA-QC").into(), offset: 7 };
    assert_eq!(verdict.findings, [stranger, Finding::OldStatus { age_ms: 60_001 }]);
    assert_eq!(found(1, &[], None).findings, [Finding::NoStatus]);
}
