//! How an owner lets go, and what a standby does where nobody owns.

use comity::run::ledger::Input;

use crate::by_hand::{more, told};
use crate::instance::{Instance, setting};
use crate::kafka::{Fate, Kafka, MEMBERS};
use crate::world::{original, rules};

#[test]
fn a_fenced_owner_leaves_the_group_and_does_not_fence_back() {
    let (mut kafka, mut owner) = told();
    let mut other = Instance::owner(&mut kafka);
    more(&mut kafka);
    owner.settle(&mut kafka);
    assert_eq!(owner.took(), ["Commit", "Leave", "Follow", "Join"]);
    other.settle(&mut kafka);
    assert!(other.took().ends_with(&["Commit", "Publish"]), "the other was not disturbed");
    kafka.assert_right();
}

#[test]
fn a_batch_that_is_open_when_the_group_asks_is_committed_first() {
    let (mut kafka, mut owner) = open_batch();
    owner.hear(Input::Revoked { lost: false }, &mut kafka);
    assert_eq!(owner.took(), ["Commit", "Publish", "Release", "Follow"]);
    kafka.assert_right();
}

#[test]
fn a_batch_that_is_open_when_the_partition_is_lost_is_dropped() {
    let (mut kafka, mut owner) = open_batch();
    let commits = kafka.commits;
    owner.hear(Input::Revoked { lost: true }, &mut kafka);
    assert_eq!(owner.took(), ["Release", "Follow"]);
    assert_eq!(kafka.commits, commits);
    Instance::owner(&mut kafka);
    kafka.assert_right();
}

#[test]
fn a_batch_that_is_open_at_the_end_is_committed_first() {
    let (mut kafka, mut owner) = open_batch();
    owner.hear(Input::ShutDown, &mut kafka);
    assert_eq!(owner.took(), ["Commit", "Publish", "Done"]);
    kafka.assert_right();
}

#[test]
fn an_owner_that_ends_ends_though_the_group_asks_for_the_log_meanwhile() {
    let (mut kafka, mut owner) = open_batch();
    owner.hold = Some("Commit");
    owner.hear(Input::ShutDown, &mut kafka);
    owner.hear(Input::Revoked { lost: false }, &mut kafka);
    owner.hold = None;
    owner.settle(&mut kafka);
    assert!(owner.ended && owner.fault.is_none(), "{:?}", owner.took());
    kafka.assert_right();
}

#[test]
fn whoever_is_fenced_while_the_group_waits_for_its_answer_gives_it_and_leaves() {
    let (mut kafka, mut owner) = open_batch();
    let mut other = Instance::owner(&mut kafka);
    owner.hear(Input::Revoked { lost: false }, &mut kafka);
    assert_eq!(owner.took(), ["Commit", "Release", "Leave", "Follow"]);
    other.settle(&mut kafka);
    kafka.assert_right();
}

#[test]
fn an_unclear_commit_at_the_end_is_cleared_first() {
    let (mut kafka, mut owner) = open_batch();
    kafka.fates.push_back(Fate::CommittedUnclear);
    owner.hear(Input::ShutDown, &mut kafka);
    assert!(owner.ended && owner.fault.is_none(), "{:?}", owner.took());
    kafka.assert_right();
}

/// An owner with decided entries that are not committed yet, since the floor between commits has not passed.
fn open_batch() -> (Kafka, Instance) {
    let mut kafka = Kafka::new();
    kafka.event(&original("a"));
    let mut slow = setting(rules(1, MEMBERS), 100);
    slow.commit_interval_ms = 1_000;
    let mut owner = Instance::with(slow);
    owner.own(&mut kafka);
    more(&mut kafka);
    owner.poll(&mut kafka);
    assert!(owner.ledger.has_open_batch());
    owner.took();
    (kafka, owner)
}

#[test]
fn a_standby_that_hears_of_no_owner_makes_the_group_share_out_anew() {
    let (mut kafka, mut owner) = told();
    let mut standby = Instance::new();
    standby.settle(&mut kafka);
    standby.took();
    standby.hear(Input::Silent, &mut kafka);
    assert_eq!(standby.took(), ["Leave", "Join"]);
    owner.hear(Input::Silent, &mut kafka);
    assert_eq!(owner.took(), [""; 0], "an owner has no need of it");
    standby.hear(Input::Assigned, &mut kafka);
    more(&mut kafka);
    standby.settle(&mut kafka);
    kafka.assert_right();
}
