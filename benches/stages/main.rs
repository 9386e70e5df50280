//! CPU time of every stage without a broker, by record, entry or alert: `cargo bench --bench stages`.
//!
//! All records are invented. A name after `--` chooses: `cargo bench --bench stages -- ledger/11`.

#![expect(
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    reason = "a benchmark stops where its records are not what it measures; no duration here is near 2^53 ns"
)]

/// As the program does: how much time goes into allocation depends on it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

mod cpu;
mod intake;
mod ledger;
#[path = "../shared/records.rs"]
mod records;

use std::time::Duration;

use criterion::Criterion;

use cpu::CpuTime;

fn main() {
    let mut criterion = Criterion::default()
        .with_measurement(CpuTime)
        .sample_size(50)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .without_plots()
        .configure_from_args();
    intake::steps(&mut criterion);
    ledger::decisions(&mut criterion);
    ledger::batches(&mut criterion);
    criterion.final_summary();
}
