//! Withdrawals, closures and corrections of one event.

use comity::model::code::{Role, WithdrawalReason};
use serde_json::{Value, json};

use crate::federation::{Federation, notice};

const EVENT: &str = "ca-on-food/FI-1";

/// The line of this type.
fn of_type<'v>(lines: &'v [Value], wanted: &str) -> &'v Value {
    lines.iter().find(|line| line["type"] == wanted).unwrap_or_else(|| panic!("no {wanted}: {lines:?}"))
}

#[test]
fn every_member_has_a_desk_with_a_topic() {
    let federation = Federation::bare("");
    let plan = federation.must(&["topics", "plan", "--offline"]);
    for member in ["ca-on", "ca-qc", "ca-mb"] {
        assert!(plan.contains(&format!("comity.in.{member}-desk ")), "{plan}");
    }
    federation.must(&["topics", "apply", "--yes"]);
    federation.must(&["check"]);
    let without = Federation::bare("[desk]\nenabled = false\n");
    assert!(!without.must(&["topics", "plan", "--offline"]).contains("-desk"));
    without.refuses(&["withdraw", EVENT, "--reason", "UNFOUNDED"], 78, &["CMT-9640", "desk.enabled"]);
    let left = Federation::bare("[policy2]\n");
    left.refuses(&["check", "--offline"], 78, &["CMT-9021"]);
}

#[test]
fn a_withdrawal_reaches_everyone_who_was_told_once() {
    let federation = Federation::new();
    federation.notices(&[notice("FI-1", 1, "Listeria"), notice("FI-2", 1, "Salmonella")]);
    let _running = federation.run();
    let arguments = ["withdraw", EVENT, "--reason", "sent-in-error", "--decision-ref", "2026/17"];
    federation.refuses(&arguments, 64, &["CMT-9646", "--yes"]);
    let lines = federation.lines(&[&arguments[..], &["--yes"]].concat());
    let preview = of_type(&lines, "preview");
    assert_eq!((&preview["recipients"], &preview["standing"]), (&json!(2), &json!("IN_FORCE")));
    let to: Vec<(&Value, &Value)> =
        preview["alerts"].as_array().unwrap().iter().map(|alert| (&alert["to"], &alert["role"])).collect();
    assert_eq!(to, [(&json!("CA-QC"), &json!("FOLLOW_UP")), (&json!("CA-MB"), &json!("ATTENTION"))]);
    let done = of_type(&lines, "done");
    assert_eq!((&done["done"], &done["recipients"], &done["missing"]), (&json!("withdrawn"), &json!(2), &json!(0)));
    assert_eq!((&done["topic"], &done["offset"]), (&json!("comity.in.ca-on-desk"), &json!(0)));
    for member in ["CA-QC", "CA-MB"] {
        let expected = ["ca-on-food/FI-1#1 Alert", "ca-on-food/FI-2#1 Alert", "ca-on-food/FI-1#2 Cancel"];
        assert_eq!(federation.told(member), expected, "{member}");
        let cancel = federation.alerts(member).pop().unwrap();
        assert_eq!(cancel.withdrawal_reason, Some(WithdrawalReason::SentInError));
    }
    assert_eq!(federation.told("CA-ON"), Vec::<String>::new());

    let again = ["withdraw", EVENT, "--reason", "UNFOUNDED", "--yes"];
    federation.refuses(&again, 65, &["CMT-9643", "withdrawn already"]);
    federation.refuses(&["close", EVENT, "--yes"], 65, &["CMT-9643", "WITHDRAWN"]);
    assert_eq!(federation.told("CA-QC").len(), 3);
    // What its source sends again stays withdrawn; the name of an alert will do for that of its event.
    federation.feed("ca-on-food", &json!({ "notices": [notice("FI-1", 1, "Listeria")] }));
    let done = federation.must(&["withdraw", "ca-on-food/FI-2#1", "--reason", "UNFOUNDED", "--yes"]);
    assert!(done.contains("ca-on-food/FI-2 withdrawn: 2 recipients told, after "), "{done}");
    assert_eq!(federation.told("CA-QC").len(), 4);
    assert_eq!(federation.rejections(), []);
}

