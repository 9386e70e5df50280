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
/// Two members of the group have one `group.instance.id`, or had it for a moment.
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
                | RDKafkaErrorCode::FencedLeaderEpoch
                | RDKafkaErrorCode::UnknownLeaderEpoch
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
    named_twice(what, Some(code), "ledger.instance_id")?;
    session_refused(what, Some(code))?;
    if FORBIDDEN.contains(&code) {
        return Err(client::stop(what, error));
    }
    tracing::warn!("{what}: {error}");
    Ok(())
}

/// Stops a member that its group knows as replaced by another of its name (`setting`).
///
/// Whether there is another nobody can tell: a member whose answer was lost joins again under its name, and what it had
/// sent before is refused as that of a member that was replaced, by itself. Its client is of no use from then on, so the
/// process is to be started again; where there is another indeed, the two end each other, and say so each time.
///
/// # Errors
/// Always, where the code says that.
pub(super) fn named_twice(what: &str, code: Option<RDKafkaErrorCode>, setting: &str) -> Result<(), Stop> {
    if !code.is_some_and(|code| NAMED_TWICE.contains(&code)) {
        return Ok(());
    }
    let why = format!("{what}: the group has given this instance's name to another, or to itself as it came back");
    let help = format!("start it again; if it comes again, give each instance a {setting} of its own");
    Err(Stop::new(StopKind::Unavailable, why, help))
}

/// Stops a member whose session is not within what the brokers take.
///
/// # Errors
/// Always, where the code says that.
pub(super) fn session_refused(what: &str, code: Option<RDKafkaErrorCode>) -> Result<(), Stop> {
    if code != Some(RDKafkaErrorCode::InvalidSessionTimeout) {
        return Ok(());
    }
    let why = format!("{what}: the brokers take no session of kafka.session_timeout_ms");
    let help = "keep it within the brokers' group.min.session.timeout.ms and group.max.session.timeout.ms";
    Err(Stop::new(StopKind::Configuration, why, help))
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
        assert_eq!(kind(RDKafkaErrorCode::TopicAuthorizationFailed), Err(super::StopKind::Unavailable));
        assert_eq!(kind(RDKafkaErrorCode::AllBrokersDown), Ok(()));
        assert_eq!(kind(RDKafkaErrorCode::UnknownTopicOrPartition), Ok(()));
    }

    /// After a restart of the broker an instance was replaced by itself, and ended as one that is configured wrong, which no
    /// supervisor starts again.
    #[test]
    fn a_member_that_its_group_replaced_by_itself_is_started_again() {
        for code in [RDKafkaErrorCode::FencedInstanceId, RDKafkaErrorCode::UnreleasedInstanceId] {
            let ledger = super::reading("the ledger's group", &KafkaError::MessageConsumptionFatal(code)).unwrap_err();
            let intake = super::named_twice("the sources", Some(code), "intake.instance_id").unwrap_err();
            for (stop, setting) in [(ledger, "ledger.instance_id"), (intake, "intake.instance_id")] {
                assert_eq!(stop.kind, super::StopKind::Unavailable);
                assert!(stop.help.contains(setting), "{}", stop.help);
            }
        }
        assert!(super::named_twice("the sources", Some(RDKafkaErrorCode::AllBrokersDown), "").is_ok());
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
