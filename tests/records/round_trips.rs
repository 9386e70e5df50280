//! What is written is read the same, by Comity and by another library.

use std::sync::Arc;

use comity::model::bond::Pair;
use comity::model::code::Role;
use comity::model::entry::{Body, LogEntry};
use comity::model::identifiers::Identifiers;
use comity::model::packed::PackedCase;
use comity::model::state::{Case, Checkpoint, Key, Organisation, Told, Value};
use comity::schema::event::content_sha256;
use comity::schema::log::{decode_entry, encode_entry};
use comity::schema::state::{
    StateEntry, StateRecord, decode_key, decode_record, encode_checkpoint, encode_header, encode_key, encode_record,
    encode_value,
};
use proptest::{prop_assert, prop_assert_eq, prop_assert_ne, proptest};
use sha2::{Digest, Sha256};

use super::entropy::{Entropy, entropy};
use super::{expected, model, second_opinion};

pub(crate) fn read_entry(body: &Body) -> Body {
    let LogEntry { offset, appended_at, body } = decode_entry(&encode_entry(body), 7, 8).expect("readable");
    assert_eq!((offset, appended_at), (7, 8));
    body
}

fn read_value(key: &Key, transaction: i64, value: &Value) -> StateRecord {
    let framed = encode_record(transaction, &encode_value(value));
    decode_record(encode_key(key).as_bytes(), Some(&framed), None).expect("readable")
}

fn read_checkpoint(checkpoint: &Checkpoint) -> StateRecord {
    decode_record(b"checkpoint", Some(&encode_checkpoint(checkpoint)), None).expect("readable")
}

proptest! {
    #[test]
    fn an_entry_of_the_log(mut e in entropy()) {
        let body = model::body(&mut e);
        prop_assert_eq!(&read_entry(&body), &body);
        prop_assert_eq!(second_opinion::read("LogEntry", 2, &encode_entry(&body)), expected::entry(&body));
    }

    #[test]
    fn an_event_in_the_log(mut e in entropy()) {
        let body = Body::Event(Box::new(model::event(&mut e)));
        prop_assert_eq!(&read_entry(&body), &body);
        prop_assert_eq!(second_opinion::read("LogEntry", 2, &encode_entry(&body)), expected::entry(&body));
    }

    #[test]
    fn a_value_of_the_state(mut e in entropy()) {
        let transaction = e.long();
        let (key, value) = model::value(&mut e);
        let framed = encode_record(transaction, &encode_value(&value));
        prop_assert_eq!(second_opinion::read("StateEntry", 6, &framed), expected::state_entry(transaction, &value));
        let whole = StateRecord::Entry { transaction, entry: StateEntry::new(key.clone(), Some(value.clone())) };
        prop_assert_eq!(read_value(&key, transaction, &value), whole);
    }

    #[test]
    fn a_case_at_rest(mut e in entropy()) {
        let case = model::case(&mut e);
        let packed = PackedCase::new(&case);
        prop_assert_eq!(packed.key(), (case.origin, case.case_id.as_str()));
        prop_assert_eq!(packed.unpack(), case);
    }

    #[test]
    fn a_tombstone(mut e in entropy()) {
        let transaction = e.long();
        let (key, _) = model::value(&mut e);
        let read = decode_record(encode_key(&key).as_bytes(), None, Some(&encode_header(transaction)));
        prop_assert_eq!(read, Ok(StateRecord::Entry { transaction, entry: StateEntry::new(key, None) }));
    }

    #[test]
    fn a_checkpoint(mut e in entropy()) {
        let checkpoint = model::checkpoint(&mut e);
        let framed = encode_checkpoint(&checkpoint);
        prop_assert_eq!(second_opinion::read("Checkpoint", 7, &framed), expected::checkpoint(&checkpoint));
        prop_assert_eq!(read_checkpoint(&checkpoint), StateRecord::Checkpoint(checkpoint));
    }

    /// Ids hold any character, so two keys must never meet in one text.
    #[test]
    fn keys_keep_apart(mut e in entropy()) {
        let (one, _) = model::value(&mut e);
        let (two, _) = model::value(&mut e);
        prop_assert_eq!(one == two, encode_key(&one) == encode_key(&two));
        prop_assert_eq!(decode_key(&encode_key(&one)), Some(one));
    }

    /// The same content whenever and wherever it was reported, another content for any other change.
    #[test]
    fn content(mut e in entropy()) {
        let event = model::event(&mut e);
        let mut elsewhere = event.clone();
        elsewhere.reported_at = e.long();
        let other = model::event(&mut e);
        elsewhere.provenance = other.provenance.clone();
        prop_assert_eq!(content_sha256(&event), content_sha256(&elsewhere));
        let mut same = other.clone();
        same.reported_at = event.reported_at;
        same.provenance = event.provenance.clone();
        prop_assert_eq!(same == event, content_sha256(&other) == content_sha256(&event));
        let mut changed = event.clone();
        changed.text_dropped = !event.text_dropped;
        prop_assert_ne!(content_sha256(&event), content_sha256(&changed));
    }

    /// The digest is that of the whole datum, empty where it came from, as anyone with the schema can make it.
    #[test]
    fn content_by_another_library(mut e in entropy()) {
        let event = model::event(&mut e);
        let mut neutral = event.clone();
        neutral.reported_at = 0;
        neutral.provenance = model::event(&mut Entropy::new(Vec::new())).provenance;
        let datum = second_opinion::event_datum(&encode_entry(&Body::Event(Box::new(neutral))));
        let expected: [u8; 32] = Sha256::digest(&datum).into();
        prop_assert_eq!(content_sha256(&event), expected);
    }

    #[test]
    fn one_entry_has_one_encoding(mut e in entropy()) {
        let body = model::body(&mut e);
        let framed = encode_entry(&body);
        prop_assert!(framed == encode_entry(&read_entry(&body)));
    }
}

