//! Two members of a group under one name.

use comity::config;
use comity::kafka::StopKind;

use crate::intake::{CONTROL, LOG, Running, pace, row, send, wait_committed};
use crate::support::broker::{Broker, needs_real_kafka};

/// Whoever lost its name cannot know whether to another or to itself, come back after an answer that was lost.
#[test]
fn a_member_whose_name_was_given_away_ends_as_one_to_be_started_again() {
    if needs_real_kafka("it lets two members have one name") {
        return;
    }
    let broker = Broker::for_test();
    broker.create_topics(&[LOG, CONTROL, "comity.in.one"], &[]);
    let named = || config::Intake { instance_id: Some("twin".to_owned()), ..pace() };
    let first = Running::start_paced(&broker, &["one"], &[], named());
    send(&broker, "comity.in.one", (0..3).map(row));
    wait_committed(&broker, "comity.in.one", 3);
    let second = Running::start_paced(&broker, &["one"], &[], named());
    let stop = first.stopped();
    assert_eq!(stop.kind, StopKind::Unavailable, "{}", stop.why);
    assert!(stop.help.contains("intake.instance_id"), "{}", stop.help);
    send(&broker, "comity.in.one", (3..5).map(row));
    wait_committed(&broker, "comity.in.one", 5);
    second.end().unwrap();
}
