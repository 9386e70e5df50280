//! The proposed `platform.toml`: how the file is cut, as it was found, and a question where only its author knows.

use std::fmt::Write as _;

use super::Material;
use super::open::{Questions, comment};
use super::picks::{Picks, Scheme};
use crate::model::code::Code;
use crate::platform::definition::{Delimited, Encoding, Format, Rows};

const FILE: &str = "platform.toml";

/// The text of the definition.
pub(super) fn write(material: &Material<'_>, picks: &Picks<'_>, questions: &mut Questions) -> String {
    let mut text = comment(
        &format!(
            "Proposed by `comity platform new` from {} of a sample. Each number asks something that only you can decide: answer it, take its mark out, and run `comity test {}` until nothing is left.",
            material.count(),
            material.platform
        ),
        "",
    );
    text.push('\n');
    about(material, questions, &mut text);
    laws(material, questions, &mut text);
    examples(questions, &mut text);
    let own = picks.identifiers.iter().find_map(|(leaf, scheme)| match scheme {
        Scheme::Own(name) => Some((name, leaf)),
        Scheme::Known(..) => None,
    });
    if let Some((name, leaf)) = own {
        let question =
            format!("whom does the register behind {} number, and can a natural person have such a number?", leaf.path);
        text.push_str(&questions.comment(FILE, &question));
        let _ = writeln!(
            text,
            "[schemes.{name}]\nregisters = \"Whom the source numbers under this name.\"\npersons = true\n"
        );
    }
    source(material, questions, &mut text);
    text
}

fn about(material: &Material<'_>, questions: &mut Questions, text: &mut String) {
    let home = &material.home;
    let (ask, mark) = questions.value(FILE, "the title: what is published, of which place.");
    let _ = write!(text, "{ask}title = \"{mark}\"\n\n");
    let origin = home.origin.as_ref().map_or("per-record", |origin| origin.as_str()).to_owned();
    let unsure = home.unsure.as_ref().map(|unsure| format!(" {unsure}")).unwrap_or_default();
    let guesses = format!(
        "guessed from the platform's name and the words of the source: whose decisions these are (ISO 3166-1 or 3166-2, or \"per-record\"), the language of the texts, and the time zone in which a date without an offset is meant.{unsure} Are they right?"
    );
    let _ = write!(
        text,
        "{}origin = \"{origin}\"\nlanguage = \"{}\"\ntime_zone = \"{}\"\n\n",
        questions.comment(FILE, &guesses),
        home.language,
        home.time_zone
    );
    let domains: Vec<&str> = crate::model::code::Domain::ALL.iter().map(|(_, name)| *name).collect();
    let question = format!("the domain, guessed from the words of the source. It is one of {}.", domains.join(", "));
    let _ = write!(text, "{}domains = [\"{}\"]\n\n", questions.comment(FILE, &question), home.domain.name());
    let (ask, mark) = questions.value(
        FILE,
        "the line \"decisions are rows where …\": which records state a finding of the authority. An allegation, a claim, a visit without a finding is none.",
    );
    let _ = writeln!(text, "{ask}decisions_are = \"{mark}: decisions are rows where …\"");
    let _ = write!(text, "names_subjects = {}\n\n", material.names_subjects);
    let (ask, mark) = questions.value(FILE, "the authority that decides: a short name of its own, and its name.");
    let _ = write!(text, "{ask}authority = {{ id = \"{}\", name = \"{mark}\" }}\n\n", material.platform);
}

fn laws(_: &Material<'_>, questions: &mut Questions, text: &mut String) {
    let (ask, mark) = questions.value(
        FILE,
        "the legal basis: which law the decisions are made under (the first is the default; more by name, and the mapping chooses). Such as { scheme = \"U.S.C.\", value = \"29 U.S.C. 206\" }.",
    );
    let _ = write!(text, "[legal_bases]\n{ask}act = {{ scheme = \"{mark}\", value = \"{mark}\" }}\n\n");
    let reject = "Words with which the mapping ends a record that is no decision, each with one line why.";
    let _ = write!(
        text,
        "[rejects]\n{}# no_decision = \"Nothing was found, or nobody has decided.\"\n\n",
        comment(reject, "")
    );
}

fn examples(questions: &mut Questions, text: &mut String) {
    let ask = questions.comment(
        FILE,
        "examples: into examples/ put one invented record each of an original, a correction (or a second version of the original), a withdrawal and a closure, and run `comity test --update`; or say here that the source never sends one.",
    );
    let _ = write!(
        text,
        "[never_sends]\n{ask}# SUPPLEMENT = \"…\"\n# CORRECTION = \"…\"\n# WITHDRAWAL = \"…\"\n# CLOSURE = \"…\"\n\n"
    );
}

fn source(material: &Material<'_>, questions: &mut Questions, text: &mut String) {
    for note in &material.notes {
        text.push_str(&questions.comment(FILE, note));
    }
    let (word, keys) = match &material.format {
        Format::Json { records } if records.is_empty() => ("json", String::new()),
        Format::Json { records } => ("json", format!("record = {}\n", quoted(&records.join(".")))),
        Format::JsonLines => ("jsonl", String::new()),
        Format::Delimited(layout) => delimited(layout),
        Format::Xml { record } => ("xml", format!("record = {}\n", quoted(record))),
        Format::Avro => ("avro", String::new()),
    };
    let encoding = match material.encoding {
        Encoding::Utf8 => "",
        Encoding::Windows1252 => "encoding = \"iso-8859-1\"\n",
    };
    let _ = write!(
        text,
        "[[source]]\nversion = \"v1\"\nschema = \"source.avsc\"\nmapping = \"mapping.vrl\"\nformat = \"{word}\"\n{encoding}{keys}"
    );
    if let Some((column, records)) = &material.group {
        let question = format!(
            "neighbouring rows share their value of `{column}`. If they are one decision, use the line below (`.rows` holds them then): the sample is {records} records. If not, the column is their case."
        );
        let _ = writeln!(text, "{}# group = {}", questions.comment(FILE, &question), quoted(column));
    }
}

fn delimited(layout: &Delimited) -> (&'static str, String) {
    let mut keys = String::new();
    if !layout.backslash_escapes && layout.delimiter != b',' {
        let _ = writeln!(keys, "delimiter = {}", quoted(&char::from(layout.delimiter).to_string()));
    }
    if layout.header_line != 1 {
        let _ = writeln!(keys, "header_line = {}", layout.header_line);
    }
    match &layout.rows {
        Rows::Single => {}
        Rows::Group { field } => {
            let _ = writeln!(keys, "group = {}", quoted(field));
        }
        Rows::Continuation { empty } => {
            let columns: Vec<String> = empty.iter().map(|column| quoted(column)).collect();
            let _ = writeln!(keys, "continuation = [{}]", columns.join(", "));
        }
    }
    (if layout.backslash_escapes { "tsv" } else { "csv" }, keys)
}

/// A text as TOML writes it.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            '\t' => quoted.push_str("\\t"),
            letter if letter.is_control() => {
                let _ = write!(quoted, "\\u{:04X}", u32::from(letter));
            }
            letter => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}
