//! What events assert of two identifiers by naming both, and how it is taken back: one test for each rule.

use std::collections::BTreeSet;

use comity::ledger::Outcome;
use comity::model::bond::Pair;
use comity::model::code::{Kind, WithdrawalReason};
use comity::model::entry::LinkRelation;
use comity::model::event::{Identifier, InfractionEvent};
use comity::model::limit::BOND_EVENTS_MAX;
use comity::model::place::DAY_MS;
use comity::model::state::EventKey;

use crate::rules_of_links::{FEDERATION, about, corrected, link, over, say, secret, settle, told};
use crate::world::{Log, START, closure, identifier, of_form, place, revised, withdrawn_for};

/// Two organisations of one name, and so many events that each name both.
fn asserted_by(log: &mut Log, events: usize) -> Vec<InfractionEvent> {
    log.told(&about("a", "CA-ON", "Acme Ltd", &["A"]));
    log.told(&about("b", "CA-QC", "Acme Ltd", &["B"]));
    let origins = ["CA-BC", "DE"].into_iter().cycle().take(events).enumerate();
    let both: Vec<_> =
        origins.map(|(number, origin)| about(&format!("c{number}"), origin, "Acme Ltd", &["A", "B"])).collect();
    both.iter().for_each(|event| drop(log.told(event)));
    settle(log);
    assert_eq!(formerly(log), [1, 1]);
    both
}

/// How many other organisations A and B are one with, as an event about each sees it.
fn formerly(log: &mut Log) -> [usize; 2] {
    ["A", "B"].map(|identifier| {
        let id = format!("look at {identifier} {}", log.state.marks.log_position);
        let did = log.told(&about(&id, "DE", "Acme Ltd", &[identifier]));
        settle(log);
        did.decisions[0].organisation.as_ref().map_or(0, |at| at.formerly.len())
    })
}

#[test]
fn what_an_event_asserted_of_two_identifiers_is_withdrawn_with_it() {
    for (reason, left) in [
        (WithdrawalReason::Unfounded, [0, 0]),
        (WithdrawalReason::SentInError, [0, 0]),
        (WithdrawalReason::MistakenIdentity, [0, 0]),
        (WithdrawalReason::Annulled, [0, 0]),
        (WithdrawalReason::Remedied, [1, 1]),
        (WithdrawalReason::Superseded, [1, 1]),
    ] {
        let mut log = Log::new(&FEDERATION);
        let both = asserted_by(&mut log, 1);
        let did = log.told(&withdrawn_for(reason, &both[0]));
        assert_eq!(did.work_left, left == [0, 0], "{reason:?}: whoever saw one organisation is told of two");
        let again = told(&settle(&mut log));
        assert_eq!(again.contains(&("a".to_owned(), place("CA-QC"))), left == [0, 0], "{reason:?}: {again:?}");
        assert_eq!(formerly(&mut log), left, "{reason:?}");
    }
}

#[test]
fn what_two_events_asserted_holds_until_both_are_withdrawn() {
    let mut log = Log::new(&FEDERATION);
    let both = asserted_by(&mut log, 2);
    let did = log.told(&withdrawn_for(WithdrawalReason::MistakenIdentity, &both[0]));
    assert!(!did.work_left);
    assert_eq!(formerly(&mut log), [1, 1]);
    let bond = log.state.bond(&Pair::new("reg:A", "reg:B")).expect("what the other event says");
    assert_eq!((bond.asserted_by(), bond.events()), ("DE", [EventKey::of(&both[1])].as_slice()));
    assert!(log.told(&withdrawn_for(WithdrawalReason::MistakenIdentity, &both[1])).work_left);
    settle(&mut log);
    assert_eq!(formerly(&mut log), [0, 0]);
    // Said anew, it holds anew.
    log.told(&revised(&both[1], Kind::Original, "put in force again"));
    settle(&mut log);
    assert_eq!(formerly(&mut log), [1, 1]);
}

