//! Withdrawals: what was said is unsaid to everyone who was told.

use comity::ledger::Outcome;
use comity::model::code::{
    Finality, Kind, MemberState, MsgType, Severity, Standing, WithdrawalReason, WithdrawalScope,
};
use comity::model::decision::{NoticeContent, Output, ReviewKind};
use comity::model::event::InfractionEvent;
use comity::model::limit::PENDING_PER_PLATFORM_MAX;
use comity::model::place::DAY_MS;
use comity::model::rejection::Reason;

use crate::world::{Log, START, closure, original, place, revised, rules, subject, withdrawal, withdrawn_for};

fn in_case(id: &str, case_id: &str) -> InfractionEvent {
    InfractionEvent { case_id: case_id.to_owned(), ..original(id) }
}

fn open_cases(log: &Log) -> usize {
    log.state.organisation("reg:A").map_or(0, |at| at.open_cases.len())
}

#[test]
fn a_withdrawal_cancels_to_all_told_whatever_the_rules_are_now() {
    let mut log = Log::without_rules();
    let mut first = rules(1, &["CA-ON", "CA-QC", "DE", "FR"]);
    first.members[3].least_severity = Severity::Extreme;
    log.rules(first);
    let mut event = original("p/1");
    event.for_follow_up = vec![place("DE")];
    log.told(&event);
    let mut narrow = rules(2, &["CA-ON", "CA-QC", "DE", "FR"]);
    narrow.members[1].least_severity = Severity::Extreme;
    narrow.members[2].state = MemberState::Left;
    log.rules(narrow);
    let did = log.told(&withdrawal(&event, WithdrawalScope::Event));
    assert_eq!(did.lines(), ["p/1#2 Cancel CA-QC Attention", "p/1#2 Cancel DE FollowUp"], "and nobody new");
    let decision = &did.decisions[0];
    assert_eq!(
        (decision.standing, decision.withdrawal_reason),
        (Standing::Withdrawn, Some(WithdrawalReason::Unfounded))
    );
    assert_eq!((&decision.references, decision.msg_type), (&vec!["p/1#1".to_owned()], MsgType::Cancel));
    assert_eq!(open_cases(&log), 0);
}

#[test]
fn a_withdrawal_twice_is_a_duplicate() {
    let mut log = Log::new(&["CA-ON", "CA-QC"]);
    log.told(&original("p/1"));
    let first = withdrawal(&original("p/1"), WithdrawalScope::Event);
    log.told(&first);
    assert_eq!(log.event(&first).outcome, Outcome::Duplicate);
    assert_eq!(log.event(&InfractionEvent { reported_at: 1, text_dropped: true, ..first }).outcome, Outcome::Duplicate);
}

#[test]
fn a_case_stays_open_while_another_event_of_it_stands() {
    let mut log = Log::new(&["CA-ON", "CA-QC"]);
    log.told(&in_case("p/1", "c"));
    log.told(&in_case("p/2", "c"));
    let did = log.told(&withdrawal(&in_case("p/1", "c"), WithdrawalScope::Event));
    assert_eq!((did.lines(), open_cases(&log)), (vec!["p/1#2 Cancel CA-QC Attention".to_owned()], 1));
    log.told(&withdrawal(&in_case("p/2", "c"), WithdrawalScope::Event));
    assert_eq!(open_cases(&log), 0);
}

#[test]
fn a_withdrawal_of_the_case_withdraws_every_event() {
    let mut log = Log::new(&["CA-ON", "CA-QC"]);
    for id in ["p/1", "p/2", "p/3"] {
        log.told(&in_case(id, "c"));
    }
    log.told(&withdrawal(&in_case("p/2", "c"), WithdrawalScope::Event));
    let did = log.told(&withdrawal(&in_case("p/9", "c"), WithdrawalScope::Case));
    assert_eq!(did.lines(), ["p/1#2 Cancel CA-QC Attention", "p/3#2 Cancel CA-QC Attention"]);
    assert_eq!(did.alerts.iter().map(|alert| alert.sequence).collect::<Vec<_>>(), [5, 6]);
    assert_eq!(open_cases(&log), 0);
}

