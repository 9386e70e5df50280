//! The faults, one after another: each begins, lasts, and ends; what comes of it is not waited for, so that the next one
//! meets a recovery as often as a sound federation.

use std::fmt;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::instances::Instance;
use crate::support::chance::Chance;
use crate::support::federation::Federation;
use crate::support::maven::Maven;
use crate::watch::Watch;

/// Alerts must come again within this time after faults.
const PATIENCE: Duration = Duration::from_secs(90);
/// After so many faults it is waited for alerts.
const ROUND: usize = 4;
/// A member of the ledger's group that is silent for longer has lost it (`session.timeout.ms`).
const SESSION_MS: u64 = 6_000;

/// Topics of which produce requests are held up: of intake, of an alert, and of the state.
const STALLED: [&str; 3] = ["comity.log", "comity.alerts.CA-MB", "comity.state"];

/// What is done.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    KillOwner,
    KillStandby,
    KillBoth,
    StopOwner,
    PauseOwner,
    /// Longer than its session: it comes back as one that has lost the log and does not know it.
    PauseOwnerLong,
    CutOwner,
    CutOwnerLong,
    StallOwner,
    /// The end of a transaction is held up, its connection lost, and it arrives late.
    DelayEnd,
    /// The end of a transaction never arrives.
    LoseEnd,
    PauseBroker,
    KillBroker,
}

const KINDS: [Kind; 13] = [
    Kind::KillOwner,
    Kind::KillStandby,
    Kind::KillBoth,
    Kind::StopOwner,
    Kind::PauseOwner,
    Kind::PauseOwnerLong,
    Kind::CutOwner,
    Kind::CutOwnerLong,
    Kind::StallOwner,
    Kind::DelayEnd,
    Kind::LoseEnd,
    Kind::PauseBroker,
    Kind::KillBroker,
];

/// A fault that happened.
pub(crate) struct Fault {
    kind: Kind,
    lasted: Duration,
    /// The time until alerts came again, where that was waited for.
    recovered: Option<Duration>,
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?} for {:.1?}", self.kind, self.lasted)?;
        match self.recovered {
            Some(recovered) => write!(formatter, ", alerts again after {recovered:.1?}"),
            None => Ok(()),
        }
    }
}

/// Who makes the faults.
pub(crate) struct Nemesis<'a> {
    federation: &'a Federation,
    broker: &'a mut Maven,
    watch: &'a Watch<'a>,
    instances: [Instance; 2],
    /// The kinds that are still to come before each has come once more.
    deck: Vec<Kind>,
    strikes: usize,
    restarts: usize,
}

impl<'a> Nemesis<'a> {
    pub(crate) fn start(
        federation: &'a Federation,
        broker: &'a mut Maven,
        address: &str,
        watch: &'a Watch<'a>,
    ) -> Self {
        let mut instances = ["one", "two"].map(|name| Instance::new(name, address));
        for instance in &mut instances {
            instance.start(federation);
        }
        let mut nemesis = Self { federation, broker, watch, instances, deck: Vec::new(), strikes: 0, restarts: 0 };
        nemesis.recover();
        nemesis
    }

    /// One fault of a kind that has not come since all others did.
    pub(crate) fn strike(&mut self, chance: &mut Chance) -> Fault {
        if self.deck.is_empty() {
            self.deck = KINDS.to_vec();
        }
        let place = usize::try_from(chance.below(self.deck.len() as u64)).unwrap();
        let kind = self.deck.swap_remove(place);
        let begun = Instant::now();
        self.make(kind, chance);
        let lasted = begun.elapsed();
        self.strikes += 1;
        let recovered = self.strikes.is_multiple_of(ROUND).then(|| self.recover());
        sleep(chance.millis(0..1_200));
        self.supervise();
        Fault { kind, lasted, recovered }
    }

    fn make(&mut self, kind: Kind, chance: &mut Chance) {
        let owner = usize::from(!self.instances[0].is_owner());
        let pause = chance.millis(0..400);
        match kind {
            Kind::KillOwner => self.kill(&[owner], pause),
            Kind::KillStandby => self.kill(&[1 - owner], pause),
            Kind::KillBoth => self.kill(&[0, 1], pause),
            Kind::StopOwner => {
                self.instances[owner].stop();
                self.instances[owner].start(self.federation);
            }
            Kind::PauseOwner => self.pause(owner, chance.millis(200..3_000)),
            Kind::PauseOwnerLong => self.pause(owner, chance.millis(SESSION_MS + 1_000..SESSION_MS + 4_000)),
            Kind::CutOwner => self.cut(owner, chance.millis(200..3_000)),
            Kind::CutOwnerLong => self.cut(owner, chance.millis(SESSION_MS + 1_000..SESSION_MS + 4_000)),
            Kind::StallOwner => {
                self.instances[owner].network.stall(Some(chance.of(&STALLED)));
                sleep(chance.millis(200..2_500));
                self.instances[owner].network.stall(None);
            }
            Kind::DelayEnd | Kind::LoseEnd => self.hold_end(owner, matches!(kind, Kind::DelayEnd), chance),
            Kind::PauseBroker => {
                self.broker.signal("STOP");
                sleep(chance.millis(200..3_000));
                self.broker.signal("CONT");
            }
            Kind::KillBroker => {
                self.broker.kill();
                sleep(pause);
                self.broker.restart();
            }
        }
    }

    fn kill(&mut self, which: &[usize], pause: Duration) {
        which.iter().for_each(|place| self.instances[*place].kill());
        sleep(pause);
        which.iter().for_each(|place| self.instances[*place].start(self.federation));
    }

    fn pause(&self, place: usize, time: Duration) {
        self.instances[place].signal("STOP");
        sleep(time);
        self.instances[place].signal("CONT");
    }

    fn cut(&self, place: usize, time: Duration) {
        self.instances[place].network.cut(true);
        sleep(time);
        self.instances[place].network.cut(false);
    }

    /// Holds up the next end of a transaction, where one comes at all.
    fn hold_end(&self, place: usize, arrives: bool, chance: &mut Chance) {
        let network = &self.instances[place].network;
        network.hold_next_end_txn();
        let deadline = Instant::now() + Duration::from_secs(5);
        while !network.holds_end_txn() && Instant::now() < deadline {
            sleep(Duration::from_millis(5));
        }
        sleep(chance.millis(0..2_500));
        network.hold_no_end_txn(arrives);
    }

    fn supervise(&mut self) {
        for instance in &mut self.instances {
            self.restarts += usize::from(instance.supervise(self.federation));
        }
    }

    /// Waits for alerts, and says how long it took.
    fn recover(&mut self) -> Duration {
        let (begun, before) = (Instant::now(), self.watch.count());
        while self.watch.count() == before {
            assert!(begun.elapsed() < PATIENCE, "no alert comes any more after {} faults", self.strikes);
            self.supervise();
            sleep(Duration::from_millis(20));
        }
        begun.elapsed()
    }

    /// Ends both instances in order; how often the supervisor had to start one again.
    pub(crate) fn end(mut self) -> usize {
        self.recover();
        self.instances.iter_mut().for_each(Instance::stop);
        self.restarts
    }
}
