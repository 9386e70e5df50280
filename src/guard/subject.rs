//! Who a subject is: by its declared legal form, the form in its name, the words of public bodies, a number for a
//! name, an identifier that only bodies hold. What none of them decides is refused.

use super::body;
use crate::model::code::Trust;
use crate::model::event::{Identifier, Subject};
use crate::model::place::Jurisdiction;
use crate::model::rejection::Reason;
use crate::platform::definition::Definition;
use crate::schema::identifiers::scheme;
use crate::schema::legal_forms::name::{Found, Initials, Name, Piece};
use crate::schema::legal_forms::{Class, Says, class_of_form};

/// Digits of a telephone number without its area code, at least.
const TELEPHONE_DIGITS_MIN: usize = 7;

/// Words of the longest names of persons, with all given names and particles.
const PERSON_WORDS_MAX: usize = 7;

/// What the guard says of a subject.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Its legal name alone, and its form as an ISO 20275 code or a spelling of the table.
    Organisation {
        legal_name: String,
        legal_form: Option<String>,
    },
    Refused(Reason),
}

/// Decides who a subject is. A legal name that is only a part of the source's must stand by itself.
pub(super) fn decide(subject: &Subject, origin: Jurisdiction, platform: &Definition) -> Verdict {
    let home = home(subject, origin);
    let country = country_of(&home);
    let name = Name::read(&subject.legal_name);
    let found = name.find(country, name.pieces.len());
    let verdict = decide_name(subject, &name, &found, country, platform);
    if matches!(&verdict, Verdict::Organisation { legal_name, .. } if holds_address(legal_name)) {
        return Verdict::Refused(Reason::UndecidableSubject);
    }
    if matches!(verdict, Verdict::Organisation { .. }) && is_list(&name, &found) {
        return Verdict::Refused(Reason::SeveralSubjects);
    }
    if let Verdict::Organisation { legal_name, .. } = &verdict
        && *legal_name != subject.legal_name
    {
        let name = Name::read(legal_name);
        let alone = decide_name(subject, &name, &name.find(country, name.pieces.len()), country, platform);
        let stands = matches!(&alone, Verdict::Organisation { legal_name: again, .. } if again == legal_name);
        return if stands { verdict } else { Verdict::Refused(Reason::UndecidableSubject) };
    }
    verdict
}

/// Whether a name holds an e-mail address, by which somebody is reached: it is no part of a company's name.
fn holds_address(name: &str) -> bool {
    let is_address = |(user, host): (&str, &str)| !user.is_empty() && host.contains('.');
    name.split_whitespace().any(|word| word.split_once('@').is_some_and(is_address))
}

/// Where a subject is registered; its origin, where the source does not say.
fn home(subject: &Subject, origin: Jurisdiction) -> Jurisdiction {
    subject.jurisdiction.unwrap_or(origin)
}

/// The country whose legal forms count in a jurisdiction.
fn country_of(jurisdiction: &Jurisdiction) -> &str {
    jurisdiction.as_str().get(..2).unwrap_or_default()
}

