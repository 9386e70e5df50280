//! Acknowledgements, their clocks, and disputes, rule by rule.

use comity::ledger::Outcome;
use comity::model::code::{Kind, MemberState, MsgType, Role, Scope, Severity, Standing, WithdrawalScope};
use comity::model::decision::NoticeContent;
use comity::model::entry::{Acknowledgement, AcknowledgementLevel as Level, AcknowledgementReason, Body, LinkRelation};
use comity::model::event::InfractionEvent;
use comity::model::limit::SENT_KEPT_MAX;
use comity::model::place::{DAY_MS, Millis};
use comity::model::record::SourcePosition;
use comity::model::rejection::Reason;
use comity::model::rules::{Rules, Within};

use crate::answers::clocks;
use crate::rules_of_links::{about, link, over, say, settle};
use crate::world::{self, Did, Log, START, original, place, revised, withdrawal};

const HOUR_MS: Millis = 3_600_000;

/// A log whose food safety has 24, 48 and 960 hours for who has to act, and one hour for who has to know.
fn log() -> Log {
    log_with(0, &["CA-ON", "CA-QC", "CA-BC"])
}

/// A log for these members by some clocks.
fn log_with(which: u8, members: &[&str]) -> Log {
    let mut log = Log::without_rules();
    assert_eq!(log.rules(Rules { clocks: clocks(which), ..world::rules(1, members) }).outcome, Outcome::Rules);
    log
}

/// An original that Québec is to follow up.
fn for_quebec(id: &str) -> InfractionEvent {
    InfractionEvent { for_follow_up: vec![place("CA-QC")], ..original(id) }
}

fn says(log: &mut Log, who: &str, alert: &str, level: Level) -> Did {
    let (event, _) = alert.split_once('#').expect("a version");
    let offset = log.source_offset;
    log.source_offset += 1;
    let at = SourcePosition { topic: "in".into(), partition: 0, from: offset, offset };
    log.add(Body::Acknowledgement(Box::new(Acknowledgement {
        at,
        alert_id: alert.to_owned(),
        origin: place("CA-ON"),
        case_id: event.to_owned(),
        recipient: place(who),
        level,
        reason: Some(AcknowledgementReason::FactsContested),
        acknowledged_at: START,
    })))
}

/// `recipient state step level` of each overdue step that an entry noted.
fn late(did: &Did) -> Vec<String> {
    let line = |content: &NoticeContent| match content {
        NoticeContent::Overdue(at) => Some(format!("{} {:?} {} {:?}", at.recipient, at.state, at.step, at.level)),
        NoticeContent::Reach(_) | NoticeContent::Review(_) | NoticeContent::Dispute(_) => None,
    };
    did.notices.iter().filter_map(|notice| line(&notice.content)).collect()
}

#[test]
fn an_alert_says_until_when_it_is_to_be_acknowledged() {
    let mut log = log();
    let did = log.event(&for_quebec("p/1"));
    assert_eq!(did.part(1).ack_due_at, Some(START + 24 * HOUR_MS));
    assert_eq!((did.part(2).role, did.part(2).ack_due_at), (Role::Attention, Some(START + HOUR_MS)));
}

#[test]
fn an_unknown_severity_has_the_clock_of_the_severest_and_a_lower_one_has_none() {
    let mut log = log_with(1, &["CA-ON", "CA-QC"]);
    let unknown = InfractionEvent { severity: Severity::Unknown, ..for_quebec("p/1") };
    assert_eq!(log.event(&unknown).part(1).ack_due_at, Some(START + 24 * HOUR_MS));
    assert_eq!(log.event(&for_quebec("p/2")).part(1).ack_due_at, None, "moderate is below severe");
}

#[test]
fn each_step_that_runs_out_is_told_once_and_ends_with_the_acknowledgement() {
    let mut log = log();
    log.told(&for_quebec("p/1"));
    assert_eq!(late(&log.later(HOUR_MS)), ["CA-BC Overdue 1 Received"]);
    assert_eq!(late(&log.later(23 * HOUR_MS - 1)), [""; 0]);
    assert_eq!(late(&log.later(1)), ["CA-QC Overdue 1 Received"]);
    assert_eq!(late(&log.later(HOUR_MS)), [""; 0], "once");
    assert_eq!(late(&log.later(23 * HOUR_MS)), ["CA-QC Overdue 2 Accepted"]);
    assert_eq!(late(&says(&mut log, "CA-QC", "p/1#1", Level::Received)), [""; 0], "it is not what is overdue");
    assert_eq!(late(&says(&mut log, "CA-QC", "p/1#1", Level::Accepted)), ["CA-QC Acknowledged 2 Accepted"]);
    assert_eq!(late(&log.later(960 * HOUR_MS)), ["CA-QC Overdue 3 ActionTaken"]);
}

