//! What platforms publish while the faults happen, and the journal of what the broker has acknowledged.
//!
//! Besides the two platforms of `support::load` there is a third, whose statements end within the run, and whose every
//! fourth is for one recipient alone.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Scope, ScopedJoinHandle, sleep};
use std::time::Duration;

use rdkafka::message::Message;
use rdkafka::producer::{BaseProducer, BaseRecord, DeliveryResult, Producer, ProducerContext};
use rdkafka::{ClientConfig, ClientContext};
use serde_json::json;

use crate::support::load::{PLATFORMS, record};

/// The platform whose statements end.
pub(crate) const TERMS: &str = "ca-qc-terms";
/// Everything that intake reads.
pub(crate) const ALL: [&str; 3] = [PLATFORMS[0], PLATFORMS[1], TERMS];

const BURST_INTERVAL: Duration = Duration::from_millis(25);
/// Records of the first two platforms in a burst.
const BURST: [usize; 2] = [1, 2];
/// A matter of the third begins with every so many bursts.
const TERM_BURSTS: usize = 4;
/// How long a statement of the third lasts.
const LASTS_MS: [i64; 7] = [1_500, 2_250, 4_000, 700, 6_500, 9_000, 3_001];
/// A correction gives so much more.
const LONGER_MS: i64 = 4_000;
/// So many matters later one is corrected, or withdrawn.
const CORRECTED_LATER: usize = 8;
const WITHDRAWN_LATER: usize = 40;
/// Records of a batch that nobody can decode, and their bytes, which are zeros.
const UNDECODABLE_RECORDS: usize = 2;
const UNDECODABLE_BYTES: usize = 12_000_000;

/// One record as it was published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sent {
    /// Of the first two platforms, by their place in `PLATFORMS` and the record's number.
    Numbered(usize, usize),
    Term(Term),
    /// Of a batch that nobody can decode.
    Undecodable,
}

/// A record of the third platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Term {
    pub(crate) matter: usize,
    pub(crate) says: Says,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Says {
    /// An original that holds until then, in milliseconds since 1970.
    Original(i64),
    Correction(i64),
    Withdrawal,
}

impl Term {
    /// Every fourth matter is for one recipient alone.
    pub(crate) fn is_restricted(self) -> bool {
        self.matter % 4 == 3
    }

    /// Who is asked to act.
    pub(crate) fn acting(self) -> Option<&'static str> {
        match self.matter % 4 {
            3 => Some("CA-AB"),
            1 => Some("CA-MB"),
            _ => None,
        }
    }

    fn value(self) -> Vec<u8> {
        let Self { matter, says } = self;
        let (kind, number, until) = match says {
            Says::Original(until) => ("ORIGINAL", 1, Some(until)),
            Says::Correction(until) => ("CORRECTION", 2, Some(until)),
            Says::Withdrawal => ("WITHDRAWAL", 2, None),
        };
        let company = matter % 53;
        let mut record = json!({
            "event": format!("T-{matter}"), "matter": format!("M-{matter}"), "kind": kind, "number": number,
            "title": format!("Statement {number} of {matter}"), "day": "2026-03-02", "closed": false
        });
        if let Some(until) = until {
            let until = jiff::Timestamp::from_millisecond(until).unwrap();
            record["until"] = json!(until.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string());
            record["name"] = json!(format!("Laurel Sample {company} Works Inc."));
            record["company"] = json!(format!("{:07}", 9_500_000 + company));
            record["domain"] = json!("FOOD_SAFETY");
            record["scope"] = json!(if self.is_restricted() { "RESTRICTED" } else { "FEDERATION" });
            record["follow"] = json!(self.acting().into_iter().collect::<Vec<_>>());
        } else {
            record["taken_back"] = json!({ "scope": "EVENT", "reason": "UNFOUNDED" });
        }
        record.to_string().into_bytes()
    }
}

/// Where every record stands that the broker has acknowledged, by topic and offset.
pub(crate) type Journal = BTreeMap<(String, i64), Sent>;

/// Writes the folders of the platforms below this one.
pub(crate) fn write_platforms(folder: &Path) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for name in PLATFORMS {
        let (from, to) = (root.join("schemas/demo").join(name), folder.join(name));
        std::fs::create_dir_all(&to).unwrap();
        for file in ["platform.toml", "source.avsc", "mapping.vrl"] {
            std::fs::copy(from.join(file), to.join(file)).unwrap();
        }
    }
    let own = folder.join(TERMS);
    std::fs::create_dir_all(&own).unwrap();
    let toml = include_str!("../simulation/platform/platform.toml").replace("WHOSE", "CA-QC");
    let toml = toml.replace("language", &format!("topic = \"comity.in.{TERMS}\"\nlanguage"));
    std::fs::write(own.join("platform.toml"), toml).unwrap();
    std::fs::write(own.join("source.avsc"), include_str!("../simulation/platform/source.avsc")).unwrap();
    let mapping = include_str!("../simulation/platform/mapping.vrl").replace("WHOSE", "null");
    std::fs::write(own.join("mapping.vrl"), mapping).unwrap();
}

