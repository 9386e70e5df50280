//! `comity reach`: the alerts of a case in every topic, held against what the running ledger says.

use serde_json::{Value, json};

use crate::api::Running;
use crate::federation::{Federation, lines, notice, rescinded, written};
use crate::support::broker::wait_until;
use crate::support::reader::read_committed;

const CASE: &str = "ca-on-food/IN-1";

fn reach(federation: &Federation, more: &[&str], exit: i32) -> Value {
    let arguments = [&["reach", CASE, "--format", "json"], more].concat();
    let text = written(&federation.command("comity.toml", &arguments).output().unwrap(), exit);
    lines(&text).pop().unwrap()
}

#[test]
fn who_was_told_what_and_when_is_read_from_the_topics() {
    let federation = Federation::new();
    federation.notice(&notice("FI-1", "IN-1", 1, &["Quebec"]));
    federation.notice(&notice("FI-2", "IN-2", 1, &["Quebec"]));
    federation.notice(&notice("FI-1", "IN-1", 2, &["Quebec", "Manitoba"]));
    federation.notice(&rescinded("FI-1", "IN-1", 3));
    federation.confidential();
    federation.settle();
    let alone = reach(&federation, &[], 0);
    assert_eq!(alone["ledger"]["compared"], false, "nothing listens");

    let running = Running::start(&federation, "127.0.0.1:0");
    let at = format!("http://{}", running.address);
    wait_until("the ledger answers", std::time::Duration::from_secs(60), || running.get("/api/v1/cases/x").0 == 404);
    let folder = federation.path("evidence");
    let report = reach(&federation, &["--at", &at, "--export", folder.to_str().unwrap()], 0);
    assert_eq!(report["ledger"]["complete"], true, "{report}");
    assert_eq!((&report["ledger"]["told"], &report["ledger"]["versions"]), (&json!(4), &json!(3)));
    assert_eq!(report["alerts"], alone["alerts"]);
    assert_eq!(report["origin"], "CA-ON");

    // The same by the test's own reader.
    let alerts = report["alerts"].as_array().unwrap();
    assert_eq!(alerts.len(), 3 * 4, "three versions to four provinces");
    let manitoba: Vec<&Value> = alerts.iter().filter(|alert| alert["recipient"] == "CA-MB").collect();
    let records = read_committed(&federation.broker, "comity.alerts.CA-MB");
    for (alert, (msg_type, role)) in
        manitoba.iter().zip([("ALERT", "ATTENTION"), ("UPDATE", "FOLLOW_UP"), ("CANCEL", "FOLLOW_UP")])
    {
        assert_eq!(alert["msg_type"], msg_type);
        // A withdrawal is for everyone told to know of.
        assert!(alert["role"] == role || msg_type == "CANCEL", "{alert}");
        let offset = alert["offset"].as_i64().unwrap();
        let record = records.iter().find(|record| record.offset == offset).unwrap();
        let published = jiff::Timestamp::from_millisecond(record.timestamp_ms).unwrap();
        assert_eq!(alert["published_at"], published.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string());
        assert_eq!(alert["clock"], "broker", "nobody who writes chooses the time");
    }
    assert_eq!(manitoba[2]["follows"], "ca-on-food/FI-1#2");
    assert!(manitoba[2]["delay_ms"].as_i64().unwrap() >= 0 && manitoba[0]["delay_ms"].is_null());

    let written_report: Value = serde_json::from_slice(&std::fs::read(folder.join("reach.json")).unwrap()).unwrap();
    assert_eq!(written_report, report);
    let table = std::fs::read_to_string(folder.join("reach.csv")).unwrap();
    assert_eq!(table.matches("\r\n").count(), 13, "a line of names and one for each alert, each ended by CRLF");
    assert!(table.starts_with("recipient,sequence,offset,published_at,"), "{table}");
    reach_again(&federation, &at, folder.to_str().unwrap());
}

fn reach_again(federation: &Federation, at: &str, folder: &str) {
    let command =
        |arguments: &[&str], exit: i32| written(&federation.command("comity.toml", arguments).output().unwrap(), exit);
    command(&["reach", CASE, "--export", folder], 73);
    command(&["reach", "ca-on-food/IN-9"], 66);
    let text = command(&["reach", CASE, "--at", at], 0);
    assert!(text.contains("complete: the ledger says 4 recipients and 3 versions"), "{text}");
    let text = command(&["reach", "ca-bc-safety/F-7723", "--at", at], 0);
    assert!(text.contains("1 alerts to 1 recipients") && text.contains("CA-AB"), "{text}");

    // An alert that no ledger has sent: it stands in a topic, and its recipient was told of the case by nobody.
    let stray = read_committed(&federation.broker, "comity.alerts.CA-QC").pop().unwrap().value.unwrap();
    let to_ontario = [&stray[..5], &[10], b"CA-ON", &stray[11..]].concat();
    federation.put("comity.alerts.CA-ON", &to_ontario, None);
    let text = command(&["reach", CASE, "--at", at], 65);
    assert!(text.contains("AMISS: CA-ON: has alerts of the case"), "{text}");
}
