//! Histories by chance: the ledger says what the naive model says, and its state does not depend on where batches end,
//! on what was aborted between, or on whether it was restored.

use std::collections::BTreeMap;
use std::sync::Arc;

use comity::index::State;
use comity::ledger::{Effects, handle};
use comity::model::code::{
    CaseStatus, Domain, Finality, Kind, MemberState, Mode, Precision, Scope, Severity, WithdrawalReason,
    WithdrawalScope,
};
use comity::model::decision::{NoticeContent, ReviewKind};
use comity::model::entry::{Body, LogEntry, Missing};
use comity::model::event::{Identifier, InfractionEvent};
use comity::model::place::{DAY_MS, Millis};
use comity::model::record::SourcePosition;
use comity::model::rejection::Reason;
use comity::model::rules::{Period, Rules, SharingGroup};
use comity::model::state::Key;
use comity::schema::state::{StateRecord, decode_record, encode_checkpoint, encode_key, encode_record};
use proptest::prelude::*;

use crate::chance::Chance;
use crate::model::{Model, Said, Sent};
use crate::words::words;
use crate::world::{self, START, TODAY, apply, content, digest, place};
use crate::{answers, ties};

pub(crate) const PLACES: [&str; 5] = ["CA-ON", "CA-QC", "CA-BC", "DE", "FR"];

/// How the clock moves, and how long events last: equal steps make things fall due to the millisecond.
const STEPS_MS: [Millis; 13] =
    [0, 0, 1, 999, 1_000, 30_000, 59_999, 60_000, DAY_MS, DAY_MS + 1, 40 * DAY_MS, 400 * DAY_MS, -5_000];

/// Makes a log of records of chance.
pub(crate) struct Writer {
    pub(crate) entries: Vec<LogEntry>,
    pub(crate) now: Millis,
    position: [i64; 2],
    pub(crate) rules: Rules,
    pub(crate) events: Vec<InfractionEvent>,
    /// What the entries so far have sent, and to whom.
    sent: Vec<answers::Sent>,
    state: State,
}

impl Writer {
    pub(crate) fn new() -> Self {
        let members = vec![place("CA-QC"), place("DE")];
        let groups = vec![SharingGroup { name: "bakers".to_owned(), members }];
        let rules = Rules { clocks: answers::clocks(0), groups, ..world::rules(1, &PLACES[..4]) };
        Self {
            entries: Vec::new(),
            now: START,
            position: [0, 0],
            rules,
            events: Vec::new(),
            sent: Vec::new(),
            state: State::default(),
        }
    }

    pub(crate) fn push(&mut self, body: Body) {
        let offset = i64::try_from(self.entries.len()).expect("few");
        let entry = LogEntry { offset, appended_at: self.now, body };
        self.sent.extend(answers::sent(&mut self.state, &entry));
        self.entries.push(entry);
    }

    fn write(&mut self, bytes: &[u8]) {
        let mut chance = Chance(bytes, 0);
        self.now += chance.pick(&STEPS_MS);
        match chance.below(20) {
            0 => self.push(Body::Tick),
            1 => self.write_rules(&mut chance),
            // A week of days: what a step of the clock put off is forgotten then.
            3 => {
                for _ in 0..8 {
                    self.now += DAY_MS;
                    self.push(Body::Tick);
                }
            }
            2 => {
                let at = self.source(&mut chance);
                self.push(Body::Rejection(Box::new(world::rejection(Reason::NotADecision, at))));
            }
            4..7 => self.acknowledge(&mut chance),
            7 | 8 => {
                let at = self.source(&mut chance);
                let origin = place(chance.pick(&PLACES[..3]));
                let event_id = chance.pick(&["p/e1", "p/e2", "p/e3"]).to_owned();
                let case_id = chance.pick(&["c1", "c1", "c2"]).to_owned();
                let missing = Missing { at, origin, platform: "p".to_owned(), case_id, event_id };
                self.push(Body::Missing(Box::new(missing)));
            }
            9 | 10 => {
                let at = self.source(&mut chance);
                let link = ties::link(&mut chance, at, self.now);
                self.push(Body::Link(Box::new(link)));
            }
            _ => {
                let mut event = self.repeated(&mut chance).unwrap_or_else(|| event(&mut chance, self.now));
                self.events.push(event.clone());
                event.provenance.at = self.source(&mut chance);
                self.push(Body::Event(Box::new(event)));
            }
        }
    }

