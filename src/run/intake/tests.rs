use std::sync::Arc;

use super::{
    Alarm, Assigned, Command, DRAIN_MS_MAX, Input, Intake, Lane, Limits, Position, Rates, STALLED_MS, SourceId,
};

mod admission;
mod simulation;

fn intake() -> Intake {
    Intake::new(Limits { in_flight_max: 4, commit_interval_ms: 5, rates: Rates::default() })
}

/// The lane of a topic that is named after its platform.
fn lane(topic: &str) -> Lane {
    let platform = Arc::from(topic.strip_suffix(".backfill").unwrap_or(topic));
    Lane { platform, backfill: topic.ends_with(".backfill") }
}

fn given(topic: &str, committed: Option<i64>, low: i64, high: i64) -> Assigned {
    let committed = committed.map(|offset| Position { offset, from: offset });
    Assigned { topic: Arc::from(topic), partition: 0, lane: lane(topic), committed, low, high }
}

fn step(intake: &mut Intake, input: Input) -> Vec<Command> {
    let mut commands = Vec::new();
    intake.step(input, &mut commands);
    commands
}

/// The commands as short text, which is what the tests below compare.
fn said(intake: &mut Intake, input: Input) -> Vec<String> {
    step(intake, input).iter().map(line).collect()
}

fn line(command: &Command) -> String {
    match command {
        Command::Start(positions) => format!("start {positions:?}"),
        Command::AppendRecord { tag, at } => format!("record {tag}: {}[{}..{}]", at.topic, at.from, at.offset),
        Command::AppendGap { tag, at, .. } => format!("gap {tag}: {}[{}..{}]", at.topic, at.from, at.offset),
        Command::NewProducer => "new producer".to_owned(),
        Command::Seek { source, position } => format!("seek {source} to {position}"),
        Command::Pause { source } => format!("pause {source}"),
        Command::Resume { source } => format!("resume {source}"),
        Command::RecordPause { source } => format!("record pause {source}"),
        Command::Commit(positions) => {
            let short = positions.iter().map(|(source, Position { offset, from })| match offset - from {
                0 => format!("({source}, {offset})"),
                _ => format!("({source}, {offset}, from {from})"),
            });
            format!("commit [{}]", short.collect::<Vec<_>>().join(", "))
        }
        Command::FindBatchEnd { source, position } => format!("find end {source} from {position}"),
        Command::Unassign => "unassign".to_owned(),
        Command::Alarm(alarm) => format!("alarm {alarm:?}"),
        Command::WentBack { source, position, high } => format!("went back {source}: {position} > {high}"),
        Command::Done => "done".to_owned(),
    }
}

fn record(source: SourceId, offset: i64) -> Input {
    Input::Record { source, offset, stamped_at: 0 }
}

fn delivered(tag: usize) -> Input {
    Input::Delivered { tag }
}

/// A loop that reads topics `a` and `b` from their start at time 100.
fn reading() -> Intake {
    let mut intake = intake();
    step(&mut intake, Input::Time(100));
    let sources = vec![given("a", None, 0, 1_000), given("b", Some(7), 0, 1_000)];
    assert_eq!(said(&mut intake, Input::Assigned(sources)), ["start [0, 7]"]);
    intake
}

#[test]
fn each_record_says_from_which_position_it_stands() {
    let mut intake = reading();
    assert_eq!(said(&mut intake, record(0, 0)), ["record 0: a[0..0]"]);
    assert_eq!(said(&mut intake, record(1, 7)), ["record 1: b[7..7]"]);
    // Offsets 1 to 3 hold no record: markers of transactions, or compacted away.
    assert_eq!(said(&mut intake, record(0, 4)), ["record 2: a[1..4]"]);
    assert_eq!(intake.position(0), Some(5));
}

#[test]
fn positions_are_committed_after_delivery_only_and_in_order() {
    let mut intake = reading();
    for offset in 0..3 {
        step(&mut intake, record(0, offset));
    }
    assert_eq!(said(&mut intake, Input::Time(200)), [""; 0]);
    // The second and third are delivered before the first: nothing may be committed yet.
    assert_eq!(said(&mut intake, delivered(1)), [""; 0]);
    assert_eq!(said(&mut intake, delivered(2)), [""; 0]);
    assert_eq!(said(&mut intake, delivered(0)), ["commit [(0, 3)]"]);
    assert_eq!(said(&mut intake, Input::Committed { accepted: true, took_ms: 0 }), [""; 0]);
    assert_eq!(intake.committed(0), Some(3));
}

