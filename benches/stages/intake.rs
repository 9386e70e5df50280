//! Intake's four steps, each alone and all together, and the entries of the log.

use std::hint::black_box;
use std::sync::Arc;

use comity::decode::decode;
use comity::guard::guard;
use comity::identify::identify;
use comity::intake::handle;
use comity::map::map;
use comity::model::entry::Body;
use comity::model::record::{RawRecord, SourcePosition};
use comity::platform::examples;
use comity::schema::log::{decode_entry, encode_entry};
use criterion::{BatchSize, Criterion, Throughput};

use crate::cpu::CpuTime;
use crate::records::platform;

/// What is measured: a name, a platform's folder, and an example in it that becomes an event.
const SAMPLES: &[(&str, &str, &str)] = &[
    ("json", "schemas/demo/ca-on-food", "examples/1-issued"),
    ("avro", "schemas/demo/ca-bc-safety", "examples/1-ordered"),
    ("xml", "schemas/demo/ca-ab-environment", "examples/1-issued"),
    ("csv", "schemas/demo/ca-qc-normes", "examples/1-rendue"),
    ("real-tsv", "schemas/platforms/eu-rasff", "examples/01-alert"),
];

pub(crate) fn steps(criterion: &mut Criterion<CpuTime>) {
    for (name, folder, stem) in SAMPLES {
        let (platform, files) = platform(folder);
        let examples = examples::read(&files).unwrap();
        let example = examples.iter().find(|example| example.stem == *stem).unwrap();
        let topic = Arc::from(platform.definition.topic.as_str());
        let at = SourcePosition { topic, partition: 0, from: 0, offset: 0 };
        let record = RawRecord {
            at: &at,
            value: Some(example.record),
            source_version: example.source_version.as_deref(),
            test: false,
            published_at: examples::PUBLISHED_AT,
        };
        let native = decode(&platform.definition, &record).unwrap();
        let mapped = map(&platform, native.clone(), &record).unwrap();
        let mut guarded = mapped.clone();
        guard(&mut guarded, &platform.definition).unwrap();

        let mut group = criterion.benchmark_group(format!("intake/{name}"));
        group.throughput(Throughput::Elements(1));
        group.bench_function("decode", |bench| bench.iter(|| decode(&platform.definition, black_box(&record))));
        group.bench_function("map", |bench| {
            bench.iter_batched(|| native.clone(), |native| map(&platform, native, &record), BatchSize::SmallInput);
        });
        group.bench_function("guard", |bench| {
            bench.iter_batched_ref(
                || mapped.clone(),
                |event| guard(event, &platform.definition),
                BatchSize::SmallInput,
            );
        });
        group.bench_function("identify", |bench| {
            let run = |event: &mut Box<_>| identify(event, &platform.definition);
            bench.iter_batched_ref(|| guarded.clone(), run, BatchSize::SmallInput);
        });
        group.bench_function("all", |bench| bench.iter(|| handle(&platform, black_box(&record), None)));
        let body = handle(&platform, &record, None);
        assert!(matches!(body, Body::Event(_)), "{folder}/{stem} becomes an event");
        let value = encode_entry(&body);
        group.bench_function("encode_entry", |bench| bench.iter(|| encode_entry(black_box(&body))));
        group.bench_function("decode_entry", |bench| bench.iter(|| decode_entry(black_box(&value), 0, 0)));
        group.finish();
    }
}
