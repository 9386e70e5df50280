use serde_json::{Value, json};

use super::{Collect, Comparison};
use crate::kafka::follow::Clock;
use crate::model::place::Jurisdiction;
use crate::schema::view::{self, AlertView};

fn place(code: &str) -> Jurisdiction {
    Jurisdiction::parse(code).unwrap()
}

fn alert(recipient: &str, sequence: i64, event_id: &str, version: i32) -> AlertView {
    view::sample(place(recipient), sequence, event_id, version)
}

/// Québec got all three versions, Alberta the last only; each record a second after the one before.
fn collected(first_sequence: i64) -> Collect<'static> {
    let mut collected = Collect::new("case", Some(place("CA-ON")));
    let mut other_case = alert("CA-QC", first_sequence, "other", 1);
    other_case.case_id = "another".to_owned();
    let mut other_origin = alert("CA-QC", first_sequence + 1, "other", 1);
    other_origin.origin = place("CA-BC");
    collected.begin(place("CA-QC"), true);
    let mut alerts = vec![other_case, other_origin];
    alerts.extend((1..=3).map(|version| alert("CA-QC", first_sequence + 1 + i64::from(version), "e", version)));
    put(&mut collected, alerts);
    collected.begin(place("CA-AB"), true);
    put(&mut collected, vec![alert("CA-AB", 1, "e", 3)]);
    collected
}

fn put(collected: &mut Collect<'_>, alerts: Vec<AlertView>) {
    for (offset, alert) in (0..).zip(alerts) {
        assert!(collected.take(alert, offset, Some((offset * 1_000, Clock::Broker)), || "digest".to_owned()));
    }
}

fn case(told: &[(&str, i64)], versions: i64) -> Value {
    let told: Vec<Value> = told
        .iter()
        .map(|(code, sequence)| json!({ "recipient": code, "role": "ATTENTION", "last_sequence": sequence }))
        .collect();
    json!({ "told": told, "events": [{ "event_id": "e", "versions": versions }] })
}

#[test]
fn only_the_alerts_of_the_case_count_and_each_has_its_delay() {
    let collected = collected(1);
    let rows: Vec<_> = collected.rows.iter().map(|row| (row.recipient.as_str(), row.sequence, &row.follows)).collect();
    let after = |id: &str| Some((id.to_owned(), Some(1_000)));
    assert_eq!(
        rows,
        [
            ("CA-QC", 3, &None),
            ("CA-QC", 4, &after("e#1")),
            ("CA-QC", 5, &after("e#2")),
            // It follows alerts that this recipient never got.
            ("CA-AB", 1, &None),
        ]
    );
    assert_eq!((collected.topics[0].records, collected.topics[0].last_sequence), (5, Some(5)));
}

#[test]
fn what_the_ledger_told_is_there() {
    let comparison = collected(1).compare(&case(&[("CA-QC", 5), ("CA-AB", 1)], 3));
    assert_eq!(comparison, Comparison { told: 2, versions: 3, ..Comparison::default() });
}

#[test]
fn what_is_amiss_is_named() {
    let amiss = |case: &Value| collected(1).compare(case).amiss;
    assert_eq!(amiss(&case(&[("CA-QC", 6), ("CA-AB", 1)], 3)), ["CA-QC: sequence 6 was told and is not there"]);
    assert_eq!(amiss(&case(&[("CA-QC", 5), ("CA-AB", 1), ("DE", 1)], 3)), ["DE: sequence 1 was told and is not there"]);
    let unnamed = "CA-AB: has alerts of the case, and the ledger does not say that it was told";
    assert_eq!(amiss(&case(&[("CA-QC", 5)], 3)), [unnamed]);
    assert_eq!(amiss(&case(&[("CA-QC", 5), ("CA-AB", 1)], 4)), ["e#4: nobody's topic holds it"]);
    let mut other_role = case(&[("CA-QC", 5), ("CA-AB", 1)], 3);
    other_role["told"][1]["role"] = json!("FOLLOW_UP");
    assert_eq!(amiss(&other_role), ["CA-AB: sequence 1 says ATTENTION, the ledger FOLLOW_UP"]);
}

#[test]
fn what_retention_took_is_said_and_is_not_amiss() {
    let comparison = collected(40).compare(&case(&[("CA-QC", 12), ("CA-AB", 1)], 4));
    assert_eq!(comparison.amiss, [""; 0]);
    let left = ["CA-QC: sequence 12 has left its topic by retention", "e#4: nobody's topic holds it"];
    assert_eq!(comparison.left, left);
    let collected = collected(40);
    let cut: Vec<_> = collected.cut().map(|topic| topic.recipient.as_str()).collect();
    assert_eq!(cut, ["CA-QC"]);
}
