//! The `Checkpoint` as Avro.

use serde::Deserialize;

use crate::model::code::Code;
use crate::model::decision::Output;
use crate::model::rules::MemberIndex;
use crate::model::state::{Checkpoint, Marks, Sequences};
use crate::schema::datum;
use crate::schema::read::{Fixed, Symbol};

/// The kinds of `Output`, as Avro names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OutputKind {
    Alerts,
    Test,
    Rejects,
    Status,
    National,
    Archive,
    Review,
    Overdue,
    Disputes,
}

impl Code for OutputKind {
    const ALL: &'static [(Self, &'static str)] = &[
        (Self::Alerts, "ALERTS"),
        (Self::Test, "TEST"),
        (Self::Rejects, "REJECTS"),
        (Self::Status, "STATUS"),
        (Self::National, "NATIONAL"),
        (Self::Archive, "ARCHIVE"),
        (Self::Review, "REVIEW"),
        (Self::Overdue, "OVERDUE"),
        (Self::Disputes, "DISPUTES"),
    ];
}

/// Appends a `Checkpoint`.
pub(super) fn write(checkpoint: &Checkpoint, out: &mut Vec<u8>) {
    let marks = &checkpoint.marks;
    datum::long(checkpoint.transaction, out);
    datum::long(marks.log_position, out);
    datum::long(marks.log_time, out);
    datum::long(marks.status_minute, out);
    datum::long(marks.forget_not_before, out);
    let sequences = marks.sequences.iter();
    if sequences.len() > 0 {
        datum::length(sequences.len(), out);
    }
    for (output, next) in sequences {
        write_output(output, out);
        datum::long(next, out);
    }
    datum::length(0, out);
    datum::digest_128(marks.digest, out);
    datum::text(&checkpoint.cluster_id, out);
}

/// Appends the first two fields of an `OutputSequence`.
fn write_output(output: Output, out: &mut Vec<u8>) {
    let (kind, member) = match output {
        Output::Alerts(member) => (OutputKind::Alerts, Some(member)),
        Output::Test(member) => (OutputKind::Test, Some(member)),
        Output::Rejects => (OutputKind::Rejects, None),
        Output::Status(member) => (OutputKind::Status, Some(member)),
        Output::NationalStatus => (OutputKind::Status, None),
        Output::National => (OutputKind::National, None),
        Output::Archive => (OutputKind::Archive, None),
        Output::Review => (OutputKind::Review, None),
        Output::Overdue => (OutputKind::Overdue, None),
        Output::Disputes(member) => (OutputKind::Disputes, Some(member)),
    };
    datum::code(kind, out);
    datum::optional(member.map(i32::from), out, datum::int);
}

/// `Checkpoint` as read.
#[derive(Debug, Deserialize)]
pub(super) struct Read {
    transaction: i64,
    log_position: i64,
    log_time: i64,
    status_minute: i64,
    forget_not_before: i64,
    sequences: Vec<OutputSequence>,
    digest: Fixed<16>,
    cluster_id: String,
}

impl Read {
    /// The checkpoint; `None` where it names an output that there is not, or one twice.
    pub(super) fn into_model(self) -> Option<Checkpoint> {
        let mut sequences = Sequences::default();
        for sequence in self.sequences {
            let twice = sequences.insert(sequence.output()?, sequence.next).is_some();
            if twice {
                return None;
            }
        }
        let marks = Marks {
            log_position: self.log_position,
            log_time: self.log_time,
            status_minute: self.status_minute,
            forget_not_before: self.forget_not_before,
            sequences,
            digest: u128::from_be_bytes(self.digest.0),
        };
        Some(Checkpoint { transaction: self.transaction, marks, cluster_id: self.cluster_id })
    }
}

/// `OutputSequence` as read.
#[derive(Debug, Deserialize)]
struct OutputSequence {
    output: Symbol<OutputKind>,
    member: Option<i32>,
    next: i64,
}

impl OutputSequence {
    fn output(&self) -> Option<Output> {
        let member = match self.member {
            None => None,
            Some(index) => Some(MemberIndex::try_from(index).ok()?),
        };
        match (self.output.0, member) {
            (OutputKind::Alerts, Some(member)) => Some(Output::Alerts(member)),
            (OutputKind::Test, Some(member)) => Some(Output::Test(member)),
            (OutputKind::Rejects, None) => Some(Output::Rejects),
            (OutputKind::Status, Some(member)) => Some(Output::Status(member)),
            (OutputKind::Status, None) => Some(Output::NationalStatus),
            (OutputKind::National, None) => Some(Output::National),
            (OutputKind::Archive, None) => Some(Output::Archive),
            (OutputKind::Review, None) => Some(Output::Review),
            (OutputKind::Overdue, None) => Some(Output::Overdue),
            (OutputKind::Disputes, Some(member)) => Some(Output::Disputes(member)),
            (
                OutputKind::Rejects
                | OutputKind::National
                | OutputKind::Archive
                | OutputKind::Review
                | OutputKind::Overdue,
                Some(_),
            )
            | (OutputKind::Alerts | OutputKind::Test | OutputKind::Disputes, None) => None,
        }
    }
}
