//! Batches that nobody can decode or that are larger than they look, and records at the bounds of what Kafka takes.

use std::io::{Read, Seek, SeekFrom, Write};
use std::time::Instant;

use comity::model::rejection::Reason;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};

use crate::intake::{CONTROL, LOG, Running, committed, row, rows, send, taken, wait_committed};
use crate::support::broker::{Broker, PATIENCE, needs_own_kafka, needs_real_kafka, wait_until};
use crate::support::reader::read_committed;

const TOPIC: &str = "comity.in.one";
const OTHER: &str = "comity.in.two";
const MIB: usize = 1024 * 1024;

/// A broker with two sources whose topics take batches of so many bytes.
fn broker(batch_bytes_max: usize) -> Broker {
    let broker = Broker::for_test();
    broker.create_topics(&[LOG, CONTROL], &[]);
    broker.create_topics(&[TOPIC, OTHER], &[("max.message.bytes", &batch_bytes_max.to_string())]);
    broker
}

/// Sends values as one batch, compressed so.
fn send_batch(broker: &Broker, codec: &str, values: impl IntoIterator<Item = Vec<u8>>) {
    let mut config = broker.plain_config();
    config.set("compression.codec", codec).set("message.max.bytes", "1000000000").set("linger.ms", "10000");
    config.set("batch.size", "1000000000").set("batch.num.messages", "1000000");
    let producer: BaseProducer = config.create().unwrap();
    for value in values {
        producer.send(BaseRecord::<(), [u8]>::to(TOPIC).partition(0).payload(&value)).map_err(|(e, _)| e).unwrap();
    }
    producer.flush(PATIENCE).unwrap();
}

/// Runs intake until both sources are read to these ends, and says what became of the first. It prints how long that
/// took, which is 2 to 10 s where nothing else runs: a partition should not stand still for more than 30 s.
fn read_on(broker: &Broker, end: i64, other: i64) -> Vec<(i64, String)> {
    let began = Instant::now();
    let running = Running::start(broker, &["one", "two"]);
    wait_until(&format!("{TOPIC} read to {end}"), PATIENCE, || committed(broker, TOPIC) == Some(end));
    println!("read on in {:?}", began.elapsed());
    wait_committed(broker, OTHER, other);
    running.end().unwrap();
    assert_eq!(taken(broker, OTHER).entries, rows("two", usize::try_from(other).unwrap()));
    let taken = taken(broker, TOPIC);
    assert_eq!((taken.sent_twice, taken.beyond_gap), (0, 0));
    taken.entries
}

fn gap(from: i64, to: i64) -> (i64, String) {
    (to - 1, format!("SourceGap from {from}"))
}

#[test]
fn batches_that_nobody_can_decode_are_passed_over_alone() {
    if needs_real_kafka("a batch of 12 MB and more breaks its fetch") {
        return;
    }
    let broker = broker(262_144);
    send(&broker, TOPIC, (0..3).map(row));
    // Zeros, small on the wire and larger than any answer that intake accepts; a good row between.
    let zeros = || vec![0; 12 * MIB];
    send_batch(&broker, "zstd", (0..25).map(|_| zeros()));
    send(&broker, TOPIC, [row(28)]);
    send_batch(&broker, "zstd", (0..3).map(|_| zeros()));
    send(&broker, TOPIC, [row(32)]);
    send(&broker, OTHER, (0..50).map(row));
    let entries = read_on(&broker, 33, 50);
    assert_eq!(entries[..3], rows("one", 3));
    let good = |number: i64| (number, format!("one/N{number}"));
    assert_eq!(entries[3..], [gap(3, 28), good(28), gap(29, 32), good(32)]);
}

/// Gzip says nothing of how large its content is, and the client library expands it whole.
#[test]
fn a_batch_that_grows_to_300_mib_is_refused_record_by_record() {
    if needs_real_kafka("a batch of 12 MB and more breaks its fetch") {
        return;
    }
    let broker = broker(400_000);
    send_batch(&broker, "gzip", (0..25).map(|_| vec![0; 12 * MIB]));
    send(&broker, TOPIC, [row(25)]);
    send(&broker, OTHER, (0..50).map(row));
    let entries = read_on(&broker, 26, 50);
    let refused = (0..25).map(|offset| (offset, format!("{:?} from {offset}", Reason::TooLarge)));
    assert_eq!(entries[..25], refused.collect::<Vec<_>>());
    assert_eq!(entries[25..], [(25, "one/N25".to_owned())]);
}

