//! `comity run` is killed again and again while its platforms publish: what its recipients have afterwards is what
//! they would have had without a kill.
//!
//! `COMITY_KILLS` says how many kills, 20 where it is not set; `COMITY_SEED` repeats their moments.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "tests fail by panic, say what they measured and wait by the clock"
)]

#[expect(dead_code, reason = "each test binary uses a part of what they share")]
mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use apache_avro::types::Value;
use comity::model::entry::Body;
use comity::schema::log::decode_entry;

use support::avro::{Fields, alerts, assert_contiguous, number, rejections, text};
use support::broker::{Broker, needs_real_kafka};
use support::chance::Chance;
use support::federation::{Federation, Running};
use support::load::{MEMBERS, PLATFORMS, keep_sending, send};
use support::proxy::Proxy;
use support::reader::{read_committed, read_uncommitted};

/// The longest pause between an instance's first alert and its end.
const PAUSE_MS_MAX: u64 = 400;

/// A moment between an instance's first alert and its end.
fn pause(chance: &mut Chance) -> Duration {
    Duration::from_micros(chance.below(PAUSE_MS_MAX * 1_000))
}

fn kills() -> usize {
    std::env::var("COMITY_KILLS").map_or(20, |text| text.parse().unwrap())
}

fn federation(broker: &Broker) -> Federation {
    let federation = Federation::new(broker, &MEMBERS, "schemas/demo", &PLATFORMS);
    federation.must(&["topics", "apply", "--yes"]);
    federation
}

/// True once this process has committed an alert of its own.
fn has_alerted(running: &Running) -> bool {
    running.metric("comity_ledger_alerts_total") > 0
}

fn owns(running: &Running) -> bool {
    running.metric("comity_ledger_owner") == 1
}

fn stands_by(running: &Running) -> bool {
    running.get("/readyz").is_some_and(|(_, said)| said.contains("stands by"))
}

fn report(what: &str, mut times: Vec<Duration>) {
    times.sort();
    if let (Some(middle), Some(longest)) = (times.get(times.len() / 2), times.last()) {
        println!("{what}: median {middle:.1?}, longest {longest:.1?} of {}", times.len());
    }
}

/// Kills the only instance and starts it again.
fn kill_alone(federation: &Federation, chance: &mut Chance, kills: usize) {
    let mut running = federation.start("one");
    let mut times = Vec::new();
    for _ in 0..kills {
        running.until("an alert since the start", has_alerted);
        std::thread::sleep(pause(chance));
        let killed = Instant::now();
        running.kill();
        running = federation.start("one");
        running.until("an alert since the kill", has_alerted);
        times.push(killed.elapsed());
    }
    running.stop();
    report("killed and started again, to the next alert", times);
}

/// Kills the owner beside its standby, which takes over; the killed one comes back as the standby.
fn kill_owners(federation: &Federation, chance: &mut Chance, kills: usize) {
    if kills == 0 {
        return;
    }
    let mut owner = federation.start("one");
    owner.until("an alert since the start", |running| owns(running) && has_alerted(running));
    let mut standby = federation.start("two");
    let (mut name, mut times) = ("one", Vec::new());
    for _ in 0..kills {
        standby.until("it stands by", stands_by);
        owner.until("an alert since the start", has_alerted);
        std::thread::sleep(pause(chance));
        assert!(owns(&owner) && !has_alerted(&standby), "there is one owner");
        let killed = Instant::now();
        owner.kill();
        standby.until("an alert of the standby", has_alerted);
        times.push(killed.elapsed());
        owner = std::mem::replace(&mut standby, federation.start(name));
        name = if name == "one" { "two" } else { "one" };
    }
    standby.until("it stands by", stands_by);
    standby.stop();
    owner.stop();
    report("owner killed, to the standby's first alert", times);
}

