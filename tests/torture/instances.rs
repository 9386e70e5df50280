//! The instances of the federation, each behind a network and a clock of its own, and a supervisor that starts them again.

use std::os::unix::fs::FileExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::sync::OnceLock;

use crate::support::federation::{Federation, Running};
use crate::support::proxy::Proxy;

/// Exit codes that a supervisor starts again after: Kafka cannot be reached for now.
const UNAVAILABLE: i32 = 69;

/// Lines of a log that are told.
const LAST_LINES: usize = 40;

/// The build under test.
pub(crate) fn own_build() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_comity"))
}

/// Another build, to upgrade from and to go back to (`COMITY_OTHER`).
pub(crate) fn other_build() -> Option<PathBuf> {
    std::env::var_os("COMITY_OTHER").map(PathBuf::from)
}

/// What makes a process's wall clock wrong on purpose: a library, built once; `None` where there is no C compiler.
pub(crate) fn clock_library() -> Option<&'static Path> {
    static LIBRARY: OnceLock<Option<PathBuf>> = OnceLock::new();
    let build = || {
        let to = Path::new(env!("CARGO_TARGET_TMPDIR")).join("torture-clock.so");
        let from = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/torture/clock.c");
        let mut command = Command::new("cc");
        command.args(["-shared", "-fPIC", "-O1", "-o"]).arg(&to).arg(from).arg("-ldl");
        command.status().is_ok_and(|status| status.success()).then_some(to)
    };
    LIBRARY.get_or_init(build).as_deref()
}

/// One instance.
pub(crate) struct Instance {
    pub(crate) name: &'static str,
    pub(crate) network: Proxy,
    pub(crate) build: PathBuf,
    /// Rules that it breaks on purpose (`src/fault.rs`), in every run.
    planted: String,
    running: Option<Running>,
    clock: tempfile::NamedTempFile,
    /// True while it may end in any way, since a fault takes from it what it cannot do without.
    excused: bool,
}

impl Instance {
    pub(crate) fn new(name: &'static str, address: &str, planted: &str) -> Self {
        let clock = tempfile::NamedTempFile::new().unwrap();
        let instance = Self {
            name,
            network: Proxy::before(address),
            build: own_build(),
            planted: planted.to_owned(),
            running: None,
            clock,
            excused: false,
        };
        instance.set_clock(0);
        instance
    }

    pub(crate) fn start(&mut self, federation: &Federation) {
        self.start_with(federation, "");
    }

    /// Starts it with faults of its own (`src/fault.rs`).
    pub(crate) fn start_with(&mut self, federation: &Federation, failpoints: &str) {
        let address = self.network.address();
        let failpoints = [self.planted.as_str(), failpoints].join(";");
        let mut environment = vec![("COMITY__KAFKA__BOOTSTRAP_SERVERS", address.as_str())];
        environment.push(("FAILPOINTS", failpoints.trim_matches(';')));
        if let Some(library) = clock_library() {
            environment.push(("LD_PRELOAD", library.to_str().unwrap()));
            environment.push(("COMITY_TEST_CLOCK", self.clock.path().to_str().unwrap()));
        }
        self.excused = false;
        self.running = Some(federation.start_program(&self.build, self.name, &environment));
    }

    /// Makes its wall clock wrong by that much.
    pub(crate) fn set_clock(&self, wrong_ms: i64) {
        self.clock.as_file().write_all_at(&wrong_ms.to_ne_bytes(), 0).unwrap();
    }

    /// Bounds its address space a little above what it has, or no more.
    pub(crate) fn bound_memory(&mut self, more_bytes: Option<u64>) {
        let Some(running) = &self.running else { return };
        let pid = running.pid();
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        let has = status.lines().find_map(|line| line.strip_prefix("VmSize:"));
        let Some(has) = has.and_then(|text| text.split_whitespace().next()?.parse::<u64>().ok()) else { return };
        let limit = more_bytes.map_or("unlimited".to_owned(), |more| (has * 1024 + more).to_string());
        self.excused = true;
        // It may have ended meanwhile.
        let mut command = Command::new("prlimit");
        command
            .args(["--pid", &pid.to_string(), &format!("--as={limit}:unlimited")])
            .stderr(std::process::Stdio::null());
        let _done = command.status().unwrap();
    }

    pub(crate) fn kill(&mut self) {
        if let Some(running) = self.running.take() {
            running.kill();
        }
    }

    /// Ends it in order, if it still runs. One that has only just begun hears no signal yet, and may find before it does
    /// that Kafka is away.
    pub(crate) fn stop(&mut self) {
        let Some(mut running) = self.running.take() else { return };
        if running.ended().is_none() && running.port().is_some() && !self.excused {
            running.stop_or(UNAVAILABLE);
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
        self.metric("comity_ledger_owner") == 1
    }

    /// A metric without labels, 0 where nobody answers.
    pub(crate) fn metric(&self, name: &str) -> i64 {
        self.running.as_ref().map_or(0, |running| running.metric(name))
    }

    /// How it has ended by itself; `None` while it runs.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.running.as_mut().and_then(Running::ended)
    }

    /// True where it has died of a signal that it gave itself.
    pub(crate) fn has_aborted(&mut self) -> bool {
        self.ended().is_some_and(|status| status.signal().is_some())
    }

    /// What it says of itself, and its last lines of log.
    pub(crate) fn story(&self) -> String {
        let Some(running) = &self.running else { return format!("{}: not started\n", self.name) };
        let metrics = ["comity_ledger_owner", "comity_ledger_checkpoint_position", "comity_ledger_alerts_total"];
        let metrics = metrics.map(|name| format!("{name} {}", running.metric(name))).join(", ");
        format!("{}: {:?}, {metrics}\n{}\n", self.name, running.get("/readyz"), last_lines(&running.log()))
    }

    /// Starts it again where it has ended because Kafka was away; that it may. `true` where it did.
    ///
    /// # Errors
    /// How it has ended otherwise, with its log.
    pub(crate) fn supervise(&mut self, federation: &Federation) -> Result<bool, String> {
        let Some(status) = self.ended() else { return Ok(false) };
        if !self.excused && status.code() != Some(UNAVAILABLE) {
            let log = self.running.as_ref().map(Running::log).unwrap_or_default();
            return Err(format!("{} ended with {status}:\n{}", self.name, last_lines(&log)));
        }
        self.start(federation);
        Ok(true)
    }
}

fn last_lines(log: &str) -> String {
    let last: Vec<&str> = log.lines().rev().take(LAST_LINES).collect();
    last.into_iter().rev().collect::<Vec<_>>().join("\n")
}
