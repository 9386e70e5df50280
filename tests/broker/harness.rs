//! The harness itself: what the other tests rely on.

use rdkafka::producer::{BaseProducer, BaseRecord, Producer};

use crate::support::broker::{Broker, PATIENCE, needs_own_kafka, needs_real_kafka};
use crate::support::reader::{read_committed, read_uncommitted};

#[test]
fn an_aborted_transaction_is_read_only_by_who_asks_for_it() {
    let broker = Broker::for_test();
    broker.create_topics(&["comity.try"], &[]);
    let producer: BaseProducer = broker.plain_config().set("transactional.id", "try").create().unwrap();
    producer.init_transactions(PATIENCE).unwrap();
    for (value, commit) in [("first", true), ("second", false), ("third", true)] {
        producer.begin_transaction().unwrap();
        producer.send(BaseRecord::<(), str>::to("comity.try").partition(0).payload(value)).unwrap();
        producer.flush(PATIENCE).unwrap();
        let ended = if commit { Producer::commit_transaction } else { Producer::abort_transaction };
        ended(&producer, PATIENCE).unwrap();
    }
    let values = |records: Vec<crate::support::reader::Read>| -> Vec<String> {
        records.into_iter().map(|record| String::from_utf8(record.value.unwrap()).unwrap()).collect()
    };
    assert_eq!(values(read_committed(&broker, "comity.try")), ["first", "third"]);
    assert_eq!(values(read_uncommitted(&broker, "comity.try")), ["first", "second", "third"]);
}

#[test]
fn a_killed_broker_comes_back_with_its_records() {
    if needs_own_kafka("the test kills its broker") {
        return;
    }
    let mut broker = Broker::for_test();
    broker.create_topics(&["comity.try"], &[]);
    let producer: BaseProducer = broker.plain_config().create().unwrap();
    producer.send(BaseRecord::<(), str>::to("comity.try").partition(0).payload("kept")).unwrap();
    producer.flush(PATIENCE).unwrap();
    broker.maven().kill();
    assert!(std::net::TcpStream::connect(broker.address()).is_err(), "the broker still listens");
    broker.maven().restart();
    assert_eq!(read_committed(&broker, "comity.try").len(), 1);
}

#[test]
fn brokers_have_clusters_of_their_own() {
    if needs_real_kafka("every embedded broker gives the same cluster id") {
        return;
    }
    let (first, second) = (Broker::for_test(), Broker::for_test());
    let id = |broker: &Broker| broker.admin().inner().fetch_cluster_id(PATIENCE).unwrap();
    assert_ne!(id(&first), id(&second));
}
