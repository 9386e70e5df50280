//! `platform.toml` becomes a definition; every problem on the way is noted, and what is valid is kept so that the
//! mappings can be checked as well.

use std::collections::BTreeMap;
use std::ops::Range;

use super::code;
use super::definition::{Definition, Export, Ids, LocalScheme, Origin, Partitions, Speaks};
use super::nearest;
use super::read_source::{self, Plan};
use super::written::{self, Section, Spanned, Text, Written};
use crate::model::code::{Code, Domain, Kind};
use crate::model::event::{Authority, LegalBasis};
use crate::model::limit;
use crate::model::place::Jurisdiction;
use crate::model::problem::Problem;

/// Legal bases, words of `[rejects]`, tables or schemes of one platform.
const NAMES_MAX: usize = 256;
/// Entries of one table of codes.
const CODES_MAX: usize = 10_000;
/// Partitions of one platform's topic.
const PARTITIONS_MAX: i32 = 100;
/// Letters of a platform's name: with `comity.in.` before it the topic's name stays within Kafka's 249.
pub(super) const NAME_BYTES_MAX: usize = 63;

/// The definition, but for the fields of its sources, and how each source is to be read.
pub(super) fn read(
    name: &str,
    file: &Text,
    tree: &Spanned<Written>,
    problems: &mut Vec<Problem>,
) -> Option<(Definition, Vec<Plan>)> {
    let mut top = Section::new(file, "", tree, problems)?;
    check_name(name, file, problems);
    let title = top.needed_text("title", problems);
    let origin = origin(&mut top, file, problems);
    let ids = ids(&mut top, file, problems);
    let topic = topic(name, &mut top, file, problems);
    let partitions = partitions(&mut top, file, problems);
    let export = export(&mut top, file, problems);
    let language = language(&mut top, file, problems);
    let time_zone = time_zone(&mut top, file, problems);
    let domains = domains(&mut top, file, problems);
    let decisions_are = top.needed_text("decisions_are", problems);
    let names_subjects = top.needed_flag("names_subjects", problems);
    let authority = authority(&mut top, file, problems);
    let legal_bases = legal_bases(&mut top, file, problems);
    let rejects = reasons(&mut top, "rejects", file, problems).into_iter().map(|(word, why, _)| (word, why)).collect();
    let never_sends = never_sends(&mut top, file, problems);
    let schemes = schemes(&mut top, file, problems);
    let codes = codes(&mut top, file, problems);
    let plans = read_source::plans(&mut top, file, problems);
    top.finish(problems);
    let definition = Definition {
        name: name.to_owned(),
        title,
        speaks: Speaks::Events,
        origin,
        ids,
        topic,
        partitions,
        export,
        language,
        time_zone,
        domains,
        legal_bases,
        authority,
        decisions_are,
        names_subjects,
        rejects,
        never_sends,
        codes,
        schemes,
        sources: Vec::new(),
    };
    Some((definition, plans))
}

fn check_name(name: &str, file: &Text, problems: &mut Vec<Problem>) {
    if !super::is_name(name) {
        let why = format!("`{name}` cannot name a platform");
        let help = format!("call the folder with a-z, 0-9 and `-`, at most {NAME_BYTES_MAX} letters");
        problems.push(Problem::new(code::VALUE, file.name.clone(), why, help));
    }
}

/// True for lower-case ASCII letters, digits and the given marks, not empty and not starting with a mark.
pub(crate) fn is_name(text: &str, marks: &str) -> bool {
    let word = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    text.starts_with(word) && text.chars().all(|letter| word(letter) || marks.contains(letter))
}

fn refuse(file: &Text, at: Range<usize>, why: String, help: &str, problems: &mut Vec<Problem>) {
    problems.push(file.problem(code::VALUE, at, why, help));
}

