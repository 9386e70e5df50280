//! `comity platform report`: what a reviewer reads of a platform's folder.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::cli::map::{map_one, outcome};
use crate::cli::{Common, Failure, Output, load};
use crate::config;
use crate::model::code::Code;
use crate::model::entry::Body;
use crate::model::problem::Problem;
use crate::platform::definition::{Definition, Format, Origin};
use crate::platform::lineage::{self, Lineage};
use crate::platform::{self, Platform};
use crate::schema::identifiers;
use crate::telemetry::clock;

/// Events of a sample whose ids are told apart; more are counted without it.
const IDS_MAX: usize = 5_000_000;

/// Report what a reviewer reads of a platform: what each canonical field comes from, and what is left out.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  comity platform report us-nj-labour
  comity platform report us-nj-labour --sample cases.csv     with counts, and whether the native id is one
  comity platform report us-nj-labour --format json
No value of a record and no name of an organisation is printed.")]
pub(super) struct Arguments {
    /// The platform, by the name of its folder.
    name: String,
    /// A file in one of the platform's formats, to be counted.
    #[arg(long, value_name = "FILE")]
    sample: Option<PathBuf>,
    /// The version of the platform's format that it is in, where its header or first record does not tell.
    #[arg(long, value_name = "VERSION", requires = "sample")]
    source_version: Option<String>,
}

pub(super) fn run(common: &Common, arguments: &Arguments, output: &Output) -> Result<(), Failure> {
    let folder = load::platforms_dir(common)?.join(&arguments.name);
    if !folder.join("platform.toml").is_file() {
        let why = "there is no such platform";
        let problem = Problem::new("CMT-9031", folder.display().to_string(), why, "name a folder of platforms.dir");
        return Err(Failure::configuration(vec![problem]));
    }
    let files = config::folders::files(&folder).map_err(Failure::configuration)?;
    let platform = platform::load(&arguments.name, &files).map_err(Failure::configuration)?;
    let lineages = lineage::read(&platform, &files);
    let (counts, broken) = match &arguments.sample {
        None => (None, None),
        Some(path) => count(&platform, arguments.source_version.as_deref(), path)
            .map(|(counts, broken)| (Some(counts), broken))?,
    };
    let mut text = about(&platform);
    for lineage in &lineages {
        text.push_str(&source(&platform.definition, lineage));
    }
    if let Some(counts) = &counts {
        text.push_str(&counts.text());
    }
    let value = as_json(&platform, &lineages, counts.as_ref());
    output.line(text.trim_end(), &value)?;
    broken.map_or(Ok(()), |problem| Err(load::data(problem)))
}

fn about(platform: &Platform) -> String {
    let definition = &platform.definition;
    let mut text = format!("{}: {}\n", definition.name, definition.title);
    let mut line = |what: &str, said: &str| {
        // Writing into a text cannot fail.
        let _ = writeln!(text, "  {what:<12} {said}");
    };
    line("origin", &origin(definition));
    line("texts", &format!("{}, dates in {}", definition.language, definition.time_zone));
    line("decisions", &definition.decisions_are);
    line("authority", &definition.authority.id);
    line("domains", &definition.domains.iter().map(|domain| domain.name()).collect::<Vec<_>>().join(", "));
    for (place, (name, basis)) in definition.legal_bases.iter().enumerate() {
        let default = if place == 0 { ", unless the mapping says another" } else { "" };
        line("legal basis", &format!("{name} = {} {}{default}", basis.scheme, basis.value));
    }
    line("subjects", if definition.names_subjects { "are named" } else { "are never named" });
    for scheme in &definition.schemes {
        line("own scheme", &format!("{}: {} {}", scheme.name, scheme.registers, persons(scheme.persons)));
    }
    for (kind, why) in &definition.never_sends {
        line("never sends", &format!("{}: {why}", kind.name()));
    }
    for (word, why) in &definition.rejects {
        line("rejects", &format!("{word}: {why}"));
    }
    if !platform.undecided.is_empty() {
        line("undecided", &format!("{} questions of the proposal are still open", platform.undecided.len()));
    }
    text
}

fn origin(definition: &Definition) -> String {
    match definition.origin {
        Origin::Fixed(origin) => origin.to_string(),
        Origin::PerRecord => "each record says whose decision it is".to_owned(),
    }
}

