//! Transactions that are ended and whose end does not stand in every partition, as a broker leaves them that is killed
//! meanwhile.

use std::sync::atomic::Ordering;

use crate::ledger::{Federation, ids};
use crate::support::broker::{Broker, needs_own_kafka};
use crate::support::proxy::Proxy;
use crate::support::reader::{read_committed, read_uncommitted};

/// Without its guard (KIP-890) a broker takes records of a partition that their transaction does not end in.
const UNGUARDED: &str = "transaction.partition.verification.enable=false\n";
const OPEN: &str = "comity.alerts.DE";

#[test]
fn what_is_promised_and_stands_open_is_sent_again_and_shown_once() {
    if needs_own_kafka("the test sets its broker up") {
        return;
    }
    let mut federation = Federation::on(Broker::with_properties(UNGUARDED));
    federation.broker.create_topics(&["comity.alerts.ZZ"], &[]);
    let proxy = Proxy::before(&federation.broker.address());
    federation.events(ids(0, 20));
    let first = federation.start_behind(&proxy);
    first.until_decided(21);
    let shown = read_committed(&federation.broker, OPEN).len();
    proxy.leave_open(OPEN, "comity.alerts.ZZ");
    federation.events(ids(20, 25));
    first.until("five more are decided", |status| status.entries_but_ticks.load(Ordering::Relaxed) == 26);
    first.stop();
    assert_eq!(read_committed(&federation.broker, OPEN).len(), shown, "readers stop before what is open");
    assert_eq!(read_uncommitted(&federation.broker, OPEN).len(), shown + 5);
    let second = federation.start();
    federation.events(ids(25, 30));
    second.until("the rest is decided", |status| status.entries_but_ticks.load(Ordering::Relaxed) == 5);
    second.stop();
    federation.assert_right();
}