fn origin(top: &mut Section<'_>, file: &Text, problems: &mut Vec<Problem>) -> Origin {
    let Some((text, at)) = top.text("origin", problems) else {
        if top.take("origin").is_none() {
            top.missing("origin", problems);
        }
        return Origin::PerRecord;
    };
    if text == "per-record" {
        return Origin::PerRecord;
    }
    if let Some(jurisdiction) = Jurisdiction::parse(&text) {
        return Origin::Fixed(jurisdiction);
    }
    let help = "write an ISO 3166-1 or 3166-2 code such as `DE` or `CA-ON`, or `per-record`";
    refuse(file, at, format!("`{text}` is no jurisdiction"), help, problems);
    Origin::PerRecord
}

fn ids(top: &mut Section<'_>, file: &Text, problems: &mut Vec<Problem>) -> Ids {
    let Some((text, at)) = top.text("ids", problems) else { return Ids::Native };
    match text.as_str() {
        "native" => Ids::Native,
        "canonical" => Ids::Canonical,
        other => {
            let help = "write `native`, or `canonical` where records give ids with the name of their platform";
            refuse(file, at, format!("`{other}` is no way to name events"), help, problems);
            Ids::Native
        }
    }
}

fn topic(name: &str, top: &mut Section<'_>, file: &Text, problems: &mut Vec<Problem>) -> String {
    let Some((text, at)) = top.text("topic", problems) else { return format!("comity.in.{name}") };
    let legal = |letter: char| letter.is_ascii_alphanumeric() || "._-".contains(letter);
    if text.len() > 249 || !text.chars().all(legal) {
        let help = "Kafka takes letters, digits, `.`, `_` and `-`, at most 249";
        refuse(file, at, format!("`{text}` cannot name a topic"), help, problems);
    }
    text
}

fn partitions(top: &mut Section<'_>, file: &Text, problems: &mut Vec<Problem>) -> Partitions {
    let keyed = top.flag("keyed", problems).unwrap_or(false);
    let Some(written) = top.take("partitions") else {
        return if keyed { Partitions::Keyed(None) } else { Partitions::One };
    };
    let count = if let Written::Integer(count) = written.get_ref() { *count } else { 0 };
    let Some(count) = i32::try_from(count).ok().filter(|count| (1..=PARTITIONS_MAX).contains(count)) else {
        let help = format!("write how many there are, 1 to {PARTITIONS_MAX}");
        refuse(file, written.span(), "`partitions` is no number of partitions".to_owned(), &help, problems);
        return Partitions::One;
    };
    if count > 1 && !keyed {
        let help = "write `keyed = true` if the platform keys each record by its native id, or leave it at one";
        let why = "the order of records is lost between partitions".to_owned();
        refuse(file, written.span(), why, help, problems);
    }
    if keyed { Partitions::Keyed(Some(count)) } else { Partitions::One }
}

fn export(top: &mut Section<'_>, file: &Text, problems: &mut Vec<Problem>) -> Export {
    let Some((text, at)) = top.text("export", problems) else { return Export::Delta };
    match text.as_str() {
        "delta" => Export::Delta,
        "snapshot" => Export::Snapshot,
        other => {
            let help = "write `snapshot` where each file holds everything that stands, or `delta`";
            refuse(file, at, format!("`{other}` is no kind of export"), help, problems);
            Export::Delta
        }
    }
}

fn language(top: &mut Section<'_>, file: &Text, problems: &mut Vec<Problem>) -> String {
    let language = top.needed_text("language", problems);
    let at = top.take("language").map_or(0..0, Spanned::span);
    if !language.is_empty() && !is_language(&language) {
        refuse(
            file,
            at,
            format!("`{language}` is no language tag"),
            "write a BCP 47 tag such as `en` or `fr-CA`",
            problems,
        );
    }
    language
}

/// True for the usual form of a BCP 47 tag: a language of two or three letters, then subtags.
pub(crate) fn is_language(text: &str) -> bool {
    let mut parts = text.split('-');
    let first = parts.next().unwrap_or_default();
    (2..=3).contains(&first.len())
        && first.chars().all(|letter| letter.is_ascii_lowercase())
        && text.len() <= 35
        && parts.all(|part| (2..=8).contains(&part.len()) && part.chars().all(|letter| letter.is_ascii_alphanumeric()))
}

