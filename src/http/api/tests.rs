use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::answer;
use crate::kafka::view::View;
use crate::model::bond::{Bond, Naming, Pair};
use crate::model::code::{Domain, MemberState, Role, Scope, Severity, Standing};
use crate::model::identifiers::Identifiers;
use crate::model::packed::{PackedBond, PackedCase};
use crate::model::place::Jurisdiction;
use crate::model::rules::{Contact, Member, Period, Policy, Rules};
use crate::model::state::{Case, CaseEvent, Checkpoint, EventKey, Marks, OpenCase, Organisation, Told, Value};
use crate::run::ledger::Shown;

fn place(code: &str) -> Jurisdiction {
    Jurisdiction::parse(code).unwrap()
}

fn rules() -> Rules {
    let member = |code: &&str| Member {
        holidays: Vec::new(),
        jurisdiction: place(code),
        state: MemberState::Active,
        domains: Vec::new(),
        least_severity: Severity::Unknown,
    };
    Rules {
        clocks: Vec::new(),
        groups: Vec::new(),
        contacts: vec![Contact {
            authority: "CA-ON".to_owned(),
            unit: "Alert desk".to_owned(),
            telephone: "+1 555 0100".to_owned(),
            hours: "8-16".to_owned(),
        }],
        federation: "f".to_owned(),
        rules_version: 1,
        logic_version: 1,
        members: ["CA-ON", "CA-QC", "CA-AB"].iter().map(member).collect(),
        policy: Policy { expires_after: Period { months: 36, days: 0 }, forget_after: Period { months: 36, days: 0 } },
        digests: Vec::new(),
    }
}

fn case(origin: &str, case_id: &str, scope: Scope) -> Case {
    let event = CaseEvent {
        issued_at: None,
        handling: None,
        event_id: format!("ca-on-food/{origin}-FI-1"),
        revision: Some(2),
        version: 2,
        standing: Standing::InForce,
        domain: Domain::FoodSafety,
        scope,
        told: 0b110,
        severity: Severity::Severe,
        since: 20_514,
        expires_at: Some(1_800_000_000_000),
        sent: Box::default(),
        revisions: Box::default(),
    };
    Case {
        acks: Box::default(),
        origin: place(origin),
        case_id: case_id.to_owned(),
        platform: "ca-on-food".to_owned(),
        organisation_id: Some("ca-bn:000901371".to_owned()),
        name_digest: Some(7),
        told: vec![
            Told { member: 1, role: Role::FollowUp, by_index: false, sequence: 12 },
            Told { member: 2, role: Role::Attention, by_index: false, sequence: 9 },
        ]
        .into(),
        events: Box::new([event]),
        national_sequence: 8,
        keep_until: 1_900_000_000_000,
    }
}

fn view() -> View {
    let organisation = Organisation {
        identifiers: Identifiers::of(&["ca-bn:000901371", "ca-on-food/licence:L 12"]).unwrap(),
        registered_in: Some(place("CA-ON")),
        open_cases: Box::new([OpenCase {
            origin: place("CA-ON"),
            domain: Domain::FoodSafety,
            case_id: "ca-on-food/IN-88213".to_owned(),
            severity: Severity::Severe,
            since: 20_514,
            scope: Scope::Federation,
        }]),
        cases: 1,
        name: 0,
        form: 0,
        is_public: true,
    };
    let named = |case_id: &str, event_id: &str| EventKey {
        origin: place("CA-QC"),
        case_id: case_id.to_owned(),
        event_id: event_id.to_owned(),
    };
    let events = vec![named("c1", "q/1"), named("c2", "q/2")];
    let bond = Bond {
        named: Some(Naming { high_first: false, behind: None, is_question: false, events }),
        ..Bond::new(Pair::new("ca-bn:000901371", "ca-bn:000902742"))
    };
    let values = [
        Value::Rules(Arc::new(rules())),
        Value::Case(PackedCase::new(&case("CA-ON", "ca-on-food/IN-88213", Scope::Federation))),
        Value::Case(PackedCase::new(&case("CA-QC", "ca-on-food/IN-88213", Scope::Restricted))),
        Value::Case(PackedCase::new(&case("CA-ON", "CA-QC/twin", Scope::Federation))),
        Value::Case(PackedCase::new(&case("CA-QC", "twin", Scope::Federation))),
        Value::Organisation(Arc::new(organisation)),
        Value::Link(PackedBond::new(&bond)),
    ];
    let marks = Marks { log_time: 1_790_000_000_000, ..Marks::default() };
    let last = Checkpoint { transaction: 41, marks, cluster_id: String::new() };
    let view = View::default();
    view.publish(values.into_iter().map(Shown::Value).collect(), Some(&last));
    view.complete();
    view
}

