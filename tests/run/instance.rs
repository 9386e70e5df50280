//! One instance: the loop, and a shell that executes its commands on the Kafka that one turns by hand.

use std::collections::VecDeque;

use comity::kafka::view::View;
use comity::model::entry::Body;
use comity::model::rules::Rules;
use comity::model::state::Value;
use comity::run::ledger::{Command, Fault, Input, Ledger, Setting};

use crate::kafka::{Kafka, MEMBERS};
use crate::world::rules;

/// What goes to readers while a state is read; `done` leaves it out, since it comes with every portion.
const SHOW: &str = "Show";

pub(crate) struct Instance {
    pub(crate) ledger: Ledger,
    /// What readers see.
    pub(crate) view: View,
    commands: VecDeque<Command>,
    epoch: u64,
    pub(crate) joined: bool,
    log_position: Option<usize>,
    state_position: Option<usize>,
    to_end: bool,
    /// Every command by name, in the order of its execution.
    pub(crate) done: Vec<&'static str>,
    pub(crate) fault: Option<Fault>,
    pub(crate) ended: bool,
    /// Stops before the first command of this name, as if the process were paused there.
    pub(crate) hold: Option<&'static str>,
    /// So many rules that it sends do not arrive.
    pub(crate) rules_lost: u32,
}

pub(crate) fn setting(rules: Rules, batch_entries_max: usize) -> Setting {
    Setting { cluster_id: "cluster".to_owned(), rules, batch_entries_max, commit_interval_ms: 0 }
}

impl Instance {
    pub(crate) fn new() -> Self {
        Self::with(setting(rules(1, MEMBERS), 100))
    }

    pub(crate) fn with(setting: Setting) -> Self {
        let (ledger, first) = Ledger::start(setting);
        Self {
            ledger,
            view: View::default(),
            commands: first.into(),
            epoch: 0,
            joined: false,
            log_position: None,
            state_position: None,
            to_end: false,
            done: Vec::new(),
            fault: None,
            ended: false,
            hold: None,
            rules_lost: 0,
        }
    }

    /// An instance that owns the ledger and has read the log to its end.
    pub(crate) fn owner(kafka: &mut Kafka) -> Self {
        let mut instance = Self::new();
        instance.own(kafka);
        instance
    }

    pub(crate) fn own(&mut self, kafka: &mut Kafka) {
        self.settle(kafka);
        assert!(self.joined, "a warm instance joins: {:?} {:?}", self.done, self.fault);
        self.hear(Input::Assigned, kafka);
        self.settle(kafka);
    }

    /// Reports something and executes what follows at once.
    pub(crate) fn hear(&mut self, input: Input, kafka: &mut Kafka) {
        let commands = self.ledger.on(input);
        self.commands.extend(commands);
        self.work(kafka);
    }

    /// Executes and polls until nothing more comes of it; ticks are left to `tick`.
    pub(crate) fn settle(&mut self, kafka: &mut Kafka) {
        for _ in 0..10_000 {
            self.work(kafka);
            if !self.poll(kafka) {
                return;
            }
        }
        panic!("the instance does not come to rest: {:?}", &self.done[self.done.len() - 20..]);
    }

    pub(crate) fn work(&mut self, kafka: &mut Kafka) {
        while let Some(command) = self.commands.pop_front() {
            if self.hold.is_some_and(|held| held == name(&command)) {
                self.commands.push_front(command);
                return;
            }
            let done = name(&command);
            if done != SHOW {
                self.done.push(done);
            }
            if let Some(input) = self.execute(command, kafka) {
                let commands = self.ledger.on(input);
                self.commands.extend(commands);
            }
        }
    }

    /// One look at the topic that is read; `false` where it has nothing new.
    pub(crate) fn poll(&mut self, kafka: &mut Kafka) -> bool {
        if let Some(from) = self.state_position {
            // Small portions: a takeover must not depend on how the records come.
            let records: Vec<_> = kafka.state_records(from).into_iter().take(7).collect();
            if !records.is_empty() {
                self.state_position = Some(from + records.len());
                self.hear(Input::StateRead(records), kafka);
                return true;
            }
            if self.to_end {
                self.to_end = false;
                let log_end = i64::try_from(kafka.log.len()).expect("a short log");
                self.hear(Input::StateEnd { log_start: kafka.log_start, log_end }, kafka);
                return true;
            }
            return false;
        }
        let Some(from) = self.log_position.filter(|_| self.ledger.wants_entries()) else { return false };
        let entries: Vec<_> = kafka.log[from.min(kafka.log.len())..].iter().take(50).cloned().collect();
        if entries.is_empty() && !self.ledger.has_open_batch() {
            return false;
        }
        self.log_position = Some(from + entries.len());
        self.hear(Input::Polled { entries, now_ms: 0 }, kafka);
        true
    }

    /// A second of silence.
    pub(crate) fn quiet_second(&mut self, kafka: &mut Kafka) {
        kafka.now += 1_000;
        self.hear(Input::Polled { entries: Vec::new(), now_ms: kafka.now }, kafka);
    }

