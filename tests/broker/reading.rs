//! Reading a topic to its end while others write it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use comity::kafka::follow::{Followed, Follower};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};

use crate::intake::PATIENCE;
use crate::support::broker::{Broker, wait_until};

const TOPIC: &str = "comity.try";

/// Writes a record a millisecond, so that whoever asks for more always gets it.
fn write_all_the_time(broker: &Broker, stop: &AtomicBool) {
    let producer: BaseProducer = broker.plain_config().set("linger.ms", "0").create().unwrap();
    while !stop.load(Ordering::Relaxed) {
        producer.send(BaseRecord::<(), [u8]>::to(TOPIC).payload(&b"record"[..])).map_err(|(error, _)| error).unwrap();
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
        let writer = scope.spawn(|| write_all_the_time(&broker, &stop));
        let mut follower = Follower::connect(&broker.settings(), None, &[TOPIC]).unwrap();
        wait_until("it is written", PATIENCE, || follower.ends(TOPIC).unwrap().1 > 100);
        let (_, before) = follower.ends(TOPIC).unwrap();
        follower.start(&BTreeMap::from([(TOPIC.to_owned(), 0)])).unwrap();
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
