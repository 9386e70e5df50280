//! What a stock deserialiser asks of a schema registry is answered as it expects.

#![expect(clippy::expect_used, reason = "a test ends where its input is not what it must be")]

use comity::model::place::Jurisdiction;
use comity::schema::registry::answer;
use serde_json::{Value as Json, json};

fn ask(path: &str) -> (u16, Json) {
    let members = ["CA-ON", "CA-QC"].map(|code| Jurisdiction::parse(code).expect("a code"));
    let answer = answer(path, &members);
    (answer.status, serde_json::from_str(&answer.body).expect("JSON"))
}

/// The schema's file, by the name that it must have.
fn file(name: &str) -> Json {
    let path = format!("{}/schemas/canonical/{name}.v1.avsc", env!("CARGO_MANIFEST_DIR"));
    Json::String(std::fs::read_to_string(path).expect("a schema file"))
}

#[test]
fn every_subject() {
    let expected = json!([
        "comity.alerts.CA-ON-value",
        "comity.alerts.CA-QC-value",
        "comity.alerts.national-value",
        "comity.alerts.test-value",
        "comity.disputes.CA-ON-value",
        "comity.disputes.CA-QC-value",
        "comity.log-value",
        "comity.overdue-value",
        "comity.reach.archive-value",
        "comity.rejects-value",
        "comity.review-value",
        "comity.state-comity.Checkpoint",
        "comity.state-comity.StateEntry",
        "comity.status.CA-ON-value",
        "comity.status.CA-QC-value",
        "comity.status.national-value",
    ]);
    assert_eq!(ask("/subjects"), (200, expected));
}

#[test]
fn a_schema_by_its_id() {
    for (id, name) in [(1, "InfractionEvent"), (3, "Alert"), (5, "Status"), (9, "Tick")] {
        assert_eq!(ask(&format!("/schemas/ids/{id}")), (200, json!({ "schema": file(name) })));
        let text: Json = serde_json::from_str(file(name).as_str().expect("a text")).expect("JSON");
        assert_eq!(ask(&format!("/schemas/ids/{id}/schema")), (200, text));
    }
    let places = json!([{ "subject": "comity.rejects-value", "version": 1 }]);
    assert_eq!(ask("/schemas/ids/4/versions"), (200, places));
    assert_eq!(ask("/schemas/types"), (200, json!(["AVRO"])));
}

#[test]
fn a_version_of_a_subject() {
    let subject = "comity.alerts.CA-ON-value";
    let expected = json!({ "subject": subject, "version": 1, "id": 3, "schema": file("Alert") });
    for number in ["1", "latest", "-1"] {
        assert_eq!(ask(&format!("/subjects/{subject}/versions/{number}")), (200, expected.clone()));
    }
    assert_eq!(ask(&format!("/subjects/{subject}/versions")), (200, json!([1])));
    assert_eq!(ask(&format!("/subjects/{subject}/versions/")), (200, json!([1])));
    assert_eq!(ask(&format!("/subjects/{subject}/versions/1/schema")).0, 200);
}

#[test]
fn what_is_not_there() {
    for (path, status, code) in [
        ("/schemas/ids/0", 404, 40_403),
        ("/schemas/ids/1000", 404, 40_403),
        ("/schemas/ids/x", 404, 40_403),
        ("/schemas/ids/99999999999999999999", 404, 40_403),
        ("/subjects/comity.alerts.DE-value/versions", 404, 40_401),
        ("/subjects/comity.alerts.DE-value/versions/1", 404, 40_401),
        ("/subjects/comity.rejects-value/versions/2", 404, 40_402),
        ("/subjects/comity.rejects-value/versions/0", 422, 42_202),
        ("/subjects/comity.rejects-value/versions/x", 422, 42_202),
        ("/", 404, 404),
        ("/schemas", 404, 404),
        ("/subjects/a/b", 404, 404),
    ] {
        let (found, body) = ask(path);
        assert_eq!((found, body["error_code"].as_u64()), (status, Some(code)), "{path}");
    }
}
