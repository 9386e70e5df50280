//! A link, from the record that an operator writes to whoever sees another picture by it.

use serde_json::{Value, json};

use crate::federation::{Federation, lines, notice};
use crate::support::reader::read_committed;

/// A notice about another organisation than that of the others.
fn other_company(number: &str, follow_up: &[&str]) -> Value {
    let mut notice = notice(number, &format!("IN-{number}"), 1, follow_up);
    notice["operator"] = json!({
        "legalName": "Aurora Tidewater Packing Ltd.", "businessNumber": "000902742RC0001", "town": "Ottawa",
    });
    notice
}

#[test]
fn a_link_joins_two_organisations_and_its_end_parts_them() {
    let federation = Federation::new();
    federation.notice(&notice("FI-1", "IN-FI-1", 1, &["Quebec"]));
    federation.notice(&other_company("FI-2", &["Quebec"]));
    federation.settle();
    let alerts = |to: &str| lines(&federation.recipient(&["tap", "--to", to, "--format", "json"], 0));
    assert_eq!(alerts("CA-QC").len(), 2);

    let say = |record: Value| federation.put("comity.links", record.to_string().as_bytes(), None);
    let same = json!({"relation": "SAME", "first": "ca-bn:000901371", "second": "ca-bn:000902742",
        "asserted_by": "operator", "basis": "register extract"});
    say(json!({"relation": "SAME", "first": "ca-bn:000901371", "second": "ca-bn:000901371",
        "asserted_by": "operator", "basis": "a mistake"}));
    say(json!({"relation": "ALIKE"}));
    // Neither a person's name nor how to reach one comes into the log.
    for (by, basis) in [("Jane Roe", "register extract"), ("operator", "jane.roe@example.org says so")] {
        say(json!({"relation": "SAME", "first": "ca-bn:000901371", "second": "ca-bn:000902742",
            "asserted_by": by, "basis": basis}));
    }
    say(same.clone());
    federation.settle();
    let joined = alerts("CA-QC");
    let last = joined.last().unwrap();
    assert!(joined.len() > 2, "the picture of a case has changed");
    assert_eq!(last["organisation"]["organisation_id"], "ca-bn:000901371");
    assert_eq!(read_committed(&federation.broker, "comity.rejects").len(), 4);
    for record in read_committed(&federation.broker, "comity.log") {
        let value = String::from_utf8_lossy(&record.value.unwrap()).to_lowercase();
        assert!(!value.contains("roe"), "{value}");
    }

    let mut over = same;
    over["to"] = json!("2026-01-01");
    say(over);
    federation.settle();
    let parted = alerts("CA-QC");
    let of_second = |alerts: &[Value]| {
        let of = |alert: &&Value| alert["event_id"] == "ca-on-food/FI-2";
        alerts.iter().rev().find(of).unwrap()["organisation"]["organisation_id"].clone()
    };
    assert_eq!((of_second(&joined), of_second(&parted)), (json!("ca-bn:000901371"), json!("ca-bn:000902742")));
}
