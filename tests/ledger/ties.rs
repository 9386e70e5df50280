//! Links by chance, and what the ledger asks of them in the words of the model.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use comity::index::State;
use comity::ledger::handle;
use comity::model::code::WithdrawalReason::{self, MistakenIdentity, Remedied};
use comity::model::code::{Kind, Scope, Severity};
use comity::model::decision::{Notice, NoticeContent, ReviewKind};
use comity::model::entry::{Body, Link, LinkRelation};
use comity::model::event::{Identifier, InfractionEvent};
use comity::model::place::{DAY_MS, Millis};
use comity::model::record::SourcePosition;
use comity::model::state::{Key, Value};
use proptest::prelude::*;

use crate::chance::Chance;
use crate::histories::{PLACES, Writer, histories, in_batches, restored, said, straight};
use crate::model::Asked;
use crate::words::words;
use crate::world::{self, TODAY, apply, content, digest, place};

/// Mostly between identifiers that events name; now and then one that ends another, or ends by itself.
pub(crate) fn link(chance: &mut Chance<'_>, at: SourcePosition, now: Millis) -> Link {
    let identifiers = ["reg:A", "reg:B", "reg:C", "reg:D", "reg:A~2", "reg:C~2"];
    let first = chance.below(6);
    let second = if chance.rarely(12) { first } else { (first + 1 + chance.below(5)) % 6 };
    let today = i32::try_from(now.div_euclid(DAY_MS)).expect("a day");
    Link {
        at,
        relation: chance.pick(&[
            LinkRelation::Same,
            LinkRelation::Same,
            LinkRelation::Same,
            LinkRelation::SuccessorOf,
            LinkRelation::NotSame,
        ]),
        first: identifiers[usize::from(first)].to_owned(),
        second: identifiers[usize::from(second)].to_owned(),
        asserted_by: chance.pick(&["operator", "operator", "CA-ON", "CA-ON", "DE", "XX"]).to_owned(),
        basis: chance.pick(&["register", "register", "decision"]).to_owned(),
        from: None,
        to: match chance.below(8) {
            0..5 => None,
            5 => Some(today + 1),
            _ => Some(today),
        },
    }
}

pub(crate) fn asked(notice: &Notice) -> Option<Asked> {
    let NoticeContent::Review(review) = &notice.content else { return None };
    if matches!(review.kind, ReviewKind::MissingFromSnapshot | ReviewKind::Suppressed | ReviewKind::IdentifierNotKept) {
        return None;
    }
    let id = |id: &Option<String>| id.clone().expect("an organisation");
    Some((
        review.kind == ReviewKind::IdentifierReused,
        id(&review.organisation_id),
        id(&review.other_organisation_id),
        id(&review.identifier),
        notice.sequence,
    ))
}

/// A record of a log in which open cases gather under few organisations, and links join and part them.
fn write(writer: &mut Writer, bytes: &[u8]) {
    let mut chance = Chance(bytes, 0);
    writer.now += chance.pick(&[0, 0, 1_000, 1_000, 60_000, DAY_MS]);
    let body = match chance.below(16) {
        0..3 => Body::Tick,
        3..8 => {
            let at = writer.source(&mut chance);
            let new = link(&mut chance, at, writer.now);
            let said = writer.entries.iter().rev().filter_map(|entry| match &entry.body {
                Body::Link(link) => Some(link),
                _ => None,
            });
            // Now and then one that was said is ended, mostly by who said it.
            let ended = said.take(6).last().filter(|_| chance.rarely(3)).map(|said| Link {
                at: new.at.clone(),
                asserted_by: if chance.rarely(2) { new.asserted_by.clone() } else { said.asserted_by.clone() },
                to: new.to.or(Some(i32::try_from(writer.now.div_euclid(DAY_MS)).expect("a day"))),
                ..Link::clone(said)
            });
            Body::Link(Box::new(ended.unwrap_or(new)))
        }
        _ => {
            let back = chance.pick(&[0, 0, 1, 2, 4]);
            let mut event = event(&mut chance, writer.events.iter().rev().nth(back));
            event.provenance.content_sha256 = content(&event);
            event.provenance.raw_sha256 = digest(&format!("native {}", writer.entries.len()));
            writer.events.push(event.clone());
            event.provenance.at = writer.source(&mut chance);
            Body::Event(Box::new(event))
        }
    };
    writer.push(body);
}

