//! Transactions that were ended and whose end stands in no partition.
//!
//! A broker that comes back from a kill may count a commit that was under way as complete without a marker of it in any
//! partition (Kafka 4.3: the coordinator "couldn't find leader endpoint" and takes the topics for deleted). The records
//! stay open, a reader of committed ones stops before them, and the next commit of the same producer would publish them
//! beside their repetition.

use rdkafka::consumer::BaseConsumer;

use super::client::{self, Context, Deliveries, Purpose};
use super::ledger::LedgerContext;
use super::{Stop, names, tail};
use crate::model::decision::Output;

/// The topics of the ledger that hold records of an open transaction, for a producer that has just been initialised and
/// so has none; none where `comity.state` holds none: then its last `Checkpoint` counts, and what it promises must show.
pub(super) fn topics(context: &LedgerContext) -> Result<Vec<String>, Stop> {
    let committed = tail::reader(&context.kafka)?;
    let all: BaseConsumer<Context> = client::config(&context.kafka, Purpose::Follower)
        .set("isolation.level", "read_uncommitted")
        .create_with_context(Context::new(Deliveries::FailedOnly))
        .map_err(|error| client::stop("a reader of Comity's own topics", &error))?;
    let is_open = |topic: &str| Ok::<_, Stop>(tail::ends(&committed, topic)?.1 < tail::ends(&all, topic)?.1);
    let mut open = Vec::new();
    if is_open(names::STATE)? {
        let members: Vec<_> = context.rules.members.iter().map(|member| member.jurisdiction).collect();
        let mut topics: Vec<String> =
            Output::all(members.len()).filter_map(|output| names::output(output, &members)).collect();
        topics.push(names::STATE.to_owned());
        topics.sort_unstable();
        topics.dedup();
        for topic in topics {
            if is_open(&topic)? {
                open.push(topic);
            }
        }
    }
    Ok(open)
}
