//! The faults, one after another: each begins, lasts, and ends; what comes of it is not waited for, so that the next one
//! meets a recovery as often as a sound federation.

use std::fmt;
use std::thread::sleep;
use std::time::{Duration, Instant};

use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};

use crate::hanging::Hanging;
use crate::instances::{Instance, other_build, own_build};
use crate::kinds::{Kind, possible};
use crate::load::Load;
use crate::support::chance::Chance;
use crate::support::federation::Federation;
use crate::support::maven::Maven;
use crate::support::proxy::Side;
use crate::watch::Watch;

/// Alerts must come again within this time after faults.
const PATIENCE: Duration = Duration::from_secs(90);
/// After so many faults it is waited for alerts, and for transactions that would hang.
const ROUND: usize = 4;
/// A member of the ledger's group that is silent for longer has lost it (`session.timeout.ms`).
const SESSION_MS: u64 = 6_000;
/// How long it is waited for what a fault needs to happen at all.
const OCCASION: Duration = Duration::from_secs(4);

/// Topics of which produce requests are held up: of intake, of an alert, and of the state.
const STALLED: [&str; 3] = ["comity.log", "comity.alerts.CA-MB", "comity.state"];

/// A fault that happened.
pub(crate) struct Fault {
    pub(crate) kind: Kind,
    lasted: Duration,
    /// The time until alerts came again, where that was waited for.
    recovered: Option<Duration>,
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} for {:.1?}", self.kind, self.lasted)?;
        match self.recovered {
            Some(recovered) => write!(formatter, ", alerts again after {recovered:.1?}"),
            None => Ok(()),
        }
    }
}

/// Who is a member of which group, and whether the log is among what it was given.
fn groups(address: &str) -> String {
    let mut config = ClientConfig::new();
    let asker: BaseConsumer = config.set("bootstrap.servers", address).create().unwrap();
    let Ok(list) = asker.fetch_group_list(None, Duration::from_secs(10)) else { return "no groups".to_owned() };
    let mut text = String::new();
    for group in list.groups() {
        text += &format!("{} is {}\n", group.name(), group.state());
        for member in group.members() {
            let given = String::from_utf8_lossy(member.assignment().unwrap_or_default()).into_owned();
            text += &format!("  {} has the log: {}\n", member.id(), given.contains("comity.log"));
        }
    }
    text
}

/// Who makes the faults.
pub(crate) struct Nemesis<'a> {
    pub(crate) federation: &'a Federation,
    pub(crate) broker: &'a mut Maven,
    load: &'a Load<'a>,
    pub(crate) watch: &'a Watch<'a>,
    hanging: Hanging,
    /// The third one comes and goes.
    pub(crate) instances: [Instance; 3],
    kinds: (Vec<Kind>, Vec<Kind>),
    /// The kinds that are still to come before each has come once more.
    deck: Vec<Kind>,
    /// Named steps that are still to come, and how many other faults come between two.
    steps: Vec<Kind>,
    strikes: usize,
    pub(crate) restarts: usize,
}

impl<'a> Nemesis<'a> {
    pub(crate) fn start(
        federation: &'a Federation,
        broker: &'a mut Maven,
        load: &'a Load<'a>,
        watch: &'a Watch<'a>,
        hanging: Hanging,
        planted: &str,
    ) -> Result<Self, String> {
        let address = broker.address();
        let instances = ["one", "two", "three"].map(|name| Instance::new(name, &address, planted));
        let kinds = possible(broker.disk().is_some());
        let mut nemesis = Self {
            federation,
            broker,
            load,
            watch,
            hanging,
            instances,
            kinds,
            deck: Vec::new(),
            steps: Vec::new(),
            strikes: 0,
            restarts: 0,
        };
        nemesis.instances[0].start(federation);
        nemesis.instances[1].start(federation);
        nemesis.recover()?;
        Ok(nemesis)
    }

