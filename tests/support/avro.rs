//! What Comity published, read by another Avro library than Comity's.

use std::collections::BTreeMap;

use apache_avro::Schema;
use apache_avro::types::Value;

use super::broker::Broker;
use super::reader::read_committed;

/// The fields of one record.
pub(crate) type Fields = BTreeMap<String, Value>;

/// Every committed alert of a member, in order.
pub(crate) fn alerts(broker: &Broker, member: &str) -> Vec<Fields> {
    values(broker, &format!("comity.alerts.{member}"), include_str!("../../schemas/canonical/Alert.v1.avsc"))
}

/// Every committed rejection, in order.
pub(crate) fn rejections(broker: &Broker) -> Vec<Fields> {
    values(broker, "comity.rejects", include_str!("../../schemas/canonical/Rejection.v1.avsc"))
}

/// Every committed review, in order.
pub(crate) fn reviews(broker: &Broker) -> Vec<Fields> {
    values(broker, "comity.review", include_str!("../../schemas/canonical/Review.v1.avsc"))
}

fn values(broker: &Broker, topic: &str, schema: &str) -> Vec<Fields> {
    let schema = Schema::parse_str(schema).unwrap();
    let reader = apache_avro::reader::datum::GenericDatumReader::builder(&schema).build().unwrap();
    let fields = |value: Vec<u8>| {
        assert_eq!(value[0], 0, "Confluent framing");
        let mut datum = &value[5..];
        let Value::Record(fields) = reader.read_value(&mut datum).unwrap() else { panic!("{topic} holds records") };
        assert!(datum.is_empty(), "nothing stands behind a value of {topic}");
        fields.into_iter().collect()
    };
    read_committed(broker, topic).into_iter().map(|record| fields(record.value.unwrap())).collect()
}

/// A text or the symbol of an enum.
pub(crate) fn text(fields: &Fields, name: &str) -> String {
    match &fields[name] {
        Value::String(text) | Value::Enum(_, text) => text.clone(),
        other => panic!("{name} is {other:?}"),
    }
}

/// A whole number.
pub(crate) fn number(fields: &Fields, name: &str) -> i64 {
    match &fields[name] {
        Value::Long(number) | Value::TimestampMillis(number) => *number,
        Value::Int(number) => i64::from(*number),
        other => panic!("{name} is {other:?}"),
    }
}

/// The records are numbered 1, 2, 3 and so on.
pub(crate) fn assert_contiguous(what: &str, records: &[Fields]) {
    let sequences: Vec<i64> = records.iter().map(|fields| number(fields, "sequence")).collect();
    let count = i64::try_from(sequences.len()).unwrap();
    assert_eq!(sequences, (1..=count).collect::<Vec<_>>(), "{what}: no gap, nothing twice");
}