/// Mostly an original in a case of its own; now and then the end, the correction or the withdrawal of one before.
fn event(chance: &mut Chance<'_>, before: Option<&InfractionEvent>) -> InfractionEvent {
    let what = chance.below(10);
    if let Some(before) = before.filter(|before| what < 4 && before.subject.is_some()) {
        let named = world::subject("Acme Ltd", chance.pick(&[&["A"][..], &["B"], &["C", "B"], &["D"], &["D", "A"]]));
        let reason = chance.pick(&[WithdrawalReason::Unfounded, MistakenIdentity, MistakenIdentity, Remedied]);
        return match what {
            0 => world::closure(before),
            1 | 2 => world::withdrawn_for(reason, before),
            _ => InfractionEvent { subject: Some(named), ..world::revised(before, Kind::Correction, "other") },
        };
    }
    let mut event = world::original(&format!("p/e{}", chance.below(40)));
    event.case_id = event.event_id.clone();
    event.origin = place(chance.pick(&PLACES[..4]));
    event.severity = chance.pick(&[Severity::Unknown, Severity::Minor, Severity::Extreme]);
    event.scope = if chance.rarely(5) { Scope::Restricted } else { Scope::Federation };
    event.decided.date = TODAY - i32::from(chance.below(3)) * 10;
    event.expires_at = if chance.rarely(6) { Some(world::START + i64::from(chance.below(20)) * DAY_MS) } else { None };
    if chance.rarely(4) {
        event.for_follow_up.push(place(chance.pick(&PLACES)));
    }
    let identifiers =
        chance.pick(&[&["A"][..], &["A"], &["B"], &["B"], &["C"], &["D"], &["A", "B"], &["A", "B"], &["C", "D"]]);
    let name = chance.pick(&["Acme Ltd", "Acme Ltd", "ACME, Ltd.", "Acme Ltd", "Acme Ltd", "Other Inc"]);
    let mut subject = world::subject(name, identifiers);
    if chance.rarely(6) {
        let register = Some(chance.pick(&PLACES).to_owned());
        subject.identifiers.push(Identifier { register, ..world::identifier("court", "R") });
    }
    subject.legal_form = chance.pick(&[None, None, None, Some("Ltd")]).map(str::to_owned);
    subject.jurisdiction = if chance.rarely(4) { Some(place(chance.pick(&PLACES))) } else { None };
    event.subject = Some(subject);
    event
}

fn writer<'r>(records: impl IntoIterator<Item = &'r Vec<u8>>) -> Writer {
    let mut writer = Writer::new();
    let rules = writer.rules.clone();
    writer.push(Body::Rules(Box::new(rules)));
    for record in records {
        write(&mut writer, record);
    }
    writer
}

proptest! {
    #![proptest_config(ProptestConfig { cases: histories(), max_shrink_iters: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn links_are_told_as_the_naive_model_tells_them_in_any_batches(
        records in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 24), 1..80),
        cuts in proptest::collection::vec(any::<u8>(), 2..20),
    ) {
        let writer = writer(&records);
        let (state, topic) = straight(&writer.entries);
        let dump = state.dump();
        prop_assert_eq!(in_batches(&writer.entries, &cuts).dump(), dump.clone());
        prop_assert_eq!(restored(&topic, &state, cuts[1]).dump(), dump);
    }
}

/// What these histories must meet, or they prove nothing about it.
const TO_MEET: &str = "EqualIdentifiers, UnknownOrganisation, UnknownLink, ContradictedLink, NotItsLink, \
    known before by another name, told by time alone of the same standing, a number that came back, \
    a number with two holders, a link gone, an organisation forgotten, FollowUp before Some(Attention), \
    Attention before Some(FollowUp), two retellings, taken back by an event, asserted by another event, \
    asserted by an event less, named beside another, named beside another no more, named alone for the first time";

#[test]
fn histories_of_links_meet_every_rule() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;

    let strategy = proptest::collection::vec(proptest::collection::vec(any::<u8>(), 24), 1..80);
    let mut runner = TestRunner::deterministic();
    let mut met: BTreeMap<String, usize> = BTreeMap::new();
    for _ in 0..500 {
        let writer = writer(&strategy.new_tree(&mut runner).expect("a history").current());
        let mut state = State::default();
        for entry in &writer.entries {
            let effects = handle(&state, entry);
            let ids = effects.changes.iter().filter_map(|change| match &change.key {
                Key::Organisation(id) => state.holder(id).map(|_| id.clone()),
                _ => None,
            });
            let held: Vec<String> = ids.collect();
            apply(&mut state, &effects);
            let mut note = |what: &str| *met.entry(what.to_owned()).or_default() += 1;
            for change in &effects.changes {
                match (&change.key, &change.after) {
                    (Key::Link(_), None) if matches!(entry.body, Body::Event(_)) => note("taken back by an event"),
                    (Key::Link(_), None) => note("a link gone"),
                    (Key::Link(_), Some(Value::Link(now))) => {
                        let events =
                            |value: &Option<Value>| value.as_ref()?.bond().map(|bond| bond.unpack().events().len());
                        let now = now.unpack();
                        match events(&change.before).map(|before| before.cmp(&now.events().len())) {
                            Some(Ordering::Less) => note("asserted by another event"),
                            Some(Ordering::Greater) if !now.events().is_empty() => note("asserted by an event less"),
                            _ => {}
                        }
                    }
                    (Key::Organisation(_), None) => note("an organisation forgotten"),
                    (Key::Organisation(id), Some(Value::Organisation(now))) => {
                        let before = change.before.as_ref().and_then(Value::organisation);
                        let was = before.map(|before| before.identifiers.iter().count());
                        match was.map(|was| was.cmp(&now.identifiers.iter().count())) {
                            Some(Ordering::Less) => note("named beside another"),
                            Some(Ordering::Greater) => note("named beside another no more"),
                            None if held.contains(id) => note("named alone for the first time"),
                            Some(Ordering::Equal) | None => {}
                        }
                    }
                    _ => {}
                }
            }
            if state.retellings().count() > 1 {
                note("two retellings");
            }
            words(&said(&state, &effects)).iter().for_each(|what| note(what));
        }
    }
    for what in TO_MEET.split(", ") {
        let times = met.get(what).copied().unwrap_or_default();
        assert!(times >= 10, "{what} was met {times} times: {met:#?}");
    }
}
