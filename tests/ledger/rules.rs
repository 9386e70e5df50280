//! Positions, rules, content, revisions, subjects: what is taken at all.

use comity::ledger::Outcome;
use comity::model::code::{Kind, MatchedBy, MemberState, MsgType, Standing, WithdrawalReason};
use comity::model::decision::Output;

use comity::model::place::DAY_MS;
use comity::model::rejection::Reason;

use crate::world::{Log, START, closure, digest, identifier, member, original, place, revised, rules, subject};

const FEDERATION: [&str; 4] = ["CA-ON", "CA-QC", "CA-BC", "DE"];

#[test]
fn an_entry_is_taken_if_from_is_at_most_the_position_and_the_position_at_most_the_offset() {
    let mut log = Log::new(&FEDERATION);
    let cases = [
        (0, 0, Outcome::Rejected, "the first"),
        (0, 0, Outcome::SentTwice, "again"),
        (1, 1, Outcome::Rejected, "the next"),
        (3, 3, Outcome::BeyondGap, "behind a failed delivery"),
        (2, 2, Outcome::Rejected, "the one that failed, again"),
        (3, 3, Outcome::Rejected, "in order again"),
        (1, 9, Outcome::Rejected, "a range that overlaps what was taken"),
        (9, 9, Outcome::SentTwice, "within that range"),
        (10, 10, Outcome::Rejected, "behind it"),
    ];
    for (from, offset, outcome, why) in cases {
        assert_eq!(log.rejection(Reason::NotADecision, from, offset).outcome, outcome, "{why}");
    }
    assert_eq!(log.state.source("in", 0).map(|source| source.position), Some(11));
    assert_eq!(log.state.source("in", 1), None, "partitions are apart");
}

#[test]
fn a_lost_range_moves_the_position() {
    let mut log = Log::new(&FEDERATION);
    assert_eq!(log.rejection(Reason::SourceGap, 0, 41).outcome, Outcome::Rejected);
    log.source_offset = 42;
    log.told(&original("p/1"));
}

#[test]
fn a_gap_is_an_alarm_after_a_minute_of_log_time_until_it_is_closed() {
    let mut log = Log::new(&FEDERATION);
    assert_eq!(log.rejection(Reason::NotADecision, 5, 5).outcome, Outcome::BeyondGap);
    assert_eq!(log.later(59_999).alarms.source_gaps, 0);
    assert_eq!(log.rejection(Reason::NotADecision, 6, 6).alarms.source_gaps, 0, "it does not begin anew");
    assert_eq!(log.later(1).alarms.source_gaps, 1);
    assert_eq!(log.rejection(Reason::NotADecision, 0, 5).alarms.source_gaps, 0);
    assert_eq!(log.later(120_000).alarms.source_gaps, 0);
}

#[test]
fn before_the_first_rules_nothing_is_decided_and_nothing_is_silent() {
    let mut log = Log::without_rules();
    let did = log.event(&original("p/1"));
    assert_eq!((did.outcome, did.rejected), (Outcome::Rejected, Some(Reason::NotAccepted)));
    assert!(did.statuses.is_empty());
    assert_eq!(log.tick().outcome, Outcome::Tick);
    assert_eq!(log.rules(rules(1, &FEDERATION)).outcome, Outcome::Rules);
    log.told(&original("p/2"));
}

#[test]
fn rules_take_effect_if_their_version_is_higher() {
    let mut log = Log::new(&["CA-ON", "CA-QC"]);
    assert_eq!(log.rules(rules(1, &["CA-ON", "CA-QC", "DE"])).outcome, Outcome::RulesIgnored);
    assert_eq!(log.told(&original("p/1")).lines(), ["p/1#1 Alert CA-QC Attention"]);
    assert_eq!(log.rules(rules(3, &["CA-ON", "CA-QC", "DE"])).outcome, Outcome::Rules);
    assert_eq!(log.rules(rules(2, &["CA-ON", "CA-QC"])).outcome, Outcome::RulesIgnored);
    assert_eq!(log.told(&original("p/2")).lines(), ["p/2#1 Alert CA-QC Attention", "p/2#1 Alert DE Attention"]);
}

#[test]
fn rules_that_drop_reorder_or_repeat_members_are_refused() {
    let mut log = Log::new(&["CA-ON", "CA-QC"]);
    for members in [&["CA-ON"][..], &["CA-QC", "CA-ON"], &["CA-ON", "CA-QC", "CA-QC"]] {
        let did = log.rules(rules(9, members));
        assert_eq!((did.outcome, did.alarms.rules_refused), (Outcome::RulesIgnored, true), "{members:?}");
    }
    assert_eq!(log.rules(rules(2, &["CA-ON", "CA-QC", "DE"])).outcome, Outcome::Rules);
    let mut many = rules(3, &["CA-ON", "CA-QC", "DE"]);
    for letter in 'A'..='Z' {
        many.members.extend((0..4).map(|number| member(&format!("X{letter}-{number}"))));
    }
    assert!(log.rules(many).alarms.rules_refused, "more than a federation may have");
}

