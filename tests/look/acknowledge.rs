//! What recipients say of their alerts, from the command to the copies of everybody else.

use serde_json::{Value, json};

use crate::federation::{Federation, lines, notice};
use crate::support::reader::read_committed;

fn told() -> Federation {
    let federation = Federation::new();
    for number in ["FI-1", "FI-2"] {
        federation.notice(&notice(number, &format!("IN-{number}"), 1, &["Quebec"]));
    }
    federation.settle();
    federation
}

fn alerts(federation: &Federation, to: &str) -> Vec<Value> {
    lines(&federation.recipient(&["tap", "--to", to, "--format", "jsonl"], 0))
}

/// `comity.acks.J` as it stands.
fn said(federation: &Federation, who: &str) -> Vec<Value> {
    let records = read_committed(&federation.broker, &format!("comity.acks.{who}"));
    records.into_iter().map(|record| serde_json::from_slice(&record.value.unwrap()).unwrap()).collect()
}

#[test]
fn what_a_recipient_says_reaches_the_ledger_the_origin_and_every_copy() {
    let federation = told();
    let first = &alerts(&federation, "CA-QC")[0];
    assert_eq!(first["role"], "FOLLOW_UP");
    assert!(first["ack_due_at"].is_string(), "serious food risks have a clock: {first}");

    // A case system takes its alerts, which says that they came.
    federation.recipient(&["tap", "--to", "CA-MB", "--from", "2", "--commit"], 0);
    let received: Vec<Value> = said(&federation, "CA-MB").iter().map(|said| said["alert_id"].clone()).collect();
    assert_eq!(received, ["ca-on-food/FI-2#1"]);
    let committed = federation.recipient(&["tap", "--to", "CA-AB", "--group", "desk", "--commit"], 0);
    assert_eq!((committed.lines().count(), said(&federation, "CA-AB").len()), (2, 2));

    // A dashboard goes on where it was; nobody acknowledges for the nation.
    let dashboard = ["tap", "--to", "national", "--group", "board", "--commit"];
    assert_eq!(federation.recipient(&dashboard, 0).lines().count(), 2);
    assert_eq!(federation.recipient(&dashboard, 0).lines().count(), 0);

    federation.recipient(&["ack", "ca-on-food/FI-1#1", "--to", "CA-QC", "--level", "ACTION_TAKEN"], 0);
    let arguments = ["ack", "1", "--to", "CA-BC", "--level", "DISPUTED", "--reason", "WRONG_ORGANISATION"];
    federation.recipient(&arguments, 0);
    federation.recipient(&["ack", "ca-on-food/FI-9#1", "--to", "CA-BC", "--level", "RECEIVED"], 66);
    federation.recipient(&["ack", "1", "--to", "CA-BC", "--level", "SEEN"], 64);
    let wrong = [
        json!({"alert_id": "ca-on-food/FI-1#7", "origin": "CA-ON", "case_id": "ca-on-food/IN-FI-1", "level": "RECEIVED"}),
        json!({"alert_id": "ca-on-food/FI-1#1", "origin": "CA-ON", "case_id": "ca-on-food/IN-FI-1", "level": "SEEN"}),
        json!({"alert_id": "ca-on-food/FI-1#1", "origin": "CA-ON", "case_id": "ca-on-food/IN-FI-1",
            "level": "RECEIVED", "recipient": "CA-MB"}),
        json!({"alert_id": "ca-on-food/FI-1#1", "origin": "CA-ON", "case_id": "ca-on-food/IN-FI-1", "level": "RECEIVED"}),
        json!("not an object"),
    ];
    for record in &wrong {
        federation.put("comity.acks.CA-QC", record.to_string().as_bytes(), None);
    }
    federation.settle();

    let copies = alerts(&federation, "CA-MB");
    let last = copies.last().unwrap();
    assert_eq!((&last["alert_id"], &last["standing"]), (&json!("ca-on-food/FI-1#2"), &json!("DISPUTED")));
    assert!(last["disputed_since"].is_string(), "{last}");
    assert_eq!(read_committed(&federation.broker, "comity.disputes.CA-ON").len(), 1);
    assert_eq!(read_committed(&federation.broker, "comity.disputes.CA-QC").len(), 0);
    let rejected: Vec<String> = read_committed(&federation.broker, "comity.rejects")
        .into_iter()
        .map(|record| comity::schema::view::rejection(&record.value.unwrap()).unwrap().reason)
        .collect();
    assert_eq!(rejected.len(), wrong.len(), "{rejected:?}");
    for reason in ["alert_not_sent", "unknown_code", "wrong_recipient", "not_forward"] {
        assert!(rejected.iter().any(|known| known == reason), "{reason} is not among {rejected:?}");
    }

    let reach = federation.must(&["reach", "ca-on-food/IN-FI-1", "--format", "json"]);
    let report: Value = serde_json::from_str(reach.lines().last().unwrap()).unwrap();
    let row = |to: &str| {
        let rows = report["alerts"].as_array().unwrap().iter();
        rows.clone().find(|row| row["recipient"] == to && row["version"] == 1).cloned().unwrap()
    };
    assert_eq!(row("CA-QC")["level"], "ACTION_TAKEN");
    assert!(row("CA-QC")["acknowledged_at"].is_string());
    assert_eq!(row("CA-MB")["level"], Value::Null, "it was told of the second notice only that it came");
}
