//! The member of the ledger's group, on the embedded Kafka: an owner that the group asks for the log while it is busy.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread::{sleep, spawn};
use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::config::ClientConfig;
use rdkafka::consumer::Consumer;

use super::{LedgerContext, Shell};
use crate::config;
use crate::kafka::embedded::EmbeddedBroker;
use crate::kafka::names;
use crate::model::rules::{Period, Policy, Rules};
use crate::run::ledger::Input;

const PATIENCE: u32 = 10_000;
const LOOK: Duration = Duration::from_millis(1);

pub(in crate::kafka) fn context() -> LedgerContext {
    let bootstrap_servers = EmbeddedBroker::start(0).unwrap().bootstrap_servers();
    let mut settings = ClientConfig::new();
    let admin: AdminClient<_> = settings.set("bootstrap.servers", &bootstrap_servers).create().unwrap();
    let topics = [names::LOG, names::STATE].map(|name| NewTopic::new(name, 1, TopicReplication::Fixed(1)));
    let made = admin.create_topics(&topics, &AdminOptions::new());
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(made).unwrap();
    let period = Period { months: 36, days: 0 };
    LedgerContext {
        kafka: config::Kafka {
            bootstrap_servers,
            single_broker: true,
            session_timeout: Duration::from_secs(6),
            properties: BTreeMap::new(),
        },
        federation: "f".to_owned(),
        rules: Rules {
            federation: "f".to_owned(),
            rules_version: 1,
            logic_version: 1,
            members: Vec::new(),
            policy: Policy { expires_after: period, forget_after: period },
            clocks: Vec::new(),
            groups: Vec::new(),
            contacts: Vec::new(),
            digests: Vec::new(),
        },
        pace: config::Ledger {
            commit_interval: LOOK,
            batch_entries_max: 1,
            commit_doubt: Duration::from_secs(5),
            instance_id: None,
        },
        status: Arc::default(),
        view: Arc::default(),
    }
}

/// Polls until the group says this.
fn hear(shell: &mut Shell<'_>, what: fn(&Input) -> bool) -> bool {
    (0..PATIENCE).any(|_| {
        sleep(LOOK);
        shell.poll_group().unwrap().iter().any(what)
    })
}

/// A member that had the log, and that the group has asked for it.
fn asked(context: &LedgerContext) -> Shell<'_> {
    let mut shell = Shell::connect(context).unwrap();
    shell.join().unwrap();
    assert!(hear(&mut shell, |input| matches!(input, Input::Assigned)), "the group gives the log");
    shell.group.unsubscribe();
    assert!(hear(&mut shell, |input| matches!(input, Input::Revoked { .. })), "the group asks for the log");
    shell
}

/// On a thread of its own: a member that owes an answer is never dropped.
fn ends(what: fn()) {
    let thread = spawn(what);
    let has_ended = (0..2 * PATIENCE).any(|_| {
        sleep(LOOK);
        thread.is_finished()
    });
    assert!(has_ended, "the member hangs");
    thread.join().unwrap();
}

#[test]
fn a_member_that_has_given_its_answer_may_leave_and_come_back() {
    ends(|| {
        let context = context();
        let mut shell = asked(&context);
        shell.release().unwrap();
        shell.leave();
        shell.join().unwrap();
        assert!(hear(&mut shell, |input| matches!(input, Input::Assigned)), "the group gives the log again");
    });
}

#[test]
fn a_member_that_owes_an_answer_gives_it_when_it_ends() {
    ends(|| drop(asked(&context())));
}
