//! One story each: what can go wrong between the ledger and Kafka, turned by hand.

use comity::model::code::Kind;
use comity::model::decision::Output;
use comity::model::entry::Body;
use comity::model::rules::Rules;
use comity::run::ledger::{Fault, Input};

use crate::instance::{Instance, setting};
use crate::kafka::{Fate, Kafka, MEMBERS};
use crate::world::{original, revised, rules};

/// A Kafka with some cases, and the owner that has told of them.
pub(crate) fn told() -> (Kafka, Instance) {
    let mut kafka = Kafka::new();
    for id in ["a", "b", "c"] {
        kafka.event(&original(id));
    }
    let mut owner = Instance::owner(&mut kafka);
    owner.took();
    kafka.assert_right();
    (kafka, owner)
}

pub(crate) fn more(kafka: &mut Kafka) {
    kafka.event(&original("d"));
    kafka.event(&revised(&original("a"), Kind::Supplement, "second"));
    kafka.event(&original("e"));
}

pub(crate) fn data_fault(instance: &Instance, words: &str) {
    match &instance.fault {
        Some(Fault::Data(why)) => assert!(why.contains(words), "{why}"),
        other => panic!("stops because {words:?}: {other:?}"),
    }
}

fn configuration_fault(instance: &Instance, words: &str) {
    match &instance.fault {
        Some(Fault::Configuration(why)) => assert!(why.contains(words), "{why}"),
        other => panic!("stops because {words:?}: {other:?}"),
    }
}

#[test]
fn a_takeover_goes_in_this_order() {
    let mut kafka = Kafka::new();
    kafka.event(&original("a"));
    let mut owner = Instance::owner(&mut kafka);
    let order = ["Follow", "Join", "NewProducer", "ReadStateToEnd", "ReadOutputs", "ReadLog", "Commit", "Publish"];
    assert_eq!(owner.took(), order);
    kafka.assert_right();
}

#[test]
fn an_unclear_commit_that_failed_is_undone_and_done_again() {
    let (mut kafka, mut owner) = told();
    let before = owner.dump();
    more(&mut kafka);
    kafka.fates.push_back(Fate::Lost);
    owner.hold = Some("ReadOutputs");
    owner.settle(&mut kafka);
    // Never the same producer again: it could commit half of what comes next.
    assert_eq!(owner.took(), ["Commit", "NewProducer", "ReadCheckpoint", "CountUndone"]);
    assert_eq!(owner.dump(), before, "nothing of the lost batch stays");
    owner.hold = None;
    owner.settle(&mut kafka);
    assert_eq!(owner.took(), ["ReadOutputs", "ReadLog", "Commit", "Publish"]);
    kafka.assert_right();
    assert_eq!(owner.dump(), kafka.reference().1.dump());
}

#[test]
fn an_unclear_commit_that_went_through_is_published() {
    let (mut kafka, mut owner) = told();
    more(&mut kafka);
    kafka.fates.push_back(Fate::CommittedUnclear);
    owner.settle(&mut kafka);
    assert_eq!(owner.took(), ["Commit", "NewProducer", "ReadCheckpoint", "Publish", "ReadOutputs", "ReadLog"]);
    kafka.assert_right();
    assert_eq!(owner.dump(), kafka.reference().1.dump());
}

#[test]
fn an_unclear_commit_after_which_another_went_on_drops_the_state() {
    let (mut kafka, mut owner) = told();
    more(&mut kafka);
    kafka.fates.push_back(Fate::Lost);
    owner.hold = Some("NewProducer");
    owner.settle(&mut kafka);
    kafka.event(&original("f"));
    let mut other = Instance::owner(&mut kafka);
    kafka.event(&original("g"));
    other.settle(&mut kafka);
    owner.took();
    owner.hold = Some("ReadOutputs");
    owner.settle(&mut kafka);
    assert_eq!(owner.took(), ["NewProducer", "ReadCheckpoint", "CountUndone", "Follow"]);
    assert_eq!(owner.dump(), kafka.reference().1.dump(), "the state is the other's, read again");
    owner.hold = None;
    owner.settle(&mut kafka);
    kafka.event(&original("h"));
    owner.settle(&mut kafka);
    kafka.assert_right();
}

