//! The two files for a legal officer: everything as JSON, the alerts as CSV (RFC 4180).

use std::fs::File;
use std::io::Write;
use std::path::Path;

use serde_json::{Value, json};

use super::collect::Row;
use crate::cli::{Exit, Failure};
use crate::kafka::follow::Clock;
use crate::model::code::Code;
use crate::model::problem::Problem;
use crate::schema::json::instant;

/// The columns of the CSV, in the order of `cells`.
const COLUMNS: [&str; 17] = [
    "recipient",
    "sequence",
    "offset",
    "published_at",
    "clock",
    "msg_type",
    "version",
    "alert_id",
    "event_id",
    "role",
    "standing",
    "withdrawal_reason",
    "follows",
    "delay_ms",
    "acknowledged_at",
    "level",
    "value_sha256",
];

/// One alert as JSON.
pub(super) fn row(row: &Row) -> Value {
    let (follows, delay_ms) = row.follows.as_ref().map_or((None, None), |(id, delay)| (Some(id), *delay));
    json!({
        "recipient": row.recipient.as_str(),
        "sequence": row.sequence,
        "offset": row.offset,
        "published_at": row.published_at.map(|(at, _)| instant(at)),
        "clock": row.published_at.map(|(_, clock)| clock_name(clock)),
        "msg_type": row.msg_type.name(),
        "version": row.version,
        "alert_id": row.alert_id,
        "event_id": row.event_id,
        "role": row.role.name(),
        "standing": row.standing.name(),
        "withdrawal_reason": row.withdrawal_reason.map(Code::name),
        "follows": follows,
        "delay_ms": delay_ms,
        "acknowledged_at": row.acknowledged.first().and_then(|(_, at)| *at).map(instant),
        "level": row.acknowledged.last().map(|(level, _)| level.name()),
        "acknowledged": row.acknowledged.iter().map(|(level, at)| {
            json!({ "level": level.name(), "at": at.map(instant) })
        }).collect::<Vec<_>>(),
        "value_sha256": row.value_sha256,
    })
}

fn clock_name(clock: Clock) -> &'static str {
    match clock {
        Clock::Broker => "broker",
        Clock::Writer => "ledger",
    }
}

/// The same as a row of the CSV; what is absent is an empty cell.
fn cells(row: &Row) -> Vec<String> {
    let value = self::row(row);
    let cell = |name: &&str| match &value[*name] {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => other.to_string(),
    };
    COLUMNS.iter().map(cell).collect()
}

/// The CSV of all alerts, with a line of column names.
pub(super) fn csv(rows: &[Row]) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    writer.write_record(COLUMNS)?;
    for row in rows {
        writer.write_record(cells(row))?;
    }
    writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))
}

/// Writes both files into a folder; one that is there already is never written over.
pub(super) fn write(folder: &Path, report: &Value, rows: &[Row]) -> Result<(), Failure> {
    let cannot = |name: &str, error: &dyn std::fmt::Display| {
        let why = format!("cannot be written: {error}");
        let help = "name a folder in which these files are not yet; an export is never written over";
        let place = folder.join(name).display().to_string();
        Failure::one(Exit::CannotCreate, Problem::new("CMT-9652", place, why, help))
    };
    std::fs::create_dir_all(folder).map_err(|error| cannot("", &error))?;
    let table = csv(rows).map_err(|error| cannot("reach.csv", &error))?;
    let report = format!("{report:#}\n");
    for (name, bytes) in [("reach.json", report.as_bytes()), ("reach.csv", table.as_slice())] {
        File::create_new(folder.join(name))
            .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
            .map_err(|error| cannot(name, &error))?;
    }
    Ok(())
}
