//! Invented organisations and their open cases, as many as one wants, as the state holds them.

use std::sync::Arc;

use comity::model::bond::{Bond, Naming, Pair};
use comity::model::code::{Domain, Role, Scope, Severity, Standing};
use comity::model::identifiers::Identifiers;
use comity::model::packed::{PackedBond, PackedCase};
use comity::model::place::Jurisdiction;
use comity::model::state::{Case, CaseEvent, EventKey, Key, OpenCase, Organisation, Revision, Told, Value};

pub(crate) fn place(code: &str) -> Jurisdiction {
    Jurisdiction::parse(code).unwrap()
}

fn id(number: usize) -> String {
    format!("ca-bn:{number:08}0RC0001")
}

/// The number that an event names beside that.
fn second(number: usize) -> String {
    format!("ca-corporation-number:{number:07}-4")
}

/// A company of Ontario; its second number is one with its first because an event named both (`bond`).
pub(crate) fn organisation(number: usize, has_second: bool, with_case: bool) -> (Key, Value) {
    let (id, second) = (id(number), second(number));
    let open = OpenCase {
        origin: place("CA-ON"),
        domain: Domain::FoodSafety,
        case_id: case_id(number),
        severity: Severity::Severe,
        since: 20_000,
        scope: Scope::Federation,
    };
    let organisation = Organisation {
        identifiers: Identifiers::of(&[id.as_str(), &second][..=usize::from(has_second)]).unwrap(),
        registered_in: Some(place("CA-ON")),
        open_cases: with_case.then_some(open).into_iter().collect(),
        cases: 1,
        name: 1,
        form: 1,
        is_public: true,
    };
    (Key::Organisation(id), Value::Organisation(Arc::new(organisation)))
}

/// What its event says of its two numbers.
pub(crate) fn bond(number: usize) -> (Key, Value) {
    let pair = Pair::new(&id(number), &second(number));
    let event = EventKey { origin: place("CA-ON"), case_id: case_id(number), event_id: event_id(number) };
    let naming = Naming { high_first: false, behind: None, is_question: false, events: vec![event] };
    let bond = Bond { named: Some(naming), ..Bond::new(pair.clone()) };
    (Key::Link(pair), Value::Link(PackedBond::new(&bond)))
}

fn event_id(number: usize) -> String {
    format!("ca-on-food/FI-2026-{number:07}")
}

fn case_id(number: usize) -> String {
    format!("ca-on-food/IN-{number:07}")
}

/// Its open case, which so many members were told of.
pub(crate) fn case(number: usize, recipients: u8) -> (Key, Value) {
    let sequence = i64::try_from(number).unwrap();
    let event = CaseEvent {
        issued_at: None,
        handling: None,
        event_id: event_id(number),
        revision: Some(1),
        version: 1,
        standing: Standing::InForce,
        domain: Domain::FoodSafety,
        scope: Scope::Federation,
        told: ((1 << recipients) - 1) << 1,
        severity: Severity::Severe,
        since: 20_000,
        expires_at: Some(1_900_000_000_000 + sequence),
        sent: Box::default(),
        revisions: Box::new([Revision { raw: 1, content: 2 }]),
    };
    let case = Case {
        acks: Box::default(),
        origin: place("CA-ON"),
        case_id: case_id(number),
        platform: "ca-on-food".to_owned(),
        organisation_id: Some(id(number)),
        name_digest: Some(3),
        told: (1..=recipients)
            .map(|member| Told { member, role: Role::Attention, by_index: false, sequence })
            .collect(),
        events: Box::new([event]),
        national_sequence: sequence,
        keep_until: 2_000_000_000_000 + sequence,
    };
    (Key::Case(case.origin, case.case_id.clone()), Value::Case(PackedCase::new(&case)))
}
