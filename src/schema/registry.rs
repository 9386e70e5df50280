//! The read-only part of the Schema Registry API, as answers to paths: what a stock deserialiser asks for.
//!
//! Paths, bodies and error codes are those of Confluent's API v1. Subjects follow `TopicNameStrategy`
//! (`<topic>-value`), but for `comity.state`, whose two kinds of records follow `TopicRecordNameStrategy`.

use serde_json::json;

use super::canonical::{self, Version};
use crate::model::place::Jurisdiction;

/// An answer: an HTTP status and a JSON text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub body: String,
}

/// A name under which the versions of one schema are found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// Such as `comity.alerts.CA-ON-value`.
    pub name: String,
    /// The schema's name, without its namespace.
    pub schema: &'static str,
}

/// The subjects of every topic that Comity writes, in the order of their names.
pub fn subjects(members: &[Jurisdiction]) -> Vec<Subject> {
    let alerts = members.iter().map(|member| (format!("comity.alerts.{member}-value"), canonical::ALERT));
    let statuses = members.iter().map(|member| (format!("comity.status.{member}-value"), canonical::STATUS));
    let disputes = members.iter().map(|member| (format!("comity.disputes.{member}-value"), canonical::DISPUTE));
    let others = [
        ("comity.alerts.test-value", canonical::ALERT),
        ("comity.alerts.national-value", canonical::ALERT),
        ("comity.status.national-value", canonical::STATUS),
        ("comity.reach.archive-value", canonical::REACH_SUMMARY),
        ("comity.rejects-value", canonical::REJECTION),
        ("comity.review-value", canonical::REVIEW),
        ("comity.overdue-value", canonical::OVERDUE),
        ("comity.log-value", canonical::LOG_ENTRY),
        ("comity.state-comity.StateEntry", canonical::STATE_ENTRY),
        ("comity.state-comity.Checkpoint", canonical::CHECKPOINT),
    ];
    let others = others.into_iter().map(|(name, version)| (name.to_owned(), version));
    let all = alerts.chain(statuses).chain(disputes).chain(others);
    let mut subjects: Vec<_> = all.map(|(name, version)| Subject { name, schema: version.name }).collect();
    subjects.sort_by(|one, two| one.name.cmp(&two.name));
    subjects
}

/// Answers a GET of a path, without its query: `/schemas/ids/{id}`, `/schemas/ids/{id}/schema`,
/// `/schemas/ids/{id}/versions`, `/schemas/types`, `/subjects`, `/subjects/{subject}/versions`,
/// `/subjects/{subject}/versions/{version}` and the same with `/schema`; `{version}` may be `latest`.
pub fn answer(path: &str, members: &[Jurisdiction]) -> Answer {
    let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
    match segments.as_slice() {
        ["schemas", "types"] => found(&json!(["AVRO"])),
        ["schemas", "ids", id] => by_id(id, |version| found(&json!({ "schema": version.text }))),
        ["schemas", "ids", id, "schema"] => by_id(id, text),
        ["schemas", "ids", id, "versions"] => by_id(id, |version| places(version, members)),
        ["subjects"] => {
            let names: Vec<_> = subjects(members).into_iter().map(|subject| subject.name).collect();
            found(&json!(names))
        }
        ["subjects", subject, "versions"] => of_subject(subject, members, |schema| {
            let numbers: Vec<_> = canonical::versions_of(schema).map(|version| version.version).collect();
            found(&json!(numbers))
        }),
        ["subjects", subject, "versions", number] => {
            of_subject(subject, members, |schema| of_version(schema, number, |version| found(&entry(subject, version))))
        }
        ["subjects", subject, "versions", number, "schema"] => {
            of_subject(subject, members, |schema| of_version(schema, number, text))
        }
        _ => failed(404, 404, "HTTP 404 Not Found"),
    }
}

/// The answer about the version of that id.
fn by_id(id: &str, answer: impl FnOnce(&'static Version) -> Answer) -> Answer {
    match id.parse().ok().and_then(canonical::by_id) {
        Some(version) => answer(version),
        None => failed(404, 40_403, "Schema not found"),
    }
}

/// The answer about the schema of a subject.
fn of_subject(name: &str, members: &[Jurisdiction], answer: impl FnOnce(&'static str) -> Answer) -> Answer {
    match subjects(members).into_iter().find(|subject| subject.name == name) {
        Some(subject) => answer(subject.schema),
        None => failed(404, 40_401, "Subject not found"),
    }
}

/// The answer about one version of a schema.
fn of_version(schema: &str, number: &str, answer: impl FnOnce(&'static Version) -> Answer) -> Answer {
    let version = match number.parse::<i32>() {
        _ if number == "latest" => canonical::versions_of(schema).last(),
        Ok(-1) => canonical::versions_of(schema).last(),
        Ok(number) if number > 0 => canonical::versions_of(schema).find(|version| version.version == number),
        Ok(_) | Err(_) => return failed(422, 42_202, "The specified version is not a valid version id"),
    };
    match version {
        Some(version) => answer(version),
        None => failed(404, 40_402, "Version not found"),
    }
}

/// A version under a subject.
fn entry(subject: &str, version: &Version) -> serde_json::Value {
    json!({ "subject": subject, "version": version.version, "id": version.id, "schema": version.text })
}

/// The subjects under which a version is found.
fn places(version: &Version, members: &[Jurisdiction]) -> Answer {
    let here = subjects(members).into_iter().filter(|subject| subject.schema == version.name);
    let places: Vec<_> = here.map(|subject| json!({ "subject": subject.name, "version": version.version })).collect();
    found(&json!(places))
}

/// The schema's text by itself.
fn text(version: &Version) -> Answer {
    Answer { status: 200, body: version.text.to_owned() }
}

fn found(body: &serde_json::Value) -> Answer {
    Answer { status: 200, body: body.to_string() }
}

fn failed(status: u16, code: u32, message: &str) -> Answer {
    Answer { status, body: json!({ "error_code": code, "message": message }).to_string() }
}