#[test]
fn a_withdrawal_under_a_name_of_its_own_takes_back_what_it_refers_to() {
    let mut log = Log::new(&["CA-ON", "CA-QC"]);
    log.told(&in_case("p/1", "c"));
    log.told(&in_case("p/2", "c"));
    let mut notice = withdrawal(&in_case("p/notice", "c"), WithdrawalScope::Event);
    notice.references = vec!["p/2".to_owned()];
    assert_eq!(log.told(&notice).lines(), ["p/2#2 Cancel CA-QC Attention"]);
}

#[test]
fn a_withdrawal_after_expiry_still_reaches_everyone() {
    let mut log = Log::new(&["CA-ON", "CA-QC"]);
    let event = InfractionEvent { expires_at: Some(START + 1_000), ..original("p/1") };
    log.told(&event);
    log.later(1_000);
    let did = log.told(&withdrawal(&event, WithdrawalScope::Event));
    assert_eq!(did.lines(), ["p/1#3 Cancel CA-QC Attention"]);
}

#[test]
fn a_withdrawn_event_never_expires() {
    let mut log = Log::new(&["CA-ON", "CA-QC"]);
    let event = InfractionEvent { expires_at: Some(START + 1_000), ..original("p/1") };
    log.told(&event);
    log.told(&withdrawal(&event, WithdrawalScope::Event));
    assert_eq!(log.later(10_000).alerts, []);
}

#[test]
fn a_withdrawal_before_its_original_is_kept_and_suppresses_it() {
    let mut log = Log::new(&["CA-ON", "CA-QC"]);
    let did = log.event(&withdrawal(&original("p/1"), WithdrawalScope::Event));
    assert_eq!((did.outcome, did.alerts.len()), (Outcome::Pending, 0));
    assert_eq!(log.event(&withdrawal(&original("p/1"), WithdrawalScope::Event)).outcome, Outcome::Duplicate);
    for title in ["first", "second"] {
        let did = log.event(&revised(&original("p/1"), Kind::Original, title));
        assert_eq!((did.outcome, did.alerts.len()), (Outcome::Suppressed, 0));
        let reviews: Vec<_> = did.notices.iter().map(|notice| &notice.content).collect();
        match &reviews[..] {
            [NoticeContent::Review(review)] => {
                assert_eq!(
                    (title, review.kind, review.event_id.as_deref()),
                    ("first", ReviewKind::Suppressed, Some("p/1"))
                );
            }
            others => assert_eq!((title, others.len()), ("second", 0), "a person is told once"),
        }
    }
    assert_eq!(open_cases(&log), 0);
    log.told(&original("p/2"));

    assert_eq!(log.event(&withdrawal(&in_case("p/3", "c"), WithdrawalScope::Case)).outcome, Outcome::Pending);
    assert_eq!(log.event(&in_case("p/4", "c")).outcome, Outcome::Suppressed, "any event of the case");
    let elsewhere = InfractionEvent { origin: place("CA-QC"), ..original("p/1") };
    assert_eq!(log.event(&elsewhere).outcome, Outcome::Taken, "of that origin only");
}

#[test]
fn a_waiting_withdrawal_is_given_up_when_it_cannot_matter_any_more() {
    let mut log = Log::new(&["CA-ON", "CA-QC"]);
    log.event(&withdrawal(&original("p/1"), WithdrawalScope::Event));
    assert_eq!(log.state.pending_count("p"), 1);
    // Decided on the day of START, one year's term and two of memory: until the end of that day in 2029.
    let last = START + (3 * 365 + 1 + 1) * DAY_MS;
    while log.now < last - 1 {
        log.later(DAY_MS.min(last - 1 - log.now));
    }
    assert_eq!(log.state.pending_count("p"), 1);
    log.later(1);
    assert_eq!(log.state.pending_count("p"), 0);
}

#[test]
fn nothing_is_forgotten_for_seven_days_after_a_step_of_the_clock() {
    let mut log = Log::new(&["CA-ON", "CA-QC"]);
    log.event(&withdrawal(&original("p/1"), WithdrawalScope::Event));
    log.later(5 * 365 * DAY_MS);
    assert_eq!(log.state.pending_count("p"), 1);
    for _ in 0..6 {
        log.later(DAY_MS);
    }
    log.later(DAY_MS - 1);
    assert_eq!(log.state.pending_count("p"), 1);
    log.later(1);
    assert_eq!(log.state.pending_count("p"), 0);
}