/// Decides who a subject of that name is; `all` are the tokens of the whole name.
fn decide_name(subject: &Subject, name: &Name, all: &[Found], country: &str, platform: &Definition) -> Verdict {
    if name.pieces.is_empty() {
        return Verdict::Refused(Reason::UndecidableSubject);
    }
    let cut = all.iter().find(|one| one.first > 0 && one.token.says == Says::Cut);
    let length = cut.map_or(name.pieces.len(), |one| one.first);
    let found = if cut.is_some() { name.find(country, length) } else { all.to_vec() };
    let joined = name.find_joined(country);
    let says = |wanted: fn(Says) -> bool| found.iter().chain(&joined).any(|one| wanted(one.token.says));

    if says(|says| says == Says::Person { always: true }) {
        return Verdict::Refused(Reason::PersonSubject);
    }
    let (forms, class) = forms(name, &found, &joined);
    let declared = subject.legal_form.as_deref().and_then(|form| class_of_form(form, country));
    let Some(class) = declared.or(class) else {
        return without_form(subject, platform, name, length, &found, country);
    };
    if !class.passes() {
        return Verdict::Refused(Reason::PersonSubject);
    }
    let after = match legal_part(name, &forms, length) {
        Ok(after) => after,
        Err(reason) => return Verdict::Refused(reason),
    };
    let form = forms.last().or(joined.first()).map(|one| one.token.text.clone());
    let legal_form = if declared.is_some() { subject.legal_form.clone() } else { form };
    // In scripts without blanks the bracket holds the same company's name in Latin letters.
    let first_form = forms.first().filter(|_| !name.text.chars().any(super::is_unspaced));
    let begins = first_form.and_then(|form| in_bracket(name, form)).and_then(|place| name.pieces.get(place));
    let legal_name = match begins.zip(after.checked_sub(1).and_then(|last| name.pieces.get(last))) {
        Some((first, last)) => {
            let dot = name.text.get(last.end..).is_some_and(|rest| rest.starts_with('.'));
            name.text.get(first.start..last.end + usize::from(dot)).unwrap_or_default().to_owned()
        }
        None => cut_name(name, after),
    };
    Verdict::Organisation { legal_name, legal_form }
}

/// The legal forms in the order of the name, and the class that they make: the last one's, but a size class after a
/// company (`Ltda ME`) leaves it a company, and in scripts without blanks the most cautious.
fn forms(name: &Name, found: &[Found], joined: &[Found]) -> (Vec<Found>, Option<Class>) {
    let class_of = |one: &Found| match one.token.says {
        Says::Form(class) => Some(class),
        Says::Body(_) | Says::Person { .. } | Says::Cut => None,
    };
    // Short forms are surnames too (`Sa ME`): they make a company of a size only where nothing else can be meant.
    let unmistakable = |one: &Found| {
        let marked = name.pieces.get(one.first).is_some_and(|piece| piece.initials == Initials::Marked);
        marked || one.token.home.is_empty()
    };
    let forms: Vec<Found> = found.iter().filter(|one| class_of(one).is_some()).copied().collect();
    let mut last = None;
    for one in &forms {
        let class = class_of(one);
        let size_only = last.is_some_and(|(before, company, after): (Option<Class>, bool, usize)| {
            company && before.is_some_and(Class::passes) && class == Some(Class::Person) && after == one.first
        });
        let company = size_only || unmistakable(one);
        last = Some((if size_only { Some(Class::Incorporated) } else { class }, company, one.after));
    }
    if let Some((class, ..)) = last {
        return (forms, class);
    }
    let longest = joined.first().and_then(class_of);
    let refused = joined.iter().skip(1).filter_map(class_of).find(|class| !class.passes());
    let inside = |one: &Found| joined.first().is_some_and(|first| first.token.key.contains(&one.token.key));
    let other = joined.iter().any(|one| class_of(one) == refused && !inside(one));
    (forms, if other && refused.is_some() { refused } else { longest })
}

/// A subject whose name shows no legal form.
fn without_form(
    subject: &Subject,
    platform: &Definition,
    name: &Name,
    length: usize,
    found: &[Found],
    country: &str,
) -> Verdict {
    let organisation = |length| Verdict::Organisation { legal_name: cut_name(name, length), legal_form: None };
    let person = found.iter().any(|one| matches!(one.token.says, Says::Person { .. }));
    if !person {
        let body = body::body_length(name, length, found, country);
        if let Some(length) = body.or_else(|| body::numbered_length(name, length, country)) {
            return organisation(length);
        }
    }
    if person || is_listed_person(name, length) {
        return Verdict::Refused(Reason::PersonSubject);
    }
    if subject.identifiers.iter().any(|identifier| only_bodies_hold(identifier, platform)) {
        return organisation(body::kept_length(name, length, country));
    }
    let traded = length < name.pieces.len();
    let reason =
        if traded && looks_personal(name, length) { Reason::PersonSubject } else { Reason::UndecidableSubject };
    Verdict::Refused(reason)
}