#[test]
fn what_is_acknowledged_in_time_is_never_overdue() {
    let mut log = log();
    log.told(&for_quebec("p/1"));
    assert_eq!(says(&mut log, "CA-BC", "p/1#1", Level::Received).outcome, Outcome::Acknowledged);
    assert_eq!(says(&mut log, "CA-QC", "p/1#1", Level::ActionTaken).outcome, Outcome::Acknowledged);
    assert_eq!(late(&log.later(DAY_MS)), [""; 0]);
    assert_eq!(late(&log.later(50 * DAY_MS)), [""; 0]);
}

#[test]
fn status_counts_what_is_overdue() {
    let mut log = log();
    log.told(&for_quebec("p/1"));
    log.told(&for_quebec("p/2"));
    let overdue =
        |did: &Did, who: &str| did.statuses.iter().find(|at| at.recipient.as_str() == who).map(|at| at.overdue);
    let did = log.later(DAY_MS);
    assert_eq!((overdue(&did, "CA-QC"), overdue(&did, "CA-BC")), (Some(2), Some(2)));
    says(&mut log, "CA-QC", "p/1#1", Level::Received);
    assert_eq!(overdue(&log.later(60_000), "CA-QC"), Some(1));
}

#[test]
fn levels_only_move_forward() {
    let mut log = log();
    log.told(&for_quebec("p/1"));
    assert_eq!(says(&mut log, "CA-QC", "p/1#1", Level::Accepted).outcome, Outcome::Acknowledged);
    assert_eq!(says(&mut log, "CA-QC", "p/1#1", Level::Accepted).outcome, Outcome::Duplicate);
    assert_eq!(says(&mut log, "CA-QC", "p/1#1", Level::Received).rejected, Some(Reason::NotForward));
    assert_eq!(says(&mut log, "CA-QC", "p/1#1", Level::ActionTaken).outcome, Outcome::Acknowledged);
}

#[test]
fn only_who_got_an_alert_acknowledges_it() {
    let mut log = log();
    log.told(&for_quebec("p/1"));
    let refused = |did: Did| did.rejected == Some(Reason::AlertNotSent);
    assert!(refused(says(&mut log, "CA-ON", "p/1#1", Level::Received)), "the origin was told nothing");
    assert!(refused(says(&mut log, "CA-QC", "p/1#2", Level::Received)), "there is no second version");
    assert!(refused(says(&mut log, "CA-QC", "p/1#0", Level::Received)));
    assert!(refused(says(&mut log, "CA-QC", "p/9#1", Level::Received)), "there is no such case");
    assert!(refused(says(&mut log, "DE", "p/1#1", Level::Received)), "it is no member");
}

#[test]
fn who_joins_later_acknowledges_only_the_version_that_it_got() {
    let mut log = log();
    log.told(&for_quebec("p/1"));
    log.event(&revised(&for_quebec("p/1"), Kind::Correction, "before"));
    log.rules(Rules { clocks: clocks(0), ..world::rules(2, &["CA-ON", "CA-QC", "CA-BC", "CA-AB"]) });
    assert_eq!(log.tick().lines(), ["p/1#2 Alert CA-AB Attention"]);
    let not_sent = Some(Reason::AlertNotSent);
    assert_eq!(says(&mut log, "CA-AB", "p/1#1", Level::Received).rejected, not_sent, "it came before");
    assert_eq!(says(&mut log, "CA-AB", "p/1#2", Level::Received).outcome, Outcome::Acknowledged);
    log.event(&revised(&for_quebec("p/1"), Kind::Correction, "behind"));
    assert_eq!(says(&mut log, "CA-AB", "p/1#1", Level::Received).rejected, not_sent);
    assert_eq!(says(&mut log, "CA-AB", "p/1#3", Level::Received).outcome, Outcome::Acknowledged);
    assert_eq!(says(&mut log, "CA-QC", "p/1#1", Level::Received).outcome, Outcome::Acknowledged);
    assert_eq!(says(&mut log, "CA-QC", "p/1#+2", Level::Received).rejected, not_sent, "no alert is called so");
}

