//! A Kafka of lists: topics with markers, transactions that stay open, commit, abort or are ended late, and positions
//! of groups. Nothing here knows what Comity is.

use std::collections::BTreeMap;
use std::rc::Rc;

use comity::model::place::Millis;

/// What stands under an offset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) key: Option<String>,
    pub(crate) value: Option<Vec<u8>>,
    pub(crate) header: Option<[u8; 8]>,
}

impl Record {
    pub(crate) fn plain(value: Vec<u8>) -> Self {
        Self { key: None, value: Some(value), header: None }
    }
}

#[derive(Debug, Clone)]
struct Slot {
    /// `None` for a marker, or what compaction took away.
    record: Option<Rc<Record>>,
    stamped_at: Millis,
    transaction: Option<usize>,
}

/// A record that a reader gets.
#[derive(Debug, Clone)]
pub(crate) struct Read {
    pub(crate) offset: i64,
    pub(crate) stamped_at: Millis,
    pub(crate) record: Rc<Record>,
}

#[derive(Debug, Default)]
struct Topic {
    low: i64,
    slots: Vec<Slot>,
    /// Open transactions, and where each begins here.
    open: BTreeMap<usize, i64>,
}

impl Topic {
    fn high(&self) -> i64 {
        self.low + i64::try_from(self.slots.len()).expect("a short topic")
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    Open,
    Committed,
    Aborted,
}

/// What the coordinator knows of a transactional id.
#[derive(Debug, Default)]
struct Coordinator {
    epoch: u64,
    open: Option<usize>,
    /// A group's position that the open transaction commits.
    position: Option<(String, i64)>,
    /// The epoch of an EndTxn that is still under way.
    late: Option<u64>,
    /// True from a late EndTxn on, until a producer says for itself how its transaction ends.
    torn: bool,
}

/// Why a record of a transaction is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    Fenced,
}

#[derive(Debug, Default)]
pub(crate) struct Broker {
    pub(crate) now: Millis,
    topics: BTreeMap<String, Topic>,
    transactions: Vec<Ended>,
    coordinators: BTreeMap<String, Coordinator>,
    /// Positions that transactions committed, by group.
    pub(crate) positions: BTreeMap<String, i64>,
    /// Half of a transaction was committed since this was looked at.
    pub(crate) tore: bool,
    /// True where a producer that another has fenced may write on: a broken broker.
    pub(crate) never_fences: bool,
}

impl Broker {
    fn topic(&mut self, name: &str) -> &mut Topic {
        if !self.topics.contains_key(name) {
            self.topics.insert(name.to_owned(), Topic::default());
        }
        self.topics.get_mut(name).expect("just made")
    }

    /// Appends a record outside of any transaction.
    pub(crate) fn append(&mut self, topic: &str, record: Record) -> i64 {
        self.put(topic, Some(record), None)
    }

    fn put(&mut self, topic: &str, record: Option<Record>, transaction: Option<usize>) -> i64 {
        let stamped_at = self.now;
        let topic = self.topic(topic);
        let offset = topic.high();
        if let Some(open) = transaction.filter(|_| record.is_some()) {
            topic.open.entry(open).or_insert(offset);
        }
        topic.slots.push(Slot { record: record.map(Rc::new), stamped_at, transaction });
        offset
    }

    /// A producer under this id is initialised: what the one before left open is aborted, and it is fenced.
    pub(crate) fn init(&mut self, id: &str) -> u64 {
        self.close(id, Ended::Aborted);
        let coordinator = self.coordinators.entry(id.to_owned()).or_default();
        coordinator.late = None;
        coordinator.torn = false;
        coordinator.epoch += 1;
        coordinator.epoch
    }

    /// The coordinator gives an open transaction up, and fences its producer; `false` where none is open.
    pub(crate) fn time_out(&mut self, id: &str) -> bool {
        let open = self.coordinators.get(id).is_some_and(|known| known.open.is_some());
        if open {
            self.init(id);
        }
        open
    }

    fn fenced(&self, id: &str, epoch: u64) -> bool {
        !self.never_fences && self.coordinators.get(id).is_none_or(|known| known.epoch != epoch)
    }

    pub(crate) fn produce(&mut self, id: &str, epoch: u64, topic: &str, record: Record) -> Result<(), Refused> {
        if self.fenced(id, epoch) {
            return Err(Refused::Fenced);
        }
        let number = self.transactions.len();
        let coordinator = self.coordinators.entry(id.to_owned()).or_default();
        let open = *coordinator.open.get_or_insert(number);
        if open == number {
            self.transactions.push(Ended::Open);
        }
        self.put(topic, Some(record), Some(open));
        Ok(())
    }

    /// Ends a transaction, which also commits the position of a group.
    pub(crate) fn end(&mut self, id: &str, epoch: u64, commit: bool, position: (&str, i64)) -> Result<(), Refused> {
        if self.fenced(id, epoch) {
            return Err(Refused::Fenced);
        }
        let coordinator = self.coordinators.entry(id.to_owned()).or_default();
        coordinator.position = Some((position.0.to_owned(), position.1));
        coordinator.torn = false;
        self.close(id, if commit { Ended::Committed } else { Ended::Aborted });
        Ok(())
    }

