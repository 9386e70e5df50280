//! An owner of the ledger whose transactional id another takes, at each step of a transaction: it stops writing, gives
//! the log up, and nothing is published twice or left out. The cases are those of Apache Kafka's own `TransactionsTest`:
//! fenced on commit, on send, on sending offsets, on adding partitions, by expiry, an epoch that goes on after a record
//! was given up, and a fencing that failed halfway.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::thread::sleep;
use std::time::Duration;

use comity::kafka::follow::Follower;
use rdkafka::admin::{AdminOptions, AlterConfig, ResourceSpecifier};
use rdkafka::error::KafkaResult;
use rdkafka::producer::{BaseProducer, Producer};

use crate::ledger::{Federation, Running, ids, owns};
use crate::support::broker::{PATIENCE, block_on, needs_real_kafka, wait_until};
use crate::support::proxy::{ADD_OFFSETS_TO_TXN, ADD_PARTITIONS_TO_TXN, END_TXN, Proxy, TXN_OFFSET_COMMIT};

/// An owner behind a network that is turned by hand, and a standby beside it.
struct Pair {
    federation: Federation,
    proxy: Proxy,
    owner: Running,
    standby: Running,
}

impl Pair {
    /// Twenty cases are decided by the owner.
    fn new() -> Self {
        Self::with(|_| {}, BTreeMap::new())
    }

    fn with(turned: impl FnOnce(&Proxy), properties: BTreeMap<String, String>) -> Self {
        let mut federation = Federation::new();
        let proxy = Proxy::before(&federation.broker.address());
        turned(&proxy);
        federation.events(ids(0, 20));
        let mut kafka = federation.broker.settings();
        kafka.bootstrap_servers = proxy.address();
        kafka.properties = properties;
        let owner = federation.start_with(kafka);
        owner.until_decided(21);
        let standby = federation.start();
        standby.until("it stands by", |status| status.standby.load(Ordering::Relaxed));
        assert!(owns(&owner.status) && !owns(&standby.status));
        Self { federation, proxy, owner, standby }
    }

    /// Twenty more are in a transaction of which this request waits.
    fn halt_at(&mut self, api: i16) {
        self.proxy.halt(Some(api));
        self.federation.events(ids(20, 40));
        let proxy = &self.proxy;
        wait_until("a transaction waits", PATIENCE, || proxy.halts() > 0);
    }

    /// Twenty more are in a transaction of which the records for one recipient wait.
    fn stall(&mut self) {
        self.proxy.stall(Some("comity.alerts.DE"));
        self.federation.events(ids(20, 40));
        let proxy = &self.proxy;
        wait_until("a transaction waits", PATIENCE, || proxy.stalled() > 0);
    }

    fn release(&self) {
        self.proxy.halt(None);
        self.proxy.stall(None);
    }

    /// What the group knows nothing of: somebody else takes the ledger's transactional id.
    fn fence(&self) -> KafkaResult<()> {
        self.take(&self.transactional_id(), PATIENCE)
    }

    fn transactional_id(&self) -> String {
        format!("comity-{}-ledger", self.federation.broker.federation)
    }

    fn take(&self, transactional_id: &str, limit: Duration) -> KafkaResult<()> {
        let mut config = self.federation.broker.plain_config();
        let producer: BaseProducer = config.set("transactional.id", transactional_id).create()?;
        producer.init_transactions(limit)
    }

    /// The fenced owner lets go, and whoever the group names then decides what is left, once.
    fn assert_handed_over(mut self) {
        self.owner.until("the fenced one lets go", |status| !owns(status));
        self.until_decided(41);
        self.federation.events(ids(40, 45));
        self.until_decided(46);
        for running in [&self.owner, &self.standby] {
            let unclear = running.status.unclear_commits.load(Ordering::Relaxed);
            assert_eq!(unclear, 0, "being fenced is no doubt, and nobody fences the new owner");
        }
        self.end();
    }

    /// Both together have counted so many entries as decided.
    fn until_decided(&self, entries: u64) {
        let decided = |running: &Running| running.status.entries_but_ticks.load(Ordering::Relaxed);
        wait_until("the log is decided", PATIENCE, || decided(&self.owner) + decided(&self.standby) >= entries);
        assert_eq!(decided(&self.owner) + decided(&self.standby), entries, "each entry is counted once");
    }

    fn end(self) {
        self.owner.stop();
        self.standby.stop();
        self.federation.assert_right();
    }
}

fn fenced_at(api: i16) {
    if needs_real_kafka("it does not refuse every request of an older epoch") {
        return;
    }
    let mut pair = Pair::new();
    pair.halt_at(api);
    pair.fence().unwrap();
    pair.release();
    pair.assert_handed_over();
}

