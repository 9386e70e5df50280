//! Reads topics of ours, for commands that show or count what others read: committed records only, each topic's first
//! partition, assigned and never subscribed, so that no member of any group is disturbed.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::{BorrowedMessage, Message, Timestamp};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::client::{self, Context, Deliveries, Purpose};
use super::ends::{Ends, Met};
use super::{Stop, StopKind, classify, present, seen, tail};
use crate::config::Kafka;
use crate::telemetry::clock;

/// How long a reading to an end may go without a word of the broker before it counts as stuck.
const SILENCE_MAX: Duration = Duration::from_secs(30);
/// How long one look waits.
const LOOK: Duration = Duration::from_millis(100);
/// Offsets between which a place is read on to, not looked for any more.
const SEARCH_OFFSETS_MIN: i64 = 256;

/// What a follower meets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Followed {
    Record(Record),
    /// The end that one of the topics has now; later records may follow, and after them another end.
    End,
}

/// A record of a topic's first partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    pub topic: String,
    pub offset: i64,
    /// Milliseconds since 1970, and whose clock they are of; `None` where the record carries no time.
    pub time: Option<(i64, Clock)>,
    /// A tombstone has none.
    pub value: Option<Vec<u8>>,
}

/// Whose clock a record's time is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// `LogAppendTime`: nobody who writes can choose it.
    Broker,
    /// `CreateTime`: the writer's own.
    Writer,
}

/// A reader of the first partitions of some topics.
pub struct Follower {
    reader: BaseConsumer<Context>,
    heard: Instant,
    ends: Ends,
    /// The next thing to meet is such an end.
    at_end: bool,
    /// What was read beyond such an end.
    held: Option<Record>,
}

