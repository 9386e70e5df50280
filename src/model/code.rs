//! The closed lists of codes: what leaves Comity or enters its log under a name is one of these.
//!
//! Every list is written to Avro under the same names, with `UNRECOGNISED` in front: a reader of an older
//! schema sees that default for a code it does not know, and Comity itself never writes it.

/// One of a closed list of codes, each with the name that stands in Avro, in mappings and in files.
pub trait Code: Copy + Eq + 'static {
    /// Every code with its name, in the order of the Avro symbols that follow `UNRECOGNISED`.
    const ALL: &'static [(Self, &'static str)];

    /// The name of this code.
    fn name(self) -> &'static str {
        Self::ALL.iter().find(|(code, _)| *code == self).map_or("UNRECOGNISED", |(_, name)| name)
    }

    /// The code of that name; `None` for any other text, `UNRECOGNISED` among it.
    fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(code, _)| *code)
    }
}

/// The fields of economic and safety regulation that Comity carries; there is no "other".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Domain {
    FoodSafety,
    ProductSafety,
    MedicinesAndDevices,
    Environment,
    LabourStandards,
    WorkplaceSafety,
    FinancialServices,
    Competition,
    ConsumerProtection,
    DataProtection,
    TransportSafety,
    ConstructionSafety,
    WildlifeTrade,
    PublicProcurement,
}

impl Code for Domain {
    const ALL: &'static [(Self, &'static str)] = &[
        (Self::FoodSafety, "FOOD_SAFETY"),
        (Self::ProductSafety, "PRODUCT_SAFETY"),
        (Self::MedicinesAndDevices, "MEDICINES_AND_DEVICES"),
        (Self::Environment, "ENVIRONMENT"),
        (Self::LabourStandards, "LABOUR_STANDARDS"),
        (Self::WorkplaceSafety, "WORKPLACE_SAFETY"),
        (Self::FinancialServices, "FINANCIAL_SERVICES"),
        (Self::Competition, "COMPETITION"),
        (Self::ConsumerProtection, "CONSUMER_PROTECTION"),
        (Self::DataProtection, "DATA_PROTECTION"),
        (Self::TransportSafety, "TRANSPORT_SAFETY"),
        (Self::ConstructionSafety, "CONSTRUCTION_SAFETY"),
        (Self::WildlifeTrade, "WILDLIFE_TRADE"),
        (Self::PublicProcurement, "PUBLIC_PROCUREMENT"),
    ];
}

/// What the origin says an event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    Original,
    Supplement,
    Correction,
    Withdrawal,
    Closure,
}

impl Code for Kind {
    const ALL: &'static [(Self, &'static str)] = &[
        (Self::Original, "ORIGINAL"),
        (Self::Supplement, "SUPPLEMENT"),
        (Self::Correction, "CORRECTION"),
        (Self::Withdrawal, "WITHDRAWAL"),
        (Self::Closure, "CLOSURE"),
    ];
}

/// Whether the origin still works on the case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CaseStatus {
    Open,
    Closed,
}

impl Code for CaseStatus {
    const ALL: &'static [(Self, &'static str)] = &[(Self::Open, "OPEN"), (Self::Closed, "CLOSED")];
}

/// Whether an event counts (`ACTUAL`), fills up the past of a platform that joins (`BACKFILL`) or tries the line (`TEST`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mode {
    Actual,
    Backfill,
    Test,
}

impl Code for Mode {
    const ALL: &'static [(Self, &'static str)] =
        &[(Self::Actual, "ACTUAL"), (Self::Backfill, "BACKFILL"), (Self::Test, "TEST")];
}

/// How firm a decision is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Finality {
    NotStated,
    Provisional,
    Appealable,
    UnderAppeal,
    Final,
    Annulled,
}

impl Code for Finality {
    const ALL: &'static [(Self, &'static str)] = &[
        (Self::NotStated, "NOT_STATED"),
        (Self::Provisional, "PROVISIONAL"),
        (Self::Appealable, "APPEALABLE"),
        (Self::UnderAppeal, "UNDER_APPEAL"),
        (Self::Final, "FINAL"),
        (Self::Annulled, "ANNULLED"),
    ];
}

/// CAP 1.2 `severity`; ordered from least to most severe, but for `Unknown`, which passes every filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    Unknown,
    Minor,
    Moderate,
    Severe,
    Extreme,
}

