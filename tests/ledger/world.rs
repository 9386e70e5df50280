//! Events, rules and entries to tell stories with, and a log that is read by the ledger.

use std::sync::Arc;

use comity::index::State;
use comity::ledger::{Effects, Outcome, handle};
use comity::model::code::{
    Bound, CaseStatus, Certainty, Domain, Finality, Kind, MemberState, Mode, MsgType, Precision, Role, Scope, Severity,
    Trust, Urgency, WithdrawalReason, WithdrawalScope,
};
use comity::model::decision::{Decision, Notice, Recipient, Status};
use comity::model::entry::{Body, LogEntry};
use comity::model::event::{
    Authority, Dated, Identifier, Infraction, InfractionEvent, LegalBasis, Provenance, Subject, Withdrawal,
};
use comity::model::place::{DAY_MS, Jurisdiction, Millis};
use comity::model::record::SourcePosition;
use comity::model::rejection::{Reason, Rejection};
use comity::model::rules::{Member, Period, Policy, Rules};

/// 2026-01-01T00:00Z.
pub(crate) const START: Millis = 20_454 * DAY_MS;
/// The day of `START`.
pub(crate) const TODAY: i32 = 20_454;

pub(crate) fn place(code: &str) -> Jurisdiction {
    Jurisdiction::parse(code).expect("a jurisdiction")
}

pub(crate) fn member(code: &str) -> Member {
    let jurisdiction = place(code);
    Member {
        jurisdiction,
        state: MemberState::Active,
        domains: Vec::new(),
        least_severity: Severity::Unknown,
        holidays: Vec::new(),
    }
}

/// Rules with these members; originals stand a year, and are remembered two years longer.
pub(crate) fn rules(rules_version: i64, members: &[&str]) -> Rules {
    Rules {
        federation: "test".to_owned(),
        rules_version,
        logic_version: 1,
        members: members.iter().copied().map(member).collect(),
        policy: Policy { expires_after: Period { months: 12, days: 0 }, forget_after: Period { months: 24, days: 0 } },
        clocks: Vec::new(),
        groups: Vec::new(),
        contacts: Vec::new(),
        digests: Vec::new(),
    }
}

pub(crate) fn identifier(scheme: &str, value: &str) -> Identifier {
    Identifier { scheme: scheme.to_owned(), value: value.to_owned(), register: None, trust: Trust::Valid, text: None }
}

pub(crate) fn subject(name: &str, identifiers: &[&str]) -> Subject {
    Subject {
        identifiers: identifiers.iter().map(|value| identifier("reg", value)).collect(),
        legal_name: name.to_owned(),
        legal_form: None,
        jurisdiction: None,
        locality: None,
    }
}

/// The same event about an organisation of this legal form.
pub(crate) fn of_form(event: InfractionEvent, form: &str) -> InfractionEvent {
    let subject = event.subject.map(|subject| Subject { legal_form: Some(form.to_owned()), ..subject });
    InfractionEvent { subject, ..event }
}

/// An original of `CA-ON` in a case of the same name, about the organisation `reg:A`.
pub(crate) fn original(id: &str) -> InfractionEvent {
    let at = SourcePosition { topic: Arc::from("in"), partition: 0, from: 0, offset: 0 };
    InfractionEvent {
        event_id: id.to_owned(),
        revision: None,
        kind: Kind::Original,
        case_id: id.to_owned(),
        case_status: CaseStatus::Open,
        references: Vec::new(),
        mode: Mode::Actual,
        origin: place("CA-ON"),
        platform: "p".to_owned(),
        authority: Authority { id: "a".to_owned(), name: "Authority".to_owned() },
        subject: Some(subject("Acme Ltd", &["A"])),
        products: Vec::new(),
        domain: Domain::FoodSafety,
        infraction: Infraction { code: None, scheme: None, title: "first".to_owned() },
        finality: Finality::Final,
        measures: Vec::new(),
        severity: Severity::Moderate,
        urgency: Urgency::Unknown,
        certainty: Certainty::Observed,
        legal_basis: vec![LegalBasis { scheme: "ELI".to_owned(), value: "x".to_owned() }],
        occurred: None,
        decided: Dated { date: TODAY - 10, precision: Precision::Day, bound: Bound::Exact, text: None },
        aware_at: None,
        expires_at: None,
        scope: Scope::Federation,
        for_follow_up: Vec::new(),
        for_attention: Vec::new(),
        sharing_groups: Vec::new(),
        handling: None,
        distribution: Vec::new(),
        distribution_text: None,
        withdrawal: None,
        info: Vec::new(),
        resources: Vec::new(),
        subject_dropped: false,
        text_dropped: false,
        reported_at: START,
        provenance: Provenance {
            at,
            raw_sha256: [0; 32],
            content_sha256: [0; 32],
            mapping_version: "1".to_owned(),
            schema_id: None,
        },
    }
}