fn time_zone(top: &mut Section<'_>, file: &Text, problems: &mut Vec<Problem>) -> String {
    let name = top.needed_text("time_zone", problems);
    let at = top.take("time_zone").map_or(0..0, Spanned::span);
    if !name.is_empty() && super::zone::find(&name).is_none() {
        let help = "write a name of the IANA time zone database such as `America/Toronto` or `UTC`";
        refuse(file, at, format!("`{name}` is no time zone"), help, problems);
    }
    name
}

fn domains(top: &mut Section<'_>, file: &Text, problems: &mut Vec<Problem>) -> Vec<Domain> {
    let mut domains = Vec::new();
    if top.take("domains").is_none() {
        top.missing("domains", problems);
        return domains;
    }
    let at = top.take("domains").map_or(0..0, Spanned::span);
    let before = problems.len();
    for (text, at) in top.texts("domains", problems) {
        match Domain::parse(&text) {
            Some(domain) if domains.contains(&domain) => {
                refuse(file, at, format!("`{text}` stands twice"), "name each domain once", problems);
            }
            Some(domain) => domains.push(domain),
            None => {
                let names = Domain::ALL.iter().map(|(_, name)| *name);
                let why = format!("`{text}` is no domain of the closed list");
                problems.push(file.problem(code::CLOSED_LIST, at, why, suggestion(&text, names)));
            }
        }
    }
    if domains.is_empty() && problems.len() == before {
        refuse(file, at, "`domains` is empty".to_owned(), "name at least one domain", problems);
    }
    domains
}

/// The help of a closed list: the nearest word, or all of them.
pub(super) fn suggestion<'w>(word: &str, known: impl Iterator<Item = &'w str> + Clone) -> String {
    match nearest::of(word, known.clone()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("it takes one of {}", known.collect::<Vec<_>>().join(", ")),
    }
}

fn authority(top: &mut Section<'_>, file: &Text, problems: &mut Vec<Problem>) -> Authority {
    let none = Authority { id: String::new(), name: String::new() };
    let Some(written) = top.take("authority") else {
        top.missing("authority", problems);
        return none;
    };
    let Some(mut section) = Section::new(file, "authority", written, problems) else { return none };
    let authority = Authority { id: section.needed_text("id", problems), name: section.needed_text("name", problems) };
    section.finish(problems);
    authority
}

fn legal_bases(top: &mut Section<'_>, file: &Text, problems: &mut Vec<Problem>) -> Vec<(String, LegalBasis)> {
    if top.take("legal_bases").is_none() {
        top.missing("legal_bases", problems);
        return Vec::new();
    }
    if top
        .take("legal_bases")
        .is_some_and(|written| matches!(written.get_ref(), Written::Text(of) if of == "per-record"))
    {
        return Vec::new();
    }
    let mut bases = Vec::new();
    for (name, written) in top.named("legal_bases", problems) {
        check_key(name, "-_", file, problems);
        let path = format!("legal_bases.{}", name.get_ref());
        let Some(mut section) = Section::new(file, &path, written, problems) else { continue };
        let scheme = section.needed_text("scheme", problems);
        let value = section.needed_text("value", problems);
        section.finish(problems);
        bases.push((name.get_ref().clone(), LegalBasis { scheme, value }));
    }
    let at = top.take("legal_bases").map_or(0..0, Spanned::span);
    if bases.is_empty() || bases.len() > NAMES_MAX {
        let why = format!("`legal_bases` names {} legal bases", bases.len());
        let help = format!("an event states at least one: name 1 to {NAMES_MAX}");
        refuse(file, at, why, &help, problems);
    }
    bases
}

fn check_key(key: &Spanned<String>, marks: &str, file: &Text, problems: &mut Vec<Problem>) {
    if !is_name(key.get_ref(), marks) || key.get_ref().len() > limit::ID_BYTES_MAX {
        let marks = marks.chars().map(|mark| format!("`{mark}`")).collect::<Vec<_>>().join(", ");
        let help = format!("use a-z, 0-9 and {marks}");
        refuse(file, key.span(), format!("`{}` cannot be a name", key.get_ref()), &help, problems);
    }
}

