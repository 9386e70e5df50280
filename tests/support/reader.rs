//! A reader that shares no code with Comity: a whole topic, committed records only, from its start to its end.

use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{Headers, Message};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

use super::broker::Broker;

/// One record as it stands in its topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Read {
    pub(crate) offset: i64,
    pub(crate) timestamp_ms: i64,
    pub(crate) key: Option<Vec<u8>>,
    pub(crate) value: Option<Vec<u8>>,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
}

/// Every committed record of the topic's first partition up to the end that it has now.
pub(crate) fn read_committed(broker: &Broker, topic: &str) -> Vec<Read> {
    read_with(broker.plain_config(), topic, "read_committed")
}

/// The same, of a broker that is known by its address alone.
pub(crate) fn read_committed_at(address: &str, topic: &str) -> Vec<Read> {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", address);
    read_with(config, topic, "read_committed")
}

/// Every record, those of aborted and open transactions among them.
pub(crate) fn read_uncommitted(broker: &Broker, topic: &str) -> Vec<Read> {
    read_with(broker.plain_config(), topic, "read_uncommitted")
}

/// Whether some transaction has no end yet in the topic's first partition: committed records then end before all do.
pub(crate) fn stands_open(broker: &Broker, topic: &str) -> bool {
    let end = |isolation: &str| end_of(broker.plain_config(), topic, isolation);
    end("read_committed") < end("read_uncommitted")
}

/// Where the topic's first partition ends for readers of this isolation level.
pub(crate) fn end_of(mut config: ClientConfig, topic: &str, isolation: &str) -> i64 {
    let consumer: BaseConsumer = config.set("isolation.level", isolation).create().unwrap();
    consumer.fetch_watermarks(topic, 0, Duration::from_secs(10)).unwrap().1
}

fn read_with(mut config: ClientConfig, topic: &str, isolation: &str) -> Vec<Read> {
    let consumer: BaseConsumer = config
        .set("group.id", "reader")
        .set("isolation.level", isolation)
        .set("enable.auto.commit", "false")
        .set("auto.offset.reset", "error")
        .set("enable.partition.eof", "true")
        .set("fetch.wait.max.ms", "20")
        .create()
        .unwrap();
    let mut partitions = TopicPartitionList::new();
    partitions.add_partition_offset(topic, 0, Offset::Beginning).unwrap();
    consumer.assign(&partitions).unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    let mut records = Vec::new();
    loop {
        assert!(Instant::now() < deadline, "{topic} has no end");
        match consumer.poll(Duration::from_millis(200)) {
            None => {}
            Some(Ok(message)) => records.push(Read {
                offset: message.offset(),
                timestamp_ms: message.timestamp().to_millis().unwrap(),
                key: message.key().map(<[u8]>::to_vec),
                value: message.payload().map(<[u8]>::to_vec),
                headers: message.headers().map_or_else(Vec::new, |headers| {
                    let owned = |header: rdkafka::message::Header<'_, &[u8]>| {
                        (header.key.to_owned(), header.value.unwrap_or_default().to_vec())
                    };
                    headers.iter().map(owned).collect()
                }),
            }),
            Some(Err(rdkafka::error::KafkaError::PartitionEOF(_))) => return records,
            Some(Err(error)) => panic!("{topic}: {error}"),
        }
    }
}
