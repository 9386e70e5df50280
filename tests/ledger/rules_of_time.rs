//! The log's clock: terms, expiry in bounded pieces, status.

use comity::ledger::Outcome;
use comity::model::code::{Kind, MsgType, Precision, Standing};
use comity::model::decision::{Notice, NoticeContent, Output};
use comity::model::entry::{Body, LogEntry};
use comity::model::event::InfractionEvent;
use comity::model::limit::{WORK_PER_ENTRY_MAX, WORK_PER_LIVE_ENTRY_MAX};
use comity::model::place::DAY_MS;
use comity::model::rejection::Reason;

use crate::world::{Log, START, TODAY, original, place, revised};

fn until(id: &str, expires_at: i64) -> InfractionEvent {
    InfractionEvent { expires_at: Some(expires_at), ..original(id) }
}

fn open_cases(log: &Log) -> usize {
    log.state.organisation("reg:A").map_or(0, |at| at.open_cases.len())
}

#[test]
fn the_term_is_the_platforms_or_the_policys_from_the_end_of_the_date_stated() {
    let mut log = Log::new(&["CA-ON", "CA-QC"]);
    assert_eq!(log.told(&until("p/1", START + 7)).decisions[0].expires_at, Some(START + 7));
    // The policy says one year; the date stated is 2025-03-15, some day of 2025-03, some day of 2025.
    for (id, precision, day) in
        [("p/2", Precision::Day, 20_528), ("p/3", Precision::Month, 20_544), ("p/4", Precision::Year, 20_819)]
    {
        let mut event = original(id);
        event.decided.date = 20_162;
        event.decided.precision = precision;
        assert_eq!(log.told(&event).decisions[0].expires_at, Some(day * DAY_MS), "{precision:?}");
    }
}

#[test]
fn an_original_that_is_over_when_it_arrives_is_rejected() {
    let mut log = Log::new(&["CA-ON", "CA-QC"]);
    assert_eq!(log.event(&until("p/1", START)).rejected, Some(Reason::ExpiredOnArrival));
    assert_eq!(log.event(&until("p/1", START + 1)).outcome, Outcome::Taken);
    let mut old = original("p/2");
    old.decided.date = TODAY - 366;
    assert_eq!(log.event(&old).rejected, Some(Reason::ExpiredOnArrival));
    old.kind = Kind::Correction;
    assert_eq!(log.event(&old).rejected, Some(Reason::ExpiredOnArrival), "of a case that nobody knows");
}

#[test]
fn expiry_is_by_log_time_and_told_to_all_told() {
    let mut log = Log::new(&["CA-ON", "CA-QC", "DE"]);
    let mut event = until("p/1", START + 5_000);
    event.for_follow_up = vec![place("DE")];
    log.told(&event);
    assert_eq!(log.later(4_999).alerts, []);
    assert_eq!(open_cases(&log), 1);
    let did = log.later(1);
    assert_eq!(did.lines(), ["p/1#2 Update CA-QC Attention", "p/1#2 Update DE FollowUp"]);
    let decision = &did.decisions[0];
    assert_eq!((decision.msg_type, decision.standing), (MsgType::Update, Standing::Expired));
    assert_eq!((decision.expires_at, &decision.references), (Some(START + 5_000), &vec!["p/1#1".to_owned()]));
    assert_eq!(open_cases(&log), 0);
    assert_eq!(log.later(1).alerts, [], "once");
    let case = log.state.case(place("CA-ON"), "p/1").expect("the case").unpack();
    assert_eq!(case.told.to_vec().len(), 2, "who was told is kept");
}

#[test]
fn the_clock_never_goes_back() {
    let mut log = Log::new(&["CA-ON", "CA-QC"]);
    log.later(60_000);
    log.now = START;
    let did = log.event(&until("p/1", START + 1_000));
    assert_eq!(did.rejected, Some(Reason::ExpiredOnArrival), "the largest time read counts");
    assert_eq!(log.state.marks.log_time, START + 60_000);
}

#[test]
fn a_case_stays_open_while_another_event_stands() {
    let mut log = Log::new(&["CA-ON", "CA-QC"]);
    log.told(&until("p/1", START + 1_000));
    log.told(&InfractionEvent { case_id: "p/1".to_owned(), ..until("p/2", START + 2_000) });
    assert_eq!((log.later(1_000).alerts.len(), open_cases(&log)), (1, 1));
    assert_eq!((log.later(1_000).alerts.len(), open_cases(&log)), (1, 0));
}

