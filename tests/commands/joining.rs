//! A platform that joins, and one that is paused: what an operator types, end to end.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::setting::{HEADER, PLATFORM, Setting, TOPIC};
use crate::support::avro::{Fields, alerts, text};
use crate::support::broker::Broker;
use crate::support::reader::read_committed;

fn file(setting: &Setting, name: &str, rows: std::ops::Range<usize>) -> String {
    let rows = rows.map(|number| format!("N{number},Maple Sample Works Ltd,2024-01-31\n"));
    let text = std::iter::once(format!("{HEADER}\n")).chain(rows).collect::<String>();
    setting.write(name, &text).to_str().unwrap().to_owned()
}

/// Whether each platform is paused, as `platform list` says it.
fn paused(setting: &Setting) -> BTreeMap<String, bool> {
    let said = setting.must(&["--format", "json", "platform", "list"]);
    let lines = said.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.map(|line| (line["platform"].as_str().unwrap().to_owned(), line["paused"].as_bool().unwrap())).collect()
}

#[test]
fn a_platform_that_joins_sends_its_open_cases_and_they_are_marked() {
    let broker = Broker::for_test();
    let setting = Setting::new(&broker);
    let (old, new) = (file(&setting, "old.csv", 0..40), file(&setting, "new.csv", 40..43));
    let feed_old = ["feed", &old, "--platform", PLATFORM, "--backfill"];
    setting.refused(&feed_old, 78, "CMT-9038");
    setting.change(
        "comity.toml",
        "[policy]",
        "[intake]\nbackfill_platforms = [\"works\"]\nbackfill_records_per_second_max = 200\n\n[policy]",
    );
    let said = setting.must(&["topics", "apply", "--yes"]);
    assert!(said.contains("created comity.in.works.backfill"), "{said}");
    setting.must(&["check"]);
    setting.must(&feed_old);
    setting.must(&["feed", &new, "--platform", PLATFORM]);
    assert_eq!(
        (read_committed(&broker, TOPIC).len(), read_committed(&broker, "comity.in.works.backfill").len()),
        (3, 40)
    );
    setting.must(&["run", "--exit-when-idle", "1s"]);
    let modes = |mode: &str| {
        let of = |alert: &&Fields| text(alert, "mode") == mode && text(alert, "role") == "ATTENTION";
        alerts(&broker, "CA-QC").iter().filter(of).count()
    };
    assert_eq!((modes("BACKFILL"), modes("ACTUAL")), (40, 3));
}

#[test]
fn a_runaway_is_paused_and_the_operator_releases_it() {
    let broker = Broker::for_test();
    let setting = Setting::new(&broker);
    setting.change("comity.toml", "[policy]", "[intake]\nevents_per_minute_max = { works = 20 }\n\n[policy]");
    setting.must(&["topics", "apply", "--yes"]);
    let rows = file(&setting, "rows.csv", 0..50);
    let fed = setting.must(&["feed", &rows, "--platform", PLATFORM]);
    assert!(fed.contains("over 20 within a minute") && fed.contains("comity platform release works"), "{fed}");
    let few = setting.must(&["feed", &rows, "--platform", PLATFORM, "--limit", "20"]);
    assert!(!few.contains("within a minute"), "{few}");
    // What is paused holds up nobody, nor the end of a run.
    setting.must(&["run", "--exit-when-idle", "1s"]);
    assert_eq!(alerts(&broker, "CA-QC").len(), 21);
    let state = paused(&setting);
    assert!(state[PLATFORM] && state.values().filter(|paused| **paused).count() == 1, "{state:?}");
    setting.must(&["run", "--exit-when-idle", "1s"]);
    assert_eq!(alerts(&broker, "CA-QC").len(), 21, "a start releases nobody");

    let said = setting.must(&["platform", "release", PLATFORM]);
    assert!(said.contains("works is released"), "{said}");
    assert!(setting.must(&["platform", "release", PLATFORM]).contains("works is not paused"));
    assert!(!paused(&setting)[PLATFORM]);
    setting.must(&["run", "--exit-when-idle", "1s"]);
    assert_eq!(alerts(&broker, "CA-QC").len(), 50);

    setting.must(&["platform", "pause", PLATFORM]);
    assert!(paused(&setting)[PLATFORM]);
    setting.refused(&["platform", "pause", "nobody"], 64, "CMT-9031");
    setting.change("comity.toml", "works = 20", "wroks = 20");
    setting.refused(&["check", "--offline"], 78, "CMT-9037");
}
