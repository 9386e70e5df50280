//! Bytes that Comity did not write are an error: never a panic, never an allocation for a length that a record only
//! claims (which would end this process), never a value.

use std::sync::Arc;

use comity::model::entry::Body;
use comity::model::identifiers::Identifiers;
use comity::model::limit::ID_BYTES_MAX;
use comity::model::packed::PackedCase;
use comity::model::place::Jurisdiction;
use comity::model::state::{EventEnd, Join, Key, Organisation, SourceState, Value};
use comity::schema::log::{decode_entry, encode_entry};
use comity::schema::state::{decode_record, encode_checkpoint, encode_key, encode_record, encode_value};
use comity::schema::wire::{frame, unframe};
use proptest::collection::vec;
use proptest::prelude::any;
use proptest::{prop_assert, prop_assert_eq, proptest};

use super::entropy::{Entropy, entropy};
use super::model;

/// The zigzag form of a number, by the definition in the Avro specification.
fn long(number: i64) -> Vec<u8> {
    let mut rest = if number < 0 { (!number as u64) * 2 + 1 } else { number as u64 * 2 };
    let mut out = Vec::new();
    while rest > 127 {
        out.push((rest % 128) as u8 + 128);
        rest /= 128;
    }
    out.push((rest % 128) as u8);
    out
}

fn text(text: &str) -> Vec<u8> {
    [long(text.len() as i64), text.as_bytes().to_vec()].concat()
}

fn why(value: &[u8]) -> String {
    decode_entry(value, 0, 0).expect_err("hostile").to_string()
}

proptest! {
    #[test]
    fn any_bytes(id in 0..12_i32, bytes in vec(any::<u8>(), 0..400)) {
        let _ = decode_entry(&bytes, 0, 0);
        let _ = decode_record(&bytes, Some(&bytes), Some(&bytes));
        let mut framed = Vec::new();
        frame(id, &mut framed);
        framed.extend(&bytes);
        let _ = decode_entry(&framed, 0, 0);
        for key in ["checkpoint", "rules", "org/a", "case/DE/a", "pending/DE/EVENT/a", "source/0/a"] {
            let _ = decode_record(key.as_bytes(), Some(&framed), None);
        }
    }

    /// Every shorter value, and every longer one, is refused.
    #[test]
    fn cut_or_lengthened(mut e in entropy()) {
        let body = model::body(&mut e);
        let mut framed = encode_entry(&body);
        for length in 0..framed.len() {
            prop_assert!(decode_entry(&framed[..length], 0, 0).is_err(), "cut to {} bytes", length);
        }
        framed.push(0);
        prop_assert!(why(&framed).ends_with("1 bytes behind its end"));
    }

    #[test]
    fn cut_or_lengthened_state(mut e in entropy()) {
        let (key, value) = model::value(&mut e);
        let key = encode_key(&key);
        let framed = encode_record(3, &encode_value(&value));
        let checkpoint = encode_checkpoint(&model::checkpoint(&mut e));
        for (key, mut framed) in [(key.as_bytes(), framed), (b"checkpoint".as_slice(), checkpoint)] {
            for length in 0..framed.len() {
                prop_assert!(decode_record(key, Some(&framed[..length]), None).is_err(), "cut to {} bytes", length);
            }
            framed.push(0);
            prop_assert!(decode_record(key, Some(&framed), None).is_err());
        }
    }

    /// A flipped bit gives an error or another value, and an error never repeats what the record says.
    #[test]
    fn one_byte_changed(mut e in entropy(), place in any::<usize>(), byte in any::<u8>()) {
        let mut event = model::event(&mut e);
        event.event_id = "canary-canary".into();
        event.infraction.title = "canary-canary".into();
        let mut framed = encode_entry(&Body::Event(Box::new(event)));
        let place = place % framed.len();
        framed[place] = byte;
        if let Err(error) = decode_entry(&framed, 0, 0) {
            prop_assert!(!error.to_string().contains("canary"), "{}", error);
        }
    }

    #[test]
    fn a_frame(id in any::<i32>(), datum in vec(any::<u8>(), 0..20)) {
        let mut framed = Vec::new();
        frame(id, &mut framed);
        framed.extend(&datum);
        prop_assert_eq!(unframe(&framed), Some((id, datum.as_slice())));
        framed[0] = 1;
        prop_assert_eq!(unframe(&framed), None);
    }
}

