//! Invented native records of the sample platform `ca-on-food`, as many as one wants, each a notice of its own.

use std::collections::BTreeMap;
use std::path::Path;

use comity::config::folders;
use comity::platform::{Platform, load};

/// The sample platform whose records these are; it is of Ontario, so the others are told.
pub(crate) const FOLDER: &str = "schemas/demo/ca-on-food";
/// Notices about one organisation.
const NOTICES_OF_ONE: usize = 4;

/// What a record says of its notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    Issued,
    Amended,
    Rescinded,
}

/// A platform's folder, read and proved, with its files.
pub(crate) fn platform(folder: &str) -> (Platform, BTreeMap<String, Vec<u8>>) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let files = folders::files(&path).unwrap();
    let name = path.file_name().unwrap().to_str().unwrap().to_owned();
    (load(&name, &files).unwrap(), files)
}

/// The record of one notice: some 800 bytes, with an organisation, a product, and two jurisdictions to follow up.
pub(crate) fn native(notice: usize, turn: Turn) -> Vec<u8> {
    let organisation = notice / NOTICES_OF_ONE;
    let head =
        format!(r#"{{"notice":"FI-2026-{notice:07}","inspectionCase":"IN-{notice:07}","issuedOn":"2026-03-02","#);
    let rest = match turn {
        Turn::Rescinded => {
            r#""revision":3,"status":"RESCINDED","rescinded":{"why":"laboratory error","decision":"R/1"}}"#.to_owned()
        }
        Turn::Issued | Turn::Amended => {
            let (revision, status) = if turn == Turn::Issued { (1, "ISSUED") } else { (2, "AMENDED") };
            format!(
                r#""revision":{revision},"status":"{status}","act":"HPPA",
"contravention":"Listeria monocytogenes in ready-to-eat hummus",
"details":"Three of five samples of one lot were positive. The lot is to be taken off the shelves.",
"risk":"HIGH","action":"Recall","penalty":null,
"operator":{{"legalName":"Boreal Lantern Foods {organisation} Inc.","businessNumber":"{}",
"federalCorporationNumber":"{organisation:06}-4","town":"Ottawa"}},
"products":[{{"name":"Hummus, 227 g","brand":"Boreal Lantern","lot":"L26049","gtin":"00099900000017"}}],
"followUp":["Quebec","Manitoba"],"soldIn":["Ontario","Quebec","Manitoba"],"validUntil":null,"rescinded":null}}"#,
                business_number(organisation)
            )
        }
    };
    (head + &rest).into_bytes()
}

/// A business number whose check digit holds (the Luhn algorithm, ISO/IEC 7812-1), in the range that none is given from.
fn business_number(organisation: usize) -> String {
    let digits = format!("{organisation:08}");
    let doubled = |(place, digit): (usize, u32)| if place % 2 == 1 { digit * 2 / 10 + digit * 2 % 10 } else { digit };
    let sum: u32 = digits.chars().filter_map(|digit| digit.to_digit(10)).enumerate().map(doubled).sum();
    format!("{digits}{}RC0001", (10 - sum % 10) % 10)
}

/// The members of a federation with this many recipients of what Ontario says: the first is Ontario itself.
pub(crate) fn members(recipients: usize) -> Vec<&'static str> {
    assert!(recipients < MEMBERS.len(), "at most {} recipients", MEMBERS.len() - 1);
    MEMBERS.iter().copied().take(recipients + 1).collect()
}

const MEMBERS: &[&str] = &[
    "CA-ON", "CA-QC", "CA-MB", "CA-AB", "CA-BC", "CA-NB", "CA-NL", "CA-NS", "CA-PE", "CA-SK", "CA-YT", "CA-NT",
    "CA-NU", "US-AL", "US-AK", "US-AZ", "US-AR", "US-CA", "US-CO", "US-CT", "US-DE", "US-FL", "US-GA", "US-HI",
    "US-ID", "US-IL", "US-IN", "US-IA", "US-KS", "US-KY", "US-LA", "US-ME", "US-MD", "US-MA", "US-MI", "US-MN",
    "US-MS", "US-MO", "US-MT", "US-NE", "US-NV", "US-NH", "US-NJ", "US-NM", "US-NY", "US-NC", "US-ND", "US-OH",
    "US-OK", "US-OR", "US-PA",
];