/// Writes what was acknowledged into the journal.
#[derive(Default)]
struct Acknowledged {
    journal: Arc<Mutex<Journal>>,
    failed: AtomicUsize,
}

impl ClientContext for Acknowledged {}

impl ProducerContext for Acknowledged {
    type DeliveryOpaque = Box<Sent>;

    fn delivery(&self, result: &DeliveryResult<'_>, sent: Box<Sent>) {
        match result {
            Ok(message) => {
                let place = (message.topic().to_owned(), message.offset());
                self.journal.lock().unwrap_or_else(PoisonError::into_inner).insert(place, *sent);
            }
            Err(_) => {
                self.failed.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

/// The platforms, which publish until told to stop.
pub(crate) struct Load<'scope> {
    sender: ScopedJoinHandle<'scope, ()>,
    journal: Arc<Mutex<Journal>>,
    settings: &'scope ClientConfig,
}

impl<'scope> Load<'scope> {
    pub(crate) fn start(
        settings: &'scope ClientConfig,
        stop: &'scope AtomicBool,
        scope: &'scope Scope<'scope, '_>,
    ) -> Self {
        let journal = Arc::new(Mutex::new(Journal::new()));
        let written = journal.clone();
        Self { sender: scope.spawn(move || keep_sending(settings, stop, written)), journal, settings }
    }

    /// Publishes a batch on the second platform's topic that is larger, once decompressed, than any client takes.
    pub(crate) fn send_undecodable(&self) {
        let mut config = self.settings.clone();
        config.set("compression.codec", "zstd").set("linger.ms", "1000").set("enable.idempotence", "true");
        config.set("message.max.bytes", "200000000").set("batch.size", "100000000");
        let acknowledged = Acknowledged { journal: self.journal.clone(), ..Acknowledged::default() };
        let producer: BaseProducer<_> = config.create_with_context(acknowledged).unwrap();
        let zeros = vec![0; UNDECODABLE_BYTES];
        for _ in 0..UNDECODABLE_RECORDS {
            hand_over(&producer, PLATFORMS[1], &zeros, Sent::Undecodable);
        }
        flush(&producer);
    }

    /// Everything that was acknowledged, once the sender has ended.
    pub(crate) fn end(self) -> Journal {
        self.sender.join().unwrap();
        std::mem::take(&mut *self.journal.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn keep_sending(settings: &ClientConfig, stop: &AtomicBool, journal: Arc<Mutex<Journal>>) {
    let mut config = settings.clone();
    config.set("enable.idempotence", "true").set("linger.ms", "1").set("batch.size", "131072");
    let acknowledged = Acknowledged { journal, ..Acknowledged::default() };
    let producer: BaseProducer<_> = config.create_with_context(acknowledged).unwrap();
    let (mut sent, mut terms) = ([0; 2], Terms::default());
    for burst in 0.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        for place in 0..2 {
            for _ in 0..BURST[place] {
                let value = record(PLATFORMS[place], sent[place]);
                hand_over(&producer, PLATFORMS[place], &value, Sent::Numbered(place, sent[place]));
                sent[place] += 1;
            }
        }
        if burst % TERM_BURSTS == 0 {
            terms.next().into_iter().for_each(|term| hand_over(&producer, TERMS, &term.value(), Sent::Term(term)));
        }
        producer.poll(Duration::ZERO);
        sleep(BURST_INTERVAL);
    }
    flush(&producer);
}

/// The third platform's matters, each with the end that it was given.
#[derive(Default)]
struct Terms {
    until: Vec<i64>,
}

impl Terms {
    /// A new matter, and what becomes of older ones.
    fn next(&mut self) -> Vec<Term> {
        let matter = self.until.len();
        let until = now_ms() + LASTS_MS[matter % LASTS_MS.len()];
        self.until.push(until);
        let mut terms = vec![Term { matter, says: Says::Original(until) }];
        if let Some(matter) = matter.checked_sub(CORRECTED_LATER).filter(|matter| matter % 3 == 0) {
            terms.push(Term { matter, says: Says::Correction(self.until[matter] + LONGER_MS) });
        }
        if let Some(matter) = matter.checked_sub(WITHDRAWN_LATER).filter(|matter| matter % 3 == 1) {
            terms.push(Term { matter, says: Says::Withdrawal });
        }
        terms
    }
}

pub(crate) fn now_ms() -> i64 {
    i64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_millis()).unwrap()
}

fn hand_over(producer: &BaseProducer<Acknowledged>, platform: &str, value: &[u8], sent: Sent) {
    let topic = format!("comity.in.{platform}");
    let mut record =
        BaseRecord::<(), [u8], Box<Sent>>::with_opaque_to(&topic, Box::new(sent)).partition(0).payload(value);
    while let Err((_, back)) = producer.send(record) {
        producer.poll(Duration::from_millis(1));
        record = back;
    }
}

fn flush(producer: &BaseProducer<Acknowledged>) {
    producer.flush(Duration::from_secs(120)).unwrap();
    assert_eq!(producer.context().failed.load(Ordering::Relaxed), 0, "records of the load were not delivered");
}