#[test]
fn a_withdrawal_of_the_case_takes_back_every_event_of_it() {
    let federation = Federation::new();
    let mut second = notice("FI-2", 1, "Salmonella");
    second["inspectionCase"] = json!("IN-FI-1");
    federation.notices(&[notice("FI-1", 1, "Listeria"), second]);
    let _running = federation.run();
    let scope = ["withdraw", EVENT, "--reason", "UNFOUNDED", "--scope", "case", "--date", "2026-04-01", "--yes"];
    let lines = federation.lines(&scope);
    assert_eq!(of_type(&lines, "done")["recipients"], 2);
    let told = federation.told("CA-MB");
    assert_eq!(told[2..], ["ca-on-food/FI-1#2 Cancel", "ca-on-food/FI-2#2 Cancel"]);
    federation.refuses(&scope, 65, &["CMT-9643"]);
}

#[test]
fn what_is_unknown_or_another_jurisdictions_is_refused_before_anything_is_sent() {
    let federation = Federation::new();
    let withdraw = |event: &'static str, more: &[&'static str]| {
        [&["withdraw", event, "--reason", "UNFOUNDED", "--yes"], more].concat()
    };
    federation.refuses(&withdraw(EVENT, &[]), 65, &["CMT-9641", "no such event"]);
    federation.notices(&[notice("FI-1", 1, "Listeria")]);
    federation.refuses(&withdraw("ca-on-food/FI-9", &[]), 65, &["CMT-9641"]);
    federation.refuses(&withdraw("FI-1", &[]), 65, &["CMT-9641", "in full"]);
    federation.refuses(&withdraw(EVENT, &["--as", "CA-QC"]), 65, &["CMT-9642", "an event of CA-ON"]);
    federation.refuses(&withdraw(EVENT, &["--as", "quebec"]), 64, &["CMT-9642"]);
    federation.refuses(&withdraw(EVENT, &["--date", "yesterday"]), 65, &["CMT-9644", "unreadable_date"]);
    federation.refuses(&["withdraw", EVENT, "--reason", "NO_REASON"], 64, &["SENT_IN_ERROR"]);
    assert_eq!(federation.told("CA-QC").len(), 1);
    assert!(crate::support::reader::read_committed(&federation.broker, "comity.in.ca-on-desk").is_empty());
}

#[test]
fn without_a_ledger_the_withdrawal_stands_and_takes_effect_later() {
    let federation = Federation::new();
    federation.notices(&[notice("FI-1", 1, "Listeria")]);
    let arguments = ["withdraw", EVENT, "--reason", "UNFOUNDED", "--yes", "--timeout", "500ms"];
    federation.refuses(&arguments, 69, &["CMT-9645", "comity.in.ca-on-desk at offset 0", "comity run"]);
    federation.must(&["run", "--exit-when-idle", "1s"]);
    assert_eq!(federation.told("CA-QC"), ["ca-on-food/FI-1#1 Alert", "ca-on-food/FI-1#2 Cancel"]);
}

#[test]
fn a_closure_tells_everyone_and_takes_nothing_back() {
    let federation = Federation::new();
    federation.notices(&[notice("FI-1", 1, "Listeria")]);
    let _running = federation.run();
    let lines = federation.lines(&["close", EVENT, "--yes"]);
    assert_eq!(
        (&of_type(&lines, "done")["done"], &of_type(&lines, "done")["recipients"]),
        (&json!("closed"), &json!(2))
    );
    let last = federation.alerts("CA-QC").pop().unwrap();
    assert_eq!((last.alert_id.as_str(), last.role), ("ca-on-food/FI-1#2", Role::FollowUp), "it keeps its role");
    federation.refuses(&["close", EVENT, "--yes"], 65, &["CMT-9643", "CLOSED"]);
    let lines = federation.lines(&["withdraw", EVENT, "--reason", "UNFOUNDED", "--yes"]);
    assert_eq!(of_type(&lines, "done")["recipients"], 2, "what is closed can be withdrawn");
}

