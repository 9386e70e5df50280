//! An instance of the ledger: the real loop, and a shell that executes its commands on the Kafka of the simulation,
//! one command a round, so that anything may happen between any two, and in the middle of a transaction.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use comity::encode;
use comity::model::decision::Output;
use comity::model::entry::{Body, LogEntry};
use comity::model::place::Jurisdiction;
use comity::model::rules::Rules;
use comity::model::state::{Checkpoint, Key};
use comity::run::ledger::{Command, Fault, Input, Ledger, OutputTails, Setting, Transaction, alert_value};
use comity::schema::log::{decode_entry, encode_entry};
use comity::schema::state::{CHECKPOINT_KEY, StateEntry, StateRecord, decode_record, encode_checkpoint, encode_header};

use crate::broker::{Broker, Read, Record};
use crate::chance::Chance;
use crate::group::{Group, Told};
use crate::planted::Plant;
use crate::run::{ID, LOG, STATE, output_topic};
use crate::story::Story;

/// The sends of which one is swallowed, where that is planted.
const SWALLOWED_ONE_IN: usize = 2_000;

/// How long a standby hears of no owner before it does something about it.
const SILENCE_MS: i64 = 5_000;

/// What the ledger's instances and the world share.
pub(crate) struct Below<'w> {
    pub(crate) broker: &'w mut Broker,
    pub(crate) group: &'w mut Group,
    pub(crate) story: &'w mut Story,
    pub(crate) plant: Option<Plant>,
    pub(crate) mono_ms: i64,
}

/// What becomes of the next transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// A record after so many is not delivered.
    Undelivered(usize),
    /// The EndTxn never arrives.
    EndLost,
    /// The EndTxn arrives, its answer does not.
    AnswerLost,
    /// The producer gives up waiting; the EndTxn is still under way.
    EndDelayed,
    /// It was sent twice: the second one ends the transaction, the first is still under way, and nobody has noticed.
    EndTwice,
    /// The coordinator aborts it.
    Aborted,
}

impl Fate {
    /// The fault that meets the end of the transaction.
    fn at_the_end(self) -> Option<&'static str> {
        match self {
            Self::Undelivered(_) => None,
            Self::EndLost => Some("an EndTxn is lost"),
            Self::AnswerLost => Some("the answer to an EndTxn is lost"),
            Self::EndDelayed => Some("an EndTxn is delayed"),
            Self::EndTwice => Some("an EndTxn is sent twice, the first is delayed"),
            Self::Aborted => Some("the coordinator aborts a transaction"),
        }
    }
}

/// A transaction that the shell is sending.
#[derive(Debug)]
struct Sending {
    records: VecDeque<(String, Record)>,
    position: i64,
    sent: usize,
    fate: Option<Fate>,
}

#[derive(Debug)]
pub(crate) struct Instance {
    pub(crate) node: usize,
    pub(crate) ledger: Ledger,
    members: Vec<Jurisdiction>,
    commands: VecDeque<Command>,
    /// The id of its transactions.
    id: String,
    epoch: u64,
    joined: bool,
    /// True once its client has been a member.
    was_member: bool,
    sending: Option<Sending>,
    /// Where `comity.state` is read next, while it is followed.
    state_position: Option<i64>,
    to_end: Option<i64>,
    /// When that had anything new.
    heard_ms: i64,
    log_position: Option<i64>,
    /// Up to where it has read the log.
    own_place: i64,
    pub(crate) next_fate: Option<Fate>,
    /// The group's word that the partition is lost is overheard while a commit is unclear.
    pub(crate) deaf: bool,
    /// It is killed once half of a transaction of it is committed.
    pub(crate) dies: bool,
    pub(crate) fault: Option<Fault>,
    pub(crate) done: bool,
    /// How far this machine's clock is ahead of the broker's.
    pub(crate) skew_ms: i64,
}

