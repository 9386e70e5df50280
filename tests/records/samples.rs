//! Sample records in a file, for readers in other languages: `tests/python/fastavro_check.py` reads it.

use std::fs;
use std::io::Write;
use std::path::Path;

use comity::encode::{self, rejection, status};
use comity::model::place::Jurisdiction;
use comity::schema::log::encode_entry;
use comity::schema::state::{encode_checkpoint, encode_record, encode_value};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use serde_json::{Value as Json, json};

use super::entropy::{Entropy, entropy};
use super::{alerts, expected, model, notices};

/// Samples of each record; the same ones in every run.
const SAMPLES: usize = 200;

/// One line a sample: the schema's file, the framed bytes in hexadecimal, and what they must read as.
fn lines(e: &mut Entropy) -> Vec<Json> {
    let line = |schema: &str, bytes: &[u8], expected: Json| json!({ "schema": format!("{schema}.v1.avsc"), "framed": expected::hex(bytes), "expected": expected });
    let body = model::body(e);
    let (_, value) = model::value(e);
    let checkpoint = model::checkpoint(e);
    let refused = model::rejection(e);
    let known = model::status(e);
    let noted = notices::notice(e);
    let event = e.optional(model::event);
    let decision = model::decision(e, event.as_ref());
    let mut lines = vec![
        line("LogEntry", &encode_entry(&body), expected::entry(&body)),
        line("StateEntry", &encode_record(9, &encode_value(&value)), expected::state_entry(9, &value)),
        line("Checkpoint", &encode_checkpoint(&checkpoint), expected::checkpoint(&checkpoint)),
        line("Rejection", &rejection(&refused, 9), expected::rejection(&refused, 9)),
        line("Status", &status(&known), expected::status(&known)),
        line(notices::schema(&noted).0, &encode::notice(&noted), notices::expected(&noted)),
    ];
    let place = Jurisdiction::parse("CA-ON").expect("a code");
    lines.extend(decision.recipients.iter().map(|recipient| {
        let framed = alerts::framed(&decision, recipient, place);
        line("Alert", &framed, expected::alert(&decision, recipient, place))
    }));
    lines
}

#[test]
fn samples_for_other_readers() {
    let mut runner = TestRunner::deterministic();
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("comity-samples.jsonl");
    let mut file = fs::File::create(&path).expect("a file");
    let mut alerts = 0;
    for _ in 0..SAMPLES {
        let mut e = entropy().new_tree(&mut runner).expect("entropy").current();
        for line in lines(&mut e) {
            alerts += usize::from(line["schema"] == "Alert.v1.avsc");
            writeln!(file, "{line}").expect("a line");
        }
    }
    assert!(alerts > SAMPLES, "most decisions have recipients: {alerts}");
}
