//! A member that joins is told of the open cases that it may know.

use comity::ledger::Outcome;
use comity::model::code::{Domain, Kind, MemberState, MsgType, Role, Scope, Severity, WithdrawalScope};
use comity::model::event::InfractionEvent;
use comity::model::limit::{WORK_PER_ENTRY_MAX, WORK_PER_LIVE_ENTRY_MAX};
use comity::model::rules::Rules;
use comity::model::state::Key;

use crate::world::{Log, START, closure, original, place, revised, rules, withdrawal};

const ALL: [&str; 3] = ["CA-ON", "CA-QC", "DE"];

/// An event in a case of its own that ends this long after the start.
fn until(id: &str, ms: i64) -> InfractionEvent {
    InfractionEvent { expires_at: Some(START + ms), ..original(id) }
}

/// Everything that ticks do until no work is left, by `alert_id msg_type recipient role`.
fn rest(log: &mut Log) -> Vec<String> {
    let mut lines = Vec::new();
    for _ in 0..20 {
        let did = log.tick();
        lines.extend(did.lines());
        if !did.work_left {
            return lines;
        }
    }
    panic!("it never ends");
}

#[test]
fn who_joins_is_told_of_what_stands_as_attention_marked_and_in_the_order_of_ends() {
    let mut log = Log::new(&ALL[..2]);
    let mut named = until("p/1", 5_000_000);
    named.for_follow_up = vec![place("DE")];
    log.told(&named);
    log.told(&revised(&named, Kind::Correction, "second"));
    log.told(&until("p/2", 4_000_000));
    for id in ["p/3", "p/4", "p/5"] {
        log.told(&until(id, 6_000_000));
    }
    log.told(&closure(&original("p/3")));
    log.told(&withdrawal(&original("p/4"), WithdrawalScope::Event));
    log.told(&InfractionEvent { origin: place("CA-QC"), ..until("q/1", 3_000_000) });
    let did = log.rules(rules(2, &ALL));
    assert_eq!((did.outcome, did.alerts.len(), did.work_left), (Outcome::Rules, 0, true), "ticks follow at once");

    let did = log.tick();
    let lines = ["q/1#1 Alert DE Attention", "p/2#1 Alert DE Attention", "p/1#2 Alert DE Attention"];
    assert_eq!(did.lines(), [&lines[..], &["p/5#1 Alert DE Attention"]].concat(), "as the others know it");
    assert_eq!(did.alerts.iter().map(|alert| alert.sequence).collect::<Vec<_>>(), [1, 2, 3, 4]);
    assert!(did.decisions.iter().all(|decision| decision.joining && decision.national.is_none()));
    let decision = &did.decisions[1];
    assert_eq!((decision.expires_at, decision.issued_at), (Some(START + 4_000_000), log.now));
    assert_eq!((&decision.references, decision.open_cases.len()), (&Vec::new(), 1));
    assert!(!did.work_left && log.state.get(&Key::Join(place("DE"))).is_none());
    assert_eq!(log.tick().alerts, [], "once");

    let did = log.told(&withdrawal(&original("p/2"), WithdrawalScope::Event));
    assert_eq!(did.lines(), ["p/2#2 Cancel CA-QC Attention", "p/2#2 Cancel DE Attention"], "it counts as told");
}

#[test]
fn it_is_not_told_of_what_it_may_not_know_or_does_not_want() {
    let mut log = Log::new(&ALL[..2]);
    let restricted = InfractionEvent {
        scope: Scope::Restricted,
        for_attention: vec![place("CA-QC"), place("DE")],
        severity: Severity::Extreme,
        ..original("p/1")
    };
    log.told(&restricted);
    log.told(&InfractionEvent { domain: Domain::Environment, ..original("p/2") });
    log.told(&InfractionEvent { severity: Severity::Minor, ..original("p/3") });
    log.told(&InfractionEvent { severity: Severity::Unknown, ..original("p/4") });
    let mut joining = rules(2, &ALL);
    joining.members[2].domains = vec![Domain::FoodSafety];
    joining.members[2].least_severity = Severity::Severe;
    log.rules(joining);
    assert_eq!(rest(&mut log), ["p/4#1 Alert DE Attention"]);
}

