//! Routing: who is told, in which role, and who is not.

use comity::ledger::Outcome;
use comity::model::code::{
    CaseStatus, Domain, Handling, Kind, MemberState, Mode, Role, RoleReason, Scope, Severity, Standing, WithdrawalScope,
};
use comity::model::decision::Output;
use comity::model::event::{Identifier, InfractionEvent};
use comity::model::limit::{ALERT_OPEN_CASES_MAX, ORGANISATION_CASES_MAX};
use comity::model::place::DAY_MS;
use comity::model::rejection::Reason;
use comity::model::rules::{Contact, Rules, SharingGroup};

use crate::world::{Log, START, TODAY, closure, identifier, original, place, revised, rules, subject, withdrawal};

const FEDERATION: [&str; 4] = ["CA-ON", "CA-QC", "CA-BC", "DE"];

/// An original of another jurisdiction about the same organisation.
fn elsewhere(id: &str, origin: &str) -> InfractionEvent {
    InfractionEvent { origin: place(origin), ..original(id) }
}

fn restricted(id: &str, to: &[&str]) -> InfractionEvent {
    let for_attention = to.iter().map(|code| place(code)).collect();
    InfractionEvent { scope: Scope::Restricted, for_attention, ..original(id) }
}

#[test]
fn every_other_jurisdiction_for_attention_and_never_the_origin() {
    let mut log = Log::new(&FEDERATION);
    let mut event = original("p/1");
    event.for_follow_up = vec![place("CA-ON")];
    let did = log.told(&event);
    assert_eq!(did.lines(), ["p/1#1 Alert CA-QC Attention", "p/1#1 Alert CA-BC Attention", "p/1#1 Alert DE Attention"]);
    assert_eq!(did.part(1).reasons, RoleReason::EveryMember.into());
}

#[test]
fn follow_up_where_the_origin_names_it() {
    let mut log = Log::new(&FEDERATION);
    let mut event = original("p/1");
    event.for_follow_up = vec![place("DE"), place("FR")];
    event.for_attention = vec![place("CA-QC")];
    let did = log.told(&event);
    assert_eq!((did.part(3).role, did.part(3).reasons), (Role::FollowUp, RoleReason::NamedForFollowUp.into()));
    assert_eq!(did.part(1).reasons, RoleReason::NamedForAttention.into());
    assert_eq!(did.alerts.len(), 3, "who is no member gets nothing");
}

#[test]
fn follow_up_where_the_index_shows_the_organisation() {
    let mut log = Log::new(&FEDERATION);
    let mut event = elsewhere("q/1", "CA-QC");
    event.subject.as_mut().expect("a subject").jurisdiction = Some(place("DE"));
    let did = log.told(&event);
    assert_eq!(did.part(3).reasons, RoleReason::RegisteredThere.into(), "registered");
    let did = log.told(&original("p/1"));
    assert_eq!((did.part(1).role, did.part(1).reasons), (Role::FollowUp, RoleReason::OpenCaseThere.into()));
    assert_eq!((did.part(3).role, did.part(2).role), (Role::FollowUp, Role::Attention));
}

#[test]
fn every_reason_of_a_role_is_told() {
    let mut log = Log::new(&FEDERATION);
    let mut event = elsewhere("q/1", "CA-QC");
    event.subject.as_mut().expect("a subject").jurisdiction = Some(place("CA-QC"));
    log.told(&event);
    let mut named = original("p/1");
    named.for_follow_up = vec![place("CA-QC")];
    named.for_attention = vec![place("CA-QC")];
    let did = log.told(&named);
    let reasons: Vec<RoleReason> = did.part(1).reasons.iter().collect();
    let expected = [
        RoleReason::NamedForFollowUp,
        RoleReason::NamedForAttention,
        RoleReason::RegisteredThere,
        RoleReason::OpenCaseThere,
    ];
    assert_eq!(reasons, expected);
    assert_eq!(did.part(1).reasons.len(), expected.len());
}

