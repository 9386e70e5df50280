//! The known word that a misspelled one most likely meant.

/// Words further apart than this share of their letters are no misspellings of each other: one in three.
const LETTERS_PER_MISTAKE: usize = 3;

/// The word that differs least, where it differs little enough.
pub(crate) fn of<'w>(word: &str, known: impl IntoIterator<Item = &'w str>) -> Option<&'w str> {
    let mistakes_max = (word.chars().count() / LETTERS_PER_MISTAKE).max(1);
    known
        .into_iter()
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|(mistakes, _)| *mistakes <= mistakes_max)
        .min_by_key(|(mistakes, _)| *mistakes)
        .map(|(_, candidate)| candidate)
}

/// The least number of letters put in, left out or exchanged that turns one word into the other.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (line, letter) in one.chars().enumerate() {
        let mut diagonal = line;
        let mut left = line + 1;
        let mut next = vec![left];
        for (column, other_letter) in other.iter().enumerate() {
            let above = row.get(column + 1).copied().unwrap_or(usize::MAX - 1);
            let same = usize::from(letter != *other_letter);
            left = (diagonal + same).min(above + 1).min(left + 1);
            diagonal = above;
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}