    /// One fault of a kind that has not come since all others did. Every third is a death at a named step.
    ///
    /// # Errors
    /// What a federation must never come to: no alerts any more, or an instance that gives up.
    pub(crate) fn strike(&mut self, chance: &mut Chance) -> Result<Fault, String> {
        let of_steps = self.strikes.is_multiple_of(3) && !self.kinds.1.is_empty();
        let (deck, all) = if of_steps { (&mut self.steps, &self.kinds.1) } else { (&mut self.deck, &self.kinds.0) };
        if deck.is_empty() {
            deck.clone_from(all);
        }
        let place = usize::try_from(chance.below(deck.len() as u64)).unwrap();
        let kind = deck.swap_remove(place);
        self.make(kind, chance)
    }

    /// One fault of this kind.
    ///
    /// # Errors
    /// As of `strike`.
    pub(crate) fn make(&mut self, kind: Kind, chance: &mut Chance) -> Result<Fault, String> {
        let begun = Instant::now();
        self.strike_with(kind, chance).map_err(|why| format!("{kind}: {why}"))?;
        let lasted = begun.elapsed();
        self.strikes += 1;
        self.hanging.fault_ended();
        let recovered = match self.strikes.is_multiple_of(ROUND) {
            true => Some(self.recover().map_err(|why| format!("{kind}: {why}"))?),
            false => None,
        };
        sleep(chance.millis(0..600));
        self.supervise()?;
        Ok(Fault { kind, lasted, recovered })
    }

    /// The place of whoever owns the log, as far as it says so.
    pub(crate) fn owner(&self) -> usize {
        usize::from(!self.instances[0].is_owner())
    }

    fn strike_with(&mut self, kind: Kind, chance: &mut Chance) -> Result<(), String> {
        let (owner, pause) = (self.owner(), chance.millis(0..400));
        match kind {
            Kind::KillOwner => self.kill(&[owner], pause),
            Kind::KillStandby => self.kill(&[1 - owner], pause),
            Kind::KillBoth => self.kill(&[0, 1], pause),
            Kind::StopOwner => self.start_again(owner),
            Kind::ChangeBuild => {
                let is_own = self.instances[owner].build == own_build();
                self.instances[owner].build = other_build().filter(|_| is_own).unwrap_or_else(own_build);
                self.start_again(owner);
            }
            Kind::PauseOwner => self.pause(owner, chance.millis(200..2_000)),
            Kind::PauseOwnerLong => self.pause(owner, chance.millis(SESSION_MS + 1_000..SESSION_MS + 3_000)),
            Kind::BoundMemory => {
                // One that has only just begun has most of what it needs still before it.
                if chance.below(2) == 0 {
                    self.kill(&[owner], Duration::ZERO);
                    sleep(chance.millis(50..1_000));
                }
                self.instances[owner].bound_memory(Some(chance.below(16) * 1024 * 1024));
                sleep(chance.millis(500..2_500));
                self.instances[owner].bound_memory(None);
            }
            Kind::JumpClock => {
                let hours = chance.of(&[-26, -1, 1, 30, 24 * 400]);
                self.instances[owner].set_clock(hours * 3_600_000);
                sleep(chance.millis(500..2_000));
                self.instances[owner].set_clock(0);
            }
            Kind::ComeAndGo => self.come_and_go(),
            Kind::Step(_) => return self.die_at(kind, owner, chance),
            Kind::SlowRecipient | Kind::AbsentRecipient => {
                let time = chance.millis(1_000..2_500);
                self.watch.pause(time, matches!(kind, Kind::AbsentRecipient));
                sleep(time);
            }
            Kind::Undecodable => self.load.send_undecodable(),
            Kind::PauseBroker | Kind::KillBroker | Kind::RestartBroker | Kind::FillDisk => self.broker(kind, chance),
            Kind::CutOwner
            | Kind::CutOwnerLong
            | Kind::SlowOwner
            | Kind::HalfOpenOwner
            | Kind::ResetRequest
            | Kind::ResetAnswer
            | Kind::StallOwner
            | Kind::DelayEnd
            | Kind::LoseEnd => self.network(kind, owner, chance),
        }
        Ok(())
    }

