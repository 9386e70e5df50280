//! Two lists of columns compared: which is missing, new, called otherwise, or stands elsewhere.

use super::nearest;
use super::text::squeeze;
use crate::schema::legal_forms::name::fold;

/// Columns of which the order is compared; of more only what is missing or new is told.
const ORDERED_MAX: usize = 1_000;

/// One difference. Places count from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Difference {
    Missing {
        name: String,
        place: usize,
    },
    New {
        name: String,
        place: usize,
    },
    /// A missing one and a new one whose names are near.
    Renamed {
        from: String,
        to: String,
        place: usize,
    },
    /// In another order than those around it.
    Moved {
        name: String,
        place: usize,
        wanted: usize,
    },
}

impl Difference {
    /// In words, for the end of a sentence.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Missing { name, place } => format!("column {place} {name:?} is missing"),
            Self::New { name, place } => format!("column {place} {name:?} is new"),
            Self::Renamed { from, to, place } => format!("column {place} is called {to:?} instead of {from:?}"),
            Self::Moved { name, place, wanted } => format!("column {name:?} stands at {place} instead of {wanted}"),
        }
    }
}

/// What the columns found have otherwise than those wanted; nothing where both are the same.
pub(crate) fn compare(wanted: &[&str], found: &[&str]) -> Vec<Difference> {
    if wanted == found {
        return Vec::new();
    }
    // Columns of one name are told apart by their number among those of that name.
    let (wanted_keys, found_keys) = (numbered(wanted), numbered(found));
    let place = |keys: &[(String, usize)], key: &(String, usize)| keys.iter().position(|other| other == key);
    let missing: Vec<usize> = (0..wanted.len()).filter(|at| place(&found_keys, &wanted_keys[*at]).is_none()).collect();
    let mut new: Vec<usize> = (0..found.len()).filter(|at| place(&wanted_keys, &found_keys[*at]).is_none()).collect();
    let mut differences = Vec::new();
    for at in missing {
        let name = wanted[at].to_owned();
        match renamed(&name, at, &new, found) {
            Some(other) => {
                new.retain(|place| *place != other);
                differences.push(Difference::Renamed { from: name, to: found[other].to_owned(), place: other + 1 });
            }
            None => differences.push(Difference::Missing { name, place: at + 1 }),
        }
    }
    differences.extend(new.iter().map(|at| Difference::New { name: found[*at].to_owned(), place: at + 1 }));
    differences.extend(moved(&wanted_keys, &found_keys));
    differences
}

fn numbered(names: &[&str]) -> Vec<(String, usize)> {
    let number = |at: usize| names[..at].iter().filter(|other| **other == names[at]).count();
    (0..names.len()).map(|at| (names[at].to_owned(), number(at))).collect()
}

/// The new column that a missing one is most likely called now: the same but for case, accents and blanks, or misspelled.
fn renamed(name: &str, at: usize, new: &[usize], found: &[&str]) -> Option<usize> {
    let plain = |name: &str| fold(&squeeze(name)).chars().filter(|letter| letter.is_alphanumeric()).collect::<String>();
    let wanted = plain(name);
    if wanted.is_empty() {
        return None;
    }
    let candidates: Vec<(usize, String)> = new.iter().map(|place| (*place, plain(found[*place]))).collect();
    if let Some((place, _)) = candidates.iter().find(|(_, other)| *other == wanted) {
        return Some(*place);
    }
    let near = nearest::of(&wanted, candidates.iter().map(|(_, other)| other.as_str()))?;
    // Of several that are as near the one at the same place is meant.
    let same = candidates.iter().filter(|(_, other)| other == near);
    same.min_by_key(|(place, _)| place.abs_diff(at)).map(|(place, _)| *place)
}

/// The fewest columns that would have to be put elsewhere for the order to be the wanted one.
fn moved(wanted: &[(String, usize)], found: &[(String, usize)]) -> Vec<Difference> {
    let common: Vec<(usize, usize)> = found
        .iter()
        .enumerate()
        .filter_map(|(at, key)| wanted.iter().position(|other| other == key).map(|place| (at, place)))
        .take(ORDERED_MAX)
        .collect();
    // The longest rising sequence of wanted places stays; best[at] is its length up to here and the step before.
    let mut best: Vec<(usize, Option<usize>)> = Vec::new();
    for (at, (_, place)) in common.iter().enumerate() {
        let before = (0..at).filter(|earlier| common[*earlier].1 < *place).max_by_key(|earlier| best[*earlier].0);
        best.push((before.map_or(1, |earlier| best[earlier].0 + 1), before));
    }
    let mut stays = vec![false; common.len()];
    let mut at = (0..common.len()).max_by_key(|at| best[*at].0);
    while let Some(place) = at {
        stays[place] = true;
        at = best[place].1;
    }
    let moves = common.iter().zip(stays).filter(|(_, stays)| !stays);
    moves
        .map(|((at, place), _)| Difference::Moved { name: found[*at].0.clone(), place: at + 1, wanted: place + 1 })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::compare;

    fn told(wanted: &[&str], found: &[&str]) -> Vec<String> {
        compare(wanted, found).iter().map(super::Difference::text).collect()
    }

    #[test]
    fn each_kind_of_difference_is_told_once() {
        let wanted = ["Case", "Employer", "Status", "Amount Due"];
        assert_eq!(told(&wanted, &wanted), Vec::<String>::new());
        let nothing: [&str; 0] = [];
        assert_eq!(told(&nothing, &["a"]), ["column 1 \"a\" is new"]);
        assert_eq!(told(&wanted, &["Case", "Employer", "Status"]), ["column 4 \"Amount Due\" is missing"]);
        // What stands behind a new column has not moved.
        assert_eq!(told(&wanted, &["No", "Case", "Employer", "Status", "Amount Due"]), ["column 1 \"No\" is new"]);
        assert_eq!(
            told(&wanted, &["Case", "Employr", "STATUS", "Amount  due"]),
            [
                "column 2 is called \"Employr\" instead of \"Employer\"",
                "column 3 is called \"STATUS\" instead of \"Status\"",
                "column 4 is called \"Amount  due\" instead of \"Amount Due\""
            ]
        );
        assert_eq!(
            told(&wanted, &["Case", "Status", "Amount Due", "Employer"]),
            ["column \"Employer\" stands at 4 instead of 2"]
        );
        assert_eq!(
            told(&wanted, &["Case", "Company", "Status", "Amount Due"]),
            ["column 2 \"Employer\" is missing", "column 2 \"Company\" is new"]
        );
    }

    #[test]
    fn columns_of_one_name_are_counted() {
        assert_eq!(told(&["", "a", ""], &["", "a"]), ["column 3 \"\" is missing"]);
        assert_eq!(told(&["a", "", "b"], &["a", "", "", "b"]), ["column 3 \"\" is new"]);
    }
}
