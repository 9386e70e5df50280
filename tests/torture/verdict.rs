//! The ten invariants, each with its first counter-example where it does not hold.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::evidence::{Evidence, Told};
use crate::oracle::{Alert, Expected, NATIONAL, READERS, replay, source_topics};
use crate::support::load::MEMBERS;

type Outcome = Result<(), String>;

/// A log that is quiet gets a tick each second; a busy machine is given as much again, and a half.
const TICK_LATE_MS: i64 = 2_500;

/// What came of a round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// What the log shows of the faults: one in which they met nothing proves little.
    met: String,
    invariants: Vec<(&'static str, Outcome)>,
}

impl Verdict {
    /// The names of those that do not hold.
    pub(crate) fn failed(&self) -> Vec<&'static str> {
        self.invariants.iter().filter(|(_, outcome)| outcome.is_err()).map(|(name, _)| *name).collect()
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "{}", self.met)?;
        for (name, outcome) in &self.invariants {
            match outcome {
                Ok(()) => writeln!(formatter, "{name} PASS")?,
                Err(example) => writeln!(formatter, "{name} FAIL: {example}")?,
            }
        }
        Ok(())
    }
}

/// Judges what the topics hold after everything is worked off.
pub(crate) fn judge(found: &Evidence) -> Verdict {
    let expected = replay(&found.log, &found.witnessed.journal);
    let met = format!("{} entries sent twice, {} beyond a gap", expected.sent_twice, expected.beyond_gap);
    let invariants = vec![
        ("I1", whole(found, &expected)),
        ("I2", once(found)),
        ("I3", caused(found, &expected)),
        ("I4", ordered(found, &expected)),
        ("I5", corrected(found)),
        ("I6", folded(found)),
        ("I7", conserved(found, &expected)),
        ("I8", found.witnessed.hanging.first().map_or(Ok(()), |hanging| Err(hanging.clone()))),
        ("I9", together(found, &expected)),
        ("I10", in_time(found, &expected)),
    ];
    Verdict { met, invariants }
}

/// I1: each record that was acknowledged has its full fan-out or exactly one rejection.
fn whole(found: &Evidence, expected: &Expected) -> Outcome {
    for (reader, expected) in &expected.alerts {
        let word = |alert: &Told| format!("{} {}", alert.message, alert.role);
        let told: BTreeMap<&str, String> = found.told[reader].iter().map(|alert| (&*alert.id, word(alert))).collect();
        for alert in expected {
            let must = format!("{} {}", alert.message, alert.role);
            match told.get(&*alert.id) {
                None => return Err(format!("{reader} lacks {} of entry {}", alert.id, alert.by)),
                Some(other) if *other != must => {
                    return Err(format!("{} to {reader} is {other} instead of {must}", alert.id));
                }
                Some(_) => {}
            }
        }
    }
    let mut refused: BTreeMap<(String, i64), Vec<String>> = BTreeMap::new();
    for rejection in &found.refused {
        let place = (rejection.topic.clone(), rejection.offset);
        refused.entry(place).or_default().push(rejection.reason.clone());
    }
    let must: BTreeMap<_, _> =
        expected.refused.iter().map(|one| ((one.topic.clone(), one.offset), vec![one.reason.to_owned()])).collect();
    match refused.keys().chain(must.keys()).find(|place| refused.get(*place) != must.get(*place)) {
        None => Ok(()),
        Some(place) => Err(format!("{place:?} is {:?} instead of {:?}", refused.get(place), must.get(place))),
    }
}

/// I2: no alert comes twice to a recipient.
fn once(found: &Evidence) -> Outcome {
    for (reader, alerts) in &found.told {
        let mut ids = BTreeSet::new();
        if let Some(twice) = alerts.iter().find(|alert| !ids.insert(&alert.id)) {
            return Err(format!("{reader} has {} twice", twice.id));
        }
    }
    Ok(())
}

/// I3: no alert without cause, none to its origin, none to one that may not know.
fn caused(found: &Evidence, expected: &Expected) -> Outcome {
    for (reader, alerts) in &found.told {
        let caused: BTreeSet<&str> = expected.alerts[reader].iter().map(|alert| alert.id.as_str()).collect();
        for alert in alerts {
            if alert.origin == *reader || alert.recipient != *reader {
                return Err(format!("{reader} has {}, which is not for it", alert.id));
            }
            if !caused.contains(&*alert.id) {
                return Err(format!("{reader} has {}, which nothing caused, or which it may not know", alert.id));
            }
        }
    }
    Ok(())
}

