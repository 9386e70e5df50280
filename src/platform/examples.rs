//! A platform's examples: native records, each with the event or the rejection that it must become.
//!
//! `examples/<name>.<extension>` holds the value of one record as it stands in its topic. Beside it stands either
//! `<name>.event.json` or `<name>.rejection.json`. A record of another source version than the default one is called
//! `<name>@<version>.<extension>`. The names are the author's.
//!
//! The expectation is the canonical JSON (`schema::json`) without what differs between two runs: no `provenance`,
//! `source` or `digest`, no `size_bytes` or `payload_bytes`; `reported_at` only where the mapping gives it; of
//! `mapping.vrl:<line>` the file alone. Every other field must be there and equal.
//!
//! Each platform has an example of an original, of a correction (a SUPPLEMENT, a CORRECTION, or two originals with
//! the same `event_id`) and of a withdrawal, or says in `[never_sends]` that it never sends one. A closure needs an
//! example or such a line too. A platform of which no version decides anything has an example of a refusal.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::{Platform, code};
use crate::model::code::{Code, Kind};
use crate::model::entry::Body;
use crate::model::place::Millis;
use crate::model::problem::Problem;
use crate::schema::json;

/// The Kafka timestamp of every example: 2020-09-13T12:26:40Z.
pub const PUBLISHED_AT: Millis = 1_600_000_000_000;
/// Examples of one platform.
const EXAMPLES_MAX: usize = 1_000;

/// One example of a folder.
#[derive(Debug)]
pub struct Example<'f> {
    /// `examples/<name>`, with its version and without extensions.
    pub stem: String,
    /// The path of its native record in the folder.
    pub file: &'f str,
    pub record: &'f [u8],
    /// The source version that its name gives.
    pub source_version: Option<String>,
    /// The path and text of its expectation; `None` where it has none yet.
    pub expected: Option<(&'f str, &'f [u8])>,
}

/// What one example gave.
#[derive(Debug)]
pub struct Outcome {
    /// The path that its expectation has, or must have.
    pub file: String,
    /// The text that the expectation must have: what an update writes.
    pub text: String,
    /// Every field that differs, one line each; empty where all is as expected.
    pub differences: Vec<String>,
}

/// The examples of a folder, in the order of their names.
///
/// # Errors
/// Expectations without a record, several of one record, and too many examples.
pub fn read<'f>(files: &'f BTreeMap<String, Vec<u8>>) -> Result<Vec<Example<'f>>, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut examples: Vec<Example<'f>> = Vec::new();
    let mut expectations: Vec<(String, &'f str, &'f [u8])> = Vec::new();
    for (path, bytes) in files.iter().filter(|(path, _)| path.starts_with("examples/")) {
        let expectation = path.strip_suffix(".event.json").or_else(|| path.strip_suffix(".rejection.json"));
        if let Some(stem) = expectation {
            expectations.push((stem.to_owned(), path, bytes));
            continue;
        }
        let stem = path.rsplit_once('.').map_or(path.as_str(), |(stem, _)| stem).to_owned();
        let source_version = stem.rsplit_once('@').map(|(_, version)| version.to_owned());
        if examples.iter().any(|example| example.stem == stem) {
            let why = format!("two records are called `{stem}`");
            problems.push(Problem::new(code::EXAMPLE_FILE, path, why, "give each example its own name"));
            continue;
        }
        examples.push(Example { stem, file: path, record: bytes, source_version, expected: None });
    }
    for (stem, path, bytes) in expectations {
        let Some(example) = examples.iter_mut().find(|example| example.stem == stem) else {
            let why = format!("no record `{stem}.…` stands beside this expectation");
            problems.push(Problem::new(code::EXAMPLE_FILE, path, why, "write the record, or delete the expectation"));
            continue;
        };
        if example.expected.replace((path, bytes)).is_some() {
            let why = format!("`{stem}` has two expectations");
            problems.push(Problem::new(
                code::EXAMPLE_FILE,
                path,
                why,
                "a record becomes one thing: delete one of them",
            ));
        }
    }
    if examples.len() > EXAMPLES_MAX {
        let why = format!("there are {} examples", examples.len());
        problems.push(Problem::new(code::EXAMPLE_FILE, "examples", why, format!("at most {EXAMPLES_MAX} are taken")));
    }
    if problems.is_empty() { Ok(examples) } else { Err(problems) }
}

