//! Invented records of two sample platforms, each given by its number alone: companies in several cases, corrections,
//! withdrawals before and after their originals, closures, repetitions, and records that are refused.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use rdkafka::producer::{BaseProducer, BaseRecord, DeliveryResult, Producer, ProducerContext};
use rdkafka::{ClientConfig, ClientContext};
use serde_json::{Value, json};

use super::broker::Broker;

/// The members of the load's federation.
pub(crate) const MEMBERS: [&str; 4] = ["CA-AB", "CA-MB", "CA-ON", "CA-QC"];
/// The platforms of `schemas/demo` that it comes from; no company is in both, so their alerts do not depend on each
/// other.
pub(crate) const PLATFORMS: [&str; 2] = ["ca-ab-environment", "ca-on-food"];

/// The record of a platform with this number.
pub(crate) fn record(platform: &str, number: usize) -> Vec<u8> {
    match platform {
        "ca-on-food" => notice(number).to_string().into_bytes(),
        "ca-ab-environment" => action(number).into_bytes(),
        other => panic!("{other} is not invented here"),
    }
}

/// Notices come in tens about the same matters.
fn notice(number: usize) -> Value {
    let (ten, place) = (number / 10, number % 10);
    let company = |salt: usize| {
        let company = (ten * 7 + salt) % 97;
        json!({ "legalName": format!("Maple Sample {company} Foods Inc."), "town": "Ottawa",
                "federalCorporationNumber": format!("{:07}", 9_900_000 + company) })
    };
    let notice = |of: usize, revision: usize, status: &str| {
        json!({ "notice": format!("FI-{ten}-{of}"), "inspectionCase": format!("IN-{ten}"), "revision": revision,
                "status": status, "issuedOn": "2026-03-02", "act": "HPPA", "risk": "HIGH", "action": "Recall",
                "contravention": format!("Listeria monocytogenes in sample {ten}") })
    };
    let mut record = match place {
        0 | 1 => notice(place, 1, "ISSUED"),
        2 | 5 => notice(place, 1, "ISSUED"),
        3 | 4 => notice(0, 2, "AMENDED"),
        6 => notice(6, 1, "UNDER REVIEW"),
        7 => notice(1, 2, "LIFTED"),
        // Every other withdrawal comes before what it takes back.
        8 if ten % 2 == 0 => notice(2, 2, "RESCINDED"),
        8 => json!({ "notice": format!("FI-{}-2", ten + 1), "inspectionCase": format!("IN-{}", ten + 1), "revision": 2,
                     "status": "RESCINDED", "issuedOn": "2026-03-09" }),
        _ => notice(0, 3, "AMENDED"),
    };
    match place {
        0 | 3 | 4 | 9 => record["operator"] = company(0),
        1 => {
            // A case is of one company: another one's notice in it is refused.
            record["operator"] = company(if ten.is_multiple_of(5) { 3 } else { 0 });
            record["followUp"] = json!(["Quebec"]);
        }
        2 => record["products"] = json!([{ "name": format!("Hummus {ten}"), "lot": "L1" }]),
        5 => record["operator"] = json!({ "legalName": "Corner Café", "town": "Kenora" }),
        8 => record["rescinded"] = json!({ "why": "laboratory error", "decision": format!("R-{ten}") }),
        _ => {}
    }
    if place == 9 {
        record["details"] = json!("A second lot was positive as well.");
    }
    record
}

/// Actions come in fours about the same matter.
fn action(number: usize) -> String {
    let (four, place) = (number / 4, number % 4);
    let company = four % 41;
    let (status, revision) = [("Issued", 1), ("Amended", 2), ("Investigation", 1), ("Withdrawn", 3)][place];
    let matter = if place == 2 { format!("{four}-i") } else { four.to_string() };
    let rest = match status {
        "Withdrawn" => "<Reason>Appeal allowed</Reason>".to_owned(),
        _ => format!(
            "<Action>Enforcement Order</Action><Party><LegalName>Prairie Sample {company} Ltd.</LegalName>\
             <CorporateAccessNumber>20999{company:05}</CorporateAccessNumber></Party>\
             <Contravention section=\"109(1)\">Release of toluene, revision {revision}</Contravention>\
             <Notify>MB</Notify>"
        ),
    };
    format!(
        "<EnforcementAction number=\"EA-{matter}\" revision=\"{revision}\"><Status>{status}</Status>\
         <Effective>2026-03-02</Effective><Incident>IR-{four}</Incident>{rest}</EnforcementAction>"
    )
}

/// How often a burst is sent while it is told to go on, and how many records of each platform that is.
const BURST_INTERVAL: Duration = Duration::from_millis(20);
const BURST: [usize; 2] = [1, 4];

/// A producer whose every delivery counts; its batches are as small as a platform's topic wants them.
pub(crate) fn producer(settings: &ClientConfig) -> BaseProducer<Delivered> {
    let mut config = settings.clone();
    config.set("enable.idempotence", "true").set("linger.ms", "1").set("batch.size", "131072");
    config.create_with_context(Delivered::default()).unwrap()
}

/// Counts what was not delivered.
#[derive(Default)]
pub(crate) struct Delivered {
    failed: AtomicUsize,
}

impl ClientContext for Delivered {}

impl ProducerContext for Delivered {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        self.failed.fetch_add(usize::from(result.is_err()), Ordering::Relaxed);
    }
}

/// Waits until the broker has everything that the producer was given.
pub(crate) fn flush(producer: &BaseProducer<Delivered>) {
    producer.flush(Duration::from_secs(60)).unwrap();
    assert_eq!(producer.context().failed.load(Ordering::Relaxed), 0, "records of the load were not delivered");
}

/// Hands the records of a platform with these numbers over, in order.
fn hand_over(producer: &BaseProducer<Delivered>, platform: &str, numbers: std::ops::Range<usize>) {
    let topic = format!("comity.in.{platform}");
    for number in numbers {
        let value = record(platform, number);
        while producer.send(BaseRecord::<(), [u8]>::to(&topic).partition(0).payload(&value)).is_err() {
            producer.poll(Duration::from_millis(1));
        }
    }
    producer.poll(Duration::ZERO);
}

/// Sends the records of each platform up to this count, and waits until the topics have them.
pub(crate) fn send(broker: &Broker, counts: [usize; 2]) {
    let producer = producer(&broker.plain_config());
    for (platform, count) in PLATFORMS.iter().zip(counts) {
        hand_over(&producer, platform, 0..count);
    }
    flush(&producer);
}

/// Sends bursts of both platforms until told to stop; gives how many records of each the topics have.
pub(crate) fn keep_sending<'scope>(
    settings: &'scope ClientConfig,
    stop: &'scope AtomicBool,
    scope: &'scope std::thread::Scope<'scope, '_>,
) -> std::thread::ScopedJoinHandle<'scope, [usize; 2]> {
    scope.spawn(|| {
        let producer = producer(settings);
        let mut sent = [0; 2];
        while !stop.load(Ordering::Relaxed) {
            for (platform, (sent, burst)) in PLATFORMS.iter().zip(sent.iter_mut().zip(BURST)) {
                hand_over(&producer, platform, *sent..*sent + burst);
                *sent += burst;
            }
            std::thread::sleep(BURST_INTERVAL);
        }
        flush(&producer);
        sent
    })
}