#[test]
fn it_goes_on_by_sixty_four_and_what_changes_meanwhile_is_not_told_as_new_again() {
    let mut log = Log::new(&ALL[..2]);
    let count = 2 * WORK_PER_ENTRY_MAX + 10;
    for number in 0..count {
        log.told(&until(&format!("p/{number:03}"), 1_000_000 + i64::try_from(number).expect("few")));
    }
    log.rules(rules(2, &ALL));
    // Ticks follow at once; whatever else comes first does a little of it, and the rest goes beside, in one sequence.
    let last = until(&format!("p/{:03}", count - 1), 2_000_000);
    let did = log.told(&revised(&last, Kind::Correction, "second"));
    assert_eq!((did.alerts.len(), did.work_left), (WORK_PER_LIVE_ENTRY_MAX + 2, true));
    assert_eq!(did.lines()[0], "p/000#1 Alert DE Attention");
    let to_it = did.alerts.iter().rfind(|alert| alert.to == place("DE")).expect("an alert");
    assert_eq!((to_it.msg_type, to_it.sequence), (MsgType::Update, 9), "it is on the correction's route");
    // Something new comes as well, and something that it was not yet told of is taken back.
    log.told(&until("p/new", 1_500_000));
    let taken_back = withdrawal(&original(&format!("p/{:03}", count - 2)), WithdrawalScope::Event);
    log.told(&taken_back);
    rest(&mut log);
    let told = |id: &str| {
        let case = log.state.case(place("CA-ON"), id).expect("a case").unpack();
        case.told.iter().filter(|told| told.member == 2).count()
    };
    assert!((0..count - 2).all(|number| told(&format!("p/{number:03}")) == 1));
    let sent = log.state.marks.sequences.get(comity::model::decision::Output::Alerts(2)).expect("alerts") - 1;
    let withdrawn = told(&format!("p/{:03}", count - 2));
    // One of them stands no longer, one more came: what was taken back was told of and cancelled, or neither.
    assert_eq!(usize::try_from(sent).expect("few"), count + 2 * withdrawn);
}

#[test]
fn who_left_knows_already_and_who_was_retired_is_told_again() {
    let mut log = Log::new(&ALL);
    let mut event = until("p/1", 1_000_000);
    event.for_follow_up = vec![place("DE")];
    log.told(&event);
    let with = |version: i64, states: [MemberState; 2]| {
        let mut rules = rules(version, &ALL);
        rules.members[1].state = states[0];
        rules.members[2].state = states[1];
        rules
    };
    log.rules(with(2, [MemberState::Left, MemberState::Retired]));
    log.told(&revised(&event, Kind::Correction, "second"));
    log.event(&until("p/2", 2_000_000));
    log.rules(with(3, [MemberState::Active, MemberState::Active]));
    let did = log.tick();
    let lines = ["p/2#1 Alert CA-QC Attention", "p/1#2 Update DE FollowUp", "p/2#1 Alert DE Attention"];
    assert_eq!(did.lines(), lines);
    assert_eq!(did.decisions[1].recipients[0].role, Role::FollowUp);
}

#[test]
fn who_was_retired_is_told_again_of_each_event_once() {
    let mut log = Log::new(&ALL[..2]);
    for number in 0..150 {
        log.told(&until(&format!("p/{number:03}"), 1_000_000));
    }
    let mut retired = rules(2, &ALL[..2]);
    retired.members[1].state = MemberState::Retired;
    log.rules(retired);
    log.rules(rules(3, &ALL[..2]));
    let told = rest(&mut log);
    assert_eq!(told, (0..150).map(|number| format!("p/{number:03}#1 Update CA-QC Attention")).collect::<Vec<_>>());
}

