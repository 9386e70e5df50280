use std::collections::BTreeMap;
use std::time::Duration;

use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;

use super::{Context, Deliveries, ERRORS_KEPT_MAX, Event, Purpose, RESERVED, config, problems};
use crate::config::Kafka;

fn kafka(properties: &[(&str, &str)]) -> Kafka {
    let properties = properties.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Kafka {
        bootstrap_servers: "broker:9092".to_owned(),
        single_broker: true,
        session_timeout: Duration::from_secs(6),
        properties: properties.collect(),
    }
}

/// The first two are members of groups.
const READERS: [Purpose<'static>; 5] = [
    Purpose::SourceConsumer { group: "g", instance_id: Some("i") },
    Purpose::LedgerConsumer { group: "g", instance_id: None },
    Purpose::SourceProbe,
    Purpose::Follower,
    Purpose::Recipient { group: "g" },
];
const WRITERS: [Purpose<'static>; 2] = [Purpose::Producer, Purpose::TransactionalProducer { transactional_id: "t" }];

fn purposes() -> impl Iterator<Item = Purpose<'static>> {
    READERS.into_iter().chain(WRITERS).chain([Purpose::Admin])
}

#[test]
fn librdkafka_takes_every_configuration() {
    for purpose in purposes() {
        let made = config(&kafka(&[]), purpose).create_native_config();
        assert!(made.is_ok(), "{purpose:?}: {:?}", made.err());
    }
}

#[test]
fn an_operator_cannot_change_a_promise() {
    let all: Vec<(&str, &str)> = RESERVED.iter().map(|(name, _)| (*name, "planted")).collect();
    for purpose in purposes() {
        let config = config(&kafka(&all), purpose);
        for (name, value) in config.config_map() {
            assert_ne!(value, "planted", "{purpose:?} took {name}");
        }
    }
    assert_eq!(problems(&kafka(&all), "comity.toml").len(), RESERVED.len());
}

#[test]
fn consumers_read_committed_and_never_reset_in_silence() {
    for purpose in &READERS {
        let config = config(&kafka(&[]), *purpose);
        let expected = BTreeMap::from([
            ("isolation.level", "read_committed"),
            ("check.crcs", "true"),
            ("auto.offset.reset", "error"),
            ("enable.auto.commit", "false"),
        ]);
        for (name, value) in expected {
            assert_eq!(config.get(name), Some(value), "{purpose:?}");
        }
    }
    for purpose in &WRITERS {
        let config = config(&kafka(&[]), *purpose);
        assert_eq!((config.get("acks"), config.get("enable.idempotence")), (Some("all"), Some("true")), "{purpose:?}");
    }
}

/// What intake cannot read would be a good record to a probe that takes more, and the source would stand still.
#[test]
fn what_looks_at_damage_takes_no_more_than_what_reads_the_sources() {
    let source = config(&kafka(&[]), READERS[0]);
    let probe = config(&kafka(&[]), Purpose::SourceProbe);
    for name in ["receive.message.max.bytes", "fetch.max.bytes", "check.crcs", "isolation.level"] {
        assert!(source.get(name).is_some());
        assert_eq!(probe.get(name), source.get(name), "{name}");
    }
}

/// The first left intake waiting for deliveries for ever, the second took lag and the alarm of silence away.
#[test]
fn what_makes_a_client_say_less_is_refused() {
    for silenced in [("delivery.report.only.error", "true"), ("statistics.interval.ms", "0")] {
        let found = problems(&kafka(&[silenced]), "comity.toml");
        assert_eq!(found.iter().map(|problem| problem.code).collect::<Vec<_>>(), ["CMT-9041"], "{}", silenced.0);
    }
}

#[test]
fn an_operator_can_set_the_rest() {
    let kafka = kafka(&[("security.protocol", "ssl"), ("linger.ms", "5")]);
    assert_eq!(problems(&kafka, "comity.toml"), []);
    let config = config(&kafka, Purpose::Producer);
    assert_eq!((config.get("security.protocol"), config.get("linger.ms")), (Some("ssl"), Some("5")));
}

#[test]
fn a_session_survives_lost_heartbeats_and_members_hear_of_changes_within_a_second() {
    for (session_ms, heartbeat_ms) in [(2_000, "333"), (6_000, "1000"), (60_000, "1000")] {
        let kafka = Kafka { session_timeout: Duration::from_millis(session_ms), ..kafka(&[]) };
        for purpose in &READERS[..2] {
            let config = config(&kafka, *purpose);
            assert_eq!(config.get("session.timeout.ms"), Some(session_ms.to_string().as_str()), "{purpose:?}");
            assert_eq!(config.get("heartbeat.interval.ms"), Some(heartbeat_ms), "{purpose:?}");
        }
    }
}

#[test]
fn a_property_that_librdkafka_refuses_is_a_problem_that_shows_no_value() {
    let kafka = kafka(&[("sasl.pasword", "hunter2"), ("security.protocol", "hunter2"), ("acks", "hunter2")]);
    let found = problems(&kafka, "comity.toml");
    assert_eq!(found.iter().map(|problem| problem.code).collect::<Vec<_>>(), ["CMT-9041", "CMT-9042", "CMT-9042"]);
    assert!(!format!("{found:?}").contains("hunter2"));
}

#[test]
fn errors_that_nobody_reads_are_bounded_and_deliveries_are_not_lost() {
    let context = Context::new(Deliveries::All);
    for _ in 0..ERRORS_KEPT_MAX + 10 {
        context.push(Event::Error { code: rdkafka::error::RDKafkaErrorCode::AllBrokersDown, batch: None });
    }
    context.push(Event::Delivered { tag: 1, offset: 2 });
    let events = context.take_events();
    assert_eq!(events.len(), ERRORS_KEPT_MAX + 1);
    assert_eq!(events.last(), Some(&Event::Delivered { tag: 1, offset: 2 }));
    assert_eq!(context.take_events(), []);
}

/// A connection that broke as a request was sent was not heard of, and its EndTxn could end half of the next transaction.
#[test]
fn each_way_to_lose_the_coordinator_of_transactions_is_heard() {
    let name = "[thrd:TxnCoordinator]: TxnCoordinator: broker:9092";
    let heard = |facility: &str, said: &str| {
        let context = Context::new(Deliveries::FailedOnly);
        context.log(RDKafkaLogLevel::Info, facility, &format!("{name}: {said}"));
        context.take_events() == [Event::TransactionCoordinatorLost]
    };
    assert!(heard("FAIL", "Disconnected (after 5009ms in state UP)"));
    assert!(heard("FAIL", "Send failed: Broken pipe (after 5009ms in state UP)"));
    assert!(heard("FAIL", "1 request(s) timed out: disconnect (average rtt 1.000ms) (after 61009ms in state UP)"));
    assert!(!heard("FAIL", "Connect to ipv6#[::1]:9092 failed: Connection refused (after 0ms in state CONNECT)"));
    assert!(!heard("REQTMOUT", "Timed out 0 in-flight, 0 retry-queued requests"));
}
