//! Every metric of Comity, with its name, in one place. No label holds anything of a record: labels are codes,
//! platforms and outputs, all from closed lists or from the configuration.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use prometheus::{Encoder, IntCounterVec, IntGaugeVec, Opts, Registry, TextEncoder};

use crate::kafka::status::{IntakeStatus, LedgerStatus};
use crate::model::code::Code;

/// What a process can tell; a stage that it does not run is absent.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    pub intake: Option<Arc<IntakeStatus>>,
    pub ledger: Option<Arc<LedgerStatus>>,
}

/// The metrics in Prometheus' text format.
///
/// The stages count in plain atomics, so that counting costs them nothing; here the counts are read.
pub fn render(sources: &Sources) -> String {
    let registry = Registry::new();
    // Names are fixed and unique, so registering them cannot fail; if it did, the answer says so.
    let made = sources
        .intake
        .as_ref()
        .map_or(Ok(()), |status| intake(&registry, status))
        .and_then(|()| sources.ledger.as_ref().map_or(Ok(()), |status| ledger(&registry, status)));
    let mut text = Vec::new();
    let encoded = TextEncoder::new().encode(&registry.gather(), &mut text);
    let mut text = String::from_utf8_lossy(&text).into_owned();
    if made.and(encoded).is_err() {
        let _infallible = writeln!(text, "# metrics are incomplete");
    }
    text
}

fn intake(registry: &Registry, status: &IntakeStatus) -> prometheus::Result<()> {
    let totals = [
        ("comity_intake_records_total", "Source records read.", &status.records),
        ("comity_intake_events_total", "Source records that became events.", &status.events),
        ("comity_intake_delivered_total", "Entries that the log has.", &status.delivered),
        (
            "comity_intake_failed_deliveries_total",
            "Deliveries that failed and were sent again.",
            &status.failed_deliveries,
        ),
        ("comity_intake_producers_total", "Producers made since the start.", &status.producers),
        ("comity_intake_source_gaps_total", "Ranges that a source lost.", &status.source_gaps),
        ("comity_intake_assignments_total", "Assignments by the group.", &status.assignments),
    ];
    for (name, help, value) in totals {
        total(registry, name, help, value)?;
    }
    gauge(registry, "comity_intake_in_flight", "Entries not yet delivered.", read(&status.in_flight))?;
    let rejections =
        counters(registry, "comity_intake_rejections_total", "Records refused by intake.", &["reason", "code"])?;
    for (reason, count) in status.rejections() {
        rejections.with_label_values(&[reason.name(), reason.code()]).inc_by(count);
    }
    let lag =
        IntGaugeVec::new(Opts::new("comity_intake_lag_records", "Source records not yet committed."), &["platform"])?;
    let paused = IntGaugeVec::new(
        Opts::new("comity_intake_platform_paused", "1 while the platform is paused, by the operator or as a runaway."),
        &["platform"],
    )?;
    registry.register(Box::new(lag.clone()))?;
    registry.register(Box::new(paused.clone()))?;
    for (name, platform) in status.platforms() {
        paused.with_label_values(&[name]).set(i64::from(platform.paused.load(Ordering::Relaxed)));
        lag.with_label_values(&[name]).set(platform.lag.load(Ordering::Relaxed));
    }
    Ok(())
}