/// How many pieces make the legal name.
///
/// # Errors
/// The reason, where it names several organisations, or something else than the company in front.
fn legal_part(name: &Name, forms: &[Found], length: usize) -> Result<usize, Reason> {
    let mut before: Option<&Found> = None;
    for one in forms {
        if before.is_some_and(|before| before.first > 0 && joins(name, before.after, one.first)) {
            return Err(Reason::SeveralSubjects);
        }
        before = Some(one);
    }
    let Some(last) = before.filter(|last| last.first > 0) else {
        // Behind a form in front comes the company's name, and behind a sign somebody else.
        // A hyphen that hangs (`Kisten- en Raamlijsten`) sets nothing off.
        let sets_off = |gap: &str| body::sets_off(gap) && !gap.starts_with('-');
        let is_set_off = |place: &usize| sets_off(name.gap_before(*place)) && !name.is_tail(*place, length);
        let from = before.map_or(length, |form| form.after + 1);
        return Ok((from..length).find(is_set_off).unwrap_or(length));
    };
    if (last.after..length).any(|place| name.is_apart(place)) {
        return Err(Reason::UndecidableSubject);
    }
    if last.after >= length || (name.is_tail(last.after, length) && !holds_telephone(name, last.after, length)) {
        return Ok(length);
    }
    if (0..last.first).all(|place| is_article(name, place)) {
        return Ok(length);
    }
    let joined = is_joiner(name, last.after) && !name.gap_before(last.after).contains([',', '/', '|']);
    if joined && (last.after..length).any(|place| !is_companion(name, place)) {
        return Err(Reason::SeveralSubjects);
    }
    let own = (0..last.first).filter(|place| !is_article(name, *place)).count();
    let trade = name.pieces.get(last.first.saturating_sub(1)).is_some_and(is_trade);
    let is_set_off = body::sets_off(name.gap_before(last.after));
    if own == 1 && trade && !is_set_off {
        // `Garage SARL Exemple`: what is left would be any garage's.
        return Err(Reason::UndecidableSubject);
    }
    if is_corporation_of(name, last) {
        let ends = |place: &usize| body::sets_off(name.gap_before(*place));
        return Ok((last.after..length).find(ends).unwrap_or(length));
    }
    Ok(last.after)
}

/// Whether the words behind a form are the rest of a name such as `Economic Development Corporation of Exampleville`.
fn is_corporation_of(name: &Name, form: &Found) -> bool {
    let folded = |place: usize| name.pieces.get(place).map(|piece| piece.folded.as_str());
    let is_joined = !body::sets_off(name.gap_before(form.after));
    is_joined && folded(form.first) == Some("CORPORATION") && matches!(folded(form.after), Some("OF" | "FOR"))
}

/// Whether the numbers behind a company are as long as one that is called: they are no part of its name.
fn holds_telephone(name: &Name, from: usize, length: usize) -> bool {
    let pieces = name.pieces.iter().take(length).skip(from);
    pieces.flat_map(|piece| piece.folded.chars()).filter(char::is_ascii_digit).count() >= TELEPHONE_DIGITS_MIN
}

/// The piece with which a company begins that stands in a bracket behind a name without a form: a trade name
/// (`Holiday Sample (Sample Hospitality Corp.)`), or a person's (`Jane Roe (Roe Farm LLC)`). A bracket within a word that
/// nothing closes is a slip of the pen (`Sam[ple LLC`).
fn in_bracket(name: &Name, form: &Found) -> Option<usize> {
    let closes = |place: usize| name.gap_before(place).contains([')', ']']);
    let opens = |place: &usize| {
        let gap = name.gap_before(*place);
        gap.contains(['(', '[']) && (gap.starts_with(char::is_whitespace) || closes(form.after))
    };
    (1..form.first).rev().find(opens).filter(|opened| !(opened + 1..=form.first).any(closes))
}

