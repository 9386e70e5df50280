//! Transactions that were ended and whose end stands in no partition.
//!
//! A broker that comes back from a kill may count a commit that was under way as complete without a marker of it in any
//! partition (Kafka 4.3: the coordinator "couldn't find leader endpoint" and takes the topics for deleted). The records
//! stay open, a reader of committed ones stops before them, and the next commit of the same producer would publish them
//! beside their repetition.

use std::collections::{BTreeMap, BTreeSet};
use std::thread::sleep;
use std::time::Duration;

use rdkafka::Message;
use rdkafka::consumer::BaseConsumer;

use super::client::{self, Context, Deliveries, Purpose};
use super::ledger::LedgerContext;
use super::sink::{Outcome, Sink};
use super::tail::{self, Places};
use super::{Stop, StopKind, names};
use crate::model::decision::Output;

/// Transactions in a row that end what is open, and the pause between two.
const TRIES_MAX: u32 = 60;
const PAUSE: Duration = Duration::from_millis(200);

/// Readers of one topic's two ends: where its committed records end, and where all of them do.
struct Readers {
    committed: BaseConsumer<Context>,
    all: BaseConsumer<Context>,
}

impl Readers {
    fn new(context: &LedgerContext) -> Result<Self, Stop> {
        let all = client::config(&context.kafka, Purpose::Follower)
            .set("isolation.level", "read_uncommitted")
            .create_with_context(Context::new(Deliveries::FailedOnly))
            .map_err(|error| client::stop("a reader of Comity's own topics", &error))?;
        Ok(Self { committed: tail::reader(&context.kafka)?, all })
    }

    /// What is open at the end of each topic; nothing of those where nothing is.
    fn open<'t>(&self, topics: impl IntoIterator<Item = &'t String>) -> Result<Places, Stop> {
        let mut open = Places::new();
        for topic in topics {
            let range = tail::ends(&self.committed, topic)?.1..tail::ends(&self.all, topic)?.1;
            if !range.is_empty() {
                open.insert(topic.clone(), range);
            }
        }
        Ok(open)
    }
}

/// The topics of the ledger that hold records of an open transaction, for a producer that has just been initialised and
/// so has none; none where `comity.state` holds none: then its last `Checkpoint` counts, and what it promises must show.
pub(super) fn topics(context: &LedgerContext) -> Result<Vec<String>, Stop> {
    let readers = Readers::new(context)?;
    if readers.open([&names::STATE.to_owned()])?.is_empty() {
        return Ok(Vec::new());
    }
    let members: Vec<_> = context.rules.members.iter().map(|member| member.jurisdiction).collect();
    let outputs = Output::all(members.len()).filter_map(|output| names::output(output, &members));
    let topics: BTreeSet<String> = outputs.chain([names::STATE.to_owned()]).collect();
    Ok(readers.open(&topics)?.into_keys().collect())
}

/// A record of an output that stood open, as it is sent again.
#[derive(Debug)]
pub(super) struct Again {
    pub(super) topic: String,
    pub(super) key: Option<Vec<u8>>,
    pub(super) value: Vec<u8>,
    place: (Output, i64),
}

/// Ends what is open in the outputs: all of it is aborted, and what the last `Checkpoint` promises is sent again, byte by
/// byte, in a transaction of its own. `next` is the next sequence of each output by that `Checkpoint`.
///
/// The end of an abort may get lost like the end before it, and what is sent again would show beside what still stands
/// open: so nothing is sent before nothing is open, and what was sent is looked at again. `Fenced` where another has taken
/// over.
pub(super) fn settle(context: &LedgerContext, sink: &Sink, next: &BTreeMap<Output, i64>) -> Result<Outcome, Stop> {
    let readers = Readers::new(context)?;
    let members: Vec<_> = context.rules.members.iter().map(|member| member.jurisdiction).collect();
    let topics: BTreeSet<String> = next.keys().filter_map(|output| names::output(*output, &members)).collect();
    let mut promised: Vec<Again> = Vec::new();
    for _ in 0..TRIES_MAX {
        let open = readers.open(&topics)?;
        if open.is_empty() && promised.is_empty() {
            return Ok(Outcome::Done);
        }
        let outcome = if open.is_empty() {
            tracing::error!(records = promised.len(), "what was promised and never shown is sent again");
            let outcome = sink.publish(&promised);
            promised.clear();
            outcome
        } else {
            tail::read_to_end(&readers.all, &open, |message| {
                let place = tail::placed(message, &members);
                let is_promised =
                    |(output, sequence): &(Output, i64)| next.get(output).is_some_and(|next| sequence < next);
                if let Some(place) =
                    place.filter(|place| is_promised(place) && promised.iter().all(|known| known.place != *place))
                {
                    let (topic, key) = (message.topic().to_owned(), message.key().map(<[u8]>::to_vec));
                    promised.push(Again { topic, key, value: message.payload().unwrap_or_default().to_vec(), place });
                }
                Ok(())
            })?;
            sink.abort_within(&open.into_keys().collect::<Vec<_>>())
        };
        match outcome {
            Outcome::Done => sleep(PAUSE),
            Outcome::Fenced => return Ok(outcome),
            Outcome::Unknown => break,
        }
    }
    let why = "a transaction stays open in the outputs";
    Err(Stop::new(StopKind::Unavailable, why, "check that the brokers run and that transactions are allowed"))
}
