//! Who is told again once a link began or ended, and what nobody learns by it: one test for each rule.

use std::collections::BTreeSet;

use comity::ledger::Outcome;
use comity::model::code::{Domain, Kind, MatchedBy, Mode, MsgType, Role, WithdrawalReason};
use comity::model::entry::LinkRelation;
use comity::model::event::InfractionEvent;
use comity::model::place::Jurisdiction;

use crate::rules_of_links::{FEDERATION, about, link, over, say, secret, settle, told};
use crate::world::{Did, Log, closure, place, revised, rules, withdrawn_for};

/// Who is told again of an event.
fn to(event_id: &str, members: &[&str]) -> BTreeSet<(String, Jurisdiction)> {
    members.iter().map(|member| (event_id.to_owned(), place(member))).collect()
}

/// The names that the last alert about an event gives its organisation, and how it was found.
fn names(dids: &[Did], event_id: &str) -> (Vec<String>, MatchedBy) {
    let mut decisions = dids.iter().flat_map(|did| &did.decisions);
    let last = decisions.rfind(|decision| decision.about.event_id == event_id).expect("an alert");
    let organisation = last.organisation.as_ref().expect("an organisation");
    let names = organisation.organisation_id.iter().chain(&organisation.formerly).cloned().collect();
    (names, organisation.matched_by)
}

#[test]
fn who_sees_another_name_or_less_names_is_told_and_who_sees_the_same_is_not() {
    let mut log = Log::new(&FEDERATION);
    log.told(&about("a", "CA-ON", "Acme Ltd", &["A"]));
    log.told(&about("b", "CA-QC", "Acme Ltd", &["B"]));
    // The second has no open case, so the first keeps its name and sees no other case.
    log.event(&closure(&about("b", "CA-QC", "Acme Ltd", &["B"])));
    let same = link(LinkRelation::Same, "reg:A", "reg:B");
    say(&mut log, &same);
    let dids = settle(&mut log);
    assert_eq!(told(&dids), to("a", &["CA-QC", "CA-BC", "DE"]));
    assert_eq!(names(&dids, "a"), (vec!["reg:A".to_owned(), "reg:B".to_owned()], MatchedBy::Identifier));
    let mut again = same.clone();
    again.asserted_by = "CA-QC".to_owned();
    assert_eq!(say(&mut log, &again).outcome, Outcome::Taken);
    assert_eq!(told(&settle(&mut log)), BTreeSet::new(), "another says the same");
    say(&mut log, &over(&again));
    assert_eq!(told(&settle(&mut log)), BTreeSet::new(), "it was said twice, so it holds");
    say(&mut log, &over(&same));
    let dids = settle(&mut log);
    assert_eq!(told(&dids), to("a", &["CA-QC", "CA-BC", "DE"]), "its alerts name the second no more");
    assert_eq!(names(&dids, "a").0, ["reg:A"]);
}

/// Of an organisation that only a RESTRICTED event has named, nobody else learns by a link.
#[test]
fn what_few_may_know_of_is_named_to_nobody_else() {
    let mut log = Log::new(&FEDERATION);
    let a = about("a", "CA-ON", "Acme Ltd", &["A"]);
    log.told(&a);
    let mut b = secret(&about("b", "CA-QC", "Acme Ltd", &["B"]), &["DE"]);
    b.subject.as_mut().expect("a subject").jurisdiction = Some(place("CA-BC"));
    log.told(&b);
    say(&mut log, &link(LinkRelation::Same, "reg:B", "reg:A"));
    let dids = settle(&mut log);
    let mut expected = to("a", &["CA-QC", "DE"]);
    expected.extend(to("b", &["DE"]));
    assert_eq!(told(&dids), expected, "those who know of the second's case");
    assert_eq!(names(&dids, "a").0, ["reg:A"], "all who are told of the first read the same");
    assert_eq!(names(&dids, "b").0, ["reg:B", "reg:A"], "who knows the second knows both");
    let decision = |id: &str| dids.iter().flat_map(|did| &did.decisions).find(|at| at.about.event_id == id).expect(id);
    assert!(decision("a").national.is_none(), "nor may the nation");
    let supplement = |id: &str| InfractionEvent { event_id: id.to_owned(), ..revised(&a, Kind::Supplement, id) };
    let did = log.event(&supplement("a2"));
    assert_eq!(did.part(2).role, Role::Attention, "nor where it is registered");
    assert_eq!(names(&[did], "a2").0, ["reg:A"]);

    let did = log.event(&about("c", "CA-BC", "Acme Ltd", &["B"]));
    let known = (vec!["reg:B".to_owned(), "reg:A".to_owned()], MatchedBy::NewIdentifier);
    assert_eq!(names(&[did], "c"), known, "nobody else had heard of it");
    assert_eq!(log.state.organisation("reg:B").expect("B").registered_in, None, "CA-BC was stated to DE alone");
    assert_eq!(
        names(&[log.event(&supplement("a3"))], "a3"),
        (vec!["reg:B".to_owned(), "reg:A".to_owned()], MatchedBy::Link)
    );
}