#[test]
fn the_text_of_each_kind_of_key() {
    let on = comity::model::place::Jurisdiction::parse("CA-ON").expect("a code");
    let keys = [
        (Key::Organisation("lei:5493/00".into()), "org/lei:5493/00"),
        (Key::Case(on, "a/b".into()), "case/CA-ON/a/b"),
        (Key::Pending(on, comity::model::code::WithdrawalScope::Case, "/x".into()), "pending/CA-ON/CASE//x"),
        (Key::Source("comity.in.a".into(), 3), "source/3/comity.in.a"),
        (Key::Rules, "rules"),
        (Key::Join(on), "work/join/CA-ON"),
        (Key::Link(Pair::new("b/c:2", "a/c:1")), "link/5/a/c:1/b/c:2"),
        (Key::Retell(Pair::new("é", "é")), "work/link/2/é/é"),
    ];
    for (key, text) in keys {
        assert_eq!(encode_key(&key), text);
        assert_eq!(decode_key(text), Some(key));
    }
    for unknown in [
        "",
        "rules/",
        "checkpoint",
        "case/CA-ON",
        "case/xx/1",
        "pending/CA-ON/case/1",
        "source/01/t",
        "work/1",
        "work/join/xx",
        "link/1/b/a",
        "link/01/a/b",
        "link/9/a/b",
        "work/link/1/ab",
    ] {
        assert_eq!(decode_key(unknown), None, "{unknown}");
    }
}

/// Avro lets a list come in several blocks and a number in more bytes than it takes. Comity never writes either, so
/// another reader takes over, and the digest is that of the value as Comity writes it.
#[test]
fn values_that_are_written_at_greater_length() {
    let told = |member| Told { member, role: Role::Attention, by_index: false, sequence: 1 };
    let case = Case { told: vec![told(1), told(2)].into(), ..model::plain_case("c") };
    let known = Organisation {
        identifiers: Identifiers::of(&["lei:1", "lei:2"]).expect("identifiers"),
        registered_in: None,
        open_cases: Box::default(),
        cases: 1,
        name: 0,
        form: 0,
        is_public: true,
    };
    // Two items behind a count of two, and two blocks of one each; numbers are written as twice themselves.
    let as_one: [&[u8]; 2] = [b"\x04\x02\x04\x00\x02\x04\x04\x00\x02\x00", b"\x04\x0alei:1\x0alei:2\x00"];
    let as_two: [&[u8]; 2] = [b"\x02\x02\x04\x00\x02\x02\x04\x04\x00\x02\x00", b"\x02\x0alei:1\x02\x0alei:2\x00"];
    let longer: [&[u8]; 2] = [b"\x84\x00\x02\x04\x00\x02\x04\x04\x00\x02\x00", b"\x04\x8a\x80\x00lei:1\x0alei:2\x00"];
    let values = [Value::Case(PackedCase::new(&case)), Value::Organisation(Arc::new(known))];
    let keys = ["case/DE/c", "org/lei:1"];
    for ((value, key), (one, others)) in values.iter().zip(keys).zip(as_one.iter().zip(as_two.iter().zip(longer))) {
        for other in [*others.0, others.1] {
            let mut framed = encode_record(1, &encode_value(value));
            let at = framed.windows(one.len()).position(|bytes| bytes == *one).expect("the list");
            framed.splice(at..at + one.len(), other.iter().copied());
            let read = decode_record(key.as_bytes(), Some(&framed), None).expect("readable");
            let key = decode_key(key).expect("a key");
            assert_eq!(read, StateRecord::Entry { transaction: 1, entry: StateEntry::new(key, Some(value.clone())) });
        }
    }
}
