//! Who owns the log, where the group has given it to somebody who does not work, and how members end.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::thread::{sleep, spawn};
use std::time::Duration;

use comity::kafka::client::{self, Context, Deliveries, Purpose};
use comity::kafka::names;
use rdkafka::consumer::{BaseConsumer, Consumer};

use crate::ledger::{Federation, ids, owns};
use crate::support::broker::{Broker, PATIENCE, needs_real_kafka, wait_until};

const POLL: Duration = Duration::from_millis(10);

/// A member of the ledger's group that has the log and does nothing with it.
fn stranger(broker: &Broker) -> BaseConsumer {
    let group = names::ledger_group(&broker.federation);
    let mut config = broker.plain_config();
    config.set("group.id", group).set("partition.assignment.strategy", "cooperative-sticky");
    let member: BaseConsumer = config.create().unwrap();
    member.subscribe(&[names::LOG]).unwrap();
    wait_until("the group gives the stranger the log", PATIENCE, || {
        let _record = member.poll(POLL);
        member.assignment().is_ok_and(|held| held.count() > 0)
    });
    member
}

fn members(broker: &Broker) -> BTreeSet<String> {
    let asker: BaseConsumer = broker.plain_config().create().unwrap();
    let group = names::ledger_group(&broker.federation);
    let groups = asker.fetch_group_list(Some(&group), Duration::from_secs(10)).unwrap();
    groups.groups()[0].members().iter().map(|member| member.id().to_owned()).collect()
}

#[test]
fn a_standby_that_nobody_works_for_asks_the_group_anew() {
    if needs_real_kafka("it says of a group only that there is one") {
        return;
    }
    let mut federation = Federation::new();
    let stranger = stranger(&federation.broker);
    let ledger = federation.start();
    // A rebalance waits for each member's word.
    let until = |what: &str, holds: &dyn Fn() -> bool| {
        wait_until(what, PATIENCE, || {
            let _record = stranger.poll(POLL);
            holds()
        });
    };
    let members = || members(&federation.broker);
    until("both are members", &|| members().len() == 2);
    let before = members();
    until("it says that nobody works", &|| ledger.status.silent.load(Ordering::Relaxed));
    until("it has left and joined again", &|| {
        let now = members();
        now.len() == 2 && now.intersection(&before).count() == 1
    });
    assert!(!owns(&ledger.status), "the stranger still has the log");
    drop(stranger);
    federation.events(ids(0, 10));
    ledger.until("it owns the log", |status| owns(status) && !status.silent.load(Ordering::Relaxed));
    ledger.until_decided(11);
    ledger.stop();
    federation.assert_right();
}

#[test]
fn a_member_that_ends_while_it_is_given_the_log_ends() {
    if needs_real_kafka("it says of a group only that there is one") {
        return;
    }
    let federation = Federation::new();
    let broker = &federation.broker;
    let stranger = stranger(broker);
    let group = names::ledger_group(&broker.federation);
    let purpose = Purpose::LedgerConsumer { group: &group, instance_id: None };
    let context = Context::new(Deliveries::FailedOnly);
    let member: BaseConsumer<Context> =
        client::config(&broker.settings(), purpose).create_with_context(context).unwrap();
    member.subscribe(&[names::LOG]).unwrap();
    let asker: BaseConsumer = broker.plain_config().create().unwrap();
    wait_until("the group has given each what it has", PATIENCE, || {
        let _record = stranger.poll(POLL);
        let groups = asker.fetch_group_list(Some(&group), Duration::from_secs(10));
        groups.is_ok_and(|list| {
            list.groups().first().is_some_and(|group| group.state() == "Stable" && group.members().len() == 2)
        })
    });
    // The client has heard of it by then, and has not been asked.
    sleep(Duration::from_millis(500));
    assert_eq!(member.context().take_events(), []);
    member.context().close();
    let ending = spawn(|| drop(member));
    wait_until("the member ends", PATIENCE, || ending.is_finished());
}