/// Runs every example, compares it with its expectation, and checks that each kind of event has one.
///
/// `run` is the whole of intake for one record of a source version, published at `PUBLISHED_AT`.
///
/// # Errors
/// Every example that gives something else than it says, and every kind without one.
pub fn check_examples(
    platform: &Platform,
    files: &BTreeMap<String, Vec<u8>>,
    run: impl Fn(&[u8], Option<&str>) -> Body,
) -> Result<(), Vec<Problem>> {
    let examples = read(files)?;
    let mut problems = Vec::new();
    let mut bodies = Vec::new();
    for example in &examples {
        if let Some(problem) = misnamed(platform, example) {
            problems.push(problem);
            continue;
        }
        let body = run(example.record, example.source_version.as_deref());
        match (outcome(example, &body), example.expected) {
            (Ok(outcome), Some((path, text))) if !outcome.differences.is_empty() => {
                let why = format!("the example gives something else: {}", outcome.differences.join("; "));
                let help = "correct the mapping, or take the new result with `comity test --update`";
                let text: Arc<str> = Arc::from(String::from_utf8_lossy(text).as_ref());
                let end = text.len();
                problems.push(Problem::new(code::EXAMPLE_DIFFERS, path, why, help).at(text, 0, end));
            }
            (Ok(_), Some(_)) => {}
            (Ok(outcome), None) => {
                let why = format!("the example has no expectation `{}`", outcome.file);
                let help = "write it by `comity test --update`, and read what it says";
                problems.push(Problem::new(code::EXAMPLE_FILE, example.file, why, help));
            }
            (Err(problem), _) => problems.push(problem),
        }
        bodies.push(body);
    }
    every_kind(platform, &bodies, &mut problems);
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

/// What is wrong with the source version that an example's name gives: its record would be refused for the name alone.
pub fn misnamed(platform: &Platform, example: &Example<'_>) -> Option<Problem> {
    let sources = &platform.definition.sources;
    let version = example.source_version.as_ref().filter(|name| sources.iter().all(|known| known.version != **name))?;
    let known: Vec<&str> = sources.iter().map(|source| source.version.as_str()).collect();
    let why = format!("the example is of a source version `{version}`, which the platform does not have");
    let help = format!("call it `<name>@<version>`; there are: {}", known.join(" "));
    Some(Problem::new(code::EXAMPLE_FILE, example.file, why, help))
}

/// What a record gave, compared with the example's expectation; without one nothing differs.
///
/// # Errors
/// An expectation that is no JSON.
pub fn outcome(example: &Example<'_>, body: &Body) -> Result<Outcome, Problem> {
    let actual = render(body);
    let ending = if matches!(body, Body::Event(_)) { "event" } else { "rejection" };
    let file = format!("{}.{ending}.json", example.stem);
    let text = format!("{actual:#}\n");
    let Some((path, expected)) = example.expected else {
        return Ok(Outcome { file, text, differences: Vec::new() });
    };
    let expected: Value = serde_json::from_slice(expected).map_err(|error| {
        let why = format!("the expectation is no JSON (line {}, column {})", error.line(), error.column());
        Problem::new(code::EXAMPLE_UNREADABLE, path, why, "write it by `comity test --update`")
    })?;
    let mut differences = Vec::new();
    if path != file {
        differences.push(format!(
            "it is {}, and {path} expects the other",
            if ending == "event" { "an event" } else { "a rejection" }
        ));
    }
    compare("", Some(&expected), Some(&actual), &mut differences);
    Ok(Outcome { file, text, differences })
}

/// The canonical JSON without what differs between two runs.
pub fn render(body: &Body) -> Value {
    let mut value = json::body(body).unwrap_or(Value::Null);
    let Value::Object(fields) = &mut value else { return value };
    for name in ["provenance", "source", "digest", "size_bytes", "payload_bytes"] {
        fields.shift_remove(name);
    }
    let published = match body {
        Body::Event(event) => event.reported_at == PUBLISHED_AT,
        Body::Rejection(_)
        | Body::Acknowledgement(_)
        | Body::Link(_)
        | Body::Rules(_)
        | Body::Missing(_)
        | Body::Tick => true,
    };
    if published {
        fields.shift_remove("reported_at");
    }
    if let Some(Value::String(field)) = fields.get_mut("field")
        && let Some((file, _)) = field.split_once(".vrl:")
    {
        *field = format!("{file}.vrl");
    }
    value
}

/// Notes every field in which two values differ, deepest first known path.
fn compare(path: &str, expected: Option<&Value>, actual: Option<&Value>, differences: &mut Vec<String>) {
    match (expected, actual) {
        (Some(Value::Object(expected)), Some(Value::Object(actual))) => {
            let more = actual.keys().filter(|name| !expected.contains_key(*name));
            for name in expected.keys().chain(more) {
                let inner = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                compare(&inner, expected.get(name), actual.get(name), differences);
            }
        }
        (Some(Value::Array(expected)), Some(Value::Array(actual))) => {
            for index in 0..expected.len().max(actual.len()) {
                compare(&format!("{path}[{index}]"), expected.get(index), actual.get(index), differences);
            }
        }
        (expected, actual) if expected == actual => {}
        (expected, actual) => {
            let shown = |value: Option<&Value>| value.map_or_else(|| "nothing".to_owned(), Value::to_string);
            differences.push(format!("`{path}` should be {} and is {}", shown(expected), shown(actual)));
        }
    }
}

/// Each kind that the platform sends has an example.
fn every_kind(platform: &Platform, bodies: &[Body], problems: &mut Vec<Problem>) {
    if platform.definition.sources.iter().all(|source| !source.decides) {
        // Its mappings can only abort, so that no kind can be shown: that it refuses is.
        if bodies.is_empty() {
            let why = "there is no example";
            let help = "write one record that is no decision into examples/, and run `comity test --update`";
            problems.push(Problem::new(code::EXAMPLE_KIND, "examples", why, help));
        }
        return;
    }
    let events: Vec<_> = bodies
        .iter()
        .filter_map(|body| match body {
            Body::Event(event) => Some(event),
            Body::Rejection(_)
            | Body::Acknowledgement(_)
            | Body::Link(_)
            | Body::Rules(_)
            | Body::Missing(_)
            | Body::Tick => None,
        })
        .collect();
    let shown = |kind: Kind| events.iter().any(|event| event.kind == kind);
    let never = |kind: Kind| platform.definition.never_sends.iter().any(|(never, _)| *never == kind);
    let revised = events.iter().enumerate().any(|(place, event)| {
        let earlier = events.iter().take(place);
        event.kind == Kind::Original && earlier.clone().any(|other| other.event_id == event.event_id)
    });
    // A correction comes as a kind of its own, or as another revision of the original.
    let corrections = [Kind::Supplement, Kind::Correction];
    let corrected = revised || corrections.into_iter().any(shown);
    let unsaid = |kinds: &[Kind]| -> Vec<Kind> { kinds.iter().copied().filter(|kind| !never(*kind)).collect() };
    if !shown(Kind::Original) {
        let help = "write one into examples/".to_owned();
        problems.push(Problem::new(code::EXAMPLE_KIND, "examples", "no example is an ORIGINAL", help));
    }
    if let (false, [first, rest @ ..]) = (corrected, unsaid(&corrections).as_slice()) {
        let why = "no example is a correction: a SUPPLEMENT, a CORRECTION, or another revision of an original";
        let and = rest.iter().map(|kind| format!(" and `{} = \"why\"`", kind.name())).collect::<String>();
        let help = format!("write one into examples/, or `{} = \"why\"`{and} into [never_sends]", first.name());
        problems.push(Problem::new(code::EXAMPLE_KIND, "examples", why, help));
    }
    for kind in unsaid(&[Kind::Withdrawal, Kind::Closure]).into_iter().filter(|kind| !shown(*kind)) {
        let why = format!("no example is a {}", kind.name());
        let help = format!("write one into examples/, or `{} = \"why\"` into [never_sends]", kind.name());
        problems.push(Problem::new(code::EXAMPLE_KIND, "examples", why, help));
    }
}