#[test]
fn records_of_a_file_go_the_same_way_and_strangers_are_rejected_with_a_reason() {
    let federation = Federation::new();
    federation.notices(&[notice("FI-1", 1, "Listeria")]);
    let withdrawal = |event: &str, case: &str| {
        json!({
            "event_id": event, "case_id": case, "kind": "WITHDRAWAL", "decided": "2026-04-01",
            "withdrawal": { "reason": "UNFOUNDED" },
        })
    };
    let closure =
        |event: &str| json!({ "event_id": event, "case_id": event, "kind": "CLOSURE", "decided": "2026-04-01" });
    // Quebec's desk cannot speak of Ontario's event: to it there is none.
    federation.feed("ca-qc-desk", &json!([withdrawal(EVENT, "ca-on-food/IN-FI-1"), closure(EVENT)]));
    federation.must(&["run", "--exit-when-idle", "1s"]);
    assert_eq!(federation.told("CA-MB"), ["ca-on-food/FI-1#1 Alert"]);
    let rejections = federation.rejections();
    let facts: Vec<(&str, &str, &str, i64)> =
        rejections.iter().map(|at| (at.platform.as_str(), at.code.as_str(), at.topic.as_str(), at.offset)).collect();
    assert_eq!(facts, [("ca-qc-desk", "CMT-6008", "comity.in.ca-qc-desk", 1)]);
    federation.feed("ca-on-desk", &withdrawal(EVENT, "ca-on-food/IN-FI-1"));
    federation.must(&["run", "--exit-when-idle", "1s"]);
    assert_eq!(federation.told("CA-MB")[1..], ["ca-on-food/FI-1#2 Cancel"]);
}

/// The full event that a member was told last.
fn last_event(federation: &Federation, member: &str) -> Value {
    let schema = include_str!("../../schemas/canonical/Alert.v1.avsc");
    let schema = apache_avro::Schema::parse_str(schema).unwrap();
    let topic = format!("comity.alerts.{member}");
    let value = crate::support::reader::read_committed(&federation.broker, &topic).pop().unwrap().value.unwrap();
    let reader = apache_avro::reader::datum::GenericDatumReader::builder(&schema).build().unwrap();
    let datum = reader.read_value(&mut &value[5..]).unwrap();
    serde_json::Value::try_from(datum).unwrap()
}

