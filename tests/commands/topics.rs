//! `comity topics` and the part of `comity check` that looks at them: nothing is said to be so that is not.

use std::collections::{BTreeMap, BTreeSet};

use comity::kafka::client::{self, Context, Deliveries, Event, Purpose};
use comity::kafka::topics::{self, TopicPlan};
use comity::kafka::{StopKind, names};
use comity::model::limit::OUTPUT_BYTES_MAX;
use comity::model::place::Jurisdiction;
use comity::model::rules::{Period, Policy, Rules};
use rdkafka::admin::{AdminOptions, AlterConfig, NewTopic, ResourceSpecifier, TopicReplication};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use serde_json::Value;

use crate::setting::{Setting, TOPIC, said};
use crate::support::broker::{Broker, PATIENCE, block_on, needs_own_kafka, needs_real_kafka, wait_until};

/// A topic's settings as the broker says them.
fn settings(broker: &Broker, topic: &str) -> BTreeMap<String, String> {
    let resource = ResourceSpecifier::Topic(topic);
    let described = block_on(broker.admin().describe_configs([&resource], &AdminOptions::new())).unwrap();
    let entries = described.into_iter().next().unwrap().unwrap().entries;
    entries.into_iter().map(|entry| (entry.name, entry.value.unwrap_or_default())).collect()
}

/// Replaces every setting of a topic, as an operator's tool may.
fn replace(broker: &Broker, resource: ResourceSpecifier<'_>, new: &[(&str, &str)]) {
    let alter = new.iter().fold(AlterConfig::new(resource), |alter, (name, value)| alter.set(name, value));
    block_on(broker.admin().alter_configs([&alter], &AdminOptions::new())).unwrap();
}

/// What `topics plan` says of each topic.
fn planned(setting: &Setting, arguments: &[&str]) -> BTreeMap<String, Value> {
    let said = setting.must(&[&["--format", "json", "topics", "plan"], arguments].concat());
    let lines = said.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.map(|line| (line["topic"].as_str().unwrap().to_owned(), line)).collect()
}

