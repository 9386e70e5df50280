//! What an error of a transactional call means: one place, so that no caller judges by itself.

use rdkafka::error::{KafkaError, RDKafkaErrorCode};

use super::probe::is_damage;
use super::{Stop, StopKind, client};

/// What to do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The same call again, a bounded number of times.
    Again,
    /// The transaction is lost, or its outcome unknown: a new producer, and the last `Checkpoint` decides.
    Unknown,
    /// Another producer has taken over, or the coordinator gave this one up: leave the group and join again.
    Fenced,
}

/// The verdict on an error of `init`, `begin`, `send offsets`, `commit` or `abort`.
pub(super) fn verdict(error: &KafkaError) -> Verdict {
    let KafkaError::Transaction(transaction) = error else {
        return code_verdict(error.rdkafka_error_code());
    };
    // A conflict is flagged as retriable, but only a repetition of the commit itself would resolve it.
    if transaction.code() == RDKafkaErrorCode::Conflict {
        Verdict::Unknown
    } else if transaction.is_retriable() {
        Verdict::Again
    } else if transaction.txn_requires_abort() {
        Verdict::Unknown
    } else {
        code_verdict(Some(transaction.code()))
    }
}

/// The offset to be read is before the first or after the last.
const GONE: &[RDKafkaErrorCode] =
    &[RDKafkaErrorCode::OffsetOutOfRange, RDKafkaErrorCode::AutoOffsetReset, RDKafkaErrorCode::NoOffset];
/// Two members of the group have one `group.instance.id`.
const NAMED_TWICE: &[RDKafkaErrorCode] = &[RDKafkaErrorCode::FencedInstanceId, RDKafkaErrorCode::UnreleasedInstanceId];
/// A right is missing.
const FORBIDDEN: &[RDKafkaErrorCode] = &[
    RDKafkaErrorCode::TopicAuthorizationFailed,
    RDKafkaErrorCode::GroupAuthorizationFailed,
    RDKafkaErrorCode::ClusterAuthorizationFailed,
    RDKafkaErrorCode::SaslAuthenticationFailed,
];

/// True where a broker or the leader of a partition is away, which passes.
pub(super) fn is_away(error: &KafkaError) -> bool {
    matches!(
        error.rdkafka_error_code(),
        Some(
            RDKafkaErrorCode::NotLeaderForPartition
                | RDKafkaErrorCode::LeaderNotAvailable
                | RDKafkaErrorCode::ReplicaNotAvailable
                | RDKafkaErrorCode::BrokerNotAvailable
                | RDKafkaErrorCode::NetworkException
                | RDKafkaErrorCode::RequestTimedOut
                | RDKafkaErrorCode::OperationTimedOut
                | RDKafkaErrorCode::BrokerTransportFailure
                | RDKafkaErrorCode::AllBrokersDown
        )
    )
}

/// An error while one of our own topics is read: most pass by themselves, and some never do.
///
/// # Errors
/// The position is gone, a batch is damaged, a right is missing, or another has this instance's name.
pub(super) fn reading(what: &str, error: &KafkaError) -> Result<(), Stop> {
    let Some(code) = error.rdkafka_error_code() else {
        tracing::warn!("{what}: {error}");
        return Ok(());
    };
    if is_damage(code) {
        let help = "nothing of our own topics is ever skipped: restore the topic, or start a new federation";
        return Err(Stop::new(StopKind::Data, format!("{what}: a batch cannot be read: {error}"), help));
    }
    if GONE.contains(&code) {
        let help = "the topic was cut or made anew; its retention must be longer than the ledger may stand still";
        return Err(Stop::new(StopKind::Data, format!("{what}: the position is not there any more: {error}"), help));
    }
    if NAMED_TWICE.contains(&code) {
        let help = "give each instance a ledger.instance_id of its own";
        return Err(Stop::new(StopKind::Configuration, format!("{what}: another has this name: {error}"), help));
    }
    if FORBIDDEN.contains(&code) {
        return Err(client::stop(what, error));
    }
    tracing::warn!("{what}: {error}");
    Ok(())
}

/// What is known to leave the outcome open; whatever is not known counts as fatal.
fn code_verdict(code: Option<RDKafkaErrorCode>) -> Verdict {
    match code {
        Some(
            RDKafkaErrorCode::OperationTimedOut
            | RDKafkaErrorCode::TimedOutQueue
            | RDKafkaErrorCode::MessageTimedOut
            | RDKafkaErrorCode::RequestTimedOut
            | RDKafkaErrorCode::BrokerTransportFailure
            | RDKafkaErrorCode::AllBrokersDown
            | RDKafkaErrorCode::PurgeQueue
            | RDKafkaErrorCode::PurgeInflight,
        ) => Verdict::Unknown,
        _ => Verdict::Fenced,
    }
}

#[cfg(test)]
mod tests {
    use super::{Verdict, code_verdict, verdict};
    use rdkafka::error::{KafkaError, RDKafkaErrorCode};

    #[test]
    fn what_never_passes_stops_the_reading_and_the_rest_is_waited_out() {
        let kind = |code| super::reading("a topic", &KafkaError::MessageConsumption(code)).map_err(|stop| stop.kind);
        assert_eq!(kind(RDKafkaErrorCode::BadCompression), Err(super::StopKind::Data));
        assert_eq!(kind(RDKafkaErrorCode::OffsetOutOfRange), Err(super::StopKind::Data));
        assert_eq!(kind(RDKafkaErrorCode::FencedInstanceId), Err(super::StopKind::Configuration));
        assert_eq!(kind(RDKafkaErrorCode::TopicAuthorizationFailed), Err(super::StopKind::Unavailable));
        assert_eq!(kind(RDKafkaErrorCode::AllBrokersDown), Ok(()));
        assert_eq!(kind(RDKafkaErrorCode::UnknownTopicOrPartition), Ok(()));
    }

    #[test]
    fn what_is_not_classified_is_fatal() {
        assert_eq!(code_verdict(None), Verdict::Fenced);
        assert_eq!(code_verdict(Some(RDKafkaErrorCode::Fenced)), Verdict::Fenced);
        assert_eq!(code_verdict(Some(RDKafkaErrorCode::OperationTimedOut)), Verdict::Unknown);
        let error = KafkaError::MessageProduction(RDKafkaErrorCode::TopicAuthorizationFailed);
        assert_eq!(verdict(&error), Verdict::Fenced);
    }
}