#[test]
fn rejections_are_numbered_without_a_gap() {
    let mut log = Log::new(&FEDERATION);
    for offset in 0..3 {
        assert_eq!(log.rejection(Reason::Malformed, offset, offset).rejected, Some(Reason::Malformed));
    }
    assert_eq!(log.state.marks.sequences.get(Output::Rejects), Some(4));
}

#[test]
fn same_content_is_a_duplicate() {
    let mut log = Log::new(&FEDERATION);
    let first = original("p/1");
    log.told(&first);
    let did = log.event(&first);
    assert_eq!((did.outcome, did.alerts.len()), (Outcome::Duplicate, 0), "another native record, the same content");

    let mut native = original("p/2");
    native.provenance.raw_sha256 = digest("native");
    assert_eq!(log.native(native.clone()).outcome, Outcome::Taken);
    native.infraction.title = "as a newer mapping reads it".to_owned();
    assert_eq!(log.native(native.clone()).outcome, Outcome::Duplicate, "the same native record, other content");
    native.event_id = "p/2-renamed".to_owned();
    assert_eq!(log.native(native).outcome, Outcome::Duplicate, "the same native record under another name");
}

#[test]
fn a_case_keeps_the_digests_of_the_last_16_revisions() {
    let mut log = Log::new(&FEDERATION);
    let first = original("p/1");
    for revision in 0..17 {
        log.told(&revised(&first, Kind::Original, &format!("revision {revision}")));
    }
    for revision in 1..17 {
        let again = revised(&first, Kind::Original, &format!("revision {revision}"));
        assert_eq!(log.event(&again).outcome, Outcome::Duplicate, "{revision} of 17");
    }
    let oldest = revised(&first, Kind::Original, "revision 0");
    assert_eq!(log.told(&oldest).decisions[0].version, 18, "what is older is unseen again");
}

#[test]
fn revisions_with_numbers() {
    let mut log = Log::new(&["CA-ON", "CA-QC"]);
    let with = |number, title: &str| {
        let mut event = revised(&original("p/1"), Kind::Original, title);
        event.revision = Some(number);
        event
    };
    log.told(&with(2, "two"));
    let did = log.event(&with(2, "two, but otherwise"));
    assert_eq!(did.rejected, Some(Reason::ConflictingRevision));
    assert_eq!(log.event(&with(1, "one")).outcome, Outcome::Superseded);
    assert_eq!(log.event(&with(2, "two")).outcome, Outcome::Duplicate);
    let did = log.told(&with(5, "five"));
    assert_eq!(did.lines(), ["p/1#2 Update CA-QC Attention"]);
    assert_eq!(did.decisions[0].references, ["p/1#1"]);
    assert_eq!(log.event(&with(4, "four")).outcome, Outcome::Superseded);
}

#[test]
fn revisions_without_numbers() {
    let mut log = Log::new(&["CA-ON", "CA-QC"]);
    log.told(&original("p/1"));
    let did = log.told(&revised(&original("p/1"), Kind::Original, "second"));
    assert_eq!(did.lines(), ["p/1#2 Update CA-QC Attention"]);
}

#[test]
fn a_revision_that_names_another_organisation_is_rejected() {
    let mut log = Log::new(&FEDERATION);
    log.told(&original("p/1"));
    let mut other = revised(&original("p/1"), Kind::Original, "second");
    other.subject = Some(subject("Acme Ltd", &["B"]));
    assert_eq!(log.event(&other).rejected, Some(Reason::ConflictingSubject), "another identifier");
    other.subject = Some(subject("Besta Ltd", &[]));
    assert_eq!(log.event(&other).rejected, Some(Reason::ConflictingSubject), "another name without identifier");
    other.subject = Some(subject("ACME, LTD.", &[]));
    assert_eq!(log.event(&other).outcome, Outcome::Taken, "the same name in another spelling");
    assert_eq!(log.state.holder("reg:B"), None, "a rejected record leaves nothing");

    let mut by_name = original("p/2");
    by_name.subject = Some(subject("Cento Ltd", &[]));
    log.told(&by_name);
    by_name.subject = Some(subject("Dorado Ltd", &[]));
    assert_eq!(log.event(&by_name).rejected, Some(Reason::ConflictingSubject));
}

