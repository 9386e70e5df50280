//! Whether there is nothing left to do, for `comity run --exit-when-idle`.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::client::{self, Context, Deliveries, Purpose};
use super::status::{IntakeStatus, LedgerStatus};
use super::{Stop, names, tail};
use crate::config::Kafka;
use crate::telemetry::clock;

/// Looks at positions from outside, as a lag tool does.
pub struct IdleWatch {
    reader: BaseConsumer<Context>,
    /// The topics that intake reads, each with its platform.
    topics: Vec<(String, String)>,
    intake: Arc<IntakeStatus>,
    ledger: Arc<LedgerStatus>,
    wanted: Duration,
    /// Since when everything stands still, with the count of entries that were no ticks.
    since: Option<(Instant, u64)>,
}

impl IdleWatch {
    /// A watch over these topics, each with its platform.
    ///
    /// # Errors
    /// The client cannot be made.
    pub fn new(
        kafka: &Kafka,
        federation: &str,
        topics: Vec<(String, String)>,
        statuses: (Arc<IntakeStatus>, Arc<LedgerStatus>),
        wanted: Duration,
    ) -> Result<Self, Stop> {
        // It asks for the group's positions and never joins it; what an open transaction holds is still to come.
        let group = names::intake_group(federation);
        let reader = client::config(kafka, Purpose::Follower)
            .set("group.id", &group)
            .set("isolation.level", "read_uncommitted")
            .create_with_context(Context::new(Deliveries::FailedOnly))
            .map_err(|error| client::stop("watching positions", &error))?;
        Ok(Self { reader, topics, intake: statuses.0, ledger: statuses.1, wanted, since: None })
    }

    /// True once nothing has been left to do for the whole time that was wanted.
    pub fn look(&mut self) -> bool {
        let entries = self.ledger.entries_but_ticks.load(Ordering::Relaxed);
        // A broker that does not answer leaves the question open, which is not idle.
        if !self.quiet().unwrap_or(false) {
            self.since = None;
            return false;
        }
        match self.since {
            Some((since, before)) if before == entries => since.elapsed() >= self.wanted,
            Some(_) | None => {
                self.since = Some((clock::instant(), entries));
                false
            }
        }
    }

    fn quiet(&self) -> Result<bool, Stop> {
        let busy = self.intake.in_flight.load(Ordering::Relaxed) > 0
            || self.ledger.work_due.load(Ordering::Relaxed) > 0
            || self.ledger.open_but_ticks.load(Ordering::Relaxed) > 0
            || !self.ledger.owner.load(Ordering::Relaxed)
            || !self.ledger.caught_up.load(Ordering::Relaxed);
        if busy || !self.sources_are_read()? {
            return Ok(false);
        }
        // Entries that are delivered but not yet read by the ledger are no ticks only if intake has just delivered
        // them, and then the positions of its sources have just moved: the wait that follows sees them decided.
        let (_, log_end) = tail::ends(&self.reader, names::LOG)?;
        Ok(log_end.saturating_sub(self.ledger.read_position.load(Ordering::Relaxed)) <= 1)
    }

    /// True where the committed position of every partition is its end; of a paused platform nothing more will come.
    fn sources_are_read(&self) -> Result<bool, Stop> {
        let mut list = TopicPartitionList::new();
        let is_paused =
            |platform: &str| self.intake.platform(platform).is_some_and(|status| status.paused.load(Ordering::Relaxed));
        for (topic, _) in self.topics.iter().filter(|(_, platform)| !is_paused(platform)) {
            for partition in 0..super::partitions(&self.reader, topic)? {
                list.add_partition(topic, i32::try_from(partition).unwrap_or(i32::MAX));
            }
        }
        let committed = self
            .reader
            .committed_offsets(list, tail::ANSWER_TIMEOUT)
            .map_err(|error| client::stop("intake's committed positions", &error))?;
        for element in committed.elements() {
            let (topic, partition) = (element.topic(), element.partition());
            let (_, high) = self
                .reader
                .fetch_watermarks(topic, partition, tail::ANSWER_TIMEOUT)
                .map_err(|error| client::stop(&format!("the ends of {topic}"), &error))?;
            let position = if let Offset::Offset(position) = element.offset() { position } else { 0 };
            if position < high {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
