//! Each invariant, PASS or FAIL with the first counter-example.

use std::collections::{BTreeMap, BTreeSet};

use comity::index::State;
use comity::ledger;
use comity::model::entry::LogEntry;
use comity::schema::log::decode_entry;
use comity::schema::state::{StateRecord, decode_record};
use rdkafka::consumer::{BaseConsumer, Consumer};

use crate::oracle::Expected;
use crate::support::avro::{Fields, alerts, number, rejections, text};
use crate::support::broker::Broker;
use crate::support::load::{MEMBERS, PLATFORMS};
use crate::support::reader::read_committed;
use crate::watch::{Seen, topic};

type Outcome = Result<(), String>;

/// Judges what the topics hold after everything is worked off.
pub(crate) fn judge(broker: &Broker, sent: [usize; 2], seen: &Seen) {
    let expected = Expected::of(sent);
    let told: BTreeMap<&str, Vec<Fields>> = MEMBERS.iter().map(|member| (*member, alerts(broker, member))).collect();
    let refused = rejections(broker);
    let log = log(broker);
    let verdicts = [
        ("every record has its full fan-out or one rejection", whole(&expected, &told, &refused)),
        ("no alert comes twice to a recipient", once(&told)),
        ("no alert without cause, none to its origin", caused(&expected, &told)),
        ("numbers without a gap, versions in their order", ordered(&told, &refused)),
        ("the state is the fold of the log", folded(broker, &log)),
        ("every record of a source stands in the log once", conserved(&log, sent)),
        ("no transaction hangs", ended(broker)),
        ("what a recipient was shown stays as it was", shown(broker, seen)),
    ];
    for (invariant, outcome) in &verdicts {
        match outcome {
            Ok(()) => println!("PASS {invariant}"),
            Err(example) => println!("FAIL {invariant}: {example}"),
        }
    }
    assert!(verdicts.iter().all(|(_, outcome)| outcome.is_ok()), "an invariant does not hold");
}

fn log(broker: &Broker) -> Vec<LogEntry> {
    let read = read_committed(broker, "comity.log").into_iter();
    read.map(|read| decode_entry(read.value.as_deref().unwrap(), read.offset, read.timestamp_ms).unwrap()).collect()
}

fn whole(expected: &Expected, told: &BTreeMap<&str, Vec<Fields>>, refused: &[Fields]) -> Outcome {
    for (member, expected) in &expected.alerts {
        let word = |alert: &Fields| format!("{} {}", text(alert, "msg_type"), text(alert, "role"));
        let told: BTreeMap<String, String> =
            told[member.as_str()].iter().map(|alert| (text(alert, "alert_id"), word(alert))).collect();
        for (alert_id, expected) in expected {
            match told.get(alert_id) {
                None => return Err(format!("{member} lacks {alert_id}")),
                Some(other) if other != expected => {
                    return Err(format!("{alert_id} to {member} is {other} instead of {expected}"));
                }
                Some(_) => {}
            }
        }
    }
    let mut found: BTreeMap<(String, i64), Vec<String>> = BTreeMap::new();
    for rejection in refused {
        let place = (text(rejection, "platform"), number(rejection, "offset"));
        found.entry(place).or_default().push(text(rejection, "reason"));
    }
    let expected: BTreeMap<_, _> =
        expected.refused.iter().map(|(place, reason)| (place.clone(), vec![(*reason).to_owned()])).collect();
    let differs = |place: &&(String, i64)| found.get(*place) != expected.get(*place);
    match found.keys().chain(expected.keys()).find(differs) {
        None => Ok(()),
        Some(place) => Err(format!("{place:?} is {:?} instead of {:?}", found.get(place), expected.get(place))),
    }
}

fn once(told: &BTreeMap<&str, Vec<Fields>>) -> Outcome {
    for (member, alerts) in told {
        let mut ids = BTreeSet::new();
        if let Some(twice) = alerts.iter().map(|alert| text(alert, "alert_id")).find(|id| !ids.insert(id.clone())) {
            return Err(format!("{member} has {twice} twice"));
        }
    }
    Ok(())
}