#[test]
fn a_correction_moves_the_term() {
    let mut log = Log::new(&["CA-ON", "CA-QC"]);
    log.told(&until("p/1", START + 1_000));
    log.told(&revised(&until("p/1", START + 9_000), Kind::Correction, "longer"));
    assert_eq!(log.later(8_999).alerts, []);
    assert_eq!(log.later(1).alerts.len(), 1);
}

#[test]
fn a_correction_after_the_term_reaches_those_told_and_nobody_new() {
    let mut log = Log::new(&["CA-ON", "CA-QC"]);
    let event = until("p/1", START + 1_000);
    log.told(&event);
    log.later(1_000);
    log.rules(crate::world::rules(2, &["CA-ON", "CA-QC", "DE"]));
    let did = log.told(&revised(&event, Kind::Correction, "late"));
    assert_eq!(did.lines(), ["p/1#3 Update CA-QC Attention"]);
    assert_eq!((did.decisions[0].standing, open_cases(&log)), (Standing::Expired, 0));
    let did = log.told(&revised(&until("p/1", START + 90_000), Kind::Correction, "in force again"));
    assert_eq!(did.lines(), ["p/1#4 Update CA-QC Attention", "p/1#4 Update DE Attention"]);
    assert_eq!(open_cases(&log), 1);
}

#[test]
fn an_entry_does_a_bounded_number_of_due_things_in_the_order_of_due_and_key() {
    let mut log = Log::new(&["CA-ON", "CA-QC"]);
    let many = 2 * WORK_PER_ENTRY_MAX + 5;
    for number in (0..many).rev() {
        let mut event = until(&format!("p/{number:03}"), START + 1_000 + i64::from(number < 70));
        event.subject = None;
        log.told(&event);
    }
    let mut expired = Vec::new();
    log.now = START + 2_000;
    // What is no tick does little of it, so that it does not wait.
    let did = log.rejection(Reason::NotADecision, log.source_offset, log.source_offset);
    assert_eq!((did.alerts.len(), did.work_left), (WORK_PER_LIVE_ENTRY_MAX, true));
    expired.extend(did.alerts.into_iter().map(|alert| alert.alert_id));
    let rest = 5 + WORK_PER_ENTRY_MAX - WORK_PER_LIVE_ENTRY_MAX;
    for (left, work_left) in [(WORK_PER_ENTRY_MAX, true), (rest, false), (0, false)] {
        let did = log.tick();
        assert_eq!((did.alerts.len(), did.work_left), (left, work_left));
        expired.extend(did.alerts.into_iter().map(|alert| alert.alert_id));
    }
    let order: Vec<String> = (70..many).chain(0..70).map(|number| format!("p/{number:03}#2")).collect();
    assert_eq!(expired, order);
}

#[test]
fn due_work_comes_before_what_the_entry_says() {
    let mut log = Log::new(&["CA-ON", "CA-QC"]);
    log.told(&until("p/1", START + 1_000));
    log.now += 1_000;
    let did = log.told(&InfractionEvent { origin: place("CA-QC"), ..original("q/1") });
    assert_eq!(did.lines(), ["p/1#2 Update CA-QC Attention", "q/1#1 Alert CA-ON Attention"]);
    assert!(did.decisions[1].open_cases.is_empty());
    assert_eq!(log.event(&until("p/9", START)).alerts, []);
}

#[test]
fn a_step_of_the_clock_over_a_day_is_an_alarm_and_stops_forgetting() {
    let mut log = Log::new(&["CA-ON", "CA-QC"]);
    assert_eq!(log.later(DAY_MS).alarms.clock_step_ms, None);
    let did = log.later(DAY_MS + 1);
    assert_eq!(did.alarms.clock_step_ms, Some(DAY_MS + 1));
    assert_eq!(log.state.marks.forget_not_before, log.now + 7 * DAY_MS);
    assert_eq!(log.later(1).alarms.clock_step_ms, None);
    assert_eq!(Log::new(&["CA-ON"]).state.marks.forget_not_before, 0, "the first entry sets the clock");
}

#[test]
fn a_status_for_each_recipient_each_minute_of_log_time() {
    let mut log = Log::without_rules();
    let did = log.rules(crate::world::rules(1, &["CA-ON", "CA-QC"]));
    let words = |did: &crate::world::Did| -> Vec<(String, i64, i64, i64)> {
        did.statuses
            .iter()
            .map(|at| (at.recipient.to_string(), at.sequence, at.last_alert_sequence, at.log_time))
            .collect()
    };
    let all = |sequence, quebec, now| {
        let of = |code: &str, last| (code.to_owned(), sequence, last, now);
        [of("CA-ON", 0), of("CA-QC", quebec), of("national", quebec)]
    };
    assert_eq!(words(&did), all(1, 0, START));
    assert_eq!(log.later(59_999).statuses, []);
    log.now += 1;
    let did = log.told(&original("p/1"));
    let now = START + 60_000;
    assert_eq!(words(&did), all(2, 1, now), "with the alert of its entry");
    assert_eq!(log.later(59_999).statuses, []);
    assert_eq!(log.later(10 * 60_000).statuses.len(), 3, "once for several minutes");
}

