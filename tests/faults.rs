//! The program with its feature `faults`: it dies at each named step as by `kill -9`, a rule that it is told to break is
//! broken, and the same instance goes on afterwards as if nothing had been.

#![cfg(feature = "faults")]

#[expect(dead_code, reason = "each test binary uses a part of what they share")]
mod support;

use std::os::unix::process::ExitStatusExt;

use comity::fault::STEPS;
use support::avro::{alerts, assert_contiguous, number, rejections, text};
use support::broker::Broker;
use support::federation::Federation;
use support::load::{MEMBERS, PLATFORMS, send};

/// Records of the one platform that speaks, so that the log has one order: whatever is refused or taken back is there.
const RECORDS: usize = 60;
/// Brokers at once, which mostly wait.
const AT_ONCE: usize = 5;
/// `abort` ends a process by this signal: no destructor runs, and nothing is flushed.
const SIGABRT: i32 = 6;

fn federation(broker: &Broker) -> Federation {
    let federation = Federation::new(broker, &MEMBERS, "schemas/demo", &PLATFORMS);
    federation.must(&["topics", "apply", "--yes"]);
    federation
}

/// The names of each member's alerts, and at last of what was refused, in their order.
fn told(broker: &Broker) -> Vec<Vec<String>> {
    let of = |member: &&str| {
        let alerts = alerts(broker, member);
        assert_contiguous(member, &alerts);
        alerts.iter().map(|alert| text(alert, "alert_id")).collect()
    };
    let refused = rejections(broker);
    assert_contiguous("comity.rejects", &refused);
    let refused = refused.iter().map(|refused| format!("{}@{}", text(refused, "code"), number(refused, "offset")));
    MEMBERS.iter().map(of).chain([refused.collect()]).collect()
}

/// What they are told where nothing goes wrong.
fn undisturbed() -> Vec<Vec<String>> {
    let broker = Broker::for_test();
    let federation = federation(&broker);
    send(&broker, [0, RECORDS]);
    federation.work_off("one");
    told(&broker)
}

/// Runs an instance with these failpoints until it has died.
fn dies(federation: &Federation, failpoints: &str) {
    let mut running = federation.start_with("one", &[("FAILPOINTS", failpoints)]);
    let ended = running.wait_for_end(failpoints);
    assert_eq!(ended.signal(), Some(SIGABRT), "{failpoints}: {ended}:\n{}", running.log());
}

#[test]
fn whoever_dies_at_a_step_goes_on_behind_it() {
    let must = undisturbed();
    assert!(must.iter().map(Vec::len).sum::<usize>() > RECORDS, "{must:?}");
    for steps in STEPS.chunks(AT_ONCE) {
        std::thread::scope(|scope| {
            for step in steps {
                scope.spawn(|| goes_on(step, &must));
            }
        });
    }
}

fn goes_on(step: &str, must: &[Vec<String>]) {
    let broker = Broker::for_test();
    let federation = federation(&broker);
    send(&broker, [0, RECORDS]);
    if step == "restore-half-done" {
        federation.work_off("one");
    }
    dies(&federation, &format!("{step}=1*return"));
    federation.work_off("one");
    assert_eq!(told(&broker), must, "{step}");
}

#[test]
fn a_rule_that_the_environment_names_is_broken() {
    let must = undisturbed();
    let broker = Broker::for_test();
    let federation = federation(&broker);
    send(&broker, [0, RECORDS]);
    let mut run = federation.command(&["run", "--exit-when-idle", "2s"]);
    let output = run.env("FAILPOINTS", "planted-send-error-swallowed=5%return").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let count = |member: &&str| alerts(&broker, member).len();
    let got: Vec<usize> = MEMBERS.iter().map(count).collect();
    assert!(got.iter().sum::<usize>() < must.iter().map(Vec::len).sum(), "{got:?} of {must:?}");
}

/// A name that is misspelt would make a test of nothing.
#[test]
fn a_failpoint_that_there_is_not_is_an_error() {
    let run = |failpoints: &str| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_comity"));
        command.arg("--version").env("FAILPOINTS", failpoints).output().unwrap()
    };
    assert!(run("before-commit=return;planted-state-kept-after-abort=return").status.success());
    let refused = run("before-comit=return");
    assert!(!refused.status.success());
    assert!(String::from_utf8_lossy(&refused.stderr).contains("\"before-comit\""));
}