impl Instance {
    pub(crate) fn new(node: usize, rules: Rules, batch_entries_max: usize, skew_ms: i64) -> Self {
        let members = rules.members.iter().map(|member| member.jurisdiction).collect();
        let cluster_id = "cluster".to_owned();
        let (ledger, first) = Ledger::start(Setting { cluster_id, rules, batch_entries_max, commit_interval_ms: 10 });
        Self {
            node,
            ledger,
            members,
            commands: first.into(),
            id: ID.to_owned(),
            epoch: 0,
            joined: false,
            was_member: false,
            sending: None,
            state_position: None,
            to_end: None,
            heard_ms: 0,
            log_position: None,
            own_place: 0,
            next_fate: None,
            deaf: false,
            dies: false,
            fault: None,
            done: false,
            skew_ms,
        }
    }

    fn name(&self) -> String {
        format!("ledger {}", self.node)
    }

    /// True where it has to clear up what became of a commit.
    pub(crate) fn is_in_doubt(&self) -> bool {
        matches!(self.commands.front(), Some(Command::NewProducer)) && self.log_position.is_some()
    }

    pub(crate) fn is_sending(&self) -> bool {
        self.sending.is_some()
    }

    /// One round: a piece of what is being sent, or a command, or what the group says, or a look at what is read.
    pub(crate) fn round(&mut self, chance: &mut Chance, below: &mut Below<'_>) {
        if self.done {
            return;
        }
        if self.sending.is_some() {
            return self.send_on(chance, below);
        }
        if let Some(command) = self.commands.pop_front() {
            return self.execute(command, chance, below);
        }
        if let Some(told) = Some(self.node).filter(|_| self.joined).and_then(|node| below.group.hear(node)) {
            below.story.tell(|| format!("ledger {}: the group says {told:?}", self.node));
            let input = match told {
                Told::Assigned { .. } => Input::Assigned,
                Told::Revoked { lost } => Input::Revoked { lost },
            };
            return self.hear(input);
        }
        self.poll(chance, below);
    }

    pub(crate) fn hear(&mut self, input: Input) {
        self.commands.extend(self.ledger.on(input));
    }

    fn poll(&mut self, chance: &mut Chance, below: &mut Below<'_>) {
        if let Some(from) = self.state_position {
            let end = self.to_end.unwrap_or(i64::MAX);
            let mut reads = below.broker.read(STATE, from, 1 + chance.below(9));
            reads.retain(|read| read.offset < end);
            if let Some(last) = reads.last() {
                self.heard_ms = below.mono_ms;
                self.state_position = Some(last.offset + 1);
                return self.hear(Input::StateRead(reads.iter().map(state_record).collect()));
            }
            if self.to_end.take().is_some() {
                let (log_start, log_end) = (below.broker.low(LOG), below.broker.end_of(LOG));
                self.hear(Input::StateEnd { log_start, log_end });
            } else if self.joined && below.mono_ms - self.heard_ms > SILENCE_MS {
                self.heard_ms = below.mono_ms;
                self.hear(Input::Silent);
            }
            return;
        }
        let Some(from) = self.log_position.filter(|_| self.ledger.wants_entries()) else { return };
        let skew_ms = if below.plant == Some(Plant::WallClock) { self.skew_ms } else { 0 };
        let reads = below.broker.read(LOG, from, 1 + chance.below(12));
        let entries: Vec<LogEntry> = reads
            .iter()
            .map(|read| {
                let value = read.record.value.as_deref().expect("a value");
                decode_entry(value, read.offset, read.stamped_at + skew_ms).expect("an entry")
            })
            .collect();
        self.own_place = from + i64::try_from(entries.len()).expect("few");
        self.log_position = Some(self.own_place);
        self.hear(Input::Polled { entries, now_ms: below.mono_ms });
    }

