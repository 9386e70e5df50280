use std::collections::BTreeMap;
use std::sync::Arc;

use super::View;
use crate::model::bond::{Bond, Naming, Pair};
use crate::model::code::{Domain, Scope, Severity, Standing};
use crate::model::identifiers::Identifiers;
use crate::model::packed::{PackedBond, PackedCase};
use crate::model::place::Jurisdiction;
use crate::model::state::{Case, CaseEvent, Key, Organisation, Value};
use crate::run::ledger::Shown;

const ORIGINS: [&str; 3] = ["CA-ON", "CA-QC", "DE"];

fn place(code: &str) -> Jurisdiction {
    Jurisdiction::parse(code).unwrap()
}

fn case(origin: Jurisdiction, case_id: &str, events: &[String]) -> Case {
    let event = |event_id: &String| CaseEvent {
        issued_at: None,
        handling: None,
        event_id: event_id.clone(),
        revision: None,
        version: 1,
        standing: Standing::InForce,
        domain: Domain::FoodSafety,
        scope: Scope::Federation,
        told: 0,
        severity: Severity::Minor,
        since: 1,
        expires_at: None,
        sent: Box::default(),
        revisions: Box::default(),
    };
    Case {
        acks: Box::default(),
        origin,
        case_id: case_id.to_owned(),
        platform: "p".to_owned(),
        organisation_id: None,
        name_digest: None,
        told: crate::model::told::ToldList::default(),
        events: events.iter().map(event).collect(),
        national_sequence: 0,
        keep_until: 0,
    }
}

fn organisation(identifiers: &[String]) -> Organisation {
    Organisation {
        identifiers: Identifiers::of(identifiers).unwrap(),
        registered_in: None,
        open_cases: Box::default(),
        cases: 1,
        name: 0,
        form: 0,
        is_public: true,
    }
}

/// Marsaglia's xorshift64.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

/// What is to be seen, by key.
#[derive(Default)]
struct Model {
    cases: BTreeMap<(Jurisdiction, String), Case>,
    organisations: BTreeMap<String, Organisation>,
    bonds: BTreeMap<Pair, Bond>,
}

/// Puts or takes away something, in the model and as a change.
fn change(chance: &mut Chance, Model { cases, organisations, bonds }: &mut Model) -> Shown {
    let number = chance.below(12);
    match chance.below(6) {
        0 | 1 => {
            let (origin, case_id) = (place(ORIGINS[chance.below(3) as usize]), format!("case {number}"));
            let key = (origin, case_id.clone());
            if chance.below(4) == 0 {
                cases.remove(&key);
                return Shown::Gone(Box::new(Key::Case(origin, case_id)));
            }
            // Events join a case, and some ids are met in other cases too.
            let mut events: Vec<String> =
                cases.get(&key).map_or_else(Vec::new, |case| case.events.iter().map(|e| e.event_id.clone()).collect());
            let event = format!("event {}", chance.below(30));
            if !events.contains(&event) {
                events.push(event);
            }
            let case = case(origin, &case_id, &events);
            cases.insert(key, case.clone());
            Shown::Value(Value::Case(PackedCase::new(&case)))
        }
        2 => {
            let id = format!("s:{number}");
            // Each identifier has one holder at a time, as in the index.
            let mut identifiers = vec![id.clone()];
            identifiers.extend((0..3).filter(|_| chance.below(2) == 0).map(|other| format!("t:{number}-{other}")));
            let known = organisation(&identifiers);
            organisations.insert(id, known.clone());
            Shown::Value(Value::Organisation(Arc::new(known)))
        }
        3 => {
            let id = format!("s:{number}");
            organisations.remove(&id);
            Shown::Gone(Box::new(Key::Organisation(id)))
        }
        _ => {
            // Of two of its own numbers, or of its own and another's.
            let other = [format!("t:{number}-0"), format!("s:{}", number + 1)];
            let pair = Pair::new(&format!("s:{number}"), &other[chance.below(2) as usize]);
            if chance.below(3) == 0 {
                bonds.remove(&pair);
                return Shown::Gone(Box::new(Key::Link(pair)));
            }
            let high_first = chance.below(2) == 0;
            let named = Naming { high_first, behind: None, is_question: false, events: Vec::new() };
            let bond = Bond { named: Some(named), ..Bond::new(pair.clone()) };
            bonds.insert(pair, bond.clone());
            Shown::Value(Value::Link(PackedBond::new(&bond)))
        }
    }
}

