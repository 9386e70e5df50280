//! What a round has left behind, read by other code than Comity's but for the decoder of the log.

use std::collections::BTreeMap;

use apache_avro::Schema;
use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::types::Value;
use comity::index::State;
use comity::ledger;
use comity::model::entry::{Body, LogEntry};
use comity::model::rejection::Reason;
use comity::schema::log::decode_entry;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::{Offset, TopicPartitionList};
use xxhash_rust::xxh3::xxh3_128;

use crate::load::Journal;
use crate::oracle::{Entry, READERS};
use crate::support::avro::{Fields, alerts, number, rejections, text};
use crate::support::broker::Broker;
use crate::support::reader::{Read, read_committed};
use crate::watch::Seen;

/// What was seen while the faults happened.
#[derive(Debug, Clone)]
pub(crate) struct Witnessed {
    pub(crate) journal: Journal,
    pub(crate) seen: Seen,
    /// Transactions that held readers up for too long after a fault.
    pub(crate) hanging: Vec<String>,
    /// From when to when nothing was published and nothing failed, in milliseconds since 1970.
    pub(crate) quiet: (i64, i64),
}

/// One `Checkpoint`, with what the state's records up to it and the log's entries before it add up to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Checkpoint {
    pub(crate) transaction: i64,
    pub(crate) position: i64,
    pub(crate) digest: u128,
    /// By kind of output and member, the next sequence.
    pub(crate) next: BTreeMap<(String, Option<i64>), i64>,
    /// The sum of the hashes of the records of `comity.state` as of this one.
    pub(crate) of_state: u128,
    /// The digest of a state that nothing but the log made; `None` where the log does not reach so far.
    pub(crate) of_log: Option<u128>,
}

/// What is remembered of a case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Case {
    /// By member, the sequence of the alert that it got last.
    pub(crate) told: BTreeMap<i64, i64>,
    /// By event the version of its last alert.
    pub(crate) versions: BTreeMap<String, i64>,
}

/// An alert that a reader has, in the words of its schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) id: String,
    pub(crate) event: String,
    pub(crate) version: i64,
    pub(crate) case: String,
    pub(crate) origin: String,
    pub(crate) recipient: String,
    pub(crate) sequence: i64,
    pub(crate) message: String,
    pub(crate) role: String,
    pub(crate) standing: String,
    pub(crate) issued_at: i64,
}

impl Told {
    fn of(alert: &Fields) -> Self {
        Self {
            id: text(alert, "alert_id"),
            event: text(alert, "event_id"),
            version: number(alert, "version"),
            case: text(alert, "case_id"),
            origin: text(alert, "origin"),
            recipient: text(alert, "recipient"),
            sequence: number(alert, "sequence"),
            message: text(alert, "msg_type"),
            role: text(alert, "role"),
            standing: text(alert, "standing"),
            issued_at: number(alert, "issued_at"),
        }
    }
}

/// A rejection, in the words of its schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rejected {
    pub(crate) topic: String,
    pub(crate) offset: i64,
    pub(crate) sequence: i64,
    pub(crate) reason: String,
}

