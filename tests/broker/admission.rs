//! Which sources intake reads, on a broker: backfills at their rate, a platform that runs away not at all.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use comity::config;
use comity::kafka::control;
use comity::model::code::Mode;
use comity::model::entry::Body;
use comity::schema::log::decode_entry;

use crate::intake::{CONTROL, LOG, Running, committed, pace, row, rows, send, taken, wait_committed};
use crate::support::broker::{Broker, PATIENCE, wait_until};
use crate::support::reader::read_committed;

/// The topics of the events in the log with their mode, in the log's order.
fn modes(broker: &Broker) -> Vec<(String, Mode)> {
    let of = |record: crate::support::reader::Read| match decode_entry(
        &record.value.unwrap(),
        record.offset,
        record.timestamp_ms,
    )
    .unwrap()
    .body
    {
        Body::Event(event) => (event.provenance.at.topic.to_string(), event.mode),
        other => panic!("intake wrote {other:?}"),
    };
    read_committed(broker, LOG).into_iter().map(of).collect()
}

#[test]
fn live_events_go_before_a_backfill_which_is_marked_and_loses_nothing() {
    let broker = Broker::for_test();
    let (live, joining) = ("comity.in.one", "comity.in.one.backfill");
    broker.create_topics(&[LOG, CONTROL, live, joining], &[]);
    send(&broker, joining, (0..300).map(row));
    let pace =
        config::Intake { backfill_platforms: vec!["one".to_owned()], backfill_records_per_second_max: 80, ..pace() };
    let running = Running::start_paced(&broker, &["one"], &[], pace);
    wait_until("the backfill has begun", PATIENCE, || committed(&broker, joining) >= Some(20));
    send(&broker, live, (1_000..1_010).map(row));
    wait_committed(&broker, live, 10);
    let read_by_then = committed(&broker, joining).unwrap();
    assert!(read_by_then < 300, "what is live waited for all of the backfill");
    wait_committed(&broker, joining, 300);
    running.end().unwrap();
    let joined = taken(&broker, joining);
    assert_eq!((joined.entries, joined.beyond_gap), (rows("one", 300), 0));
    let modes = modes(&broker);
    let wrong = modes.iter().find(|(topic, mode)| (topic == joining) != (*mode == Mode::Backfill));
    assert_eq!(wrong, None);
    let last_live = modes.iter().rposition(|(topic, _)| topic == live).unwrap();
    assert!(last_live < modes.len() - 100, "the last live event is number {last_live} of {}", modes.len());
}

#[test]
fn a_platform_that_runs_away_is_paused_over_restarts_until_it_is_released() {
    let broker = Broker::for_test();
    broker.create_topics(&[LOG, "comity.in.one", "comity.in.two"], &[]);
    broker.create_topics(&[CONTROL], &[("message.timestamp.type", "LogAppendTime")]);
    let pace = || config::Intake { events_per_minute_max: BTreeMap::from([("one".to_owned(), 50)]), ..pace() };
    send(&broker, "comity.in.one", (0..400).map(row));
    send(&broker, "comity.in.two", (0..400).map(row));
    let start = || Running::start_paced(&broker, &["one", "two"], &[], pace());
    let paused = || control::read(&broker.settings()).unwrap().get("one").is_some_and(|standing| standing.paused);

    let running = start();
    wait_committed(&broker, "comity.in.two", 400);
    wait_until("the pause is written down", PATIENCE, paused);
    wait_committed(&broker, "comity.in.one", 51);
    assert!(running.status.platform("one").unwrap().paused.load(Ordering::Relaxed));
    assert!(!running.status.platform("two").unwrap().paused.load(Ordering::Relaxed));
    running.end().unwrap();

    let running = start();
    send(&broker, "comity.in.two", (400..500).map(row));
    wait_committed(&broker, "comity.in.two", 500);
    assert_eq!(committed(&broker, "comity.in.one"), Some(51), "a restart releases nobody");
    assert_eq!(taken(&broker, "comity.in.one").entries, rows("one", 51));

    control::write(&broker.settings(), "one", false).unwrap();
    wait_committed(&broker, "comity.in.one", 400);
    assert!(!running.status.platform("one").unwrap().paused.load(Ordering::Relaxed));
    running.end().unwrap();
    let one = taken(&broker, "comity.in.one");
    assert_eq!((one.entries, one.sent_twice, one.beyond_gap), (rows("one", 400), 0, 0));
}

#[test]
fn the_operator_pauses_a_platform_at_every_instance() {
    let broker = Broker::for_test();
    broker.create_topics(&[LOG, CONTROL, "comity.in.one", "comity.in.two"], &[]);
    let first = Running::start_paced(&broker, &["one", "two"], &[], pace());
    let second = Running::start_paced(&broker, &["one", "two"], &[], pace());
    control::write(&broker.settings(), "one", true).unwrap();
    for running in [&first, &second] {
        let one = running.status.platform("one").unwrap();
        wait_until("it knows of the pause", PATIENCE, || one.paused.load(Ordering::Relaxed));
    }
    send(&broker, "comity.in.one", (0..5).map(row));
    send(&broker, "comity.in.two", (0..5).map(row));
    wait_committed(&broker, "comity.in.two", 5);
    assert!(committed(&broker, "comity.in.one").is_none_or(|position| position == 0));
    // What waits is seen meanwhile, at the instance that would read it.
    let lag = |running: &Running| running.status.platform("one").unwrap().lag.load(Ordering::Relaxed);
    wait_until("the lag grows", PATIENCE, || lag(&first) + lag(&second) == 5);
    send(&broker, "comity.in.one", (5..9).map(row));
    wait_until("the lag grows on", PATIENCE, || lag(&first) + lag(&second) == 9);
    control::write(&broker.settings(), "one", false).unwrap();
    wait_committed(&broker, "comity.in.one", 9);
    wait_until("the lag is gone", PATIENCE, || lag(&first) + lag(&second) == 0);
    first.end().unwrap();
    second.end().unwrap();
}
