//! Faults that aim at one rule each, for rounds in which that rule is broken on purpose.

use std::thread::sleep;
use std::time::Duration;

use comity::kafka::names;
use comity::schema::state::CHECKPOINT_KEY;
use rdkafka::ClientConfig;

use crate::instances::Instance;
use crate::nemesis::Nemesis;
use crate::support::load::MEMBERS;
use crate::support::reader::{end_of, read_committed_at};
use crate::watch;

/// Transactions that may have changed nothing.
const TEARS_MAX: usize = 10;

/// What is done, besides the load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Aim {
    Nothing,
    /// Entries of intake are under way, and lost with their process.
    LoseEntries,
    /// Every instance dies with entries delivered whose positions are not committed.
    SendTwice,
    /// A transaction whose process has died is ended by a word that was under way.
    EndLate,
    /// An EndTxn that comes twice ends half of the next transaction: outputs without state.
    Tear,
    /// The same, state without its `Checkpoint`; and its process dies.
    TearState,
    /// The wall clock is an hour wrong.
    WrongClock,
}

impl Aim {
    pub(crate) const ALL: [Self; 7] = [
        Self::Nothing,
        Self::LoseEntries,
        Self::SendTwice,
        Self::EndLate,
        Self::Tear,
        Self::TearState,
        Self::WrongClock,
    ];
}

impl Nemesis<'_> {
    /// Makes faults of one aim.
    ///
    /// # Errors
    /// What a federation must never come to: no alerts any more, or an instance that gives up.
    pub(crate) fn aim(&mut self, aim: Aim) -> Result<(), String> {
        match aim {
            Aim::Nothing => sleep(Duration::from_secs(6)),
            Aim::LoseEntries => {
                self.each(|instance| instance.network.stall(Some("comity.log")));
                sleep(Duration::from_millis(500));
                self.each(Instance::kill);
                self.each(|instance| instance.network.stall(None));
                self.start_all();
            }
            Aim::SendTwice => {
                for _ in 0..3 {
                    self.each(Instance::kill);
                    self.start_all();
                    self.recover()?;
                }
            }
            Aim::EndLate => {
                let owner = self.said_owner();
                let network = &self.instances[owner].network;
                network.hold_next_end_txn();
                self.wait_for(|| network.holds_end_txn());
                self.instances[owner].kill();
                self.instances[owner].start(self.federation);
                self.wait_for(|| self.instances[owner].metric("comity_ledger_alerts_total") > 0);
                self.instances[owner].network.hold_no_end_txn(true);
                self.recover()?;
            }
            Aim::Tear => self.tear_outputs()?,
            Aim::TearState => self.tear_state()?,
            Aim::WrongClock => {
                self.each(|instance| instance.set_clock(3_600_000));
                sleep(Duration::from_secs(2));
                self.each(|instance| instance.set_clock(0));
                sleep(Duration::from_secs(1));
            }
        }
        self.recover().map(|_| ())
    }

    /// Lets the last EndTxn come once more while what the next transaction writes to `comity.state` is held up, or no more
    /// than the request that holds this key. `true` where recipients may read alerts of that half transaction: committed
    /// records of their topics end further on, though what ends them regularly is held up. Nothing is torn where the owner
    /// has changed meanwhile: who owns nothing writes no state.
    fn tear(&mut self, owner: usize, held: &str, dies: bool) -> bool {
        let network = &self.instances[owner].network;
        network.stall(Some(held));
        self.wait_for(|| network.stalled() > 0);
        let mut is_seen = false;
        if network.stalled() > 0 {
            // What is not held up arrives before.
            sleep(Duration::from_millis(300));
            let before = self.committed_ends();
            network.repeat_end_txn();
            sleep(Duration::from_millis(300));
            is_seen = self.committed_ends() != before;
        }
        if dies {
            self.instances[owner].kill();
        }
        self.instances[owner].network.stall(None);
        is_seen
    }

    /// The place of the owner, once one says that it is.
    fn said_owner(&self) -> usize {
        self.wait_for(|| self.instances.iter().any(Instance::is_owner));
        self.owner()
    }

    /// Where committed records of every recipient's topic end.
    fn committed_ends(&self) -> [i64; MEMBERS.len()] {
        let mut settings = ClientConfig::new();
        settings.set("bootstrap.servers", self.broker.address());
        MEMBERS.map(|member| end_of(settings.clone(), &watch::topic(member), "read_committed"))
    }

    /// Tears until two have left alerts without their state: one of acknowledgements alone has none.
    fn tear_outputs(&mut self) -> Result<(), String> {
        let mut torn = 0;
        for _ in 0..TEARS_MAX {
            let owner = self.said_owner();
            torn += usize::from(self.tear(owner, names::STATE, false));
            self.recover()?;
            if torn == 2 {
                return Ok(());
            }
        }
        Err(format!("of {TEARS_MAX} transactions {torn} were torn within their outputs"))
    }

    /// Tears until values are left without their `Checkpoint`: a Tick may change none.
    fn tear_state(&mut self) -> Result<(), String> {
        for _ in 0..TEARS_MAX {
            let owner = self.said_owner();
            self.tear(owner, CHECKPOINT_KEY, true);
            let state = read_committed_at(&self.broker.address(), names::STATE);
            let is_torn = state.last().is_some_and(|last| last.key.as_deref() != Some(CHECKPOINT_KEY.as_bytes()));
            self.instances[owner].start(self.federation);
            self.recover()?;
            if is_torn {
                return Ok(());
            }
        }
        Err(format!("none of {TEARS_MAX} transactions was torn within its state"))
    }

    fn each(&mut self, act: impl FnMut(&mut Instance)) {
        self.instances[..2].iter_mut().for_each(act);
    }

    fn start_all(&mut self) {
        let federation = self.federation;
        self.each(|instance| instance.start(federation));
    }
}
