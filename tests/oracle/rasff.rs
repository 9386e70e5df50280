//! Who must be told of each notification of the RASFF list, by a reader of its own.
//!
//! It shares no code with the decoder, the mapping or the router: it splits lines at tabs and lists at commas, and it
//! knows the members of the network by hand. An end-to-end test compares what Comity published with what this says.

use std::collections::{BTreeMap, BTreeSet};

/// Members of the network with their names in the list: EU-27, Iceland, Liechtenstein, Norway, Switzerland, Northern
/// Ireland under both of its names, and the Commission.
pub(crate) const MEMBERS: [(&str, &str); 34] = [
    ("Austria", "AT"),
    ("Belgium", "BE"),
    ("Bulgaria", "BG"),
    ("Croatia", "HR"),
    ("Cyprus", "CY"),
    ("Czech Republic", "CZ"),
    ("Denmark", "DK"),
    ("Estonia", "EE"),
    ("European Commission", "EU"),
    ("Finland", "FI"),
    ("France", "FR"),
    ("Germany", "DE"),
    ("Greece", "GR"),
    ("Hungary", "HU"),
    ("Iceland", "IS"),
    ("Ireland", "IE"),
    ("Italy", "IT"),
    ("Latvia", "LV"),
    ("Liechtenstein", "LI"),
    ("Lithuania", "LT"),
    ("Luxembourg", "LU"),
    ("Malta", "MT"),
    ("Netherlands", "NL"),
    ("Northern Ireland", "GB-NIR"),
    ("Norway", "NO"),
    ("Poland", "PL"),
    ("Portugal", "PT"),
    ("Romania", "RO"),
    ("Slovakia", "SK"),
    ("Slovenia", "SI"),
    ("Spain", "ES"),
    ("Sweden", "SE"),
    ("Switzerland", "CH"),
    ("United Kingdom (Northern Ireland)", "GB-NIR"),
];

/// What must have been published about one notification once the whole list has been read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Expected {
    /// The notifying member.
    pub(crate) origin: String,
    /// The members named for follow-up by its last row, but for the origin.
    pub(crate) follow_up: BTreeSet<String>,
    /// Every other member.
    pub(crate) attention: BTreeSet<String>,
    /// How many different contents its rows have, in the order of the file, a row equal to any before it not counted:
    /// the version of the last alert that every member has.
    pub(crate) versions: usize,
    /// Entries of the last row's follow-up list that are no member: other countries, INFOSAN.
    pub(crate) outside: BTreeSet<String>,
}

/// Reads the list; the first line is its header.
///
/// # Panics
/// Where the list is not what this reader was written for.
pub(crate) fn expected(tsv: &str) -> BTreeMap<String, Expected> {
    let code: BTreeMap<&str, &str> = MEMBERS.into_iter().collect();
    let everybody: BTreeSet<String> = code.values().map(|member| (*member).to_owned()).collect();
    assert_eq!(everybody.len(), 33);
    let mut lines = tsv.split('\n').filter(|line| !line.is_empty());
    let header: Vec<&str> = lines.next().expect("a header").split('\t').collect();
    let column = |name: &str| header.iter().position(|title| *title == name).expect("a known column");
    let (reference, notifier, follow_up) = (column("reference"), column("notifying_country"), column("forFollowUp"));

    let mut contents: BTreeMap<String, BTreeSet<Vec<String>>> = BTreeMap::new();
    let mut told = BTreeMap::new();
    for line in lines {
        let cells: Vec<&str> = line.split('\t').collect();
        assert_eq!(cells.len(), header.len());
        let (year, number) = cells[reference].split_once('.').expect("a reference");
        let key = format!("{year}.{number:0<4}");
        let seen = contents.entry(key.clone()).or_default();
        if !seen.insert(content(&header, &cells)) {
            continue;
        }
        let origin = code[cells[notifier]].to_owned();
        let mut named = BTreeSet::new();
        let mut outside = BTreeSet::new();
        for name in cells[follow_up].split(',').filter(|name| !name.is_empty()) {
            match code.get(name) {
                Some(member) if **member == *origin => {}
                Some(member) => drop(named.insert((*member).to_owned())),
                None => drop(outside.insert(name.to_owned())),
            }
        }
        let attention =
            everybody.iter().filter(|member| **member != origin && !named.contains(*member)).cloned().collect();
        told.insert(key, Expected { origin, follow_up: named, attention, versions: seen.len(), outside });
    }
    told
}

/// What makes a row another revision: all but the export's own columns and those that are not carried, and but for
/// fractions of seconds and blanks, which the exports write differently.
fn content(header: &[&str], cells: &[&str]) -> Vec<String> {
    let told = |title: &str| !matches!(title, "year" | "week" | "operator" | "type");
    let cells = header.iter().zip(cells).filter(|(title, _)| told(title));
    let solid = |cell: &str| cell.split_whitespace().collect::<String>();
    cells.map(|(title, cell)| if *title == "date" { cell[..19].to_owned() } else { solid(cell) }).collect()
}
