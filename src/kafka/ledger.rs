//! The ledger's shell: it executes what the loop commands, on the thread that calls it.
//!
//! It reads by a member of the group, which never reads a record and only says who owns the log; by the log, assigned by
//! the `Checkpoint`'s position; by `comity.state`, followed while another owns the log; and, at a takeover, by the ends of
//! what was published.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::{BorrowedMessage, Message, Timestamp};
use rdkafka::producer::{BaseProducer, BaseRecord};
use rdkafka::topic_partition_list::Offset;

use super::client::{self, Context, Deliveries, Purpose};
use super::decoding::{Decoding, Portion};
use super::ends::Ends;
use super::hanging::Readers;
use super::showing::Showing;
use super::sink::{Outcome, Sink};
use super::status::LedgerStatus;
use super::view::View;
use super::{Stop, StopKind, classify, hanging, names, showing, tail};
use crate::config;
use crate::fault;
use crate::model::decision::Output;
use crate::model::entry::{Body, LogEntry};
use crate::model::rules::Rules;
use crate::run::ledger::{Command, Fault, Input, Ledger, Setting, Transaction};
use crate::schema::log::{decode_entry, encode_entry};
use crate::telemetry::clock;

mod group;
#[cfg(all(test, feature = "embedded-broker"))]
pub(super) mod tests;

/// Records of `comity.state` handed to the loop at once.
const STATE_RECORDS_MAX: usize = 10_000;
/// How long a poll waits where nothing is open, and where a batch waits for its time.
const POLL_QUIET: Duration = Duration::from_millis(20);
const POLL_OPEN: Duration = Duration::from_millis(1);
/// Pause before another try to make a producer.
const PRODUCER_PAUSE: Duration = Duration::from_millis(200);
/// Tries to make a producer whose initialisation fails without being fenced.
const PRODUCER_TRIES_MAX: u32 = 60;
/// How long the client may take to notice that its session has run out.
const SESSION_DOUBT: Duration = Duration::from_millis(1_200);
/// An owner writes a `Checkpoint` each second, if only for a `Tick`; one that takes over is silent for a while.
pub(crate) const SILENCE_MAX: Duration = Duration::from_secs(15);
/// A restore says how far it is, this often.
const PROGRESS_INTERVAL: Duration = Duration::from_secs(2);

/// What the ledger of this process needs.
#[derive(Debug, Clone)]
pub struct LedgerContext {
    pub kafka: config::Kafka,
    pub federation: String,
    pub rules: Rules,
    pub pace: config::Ledger,
    pub status: Arc<LedgerStatus>,
    /// What readers see of the state.
    pub view: Arc<View>,
}

/// Runs the ledger until `shutdown` is set: follows, stands by, owns, lets go.
///
/// # Errors
/// What no retry mends: topics that are missing or hold what they must not, rights, rules that may not own the log.
#[expect(clippy::wildcard_enum_match_arm, reason = "every other command is the shell's to execute")]
pub fn run(context: &LedgerContext, shutdown: &AtomicBool) -> Result<(), Stop> {
    let mut shell = Shell::connect(context)?;
    let (mut ledger, first) = Ledger::start(shell.setting());
    let mut commands: VecDeque<Command> = first.into();
    let mut told = false;
    loop {
        while let Some(command) = commands.pop_front() {
            match command {
                Command::Done => return Ok(()),
                Command::Stop(fault) => return Err(stop(fault)),
                other => {
                    for input in shell.execute(other)? {
                        commands.extend(ledger.on(input));
                    }
                }
            }
        }
        if !told && shutdown.load(Ordering::Relaxed) {
            told = true;
            commands.extend(ledger.on(Input::ShutDown));
            continue;
        }
        for input in shell.poll(ledger.wants_entries(), ledger.has_open_batch())? {
            commands.extend(ledger.on(input));
        }
    }
}

fn stop(fault: Fault) -> Stop {
    match fault {
        Fault::Data(why) => Stop::new(
            StopKind::Data,
            why,
            "nothing was sent; compare the topics with a backup, or start a new federation",
        ),
        Fault::Unavailable(why) => {
            Stop::new(StopKind::Unavailable, why, "look for the errors of Kafka in the log, and mend what they name")
        }
        Fault::Configuration(why) => Stop::new(
            StopKind::Configuration,
            why,
            "bring this instance's configuration and build up to those in force",
        ),
    }
}

