//! The recipient of the README, as it stands there, against a running federation.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::api::Running;
use crate::federation::{Federation, notice, rescinded};
use crate::support::broker::needs_real_kafka;
use crate::support::reader::read_committed;
use crate::tap::numbered;

/// The Python of `.ci/run`, where it has what the recipe needs.
fn python() -> Option<PathBuf> {
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/venv/bin/python");
    let able = Command::new(&python).args(["-c", "import confluent_kafka, fastavro"]).stderr(Stdio::null()).status();
    able.is_ok_and(|status| status.success()).then_some(python)
}

#[test]
fn the_recipe_of_the_readme_reads_every_alert_once_and_stops_at_a_gap() {
    if needs_real_kafka("the group of a stock consumer that subscribes comes to no end there") {
        return;
    }
    let Some(python) = python() else {
        println!("left out: target/venv has no confluent-kafka and fastavro; .ci/run installs them");
        return;
    };
    let readme = include_str!("../../README.md");
    let recipe = readme.split_once("```python\n").unwrap().1.split_once("```").unwrap().0;
    let federation = Federation::new();
    let running = Running::start(&federation, "127.0.0.1:0");
    federation.notice(&notice("FI-1", "IN-1", 1, &["Quebec"]));
    federation.notice(&notice("FI-1", "IN-1", 2, &["Manitoba"]));
    federation.notice(&rescinded("FI-1", "IN-1", 3));
    let start = || {
        Command::new(&python)
            .args(["-c", recipe])
            .env("KAFKA", federation.broker.address())
            .env("COMITY", format!("http://{}", running.address))
            .env("ME", "CA-MB")
            .current_dir(federation.path(""))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let mut first = start();
    let shown: Vec<String> = BufReader::new(first.stdout.take().unwrap()).lines().take(3).map(Result::unwrap).collect();
    assert_eq!(
        shown,
        [
            "1 ALERT ATTENTION ca-on-food/FI-1#1",
            "2 UPDATE FOLLOW_UP ca-on-food/FI-1#2",
            // Whoever must know of a withdrawal is told to know; the recipe shows what stands in the record.
            shown[2].as_str(),
        ]
    );
    assert!(shown[2].starts_with("3 CANCEL ") && shown[2].ends_with("ca-on-food/FI-1#3"), "{shown:?}");
    // The place is kept after the line is written; a recipient that dies in between reads the alert again and skips it.
    first.kill().unwrap();
    first.wait().unwrap();

    let last = read_committed(&federation.broker, "comity.alerts.CA-MB").pop().unwrap().value.unwrap();
    federation.put("comity.alerts.CA-MB", &numbered(&last, 9), None);
    let output = start().wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("to 8 are missing"), "{said}");
}
