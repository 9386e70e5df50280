//! The steady stream after the story: the four platforms publish, amend, withdraw and close, by a seed.

use std::collections::VecDeque;

use super::native::{Company, Statement, Turn};
use super::samples::{ALBERTA_ENVIRONMENT, BRITISH_COLUMBIA_SAFETY, ONTARIO_FOOD, PROVINCES, QUEBEC_LABOUR};
use super::story::Sent;
use super::today;
use crate::model::code::Trust;
use crate::model::place::Millis;
use crate::schema::identifiers;

/// Matters that may still be amended, withdrawn or closed.
const LIVE_MATTERS_MAX: usize = 200;
/// Companies of the stream; few, so that several provinces meet the same one.
const COMPANIES: u64 = 48;
/// In how many of a hundred records something new is decided, amended, withdrawn, closed; the rest is refused.
const ISSUED: u64 = 62;
const AMENDED: u64 = 76;
const WITHDRAWN: u64 = 86;
const CLOSED: u64 = 93;

const FIRST: [&str; 12] = [
    "Amberfell",
    "Birchline",
    "Copperkettle",
    "Driftmoor",
    "Elkhollow",
    "Fernwick",
    "Glasswater",
    "Harrowgate",
    "Ironpine",
    "Juniper Flat",
    "Kestrel Bay",
    "Larkspur",
];
const SECOND: [&str; 4] = ["Dairy Ltd.", "Meats Inc.", "Machine Works Ltd.", "Builders Inc."];
const TOWNS: [&str; 4] = ["Thunder Bay", "Kelowna", "Lethbridge", "Sherbrooke"];
const FOOD: [&str; 3] = ["Undeclared milk in a biscuit", "Salmonella in ground beef", "Cold chain not kept"];
const LABOUR: [&str; 3] = ["Salaire impayé", "Heures supplémentaires", "Santé et sécurité"];
const ENVIRONMENT: [&str; 3] =
    ["Effluent above the permitted limit", "Waste stored without containment", "Release not reported without delay"];
const SAFETY: [&str; 3] =
    ["Machine without its guard", "Scaffold not inspected", "Work at height without fall protection"];

/// A matter that a platform has published.
#[derive(Debug, Clone)]
struct Matter {
    platform: &'static str,
    id: String,
    case: String,
    revision: i32,
    company: Company,
    finding: &'static str,
    act_with: Vec<&'static str>,
}

/// The stream.
#[derive(Debug)]
pub(super) struct Stream {
    chance: u64,
    count: u64,
    live: VecDeque<Matter>,
}

impl Stream {
    pub(super) fn new(seed: u64) -> Self {
        // Zero is the one state that the generator never leaves.
        Self { chance: seed.max(1), count: 0, live: VecDeque::new() }
    }

    /// The next record, as published at this wall-clock time.
    pub(super) fn next(&mut self, now: Millis) -> Option<Sent> {
        let turn = match self.below(100) {
            chance if chance < ISSUED || self.live.is_empty() => Turn::Issued,
            chance if chance < AMENDED => Turn::Amended,
            chance if chance < WITHDRAWN => Turn::Withdrawn,
            chance if chance < CLOSED => Turn::Closed,
            _ => Turn::NotYetDecided,
        };
        let matter = match turn {
            Turn::Issued | Turn::NotYetDecided => self.new_matter(),
            Turn::Amended | Turn::Withdrawn | Turn::Closed => {
                let place = usize::try_from(self.below(self.live.len() as u64)).unwrap_or_default();
                self.live.remove(place).map(|matter| Matter { revision: matter.revision + 1, ..matter })?
            }
        };
        let date = today(now);
        let statement = Statement {
            platform: matter.platform,
            turn,
            id: &matter.id,
            case: &matter.case,
            revision: matter.revision,
            date: &date,
            company: &matter.company,
            finding: matter.finding,
            act_with: &matter.act_with,
            valid_until: None,
            confidential: false,
        };
        let sent = Sent::new(&statement, "");
        if matches!(turn, Turn::Issued | Turn::Amended) {
            self.live.push_back(matter);
            if self.live.len() > LIVE_MATTERS_MAX {
                self.live.pop_front();
            }
        }
        sent
    }

    fn new_matter(&mut self) -> Matter {
        self.count += 1;
        let count = self.count;
        let (platform, findings, own) = match self.below(4) {
            0 => (ALBERTA_ENVIRONMENT, ENVIRONMENT, "AB"),
            1 => (BRITISH_COLUMBIA_SAFETY, SAFETY, "BC"),
            2 => (ONTARIO_FOOD, FOOD, "ON"),
            _ => (QUEBEC_LABOUR, LABOUR, "QC"),
        };
        let (id, case) = match platform {
            ALBERTA_ENVIRONMENT => (format!("EA-S{count:05}"), format!("IR-S{count:05}")),
            BRITISH_COLUMBIA_SAFETY => (format!("SO-S{count:05}"), format!("F-S{count:05}")),
            ONTARIO_FOOD => (format!("FI-S{count:05}"), format!("IN-S{count:05}")),
            _ => (format!("NT-2026-{count:05}-01"), format!("NT-2026-{count:05}")),
        };
        let asked = self.below(3);
        let act_with = (0..asked).map(|_| self.province()).filter(|other| *other != own).collect();
        Matter { platform, id, case, revision: 1, company: self.company(), finding: self.pick(&findings), act_with }
    }

    fn company(&mut self) -> Company {
        let number = self.below(COMPANIES);
        let place = usize::try_from(number).unwrap_or_default();
        let first = FIRST.get(place % FIRST.len()).copied().unwrap_or_default();
        let second = SECOND.get(place / FIRST.len()).copied().unwrap_or_default();
        Company {
            name: format!("{first} {second}"),
            business_number: Some(business_number(97_000 + number)),
            town: self.pick(&TOWNS),
        }
    }

    fn province(&mut self) -> &'static str {
        let place = usize::try_from(self.below(PROVINCES.len() as u64)).unwrap_or_default();
        PROVINCES.get(place).map(|(code, ..)| *code).unwrap_or_default()
    }

    fn pick(&mut self, from: &[&'static str]) -> &'static str {
        let place = usize::try_from(self.below(from.len() as u64)).unwrap_or_default();
        from.get(place).copied().unwrap_or_default()
    }

    /// Marsaglia's xorshift64: the stream needs variety, not secrecy.
    fn below(&mut self, bound: u64) -> u64 {
        self.chance ^= self.chance << 13;
        self.chance ^= self.chance >> 7;
        self.chance ^= self.chance << 17;
        self.chance % bound.max(1)
    }
}

/// A business number with this body: its last digit is the one that its scheme finds valid.
fn business_number(body: u64) -> String {
    let is_valid =
        |number: &String| identifiers::scheme("ca-bn").is_some_and(|scheme| scheme.trust(number) == Trust::Valid);
    (0..10).map(|digit| format!("{body:08}{digit}")).find(is_valid).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{Stream, business_number};

    #[test]
    fn check_digits_are_those_of_the_samples() {
        for number in ["000901371", "000904110", "000905489", "000906859"] {
            let body = number[..8].parse().unwrap_or_default();
            assert_eq!(business_number(body), number);
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_stream() {
        let values = |seed| {
            let mut stream = Stream::new(seed);
            (0..200).filter_map(|_| stream.next(1_700_000_000_000)).map(|sent| sent.value).collect::<Vec<_>>()
        };
        assert_eq!(values(7).len(), 200);
        assert_eq!(values(7), values(7));
        assert_ne!(values(7), values(8));
    }
}
