//! Reads topics of our own from a place to their end: the state, and the published records beyond a `Checkpoint`.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::thread::sleep;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Headers, Message};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList, TopicPartitionListElem};

use super::client::{self, Context, Deliveries, Purpose};
use super::ends::{Ends, Met};
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
/// How long a reading may go without coming nearer to an end before it counts as stuck.
const SILENCE_MAX: Duration = Duration::from_secs(60);
/// How long a partition may be without its leader: a broker that was killed takes 14 to 20 s to come back.
const AWAY_MAX: Duration = Duration::from_secs(60);
const AWAY_PAUSE: Duration = Duration::from_millis(100);
/// How long one look waits.
const LOOK: Duration = Duration::from_millis(100);
/// How long an end that could be any topic's waits for the others.
const UNNAMED_WAIT: Duration = Duration::from_millis(300);
/// Offsets of a topic's end that are read at first; markers of transactions take offsets too.
const TAIL_OFFSETS: i64 = 64;
/// How many times as many are read where these do not reach back far enough.
const TAIL_GROWTH: i64 = 16;

/// A reader that assigns itself.
pub(super) fn reader(kafka: &Kafka) -> Result<BaseConsumer<Context>, Stop> {
    reader_of(kafka, names::FOLLOWERS_GROUP)
}

/// The same by a group's name: it may keep the place of that group, and is no member of it.
pub(super) fn reader_of(kafka: &Kafka, group: &str) -> Result<BaseConsumer<Context>, Stop> {
    client::config(kafka, Purpose::Follower)
        .set("group.id", group)
        .create_with_context(Context::new(Deliveries::FailedOnly))
        .map_err(|error| client::stop("a reader of Comity's own topics", &error))
}

/// The first and the end offset of partition 0.
pub(super) fn ends(reader: &BaseConsumer<Context>, topic: &str) -> Result<(i64, i64), Stop> {
    patiently(&format!("the ends of {topic}"), || reader.fetch_watermarks(topic, 0, ANSWER_TIMEOUT))
}

/// Where these topics begin (`Offset::Beginning`) or end (`Offset::End`) for this reader. Each broker is asked once for
/// all that it leads: one by one, each topic that a client does not know yet takes it 100 ms.
pub(super) fn bounds<'t>(
    reader: &BaseConsumer<Context>,
    topics: impl IntoIterator<Item = &'t String>,
    bound: Offset,
) -> Result<BTreeMap<String, i64>, Stop> {
    let mut asked = TopicPartitionList::new();
    for topic in topics {
        asked.add_partition_offset(topic, 0, bound).map_err(|error| client::stop(topic, &error))?;
    }
    if asked.count() == 0 {
        return Ok(BTreeMap::new());
    }
    patiently("the ends of Comity's own topics", || {
        let found = reader.offsets_for_times(asked.clone(), ANSWER_TIMEOUT)?;
        let place = |element: TopicPartitionListElem<'_>| {
            element.error()?;
            // What is not answered is asked again.
            let Offset::Offset(offset) = element.offset() else {
                return Err(KafkaError::OffsetFetch(RDKafkaErrorCode::LeaderNotAvailable));
            };
            Ok((element.topic().to_owned(), offset))
        };
        found.elements().into_iter().map(place).collect()
    })
}

/// Asks again while a leader is away, as after a broker's restart.
fn patiently<T>(what: &str, ask: impl Fn() -> Result<T, KafkaError>) -> Result<T, Stop> {
    let asked = clock::instant();
    loop {
        match ask() {
            Ok(answer) => return Ok(answer),
            Err(error) if classify::is_away(&error) && asked.elapsed() < AWAY_MAX => sleep(AWAY_PAUSE),
            Err(error) => return Err(client::stop(what, &error)),
        }
    }
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
    let (key, header) = (message.key().unwrap_or_default(), transaction_header(message));
    decoded(message.offset(), key, message.payload(), header)
}

/// The number of its transaction, where it is a tombstone.
pub(super) fn transaction_header<'m>(message: &'m BorrowedMessage<'_>) -> Option<&'m [u8]> {
    message.headers()?.iter().find(|header| header.key == TRANSACTION_HEADER)?.value
}

/// What the parts of a record of `comity.state` say.
pub(super) fn decoded(
    offset: i64,
    key: &[u8],
    value: Option<&[u8]>,
    header: Option<&[u8]>,
) -> Result<StateRecord, Stop> {
    decode_record(key, value, header).map_err(|error| {
        let why = format!("{} at offset {offset}: {}", error.topic, error.why);
        Stop::new(StopKind::Data, why, "this topic holds only what Comity wrote; restore it or start a new federation")
    })
}