#[test]
fn a_correction_that_names_one_of_the_two_takes_the_other_back() {
    let mut log = Log::new(&FEDERATION);
    let both = asserted_by(&mut log, 1);
    assert!(log.told(&corrected(&both[0], &["A"])).work_left);
    settle(&mut log);
    assert_eq!(formerly(&mut log), [0, 0]);
}

#[test]
fn a_revision_that_names_both_still_says_so_whatever_became_of_them() {
    let mut log = Log::new(&FEDERATION);
    log.told(&about("a", "CA-ON", "Acme Ltd", &["A"]));
    let other = of_form(about("b", "CA-QC", "Acme Ltd", &["B"]), "Inc");
    log.told(&other);
    let both = of_form(about("c", "CA-BC", "Acme Ltd", &["A", "B"]), "Ltd");
    log.told(&both);
    settle(&mut log);
    // B has no open case any more, so that a newcomer of another form would not be taken for it.
    log.told(&closure(&other));
    let did = log.told(&revised(&both, Kind::Correction, "another title"));
    assert_eq!(did.decisions[0].organisation.as_ref().map(|at| at.formerly.len()), Some(1));
}

#[test]
fn what_not_everybody_may_know_joins_nothing() {
    let mut log = Log::new(&FEDERATION);
    log.told(&about("a", "CA-ON", "Acme Ltd", &["A"]));
    log.told(&about("b", "CA-QC", "Acme Ltd", &["B"]));
    let mut both = secret(&about("c", "CA-QC", "Acme Ltd", &["A", "B", "C"]), &["CA-BC"]);
    let register = Some("DE".to_owned());
    let subject = both.subject.as_mut().expect("a subject");
    subject.identifiers.push(Identifier { register, ..identifier("court", "R") });
    subject.jurisdiction = Some(place("DE"));
    let did = log.told(&both);
    assert_eq!((did.outcome, did.work_left), (Outcome::Taken, false));
    let case = log.state.case(place("CA-QC"), "c").map(|case| case.unpack().organisation_id);
    assert_eq!(case, Some(Some("reg:A".to_owned())));
    assert_eq!(told(&settle(&mut log)), BTreeSet::new());
    assert!(!log.state.has_bonds() && log.state.holder("reg:C").is_none());
    assert_eq!(log.state.organisation("reg:A").and_then(|known| known.registered_in), None);
    assert_eq!(formerly(&mut log), [0, 0]);
}

#[test]
fn what_not_everybody_may_know_any_more_joins_no_longer() {
    let mut log = Log::new(&FEDERATION);
    let both = asserted_by(&mut log, 1);
    assert!(log.told(&secret(&revised(&both[0], Kind::Correction, "for one recipient"), &["CA-BC"])).work_left);
    settle(&mut log);
    assert_eq!(formerly(&mut log), [0, 0]);
}

#[test]
fn what_not_everybody_may_know_leaves_its_case_where_it_is() {
    let mut log = Log::new(&FEDERATION);
    log.told(&about("a", "CA-ON", "Acme Ltd", &["A"]));
    let case = about("b", "CA-QC", "Acme Ltd", &["B"]);
    log.told(&case);
    let stronger = about("c", "CA-QC", "Acme Ltd", &["A", "B"]);
    let supplement = InfractionEvent { case_id: case.case_id, kind: Kind::Supplement, ..stronger };
    let did = log.told(&secret(&supplement, &["CA-BC"]));
    assert_eq!((did.outcome, did.alerts.len()), (Outcome::Taken, 1));
    let case = log.state.case(place("CA-QC"), "b").map(|case| case.unpack().organisation_id);
    assert_eq!(case, Some(Some("reg:B".to_owned())));
    assert_eq!(told(&settle(&mut log)), BTreeSet::new());
}

