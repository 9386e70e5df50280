//! Whether this client has the rights that `comity run` needs. Nothing is changed: what is tried is refused by every
//! broker for another reason, once the right to try it is there.

use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseProducer, Producer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::client::{self, Context, Deliveries, Purpose};
use super::{Stop, names, tail};
use crate::config::Kafka;
use crate::telemetry::clock;

const PAUSE: Duration = Duration::from_millis(10);
/// How long a partition may take to give a record, its end or an error.
const SIGHT_TIMEOUT: Duration = Duration::from_secs(5);
/// Errors of a client that are looked at.
const SAID_MAX: usize = 100;
/// A topic that nobody has: a position in it cannot be kept.
const NO_TOPIC: &str = "comity.check.no-such-topic";

/// One right, and what the broker says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Right {
    /// `read comity.log`.
    pub what: String,
    pub answer: Answer,
}

/// Whether a right is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    Granted,
    Refused,
    /// It cannot be known, and why.
    Unknown(String),
}

/// Tries each right but that to write into topics: to read every topic, to keep positions, to write transactions.
///
/// # Errors
/// Kafka does not answer.
pub fn look(kafka: &Kafka, federation: &str, inputs: &[String], own: &[String]) -> Result<Vec<Right>, Stop> {
    let reader = tail::reader(kafka)?;
    let mut rights = Vec::new();
    for topic in inputs.iter().chain(own) {
        rights.push(Right { what: format!("read {topic}"), answer: readable(&reader, topic) });
    }
    // Only a record that is written would tell, and a look leaves none behind.
    let why = "`comity run` tells with its first record".to_owned();
    rights.push(Right { what: "write Comity's own topics".to_owned(), answer: Answer::Unknown(why) });
    let groups = [names::intake_group(federation), names::ledger_group(federation), names::FOLLOWERS_GROUP.to_owned()];
    for group in groups {
        rights.push(Right { what: format!("read as the group {group}"), answer: joinable(kafka, &group)? });
    }
    let id = names::ledger_group(federation);
    rights.push(Right { what: format!("write transactions as {id}"), answer: transactional(kafka, &id)? });
    Ok(rights)
}

/// Reads at the end of a topic.
fn readable(reader: &BaseConsumer<Context>, topic: &str) -> Answer {
    if let Err(stop) = tail::start(reader, topic, Offset::End) {
        return Answer::Unknown(stop.why);
    }
    let deadline = clock::instant() + SIGHT_TIMEOUT;
    while clock::instant() < deadline {
        match reader.poll(PAUSE) {
            Some(Ok(_) | Err(KafkaError::PartitionEOF(_))) => return Answer::Granted,
            Some(Err(error)) if error.rdkafka_error_code() == Some(RDKafkaErrorCode::TopicAuthorizationFailed) => {
                return Answer::Refused;
            }
            None | Some(Err(_)) => {}
        }
    }
    Answer::Unknown("the broker gave neither a record nor an error".to_owned())
}

/// Commits a position of a topic that nobody has: the broker looks at the right to the group first.
fn joinable(kafka: &Kafka, group: &str) -> Result<Answer, Stop> {
    let consumer: BaseConsumer<Context> = client::config(kafka, Purpose::Follower)
        .set("group.id", group)
        .create_with_context(Context::new(Deliveries::FailedOnly))
        .map_err(|error| client::stop("trying a group", &error))?;
    let mut list = TopicPartitionList::new();
    list.add_partition_offset(NO_TOPIC, 0, Offset::Offset(0))
        .map_err(|error| client::stop("trying a group", &error))?;
    // A commit would wait for a minute for a coordinator that this client may not ask for; a question has a time.
    if let Err(error) = consumer.committed_offsets(list.clone(), SIGHT_TIMEOUT) {
        let said =
            (0..SAID_MAX).map_while(|_| consumer.poll(PAUSE)).filter_map(Result::err).map(|error| answer(&error));
        let refused = said.chain([answer(&error)]).any(|answer| answer == Answer::Refused);
        return Ok(if refused { Answer::Refused } else { answer(&error) });
    }
    let Err(error) = consumer.commit(&list, CommitMode::Sync) else { return Ok(Answer::Granted) };
    Ok(match error.rdkafka_error_code() {
        Some(
            RDKafkaErrorCode::UnknownTopicOrPartition
            | RDKafkaErrorCode::UnknownTopic
            | RDKafkaErrorCode::TopicAuthorizationFailed,
        ) => Answer::Granted,
        _ => answer(&error),
    })
}

/// Opens transactions under an id of its own, which fences nobody.
fn transactional(kafka: &Kafka, id: &str) -> Result<Answer, Stop> {
    let other = format!("{id}-check");
    let producer: BaseProducer<Context> =
        client::config(kafka, Purpose::TransactionalProducer { transactional_id: &other })
            .create_with_context(Context::new(Deliveries::FailedOnly))
            .map_err(|error| client::stop("trying transactions", &error))?;
    let Err(error) = producer.init_transactions(tail::ANSWER_TIMEOUT) else { return Ok(Answer::Granted) };
    Ok(match answer(&error) {
        // The right may be given for the one id alone, and to try that one would fence a ledger that runs.
        Answer::Refused => Answer::Unknown(format!("{other} may not; the id itself cannot be tried beside a ledger")),
        known @ (Answer::Granted | Answer::Unknown(_)) => known,
    })
}

fn answer(error: &KafkaError) -> Answer {
    match error.rdkafka_error_code() {
        Some(
            RDKafkaErrorCode::TopicAuthorizationFailed
            | RDKafkaErrorCode::GroupAuthorizationFailed
            | RDKafkaErrorCode::ClusterAuthorizationFailed
            | RDKafkaErrorCode::TransactionalIdAuthorizationFailed,
        ) => Answer::Refused,
        _ => Answer::Unknown(error.to_string()),
    }
}