    fn execute(&mut self, command: Command, chance: &mut Chance, below: &mut Below<'_>) {
        match command {
            Command::Follow => {
                self.log_position = None;
                self.follow(0, below);
                let last_transaction = last_checkpoint(below.broker).0.map_or(0, |last| last.transaction);
                self.hear(Input::StateBegins { last_transaction });
            }
            Command::ReadStateToEnd => self.follow(self.state_position.unwrap_or(0), below),
            Command::Join if !self.joined => {
                self.joined = true;
                self.heard_ms = below.mono_ms;
                if std::mem::replace(&mut self.was_member, true) {
                    below.group.subscribe(self.node);
                } else {
                    below.group.join(self.node);
                }
            }
            Command::Join if below.group.holds(self.node) => self.hear(Input::Assigned),
            Command::Join => {}
            Command::Leave => {
                self.joined = false;
                below.group.unsubscribe(self.node);
            }
            Command::Release => below.group.released(self.node),
            Command::NewProducer => {
                if below.plant != Some(Plant::KeepsProducer) || self.epoch == 0 {
                    if below.plant == Some(Plant::RandomTransactionalId) {
                        self.id = format!("{ID}-{}", chance.next());
                    }
                    self.epoch = below.broker.init(&self.id);
                    below.story.tell(|| format!("ledger {}: a new producer, epoch {}", self.node, self.epoch));
                }
                self.hear(Input::ProducerReady);
            }
            Command::ReadOutputs(from) => {
                let tails = tails(below.broker, &from, &self.members);
                let hidden = below.plant == Some(Plant::OutputsNotCompared);
                self.hear(Input::OutputsRead(if hidden { OutputTails::new() } else { tails }));
            }
            Command::ReadLog { position } => {
                self.state_position = None;
                let goes_on = below.plant == Some(Plant::ReadsLogFromOwnPlace);
                self.log_position = Some(if goes_on { position.max(self.own_place) } else { position });
            }
            Command::Commit(transaction) => self.begin(*transaction, chance, below),
            Command::ReadCheckpoint => {
                let (last, torn) = last_checkpoint(below.broker);
                self.hear(Input::CheckpointRead { last, torn });
                let what = match self.commands.front() {
                    Some(Command::Publish { .. }) => "an unclear commit went through",
                    Some(_) if matches!(self.commands.get(1), Some(Command::Follow)) => "another went on meanwhile",
                    _ => "an unclear commit failed",
                };
                below.story.meet(&self.name(), what);
            }
            Command::SendTick => self.append(&Body::Tick, below),
            Command::SendRules(rules) => self.append(&Body::Rules(rules), below),
            Command::Publish { .. } | Command::Show { .. } => {}
            Command::CountUndone => below.story.meet(&self.name(), "a batch is undone"),
            Command::Done => self.done = true,
            Command::Stop(fault) => {
                below.story.tell(|| format!("ledger {}: stops: {fault:?}", self.node));
                self.done = true;
                self.fault = Some(fault);
            }
        }
    }

    fn append(&self, body: &Body, below: &mut Below<'_>) {
        below.broker.append(LOG, Record::plain(encode_entry(body)));
    }

    fn follow(&mut self, from: i64, below: &Below<'_>) {
        self.state_position = Some(from);
        self.to_end = Some(below.broker.end_of(STATE));
    }

    /// Partitions are written side by side, so their records go out in an order of chance; the `Checkpoint` goes last.
    fn begin(&mut self, transaction: Transaction, chance: &mut Chance, below: &mut Below<'_>) {
        let position = transaction.batch.checkpoint.marks.log_position;
        let number = transaction.batch.checkpoint.transaction;
        let last = below.plant != Some(Plant::CheckpointNotLast);
        let records = records(transaction, last, chance);
        let fate = self.next_fate.take();
        below.story.tell(|| {
            let node = self.node;
            format!("ledger {node}: transaction {number} up to {position}, {} records, {fate:?}", records.len())
        });
        self.sending = Some(Sending { records, position, sent: 0, fate });
    }

