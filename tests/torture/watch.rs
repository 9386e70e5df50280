//! Recipients that read committed records while the faults happen.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{Scope, ScopedJoinHandle};
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::Message;
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

use crate::support::load::MEMBERS;

/// What a recipient was shown, in order: offsets and values.
pub(crate) type Seen = BTreeMap<String, Vec<(i64, Vec<u8>)>>;

/// A reader of every recipient's topic.
pub(crate) struct Watch<'scope> {
    count: Arc<AtomicUsize>,
    reader: ScopedJoinHandle<'scope, Seen>,
}

impl<'scope> Watch<'scope> {
    pub(crate) fn start(
        settings: &'scope ClientConfig,
        stop: &'scope AtomicBool,
        scope: &'scope Scope<'scope, '_>,
    ) -> Self {
        let count = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&count);
        Self { count, reader: scope.spawn(move || read(settings, stop, &counted)) }
    }

    /// How many alerts all recipients together have been shown.
    pub(crate) fn count(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    pub(crate) fn end(self) -> Seen {
        self.reader.join().unwrap()
    }
}

fn read(settings: &ClientConfig, stop: &AtomicBool, count: &AtomicUsize) -> Seen {
    let mut config = settings.clone();
    config.set("group.id", "watch").set("isolation.level", "read_committed");
    config.set("enable.auto.commit", "false").set("auto.offset.reset", "error");
    let consumer: BaseConsumer = config.create().unwrap();
    let mut partitions = TopicPartitionList::new();
    for member in MEMBERS {
        partitions.add_partition_offset(&topic(member), 0, Offset::Beginning).unwrap();
    }
    consumer.assign(&partitions).unwrap();
    let mut seen = Seen::new();
    while !stop.load(Ordering::Relaxed) {
        // Errors are those of a broker that is away.
        if let Some(Ok(message)) = consumer.poll(Duration::from_millis(50)) {
            let shown = (message.offset(), message.payload().unwrap().to_vec());
            seen.entry(message.topic().to_owned()).or_default().push(shown);
            count.fetch_add(1, Ordering::Relaxed);
        }
    }
    seen
}

pub(crate) fn topic(member: &str) -> String {
    format!("comity.alerts.{member}")
}