    /// Now and then an event comes again: from the same native record, or the same content from another.
    fn repeated(&self, chance: &mut Chance<'_>) -> Option<InfractionEvent> {
        let (which, again, native) = (chance.below(8), chance.rarely(4), chance.below(3));
        let mut event = self.events.iter().rev().nth(usize::from(which)).filter(|_| again)?.clone();
        if native > 0 {
            event.provenance.raw_sha256 = digest(&format!("native {native} of {}", self.entries.len()));
        }
        Some(event)
    }

    /// Mostly the next position; now and then one sent twice, one beyond a gap, or a range that was lost.
    pub(crate) fn source(&mut self, chance: &mut Chance<'_>) -> SourcePosition {
        let which = usize::from(chance.below(2));
        let next = self.position[which];
        let (from, offset) = match chance.below(12) {
            9 => ((next - 2).max(0), (next - 1).max(0)),
            10 => {
                let lost = i64::from(chance.below(3)) + 1;
                (next + lost, next + lost)
            }
            11 => (next, next + 4),
            _ => (next, next),
        };
        if from <= next && next <= offset {
            self.position[which] = offset + 1;
        }
        SourcePosition { topic: Arc::from(["in.a", "in.b"][which]), partition: 0, from, offset }
    }

    fn acknowledge(&mut self, chance: &mut Chance<'_>) {
        if self.sent.is_empty() {
            return self.push(Body::Tick);
        }
        let at = self.source(chance);
        let Some(said) = answers::acknowledgement(chance, &self.sent, at, self.now) else { return };
        self.push(Body::Acknowledgement(Box::new(said)));
    }

    fn write_rules(&mut self, chance: &mut Chance<'_>) {
        let mut rules = self.rules.clone();
        rules.rules_version += i64::from(chance.below(3));
        if chance.rarely(3) && rules.members.len() == 4 {
            rules.members.push(world::member(PLACES[4]));
        }
        if chance.rarely(6) {
            rules.members.swap(0, 1);
        }
        let which = usize::from(chance.below(4));
        rules.members[which].state = chance.pick(&[MemberState::Active, MemberState::Left, MemberState::Retired]);
        let which = usize::from(chance.below(4));
        rules.members[which].least_severity = chance.pick(&[Severity::Unknown, Severity::Severe]);
        rules.members[which].domains = if chance.rarely(2) { vec![Domain::FoodSafety] } else { Vec::new() };
        rules.clocks = if chance.rarely(4) { Vec::new() } else { answers::clocks(chance.below(3)) };
        rules.members[which].holidays = if chance.rarely(2) { vec![TODAY + 4, TODAY + 40] } else { Vec::new() };
        rules.policy.expires_after = Period { months: i32::from(chance.below(3)) * 6, days: 5 };
        rules.policy.forget_after = Period { months: i32::from(chance.below(3)) * 12, days: 1 };
        let followed =
            rules.members.iter().zip(&self.rules.members).all(|(new, old)| new.jurisdiction == old.jurisdiction);
        if followed && rules.rules_version > self.rules.rules_version {
            self.rules = rules.clone();
        }
        self.push(Body::Rules(Box::new(rules)));
        // Who left or retired comes back, now and then while it is still told of what it missed.
        if chance.rarely(2) {
            self.now += chance.pick(&STEPS_MS);
            self.rules.rules_version += 1;
            self.rules.members.iter_mut().for_each(|member| member.state = MemberState::Active);
            let rules = self.rules.clone();
            self.push(Body::Rules(Box::new(rules)));
        }
    }
}

