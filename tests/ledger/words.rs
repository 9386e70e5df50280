//! What a history met, so that a test can say what it never did.

use comity::ledger::Outcome;
use comity::model::code::Standing;

use crate::model::{Said, Sent};

/// What an entry met, in words.
pub(crate) fn words(said: &Said) -> Vec<String> {
    let mut words = vec![format!("{:?}", said.outcome)];
    words.extend(said.rejected.map(|(reason, _)| format!("{reason:?}")));
    let mut note = |holds: bool, what: &str| words.extend(holds.then(|| what.to_owned()));
    note(said.clock_stepped, "a step of the clock");
    note(!said.reviewed.is_empty(), "a review");
    note(said.gaps > 0, "a gap that lasts");
    note(said.sent.iter().any(|sent| !sent.restricted_cases.is_empty()), "a restricted case");
    note(said.sent.iter().any(|sent| !sent.open_cases.is_empty()), "an open case elsewhere");
    note(said.disputes.iter().any(|at| at.4.is_none()), "a dispute");
    note(said.disputes.iter().any(|at| at.4.is_some()), "a dispute that ends");
    note(said.took.is_some_and(|took| took.3 == Some(true)), "answered in time");
    note(said.took.is_some_and(|took| took.3 == Some(false)), "answered late");
    note(said.sent.iter().any(|sent| sent.original_unseen), "an unseen original");
    note(said.sent.iter().any(|sent| !sent.formerly.is_empty()), "known before by another name");
    note(said.reviews.iter().any(|asked| asked.0), "a number that came back");
    note(said.reviews.iter().any(|asked| !asked.0), "a number with two holders");
    let again = |sent: &Sent| said.outcome == Outcome::Tick && sent.standing == Standing::InForce;
    note(said.sent.iter().any(again), "told by time alone of the same standing");
    words.extend(said.late.iter().map(|late| late.1.to_owned()));
    for sent in &said.sent {
        words.push(format!("{:?} {:?}", sent.msg_type, sent.standing));
        if sent.joining {
            words.push(format!("told as it joins: {:?}", sent.msg_type));
        }
        words.push(format!("{:?} before {:?}", sent.role, sent.role_before));
    }
    words
}