    /// Sends some records, and the end of the transaction after the last one.
    fn send_on(&mut self, chance: &mut Chance, below: &mut Below<'_>) {
        let Some(mut sending) = self.sending.take() else { return };
        for _ in 0..1 + chance.below(12) {
            if below.broker.has_late_end(&self.id) && chance.once_in(6) {
                let torn = below.broker.deliver_late_end(&self.id);
                below.story.meet(
                    "Kafka",
                    if torn { "half of a transaction is committed" } else { "a late EndTxn ends nothing" },
                );
            }
            // Half of what was sent is committed, and the broker knows nothing of the rest.
            let refused = below.broker.is_torn(&self.id) && chance.once_in(3);
            let undelivered = sending.fate == Some(Fate::Undelivered(sending.sent));
            if undelivered {
                below.story.fault("a record of a transaction is not delivered");
            }
            if refused || undelivered {
                return self.unclear(below);
            }
            let Some((topic, record)) = sending.records.pop_front() else {
                return self.end(&sending, below);
            };
            sending.sent += 1;
            if below.plant == Some(Plant::SendErrorSwallowed) && chance.once_in(SWALLOWED_ONE_IN) {
                continue;
            }
            if below.broker.produce(&self.id, self.epoch, &topic, record).is_err() {
                below.story.meet(&self.name(), "fenced while it sends");
                return self.hear(Input::Fenced);
            }
        }
        self.sending = Some(sending);
    }

    fn end(&mut self, sending: &Sending, below: &mut Below<'_>) {
        if let Some(fault) = sending.fate.and_then(Fate::at_the_end) {
            below.story.fault(fault);
        }
        let position = if below.plant == Some(Plant::OffsetsApart) { sending.position - 1 } else { sending.position };
        let arrives = !matches!(sending.fate, Some(Fate::EndLost | Fate::EndDelayed));
        let commit = sending.fate != Some(Fate::Aborted);
        if matches!(sending.fate, Some(Fate::EndDelayed)) {
            below.broker.delay_end(&self.id, self.epoch);
        }
        if arrives && below.broker.end(&self.id, self.epoch, commit, (ID, position)).is_err() {
            below.story.meet(&self.name(), "fenced as it commits");
            return self.hear(Input::Fenced);
        }
        match sending.fate {
            None | Some(Fate::Undelivered(_)) => self.hear(Input::Committed { now_ms: below.mono_ms }),
            Some(Fate::EndTwice) => {
                below.broker.delay_end(&self.id, self.epoch);
                self.hear(Input::Committed { now_ms: below.mono_ms });
            }
            Some(Fate::EndLost | Fate::AnswerLost | Fate::EndDelayed | Fate::Aborted) => self.unclear(below),
        }
    }

    /// What became of the transaction is not known. The shell looks whether the group has given the partition to
    /// another meanwhile, as a new producer would fence that one.
    fn unclear(&mut self, below: &mut Below<'_>) {
        below.story.meet(&self.name(), "an unclear commit");
        if below.plant == Some(Plant::UnclearIsCommitted) {
            return self.hear(Input::Committed { now_ms: below.mono_ms });
        }
        if !below.group.holds(self.node) && !std::mem::take(&mut self.deaf) {
            below.story.meet(&self.name(), "replaced while a commit was unclear");
            return self.hear(Input::Fenced);
        }
        self.hear(Input::CommitUnknown);
    }
}

/// The records of a transaction in the order in which the broker gets them.
fn records(transaction: Transaction, checkpoint_last: bool, chance: &mut Chance) -> VecDeque<(String, Record)> {
    let Transaction { batch, members } = transaction;
    let mut lanes: BTreeMap<String, VecDeque<Record>> = BTreeMap::new();
    for alert in batch.alerts.iter().flatten() {
        let value = alert_value(alert, &members, &batch.tails);
        lanes.entry(output_topic(alert.output(), &members)).or_default().push_back(Record::plain(value));
    }
    for record in batch.records {
        let lane = lanes.entry(output_topic(record.output, &members)).or_default();
        lane.push_back(Record { key: record.key, value: Some(record.value), header: None });
    }
    let number = encode_header(batch.checkpoint.transaction);
    for (key, value) in batch.state {
        let header = value.is_none().then_some(number);
        lanes.entry(STATE.to_owned()).or_default().push_back(Record { key: Some(key), value, header });
    }
    let value = Some(encode_checkpoint(&batch.checkpoint));
    let checkpoint = Record { key: Some(CHECKPOINT_KEY.to_owned()), value, header: None };
    let mut records = VecDeque::new();
    if !checkpoint_last {
        lanes.entry(STATE.to_owned()).or_default().push_back(checkpoint.clone());
    }
    while !lanes.is_empty() {
        let topics: Vec<String> = lanes.keys().cloned().collect();
        let topic = &topics[chance.below(topics.len())];
        let lane = lanes.get_mut(topic).expect("a lane");
        for _ in 0..1 + chance.below(4) {
            records.extend(lane.pop_front().map(|record| (topic.clone(), record)));
        }
        if lane.is_empty() {
            lanes.remove(topic);
        }
    }
    if checkpoint_last {
        records.push_back((STATE.to_owned(), checkpoint));
    }
    records
}

