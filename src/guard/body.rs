//! How much of a name without a legal form is that of a public body or of a numbered company: what is set off behind it
//! may be somebody who works there.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::subject;
use crate::schema::legal_forms::Says;
use crate::schema::legal_forms::name::{Found, Name, Piece, fold};

/// How many pieces of a name are a public or corporate body's; `None` where it is none's.
///
/// A body stands in front: `Jane Roe, University of Example` is a person. But `Exampleville, City of` is how lists sort.
pub(super) fn body_length(name: &Name, length: usize, found: &[Found], country: &str) -> Option<usize> {
    let segments = segments(name, length);
    let (first, second) = (segments.first()?, segments.get(1));
    let within = |segment: &Range<usize>| {
        let bodies = found.iter().filter(|one| is_body(one));
        bodies.filter(|one| segment.contains(&one.first) && one.after <= segment.end).copied().collect::<Vec<Found>>()
    };
    if within(first).iter().any(|one| !person_works_at(name, one)) {
        return Some(behind(name, &segments, country));
    }
    let second = second?;
    if is_institution(name, first) && !within(second).is_empty() {
        return Some(behind(name, &segments, country));
    }
    let sorted = within(second).iter().any(|one| one.first == second.start && one.after == second.end);
    let place = first.len() == 1 || name.is_tail(first.start, first.end);
    (sorted && place && name.pieces.get(second.end - 1)?.folded == "OF").then_some(second.end)
}

/// How many pieces of a name are a Canadian company's that has a number for a name; `None` where it is none's.
pub(super) fn numbered_length(name: &Name, length: usize, country: &str) -> Option<usize> {
    static NUMBERED: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(concat!(
            r"^(?:\d{4,10}|\d{4}[ -]\d{4}) (?:QUEBEC|ONTARIO|CANADA|ALBERTA|B\.? ?C\.?|BRITISH COLUMBIA|MANITOBA|",
            r"SASKATCHEWAN|NOVA SCOTIA|N\.? ?S\.?|NEW BRUNSWICK|N\.? ?B\.?|NEWFOUNDLAND|YUKON|NUNAVUT|P\.? ?E\.? ?I\.?)",
            r"(?:[^\p{L}]|$)",
        ))
        .ok()
    });
    let segments = segments(name, length);
    let text = fold(text_of(name, segments.first().filter(|_| country == "CA")?));
    let rest = Name::read(text.get(NUMBERED.as_ref()?.find(&text)?.end()..)?);
    rest.is_tail(0, rest.pieces.len()).then(|| behind(name, &segments, country))
}

/// How many pieces of a name are left where only what is set off behind it and could be somebody is taken off.
pub(super) fn kept_length(name: &Name, length: usize, country: &str) -> usize {
    behind(name, &segments(name, length), country)
}

/// The first segment, and those behind it that a body's name can have.
fn behind(name: &Name, segments: &[Range<usize>], country: &str) -> usize {
    let belongs = |segment: &&Range<usize>| {
        let own = Name::read(text_of(name, segment));
        let bodies = own.find(country, own.pieces.len());
        name.is_tail(segment.start, segment.end)
            || is_state(&own)
            || bodies.iter().any(|one| is_body(one) && !person_works_at(&own, one))
    };
    let listed = listed(name, segments);
    let kept = segments.iter().skip(listed).take_while(belongs).last().or(segments.get(listed.saturating_sub(1)));
    kept.map_or(0, |segment| segment.end)
}

/// How many of the first segments are one list of what a department is for (`Department of Children, Youth and Families`).
fn listed(name: &Name, segments: &[Range<usize>]) -> usize {
    let words = |segment: &Range<usize>| name.pieces.iter().take(segment.end).skip(segment.start);
    let department = |piece: &Piece| matches!(piece.folded.as_str(), "DEPARTMENT" | "DEPT" | "MINISTRY");
    if !segments.first().is_some_and(|first| words(first).any(department)) {
        return 1;
    }
    for (place, segment) in segments.iter().enumerate().skip(1) {
        let topics = words(segment).filter(|piece| piece.folded != "AND").count();
        let last = topics < segment.len() || text_of(name, segment).contains('&');
        match (topics, last) {
            (1 | 2, true) => return place + 1,
            (1, false) => {}
            _ => break,
        }
    }
    1
}