/// I4: numbers without a gap, and the order of the log, so that of every organisation.
fn ordered(found: &Evidence, expected: &Expected) -> Outcome {
    let gap = |of: &str, sequences: &mut dyn Iterator<Item = i64>| {
        let other = (1..).zip(sequences).find(|(place, sequence)| sequence != place);
        other.map_or(Ok(()), |(place, sequence)| Err(format!("{of} has the number {sequence} at place {place}")))
    };
    gap("comity.rejects", &mut found.refused.iter().map(|rejection| rejection.sequence))?;
    for (reader, alerts) in &found.told {
        gap(reader, &mut alerts.iter().map(|alert| alert.sequence))?;
        let must = (0..).zip(&expected.alerts[reader]);
        let place: BTreeMap<&str, usize> = must.map(|(at, alert)| (&*alert.id, at)).collect();
        let places: Vec<_> = alerts.iter().filter_map(|alert| Some((*place.get(&*alert.id)?, &alert.id))).collect();
        if let Some(pair) = places.windows(2).find(|pair| pair[0].0 > pair[1].0) {
            return Err(format!("{reader} has {} before {}, the log the other way round", pair[0].1, pair[1].1));
        }
    }
    Ok(())
}

/// I5: who was told of an event is told of each correction, withdrawal and end of it.
fn corrected(found: &Evidence) -> Outcome {
    let mut told: BTreeMap<(String, i64), BTreeSet<&str>> = BTreeMap::new();
    for (reader, alerts) in &found.told {
        for alert in alerts {
            told.entry((alert.event.clone(), alert.version)).or_default().insert(reader);
        }
    }
    for ((event, version), readers) in &told {
        if *version == 1 {
            continue;
        }
        let Some(before) = told.get(&(event.clone(), version - 1)) else {
            return Err(format!("nobody has version {} of {event}, {readers:?} have {version}", version - 1));
        };
        if let Some(missing) = before.difference(readers).next() {
            return Err(format!("{missing} was told version {} of {event}, and not {version}", version - 1));
        }
    }
    Ok(())
}

/// I6: every owner's digest is that of the state's records and of the log, read once.
fn folded(found: &Evidence) -> Outcome {
    if found.checkpoints.is_empty() {
        return Err("there is no Checkpoint".to_owned());
    }
    for checkpoint in &found.checkpoints {
        let at = (checkpoint.transaction, checkpoint.position);
        if checkpoint.digest != checkpoint.of_state {
            return Err(format!("Checkpoint {at:?} says another digest than the records of the state have"));
        }
        if checkpoint.of_log != Some(checkpoint.digest) {
            return Err(format!("Checkpoint {at:?} says another digest than the log gives"));
        }
    }
    let mut told: BTreeMap<(&str, String), i64> = BTreeMap::new();
    let mut versions: BTreeMap<String, i64> = BTreeMap::new();
    for (reader, alerts) in found.told.iter().filter(|(reader, _)| **reader != NATIONAL) {
        for alert in alerts {
            let case = format!("case/{}/{}", alert.origin, alert.case);
            told.insert((reader, case), alert.sequence);
            versions.insert(alert.event.clone(), alert.version);
        }
    }
    remembered(found, &told, &versions)
}

/// What the state remembers of cases is what recipients have: of each its last alert, of each event its last version.
fn remembered(found: &Evidence, told: &BTreeMap<(&str, String), i64>, versions: &BTreeMap<String, i64>) -> Outcome {
    for (key, case) in &found.cases {
        for (member, reader) in (0..).zip(MEMBERS) {
            let (state, topic) = (case.told.get(&member), told.get(&(reader, key.clone())));
            if state != topic {
                return Err(format!("{key}: the state has {state:?} as the last of {reader}, its topic {topic:?}"));
            }
        }
        for (event, version) in case.versions.iter().filter(|(_, version)| **version > 0) {
            if versions.get(event) != Some(version) {
                return Err(format!("{event}: the state is at version {version}, alerts at {:?}", versions.get(event)));
            }
        }
    }
    match told.keys().find(|(_, key)| !found.cases.contains_key(key)) {
        Some((reader, key)) => Err(format!("{reader} was told of {key}, which the state does not know")),
        None => Ok(()),
    }
}

/// I7: what was acknowledged stands in the log, each record taken once; what was taken came out.
fn conserved(found: &Evidence, expected: &Expected) -> Outcome {
    if let Some(strange) = expected.strange.first() {
        return Err(strange.clone());
    }
    for topic in source_topics() {
        let published = found.witnessed.journal.keys().filter(|(of, _)| *of == topic).map(|(_, offset)| offset + 1);
        let (end, taken) = (published.max().unwrap_or(0), expected.positions.get(&topic).copied().unwrap_or(0));
        if end != taken {
            return Err(format!("{topic} holds records up to {end}, the log to {taken}"));
        }
    }
    let counts = found.told.iter().map(|(reader, alerts)| (*reader, alerts.len(), expected.alerts[reader].len()));
    let refusals = std::iter::once(("comity.rejects", found.refused.len(), expected.refused.len()));
    match counts.chain(refusals).find(|(_, there, caused)| there != caused) {
        Some((reader, there, caused)) => Err(format!("{reader} holds {there} records, the log causes {caused}")),
        None => Ok(()),
    }
}

