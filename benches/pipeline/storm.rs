//! Many expiries that fall due within one second of log time: how long they take, and what they delay.

use std::thread::sleep;
use std::time::{Duration, Instant};

use rdkafka::consumer::BaseConsumer;
use rdkafka::message::Message;
use rdkafka::producer::Producer;

use crate::by_hand::{Writer, holds, now_ms};
use crate::line::{self, Kind, Line};
use crate::quantile;
use crate::support::broker::{Broker, wait_until};

const PATIENCE: Duration = Duration::from_secs(600);
/// Live events are measured for so long before the storm, for comparison.
const CALM: Duration = Duration::from_secs(10);
/// What the event of a live entry is called; the alerts of expiries have other names.
const LIVE: &str = "LIVE-";

pub(crate) fn run(recipients: &[usize], expiries: usize, rates: &[usize]) {
    println!("\nms from a live entry of the log to the last recipient's alert, while {expiries} events expire at once");
    println!(
        "{:>10} {:>8} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9} {:>12}",
        "recipients", "events/s", "calm p50", "p99", "max", "storm p50", "p99", "max", "storm s"
    );
    for recipients in recipients {
        for rate in rates {
            let broker = Broker::for_test();
            let mut storm = Storm::new(&broker, *recipients);
            let [calm, taken] = storm.measure(expiries, *rate);
            println!(
                "{recipients:>10} {rate:>8} {:>9.1} {:>9.1} {:>9.1} {:>9.1} {:>9.1} {:>9.1} {:>12.1}",
                quantile(&calm, 0.5),
                quantile(&calm, 0.99),
                quantile(&calm, 1.0),
                quantile(&taken, 0.5),
                quantile(&taken, 0.99),
                quantile(&taken, 1.0),
                storm.lasted.as_secs_f64(),
            );
        }
    }
}

/// A line whose log is written by hand, and its last recipient.
struct Storm {
    /// Held, since it runs as long as it is.
    _line: Line,
    log: Writer,
    reader: BaseConsumer,
    lasted: Duration,
}

impl Storm {
    fn new(broker: &Broker, recipients: usize) -> Self {
        let mut line = Line::new(Kind::Comity, broker, recipients);
        line.start(false);
        let reader = line::recipient(broker.plain_config(), line.last_output());
        Self { _line: line, log: Writer::new(broker, "comity.in.storm"), reader, lasted: Duration::ZERO }
    }

    /// The latencies before the storm and in it, each in milliseconds and sorted.
    fn measure(&mut self, expiries: usize, rate: usize) -> [Vec<f64>; 2] {
        // They must all be told of before the first of them falls due.
        let load_s = 20 + i64::try_from(expiries).unwrap() / 2_000;
        let due_ms = now_ms() + load_s * 1_000;
        for number in 0..expiries {
            let expires_at = due_ms + i64::try_from(number % 1_000).unwrap();
            self.log.append(&format!("STORM-{number}"), Some(expires_at));
        }
        self.log.producer.flush(PATIENCE).unwrap();
        self.take(expiries);
        let calm_from_ms = due_ms - i64::try_from(CALM.as_millis()).unwrap();
        assert!(now_ms() < calm_from_ms, "the events took too long to be told of; name fewer");
        sleep(Duration::from_millis(u64::try_from(calm_from_ms - now_ms()).unwrap()));

        let mut sent: Vec<(Instant, bool)> = Vec::new();
        let mut came: Vec<Instant> = Vec::new();
        let began = Instant::now();
        let mut expired = 0;
        while expired < expiries || came.len() < sent.len() {
            let due = began + Duration::from_secs_f64(sent.len() as f64 / rate as f64);
            if due <= Instant::now() && expired < expiries {
                let number = sent.len();
                sent.push((Instant::now(), now_ms() >= due_ms));
                self.log.append(&format!("{LIVE}{number}"), None);
            }
            self.log.producer.poll(Duration::ZERO);
            if let Some(message) = self.reader.poll(Duration::from_millis(1)) {
                if holds(message.unwrap().payload().unwrap(), LIVE.as_bytes()) {
                    came.push(Instant::now());
                } else {
                    expired += 1;
                    self.lasted = Duration::from_millis(u64::try_from(now_ms() - due_ms).unwrap());
                }
            }
            assert!(
                began.elapsed() < PATIENCE,
                "{expired} of {expiries} expired, {} of {} live",
                came.len(),
                sent.len()
            );
        }
        let of = |in_storm: bool| {
            let pairs = sent.iter().zip(&came).filter(|((_, storm), _)| *storm == in_storm);
            let mut taken: Vec<f64> = pairs.map(|((sent, _), came)| (*came - *sent).as_secs_f64() * 1e3).collect();
            taken.sort_by(f64::total_cmp);
            taken
        };
        [of(false), of(true)]
    }

    /// Takes this many alerts.
    fn take(&self, alerts: usize) {
        let mut taken = 0;
        wait_until("every event is told of", PATIENCE, || {
            while let Some(message) = self.reader.poll(Duration::from_millis(1)) {
                message.unwrap();
                taken += 1;
            }
            taken >= alerts
        });
    }
}
