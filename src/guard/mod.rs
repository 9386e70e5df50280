//! Third step of intake: no natural person passes, and no text that could name one.
//!
//! What holds after it: the subject, if there is one, is a registered organisation under its legal name alone; a
//! withdrawal or closure describes nobody and nothing; headline and description hold no contact and no personal number.

use crate::model::code::Kind;
use crate::model::event::{InfractionEvent, Subject};
use crate::model::limit::{DESCRIPTION_BYTES_MAX, HEADLINE_BYTES_MAX};
use crate::model::rejection::{Reason, Refusal};
use crate::platform::definition::Definition;
use crate::schema::legal_forms::name::Name;

mod locality;
mod subject;
#[cfg(test)]
mod tests;
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
    let named = event.subject.as_ref().map(|subject| subject.legal_name.clone());
    if let Some(mut subject) = event.subject.take() {
        match subject::decide(&subject, event.origin, platform) {
            Verdict::Organisation { legal_name, legal_form } => {
                subject.legal_name = legal_name;
                subject.legal_form = legal_form;
                subject.locality = subject.locality.filter(|town| locality::is_town(town));
                event.subject = Some(subject);
            }
            Verdict::Refused(_) if !event.products.is_empty() => event.subject_dropped = true,
            Verdict::Refused(reason) => return Err(Refusal::at(reason, "subject.legal_name")),
        }
    }
    if event.subject.is_none() && event.products.is_empty() {
        return Err(Refusal::at(Reason::NoSubjectNoProduct, "subject"));
    }
    let hidden = if event.subject_dropped { named.as_deref().map(|name| Name::read(name).key()) } else { None };
    cut_texts(event, hidden.as_deref());
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

/// Cuts each headline and description that is over its bound, shows a personal pattern, or names a dropped subject.
fn cut_texts(event: &mut InfractionEvent, hidden: Option<&str>) {
    let allowed = |text: &str, bytes_max: usize| {
        text.len() <= bytes_max && !text::is_personal(text) && !hidden.is_some_and(|name| names(text, name))
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
    event.text_dropped |= cut;
}

/// Whether a text holds the words of a name, one after the other.
fn names(text: &str, key: &str) -> bool {
    !key.is_empty() && format!(" {} ", Name::read(text).key()).contains(&format!(" {key} "))
}

/// Whether a subject would pass, and if not, why: what `feed --guard` asks before anything is written.
///
/// # Errors
/// The reason for which it would be refused.
pub fn verdict(subject: &Subject, event: &InfractionEvent, platform: &Definition) -> Result<(), Reason> {
    match subject::decide(subject, event.origin, platform) {
        Verdict::Organisation { .. } => Ok(()),
        Verdict::Refused(reason) => Err(reason),
    }
}
