//! Third step of intake: no natural person passes, and no text that could name one.
//!
//! What holds after it: the subject, if there is one, is a registered organisation under its legal name alone; a
//! withdrawal or closure describes nobody and nothing; the infraction's title, headline, description and the prose of
//! where goods went hold no contact and no personal number.

use crate::model::code::Kind;
use crate::model::entry::Link;
use crate::model::event::InfractionEvent;
use crate::model::limit::{DESCRIPTION_BYTES_MAX, HEADLINE_BYTES_MAX};
use crate::model::place::Jurisdiction;
use crate::model::rejection::{Reason, Refusal};
use crate::platform::definition::Definition;
use crate::schema::legal_forms::name::Name;

mod locality;
mod subject;
#[cfg(test)]
pub(crate) mod tests;
mod text;

use subject::Verdict;

/// Refuses a subject that is a person or undecidable, drops it where products are described, cuts personal patterns.
///
/// # Errors
/// The refusal, before anything of the record is stored.
pub fn guard(event: &mut InfractionEvent, platform: &Definition) -> Result<(), Refusal> {
    match event.kind {
        Kind::Withdrawal | Kind::Closure => {
            strip(event);
            return Ok(());
        }
        Kind::Original | Kind::Supplement | Kind::Correction => {}
    }
    let mut hidden = None;
    if let Some(mut subject) = event.subject.take() {
        match subject::decide(&subject, event.origin, platform) {
            Verdict::Organisation { legal_name, legal_form } => {
                subject.legal_name = legal_name;
                subject.legal_form = legal_form;
                subject.locality = subject.locality.filter(|town| locality::is_town(town));
                event.subject = Some(subject);
            }
            Verdict::Refused(reason) if event.products.is_empty() => {
                return Err(Refusal::at(reason, "subject.legal_name"));
            }
            Verdict::Refused(reason) => {
                event.subject_dropped = true;
                let home = subject.jurisdiction.unwrap_or(event.origin);
                hidden = Some(Hidden::of(&subject.legal_name, home, reason));
            }
        }
    }
    // A correction of another platform's event may leave its subject as it was stated before; the ledger takes it only
    // where that event is known.
    let states_before = event.kind == Kind::Correction && event.speaks_for_another();
    if event.subject.is_none() && event.products.is_empty() && !states_before {
        return Err(Refusal::at(Reason::NoSubjectNoProduct, "subject"));
    }
    if text::is_personal(&event.infraction.title) {
        return Err(Refusal::at(Reason::PersonSubject, "infraction.title"));
    }
    cut_texts(event, hidden.as_ref());
    match hidden {
        Some(hidden) if hidden.may_be_person => hide_person(event, &hidden),
        Some(_) | None => Ok(()),
    }
}

/// The same for what is said of two identifiers, whose basis is its only free text.
///
/// # Errors
/// The refusal, where the basis shows a personal pattern.
pub fn guard_link(link: &Link) -> Result<(), Refusal> {
    if text::is_personal(&link.basis) { Err(Refusal::at(Reason::PersonSubject, "basis")) } else { Ok(()) }
}

/// The name of a subject that was dropped: no text may bring it back.
struct Hidden {
    /// Its folded words, with and without the words that say its form; the latter only where they are two or more.
    keys: Vec<String>,
    /// The same without blanks, for scripts that set no blank between a name and what belongs to it.
    joined: Vec<String>,
    reason: Reason,
    /// What is undecidable may be a person; a name that says what is made or sold is a brand, and stays one.
    may_be_person: bool,
}

impl Hidden {
    fn of(legal_name: &str, home: Jurisdiction, reason: Reason) -> Self {
        let name = Name::read(&without_genitive(legal_name));
        let country = home.as_str().get(..2).unwrap_or_default();
        let found = name.find(country, name.pieces.len());
        let says_form = |place: &usize| found.iter().any(|one| (one.first..one.after).contains(place));
        let places = (0..name.pieces.len()).filter(|place| !says_form(place));
        let bare: Vec<&str> =
            places.filter_map(|place| name.pieces.get(place)).map(|piece| piece.folded.as_str()).collect();
        let mut keys = vec![name.key()];
        if bare.len() > 1 {
            keys.push(bare.join(" "));
        }
        let mut joined = vec![name.joined()];
        joined.extend(name.find_joined(country).iter().map(|one| name.joined().replace(&one.token.key, "")));
        keys.retain(|key| !key.is_empty());
        joined.retain(|key| key.chars().count() > 1 && key.chars().any(is_unspaced));
        let may_be_person = reason == Reason::PersonSubject || subject::may_be_person(&name);
        Self { keys, joined, reason, may_be_person }
    }