/// Whether a text is a list of names, of which the last at least is a company's: a semicolon sets a company off from
/// whatever stands before it, and a company with a trade name of its own follows another's trade name.
fn is_list(name: &Name, found: &[Found]) -> bool {
    let company = |one: &Found| matches!(one.token.says, Says::Form(_));
    let listed = (1..name.pieces.len()).any(|place| {
        // The semicolon of `&amp;` stands in one name, and so does one in front of nothing but a form.
        let entity = name.gap_before(place).starts_with(';') && name.gap_before(place - 1).ends_with(['&', '#']);
        !entity && name.gap_before(place).contains(';') && found.iter().any(|one| company(one) && one.first > place)
    });
    let cuts: Vec<&Found> = found.iter().filter(|one| one.first > 0 && one.token.says == Says::Cut).collect();
    let traded_twice = cuts.iter().zip(cuts.iter().skip(1)).any(|(trade, next)| {
        let between = |one: &&Found| company(one) && one.first >= trade.after && one.after <= next.first;
        trade.token.key == next.token.key && found.iter().any(|one| between(&one))
    });
    listed || traded_twice
}

/// Whether the pieces between two legal forms join two names: a joiner, and a word that is no companion.
fn joins(name: &Name, from: usize, to: usize) -> bool {
    let joiner = (from..to).any(|place| is_joiner(name, place));
    joiner && (from..to).any(|place| !is_companion(name, place))
}

/// Whether a piece is set off from the one before as another party's name is.
fn is_joiner(name: &Name, place: usize) -> bool {
    is_joining_word(name, place) || name.gap_before(place).contains(['&', ';', '+', '/', ',', '|'])
}

/// Words that join two names.
pub(super) fn is_joining_word(name: &Name, place: usize) -> bool {
    name.pieces.get(place).is_some_and(|piece| {
        matches!(piece.folded.as_str(), "AND" | "ET" | "UND" | "Y" | "OCH" | "OG" | "EN" | "E" | "VS" | "И")
    })
}

/// Articles: a name that begins with its form (`La Corporation de …`) has its own words after it.
fn is_article(name: &Name, place: usize) -> bool {
    name.pieces
        .get(place)
        .is_some_and(|piece| matches!(piece.folded.as_str(), "THE" | "LA" | "LE" | "LES" | "DIE" | "A"))
}

/// Words beside a legal form that name nobody else.
fn is_companion(name: &Name, place: usize) -> bool {
    name.pieces.get(place).is_none_or(|piece| {
        matches!(
            piece.folded.as_str(),
            "AND"
                | "ET"
                | "UND"
                | "Y"
                | "CO"
                | "CIE"
                | "CIA"
                | "COMPANY"
                | "COMPAGNIE"
                | "COMPANIA"
                | "SONS"
                | "FILS"
                | "SOHNE"
                | "HIJOS"
                | "FIGLI"
                | "BROS"
                | "BROTHERS"
                | "ITS"
                | "SUBSIDIARIES"
                | "SUBSIDIARY"
                | "AFFILIATES"
                | "AFFILIATE"
                | "RELATED"
                | "ENTITIES"
                | "COMPANIES"
                | "THE"
                | "ALL"
                | "TRUST"
        ) || name.is_tail(place, place + 1)
    })
}

/// The text of the first pieces, with the dot or bracket that closes it.
fn cut_name(name: &Name, length: usize) -> String {
    if length >= name.pieces.len() {
        return name.text.clone();
    }
    let end = length.checked_sub(1).and_then(|last| name.pieces.get(last)).map_or(0, |last| last.end);
    let (kept, rest) = name.text.split_at_checked(end).unwrap_or_default();
    let opened = kept.matches('(').count() > kept.matches(')').count();
    let close = rest.chars().take_while(|c| *c == '.' || (*c == ')' && opened)).collect::<String>();
    format!("{kept}{close}")
}

/// A person as registers list them: surname, comma, given names, and nothing else.
fn is_listed_person(name: &Name, length: usize) -> bool {
    let commas: Vec<usize> =
        (1..length).filter(|place| name.gap_before(*place).trim_start().starts_with(',')).collect();
    let [comma] = commas.as_slice() else { return false };
    *comma <= 2 && (1..=2).contains(&length.saturating_sub(*comma)) && looks_personal(name, length)
}

