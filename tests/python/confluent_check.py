"""Reads Comity's output topics with Confluent's client and its Avro deserialiser, which asks Comity's HTTP port for the
schemas: every value decodes, `sequence` is contiguous, and there are as many records as the test says.

Usage: confluent_check.py BOOTSTRAP URL TOPICS, where TOPICS is a JSON object of counts by topic."""

import json
import sys
import time

from confluent_kafka import Consumer, KafkaError, TopicPartition
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer
from confluent_kafka.serialization import MessageField, SerializationContext

PATIENCE_S = 60


def read(bootstrap, topic, deserializer):
    """Every committed value of the topic's only partition, up to its end."""
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": "confluent-check",
            "isolation.level": "read_committed",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
        }
    )
    consumer.assign([TopicPartition(topic, 0, 0)])
    values, deadline = [], time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        message = consumer.poll(1.0)
        if message is None:
            continue
        if message.error():
            if message.error().code() == KafkaError._PARTITION_EOF:
                consumer.close()
                return values
            raise SystemExit(f"{topic}: {message.error()}")
        values.append(deserializer(message.value(), SerializationContext(topic, MessageField.VALUE)))
    raise SystemExit(f"{topic} has no end")


def main():
    bootstrap, url, counts = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
    deserializer = AvroDeserializer(SchemaRegistryClient({"url": url}))
    for topic, count in counts.items():
        values = read(bootstrap, topic, deserializer)
        # A status is written each minute, so more may have come.
        enough = len(values) >= count > 0 if topic.startswith("comity.status.") else len(values) == count
        if not enough:
            raise SystemExit(f"{topic} has {len(values)} records instead of {count}")
        sequences = [value["sequence"] for value in values]
        if sequences != list(range(1, len(values) + 1)):
            raise SystemExit(f"{topic} is not contiguous: {sequences[:20]}")
    print(f"{sum(counts.values())} records of {len(counts)} topics are read by confluent-kafka")


if __name__ == "__main__":
    main()
