//! Writes Avro binary, value by value in the order of the schema.
//!
//! Comity writes only the newest version of each of its schemas, so what it writes is laid down by hand: a sixth of
//! the time of a general serialiser, on the path where every event passes several times. What it wrote is held
//! against the schema texts by the tests, with a reader that it did not write.

use crate::model::code::Code;
use crate::model::place::Jurisdiction;

/// Bytes of the longest `long`.
pub(crate) const LONG_BYTES_MAX: usize = 10;

/// Appends an Avro `long`, or an `int`: zigzag, seven bits a byte, least first.
pub(crate) fn long(value: i64, out: &mut Vec<u8>) {
    let mut rest = (value.cast_unsigned() << 1) ^ (value >> 63).cast_unsigned();
    while rest >= 0x80 {
        out.push(low_bits(rest) | 0x80);
        rest >>= 7;
    }
    out.push(low_bits(rest));
}

/// Reads a `long` and gives the bytes behind it; `None` where there is none.
pub(crate) fn read_long(bytes: &[u8]) -> Option<(i64, &[u8])> {
    let mut value = 0_u64;
    for (place, byte) in bytes.iter().take(LONG_BYTES_MAX).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            let number = (value >> 1).cast_signed() ^ -(value & 1).cast_signed();
            return Some((number, &bytes[place + 1..]));
        }
    }
    None
}

/// The lowest seven bits of a number.
fn low_bits(number: u64) -> u8 {
    number.to_le_bytes()[0] & 0x7f
}

/// Appends an Avro `int`, `date` among them.
pub(crate) fn int(value: i32, out: &mut Vec<u8>) {
    long(i64::from(value), out);
}

/// Appends a length or a count. No slice is longer than `isize::MAX` bytes, so the bound is never met.
pub(crate) fn length(value: usize, out: &mut Vec<u8>) {
    long(i64::try_from(value).unwrap_or(i64::MAX), out);
}

/// Appends an Avro `boolean`.
pub(crate) fn boolean(value: bool, out: &mut Vec<u8>) {
    out.push(u8::from(value));
}

/// Appends Avro `bytes`.
pub(crate) fn bytes(value: &[u8], out: &mut Vec<u8>) {
    length(value.len(), out);
    out.extend_from_slice(value);
}

/// Appends an Avro `string`.
pub(crate) fn text(value: &str, out: &mut Vec<u8>) {
    bytes(value.as_bytes(), out);
}

/// Appends an Avro `fixed`.
pub(crate) fn fixed(value: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(value);
}

/// Appends a 128-bit digest: `fixed(16)`, big-endian.
pub(crate) fn digest_128(value: u128, out: &mut Vec<u8>) {
    out.extend_from_slice(&value.to_be_bytes());
}

/// Appends a jurisdiction as its code.
pub(crate) fn place(value: Jurisdiction, out: &mut Vec<u8>) {
    text(value.as_str(), out);
}

/// Appends an Avro `enum`: the code's place in its list, behind `UNRECOGNISED`.
pub(crate) fn code<C: Code>(value: C, out: &mut Vec<u8>) {
    let place = C::ALL.iter().position(|(known, _)| *known == value).map_or(0, |place| place + 1);
    length(place, out);
}

/// Appends the branch of a union.
pub(crate) fn branch(index: u8, out: &mut Vec<u8>) {
    long(i64::from(index), out);
}

/// Appends a union of null and one type.
pub(crate) fn optional<T>(value: Option<T>, out: &mut Vec<u8>, write: impl FnOnce(T, &mut Vec<u8>)) {
    match value {
        None => out.push(0),
        Some(value) => {
            out.push(2);
            write(value, out);
        }
    }
}

/// Appends a union of null and `string`.
pub(crate) fn optional_text(value: Option<&str>, out: &mut Vec<u8>) {
    optional(value, out, text);
}

/// Appends an array: one block with its count, or none, then the end.
pub(crate) fn list<T>(items: &[T], out: &mut Vec<u8>, write: impl Fn(&T, &mut Vec<u8>)) {
    if !items.is_empty() {
        length(items.len(), out);
        for item in items {
            write(item, out);
        }
    }
    out.push(0);
}

/// Appends an array of `string`.
pub(crate) fn texts(items: &[String], out: &mut Vec<u8>) {
    list(items, out, |item, out| text(item, out));
}

/// Appends an array of jurisdictions.
pub(crate) fn places(items: &[Jurisdiction], out: &mut Vec<u8>) {
    list(items, out, |item, out| place(*item, out));
}

/// Appends an array of codes, of which there are `count`.
pub(crate) fn codes<C: Code>(items: impl Iterator<Item = C>, count: usize, out: &mut Vec<u8>) {
    if count > 0 {
        length(count, out);
        items.for_each(|item| code(item, out));
    }
    out.push(0);
}

/// Items of one list, far above what any value within the bounds of `model::limit` has.
pub(crate) const LIST_ITEMS_MAX: usize = 100_000;

/// Items for which a list's memory is made ready before they are read.
const ITEMS_READY_MAX: usize = 16;

/// Reads what the functions above write, value by value; `None` for anything that they never write.
#[derive(Debug)]
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl<'a> Reader<'a> {
    /// A `long`, in no more bytes than it takes.
    pub(crate) fn long(&mut self) -> Option<i64> {
        let (value, rest) = read_long(self.0)?;
        match &self.0[..self.0.len() - rest.len()] {
            [_, .., 0] => return None,
            // Nine bytes hold 63 bits.
            whole if whole.len() == LONG_BYTES_MAX && whole.last() != Some(&1) => return None,
            _ => {}
        }
        self.0 = rest;
        Some(value)
    }

    /// An `int`.
    pub(crate) fn int(&mut self) -> Option<i32> {
        i32::try_from(self.long()?).ok()
    }

    fn length(&mut self) -> Option<usize> {
        usize::try_from(self.long()?).ok()
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    /// A `boolean`.
    pub(crate) fn boolean(&mut self) -> Option<bool> {
        match self.take(1)? {
            [0] => Some(false),
            [1] => Some(true),
            _ => None,
        }
    }

    /// `bytes`.
    pub(crate) fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = self.length()?;
        self.take(length)
    }

    /// A `string`.
    pub(crate) fn text(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.bytes()?).ok()
    }

    /// A `string` of its own.
    pub(crate) fn owned(&mut self) -> Option<String> {
        self.text().map(str::to_owned)
    }

    /// A `fixed`.
    pub(crate) fn fixed<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    /// A jurisdiction.
    pub(crate) fn place(&mut self) -> Option<Jurisdiction> {
        Jurisdiction::parse(self.text()?)
    }

    /// An `enum`.
    pub(crate) fn code<C: Code>(&mut self) -> Option<C> {
        let place = self.length()?.checked_sub(1)?;
        C::ALL.get(place).map(|(code, _)| *code)
    }

    /// A union of null and one type; the outer `None` where it is neither.
    pub(crate) fn optional<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<Option<T>> {
        match self.long()? {
            0 => Some(None),
            1 => read(self).map(Some),
            _ => None,
        }
    }

    /// An array in one block.
    pub(crate) fn list<T>(&mut self, read: impl Fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let count = self.length().filter(|count| *count <= LIST_ITEMS_MAX)?;
        if count == 0 {
            return Some(Vec::new());
        }
        let mut items = Vec::with_capacity(count.min(ITEMS_READY_MAX));
        for _ in 0..count {
            items.push(read(self)?);
        }
        (self.long()? == 0).then_some(items)
    }
}