impl Code for Severity {
    const ALL: &'static [(Self, &'static str)] = &[
        (Self::Unknown, "UNKNOWN"),
        (Self::Minor, "MINOR"),
        (Self::Moderate, "MODERATE"),
        (Self::Severe, "SEVERE"),
        (Self::Extreme, "EXTREME"),
    ];
}

/// CAP 1.2 `urgency`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Urgency {
    Unknown,
    Immediate,
    Expected,
    Future,
    Past,
}

impl Code for Urgency {
    const ALL: &'static [(Self, &'static str)] = &[
        (Self::Unknown, "UNKNOWN"),
        (Self::Immediate, "IMMEDIATE"),
        (Self::Expected, "EXPECTED"),
        (Self::Future, "FUTURE"),
        (Self::Past, "PAST"),
    ];
}

/// CAP 1.2 `certainty`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Certainty {
    Unknown,
    Observed,
    Likely,
    Possible,
    Unlikely,
}

impl Code for Certainty {
    const ALL: &'static [(Self, &'static str)] = &[
        (Self::Unknown, "UNKNOWN"),
        (Self::Observed, "OBSERVED"),
        (Self::Likely, "LIKELY"),
        (Self::Possible, "POSSIBLE"),
        (Self::Unlikely, "UNLIKELY"),
    ];
}

/// Who may know of an event: every member, or only those that it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    Federation,
    Restricted,
}

impl Code for Scope {
    const ALL: &'static [(Self, &'static str)] = &[(Self::Federation, "FEDERATION"), (Self::Restricted, "RESTRICTED")];
}

/// What a withdrawal takes back: one event, or every event of its case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum WithdrawalScope {
    Event,
    Case,
}

impl Code for WithdrawalScope {
    const ALL: &'static [(Self, &'static str)] = &[(Self::Event, "EVENT"), (Self::Case, "CASE")];
}

/// Why an event is taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WithdrawalReason {
    Unfounded,
    SentInError,
    MistakenIdentity,
    Annulled,
    Remedied,
    Superseded,
}

impl Code for WithdrawalReason {
    const ALL: &'static [(Self, &'static str)] = &[
        (Self::Unfounded, "UNFOUNDED"),
        (Self::SentInError, "SENT_IN_ERROR"),
        (Self::MistakenIdentity, "MISTAKEN_IDENTITY"),
        (Self::Annulled, "ANNULLED"),
        (Self::Remedied, "REMEDIED"),
        (Self::Superseded, "SUPERSEDED"),
    ];
}

/// What an authority ordered or did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MeasureType {
    NotStated,
    Fine,
    Restitution,
    Recall,
    MarketWithdrawal,
    BorderRejection,
    Seizure,
    Order,
    Notice,
    Warning,
    Closure,
    LicenceSuspension,
    LicenceRevocation,
    Debarment,
    CorrectedOnSite,
}

impl Code for MeasureType {
    const ALL: &'static [(Self, &'static str)] = &[
        (Self::NotStated, "NOT_STATED"),
        (Self::Fine, "FINE"),
        (Self::Restitution, "RESTITUTION"),
        (Self::Recall, "RECALL"),
        (Self::MarketWithdrawal, "MARKET_WITHDRAWAL"),
        (Self::BorderRejection, "BORDER_REJECTION"),
        (Self::Seizure, "SEIZURE"),
        (Self::Order, "ORDER"),
        (Self::Notice, "NOTICE"),
        (Self::Warning, "WARNING"),
        (Self::Closure, "CLOSURE"),
        (Self::LicenceSuspension, "LICENCE_SUSPENSION"),
        (Self::LicenceRevocation, "LICENCE_REVOCATION"),
        (Self::Debarment, "DEBARMENT"),
        (Self::CorrectedOnSite, "CORRECTED_ON_SITE"),
    ];
}

/// How an amount is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Qualifier {
    Exact,
    AtLeast,
    AtMost,
    Estimated,
}

impl Code for Qualifier {
    const ALL: &'static [(Self, &'static str)] = &[
        (Self::Exact, "EXACT"),
        (Self::AtLeast, "AT_LEAST"),
        (Self::AtMost, "AT_MOST"),
        (Self::Estimated, "ESTIMATED"),
    ];
}

/// How much of a date the source states.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Precision {
    Day,
    Month,
    Year,
}

