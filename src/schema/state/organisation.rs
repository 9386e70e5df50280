//! Organisations and their open cases as Avro.

use serde::Deserialize;

use crate::model::code::{Domain, Scope, Severity};
use crate::model::state;
use crate::schema::datum;
use crate::schema::read::{Place, Symbol, each};

/// Appends an `Organisation`.
pub(super) fn write(known: &state::Organisation, out: &mut Vec<u8>) {
    datum::text(&known.organisation_id, out);
    datum::texts(&known.identifiers, out);
    datum::optional(known.registered_in, out, datum::place);
    datum::list(&known.open_cases, out, write_open_case);
    datum::int(known.cases, out);
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
}

impl From<Read> for state::Organisation {
    fn from(read: Read) -> Self {
        Self {
            organisation_id: read.organisation_id,
            identifiers: read.identifiers,
            registered_in: read.registered_in.map(|place| place.0),
            open_cases: each(read.open_cases),
            cases: read.cases,
        }
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
