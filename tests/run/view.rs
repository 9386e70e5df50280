//! What readers see: a committed transaction, whole, and never anything else.

use comity::run::ledger::Input;

use crate::by_hand::{more, told};
use crate::instance::Instance;
use crate::kafka::Fate;
use crate::world::original;

#[test]
fn readers_see_a_batch_once_it_is_committed_and_not_before() {
    let (mut kafka, mut owner) = told();
    let before = owner.assert_view_right(&kafka);
    assert!(owner.view.look().expect("a complete view").cases_of_event("ca-on-food/d").is_empty());
    more(&mut kafka);
    for held in ["Commit", "Publish"] {
        owner.hold = Some(held);
        owner.settle(&mut kafka);
        assert_eq!(owner.assert_view_right(&kafka), before, "nothing of the batch is shown before {held}");
    }
    owner.hold = None;
    owner.settle(&mut kafka);
    assert_eq!(owner.assert_view_right(&kafka), before.map(|number| number + 1));

    kafka.event(&original("f"));
    kafka.fates.push_back(Fate::Lost);
    owner.hold = Some("ReadOutputs");
    owner.settle(&mut kafka);
    assert_eq!(
        owner.assert_view_right(&kafka),
        before.map(|number| number + 1),
        "a batch that was lost is never shown"
    );
}

#[test]
fn a_standby_shows_what_the_last_checkpoint_covers_and_nothing_while_it_restores() {
    let (mut kafka, mut owner) = told();
    let mut standby = Instance::new();
    assert!(standby.view.look().is_none(), "nothing is read yet");
    standby.settle(&mut kafka);
    let shown = standby.assert_view_right(&kafka);
    assert_eq!(shown, owner.assert_view_right(&kafka));
    more(&mut kafka);
    // Half of the next transaction is there, and its Checkpoint is not.
    kafka.fates.push_back(Fate::Torn(500));
    owner.hold = Some("NewProducer");
    owner.settle(&mut kafka);
    standby.settle(&mut kafka);
    assert_eq!(standby.assert_view_right(&kafka), shown, "values without their Checkpoint are not shown");
    owner.hold = None;
    owner.settle(&mut kafka);
    standby.settle(&mut kafka);
    assert_eq!(standby.assert_view_right(&kafka), owner.assert_view_right(&kafka));
    owner.hear(Input::Fenced, &mut kafka);
    assert_ne!(owner.assert_view_right(&kafka), Some(0));
}
