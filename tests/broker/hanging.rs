//! Transactions that are ended and whose end does not stand in every partition, as a broker leaves them that is killed
//! meanwhile.

use std::sync::atomic::Ordering;

use comity::kafka::names;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};

use crate::ledger::{Federation, ids};
use crate::support::broker::{Broker, PATIENCE, needs_own_kafka};
use crate::support::proxy::Proxy;
use crate::support::reader::{read_committed, read_uncommitted};

/// Without its guard (KIP-890) a broker takes records of a partition that their transaction does not end in.
const UNGUARDED: &str = "transaction.partition.verification.enable=false\n";
const OPEN: &str = "comity.alerts.DE";

/// A federation of which one recipient's last five alerts stand open, though the last `Checkpoint` promises them.
fn left_open() -> Federation {
    let mut federation = Federation::on(Broker::with_properties(UNGUARDED));
    federation.broker.create_topics(&["comity.alerts.ZZ"], &[]);
    let proxy = Proxy::before(&federation.broker.address());
    federation.events(ids(0, 20));
    let ledger = federation.start_behind(&proxy);
    ledger.until_decided(21);
    let shown = read_committed(&federation.broker, OPEN).len();
    proxy.leave_open(OPEN, "comity.alerts.ZZ");
    federation.events(ids(20, 25));
    ledger.until("five more are decided", |status| status.entries_but_ticks.load(Ordering::Relaxed) == 26);
    ledger.stop();
    assert_eq!(read_committed(&federation.broker, OPEN).len(), shown, "readers stop before what is open");
    assert_eq!(read_uncommitted(&federation.broker, OPEN).len(), shown + 5);
    federation
}

fn goes_on(mut federation: Federation) {
    let ledger = federation.start();
    federation.events(ids(25, 30));
    ledger.until("the rest is decided", |status| status.entries_but_ticks.load(Ordering::Relaxed) == 5);
    ledger.stop();
    federation.assert_right();
}

#[test]
fn what_is_promised_and_stands_open_is_sent_again_and_shown_once() {
    if needs_own_kafka("the test sets its broker up") {
        return;
    }
    goes_on(left_open());
}

#[test]
fn what_is_promised_and_was_aborted_is_sent_again() {
    if needs_own_kafka("the test sets its broker up") {
        return;
    }
    let federation = left_open();
    // As by an instance that takes over, and dies before it can send anything again.
    let id = names::ledger_group(&federation.broker.federation);
    let producer: BaseProducer = federation.broker.plain_config().set("transactional.id", id).create().unwrap();
    producer.init_transactions(PATIENCE).unwrap();
    producer.begin_transaction().unwrap();
    producer.send(BaseRecord::<str, [u8]>::to(OPEN).partition(0).key("").payload(&[])).unwrap();
    producer.flush(PATIENCE).unwrap();
    producer.abort_transaction(PATIENCE).unwrap();
    goes_on(federation);
}