#[test]
fn filters_are_for_domain_and_least_severity_and_unknown_passes() {
    let mut log = Log::without_rules();
    let mut filtering = rules(1, &FEDERATION);
    filtering.members[1].domains = vec![Domain::Environment];
    filtering.members[2].least_severity = Severity::Severe;
    log.rules(filtering);
    assert_eq!(log.told(&original("p/1")).lines(), ["p/1#1 Alert DE Attention"]);
    let unknown = InfractionEvent { severity: Severity::Unknown, ..original("p/2") };
    assert_eq!(log.told(&unknown).lines(), ["p/2#1 Alert CA-BC Attention", "p/2#1 Alert DE Attention"]);
    let severe = InfractionEvent { severity: Severity::Severe, domain: Domain::Environment, ..original("p/3") };
    assert_eq!(log.told(&severe).alerts.len(), 3);
}

#[test]
fn being_told_of_a_case_overrides_a_filter() {
    let mut log = Log::new(&["CA-ON", "CA-QC", "DE"]);
    log.told(&original("p/1"));
    let mut filtering = rules(2, &["CA-ON", "CA-QC", "DE"]);
    filtering.members[1].least_severity = Severity::Extreme;
    log.rules(filtering);
    let did = log.told(&revised(&original("p/1"), Kind::Correction, "second"));
    assert_eq!(did.lines(), ["p/1#2 Update CA-QC Attention", "p/1#2 Update DE Attention"]);
    assert_eq!(did.part(1).reasons, RoleReason::ToldBefore.into());
    assert_eq!(log.told(&original("p/2")).lines(), ["p/2#1 Alert DE Attention"]);
}

#[test]
fn being_told_of_a_case_overrides_a_filter_for_what_one_is_named_in() {
    let mut log = log_where_the_last_wants_little(&["CA-ON", "CA-QC", "DE"]);
    log.told(&InfractionEvent { severity: Severity::Extreme, ..original("p/1") });
    let secret = |id: &str, case_id: &str| InfractionEvent { case_id: case_id.to_owned(), ..restricted(id, &["DE"]) };
    assert_eq!(log.told(&secret("p/2", "p/1")).lines(), ["p/2#1 Alert DE Attention"]);
    assert_eq!(log.event(&secret("p/3", "p/3")).alerts, [], "of that case it was told nothing");
}

#[test]
fn who_left_gets_updates_and_cancels_only_and_who_retired_nothing() {
    let mut log = Log::new(&["CA-ON", "CA-QC", "DE"]);
    log.told(&original("p/1"));
    let mut leaving = rules(2, &["CA-ON", "CA-QC", "DE"]);
    leaving.members[1].state = MemberState::Left;
    leaving.members[2].state = MemberState::Retired;
    log.rules(leaving);
    assert_eq!(log.event(&original("p/2")).alerts, []);
    let did = log.told(&revised(&original("p/1"), Kind::Correction, "second"));
    assert_eq!(did.lines(), ["p/1#2 Update CA-QC Attention"]);
    let did = log.told(&withdrawal(&original("p/1"), WithdrawalScope::Event));
    assert_eq!(did.lines(), ["p/1#3 Cancel CA-QC Attention"]);
    let did = log.later(60_000);
    assert_eq!(
        did.statuses.iter().map(|status| status.recipient.as_str()).collect::<Vec<_>>(),
        ["CA-ON", "CA-QC", "national"]
    );
}

/// A log whose last member is told of extreme severity only.
fn log_where_the_last_wants_little(members: &[&str]) -> Log {
    let mut log = Log::without_rules();
    let mut first = rules(1, members);
    first.members.last_mut().expect("a member").least_severity = Severity::Extreme;
    log.rules(first);
    log
}

