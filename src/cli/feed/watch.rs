//! A folder into which somebody moves files: each is fed once.
//!
//! A file is fed before that is remembered, so that none is lost; where both do not come to pass together it is fed
//! again, which sends no alert twice.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};

use sha2::{Digest, Sha256};

use super::super::{Exit, Failure, Output};
use super::file::{self, Job, Line};
use crate::kafka::feeds::{FedFile, FileState, Memory};
use crate::model::problem::Problem;
use crate::telemetry::clock;

/// Pause between two looks at the folder: a share of another machine reports no changes.
const LOOK_INTERVAL: Duration = Duration::from_millis(500);
/// The longest time without a look at what a signal has asked for.
const PAUSE: Duration = Duration::from_millis(20);
/// Names that are passed over: what is still being written.
const HIDDEN: &str = ".";
const UNFINISHED: [&str; 2] = [".tmp", ".part"];

/// When a file was last changed, and its bytes.
type Stamp = (SystemTime, u64);

/// A folder that is watched.
pub(super) struct Watch<'l> {
    line: &'l Line<'l>,
    folder: &'l Path,
    memory: Memory,
    until_empty: bool,
    retry_failed: bool,
    /// Files that this process has dealt with, as they stood then.
    known: BTreeMap<PathBuf, Stamp>,
    set_aside: u64,
}

impl<'l> Watch<'l> {
    pub(super) fn new(
        line: &'l Line<'l>,
        folder: &'l Path,
        memory: Memory,
        until_empty: bool,
        retry_failed: bool,
    ) -> Self {
        Self { line, folder, memory, until_empty, retry_failed, known: BTreeMap::new(), set_aside: 0 }
    }

    /// Feeds files until it is told to stop, or none is left where that was asked for.
    pub(super) fn run(mut self, output: &Output) -> Result<(), Failure> {
        while !self.stopping() {
            match self.next()? {
                Some((path, stamp)) => self.take(&path, stamp, output)?,
                None if self.until_empty => return self.end(),
                None => self.pause(),
            }
        }
        Ok(())
    }

    fn stopping(&self) -> bool {
        self.line.stopping.load(Ordering::Relaxed)
    }

    fn pause(&self) {
        let until = clock::instant() + LOOK_INTERVAL;
        while clock::instant() < until && !self.stopping() {
            std::thread::sleep(PAUSE);
        }
    }

    fn end(self) -> Result<(), Failure> {
        if self.set_aside == 0 {
            return Ok(());
        }
        let why = format!("{} files were set aside", self.set_aside);
        let help = "mend the platform's folder or the files, then give --retry-failed";
        let folder = self.folder.display().to_string();
        Err(Failure::one(Exit::Data, Problem::new("CMT-9510", folder, why, help)))
    }

