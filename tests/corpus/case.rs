//! One case of the corpus: a record, and what it must become.

use comity::model::code::Code;
use comity::model::entry::Body;
use comity::model::event::InfractionEvent;
use comity::model::rejection::{Reason, Rejection};

/// The source versions of the corpus's platform, one for each format.
pub(crate) const FORMATS: [&str; 6] = ["json", "jsonl", "csv", "tsv", "xml", "avro"];

/// A record and what it must become.
pub(crate) struct Case {
    pub(crate) group: &'static str,
    pub(crate) name: String,
    /// The source version that its header names; `None` for no header.
    pub(crate) version: Option<String>,
    pub(crate) value: Option<Vec<u8>>,
    /// True where its header says that it is a test.
    pub(crate) test: bool,
    pub(crate) published_at: i64,
    pub(crate) expected: Expected,
}

impl Case {
    pub(crate) fn new(group: &'static str, name: impl Into<String>, format: &str, value: impl Into<Vec<u8>>) -> Self {
        Self {
            group,
            name: name.into(),
            version: Some(format.to_owned()),
            value: Some(value.into()),
            test: false,
            published_at: 77,
            expected: Expected::Event(Box::default()),
        }
    }

    /// The same with the event that it becomes.
    pub(crate) fn gives(mut self, facts: Facts) -> Self {
        self.expected = Expected::Event(Box::new(facts));
        self
    }

    /// The same with its refusal; an empty field is none.
    pub(crate) fn refused(mut self, reason: Reason, field: &str) -> Self {
        self.expected = Expected::Refused(reason, (!field.is_empty()).then(|| field.to_owned()));
        self
    }
}

/// What a record must become.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    Event(Box<Facts>),
    Refused(Reason, Option<String>),
}

impl Expected {
    /// What a record did become.
    pub(crate) fn of(body: &Body) -> Self {
        match body {
            Body::Event(event) => Self::Event(Box::new(Facts::of(event))),
            Body::Rejection(rejection) => Self::Refused(rejection.reason, rejection.field.clone()),
            other => panic!("intake gives events and rejections: {other:?}"),
        }
    }
}

/// What of an event a case states, each one exactly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Facts {
    pub(crate) event_id: String,
    pub(crate) kind: &'static str,
    pub(crate) mode: &'static str,
    /// Days since 1970-01-01.
    pub(crate) decided: i32,
    /// The source's own text, where it says more than the date.
    pub(crate) decided_text: Option<String>,
    pub(crate) legal_name: Option<String>,
    /// `scheme:value`, best first.
    pub(crate) identifiers: Vec<String>,
    pub(crate) goods: Vec<String>,
    pub(crate) code: Option<String>,
    pub(crate) penalty_minor: Option<i64>,
    pub(crate) subject_dropped: bool,
    pub(crate) schema_id: Option<i32>,
}

/// The event that `platform::Record::default` becomes.
impl Default for Facts {
    fn default() -> Self {
        Self {
            event_id: "corpus/A-1".to_owned(),
            kind: "ORIGINAL",
            mode: "ACTUAL",
            decided: 20_514,
            decided_text: None,
            legal_name: Some("Boreal Lantern Foods Inc.".to_owned()),
            identifiers: Vec::new(),
            goods: Vec::new(),
            code: None,
            penalty_minor: None,
            subject_dropped: false,
            schema_id: None,
        }
    }
}

impl Facts {
    fn of(event: &InfractionEvent) -> Self {
        let subject = event.subject.as_ref();
        let identifiers = subject.map(|subject| subject.identifiers.iter()).into_iter().flatten();
        Self {
            event_id: event.event_id.clone(),
            kind: event.kind.name(),
            mode: event.mode.name(),
            decided: event.decided.date,
            decided_text: event.decided.text.clone(),
            legal_name: subject.map(|subject| subject.legal_name.clone()),
            identifiers: identifiers.map(|one| format!("{}:{}", one.scheme, one.value)).collect(),
            goods: event.products.iter().filter_map(|product| product.name.clone()).collect(),
            code: event.infraction.code.clone(),
            penalty_minor: event.measures.first().and_then(|measure| measure.penalty.as_ref()).map(|m| m.amount_minor),
            subject_dropped: event.subject_dropped,
            schema_id: event.provenance.schema_id,
        }
    }
}

/// The fields that a refusal may name: paths of the source schema and of the canonical one, and lines of the mapping.
const PLACES: &[&str] = &[
    "id",
    "kind",
    "decided",
    "name",
    "lei",
    "own",
    "goods",
    "code",
    "fine",
    "count",
    "share",
    "flag",
    "tags",
    "tags[]",
    "sums",
    "sums[]",
    "firm",
    "firm.town",
    "firm.street",
    "event_id",
    "case_id",
    "reported_at",
    "subject.legal_name",
    "subject",
    "subject.identifiers[0]",
    "subject.identifiers[1]",
    "infraction.code",
];

/// A rejection says nothing of its record: no payload, no detail, and a field that is a place in a schema.
pub(crate) fn says_nothing(rejection: &Rejection) -> bool {
    let place = |field: &str| {
        let line = field.strip_prefix("mapping.vrl:").is_some_and(|line| line.parse::<u16>().is_ok());
        line || PLACES.contains(&field)
    };
    rejection.payload.is_none()
        && rejection.detail.is_none()
        && rejection.platform == "corpus"
        && rejection.field.as_deref().is_none_or(place)
}
