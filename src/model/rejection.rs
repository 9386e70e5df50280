//! A record refused: why, and where it stands; never what it says about anybody.

use super::code::Code;
use super::place::Millis;
use super::record::SourcePosition;

/// The step that refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    Source,
    Decode,
    Map,
    Guard,
    Identify,
    Ledger,
}

impl Code for Stage {
    const ALL: &'static [(Self, &'static str)] = &[
        (Self::Source, "SOURCE"),
        (Self::Decode, "DECODE"),
        (Self::Map, "MAP"),
        (Self::Guard, "GUARD"),
        (Self::Identify, "IDENTIFY"),
        (Self::Ledger, "LEDGER"),
    ];
}

/// Why a record was refused. The number is for people and scripts, the name for files and metrics; neither changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    SourceGap,
    NoValue,
    TooLarge,
    UnknownSourceVersion,
    BadEncoding,
    Malformed,
    FieldCount,
    MissingField,
    WrongType,
    DuplicateField,
    TooDeep,
    TooManyRows,
    NotADecision,
    MappingFailed,
    UnreadableDate,
    UnreadableMoney,
    UnknownCode,
    MissingValue,
    InvalidValue,
    OverLimit,
    DomainNotListed,
    OriginUnknown,
    PersonSubject,
    UndecidableSubject,
    SeveralSubjects,
    NoSubjectNoProduct,
    UnknownScheme,
    WrongRecipient,
    OriginNotMember,
    ConflictingSubject,
    ConflictingRevision,
    ExpiredOnArrival,
    CaseFull,
    PendingFull,
    NotAccepted,
    UnknownEvent,
    AlertNotSent,
    NotForward,
    UnknownGroup,
}

impl Reason {
    /// `CMT-nnnn`; the thousands are the stage.
    pub fn code(self) -> &'static str {
        match self {
            Self::SourceGap => "CMT-1001",
            Self::NoValue => "CMT-2001",
            Self::TooLarge => "CMT-2002",
            Self::UnknownSourceVersion => "CMT-2003",
            Self::BadEncoding => "CMT-2004",
            Self::Malformed => "CMT-2005",
            Self::FieldCount => "CMT-2006",
            Self::MissingField => "CMT-2007",
            Self::WrongType => "CMT-2008",
            Self::DuplicateField => "CMT-2009",
            Self::TooDeep => "CMT-2010",
            Self::TooManyRows => "CMT-2011",
            Self::NotADecision => "CMT-3001",
            Self::MappingFailed => "CMT-3002",
            Self::UnreadableDate => "CMT-3003",
            Self::UnreadableMoney => "CMT-3004",
            Self::UnknownCode => "CMT-3005",
            Self::MissingValue => "CMT-3006",
            Self::InvalidValue => "CMT-3007",
            Self::OverLimit => "CMT-3008",
            Self::DomainNotListed => "CMT-3009",
            Self::OriginUnknown => "CMT-3010",
            Self::PersonSubject => "CMT-4001",
            Self::UndecidableSubject => "CMT-4002",
            Self::SeveralSubjects => "CMT-4003",
            Self::NoSubjectNoProduct => "CMT-4004",
            Self::UnknownScheme => "CMT-5001",
            Self::WrongRecipient => "CMT-5002",
            Self::OriginNotMember => "CMT-6001",
            Self::ConflictingSubject => "CMT-6002",
            Self::ConflictingRevision => "CMT-6003",
            Self::ExpiredOnArrival => "CMT-6004",
            Self::CaseFull => "CMT-6005",
            Self::PendingFull => "CMT-6006",
            Self::NotAccepted => "CMT-6007",
            Self::UnknownEvent => "CMT-6008",
            Self::AlertNotSent => "CMT-6009",
            Self::NotForward => "CMT-6010",
            Self::UnknownGroup => "CMT-6020",
        }
    }

    /// The step that gives this reason.
    pub fn stage(self) -> Stage {
        match self.code().as_bytes().get(4) {
            Some(b'1') => Stage::Source,
            Some(b'2') => Stage::Decode,
            Some(b'3') => Stage::Map,
            Some(b'4') => Stage::Guard,
            Some(b'5') => Stage::Identify,
            _ => Stage::Ledger,
        }
    }
}