#[test]
fn commits_keep_their_distance_and_wait_for_the_answer() {
    let mut intake = reading();
    step(&mut intake, record(0, 0));
    assert_eq!(said(&mut intake, delivered(0)), ["commit [(0, 1)]"]);
    step(&mut intake, record(0, 1));
    step(&mut intake, Input::Time(150));
    assert_eq!(said(&mut intake, delivered(1)), [""; 0], "one commit at a time");
    assert_eq!(said(&mut intake, Input::Committed { accepted: true, took_ms: 0 }), ["commit [(0, 2)]"]);
    step(&mut intake, Input::Committed { accepted: true, took_ms: 0 });
    step(&mut intake, record(0, 2));
    assert_eq!(said(&mut intake, delivered(2)), [""; 0], "too early");
    assert_eq!(said(&mut intake, Input::Time(154)), [""; 0], "too early");
    assert_eq!(said(&mut intake, Input::Time(155)), ["commit [(0, 3)]"]);
}

#[test]
fn a_slow_commit_is_made_less_often() {
    let mut intake = reading();
    step(&mut intake, record(0, 0));
    assert_eq!(said(&mut intake, delivered(0)), ["commit [(0, 1)]"]);
    step(&mut intake, Input::Committed { accepted: true, took_ms: 10 });
    step(&mut intake, record(0, 1));
    step(&mut intake, delivered(1));
    assert_eq!(said(&mut intake, Input::Time(189)), [""; 0]);
    assert_eq!(said(&mut intake, Input::Time(190)), ["commit [(0, 2)]"]);
}

#[test]
fn a_commit_that_hung_while_the_broker_was_away_is_soon_made_again() {
    let mut intake = reading();
    step(&mut intake, record(0, 0));
    step(&mut intake, delivered(0));
    step(&mut intake, Input::Time(20_100));
    let refused = said(&mut intake, Input::Committed { accepted: false, took_ms: 20_000 });
    assert_eq!(refused, ["alarm CommitFailed", "commit [(0, 1)]"]);
}

#[test]
fn a_refused_commit_is_made_again() {
    let mut intake = reading();
    step(&mut intake, record(0, 0));
    step(&mut intake, delivered(0));
    assert_eq!(said(&mut intake, Input::Committed { accepted: false, took_ms: 0 }), ["alarm CommitFailed"]);
    assert_eq!(intake.committed(0), Some(0));
    assert_eq!(said(&mut intake, Input::Time(105)), ["commit [(0, 1)]"]);
}

#[test]
fn a_failed_delivery_goes_back_to_the_last_record_delivered_without_a_gap() {
    let mut intake = reading();
    step(&mut intake, record(0, 0));
    step(&mut intake, record(1, 7));
    step(&mut intake, record(0, 1));
    step(&mut intake, record(1, 8));
    step(&mut intake, delivered(0));
    step(&mut intake, delivered(3));
    let back = said(&mut intake, Input::NotDelivered);
    assert_eq!(back, ["alarm DeliveryFailed", "new producer", "seek 0 to 1", "seek 1 to 7"]);
    // Reports of the old producer mean nothing any more, and a record read before the seek waits for its turn.
    step(&mut intake, Input::Committed { accepted: true, took_ms: 0 });
    step(&mut intake, Input::Time(200));
    assert_eq!(said(&mut intake, delivered(1)), [""; 0]);
    assert_eq!(said(&mut intake, delivered(2)), [""; 0]);
    assert_eq!(said(&mut intake, record(0, 2)), ["seek 0 to 1"], "fetched before the step back: no hole at 1");
    assert_eq!(said(&mut intake, record(1, 7)), ["record 4: b[7..7]"]);
    assert_eq!(said(&mut intake, record(0, 1)), ["record 5: a[1..1]"]);
    assert_eq!(said(&mut intake, record(0, 3)), ["record 6: a[2..3]"], "an honest hole");
}

#[test]
fn what_was_read_before_a_step_back_is_not_sent_twice() {
    let mut intake = reading();
    step(&mut intake, record(0, 0));
    assert_eq!(said(&mut intake, record(0, 0)), [""; 0]);
    assert_eq!(intake.in_flight(), 1);
}

