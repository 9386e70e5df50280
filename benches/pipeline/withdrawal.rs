//! From a platform's withdrawal to the last recipient's committed CANCEL, while other events pass.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use comity::model::code::MsgType;
use comity::schema::view;
use rdkafka::message::Message;

use crate::line::{self, Kind, Line};
use crate::quantile;
use crate::records::{self, Turn};
use crate::support::broker::{Broker, wait_until};

const PATIENCE: Duration = Duration::from_secs(120);
/// Notices before the first withdrawal.
const WARM_UP: usize = 1_000;
const WARM_UP_PAUSE: Duration = Duration::from_millis(2);
/// One record of so many withdraws a notice that everybody was told of long before.
const EVERY: usize = 20;

/// When each recipient's CANCEL of an event came.
type Cancelled = BTreeMap<String, Vec<Instant>>;

pub(crate) fn run(recipients: &[usize], rates: &[usize], seconds: usize) {
    println!(
        "\nms from a withdrawal to the first and the last recipient's CANCEL (read_committed), {seconds} s a line"
    );
    println!(
        "{:>10} {:>9} {:>12} {:>10} {:>8} {:>8} {:>8}",
        "recipients", "records/s", "withdrawals", "first p50", "last p50", "p99", "max"
    );
    for recipients in recipients {
        for rate in rates {
            let broker = Broker::for_test();
            let (mut first, mut last) = measure(&broker, *recipients, *rate, rate * seconds);
            first.sort_by(f64::total_cmp);
            last.sort_by(f64::total_cmp);
            println!(
                "{recipients:>10} {rate:>9} {:>12} {:>10.1} {:>8.1} {:>8.1} {:>8.1}",
                last.len(),
                quantile(&first, 0.5),
                quantile(&last, 0.5),
                quantile(&last, 0.99),
                quantile(&last, 1.0),
            );
        }
    }
}

/// The times to the first and to the last CANCEL of each withdrawal, in milliseconds.
fn measure(broker: &Broker, recipients: usize, rate: usize, count: usize) -> (Vec<f64>, Vec<f64>) {
    let mut line = Line::new(Kind::Comity, broker, recipients);
    line.start(false);
    let topics: Vec<String> =
        records::members(recipients)[1..].iter().map(|member| format!("comity.alerts.{member}")).collect();
    let (ending, read) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| read_cancels(broker, &topics, &ending, &read));
        for _ in 0..WARM_UP {
            line.send();
            sleep(WARM_UP_PAUSE);
        }
        let arrived = |alerts: usize| read.load(Ordering::Relaxed) >= alerts * recipients;
        wait_until("the warm-up arrives", PATIENCE, || arrived(WARM_UP));
        let began = Instant::now();
        let mut withdrawn: Vec<(String, Instant)> = Vec::new();
        for number in 0..count {
            let due = began + Duration::from_secs_f64(number as f64 / rate as f64);
            sleep(due.saturating_duration_since(Instant::now()));
            if number % EVERY == 0 {
                let notice = withdrawn.len();
                withdrawn.push((format!("ca-on-food/FI-2026-{notice:07}"), Instant::now()));
                line.send_again(notice, Turn::Rescinded);
            } else {
                line.send();
            }
        }
        wait_until("every alert arrives", PATIENCE, || arrived(WARM_UP + count));
        ending.store(true, Ordering::Relaxed);
        let cancelled = reader.join().unwrap();
        let since = |sent: &Instant, came: Option<&Instant>| (*came.unwrap() - *sent).as_secs_f64() * 1e3;
        let times = withdrawn.iter().map(|(event, sent)| {
            let came = &cancelled[event];
            assert_eq!(came.len(), recipients, "{event}: everyone who was told is told of the withdrawal");
            (since(sent, came.first()), since(sent, came.last()))
        });
        times.unzip()
    })
}

/// Every recipient in one client: notes when each CANCEL came, and counts all alerts.
fn read_cancels(broker: &Broker, topics: &[String], ending: &AtomicBool, read: &AtomicUsize) -> Cancelled {
    let consumer = line::recipients(broker.plain_config(), topics.iter().map(String::as_str));
    let mut cancelled = Cancelled::new();
    while !ending.load(Ordering::Relaxed) {
        let Some(message) = consumer.poll(Duration::from_millis(50)) else { continue };
        let came = Instant::now();
        let alert = view::alert(message.unwrap().payload().unwrap()).unwrap();
        if alert.msg_type == MsgType::Cancel {
            cancelled.entry(alert.event_id).or_default().push(came);
        }
        read.fetch_add(1, Ordering::Relaxed);
    }
    cancelled
}
