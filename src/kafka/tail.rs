//! Reads topics of our own from a place to their end: the state, and the published records beyond a `Checkpoint`.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::{BorrowedMessage, Headers, Message};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::client::{self, Context, Deliveries, Purpose};
use super::sink::TRANSACTION_HEADER;
use super::{Stop, StopKind, classify, names};
use crate::config::Kafka;
use crate::encode;
use crate::model::decision::Output;
use crate::model::place::Jurisdiction;
use crate::model::state::{Checkpoint, Key};
use crate::run::ledger::OutputTails;
use crate::schema::state::{StateRecord, decode_record};
use crate::telemetry::clock;

/// How long the broker may take to answer a question.
pub(super) const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a whole reading may go without a record before it counts as stuck.
const SILENCE_MAX: Duration = Duration::from_secs(60);
/// Offsets of a topic's end that are read at first; markers of transactions take offsets too.
const TAIL_OFFSETS: i64 = 64;
/// How many times as many are read where these do not reach back far enough.
const TAIL_GROWTH: i64 = 16;

/// A reader that assigns itself.
pub(super) fn reader(kafka: &Kafka) -> Result<BaseConsumer<Context>, Stop> {
    client::config(kafka, Purpose::Follower)
        .create_with_context(Context::new(Deliveries::FailedOnly))
        .map_err(|error| client::stop("a reader of Comity's own topics", &error))
}

/// The first and the end offset of partition 0.
pub(super) fn ends(reader: &BaseConsumer<Context>, topic: &str) -> Result<(i64, i64), Stop> {
    reader
        .fetch_watermarks(topic, 0, ANSWER_TIMEOUT)
        .map_err(|error| client::stop(&format!("the ends of {topic}"), &error))
}

/// Starts one topic's partition 0 at an offset.
pub(super) fn start(reader: &BaseConsumer<Context>, topic: &str, offset: Offset) -> Result<(), Stop> {
    let mut list = TopicPartitionList::new();
    list.add_partition_offset(topic, 0, offset)
        .and_then(|()| reader.assign(&list))
        .map_err(|error| client::stop(&format!("reading {topic}"), &error))
}

/// One record of `comity.state`.
pub(super) fn state_record(message: &BorrowedMessage<'_>) -> Result<StateRecord, Stop> {
    let header = message.headers().and_then(|headers| {
        headers.iter().find(|header| header.key == TRANSACTION_HEADER).and_then(|header| header.value)
    });
    decode_record(message.key().unwrap_or_default(), message.payload(), header).map_err(|error| {
        let why = format!("{} at offset {}: {}", error.topic, message.offset(), error.why);
        Stop::new(StopKind::Data, why, "this topic holds only what Comity wrote; restore it or start a new federation")
    })
}

