//! The sources besides platforms: what recipients say of alerts, and what authorities and the operator say of
//! identifiers. Their records have one form, compiled in (`schemas/statements/`), and need no mapping.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::definition::{Definition, Origin, Speaks};
use super::{Platform, desk, source_schema, version_of, written};
use crate::model::event::Authority;
use crate::model::place::Jurisdiction;
use crate::model::problem::Problem;

const ACKNOWLEDGEMENT: &str = include_str!("../../schemas/statements/acknowledgement.avsc");
const LINK: &str = include_str!("../../schemas/statements/link.avsc");

/// The only version of their form.
pub const VERSION: &str = "statement-1";
/// What the name of every source of acknowledgements ends with.
const SUFFIX: &str = "-acks";
/// The name of the source of links.
pub const LINKS: &str = "links";

/// `ca-on-acks`.
pub fn acknowledgements_name(jurisdiction: Jurisdiction) -> String {
    format!("{}{SUFFIX}", jurisdiction.as_str().to_ascii_lowercase())
}

/// The sources of acknowledgements of these jurisdictions, in their order, then that of links.
///
/// # Errors
/// Every problem of the compiled-in schemas, which the tests would have found.
pub fn statements(jurisdictions: impl IntoIterator<Item = Jurisdiction>) -> Result<Vec<Platform>, Vec<Problem>> {
    let mut problems = Vec::new();
    // A desk is a valid platform that speaks JSON under a member's name; only what it speaks of is another.
    let Some(model) = desk::desks(Jurisdiction::parse("XX"))?.pop() else { return Ok(Vec::new()) };
    let acknowledgement = form(&model, Speaks::Acknowledgements, ACKNOWLEDGEMENT, &mut problems);
    let link = form(&model, Speaks::Links, LINK, &mut problems);
    if !problems.is_empty() {
        return Err(problems);
    }
    let of = |jurisdiction: Jurisdiction| {
        let name = acknowledgements_name(jurisdiction);
        let title = format!("Acknowledgements of {jurisdiction}");
        let origin = Origin::Fixed(jurisdiction);
        named(&acknowledgement, name, title, format!("comity.acks.{jurisdiction}"), origin)
    };
    let mut all: Vec<Platform> = jurisdictions.into_iter().map(of).collect();
    all.push(named(&link, LINKS.to_owned(), "Links".to_owned(), "comity.links".to_owned(), Origin::PerRecord));
    Ok(all)
}

/// The form of one kind of statement.
fn form(model: &Platform, speaks: Speaks, schema: &str, problems: &mut Vec<Problem>) -> Platform {
    let mut form = model.clone();
    form.mappings.clear();
    form.definition.speaks = speaks;
    let file = written::Text { name: "statements".to_owned(), text: Arc::from(schema) };
    form.digest = Sha256::digest(schema).into();
    form.mapping_version = version_of(&form.digest);
    for source in &mut form.definition.sources {
        source.version = VERSION.to_owned();
        source.fields = source_schema::read(&file, &source.format, &[], problems);
    }
    form
}

fn named(form: &Platform, name: String, title: String, topic: String, origin: Origin) -> Platform {
    let authority = Authority { id: name.clone(), name: title.clone() };
    let definition = Definition { name, title, topic, origin, authority, ..form.definition.clone() };
    Platform { definition, ..form.clone() }
}