#[test]
fn a_correction_may_name_another_organisation_with_a_cancel_for_the_first() {
    let mut log = Log::new(&["CA-ON", "CA-QC"]);
    log.told(&original("p/1"));
    let mut corrected = revised(&original("p/1"), Kind::Correction, "second");
    corrected.subject = Some(subject("Besta Ltd", &["B"]));
    let did = log.told(&corrected);
    assert_eq!(did.lines(), ["p/1#2 Cancel CA-QC Attention", "p/1#3 Alert CA-QC Attention"]);
    let organisation =
        |place: usize| did.decisions[place].organisation.as_ref().and_then(|at| at.organisation_id.clone());
    assert_eq!((organisation(0).as_deref(), organisation(1).as_deref()), (Some("reg:A"), Some("reg:B")));
    assert_eq!(did.decisions[0].withdrawal_reason, Some(WithdrawalReason::MistakenIdentity));
    assert!(log.state.organisation("reg:A").is_none(), "no case names the first any more");
    assert_eq!(log.state.organisation("reg:B").map(|at| at.open_cases.len()), Some(1));
}

#[test]
fn a_case_with_another_event_in_force_keeps_its_organisation() {
    let mut log = Log::new(&FEDERATION);
    let mut second = original("p/2");
    second.case_id = "p/1".to_owned();
    log.told(&original("p/1"));
    log.told(&second);
    second.kind = Kind::Correction;
    second.subject = Some(subject("Besta Ltd", &["B"]));
    assert_eq!(log.event(&second).rejected, Some(Reason::ConflictingSubject));
}

#[test]
fn the_organisation_id_is_fixed_at_first_sight_and_identifiers_attach() {
    let mut log = Log::new(&FEDERATION);
    let mut event = original("p/1");
    event.subject = Some(subject("Acme Ltd", &["B"]));
    let did = log.told(&event);
    assert_eq!(did.decisions[0].organisation.as_ref().map(|at| at.matched_by), Some(MatchedBy::NewIdentifier));

    let mut event = original("p/2");
    event.subject = Some(subject("Acme Ltd", &["A", "B"]));
    let found = log.told(&event).decisions[0].organisation.clone().expect("an organisation");
    assert_eq!((found.organisation_id.as_deref(), found.matched_by), (Some("reg:B"), MatchedBy::Identifier));
    assert_eq!(log.state.holder("reg:A").map(|at| at.organisation_id()), Some("reg:B"), "a better one attaches");

    let mut event = original("p/3");
    event.subject = Some(subject("Other Ltd", &["C"]));
    log.told(&event);
    let mut event = original("p/4");
    event.subject = Some(subject("Acme Ltd", &["C", "A"]));
    let found = log.told(&event).decisions[0].organisation.clone().expect("an organisation");
    assert_eq!(found.organisation_id.as_deref(), Some("reg:C"), "the holder of the strongest");
    assert_eq!(log.state.holder("reg:A").map(|at| at.organisation_id()), Some("reg:B"), "nothing merges");
}

#[test]
fn the_same_number_in_two_registers_is_two_organisations() {
    let mut log = Log::new(&FEDERATION);
    for (id, register) in [("p/1", "one"), ("p/2", "two")] {
        let mut event = original(id);
        let mut number = identifier("court", "HRB 1");
        number.register = Some(register.to_owned());
        event.subject.as_mut().expect("a subject").identifiers = vec![number];
        let found = log.told(&event).decisions[0].organisation.clone().expect("an organisation");
        assert_eq!(found.matched_by, MatchedBy::NewIdentifier);
    }
}

#[test]
fn names_join_nothing() {
    let mut log = Log::new(&FEDERATION);
    for id in ["p/1", "p/2"] {
        let mut event = original(id);
        event.origin = place(if id == "p/1" { "CA-ON" } else { "CA-QC" });
        event.subject = Some(subject("Acme Ltd", &[]));
        let did = log.told(&event);
        let found = did.decisions[0].organisation.clone().expect("an organisation");
        assert_eq!((found.organisation_id, found.matched_by), (None, MatchedBy::NameOnly));
        assert!(did.decisions[0].open_cases.is_empty());
        assert!(did.lines().iter().all(|line| line.ends_with("Attention")), "{:?}", did.lines());
    }
}

#[test]
fn an_origin_that_is_no_member_is_rejected() {
    let mut log = Log::new(&["CA-ON", "CA-QC"]);
    let mut event = original("p/1");
    event.origin = place("FR");
    for kind in [Kind::Original, Kind::Supplement, Kind::Correction, Kind::Closure] {
        event.kind = kind;
        assert_eq!(log.event(&event).rejected, Some(Reason::OriginNotMember), "{kind:?}");
    }
}