/// The same event in other words.
pub(crate) fn revised(event: &InfractionEvent, kind: Kind, title: &str) -> InfractionEvent {
    let mut event = event.clone();
    event.kind = kind;
    event.infraction.title = title.to_owned();
    event
}

/// The withdrawal of one event.
pub(crate) fn withdrawal(of: &InfractionEvent, scope: WithdrawalScope) -> InfractionEvent {
    let mut event = bare(of, Kind::Withdrawal);
    event.withdrawal = Some(Withdrawal { scope, reason: WithdrawalReason::Unfounded, decision_ref: None });
    event
}

/// The withdrawal of one event for a reason.
pub(crate) fn withdrawn_for(reason: WithdrawalReason, of: &InfractionEvent) -> InfractionEvent {
    let mut event = withdrawal(of, WithdrawalScope::Event);
    event.withdrawal.as_mut().expect("a withdrawal").reason = reason;
    event
}

/// The closure of one event.
pub(crate) fn closure(of: &InfractionEvent) -> InfractionEvent {
    InfractionEvent { case_status: CaseStatus::Closed, ..bare(of, Kind::Closure) }
}

fn bare(of: &InfractionEvent, kind: Kind) -> InfractionEvent {
    InfractionEvent {
        kind,
        subject: None,
        infraction: Infraction { code: None, scheme: None, title: String::new() },
        for_follow_up: Vec::new(),
        for_attention: Vec::new(),
        legal_basis: Vec::new(),
        decided: Dated { date: TODAY, precision: Precision::Day, bound: Bound::Exact, text: None },
        expires_at: None,
        ..of.clone()
    }
}

/// One alert as one recipient gets it, in words.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Alert {
    pub(crate) alert_id: String,
    pub(crate) msg_type: MsgType,
    pub(crate) to: Jurisdiction,
    pub(crate) role: Role,
    pub(crate) sequence: i64,
}

/// What an entry did, without what it borrowed.
#[derive(Debug)]
pub(crate) struct Did {
    pub(crate) outcome: Outcome,
    pub(crate) rejected: Option<Reason>,
    pub(crate) alerts: Vec<Alert>,
    pub(crate) decisions: Vec<Decision<'static>>,
    pub(crate) statuses: Vec<Status>,
    pub(crate) notices: Vec<Notice>,
    /// True where it tells how long an acknowledgement took.
    pub(crate) timed: bool,
    pub(crate) work_left: bool,
    pub(crate) alarms: comity::ledger::Alarms,
}

impl Did {
    /// `alert_id msg_type recipient role`, of each alert.
    pub(crate) fn lines(&self) -> Vec<String> {
        let line = |alert: &Alert| format!("{} {:?} {} {:?}", alert.alert_id, alert.msg_type, alert.to, alert.role);
        self.alerts.iter().map(line).collect()
    }

    /// The part of one recipient in the last decision.
    pub(crate) fn part(&self, member: u8) -> &Recipient {
        let decision = self.decisions.last().expect("a decision");
        decision.recipients.iter().find(|recipient| recipient.member == member).expect("a recipient")
    }
}

/// A log that is written and read at once.
pub(crate) struct Log {
    pub(crate) state: State,
    pub(crate) now: Millis,
    pub(crate) offset: i64,
    pub(crate) source_offset: i64,
    raw: u64,
}

impl Log {
    /// A log with rules for these members.
    pub(crate) fn new(members: &[&str]) -> Self {
        let mut log = Self::without_rules();
        assert_eq!(log.rules(rules(1, members)).outcome, Outcome::Rules);
        log
    }

    pub(crate) fn without_rules() -> Self {
        Self { state: State::default(), now: START, offset: 0, source_offset: 0, raw: 0 }
    }

    pub(crate) fn rules(&mut self, rules: Rules) -> Did {
        self.add(Body::Rules(Box::new(rules)))
    }

    pub(crate) fn tick(&mut self) -> Did {
        self.add(Body::Tick)
    }

    /// Ticks after some time.
    pub(crate) fn later(&mut self, ms: Millis) -> Did {
        self.now += ms;
        self.tick()
    }

    /// An event as its source's next record; its digests are those of its own text, and of a record of its own.
    pub(crate) fn event(&mut self, event: &InfractionEvent) -> Did {
        self.raw += 1;
        let mut event = event.clone();
        event.provenance.raw_sha256 = digest(&format!("raw {}", self.raw));
        self.native(event)
    }