impl Code for Precision {
    const ALL: &'static [(Self, &'static str)] = &[(Self::Day, "DAY"), (Self::Month, "MONTH"), (Self::Year, "YEAR")];
}

/// Whether a date is the one meant or only a bound of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Bound {
    Exact,
    NotBefore,
    NotAfter,
}

impl Code for Bound {
    const ALL: &'static [(Self, &'static str)] =
        &[(Self::Exact, "EXACT"), (Self::NotBefore, "NOT_BEFORE"), (Self::NotAfter, "NOT_AFTER")];
}

/// How far an identifier's check digits speak for it; a failed check lowers trust and drops nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Trust {
    Unchecked,
    Valid,
    CheckFailed,
}

impl Code for Trust {
    const ALL: &'static [(Self, &'static str)] =
        &[(Self::Unchecked, "UNCHECKED"), (Self::Valid, "VALID"), (Self::CheckFailed, "CHECK_FAILED")];
}

/// What a recipient must do with its copy (CAP 1.2 `msgType`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum MsgType {
    Alert,
    Update,
    Cancel,
}

impl Code for MsgType {
    const ALL: &'static [(Self, &'static str)] =
        &[(Self::Alert, "ALERT"), (Self::Update, "UPDATE"), (Self::Cancel, "CANCEL")];
}

/// Whether a recipient has to act or only to know (RASFF `for_follow_up`, `for_attention`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    FollowUp,
    Attention,
}

impl Code for Role {
    const ALL: &'static [(Self, &'static str)] = &[(Self::FollowUp, "FOLLOW_UP"), (Self::Attention, "ATTENTION")];
}

/// The rule by which a recipient is told, and in its role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RoleReason {
    NamedForFollowUp,
    NamedForAttention,
    RegisteredThere,
    EstablishmentThere,
    OpenCaseThere,
    EveryMember,
    ToldBefore,
    SharingGroup,
}

impl Code for RoleReason {
    const ALL: &'static [(Self, &'static str)] = &[
        (Self::NamedForFollowUp, "NAMED_FOR_FOLLOW_UP"),
        (Self::NamedForAttention, "NAMED_FOR_ATTENTION"),
        (Self::RegisteredThere, "REGISTERED_THERE"),
        (Self::EstablishmentThere, "ESTABLISHMENT_THERE"),
        (Self::OpenCaseThere, "OPEN_CASE_THERE"),
        (Self::EveryMember, "EVERY_MEMBER"),
        (Self::ToldBefore, "TOLD_BEFORE"),
        (Self::SharingGroup, "SHARING_GROUP"),
    ];
}

/// How far a recipient may share an alert: Traffic Light Protocol 2.0 (FIRST, 2022).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Handling {
    Clear,
    Green,
    Amber,
    AmberStrict,
    Red,
}

impl Code for Handling {
    const ALL: &'static [(Self, &'static str)] = &[
        (Self::Clear, "CLEAR"),
        (Self::Green, "GREEN"),
        (Self::Amber, "AMBER"),
        (Self::AmberStrict, "AMBER_STRICT"),
        (Self::Red, "RED"),
    ];
}

/// How the organisation of an alert was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MatchedBy {
    Identifier,
    NewIdentifier,
    NameOnly,
    /// By a link of its identifier with that of another organisation.
    Link,
}

impl Code for MatchedBy {
    const ALL: &'static [(Self, &'static str)] = &[
        (Self::Identifier, "IDENTIFIER"),
        (Self::NewIdentifier, "NEW_IDENTIFIER"),
        (Self::NameOnly, "NAME_ONLY"),
        (Self::Link, "LINK"),
    ];
}

/// Where an event stands now, as its alert says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Standing {
    InForce,
    Closed,
    Expired,
    Withdrawn,
    Disputed,
}

impl Code for Standing {
    const ALL: &'static [(Self, &'static str)] = &[
        (Self::InForce, "IN_FORCE"),
        (Self::Closed, "CLOSED"),
        (Self::Expired, "EXPIRED"),
        (Self::Withdrawn, "WITHDRAWN"),
        (Self::Disputed, "DISPUTED"),
    ];
}

/// Whether a member is told of new cases, only of what it was told before, or of nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MemberState {
    Active,
    Left,
    Retired,
}

impl Code for MemberState {
    const ALL: &'static [(Self, &'static str)] =
        &[(Self::Active, "ACTIVE"), (Self::Left, "LEFT"), (Self::Retired, "RETIRED")];
}