#[test]
fn a_source_that_lost_its_start_gives_an_entry_for_it() {
    let mut intake = intake();
    let start = said(&mut intake, Input::Assigned(vec![given("a", None, 40, 50)]));
    assert_eq!(start, ["alarm SourceGap { source: 0, from: 0, to: 40 }", "gap 0: a[0..39]", "start [40]"]);
    assert_eq!(said(&mut intake, record(0, 40)), ["record 1: a[40..40]"]);
    assert_eq!(said(&mut intake, delivered(0)), ["commit [(0, 40)]"]);
}

#[test]
fn a_position_that_retention_overtook_gives_an_entry_for_the_lost_range() {
    let mut intake = reading();
    let lost = said(&mut intake, Input::OutOfRange { source: 1, low: 20, high: 30 });
    assert_eq!(lost, ["alarm SourceGap { source: 1, from: 7, to: 20 }", "gap 0: b[7..19]", "seek 1 to 20"]);
    assert_eq!(said(&mut intake, Input::OutOfRange { source: 1, low: 20, high: 30 }), [""; 0], "it is in range now");
}

#[test]
fn a_source_behind_its_committed_position_stops() {
    let mut intake = intake();
    let start = said(&mut intake, Input::Assigned(vec![given("a", Some(9), 0, 5)]));
    assert_eq!(start, ["went back 0: 9 > 5", "start [9]"]);
    let mut intake = reading();
    assert_eq!(said(&mut intake, Input::OutOfRange { source: 1, low: 0, high: 3 }), ["went back 1: 7 > 3"]);
}

#[test]
fn a_batch_is_passed_over_after_three_explicit_errors_at_its_place() {
    let mut intake = reading();
    let bad = || Input::Undecodable { source: 0, offset: 0 };
    assert_eq!(said(&mut intake, bad()), [""; 0]);
    assert_eq!(said(&mut intake, bad()), [""; 0]);
    assert_eq!(said(&mut intake, Input::Undecodable { source: 0, offset: 5 }), [""; 0], "another place");
    assert_eq!(said(&mut intake, Input::BatchEnds { source: 0, next: 3 }), [""; 0], "two errors are not enough");
    assert_eq!(said(&mut intake, bad()), ["find end 0 from 0"]);
    let over = said(&mut intake, Input::BatchEnds { source: 0, next: 3 });
    assert_eq!(over, ["alarm SourceGap { source: 0, from: 0, to: 3 }", "gap 0: a[0..2]", "seek 0 to 3"]);
    assert_eq!(said(&mut intake, record(0, 3)), ["record 1: a[3..3]"]);
}

#[test]
fn a_batch_that_reads_in_the_end_clears_its_errors() {
    let mut intake = reading();
    for _ in 0..2 {
        step(&mut intake, Input::Undecodable { source: 0, offset: 0 });
    }
    assert_eq!(said(&mut intake, record(0, 0)), ["record 0: a[0..0]"]);
    assert_eq!(said(&mut intake, Input::Undecodable { source: 0, offset: 1 }), [""; 0]);
}

#[test]
fn a_consumer_that_skips_a_damaged_batch_by_itself_is_sent_back() {
    let mut intake = reading();
    step(&mut intake, Input::Undecodable { source: 0, offset: 0 });
    assert_eq!(said(&mut intake, record(0, 6)), ["seek 0 to 0"]);
    assert_eq!(intake.position(0), Some(0));
}

#[test]
fn silence_is_an_alarm_and_skips_nothing() {
    let mut intake = reading();
    assert_eq!(said(&mut intake, Input::Time(100 + STALLED_MS - 1)), [""; 0]);
    let alarms = said(&mut intake, Input::Time(100 + STALLED_MS));
    assert_eq!(alarms, ["alarm Stalled { source: 0, position: 0 }", "alarm Stalled { source: 1, position: 7 }"]);
    assert_eq!((intake.position(0), intake.in_flight()), (Some(0), 0));
    step(&mut intake, Input::End { source: 0, high: 0 });
    step(&mut intake, Input::End { source: 1, high: 7 });
    assert_eq!(said(&mut intake, Input::Time(100 + 3 * STALLED_MS)), [""; 0], "an empty source is no stall");
}