    /// An event as its source's next record, from the native record that it says.
    pub(crate) fn native(&mut self, mut event: InfractionEvent) -> Did {
        event.provenance.at.from = self.source_offset;
        event.provenance.at.offset = self.source_offset;
        self.source_offset += 1;
        event.provenance.content_sha256 = content(&event);
        self.add(Body::Event(Box::new(event)))
    }

    pub(crate) fn rejection(&mut self, reason: Reason, from: i64, offset: i64) -> Did {
        let at = SourcePosition { topic: Arc::from("in"), partition: 0, from, offset };
        self.add(Body::Rejection(Box::new(rejection(reason, at))))
    }

    pub(crate) fn add(&mut self, body: Body) -> Did {
        let entry = LogEntry { offset: self.offset, appended_at: self.now, body };
        self.offset += 1;
        let before = self.state.dump();
        let marks = self.state.marks.clone();
        let effects = handle(&self.state, &entry);
        // Every story is told twice, with an abort between: nothing of it may stay.
        apply(&mut self.state, &effects);
        self.state.undo(&effects.changes, marks);
        assert_eq!(self.state.dump(), before, "an undone entry leaves nothing");
        apply(&mut self.state, &effects);
        did(&self.state, effects)
    }

    /// The one alert of a case's first event, to all others; for tests that start from it.
    pub(crate) fn told(&mut self, event: &InfractionEvent) -> Did {
        let did = self.event(event);
        assert_eq!(did.outcome, Outcome::Taken, "{did:?}");
        assert!(!did.alerts.is_empty(), "somebody is told: {did:?}");
        did
    }
}

pub(crate) fn apply(state: &mut State, effects: &Effects<'_>) {
    for change in &effects.changes {
        let _ = state.apply(change);
    }
    state.advance(&effects.marks);
}

pub(crate) fn rejection(reason: Reason, at: SourcePosition) -> Rejection {
    Rejection {
        at,
        platform: "p".to_owned(),
        reason,
        detail: None,
        field: None,
        size_bytes: 1,
        digest: None,
        payload: None,
        reported_at: START,
    }
}

fn did(state: &State, effects: Effects<'_>) -> Did {
    let members = state.rules().map_or(&[][..], |rules| rules.members.as_slice());
    let mut alerts = Vec::new();
    for decision in &effects.decisions {
        for recipient in &decision.recipients {
            alerts.push(Alert {
                alert_id: decision.alert_id.clone(),
                msg_type: decision.msg_type,
                to: members[usize::from(recipient.member)].jurisdiction,
                role: recipient.role,
                sequence: recipient.sequence,
            });
        }
    }
    let owned = |decision: Decision<'_>| -> Decision<'static> {
        let Decision { alert_id, version, msg_type, references, standing, about, organisation, .. } = decision;
        let Decision { open_cases, open_cases_more, issued_at, expires_at, withdrawal_reason, .. } = decision;
        let Decision { original_unseen, disputed_since, contact, test, joining, recipients, national, .. } = decision;
        Decision {
            alert_id,
            version,
            msg_type,
            references,
            standing,
            disputed_since,
            about,
            organisation,
            open_cases,
            open_cases_more,
            contact,
            issued_at,
            expires_at,
            withdrawal_reason,
            original_unseen,
            event: None,
            test,
            joining,
            recipients,
            national,
        }
    };
    Did {
        outcome: effects.outcome,
        rejected: effects.rejection.map(|(rejection, _)| rejection.reason),
        alerts,
        decisions: effects.decisions.into_iter().map(owned).collect(),
        statuses: effects.statuses,
        notices: effects.notices,
        timed: effects.acknowledged.is_some(),
        work_left: effects.work_left,
        alarms: effects.alarms,
    }
}

/// Stands in for the digest of the canonical record: of everything but provenance and `reported_at`.
pub(crate) fn content(event: &InfractionEvent) -> [u8; 32] {
    let mut event = event.clone();
    event.reported_at = 0;
    event.provenance.at.offset = 0;
    event.provenance.at.from = 0;
    event.provenance.at.topic = Arc::from("");
    event.provenance.raw_sha256 = [0; 32];
    event.provenance.content_sha256 = [0; 32];
    digest(&format!("{event:?}"))
}

pub(crate) fn digest(text: &str) -> [u8; 32] {
    let half = xxhash_rust::xxh3::xxh3_128(text.as_bytes()).to_be_bytes();
    let mut digest = [0; 32];
    digest[..16].copy_from_slice(&half);
    digest[16..].copy_from_slice(&half);
    digest
}