#[test]
fn a_restricted_event_names_the_organisation_of_no_case_that_others_see() {
    let mut log = Log::new(&FEDERATION);
    let public = about("a", "CA-ON", "Acme Ltd", &[]);
    assert_eq!(names(&[log.told(&public)], "a").1, MatchedBy::NameOnly);
    let named = about("a2", "CA-ON", "Acme Ltd", &["A"]);
    let named = InfractionEvent { kind: Kind::Supplement, case_id: public.case_id.clone(), ..named };
    log.told(&secret(&named, &["DE"]));
    let did = log.event(&revised(&public, Kind::Correction, "another title"));
    assert_eq!(names(&[did], "a"), (Vec::new(), MatchedBy::NameOnly));
}

#[test]
fn who_is_named_to_few_is_public_once_everybody_is_told_of_its_case() {
    let mut log = Log::new(&FEDERATION);
    let few = about("b", "CA-QC", "Acme Ltd", &["B"]);
    log.told(&secret(&few, &["DE"]));
    assert!(!log.state.organisation("reg:B").expect("B").is_public);
    let all = InfractionEvent { event_id: "b2".to_owned(), subject: None, ..revised(&few, Kind::Supplement, "more") };
    assert_eq!(names(&[log.told(&all)], "b2").0, ["reg:B"], "it names no subject, and is about that of its case");
    assert!(log.state.organisation("reg:B").expect("B").is_public);
}

#[test]
fn a_trial_names_no_holder_that_only_few_may_know_of() {
    let mut log = Log::new(&FEDERATION);
    log.told(&secret(&about("b", "CA-QC", "Acme Ltd", &["B"]), &["DE"]));
    let a = about("a", "CA-ON", "Acme Ltd", &["A", "C"]);
    log.told(&a);
    log.told(&about("d", "CA-BC", "Acme Ltd", &["D"]));
    log.told(&about("e", "CA-BC", "Acme Ltd", &["D", "C"]));
    say(&mut log, &link(LinkRelation::Same, "reg:B", "reg:C"));
    log.event(&withdrawn_for(WithdrawalReason::MistakenIdentity, &a));
    settle(&mut log);
    assert_eq!(log.state.holder("reg:C").map(|known| known.organisation_id()), Some("reg:B"));
    let trial = InfractionEvent { mode: Mode::Test, ..about("t", "CA-ON", "Acme Ltd", &["C"]) };
    assert_eq!(names(&[log.event(&trial)], "t"), (vec!["reg:C".to_owned()], MatchedBy::NewIdentifier));
}

#[test]
fn the_nation_is_told_again_of_what_no_member_was_told_of() {
    let mut log = Log::without_rules();
    let mut filtered = rules(1, &["CA-ON", "CA-QC", "DE"]);
    for member in &mut filtered.members[1..] {
        member.domains = vec![Domain::Environment];
    }
    log.rules(filtered);
    let food = log.event(&about("a", "CA-ON", "Acme Ltd", &["A"]));
    assert_eq!(food.alerts.len(), 0, "no member wants it");
    let rivers = InfractionEvent { domain: Domain::Environment, ..about("b", "CA-QC", "Acme Ltd", &["B"]) };
    log.told(&rivers);
    let same = link(LinkRelation::Same, "reg:A", "reg:B");
    let copies = |dids: &[Did]| -> Vec<_> {
        let decisions = dids.iter().flat_map(|did| &did.decisions);
        decisions
            .map(|at| {
                assert_eq!(at.msg_type, MsgType::Update);
                let copy = at.national.clone().expect("a copy of the nation's");
                (at.about.event_id.clone(), copy.sequence, copy.told, at.open_cases.len())
            })
            .collect()
    };
    say(&mut log, &same);
    let joined = copies(&settle(&mut log));
    assert_eq!(joined, [("a".to_owned(), 3, vec![], 1), ("b".to_owned(), 4, vec![0, 2], 1)]);
    say(&mut log, &over(&same));
    let parted = copies(&settle(&mut log));
    assert_eq!(parted, [("a".to_owned(), 5, vec![], 0), ("b".to_owned(), 6, vec![0, 2], 0)]);
}

#[test]
fn each_is_told_of_what_it_may_know() {
    let mut log = Log::new(&FEDERATION);
    let first = about("c", "CA-ON", "Acme Ltd", &["B"]);
    log.told(&secret(&first, &["DE", "CA-QC"]));
    let second = about("d", "CA-ON", "Acme Ltd", &["B"]);
    let second = InfractionEvent { kind: Kind::Supplement, case_id: first.case_id, ..second };
    log.told(&secret(&second, &["CA-QC"]));
    log.told(&about("a", "CA-BC", "Acme Ltd", &["A"]));
    say(&mut log, &link(LinkRelation::Same, "reg:A", "reg:B"));
    let again = told(&settle(&mut log));
    let of_case: Vec<_> = again.iter().filter(|(id, _)| id != "a").cloned().collect();
    assert_eq!(of_case, [("c".to_owned(), place("DE")), ("d".to_owned(), place("CA-QC"))]);
}
