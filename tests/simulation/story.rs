//! What happened in a run, line by line; written only where somebody wants to read it. What it met is counted always.

use std::collections::BTreeMap;

#[derive(Debug, Default)]
pub(crate) struct Story {
    pub(crate) lines: Option<Vec<String>>,
    pub(crate) met: Met,
    /// Faults that were injected and met somebody, by their kind.
    pub(crate) faults: Met,
}

/// How often a run met what.
pub(crate) type Met = BTreeMap<String, usize>;

impl Story {
    pub(crate) fn told() -> Self {
        Self { lines: Some(Vec::new()), ..Self::default() }
    }

    pub(crate) fn tell(&mut self, line: impl FnOnce() -> String) {
        if let Some(lines) = &mut self.lines {
            lines.push(line());
        }
    }

    /// Counts a fault that was injected; what comes of it is told where it comes.
    pub(crate) fn fault(&mut self, what: &str) {
        *self.faults.entry(what.to_owned()).or_default() += 1;
    }

    /// Counts what a run is to meet, and tells it.
    pub(crate) fn meet(&mut self, who: &str, what: &str) {
        self.tell(|| format!("{who}: {what}"));
        *self.met.entry(what.to_owned()).or_default() += 1;
    }
}
