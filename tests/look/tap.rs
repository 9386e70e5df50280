//! `comity tap`: what a recipient is shown, and what its proof finds in topics that somebody has spoilt.

use serde_json::Value;

use crate::federation::{Federation, lines, notice, rescinded};
use crate::support::reader::read_committed;

/// Three notices of which one is amended and taken back: five alerts for every other province.
fn told() -> Federation {
    let federation = Federation::new();
    for number in ["FI-1", "FI-2", "FI-3"] {
        federation.notice(&notice(number, &format!("IN-{number}"), 1, &["Quebec"]));
    }
    federation.notice(&notice("FI-2", "IN-FI-2", 2, &["Quebec", "Manitoba"]));
    federation.notice(&rescinded("FI-2", "IN-FI-2", 3));
    federation.settle();
    federation
}

fn values(federation: &Federation, topic: &str) -> Vec<Vec<u8>> {
    read_committed(&federation.broker, topic).into_iter().map(|read| read.value.unwrap()).collect()
}

/// Avro's `long`, written from its specification.
fn long(number: i64) -> Vec<u8> {
    let mut rest = ((number << 1) ^ (number >> 63)) as u64;
    let mut out = Vec::new();
    while rest > 127 {
        out.push((rest & 127) as u8 | 128);
        rest >>= 7;
    }
    out.push(rest as u8);
    out
}

/// An alert or a status of a recipient with a code of five letters under another sequence.
pub(crate) fn numbered(value: &[u8], sequence: i64) -> Vec<u8> {
    const RECIPIENT_END: usize = 5 + 1 + 5;
    assert!(value[RECIPIENT_END] < 128, "the sequence takes one byte");
    [&value[..RECIPIENT_END], &long(sequence), &value[RECIPIENT_END + 1..]].concat()
}

#[test]
fn alerts_are_shown_as_lines_and_with_every_field() {
    let federation = told();
    let text = federation.recipient(&["tap", "--to", "CA-QC"], 0);
    let shown: Vec<&str> = text.lines().collect();
    assert_eq!(shown.len(), 5, "{text}");
    assert!(shown[0].contains("ALERT") && shown[0].contains("act") && shown[0].contains("ca-on-food/FI-1#1"), "{text}");
    assert!(shown[4].contains("CANCEL") && shown[4].contains("taken back: UNFOUNDED"), "{text}");

    let alerts = lines(&federation.recipient(&["tap", "--to", "CA-MB", "--format", "json"], 0));
    let sequences: Vec<i64> = alerts.iter().map(|alert| alert["sequence"].as_i64().unwrap()).collect();
    assert_eq!(sequences, [1, 2, 3, 4, 5]);
    let schema: Value = serde_json::from_str(include_str!("../../schemas/canonical/Alert.v1.avsc")).unwrap();
    let fields: Vec<&str> =
        schema["fields"].as_array().unwrap().iter().map(|field| field["name"].as_str().unwrap()).collect();
    let names: Vec<&str> = alerts[3].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, fields, "every field of the schema, in its order");
    assert_eq!(alerts[3]["alert_id"], "ca-on-food/FI-2#2");
    assert_eq!(alerts[3]["role"], "FOLLOW_UP");
    assert_eq!(alerts[3]["role_before"], "ATTENTION");
    assert_eq!(alerts[3]["since"], "2026-03-02");
    assert_eq!(alerts[3]["event"]["subject"]["legal_name"], "Boreal Lantern Foods Inc.");
    assert_eq!(alerts[0]["event"], Value::Null, "who only has to know gets headline facts");

    let sequences = |arguments: &[&str]| -> Vec<i64> {
        let text = federation.recipient(&[&["tap", "--to", "CA-QC", "--format", "json"], arguments].concat(), 0);
        lines(&text).iter().map(|alert| alert["sequence"].as_i64().unwrap()).collect()
    };
    assert_eq!(sequences(&["--from", "4"]), [4, 5]);
    assert_eq!(sequences(&["--from", "2", "--limit", "2"]), [2, 3]);
    assert_eq!(sequences(&["--from", "6"]), [0_i64; 0]);
    assert_eq!(sequences(&["--group", "desk", "--commit", "--limit", "2"]), [1, 2], "a group's first look");
    assert_eq!(sequences(&["--group", "desk", "--limit", "1"]), [3], "a look that keeps no place");
    assert_eq!(sequences(&["--group", "desk", "--commit"]), [3, 4, 5]);
    assert_eq!(sequences(&["--group", "desk", "--commit"]), [0_i64; 0]);
}

#[test]
fn a_proof_names_what_is_missing_and_what_came_twice() {
    let federation = told();
    let alerts = |member: &str| values(&federation, &format!("comity.alerts.{member}"));
    federation.put("comity.alerts.CA-MB", &numbered(&alerts("CA-MB")[4], 9), None);
    federation.put("comity.alerts.CA-BC", &alerts("CA-BC")[1], None);
    let status = values(&federation, "comity.status.CA-AB").pop().unwrap();
    // recipient, sequence, last_alert_sequence: the third value is 5 and becomes 7.
    let (head, tail) = status.split_at(5 + 1 + 5 + 1);
    federation.put("comity.status.CA-AB", &[head, &long(7), &tail[1..]].concat(), None);

    let proof = |member: &str, exit: i32| -> Value {
        let text = federation.recipient(&["tap", "--to", member, "--verify", "--format", "json"], exit);
        lines(&text).pop().unwrap()
    };
    let whole = proof("CA-QC", 0);
    assert_eq!((&whole["whole"], &whole["alerts"], &whole["last_sequence"]), (&true.into(), &5.into(), &5.into()));
    // The national feed has each alert once, and a Status of its own.
    let whole = proof("national", 0);
    let count = values(&federation, "comity.alerts.national").len();
    assert_eq!((&whole["recipient"], &whole["alerts"]), (&"national".into(), &count.into()));
    assert!(count >= 5, "{count}");
    let gap = &proof("CA-MB", 65)["findings"];
    assert_eq!((&gap[0]["kind"], &gap[0]["first"], &gap[0]["last"]), (&"missing".into(), &6.into(), &8.into()));
    assert_eq!((&gap[1]["kind"], &gap[1]["first"], &gap[1]["again"]), (&"alert_twice".into(), &5.into(), &9.into()));
    let doubled = &proof("CA-BC", 65)["findings"];
    assert_eq!((&doubled[0]["kind"], &doubled[0]["sequence"]), (&"out_of_order".into(), &2.into()));
    assert_eq!(doubled.as_array().unwrap().len(), 1);
    let last = &proof("CA-AB", 65)["findings"];
    assert_eq!((&last[0]["kind"], &last[0]["first"], &last[0]["last"]), (&"last_missing".into(), &6.into(), &7.into()));

    let text = federation.recipient(&["tap", "--to", "CA-QC", "--verify"], 0);
    assert!(text.starts_with("comity.alerts.CA-QC: whole: sequence 1 to 5, 5 alerts"), "{text}");
    // The ledger that ran is gone: a Status may be no older than a moment, so this one is too old.
    let text = federation.recipient(&["tap", "--to", "CA-QC", "--verify", "--status-age", "1ms"], 65);
    assert!(text.contains("the latest Status is"), "{text}");
    federation.recipient(&["tap", "--to", "CA-YT"], 69);
    federation.recipient(&["tap", "--to", "CA-QC", "--group", "comity-x-ledger"], 64);
}
