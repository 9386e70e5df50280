//! A folder with a configuration and an invented platform, and the program run on it.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use crate::support::broker::{Broker, PATIENCE, wait_until};
use crate::support::proxy::Proxy;

/// The platform's records are a number, a company and a day.
pub(crate) const PLATFORM: &str = "works";
pub(crate) const TOPIC: &str = "comity.in.works";
pub(crate) const HEADER: &str = "number,name,decided";

const DEFINITION: &str = r#"title = "Invented decisions"
origin = "CA-ON"
language = "en"
time_zone = "America/Toronto"
domains = ["LABOUR_STANDARDS"]
decisions_are = "every row is a decision"
names_subjects = true
authority = { id = "works", name = "Test authority" }

[legal_bases]
act = { scheme = "CA-ON", value = "S.O. 2000, c. 41" }

[never_sends]
CORRECTION = "never"
SUPPLEMENT = "never"
WITHDRAWAL = "never"
CLOSURE = "never"

[[source]]
version = "csv"
format = "csv"
"#;

const SOURCE: &str = r#"{ "type": "record", "name": "Row", "fields": [ { "name": "number", "type": "string" },
    { "name": "name", "type": "string" }, { "name": "decided", "type": "string" } ] }
"#;

const MAPPING: &str = r#"{
  "kind": "ORIGINAL",
  "event_id": .number,
  "case_id": .number,
  "decided": date(.decided, ["%Y-%m-%d"]),
  "subject": { "legal_name": .name },
  "infraction": { "title": "Guard missing" },
}
"#;

const EXAMPLE: &str = "N1,Example Works Inc.,2024-01-31";

const EXPECTED: &str = r#"{
  "event_id": "works/N1", "kind": "ORIGINAL", "case_id": "works/N1", "case_status": "OPEN", "mode": "ACTUAL",
  "origin": "CA-ON", "platform": "works", "authority": { "id": "works", "name": "Test authority" },
  "subject": { "legal_name": "Example Works Inc.", "legal_form": "Inc" }, "domain": "LABOUR_STANDARDS",
  "infraction": { "title": "Guard missing" }, "finality": "NOT_STATED", "severity": "UNKNOWN", "urgency": "UNKNOWN",
  "certainty": "UNKNOWN", "legal_basis": [ { "scheme": "CA-ON", "value": "S.O. 2000, c. 41" } ],
  "decided": { "date": "2024-01-31", "precision": "DAY", "bound": "EXACT" }, "scope": "FEDERATION"
}
"#;

/// A federation of Ontario and Quebec that reads one platform.
pub(crate) struct Setting {
    folder: tempfile::TempDir,
}

impl Setting {
    pub(crate) fn new(broker: &Broker) -> Self {
        Self::at(&broker.address(), &broker.federation)
    }

    /// The same for a broker at any address.
    pub(crate) fn at(address: &str, federation: &str) -> Self {
        let setting = Self { folder: tempfile::tempdir().unwrap() };
        setting.write("platforms/works/platform.toml", DEFINITION);
        setting.write("platforms/works/source.avsc", SOURCE);
        setting.write("platforms/works/mapping.vrl", MAPPING);
        setting.write("platforms/works/examples/1.csv", EXAMPLE);
        setting.write("platforms/works/examples/1.event.json", EXPECTED);
        setting.write(
            "comity.toml",
            &format!(
                "[kafka]\nbootstrap_servers = \"{address}\"\nsingle_broker = true\n\n[federation]\n\
                 name = \"{federation}\"\njurisdictions = [\"CA-ON\", \"CA-QC\"]\n\n[platforms]\n\
                 dir = \"platforms\"\nenabled = [\"works\"]\n\n[policy]\nexpires_after = \"P50Y\"\n"
            ),
        );
        setting
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap_or(Path::new(""))).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    /// Changes a file that is there.
    pub(crate) fn change(&self, name: &str, from: &str, to: &str) {
        let text = std::fs::read_to_string(self.path(name)).unwrap();
        assert!(text.contains(from), "{name} holds no {from:?}");
        self.write(name, &text.replace(from, to));
    }

    /// Takes what the mapping now makes of another example for what it must make of it.
    pub(crate) fn take_example(&self, record: &str) {
        self.write("platforms/works/examples/1.csv", record);
        let updated = self.command(&["test", "works", "--update"]).env_remove("CI").output().unwrap();
        assert!(updated.status.success(), "{}", said(&updated));
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_comity"));
        command.arg("-c").arg(self.path("comity.toml")).args(arguments).current_dir(self.folder.path());
        command
    }

    pub(crate) fn comity(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// The same with a variable of the environment.
    pub(crate) fn comity_with(&self, variable: (&str, &str), arguments: &[&str]) -> Output {
        self.command(arguments).env(variable.0, variable.1).output().unwrap()
    }

    /// Starts a command and goes on.
    pub(crate) fn spawn(&self, arguments: &[&str]) -> Child {
        self.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Starts a feed into this topic through a network that lets one request of records pass and holds up the next: what
    /// was sent and what was not is both there when this returns.
    pub(crate) fn spawn_half_fed(&self, broker: &Broker, topic: &str, arguments: &[&str]) -> (Child, Proxy) {
        let proxy = Proxy::before(&broker.address());
        proxy.stall_after(1, Some(topic));
        let mut command = self.command(arguments);
        command.env("COMITY__KAFKA__BOOTSTRAP_SERVERS", proxy.address());
        let feeding = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        wait_until("a part is in the topic", PATIENCE, || proxy.stalled() > 0);
        (feeding, proxy)
    }

    /// Runs a command that must succeed; what it wrote to standard output.
    pub(crate) fn must(&self, arguments: &[&str]) -> String {
        let output = self.comity(arguments);
        assert!(output.status.success(), "comity {arguments:?}: {}", said(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs a command that must fail in this way; what it wrote to standard error, without the frame around it.
    pub(crate) fn refused(&self, arguments: &[&str], exit: i32, code: &str) -> String {
        let output = self.comity(arguments);
        let said = said(&output);
        assert_eq!(output.status.code(), Some(exit), "comity {arguments:?}: {said}");
        assert!(said.contains(code) && said.contains("help: "), "comity {arguments:?}: {said}");
        said
    }
}

/// Sends a signal to a feed that the network holds up, which it does no longer; how the feed ended.
pub(crate) fn interrupt(feeding: Child, signal: &str, proxy: &Proxy) -> Output {
    assert!(Command::new("kill").args(["-s", signal, &feeding.id().to_string()]).status().unwrap().success());
    proxy.stall(None);
    feeding.wait_with_output().unwrap()
}

/// What a command wrote to standard error, on one line, so that a test need not know where lines are broken.
pub(crate) fn said(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    text.split(|letter: char| letter.is_whitespace() || "│╭╰─·×".contains(letter))
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}