#[test]
fn waiting_withdrawals_of_a_platform_are_bounded() {
    let mut log = Log::new(&["CA-ON", "CA-QC"]);
    let first = withdrawal(&original("p/first"), WithdrawalScope::Event);
    log.event(&first);
    let key = comity::model::state::Key::Pending(place("CA-ON"), WithdrawalScope::Event, "p/first".to_owned());
    let waiting = log.state.get(&key).and_then(|value| value.pending().cloned()).expect("the withdrawal");
    for number in 1..PENDING_PER_PLATFORM_MAX {
        let target = format!("p/{number}");
        let own = comity::model::state::Pending { target: target.clone(), ..(*waiting).clone() };
        let key = comity::model::state::Key::Pending(place("CA-ON"), WithdrawalScope::Event, target);
        let value = comity::model::state::Value::Pending(std::sync::Arc::new(own));
        log.state.restore(comity::schema::state::StateEntry::new(key, Some(value)));
    }
    // The log tells each story twice and compares dumps, which is slow on so many values: it is read by hand here.
    let entry = |log: &Log, id: &str, platform: &str| {
        let mut event = withdrawal(&original(id), WithdrawalScope::Event);
        event.platform = platform.to_owned();
        event.provenance.at.from = log.source_offset;
        event.provenance.at.offset = log.source_offset;
        let body = comity::model::entry::Body::Event(Box::new(event));
        comity::model::entry::LogEntry { offset: log.offset, appended_at: log.now, body }
    };
    let full = entry(&log, "p/one-more", "p");
    let effects = comity::ledger::handle(&log.state, &full);
    assert_eq!(effects.rejection.as_ref().map(|(rejection, _)| rejection.reason), Some(Reason::PendingFull));
    let next = |effects: &comity::ledger::Effects<'_>| effects.marks.sequences.get(Output::Rejects);
    assert_eq!(next(&effects), Some(2));
    let mut several = full.clone();
    let comity::model::entry::Body::Event(event) = &mut several.body else { panic!("an event") };
    event.references = vec!["p/two".to_owned(), "p/three".to_owned()];
    assert_eq!(next(&comity::ledger::handle(&log.state, &several)), Some(2), "one entry has one rejection");
    let other = entry(&log, "q/one-more", "q");
    assert_eq!(comity::ledger::handle(&log.state, &other).outcome, Outcome::Pending, "another platform's are its own");
    let again = entry(&log, "p/first", "p");
    assert_eq!(comity::ledger::handle(&log.state, &again).outcome, Outcome::Duplicate);
    // One that is given up by this entry makes room for another that waits longer.
    let mut late = comity::model::entry::LogEntry { appended_at: waiting.keep_until, ..full };
    let comity::model::entry::Body::Event(event) = &mut late.body else { panic!("an event") };
    event.decided.date += 1_000;
    assert_eq!(comity::ledger::handle(&log.state, &late).outcome, Outcome::Rejected, "nothing is forgotten yet");
    let mut later = log.state.marks.clone();
    (later.log_time, later.forget_not_before) = (waiting.keep_until, START);
    log.state.advance(&later);
    assert_eq!(comity::ledger::handle(&log.state, &late).outcome, Outcome::Pending);
}

#[test]
fn after_a_withdrawal_unseen_content_is_a_new_alert_and_seen_content_is_not() {
    let mut log = Log::new(&["CA-ON", "CA-QC"]);
    let taken_back = withdrawal(&original("p/1"), WithdrawalScope::Event);
    log.told(&original("p/1"));
    log.told(&taken_back);
    assert_eq!(log.event(&original("p/1")).outcome, Outcome::Duplicate);
    let did = log.told(&revised(&original("p/1"), Kind::Original, "decided anew"));
    assert_eq!(did.lines(), ["p/1#3 Alert CA-QC Attention"]);
    assert_eq!(did.decisions[0].references, ["p/1#1", "p/1#2"]);
    assert_eq!(open_cases(&log), 1);
    assert_eq!(log.event(&taken_back).outcome, Outcome::Duplicate, "the same withdrawal again was answered before");
}

#[test]
fn after_a_withdrawal_for_mistaken_identity_the_event_may_name_another_organisation() {
    let mut log = Log::new(&["CA-ON", "CA-QC"]);
    log.told(&original("p/1"));
    log.told(&withdrawn_for(WithdrawalReason::MistakenIdentity, &original("p/1")));
    let mut other = revised(&original("p/1"), Kind::Original, "of the right one");
    other.subject = Some(subject("Besta Ltd", &["B"]));
    let did = log.told(&other);
    assert_eq!(did.lines(), ["p/1#3 Alert CA-QC Attention"], "the first was cancelled before");
    assert_eq!(log.state.organisation("reg:B").map(|at| at.open_cases.len()), Some(1));
}