    fn network(&self, kind: Kind, place: usize, chance: &mut Chance) {
        let network = &self.instances[place].network;
        match kind {
            Kind::CutOwner | Kind::CutOwnerLong => {
                let short = matches!(kind, Kind::CutOwner);
                let (from, to) = if short { (200, 2_000) } else { (SESSION_MS + 1_000, SESSION_MS + 3_000) };
                network.cut(true);
                sleep(chance.millis(from..to));
                network.cut(false);
            }
            Kind::SlowOwner => {
                network.slow(chance.millis(10..150));
                sleep(chance.millis(1_000..3_000));
                network.slow(Duration::ZERO);
            }
            Kind::HalfOpenOwner => {
                network.kill_silently();
                sleep(chance.millis(3_000..SESSION_MS + 1_000));
            }
            Kind::ResetRequest | Kind::ResetAnswer => {
                let side = if matches!(kind, Kind::ResetRequest) { Side::Produce } else { Side::Answer };
                network.reset_next(Some(side));
                self.wait_for(|| !network.is_to_reset());
                network.reset_next(None);
            }
            Kind::StallOwner => {
                network.stall(Some(chance.of(&STALLED)));
                sleep(chance.millis(200..2_000));
                network.stall(None);
            }
            _ => {
                network.hold_next_end_txn();
                self.wait_for(|| network.holds_end_txn());
                sleep(chance.millis(0..1_500));
                network.hold_no_end_txn(matches!(kind, Kind::DelayEnd));
            }
        }
    }

    fn broker(&mut self, kind: Kind, chance: &mut Chance) {
        match kind {
            Kind::PauseBroker => {
                self.broker.signal("STOP");
                sleep(chance.millis(200..2_000));
                self.broker.signal("CONT");
            }
            Kind::RestartBroker => {
                self.broker.stop();
                self.broker.restart();
            }
            Kind::FillDisk => {
                self.disk(true);
                // It gives its only disk up, and itself with it.
                let _gave_up = self.broker.wait_for_end(Duration::from_secs(8));
                self.broker.kill();
                self.disk(false);
                self.broker.restart();
            }
            _ => {
                self.broker.kill();
                sleep(chance.millis(0..400));
                self.broker.restart();
            }
        }
    }

    fn disk(&self, full: bool) {
        self.broker.disk().into_iter().for_each(|disk| disk.fill(full));
    }

    pub(crate) fn kill(&mut self, which: &[usize], pause: Duration) {
        which.iter().for_each(|place| self.instances[*place].kill());
        sleep(pause);
        which.iter().for_each(|place| self.instances[*place].start(self.federation));
    }

    fn start_again(&mut self, place: usize) {
        self.instances[place].stop();
        self.instances[place].start(self.federation);
    }

    fn pause(&self, place: usize, time: Duration) {
        self.instances[place].signal("STOP");
        sleep(time);
        self.instances[place].signal("CONT");
    }

    /// Adds the third instance and removes it, twice.
    fn come_and_go(&mut self) {
        for _ in 0..2 {
            self.instances[2].start(self.federation);
            sleep(Duration::from_secs(3));
            self.instances[2].stop();
        }
    }

