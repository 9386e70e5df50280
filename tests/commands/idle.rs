//! `comity run --exit-when-idle`: it ends once everything is decided, whatever a platform's own producer does.

use std::process::Child;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::{Offset, TopicPartitionList};

use crate::setting::{Setting, TOPIC, said};
use crate::support::broker::{Broker, PATIENCE, needs_real_kafka, wait_until};
use crate::support::reader::read_committed;

const RUN: [&str; 3] = ["run", "--exit-when-idle", "2s"];

fn company(number: usize) -> String {
    format!("N{number},Maple Sample Works Ltd,2024-01-31")
}

fn transactional(broker: &Broker) -> BaseProducer {
    let producer: BaseProducer = broker.plain_config().set("transactional.id", "platform").create().unwrap();
    producer.init_transactions(PATIENCE).unwrap();
    producer
}

fn send(producer: &BaseProducer, numbers: impl IntoIterator<Item = usize>) {
    for number in numbers {
        let value = company(number);
        producer.send(BaseRecord::<(), str>::to(TOPIC).partition(0).payload(&value)).unwrap();
    }
    producer.flush(PATIENCE).unwrap();
}

fn transaction(producer: &BaseProducer, numbers: impl IntoIterator<Item = usize>, commit: bool) {
    producer.begin_transaction().unwrap();
    send(producer, numbers);
    let ended = if commit { Producer::commit_transaction } else { Producer::abort_transaction };
    ended(producer, PATIENCE).unwrap();
}

/// Intake's committed position of the only partition, and the topic's end with everything in it, as a lag tool sees
/// them.
fn positions(broker: &Broker) -> (i64, i64) {
    let group = format!("comity-{}-intake", broker.federation);
    let asker: BaseConsumer =
        broker.plain_config().set("group.id", group).set("isolation.level", "read_uncommitted").create().unwrap();
    let (_, end) = asker.fetch_watermarks(TOPIC, 0, PATIENCE).unwrap();
    let mut list = TopicPartitionList::new();
    list.add_partition(TOPIC, 0);
    let committed = asker.committed_offsets(list, PATIENCE).unwrap();
    let position = if let Offset::Offset(position) = committed.elements()[0].offset() { position } else { 0 };
    (position, end)
}

/// Waits for a run to end by itself.
fn ends(run: Child) {
    let mut run = run;
    let begun = Instant::now();
    while run.try_wait().unwrap().is_none() {
        if begun.elapsed() > PATIENCE {
            run.kill().unwrap();
            panic!("it does not end: {}", said(&run.wait_with_output().unwrap()));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let output = run.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
}

fn alerts(broker: &Broker) -> usize {
    read_committed(broker, "comity.alerts.CA-QC").len()
}

fn refused(broker: &Broker) -> usize {
    read_committed(broker, "comity.rejects").len()
}

#[test]
fn markers_of_transactions_behind_the_last_record_do_not_keep_a_run_from_its_end() {
    let broker = Broker::for_test();
    let setting = Setting::new(&broker);
    setting.must(&["topics", "apply", "--yes"]);
    let producer = transactional(&broker);
    transaction(&producer, 1..=40, true);
    transaction(&producer, 41..=50, true);
    ends(setting.spawn(&RUN));
    assert_eq!((alerts(&broker), positions(&broker)), (50, (52, 52)));

    // What follows the markers is taken by the ledger: its position ends with the last record.
    transaction(&producer, 51..=60, false);
    transaction(&producer, 61..=70, true);
    ends(setting.spawn(&RUN));
    assert_eq!((alerts(&broker), positions(&broker)), (60, (74, 74)));

    // Nothing but an aborted transaction stands behind the committed position now.
    transaction(&producer, 71..=80, false);
    ends(setting.spawn(&RUN));
    assert_eq!((alerts(&broker), positions(&broker)), (60, (85, 85)));
    if needs_real_kafka("who begins to read behind an aborted transaction does not see what its producer sent later") {
        return;
    }
    transaction(&producer, 81..=81, true);
    ends(setting.spawn(&RUN));
    assert_eq!((alerts(&broker), refused(&broker), positions(&broker)), (61, 0, (87, 87)));
}

#[test]
fn a_source_that_holds_an_aborted_transaction_only_is_read_to_its_end() {
    let broker = Broker::for_test();
    let setting = Setting::new(&broker);
    setting.must(&["topics", "apply", "--yes"]);
    transaction(&transactional(&broker), 1..=10, false);
    ends(setting.spawn(&RUN));
    assert_eq!((alerts(&broker), refused(&broker), positions(&broker)), (0, 0, (11, 11)));
}

#[test]
fn what_an_open_transaction_holds_is_waited_for() {
    let broker = Broker::for_test();
    let setting = Setting::new(&broker);
    setting.must(&["topics", "apply", "--yes"]);
    let producer = transactional(&broker);
    transaction(&producer, 1..=10, true);
    producer.begin_transaction().unwrap();
    send(&producer, 11..=12);
    let mut run = setting.spawn(&RUN);
    wait_until("the first are decided", PATIENCE, || alerts(&broker) == 10);
    // Longer than a quiet source takes to be looked at and than the run has to be idle.
    std::thread::sleep(Duration::from_secs(6));
    assert!(run.try_wait().unwrap().is_none(), "two records are still to come");
    assert!(positions(&broker).0 <= 11, "nothing of the open transaction is passed over");
    producer.commit_transaction(PATIENCE).unwrap();
    ends(run);
    assert_eq!((alerts(&broker), positions(&broker)), (12, (14, 14)));
}
