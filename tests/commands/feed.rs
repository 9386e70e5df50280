//! `comity feed`: what it says of a file that did not arrive whole is exactly right.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use comity::kafka::StopKind;
use comity::kafka::feed::{Fed, Numbered, Target, feed};
use rdkafka::admin::{AdminOptions, AlterConfig, NewTopic, ResourceSpecifier, TopicReplication};

use crate::setting::{HEADER, PLATFORM, Setting, TOPIC, interrupt, said};
use crate::support::avro::{alerts, number, rejections, text};
use crate::support::broker::{Broker, block_on, needs_real_kafka};
use crate::support::reader::read_committed;

fn company(number: usize) -> String {
    format!("N{number},Maple Sample Works Ltd,2024-01-31")
}

/// A row whose subject the guard takes for a person.
fn person(number: usize) -> String {
    format!("N{number},Marie Sample,2024-01-31")
}

/// A row that no platform's topic takes.
fn large(number: usize) -> String {
    format!("N{number},{} Ltd,2024-01-31", "x".repeat(270_000))
}

fn file(setting: &Setting, rows: impl Iterator<Item = String>) -> String {
    let text = std::iter::once(HEADER.to_owned()).chain(rows).map(|row| row + "\n").collect::<String>();
    setting.write("rows.csv", &text).to_str().unwrap().to_owned()
}

/// The topic's values, in order.
fn values(broker: &Broker) -> Vec<String> {
    read_committed(broker, TOPIC).into_iter().map(|read| String::from_utf8(read.value.unwrap()).unwrap()).collect()
}

/// How many records the topic has.
fn count(broker: &Broker) -> i64 {
    broker.admin().inner().fetch_watermarks(TOPIC, 0, Duration::from_secs(10)).map_or(0, |(_, high)| high)
}

/// Begins a feed and interrupts it in its midst; the words of its failure.
fn interrupted(broker: &Broker, setting: &Setting, arguments: &[&str], signal: &str) -> String {
    let (feeding, proxy) = setting.spawn_half_fed(broker, TOPIC, arguments);
    let output = interrupt(feeding, signal, &proxy);
    let said = said(&output);
    assert_eq!(output.status.code(), Some(69), "{said}");
    assert!(said.contains("CMT-9606") && said.contains("interrupted before record"), "{said}");
    said
}

/// The number that stands behind an option in a hint.
fn hinted(said: &str, option: &str) -> usize {
    let rest = said.split(&format!("{option} ")).nth(1).unwrap_or_else(|| panic!("no {option} in: {said}"));
    rest.chars().take_while(char::is_ascii_digit).collect::<String>().parse().unwrap()
}

#[test]
fn an_interrupted_feed_names_the_record_from_which_nothing_is_missing() {
    let broker = Broker::for_test();
    broker.create_topics(&[TOPIC], &[]);
    let setting = Setting::new(&broker);
    let rows = 60_000;
    let file = file(&setting, (1..=rows).map(company));
    let said = interrupted(&broker, &setting, &["feed", &file, "--platform", PLATFORM], "INT");
    let from = hinted(&said, "--from");
    assert!(from > 1_000 && from <= rows, "{said}");
    assert_eq!(values(&broker), (1..from).map(company).collect::<Vec<_>>(), "what the hint says is there, is there");
    setting.must(&["feed", &file, "--platform", PLATFORM, "--from", &from.to_string()]);
    assert!(values(&broker).into_iter().eq((1..=rows).map(company)), "every record, in order");
}

#[test]
fn the_hint_counts_records_of_the_file_whatever_was_left_out() {
    let broker = Broker::for_test();
    broker.create_topics(&[TOPIC], &[]);
    let setting = Setting::new(&broker);
    let rows = 30_000;
    // Before the first one that is sent, and so before any interruption, stand 20 of the guard and 4 that are too large.
    let row = |number: usize| match number {
        51..=70 => person(number),
        71..=74 => large(number),
        _ => company(number),
    };
    let file = file(&setting, (1..=rows).map(row));
    let sent = |range: std::ops::Range<usize>| -> Vec<String> {
        range.filter(|number| !(51..=74).contains(number)).map(company).collect()
    };
    let begun = ["feed", &file, "--platform", PLATFORM, "--guard", "--from", "51", "--limit", "28000"];
    let said = interrupted(&broker, &setting, &begun, "TERM");
    let (from, limit) = (hinted(&said, "--from"), hinted(&said, "--limit"));
    assert_eq!(from + limit, 51 + 28_000, "{said}");
    assert!(said.contains("CMT-9506") && said.contains("4 records are larger") && said.contains("71, 72, 73, 74"));
    assert_eq!(values(&broker), sent(51..from));
    let (from, limit) = (from.to_string(), limit.to_string());
    setting.must(&["feed", &file, "--platform", PLATFORM, "--guard", "--from", &from, "--limit", &limit]);
    assert!(values(&broker) == sent(51..28_051), "every record that was asked for, in order");
}

