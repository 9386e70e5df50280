//! Whether this client has the rights that `comity run` needs. Kafka refuses what is tried for another reason, once the
//! right to try it is there, so nothing is changed; a broker that takes it has a tick more in its log.

use std::collections::BTreeMap;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::client::{self, Context, Deliveries, Event, Purpose};
use super::{Stop, names, tail};
use crate::config::Kafka;
use crate::model::entry::Body;
use crate::schema::log::encode_entry;
use crate::telemetry::clock;

const PAUSE: Duration = Duration::from_millis(10);
/// How long a partition may take to give a record, its end or an error.
const SIGHT_TIMEOUT: Duration = Duration::from_secs(5);
/// Errors of a client that are looked at.
const SAID_MAX: usize = 100;
/// A number of acknowledgements that Kafka has not taken since 0.9. It is looked at after the right to write.
const ACKS_REFUSED: &str = "2";
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

/// Tries each right: to read every topic, to write Comity's own, to keep positions, to write transactions.
///
/// # Errors
/// Kafka does not answer.
pub fn look(kafka: &Kafka, federation: &str, inputs: &[String], own: &[String]) -> Result<Vec<Right>, Stop> {
    let reader = tail::reader(kafka)?;
    let mut rights = Vec::new();
    for topic in inputs.iter().chain(own) {
        rights.push(Right { what: format!("read {topic}"), answer: readable(&reader, topic) });
    }
    rights.extend(writable(&reader, kafka, own)?);
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

/// Sends a record to each topic with a number of acknowledgements that Kafka does not take. Another broker might take
/// it, so the log comes first, where a tick means nothing: only a broker that refuses the tick for its acknowledgements
/// gets more.
fn writable(reader: &BaseConsumer<Context>, kafka: &Kafka, own: &[String]) -> Result<Vec<Right>, Stop> {
    let right = |topic: &str, answer: Answer| Right { what: format!("write {topic}"), answer };
    let others = own.iter().map(String::as_str).filter(|topic| *topic != names::LOG);
    // The first entry of a log is its rules.
    let log = if tail::ends(reader, names::LOG)?.1 == 0 {
        Answer::Unknown("the log has no rules yet".to_owned())
    } else {
        write(&writer(kafka)?, &[names::LOG]).remove(0)
    };
    if log != Answer::Granted {
        let why = "it is not known that this broker refuses what Kafka does, as long as the log cannot be tried";
        let unknown = others.map(|topic| right(topic, Answer::Unknown(why.to_owned())));
        return Ok(std::iter::once(right(names::LOG, log.clone())).chain(unknown).collect());
    }
    let others: Vec<&str> = others.collect();
    let answers = write(&writer(kafka)?, &others);
    let rest = others.iter().zip(answers).map(|(topic, answer)| right(topic, answer));
    Ok(std::iter::once(right(names::LOG, log)).chain(rest).collect())
}

fn writer(kafka: &Kafka) -> Result<BaseProducer<Context>, Stop> {
    client::config(kafka, Purpose::Producer)
        .set("enable.idempotence", "false")
        .set("acks", ACKS_REFUSED)
        .create_with_context(Context::new(Deliveries::All))
        .map_err(|error| client::stop("trying to write", &error))
}

/// What the broker says of a tick in each topic, in their order.
fn write(producer: &BaseProducer<Context>, topics: &[&str]) -> Vec<Answer> {
    let tick = encode_entry(&Body::Tick);
    let mut answers = BTreeMap::new();
    for (tag, topic) in topics.iter().enumerate() {
        let record = BaseRecord::<(), [u8], usize>::with_opaque_to(topic, tag).partition(0).payload(&tick);
        if let Err((error, _)) = producer.send(record) {
            answers.insert(tag, Answer::Unknown(error.to_string()));
        }
    }
    let deadline = clock::instant() + tail::ANSWER_TIMEOUT;
    while answers.len() < topics.len() && clock::instant() < deadline {
        producer.poll(Duration::ZERO);
        for event in producer.context().take_events() {
            match event {
                Event::NotDelivered { tag, code: RDKafkaErrorCode::InvalidRequiredAcks } => {
                    answers.insert(tag, Answer::Granted);
                }
                Event::NotDelivered { tag, code } => {
                    answers.insert(tag, answer(&KafkaError::MessageProduction(code)));
                }
                Event::Delivered { tag, .. } => {
                    answers.insert(tag, Answer::Unknown("this broker takes what Kafka refuses".to_owned()));
                }
                Event::Assigned(_)
                | Event::Revoked { .. }
                | Event::Committed(_)
                | Event::Error(_)
                | Event::Ends(_)
                | Event::TransactionCoordinatorLost => {}
            }
        }
        std::thread::sleep(PAUSE);
    }
    let silent = || Answer::Unknown("the broker did not answer in time".to_owned());
    (0..topics.len()).map(|tag| answers.remove(&tag).unwrap_or_else(silent)).collect()
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
