//! The sink on the embedded Kafka: a connection to the coordinator of transactions that goes away.

use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::producer::Producer;

use super::{Outcome, Sink};
use crate::kafka::hanging::{Again, Readers};
use crate::kafka::ledger::tests::context;
use crate::kafka::names;

fn open() -> Sink {
    let context = context();
    let readers = Readers::new(&context.kafka).unwrap();
    Sink::open(&context, &readers, "f").unwrap().unwrap()
}

fn lose(sink: &Sink) {
    let said = "[thrd:TxnCoordinator]: TxnCoordinator: broker:9092: Send failed: Broken pipe (after 9ms in state UP)";
    sink.producer.context().log(RDKafkaLogLevel::Info, "FAIL", said);
}

fn record() -> Again {
    Again { topic: names::STATE.to_owned(), key: Some("a".to_owned()), value: vec![1] }
}

/// Whoever waited for deliveries took the news of the loss with them, and the commit looked certain.
#[test]
fn a_loss_is_remembered_by_whoever_hears_of_it() {
    let sink = open();
    assert!(sink.drained() && !sink.heard_of_loss());
    lose(&sink);
    assert!(sink.drained());
    assert!(sink.heard_of_loss() && sink.heard_of_loss());
}

#[test]
fn what_a_producer_that_lost_its_coordinator_says_is_in_doubt() {
    let sink = open();
    assert_eq!(sink.publish(&[record()]), Outcome::Done);
    assert_eq!(sink.abort_within(&[names::STATE.to_owned()]), Outcome::Done);
    lose(&sink);
    assert_eq!(sink.publish(&[record()]), Outcome::Unknown);
    assert_eq!(sink.abort_within(&[names::STATE.to_owned()]), Outcome::Unknown);
    assert_eq!(sink.unless_lost(Outcome::Done), Outcome::Unknown);
    assert_eq!(sink.unless_lost(Outcome::Fenced), Outcome::Fenced);
}