#[test]
fn records_that_are_too_large_are_told_by_number() {
    let broker = Broker::for_test();
    broker.create_topics(&[TOPIC], &[("max.message.bytes", "262144")]);
    let setting = Setting::new(&broker);
    let large_ones = [3, 7];
    let row = |number: usize| if large_ones.contains(&number) { large(number) } else { company(number) };
    let told = file(&setting, (1..=8).map(row));
    let said = setting.refused(&["feed", &told, "--platform", PLATFORM], 65, "CMT-9506");
    assert!(said.contains("2 records are larger than a platform's topic takes: 3, 7 "), "{said}");
    assert_eq!(values(&broker), [1, 2, 4, 5, 6, 8].map(company));

    let many = file(&setting, (1..=14).map(|number| if number > 2 { large(number) } else { company(number) }));
    let said = setting.refused(&["feed", &many, "--platform", PLATFORM], 65, "CMT-9506");
    assert!(said.contains("12 records are larger") && said.contains("11, 12 and 2 more"), "{said}");
}

#[test]
fn the_largest_record_that_is_sent_is_taken_by_the_planned_topic() {
    let broker = Broker::for_test();
    let setting = Setting::new(&broker);
    setting.must(&["topics", "apply", "--yes"]);
    let fill = 255 * 1024 - "N1, Ltd,2024-01-31".len();
    let row = |fill: usize| format!("N1,{} Ltd,2024-01-31", "x".repeat(fill));
    let largest = file(&setting, [row(fill)].into_iter());
    setting.must(&["feed", &largest, "--platform", PLATFORM]);
    assert_eq!(values(&broker), [row(fill)]);
    let over = file(&setting, [row(fill + 1)].into_iter());
    setting.refused(&["feed", &over, "--platform", PLATFORM], 65, "CMT-9506");
    assert_eq!(count(&broker), 1);
}

#[test]
fn a_topic_of_several_partitions_is_not_fed() {
    let broker = Broker::for_test();
    let topic = NewTopic::new(TOPIC, 3, TopicReplication::Fixed(1));
    block_on(broker.admin().create_topics([&topic], &AdminOptions::new())).unwrap()[0].as_ref().unwrap();
    let setting = Setting::new(&broker);
    let file = file(&setting, (1..=20).map(company));
    let said = setting.refused(&["feed", &file, "--platform", PLATFORM], 78, "CMT-9602");
    assert!(said.contains("comity.in.works has 3 partitions"), "{said}");
    for partition in 0..3 {
        let ends = broker.admin().inner().fetch_watermarks(TOPIC, partition, Duration::from_secs(10)).unwrap();
        assert_eq!(ends, (0, 0), "nothing was sent");
    }
}

#[test]
fn a_number_that_the_file_does_not_have_is_said() {
    let broker = Broker::for_test();
    broker.create_topics(&[TOPIC], &[]);
    let setting = Setting::new(&broker);
    let file = file(&setting, (1..=20).map(company));
    let said = setting.refused(&["feed", &file, "--platform", PLATFORM, "--from", "21"], 64, "CMT-9614");
    assert!(said.contains("has 20 records, so none with the number 21"), "{said}");
    assert_eq!(setting.comity(&["feed", &file, "--platform", PLATFORM, "--from", "0"]).status.code(), Some(64));
    setting.must(&["feed", &file, "--platform", PLATFORM, "--from", "20"]);
    assert_eq!(values(&broker), [company(20)]);
}

#[test]
fn a_file_that_breaks_off_names_the_next_record() {
    let broker = Broker::for_test();
    broker.create_topics(&[TOPIC], &[]);
    let setting = Setting::new(&broker);
    let endless = format!("N6,\"{}", "x".repeat(5_000_000));
    let rows = (1..=5).map(company).chain(std::iter::once(endless));
    let file = file(&setting, rows);
    let said = setting.refused(&["feed", &file, "--platform", PLATFORM], 65, "CMT-9503");
    assert!(said.contains("--from 6"), "{said}");
    assert_eq!(values(&broker), (1..=5).map(company).collect::<Vec<_>>());
}

/// Feeds numbered records by hand.
fn fed(broker: &Broker, records: impl Iterator<Item = Numbered>, shutdown: &AtomicBool) -> Fed {
    let target = Target { topic: TOPIC, source_version: "csv", test: false };
    feed(&broker.settings(), target, records, |_| {}, shutdown).unwrap()
}

fn numbered(number: usize) -> Numbered {
    Numbered { number, value: Some(company(number).into_bytes()) }
}