#[test]
fn the_first_transaction_of_all_may_be_unclear_too() {
    for fate in [Fate::Lost, Fate::CommittedUnclear, Fate::Torn(400), Fate::Torn(999)] {
        let mut kafka = Kafka::new();
        more(&mut kafka);
        kafka.fates.push_back(fate);
        let owner = Instance::owner(&mut kafka);
        kafka.assert_right();
        assert_eq!(owner.dump(), kafka.reference().1.dump());
    }
}

#[test]
fn a_transaction_torn_at_any_place_leaves_nothing_twice_and_nothing_out() {
    for share in (0..=1_000).step_by(50) {
        for restarted in [false, true] {
            let (mut kafka, mut owner) = told();
            more(&mut kafka);
            kafka.fates.push_back(Fate::Torn(share));
            if restarted {
                owner.hold = Some("NewProducer");
                owner.settle(&mut kafka);
                owner = Instance::owner(&mut kafka);
            } else {
                owner.settle(&mut kafka);
            }
            kafka.assert_right();
            assert_eq!(owner.dump(), kafka.reference().1.dump());
            kafka.event(&original("f"));
            owner.settle(&mut kafka);
            kafka.assert_right();
        }
    }
}

#[test]
fn what_is_there_with_other_bytes_stops_the_ledger() {
    let (mut kafka, mut owner) = told();
    more(&mut kafka);
    kafka.fates.push_back(Fate::Torn(999));
    owner.hold = Some("NewProducer");
    owner.settle(&mut kafka);
    let commits = kafka.commits;
    let torn = kafka.outputs.get_mut(&Output::Alerts(1)).expect("alerts");
    let (_, value) = torn.last_mut().expect("a torn alert");
    *value.last_mut().expect("bytes") ^= 1;
    let next = Instance::owner(&mut kafka);
    data_fault(&next, "Alerts(1) holds another record");
    assert_eq!(kafka.commits, commits, "nothing is sent");
}

#[test]
fn an_output_that_lost_what_was_sent_stops_the_ledger() {
    let (mut kafka, _) = told();
    kafka.outputs.get_mut(&Output::Alerts(2)).expect("alerts").pop();
    let next = Instance::owner(&mut kafka);
    data_fault(&next, "Alerts(2) ends at sequence 2");
}

#[test]
fn torn_values_are_never_applied_and_are_written_again() {
    let (mut kafka, mut owner) = told();
    // Half of the state of a batch that changes known cases is there, without its Checkpoint.
    for id in ["a", "b", "c"] {
        kafka.event(&revised(&original(id), Kind::Supplement, "second"));
    }
    kafka.fates.push_back(Fate::Torn(999));
    owner.hold = Some("NewProducer");
    owner.settle(&mut kafka);
    let last = kafka.state.len();
    let torn = last - 1 - kafka.state.iter().rposition(|(key, ..)| key == "checkpoint").expect("a Checkpoint");
    assert!(torn >= 3, "{torn} torn values: the source and two cases");
    // The entries behind them are taken one by one: the first transaction covers few of the torn keys by itself.
    let mut next = Instance::with(setting(rules(1, MEMBERS), 1));
    next.hold = Some("Publish");
    next.own(&mut kafka);
    kafka.compact();
    let mut third = Instance::new();
    third.hold = Some("ReadOutputs");
    third.own(&mut kafka);
    assert_eq!(third.fault, None);
    let (last, _) = kafka.last_checkpoint();
    let mut before = Kafka::new();
    let upto = usize::try_from(last.expect("a Checkpoint").marks.log_position).expect("a position");
    before.log = kafka.log[..upto].to_vec();
    assert_eq!(third.dump(), before.reference().1.dump());
}

#[test]
fn a_standby_is_warm_and_takes_over_without_reading_from_the_beginning() {
    let (mut kafka, mut owner) = told();
    let mut standby = Instance::new();
    standby.settle(&mut kafka);
    more(&mut kafka);
    owner.settle(&mut kafka);
    standby.settle(&mut kafka);
    kafka.event(&original("f"));
    owner.settle(&mut kafka);
    standby.hear(Input::Assigned, &mut kafka);
    standby.settle(&mut kafka);
    assert_eq!(standby.took(), ["Follow", "Join", "NewProducer", "ReadStateToEnd", "ReadOutputs", "ReadLog"]);
    assert_eq!(standby.dump(), owner.dump());
}