    fn execute(&mut self, command: Command, kafka: &mut Kafka) -> Option<Input> {
        match command {
            Command::Follow => {
                self.view.restart();
                self.log_position = None;
                self.state_position = Some(0);
                self.to_end = true;
                let last_transaction = kafka.last_checkpoint().0.map_or(0, |last| last.transaction);
                return Some(Input::StateBegins { last_transaction });
            }
            Command::Join => self.joined = true,
            Command::Leave => self.joined = false,
            Command::NewProducer => {
                kafka.epoch += 1;
                self.epoch = kafka.epoch;
                return Some(Input::ProducerReady);
            }
            Command::ReadStateToEnd => self.to_end = true,
            Command::ReadOutputs(from) => return Some(Input::OutputsRead(kafka.tails(&from))),
            Command::ReadLog { position } => {
                self.state_position = None;
                self.log_position = Some(usize::try_from(position).expect("a position"));
            }
            Command::Commit(_) if self.epoch != kafka.epoch => return Some(Input::Fenced),
            Command::Commit(transaction) => {
                let told = kafka.commit(&transaction);
                return Some(told.map_or(Input::CommitUnknown, |()| Input::Committed { now_ms: 0 }));
            }
            Command::ReadCheckpoint => {
                let (last, torn) = kafka.last_checkpoint();
                return Some(Input::CheckpointRead { last, torn });
            }
            Command::SendTick => kafka.append(Body::Tick),
            Command::SendRules(_) if self.rules_lost > 0 => self.rules_lost -= 1,
            Command::SendRules(rules) => kafka.append(Body::Rules(rules)),
            Command::Publish { checkpoint, shown, .. } => self.view.publish(shown, Some(&checkpoint)),
            Command::Show { shown, last, complete } => {
                self.view.publish(shown, last.as_deref());
                if complete {
                    self.view.complete();
                }
            }
            Command::CountUndone | Command::Release => {}
            Command::Done => self.ended = true,
            Command::Stop(fault) => {
                self.ended = true;
                self.fault = Some(fault);
            }
        }
        None
    }

    /// What was done since the last call.
    pub(crate) fn took(&mut self) -> Vec<&'static str> {
        std::mem::take(&mut self.done)
    }

    /// What readers see is the state as of one committed transaction, whole; gives the number of that transaction.
    pub(crate) fn assert_view_right(&self, kafka: &Kafka) -> Option<i64> {
        let look = self.view.look()?;
        let Some(as_of) = look.as_of() else {
            assert_eq!(look.counts(), (0, 0), "nothing is shown before the first transaction");
            return None;
        };
        let values = kafka.values_as_of(as_of.transaction);
        let (mut cases, mut organisations) = (0, 0);
        for value in values.values() {
            match value {
                Value::Case(case) => {
                    cases += 1;
                    let case = case.unpack();
                    assert!(look.cases(&case.case_id).contains(&case), "the case {}", case.case_id);
                    for event in &case.events {
                        assert!(look.cases_of_event(&event.event_id).contains(&case), "the event {}", event.event_id);
                    }
                }
                Value::Organisation(known) => {
                    organisations += 1;
                    assert_eq!(look.organisation(known.organisation_id()).as_ref(), Some(known));
                    for identifier in known.identifiers.iter() {
                        assert_eq!(look.holder(identifier).as_ref(), Some(known), "the holder of {identifier}");
                    }
                }
                Value::Link(bond) => {
                    let bond = bond.unpack();
                    let holder = look.holder(&bond.pair.low).expect("whom the bond is said of");
                    let of_holder = look.bonds(&holder);
                    assert!(of_holder.iter().any(|(_, known)| *known == bond), "the bond {:?}", bond.pair);
                }
                Value::Rules(rules) => assert_eq!(look.rules().as_ref(), Some(rules)),
                Value::Pending(_) | Value::Source(_) | Value::Join(_) | Value::Retell(_) => {}
            }
        }
        assert_eq!(look.counts(), (cases, organisations), "nothing else is shown");
        Some(as_of.transaction)
    }

    pub(crate) fn dump(&self) -> Vec<String> {
        self.ledger.state().dump()
    }
}

fn name(command: &Command) -> &'static str {
    match command {
        Command::Follow => "Follow",
        Command::Join => "Join",
        Command::Leave => "Leave",
        Command::NewProducer => "NewProducer",
        Command::ReadStateToEnd => "ReadStateToEnd",
        Command::ReadOutputs(_) => "ReadOutputs",
        Command::ReadLog { .. } => "ReadLog",
        Command::Commit(_) => "Commit",
        Command::ReadCheckpoint => "ReadCheckpoint",
        Command::Publish { .. } => "Publish",
        Command::Show { .. } => SHOW,
        Command::CountUndone => "CountUndone",
        Command::SendTick => "SendTick",
        Command::SendRules(_) => "SendRules",
        Command::Release => "Release",
        Command::Done => "Done",
        Command::Stop(_) => "Stop",
    }
}
