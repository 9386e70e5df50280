//! Sources of which the group has no position any more: deleted and made again, or left alone for too long.

use std::sync::atomic::Ordering;

use comity::kafka::{StopKind, names};
use rdkafka::admin::AdminOptions;

use crate::intake::{CONTROL, Running, committed, row, rows, send, taken, wait_committed};
use crate::ledger::Federation;
use crate::support::broker::{Broker, PATIENCE, block_on, needs_real_kafka, wait_until};

const TOPIC: &str = "comity.in.one";

/// A federation whose ledger has taken five records of a source.
fn taken_five() -> Federation {
    let federation = Federation::new();
    let broker = &federation.broker;
    broker.create_topics(&[CONTROL, TOPIC], &[]);
    let (ledger, intake) = (federation.start(), Running::start(broker, &["one"]));
    send(broker, TOPIC, (0..5).map(row));
    wait_committed(broker, TOPIC, 5);
    // The rules are the first entry.
    ledger.until("the five are taken", |status| status.entries_but_ticks.load(Ordering::Relaxed) == 6);
    intake.end().unwrap();
    ledger.stop();
    federation
}

fn make_anew(broker: &Broker) {
    block_on(broker.admin().delete_topics(&[TOPIC], &AdminOptions::new())).unwrap()[0].as_ref().unwrap();
    wait_until("the group's position is deleted too", PATIENCE, || committed(broker, TOPIC).is_none());
    let metadata = || broker.admin().inner().fetch_metadata(None, PATIENCE).unwrap();
    wait_until("the topic is gone", PATIENCE, || !metadata().topics().iter().any(|topic| topic.name() == TOPIC));
    broker.create_topics(&[TOPIC], &[]);
}

/// The records of a topic that was deleted and made again were dropped one by one as sent twice, as many as the ledger
/// had taken of the one before, and nothing said so.
#[test]
fn a_topic_deleted_and_made_again_is_not_dropped_in_silence() {
    if needs_real_kafka("it keeps the positions of a topic that is deleted") {
        return;
    }
    let federation = taken_five();
    let broker = &federation.broker;
    make_anew(broker);
    send(broker, TOPIC, (0..3).map(row));
    let stop = Running::start(broker, &["one"]).stopped();
    assert_eq!((stop.kind, stop.why.as_str()), (StopKind::Data, "comity.in.one ends at 3, but was read to 5 before"));
    let taken = taken(broker, TOPIC);
    assert_eq!((taken.entries, taken.sent_twice), (rows("one", 5), 0));
}

#[test]
fn a_position_that_the_group_has_forgotten_is_that_of_the_ledger() {
    let mut federation = taken_five();
    // A group that never read anything.
    federation.broker.federation.push_str("-later");
    let broker = &federation.broker;
    assert_eq!(committed(broker, TOPIC), None);
    let intake = Running::start(broker, &["one"]);
    wait_committed(broker, TOPIC, 5);
    send(broker, TOPIC, (5..8).map(row));
    wait_committed(broker, TOPIC, 8);
    intake.end().unwrap();
    let taken = taken(broker, TOPIC);
    assert_eq!((taken.entries, taken.sent_twice, taken.beyond_gap), (rows("one", 8), 0, 0));
}

#[test]
fn a_source_from_which_nothing_was_ever_taken_is_looked_up_once() {
    let broker = Broker::for_test();
    broker.create_topics(&[names::LOG, CONTROL, TOPIC], &[]);
    let intake = Running::start(&broker, &["one"]);
    wait_committed(&broker, TOPIC, 0);
    intake.end().unwrap();
}
