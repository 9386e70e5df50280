//! The kinds of faults, and which of them this machine and this build allow.

use std::fmt;

use crate::instances::{clock_library, other_build};

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    KillOwner,
    KillStandby,
    KillBoth,
    StopOwner,
    PauseOwner,
    /// Longer than its session: it comes back as one that has lost the log and does not know it.
    PauseOwnerLong,
    CutOwner,
    CutOwnerLong,
    SlowOwner,
    /// Its connections stay open and carry nothing any more.
    HalfOpenOwner,
    ResetRequest,
    ResetAnswer,
    StallOwner,
    /// The end of a transaction is held up, its connection lost, and it arrives late.
    DelayEnd,
    /// The end of a transaction never arrives.
    LoseEnd,
    PauseBroker,
    KillBroker,
    RestartBroker,
    FillDisk,
    /// A third instance is added and removed, every three seconds.
    ComeAndGo,
    SlowRecipient,
    AbsentRecipient,
    Undecodable,
    BoundMemory,
    JumpClock,
    /// The owner ends in order and comes back as another build.
    ChangeBuild,
    /// The owner dies at a named step, by its place in `fault::STEPS`.
    Step(usize),
}

const ALWAYS: [Kind; 23] = [
    Kind::KillOwner,
    Kind::KillStandby,
    Kind::KillBoth,
    Kind::StopOwner,
    Kind::PauseOwner,
    Kind::PauseOwnerLong,
    Kind::CutOwner,
    Kind::CutOwnerLong,
    Kind::SlowOwner,
    Kind::HalfOpenOwner,
    Kind::ResetRequest,
    Kind::ResetAnswer,
    Kind::StallOwner,
    Kind::DelayEnd,
    Kind::LoseEnd,
    Kind::PauseBroker,
    Kind::KillBroker,
    Kind::RestartBroker,
    Kind::ComeAndGo,
    Kind::SlowRecipient,
    Kind::AbsentRecipient,
    Kind::Undecodable,
    Kind::BoundMemory,
];

#[cfg(feature = "faults")]
const STEPS: &[&str] = &comity::fault::STEPS;
#[cfg(not(feature = "faults"))]
const STEPS: &[&str] = &[];

impl Kind {
    /// The step at which it dies.
    pub(crate) fn step(self) -> Option<&'static str> {
        match self {
            Self::Step(place) => STEPS.get(place).copied(),
            _ => None,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.step() {
            Some(step) => write!(formatter, "DieAt({step})"),
            None => write!(formatter, "{self:?}"),
        }
    }
}

/// Every kind that can happen here, named steps apart from the others; what cannot is said.
pub(crate) fn possible(own_disk: bool) -> (Vec<Kind>, Vec<Kind>) {
    let mut kinds = ALWAYS.to_vec();
    let mut with = |kind, is_possible: bool, why: &str| {
        if is_possible {
            kinds.push(kind);
        } else {
            println!("{kind} is not among the faults: {why}");
        }
    };
    with(Kind::FillDisk, own_disk, "the broker has no disk of its own");
    with(Kind::JumpClock, clock_library().is_some(), "there is no C compiler");
    with(Kind::ChangeBuild, other_build().is_some(), "COMITY_OTHER names no other build");
    if STEPS.is_empty() {
        println!("deaths at named steps are not among the faults: the feature `faults` is off");
    }
    let mut steps: Vec<Kind> = (0..STEPS.len()).map(Kind::Step).collect();
    if let Ok(wanted) = std::env::var("COMITY_KINDS") {
        let is_wanted = |kind: &Kind| wanted.split(',').any(|wanted| kind.to_string() == wanted);
        kinds.retain(is_wanted);
        steps.retain(is_wanted);
        assert!(!kinds.is_empty(), "COMITY_KINDS names no kind that is possible here");
    }
    (kinds, steps)
}
