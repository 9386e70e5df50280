//! Recipients that read committed records while the faults happen; now and then one is slow, or away.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Scope, ScopedJoinHandle, sleep};
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
    pause: Arc<Mutex<Option<Pause>>>,
    reader: ScopedJoinHandle<'scope, Seen>,
}

/// For how long it reads nothing, and whether its connections end meanwhile.
type Pause = (Duration, bool);

impl<'scope> Watch<'scope> {
    pub(crate) fn start(
        settings: &'scope ClientConfig,
        stop: &'scope AtomicBool,
        scope: &'scope Scope<'scope, '_>,
    ) -> Self {
        let (count, pause) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(None)));
        let (counted, paused) = (Arc::clone(&count), Arc::clone(&pause));
        Self { count, pause, reader: scope.spawn(move || read(settings, stop, &counted, &paused)) }
    }

    /// How many alerts all recipients together have been shown.
    pub(crate) fn count(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// Reads nothing for a while; one that goes away comes back where it stood.
    pub(crate) fn pause(&self, time: Duration, away: bool) {
        *self.pause.lock().unwrap_or_else(PoisonError::into_inner) = Some((time, away));
    }

    pub(crate) fn end(self) -> Seen {
        self.reader.join().unwrap()
    }
}

fn read(settings: &ClientConfig, stop: &AtomicBool, count: &AtomicUsize, pause: &Mutex<Option<Pause>>) -> Seen {
    let mut seen = Seen::new();
    let mut consumer = consumer(settings, &seen);
    while !stop.load(Ordering::Relaxed) {
        let paused = pause.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some((time, away)) = paused {
            if away {
                drop(consumer);
                sleep(time);
                consumer = self::consumer(settings, &seen);
            } else {
                sleep(time);
            }
        }
        // Errors are those of a broker that is away.
        if let Some(Ok(message)) = consumer.poll(Duration::from_millis(50)) {
            let shown = (message.offset(), message.payload().unwrap().to_vec());
            seen.entry(message.topic().to_owned()).or_default().push(shown);
            count.fetch_add(1, Ordering::Relaxed);
        }
    }
    seen
}

/// A consumer that reads on behind what was seen.
fn consumer(settings: &ClientConfig, seen: &Seen) -> BaseConsumer {
    let mut config = settings.clone();
    config.set("group.id", "watch").set("isolation.level", "read_committed");
    config.set("enable.auto.commit", "false").set("auto.offset.reset", "error");
    let consumer: BaseConsumer = config.create().unwrap();
    let mut partitions = TopicPartitionList::new();
    for topic in MEMBERS.map(topic) {
        let last = seen.get(&topic).and_then(|seen| seen.last());
        let next = last.map_or(Offset::Beginning, |(last, _)| Offset::Offset(last + 1));
        partitions.add_partition_offset(&topic, 0, next).unwrap();
    }
    consumer.assign(&partitions).unwrap();
    consumer
}

pub(crate) fn topic(member: &str) -> String {
    format!("comity.alerts.{member}")
}
