//! What must hold of a run: while it goes on, and once everything is worked off.

use std::collections::{BTreeMap, BTreeSet};

use comity::model::decision::Output;
use comity::model::entry::{Body, LogEntry};
use comity::model::place::Jurisdiction;
use comity::model::rejection::Reason;
use comity::schema::log::decode_entry;
use comity::schema::view::{AlertView, alert, rejection};
use sha2::{Digest, Sha256};

use crate::inputs::{self, MEMBERS};
use crate::ledger::{last_checkpoint, placed, restored};
use crate::model::{Model, Said};
use crate::planted;
use crate::reference;
use crate::run::{ID, LOG, World, output_topic};
use crate::world::place;

/// A second, and the time in which a busy federation gets round to sending a tick.
const TICK_LATE_MS: i64 = 2_500;

fn members() -> Vec<Jurisdiction> {
    MEMBERS.iter().copied().map(place).collect()
}

/// What recipients see is what the last `Checkpoint` says, whole transactions only; unless an EndTxn that came late has
/// committed half of one, which the next owner makes whole.
pub(crate) fn of_now(world: &mut World<'_>) {
    let members = members();
    let last = last_checkpoint(&world.broker).0;
    let marks = last.map(|last| last.marks).unwrap_or_default();
    let mut apart = None;
    for output in Output::all(members.len()).filter(|output| !matches!(output, Output::Test(_))) {
        let promised = marks.sequences.get(output).unwrap_or(1) - 1;
        let there = i64::try_from(world.broker.count(&output_topic(output, &members))).expect("few");
        if promised != there {
            apart = Some(format!("the Checkpoint promises {promised} records of {output:?}, there are {there}"));
        }
    }
    let position = world.broker.positions.get(ID).copied().unwrap_or(0);
    if position != marks.log_position {
        apart = Some(format!("the group stands at {position}, the Checkpoint at {}", marks.log_position));
    }
    match apart {
        Some(why) => assert!(world.torn, "half of a transaction is seen: {why}"),
        None => world.torn = false,
    }
}

/// Everything that a run must have left.
pub(crate) fn of_the_end(world: &mut World<'_>) {
    world.torn = false;
    of_now(world);
    let log = log(world);
    sources(world, &log);
    let mut model = Model::default();
    let said: Vec<Said> = log.iter().map(|entry| model.read(entry)).collect();
    alerts(world, &said);
    rejections(world, &log, &said);
    bounds(world, &log, &said);
    entitled(world, &log);
    cancelled(world);
    same_state(world, &log);
    let outcomes = said.iter().map(|said| format!("{:?}", said.outcome));
    let alerts = said.iter().flat_map(|said| &said.sent).map(|sent| format!("{:?} {:?}", sent.msg_type, sent.standing));
    for what in outcomes.chain(alerts) {
        *world.story.met.entry(what).or_default() += 1;
    }
}

fn log(world: &World<'_>) -> Vec<LogEntry> {
    let entry = |read: crate::broker::Read| {
        let value = read.record.value.as_deref().expect("a value");
        decode_entry(value, read.offset, read.stamped_at).expect("an entry")
    };
    world.broker.all(LOG).into_iter().map(entry).collect()
}

/// Each record that a source published and kept became one entry that counts, made of that record; whatever else of a
/// source stands in the log was sent twice or beyond a failure. What retention took is a rejection of its own.
fn sources(world: &World<'_>, log: &[LogEntry]) {
    for (source, published) in world.published.iter().enumerate() {
        let topic = world.sources.topic(source);
        let (mut position, mut counted) = (0, BTreeSet::new());
        for entry in log {
            let Some(at) = entry.body.source().filter(|at| *at.topic == *topic) else { continue };
            if !(at.from <= position && position <= at.offset) {
                continue;
            }
            let lost = matches!(&entry.body, Body::Rejection(refused) if refused.reason == Reason::SourceGap);
            for (offset, value) in published.records.range(position..=at.offset) {
                let own = *offset == at.offset && is_of(&entry.body, value);
                let gone = lost && *offset < world.broker.low(topic);
                assert!(own || gone, "{topic}@{offset} is passed over by the entry {}: {:?}", entry.offset, entry.body);
                counted.insert(*offset);
            }
            position = at.offset + 1;
        }
        let missing: Vec<_> = published.records.keys().filter(|offset| !counted.contains(offset)).collect();
        assert!(missing.is_empty(), "{topic}: the records {missing:?} became nothing");
        let end = world.broker.end_of(topic);
        let committed = world.committed.get(&source).map_or(0, |position| position.offset);
        assert_eq!(committed, end, "what the group has committed of {topic}");
    }
}

