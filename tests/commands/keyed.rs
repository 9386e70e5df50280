//! A platform whose producer keys its records by native id, in a topic of several partitions.

use std::collections::BTreeMap;
use std::time::Duration;

use apache_avro::Schema;
use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::types::Value;
use rdkafka::admin::{AdminOptions, NewTopic, TopicReplication};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::{Offset, TopicPartitionList};

use crate::setting::{HEADER, PLATFORM, Setting, TOPIC, said};
use crate::support::broker::{Broker, PATIENCE, block_on, wait_until};
use crate::support::reader::read_committed;

const PARTITIONS: i32 = 3;

fn keyed(broker: &Broker, lines: &str) -> Setting {
    let topic = NewTopic::new(TOPIC, PARTITIONS, TopicReplication::Fixed(1))
        .set("max.message.bytes", "262144")
        .set("retention.ms", "604800000")
        .set("min.insync.replicas", "1")
        .set("unclean.leader.election.enable", "false");
    block_on(broker.admin().create_topics([&topic], &AdminOptions::new())).unwrap()[0].as_ref().unwrap();
    let setting = Setting::new(broker);
    let names = "names_subjects = true\n";
    setting.change("platforms/works/platform.toml", names, &format!("{names}{lines}"));
    setting
}

/// Sends the days of decision of each number, in turns, as the platform's own producer would.
fn send(producer: &BaseProducer, numbers: usize, days: &[&str]) {
    for day in days {
        for number in 0..numbers {
            let (key, value) = (format!("N{number}"), format!("N{number},Maple Sample Works Ltd,{day}"));
            producer.send(BaseRecord::<str, str>::to(TOPIC).key(&key).payload(&value)).unwrap();
        }
    }
    producer.flush(PATIENCE).unwrap();
}

/// For each partition, intake's committed position and the end.
fn positions(broker: &Broker) -> Vec<(i64, i64)> {
    let group = format!("comity-{}-intake", broker.federation);
    let asker: BaseConsumer =
        broker.plain_config().set("group.id", group).set("isolation.level", "read_uncommitted").create().unwrap();
    let mut list = TopicPartitionList::new();
    list.add_partition_range(TOPIC, 0, PARTITIONS - 1);
    let committed = asker.committed_offsets(list, PATIENCE).unwrap();
    let position = |offset| if let Offset::Offset(offset) = offset { offset } else { 0 };
    let ends = |partition| asker.fetch_watermarks(TOPIC, partition, PATIENCE).unwrap().1;
    committed.elements().iter().map(|one| (position(one.offset()), ends(one.partition()))).collect()
}

/// The versions of each event in the order in which Quebec was told of them.
fn told(broker: &Broker) -> BTreeMap<String, Vec<i32>> {
    let schema = Schema::parse_str(include_str!("../../schemas/canonical/Alert.v1.avsc")).unwrap();
    let reader = GenericDatumReader::builder(&schema).build().unwrap();
    let mut told: BTreeMap<String, Vec<i32>> = BTreeMap::new();
    for record in read_committed(broker, "comity.alerts.CA-QC") {
        let Value::Record(fields) = reader.read_value(&mut &record.value.unwrap()[5..]).unwrap() else { panic!() };
        let fields: BTreeMap<String, Value> = fields.into_iter().collect();
        let (Value::String(event_id), Value::Int(version)) = (&fields["event_id"], &fields["version"]) else {
            panic!()
        };
        told.entry(event_id.clone()).or_default().push(*version);
    }
    told
}

#[test]
fn every_record_of_every_partition_is_decided_and_the_run_ends() {
    let broker = Broker::for_test();
    let setting = keyed(&broker, "keyed = true\n");
    let plan = setting.must(&["topics", "plan"]);
    assert!(plan.contains("comity.in.works  any number of partitions"), "{plan}");
    setting.must(&["topics", "apply", "--yes"]);
    setting.must(&["check"]);
    let producer: BaseProducer = broker.plain_config().create().unwrap();
    send(&producer, 300, &["2024-01-31", "2024-02-29", "2024-03-31"]);
    assert!(positions(&broker).iter().all(|(_, end)| *end > 100), "each partition holds a part");
    setting.must(&["run", "--exit-when-idle", "2s"]);
    let told = told(&broker);
    assert_eq!(told.len(), 300);
    assert!(told.values().all(|versions| versions == &[1, 2, 3]), "{told:?}");
    for (position, end) in positions(&broker) {
        assert_eq!(position, end);
    }
    assert_eq!(read_committed(&broker, "comity.rejects").len(), 0);
}

#[test]
fn a_partition_that_is_not_the_first_keeps_the_run_from_its_end() {
    let broker = Broker::for_test();
    let setting = keyed(&broker, "keyed = true\npartitions = 3\n");
    setting.must(&["topics", "apply", "--yes"]);
    let producer: BaseProducer = broker.plain_config().set("transactional.id", "platform").create().unwrap();
    producer.init_transactions(PATIENCE).unwrap();
    producer.begin_transaction().unwrap();
    let value = "N1,Maple Sample Works Ltd,2024-01-31";
    producer.send(BaseRecord::<str, str>::to(TOPIC).partition(2).key("N1").payload(value)).unwrap();
    producer.flush(PATIENCE).unwrap();
    let mut run = setting.spawn(&["run", "--exit-when-idle", "1s"]);
    // Long enough to own the log and to be idle, were it not for the open transaction.
    std::thread::sleep(Duration::from_secs(6));
    assert!(run.try_wait().unwrap().is_none(), "a record is still to come");
    producer.commit_transaction(PATIENCE).unwrap();
    wait_until("the run ends", PATIENCE, || run.try_wait().unwrap().is_some());
    let output = run.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(told(&broker).len(), 1);
}

#[test]
fn a_number_that_is_written_is_the_number_that_is_wanted() {
    let broker = Broker::for_test();
    let setting = keyed(&broker, "keyed = true\npartitions = 2\n");
    let said = setting.refused(&["topics", "apply", "--yes"], 73, "CMT-9604");
    assert!(said.contains("comity.in.works has 3 partitions instead of 2"), "{said}");
    let broker = Broker::for_test();
    let fresh = Setting::new(&broker);
    let names = "names_subjects = true\n";
    fresh.change("platforms/works/platform.toml", names, &format!("{names}keyed = true\npartitions = 2\n"));
    fresh.must(&["topics", "apply", "--yes"]);
    let ends = |partition| broker.admin().inner().fetch_watermarks(TOPIC, partition, PATIENCE);
    assert!(ends(0).is_ok() && ends(1).is_ok() && ends(2).is_err(), "two are made");
    let file = fresh.write("rows.csv", &format!("{HEADER}\nN1,Maple Sample Works Ltd,2024-01-31\n"));
    fresh.refused(&["feed", file.to_str().unwrap(), "--platform", PLATFORM], 78, "CMT-9602");
}
