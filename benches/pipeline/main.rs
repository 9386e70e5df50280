//! Comity on a real Kafka beside a bare librdkafka loop that does the same work without deciding anything:
//! CPU of each stage, events a second, and the time from a platform's record to the recipient's alert.
//!
//! `COMITY_TEST_KAFKA=maven cargo bench --bench pipeline`, or with the address of a broker whose `comity.…` topics may
//! be deleted. Absolute times are those of the machine and of what else it does; the ratios are the result.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    reason = "a benchmark stops where something fails, prints a table and measures by the clock"
)]

mod backfill;
mod bare;
mod by_hand;
mod latency;
mod line;
mod process;
mod recovery;
mod storm;
mod throughput;
mod withdrawal;

#[expect(dead_code, reason = "the stages are measured with more than originals")]
#[path = "../shared/records.rs"]
mod records;
#[path = "../shared/organisations.rs"]
mod organisations;
#[expect(dead_code, reason = "what tests share holds more than a benchmark needs")]
#[path = "../../tests/support/mod.rs"]
mod support;

use clap::{Parser, Subcommand};

/// Comity beside a bare librdkafka loop, on the Kafka that COMITY_TEST_KAFKA names.
#[derive(Debug, Parser)]
struct Arguments {
    /// What to measure; both where nothing is named.
    #[command(subcommand)]
    what: Option<What>,
    /// Recipients of each event.
    #[arg(long, global = true, value_delimiter = ',', default_value = "11,50")]
    recipients: Vec<usize>,
    /// Native records of a throughput run.
    #[arg(long, global = true, default_value_t = 50_000)]
    events: usize,
    /// A million native records.
    #[arg(long, global = true)]
    warm: bool,
    /// Events a second of a latency run.
    #[arg(long, global = true, value_delimiter = ',', default_value = "10,100,1000")]
    rates: Vec<usize>,
    /// Seconds of a latency run.
    #[arg(long, global = true, default_value_t = 12)]
    seconds: usize,
    /// Cargo gives it to every benchmark.
    #[arg(long, global = true, hide = true)]
    bench: bool,
}

#[derive(Debug, Clone, Subcommand)]
enum What {
    /// CPU of each stage and events a second.
    Throughput,
    /// From a platform's record to the recipient's alert.
    Latency,
    /// What many expiries at once delay; only where it is named.
    Storm {
        /// How many.
        #[arg(long, default_value_t = 100_000)]
        expiries: usize,
    },
    /// What a platform that joins delays; only where it is named.
    Backfill {
        /// Its open cases.
        #[arg(long, default_value_t = 20_000)]
        cases: usize,
    },
    /// From a platform's withdrawal to the last recipient's CANCEL; only where it is named.
    Withdrawal,
    /// From the end of the ledger's owner, or of the broker, to the first new alert; only where it is named.
    Recovery {
        /// Organisations in the state, each with an open case.
        #[arg(long, default_value_t = 1_000_000)]
        organisations: usize,
        /// Numbers that the event of each names; of two, what it says of them is in the state too.
        #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=2))]
        numbers: u8,
        /// How often each of them ends.
        #[arg(long, default_value_t = 20)]
        times: usize,
    },
    /// The yardstick itself, as a process of its own.
    #[command(hide = true)]
    Bare(bare::Bare),
}

/// The value below which this part of them lies; not a number where there is none.
fn quantile(sorted: &[f64], part: f64) -> f64 {
    let place = (sorted.len() as f64 * part).ceil() as usize;
    sorted.get(place.clamp(1, sorted.len().max(1)) - 1).copied().unwrap_or(f64::NAN)
}

fn main() {
    let arguments = Arguments::parse();
    if let Some(What::Bare(bare)) = &arguments.what {
        bare::run(bare);
        return;
    }
    if support::broker::needs_real_kafka("set COMITY_TEST_KAFKA=maven, or to the address of a broker") {
        return;
    }
    if let Some(What::Storm { expiries }) = arguments.what {
        storm::run(&arguments.recipients, expiries, &arguments.rates);
        return;
    }
    if let Some(What::Backfill { cases }) = arguments.what {
        backfill::run(&arguments.recipients, cases, &arguments.rates);
        return;
    }
    if let Some(What::Recovery { organisations, numbers, times }) = arguments.what {
        recovery::run(arguments.recipients[0], organisations, numbers == 2, times);
        return;
    }
    if matches!(arguments.what, Some(What::Withdrawal)) {
        withdrawal::run(&arguments.recipients, &arguments.rates, arguments.seconds);
        return;
    }
    let events = if arguments.warm { 1_000_000 } else { arguments.events };
    if !matches!(arguments.what, Some(What::Latency)) {
        throughput::run(&arguments.recipients, events);
    }
    if !matches!(arguments.what, Some(What::Throughput)) {
        latency::run(&arguments.recipients, &arguments.rates, arguments.seconds);
    }
}