fn persons(can_hold: bool) -> &'static str {
    if can_hold { "(persons can hold one: it never suffices alone)" } else { "(no person can hold one)" }
}

fn format_word(format: &Format) -> &'static str {
    match format {
        Format::Json { .. } => "json",
        Format::JsonLines => "jsonl",
        Format::Delimited(_) => "rows",
        Format::Xml { .. } => "xml",
        Format::Avro => "avro",
    }
}

fn listed(words: &BTreeSet<String>) -> String {
    words.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}

fn or_dash(words: &[String]) -> String {
    if words.is_empty() { "-".to_owned() } else { words.join(", ") }
}

/// One source version: its table, then what is left out.
fn source(definition: &Definition, lineage: &Lineage) -> String {
    let format = definition.sources.iter().find(|source| source.version == lineage.version);
    let format = format.map_or("", |source| format_word(&source.format));
    let mut text = format!("\nsource {} ({format}), {}\n", lineage.version, lineage.mapping);
    for (field, origin) in &lineage.fields {
        let mut parts = Vec::new();
        if !origin.reads.is_empty() {
            parts.push(listed(&origin.reads));
        }
        if !origin.tables.is_empty() {
            parts.push(format!("by table {}", listed(&origin.tables)));
        }
        if !origin.constants.is_empty() {
            let constants = origin.constants.iter().map(|constant| constant_of(definition, field, constant));
            parts.push(format!("constant {}", constants.collect::<Vec<_>>().join(" | ")));
        }
        if !origin.when.is_empty() {
            parts.push(format!("depending on {}", listed(&origin.when)));
        }
        let _ = writeln!(text, "  {field:<26} {}", parts.join("; "));
    }
    for (word, when) in &lineage.aborts {
        let when = if when.is_empty() { "always".to_owned() } else { format!("depending on {}", listed(when)) };
        let _ = writeln!(text, "  no decision: {word:<13} {when}");
    }
    for scheme in &lineage.schemes {
        let _ = writeln!(text, "  identifiers: {scheme:<13} {}", scheme_of(definition, scheme));
    }
    let _ = writeln!(text, "  read by nothing            {}", or_dash(&lineage.unread));
    let _ = writeln!(text, "  filled by nothing          {}", or_dash(&unfilled(definition, lineage)));
    text
}

/// A constant, and for a legal basis the law behind its name.
fn constant_of(definition: &Definition, field: &str, constant: &str) -> String {
    let basis = definition.legal_bases.iter().find(|(name, _)| field == "legal_basis" && name == constant);
    match basis {
        Some((_, basis)) => format!("{constant} ({} {})", basis.scheme, basis.value),
        None => format!("{constant:?}"),
    }
}

fn scheme_of(definition: &Definition, name: &str) -> String {
    let own = definition.schemes.iter().find(|scheme| scheme.name == name);
    match (own, identifiers::scheme(name)) {
        (Some(own), _) => format!("{} {}", own.registers, persons(own.persons)),
        (None, Some(known)) => format!("{} {}", known.registers, persons(known.persons)),
        (None, None) => "unknown".to_owned(),
    }
}

/// What nothing fills, without what `platform.toml` says.
fn unfilled(definition: &Definition, lineage: &Lineage) -> Vec<String> {
    let fixed = matches!(definition.origin, Origin::Fixed(_));
    let said = |path: &str| match path {
        "domain" | "legal_basis" | "authority.id" | "authority.name" => true,
        "origin" => fixed,
        _ => path.starts_with("subject.") && !definition.names_subjects,
    };
    lineage.unfilled.iter().filter(|path| !said(path)).cloned().collect()
}

/// What a sample came to.
#[derive(Debug, Default)]
struct Counts {
    file: String,
    source_version: String,
    records: usize,
    outcomes: BTreeMap<String, usize>,
    originals: usize,
    /// The content of each original by the hash of its id.
    ids: HashMap<u64, [u8; 32]>,
    repeated: usize,
    changed: usize,
}