    /// Starts the owner again as one that dies at a step, where it comes to it, and once more as a sound one.
    fn die_at(&mut self, kind: Kind, owner: usize, chance: &mut Chance) -> Result<(), String> {
        let Some(step) = kind.step() else { return Ok(()) };
        // Steps of single records come often, those of transactions not.
        let passing = match step {
            "polled" | "mapped" | "rejected" | "produce" => chance.below(40),
            "restore-half-done" => 0,
            _ => chance.below(5),
        };
        let failpoints = if passing == 0 { format!("{step}=return") } else { format!("{step}={passing}*off->return") };
        // Steps are of this build alone.
        self.instances[owner].build = own_build();
        self.instances[owner].kill();
        self.instances[owner].start_with(self.federation, &failpoints);
        let deadline = Instant::now() + 8 * OCCASION;
        let mut alone = false;
        while !self.instances[owner].has_aborted() {
            if Instant::now() > deadline {
                return Err(format!("{} does not come to the step {step}", self.instances[owner].name));
            }
            // Kafka may be away, from the fault before.
            if self.instances[owner].ended().is_some() {
                self.instances[owner].start_with(self.federation, &failpoints);
            }
            // The other has taken over meanwhile, or has the source: without it the step is come to again.
            if !alone && deadline - Instant::now() < 7 * OCCASION {
                alone = true;
                self.instances[1 - owner].kill();
            }
            sleep(Duration::from_millis(10));
        }
        self.instances[owner].start(self.federation);
        if alone {
            self.instances[1 - owner].start(self.federation);
        }
        Ok(())
    }

    pub(crate) fn wait_for(&self, holds: impl Fn() -> bool) {
        let deadline = Instant::now() + OCCASION;
        while !holds() && Instant::now() < deadline {
            sleep(Duration::from_millis(5));
        }
    }

    fn supervise(&mut self) -> Result<(), String> {
        for instance in &mut self.instances {
            self.restarts += usize::from(instance.supervise(self.federation)?);
        }
        Ok(())
    }

    /// Waits for alerts, and says how long it took; no transaction may hang meanwhile.
    ///
    /// # Errors
    /// As of `strike`.
    pub(crate) fn recover(&mut self) -> Result<Duration, String> {
        let (begun, before) = (Instant::now(), self.watch.count());
        let mut came = None;
        loop {
            let is_over = self.hanging.is_over();
            if came.is_none() && self.watch.count() != before {
                came = Some(begun.elapsed());
            }
            if let Some(came) = came.filter(|_| is_over) {
                return Ok(came);
            }
            if begun.elapsed() > PATIENCE {
                let stories: String = self.instances.iter().map(Instance::story).collect();
                let stories = stories + &groups(&self.broker.address());
                let hanging = if is_over { "" } else { ", a transaction hangs" };
                return Err(format!("no alert comes any more after {} faults{hanging}\n{stories}", self.strikes));
            }
            self.supervise()?;
            sleep(Duration::from_millis(20));
        }
    }

    /// Waits for the last alerts, and until everything that was published is decided, while the instances run on.
    ///
    /// # Errors
    /// As of `strike`.
    pub(crate) fn settle(&mut self, log_end: impl Fn() -> i64) -> Result<(), String> {
        self.recover()?;
        let deadline = Instant::now() + PATIENCE;
        let (mut end, mut since) = (log_end(), Instant::now());
        // An end that moves by ticks alone is one at rest.
        while since.elapsed() < Duration::from_millis(800) || self.decided() < end {
            if Instant::now() > deadline {
                return Err(format!("the log ends at {end}, and is decided to {} only", self.decided()));
            }
            self.supervise()?;
            sleep(Duration::from_millis(100));
            let now = log_end();
            if now > end + 3 {
                (end, since) = (now, Instant::now());
            }
        }
        Ok(())
    }

    fn decided(&self) -> i64 {
        let positions = self.instances.iter().map(|instance| instance.metric("comity_ledger_checkpoint_position"));
        positions.max().unwrap_or(0)
    }

    /// The transactions that hung.
    pub(crate) fn hung(&mut self) -> Vec<String> {
        self.hanging.found()
    }

    /// Ends every instance in order.
    pub(crate) fn end(mut self) {
        self.instances.iter_mut().for_each(Instance::stop);
    }
}
