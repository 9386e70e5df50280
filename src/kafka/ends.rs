//! Where a reading ends: at the offset that its topic had when it began. A topic that is written to all the time has a
//! next record whenever the broker is asked, so that its client never meets another end.

use std::collections::BTreeMap;

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::topic_partition_list::Offset;

use super::client::{self, Context};
use super::{Stop, tail};

/// The ends that the first partitions of some topics had, as long as they are not met. For readers of committed records
/// they are where a transaction ends.
#[derive(Debug, Default)]
pub(super) struct Ends {
    open: BTreeMap<String, i64>,
    /// How many there were.
    topics: usize,
}

/// Where a record stands to the end of its topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Met {
    Before,
    /// The last one before it.
    Last,
    /// The first one behind it: what stood last is a marker, or compaction took it.
    Beyond,
    /// The end was met before, or there is none.
    Later,
}

impl Met {
    /// True where the end is met with this record.
    pub(super) fn ends(self) -> bool {
        matches!(self, Self::Last | Self::Beyond)
    }

    /// True where the record is one of those that were there at the beginning.
    pub(super) fn belongs(self) -> bool {
        matches!(self, Self::Before | Self::Last)
    }
}

impl Ends {
    /// These ends, each with its topic.
    pub(super) fn of(ends: impl IntoIterator<Item = (String, i64)>) -> Self {
        let open: BTreeMap<_, _> = ends.into_iter().collect();
        Self { topics: open.len(), open }
    }

    /// The end that one topic has now.
    pub(super) fn now(reader: &BaseConsumer<Context>, topic: &str) -> Result<Self, Stop> {
        let (_, end) = tail::ends(reader, topic)?;
        Ok(Self::of([(topic.to_owned(), end)]))
    }

    /// True once every end is met.
    pub(super) fn all_met(&self) -> bool {
        self.open.is_empty()
    }

    /// The topics whose ends are not met yet.
    pub(super) fn open(&self) -> impl Iterator<Item = (&String, i64)> {
        self.open.iter().map(|(topic, end)| (topic, *end))
    }

    /// Takes note of a record.
    pub(super) fn meet(&mut self, topic: &str, offset: i64) -> Met {
        let Some(end) = self.open.get(topic).copied() else { return Met::Later };
        if offset + 1 < end {
            return Met::Before;
        }
        self.open.remove(topic);
        if offset < end { Met::Last } else { Met::Beyond }
    }

    /// The client has met the end that one of the topics has now, which is not before the one that it had, and does not
    /// say which: the reader's positions do. They stand behind markers too, but not behind records that compaction has
    /// taken. `false` where they name none whose end was not met.
    pub(super) fn meet_end(&mut self, reader: &BaseConsumer<Context>) -> Result<bool, Stop> {
        let open = self.open.len();
        if self.topics == 1 {
            self.open.clear();
            return Ok(open > 0);
        }
        let positions = reader.position().map_err(|error| client::stop("where a reader stands", &error))?;
        for element in positions.elements() {
            if let Offset::Offset(next) = element.offset()
                && self.open.get(element.topic()).is_some_and(|end| next >= *end)
            {
                self.open.remove(element.topic());
            }
        }
        Ok(self.open.len() < open)
    }
}

#[cfg(test)]
mod tests {
    use super::{Ends, Met};

    #[test]
    fn an_end_is_met_once_by_the_last_record_before_it_or_the_first_behind() {
        let mut ends = Ends::of([("one".to_owned(), 4), ("two".to_owned(), 4)]);
        assert_eq!([2, 3, 4].map(|offset| ends.meet("one", offset)), [Met::Before, Met::Last, Met::Later]);
        assert!(!ends.all_met());
        assert_eq!([2, 6, 7].map(|offset| ends.meet("two", offset)), [Met::Before, Met::Beyond, Met::Later]);
        assert!(ends.all_met());
        assert_eq!(ends.meet("three", 0), Met::Later);
    }
}