/// The clients of one ledger.
struct Shell<'c> {
    context: &'c LedgerContext,
    cluster_id: String,
    group: BaseConsumer<Context>,
    log: BaseConsumer<Context>,
    follower: BaseConsumer<Context>,
    /// For a look at the ends of what was published.
    readers: Readers,
    plain: BaseProducer<Context>,
    sink: Option<Sink>,
    joined: bool,
    /// True from a revocation until the partition is given back: the client stays as it is as long, whatever is asked of
    /// it, and so does the group.
    owes_answer: bool,
    /// The end to which `comity.state` is read, while the loop waits for it.
    state_end: Ends,
    /// True while `comity.state` is followed, to an end or beyond it.
    following: bool,
    state_next: i64,
    /// When that last had anything new, or a standby did something about it.
    heard: Instant,
    /// The middle of what is to be read of `comity.state`, until it is met.
    half: Option<i64>,
    reading_log: bool,
    /// The end at which `comity.log` counts as caught up.
    log_end: Ends,
    decoding: Decoding,
    showing: Showing,
    started: Instant,
    progress: Instant,
}

impl<'c> Shell<'c> {
    fn connect(context: &'c LedgerContext) -> Result<Self, Stop> {
        let kafka = &context.kafka;
        let name = names::ledger_group(&context.federation);
        let purpose = Purpose::LedgerConsumer { group: &name, instance_id: context.pace.instance_id.as_deref() };
        let group: BaseConsumer<Context> = client::config(kafka, purpose)
            .create_with_context(Context::new(Deliveries::FailedOnly))
            .map_err(|error| client::stop("the ledger's group", &error))?;
        let plain = client::config(kafka, Purpose::Producer)
            .create_with_context(Context::new(Deliveries::FailedOnly))
            .map_err(|error| client::stop("the ledger's ticks", &error))?;
        let log = tail::reader_of(kafka, &name)?;
        let (follower, readers) = (tail::reader(kafka)?, Readers::new(kafka)?);
        for topic in [names::LOG, names::STATE] {
            super::present(&log, topic)?;
        }
        let cluster_id = log.client().fetch_cluster_id(tail::ANSWER_TIMEOUT).unwrap_or_default();
        let now = clock::instant();
        Ok(Self {
            context,
            cluster_id,
            group,
            log,
            follower,
            readers,
            plain,
            sink: None,
            joined: false,
            owes_answer: false,
            state_end: Ends::default(),
            following: false,
            state_next: 0,
            heard: now,
            half: None,
            reading_log: false,
            log_end: Ends::default(),
            decoding: Decoding::default(),
            showing: Showing::default(),
            started: now,
            progress: now,
        })
    }

    fn setting(&self) -> Setting {
        let pace = &self.context.pace;
        Setting {
            cluster_id: self.cluster_id.clone(),
            rules: self.context.rules.clone(),
            batch_entries_max: pace.batch_entries_max,
            commit_interval_ms: i64::try_from(pace.commit_interval.as_millis()).unwrap_or(i64::MAX),
        }
    }

    fn now_ms(&self) -> i64 {
        i64::try_from(self.started.elapsed().as_millis()).unwrap_or(i64::MAX)
    }

    fn execute(&mut self, command: Command) -> Result<Vec<Input>, Stop> {
        Ok(match command {
            Command::Follow => {
                self.stop_reading()?;
                // What was read before means nothing any more.
                self.decoding = Decoding::default();
                self.showing.wait()?;
                self.context.view.restart();
                let (last, _) = tail::last_checkpoint(&self.readers.committed)?;
                self.follow(0)?;
                vec![Input::StateBegins { last_transaction: last.map_or(0, |last| last.transaction) }]
            }
            Command::ReadStateToEnd => {
                self.follow(self.state_next)?;
                Vec::new()
            }
            Command::Join => self.join()?,
            Command::Leave => self.leave(),
            Command::Release => self.release()?,
            Command::NewProducer => self.new_producer()?,
            Command::ReadOutputs(from) => vec![self.read_outputs(&from)?],
            Command::ReadLog { position } => {
                self.following = false;
                self.follower.unassign().map_err(|error| client::stop("comity.state", &error))?;
                self.log_end = Ends::now(&self.log, names::LOG)?;
                tail::start(&self.log, names::LOG, Offset::Offset(position))?;
                self.context.status.read_position.store(position, Ordering::Relaxed);
                self.reading_log = true;
                self.context.status.committed_at.store(clock::wall_ms(), Ordering::Relaxed);
                self.context.status.owner.store(true, Ordering::Relaxed);
                Vec::new()
            }
            Command::Commit(transaction) => vec![self.commit(&transaction)?],
            Command::ReadCheckpoint => {
                let (last, torn) = tail::last_checkpoint(&self.readers.committed)?;
                vec![Input::CheckpointRead { last, torn }]
            }
            Command::Publish { checkpoint, tally, shown } => {
                self.context.status.count(&checkpoint, &tally);
                let portion = showing::Portion { shown, last: Some(checkpoint), complete: false };
                self.showing.publish(&self.context.view, portion)?;
                Vec::new()
            }
            Command::Show { shown, last, complete } => {
                self.showing.show(&self.context.view, showing::Portion { shown, last, complete })?;
                Vec::new()
            }
            Command::CountUndone => {
                self.context.status.aborted.fetch_add(1, Ordering::Relaxed);
                Vec::new()
            }
            Command::SendTick => {
                self.send(&Body::Tick);
                Vec::new()
            }
            Command::SendRules(rules) => {
                self.send(&Body::Rules(rules));
                Vec::new()
            }
            Command::Done | Command::Stop(_) => Vec::new(),
        })
    }