#[test]
fn a_correction_replaces_what_everyone_was_told_and_its_source_goes_on() {
    let federation = Federation::new();
    federation.notices(&[notice("FI-1", 1, "Listeria"), notice("FI-2", 1, "Salmonella")]);
    federation.notices(&[notice("FI-1", 2, "Listeria in hummus")]);
    let _running = federation.run();
    let set = ["correct", EVENT, "--set", "infraction.title=Listeria in lentils", "--set", "severity=MINOR", "--yes"];
    let lines = federation.lines(&set);
    assert_eq!(of_type(&lines, "preview")["alerts"][0]["msg_type"], "UPDATE");
    let done = of_type(&lines, "done");
    assert_eq!((&done["done"], &done["recipients"], &done["missing"]), (&json!("corrected"), &json!(2), &json!(0)));
    let alert = last_event(&federation, "CA-QC");
    assert_eq!((&alert["alert_id"], &alert["msg_type"]), (&json!("ca-on-food/FI-1#3"), &json!("UPDATE")));
    assert_eq!(alert["infraction"]["title"], "Listeria in lentils");
    assert_eq!(alert["event"]["platform"], "ca-on-desk");
    assert_eq!(alert["event"]["authority"]["id"], "ca-on-food-inspection", "the authority that decided is still it");
    assert_eq!(alert["organisation"]["organisation_id"], "ca-bn:000901371", "and so is the organisation");
    assert_eq!(alert["organisation"]["legal_name"], "Boreal Lantern Foods Inc.");
    federation.refuses(&set, 65, &["CMT-9643", "in the same words"]);

    // What the source sends again changes nothing; its next revision does.
    let again = json!({ "notices": [notice("FI-1", 1, "Listeria"), notice("FI-1", 2, "Listeria in hummus")] });
    federation.feed("ca-on-food", &again);
    federation.feed("ca-on-food", &json!({ "notices": [notice("FI-1", 3, "Listeria in beans")] }));
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while federation.told("CA-QC").len() < 5 && std::time::Instant::now() < deadline {
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    assert_eq!(federation.told("CA-QC")[3..], ["ca-on-food/FI-1#3 Update", "ca-on-food/FI-1#4 Update"]);
    assert_eq!(federation.rejections(), []);
}

#[test]
fn a_statement_from_a_file_says_all_and_nothing_unknown() {
    let federation = Federation::new();
    federation.notices(&[notice("FI-1", 1, "Listeria")]);
    let _running = federation.run();
    let mut statement: Value = serde_json::from_str(&federation.must(&["correct", EVENT, "--show"])).unwrap();
    assert_eq!((&statement["kind"], &statement["decided"]), (&json!("CORRECTION"), &json!("2026-03-02")));
    assert!(crate::support::reader::read_committed(&federation.broker, "comity.in.ca-on-desk").is_empty());
    let correct = |name: &str, statement: &Value| federation.file(name, statement);
    let refused = |statement: &Value, words: &[&str]| {
        let file = correct("refused.json", statement);
        federation.refuses(&["correct", EVENT, "--file", &file, "--yes"], 65, words);
    };
    let with = |field: &str, value: Value| {
        let mut other = statement.clone();
        other[field] = value;
        other
    };
    refused(&with("titel", json!("x")), &["CMT-9647", "titel"]);
    refused(&with("measures", json!([{ "type": "RECALL", "bassis": "x" }])), &["CMT-9647", "measures.0.bassis"]);
    refused(&with("event_id", json!("ca-on-food/FI-2")), &["CMT-9647", "event_id"]);
    refused(&with("origin", json!("CA-QC")), &["CMT-9647", "origin"]);
    refused(&with("legal_basis", json!([])), &["CMT-9644", "missing_value", "legal_basis"]);
    refused(&with("subject", json!({ "legal_name": "Jane Example" })), &["CMT-9644", "undecidable_subject"]);
    refused(&json!([statement]), &["CMT-9647", "no JSON object"]);
    federation.refuses(&["correct", EVENT], 64, &["CMT-9647", "--set"]);
    federation.refuses(&["correct", EVENT, "--set", "severity=HUGE", "--yes"], 65, &["CMT-9644", "severity"]);

    // Without a subject the case keeps its organisation; the other fields are what the file says.
    statement.as_object_mut().unwrap().remove("subject");
    statement["infraction"] = json!({ "title": "Listeria monocytogenes" });
    let file = correct("statement.json", &statement);
    federation.must(&["correct", EVENT, "--file", &file, "--yes"]);
    let alert = last_event(&federation, "CA-QC");
    assert_eq!((&alert["alert_id"], &alert["msg_type"]), (&json!("ca-on-food/FI-1#2"), &json!("UPDATE")));
    assert_eq!(alert["organisation"]["organisation_id"], "ca-bn:000901371");

    // Another organisation is cancelled for the first and alerted anew.
    statement["subject"] = json!({ "legal_name": "Tamarack Example Foods Inc." });
    let file = correct("other.json", &statement);
    let lines = federation.lines(&["correct", EVENT, "--file", &file, "--yes"]);
    assert_eq!(of_type(&lines, "done")["missing"], 0);
    assert_eq!(federation.told("CA-MB")[2..], ["ca-on-food/FI-1#3 Cancel", "ca-on-food/FI-1#4 Alert"]);
    assert_eq!(federation.rejections(), []);
}
