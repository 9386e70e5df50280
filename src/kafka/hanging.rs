//! Transactions that were ended and whose end does not stand in every partition.
//!
//! A broker that comes back from a kill may count a commit that was under way as complete without its marker in some
//! partitions, or in any (Kafka 4.3: the coordinator "couldn't find leader endpoint" and takes the topics for deleted).
//! The records stay open, a reader of committed ones stops before them, and the next commit of the same producer would
//! publish them beside their repetition.

use std::collections::{BTreeMap, BTreeSet};
use std::thread::sleep;
use std::time::Duration;

use rdkafka::consumer::BaseConsumer;
use rdkafka::topic_partition_list::Offset;

use super::client::{self, Context, Deliveries, Purpose};
use super::sink::{Outcome, Sink};
use super::{Stop, StopKind, names, tail};
use crate::config::Kafka;
use crate::model::decision::Output;
use crate::model::place::{Jurisdiction, Reader};
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

    /// The topics at the end of which something is open.
    fn open(&self, topics: &BTreeSet<String>) -> Result<Vec<String>, Stop> {
        let committed = tail::bounds(&self.committed, topics, Offset::End)?;
        let all = tail::bounds(&self.all, topics, Offset::End)?;
        let is_open = |(topic, end): &(String, i64)| committed.get(topic).is_some_and(|committed| committed < end);
        Ok(all.into_iter().filter(is_open).map(|(topic, _)| topic).collect())
    }
}

/// A record of an output that was promised and is shown to nobody, as it is sent again.
#[derive(Debug)]
pub(super) struct Again {
    pub(super) topic: String,
    pub(super) key: Option<String>,
    pub(super) value: Vec<u8>,
}

/// Ends what is open in `comity.state`, for a producer that has just been initialised and so has nothing open: its values
/// count for nothing without a `Checkpoint` that can be read.
pub(super) fn end_state(readers: &Readers, sink: &Sink) -> Result<Outcome, Stop> {
    end(readers, sink, &BTreeSet::from([names::STATE.to_owned()]))
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
        let mut outcome = end(readers, sink, &topics)?;
        if outcome == Outcome::Done {
            let shown = tail::outputs(&readers.committed, next, members)?;
            let missing = missing(readers, next, &shown, members)?;
            if missing.is_empty() {
                return Ok(Some(shown));
            }
            tracing::error!(records = missing.len(), "what was promised and never shown is sent again");
            outcome = sink.publish(&missing);
        }
        match outcome {
            Outcome::Done => {}
            Outcome::Fenced => return Ok(None),
            Outcome::Unknown => return Err(unclear()),
        }
    }
    Err(stays_open())
}

/// What was promised and is not shown. It still stands in its topic, as what was aborted: by this instance a moment ago,
/// or by one that died before it could send it again. Whatever transaction that was of, under one sequence the log gives
/// one record. An output of which a part is not there any more is left as it is, for the ledger to stop at.
fn missing(
    readers: &Readers,
    next: &BTreeMap<Output, i64>,
    shown: &OutputTails,
    members: &[Jurisdiction],
) -> Result<Vec<Again>, Stop> {
    let last = |output: &Output| shown.get(output).and_then(|records| records.last_key_value()).map(|(last, _)| *last);
    let behind = next.iter().filter(|(output, next)| last(output).is_none_or(|last| last < *next - 1) && **next > 1);
    // Of an output that nobody is shown anything of all that there is: its retention may have emptied it.
    let from = behind.map(|(output, _)| (*output, last(output).map_or(1, |last| last + 1))).collect();
    let mut missing = Vec::new();
    for (output, mut written) in tail::outputs(&readers.all, &from, members)? {
        let end = next.get(&output).copied().unwrap_or(1);
        written.retain(|sequence, _| *sequence < end);
        let run = written.keys().rev().zip((1..end).rev()).take_while(|(sequence, due)| *sequence == due).count();
        let first = end - i64::try_from(run).unwrap_or_default();
        let goes_on = last(&output).is_none_or(|last| first == last + 1) || is_compacted(output);
        let (Some(topic), true) = (names::output(output, members), run > 0 && goes_on) else { continue };
        let again = |value| Again { topic: topic.clone(), key: key(output, members), value };
        missing.extend(written.split_off(&first).into_values().map(again));
    }
    Ok(missing)
}

/// True where only the last record of each key is kept.
fn is_compacted(output: Output) -> bool {
    matches!(output, Output::Status(_) | Output::NationalStatus)
}

/// The key of an output's records.
fn key(output: Output, members: &[Jurisdiction]) -> Option<String> {
    match output {
        Output::Status(member) => members.get(usize::from(member)).map(ToString::to_string),
        Output::NationalStatus => Some(Reader::National.to_string()),
        Output::Alerts(_)
        | Output::Test(_)
        | Output::Rejects
        | Output::National
        | Output::Archive
        | Output::Review
        | Output::Overdue
        | Output::Disputes(_) => None,
    }
}

/// Aborts what is open in some topics, until nothing is: the end of an abort may get lost like the end before it.
fn end(readers: &Readers, sink: &Sink, topics: &BTreeSet<String>) -> Result<Outcome, Stop> {
    for _ in 0..TRIES_MAX {
        let open = readers.open(topics)?;
        if open.is_empty() {
            return Ok(Outcome::Done);
        }
        tracing::error!(topics = open.len(), "a transaction was never ended in its partitions; it is aborted");
        match sink.abort_within(&open) {
            Outcome::Done => sleep(PAUSE),
            outcome @ (Outcome::Unknown | Outcome::Fenced) => return Ok(outcome),
        }
    }
    Err(stays_open())
}

/// The producer may not go on, and no other may be made before what it has sent is looked at from the start.
fn unclear() -> Stop {
    let why = "Kafka left open how a transaction ended that mends Comity's own topics";
    Stop::new(
        StopKind::Unavailable,
        why,
        "start it again; check that the brokers run and that transactions are allowed",
    )
}

fn stays_open() -> Stop {
    let why = "a transaction stays open in Comity's own topics";
    Stop::new(StopKind::Unavailable, why, "check that the brokers run and that transactions are allowed")
}