#[test]
fn not_framed() {
    assert_eq!(unframe(&[]), None);
    assert_eq!(unframe(&[0, 0, 0, 1]), None);
    assert_eq!(why(b"{}"), "comity.log: LogEntry: not framed");
}

#[test]
fn another_schema_or_none() {
    let mut framed = encode_entry(&Body::Tick);
    assert_eq!(framed, [0, 0, 0, 0, 2, 0, 10]);
    for id in [0, 1, 3, 6, 7, 200] {
        framed[4] = id;
        assert_eq!(why(&framed), format!("comity.log: LogEntry: schema id {id} is none of its versions"));
    }
    let known = encode_record(1, &encode_value(&Value::Source(SourceState { position: 1, gap_since: None })));
    assert!(decode_record(b"checkpoint", Some(&known), None).is_err());
    let checkpoint = encode_checkpoint(&model::checkpoint(&mut Entropy::new(Vec::new())));
    assert!(decode_record(b"source/0/a", Some(&checkpoint), None).is_err());
}

/// A source position with a topic of that claimed length.
fn entry_with_topic_length(length: i64) -> Vec<u8> {
    [vec![0, 0, 0, 0, 2, 2], long(length), b"topic".to_vec()].concat()
}

#[test]
fn lengths_that_are_only_claimed() {
    for length in [6, 1 << 20, 1 << 40, i64::MAX, -1, i64::MIN] {
        assert!(decode_entry(&entry_with_topic_length(length), 0, 0).is_err(), "{length}");
    }
    for count in [1, 1 << 20, 1 << 40, i64::MAX, -1, -(1 << 40), i64::MIN] {
        let head = [vec![0, 0, 0, 0, 6, 2, 0], text("lei:1"), long(count)].concat();
        assert!(decode_record(b"org/lei:1", Some(&head), None).is_err(), "{count}");
    }
    assert!(decode_entry(&[vec![0, 0, 0, 0, 2], vec![0xff; 40]].concat(), 0, 0).is_err());
}

/// An item may be a hundred times larger in memory than in the record, so a list has a bound of its own.
#[test]
fn a_list_without_end() {
    let with = |count: usize| {
        let identifiers = [long(count as i64), text("lei:1"), vec![0; count - 1], long(0)].concat();
        let organisation =
            [text("lei:1"), identifiers, long(0), long(0), long(0), vec![0; 16], long(0), vec![0]].concat();
        decode_record(b"org/lei:1", Some(&[vec![0, 0, 0, 0, 6, 2, 0], organisation].concat()), None)
    };
    assert!(with(100_000).is_ok());
    assert!(with(100_001).is_err());
}

#[test]
fn a_code_outside_its_list() {
    // An acknowledgement of `a#1` by DE at 0, whose level is the one number that varies.
    let said = |level: i64| {
        let source = [vec![2], text("t"), long(0), long(0), long(0)].concat();
        let about = [text("a#1"), text("FR"), text("c")].concat();
        [vec![0, 0, 0, 0, 2], source, long(2), about, text("DE"), long(level), long(0), long(0)].concat()
    };
    for level in 1..=6 {
        assert!(decode_entry(&said(level), 0, 0).is_ok(), "{level}");
    }
    for level in [-1, 0, 7, i64::MAX] {
        assert!(decode_entry(&said(level), 0, 0).is_err(), "{level}");
    }
}

#[test]
fn a_place_that_is_none() {
    let said = |place: &str| {
        let source = [vec![2], text("t"), long(0), long(0), long(0)].concat();
        let about = [text("a#1"), text("FR"), text("c")].concat();
        [vec![0, 0, 0, 0, 2], source, long(2), about, text(place), long(1), long(0), long(0)].concat()
    };
    assert!(decode_entry(&said("CA-ON"), 0, 0).is_ok());
    for place in ["", "de", "CA-", "CANADA", "CA-ONTA"] {
        let why = why(&said(place));
        assert!(why.starts_with("comity.log: LogEntry: unreadable at byte "), "{why}");
        assert!(place.is_empty() || !why.contains(place), "{why}");
    }
}

