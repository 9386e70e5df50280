//! Faults that are planted into the shell or the Kafka of the simulation, to see that it finds them.

/// One fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Plant {
    /// Intake's shell commits a source position when it has read a record, not when the entry is delivered.
    CommitsBeforeDelivery,
    /// Intake's shell takes a delivery that failed for one that did not.
    SkipsFailedDelivery,
    /// After an unclear commit the ledger's shell goes on with the producer that it has.
    KeepsProducer,
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
}

pub(crate) const ALL: [Plant; 10] = [
    Plant::CommitsBeforeDelivery,
    Plant::SkipsFailedDelivery,
    Plant::KeepsProducer,
    Plant::NeverFences,
    Plant::OutputsNotCompared,
    Plant::CheckpointNotLast,
    Plant::UnclearIsCommitted,
    Plant::WallClock,
    Plant::ReadsLogFromOwnPlace,
    Plant::OffsetsApart,
];
