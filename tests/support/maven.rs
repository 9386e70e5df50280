//! A real Kafka as a process of the test: one KRaft node on free ports, its data in a temporary folder, 300 MiB.
//! Where it is asked for and allowed, that folder is a disk of its own, which can be full.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Condvar, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};

use super::disk::Disk;

/// Brokers that run at the same time, at most.
const AT_ONCE_MAX: usize = 2;

/// One broker. It is killed when dropped.
pub(crate) struct Maven {
    /// The disk of its own, where it has one; it ends before the folder in which it lies.
    disk: Option<Disk>,
    folder: tempfile::TempDir,
    port: Port,
    second: Port,
    _controller: Port,
    running: Option<Running>,
    _turn: Turn,
}

/// The process: a shell that kills the broker as soon as nobody holds its standard input any more, so that no broker
/// outlives a test that was killed.
struct Running {
    shell: Child,
    input: ChildStdin,
    pid: u32,
}

impl Maven {
    /// Starts a new broker with a cluster id of its own and waits until it answers.
    pub(crate) fn start() -> Self {
        Self::start_with("")
    }

    /// The same with lines of `server.properties` after those of `tests/kafka`; the last line of a key counts, and
    /// `@SECOND@` is a second port.
    pub(crate) fn start_with(lines: &str) -> Self {
        Self::start_on(lines, |_| None)
    }

    /// A broker whose data lie on a disk of their own, where this machine allows one.
    pub(crate) fn start_on_own_disk() -> Self {
        Self::start_on("", Disk::mount)
    }

