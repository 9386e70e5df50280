//! The loop driven by hand: what the shell reports is made up here, what it commands is compared.

use std::collections::BTreeSet;

use super::{Command, Input, Ledger, OutputTails, Setting, Transaction};
use crate::model::code::{MemberState, Severity};
use crate::model::entry::{Body, LogEntry};
use crate::model::place::Jurisdiction;
use crate::model::rules::{Member, Period, Policy, Rules};

fn rules() -> Rules {
    let member = |code: &str| Member {
        jurisdiction: Jurisdiction::parse(code).unwrap(),
        state: MemberState::Active,
        domains: Vec::new(),
        least_severity: Severity::Unknown,
    };
    let year = Period { months: 12, days: 0 };
    Rules {
        federation: "hand".to_owned(),
        rules_version: 1,
        logic_version: 1,
        members: vec![member("CA-ON"), member("CA-QC")],
        policy: Policy { expires_after: year, forget_after: year },
        digests: Vec::new(),
    }
}

/// A loop that owns an empty log.
fn owner() -> Ledger {
    let setting =
        Setting { cluster_id: "here".to_owned(), rules: rules(), batch_entries_max: 10, commit_interval_ms: 0 };
    let (mut ledger, first) = Ledger::start(setting);
    assert_eq!(first, [Command::Follow]);
    let end = || Input::StateEnd { log_start: 0, log_end: 1 };
    assert_eq!(ledger.on(end()), [Command::Join]);
    assert_eq!(ledger.on(Input::Assigned), [Command::NewProducer]);
    assert_eq!(ledger.on(Input::ProducerReady), [Command::ReadStateToEnd]);
    assert!(matches!(ledger.on(end())[..], [Command::ReadOutputs(_)]));
    assert_eq!(ledger.on(Input::OutputsRead(OutputTails::new())), [Command::ReadLog { position: 0 }]);
    ledger
}

/// Hands in the first rules and gives the transaction that they make.
fn commit(ledger: &mut Ledger) -> Transaction {
    let entry = LogEntry { offset: 0, appended_at: 60_000_000, body: Body::Rules(Box::new(rules())) };
    transaction(ledger.on(Input::Polled { entries: vec![entry], now_ms: 1 }))
}

fn transaction(mut commands: Vec<Command>) -> Transaction {
    match commands.pop() {
        Some(Command::Commit(transaction)) if commands.is_empty() => *transaction,
        other => panic!("expected one commit, not {other:?} after {commands:?}"),
    }
}

#[test]
fn an_unclear_commit_that_did_not_happen_is_undone_and_made_again() {
    let mut ledger = owner();
    let before = ledger.state().dump();
    let first = commit(&mut ledger);
    assert_ne!(ledger.state().dump(), before);
    assert_eq!(ledger.on(Input::CommitUnknown), [Command::NewProducer]);
    assert_eq!(ledger.on(Input::ProducerReady), [Command::ReadCheckpoint]);
    let commands = ledger.on(Input::CheckpointRead { last: None, torn: BTreeSet::new() });
    assert!(matches!(commands[..], [Command::CountUndone, Command::ReadOutputs(_)]), "{commands:?}");
    assert_eq!(ledger.state().dump(), before, "nothing of the batch is remembered");
    assert_eq!(ledger.on(Input::OutputsRead(OutputTails::new())), [Command::ReadLog { position: 1 }]);
    let again = transaction(ledger.on(Input::Polled { entries: Vec::new(), now_ms: 2 }));
    assert_eq!(again, first, "the same entries make the same bytes");
}

#[test]
fn an_unclear_commit_that_happened_is_published_once() {
    let mut ledger = owner();
    let done = commit(&mut ledger).batch.checkpoint;
    ledger.on(Input::CommitUnknown);
    ledger.on(Input::ProducerReady);
    let commands = ledger.on(Input::CheckpointRead { last: Some(done), torn: BTreeSet::new() });
    assert!(matches!(commands[..], [Command::Publish { .. }, Command::ReadOutputs(_)]), "{commands:?}");
}

#[test]
fn an_unclear_commit_after_which_another_owner_wrote_drops_the_state() {
    let mut ledger = owner();
    let mut other = commit(&mut ledger).batch.checkpoint;
    other.transaction += 7;
    ledger.on(Input::CommitUnknown);
    ledger.on(Input::ProducerReady);
    let commands = ledger.on(Input::CheckpointRead { last: Some(other), torn: BTreeSet::new() });
    assert_eq!(commands, [Command::CountUndone, Command::Follow]);
    assert!(ledger.state().is_empty());
}

#[test]
fn outputs_that_a_torn_transaction_published_are_not_sent_again_and_other_bytes_stop_the_ledger() {
    let whole = commit(&mut owner());
    assert_eq!(whole.batch.records.len(), 2, "a status for each member");
    let torn = &whole.batch.records[0];
    let run = |bytes: Vec<u8>| {
        let mut ledger = owner();
        commit(&mut ledger);
        ledger.on(Input::CommitUnknown);
        ledger.on(Input::ProducerReady);
        ledger.on(Input::CheckpointRead { last: None, torn: BTreeSet::new() });
        let tails = OutputTails::from([(torn.output, [(torn.sequence, bytes)].into())]);
        ledger.on(Input::OutputsRead(tails));
        ledger.on(Input::Polled { entries: Vec::new(), now_ms: 2 })
    };
    let rest = transaction(run(torn.value.clone()));
    assert_eq!(rest.batch.records, whole.batch.records[1..]);
    assert!(matches!(run(vec![0])[..], [Command::Stop(_)]));
}

#[test]
fn a_fenced_owner_leaves_the_group_and_follows() {
    let mut ledger = owner();
    commit(&mut ledger);
    assert_eq!(ledger.on(Input::Fenced), [Command::Leave, Command::Follow]);
    assert!(ledger.state().is_empty());
}

#[test]
fn a_gap_in_the_log_stops_the_ledger() {
    let mut ledger = owner();
    let entry = LogEntry { offset: 5, appended_at: 60_000_000, body: Body::Tick };
    assert!(matches!(ledger.on(Input::Polled { entries: vec![entry], now_ms: 1 })[..], [Command::Stop(_)]));
}
