//! Which organisation a subject names: by identifier only, never by likeness of name.

use std::sync::Arc;

use unicode_normalization::UnicodeNormalization;
use xxhash_rust::xxh3::xxh3_128;

use crate::model::event::{Identifier, Subject};
use crate::model::state::Organisation;

/// What the index says of a subject.
#[derive(Debug)]
pub enum Sought<'s> {
    /// The event names no subject.
    Nobody,
    /// The subject has a name only; names join nothing.
    NameOnly,
    /// None of its identifiers, `<scheme>:<value>` and best first, is known.
    New(Vec<String>),
    /// The holder of the strongest identifier that is known, and those that nobody holds yet.
    Known(&'s Arc<Organisation>, Vec<String>),
}

impl Sought<'_> {
    /// The `organisation_id` that the subject has, or will have once it is put into the index.
    pub fn organisation_id(&self) -> Option<&str> {
        match self {
            Self::Nobody | Self::NameOnly => None,
            Self::New(identifiers) => identifiers.first().map(String::as_str),
            Self::Known(organisation, _) => Some(&organisation.organisation_id),
        }
    }
}

/// Looks a subject up among the holders of identifiers (`<scheme>:<value>`). An identifier that another organisation
/// holds than the strongest's stays where it is.
pub fn seek<'s>(subject: Option<&Subject>, holder_of: impl Fn(&str) -> Option<&'s Arc<Organisation>>) -> Sought<'s> {
    let Some(subject) = subject else { return Sought::Nobody };
    let mut holder = None;
    let mut unknown: Vec<String> = Vec::with_capacity(subject.identifiers.len());
    for identifier in &subject.identifiers {
        let key = identifier_key(identifier);
        match holder_of(&key) {
            Some(organisation) => holder = holder.or(Some(organisation)),
            None if !unknown.contains(&key) => unknown.push(key),
            None => {}
        }
    }
    match holder {
        Some(organisation) => Sought::Known(organisation, unknown),
        None if unknown.is_empty() => Sought::NameOnly,
        None => Sought::New(unknown),
    }
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

/// The digest of a name in its normal form: NFKC, lower case, words of letters and digits alone.
pub fn name_digest(name: &str) -> u128 {
    let mut normal = String::with_capacity(name.len());
    let push = |character: char| {
        if character.is_alphanumeric() {
            normal.push(character);
        } else if !normal.is_empty() && !normal.ends_with(' ') {
            normal.push(' ');
        }
    };
    if name.is_ascii() {
        // NFKC leaves ASCII as it is, and takes longer than all the rest.
        name.chars().map(|character| character.to_ascii_lowercase()).for_each(push);
    } else {
        name.nfkc().flat_map(char::to_lowercase).for_each(push);
    }
    xxh3_128(normal.trim_end().as_bytes())
}
