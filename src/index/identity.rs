//! Which organisation a subject names: by identifier only, never by likeness of name.

use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_128;

use crate::model::code::MatchedBy;
use crate::model::event::{Identifier, Subject};
use crate::model::place::Jurisdiction;
use crate::model::state::Organisation;

/// What the index says of a subject.
#[derive(Debug)]
pub enum Sought {
    /// The event names no subject.
    Nobody,
    /// The subject has a name only; names join nothing.
    NameOnly,
    /// None of its identifiers, `<scheme>:<value>` and best first, is known.
    New(Vec<String>),
    /// The holder of the strongest identifier that is known, and those that nobody holds yet.
    Known(Arc<Organisation>, Vec<String>),
    /// The same, where the subject has none of what the holder is known by, but an identifier that until now was only
    /// named beside others: the strongest one that is known.
    Beside(Arc<Organisation>, String, Vec<String>),
}

impl Sought {
    /// The `organisation_id` that the subject has, or will have once it is put into the index.
    pub fn organisation_id(&self) -> Option<&str> {
        match self {
            Self::Nobody | Self::NameOnly => None,
            Self::New(identifiers) => identifiers.first().map(String::as_str),
            Self::Known(organisation, _) => Some(organisation.organisation_id()),
            Self::Beside(_, identifier, _) => Some(identifier),
        }
    }

    /// How it was found, as far as everybody may know; `None` where the event names no subject.
    pub fn matched_by(&self) -> Option<MatchedBy> {
        match self {
            Self::Nobody => None,
            Self::NameOnly => Some(MatchedBy::NameOnly),
            Self::Known(holder, _) | Self::Beside(holder, ..) if holder.is_public => Some(MatchedBy::Identifier),
            Self::New(_) | Self::Known(..) | Self::Beside(..) => Some(MatchedBy::NewIdentifier),
        }
    }
}

/// Who holds an identifier, as a subject names it.
#[derive(Debug)]
pub enum Held {
    Free,
    By(Arc<Organisation>),
    /// Only by somebody of another name, or by what ended and had another form: the subject is not joined to it. Its
    /// own organisation would have this id.
    Other(Arc<Organisation>, String),
    /// By so many under different names that it tells nobody apart: it counts for nothing.
    Crowded,
}

/// A subject as the index finds it, and whom else its identifiers lead to.
#[derive(Debug)]
pub struct Found {
    pub sought: Sought,
    /// Those of its identifiers that somebody holds, with the holder, and whether that has its name.
    pub others: Vec<(String, Arc<Organisation>, bool)>,
}

/// Looks a subject up among the holders of identifiers (`<scheme>:<value>`). An identifier that another organisation
/// holds than the strongest's stays where it is.
pub fn seek(subject: Option<&Subject>, held: impl Fn(&str) -> Held) -> Found {
    let Some(subject) = subject else { return Found { sought: Sought::Nobody, others: Vec::new() } };
    let (mut holder, mut others, mut namesake) = (None::<(Arc<Organisation>, String)>, Vec::new(), None);
    let mut unknown: Vec<String> = Vec::with_capacity(subject.identifiers.len());
    for identifier in &subject.identifiers {
        let key = identifier_key(identifier);
        match held(&key) {
            Held::By(organisation) => {
                holder = holder.or_else(|| Some((Arc::clone(&organisation), key.clone())));
                others.push((key, organisation, true));
            }
            Held::Other(organisation, own) => {
                namesake = namesake.or(Some(own));
                others.push((key, organisation, false));
            }
            Held::Free if !unknown.contains(&key) => unknown.push(key),
            Held::Free | Held::Crowded => {}
        }
    }
    let sought = match (holder, namesake) {
        (Some((organisation, key)), _) => {
            let is_beside = |key: &str| organisation.identifiers.further().any(|further| further == key);
            let mut of_it =
                others.iter().filter(|(_, other, _)| other.organisation_id() == organisation.organisation_id());
            if of_it.all(|(key, ..)| is_beside(key)) {
                Sought::Beside(organisation, key, unknown)
            } else {
                Sought::Known(organisation, unknown)
            }
        }
        (None, Some(own)) => {
            unknown.retain(|identifier| *identifier != own);
            unknown.insert(0, own);
            Sought::New(unknown)
        }
        (None, None) if unknown.is_empty() => Sought::NameOnly,
        (None, None) => Sought::New(unknown),
    };
    Found { sought, others }
}

/// `<scheme>:<value>`, or `<scheme>@<register>:<value>` where several registers give values of one scheme: the same
/// number in two registers names two organisations.
pub fn identifier_key(identifier: &Identifier) -> String {
    let (scheme, value) = (&identifier.scheme, &identifier.value);
    match &identifier.register {
        Some(register) => format!("{scheme}@{register}:{value}"),
        None => format!("{scheme}:{value}"),
    }
}

/// Where the holder of an identifier has an establishment, as far as the identifier tells: the jurisdiction whose own
/// register gave it. That is the register itself, where it is named by an ISO 3166 code, or the beginning of the
/// scheme's name: `us-wa-ubi` is Washington's, `de-hrb` Germany's. Which of the two readings is a member, routing sees.
/// A platform's own numbers (`<platform>/<scheme>`) tell nothing.
pub fn established_in(identifier: &str) -> impl Iterator<Item = Jurisdiction> {
    let scheme = identifier.split_once(':').map_or("", |(scheme, _)| scheme);
    let (name, register) = scheme.split_once('@').unwrap_or((scheme, ""));
    let parts = name.split_once('-').filter(|(country, _)| !name.contains('/') && *country != "eu");
    let country = parts.map(|(country, _)| country);
    let whole = parts.and_then(|(country, rest)| name.get(..=country.len() + rest.find('-').unwrap_or(rest.len())));
    [whole, country, Some(register)].into_iter().flatten().filter_map(Jurisdiction::parse_in_any_case)
}

/// The digest of a name in its normal form: NFKC, lower case, words of letters and digits alone.
pub fn name_digest(name: &str) -> u128 {
    xxh3_128(super::name::normal(name).as_bytes())
}
