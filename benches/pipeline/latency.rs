//! From a platform's record to the alert that a recipient with `read_committed` sees.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{JoinHandle, sleep};
use std::time::{Duration, Instant, SystemTime};

use rdkafka::ClientConfig;

use crate::line::{Kind, Line, recipient};
use crate::quantile;
use crate::support::broker::{Broker, PATIENCE, wait_until};
use crate::support::reader::read_committed;

/// Records before the first one that is measured.
const WARM_UP: usize = 500;
/// The pace of those.
const WARM_UP_PAUSE: Duration = Duration::from_millis(2);
/// Entries of the log below this size are ticks.
const TICK_BYTES_MAX: usize = 64;

/// What one run of one line gave.
struct Taken {
    /// Of every event, in milliseconds, sorted.
    latencies: Vec<f64>,
    /// Of the same, to the log only; by the broker's clock, in whole milliseconds.
    to_log: Vec<f64>,
    cpu: Duration,
    wall: Duration,
}

pub(crate) fn run(recipients: &[usize], rates: &[usize], seconds: usize) {
    println!("\nms from a platform's record to the last recipient's alert (read_committed), {seconds} s a line");
    println!(
        "{:>10} {:>8} {:>10} {:>8} {:>8} {:>8} {:>9} {:>9} {:>10} {:>10}",
        "recipients", "events/s", "", "p50", "p99", "to log", "p50/bare", "p99/bare", "CPU µs/ev", "CPU ms/s"
    );
    for recipients in recipients {
        let broker = Broker::for_test();
        let [mut bare, mut comity] = [Kind::Bare, Kind::Comity].map(|kind| Line::new(kind, &broker, *recipients));
        for rate in rates {
            let events = rate * seconds;
            bare.transactional = true;
            let twice = measure(&mut bare, &broker, *rate, events);
            bare.transactional = false;
            let yardstick = measure(&mut bare, &broker, *rate, events);
            let taken = measure(&mut comity, &broker, *rate, events);
            for (name, taken) in [("bare, 2 tx", &twice), ("bare", &yardstick), ("comity", &taken)] {
                let (p50, p99) = (quantile(&taken.latencies, 0.5), quantile(&taken.latencies, 0.99));
                let to = |quantile_of: f64, own: f64| own / quantile(&yardstick.latencies, quantile_of);
                let cpu = taken.cpu.as_secs_f64();
                println!(
                    "{recipients:>10} {rate:>8} {name:>10} {p50:>8.1} {p99:>8.1} {:>8.0} {:>8.2}x {:>8.2}x {:>10.0} {:>10.1}",
                    quantile(&taken.to_log, 0.5),
                    to(0.5, p50),
                    to(0.99, p99),
                    cpu * 1e6 / events as f64,
                    cpu * 1e3 / taken.wall.as_secs_f64(),
                );
            }
        }
    }
}

/// Runs a line alone: the other one is at rest, without processes.
fn measure(line: &mut Line, broker: &Broker, rate: usize, events: usize) -> Taken {
    let before = read_committed(broker, line.last_output()).len();
    line.start(false);
    let reader = Reader::start(broker.plain_config(), line.last_output().to_owned());
    for _ in 0..WARM_UP {
        line.send();
        sleep(WARM_UP_PAUSE);
    }
    let came = |reader: &Reader, events: usize| reader.count() >= before + events;
    wait_until("the warm-up arrives", PATIENCE, || came(&reader, WARM_UP));

    let (began, cpu) = (Instant::now(), line.processes[0].cpu());
    let mut sent = Vec::with_capacity(events);
    for number in 0..events {
        let due = began + Duration::from_secs_f64(number as f64 / rate as f64);
        sleep(due.saturating_duration_since(Instant::now()));
        sent.push((Instant::now(), SystemTime::UNIX_EPOCH.elapsed().unwrap()));
        line.send();
    }
    wait_until("every alert arrives", PATIENCE, || came(&reader, WARM_UP + events));
    let (wall, cpu) = (began.elapsed(), line.processes[0].cpu() - cpu);
    line.finish();
    line.processes.clear();

    let arrivals = reader.end();
    // One source, one log, one order: the alerts of a recipient come in the order of the records.
    let pairs = sent.iter().zip(&arrivals[before + WARM_UP..]);
    let mut latencies: Vec<f64> = pairs.map(|((sent, _), came)| (*came - *sent).as_secs_f64() * 1e3).collect();
    let log = read_committed(broker, line.log);
    let appended: Vec<i64> = log
        .iter()
        .filter(|entry| entry.value.as_ref().is_some_and(|value| value.len() > TICK_BYTES_MAX))
        .map(|entry| entry.timestamp_ms)
        .collect();
    let pairs = sent.iter().zip(&appended[appended.len() - events..]);
    let mut to_log: Vec<f64> = pairs.map(|((_, sent), at)| *at as f64 - sent.as_secs_f64() * 1e3).collect();
    for times in [&mut latencies, &mut to_log] {
        times.sort_by(f64::total_cmp);
    }
    Taken { latencies, to_log, cpu, wall }
}

/// A recipient on a thread of its own, which notes when each alert came.
pub(crate) struct Reader {
    arrivals: Arc<Mutex<Vec<Instant>>>,
    ending: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Reader {
    pub(crate) fn start(config: ClientConfig, topic: String) -> Self {
        let (arrivals, ending) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let (noted, told) = (Arc::clone(&arrivals), Arc::clone(&ending));
        let thread = std::thread::spawn(move || {
            let consumer = recipient(config, &topic);
            while !told.load(Ordering::Relaxed) {
                if let Some(message) = consumer.poll(Duration::from_millis(50)) {
                    message.unwrap();
                    noted.lock().unwrap().push(Instant::now());
                }
            }
        });
        Self { arrivals, ending, thread }
    }

    /// How many alerts have come.
    pub(crate) fn count(&self) -> usize {
        self.arrivals.lock().unwrap().len()
    }

    pub(crate) fn end(self) -> Vec<Instant> {
        self.ending.store(true, Ordering::Relaxed);
        self.thread.join().unwrap();
        std::mem::take(&mut *self.arrivals.lock().unwrap())
    }
}