/// I9: with each `Checkpoint` everything of the entries before it is there, and nothing of those after it; and what a
/// recipient was shown stays.
fn together(found: &Evidence, expected: &Expected) -> Outcome {
    for checkpoint in &found.checkpoints {
        let next = |kind: &str, member| checkpoint.next.get(&(kind.to_owned(), member)).copied().unwrap_or(1) - 1;
        let place = |reader: &str| MEMBERS.iter().position(|member| *member == reader);
        let of = |reader: &str| match place(reader) {
            Some(place) => next("ALERTS", Some(i64::try_from(place).unwrap())),
            None => next("NATIONAL", None),
        };
        let counted =
            READERS.into_iter().map(|reader| (reader, of(reader), expected.alerts_before(reader, checkpoint.position)));
        let refused = ("comity.rejects", next("REJECTS", None), expected.refused_before(checkpoint.position));
        for (what, promised, caused) in counted.chain([refused]) {
            if promised != i64::try_from(caused).unwrap() {
                let at = (checkpoint.transaction, checkpoint.position);
                return Err(format!("Checkpoint {at:?}: {promised} records of {what}, its entries cause {caused}"));
            }
        }
    }
    let last = found.checkpoints.last().map(|last| last.position);
    if found.committed != last {
        return Err(format!("the group stands at {:?}, the last Checkpoint at {last:?}", found.committed));
    }
    if let Some((topic, position)) =
        expected.positions.iter().find(|(topic, at)| found.positions.get(*topic) != Some(*at))
    {
        return Err(format!("{topic}: the state is at {:?}, the log at {position}", found.positions.get(topic)));
    }
    for (topic, seen) in &found.witnessed.seen {
        let there = &found.shown[topic];
        if seen.len() > there.len() {
            return Err(format!("{topic}: {} records were shown, {} are there", seen.len(), there.len()));
        }
        if let Some(((offset, _), _)) = seen.iter().zip(there).find(|(seen, there)| seen != there) {
            return Err(format!("{topic}: what was shown at offset {offset} is not what stands there"));
        }
    }
    Ok(())
}

/// I10: what ends, ends by the log's clock: never before its time, by the very entry whose turn it is (the first that shows
/// it, or one behind it where more is due than one entry does), and a log that is quiet is given ticks.
fn in_time(found: &Evidence, expected: &Expected) -> Outcome {
    let mut clocks: Vec<i64> = found.log.iter().map(|entry| entry.appended_at).collect();
    (1..clocks.len()).for_each(|at| clocks[at] = clocks[at].max(clocks[at - 1]));
    for reader in READERS {
        let must: BTreeMap<&str, &Alert> = expected.alerts[reader].iter().map(|alert| (&*alert.id, alert)).collect();
        for Told { id, issued_at, .. } in found.told[reader].iter().filter(|alert| alert.standing == "EXPIRED") {
            let Some((alert, due)) = must.get(&**id).and_then(|alert| Some((alert, alert.due?))) else { continue };
            let (from, to) = found.witnessed.quiet;
            let is_quiet = from <= due && due + TICK_LATE_MS <= to;
            if *issued_at < due || is_quiet && *issued_at > due + TICK_LATE_MS {
                return Err(format!("{id} to {reader} was due at {due}, and issued at {issued_at}"));
            }
            if alert.issued_at != *issued_at {
                return Err(format!("{id} to {reader} is issued at {issued_at}, by turn at {}", alert.issued_at));
            }
        }
    }
    let last = clocks.last().copied().unwrap_or(0);
    if let Some((matter, until)) = expected.open_ends.iter().find(|(_, until)| **until <= last) {
        return Err(format!("matter {matter} is over since {until} and the log is at {last}"));
    }
    let (from, to) = found.witnessed.quiet;
    let quiet: Vec<i64> =
        found.log.iter().map(|entry| entry.appended_at).filter(|at| (from..=to).contains(at)).collect();
    let ends = [vec![from], quiet, vec![to]].concat();
    match ends.windows(2).find(|pair| pair[1] - pair[0] > TICK_LATE_MS) {
        Some(pair) => Err(format!("the log has nothing between {} and {}, when it was quiet", pair[0], pair[1])),
        None => Ok(()),
    }
}
