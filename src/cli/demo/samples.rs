//! The sample platforms of the demo, compiled in, so that it needs no file beside the program.

use std::collections::BTreeMap;

use crate::model::problem::Problem;
use crate::platform::{self, Platform};

pub(super) const ONTARIO_FOOD: &str = "ca-on-food";
pub(super) const QUEBEC_LABOUR: &str = "ca-qc-normes";
pub(super) const ALBERTA_ENVIRONMENT: &str = "ca-ab-environment";
pub(super) const BRITISH_COLUMBIA_SAFETY: &str = "ca-bc-safety";

/// The four, in the order in which `load` gives them.
pub(super) const NAMES: [&str; 4] = [ALBERTA_ENVIRONMENT, BRITISH_COLUMBIA_SAFETY, ONTARIO_FOOD, QUEBEC_LABOUR];

/// The source schema of the platform that sends Avro.
pub(super) const SAFETY_ORDER: &str = include_str!("../../../schemas/demo/ca-bc-safety/source.avsc");

/// Canada's provinces and territories, the members of the demo's federation: their ISO 3166-2:CA codes without the
/// country, in English and in French.
pub(super) const PROVINCES: [(&str, &str, &str); 13] = [
    ("AB", "Alberta", "Alberta"),
    ("BC", "British Columbia", "Colombie-Britannique"),
    ("MB", "Manitoba", "Manitoba"),
    ("NB", "New Brunswick", "Nouveau-Brunswick"),
    ("NL", "Newfoundland and Labrador", "Terre-Neuve-et-Labrador"),
    ("NS", "Nova Scotia", "Nouvelle-Écosse"),
    ("NT", "Northwest Territories", "Territoires du Nord-Ouest"),
    ("NU", "Nunavut", "Nunavut"),
    ("ON", "Ontario", "Ontario"),
    ("PE", "Prince Edward Island", "Île-du-Prince-Édouard"),
    ("QC", "Quebec", "Québec"),
    ("SK", "Saskatchewan", "Saskatchewan"),
    ("YT", "Yukon", "Yukon"),
];

/// The members' codes.
pub(super) fn members() -> Vec<String> {
    PROVINCES.iter().map(|(code, ..)| format!("CA-{code}")).collect()
}

/// Names the folder's three files that a platform is loaded from; its examples stay with the tests.
macro_rules! folder {
    ($name:literal) => {
        [
            ("platform.toml", include_bytes!(concat!("../../../schemas/demo/", $name, "/platform.toml")).as_slice()),
            ("source.avsc", include_bytes!(concat!("../../../schemas/demo/", $name, "/source.avsc")).as_slice()),
            ("mapping.vrl", include_bytes!(concat!("../../../schemas/demo/", $name, "/mapping.vrl")).as_slice()),
        ]
    };
}

/// Loads and proves the four.
///
/// # Errors
/// Every problem of every folder, which the tests would have found.
pub(super) fn load() -> Result<Vec<Platform>, Vec<Problem>> {
    let folders = [
        (ALBERTA_ENVIRONMENT, folder!("ca-ab-environment")),
        (BRITISH_COLUMBIA_SAFETY, folder!("ca-bc-safety")),
        (ONTARIO_FOOD, folder!("ca-on-food")),
        (QUEBEC_LABOUR, folder!("ca-qc-normes")),
    ];
    let mut platforms = Vec::new();
    for (name, files) in folders {
        let files: BTreeMap<String, Vec<u8>> =
            files.into_iter().map(|(file, content)| (file.to_owned(), content.to_vec())).collect();
        platforms.push(platform::load(name, &files)?);
    }
    Ok(platforms)
}