    /// Reads `comity.state` from an offset; its end is reported when it is met.
    fn follow(&mut self, from: i64) -> Result<(), Stop> {
        let (low, high) = tail::ends(&self.follower, names::STATE)?;
        self.state_next = from.max(low);
        self.half = (self.state_next < high).then_some(self.state_next.midpoint(high));
        let status = &self.context.status;
        if from == 0 {
            status.restored_records.store(0, Ordering::Relaxed);
            status.restore_records_total.store(high.saturating_sub(low).unsigned_abs(), Ordering::Relaxed);
        }
        tail::start(&self.follower, names::STATE, Offset::Offset(self.state_next))?;
        self.following = true;
        self.hear();
        self.state_end = Ends::of([(names::STATE.to_owned(), high)]);
        Ok(())
    }

    /// What each output holds from a sequence on, once nothing of it stands open.
    fn read_outputs(&self, from: &BTreeMap<Output, i64>) -> Result<Input, Stop> {
        // Without a producer it owns nothing.
        let Some(sink) = &self.sink else { return Ok(Input::Fenced) };
        let members = self.context.rules.jurisdictions();
        let settled = hanging::settle(&self.readers, sink, from, &members)?;
        Ok(settled.map_or(Input::Fenced, Input::OutputsRead))
    }

    fn stop_reading(&mut self) -> Result<(), Stop> {
        self.reading_log = false;
        self.context.status.open_but_ticks.store(0, Ordering::Relaxed);
        self.context.status.owner.store(false, Ordering::Relaxed);
        self.context.status.caught_up.store(false, Ordering::Relaxed);
        self.context.status.standby.store(false, Ordering::Relaxed);
        self.log.unassign().map_err(|error| client::stop("comity.log", &error))
    }

    fn new_producer(&mut self) -> Result<Vec<Input>, Stop> {
        self.sink = None;
        let id = names::ledger_group(&self.context.federation);
        for _ in 0..PRODUCER_TRIES_MAX {
            match Sink::open(self.context, &self.readers, &id)? {
                Ok(sink) => {
                    self.sink = Some(sink);
                    return Ok(vec![Input::ProducerReady]);
                }
                Err(Outcome::Fenced) => return Ok(vec![Input::Fenced]),
                Err(Outcome::Unknown | Outcome::Done) => sleep(PRODUCER_PAUSE),
            }
        }
        let why = "the ledger's producer cannot be initialised";
        Err(Stop::new(StopKind::Unavailable, why, "check that the brokers run and that transactions are allowed"))
    }

    fn commit(&mut self, transaction: &Transaction) -> Result<Input, Stop> {
        fault::step("index-changed");
        let Some(sink) = &self.sink else { return Ok(Input::CommitUnknown) };
        let (started, session) = (clock::instant(), self.context.kafka.session_timeout);
        // By the reader, not by the member: a member's offset is refused, and its transaction with it, where another has
        // just joined or left. Who may write is the transactional id's to say.
        Ok(match sink.commit(transaction, self.log.group_metadata().as_ref()) {
            Outcome::Done => Input::Committed { now_ms: self.now_ms() },
            Outcome::Unknown => {
                self.context.status.unclear_commits.fetch_add(1, Ordering::Relaxed);
                // A new producer would fence another that the group has named in the meantime.
                if started.elapsed() > session && self.was_replaced()? { Input::Fenced } else { Input::CommitUnknown }
            }
            Outcome::Fenced => Input::Fenced,
        })
    }

    fn send(&self, body: &Body) {
        let value = encode_entry(body);
        let record = BaseRecord::<(), [u8], usize>::with_opaque_to(names::LOG, 0).partition(0).payload(&value);
        if let Err((error, _)) = self.plain.send(record) {
            tracing::warn!("a tick was not sent: {error}");
        }
        self.plain.poll(Duration::ZERO);
    }

    fn poll(&mut self, wants_entries: bool, open: bool) -> Result<Vec<Input>, Stop> {
        self.plain.poll(Duration::ZERO);
        let mut inputs = self.poll_group()?;
        if self.following {
            inputs.extend(self.poll_state()?);
        } else if self.reading_log && wants_entries {
            inputs.push(self.poll_log(if open { POLL_OPEN } else { POLL_QUIET })?);
        } else if inputs.is_empty() {
            sleep(POLL_OPEN);
        }
        Ok(inputs)
    }