#[test]
fn a_correction_goes_to_those_told_and_to_todays_route_in_todays_roles() {
    let mut log = log_where_the_last_wants_little(&["CA-ON", "CA-QC", "DE", "FR"]);
    let mut event = original("p/1");
    event.for_follow_up = vec![place("CA-QC")];
    log.told(&event);
    log.rules(rules(2, &["CA-ON", "CA-QC", "DE", "FR"]));
    let mut event = revised(&event, Kind::Correction, "second");
    event.for_follow_up = vec![place("DE")];
    let did = log.told(&event);
    assert_eq!(did.lines(), ["p/1#2 Update CA-QC Attention", "p/1#2 Update DE FollowUp", "p/1#2 Update FR Attention"]);
    assert_eq!(did.part(1).role_before, Some(Role::FollowUp));
    assert_eq!(did.part(2).role_before, Some(Role::Attention));
    assert_eq!(did.part(3).role_before, None);
    assert_eq!(did.decisions[0].references, ["p/1#1"]);
    let did = log.told(&revised(&event, Kind::Correction, "third"));
    assert_eq!((did.part(1).role_before, did.part(2).role_before), (None, None));
    assert_eq!(did.decisions[0].references, ["p/1#1", "p/1#2"]);
}

#[test]
fn references_are_the_last_ones_of_many() {
    let mut log = Log::new(&["CA-ON", "CA-QC"]);
    for version in 1..=70 {
        let did = log.told(&revised(&original("p/1"), Kind::Correction, &format!("version {version}")));
        let first = if version > 65 { version - 64 } else { 1 };
        let expected: Vec<String> = (first..version).map(|version| format!("p/1#{version}")).collect();
        assert_eq!(did.decisions[0].references, expected);
    }
}

#[test]
fn a_closure_keeps_the_roles_that_it_does_not_name() {
    let mut log = Log::new(&["CA-ON", "CA-QC", "DE"]);
    let mut event = original("p/1");
    event.for_follow_up = vec![place("DE")];
    log.told(&event);
    let did = log.told(&closure(&event));
    assert_eq!(did.lines(), ["p/1#2 Update CA-QC Attention", "p/1#2 Update DE FollowUp"]);
    assert_eq!(did.decisions[0].standing, Standing::Closed);
    assert_eq!(log.state.organisation("reg:A").map(|at| at.open_cases.len()), Some(0));
    assert_eq!(log.event(&closure(&event)).outcome, Outcome::Duplicate);
}

#[test]
fn a_closure_of_one_event_leaves_its_case_open_while_another_stands() {
    let mut log = Log::new(&["CA-ON", "CA-QC"]);
    let second = InfractionEvent { case_id: "p/1".to_owned(), ..original("p/2") };
    log.told(&original("p/1"));
    log.told(&second);
    assert_eq!(log.told(&closure(&second)).lines(), ["p/2#2 Update CA-QC Attention"]);
    assert_eq!(log.state.organisation("reg:A").map(|at| at.open_cases.len()), Some(1));
    let unknown = InfractionEvent { case_id: "p/1".to_owned(), ..original("p/3") };
    assert_eq!(log.event(&closure(&unknown)).outcome, Outcome::NobodyTold, "an event that the case does not have");
    log.told(&closure(&original("p/1")));
    assert_eq!(log.state.organisation("reg:A").map(|at| at.open_cases.len()), Some(0));
}

#[test]
fn what_is_closed_at_birth_is_alerted_and_never_an_open_case() {
    let mut log = Log::new(&FEDERATION);
    let did = log.told(&InfractionEvent { case_status: CaseStatus::Closed, ..original("p/1") });
    assert_eq!((did.alerts.len(), did.decisions[0].standing), (3, Standing::Closed));
    let did = log.told(&elsewhere("q/1", "CA-QC"));
    assert!(did.decisions[0].open_cases.is_empty());
    assert_eq!(did.part(0).role, Role::Attention);
}