#[test]
fn a_batch_of_many_records_that_nobody_can_decode_is_passed_over_in_time() {
    if needs_real_kafka("it checks no sums") {
        return;
    }
    let broker = broker(262_144);
    send(&broker, TOPIC, [row(0)]);
    let filler = |number: usize| format!("N{number},{},2024-01-31", "Maple ".repeat(700)).into_bytes();
    send_batch(&broker, "zstd", (0..3_000).map(filler));
    send(&broker, TOPIC, [row(3_001)]);
    send(&broker, OTHER, (0..50).map(row));
    let entries = read_on(&broker, 3_002, 50);
    assert_eq!(entries, [(0, "one/N0".to_owned()), gap(1, 3_001), (3_001, "one/N3001".to_owned())]);
}

/// A bit of the disk flips: the sum of the batch does not hold any more.
#[test]
fn a_batch_whose_bytes_changed_on_the_disk_is_passed_over_alone() {
    if needs_own_kafka("the test writes into its broker's files") {
        return;
    }
    let mut broker = broker(262_144);
    for batch in 0..4 {
        send_batch(&broker, "none", (batch * 500..(batch + 1) * 500).map(row));
    }
    send(&broker, OTHER, (0..50).map(row));
    flip_last_bit(&broker.maven().segment(TOPIC), 1);
    flip_last_bit(&broker.maven().segment(TOPIC), 3);
    send_batch(&broker, "none", (2_000..2_001).map(row));
    let entries = read_on(&broker, 2_001, 50);
    let mut expected = rows("one", 2_001);
    expected.splice(1_500..2_000, [gap(1_500, 2_000)]);
    expected.splice(500..1_000, [gap(500, 1_000)]);
    assert_eq!(entries, expected);
}

/// Changes the last byte of one batch of a segment: each is its first offset, the length of what follows, and that.
fn flip_last_bit(segment: &std::path::Path, batch: usize) {
    let mut file = std::fs::File::options().read(true).write(true).open(segment).unwrap();
    let mut start = 0;
    for number in 0..=batch {
        let mut head = [0; 12];
        file.seek(SeekFrom::Start(start)).unwrap();
        file.read_exact(&mut head).unwrap();
        let end = start + 12 + u64::from(u32::from_be_bytes(head[8..].try_into().unwrap()));
        if number == batch {
            let mut last = [0];
            file.seek(SeekFrom::Start(end - 1)).unwrap();
            file.read_exact(&mut last).unwrap();
            file.seek(SeekFrom::Start(end - 1)).unwrap();
            file.write_all(&[last[0] ^ 1]).unwrap();
        }
        start = end;
    }
}

/// A key means nothing to intake, however large it is, and nothing at all is a record that is refused.
#[test]
fn keys_of_a_mebibyte_and_records_of_nothing_stop_nothing() {
    let broker = broker(2 * MIB);
    let mut config = broker.plain_config();
    config.set("message.max.bytes", "3000000").set("enable.idempotence", "true");
    let producer: BaseProducer = config.create().unwrap();
    let key = vec![b'k'; MIB];
    let zeros = vec![0; MIB];
    let to = || BaseRecord::<[u8], [u8]>::to(TOPIC).partition(0);
    let values = [row(0), row(1)];
    let records = [
        to().key(&key).payload(&values[0]),
        to(),
        to().key(&key),
        to().key(&[]).payload(&[]),
        to().key(&[]).payload(&values[1]),
        to().key(&key).payload(&zeros[..900_000]),
    ];
    for record in records {
        producer.send(record).map_err(|(error, _)| error).unwrap();
    }
    producer.flush(PATIENCE).unwrap();
    send(&broker, OTHER, (0..50).map(row));
    let entries = read_on(&broker, 6, 50);
    let what: Vec<&str> = entries.iter().map(|(_, what)| what.as_str()).collect();
    let expected = ["one/N0", "NoValue from 1", "NoValue from 2", "Malformed from 3", "one/N1", "TooLarge from 5"];
    assert_eq!(what, expected);
    // Nothing of a key or of what is too large goes into the log.
    let largest = read_committed(&broker, LOG).iter().map(|read| read.value.as_ref().unwrap().len()).max().unwrap();
    assert!(largest < 10_000, "an entry of {largest} bytes");
}
