//! Which place of a record each canonical field might come from, by its name and by what its values look like.

use super::fields::Leaf;
use super::home::Home;
use super::rows::identifies;
use super::values::share;
use super::words;

/// Suggestions of one canonical field.
const SUGGESTIONS_MAX: usize = 4;
/// Words of what can be a brand, a batch or a code, in the mean.
const SHORT_WORDS_MAX: usize = 8;
/// Parts of a digest that stands for a native id.
const DIGEST_PARTS_MAX: usize = 4;

/// Where the native id might come from.
#[derive(Debug)]
pub(super) enum EventId<'f> {
    /// All different in the sample.
    Unique(Leaf<'f>),
    /// By its name the id, and most of its values differ.
    Named(Leaf<'f>),
    /// No field is an id: a digest of these.
    Digest(Vec<Leaf<'f>>),
}

/// A date, and what it says of the decision.
#[derive(Debug)]
pub(super) struct Decided<'f> {
    pub(super) leaf: Leaf<'f>,
    /// `NOT_BEFORE` where it stands before the decision, `NOT_AFTER` where behind.
    pub(super) bound: Option<&'static str>,
}

/// What the mapping is made of.
#[derive(Debug)]
pub(super) struct Picks<'f> {
    pub(super) event_id: EventId<'f>,
    pub(super) case_id: Option<Leaf<'f>>,
    pub(super) decided: Option<Decided<'f>>,
    pub(super) occurred: Option<Leaf<'f>>,
    pub(super) legal_name: Option<Leaf<'f>>,
    pub(super) locality: Option<Leaf<'f>>,
    /// A place, and the scheme of its numbers: one of the table, or one of the platform's own.
    pub(super) identifiers: Vec<(Leaf<'f>, Scheme)>,
    /// Fields of a product by their canonical names.
    pub(super) product: Vec<(&'static str, Leaf<'f>)>,
    pub(super) title: Option<Leaf<'f>>,
    pub(super) penalty: Option<Leaf<'f>>,
    pub(super) origin: Option<Leaf<'f>>,
}

/// A scheme of identifiers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Scheme {
    /// One of `schemas/identifiers.toml`, and how many of the values have check digits that fit.
    Known(&'static str, usize),
    /// One that the platform declares under this name.
    Own(String),
}

/// What a place must look like to be suggested for a field.
pub(super) fn fits(field: &str, leaf: &Leaf<'_>) -> bool {
    let values = &leaf.seen.values;
    // What somebody remarked may say anything of anybody.
    if words::is_remark(&leaf.words, leaf.native) && !values.is_date() && field != "info.description" {
        return false;
    }
    match field {
        "decided" | "occurred" | "aware_at" | "expires_at" | "reported_at" | "measures.from" | "measures.to" => {
            values.is_date()
        }
        "measures.penalty" => values.is_amount() && !values.is_date() && !values.counts_rows(),
        "event_id" | "case_id" => !values.is_date() && values.words_mean() <= 4,
        "revision" => values.whole_numbers == values.compared,
        "subject.legal_name" | "subject.locality" => {
            !values.is_date() && !values.is_amount() && leaf.text && values.words_mean() <= 12
        }
        "infraction.title" | "info.headline" | "info.description" => {
            leaf.text && !values.is_date() && !values.is_amount()
        }
        "finality" | "severity" | "urgency" | "certainty" | "case_status" | "measures.type" | "domain" => {
            !values.is_date() && values.distinct() <= 60
        }
        "products.category" | "products.brand" | "products.model" | "products.batch" | "infraction.code" => {
            !values.is_date() && values.several_lines == 0 && values.words_mean() <= SHORT_WORDS_MAX
        }
        "resources" => values.links > 0 || values.compared == 0,
        _ => !values.is_date() || field.starts_with("withdrawal"),
    }
}

/// The places that a canonical field might come from, best first.
pub(super) fn suggestions<'l, 'f>(field: &str, leaves: &'l [Leaf<'f>]) -> Vec<&'l Leaf<'f>> {
    let mut found: Vec<(usize, &Leaf<'f>)> =
        leaves.iter().map(|leaf| (rank(field, leaf), leaf)).filter(|(rank, _)| *rank > 0).collect();
    found.sort_by_key(|(rank, _)| std::cmp::Reverse(*rank));
    found.into_iter().take(SUGGESTIONS_MAX).map(|(_, leaf)| leaf).collect()
}

/// The rank of a place for a field: its name first, then what its values add; 0 where it does not fit.
fn rank(field: &str, leaf: &Leaf<'_>) -> usize {
    let named = leaf.score(field);
    if !fits(field, leaf) {
        return 0;
    }
    let values = &leaf.seen.values;
    let organisations = share(values.organisations, values.compared);
    let by_values = match field {
        "subject.legal_name" if organisations >= 0.3 => 4,
        "subject.legal_name" if organisations >= 0.1 => 2,
        "event_id" if identifies(leaf.seen) => 3,
        _ => 0,
    };
    match (named, by_values) {
        (0, 0) => 0,
        // Values alone do not make a name: a town has a public body's name too. Nor does a word that may mean anything.
        (0, by_values) if field != "subject.legal_name" || by_values < 4 => 0,
        (1..=3, 0) if field == "subject.legal_name" => 0,
        (named, by_values) => 2 * (named + by_values) + usize::from(!leaf.absent),
    }
}

fn best<'f>(field: &str, leaves: &[Leaf<'f>]) -> Option<Leaf<'f>> {
    suggestions(field, leaves).first().map(|leaf| (*leaf).clone())
}

