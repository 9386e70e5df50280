//! The desk of a jurisdiction: a platform that every member has, through which it corrects, withdraws or closes any
//! event of its own, since most source systems cannot say so.
//!
//! Its folder is compiled in (`schemas/desk/`) and is the same for all but for the jurisdiction in it.

use std::collections::BTreeMap;

use super::definition::Origin;
use super::{Platform, load};
use crate::model::event::Authority;
use crate::model::place::Jurisdiction;
use crate::model::problem::Problem;

/// The files of its folder, but for its examples.
const FILES: [(&str, &str); 3] = [
    ("platform.toml", include_str!("../../schemas/desk/platform.toml")),
    ("source.avsc", include_str!("../../schemas/desk/source.avsc")),
    ("mapping.vrl", include_str!("../../schemas/desk/mapping.vrl")),
];

/// What every desk's name ends with.
const SUFFIX: &str = "-desk";

/// `ca-on-desk`.
pub fn name(jurisdiction: Jurisdiction) -> String {
    format!("{}{SUFFIX}", jurisdiction.as_str().to_ascii_lowercase())
}

/// Whose desk a platform of this name is.
pub fn jurisdiction(name: &str) -> Option<Jurisdiction> {
    Jurisdiction::parse(&name.strip_suffix(SUFFIX)?.to_ascii_uppercase())
}

/// The desks of these jurisdictions, in their order. The mapping is the same, so it is proved once.
///
/// # Errors
/// Every problem of the folder, which the tests would have found.
pub fn desks(jurisdictions: impl IntoIterator<Item = Jurisdiction>) -> Result<Vec<Platform>, Vec<Problem>> {
    let mut first: Option<Platform> = None;
    let mut desks = Vec::new();
    for of in jurisdictions {
        let mut desk = match &first {
            Some(first) => first.clone(),
            None => first.insert(load("desk", &files())?).clone(),
        };
        let name = name(of);
        desk.definition.title = format!("Desk of {of}");
        desk.definition.origin = Origin::Fixed(of);
        desk.definition.topic = format!("comity.in.{name}");
        desk.definition.authority = Authority { id: name.clone(), name: desk.definition.title.clone() };
        desk.definition.name = name;
        desks.push(desk);
    }
    Ok(desks)
}

/// The folder, for a jurisdiction that stands in for every one.
fn files() -> BTreeMap<String, Vec<u8>> {
    FILES.into_iter().map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec())).collect()
}