/// Maps a file and counts; the problem is what stopped the reading.
fn count(
    platform: &Platform,
    version: Option<&str>,
    path: &std::path::Path,
) -> Result<(Counts, Option<Problem>), Failure> {
    let file = path.display().to_string();
    let cutter = load::cutter(platform, version, path)?;
    let source_version = cutter.source_version().to_owned();
    let mut counts = Counts { file, source_version, ..Counts::default() };
    for next in cutter {
        let record = match next {
            Ok(record) => record,
            Err(problem) => return Ok((counts, Some(problem))),
        };
        let (version, now) = (counts.source_version.as_str(), clock::wall_ms());
        let body = map_one(platform, &record.bytes, Some(version), counts.records, now, None);
        counts.records += 1;
        *counts.outcomes.entry(outcome(&body)).or_default() += 1;
        let Body::Event(event) = body else { continue };
        if event.kind != crate::model::code::Kind::Original || counts.ids.len() >= IDS_MAX {
            continue;
        }
        counts.originals += 1;
        let id = xxhash_rust::xxh3::xxh3_64(event.event_id.as_bytes());
        let content = event.provenance.content_sha256;
        match counts.ids.insert(id, content) {
            None => {}
            Some(before) if before == content => counts.repeated += 1,
            Some(_) => counts.changed += 1,
        }
    }
    Ok((counts, None))
}

impl Counts {
    fn text(&self) -> String {
        let mut text =
            format!("\nsample {} (source {})\n  {:>8}  records\n", self.file, self.source_version, self.records);
        for (what, count) in &self.outcomes {
            let _ = writeln!(text, "  {count:>8}  {what}");
        }
        let _ = writeln!(
            text,
            "  native id: {} originals with {} different ids; {} repeat one with the same content, {} with another",
            self.originals,
            self.ids.len(),
            self.repeated,
            self.changed,
        );
        text
    }

    fn as_json(&self) -> Value {
        json!({
            "file": self.file, "source_version": self.source_version, "records": self.records,
            "outcomes": self.outcomes, "originals": self.originals, "ids": self.ids.len(),
            "repeated": self.repeated, "changed": self.changed,
        })
    }
}

fn as_json(platform: &Platform, lineages: &[Lineage], counts: Option<&Counts>) -> Value {
    let definition = &platform.definition;
    let bases = definition
        .legal_bases
        .iter()
        .map(|(name, basis)| json!({"name": name, "scheme": basis.scheme, "value": basis.value}));
    let reasons = |list: Vec<(&str, &str)>| -> Value {
        list.into_iter().map(|(word, why)| (word.to_owned(), json!(why))).collect::<serde_json::Map<_, _>>().into()
    };
    let sources: Vec<Value> = lineages.iter().map(|lineage| source_json(definition, lineage)).collect();
    json!({
        "platform": definition.name, "title": definition.title, "origin": origin(definition),
        "language": definition.language, "time_zone": definition.time_zone,
        "decisions_are": definition.decisions_are, "authority": definition.authority.id,
        "domains": definition.domains.iter().map(|domain| domain.name()).collect::<Vec<_>>(),
        "legal_bases": bases.collect::<Vec<_>>(), "names_subjects": definition.names_subjects,
        "never_sends": reasons(definition.never_sends.iter().map(|(kind, why)| (kind.name(), why.as_str())).collect()),
        "rejects": reasons(definition.rejects.iter().map(|(word, why)| (word.as_str(), why.as_str())).collect()),
        "undecided": platform.undecided.len(), "sources": sources, "sample": counts.map(Counts::as_json),
    })
}

fn source_json(definition: &Definition, lineage: &Lineage) -> Value {
    let fields = lineage.fields.iter().map(|(field, origin)| {
        let value = json!({
            "reads": origin.reads, "when": origin.when, "tables": origin.tables,
            "constants": origin.constants.iter().map(|one| constant_of(definition, field, one)).collect::<Vec<_>>(),
        });
        (field.clone(), value)
    });
    let schemes = lineage.schemes.iter().map(|scheme| {
        let own = definition.schemes.iter().find(|own| own.name == *scheme).map(|own| own.persons);
        let persons = own.or_else(|| identifiers::scheme(scheme).map(|known| known.persons));
        json!({"scheme": scheme, "persons": persons})
    });
    let aborts = lineage.aborts.iter().map(|(word, when)| json!({"word": word, "when": when}));
    json!({
        "version": lineage.version, "mapping": lineage.mapping,
        "fields": fields.collect::<serde_json::Map<_, _>>(), "aborts": aborts.collect::<Vec<_>>(),
        "schemes": schemes.collect::<Vec<_>>(), "unread": lineage.unread,
        "unfilled": unfilled(definition, lineage),
    })
}
