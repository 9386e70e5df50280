//! Fourth step of intake: identifiers in the normal form of their schemes, with the trust that they earn.
//!
//! A value that has not the form of its scheme at all (cut off, look-alike letters, somebody's personal number), or whose
//! register is no code and no town, is no identifier: it is left out and the event goes on without it. Nothing is padded
//! or guessed.

use std::cmp::Reverse;

use crate::model::code::Trust;
use crate::model::event::{Identifier, InfractionEvent};
use crate::model::limit::IDENTIFIERS_MAX;
use crate::model::rejection::{Reason, Refusal};
use crate::platform::definition::Definition;
use crate::schema::identifiers::{local_value, scheme};

mod link;
mod name;
#[cfg(test)]
mod tests;

pub use link::identify_link;
pub use name::{name_digest, normalise_name};

/// Bytes of the name of a register.
const REGISTER_BYTES_MAX: usize = 60;

/// The strength of a platform's own numbers: below every scheme of the table.
const LOCAL_STRENGTH: u8 = 10;

/// Normalises and checks every identifier of the subject, best first.
///
/// # Errors
/// The refusal, where a scheme is unknown.
pub fn identify(event: &mut InfractionEvent, platform: &Definition) -> Result<(), Refusal> {
    let Some(subject) = event.subject.as_mut() else { return Ok(()) };
    if subject.identifiers.len() > IDENTIFIERS_MAX {
        return Err(Refusal::at(Reason::OverLimit, "subject.identifiers"));
    }
    let mut ranked = Vec::with_capacity(subject.identifiers.len());
    for (place, identifier) in subject.identifiers.iter().enumerate() {
        let Some(known) = Known::of(&identifier.scheme, platform) else {
            return Err(Refusal::at(Reason::UnknownScheme, format!("subject.identifiers[{place}].scheme")));
        };
        ranked.extend(known.normalise(identifier).map(|normal| (known.strength(), normal)));
    }
    ranked.sort_by(|(one_strength, one), (other_strength, other)| {
        let rank = |strength: u8, identifier: &Identifier| {
            (identifier.trust != Trust::CheckFailed, strength, identifier.trust == Trust::Valid)
        };
        Reverse(rank(*one_strength, one))
            .cmp(&Reverse(rank(*other_strength, other)))
            .then_with(|| (&one.scheme, &one.value, &one.register).cmp(&(&other.scheme, &other.value, &other.register)))
    });
    let mut identifiers: Vec<Identifier> = ranked.into_iter().map(|(_, identifier)| identifier).collect();
    identifiers.dedup_by(|later, earlier| {
        (&later.scheme, &later.value, &later.register) == (&earlier.scheme, &earlier.value, &earlier.register)
    });
    subject.identifiers = identifiers;
    Ok(())
}

/// A scheme that an identifier may have on a platform.
enum Known {
    Table(&'static crate::schema::identifiers::Scheme),
    /// The platform's own, under its full name.
    Local(String),
}

impl Known {
    /// The scheme of that name: of the table, or the platform's own, with its name before it or without. The own scheme
    /// of another platform is unknown.
    fn of(name: &str, platform: &Definition) -> Option<Self> {
        if let Some(scheme) = scheme(name) {
            return Some(Self::Table(scheme));
        }
        let own = name.strip_prefix(&platform.name).and_then(|rest| rest.strip_prefix('/')).unwrap_or(name);
        let declared = platform.schemes.iter().any(|local| local.name == own);
        declared.then(|| Self::Local(format!("{}/{own}", platform.name)))
    }

    fn strength(&self) -> u8 {
        match self {
            Self::Table(scheme) => scheme.strength,
            Self::Local(_) => LOCAL_STRENGTH,
        }
    }

    /// The identifier in normal form; the source's own text is kept where normalising changed it.
    fn normalise(&self, given: &Identifier) -> Option<Identifier> {
        let (name, value, trust) = match self {
            Self::Table(scheme) => {
                let value = scheme.normalise(&given.value)?;
                let trust = scheme.trust(&value);
                (scheme.name.clone(), value, trust)
            }
            Self::Local(name) => (name.clone(), local_value(&given.value)?, Trust::Unchecked),
        };
        let text = if value == given.value { given.text.clone() } else { Some(given.value.clone()) };
        let register = match given.register.as_deref().map(str::trim) {
            None | Some("") => None,
            Some(named) => Some(normal_register(named)?),
        };
        Some(Identifier { scheme: name, value, register, trust, text })
    }
}

/// The code or the town of a register in capitals; `None` for a text that is neither. The signs that divide the parts of
/// an identifier's key are in none.
fn normal_register(register: &str) -> Option<String> {
    let register = register.trim().to_uppercase();
    let of_name = |sign: char| sign.is_alphanumeric() && !sign.is_lowercase() || " -.()/'\u{2019}".contains(sign);
    let is_register = (1..=REGISTER_BYTES_MAX).contains(&register.len()) && register.chars().all(of_name);
    is_register.then_some(register)
}
