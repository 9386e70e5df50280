//! Whether a transaction hangs: readers of committed records must come past the ends that topics had when a fault ended,
//! within ten seconds of it.

use std::time::{Duration, Instant};

use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};

use crate::oracle::READERS;

/// After a fault a transaction may hold readers up that long.
const HANGING_MAX: Duration = Duration::from_secs(10);
const ANSWER_TIMEOUT: Duration = Duration::from_secs(20);

pub(crate) struct Hanging {
    /// Who is told where the last stable offset is, and who where the last one is.
    stable: BaseConsumer,
    all: BaseConsumer,
    topics: Vec<String>,
    ended: Instant,
    /// The ends that readers have not come past yet.
    open: Vec<(String, i64)>,
    found: Vec<String>,
}

impl Hanging {
    pub(crate) fn new(settings: &ClientConfig) -> Self {
        let asker = |isolation: &str| {
            let mut config = settings.clone();
            config.set("group.id", "judge").set("isolation.level", isolation).create().unwrap()
        };
        let outputs = READERS.iter().map(|reader| format!("comity.alerts.{reader}"));
        let topics = outputs.chain(["comity.rejects".to_owned(), "comity.state".to_owned()]).collect();
        let (stable, all) = (asker("read_committed"), asker("read_uncommitted"));
        Self { stable, all, topics, ended: Instant::now(), open: Vec::new(), found: Vec::new() }
    }

    /// A fault has ended now.
    pub(crate) fn fault_ended(&mut self) {
        self.ended = Instant::now();
        let ends = self.topics.iter().filter_map(|topic| Some((topic.clone(), end(&self.all, topic)?)));
        self.open = ends.collect();
    }

    /// True once readers have come past all ends, or one of them has taken longer than it may, which is noted.
    pub(crate) fn is_over(&mut self) -> bool {
        let stable = &self.stable;
        self.open.retain(|(topic, end_then)| end(stable, topic).is_none_or(|stable| stable < *end_then));
        let took = self.ended.elapsed();
        if let Some((topic, end_then)) = self.open.first().filter(|_| took > HANGING_MAX) {
            let found = format!("{topic} ended at {end_then} and could not be read so far {took:.1?} after a fault");
            println!("hanging: {found}");
            self.found.push(found);
            self.open.clear();
        }
        self.open.is_empty()
    }

    pub(crate) fn found(&mut self) -> Vec<String> {
        std::mem::take(&mut self.found)
    }
}

/// Where a topic ends for this consumer; `None` where the broker does not answer.
fn end(asker: &BaseConsumer, topic: &str) -> Option<i64> {
    asker.fetch_watermarks(topic, 0, ANSWER_TIMEOUT).ok().map(|(_, end)| end)
}