#[test]
fn open_cases_are_those_elsewhere_newest_and_most_severe_first() {
    let mut log = Log::new(&["CA-ON", "CA-QC", "DE", "FR"]);
    for (id, origin, age, severity) in [
        ("q/1", "CA-QC", 30, Severity::Extreme),
        ("q/2", "CA-QC", 20, Severity::Minor),
        ("d/1", "DE", 20, Severity::Severe),
        ("p/0", "CA-ON", 1, Severity::Severe),
    ] {
        let mut event = elsewhere(id, origin);
        event.decided.date = TODAY - age;
        event.severity = severity;
        log.told(&event);
    }
    let did = log.told(&original("p/1"));
    let ids: Vec<&str> = did.decisions[0].open_cases.iter().map(|open| open.case_id.as_str()).collect();
    assert_eq!((ids.as_slice(), did.decisions[0].open_cases_more), (&["d/1", "q/2", "q/1"][..], 0));
}

#[test]
fn an_organisation_with_more_open_cases_than_its_value_holds() {
    let mut log = Log::new(&["CA-ON", "CA-QC", "DE"]);
    let many = ORGANISATION_CASES_MAX + 20;
    let number = |number: usize| elsewhere(&format!("q/{number:04}"), "CA-QC");
    for case in 0..many {
        log.told(&number(case));
    }
    let listed = |log: &Log| log.state.organisation("reg:A").map(|at| at.open_cases.len());
    let counted = |log: &mut Log, id: &str| {
        let decision = log.told(&original(id)).decisions.remove(0);
        (decision.open_cases.len(), decision.open_cases_more)
    };
    assert_eq!(listed(&log), Some(ORGANISATION_CASES_MAX));
    let more = |of: usize| (ALERT_OPEN_CASES_MAX, i32::try_from(of - ALERT_OPEN_CASES_MAX).expect("few"));
    assert_eq!(counted(&mut log, "p/1"), more(many));
    // One that came too late for the list is shown first all the same, where it is the newest, and counted once.
    let newest = InfractionEvent { severity: Severity::Extreme, ..number(many) };
    log.told(&newest);
    let did = log.told(&original("p/2"));
    assert_eq!(did.decisions[0].open_cases[0].case_id, "q/0276");
    assert_eq!(counted(&mut log, "p/3"), more(many + 1));
    for taken_back in [newest, original("p/2"), original("p/3")] {
        log.told(&withdrawal(&taken_back, WithdrawalScope::Event));
    }
    // The case of p/1 found no room; closing listed ones makes room for others, until none is left over.
    for case in 0..30 {
        log.told(&withdrawal(&number(case), WithdrawalScope::Event));
        assert_eq!(counted(&mut log, &format!("p/{case}-x")), more(many - case - 1));
        log.told(&withdrawal(&original(&format!("p/{case}-x")), WithdrawalScope::Event));
    }
    for case in 30..many {
        log.told(&withdrawal(&number(case), WithdrawalScope::Event));
    }
    assert_eq!(listed(&log), Some(1), "p/1 alone is left, and listed now");
}

#[test]
fn what_enters_the_list_with_the_entry_that_tells_is_counted_once() {
    let mut log = Log::new(&["CA-ON", "CA-QC", "DE"]);
    let ends = |number: usize, days: i64| InfractionEvent {
        expires_at: Some(START + days * DAY_MS),
        ..elsewhere(&format!("q/{number:04}"), "CA-QC")
    };
    for number in 0..=ORGANISATION_CASES_MAX {
        log.told(&ends(number, if number == 0 { 1 } else { 2 }));
    }
    // The first expires with the entry that tells of p/1, and the one that had no room comes into the list.
    log.now += DAY_MS;
    let did = log.told(&original("p/1"));
    let decision = did.decisions.last().expect("an alert");
    let all = decision.open_cases.len() + usize::try_from(decision.open_cases_more).expect("more");
    assert_eq!(all, ORGANISATION_CASES_MAX);
}

#[test]
fn a_restricted_event_goes_to_those_named_alone() {
    let mut log = Log::new(&FEDERATION);
    let mut event = restricted("p/1", &["DE"]);
    event.subject.as_mut().expect("a subject").jurisdiction = Some(place("CA-BC"));
    assert_eq!(log.told(&event).lines(), ["p/1#1 Alert DE Attention"], "not where it is registered");
    assert_eq!(log.told(&closure(&event)).lines(), ["p/1#2 Update DE Attention"]);
}

