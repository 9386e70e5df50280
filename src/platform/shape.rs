//! What the canonical schema takes from a mapping: the closed object, field by field, and the check of a result's type
//! against it. No field exists in which a person could be named.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use vrl::value::Kind;
use vrl::value::kind::{Collection, Field as KindField};

use super::functions;
use crate::model::code::{
    CaseStatus, Certainty, Code, Domain, Finality, Handling, Kind as EventKind, MeasureType, Mode, Scope, Severity,
    Urgency, WithdrawalReason, WithdrawalScope,
};

/// What a field takes.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shape {
    Text,
    Integer,
    /// A text of a closed list.
    Code(fn() -> Vec<&'static str>),
    /// A name of `[legal_bases]`, or what each record states; which of the two is the platform's own rule.
    LegalBasis,
    /// An ISO code of a jurisdiction.
    Place,
    Date,
    /// Milliseconds, a timestamp or a date.
    Instant,
    Money,
    Identifier,
    List(&'static Shape),
    Object(&'static [Field]),
}

/// One field of an object.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) shape: Shape,
    /// True where each object must have it; it may still be null, which is a rejection at run time.
    pub(super) needed: bool,
}

const fn needed(name: &'static str, shape: Shape) -> Field {
    Field { name, shape, needed: true }
}

const fn optional(name: &'static str, shape: Shape) -> Field {
    Field { name, shape, needed: false }
}

fn names<C: Code>() -> Vec<&'static str> {
    C::ALL.iter().map(|(_, name)| *name).collect()
}

/// Every field of an event that a mapping may give.
pub(super) const EVENT: &[Field] = &[
    needed("event_id", Shape::Text),
    needed("case_id", Shape::Text),
    needed("kind", Shape::Code(names::<EventKind>)),
    needed("decided", Shape::Date),
    optional("revision", Shape::Integer),
    optional("case_status", Shape::Code(names::<CaseStatus>)),
    optional("references", Shape::List(&Shape::Text)),
    optional("mode", Shape::Code(names::<Mode>)),
    optional("origin", Shape::Place),
    optional("authority", Shape::Object(&[needed("id", Shape::Text), needed("name", Shape::Text)])),
    optional("subject", Shape::Object(SUBJECT)),
    optional("products", Shape::List(&Shape::Object(PRODUCT))),
    optional("domain", Shape::Code(names::<Domain>)),
    optional("infraction", Shape::Object(INFRACTION)),
    optional("finality", Shape::Code(names::<Finality>)),
    optional("measures", Shape::List(&Shape::Object(MEASURE))),
    optional("severity", Shape::Code(names::<Severity>)),
    optional("urgency", Shape::Code(names::<Urgency>)),
    optional("certainty", Shape::Code(names::<Certainty>)),
    optional("legal_basis", Shape::List(&Shape::LegalBasis)),
    optional("occurred", Shape::Date),
    optional("aware_at", Shape::Instant),
    optional("expires_at", Shape::Instant),
    optional("reported_at", Shape::Instant),
    optional("scope", Shape::Code(names::<Scope>)),
    optional("for_follow_up", Shape::List(&Shape::Place)),
    optional("for_attention", Shape::List(&Shape::Place)),
    optional("sharing_groups", Shape::List(&Shape::Text)),
    optional("handling", Shape::Code(names::<Handling>)),
    optional("distribution", Shape::List(&Shape::Place)),
    optional("distribution_text", Shape::Text),
    optional("withdrawal", Shape::Object(WITHDRAWAL)),
    optional("info", Shape::List(&Shape::Object(INFO))),
    optional("resources", Shape::List(&Shape::Object(RESOURCE))),
];

const SUBJECT: &[Field] = &[
    needed("legal_name", Shape::Text),
    optional("identifiers", Shape::List(&Shape::Identifier)),
    optional("jurisdiction", Shape::Place),
    optional("locality", Shape::Text),
    optional("legal_form", Shape::Text),
];
const PRODUCT: &[Field] = &[
    optional("category", Shape::Text),
    optional("name", Shape::Text),
    optional("brand", Shape::Text),
    optional("model", Shape::Text),
    optional("batch", Shape::Text),
    optional("gtin", Shape::Text),
    optional("customs_code", Shape::Text),
    optional("origin", Shape::Place),
];
const INFRACTION: &[Field] =
    &[needed("title", Shape::Text), optional("code", Shape::Text), optional("scheme", Shape::Text)];