pub(crate) fn event(chance: &mut Chance<'_>, now: Millis) -> InfractionEvent {
    let mut event = world::original(chance.pick(&["p/e1", "p/e2", "p/e3"]));
    event.case_id = chance.pick(&["c1", "c1", "c2"]).to_owned();
    event.origin = place(chance.pick(&["CA-ON", "CA-ON", "CA-QC", "DE", "FR"]));
    event.kind = chance.pick(&[
        Kind::Original,
        Kind::Original,
        Kind::Original,
        Kind::Correction,
        Kind::Correction,
        Kind::Supplement,
        Kind::Withdrawal,
        Kind::Withdrawal,
        Kind::Closure,
    ]);
    event.infraction.title = chance.pick(&["one", "two", "three"]).to_owned();
    event.severity = chance.pick(&[Severity::Unknown, Severity::Minor, Severity::Extreme]);
    event.domain = chance.pick(&[Domain::FoodSafety, Domain::FoodSafety, Domain::Environment]);
    event.decided.date = TODAY - i32::from(chance.below(4)) * 100;
    event.decided.precision = chance.pick(&[Precision::Day, Precision::Day, Precision::Month, Precision::Year]);
    event.scope = if chance.rarely(4) { Scope::Restricted } else { Scope::Federation };
    event.mode = chance.pick(&[
        Mode::Actual,
        Mode::Actual,
        Mode::Actual,
        Mode::Actual,
        Mode::Actual,
        Mode::Backfill,
        Mode::Test,
    ]);
    event.finality = if chance.rarely(8) { Finality::Annulled } else { Finality::Final };
    event.case_status = if chance.rarely(6) { CaseStatus::Closed } else { CaseStatus::Open };
    event.revision = if chance.rarely(2) { Some(i64::from(chance.below(3))) } else { None };
    event.expires_at = if chance.rarely(3) { Some(now + chance.pick(&STEPS_MS)) } else { None };
    if chance.rarely(3) {
        event.for_follow_up.push(place(chance.pick(&PLACES)));
    }
    if chance.rarely(3) {
        event.for_attention.push(place(chance.pick(&PLACES)));
    }
    if chance.rarely(5) {
        event.references.push(chance.pick(&["p/e1", "p/e2"]).to_owned());
    }
    if chance.rarely(4) {
        event.sharing_groups.push(chance.pick(&["bakers", "bakers", "bakers", "nobody"]).to_owned());
    }
    event.subject = subject(chance);
    if matches!(event.kind, Kind::Withdrawal | Kind::Closure) {
        event.subject = None;
        event.sharing_groups.clear();
    }
    // A desk has no numbers, and states nothing that was not stated before.
    if chance.rarely(3) && !matches!(event.kind, Kind::Original | Kind::Supplement) {
        event.platform = "desk".to_owned();
        event.revision = None;
    }
    if event.kind == Kind::Withdrawal {
        let scope = if chance.rarely(3) { WithdrawalScope::Case } else { WithdrawalScope::Event };
        let reason = chance.pick(&[WithdrawalReason::Unfounded, WithdrawalReason::MistakenIdentity]);
        event.withdrawal = Some(comity::model::event::Withdrawal { scope, reason, decision_ref: None });
    }
    event.provenance.content_sha256 = content(&event);
    let native = if chance.rarely(6) { "same".to_owned() } else { format!("{event:?} {}", chance.below(3)) };
    event.provenance.raw_sha256 = digest(&native);
    event
}

fn subject(chance: &mut Chance<'_>) -> Option<comity::model::event::Subject> {
    let identifiers: &[&str] = match chance.below(10) {
        0..4 => &["A"],
        4 => &["A", "B"],
        5 => &["B", "C"],
        6 => &["C"],
        7 => &["C", "A"],
        8 => &[],
        _ => return None,
    };
    let mut subject = world::subject(chance.pick(&["Acme Ltd", "ACME, Ltd.", "Other Inc"]), identifiers);
    if chance.rarely(5) {
        let register = Some(chance.pick(&PLACES).to_owned());
        subject.identifiers.push(Identifier { register, ..world::identifier("court", "R") });
    }
    subject.jurisdiction = if chance.rarely(3) { Some(place(chance.pick(&PLACES))) } else { None };
    subject.legal_form = chance.pick(&[None, Some("Ltd"), Some("Inc")]).map(str::to_owned);
    Some(subject)
}

