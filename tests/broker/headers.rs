//! Headers that no sound client writes.

use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};

use crate::intake::{CONTROL, LOG, Running, row, rows, taken, wait_committed};
use crate::support::broker::{Broker, PATIENCE};
use crate::support::proxy::Proxy;

const TOPIC: &str = "comity.in.one";

/// The client library panics at such a name; one record must not stop its platform, now and after each restart.
#[test]
fn a_header_whose_name_is_no_text_stops_nothing() {
    let broker = Broker::for_test();
    broker.create_topics(&[LOG, CONTROL, TOPIC], &[]);
    let proxy = Proxy::before(&broker.address());
    proxy.rewrite(b"a-name", b"a-\xff\xfe\xc3\x28");
    let mut config = broker.plain_config();
    config.set("bootstrap.servers", proxy.address()).set("enable.idempotence", "true");
    let producer: BaseProducer = config.create().unwrap();
    for number in 0..20 {
        let value = row(number);
        let mut record = BaseRecord::<(), [u8]>::to(TOPIC).partition(0).payload(&value);
        if number % 3 == 0 {
            let headers = ["a-name", "b"].map(|key| Header { key, value: Some("x") });
            record = record.headers(headers.into_iter().fold(OwnedHeaders::new(), OwnedHeaders::insert));
        }
        producer.send(record).map_err(|(error, _)| error).unwrap();
    }
    producer.flush(PATIENCE).unwrap();
    let running = Running::start(&broker, &["one"]);
    wait_committed(&broker, TOPIC, 20);
    running.end().unwrap();
    let taken = taken(&broker, TOPIC);
    assert_eq!((taken.entries, taken.beyond_gap), (rows("one", 20), 0));
}