/// Rules whose second member is RETIRED or not.
fn retired(rules_version: i64, is_retired: bool) -> Rules {
    let mut rules = world::rules(rules_version, &["CA-ON", "CA-QC", "CA-BC"]);
    rules.members[1].state = if is_retired { MemberState::Retired } else { MemberState::Active };
    rules
}

#[test]
fn who_had_retired_acknowledges_no_version_of_that_time() {
    let mut log = log();
    log.told(&for_quebec("p/1"));
    log.rules(retired(2, true));
    log.event(&revised(&for_quebec("p/1"), Kind::Correction, "meanwhile"));
    log.event(&revised(&for_quebec("p/1"), Kind::Correction, "and again"));
    log.rules(retired(3, false));
    assert_eq!(log.tick().lines(), ["p/1#3 Update CA-QC FollowUp"]);
    assert_eq!(says(&mut log, "CA-QC", "p/1#2", Level::Received).rejected, Some(Reason::AlertNotSent));
    assert_eq!(says(&mut log, "CA-QC", "p/1#1", Level::Received).outcome, Outcome::Acknowledged);
    assert_eq!(says(&mut log, "CA-QC", "p/1#3", Level::Received).outcome, Outcome::Acknowledged);
    for alert in ["p/1#2", "p/1#3"] {
        assert_eq!(says(&mut log, "CA-BC", alert, Level::Received).outcome, Outcome::Acknowledged);
    }
}

#[test]
fn of_versions_long_ago_it_is_known_only_who_got_any() {
    let mut log = log();
    log.told(&for_quebec("p/1"));
    for turn in 1..=10 {
        log.rules(retired(2 * turn, true));
        log.event(&revised(&for_quebec("p/1"), Kind::Correction, &format!("{turn}: not to Québec")));
        log.event(&revised(&for_quebec("p/1"), Kind::Correction, &format!("{turn}: by the time it is back")));
        log.rules(retired(2 * turn + 1, false));
        assert_eq!(log.tick().lines(), [format!("p/1#{} Update CA-QC FollowUp", 2 * turn + 1)]);
    }
    let event = &log.state.case(place("CA-ON"), "p/1").expect("a case").events()[0];
    assert_eq!((event.sent.len(), event.sent[1].from), (SENT_KEPT_MAX - 1, 8), "two that came to be the same are one");
    assert_eq!(says(&mut log, "CA-QC", "p/1#2", Level::Received).outcome, Outcome::Acknowledged, "nobody knows");
    assert_eq!(says(&mut log, "CA-QC", "p/1#8", Level::Received).rejected, Some(Reason::AlertNotSent));
    assert_eq!(says(&mut log, "CA-QC", "p/1#20", Level::Received).rejected, Some(Reason::AlertNotSent));
    assert_eq!(says(&mut log, "CA-QC", "p/1#21", Level::Received).outcome, Outcome::Acknowledged);
}

#[test]
fn a_correction_gives_nobody_more_time_and_a_new_version_is_acknowledged_anew() {
    let mut log = log();
    log.told(&for_quebec("p/1"));
    log.later(10 * HOUR_MS);
    let did = log.event(&revised(&for_quebec("p/1"), Kind::Correction, "again"));
    assert_eq!(did.part(1).ack_due_at, Some(START + 24 * HOUR_MS), "the clock goes on");
    says(&mut log, "CA-QC", "p/1#2", Level::ActionTaken);
    let did = log.event(&revised(&for_quebec("p/1"), Kind::Correction, "once more"));
    assert_eq!(did.part(1).ack_due_at, Some(log.now + 24 * HOUR_MS), "what it answered was another version");
    assert_eq!(says(&mut log, "CA-QC", "p/1#2", Level::Received).rejected, Some(Reason::NotForward));
    assert_eq!(says(&mut log, "CA-QC", "p/1#1", Level::ActionTaken).outcome, Outcome::Superseded);
    assert_eq!(says(&mut log, "CA-QC", "p/1#3", Level::Received).outcome, Outcome::Acknowledged);
}