#[test]
fn a_restricted_case_is_shown_to_those_told_of_it_alone() {
    let mut log = Log::new(&FEDERATION);
    log.told(&restricted("p/1", &["DE"]));
    let did = log.told(&elsewhere("q/1", "CA-QC"));
    assert!(did.decisions[0].open_cases.is_empty() && did.decisions[0].open_cases_more == 0);
    let shown = |member| did.part(member).restricted_cases.iter().map(|at| at.case_id.as_str()).collect::<Vec<_>>();
    assert_eq!((shown(0), shown(2), shown(3)), (vec!["p/1"], vec![], vec!["p/1"]), "its origin and DE");
    assert_eq!(did.part(0).reasons, RoleReason::OpenCaseThere.into(), "its origin knows of it");
}

#[test]
fn a_restricted_event_of_a_case_that_all_know_stays_with_those_named() {
    let mut log = Log::new(&FEDERATION);
    log.told(&original("p/1"));
    let secret = InfractionEvent { case_id: "p/1".to_owned(), ..restricted("p/2", &["DE"]) };
    assert_eq!(log.told(&secret).lines(), ["p/2#1 Alert DE Attention"]);
    assert_eq!(log.told(&revised(&secret, Kind::Correction, "second")).lines(), ["p/2#2 Update DE Attention"]);
    let mut more = revised(&original("p/3"), Kind::Supplement, "more");
    more.case_id = "p/1".to_owned();
    assert_eq!(log.told(&more).decisions[0].references, ["p/1#1"], "the restricted alert is named to nobody else");
    let did = log.told(&elsewhere("q/1", "CA-QC"));
    assert_eq!(did.decisions[0].open_cases[0].severity, Severity::Moderate);
    assert_eq!(log.told(&withdrawal(&secret, WithdrawalScope::Event)).lines(), ["p/2#3 Cancel DE Attention"]);
}

#[test]
fn the_field_of_a_restricted_event_is_its_own() {
    let mut log = Log::new(&FEDERATION);
    log.told(&original("p/1"));
    let secret =
        InfractionEvent { case_id: "p/1".to_owned(), domain: Domain::FinancialServices, ..restricted("p/2", &["DE"]) };
    assert_eq!(log.told(&secret).decisions[0].about.domain, Domain::FinancialServices);
    let did = log.told(&elsewhere("q/1", "CA-QC"));
    assert_eq!(did.decisions[0].open_cases[0].domain, Domain::FoodSafety);
    let cancel = log.told(&withdrawal(&original("p/1"), WithdrawalScope::Event));
    assert_eq!(cancel.decisions[0].about.domain, Domain::FoodSafety);
}

#[test]
fn a_scope_that_is_narrowed_later_keeps_those_told_and_adds_nobody() {
    let mut log = log_where_the_last_wants_little(&["CA-ON", "CA-QC", "DE"]);
    log.told(&original("p/1"));
    log.rules(rules(2, &["CA-ON", "CA-QC", "DE"]));
    let mut narrowed = revised(&original("p/1"), Kind::Correction, "second");
    narrowed.scope = Scope::Restricted;
    assert_eq!(log.told(&narrowed).lines(), ["p/1#2 Update CA-QC Attention"]);
    assert_eq!(log.told(&withdrawal(&narrowed, WithdrawalScope::Event)).lines(), ["p/1#3 Cancel CA-QC Attention"]);
}

#[test]
fn a_product_without_subject_is_told_and_joins_nothing() {
    let mut log = Log::new(&["CA-ON", "CA-QC"]);
    let did = log.told(&InfractionEvent { subject: None, ..original("p/1") });
    assert_eq!((did.alerts.len(), did.decisions[0].organisation.clone()), (1, None));
    let did = log.told(&revised(&original("p/1"), Kind::Correction, "now with its maker"));
    let found = did.decisions[0].organisation.clone().and_then(|at| at.organisation_id);
    assert_eq!(found.as_deref(), Some("reg:A"), "a subject that was missing may be stated later");
}