#[test]
fn an_event_of_another_source_record() {
    let event = model::event(&mut Entropy::new(vec![3; 2_000]));
    let topic = event.provenance.at.topic.to_string();
    let mut framed = encode_entry(&Body::Event(Box::new(event)));
    assert!(decode_entry(&framed, 0, 0).is_ok());
    // The topic's first byte in `source`, behind frame, branch and length.
    assert_eq!(&framed[7..7 + topic.len()], topic.as_bytes());
    framed[7] ^= 1;
    assert_eq!(why(&framed), "comity.log: LogEntry: its source is missing, or not the one that its body names");
}

#[test]
fn a_value_of_another_key() {
    let known = Organisation {
        identifiers: Identifiers::new("lei:1"),
        registered_in: None,
        open_cases: Box::default(),
        name: 0,
        form: 0,
        is_public: true,
        cases: 0,
    };
    let framed = encode_record(1, &encode_value(&Value::Organisation(Arc::new(known))));
    assert!(decode_record(b"org/lei:1", Some(&framed), None).is_ok());
    assert!(decode_record(b"org/lei:2", Some(&framed), None).is_err());
    assert!(decode_record(encode_key(&Key::Rules).as_bytes(), Some(&framed), None).is_err());
    assert!(decode_record(b"\xff", Some(&framed), None).is_err());
}

#[test]
fn a_case_under_what_is_no_id() {
    let join = |case_id: &str| {
        let origin = Jurisdiction::parse("DE").expect("a place");
        let after = Some(EventEnd { expires_at: 0, origin, case_id: case_id.to_owned(), place: 0 });
        Value::Join(Arc::new(Join { member: origin, since: 0, again: false, after }))
    };
    for (id, is_one) in [("i".repeat(ID_BYTES_MAX), true), ("i".repeat(ID_BYTES_MAX + 1), false)] {
        let framed = encode_record(1, &encode_value(&Value::Case(PackedCase::new(&model::plain_case(&id)))));
        assert_eq!(decode_record(format!("case/DE/{id}").as_bytes(), Some(&framed), None).is_ok(), is_one);
        let framed = encode_record(1, &encode_value(&join(&id)));
        assert_eq!(decode_record(b"work/join/DE", Some(&framed), None).is_ok(), is_one);
    }
}

#[test]
fn a_tombstone_without_its_transaction() {
    assert!(decode_record(b"org/a", None, None).is_err());
    assert!(decode_record(b"org/a", None, Some(&[0; 7])).is_err());
    assert!(decode_record(b"org/a", None, Some(&[0; 8])).is_ok());
    assert!(decode_record(b"checkpoint", None, Some(&[0; 8])).is_err());
}

#[test]
fn an_output_twice_in_a_checkpoint() {
    // Twice `comity.rejects`: ALERTS, TEST, REJECTS, STATUS are 1 to 4.
    let output = [long(3), long(0), long(5)].concat();
    let build =
        |outputs: Vec<u8>| [vec![0, 0, 0, 0, 7], [0; 5].to_vec(), outputs, long(0), vec![0; 16], text("c")].concat();
    let read = |outputs| decode_record(b"checkpoint", Some(&build(outputs)), None);
    assert!(read([long(1), output.clone()].concat()).is_ok());
    assert!(read([long(2), output.clone(), output].concat()).is_err());
    // Rejects of a member, alerts of none, a member beyond any.
    assert!(read([long(1), long(3), long(1), long(0), long(5)].concat()).is_err());
    assert!(read([long(1), long(1), long(0), long(5)].concat()).is_err());
    assert!(read([long(1), long(1), long(1), long(256), long(5)].concat()).is_err());
    assert!(read([long(1), long(1), long(1), long(255), long(5)].concat()).is_ok());
}
