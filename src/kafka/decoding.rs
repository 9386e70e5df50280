//! Decodes what a restore reads on threads beside the ledger's own, which takes the portions before meanwhile.

use std::collections::VecDeque;
use std::ops::Range;
use std::thread::{JoinHandle, spawn};

use rdkafka::message::{BorrowedMessage, Message};

use super::{Stop, StopKind, names, tail};
use crate::schema::state::StateRecord;

/// Fewer records than these are decoded at once: no thread is worth its start.
const ASIDE_RECORDS_MIN: usize = 250;
/// Portions that may be under way.
const UNDER_WAY_MAX: usize = 2;

/// Records of `comity.state` as they were read, one behind the other.
#[derive(Debug, Default)]
pub(super) struct Portion {
    bytes: Vec<u8>,
    records: Vec<Raw>,
}

/// Where the parts of one record are among the bytes.
#[derive(Debug)]
struct Raw {
    offset: i64,
    key: Range<usize>,
    value: Option<Range<usize>>,
    header: Option<Range<usize>>,
}

impl Portion {
    /// Adds one record.
    pub(super) fn push(&mut self, message: &BorrowedMessage<'_>) {
        let key = message.key().unwrap_or_default();
        self.push_parts(message.offset(), key, message.payload(), tail::transaction_header(message));
    }

    fn push_parts(&mut self, offset: i64, key: &[u8], value: Option<&[u8]>, header: Option<&[u8]>) {
        let mut put = |part: &[u8]| {
            let start = self.bytes.len();
            self.bytes.extend_from_slice(part);
            start..self.bytes.len()
        };
        let key = put(key);
        let (value, header) = (value.map(&mut put), header.map(&mut put));
        self.records.push(Raw { offset, key, value, header });
    }

    /// How many records it has.
    pub(super) fn len(&self) -> usize {
        self.records.len()
    }

    /// What the records say.
    ///
    /// # Errors
    /// A record that Comity did not write.
    pub(super) fn decode(&self) -> Result<Vec<StateRecord>, Stop> {
        let part = |range: &Range<usize>| self.bytes.get(range.clone()).unwrap_or_default();
        let decoded = self.records.iter().map(|raw| {
            let (value, header) = (raw.value.as_ref().map(part), raw.header.as_ref().map(part));
            tail::decoded(raw.offset, part(&raw.key), value, header)
        });
        decoded.collect()
    }
}

/// Portions in their order, each decoded by a thread of its own.
#[derive(Debug, Default)]
pub(super) struct Decoding(VecDeque<JoinHandle<Result<Vec<StateRecord>, Stop>>>);

impl Decoding {
    /// True while a portion is under way.
    pub(super) fn is_under_way(&self) -> bool {
        !self.0.is_empty()
    }

    /// Takes the next portion, and gives what is decoded by then: all of it, unless more is to `follow` soon.
    ///
    /// # Errors
    /// A record that Comity did not write.
    pub(super) fn take(&mut self, portion: Portion, follow: bool) -> Result<Vec<StateRecord>, Stop> {
        let aside = follow && portion.len() >= ASIDE_RECORDS_MIN;
        let under_way_max = if aside { UNDER_WAY_MAX - 1 } else { 0 };
        let mut records = Vec::new();
        while self.0.len() > under_way_max || self.0.front().is_some_and(JoinHandle::is_finished) {
            records.extend(self.next()?);
        }
        if aside {
            self.0.push_back(spawn(move || portion.decode()));
        } else {
            records.extend(portion.decode()?);
        }
        Ok(records)
    }

    /// The first portion that is under way, once it is decoded.
    fn next(&mut self) -> Result<Vec<StateRecord>, Stop> {
        match self.0.pop_front().map(JoinHandle::join) {
            None => Ok(Vec::new()),
            Some(Ok(records)) => records,
            Some(Err(_)) => {
                let why = format!("{} could not be decoded", names::STATE);
                Err(Stop::new(StopKind::Data, why, "look for what the log says of a panic"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::state::{Key, SourceState, Value};
    use crate::schema::state::{StateEntry, encode_header, encode_key, encode_record, encode_value};

    /// Every third record is a tombstone.
    fn record(number: i64) -> StateRecord {
        let key = Key::Source("comity.in.one".into(), i32::try_from(number).unwrap());
        let value = (number % 3 != 0).then(|| Value::Source(SourceState { position: number, gap_since: None }));
        StateRecord::Entry { transaction: number, entry: StateEntry::new(key, value) }
    }

    fn portion(numbers: Range<i64>) -> Portion {
        let mut portion = Portion::default();
        for number in numbers {
            let StateRecord::Entry { transaction, entry } = record(number) else { unreachable!("an entry") };
            let value = entry.value.map(|value| encode_record(transaction, &encode_value(&value)));
            let header = value.is_none().then(|| encode_header(transaction));
            let key = encode_key(&entry.key);
            portion.push_parts(number, key.as_bytes(), value.as_deref(), header.as_ref().map(<[u8; 8]>::as_slice));
        }
        portion
    }

    #[test]
    fn portions_come_whole_and_in_their_order_whatever_their_size() {
        let large = i64::try_from(ASIDE_RECORDS_MIN).unwrap() * 20;
        let (mut decoding, mut read, mut next) = (Decoding::default(), Vec::new(), 0);
        for size in [large, large, large, large, 1, 0, large, 7, large] {
            read.extend(decoding.take(portion(next..next + size), true).unwrap());
            next += size;
        }
        assert!(decoding.is_under_way(), "the last one was taken on");
        read.extend(decoding.take(portion(next..next + large), false).unwrap());
        assert!(!decoding.is_under_way(), "nothing follows, so all of it is there");
        assert_eq!(read, (0..next + large).map(record).collect::<Vec<_>>());
    }

    #[test]
    fn a_record_that_comity_did_not_write_is_named_by_its_offset() {
        let (mut decoding, count) = (Decoding::default(), i64::try_from(ASIDE_RECORDS_MIN).unwrap());
        let mut foreign = portion(0..count);
        foreign.push_parts(count, b"someone/else", Some(b"{}"), None);
        assert!(decoding.take(foreign, true).unwrap().is_empty());
        let stop = decoding.take(Portion::default(), false).unwrap_err();
        assert!(stop.to_string().contains(&format!("at offset {count}")), "{stop}");
    }
}