/// True where an entry is what this record says.
fn is_of(body: &Body, value: &[u8]) -> bool {
    let json: Option<serde_json::Value> = serde_json::from_slice(value).ok();
    let text = |name: &str| json.as_ref().and_then(|json| json[name].as_str());
    match body {
        Body::Event(event) => {
            let title = matches!(text("kind"), Some("WITHDRAWAL" | "CLOSURE"))
                || text("title") == Some(&event.infraction.title);
            let digest: [u8; 32] = Sha256::digest(value).into();
            title && event.provenance.raw_sha256 == digest
        }
        Body::Acknowledgement(said) => text("alert_id") == Some(&said.alert_id),
        Body::Link(link) => text("first") == Some(&link.first) && text("second") == Some(&link.second),
        // A native record of the simulation is sound unless it is broken or decides nothing.
        Body::Rejection(_) => text("kind").is_none_or(|kind| kind == "NOTE"),
        Body::Missing(_) | Body::Rules(_) | Body::Tick => false,
    }
}

/// The alerts of one recipient, in their order.
fn told(world: &World<'_>, recipient: Jurisdiction) -> Vec<AlertView> {
    let read = |read: crate::broker::Read| alert(read.record.value.as_deref().expect("a value")).expect("an alert");
    world.broker.all(&format!("comity.alerts.{recipient}")).into_iter().map(read).collect()
}

/// Each recipient got what the naive ledger sends it, in that order, numbered 1, 2, 3 …, and nothing twice.
fn alerts(world: &World<'_>, said: &[Said]) {
    for recipient in members() {
        let told = told(world, recipient);
        let mut seen = BTreeSet::new();
        for (place, alert) in (1..).zip(&told) {
            assert_eq!(alert.sequence, place, "the sequence of {recipient}");
            assert_eq!(alert.recipient, recipient.into());
            assert_ne!(alert.origin, recipient, "told of its own decision");
            assert!(seen.insert(&alert.alert_id), "{recipient} is told twice of {}", alert.alert_id);
        }
        let sent: Vec<_> =
            said.iter().flat_map(|said| &said.sent).filter(|sent| sent.to == recipient && !sent.test).collect();
        for (alert, sent) in told.iter().zip(&sent) {
            let AlertView { alert_id, version, msg_type, references, standing, role, role_before, .. } = alert;
            let got = (alert_id, version, msg_type, references, standing, role, role_before);
            let must = (
                &sent.alert_id,
                &sent.version,
                &sent.msg_type,
                &sent.references,
                &sent.standing,
                &sent.role,
                &sent.role_before,
            );
            assert_eq!(got, must, "what {recipient} is told as {}", sent.sequence);
            let got =
                (alert.ack_due_at, alert.disputed_since, alert.expires_at, &alert.organisation_id, alert.severity);
            let must = (sent.ack_due_at, sent.disputed_since, sent.expires_at, &sent.organisation_id, sent.severity);
            assert_eq!(got, must, "what {recipient} is told as {}", sent.sequence);
        }
        assert_eq!(told.len(), sent.len(), "how many alerts {recipient} has");
    }
    let national = said.iter().map(|said| said.national.len()).sum::<usize>();
    assert_eq!(world.broker.count("comity.alerts.national"), national, "the national feed");
}

/// Each refusal is published once, with where its record stands.
fn rejections(world: &World<'_>, log: &[LogEntry], said: &[Said]) {
    let read = |read: crate::broker::Read| {
        let view = rejection(read.record.value.as_deref().expect("a value")).expect("a rejection");
        (view.sequence, view.topic, view.offset)
    };
    let published: Vec<_> = world.broker.all("comity.rejects").into_iter().map(read).collect();
    let refused = log.iter().zip(said).filter_map(|(entry, said)| {
        let (_, sequence) = said.rejected?;
        let at = entry.body.source().expect("a source");
        Some((sequence, at.topic.to_string(), at.offset))
    });
    assert_eq!(published, refused.collect::<Vec<_>>(), "rejections");
}

