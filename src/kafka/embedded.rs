//! A Kafka in this process, in memory only, for `comity demo` and the quick tests.
//!
//! It keeps transactions, fencing, `read_committed`, compaction and `LogAppendTime`; it forgets no dead member and no
//! dead transaction, has one node and no TLS, and breaks on a fetch of some 100 MB. It is no place for real alerts.

use std::io;
use std::net::SocketAddr;

/// A running embedded broker. It serves until the process ends: its library has no way to stop it.
#[derive(Debug, Clone, Copy)]
pub struct EmbeddedBroker {
    address: SocketAddr,
}

impl EmbeddedBroker {
    /// Starts a broker on the loopback interface; `port` 0 takes any free one.
    ///
    /// # Errors
    /// The port is taken.
    pub fn start(port: u16) -> io::Result<Self> {
        let address = noida::kafka::spawn(&format!("127.0.0.1:{port}"))?;
        Ok(Self { address })
    }

    /// What `kafka.bootstrap_servers` has to be.
    pub fn bootstrap_servers(&self) -> String {
        self.address.to_string()
    }
}