impl Code for Reason {
    const ALL: &'static [(Self, &'static str)] = &[
        (Self::SourceGap, "source_gap"),
        (Self::NoValue, "no_value"),
        (Self::TooLarge, "too_large"),
        (Self::UnknownSourceVersion, "unknown_source_version"),
        (Self::BadEncoding, "bad_encoding"),
        (Self::Malformed, "malformed"),
        (Self::FieldCount, "field_count"),
        (Self::MissingField, "missing_field"),
        (Self::WrongType, "wrong_type"),
        (Self::DuplicateField, "duplicate_field"),
        (Self::TooDeep, "too_deep"),
        (Self::TooManyRows, "too_many_rows"),
        (Self::NotADecision, "not_a_decision"),
        (Self::MappingFailed, "mapping_failed"),
        (Self::UnreadableDate, "unreadable_date"),
        (Self::UnreadableMoney, "unreadable_money"),
        (Self::UnknownCode, "unknown_code"),
        (Self::MissingValue, "missing_value"),
        (Self::InvalidValue, "invalid_value"),
        (Self::OverLimit, "over_limit"),
        (Self::DomainNotListed, "domain_not_listed"),
        (Self::OriginUnknown, "origin_unknown"),
        (Self::PersonSubject, "person_subject"),
        (Self::UndecidableSubject, "undecidable_subject"),
        (Self::SeveralSubjects, "several_subjects"),
        (Self::NoSubjectNoProduct, "no_subject_no_product"),
        (Self::UnknownScheme, "unknown_scheme"),
        (Self::WrongRecipient, "wrong_recipient"),
        (Self::OriginNotMember, "origin_not_member"),
        (Self::ConflictingSubject, "conflicting_subject"),
        (Self::ConflictingRevision, "conflicting_revision"),
        (Self::ExpiredOnArrival, "expired_on_arrival"),
        (Self::CaseFull, "case_full"),
        (Self::PendingFull, "pending_full"),
        (Self::NotAccepted, "not_accepted"),
        (Self::UnknownEvent, "unknown_event"),
        (Self::AlertNotSent, "alert_not_sent"),
        (Self::NotForward, "not_forward"),
        (Self::UnknownGroup, "unknown_group"),
    ];
}

/// A refusal as a stage of intake gives it, before it is known where the record stood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub reason: Reason,
    /// A name that the platform's folder declares (`[rejects]`), so never a value of the record.
    pub detail: Option<String>,
    /// The path of the field in the source or canonical schema, or `mapping.vrl:<line>`; never a value.
    pub field: Option<String>,
}

impl Refusal {
    /// A refusal with neither detail nor field.
    pub fn new(reason: Reason) -> Self {
        Self { reason, detail: None, field: None }
    }

    /// A refusal that says which field is at fault.
    pub fn at(reason: Reason, field: impl Into<String>) -> Self {
        Self { reason, detail: None, field: Some(field.into()) }
    }
}

/// `Rejection`: a record refused, as the log and `comity.rejects` hold it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    pub at: SourcePosition,
    pub platform: String,
    pub reason: Reason,
    pub detail: Option<String>,
    pub field: Option<String>,
    /// Bytes of the native record's value.
    pub size_bytes: i64,
    /// HMAC-SHA-256 of the value under `guard.digest_key_file`: tells equal records apart from different ones, and
    /// tells nothing to whoever lacks the key.
    pub digest: Option<[u8; 32]>,
    /// The value itself, only where the reason is repairable and the platform names no subjects.
    pub payload: Option<Vec<u8>>,
    /// The source record's Kafka timestamp.
    pub reported_at: Millis,
}
