//! A disk of a test's own, which can be full: memory mounted over a folder.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

/// Room for a broker's data.
const BYTES: &str = "3g";

/// One disk, which ends with the value, or with the process that holds it.
pub(crate) struct Disk {
    folder: PathBuf,
    shell: Child,
    input: Option<ChildStdin>,
}

impl Disk {
    /// Mounts one; `None`, with a line that says so, where that is not allowed.
    pub(crate) fn mount(folder: &Path) -> Option<Self> {
        // The shell takes the disk away as soon as nobody holds its standard input any more.
        let mut shell = Command::new("sh")
            .args([
                "-c",
                r#"mount -t tmpfs -o size="$2" tmpfs "$1" || exit 1; echo mounted; read -r _; umount -l "$1""#,
            ])
            .arg("sh")
            .arg(folder)
            .arg(BYTES)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut said = String::new();
        BufReader::new(shell.stdout.take().unwrap()).read_line(&mut said).unwrap();
        let input = shell.stdin.take();
        if said.trim() == "mounted" {
            return Some(Self { folder: folder.to_owned(), shell, input });
        }
        println!("the broker has no disk of its own: this machine allows no mount");
        shell.wait().unwrap();
        None
    }

    /// Takes all its room away, or gives it back.
    pub(crate) fn fill(&self, full: bool) {
        if !full {
            assert!(self.resize(BYTES), "a disk of a test's own is as large as before");
            return;
        }
        // What is written meanwhile needs more than was asked for a moment before.
        let is_full = (0..100).any(|_| self.resize(&self.used()));
        assert!(is_full, "a disk of a test's own is as small as what lies on it");
    }

    /// How much lies on it, in KiB, as `mount` wants it.
    fn used(&self) -> String {
        let output = Command::new("df").args(["--output=used", "-k"]).arg(&self.folder).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        format!("{}k", text.lines().last().unwrap_or_default().trim())
    }

    fn resize(&self, size: &str) -> bool {
        let options = format!("remount,size={size}");
        let mut command = Command::new("mount");
        command.args(["-o", &options]).arg(&self.folder).stderr(Stdio::null());
        command.status().unwrap().success()
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        drop(self.input.take());
        // It has nothing else to do.
        let _ended = self.shell.wait();
    }
}