#[test]
fn what_is_in_flight_is_bounded() {
    let mut intake = reading();
    for offset in 0..4 {
        assert!(intake.wants_records());
        step(&mut intake, record(0, offset));
    }
    assert!(!intake.wants_records());
    step(&mut intake, delivered(0));
    assert!(intake.wants_records());
}

#[test]
fn partitions_that_are_taken_away_are_drained_and_committed_first() {
    let mut intake = reading();
    step(&mut intake, record(0, 0));
    step(&mut intake, record(1, 7));
    assert_eq!(said(&mut intake, Input::Revoked { lost: false }), [""; 0]);
    assert_eq!(said(&mut intake, record(0, 1)), [""; 0], "nothing new is read");
    assert_eq!(said(&mut intake, delivered(0)), [""; 0]);
    assert_eq!(said(&mut intake, delivered(1)), ["commit [(0, 1), (1, 8)]"]);
    assert_eq!(said(&mut intake, Input::Committed { accepted: true, took_ms: 0 }), ["unassign"]);
    // The next assignment starts afresh.
    assert_eq!(said(&mut intake, Input::Assigned(vec![given("b", Some(8), 0, 9)])), ["start [8]"]);
    assert_eq!(said(&mut intake, record(0, 8)), ["record 2: b[8..8]"]);
}

#[test]
fn partitions_that_are_lost_are_given_up_without_a_commit() {
    let mut intake = reading();
    step(&mut intake, record(0, 0));
    step(&mut intake, record(0, 1));
    step(&mut intake, delivered(0));
    step(&mut intake, Input::Committed { accepted: true, took_ms: 0 });
    assert_eq!(said(&mut intake, delivered(1)), [""; 0], "a commit would be due in 5 ms");
    assert_eq!(said(&mut intake, Input::Revoked { lost: true }), ["unassign"]);
    assert_eq!(said(&mut intake, delivered(0)), [""; 0]);
    assert_eq!(said(&mut intake, Input::Time(10_000)), [""; 0]);
}

#[test]
fn a_drain_that_finds_a_failed_delivery_commits_what_is_delivered() {
    let mut intake = reading();
    step(&mut intake, record(0, 0));
    step(&mut intake, record(0, 1));
    step(&mut intake, Input::Revoked { lost: false });
    step(&mut intake, delivered(0));
    let back = said(&mut intake, Input::NotDelivered);
    assert_eq!(back, ["alarm DeliveryFailed", "new producer", "seek 0 to 1", "commit [(0, 1)]"]);
    assert_eq!(said(&mut intake, Input::Committed { accepted: true, took_ms: 0 }), ["unassign"]);
}

#[test]
fn a_drain_ends_even_if_nothing_answers() {
    let mut intake = reading();
    step(&mut intake, record(0, 0));
    step(&mut intake, Input::Revoked { lost: false });
    assert_eq!(said(&mut intake, Input::Time(100 + DRAIN_MS_MAX - 1)), [""; 0]);
    assert_eq!(said(&mut intake, Input::Time(100 + DRAIN_MS_MAX)), ["alarm NotDrained", "unassign"]);
}

#[test]
fn the_end_is_drained_and_committed() {
    let mut intake = reading();
    step(&mut intake, record(0, 0));
    assert_eq!(said(&mut intake, Input::ShutDown), [""; 0]);
    assert_eq!(said(&mut intake, record(0, 1)), [""; 0], "nothing new is read");
    assert_eq!(said(&mut intake, delivered(0)), ["commit [(0, 1)]"]);
    assert_eq!(said(&mut intake, Input::Committed { accepted: true, took_ms: 0 }), ["done"]);
    assert_eq!(said(&mut intake, Input::ShutDown), [""; 0]);
}