/// Where a process is when it is killed.
#[derive(Debug, Clone, Copy)]
enum Moment {
    /// Produce requests to this topic are under way and get lost: entries of intake, one output of a transaction, the
    /// state with the `Checkpoint`.
    Sending(&'static str),
    /// The end of a transaction is under way and gets lost.
    Ending,
    /// The end of a transaction is under way, and arrives before the next instance starts.
    EndingBefore,
    /// The same, and arrives when the next instance has already alerted.
    EndingAfter,
}

const MOMENTS: [Moment; 6] = [
    Moment::Sending("comity.log"),
    Moment::Sending("comity.alerts.CA-MB"),
    Moment::Sending("comity.state"),
    Moment::Ending,
    Moment::EndingBefore,
    Moment::EndingAfter,
];

/// How long a request that is held up stays so: intake's positions are committed meanwhile.
const HELD_UP: Duration = Duration::from_millis(1_500);

/// Kills the only instance at chosen moments, which a network makes that one turns by hand.
fn kill_at_moments(broker: &Broker, federation: &Federation) {
    let proxy = Proxy::before(&broker.address());
    let address = proxy.address();
    let start = || federation.start_with("one", &[("COMITY__KAFKA__BOOTSTRAP_SERVERS", &address)]);
    let mut running = start();
    for moment in MOMENTS {
        running.until("an alert since the start", has_alerted);
        match moment {
            Moment::Sending(topic) => {
                proxy.stall(Some(topic));
                running.until("a request is held up", |_| proxy.stalled() > 0);
                std::thread::sleep(HELD_UP);
            }
            Moment::Ending | Moment::EndingBefore | Moment::EndingAfter => {
                proxy.hold_next_end_txn();
                running.until("an EndTxn is held up", |_| proxy.holds_end_txn());
            }
        }
        let killed = Instant::now();
        running.kill();
        match moment {
            Moment::EndingBefore => proxy.release_end_txn(),
            Moment::EndingAfter => {}
            Moment::Ending => proxy.drop_end_txn(),
            Moment::Sending(_) => proxy.stall(None),
        }
        running = start();
        running.until("an alert since the kill", has_alerted);
        println!("killed {moment:?}, to the next alert: {:.1?}", killed.elapsed());
        if matches!(moment, Moment::EndingAfter) {
            proxy.release_end_txn();
            let alerts = running.metric("comity_ledger_alerts_total");
            running.until("it goes on", |running| running.metric("comity_ledger_alerts_total") > alerts);
        }
    }
    running.stop();
}

/// What a recipient must have, whatever happened on the way: everything but the number of the alert among those of
/// both platforms, whose order in the log is by chance, and the times of log and source.
fn lasting(mut alert: Fields) -> Fields {
    for name in ["sequence", "issued_at", "ack_due_at"] {
        alert.remove(name).unwrap();
    }
    if let Some(Value::Union(_, event)) = alert.get_mut("event")
        && let Value::Record(event) = event.as_mut()
    {
        event.retain(|(name, _)| name != "reported_at");
    }
    alert
}

/// What every recipient has of each platform, in order.
fn told(broker: &Broker) -> BTreeMap<(String, String), Vec<Fields>> {
    let mut told: BTreeMap<_, Vec<Fields>> = BTreeMap::new();
    for member in MEMBERS {
        let alerts = alerts(broker, member);
        assert_contiguous(member, &alerts);
        let ids: BTreeSet<String> = alerts.iter().map(|alert| text(alert, "alert_id")).collect();
        assert_eq!(ids.len(), alerts.len(), "{member} has an alert twice");
        for alert in alerts {
            assert_eq!(text(&alert, "recipient"), member);
            told.entry((member.to_owned(), text(&alert, "platform"))).or_default().push(lasting(alert));
        }
    }
    told
}

/// What was refused of each platform, in order.
fn refused(broker: &Broker) -> BTreeMap<String, Vec<(i64, String)>> {
    let rejections = rejections(broker);
    assert_contiguous("comity.rejects", &rejections);
    let mut refused: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for rejection in rejections {
        let one = (number(&rejection, "offset"), text(&rejection, "code"));
        refused.entry(text(&rejection, "platform")).or_default().push(one);
    }
    refused
}

/// Says what the kills met, since a run in which they met nothing proves little.
fn report_traces(broker: &Broker, sent: [usize; 2]) {
    let is_record = |body: &Body| matches!(body, Body::Event(_) | Body::Rejection(_));
    let entries = read_committed(broker, "comity.log").into_iter().filter(|read| {
        let entry = decode_entry(read.value.as_deref().unwrap(), read.offset, read.timestamp_ms).unwrap();
        is_record(&entry.body)
    });
    println!("{} records sent, {} entries of intake in the log", sent[0] + sent[1], entries.count());
    for topic in ["comity.alerts.CA-MB", "comity.state"] {
        let (all, committed) = (read_uncommitted(broker, topic).len(), read_committed(broker, topic).len());
        println!("{topic}: {committed} records, {} of aborted transactions", all - committed);
    }
}

/// Kills under load, works the rest off, and compares with a federation that had no kill.
fn check(kill: impl FnOnce(&Broker, &Federation)) {
    let killed = Broker::for_test();
    let under_fire = federation(&killed);
    let (settings, stop) = (killed.plain_config(), AtomicBool::new(false));
    let sent = std::thread::scope(|scope| {
        let load = keep_sending(&settings, &stop, scope);
        // A kill that fails must end the load, too.
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| kill(&killed, &under_fire)));
        stop.store(true, Ordering::Relaxed);
        let sent = load.join().unwrap();
        outcome.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        sent
    });
    under_fire.work_off("one");
    let (found, found_refused) = (told(&killed), refused(&killed));
    report_traces(&killed, sent);
    drop((under_fire, killed));

    let quiet = Broker::for_test();
    let in_peace = federation(&quiet);
    send(&quiet, sent);
    in_peace.work_off("one");
    let expected = told(&quiet);
    assert!(expected.values().all(|alerts| alerts.len() > 20), "the load gives everyone alerts of both platforms");
    assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
    for (whose, expected) in &expected {
        let found = &found[whose];
        let differs = found.iter().zip(expected).position(|(found, expected)| found != expected);
        if let Some(place) = differs {
            panic!("{whose:?} has another alert {place}: {:#?}\ninstead of {:#?}", found[place], expected[place]);
        }
        assert_eq!(found.len(), expected.len(), "{whose:?} lacks alerts, or has too many");
    }
    for (platform, expected) in refused(&quiet) {
        let found = &found_refused[&platform];
        let differs = found.iter().zip(&expected).find(|(found, expected)| found != expected);
        assert!(differs.is_none() && found.len() == expected.len(), "{platform} has other rejections: {differs:?}");
    }
}

#[test]
fn kills_under_load_lose_and_repeat_nothing() {
    check(|_, federation| {
        let (mut chance, kills) = (Chance::new(), kills());
        // A second instance takes over where the broker misses the first; that takes it longer.
        let beside_standby = if needs_real_kafka("it never misses a member that is dead") { 0 } else { kills / 4 };
        kill_alone(federation, &mut chance, kills - beside_standby);
        kill_owners(federation, &mut chance, beside_standby);
    });
}

#[test]
fn kills_between_sending_and_hearing_lose_and_repeat_nothing() {
    check(kill_at_moments);
}