    /// Whether a text holds the words of the name, one after the other.
    fn is_in(&self, text: &str) -> bool {
        let text = Name::read(&without_genitive(text));
        let words = format!(" {} ", text.key());
        self.keys.iter().any(|key| words.contains(&format!(" {key} ")))
            || (!self.joined.is_empty() && self.joined.iter().any(|key| text.joined().contains(key)))
    }

    /// What a text says besides the name, where that is anything.
    fn rest_of(&self, text: &str) -> Option<String> {
        let mut rest = Name::read(&without_genitive(text));
        for key in &self.keys {
            let words: Vec<&str> = key.split(' ').collect();
            let named = |rest: &Name| {
                let mut windows = rest.pieces.windows(words.len());
                let first = windows.position(|pieces| pieces.iter().map(|piece| &piece.folded).eq(&words))?;
                Some((rest.pieces.get(first)?.start, rest.pieces.get(first + words.len() - 1)?.end))
            };
            while let Some((start, end)) = named(&rest) {
                let (before, after) = (rest.text.get(..start)?, rest.text.get(end..)?);
                rest = Name::read(&format!("{before}...{after}"));
            }
        }
        (rest.text.chars().any(char::is_alphanumeric) && !self.is_in(&rest.text)).then_some(rest.text)
    }
}

/// A text without the English endings that would make a name another word (`Jane Roe's`, `the Roes'`).
fn without_genitive(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let ends = |place: usize| letters.get(place).is_none_or(|c| !c.is_alphanumeric());
    let is_s = |place: usize| letters.get(place).is_some_and(|c| c.eq_ignore_ascii_case(&'s'));
    let is_mark = |place: usize| letters.get(place).is_some_and(|c| matches!(c, '\'' | '’' | '`' | '´'));
    let belongs = |place: usize| {
        let mark = is_mark(place) && (ends(place + 1) || (is_s(place + 1) && ends(place + 2)));
        mark || (is_s(place) && ends(place + 1) && place.checked_sub(1).is_some_and(is_mark))
    };
    letters.iter().enumerate().filter(|(place, _)| !belongs(*place)).map(|(_, c)| c).collect()
}

/// Where a name stands in ids and addresses, whose words are set off by other signs than blanks.
fn as_words(id: &str) -> String {
    id.chars().map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect()
}

/// Letters of scripts in which words run together or take endings: Thai, kana, Chinese characters, Hangul.
fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{e7f}' | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}')
}

/// Takes the name of who may be a person out of the short texts about the goods as well, and addresses that hold it.
///
/// # Errors
/// The refusal, where the infraction itself is titled with it, or an id made of it.
fn hide_person(event: &mut InfractionEvent, hidden: &Hidden) -> Result<(), Refusal> {
    if hidden.is_in(&event.infraction.title) {
        return Err(Refusal::at(hidden.reason, "infraction.title"));
    }
    for (id, field) in [(&event.event_id, "event_id"), (&event.case_id, "case_id")] {
        if hidden.is_in(&as_words(id)) {
            return Err(Refusal::at(hidden.reason, field));
        }
    }
    let resources = event.resources.len();
    event.resources.retain(|resource| !hidden.is_in(&as_words(&resource.uri)));
    event.text_dropped |= event.resources.len() < resources;
    let goods = event.products.iter_mut().flat_map(|product| {
        [&mut product.category, &mut product.name, &mut product.brand, &mut product.model, &mut product.batch]
    });
    for text in goods.chain([&mut event.distribution_text]) {
        if let Some(named) = text.as_deref().filter(|text| hidden.is_in(text)) {
            *text = hidden.rest_of(named);
            event.text_dropped = true;
        }
    }
    Ok(())
}

/// What a withdrawal or closure carries: event, case, reason and date, and for whom it is; no subject and no text.
fn strip(event: &mut InfractionEvent) {
    event.subject = None;
    event.products.clear();
    event.measures.clear();
    event.info.clear();
    event.resources.clear();
    event.distribution.clear();
    event.distribution_text = None;
    event.occurred = None;
}

/// Cuts each headline and description that is over its bound, shows a personal pattern, or names a dropped subject,
/// and the prose of where goods went that shows one.
fn cut_texts(event: &mut InfractionEvent, hidden: Option<&Hidden>) {
    let allowed = |text: &str, bytes_max: usize| {
        text.len() <= bytes_max && !text::is_personal(text) && !hidden.is_some_and(|hidden| hidden.is_in(text))
    };
    let before = event.info.len();
    event.info.retain(|info| allowed(&info.headline, HEADLINE_BYTES_MAX));
    let mut cut = event.info.len() < before;
    for info in &mut event.info {
        if info.description.as_deref().is_some_and(|text| !allowed(text, DESCRIPTION_BYTES_MAX)) {
            info.description = None;
            cut = true;
        }
    }
    if event.distribution_text.as_deref().is_some_and(text::is_personal) {
        event.distribution_text = None;
        cut = true;
    }
    event.text_dropped |= cut;
}