/// Topics, each with the offset at which its reading begins and the end that it had when that was chosen.
pub(super) type Places = BTreeMap<String, Range<i64>>;

/// Reads every topic from its place to its end, and hands each record to `take`.
pub(super) fn read_to_end(
    reader: &BaseConsumer<Context>,
    places: &Places,
    mut take: impl FnMut(&BorrowedMessage<'_>) -> Result<(), Stop>,
) -> Result<(), Stop> {
    read_places(reader, places, &mut take)?;
    reader.unassign().map_err(|error| client::stop("reading Comity's own topics", &error))
}

fn read_places(
    reader: &BaseConsumer<Context>,
    places: &Places,
    take: &mut dyn FnMut(&BorrowedMessage<'_>) -> Result<(), Stop>,
) -> Result<(), Stop> {
    let filled: Vec<_> = places.iter().filter(|(_, range)| !range.is_empty()).collect();
    let mut list = TopicPartitionList::new();
    for (topic, range) in &filled {
        let place = Offset::Offset(range.start);
        list.add_partition_offset(topic, 0, place).map_err(|error| client::stop(topic, &error))?;
    }
    let mut ends = Ends::of(filled.iter().map(|(topic, range)| ((*topic).clone(), range.end)));
    reader.assign(&list).map_err(|error| client::stop("reading Comity's own topics", &error))?;
    let mut unnamed = false;
    let mut progress = clock::instant();
    while !ends.all_met() {
        let met = match reader.poll(LOOK) {
            None => false,
            Some(Ok(message)) => {
                let met = ends.meet(message.topic(), message.offset());
                if met.belongs() {
                    take(&message)?;
                }
                met != Met::Later
            }
            Some(Err(KafkaError::PartitionEOF(_))) => {
                let named = ends.meet_end(reader)?;
                unnamed |= !named;
                named
            }
            Some(Err(error)) => classify::reading("Comity's own topics", &error).map(|()| false)?,
        };
        if met {
            progress = clock::instant();
        } else if unnamed && progress.elapsed() > UNNAMED_WAIT {
            // The end of a topic that is read alone cannot be another's.
            for (topic, range) in left(reader, places, &ends)? {
                read_places(reader, &Places::from([(topic, range)]), take)?;
            }
            return Ok(());
        } else if progress.elapsed() > SILENCE_MAX {
            let why = format!("{} of Comity's own topics do not come to their end", ends.open().count());
            return Err(Stop::new(StopKind::Unavailable, why, "check that every partition has a leader"));
        }
    }
    Ok(())
}

/// What is still to be read of the topics whose ends are not met.
fn left(reader: &BaseConsumer<Context>, places: &Places, ends: &Ends) -> Result<Places, Stop> {
    let positions = reader.position().map_err(|error| client::stop("where a reader stands", &error))?;
    let start = |topic: &String| match positions.find_partition(topic, 0).map(|element| element.offset()) {
        Some(Offset::Offset(next)) => next,
        // Nothing of it has come.
        _ => places.get(topic).map_or(0, |range| range.start),
    };
    Ok(ends.open().map(|(topic, end)| (topic.clone(), start(topic)..end)).collect())
}

/// The last `Checkpoint` of `comity.state`, and the keys of the values behind it.
pub(super) fn last_checkpoint(reader: &BaseConsumer<Context>) -> Result<(Option<Checkpoint>, BTreeSet<Key>), Stop> {
    let mut length = TAIL_OFFSETS;
    loop {
        let (low, high) = ends(reader, names::STATE)?;
        let from = low.max(high.saturating_sub(length));
        let (mut last, mut behind) = (None, BTreeSet::new());
        read_to_end(reader, &Places::from([(names::STATE.to_owned(), from..high)]), |message| {
            match state_record(message)? {
                StateRecord::Checkpoint(checkpoint) => {
                    last = Some(checkpoint);
                    behind.clear();
                }
                StateRecord::Entry { entry, .. } => {
                    behind.insert(entry.key);
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
        let mut places = Places::new();
        let starts = bounds(reader, topics.keys(), Offset::Beginning)?;
        for (topic, high) in bounds(reader, topics.keys(), Offset::End)? {
            let low = starts.get(&topic).copied().unwrap_or_default();
            if high > low {
                places.insert(topic, low.max(high.saturating_sub(length))..high);
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
            let at_start = places.get(topic).is_none_or(|range| starts.get(topic) == Some(&range.start));
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
pub(super) fn placed(message: &BorrowedMessage<'_>, members: &[Jurisdiction]) -> Option<(Output, i64)> {
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