#[test]
fn a_test_is_numbered_for_each_recipient_and_remembered_nowhere() {
    let mut log = Log::new(&["CA-ON", "CA-QC", "DE"]);
    let values = log.state.len();
    let mut event = InfractionEvent { mode: Mode::Test, ..original("p/1") };
    event.subject = Some(subject("Besta Ltd", &["B"]));
    for sequence in 1..=2 {
        let did = log.told(&event);
        assert!(did.decisions[0].test);
        assert_eq!(did.alerts.iter().map(|alert| alert.sequence).collect::<Vec<_>>(), [sequence, sequence]);
        assert!(log.state.holder("reg:B").is_none() && log.state.case(place("CA-ON"), "p/1").is_none());
    }
    assert_eq!(log.state.len(), values + 1, "the position of its source alone");
    assert_eq!(log.state.marks.sequences.get(Output::Alerts(1)), None);
    let secret = InfractionEvent { mode: Mode::Test, ..restricted("p/2", &["DE"]) };
    assert_eq!(log.told(&secret).lines(), ["p/2#1 Alert DE Attention"]);
    log.told(&original("p/1"));
    let did = log.told(&InfractionEvent { mode: Mode::Test, ..withdrawal(&original("p/1"), WithdrawalScope::Case) });
    assert_eq!(did.lines(), ["p/1#1 Cancel CA-QC Attention", "p/1#1 Cancel DE Attention"]);
    assert_eq!(log.state.organisation("reg:A").map(|at| at.open_cases.len()), Some(1), "open cases are untouched");
}

#[test]
fn backfill_is_indexed_and_told_for_attention() {
    let mut log = Log::new(&["CA-ON", "CA-QC"]);
    let mut event = InfractionEvent { mode: Mode::Backfill, ..original("p/1") };
    event.for_follow_up = vec![place("CA-QC")];
    assert_eq!(log.told(&event).lines(), ["p/1#1 Alert CA-QC Attention"]);
    assert_eq!(log.state.organisation("reg:A").map(|at| at.open_cases.len()), Some(1));
}

#[test]
fn the_national_feed_gets_what_everybody_may_know_with_those_told_and_every_correction() {
    let mut log = Log::new(&["CA-ON", "CA-QC", "DE"]);
    let copy = |did: &crate::world::Did| {
        did.decisions.last().and_then(|at| at.national.clone()).map(|copy| (copy.sequence, copy.told))
    };
    assert_eq!(copy(&log.told(&original("p/1"))), Some((1, vec![1, 2])));
    let mut restricted = original("p/2");
    restricted.scope = Scope::Restricted;
    restricted.for_follow_up = vec![place("DE")];
    assert_eq!(copy(&log.told(&restricted)), None, "RESTRICTED is for those named");
    assert_eq!(copy(&log.event(&withdrawal(&restricted, WithdrawalScope::Event))), None, "nor is its withdrawal");
    // Narrowed later: the feed goes on, and no longer shows whom the origin names.
    let mut narrowed = revised(&original("p/1"), Kind::Correction, "second");
    narrowed.scope = Scope::Restricted;
    assert_eq!(copy(&log.event(&narrowed)), Some((2, Vec::new())));
    assert_eq!(copy(&log.event(&withdrawal(&original("p/1"), WithdrawalScope::Event))), Some((3, Vec::new())));
}

#[test]
fn the_national_feed_gets_what_no_member_wants() {
    let mut log = Log::without_rules();
    let mut rules = crate::world::rules(1, &["CA-ON", "CA-QC"]);
    rules.members[1].domains = vec![comity::model::code::Domain::Environment];
    log.rules(rules);
    let did = log.event(&original("p/1"));
    assert_eq!((did.alerts.len(), did.decisions[0].national.as_ref().map(|at| at.sequence)), (0, Some(1)));
    let did = log.event(&withdrawal(&original("p/1"), WithdrawalScope::Event));
    assert_eq!(did.decisions[0].national.as_ref().map(|at| at.sequence), Some(2), "and its withdrawal");
}