/// A table of words, each with one line why, and the place of the word.
fn reasons(
    top: &mut Section<'_>,
    key: &'static str,
    file: &Text,
    problems: &mut Vec<Problem>,
) -> Vec<(String, String, Range<usize>)> {
    let mut reasons = Vec::new();
    for (word, written) in top.named(key, problems) {
        if key == "rejects" {
            check_key(word, "_", file, problems);
        }
        let path = format!("{key}.{}", word.get_ref());
        if let Some((why, _)) = written::text(file, &path, written, problems) {
            reasons.push((word.get_ref().clone(), why, word.span()));
        }
    }
    if reasons.len() > NAMES_MAX {
        let at = top.take(key).map_or(0..0, Spanned::span);
        refuse(file, at, format!("`{key}` has {} words", reasons.len()), &format!("at most {NAMES_MAX}"), problems);
    }
    reasons
}

fn never_sends(top: &mut Section<'_>, file: &Text, problems: &mut Vec<Problem>) -> Vec<(Kind, String)> {
    let mut never = Vec::new();
    for (word, why, at) in reasons(top, "never_sends", file, problems) {
        match Kind::parse(&word) {
            Some(Kind::Original) => {
                let why = "a platform that sends no ORIGINAL sends nothing".to_owned();
                problems.push(file.problem(code::CLOSED_LIST, at, why, "take the line out"));
            }
            Some(kind) => never.push((kind, why)),
            None => {
                let names = Kind::ALL.iter().map(|(_, name)| *name);
                let why = format!("`{word}` is no kind of event");
                problems.push(file.problem(code::CLOSED_LIST, at, why, suggestion(&word, names)));
            }
        }
    }
    never
}

fn schemes(top: &mut Section<'_>, file: &Text, problems: &mut Vec<Problem>) -> Vec<LocalScheme> {
    let mut schemes = Vec::new();
    for (name, written) in top.named("schemes", problems) {
        check_key(name, "-", file, problems);
        let path = format!("schemes.{}", name.get_ref());
        let Some(mut section) = Section::new(file, &path, written, problems) else { continue };
        let registers = section.needed_text("registers", problems);
        let persons = section.needed_flag("persons", problems);
        section.finish(problems);
        schemes.push(LocalScheme { name: name.get_ref().clone(), registers, persons });
    }
    schemes
}

fn codes(
    top: &mut Section<'_>,
    file: &Text,
    problems: &mut Vec<Problem>,
) -> BTreeMap<String, BTreeMap<String, String>> {
    let mut tables = BTreeMap::new();
    for (name, written) in top.named("codes", problems) {
        check_key(name, "-_", file, problems);
        let path = format!("codes.{}", name.get_ref());
        let Written::Table(entries) = written.get_ref() else {
            problems.push(written::wrong_type(file, &path, written.span(), "a table"));
            continue;
        };
        let mut table = BTreeMap::new();
        let mut squeezed: BTreeMap<String, &str> = BTreeMap::new();
        for (key, code) in entries {
            let Written::Text(code) = code.get_ref() else {
                problems.push(written::wrong_type(file, &path, code.span(), "a text"));
                continue;
            };
            let same = squeezed.insert(super::text::squeeze(key.get_ref()).into_owned(), code);
            if same.is_some() {
                let why = format!("`{}` stands twice in the table, but for its blanks", key.get_ref());
                refuse(file, key.span(), why, "blanks make no difference: keep one of them", problems);
            }
            table.insert(key.get_ref().clone(), code.clone());
        }
        if table.len() > CODES_MAX {
            let why = format!("`{path}` has {} entries", table.len());
            refuse(file, name.span(), why, &format!("at most {CODES_MAX}"), problems);
        }
        tables.insert(name.get_ref().clone(), table);
    }
    tables
}
