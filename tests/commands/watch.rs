//! `comity feed --watch`: each file once, oldest first, and on from the exact place.

use std::fs::File;
use std::time::{Duration, SystemTime};

use crate::setting::{HEADER, PLATFORM, Setting, TOPIC, interrupt, said};
use crate::support::broker::{Broker, PATIENCE, wait_until};
use crate::support::reader::read_committed;

const UNTIL_EMPTY: [&str; 6] = ["feed", "--platform", PLATFORM, "--watch", "inbox", "--until-empty"];

fn row(number: usize) -> String {
    format!("N{number},Maple Sample Works Ltd,2024-01-31")
}

/// A file in the folder, changed so many seconds after the first.
fn put(setting: &Setting, name: &str, seconds: u64, rows: impl Iterator<Item = String>) {
    let text = std::iter::once(HEADER.to_owned()).chain(rows).map(|row| row + "\n").collect::<String>();
    let hidden = setting.write(&format!("inbox/.{name}"), &text);
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000 + seconds);
    File::options().append(true).open(&hidden).unwrap().set_modified(time).unwrap();
    std::fs::rename(hidden, setting.path(&format!("inbox/{name}"))).unwrap();
}

fn values(broker: &Broker) -> Vec<String> {
    read_committed(broker, TOPIC).into_iter().map(|read| String::from_utf8(read.value.unwrap()).unwrap()).collect()
}

fn setting(broker: &Broker) -> Setting {
    let setting = Setting::new(broker);
    setting.must(&["topics", "apply", "--yes"]);
    setting
}

#[test]
fn files_go_oldest_first_and_each_once() {
    let broker = Broker::for_test();
    let setting = setting(&broker);
    put(&setting, "b.csv", 2, (3..=4).map(row));
    put(&setting, "c.csv", 1, (1..=2).map(row));
    put(&setting, "a.csv", 3, (7..=8).map(row));
    put(&setting, "d.csv", 2, (5..=6).map(row));
    for name in [".hidden.csv", "late.csv.tmp", "late.part"] {
        setting.write(&format!("inbox/{name}"), &format!("{HEADER}\n{}\n", row(99)));
    }
    setting.write("inbox/folder/e.csv", "a folder is no file");
    let said = setting.must(&UNTIL_EMPTY);
    assert_eq!(values(&broker), (1..=8).map(row).collect::<Vec<_>>(), "{said}");
    assert_eq!(said.lines().count(), 4, "a line for each file: {said}");
    assert!(said.lines().next().unwrap().starts_with("inbox/c.csv: 2 records"), "{said}");
    assert_eq!(setting.must(&UNTIL_EMPTY), "", "they are remembered");
    // A file is its name and its content: touched it is the same, under another name or changed it is another.
    put(&setting, "b.csv", 9, (3..=4).map(row));
    assert_eq!(setting.must(&UNTIL_EMPTY), "");
    put(&setting, "b.csv", 10, (9..=9).map(row));
    std::fs::rename(setting.path("inbox/late.csv.tmp"), setting.path("inbox/late.csv")).unwrap();
    setting.must(&UNTIL_EMPTY);
    assert_eq!(values(&broker)[8..], [row(9), row(99)]);
}

#[test]
fn a_bad_file_is_set_aside_and_stops_nothing() {
    let broker = Broker::for_test();
    let setting = setting(&broker);
    put(&setting, "1-good.csv", 1, (1..=2).map(row));
    setting.write("inbox/2-other.csv", "nothing,like,this,file\n1,2,3,4\n");
    put(&setting, "3-open.csv", 3, (3..=3).map(row).chain(std::iter::once("N4,\"open".to_owned())));
    put(&setting, "4-good.csv", 4, (5..=6).map(row));
    let said = setting.refused(&UNTIL_EMPTY, 65, "CMT-9510");
    assert!(
        said.contains("CMT-9505") && said.contains("CMT-9503") && said.contains("2 files were set aside"),
        "{said}"
    );
    assert_eq!(values(&broker), [1, 2, 3, 5, 6].map(row));
    assert_eq!(setting.must(&UNTIL_EMPTY), "", "they are not tried again");
    let again: Vec<&str> = UNTIL_EMPTY.into_iter().chain(["--retry-failed"]).collect();
    let said = setting.refused(&again, 65, "CMT-9510");
    assert!(said.contains("2 files were set aside"), "{said}");
    // The folder learns what the other file is.
    setting.change("platforms/works/source.avsc", "\"name\": \"number\"", "\"name\": \"number\", \"native\": \"N\"");
    put(&setting, "5-new.csv", 5, (7..=7).map(row));
    let text = std::fs::read_to_string(setting.path("inbox/5-new.csv")).unwrap().replace("number,", "N,");
    setting.write("inbox/2-other.csv", &text);
    std::fs::remove_file(setting.path("inbox/5-new.csv")).unwrap();
    setting.must(&UNTIL_EMPTY);
    assert_eq!(values(&broker).last(), Some(&row(7)), "a changed file is another");
}

#[test]
fn a_watch_that_is_told_to_stop_goes_on_from_the_exact_record() {
    let broker = Broker::for_test();
    let setting = setting(&broker);
    let rows = 60_000;
    put(&setting, "large.csv", 1, (1..=rows).map(row));
    let (watching, proxy) = setting.spawn_half_fed(&broker, TOPIC, &UNTIL_EMPTY[..5]);
    let output = interrupt(watching, "TERM", &proxy);
    assert!(output.status.success(), "{}", said(&output));
    let before = values(&broker).len();
    assert!(before < rows, "it was stopped in its midst");
    setting.must(&UNTIL_EMPTY);
    assert!(values(&broker).into_iter().eq((1..=rows).map(row)), "every record once, in order");
}

#[test]
fn a_watch_that_was_killed_loses_nothing() {
    let broker = Broker::for_test();
    let setting = setting(&broker);
    let rows = 40_000;
    put(&setting, "large.csv", 1, (1..=rows).map(row));
    let (watching, proxy) = setting.spawn_half_fed(&broker, TOPIC, &UNTIL_EMPTY[..5]);
    interrupt(watching, "KILL", &proxy);
    setting.must(&UNTIL_EMPTY);
    let there = values(&broker);
    assert!(there.ends_with(&(1..=rows).map(row).collect::<Vec<_>>()), "it is fed again from its first record");
    assert_eq!(setting.must(&UNTIL_EMPTY), "");
    // A file that comes while it is watched is fed too.
    let mut watching = setting.spawn(&UNTIL_EMPTY[..5]);
    put(&setting, "next.csv", 2, std::iter::once(row(rows + 1)));
    wait_until("the next file is fed", PATIENCE, || count(&broker) > i64::try_from(there.len()).unwrap());
    watching.kill().unwrap();
    watching.wait().unwrap();
}

fn count(broker: &Broker) -> i64 {
    broker.admin().inner().fetch_watermarks(TOPIC, 0, Duration::from_secs(10)).map_or(0, |(_, high)| high)
}
