//! A line from a platform's topic to its recipients: Comity's, or the yardstick's. Both are measured by the same code.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use crate::bare;
use crate::process::Process;
use crate::records::{self, FOLDER, Turn, native};
use crate::support::broker::Broker;

/// The path of another build of Comity to measure, such as the one before a change.
const PROGRAM: &str = "COMITY_BENCH_PROGRAM";
/// A commit on a machine that does much else takes long without being in doubt.
const COMMIT_DOUBT_MS: u32 = 5_000;
/// A platform's topic takes no larger batches than 256 KiB.
const BATCH_BYTES_MAX: &str = "131072";
const PATIENCE: Duration = Duration::from_secs(300);
/// How often positions are asked for.
const LOOK: Duration = Duration::from_millis(5);

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Comity,
    Bare,
}

/// One line with its processes.
pub(crate) struct Line {
    pub(crate) kind: Kind,
    /// The yardstick with transactions in both of its hops.
    pub(crate) transactional: bool,
    pub(crate) processes: Vec<Process>,
    pub(crate) log: &'static str,
    /// The topic of each recipient.
    pub(crate) outputs: Vec<String>,
    input: &'static str,
    groups: [String; 2],
    config: ClientConfig,
    folder: tempfile::TempDir,
    recipients: usize,
    /// Notices, and records about them.
    issued: usize,
    sent: usize,
    producer: BaseProducer,
}

impl Line {
    /// A line whose topics exist; nothing runs yet.
    pub(crate) fn new(kind: Kind, broker: &Broker, recipients: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = broker.plain_config();
        let members = records::members(recipients);
        let (input, log, outputs, groups) = match kind {
            Kind::Comity => {
                write_configuration(broker, &members, folder.path());
                let mut apply = comity(env!("CARGO_BIN_EXE_comity"), folder.path());
                let applied = apply.args(["topics", "apply", "--yes"]).output().unwrap();
                assert!(applied.status.success(), "{}", String::from_utf8_lossy(&applied.stderr));
                // The first member is the origin.
                let outputs = members[1..].iter().map(|member| format!("comity.alerts.{member}")).collect();
                let group = |stage: &str| format!("comity-{}-{stage}", broker.federation);
                ("comity.in.ca-on-food", "comity.log", outputs, [group("intake"), group("ledger")])
            }
            Kind::Bare => {
                let outputs: Vec<String> = (0..recipients).map(bare::output).collect();
                let names: Vec<&str> = outputs.iter().map(String::as_str).collect();
                broker.create_topics(&names, &[]);
                broker.create_topics(&[bare::INPUT, bare::LOG], &[("message.timestamp.type", "LogAppendTime")]);
                let groups = [bare::INTAKE_GROUP.to_owned(), bare::LEDGER_GROUP.to_owned()];
                (bare::INPUT, bare::LOG, outputs, groups)
            }
        };
        let mut with_order = config.clone();
        with_order.set("enable.idempotence", "true").set("linger.ms", "0").set("batch.size", BATCH_BYTES_MAX);
        let producer = with_order.create().unwrap();
        let (transactional, processes) = (false, Vec::new());
        let (issued, sent) = (0, 0);
        Self {
            kind,
            transactional,
            processes,
            log,
            outputs,
            input,
            groups,
            config,
            folder,
            recipients,
            issued,
            sent,
            producer,
        }
    }

