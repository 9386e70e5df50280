//! The read API and `comity show`: what a running ledger answers is what its log says, and on loopback only.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};

use serde_json::{Value, json};

use crate::federation::{Federation, lines, notice, rescinded, written};
use crate::support::broker::{PATIENCE, wait_until};

/// A running `comity run`, ended with the value.
pub(crate) struct Running {
    child: Child,
    pub(crate) address: String,
}

impl Running {
    /// Runs with the port on this address, and waits until it is ready.
    pub(crate) fn start(federation: &Federation, listen: &str) -> Self {
        let mut child = federation
            .command("comity.toml", &["run", "--format", "json"])
            .env("COMITY__HTTP__LISTEN", listen)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(child.stderr.take().unwrap()).lines();
        let line = said.find(|line| line.as_ref().unwrap().contains("the HTTP port is open")).unwrap().unwrap();
        let port = serde_json::from_str::<Value>(&line).unwrap()["fields"]["address"].as_str().unwrap().to_owned();
        let port = port.rsplit(':').next().unwrap().to_owned();
        // Nobody reads on, so what is said from now on must have somewhere to go.
        std::thread::spawn(move || said.for_each(drop));
        let running = Self { child, address: format!("127.0.0.1:{port}") };
        wait_until("the instance is ready", PATIENCE, || running.get("/readyz").0 == 200);
        running
    }