const MEASURE: &[Field] = &[
    needed("type", Shape::Code(names::<MeasureType>)),
    optional("basis", Shape::Text),
    optional("from", Shape::Date),
    optional("to", Shape::Date),
    optional("penalty", Shape::Money),
];
const WITHDRAWAL: &[Field] = &[
    needed("reason", Shape::Code(names::<WithdrawalReason>)),
    optional("scope", Shape::Code(names::<WithdrawalScope>)),
    optional("decision_ref", Shape::Text),
];
const INFO: &[Field] =
    &[needed("headline", Shape::Text), optional("description", Shape::Text), optional("language", Shape::Text)];
const RESOURCE: &[Field] = &[
    needed("uri", Shape::Text),
    optional("mime_type", Shape::Text),
    optional("size_bytes", Shape::Integer),
    optional("sha256", Shape::Text),
];

/// Why a result does not fit.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Misfit {
    /// Another type than the field takes.
    Type { is: String, takes: String },
    /// A field that some result lacks.
    Missing,
    /// A field that the canonical schema does not have; with those that it has.
    Unknown { known: Vec<&'static str> },
}

/// A misfit and the path of its field, from the event down; elements of lists count as their list.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) path: Vec<String>,
    pub(super) misfit: Misfit,
}

/// Every place where a result of this type is not what the canonical schema takes.
pub(super) fn check(kind: &Kind) -> Vec<Fault> {
    let mut faults = Vec::new();
    check_object(kind, EVENT, &mut Vec::new(), &mut faults);
    faults
}

fn check_shape(kind: &Kind, shape: Shape, path: &mut Vec<String>, faults: &mut Vec<Fault>) {
    let kind = without_null(kind);
    if !kind.contains_any_defined() {
        return;
    }
    let allowed = match shape {
        Shape::Object(fields) => return check_object(&kind, fields, path, faults),
        Shape::List(of) => return check_list(&kind, *of, path, faults),
        Shape::Text | Shape::Code(_) | Shape::Place => Kind::bytes(),
        Shape::LegalBasis if kind.is_object() => legal_basis_kind(),
        Shape::LegalBasis => Kind::bytes(),
        Shape::Integer => Kind::integer(),
        Shape::Date => functions::date_kind(),
        Shape::Instant => functions::date_kind().or_integer().or_timestamp(),
        Shape::Money => functions::money_kind(),
        Shape::Identifier => functions::identifier_kind(),
    };
    if open(&allowed).is_superset(&kind).is_err() {
        faults.push(misfit(path, &kind, shape));
    }
}

/// The kind of a legal basis that a record states.
fn legal_basis_kind() -> Kind {
    let fields = ["scheme", "value"].map(|name| (KindField::from(name), Kind::bytes()));
    Kind::object(Collection::from(BTreeMap::from(fields)))
}

/// The kind with its objects' fields allowed to be absent: optional parts of a date may be left out.
fn open(kind: &Kind) -> Kind {
    let mut kind = kind.clone();
    if let Some(object) = kind.as_object_mut() {
        for field in object.known_mut().values_mut() {
            if field.contains_null() {
                field.add_undefined();
            }
        }
    }
    kind
}

fn check_list(kind: &Kind, of: Shape, path: &mut Vec<String>, faults: &mut Vec<Fault>) {
    let Some(list) = kind.as_array().filter(|_| kind.is_array()) else {
        faults.push(misfit(path, kind, Shape::List(&Shape::Text)));
        return;
    };
    for item in list.known().values() {
        check_shape(item, of, path, faults);
    }
    check_shape(&list.unknown_kind(), of, path, faults);
}