fn one(name: &str, config: &[(&'static str, &str)]) -> TopicPlan {
    let config = config.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    let (name, purpose) = (name.to_owned(), "a test".to_owned());
    TopicPlan { name, input: false, partitions: 1, any_partitions: false, replication: 1, config, purpose }
}

fn rules() -> Rules {
    let period = Period { months: 36, days: 0 };
    let policy = Policy { expires_after: period, forget_after: period };
    let (federation, members, digests) = ("test".to_owned(), Vec::new(), Vec::new());
    Rules {
        federation,
        rules_version: 1,
        logic_version: 1,
        members,
        policy,
        clocks: Vec::new(),
        groups: Vec::new(),
        contacts: Vec::new(),
        digests,
    }
}

#[test]
fn what_the_operator_has_set_besides_survives_and_what_is_planned_is_set_right() {
    if needs_real_kafka("it does not keep a topic's settings as Kafka does") {
        return;
    }
    let broker = Broker::for_test();
    let setting = Setting::new(&broker);
    setting.must(&["topics", "apply", "--yes"]);
    let plan = planned(&setting, &[]);
    assert!(plan.values().all(|topic| topic["differences"].as_array().unwrap().is_empty()), "{plan:?}");

    // Everything that was planned is gone with this, two settings are the operator's own, and one is wrong.
    let own = [("compression.type", "zstd"), ("segment.bytes", "104857600")];
    replace(&broker, ResourceSpecifier::Topic(names::LOG), &[own[0], own[1], ("retention.ms", "3600000")]);
    let wrong = || settings(&broker, names::LOG)["retention.ms"] == "3600000";
    wait_until("the broker knows", PATIENCE, wrong);
    let said = setting.refused(&["check"], 78, "CMT-9605");
    assert!(said.contains(r#"retention.ms is "3600000", not "-1""#), "{said}");

    let done = setting.must(&["topics", "apply", "--yes"]);
    assert!(done.contains("changed comity.log\n") && !done.contains("changed comity.state"), "{done}");
    let after = settings(&broker, names::LOG);
    for (name, value) in own {
        assert_eq!(after[name], value, "{name} was the operator's own");
    }
    for (name, value) in plan[names::LOG]["config"].as_object().unwrap() {
        assert_eq!(after[name], value.as_str().unwrap(), "{name} is planned");
    }
    setting.must(&["check"]);
}

#[test]
fn a_change_that_the_broker_refuses_is_an_error_that_names_the_setting() {
    if needs_real_kafka("it does not keep a topic's settings as Kafka does") {
        return;
    }
    let broker = Broker::for_test();
    broker.create_topics(&["comity.try"], &[("compression.type", "zstd")]);
    let plan = [one("comity.try", &[("cleanup.policy", "nonsense"), ("retention.ms", "3600000")])];
    let mut done = Vec::new();
    let stop = topics::apply(&broker.settings(), &plan, &rules(), |line| done.push(line.to_owned())).unwrap_err();
    assert_eq!(stop.kind, StopKind::CannotCreate);
    let why = r#"comity.try: cleanup.policy is still "delete", not "nonsense", retention.ms is still "#;
    assert!(stop.why.starts_with(why), "{}", stop.why);
    assert!(done.is_empty(), "{done:?}");
    let after = settings(&broker, "comity.try");
    assert_eq!((after["cleanup.policy"].as_str(), after["compression.type"].as_str()), ("delete", "zstd"));
}

#[test]
fn a_broker_that_takes_small_batches_by_default_does_not_stop_us() {
    if needs_own_kafka("the test sets its broker up") {
        return;
    }
    let broker = Broker::with_properties("message.max.bytes=100000\n");
    broker.create_topics(&["comity.try"], &[]);
    let setting = Setting::new(&broker);
    setting.must(&["topics", "apply", "--yes"]);
    let topics: Vec<String> = planned(&setting, &["--offline"]).into_keys().filter(|name| !is_input(name)).collect();
    assert!(topics.len() > 5, "{topics:?}");
    assert!(!delivers(&broker, "comity.try", 200_000, 1), "the broker is as small as the test wants it");
    for topic in &topics {
        assert!(delivers(&broker, topic, OUTPUT_BYTES_MAX - 100, 1), "{topic}: the largest record");
        assert!(delivers(&broker, topic, 700, 4_000), "{topic}: the largest batches");
    }
}

#[test]
fn a_session_that_the_brokers_do_not_take_is_told_as_a_setting() {
    if needs_own_kafka("the test sets its broker up") {
        return;
    }
    let broker = Broker::with_properties("group.min.session.timeout.ms=6000\n");
    let setting = Setting::new(&broker);
    setting.must(&["topics", "apply", "--yes"]);
    setting.change("comity.toml", "single_broker = true\n", "single_broker = true\nsession_timeout_ms = 3000\n");
    for stage in ["intake", "ledger"] {
        let said = setting.refused(&["run", "--stage", stage], 78, "CMT-9602");
        assert!(said.contains("the brokers take no session of kafka.session_timeout_ms"), "{said}");
        assert!(said.contains("group.min.session.timeout.ms"), "{said}");
    }
}

/// True of the topics that others write to.
fn is_input(topic: &str) -> bool {
    ["comity.in.", "comity.acks.", "comity.links"].iter().any(|prefix| topic.starts_with(prefix))
}

/// Sends records with Comity's own producer; true where all are in the topic.
fn delivers(broker: &Broker, topic: &str, bytes: usize, count: usize) -> bool {
    let producer: BaseProducer<Context> = client::config(&broker.settings(), Purpose::Producer)
        .set("linger.ms", "50")
        .create_with_context(Context::new(Deliveries::All))
        .unwrap();
    let value = vec![b'x'; bytes];
    for _ in 0..count {
        let headers = OwnedHeaders::new().insert(Header { key: "comity-transaction", value: Some(&[7_u8; 8]) });
        let record = BaseRecord::<str, [u8], usize>::with_opaque_to(topic, 0).partition(0).key("case/CA-ON/works/N1");
        producer.send(record.payload(&value).headers(headers)).unwrap();
    }
    producer.flush(PATIENCE).unwrap();
    let delivered = |event: &Event| matches!(event, Event::Delivered { .. });
    producer.context().take_events().iter().filter(|event| delivered(event)).count() == count
}

#[test]
fn every_topic_that_is_read_or_written_is_planned() {
    let setting = Setting::at("127.0.0.1:9", "test");
    let planned: BTreeSet<String> = planned(&setting, &["--offline"]).into_keys().collect();
    let of_members = ["CA-ON", "CA-QC"].into_iter().flat_map(|code| {
        let member = Jurisdiction::parse(code).unwrap();
        let desk = format!("comity.in.{}-desk", code.to_lowercase());
        let (acks, disputes) = (names::acknowledgements(member), names::disputes(member));
        [names::alerts(member), names::status(member), desk, acks, disputes]
    });
    let own = [names::LOG, names::STATE, names::CONTROL, names::FEEDS, "comity.links", TOPIC];
    let ours = own.into_iter().chain(names::COMMON).map(str::to_owned);
    assert_eq!(planned, of_members.chain(ours).collect());
}

#[test]
fn every_topic_of_ours_takes_what_our_producers_can_send() {
    let setting = Setting::at("127.0.0.1:9", "test");
    let kafka = comity::config::Kafka {
        bootstrap_servers: "127.0.0.1:9".to_owned(),
        single_broker: true,
        session_timeout: std::time::Duration::from_secs(6),
        // What an operator may want; it is not taken, or is no more than a record.
        properties: BTreeMap::from([
            ("message.max.bytes".to_owned(), "50000000".to_owned()),
            ("batch.size".to_owned(), "50000000".to_owned()),
        ]),
    };
    for purpose in [Purpose::Producer, Purpose::TransactionalProducer { transactional_id: "test" }] {
        let config = client::config(&kafka, purpose);
        let record: usize = config.get("message.max.bytes").unwrap().parse().unwrap();
        for (name, topic) in planned(&setting, &["--offline"]) {
            let taken: usize = topic["config"]["max.message.bytes"].as_str().unwrap().parse().unwrap();
            // What others send is bounded by its topic; what Comity sends by its producers.
            assert!(
                is_input(&name) || taken >= record + 10_000,
                "{name} takes {taken} bytes, {purpose:?} sends {record}"
            );
        }
    }
}

#[test]
fn one_broker_is_refused_unless_it_is_said_to_be_enough() {
    let broker = Broker::for_test();
    let setting = Setting::new(&broker);
    setting.must(&["topics", "apply", "--yes"]);
    setting.must(&["check"]);
    setting.change("comity.toml", "single_broker = true", "single_broker = false");
    let output = setting.comity(&["check"]);
    let said = said(&output);
    assert_eq!(output.status.code(), Some(78), "{said}");
    for topic in planned(&setting, &["--offline"]).keys() {
        assert!(said.contains(&format!("{topic}: the topic has 1 replicas, not 3")), "{topic}: {said}");
    }
    let said = setting.refused(&["topics", "apply", "--yes"], 78, "CMT-9602");
    assert!(said.contains("the cluster has 1 brokers") && said.contains("kafka.single_broker"), "{said}");
}

#[test]
fn a_topic_in_which_one_replica_suffices_is_refused() {
    if needs_real_kafka("it does not keep a topic's settings as Kafka does") {
        return;
    }
    let broker = Broker::for_test();
    let setting = Setting::new(&broker);
    setting.must(&["topics", "apply", "--yes"]);
    setting.change("comity.toml", "single_broker = true", "single_broker = false");
    let said = setting.refused(&["check"], 78, "CMT-9605");
    let told = said.matches(r#"min.insync.replicas is "1", not "2""#).count();
    assert_eq!(told, planned(&setting, &["--offline"]).len(), "{said}");
}

#[test]
fn several_partitions_where_order_must_be_one_are_refused() {
    let broker = Broker::for_test();
    let topic = NewTopic::new(TOPIC, 3, TopicReplication::Fixed(1));
    block_on(broker.admin().create_topics([&topic], &AdminOptions::new())).unwrap()[0].as_ref().unwrap();
    let setting = Setting::new(&broker);
    let said = setting.refused(&["topics", "apply", "--yes"], 73, "CMT-9604");
    assert!(said.contains("comity.in.works has 3 partitions instead of 1"), "{said}");
    let said = setting.refused(&["check"], 78, "CMT-9605");
    assert!(said.contains("comity.in.works: the topic has 3 partitions, not 1"), "{said}");
}