/// Whether a name in front of a body is that of a part of it, or begins as none of a person does.
fn is_institution(name: &Name, segment: &Range<usize>) -> bool {
    let article = name.pieces.get(segment.start).is_some_and(|piece| piece.folded == "THE");
    let mut words = name.pieces.iter().take(segment.end).skip(segment.start);
    article || words.any(|piece| INSTITUTIONS.contains(&piece.folded.as_str()))
}

/// Words of the parts that a public body has.
const INSTITUTIONS: [&str; 12] = [
    "BOARD",
    "CENTER",
    "CENTRE",
    "COLLEGE",
    "FACULTY",
    "HOSPITAL",
    "INSTITUTE",
    "LIBRARY",
    "REGENTS",
    "SCHOOL",
    "SCHOOLS",
    "TRUSTEES",
];

/// Whether a text is the name of a state in which a body is, or two letters for one; the table's tail has the others.
fn is_state(name: &Name) -> bool {
    let text = name.key();
    STATES.contains(&text.as_str()) || (text.len() == 2 && text.chars().all(char::is_alphabetic))
}

/// States of the United States that are no words of the table's tail.
const STATES: [&str; 28] = [
    "ALABAMA",
    "ALASKA",
    "ARIZONA",
    "ARKANSAS",
    "COLORADO",
    "CONNECTICUT",
    "HAWAII",
    "IDAHO",
    "INDIANA",
    "IOWA",
    "KANSAS",
    "KENTUCKY",
    "LOUISIANA",
    "MAINE",
    "MARYLAND",
    "MISSISSIPPI",
    "MISSOURI",
    "MONTANA",
    "NEBRASKA",
    "NEW HAMPSHIRE",
    "NORTH DAKOTA",
    "OKLAHOMA",
    "RHODE ISLAND",
    "SOUTH DAKOTA",
    "TENNESSEE",
    "UTAH",
    "VERMONT",
    "WYOMING",
];

fn is_body(one: &Found) -> bool {
    matches!(one.token.says, Says::Body(_))
}

/// Whether what stands in front of `University of` or the like may be a person, with nothing to set it off.
fn person_works_at(name: &Name, body: &Found) -> bool {
    let before = name.pieces.iter().take(body.first);
    let plain = |place: usize| !name.is_tail(place, place + 1);
    let university = name.pieces.get(body.first).is_some_and(|piece| piece.folded == "UNIVERSITY");
    // The subject that it teaches says that a place, not a person, stands in front.
    let taught = name.pieces.get(body.after).is_some_and(|piece| {
        matches!(piece.folded.as_str(), "TECHNOLOGY" | "SCIENCE" | "SCIENCES" | "ARTS" | "MEDICINE" | "EDUCATION")
    });
    university
        && body.after - body.first == 2
        && !taught
        && (2..=4).contains(&body.first)
        && (0..body.first).all(plain)
        && before.into_iter().all(|piece| !subject::is_trade(piece) && piece.folded.chars().all(char::is_alphabetic))
}

/// The pieces between commas, strokes, brackets and dashes.
fn segments(name: &Name, length: usize) -> Vec<Range<usize>> {
    let mut segments: Vec<Range<usize>> = Vec::new();
    for place in 0..length.min(name.pieces.len()) {
        match segments.last_mut() {
            Some(segment) if !sets_off(name.gap_before(place)) => segment.end = place + 1,
            _ => segments.push(place..place + 1),
        }
    }
    segments
}

/// Whether what stands between two words sets the second off from the first.
pub(super) fn sets_off(gap: &str) -> bool {
    gap.contains([',', ';', ':', '/', '|', '(', ')', '[', ']', '–', '—']) || gap.contains(" -") || gap.contains("- ")
}

fn text_of<'n>(name: &'n Name, segment: &Range<usize>) -> &'n str {
    let (first, last) = (name.pieces.get(segment.start), name.pieces.get(segment.end.saturating_sub(1)));
    let text = first.zip(last).and_then(|(first, last)| name.text.get(first.start..last.end));
    text.unwrap_or_default()
}
