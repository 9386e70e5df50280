//! Organisations and their open cases as Avro.

use serde::Deserialize;

use crate::model::code::{Domain, Scope, Severity};
use crate::model::identifiers::Identifiers;
use crate::model::state;
use crate::schema::datum;
use crate::schema::read::{Fixed, Place, Symbol, each};

/// Appends an `Organisation`.
pub(super) fn write(known: &state::Organisation, out: &mut Vec<u8>) {
    datum::text(known.organisation_id(), out);
    datum::length(known.identifiers.iter().count(), out);
    known.identifiers.iter().for_each(|identifier| datum::text(identifier, out));
    out.push(0);
    datum::optional(known.registered_in, out, datum::place);
    datum::list(&known.open_cases, out, write_open_case);
    datum::int(known.cases, out);
    datum::digest_128(known.name, out);
    datum::long(i64::from(known.form), out);
    datum::boolean(known.is_public, out);
}

/// Appends an `OpenCase`.
pub(crate) fn write_open_case(case: &state::OpenCase, out: &mut Vec<u8>) {
    datum::place(case.origin, out);
    datum::code(case.domain, out);
    datum::text(&case.case_id, out);
    datum::code(case.severity, out);
    datum::int(case.since, out);
    datum::code(case.scope, out);
}

/// `Organisation` as read.
#[derive(Debug, Deserialize)]
pub(super) struct Read {
    organisation_id: String,
    identifiers: Vec<String>,
    registered_in: Option<Place>,
    open_cases: Vec<OpenCase>,
    cases: i32,
    name: Fixed<16>,
    form: i64,
    is_public: bool,
}

impl Read {
    /// The organisation; `None` where its form is no digest, or where it is known by another identifier than its first.
    pub(super) fn into_model(self) -> Option<state::Organisation> {
        let identifiers = Identifiers::of(&self.identifiers).filter(|known| known.first() == self.organisation_id)?;
        Some(state::Organisation {
            identifiers,
            registered_in: self.registered_in.map(|place| place.0),
            open_cases: each(self.open_cases).into(),
            cases: self.cases,
            name: u128::from_be_bytes(self.name.0),
            form: u32::try_from(self.form).ok()?,
            is_public: self.is_public,
        })
    }
}

/// `OpenCase` as read.
#[derive(Debug, Deserialize)]
struct OpenCase {
    origin: Place,
    domain: Symbol<Domain>,
    case_id: String,
    severity: Symbol<Severity>,
    since: i32,
    scope: Symbol<Scope>,
}

impl From<OpenCase> for state::OpenCase {
    fn from(read: OpenCase) -> Self {
        Self {
            origin: read.origin.0,
            domain: read.domain.0,
            case_id: read.case_id,
            severity: read.severity.0,
            since: read.since,
            scope: read.scope.0,
        }
    }
}
