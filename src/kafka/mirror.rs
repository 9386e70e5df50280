//! The ledger's state as anybody may read it: `comity.state` up to its last `Checkpoint`, and on from there.
//!
//! It joins no group and writes nothing, so that a command can look at the state, and ask the ledger's own rules what
//! they would decide, whether or not a ledger runs.

use std::time::Duration;

use rdkafka::consumer::BaseConsumer;
use rdkafka::error::KafkaError;
use rdkafka::message::Message;
use rdkafka::topic_partition_list::Offset;

use super::client::Context;
use super::tail::Places;
use super::{Stop, StopKind, classify, ledger, names, tail};
use crate::config::Kafka;
use crate::index::State;
use crate::model::entry::LogEntry;
use crate::model::state::Checkpoint;
use crate::run::ledger::restore::Restore;
use crate::schema::state::{StateEntry, StateRecord};

/// Records that are taken in one go.
const RECORDS_A_ROUND: usize = 10_000;

/// Hands every entry of `comity.log` to `take`, from its start to the end that it has now.
///
/// # Errors
/// The topic is missing or cannot be read, or holds what is no entry.
pub fn log(kafka: &Kafka, mut take: impl FnMut(&LogEntry)) -> Result<(), Stop> {
    let reader = tail::reader(kafka)?;
    super::present(&reader, names::LOG)?;
    let (low, high) = tail::ends(&reader, names::LOG)?;
    let places = Places::from([(names::LOG.to_owned(), low..high)]);
    tail::read_to_end(&reader, &places, |message| {
        take(&ledger::entry(message)?);
        Ok(())
    })
}

/// A state that follows `comity.state`.
pub struct Mirror {
    reader: BaseConsumer<Context>,
    state: State,
    /// Values behind the last `Checkpoint`, with the number of their transaction.
    aside: Vec<(i64, StateEntry)>,
}

impl Mirror {
    /// Reads the state as of the last `Checkpoint`.
    ///
    /// # Errors
    /// The topic is missing or cannot be read, or does not hold what its last `Checkpoint` promises.
    pub fn read(kafka: &Kafka) -> Result<Self, Stop> {
        let reader = tail::reader(kafka)?;
        super::present(&reader, names::STATE)?;
        let (last, _) = tail::last_checkpoint(&reader)?;
        let mut restore = Restore::until(last.map_or(0, |last| last.transaction));
        let (mut next, end) = tail::ends(&reader, names::STATE)?;
        tail::read_to_end(&reader, &Places::from([(names::STATE.to_owned(), next..end)]), |message| {
            next = message.offset() + 1;
            restore.read(tail::state_record(message)?).map_err(broken)
        })?;
        let (state, _, _) = restore.finish().map_err(broken)?;
        tail::start(&reader, names::STATE, Offset::Offset(next))?;
        Ok(Self { reader, state, aside: Vec::new() })
    }

    /// The state as of the last `Checkpoint` read.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Reads on: what is there, and for this long where nothing is.
    ///
    /// # Errors
    /// As of `read`.
    pub fn follow(&mut self, time: Duration) -> Result<(), Stop> {
        let mut wait = time;
        for _ in 0..RECORDS_A_ROUND {
            let record = match self.reader.poll(wait) {
                None => return Ok(()),
                Some(Err(KafkaError::PartitionEOF(_))) => continue,
                Some(Err(error)) => return classify::reading(names::STATE, &error),
                Some(Ok(message)) => tail::state_record(&message)?,
            };
            wait = Duration::ZERO;
            match record {
                StateRecord::Entry { transaction, entry } => self.aside.push((transaction, entry)),
                StateRecord::Checkpoint(checkpoint) => self.advance(&checkpoint)?,
            }
        }
        Ok(())
    }

    /// Takes over what the transaction of a `Checkpoint` and those before it wrote.
    fn advance(&mut self, checkpoint: &Checkpoint) -> Result<(), Stop> {
        for (_, entry) in self.aside.extract_if(.., |(number, _)| *number <= checkpoint.transaction) {
            self.state.restore(entry);
        }
        if self.state.resume(checkpoint) {
            Ok(())
        } else {
            Err(broken("the values do not add up to the digest of a Checkpoint"))
        }
    }
}

fn broken(why: &'static str) -> Stop {
    let help = "this topic holds only what Comity wrote; see what a ledger says of it when it starts";
    Stop::new(StopKind::Data, format!("comity.state: {why}"), help)
}
