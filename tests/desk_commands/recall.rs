//! Recalls: everything that a platform sent in a range, once.

use serde_json::{Value, json};

use crate::federation::{Federation, notice};

fn recall<'a>(range: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    let first = ["recall", "--platform", "ca-on-food", "--reason", "SENT_IN_ERROR"];
    [&first, range, more].concat()
}

/// The line of this type.
fn of_type(lines: &[Value], wanted: &str) -> Value {
    lines.iter().find(|line| line["type"] == wanted).unwrap_or_else(|| panic!("no {wanted}: {lines:?}")).clone()
}

/// The named events of a dry run.
fn events(lines: &[Value]) -> Vec<&str> {
    lines.iter().filter(|line| line["type"] == "event").map(|line| line["event_id"].as_str().unwrap()).collect()
}

fn cancels(federation: &Federation, member: &str) -> Vec<String> {
    federation.told(member).into_iter().filter(|line| line.ends_with("Cancel")).collect()
}

#[test]
fn a_recall_withdraws_what_stands_by_the_range_and_nothing_twice() {
    let federation = Federation::new();
    let said = |number: usize| notice(&format!("FI-{number}"), 1, "Listeria");
    // Offsets 0 to 6: FI-1 before the range; FI-1 again, FI-2 to FI-5 and FI-1's second revision within it.
    federation.notices(&[said(1), said(1), said(2), said(3), said(4), said(5), notice("FI-1", 2, "in error")]);
    // Since then FI-3 was stated anew, and FI-4 withdrawn.
    federation.notices(&[notice("FI-3", 2, "Salmonella")]);
    let running = federation.run();
    federation.must(&["withdraw", "ca-on-food/FI-4", "--reason", "UNFOUNDED", "--yes"]);

    let range = ["--offsets", "1..6"];
    let dry = federation.lines(&recall(&range, &["--dry-run"]));
    assert_eq!(events(&dry), ["ca-on-food/FI-1", "ca-on-food/FI-2", "ca-on-food/FI-5"]);
    let expected = json!({
        "undecided": 0, "type": "recall", "platform": "ca-on-food", "dry_run": true, "events": 3, "cases": 3,
        "alerts": 6, "recipients": ["CA-MB", "CA-QC"], "records": 6, "without_effect": 1, "not_statements": 0,
        "restated": 1, "already_withdrawn": 1, "stated_before": 1,
    });
    assert_eq!(of_type(&dry, "recall"), expected);
    assert_eq!(cancels(&federation, "CA-QC"), ["ca-on-food/FI-4#2 Cancel"], "a dry run sends nothing");
    let short = federation.lines(&recall(&range, &["--dry-run", "--list", "1"]));
    assert_eq!(events(&short), ["ca-on-food/FI-1"]);
    federation.refuses(&recall(&range, &[]), 64, &["CMT-9646", "--yes"]);

    let done = of_type(&federation.lines(&recall(&range, &["--yes"])), "done");
    assert_eq!((&done["withdrawn"], &done["alerts"], &done["rejected"]), (&json!(3), &json!(6), &json!(0)));
    let all = [
        "ca-on-food/FI-4#2 Cancel",
        "ca-on-food/FI-1#3 Cancel",
        "ca-on-food/FI-2#2 Cancel",
        "ca-on-food/FI-5#2 Cancel",
    ];
    for member in ["CA-QC", "CA-MB"] {
        assert_eq!(cancels(&federation, member), all, "{member}");
    }
    let again = federation.lines(&recall(&range, &["--yes"]));
    let facts = of_type(&again, "recall");
    assert_eq!((&facts["events"], &facts["already_withdrawn"]), (&json!(0), &json!(4)));
    drop(running);
    assert_eq!(cancels(&federation, "CA-QC"), all, "and nothing twice");
    assert_eq!(federation.rejections(), []);
}

#[test]
fn a_file_that_was_only_sent_again_is_not_recalled() {
    let federation = Federation::new();
    let file = [notice("FI-1", 1, "Listeria"), notice("FI-2", 1, "Salmonella")];
    federation.notices(&file);
    federation.notices(&file);
    let facts = of_type(&federation.lines(&recall(&["--offsets", "2..3"], &["--yes"])), "recall");
    assert_eq!((&facts["events"], &facts["records"], &facts["without_effect"]), (&json!(0), &json!(2), &json!(2)));
}

#[test]
fn a_recall_without_a_ledger_says_what_to_do_and_goes_on_later() {
    let federation = Federation::new();
    federation.notices(&[notice("FI-1", 1, "Listeria"), notice("FI-2", 1, "Salmonella")]);
    let range = ["--since", "2020-01-01T00:00:00Z", "--until", "2100-01-01T00:00:00Z"];
    federation.refuses(&recall(&range, &["--yes", "--timeout", "500ms"]), 69, &["CMT-9645", "comity run"]);
    // The same again, before anything was decided: the ledger takes each withdrawal once.
    federation.refuses(&recall(&range, &["--yes", "--timeout", "500ms"]), 69, &["CMT-9645"]);
    federation.must(&["run", "--exit-when-idle", "1s"]);
    assert_eq!(cancels(&federation, "CA-QC"), ["ca-on-food/FI-1#2 Cancel", "ca-on-food/FI-2#2 Cancel"]);
    let facts = of_type(&federation.lines(&recall(&range, &["--yes"])), "recall");
    assert_eq!((&facts["events"], &facts["already_withdrawn"]), (&json!(0), &json!(2)));
    let before = ["--since", "2020-01-01T00:00:00Z", "--until", "2020-01-02T00:00:00Z"];
    assert_eq!(of_type(&federation.lines(&recall(&before, &["--dry-run"])), "recall")["records"], 0);
    for wrong in [&["--offsets", "5..2"][..], &["--offsets", "5"], &["--since", "yesterday", "--until", "today"], &[]] {
        federation.refuses(&recall(wrong, &["--dry-run"]), 64, &[]);
    }
}

#[test]
fn a_recall_of_many_goes_chunk_by_chunk() {
    let federation = Federation::new();
    let notices: Vec<Value> = (0..450).map(|number| notice(&format!("FI-{number}"), 1, "Listeria")).collect();
    federation.notices(&notices);
    let _running = federation.run();
    let lines = federation.lines(&recall(&["--offsets", "0..449"], &["--yes", "--list", "0"]));
    assert_eq!(of_type(&lines, "recall")["alerts"], 900);
    assert_eq!(of_type(&lines, "done")["withdrawn"], 450);
    assert_eq!(cancels(&federation, "CA-MB").len(), 450);
}
