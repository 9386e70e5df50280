//! The oracle that says who must be told of each RASFF notification, held against numbers that were counted apart.

#[path = "oracle/rasff.rs"]
mod rasff;

use std::collections::BTreeSet;
use std::path::Path;

use rasff::Expected;

/// A small invented list with the quirks of the real one.
const LIST: &str = "reference\tcategory\tdate\tnotifying_country\tdistribution\tforFollowUp\toperator\thazards\tweek\n\
    2019.12\tfish\t2019-02-14 10:11:12.000000\tItaly\tMalta\tItaly,Malta,Japan,INFOSAN,Northern Ireland,\
    United Kingdom (Northern Ireland),United Kingdom\tNorway\tlead  \t7\n\
    2019.12\tfish\t2019-02-14 10:11:12\tItaly\tMalta\tItaly,Malta,Japan,INFOSAN,Northern Ireland,\
    United Kingdom (Northern Ireland),United Kingdom\tItaly\tlead\t8\n\
    2019.1200\tfish\t2019-02-14 10:11:12\tItaly\tBonaire, Sint Eustatius and Saba\tGreece\tItaly\tlead\t8\n\
    2019.5\tnuts\t2019-02-15 00:00:00\tEuropean Commission\t\t\t\t\t8\n";

fn members(codes: &[&str]) -> BTreeSet<String> {
    codes.iter().map(|code| (*code).to_owned()).collect()
}

#[test]
fn the_last_different_row_says_who_follows_up() {
    let told = rasff::expected(LIST);
    assert_eq!(told.keys().collect::<Vec<_>>(), ["2019.1200", "2019.5000"]);
    let Expected { origin, follow_up, attention, versions, outside } = &told["2019.1200"];
    assert_eq!((origin.as_str(), *versions), ("IT", 2));
    assert_eq!(*follow_up, members(&["GR"]));
    assert!(outside.is_empty());
    assert_eq!(attention.len(), 31);
    assert!(!attention.contains("IT") && !attention.contains("GR") && attention.contains("EU"));
    let silent = &told["2019.5000"];
    assert_eq!((silent.origin.as_str(), silent.follow_up.len(), silent.attention.len()), ("EU", 0, 32));
}

#[test]
fn neither_the_notifier_nor_a_country_outside_follows_up() {
    let first: String = LIST.split_inclusive('\n').take(2).collect();
    let told = &rasff::expected(&first)["2019.1200"];
    assert_eq!(told.follow_up, members(&["GB-NIR", "MT"]));
    assert_eq!(told.outside, members(&["INFOSAN", "Japan", "United Kingdom"]));
}

/// Counted in the list with a script of another language, which shares no code with this reader.
#[test]
fn the_real_list_has_the_numbers_that_were_counted_apart() {
    let Ok(folder) = std::env::var("COMITY_DATA") else {
        println!("COMITY_DATA is not set: only the invented list was read");
        return;
    };
    let path = Path::new(&folder).join("eu-rasff/rasff-notifications-2024-2025.tsv");
    let told = rasff::expected(&std::fs::read_to_string(path).expect("the list"));
    let sum = |count: fn(&Expected) -> usize| told.values().map(count).sum::<usize>();
    assert_eq!(told.len(), 5_617);
    assert_eq!(told.values().filter(|one| one.versions == 2).count(), 11);
    assert_eq!(sum(|one| one.versions), 5_628);
    assert_eq!(sum(|one| one.follow_up.len()), 6_257);
    assert_eq!(sum(|one| one.attention.len()), 173_487);
    assert_eq!(sum(|one| one.outside.len()), 1_568);
    assert_eq!(told["2025.4775"].follow_up, members(&["DE"]));
    assert_eq!(told["2024.9636"].follow_up, BTreeSet::new());
}
