//! Third step of intake: no natural person passes, and no text that could name one.
//!
//! What holds after it: the subject, if there is one, is a registered organisation under its legal name alone; a
//! withdrawal or closure describes nobody and nothing; no decision is referred to by the names of its parties; the
//! authority's name, the basis of a measure, the infraction's title, headline, description and the prose of
//! where goods went hold no contact and no personal number.

use crate::model::code::Kind;
use crate::model::entry::Link;
use crate::model::event::InfractionEvent;
use crate::model::limit::{DESCRIPTION_BYTES_MAX, HEADLINE_BYTES_MAX};
use crate::model::rejection::{Reason, Refusal};
use crate::platform::definition::Definition;

mod body;
mod hidden;
mod locality;
mod subject;
#[cfg(test)]
pub(crate) mod tests;
mod text;

use hidden::Hidden;
use subject::Verdict;

/// Refuses a subject that is a person or undecidable, drops it where products are described, cuts personal patterns.
///
/// # Errors
/// The refusal, before anything of the record is stored.
pub fn guard(event: &mut InfractionEvent, platform: &Definition) -> Result<(), Refusal> {
    if text::is_personal(&event.authority.name) {
        return Err(Refusal::at(Reason::PersonSubject, "authority.name"));
    }
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
    if event.measures.iter().filter_map(|measure| measure.basis.as_deref()).any(text::is_personal) {
        return Err(Refusal::at(Reason::PersonSubject, "measures[].basis"));
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

/// True where a record shows a personal pattern anywhere, or is no text that could be looked through.
pub fn may_be_personal(record: &[u8]) -> bool {
    std::str::from_utf8(record).map_or(true, text::is_personal)
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

/// What a withdrawal or closure carries: event, case, reason and date, the reference of the decision unless it may name
/// somebody, and for whom it is; no subject and no other text.
fn strip(event: &mut InfractionEvent) {
    event.subject = None;
    event.products.clear();
    event.measures.clear();
    event.info.clear();
    event.resources.clear();
    event.distribution.clear();
    event.distribution_text = None;
    event.occurred = None;
    if let Some(withdrawal) = &mut event.withdrawal {
        let named = |text: &String| text::is_personal(text) || text::is_case_name(text);
        event.text_dropped |= withdrawal.decision_ref.take_if(|text| named(text)).is_some();
    }
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
