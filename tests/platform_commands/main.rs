//! `comity platform new`, `report` and `compare`, as their users run them, on invented samples with the quirks of real
//! ones; and, where `COMITY_DATA` names the folder of real files, on those.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test ends where its input is not what it must be, and says what it did not read"
)]

mod authoring;
mod breaks;
mod real;
mod report;
mod samples;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A folder for platforms, removed at the end, and the program run on it.
struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file beside the platforms.
    fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    /// Runs the program with its platforms in this folder and no configuration.
    fn run(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_comity"))
            .args(arguments)
            .current_dir(self.folder.path())
            .env("COMITY__PLATFORMS__DIR", self.path("platforms"))
            .env_remove("COMITY_CONFIG")
            .env_remove("CI")
            .env("NO_COLOR", "1")
            .output()
            .unwrap()
    }

    /// The same, which must end well; its standard output.
    fn good(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// The same, which must end with this code; its standard error.
    fn bad(&self, arguments: &[&str], code: i32) -> String {
        let output = self.run(arguments);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {told}");
        told
    }

    /// Proposes a folder from a sample and maps the sample with it; the counts as JSON.
    fn proposed(&self, name: &str, sample: &Path) -> serde_json::Value {
        let sample = sample.to_str().unwrap();
        self.good(&["platform", "new", name, "--from", sample]);
        let counts = self.good(&["map", sample, "--platform", name, "--summary", "--format", "json"]);
        serde_json::from_str(&counts).unwrap()
    }

    fn file(&self, platform: &str, name: &str) -> String {
        fs::read_to_string(self.path("platforms").join(platform).join(name)).unwrap()
    }
}

/// The repository's folder.
fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Copies a folder of files and folders.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}
