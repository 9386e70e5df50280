//! Many expiries that fall due within one second of log time: how long they take, and what they delay.

use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime};

use comity::intake;
use comity::model::entry::Body;
use comity::model::event::InfractionEvent;
use comity::model::record::{RawRecord, SourcePosition};
use comity::schema::log::encode_entry;
use rdkafka::consumer::BaseConsumer;
use rdkafka::message::Message;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use sha2::Digest as _;

use crate::line::{self, Kind, Line};
use crate::quantile;
use crate::records::{self, FOLDER, Turn, native};
use crate::support::broker::{Broker, wait_until};

const PATIENCE: Duration = Duration::from_secs(600);
/// Live events are measured for so long before the storm, for comparison.
const CALM: Duration = Duration::from_secs(10);
/// What the event of a live entry is called; the alerts of expiries have other names.
const LIVE: &str = "LIVE-";

pub(crate) fn run(recipients: &[usize], expiries: usize, rates: &[usize]) {
    println!("\nms from a live entry of the log to the last recipient's alert, while {expiries} events expire at once");
    println!(
        "{:>10} {:>8} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9} {:>12}",
        "recipients", "events/s", "calm p50", "p99", "max", "storm p50", "p99", "max", "storm s"
    );
    for recipients in recipients {
        for rate in rates {
            let broker = Broker::for_test();
            let mut storm = Storm::new(&broker, *recipients);
            let [calm, taken] = storm.measure(expiries, *rate);
            println!(
                "{recipients:>10} {rate:>8} {:>9.1} {:>9.1} {:>9.1} {:>9.1} {:>9.1} {:>9.1} {:>12.1}",
                quantile(&calm, 0.5),
                quantile(&calm, 0.99),
                quantile(&calm, 1.0),
                quantile(&taken, 0.5),
                quantile(&taken, 0.99),
                quantile(&taken, 1.0),
                storm.lasted.as_secs_f64(),
            );
        }
    }
}

/// A line whose log is written by hand, and its last recipient.
struct Storm {
    line: Line,
    event: Box<InfractionEvent>,
    producer: BaseProducer,
    reader: BaseConsumer,
    next: i64,
    lasted: Duration,
}

impl Storm {
    fn new(broker: &Broker, recipients: usize) -> Self {
        let mut line = Line::new(Kind::Comity, broker, recipients);
        line.start(false);
        let mut config = broker.plain_config();
        let producer = config.set("enable.idempotence", "true").set("linger.ms", "0").create().unwrap();
        let reader = line::recipients(broker.plain_config(), [line.output.as_str()]);
        let (platform, _) = records::platform(FOLDER);
        let at = SourcePosition { topic: Arc::from("comity.in.storm"), partition: 0, from: 0, offset: 0 };
        let value = native(0, Turn::Issued);
        let record =
            RawRecord { at: &at, value: Some(&value), source_version: None, test: false, published_at: now_ms() };
        let Body::Event(event) = intake::handle(&platform, &record, None) else { panic!("an event") };
        Self { line, event, producer, reader, next: 0, lasted: Duration::ZERO }
    }

    /// The latencies before the storm and in it, each in milliseconds and sorted.
    fn measure(&mut self, expiries: usize, rate: usize) -> [Vec<f64>; 2] {
        // They must all be told of before the first of them falls due.
        let load_s = 20 + i64::try_from(expiries).unwrap() / 2_000;
        let due_ms = now_ms() + load_s * 1_000;
        for number in 0..expiries {
            let expires_at = due_ms + i64::try_from(number % 1_000).unwrap();
            self.append(&format!("STORM-{number}"), Some(expires_at));
        }
        self.producer.flush(PATIENCE).unwrap();
        self.take(expiries);
        let calm_from_ms = due_ms - i64::try_from(CALM.as_millis()).unwrap();
        assert!(now_ms() < calm_from_ms, "the events took too long to be told of; name fewer");
        sleep(Duration::from_millis(u64::try_from(calm_from_ms - now_ms()).unwrap()));

        let mut sent: Vec<(Instant, bool)> = Vec::new();
        let mut came: Vec<Instant> = Vec::new();
        let began = Instant::now();
        let mut expired = 0;
        while expired < expiries || came.len() < sent.len() {
            let due = began + Duration::from_secs_f64(sent.len() as f64 / rate as f64);
            if due <= Instant::now() && expired < expiries {
                let number = sent.len();
                sent.push((Instant::now(), now_ms() >= due_ms));
                self.append(&format!("{LIVE}{number}"), None);
            }
            self.producer.poll(Duration::ZERO);
            if let Some(message) = self.reader.poll(Duration::from_micros(200)) {
                let is_live =
                    message.unwrap().payload().unwrap().windows(LIVE.len()).any(|part| part == LIVE.as_bytes());
                if is_live {
                    came.push(Instant::now());
                } else {
                    expired += 1;
                    self.lasted = Duration::from_millis(u64::try_from(now_ms() - due_ms).unwrap());
                }
            }
            assert!(
                began.elapsed() < PATIENCE,
                "{expired} of {expiries} expired, {} of {} live",
                came.len(),
                sent.len()
            );
        }
        let of = |in_storm: bool| {
            let pairs = sent.iter().zip(&came).filter(|((_, storm), _)| *storm == in_storm);
            let mut taken: Vec<f64> = pairs.map(|((sent, _), came)| (*came - *sent).as_secs_f64() * 1e3).collect();
            taken.sort_by(f64::total_cmp);
            taken
        };
        [of(false), of(true)]
    }

    /// Appends one event to the log, as if intake had: a case and an organisation of its own.
    fn append(&mut self, name: &str, expires_at: Option<i64>) {
        let mut event = self.event.clone();
        event.event_id = format!("ca-on-food/{name}");
        event.case_id = event.event_id.clone();
        event.expires_at = expires_at;
        for identifier in event.subject.iter_mut().flat_map(|subject| &mut subject.identifiers) {
            identifier.value = name.to_owned();
        }
        event.provenance.at.from = self.next;
        event.provenance.at.offset = self.next;
        event.provenance.raw_sha256 = sha2::Sha256::digest(name).into();
        event.provenance.content_sha256 = event.provenance.raw_sha256;
        self.next += 1;
        let value = encode_entry(&Body::Event(event));
        while self.producer.send(BaseRecord::<(), [u8]>::to(self.line.log).partition(0).payload(&value)).is_err() {
            self.producer.poll(Duration::from_millis(1));
        }
    }

    /// Takes this many alerts.
    fn take(&self, alerts: usize) {
        let mut taken = 0;
        wait_until("every event is told of", PATIENCE, || {
            while let Some(message) = self.reader.poll(Duration::from_millis(1)) {
                message.unwrap();
                taken += 1;
            }
            taken >= alerts
        });
    }
}

fn now_ms() -> i64 {
    i64::try_from(SystemTime::UNIX_EPOCH.elapsed().unwrap().as_millis()).unwrap()
}