fn check_object(kind: &Kind, fields: &'static [Field], path: &mut Vec<String>, faults: &mut Vec<Fault>) {
    let Some(object) = kind.as_object().filter(|_| kind.is_object()) else {
        faults.push(misfit(path, kind, Shape::Object(fields)));
        return;
    };
    let known: Vec<&'static str> = fields.iter().map(|field| field.name).collect();
    for (name, kind) in object.known() {
        path.push(name.as_str().to_owned());
        match fields.iter().find(|field| field.name == name.as_str()) {
            Some(field) => check_shape(kind, field.shape, path, faults),
            None => faults.push(Fault { path: path.clone(), misfit: Misfit::Unknown { known: known.clone() } }),
        }
        path.pop();
    }
    if object.unknown_kind().contains_any_defined() {
        let takes = "an object written out as { \"field\": … }".to_owned();
        let is = "an object whose fields the compiler cannot know".to_owned();
        faults.push(Fault { path: path.clone(), misfit: Misfit::Type { is, takes } });
        return;
    }
    for field in fields.iter().filter(|field| field.needed) {
        let there = object.known().iter().find(|(name, _)| name.as_str() == field.name);
        if there.is_none_or(|(_, kind)| kind.contains_undefined()) {
            let mut path = path.clone();
            path.push(field.name.to_owned());
            faults.push(Fault { path, misfit: Misfit::Missing });
        }
    }
}

fn misfit(path: &[String], kind: &Kind, shape: Shape) -> Fault {
    Fault { path: path.to_vec(), misfit: Misfit::Type { is: kind.to_string(), takes: takes(shape) } }
}

/// What a shape takes, in words.
fn takes(shape: Shape) -> String {
    match shape {
        Shape::Text => "a text".to_owned(),
        Shape::Integer => "an integer".to_owned(),
        Shape::Code(names) => format!("one of {}", names().join(", ")),
        Shape::LegalBasis => "names of [legal_bases]".to_owned(),
        Shape::Place => "an ISO code as text".to_owned(),
        Shape::Date => "what date(…) returns".to_owned(),
        Shape::Instant => "what instant(…) or date(…) returns".to_owned(),
        Shape::Money => "what money(…) returns".to_owned(),
        Shape::Identifier => "what org_id(…) returns".to_owned(),
        Shape::List(_) => "a list whose elements the compiler knows: […] or each(…)".to_owned(),
        Shape::Object(fields) => {
            let mut words = "an object with ".to_owned();
            for (place, field) in fields.iter().enumerate() {
                // Writing into a text cannot fail.
                let _ = write!(words, "{}`{}`", if place == 0 { "" } else { ", " }, field.name);
            }
            words
        }
    }
}

fn without_null(kind: &Kind) -> Kind {
    let mut kind = kind.clone();
    kind.remove_null();
    kind.remove_undefined();
    kind
}

/// Every field that holds no other, by its path from the event down; elements of lists count as their list.
pub(crate) fn paths() -> Vec<String> {
    let mut found = Vec::new();
    collect(EVENT, "", &mut |path, _, _| found.push(path));
    found
}

/// Every field in which there is no other, lists as `products[].name`, with what it takes and whether the object around
/// it needs it.
pub(crate) fn listed() -> Vec<(String, String, bool)> {
    let mut found = Vec::new();
    collect(EVENT, "[]", &mut |path, shape, needed| {
        let takes = if let Shape::List(of) = shape { format!("a list, each {}", takes(*of)) } else { takes(shape) };
        found.push((path, takes, needed));
    });
    found
}

/// Tells each field that holds no other; `mark` is what stands behind the name of a list of objects.
fn collect(fields: &[Field], mark: &str, found: &mut dyn FnMut(String, Shape, bool)) {
    for field in fields {
        let (shape, mark_here) = if let Shape::List(of) = field.shape { (*of, mark) } else { (field.shape, "") };
        match shape {
            Shape::Object(inner) => collect(inner, mark, &mut |path, shape, needed| {
                found(format!("{}{mark_here}.{path}", field.name), shape, needed);
            }),
            Shape::Text
            | Shape::Integer
            | Shape::Code(_)
            | Shape::LegalBasis
            | Shape::Place
            | Shape::Date
            | Shape::Instant
            | Shape::Money
            | Shape::Identifier
            | Shape::List(_) => found(field.name.to_owned(), field.shape, field.needed),
        }
    }
}

/// The shape at a path from the event down.
pub(super) fn at(path: &[&str]) -> Option<Shape> {
    let mut shape = Shape::Object(EVENT);
    for name in path {
        let inner = if let Shape::List(of) = shape { *of } else { shape };
        let Shape::Object(fields) = inner else { return None };
        shape = fields.iter().find(|field| field.name == *name)?.shape;
    }
    Some(shape)
}
