//! What a torn transaction has published: compared with what the log gives, and never sent again.

use comity::model::decision::Output;

use crate::by_hand::{data_fault, more, told};
use crate::instance::Instance;
use crate::kafka::{Fate, Kafka};
use crate::world::original;

/// All that a transaction sent is there but its `Checkpoint`, and its owner is gone.
const WITHOUT_CHECKPOINT: Fate = Fate::Torn(10_000);

fn tear(kafka: &mut Kafka, mut owner: Instance) {
    kafka.fates.push_back(WITHOUT_CHECKPOINT);
    owner.hold = Some("NewProducer");
    owner.settle(kafka);
}

fn is_status(output: &Output) -> bool {
    matches!(output, Output::Status(_) | Output::NationalStatus)
}

#[test]
fn statuses_of_several_minutes_that_compaction_took_from_a_torn_transaction_are_not_missed() {
    let (mut kafka, owner) = told();
    let before = kafka.outputs.clone();
    for id in ["d", "e", "f", "g"] {
        kafka.now += 60_000;
        kafka.event(&original(id));
    }
    tear(&mut kafka, owner);
    for member in 0..4 {
        let output = Output::Status(member);
        assert_eq!(kafka.outputs[&output].len() - before[&output].len(), 4, "{output:?}");
    }
    assert_eq!(kafka.outputs[&Output::NationalStatus].len() - before[&Output::NationalStatus].len(), 4);
    kafka.compact_statuses();
    let mut next = Instance::owner(&mut kafka);
    assert_eq!(next.fault, None);
    kafka.now += 60_000;
    kafka.event(&original("h"));
    next.settle(&mut kafka);
    let (expected, state) = kafka.reference();
    assert_eq!(next.dump(), state.dump());
    for (output, records) in &expected {
        let kept = if is_status(output) { &records[records.len() - 2..] } else { records };
        assert!(kafka.outputs[output] == kept, "{output:?}: what compaction left, and what came after it, once");
    }
}

#[test]
fn an_alert_that_is_missing_before_the_end_of_a_torn_output_stops_the_ledger() {
    let (mut kafka, owner) = told();
    more(&mut kafka);
    let before = kafka.outputs[&Output::Alerts(1)].len();
    tear(&mut kafka, owner);
    let alerts = kafka.outputs.get_mut(&Output::Alerts(1)).expect("alerts");
    assert_eq!(alerts.len(), before + 3);
    alerts.remove(before);
    let commits = kafka.commits;
    data_fault(&Instance::owner(&mut kafka), "Alerts(1) holds another record");
    assert_eq!(kafka.commits, commits, "nothing is sent");
}