#[test]
fn an_origin_that_left_corrects_what_it_said_and_says_nothing_new() {
    let mut log = Log::new(&["CA-ON", "CA-QC"]);
    log.told(&original("p/1"));
    for state in [MemberState::Left, MemberState::Retired] {
        let version = if state == MemberState::Left { 2 } else { 3 };
        let mut left = rules(version, &["CA-ON", "CA-QC"]);
        left.members[0].state = state;
        assert_eq!(log.rules(left).outcome, Outcome::Rules);
        assert_eq!(log.event(&original("p/2")).rejected, Some(Reason::OriginNotMember));
        let more = revised(&original("p/1"), Kind::Supplement, &format!("{state:?} more"));
        assert_eq!(log.event(&more).rejected, Some(Reason::OriginNotMember));
        let did = log.told(&revised(&original("p/1"), Kind::Correction, &format!("{state:?}")));
        assert_eq!(did.lines(), [format!("p/1#{version} Update CA-QC Attention")]);
    }
    let did = log.event(&closure(&original("p/1")));
    assert_eq!(did.lines(), ["p/1#4 Update CA-QC Attention"]);
}

#[test]
fn an_unknown_case() {
    let mut log = Log::new(&["CA-ON", "CA-QC"]);
    for (id, kind) in [("p/1", Kind::Supplement), ("p/2", Kind::Correction)] {
        let did = log.told(&revised(&original(id), kind, "only this"));
        assert_eq!(did.lines(), [format!("{id}#1 Alert CA-QC Attention")]);
        assert!(did.decisions[0].original_unseen);
    }
    let did = log.event(&closure(&original("p/3")));
    assert_eq!((did.outcome, did.alerts.len()), (Outcome::NobodyTold, 0));
    assert!(!log.told(&original("p/4")).decisions[0].original_unseen);
}

#[test]
fn a_supplement_of_a_known_case_updates_it_and_refers_to_what_was_told() {
    let mut log = Log::new(&["CA-ON", "CA-QC"]);
    log.told(&original("p/1"));
    let mut more = revised(&original("p/2"), Kind::Supplement, "more");
    more.case_id = "p/1".to_owned();
    let did = log.told(&more);
    assert_eq!(did.lines(), ["p/2#1 Update CA-QC Attention"]);
    assert_eq!(did.decisions[0].references, ["p/1#1"]);
    assert!(!did.decisions[0].original_unseen);
}

#[test]
fn a_case_full_of_events_takes_no_more_but_lets_all_be_taken_back() {
    let mut log = Log::new(&["CA-ON", "CA-QC", "CA-BC"]);
    let event = |number: usize| {
        let mut event = original(&format!("p/{number:0>190}"));
        event.case_id = "c".to_owned();
        event
    };
    let mut taken = 0;
    while log.event(&event(taken)).outcome == Outcome::Taken {
        taken += 1;
    }
    assert!((100..256).contains(&taken), "{taken} events of the longest names");
    assert_eq!(log.event(&event(taken)).rejected, Some(Reason::CaseFull));
    let key = comity::model::state::Key::Case(place("CA-ON"), "c".to_owned());
    for round in 0..20 {
        log.told(&revised(&event(0), Kind::Correction, &format!("round {round}")));
    }
    // Each round keeps one version of every event from British Columbia, and tells it of the next.
    for round in 0..3 {
        let with_third = |state: MemberState, rules_version: i64| {
            let mut rules = rules(rules_version, &["CA-ON", "CA-QC", "CA-BC"]);
            rules.members[2].state = state;
            rules
        };
        log.rules(with_third(MemberState::Retired, 2 * round + 2));
        for (number, words) in (0..taken).flat_map(|number| [(number, "missed"), (number, "told later")]) {
            log.told(&revised(&event(number), Kind::Correction, &format!("{round} {words}")));
        }
        log.rules(with_third(MemberState::Active, 2 * round + 3));
        while log.tick().work_left {}
    }
    let bytes = comity::schema::state::encode_value(&log.state.get(&key).expect("the case")).len();
    assert!(bytes <= comity::model::limit::STATE_VALUE_BYTES_MAX, "{bytes} bytes");
    let all = crate::world::withdrawal(&event(0), comity::model::code::WithdrawalScope::Case);
    assert_eq!(log.event(&all).alerts.len(), 2 * taken);
}

#[test]
fn what_a_decision_says_of_its_case() {
    let mut log = Log::new(&["CA-ON", "CA-QC"]);
    log.now = START + 5;
    let did = log.told(&original("p/1"));
    let decision = &did.decisions[0];
    assert_eq!((decision.msg_type, decision.standing), (MsgType::Alert, Standing::InForce));
    assert_eq!((decision.about.event_id.as_str(), decision.about.case_id.as_str()), ("p/1", "p/1"));
    assert_eq!((decision.issued_at, decision.test), (START + 5, false));
    assert_eq!(decision.expires_at, Some(START + (365 - 10 + 1) * DAY_MS));
}