impl Rejected {
    fn of(rejection: &Fields) -> Self {
        Self {
            topic: text(rejection, "topic"),
            offset: number(rejection, "offset"),
            sequence: number(rejection, "sequence"),
            reason: text(rejection, "reason"),
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Evidence {
    /// By reader, in their order.
    pub(crate) told: BTreeMap<&'static str, Vec<Told>>,
    pub(crate) refused: Vec<Rejected>,
    pub(crate) log: Vec<Entry>,
    pub(crate) checkpoints: Vec<Checkpoint>,
    pub(crate) cases: BTreeMap<String, Case>,
    /// By topic the position that the state has of a source.
    pub(crate) positions: BTreeMap<String, i64>,
    /// The position that the ledger's group has committed.
    pub(crate) committed: Option<i64>,
    /// What each recipient's topic holds, where it was watched.
    pub(crate) shown: BTreeMap<String, Vec<(i64, Vec<u8>)>>,
    pub(crate) witnessed: Witnessed,
}

impl Evidence {
    pub(crate) fn of(broker: &Broker, witnessed: Witnessed) -> Self {
        let log: Vec<LogEntry> = read_committed(broker, "comity.log").into_iter().map(decoded).collect();
        let records = read_committed(broker, "comity.state");
        let (mut checkpoints, values) = fold(&records);
        replay(&log, &mut checkpoints);
        let (mut cases, mut positions) = (BTreeMap::new(), BTreeMap::new());
        let reader = Decoder::new(include_str!("../../schemas/canonical/StateEntry.v1.avsc"));
        for (key, value) in values {
            let fields = reader.fields(&value);
            let Value::Union(_, of) = &fields["value"] else { panic!("{key} holds a value") };
            let of = record(of);
            if key.starts_with("case/") {
                cases.insert(key, case(&of));
            } else if let Some(topic) = key.strip_prefix("source/0/") {
                positions.insert(topic.to_owned(), number(&of, "position"));
            }
        }
        let shown = witnessed.seen.keys().map(|topic| {
            let read = read_committed(broker, topic).into_iter();
            (topic.clone(), read.map(|read| (read.offset, read.value.unwrap_or_default())).collect())
        });
        Self {
            told: READERS.into_iter().map(|reader| (reader, told(broker, reader))).collect(),
            refused: rejections(broker).iter().map(Rejected::of).collect(),
            log: log.iter().map(entry).collect(),
            checkpoints,
            cases,
            positions,
            committed: committed(broker),
            shown: shown.collect(),
            witnessed,
        }
    }
}

fn told(broker: &Broker, reader: &str) -> Vec<Told> {
    alerts(broker, reader).iter().map(Told::of).collect()
}

fn decoded(read: Read) -> LogEntry {
    decode_entry(read.value.as_deref().unwrap(), read.offset, read.timestamp_ms).unwrap()
}

fn entry(entry: &LogEntry) -> Entry {
    Entry {
        offset: entry.offset,
        appended_at: entry.appended_at,
        source: entry.body.source().map(|at| (at.topic.to_string(), at.from, at.offset)),
        is_gap: matches!(&entry.body, Body::Rejection(rejection) if rejection.reason == Reason::SourceGap),
        is_tick: matches!(entry.body, Body::Tick),
    }
}

/// The `Checkpoint`s in their order, and the values as of the last record.
///
/// A record's hash is that of its key, a zero byte, and the datum behind frame and transaction number.
fn fold(records: &[Read]) -> (Vec<Checkpoint>, BTreeMap<String, Vec<u8>>) {
    let reader = Decoder::new(include_str!("../../schemas/canonical/Checkpoint.v1.avsc"));
    let (mut checkpoints, mut values, mut sum) = (Vec::new(), BTreeMap::<String, Vec<u8>>::new(), 0_u128);
    let hash = |key: &str, value: &[u8]| {
        let transaction = value[5..].iter().position(|byte| byte & 0x80 == 0).unwrap();
        xxh3_128(&[key.as_bytes(), &[0], &value[5 + transaction + 1..]].concat())
    };
    for record in records {
        let key = String::from_utf8(record.key.clone().unwrap()).unwrap();
        if key == "checkpoint" {
            checkpoints.push(checkpoint(&reader.fields(record.value.as_ref().unwrap()), sum));
            continue;
        }
        if let Some(before) = values.remove(&key) {
            sum = sum.wrapping_sub(hash(&key, &before));
        }
        if let Some(value) = &record.value {
            sum = sum.wrapping_add(hash(&key, value));
            values.insert(key, value.clone());
        }
    }
    (checkpoints, values)
}

fn checkpoint(fields: &Fields, of_state: u128) -> Checkpoint {
    let Value::Fixed(16, digest) = &fields["digest"] else { panic!("a digest has 16 bytes") };
    let Value::Array(sequences) = &fields["sequences"] else { panic!("sequences are a list") };
    let next = sequences.iter().map(|sequence| {
        let fields = record(sequence);
        let member = match &fields["member"] {
            Value::Union(_, member) if matches!(**member, Value::Int(_)) => Some(int(member)),
            _ => None,
        };
        ((text(&fields, "output"), member), number(&fields, "next"))
    });
    Checkpoint {
        transaction: number(fields, "transaction"),
        position: number(fields, "log_position"),
        digest: u128::from_be_bytes(digest.as_slice().try_into().unwrap()),
        next: next.collect(),
        of_state,
        of_log: None,
    }
}

/// Reads the log once, with no batch, commit or takeover, and notes the digest where each `Checkpoint` stands.
fn replay(log: &[LogEntry], checkpoints: &mut [Checkpoint]) {
    let (mut state, mut digests) = (State::default(), BTreeMap::from([(0, 0)]));
    let wanted: std::collections::BTreeSet<i64> = checkpoints.iter().map(|checkpoint| checkpoint.position).collect();
    for entry in log {
        let effects = ledger::handle(&state, entry);
        for change in &effects.changes {
            // The bytes are of no use here.
            let _datum = state.apply(change);
        }
        state.advance(&effects.marks);
        if wanted.contains(&(entry.offset + 1)) {
            digests.insert(entry.offset + 1, state.marks.digest);
        }
    }
    for checkpoint in checkpoints {
        checkpoint.of_log = digests.get(&checkpoint.position).copied();
    }
}

fn case(fields: &Fields) -> Case {
    let (Value::Array(told), Value::Array(events)) = (&fields["told"], &fields["events"]) else {
        panic!("a case has those told and its events")
    };
    let told = told.iter().map(|told| (number(&record(told), "member"), number(&record(told), "sequence")));
    let versions = events.iter().map(record).map(|event| {
        let name = text(&event, "event_id");
        (name, number(&event, "version"))
    });
    Case { told: told.collect(), versions: versions.collect() }
}

fn record(value: &Value) -> Fields {
    let Value::Record(fields) = value else { panic!("{value:?} is no record") };
    fields.iter().cloned().collect()
}

fn int(value: &Value) -> i64 {
    let Value::Int(number) = value else { panic!("{value:?} is no number") };
    i64::from(*number)
}

/// A reader of framed values.
struct Decoder {
    schema: Schema,
}

impl Decoder {
    fn new(schema: &str) -> Self {
        Self { schema: Schema::parse_str(schema).unwrap() }
    }

    fn fields(&self, value: &[u8]) -> Fields {
        let reader = GenericDatumReader::builder(&self.schema).build().unwrap();
        let mut datum = &value[5..];
        let fields = record(&reader.read_value(&mut datum).unwrap());
        assert!(datum.is_empty(), "nothing stands behind a value");
        fields
    }
}

/// The position of `comity.log` that transactions have committed for the ledger's group.
fn committed(broker: &Broker) -> Option<i64> {
    let group = format!("comity-{}-ledger", broker.federation);
    let asker: BaseConsumer = broker.plain_config().set("group.id", group).create().unwrap();
    let mut list = TopicPartitionList::new();
    list.add_partition("comity.log", 0);
    let list = asker.committed_offsets(list, std::time::Duration::from_secs(20)).unwrap();
    match list.elements()[0].offset() {
        Offset::Offset(offset) => Some(offset),
        _ => None,
    }
}