/// Reads every topic from its place to its end, and hands each record to `take`.
///
/// One topic is read to the end that it has at the beginning: one that is written to all the time has a next record
/// whenever the broker is asked, so that its client never meets the end. Several must be at rest.
pub(super) fn read_to_end(
    reader: &BaseConsumer<Context>,
    places: &BTreeMap<String, i64>,
    mut take: impl FnMut(&BorrowedMessage<'_>) -> Result<(), Stop>,
) -> Result<(), Stop> {
    if places.is_empty() {
        return Ok(());
    }
    let mut list = TopicPartitionList::new();
    for (topic, offset) in places {
        list.add_partition_offset(topic, 0, Offset::Offset(*offset)).map_err(|error| client::stop(topic, &error))?;
    }
    let end = match places.first_key_value() {
        // Committed records only, so this is where a transaction ends.
        Some((topic, _)) if places.len() == 1 => ends(reader, topic)?.1,
        _ => i64::MAX,
    };
    reader.assign(&list).map_err(|error| client::stop("reading Comity's own topics", &error))?;
    let mut open = places.len();
    let mut heard = clock::instant();
    while open > 0 {
        match reader.poll(Duration::from_millis(100)) {
            None if heard.elapsed() > SILENCE_MAX => {
                let why = format!("{open} of Comity's own topics do not come to their end");
                return Err(Stop::new(StopKind::Unavailable, why, "check that every partition has a leader"));
            }
            None => {}
            Some(Ok(message)) => {
                heard = clock::instant();
                if message.offset() < end {
                    take(&message)?;
                }
                if message.offset() + 1 >= end {
                    open = 0;
                }
            }
            Some(Err(KafkaError::PartitionEOF(_))) => {
                heard = clock::instant();
                open -= 1;
            }
            Some(Err(error)) => classify::reading("Comity's own topics", &error)?,
        }
    }
    reader.unassign().map_err(|error| client::stop("reading Comity's own topics", &error))
}

/// The last `Checkpoint` of `comity.state`, and the keys of the values behind it.
pub(super) fn last_checkpoint(reader: &BaseConsumer<Context>) -> Result<(Option<Checkpoint>, BTreeSet<Key>), Stop> {
    let mut length = TAIL_OFFSETS;
    loop {
        let (low, high) = ends(reader, names::STATE)?;
        let from = low.max(high.saturating_sub(length));
        let (mut last, mut behind) = (None, BTreeSet::new());
        read_to_end(reader, &BTreeMap::from([(names::STATE.to_owned(), from)]), |message| {
            match state_record(message)? {
                StateRecord::Checkpoint(checkpoint) => {
                    last = Some(checkpoint);
                    behind.clear();
                }
                StateRecord::Value { key, .. } => {
                    behind.insert(key);
                }
            }
            Ok(())
        })?;
        if last.is_some() || from == low {
            return Ok((last, behind));
        }
        length = length.saturating_mul(TAIL_GROWTH);
    }
}

/// Every output's published records from the given sequence on, and its last one in any case.
///
/// The topic of TEST alerts holds the sequences of all recipients; its end is read as far back as one transaction can
/// reach, since any of its recipients may have been quiet for long.
pub(super) fn outputs(
    reader: &BaseConsumer<Context>,
    from: &BTreeMap<Output, i64>,
    members: &[Jurisdiction],
) -> Result<OutputTails, Stop> {
    let mut tails = OutputTails::new();
    let mut topics: BTreeMap<String, Vec<Output>> = BTreeMap::new();
    for output in from.keys() {
        if let Some(topic) = names::output(*output, members) {
            topics.entry(topic).or_default().push(*output);
        }
    }
    let mut length = TAIL_OFFSETS;
    while !topics.is_empty() {
        let (mut places, mut starts) = (BTreeMap::new(), BTreeMap::new());
        for topic in topics.keys() {
            let (low, high) = ends(reader, topic)?;
            if high > low {
                places.insert(topic.clone(), low.max(high.saturating_sub(length)));
                starts.insert(topic.clone(), low);
            }
        }
        let mut read: BTreeMap<Output, BTreeMap<i64, Vec<u8>>> = BTreeMap::new();
        read_to_end(reader, &places, |message| {
            if let Some((output, sequence)) = placed(message, members) {
                let value = message.payload().unwrap_or_default().to_vec();
                read.entry(output).or_default().insert(sequence, value);
            }
            Ok(())
        })?;
        topics.retain(|topic, outputs| {
            let at_start = starts.get(topic).is_none_or(|low| places.get(topic) == Some(low));
            let far = topic == names::TEST && length >= TAIL_OFFSETS * TAIL_GROWTH * TAIL_GROWTH;
            let reached = topic != names::TEST
                && outputs.iter().all(|output| {
                    let first = read.get(output).and_then(|records| records.keys().next());
                    first.is_some_and(|first| from.get(output).is_some_and(|next| first < next))
                });
            !(at_start || reached || far)
        });
        for (output, mut records) in read {
            let Some((last, _)) = records.last_key_value() else { continue };
            let next = from.get(&output).copied().unwrap_or(1).min(*last);
            tails.insert(output, records.split_off(&next));
        }
        length = length.saturating_mul(TAIL_GROWTH);
    }
    Ok(tails)
}

/// Which output's record a message is, and its sequence.
fn placed(message: &BorrowedMessage<'_>, members: &[Jurisdiction]) -> Option<(Output, i64)> {
    let (recipient, sequence) = encode::place(message.payload()?)?;
    let member = recipient.and_then(|recipient| members.iter().position(|member| *member == recipient));
    let member = member.and_then(|place| u8::try_from(place).ok());
    let output = match (message.topic(), member) {
        (names::REJECTS, _) => Output::Rejects,
        (names::NATIONAL, _) => Output::National,
        (names::NATIONAL_STATUS, _) => Output::NationalStatus,
        (names::ARCHIVE, _) => Output::Archive,
        (names::REVIEW, _) => Output::Review,
        (names::OVERDUE, _) => Output::Overdue,
        (names::TEST, Some(member)) => Output::Test(member),
        (topic, Some(member)) if topic.starts_with("comity.status.") => Output::Status(member),
        (topic, Some(member)) if topic.starts_with("comity.disputes.") => Output::Disputes(member),
        (_, Some(member)) => Output::Alerts(member),
        (_, None) => return None,
    };
    Some((output, sequence))
}
