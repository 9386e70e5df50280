//! What the records of the load must lead to, in the order in which the log has them: written by hand from the rules, and
//! without a line of Comity's code. Of the log it reads where each entry stands, when it was appended, and of which record
//! it is; what the record says it knows from the journal of who published it.

use std::collections::{BTreeMap, BTreeSet};

use crate::load::{Journal, Says, Sent, TERMS, Term};
use crate::support::load::{MEMBERS, PLATFORMS};

/// The name of the feed that holds every alert that all may know.
pub(crate) const NATIONAL: &str = "national";
/// Everybody who reads, the national feed last.
pub(crate) const READERS: [&str; 5] = [MEMBERS[0], MEMBERS[1], MEMBERS[2], MEMBERS[3], NATIONAL];

/// Pieces of due work that a tick does, and any other entry before it is decided.
const WORK_OF_A_TICK: usize = 64;
const WORK_OF_AN_ENTRY: usize = 8;

/// An entry of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) offset: i64,
    pub(crate) appended_at: i64,
    /// Topic, position before the record, offset of the record; `None` for rules and ticks.
    pub(crate) source: Option<(String, i64, i64)>,
    /// True where it says that records were lost.
    pub(crate) is_gap: bool,
    pub(crate) is_tick: bool,
}

/// An alert that a reader must have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Alert {
    pub(crate) id: String,
    pub(crate) message: &'static str,
    pub(crate) role: &'static str,
    /// The log's clock at the entry that decided.
    pub(crate) issued_at: i64,
    /// The offset of that entry.
    pub(crate) by: i64,
    /// When it was due, where time decided.
    pub(crate) due: Option<i64>,
}

/// A record that must be refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refused {
    pub(crate) topic: String,
    pub(crate) offset: i64,
    pub(crate) reason: &'static str,
    pub(crate) by: i64,
}

/// What is expected of all entries.
#[derive(Debug, Default)]
pub(crate) struct Expected {
    /// By reader, in their order.
    pub(crate) alerts: BTreeMap<&'static str, Vec<Alert>>,
    pub(crate) refused: Vec<Refused>,
    /// By topic, the position after the last record taken.
    pub(crate) positions: BTreeMap<String, i64>,
    /// Ends that are not reached yet, by matter of the third platform.
    pub(crate) open_ends: BTreeMap<usize, i64>,
    /// What of the log is not what was published, in the order of the log.
    pub(crate) strange: Vec<String>,
    pub(crate) sent_twice: usize,
    pub(crate) beyond_gap: usize,
}

impl Expected {
    /// How many alerts of a reader entries before this offset have caused.
    pub(crate) fn alerts_before(&self, reader: &str, offset: i64) -> usize {
        self.alerts.get(reader).map_or(0, |alerts| alerts.partition_point(|alert| alert.by < offset))
    }

    pub(crate) fn refused_before(&self, offset: i64) -> usize {
        self.refused.partition_point(|refused| refused.by < offset)
    }
}

/// What is remembered of a matter of the third platform.
#[derive(Debug, Clone, Copy)]
struct Matter {
    version: u32,
    until: Option<i64>,
}

struct Oracle<'j> {
    journal: &'j Journal,
    expected: Expected,
    clock: i64,
    matters: BTreeMap<usize, Matter>,
    /// Ends by time, then by the name of their case.
    due: BTreeSet<(i64, String, usize)>,
    /// The entry that is read.
    at: i64,
}

/// Reads the whole log.
pub(crate) fn replay(log: &[Entry], journal: &Journal) -> Expected {
    let mut oracle = Oracle {
        journal,
        expected: Expected::default(),
        clock: i64::MIN,
        matters: BTreeMap::new(),
        due: BTreeSet::new(),
        at: 0,
    };
    for reader in READERS {
        oracle.expected.alerts.insert(reader, Vec::new());
    }
    for entry in log {
        oracle.read(entry);
    }
    oracle.expected.open_ends = oracle.due.iter().map(|(until, _, matter)| (*matter, *until)).collect();
    oracle.expected
}

