//! `comity map FILE`: what intake would make of a file, without a broker.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::json;

use super::{Common, Failure, Output, feed, load};
use crate::intake;
use crate::model::code::Code;
use crate::model::entry::Body;
use crate::model::place::Millis;
use crate::model::record::{RawRecord, SourcePosition};
use crate::model::rejection::Reason;
use crate::platform::Platform;
use crate::schema::json as canonical_json;
use crate::telemetry::clock;

/// Show what intake makes of a file of native records: one JSON line each, then the counts.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  comity map decisions.csv --platform us-nj-labour
  comity map decisions.csv --platform us-nj-labour --limit 5
  comity map decisions.csv --platform us-nj-labour --summary
Nothing is sent anywhere. Rejections name the reason and the field, never a value.")]
pub(super) struct Arguments {
    /// A file in one of the platform's formats.
    file: PathBuf,
    /// The platform, by the name of its folder.
    #[arg(long, value_name = "NAME")]
    platform: String,
    /// The version of the platform's format that the file is in, where its header or first record does not tell.
    #[arg(long, value_name = "VERSION")]
    source_version: Option<String>,
    /// Stop after this many records.
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Print the counts only.
    #[arg(long)]
    summary: bool,
}

pub(super) fn run(common: &Common, arguments: &Arguments, output: &Output) -> Result<(), Failure> {
    let (platform, digest_key) = load::platform(common, &arguments.platform)?;
    let (mut counts, mut dropped) = (BTreeMap::new(), Dropped::default());
    let mut cutter = load::cutter(&platform, arguments.source_version.as_deref(), &arguments.file)?;
    let version = cutter.source_version().to_owned();
    let mut records = 0_usize;
    let mut broken = None;
    while arguments.limit.is_none_or(|limit| records < limit)
        && let Some(next) = cutter.next()
    {
        let record = match next {
            Ok(record) => record,
            Err(problem) => {
                broken = Some(problem);
                break;
            }
        };
        let body = map_one(&platform, &record.bytes, Some(&version), records, clock::wall_ms(), digest_key.as_deref());
        records += 1;
        *counts.entry(outcome(&body)).or_insert(0_u64) += 1;
        dropped.count(&body);
        if !arguments.summary {
            let value = canonical_json::body(&body).unwrap_or_default();
            output.line(&format!("{value}"), &value)?;
        }
    }
    summary(output, &version, records, &feed::Beside::of(&cutter), &counts, &dropped)?;
    broken.map_or(Ok(()), |problem| Err(load::data(problem)))
}

/// Events of which the guard has left something out.
#[derive(Debug, Default)]
struct Dropped {
    subjects: u64,
    texts: u64,
}

impl Dropped {
    fn count(&mut self, body: &Body) {
        let Body::Event(event) = body else { return };
        self.subjects += u64::from(event.subject_dropped);
        self.texts += u64::from(event.text_dropped);
    }
}

/// One record through intake, as if it stood at its number in the platform's topic.
pub(super) fn map_one(
    platform: &Platform,
    value: &[u8],
    source_version: Option<&str>,
    number: usize,
    published_at: Millis,
    digest_key: Option<&[u8]>,
) -> Body {
    let offset = i64::try_from(number).unwrap_or(i64::MAX);
    let topic = Arc::from(platform.definition.topic.as_str());
    let at = SourcePosition { topic, partition: 0, from: offset, offset };
    let record = RawRecord { at: &at, value: Some(value), source_version, test: false, published_at };
    intake::handle(platform, &record, digest_key)
}

/// What a body counts as: the kind of an event, or a rejection's reason and detail.
pub(super) fn outcome(body: &Body) -> String {
    match body {
        Body::Event(event) => event.kind.name().to_owned(),
        Body::Rejection(rejection) => match &rejection.detail {
            None if rejection.reason == Reason::OverLimit && rejection.field.is_some() => {
                // The places of lists would make as many lines as there are places.
                let field = rejection.field.as_deref().unwrap_or_default();
                let shown = field.split('[').next().unwrap_or_default();
                let (code, name) = (rejection.reason.code(), rejection.reason.name());
                format!("{code} {name} ({shown}: {})", crate::map::bound(field))
            }
            Some(detail) => format!("{} {} ({detail})", rejection.reason.code(), rejection.reason.name()),
            None => format!("{} {}", rejection.reason.code(), rejection.reason.name()),
        },
        Body::Acknowledgement(_) | Body::Link(_) | Body::Rules(_) | Body::Missing(_) | Body::Tick => "other".to_owned(),
    }
}

fn summary(
    output: &Output,
    version: &str,
    records: usize,
    beside: &feed::Beside,
    counts: &BTreeMap<String, u64>,
    dropped: &Dropped,
) -> Result<(), Failure> {
    let mut text = counts.iter().map(|(what, count)| format!("\n  {count:>8}  {what}")).collect::<String>();
    let left_out = [(dropped.subjects, "without their subject"), (dropped.texts, "with a text cut")];
    for (count, what) in left_out.iter().filter(|(count, _)| *count > 0) {
        let _ = write!(text, "\n  {count:>8}  of the events {what}, by the guard");
    }
    output.line(
        &format!("{records} records of source version {version}{}{text}", beside.text()),
        &json!({
            "records": records, "source_version": version, "passed_over": beside.passed_over,
            "without_partner": beside.alone, "outcomes": counts, "subject_dropped": dropped.subjects,
            "text_dropped": dropped.texts,
        }),
    )
}
