//! A process that is measured, and its CPU time.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// What `/proc` counts CPU time in: `USER_HZ` is 100 on every Linux that Rust runs on.
const TICK: Duration = Duration::from_millis(10);

/// One running process; it is killed when dropped.
pub(crate) struct Process {
    pub(crate) name: &'static str,
    child: Child,
}

impl Process {
    /// Starts it; what it says goes into a file of the folder.
    pub(crate) fn start(name: &'static str, mut command: Command, folder: &Path) -> Self {
        let said = std::fs::File::create(folder.join(format!("{name}.log"))).unwrap();
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(said).spawn().unwrap();
        Self { name, child }
    }

    /// User and system time of all its threads, those that have ended among them.
    pub(crate) fn cpu(&self) -> Duration {
        cpu_of(&format!("/proc/{}/stat", self.child.id()))
    }

    /// The same of its threads of one name: the rest is the client library's.
    pub(crate) fn cpu_of_threads(&self, name: &str) -> Duration {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", self.child.id())).unwrap();
        let tasks = tasks.map(|task| task.unwrap().path());
        let named = |task: &std::path::PathBuf| {
            std::fs::read_to_string(task.join("comm")).is_ok_and(|comm| comm.trim_end() == name)
        };
        tasks.filter(named).map(|task| cpu_of(task.join("stat").to_str().unwrap())).sum()
    }

    /// True where the process has ended by itself.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ended_already = self.child.kill();
        let _status = self.child.wait();
    }
}

/// Fields 14 and 15 of a `stat` file, counted behind the name in brackets, which may hold anything (proc(5)).
fn cpu_of(file: &str) -> Duration {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let fields = text.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace();
    let ticks: u32 = fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<u32>().ok()).sum();
    TICK * ticks
}