#[test]
fn what_as_many_events_asserted_as_are_told_apart_ends_with_the_last_of_them() {
    let mut log = Log::new(&FEDERATION);
    let all = asserted_by(&mut log, BOND_EVENTS_MAX);
    for (number, event) in all.iter().enumerate() {
        let did = log.told(&withdrawn_for(WithdrawalReason::MistakenIdentity, event));
        assert_eq!(did.work_left, number + 1 == all.len());
    }
    settle(&mut log);
    assert_eq!(formerly(&mut log), [0, 0]);
}

/// Four cases of A and three of B, whose first names B2 too, and one that named A and B, and now names A and B2.
fn one_by_another_way() -> (Log, InfractionEvent) {
    let mut log = Log::new(&FEDERATION);
    (0..4).for_each(|number| drop(log.told(&about(&format!("a{number}"), "CA-ON", "Acme Ltd", &["A"]))));
    log.told(&about("b0", "CA-QC", "Acme Ltd", &["B", "B2"]));
    (1..3).for_each(|number| drop(log.told(&about(&format!("b{number}"), "CA-QC", "Acme Ltd", &["B"]))));
    let both = about("c", "CA-BC", "Acme Ltd", &["A", "B"]);
    log.told(&both);
    settle(&mut log);
    let corrected = corrected(&both, &["A", "B2"]);
    assert!(log.told(&corrected).work_left);
    (log, corrected)
}

#[test]
fn what_is_one_by_another_way_now_is_not_told_again() {
    let (mut log, _) = one_by_another_way();
    assert_eq!(told(&settle(&mut log)), BTreeSet::new());
    assert!(log.state.retellings().next().is_none(), "what is done is forgotten");
}

#[test]
fn what_is_parted_while_the_way_before_is_told_is_told_to_all() {
    let (mut log, corrected) = one_by_another_way();
    log.told(&withdrawn_for(WithdrawalReason::MistakenIdentity, &corrected));
    let again = told(&settle(&mut log));
    for (case, to) in [("a0", "CA-QC"), ("a3", "DE"), ("b0", "CA-ON"), ("b2", "DE")] {
        assert!(again.contains(&(case.to_owned(), place(to))), "{case} to {to}: {again:?}");
    }
    assert!(log.state.retellings().next().is_none(), "what is done is forgotten");
}

#[test]
fn what_more_events_asserted_than_are_remembered_ends_by_a_link_only() {
    let mut log = Log::new(&FEDERATION);
    for event in asserted_by(&mut log, BOND_EVENTS_MAX + 1) {
        log.told(&withdrawn_for(WithdrawalReason::MistakenIdentity, &event));
    }
    settle(&mut log);
    assert_eq!(formerly(&mut log), [1, 1]);
    assert_eq!(say(&mut log, &over(&link(LinkRelation::Same, "reg:A", "reg:B"))).outcome, Outcome::Taken);
    settle(&mut log);
    assert_eq!(formerly(&mut log), [0, 0]);
}

#[test]
fn an_organisation_that_only_an_event_kept_goes_when_the_event_is_taken_back() {
    for by_correction in [false, true] {
        let mut log = Log::new(&FEDERATION);
        log.told(&about("a", "CA-ON", "Acme Ltd", &["A"]));
        let short = about("b", "CA-QC", "Acme Ltd", &["B"]);
        log.told(&InfractionEvent { expires_at: Some(START + DAY_MS), ..short });
        let both = about("c", "CA-BC", "Acme Ltd", &["A", "B"]);
        log.told(&both);
        settle(&mut log);
        let kept = |log: &Log| log.state.organisation("reg:B").map(|known| known.cases);
        for _ in 0..(365 * 2 + 5) {
            log.later(DAY_MS);
        }
        assert_eq!(kept(&log), Some(0), "no case names it, and it is one with A");
        let withdrawn = withdrawn_for(WithdrawalReason::MistakenIdentity, &both);
        log.told(&if by_correction { corrected(&both, &["A"]) } else { withdrawn });
        assert_eq!(kept(&log), None);
    }
}
