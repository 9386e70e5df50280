//! What the outputs and the state must hold, whatever happened on the way: the log read once, entry by entry.

use std::collections::BTreeMap;

use comity::encode;
use comity::index::State;
use comity::ledger::handle;
use comity::model::decision::{Output, gets_event};
use comity::model::entry::LogEntry;
use comity::model::rules::Rules;

use crate::world::apply;

/// The records of each output, with their sequences.
pub(crate) type Outputs = BTreeMap<Output, Vec<(i64, Vec<u8>)>>;

/// Reads a log with no batch, commit or takeover.
pub(crate) fn of(log: &[LogEntry]) -> (Outputs, State) {
    let mut state = State::default();
    let mut outputs = Outputs::new();
    for entry in log {
        let effects = handle(&state, entry);
        apply(&mut state, &effects);
        let rules: &Rules = state.rules().expect("rules come first");
        for decision in &effects.decisions {
            let tails = encode::tails(decision);
            if let Some(copy) = &decision.national {
                let member = |member: &u8| rules.members[usize::from(*member)].jurisdiction;
                let told: Vec<_> = copy.told.iter().map(member).collect();
                let mut value = Vec::new();
                encode::national(copy.sequence, &told, &mut value);
                value.extend_from_slice(tails.attention.as_ref().expect("a tail"));
                outputs.entry(Output::National).or_default().push((copy.sequence, value));
            }
            for own in &decision.recipients {
                let mut value = Vec::new();
                encode::own(own, rules.members[usize::from(own.member)].jurisdiction, &mut value);
                let tail = if gets_event(own.role) { &tails.follow_up } else { &tails.attention };
                value.extend_from_slice(tail.as_ref().expect("a tail"));
                let output = if decision.test { Output::Test(own.member) } else { Output::Alerts(own.member) };
                outputs.entry(output).or_default().push((own.sequence, value));
            }
        }
        if let Some((rejection, sequence)) = &effects.rejection {
            let value = encode::rejection(rejection, *sequence);
            outputs.entry(Output::Rejects).or_default().push((*sequence, value));
        }
        for notice in &effects.notices {
            outputs.entry(notice.output).or_default().push((notice.sequence, encode::notice(notice)));
        }
        for status in &effects.statuses {
            let member = |jurisdiction| rules.member(jurisdiction).expect("a member");
            let output = status.recipient.jurisdiction().map(member).map_or(Output::NationalStatus, Output::Status);
            outputs.entry(output).or_default().push((status.sequence, encode::status(status)));
        }
    }
    (outputs, state)
}