/// What the ledger did, in the words of the model.
pub(crate) fn said(state: &State, effects: &Effects<'_>) -> Said {
    let members = state.rules().map_or(&[][..], |rules| rules.members.as_slice());
    let mut sent = Vec::new();
    for decision in &effects.decisions {
        for recipient in &decision.recipients {
            sent.push(Sent {
                to: members[usize::from(recipient.member)].jurisdiction,
                sequence: recipient.sequence,
                test: decision.test,
                joining: decision.joining,
                alert_id: decision.alert_id.clone(),
                version: decision.version,
                msg_type: decision.msg_type,
                standing: decision.standing,
                role: recipient.role,
                role_before: recipient.role_before,
                references: decision.references.clone(),
                expires_at: decision.expires_at,
                original_unseen: decision.original_unseen,
                organisation_id: decision.organisation.as_ref().and_then(|at| at.organisation_id.clone()),
                formerly: decision.organisation.as_ref().map(|at| at.formerly.clone()).unwrap_or_default(),
                severity: decision.about.severity,
                open_cases: decision.open_cases.clone(),
                open_cases_more: decision.open_cases_more,
                restricted_cases: recipient.restricted_cases.clone(),
                ack_due_at: recipient.ack_due_at,
                disputed_since: decision.disputed_since,
            });
        }
    }
    let national = effects.decisions.iter().filter_map(|decision| {
        let copy = decision.national.as_ref()?;
        let told = copy.told.iter().map(|member| members[usize::from(*member)].jurisdiction).collect();
        Some((decision.alert_id.clone(), copy.sequence, told))
    });
    let forgotten = effects.notices.iter().filter_map(|notice| {
        let NoticeContent::Reach(case) = &notice.content else { return None };
        let told = case.told.iter().map(|told| (told.recipient, told.sequence)).collect();
        Some((case.origin, case.case_id.clone(), notice.sequence, told))
    });
    let reviewed = effects.notices.iter().filter_map(|notice| {
        let NoticeContent::Review(review) = &notice.content else { return None };
        let missing = matches!(review.kind, ReviewKind::MissingFromSnapshot | ReviewKind::Suppressed);
        missing.then(|| (review.event_id.clone().expect("an event"), notice.sequence))
    });
    Said {
        outcome: effects.outcome,
        rejected: effects.rejection.as_ref().map(|(rejection, sequence)| (rejection.reason, *sequence)),
        sent,
        national: national.collect(),
        forgotten: forgotten.collect(),
        reviewed: reviewed.collect(),
        reviews: effects.notices.iter().filter_map(ties::asked).collect(),
        late: effects.notices.iter().filter_map(answers::late).collect(),
        disputes: effects.notices.iter().filter_map(answers::disputed).collect(),
        took: effects.acknowledged.map(|took| (took.recipient, took.level, took.after_ms, took.in_time)),
        statuses: effects
            .statuses
            .iter()
            .map(|at| (at.recipient.to_string(), at.last_alert_sequence, at.overdue, at.sequence))
            .collect(),
        gaps: effects.alarms.source_gaps,
        clock_stepped: effects.alarms.clock_step_ms.is_some(),
        rules_refused: effects.alarms.rules_refused,
        work_left: effects.work_left,
    }
}

/// `comity.state`: the last datum of each key.
pub(crate) type Topic = BTreeMap<String, Option<Vec<u8>>>;

/// Reads a log entry by entry, beside the model.
pub(crate) fn straight(entries: &[LogEntry]) -> (State, Topic) {
    let (mut state, mut model, mut topic) = (State::default(), Model::default(), Topic::new());
    for entry in entries {
        let effects = handle(&state, entry);
        for change in &effects.changes {
            topic.insert(encode_key(&change.key), state.apply(change).datum().map(<[u8]>::to_vec));
        }
        state.advance(&effects.marks);
        assert_eq!(said(&state, &effects), model.read(entry), "entry {}: {:?}", entry.offset, entry.body);
    }
    (state, topic)
}

/// Reads a log in batches, some of them aborted after a part and read again.
pub(crate) fn in_batches(entries: &[LogEntry], cuts: &[u8]) -> State {
    let mut state = State::default();
    let (mut at, mut cuts) = (0, cuts.iter().copied().cycle());
    while at < entries.len() {
        let length = usize::from(cuts.next().unwrap_or(0) % 7) + 1;
        let batch = &entries[at..entries.len().min(at + length)];
        let attempts = cuts.next().unwrap_or(0) % 3;
        let (before, marks) = (state.dump(), state.marks.clone());
        for attempt in 0..attempts {
            let read = batch.len() * usize::from(attempt + 1) / usize::from(attempts);
            let mut changes = Vec::new();
            for entry in &batch[..read] {
                let effects = handle(&state, entry);
                apply(&mut state, &effects);
                changes.extend(effects.changes);
            }
            state.undo(&changes, marks.clone());
            assert_eq!(state.dump(), before, "an aborted batch leaves nothing");
        }
        for entry in batch {
            let effects = handle(&state, entry);
            apply(&mut state, &effects);
        }
        at += batch.len();
    }
    state
}