    /// The EndTxn of this producer is still under way.
    pub(crate) fn delay_end(&mut self, id: &str, epoch: u64) {
        self.coordinators.entry(id.to_owned()).or_default().late = Some(epoch);
    }

    pub(crate) fn has_late_end(&self, id: &str) -> bool {
        self.coordinators.get(id).is_some_and(|known| known.late.is_some())
    }

    /// An EndTxn arrives at last: it commits whatever its producer has open by now. `true` where that was something.
    pub(crate) fn deliver_late_end(&mut self, id: &str) -> bool {
        let Some(coordinator) = self.coordinators.get_mut(id) else { return false };
        let arrives = coordinator.late.take() == Some(coordinator.epoch) && coordinator.open.is_some();
        if arrives {
            coordinator.torn = true;
            self.tore = true;
            self.close(id, Ended::Committed);
        }
        arrives
    }

    /// True while half of the producer's transaction is committed already.
    pub(crate) fn is_torn(&self, id: &str) -> bool {
        self.coordinators.get(id).is_some_and(|known| known.torn)
    }

    fn close(&mut self, id: &str, how: Ended) {
        let Some(coordinator) = self.coordinators.get_mut(id) else { return };
        let (position, open) = (coordinator.position.take(), coordinator.open.take());
        self.positions.extend(position.filter(|_| how == Ended::Committed));
        let Some(open) = open else { return };
        self.transactions[open] = how;
        let touched: Vec<String> = self
            .topics
            .iter()
            .filter(|(_, topic)| topic.open.contains_key(&open))
            .map(|(name, _)| name.clone())
            .collect();
        for name in touched {
            self.topic(&name).open.remove(&open);
            self.put(&name, None, Some(open));
        }
    }

    pub(crate) fn low(&self, topic: &str) -> i64 {
        self.topics.get(topic).map_or(0, |topic| topic.low)
    }

    /// The end of what is committed: no transaction that is open has a record before it.
    pub(crate) fn end_of(&self, topic: &str) -> i64 {
        let Some(topic) = self.topics.get(topic) else { return 0 };
        topic.open.values().copied().min().unwrap_or_else(|| topic.high())
    }

    /// Committed records from an offset on, at most so many.
    pub(crate) fn read(&self, topic: &str, from: i64, most: usize) -> Vec<Read> {
        self.read_to(topic, from, self.end_of(topic), most)
    }

    fn read_to(&self, name: &str, from: i64, end: i64, most: usize) -> Vec<Read> {
        let Some(topic) = self.topics.get(name) else { return Vec::new() };
        let first = usize::try_from(from.max(topic.low) - topic.low).expect("an offset");
        let end = usize::try_from(end - topic.low).expect("an offset");
        let slots = topic.slots.iter().enumerate().take(end).skip(first);
        let visible = slots.filter_map(|(place, slot)| {
            let counts = slot.transaction.is_none_or(|number| self.transactions[number] == Ended::Committed);
            let record = slot.record.as_ref().filter(|_| counts)?;
            let offset = topic.low + i64::try_from(place).expect("a short topic");
            Some(Read { offset, stamped_at: slot.stamped_at, record: Rc::clone(record) })
        });
        visible.take(most).collect()
    }

    /// How many committed records there are.
    pub(crate) fn count(&self, name: &str) -> usize {
        let Some(topic) = self.topics.get(name) else { return 0 };
        let end = usize::try_from(self.end_of(name) - topic.low).expect("an offset");
        let counts = |slot: &&Slot| {
            let committed = slot.transaction.is_none_or(|number| self.transactions[number] == Ended::Committed);
            committed && slot.record.is_some()
        };
        topic.slots[..end].iter().filter(counts).count()
    }

    /// Every committed record.
    pub(crate) fn all(&self, topic: &str) -> Vec<Read> {
        self.read(topic, 0, usize::MAX)
    }

    /// Compaction of what stands before an offset: of each key only the last record stays, committed ones alone count.
    pub(crate) fn compact(&mut self, name: &str, end: i64) {
        let end = end.min(self.end_of(name));
        let mut last: BTreeMap<String, i64> = BTreeMap::new();
        let all = self.read_to(name, 0, end, usize::MAX);
        for read in &all {
            last.insert(read.record.key.clone().expect("a key"), read.offset);
        }
        let topic = self.topic(name);
        for read in all.iter().filter(|read| last[read.record.key.as_ref().expect("a key")] != read.offset) {
            let place = usize::try_from(read.offset - topic.low).expect("an offset");
            topic.slots[place].record = None;
        }
    }

    /// Retention: what stands before an offset is gone.
    pub(crate) fn drop_before(&mut self, name: &str, offset: i64) {
        let end = self.end_of(name);
        let topic = self.topic(name);
        let gone = usize::try_from((offset.min(end) - topic.low).max(0)).expect("an offset");
        topic.slots.drain(..gone);
        topic.low += i64::try_from(gone).expect("an offset");
    }

    /// Everything that the topics hold, for a comparison byte for byte.
    pub(crate) fn dump(&self) -> String {
        format!("{:?} {:?} {:?}", self.topics, self.transactions, self.positions)
    }
}
