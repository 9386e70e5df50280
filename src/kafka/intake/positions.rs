//! Where the group stands with sources, and where it has no position, the ledger. Kafka deletes a group's positions
//! together with their topic, and forgets them after a time; the ledger never does, and drops what it has taken already.

use std::collections::BTreeMap;

use rdkafka::message::Message;
use rdkafka::topic_partition_list::Offset;

use crate::config::Kafka;
use crate::kafka::client::TopicPartition;
use crate::kafka::tail::{self, Places};
use crate::kafka::{Stop, names, seen};
use crate::model::state::{Key, Value};
use crate::run::intake::Position;
use crate::schema::state::{CHECKPOINT_KEY, StateEntry, StateRecord, encode_key};

/// What stands before `Position::from` in the metadata of a committed position.
const FROM_WORD: &str = "from ";

/// A committed position; one that somebody else has set says by its metadata no other place to stand from.
pub(super) fn committed(offset: Offset, metadata: &str) -> Option<Position> {
    let Offset::Offset(offset) = offset else { return None };
    let from = metadata.strip_prefix(FROM_WORD).and_then(|from| from.parse().ok());
    let from = from.filter(|from| (0..=offset).contains(from)).unwrap_or(offset);
    Some(Position { offset, from })
}

/// The metadata of a position that is committed.
pub(super) fn metadata(position: Position) -> String {
    format!("{FROM_WORD}{}", position.from)
}

/// The ledger's position of each of these sources by its last `Checkpoint`; a source that it never took anything from is
/// not among them. All of `comity.state` is read for it, as by a restore, but next to nothing is decoded.
///
/// # Errors
/// Kafka does not answer, or this client may not read the topic.
pub(super) fn by_ledger(kafka: &Kafka, sources: &[TopicPartition]) -> Result<BTreeMap<TopicPartition, i64>, Stop> {
    let reader = tail::reader(kafka)?;
    if seen(&reader, names::STATE)?.is_none() {
        // No ledger has ever run.
        return Ok(BTreeMap::new());
    }
    let keys: BTreeMap<String, &TopicPartition> =
        sources.iter().map(|source| (encode_key(&Key::Source(source.0.as_str().into(), source.1)), source)).collect();
    let (mut settled, mut open) = (BTreeMap::new(), BTreeMap::new());
    let (low, high) = tail::ends(&reader, names::STATE)?;
    tail::read_to_end(&reader, &Places::from([(names::STATE.to_owned(), low..high)]), |message| {
        let Some(key) = message.key().and_then(|key| std::str::from_utf8(key).ok()) else { return Ok(()) };
        if key == CHECKPOINT_KEY {
            settled.append(&mut open);
        } else if let Some(source) = keys.get(key)
            && let Some(position) = position(tail::state_record(message)?)
        {
            // What no `Checkpoint` follows may be of a torn transaction, and counts for nothing.
            open.insert((*source).clone(), position);
        }
        Ok(())
    })?;
    Ok(settled)
}

fn position(record: StateRecord) -> Option<i64> {
    match record {
        StateRecord::Entry { entry: StateEntry { value: Some(Value::Source(state)), .. }, .. } => Some(state.position),
        StateRecord::Entry { .. } | StateRecord::Checkpoint(_) => None,
    }
}
