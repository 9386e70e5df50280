//! A federation of five provinces with two sample platforms, run by the program itself.

use std::process::{Command, Output};
use std::time::Duration;

use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use serde_json::{Value, json};

use crate::support::broker::Broker;
use crate::support::federation;

pub(crate) const MEMBERS: [&str; 5] = ["CA-ON", "CA-QC", "CA-MB", "CA-BC", "CA-AB"];

pub(crate) struct Federation {
    pub(crate) broker: Broker,
    operator: federation::Federation,
    producer: BaseProducer,
}

impl Federation {
    /// Its topics are made, and nothing runs.
    pub(crate) fn new() -> Self {
        let broker = Broker::for_test();
        let operator = federation::Federation::new(&broker, &MEMBERS, "schemas/demo", &["ca-on-food", "ca-bc-safety"]);
        let recipient = format!("[kafka]\nbootstrap_servers = \"{}\"\n", broker.address());
        std::fs::write(operator.folder().join("recipient.toml"), recipient).unwrap();
        let producer = broker.plain_config().create().unwrap();
        let federation = Self { broker, operator, producer };
        federation.must(&["topics", "apply", "--yes"]);
        federation
    }

    pub(crate) fn path(&self, name: &str) -> std::path::PathBuf {
        self.operator.folder().join(name)
    }

    pub(crate) fn command(&self, config: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_comity"));
        command.arg("-c").arg(self.path(config)).args(arguments).env_remove("COMITY_LOG");
        command
    }

    /// Runs a command of the operator's that must succeed, and gives what it wrote.
    pub(crate) fn must(&self, arguments: &[&str]) -> String {
        written(&self.command("comity.toml", arguments).output().unwrap(), 0)
    }

    /// Runs a command of a recipient's, who has nothing but a broker's name.
    pub(crate) fn recipient(&self, arguments: &[&str], exit: i32) -> String {
        written(&self.command("recipient.toml", arguments).output().unwrap(), exit)
    }

    /// Puts a record into a topic as it stands; a compacted topic takes none without a key.
    pub(crate) fn put(&self, topic: &str, value: &[u8], source: Option<&str>) {
        let mut record = BaseRecord::<str, [u8]>::to(topic).partition(0).payload(value).key("planted");
        if let Some(version) = source {
            let header = Header { key: "comity-source", value: Some(version) };
            record = record.headers(OwnedHeaders::new().insert(header));
        }
        self.producer.send(record).unwrap();
        self.producer.flush(Duration::from_secs(10)).unwrap();
    }

    /// Publishes a notice of Ontario.
    pub(crate) fn notice(&self, notice: &Value) {
        self.put("comity.in.ca-on-food", notice.to_string().as_bytes(), Some("notices"));
    }

    /// Publishes British Columbia's confidential order, of which only Alberta is told.
    pub(crate) fn confidential(&self) {
        let order = include_bytes!("../../schemas/demo/ca-bc-safety/examples/5-confidential.avro");
        self.put("comity.in.ca-bc-safety", order, Some("orders"));
    }

    /// Lets everything that was published be decided.
    pub(crate) fn settle(&self) {
        self.must(&["run", "--exit-when-idle", "1s"]);
    }
}

/// A notice as Ontario issues or amends it.
pub(crate) fn notice(number: &str, case: &str, revision: i32, follow_up: &[&str]) -> Value {
    json!({
        "notice": number, "inspectionCase": case, "revision": revision,
        "status": if revision == 1 { "ISSUED" } else { "AMENDED" }, "issuedOn": "2026-03-02",
        "act": "HPPA", "contravention": "Listeria in hummus", "risk": "HIGH", "action": "Recall",
        "operator": {
            "legalName": "Boreal Lantern Foods Inc.", "businessNumber": "000901371RC0001", "town": "Ottawa",
        },
        "followUp": follow_up, "validUntil": "2090-06-02T00:00:00-0400",
    })
}

/// The notice taken back.
pub(crate) fn rescinded(number: &str, case: &str, revision: i32) -> Value {
    json!({
        "notice": number, "inspectionCase": case, "revision": revision, "status": "RESCINDED",
        "issuedOn": "2026-03-20", "rescinded": { "why": "laboratory error", "decision": "R-1" },
    })
}

pub(crate) fn written(output: &Output, exit: i32) -> String {
    let said = String::from_utf8_lossy(&output.stderr);
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(exit), "{text}\n{said}");
    text.into_owned()
}

/// The lines of a command as JSON.
pub(crate) fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}
