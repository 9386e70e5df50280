//! Avro attacks: cut and lengthened data, lengths that are only claimed, branches and counts that do not exist, frames
//! with any id. The writer schema is the platform's own, so no id and no schema on the wire decides anything.

use comity::model::rejection::Reason;

use super::case::{Case, Facts};
use super::platform::{Record, long};

fn datum() -> Vec<u8> {
    Record::default().with("code", "C-7").written("avro")
}

fn facts(schema_id: Option<i32>) -> Facts {
    Facts { code: Some("C-7".to_owned()), schema_id, ..Facts::default() }
}

fn framed(id: i32, datum: &[u8]) -> Vec<u8> {
    [&[0], id.to_be_bytes().as_slice(), datum].concat()
}

fn malformed(name: String, value: Vec<u8>) -> Case {
    Case::new("avro", name, "avro", value).refused(Reason::Malformed, "")
}

fn lengths() -> Vec<Case> {
    let mut cases = Vec::new();
    for length in 0..datum().len() {
        cases.push(malformed(format!("cut to {length} bytes"), datum()[..length].to_vec()));
        cases.push(malformed(format!("cut to {length} bytes in a frame"), framed(9, &datum()[..length])));
    }
    for (name, more) in [
        ("a zero", vec![0]),
        ("a byte", vec![1]),
        ("0xff", vec![0xff]),
        ("a kilobyte", vec![0; 1_024]),
        ("itself", datum()),
    ] {
        cases.push(malformed(format!("{name} behind it"), [datum(), more.clone()].concat()));
        cases.push(malformed(format!("{name} behind it in a frame"), framed(9, &[datum(), more].concat())));
    }
    cases
}

/// Lengths, counts and branches that no bytes stand behind.
fn claimed() -> Vec<Case> {
    let numbers = [-1, -2, 200, 1 << 20, 1 << 31, (1 << 31) - 1, 1 << 40, i64::MAX, i64::MIN, i64::MIN + 1];
    let mut cases = Vec::new();
    let number = |number: i64| {
        let mut out = Vec::new();
        long(number, &mut out);
        out
    };
    let text = |text: &str| [number(text.len() as i64), text.as_bytes().to_vec()].concat();
    // The record up to its first text, its first nullable one, its list, its map, and its record.
    let needed = [text("A-1"), text("ORIGINAL"), text("2026-03-02")].concat();
    let nulls = |count: usize| vec![0_u8; count];
    let name = [number(1), text("Boreal Lantern Foods Inc.")].concat();
    let scalars = [needed.clone(), name.clone(), nulls(8)].concat();
    let places = [
        ("the length of a text", Vec::new(), b"A-1".to_vec()),
        ("the length of a later text", text("A-1"), b"ORIGINAL".to_vec()),
        ("the branch of a union", needed.clone(), nulls(12)),
        ("the length in a union", [needed.clone(), number(1)].concat(), b"Boreal".to_vec()),
        ("the branch of a number", [needed.clone(), name.clone(), nulls(5)].concat(), nulls(6)),
        ("the branch of a boolean", [needed, name, nulls(7)].concat(), nulls(4)),
        ("the branch of a list", scalars.clone(), nulls(3)),
        ("the branch of a map", [scalars.clone(), nulls(1)].concat(), nulls(2)),
        ("the branch of a record", [scalars.clone(), nulls(2)].concat(), nulls(1)),
        ("the length of an item", [scalars.clone(), number(1), number(1)].concat(), nulls(3)),
        ("the length of a key", [scalars.clone(), nulls(1), number(1), number(1)].concat(), nulls(3)),
    ];
    for (place, head, tail) in places {
        for claimed in numbers {
            let value = [head.clone(), number(claimed), tail.clone()].concat();
            cases.push(malformed(format!("{claimed} for {place}"), value.clone()));
            cases.push(malformed(format!("{claimed} for {place}, framed"), framed(9, &value)));
        }
        // A number that never ends, and one of more than 64 bits.
        for bytes in [vec![0xff; 9], vec![0xff; 10], vec![0x80; 11], vec![0xff; 400]] {
            let name = format!("{} bytes of {:#x} for {place}", bytes.len(), bytes[0]);
            cases.push(malformed(name, [head.clone(), bytes, vec![0x7f], tail.clone()].concat()));
        }
    }
    for (text, name) in [
        (b"\xff".as_slice(), "0xff"),
        (b"\xed\xa0\x80", "a surrogate"),
        (b"\xc0\x80", "an overlong zero"),
        (b"\xe9", "Latin-1"),
    ] {
        let value = [number(text.len() as i64), text.to_vec(), datum()[4..].to_vec()].concat();
        cases.push(malformed(format!("{name} in a text"), value));
    }
    for byte in [2_u8, 3, 0x7f, 0x80, 0xff] {
        let mut value = Record::default().written("avro");
        let flag = value.len() - 4;
        value[flag] = 2;
        value.insert(flag + 1, byte);
        cases.push(malformed(format!("{byte:#x} for a boolean"), value));
    }
    cases
}

/// Not one of the ids that a frame can name is looked up: it is kept, and the datum is read as the platform promised.
fn frames() -> Vec<Case> {
    let mut cases = vec![Case::new("avro", "no frame", "avro", datum()).gives(facts(None))];
    for id in [0, 1, 2, 7, 255, 256, 65_536, 0x0100_0000, i32::MAX, -1, i32::MIN] {
        cases.push(
            Case::new("avro", format!("a frame of id {id}"), "avro", framed(id, &datum())).gives(facts(Some(id))),
        );
        cases.push(malformed(format!("a frame of id {id} and nothing"), framed(id, &[])));
        cases.push(malformed(format!("a frame of id {id} in a frame"), framed(9, &framed(id, &datum()))));
    }
    for magic in [1_u8, 2, 0xc3, 0xff] {
        let mut value = framed(9, &datum());
        value[0] = magic;
        cases.push(malformed(format!("a frame that begins with {magic:#x}"), value));
    }
    // Single-object encoding, a container and JSON are other formats.
    let single = [b"\xc3\x01".as_slice(), &[7; 8], &datum()].concat();
    let container = [b"Obj\x01".as_slice(), &datum()].concat();
    for (name, value) in
        [("single-object encoding", single), ("a container", container), ("JSON", Record::default().written("json"))]
    {
        cases.push(malformed(name.to_owned(), value));
    }
    cases
}

pub(crate) fn cases() -> Vec<Case> {
    [lengths(), claimed(), frames()].into_iter().flatten().collect()
}
