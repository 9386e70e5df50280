//! `comity demo` as a newcomer runs it: the story happens, and the summary adds up.
#![cfg(feature = "embedded-broker")]

use std::process::Command;

use serde_json::Value;

fn happened(arguments: &[&str]) -> Vec<Value> {
    let output = Command::new(env!("CARGO_BIN_EXE_comity"))
        .args(["demo", "--format", "json"])
        .args(arguments)
        .env_remove("COMITY_LOG")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert_eq!(said, "", "a demo that goes well writes nothing to standard error");
    String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The codes of a list of recipients.
fn codes(value: &Value) -> Vec<&str> {
    value.as_array().unwrap().iter().map(|code| code.as_str().unwrap()).collect()
}

#[test]
fn the_story_shows_every_turn_and_the_summary_adds_up() {
    let lines = happened(&["--for", "30s", "--rate", "20"]);
    let alert = |msg_type: &str, standing: &str, event: &str| -> &Value {
        let wanted = |line: &&Value| {
            line["type"] == "alert"
                && line["msg_type"] == msg_type
                && line["standing"] == standing
                && line["event_id"] == event
        };
        lines.iter().find(wanted).unwrap_or_else(|| panic!("no {msg_type} {standing} of {event}"))
    };
    let hummus = "ca-on-food/FI-0417";
    let told = |alert: &Value| codes(&alert["follow_up"]).len() + codes(&alert["attention"]).len();
    let first = alert("ALERT", "IN_FORCE", hummus);
    assert_eq!((codes(&first["follow_up"]), told(first)), (vec!["CA-MB", "CA-QC"], 12));
    let corrected = alert("UPDATE", "IN_FORCE", hummus);
    assert_eq!((codes(&corrected["follow_up"]), told(corrected)), (vec!["CA-MB", "CA-NU", "CA-QC"], 12));
    assert_eq!(told(alert("CANCEL", "WITHDRAWN", hummus)), 12, "everyone who was told is told of the withdrawal");
    let followed = alert("ALERT", "IN_FORCE", "ca-bc-safety/SO-30412");
    assert_eq!(codes(&followed["follow_up"]), ["CA-AB"], "Alberta has an open case, and nobody was named");
    let restricted = alert("ALERT", "IN_FORCE", "ca-bc-safety/SO-30415");
    assert_eq!((codes(&restricted["follow_up"]), told(restricted)), (vec!["CA-AB"], 1));
    assert_eq!(told(alert("UPDATE", "EXPIRED", "ca-on-food/FI-0421")), 12);
    let reasons: Vec<&str> =
        lines.iter().filter(|line| line["type"] == "rejection").map(|line| line["reason"].as_str().unwrap()).collect();
    assert!(reasons.contains(&"not_a_decision") && reasons.contains(&"undecidable_subject"), "{reasons:?}");

    let summary = lines.last().unwrap();
    let sum =
        |counts: &Value| -> u64 { counts.as_object().unwrap().values().map(|count| count.as_u64().unwrap()).sum() };
    assert_eq!(summary["type"], "summary");
    assert_eq!(sum(&summary["records"]), summary["sent"].as_u64().unwrap());
    assert_eq!(summary["events"].as_u64().unwrap() + sum(&summary["rejections"]), summary["sent"].as_u64().unwrap());
    assert_eq!(sum(&summary["copies_by_recipient"]), summary["copies"].as_u64().unwrap());
    assert_eq!(summary["copies_by_recipient"].as_object().unwrap().len(), 13);
    let seen: usize = lines.iter().filter(|line| line["type"] == "alert").map(told).sum();
    assert_eq!(seen as u64, summary["copies"].as_u64().unwrap(), "what was shown is what stands in the topics");
    assert!(summary["sent"].as_u64().unwrap() > 11, "the stream follows the story");
}