/// The best place whose name says the field, not one that only may mean it.
fn sure<'f>(field: &str, leaves: &[Leaf<'f>]) -> Option<Leaf<'f>> {
    best(field, leaves).filter(|leaf| leaf.score(field) > 3)
}

/// Picks a place for each field that the proposal fills; `key` is the column that makes rows one record.
pub(super) fn pick<'f>(leaves: &[Leaf<'f>], key: Option<&str>, group: Option<&str>, home: &Home) -> Picks<'f> {
    let legal_name = best("subject.legal_name", leaves);
    let not_name = |leaf: &Leaf<'f>| legal_name.as_ref().is_none_or(|name| name.path != leaf.path);
    let title = suggestions("infraction.title", leaves).into_iter().find(|leaf| not_name(leaf)).cloned();
    let decided = decided(leaves);
    let penalty = best("measures.penalty", leaves);
    // Rows that share an id next to each other are of one case.
    let grouped = group.and_then(|native| leaves.iter().find(|leaf| leaf.native == native)).cloned();
    let event_id = event_id(
        leaves,
        key,
        &[&grouped, &legal_name, &decided.as_ref().map(|date| date.leaf.clone()), &title, &penalty],
    );
    let own = match &event_id {
        EventId::Unique(leaf) | EventId::Named(leaf) => Some(leaf.path.clone()),
        EventId::Digest(_) => None,
    };
    let other = |leaf: &Leaf<'f>| own.as_ref() != Some(&leaf.path);
    let case_id = grouped.or_else(|| sure("case_id", leaves)).filter(|leaf| other(leaf) && !leaf.absent);
    let occurred =
        sure("occurred", leaves).filter(|leaf| decided.as_ref().is_none_or(|date| date.leaf.path != leaf.path));
    let identifiers = if legal_name.is_some() { identifiers(leaves, own.as_deref(), home) } else { Vec::new() };
    let products = ["category", "name", "brand", "model", "batch"].into_iter().filter_map(|name| {
        let leaf = best(&format!("products.{name}"), leaves).filter(|leaf| not_name(leaf) && leaf.text)?;
        Some((name, leaf))
    });
    let mut product: Vec<(&'static str, Leaf<'f>)> = Vec::new();
    for (name, leaf) in products {
        if product.iter().all(|(_, other)| other.path != leaf.path) {
            product.push((name, leaf));
        }
    }
    // A category alone is as well one of cases, unless nothing else says whom or what the decision is about.
    let describes = legal_name.is_none()
        || product.iter().any(|(name, _)| *name != "category")
        || product.iter().any(|(_, leaf)| leaf.score("products.category") > 3);
    if !describes {
        product.clear();
    }
    Picks {
        event_id,
        case_id,
        decided,
        occurred,
        locality: sure("subject.locality", leaves).filter(|_| legal_name.is_some()),
        legal_name,
        identifiers,
        product,
        title,
        penalty,
        origin: best("origin", leaves),
    }
}