#[test]
fn a_restricted_event_is_shared_with_the_groups_that_it_names_and_nobody_else() {
    let mut log = Log::without_rules();
    let groups = vec![SharingGroup { name: "bakers".to_owned(), members: vec![place("CA-BC"), place("CA-ON")] }];
    log.rules(Rules { groups, ..rules(1, &["CA-ON", "CA-QC", "CA-BC", "CA-AB"]) });
    let mut event = original("p/1");
    event.scope = Scope::Restricted;
    event.sharing_groups = vec!["bakers".to_owned()];
    event.handling = Some(Handling::Amber);
    let did = log.event(&event);
    assert_eq!(did.lines(), ["p/1#1 Alert CA-BC Attention"]);
    assert_eq!(did.part(2).reasons, RoleReason::SharingGroup.into());
    assert!(did.decisions[0].national.is_none(), "nobody else learns of it");
    // The mark stays on what time decides, which no event says anew.
    let expired = log.later(400 * DAY_MS);
    assert_eq!(expired.decisions[0].about.handling, Some(Handling::Amber));
    event.event_id = "p/2".to_owned();
    event.case_id = "p/2".to_owned();
    event.sharing_groups = vec!["brewers".to_owned()];
    event.expires_at = Some(log.now + DAY_MS);
    assert_eq!(log.event(&event).rejected, Some(Reason::UnknownGroup), "a group that is none shares with nobody");
}

#[test]
fn each_alert_says_whom_to_ring_at_its_authority_and_where_none_is_named_at_its_origin() {
    let contact = |authority: &str| Contact {
        authority: authority.to_owned(),
        unit: format!("desk of {authority}"),
        telephone: "+1 555 0100".to_owned(),
        hours: "8-16".to_owned(),
    };
    let mut log = Log::without_rules();
    log.rules(Rules { contacts: vec![contact("CA-ON"), contact("a")], ..rules(1, &["CA-ON", "CA-QC"]) });
    let ring = |did: &crate::world::Did| did.decisions[0].contact.clone();
    assert_eq!(ring(&log.told(&original("p/1"))), Some(contact("a")));
    assert_eq!(ring(&log.later(400 * DAY_MS)), Some(contact("CA-ON")), "time names no authority");
    let mut other = elsewhere("p/2", "CA-QC");
    (other.authority.id, other.expires_at) = ("b".to_owned(), Some(log.now + DAY_MS));
    assert_eq!(ring(&log.told(&other)), None);
}

#[test]
fn who_holds_a_number_of_a_jurisdiction_is_established_there() {
    let federation = ["CA-ON", "US-WA", "DE", "EU", "FR"];
    for (scheme, register, place) in [("us-wa-ubi", None, "US-WA"), ("de-hrb", None, "DE"), ("court", Some("FR"), "FR")]
    {
        let mut log = Log::new(&federation);
        let mut event = original("p/1");
        let number = Identifier { register: register.map(str::to_owned), ..identifier(scheme, "1") };
        event.subject.as_mut().expect("a subject").identifiers.push(number);
        let did = log.event(&event);
        let acts: Vec<_> =
            did.alerts.iter().filter(|alert| alert.role == Role::FollowUp).map(|alert| alert.to).collect();
        assert_eq!(acts, [crate::world::place(place)], "{scheme}");
        let of = federation.iter().position(|code| *code == place).expect("a member");
        assert_eq!(did.part(u8::try_from(of).expect("few")).reasons, RoleReason::EstablishmentThere.into());
    }
    // A platform's own numbers, and those of the whole Union, tell of no place.
    for scheme in ["de-works/firm", "eu-vat", "lei"] {
        let mut log = Log::new(&federation);
        let mut event = original("p/1");
        event.subject.as_mut().expect("a subject").identifiers.push(identifier(scheme, "1"));
        assert!(log.event(&event).alerts.iter().all(|alert| alert.role == Role::Attention), "{scheme}");
    }
}