/// What ends, ends by the log's clock: not before its time, and not after the entry that first shows it unless that has
/// its hands full.
fn bounds(world: &World<'_>, log: &[LogEntry], said: &[Said]) {
    let mut clock = i64::MIN;
    for (entry, said) in log.iter().zip(said) {
        clock = clock.max(entry.appended_at);
        for sent in said.sent.iter().filter(|sent| sent.standing == comity::model::code::Standing::Expired) {
            let due = sent.expires_at.expect("an end");
            assert!(due <= clock, "{} ends {} ms early", sent.alert_id, due - clock);
        }
    }
    assert!(said.last().is_none_or(|last| !last.work_left), "work that is due is left");
    // A quiet log gets a tick each second, so nothing waits longer than that for its end.
    assert!(world.broker.now - clock <= TICK_LATE_MS, "the last tick is {} ms ago", world.broker.now - clock);
}

/// Nobody is told of what nobody said, or of what is RESTRICTED to others.
fn entitled(world: &World<'_>, log: &[LogEntry]) {
    let mut events: BTreeMap<&str, Vec<&comity::model::event::InfractionEvent>> = BTreeMap::new();
    for entry in log {
        if let Body::Event(event) = &entry.body {
            events.entry(&event.case_id).or_default().push(event);
        }
    }
    for recipient in members() {
        for alert in told(world, recipient) {
            let of_case = events.get(alert.case_id.as_str()).map_or(&[][..], Vec::as_slice);
            let cause = of_case.iter().any(|event| event.event_id == alert.event_id);
            assert!(cause, "{recipient} is told of {} that nobody said", alert.alert_id);
            let open = |event: &&&comity::model::event::InfractionEvent| {
                let named = event.for_follow_up.contains(&recipient) || event.for_attention.contains(&recipient);
                event.scope == comity::model::code::Scope::Federation || named
            };
            assert!(of_case.iter().any(|event| open(&event)), "{recipient} may not know of {}", alert.alert_id);
        }
    }
}

/// Whoever was told of an event is told that it is taken back.
fn cancelled(world: &World<'_>) {
    let told: BTreeMap<Jurisdiction, Vec<AlertView>> =
        members().into_iter().map(|recipient| (recipient, told(world, recipient))).collect();
    let cancels = told.values().flatten().filter(|alert| alert.msg_type == comity::model::code::MsgType::Cancel);
    let cancels: BTreeSet<(String, i32)> = cancels.map(|alert| (alert.event_id.clone(), alert.version)).collect();
    for (event_id, version) in cancels {
        for (recipient, alerts) in &told {
            let mut of_event = alerts.iter().filter(|alert| alert.event_id == event_id);
            let knew = of_event.clone().any(|alert| alert.version < version);
            assert!(
                !knew || of_event.any(|alert| alert.version == version),
                "{recipient} is not told that {event_id} is taken back"
            );
        }
    }
}

/// The owner's state and every output are those of the log read once from its beginning, and what `comity.state` gives
/// to a fresh instance, before and after compaction.
fn same_state(world: &mut World<'_>, log: &[LogEntry]) {
    let members = members();
    // What must be, and what there is, is asked of a ledger that keeps its rules.
    planted::plant(None);
    let (outputs, state) = reference::of(log);
    for (output, records) in &outputs {
        let topic = output_topic(*output, &members);
        let there = world.broker.all(&topic).into_iter().map(|read| read.record.value.clone().expect("a value"));
        let there: Vec<_> =
            there.filter(|value| placed(&topic, value, &members).map(|at| at.0) == Some(*output)).collect();
        let must: Vec<_> = records.iter().map(|(_, value)| value.clone()).collect();
        assert!(there == must, "{output:?} holds other bytes than the log gives: {} {}", there.len(), must.len());
    }
    let state = state.dump();
    let owner = world.owner().expect("an owner").ledger.state().dump();
    assert_eq!(owner, state, "the owner's state is the log's");
    let newest = || inputs::rules(inputs::RULES_MAX);
    assert_eq!(restored(&world.broker, newest()), state, "what a fresh instance restores");
    world.compact();
    assert_eq!(restored(&world.broker, newest()), state, "what a fresh instance restores after compaction");
}