fn ledger(registry: &Registry, status: &LedgerStatus) -> prometheus::Result<()> {
    let totals = [
        ("comity_ledger_entries_total", "Entries of committed transactions.", &status.entries),
        ("comity_ledger_alerts_total", "Alerts of committed transactions.", &status.alerts),
        (
            "comity_ledger_unclear_commits_total",
            "Commits of which the outcome was unknown for a while.",
            &status.unclear_commits,
        ),
        ("comity_ledger_aborted_total", "Transactions taken back.", &status.aborted),
        ("comity_ledger_clock_steps_total", "Steps of the log's clock over a day.", &status.clock_steps),
    ];
    for (name, help, value) in totals {
        total(registry, name, help, value)?;
    }
    let gauges = [
        ("comity_ledger_owner", "1 while this instance owns the log.", i64::from(status.owner.load(Ordering::Relaxed))),
        (
            "comity_ledger_caught_up",
            "1 while the log is read to its end.",
            i64::from(status.caught_up.load(Ordering::Relaxed)),
        ),
        (
            "comity_ledger_checkpoint_position",
            "Log position of the last Checkpoint.",
            status.checkpoint_position.load(Ordering::Relaxed),
        ),
        ("comity_ledger_transaction", "Number of the last transaction.", status.transaction.load(Ordering::Relaxed)),
        ("comity_ledger_log_time_ms", "The log's clock.", status.log_time.load(Ordering::Relaxed)),
        ("comity_ledger_work_due", "1 while due work is left.", read(&status.work_due)),
        (
            "comity_ledger_source_gaps",
            "Source partitions whose gap lasts a minute of log time.",
            read(&status.source_gaps),
        ),
        (
            "comity_ledger_restored_records",
            "Records of comity.state read by a restore.",
            read(&status.restored_records),
        ),
        (
            "comity_ledger_restore_records_total",
            "Records of comity.state to read.",
            read(&status.restore_records_total),
        ),
    ];
    for (name, help, value) in gauges {
        gauge(registry, name, help, value)?;
    }
    let outcomes = counters(registry, "comity_ledger_outcomes_total", "What became of entries.", &["outcome"])?;
    for (outcome, count) in status.outcomes() {
        outcomes.with_label_values(&[outcome.name()]).inc_by(count);
    }
    status.stretches.register(registry)
}

fn read(value: &AtomicU64) -> i64 {
    i64::try_from(value.load(Ordering::Relaxed)).unwrap_or(i64::MAX)
}

fn total(registry: &Registry, name: &str, help: &str, value: &AtomicU64) -> prometheus::Result<()> {
    let counter = prometheus::IntCounter::new(name, help)?;
    counter.inc_by(value.load(Ordering::Relaxed));
    registry.register(Box::new(counter))
}

fn gauge(registry: &Registry, name: &str, help: &str, value: i64) -> prometheus::Result<()> {
    let gauge = prometheus::IntGauge::new(name, help)?;
    gauge.set(value);
    registry.register(Box::new(gauge))
}

fn counters(registry: &Registry, name: &str, help: &str, labels: &[&str]) -> prometheus::Result<IntCounterVec> {
    let counters = IntCounterVec::new(Opts::new(name, help), labels)?;
    registry.register(Box::new(counters.clone()))?;
    Ok(counters)
}

#[cfg(test)]
mod tests {
    use super::{Sources, render};
    use crate::kafka::status::{IntakeStatus, LedgerStatus};
    use crate::model::rejection::Reason;
    use std::sync::Arc;
    use std::sync::atomic::Ordering;

    #[test]
    fn counts_come_out_under_their_names() {
        let intake = Arc::new(IntakeStatus::new(["ca-on-food"]));
        intake.records.store(7, Ordering::Relaxed);
        intake.count_rejection(Reason::PersonSubject);
        let ledger = Arc::new(LedgerStatus::default());
        ledger.alerts.store(11, Ordering::Relaxed);
        let text = render(&Sources { intake: Some(intake), ledger: Some(ledger) });
        for line in [
            "comity_intake_records_total 7",
            "comity_intake_rejections_total{code=\"CMT-4001\",reason=\"person_subject\"} 1",
            "comity_intake_lag_records{platform=\"ca-on-food\"} 0",
            "comity_intake_platform_paused{platform=\"ca-on-food\"} 0",
            "comity_ledger_alerts_total 11",
            "comity_ledger_outcomes_total{outcome=\"duplicate\"} 0",
        ] {
            assert!(text.lines().any(|known| known == line), "{line} is not in\n{text}");
        }
    }
}
