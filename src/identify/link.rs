//! The identifiers of a link in the normal form of their schemes.
//!
//! A link names organisations that the index knows already, so it may name a number of a scheme that persons can hold:
//! whoever holds it there has passed the guard as an organisation. A platform's own numbers may be named by their full
//! name, `<platform>/<scheme>:<value>`.

use super::normal_register;
use crate::model::entry::Link;
use crate::model::rejection::{Reason, Refusal};
use crate::model::state::NAMESAKE;
use crate::platform::is_name;
use crate::schema::identifiers::{local_value, scheme};

/// Brings both identifiers to normal form.
///
/// # Errors
/// The refusal, where a scheme is unknown or a value has not its form.
pub fn identify_link(link: &mut Link) -> Result<(), Refusal> {
    for (identifier, field) in [(&mut link.first, "first"), (&mut link.second, "second")] {
        *identifier = normal(identifier).map_err(|reason| Refusal::at(reason, field))?;
    }
    Ok(())
}

/// `<platform>/<scheme>`.
fn is_local(scheme: &str) -> bool {
    scheme.split_once('/').is_some_and(|(platform, own)| is_name(platform) && is_name(own))
}

/// `<scheme>:<value>` or `<scheme>@<register>:<value>`, with the number of a namesake behind it or without.
fn normal(identifier: &str) -> Result<String, Reason> {
    let (name, value) = identifier.split_once(':').ok_or(Reason::MalformedIdentifier)?;
    let (value, namesake) = value.split_once(NAMESAKE).map_or((value, None), |(value, number)| (value, Some(number)));
    if namesake.is_some_and(|number| number.parse::<u8>().is_err()) {
        return Err(Reason::MalformedIdentifier);
    }
    let name = name.trim();
    let (bare, register) = name.split_once('@').map_or((name, None), |(bare, register)| (bare, Some(register)));
    let in_form = |register| normal_register(register).ok_or(Reason::MalformedIdentifier);
    let register = register.map(in_form).transpose()?;
    let value = match scheme(bare) {
        Some(scheme) => scheme.normalise(value),
        None if is_local(bare) => local_value(value),
        None => return Err(Reason::UnknownScheme),
    };
    let value = value.ok_or(Reason::MalformedIdentifier)?;
    let namesake = namesake.map_or_else(String::new, |number| format!("{NAMESAKE}{number}"));
    let register = register.map_or_else(String::new, |register| format!("@{register}"));
    Ok(format!("{bare}{register}:{value}{namesake}"))
}