/// The state that an instance with these rules restores from `comity.state` as it stands.
pub(crate) fn restored(broker: &Broker, rules: Rules) -> Vec<String> {
    let setting = Setting { cluster_id: "cluster".to_owned(), rules, batch_entries_max: 1, commit_interval_ms: 0 };
    let (mut ledger, _) = Ledger::start(setting);
    let (log_start, log_end) = (broker.low(LOG), broker.end_of(LOG));
    let last_transaction = last_checkpoint(broker).0.map_or(0, |last| last.transaction);
    let records = broker.all(STATE).iter().map(state_record).collect();
    let inputs = [
        Input::StateBegins { last_transaction },
        Input::StateRead(records),
        Input::StateEnd { log_start, log_end },
        Input::Assigned,
        Input::ProducerReady,
        Input::StateEnd { log_start, log_end },
    ];
    for input in inputs {
        for command in ledger.on(input) {
            assert!(!matches!(command, Command::Stop(_)), "a fresh instance stops: {command:?}");
        }
    }
    ledger.state().dump()
}

pub(crate) fn state_record(read: &Read) -> StateRecord {
    let key = read.record.key.as_deref().expect("a key");
    let header = read.record.header.as_ref().map(<[u8; 8]>::as_slice);
    decode_record(key.as_bytes(), read.record.value.as_deref(), header).expect("a record of the state")
}

/// The last `Checkpoint`, and the keys of the values behind it.
pub(crate) fn last_checkpoint(broker: &Broker) -> (Option<Checkpoint>, BTreeSet<Key>) {
    let (mut last, mut behind) = (None, BTreeSet::new());
    let all = broker.all(STATE);
    let from = all.iter().rposition(|read| read.record.key.as_deref() == Some(CHECKPOINT_KEY)).unwrap_or(0);
    for read in &all[from..] {
        match state_record(read) {
            StateRecord::Checkpoint(checkpoint) => last = Some(checkpoint),
            StateRecord::Entry { entry: StateEntry { key, .. }, .. } => {
                behind.insert(key);
            }
        }
    }
    (last, behind)
}

/// Which output a record of a topic belongs to, and its sequence there.
pub(crate) fn placed(topic: &str, value: &[u8], members: &[Jurisdiction]) -> Option<(Output, i64)> {
    let (recipient, sequence) = encode::place(value)?;
    let place = recipient.and_then(|recipient| members.iter().position(|member| *member == recipient));
    let place = place.and_then(|place| u8::try_from(place).ok());
    let candidates = Output::all(members.len()).filter(|output| output_topic(*output, members) == topic);
    let mut of_recipient = candidates.filter(|output| match output {
        Output::Test(member) => Some(*member) == place,
        _ => true,
    });
    of_recipient.next().map(|output| (output, sequence))
}

/// What is published of each output from a sequence on, and its last record in any case.
fn tails(broker: &Broker, from: &BTreeMap<Output, i64>, members: &[Jurisdiction]) -> OutputTails {
    let mut found = OutputTails::new();
    let topics: BTreeSet<String> = from.keys().map(|output| output_topic(*output, members)).collect();
    for topic in topics {
        for read in broker.all(&topic) {
            let value = read.record.value.clone().expect("a value");
            if let Some((output, sequence)) = placed(&topic, &value, members) {
                found.entry(output).or_default().insert(sequence, value);
            }
        }
    }
    for (output, records) in &mut found {
        let last = records.last_key_value().map_or(1, |(last, _)| *last);
        *records = records.split_off(from.get(output).unwrap_or(&1).min(&last));
    }
    found
}
