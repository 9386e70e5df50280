//! What a platform that joins delays: live events while its open cases come in at the rate that the operator allows.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use comity::schema::view;
use rdkafka::message::Message;

use crate::line::{Kind, Line, recipient};
use crate::quantile;
use crate::records::Turn;
use crate::support::broker::Broker;

const PATIENCE: Duration = Duration::from_secs(300);
const CALM: Duration = Duration::from_secs(10);
/// Live notices have other numbers than those of the backfill.
const LIVE_FROM: usize = 1_000_000;

pub(crate) fn run(members: &[usize], cases: usize, rates: &[usize]) {
    println!("\nms from a live record to the last recipient's alert, before and while {cases} open cases come in");
    println!(
        "{:>10} {:>8} {:>9} {:>9} {:>9} {:>11} {:>9} {:>9} {:>11}",
        "recipients", "events/s", "calm p50", "p99", "max", "joining p50", "p99", "max", "joining s"
    );
    for members in members {
        for rate in rates {
            let broker = Broker::for_test();
            let ([mut calm, mut joining], lasted) = measure(&broker, *members, *rate, cases);
            calm.sort_by(f64::total_cmp);
            joining.sort_by(f64::total_cmp);
            println!(
                "{members:>10} {rate:>8} {:>9.1} {:>9.1} {:>9.1} {:>11.1} {:>9.1} {:>9.1} {:>11.1}",
                quantile(&calm, 0.5),
                quantile(&calm, 0.99),
                quantile(&calm, 1.0),
                quantile(&joining, 0.5),
                quantile(&joining, 0.99),
                quantile(&joining, 1.0),
                lasted.as_secs_f64(),
            );
        }
    }
}

/// The times of live events before and during the backfill, in milliseconds, and how long it lasted.
fn measure(broker: &Broker, members: usize, rate: usize, cases: usize) -> ([Vec<f64>; 2], Duration) {
    let mut line = Line::new(Kind::Comity, broker, members);
    line.start(false);
    // One event goes through first: whoever starts has nothing to do with what a backfill delays.
    line.send();
    line.finish();
    let reader = recipient(broker.plain_config(), line.last_output());
    let mut sent: BTreeMap<String, (Instant, bool)> = BTreeMap::new();
    let mut times = [Vec::new(), Vec::new()];
    // That event is the first that the reader meets.
    let cases = cases + 1;
    let (mut joined, mut joining_since, mut lasted) = (0, None, Duration::ZERO);
    let (began, mut live) = (Instant::now(), 0);
    while joined < cases || !sent.is_empty() {
        if began.elapsed() > CALM && joining_since.is_none() {
            joining_since = Some(Instant::now());
            line.join(cases - 1);
        }
        if began + Duration::from_secs_f64(live as f64 / rate as f64) <= Instant::now() && joined < cases {
            let notice = LIVE_FROM + live;
            sent.insert(format!("ca-on-food/FI-2026-{notice:07}"), (Instant::now(), joining_since.is_some()));
            line.send_again(notice, Turn::Issued);
            live += 1;
        }
        if let Some(message) = reader.poll(Duration::from_millis(1)) {
            let came = Instant::now();
            let alert = view::alert(message.unwrap().payload().unwrap()).unwrap();
            match sent.remove(&alert.event_id) {
                Some((sent, joining)) => times[usize::from(joining)].push((came - sent).as_secs_f64() * 1e3),
                None => {
                    joined += 1;
                    lasted = joining_since.map_or(lasted, |since: Instant| since.elapsed());
                }
            }
        }
        assert!(began.elapsed() < PATIENCE, "{joined} of {cases} have joined, {} live events are open", sent.len());
    }
    (times, lasted)
}