#[test]
fn who_leaves_while_it_joins_is_told_no_more_and_the_first_rules_join_nobody() {
    let mut log = Log::without_rules();
    assert!(!log.rules(rules(1, &ALL[..2])).work_left);
    for number in 0..200 {
        log.told(&until(&format!("p/{number}"), 1_000_000));
    }
    log.rules(rules(2, &ALL));
    assert_eq!(log.tick().alerts.len(), WORK_PER_ENTRY_MAX);
    let mut leaves = rules(3, &ALL);
    leaves.members[2].state = MemberState::Left;
    assert_eq!(log.rules(leaves).alerts.len(), WORK_PER_LIVE_ENTRY_MAX, "what is due goes first");
    assert!(rest(&mut log).is_empty() && log.state.get(&Key::Join(place("DE"))).is_none());
    log.rules(rules(4, &ALL));
    assert_eq!(
        rest(&mut log).len(),
        200 - WORK_PER_ENTRY_MAX - WORK_PER_LIVE_ENTRY_MAX,
        "when it joins again, of the rest"
    );
}

/// Rules in which the second and the third member are in these states.
fn states(rules_version: i64, second: MemberState, third: MemberState) -> Rules {
    let mut rules = rules(rules_version, &ALL);
    (rules.members[1].state, rules.members[2].state) = (second, third);
    rules
}

#[test]
fn who_was_retired_learns_what_became_of_what_it_knew() {
    for back in [MemberState::Active, MemberState::Left] {
        let mut log = Log::new(&ALL);
        let named = InfractionEvent { for_follow_up: vec![place("DE")], ..until("p/1", 5_000_000) };
        log.told(&named);
        for (id, ms) in [("p/2", 6_000_000), ("p/3", 1_000_000), ("p/4", 7_000_000), ("p/6", 9_000_000)] {
            log.told(&until(id, ms));
        }
        let with_sibling = InfractionEvent { case_id: "p/4".to_owned(), ..until("p/5", 8_000_000) };
        log.told(&with_sibling);
        log.rules(states(2, MemberState::Active, MemberState::Retired));
        log.told(&withdrawal(&named, WithdrawalScope::Event));
        log.told(&closure(&original("p/2")));
        assert_eq!(log.later(1_000_000).lines(), ["p/3#2 Update CA-QC Attention"], "it expires");
        log.told(&withdrawal(&with_sibling, WithdrawalScope::Event));
        log.rules(states(3, MemberState::Active, back));
        let mut told = rest(&mut log);
        told.retain(|line| !line.starts_with("p/6#1"));
        // What ends first goes first; with it what has no end any more of its case, and what is left of that at last.
        let stands = ["p/4#1 Update DE Attention"].into_iter().filter(|_| back == MemberState::Active);
        let missed = ["p/2#2 Update DE Attention", "p/5#2 Cancel DE Attention"];
        let gone = ["p/3#2 Update DE Attention", "p/1#2 Cancel DE FollowUp"];
        let (mut expected, told_after) = ([&missed[..], &gone].concat(), told.clone());
        expected.extend(stands);
        expected.sort_unstable();
        told.sort_unstable();
        assert_eq!(told, expected, "{told_after:?}");
        assert_eq!(rest(&mut log), [""; 0], "once");
    }
}

#[test]
fn what_was_missed_is_told_though_the_member_leaves_or_comes_back_meanwhile() {
    let mut log = Log::new(&ALL);
    let count = WORK_PER_ENTRY_MAX + 20;
    for number in 0..count {
        log.told(&until(&format!("p/{number:03}"), 1_000_000));
    }
    log.rules(states(2, MemberState::Active, MemberState::Retired));
    for number in 0..count {
        log.told(&withdrawal(&original(&format!("p/{number:03}")), WithdrawalScope::Event));
    }
    log.rules(states(3, MemberState::Active, MemberState::Active));
    let mut told = log.tick().lines();
    assert_eq!(told.len(), WORK_PER_ENTRY_MAX);
    told.extend(log.rules(states(4, MemberState::Active, MemberState::Left)).lines());
    told.extend(log.rules(states(5, MemberState::Active, MemberState::Active)).lines());
    told.extend(rest(&mut log));
    told.sort_unstable();
    let expected: Vec<_> = (0..count).map(|number| format!("p/{number:03}#2 Cancel DE Attention")).collect();
    assert_eq!(told, expected);
}