    /// One answer, asked for by hand: its status and its body.
    pub(crate) fn get(&self, path: &str) -> (u16, String) {
        self.exchange(&format!("GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.address))
    }

    pub(crate) fn exchange(&self, request: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
        (status, answer.split_once("\r\n\r\n").unwrap().1.to_owned())
    }

    pub(crate) fn json(&self, path: &str) -> (u16, Value) {
        let (status, body) = self.get(path);
        (status, serde_json::from_str(&body).unwrap_or_else(|_| panic!("{path}: {body}")))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _ended = self.child.wait();
    }
}

#[test]
fn a_running_ledger_answers_what_it_has_committed() {
    let federation = Federation::new();
    let running = Running::start(&federation, "127.0.0.1:0");
    assert_eq!(running.json("/api/v1/cases/ca-on-food/IN-1").0, 404, "nothing is published yet");
    federation.notice(&notice("FI-1", "IN-1", 1, &["Quebec"]));
    federation.confidential();
    let known = |path: &str| running.get(path).0 == 200;
    wait_until("the case is known", PATIENCE, || known("/api/v1/cases/ca-on-food/IN-1"));
    let (_, body) = running.json("/api/v1/cases/CA-ON/ca-on-food%2FIN-1");
    let case = &body["cases"][0];
    assert_eq!((&case["open"], &case["organisation_id"]), (&json!(true), &json!("ca-bn:000901371")));
    assert_eq!(
        case["told"],
        json!([
            { "recipient": "CA-QC", "role": "FOLLOW_UP", "last_sequence": 1 },
            { "recipient": "CA-MB", "role": "ATTENTION", "last_sequence": 1 },
            { "recipient": "CA-BC", "role": "ATTENTION", "last_sequence": 1 },
            { "recipient": "CA-AB", "role": "ATTENTION", "last_sequence": case["told"][3]["last_sequence"] },
        ])
    );
    let (status, body) = running.json("/api/v1/organisations?scheme=ca-bn&value=BN%20000901371");
    assert_eq!((status, &body["organisations"][0]["open_cases"][0]["case_id"]), (200, &json!("ca-on-food/IN-1")));
    let (_, body) = running.json("/api/v1/alerts/ca-on-food/FI-1%231");
    assert_eq!(body["alerts"][0]["told"], json!(["CA-QC", "CA-MB", "CA-BC", "CA-AB"]));

    // Known to this machine, and told to Alberta alone.
    let confidential = "ca-bc-safety/SO-26-30415";
    wait_until("the confidential case is known", PATIENCE, || known(&format!("/api/v1/alerts/{confidential}")));
    let (_, body) = running.json(&format!("/api/v1/alerts/{confidential}"));
    assert_eq!((&body["alerts"][0]["scope"], &body["alerts"][0]["told"]), (&json!("RESTRICTED"), &json!(["CA-AB"])));

    federation.notice(&rescinded("FI-1", "IN-1", 2));
    wait_until("the withdrawal is known", PATIENCE, || {
        running.json("/api/v1/cases/ca-on-food/IN-1").1["cases"][0]["open"] == json!(false)
    });
    show(&federation, &running);
    refusals(&running);
}

fn show(federation: &Federation, running: &Running) {
    let at = format!("http://{}", running.address);
    let shown = |arguments: &[&str], exit: i32| -> String {
        let arguments = [&["show"], arguments, &["--at", &at]].concat();
        written(&federation.command("no-such.toml", &arguments).output().unwrap(), exit)
    };
    let text = shown(&["case", "ca-on-food/IN-1"], 0);
    assert!(text.contains("case ca-on-food/IN-1 of CA-ON: FOOD_SAFETY, not open"), "{text}");
    assert!(text.contains("WITHDRAWN SEVERE, 2 versions, since 2026-03-02"), "{text}");
    assert!(text.contains("told  CA-QC   FOLLOW_UP  last sequence 2"), "{text}");
    let body = &lines(&shown(&["case", "ca-on-food/IN-1", "--origin", "CA-ON", "--format", "json"], 0))[0];
    let (_, mut asked) = running.json("/api/v1/cases/ca-on-food/IN-1");
    asked["as_of"] = body["as_of"].clone();
    assert_eq!(body, &asked, "JSON is the port's own answer");
    let text = shown(&["organisation", "000901371RC0001", "--scheme", "ca-bn"], 0);
    assert!(text.contains("organisation ca-bn:000901371"), "{text}");
    let text = shown(&["alert", "ca-on-food/FI-1#2"], 0);
    assert!(text.contains("alert ca-on-food/FI-1#2: version 2 of 2  WITHDRAWN"), "{text}");
    shown(&["alert", "ca-on-food/FI-1#3"], 66);
    shown(&["organisation", "1", "--scheme", "nobody"], 64);
    written(&federation.command("x", &["show", "case", "x", "--at", "http://127.0.0.1:1"]).output().unwrap(), 69);
    written(&federation.command("comity.toml", &["show", "case", "x"]).output().unwrap(), 78);
}

fn refusals(running: &Running) {
    let error = |request: String| -> (u16, String) {
        let (status, body) = running.exchange(&request);
        let body: Value = serde_json::from_str(&body).unwrap();
        (status, body["error"].as_str().unwrap().to_owned())
    };
    let ask = |method: &str, host: &str| {
        error(format!("{method} /api/v1/cases/x HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"))
    };
    assert_eq!(ask("POST", "localhost"), (405, "method_not_allowed".to_owned()));
    assert_eq!(ask("GET", "rebound.example:8080"), (403, "not_on_loopback".to_owned()), "a name that leads here");
    assert_eq!(ask("GET", "[::1]:8080"), (404, "not_found".to_owned()));
    assert_eq!(running.json("/api/v1/nonsense").0, 404);
    assert_eq!(running.get("/subjects").0, 200, "the rest of the port is as it was");
}

#[test]
fn a_port_that_others_reach_serves_no_case() {
    let federation = Federation::new();
    let running = Running::start(&federation, "0.0.0.0:0");
    for path in ["/api/v1", "/api/v1/cases/ca-on-food/IN-1", "/api/v1/organisations?scheme=LEI&value=1"] {
        let (status, body) = running.json(path);
        assert_eq!((status, &body["error"]), (403, &json!("not_on_loopback")), "{path}");
    }
    assert_eq!(running.get("/livez").0, 200);
    let at = format!("http://{}", running.address);
    written(&federation.command("x", &["show", "case", "x", "--at", &at]).output().unwrap(), 78);
}
