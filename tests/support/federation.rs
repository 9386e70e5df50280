//! A federation as its operator has it: a folder with a configuration, the program's commands, and processes of
//! `comity run` that can be watched from outside, stopped, and killed.

use std::cell::Cell;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use super::broker::{Broker, PATIENCE};

/// A folder with `comity.toml`, deleted with the value.
pub(crate) struct Federation {
    folder: tempfile::TempDir,
}

impl Federation {
    /// Members by code; platforms by name below a folder of the repository, such as `schemas/demo`.
    pub(crate) fn new(broker: &Broker, members: &[&str], dir: &str, platforms: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let text = format!(
            "[kafka]\nbootstrap_servers = \"{}\"\nsingle_broker = true\n[federation]\nname = \"{}\"\n\
             jurisdictions = {members:?}\n[platforms]\ndir = \"{}\"\nenabled = {platforms:?}\n\
             [policy]\nexpires_after = \"P50Y\"\n",
            broker.address(),
            broker.federation,
            root.join(dir).display(),
        );
        std::fs::write(folder.path().join("comity.toml"), text).unwrap();
        Self { folder }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Adds a section to the configuration.
    pub(crate) fn configure(&self, section: &str) {
        let file = self.folder.path().join("comity.toml");
        let text = std::fs::read_to_string(&file).unwrap();
        std::fs::write(file, format!("{text}{section}\n")).unwrap();
    }

    /// A command line of the program that is not yet started.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        self.command_of(Path::new(env!("CARGO_BIN_EXE_comity")), arguments)
    }

    fn command_of(&self, program: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.arg("-c").arg(self.folder.path().join("comity.toml")).args(arguments);
        command
    }

    /// Runs a command to its end.
    pub(crate) fn comity(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs a command that must succeed.
    pub(crate) fn must(&self, arguments: &[&str]) -> Output {
        let output = self.comity(arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "comity {arguments:?}: {said}");
        output
    }

    /// Runs this instance until nothing has been left to do for a while.
    pub(crate) fn work_off(&self, instance: &str) {
        self.try_work_off(instance, &[]).unwrap_or_else(|why| panic!("{why}"));
    }

    /// The same with more in its environment.
    ///
    /// # Errors
    /// What it says where it gives up.
    pub(crate) fn try_work_off(&self, instance: &str, environment: &[(&str, &str)]) -> Result<(), String> {
        let mut command = named(self.command(&["run", "--exit-when-idle", "2s"]), instance);
        let output = command.envs(environment.iter().copied()).output().unwrap();
        let why = || format!("comity run: {}", String::from_utf8_lossy(&output.stderr));
        output.status.success().then_some(()).ok_or_else(why)
    }

    /// Starts `comity run` beside the test, under the name that its groups know the instance by.
    pub(crate) fn start(&self, instance: &str) -> Running {
        self.start_with(instance, &[])
    }

    /// The same with more in its environment.
    pub(crate) fn start_with(&self, instance: &str, environment: &[(&str, &str)]) -> Running {
        self.start_program(Path::new(env!("CARGO_BIN_EXE_comity")), instance, environment)
    }

    /// The same of another build.
    pub(crate) fn start_program(&self, program: &Path, instance: &str, environment: &[(&str, &str)]) -> Running {
        let log = self.folder.path().join(format!("{instance}.log"));
        let from = std::fs::metadata(&log).map_or(0, |known| known.len());
        let stderr = std::fs::File::options().create(true).append(true).open(&log).unwrap();
        let started = Instant::now();
        let child = named(self.command_of(program, &["run"]), instance)
            .env("COMITY_LOG", "info")
            .env("COMITY__HTTP__LISTEN", "127.0.0.1:0")
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(stderr)
            .spawn()
            .unwrap();
        Running { child, log, from, started, port: Cell::new(None) }
    }
}

/// A command of the instance that the groups know by this name, which is what brings it back at once.
fn named(mut command: Command, instance: &str) -> Command {
    command.env("COMITY__LEDGER__INSTANCE_ID", instance).env("COMITY__INTAKE__INSTANCE_ID", instance);
    command
}

/// A process of `comity run`. It is killed when dropped.
pub(crate) struct Running {
    child: Child,
    log: PathBuf,
    /// Where this process's part of the log begins.
    from: u64,
    pub(crate) started: Instant,
    port: Cell<Option<u16>>,
}

impl Running {
    /// What it has logged.
    pub(crate) fn log(&self) -> String {
        let bytes = std::fs::read(&self.log).unwrap_or_default();
        let from = usize::try_from(self.from).unwrap().min(bytes.len());
        String::from_utf8_lossy(&bytes[from..]).into_owned()
    }

    /// The port of its HTTP surface, which it chose itself; `None` before it is open.
    pub(crate) fn port(&self) -> Option<u16> {
        if self.port.get().is_none() {
            let log = self.log();
            let line = log.lines().find(|line| line.contains("the HTTP port is open"));
            let digits = line.and_then(|line| line.rsplit_once("127.0.0.1:")).map(|(_, rest)| rest);
            let end = digits.map(|rest| rest.split(|sign: char| !sign.is_ascii_digit()).next().unwrap_or_default());
            self.port.set(end.and_then(|digits| digits.parse().ok()));
        }
        self.port.get()
    }

    /// The status and the body of an answer, `None` while nobody answers.
    pub(crate) fn get(&self, path: &str) -> Option<(u16, String)> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port()?)).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: comity\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).ok()?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).ok()?;
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let (head, body) = answer.split_once("\r\n\r\n")?;
        Some((head.split(' ').nth(1)?.parse().ok()?, body.to_owned()))
    }

    /// The value of a metric without labels, 0 while nobody answers.
    pub(crate) fn metric(&self, name: &str) -> i64 {
        let Some((200, text)) = self.get("/metrics") else { return 0 };
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.and_then(|value| value.parse().ok()).unwrap_or(0)
    }

    /// Waits until something holds of the process, which must not end by itself.
    pub(crate) fn until(&mut self, what: &str, mut holds: impl FnMut(&Self) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !holds(self) {
            let ended = self.ended();
            assert!(ended.is_none(), "comity run ended with {ended:?} before {what}:\n{}", self.log());
            if Instant::now() > deadline {
                let ready = self.get("/readyz");
                panic!("not within {PATIENCE:?}: {what}; it says {ready:?}; its log:\n{}", self.log());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits until it has ended by itself, and says how.
    pub(crate) fn wait_for_end(&mut self, what: &str) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(ended) = self.ended() {
                return ended;
            }
            assert!(Instant::now() < deadline, "not within {PATIENCE:?}: {what}; its log:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// How it has ended by itself; `None` while it runs.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }

    /// Sends it a signal by name.
    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &pid]).status().unwrap().success());
    }

    /// `SIGKILL`.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// `SIGTERM`; the process must end in order.
    pub(crate) fn stop(self) {
        self.stop_or(0);
    }

    /// `SIGTERM`; the process must end in order, or with this exit code.
    pub(crate) fn stop_or(mut self, code: i32) {
        self.signal("TERM");
        let status = self.child.wait().unwrap();
        let in_order = status.success() || status.code() == Some(code);
        assert!(in_order, "comity run ended with {status}:\n{}", self.log());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ended = self.child.kill();
        let _ended = self.child.wait();
    }
}