/// The answer to a commit comes before anything else is heard: asked again at once it would be asked for ever.
#[test]
fn a_commit_that_is_refused_as_it_leaves_is_not_asked_again_before_its_time() {
    for leaving in [Input::ShutDown, Input::Revoked { lost: false }] {
        let mut intake = reading();
        step(&mut intake, record(0, 0));
        step(&mut intake, leaving);
        assert_eq!(said(&mut intake, delivered(0)), ["commit [(0, 1)]"]);
        let refused = Input::Committed { accepted: false, took_ms: 0 };
        assert_eq!(said(&mut intake, refused.clone()), ["alarm CommitFailed"]);
        assert_eq!(said(&mut intake, Input::Time(200)), ["commit [(0, 1)]"]);
        assert_eq!(said(&mut intake, refused), ["alarm CommitFailed"]);
        let late = said(&mut intake, Input::Time(100 + DRAIN_MS_MAX));
        assert_eq!(late.first().map(String::as_str), Some("commit [(0, 1)]"));
        assert_eq!(late.get(1).map(String::as_str), Some("alarm NotDrained"));
    }
}

#[test]
fn the_end_without_partitions_is_at_once() {
    assert_eq!(said(&mut intake(), Input::ShutDown), ["done"]);
}

#[test]
fn alarms_are_not_repeated_for_what_is_known() {
    let mut intake = reading();
    let alarms = |commands: Vec<Command>| {
        commands.into_iter().filter(|command| matches!(command, Command::Alarm(Alarm::DeliveryFailed))).count()
    };
    step(&mut intake, record(0, 0));
    assert_eq!(alarms(step(&mut intake, Input::NotDelivered)), 1);
    assert_eq!(alarms(step(&mut intake, delivered(0))), 0);
}

#[test]
fn what_holds_no_record_is_committed_and_the_next_entry_stands_from_before_it() {
    let mut intake = reading();
    step(&mut intake, record(0, 0));
    // Markers stand behind the record; nothing is committed before it is delivered.
    assert_eq!(said(&mut intake, Input::Empty { source: 0, from: 1, to: 3 }), [""; 0]);
    assert_eq!(intake.position(0), Some(3));
    assert_eq!(said(&mut intake, delivered(0)), ["commit [(0, 3, from 1)]"]);
    step(&mut intake, Input::Committed { accepted: true, took_ms: 0 });
    assert_eq!((intake.committed(0), said(&mut intake, Input::Time(500))), (Some(3), Vec::new()));
    assert_eq!(said(&mut intake, record(0, 5)), ["record 1: a[1..5]"], "the ledger knows of nothing but the record");
    assert_eq!(said(&mut intake, delivered(1)), ["commit [(0, 6)]"]);
}

#[test]
fn an_assignment_goes_on_behind_what_holds_no_record() {
    let mut intake = intake();
    let committed = Some(Position { offset: 9, from: 4 });
    let given = |low, high| Assigned { topic: Arc::from("a"), partition: 0, lane: lane("a"), committed, low, high };
    assert_eq!(said(&mut intake, Input::Assigned(vec![given(0, 9)])), ["start [9]"]);
    assert_eq!(said(&mut intake, Input::Time(500)), [""; 0], "nothing to commit");
    assert_eq!(said(&mut intake, record(0, 9)), ["record 0: a[4..9]"]);
    step(&mut intake, Input::Revoked { lost: true });
    // Retention took what was read; a range is lost only where something was not.
    assert_eq!(said(&mut intake, Input::Assigned(vec![given(8, 20)])), ["start [9]"]);
    let lost = said(&mut intake, Input::Assigned(vec![given(12, 20)]));
    assert_eq!(lost, ["alarm SourceGap { source: 0, from: 4, to: 12 }", "gap 1: a[4..11]", "start [12]"]);
    let back = said(&mut intake, Input::Assigned(vec![given(0, 8)]));
    assert_eq!(back, ["went back 0: 9 > 8", "start [9]"]);
}

#[test]
fn a_range_without_records_counts_only_where_it_is_next() {
    let mut intake = reading();
    step(&mut intake, Input::Empty { source: 0, from: 1, to: 30 });
    assert_eq!(intake.position(0), Some(0), "offset 0 is not yet read");
    step(&mut intake, record(0, 0));
    step(&mut intake, record(0, 1));
    step(&mut intake, Input::Empty { source: 0, from: 2, to: 30 });
    step(&mut intake, Input::NotDelivered);
    assert_eq!(intake.position(0), Some(0), "it is read again");
    step(&mut intake, Input::Empty { source: 0, from: 2, to: 30 });
    assert_eq!(intake.position(0), Some(0));
    assert_eq!(said(&mut intake, record(0, 0)), ["record 2: a[0..0]"]);
}
