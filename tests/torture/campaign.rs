//! A campaign: rounds by their seeds, each noted once it is done, so that one that was stopped goes on where it was; and
//! the row of `docs/proof.md` that it gives.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::round::Round;

/// What is noted where a federation comes to what it must never come to, besides the invariants.
const BROKEN: &str = "broken";
/// Faults of one round, at most.
const ROUND_FAULTS: usize = 60;

/// What is noted of a round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Done {
    pub(crate) commit: String,
    pub(crate) seed: u64,
    pub(crate) faults: usize,
    pub(crate) records: usize,
    pub(crate) seconds: u64,
    pub(crate) kinds: BTreeMap<String, usize>,
    /// What did not hold.
    pub(crate) failed: Vec<String>,
}

impl Done {
    pub(crate) fn of(round: &Round, commit: &str) -> Self {
        Self {
            commit: commit.to_owned(),
            seed: round.seed,
            faults: round.faults(),
            records: round.records,
            seconds: round.seconds,
            kinds: round.kinds.clone(),
            failed: round.failed().into_iter().map(str::to_owned).collect(),
        }
    }

    fn line(&self) -> String {
        let Self { commit, seed, faults, records, seconds, kinds, failed } = self;
        json!({ "commit": commit, "seed": seed, "faults": faults, "records": records, "seconds": seconds,
                "failed": failed, "kinds": kinds })
        .to_string()
    }

    fn read(line: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(line).ok()?;
        let count = |value: &Value| value.as_u64().and_then(|number| usize::try_from(number).ok());
        let kinds = value["kinds"].as_object()?.iter().filter_map(|(kind, times)| Some((kind.clone(), count(times)?)));
        let failed = value["failed"].as_array()?.iter().filter_map(|name| name.as_str().map(str::to_owned));
        Some(Self {
            commit: value["commit"].as_str()?.to_owned(),
            seed: value["seed"].as_u64()?,
            faults: count(&value["faults"])?,
            records: count(&value["records"])?,
            seconds: value["seconds"].as_u64()?,
            kinds: kinds.collect(),
            failed: failed.collect(),
        })
    }
}

/// So many faults in rounds, from the seed on.
pub(crate) fn rounds(faults: usize, first: u64) -> Vec<(u64, usize)> {
    let count = faults.div_ceil(ROUND_FAULTS);
    let of = |round: usize| (round + 1).min(count) * faults / count - round * faults / count;
    (0..count).map(|round| (first + u64::try_from(round).unwrap(), of(round))).collect()
}

/// Where rounds are noted: a line of JSON each. Without a file nothing is, and every round is run.
pub(crate) struct Notes(pub(crate) Option<PathBuf>);

impl Notes {
    pub(crate) fn from_environment() -> Self {
        Self(std::env::var_os("COMITY_CAMPAIGN").map(PathBuf::from))
    }

    /// The rounds of this build that are done.
    pub(crate) fn done(&self, commit: &str) -> Vec<Done> {
        self.all().filter(|done| done.commit == commit).collect()
    }

    /// The commit of the last round that is noted.
    pub(crate) fn last_commit(&self) -> Option<String> {
        self.all().last().map(|done| done.commit)
    }

    fn all(&self) -> impl Iterator<Item = Done> {
        let text = self.0.as_ref().and_then(|path| std::fs::read_to_string(path).ok()).unwrap_or_default();
        text.lines().filter_map(Done::read).collect::<Vec<_>>().into_iter()
    }

    pub(crate) fn note(&self, done: &Done) {
        let Some(path) = &self.0 else { return };
        let mut file = std::fs::File::options().create(true).append(true).open(path).unwrap();
        writeln!(file, "{}", done.line()).unwrap();
    }
}

