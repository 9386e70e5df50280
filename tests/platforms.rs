//! Every platform's folder as a newcomer finds it: it loads, its examples hold, and they show all that it can say.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends where its input is not what it must be, and says what it did not read"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use comity::intake::handle;
use comity::model::code::Code;
use comity::model::entry::Body;
use comity::model::record::{RawRecord, SourcePosition};
use comity::platform::definition::Source;
use comity::platform::examples::{self, PUBLISHED_AT, check_examples};
use comity::platform::{Platform, load};

type Files = BTreeMap<String, Vec<u8>>;

/// The folders that hold platforms, one each.
const FOLDERS: [&str; 2] = ["schemas/platforms", "schemas/demo"];

/// The path of every platform.
fn platforms() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = FOLDERS.into_iter().map(|folder| root.join(folder)).filter(|folder| folder.exists());
    let entries = folders.flat_map(|folder| fs::read_dir(folder).unwrap()).map(|entry| entry.unwrap().path());
    let mut found: Vec<PathBuf> = entries.filter(|path| path.join("platform.toml").exists()).collect();
    // The desk is compiled in, and no less a platform.
    found.push(root.join("schemas/desk"));
    found.sort();
    assert!(found.len() >= 4, "the platforms are there");
    found
}

fn name(path: &Path) -> &str {
    path.file_name().unwrap().to_str().unwrap()
}

/// A platform's files by relative path.
fn files(path: &Path) -> Files {
    let mut found = Files::new();
    for (folder, prefix) in [(path.to_owned(), ""), (path.join("examples"), "examples/")] {
        for entry in fs::read_dir(&folder).unwrap_or_else(|_| panic!("{} is a folder", folder.display())) {
            let path = entry.unwrap().path();
            if path.is_file() {
                found.insert(format!("{prefix}{}", name(&path)), fs::read(&path).unwrap());
            }
        }
    }
    found
}

fn run(platform: &Platform, record: &[u8], source_version: Option<&str>) -> Body {
    let topic = Arc::from(platform.definition.topic.as_str());
    let at = SourcePosition { topic, partition: 0, from: 0, offset: 0 };
    handle(
        platform,
        &RawRecord { at: &at, value: Some(record), source_version, test: false, published_at: PUBLISHED_AT },
        None,
    )
}

/// What is wrong with the examples of a folder, each on a line.
fn wrong(name: &str, files: &Files) -> Vec<String> {
    let platform = load(name, files).unwrap_or_else(|problems| panic!("{name} does not load: {problems:#?}"));
    let problems = check_examples(&platform, files, |record, version| run(&platform, record, version));
    let problems = problems.err().unwrap_or_default().into_iter();
    problems.map(|problem| format!("{name}/{}: {}", problem.file, problem.why)).collect()
}

#[test]
fn each_folder_loads_and_its_examples_hold() {
    let wrong: Vec<String> = platforms().iter().flat_map(|path| wrong(name(path), &files(path))).collect();
    assert_eq!(wrong, Vec::<String>::new());
}

/// A word that no example gives is one that no record may give any more.
#[test]
fn each_word_of_rejects_and_each_source_version_has_an_example() {
    for path in platforms() {
        let (name, files) = (name(&path), files(&path));
        let platform = load(name, &files).unwrap();
        let last = platform.definition.sources.last().unwrap().version.as_str();
        let (mut words, mut deciding, mut refused) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        for example in examples::read(&files).unwrap() {
            let version = example.source_version.as_deref();
            if let Body::Rejection(rejection) = run(&platform, example.record, version) {
                words.extend(rejection.detail);
                refused.insert(version.unwrap_or(last).to_owned());
            } else {
                deciding.insert(version.unwrap_or(last).to_owned());
            }
        }
        let declared: BTreeSet<String> = platform.definition.rejects.keys().cloned().collect();
        assert_eq!(words, declared, "{name}: the words of [rejects]");
        let (decide, never): (Vec<&Source>, Vec<&Source>) =
            platform.definition.sources.iter().partition(|source| source.decides);
        let sources: BTreeSet<String> = decide.iter().map(|source| source.version.clone()).collect();
        assert_eq!(deciding, sources, "{name}: the source versions that give an event");
        let shown = never.iter().all(|source| refused.contains(&source.version));
        assert!(shown, "{name}: each source version that never decides has an example");
    }
}

/// A kind that is declared never to come, and comes, is a declaration that misleads.
#[test]
fn no_example_is_of_a_kind_that_is_never_sent() {
    for path in platforms() {
        let (name, files) = (name(&path), files(&path));
        let platform = load(name, &files).unwrap();
        for example in examples::read(&files).unwrap() {
            if let Body::Event(event) = run(&platform, example.record, example.source_version.as_deref()) {
                let never = platform.definition.never_sends.iter().any(|(kind, _)| *kind == event.kind);
                assert!(!never, "{name}/{} is a {}", example.file, event.kind.name());
            }
        }
    }
}

/// The check itself: an expectation with one field changed is found, and so is a mapping that says something else.
#[test]
fn a_planted_fault_is_found() {
    for path in platforms() {
        let (name, files) = (name(&path), files(&path));
        let event = files.keys().find(|file| file.ends_with(".event.json")).unwrap().clone();
        let mut planted = files.clone();
        let text = String::from_utf8(planted[&event].clone()).unwrap();
        let other = text.replace("\"scope\": \"FEDERATION\"", "\"scope\": \"ORIGIN\"");
        assert_ne!(other, text, "{name}: the fault is planted");
        planted.insert(event.clone(), other.into_bytes());
        let found = wrong(name, &planted);
        assert!(found.iter().any(|line| line.contains("`scope` should be")), "{name}: {found:?}");

        let mut planted = files;
        for (file, bytes) in planted.iter_mut().filter(|(file, _)| file.ends_with(".vrl")) {
            let text = String::from_utf8(bytes.clone()).unwrap();
            // Where a mapping computes the kind, its legal basis is what only a finding has.
            let anchor = ["\"kind\": \"ORIGINAL\",", "\"legal_basis\":"].into_iter().find(|part| text.contains(part));
            let Some(anchor) = anchor else {
                assert!(!text.contains("\"kind\":"), "{name}/{file} gives an event, and no fault can be planted");
                continue;
            };
            let other = text.replacen(anchor, &format!("\"urgency\": \"EXPECTED\", {anchor}"), 1);
            assert_ne!(other, text, "{name}/{file}: the fault is planted");
            *bytes = other.into_bytes();
        }
        let found = wrong(name, &planted);
        assert!(found.iter().any(|line| line.contains("`urgency` should be")), "{name}: {found:?}");
    }
}
