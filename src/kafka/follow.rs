//! Reads topics of ours from their start, for commands that show or count what others read: committed records only.

use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::Message;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::client::{self, Context};
use super::{Stop, classify, tail};
use crate::config::Kafka;

/// What a follower meets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Followed {
    Record {
        topic: String,
        /// A tombstone has none.
        value: Option<Vec<u8>>,
    },
    /// The end that one of the topics has now; later records may follow, and after them another end.
    End,
}

/// A reader of the first partitions of some topics.
pub struct Follower {
    reader: BaseConsumer<Context>,
}

impl Follower {
    /// Starts at the beginning of each topic.
    ///
    /// # Errors
    /// The client cannot be made.
    pub fn from_start<'t>(kafka: &Kafka, topics: impl IntoIterator<Item = &'t str>) -> Result<Self, Stop> {
        let reader = tail::reader(kafka)?;
        let mut list = TopicPartitionList::new();
        for topic in topics {
            list.add_partition_offset(topic, 0, Offset::Beginning).map_err(|error| client::stop(topic, &error))?;
        }
        reader.assign(&list).map_err(|error| client::stop("following topics", &error))?;
        Ok(Self { reader })
    }

    /// The next record or end; `None` where nothing came in that time.
    ///
    /// # Errors
    /// Reading cannot go on.
    pub fn next(&self, time: Duration) -> Result<Option<Followed>, Stop> {
        match self.reader.poll(time) {
            None => Ok(None),
            Some(Ok(message)) => Ok(Some(Followed::Record {
                topic: message.topic().to_owned(),
                value: message.payload().map(<[u8]>::to_vec),
            })),
            Some(Err(KafkaError::PartitionEOF(_))) => Ok(Some(Followed::End)),
            Some(Err(error)) => classify::reading("followed topics", &error).map(|()| None),
        }
    }
}