    fn start_on(lines: &str, disk: impl FnOnce(&Path) -> Option<Disk>) -> Self {
        let turn = Turn::take();
        let cache = prepared();
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        std::fs::create_dir(&data).unwrap();
        let disk = disk(&data);
        for name in ["meta.properties", "bootstrap.checkpoint"] {
            std::fs::copy(cache.join("formatted").join(name), data.join(name)).unwrap();
        }
        let meta = std::fs::read_to_string(data.join("meta.properties")).unwrap();
        std::fs::write(data.join("meta.properties"), meta.replace("AAAAAAAAAAAAAAAAAAAAAA", &cluster_id())).unwrap();
        let [port, second, controller] = std::array::from_fn(|_| Port::free());
        let properties = (include_str!("../kafka/server.properties").to_owned() + lines)
            .replace("@SECOND@", &second.number.to_string())
            .replace("@DATA@", data.to_str().unwrap())
            .replace("@PORT@", &port.number.to_string())
            .replace("@CONTROLLER@", &controller.number.to_string());
        std::fs::write(folder.path().join("server.properties"), properties).unwrap();
        let mut broker = Self { disk, folder, port, second, _controller: controller, running: None, _turn: turn };
        broker.restart();
        broker
    }

    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port.number)
    }

    /// The second port, where the broker was given a listener for it.
    pub(crate) fn second_address(&self) -> String {
        format!("127.0.0.1:{}", self.second.number)
    }

    /// The one file that holds a topic's only partition, as long as it is small.
    pub(crate) fn segment(&self, topic: &str) -> PathBuf {
        self.folder.path().join("data").join(format!("{topic}-0")).join("00000000000000000000.log")
    }

    /// What the broker logged, warnings and errors only.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// The disk of its own, where it has one.
    pub(crate) fn disk(&self) -> Option<&Disk> {
        self.disk.as_ref()
    }

    /// Ends the broker in order.
    pub(crate) fn stop(&mut self) {
        self.signal("TERM");
        self.wait_for_end(Duration::from_secs(60));
        self.kill();
    }

    /// Waits until the broker has ended by itself; `false` where it does not in time.
    pub(crate) fn wait_for_end(&self, limit: Duration) -> bool {
        let pid = self.running.as_ref().unwrap().pid;
        let deadline = Instant::now() + limit;
        // Its shell waits for us, so what has ended is there until then, without a command line.
        let runs = || std::fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| !line.is_empty());
        while runs() {
            if Instant::now() > deadline {
                return false;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        true
    }

    /// Kills the broker as `kill -9` does.
    pub(crate) fn kill(&mut self) {
        if let Some(mut running) = self.running.take() {
            drop(running.input);
            running.shell.wait().unwrap();
        }
    }

    /// Stops (`STOP`) or continues (`CONT`) the process.
    pub(crate) fn signal(&self, signal: &str) {
        let pid = self.running.as_ref().unwrap().pid.to_string();
        assert!(Command::new("kill").args(["-s", signal, &pid]).status().unwrap().success());
    }

    /// Starts the broker again on the same data and port, and waits until it answers.
    pub(crate) fn restart(&mut self) {
        self.kill();
        let cache = prepared();
        let log = std::fs::File::options().create(true).append(true).open(self.folder.path().join("log")).unwrap();
        let mut shell = Command::new("sh")
            .args([
                "-c",
                r#""$@" <&- & broker=$!; echo $broker; exec >&-; read -r _; kill -9 $broker; wait $broker"#,
                "sh",
            ])
            .arg("java")
            .args(["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xms64m", "-Xmx256m", "-Xshare:auto"])
            .arg(format!("-XX:SharedArchiveFile={}", cache.join("broker.jsa").display()))
            .args(["-Xlog:disable", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"])
            .args(["-cp", &format!("{}/*", cache.join("jars").display()), "kafka.Kafka"])
            .arg(self.folder.path().join("server.properties"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let input = shell.stdin.take().unwrap();
        let mut first = String::new();
        BufReader::new(shell.stdout.take().unwrap()).read_line(&mut first).unwrap();
        self.running = Some(Running { shell, input, pid: first.trim().parse().unwrap() });
        self.wait_until_ready();
    }

    fn wait_until_ready(&mut self) {
        let deadline = Instant::now() + Duration::from_secs(60);
        while std::net::TcpStream::connect(self.address()).is_err() {
            let shell = &mut self.running.as_mut().unwrap().shell;
            assert!(shell.try_wait().unwrap().is_none() && Instant::now() < deadline, "no broker: {}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
        let client: BaseConsumer =
            ClientConfig::new().set("bootstrap.servers", self.address()).set("log_level", "0").create().unwrap();
        while client.fetch_metadata(None, Duration::from_secs(5)).is_err() {
            assert!(Instant::now() < deadline, "the broker does not answer: {}", self.log());
        }
    }
}

impl Drop for Maven {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The folder of jars, made once a process (and, by a lock of its own, once a machine).
fn prepared() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/kafka/prepare");
        let output = Command::new(script).stderr(Stdio::inherit()).output().unwrap();
        assert!(output.status.success(), "{script} failed");
        PathBuf::from(String::from_utf8(output.stdout).unwrap().trim())
    })
}

/// A port that no other test on this machine takes as long as this one lives, whoever listens on it or does not yet.
struct Port {
    number: u16,
    _held: std::fs::File,
}

impl Port {
    /// A free one outside the range from which clients get theirs, so that it is free again for a restart.
    fn free() -> Self {
        let folder = prepared().join("ports");
        std::fs::create_dir_all(&folder).unwrap();
        let start =
            std::process::id().wrapping_mul(97).wrapping_add(std::time::UNIX_EPOCH.elapsed().unwrap().subsec_micros());
        let numbers = (0..2_000).map(|step| 12_000 + u16::try_from(start.wrapping_add(step * 7) % 18_000).unwrap());
        let mut free = numbers.filter_map(|number| {
            let held = std::fs::File::create(folder.join(number.to_string())).unwrap();
            let is_free = held.try_lock().is_ok() && TcpListener::bind(("127.0.0.1", number)).is_ok();
            is_free.then_some(Self { number, _held: held })
        });
        free.next().expect("a free port")
    }
}

/// 22 characters of Kafka's alphabet for ids.
fn cluster_id() -> String {
    let nanos = std::time::UNIX_EPOCH.elapsed().unwrap().as_nanos();
    format!("T{nanos:021}")
}

/// One of the places for brokers that run at the same time.
struct Turn;

static TAKEN: (Mutex<usize>, Condvar) = (Mutex::new(0), Condvar::new());

impl Turn {
    fn take() -> Self {
        let mut taken = TAKEN.0.lock().unwrap_or_else(PoisonError::into_inner);
        while *taken >= AT_ONCE_MAX {
            taken = TAKEN.1.wait(taken).unwrap_or_else(PoisonError::into_inner);
        }
        *taken += 1;
        Self
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        *TAKEN.0.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        TAKEN.1.notify_one();
    }
}