#[test]
fn a_state_that_does_not_add_up_stops_the_ledger() {
    let (mut kafka, _) = told();
    let place = kafka.state.iter().position(|(key, ..)| key.starts_with("case/")).expect("a case");
    kafka.state.remove(place);
    data_fault(&Instance::owner(&mut kafka), "digest");
}

#[test]
fn a_state_of_another_log_stops_the_ledger() {
    let (mut kafka, _) = told();
    kafka.log.pop();
    let mut instance = Instance::new();
    instance.settle(&mut kafka);
    data_fault(&instance, "stands at 4, comity.log ends at 3");

    let (mut kafka, _) = told();
    kafka.log_start = 5;
    let mut instance = Instance::new();
    instance.settle(&mut kafka);
    data_fault(&instance, "comity.log begins at 5");

    let (mut kafka, _) = told();
    let mut elsewhere = setting(rules(1, MEMBERS), 100);
    elsewhere.cluster_id = "other".to_owned();
    let mut instance = Instance::with(elsewhere);
    instance.settle(&mut kafka);
    data_fault(&instance, "cluster");
}

#[test]
fn a_hole_in_the_log_stops_the_ledger() {
    let (mut kafka, mut owner) = told();
    let commits = kafka.commits;
    more(&mut kafka);
    for entry in kafka.log.iter_mut().skip(5) {
        entry.offset += 1;
    }
    owner.settle(&mut kafka);
    data_fault(&owner, "goes from offset 5 to 6");
    assert_eq!(kafka.commits, commits);
}

#[test]
fn an_entry_beyond_its_source_position_waits_for_those_before() {
    let (mut kafka, mut owner) = told();
    kafka.event(&original("d"));
    let late = kafka.log.pop().expect("an entry");
    kafka.event(&original("e"));
    let beyond = kafka.log.last().cloned().expect("an entry");
    owner.settle(&mut kafka);
    let alerts = kafka.outputs[&Output::Alerts(1)].len();
    // Intake sends what failed and what came after it again, in order.
    kafka.append(late.body);
    kafka.append(beyond.body);
    owner.settle(&mut kafka);
    kafka.assert_right();
    assert_eq!((alerts, kafka.outputs[&Output::Alerts(1)].len()), (3, 5), "taken once, in order");
}

#[test]
fn older_or_other_rules_do_not_own() {
    let with = |own: Rules| -> Instance {
        let (mut kafka, mut owner) = told();
        kafka.append(Body::Rules(Box::new(rules(2, MEMBERS))));
        let mut newer = Instance::with(setting(rules(2, MEMBERS), 100));
        newer.own(&mut kafka);
        owner.settle(&mut kafka);
        let mut instance = Instance::with(setting(own, 100));
        instance.own(&mut kafka);
        instance
    };
    configuration_fault(&with(rules(1, MEMBERS)), "older");
    configuration_fault(&with(rules(2, &["CA-ON", "CA-QC", "US-MA", "FR"])), "says something else");
    let mut logic = rules(3, MEMBERS);
    logic.logic_version = 0;
    configuration_fault(&with(logic), "logic");
    configuration_fault(&with(rules(3, &["CA-QC", "CA-ON", "US-MA", "DE"])), "moves a member");
    let mut elsewhere = rules(2, MEMBERS);
    elsewhere.federation = "other".to_owned();
    configuration_fault(&with(elsewhere), "federation");
    assert_eq!(with(rules(2, MEMBERS)).fault, None);
}

#[test]
fn an_owner_that_meets_newer_rules_in_the_log_stops_before_they_decide() {
    let (mut kafka, mut owner) = told();
    let commits = kafka.commits;
    kafka.append(Body::Rules(Box::new(rules(2, &["CA-ON", "CA-QC", "US-MA", "DE", "FR"]))));
    kafka.event(&original("d"));
    owner.settle(&mut kafka);
    configuration_fault(&owner, "older");
    assert_eq!(kafka.commits, commits);
}

#[test]
fn newer_rules_go_into_the_log_and_hold_from_there() {
    let (mut kafka, _) = told();
    let mut newer = Instance::with(setting(rules(2, &["CA-ON", "CA-QC", "US-MA", "DE", "FR"]), 100));
    newer.own(&mut kafka);
    newer.settle(&mut kafka);
    assert_eq!(newer.took().iter().filter(|name| **name == "SendRules").count(), 1);
    kafka.event(&original("d"));
    newer.settle(&mut kafka);
    assert_eq!(kafka.outputs[&Output::Alerts(4)].len(), 3 + 1, "the open cases, then the new one");
    kafka.assert_right();
}

