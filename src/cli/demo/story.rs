//! The story that the demo tells: seven short acts, each a thing that happens between jurisdictions.

use super::native::{Company, Statement, Turn};
use super::samples::{ALBERTA_ENVIRONMENT, BRITISH_COLUMBIA_SAFETY, ONTARIO_FOOD, QUEBEC_LABOUR};
use super::today;
use crate::model::place::Millis;

/// How long the notice of the last act holds, in milliseconds.
const VALID_MS: i64 = 2_500;

/// One act.
#[derive(Debug)]
pub(super) struct Act {
    pub(super) title: &'static str,
    pub(super) records: Vec<Sent>,
}

/// A record to send.
#[derive(Debug)]
pub(super) struct Sent {
    pub(super) platform: &'static str,
    pub(super) event_id: String,
    /// What it is, in words.
    pub(super) says: String,
    pub(super) value: Vec<u8>,
}

impl Sent {
    /// The record of a statement; `None` where there is no such platform.
    pub(super) fn new(statement: &Statement<'_>, says: impl Into<String>) -> Option<Self> {
        let value = statement.record()?;
        Some(Self { platform: statement.platform, event_id: statement.event_id(), says: says.into(), value })
    }
}

pub(super) const ACTS_COUNT: u32 = 7;

/// The acts, as told at this wall-clock time.
pub(super) const ACTS: [fn(Millis) -> Act; ACTS_COUNT as usize] =
    [alert, follow_up, correction, withdrawal, confidential, rejection, expiry];

fn company(name: &str, business_number: Option<&str>, town: &'static str) -> Company {
    Company { name: name.to_owned(), business_number: business_number.map(str::to_owned), town }
}

fn lantern() -> Company {
    company("Boreal Lantern Foods Inc.", Some("000901371"), "Ottawa")
}

fn quillwater() -> Company {
    company("Quillwater Solvents & Coatings Ltd.", Some("000904110"), "Red Deer")
}

/// The notice about hummus, which three acts are about.
fn hummus<'a>(
    turn: Turn,
    revision: i32,
    date: &'a str,
    company: &'a Company,
    act_with: &'a [&'static str],
) -> Statement<'a> {
    Statement {
        platform: ONTARIO_FOOD,
        turn,
        id: "FI-0417",
        case: "IN-88213",
        revision,
        date,
        company,
        finding: "Listeria monocytogenes in ready-to-eat hummus",
        act_with,
        valid_until: None,
        confidential: false,
    }
}

fn alert(now: Millis) -> Act {
    let (date, company) = (today(now), lantern());
    let notice = hummus(Turn::Issued, 1, &date, &company, &["QC", "MB"]);
    let says = "Ontario publishes a food notice (JSON) and asks Québec and Manitoba to act";
    Act { title: "An alert", records: Sent::new(&notice, says).into_iter().collect() }
}

fn follow_up(now: Millis) -> Act {
    let (date, company) = (today(now), quillwater());
    let order = Statement {
        platform: ALBERTA_ENVIRONMENT,
        turn: Turn::Issued,
        id: "EA-0117",
        case: "IR-5501",
        revision: 1,
        date: &date,
        company: &company,
        finding: "Release of toluene into a watercourse",
        act_with: &["SK"],
        valid_until: None,
        confidential: false,
    };
    let safety = Statement {
        platform: BRITISH_COLUMBIA_SAFETY,
        id: "SO-30412",
        case: "F-7720",
        finding: "Solvent stored beside an open flame",
        act_with: &[],
        ..order.clone()
    };
    let records = [
        Sent::new(&order, "Alberta publishes an environmental order (XML) and asks Saskatchewan to act"),
        Sent::new(&safety, "British Columbia orders the same company (Avro), and names nobody"),
    ];
    Act {
        title: "A follow-up: who has an open case of the company must act",
        records: records.into_iter().flatten().collect(),
    }
}

fn correction(now: Millis) -> Act {
    let (date, company) = (today(now), lantern());
    let notice = hummus(Turn::Amended, 2, &date, &company, &["QC", "MB", "NU"]);
    let says = "Ontario amends its food notice: Nunavut has to act as well";
    Act { title: "A correction reaches everyone who was told", records: Sent::new(&notice, says).into_iter().collect() }
}

fn withdrawal(now: Millis) -> Act {
    let (date, company) = (today(now), lantern());
    let notice = hummus(Turn::Withdrawn, 3, &date, &company, &[]);
    let says = "Ontario takes its food notice back: the laboratory was wrong";
    Act { title: "A withdrawal reaches everyone who was told", records: Sent::new(&notice, says).into_iter().collect() }
}

fn confidential(now: Millis) -> Act {
    let (date, company) = (today(now), company("Saltmarrow Machine Works Ltd.", Some("000905489"), "Burnaby"));
    let order = Statement {
        platform: BRITISH_COLUMBIA_SAFETY,
        turn: Turn::Issued,
        id: "SO-30415",
        case: "F-7723",
        revision: 1,
        date: &date,
        company: &company,
        finding: "Worker exposed to solvent vapour above the limit",
        act_with: &["AB"],
        valid_until: None,
        confidential: true,
    };
    let says = "British Columbia sends a confidential order (Avro), for Alberta alone";
    Act { title: "A restricted alert", records: Sent::new(&order, says).into_iter().collect() }
}

fn rejection(now: Millis) -> Act {
    let date = today(now);
    let (employer, shop) =
        (company("Aliments Fjordelle inc.", None, "Rimouski"), company("Corner Café", None, "Kenora"));
    let complaint = Statement {
        platform: QUEBEC_LABOUR,
        turn: Turn::NotYetDecided,
        id: "NT-2026-1060-01",
        case: "NT-2026-1060",
        revision: 1,
        date: &date,
        company: &employer,
        finding: "Salaire impayé",
        act_with: &[],
        valid_until: None,
        confidential: false,
    };
    let trader =
        Statement { id: "FI-0440", case: "IN-88301", company: &shop, ..hummus(Turn::Issued, 1, &date, &shop, &[]) };
    let records = [
        Sent::new(&complaint, "Québec sends a complaint (CSV, in French): nothing is found yet"),
        Sent::new(&trader, "Ontario names a business that may be a person: nothing of it is kept"),
    ];
    Act { title: "Two rejections, each with its reason", records: records.into_iter().flatten().collect() }
}

fn expiry(now: Millis) -> Act {
    let (date, company) = (today(now), company("Tamarind Gate Logistics Inc.", Some("000906859"), "Windsor"));
    let until = jiff::Timestamp::from_millisecond(now + VALID_MS)
        .map(|until| until.strftime("%Y-%m-%dT%H:%M:%S%z").to_string());
    let notice = Statement {
        id: "FI-0421",
        case: "IN-88240",
        finding: "Meat kept above 4 °C",
        valid_until: until.as_deref().ok(),
        ..hummus(Turn::Issued, 1, &date, &company, &["QC"])
    };
    let says = "Ontario publishes a notice that holds for a few seconds";
    Act { title: "An expiry, by the log's clock", records: Sent::new(&notice, says).into_iter().collect() }
}