fn event_id<'f>(leaves: &[Leaf<'f>], key: Option<&str>, parts: &[&Option<Leaf<'f>>]) -> EventId<'f> {
    if let Some(leaf) = key.and_then(|key| leaves.iter().find(|leaf| leaf.native == key)) {
        return EventId::Unique(leaf.clone());
    }
    let found = suggestions("event_id", leaves);
    // A number that counts the rows is an id only where its name says so.
    let counts = |leaf: &Leaf<'_>| leaf.seen.values.counts_rows() && leaf.score("event_id") <= 3;
    let mut found = found.into_iter().filter(|leaf| !leaf.of_list && !counts(leaf));
    if let Some(leaf) = found.clone().find(|leaf| identifies(leaf.seen)) {
        return EventId::Unique(leaf.clone());
    }
    let hundredths = |leaf: &Leaf<'_>| 100 * leaf.seen.values.distinct() / leaf.seen.values.given.max(1);
    if let Some(leaf) = found.find(|leaf| hundredths(leaf) >= 90 && leaf.score("event_id") > 3) {
        return EventId::Named(leaf.clone());
    }
    let mut digest: Vec<Leaf<'f>> = best("case_id", leaves).into_iter().collect();
    for leaf in parts.iter().filter_map(|part| part.as_ref()).chain(leaves) {
        let new = digest.iter().all(|other| other.path != leaf.path);
        if digest.len() < DIGEST_PARTS_MAX && new && !leaf.seen.values.counts_rows() {
            digest.push(leaf.clone());
        }
    }
    EventId::Digest(digest)
}

fn decided<'f>(leaves: &[Leaf<'f>]) -> Option<Decided<'f>> {
    if let Some(leaf) = best("decided", leaves) {
        return Some(Decided { leaf, bound: None });
    }
    let behind = best("reported_at", leaves).map(|leaf| Decided { leaf, bound: Some("NOT_AFTER") });
    let before = best("aware_at", leaves).or_else(|| best("occurred", leaves));
    let before = before.map(|leaf| Decided { leaf, bound: Some("NOT_BEFORE") });
    let any =
        leaves.iter().filter(|leaf| leaf.seen.values.is_date()).max_by_key(|leaf| leaf.seen.values.given).cloned();
    let any = any.map(|leaf| {
        // Money is paid, and a list brought up to date, after the decision.
        let after = leaf.words.iter().any(|word| ["paid", "updated", "payment"].contains(&word.as_str()));
        Decided { leaf, bound: Some(if after { "NOT_AFTER" } else { "NOT_BEFORE" }) }
    });
    before.or(behind).or(any)
}

/// Numbers of organisations: those of a known scheme, then one that the source gives out itself.
fn identifiers<'f>(leaves: &[Leaf<'f>], own: Option<&str>, home: &Home) -> Vec<(Leaf<'f>, Scheme)> {
    let mut found: Vec<(Leaf<'f>, Scheme)> = Vec::new();
    for leaf in leaves.iter().filter(|leaf| own != Some(leaf.path.as_str()) && !leaf.seen.values.is_date()) {
        if let Some(scheme) = leaf.seen.values.scheme(&leaf.words, home.country()) {
            let fit = leaf.seen.values.schemes.get(scheme).copied().unwrap_or_default();
            found.push((leaf.clone(), Scheme::Known(scheme, fit.valid)));
        }
    }
    if found.is_empty()
        && let Some(leaf) = sure("subject.identifiers", leaves).filter(|leaf| own != Some(leaf.path.as_str()))
    {
        let name: Vec<String> = super::names::of(std::iter::once(leaf.native));
        let name = name.concat().replace('_', "-");
        found.push((leaf, Scheme::Own(name)));
    }
    found.truncate(4);
    found
}