#[test]
fn a_withdrawal_ends_the_clock_and_says_so_of_what_was_overdue() {
    let mut log = log();
    log.told(&for_quebec("p/1"));
    log.later(DAY_MS);
    let did = log.event(&withdrawal(&for_quebec("p/1"), WithdrawalScope::Event));
    assert_eq!(late(&did), ["CA-QC Ended 1 Received", "CA-BC Ended 1 Received"]);
    assert_eq!(did.part(1).ack_due_at, None);
    assert_eq!(late(&log.later(10 * DAY_MS)), [""; 0]);
}

#[test]
fn who_is_no_longer_to_follow_up_has_nothing_due() {
    let mut log = log_with(2, &["CA-ON", "CA-QC"]);
    log.told(&for_quebec("p/1"));
    log.later(DAY_MS);
    let did = log.event(&revised(&original("p/1"), Kind::Correction, "not there"));
    assert_eq!((did.part(1).role, did.part(1).ack_due_at), (Role::Attention, None));
    assert_eq!(late(&did), ["CA-QC Ended 1 Received"]);
}

#[test]
fn a_clock_is_of_a_role_and_ends_with_it() {
    let mut log = log();
    log.told(&for_quebec("p/1"));
    log.later(10 * HOUR_MS);
    let did = log.event(&revised(&original("p/1"), Kind::Correction, "not there"));
    assert_eq!((did.part(1).role, did.part(1).ack_due_at), (Role::Attention, Some(log.now + HOUR_MS)));
    log.later(HOUR_MS / 2);
    let did = log.event(&revised(&for_quebec("p/1"), Kind::Correction, "there after all"));
    assert_eq!((did.part(1).role, did.part(1).ack_due_at), (Role::FollowUp, Some(log.now + 24 * HOUR_MS)));
}

#[test]
fn a_clock_that_a_link_began_ends_with_the_link() {
    let mut log = log_with(2, &["CA-ON", "CA-QC", "CA-BC"]);
    log.told(&about("q/1", "CA-QC", "Other Inc", &["B"]));
    let joined = link(LinkRelation::Same, "reg:A", "reg:B");
    log.told(&about("p/0", "CA-ON", "Acme Ltd", &["A"]));
    say(&mut log, &joined);
    settle(&mut log);
    let did = log.told(&original("p/1"));
    assert_eq!((did.part(1).role, did.part(1).ack_due_at), (Role::FollowUp, Some(log.now + 24 * HOUR_MS)));
    assert_eq!(say(&mut log, &over(&joined)).outcome, Outcome::Taken);
    let dids = settle(&mut log);
    let again = dids.iter().flat_map(|did| &did.decisions).find(|at| at.about.event_id == "p/1").expect("an alert");
    let to_quebec = again.recipients.iter().find(|to| to.member == 1).expect("Québec");
    assert_eq!((to_quebec.role, to_quebec.role_before), (Role::Attention, Some(Role::FollowUp)));
    assert_eq!(to_quebec.ack_due_at, None);
    assert_eq!(late(&log.later(25 * HOUR_MS)), [""; 0]);
}

#[test]
fn a_member_that_left_has_nothing_due_any_more() {
    let mut log = log();
    log.told(&for_quebec("p/1"));
    let mut rules = Rules { clocks: clocks(0), ..world::rules(2, &["CA-ON", "CA-QC", "CA-BC"]) };
    rules.members[1].state = MemberState::Left;
    log.rules(rules);
    assert_eq!(late(&log.later(DAY_MS)), ["CA-BC Overdue 1 Received"]);
}

#[test]
fn a_dispute_is_shown_on_all_copies_and_its_end_likewise() {
    let mut log = log();
    log.told(&for_quebec("p/1"));
    log.later(HOUR_MS);
    let did = says(&mut log, "CA-QC", "p/1#1", Level::Disputed);
    assert_eq!(did.lines(), ["p/1#2 Update CA-QC FollowUp", "p/1#2 Update CA-BC Attention"]);
    let decision = &did.decisions[0];
    assert_eq!((decision.standing, decision.disputed_since), (Standing::Disputed, Some(log.now)));
    let NoticeContent::Dispute(told) = &did.notices.last().expect("a notice").content else { panic!("a dispute") };
    assert_eq!((told.recipient, told.disputed_by, told.ended_at), (place("CA-ON"), place("CA-QC"), None));
    assert_eq!(told.reason, Some(AcknowledgementReason::FactsContested));
    // A second member disputes it too: the copies say so already.
    assert_eq!(says(&mut log, "CA-BC", "p/1#1", Level::Disputed).alerts, []);
    let corrected = log.event(&revised(&for_quebec("p/1"), Kind::Correction, "answered"));
    assert_eq!(corrected.decisions[0].standing, Standing::Disputed, "who disputes it has not said otherwise");
    assert_eq!(says(&mut log, "CA-QC", "p/1#3", Level::Received).alerts, [], "that it came says nothing");
    assert_eq!(says(&mut log, "CA-QC", "p/1#3", Level::Accepted).alerts, [], "another disputes it still");
    let ended = says(&mut log, "CA-BC", "p/1#3", Level::NoAction);
    assert_eq!(ended.decisions[0].msg_type, MsgType::Update);
    assert_eq!((ended.decisions[0].standing, ended.decisions[0].disputed_since), (Standing::InForce, None));
}