/// What is said of an organisation's identifiers, one after the other; of two of its own, at the first of the pair.
fn said(Model { bonds, .. }: &Model, organisation: &Organisation) -> Vec<(String, Bond)> {
    let mut said = Vec::new();
    for identifier in organisation.identifiers.iter() {
        let mut of: Vec<(String, Bond)> = Vec::new();
        for (pair, bond) in bonds {
            if pair.low == identifier {
                of.push((pair.high.clone(), bond.clone()));
            } else if pair.high == identifier && !organisation.identifiers.contains(&pair.low) {
                of.push((pair.low.clone(), bond.clone()));
            }
        }
        of.sort_by_key(|(other, _)| other.clone());
        said.extend(of);
    }
    said
}

fn assert_same(view: &View, model: &Model) {
    let Model { cases, organisations, bonds } = model;
    let look = view.look().unwrap();
    assert_eq!(look.counts(), (cases.len(), organisations.len()));
    let naive = |holds: &dyn Fn(&Case) -> bool| -> Vec<&Case> { cases.values().filter(|case| holds(case)).collect() };
    for number in 0..12 {
        let id = format!("case {number}");
        let found = look.cases(&id);
        assert_eq!(found.iter().collect::<Vec<_>>(), naive(&|case| case.case_id == id));
        for identifier in [format!("s:{number}"), format!("t:{number}-0"), format!("t:{number}-1"), "t:none".to_owned()]
        {
            let holder = organisations.values().find(|known| known.identifiers.contains(&identifier));
            assert_eq!(look.holder(&identifier).as_deref(), holder, "{identifier}");
        }
    }
    for number in 0..30 {
        let id = format!("event {number}");
        let found = look.cases_of_event(&id);
        let expected = naive(&|case| case.events.iter().any(|event| event.event_id == id));
        assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{id}");
    }
    assert_eq!(
        look.0.events.iter().count(),
        cases.values().map(|case| case.events.len()).sum::<usize>(),
        "nothing is left over"
    );
    for known in organisations.values() {
        assert_eq!(look.bonds(known), said(model, known), "{}", known.organisation_id());
    }
    assert_eq!(look.0.bonds.len(), 2 * bonds.len(), "nothing is left over");
    let others = organisations.values().map(|known| known.identifiers.further().count()).sum::<usize>();
    assert_eq!(look.0.identifiers.iter().count(), others, "nothing is left over");
}

/// Each view hashes by keys of its own, so what only some hashes meet is met by one of several.
#[test]
fn the_view_is_what_a_naive_one_would_be() {
    (1..=32).for_each(hold_against_a_naive_one);
}

fn hold_against_a_naive_one(seed: u64) {
    let mut chance = Chance(seed);
    let view = View::default();
    view.complete();
    let mut model = Model::default();
    for _ in 0..75 {
        let batch = (0..=chance.below(5)).map(|_| change(&mut chance, &mut model)).collect();
        view.publish(batch, None);
        assert_same(&view, &model);
    }
    let Model { cases, organisations, bonds } = &model;
    assert!(cases.len() > 10 && organisations.len() > 3 && bonds.len() > 3, "the history has come to something");
    view.restart();
    assert!(view.look().is_none(), "a restore begins from nothing, and shows nothing");
    view.complete();
    assert_same(&view, &Model::default());
}

#[test]
fn a_value_is_in_memory_once() {
    let view = View::default();
    let shared = PackedCase::new(&case(place("DE"), "c", &["e".to_owned()]));
    view.publish(vec![Shown::Value(Value::Case(shared.clone()))], None);
    view.complete();
    let look = view.look().unwrap();
    let held: Vec<_> = look.0.cases.iter().map(|case| case.body().as_ptr()).collect();
    assert_eq!(held, [shared.body().as_ptr()]);
}