/// Days after which the case of `until("p/1", START + 1)` is forgotten: the end of the day that lies 24 months behind.
const FORGET_DAYS: i64 = 731;

/// Moves the clock without a step of more than a day, which would put forgetting off.
fn pass_days(log: &mut Log, days: i64) {
    for _ in 0..days {
        log.later(DAY_MS);
    }
}

#[test]
fn a_case_is_forgotten_with_those_told_when_forget_after_is_over() {
    let mut log = Log::new(&["CA-ON", "CA-QC"]);
    log.told(&until("p/1", START + 1));
    pass_days(&mut log, FORGET_DAYS - 1);
    log.later(DAY_MS - 1);
    let remembered = log.state.case(place("CA-ON"), "p/1").is_some() && log.state.organisation("reg:A").is_some();
    assert!(remembered, "a late withdrawal must still reach everyone");
    let entry = LogEntry { offset: log.offset, appended_at: log.now + 1, body: Body::Tick };
    let notices = comity::ledger::handle(&log.state, &entry).notices;
    let [Notice { output: Output::Archive, sequence: 1, content: NoticeContent::Reach(summary) }] = notices.as_slice()
    else {
        panic!("one summary")
    };
    let told: Vec<_> = summary.told.iter().map(|told| (told.recipient, told.sequence)).collect();
    let events: Vec<_> = summary.events.iter().map(|event| (event.event_id.as_str(), event.version)).collect();
    assert_eq!((told, events), (vec![(place("CA-QC"), 2)], vec![("p/1", 2)]));
    log.later(1);
    assert!(log.state.case(place("CA-ON"), "p/1").is_none());
    assert!(log.state.organisation("reg:A").is_none(), "no case names it any more");
    let withdrawn = crate::world::withdrawal(&original("p/1"), comity::model::code::WithdrawalScope::Event);
    assert_eq!(log.event(&withdrawn).alerts, [], "nobody is known to have been told");
}

#[test]
fn a_late_withdrawal_reaches_everyone_and_is_remembered_for_as_long_as_it_would_wait() {
    let mut log = Log::new(&["CA-ON", "CA-QC"]);
    log.told(&until("p/1", START + 1));
    pass_days(&mut log, FORGET_DAYS - 1);
    let mut withdrawn = crate::world::withdrawal(&original("p/1"), comity::model::code::WithdrawalScope::Event);
    withdrawn.decided.date = TODAY + 700;
    assert_eq!(log.event(&withdrawn).lines(), ["p/1#3 Cancel CA-QC Attention"]);
    pass_days(&mut log, FORGET_DAYS);
    assert_eq!(log.event(&withdrawn).outcome, Outcome::Duplicate, "the case remembers that it was withdrawn");
}

#[test]
fn an_organisation_is_remembered_while_a_case_names_it() {
    let mut log = Log::new(&["CA-ON", "CA-QC"]);
    log.told(&until("p/1", START + 1));
    log.told(&until("p/2", START + 40 * DAY_MS));
    pass_days(&mut log, FORGET_DAYS);
    assert!(log.state.case(place("CA-ON"), "p/1").is_none());
    assert_eq!(log.state.organisation("reg:A").map(|at| at.cases), Some(1));
    pass_days(&mut log, 40);
    assert!(log.state.organisation("reg:A").is_none());
    // What comes later is known anew, by all its identifiers.
    let mut event = until("p/3", log.now + DAY_MS);
    event.decided.date = TODAY + 800;
    event.subject = Some(crate::world::subject("Acme Ltd", &["A", "B"]));
    log.told(&event);
    assert_eq!(log.state.holder("reg:B").map(|at| at.organisation_id()), Some("reg:A"));
}

#[test]
fn an_entry_that_forgets_an_organisation_may_name_it_anew() {
    let mut log = Log::new(&["CA-ON", "CA-QC"]);
    log.told(&until("p/1", START + 1));
    pass_days(&mut log, FORGET_DAYS - 1);
    log.now += DAY_MS;
    let mut event = until("p/2", log.now + DAY_MS);
    event.subject = Some(crate::world::subject("Acme Ltd", &["A", "B"]));
    log.told(&event);
    let known = log.state.organisation("reg:A").expect("the organisation");
    assert_eq!((known.identifiers.to_vec(), known.cases), (vec!["reg:A".to_owned(), "reg:B".to_owned()], 1));
}
