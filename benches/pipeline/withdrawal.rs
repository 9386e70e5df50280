//! From a platform's withdrawal to the last recipient's committed CANCEL, while other events pass; beside the yardstick,
//! which takes the same records to as many recipients.

use std::thread::sleep;
use std::time::{Duration, Instant};

use comity::model::code::MsgType;
use comity::schema::view;

use crate::latency::Reader;
use crate::line::{Kind, Line};
use crate::quantile;
use crate::records::Turn;
use crate::support::broker::{Broker, PATIENCE, wait_until};
use crate::support::reader::read_committed;

/// Notices before the first withdrawal.
const WARM_UP: usize = 1_000;
const WARM_UP_PAUSE: Duration = Duration::from_millis(2);
/// One record of so many withdraws a notice that everybody was told of long before.
const EVERY: usize = 20;

pub(crate) fn run(recipients: &[usize], rates: &[usize], seconds: usize) {
    println!(
        "\nms from a withdrawal to the first and the last recipient's CANCEL (read_committed), {seconds} s a line"
    );
    println!(
        "{:>10} {:>9} {:>8} {:>12} {:>10} {:>8} {:>8} {:>8} {:>9} {:>9}",
        "recipients", "records/s", "", "withdrawals", "first p50", "last p50", "p99", "max", "p50/bare", "p99/bare"
    );
    for recipients in recipients {
        for rate in rates {
            let broker = Broker::for_test();
            let mut yardstick = None;
            for kind in [Kind::Bare, Kind::Comity] {
                let (first, last) = measure(kind, &broker, *recipients, *rate, rate * seconds);
                let [p50, p99] = [0.5, 0.99].map(|of| quantile(&last, of));
                let (bare_p50, bare_p99) = *yardstick.get_or_insert((p50, p99));
                println!(
                    "{recipients:>10} {rate:>9} {:>8} {:>12} {:>10.1} {p50:>8.1} {p99:>8.1} {:>8.1} {:>8.2}x {:>8.2}x",
                    format!("{kind:?}").to_lowercase(),
                    last.len(),
                    quantile(&first, 0.5),
                    quantile(&last, 1.0),
                    p50 / bare_p50,
                    p99 / bare_p99,
                );
            }
        }
    }
}

/// The times to the first and to the last recipient of each withdrawal, in milliseconds, sorted.
fn measure(kind: Kind, broker: &Broker, recipients: usize, rate: usize, count: usize) -> (Vec<f64>, Vec<f64>) {
    let mut line = Line::new(kind, broker, recipients);
    line.start(false);
    // Each recipient is a client of its own, as it will be: one that reads all their topics makes the broker look at
    // every one of them whenever any of them grows.
    let readers: Vec<Reader> =
        line.outputs.iter().map(|topic| Reader::start(broker.plain_config(), topic.clone())).collect();
    for _ in 0..WARM_UP {
        line.send();
        sleep(WARM_UP_PAUSE);
    }
    let arrived = |records: usize| readers.iter().all(|reader| reader.count() >= records);
    wait_until("the warm-up arrives", PATIENCE, || arrived(WARM_UP));
    let began = Instant::now();
    let mut withdrawn: Vec<Instant> = Vec::new();
    for number in 0..count {
        let due = began + Duration::from_secs_f64(number as f64 / rate as f64);
        sleep(due.saturating_duration_since(Instant::now()));
        if number % EVERY == 0 {
            let notice = withdrawn.len();
            withdrawn.push(Instant::now());
            line.send_again(notice, Turn::Rescinded);
        } else {
            line.send();
        }
    }
    wait_until("every alert arrives", PATIENCE, || arrived(WARM_UP + count));
    line.finish();
    line.processes.clear();
    if kind == Kind::Comity {
        line.outputs.iter().for_each(|topic| assert_cancelled(broker, topic, withdrawn.len()));
    }
    // One source, one log, one order: what a recipient gets comes in the order of the records.
    let arrivals: Vec<Vec<Instant>> = readers.into_iter().map(Reader::end).collect();
    let came = |withdrawal: usize| arrivals.iter().map(move |of_one| of_one[WARM_UP + withdrawal * EVERY]);
    let since = |sent: Instant, came: Option<Instant>| (came.unwrap() - sent).as_secs_f64() * 1e3;
    let times = withdrawn.iter().enumerate();
    let (mut first, mut last): (Vec<f64>, Vec<f64>) =
        times.map(|(number, sent)| (since(*sent, came(number).min()), since(*sent, came(number).max()))).unzip();
    for times in [&mut first, &mut last] {
        times.sort_by(f64::total_cmp);
    }
    (first, last)
}

/// Everyone who was told is told of each withdrawal, where it is looked for.
fn assert_cancelled(broker: &Broker, topic: &str, withdrawals: usize) {
    let alerts = read_committed(broker, topic).into_iter().map(|alert| view::alert(&alert.value.unwrap()).unwrap());
    let cancels: Vec<usize> =
        alerts.enumerate().filter(|(_, alert)| alert.msg_type == MsgType::Cancel).map(|(number, _)| number).collect();
    let expected: Vec<usize> = (0..withdrawals).map(|number| WARM_UP + number * EVERY).collect();
    assert_eq!(cancels, expected, "{topic}");
}