fn ask(path: &str) -> (u16, Json) {
    let (path, query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
    let answer = answer(&view(), "owner", path, query);
    (answer.status, answer.body)
}

fn origins(path: &str) -> Vec<String> {
    let (status, body) = ask(path);
    assert_eq!(status, 200, "{path}: {body}");
    body["cases"].as_array().unwrap().iter().map(|case| case["origin"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn what_events_said_of_two_identifiers_is_shown_with_their_ids() {
    let (status, body) = ask("/api/v1/organisations/ca-bn:000901371");
    assert_eq!(status, 200, "{body}");
    let link = json!({
        "relation": "SAME", "first": "ca-bn:000901371", "second": "ca-bn:000902742", "other_organisation_id": null,
        "asserted_by": "CA-QC", "event_ids": ["q/1", "q/2"], "basis": "", "from": null, "to": null,
    });
    assert_eq!(body["organisations"][0]["links"], json!([link]));
}

#[test]
fn a_case_is_found_by_its_id_as_it_stands_or_encoded_and_by_its_origin() {
    for path in ["/api/v1/cases/ca-on-food/IN-88213", "/api/v1/cases/ca-on-food%2FIN-88213"] {
        assert_eq!(origins(path), ["CA-ON", "CA-QC"], "one id at two origins: both");
    }
    for path in ["/api/v1/cases/CA-QC/ca-on-food/IN-88213", "/api/v1/cases/CA-QC/ca-on-food%2fIN-88213"] {
        assert_eq!(origins(path), ["CA-QC"]);
    }
    assert_eq!(origins("/api/v1/cases/CA-QC/twin"), ["CA-ON", "CA-QC"], "an id that looks like origin and id");
    let (_, body) = ask("/api/v1/cases/CA-ON/ca-on-food/IN-88213");
    assert_eq!(
        body["as_of"],
        json!({ "instance": "owner", "transaction": 41, "log_time": "2026-09-21T14:13:20.000Z" })
    );
    let case = &body["cases"][0];
    assert_eq!(
        case["told"],
        json!([
            { "recipient": "CA-QC", "role": "FOLLOW_UP", "last_sequence": 12 },
            { "recipient": "CA-AB", "role": "ATTENTION", "last_sequence": 9 },
        ])
    );
    assert_eq!((&case["open"], &case["scope"]), (&json!(true), &json!("FEDERATION")));
    assert_eq!(case["contact"], json!({ "unit": "Alert desk", "telephone": "+1 555 0100", "hours": "8-16" }));
    let event = &case["events"][0];
    assert_eq!(event["last_alert_id"], "ca-on-food/CA-ON-FI-1#2");
    assert_eq!((&event["told"], &event["since"]), (&json!(["CA-QC", "CA-AB"]), &json!("2026-03-02")));
    let (_, other) = ask("/api/v1/cases/CA-QC/ca-on-food/IN-88213");
    assert_eq!(other["cases"][0]["contact"], json!(null), "CA-QC has named nobody to ring");
    assert!(!body.to_string().contains("digest"), "the digest of a name is nobody's business");
}

#[test]
fn an_organisation_is_found_by_its_id_and_by_any_way_to_write_an_identifier() {
    for path in [
        "/api/v1/organisations/ca-bn:000901371",
        "/api/v1/organisations/ca-bn%3A000901371",
        "/api/v1/organisations?scheme=ca-bn&value=000901371RC0001",
        "/api/v1/organisations?value=BN+000901371&scheme=ca-bn",
        "/api/v1/organisations?scheme=ca-on-food/licence&value=%20L%20%2012",
    ] {
        let (status, body) = ask(path);
        assert_eq!((status, &body["organisations"][0]["organisation_id"]), (200, &json!("ca-bn:000901371")), "{path}");
        assert_eq!(body["organisations"][0]["open_cases"][0]["case_id"], "ca-on-food/IN-88213");
    }
}

#[test]
fn an_alert_is_found_by_its_id() {
    let (status, body) = ask("/api/v1/alerts/ca-on-food/CA-ON-FI-1%231");
    assert_eq!((status, body["alerts"].as_array().unwrap().len()), (200, 2), "{body}");
    assert_eq!(body["alerts"][0]["alert_id"], "ca-on-food/CA-ON-FI-1#1");
    assert_eq!((&body["alerts"][0]["version"], &body["alerts"][0]["versions"]), (&json!(1), &json!(2)));
    assert_eq!(body["alerts"][0]["contact"]["unit"], "Alert desk");
    let (_, body) = ask("/api/v1/alerts/ca-on-food/CA-ON-FI-1");
    assert_eq!(body["alerts"][0]["alert_id"], "ca-on-food/CA-ON-FI-1#2", "without a version the last one");
}

#[test]
fn what_is_not_there_or_not_well_asked_has_a_reason() {
    let long = format!("/api/v1/cases/{}", "x".repeat(300));
    for (path, status, error) in [
        ("/api/v1", 404, "not_found"),
        ("/api/v1/", 404, "not_found"),
        ("/api/v1/nonsense/x", 404, "not_found"),
        ("/api/v1/cases", 404, "not_found"),
        ("/api/v1/cases/", 404, "not_found"),
        ("/api/v1/cases/IN-88213", 404, "not_found"),
        ("/api/v1/cases/CA-AB/ca-on-food/IN-88213", 404, "not_found"),
        ("/api/v1/cases/%zz", 400, "bad_request"),
        (long.as_str(), 404, "not_found"),
        ("/api/v1/alerts/ca-on-food/CA-ON-FI-1%233", 404, "not_found"),
        ("/api/v1/alerts/ca-on-food/CA-ON-FI-1%230", 404, "not_found"),
        ("/api/v1/organisations", 400, "bad_request"),
        ("/api/v1/organisations?scheme=ca-bn", 400, "bad_request"),
        ("/api/v1/organisations?scheme=nobody&value=1", 400, "unknown_scheme"),
        ("/api/v1/organisations?scheme=ca-bn&value=12", 400, "not_of_this_scheme"),
        ("/api/v1/organisations?scheme=ca-bn&value=000906859", 404, "not_found"),
        ("/api/v1/organisations?scheme=ca-bn&value=000901371&register=X", 404, "not_found"),
    ] {
        let (found, body) = ask(path);
        assert_eq!((found, body["error"].as_str()), (status, Some(error)), "{path}: {body}");
        assert!(body["reason"].is_string(), "{path}");
    }
    let restoring = answer(&View::default(), "standby", "/api/v1/cases/x", None);
    assert_eq!((restoring.status, &restoring.body["error"]), (503, &json!("restoring")));
}