#[test]
fn a_withdrawal_with_a_lower_number_came_too_late() {
    let mut log = Log::new(&["CA-ON", "CA-QC"]);
    let numbered = |number| InfractionEvent { revision: Some(number), ..original("p/1") };
    log.told(&numbered(5));
    let withdraw = |number| withdrawal(&numbered(number), WithdrawalScope::Event);
    assert_eq!(log.event(&withdraw(4)).outcome, Outcome::Superseded);
    assert_eq!(
        log.told(&withdraw(5)).lines(),
        ["p/1#2 Cancel CA-QC Attention"],
        "it may carry the number that it takes back"
    );
}

#[test]
fn the_number_of_a_statement_is_that_of_its_own_event() {
    let numbered = |event: InfractionEvent, number: i64| InfractionEvent { revision: Some(number), ..event };
    let refers = |event: InfractionEvent| InfractionEvent { references: vec!["p/1".to_owned()], ..event };
    for closes in [true, false] {
        let mut log = Log::new(&["CA-ON", "CA-QC"]);
        log.told(&numbered(in_case("p/1", "c"), 1));
        log.told(&numbered(in_case("p/2", "c"), 1));
        let first = in_case("p/2", "c");
        let by_another = if closes { closure(&first) } else { withdrawal(&first, WithdrawalScope::Event) };
        log.told(&numbered(refers(by_another), 9));
        let again = numbered(revised(&in_case("p/1", "c"), Kind::Correction, "second"), 2);
        assert_eq!(log.told(&again).alerts[0].alert_id, "p/1#3");
        let taken_back = numbered(withdrawal(&in_case("p/1", "c"), WithdrawalScope::Event), 3);
        assert_eq!(log.told(&taken_back).lines(), ["p/1#4 Cancel CA-QC Attention"]);
    }
}

#[test]
fn what_was_annulled_takes_back_nothing_that_it_refers_to() {
    let mut log = Log::new(&["CA-ON", "CA-QC"]);
    log.told(&in_case("p/1", "c"));
    let mut more = revised(&in_case("p/2", "c"), Kind::Supplement, "more");
    more.references = vec!["p/1".to_owned()];
    log.told(&more);
    let annulled =
        InfractionEvent { finality: Finality::Annulled, ..revised(&more, Kind::Supplement, "annulled on appeal") };
    assert_eq!(log.told(&annulled).lines(), ["p/2#2 Cancel CA-QC Attention"]);
    // A court's own decision is known by what it refers to.
    let mut court = InfractionEvent { finality: Finality::Annulled, ..in_case("p/3", "c") };
    court.references = vec!["p/1".to_owned()];
    assert_eq!(log.told(&court).lines(), ["p/1#2 Cancel CA-QC Attention"]);
}

#[test]
fn what_nobody_was_told_of_is_withdrawn_in_silence() {
    let mut log = Log::new(&["CA-ON"]);
    assert_eq!(log.event(&original("p/1")).outcome, Outcome::Taken);
    let did = log.event(&withdrawal(&original("p/1"), WithdrawalScope::Event));
    assert_eq!((did.outcome, did.alerts.len()), (Outcome::Taken, 0));
    assert_eq!(open_cases(&log), 0);
}

#[test]
fn a_finding_that_was_annulled_is_a_withdrawal() {
    let mut log = Log::new(&["CA-ON", "CA-QC"]);
    log.told(&original("p/1"));
    let annulled =
        InfractionEvent { finality: Finality::Annulled, ..revised(&original("p/1"), Kind::Original, "first") };
    let did = log.event(&annulled);
    assert_eq!(did.lines(), ["p/1#2 Cancel CA-QC Attention"]);
    assert_eq!(did.decisions[0].withdrawal_reason, Some(WithdrawalReason::Annulled));
    assert_eq!(log.state.organisation("reg:A").map(|at| at.open_cases.len()), Some(0));
    // Before its original, like any withdrawal.
    let first = InfractionEvent { finality: Finality::Annulled, ..original("p/2") };
    assert_eq!(log.event(&first).outcome, Outcome::Pending);
    assert_eq!(log.event(&original("p/2")).outcome, Outcome::Suppressed);
}
