//! A federation of three with one sample platform, and the program that serves it.

use std::process::{Child, Command, Output, Stdio};

use comity::schema::view::{self, AlertView, RejectionView};
use serde_json::{Value, json};

use crate::support::broker::Broker;
use crate::support::federation;
use crate::support::reader::read_committed;

/// Its members, in their order.
pub(crate) const MEMBERS: [&str; 3] = ["CA-ON", "CA-QC", "CA-MB"];

pub(crate) struct Federation {
    pub(crate) broker: Broker,
    operator: federation::Federation,
}

/// A running `comity run`; it ends with the value.
pub(crate) struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself, which the test then shows.
        let _gone = self.0.kill();
        let _ended = self.0.wait();
    }
}

impl Federation {
    /// A federation whose topics are made.
    pub(crate) fn new() -> Self {
        let federation = Self::bare("");
        federation.must(&["topics", "apply", "--yes"]);
        federation
    }

    /// A federation without topics, with more lines of configuration.
    pub(crate) fn bare(more: &str) -> Self {
        let broker = Broker::for_test();
        let operator = federation::Federation::new(&broker, &MEMBERS, "schemas/demo", &["ca-on-food"]);
        operator.configure(more);
        Self { broker, operator }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.operator.command(arguments);
        command.env_remove("COMITY_LOG").stdin(Stdio::null());
        command
    }

    pub(crate) fn comity(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs a command that must succeed, and gives what it wrote.
    pub(crate) fn must(&self, arguments: &[&str]) -> String {
        let output = self.comity(arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "comity {arguments:?}: {said}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// The JSON lines of a command that must succeed.
    pub(crate) fn lines(&self, arguments: &[&str]) -> Vec<Value> {
        let arguments: Vec<&str> = arguments.iter().copied().chain(["--format", "json"]).collect();
        self.must(&arguments).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Runs a command that must fail so.
    pub(crate) fn refuses(&self, arguments: &[&str], exit: i32, words: &[&str]) {
        let output = self.comity(arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(exit), "{arguments:?}: {said}");
        for word in words {
            assert!(said.contains(word), "{arguments:?} does not say {word:?}: {said}");
        }
    }

    /// Intake and ledger in the background.
    pub(crate) fn run(&self) -> Running {
        let mut command = self.command(&["run"]);
        Running(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
    }

    /// Sends notices through the sample platform and has them decided.
    pub(crate) fn notices(&self, notices: &[Value]) {
        self.feed("ca-on-food", &json!({ "notices": notices }));
        self.must(&["run", "--exit-when-idle", "1s"]);
    }

    pub(crate) fn feed(&self, platform: &str, content: &Value) {
        let file = self.file(&format!("{platform}.json"), content);
        self.must(&["feed", &file, "--platform", platform]);
    }

    /// Writes a file beside the configuration.
    pub(crate) fn file(&self, name: &str, content: &Value) -> String {
        let path = self.operator.folder().join(name);
        std::fs::write(&path, content.to_string()).unwrap();
        path.to_str().unwrap().to_owned()
    }

    pub(crate) fn alerts(&self, member: &str) -> Vec<AlertView> {
        let records = read_committed(&self.broker, &format!("comity.alerts.{member}"));
        records.into_iter().map(|record| view::alert(&record.value.unwrap()).unwrap()).collect()
    }

    /// `alert_id msg_type`, in the order of the topic.
    pub(crate) fn told(&self, member: &str) -> Vec<String> {
        let line = |alert: AlertView| format!("{} {:?}", alert.alert_id, alert.msg_type);
        self.alerts(member).into_iter().map(line).collect()
    }

    pub(crate) fn rejections(&self) -> Vec<RejectionView> {
        let records = read_committed(&self.broker, "comity.rejects");
        records.into_iter().map(|record| view::rejection(&record.value.unwrap()).unwrap()).collect()
    }
}

/// A notice of the sample platform.
pub(crate) fn notice(number: &str, revision: i64, contravention: &str) -> Value {
    json!({
        "notice": number, "inspectionCase": format!("IN-{number}"), "revision": revision,
        "status": if revision == 1 { "ISSUED" } else { "AMENDED" }, "issuedOn": "2026-03-02", "act": "HPPA",
        "contravention": contravention, "details": null, "risk": "HIGH", "action": "Recall", "penalty": null,
        "operator": {
            "legalName": "Boreal Lantern Foods Inc.", "businessNumber": "000901371RC0001",
            "federalCorporationNumber": null, "town": "Ottawa",
        },
        "products": [], "followUp": ["Quebec"], "soldIn": [], "validUntil": null, "rescinded": null,
    })
}