impl Oracle<'_> {
    fn read(&mut self, entry: &Entry) {
        self.at = entry.offset;
        self.clock = self.clock.max(entry.appended_at);
        self.end_what_is_due(if entry.is_tick { WORK_OF_A_TICK } else { WORK_OF_AN_ENTRY });
        let Some((topic, from, offset)) = &entry.source else { return };
        let position = self.expected.positions.entry(topic.clone()).or_default();
        if *offset < *position {
            self.expected.sent_twice += 1;
        } else if *from > *position {
            self.expected.beyond_gap += 1;
        } else {
            let taken = std::mem::replace(position, offset + 1)..offset + 1;
            self.take(topic, taken, entry.is_gap);
        }
    }

    /// Takes the entry of a record, or of a range that nobody can read.
    fn take(&mut self, topic: &str, range: std::ops::Range<i64>, is_gap: bool) {
        let last = range.end - 1;
        let of_range = range.clone().map(|offset| (offset, self.journal.get(&(topic.to_owned(), offset)).copied()));
        let published: Vec<(i64, Sent)> = of_range.filter_map(|(offset, sent)| Some((offset, sent?))).collect();
        let lost = published.iter().all(|(_, sent)| *sent == Sent::Undecodable);
        match published.as_slice() {
            _ if is_gap && lost && !published.is_empty() => self.refuse(topic, last, "source_gap"),
            [(offset, sent)] if !is_gap && *offset == last && *sent != Sent::Undecodable => {
                self.decide(topic, last, *sent)
            }
            other => {
                let strange = format!("entry {} of {topic} {range:?} stands for {other:?}, gap: {is_gap}", self.at);
                self.expected.strange.push(strange);
            }
        }
    }

    fn decide(&mut self, topic: &str, offset: i64, sent: Sent) {
        match sent {
            Sent::Numbered(0, number) => self.action(topic, offset, number),
            Sent::Numbered(_, number) => self.notice(topic, offset, number),
            Sent::Term(term) => self.term(topic, offset, term),
            Sent::Undecodable => {}
        }
    }

    /// Ontario's notices come in tens about the same matters.
    fn notice(&mut self, topic: &str, offset: i64, number: usize) {
        let (ten, place) = (number / 10, number % 10);
        // The record before the last of an odd ten takes the third notice of the next, even one back before it comes.
        let taken_back_before = ten > 0 && ten.is_multiple_of(2);
        // The second notice of every fifth ten is about another company than the rest of its case.
        let conflicts = ten.is_multiple_of(5);
        let mut tell = |of: usize, version: u32, message| {
            // Quebec is asked to follow the second notice up, and its closure says nothing of it any more.
            let acting = if of == 1 && version == 1 { "CA-QC" } else { "" };
            self.tell_all("CA-ON", acting, &format!("ca-on-food/FI-{ten}-{of}#{version}"), message);
        };
        match place {
            0 => tell(0, 1, "ALERT"),
            1 if conflicts => self.refuse(topic, offset, "conflicting_subject"),
            1 => tell(1, 1, "ALERT"),
            2 if !taken_back_before => tell(2, 1, "ALERT"),
            3 => tell(0, 2, "UPDATE"),
            // A closure.
            7 if !conflicts => tell(1, 2, "UPDATE"),
            8 if ten == 0 => tell(2, 2, "CANCEL"),
            9 => tell(0, 3, "UPDATE"),
            // A café that may be a person; a notice that is no decision.
            5 => self.refuse(topic, offset, "undecidable_subject"),
            6 => self.refuse(topic, offset, "not_a_decision"),
            // What was said before, and what was never told of.
            _ => {}
        }
    }

    /// Alberta's actions come in fours: an order, its amendment, an investigation, the order's withdrawal.
    fn action(&mut self, topic: &str, offset: i64, number: usize) {
        let (four, place) = (number / 4, number % 4);
        let id = |version: u32| format!("ca-ab-environment/EA-{four}#{version}");
        match place {
            0 => self.tell_all("CA-AB", "CA-MB", &id(1), "ALERT"),
            1 => self.tell_all("CA-AB", "CA-MB", &id(2), "UPDATE"),
            3 => self.tell_all("CA-AB", "CA-MB", &id(3), "CANCEL"),
            _ => self.refuse(topic, offset, "not_a_decision"),
        }
    }

    /// The third platform's statements end: one that is over when it comes is refused unless its matter is known, and
    /// what is told once is told to its end.
    fn term(&mut self, topic: &str, offset: i64, term: Term) {
        let known = self.matters.get(&term.matter).copied();
        let version = known.map_or(0, |known| known.version) + 1;
        let (message, until) = match (term.says, known) {
            (Says::Original(until) | Says::Correction(until), None) if until <= self.clock => {
                return self.refuse(topic, offset, "expired_on_arrival");
            }
            (Says::Original(until) | Says::Correction(until), None) => ("ALERT", Some(until)),
            (Says::Original(until) | Says::Correction(until), Some(_)) => {
                ("UPDATE", Some(until).filter(|until| *until > self.clock))
            }
            // It waits for what it takes back, which never comes again.
            (Says::Withdrawal, None) => return,
            (Says::Withdrawal, Some(_)) => ("CANCEL", None),
        };
        self.end_at(term.matter, Matter { version, until });
        self.tell_term(term, version, message, None);
    }

    fn end_at(&mut self, matter: usize, now: Matter) {
        // Sorted as text, as the names of cases are.
        let place = |until: i64| (until, format!("{TERMS}/M-{matter}"), matter);
        if let Some(until) = self.matters.insert(matter, now).and_then(|before| before.until) {
            self.due.remove(&place(until));
        }
        self.due.extend(now.until.map(place));
    }

    fn end_what_is_due(&mut self, most: usize) {
        let over: Vec<_> = self.due.iter().take_while(|(until, ..)| *until <= self.clock).take(most).cloned().collect();
        for (until, _, matter) in over {
            let version = self.matters[&matter].version + 1;
            self.end_at(matter, Matter { version, until: None });
            self.tell_term(Term { matter, says: Says::Original(until) }, version, "UPDATE", Some(until));
        }
    }

    fn tell_term(&mut self, term: Term, version: u32, message: &'static str, due: Option<i64>) {
        let id = format!("{TERMS}/T-{}#{version}", term.matter);
        let acting = term.acting().unwrap_or_default();
        for reader in READERS.into_iter().filter(|reader| *reader != "CA-QC") {
            if !term.is_restricted() || reader == acting {
                self.tell(reader, acting, &id, message, due);
            }
        }
    }

    /// Everybody but the origin is told; one has to act.
    fn tell_all(&mut self, origin: &str, acting: &str, id: &str, message: &'static str) {
        for reader in READERS.into_iter().filter(|reader| *reader != origin) {
            self.tell(reader, acting, id, message, None);
        }
    }

    fn tell(&mut self, reader: &'static str, acting: &str, id: &str, message: &'static str, due: Option<i64>) {
        let role = if reader == acting { "FOLLOW_UP" } else { "ATTENTION" };
        let alert = Alert { id: id.to_owned(), message, role, issued_at: self.clock, by: self.at, due };
        self.expected.alerts.entry(reader).or_default().push(alert);
    }

    fn refuse(&mut self, topic: &str, offset: i64, reason: &'static str) {
        self.expected.refused.push(Refused { topic: topic.to_owned(), offset, reason, by: self.at });
    }
}

/// The topics of the platforms.
pub(crate) fn source_topics() -> [String; 3] {
    [PLATFORMS[0], PLATFORMS[1], TERMS].map(|name| format!("comity.in.{name}"))
}
