//! Readiness ends where what it stands for ends, and the port holds so many connections at most.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::bounded::Bounded;
use super::{Surface, bind, checks, serve_bounded};
use crate::kafka::status::{IntakeStatus, LedgerStatus};
use crate::kafka::view::View;
use crate::metrics::Sources;

/// Whether the only check holds, and why.
fn said(sources: &Sources, now_ms: i64) -> (bool, String) {
    let mut checks = checks(sources, None, now_ms);
    assert_eq!(checks.len(), 1);
    checks.pop().map(|check| (check.holds, check.reason)).unwrap()
}

/// An intake whose partitions were taken away stayed ready.
#[test]
fn an_intake_is_ready_while_it_has_an_assignment() {
    let intake = Arc::new(IntakeStatus::new([]));
    let sources = Sources { intake: Some(intake.clone()), ledger: None };
    assert_eq!(said(&sources, 0), (false, "waits for intake's group".to_owned()));
    intake.assignments.store(1, Ordering::Relaxed);
    intake.assigned.store(true, Ordering::Relaxed);
    assert_eq!(said(&sources, 0), (true, "the group has given its partitions".to_owned()));
    intake.assigned.store(false, Ordering::Relaxed);
    assert_eq!(said(&sources, 0), (false, "waits for intake's group".to_owned()));
}

/// An owner that had once read the log to its end stayed ready, whatever became of its commits.
#[test]
fn an_owner_that_commits_nothing_is_not_ready() {
    let ledger = Arc::new(LedgerStatus::default());
    let sources = Sources { intake: None, ledger: Some(ledger.clone()) };
    ledger.owner.store(true, Ordering::Relaxed);
    ledger.caught_up.store(true, Ordering::Relaxed);
    ledger.committed_at.store(1_000, Ordering::Relaxed);
    for now_ms in [0, 1_000, 15_999] {
        assert_eq!(said(&sources, now_ms), (true, "owns the log and has read it to its end".to_owned()));
    }
    let stuck = (false, "owns the log, but has committed nothing for 15 s".to_owned());
    assert_eq!(said(&sources, 16_000), stuck);
    // A standby has nothing to commit.
    ledger.owner.store(false, Ordering::Relaxed);
    ledger.standby.store(true, Ordering::Relaxed);
    assert_eq!(said(&sources, 16_000), (true, "stands by with the state restored".to_owned()));
}

/// Alerts go on while a restored state is made ready for readers, who are refused as long.
#[test]
fn an_instance_that_refuses_readers_is_not_ready() {
    let (view, sources) = (View::default(), Sources { intake: None, ledger: None });
    let said = || checks(&sources, Some(&view), 0).pop().map(|check| (check.name, check.holds)).unwrap();
    assert_eq!((said(), view.look().is_none()), (("view", false), true));
    view.complete();
    assert_eq!((said(), view.look().is_some()), (("view", true), true));
    view.restart();
    assert_eq!((said(), view.look().is_none()), (("view", false), true));
}

/// Long enough for any machine; a test that waits for what never comes fails.
const PATIENCE: Option<Duration> = Some(Duration::from_secs(60));

fn connect(address: std::net::SocketAddr) -> TcpStream {
    let connection = TcpStream::connect(address).unwrap();
    connection.set_read_timeout(PATIENCE).unwrap();
    connection
}

/// Asks whether the process lives, on a connection of its own that stays open.
fn ask(address: std::net::SocketAddr) -> TcpStream {
    let mut connection = connect(address);
    connection.write_all(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    connection
}

/// The first bytes of its answer.
fn answered(connection: &mut TcpStream) -> String {
    let mut answer = [0; 12];
    connection.read_exact(&mut answer).unwrap();
    String::from_utf8(answer.to_vec()).unwrap()
}

/// A port of its own with so many connections at a time.
fn port(connections_max: usize, idle_max: Duration) -> (tokio::runtime::Runtime, std::net::SocketAddr) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (listener, address) = runtime.block_on(bind("127.0.0.1:0".parse().unwrap())).unwrap();
    let sources = Sources { intake: None, ledger: None };
    let surface = Surface { sources, members: Arc::new(Vec::new()), view: None, loopback: true };
    let bounded = Bounded::new(listener, connections_max, idle_max);
    runtime.spawn(serve_bounded(bounded, surface, std::future::pending()));
    (runtime, address)
}

/// Without a bound whoever opens thousands takes the file descriptors that the ledger's own connections need.
#[test]
fn who_opens_more_connections_than_there_are_waits_until_one_is_closed() {
    let (_runtime, address) = port(2, Duration::from_secs(3_600));
    let (mut first, mut second) = (ask(address), ask(address));
    assert_eq!([answered(&mut first), answered(&mut second)], ["HTTP/1.1 200", "HTTP/1.1 200"]);
    let mut third = ask(address);
    third.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    assert!(third.read_exact(&mut [0]).is_err(), "there are two at a time");
    third.set_read_timeout(PATIENCE).unwrap();
    drop(first);
    assert_eq!(answered(&mut third), "HTTP/1.1 200");
}

#[test]
fn a_connection_that_stands_still_is_closed() {
    let (_runtime, address) = port(1, Duration::from_millis(50));
    let mut silent = connect(address);
    assert_eq!(silent.read(&mut [0]).unwrap(), 0);
    let mut next = ask(address);
    assert_eq!(answered(&mut next), "HTTP/1.1 200", "its place is another's");
}
