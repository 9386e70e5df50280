//! Faults that are planted, to see that the simulation finds them: into its shell, into its Kafka, and, with the feature
//! `faults`, into the source itself.

#[cfg(feature = "faults")]
use comity::fault::{self, Planted};

/// One fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Plant {
    /// Intake's shell commits a source position when it has read a record, not when the entry is delivered.
    CommitsBeforeDelivery,
    /// Intake's shell takes a delivery that failed for one that did not.
    SkipsFailedDelivery,
    /// After an unclear commit the ledger's shell goes on with the producer that it has.
    KeepsProducer,
    /// Each producer of the ledger has another transactional id, so that none fences its forerunner.
    RandomTransactionalId,
    /// One send in 2,000 fails, and the ledger's shell goes on as if it had not.
    SendErrorSwallowed,
    /// The broker lets a fenced producer write on.
    NeverFences,
    /// The ledger's shell reports that nothing is published beyond the `Checkpoint`.
    OutputsNotCompared,
    /// The sink sends the `Checkpoint` with the rest instead of after it.
    CheckpointNotLast,
    /// A commit of which the outcome is not known is reported as one that went through.
    UnclearIsCommitted,
    /// Entries carry the clock of the instance that reads them instead of the log's.
    WallClock,
    /// The log is read on from where it was before a takeover, not from the `Checkpoint`.
    ReadsLogFromOwnPlace,
    /// The `Checkpoint`'s position is not what the transaction commits for the group.
    OffsetsApart,
    /// A rule of the source itself is broken.
    #[cfg(feature = "faults")]
    InSource(Planted),
}

/// Those of the shell and of its Kafka.
pub(crate) const OF_THE_SHELL: [Plant; 12] = [
    Plant::CommitsBeforeDelivery,
    Plant::SkipsFailedDelivery,
    Plant::KeepsProducer,
    Plant::RandomTransactionalId,
    Plant::SendErrorSwallowed,
    Plant::NeverFences,
    Plant::OutputsNotCompared,
    Plant::CheckpointNotLast,
    Plant::UnclearIsCommitted,
    Plant::WallClock,
    Plant::ReadsLogFromOwnPlace,
    Plant::OffsetsApart,
];

/// Those of the source, but for the two that stand in the real shell, which no run of the simulation goes through.
#[cfg(feature = "faults")]
pub(crate) fn of_the_source() -> Vec<Plant> {
    let in_the_shell = [Planted::RandomTransactionalId, Planted::SendErrorSwallowed];
    let all = Planted::ALL.iter().map(|(planted, _)| *planted);
    all.filter(|planted| !in_the_shell.contains(planted)).map(Plant::InSource).collect()
}

/// Plants into the source, for this thread, what of a plant belongs there.
#[cfg(feature = "faults")]
pub(crate) fn plant(plant: Option<Plant>) {
    fault::plant(match plant {
        Some(Plant::InSource(planted)) => Some(planted),
        _ => None,
    });
}

#[cfg(not(feature = "faults"))]
pub(crate) fn plant(_plant: Option<Plant>) {}

/// The wall clock of the instance that comes next.
#[cfg(feature = "faults")]
pub(crate) fn set_wall_ms(now: i64) {
    fault::set_wall_ms(now);
}

#[cfg(not(feature = "faults"))]
pub(crate) fn set_wall_ms(_now: i64) {}
