//! How long recipients wait after the ledger's owner is killed, or its broker, with many organisations in the state.

use std::time::{Duration, Instant};

use comity::index::State;
use comity::kafka::names;
use comity::schema::state::{
    CHECKPOINT_KEY, StateEntry, StateRecord, decode_record, encode_checkpoint, encode_key, encode_record, encode_value,
};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::Message;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::{Offset, TopicPartitionList};

use crate::by_hand::{Writer, holds};
use crate::organisations::{self, bond, case, organisation};
use crate::records::{self, FOLDER};
use crate::support::broker::{Broker, needs_own_kafka};
use crate::support::federation::{Federation, Running};
use crate::{line, quantile};

const PATIENCE: Duration = Duration::from_secs(180);
/// The names of the instances: the first one owns the log at the beginning.
const NAMES: [&str; 2] = ["one", "two"];
/// How long one look at the last recipient's topic waits: below a millisecond the client would not wait but spin.
const LOOK: Duration = Duration::from_millis(2);

pub(crate) fn run(recipients: usize, organisations: usize, of_two_numbers: bool, times: usize) {
    let mut broker = Broker::for_test();
    let mut line = Line::new(&broker, recipients);
    let filled = Instant::now();
    let (values, bytes) = line.fill(organisations, of_two_numbers);
    let took = filled.elapsed().as_secs_f64();
    println!(
        "{organisations} organisations with an open case each, {values} values, {} MiB, filled in {took:.0} s",
        bytes >> 20
    );
    println!("\ns from the end to the first new alert, {recipients} recipients");
    println!("{:<34} {:>5} {:>7} {:>7} {:>7}", "", "times", "p50", "p99", "max");

    let mut owner = line.start(NAMES[0]);
    line.until_alerted(Instant::now());
    let restarted = (0..times).map(|_| {
        let end = Instant::now();
        owner.signal("KILL");
        owner = line.start(NAMES[0]);
        line.until_alerted(end)
    });
    show("kill -9, the same instance again", restarted.collect());

    let mut names = [NAMES[1], NAMES[0]];
    let mut standby = line.start(names[0]);
    let taken_over = (0..times).map(|_| {
        standby.until("it stands by", |running| running.get("/readyz").is_some_and(|(status, _)| status == 200));
        let end = Instant::now();
        owner.signal("KILL");
        let taken = line.until_alerted(end);
        // Back before that, it would be the group's owner again.
        names.reverse();
        let next = line.start(names[0]);
        std::mem::replace(&mut owner, std::mem::replace(&mut standby, next)).kill();
        taken
    });
    show("kill -9, the standby takes over", taken_over.collect());
    standby.kill();

    if !needs_own_kafka("the broker is killed") {
        let broken = (0..times.min(10)).map(|_| {
            let end = Instant::now();
            broker.maven().kill();
            broker.maven().restart();
            line.until_alerted(end)
        });
        show("kill -9 of the broker, and restart", broken.collect());
    }
}

fn show(what: &str, mut taken: Vec<f64>) {
    taken.sort_by(f64::total_cmp);
    let [half, most, all] = [0.5, 0.99, 1.0].map(|part| quantile(&taken, part));
    println!("{what:<34} {:>5} {half:>7.2} {most:>7.2} {all:>7.2}", taken.len());
}

/// A federation whose log is written by hand, and its last recipient.
struct Line {
    federation: Federation,
    address: String,
    log: Writer,
    reader: BaseConsumer,
}

impl Line {
    fn new(broker: &Broker, recipients: usize) -> Self {
        let members = records::members(recipients);
        let (folder, name) = FOLDER.rsplit_once('/').unwrap();
        let federation = Federation::new(broker, &members, folder, &[name]);
        // A busy machine is no doubt.
        federation.configure("[ledger]\ncommit_doubt_ms = 5000");
        federation.must(&["topics", "apply", "--yes"]);
        let topic = names::alerts(organisations::place(members.last().unwrap()));
        let reader = line::recipient(broker.plain_config(), &topic);
        Self { federation, address: broker.address(), log: Writer::new(broker, "comity.in.recovery"), reader }
    }