    /// The oldest whole file that is not yet dealt with; of several alike the first by name.
    fn next(&self) -> Result<Option<(PathBuf, Stamp)>, Failure> {
        let unreadable = |error: io::Error| {
            let (folder, why) = (self.folder.display().to_string(), format!("cannot be read: {error}"));
            Failure::one(Exit::NoInput, Problem::new("CMT-9502", folder, why, "check the path and its rights"))
        };
        let mut oldest: Option<(Stamp, PathBuf)> = None;
        for entry in fs::read_dir(self.folder).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            // Who has moved it away again has changed his mind.
            let Some(stamp) = whole(&path).filter(|_| !self.is_joined(&path)) else { continue };
            let earlier = oldest.as_ref().is_none_or(|(other, name)| (stamp.0, &path) < (other.0, name));
            if self.known.get(&path) != Some(&stamp) && earlier {
                oldest = Some((stamp, path));
            }
        }
        Ok(oldest.map(|(stamp, path)| (path, stamp)))
    }

    /// True for a file that is read beside another one and never fed itself.
    fn is_joined(&self, path: &Path) -> bool {
        let mut joins = self.line.platform.definition.sources.iter().flat_map(|source| &source.joins);
        joins.any(|join| path.file_name().is_some_and(|name| *name == *join.file))
    }

    /// Feeds one file, and remembers what became of it.
    fn take(&mut self, path: &Path, stamp: Stamp, output: &Output) -> Result<(), Failure> {
        let Ok(digest) = digest(path) else {
            // Nothing can be remembered of a file without its content; the next watch tries it again.
            let problem = Problem::new("CMT-9502", path.display().to_string(), "cannot be read", "check its rights");
            self.tell(Failure::one(Exit::NoInput, problem), output);
            self.known.insert(path.to_owned(), stamp);
            return Ok(());
        };
        let from = match self.memory.file(&digest).map(|file| &file.state) {
            Some(FileState::Done) => None,
            Some(FileState::Failed { .. }) => self.retry_failed.then_some(1),
            Some(FileState::Part { from }) => Some(*from),
            None => Some(1),
        };
        let Some(from) = from else {
            self.known.insert(path.to_owned(), stamp);
            return Ok(());
        };
        let job = Job { file: path, from, limit: None };
        let (state, failure) = match file::feed(self.line, Some(&mut self.memory), &job) {
            Err(failure) if matches!(failure.exit, Exit::Data | Exit::NoInput | Exit::Usage) => {
                (set_aside(&failure), Some(failure))
            }
            Err(failure) => return Err(failure),
            Ok(report) => {
                report.tell(self.line, &job, &format!("{}: ", path.display()), output)?;
                match (&report.fed.unfinished, report.failure) {
                    (Some(unfinished), failure) => {
                        let part = FileState::Part { from: unfinished.from };
                        let noted = self.note(path, &digest, part);
                        // A signal asked for it; anything else is why the watch ends.
                        return if unfinished.failure.is_none() { noted } else { failure.map_or(noted, Err) };
                    }
                    (None, Some(failure)) => (set_aside(&failure), Some(failure)),
                    (None, None) => (FileState::Done, None),
                }
            }
        };
        if whole(path) != Some(stamp) {
            tracing::warn!(file = %path.display(), "it was changed while it was read, and is fed again as it is now");
            return Ok(());
        }
        self.note(path, &digest, state)?;
        self.known.insert(path.to_owned(), stamp);
        if let Some(failure) = failure {
            self.tell(failure, output);
        }
        Ok(())
    }

    fn tell(&mut self, failure: Failure, output: &Output) {
        failure.print(output.format);
        self.set_aside += 1;
    }

    fn note(&mut self, path: &Path, digest: &str, state: FileState) -> Result<(), Failure> {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let file = FedFile { name, at: clock::wall_ms(), state };
        self.memory.note(digest, file).map_err(super::load::stopped)
    }
}

fn set_aside(failure: &Failure) -> FileState {
    let why: Vec<String> = failure.problems.iter().map(|problem| format!("{} {}", problem.code, problem.why)).collect();
    FileState::Failed { why: why.join("; ") }
}

/// How a file stands that is whole; `None` for folders and for what is still being written.
fn whole(path: &Path) -> Option<Stamp> {
    let name = path.file_name()?.to_string_lossy();
    if name.starts_with(HIDDEN) || UNFINISHED.iter().any(|ending| name.ends_with(ending)) {
        return None;
    }
    let metadata = path.metadata().ok().filter(fs::Metadata::is_file)?;
    Some((metadata.modified().ok()?, metadata.len()))
}

/// SHA-256 of a file's name, a zero and its content, in hexadecimal digits.
fn digest(path: &Path) -> io::Result<String> {
    let mut hasher = Sha256::new();
    hasher.update(path.file_name().unwrap_or_default().as_encoded_bytes());
    hasher.update([0]);
    let mut file = File::open(path)?;
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        hasher.update(buffer.get(..read).unwrap_or_default());
    }
    Ok(hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}