#[test]
fn an_owner_fenced_on_commit_gives_the_log_up() {
    fenced_at(END_TXN);
}

#[test]
fn an_owner_fenced_on_sending_offsets_gives_the_log_up() {
    fenced_at(ADD_OFFSETS_TO_TXN);
}

#[test]
fn an_owner_fenced_while_its_offsets_are_written_gives_the_log_up() {
    fenced_at(TXN_OFFSET_COMMIT);
}

#[test]
fn an_owner_fenced_at_the_beginning_of_a_transaction_gives_the_log_up() {
    fenced_at(ADD_PARTITIONS_TO_TXN);
}

#[test]
fn an_owner_fenced_on_send_gives_the_log_up() {
    if needs_real_kafka("it does not refuse every request of an older epoch") {
        return;
    }
    let mut pair = Pair::new();
    pair.stall();
    pair.fence().unwrap();
    pair.release();
    pair.assert_handed_over();
}

#[test]
fn an_owner_goes_on_where_its_group_changes_under_its_offset() {
    if needs_real_kafka("its groups take the offset of any member") {
        return;
    }
    let mut pair = Pair::new();
    pair.halt_at(TXN_OFFSET_COMMIT);
    let newcomer = pair.federation.start();
    newcomer.until("a third one stands by", |status| status.standby.load(Ordering::Relaxed));
    // A member hears of the change by its next heartbeat, each second.
    sleep(Duration::from_secs(3));
    pair.release();
    pair.until_decided(41);
    assert_eq!(pair.owner.status.unclear_commits.load(Ordering::Relaxed), 0, "its transaction is not refused");
    newcomer.stop();
    pair.end();
}

#[test]
fn an_owner_whose_transaction_expired_gives_the_log_up() {
    if needs_real_kafka("its transactions never expire") {
        return;
    }
    let short = Duration::from_secs(2);
    let mut pair = Pair::with(|proxy| proxy.shorten_transactions(Duration::from_secs(30), short), BTreeMap::new());
    let other = "comity.alerts.US-MA";
    let reader = Follower::connect(&pair.federation.broker.settings(), None, &[other]).unwrap();
    let (_, before) = reader.ends(other).unwrap();
    pair.stall();
    // Committed records end where the first open transaction begins: it has ended, and by itself.
    wait_until("the coordinator gives the transaction up", PATIENCE, || reader.ends(other).unwrap().1 >= before + 20);
    pair.release();
    pair.assert_handed_over();
}

#[test]
fn a_record_that_is_given_up_brings_a_new_epoch_and_the_owner_goes_on() {
    let properties = BTreeMap::from([("message.timeout.ms".to_owned(), "1500".to_owned())]);
    let mut pair = Pair::with(|_| {}, properties);
    pair.stall();
    let proxy = &pair.proxy;
    pair.owner.until("the doubt is seen", |status| status.unclear_commits.load(Ordering::Relaxed) > 0);
    // The record that was given up arrives all the same, and must not be in the next transaction.
    proxy.stall(None);
    pair.owner.until("it decides", |status| status.entries_but_ticks.load(Ordering::Relaxed) == 41);
    assert!(owns(&pair.owner.status) && !owns(&pair.standby.status), "the owner stays");
    assert!(pair.owner.status.aborted.load(Ordering::Relaxed) > 0, "the batch was undone");
    pair.end();
}

#[test]
fn an_owner_whose_fencing_failed_halfway_loses_nothing() {
    if needs_real_kafka("it keeps no log of transactions") {
        return;
    }
    let mut pair = Pair::new();
    pair.halt_at(END_TXN);
    // The coordinator cannot write down what it decides: the other's beginning fails, and so does the owner's end.
    set_transaction_log(&pair, "1");
    let briefly = Duration::from_secs(2);
    wait_until("the coordinator refuses", PATIENCE, || pair.take("another", briefly).is_err());
    pair.take(&pair.transactional_id(), briefly).unwrap_err();
    pair.release();
    pair.owner
        .until("the owner is in doubt", |status| !owns(status) || status.unclear_commits.load(Ordering::Relaxed) > 0);
    set_transaction_log(&pair, "1048588");
    pair.until_decided(41);
    pair.federation.events(ids(40, 45));
    pair.until_decided(46);
    pair.end();
}

/// Bytes of the largest batch that the log of transactions takes.
fn set_transaction_log(pair: &Pair, batch_bytes_max: &str) {
    let config = AlterConfig::new(ResourceSpecifier::Topic("__transaction_state"))
        .set("cleanup.policy", "compact")
        .set("max.message.bytes", batch_bytes_max);
    let altered = pair.federation.broker.admin();
    for result in block_on(altered.alter_configs(&[config], &AdminOptions::new())).unwrap() {
        result.unwrap();
    }
}