#[test]
fn a_feed_told_to_stop_confirms_what_it_sent_and_names_the_first_that_it_did_not() {
    let broker = Broker::for_test();
    broker.create_topics(&[TOPIC], &[]);
    let shutdown = AtomicBool::new(false);
    let records = (501..=900).map(|number| {
        shutdown.store(number == 777, Ordering::Relaxed);
        let value = (number % 10 != 0).then(|| company(number).into_bytes());
        Numbered { number, value }
    });
    let fed = fed(&broker, records, &shutdown);
    let expected: Vec<String> = (501..777).filter(|number| number % 10 != 0).map(company).collect();
    assert_eq!(fed.delivered, expected.len() as u64);
    let unfinished = fed.unfinished.unwrap();
    assert_eq!((unfinished.from, unfinished.failure), (777, None));
    assert_eq!(values(&broker), expected);
}

#[test]
fn a_record_that_the_broker_refuses_ends_the_feed_before_it_and_names_the_setting() {
    if needs_real_kafka("it takes records of any size") {
        return;
    }
    let broker = Broker::for_test();
    broker.create_topics(&[TOPIC], &[("max.message.bytes", "20000")]);
    let records = || {
        (1..=3_000).map(|number| match number {
            1_234 => Numbered { number, value: Some(vec![b'x'; 30_000]) },
            _ => numbered(number),
        })
    };
    let refused = fed(&broker, records(), &AtomicBool::new(false)).unfinished.unwrap();
    let stop = refused.failure.unwrap();
    assert_eq!(stop.kind, StopKind::Unavailable);
    assert!(stop.help.contains("max.message.bytes"), "{} / {}", stop.why, stop.help);
    assert!(refused.from <= 1_234 && !values(&broker).iter().any(|value| value.starts_with("xx")));
    let mut there: BTreeMap<String, usize> = BTreeMap::new();
    values(&broker).into_iter().for_each(|value| *there.entry(value).or_default() += 1);
    assert!((1..refused.from).all(|number| there.contains_key(&company(number))), "all before {}", refused.from);

    let wider = AlterConfig::new(ResourceSpecifier::Topic(TOPIC)).set("max.message.bytes", "262144");
    block_on(broker.admin().alter_configs([&wider], &AdminOptions::new())).unwrap();
    let again = records().filter(|record| record.number >= refused.from);
    let fed = fed(&broker, again, &AtomicBool::new(false));
    assert_eq!(fed.unfinished, None);
    let there = values(&broker);
    assert!((1..=3_000).filter(|number| *number != 1_234).all(|number| there.contains(&company(number))));
    assert!(there.iter().any(|value| value.len() == 30_000));
}

/// The company stands in another file, which must be there before anything is sent.
#[test]
fn rows_are_sent_with_the_columns_of_the_file_that_they_are_joined_with() {
    let broker = Broker::for_test();
    let setting = Setting::new(&broker);
    setting.change("platforms/works/platform.toml", "format = \"csv\"", JOINED);
    let fields = ["number", "decided", "name"].map(|name| format!(r#"{{ "name": "{name}", "type": "string" }}"#));
    let schema = format!(r#"{{ "type": "record", "name": "Row", "fields": [ {} ] }}"#, fields.join(", "));
    setting.write("platforms/works/source.avsc", &schema);
    setting.must(&["topics", "apply", "--yes"]);
    let file = setting.write("rows.csv", "number,decided\nN1,2024-01-31\nN2,2024-02-01\nN3,2024-02-02\n");
    let feed = ["feed", file.to_str().unwrap(), "--platform", PLATFORM];
    let said = setting.refused(&feed, 65, "CMT-9507");
    assert!(said.contains("names.csv"), "{said}");
    assert_eq!(values(&broker), [""; 0], "nothing is sent without the other file");
    setting.write(
        "names.csv",
        "number,name,town\nN2,\"Birch, Sample & Co Ltd\",Ottawa\nN1,Maple Sample Works Ltd,Guelph\n",
    );
    setting.must(&feed);
    let expected =
        ["N1,2024-01-31,Maple Sample Works Ltd", "N2,2024-02-01,\"Birch, Sample & Co Ltd\"", "N3,2024-02-02,"];
    assert_eq!(values(&broker), expected);
    setting.must(&["run", "--exit-when-idle", "2s"]);
    let told: Vec<String> = alerts(&broker, "CA-QC").iter().map(|alert| text(alert, "case_id")).collect();
    assert_eq!(told, ["works/N1", "works/N2"]);
    let refused: Vec<i64> = rejections(&broker).iter().map(|rejection| number(rejection, "offset")).collect();
    assert_eq!(refused, [2], "a row without its partner is refused, not passed over");
}

const JOINED: &str = "format = \"csv\"\n[[source.join]]\nfile = \"names.csv\"\nkey = \"number\"\ncolumns = [\"name\"]";