/// Whether a name that nothing decides may be that of a person: two to seven words, none of which says what is made or
/// sold, whatever numbers stand beside them; in scripts that set no blanks, two to five characters.
pub(super) fn may_be_person(name: &Name, country: &str) -> bool {
    let is_number = |piece: &&Piece| piece.folded.chars().all(|c| c.is_ascii_digit());
    let words: Vec<&Piece> = name.pieces.iter().filter(|piece| !is_number(piece)).collect();
    let [only] = words.as_slice() else {
        return words.len() <= PERSON_WORDS_MAX && names_no_trade(name, &words);
    };
    is_unspaced_person(&only.folded) && name.find_joined(country).is_empty()
}

/// Whether a word in a script that sets no blanks is as short as the name of a person.
pub(super) fn is_unspaced_person(word: &str) -> bool {
    (2..=5).contains(&word.chars().count()) && word.chars().all(super::is_unspaced)
}

/// Two words or more, none of which says what is made or sold, in a name that joins none.
fn names_no_trade(name: &Name, words: &[&Piece]) -> bool {
    words.len() >= 2 && !words.iter().any(|piece| is_trade(piece)) && !name.text.contains('&')
}

/// Whether a word says what is made or sold.
pub(super) fn is_trade(piece: &Piece) -> bool {
    BUSINESS.contains(&piece.folded.as_str())
}

/// The same of two to four words, which are the first pieces of the name and of letters alone.
fn looks_personal(name: &Name, length: usize) -> bool {
    let words: Vec<&Piece> = name.pieces.iter().take(length).collect();
    words.len() == length
        && length <= 4
        && words.iter().all(|piece| piece.folded.chars().all(char::is_alphabetic))
        && names_no_trade(name, &words)
}

/// Words of trade names, so that what is only undecidable is not called a person.
const BUSINESS: [&str; 65] = [
    "AND",
    "ASSOCIATES",
    "AUTO",
    "BAKERY",
    "BAR",
    "BISTRO",
    "BROTHERS",
    "BROS",
    "BUILDERS",
    "CAFE",
    "CARE",
    "CATERING",
    "CENTER",
    "CENTRE",
    "CLEANERS",
    "CLEANING",
    "CLINIC",
    "CO",
    "COMPANY",
    "CONSTRUCTION",
    "CONSULTING",
    "CONTRACTING",
    "CONTRACTORS",
    "CREAM",
    "DELI",
    "DESIGN",
    "DISTRIBUTION",
    "ELECTRIC",
    "ENTERPRISE",
    "ENTERPRISES",
    "FARM",
    "FARMS",
    "FOOD",
    "FOODS",
    "GARAGE",
    "GRILL",
    "GROUP",
    "HOLDINGS",
    "HOTEL",
    "INDUSTRIES",
    "INTERNATIONAL",
    "LANDSCAPING",
    "MARKET",
    "MASONRY",
    "OF",
    "PAINTING",
    "PARTNERS",
    "PIZZA",
    "PLUMBING",
    "PRODUCTS",
    "REALTY",
    "RESTAURANT",
    "ROOFING",
    "SALON",
    "SCHOOL",
    "SERVICE",
    "SERVICES",
    "SHOP",
    "SOLUTIONS",
    "SONS",
    "STORE",
    "SYSTEMS",
    "THE",
    "TRADING",
    "TRANSPORT",
];

/// Whether an identifier has the form of a scheme that neither persons nor partnerships can hold, its check digits
/// holding where the scheme has any.
fn only_bodies_hold(identifier: &Identifier, platform: &Definition) -> bool {
    if let Some(scheme) = scheme(&identifier.scheme) {
        let value = scheme.normalise(&identifier.value);
        return !scheme.persons && value.is_some_and(|value| scheme.trust(&value) != Trust::CheckFailed);
    }
    let name = identifier.scheme.strip_prefix(&platform.name).and_then(|rest| rest.strip_prefix('/'));
    let name = name.unwrap_or(&identifier.scheme);
    let local = platform.schemes.iter().find(|local| local.name == name);
    local.is_some_and(|local| !local.persons) && crate::schema::identifiers::local_value(&identifier.value).is_some()
}