/// Restores a state from the bytes of `comity.state`, in an order of chance.
pub(crate) fn restored(topic: &Topic, of: &State, order: u8) -> State {
    let mut state = State::default();
    let mut records: Vec<_> = topic.iter().filter_map(|(key, datum)| Some((key, datum.as_ref()?))).collect();
    records.sort_by_key(|(key, _)| digest(&format!("{order}{key}")));
    for (key, datum) in records {
        let record = decode_record(key.as_bytes(), Some(&encode_record(1, datum)), None).expect("a record");
        let StateRecord::Entry { entry, .. } = record else { panic!("a value") };
        state.restore(entry);
    }
    let bytes = encode_checkpoint(&of.checkpoint(1, "cluster"));
    let record = decode_record(b"checkpoint", Some(&bytes), None).expect("a record");
    let StateRecord::Checkpoint(checkpoint) = record else { panic!("a checkpoint") };
    assert!(state.resume(&checkpoint), "the digest of what was restored is that of the checkpoint");
    state
}

pub(crate) fn histories() -> u32 {
    std::env::var("COMITY_HISTORIES").ok().and_then(|count| count.parse().ok()).unwrap_or(5_000)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: histories(), max_shrink_iters: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_ledger_is_the_naive_model_in_any_batches(
        records in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 40), 1..40),
        cuts in proptest::collection::vec(any::<u8>(), 2..20),
    ) {
        let mut writer = Writer::new();
        if cuts[0] % 16 != 0 {
            let rules = writer.rules.clone();
            writer.push(Body::Rules(Box::new(rules)));
        }
        for record in &records {
            writer.write(record);
        }
        let (state, topic) = straight(&writer.entries);
        let dump = state.dump();
        prop_assert_eq!(in_batches(&writer.entries, &cuts).dump(), dump.clone());
        prop_assert_eq!(restored(&topic, &state, cuts[1]).dump(), dump);
    }
}

/// What histories by chance must meet, or they prove nothing about it.
const TO_MEET: &str = "Taken, Rejected, Duplicate, Superseded, NobodyTold, Pending, Suppressed, SentTwice, BeyondGap, \
    RulesIgnored, Rules, Tick, NothingMissing, a review, NotADecision, OriginNotMember, UnknownGroup, ConflictingSubject, ConflictingRevision, \
    ExpiredOnArrival, UnknownEvent, Alert InForce, Alert Closed, Update InForce, Update Closed, Update Expired, Cancel Withdrawn, \
    FollowUp before Some(Attention), Attention before Some(FollowUp), a restricted case, an open case elsewhere, \
    an unseen original, Acknowledged, AlertNotSent, NotForward, overdue, acknowledged, ended, \
    a dispute, a dispute that ends, Update Disputed, answered in time, answered late, a step of the clock, a gap that lasts, a case forgotten, an organisation forgotten, \
    a member joined, told as it joins: Alert, told as it joins: Update, \
    EqualIdentifiers, UnknownOrganisation, UnknownLink, a number that came back";

#[test]
fn histories_by_chance_meet_every_rule() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;

    let strategy = proptest::collection::vec(proptest::collection::vec(any::<u8>(), 40), 1..40);
    let mut runner = TestRunner::deterministic();
    let mut met: BTreeMap<String, usize> = BTreeMap::new();
    for _ in 0..1_600 {
        let mut writer = Writer::new();
        let rules = writer.rules.clone();
        writer.push(Body::Rules(Box::new(rules)));
        for record in strategy.new_tree(&mut runner).expect("a history").current() {
            writer.write(&record);
        }
        let mut state = State::default();
        for entry in &writer.entries {
            let effects = handle(&state, entry);
            apply(&mut state, &effects);
            for change in effects.changes.iter().filter(|change| change.after.is_none()) {
                match &change.key {
                    Key::Case(..) => *met.entry("a case forgotten".to_owned()).or_default() += 1,
                    Key::Organisation(_) => *met.entry("an organisation forgotten".to_owned()).or_default() += 1,
                    Key::Join(_) => *met.entry("a member joined".to_owned()).or_default() += 1,
                    Key::Pending(..) | Key::Source(..) | Key::Rules | Key::Link(_) | Key::Retell(_) => {}
                }
            }
            for what in words(&said(&state, &effects)) {
                *met.entry(what).or_default() += 1;
            }
        }
    }
    for what in TO_MEET.split(", ") {
        let times = met.get(what).copied().unwrap_or_default();
        assert!(times >= 10, "{what} was met {times} times: {met:#?}");
    }
}