    fn poll_state(&mut self) -> Result<Vec<Input>, Stop> {
        let (mut portion, mut ended) = (Portion::default(), false);
        let mut wait = if self.decoding.is_under_way() { Duration::ZERO } else { POLL_QUIET };
        while portion.len() < STATE_RECORDS_MAX && !ended {
            match self.follower.poll(wait) {
                None => break,
                Some(Ok(message)) => {
                    portion.push(&message);
                    self.state_next = message.offset() + 1;
                    if self.half.take_if(|half| *half <= self.state_next).is_some() {
                        fault::step("restore-half-done");
                    }
                    // The last offsets before the end may be markers, so the first record behind it may be what tells;
                    // it waits for its `Checkpoint` like every other.
                    ended = self.state_end.meet(names::STATE, message.offset()).ends();
                }
                Some(Err(KafkaError::PartitionEOF(_))) => ended = self.state_end.meet_end(&self.follower)?,
                Some(Err(error)) => classify::reading(names::STATE, &error)?,
            }
            wait = Duration::ZERO;
        }
        let mut inputs = Vec::new();
        let records = self.decoding.take(portion, !ended)?;
        if !records.is_empty() {
            self.context.status.restored_records.fetch_add(records.len() as u64, Ordering::Relaxed);
            self.say_progress();
            self.hear();
            inputs.push(Input::StateRead(records));
        } else if self.joined && self.heard.elapsed() > SILENCE_MAX {
            tracing::warn!("nobody works on comity.log; the group is asked to give it anew");
            self.heard = clock::instant();
            self.context.status.silent.store(true, Ordering::Relaxed);
            inputs.push(Input::Silent);
        }
        if ended {
            let (log_start, log_end) = tail::ends(&self.log, names::LOG)?;
            self.context.status.standby.store(true, Ordering::Relaxed);
            inputs.push(Input::StateEnd { log_start, log_end });
        }
        Ok(inputs)
    }

    /// There is an owner, or this instance is about to be one.
    fn hear(&mut self) {
        self.heard = clock::instant();
        self.context.status.silent.store(false, Ordering::Relaxed);
    }

    fn say_progress(&mut self) {
        if !self.state_end.all_met() && self.progress.elapsed() > PROGRESS_INTERVAL {
            self.progress = clock::instant();
            let read = self.context.status.restored_records.load(Ordering::Relaxed);
            let total = self.context.status.restore_records_total.load(Ordering::Relaxed);
            tracing::info!(read, total, "restoring the state");
        }
    }

    fn poll_log(&mut self, wait: Duration) -> Result<Input, Stop> {
        let mut entries = Vec::new();
        let (mut wait, mut ended) = (wait, false);
        while entries.len() < self.context.pace.batch_entries_max {
            match self.log.poll(wait) {
                None => break,
                Some(Ok(message)) => {
                    ended |= self.log_end.meet(names::LOG, message.offset()).ends();
                    entries.push(entry(&message)?);
                }
                Some(Err(KafkaError::PartitionEOF(_))) => {
                    ended |= self.log_end.meet_end(&self.log)?;
                    break;
                }
                Some(Err(error)) => classify::reading(names::LOG, &error)?,
            }
            wait = Duration::ZERO;
        }
        if let Some(last) = entries.last() {
            self.context.status.read_position.store(last.offset + 1, Ordering::Relaxed);
            let taken = entries.iter().filter(|entry| !matches!(entry.body, Body::Tick)).count();
            self.context.status.open_but_ticks.fetch_add(taken as u64, Ordering::Relaxed);
        }
        if ended {
            self.context.status.caught_up.store(true, Ordering::Relaxed);
        }
        Ok(Input::Polled { entries, now_ms: self.now_ms() })
    }
}

impl Drop for Shell<'_> {
    fn drop(&mut self) {
        // A consumer that is dropped waits until its revocation is answered: one that was heard of already, and any that
        // comes.
        if let Err(stop) = self.release() {
            tracing::warn!("leaving the ledger's group: {stop}");
        }
        self.group.context().close();
        self.context.status.owner.store(false, Ordering::Relaxed);
    }
}

/// One entry of the log with the broker's time on it.
pub(super) fn entry(message: &BorrowedMessage<'_>) -> Result<LogEntry, Stop> {
    let Timestamp::LogAppendTime(appended_at) = message.timestamp() else {
        let why = "comity.log does not carry the broker's time";
        return Err(Stop::new(StopKind::Configuration, why, "set message.timestamp.type=LogAppendTime on comity.log"));
    };
    decode_entry(message.payload().unwrap_or_default(), message.offset(), appended_at).map_err(|error| {
        let why = format!("{} at offset {}: {}", error.topic, message.offset(), error.why);
        Stop::new(StopKind::Data, why, "only Comity may write to comity.log: look at its ACLs")
    })
}
