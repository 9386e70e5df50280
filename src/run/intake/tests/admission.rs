//! Admission by hand: the backfill goes at its rate, and a platform that sends too much is paused until it is released.

use std::collections::BTreeMap;

use super::super::Rates;
use super::*;

/// Topics `a` (at most three records a minute), `b` and their backfills (eight records a second, so two a slice).
fn reading() -> Intake {
    let bound = BTreeMap::from([(Arc::from("a"), 3)]);
    let rates = Rates { backfill_records_per_second_max: 8, events_per_minute_max: bound };
    let mut intake = Intake::new(Limits { in_flight_max: 100, commit_interval_ms: 1_000_000, rates });
    step(&mut intake, Input::Time(1_000));
    let topics = ["a", "b", "a.backfill", "b.backfill"];
    let given = topics.map(|topic| given(topic, None, 0, 1_000)).to_vec();
    assert_eq!(said(&mut intake, Input::Assigned(given)), ["start [0, 0, 0, 0]"]);
    intake
}

fn at(source: SourceId, offset: i64, second: i64) -> Input {
    Input::Record { source, offset, stamped_at: second * 1_000 + 7 }
}

fn told(platform: &str, paused: bool, second: i64) -> Input {
    Input::Platform { platform: Arc::from(platform), paused, since: second * 1_000 + 7 }
}

#[test]
fn all_backfills_together_go_at_their_rate_and_nobody_waits_for_them() {
    let mut intake = reading();
    assert_eq!(said(&mut intake, at(2, 0, 0)), ["record 0: a.backfill[0..0]"]);
    assert_eq!(said(&mut intake, at(3, 0, 0)), ["record 1: b.backfill[0..0]", "pause 2", "pause 3"]);
    assert_eq!(said(&mut intake, at(1, 0, 0)), ["record 2: b[0..0]"], "who is live goes on");
    assert_eq!(said(&mut intake, at(2, 1, 0)), ["pause 2", "seek 2 to 1"], "fetched before the pause");
    assert_eq!(said(&mut intake, Input::Time(1_249)), [""; 0]);
    assert_eq!(said(&mut intake, Input::Time(1_250)), ["resume 2", "resume 3"]);
    assert_eq!(said(&mut intake, at(2, 1, 0)), ["record 3: a.backfill[1..1]"]);
    assert_eq!(said(&mut intake, Input::Time(9_000)), [""; 0], "what is not used is not saved beyond a slice");
    assert_eq!(said(&mut intake, at(2, 2, 0)), ["record 4: a.backfill[2..2]"]);
    assert_eq!(said(&mut intake, at(2, 3, 0)), ["record 5: a.backfill[3..3]", "pause 2", "pause 3"]);
}

#[test]
fn a_paused_source_is_no_stall_and_a_new_assignment_pauses_it_again() {
    let mut intake = reading();
    step(&mut intake, at(2, 0, 0));
    step(&mut intake, at(2, 1, 0));
    let given = vec![given("b.backfill", None, 0, 9)];
    assert_eq!(said(&mut intake, Input::Assigned(given)), ["start [0]", "pause 0"]);
    step(&mut intake, told("b", true, 5));
    assert_eq!(said(&mut intake, Input::Time(1_000 + STALLED_MS)), [""; 0]);
}

#[test]
fn a_platform_over_its_bound_is_paused_with_its_backfill_and_nobody_else() {
    let mut intake = reading();
    for offset in 0..3 {
        step(&mut intake, at(0, offset, 100));
    }
    let over = said(&mut intake, at(0, 3, 159));
    let alarm = "alarm Runaway { source: 0 }";
    assert_eq!(over, ["record 3: a[3..3]", "pause 0", "pause 2", alarm, "record pause 0"]);
    assert_eq!(said(&mut intake, at(1, 0, 159)), ["record 4: b[0..0]"]);
    assert_eq!(said(&mut intake, at(3, 0, 0)), ["record 5: b.backfill[0..0]"]);
    assert_eq!(said(&mut intake, at(0, 4, 999)), ["pause 0", "seek 0 to 4"]);
    let later = said(&mut intake, Input::Time(1_000_000));
    assert!(!later.iter().any(|line| line.starts_with("resume")), "no time releases it: {later:?}");
}

#[test]
fn a_minute_is_counted_by_the_records_own_time() {
    let mut intake = reading();
    // An hour's backlog that is read in a moment is no runaway.
    for offset in 0..60 {
        assert_eq!(step(&mut intake, at(0, offset, 100 + 20 * offset)).len(), 1, "record {offset}");
    }
    // What is older than the minute before the newest belongs to none.
    assert_eq!(step(&mut intake, at(0, 60, 100)).len(), 1);
    assert_eq!(step(&mut intake, at(0, 61, 100 + 20 * 59)).len(), 5, "the fourth within a minute");
}

#[test]
fn a_release_lets_through_what_the_topic_held_and_counts_anew() {
    let mut intake = reading();
    for offset in 0..4 {
        step(&mut intake, at(0, offset, 100));
    }
    step(&mut intake, told("a", true, 101));
    assert_eq!(said(&mut intake, told("b", false, 200)), [""; 0], "it is another platform that was released");
    assert_eq!(said(&mut intake, told("a", false, 200)), ["resume 0", "resume 2"]);
    for offset in 4..40 {
        assert_eq!(step(&mut intake, at(0, offset, 200)).len(), 1, "record {offset} was there by then");
    }
    for offset in 40..43 {
        assert_eq!(step(&mut intake, at(0, offset, 201)).len(), 1, "record {offset}");
    }
    assert_eq!(step(&mut intake, at(0, 43, 201)).len(), 5, "over the bound again");
}

#[test]
fn a_pause_that_stands_before_the_first_record_holds() {
    let bound = BTreeMap::from([(Arc::from("a"), 3)]);
    let rates = Rates { backfill_records_per_second_max: 8, events_per_minute_max: bound };
    let mut intake = Intake::new(Limits { in_flight_max: 100, commit_interval_ms: 5, rates });
    step(&mut intake, told("a", true, 100));
    let given = vec![given("a", Some(4), 0, 9), given("b", None, 0, 9)];
    assert_eq!(said(&mut intake, Input::Assigned(given)), ["start [4, 0]", "pause 0"]);
    assert_eq!(said(&mut intake, told("a", false, 300)), ["resume 0"]);
    assert_eq!(said(&mut intake, at(0, 4, 300)), ["record 0: a[4..4]"]);
}
