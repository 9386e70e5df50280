//! Confluent's Python client and its Avro deserialiser read what Comity published, with Comity as their registry.
//!
//! `COMITY_PYTHON` names a Python that has `confluent-kafka[avro,schemaregistry]`; `.ci/run` makes one.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "tests fail by panic, say what they leave out and wait by the clock"
)]

#[expect(dead_code, reason = "each test binary uses a part of what they share")]
mod support;

use std::collections::BTreeMap;
use std::process::Command;

use support::broker::Broker;
use support::federation::Federation;
use support::load::{MEMBERS, PLATFORMS, send};
use support::reader::read_committed;

const RECORDS: [usize; 2] = [80, 400];

#[test]
fn a_stock_deserialiser_reads_every_output() {
    let Some(python) = std::env::var_os("COMITY_PYTHON") else {
        println!("not run: COMITY_PYTHON names no Python with confluent-kafka; .ci/run makes one and sets it");
        return;
    };
    let broker = Broker::for_test();
    let federation = Federation::new(&broker, &MEMBERS, "schemas/demo", &PLATFORMS);
    federation.must(&["topics", "apply", "--yes"]);
    send(&broker, RECORDS);
    federation.work_off("one");
    let mut running = federation.start("one");
    running.until("it is ready", |running| running.get("/readyz").is_some_and(|(status, _)| status == 200));

    let mut counts = BTreeMap::from([("comity.rejects".to_owned(), 0)]);
    for member in MEMBERS {
        counts.extend([(format!("comity.alerts.{member}"), 0), (format!("comity.status.{member}"), 0)]);
    }
    for (topic, count) in &mut counts {
        *count = read_committed(&broker, topic).len();
        assert!(*count > 0, "{topic} has records");
    }
    let output = Command::new(python)
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/python/confluent_check.py"))
        .args([broker.address(), format!("http://127.0.0.1:{}", running.port().unwrap())])
        .arg(serde_json::to_string(&counts).unwrap())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "confluent_check.py: {said}");
    println!("{}", String::from_utf8_lossy(&output.stdout).trim());
    running.stop();
}
