//! Reading a topic to its end while others write it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use comity::kafka::follow::{Followed, Follower};
use comity::kafka::names;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};

use crate::ledger::{Federation, ids};
use crate::support::broker::{Broker, PATIENCE, needs_real_kafka, wait_until};
use crate::support::proxy::{END_TXN, Proxy};

const TOPIC: &str = "comity.try";

/// Writes a record to each topic a millisecond, so that whoever asks for more always gets it.
fn write_all_the_time(broker: &Broker, topics: &[&str], stop: &AtomicBool) {
    let producer: BaseProducer = broker.plain_config().set("linger.ms", "0").create().unwrap();
    while !stop.load(Ordering::Relaxed) {
        for topic in topics {
            let to = BaseRecord::<(), [u8]>::to(topic).payload(&b"record"[..]);
            producer.send(to).map_err(|(error, _)| error).unwrap();
        }
        producer.poll(Duration::from_millis(1));
    }
    producer.flush(PATIENCE).unwrap();
}

#[test]
fn a_topic_that_is_written_all_the_time_is_read_to_the_end_that_it_had() {
    let broker = Broker::for_test();
    broker.create_topics(&[TOPIC], &[]);
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| write_all_the_time(&broker, &[TOPIC], &stop));
        let mut follower = Follower::connect(&broker.settings(), None, &[TOPIC]).unwrap();
        wait_until("it is written", PATIENCE, || follower.ends(TOPIC).unwrap().1 > 100);
        let (_, before) = follower.ends(TOPIC).unwrap();
        follower.start(TOPIC, 0).unwrap();
        let (_, after) = follower.ends(TOPIC).unwrap();
        let (mut read, deadline) = (0, Instant::now() + PATIENCE);
        while let Followed::Record(record) = follower.next_to_end().unwrap() {
            assert_eq!(record.offset, read);
            read += 1;
            if Instant::now() > deadline {
                break;
            }
        }
        let beyond = follower.next(PATIENCE).unwrap();
        stop.store(true, Ordering::Relaxed);
        writer.join().unwrap();
        assert!((before..=after).contains(&read), "{read} records, between {before} and {after}");
        let Some(Followed::Record(beyond)) = beyond else { panic!("{beyond:?}") };
        assert_eq!(beyond.offset, read, "what was met beyond the end is not lost");
    });
}

#[test]
fn a_topic_of_comity_is_read_however_much_the_broker_gives_at_once() {
    const RECORDS: i64 = 16;
    let broker = Broker::for_test();
    broker.create_topics(&[TOPIC], &[]);
    let producer: BaseProducer = broker.plain_config().set("linger.ms", "0").create().unwrap();
    let value = vec![0; 900_000];
    for _ in 0..RECORDS {
        producer.send(BaseRecord::<(), [u8]>::to(TOPIC).payload(&value)).map_err(|(error, _)| error).unwrap();
    }
    producer.flush(PATIENCE).unwrap();
    let mut follower = Follower::connect(&broker.settings(), None, &[TOPIC]).unwrap();
    follower.start(TOPIC, 0).unwrap();
    let mut read = 0;
    while let Followed::Record(record) = follower.next_to_end().unwrap() {
        assert_eq!(record.value.map(|value| value.len()), Some(value.len()));
        read += 1;
    }
    assert_eq!(read, RECORDS);
}

#[test]
fn outputs_that_are_written_all_the_time_hold_no_takeover_up() {
    let mut federation = Federation::new();
    federation.events(ids(0, 20));
    let (stop, written) = (AtomicBool::new(false), [names::REVIEW, names::OVERDUE]);
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| write_all_the_time(&federation.broker, &written, &stop));
        let follower = Follower::connect(&federation.broker.settings(), None, &written).unwrap();
        wait_until("they are written", PATIENCE, || written.iter().all(|topic| follower.ends(topic).unwrap().1 > 100));
        let ledger = federation.start();
        ledger.until_decided(21);
        stop.store(true, Ordering::Relaxed);
        writer.join().unwrap();
        ledger.stop();
    });
    federation.assert_right();
}

/// The log is always longer than what the ledger has fetched of it, so that its client never meets the end of it.
#[test]
fn a_ledger_counts_as_caught_up_at_the_end_that_the_log_had() {
    if needs_real_kafka("it answers a fetch with all that it has, however much that is") {
        return;
    }
    const AHEAD: usize = 30;
    let mut federation = Federation::new();
    let proxy = Proxy::before(&federation.broker.address());
    (0..AHEAD).for_each(|number| federation.events(ids(number, number + 1)));
    let mut kafka = federation.broker.settings();
    kafka.bootstrap_servers = proxy.address();
    // One batch, which is one entry, is fetched at a time, and none before the last is taken.
    kafka.properties = [("fetch.message.max.bytes", "1"), ("queued.min.messages", "1")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
    proxy.halt(Some(END_TXN));
    let ledger = federation.start_with(kafka);
    let end = i64::try_from(AHEAD + 1).unwrap();
    let mut written = AHEAD;
    loop {
        wait_until("a commit waits", PATIENCE, || proxy.halts() > 0);
        let read = ledger.status.read_position.load(Ordering::Relaxed);
        if read >= end {
            break;
        }
        let wanted = usize::try_from(read).unwrap() + AHEAD + 10;
        (written..wanted).for_each(|number| federation.events(ids(number, number + 1)));
        written = written.max(wanted);
        proxy.halt(Some(END_TXN));
    }
    let read = ledger.status.read_position.load(Ordering::Relaxed);
    assert!(usize::try_from(read).unwrap() + 10 < written, "the log is longer: {read}, {written}");
    assert!(ledger.status.caught_up.load(Ordering::Relaxed), "{read} entries are read, the log had {end}");
    proxy.halt(None);
    ledger.until_decided(written + 1);
    ledger.stop();
    federation.assert_right();
}