    /// Starts each stage as a process of its own, or both in one.
    pub(crate) fn start(&mut self, apart: bool) {
        let stages: &[&'static str] = if apart { &["intake", "ledger"] } else { &["both"] };
        for stage in stages {
            let mut command = match self.kind {
                Kind::Comity => {
                    let program = std::env::var(PROGRAM).unwrap_or_else(|_| env!("CARGO_BIN_EXE_comity").to_owned());
                    let mut command = comity(&program, self.folder.path());
                    command.arg("run");
                    if apart {
                        command.args(["--stage", stage]);
                    }
                    command
                }
                Kind::Bare => {
                    let mut command = Command::new(std::env::current_exe().unwrap());
                    let address = self.config.get("bootstrap.servers").unwrap();
                    command.args(["bare", "--bootstrap", address, "--copies", &self.recipients.to_string()]);
                    if apart {
                        command.args(["--hop", stage]);
                    }
                    if self.transactional {
                        command.arg("--transactional");
                    }
                    command
                }
            };
            command.env_remove("RUST_LOG");
            self.processes.push(Process::start(stage, command, self.folder.path()));
        }
    }

    /// Hands one more native record to the client, without waiting.
    pub(crate) fn send(&mut self) {
        let notice = self.issued;
        self.issued += 1;
        self.send_again(notice, Turn::Issued);
    }

    /// The same of a notice that was sent before.
    pub(crate) fn send_again(&mut self, notice: usize, turn: Turn) {
        self.sent += 1;
        self.send_to(self.input, notice, turn);
    }

    /// Hands so many notices to the client as the open cases of a platform that joins.
    pub(crate) fn join(&mut self, cases: usize) {
        let topic = format!("{}.backfill", self.input);
        for _ in 0..cases {
            let notice = self.issued;
            self.issued += 1;
            self.send_to(&topic, notice, Turn::Issued);
        }
    }

    fn send_to(&self, topic: &str, notice: usize, turn: Turn) {
        let value = native(notice, turn);
        while self.producer.send(BaseRecord::<(), [u8]>::to(topic).partition(0).payload(&value)).is_err() {
            self.producer.poll(Duration::from_millis(1));
        }
        self.producer.poll(Duration::ZERO);
    }

    /// The topic of the last recipient.
    pub(crate) fn last_output(&self) -> &str {
        self.outputs.last().unwrap()
    }

    /// Waits until everything that was sent has gone through both stages.
    pub(crate) fn finish(&mut self) {
        self.producer.flush(PATIENCE).unwrap();
        let sent = i64::try_from(self.sent).unwrap();
        let asker: BaseConsumer = self.config.create().unwrap();
        assert_eq!(asker.fetch_watermarks(self.input, 0, PATIENCE).unwrap().1, sent, "every record is delivered");
        self.wait("intake", &self.groups[0].clone(), self.input, |position| position >= sent);
        let (_, end) = asker.fetch_watermarks(self.log, 0, PATIENCE).unwrap();
        // Behind the last record of a transaction stands its marker.
        let markers = i64::from(self.transactional);
        self.wait("ledger", &self.groups[1].clone(), self.log, |position| position >= end - markers);
    }

    fn wait(&mut self, what: &str, group: &str, topic: &str, there: impl Fn(i64) -> bool) {
        let asker: BaseConsumer = self.config.clone().set("group.id", group).create().unwrap();
        let deadline = Instant::now() + PATIENCE;
        loop {
            let mut list = TopicPartitionList::new();
            list.add_partition(topic, 0);
            if let Ok(committed) = asker.committed_offsets(list, Duration::from_secs(5))
                && let Offset::Offset(position) = committed.elements()[0].offset()
                && there(position)
            {
                return;
            }
            let ended = self.processes.iter_mut().any(Process::has_ended);
            assert!(!ended, "{:?} has ended: {}", self.kind, self.said());
            assert!(Instant::now() < deadline, "{:?}: {what} does not get through; {}", self.kind, self.said());
            std::thread::sleep(LOOK);
        }
    }

    fn said(&self) -> String {
        let name = |process: &Process| self.folder.path().join(format!("{}.log", process.name));
        self.processes.iter().map(|process| std::fs::read_to_string(name(process)).unwrap_or_default()).collect()
    }
}

/// A recipient, from the beginning of its topic, who sees what is committed.
pub(crate) fn recipient(mut config: ClientConfig, topic: &str) -> BaseConsumer {
    config.set("group.id", "recipient").set("isolation.level", "read_committed");
    config.set("enable.auto.commit", "false").set("auto.offset.reset", "error");
    let reader: BaseConsumer = config.create().unwrap();
    let mut partitions = TopicPartitionList::new();
    partitions.add_partition_offset(topic, 0, Offset::Beginning).unwrap();
    reader.assign(&partitions).unwrap();
    reader
}

fn comity(program: &str, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.arg("-c").arg(folder.join("comity.toml"));
    command
}

fn write_configuration(broker: &Broker, members: &[&str], folder: &Path) {
    let platforms = Path::new(env!("CARGO_MANIFEST_DIR")).join(FOLDER);
    let (dir, name) = (platforms.parent().unwrap(), platforms.file_name().unwrap());
    let text = format!(
        "[kafka]\nbootstrap_servers = \"{}\"\nsingle_broker = true\n[federation]\nname = \"{}\"\n\
         jurisdictions = {members:?}\n[platforms]\ndir = \"{}\"\nenabled = [{name:?}]\n\
         [policy]\nexpires_after = \"P50Y\"\n[intake]\nbackfill_platforms = [{name:?}]\n\
         events_per_minute_max = {{ \"*\" = 4000000000 }}\n\
         [ledger]\ncommit_doubt_ms = {COMMIT_DOUBT_MS}\n",
        broker.address(),
        broker.federation,
        dir.display(),
    );
    std::fs::write(folder.join("comity.toml"), text).unwrap();
}
