//! A log that is written by hand, as if intake had read what stands in it.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use comity::intake;
use comity::kafka::names;
use comity::model::entry::Body;
use comity::model::event::InfractionEvent;
use comity::model::record::{RawRecord, SourcePosition};
use comity::schema::log::encode_entry;
use rdkafka::producer::{BaseProducer, BaseRecord};
use sha2::Digest as _;

use crate::records::{self, FOLDER, Turn, native};
use crate::support::broker::Broker;

/// Who writes it.
pub(crate) struct Writer {
    event: Box<InfractionEvent>,
    pub(crate) producer: BaseProducer,
    /// How many events it has written.
    pub(crate) written: i64,
}

impl Writer {
    /// A writer whose events come from a source of this name.
    pub(crate) fn new(broker: &Broker, source: &str) -> Self {
        let mut config = broker.plain_config();
        let producer = config.set("enable.idempotence", "true").set("linger.ms", "0").create().unwrap();
        let (platform, _) = records::platform(FOLDER);
        let at = SourcePosition { topic: Arc::from(source), partition: 0, from: 0, offset: 0 };
        let value = native(0, Turn::Issued);
        let record =
            RawRecord { at: &at, value: Some(&value), source_version: None, test: false, published_at: now_ms() };
        let Body::Event(event) = intake::handle(&platform, &record, None) else { panic!("an event") };
        Self { event, producer, written: 0 }
    }

    /// Appends one event: a case and an organisation of its own.
    pub(crate) fn append(&mut self, name: &str, expires_at: Option<i64>) {
        let mut event = self.event.clone();
        event.event_id = format!("ca-on-food/{name}");
        event.case_id = event.event_id.clone();
        event.expires_at = expires_at;
        for identifier in event.subject.iter_mut().flat_map(|subject| &mut subject.identifiers) {
            identifier.value = name.to_owned();
        }
        event.provenance.at.from = self.written;
        event.provenance.at.offset = self.written;
        event.provenance.raw_sha256 = sha2::Sha256::digest(name).into();
        event.provenance.content_sha256 = event.provenance.raw_sha256;
        self.written += 1;
        let value = encode_entry(&Body::Event(event));
        while self.producer.send(BaseRecord::<(), [u8]>::to(names::LOG).partition(0).payload(&value)).is_err() {
            self.producer.poll(Duration::from_millis(1));
        }
    }
}

/// Wall-clock milliseconds since 1970.
pub(crate) fn now_ms() -> i64 {
    i64::try_from(SystemTime::UNIX_EPOCH.elapsed().unwrap().as_millis()).unwrap()
}

/// True where bytes stand in a value.
pub(crate) fn holds(value: &[u8], part: &[u8]) -> bool {
    value.windows(part.len()).any(|window| window == part)
}
