//! Everyone who was told is told of what became of it: 100,000 alerts, of which three in ten are corrected or withdrawn,
//! under rules that change midway, with restarts.

use std::collections::{BTreeMap, BTreeSet};

use comity::index::State;
use comity::ledger::handle;
use comity::model::code::{Domain, Kind, MemberState, MsgType, Severity, WithdrawalScope};
use comity::model::entry::{Body, LogEntry};
use comity::model::event::InfractionEvent;
use comity::model::place::{Jurisdiction, Millis};
use comity::model::rules::Rules;
use comity::schema::state::encode_key;

use crate::histories::{Topic, restored};
use crate::world::{self, START, content, digest, original, place, revised, withdrawal};

const MEMBERS: [&str; 12] =
    ["CA-ON", "CA-QC", "CA-BC", "CA-AB", "CA-MB", "CA-SK", "CA-NS", "CA-NB", "CA-NL", "CA-PE", "CA-YT", "CA-NT"];
const EVENTS: usize = 9_300;
/// So many events later an event is corrected or withdrawn.
const LATER: usize = 400;

/// A ledger with what it has written, and who got alerts about each event by that.
#[derive(Default)]
struct Run {
    state: State,
    topic: Topic,
    told: BTreeMap<String, BTreeSet<Jurisdiction>>,
    offset: i64,
    position: i64,
    now: Millis,
    alerts: usize,
}

impl Run {
    /// Reads an entry; gives the alerts that it sent: event, type and recipient.
    fn add(&mut self, body: Body) -> Vec<(String, MsgType, Jurisdiction)> {
        self.now += 1;
        let entry = LogEntry { offset: self.offset, appended_at: START + self.now, body };
        self.offset += 1;
        let effects = handle(&self.state, &entry);
        for change in &effects.changes {
            let datum = self.state.apply(change).datum().map(<[u8]>::to_vec);
            self.topic.insert(encode_key(&change.key), datum);
        }
        self.state.advance(&effects.marks);
        let members = &self.state.rules().expect("rules").members;
        let mut sent = Vec::new();
        for decision in &effects.decisions {
            for recipient in &decision.recipients {
                let to = members[usize::from(recipient.member)].jurisdiction;
                sent.push((decision.about.event_id.clone(), decision.msg_type, to));
                self.told.entry(decision.about.event_id.clone()).or_default().insert(to);
            }
        }
        self.alerts += sent.len();
        sent
    }

    fn event(&mut self, mut event: InfractionEvent) -> Vec<(String, MsgType, Jurisdiction)> {
        event.provenance.at.from = self.position;
        event.provenance.at.offset = self.position;
        self.position += 1;
        event.provenance.raw_sha256 = digest(&format!("raw {}", self.position));
        event.provenance.content_sha256 = content(&event);
        self.add(Body::Event(Box::new(event)))
    }

    /// Takes rules and does the work that they make.
    fn rules(&mut self, rules: Rules) {
        self.add(Body::Rules(Box::new(rules)));
        for _ in 0..EVENTS / 64 {
            self.add(Body::Tick);
        }
    }

    /// Another process goes on, with nothing but what was written.
    fn restart(&mut self) {
        self.state = restored(&self.topic, &self.state, u8::try_from(self.offset % 251).expect("a byte"));
    }
}

/// The event of that number: of several domains and severities, now and then for somebody to follow up.
fn stated(number: usize) -> InfractionEvent {
    let mut event = original(&format!("p/{number}"));
    event.subject = None;
    event.domain = [Domain::FoodSafety, Domain::Environment][number % 2];
    event.severity = [Severity::Minor, Severity::Severe, Severity::Unknown][number % 3];
    if number.is_multiple_of(5) {
        event.for_follow_up.push(place(MEMBERS[1 + number % 11]));
    }
    event
}

#[test]
fn everyone_who_was_told_is_told_whatever_the_rules_are_now() {
    let mut run = Run::default();
    run.rules(world::rules(1, &MEMBERS));
    let mut corrected = 0;
    for number in 0..EVENTS {
        let mut rules = world::rules(2, &MEMBERS);
        match number {
            3_000 => {
                rules.members[3].state = MemberState::Left;
                rules.members[4].domains = vec![Domain::Environment];
                run.rules(rules);
            }
            6_000 => {
                rules = world::rules(3, &[&MEMBERS[..], &["CA-NU"]].concat());
                rules.members[3].state = MemberState::Left;
                rules.members[5].least_severity = Severity::Extreme;
                run.rules(rules);
            }
            _ if number.is_multiple_of(997) => run.restart(),
            _ => {}
        }
        run.event(stated(number));
        let Some(earlier) = number.checked_sub(LATER).filter(|earlier| earlier % 10 < 3) else { continue };
        let before = run.told[&format!("p/{earlier}")].clone();
        let (event, expected) = match earlier % 10 {
            0 => (withdrawal(&stated(earlier), WithdrawalScope::Event), MsgType::Cancel),
            _ => (revised(&stated(earlier), Kind::Correction, "corrected"), MsgType::Update),
        };
        let reached: BTreeSet<Jurisdiction> = run
            .event(event)
            .into_iter()
            .filter(|(id, msg_type, _)| *id == format!("p/{earlier}") && *msg_type == expected)
            .map(|(_, _, to)| to)
            .collect();
        assert!(reached.is_superset(&before), "p/{earlier}: told {before:?}, reached {reached:?}");
        corrected += before.len();
    }
    assert!(run.alerts >= 100_000, "{} alerts", run.alerts);
    assert!(corrected * 4 >= EVENTS * 11, "three in ten were corrected or withdrawn: {corrected}");
}
