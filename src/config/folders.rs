//! Reads platforms' folders from the disk; what they say is checked by `platform`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::config::Platforms;
use crate::model::problem::Problem;
use crate::platform::{self, Platform};

/// Bytes of one file of a platform's folder.
const FILE_BYTES_MAX: u64 = 4 * 1024 * 1024;
/// Files of one platform's folder.
const FILES_MAX: usize = 1_000;
/// Platforms of one federation.
const PLATFORMS_MAX: usize = 1_000;

/// The files of one platform's folder by relative path, `/` between the parts.
pub type Files = BTreeMap<String, Vec<u8>>;

/// Reads and proves every enabled platform, in the order of their names.
///
/// # Errors
/// Every problem of every folder.
pub fn load(platforms: &Platforms) -> Result<Vec<Platform>, Vec<Problem>> {
    let names = names(platforms)?;
    let mut loaded = Vec::new();
    let mut problems = Vec::new();
    for name in names {
        match load_one(&platforms.dir, &name) {
            Ok((platform, _)) => loaded.push(platform),
            Err(found) => problems.extend(found),
        }
    }
    if problems.is_empty() { Ok(loaded) } else { Err(problems) }
}

/// Reads and proves one platform, and its files.
///
/// # Errors
/// Every problem of its folder, each with the platform's name before its file.
pub fn load_one(dir: &Path, name: &str) -> Result<(Platform, Files), Vec<Problem>> {
    let loaded = files(&dir.join(name)).and_then(|files| Ok((platform::load(name, &files)?, files)));
    loaded.map_err(|found| found.into_iter().map(|problem| of(dir, name, problem)).collect())
}

/// A problem of a platform's folder, with the platform's name before its file.
pub fn of(dir: &Path, name: &str, problem: Problem) -> Problem {
    // A problem of a folder names the file within it; one of the disk names the whole path already.
    let whole = problem.file.starts_with(&dir.display().to_string());
    let file = if whole { problem.file.clone() } else { format!("{name}/{}", problem.file) };
    Problem { file, ..problem }
}

/// The enabled platforms' names, sorted.
///
/// # Errors
/// The folder cannot be read, holds none, or lacks an enabled one.
pub fn names(platforms: &Platforms) -> Result<Vec<String>, Vec<Problem>> {
    let dir = &platforms.dir;
    let help = "set platforms.dir to the folder that holds one folder for each platform";
    let entries = std::fs::read_dir(dir).map_err(|error| {
        vec![Problem::new("CMT-9030", dir.display().to_string(), format!("cannot be read: {error}"), help)]
    })?;
    let mut there: Vec<String> = entries
        .filter_map(Result::ok)
        .filter(|entry| entry.path().join("platform.toml").is_file())
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    there.sort();
    if !platforms.enabled.is_empty() {
        let missing: Vec<Problem> = platforms
            .enabled
            .iter()
            .filter(|name| !there.contains(name))
            .map(|name| {
                let is_empty = dir.join(name).is_dir();
                let lacks = if is_empty { "its folder lacks platform.toml" } else { "it has no such folder" };
                let (why, known) = (format!("has no platform {name:?}: {lacks}"), there.join(" "));
                Problem::new("CMT-9031", dir.display().to_string(), why, format!("there are: {known}"))
            })
            .collect();
        if !missing.is_empty() {
            return Err(missing);
        }
        there.retain(|name| platforms.enabled.contains(name));
    }
    if there.is_empty() || there.len() > PLATFORMS_MAX {
        let why = format!("holds {} platforms; 1 to {PLATFORMS_MAX} are served", there.len());
        return Err(vec![Problem::new("CMT-9032", dir.display().to_string(), why, help)]);
    }
    Ok(there)
}

/// The files of one folder and of the folders in it.
///
/// # Errors
/// The first file that cannot be read or is too large.
pub fn files(folder: &Path) -> Result<Files, Vec<Problem>> {
    let mut files = Files::new();
    let mut open: Vec<PathBuf> = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        let entries = std::fs::read_dir(&next).map_err(|error| unreadable(&next, &error))?;
        for entry in entries {
            let path = entry.map_err(|error| unreadable(&next, &error))?.path();
            if path.is_dir() {
                open.push(path);
                continue;
            }
            let size = path.metadata().map_err(|error| unreadable(&path, &error))?.len();
            if size > FILE_BYTES_MAX || files.len() >= FILES_MAX {
                let why = format!("over {FILE_BYTES_MAX} bytes, or the folder holds over {FILES_MAX} files");
                let help = "a platform's folder holds small files that people read";
                return Err(vec![Problem::new("CMT-9033", path.display().to_string(), why, help)]);
            }
            let content = std::fs::read(&path).map_err(|error| unreadable(&path, &error))?;
            let relative = path.strip_prefix(folder).unwrap_or(&path);
            let parts: Vec<_> = relative.iter().map(|part| part.to_string_lossy()).collect();
            files.insert(parts.join("/"), content);
        }
    }
    Ok(files)
}

fn unreadable(path: &Path, error: &std::io::Error) -> Vec<Problem> {
    let why = format!("cannot be read: {error}");
    vec![Problem::new("CMT-9034", path.display().to_string(), why, "check the path and its rights")]
}