#[test]
fn newer_rules_that_were_lost_on_their_way_are_sent_again() {
    let (mut kafka, _) = told();
    let mut newer = Instance::with(setting(rules(2, &["CA-ON", "CA-QC", "US-MA", "DE", "FR"]), 100));
    newer.rules_lost = 2;
    newer.own(&mut kafka);
    for _ in 0..16 {
        newer.quiet_second(&mut kafka);
        newer.settle(&mut kafka);
    }
    assert_eq!(newer.took().iter().filter(|name| **name == "SendRules").count(), 3, "until they are in force");
    kafka.event(&original("d"));
    newer.settle(&mut kafka);
    assert_eq!(kafka.outputs[&Output::Alerts(4)].len(), 3 + 1, "the open cases, then the new one");
    kafka.assert_right();
}

#[test]
fn a_member_that_a_torn_transaction_brought_is_told_once() {
    let members = &["CA-ON", "CA-QC", "US-MA", "DE", "FR"];
    let (mut kafka, _) = told();
    kafka.append(Body::Rules(Box::new(rules(2, members))));
    kafka.event(&original("d"));
    kafka.fates.push_back(Fate::Torn(1_500));
    let mut newer = Instance::with(setting(rules(2, members), 100));
    newer.hold = Some("ReadCheckpoint");
    newer.own(&mut kafka);
    assert_eq!(kafka.outputs[&Output::Alerts(4)].len(), 3 + 1, "the torn transaction told the new member");
    let mut next = Instance::with(setting(rules(2, members), 100));
    next.own(&mut kafka);
    kafka.assert_right();
}

#[test]
fn where_a_batch_ends_decides_nothing() {
    let outputs = |batch_entries_max: usize| {
        let mut kafka = Kafka::new();
        for id in ["a", "b", "c", "d"] {
            kafka.event(&original(id));
            kafka.event(&revised(&original(id), Kind::Supplement, "second"));
        }
        let mut owner = Instance::with(setting(rules(1, MEMBERS), batch_entries_max));
        owner.own(&mut kafka);
        kafka.assert_right();
        (kafka.commits, kafka.outputs)
    };
    let (one, by_one) = outputs(1);
    let (four, by_four) = outputs(4);
    assert_eq!((one, four), (9, 3));
    assert_eq!(by_one, by_four);
}

#[test]
fn a_quiet_log_gets_a_tick_each_second() {
    let (mut kafka, mut owner) = told();
    owner.quiet_second(&mut kafka);
    owner.settle(&mut kafka);
    owner.quiet_second(&mut kafka);
    owner.settle(&mut kafka);
    assert_eq!(owner.took(), ["SendTick", "Commit", "Publish", "SendTick", "Commit", "Publish"]);
    kafka.assert_right();
}

#[test]
fn due_work_that_is_left_gets_ticks_at_once() {
    let mut kafka = Kafka::new();
    for number in 0..100 {
        kafka.event(&original(&format!("case {number}")));
    }
    let mut owner = Instance::owner(&mut kafka);
    owner.took();
    // A year later all of them expire; one entry does 64 pieces of it.
    kafka.now += 400 * 86_400_000;
    kafka.append(Body::Tick);
    owner.settle(&mut kafka);
    assert_eq!(owner.took(), ["Commit", "Publish", "SendTick", "Commit", "Publish"]);
    kafka.assert_right();
}

#[test]
fn a_batch_that_always_fails_stops_the_ledger() {
    let (mut kafka, mut owner) = told();
    more(&mut kafka);
    kafka.fates.extend([Fate::Lost; 50]);
    owner.settle(&mut kafka);
    assert!(matches!(owner.fault, Some(Fault::Unavailable(_))), "{:?}", owner.fault);
}

#[test]
fn two_that_fence_each_other_stop_at_last() {
    let (mut kafka, mut owner) = told();
    for _ in 0..50 {
        kafka.epoch += 1;
        kafka.event(&original("d"));
        owner.settle(&mut kafka);
        if owner.ended {
            break;
        }
        owner.hear(Input::Assigned, &mut kafka);
        owner.hold = Some("Commit");
        owner.settle(&mut kafka);
        owner.hold = None;
    }
    assert!(matches!(owner.fault, Some(Fault::Unavailable(_))), "{:?}", owner.fault);
}