/// The commit that is tested; one with changes that are not committed is another.
pub(crate) fn commit() -> String {
    let git = |arguments: &[&str]| {
        let output = Command::new("git").current_dir(env!("CARGO_MANIFEST_DIR")).args(arguments).output();
        output
            .ok()
            .filter(|output| output.status.success())
            .map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let Some(head) = git(&["rev-parse", "--short=10", "HEAD"]) else { return "unknown".to_owned() };
    // What is written about a campaign changes nothing of it.
    let changes =
        git(&["status", "--porcelain", "--untracked-files=no", "--", "src", "tests", "schemas", "Cargo.lock"]);
    let is_clean = changes.is_some_and(|changes| changes.trim().is_empty());
    format!("{}{}", head.trim(), if is_clean { "" } else { "+" })
}

/// The row of a campaign.
pub(crate) fn row(done: &[Done]) -> String {
    let sum = |of: fn(&Done) -> usize| done.iter().map(of).sum::<usize>();
    let (faults, records) = (sum(|done| done.faults), sum(|done| done.records));
    let seeds: Vec<u64> = done.iter().map(|done| done.seed).collect();
    let seeds = match (seeds.iter().min(), seeds.iter().max()) {
        (Some(first), Some(last)) if first != last => format!("{first}–{last}"),
        (Some(only), _) => only.to_string(),
        _ => String::new(),
    };
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for (kind, times) in done.iter().flat_map(|done| &done.kinds) {
        *kinds.entry(kind).or_default() += times;
    }
    let kinds = kinds.iter().fold(String::new(), |mut text, (kind, times)| {
        let separator = if text.is_empty() { "" } else { ", " };
        // Writing to a text cannot fail.
        let _written = write!(text, "{separator}{kind} {times}");
        text
    });
    let of_seeds = |is_told: fn(&str) -> bool| {
        let failed = |done: &Done| {
            done.failed.iter().map(String::as_str).filter(|name| is_told(name)).collect::<Vec<_>>().join(" ")
        };
        let seeds = done.iter().map(|done| (done.seed, failed(done))).filter(|(_, failed)| !failed.is_empty());
        seeds.map(|(seed, failed)| format!("seed {seed}: {failed}")).collect::<Vec<_>>().join("; ")
    };
    let (bad, broken) = (of_seeds(|name| name != BROKEN), of_seeds(|name| name == BROKEN));
    let mut verdict = if bad.is_empty() { "I1–I10 PASS".to_owned() } else { format!("FAIL: {bad}") };
    if !broken.is_empty() {
        verdict = format!("{verdict}; {broken}");
    }
    let bound = if bad.is_empty() { bound(faults) } else { "none".to_owned() };
    let commit = done.first().map_or("", |done| done.commit.as_str());
    format!("| `{commit}` | {seeds} | {} | {faults} | {records} | {verdict} | {bound} | {kinds} |", done.len())
}

/// What no failure among so many faults says of the share that fails, at 95 % (the rule of three).
fn bound(faults: usize) -> String {
    let Some(thousandths) = 3_000_usize.checked_mul(100).and_then(|bound| bound.checked_div(faults)) else {
        return "none".to_owned();
    };
    format!("< {}.{:03} %", thousandths / 1_000, thousandths % 1_000)
}

/// Appends a row to the table that ends the file.
pub(crate) fn append(path: &Path, row: &str) {
    let text = std::fs::read_to_string(path).unwrap();
    std::fs::write(path, format!("{}\n{row}\n", text.trim_end())).unwrap();
}

#[test]
fn a_campaign_goes_on_where_it_stopped_and_gives_one_row() {
    let folder = tempfile::tempdir().unwrap();
    let notes = Notes(Some(folder.path().join("campaign")));
    let round = |commit: &str, seed, failed: &[&str]| Done {
        commit: commit.to_owned(),
        seed,
        faults: 60,
        records: 5_000,
        seconds: 400,
        kinds: BTreeMap::from([("KillOwner".to_owned(), 50), ("DieAt(produce)".to_owned(), 10)]),
        failed: failed.iter().map(|name| (*name).to_owned()).collect(),
    };
    let (first, second, other) = (round("a", 7, &[]), round("a", 8, &[]), round("b", 9, &["broken", "I2", "I6"]));
    [&first, &other, &second].iter().for_each(|done| notes.note(done));
    assert_eq!(notes.done("a"), [first.clone(), second.clone()]);
    assert_eq!(notes.last_commit().as_deref(), Some("a"));
    assert_eq!(
        row(&notes.done("a")),
        "| `a` | 7–8 | 2 | 120 | 10000 | I1–I10 PASS | < 2.500 % | DieAt(produce) 20, KillOwner 100 |"
    );
    let failed = row(&notes.done("b"));
    assert!(
        failed.contains("| 9 | 1 | 60 |") && failed.contains("| FAIL: seed 9: I2 I6; seed 9: broken | none |"),
        "{failed}"
    );
    let stood_still = row(&[round("a", 7, &[]), round("a", 8, &["broken"])]);
    assert!(stood_still.contains("| I1–I10 PASS; seed 8: broken | < 2.500 % |"), "{stood_still}");

    let file = folder.path().join("proof.md");
    std::fs::write(&file, "| head |\n|---|\n\n").unwrap();
    append(&file, "| row |");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "| head |\n|---|\n| row |\n");
}

#[test]
fn faults_are_dealt_out_to_rounds_of_equal_size() {
    assert_eq!(rounds(60, 1), [(1, 60)]);
    assert_eq!(rounds(16, 5), [(5, 16)]);
    assert_eq!(rounds(100, 5), [(5, 50), (6, 50)]);
    let large = rounds(3_000, 1);
    assert_eq!((large.len(), large.iter().map(|(_, faults)| faults).sum::<usize>()), (50, 3_000));
}
