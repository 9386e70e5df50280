//! The index by itself: look-ups, and changes that do not fit.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use comity::index::State;
use comity::index::identity::name_digest;
use comity::index::key::KeyRef;
use comity::model::bond::Pair;
use comity::model::change::Change;
use comity::model::code::WithdrawalScope;
use comity::model::decision::Output;
use comity::model::state::{Key, Sequences, SourceState, Value};
use hashbrown::Equivalent;

use crate::world::place;

#[test]
fn a_borrowed_key_is_its_owned_one() {
    let hasher = RandomState::new();
    let keys = [
        Key::Organisation("a".to_owned()),
        Key::Case(place("DE"), "a".to_owned()),
        Key::Pending(place("DE"), WithdrawalScope::Event, "a".to_owned()),
        Key::Pending(place("DE"), WithdrawalScope::Case, "a".to_owned()),
        Key::Source(Arc::from("a"), 0),
        Key::Source(Arc::from("a"), 1),
        Key::Rules,
        Key::Join(place("DE")),
        Key::Join(place("FR")),
        Key::Link(Pair::new("a", "b")),
        Key::Retell(Pair::new("a", "b")),
    ];
    for key in &keys {
        assert_eq!(hasher.hash_one(key), hasher.hash_one(KeyRef::from(key)), "{key:?}");
        for other in &keys {
            assert_eq!(KeyRef::from(key).equivalent(other), key == other, "{key:?} {other:?}");
        }
    }
}

#[test]
fn names_are_compared_by_their_letters_and_digits() {
    for same in ["Acme & Söhne GmbH", "ACME  & SÖHNE GMBH", "acme söhne gmbh.", "Acme & So\u{308}hne GmbH"] {
        assert_eq!(name_digest(same), name_digest("Acme & Söhne GmbH"), "{same}");
    }
    for other in ["Acme Söhne", "Acme & Sohne GmbH", "AcmeSöhne GmbH", ""] {
        assert_ne!(name_digest(other), name_digest("Acme & Söhne GmbH"), "{other}");
    }
}

fn position(before: Option<i64>, after: i64) -> Change {
    let source = |position| Value::Source(SourceState { position, gap_since: None });
    Change { key: Key::Source(Arc::from("a"), 0), before: before.map(source), after: Some(source(after)) }
}

#[test]
#[should_panic(expected = "a change starts from the value in place")]
fn a_change_from_another_value_stops() {
    let mut state = State::default();
    let _ = state.apply(&position(None, 1));
    let _ = state.apply(&position(Some(2), 3));
}

#[test]
#[should_panic(expected = "only what was applied is undone")]
fn an_undo_of_what_was_not_applied_stops() {
    let mut state = State::default();
    state.undo(&[position(None, 1)], comity::model::state::Marks::default());
}

#[test]
fn the_digest_is_that_of_the_values_in_any_order() {
    let mut state = State::default();
    let _ = state.apply(&position(None, 1));
    let once = state.marks.digest;
    let _ = state.apply(&position(Some(1), 2));
    assert_ne!(state.marks.digest, once);
    let _ = state.apply(&position(Some(2), 1));
    assert_eq!(state.marks.digest, once);
    let change = position(None, 1);
    let datum = comity::schema::state::encode_value(change.after.as_ref().expect("a value"));
    let datum = [comity::schema::state::encode_key(&change.key).as_bytes(), &[0], &datum].concat();
    assert_eq!(once, xxhash_rust::xxh3::xxh3_128(&datum), "of the key, a zero and the datum");
}

#[test]
fn a_plain_name_has_the_digest_that_its_wide_spelling_has() {
    // The wide letters go through NFKC, the plain ones take the short way.
    for (plain, wide) in [("ACME  Works, Ltd.", "ＡＣＭＥ　Ｗｏｒｋｓ，　Ｌｔｄ．"), ("  a-1 ", "　Ａ－１"), ("", "　")]
    {
        assert_eq!(name_digest(plain), name_digest(wide), "{plain}");
    }
}

#[test]
fn sequences_are_counted_by_output_and_kept_in_its_order() {
    let outputs = [Output::Status(1), Output::Alerts(2), Output::Rejects, Output::Alerts(0), Output::Test(0)];
    let mut sequences = Sequences::default();
    for round in 1..=3 {
        assert!(outputs.iter().all(|output| sequences.take(*output) == round));
    }
    assert_eq!((sequences.get(Output::Alerts(2)), sequences.get(Output::Alerts(1))), (Some(4), None));
    let order: Vec<Output> = sequences.iter().map(|(output, _)| output).collect();
    assert!(order.is_sorted() && order.len() == outputs.len(), "{order:?}");
}
