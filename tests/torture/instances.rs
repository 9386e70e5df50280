//! The instances of the federation, each behind a network of its own, and a supervisor that starts them again.

use crate::support::federation::{Federation, Running};
use crate::support::proxy::Proxy;

/// Exit codes that a supervisor starts again after: Kafka cannot be reached for now.
const UNAVAILABLE: i32 = 69;

/// One instance.
pub(crate) struct Instance {
    pub(crate) name: &'static str,
    pub(crate) network: Proxy,
    running: Option<Running>,
}

impl Instance {
    pub(crate) fn new(name: &'static str, address: &str) -> Self {
        Self { name, network: Proxy::before(address), running: None }
    }

    pub(crate) fn start(&mut self, federation: &Federation) {
        let address = self.network.address();
        self.running = Some(federation.start_with(self.name, &[("COMITY__KAFKA__BOOTSTRAP_SERVERS", &address)]));
    }

    pub(crate) fn kill(&mut self) {
        if let Some(running) = self.running.take() {
            running.kill();
        }
    }

    /// Ends it in order, if it still runs. One that has only just begun hears no signal yet.
    pub(crate) fn stop(&mut self) {
        let Some(mut running) = self.running.take() else { return };
        if running.ended().is_none() && running.port().is_some() {
            running.stop();
        } else {
            running.kill();
        }
    }

    pub(crate) fn signal(&self, signal: &str) {
        if let Some(running) = &self.running {
            running.signal(signal);
        }
    }

    pub(crate) fn is_owner(&self) -> bool {
        self.running.as_ref().is_some_and(|running| running.metric("comity_ledger_owner") == 1)
    }

    /// Starts it again where it has ended because Kafka was away; that it may. `true` where it did.
    pub(crate) fn supervise(&mut self, federation: &Federation) -> bool {
        let Some(status) = self.running.as_mut().and_then(Running::ended) else { return false };
        let log = self.running.as_ref().map(Running::log).unwrap_or_default();
        assert_eq!(status.code(), Some(UNAVAILABLE), "{} ended with {status}:\n{log}", self.name);
        self.start(federation);
        true
    }
}
