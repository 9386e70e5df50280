//! Two states of one platform's folder: what of the older one the newer one would no longer read, or read otherwise.
//!
//! Records of the older state may still stand in the topic under the name of their source version, and files in the older
//! form may still come. So what a name stood for must stay readable: a changed format is a new `[[source]]` beside the
//! old one.

use std::collections::BTreeMap;

use super::columns::{self, Difference};
use super::definition::{Definition, Export, Format, Source, SourceField, SourceType};
use super::lineage::{self, Lineage};
use super::{Platform, code};
use crate::model::code::Code;
use crate::model::problem::Problem;
use crate::schema::compat;

/// What a folder's files are called in, and hold.
type Files = BTreeMap<String, Vec<u8>>;

/// What two states differ in.
#[derive(Debug, Default)]
pub struct Comparison {
    /// What breaks: each with the file and, where one is, the version.
    pub breaks: Vec<Problem>,
    /// What changes without breaking, one line each.
    pub notes: Vec<String>,
}

/// Compares two states of one folder, each with its files; the newer one is valid by itself.
pub fn compare(old: (&Platform, &Files), new: (&Platform, &Files)) -> Comparison {
    let mut found = Comparison::default();
    for before in &old.0.definition.sources {
        match new.0.definition.sources.iter().find(|source| source.version == before.version) {
            Some(after) => found.source(before, after),
            None => {
                let why = format!("the source version `{}` is gone: its records are refused", before.version);
                let help = "keep its [[source]], schema and mapping beside the new ones, the newest last";
                found.breaks.push(Problem::new(code::VERSION_GONE, "platform.toml", why, help));
            }
        }
    }
    for after in &new.0.definition.sources {
        if old.0.definition.sources.iter().all(|source| source.version != after.version) {
            found.notes.push(format!("the source version `{}` is new", after.version));
        }
    }
    found.default_version(&old.0.definition, &new.0.definition);
    found.mapping_so_far(old, new);
    found.identity(&lineage::read(old.0, old.1), &lineage::read(new.0, new.1));
    found.definition(&old.0.definition, &new.0.definition);
    if old.0.digest != new.0.digest {
        let (before, after) = (&old.0.mapping_version, &new.0.mapping_version);
        found
            .notes
            .push(format!("the mapping's version goes from {before} to {after}: raise federation.rules_version"));
    }
    found
}

/// The versions of one folder, each with the one before it: what the source has changed over time, one line each.
pub fn history(definition: &Definition) -> Vec<String> {
    let mut lines = Vec::new();
    for pair in definition.sources.windows(2) {
        let [before, after] = pair else { continue };
        let mut found = Comparison::default();
        found.source(before, after);
        let (from, to) = (&before.version, &after.version);
        lines.push(format!("{from} -> {to}, differences: {}", found.breaks.len() + found.notes.len()));
        // What it would break under one name breaks nothing between two.
        let own = format!("source {from}: ");
        let told =
            found.breaks.iter().map(|problem| problem.why.as_str()).chain(found.notes.iter().map(String::as_str));
        let told = told.map(|why| why.strip_prefix(&own).unwrap_or(why));
        lines.extend(told.map(|why| format!("  {}", why.split("; ").next().unwrap_or(why))));
    }
    lines
}

const NEW_VERSION: &str =
    "leave this [[source]] as it was, and add another one with a version, schema and mapping of its own";