impl Follower {
    /// Starts at the beginning of each topic.
    ///
    /// # Errors
    /// The client cannot be made.
    pub fn from_start<'t>(kafka: &Kafka, topics: impl IntoIterator<Item = &'t str>) -> Result<Self, Stop> {
        let mut follower = Self::new(kafka, Purpose::Follower)?;
        follower.assign(topics.into_iter().map(|topic| (topic, Offset::Beginning)))?;
        Ok(follower)
    }

    /// A reader that stands nowhere yet. With a group it may keep a place there; it never becomes a member of it.
    ///
    /// # Errors
    /// The client cannot be made, or a topic is missing.
    pub fn connect(kafka: &Kafka, group: Option<&str>, topics: &[&str]) -> Result<Self, Stop> {
        let purpose = group.map_or(Purpose::Follower, |group| Purpose::Recipient { group });
        let follower = Self::new(kafka, purpose)?;
        for topic in topics {
            present(&follower.reader, topic)?;
        }
        Ok(follower)
    }

    fn new(kafka: &Kafka, purpose: Purpose<'_>) -> Result<Self, Stop> {
        let reader = client::config(kafka, purpose)
            .create_with_context(Context::new(Deliveries::FailedOnly))
            .map_err(|error| client::stop("a reader of Comity's topics", &error))?;
        Ok(Self { reader, heard: clock::instant(), ends: Ends::default(), at_end: false, held: None })
    }

    /// Whether a topic is there.
    ///
    /// # Errors
    /// Kafka does not answer, or does not let this client see the topic.
    pub fn has(&self, topic: &str) -> Result<bool, Stop> {
        Ok(seen(&self.reader, topic)?.is_some())
    }

    /// The first retained offset of a topic and the one behind its last.
    ///
    /// # Errors
    /// Kafka does not answer.
    pub fn ends(&self, topic: &str) -> Result<(i64, i64), Stop> {
        tail::ends(&self.reader, topic)
    }

    /// Stands before this offset of one topic, and nowhere else.
    ///
    /// # Errors
    /// The client refuses, or Kafka does not answer.
    pub fn start(&mut self, topic: &str, offset: i64) -> Result<(), Stop> {
        (self.at_end, self.held) = (false, None);
        self.ends = Ends::now(&self.reader, topic)?;
        self.assign([(topic, Offset::Offset(offset))].into_iter())
    }

    /// Stands before these offsets of several topics, to be followed by `next`.
    ///
    /// # Errors
    /// The client refuses.
    pub fn start_all(&mut self, places: &BTreeMap<String, i64>) -> Result<(), Stop> {
        (self.at_end, self.held) = (false, None);
        self.ends = Ends::default();
        self.assign(places.iter().map(|(topic, offset)| (topic.as_str(), Offset::Offset(*offset))))
    }

    fn assign<'t>(&mut self, places: impl Iterator<Item = (&'t str, Offset)>) -> Result<(), Stop> {
        let mut list = TopicPartitionList::new();
        for (topic, offset) in places {
            list.add_partition_offset(topic, 0, offset).map_err(|error| client::stop(topic, &error))?;
        }
        self.heard = clock::instant();
        self.reader.assign(&list).map_err(|error| client::stop("reading topics", &error))
    }

    /// The next record or end; `None` where nothing came in that time.
    ///
    /// # Errors
    /// Reading cannot go on.
    pub fn next(&mut self, time: Duration) -> Result<Option<Followed>, Stop> {
        if let Some(record) = self.held.take() {
            return Ok(Some(Followed::Record(record)));
        }
        match self.reader.poll(time) {
            None => Ok(None),
            Some(Ok(message)) => {
                self.heard = clock::instant();
                Ok(Some(Followed::Record(record(&message))))
            }
            Some(Err(KafkaError::PartitionEOF(_))) => {
                self.heard = clock::instant();
                Ok(Some(Followed::End))
            }
            Some(Err(error)) => classify::reading("followed topics", &error).map(|()| None),
        }
    }

    /// The next record or end, for a reading of one topic that must come to an end: the one that it had at the start.
    ///
    /// # Errors
    /// Reading cannot go on, or the broker has said nothing for half a minute.
    pub fn next_to_end(&mut self) -> Result<Followed, Stop> {
        if std::mem::take(&mut self.at_end) {
            return Ok(Followed::End);
        }
        loop {
            match self.next(LOOK)? {
                Some(Followed::Record(record)) => {
                    let met = self.ends.meet(&record.topic, record.offset);
                    if met == Met::Beyond {
                        self.held = Some(record);
                        return Ok(Followed::End);
                    }
                    self.at_end = met == Met::Last;
                    return Ok(Followed::Record(record));
                }
                Some(Followed::End) => return Ok(Followed::End),
                None => {}
            }
            if self.heard.elapsed() > SILENCE_MAX {
                let why = "Kafka has said nothing for half a minute";
                let help = "check that every broker runs; an open transaction of a dead ledger ends within a minute";
                return Err(Stop::new(StopKind::Unavailable, why, help));
            }
        }
    }

    /// The offset at which to start so that the first record with at least this number is met, where the numbers of a
    /// topic's records rise with their offsets. At most some hundred records before it are met too.
    ///
    /// # Errors
    /// Reading cannot go on.
    pub fn place_of(&mut self, topic: &str, wanted: i64, number: impl Fn(&[u8]) -> Option<i64>) -> Result<i64, Stop> {
        let (mut low, mut high) = self.ends(topic)?;
        while high - low > SEARCH_OFFSETS_MIN {
            let middle = low + (high - low) / 2;
            self.start(topic, middle)?;
            match self.next_to_end()? {
                Followed::Record(record)
                    if record.value.as_deref().and_then(&number).is_some_and(|found| found < wanted) =>
                {
                    low = record.offset + 1;
                }
                Followed::Record(_) | Followed::End => high = middle,
            }
        }
        Ok(low)
    }

    /// Where the group stands in a topic; `None` where it has never kept a place, or that place has left the topic.
    ///
    /// # Errors
    /// Kafka does not answer, or refuses.
    pub fn kept_place(&self, topic: &str) -> Result<Option<i64>, Stop> {
        let mut list = TopicPartitionList::new();
        list.add_partition(topic, 0);
        let kept = self
            .reader
            .committed_offsets(list, tail::ANSWER_TIMEOUT)
            .map_err(|error| client::stop("the group's place", &error))?;
        let (low, high) = self.ends(topic)?;
        Ok(kept.elements().iter().find_map(|element| {
            let Offset::Offset(offset) = element.offset() else { return None };
            (low..=high).contains(&offset).then_some(offset)
        }))
    }

    /// Keeps the offset of the next record as the group's place.
    ///
    /// # Errors
    /// Kafka does not answer, or the group has members.
    pub fn keep_place(&self, topic: &str, next: i64) -> Result<(), Stop> {
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(topic, 0, Offset::Offset(next))
            .and_then(|()| self.reader.commit(&list, CommitMode::Sync))
            .map_err(|error| client::stop("keeping the group's place", &error))
    }
}

fn record(message: &BorrowedMessage<'_>) -> Record {
    let time = match message.timestamp() {
        Timestamp::NotAvailable => None,
        Timestamp::CreateTime(millis) => Some((millis, Clock::Writer)),
        Timestamp::LogAppendTime(millis) => Some((millis, Clock::Broker)),
    };
    Record {
        topic: message.topic().to_owned(),
        offset: message.offset(),
        time,
        value: message.payload().map(<[u8]>::to_vec),
    }
}