    fn start(&self, instance: &str) -> Running {
        self.federation.start(instance)
    }

    /// Writes the state of so many organisations behind what a ledger wrote at its first start; how many values and bytes
    /// that is.
    fn fill(&mut self, organisations: usize, of_two_numbers: bool) -> (usize, usize) {
        let first = self.start(NAMES[0]);
        self.until_alerted(Instant::now());
        first.stop();
        let (mut state, transaction, cluster_id) = self.state();
        let mut config = rdkafka::ClientConfig::new();
        config.set("bootstrap.servers", &self.address).set("enable.idempotence", "true").set("linger.ms", "20");
        let producer: BaseProducer = config.set("batch.size", "900000").create().unwrap();
        let mut bytes = 0;
        let mut send = |key: &str, value: &[u8]| {
            bytes += key.len() + value.len();
            while producer.send(BaseRecord::<str, [u8]>::to(names::STATE).partition(0).key(key).payload(value)).is_err()
            {
                producer.poll(Duration::from_millis(1));
            }
        };
        let recipients = u8::try_from(state.rules().unwrap().members.len() - 1).unwrap();
        for number in 0..organisations {
            let bond = of_two_numbers.then(|| bond(number));
            for (key, value) in
                [organisation(number, of_two_numbers, true), case(number, recipients)].into_iter().chain(bond)
            {
                send(&encode_key(&key), &encode_record(transaction + 1, &encode_value(&value)));
                state.restore(StateEntry::new(key, Some(value)));
            }
        }
        send(CHECKPOINT_KEY, &encode_checkpoint(&state.checkpoint(transaction + 1, &cluster_id)));
        producer.flush(PATIENCE).unwrap();
        (state.len(), bytes)
    }

    /// The state that the topic holds, the number of its last transaction, and the cluster that it is of.
    fn state(&self) -> (State, i64, String) {
        let mut config = rdkafka::ClientConfig::new();
        config.set("bootstrap.servers", &self.address).set("group.id", "recovery").set("enable.partition.eof", "true");
        let reader: BaseConsumer = config.create().unwrap();
        let mut partitions = TopicPartitionList::new();
        partitions.add_partition_offset(names::STATE, 0, Offset::Beginning).unwrap();
        reader.assign(&partitions).unwrap();
        let (mut state, mut last) = (State::default(), None);
        loop {
            match reader.poll(PATIENCE).unwrap() {
                Ok(message) => {
                    assert!(message.headers().is_none(), "nothing was erased yet");
                    match decode_record(message.key().unwrap(), message.payload(), None).unwrap() {
                        StateRecord::Entry { entry, .. } => state.restore(entry),
                        StateRecord::Checkpoint(checkpoint) => last = Some(checkpoint),
                    }
                }
                Err(KafkaError::PartitionEOF(_)) => break,
                Err(error) => panic!("{error}"),
            }
        }
        let last = last.unwrap();
        assert!(state.resume(&last), "the values add up to the Checkpoint's digest");
        (state, last.transaction, last.cluster_id)
    }

    /// Appends one event to the log and waits for its alert; the seconds since an instant.
    fn until_alerted(&mut self, since: Instant) -> f64 {
        let name = format!("RECOVERY-{}.", self.log.written);
        self.log.append(&name, None);
        let deadline = Instant::now() + PATIENCE;
        loop {
            self.log.producer.poll(Duration::ZERO);
            match self.reader.poll(LOOK) {
                Some(Ok(message)) if holds(message.payload().unwrap(), name.as_bytes()) => {
                    return since.elapsed().as_secs_f64();
                }
                // A broker that is away says so, and the client goes on by itself.
                Some(_) | None => {}
            }
            assert!(Instant::now() < deadline, "{name} is not alerted");
        }
    }
}
