//! What the ledger's shell keeps of the time that things took: histograms since the start, and the last values of each
//! kind, from which median, 95th percentile and share within the limit are exact.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Mutex;

use prometheus::core::Collector;
use prometheus::{GaugeVec, HistogramOpts, HistogramVec, Opts, Registry};

use crate::model::code::{Code, Domain};
use crate::model::place::Jurisdiction;
use crate::run::ledger::{Stretch, Timing};

/// Values of each kind that are kept: a federation of a hundred with every domain comes to 30 MB.
const WINDOW: usize = 256;
/// Seconds: from an alert within milliseconds to a case of years.
const BUCKETS: [f64; 16] = [
    0.01,
    0.025,
    0.05,
    0.1,
    0.25,
    1.0,
    10.0,
    60.0,
    3_600.0,
    14_400.0,
    86_400.0,
    172_800.0,
    604_800.0,
    2_592_000.0,
    31_536_000.0,
    94_608_000.0,
];
const LABELS: [&str; 3] = ["stretch", "jurisdiction", "domain"];

type Kind = (Stretch, Jurisdiction, Domain);

/// The stretches of the way from an authority's knowledge to a recipient's action.
#[derive(Debug, Default)]
pub struct Stretches(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    histogram: Option<HistogramVec>,
    last: BTreeMap<Kind, VecDeque<Timing>>,
}

impl Stretches {
    /// Takes what a committed batch tells.
    pub(super) fn take(&self, timings: &[Timing]) {
        if timings.is_empty() {
            return;
        }
        let Ok(mut kept) = self.0.lock() else { return };
        let options = HistogramOpts::new("comity_stretch_seconds", "How long stretches of an alert's way took.");
        if kept.histogram.is_none() {
            kept.histogram = HistogramVec::new(options.buckets(BUCKETS.to_vec()), &LABELS).ok();
        }
        for timing in timings {
            let labels = [timing.stretch.name(), timing.of.as_str(), timing.domain.name()];
            if let Some(histogram) = &kept.histogram {
                histogram.with_label_values(&labels).observe(seconds(timing.took_ms));
            }
            let last = kept.last.entry((timing.stretch, timing.of, timing.domain)).or_default();
            if last.len() >= WINDOW {
                last.pop_front();
            }
            last.push_back(*timing);
        }
    }

    /// Registers what is known.
    ///
    /// # Errors
    /// Prometheus' own, for names that are taken.
    pub fn register(&self, registry: &Registry) -> prometheus::Result<()> {
        let Ok(kept) = self.0.lock() else { return Ok(()) };
        if let Some(histogram) = &kept.histogram {
            registry.register(Box::new(histogram.clone()) as Box<dyn Collector>)?;
        }
        let gauge = |name: &str, help: &str| -> prometheus::Result<GaugeVec> {
            let gauge = GaugeVec::new(Opts::new(name, help), &LABELS)?;
            registry.register(Box::new(gauge.clone()))?;
            Ok(gauge)
        };
        let median = gauge("comity_stretch_median_seconds", "Median of the last 256 values.")?;
        let high = gauge("comity_stretch_p95_seconds", "95th percentile of the last 256 values.")?;
        let in_time = gauge("comity_stretch_in_time_ratio", "Share within the limit of the last 256 values.")?;
        for ((stretch, of, domain), last) in &kept.last {
            let labels = [stretch.name(), of.as_str(), domain.name()];
            let mut took: Vec<i64> = last.iter().map(|timing| timing.took_ms).collect();
            took.sort_unstable();
            median.with_label_values(&labels).set(seconds(percentile(&took, 50)));
            high.with_label_values(&labels).set(seconds(percentile(&took, 95)));
            let limited: Vec<bool> = last.iter().filter_map(|timing| timing.in_time).collect();
            if !limited.is_empty() {
                let within = limited.iter().filter(|within| **within).count();
                in_time.with_label_values(&labels).set(ratio(within, limited.len()));
            }
        }
        Ok(())
    }
}

/// The smallest value that at least so many of a hundred do not exceed (nearest rank); 0 of none.
fn percentile(sorted: &[i64], of_hundred: usize) -> i64 {
    let rank = (sorted.len() * of_hundred).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or_default()
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds of centuries fit the 53 bits of a double")]
fn seconds(millis: i64) -> f64 {
    millis as f64 / 1_000.0
}

#[expect(clippy::cast_precision_loss, reason = "a window holds a few hundred values")]
fn ratio(part: usize, whole: usize) -> f64 {
    part as f64 / whole as f64
}

#[cfg(test)]
mod tests {
    use super::{Stretches, percentile};
    use crate::model::code::Domain;
    use crate::model::place::Jurisdiction;
    use crate::run::ledger::{Stretch, Timing};
    use prometheus::{Encoder, Registry, TextEncoder};

    #[test]
    fn percentiles_are_by_nearest_rank() {
        let values: Vec<i64> = (1..=20).collect();
        assert_eq!((percentile(&values, 50), percentile(&values, 95), percentile(&[], 50)), (10, 19, 0));
        assert_eq!((percentile(&[7], 50), percentile(&[7], 95)), (7, 7));
    }

    #[test]
    fn the_last_values_are_told_exactly_and_older_ones_leave_the_window() {
        let stretches = Stretches::default();
        let of = Jurisdiction::parse("CA-QC").unwrap();
        let timing = |took_ms, in_time| Timing {
            stretch: Stretch::Acknowledged,
            of,
            domain: Domain::FoodSafety,
            took_ms,
            in_time: Some(in_time),
        };
        stretches.take(&[timing(1_000_000, false); 300]);
        stretches.take(&(1..=256).map(|second| timing(second * 1_000, second <= 64)).collect::<Vec<_>>());
        let registry = Registry::new();
        stretches.register(&registry).unwrap();
        let mut text = Vec::new();
        TextEncoder::new().encode(&registry.gather(), &mut text).unwrap();
        let text = String::from_utf8(text).unwrap();
        let labels = "{domain=\"FOOD_SAFETY\",jurisdiction=\"CA-QC\",stretch=\"acknowledged\"}";
        for (name, value) in [("median_seconds", "128"), ("p95_seconds", "244"), ("in_time_ratio", "0.25")] {
            let line = format!("comity_stretch_{name}{labels} {value}");
            assert!(text.lines().any(|known| known == line), "{line} is not in\n{text}");
        }
        assert!(text.contains(&format!("comity_stretch_seconds_count{labels} 556")), "{text}");
    }
}