impl Comparison {
    /// One source version before and after.
    fn source(&mut self, before: &Source, after: &Source) {
        let version = &before.version;
        let mut refuse = |code: &'static str, why: String| {
            self.breaks.push(Problem::new(code, "source.avsc", format!("source {version}: {why}"), NEW_VERSION));
        };
        if before.decides != after.decides {
            let why = "whether any of its records is a decision is said otherwise".to_owned();
            refuse(code::FORMAT_CHANGED, why);
        }
        if before.encoding != after.encoding || !same_format(&before.format, &after.format) {
            let why = "its format, encoding, delimiter, header, record or grouping is another one".to_owned();
            refuse(code::FORMAT_CHANGED, why);
        }
        if before.joins != after.joins {
            let joins = |source: &Source| {
                let told = source.joins.iter().map(|join| match join.key == join.other_key {
                    true => format!("{} by {:?}", join.file, join.key),
                    false => format!("{} by {:?} and its {:?}", join.file, join.key, join.other_key),
                });
                if source.joins.is_empty() { "no file".to_owned() } else { told.collect::<Vec<_>>().join(", ") }
            };
            let (before, after) = (joins(before), joins(after));
            self.notes.push(format!("source {version}: its rows are joined with {after} instead of {before}"));
        }
        if matches!((&before.format, &after.format), (Format::Avro, Format::Avro)) {
            for (path, why) in compat::can_read(&before.schema_text, &after.schema_text) {
                refuse(code::FIELD_TYPE, format!("{path}: {why}"));
            }
            let parse = |text: &str| apache_avro::Schema::parse_str(text).map(|schema| schema.canonical_form()).ok();
            if parse(&before.schema_text) != parse(&after.schema_text) {
                let why =
                    "the writer's schema is another one; data is read with exactly the one that it was written with";
                refuse(code::FORMAT_CHANGED, why.to_owned());
            }
            return;
        }
        let by_place = matches!(after.format, Format::Delimited(_));
        if by_place {
            self.columns(version, &before.fields, &after.fields);
        }
        self.fields(version, "", &before.fields, &after.fields, by_place);
    }

    /// The columns of rows, which are known by their places and names.
    fn columns(&mut self, version: &str, before: &[SourceField], after: &[SourceField]) {
        let natives = |fields: &[SourceField]| fields.iter().map(|field| field.native.clone()).collect::<Vec<_>>();
        let (old, new) = (natives(before), natives(after));
        let old: Vec<&str> = old.iter().map(String::as_str).collect();
        let new: Vec<&str> = new.iter().map(String::as_str).collect();
        for difference in columns::compare(&old, &new) {
            let code = match &difference {
                Difference::Missing { .. } => code::FIELD_GONE,
                Difference::New { .. } => code::FIELD_NEW,
                Difference::Renamed { .. } => code::FIELD_RENAMED,
                Difference::Moved { .. } => code::FIELD_MOVED,
            };
            let why = format!("source {version}: {}; rows in the form so far are refused", difference.text());
            self.breaks.push(Problem::new(code, "source.avsc", why, NEW_VERSION));
        }
    }

    /// The fields of an object, element or row by the source's names.
    fn fields(&mut self, version: &str, above: &str, before: &[SourceField], after: &[SourceField], by_place: bool) {
        for (place, old) in before.iter().enumerate() {
            let path = format!("{above}{}", old.native);
            // Columns of one name are told apart by their number among those of that name.
            let number = before.iter().take(place).filter(|other| other.native == old.native).count();
            match after.iter().filter(|new| new.native == old.native).nth(number) {
                Some(new) => self.field(version, &path, old, new),
                None if by_place => {}
                None => match after.iter().find(|new| new.name == old.name) {
                    Some(new) => {
                        let why = format!(
                            "source {version}: {path:?} is looked for under {:?}; what the records so far say is passed over",
                            new.native
                        );
                        self.breaks.push(Problem::new(code::FIELD_RENAMED, "source.avsc", why, NEW_VERSION));
                    }
                    None => self.notes.push(format!("source {version}: {path:?} is no longer read")),
                },
            }
        }
        for new in after.iter().filter(|new| before.iter().all(|old| old.native != new.native)) {
            let path = format!("{above}{}", new.native);
            let known = before.iter().any(|old| old.name == new.name);
            if by_place || known {
                continue;
            }
            if new.nullable {
                self.notes.push(format!("source {version}: {path:?} is new, and may be absent"));
            } else {
                let why =
                    format!("source {version}: {path:?} is new and needed; records so far lack it and are refused");
                let help = "make it a union with null, or give the changed format a version of its own";
                self.breaks.push(Problem::new(code::FIELD_NEW, "source.avsc", why, help));
            }
        }
    }

    fn field(&mut self, version: &str, path: &str, old: &SourceField, new: &SourceField) {
        if old.nullable && !new.nullable {
            let why = format!("source {version}: {path:?} could be absent and no longer may; such records are refused");
            self.breaks.push(Problem::new(code::FIELD_TYPE, "source.avsc", why, "keep the union with null"));
        }
        if old.absent != new.absent {
            let list = |field: &SourceField| {
                let texts: Vec<String> = field.absent.iter().map(|text| format!("{text:?}")).collect();
                if texts.is_empty() { "no text".to_owned() } else { texts.join(", ") }
            };
            let (before, after) = (list(old), list(new));
            self.notes.push(format!("source {version}: {path:?} stands for nothing at {after} instead of {before}"));
        }
        if old.name != new.name {
            self.notes.push(format!("source {version}: {path:?} is called `{}` instead of `{}`", new.name, old.name));
        }
        match (&old.of, &new.of) {
            (SourceType::Record(before), SourceType::Record(after)) => {
                self.fields(version, &format!("{path}."), before, after, false);
            }
            (SourceType::Array(before), SourceType::Array(after))
            | (SourceType::Map(before), SourceType::Map(after)) => {
                self.field(version, &format!("{path}[]"), before, after);
            }
            (before, after) if before == after || (before, after) == (&SourceType::Integer, &SourceType::Double) => {}
            (before, after) => {
                let why = format!("source {version}: {path:?} is {} instead of {}", word(after), word(before));
                self.breaks.push(Problem::new(code::FIELD_TYPE, "source.avsc", why, NEW_VERSION));
            }
        }
    }

    /// Records without the header `comity-source` are read as the last version.
    fn default_version(&mut self, old: &Definition, new: &Definition) {
        let last = |definition: &Definition| definition.sources.last().map(|source| source.version.clone());
        if let (Some(before), Some(after)) = (last(old), last(new))
            && before != after
        {
            self.notes.push(format!("records that name no version are read as `{after}` instead of `{before}`"));
        }
    }

    /// The mapping so far against the new schemas: what a changed schema takes away from it.
    fn mapping_so_far(&mut self, old: (&Platform, &Files), new: (&Platform, &Files)) {
        let schema = |name: &&String| name.ends_with(".avsc");
        let changed =
            new.1.keys().filter(schema).any(|name| old.1.get(name).is_some_and(|text| Some(text) != new.1.get(name)));
        if !changed {
            return;
        }
        let mut files = old.1.clone();
        files.extend(new.1.iter().filter(|(name, _)| schema(name)).map(|(name, text)| (name.clone(), text.clone())));
        files.retain(|name, _| !schema(&name) || old.1.contains_key(name));
        for problem in super::load(&old.0.definition.name, &files).err().unwrap_or_default() {
            let why = format!("with the new schema the mapping so far has: {} ({})", problem.why, problem.code);
            let help = "correct the mapping of this version too, and run its examples".to_owned();
            // The newer mapping may have done so already: then this is for the reader only.
            if new.1.get(&problem.file) == old.1.get(&problem.file) {
                self.breaks.push(Problem { code: code::MAPPING_SO_FAR, why, help, ..problem });
            } else {
                self.notes.push(format!("{}: {why}", problem.file));
            }
        }
    }

    /// Ids made of other fields make every event a new one: corrections and withdrawals do not find it.
    fn identity(&mut self, old: &[Lineage], new: &[Lineage]) {
        for before in old {
            let Some(after) = new.iter().find(|lineage| lineage.version == before.version) else { continue };
            for id in ["event_id", "case_id"] {
                let of = |lineage: &Lineage| {
                    lineage
                        .fields
                        .iter()
                        .find(|(field, _)| field == id)
                        .map(|(_, origin)| origin.reads.clone())
                        .unwrap_or_default()
                };
                let (reads, now) = (of(before), of(after));
                if reads != now {
                    let list = |paths: &std::collections::BTreeSet<String>| {
                        paths.iter().cloned().collect::<Vec<_>>().join(", ")
                    };
                    let why = format!(
                        "source {}: `{id}` comes from {} instead of {}: what was told before is not found again",
                        before.version,
                        list(&now),
                        list(&reads)
                    );
                    let help = "keep the ids as they were, or make it another platform";
                    self.breaks.push(Problem::new(code::IDENTITY, after.mapping.clone(), why, help));
                }
            }
        }
    }

    fn definition(&mut self, old: &Definition, new: &Definition) {
        if old.origin != new.origin {
            let why = "the origin is another one: cases of the one before are not found again";
            self.breaks.push(Problem::new(code::IDENTITY, "platform.toml", why, "make it another platform"));
        }
        if old.topic != new.topic {
            self.notes.push(format!("the topic is {} instead of {}", new.topic, old.topic));
        }
        if old.export != new.export {
            let word = |definition: &Definition| match definition.export {
                Export::Delta => "a delta, whose gaps say nothing",
                Export::Snapshot => "a snapshot, and what it lacks is reported",
            };
            self.notes.push(format!("a file is {}, instead of {}", word(new), word(old)));
        }
        if old.domains != new.domains {
            let list = |definition: &Definition| {
                definition.domains.iter().map(|domain| domain.name()).collect::<Vec<_>>().join(", ")
            };
            self.notes.push(format!("the domains are {} instead of {}", list(new), list(old)));
        }
        if old.decisions_are != new.decisions_are {
            self.notes.push("the line `decisions_are` says something else".to_owned());
        }
        for (name, table) in &old.codes {
            let same = new.codes.get(name);
            let gone = table.keys().filter(|value| same.is_none_or(|now| !now.contains_key(*value))).count();
            let other = table
                .iter()
                .filter(|(value, code)| same.and_then(|now| now.get(*value)).is_some_and(|now| now != *code))
                .count();
            let more = same.map_or(0, |now| now.keys().filter(|value| !table.contains_key(*value)).count());
            if gone + other + more > 0 {
                self.notes.push(format!("table {name}: {gone} values gone, {other} with another code, {more} new"));
            }
        }
    }
}

/// The same way of cutting and reading; what stands in the schema is compared apart.
fn same_format(before: &Format, after: &Format) -> bool {
    match (before, after) {
        (Format::Delimited(old), Format::Delimited(new)) => old == new,
        (Format::Json { .. }, Format::Json { .. })
        | (Format::JsonLines, Format::JsonLines)
        | (Format::Xml { .. }, Format::Xml { .. })
        | (Format::Avro, Format::Avro) => before == after,
        _ => false,
    }
}

/// The word for a type.
fn word(of: &SourceType) -> &'static str {
    match of {
        SourceType::Boolean => "a boolean",
        SourceType::Integer => "an integer",
        SourceType::Double => "a double",
        SourceType::Text => "a text",
        SourceType::Bytes => "bytes",
        SourceType::Array(_) => "a list",
        SourceType::Map(_) => "a map",
        SourceType::Record(_) => "a record",
    }
}