fn caused(expected: &Expected, told: &BTreeMap<&str, Vec<Fields>>) -> Outcome {
    for (member, alerts) in told {
        let expected = &expected.alerts[*member];
        for alert in alerts {
            let alert_id = text(alert, "alert_id");
            if text(alert, "origin") == *member || text(alert, "recipient") != *member {
                return Err(format!("{member} has {alert_id}, which is not for it"));
            }
            if !expected.contains_key(&alert_id) {
                return Err(format!("{member} has {alert_id}, which nothing caused"));
            }
        }
    }
    Ok(())
}

fn ordered(told: &BTreeMap<&str, Vec<Fields>>, refused: &[Fields]) -> Outcome {
    let gap = |of: &str, records: &[Fields]| {
        let numbered = (1..).zip(records).find(|(place, record)| number(record, "sequence") != *place);
        numbered.map_or(Ok(()), |(place, _)| Err(format!("{of} has another number at place {place}")))
    };
    gap("comity.rejects", refused)?;
    for (member, alerts) in told {
        gap(member, alerts)?;
        let mut versions: BTreeMap<String, i64> = BTreeMap::new();
        for alert in alerts {
            let (event, version) = (text(alert, "event_id"), number(alert, "version"));
            let before = versions.insert(event.clone(), version).unwrap_or(0);
            if version <= before {
                return Err(format!("{member} has version {version} of {event} behind version {before}"));
            }
        }
    }
    Ok(())
}

/// The digest of the last `Checkpoint` is that of a state that nothing but the log made.
fn folded(broker: &Broker, log: &[LogEntry]) -> Outcome {
    let mut last = None;
    for read in read_committed(broker, "comity.state") {
        let header = read.headers.first().map(|(_, value)| value.as_slice());
        let record = decode_record(read.key.as_deref().unwrap(), read.value.as_deref(), header).unwrap();
        if let StateRecord::Checkpoint(checkpoint) = record {
            last = Some(checkpoint);
        }
    }
    let Some(last) = last else { return Err("there is no Checkpoint".to_owned()) };
    let mut state = State::default();
    for entry in log.iter().filter(|entry| entry.offset < last.marks.log_position) {
        let effects = ledger::handle(&state, entry);
        for change in &effects.changes {
            // What the change replaced is of no use here.
            let _before = state.apply(change);
        }
        state.advance(&effects.marks);
    }
    if state.marks == last.marks { Ok(()) } else { Err(format!("{:?} instead of {:?}", last.marks, state.marks)) }
}

fn conserved(log: &[LogEntry], sent: [usize; 2]) -> Outcome {
    for (platform, sent) in PLATFORMS.iter().zip(sent) {
        let topic = format!("comity.in.{platform}");
        let mut next = 0;
        for at in log.iter().filter_map(|entry| entry.body.source()).filter(|at| *at.topic == *topic) {
            // A record whose delivery was in doubt may stand there again; the ledger knows it by its position.
            if at.from > next {
                return Err(format!("{topic}: offset {next} is missing, {} follows", at.from));
            }
            next = next.max(at.offset + 1);
        }
        let sent = i64::try_from(sent).unwrap();
        if next != sent {
            return Err(format!("{topic}: the log has records up to {next} of {sent}"));
        }
    }
    Ok(())
}

fn ended(broker: &Broker) -> Outcome {
    let end = |isolation: &str, topic: &str| {
        let mut config = broker.plain_config();
        let asker: BaseConsumer = config.set("group.id", "judge").set("isolation.level", isolation).create().unwrap();
        asker.fetch_watermarks(topic, 0, std::time::Duration::from_secs(10)).unwrap().1
    };
    for topic in MEMBERS.iter().map(|member| topic(member)).chain(["comity.state".to_owned()]) {
        let (stable, all) = (end("read_committed", &topic), end("read_uncommitted", &topic));
        if stable != all {
            return Err(format!("{topic} ends at {all}, and can be read to {stable}"));
        }
    }
    Ok(())
}

fn shown(broker: &Broker, seen: &Seen) -> Outcome {
    for (topic, seen) in seen {
        let now = read_committed(broker, topic).into_iter().map(|read| (read.offset, read.value.unwrap_or_default()));
        if let Some(((offset, _), _)) = seen.iter().zip(now).find(|(seen, now)| **seen != *now) {
            return Err(format!("{topic}: what was shown at offset {offset} is not what stands there"));
        }
    }
    Ok(())
}