#[test]
fn how_long_it_took_is_told_of_what_everybody_may_know() {
    let mut log = log();
    log.told(&for_quebec("p/1"));
    assert!(says(&mut log, "CA-QC", "p/1#1", Level::Received).timed);
    log.told(&InfractionEvent { scope: Scope::Restricted, ..for_quebec("p/2") });
    let did = says(&mut log, "CA-QC", "p/2#1", Level::Received);
    assert_eq!((did.outcome, did.timed), (Outcome::Acknowledged, false));
}

#[test]
fn a_dispute_goes_on_while_another_is_told_what_it_missed() {
    let mut log = log();
    log.told(&InfractionEvent { expires_at: Some(START + DAY_MS), ..for_quebec("p/1") });
    let mut retired = world::rules(2, &["CA-ON", "CA-QC", "CA-BC"]);
    retired.members[2].state = MemberState::Retired;
    log.rules(retired);
    log.later(DAY_MS);
    assert_eq!(says(&mut log, "CA-QC", "p/1#2", Level::Disputed).notices.len(), 1, "its origin hears of it");
    log.rules(world::rules(3, &["CA-ON", "CA-QC", "CA-BC"]));
    let did = log.tick();
    assert_eq!(did.lines(), ["p/1#2 Update CA-BC Attention"]);
    assert!(did.notices.is_empty() && did.decisions[0].disputed_since.is_some());
}

#[test]
fn a_dispute_of_what_is_withdrawn_ends_with_it() {
    let mut log = log();
    log.told(&for_quebec("p/1"));
    says(&mut log, "CA-QC", "p/1#1", Level::Disputed);
    let did = log.event(&withdrawal(&for_quebec("p/1"), WithdrawalScope::Event));
    let ended = did.notices.iter().any(|notice| match &notice.content {
        NoticeContent::Dispute(told) => told.ended_at == Some(log.now),
        NoticeContent::Reach(_) | NoticeContent::Review(_) | NoticeContent::Overdue(_) => false,
    });
    assert!(ended && did.decisions[0].disputed_since.is_none());
}

#[test]
fn working_days_leave_out_weekends_and_the_days_that_a_jurisdiction_lists() {
    // 2026-01-01 was a Thursday.
    let due = |holidays: Vec<i32>, days: u16| {
        let mut clocks = clocks(0);
        clocks[0].steps.truncate(1);
        clocks[0].steps[0].within = Within::WorkingDays(days);
        let mut rules = Rules { clocks, ..world::rules(1, &["CA-ON", "CA-QC"]) };
        rules.members[1].holidays = holidays;
        let mut log = Log::without_rules();
        log.rules(rules);
        let due_at = log.event(&for_quebec("p/1")).part(1).ack_due_at.expect("a clock");
        (due_at - START).div_euclid(DAY_MS)
    };
    assert_eq!(due(vec![], 1), 2, "the end of Friday");
    assert_eq!(due(vec![], 2), 5, "the end of Monday");
    assert_eq!(due(vec![world::TODAY + 1], 1), 5, "Friday is off");
    assert_eq!(due(vec![world::TODAY + 4], 2), 6, "Monday is off");
    assert_eq!(due(vec![world::TODAY + 2], 2), 5, "a Saturday is off already");
}

#[test]
fn rules_that_lost_their_clock_end_what_runs_by_it() {
    let mut log = log();
    log.told(&for_quebec("p/1"));
    log.later(DAY_MS);
    log.rules(world::rules(2, &["CA-ON", "CA-QC", "CA-BC"]));
    assert_eq!(late(&log.later(DAY_MS)), ["CA-QC Ended 1 Received"]);
}
