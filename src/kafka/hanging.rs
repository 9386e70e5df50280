//! Transactions that were ended and whose end does not stand in every partition.
//!
//! A broker that comes back from a kill may count a commit that was under way as complete without its marker in some
//! partitions, or in any (Kafka 4.3: the coordinator "couldn't find leader endpoint" and takes the topics for deleted).
//! The records stay open, a reader of committed ones stops before them, and the next commit of the same producer would
//! publish them beside their repetition.

use std::collections::{BTreeMap, BTreeSet};
use std::thread::sleep;
use std::time::Duration;

use rdkafka::Message;
use rdkafka::consumer::BaseConsumer;
use rdkafka::message::BorrowedMessage;
use rdkafka::topic_partition_list::Offset;

use super::client::{self, Context, Deliveries, Purpose};
use super::sink::{Outcome, Sink};
use super::tail::{self, Places};
use super::{Stop, StopKind, names};
use crate::config::Kafka;
use crate::model::decision::Output;
use crate::model::place::Jurisdiction;
use crate::run::ledger::OutputTails;

/// Transactions in a row that end what is open, and the pause between two.
const TRIES_MAX: u32 = 60;
const PAUSE: Duration = Duration::from_millis(200);

/// Readers of one topic's two ends: where its committed records end, and where all of them do.
pub(super) struct Readers {
    pub(super) committed: BaseConsumer<Context>,
    all: BaseConsumer<Context>,
}

impl Readers {
    pub(super) fn new(kafka: &Kafka) -> Result<Self, Stop> {
        let all = client::config(kafka, Purpose::Follower)
            .set("isolation.level", "read_uncommitted")
            .create_with_context(Context::new(Deliveries::FailedOnly))
            .map_err(|error| client::stop("a reader of Comity's own topics", &error))?;
        Ok(Self { committed: tail::reader(kafka)?, all })
    }

    /// What is open at the end of each topic; nothing of those where nothing is.
    fn open(&self, topics: &BTreeSet<String>) -> Result<Places, Stop> {
        let committed = tail::bounds(&self.committed, topics, Offset::End)?;
        let mut open = Places::new();
        for (topic, end) in tail::bounds(&self.all, topics, Offset::End)? {
            let start = committed.get(&topic).copied().unwrap_or(end);
            if start < end {
                open.insert(topic, start..end);
            }
        }
        Ok(open)
    }
}

/// A record of an output that stood open, as it is sent again.
#[derive(Debug)]
pub(super) struct Again {
    pub(super) topic: String,
    pub(super) key: Option<Vec<u8>>,
    pub(super) value: Vec<u8>,
}

/// Ends what is open in `comity.state`, for a producer that has just been initialised and so has nothing open: its values
/// count for nothing without a `Checkpoint` that can be read.
pub(super) fn end_state(readers: &Readers, sink: &Sink) -> Result<Outcome, Stop> {
    end(readers, sink, &BTreeSet::from([names::STATE.to_owned()]), |_| {})
}

/// Ends what is open in the outputs, and gives what each of them holds from a sequence on (`tail::outputs`): all that is
/// open is aborted, and what the last `Checkpoint` promises and nobody is shown is sent again, byte by byte, in a
/// transaction of its own. `next` is the next sequence of each output by that `Checkpoint`. `None` where another has taken
/// over.
///
/// What is sent again would show beside what still stands open, so nothing is sent before nothing is open; and what was
/// sent is looked at again. A commit is answered before its end stands in the partitions, so what seems open may be shown
/// a moment later: an abort waits for it, and only then it is known what is missing.
pub(super) fn settle(
    readers: &Readers,
    sink: &Sink,
    next: &BTreeMap<Output, i64>,
    members: &[Jurisdiction],
) -> Result<Option<OutputTails>, Stop> {
    let topics = next.keys().filter_map(|output| names::output(*output, members)).collect();
    for _ in 0..TRIES_MAX {
        let mut missing: BTreeMap<(Output, i64), Again> = BTreeMap::new();
        let mut outcome = end(readers, sink, &topics, |message| {
            let place = tail::placed(message, members);
            let is_promised = |(output, sequence): &(Output, i64)| next.get(output).is_some_and(|next| sequence < next);
            if let Some(place) = place.filter(is_promised) {
                missing.entry(place).or_insert_with(|| Again {
                    topic: message.topic().to_owned(),
                    key: message.key().map(<[u8]>::to_vec),
                    value: message.payload().unwrap_or_default().to_vec(),
                });
            }
        })?;
        if outcome == Outcome::Done {
            let shown = tail::outputs(&readers.committed, next, members)?;
            let last = |output: &Output| shown.get(output)?.last_key_value().map(|(last, _)| *last);
            missing.retain(|(output, sequence), _| last(output).is_none_or(|last| last < *sequence));
            if missing.is_empty() {
                return Ok(Some(shown));
            }
            tracing::error!(records = missing.len(), "what was promised and never shown is sent again");
            outcome = sink.publish(missing.values());
        }
        match outcome {
            Outcome::Done => {}
            Outcome::Fenced => return Ok(None),
            Outcome::Unknown => break,
        }
    }
    Err(stays_open())
}

/// Aborts what is open in some topics, until nothing is: the end of an abort may get lost like the end before it. Each
/// open record is shown to `take` before, and again as long as it stays.
fn end(
    readers: &Readers,
    sink: &Sink,
    topics: &BTreeSet<String>,
    mut take: impl FnMut(&BorrowedMessage<'_>),
) -> Result<Outcome, Stop> {
    for _ in 0..TRIES_MAX {
        let open = readers.open(topics)?;
        if open.is_empty() {
            return Ok(Outcome::Done);
        }
        tracing::error!(topics = open.len(), "a transaction was never ended in its partitions; it is aborted");
        tail::read_to_end(&readers.all, &open, |message| {
            take(message);
            Ok(())
        })?;
        match sink.abort_within(open.keys()) {
            Outcome::Done => sleep(PAUSE),
            outcome @ (Outcome::Unknown | Outcome::Fenced) => return Ok(outcome),
        }
    }
    Err(stays_open())
}

fn stays_open() -> Stop {
    let why = "a transaction stays open in Comity's own topics";
    Stop::new(StopKind::Unavailable, why, "check that the brokers run and that transactions are allowed")
}
